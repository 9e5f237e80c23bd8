"""What taking a consent back leaves to be put right in the case system, where the yes has been handed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import get_args

from dialogs.records import ConsentAsked, ConsentWithdrawn, CorrectionNotice, Entry
from dialogs.records.consents import Giver, InfoKind
from dialogs.rules.consents import Consents
from dialogs.rules.talks import as_if_saved
from dialogs.rules.transfers import notice_of, what_was_transferred

_GIVERS: tuple[Giver, ...] = get_args(Giver)
_KINDS: tuple[InfoKind, ...] = get_args(InfoKind)
_TAKES_BACK = ("withdrawn", "refused", "thinking")


@dataclass(frozen=True, kw_only=True)
class TakenBack:
    """A yes that a new record takes back, wholly or partly.

    :ivar giver: whose.
    :ivar party: towards whom; ``None`` for the measure.
    :ivar kinds: the kinds of information that it no longer covers; none where it is all of it, or the direction.
    :ivar yes: the record that it stood in.
    """

    giver: Giver
    party: str | None
    kinds: tuple[InfoKind, ...]
    yes: Entry


def what_was_taken_back(before: Consents, after: Consents) -> list[TakenBack]:
    """CON-5: each yes that stood and no longer does, or covers less than it did.

    Less than before is a part taken back, also where it was said as a new yes. What has ended, or was a mistake, is
    not taken back; an answer of an earlier day than the yes takes nothing back.

    :param before: the consents without the new record.
    :param after: the consents with it, on the same day.
    :returns: giver by giver, the parties in the order they were first answered about, then the measure.
    """
    found = []
    for giver in _GIVERS:
        for party in before.live(giver):
            yes, kinds = before.status(giver, party).entry, _no_longer(before, after, giver, party)
            if yes is not None and kinds is not None:
                found.append(TakenBack(giver=giver, party=party, kinds=kinds, yes=yes))
        stood = before.measure(giver)
        if stood.status == "given" and stood.entry is not None and after.measure(giver).status in _TAKES_BACK:
            found.append(TakenBack(giver=giver, party=None, kinds=(), yes=stood.entry))
    return found


def _no_longer(before: Consents, after: Consents, giver: Giver, party: str) -> tuple[InfoKind, ...] | None:
    """The kinds that are no longer covered; an empty tuple for all of it, ``None`` where everything still is."""
    now = after.status(giver, party).status
    if now in _TAKES_BACK:
        return ()
    if now != "given":
        return None
    if after.direction(giver, party) not in ("both", before.direction(giver, party)):
        return ()
    lost = set(before.kinds(giver, party)) - set(after.kinds(giver, party))
    return tuple(kind for kind in _KINDS if kind in lost) or None


def the_yes_in_the_case_system(taken: TakenBack, entries: Sequence[Entry]) -> Entry | None:
    """CON-5: the record by which the case system holds that yes.

    It may have been said again since, in a record that has not left: then the one before is what stands there. The
    search ends where the giver had taken it back already, for that left a notice of its own.

    :param taken: what is taken back.
    :param entries: the case's records, oldest first.
    :returns: the latest that was handed over; ``None`` where none was.
    """
    handed, consents = what_was_transferred(entries), Consents(entries, taken.yes.said_on)
    until = next(place for place, entry in enumerate(entries) if entry.id == taken.yes.id)
    for entry in reversed(entries[: until + 1]):
        said = None if consents.is_mistaken(entry, taken.giver) else _said_in(entry, taken)
        if said in _TAKES_BACK:
            return None
        if said == "given" and entry.id in handed:
            return entry
    return None


def _said_in(entry: Entry, taken: TakenBack) -> str | None:
    """What a record says of the same giver and party, or of the measure."""
    record = entry.record
    if isinstance(record, ConsentWithdrawn) and record.giver == taken.giver and not record.kinds:
        about = record.measure is not None if taken.party is None else taken.party in record.parties
        return "withdrawn" if about else None
    if isinstance(record, ConsentAsked) and (answers := record.answers_of(taken.giver)) is not None:
        if taken.party is None:
            return answers.measure
        return next((line.answer for line in answers.lines if line.party == taken.party), None)
    return None


def notices_of_what_is_taken_back(
    entries: Sequence[Entry], change: ConsentAsked | ConsentWithdrawn, today: date
) -> list[CorrectionNotice]:
    """CON-5: a notice for each record in the case system that says a yes which is now taken back.

    :param entries: the case's records, oldest first, without the change.
    :param change: the answers, or the withdrawal, that are about to be saved.
    :param today: the day.
    :returns: one for each giver, record and scope; none for what was never handed over.
    """
    if not entries:
        return []
    about: dict[tuple[str, Giver, tuple[InfoKind, ...]], tuple[Entry, list[TakenBack]]] = {}
    for taken in what_was_taken_back(Consents(entries, today), Consents(as_if_saved(entries, change), today)):
        if (yes := the_yes_in_the_case_system(taken, entries)) is not None:
            about.setdefault((yes.id, taken.giver, taken.kinds), (yes, []))[1].append(taken)
    return [
        notice_of(
            yes,
            "withdrawn",
            giver=giver,
            parties=tuple(one.party for one in taken_back if one.party is not None),
            kinds=kinds,
            measure=any(one.party is None for one in taken_back),
        )
        for (_, giver, kinds), (yes, taken_back) in about.items()
    ]
