"""The chat that erases itself: what stands in a chat on Telegram, and for how long.

The bot speaks HTTP with a Bot API server on this machine, and the clock is the test's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.bell import ONLY_REMINDERS, Bell
from bot.check import _chats
from bot.desk import Desk
from bot.front import Front
from bot.limits import PaceAMinute
from bot.outgoing import REMINDER
from bot.telegram import BEGINS, CHANNEL, MOST_LOST
from bot.telegram.deleting import GONE, HUNDRED
from bot.traces import HIDDEN, take_over
from dialogs.policy import Policy
from dialogs.registry import DIALOGS
from state.ids import Seeded
from state.people import Person
from state.store import WEB, Store
from tests.botapi import Action, BotApi, Fault, Message, Params, User
from tests.office import Office
from tests.running import ABANDONED, CASE, GROUP, HELD, HELP, MENU, READ_BACK, SAVED
from tests.talk import MONDAY, OURS
from tests.telegram_phone import Wire
from tests.test_arende import a_triage

STEPS = (("Nytt ärende", GROUP), ("SIG unga vuxna", HELD), ("Ja", READ_BACK), ("Spara", SAVED))
"""The presses of the usual talk, and what comes of each."""

LEFT = "Meddelanden som inte gick att ta bort ur chatten: 2. Ta bort dem själv."


class Flat:
    """A store and its program, with a clock of its own.

    Args:
        api: the Bot API server.
    """

    def __init__(self, api: BotApi) -> None:
        self.api = api
        self.now: datetime = MONDAY
        self.store = Store(None, bytes(32), Seeded(7))
        self.wire = Wire(api)
        self.starts()

    def starts(self, front: Front | None = None) -> None:
        """Starts the program, or starts it anew."""
        self.wire.stop()
        desk = Desk(
            self.store,
            DIALOGS,
            policy=Policy(),
            practice=True,
            now=lambda: self.now,
            source=Seeded(len(self.api.calls)),
        )
        self.wire.serve(front or desk)  # type: ignore[arg-type] # of a desk it asks what every front has
        self.rests()

    def closes(self) -> None:
        self.wire.close()
        self.store.close()

    def rests(self) -> None:
        self.wire.run_until(lambda: not self.store.unsent(CHANNEL))

    def joins(self, address: int = 7) -> User:
        """Somebody who was let in, with an empty chat."""
        with self.store.transaction():
            self.store.add_person(
                role="samordnare", district="Farsta", channel=CHANNEL, address=str(address), now=self.now
            )
        return self.api.user(address)

    def does(self, update: int) -> None:
        self.wire.deliver(update)
        self.rests()

    def says(self, user: User, text: str, until: str) -> Message:
        self.does(user.says(text))
        return self.sees(user, until)

    def presses(self, user: User, label: str, until: str) -> Message:
        self.does(user.presses(label))
        return self.sees(user, until)

    def sees(self, user: User, words: str) -> Message:
        message = user.screen()
        assert words in message.text, self.api._story()
        return message

    def talks(self, user: User) -> Message:
        """The usual talk, from the command to the words that it is saved."""
        self.says(user, "/samtal", CASE)
        return [self.presses(user, label, until) for label, until in STEPS][-1]

    def passes(self, **time: float) -> None:
        """Time goes by, and the program looks after the chats."""
        self.now += timedelta(**time)
        desk = self.wire.desk
        assert desk is not None
        self.wire.send(desk.sweep(CHANNEL))
        self.rests()

    def person(self, user: User) -> Person:
        person = self.store.person_at(CHANNEL, str(user.id))
        assert person is not None
        return person

    def ledger(self, user: User) -> list[int]:
        return self.store.traces(CHANNEL, str(user.id))

    def ages(self, user: User, hours: float, *messages: int) -> None:
        """Telegram's clock goes as well: its messages, or some of them, are that much older."""
        for message in messages or [message.message_id for message in user.messages()]:
            self.api.age(user.id, message, hours)

    def calls_since(self, before: int) -> list[str]:
        return [method for method, _ in self.api.calls[before:] if method != "getUpdates"]


