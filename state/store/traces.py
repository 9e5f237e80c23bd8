"""What stands in a chat that somebody else keeps: every message either side sent, until it is taken away.

A row is made in the commit that keeps an update, or marks a message as sent. It goes when the message has gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from state.store.base import File

UNTOUCHED = 3600.0
"""Seconds for which a chat may stand as it is after the last thing that happened there."""

LATEST = 36 * 3600.0
"""Seconds after which a message goes at the latest; Telegram deletes nothing that is older than 48 hours."""

TOO_OLD = 48 * 3600.0

FIRST_RETRY, LAST_RETRY = 300.0, 3600.0
"""Seconds until a message is tried again that could not be taken away; each time twice as long, up to the last."""

FORGOTTEN_AFTER = 30 * 24 * 3600.0
"""Seconds for which it is counted that a message could not be taken away from the chat of somebody who has left."""


@dataclass(frozen=True, slots=True)
class ChatDue:
    """A chat in which messages have stood for too long.

    :ivar address: whose.
    :ivar messages: those, oldest first.
    :ivar old: those of them that go now, whatever is going on there.
    :ivar in_use: whether somebody has done something there within the hour.
    :ivar locked: whether a keypad stands there instead of what was shown.
    """

    address: str
    messages: tuple[int, ...]
    old: frozenset[int]
    in_use: bool
    locked: bool


class Traces(File):
    """The ledger of what is to be taken away from the chats."""

    def traced(self, channel: str, messages: Iterable[tuple[str, int, bool]], now: datetime) -> None:
        """Remember messages that stand in chats; one that is known keeps its age.

        :param channel: where.
        :param messages: (address, message, whether the bot wrote it).
        :param now: the time.
        """
        at = now.timestamp()
        self._conn.executemany(
            "INSERT INTO trace (channel, address, message, ours, at, due) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            [(channel, address, message, ours, at, at + UNTOUCHED) for address, message, ours in messages],
        )

    def touched(self, channel: str, addresses: Iterable[str], now: datetime) -> None:
        """Let what stands in chats stand for an hour more, but never beyond its last moment.

        :param channel: where.
        :param addresses: in whose chats something happens.
        :param now: the time.
        """
        self._conn.executemany(
            "UPDATE trace SET due = min(?, at + ?) WHERE channel = ? AND address = ? AND tries = 0 "
            "AND given_up_at IS NULL",
            [(now.timestamp() + UNTOUCHED, LATEST, channel, address) for address in addresses],
        )

    def traces(self, channel: str, address: str) -> list[int]:
        """What stands in a chat.

        :param channel: where.
        :param address: whose.
        :returns: message ids, oldest first; without those that were given up.
        """
        rows = self._rows(
            "SELECT message FROM trace WHERE channel = ? AND address = ? AND given_up_at IS NULL ORDER BY message",
            channel,
            address,
        )
        return [row[0] for row in rows]

    def chats(self, channel: str) -> list[str]:
        """In whose chats the bot may have something to take away.

        :param channel: where.
        :returns: addresses: those in the ledger, and of everybody who was let in.
        """
        rows = self._rows(
            "SELECT address FROM trace WHERE channel = ? UNION SELECT address FROM person WHERE channel = ? "
            "UNION SELECT address FROM bell UNION SELECT address FROM outbox WHERE channel = ? AND sent_at IS NULL",
            channel,
            channel,
            channel,
        )
        return [row[0] for row in rows]

    def untraced(self, channel: str, address: str, messages: Iterable[int]) -> None:
        """Forget messages that are gone.

        :param channel: where.
        :param address: whose chat.
        :param messages: the messages.
        """
        self._conn.executemany(
            "DELETE FROM trace WHERE channel = ? AND address = ? AND message = ?",
            [(channel, address, message) for message in messages],
        )

    def chats_due(self, channel: str, now: datetime) -> list[ChatDue]:
        """The chats in which messages have stood for too long.

        :param channel: where.
        :param now: the time.
        :returns: a row for each chat.
        """
        at = now.timestamp()
        rows = self._rows(
            "SELECT address, message, at + ? <= ? FROM trace WHERE channel = ? AND given_up_at IS NULL AND due <= ? "
            "ORDER BY address, message",
            LATEST,
            at,
            channel,
            at,
        )
        chats: dict[str, list[tuple[int, bool]]] = {}
        for address, message, old in rows:
            chats.setdefault(address, []).append((message, bool(old)))
        return [
            ChatDue(
                address,
                tuple(message for message, _ in due),
                frozenset(message for message, old in due if old),
                self._row(
                    "SELECT 1 FROM inbox WHERE channel = ? AND address = ? AND received_at > ?",
                    channel,
                    address,
                    at - UNTOUCHED,
                )
                is not None,
                self._row("SELECT 1 FROM person WHERE channel = ? AND address = ? AND locked", channel, address)
                is not None,
            )
            for address, due in chats.items()
        ]

    def tried(self, channel: str, address: str, messages: Iterable[int], now: datetime) -> None:
        """Note that messages are being taken away; where they still stand, they are tried again after a while.

        :param channel: where.
        :param address: whose chat.
        :param messages: the messages.
        :param now: the time.
        """
        self._conn.executemany(
            "UPDATE trace SET due = ? + min(? * (1 << min(tries, 8)), ?), tries = tries + 1 "
            "WHERE channel = ? AND address = ? AND message = ?",
            [(now.timestamp(), FIRST_RETRY, LAST_RETRY, channel, address, message) for message in messages],
        )

    def try_at_once(self, channel: str, now: datetime) -> None:
        """Let what was tried, and may still stand, be due.

        :param channel: where.
        :param now: the time.
        """
        self._conn.execute(
            "UPDATE trace SET due = ? WHERE channel = ? AND tries > 0 AND given_up_at IS NULL",
            (now.timestamp(), channel),
        )

    def stands(self, channel: str, address: str, message: int) -> None:
        """Let a neutral message stand until its last moment.

        :param channel: where.
        :param address: whose chat.
        :param message: the message.
        """
        self._conn.execute(
            "UPDATE trace SET due = at + ?, tries = 0 WHERE channel = ? AND address = ? AND message = ?",
            (LATEST, channel, address, message),
        )

    def give_traces_up(self, channel: str, now: datetime) -> int:
        """Give up what was tried and is too old for the chat's keeper to take away.

        :param channel: where.
        :param now: the time.
        :returns: how many messages.
        """
        at = now.timestamp()
        self._conn.execute("DELETE FROM trace WHERE given_up_at <= ?", (at - FORGOTTEN_AFTER,))
        done = self._conn.execute(
            "UPDATE trace SET given_up_at = ? WHERE channel = ? AND given_up_at IS NULL AND tries > 0 AND at <= ?",
            (at, channel, at - TOO_OLD),
        )
        return int(done.rowcount)

    def traces_given_up(self) -> int:
        """How many messages stand in chats that could not be taken away, and that nobody has been told of.

        :returns: the number.
        """
        return int(self._rows("SELECT count(*) FROM trace WHERE given_up_at IS NOT NULL")[0][0])

    def tell_given_up(self, channel: str, address: str) -> int:
        """Forget what was given up in a chat, since its owner is told of it now.

        :param channel: where.
        :param address: whose.
        :returns: how many messages.
        """
        done = self._conn.execute(
            "DELETE FROM trace WHERE channel = ? AND address = ? AND given_up_at IS NOT NULL", (channel, address)
        )
        return int(done.rowcount)

    def ledger(self) -> list[tuple[str, str, int, bool, float]]:
        """Everything in the ledger that may still be taken away.

        :returns: (channel, address, message, whether the bot wrote it, when it was sent), oldest first.
        """
        return [
            (row[0], row[1], row[2], bool(row[3]), row[4])
            for row in self._rows(
                "SELECT channel, address, message, ours, at FROM trace WHERE given_up_at IS NULL ORDER BY at, message"
            )
        ]

    def take_over(self, rows: Sequence[tuple[str, str, int, bool, float]]) -> None:
        """Put the ledger of another store into this one; the next sweep takes it away.

        :param rows: what :meth:`ledger` of that store gives.
        """
        self._conn.executemany(
            "INSERT INTO trace (channel, address, message, ours, at, due) VALUES (?, ?, ?, ?, ?, 0) "
            "ON CONFLICT DO NOTHING",
            rows,
        )

    def empty_ledger(self) -> None:
        """Forget the whole ledger, since another store has it now."""
        self._conn.execute("DELETE FROM trace WHERE given_up_at IS NULL")
