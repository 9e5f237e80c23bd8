"""Inbox and outbox: what has arrived and what is to be sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from state.store.base import File


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


class Mail(File):
    """What has arrived, and what is to be sent."""

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
        """Put messages into the outbox. To somebody who is shut out of their chat nothing is shown but the lock.

        :param channel: where they go.
        :param messages: (address, payload) in order.
        :param now: the time.
        :returns: the messages with their rows.
        """
        at = now.timestamp()
        queued = []
        for address, wanted in messages:
            payload = self._let_through(channel, address, wanted)
            if payload is None:
                continue
            done = self._conn.execute(
                "INSERT INTO outbox (channel, address, payload, queued_at) VALUES (?, ?, ?, ?)",
                (channel, address, json.dumps(payload, ensure_ascii=False, separators=(",", ":")), at),
            )
            queued.append(Leaving(int(done.lastrowid or 0), address, payload))
        return queued

    def _let_through(self, channel: str, address: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """What may be done of a message: of a screen for a chat that is shut, the button stops spinning and no more."""
        if payload.get("do") != "show" or payload.get("lock"):
            return payload
        if not self._rows("SELECT 1 FROM person WHERE channel = ? AND address = ? AND locked = 1", channel, address):
            return payload
        query = payload.get("query")
        return {"do": "answer", "query": query, "toast": None} if query else None

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
