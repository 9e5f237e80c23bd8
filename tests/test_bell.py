"""The doorbell: over Telegram it says that something waits and opens the web, and nothing else ever passes there.

The bot speaks HTTP with a Bot API server on this machine. When a test ends, every string of every call that the bot
made is one of a few fixed ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast, get_args

import pytest

from bot.bell import CONNECTED, IN_BROWSER, IN_TELEGRAM, ONLY_REMINDERS, Bell
from bot.desk import Desk
from bot.front import ONLY_INVITED, ONLY_PRIVATE, Front
from bot.incoming import Incoming, Pressed, Said, Sent
from bot.outgoing import REMINDER, Delivered
from bot.settings import load, read_key
from bot.telegram import CHANNEL, WANTED, leave_chat
from bot.telegram.deleting import GONE
from dialogs.policy import Policy
from dialogs.registry import DIALOGS
from state.ids import Seeded
from state.people import Person
from state.store import WEB, Leaving, Store
from tests.botapi import BotApi, Kind, Message, Params, User
from tests.running import Lots, free_port, says, sees
from tests.talk import MONDAY, REAL
from tests.telegram_phone import Wire

URL = "https://lots.example"

ALLOWED = {
    *(REMINDER, CONNECTED, ONLY_REMINDERS, ONLY_INVITED, ONLY_PRIVATE, GONE),
    *(IN_BROWSER, IN_TELEGRAM, URL, f"{URL}/app"),
    *("start", "Öppna", "chat"),
    *WANTED,
}
"""All that may leave: lines, labels, two addresses, the one command, and the protocol's own words."""

PERSONNUMMER = "200601212384"
"""One of those that Skatteverket publishes for tests."""


def strings(held: object) -> Iterator[str]:
    """Every string in the parameters of a call, but for the id of a press, which Telegram gave."""
    if isinstance(held, str):
        yield held
    elif isinstance(held, dict):
        for name, value in held.items():
            if name != "callback_query_id":
                yield from strings(value)
    elif isinstance(held, list):
        for value in held:
            yield from strings(value)


