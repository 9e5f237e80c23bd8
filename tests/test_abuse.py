"""Abuse of the bot over HTTP: storms, updates that are none, presses of what nobody sent, replays and wrong secrets.

The bot, the desk and the store are those of `lots run`, on a loop that the test lets run; the Bot API server is on this
machine. After each kind of abuse somebody who is let in asks for help, and is answered.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from aiohttp import ClientSession, TCPConnector
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.bell import ONLY_REMINDERS, Bell
from bot.desk import Desk
from bot.front import ONLY_INVITED, Front
from bot.incoming import Pressed, Said
from bot.limits import STRANGERS_A_MINUTE, UPDATES_A_MINUTE, PaceAMinute
from bot.telegram import CHANNEL, LONGEST_MESSAGE, MOST_LOST, reduced
from bot.telegram.aside import KEEP_WITHIN, MOST_WAITING
from bot.telegram.deleting import HUNDRED
from bot.telegram.webhook import SECRET_HEADER, TOLD_A_MINUTE, Webhook
from dialogs.policy import Policy
from dialogs.registry import DIALOGS
from state.ids import Seeded
from state.store import WEB, Store
from tests.botapi import BotApi, Message, User
from tests.bringing import SECRET
from tests.odd_updates import Maker
from tests.running import HELP, Lots, free_port, sees
from tests.talk import MONDAY
from tests.telegram_phone import Wire
from tests.test_limits import TOO_FAST

pytestmark = pytest.mark.process

PLENTY = 1_000_000
FIRST = 1 << 40
"""The number of the first update that the server has not given."""

ANNA, BERT = 7, 8
"""Who is let in; others are strangers."""


class Served:
    """A bot that updates are brought to, and whoever brings them.

    Args:
        api: the Bot API server.
        path: the store's file.
        bell: whether it is the doorbell.
        fetches: whether updates are fetched instead, a hundred at a time.
    """

    def __init__(self, api: BotApi, path: Path | None = None, *, bell: bool = False, fetches: bool = False) -> None:
        self.api = api
        self.now: datetime = MONDAY
        self.store = Store(path, bytes(32), Seeded(7))
        port = free_port()
        self.hook = Webhook(f"http://127.0.0.1:{port}", SECRET, "127.0.0.1", port)
        self.wire = Wire(api, None if fetches else self.hook)
        self.front: Front = Desk(
            self.store, DIALOGS, policy=Policy(), practice=True, now=lambda: self.now, source=Seeded(7)
        )
        if bell:
            self.front = Bell(self.store, "https://lots.example", now=lambda: self.now)
        self.held_to(PLENTY, PLENTY)
        self.people = [self.joins(api.user(id_)) for id_ in (ANNA, BERT)]
        self.wire.serve(cast("Desk", self.front))
        for user in self.people:
            self.still_answers(user)

    def held_to(self, updates: int = UPDATES_A_MINUTE, strangers: int = STRANGERS_A_MINUTE) -> None:
        self.front.hold_to(CHANNEL, PaceAMinute(updates, lambda: self.now, strangers_a_minute=strangers))

    def joins(self, user: User) -> User:
        with self.store.transaction():
            on_the_web = isinstance(self.front, Bell)
            person = self.store.add_person(
                role="samordnare",
                district="Farsta",
                channel=WEB if on_the_web else CHANNEL,
                address=None if on_the_web else str(user.id),
                now=self.now,
            )
            if on_the_web:
                self.store.set_bell(person.id, str(user.id))
        return user

    def does(self, update: int) -> None:
        self.wire.deliver(update)

    def rests(self) -> None:
        """Until everything that came is handled, and what there is to send is sent."""
        self.wire.run_until(lambda: not self.store.waiting(CHANNEL, 1) and not self.store.unsent(CHANNEL), timeout=60)

    def brought(self, bodies: Sequence[bytes], secret: str = SECRET, at_once: int = 8) -> Counter[int]:
        """What the bot answers; so many are under way at a time."""

        async def bringing() -> Counter[int]:
            came: Counter[int] = Counter()
            waiting = list(reversed(bodies))

            async def one(session: ClientSession) -> None:
                while waiting:
                    headers = {SECRET_HEADER: secret}
                    async with session.post(self.hook.url, data=io.BytesIO(waiting.pop()), headers=headers) as answer:
                        came[answer.status] += 1

            async with ClientSession(connector=TCPConnector(limit=at_once)) as session:
                await asyncio.gather(*(one(session) for _ in range(at_once)))
            return came

        return self.wire._loop.run_until_complete(bringing())

    def still_answers(self, user: User) -> None:
        """The next proper update is done as ever."""
        self.does(user.says("/hjalp"))
        words = ONLY_REMINDERS if isinstance(self.front, Bell) else HELP
        assert any(words in message.text for message in by_bot(user))

    def asked(self) -> list[str]:
        """What the store is asked from now on."""
        statements: list[str] = []
        self.store._conn.set_trace_callback(statements.append)
        return statements

    def ends(self) -> None:
        self.wire.close()
        self.store.close()


@pytest.fixture(params=["desk", "bell"])
def fuzzed(request: pytest.FixtureRequest, api: BotApi, tmp_path: Path) -> Iterator[Served]:
    built = Served(api, tmp_path / "ovning.db", bell=request.param == "bell")
    yield built
    built.ends()


@pytest.fixture
def served(api: BotApi) -> Iterator[Served]:
    built = Served(api)
    yield built
    built.ends()


@pytest.fixture
def fetching(api: BotApi) -> Iterator[Served]:
    built = Served(api, fetches=True)
    yield built
    built.ends()


def by_bot(user: User) -> list[Message]:
    return [message for message in user.messages() if message.from_bot]


def typed(user: User) -> list[Message]:
    """What they wrote and still stands there, but for commands."""
    return [one for one in user.messages() if not one.from_bot and not one.text.startswith("/")]


def body(update: dict[str, Any]) -> bytes:
    return json.dumps(update).encode()


def message(number: int, sender: int, text: str, message_id: int = 1) -> bytes:
    person = {"id": sender, "is_bot": False, "first_name": "A"}
    held = {"message_id": message_id, "date": 0, "from": person, "chat": {"id": sender, "type": "private"}}
    return body({"update_id": number, "message": held | {"text": text}})


# ── thousands of updates that are none ───────────────────────────────────────────────────────────────────────


def stood_it(served: Served, bodies: Sequence[bytes], caplog: pytest.LogCaptureFixture) -> Counter[int]:
    """Nothing died, nothing of a stranger was written, no update failed, and no free text is in the inbox."""
    caplog.clear()
    came = served.brought(bodies)
    served.rests()
    assert set(came) <= {200, 400, 413}, "never a fault of ours, and never again and again"
    addresses = "SELECT address FROM inbox UNION SELECT address FROM outbox UNION SELECT address FROM person"
    known = {str(user.id) for user in served.people} | {person.id for person in served.store.people()}
    assert {row[0] for row in served.store._rows(addresses)} <= known
    ours = [line for line in caplog.records if line.name.startswith("lots") and line.levelno >= logging.ERROR]
    events = Counter(str(vars(line).get("event")) for line in ours)
    assert set(events) <= {"Refused"}, "the server refuses numbers of messages that are none; nothing failed here"
    return came


@pytest.mark.parametrize("seed", range(2))
def test_a_thousand_spoilt_updates_stop_nothing_and_the_next_is_answered(
    fuzzed: Served, seed: int, caplog: pytest.LogCaptureFixture, counted: Callable[[str], None], stride: int
) -> None:
    """Built from the classes of python-telegram-bot, then with one to three things as they should not be."""
    maker = Maker(Random(seed), [ANNA, BERT, 666, 667, -5], FIRST)
    came = stood_it(fuzzed, [maker.body() for _ in range(1000 // stride)], caplog)
    assert came[200] > 500 // stride, "most are confirmed, or they would come for ever"
    fuzzed.still_answers(fuzzed.people[0])
    counted(f"spoilt updates, {type(fuzzed.front).__name__.lower()}, seed {seed}: {dict(came)}")


def test_five_hundred_updates_of_every_kind_as_telegram_writes_them(
    fuzzed: Served, caplog: pytest.LogCaptureFixture, stride: int
) -> None:
    maker = Maker(Random(100), [ANNA, BERT, 666], FIRST)
    came = stood_it(fuzzed, [body(maker.update()) for _ in range(500 // stride)], caplog)
    assert came == {200: 500 // stride}
    fuzzed.still_answers(fuzzed.people[0])


def test_strangers_spoilt_updates_write_nothing_at_all(fuzzed: Served) -> None:
    maker = Maker(Random(7), range(1000, 1050), FIRST)
    before = fuzzed.store._conn.total_changes
    came = fuzzed.brought([maker.body() for _ in range(500)])
    assert set(came) <= {200, 400, 413}
    assert fuzzed.store._conn.total_changes == before
    fuzzed.still_answers(fuzzed.people[0])


@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    deadline=None,
)
@given(st.randoms(use_true_random=False))
def test_whatever_an_update_is_it_is_read_or_it_is_odd(random: Random) -> None:
    """What is read of it has the types that the desk counts on; hypothesis makes a failure as small as it can."""
    raw = Maker(random, [ANNA]).spoilt()
    try:
        update = reduced(raw)
    except (LookupError, TypeError, ValueError, AttributeError):
        return
    if update is None:
        return
    assert int(update.address) == int(update.address)
    for name in update.__slots__:
        value = getattr(update, name)
        assert value is None or value == () or type(value) in (int, str), name
        assert not isinstance(value, int) or -(1 << 63) <= value < 1 << 63, name
        assert len(str(value).encode()) <= 80_000, name


# ── presses and texts that nobody sent ───────────────────────────────────────────────────────────────────────

KEYBOARD = {"inline_keyboard": [[{"text": "x" * 60, "callback_data": "y" * 64}] * 8] * 800}

HUGE: dict[str, dict[str, Any]] = {
    "a keyboard of 6,400 buttons": {"reply_markup": KEYBOARD},
    "a text of half a million characters": {"text": "a" * 500_000},
    "a nest of replies": {"reply_to_message": {"reply_to_message": {"reply_to_message": {"text": "x" * 10_000}}}},
    "no message that can be seen": {"date": 0, "message_id": 1},
    "ten thousand entities": {"entities": [{"type": "bold", "offset": 0, "length": 1}] * 10_000},
}


@pytest.mark.parametrize("what", HUGE)
def test_what_stands_in_the_message_of_a_press_is_not_read(served: Served, what: str) -> None:
    """Of a press there is kept whose, which message and what the button carries, however large the rest is."""
    press = {
        "id": "1" * 20,
        "from": {"id": ANNA, "is_bot": False, "first_name": "A"},
        "chat_instance": "1",
        "data": "-:0:/hjalp",
        "message": {"message_id": 1, "date": 0, "chat": {"id": ANNA, "type": "private"}} | HUGE[what],
    }
    raw = {"update_id": FIRST, "callback_query": press}
    assert reduced(raw) == Pressed(FIRST, str(ANNA), 1, "1" * 20, "-:0:/hjalp")
    assert served.brought([body(raw)]) == {200: 1}
    served.rests()
    served.still_answers(served.people[0])


def test_more_than_a_megabyte_is_not_read_at_all(served: Served) -> None:
    statements = served.asked()
    assert served.brought([message(FIRST, ANNA, "x" * (1 << 20))]) == {413: 1}
    assert statements == []
    served.still_answers(served.people[0])


def test_a_text_that_is_too_long_is_cut_before_the_guard_reads_it(served: Served) -> None:
    """The guard's time grows with the text; 4,096 characters are the longest that Telegram has."""
    long = message(FIRST, ANNA, "1 " * 200_000)
    read = reduced(json.loads(long))
    assert isinstance(read, Said)
    assert len(read.text) == LONGEST_MESSAGE
    assert served.brought([long]) == {200: 1}
    served.rests()
    assert any("Det var för långt." in shown.text for shown in by_bot(served.people[0]))


