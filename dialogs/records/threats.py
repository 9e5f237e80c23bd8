"""Records of threat: what was triaged to whom, what became of the referral, and threats against staff.

A triage holds everything that it rests on (inputs, the table's version, the rows, the clock, the list of contacts), so
that "Varför?" can be answered a year later, whatever the table says by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal

from dialogs.records.base import Coded, Part, Record, RecordRef

Urgency = Literal["plan", "next_working_day", "today", "now", "112"]
"""How fast, the least first (THR-12)."""

Receiver = Literal["case_officer", "exit_coordinator", "bops", "central_unit"]
"""Who, the lowest first (THR-12)."""

Known = Literal["yes", "no", "unknown"]

Raised = Literal["urgency", "receiver"]

Told = Literal["case_officer", "exit_coordinator", "bops", "central_unit", "manager", "police"]
"""Those whom a hand-over needs (THR-9): the receivers, the coordinator's manager and the local police."""

WhyRaised = Literal["worse_than_it_seems", "violence_before", "afraid", "weapons", "heard_more", "other"]

WhyDeclined = Literal["wrong_receiver", "outside_target_group", "no_consent", "too_low", "more_needed", "other"]


@dataclass(frozen=True, kw_only=True)
class ThreatInputs(Part):
    """What a triage was computed from; what was not asked on the way is left out."""

    danger: Known
    concerns: Literal["subject", "family", "both", "unknown"]
    age: Literal["minor", "below_limit", "old_enough", "unknown"]
    home: Known
    children: Known
    told: Known
    consent: Literal["covered", "not_covered"]
    unit_consent: Literal["covered", "not_covered"]
    exit: Literal["not_asked", "waiting", "no_protection", "protection", "cannot_stay", "unknown"]
    bops: Literal["not_asked", "waiting", "high", "not_high", "unknown"] | None = None
    move: Known | None = None


@dataclass(frozen=True, kw_only=True)
class ThreatTriaged(Record):
    """A threat was triaged: whom to contact, how fast, and why (THR-0 … THR-16)."""

    kind: ClassVar[str] = "threat_triaged"

    triaged_at: datetime
    table: Coded
    inputs: ThreatInputs
    age_limit: int
    path: Literal["open", "closed"]
    police_area: Coded | None = None
    rows: tuple[Coded, ...]
    rules: tuple[Coded, ...]
    acts: tuple[Coded, ...]
    urgency: Urgency
    receiver: Receiver
    raised: Raised | None = None
    reason: WhyRaised | None = None
    due_at: datetime
    first_due_at: datetime | None = None
    contacts: Coded

    @property
    def happened_on(self) -> date:
        """The day of the triage."""
        return self.triaged_at.date()


@dataclass(frozen=True, kw_only=True)
class ReferralSent(Record):
    """A referral was sent; the table's version and rows stand beside it, so that figures can be made of each row."""

    kind: ClassVar[str] = "referral_sent"

    triage: RecordRef
    sent_on: date
    receiver: Receiver
    urgency: Urgency
    raised: Raised | None = None
    table: Coded
    rows: tuple[Coded, ...]
    police_form: Known | None = None
    measures: Known | None = None
    answer_by: datetime

    @property
    def happened_on(self) -> date:
        """The day it was sent."""
        return self.sent_on


@dataclass(frozen=True, kw_only=True)
class ReferralAnswered(Record):
    """What became of a referral; ``silent`` is that nobody has answered, and leaves it open."""

    kind: ClassVar[str] = "referral_answered"

    referral: RecordRef
    answered_on: date
    answer: Literal["received", "declined", "silent"]
    reason: WhyDeclined | None = None
    receiver: Receiver
    urgency: Urgency
    raised: Raised | None = None
    table: Coded
    rows: tuple[Coded, ...]
    answer_by: datetime | None = None

    @property
    def happened_on(self) -> date:
        """The day it was answered, or asked after."""
        return self.answered_on


@dataclass(frozen=True, kw_only=True)
class HandoverTold(Record):
    """Who has been told of a threat, beside the referral itself (THR-9); a later one adds to those before."""

    kind: ClassVar[str] = "handover_told"

    triage: RecordRef
    told: tuple[Told, ...]
    told_on: date

    @property
    def happened_on(self) -> date:
        """The day they were told."""
        return self.told_on


@dataclass(frozen=True, kw_only=True)
class ExitPrerequisites(Record):
    """Whether the police's form and decided measures are there before a referral to exit work is sent (CON-14)."""

    kind: ClassVar[str] = "exit_prerequisites"

    triage: RecordRef
    police_form: Known | None = None
    measures: Known | None = None


@dataclass(frozen=True, kw_only=True)
class StaffThreat(Record):
    """A threat or violence against staff (THR-8), under a code of its own that is no young person's case."""

    kind: ClassVar[str] = "staff_threat"
    apart: ClassVar[bool] = True

    reported_at: datetime
    danger: Known
    against: Literal["self", "colleague", "both", "unknown"]
    manager: Known
    police: Known
    routine: Known
    sig: Literal["goes_on", "paused", "ends", "not_decided", "unknown"]

    @property
    def happened_on(self) -> date:
        """The day it was reported."""
        return self.reported_at.date()
