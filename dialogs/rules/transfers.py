"""What has been handed over to the case system; what changes it later leaves a notice there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from dialogs.records import CorrectionNotice, Entry, Transferred


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


def notice_of(entry: Entry, because: Literal["withdrawn", "mistaken", "corrected"]) -> CorrectionNotice:
    """CON-5, CON-13, MOT-4: what was handed over no longer holds; the next bundle names the record it changes.

    :param entry: the record that was handed over.
    :param because: why it no longer holds.
    :returns: the notice, to be written after what changed it.
    """
    return CorrectionNotice(case=entry.record.case, changes=entry.id, about_day=the_day_of(entry), because=because)