# ── who brings them ──────────────────────────────────────────────────────────────────────────────────────────


def test_thousands_with_a_wrong_secret_ask_the_store_nothing_and_fill_no_log(
    served: Served, caplog: pytest.LogCaptureFixture, counted: Callable[[str], None]
) -> None:
    caplog.set_level(logging.DEBUG, "lots")
    proper = message(FIRST, ANNA, "/hjalp")
    statements = served.asked()
    began = time.perf_counter()
    for secret in ("fel", SECRET[:-1], SECRET + "0", "x" * 4000):
        assert served.brought([proper] * 1000, secret) == {403: 1000}
    took = time.perf_counter() - began
    assert statements == []
    assert len([line for line in caplog.records if vars(line).get("event") == "WebhookRefused"]) <= TOLD_A_MINUTE
    assert not any(SECRET[:-1] in line.getMessage() for line in caplog.records)
    served.still_answers(served.people[0])
    counted(f"wrong secrets: 4,000 turned away in {took:.1f} s, no query")


def test_an_update_that_is_brought_a_thousand_times_is_done_once(served: Served) -> None:
    served.held_to()
    update = message(FIRST, ANNA, "/hjalp")
    assert served.brought([update]) == {200: 1}
    served.rests()
    calls, before = len(served.api.calls), served.store._conn.total_changes
    assert served.brought([update] * 1000) == {200: 1000}
    served.rests()
    assert len(served.api.calls) == calls
    assert served.store._conn.total_changes == before
    served.still_answers(served.people[0])
    assert not any(TOO_FAST in message.text for message in by_bot(served.people[0]))


