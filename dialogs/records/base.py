"""What is kept: every kind of record is one frozen dataclass, and what is kept, exported and noted are one thing.

A record's fields are codes, dates, numbers and case codes only (design 9: no person, no free text). Records are
append-only; the envelope around them (ids, times, author, hash chain) belongs to ``state.records``.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, Protocol, Self, Union, get_args, get_origin, get_type_hints

from dialogs.case_code import SHAPE

CaseRef = Annotated[str, SHAPE, 7]
"""A case code, by its form alone."""

RecordRef = Annotated[str, re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), 36]
"""The id of another record."""

Coded = Annotated[str, re.compile("[A-Za-zÅÄÖåäö0-9_ -]{1,40}"), 40]
"""A word from a list that the code or the deployment's configuration holds; never typed by anyone."""


TIME_PATTERN = r"^\d{4}-\d\d-\d\dT\d\d:\d\d[+-]\d\d:\d\d$"
"""A time as it is written: to the minute, with the offset from UTC."""


class BadRecord(ValueError):
    """A payload that is not of its kind: says which field, what it was, and what it may be."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A group of fields: a record, or what a record holds several of."""

    def payload(self) -> dict[str, Any]:
        """The fields that are set, ready for JSON: dates and times in ISO form, nothing that is ``None`` or empty.

        :returns: a dict in the order of the fields.
        """
        return {
            field.name: _written(value)
            for field in fields(self)
            if (value := getattr(self, field.name)) is not None and value != ()
        }

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        """Read a payload back, strictly.

        :param payload: the fields as :meth:`payload` gives them.
        :returns: the part.
        :raises BadRecord: a field is missing, unknown or of the wrong kind.
        """
        return cls.read_at(cls._name(), payload)

    @classmethod
    def _name(cls) -> str:
        return cls.__name__

    @classmethod
    def read_at(cls, where: str, payload: Mapping[str, Any]) -> Self:
        """Read a payload back, strictly, and say where it stands in what is wrong with it.

        :param where: the way to it, as in ``consent_asked.givers[0]``.
        :param payload: the fields.
        :returns: the part.
        :raises BadRecord: a field is missing, unknown or of the wrong kind.
        """
        kinds = _fields_of(cls)
        if unknown := payload.keys() - kinds.keys():
            raise BadRecord(f"{where}: unknown field {sorted(unknown)}; known are {sorted(kinds)}")
        values: dict[str, Any] = {}
        for name, (allowed, required) in kinds.items():
            if name in payload:
                values[name] = _read_field(f"{where}.{name}", payload[name], allowed)
            elif required:
                raise BadRecord(f"{where}.{name} is missing")
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


@dataclass(frozen=True, kw_only=True)
class Record(Part):
    """The base of every kind.

    :cvar kind: the record's kind, past tense.
    :cvar schema: the version of its fields; a change of meaning is a new version.
    :cvar apart: whether its code is no young person's case: it opens none, and nothing of it is shown in any.
    :cvar bookkeeping: whether it only says what became of other records: by itself it makes no bundle.
    :ivar case: the case code.
    """

    kind: ClassVar[str]
    schema: ClassVar[int] = 1
    apart: ClassVar[bool] = False
    bookkeeping: ClassVar[bool] = False

    case: CaseRef

    @classmethod
    def _name(cls) -> str:
        return cls.kind

    @property
    def happened_on(self) -> date | None:
        """The day it happened, where the kind knows one that differs from the day it was written."""
        return None


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
    def recorded_at(self) -> str:
        """When it was written: ISO time in UTC."""

    @property
    def record(self) -> Record:
        """What was kept."""


LONGEST_WORD = 40
"""Characters in a field of a record; only a word from a list, a code or an id is as short."""

_SENTENCE = "Kim, 17: bor hos A."
"""What no field may have room for."""


def open_fields(cls: type[Part]) -> Iterator[str]:
    """The fields of a kind that have room for free text (design 9), those of its parts too.

    :param cls: a record, or a part of one.
    :returns: names; none where every field is a code, a date, a number or an id.
    """
    hints = get_type_hints(cls, include_extras=True)
    for field in fields(cls):
        yield from (f"{field.name}{deeper}" for deeper in _open(hints[field.name]))


def _open(hint: Any) -> Iterator[str]:
    """What of a field's type is open; the empty name stands for the field itself."""
    kinds = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType, tuple):
        for one in kinds:
            yield from () if one in (type(None), Ellipsis) else _open(one)
    elif isinstance(hint, type) and issubclass(hint, Part):
        yield from (f".{name}" for name in open_fields(hint))
    elif get_origin(hint) is Annotated:
        _, shape, longest = kinds
        yield from [""] if longest > LONGEST_WORD or shape.fullmatch(_SENTENCE) else []
    elif get_origin(hint) is not Literal and hint not in (date, datetime, int, bool):
        yield ""


_FIELDS: dict[type[Part], dict[str, tuple[Any, bool]]] = {}


def _fields_of(cls: type[Part]) -> dict[str, tuple[Any, bool]]:
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


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Part):
        return value.payload()
    return [_written(one) for one in value] if isinstance(value, tuple) else value


def _read_field(where: str, value: Any, allowed: Any) -> Any:
    if get_origin(allowed) is Literal:
        if value not in get_args(allowed):
            raise BadRecord(f"{where} is {value!r}; it may be {', '.join(map(repr, get_args(allowed)))}")
        return value
    if get_origin(allowed) is tuple:
        if not isinstance(value, list) or not value:  # an empty one is left out, or there would be two forms of it
            raise BadRecord(f"{where} is {value!r}; it must be a list of at least one")
        return tuple(_read_field(f"{where}[{place}]", one, get_args(allowed)[0]) for place, one in enumerate(value))
    if isinstance(allowed, type) and issubclass(allowed, Part):
        if not isinstance(value, dict):
            raise BadRecord(f"{where} is {value!r}; it must be an object")
        return allowed.read_at(where, value)
    if allowed is datetime:
        return _read_time(where, value)
    if allowed is date:
        return _read_day(where, value)
    if allowed is int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise BadRecord(f"{where} is {value!r}; it must be a whole number")
        return value
    _, shape, _longest = get_args(allowed)
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise BadRecord(f"{where} is {value!r}; it must have the shape {shape.pattern}")
    return value


def _read_day(where: str, value: Any) -> date:
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        day = None
    if day is None or day.isoformat() != value:  # one form only, or the digest of the payload would not hold
        raise BadRecord(f"{where} is {value!r}; it must be a date like 2026-11-23")
    return day


def _read_time(where: str, value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        at = None
    # One form only, as for a day: to the minute, with the offset that the clock had there and then.
    if at is None or at.utcoffset() is None or at.isoformat(timespec="minutes") != value:
        raise BadRecord(f"{where} is {value!r}; it must be a time like 2026-11-23T14:05+01:00")
    return at


def _field_schema(allowed: Any) -> dict[str, Any]:
    if get_origin(allowed) is Literal:
        return {"enum": list(get_args(allowed))}
    if get_origin(allowed) is tuple:
        return {"type": "array", "minItems": 1, "items": _field_schema(get_args(allowed)[0])}
    if isinstance(allowed, type) and issubclass(allowed, Part):
        return allowed.json_schema()
    if allowed is datetime:
        return {"type": "string", "pattern": TIME_PATTERN}
    if allowed is date:
        return {"type": "string", "format": "date"}
    if allowed is int:
        return {"type": "integer"}
    _, shape, longest = get_args(allowed)
    return {"type": "string", "pattern": f"^{shape.pattern}$", "maxLength": longest}
