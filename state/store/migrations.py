"""The tables, as they came to be: a migration that has shipped is never edited."""

from __future__ import annotations

import state.sqlcipher  # noqa: F401 - it must come before sqlite-utils
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


@MIGRATIONS()
def m005_the_handover(db: Database) -> None:
    """Bundles, what was purged, and which commands printed records."""
    db.execute("CREATE TABLE installation (id TEXT PRIMARY KEY, secret TEXT NOT NULL) STRICT")
    db.execute(
        """CREATE TABLE bundle (
            number INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, head TEXT NOT NULL,
            previous_bundle INTEGER, made_at TEXT NOT NULL, secret TEXT NOT NULL, content TEXT, written_at TEXT,
            received_at TEXT, delivered_at REAL, tries INTEGER NOT NULL DEFAULT 0, next_try REAL NOT NULL DEFAULT 0
        ) STRICT"""
    )
    db.execute(
        """CREATE TABLE purge (
            number INTEGER PRIMARY KEY, decision TEXT NOT NULL, at TEXT NOT NULL, cases INTEGER NOT NULL,
            records INTEGER NOT NULL, shrunk INTEGER NOT NULL DEFAULT 0
        ) STRICT"""
    )
    db.execute("CREATE TABLE purged_case (mark TEXT PRIMARY KEY, purge INTEGER NOT NULL) STRICT")
    db.execute("ALTER TABLE record ADD COLUMN purge INTEGER")
    db.execute(
        """CREATE TABLE printed (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, command TEXT NOT NULL, reason TEXT NOT NULL,
            records INTEGER NOT NULL, account TEXT NOT NULL
        ) STRICT"""
    )


@MIGRATIONS()
def m006_quiet_about_people(db: Database) -> None:
    """Who looked at which case, what stands in whose chat, who is locked out of theirs, and whom a record lets in."""
    db.execute(
        """CREATE TABLE access (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, person TEXT NOT NULL, role TEXT NOT NULL, district TEXT NOT NULL,
            channel TEXT NOT NULL, what TEXT NOT NULL, page TEXT NOT NULL, mark TEXT NOT NULL,
            previous TEXT NOT NULL, hash TEXT NOT NULL
        ) STRICT"""
    )
    db.execute("CREATE INDEX access_of_person ON access (person, mark, page, id)")
    db.execute("CREATE INDEX access_of_case ON access (mark, id)")
    db.execute("CREATE INDEX access_at ON access (at)")
    db.execute("CREATE TABLE access_cut (id INTEGER PRIMARY KEY, hash TEXT NOT NULL, at TEXT NOT NULL) STRICT")
    db.execute(
        """CREATE TABLE trace (
            channel TEXT NOT NULL, address TEXT NOT NULL, message INTEGER NOT NULL, ours INTEGER NOT NULL,
            at REAL NOT NULL, due REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0, given_up_at REAL,
            PRIMARY KEY (channel, address, message)
        ) STRICT"""
    )
    db.execute(
        """INSERT OR IGNORE INTO trace (channel, address, message, ours, at, due)
        SELECT channel, address, live_message, 1, unixepoch(), unixepoch() FROM person
        WHERE channel = 'telegram' AND live_message IS NOT NULL"""
    )
    db.execute("CREATE INDEX trace_due ON trace (channel, due) WHERE given_up_at IS NULL")
    db.execute("ALTER TABLE person ADD COLUMN seen_at REAL NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE person ADD COLUMN locked INTEGER NOT NULL DEFAULT 0")
    # Whom a record lets into its case; a purged record has no payload that could be read.
    db.execute(
        """CREATE INDEX record_lets_in ON record (
            coalesce(json_extract(payload, '$.person'), json_extract(payload, '$.value')), case_code
        ) WHERE purge IS NULL AND kind IN ('access_given', 'case_fact')"""
    )


@MIGRATIONS()
def m007_reminders(db: Database) -> None:
    """Who has been told that a referral waits, and which cases may have one that does."""
    db.execute(
        """CREATE TABLE reminded (
            person TEXT NOT NULL REFERENCES person (id), record TEXT NOT NULL, kind TEXT NOT NULL, at REAL NOT NULL,
            PRIMARY KEY (person, record, kind)
        ) STRICT"""
    )
    db.execute("CREATE INDEX record_of_threat ON record (seq) WHERE kind = 'threat_triaged' AND purge IS NULL")
