"""Locks of chats: who is shut out of theirs until the PIN is typed, and what waits for them behind it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from state.people import Person
from state.store.base import HELD
from state.store.web import Web


class Locks(Web):
    """Who is shut out of their chat."""

    def is_shut(self, person: str) -> bool:
        """Whether somebody is shut out of their chat.

        :param person: an id.
        :returns: whether the chat shows the lock and nothing else.
        """
        row = self._row("SELECT locked FROM person WHERE id = ?", person)
        return bool(row and row[0])

    def seen_at(self, person: str) -> float | None:
        """When somebody whose chat can be open last did something there.

        :param person: an id.
        :returns: seconds since 1970, 0 for never; ``None`` where the chat is shut, or there is no PIN to open it with.
        """
        row = self._row(
            "SELECT seen_at FROM person JOIN pin ON pin.person = person.id "
            "WHERE person.id = ? AND locked = 0 AND hash <> ''",
            person,
        )
        return None if row is None else float(row[0])

    def seen(self, person: str, now: datetime) -> None:
        """Keep that somebody did something.

        :param person: an id.
        :param now: the time.
        """
        self._conn.execute("UPDATE person SET seen_at = ? WHERE id = ?", (now.timestamp(), person))

    def shut(self, person: Person, now: datetime) -> bool:
        """Shut somebody out of their chat: what was to be shown there is withdrawn, and its notes are forgotten.

        :param person: who.
        :param now: the time.
        :returns: whether anything was to be shown, or may stand there.
        """
        mine = (person.channel, person.address)
        withdrawn = self._conn.execute(
            "UPDATE outbox SET payload = NULL, sent_at = ?, fault = 'withdrawn' WHERE sent_at IS NULL "
            "AND channel = ? AND address = ? AND json_extract(payload, '$.do') = 'show'",
            (now.timestamp(), *mine),
        )
        notes = self._conn.execute("DELETE FROM note_shown WHERE person = ?", (person.id,))
        self._conn.execute("UPDATE person SET locked = 1 WHERE id = ?", (person.id,))
        return bool(withdrawn.rowcount or notes.rowcount or self.live_message(person.id) is not None)

    def has_unheard(self, person: Person) -> bool:
        """Whether a reminder is still on its way to somebody.

        :param person: who.
        :returns: whether it has not been sent.
        """
        row = self._row(
            "SELECT 1 FROM outbox WHERE sent_at IS NULL AND channel = ? AND address = ? "
            "AND json_extract(payload, '$.heard') LIMIT 1",
            person.channel,
            person.address,
        )
        return row is not None

    def open_again(self, person: str, now: datetime) -> None:
        """Let somebody into their chat.

        :param person: an id.
        :param now: the time.
        """
        self._conn.execute("UPDATE person SET locked = 0, seen_at = ? WHERE id = ?", (now.timestamp(), person))

    def idle(self, channel: str, since: datetime, ahead: datetime) -> list[Person]:
        """Who has done nothing in their chat for so long that it is to be shut.

        :param channel: the channel that runs.
        :param since: who has done nothing later.
        :param ahead: nobody can have done anything later; who has, did it before the clock was put back.
        :returns: people whose chats are open.
        """
        rows = self._rows(
            "SELECT id FROM person WHERE channel = ? AND revoked_at IS NULL AND locked = 0 "
            "AND (seen_at <= ? OR seen_at > ?) ORDER BY rowid",
            channel,
            since.timestamp(),
            ahead.timestamp(),
        )
        return [person for (id_,) in rows if (person := self.person(id_)) is not None]

    def hold_back(self, person: str, words: str, now: datetime) -> None:
        """Keep what somebody is told when their chat is opened.

        :param person: an id.
        :param words: the words; they may name a case, so a purge of the case takes them away.
        :param now: the time.
        """
        self._conn.execute(
            "INSERT INTO outbox (channel, address, payload, queued_at) VALUES (?, ?, ?, ?)",
            (HELD, person, json.dumps({"do": "held", "words": words}, ensure_ascii=False), now.timestamp()),
        )

    def held_back(self, person: str) -> Sequence[str]:
        """Take out what somebody is told when their chat is opened.

        :param person: an id.
        :returns: the words, oldest first.
        """
        rows = self._rows(
            "DELETE FROM outbox WHERE channel = ? AND address = ? AND sent_at IS NULL RETURNING id, payload",
            HELD,
            person,
        )
        return [json.loads(payload)["words"] for _, payload in sorted(rows)]

    def forget_held_back(self, person: str, case: str) -> None:
        """Forget what waits for somebody of a case that they do not get at any more.

        :param person: an id.
        :param case: its code.
        """
        self._conn.execute(
            "DELETE FROM outbox WHERE channel = ? AND address = ? AND sent_at IS NULL AND instr(payload, ?)",
            (HELD, person, case),
        )
