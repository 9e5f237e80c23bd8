"""What is kept: a frozen dataclass a kind; what is kept, exported and noted are one thing."""

from dialogs.records.access import AccessEnded, AccessGiven, PersonRef
from dialogs.records.base import BadRecord, CaseRef, Coded, Entry, Part, Record, RecordRef
from dialogs.records.cases import CaseClosed, CaseFact, CaseOpened, CaseReopened
from dialogs.records.consents import (
    ConsentAsked,
    ConsentCorrected,
    ConsentWithdrawn,
    CopySettled,
    DisclosureMade,
    GiverAnswers,
    PartyAnswer,
)
from dialogs.records.talks import Corrected, TalkHeld
from dialogs.records.threats import (
    ExitPrerequisites,
    HandoverTold,
    ReferralAnswered,
    ReferralSent,
    StaffThreat,
    ThreatInputs,
    ThreatTriaged,
)
from dialogs.records.transfers import CorrectionNotice, Declined, DeclineReason, DeclineSettled, Received, Transferred

__all__ = [
    "AccessEnded",
    "AccessGiven",
    "BadRecord",
    "CaseClosed",
    "CaseFact",
    "CaseOpened",
    "CaseRef",
    "CaseReopened",
    "Coded",
    "ConsentAsked",
    "ConsentCorrected",
    "ConsentWithdrawn",
    "CopySettled",
    "Corrected",
    "CorrectionNotice",
    "DeclineReason",
    "DeclineSettled",
    "Declined",
    "DisclosureMade",
    "Entry",
    "ExitPrerequisites",
    "GiverAnswers",
    "HandoverTold",
    "Part",
    "PartyAnswer",
    "PersonRef",
    "Received",
    "Record",
    "RecordRef",
    "ReferralAnswered",
    "ReferralSent",
    "StaffThreat",
    "TalkHeld",
    "ThreatInputs",
    "ThreatTriaged",
    "Transferred",
]
