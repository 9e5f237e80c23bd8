"""The deployment's list of contacts: a TOML file named by ``LOTS_CONTACTS``; and what is wrong with one.

::

    version = "2026-11"
    until = 2027-06-30

    [office]
    opens = 08:00:00
    closes = 16:30:00

    [[district]]
    name = "Järva"
    since = 2023-07-01
    police_areas = ["Järva"]

    [[contact]]
    function = "exit_coordinator"
    area = "Järva"
    number = "08-123 45 67"
    opens = 08:00:00
    closes = 16:30:00

A contact without hours answers always. 112 and 114 14 are in every list and cannot be changed by one. There is no
field for a name or an address: what does not belong in the list has no place in it, and what is put into another field
all the same is found by ``lots contacts``.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

from bot.guard import Finding, findings
from dialogs.contacts import (
    BY_AREA,
    BY_DISTRICT,
    EMERGENCY,
    FUNCTIONS,
    OFFICE,
    POLICE,
    SHIPPED,
    Contact,
    Contacts,
    District,
    Function,
    Hours,
)
from dialogs.policy import PLACE, Policy
from state.errors import BadSettings

SOON = timedelta(days=30)
"""How long before its end a list is told of."""

NUMBER = re.compile(r"\+?[0-9][0-9 -]{1,18}[0-9]")
VERSION = re.compile(r"[A-Za-zÅÄÖåäö0-9_ -]{1,40}")

_PERSON = re.compile(r"\b[A-ZÅÄÖ][a-zåäöé]+ (?:[A-ZÅÄÖ][a-zåäöé]+-)?[A-ZÅÄÖ][a-zåäöé]+\b")
_MAIL = re.compile(r"\S+@\S+")
_MOBILE = re.compile(r"(?:(?:00)?460?|0)7[02369]")
_FIXED = {own.function: own for own in (EMERGENCY, POLICE)}
"""The two numbers that are the whole country's."""


@dataclass(frozen=True)
class Found:
    """Something about a list that should be looked at.

    :ivar kind: ``missing``, ``expired`` or ``suspicious``.
    :ivar says: what, and what to do.
    """

    kind: str
    says: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.says}"


