"""Records of consent to lift secrecy and to the measure: asked, withdrawn, mistaken; copies, and what was disclosed.

The two consents are kept apart (``domain.md`` 3): a :class:`PartyAnswer` is about secrecy towards one party,
``measure`` is about SIG itself. What is in force is computed from these (:mod:`dialogs.rules.consents`), never stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from dialogs.records.base import Coded, Part, Record, RecordRef

Giver = Literal["subject", "guardian_1", "guardian_2", "parent_1", "parent_2"]
"""Who answers: the person, the guardians of a minor one by one, parents of an adult with the person's permission."""

Answer = Literal["given", "refused", "thinking", "not_reached"]
"""What was answered about a party; a party that was not asked about has no line (CON-13)."""

InfoKind = Literal["planning", "situation", "occupation", "crime", "safety", "health", "substance", "family"]
"""The kinds of information a consent names (CON-3)."""

Direction = Literal["to", "from", "both"]
"""Whether information may be given to the party, taken in from it, or both."""

How = Literal["meeting", "telephone", "writing", "e_id"]
"""How it was said: orally at a meeting, by telephone, in writing, or with e-legitimation."""

Explained = Literal["voluntary", "what", "to_whom", "what_a_no_means", "withdrawal", "law_may_require"]
"""What a giver was told before answering (``law.md`` 4.3)."""

CopyOutcome = Literal["handed_over", "kept", "declined", "not_safe", "owed", "unknown"]
"""What became of the giver's copy (CON-4); ``unknown`` is that nobody knows whether it is safe: then there is none."""


@dataclass(frozen=True, kw_only=True)
class PartyAnswer(Part):
    """What one giver answered about one party."""

    party: Coded
    answer: Answer
    kinds: tuple[InfoKind, ...] = ()
    direction: Direction | None = None


@dataclass(frozen=True, kw_only=True)
class GiverAnswers(Part):
    """What one giver answered, and how it was asked."""

    giver: Giver
    lines: tuple[PartyAnswer, ...] = ()
    measure: Literal["given", "refused", "thinking"] | None = None
    how: How | None = None
    interpreter: Literal["yes", "no"] | None = None
    explained: tuple[Explained, ...] = ()
    copy: CopyOutcome | None = None


@dataclass(frozen=True, kw_only=True)
class ConsentAsked(Record):
    """Consent was asked for: who answered what about which party (CON-3), and what that rests on (CON-7)."""

    kind: ClassVar[str] = "consent_asked"

    asked_on: date
    valid_until: date | None = None
    age_group: Literal["under_12", "12_14", "15_17", "18_20", "21_29", "unknown"]
    custody: Literal["one", "two", "specially_appointed", "god_man", "unknown"] | None = None
    maturity_assessed: Literal["yes", "no"] | None = None
    disposes: Literal["together", "alone", "unknown"] | None = None
    guardian_allowed: Literal["yes", "no"] | None = None
    harm: Literal["yes", "no", "unknown"] | None = None
    givers: tuple[GiverAnswers, ...]

    @property
    def happened_on(self) -> date:
        """The day of the answers."""
        return self.asked_on

    def answers_of(self, giver: str) -> GiverAnswers | None:
        """What one giver answered.

        :param giver: one of :data:`Giver`.
        :returns: the answers, or ``None`` where the giver was not asked then.
        """
        return next((answers for answers in self.givers if answers.giver == giver), None)


@dataclass(frozen=True, kw_only=True)
class ConsentWithdrawn(Record):
    """A giver took consent back, wholly or partly (CON-5)."""

    kind: ClassVar[str] = "consent_withdrawn"

    withdrawn_on: date
    giver: Giver
    parties: tuple[Coded, ...] = ()
    kinds: tuple[InfoKind, ...] = ()
    measure: Literal["withdrawn"] | None = None
    needed: Literal["yes", "no"] | None = None
    how: How
    pressed: Literal["yes", "no", "unknown"] | None = None

    @property
    def happened_on(self) -> date:
        """The day it was taken back."""
        return self.withdrawn_on


@dataclass(frozen=True, kw_only=True)
class ConsentCorrected(Record):
    """What was written of a consent was mistaken; the record it is about stays as it was written (CON-13)."""

    kind: ClassVar[str] = "consent_corrected"

    corrects: RecordRef
    about_day: date
    giver: Giver | None = None
    reason: Literal["mistyped", "wrong_case", "written_twice", "learned_later", "other"]


@dataclass(frozen=True, kw_only=True)
class CopySettled(Record):
    """A copy that was owed is settled (CON-4)."""

    kind: ClassVar[str] = "copy_settled"

    consent: RecordRef
    about_day: date
    giver: Giver
    outcome: Literal["handed_over", "kept", "declined", "not_safe"]


@dataclass(frozen=True, kw_only=True)
class ConditionAnswer(Part):
    """What was answered about one condition of a basis (CON-12)."""

    condition: Coded
    answer: Literal["yes", "no", "unknown"]


@dataclass(frozen=True, kw_only=True)
class DisclosureMade(Record):
    """Information was given to a party, and on which basis (CON-12)."""

    kind: ClassVar[str] = "disclosure_made"

    disclosed_on: date
    party: Coded
    info: Literal["planning", "situation", "occupation", "crime", "safety", "health", "substance", "family", "contact"]
    basis: Coded
    consent: RecordRef | None = None
    consented_on: date | None = None
    text_read_on: date | None = None
    conditions: tuple[ConditionAnswer, ...] = ()

    @property
    def happened_on(self) -> date:
        """The day it was given."""
        return self.disclosed_on
