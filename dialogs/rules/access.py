"""Who gets at a case: everything is denied that was not granted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dialogs.records import AccessEnded, AccessGiven, CaseFact, Entry

COORDINATORS = ("first_coordinator", "second_coordinator")
"""The facts that name a member of staff (ENV-1)."""

PERSON_MARK = "p-"
"""How the id of a member of staff begins; a fact may also say that there is none yet, or that nobody knows."""


def who_is_in(entries: Sequence[Entry]) -> Mapping[str, Entry]:
    """ENV-1: who has written in a case, is named as one of its two, or was let in by a colleague is in until taken out.

    The records are walked in order, so whoever was taken out is in again when a later one lets them in. Bookkeeping
    lets nobody in by having written it: neither Lots, nor the one who writes that they leave.

    :param entries: the case's records, oldest first.
    :returns: the record that let each of them in, by the id of the member of staff, in the order they came. Whether
        they still work there, with cases and in the case's district, is not said here.
    """
    inside: dict[str, Entry] = {}
    for entry in entries:
        if not entry.record.bookkeeping:
            inside.setdefault(entry.author, entry)
        match entry.record:
            case AccessGiven(person=person):
                inside.setdefault(person, entry)
            case AccessEnded(person=person):
                inside.pop(person, None)
            case CaseFact(fact=fact, value=value) if fact in COORDINATORS and value.startswith(PERSON_MARK):
                inside.setdefault(value, entry)
    return inside
