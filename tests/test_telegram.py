"""The Telegram channel: `lots run` as a process of its own, talking HTTP with a Bot API server on this machine.

Nothing is patched. Most tests share one running program, as people do; those that stop, kill or count what is in the
store have their own.
"""

from __future__ import annotations

import resource
import secrets
import signal
import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from bot.desk import Desk
from bot.incoming import Said
from bot.limits import STRANGERS_A_MINUTE
from bot.telegram import CHANNEL, leave_chat, reduced
from dialogs import case_code
from dialogs.policy import Policy
from dialogs.records import CaseFact, TalkHeld
from dialogs.registry import DIALOGS
from state.store import Store
from tests.botapi import Kind, Message, Params, User
from tests.running import (
    ALREADY_INVITED,
    BANNER,
    CASE,
    CHANGE,
    DISTRICT,
    DRAFT,
    EDITED,
    GROUP,
    HELD,
    HELP,
    MENU,
    NO_IDENTIFIERS,
    NO_SUCH_COMMAND,
    NOT_INVITED,
    NOT_READ,
    NOT_YOUR_ROLE,
    OLD_BUTTON,
    ONLY_PRACTICE_CODES,
    ONLY_PRIVATE,
    READ_BACK,
    REMOVED,
    SAVED,
    SECOND,
    TOO_LONG,
    WELCOME,
    WHY_HELD,
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

# One of those that Skatteverket publishes for tests.
PERSONNUMMER = "200601212384"

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=ZoneInfo("Europe/Stockholm"))


MENU_LABELS = [
    *("Registrera samtal", "Hot och säkerhet", "Samtycke", "Återkalla samtycke", "Får jag dela?", "Rätta"),
    *("Se ett ärende", "Hjälp"),
]

THE_USUAL = (("Nytt ärende", GROUP), ("SIG unga vuxna", HELD), ("Ja", READ_BACK), ("Spara", SAVED))
"""The presses of a talk in a new case, and what comes of each."""


def a_new_case(user: User) -> str:
    """Records a talk in a new case, four presses after the command.

    Returns:
        The case's code.
    """
    says(user, "/samtal", CASE)
    return code_in(walks(user, *THE_USUAL))


def a_case_with_talks(lots: Lots, user: User, days_ago: tuple[int, ...]) -> str:
    """Makes a case of SIG unga vuxna in which this person has held talks.

    Returns:
        The case's code.
    """
    case = case_code.draw(practice=True, pick=secrets.choice)
    today = lots.settings.now().date()
    talks = [TalkHeld(case=case, held="yes", occurred_on=today - timedelta(days=ago)) for ago in days_ago]
    lots.given(user, CaseFact(case=case, fact="group", value="young_adult"), *talks)
    return case


def by_bot(user: User) -> list[Message]:
    return [message for message in user.messages() if message.from_bot]


def to(user: User) -> Callable[[Params], bool]:
    """For faults that only one person's chat meets."""
    return lambda params: params.get("chat_id") == user.id


# ── who gets in ──────────────────────────────────────────────────────────────────────────────────────────────


def test_an_invitation_lets_one_person_in_once(shared: Lots, stranger: User) -> None:
    invitation = shared.invitation()
    welcome = says(stranger, invitation, WELCOME)
    assert welcome.labels == MENU_LABELS
    assert welcome.protected, "what the bot writes cannot be forwarded or saved"
    stranger.settles()
    assert not any(invitation in message.text for message in stranger.messages()), "the code is gone from the chat"
    says(stranger, invitation, ALREADY_INVITED)
    second = shared.api.user(stranger.id + 500_000)
    assert says(second, invitation, NOT_INVITED).text == NOT_INVITED
    invited = shared.rows("SELECT address FROM person WHERE address IN (?, ?)", str(stranger.id), str(second.id))
    assert invited == [(str(stranger.id),)]


def test_two_people_race_for_one_invitation(lots: Lots) -> None:
    """Both updates come in one batch: one gets in, and of the other nothing is written."""
    invitation = lots.invitation()
    people = [lots.api.user(7), lots.api.user(8)]
    for user in people:
        user.says(invitation)
    lots.start()
    sees(people[0], WELCOME)
    sees(people[1], NOT_INVITED)
    assert lots.stop() == 0
    assert lots.rows("SELECT address FROM person") == [("7",)]
    assert lots.rows("SELECT DISTINCT address FROM inbox UNION SELECT DISTINCT address FROM outbox") == [("7",)]


def test_an_invitation_is_too_old_after_its_hours(shared: Lots, stranger: User) -> None:
    says(stranger, shared.invitation(hours=-1 / 3600), NOT_INVITED)


def test_guessing_codes_gets_one_line_and_locks_nobody_out(shared: Lots, stranger: User) -> None:
    """A code has 120 random bits; beside the limit for whatever a stranger does, tries have none of their own."""
    for number in range(STRANGERS_A_MINUTE - 1):
        shared.did(stranger.says(f"/start {number:024d}"))
    assert shown(shared.api, stranger) == [NOT_INVITED]
    says(stranger, shared.invitation(), WELCOME)


