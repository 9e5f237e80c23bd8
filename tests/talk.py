"""A world to be in, and a way to talk: dialogs tried without a desk, a channel or a clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from dialogs import case_code
from dialogs.model import Dialog, World
from dialogs.policy import Policy
from dialogs.records import Entry, Record
from dialogs.rules.cases import a_case_is_closed
from dialogs.texts import say
from state.events import Event, SessionCompleted
from state.screen import Screen
from state.session import Engine, Session, Step
from state.store import Store

STOCKHOLM = ZoneInfo("Europe/Stockholm")
MONDAY = datetime(2026, 11, 23, 14, 5, tzinfo=STOCKHOLM)

OURS, OURS_TOO, THEIRS, FREE, NEW = (case_code.draw(True, Random(seed).choice) for seed in range(5))
"""Codes of practice: two of our district's cases, another district's, one of no case, and the next to be drawn."""
REAL = case_code.draw(False, Random(5).choice)


@dataclass(frozen=True)
class Kept:
    """A record on the shelf, as much of it as a dialog sees."""

    record: Record
    author: str = "p-me"
    id: str = ""
    said_on: date = date(2026, 11, 23)
    recorded_at: str = "2026-11-23T08:00:00+00:00"


Shelf = Mapping[str, Sequence[Entry]]


def a_world(
    *,
    shelf: Shelf | None = None,
    now: datetime = MONDAY,
    opened_on: date | None = None,
    language: str = "sv",
    practice: bool = True,
    policy: Policy | None = None,
    person: str = "p-me",
    draw: Callable[[], str] = lambda: NEW,
    purged: Mapping[str, date] | None = None,
) -> World:
    """What is known, without a store: our two cases stand on the shelf, theirs exists, and all other codes are free."""
    ours: dict[str, Sequence[Entry]] = {OURS: (), OURS_TOO: (), **(shelf or {})}
    return World(
        now=now,
        opened_at=now if opened_on is None else datetime.combine(opened_on, now.timetz()),
        language=language,
        practice=practice,
        policy=policy or Policy(),
        person=person,
        district="Farsta",
        coordinators=lambda: (("p-me", "samordnare 1"), ("p-colleague", "ersättare 2")),
        cases=tuple(ours),
        entries=lambda code: ours.get(code, ()),
        may_see=lambda code: code in ours,
        is_closed=lambda code: a_case_is_closed(ours.get(code, ())),
        is_free=lambda code: code not in ours and code != THEIRS and code not in (purged or {}),
        purged_on=(purged or {}).get,
        draw_code=draw,
    )


def later(world: World, **passed: int) -> World:
    """The same world some time on."""
    return replace(world, now=world.now + timedelta(**passed))


class Talk:
    """One person's talk with the engine; the session is put into a store and read back at every turn.

    :ivar screen: what is shown now.
    :ivar events: what the last turn made happen.
    :ivar taps: how many buttons have been pressed.
    """

    def __init__(self, dialog: Dialog, world: World) -> None:
        self.dialog = dialog
        self.engine = Engine([dialog])
        self.world = world
        self.store = Store(None, bytes(32))
        with self.store.transaction():
            me = self.store.add_person(
                role="samordnare", district="Farsta", channel="terminal", address="1", now=world.now
            )
        self.world = replace(world, person=me.id)
        self.session: Session | None = None
        self.taps = 0
        self.happened(self.engine.start(dialog.id, "s1", self.world))

    def happened(self, step: Step) -> Talk:
        """Keep the session and read it back, as the desk does between two turns."""
        self.screen: Screen = step.screen
        self.events: tuple[Event, ...] = step.events
        with self.store.transaction():
            if step.session is None:
                self.store.end_session("s1")
            else:
                case = self.engine.case_of(step.session)
                self.store.save_session(step.session, self.world.now + timedelta(hours=24), case=case)
        self.session = self.store.session("s1")
        return self

    @property
    def held(self) -> Session:
        """The session, which has not ended."""
        assert self.session is not None
        return self.session

    @property
    def labels(self) -> list[str]:
        """The words on the buttons."""
        return [button.label for button in self.screen.buttons]

    @property
    def at(self) -> str:
        """The question that waits, or the outcome whose read-back is shown, by its id."""
        return self.engine.compiled[self.dialog.id].walk(self.held.answers, self.world).at.id

    @property
    def asks(self) -> str:
        """The last line of the screen: the question itself."""
        return self.screen.text.splitlines()[-1]

    @property
    def names(self) -> list[str]:
        """What the last turn made happen, by name."""
        return [type(event).__name__ for event in self.events]

    @property
    def kept(self) -> tuple[Record, ...]:
        """What the last turn gave to be kept."""
        return tuple(record for e in self.events if isinstance(e, SessionCompleted) for record in e.records)

    @property
    def outcome(self) -> str | None:
        """The outcome that the last turn ended in."""
        return next((e.outcome for e in self.events if isinstance(e, SessionCompleted)), None)

    def value_of(self, label: str) -> str:
        """What a button of the screen carries."""
        return next(button.value for button in self.screen.buttons if button.label == label)

    def presses(self, *labels: str) -> Talk:
        """Press buttons of the screens as they come."""
        for label in labels:
            value = self.value_of(label)
            self.taps += 1
            self.happened(self.engine.press(self.held, self.held.revision, value, self.world))
        return self

    def picks(self, *values: str) -> Talk:
        """Press buttons of the screens as they come, by what they mean: a test then holds when a label is reworded."""
        for value in values:
            assert value in [button.value for button in self.screen.buttons], (value, self.screen)
            self.taps += 1
            self.happened(self.engine.press(self.held, self.held.revision, value, self.world))
        return self

    def shows(self, question: str) -> str:
        """What the read-back shows of a question."""
        label = say(self.dialog.by_id[question].label, self.world.language)
        shown = [line for line in self.screen.text.splitlines() if line.startswith(f"{label}: ")]
        assert shown, (label, self.screen)
        return shown[0].removeprefix(f"{label}: ")

    def sends(self, value: str, revision: int | None = None) -> Talk:
        """Send what a button carries, whether it is on the screen or not."""
        at = self.held.revision if revision is None else revision
        return self.happened(self.engine.press(self.held, at, value, self.world))

    def says(self, *texts: str) -> Talk:
        """Type answers."""
        for text in texts:
            self.happened(self.engine.answer(self.held, text, self.world))
        return self
