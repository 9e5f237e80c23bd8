"""Staff come, change phone and go while the program runs: by the command line on one side, Telegram on the other."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from dialogs.records import CaseFact, TalkHeld
from dialogs.registry import DIALOGS
from state.people import ROLES, Role
from tests import running
from tests.botapi import User
from tests.running import (
    BANNER,
    CASE,
    CHANNEL,
    DISTRICT,
    DRAFT,
    GROUP,
    HELD,
    HELP,
    MENU,
    NOT_INVITED,
    NOT_YOUR_ROLE,
    OLD_BUTTON,
    READ_BACK,
    SAVED,
    WELCOME,
    Ended,
    Lots,
    code_in,
    names_a_new_case,
    presses,
    says,
    sees,
    shown,
    walks,
)

pytestmark = pytest.mark.process

Joins = Callable[..., User]


def invites(lots: Lots, *words: str) -> str:
    """Runs ``lots invite``; gives the line that the invited sends, the last one."""
    ended = lots.run("invite", *words)
    assert ended.returncode == 0, ended.stderr
    line = ended.stdout.splitlines()[-1]
    assert re.fullmatch(r"/start [a-z0-9]{24}", line)
    assert f"https://t.me/lots_test_bot?start={line.removeprefix('/start ')}" in ended.stdout
    return line


_IDS = count(10_000)


@pytest.fixture
def joins(shared: Lots) -> Joins:
    """As everywhere, but for the line without a banner that those who are revoked end with."""

    def one(role: Role = "samordnare", district: str = DISTRICT) -> User:
        return shared.invited(shared.api.user(next(_IDS)), role, district)

    return one


def id_of(lots: Lots, user: User) -> str:
    with lots.store() as store:
        return lots.person(store, user).id


def refused(ended: Ended, *words: str) -> None:
    """Wrong use: exit 2, and a line that says what."""
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    for word in words:
        assert word in ended.stderr


# ── invited, listed, revoked ─────────────────────────────────────────────────────────────────────────────────


def test_people_come_and_go_while_the_program_runs(shared: Lots, stranger: User) -> None:
    invitation = invites(shared, "--role", "ersattare", "--district", "Skarpnäck")
    says(stranger, invitation, WELCOME)
    stranger.settles()
    who = id_of(shared, stranger)
    listed = shared.run("people")
    assert listed.returncode == 0
    (line,) = [line for line in listed.stdout.splitlines() if who in line]
    assert line.split() == [who, "ersättare", "1", "ersattare", "Skarpnäck", "sv", "telegram"]
    assert str(stranger.id) not in listed.stdout, "who they are in Telegram is nobody's business"
    says(stranger, "/samtal", CASE)
    stranger.settles()
    assert shared.run("revoke", who).stdout == f"{who} is revoked\n"
    assert who not in shared.run("people").stdout
    assert says(stranger, "/samtal", NOT_INVITED).text == NOT_INVITED
    says(shared.api.user(stranger.id + 500_000), invitation, NOT_INVITED)


@pytest.mark.parametrize(
    ("more", "link"),
    [
        ({"LOTS_WEB": "true"}, "http://127.0.0.1:8080/in/"),
        ({"LOTS_WEB": "true", "LOTS_PUBLIC_URL": "https://lots.example/"}, "https://lots.example/in/"),
    ],
)
def test_where_the_web_is_served_its_link_comes_first(shared: Lots, more: dict[str, str], link: str) -> None:
    ended = running.command("invite", "--role", "chef", "--district", "Farsta", env=shared.env | more)
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    code = lines[-1].removeprefix("/start ")
    assert lines[1:3] == [f"Länk: {link}{code}", f"Länk: https://t.me/lots_test_bot?start={code}"]
    assert len([line for line in lines if set(line) & set("█▀▄")]) > 15, "one QR code, of the web's link"


def test_an_invitation_that_is_too_old_or_made_up_lets_nobody_in(shared: Lots, stranger: User) -> None:
    shared.did(stranger.says(shared.invitation(hours=-1 / 3600)))
    assert sees(stranger, NOT_INVITED).text == NOT_INVITED
    shared.did(stranger.says("/start " + "a" * 24))
    assert shared.rows("SELECT 1 FROM person WHERE address = ?", str(stranger.id)) == []
    assert shared.rows("SELECT 1 FROM inbox WHERE address = ?", str(stranger.id)) == []


WRONG: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "a role that is none": (("invite", "--role", "polis", "--district", "Farsta"), ("'polis'", *ROLES)),
    "no role": (("invite", "--district", "Farsta"), ("--role", *ROLES)),
    "no district": (("invite", "--role", "chef"), ("--district",)),
    "an empty district": (("invite", "--role", "chef", "--district", " "), ("--district",)),
    "a phone for nobody": (("invite", "--person", "p-nobody"), ("--person", "lots people")),
    "a phone and a role": (("invite", "--person", "p-nobody", "--role", "chef"), ("--person",)),
    "nobody to revoke": (("revoke", "p-nobody"), ("'p-nobody'", "lots people")),
    "revoke whom": (("revoke",), ("ID",)),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_use_says_what_is_wrong(shared: Lots, what: str) -> None:
    words, said = WRONG[what]
    before = shared.rows("SELECT count(*) FROM invitation")
    refused(shared.run(*words), *said)
    assert shared.rows("SELECT count(*) FROM invitation") == before


def test_who_is_revoked_can_neither_be_revoked_again_nor_given_a_phone(shared: Lots, joins: Joins) -> None:
    who = id_of(shared, joins())
    assert shared.run("revoke", who).returncode == 0
    refused(shared.run("revoke", who), who)
    refused(shared.run("invite", "--person", who), "lots people")


# ── revoked in the middle of a dialog ────────────────────────────────────────────────────────────────────────


def rows_of(lots: Lots, who: str, address: str) -> dict[str, int]:
    """How many rows of somebody there are, by table."""
    queries = {
        "session": ("SELECT count(*) FROM session WHERE person = ?", who),
        "inbox": ("SELECT count(*) FROM inbox WHERE address = ?", address),
        "outbox": ("SELECT count(*) FROM outbox WHERE address = ?", address),
        "invitation": ("SELECT count(*) FROM invitation WHERE person = ?", who),
    }
    return {table: lots.rows(sql, value)[0][0] for table, (sql, value) in queries.items()}


NOTHING = {"session": 0, "inbox": 0, "outbox": 0, "invitation": 0}


def test_revoked_in_the_middle_of_a_dialog(shared: Lots, joins: Joins) -> None:
    """The next press gives the neutral line and nothing else; what they recorded stays, under their id."""
    anna = joins()
    who, address = id_of(shared, anna), str(anna.id)
    says(anna, "/samtal", CASE)
    names_a_new_case(anna)
    case = code_in(walks(anna, ("Ja", READ_BACK), ("Spara", SAVED)))
    says(anna, "/samtal", CASE)
    presses(anna, case, HELD)
    anna.settles()
    shared.rests(anna)
    invites(shared, "--person", who)
    assert rows_of(shared, who, address)["session"] == rows_of(shared, who, address)["invitation"] == 1
    assert shared.run("revoke", who).returncode == 0
    assert rows_of(shared, who, address) == NOTHING
    assert anna.messages() == [], "nothing of it is left in the chat"
    assert anna.menu() == ["start"]
    before, records = len(shown(shared.api, anna)), shared.records("talk_held")
    shared.did(anna.presses_data("-:0:/samtal"))
    shared.api.wait_until(lambda: len(shown(shared.api, anna)) == before + 1)
    shared.did(anna.says("/samtal"))
    assert shown(shared.api, anna)[before:] == [NOT_INVITED]
    assert rows_of(shared, who, address) == NOTHING
    assert shared.records("talk_held") == records
    assert [one.author for one in shared.records() if one.record.case == case] == [who] * 3
    ((kept, forgotten),) = shared.rows("SELECT id, address FROM person WHERE id = ?", who)
    assert kept == who
    assert address not in forgotten
    invited_again(shared, anna)
    assert id_of(shared, anna) != who, "who comes back is somebody new"


def invited_again(lots: Lots, user: User) -> None:
    says(user, invites(lots, "--role", "samordnare", "--district", DISTRICT), WELCOME)
    user.settles()


# ── another phone ────────────────────────────────────────────────────────────────────────────────────────────


def test_somebody_changes_phone_and_loses_nothing(shared: Lots, joins: Joins, stranger: User) -> None:
    """Drafts, cases and id are on the new phone; the old one is a stranger's, also with its keyboard."""
    old, new = joins(), stranger
    who = id_of(shared, old)
    says(old, "/samtal", CASE)
    names_a_new_case(old)
    case = code_in(walks(old, ("Ja", READ_BACK), ("Spara", SAVED)))
    says(old, "/samtal", CASE)
    presses(old, "Nytt ärende", GROUP)
    old.settles()
    invitation = invites(shared, "--person", who)
    presses(old, "SIG unga", HELD)  # until it is used, the old phone is the one
    says(new, invitation, WELCOME)
    new.settles()
    assert id_of(shared, new) == who
    shared.rests(old)
    assert old.messages() == [], "everything is on the new phone only"
    assert old.menu() == ["start"]
    before = len(shown(shared.api, old))
    shared.did(old.presses_data("-:0:/samtal"))
    shared.api.wait_until(lambda: len(shown(shared.api, old)) == before + 1)
    assert shown(shared.api, old)[-1] == NOT_INVITED
    assert new.menu() == [dialog.command for dialog in DIALOGS if dialog.listed] + [
        "arende",
        "overforing",
        "dolj",
        "sprak",
        "hjalp",
        "avbryt",
    ]
    says(new, "/samtal", DRAFT)
    presses(new, "Fortsätt", HELD)
    walks(new, ("Ja", READ_BACK), ("Spara", SAVED))
    assert case in says(new, "/samtal", CASE).labels
    assert {one.author for one in shared.records(author=new)} == {who}
    assert len(shared.records("talk_held", new)) == 2
    says(shared.api.user(new.id + 500_000), invitation, NOT_INVITED)


