"""Reminders: what waits after a threat in somebody's cases, told when it is time, until it is done (THR-9).

What is due is computed from the records; only that somebody has been told is stored. A chat that is shut, and a
doorbell, only say that there is a reminder; what it is about stands where the person is let in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.limits import CLOCK_STEPS
from bot.logs import tell_fault
from bot.looks import REMINDER_PAGE
from bot.pages import COMMAND, in_case
from dialogs.model import Dialog
from dialogs.records import Entry
from dialogs.rules.access import who_is_in
from dialogs.rules.referrals import Step
from dialogs.rules.reminders import Reminder, what_to_remind_of
from dialogs.texts import Text, Verbatim, Words
from dialogs.texts import mark as _
from dialogs.threat_words import CALL_112, step_words
from state.errors import StoreError
from state.people import Person
from state.screen import Button

if TYPE_CHECKING:
    from bot.desk import Desk

CASES_NAMED = 3
"""How many cases a reminder tells of; a message must be read at a glance."""

_DONE_IN: Mapping[str, str] = {
    "ring_meanwhile": "remiss",
    "send": "remiss",
    "ask": "remiss",
    "triage_again": "hotbild",
}
"""The dialog in which each step is done."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A reminder in its case.

    :ivar case: the case's code.
    :ivar reminder: what waits, and since when somebody is to be told.
    """

    case: str
    reminder: Reminder

    @property
    def step(self) -> Step:
        """What is to be done."""
        return self.reminder.step


Due = tuple[Waiting, Mapping[str, Entry]]
"""What waits in a case, and who is in that case."""


class Reminders:
    """Knows what waits for whom.

    :param desk: knows the store, the rules' numbers and who gets at which case.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.store

    def of(self, person: Person, now: datetime) -> list[Waiting]:
        """What waits for somebody and is to be told, whether they have been told before or not.

        :param person: who.
        :param now: the time.
        :returns: what waits in the cases they get at, what is due first first.
        """
        return self._theirs(person, self._due(now)) if person.may_open_cases else []

    def _theirs(self, person: Person, due: Sequence[Due]) -> list[Waiting]:
        found = [waiting for waiting, inside in due if person.id in inside]
        mine = [waiting for waiting in found if self._desk.may_see(person, waiting.case)]
        return sorted(mine, key=lambda waiting: waiting.step.by)

    def to_tell(self, channel: str, now: datetime) -> Iterator[tuple[Person, list[Waiting]]]:
        """Whom to tell now; whoever is given is kept as told. Inside a transaction.

        Who was told later than now was told before the clock was put back, and is told once more.

        :param channel: whose people.
        :param now: the time.
        :returns: people and everything that waits for them, where something of it is to be told now.
        """
        due = self._due(now)
        self._store.forget_reminded({waiting.step.entry.id for waiting, _inside in due})
        if not due:
            return
        concerned = {person for _waiting, inside in due for person in inside}
        for person in self._store.people(channel):
            if person.id not in concerned:
                continue
            ahead = now.timestamp() + CLOCK_STEPS
            told = {key: at for key, at in self._store.reminded(person.id).items() if at <= ahead}
            waiting = self._theirs(person, due)
            if any(one.reminder.since.timestamp() > told.get(_key(one), 0.0) for one in waiting):
                self.told(person, waiting, now)
                yield person, waiting

    def told(self, person: Person, waiting: Sequence[Waiting], now: datetime) -> None:
        """Keep that somebody is told, so that they are not told again before it is time. Inside a transaction.

        :param person: who.
        :param waiting: what waits for them.
        :param now: the time.
        """
        self._store.remind(person.id, [_key(one) for one in waiting], now)

    def words(self, person: Person, waiting: Sequence[Waiting], now: datetime) -> list[Words]:
        """What somebody is told of what waits, and that they are is kept in the access log. Inside a transaction.

        :param person: who.
        :param waiting: what waits for them.
        :param now: the time.
        :returns: lines, what is due first first; none where nothing waits.
        """
        if not waiting:
            return []
        cases = list(dict.fromkeys(one.case for one in waiting))
        lines: list[Words] = []
        for case in cases[:CASES_NAMED]:
            self._desk.looks.looked(person, case, REMINDER_PAGE, now)
            lines.append(Text(_("Påminnelse om ärende {case}."), case=Verbatim(case)))
            lines += [step_words(one.step, now) for one in waiting if one.case == case]
        if (more := len(cases) - CASES_NAMED) > 0:
            lines.append(Text(_("Fler ärenden där något väntar: {number}."), number=more))
        return [*lines, CALL_112]

    def buttons(self, person: Person, waiting: Sequence[Waiting]) -> list[Button]:
        """What can be done about what waits.

        :param person: who.
        :param waiting: what waits for them.
        :returns: a button for each dialog in each case that is named; where there are several, they name the case.
        """
        by_id: Mapping[str, Dialog] = {dialog.id: dialog for dialog in self._desk.dialogs}
        cases = list(dict.fromkeys(one.case for one in waiting))[:CASES_NAMED]
        wanted = dict.fromkeys((one.case, _DONE_IN[one.step.kind]) for one in waiting if one.case in cases)
        found = []
        for case, id_ in wanted:
            if (dialog := by_id.get(id_)) is not None:
                named = case if len(cases) > 1 else None
                found.append(Button(in_case(dialog, named, person.language), f"{COMMAND}{dialog.command} {case}"))
        return found

    def _due(self, now: datetime) -> list[Due]:
        """Everything that waits, and who is in its case; what is kept apart is no case."""
        found: list[Due] = []
        for case in self._store.cases_with_a_threat():
            try:
                entries = self._store.entries(case)
                reminders = what_to_remind_of(entries, now, self._desk.policy)
            except StoreError:
                raise
            except Exception as fault:  # noqa: BLE001 - one case that cannot be read must not keep the others back
                tell_fault(fault)
                continue
            if reminders:
                inside = who_is_in(entries)
                found += [(Waiting(case=case, reminder=one), inside) for one in reminders]
        return found


def _key(waiting: Waiting) -> tuple[str, str]:
    return waiting.step.entry.id, waiting.step.kind
