"""What a deployment may set: numbers and groups that no law fixes, each with the rule that names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["youth", "young_adult"]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The configured numbers, with the sources' own as defaults.

    :ivar suggest_assessment_at: the talk from which an assessment is suggested (MOT-1).
    :ivar ask_assessment_at: the talk from which an assessment is asked for (MOT-1); also the last of the usual talks.
    :ivar assessed_groups: the groups in which the number of talks leads to an assessment (MOT-1: unga vuxna).
    :ivar oldest_talk_days: how many days back a talk may lie.
    :raises ValueError: the numbers contradict each other.
    """

    suggest_assessment_at: int = 3
    ask_assessment_at: int = 5
    assessed_groups: tuple[Group, ...] = ("young_adult",)
    oldest_talk_days: int = 365

    def __post_init__(self) -> None:
        if not 1 <= self.suggest_assessment_at <= self.ask_assessment_at:
            raise ValueError(
                f"policy: suggest_assessment_at ({self.suggest_assessment_at}) must be at least 1 and not above "
                f"ask_assessment_at ({self.ask_assessment_at})"
            )
        if self.oldest_talk_days < 1:
            raise ValueError(f"policy: oldest_talk_days is {self.oldest_talk_days}; it must be at least 1")
