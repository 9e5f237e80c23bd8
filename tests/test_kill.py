"""SIGKILL between any two steps: nothing that was confirmed is lost, nothing is stored twice, and nobody is stuck.

The short form is in the usual suite; ``make kill`` goes through every call of the Bot API, every transaction, and then
kills at random while several people talk.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest

from tests import dying
from tests.botapi import BotApi, Message, Params, User
from tests.running import CASE, GROUP, HELD, READ_BACK, SAVED, Lots, code_in, sees

pytestmark = pytest.mark.process

STEPS = ((CASE, "Nytt ärende"), (GROUP, "SIG unga"), (HELD, "Ja"), (READ_BACK, "Spara"), (SAVED, ""))
"""What a coordinator sees, in this order, and presses then."""

PATIENCE = 15.0
"""Seconds after which somebody who gets no reaction counts as stuck."""


@dataclass
class Coordinator:
    """Somebody who records talks, and goes on whatever happens to the program.

    Args:
        user: the person.
        look_after: called while they wait; it may start the program again.
    """

    user: User
    look_after: Callable[[], None] = lambda: None
    cases: list[str] = field(default_factory=list)

    def records_a_talk(self) -> None:
        """From the command to the words that it is saved; nothing is pressed again, since no press may be lost."""
        self.user.says("/samtal")
        for words, label in STEPS:
            message = self._sees(words)
            if label:
                self.user.presses(label)
            else:
                self.cases.append(code_in(message))

    def _sees(self, words: str) -> Message:
        """Waits for a step. What an earlier step said may come once more, and is passed over."""
        ends = time.monotonic() + PATIENCE
        while True:
            self.look_after()
            try:
                return sees(self.user, words, timeout=0.1)
            except TimeoutError:
                if time.monotonic() > ends:
                    raise


class KillAt:
    """A hook that kills the program at a call of the Bot API, before it is done or after.

    Args:
        lots: the program.
        fits: which call, by method, parameters, phase and number of the call since the hook was set.
    """

    def __init__(self, lots: Lots, fits: Callable[[str, Params, str, int], bool]) -> None:
        self.lots = lots
        self.fits = fits
        self.seen = 0
        self.killed = False

    def __call__(self, method: str, params: Params, phase: str) -> bool:
        self.seen += 1
        if self.killed or not self.fits(method, params, phase, self.seen):
            return True
        self.killed = True
        self.lots.kill()
        return False


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lots]:
    """One installation for all trials; each has a person of its own."""
    with BotApi.serving() as api, Lots(api, tmp_path_factory.mktemp("kill") / "lots") as lots:
        yield lots
        lots.kill()
        assert [line for line in lots.log_lines() if line.get("event") == "UpdateFailed"] == []


_IDS = count(1)


def a_coordinator(lots: Lots) -> Coordinator:
    def start_again() -> None:
        if lots.has_ended():
            lots.start()

    start_again()
    return Coordinator(lots.invited(lots.api.user(next(_IDS))), start_again)


def hold(lots: Lots, person: Coordinator) -> None:
    """What must be so after every trial, whenever the program died."""
    lots.rests(person.user, person.look_after)
    mine = lots.records(author=person.user)  # the chain holds
    assert [one.kind for one in mine] == ["case_opened", "case_fact", "talk_held"] * len(person.cases)
    assert [one.record.case for one in mine if one.kind == "talk_held"] == person.cases
    assert lots.rows("SELECT count(*) FROM inbox WHERE handled_at IS NULL OR payload IS NOT NULL") == [(0,)]
    assert lots.rows("SELECT count(*) FROM session") == [(0,)]
    assert person.user.spinning() == []
    (left,) = person.user.messages()
    assert SAVED in left.text, "one message stands in the chat, however it died"


def a_trial_at_a_call(lots: Lots, fits: Callable[[str, Params, str, int], bool]) -> KillAt:
    person = a_coordinator(lots)
    killer = KillAt(lots, fits)
    lots.api.on_call(killer)
    person.records_a_talk()
    lots.rests(person.user, person.look_after)  # the chat is emptied after the last words
    lots.api.on_call(None)
    hold(lots, person)
    return killer


def a_trial_at_a_transaction(lots: Lots, at: int, phase: str) -> bool:
    """Whether the program died; where it has fewer transactions it lives, and is killed afterwards."""
    person = a_coordinator(lots)
    lots.kill()
    lots.launch(entry=dying.entry(at, phase))
    process = lots.process
    person.records_a_talk()
    hold(lots, person)
    assert process is not None
    died = process.poll() is not None
    lots.kill()
    return died


# ── the short form ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "phase"), [("getUpdates", "before"), ("editMessageText", "before"), ("editMessageText", "after")]
)
def test_killed_around_the_call_that_follows_a_saved_talk(mortal: Lots, method: str, phase: str) -> None:
    """The talk is in the store; Telegram has not heard of it yet, or has, and its answer is lost."""
    before = len(mortal.rows("SELECT 1 FROM record"))

    def saved(called: str, params: Params, at: str, _: int) -> bool:
        return (called, at) == (method, phase) and len(mortal.rows("SELECT 1 FROM record")) > before

    assert a_trial_at_a_call(mortal, saved).killed


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize(("method", "number"), [("sendMessage", 1), ("editMessageText", 1), ("deleteMessages", 1)])
def test_killed_around_the_calls_that_make_and_empty_the_chat(
    mortal: Lots, method: str, number: int, phase: str
) -> None:
    """The neutral line is sent, its words are not; or the chat is emptied, and nobody has noted it."""
    seen = count(1)

    def fits(called: str, params: Params, at: str, _: int) -> bool:
        return (called, at) == (method, phase) and next(seen) == number

    assert a_trial_at_a_call(mortal, fits).killed


@pytest.mark.parametrize(("at", "phase"), [(2, "after"), (3, "before"), (5, "after"), (8, "before")])
def test_killed_at_a_transaction(mortal: Lots, at: int, phase: str) -> None:
    assert a_trial_at_a_transaction(mortal, at, phase)


# ── the whole ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.kill
def test_killed_at_every_call_of_the_bot_api(mortal: Lots, stride: int, counted: Callable[[str], None]) -> None:
    killed = 0
    for number in count(1, stride):
        if not a_trial_at_a_call(mortal, lambda *call, number=number: call[3] == number).killed:
            break
        killed += 1
    counted(f"{killed} kills, one at each side of every call of a talk")
    assert killed >= 20 // stride


@pytest.mark.kill
@pytest.mark.parametrize("phase", ["before", "after"])
def test_killed_at_every_transaction(mortal: Lots, phase: str, stride: int, counted: Callable[[str], None]) -> None:
    killed = 0
    for at in count(1, stride):
        if not a_trial_at_a_transaction(mortal, at, phase):
            break
        killed += 1
    counted(f"{killed} kills, one {phase} the COMMIT of every transaction of a talk")
    assert killed >= 8 // stride


@pytest.mark.kill
@pytest.mark.parametrize("seed", [20261123, 20261124])
def test_killed_at_random_while_several_talk(
    mortal: Lots, seed: int, stride: int, counted: Callable[[str], None]
) -> None:
    kills, talkers = 20 // stride, 5
    chance = random.Random(seed)
    people = [a_coordinator(mortal) for _ in range(talkers)]
    enough = threading.Event()
    troubles: list[BaseException] = []

    def talks(person: Coordinator) -> None:
        person.look_after = lambda: None
        try:
            while not enough.is_set():
                person.records_a_talk()
        except BaseException as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=talks, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for _ in range(kills):
        time.sleep(chance.uniform(0.0, 0.6))  # the moment is the point
        mortal.kill()
        mortal.start()
    enough.set()
    for thread in threads:
        thread.join(2 * PATIENCE)
    assert not troubles, str(troubles[0])
    for person in people:
        hold(mortal, person)
    talks_held = sum(len(person.cases) for person in people)
    repeated = sum(mortal.api.deliveries(update) > 1 for update in range(500_000_000, 500_000_000 + 20 * talks_held))
    counted(f"{kills} kills, {talkers} people, {talks_held} talks, {repeated} updates delivered again")
    assert talks_held > talkers