def load(path: Path | None) -> Contacts:
    """Read a list.

    :param path: the TOML file; ``None`` for what ships.
    :returns: the list, with 112 and 114 14 in it whatever it says.
    :raises BadSettings: the file cannot be read or has what a list cannot hold; says where.
    """
    if path is None:
        return SHIPPED
    try:
        held = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise BadSettings(f"LOTS_CONTACTS: {path} cannot be read ({fault.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise BadSettings(f"LOTS_CONTACTS: {path} is not TOML ({fault})") from None
    _only(path, "the file", held, {"version", "until", "office", "district", "contact"})
    version = held.get("version")
    if not isinstance(version, str) or not VERSION.fullmatch(version):
        raise BadSettings(f'LOTS_CONTACTS: {path}: version is {version!r}; write for example version = "2026-11"')
    contacts = [_contact(path, n, one) for n, one in enumerate(_tables(path, held, "contact"), 1)]
    return Contacts(
        version=version,
        until=_day(path, "the file", held, "until"),
        office=_hours(path, "office", held["office"]) or OFFICE if "office" in held else OFFICE,
        contacts=(*_FIXED.values(), *(contact for contact in contacts if contact.function not in _FIXED)),
        districts=tuple(_district(path, n, one) for n, one in enumerate(_tables(path, held, "district"), 1)),
    )


def found(contacts: Contacts, policy: Policy, today: date) -> Iterator[Found]:
    """What is missing, expired or suspicious in a list.

    :param contacts: the list.
    :param policy: the districts and local police areas that need a way.
    :param today: the day.
    :returns: findings; none where all is well.
    """
    yield from _expired(contacts, today)
    yield from _missing(contacts, policy, today)
    yield from _suspicious(contacts, policy)


def _expired(contacts: Contacts, today: date) -> Iterator[Found]:
    if contacts.have_expired(today):
        yield Found("expired", f"the list {contacts.version} held until {contacts.until}. Renew it")
    elif contacts.until is not None and contacts.until - today <= SOON:
        yield Found("expired", f"the list {contacts.version} holds until {contacts.until}, soon. Renew it")
    for held in contacts.contacts:
        if held.until is not None and held.until < today:
            yield Found("expired", f"{_named(held)} held until {held.until}. Renew it or take it away")
    for district in contacts.districts:
        if district.until is not None and district.until < today:
            yield Found("expired", f"the district {district.name} was one until {district.until}. Take it away")


def _missing(contacts: Contacts, policy: Policy, today: date) -> Iterator[Found]:
    for function in FUNCTIONS:
        areas: Sequence[str | None] = (None,)
        if function in BY_AREA:
            areas = policy.police_areas
        elif function in BY_DISTRICT:
            areas = _districts(contacts, policy, today)
        without = [area for area in areas if contacts.the_one_for(function, area, today) is None]
        if without and None in without:
            yield Found("missing", f"{function} has no number")
        elif without:
            yield Found("missing", f"{function} has no number for {', '.join(map(str, without))}")
    placed = {area for district in contacts.districts if district.holds(today) for area in district.police_areas}
    if contacts.districts and (away := [area for area in policy.police_areas if area not in placed]):
        yield Found("missing", f"no district has the local police area {', '.join(away)}")
    for district in contacts.districts:
        if district.holds(today) and not district.police_areas:
            yield Found("missing", f"the district {district.name} has no local police area, so no way to the police")


def _districts(contacts: Contacts, policy: Policy, today: date) -> tuple[str, ...]:
    own = tuple(district.name for district in contacts.districts if district.holds(today))
    return tuple(dict.fromkeys((*policy.districts, *own)))


def _suspicious(contacts: Contacts, policy: Policy) -> Iterator[Found]:
    """What looks like a person, an address or a phone of somebody's own; and what names no place there is."""
    known = {*policy.districts, *policy.police_areas}
    for district in contacts.districts:
        for area in district.police_areas:
            if area not in policy.police_areas:
                yield Found("suspicious", f"the district {district.name} names {area}, which is no local police area")
        yield from (
            Found("suspicious", f"the district {district.name} {what}") for what in _looks(district.name, known)
        )
    for held in contacts.contacts:
        if held.area is not None and held.area not in {*known, *(district.name for district in contacts.districts)}:
            yield Found("suspicious", f"{held.function} names {held.area!r}, which is no district and no police area")
            yield from (Found("suspicious", f"{held.function} {what}") for what in _looks(held.area, known))
        if _MOBILE.match(_digits(held.number)):
            yield Found("suspicious", f"{_named(held)} has a mobile number: it may be a person's. Use the function's")
        if Finding.PERSONNUMMER in findings(held.number, practice=False):
            yield Found("suspicious", f"{_named(held)} has what looks like a personal number. Take it away at once")
    for one, other in itertools.combinations(contacts.contacts, 2):
        if (one.function, one.area) == (other.function, other.area) and _at_the_same_time(one, other):
            yield Found("suspicious", f"{_named(one)} has two numbers at once; only {one.number} is shown. Keep one")
    yield from (Found("suspicious", f"the version {what}") for what in _looks(contacts.version, known))


def _looks(text: str, known: set[str]) -> Iterator[str]:
    """What a text looks like that a list must not have (design 9; THR-10)."""
    if text in known:
        return
    if Finding.ADDRESS in findings(text, practice=False):
        yield f"has what looks like an address ({text!r}). Take it away: no address of a protected unit may be stored"
    elif _MAIL.search(text) or _PERSON.search(text):
        yield f"has what looks like a person's name ({text!r}). Name the function only"


def _at_the_same_time(one: Contact, other: Contact) -> bool:
    begins = max(one.since or date.min, other.since or date.min)
    return begins <= min(one.until or date.max, other.until or date.max)


def _digits(number: str) -> str:
    return "".join(filter(str.isdigit, number))


def _named(held: Contact) -> str:
    return held.function if held.area is None else f"{held.function} for {held.area}"


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────


def _tables(path: Path, held: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    tables = held.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise BadSettings(f"LOTS_CONTACTS: {path}: {name} must be tables, each begun with [[{name}]]")
    return tables


def _only(path: Path, where: str, table: Mapping[str, Any], known: set[str]) -> None:
    if strange := sorted(table.keys() - known):
        raise BadSettings(
            f"LOTS_CONTACTS: {path}: {where} has {strange}; known are {sorted(known)}. No name and no address is kept"
        )


def _contact(path: Path, number: int, table: Mapping[str, Any]) -> Contact:
    where = f"contact {number}"
    _only(path, where, table, {"function", "area", "number", "opens", "closes", "since", "until"})
    said = table.get("function")
    function: Function | None = next((known for known in FUNCTIONS if known == said), None)
    if function is None:
        raise BadSettings(f"LOTS_CONTACTS: {path}: {where} has function {said!r}; it may be {', '.join(FUNCTIONS)}")
    dialled = table.get("number")
    if not isinstance(dialled, str) or not NUMBER.fullmatch(dialled):
        raise BadSettings(
            f'LOTS_CONTACTS: {path}: {where} ({function}) has number {dialled!r}; write it like "08-123 45 67"'
        )
    if (own := _FIXED.get(function)) is not None:
        if _digits(dialled) != _digits(own.number) or table.keys() > {"function", "number"}:
            raise BadSettings(
                f"LOTS_CONTACTS: {path}: {where} ({function}) is always {own.number}, everywhere and at any time. "
                "Take it away: it is in every list"
            )
        return own
    return Contact(
        function=function,
        area=_area(path, where, table),
        number=dialled,
        hours=_hours(path, where, table),
        since=_day(path, where, table, "since"),
        until=_day(path, where, table, "until"),
    )


def _area(path: Path, where: str, table: Mapping[str, Any]) -> str | None:
    area = table.get("area")
    if area is not None and (not isinstance(area, str) or not PLACE.fullmatch(area)):
        raise BadSettings(
            f"LOTS_CONTACTS: {path}: {where} has area {area!r}; it is the name of a district or a local police area"
        )
    return area


def _district(path: Path, number: int, table: Mapping[str, Any]) -> District:
    where = f"district {number}"
    _only(path, where, table, {"name", "since", "until", "police_areas"})
    name, areas = table.get("name"), table.get("police_areas", [])
    if not isinstance(name, str) or not PLACE.fullmatch(name):
        raise BadSettings(f"LOTS_CONTACTS: {path}: {where} has name {name!r}; 2 to 40 letters, blanks and hyphens")
    if not isinstance(areas, list) or not all(isinstance(area, str) and PLACE.fullmatch(area) for area in areas):
        raise BadSettings(f"LOTS_CONTACTS: {path}: {where} ({name}) has police_areas {areas!r}; it is a list of names")
    return District(
        name=name,
        since=_day(path, where, table, "since"),
        until=_day(path, where, table, "until"),
        police_areas=tuple(areas),
    )


def _hours(path: Path, where: str, table: Any) -> Hours | None:
    if not isinstance(table, dict):
        raise BadSettings(f"LOTS_CONTACTS: {path}: {where} must be a table, [{where}]")
    opens, closes = table.get("opens"), table.get("closes")
    if opens is None and closes is None:
        return None
    if not isinstance(opens, time) or not isinstance(closes, time) or opens >= closes:
        raise BadSettings(
            f"LOTS_CONTACTS: {path}: {where} opens {opens} and closes {closes}; write opens = 08:00:00 and a later "
            "closes = 16:30:00, or neither for always"
        )
    return Hours(opens=opens, closes=closes)


def _day(path: Path, where: str, table: Mapping[str, Any], name: str) -> date | None:
    day = table.get(name)
    if day is not None and type(day) is not date:
        raise BadSettings(f"LOTS_CONTACTS: {path}: {where} has {name} {day!r}; write a date like 2027-06-30, unquoted")
    return day