class House:
    """A store whose people talk on the web, with the doorbell as it runs.

    Args:
        api: the Bot API server.
        path: the store's file; in memory where it is left out.
        key: the store's key.
    """

    def __init__(self, api: BotApi, path: Path | None = None, key: bytes = bytes(32)) -> None:
        self.api = api
        self.now: datetime = MONDAY
        self.store = Store(path, key, Seeded(7))
        self.wire = Wire(api)
        self.since = 0
        """How many calls were made before the doorbell ran."""

    def opens(self) -> Bell:
        """Starts the program, or starts it anew."""
        bell = Bell(self.store, URL, now=lambda: self.now)
        self.serves(bell)
        return bell

    def serves(self, front: Front) -> None:
        self.wire.serve(cast("Desk", front))  # of a desk it asks what every front has
        self.rests()

    def closes(self) -> None:
        self.wire.close()
        self.store.close()

    def does(self, update: int) -> None:
        """Waits until what somebody did is handled, and all that came of it sent."""
        self.wire.deliver(update)
        self.rests()

    def rests(self) -> None:
        self.wire.run_until(lambda: not self.store.unsent(CHANNEL))

    def sends(self, leaving: Sequence[Leaving]) -> None:
        """Lets the bot send, and what comes of that."""
        self.wire.send(leaving)
        self.rests()

    def a_minute_passes(self) -> None:
        self.now += timedelta(minutes=1)
        front = self.wire.desk
        assert front is not None
        self.sends(front.sweep(CHANNEL))

    def waits(self, person: Person) -> None:
        """Something waits for a person on the web."""
        with self.store.transaction():
            self.store.bell_is_due(person.id, self.now)

    def visits(self, person: Person) -> None:
        """A person looks at the web."""
        with self.store.transaction():
            self.store.bell_is_answered(person.id)

    def invites(self, person: Person | None = None, opens: str = "all", hours: int = 24) -> str:
        """What somebody is to write to the bot."""
        with self.store.transaction():
            return "/start " + self.store.invite(
                role="samordnare",
                district="Farsta",
                expires_at=self.now + timedelta(hours=hours),
                person=None if person is None else person.id,
                opens=opens,
            )

    def on_the_web(self) -> Person:
        """Somebody who has come by the web, and has no doorbell."""
        with self.store.transaction():
            return self.store.add_person(role="samordnare", district="Farsta", channel=WEB, address=None, now=self.now)

    def joins(self, user: User) -> Person:
        """Somebody who has come by Telegram."""
        self.does(user.says(self.invites()))
        return self.whose(user)

    def whose(self, user: User) -> Person:
        person = self.store.person_with_bell(str(user.id))
        assert person is not None
        return person

    def kept(self) -> str:
        """Everything that stands in the store, table by table."""
        tables = [row[0] for row in self.store._rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return json.dumps({table: self.store._rows(f"SELECT * FROM {table}") for table in tables}, ensure_ascii=False)

    def left(self) -> list[tuple[str, Params]]:
        """Every call since the doorbell ran."""
        return self.api.calls[self.since :]


@pytest.fixture
def house(api: BotApi) -> Iterator[House]:
    built = House(api)
    yield built
    built.closes()
    only_fixed_strings_left(built)


def only_fixed_strings_left(house: House) -> None:
    assert house.left()
    for method, params in house.left():
        assert set(strings(params)) <= ALLOWED, method


def by_bot(user: User) -> list[Message]:
    return [message for message in user.messages() if message.from_bot]


def turned_away(house: House, user: User) -> None:
    """The neutral line, which is sent beside the outbox, is all that the bot has said in a chat."""
    house.wire.run_until(lambda: bool(by_bot(user)))
    assert [message.text for message in by_bot(user)] == [ONLY_INVITED]


def stands(user: User) -> Message:
    """The one message that there is in a chat."""
    (message,) = user.messages()
    assert message.from_bot
    return message


# ── who is let in ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stranger_gets_one_neutral_line_and_leaves_nothing(house: House) -> None:
    house.opens()
    before, stranger = house.kept(), house.api.user(666)
    house.does(stranger.says("hej, är det socialtjänsten?"))
    for kind in get_args(Kind):
        house.does(stranger.sends(kind))
    house.does(stranger.presses_data("-:0:/samtal"))
    house.does(stranger.says("/start " + "a" * 24))
    house.does(stranger.says(house.invites(hours=-1)))
    house.does(stranger.says_in_group("hej", -77))
    house.does(stranger.says_in_group("hej hej", -77))
    house.wire.run_until(lambda: len(house.api.messages(-77)) == 3)
    turned_away(house, stranger)
    assert [message.text for message in house.api.messages(-77) if message.from_bot] == [ONLY_PRIVATE]
    assert stranger.menu() == ["start"]
    assert house.wire.desk is not None
    assert house.wire.desk.strangers["666"] > 10, "counted in memory"
    with house.store.transaction():
        house.store._conn.execute("DELETE FROM invitation")
    assert house.kept() == before


def test_an_invitation_makes_a_person_of_the_web_whose_doorbell_the_chat_is(house: House) -> None:
    house.opens()
    anna, invitation = house.api.user(7), house.invites()
    house.does(anna.says(invitation))
    message = stands(anna)
    assert (message.text, message.rows) == (CONNECTED, [[IN_BROWSER], [IN_TELEGRAM]])
    assert (message.button(IN_BROWSER).url, message.button(IN_TELEGRAM).web_app) == (URL, f"{URL}/app")
    assert message.protected
    assert anna.menu() == ["start"]
    person = house.whose(anna)
    assert (person.channel, person.address) == (WEB, person.id)
    assert house.store.people(CHANNEL) == []
    second = house.api.user(8)
    house.does(second.says(invitation))
    turned_away(house, second)
    assert house.store.people() == [person]


def test_of_two_who_race_for_one_invitation_one_gets_in(house: House) -> None:
    invitation = house.invites()
    anna, bert = house.api.user(7), house.api.user(8)
    anna.says(invitation)
    last = bert.says(invitation)
    house.opens()
    house.does(last)
    turned_away(house, bert)
    assert stands(anna).text == CONNECTED
    assert len(house.store.people()) == 1


@pytest.mark.parametrize("opens", ["all", "bell"])
def test_a_code_for_somebody_who_is_here_sets_the_doorbell_only(house: House, opens: str) -> None:
    house.opens()
    person, anna = house.on_the_web(), house.api.user(7)
    with house.store.transaction():
        number = house.store.next_chat_message(person.id)
        house.store.save_chat(person.id, {number: {"text": "det som står på webben"}})
    house.does(anna.says(house.invites(person, opens)))
    assert stands(anna).text == CONNECTED
    assert house.whose(anna) == person
    assert house.store.people() == [person]
    assert house.store.sign_ins(person.id) == []
    assert len(house.store.chat(person.id)) == 1, "what they see on the web is as it was"


def test_a_code_for_the_doorbell_opens_nothing_else(house: House) -> None:
    house.opens()
    code = house.invites(house.on_the_web(), "bell").removeprefix("/start ")
    with house.store.transaction():
        assert house.store.use_invitation(code, channel=WEB, address=None, now=house.now) is None
        assert house.store.use_invitation(code, channel=CHANNEL, address="7", now=house.now) is None


def test_another_chat_takes_over_and_the_one_before_is_a_strangers(house: House) -> None:
    house.opens()
    old, new = house.api.user(7), house.api.user(8)
    person = house.joins(old)
    house.does(new.says(house.invites(person, "bell")))
    assert house.whose(new) == person
    assert old.messages() == []
    assert stands(new).text == CONNECTED
    house.does(old.says("hallå"))
    turned_away(house, old)
    house.waits(person)
    house.a_minute_passes()
    assert stands(new).text == REMINDER


def test_a_code_for_somebody_else_does_nothing_in_a_chat_that_rings_already(house: House) -> None:
    house.opens()
    anna, bert = house.api.user(7), house.api.user(8)
    person = house.joins(anna)
    invitation = house.invites()
    house.does(anna.says(invitation))
    assert stands(anna).text == ONLY_REMINDERS
    assert house.store.people() == [person]
    house.does(bert.says(invitation))
    assert stands(bert).text == CONNECTED, "it is still good for the one who was meant"


# ── what is written there ────────────────────────────────────────────────────────────────────────────────────

WRITTEN: dict[str, Callable[[User], int]] = {
    "a case code": lambda user: user.says(REAL),
    "a command": lambda user: user.says(f"/arende {REAL}"),
    "a start": lambda user: user.says("/start"),
    "a start with a code of nothing": lambda user: user.says("/start hemligt"),
    "a name": lambda user: user.says("Kalle Hemligsson ska träffa mig på Hemliga gatan 3"),
    "a personal number": lambda user: user.says(PERSONNUMMER),
    "4,096 characters": lambda user: user.says("hemligt " * 512),
    "a press of an old button": lambda user: user.presses_data(f"s1234567:3:{REAL}"),
}
SECRET = re.compile(f"{REAL}|{PERSONNUMMER}|hemlig", re.IGNORECASE)


def answered(house: House, user: User, update: int) -> None:
    """One line with the two buttons is all there is in the chat, and nothing of what was written is anywhere."""
    house.does(update)
    message = stands(user)
    assert (message.text, message.labels) == (ONLY_REMINDERS, [IN_BROWSER, IN_TELEGRAM])
    assert not SECRET.search(house.kept())


@pytest.mark.parametrize("what", WRITTEN)
def test_what_is_written_is_neither_kept_nor_echoed(house: House, what: str) -> None:
    house.opens()
    anna = house.api.user(7)
    house.joins(anna)
    answered(house, anna, WRITTEN[what](anna))
    assert anna.spinning() == []
    assert not SECRET.search(json.dumps(house.left(), ensure_ascii=False, default=str))


@pytest.mark.parametrize("kind", get_args(Kind))
def test_what_is_sent_is_taken_away(house: House, kind: Kind) -> None:
    house.opens()
    anna = house.api.user(7)
    house.joins(anna)
    answered(house, anna, anna.sends(kind, caption=f"hemligt {REAL}" if kind == "photo" else None))


def test_a_message_that_was_changed_is_not_read_either(house: House) -> None:
    house.opens()
    anna = house.api.user(7)
    house.joins(anna)
    first = anna.says("hej")
    house.does(anna.edits(f"hemligt {REAL}"))
    house.does(first)
    assert stands(anna).text == ONLY_REMINDERS
    assert not SECRET.search(house.kept())


def test_in_the_inbox_there_are_ids_only(house: House) -> None:
    """Also while it waits there: what Telegram may forget has been written down without its words."""
    bell = house.opens()
    house.joins(house.api.user(7))
    long = f"hemligt {REAL} " * 700
    assert len(long) > 10_000
    updates: list[Incoming] = [
        Said(1, "7", 11, long),
        Said(2, "7", 12, f"/start {REAL}"),
        Sent(3, "7", 13, "photo"),
        Pressed(4, "7", 14, "q-1", f"s1234567:3:{REAL}", ("hemligt",)),
    ]
    assert bell.take_in("another", updates) == []
    assert [one.payload for one in house.store.waiting("another", 10)] == [
        {"what": "bell", "message": 11},
        {"what": "bell", "message": 12},
        {"what": "bell", "message": 13},
        {"what": "bell", "message": 14, "query": "q-1"},
    ]
    assert not SECRET.search(house.kept())


def test_the_code_of_an_invitation_waits_in_the_inbox_only_where_it_is_good(house: House) -> None:
    bell = house.opens()
    good = house.invites().removeprefix("/start ")
    house.joins(house.api.user(7))
    bell.take_in("another", [Said(1, "8", 11, f"/start {good}"), Said(2, "8", 12, "/start hemligt")])
    assert [one.payload for one in house.store.waiting("another", 10)] == [
        {"what": "bell", "message": 11, "code": good},
        {"what": "bell", "message": 12},
    ]
    bell.work("another")
    assert good not in house.kept(), "used up and forgotten"


def test_much_at_once_gets_one_line(house: House) -> None:
    house.opens()
    anna = house.api.user(7)
    house.joins(anna)
    house.wire.stop()
    before = len(house.api.calls_of("sendMessage"))
    last = 0
    for number in range(20):
        last = anna.says(f"hemligt {number}")
    house.opens()
    house.does(last)
    assert stands(anna).text == ONLY_REMINDERS
    assert len(house.api.calls_of("sendMessage")) == before + 1


def test_of_lines_that_overtake_each_other_the_last_one_stands(house: House) -> None:
    """The server is slow, and a line is still under way when the next is due: both ids come back, one message stays."""
    house.opens()
    anna = house.api.user(7)
    house.joins(anna)
    house.api.fault("sendMessage", "delay", seconds=0.2)
    updates = [anna.says("hej") for _ in range(3)]
    house.does(updates[-1])
    assert stands(anna).text == ONLY_REMINDERS


# ── ringing ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_rings_once_until_the_person_has_been_there(house: House) -> None:
    house.opens()
    anna = house.api.user(7)
    person = house.joins(anna)
    house.visits(person)
    house.a_minute_passes()
    assert anna.messages() == [], "nothing waits: the chat is empty"
    house.waits(person)
    house.a_minute_passes()
    ring = stands(anna)
    assert (ring.text, ring.labels, ring.protected) == (REMINDER, [IN_BROWSER, IN_TELEGRAM], True)
    assert not house.api.calls_of("sendMessage")[-1].get("disable_notification"), "it is heard"
    sent = len(house.api.calls_of("sendMessage"))
    for _ in range(3):
        house.waits(person)
        house.a_minute_passes()
    assert len(house.api.calls_of("sendMessage")) == sent, "one ring is enough"
    house.visits(person)
    house.a_minute_passes()
    assert anna.messages() == []
    house.waits(person)
    house.a_minute_passes()
    assert stands(anna).message_id > ring.message_id


def test_a_ring_takes_the_place_of_the_line_that_stood_there(house: House) -> None:
    house.opens()
    anna = house.api.user(7)
    person = house.joins(anna)
    house.now += timedelta(hours=1)
    house.waits(person)
    house.a_minute_passes()
    assert stands(anna).text == REMINDER


def test_who_writes_while_something_waits_is_told_so_and_not_rung_as_well(house: House) -> None:
    house.opens()
    anna = house.api.user(7)
    person = house.joins(anna)
    house.now += timedelta(hours=1)
    house.waits(person)
    house.now += timedelta(seconds=10)
    house.does(anna.says("hej"))
    told = stands(anna)
    assert told.text == REMINDER
    house.a_minute_passes()
    assert stands(anna) == told


def test_nobody_is_rung_for_what_another_has(house: House) -> None:
    house.opens()
    anna, bert = house.api.user(7), house.api.user(8)
    person, _other = house.joins(anna), house.joins(bert)
    house.now += timedelta(hours=1)
    house.waits(person)
    house.waits(house.on_the_web())
    house.a_minute_passes()
    assert (stands(anna).text, stands(bert).text) == (REMINDER, CONNECTED)


def test_a_ring_that_comes_after_the_person_was_there_goes_again(house: House) -> None:
    """It was on its way when they opened the web."""
    bell = house.opens()
    anna = house.api.user(7)
    person = house.joins(anna)
    house.now += timedelta(hours=1)
    house.waits(person)
    leaving = bell.sweep(CHANNEL)
    house.visits(person)
    house.sends(leaving)
    assert stands(anna).text == REMINDER
    house.a_minute_passes()
    assert anna.messages() == []


def test_a_ring_that_was_not_sent_before_the_program_ended_is_sent_when_it_starts(house: House) -> None:
    bell = house.opens()
    anna = house.api.user(7)
    person = house.joins(anna)
    house.wire.stop()
    house.now += timedelta(hours=1)
    house.waits(person)
    assert bell.sweep(CHANNEL)
    house.opens()
    assert stands(anna).text == REMINDER
    house.a_minute_passes()
    assert stands(anna).text == REMINDER


def test_who_has_blocked_the_bot_stops_nobody(house: House) -> None:
    house.opens()
    anna, bert = house.api.user(7), house.api.user(8)
    first, second = house.joins(anna), house.joins(bert)
    anna.blocks_bot()
    house.now += timedelta(hours=1)
    house.waits(first)
    house.waits(second)
    house.a_minute_passes()
    assert stands(bert).text == REMINDER
    anna.unblocks()
    house.visits(first)
    house.waits(first)
    house.a_minute_passes()
    assert [one.text for one in by_bot(anna)] == [REMINDER]


def test_a_ring_of_the_week_before_is_emptied_where_it_cannot_be_deleted(house: House) -> None:
    """Telegram deletes nothing that is older than 48 hours, but lets a bot change it."""
    house.opens()
    anna = house.api.user(7)
    person = house.joins(anna)
    house.now += timedelta(hours=1)
    house.waits(person)
    house.a_minute_passes()
    house.api.age(7, stands(anna).message_id, 72)
    house.visits(person)
    house.a_minute_passes()
    message = stands(anna)
    assert (message.text, message.labels) == (GONE, [])


# ── from real cases in the chat to the doorbell ──────────────────────────────────────────────────────────────


def a_desk(house: House) -> Desk:
    """The program as it ran before, in mode chatt."""
    return Desk(house.store, DIALOGS, policy=Policy(), practice=False, now=lambda: house.now, source=Seeded(8))


def test_who_talked_in_the_chat_talks_on_the_web_and_nothing_of_it_is_left(house: House) -> None:
    """The question that waited, a note, the list of commands; the draft is where it was."""
    house.serves(a_desk(house))
    anna = house.api.user(7)
    house.does(anna.says(house.invites()))
    house.does(anna.says(f"/samtal {REAL}"))
    house.does(anna.says("/samtal"))
    house.does(anna.says(REAL))
    person = house.store.person_at(CHANNEL, "7")
    assert person is not None
    question = max(message.message_id for message in by_bot(anna))
    note = min(message.message_id for message in by_bot(anna))
    assert note != question
    with house.store.transaction():
        house.store.note_shown(person.id, note, house.now)
        house.store.queue(CHANNEL, [("8", {"do": "show"})], house.now)  # of somebody who is gone
    drafts = house.store.drafts(person.id)
    assert drafts
    assert "samtal" in anna.menu()
    house.wire.stop()
    house.since = len(house.api.calls)
    house.opens()
    ids = {message.message_id: message for message in anna.messages()}
    assert not {question, note} & ids.keys()
    assert ids[max(ids)].text == ONLY_REMINDERS
    assert anna.menu() == ["start"]
    moved = house.whose(anna)
    assert (moved.id, moved.channel, moved.address) == (person.id, WEB, person.id)
    assert house.store.drafts(person.id) == drafts
    assert house.store.live_message(person.id) is None
    assert house.store.notes_shown(person.id) == []
    house.wire.stop()
    sent = len(house.api.calls_of("sendMessage"))
    house.opens()
    assert len(house.api.calls_of("sendMessage")) == sent, "it is done once"


def test_what_was_on_its_way_in_the_other_mode_is_dropped(house: House) -> None:
    """A screen that was not sent, and a case code that was not handled."""
    desk, anna = a_desk(house), house.api.user(7)
    house.serves(desk)
    house.does(anna.says(house.invites()))
    house.wire.stop()
    house.since = len(house.api.calls)
    desk.take_in(CHANNEL, [Said(1, "7", None, "/samtal")])
    assert desk.work(CHANNEL)
    desk.take_in(CHANNEL, [Said(2, "7", None, REAL)])
    assert REAL in house.kept()
    house.opens()
    house.wire.run_until(lambda: not house.store.waiting(CHANNEL, 1))
    house.rests()
    assert stands(anna).text == ONLY_REMINDERS
    assert REAL not in house.kept()


def test_a_question_that_is_too_old_to_be_deleted_is_emptied(house: House) -> None:
    house.serves(a_desk(house))
    anna = house.api.user(7)
    house.does(anna.says(house.invites()))
    house.does(anna.says("/samtal"))
    house.wire.stop()
    house.since = len(house.api.calls)
    question = max(by_bot(anna), key=lambda message: message.message_id)
    house.api.age(7, None, 72)
    house.opens()
    (emptied,) = [message for message in by_bot(anna) if message.message_id == question.message_id]
    assert (emptied.text, emptied.labels) == (GONE, [])


# ── revoked ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def installed(api: BotApi, tmp_path: Path) -> Iterator[tuple[Lots, House]]:
    """An installation, and its doorbell on the same store; the commands are processes of their own."""
    lots = Lots(api, tmp_path / "lots", LOTS_TELEGRAM_MODE="dorrklocka", LOTS_PUBLIC_URL=URL)
    settings = load(lots.env)
    built = House(api, settings.database, read_key(settings.key_file, settings.database))
    built.now = settings.now()
    yield lots, built
    built.closes()


@pytest.mark.process
def test_who_is_revoked_keeps_nothing_in_the_chat(installed: tuple[Lots, House]) -> None:
    lots, house = installed
    house.opens()
    anna = house.api.user(7)
    person = house.joins(anna)
    ended = lots.run("revoke", person.id)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert anna.messages() == []
    assert anna.menu() == ["start"]
    assert '"7"' not in house.kept()
    house.does(anna.says("hej"))
    turned_away(house, anna)
    only_fixed_strings_left(house)


@pytest.mark.process
def test_a_ring_to_who_is_revoked_meanwhile_is_withdrawn(installed: tuple[Lots, House]) -> None:
    lots, house = installed
    bell = house.opens()
    anna = house.api.user(7)
    person = house.joins(anna)
    house.now += timedelta(hours=1)
    house.waits(person)
    leaving = bell.sweep(CHANNEL)
    assert lots.run("revoke", person.id).returncode == 0
    house.sends(leaving)
    assert anna.messages() == []


def test_a_ring_that_arrived_as_the_person_was_revoked_is_taken_away(house: House) -> None:
    """It was sent, and when that is to be kept there is no doorbell any more."""
    bell = house.opens()
    anna = house.api.user(7)
    person = house.joins(anna)
    message = stands(anna).message_id
    with house.store.transaction():
        house.store.revoke(person.id, house.now)
    house.sends(bell.work(CHANNEL, [Delivered(0, "7", rang=message)]))
    assert anna.messages() == []


def test_leaving_a_chat_is_told_where_it_failed(house: House) -> None:
    house.opens()
    anna = house.api.user(7)
    house.joins(anna)
    message = stands(anna).message_id
    assert leave_chat(house.api.token, house.api.base_url, "7", [message]) == ([message], True)
    assert anna.messages() == []
    house.api.fault("deleteMyCommands", "status", 500)
    assert leave_chat(house.api.token, house.api.base_url, "7", []) == ([], False)


# ── invited by the command line ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.process
def test_an_invitation_begins_on_the_web(installed: tuple[Lots, House]) -> None:
    lots, house = installed
    house.opens()
    ended = lots.run("invite", "--role", "samordnare", "--district", "Farsta")
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    code = lines[0].rpartition(" ")[2]
    assert lines[1] == f"Länk: {URL}/in/{code}"
    assert len([line for line in lines if set(line) & set("█▀▄")]) > 15, "a QR code"
    assert "t.me" not in ended.stdout
    assert "Telegram är bara en dörrklocka." in ended.stdout
    assert lines[-1] == f"/start {code}"
    anna = house.api.user(7)
    house.does(anna.says(lines[-1]))
    assert stands(anna).text == CONNECTED


# ── as it runs ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.process
def test_the_running_program_rings(api: BotApi, tmp_path: Path) -> None:
    """`lots run` in mode dorrklocka: the web beside it, nothing in the log that is not ours."""
    more = {"LOTS_TELEGRAM_MODE": "dorrklocka", "LOTS_PUBLIC_URL": URL, "LOTS_WEB_PORT": str(free_port())}
    with Lots(api, tmp_path / "lots", **more) as lots:
        lots.start()
        anna = api.user(7)
        says(anna, lots.invitation(), CONNECTED)
        says(anna, f"hemligt {REAL}", ONLY_REMINDERS)
        lots.rests(anna)
        assert lots.stop() == 0
        with lots.store() as store, store.transaction():
            (person,) = store.people(WEB)
            store.bell_is_due(person.id, lots.settings.now())
        lots.start()
        assert sees(anna, REMINDER).labels == [IN_BROWSER, IN_TELEGRAM]
        lots.rests(anna)
        assert lots.stop() == 0
        assert not SECRET.search(lots.log())
        assert all("event" in line for line in lots.log_lines())
    for method, params in api.calls:
        assert set(strings(params)) <= ALLOWED, method