@pytest.fixture
def flat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Flat]:
    monkeypatch.setattr("bot.telegram.MARK_WITHIN", 0.0)  # nothing to wait for between two turns
    with BotApi.serving() as api:
        built = Flat(api)
        yield built
        built.closes()


def stands(flat: Flat, user: User) -> Message:
    """The one message in the chat, which the ledger has."""
    (message,) = user.messages()
    assert flat.ledger(user) == [message.message_id]
    return message


# ── while somebody is there ──────────────────────────────────────────────────────────────────────────────────


def test_when_a_dialog_is_done_one_message_stands(flat: Flat) -> None:
    """Saved, left, or with a page beside it; typed answers and commands have gone, and so has what was refused."""
    anna = flat.joins()
    flat.says(anna, "/samtal", CASE)
    flat.says(anna, "/hjalp", HELP)
    flat.presses(anna, "Nytt ärende", GROUP)
    flat.does(anna.sends("photo", caption="med namn"))
    flat.presses(anna, "SIG unga vuxna", HELD)
    flat.says(anna, "ja", READ_BACK)
    assert len(anna.messages()) == 3, "two commands and the question"
    flat.presses(anna, "Spara", SAVED)
    assert SAVED in stands(flat, anna).text
    flat.presses(anna, "Visa journaltext", "Motivationssamtal")
    flat.says(anna, "/hjalp", HELP)
    assert HELP in stands(flat, anna).text
    flat.says(anna, "/samtal", CASE)
    flat.says(anna, "/avbryt", "Vill du avbryta?")
    flat.presses(anna, "Ja, avbryt", ABANDONED)
    stands(flat, anna)
    flat.says(anna, "/arende", "")
    stands(flat, anna)
    assert flat.api.refused == []


def test_a_new_message_says_nothing_until_its_words_are_edited_in(flat: Flat) -> None:
    """What a lock screen shows is what was sent: neutral, silent, and not to be forwarded."""
    anna = flat.joins()
    flat.talks(anna)
    flat.says(anna, "/hjalp", HELP)
    flat.passes(hours=1)
    flat.does(anna.says("hej"))
    sent = flat.api.calls_of("sendMessage")
    assert len(sent) == 3
    for params in sent:
        assert params == {"chat_id": 7, "text": BEGINS, "disable_notification": True, "protect_content": True}


def test_a_reminder_is_heard_and_says_no_more_than_that_it_is_one(flat: Flat) -> None:
    """It comes in a message of its own, in the place of what stood there."""
    anna = flat.joins()
    flat.says(anna, "/hjalp", HELP)
    with flat.store.transaction():
        flat.store.append(a_triage(case=OURS, urgency="now"), flat.person(anna), flat.now - timedelta(hours=1))
    flat.passes(seconds=1)
    sent = flat.api.calls_of("sendMessage")[-1]
    assert sent == {"chat_id": 7, "text": REMINDER, "disable_notification": False, "protect_content": True}
    assert f"Påminnelse om ärende {OURS}." in stands(flat, anna).text
    flat.presses(anna, "Följ remissen", "Vad vill du skriva in?")


def test_a_form_costs_few_calls(flat: Flat, counted: Callable[[str], None]) -> None:
    """A talk in a new case, from the command to Spara: the words are edited in, and the chat is cleared at the end."""
    anna = flat.joins()
    flat.talks(anna)
    before = len(flat.api.calls)
    flat.talks(anna)
    calls = flat.calls_since(before)
    counted(f"{len(calls)} calls of the Bot API for a talk of four presses: {', '.join(sorted(set(calls)))}")
    presses = ["answerCallbackQuery", "editMessageText"] * len(STEPS)
    assert sorted(calls) == sorted(["sendMessage", "editMessageText", *presses, "deleteMessages"])
    before = len(flat.api.calls)
    flat.passes(minutes=1)
    flat.does(anna.says("/hjalp"))
    assert sorted(flat.calls_since(before)) == ["deleteMessages", "editMessageText", "sendMessage"]


