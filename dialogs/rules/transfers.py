"""What has been handed over to the case system, how far it has come, and when it may be forgotten here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

from dialogs.policy import Policy
from dialogs.records import (
    CaseClosed,
    Corrected,
    CorrectionNotice,
    Declined,
    DeclineSettled,
    Entry,
    Received,
    Transferred,
)
from dialogs.records.consents import Giver, InfoKind
from dialogs.rules.cases import a_case_is_closed

RecordState = Literal["ready", "transferred", "declined", "received"]
"""How far a record has come: klar, överförd, avvisad, kvitterad. A draft is no record, and a purged one is not here."""

WhyItStays = Literal["open", "not_transferred", "not_received", "declined"]
"""Why nobody can say yet when a case may be purged."""


@dataclass(frozen=True, kw_only=True)
class DeclinedRecord:
    """A record that the receiver declined, and that nobody has settled.

    :ivar entry: the receiver's no, with its reason.
    :ivar about: the record that was declined.
    """

    entry: Entry
    about: Entry

    @property
    def said(self) -> Declined:
        """What the receiver said."""
        if not isinstance(self.entry.record, Declined):
            raise TypeError(f"{self.entry.record.kind} declines nothing")
        return self.entry.record


@dataclass(frozen=True, kw_only=True)
class Retention:
    """When a case may be purged.

    :ivar on: the earliest day; ``None`` while something is missing.
    :ivar why: what is missing; ``None`` where the day is known.
    """

    on: date | None
    why: WhyItStays | None


class _HandOver:
    """What a case's bookkeeping says, read once."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.bundle_of: dict[str, int] = {}
        self.receipt_of: dict[int, date] = {}
        self.declined: dict[str, Entry] = {}
        self.settled_by: dict[str, str] = {}
        for entry in entries:
            match entry.record:
                case Transferred(bundle=bundle, records=records):
                    self.bundle_of |= dict.fromkeys(records, bundle)
                case Received(bundle=bundle):
                    self.receipt_of.setdefault(bundle, entry.said_on)
                case Declined(record=about):
                    self.declined[about] = entry
                case DeclineSettled(record=about):
                    self.settled_by[about] = entry.id

    @cached_property
    def told(self) -> list[Entry]:
        """What is more than bookkeeping: only that must reach the case system."""
        return [entry for entry in self.entries if not entry.record.bookkeeping]

    def received_on(self, id_: str) -> date | None:
        """See :func:`received_on`. A settlement can be declined in its turn, so it is followed to the last one."""
        while id_ in self.declined:
            if id_ not in self.settled_by:
                return None
            id_ = self.settled_by[id_]
        bundle = self.bundle_of.get(id_)
        return None if bundle is None else self.receipt_of.get(bundle)

    def state_of(self, id_: str) -> RecordState:
        """See :func:`state_of`."""
        if id_ in self.declined and id_ not in self.settled_by:
            return "declined"
        if id_ not in self.bundle_of:
            return "ready"
        return "transferred" if self.received_on(id_) is None else "received"


def what_was_transferred(entries: Sequence[Entry]) -> frozenset[str]:
    """The records of a case that were handed over in a bundle, whatever the receiver then said of them.

    They count from when the bundle is begun, so that what changes while it is being written is not lost (CON-5).

    :param entries: the case's records, oldest first.
    :returns: ids of records.
    """
    return frozenset(_HandOver(entries).bundle_of)


def state_of(entry: Entry, entries: Sequence[Entry]) -> RecordState:
    """How far a record has come on its way to the case system (design 8: computed, never stored).

    A declined record that has been settled is on its way again, and is received when its settlement is.

    :param entry: a record of the case that is more than bookkeeping.
    :param entries: the case's records, oldest first.
    :returns: the state. Bookkeeping travels beside the others and is never waited for: it is always ``ready``.
    """
    return _HandOver(entries).state_of(entry.id)


def states_of(entries: Sequence[Entry]) -> dict[str, RecordState]:
    """How far each record of a case has come, as :func:`state_of` says it of one.

    :param entries: the case's records, oldest first.
    :returns: the state by the record's id, oldest first; bookkeeping has none.
    """
    held = _HandOver(entries)
    return {entry.id: held.state_of(entry.id) for entry in held.told}


