"""Who gets at which cases, over the whole store: for the operator, who gets at none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dialogs.rules.access import who_is_in
from dialogs.rules.cases import a_case_is_closed
from state.people import Person
from state.store import Store


@dataclass(frozen=True)
class Members:
    """Who was let into a case.

    :ivar case: its code.
    :ivar inside: the ids of everybody who was let in and not taken out.
    :ivar reach: those of them who get at it: they work with cases, in its district, and are not revoked.
    :ivar closed: whether the case is closed.
    """

    case: str
    inside: tuple[str, ...]
    reach: tuple[str, ...]
    closed: bool


def members_of(store: Store, case: str, people: Mapping[str, Person] | None = None) -> Members | None:
    """Who was let into a case.

    :param store: the store.
    :param case: a case code.
    :param people: everybody who is not revoked, by id; looked up where it is left out.
    :returns: its members; ``None`` where there is no such case, and for what is kept apart, which is none.
    """
    entries = store.entries(case)
    if not entries or entries[0].record.apart:
        return None
    known = {one.id: one for one in store.people()} if people is None else people
    district = store.district_of(case)
    inside = tuple(who_is_in(entries))
    reach = tuple(
        id_ for id_ in inside if id_ in known and known[id_].may_open_cases and known[id_].district == district
    )
    return Members(case, inside, reach, a_case_is_closed(entries))


def every_case(store: Store) -> list[Members]:
    """The members of every case.

    :param store: the store.
    :returns: in the order of the codes.
    """
    people = {one.id: one for one in store.people()}
    return [found for case in store.cases() if (found := members_of(store, case, people)) is not None]


def could_see(store: Store, person: Person) -> list[Members]:
    """The cases that somebody gets at, or got at until they were revoked.

    :param store: the store.
    :param person: who.
    :returns: their cases, in the order of the codes.
    """
    if not person.may_open_cases:
        return []
    ours = (one for one in every_case(store) if person.id in one.inside)
    return [one for one in ours if store.district_of(one.case) == person.district]