def test_dolj_hides_at_once_and_fortsatt_shows_where_they_are(flat: Flat) -> None:
    anna = flat.joins()
    flat.says(anna, "/samtal", CASE)
    question = flat.presses(anna, "Nytt ärende", GROUP)
    flat.says(anna, "/dolj", HIDDEN)
    line = stands(flat, anna)
    assert (line.message_id, line.labels) == (question.message_id, ["Fortsätt"])
    back = flat.presses(anna, "Fortsätt", GROUP)
    assert (back.message_id, back.buttons) == (question.message_id, question.buttons)
    flat.presses(anna, "SIG unga vuxna", HELD)


def test_dolj_hides_on_every_channel() -> None:
    """In a chat that Lots keeps itself, the desk's words are the same; the note is gone with the rest."""
    office = Office()
    phone = office.joins()
    phone.says("/samtal")
    phone.says("/hjalp")
    (line,) = phone.says("/dolj")
    assert line.text == HIDDEN
    assert [screen.text for screen in phone.shown.values()] == [HIDDEN]
    (question,) = phone.presses("Fortsätt")
    assert CASE in question.text
    other = office.joins("granskare")
    assert [screen.text for screen in other.says("/dolj")] == [HIDDEN], "whatever the role"
    assert MENU in other.presses("Fortsätt")[0].text


# ── when nobody is there ─────────────────────────────────────────────────────────────────────────────────────


def test_after_an_hour_untouched_a_neutral_line_stands_and_the_draft_is_where_it_was(flat: Flat) -> None:
    anna, bert = flat.joins(), flat.joins(8)
    flat.says(anna, "/samtal", CASE)
    question = flat.presses(anna, "Nytt ärende", GROUP)
    flat.passes(minutes=30)
    flat.says(bert, "/hjalp", HELP)
    flat.passes(minutes=29)
    assert anna.screen() == question
    flat.passes(minutes=1)
    line = stands(flat, anna)
    assert (line.message_id, line.labels) == (question.message_id, ["Fortsätt"])
    assert line.text.endswith(HIDDEN)
    assert HELP in stands(flat, bert).text, "his hour is not over"
    before = len(flat.api.calls)
    flat.passes(minutes=20)
    assert flat.calls_since(before) == [], "it is hidden once"
    assert flat.presses(anna, "Fortsätt", GROUP).buttons == question.buttons
    flat.passes(minutes=59)
    flat.sees(anna, GROUP)
    flat.passes(minutes=1)
    flat.sees(anna, HIDDEN)


def test_a_press_keeps_the_chat_for_an_hour_more(flat: Flat) -> None:
    anna = flat.joins()
    flat.says(anna, "/samtal", CASE)
    flat.passes(minutes=50)
    flat.presses(anna, "Nytt ärende", GROUP)
    flat.passes(minutes=50)
    flat.sees(anna, GROUP)


def test_off_a_dialog_fortsatt_shows_the_menu(flat: Flat) -> None:
    anna = flat.joins()
    saved = flat.talks(anna)
    flat.passes(hours=1)
    assert flat.sees(anna, HIDDEN).message_id == saved.message_id
    assert flat.presses(anna, "Fortsätt", MENU).message_id == saved.message_id


def test_after_thirty_six_hours_nothing_stands_and_the_draft_is_still_there(flat: Flat) -> None:
    anna = flat.joins()
    flat.says(anna, "/samtal", CASE)
    flat.presses(anna, "Nytt ärende", GROUP)
    flat.passes(hours=1)
    flat.passes(hours=34, minutes=59)
    flat.sees(anna, HIDDEN)
    flat.passes(minutes=1)
    assert anna.messages() == []
    assert flat.ledger(anna) == []
    before = len(flat.api.calls)
    flat.passes(hours=1)
    assert flat.calls_since(before) == []
    flat.says(anna, "/start", "Du har redan tillgång")
    flat.says(anna, "/samtal", "Fortsätta?")


