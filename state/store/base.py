"""The file itself: opened with its key, brought up to date, and written in durable steps."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from state import ids
from state.errors import DiskFailed, NewerStore, StoreBusy, WrongKey
from state.records import Envelope
from state.sqlcipher import DatabaseError, connect
from state.store.migrations import MIGRATIONS
from sqlite_utils import Database

NEVER = 9e9
"""A time that does not come, in seconds since 1970."""

WEB = "web"
"""The channel of the web chat; there a person's address is their id."""


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Hold a store for one serving process; the lock goes with the process, however it ends.

    :param path: the database file; the lock is a file beside it.
    :raises StoreBusy: another process serves this store.
    """
    with path.with_suffix(".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreBusy(f"{path}: another process serves this store; end it first, then start again") from None
        yield


@contextmanager
def _made_alone(path: Path | None) -> Iterator[None]:
    """Make and open a store while nobody else does: of two at once, each would give the file a salt of its own."""
    if path is None:
        yield
        return
    try:
        folder = os.open(path.parent, os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)
        path.touch(mode=0o600)  # SQLite gives its WAL the same permissions
    except OSError as fault:
        raise DiskFailed(f"{path}: cannot be made ({fault.strerror}); name a folder of your own") from None
    try:
        yield
    finally:
        os.close(folder)


class File:
    """The store's file; the other parts are about what is in it.

    :param path: the database file, made where it is not there; ``None`` keeps it in memory (transcripts).
    :param key: 32 bytes.
    :param source: randomness for ids and salts.
    :raises WrongKey: the key does not open the file, or the file is no store.
    :raises NewerStore: a newer version of Lots wrote it.
    :raises StoreBusy: another process holds it for longer than five seconds.
    :raises DiskFailed: the file cannot be opened or written.
    """

    def __init__(self, path: Path | None, key: bytes, source: ids.Source | None = None) -> None:
        self.path = path
        self._source = source or ids.Secret()
        with _made_alone(path):
            self._conn = connect(":memory:" if path is None else str(path), timeout=5.0)
            try:
                self._open(key)
            except BaseException as fault:
                self._conn.close()
                if isinstance(fault, DatabaseError):
                    raise self._told(fault) from None
                raise
        self._cases: dict[str, tuple[Envelope, ...]] = {}
        self._data_version = self._seen()

    def _open(self, key: bytes) -> None:
        self._conn.execute("PRAGMA cipher_log_level = NONE")
        self._conn.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        self._conn.execute("PRAGMA journal_mode = WAL")
        for pragma in ("synchronous = FULL", "secure_delete = ON", "foreign_keys = ON", "temp_store = MEMORY"):
            self._conn.execute(f"PRAGMA {pragma}")
        self._db = Database(self._conn, execute_plugins=False)
        self._migrate()

    def _told(self, fault: DatabaseError) -> Exception:
        """The driver's error as one of ours, or as it is where it is a mistake in our own SQL."""
        name = str(getattr(fault, "sqlite_errorname", ""))
        if name.startswith("SQLITE_BUSY"):
            return StoreBusy(f"{self.path}: another process holds the store; end it, or wait, and try again")
        if name == "SQLITE_NOTADB":
            return WrongKey(f"{self.path}: the key does not open this file; is LOTS_KEY_FILE the key it was made with?")
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_CORRUPT")):
            return DiskFailed(f"{self.path}: {fault}; make room on the disk, see that it is whole, and start again")
        return fault

    def _migrate(self) -> None:
        pending = [migration.name for migration in MIGRATIONS.pending(self._db)]
        applied = {migration.name for migration in MIGRATIONS.applied(self._db)}
        ours = {migration.name for migration in MIGRATIONS.pending(Database(memory=True))}
        if applied - ours:
            raise NewerStore(
                f"{self.path}: written by a newer version of Lots ({', '.join(sorted(applied - ours))}); "
                "install that version or a later one"
            )
        if pending:
            self._conn.execute("BEGIN IMMEDIATE")
            MIGRATIONS.apply(self._db)
            self._conn.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._conn.close()

    def faults(self) -> list[str]:
        """What is wrong with the file itself, by SQLite's and SQLCipher's own checks.

        :returns: their words; none where all is well.
        """
        found = [row[0] for row in self._rows("PRAGMA cipher_integrity_check")]
        found += [row[0] for row in self._rows("PRAGMA integrity_check") if row[0] != "ok"]
        return [str(fault) for fault in found]

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        try:
            return list(self._conn.execute(sql, values).fetchall())
        except DatabaseError as fault:
            raise self._told(fault) from None

    def _row(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        try:
            found: tuple[Any, ...] | None = self._conn.execute(sql, values).fetchone()
        except DatabaseError as fault:
            raise self._told(fault) from None
        return found

    def _seen(self) -> int:
        return int(self._rows("PRAGMA data_version")[0][0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One durable step: all of it is on the disk when the block ends, or none of it.

        :raises StoreBusy: another process holds the write lock for longer than five seconds.
        :raises DiskFailed: the disk is full, or does not read or write.
        """
        try:
            self._conn.execute("BEGIN IMMEDIATE")
        except DatabaseError as fault:
            raise self._told(fault) from None
        try:
            if (version := self._seen()) != self._data_version:
                self._data_version = version  # another process wrote: what was read before may be old
                self._cases.clear()
            yield
            self._conn.execute("COMMIT")
        except BaseException as fault:
            self._cases.clear()
            if self._conn.in_transaction:  # where the disk is full it has been rolled back already
                self._conn.execute("ROLLBACK")
            if isinstance(fault, DatabaseError):
                raise self._told(fault) from None
            raise


def utc(at: datetime) -> str:
    """A time as it is stored: ISO, in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