def received_on(entry: Entry, entries: Sequence[Entry]) -> date | None:
    """The day on which a record was known to be in the case system.

    :param entry: a record of the case.
    :param entries: the case's records, oldest first.
    :returns: the day its receipt was recorded; for a settled decline that of the settlement's own receipt. ``None``
        before that.
    """
    return _HandOver(entries).received_on(entry.id)


def what_was_declined(entries: Sequence[Entry]) -> list[DeclinedRecord]:
    """What the receiver declined and nobody has settled: something is to be done here.

    :param entries: the case's records, oldest first.
    :returns: in the order in which they were declined.
    """
    held = _HandOver(entries)
    by_id = {entry.id: entry for entry in entries}
    return [
        DeclinedRecord(entry=entry, about=by_id[about])
        for about, entry in held.declined.items()
        if about not in held.settled_by and about in by_id
    ]


def when_a_case_may_be_purged(entries: Sequence[Entry], policy: Policy) -> Retention:
    """A case is forgotten here when it has been closed, and all of it received, for as long as the policy says.

    What is in Lots may go only because it stands in the case system, where chapter 16 of the Social Services Act
    (2025:400) says how long it is kept; until its receipt has come it may exist nowhere else. An open case keeps
    everything, since people work by its consents, its refusals and its threats. A whole case goes at once, so one
    record that is on its way keeps the others (design 8). What is kept apart is nobody's case and is never closed.

    :param entries: the records of one code, oldest first.
    :param policy: how many days it must have been closed and received.
    :returns: the earliest day, or what is missing: first that the case is open, then a no that nobody has settled, then
        what no bundle holds, then a receipt that has not come.
    :raises ValueError: there is nothing but bookkeeping, so there is nothing to purge or to keep.
    """
    held = _HandOver(entries)
    if not held.told:
        raise ValueError("a code without records has no day on which it may be purged")
    kept_apart = all(entry.record.apart for entry in held.told)
    if not kept_apart and not a_case_is_closed(entries):
        return Retention(on=None, why="open")
    states = {held.state_of(entry.id) for entry in held.told}
    missing: tuple[tuple[RecordState, WhyItStays], ...] = (
        ("declined", "declined"),
        ("ready", "not_transferred"),
        ("transferred", "not_received"),
    )
    for state, why in missing:
        if state in states:
            return Retention(on=None, why=why)
    days = [day for entry in held.told if (day := held.received_on(entry.id)) is not None]
    days += [entry.said_on for entry in held.told if isinstance(entry.record, CaseClosed)]
    return Retention(on=max(days) + timedelta(days=policy.purge_after_days), why=None)


def the_day_of(entry: Entry) -> date:
    """The day a record is about, by which a reader knows it.

    :param entry: the record.
    :returns: the day it happened, or was written where the kind knows no other. A correction is known by its talk's.
    """
    if isinstance(entry.record, Corrected):
        return entry.record.talk_on
    return entry.record.happened_on or entry.said_on


def notice_of(
    entry: Entry,
    because: Literal["withdrawn", "mistaken", "corrected"],
    *,
    giver: Giver | None = None,
    parties: tuple[str, ...] = (),
    kinds: tuple[InfoKind, ...] = (),
    measure: bool = False,
) -> CorrectionNotice:
    """CON-5, CON-13, MOT-4: what was handed over no longer holds; the next bundle names the record it changes.

    :param entry: the record that was handed over.
    :param because: why it no longer holds.
    :param giver: whose answers it is about; ``None`` for all of them, or where it is no consent.
    :param parties: the parties it is about; none where it is the whole of it, or the measure.
    :param kinds: the kinds of information; none where it is all of them.
    :param measure: whether the consent to the measure was taken back.
    :returns: the notice, to be written after what changed it.
    """
    return CorrectionNotice(
        case=entry.record.case,
        changes=entry.id,
        about_day=the_day_of(entry),
        giver=giver,
        parties=parties,
        kinds=kinds,
        measure="withdrawn" if measure else None,
        because=because,
    )