def test_who_is_there_after_thirty_six_hours_gets_a_new_message(flat: Flat) -> None:
    """The message is as old as it may become, so the dialog moves; nothing is lost of it."""
    anna = flat.joins()
    flat.says(anna, "/samtal", CASE)
    question = flat.presses(anna, "Nytt ärende", GROUP)
    flat.passes(hours=23)
    flat.presses(anna, "Fortsätt", GROUP)
    flat.passes(hours=12, minutes=30)
    flat.presses(anna, "Fortsätt", GROUP)
    flat.passes(minutes=30)
    moved = flat.sees(anna, GROUP)
    assert moved.message_id > question.message_id
    assert stands(flat, anna) == moved
    flat.presses(anna, "SIG unga vuxna", HELD)


# ── when the program was away ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("hours", "stays", "why"),
    [(2, [HIDDEN], "the hour is over"), (37, [], "it is as old as it may become"), (72, [GONE, "/samtal"], "too late")],
)
def test_a_program_that_was_away_takes_away_what_it_can_when_it_starts(
    flat: Flat, hours: int, stays: list[str], why: str
) -> None:
    anna = flat.joins()
    flat.says(anna, "/samtal", CASE)
    flat.wire.stop()
    flat.now += timedelta(hours=hours)
    flat.ages(anna, hours)
    flat.starts()
    flat.rests()
    texts = [message.text.rpartition("\n\n")[2] for message in anna.messages()]
    assert sorted(texts) == sorted(stays), why


def test_what_cannot_be_taken_away_is_counted_and_told_once(flat: Flat, caplog: pytest.LogCaptureFixture) -> None:
    """Telegram deletes nothing that is older than 48 hours; a bot may empty its own words, and nobody else's."""
    anna = flat.joins()
    flat.says(anna, "/samtal", CASE)
    flat.says(anna, "/samtal", CASE)
    flat.wire.stop()
    flat.now += timedelta(hours=72)
    flat.ages(anna, 72)
    flat.starts()
    assert _chats(flat.store).mend is None, "it is tried once more"
    flat.passes(minutes=5)
    assert [record.__dict__["number"] for record in caplog.records if record.__dict__.get("event") == "LeftInChat"] == [
        2
    ]
    found = _chats(flat.store)
    assert "2 could not be taken away" in found.says
    assert found.mend is not None
    assert flat.ledger(anna) == []
    assert LEFT in flat.says(anna, "/hjalp", HELP).text
    assert LEFT not in flat.says(anna, "/hjalp", HELP).text, "once"
    assert _chats(flat.store).mend is None


# ── when Telegram does not do as it is asked ─────────────────────────────────────────────────────────────────


def test_what_failed_is_tried_again_by_the_sweep(flat: Flat) -> None:
    anna = flat.joins()
    refuses = [flat.api.fault(f"deleteMessage{s}", "status", 400, count=None, description="no") for s in ("", "s")]
    flat.talks(anna)
    assert len(anna.messages()) == 2, "the command stands"
    for fault in refuses:
        fault.remove()
    flat.passes(minutes=59)
    assert len(anna.messages()) == 2
    flat.passes(minutes=1)
    stands(flat, anna)


def test_one_that_is_too_old_does_not_keep_the_others(flat: Flat) -> None:
    anna = flat.joins()
    flat.says(anna, "/samtal", CASE)
    for _ in range(3):
        flat.says(anna, "/hjalp", HELP)
    old = next(message for message in anna.messages() if not message.from_bot)
    flat.ages(anna, 49, old.message_id)
    for label, until in STEPS:
        flat.presses(anna, label, until)
    assert [message.text for message in anna.messages() if not message.from_bot] == [old.text]
    assert flat.ledger(anna) == [message.message_id for message in anna.messages()]


