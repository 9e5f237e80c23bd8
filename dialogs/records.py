"""What is kept: every kind of record is one frozen dataclass, and what is kept, exported and noted are one thing.

A record's fields are codes, dates, numbers and case codes only (design 9: no person, no free text). Records are
append-only; the envelope around them (ids, times, author, hash chain) belongs to ``state.records``.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Protocol, Self, Union, get_args, get_origin, get_type_hints

from dialogs.case_code import SHAPE

CaseRef = Annotated[str, SHAPE, 7]
"""A case code, by its form alone."""

RecordRef = Annotated[str, re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), 36]
"""The id of another record."""

Coded = Annotated[str, re.compile("[A-Za-zÅÄÖåäö0-9_ -]{1,40}"), 40]
"""A word from a list that the code or the deployment's configuration holds; never typed by anyone."""


class BadRecord(ValueError):
    """A payload that is not of its kind: says which field, what it was, and what it may be."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """The base of every kind.

    :cvar kind: the record's kind, past tense.
    :cvar schema: the version of its fields; a change of meaning is a new version.
    :ivar case: the case code.
    """

    kind: ClassVar[str]
    schema: ClassVar[int] = 1

    case: CaseRef

    def payload(self) -> dict[str, Any]:
        """The fields that are set, ready for JSON: dates as ISO dates, nothing that is ``None``.

        :returns: a dict in the order of the fields.
        """
        return {
            field.name: value.isoformat() if isinstance(value, date) else value
            for field in fields(self)
            if (value := getattr(self, field.name)) is not None
        }

    @property
    def happened_on(self) -> date | None:
        """The day it happened, where the kind knows one that differs from the day it was written."""
        return None

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        """Read a payload back, strictly.

        :param payload: the fields as :meth:`payload` gives them.
        :returns: the record.
        :raises BadRecord: a field is missing, unknown or of the wrong kind.
        """
        kinds = _fields_of(cls)
        if unknown := payload.keys() - kinds.keys():
            raise BadRecord(f"{cls.kind}: unknown field {sorted(unknown)}; known are {sorted(kinds)}")
        values: dict[str, Any] = {}
        for name, (allowed, required) in kinds.items():
            if name in payload:
                values[name] = _read_field(f"{cls.kind}.{name}", payload[name], allowed)
            elif required:
                raise BadRecord(f"{cls.kind}.{name} is missing")
        return cls(**values)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The payload's JSON Schema (2020-12).

        :returns: a schema object.
        """
        kinds = _fields_of(cls)
        return {
            "type": "object",
            "description": (cls.__doc__ or "").strip().splitlines()[0],
            "properties": {name: _field_schema(allowed) for name, (allowed, _) in kinds.items()},
            "required": [name for name, (_, required) in kinds.items() if required],
            "additionalProperties": False,
        }


class Entry(Protocol):
    """A record as it stands in the store, as far as a dialog may look at it."""

    @property
    def id(self) -> str:
        """The record's id (UUIDv7)."""

    @property
    def author(self) -> str:
        """The id of the member of staff who wrote it."""

    @property
    def said_on(self) -> date:
        """The day it was written."""

    @property
    def record(self) -> Record:
        """What was kept."""


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


_FIELDS: dict[type[Record], dict[str, tuple[Any, bool]]] = {}


def _fields_of(cls: type[Record]) -> dict[str, tuple[Any, bool]]:
    """Each field's type and whether it is required; worked out once a kind."""
    if (known := _FIELDS.get(cls)) is not None:
        return known
    hints = get_type_hints(cls, include_extras=True)
    found: dict[str, tuple[Any, bool]] = {}
    for field in fields(cls):
        hint = hints[field.name]
        if get_origin(hint) in (Union, types.UnionType):
            (hint,) = [arg for arg in get_args(hint) if arg is not type(None)]
        found[field.name] = (hint, field.default is MISSING and field.default_factory is MISSING)
    _FIELDS[cls] = found
    return found


def _read_field(where: str, value: Any, allowed: Any) -> Any:
    if get_origin(allowed) is Literal:
        if value not in get_args(allowed):
            raise BadRecord(f"{where} is {value!r}; it may be {', '.join(map(repr, get_args(allowed)))}")
        return value
    if allowed is date:
        try:
            day = date.fromisoformat(value)
        except (TypeError, ValueError):
            day = None
        if day is None or day.isoformat() != value:  # one form only, or the digest of the payload would not hold
            raise BadRecord(f"{where} is {value!r}; it must be a date like 2026-11-23")
        return day
    if allowed is int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise BadRecord(f"{where} is {value!r}; it must be a whole number")
        return value
    _, shape, _longest = get_args(allowed)
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise BadRecord(f"{where} is {value!r}; it must have the shape {shape.pattern}")
    return value


def _field_schema(allowed: Any) -> dict[str, Any]:
    if get_origin(allowed) is Literal:
        return {"enum": list(get_args(allowed))}
    if allowed is date:
        return {"type": "string", "format": "date"}
    if allowed is int:
        return {"type": "integer"}
    _, shape, longest = get_args(allowed)
    return {"type": "string", "pattern": f"^{shape.pattern}$", "maxLength": longest}
