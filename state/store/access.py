"""The access log: who looked at or changed which case, and when (lag (2001:454) 10 §), as a chain of its own.

A case stands in it by its mark only, so that a purged case leaves no code here; whoever knows a code finds its rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from state import ids
from state.errors import BrokenChain, DiskFailed
from state.people import Person
from state.records import GENESIS, canonical
from state.sqlcipher import DatabaseError
from state.store.base import utc
from state.store.handover import Handover, Printed

What = Literal["looked", "changed", "denied", "log"]
"""Somebody was shown something of a case, saved something in it, asked for one they may not see, or read this log."""

ONE_LOOK = timedelta(minutes=10)
"""For how long the same person's looks at the same page of the same case are one."""

_LATEST = 30
"""How many rows are looked through for the same look; where more came meanwhile, it is a row of its own."""

_FIELDS = "id, at, person, role, district, channel, what, page, mark, previous, hash"


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """A row of the access log.

    :ivar id: its number, from 1 without gaps.
    :ivar at: when, in UTC.
    :ivar person: the id of who it was.
    :ivar role: their role then.
    :ivar district: their district then.
    :ivar channel: where they were.
    :ivar what: what they did.
    :ivar page: what they saw or saved: a page's name, or a dialog's id.
    :ivar mark: the case's mark; empty where it is about no case.
    :ivar previous: the hash of the row before.
    :ivar hash: SHA-256 of all of these.
    """

    id: int
    at: str
    person: str
    role: str
    district: str
    channel: str
    what: What
    page: str
    mark: str
    previous: str
    hash: str

    def holds(self) -> bool:
        """Whether it is the row it was written as."""
        return _hash_of(self) == self.hash

    def as_json(self) -> dict[str, Any]:
        """The row as plain JSON, one line of ``lots access-log --json``.

        :returns: a dict with the names of the fields.
        """
        return {name: getattr(self, name) for name in _FIELDS.split(", ")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """Where a chain of rows ends, or begins anew.

    :ivar id: the number of the last row; 0 before the first.
    :ivar hash: its hash.
    """

    id: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """What is left of the rows that were taken away since they were old enough.

    :ivar head: the last of them.
    :ivar at: when that one was written, in UTC.
    """

    head: Head
    at: str


def hold(rows: Iterator[Access], after: Head) -> Head:
    """Hold every row against the one before.

    :param rows: in the order of their numbers; all of a log, or a part.
    :param after: the row before the first.
    :returns: the last.
    :raises BrokenChain: a row is missing, moved or changed; says which.
    """
    for row in rows:
        if row.id != after.id + 1:
            raise BrokenChain(
                f"row {row.id} of the access log stands where row {after.id + 1} should be: rows are missing before it"
            )
        if row.previous != after.hash:
            raise BrokenChain(
                f"row {row.id} of the access log does not follow the one before it: a row was changed, removed or put "
                "in"
            )
        if not row.holds():
            raise BrokenChain(f"row {row.id} of the access log is not as it was written")
        after = Head(id=row.id, hash=row.hash)
    return after


class AccessLog(Handover):
    """The access log."""

    def mark(self, case: str) -> str:
        """How a case stands in the access log.

        :param case: its code, whether the case is there or not.
        :returns: 64 hex digits that nobody reads back without the store's own secret.
        """
        if self._row("SELECT 1 FROM installation") is None:  # only in memory, see Handover
            if not self._conn.in_transaction:
                with self.transaction():
                    return self.mark(case)
            self._installation(ids.Secret())  # what a transcript draws from its own source stays as it is
        return self._mark(case)

    def note_access(
        self, person: Person, what: What, page: str, case: str | None, now: datetime, *, any_page: bool = False
    ) -> bool:
        """Keep that somebody looked at a case, changed it, asked for it in vain, or read this log. In a transaction.

        :param person: who.
        :param what: what they did.
        :param page: what they saw: a page's name, or a dialog's id.
        :param case: the case's code; ``None`` where it is about none.
        :param now: the time.
        :param any_page: whether what they saw of the case on any page within :data:`ONE_LOOK` counts as this.
        :returns: whether a row was written: a change always is, the rest once within :data:`ONE_LOOK`.
        """
        mark = "" if case is None else self.mark(case)
        if what != "changed" and self._seen_lately(person, what, None if any_page else page, mark, now):
            return False
        head = self.access_head()
        row = Access(
            id=head.id + 1,
            at=utc(now),
            person=person.id,
            role=person.role,
            district=person.district,
            channel=person.channel,
            what=what,
            page=page,
            mark=mark,
            previous=head.hash,
            hash="",
        )
        self._put((*_values(row)[:-1], _hash_of(row)))
        return True

    def was_seen(self, person: Person, case: str, page: str | None, now: datetime) -> bool:
        """Whether a row says that somebody has seen a case within :data:`ONE_LOOK`.

        :param person: who.
        :param case: the case's code.
        :param page: where; ``None`` for any page.
        :param now: the time.
        :returns: ``True`` where :meth:`note_access` would write nothing.
        """
        return self._seen_lately(person, "looked", page, self.mark(case), now)

    def _seen_lately(self, person: Person, what: str, page: str | None, mark: str, now: datetime) -> bool:
        """Only the latest rows are looked at: a log of many years costs no more than one of a day."""
        if page is None:
            latest = self._rows(
                "SELECT what, at, person FROM access INDEXED BY access_of_case WHERE mark = ? ORDER BY id DESC LIMIT ?",
                *(mark, _LATEST),
            )
        else:
            latest = self._rows(
                "SELECT what, at, person FROM access INDEXED BY access_of_person "
                "WHERE person = ? AND mark = ? AND page = ? ORDER BY id DESC LIMIT ?",
                *(person.id, mark, page, _LATEST),
            )
        kinds = (what, "changed") if page is None else (what,)
        since, until = utc(now - ONE_LOOK), utc(now)
        return any(row[0] in kinds and since < row[1] <= until and row[2] == person.id for row in latest)

    def access_head(self) -> Head:
        """The last row of the access log.

        :returns: its number and hash; those of the last that was taken away where there is none since.
        """
        row = self._row("SELECT id, hash FROM access ORDER BY id DESC LIMIT 1")
        if row is not None:
            return Head(id=row[0], hash=row[1])
        cut = self.access_cut()
        return Head() if cut is None else cut.head

    def access_before(self, at: datetime) -> tuple[int, str]:
        """The last row from before a time.

        :param at: the time.
        :returns: its number and hash; those before the first row where there is none.
        """
        row = self._row("SELECT id, hash FROM access WHERE at < ? ORDER BY at DESC, id DESC LIMIT 1", utc(at))
        cut = self.access_cut()
        head = Head() if cut is None else cut.head
        return (head.id, head.hash) if row is None else (row[0], row[1])

    def access_cut(self) -> Cut | None:
        """What is left of the rows that were taken away.

        :returns: the last of them; ``None`` where all rows are here.
        """
        row = self._row("SELECT id, hash, at FROM access_cut ORDER BY id DESC LIMIT 1")
        return None if row is None else Cut(head=Head(id=row[0], hash=row[1]), at=row[2])

    def access(
        self,
        *,
        case: str | None = None,
        person: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        after: int = 0,
    ) -> Iterator[Access]:
        """Rows of the access log.

        :param case: only those about a case, by its code.
        :param person: only those of a person, by their id.
        :param since: only those from this time on.
        :param until: only those before this time.
        :param after: only those with a higher number.
        :returns: oldest first; read it to its end before the next write.
        :raises DiskFailed: the disk does not read, or the file is damaged.
        """
        wanted = {"id > ?": after, "mark = ?": None if case is None else self.mark(case), "person = ?": person}
        wanted |= {"at >= ?": None if since is None else utc(since), "at < ?": None if until is None else utc(until)}
        asked = {sql: value for sql, value in wanted.items() if value is not None}
        try:
            for row in self._conn.execute(
                f"SELECT {_FIELDS} FROM access WHERE {' AND '.join(asked)} ORDER BY id", tuple(asked.values())
            ):
                yield Access(**dict(zip(_FIELDS.split(", "), row, strict=True)))
        except DatabaseError as fault:
            raise self._told(fault) from None

    def verify_access(self) -> int:
        """Hold every row of the access log against the one before, from the last that was taken away on.

        :returns: how many rows there are.
        :raises BrokenChain: a row is missing, moved or changed; says which.
        """
        cut = self.access_cut()
        first = Head() if cut is None else cut.head
        return hold(self.access(), first).id - first.id

    def cut_access(self, before: datetime) -> int:
        """Take away the rows that are old enough, from the oldest on, and keep where the chain goes on.

        In a transaction.

        :param before: rows from before this time go.
        :returns: how many went.
        """
        # By number, not by the index of times: the first row that stays ends the search.
        stays = self._row("SELECT id FROM access WHERE +at >= ? ORDER BY id LIMIT 1", utc(before))
        last = self._row(
            "SELECT id, hash, at FROM access WHERE id < ? ORDER BY id DESC LIMIT 1",
            2**62 if stays is None else stays[0],
        )
        if last is None:
            return 0
        self._conn.execute("DELETE FROM access_cut")
        self._conn.execute("INSERT INTO access_cut (id, hash, at) VALUES (?, ?, ?)", last)
        return int(self._conn.execute("DELETE FROM access WHERE id <= ?", (last[0],)).rowcount)

    def codes_by_mark(self) -> dict[str, str]:
        """Every case that has not been purged, by how it stands in the access log.

        :returns: codes by mark.
        """
        return {self.mark(case): case for case in self.cases()}

    def carry_over_access(self, other: AccessLog) -> bool:
        """Take over what another store's access log has beyond this one's: it goes on from here. In a transaction.

        A command's printing that is noted there alone is taken over too.

        :param other: the store of the same installation that was in use until now.
        :returns: whether nothing of the other's is lost; ``False`` where it does not go on from here, is broken, or
            cannot be read.
        """
        mine, theirs, cut = self.access_head(), other.access_head(), other.access_cut()
        for printed in self._not_here(other):
            self.note_printed(printed)
        if self._has(theirs):
            return True
        try:
            if cut is not None and cut.head.id >= mine.id:
                hold(other.access(), cut.head)
                self._conn.execute("DELETE FROM access")
                self._conn.execute("DELETE FROM access_cut")
                self._conn.execute(
                    "INSERT INTO access_cut (id, hash, at) VALUES (?, ?, ?)", (cut.head.id, cut.head.hash, cut.at)
                )
                mine = cut.head
            elif other._has(mine):
                hold(other.access(after=mine.id), mine)
            else:
                return False
        except (BrokenChain, DiskFailed):
            return False
        for row in other.access(after=mine.id):
            self._put(_values(row))
        return True

    def _not_here(self, other: AccessLog) -> list[Printed]:
        mine = list(self.printed())
        theirs = list(other.printed())
        return theirs[len(mine) :] if theirs[: len(mine)] == mine else []

    def _has(self, head: Head) -> bool:
        """Whether a row is here, or was before it was taken away."""
        if head.id == 0:
            return True
        cut = self.access_cut()
        if cut is not None and cut.head == head:
            return True
        return self._row("SELECT 1 FROM access WHERE id = ? AND hash = ?", head.id, head.hash) is not None

    def _put(self, values: tuple[Any, ...]) -> None:
        self._conn.execute(f"INSERT INTO access ({_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def _values(row: Access) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in _FIELDS.split(", "))


def _hash_of(row: Access) -> str:
    return hashlib.sha256(canonical(_values(row)[:-1]).encode()).hexdigest()