def test_a_stranger_gets_one_neutral_line_and_leaves_nothing(lots: Lots) -> None:
    """Whatever they do; nothing of it is in the store, and the menu they see is the default one."""
    lots.start()
    stranger = lots.api.user(666)
    assert says(stranger, "hej, är det socialtjänsten?", NOT_INVITED).text == NOT_INVITED
    stranger.says("/samtal")
    for kind in get_args(Kind):
        stranger.sends(kind)
    stranger.edits("hej igen")
    stranger.presses_data("-:0:/samtal")
    lots.did(stranger.says(PERSONNUMMER))
    stranger.says_in_group("hej", -77)
    lots.did(stranger.says_in_group("hej hej", -77))
    lots.api.wait_until(lambda: len(lots.api.messages(-77)) == 3)
    assert [message.text for message in lots.api.messages(-77) if message.from_bot] == [ONLY_PRIVATE]
    assert stranger.menu() == ["start"]
    assert lots.stop() == 0
    assert shown(lots.api, stranger) == [NOT_INVITED]
    for table in ("person", "session", "inbox", "outbox", "record"):
        assert lots.rows(f"SELECT count(*) FROM {table}") == [(0,)], table


def test_everyone_has_the_commands_of_their_role(shared: Lots, joins: Joins, stranger: User) -> None:
    says(stranger, "hej", NOT_INVITED)
    assert stranger.menu() == ["start"]
    assert joins().menu() == [
        "samtal",
        "hotbild",
        "samtycke",
        "aterkalla",
        "delning",
        "ratta",
        "arende",
        "overforing",
        "dolj",
        "sprak",
        "hjalp",
        "avbryt",
    ]
    manager = joins(role="chef")
    assert manager.menu() == ["dolj", "sprak", "hjalp", "avbryt"]
    assert says(manager, "/samtal", NOT_YOUR_ROLE).labels == ["Hjälp"]
    manager.presses_data("-:0:/samtal")
    assert sees(manager, NOT_YOUR_ROLE).labels == ["Hjälp"]


def test_the_bot_works_in_private_chats_only(shared: Lots, joins: Joins) -> None:
    """Also for an invited person; said once, and the group is not remembered."""
    anna = joins()
    for text in ("/samtal", "hallå"):
        shared.did(anna.says_in_group(text, -1001))
    shared.api.wait_until(lambda: len(shared.api.messages(-1001)) == 3)
    assert [message.text for message in shared.api.messages(-1001) if message.from_bot] == [ONLY_PRIVATE]
    assert shared.rows("SELECT count(*) FROM inbox WHERE address = '-1001'") == [(0,)]


# ── the talk ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_usual_talk_is_four_presses_in_one_message(shared: Lots, joins: Joins) -> None:
    """At most four is the budget (issue 2); the message is edited in place and is the newest in the chat."""
    anna = joins()
    question = says(anna, "/samtal", CASE)
    screens = [presses(anna, label, until) for label, until in THE_USUAL]
    assert len(screens) <= 4
    assert {screen.message_id for screen in screens} == {question.message_id}
    assert "Samtal 1 av 3–5." in screens[-1].text
    assert screens[-1].labels == ["Visa journaltext", *MENU_LABELS]
    assert anna.settles().edits == 1 + len(screens), "the first words are edited in too"
    assert anna.spinning() == []
    opened, fact, talk = shared.records(author=anna)
    assert [opened.kind, fact.kind, talk.kind] == ["case_opened", "case_fact", "talk_held"]
    assert talk.district == DISTRICT
    assert isinstance(talk.record, TalkHeld)
    assert (talk.record.held, talk.record.mode, talk.record.held_by) == ("yes", "meeting", "self")
    presses(anna, "Visa journaltext", f"Motivationssamtal, ärende {code_in(screens[-1])}.")


# ── notes ────────────────────────────────────────────────────────────────────────────────────────────────────

NOTE = "Motivationssamtal, ärende"
NOTE_IS_GONE = "Texten är borttagen ur chatten."


def shows_a_note(user: User) -> Message:
    """Records a talk and shows its note."""
    a_new_case(user)
    presses(user, "Visa journaltext", NOTE)
    return user.settles()


def ten_minutes_pass(lots: Lots) -> None:
    """The program is killed, and started again when the time of all notes is out."""
    lots.kill()
    with lots.store() as store, store.transaction():
        store._conn.execute("UPDATE note_shown SET until = 0")
    lots.start()


def test_a_note_is_copied_from_its_buttons_and_gone_after_klar(shared: Lots, joins: Joins) -> None:
    """The buttons are Telegram's own copying buttons: nothing comes back from them."""
    anna = joins()
    note = shows_a_note(anna)
    copied = [button.copies for row in note.buttons for button in row if button.copies is not None]
    assert note.text == f"{BANNER}\n\n" + "\n\n".join(copied)
    assert note.labels == ["Kopiera", "Klar"]
    assert note.protected, "nothing else in the chat can be marked and copied"
    with pytest.raises(LookupError):
        anna.presses("Kopiera")
    menu = presses(anna, "Klar", MENU)
    assert menu.message_id == note.message_id
    anna.settles()
    assert not any(NOTE in message.text for message in anna.messages())
    assert anna.spinning() == []
    left = "SELECT 1 FROM note_shown JOIN person ON person.id = note_shown.person WHERE person.address = ?"
    assert shared.rows(left, str(anna.id)) == []


def test_a_note_goes_after_its_time_also_when_the_program_was_away(lots: Lots) -> None:
    lots.start()
    anna, bert = lots.invited(lots.api.user(7)), lots.invited(lots.api.user(8))
    alone, beside = shows_a_note(anna), shows_a_note(bert)
    question = says(bert, "/samtal", CASE)
    lots.rests(bert)
    ten_minutes_pass(lots)
    assert sees(anna, MENU).message_id == alone.message_id
    lots.rests(bert)
    assert {message.message_id: message.text for message in by_bot(bert) if WELCOME not in message.text} == {
        beside.message_id: f"{BANNER}\n\n{NOTE_IS_GONE}",
        question.message_id: question.text,
    }
    presses(bert, "Nytt ärende", GROUP)
    assert lots.rows("SELECT 1 FROM note_shown") == []


