"""Who is signed in on the web, told as people would: invitations, PINs, locks, remembered browsers, and those who try.

The store is a real one. Only argon2's cost is less than in the product, but for the one test that says so.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import threading
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from bot.limits import Limiter
from bot.pins import COMMON_PINS, Outcome, pin_fault
from bot.settings import WebRules
from bot.web.access import MOVED_SECONDS, Access, Visit, form_key, is_form_key, token_hash
from state.people import Person, Role
from state.store import WEB, Pin
from tests.office import KEY, Office
from tests.talk import MONDAY

PIN = "482915"
OTHER = "730264"
WRONG = "999998"


class Counting(PasswordHasher):
    """Cheap, and it knows what it was asked to look at."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.looked_at = 0
        self.made = 0
        self.may_answer = threading.Event()
        self.may_answer.set()

    def verify(self, hash: str | bytes, password: str | bytes) -> Any:  # noqa: A002 - argon2's own name
        self.looked_at += 1
        assert self.may_answer.wait(10)
        return super().verify(hash, password)

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.made += 1
        return super().hash(password, salt=salt)


def now_is(coming: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Wait for it."""
    return asyncio.run(coming)


@dataclass
class Browser:
    """A browser of somebody: the two cookies it holds."""

    access: Access
    token: str
    device: str | None = None

    def visit(self) -> Visit:
        found = self.access.visit(self.token)
        assert found is not None
        return found

    def sees(self) -> str | None:
        """What the person is shown: ``open``, ``locked`` or ``choose_pin``; ``None`` is the page to sign in."""
        found = self.access.visit(self.token)
        return None if found is None else found.state

    def chooses(self, pin: str, again: str | None = None) -> Outcome:
        return self._came(now_is(self.access.choose_pin(self.visit(), pin, pin if again is None else again)))

    def types(self, pin: str) -> Outcome:
        return self._came(now_is(self.access.unlock(self.visit(), pin)))

    def comes_back_with(self, pin: str) -> Outcome:
        assert self.device is not None
        return self._came(now_is(self.access.by_device(self.device, pin)))

    def does_something(self) -> None:
        self.access.touch(self.visit())

    def locks(self) -> None:
        self.access.lock(self.visit())

    def _came(self, done: Outcome) -> Outcome:
        self.token = done.token or self.token
        self.device = done.device or self.device
        return done


class Place:
    """An office with a door on the web."""

    def __init__(self, path: Path | None = None, **rules: int) -> None:
        self.office = Office(path=path)
        self.rules = WebRules(**rules)
        self.hasher = Counting()
        self.access = self._access()

    def _access(self, *, without_pin: bool = False) -> Access:
        return Access(
            self.office.store, self.rules, lambda: self.office.now, without_pin=without_pin, hasher=self.hasher
        )

    def restarts(self, *, without_pin: bool = False) -> None:
        """The program dies and starts again; the store is what is left."""
        self.access = self._access(without_pin=without_pin)

    def passes(self, **time: float) -> None:
        self.office.passes(**time)

    def comes(self, role: Role = "samordnare") -> Browser:
        """Somebody new, who has used their invitation."""
        token = self.access.accept(self.office.invites(role))
        assert token is not None
        return Browser(self.access, token)

    def inside(self) -> Browser:
        """Somebody who has chosen a PIN too."""
        browser = self.comes()
        assert browser.chooses(PIN).kind == "open"
        return browser

    def again(self, person: Person, hours: int = 24) -> str:
        """A new invitation for somebody who is known."""
        store = self.office.store
        with store.transaction():
            return store.invite(
                role=person.role,
                district=person.district,
                expires_at=self.office.now + timedelta(hours=hours),
                person=person.id,
            )

    def another(self, browser: Browser) -> Browser:
        """A second browser of the same person, where the PIN has been typed."""
        token = self.access.enter(browser.visit().person)
        assert token is not None
        other = Browser(self.access, token)
        assert other.types(PIN).kind == "open"
        return other

    def pin_of(self, browser: Browser) -> Pin:
        return self.pin_of_person(browser.visit().person)

    def pin_of_person(self, person: Person) -> Pin:
        pin = self.office.store.pin(person.id)
        assert pin is not None
        return pin

    def dump(self) -> str:
        """Everything that stands in the store."""
        tables = [name for (name,) in self.office.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert {"sign_in", "pin", "invitation", "used_once"} <= set(tables)
        return "\n".join(repr(row) for table in tables for row in self.office.rows(f"SELECT * FROM {table}"))


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def told() -> Iterator[list[dict[str, Any]]]:
    """What the log carries, beyond what every line of Python's has."""
    usual = set(vars(logging.LogRecord("", 0, "", 0, "", (), None)))
    lines: list[dict[str, Any]] = []

    class Hears(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            extra = {name: value for name, value in vars(record).items() if name not in usual}
            lines.append({"what": record.getMessage(), **extra})

    log, hears = logging.getLogger("lots.web"), Hears()
    level = log.level
    log.addHandler(hears)
    log.setLevel("DEBUG")
    yield lines
    log.removeHandler(hears)
    log.setLevel(level)


# ── the invitation ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_link_may_be_looked_at_often_and_used_once(place: Place) -> None:
    """A mail program that opens links to look at them lets nobody in, and shuts nobody out."""
    code = place.office.invites()
    assert [place.office.store.invitation_holds(code, place.office.now) for _ in range(3)] == [True] * 3
    assert place.office.store.people() == []
    token = place.access.accept(code)
    assert token is not None
    assert Browser(place.access, token).sees() == "choose_pin"
    assert [person.channel for person in place.office.store.people()] == [WEB]
    assert not place.office.store.invitation_holds(code, place.office.now)
    assert place.access.accept(code) is None


def test_of_a_code_that_does_not_do_nobody_learns_why(place: Place) -> None:
    known = place.inside().visit().person
    old, used = place.office.invites(hours=1), place.office.invites(hours=48)
    place.access.accept(used)
    place.passes(hours=1)
    bell = place.access.bell_code(known)
    before = place.dump()
    for code in ("", "x" * 24, "å" * 24, "\ud800", "a" * 10_000, old, used, bell):
        assert place.access.accept(code) is None, code
    assert place.dump() == before, "nothing is left of the tries, and the doorbell's code is still there"


def test_a_new_invitation_lets_a_pin_be_chosen_anew_and_ends_the_rest_when_it_is(place: Place) -> None:
    """Somebody has forgotten their PIN; or has lost a phone, and whoever has it is out."""
    lost = place.inside()
    lost.device = place.access.remember(lost.visit().person)
    person = lost.visit().person
    token = place.access.accept(place.again(person))
    assert token is not None
    found = Browser(place.access, token)
    assert (found.visit().person.id, found.sees()) == (person.id, "choose_pin")
    assert lost.sees() == "open", "using the invitation ends nothing"
    assert found.chooses(OTHER, "000000").kind == "not_the_same"
    assert lost.sees() == "open"
    assert found.chooses(OTHER).kind == "open"
    assert lost.sees() is None
    assert lost.device is not None
    assert place.access.device_of(lost.device) is None
    found.locks()
    assert found.types(PIN).kind == "wrong"
    assert found.types(OTHER).kind == "open"


def test_a_browser_at_choosing_a_pin_is_not_locked_since_there_is_nothing_to_open_it_with(place: Place) -> None:
    browser = place.comes()
    place.passes(minutes=30)
    browser.locks()
    assert browser.sees() == "choose_pin"
    place.passes(hours=11, minutes=30)
    assert browser.sees() is None


# ── choosing a PIN ───────────────────────────────────────────────────────────────────────────────────────────────

PINS: list[tuple[str, str, str | None, str]] = [
    ("482915", "482915", None, "six digits"),
    ("000001", "000001", None, "noughts are digits"),
    ("135790", "135790", None, "steps of two are no run"),
    ("482915", "482951", "not_the_same", "a slip the second time"),
    ("482915", "", "not_the_same", "only once"),
    ("", "", "not_six_digits", "nothing"),
    ("48291", "48291", "not_six_digits", "five"),
    ("4829150", "4829150", "not_six_digits", "seven"),
    ("48291a", "48291a", "not_six_digits", "a letter"),
    ("482 915", "482 915", "not_six_digits", "a space"),
    ("482915\n", "482915\n", "not_six_digits", "a line break after it"),
    ("-82915", "-82915", "not_six_digits", "a sign"),
    ("48291²", "48291²", "not_six_digits", "a raised digit"),
    ("４８２９１５", "４８２９１５", "not_six_digits", "full-width digits"),  # noqa: RUF001
    ("٤٨٢٩١٥", "٤٨٢٩١٥", "not_six_digits", "Arabic digits"),
    ("\ud800" * 6, "\ud800" * 6, "not_six_digits", "halves of characters"),
    ("7" * 10_000, "7" * 10_000, "not_six_digits", "ten thousand"),
    ("000000", "000000", "too_easy", "one digit"),
    ("777777", "777777", "too_easy", "another digit"),
    ("123456", "123456", "too_easy", "a run up"),
    ("456789", "456789", "too_easy", "a run up that begins later"),
    ("654321", "654321", "too_easy", "a run down"),
    ("567890", "567890", "too_easy", "a run past nine"),
    ("210987", "210987", "too_easy", "a run past nought"),
]


@pytest.mark.parametrize(("pin", "again", "fault", "why"), PINS, ids=[why for *_, why in PINS])
def test_a_pin_has_six_digits_and_is_not_the_first_that_anybody_would_try(
    place: Place, pin: str, again: str, fault: str | None, why: str
) -> None:
    assert pin_fault(pin, again) == fault, why
    browser = place.comes()
    before = browser.token
    done = browser.chooses(pin, again)
    assert done == Outcome(fault or "open", done.token)
    assert (done.token is None) == (fault is not None)
    assert (browser.token == before) == (fault is not None)
    assert browser.sees() == ("open" if fault is None else "choose_pin")


def test_the_commonest_pins_are_refused() -> None:
    most_often = ["123456", "654321", "111111", "000000", "123123", "666666", "121212", "112233", "789456", "159753"]
    assert [pin_fault(pin, pin) for pin in (*most_often, *COMMON_PINS)] == ["too_easy"] * (10 + len(COMMON_PINS))
    assert all(len(pin) == 6 and pin.isdecimal() for pin in COMMON_PINS)
    assert len(COMMON_PINS) <= 30, "the list stays short"


def test_a_pin_is_chosen_once_for_an_invitation(place: Place) -> None:
    """The form is sent twice, or a page from before is sent again."""
    browser = place.comes()
    visit = browser.visit()

    async def twice() -> list[Outcome]:
        return list(
            await asyncio.gather(place.access.choose_pin(visit, PIN, PIN), place.access.choose_pin(visit, OTHER, OTHER))
        )

    done = asyncio.run(twice())
    assert Counter(one.kind for one in done) == {"open": 1, "gone": 1}
    inside = Browser(place.access, next(one.token for one in done if one.token))
    chosen = PIN if done[0].kind == "open" else OTHER
    assert now_is(place.access.choose_pin(inside.visit(), "918273", "918273")).kind == "gone"
    inside.locks()
    assert inside.types(chosen).kind == "open"


# ── the lock ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_locks_after_exactly_five_minutes_though_little_is_written(place: Place) -> None:
    browser = place.inside()
    for _ in range(100):
        place.passes(seconds=7)
        browser.does_something()
    key = browser.visit().key
    held = place.office.store.sign_in(key)
    assert held is not None
    assert 0 < place.office.now.timestamp() - held.seen_at < 15, "the last press is not written down yet"
    place.passes(seconds=299.999)
    assert browser.sees() == "open"
    place.passes(seconds=0.001)
    assert browser.sees() == "locked"
    assert [state for (state,) in place.office.rows("SELECT state FROM sign_in")] == ["locked"]


def test_presses_are_written_down_at_most_every_fifteen_seconds(place: Place) -> None:
    browser = place.inside()
    written = set()
    for _ in range(120):
        place.passes(seconds=1)
        browser.does_something()
        written |= set(place.office.rows("SELECT seen_at FROM sign_in"))
    assert sorted(seen - MONDAY.timestamp() for (seen,) in written) == [0, *range(15, 121, 15)]


def test_after_a_restart_the_lock_comes_a_little_early_and_never_late(place: Place) -> None:
    browser = place.inside()
    place.passes(seconds=14)
    browser.does_something()
    place.restarts()
    browser.access = place.access
    place.passes(seconds=285)
    assert browser.sees() == "open"
    place.passes(seconds=1)
    assert browser.sees() == "locked"


def test_what_the_page_asks_on_its_own_keeps_nothing_open(place: Place) -> None:
    browser = place.inside()
    for _ in range(5):
        assert browser.sees() == "open"
        place.passes(minutes=1)
    assert browser.sees() == "locked"


def test_a_press_that_was_under_way_does_not_open_a_lock(place: Place) -> None:
    browser = place.inside()
    visit = browser.visit()
    place.passes(minutes=5)
    place.access.touch(visit)
    assert browser.sees() == "locked", "five minutes had gone"
    place.access.touch(visit)
    place.access.touch(browser.visit())
    assert browser.sees() == "locked"


def test_who_goes_away_may_lock_at_once_and_every_press_after_it_needs_the_pin(place: Place) -> None:
    browser = place.inside()
    visit = browser.visit()
    place.passes(seconds=20)
    browser.locks()
    browser.locks()
    place.access.touch(visit)
    browser.does_something()
    assert browser.sees() == "locked", "a press that was under way opens nothing"
    place.restarts()
    browser.access = place.access
    assert browser.sees() == "locked", "a restart opens nothing"
    assert browser.types(PIN).kind == "open"
    assert browser.sees() == "open"
    place.passes(seconds=299)
    assert browser.sees() == "open", "the five minutes begin anew"


# ── twelve hours ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_session_ends_after_exactly_twelve_hours_however_busy(place: Place) -> None:
    browser = place.inside()
    for _ in range(12 * 60 - 1):
        place.passes(minutes=1)
        browser.does_something()
    browser.locks()
    assert browser.types(PIN).kind == "open", "the PIN gives no further hours"
    place.passes(seconds=59.999)
    assert browser.sees() == "open"
    place.passes(seconds=0.001)
    assert browser.sees() is None
    assert place.office.rows("SELECT * FROM sign_in") == [], "it has left the store too"


def test_twelve_hours_are_twelve_when_the_clocks_change(place: Place) -> None:
    zone = MONDAY.tzinfo
    begins = datetime(2027, 3, 27, 20, 0, tzinfo=UTC)
    place.office.now = begins.astimezone(zone)
    browser = place.comes()
    place.office.now = (begins + timedelta(hours=12, seconds=-1)).astimezone(zone)
    assert browser.sees() == "choose_pin"
    place.office.now = (begins + timedelta(hours=12)).astimezone(zone)
    assert browser.sees() is None


def test_what_is_out_of_time_while_the_pin_is_looked_at_opens_nothing(place: Place) -> None:
    browser = place.inside()
    browser.locks()
    visit = browser.visit()

    async def late() -> Outcome:
        trying = asyncio.create_task(place.access.unlock(visit, PIN))
        await asyncio.sleep(0)
        place.passes(hours=12)
        return await trying

    assert asyncio.run(late()) == Outcome("gone")
    assert browser.sees() is None


# ── wrong PINs ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_five_wrong_make_a_pause_of_fifteen_minutes_in_which_no_try_is_taken(place: Place) -> None:
    browser = place.inside()
    browser.locks()
    assert [browser.types(WRONG).left for _ in range(4)] == [4, 3, 2, 1]
    until = place.office.now + timedelta(minutes=15)
    assert browser.types(WRONG) == Outcome("paused", until=until)
    looked_at = place.hasher.looked_at
    place.passes(minutes=14, seconds=59)
    assert browser.types(PIN) == Outcome("paused", until=until), "the right one neither"
    assert browser.types(WRONG) == Outcome("paused", until=until), "and the pause grows no longer"
    assert place.hasher.looked_at == looked_at
    assert place.pin_of(browser).failed == 5
    place.passes(seconds=1)
    assert browser.types(PIN).kind == "open"
    assert (place.pin_of(browser).failed, place.pin_of(browser).locked_until) == (0, 0)


def test_the_right_pin_makes_the_count_begin_anew(place: Place) -> None:
    browser = place.inside()
    for _ in range(6):
        browser.locks()
        assert [browser.types(WRONG).left for _ in range(4)] == [4, 3, 2, 1]
        assert browser.types(PIN).kind == "open"


def test_the_count_and_the_pause_outlive_a_restart(place: Place) -> None:
    browser = place.inside()
    browser.locks()
    for left in (4, 3, 2, 1):
        place.restarts()
        browser.access = place.access
        assert browser.types(WRONG).left == left
    assert browser.types(WRONG).kind == "paused"
    place.restarts()
    browser.access = place.access
    assert browser.types(PIN).kind == "paused"


def test_ten_wrong_in_a_row_sign_out_everywhere_and_only_an_invitation_helps(place: Place) -> None:
    thief, elsewhere = place.inside(), place.comes()
    colleague = elsewhere.visit().person
    assert elsewhere.chooses(OTHER).kind == "open"
    own = place.another(thief)
    own.device = place.access.remember(own.visit().person)
    person = own.visit().person
    thief.locks()
    for _ in range(5):
        thief.types(WRONG)
    place.passes(minutes=15)
    own.locks()
    assert [thief.types(WRONG).left for _ in range(4)] == [4, 3, 2, 1]
    assert thief.types(WRONG) == Outcome("signed_out")
    assert (thief.sees(), own.sees()) == (None, None)
    assert own.device is not None
    assert place.access.device_of(own.device) is None
    assert place.office.store.sign_ins(person.id) == []
    place.passes(days=1)
    assert place.access.enter(person) is None, "the Mini App lets nobody choose a PIN who has lost theirs"
    token = place.access.accept(place.again(person))
    assert token is not None
    back = Browser(place.access, token)
    assert back.chooses(OTHER).kind == "open"
    assert place.pin_of(back).failed == 0
    assert place.office.store.person(colleague.id) is not None


def test_a_colleague_is_not_signed_out_for_it(place: Place) -> None:
    thief, colleague = place.inside(), place.inside()
    thief.locks()
    for _ in range(2):
        for _ in range(5):
            thief.types(WRONG)
        place.passes(minutes=15)
        colleague.does_something()
    assert thief.sees() is None
    assert colleague.sees() == "locked"
    assert colleague.types(PIN).kind == "open"


@pytest.mark.parametrize("typed", ["", "48291", "4829150", "４８２９１５", "\ud800", "9" * 10_000])  # noqa: RUF001
def test_what_cannot_be_a_pin_is_a_wrong_one(place: Place, typed: str) -> None:
    browser = place.inside()
    browser.locks()
    looked_at = place.hasher.looked_at
    assert browser.types(typed) == Outcome("wrong", left=4)
    assert place.hasher.looked_at == looked_at + 1, "after the same time"


@pytest.mark.parametrize(
    ("at_once", "opens"), [([WRONG] * 20, 0), ([PIN] * 20, 20), ([WRONG] * 4 + [PIN] + [WRONG] * 15, 1)]
)
def test_of_twenty_tries_at_once_no_more_are_looked_at_than_of_twenty_in_a_row(
    place: Place, at_once: list[str], opens: int
) -> None:
    browser = place.inside()
    browser.locks()
    visit = browser.visit()

    async def all_together() -> list[Outcome]:
        return list(await asyncio.gather(*(place.access.unlock(visit, pin) for pin in at_once)))

    kinds = Counter(done.kind for done in asyncio.run(all_together()))
    assert place.hasher.looked_at <= 5
    assert kinds["open"] == min(opens, 5)
    if not opens:
        assert kinds == {"wrong": 4, "paused": 16}
        assert place.pin_of(browser).failed == 5


def test_ten_at_once_after_a_pause_are_five_more_and_then_the_end(place: Place) -> None:
    browser = place.inside()
    browser.locks()
    visit = browser.visit()

    async def all_together() -> list[Outcome]:
        return list(await asyncio.gather(*(place.access.unlock(visit, WRONG) for _ in range(20))))

    asyncio.run(all_together())
    place.passes(minutes=15)
    kinds = Counter(done.kind for done in asyncio.run(all_together()))
    assert kinds == {"wrong": 4, "paused": 15, "signed_out": 1}
    assert place.hasher.looked_at == 10
    assert browser.sees() is None


def test_a_program_that_dies_over_a_try_has_counted_it(place: Place) -> None:
    """Else somebody who can make it die could try for ever."""
    browser = place.inside()
    browser.locks()
    visit = browser.visit()

    async def dies() -> None:
        trying = asyncio.create_task(place.access.unlock(visit, WRONG))
        await asyncio.sleep(0)
        trying.cancel()
        with suppress(asyncio.CancelledError):
            await trying

    for tries in range(1, 11):
        asyncio.run(dies())
        assert place.pin_of(browser).failed == tries
        place.restarts()
        browser.access = place.access
        if tries % 5 == 0:
            assert browser.types(PIN).kind == "paused"
            place.passes(minutes=15)
    assert browser.types(PIN) == Outcome("signed_out"), "the tenth was never seen to be right"
    assert browser.sees() is None


def test_the_numbers_are_configuration() -> None:
    place = Place(session_hours=2, lock_minutes=1, pin_tries=3, pin_tries_in_all=5, pin_pause_minutes=1)
    browser = place.inside()
    place.passes(minutes=1)
    assert browser.sees() == "locked"
    assert [browser.types(WRONG).left for _ in range(2)] == [2, 1]
    assert browser.types(WRONG) == Outcome("paused", until=place.office.now + timedelta(minutes=1))
    place.passes(minutes=1)
    assert browser.types(WRONG) == Outcome("wrong", left=1), "then comes the end, before the next pause"
    assert browser.types(WRONG) == Outcome("signed_out")
    later = place.inside()
    place.passes(hours=2)
    assert later.sees() is None


def test_a_last_try_that_is_the_right_one_is_not_overtaken_by_the_next() -> None:
    """Where the end does not fall on a pause, other tries wait all the same until the last has been looked at."""
    place = Place(pin_tries=3, pin_tries_in_all=4)
    browser = place.inside()
    browser.locks()
    for _ in range(3):
        browser.types(WRONG)
    place.passes(minutes=15)
    visit = browser.visit()

    async def together() -> list[Outcome]:
        return list(await asyncio.gather(*(place.access.unlock(visit, pin) for pin in (PIN, WRONG, WRONG))))

    assert [done.kind for done in asyncio.run(together())] == ["open", "paused", "paused"]


def test_a_page_that_has_been_signed_out_elsewhere_takes_no_try(place: Place) -> None:
    browser = place.inside()
    browser.locks()
    visit = browser.visit()
    with place.office.store.transaction():
        place.office.store.sign_out_everywhere(visit.person.id)
    assert now_is(place.access.unlock(visit, WRONG)) == Outcome("gone")
    assert place.pin_of_person(visit.person).failed == 0


def test_without_a_pin_in_the_store_a_locked_page_cannot_be_opened(place: Place) -> None:
    """A store that was practised in without PINs, opened by a program that asks for them."""
    place.restarts(without_pin=True)
    browser = place.comes()
    place.restarts()
    browser.access = place.access
    place.passes(minutes=5)
    assert browser.sees() == "locked"
    assert browser.types(PIN) == Outcome("signed_out")
    assert browser.sees() is None


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_token_from_before_the_pin_is_of_no_use_after_it(place: Place) -> None:
    """Somebody who has put a token of theirs into another's browser is not let in by the other's PIN."""
    browser = place.comes()
    planted = Browser(place.access, browser.token)
    browser.chooses(PIN)
    assert planted.sees() == "locked", "for ten seconds, in case the form was sent twice"
    before = Browser(place.access, browser.token)
    browser.locks()
    browser.types(PIN)
    assert (planted.sees(), before.sees()) == ("locked", "locked")
    place.passes(seconds=MOVED_SECONDS)
    assert (planted.sees(), before.sees(), browser.sees()) == (None, None, "open")


def test_an_exchanged_token_keeps_nothing_open_and_locks_nothing(place: Place) -> None:
    browser = place.comes()
    old = Browser(place.access, browser.token)
    browser.chooses(PIN)
    seen = place.office.rows("SELECT seen_at, state FROM sign_in")
    place.passes(seconds=5)
    old.does_something()
    old.locks()
    assert place.office.rows("SELECT seen_at, state FROM sign_in") == seen
    assert now_is(place.access.choose_pin(old.visit(), OTHER, OTHER)) == Outcome("gone")
    assert old.types(WRONG).left == 4, "what is tried with it is counted"


def test_who_presses_twice_is_not_shut_out(place: Place) -> None:
    """The browser drops the first answer, with its cookie, and sends the old one again."""
    browser = place.inside()
    browser.locks()
    old = Browser(place.access, browser.token)
    assert browser.types(PIN).kind == "open"
    place.passes(seconds=2)
    assert old.types(PIN).kind == "open"
    assert old.sees() == "open"
    place.passes(seconds=MOVED_SECONDS)
    assert browser.sees() is None, "there is one session, not two"
    assert len(place.office.rows("SELECT * FROM sign_in")) == 1


def test_signing_out_ends_what_an_exchanged_token_leads_to(place: Place) -> None:
    browser = place.inside()
    browser.locks()
    old = Browser(place.access, browser.token)
    browser.types(PIN)
    place.access.sign_out(old.visit())
    assert (old.sees(), browser.sees()) == (None, None)


@pytest.mark.parametrize("token", ["", "x", "å", "\ud800", "a" * 10_000])
def test_no_token_of_ours_is_nobody(place: Place, token: str) -> None:
    place.inside()
    assert place.access.visit(token) is None
    assert place.access.device_of(token) is None


def test_the_kinds_of_token_do_not_stand_in_for_each_other(place: Place) -> None:
    browser = place.inside()
    device = place.access.remember(browser.visit().person)
    assert device is not None
    assert place.access.visit(device) is None
    assert place.access.device_of(browser.token) is None
    assert now_is(place.access.by_device(browser.token, PIN)) == Outcome("wrong", left=4)
    assert place.access.visit(token_hash(browser.token)) is None, "what the store holds opens nothing"
    assert (browser.sees(), place.access.device_of(device)) == ("open", browser.visit().person)


def test_tokens_are_long_and_never_the_same(place: Place) -> None:
    person = place.inside().visit().person
    tokens = {place.access.enter(person) for _ in range(50)} | {place.access.remember(person) for _ in range(50)}
    assert len(tokens) == 100
    assert {len(token or "") for token in tokens} == {43}, "256 bits, 6 a letter"


def test_a_dump_of_the_store_holds_neither_tokens_nor_pins(place: Place) -> None:
    code = place.office.invites()
    token = place.access.accept(code)
    assert token is not None
    browser = Browser(place.access, token)
    tokens = [browser.token]
    browser.chooses(PIN)
    tokens.append(browser.token)
    browser.locks()
    browser.types(WRONG)
    device = place.access.remember(browser.visit().person)
    assert device is not None
    held = place.dump()
    assert token_hash(browser.token) in held, "this is a dump indeed"
    assert "$argon2id$" in held
    for secret in (code, *tokens, device, PIN, WRONG):
        assert secret not in held


def test_the_products_own_argon2_is_the_librarys_default() -> None:
    """64 MiB and three rounds: the second choice of RFC 9106."""
    office = Office()
    access = Access(office.store, WebRules(), lambda: office.now)
    token = access.accept(office.invites())
    assert token is not None
    browser = Browser(access, token)
    assert browser.chooses(PIN).kind == "open"
    [(hashed,)] = office.rows("SELECT hash FROM pin")
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    browser.locks()
    assert browser.types(WRONG).kind == "wrong"
    assert browser.types(PIN).kind == "open"


# ── a remembered browser ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_next_morning_the_pin_alone_signs_in_where_one_was_before(place: Place) -> None:
    browser = place.inside()
    browser.device = place.access.remember(browser.visit().person)
    person = browser.visit().person
    place.passes(hours=15)
    assert browser.sees() is None
    assert browser.device is not None
    assert place.access.device_of(browser.device) == person
    old = browser.device
    assert browser.comes_back_with(WRONG).left == 4
    assert browser.device == old
    assert browser.comes_back_with(PIN).kind == "open"
    assert browser.sees() == "open"
    assert browser.device != old, "its token is new at every use"
    place.passes(seconds=MOVED_SECONDS)
    assert place.access.device_of(old) is None
    assert now_is(place.access.by_device(old, PIN)) == Outcome("wrong", left=4)
    assert place.access.device_of(browser.device) == person


def test_who_signs_in_twice_at_once_is_still_remembered(place: Place) -> None:
    browser = place.inside()
    old = browser.device = place.access.remember(browser.visit().person)
    assert old is not None
    browser.comes_back_with(PIN)
    again = Browser(place.access, "", old)
    assert again.comes_back_with(PIN).kind == "open"
    place.passes(seconds=MOVED_SECONDS)
    assert again.device is not None
    assert place.access.device_of(again.device) is not None
    assert len([1 for held in place.office.store.sign_ins(again.visit().person.id) if held.kind == "device"]) == 1


def test_a_browser_is_remembered_for_thirty_days_after_its_last_use(place: Place) -> None:
    browser = place.inside()
    browser.device = place.access.remember(browser.visit().person)
    place.passes(days=29)
    assert browser.comes_back_with(PIN).kind == "open"
    assert browser.device is not None
    place.passes(days=29, hours=23)
    assert place.access.device_of(browser.device) is not None
    place.passes(hours=1)
    assert place.access.device_of(browser.device) is None
    assert browser.comes_back_with(PIN) == Outcome("wrong", left=4)
    assert place.office.rows("SELECT * FROM sign_in WHERE kind = 'device'") == []


def test_an_unknown_browser_is_answered_like_a_wrong_pin_and_makes_no_work(place: Place) -> None:
    """Nobody guesses a token of 256 bits; but anybody could ask for argon2's work."""
    browser = place.inside()
    browser.device = place.access.remember(browser.visit().person)
    made, looked_at = place.hasher.made, place.hasher.looked_at
    wrong = browser.comes_back_with(WRONG)
    assert (place.hasher.made, place.hasher.looked_at) == (made, looked_at + 1)
    for unknown in ("", "x" * 43, "\ud800"):
        assert now_is(place.access.by_device(unknown, "\ud800" if unknown == "\ud800" else PIN)) == wrong
    assert (place.hasher.made, place.hasher.looked_at) == (made, looked_at + 1)


def test_tries_in_several_browsers_are_tries_of_one_person(place: Place) -> None:
    browser = place.inside()
    browser.device = place.access.remember(browser.visit().person)
    other = place.another(browser)
    browser.locks()
    other.locks()
    kinds = [browser.types(WRONG), other.types(WRONG), browser.comes_back_with(WRONG), other.types(WRONG)]
    assert [done.left for done in kinds] == [4, 3, 2, 1]
    assert browser.comes_back_with(WRONG).kind == "paused"
    assert other.types(PIN).kind == "paused"
    assert browser.comes_back_with(PIN).kind == "paused"


def test_one_cookie_is_one_remembered_browser_however_often_it_is_given(place: Place) -> None:
    browser = place.inside()
    person, colleague = browser.visit().person, place.inside().visit().person
    of_colleague = place.access.remember(colleague)
    assert of_colleague is not None
    tokens = [place.access.remember(person)]
    for _ in range(5):
        tokens.append(place.access.remember(person, tokens[-1]))
    assert [place.access.device_of(token or "") for token in tokens] == [None] * 5 + [person]
    place.access.remember(person, of_colleague)
    assert place.access.device_of(of_colleague) == colleague, "another's is not taken away"


def test_where_browsers_are_not_remembered_there_is_nothing_to_remember() -> None:
    place = Place(device_days=0)
    browser = place.inside()
    assert place.access.remember(browser.visit().person) is None
    assert [held.kind for held in place.office.store.sign_ins(browser.visit().person.id)] == ["session"]


# ── the Mini App ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_telegram_says_who_it_is_and_the_pin_is_asked_for_all_the_same(place: Place) -> None:
    person = place.inside().visit().person
    token = place.access.enter(person)
    assert token is not None
    assert Browser(place.access, token).sees() == "locked"


def test_who_never_had_a_pin_chooses_one_there(place: Place) -> None:
    first = place.comes()
    token = place.access.enter(first.visit().person)
    assert token is not None
    browser = Browser(place.access, token)
    assert browser.sees() == "choose_pin"
    assert browser.chooses(PIN).kind == "open"
    assert first.sees() is None


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_signing_out_ends_one_browser_and_forgets_it(place: Place) -> None:
    browser, colleague = place.inside(), place.inside()
    browser.device = place.access.remember(browser.visit().person)
    others = place.access.remember(colleague.visit().person)
    other = place.another(browser)
    assert browser.device is not None
    assert others is not None
    place.access.sign_out(browser.visit(), browser.device)
    assert browser.sees() is None
    assert place.access.device_of(browser.device) is None
    assert other.sees() == "open"
    place.access.sign_out(other.visit(), others)
    assert place.access.device_of(others) is not None, "another person's is not theirs to forget"


def test_signing_out_everywhere_keeps_the_pin(place: Place) -> None:
    browser = place.inside()
    other, person = place.another(browser), browser.visit().person
    device = place.access.remember(person)
    assert device is not None
    with place.office.store.transaction():
        place.office.store.sign_out_everywhere(person.id)
    assert (browser.sees(), other.sees(), place.access.device_of(device)) == (None, None, None)
    token = place.access.enter(person)
    assert token is not None
    assert Browser(place.access, token).types(PIN).kind == "open"


def test_revoking_ends_everything_at_once_also_what_is_under_way(place: Place) -> None:
    browser = place.inside()
    other, chooser = place.another(browser), place.comes()
    person = browser.visit().person
    device = place.access.remember(person)
    assert device is not None
    other.locks()
    locked, choosing = other.visit(), chooser.visit()

    async def revoked_meanwhile() -> list[Outcome]:
        trying = [
            asyncio.create_task(place.access.unlock(locked, PIN)),
            asyncio.create_task(place.access.by_device(device, PIN)),
            asyncio.create_task(place.access.choose_pin(choosing, OTHER, OTHER)),
        ]
        await asyncio.sleep(0)
        with place.office.store.transaction():
            for id_ in (person.id, choosing.person.id):
                place.office.store.revoke(id_, place.office.now)
        return list(await asyncio.gather(*trying))

    assert asyncio.run(revoked_meanwhile()) == [Outcome("gone")] * 3
    assert (browser.sees(), other.sees(), chooser.sees()) == (None, None, None)
    assert place.access.device_of(device) is None
    assert place.office.rows("SELECT person FROM sign_in UNION SELECT person FROM pin") == []


def test_a_pin_that_was_chosen_anew_meanwhile_is_not_opened_with_the_old(place: Place) -> None:
    browser = place.inside()
    device = place.access.remember(browser.visit().person)
    assert device is not None
    token = place.access.accept(place.again(browser.visit().person))
    assert token is not None
    newer = Browser(place.access, token)
    locked, choosing = browser.visit(), newer.visit()

    async def meanwhile() -> list[Outcome]:
        place.hasher.may_answer.clear()
        trying = [
            asyncio.create_task(place.access.unlock(locked, PIN)),
            asyncio.create_task(place.access.by_device(device, PIN)),
            asyncio.create_task(place.access.unlock(choosing, PIN)),
        ]
        await asyncio.sleep(0)
        assert (await place.access.choose_pin(choosing, OTHER, OTHER)).kind == "open"
        place.hasher.may_answer.set()
        return list(await asyncio.gather(*trying))

    assert asyncio.run(meanwhile()) == [Outcome("gone")] * 3
    assert place.pin_of_person(locked.person).failed == 0, "the new one has not been tried"


def test_a_last_wrong_try_of_the_old_pin_does_not_burn_the_new(place: Place) -> None:
    browser = place.inside()
    browser.locks()
    for _ in range(9):
        place.passes(minutes=15)
        browser.types(WRONG)
    place.passes(minutes=15)
    token = place.access.accept(place.again(browser.visit().person))
    assert token is not None
    newer = Browser(place.access, token)
    locked, choosing = browser.visit(), newer.visit()

    async def meanwhile() -> tuple[Outcome, Outcome]:
        place.hasher.may_answer.clear()
        trying = asyncio.create_task(place.access.unlock(locked, WRONG))
        await asyncio.sleep(0)
        chosen = await place.access.choose_pin(choosing, OTHER, OTHER)
        place.hasher.may_answer.set()
        return await trying, chosen

    tried, chosen = asyncio.run(meanwhile())
    assert tried.kind == "paused"
    assert chosen.token is not None
    newer.token = chosen.token
    assert newer.sees() == "open"
    newer.locks()
    assert newer.types(OTHER).kind == "open"


def test_who_has_moved_to_telegram_is_signed_in_nowhere_on_the_web(place: Place) -> None:
    browser = place.inside()
    code = place.again(browser.visit().person)
    with place.office.store.transaction():
        place.office.store.use_invitation(code, channel="telegram", address="7", now=place.office.now)
    assert browser.sees() is None
    assert place.office.rows("SELECT * FROM sign_in") == []


def test_the_sweep_forgets_what_is_out_of_time_and_says_who_has_left(place: Place) -> None:
    early, twice = place.inside(), place.inside()
    place.access.remember(early.visit().person)
    ids = {early.visit().person.id, twice.visit().person.id}
    person = twice.visit().person
    assert place.access.sweep() == []
    place.passes(hours=6)
    token = place.access.enter(person)
    assert token is not None
    place.passes(hours=6)
    assert place.access.sweep() == [*(ids - {person.id})], "the other has a browser left"
    assert place.access.sweep() == []
    assert Browser(place.access, token).sees() == "locked"
    place.passes(hours=6)
    assert place.access.sweep() == [person.id]
    assert [kind for (kind,) in place.office.rows("SELECT kind FROM sign_in")] == ["device"]


# ── practice on one's own machine ────────────────────────────────────────────────────────────────────────────────


def test_for_practice_there_is_neither_a_pin_nor_a_lock_but_an_end(place: Place) -> None:
    place.restarts(without_pin=True)
    browser = place.comes()
    assert browser.sees() == "open"
    browser.locks()
    place.passes(hours=11, minutes=59)
    assert browser.sees() == "open"
    assert place.access.remember(browser.visit().person) is None
    token = place.access.enter(browser.visit().person)
    assert token is not None
    assert Browser(place.access, token).sees() == "open"
    place.passes(minutes=1)
    assert browser.sees() is None
    assert place.office.rows("SELECT * FROM pin") == []


# ── the doorbell's code ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_doorbells_code_sets_the_doorbell_and_signs_nobody_in(place: Place) -> None:
    person = place.inside().visit().person
    code = place.access.bell_code(person)
    assert place.access.accept(code) is None
    store = place.office.store
    assert store.invitation_holds(code, place.office.now, opens=("bell",))
    assert store.moves(code) == person
    assert place.office.rows("SELECT role, district FROM invitation WHERE opens = 'bell'") == [("samordnare", "Farsta")]
    place.passes(minutes=15)
    assert not store.invitation_holds(code, place.office.now, opens=("bell",))


def test_one_more_browser_asks_for_the_pin_there_is_and_ends_nothing(place: Place) -> None:
    """A phone and a computer at once."""
    phone = place.inside()
    person = phone.visit().person
    token = place.access.accept(place.access.browser_code(person))
    assert token is not None
    computer = Browser(place.access, token)
    assert (computer.visit().person, computer.sees()) == (person, "locked")
    assert now_is(place.access.choose_pin(computer.visit(), OTHER, OTHER)).kind == "gone", "no PIN is chosen with it"
    assert computer.types(WRONG).kind == "wrong"
    assert computer.types(PIN).kind == "open"
    assert (phone.sees(), computer.sees()) == ("open", "open")


def test_a_code_for_one_more_browser_works_once_and_for_a_quarter(place: Place) -> None:
    person = place.inside().visit().person
    used, old = place.access.browser_code(person), place.access.browser_code(person)
    assert place.office.store.invitation_holds(used, place.office.now, ("browser",))
    assert place.access.accept(used) is not None
    assert place.access.accept(used) is None
    place.passes(minutes=15)
    assert place.access.accept(old) is None


def test_neither_code_of_ones_own_does_on_telegram_what_an_invitation_does(place: Place) -> None:
    """The doorbell's code lets nobody talk there, and that for a browser not even rings."""
    person = place.inside().visit().person
    store, now = place.office.store, place.office.now
    assert store.invitation_holds(place.office.invites(), now)
    for code, rings in ((place.access.bell_code(person), True), (place.access.browser_code(person), False)):
        assert not store.invitation_holds(code, now)
        assert store.invitation_holds(code, now, ("all", "bell")) == rings


# ── the log ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_log_has_names_of_events_and_nothing_else(place: Place, told: list[dict[str, Any]]) -> None:
    browser = place.inside()
    browser.locks()
    for _ in range(5):
        browser.types(WRONG)
    place.passes(minutes=15)
    for _ in range(5):
        browser.types(WRONG)
    now_is(place.access.by_device("x", PIN))
    assert [line["event"] for line in told] == [
        "SignedIn",
        "Locked",
        *["PinWrong"] * 5,
        "PinPaused",
        *["PinWrong"] * 5,
        "SignedOutEverywhere",
    ]
    assert {json.dumps({**line, "event": ""}) for line in told} == {'{"what": "access event", "event": ""}'}


# ── forms ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_forms_key_is_that_of_its_own_cookie_also_after_a_restart(place: Place) -> None:
    token = place.inside().token
    key = form_key(token)
    assert is_form_key(token, key)
    assert token not in key
    assert key == hmac.new(token.encode(), b"form", "sha256").hexdigest(), "of the cookie and nothing else"
    assert key != token_hash(token), "a key on a page tells nothing of what the store holds"
    for said in ("", key[:-1], key + "0", key.upper(), "å" * 64, "\ud800", token, form_key(f"{token} ")):
        assert not is_form_key(token, said), said


def test_a_form_from_before_the_pin_is_not_one_from_after_it(place: Place) -> None:
    browser = place.comes()
    before = form_key(browser.token)
    browser.chooses(PIN)
    assert not is_form_key(browser.token, before)


# ── limits ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Clock:
    """A clock in eighths of a second, which numbers hold exactly, so that a minute is a minute."""

    def __init__(self) -> None:
        self.eighths = 0

    def __call__(self) -> datetime:
        return MONDAY.astimezone(UTC) + timedelta(seconds=self.eighths / 8)


@given(
    per_minute=st.integers(1, 5),
    most_keys=st.integers(1, 3),
    asked=st.lists(
        st.tuples(st.sampled_from([0, 80, 240]) | st.integers(0, 320), st.sampled_from("abcde")), max_size=120
    ),
)
def test_never_more_than_so_many_in_any_minute(per_minute: int, most_keys: int, asked: list[tuple[int, str]]) -> None:
    """Whatever comes when, from whom, and however few keys there is room for."""
    clock = Clock()
    limiter = Limiter(per_minute, clock, most_keys)
    allowed: dict[str, list[int]] = {}
    for waited, key in asked:
        clock.eighths += waited
        recent = {name: [at for at in times if clock.eighths - at < 480] for name, times in allowed.items()}
        live = [name for name, times in recent.items() if times]
        may = len(recent.get(key, [])) < per_minute and (key in live or len(live) < most_keys)
        assert limiter.allows(key) == may, "no fewer than what there is room for, either"
        assert len(limiter) <= most_keys
        if may:
            allowed.setdefault(key, []).append(clock.eighths)
    for times in allowed.values():
        for number, first in enumerate(times):
            assert len([at for at in times[number:] if at - first < 480]) <= per_minute


def test_who_has_had_enough_is_not_let_in_by_coming_from_everywhere_else_first() -> None:
    clock = Clock()
    limiter = Limiter(2, clock, 100)
    assert [limiter.allows("somebody") for _ in range(3)] == [True, True, False]
    assert [limiter.allows("a colleague")] == [True]
    flood = [limiter.allows(f"address {number}") for number in range(100_000)]
    assert flood.count(True) == 98
    assert len(limiter) == 100
    assert not limiter.allows("somebody"), "the flood has washed nobody out"
    assert limiter.allows("a colleague"), "and those who were here go on"
    assert not limiter.allows("a newcomer")
    clock.eighths = 480
    assert limiter.allows("a newcomer")
    assert limiter.allows("somebody")
    assert len(limiter) == 2, "what has done nothing for a minute is forgotten"


def test_what_is_refused_does_not_make_the_wait_longer() -> None:
    clock = Clock()
    limiter = Limiter(1, clock)
    assert limiter.allows("somebody")
    for clock.eighths in range(8, 480, 8):
        assert not limiter.allows("somebody")
    clock.eighths = 480
    assert limiter.allows("somebody")


def test_a_minute_is_over_for_each_on_its_own() -> None:
    clock = Clock()
    limiter = Limiter(2, clock)
    allowed = []
    for clock.eighths in (0, 240, 479, 480, 719, 720):
        allowed.append(limiter.allows("somebody"))
    assert allowed == [True, True, False, True, False, True]


# ── on the disk ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_is_signed_in_stays_so_when_the_machine_starts_again(tmp_path: Path) -> None:
    path = tmp_path / "ovning.db"
    place = Place(path)
    browser = place.inside()
    place.office.store.close()
    later = Place(path)
    later.office.now = place.office.now
    assert Browser(later.access, browser.token).sees() == "open"
    later.office.store.close()
    assert browser.token.encode() not in path.read_bytes()
    assert KEY.hex().encode() not in path.read_bytes()
