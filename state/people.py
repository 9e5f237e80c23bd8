"""Staff, not clients: who may speak to the bot, in which role, for which district."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Role = Literal["samordnare", "ersattare", "chef", "drift", "granskare"]
ROLES: tuple[Role, ...] = get_args(Role)
LABELS: dict[Role, str] = {
    "samordnare": "samordnare",
    "ersattare": "ersättare",
    "chef": "chef",
    "drift": "drift",
    "granskare": "granskare",
}
"""What colleagues see of a role, before a number: labels are given once, and never hold a name."""

CASE_ROLES: frozenset[Role] = frozenset({"samordnare", "ersattare"})
"""The roles that may open a case; everything is denied that is not granted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A member of staff.

    :ivar id: a random id; no name is stored.
    :ivar role: what they may do.
    :ivar district: whose cases they may see.
    :ivar language: ``sv`` or ``en``.
    :ivar channel: where they talk: ``telegram``, ``web`` or ``terminal``.
    :ivar address: their address in that channel (a chat id).
    :ivar label: what colleagues see, "samordnare 2"; never a name.
    """

    id: str
    role: Role
    district: str
    language: str
    channel: str
    address: str
    label: str

    @property
    def may_open_cases(self) -> bool:
        """Whether the role opens cases."""
        return self.role in CASE_ROLES


LOTS = Person(id="lots", role="drift", district="Lots", language="sv", channel="none", address="lots", label="Lots")
"""The author of what Lots itself writes of records; nobody speaks as it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Invitation:
    """An invitation that can still be used; the code itself is known to the one it was given to only.

    :ivar id: what tells it from the others: the beginning of what is kept of the code.
    :ivar role: what the invited may do.
    :ivar district: whose cases they may see.
    :ivar expires_at: until when.
    :ivar person: the id of the person it brings to a new address, or ``None`` for somebody new.
    :ivar opens: ``all``, ``browser`` or ``bell``.
    """

    id: str
    role: str
    district: str
    expires_at: datetime
    person: str | None
    opens: str


INVITATION_ID = 8
"""Hex digits of an invitation's id: two of the few that live at once are never the same."""


def code_hash(code: str) -> str:
    """How an invitation is stored: hashed, since whoever holds the code gets in.

    :param code: the one-time code; 120 random bits, so a plain hash is enough.
    :returns: SHA-256 in hex.
    """
    return hashlib.sha256(code.encode()).hexdigest()