def test_a_note_that_the_person_took_away_is_done_with(lots: Lots) -> None:
    lots.start()
    anna = lots.invited(lots.api.user(7))
    note = shows_a_note(anna)
    lots.rests(anna)
    anna.removes_message(note.message_id)
    ten_minutes_pass(lots)
    lots.api.wait_until(lambda: bool(lots.api.refused) and lots.api.refused[-1].method == "editMessageText")
    lots.rests(anna)
    assert [message for message in by_bot(anna) if WELCOME not in message.text] == []
    assert lots.rows("SELECT 1 FROM note_shown") == []
    assert not [line for line in lots.log_lines() if line.get("event") == "NoteNotGone"]


def test_a_note_that_cannot_be_taken_away_is_told_in_the_log(lots: Lots) -> None:
    lots.start()
    anna = lots.invited(lots.api.user(7))
    shows_a_note(anna)
    lots.rests(anna)
    lots.api.fault("editMessageText", "status", 400, description="message can't be edited")
    ten_minutes_pass(lots)
    lots.api.wait_until(lambda: any(line.get("event") == "NoteNotGone" for line in lots.log_lines()))


def test_a_note_that_was_sent_anew_goes_from_where_it_is(lots: Lots) -> None:
    lots.start()
    anna = lots.invited(lots.api.user(7))
    a_new_case(anna)
    saved = anna.settles()
    data = str(saved.button("Visa journaltext").data)
    anna.removes_message(saved.message_id)
    lots.did(anna.presses_data(data, saved.message_id))
    note = sees(anna, NOTE)
    assert note.message_id > saved.message_id
    lots.rests(anna)
    lots.api.wait_until(lambda: lots.rows("SELECT message FROM note_shown") == [(note.message_id,)])
    ten_minutes_pass(lots)
    assert sees(anna, MENU).message_id == note.message_id


def test_who_is_revoked_keeps_no_note_in_the_chat(lots: Lots) -> None:
    lots.start()
    anna = lots.invited(lots.api.user(7))
    note = shows_a_note(anna)
    question = says(anna, "/samtal", CASE)
    lots.rests(anna)
    stands = [note.message_id, question.message_id]
    assert leave_chat(lots.api.token, lots.api.base_url, "7", stands) == (stands, True)
    assert not set(stands) & {message.message_id for message in anna.messages()}


def test_what_revoking_could_not_take_away_goes_when_the_program_starts(lots: Lots) -> None:
    """Telegram refused while the program was away; the ledger has it, and the one who revokes is told."""
    lots.start()
    anna = lots.invited(lots.api.user(7))
    says(anna, "/samtal", CASE)
    lots.rests(anna)
    assert lots.stop() == 0
    with lots.store() as store:
        who = lots.person(store, anna).id
    refused = [lots.api.fault(f"deleteMessage{s}", "status", 400, count=None, description="no") for s in ("", "s")]
    ended = lots.run("revoke", who)
    assert ended.returncode == 0
    assert "3 messages still stand in their chat; `lots run` goes on trying" in ended.stderr
    assert len(anna.messages()) == 3, "the welcome, the command and the question"
    for fault in refused:
        fault.remove()
    lots.start()
    lots.api.wait_until(lambda: anna.messages() == [])
    lots.rests(anna)
    assert lots.rows("SELECT count(*) FROM trace") == [(0,)]


THIRD = "Det här är samtal 3 av 3–5."
THE_THIRD = {
    "put off": (4, (("Ja", THIRD), ("Bedöm senare", READ_BACK), ("Spara", "Samtal 3 av 3–5."))),
    "made": (
        5,
        (
            ("Ja", THIRD),
            ("Motiverad", "Vad visar att personen är motiverad?"),
            ("Vill lämna brottsligheten", READ_BACK),
            ("Spara", "Nästa steg: fråga om samtycke."),
        ),
    ),
}


@pytest.mark.parametrize("assessment", THE_THIRD)
def test_the_third_talk_is_four_presses_or_five(shared: Lots, joins: Joins, assessment: str) -> None:
    """Every press after the command counts, the case and Spara too; five only where an assessment is made."""
    budget, steps = THE_THIRD[assessment]
    anna = joins()
    case = a_case_with_talks(shared, anna, days_ago=(14, 7))
    says(anna, "/samtal", CASE)
    walks(anna, (case, HELD), *steps)
    assert 1 + len(steps) <= budget
    third = shared.records("talk_held", anna)[-1].record.payload()
    assert third.get("assessment") == ("motivated" if assessment == "made" else None)


def test_a_typed_date_changes_the_message_and_goes_away(shared: Lots, joins: Joins) -> None:
    anna = joins()
    live = says(anna, "/samtal", CASE).message_id
    names_a_new_case(anna)
    presses(anna, "Ja", READ_BACK)
    presses(anna, "Ändra", CHANGE)
    presses(anna, "Samtalsdag", "Vilken dag var samtalet, eller skulle det ha varit?")
    assert "Samtalsdag: igår" in says(anna, "igår", READ_BACK).text
    assert anna.settles().message_id == live
    assert [message.text for message in anna.messages() if not message.from_bot] == ["/samtal"]
    presses(anna, "Spara", SAVED)
    (talk,) = shared.records("talk_held", anna)
    assert talk.occurred_at == (shared.settings.now().date() - timedelta(days=1)).isoformat()


