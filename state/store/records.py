"""Records: append-only, each in its envelope, chained."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from dialogs.records import Record
from dialogs.registry import KINDS
from dialogs.rules.cases import the_fact_that_stands
from state import ids, records
from state.errors import BrokenChain
from state.people import Person
from state.records import GENESIS, Envelope, Link, Tombstone
from state.sqlcipher import DatabaseError
from state.store.base import File, utc

_RECORD = (
    "seq, id, kind, schema, author, district, occurred_at, recorded_at, payload, salt, digest, previous, hash, purge"
)

_LETS_IN = (
    "SELECT seq, case_code FROM record WHERE purge IS NULL AND kind IN ('access_given', 'case_fact') AND "
    "coalesce(json_extract(payload, '$.person'), json_extract(payload, '$.value')) = ? ORDER BY seq DESC LIMIT 100"
)
"""As the index ``record_lets_in`` has it."""


class Records(File):
    """The records, and the cases they make."""

    def append(self, record: Record, author: Person, now: datetime) -> Envelope:
        """Write a record; it is never changed.

        :param record: what is kept.
        :param author: who writes it.
        :param now: the time, with a zone.
        :returns: the record in its envelope.
        """
        last = self._row("SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1") or (0, GENESIS)
        held = records.sealed(
            seq=last[0] + 1,
            id_=ids.uuid7(self._source, now),
            record=record,
            author=author.id,
            district=author.district,
            recorded_at=utc(now),
            salt=f"{self._source.bits(128):032x}",
            previous=last[1],
        )
        self._conn.execute(
            f"INSERT INTO record ({_RECORD}, case_code) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)",
            (
                held.seq,
                held.id,
                held.kind,
                held.schema,
                held.author,
                held.district,
                held.occurred_at,
                held.recorded_at,
                records.canonical(record.payload()),
                held.salt,
                held.digest,
                held.previous,
                held.hash,
                record.case,
            ),
        )
        self._cases.pop(record.case, None)
        return held

    def entries(self, case: str) -> tuple[Envelope, ...]:
        """A case's records.

        :param case: a case code.
        :returns: oldest first; empty where there is no such case.
        """
        self._see_others()
        held = self._cases.get(case)
        if held is None:
            held = self._entries_unkept(case)
            if len(self._cases) >= 2000:
                self._cases.clear()
            self._cases[case] = held
        return held

    def _entries_unkept(self, case: str) -> tuple[Envelope, ...]:
        """A case's records from the disk, for what goes through many cases once."""
        rows = self._rows(f"SELECT {_RECORD} FROM record WHERE case_code = ? AND purge IS NULL ORDER BY seq", case)
        return tuple(_envelope(row) for row in rows)

    def record(self, id_: str) -> Envelope | None:
        """A record by its id.

        :param id_: UUIDv7.
        :returns: the record; ``None`` where there is none, or it was purged.
        """
        row = self._row(f"SELECT {_RECORD} FROM record WHERE id = ? AND purge IS NULL", id_)
        return _envelope(row) if row else None

    def records(self) -> Iterator[Envelope]:
        """Every record that has not been purged, in order.

        :returns: an iterator; read it to its end before the next write.
        :raises BrokenChain: a record is not what any version of Lots writes.
        """
        return (held for held in self.links() if isinstance(held, Envelope))

    def links(self, first: int = 1, last: int | None = None) -> Iterator[Link]:
        """The chain, or a part of it, in order.

        :param first: the number to begin with.
        :param last: the last number; ``None`` for the last there is.
        :returns: an iterator, those that were purged as tombstones; read it to its end before the next write.
        :raises BrokenChain: a record is not what any version of Lots writes.
        :raises DiskFailed: the disk does not read, or the file is damaged.
        """
        until = (first, 2**62 if last is None else last)
        sql = f"SELECT {_RECORD} FROM record WHERE seq BETWEEN ? AND ? ORDER BY seq"
        try:
            for row in self._conn.execute(sql, until):
                try:
                    held = _link(row)
                except (LookupError, TypeError, ValueError, AttributeError):
                    raise BrokenChain(f"record {row[0]} ({row[1]}) cannot be read: it was changed") from None
                yield held
        except DatabaseError as fault:
            raise self._told(fault) from None

    def length(self) -> int:
        """How long the chain is.

        :returns: the number of its last record, those that were purged counted; 0 where there is none.
        """
        found = self._row("SELECT coalesce(max(seq), 0) FROM record")
        return int(found[0]) if found else 0

    def last_link(self) -> Link | None:
        """The last record of the chain.

        :returns: the record or what is left of it; ``None`` in an empty store.
        """
        row = self._row("SELECT max(seq) FROM record")
        if row is None or row[0] is None:
            return None
        (held,) = self.links(row[0], row[0])
        return held

    def latest_cases(self, person: str, limit: int) -> list[str]:
        """The cases a person wrote in, was let into or is named in, latest first; whether they get at them is not said.

        :param person: their id.
        :param limit: how many at most.
        :returns: case codes; only the last hundred records of each sort are looked at.
        """
        rows = self._rows("SELECT seq, case_code FROM record WHERE author = ? ORDER BY seq DESC LIMIT 100", person)
        rows += self._rows(_LETS_IN, person)
        latest = [case for _seq, case in sorted(rows, reverse=True) if case]  # one that was purged has none
        return list(dict.fromkeys(latest))[:limit]

    def case_exists(self, case: str) -> bool:
        """Whether any record has a code.

        :param case: a case code.
        :returns: whether it is taken.
        """
        return bool(self.entries(case))

    def district_of(self, case: str) -> str | None:
        """The district a case belongs to: what was said last, or that of its first record.

        :param case: a case code.
        :returns: the district, or ``None`` where there is no such case.
        """
        held = self.entries(case)
        stands = the_fact_that_stands(held, "district")
        return stands.value if stands else held[0].district if held else None


def _envelope(row: Sequence[Any]) -> Envelope:
    return Envelope(
        seq=row[0],
        id=row[1],
        kind=row[2],
        schema=row[3],
        author=row[4],
        district=row[5],
        occurred_at=row[6],
        recorded_at=row[7],
        record=KINDS[row[2]].from_payload(json.loads(row[8])),
        salt=row[9],
        digest=row[10],
        previous=row[11],
        hash=row[12],
    )


def _tombstone(row: Sequence[Any]) -> Tombstone:
    names = ("seq", "id", "kind", "schema", "author", "district", "occurred_at", "recorded_at")
    return Tombstone(
        **dict(zip(names, row[:8], strict=True)), digest=row[10], previous=row[11], hash=row[12], purge=row[13]
    )


def _link(row: Sequence[Any]) -> Link:
    return _envelope(row) if row[13] is None else _tombstone(row)