def test_a_language_moves_with_its_person(shared: Lots, joins: Joins, stranger: User) -> None:
    old = joins()
    says(old, "/sprak", "Vilket språk vill du ha?")
    presses(old, "English", "English")
    says(stranger, invites(shared, "--person", id_of(shared, old)), "Welcome")


# ── roles ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", ["chef", "drift", "granskare"])
def test_who_may_open_no_case_is_offered_none_and_gets_none(shared: Lots, joins: Joins, role: Role) -> None:
    """Neither by the menu, a command that is typed nor a button of somebody else's."""
    anna, other = joins(), joins(role=role)
    says(anna, "/samtal", CASE)
    names_a_new_case(anna)
    case = code_in(walks(anna, ("Ja", READ_BACK), ("Spara", SAVED)))
    note = str(anna.settles().button("Visa journaltext").data)
    own, menu = (["loggkontroll"], ["Loggkontroll", "Hjälp"]) if role == "granskare" else ([], ["Hjälp"])
    assert other.menu() == [*own, "dolj", "sprak", "hjalp", "avbryt"]
    assert other.screen().labels == menu
    for command in ("/samtal", "/ratta", "/arende", f"/arende {case}", f"/uppgifter {case}", f"/stangning {case}"):
        assert says(other, command, NOT_YOUR_ROLE).labels == menu, command
    for data in (note, f"-:0:case:{case}", f"-:0:case-why:{case}"):
        other.presses_data(data)
        assert other.wait_toast() == OLD_BUTTON, data
    says(other, case, MENU)
    assert says(other, "/hjalp", HELP).labels == menu
    other.settles()
    assert not [text for text in shown(shared.api, other) if case in text]
    assert shared.records(author=other) == []


