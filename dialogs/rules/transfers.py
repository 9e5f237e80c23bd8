"""What has been handed over to the case system; what changes it later leaves a notice there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from dialogs.records import CorrectionNotice, Entry, Transferred
from dialogs.records.consents import Giver, InfoKind


def what_was_transferred(entries: Sequence[Entry]) -> frozenset[str]:
    """The records of a case that were handed over in a bundle.

    :param entries: the case's records, oldest first.
    :returns: ids of records.
    """
    return frozenset(id_ for entry in entries if isinstance(entry.record, Transferred) for id_ in entry.record.records)


def the_day_of(entry: Entry) -> date:
    """The day a record is about, by which a reader knows it.

    :param entry: the record.
    :returns: the day it happened, or was written where the kind knows no other.
    """
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