def test_a_server_that_does_not_know_how_to_delete_many_deletes_one_by_one(flat: Flat) -> None:
    anna = flat.joins()
    flat.api.fault("deleteMessages", "status", 404, count=None)
    flat.says(anna, "/samtal", CASE)
    flat.says(anna, "/hjalp", HELP)
    for label, until in STEPS:
        flat.presses(anna, label, until)
    stands(flat, anna)


def test_many_messages_go_a_hundred_a_call(flat: Flat) -> None:
    anna = flat.joins()
    flat.says(anna, "/samtal", CASE)
    with flat.store.transaction():
        flat.store.traced(CHANNEL, [("7", number, False) for number in range(1000, 1230)], flat.now)
    flat.says(anna, "/dolj", HIDDEN)
    assert [len(params["message_ids"]) for params in flat.api.calls_of("deleteMessages")] == [100, 100, 32]
    stands(flat, anna)


BROKEN: tuple[dict[str, Any], ...] = ({"action": "drop_after"}, {"action": "status", "code": 502})


@pytest.mark.parametrize("trouble", BROKEN, ids=str)
def test_a_message_that_was_sent_twice_stands_once(flat: Flat, trouble: dict[str, Any]) -> None:
    """The line broke after it was sent: its number never came, and it is taken away all the same."""
    anna = flat.joins()
    flat.api.fault("sendMessage", **trouble)
    flat.says(anna, "/samtal", CASE)
    assert len([message for message in anna.messages() if message.from_bot]) == 1
    for label, until in STEPS:
        flat.presses(anna, label, until)
    stands(flat, anna)


def test_a_flood_limit_between_send_and_edit_leaves_one(flat: Flat) -> None:
    anna = flat.joins()
    flat.api.fault("editMessageText", "status", 429, retry_after=1)
    flat.says(anna, "/samtal", CASE)
    assert len([message for message in anna.messages(deleted=True) if message.from_bot]) == 1


def test_a_message_that_the_person_took_away_before_its_words_came_is_sent_anew(flat: Flat) -> None:
    anna = flat.joins()

    def takes_it_away(method: str, params: Params, phase: str) -> None:
        if method == "editMessageText" and phase == "before":
            flat.api.on_call(None)
            anna.removes_message(params["message_id"])

    flat.api.on_call(takes_it_away)
    flat.says(anna, "/hjalp", HELP)
    stands(flat, anna)


def test_messages_whose_numbers_were_lost_go_with_the_next_one(flat: Flat) -> None:
    """As after a power cut: they stand in the chat and in no ledger. The whole range goes, and what is known stays."""
    anna = flat.joins()
    flat.says(anna, "/samtal", CASE)
    flat.says(anna, "/hjalp", HELP)
    lost = [message.message_id for message in anna.messages()][-1:]
    with flat.store.transaction():
        flat.store.untraced(CHANNEL, "7", lost)
        flat.store.set_live_message(CHANNEL, "7", None)
    flat.starts()
    flat.says(anna, "/hjalp", HELP)
    assert not set(lost) & {message.message_id for message in anna.messages()}
    assert [message.text for message in anna.messages() if not message.from_bot] == ["/samtal", "/hjalp", "/hjalp"]
    before = len(flat.api.calls_of("deleteMessages"))
    flat.says(anna, "/hjalp", HELP)
    assert len(flat.api.calls_of("deleteMessages")) == before, "once after a start"


