"""Staff, not clients: who may speak to the bot, in which role, for which district."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
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


def code_hash(code: str) -> str:
    """How an invitation is stored: hashed, since whoever holds the code gets in.

    :param code: the one-time code; 120 random bits, so a plain hash is enough.
    :returns: SHA-256 in hex.
    """
    return hashlib.sha256(code.encode()).hexdigest()