def test_a_case_that_moves_is_the_other_districts(shared: Lots, joins: Joins) -> None:
    """One dialog, and it is gone for the one who moved it; the other's coordinator has it whole, once let in."""
    anna, bert = joins(), joins(district="Skärholmen")
    says(anna, "/samtal", CASE)
    names_a_new_case(anna)
    case = code_in(walks(anna, ("Ja", READ_BACK), ("Spara", SAVED)))
    says(bert, f"/arende {case}", "Du har inget ärende med den koden.")
    says(anna, f"/uppgifter {case}", "Hur gammal är personen?")
    presses(anna, "21–29 år", "Vilket lokalpolisområde")
    presses(anna, "Skärholmen", "Vilken stadsdel har ärendet?")
    presses(anna, "Skärholmen", "Vem är den första samordnaren?")
    presses(anna, "Vet inte", "Vem är den andra samordnaren?")
    presses(anna, "Vet inte", READ_BACK)
    presses(anna, "Spara", "Uppgifterna är sparade")
    says(anna, f"/arende {case}", "Du har inget ärende med den koden.")
    assert case not in says(anna, "/samtal", CASE).labels
    says(bert, f"/arende {case}", "Du har inget ärende med den koden.")
    assert shared.run("members", case, "--add", id_of(shared, bert)).returncode == 0
    assert "Hållna samtal: 1 av 3–5." in says(bert, f"/arende {case}", f"Ärende {case}").text
    presses(bert, "Registrera samtal", HELD)
    moved = [one.record for one in shared.records("case_fact", anna)]
    assert CaseFact(case=case, fact="district", value="Skärholmen") in moved


