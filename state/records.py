"""The envelope around a record, and the chain that makes a lost or changed one show.

Records are append-only. Each carries the hash of the one before. The hash covers a salted digest of the payload and
not the payload, so a payload can be purged (with its salt) and the chain still verifies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dialogs.records import Record
from state.errors import BrokenChain

ZONE = ZoneInfo("Europe/Stockholm")

CLOCK_TOLERANCE = timedelta(minutes=2)
"""How far the clock may be set back without anybody minding: time synchronisation does it."""

GENESIS = "0" * 64
"""What the first record says of the one before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """One record as it is kept.

    :ivar seq: its number in this store, from 1 without gaps.
    :ivar id: UUIDv7.
    :ivar kind: the record's kind.
    :ivar schema: the version of the kind's fields.
    :ivar author: the id of the member of staff who wrote it.
    :ivar district: the author's district when it was written.
    :ivar occurred_at: ISO date of what happened, or the time of recording where the kind knows no day.
    :ivar recorded_at: ISO time in UTC.
    :ivar record: what was kept.
    :ivar salt: 16 random bytes in hex that the digest is salted with.
    :ivar digest: SHA-256 of salt and payload.
    :ivar previous: the hash of the record before.
    :ivar hash: SHA-256 of this record's head, digest and previous.
    """

    seq: int
    id: str
    kind: str
    schema: int
    author: str
    district: str
    occurred_at: str
    recorded_at: str
    record: Record
    salt: str
    digest: str
    previous: str
    hash: str

    @property
    def said_on(self) -> date:
        """The day it was written, in local time."""
        return datetime.fromisoformat(self.recorded_at).astimezone(ZONE).date()

    def holds(self) -> bool:
        """Whether the payload is the one it was written with."""
        return digest_of(self.record.payload(), self.salt) == self.digest

    def as_json(self) -> dict[str, Any]:
        """The envelope as plain JSON, one line of ``lots records --json``.

        :returns: a dict; ``lots schema`` describes it.
        """
        return {
            "seq": self.seq,
            "id": self.id,
            "kind": self.kind,
            "schema": self.schema,
            "case": self.record.case,
            "author": self.author,
            "district": self.district,
            "occurred_at": self.occurred_at,
            "recorded_at": self.recorded_at,
            "payload": self.record.payload(),
            "salt": self.salt,
            "digest": self.digest,
            "previous": self.previous,
            "hash": self.hash,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Tombstone:
    """What is left of a record that was purged: its head, and digests that keep the chain whole.

    :ivar purge: the number of the purge.

    The other fields are those of :class:`Envelope`; the case code, the payload and its salt are gone.
    """

    seq: int
    id: str
    kind: str
    schema: int
    author: str
    district: str
    occurred_at: str
    recorded_at: str
    digest: str
    previous: str
    hash: str
    purge: int

    def holds(self) -> bool:
        """Nothing is left that could be changed."""
        return True

    def as_json(self) -> dict[str, Any]:
        """The tombstone as plain JSON, one line of ``lots records --json``.

        :returns: a dict; ``lots schema`` describes it.
        """
        names = (*("seq", "id", "kind", "schema", "author", "district", "occurred_at", "recorded_at"), "purge")
        return {name: getattr(self, name) for name in (*names, "digest", "previous", "hash")}


Link = Envelope | Tombstone
"""One link of the chain."""


def canonical(value: Any) -> str:
    """JSON in one form only: sorted keys, no blanks, no escapes.

    :param value: plain JSON.
    :returns: the text whose bytes (UTF-8) are hashed.
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(payload: dict[str, Any], salt: str) -> str:
    """The salted digest of a payload; without the salt a short code could be found by trying.

    :param payload: the record's payload.
    :param salt: hex.
    :returns: SHA-256 in hex.
    """
    return hashlib.sha256(f"{salt}{canonical(payload)}".encode()).hexdigest()


def hash_of(head: tuple[int, str, str, int, str, str, str, str], digest: str, previous: str) -> str:
    """The hash of a record.

    :param head: number, id, kind, schema, author, district, when it happened and when it was recorded.
    :param digest: the payload's digest.
    :param previous: the hash of the record before.
    :returns: SHA-256 in hex.
    """
    return hashlib.sha256(canonical([*head, digest, previous]).encode()).hexdigest()


def sealed(
    *,
    seq: int,
    id_: str,
    record: Record,
    author: str,
    district: str,
    recorded_at: str,
    salt: str,
    previous: str,
) -> Envelope:
    """Put a record into its envelope.

    :param seq: its number.
    :param id_: UUIDv7.
    :param record: what is kept.
    :param author: who writes it.
    :param district: the author's district.
    :param recorded_at: ISO time in UTC.
    :param salt: 16 random bytes in hex.
    :param previous: the hash of the record before, or :data:`GENESIS`.
    :returns: the envelope with its digest and hash.
    """
    digest = digest_of(record.payload(), salt)
    occurred_at = day.isoformat() if (day := record.happened_on) else recorded_at
    head = (seq, id_, record.kind, record.schema, author, district, occurred_at, recorded_at)
    return Envelope(
        seq=seq,
        id=id_,
        kind=record.kind,
        schema=record.schema,
        author=author,
        district=district,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        record=record,
        salt=salt,
        digest=digest,
        previous=previous,
        hash=hash_of(head, digest, previous),
    )


def verify(links: Iterable[Link], after: int = 0, previous: str = GENESIS) -> int:
    """Hold every record against its digest and the one before.

    :param links: records in order, those that were purged included; all of a store, or a part.
    :param after: the number of the record before the part.
    :param previous: that record's hash.
    :returns: the number of the last record.
    :raises BrokenChain: a record is missing, moved or changed; says which.
    """
    count = after
    for held in links:
        count += 1
        where = f"record {held.seq} ({held.id})"
        if held.seq != count:
            raise BrokenChain(
                f"{where} stands where record {count} should be: {held.seq - count} are missing before it"
            )
        if held.previous != previous:
            raise BrokenChain(f"{where} does not follow the one before it: a record was changed, removed or put in")
        if not held.holds():
            raise BrokenChain(f"{where} has a payload that is not the one it was written with")
        who, when = (held.author, held.district), (held.occurred_at, held.recorded_at)
        head = (held.seq, held.id, held.kind, held.schema, *who, *when)
        if hash_of(head, held.digest, held.previous) != held.hash:
            raise BrokenChain(f"{where} has a head that is not the one it was written with")
        previous = held.hash
    return count
