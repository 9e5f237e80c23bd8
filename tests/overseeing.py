"""Watches a talk from outside: whatever of a case is shown to a person must stand in the access log.

Two ways, neither of which knows where the log is written. What a screen says is read as the person reads it: a code in
its words or on a button that says more than the code, and the case of its dialog. And whatever case's records were
read through the person's world, or shown as a text, while the screens were made: what was not read cannot be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.desk import Desk
from bot.pages import Pages
from bot.transcripts import Line, Player
from bot.turn import Turn
from dialogs.model import World
from dialogs.records import Entry
from state.people import Person
from state.records import Envelope
from state.screen import Screen

CODE = re.compile(r"\bÖ[2-9A-Z]{2}-[2-9A-Z]{3}\b")


@dataclass
class Watched:
    """What was shown to whom.

    :ivar shown: how many times something of a case was shown to somebody.
    :ivar missing: what stands in no row: (what was done, page, case).
    """

    shown: int = 0
    missing: list[tuple[str, str]] = field(default_factory=list)
    now: list[tuple[Person, set[str]]] = field(default_factory=list)

    def of(self, person: Person) -> set[str]:
        """The cases that are being shown to somebody."""
        for one, cases in self.now:
            if one.id == person.id:
                return cases
        self.now.append((person, set()))
        return self.now[-1][1]


def said_on(screen: Screen) -> set[str]:
    """The cases that a screen names; a button that says the code and nothing more is there to be chosen by."""
    found = set(CODE.findall(screen.text))
    for button in screen.buttons:
        if not CODE.fullmatch(button.label):
            found |= set(CODE.findall(f"{button.label} {button.value} {button.copy or ''}"))
    return found


@contextmanager
def everybody(watched: Watched) -> Iterator[None]:
    """Watch what turns show, what they read, and what the log says after each line of a transcript."""
    world, shows, record, act = Desk.world, Turn._show, Pages._record_here, Player._act

    def watched_world(self: Desk, person: Person, now: datetime, opened_at: datetime | None = None) -> World:
        held = world(self, person, now, opened_at)

        def entries(code: str) -> Sequence[Entry]:
            found = held.entries(code)
            if found:
                watched.of(person).add(code)
            return found

        return replace(held, entries=entries)

    def watched_record(self: Pages, record_id: str) -> Envelope | None:
        found = record(self, record_id)
        if found is not None:
            watched.of(self._person).add(found.record.case)
        return found

    def watched_show(self: Turn, screen: Screen, *arguments: Any, **named: Any) -> None:
        cases = watched.of(self._person)
        cases |= said_on(screen)
        case = self._store._row("SELECT case_code FROM session WHERE id = ?", screen.session)
        cases |= set() if case is None or case[0] is None else {case[0]}
        shows(self, screen, *arguments, **named)

    def watched_act(self: Player, line: Line) -> list[Screen]:
        watched.now.clear()
        came = act(self, line)
        if not watched.now:
            return came  # nobody was shown anything
        store, at = self._the_store(), self._clock
        for person, cases in watched.now:
            rows = list(store.access(person=person.id, since=at - timedelta(minutes=10)))
            seen = {row.mark for row in rows if row.what in ("looked", "changed")}
            reviews = any(row.what == "log" for row in rows)
            for case in sorted(case for case in cases if store.case_exists(case)):
                watched.shown += 1
                if store.mark(case) not in seen and not reviews:
                    watched.missing.append((f"{line.word} {line.rest}", case))
        return came

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Desk, "world", watched_world)
        patch.setattr(Turn, "_show", watched_show)
        patch.setattr(Pages, "_record_here", watched_record)
        patch.setattr(Player, "_act", watched_act)
        yield
