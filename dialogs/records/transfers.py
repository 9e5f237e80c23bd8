"""Records of what has been handed over to the case system, and of what must be put right there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from dialogs.records.base import Coded, Record, RecordRef
from dialogs.records.consents import Giver, InfoKind


@dataclass(frozen=True, kw_only=True)
class Transferred(Record):
    """Records of a case were handed over in a bundle; what changes them later needs a notice."""

    kind: ClassVar[str] = "transferred"
    bookkeeping: ClassVar[bool] = True

    bundle: int
    records: tuple[RecordRef, ...]


@dataclass(frozen=True, kw_only=True)
class Received(Record):
    """The receiver has opened a bundle with records of this case, and its receipt has come."""

    kind: ClassVar[str] = "received"
    bookkeeping: ClassVar[bool] = True

    bundle: int


DeclineReason = Literal["unknown_case", "not_ours", "duplicate", "incomplete", "unreadable", "other"]


@dataclass(frozen=True, kw_only=True)
class Declined(Record):
    """The receiver opened a bundle and declined one record of it: something is to be done here."""

    kind: ClassVar[str] = "declined"
    bookkeeping: ClassVar[bool] = True

    bundle: int
    record: RecordRef
    reason: DeclineReason


@dataclass(frozen=True, kw_only=True)
class DeclineSettled(Record):
    """What was done about a record that the receiver declined; the next bundle tells the receiver."""

    kind: ClassVar[str] = "decline_settled"

    record: RecordRef
    about_day: date
    outcome: Literal["ready_now", "written_there", "not_needed"]


@dataclass(frozen=True, kw_only=True)
class CorrectionNotice(Record):
    """What was handed over no longer holds: the next bundle names the record it changes."""

    kind: ClassVar[str] = "correction_notice"

    changes: RecordRef
    about_day: date
    giver: Giver | None = None
    parties: tuple[Coded, ...] = ()
    kinds: tuple[InfoKind, ...] = ()
    measure: Literal["withdrawn"] | None = None
    because: Literal["withdrawn", "mistaken", "corrected"]