def test_a_message_whose_number_was_lost_does_not_outlast_what_hides_the_chat(flat: Flat) -> None:
    """Nothing new is sent then: the neutral line takes the place of the message that is known."""
    anna = flat.joins()
    flat.says(anna, "/samtal", CASE)
    flat.says(anna, "/sprak", CASE)
    kept, lost = [message.message_id for message in anna.messages() if message.from_bot]
    with flat.store.transaction():
        flat.store.untraced(CHANNEL, "7", [lost])
        flat.store.set_live_message(CHANNEL, "7", kept)
    flat.starts()
    flat.passes(hours=1)
    assert [message.message_id for message in anna.messages()] == [kept]
    assert anna.screen().text.endswith(HIDDEN)


# ── what comes too fast ──────────────────────────────────────────────────────────────────────────────────────


def floods(flat: Flat, user: User, number: int, action: Action = "status", **trouble: Any) -> list[Fault]:
    """Types so much at once that it comes too fast, and it is confirmed; Telegram takes nothing away meanwhile."""
    front = flat.wire.desk
    assert front is not None
    front.hold_to(CHANNEL, PaceAMinute(1, lambda: flat.now))
    flat.says(user, "/hjalp", HELP)
    faults = [flat.api.fault(f"deleteMessage{s}", action, count=None, **trouble) for s in ("", "s")]
    last = [user.says("hemligt") for _ in range(number)][-1]
    flat.wire.run_until(lambda: flat.api.confirmed(last))
    return faults


def typed(user: User) -> set[int]:
    return {message.message_id for message in user.messages() if message.text == "hemligt"}


LATER: dict[str, Any] = {"code": 429, "retry_after": 600}


@pytest.mark.parametrize("trouble", [LATER, {"code": 502}], ids=str)
def test_what_came_too_fast_is_taken_away_after_a_crash(flat: Flat, trouble: dict[str, Any]) -> None:
    """Telegram never brings the updates again, and the bot dies before it has taken them out of the chat."""
    anna = flat.joins()
    many = MOST_LOST + 2 * HUNDRED  # more than is looked for around what is known
    faults = floods(flat, anna, many, **trouble)
    stands = typed(anna)
    assert len(stands) == many
    flat.wire.dies()
    for fault in faults:
        fault.remove()
    flat.starts()
    flat.wire.run_until(lambda: not typed(anna))
    flat.rests()
    assert not stands & set(flat.ledger(anna))


def test_what_came_too_fast_is_in_the_ledger_until_it_has_gone(flat: Flat) -> None:
    anna = flat.joins()
    floods(flat, anna, 30, "delay", seconds=0.2)
    stands = typed(anna)
    assert stands
    assert stands <= set(flat.ledger(anna))
    flat.wire.run_until(lambda: not typed(anna))
    flat.wire.run_until(lambda: not stands & set(flat.ledger(anna)))


def test_what_came_too_fast_and_is_refused_is_tried_again(flat: Flat) -> None:
    anna = flat.joins()
    faults = floods(flat, anna, 3, code=400, description="no")
    flat.rests()
    for fault in faults:
        fault.remove()
    assert len(typed(anna)) == 3
    flat.passes(minutes=5)
    assert len(typed(anna)) == 1, "the one that was answered goes with the chat, as ever"


def test_a_flood_costs_few_commits(flat: Flat) -> None:
    """What is brought together shares one, and so does what comes while it is written."""
    anna = flat.joins()
    floods(flat, anna, 1, **LATER)
    statements: list[str] = []
    flat.store._conn.set_trace_callback(statements.append)
    before = len(flat.api.calls_of("getUpdates"))
    last = [anna.says("hemligt") for _ in range(300)][-1]
    flat.wire.run_until(lambda: flat.api.confirmed(last))
    asked = len(flat.api.calls_of("getUpdates")) - before
    flat.store._conn.set_trace_callback(None)
    assert 1 <= statements.count("COMMIT") <= asked <= 6
    assert typed(anna) <= set(flat.ledger(anna))


# ── who is gone ──────────────────────────────────────────────────────────────────────────────────────────────