def test_two_thousand_at_once_from_two_hundred_people_and_a_thousand_strangers(
    served: Served, counted: Callable[[str], None]
) -> None:
    served.held_to()
    with served.store.transaction():
        for number in range(200):
            served.store.add_person(
                role="samordnare", district="Farsta", channel=CHANNEL, address=str(10_000 + number), now=MONDAY
            )
    people = [(10_000 + number % 200, "/hjalp") for number in range(1000)]
    strangers = [(50_000 + number, "hej") for number in range(1000)]
    mixed = [pair for both in zip(people, strangers, strict=True) for pair in both]
    began = time.perf_counter()
    came = served.brought([message(FIRST + n, *one) for n, one in enumerate(mixed)], at_once=200)
    took = time.perf_counter() - began
    assert came == {200: 2000}
    kept = "SELECT count(DISTINCT update_id), count(DISTINCT address) FROM inbox WHERE update_id >= ?"
    assert served.store._rows(kept, FIRST) == [(1000, 200)]
    assert not served.store._rows("SELECT 1 FROM inbox WHERE CAST(address AS INTEGER) >= 50000")
    counted(f"at once: 2,000 updates of 1,200 senders confirmed in {took:.1f} s")


# ── storms, as they are seen in the chat ─────────────────────────────────────────────────────────────────────


