"""The file itself: opened with its key, brought up to date, and written in durable steps."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
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

HELD = "held"
"""In the outbox, the channel of what is told when a chat is opened; the address there is the person's id."""

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
def at_work(path: Path) -> Iterator[None]:
    """Hold a store for one command that hands over, purges, copies or changes the key, while it may be served.

    :param path: the database file; the lock is a file beside it.
    :raises StoreBusy: another such command is at work.
    :raises DiskFailed: the lock cannot be made.
    """
    lock = path.with_suffix(".work")
    try:
        opened = lock.open("w")
    except OSError as fault:
        raise DiskFailed(f"{lock}: cannot be made ({fault.strerror}); see that Lots may write in its folder") from None
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreBusy(
                f"{path}: another command hands over, purges or makes a backup; wait for it, then try again"
            ) from None
        yield


@contextmanager
def nobody_opens(path: Path) -> Iterator[None]:
    """Keep the stores in a folder from being opened while the block runs; what is open stays open.

    :param path: a database file in that folder.
    :raises DiskFailed: the folder is not there.
    """
    try:
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as fault:
        raise DiskFailed(f"{path}: cannot be made ({fault.strerror}); name a folder of your own") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


@contextmanager
def _made_alone(path: Path | None) -> Iterator[None]:
    """Make and open a store while nobody else does: of two at once, each would give the file a salt of its own."""
    if path is None:
        yield
        return
    with nobody_opens(path):
        try:
            path.touch(mode=0o600)  # SQLite gives its WAL the same permissions
        except OSError as fault:
            raise DiskFailed(f"{path}: cannot be made ({fault.strerror}); name a folder of your own") from None
        yield


def _unlock(conn: Any, key: bytes) -> None:
    conn.execute("PRAGMA cipher_log_level = NONE")
    conn.execute(f"PRAGMA key = \"x'{key.hex()}'\"")


def change_key(path: Path, key: bytes, new: bytes) -> None:
    """Give a copy of a store another key; see :meth:`File.copy_to`.

    :param path: the copy, which nobody else has open.
    :param key: the key it has.
    :param new: the key it gets, 32 bytes.
    :raises DiskFailed: the disk is full, or does not read or write.
    """
    conn = connect(str(path))
    try:
        _unlock(conn, key)
        conn.execute(f"PRAGMA rekey = \"x'{new.hex()}'\"")
    except DatabaseError as fault:
        raise DiskFailed(f"{path}: {fault}; make room on the disk, and try again") from None
    finally:
        conn.close()


def opens(path: Path, key: bytes) -> bool:
    """Whether a key opens a store. Nothing is made and nothing written, and no lock is waited for.

    :param path: the database file.
    :param key: 32 bytes.
    :returns: ``False`` also where there is no such file, or nothing in it.
    """
    if not path.exists():
        return False
    conn = connect(str(path))
    try:
        _unlock(conn, key)
        found = conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except DatabaseError:
        return False
    finally:
        conn.close()
    return bool(found[0])


@cache
def _ours() -> frozenset[str]:
    """The names of the migrations that this version knows."""
    return frozenset(migration.name for migration in MIGRATIONS.pending(Database(memory=True)))


@cache
def _empty() -> Any:
    """The tables with nothing in them, migrated once a process: what is kept in memory begins as a copy of them."""
    conn = connect(":memory:", check_same_thread=False)
    _unlock(conn, bytes(32))
    MIGRATIONS.apply(Database(conn, execute_plugins=False))
    return conn


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
        self._prepare()

    def _open(self, key: bytes) -> None:
        _unlock(self._conn, key)
        if self.path is None:
            _empty().backup(self._conn)
        self._conn.execute("PRAGMA journal_mode = WAL")
        for pragma in ("synchronous = FULL", "secure_delete = ON", "foreign_keys = ON", "temp_store = MEMORY"):
            self._conn.execute(f"PRAGMA {pragma}")
        self._db = Database(self._conn, execute_plugins=False)
        self._migrate()

    def _prepare(self) -> None:
        """What a part of the store does once it is open."""

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
        applied = {migration.name for migration in MIGRATIONS.applied(self._db)}
        if newer := applied - _ours():
            raise NewerStore(
                f"{self.path}: written by a newer version of Lots ({', '.join(sorted(newer))}); "
                "install that version or a later one"
            )
        if _ours() - applied:
            self._conn.execute("BEGIN IMMEDIATE")
            MIGRATIONS.apply(self._db)
            self._conn.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._conn.close()

    def copy_to(self, path: Path, key: bytes) -> None:
        """Copy the store as it is at one moment into a new file, while others go on writing. Not in a transaction.

        :param path: the new file; nothing may be there. It is one file, with no WAL beside it.
        :param key: the store's key; the copy has the same.
        :raises DiskFailed: the disk is full, or does not read or write.
        """
        try:
            path.touch(mode=0o600, exist_ok=False)
        except OSError as fault:
            raise DiskFailed(f"{path}: cannot be made ({fault.strerror}); name another folder, or make room") from None
        copy = connect(str(path))
        try:
            _unlock(copy, key)
            self._conn.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        except DatabaseError as fault:
            if not hasattr(fault, "sqlite_errorname"):  # the driver's copying gives its errors no name
                raise DiskFailed(f"{path}: {fault}; make room on the disk, and try again") from None
            raise self._told(fault) from None
        finally:
            copy.close()

    def settle(self) -> None:
        """Leave everything in the one file, with no WAL beside it, until the store is opened again.

        :raises StoreBusy: another process has the store open.
        :raises DiskFailed: the disk is full, or does not read or write.
        """
        self._rows("PRAGMA journal_mode = DELETE")

    def shrink(self) -> None:
        """Give what was deleted back to the disk: nothing of it is left in the file or its WAL. Not in a transaction.

        :raises StoreBusy: another process reads or writes for longer than five seconds.
        :raises DiskFailed: the disk is full, or does not read or write.
        """
        for sql in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            for row in self._rows(sql):
                if row and row[0] == 1:
                    raise StoreBusy(f"{self.path}: another process reads the store; wait, and try again")

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

    def _see_others(self, *, began: bool = False) -> None:
        """Forget what was read, where another process has written since; in a transaction none does."""
        if (began or not self._conn.in_transaction) and (version := self._seen()) != self._data_version:
            self._data_version = version
            self._cases.clear()

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
            self._see_others(began=True)
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
