"""Ids: UUIDv7 for records, short random ones for people, sessions and invitations.

The source of randomness is a parameter, so that a transcript can be replayed; what ships is ``secrets``.
"""

from __future__ import annotations

import random
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

SHORT = "abcdefghijkmnpqrstuvwxyz23456789"


class Source(Protocol):
    """Where random bits come from."""

    def bits(self, count: int) -> int:
        """A non-negative whole number of ``count`` random bits."""

    def pick(self, letters: Sequence[str]) -> str:
        """One of the letters, each as likely."""


class Secret:
    """Randomness for real use, from the operating system."""

    def bits(self, count: int) -> int:
        """See :class:`Source`."""
        return secrets.randbits(count)

    def pick(self, letters: Sequence[str]) -> str:
        """See :class:`Source`."""
        return secrets.choice(letters)


class Seeded:
    """Randomness that repeats, for replaying transcripts; never for a store that is kept.

    :param seed: the transcript's ``frö``.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose, see the docstring

    def bits(self, count: int) -> int:
        """See :class:`Source`."""
        return self._random.getrandbits(count)

    def pick(self, letters: Sequence[str]) -> str:
        """See :class:`Source`."""
        return self._random.choice(letters)


def short_id(source: Source, length: int = 8) -> str:
    """A short random id.

    :param source: randomness.
    :param length: characters; 8 carry 40 bits.
    :returns: lower-case letters and digits without look-alikes.
    """
    return "".join(source.pick(SHORT) for _ in range(length))


def uuid7(source: Source, at: datetime) -> str:
    """A UUID of version 7 (RFC 9562): milliseconds first, so that ids sort by time.

    :param source: randomness.
    :param at: the time, with a zone.
    :returns: the UUID in its usual form.
    """
    value = (int(at.timestamp() * 1000) & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76 | source.bits(12) << 64 | 0b10 << 62 | source.bits(62)
    return str(uuid.UUID(int=value))