def test_a_draft_is_found_again_after_the_program_was_stopped(lots: Lots) -> None:
    """The keyboard that is on the phone still works, and so does the command."""
    lots.start()
    anna = lots.invited(lots.api.user(7))
    says(anna, "/samtal", CASE)
    names_a_new_case(anna)
    assert lots.stop() == 0
    lots.start()
    live = presses(anna, "Ja", READ_BACK)
    assert lots.stop() == 0
    anna.says("/samtal")
    lots.start()
    again = sees(anna, DRAFT)
    assert again.labels == ["Fortsätt", "Börja om", "Ett annat ärende"]
    assert [message.message_id for message in by_bot(anna) if message.message_id == live.message_id] == []
    presses(anna, "Fortsätt", READ_BACK)
    presses(anna, "Spara", SAVED)
    assert len(lots.records("talk_held")) == 1


def test_two_people_talk_at_once(shared: Lots, joins: Joins) -> None:
    """Their dialogs do not meet, also where Telegram numbers their messages alike."""
    anna, bert = joins(), joins(district="Bredäng")
    for user in (anna, bert):
        user.says("/samtal")
    for question, label in ((CASE, "Nytt ärende"), (GROUP, "SIG unga"), (HELD, "Ja"), (READ_BACK, "Spara")):
        for user in (anna, bert):
            sees(user, question)
            user.presses(label)
    for user in (anna, bert):
        sees(user, SAVED)
    (hers,), (his,) = shared.records("talk_held", anna), shared.records("talk_held", bert)
    assert (hers.district, his.district) == (DISTRICT, "Bredäng")
    assert hers.record.case != his.record.case
    says(bert, "/samtal", CASE)
    assert "Du har inget ärende med den koden." in says(bert, hers.record.case, "Du har inget ärende").text


def test_an_impatient_thumb_leaves_one_live_message(shared: Lots, joins: Joins) -> None:
    """The command three times before the first answer: one question is left, and its buttons work."""
    anna = joins()
    for _ in range(3):
        anna.says("/samtal")
    shared.did(anna.says("/samtal"))
    question = anna.settles()
    assert [message.message_id for message in by_bot(anna) if CASE in message.text] == [question.message_id]
    names_a_new_case(anna)


# ── bad input: a clear sentence and the same question ────────────────────────────────────────────────────────


def test_what_is_not_text_is_refused_and_deleted(shared: Lots, joins: Joins) -> None:
    """With the question again under it; of a photo not even its id is kept."""
    anna = joins()
    says(anna, "/samtal", CASE)
    question = names_a_new_case(anna)
    for kind in get_args(Kind):
        anna.sends(kind, caption=f"{kind} med namn" if kind in ("photo", "document", "voice") else None)
        screen = sees(anna, NOT_READ)
        assert REMOVED in screen.text, kind
        assert screen.text.endswith(HELD), kind
        assert (screen.labels, screen.message_id) == (question.labels, question.message_id), kind
        presses(anna, "Varför frågar vi?", WHY_HELD)  # so that the next refusal changes the words
    anna.settles()
    assert [message.text for message in anna.messages() if not message.from_bot] == ["/samtal"]
    anna.edits(f"/samtal {PERSONNUMMER}")
    assert sees(anna, EDITED).text.endswith(HELD)
    anna.settles()
    assert [message for message in anna.messages() if not message.from_bot] == []
    presses(anna, "Ja", READ_BACK)