def test_who_comes_too_fast_is_told_once_and_nothing_typed_stays_in_the_chat(fetching: Served) -> None:
    fetching.held_to(5)
    anna = fetching.people[0]
    fetching.does([anna.says(f"2026-11-{number:02d}") for number in range(1, 26)][-1])
    fetching.wire.run_until(lambda: not typed(anna))
    assert len([message for message in by_bot(anna) if TOO_FAST in message.text]) == 1
    fetching.rests()
    presses = [anna.presses_data("-:0:/hjalp") for _ in range(25)]
    before = fetching.store._conn.total_changes
    fetching.does(presses[-1])
    fetching.wire.run_until(lambda: not anna.spinning())
    assert fetching.store._conn.total_changes == before
    fetching.now += timedelta(minutes=1)
    fetching.still_answers(anna)


TROUBLE: dict[str, tuple[str, int, str, int | None]] = {
    "a server that does not know deleteMessages": ("deleteMessages", 404, "Not Found", None),
    "one that cannot be deleted": ("deleteMessages", 400, "message can't be deleted for everyone", None),
    "flood control": ("deleteMessages", 429, "Too Many Requests", 1),
    "a fault of the server's": ("deleteMessages", 502, "Bad Gateway", None),
}


@pytest.mark.parametrize("what", TROUBLE)
def test_what_was_typed_too_fast_goes_also_where_the_server_makes_trouble(fetching: Served, what: str) -> None:
    fetching.held_to(1)
    anna = fetching.people[0]
    method, status, description, after = TROUBLE[what]
    fetching.api.fault(method, "status", status, after, description=description)
    fetching.does([anna.says("hemligt") for _ in range(10)][-1])
    fetching.wire.run_until(lambda: not typed(anna))
    assert fetching.api.refused, "there was trouble"
    fetching.now += timedelta(minutes=1)
    fetching.still_answers(anna)


