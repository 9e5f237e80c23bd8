"""The JSON Schema of the records, for whoever reads what Lots hands over."""

from __future__ import annotations

from typing import Any

from dialogs.registry import KINDS

HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def records_schema() -> dict[str, Any]:
    """The schema of one line of ``lots records --json``.

    :returns: a JSON Schema (2020-12); each kind's payload is in ``$defs``.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A record of Lots",
        "type": "object",
        "properties": {
            "seq": {"type": "integer", "minimum": 1},
            "id": {"type": "string", "format": "uuid"},
            "kind": {"enum": list(KINDS)},
            "schema": {"type": "integer", "minimum": 1},
            "case": {"type": "string"},
            "author": {"type": "string"},
            "district": {"type": "string"},
            "occurred_at": {"type": "string"},
            "recorded_at": {"type": "string", "format": "date-time"},
            "payload": {"type": "object"},
            "salt": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "digest": HASH,
            "previous": HASH,
            "hash": HASH,
            "purge": {"type": "integer", "minimum": 1},
        },
        "required": [
            *("seq", "id", "kind", "schema", "author", "district", "occurred_at", "recorded_at"),
            *("digest", "previous", "hash"),
        ],
        "oneOf": [
            {"title": "A record", "required": ["case", "payload", "salt"], "not": {"required": ["purge"]}},
            {
                "title": "What is left of a record that was purged",
                "required": ["purge"],
                "not": {"anyOf": [{"required": [name]} for name in ("case", "payload", "salt")]},
            },
        ],
        "additionalProperties": False,
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind}, "schema": {"const": record.schema}}},
                "then": {"properties": {"payload": {"$ref": f"#/$defs/{kind}"}}},
            }
            for kind, record in KINDS.items()
        ],
        "$defs": {kind: record.json_schema() for kind, record in KINDS.items()},
    }