REFUSED = {
    "a personal number": (PERSONNUMMER, NO_IDENTIFIERS),
    "one with its hyphen, in a sentence": ("hon är 20060121-2384 tror jag", NO_IDENTIFIERS),
    "a telephone number": ("0701740605", NO_IDENTIFIERS),
    "an address for mail": ("anna@exempel.se", NO_IDENTIFIERS),
    "the code of a real case": (case_code.draw(practice=False, pick=secrets.choice), ONLY_PRACTICE_CODES),
    "4,096 characters": ("a" * 4096, TOO_LONG),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_must_not_be_written_is_refused_and_deleted(shared: Lots, joins: Joins, what: str) -> None:
    text, until = REFUSED[what]
    anna = joins()
    question = says(anna, "/samtal", CASE)
    screen = says(anna, text, until)
    assert REMOVED in screen.text
    assert screen.text.endswith(CASE)
    assert (screen.labels, screen.message_id) == (question.labels, question.message_id)
    anna.settles()
    assert [message.text for message in anna.messages() if not message.from_bot] == ["/samtal"]


@pytest.mark.parametrize("what", REFUSED)
def test_what_must_not_be_written_never_reaches_the_inbox(what: str) -> None:
    """Screening is in memory: between taking in and working off, only the kind is in the store."""
    text, _ = REFUSED[what]
    store = Store(None, bytes(32))
    desk = Desk(store, DIALOGS, policy=Policy(), practice=True, now=lambda: NOW)
    with store.transaction():
        store.add_person(role="samordnare", district=DISTRICT, channel=CHANNEL, address="7", now=NOW)
    desk.take_in(CHANNEL, [Said(1, "7", 1, text)])
    (held,) = store.waiting(CHANNEL, 10)
    assert held.payload.keys() == {"what", "message", "kind"}
    assert held.payload["what"] == "refused"
    assert text not in str(held.payload)
    store.close()


def test_a_bad_answer_is_met_with_a_sentence_and_the_same_question(shared: Lots, joins: Joins) -> None:
    anna = joins()
    question = says(anna, "/samtal", CASE)
    code = case_code.draw(practice=True, pick=secrets.choice)
    wrong = code[:-1] + next(sign for sign in case_code.ALPHABET if sign != code[-1])
    for typed, sentence in (
        (wrong, "Koden stämmer inte."),
        (code, "Du har inget ärende med den koden."),
        ("nittioett", "Det är ingen ärendekod."),
    ):
        screen = says(anna, typed, sentence)
        assert (screen.text.endswith(CASE), screen.message_id) == (True, question.message_id), typed
    names_a_new_case(anna)
    assert says(anna, "kanske", "Det svaret finns inte här.").text.endswith(HELD)
    presses(anna, "Ja", READ_BACK)
    assert "Det svaret finns inte här." in says(anna, "hej", "Det svaret finns inte här.").text
    presses(anna, "Ändra", CHANGE)
    presses(anna, "Samtalsdag", "Vilken dag var samtalet, eller skulle det ha varit?")
    tomorrow = shared.settings.now().date() + timedelta(days=1)
    for typed, sentence in (
        (tomorrow.isoformat(), "har inte varit än."),
        ("31/11", "Den dagen finns inte i kalendern."),
        ("när det passade", "Datumet gick inte att läsa."),
    ):
        assert says(anna, typed, sentence).text.endswith("Vilken dag var samtalet, eller skulle det ha varit?"), typed
    says(anna, "idag", READ_BACK)
    anna.settles()
    assert [message.text for message in anna.messages() if not message.from_bot] == ["/samtal"]
    presses(anna, "Spara", SAVED)


# ── presses that are late, doubled or forged ─────────────────────────────────────────────────────────────────


def test_a_double_tap_saves_once(shared: Lots, joins: Joins) -> None:
    anna = joins()
    says(anna, "/samtal", CASE)
    names_a_new_case(anna)
    presses(anna, "Ja", READ_BACK)
    taps = [anna.presses("Spara") for _ in range(3)]
    shared.did(taps[-1])
    assert SAVED in anna.settles().text
    assert len(shared.records(author=anna)) == 3, "the case, its group and the talk"
    assert anna.spinning() == []


def test_an_update_that_comes_again_counts_nothing_twice(shared: Lots, joins: Joins) -> None:
    """Telegram delivers again what was not confirmed in time; also the command and what was typed."""
    anna = joins()
    updates = [anna.says("/samtal")]
    sees(anna, CASE)
    updates.append(anna.presses("Nytt ärende"))
    sees(anna, GROUP)
    updates.append(anna.presses("SIG unga vuxna"))
    sees(anna, HELD)
    updates.append(anna.says("ja"))
    sees(anna, READ_BACK)
    updates.append(anna.presses("Spara"))
    sees(anna, SAVED)
    before = anna.settles()
    heard = len(shown(shared.api, anna))
    for update in updates:
        shared.api.redeliver(update)
        shared.api.wait_until(lambda update=update: shared.api.deliveries(update) == 2)  # type: ignore[misc]
    says(anna, "/hjalp", HELP)
    assert len(shown(shared.api, anna)) == heard + 1
    assert before in by_bot(anna)
    assert len(shared.records(author=anna)) == 3


def test_an_old_button_is_answered_with_the_current_question(shared: Lots, joins: Joins) -> None:
    """What a phone that was offline still shows, and what is left of a talk that has ended."""
    anna = joins()
    live = says(anna, "/samtal", CASE).message_id
    names_a_new_case(anna)
    presses(anna, "Ja", READ_BACK)
    screen = anna.settles()
    pressed = anna.presses_old("Nej, personen kom inte", live)
    shared.did(pressed)
    shared.api.wait_until(lambda: anna.spinning() == [])
    assert anna.screen() == screen, "the same question, unchanged"
    presses(anna, "Spara", SAVED)
    anna.settles()
    anna.presses_old("Spara", live)
    assert anna.wait_toast() == OLD_BUTTON
    says(anna, "/samtal", CASE)
    anna.presses_old("Ja", live)
    assert anna.wait_toast() == OLD_BUTTON
    assert CASE in anna.settles().text
    assert len(shared.records("talk_held", anna)) == 1


FORGED = {
    "nonsense": "x",
    "nothing": "",
    "only colons": "::",
    "no session": "x:1:!save",
    "no dialog, but its button": "-:0:!save",
    "a command that is none": "-:0:/rm",
    "a note that is none": "-:0:note:1",
    "64 bytes of junk": "\u00f6" * 32,
    "zero bytes": "\0:\0:\0",
    "a revision to come": "{session}:9999999999:!save",
    "a revision of another script": "{session}:\u0663:!save",
    "a revision below nothing": "{session}:-1:yes",
    "a revision that is none": "{session}:\u00b2:yes",
    "a button that is not on the screen": "{session}:{revision}:!save",
    "a choice that there is not": "{session}:{revision}:perhaps",
    "a way round the question whether it was meant": "{session}:{revision}:!abandon:yes",
    "SQL": "{session}';--:{revision}:yes",
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_press_does_nothing(shared: Lots, joins: Joins, what: str) -> None:
    anna = joins()
    says(anna, "/samtal", CASE)
    names_a_new_case(anna)
    screen = anna.settles()
    session, revision, _ = str(screen.button("Ja").data).split(":")
    shared.did(anna.presses_data(FORGED[what].format(session=session, revision=revision)))
    shared.api.wait_until(lambda: anna.spinning() == [])
    if FORGED[what] == "-:0:/rm":
        assert NO_SUCH_COMMAND in anna.settles().text
    else:
        assert anna.screen().text.endswith(HELD)
        assert anna.screen().buttons == screen.buttons
    assert shared.records(author=anna) == []
    presses(anna, "Ja", READ_BACK)


def test_a_button_is_its_own_persons(shared: Lots, joins: Joins) -> None:
    """Another's session, another's message and another's note: nothing is shown, nothing moves."""
    anna, bert = joins(), joins(district="Bredäng")
    case = a_new_case(anna)
    note = anna.settles().button("Visa journaltext").data
    says(anna, "/samtal", CASE)
    button = presses(anna, case, HELD).button("Ja").data
    for data in (note, button):
        bert.presses_data(str(data))
        assert bert.wait_toast() == OLD_BUTTON
        bert.presses_data(str(data), message_id=99)
        assert bert.wait_toast() == OLD_BUTTON
        sees(bert, MENU)
    assert not [text for text in shown(shared.api, bert) if case in text]
    assert shared.records(author=bert) == []
    presses(anna, "Ja", SECOND)


# ── Telegram in trouble ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", ["editMessageText", "sendMessage"])
def test_a_flood_limit_is_waited_out_and_others_are_served(shared: Lots, joins: Joins, method: str) -> None:
    anna, bert = joins(), joins()
    for user in (anna, bert):
        says(user, "/samtal", CASE)
    limit = shared.api.fault(method, "status", 429, retry_after=1, when=to(anna))
    if method == "editMessageText":
        anna.presses("Nytt ärende")
        until = GROUP
    else:
        anna.says("/hjalp")
        until = HELP
    shared.api.wait_until(lambda: limit.hits == 1)
    a_new_case(bert)
    assert until not in anna.screen().text, "Anna still waits when Bert is done"
    sees(anna, until)
    calls = zip(shared.api.calls_of(method), shared.api.times_of(method), strict=True)
    first, second = [at for params, at in calls if params["chat_id"] == anna.id][-2:]
    assert second - first >= 1
    anna.settles()
    if method == "sendMessage":
        presses(anna, "Nytt ärende", GROUP)
    presses(anna, "SIG unga", HELD)


def test_what_has_been_overtaken_is_not_shown_any_more(shared: Lots, joins: Joins) -> None:
    """Presses during a flood limit: of the screens that wait, only the last is sent, and no button is left spinning."""
    anna = joins()
    says(anna, "/samtal", CASE)
    live = names_a_new_case(anna).message_id
    anna.settles()
    heard = len(shown(shared.api, anna))
    limit = shared.api.fault("editMessageText", "status", 429, retry_after=1, when=to(anna))
    anna.presses("Varför frågar vi?")
    shared.api.wait_until(lambda: limit.hits == 1)
    anna.presses("Ja")
    shared.did(anna.presses_old("Ja", live))
    sees(anna, READ_BACK)
    shared.rests(anna)
    assert [READ_BACK in text for text in shown(shared.api, anna)[heard:]] == [False, False, True]
    assert anna.spinning() == []


TROUBLES: tuple[dict[str, Any], ...] = (
    {"action": "status", "code": 500},
    {"action": "status", "code": 502},
    {"action": "status", "code": 200},  # somebody else's page where Telegram's answer should be
    {"action": "status", "code": 401},
    {"action": "drop_before"},
    {"action": "drop_after"},
)


def test_no_reply_is_lost_when_the_network_is_bad(shared: Lots, joins: Joins) -> None:
    """Each method in each trouble, a person each, all at once. A reply may come twice, and is never forgotten."""
    people = []
    for method in ("sendMessage", "editMessageText", "deleteMessage"):
        for trouble in TROUBLES:
            user = joins()
            fault = shared.api.fault(method, **trouble, when=to(user))
            people.append((f"{method} {trouble}", user, fault))
    for _, user, _ in people:
        user.says("/samtal")
    for what, user, _ in people:
        assert CASE in sees(user, CASE).text, what
        user.presses("Nytt ärende")
    for what, user, _ in people:
        assert GROUP in sees(user, GROUP).text, what
        user.presses("SIG unga")
    for what, user, _ in people:
        assert HELD in sees(user, HELD).text, what
        user.says("ja")
    for what, user, _ in people:
        assert READ_BACK in sees(user, READ_BACK).text, what
        user.presses("Spara")
    for what, user, fault in people:
        sees(user, SAVED)
        user.settles()
        assert fault.hits == 1, what
        assert len(shared.records("talk_held", user)) == 1, what
        shared.rests(user)
        assert len(user.messages()) == 1, f"{what}: what was saved, and nothing twice"


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
def test_a_button_that_cannot_be_answered_does_not_double_the_reply(
    shared: Lots, joins: Joins, trouble: dict[str, Any]
) -> None:
    """The message is gone, so the question is sent anew; that the press cannot be answered must not send it twice."""
    anna = joins()
    live = says(anna, "/samtal", CASE).message_id
    anna.removes_message(live)
    fault = shared.api.fault("answerCallbackQuery", **trouble)
    anna.presses_old("Nytt ärende", live)
    sees(anna, GROUP)
    anna.settles()
    assert fault.hits == 1
    assert len([text for text in shown(shared.api, anna) if text.endswith(GROUP)]) == 2, "one edit, one new message"
    presses(anna, "SIG unga", HELD)


POLL_TROUBLES = [*(trouble for trouble in TROUBLES if trouble.get("code") != 401), {"action": "status", "code": 409}]


@pytest.mark.parametrize("trouble", POLL_TROUBLES, ids=str)
def test_polling_goes_on_after_trouble(shared: Lots, joins: Joins, trouble: dict[str, Any]) -> None:
    anna = joins()
    fault = shared.api.fault("getUpdates", **trouble)
    says(anna, "/samtal", CASE)  # by the request that is under way
    names_a_new_case(anna)
    assert fault.hits == 1


def test_an_update_that_cannot_be_read_stops_nothing(shared: Lots, joins: Joins) -> None:
    """One odd update must not keep the others from being read, nor come again for ever."""
    anna = joins()
    sender, chat = {"id": anna.id}, {"id": anna.id, "type": "private"}
    odd: list[tuple[str, Any]] = [
        ("message", {"from": sender}),
        ("message", {"from": sender, "chat": None, "message_id": 1}),
        ("message", {"from": sender, "chat": chat, "text": "utan nummer"}),
        ("message", {"from": sender, "chat": chat, "message_id": 1, "text": 5}),
        ("message", {"from": sender, "chat": chat, "message_id": 1, "text": None}),
        ("message", {"from": sender, "chat": chat, "message_id": 1, "text": "ett halvt tecken: \ud83d"}),
        ("callback_query", {"from": sender, "id": "1"}),
        ("callback_query", {"from": sender, "id": "2", "data": None}),
        ("callback_query", {"from": sender, "id": "3", "data": "x", "message": []}),
        ("chat_boost", {"from": sender}),
    ]
    for kind, content in odd:
        shared.api._allowed = None  # a kind nobody asked for comes as well
        update = shared.api._push(kind, content)
        assert update, kind
        shared.did(update)
    says(anna, "/samtal", CASE)
    assert reduced({"update_id": 1, "message_reaction": {}}) is None


def test_a_message_that_has_not_changed_counts_as_sent(shared: Lots, joins: Joins) -> None:
    anna = joins()
    says(anna, "/samtal", CASE)
    presses(anna, "Varför frågar vi?", "Samtalet ska räknas i rätt ärende.")
    anna.settles()
    anna.presses("Varför frågar vi?")
    shared.api.wait_until(lambda: any(one.params.get("chat_id") == anna.id for one in shared.api.refused))
    names_a_new_case(anna)
    shared.rests(anna)
    faults = shared.rows("SELECT DISTINCT fault, payload FROM outbox WHERE address = ?", str(anna.id))
    assert faults == [(None, None)]


def test_a_message_that_is_gone_is_sent_anew(shared: Lots, joins: Joins) -> None:
    """The person has emptied the chat: an answer brings the next question in a new message, the live one from then."""
    anna = joins()
    live = says(anna, "/samtal", CASE).message_id
    names_a_new_case(anna)
    anna.settles()
    anna.removes_message(live)
    fresh = says(anna, "ja", READ_BACK)
    assert fresh.message_id > live
    assert presses(anna, "Spara", SAVED).message_id == fresh.message_id


def test_a_message_that_is_too_old_to_edit_is_sent_anew(shared: Lots, joins: Joins) -> None:
    anna = joins()
    live = says(anna, "/samtal", CASE).message_id
    shared.api.fault("editMessageText", "status", 400, description="message can't be edited", when=to(anna))
    assert presses(anna, "Nytt ärende", GROUP).message_id > live
    presses(anna, "SIG unga", HELD)


def test_a_press_that_is_too_old_to_answer_still_counts(shared: Lots, joins: Joins) -> None:
    anna = joins()
    says(anna, "/samtal", CASE)

    def grows_old(method: str, params: Params, phase: str) -> None:
        if method == "answerCallbackQuery" and phase == "before":
            shared.api.expire_queries()

    shared.api.on_call(grows_old)
    names_a_new_case(anna)
    shared.api.on_call(None)
    assert "query is too old" in shared.api.refused[-1].description
    presses(anna, "Ja", READ_BACK)


def test_who_blocks_the_bot_disturbs_nobody(shared: Lots, joins: Joins) -> None:
    anna, bert = joins(), joins()
    says(anna, "/samtal", CASE)
    anna.settles()
    data = anna.screen().button("Nytt ärende").data
    anna.blocks_bot()
    shared.did(anna.presses_data(str(data)))
    a_new_case(bert)
    shared.api.wait_until(lambda: any(one.code == 403 for one in shared.api.refused))
    anna.unblocks()
    says(anna, "/samtal", DRAFT)
    walks(anna, ("Fortsätt", GROUP), ("SIG unga", HELD), ("Ja", READ_BACK), ("Spara", SAVED))
    assert len(shared.records("talk_held", anna)) == 1


def test_what_was_not_sent_is_sent_after_the_next_start(lots: Lots) -> None:
    """Stopped in the middle of a long flood limit."""
    lots.start()
    anna = lots.invited(lots.api.user(7))
    says(anna, "/samtal", CASE)
    limit = lots.api.fault("editMessageText", "status", 429, retry_after=60)
    anna.presses("Nytt ärende")
    lots.api.wait_until(lambda: limit.hits == 1)
    ends_at_once(lots)
    lots.start()
    sees(anna, GROUP)
    presses(anna, "SIG unga", HELD)


# ── nothing acknowledged is lost ─────────────────────────────────────────────────────────────────────────────


def test_an_update_is_confirmed_only_when_the_inbox_has_it(shared: Lots, joins: Joins) -> None:
    """Looked at from Telegram's side: whenever a higher offset comes, what it confirms is on the disk, and handled."""
    anna = joins()
    looked: list[tuple[int, Any]] = []

    def look(method: str, params: Params, phase: str) -> None:
        if method == "getUpdates" and phase == "before":
            confirms = params["offset"] - 1
            looked.append((confirms, shared.rows("SELECT handled_at FROM inbox WHERE update_id = ?", confirms)))

    shared.api.on_call(look)
    a_new_case(anna)
    shared.did(anna.says("/hjalp"))
    shared.api.on_call(None)
    assert len({update for update, _ in looked}) == 6
    assert all(rows and rows[0][0] for _, rows in looked), looked


def test_a_full_disk_loses_nothing(lots: Lots) -> None:
    """Nothing is confirmed while nothing can be kept; when there is room again, it goes on by itself."""
    lots.start()
    anna = lots.invited(lots.api.user(7))
    says(anna, "/samtal", CASE)
    lots.rests(anna)
    assert lots.process is not None
    full = (lots.data_dir / "ovning.db-wal").stat().st_size
    unlimited = resource.prlimit(lots.process.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    pressed = anna.presses("Nytt ärende")
    lots.api.wait_until(lambda: lots.api.deliveries(pressed) == 2)
    assert not lots.api.confirmed(pressed)
    assert lots.rows("SELECT count(*) FROM inbox WHERE update_id = ?", pressed) == [(0,)]
    resource.prlimit(lots.process.pid, resource.RLIMIT_FSIZE, unlimited)
    sees(anna, GROUP)
    walks(anna, ("SIG unga", HELD), ("Ja", READ_BACK), ("Spara", SAVED))
    assert len(lots.records("talk_held")) == 1
    assert "DiskFailed" in {line.get("fault") for line in lots.log_lines()}


def test_an_update_that_fails_fails_alone(lots: Lots) -> None:
    """A draft that can no longer be read: its owner gets a code to read out, and those in the same batch are served."""
    lots.start()
    anna, bert = (lots.invited(lots.api.user(id_)) for id_ in (7, 8))
    for user in (anna, bert):
        says(user, "/samtal", CASE)
        names_a_new_case(user)
        user.settles()
    assert lots.stop() == 0
    lots.may_fail = True
    with lots.store() as store, store.transaction():
        hers = lots.person(store, anna)
        store._conn.execute("UPDATE session SET body = '{}' WHERE person = ?", (hers.id,))
    for user in (bert, anna):
        user.presses("Ja")
    lots.start()
    assert sees(anna, "Felkod: L400.").text.startswith(BANNER)
    sees(bert, READ_BACK)
    presses(bert, "Spara", SAVED)
    assert anna.spinning() == bert.spinning() == []
    assert [line["fault"] for line in lots.log_lines() if line.get("event") == "UpdateFailed"] == ["KeyError"] * 2
    told = [params["scope"] for params in lots.api.calls_of("setMyCommands") if params.get("scope")]
    assert [scope["chat_id"] for scope in told].count(bert.id) == 2, "once after each start, also when the batch failed"


# ── starting and stopping ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("trouble", [{"action": "status", "code": 200}, {"action": "drop_after"}], ids=str)
def test_it_starts_in_bad_weather(lots: Lots, trouble: dict[str, Any]) -> None:
    """Also a person's own list of commands is given again until it has arrived."""
    faults = [lots.api.fault(method, **trouble) for method in ("getMe", "setMyCommands")]
    faults.append(lots.api.fault("setMyCommands", **trouble, when=lambda params: "scope" in params))
    lots.start()
    anna = lots.invited(lots.api.user(7))
    assert "samtal" in anna.menu()
    assert [fault.hits for fault in faults] == [1, 1, 1]


def test_a_wrong_token_is_said_clearly(lots: Lots) -> None:
    lots.env["LOTS_TELEGRAM_TOKEN"] = "7000000001:wrong"
    ended = lots.run("run")
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("L200: LOTS_TELEGRAM_TOKEN:")
    assert "wrong" not in ended.stdout + ended.stderr


def test_a_token_that_is_taken_back_ends_the_program(lots: Lots) -> None:
    lots.start()
    anna = lots.invited(lots.api.user(7))
    lots.api.fault("getUpdates", "status", 401)
    anna.says("/samtal")
    assert lots.process is not None
    assert lots.process.wait(5) == 2
    assert "L200: LOTS_TELEGRAM_TOKEN:" in lots.log()


def test_a_second_program_on_the_same_store_is_refused(lots: Lots) -> None:
    lots.start()
    ended = lots.run("run")
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("L302:")
    assert "another process serves this store" in line
    assert lots.stop() == 0
    lots.start()


def ends_at_once(lots: Lots, by: signal.Signals = signal.SIGTERM) -> None:
    began = time.monotonic()
    assert lots.stop(by) == 0, lots.log()
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_when_asked(lots: Lots, by: signal.Signals) -> None:
    lots.start()
    ends_at_once(lots, by)


def test_it_ends_at_once_while_telegram_cannot_be_reached(lots: Lots) -> None:
    lots.launch(LOTS_TELEGRAM_BASE_URL="http://127.0.0.1:9/bot")
    for _ in range(500):
        if "Unreachable" in lots.log():
            break
        time.sleep(0.02)  # a file cannot be waited for
    ends_at_once(lots)
    assert {line["event"] for line in lots.log_lines()} == {"Unreachable"}


def test_it_ends_at_once_while_telegram_does_not_answer(lots: Lots) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(10)
        lots.launch(LOTS_TELEGRAM_BASE_URL=f"http://127.0.0.1:{silent.getsockname()[1]}/bot")
        taken, _ = silent.accept()
        with taken:
            ends_at_once(lots)