def test_a_hundred_are_taken_away_in_one_call(fetching: Served) -> None:
    fetching.held_to(1)
    anna = fetching.people[0]
    fetching.does(anna.says("/hjalp"))
    calls = len(fetching.api.calls)
    fetching.does([anna.says("hemligt") for _ in range(HUNDRED + 1)][-1])
    fetching.wire.run_until(lambda: not typed(anna))
    assert len([method for method, _ in fetching.api.calls[calls:] if method.startswith("deleteMessage")]) <= 20


def test_what_a_webhook_brought_too_fast_is_in_the_ledger_before_it_is_confirmed(
    served: Served, counted: Callable[[str], None]
) -> None:
    """Whatever dies now, it is taken away; and what is brought together shares a commit."""
    served.held_to(1)
    anna, many = served.people[0], 400
    served.does(anna.says("/hjalp"))
    assert served.brought([message(FIRST, ANNA, "hemligt", PLENTY)]) == {200: 1}
    served.rests()
    served.api.fault("deleteMessages", "status", 429, 600, count=None)
    served.api.fault("deleteMessage", "status", 429, 600, count=None)
    statements = served.asked()
    began = time.perf_counter()
    flood = [message(FIRST + number, ANNA, "hemligt", PLENTY + number) for number in range(1, many + 1)]
    assert served.brought(flood) == {200: many}
    took = time.perf_counter() - began
    stands = {number for _, _, number, _, _ in served.store.ledger()}
    assert {PLENTY + number for number in range(1, many + 1)} <= stands
    assert statements.count("COMMIT") <= 1 + took / KEEP_WITHIN
    counted(f"too fast: {many} brought one by one, {statements.count('COMMIT')} commits")


