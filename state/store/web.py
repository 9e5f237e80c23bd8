"""The web: chats, browsers that are signed in, PINs, and the doorbell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from state.people import Person
from state.store.base import HELD, WEB
from state.store.people import People

SignInKind = Literal["session", "device"]
SignInState = Literal["open", "locked", "choose_pin"]

RING_AGAIN = 3 * 3600.0
"""Seconds after a ring that nobody answered until something new may ring again."""


_WAYS_IN = {
    "pin": "person, hash, failed, locked_until",
    "sign_in": "person, token_hash, kind, expires_at, seen_at, state",
    "bell": "person, address, message, due_at, rung_at",
}
"""What lets somebody in, or rings for them, beside their address."""


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


class Web(People):
    """The chats on the web, signing in there, and the doorbell."""

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

        What comes long after the bell has rung in vain lets it ring once more.

        :param person: an id.
        :param now: the time.
        """
        at = now.timestamp()
        self._conn.execute(
            "UPDATE bell SET due_at = CASE WHEN rung_at < ? THEN ? ELSE coalesce(due_at, ?) END WHERE person = ?",
            (at - RING_AGAIN, at, at, person),
        )

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

    def take_ways_in(self, other: Web) -> None:
        """Let people speak from where they do now, and not from where they did in a backup.

        A phone that was lost since, a browser that was signed out, a PIN that was burnt and an invitation that was used
        or taken back open nothing again. In a transaction of a store that comes from a backup, once those who were
        revoked since are revoked here.

        :param other: the store that was in use until now; it goes on from this one.
        """
        mine = {person.id: person for person in self.people()}
        now = {person.id: person for person in other.people() if person.id in mine}
        moved = [
            person
            for id_, person in now.items()
            if (person.channel, person.address) != (mine[id_].channel, mine[id_].address)
        ]
        for person in moved:  # first away, since one may speak now from where another did
            self._conn.execute("UPDATE person SET address = 'moved ' || id WHERE id = ?", (person.id,))
        for person in moved:
            self._conn.execute(
                "UPDATE person SET channel = ?, address = ?, live_message = NULL WHERE id = ?",
                (person.channel, person.address, person.id),
            )
        for id_, person in now.items():
            locked, seen_at = other._rows("SELECT locked, seen_at FROM person WHERE id = ?", id_)[0]
            self._conn.execute("UPDATE person SET locked = ?, seen_at = ? WHERE id = ?", (locked, seen_at, id_))
            if person.channel != WEB:
                self.set_live_message(person.channel, person.address, other.live_message(id_))
        for table, columns in _WAYS_IN.items():
            self._conn.execute(f"DELETE FROM {table}")
            rows = [row for row in other._rows(f"SELECT {columns} FROM {table}") if row[0] in now]
            holes = ", ".join("?" for _ in columns.split(", "))
            self._conn.executemany(f"INSERT INTO {table} ({columns}) VALUES ({holes})", rows)
        good = {row[0] for row in other._rows("SELECT code_hash FROM invitation WHERE used_at IS NULL")}
        for (code,) in self._rows("SELECT code_hash FROM invitation WHERE used_at IS NULL"):
            if code not in good:
                self._conn.execute("DELETE FROM invitation WHERE code_hash = ?", (code,))

    def move_to_the_web(self, channel: str) -> list[Person]:
        """Let everybody of a chat channel talk on the web from now on; their chat there becomes their doorbell.

        :param channel: ``telegram``.
        :returns: those who were moved, as they were.
        """
        moved = self.people(channel)
        for person in moved:
            self.set_bell(person.id, person.address)
            self._conn.execute("DELETE FROM note_shown WHERE person = ?", (person.id,))
            self._conn.execute("DELETE FROM outbox WHERE channel = ? AND address = ?", (HELD, person.id))
            self._conn.execute(
                "DELETE FROM outbox WHERE channel = ? AND address = ? AND sent_at IS NULL", (channel, person.address)
            )
            self._conn.execute(
                "UPDATE person SET channel = ?, address = id, live_message = NULL, seen_at = 0, locked = 0 "
                "WHERE id = ?",
                (WEB, person.id),
            )
        return moved