def test_of_who_is_revoked_the_running_program_takes_everything_away(flat: Flat) -> None:
    """Also what was on its way when they were revoked."""
    anna = flat.joins()
    flat.says(anna, "/samtal", CASE)
    flat.says(anna, "/hjalp", HELP)
    with flat.store.transaction():
        flat.store.revoke(flat.person(anna).id, flat.now)
        flat.store.traced(CHANNEL, [("7", anna.screen().message_id, True)], flat.now)
    flat.passes(minutes=1)
    assert anna.messages() == []
    assert flat.store.ledger() == []


def test_who_changes_phone_leaves_nothing_on_the_old_one(flat: Flat) -> None:
    anna = flat.joins()
    flat.says(anna, "/samtal", CASE)
    flat.says(anna, "/hjalp", HELP)
    with flat.store.transaction():
        code = flat.store.invite(
            role="samordnare", district="Farsta", expires_at=flat.now + timedelta(1), person=flat.person(anna).id
        )
    new = flat.api.user(8)
    flat.says(new, f"/start {code}", "Välkommen")
    assert anna.messages() == []
    stands(flat, new)


def test_of_a_stranger_nothing_is_in_the_ledger(flat: Flat) -> None:
    stranger = flat.api.user(66)
    for _ in range(3):
        flat.wire.deliver(stranger.says("hej"))
    assert flat.store.ledger() == []
    assert flat.api.calls_of("sendMessage")[-1]["protect_content"]


# ── another mode, a purge, another store ─────────────────────────────────────────────────────────────────────


def test_the_doorbell_takes_away_what_the_chat_has_left_and_renews_its_line_silently(flat: Flat) -> None:
    anna = flat.joins()
    flat.says(anna, "/samtal", CASE)
    flat.says(anna, "/hjalp", HELP)
    flat.starts(Bell(flat.store, "https://lots.example", now=lambda: flat.now))
    line = stands(flat, anna)
    assert line.text == ONLY_REMINDERS
    flat.does(anna.says("hemligt"))
    line = stands(flat, anna)
    flat.passes(hours=35, minutes=59)
    assert stands(flat, anna) == line
    flat.passes(minutes=1)
    assert stands(flat, anna).message_id > line.message_id
    assert flat.api.calls_of("sendMessage")[-1]["disable_notification"]
    (person,) = flat.store.people(WEB)
    with flat.store.transaction():
        flat.store.bell_is_due(person.id, flat.now)
    flat.passes(minutes=1)
    assert stands(flat, anna).text == REMINDER
    assert not flat.api.calls_of("sendMessage")[-1]["disable_notification"], "a ring is heard"


def test_what_the_doorbell_said_goes_when_people_talk_in_the_chat_again(flat: Flat) -> None:
    anna = flat.joins()
    flat.says(anna, "/hjalp", HELP)
    flat.starts(Bell(flat.store, "https://lots.example", now=lambda: flat.now))
    assert stands(flat, anna).text == ONLY_REMINDERS
    flat.starts()
    flat.passes(hours=1)
    assert anna.messages() == []


def test_what_practice_left_is_taken_away_by_the_mode_that_comes_after(flat: Flat) -> None:
    """Each has a store of its own; the ledger moves, and the one who was there before keeps nothing of it."""
    anna = flat.joins()
    flat.talks(anna)
    flat.wire.stop()
    practice, flat.store = flat.store, Store(None, bytes(32), Seeded(9))
    assert take_over(flat.store, practice) == 1
    assert practice.ledger() == []
    practice.close()
    flat.starts()
    flat.passes(minutes=1)
    assert anna.messages() == []
    assert flat.store.ledger() == []


def test_a_purge_hides_what_the_chats_show(flat: Flat) -> None:
    anna = flat.joins()
    flat.talks(anna)
    with flat.store.transaction():
        flat.store.purge(1, "beslut 1", flat.store.cases(), flat.now)
    flat.passes(minutes=1)
    assert stands(flat, anna).text.endswith(HIDDEN)