def test_what_came_too_fast_is_not_confirmed_while_the_ledger_cannot_be_written(
    api: BotApi, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Another process holds the store: Telegram keeps the updates until it lets go."""
    path = tmp_path / "ovning.db"
    built = Served(api, path, fetches=True)
    try:
        built.held_to(1)
        anna = built.people[0]
        built.does(anna.says("/hjalp"))
        built.does(anna.says("hemligt"))
        api.fault("deleteMessage", "status", 429, 600, count=None)
        built.store._conn.execute("PRAGMA busy_timeout = 1")
        with closing(Store(path, bytes(32))) as other, other.transaction():
            last = anna.says("hemligt")
            built.wire.run_until(lambda: any(vars(line).get("event") == "StoreBusy" for line in caplog.records))
            assert not api.confirmed(last)
        built.wire.run_until(lambda: api.confirmed(last))
        assert {message.message_id for message in typed(anna)} <= set(built.store.traces(CHANNEL, str(ANNA)))
        assert typed(anna)
    finally:
        built.ends()


def test_what_was_typed_too_fast_goes_though_the_program_is_killed_before_it_could_take_it_away(
    api: BotApi, tmp_path: Path
) -> None:
    with Lots(api, tmp_path / "lots", LOTS_UPDATES_A_MINUTE="2") as lots:
        lots.start()
        anna = lots.invited(api.user(ANNA))
        faults = [api.fault(f"deleteMessage{s}", "status", 429, 600, count=None) for s in ("", "s")]
        many = MOST_LOST + 2 * HUNDRED  # more than is looked for around what is known
        last = [anna.says("hemligt") for _ in range(many)][-1]
        api.wait_until(lambda: api.confirmed(last))
        lots.kill()
        assert len(typed(anna)) == many
        for fault in faults:
            fault.remove()
        lots.start()
        api.wait_until(lambda: not typed(anna))
        assert not any("hemligt" in line for line in lots.log().splitlines())


def test_a_storm_of_strangers_takes_nobody_elses_turn(served: Served) -> None:
    """Their lines go one at a time, and what there is no room for is left."""
    served.held_to()
    strangers = [message(FIRST + number, 50_000 + number, "hej") for number in range(1000)]
    for number in range(1000):
        served.api.user(50_000 + number)
    slow = served.api.fault(
        "sendMessage", "delay", seconds=0.2, count=None, when=lambda params: params["chat_id"] >= 50_000
    )
    assert served.brought(strangers, at_once=50) == {200: 1000}
    began = time.perf_counter()
    served.still_answers(served.people[0])
    assert time.perf_counter() - began < 2
    slow.remove()
    lines = [params for _, params in served.api.calls if params.get("text") == ONLY_INVITED]
    assert len(lines) <= MOST_WAITING


# ── a server that answers oddly ──────────────────────────────────────────────────────────────────────────────


class OddApi(BotApi):
    """Answers the next requests for updates with what is no list of updates."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.odd: list[Any] = []

    async def _get_updates(self, params: Any, request: Any) -> Any:
        return self.odd.pop(0) if self.odd else await super()._get_updates(params, request)


ANSWERS: dict[str, Any] = {
    "a number": 7,
    "an object": {"update_id": 1},
    "nothing": None,
    "texts": ["hej"],
    "numbers that are none": [{"update_id": "1"}, {"update_id": None}, {"update_id": 10**30}, {}],
    "one without a number among others": [{}, [], None, {"update_id": 1}],
    "a nest": [[[[[[]]]]]],
}


@pytest.mark.parametrize("what", ANSWERS)
def test_an_odd_answer_to_a_request_for_updates_ends_nothing(what: str) -> None:
    with OddApi.serving() as api:
        store = Store(None, bytes(32), Seeded(7))
        desk = Desk(store, DIALOGS, policy=Policy(), practice=True, now=lambda: MONDAY, source=Seeded(7))
        anna, wire = api.user(ANNA), Wire(api)
        with store.transaction():
            store.add_person(role="samordnare", district="Farsta", channel=CHANNEL, address="7", now=MONDAY)
        api.odd.append(ANSWERS[what])
        wire.serve(desk)
        wire.deliver(anna.says("/hjalp"))
        assert not api.odd
        assert any(HELP in message.text for message in by_bot(anna))
        wire.close()
        store.close()


# ── as it is started ─────────────────────────────────────────────────────────────────────────────────────────


def test_lots_run_holds_people_and_strangers_to_their_limits(api: BotApi, tmp_path: Path) -> None:
    with Lots(api, tmp_path / "lots", LOTS_UPDATES_A_MINUTE="4") as lots:
        lots.start()
        anna, stranger = lots.invited(api.user(ANNA)), api.user(666)
        for _ in range(3):
            lots.did(anna.says("/hjalp"))
        lots.did(anna.says("/hjalp"))
        sees(anna, TOO_FAST)
        kept = lots.rows("SELECT count(*) FROM inbox")
        lots.did([anna.says("2026-11-23") for _ in range(20)][-1])
        for _ in range(20):
            lots.did(stranger.says("hej"))
        assert lots.rows("SELECT count(*) FROM inbox") == kept
        api.wait_until(lambda: not typed(anna))
        assert lots.stop() == 0
        events = Counter(line.get("event") for line in lots.log_lines())
        assert (events["TooFast"], events["StrangersStorm"]) == (1, 1)
