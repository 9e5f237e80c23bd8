"""The law as dated data: each fact with its source, its status and the day its text was read.

A look-up outside a fact's period raises: there is no "latest". The files beside this one are TOML, one table a fact.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

STATUSES = ("verified", "secondary", "computed")
"""How sure we are: the text itself was read; only a secondary source; computed from a verified one."""


class UnknownLaw(LookupError):
    """There is no such fact, or none that applies on that day."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One provision.

    :ivar id: how dialogs name it.
    :ivar cites: how it is cited in Swedish.
    :ivar says: what it says, in short, in plain Swedish of our own.
    :ivar applies_from: the first day it applies in this form.
    :ivar applies_until: the last day, or ``None`` while it is in force.
    :ivar read_on: the day its text was read.
    :ivar source: where it was read.
    :ivar status: one of :data:`STATUSES`.
    """

    id: str
    cites: str
    says: str
    applies_from: date
    applies_until: date | None
    read_on: date
    source: str
    status: str


@cache
def facts() -> tuple[Fact, ...]:
    """Every fact, from the TOML files of this folder.

    :returns: facts by file and order in it; an id may stand several times with different periods.
    :raises ValueError: a file has a status that is not known.
    """
    found = []
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        with path.open("rb") as file:
            for id_, versions in tomllib.load(file).items():
                for held in versions:
                    if held["status"] not in STATUSES:
                        raise ValueError(f"{path.name}: {id_} has status {held['status']!r}; known are {STATUSES}")
                    found.append(Fact(id=id_, **{"applies_until": None, **held}))
    return tuple(found)


def fact(id_: str, on: date) -> Fact:
    """The fact as it applies on a day.

    :param id_: the fact's id.
    :param on: the day.
    :returns: the fact.
    :raises UnknownLaw: the id is unknown, or no version of it applies that day.
    """
    for found in facts():
        if found.id == id_ and found.applies_from <= on and (found.applies_until is None or on <= found.applies_until):
            return found
    raise UnknownLaw(f"no law fact {id_!r} applies on {on.isoformat()}; known are {sorted({f.id for f in facts()})}")


def is_read_too_long_ago(held: Fact, today: date, days: int) -> bool:
    """Whether a text must be read again.

    :param held: the fact.
    :param today: the day it is.
    :param days: how many days a reading holds.
    :returns: whether more days than that have passed since it was read.
    """
    return today - held.read_on > timedelta(days=days)
