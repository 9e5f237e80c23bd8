"""The desk: screen, save, then speak; seen from the phones of those who talk with it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.incoming import InGroup, Pressed, Said, Sent
from bot.outgoing import press_data
from bot.phone import CHANNEL, Phone
from dialogs import samtal
from dialogs.answers import Answers
from dialogs.model import World
from dialogs.records import CaseFact, Record, TalkHeld
from dialogs.registry import KINDS
from state.people import ROLES, Role
from state.records import verify
from state.screen import Screen
from tests.office import Office, screen_of
from tests.sample_dialog import BESOK, VisitMade
from tests.talk import MONDAY, OURS, REAL, THEIRS

PERSONNUMMER = "20100101-2382"


def mistyped(code: str) -> str:
    """The code with its last character wrong."""
    return code[:-1] + ("2" if code[-1] != "2" else "3")


"""A published test number."""
OWN = ["samtal", "hotbild", "samtycke", "aterkalla", "delning", "ratta", "arende", "overforing"]
"""The commands of those who work with cases."""
COMMON = ["dolj", "sprak", "hjalp", "avbryt"]
MENU = [*(f"/{command}" for command in OWN if command != "overforing"), "/hjalp"]


@pytest.fixture
def office() -> Iterator[Office]:
    opened = Office()
    yield opened
    assert verify(opened.store.records()) == len(opened.kept())
    opened.store.close()


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """An office with a second dialog, as if it stood in the registry."""
    monkeypatch.setitem(KINDS, VisitMade.kind, VisitMade)
    opened = Office((samtal.DIALOG, BESOK))
    yield opened
    opened.store.close()


def a_talk(case: str = OURS, day: str = "2026-11-02") -> TalkHeld:
    return TalkHeld.from_payload({"case": case, "held": "yes", "occurred_on": day})


def labels(phone: Phone) -> list[str]:
    return [button.label for button in screen_of(phone).buttons]


def press(phone: Phone, value: str) -> list[Screen]:
    """Press the button of the newest screen that means this."""
    (label,) = [button.label for button in screen_of(phone).buttons if button.value == value]
    return phone.presses(label)


def presses(phone: Phone, *values: str) -> list[Screen]:
    came: list[Screen] = []
    for value in values:
        came = press(phone, value)
    return came


def forged(office: Office, phone: Phone, data: str) -> list[Screen]:
    """A press that no button of this chat has sent."""
    return office.at_once(Pressed(office.number(), phone.address, None, "q", data))[phone.address]


def inbox(office: Office) -> str:
    """All that the inbox holds of what was said."""
    return json.dumps(office.rows("SELECT payload FROM inbox"), ensure_ascii=False)


def everything(office: Office) -> dict[str, int]:
    """How many rows each table has."""
    tables = ("person", "invitation", "session", "inbox", "outbox", "record")
    return {table: office.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables}


# ── strangers and groups ─────────────────────────────────────────────────────────────────────────────────────


def test_a_stranger_gets_one_neutral_line_and_leaves_a_count_in_memory_and_nothing_else(office: Office) -> None:
    stranger = office.phone()
    (line,) = stranger.says("Hej, jag heter Kalle")
    assert line.rows == ()
    for word in ("social", "polis", "Lots", "samordnare", "övning"):
        assert word.casefold() not in line.text.casefold(), "nothing of what the bot is for"
    assert stranger.says("Hallå") == []
    assert stranger.sends("photo") == []
    assert forged(office, stranger, "-:0:/samtal") == []
    assert stranger.says("/samtal") == []
    assert office.desk.strangers[stranger.address] == 5
    assert everything(office) == dict.fromkeys(everything(office), 0)
    office.restarts()
    assert office.desk.strangers[stranger.address] == 0, "gone with the program"


def test_a_group_is_told_once_that_the_bot_talks_in_private_also_when_a_member_is_invited(office: Office) -> None:
    member = office.joins()
    (line,) = office.at_once(InGroup(office.number(), member.address))[member.address]
    assert "privata" in line.text
    assert line.rows == ()
    assert office.at_once(InGroup(office.number(), member.address))[member.address] == []
    assert everything(office)["inbox"] == 0
    assert member.says("/samtal"), "in private it goes on as before"


def test_a_stranger_who_was_told_once_can_still_use_an_invitation(office: Office) -> None:
    stranger = office.phone()
    stranger.says("hej")
    (welcome,) = stranger.says(f"/start {office.invites()}")
    assert [button.value for button in welcome.buttons] == MENU
    assert office.desk.strangers[stranger.address] == 0, "no stranger any more"
    assert office.person(stranger).role == "samordnare"
    assert stranger.says("/samtal")[0].typed == "code"


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ("/start", "no code"),
        ("/start hemligt", "a code that nobody made"),
        ("/start {code} och mer", "more than a code"),
        ("{code}", "the code alone"),
        ("/samtal {code}", "another command"),
        ("/start {code}!", "a sign too many"),
    ],
)
def test_what_is_no_invitation_lets_nobody_in(office: Office, says: str, why: str) -> None:
    code = office.invites()
    stranger = office.phone()
    stranger.says(says.format(code=code))
    assert everything(office) == {**dict.fromkeys(everything(office), 0), "invitation": 1}, why
    assert office.store.invitation_holds(code, office.now), why


def test_an_invitation_is_used_up_and_ends_by_itself(office: Office) -> None:
    code, late = office.invites(), office.invites(hours=1)
    first, second, third = office.phone(), office.phone(), office.phone()
    first.says(f"/start {code}")
    assert second.says(f"/start {code}")[0].rows == ()
    office.passes(hours=2)
    assert third.says(f"/start {late}")[0].rows == ()
    assert everything(office)["person"] == 1


def test_who_tried_old_codes_is_let_in_by_a_good_one(office: Office) -> None:
    """A code has 120 random bits: counting tries would keep out nobody but the one who was invited."""
    late, code = office.invites(hours=1), office.invites()
    guest = office.phone()
    office.passes(hours=2)
    for _ in range(8):
        guest.says(f"/start {late}")
    assert everything(office)["person"] == 0
    guest.says(f"/start {code}")
    assert everything(office)["person"] == 1


def test_an_invitation_and_the_first_command_may_come_in_one_batch(office: Office) -> None:
    guest, code = office.phone(), office.invites()
    came = office.at_once(
        Said(office.number(), guest.address, None, f"/start {code}"),
        Said(office.number(), guest.address, None, "/samtal"),
    )
    welcome, question = came[guest.address]
    assert welcome.buttons
    assert question.typed == "code"


def test_of_two_who_send_one_invitation_at_once_only_the_first_gets_in(office: Office) -> None:
    first, second, code = office.phone(), office.phone(), office.invites()
    came = office.at_once(
        Said(office.number(), first.address, None, f"/start {code}"),
        Said(office.number(), second.address, None, f"/start {code}"),
        Said(office.number(), second.address, None, "hemligt"),
    )
    assert came[first.address][0].buttons
    assert [screen.rows for screen in came[second.address]] == [()]
    assert everything(office)["person"] == 1
    assert "hemligt" not in inbox(office)


def test_the_invited_who_knock_again_are_at_home(office: Office) -> None:
    phone = office.joins()
    code = office.invites()
    phone.says("/samtal")
    (screen,) = phone.says(f"/start {code}")
    assert screen.typed == "code", "the question still stands"
    assert office.store.invitation_holds(code, office.now), "and the invitation is still somebody else's to use"


# ── roles and districts ──────────────────────────────────────────────────────────────────────────────────────

NO_CASE_ROLES: list[Role] = ["chef", "drift", "granskare"]


@pytest.mark.parametrize("role", NO_CASE_ROLES)
def test_a_role_without_cases_opens_none_by_any_door(office: Office, role: Role) -> None:
    coordinator, other = office.joins(), office.joins(role)
    note = office.given(a_talk(), coordinator)
    coordinator.says("/samtal")
    session = office.store.active_session(office.person(coordinator).id)
    assert session is not None
    doors = ["/samtal", "/SAMTAL@lotsbot", OURS, "Ja"]
    seen = [screen for said in doors for screen in other.says(said)]
    for data in ("-:0:/samtal", f"-:0:note:{note}", f"{session.id}:{session.revision}:{OURS}"):
        seen += forged(office, other, data)
    assert seen
    for screen in seen:
        assert OURS not in screen.text
        menu = ["/loggkontroll", "/hjalp"] if role == "granskare" else ["/hjalp"]
        assert [button.value for button in screen.buttons] in ([], menu)
    assert office.store.active_session(office.person(other).id) is None
    assert office.store.active_session(office.person(coordinator).id) == session
    assert len(office.kept()) == 1


@pytest.mark.parametrize("role", ROLES)
def test_everybody_gets_help_and_the_commands_of_their_role(office: Office, role: Role) -> None:
    phone = office.joins(role)
    (help_,) = phone.says("/hjalp")
    assert "112" in help_.text
    own = [command for command, _about in office.desk.commands(office.person(phone))]
    of_the_role = {"samordnare": OWN, "ersattare": OWN, "granskare": ["loggkontroll"]}
    assert own == of_the_role.get(role, []) + COMMON


def test_another_districts_case_is_refused_in_the_words_of_one_that_is_not_there(office: Office) -> None:
    farsta, jarva = office.joins(), office.joins(district="Järva")
    note = office.given(a_talk(THEIRS), jarva)
    farsta.says("/samtal")
    (theirs,) = farsta.says(THEIRS)
    (free,) = farsta.says(OURS)
    assert theirs.text == free.text, "nobody learns that it exists"
    shown = forged(office, farsta, f"-:0:note:{note}")
    assert shown
    assert all(THEIRS not in screen.text for screen in shown)
    assert all("2 november" not in screen.text for screen in shown)
    (own,) = forged(office, jarva, f"-:0:note:{note}")
    assert THEIRS in own.text
    assert "2 november 2026" in own.text


def test_two_of_a_district_work_with_the_same_case(office: Office) -> None:
    anna, bo = office.joins(), office.joins("ersattare")
    office.given(a_talk(), anna)
    anna.says("/samtal")
    bo.says("/samtal")
    assert OURS in labels(anna)
    assert OURS not in labels(bo), "the buttons are one's own latest cases"
    (refused,) = bo.says(OURS)
    assert refused.text.startswith("Du har inget ärende med den koden."), "the district alone opens no case"
    office.lets_in(bo, OURS)
    bo.says(OURS)
    presses(bo, "young_adult", "yes", "!save")
    assert [record["kind"] for record in office.kept()] == ["talk_held", "access_given", "case_fact", "talk_held"]


def test_one_persons_buttons_do_nothing_in_anothers_hands(office: Office) -> None:
    anna, bo = office.joins(), office.joins()
    office.given(a_talk(), anna)
    anna.says("/samtal")
    session = office.store.active_session(office.person(anna).id)
    assert session is not None
    forged(office, bo, f"{session.id}:{session.revision}:{OURS}")
    assert office.store.session(session.id) == session
    assert office.store.active_session(office.person(bo).id) is None


@pytest.mark.parametrize(
    "data",
    [
        *("", ":", "::", "-", "-:0", "-:0:", "-:0:note:", "-:0:note:no-such-id", "-:0:!save", "-:x:/samtal"),
        *("aaaaaaaa:1:yes", "aaaaaaaa:-1:yes", "aaaaaaaa:²:yes", "x" * 4000, "aaaaaaaa:" + "9" * 60, "a:1:\n"),
    ],
)
def test_a_forged_button_is_answered_and_does_nothing(office: Office, data: str) -> None:
    phone = office.joins()
    phone.says("/samtal")
    session = office.store.active_session(office.person(phone).id)
    seen = forged(office, phone, data)
    assert seen[0].rows == (), "a line that says that the button is old"
    assert seen[-1].typed == "code", "and the question that is waiting"
    after = office.store.active_session(office.person(phone).id)
    assert after == session


def test_a_note_can_be_asked_for_of_records_that_have_none(office: Office) -> None:
    phone = office.joins()
    fact = office.given(CaseFact(case=OURS, fact="group", value="youth"), phone)
    seen = forged(office, phone, f"-:0:note:{fact}")
    assert seen[0].rows == ()
    assert "L400" not in seen[0].text


# ── a talk on a phone ────────────────────────────────────────────────────────────────────────────────────────


def test_a_talk_is_one_message_that_is_edited_in_place_and_what_is_typed_is_taken_away(office: Office) -> None:
    phone = office.joins()
    office.given(a_talk(), phone)
    phone.says("/samtal")
    (message,) = phone.shown
    phone.says(OURS)
    presses(phone, "young_adult", "yes")
    phone.says("hjälp mig")
    presses(phone, "!change", "!change:occurred_on")
    phone.says("20/11")
    press(phone, "!save")
    assert list(phone.shown) == [message]
    assert "!" not in "".join(button.value for button in screen_of(phone).buttons), "a menu, and no question"


def test_after_saving_the_note_can_be_shown_and_the_next_step_taken(office: Office) -> None:
    phone = office.joins()
    phone.says("/samtal")
    presses(phone, "new", "young_adult", "yes", "!save")
    case = office.kept()[0]["case"]
    saved = screen_of(phone)
    assert case in saved.text
    (note,) = [button for button in saved.buttons if button.value.startswith("note:")]
    (shown,) = phone.presses(note.label)
    assert shown.text.startswith("Motivationssamtal")
    assert case in shown.text
    phone.presses("Klar")
    press(phone, "/samtal")
    assert case in labels(phone), "the case is the first of the buttons now"
    assert labels(phone)[0] == case


def test_a_double_tap_on_save_saves_once(office: Office) -> None:
    phone = office.joins()
    phone.says("/samtal")
    presses(phone, "new", "young_adult", "yes")
    read_back = screen_of(phone)
    (save,) = [button for button in read_back.buttons if button.value == "!save"]
    taps = [Pressed(office.number(), phone.address, phone.live, f"q{n}", press_data(read_back, save)) for n in range(3)]
    office.at_once(*taps[:2])  # in one batch
    office.at_once(taps[2])  # and one more
    assert [record["kind"] for record in office.kept()] == ["case_opened", "case_fact", "talk_held"]
    assert screen_of(phone).buttons


def test_an_update_that_is_delivered_again_does_nothing_again(office: Office) -> None:
    phone = office.joins()
    phone.says("/samtal")
    presses(phone, "new")
    update = Said(office.number(), phone.address, None, "ja")
    assert office.at_once(update)[phone.address]
    office.desk.take_in(CHANNEL, [update, update])
    assert office.desk.work(CHANNEL) == []


def test_every_press_is_answered_once_or_the_button_goes_on_glowing(office: Office) -> None:
    phone = office.joins()
    note = office.given(a_talk(), phone)
    phone.says("/samtal")
    screen = screen_of(phone)
    session = f"{screen.session}:{screen.revision}"
    for data in (
        *(f"{session}:{OURS}", f"{session}:{OURS}", f"{screen.session}:2:yes", f"{screen.session}:3:!save"),
        *(f"-:0:note:{note}", "-:0:/hjalp", "-:0:/samtal", "-:0:nothing", "forged", f"{screen.session}:4:!save"),
    ):
        query = f"q{office.number()}"
        office.desk.take_in(CHANNEL, [Pressed(office.number(), phone.address, 1, query, data)])
        sent = [message.payload for message in office.desk.work(CHANNEL)]
        assert [payload["query"] for payload in sent if payload.get("query")] == [query], data


def test_words_in_no_talk_get_the_menu(office: Office) -> None:
    phone = office.joins()
    (menu,) = phone.says("Jag har träffat en ung person idag")
    assert [button.value for button in menu.buttons] == MENU
    assert office.rows("SELECT count(*) FROM session") == [(0,)]


@pytest.mark.parametrize("command", ["/idag", "/", "//", "/start", "/samtalx", "/ö"])
def test_a_command_there_is_not_is_said_without_losing_the_talk(office: Office, command: str) -> None:
    phone = office.joins()
    office.given(a_talk(), phone)
    phone.says("/samtal")
    presses(phone, OURS)
    before = screen_of(phone)
    (screen,) = phone.says(command)
    assert screen.text.endswith(before.text)
    assert screen.text != before.text
    assert screen.rows == before.rows
    (menu,) = office.joins().says(command)
    assert menu.buttons


@pytest.mark.parametrize("command", ["/samtal", "/SAMTAL", "/samtal@lotsbot", "  /samtal  "])
def test_a_command_however_it_is_written(office: Office, command: str) -> None:
    assert office.joins().says(command)[0].typed == "code"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("/samtal nu", "Det är ingen ärendekod."),
        (f"/samtal {THEIRS}", "Du har inget ärende med den koden."),
        (f"/uppgifter {REAL[:-1]}", "Det är ingen ärendekod."),
        ("/arende nu", "Det är ingen ärendekod."),
        (f"/arende {mistyped(THEIRS)}", "Koden stämmer inte."),
    ],
)
def test_what_stands_behind_a_command_is_a_case_of_ones_own_or_it_is_said(
    office: Office, command: str, says: str
) -> None:
    phone, other = office.joins(), office.joins(district="Järva")
    office.given(a_talk(THEIRS), other)
    (menu,) = phone.says(command)
    assert menu.text.startswith(says)
    assert [button.value for button in menu.buttons] == MENU
    assert office.rows("SELECT count(*) FROM session") == [(0,)]


def test_help_in_the_middle_keeps_the_talk(office: Office) -> None:
    phone = office.joins()
    phone.says("/samtal")
    presses(phone, "new", "young_adult", "yes", "!change", "!change:mode")
    before = screen_of(phone)
    (helped,) = phone.says("/hjalp")
    assert "112" in helped.text.splitlines()[0]
    assert helped.text.endswith(before.text)
    assert helped.rows == before.rows
    assert len(phone.shown) == 1, "the help is the newest message, and the old question is gone"
    press(phone, "video")
    assert "!save" in [button.value for button in screen_of(phone).buttons]


def test_avbryt_asks_once(office: Office) -> None:
    phone = office.joins()
    office.given(a_talk(), phone)
    phone.says("/samtal")
    presses(phone, OURS)
    before = screen_of(phone)
    phone.says("/avbryt")
    assert len(phone.shown) == 1, "one live message"
    press(phone, "!abandon:no")
    assert screen_of(phone).text == before.text
    phone.says("/avbryt")
    press(phone, "!abandon:yes")
    assert office.store.active_session(office.person(phone).id) is None
    assert office.rows("SELECT count(*) FROM session") == [(0,)]
    assert len(office.kept()) == 1
    (menu,) = phone.says("/avbryt")
    assert menu.buttons


# ── what is not read ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (PERSONNUMMER, "a personal number"),
        (f"Han har {PERSONNUMMER} och kom i tid", "one in a sentence"),
        ("ring mig på 070-174 06 05", "a telephone number"),
        ("anna.test@example.org", "an e-mail address"),
        (REAL, "the code of a real case, in practice"),
        ("hemligt " * 60, "more than any answer has"),
        ("x" * 4096, "as long as a message can be"),
    ],
)
def test_what_is_refused_is_never_kept_not_even_for_a_moment(office: Office, says: str, why: str) -> None:
    phone = office.joins()
    phone.says("/samtal")
    message = office.number()
    office.desk.take_in(CHANNEL, [Said(office.number(), phone.address, message, says)])
    held = inbox(office)
    assert '"what":"refused"' in held.replace("\\", ""), why
    for word in filter(lambda word: len(word) > 3, says.split()):
        assert word not in held, why
    before = office.store.active_session(office.person(phone).id)
    (screen,) = phone.receives()
    assert screen.typed == "code", "the question stands"
    assert office.store.active_session(office.person(phone).id) == before
    deleted = [json.loads(row[0]) for row in office.rows("SELECT payload FROM outbox WHERE payload IS NOT NULL")]
    assert deleted == [], "and what it said of them is erased when it is sent"


@pytest.mark.parametrize("says", [PERSONNUMMER, "x" * 300, "20/11", "/samtal", "hej"])
def test_what_is_typed_is_deleted_from_the_chat_unless_it_is_a_command(office: Office, says: str) -> None:
    phone = office.joins()
    message = office.number()
    office.desk.take_in(CHANNEL, [Said(office.number(), phone.address, message, says)])
    deleted = [m.payload["message"] for m in office.desk.work(CHANNEL) if m.payload["do"] == "delete"]
    assert deleted == ([] if says.startswith("/") else [message])


@pytest.mark.parametrize("kind", ["photo", "voice", "document", "sticker", "contact", "location", "edited", "poll"])
def test_what_is_not_text_is_known_by_its_kind_alone(office: Office, kind: str) -> None:
    phone = office.joins()
    phone.says("/samtal")
    before = screen_of(phone)
    message = office.number()
    office.desk.take_in(CHANNEL, [Sent(office.number(), phone.address, message, kind)])
    (waiting,) = office.store.waiting(CHANNEL, 9)
    assert waiting.payload == {"what": "refused", "message": message, "kind": kind}
    (live,) = phone.shown
    (screen,) = phone.receives()
    assert screen.text.endswith(before.text)
    assert screen.text != before.text
    assert screen.rows == before.rows
    assert list(phone.shown) == [live], "said in the question that stands, not in a new message"
    (menu,) = office.joins().sends(kind)
    assert menu.buttons


def test_a_press_is_kept_by_its_first_64_signs(office: Office) -> None:
    phone = office.joins()
    office.desk.take_in(CHANNEL, [Pressed(1000, phone.address, 5, "q", "y" * 4000)])
    (waiting,) = office.store.waiting(CHANNEL, 9)
    assert len(waiting.payload["data"]) == 64


# ── an identifier in two messages ────────────────────────────────────────────────────────────────────────────


SPLIT_WORDS = "Det hör kanske ihop med det du skrev innan."


def kinds_in(office: Office) -> list[str]:
    """What was refused of what waits."""
    return [held.payload["kind"] for held in office.store.waiting(CHANNEL, 9) if held.payload["what"] == "refused"]


def at_the_day(office: Office) -> Phone:
    """A phone that is asked for a day."""
    phone = office.joins()
    phone.says("/samtal")
    for label in ("Nytt ärende", "SIG unga vuxna", "Ja", "Ändra", "Samtalsdag"):
        phone.presses(label)
    assert screen_of(phone).typed == "date"
    return phone


def test_the_second_half_of_a_personal_number_is_refused_deleted_and_told(office: Office) -> None:
    """The first half may be the answer to a question about a day: who typed it is told how to change it."""
    phone = at_the_day(office)
    phone.says("20060121")
    message = office.number()
    office.desk.take_in(CHANNEL, [Said(office.number(), phone.address, message, "2384")])
    assert kinds_in(office) == ["split"]
    assert "2384" not in inbox(office)
    leaving = office.desk.work(CHANNEL)
    assert message in [held.payload["message"] for held in leaving if held.payload["do"] == "delete"]
    phone.gets(leaving)
    assert SPLIT_WORDS in screen_of(phone).text
    assert "Skriv aldrig namn, personnummer" in screen_of(phone).text
    (again,) = phone.says("2384")
    assert SPLIT_WORDS in again.text, "the first half is still there"
    assert "20060121" not in inbox(office)


def test_two_halves_in_one_batch_are_seen_and_each_person_is_by_themselves(office: Office) -> None:
    anna, bo = office.joins(), office.joins()
    said = [(anna, "20060121"), (bo, "2384"), (anna, "2384")]
    office.desk.take_in(CHANNEL, [Said(office.number(), one.address, office.number(), text) for one, text in said])
    refused = [held.address for held in office.store.waiting(CHANNEL, 9) if held.payload["what"] == "refused"]
    assert refused == [anna.address]


@pytest.mark.parametrize(("seconds", "refused"), [(0, True), (119, True), (120, False)])
def test_the_latest_text_counts_for_two_minutes(office: Office, seconds: int, refused: bool) -> None:
    phone = office.joins()
    phone.says("20060121")
    office.passes(seconds=seconds)
    office.desk.take_in(CHANNEL, [Said(office.number(), phone.address, None, "2384")])
    assert kinds_in(office) == ["split"] * refused


def test_the_latest_text_is_gone_with_the_next_sweep_and_with_the_program(office: Office) -> None:
    phone = office.joins()
    phone.says("20060121")
    assert len(office.desk._screening._typed) == 1
    office.passes(minutes=2)
    office.desk.sweep(CHANNEL)
    assert len(office.desk._screening._typed) == 0
    phone.says("20060121")
    office.restarts()
    office.desk.take_in(CHANNEL, [Said(office.number(), phone.address, None, "2384")])
    assert kinds_in(office) == [], "nothing of it was on the disk"


@pytest.mark.parametrize("says", ["Storgatan 12", "123 45 Farsta", "Exempelv. 3 B"])
def test_a_street_address_is_refused_as_one(office: Office, says: str) -> None:
    phone = office.joins()
    office.desk.take_in(CHANNEL, [Said(office.number(), phone.address, None, says)])
    assert kinds_in(office) == ["address"]
    assert "Skriv aldrig namn, personnummer, telefonnummer eller adresser här." in phone.receives()[0].text


@pytest.mark.parametrize(("length", "kinds"), [(64, []), (65, ["long_text"])])
def test_more_than_64_signs_are_no_answer(office: Office, length: int, kinds: list[str]) -> None:
    phone = office.joins()
    office.desk.take_in(CHANNEL, [Said(office.number(), phone.address, None, f" {'x' * length}\n")])
    assert kinds_in(office) == kinds


@pytest.mark.parametrize("says", ["kimexempel", "Kim Exempel", "KIM-EXE", "hemlig 7"])
@pytest.mark.parametrize("place", ["menu", "code", "date", "choice"])
def test_what_cannot_be_read_is_never_shown_again(office: Office, place: str, says: str) -> None:
    """Letters where a code, a day or a choice is asked for."""
    phone = at_the_day(office) if place == "date" else office.joins()
    if place in ("code", "choice"):
        phone.says("/samtal")
    if place == "choice":
        phone.presses("Nytt ärende")
    before = screen_of(phone).typed if phone.shown else None
    assert before == {"menu": None}.get(place, place)
    for screen in phone.says(says):
        assert says.casefold() not in screen.text.casefold()
    assert says not in str(office.rows("SELECT payload FROM inbox UNION ALL SELECT payload FROM outbox"))
    assert says not in str(office.rows("SELECT body FROM session"))


def test_when_all_is_done_nothing_that_was_said_is_left_outside_the_records(office: Office) -> None:
    phone = office.joins()
    phone.says("/samtal")
    presses(phone, "new", "young_adult", "yes", "!save")
    assert office.rows("SELECT count(*) FROM inbox WHERE payload IS NOT NULL") == [(0,)]
    assert office.rows("SELECT count(*) FROM outbox WHERE payload IS NOT NULL") == [(0,)]
    assert office.rows("SELECT count(*) FROM session") == [(0,)]


# ── an update that breaks ────────────────────────────────────────────────────────────────────────────────────


def breaks(answers: Answers, world: World) -> Sequence[Record]:
    raise ValueError(f"hemligt: {answers.word('case')}")


@pytest.fixture
def broken() -> Iterator[Office]:
    """An office where a visit cannot be kept."""
    opened = Office((samtal.DIALOG, replace(BESOK, record=breaks)))
    yield opened
    opened.store.close()


def at_the_broken_save(office: Office, phone: Phone) -> Pressed:
    """The press on Spara that breaks."""
    phone.says("/besok")
    presses(phone, "new", "yes", "subject", "done", "done")
    phone.says("45")
    screen = screen_of(phone)
    (save,) = [button for button in screen.buttons if button.value == "!save"]
    return Pressed(office.number(), phone.address, phone.live, "q", press_data(screen, save))


def test_an_update_that_breaks_says_so_with_a_code_and_leaves_the_draft_as_it_was(
    broken: Office, caplog: pytest.LogCaptureFixture
) -> None:
    phone = broken.joins()
    save = at_the_broken_save(broken, phone)
    session = broken.store.active_session(broken.person(phone).id)
    with caplog.at_level(logging.INFO):
        (line,) = broken.at_once(save)[phone.address]
    assert "L400" in line.text
    assert broken.store.active_session(broken.person(phone).id) == session
    assert broken.kept() == []
    assert broken.rows("SELECT fault FROM inbox WHERE fault IS NOT NULL") == [("L400",)]
    failed = [record for record in caplog.records if record.getMessage() == "update failed"]
    assert [(record.__dict__["code"], record.__dict__["fault"]) for record in failed] == [("L400", "ValueError")] * 2
    assert session is not None
    for record in caplog.records:
        said = json.dumps(record.__dict__, default=str, ensure_ascii=False)
        assert "hemligt" not in said
        assert str(session.answers["case"]) not in said
        assert record.exc_info is None


def test_an_update_that_breaks_does_not_stop_the_others_that_came_with_it(broken: Office) -> None:
    anna, bo, cilla = broken.joins(), broken.joins(), broken.joins()
    save = at_the_broken_save(broken, bo)
    came = broken.at_once(
        Said(broken.number(), anna.address, None, "/samtal"),
        save,
        Said(broken.number(), cilla.address, None, "/samtal"),
        Said(broken.number(), anna.address, None, "nytt ärende"),
    )
    assert [screen.typed for screen in came[anna.address]] == ["code", "choice"]
    assert "L400" in came[bo.address][0].text
    assert [screen.typed for screen in came[cilla.address]] == ["code"]


def test_whoever_was_with_an_update_that_broke_is_still_told_their_commands(broken: Office) -> None:
    anna, bo = broken.joins(), broken.joins()
    save = at_the_broken_save(broken, bo)
    broken.desk.take_in(CHANNEL, [Said(broken.number(), anna.address, None, "/samtal"), save])
    told = [m.address for m in broken.desk.work(CHANNEL) if m.payload["do"] == "commands"]
    assert anna.address in told


def test_after_an_update_that_broke_the_talk_goes_on(broken: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = broken.joins()
    broken.at_once(at_the_broken_save(broken, phone))
    monkeypatch.setitem(KINDS, VisitMade.kind, VisitMade)
    broken.restarts((samtal.DIALOG, BESOK))  # mended
    phone.says("/besok")
    presses(phone, "!resume", "!save")
    assert [record["kind"] for record in broken.kept()] == ["case_opened", "visit_made"]


# ── parked, found again, and two at once ─────────────────────────────────────────────────────────────────────


def test_a_draft_is_parked_after_a_day_and_found_again_with_a_question(office: Office) -> None:
    phone = office.joins()
    office.given(a_talk(), phone)
    phone.says("/samtal")
    presses(phone, OURS)
    office.passes(hours=23, minutes=59)
    office.desk.sweep(CHANNEL)
    assert office.store.active_session(office.person(phone).id) is not None
    office.passes(minutes=1)
    office.desk.sweep(CHANNEL)
    assert office.store.active_session(office.person(phone).id) is None
    (asked,) = phone.says("ja")
    assert "Fortsätta?" in asked.text, "the words are no answer any more, and the draft is found again"
    (found,) = phone.says("/samtal")
    assert OURS in found.text
    assert "23 november 2026" in found.text
    assert [button.value for button in found.buttons] == ["!resume", "!over", "!another"]
    (question,) = press(phone, "!resume")
    assert question.text.startswith(f"Ärende {OURS}")
    presses(phone, "young_adult", "yes", "!save")
    assert office.kept()[-1]["occurred_on"] == "2026-11-23", "the day it was begun"


def test_a_draft_that_is_begun_anew_is_about_today(office: Office) -> None:
    phone = office.joins()
    office.given(a_talk(), phone)
    phone.says("/samtal")
    presses(phone, OURS, "young_adult", "yes")
    office.passes(days=2)
    office.desk.sweep(CHANNEL)
    phone.says("/samtal")
    presses(phone, "!over", OURS, "young_adult", "yes", "!save")
    assert office.kept()[-1]["occurred_on"] == "2026-11-25"
    assert office.rows("SELECT count(*) FROM session") == [(0,)]


def test_a_parked_draft_can_be_taken_up_by_its_own_screen(office: Office) -> None:
    phone = office.joins()
    office.given(a_talk(), phone)
    phone.says("/samtal")
    presses(phone, OURS)
    office.passes(days=2)
    office.desk.sweep(CHANNEL)
    presses(phone, "young_adult", "yes", "!save")
    assert [record["kind"] for record in office.kept()] == ["talk_held", "case_fact", "talk_held"]


def test_a_draft_without_an_answer_is_just_opened_again(office: Office) -> None:
    phone = office.joins()
    phone.says("/samtal")
    (again,) = phone.says("/samtal")
    assert again.typed == "code"
    assert len(phone.shown) == 1, "one live message"
    assert office.rows("SELECT count(*) FROM session") == [(1,)]


def test_two_drafts_wait_for_each_other(visits: Office) -> None:
    phone = visits.joins()
    visits.given(a_talk(), phone)
    phone.says("/samtal")
    presses(phone, OURS)
    talk = screen_of(phone)
    phone.says("/besok")
    presses(phone, "new", "yes")
    visit = screen_of(phone)
    before = len(visits.kept())
    assert len(phone.shown) == 1, "one live message"
    phone.says("/samtal")
    assert screen_of(phone).buttons[0].value == "!resume"
    press(phone, "!resume")
    assert screen_of(phone).text == talk.text
    phone.says("/besok")
    press(phone, "!resume")
    assert screen_of(phone).text == visit.text
    presses(phone, "subject", "done", "done")
    phone.says("45")
    press(phone, "!save")
    assert [record["kind"] for record in visits.kept()][before:] == ["case_opened", "visit_made"]
    phone.says("/samtal")
    presses(phone, "!resume", "young_adult", "yes", "!save")
    assert [record["kind"] for record in visits.kept()][before + 2 :] == ["case_fact", "talk_held"]


def test_a_draft_of_another_version_is_opened_again_and_says_so(office: Office) -> None:
    phone = office.joins()
    phone.says("/samtal")
    presses(phone, "new")
    office.restarts((replace(samtal.DIALOG, version=2),))
    (helped,) = phone.says("/hjalp")
    assert "112" in helped.text.splitlines()[0], "help is help"
    assert "Frågorna har ändrats" in helped.text
    presses(phone, "young_adult", "yes", "!save")
    assert [record["kind"] for record in office.kept()] == ["case_opened", "case_fact", "talk_held"]


# ── the program dies and starts again ────────────────────────────────────────────────────────────────────────


def test_what_was_taken_in_is_worked_off_by_the_next_start(office: Office) -> None:
    phone = office.joins()
    phone.says("/samtal")
    office.desk.take_in(CHANNEL, [Said(office.number(), phone.address, None, "nytt ärende")])
    office.restarts()
    assert [screen.typed for screen in phone.receives()] == ["choice"]


def test_what_was_not_sent_is_found_by_the_next_start(office: Office) -> None:
    phone = office.joins()
    office.desk.take_in(CHANNEL, [Said(office.number(), phone.address, None, "/samtal")])
    leaving = office.desk.work(CHANNEL)
    office.restarts()
    left = [(message.id, message.payload["do"]) for message in office.store.unsent(CHANNEL)]
    assert left == [(message.id, message.payload["do"]) for message in leaving]
    assert ("show" in [do for _row, do in left]) is True


def test_the_commands_are_told_once_since_the_start(office: Office) -> None:
    phone = office.joins()

    def told() -> list[Any]:
        office.desk.take_in(CHANNEL, [Said(office.number(), phone.address, None, "/hjalp")])
        return [m.payload["commands"] for m in office.desk.work(CHANNEL) if m.payload["do"] == "commands"]

    assert [[command for command, _about in commands] for commands in told()] == [OWN + COMMON]
    assert told() == []
    office.restarts()
    assert len(told()) == 1


def test_many_updates_are_worked_off_in_order(office: Office) -> None:
    phone = office.joins()
    said = [Said(office.number(), phone.address, None, text) for text in ("/samtal", "nytt ärende", "ja") * 150]
    office.desk.take_in(CHANNEL, said)
    office.desk.work(CHANNEL)
    assert office.store.waiting(CHANNEL, 9) == []
    assert office.kept() == []


def test_practice_is_visible_on_every_screen_and_real_cases_have_no_banner() -> None:
    for practice in (True, False):
        office = Office(practice=practice)
        phone = office.joins()
        said = ["/hjalp", "/samtal", "vad", "/nej", PERSONNUMMER, "/avbryt"]
        office.desk.take_in(CHANNEL, [Said(office.number(), phone.address, None, text) for text in said])
        banners = [m.payload["banner"] for m in office.desk.work(CHANNEL) if m.payload["do"] == "show"]
        assert len(banners) == len(said)
        assert all(bool(banner) == practice for banner in banners)
        office.store.close()


def test_where_the_cases_are_real_a_practice_code_is_refused_and_a_new_case_gets_a_real_one() -> None:
    office = Office(practice=False)
    phone = office.joins()
    phone.says("/samtal")
    phone.says(OURS)
    assert screen_of(phone).typed == "code"
    presses(phone, "new", "young_adult", "yes", "!save")
    assert not office.kept()[0]["case"].startswith("Ö")
    phone.says("/samtal")
    phone.says(office.kept()[0]["case"].lower())
    assert screen_of(phone).typed == "choice", "its own code is no forbidden word there"
    office.store.close()


def test_every_button_fits_in_what_a_channel_carries(office: Office) -> None:
    phone = office.joins()
    office.given(a_talk(), phone)
    office.given(a_talk(day="2026-11-03"), phone)
    phone.says("/samtal")
    for value in (OURS, "young_adult", "yes", "motivated", "takes_steps", "!change", "!back", "!save"):
        screen = screen_of(phone)
        assert max(len(press_data(screen, button).encode()) for button in screen.buttons) <= 64
        press(phone, value)
    assert max(len(press_data(screen_of(phone), button).encode()) for button in screen_of(phone).buttons) <= 64
    assert office.now == MONDAY
