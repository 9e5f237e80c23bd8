"""The one door to the disk: an encrypted SQLite file under sqlite-utils.

WAL, ``synchronous=FULL`` and ``secure_delete``; strict tables; migrations that are never edited once shipped. Nobody
else writes SQL. A write happens inside :meth:`Store.transaction`, which takes the write lock at once.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from dialogs.records import Record
from dialogs.registry import KINDS
from dialogs.rules.cases import the_fact_that_stands
from state import ids, records
from state.errors import BrokenChain, DiskFailed, NewerStore, StoreBusy, WrongKey
from state.people import LABELS, Person, Role, code_hash
from state.records import GENESIS, Envelope
from state.session import Session
from state.sqlcipher import DatabaseError, connect
from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations("lots")


@MIGRATIONS()
def m001_the_spine(db: Database) -> None:
    """The tables of the first version."""
    db.execute(
        """CREATE TABLE person (
            id TEXT PRIMARY KEY, role TEXT NOT NULL, district TEXT NOT NULL, language TEXT NOT NULL,
            channel TEXT NOT NULL, address TEXT NOT NULL, live_message INTEGER, joined_at TEXT NOT NULL,
            UNIQUE (channel, address)
        ) STRICT"""
    )
    db.execute(
        """CREATE TABLE invitation (
            code_hash TEXT PRIMARY KEY, role TEXT NOT NULL, district TEXT NOT NULL,
            expires_at REAL NOT NULL, used_at REAL
        ) STRICT"""
    )
    db.execute(
        """CREATE TABLE session (
            id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES person (id), dialog TEXT NOT NULL,
            version INTEGER NOT NULL, revision INTEGER NOT NULL, status TEXT NOT NULL,
            opened_at TEXT NOT NULL, park_at REAL NOT NULL, body TEXT NOT NULL
        ) STRICT"""
    )
    db.execute("CREATE INDEX session_of_person ON session (person, status)")
    db.execute(
        """CREATE TABLE inbox (
            id INTEGER PRIMARY KEY, channel TEXT NOT NULL, update_id INTEGER NOT NULL, address TEXT NOT NULL,
            received_at REAL NOT NULL, payload TEXT, handled_at REAL, fault TEXT,
            UNIQUE (channel, update_id)
        ) STRICT"""
    )
    db.execute("CREATE INDEX inbox_waiting ON inbox (channel, id) WHERE handled_at IS NULL")
    db.execute(
        """CREATE TABLE outbox (
            id INTEGER PRIMARY KEY, channel TEXT NOT NULL, address TEXT NOT NULL, payload TEXT,
            queued_at REAL NOT NULL, sent_at REAL, fault TEXT
        ) STRICT"""
    )
    db.execute("CREATE INDEX outbox_waiting ON outbox (channel, id) WHERE sent_at IS NULL")
    db.execute(
        """CREATE TABLE record (
            seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, schema INTEGER NOT NULL,
            case_code TEXT NOT NULL, author TEXT NOT NULL, district TEXT NOT NULL,
            occurred_at TEXT NOT NULL, recorded_at TEXT NOT NULL, payload TEXT NOT NULL, salt TEXT NOT NULL,
            digest TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
        ) STRICT"""
    )
    db.execute("CREATE INDEX record_of_case ON record (case_code, seq)")
    db.execute("CREATE INDEX record_of_author ON record (author, seq)")


@MIGRATIONS()
def m002_life_around_a_dialog(db: Database) -> None:
    """Labels and revoking of people, phones that change, drafts by case that are erased in the end."""
    db.execute("ALTER TABLE person ADD COLUMN label TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE person ADD COLUMN revoked_at REAL")
    db.execute("ALTER TABLE invitation ADD COLUMN person TEXT REFERENCES person (id)")
    db.execute("ALTER TABLE session ADD COLUMN case_code TEXT")
    db.execute("ALTER TABLE session ADD COLUMN erase_at REAL NOT NULL DEFAULT 9e9")
    db.execute("CREATE INDEX session_of_case ON session (person, dialog, case_code)")


@MIGRATIONS()
def m003_notes_in_the_chat(db: Database) -> None:
    """Which messages show a note and until when, and what a person saved last, whose texts can be shown together."""
    db.execute(
        """CREATE TABLE note_shown (
            person TEXT NOT NULL REFERENCES person (id), message INTEGER, until REAL NOT NULL,
            UNIQUE (person, message)
        ) STRICT"""
    )
    db.execute("ALTER TABLE person ADD COLUMN last_saved TEXT NOT NULL DEFAULT '[]'")


@MIGRATIONS()
def m004_the_web(db: Database) -> None:
    """The chat on the web, who is signed in there, PINs, and whom the doorbell on Telegram rings for."""
    db.execute(
        """CREATE TABLE chat_message (
            id INTEGER PRIMARY KEY AUTOINCREMENT, person TEXT NOT NULL REFERENCES person (id), body TEXT NOT NULL
        ) STRICT"""
    )
    db.execute("CREATE INDEX chat_of_person ON chat_message (person, id)")
    db.execute(
        """CREATE TABLE sign_in (
            token_hash TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES person (id), kind TEXT NOT NULL,
            expires_at REAL NOT NULL, seen_at REAL NOT NULL, state TEXT NOT NULL
        ) STRICT"""
    )
    db.execute("CREATE INDEX sign_in_of_person ON sign_in (person)")
    db.execute(
        """CREATE TABLE pin (
            person TEXT PRIMARY KEY REFERENCES person (id), hash TEXT NOT NULL,
            failed INTEGER NOT NULL DEFAULT 0, locked_until REAL NOT NULL DEFAULT 0
        ) STRICT"""
    )
    db.execute(
        """CREATE TABLE bell (
            person TEXT PRIMARY KEY REFERENCES person (id), address TEXT NOT NULL UNIQUE, message INTEGER,
            due_at REAL, rung_at REAL
        ) STRICT"""
    )
    db.execute("CREATE TABLE used_once (hash TEXT PRIMARY KEY, until REAL NOT NULL) STRICT")
    db.execute("ALTER TABLE invitation ADD COLUMN opens TEXT NOT NULL DEFAULT 'all'")


_RECORD = "seq, id, kind, schema, author, district, occurred_at, recorded_at, payload, salt, digest, previous, hash"
NEVER = 9e9
"""A time that does not come, in seconds since 1970."""

WEB = "web"
"""The channel of the web chat; there a person's address is their id."""

