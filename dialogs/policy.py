"""What a deployment may set: numbers and groups that no law fixes, each with the rule that names them."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Literal, get_args

PLACE = re.compile("[A-Za-zÅÄÖåäö][A-Za-zÅÄÖåäö -]{1,39}")
"""The form of a district's or police area's name: it is stored, and stands on a button."""

Group = Literal["youth", "young_adult"]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The configured numbers, with the sources' own as defaults.

    :ivar suggest_assessment_at: the talk from which an assessment is suggested (MOT-1).
    :ivar ask_assessment_at: the talk from which an assessment is asked for (MOT-1); also the last of the usual talks.
    :ivar assessed_groups: the groups in which the number of talks leads to an assessment (MOT-1: unga vuxna).
    :ivar oldest_talk_days: how many days back a talk may lie.
    :ivar cancelled_ahead_days: how many days ahead a cancelled talk may lie.
    :ivar facts_stand_days: how long a case fact stands before it is asked for again.
    :ivar park_draft_hours: after how many hours untouched a draft is put aside.
    :ivar erase_draft_days: after how many days untouched a draft is erased.
    :ivar districts: the districts that run SIG; what ships is Stockholm's of today (law.md 5).
    :ivar police_areas: the local police areas; what ships is police region Stockholm's (law.md 5).
    :raises ValueError: the numbers contradict each other.
    """

    suggest_assessment_at: int = 3
    ask_assessment_at: int = 5
    assessed_groups: tuple[Group, ...] = ("young_adult",)
    oldest_talk_days: int = 365
    cancelled_ahead_days: int = 60
    facts_stand_days: int = 183
    park_draft_hours: int = 24
    erase_draft_days: int = 7
    districts: tuple[str, ...] = (
        "Enskede-Årsta-Vantör",
        "Farsta",
        "Hässelby-Vällingby",
        "Järva",
        "Skarpnäck",
        "Skärholmen",
    )
    police_areas: tuple[str, ...] = (
        "Botkyrka",
        "Farsta",
        "Globen",
        "Gotland",
        "Haninge",
        "Huddinge",
        "Järfälla",
        "Järva",
        "Lidingö-Kungsholmen",
        "Nacka",
        "Norra innerstaden",
        "Norrtälje",
        "Skärholmen",
        "Sollentuna",
        "Solna",
        "Södermalm",
        "Södertälje",
        "Södra Roslagen",
        "Vällingby",
    )

    def __post_init__(self) -> None:
        numbers = [field.name for field in fields(self) if isinstance(field.default, int)]
        for name in numbers:
            if not isinstance(value := getattr(self, name), int) or value < 1:
                raise ValueError(f"policy: {name} is {value!r}; it must be a whole number from 1")
        if not 1 <= self.suggest_assessment_at <= self.ask_assessment_at:
            raise ValueError(
                f"policy: suggest_assessment_at ({self.suggest_assessment_at}) must be at least 1 and not above "
                f"ask_assessment_at ({self.ask_assessment_at})"
            )
        if self.erase_draft_days * 24 < self.park_draft_hours:
            raise ValueError("policy: a draft cannot be erased before it is parked; see erase_draft_days")
        if unknown := set(self.assessed_groups) - set(get_args(Group)):
            raise ValueError(f"policy: assessed_groups has {sorted(unknown)}; known are {', '.join(get_args(Group))}")
        for name in ("districts", "police_areas"):
            for place in getattr(self, name):
                if not isinstance(place, str) or not PLACE.fullmatch(place):
                    raise ValueError(f"policy: {name} has {place!r}; a name is 2 to 40 letters, blanks and hyphens")
