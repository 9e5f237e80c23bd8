"""Records of motivational talks, and of what was corrected in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, Literal

from dialogs.records.base import Record, RecordRef


@dataclass(frozen=True, kw_only=True)
class TalkHeld(Record):
    """A motivational talk that was held, missed or cancelled (MOT-5)."""

    kind: ClassVar[str] = "talk_held"

    held: Literal["yes", "missed", "cancelled"]
    occurred_on: date
    mode: Literal["meeting", "telephone", "video"] | None = None
    held_by: Literal["self", "colleague", "both"] | None = None
    assessment: Literal["continue", "motivated", "not_motivated"] | None = None
    reason: (
        Literal[
            "more_time",
            "wants_to_know_more",
            "trust_first",
            "wants_to_leave",
            "keeps_appointments",
            "takes_steps",
            "not_now",
            "does_not_come",
            "no_to_the_police",
            "other",
        ]
        | None
    ) = None

    @property
    def happened_on(self) -> date:
        """The day of the talk."""
        return self.occurred_on


@dataclass(frozen=True, kw_only=True)
class Corrected(Record):
    """A talk was corrected, or a correction taken back; the record it is about stays as it was written (MOT-4)."""

    kind: ClassVar[str] = "corrected"

    corrects: RecordRef
    change: Literal["taken_away", "day", "held", "mode", "held_by", "assessment", "undo"]
    reason: Literal["mistyped", "wrong_case", "written_twice", "learned_later", "other"]
    talk_on: date
    occurred_on: date | None = None
    held: Literal["yes", "missed", "cancelled"] | None = None
    mode: Literal["meeting", "telephone", "video"] | None = None
    held_by: Literal["self", "colleague", "both"] | None = None
    assessment: Literal["continue", "motivated", "not_motivated", "none"] | None = None

    def applied_to(self, talk: TalkHeld) -> TalkHeld | None:
        """The talk as it reads after this correction.

        How a talk was held, by whom, and what it showed can only be said of a talk that stands as held (MOT-5):
        when the correction that made it held is taken back, those of its parts have nothing to say.

        :param talk: the talk as it stood.
        :returns: the talk as it stands; ``None`` where it was taken away.
        """
        match self.change:
            case "taken_away":
                return None
            case "day":
                return replace(talk, occurred_on=self.occurred_on or talk.occurred_on)
            case "held":
                return self._held_or_not(talk)
            case "mode" if talk.held == "yes":
                return replace(talk, mode=self.mode or talk.mode)
            case "held_by" if talk.held == "yes":
                return replace(talk, held_by=self.held_by or talk.held_by)
            case "assessment" if talk.held == "yes":
                return replace(talk, assessment=None if self.assessment == "none" else self.assessment, reason=None)
            case _:
                return talk

    def _held_or_not(self, talk: TalkHeld) -> TalkHeld:
        held, day = self.held or talk.held, self.occurred_on or talk.occurred_on
        if held != "yes":
            return TalkHeld(case=talk.case, held=held, occurred_on=day)
        return replace(
            talk, held=held, occurred_on=day, mode=self.mode or talk.mode, held_by=self.held_by or talk.held_by
        )