_PERSON = "id, role, district, language, channel, address, label"
_SESSION = "id, person, dialog, version, revision, opened_at, body"


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


@dataclass(frozen=True, slots=True)
class Arrived:
    """An update in the inbox.

    :ivar id: its row.
    :ivar channel: where it came from.
    :ivar address: who sent it, in that channel.
    :ivar payload: what it was, reduced to the fields the desk reads.
    """

    id: int
    channel: str
    address: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Leaving:
    """A message in the outbox.

    :ivar id: its row.
    :ivar address: who it is for.
    :ivar payload: what to do.
    """

    id: int
    address: str
    payload: dict[str, Any]


SignInKind = Literal["session", "device"]
SignInState = Literal["open", "locked", "choose_pin"]


@dataclass(frozen=True, slots=True)
class SignIn:
    """A browser that is signed in, or that is known from before.

    :ivar person: whose.
    :ivar kind: ``session``, or ``device`` for a browser that is remembered after it.
    :ivar expires_at: seconds since 1970.
    :ivar seen_at: when the person last did something there, in seconds since 1970.
    :ivar state: ``open``, ``locked`` (the PIN is asked for) or ``choose_pin`` (there is none yet).
    """

    person: str
    kind: SignInKind
    expires_at: float
    seen_at: float
    state: SignInState


@dataclass(frozen=True, slots=True)
class Pin:
    """A person's PIN, as it is kept.

    :ivar hash: its argon2 hash.
    :ivar failed: how many tries in a row were wrong.
    :ivar locked_until: seconds since 1970; until then no try is taken.
    """

    hash: str
    failed: int
    locked_until: float


@dataclass(frozen=True, slots=True)
class BellAt:
    """The doorbell of a person.

    :ivar person: the person's id.
    :ivar address: the chat that is rung.
    :ivar message: the message that stands in the chat, a ring or another line; ``None`` where none does.
    :ivar due_at: since when something waits on the web, in seconds since 1970; ``None`` where nothing does.
    :ivar rung_at: when that message was sent, in seconds since 1970; ``None`` where they have been here since.
    """

    person: str
    address: str
    message: int | None
    due_at: float | None
    rung_at: float | None


