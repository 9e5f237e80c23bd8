"""Records of a case as such: that it was opened, closed or opened again, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dialogs.records.base import Coded, Record


@dataclass(frozen=True, kw_only=True)
class CaseOpened(Record):
    """A new case got its code."""

    kind: ClassVar[str] = "case_opened"


@dataclass(frozen=True, kw_only=True)
class CaseFact(Record):
    """A fact about a case, as it was said to be on the day it was recorded; a later one stands over it."""

    kind: ClassVar[str] = "case_fact"

    fact: Literal[
        "group",
        "age_group",
        "month_of_18",
        "district",
        "police_area",
        "custody",
        "first_coordinator",
        "second_coordinator",
    ]
    value: Coded


@dataclass(frozen=True, kw_only=True)
class CaseClosed(Record):
    """A case was closed: nothing more is recorded in it until it is opened again."""

    kind: ClassVar[str] = "case_closed"

    reason: Literal["discharged", "never_enrolled", "moved", "wrong_case", "other"]


@dataclass(frozen=True, kw_only=True)
class CaseReopened(Record):
    """A closed case was opened again."""

    kind: ClassVar[str] = "case_reopened"

    reason: Literal["came_back", "closed_by_mistake", "other"]