def test_two_phones_of_one_person_at_once(lots: Lots) -> None:
    """Both send the invitation for a new phone in one batch: one gets in, and the other is a stranger."""
    lots.start()
    anna = lots.invited(lots.api.user(7))
    who = id_of(lots, anna)
    invitation = invites(lots, "--person", who)
    assert lots.stop() == 0
    phones = [lots.api.user(8), lots.api.user(9)]
    for phone in phones:
        phone.says(invitation)
    lots.start()
    sees(phones[0], WELCOME)
    sees(phones[1], NOT_INVITED)
    assert lots.rows("SELECT id, address FROM person") == [(who, "8")]


# ── the store ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_store_of_a_newer_version_is_left_alone(lots: Lots) -> None:
    """Whatever is asked of it; the line says what to install."""
    with lots.store() as store, store.transaction():
        columns = [row[1] for row in store._rows("PRAGMA table_info(_sqlite_migrations)")]
        values: dict[str, Any] = {
            "migration_set": "lots",
            "name": "m999_from_the_future",
            "applied_at": "2030-01-01 00:00:00",
        }
        names = [name for name in columns if name in values]
        assert len(names) == 3, columns
        store._conn.execute(
            f"INSERT INTO _sqlite_migrations ({', '.join(names)}) VALUES (?, ?, ?)", [values[name] for name in names]
        )
    before = lots.settings.database.read_bytes()
    for words in (("run",), ("people",), ("records", "--json"), ("invite", "--role", "chef", "--district", "Farsta")):
        ended = lots.run(*words)
        assert ended.returncode == 2, words
        (line,) = ended.stderr.splitlines()
        assert re.match(r"L\d{3}: ", line), words
        assert "newer version of Lots (m999_from_the_future)" in line
        assert "install that version or a later one" in line
    assert lots.settings.database.read_bytes() == before
    assert lots.api.calls == []


def test_a_second_program_is_refused_and_the_first_goes_on(lots: Lots) -> None:
    """The commands that look after people work beside it."""
    lots.start()
    ended = lots.run("run")
    assert ended.returncode == 2
    assert "another process serves this store" in ended.stderr
    anna = lots.invited(lots.api.user(7))
    lots.given(anna, TalkHeld(case="Ö22-222", held="yes", occurred_on=lots.settings.now().date()))
    assert lots.run("people").stdout.count(CHANNEL) == 1
    assert says(anna, "/samtal", CASE).text.startswith(BANNER)