class Store:
    """The store of one installation and one mode.

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

    # ── people ───────────────────────────────────────────────────────────────────────────────────────────────

    def person_at(self, channel: str, address: str) -> Person | None:
        """Who speaks from an address.

        :param channel: ``telegram`` or ``terminal``.
        :param address: the address in that channel.
        :returns: the person, or ``None`` for a stranger.
        """
        row = self._row(
            f"SELECT {_PERSON} FROM person WHERE channel = ? AND address = ? AND revoked_at IS NULL", channel, address
        )
        return _person(row) if row else None

    def people(self, channel: str | None = None) -> list[Person]:
        """Everyone who was invited and is not revoked.

        :param channel: ``telegram`` or ``terminal``; all channels where it is left out.
        :returns: people in the order they came.
        """
        rows = self._rows(
            f"SELECT {_PERSON} FROM person WHERE revoked_at IS NULL AND channel = coalesce(?, channel) ORDER BY rowid",
            channel,
        )
        return [_person(row) for row in rows]

    def person(self, id_: str) -> Person | None:
        """A person by their id.

        :param id_: the id.
        :returns: the person, or ``None`` where there is none or they are revoked.
        """
        row = self._row(f"SELECT {_PERSON} FROM person WHERE id = ? AND revoked_at IS NULL", id_)
        return _person(row) if row else None

    def speak(self, person: str, language: str) -> None:
        """Keep which language a person reads.

        :param person: an id.
        :param language: ``sv`` or ``en``.
        """
        self._conn.execute("UPDATE person SET language = ? WHERE id = ?", (language, person))

    def revoke(self, person: str, now: datetime) -> None:
        """End everything of a person at once: their way in, their drafts, what waits to be handled or sent.

        The id stays, since it is the author of records; the address is forgotten.

        :param person: an id.
        :param now: the time.
        """
        theirs = "(channel, address) IN (SELECT channel, address FROM person WHERE id = ?)"
        rings = "address IN (SELECT address FROM bell WHERE person = ?)"
        self._conn.execute("DELETE FROM session WHERE person = ?", (person,))
        self._conn.execute(f"DELETE FROM inbox WHERE {theirs} OR {rings}", (person, person))
        self._conn.execute(f"DELETE FROM outbox WHERE {theirs} OR {rings}", (person, person))
        self._conn.execute("DELETE FROM invitation WHERE person = ?", (person,))
        for table in ("note_shown", "chat_message", "sign_in", "pin", "bell"):
            self._conn.execute(f"DELETE FROM {table} WHERE person = ?", (person,))
        self._conn.execute(
            "UPDATE person SET revoked_at = ?, address = 'revoked ' || id, live_message = NULL WHERE id = ?",
            (now.timestamp(), person),
        )

    def add_person(self, *, role: Role, district: str, channel: str, address: str | None, now: datetime) -> Person:
        """Let somebody in.

        :param role: what they may do.
        :param district: whose cases they may see.
        :param channel: where they talk.
        :param address: their address there; it must be new. ``None`` on the web, where it is their id.
        :param now: the time.
        :returns: the person with a new id.
        """
        id_ = f"p-{ids.short_id(self._source)}"
        person = Person(
            id=id_,
            role=role,
            district=district,
            language="sv",
            channel=channel,
            address=id_ if address is None else address,
            label=f"{LABELS[role]} {1 + self._rows('SELECT count(*) FROM person WHERE district = ?', district)[0][0]}",
        )
        self._conn.execute(
            f"INSERT INTO person ({_PERSON}, joined_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (person.id, role, district, person.language, channel, person.address, person.label, _utc(now)),
        )
        return person

    def invite(
        self, *, role: Role, district: str, expires_at: datetime, person: str | None = None, opens: str = "all"
    ) -> str:
        """Make an invitation that can be used once.

        :param role: what the invited may do.
        :param district: whose cases they may see.
        :param expires_at: until when.
        :param person: the id of somebody who changes phone; they keep their id, drafts and cases.
        :param opens: ``all``; ``browser`` for one more browser of a person who has a PIN; or ``bell`` for a code that
            only sets the person's doorbell and signs nobody in.
        :returns: the one-time code; only its hash is kept.
        """
        code = ids.short_id(self._source, 24)
        self._conn.execute(
            "INSERT INTO invitation (code_hash, role, district, expires_at, person, opens) VALUES (?, ?, ?, ?, ?, ?)",
            (code_hash(code), role, district, expires_at.timestamp(), person, opens),
        )
        return code

    def invitation_holds(self, code: str, now: datetime, opens: Sequence[str] = ("all",)) -> bool:
        """Whether a code is a live invitation; nothing is changed.

        :param code: what somebody sent.
        :param now: the time.
        :param opens: which kinds of invitation do.
        :returns: ``True`` for one that is known, unused and not too old.
        """
        return self.what_it_opens(code, now) in opens

    def what_it_opens(self, code: str, now: datetime) -> str | None:
        """What a live invitation opens; nothing is changed.

        :param code: what somebody sent.
        :param now: the time.
        :returns: as in :meth:`invite`; ``None`` for one that is unknown, used or too old.
        """
        row = self._row(
            "SELECT opens FROM invitation WHERE code_hash = ? AND used_at IS NULL AND expires_at > ?",
            code_hash(code),
            now.timestamp(),
        )
        return row[0] if row else None

    def moves(self, code: str) -> Person | None:
        """Who an invitation brings to a new address.

        :param code: the one-time code.
        :returns: the person as they are before; ``None`` where the invitation is for somebody new.
        """
        row = self._row("SELECT person FROM invitation WHERE code_hash = ?", code_hash(code))
        return self.person(row[0]) if row and row[0] else None

    def use_invitation(
        self, code: str, *, channel: str, address: str | None, now: datetime, opens: Sequence[str] = ("all",)
    ) -> Person | None:
        """Use an invitation up.

        :param code: the one-time code.
        :param channel: where the invited talks.
        :param address: their address there; ``None`` on the web, where it is their id.
        :param now: the time.
        :param opens: which kinds of invitation do.
        :returns: the new person; ``None`` where the code is unknown, used or too old.
        """
        if not self.invitation_holds(code, now, opens):
            return None
        row = self._row(
            "UPDATE invitation SET used_at = ? WHERE code_hash = ? RETURNING role, district, person",
            now.timestamp(),
            code_hash(code),
        )
        if row is None:
            return None
        known = None if row[2] is None else self.person(row[2])
        if known is not None and known.channel == channel == WEB:
            return known  # another browser of somebody who is here already: nothing of theirs is taken away
        if row[2] is not None:
            self._conn.execute(
                "DELETE FROM outbox WHERE sent_at IS NULL AND (channel, address) IN "
                "(SELECT channel, address FROM person WHERE id = ?)",
                (row[2],),
            )
            for table in ("note_shown", "chat_message", "sign_in", "pin"):  # all of them are another chat's
                self._conn.execute(f"DELETE FROM {table} WHERE person = ?", (row[2],))
            self._conn.execute(
                "UPDATE person SET channel = ?, address = ?, live_message = NULL WHERE id = ?",
                (channel, row[2] if address is None else address, row[2]),
            )
            return self.person(row[2])
        return self.add_person(role=row[0], district=row[1], channel=channel, address=address, now=now)

    def live_message(self, person: str) -> int | None:
        """The message that shows a person's dialog.

        :param person: an id.
        :returns: the channel's message id, or ``None``.
        """
        row = self._row("SELECT live_message FROM person WHERE id = ?", person)
        return row[0] if row else None

    def set_live_message(self, channel: str, address: str, message: int | None) -> None:
        """Remember which message shows a person's dialog.

        :param channel: where.
        :param address: whose.
        :param message: the channel's message id, or ``None`` when it is gone.
        """
        self._conn.execute(
            "UPDATE person SET live_message = ? WHERE channel = ? AND address = ? AND live_message IS NOT ?",
            (message, channel, address, message),
        )

    # ── notes in the chat ────────────────────────────────────────────────────────────────────────────────────

    def note_shown(self, person: str, message: int | None, until: datetime) -> None:
        """Remember that a message shows a note, or a copy.

        :param person: who sees it.
        :param message: the channel's message id; ``None`` while it has none, see :meth:`note_moved`.
        :param until: when it is taken away.
        """
        self._conn.execute(
            "INSERT INTO note_shown (person, message, until) VALUES (?, ?, ?) "
            "ON CONFLICT (person, message) DO UPDATE SET until = excluded.until",
            (person, message, until.timestamp()),
        )

    def note_moved(self, channel: str, address: str, was: int | None, message: int, now: datetime) -> None:
        """Remember that a note had to be sent anew; where its time ran out before it was sent, it is due at once.

        :param channel: where.
        :param address: whose chat.
        :param was: the message that was to show it.
        :param message: the one that does.
        :param now: the time.
        """
        done = self._conn.execute(
            "UPDATE OR REPLACE note_shown SET message = ? WHERE message IS ? "
            "AND person IN (SELECT id FROM person WHERE channel = ? AND address = ?)",
            (message, was, channel, address),
        )
        if not done.rowcount:
            self._conn.execute(
                "INSERT INTO note_shown (person, message, until) "
                "SELECT id, ?, ? FROM person WHERE channel = ? AND address = ? ON CONFLICT DO NOTHING",
                (message, now.timestamp(), channel, address),
            )

    def note_gone(self, person: str, message: int | None) -> bool:
        """Forget that a message shows a note.

        :param person: whose.
        :param message: the message.
        :returns: whether it did.
        """
        done = self._conn.execute("DELETE FROM note_shown WHERE person = ? AND message IS ?", (person, message))
        return bool(done.rowcount)

    def notes_shown(self, person: str) -> list[int]:
        """The messages that show a person a note.

        :param person: an id.
        :returns: message ids, oldest first.
        """
        rows = self._rows(
            "SELECT message FROM note_shown WHERE person = ? AND message IS NOT NULL ORDER BY until, message", person
        )
        return [row[0] for row in rows]

    def notes_due(self, channel: str, now: datetime) -> list[tuple[str, int | None]]:
        """Forget the notes whose time is out.

        :param channel: the channel that runs.
        :param now: the time.
        :returns: (person, message) of each; they are still in the chat.
        """
        rows = self._rows(
            "DELETE FROM note_shown WHERE until <= ? AND person IN (SELECT id FROM person WHERE channel = ?) "
            "RETURNING person, message",
            now.timestamp(),
            channel,
        )
        return [(row[0], row[1]) for row in rows]

    def remember_saved(self, person: str, saved: Sequence[Envelope]) -> None:
        """Keep which records a person saved last, all at once.

        :param person: an id.
        :param saved: the records.
        """
        held = json.dumps([one.id for one in saved])
        self._conn.execute("UPDATE person SET last_saved = ? WHERE id = ?", (held, person))

    def saved_with(self, person: str, record: str) -> list[Envelope]:
        """The records that were saved together with one, where a person has saved nothing since.

        :param person: an id.
        :param record: a record's id.
        :returns: the records in the order they were written, that one included; empty where it is older.
        """
        row = self._row("SELECT last_saved FROM person WHERE id = ?", person)
        ids_: list[str] = json.loads(row[0]) if row else []
        if record not in ids_:
            return []
        return [held for id_ in ids_ if (held := self.record(id_)) is not None]

    # ── the chat on the web ──────────────────────────────────────────────────────────────────────────────────

    def next_chat_message(self, person: str) -> int:
        """Make room for a message in a person's chat.

        :param person: an id.
        :returns: the message's number; no message ever had it.
        """
        done = self._conn.execute("INSERT INTO chat_message (person, body) VALUES (?, '')", (person,))
        return int(done.lastrowid or 0)

    def chat(self, person: str) -> dict[int, dict[str, Any]]:
        """What stands in a person's chat.

        :param person: an id.
        :returns: the messages by number, oldest first.
        """
        rows = self._rows("SELECT id, body FROM chat_message WHERE person = ? AND body <> '' ORDER BY id", person)
        return {row[0]: json.loads(row[1]) for row in rows}

    def save_chat(self, person: str, changed: Mapping[int, dict[str, Any] | None]) -> None:
        """Change messages of a person's chat.

        :param person: an id.
        :param changed: what each shows now, by number; ``None`` takes the message away.
        """
        for message, body in changed.items():
            if body is None:
                self._conn.execute("DELETE FROM chat_message WHERE person = ? AND id = ?", (person, message))
            else:
                held = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
                self._conn.execute(
                    "UPDATE chat_message SET body = ? WHERE person = ? AND id = ?", (held, person, message)
                )

    # ── signing in on the web ────────────────────────────────────────────────────────────────────────────────

    def add_sign_in(self, token_hash: str, held: SignIn) -> None:
        """Remember a browser.

        :param token_hash: the hash of what its cookie holds; the token itself is nowhere in the store.
        :param held: whose, and until when.
        """
        self._conn.execute(
            "INSERT INTO sign_in (token_hash, person, kind, expires_at, seen_at, state) VALUES (?, ?, ?, ?, ?, ?)",
            (token_hash, held.person, held.kind, held.expires_at, held.seen_at, held.state),
        )

    def sign_in(self, token_hash: str) -> SignIn | None:
        """A browser by the hash of its token.

        :param token_hash: the hash.
        :returns: who is signed in there; ``None`` where nobody is. Whether it has expired is the caller's to see.
        """
        row = self._row("SELECT person, kind, expires_at, seen_at, state FROM sign_in WHERE token_hash = ?", token_hash)
        return SignIn(*row) if row else None

    def mark_sign_in(self, token_hash: str, *, seen_at: float, state: SignInState) -> None:
        """Keep that somebody did something in a browser, or that it is locked or open now.

        :param token_hash: the hash of its token.
        :param seen_at: seconds since 1970.
        :param state: as in :class:`SignIn`.
        """
        self._conn.execute(
            "UPDATE sign_in SET seen_at = ?, state = ? WHERE token_hash = ?", (seen_at, state, token_hash)
        )

    def sign_out(self, token_hash: str) -> None:
        """Forget a browser.

        :param token_hash: the hash of its token.
        """
        self._conn.execute("DELETE FROM sign_in WHERE token_hash = ?", (token_hash,))

    def sign_out_everywhere(self, person: str) -> None:
        """Forget every browser of a person.

        :param person: an id.
        """
        self._conn.execute("DELETE FROM sign_in WHERE person = ?", (person,))

    def sign_ins(self, person: str) -> list[SignIn]:
        """The browsers of a person.

        :param person: an id.
        :returns: sessions and remembered devices, in the order they came.
        """
        rows = self._rows(
            "SELECT person, kind, expires_at, seen_at, state FROM sign_in WHERE person = ? ORDER BY rowid", person
        )
        return [SignIn(*row) for row in rows]

    def pin(self, person: str) -> Pin | None:
        """A person's PIN.

        :param person: an id.
        :returns: what is kept of it, or ``None`` where they have none.
        """
        row = self._row("SELECT hash, failed, locked_until FROM pin WHERE person = ?", person)
        return Pin(*row) if row else None

    def save_pin(self, person: str, pin: Pin | None) -> None:
        """Keep a person's PIN, or what came of a try.

        :param person: an id.
        :param pin: what is kept; ``None`` forgets it.
        """
        if pin is None:
            self._conn.execute("DELETE FROM pin WHERE person = ?", (person,))
            return
        self._conn.execute(
            "INSERT INTO pin (person, hash, failed, locked_until) VALUES (?, ?, ?, ?) ON CONFLICT (person) DO UPDATE "
            "SET hash = excluded.hash, failed = excluded.failed, locked_until = excluded.locked_until",
            (person, pin.hash, pin.failed, pin.locked_until),
        )

    def use_once(self, hash_: str, until: datetime) -> bool:
        """Use something that may be used once.

        :param hash_: its hash.
        :param until: when it would be too old anyway; it is forgotten then.
        :returns: ``False`` where it was used before.
        """
        done = self._conn.execute(
            "INSERT INTO used_once (hash, until) VALUES (?, ?) ON CONFLICT DO NOTHING", (hash_, until.timestamp())
        )
        return bool(done.rowcount)

    def sweep_sign_ins(self, now: datetime) -> list[str]:
        """Forget browsers whose time is out, and what was used once and would be too old.

        :param now: the time.
        :returns: the people who are signed in nowhere any more.
        """
        self._conn.execute("DELETE FROM used_once WHERE until <= ?", (now.timestamp(),))
        self._conn.execute("DELETE FROM invitation WHERE opens <> 'all' AND expires_at <= ?", (now.timestamp(),))
        gone = self._rows("DELETE FROM sign_in WHERE expires_at <= ? RETURNING person, kind", now.timestamp())
        left = {row[0] for row in self._rows("SELECT person FROM sign_in WHERE kind = 'session'")}
        return list(dict.fromkeys(person for person, kind in gone if kind == "session" and person not in left))

    # ── the doorbell ─────────────────────────────────────────────────────────────────────────────────────────

    def set_bell(self, person: str, address: str) -> None:
        """Let a chat ring for a person; it rings for nobody else from then on.

        :param person: an id.
        :param address: the chat.
        """
        self._conn.execute("DELETE FROM bell WHERE person = ? OR address = ?", (person, address))
        self._conn.execute("INSERT INTO bell (person, address) VALUES (?, ?)", (person, address))

    def bells(self) -> list[BellAt]:
        """Every doorbell.

        :returns: those of people who are not revoked.
        """
        rows = self._rows("SELECT person, address, message, due_at, rung_at FROM bell ORDER BY rowid")
        return [BellAt(*row) for row in rows]

    def bell_of(self, person: str) -> BellAt | None:
        """The doorbell of a person.

        :param person: an id.
        :returns: the doorbell, or ``None``.
        """
        row = self._row("SELECT person, address, message, due_at, rung_at FROM bell WHERE person = ?", person)
        return BellAt(*row) if row else None

    def person_with_bell(self, address: str) -> Person | None:
        """Whom a chat rings for.

        :param address: the chat.
        :returns: the person, or ``None``.
        """
        row = self._row("SELECT person FROM bell WHERE address = ?", address)
        return self.person(row[0]) if row else None

    def bell_is_due(self, person: str, now: datetime) -> None:
        """Note that something waits for a person on the web who may not be looking; without a doorbell nothing is kept.

        :param person: an id.
        :param now: the time.
        """
        self._conn.execute("UPDATE bell SET due_at = coalesce(due_at, ?) WHERE person = ?", (now.timestamp(), person))

    def bell_is_answered(self, person: str) -> None:
        """Note that a person is looking: nothing waits for them.

        :param person: an id.
        """
        self._conn.execute(
            "UPDATE bell SET due_at = NULL, rung_at = NULL WHERE person = ? AND (due_at IS NOT NULL OR "
            "rung_at IS NOT NULL)",
            (person,),
        )

    def mark_bell(self, person: str, *, message: int | None, rung_at: datetime | None) -> None:
        """Keep that a line was sent to a doorbell's chat, or that it was answered.

        :param person: an id.
        :param message: the message that stands there until the line does, see :meth:`bell_rang`.
        :param rung_at: when; ``None`` when the person has been here since.
        """
        self._conn.execute(
            "UPDATE bell SET message = ?, rung_at = ? WHERE person = ?",
            (message, None if rung_at is None else rung_at.timestamp(), person),
        )

    def bell_rang(self, address: str, message: int) -> int | None:
        """Keep which message stands in a chat that was rung.

        :param address: the chat.
        :param message: the message of the ring.
        :returns: the message to be taken away: the one that stood there, or this one where the chat rings for nobody.
        """
        row = self._row("SELECT message FROM bell WHERE address = ?", address)
        if row is None:
            return message
        self._conn.execute("UPDATE bell SET message = ? WHERE address = ?", (message, address))
        return None if row[0] == message else row[0]

    def move_to_the_web(self, channel: str) -> list[Person]:
        """Let everybody of a chat channel talk on the web from now on; their chat there becomes their doorbell.

        :param channel: ``telegram``.
        :returns: those who were moved, as they were.
        """
        moved = self.people(channel)
        for person in moved:
            self.set_bell(person.id, person.address)
            self._conn.execute("DELETE FROM note_shown WHERE person = ?", (person.id,))
            self._conn.execute(
                "DELETE FROM outbox WHERE channel = ? AND address = ? AND sent_at IS NULL", (channel, person.address)
            )
            self._conn.execute(
                "UPDATE person SET channel = ?, address = id, live_message = NULL WHERE id = ?", (WEB, person.id)
            )
        return moved

    # ── sessions ─────────────────────────────────────────────────────────────────────────────────────────────

    def save_session(
        self, session: Session, park_at: datetime, *, erase_at: datetime | None = None, case: str | None = None
    ) -> None:
        """Keep a session as it stands; it becomes the person's active one, and any other is put aside.

        :param session: the session.
        :param case: the case it is about, or ``None`` where it has not been said.
        :param park_at: when it is parked unless it moves.
        :param erase_at: when it is erased unless it moves; ``None`` for never.
        """
        self._conn.execute(
            "UPDATE session SET status = 'parked' WHERE person = ? AND status = 'active' AND id <> ?",
            (session.person, session.id),
        )
        self._conn.execute(
            "INSERT INTO session (id, person, dialog, version, revision, status, opened_at, park_at, erase_at, "
            "case_code, body) VALUES (?, ?, ?, ?, ?, 'active', ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "version = excluded.version, revision = excluded.revision, status = 'active', "
            "opened_at = excluded.opened_at, park_at = excluded.park_at, erase_at = excluded.erase_at, "
            "case_code = excluded.case_code, body = excluded.body",
            (
                session.id,
                session.person,
                session.dialog,
                session.version,
                session.revision,
                session.opened_at.isoformat(),
                park_at.timestamp(),
                NEVER if erase_at is None else erase_at.timestamp(),
                case,
                json.dumps(session.body(), ensure_ascii=False, separators=(",", ":")),
            ),
        )

    def session(self, id_: str) -> Session | None:
        """A session by its id.

        :param id_: eight characters.
        :returns: the session, or ``None`` where it has ended or never was.
        """
        row = self._row(f"SELECT {_SESSION} FROM session WHERE id = ?", id_)
        return _session(row) if row else None

    def active_session(self, person: str) -> Session | None:
        """The session a person is in.

        :param person: an id.
        :returns: the session, or ``None``.
        """
        row = self._row(f"SELECT {_SESSION} FROM session WHERE person = ? AND status = 'active'", person)
        return _session(row) if row else None

    def drafts(self, person: str, dialog: str | None = None, case: str | None = None) -> list[Session]:
        """A person's drafts, active and parked.

        :param person: an id.
        :param dialog: only of this dialog.
        :param case: only of this case.
        :returns: the active one first, then the latest first.
        """
        rows = self._rows(
            f"SELECT {_SESSION} FROM session WHERE person = ? AND dialog = coalesce(?, dialog) "
            "AND (? IS NULL OR case_code = ?) ORDER BY status, opened_at DESC",
            person,
            dialog,
            case,
            case,
        )
        return [_session(row) for row in rows]

    def erase_due(self, now: datetime, but_of: Iterable[str] = ()) -> list[Session]:
        """Erase every draft whose time is out.

        :param now: the time.
        :param but_of: channels that erase their people's drafts themselves, and tell them.
        :returns: the drafts that are gone.
        """
        others = tuple(but_of)
        theirs = f"SELECT id FROM person WHERE channel IN ({', '.join('?' for _ in others)})"
        rows = self._rows(
            f"DELETE FROM session WHERE erase_at <= ? AND person NOT IN ({theirs}) RETURNING {_SESSION}",
            now.timestamp(),
            *others,
        )
        return [_session(row) for row in rows]

    def park_due(self, now: datetime) -> int:
        """Put every session aside whose deadline has passed.

        :param now: the time.
        :returns: how many.
        """
        done = self._conn.execute(
            "UPDATE session SET status = 'parked' WHERE status = 'active' AND park_at <= ?", (now.timestamp(),)
        )
        return int(done.rowcount)

    def end_session(self, session: str) -> None:
        """Erase a session and its answers.

        :param session: an id.
        """
        self._conn.execute("DELETE FROM session WHERE id = ?", (session,))

    # ── inbox and outbox ─────────────────────────────────────────────────────────────────────────────────────

    def receive(self, channel: str, arrivals: Iterable[tuple[int, str, dict[str, Any]]], now: datetime) -> int:
        """Put updates into the inbox; one that came before is passed over.

        :param channel: where they came from.
        :param arrivals: (update id, address, payload) in order.
        :param now: the time.
        :returns: how many are new.
        """
        at = now.timestamp()
        done = self._conn.executemany(
            "INSERT INTO inbox (channel, update_id, address, received_at, payload) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            [
                (channel, update, address, at, json.dumps(payload, ensure_ascii=False, separators=(",", ":")))
                for update, address, payload in arrivals
            ],
        )
        return int(done.rowcount)

    def waiting(self, channel: str, limit: int) -> list[Arrived]:
        """What has arrived and is not handled.

        :param channel: where from.
        :param limit: how many at most.
        :returns: updates in the order they came.
        """
        rows = self._rows(
            "SELECT id, channel, address, payload FROM inbox WHERE channel = ? AND handled_at IS NULL "
            "ORDER BY id LIMIT ?",
            channel,
            limit,
        )
        return [Arrived(row[0], row[1], row[2], json.loads(row[3])) for row in rows]

    def handled(self, arrived: Sequence[int], now: datetime, fault: str | None = None) -> None:
        """Mark updates as handled and erase what they said.

        :param arrived: inbox rows.
        :param now: the time.
        :param fault: the code of the error, where one could not be handled.
        """
        at = now.timestamp()
        self._conn.executemany(
            "UPDATE inbox SET handled_at = ?, payload = NULL, fault = ? WHERE id = ?",
            [(at, fault, row) for row in arrived],
        )

    def queue(self, channel: str, messages: Sequence[tuple[str, dict[str, Any]]], now: datetime) -> list[Leaving]:
        """Put messages into the outbox.

        :param channel: where they go.
        :param messages: (address, payload) in order.
        :param now: the time.
        :returns: the messages with their rows.
        """
        at = now.timestamp()
        queued = []
        for address, payload in messages:
            done = self._conn.execute(
                "INSERT INTO outbox (channel, address, payload, queued_at) VALUES (?, ?, ?, ?)",
                (channel, address, json.dumps(payload, ensure_ascii=False, separators=(",", ":")), at),
            )
            queued.append(Leaving(int(done.lastrowid or 0), address, payload))
        return queued

    def unsent(self, channel: str) -> list[Leaving]:
        """What was queued and never marked as sent; read at start, after a crash.

        :param channel: where it goes.
        :returns: messages in order.
        """
        rows = self._rows(
            "SELECT id, address, payload FROM outbox WHERE channel = ? AND sent_at IS NULL ORDER BY id", channel
        )
        return [Leaving(row[0], row[1], json.loads(row[2])) for row in rows]

    def is_unsent(self, row: int) -> bool:
        """Whether a message is still to be sent.

        :param row: its outbox row.
        :returns: ``False`` where it was sent or withdrawn.
        """
        return self._row("SELECT 1 FROM outbox WHERE id = ? AND sent_at IS NULL", row) is not None

    def sent(self, messages: Sequence[tuple[int, str | None]], now: datetime) -> None:
        """Mark messages as sent, or given up, and erase what they said.

        :param messages: (outbox row, the code of the fault that made it be given up or ``None``).
        :param now: the time.
        """
        at = now.timestamp()
        self._conn.executemany(
            "UPDATE outbox SET sent_at = ?, payload = NULL, fault = ? WHERE id = ?",
            [(at, fault, row) for row, fault in messages],
        )

    def sweep(self, before: datetime) -> None:
        """Forget which updates were handled and which messages sent, once nobody can repeat them.

        :param before: rows older than this go; Telegram repeats nothing after 24 hours.
        """
        self._conn.execute("DELETE FROM inbox WHERE handled_at < ?", (before.timestamp(),))
        self._conn.execute("DELETE FROM outbox WHERE sent_at < ?", (before.timestamp(),))

    # ── records ──────────────────────────────────────────────────────────────────────────────────────────────

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
            recorded_at=_utc(now),
            salt=f"{self._source.bits(128):032x}",
            previous=last[1],
        )
        self._conn.execute(
            f"INSERT INTO record ({_RECORD}, case_code) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        held = self._cases.get(case)
        if held is None:
            rows = self._rows(f"SELECT {_RECORD} FROM record WHERE case_code = ? ORDER BY seq", case)
            held = tuple(_envelope(row) for row in rows)
            if len(self._cases) >= 2000:
                self._cases.clear()
            self._cases[case] = held
        return held

    def record(self, id_: str) -> Envelope | None:
        """A record by its id.

        :param id_: UUIDv7.
        :returns: the record, or ``None``.
        """
        row = self._row(f"SELECT {_RECORD} FROM record WHERE id = ?", id_)
        return _envelope(row) if row else None

    def records(self) -> Iterator[Envelope]:
        """Every record, in order.

        :returns: an iterator; read it to its end before the next write.
        :raises BrokenChain: a record is not what any version of Lots writes.
        """
        for row in self._conn.execute(f"SELECT {_RECORD} FROM record ORDER BY seq"):
            try:
                held = _envelope(row)
            except (LookupError, TypeError, ValueError, AttributeError):
                raise BrokenChain(f"record {row[0]} ({row[1]}) cannot be read: it was changed") from None
            yield held

    def latest_cases(self, author: str, limit: int) -> list[str]:
        """The cases a person wrote in, latest first.

        :param author: the person's id.
        :param limit: how many at most.
        :returns: case codes; only the person's last hundred records are looked at.
        """
        rows = self._rows("SELECT case_code FROM record WHERE author = ? ORDER BY seq DESC LIMIT 100", author)
        return list(dict.fromkeys(row[0] for row in rows))[:limit]

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


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def _person(row: Sequence[Any]) -> Person:
    return Person(
        id=row[0], role=row[1], district=row[2], language=row[3], channel=row[4], address=row[5], label=row[6]
    )


def _session(row: Sequence[Any]) -> Session:
    body: Mapping[str, Any] = json.loads(row[6])
    return Session(
        id=row[0],
        person=row[1],
        dialog=row[2],
        version=row[3],
        revision=row[4],
        opened_at=datetime.fromisoformat(row[5]),
        answers=body["answers"],
        growing=body["growing"],
        asking=body["asking"],
        read_back=body["read_back"],
    )


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
