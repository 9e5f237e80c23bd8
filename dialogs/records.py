"""What is kept: every kind of record is one frozen dataclass, and what is kept, exported and noted are one thing.

A record's fields are codes, dates, numbers and case codes only (design 9: no person, no free text). Records are
append-only; the envelope around them (ids, times, author, hash chain) belongs to ``state.records``.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date
from typing import Any, ClassVar, Literal, Protocol, Self, Union, get_args, get_origin, get_type_hints

CODE_SHAPE = re.compile("[2-9A-ZÖ][2-9A-Z]{2}-[2-9A-Z]{3}")
"""The shape alone: a code's check character is for fingers, and was tried when the code was typed or drawn."""


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

    case: str

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
    def record(self) -> Record:
        """What was kept."""


@dataclass(frozen=True, kw_only=True)
class CaseOpened(Record):
    """A new case got its code."""

    kind: ClassVar[str] = "case_opened"


@dataclass(frozen=True, kw_only=True)
class CaseFact(Record):
    """A fact about a case: so far whether it is SIG unga or SIG unga vuxna (TG-1, TG-2)."""

    kind: ClassVar[str] = "case_fact"

    fact: Literal["group"]
    value: Literal["youth", "young_adult"]


_FIELDS: dict[type[Record], dict[str, tuple[Any, bool]]] = {}


def _fields_of(cls: type[Record]) -> dict[str, tuple[Any, bool]]:
    """Each field's type and whether it is required; worked out once a kind."""
    if (known := _FIELDS.get(cls)) is not None:
        return known
    hints = get_type_hints(cls)
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
    if not isinstance(value, str):
        raise BadRecord(f"{where} is {value!r}; it must be a case code")
    if not CODE_SHAPE.fullmatch(value):
        raise BadRecord(f"{where} is {value!r}; that is not a case code")
    return value


def _field_schema(allowed: Any) -> dict[str, Any]:
    if get_origin(allowed) is Literal:
        return {"enum": list(get_args(allowed))}
    if allowed is date:
        return {"type": "string", "format": "date"}
    if allowed is int:
        return {"type": "integer"}
    return {"type": "string", "pattern": f"^{CODE_SHAPE.pattern}$", "maxLength": 7}
