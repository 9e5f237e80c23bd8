"""The hand-over: bundles and what became of them, what was purged, and which commands printed records."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from dialogs.case_code import DASHES
from dialogs.records import Declined, DeclineReason, Received, Transferred
from dialogs.registry import KINDS
from state import ids
from state.errors import ClockWentBack
from state.people import LOTS
from state.records import CLOCK_TOLERANCE, GENESIS, Envelope
from state.store.base import utc
from state.store.records import Records

LONGEST_PAUSE = timedelta(days=1)
"""The longest wait for the next try at the drop-off; a bundle with a longer one met a clock that was wrong."""

MOST_REFERENCES = 500
"""How many records one ``transferred`` names."""

_BUNDLE = (
    "number, first, last, head, previous_bundle, made_at, secret, content, written_at, received_at, delivered_at, "
    "tries, next_try"
)
_BOOKKEEPING = tuple(kind for kind, record in KINDS.items() if record.bookkeeping)
_BLANKS_AND_DASHES = re.compile(rf"[\s{re.escape(DASHES)}]+")
_ABOUT_SOMEBODY = f"purge IS NULL AND kind NOT IN ({', '.join('?' for _ in _BOOKKEEPING)})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """A numbered bundle: a part of the chain that leaves as one.

    :ivar number: from 1; never used twice.
    :ivar first: the number of its first record in the chain.
    :ivar last: the number of its last.
    :ivar head: the hash of its last record.
    :ivar previous_bundle: the number of the bundle whose last record stands before its first; ``None`` for the first.
    :ivar made_at: when it was begun: ISO, in UTC.
    :ivar secret: 32 bytes in hex that nobody can guess; a receipt is made with them.
    :ivar content: SHA-256 of its records as they were written; ``None`` while it is being written.
    :ivar written_at: when it was whole on the disk, in UTC; ``None`` while it is not.
    :ivar received_at: when its receipt came, in UTC; ``None`` before.
    :ivar delivered_at: when the drop-off took it, in seconds since 1970; ``None`` before, or where there is none.
    :ivar tries: how often the drop-off was tried in vain.
    :ivar next_try: not before when it is tried again, in seconds since 1970.
    """

    number: int
    first: int
    last: int
    head: str
    previous_bundle: int | None
    made_at: str
    secret: str
    content: str | None
    written_at: str | None
    received_at: str | None
    delivered_at: float | None
    tries: int
    next_try: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Purge:
    """One purge.

    :ivar number: from 1.
    :ivar decision: the reference of the decision it rests on.
    :ivar at: when, in UTC.
    :ivar cases: how many cases went.
    :ivar records: how many records.
    """

    number: int
    decision: str
    at: str
    cases: int
    records: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Printed:
    """A command that printed records.

    :ivar at: when, in UTC.
    :ivar command: which.
    :ivar reason: why, a code.
    :ivar records: how many records it printed.
    :ivar account: the account of the machine that ran it.
    """

    at: str
    command: str
    reason: str
    records: int
    account: str


class Handover(Records):
    """Bundles, purges, and the log of printed records."""

    def installation(self) -> str:
        """What this store is known by at the receiver; made with its file, so that every backup has it.

        :returns: sixteen hex digits, random.
        """
        return self._installation()[0]

    def _prepare(self) -> None:
        if self.path is not None and self._row("SELECT 1 FROM installation") is None:
            with self.transaction():
                self._installation(ids.Secret())  # what a transcript draws from its own source stays as it is

    def _installation(self, source: ids.Source | None = None) -> tuple[str, str]:
        row = self._row("SELECT id, secret FROM installation")
        if row is None:
            source = source or self._source
            row = (f"{source.bits(64):016x}", f"{source.bits(256):064x}")
            self._conn.execute("INSERT INTO installation (id, secret) VALUES (?, ?)", row)
        return row[0], row[1]

    # ── bundles ──────────────────────────────────────────────────────────────────────────────────────────────

    def bundles(self) -> list[Bundle]:
        """Every bundle.

        :returns: in the order of their numbers.
        """
        return [_bundle(row) for row in self._rows(f"SELECT {_BUNDLE} FROM bundle ORDER BY number")]

    def bundle(self, number: int) -> Bundle | None:
        """A bundle by its number.

        :param number: from 1.
        :returns: the bundle, or ``None``.
        """
        row = self._row(f"SELECT {_BUNDLE} FROM bundle WHERE number = ?", number)
        return _bundle(row) if row else None

    def last_bundle(self) -> Bundle | None:
        """The bundle with the highest number.

        :returns: the bundle, or ``None`` where there is none yet.
        """
        row = self._row(f"SELECT {_BUNDLE} FROM bundle ORDER BY number DESC LIMIT 1")
        return _bundle(row) if row else None

    def waiting_records(self) -> int:
        """How many records no bundle holds yet, those that are only bookkeeping left out.

        :returns: a number; 0 where an export has nothing to do.
        """
        last = self.last_bundle()
        found = self._row(
            f"SELECT count(*) FROM record WHERE seq > ? AND {_ABOUT_SOMEBODY}",
            0 if last is None else last.last,
            *_BOOKKEEPING,
        )
        return int(found[0]) if found else 0

    def begin_bundle(self, now: datetime, at_least: int = 1) -> Bundle | None:
        """Decide what the next bundle holds: everything since the last. Inside a transaction.

        From here on its records count as transferred, so that a withdrawal that is saved while the bundle is written
        leaves a notice (CON-5). A bundle that was begun and never written is given again, with the same number,
        records and secret.

        :param now: the time.
        :param at_least: the lowest number it may have, where a ledger knows of bundles that this store does not.
        :returns: the bundle; ``None`` where there is nothing new but bookkeeping.
        :raises ClockWentBack: the last bundle, or a record, is of a later time.
        """
        last = self.last_bundle()
        if last is not None and last.written_at is None:
            return last
        if not self.waiting_records():
            return None
        newest = self._rows("SELECT seq, hash, recorded_at FROM record ORDER BY seq DESC LIMIT 1")[0]
        latest = max(newest[2], "" if last is None else last.made_at)
        if utc(now + CLOCK_TOLERANCE) < latest:
            raise ClockWentBack(
                f"the clock says {utc(now)}, and the store holds something of {latest}; put the clock right and try "
                "again"
            )
        number = max(at_least, 1 if last is None else last.number + 1)
        bundle = Bundle(
            number=number,
            first=1 if last is None else last.last + 1,
            last=newest[0],
            head=newest[1],
            previous_bundle=None if last is None else last.number,
            made_at=utc(now),
            secret=self._receipt_secret(number, newest[1]),
            content=None,
            written_at=None,
            received_at=None,
            delivered_at=None,
            tries=0,
            next_try=0.0,
        )
        self._keep_bundle(bundle, now)
        return bundle

    def adopt_bundle(self, number: int, first: int, last: int, head: str, now: datetime, *, delivered: bool) -> bool:
        """Take over a bundle that a ledger knows and this store does not, since it is a backup from before it.

        Its records are not sent again, and its receipt can still be taken in: the secret is the one it had. Inside a
        transaction, in the order of the numbers.

        :param number: the bundle's.
        :param first: the number of its first record.
        :param last: the number of its last.
        :param head: the hash of its last record.
        :param now: the time.
        :param delivered: whether nothing is left to be dropped off.
        :returns: whether it was taken over; ``False`` where it is known, or the store lacks some of its records.
        """
        row = self._row("SELECT hash FROM record WHERE seq = ?", last)
        before = self.last_bundle()
        if row is None or row[0] != head or first != (1 if before is None else before.last + 1):
            return False
        bundle = Bundle(
            number=number,
            first=first,
            last=last,
            head=head,
            previous_bundle=None if before is None else before.number,
            made_at=utc(now),
            secret=self._receipt_secret(number, head),
            content=None,
            written_at=utc(now),
            received_at=None,
            delivered_at=now.timestamp() if delivered else None,
            tries=0,
            next_try=0.0,
        )
        self._keep_bundle(bundle, now)
        return True

    def _keep_bundle(self, bundle: Bundle, now: datetime) -> None:
        """The bundle, and a word about each of its records."""
        self._conn.execute(
            f"INSERT INTO bundle ({_BUNDLE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            tuple(getattr(bundle, name) for name in _BUNDLE.split(", ")),
        )
        for case in self.cases_in(bundle.first, bundle.last):
            ids_ = self._records_of(case, bundle)
            for start in range(0, len(ids_), MOST_REFERENCES):
                named = tuple(ids_[start : start + MOST_REFERENCES])
                self._say_of(Transferred(case=case, bundle=bundle.number, records=named), now)

    def _receipt_secret(self, number: int, head: str) -> str:
        """A bundle's own, made from the store's: also a backup from before the bundle can make it."""
        return hmac.digest(bytes.fromhex(self._installation()[1]), f"receipt {number} {head}".encode(), "sha256").hex()

    def hash_before(self, bundle: Bundle) -> str:
        """The hash of the record before a bundle's first.

        :param bundle: the bundle.
        :returns: SHA-256 in hex; :data:`~state.records.GENESIS` before the first of all.
        """
        row = self._row("SELECT hash FROM record WHERE seq = ?", bundle.first - 1)
        return row[0] if row else GENESIS

    def cases_in(self, first: int, last: int) -> list[str]:
        """The cases that a part of the chain is about.

        :param first: the number of its first record.
        :param last: the number of its last.
        :returns: case codes in order.
        """
        rows = self._rows(
            "SELECT DISTINCT case_code FROM record WHERE seq BETWEEN ? AND ? AND purge IS NULL ORDER BY case_code",
            first,
            last,
        )
        return [row[0] for row in rows]

    def case_in(self, case: str, first: int, last: int) -> list[Envelope]:
        """The records of a case in a part of the chain.

        :param case: its code.
        :param first: the number of the part's first record.
        :param last: the number of its last.
        :returns: oldest first.
        """
        return [held for held in self._entries_unkept(case) if first <= held.seq <= last]

    def _records_of(self, case: str, bundle: Bundle) -> list[str]:
        rows = self._rows(
            f"SELECT id FROM record WHERE case_code = ? AND seq BETWEEN ? AND ? AND {_ABOUT_SOMEBODY} ORDER BY seq",
            *(case, bundle.first, bundle.last, *_BOOKKEEPING),
        )
        return [row[0] for row in rows]

    def _say_of(self, record: Transferred | Received | Declined, now: datetime) -> None:
        """Bookkeeping is written by Lots itself, in the case's own district."""
        district = self.district_of(record.case) or LOTS.district
        self.append(record, replace(LOTS, district=district), now)

    def mark_written(self, number: int, content: str, now: datetime) -> None:
        """Keep that a bundle is whole on the disk.

        :param number: the bundle's.
        :param content: SHA-256 of its records as they were written.
        :param now: the time.
        """
        self._conn.execute(
            "UPDATE bundle SET content = ?, written_at = coalesce(written_at, ?) WHERE number = ?",
            (content, utc(now), number),
        )

    def mark_received(self, bundle: Bundle, declined: Mapping[str, DeclineReason], now: datetime) -> None:
        """Keep that a bundle's receipt has come, and what the receiver declined. Inside a transaction.

        :param bundle: the bundle; its receipt has not come before.
        :param declined: the reason for each record that was declined, by id.
        :param now: the time.
        """
        self._conn.execute("UPDATE bundle SET received_at = ? WHERE number = ?", (utc(now), bundle.number))
        for case in self.cases_in(bundle.first, bundle.last):
            ids_ = self._records_of(case, bundle)
            if ids_:
                self._say_of(Received(case=case, bundle=bundle.number), now)
            for id_ in ids_:
                if (reason := declined.get(id_)) is not None:
                    self._say_of(Declined(case=case, bundle=bundle.number, record=id_, reason=reason), now)

    def can_be_declined(self, bundle: Bundle, id_: str) -> bool:
        """Whether a bundle holds a record that its receiver may decline.

        :param bundle: the bundle.
        :param id_: the record's id.
        :returns: ``False`` also for bookkeeping, and for what is no young person's case: nobody could answer there.
        """
        held = self.record(id_)
        return (
            held is not None
            and bundle.first <= held.seq <= bundle.last
            and not held.record.bookkeeping
            and not held.record.apart
        )

    def was_purged(self, bundle: Bundle, id_: str) -> bool:
        """Whether a bundle held a record that has been purged since.

        :param bundle: the bundle.
        :param id_: the record's id.
        :returns: whether a tombstone stands in its place.
        """
        found = self._row(
            "SELECT 1 FROM record WHERE id = ? AND purge IS NOT NULL AND seq BETWEEN ? AND ?",
            *(id_, bundle.first, bundle.last),
        )
        return found is not None

    def to_deliver(self, now: datetime | None) -> list[Bundle]:
        """The bundles that the drop-off has not taken and may be tried with.

        :param now: the time; ``None`` gives also those that are waiting for their next try.
        :returns: in the order of their numbers, and none after one that is waiting: the receiver opens them in order.
            Those whose receipt has come are not among them.
        """
        rows = self._rows(
            f"SELECT {_BUNDLE} FROM bundle WHERE written_at IS NOT NULL AND delivered_at IS NULL "
            "AND received_at IS NULL ORDER BY number"
        )
        waiting = [_bundle(row) for row in rows]
        if now is None:
            return waiting
        pause = LONGEST_PAUSE.total_seconds()
        return list(takewhile(lambda one: not 0 < one.next_try - now.timestamp() <= pause, waiting))

    def mark_delivered(self, number: int, now: datetime) -> None:
        """Keep that the drop-off has taken a bundle.

        :param number: the bundle's.
        :param now: the time.
        """
        self._conn.execute("UPDATE bundle SET delivered_at = ? WHERE number = ?", (now.timestamp(), number))

    def try_again_at(self, number: int, at: datetime) -> None:
        """Keep that a bundle could not be dropped off, and when to try again.

        :param number: the bundle's.
        :param at: not before.
        """
        self._conn.execute(
            "UPDATE bundle SET tries = tries + 1, next_try = ? WHERE number = ?", (at.timestamp(), number)
        )

    # ── purging ──────────────────────────────────────────────────────────────────────────────────────────────

    def cases(self) -> list[str]:
        """Every case that has not been purged, and every code that is kept apart.

        :returns: case codes in order.
        """
        return [row[0] for row in self._rows("SELECT DISTINCT case_code FROM record WHERE purge IS NULL ORDER BY 1")]

    def has_draft(self, case: str) -> bool:
        """Whether anybody has begun something in a case and not finished it.

        :param case: its code.
        :returns: whether a draft is about it or names it, or somebody has said its code and was not answered yet.
        """
        if self._row("SELECT 1 FROM session WHERE case_code = ? OR instr(body, ?)", case, case) is not None:
            return True
        arrived = self._rows("SELECT payload FROM inbox WHERE handled_at IS NULL")
        return any(_names(row[0], case) for row in arrived)

    def waits_for_a_receipt(self, case: str) -> bool:
        """Whether a bundle without a receipt holds anything of a case, if only bookkeeping: it may be made again.

        :param case: its code.
        :returns: whether one does.
        """
        found = self._row(
            "SELECT 1 FROM bundle JOIN record ON seq BETWEEN first AND last "
            "WHERE received_at IS NULL AND case_code = ?",
            case,
        )
        return found is not None

    def latest_moment(self) -> str:
        """When the latest of what is here happened, by which a clock that went back shows.

        :returns: a time in UTC; empty where nothing has happened.
        """
        record = self._row("SELECT recorded_at FROM record ORDER BY seq DESC LIMIT 1")
        return max(record[0] if record else "", *(one.at for one in self.purges()), "")

    def knows(self, ids_: Iterable[str]) -> bool:
        """Whether records are here, or were.

        :param ids_: ids of records.
        :returns: ``False`` where one never was: then this store is older than whoever names it.
        """
        return all(self._row("SELECT 1 FROM record WHERE id = ?", id_) is not None for id_ in ids_)

    def purge(self, number: int, decision: str, cases: Iterable[str], now: datetime) -> Purge:
        """Take the records of whole cases out, and leave tombstones. Inside a transaction; see :meth:`shrink`.

        Whatever else names a case goes too: drafts, what stands in chats, what waits to be handled or sent.

        :param number: of the purge; a number that was used before is gone on with.
        :param decision: the reference of the decision.
        :param cases: the codes.
        :param now: the time.
        :returns: what was done, in all under that number.
        """
        gone = went = 0
        for case in cases:
            held = self._conn.execute(
                "UPDATE record SET case_code = '', payload = '', salt = '', purge = ? WHERE case_code = ?",
                (number, case),
            )
            went += held.rowcount > 0
            gone += held.rowcount
            self._conn.execute(
                "INSERT INTO purged_case (mark, purge) VALUES (?, ?) ON CONFLICT DO NOTHING", (self._mark(case), number)
            )
            self._forget(case, now)
        self._conn.execute("UPDATE trace SET due = 0 WHERE given_up_at IS NULL")  # whatever a chat shows is hidden
        self._conn.execute(
            "INSERT INTO purge (number, decision, at, cases, records) VALUES (?, ?, ?, ?, ?) ON CONFLICT (number) "
            "DO UPDATE SET cases = cases + excluded.cases, records = records + excluded.records, shrunk = 0",
            (number, decision, utc(now), went, gone),
        )
        return next(one for one in self.purges() if one.number == number)

    def _forget(self, case: str, now: datetime) -> None:
        """What arrived or leaves keeps its row, so that nothing is handled or sent twice, and loses what it says."""
        self._cases.pop(case, None)
        self._conn.execute("DELETE FROM session WHERE case_code = ? OR instr(body, ?)", (case, case))
        self._conn.execute("DELETE FROM chat_message WHERE instr(body, ?)", (case,))
        self._conn.execute(
            "UPDATE outbox SET payload = NULL, sent_at = ? WHERE sent_at IS NULL AND instr(payload, ?)",
            (now.timestamp(), case),
        )
        for row, payload in self._rows("SELECT id, payload FROM inbox WHERE handled_at IS NULL"):
            if _names(payload, case):
                self._conn.execute(
                    "UPDATE inbox SET payload = NULL, handled_at = ? WHERE id = ?", (now.timestamp(), row)
                )

    def must_shrink(self) -> bool:
        """Whether something was purged of which the file, or its WAL, may still hold what was there.

        :returns: whether :meth:`shrink` is still to be done.
        """
        return self._row("SELECT 1 FROM purge WHERE shrunk = 0") is not None

    def shrink(self) -> None:
        """See :meth:`~state.store.base.File.shrink`; once it is done, :meth:`must_shrink` knows."""
        super().shrink()
        if self.must_shrink():
            with self.transaction():
                self._conn.execute("UPDATE purge SET shrunk = 1 WHERE shrunk = 0")
            self._rows("PRAGMA wal_checkpoint(TRUNCATE)")  # this one line is all the WAL holds; it may stay there

    def bundles_with_purged(self) -> list[int]:
        """The bundles whose records were purged, all of them or some.

        :returns: their numbers; only of bundles whose receipt has come.
        """
        rows = self._rows(
            "SELECT number FROM bundle WHERE received_at IS NOT NULL AND EXISTS "
            "(SELECT 1 FROM record WHERE purge IS NOT NULL AND seq BETWEEN first AND last) ORDER BY number"
        )
        return [row[0] for row in rows]

    def forget_what_waits(self, purged: Iterable[str]) -> None:
        """Of a store that comes from a backup: what was to be handled and sent then, and drafts of purged cases.

        What waited has been answered or sent since, or is too old to be. Inside a transaction.

        :param purged: the codes of the cases; their drafts, and what the chat on the web shows of them, go too.
        """
        self._conn.execute("DELETE FROM inbox WHERE handled_at IS NULL")
        self._conn.execute("DELETE FROM outbox WHERE sent_at IS NULL")
        for case in purged:
            self._conn.execute("DELETE FROM session WHERE case_code = ? OR instr(body, ?)", (case, case))
            self._conn.execute("DELETE FROM chat_message WHERE instr(body, ?)", (case,))

    def cases_of(self, ids_: Iterable[str]) -> list[str]:
        """The cases that records are about.

        :param ids_: ids of records.
        :returns: codes in the order they come, each once; nothing for what was purged or never was here.
        """
        rows = (self._row("SELECT case_code FROM record WHERE id = ? AND purge IS NULL", id_) for id_ in ids_)
        return list(dict.fromkeys(row[0] for row in rows if row is not None))

    def purges(self) -> list[Purge]:
        """Every purge.

        :returns: in the order of their numbers.
        """
        rows = self._rows("SELECT number, decision, at, cases, records FROM purge ORDER BY number")
        names = ("number", "decision", "at", "cases", "records")
        return [Purge(**dict(zip(names, row, strict=True))) for row in rows]

    def purge_of(self, case: str) -> Purge | None:
        """The purge that took a case.

        :param case: a code that somebody has typed.
        :returns: the purge; ``None`` where the case is here, or never was.
        """
        if self._row("SELECT 1 FROM purged_case LIMIT 1") is None:
            return None
        row = self._row("SELECT purge FROM purged_case WHERE mark = ?", self._mark(case))
        return None if row is None else next((one for one in self.purges() if one.number == row[0]), None)

    def case_exists(self, case: str) -> bool:
        """Whether any record has a code, or had it before it was purged: a code is never given twice.

        :param case: a case code.
        :returns: whether it is taken.
        """
        return super().case_exists(case) or self.purge_of(case) is not None

    def _mark(self, case: str) -> str:
        """A code as it is remembered when its case is gone: nobody reads it back without the store's own secret."""
        return hmac.digest(bytes.fromhex(self._installation()[1]), case.encode(), "sha256").hex()

    # ── the log of printed records ───────────────────────────────────────────────────────────────────────────

    def note_printed(self, printed: Printed) -> None:
        """Keep that a command printed records. Inside a transaction.

        :param printed: what, why and by whom.
        """
        self._conn.execute(
            "INSERT INTO printed (at, command, reason, records, account) VALUES (?, ?, ?, ?, ?)",
            (printed.at, printed.command, printed.reason, printed.records, printed.account),
        )

    def printed(self) -> Iterator[Printed]:
        """The commands that printed records.

        :returns: oldest first.
        """
        names = ("at", "command", "reason", "records", "account")
        for row in self._rows(f"SELECT {', '.join(names)} FROM printed ORDER BY id"):
            yield Printed(**dict(zip(names, row, strict=True)))


def _names(payload: str, case: str) -> bool:
    """Whether what somebody sent names a case, in whatever form they typed the code."""
    return _plain(case) in _plain(payload)


def _plain(text: str) -> str:
    return _BLANKS_AND_DASHES.sub("", text.upper())


def _bundle(row: tuple[Any, ...]) -> Bundle:
    return Bundle(**dict(zip(_BUNDLE.split(", "), row, strict=True)))
