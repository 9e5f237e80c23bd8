"""Cases between dialogs: whether one is closed, which facts stand, and when a fact may be out of date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dialogs.dates import read_month
from dialogs.policy import Policy
from dialogs.records import CaseClosed, CaseFact, CaseReopened, Entry

AGES = {"under_12": (0, 12), "12_14": (12, 15), "15_17": (15, 18), "18_20": (18, 21), "21_29": (21, 30)}
"""The age groups: from which birthday a person is in one, and which birthday takes them out of it, in years."""

OLDEST = "21_29"
"""The group that no other follows: there is nothing new to say when it ends."""

MINOR_AGES = tuple(group for group, (_, until) in AGES.items() if until <= 18)
"""The age groups in which there are guardians, and a birthday changes who must be asked (CON-9, CON-15)."""

ADULT_AGES = tuple(group for group, (since, _) in AGES.items() if since >= 18)
"""The age groups in which there are none."""


@dataclass(frozen=True)
class Standing:
    """A fact as it stands.

    :ivar value: what was said last.
    :ivar said_on: the day it was said.
    :ivar entry: the record that says so.
    """

    value: str
    said_on: date
    entry: Entry


def a_case_is_closed(entries: Sequence[Entry]) -> bool:
    """A case is closed by its latest closing, until it is opened again.

    :param entries: the case's records, oldest first.
    :returns: whether it is closed.
    """
    for entry in reversed(entries):
        if isinstance(entry.record, CaseClosed | CaseReopened):
            return isinstance(entry.record, CaseClosed)
    return False


def the_fact_that_stands(entries: Sequence[Entry], fact: str) -> Standing | None:
    """The latest record of a fact stands; the earlier ones are the trace.

    :param entries: the case's records, oldest first.
    :param fact: the fact's name.
    :returns: the fact, or ``None`` where nobody has said.
    """
    for entry in reversed(entries):
        if isinstance(entry.record, CaseFact) and entry.record.fact == fact:
            return Standing(entry.record.value, entry.said_on, entry)
    return None


def a_fact_may_be_out_of_date(entries: Sequence[Entry], fact: str, today: date, policy: Policy) -> bool:
    """A fact is asked for again after six months, and an age when a birthday may have ended it (CON-9, CON-15).

    The month of turning 18 gives the month of every birthday. What was said in the birthday month itself may be from
    before the day, which nobody asks for: it is asked once more when the month is over.

    :param entries: the case's records, oldest first.
    :param fact: the fact's name.
    :param today: the day it is.
    :param policy: how many days a fact stands.
    :returns: whether to ask again; ``False`` where the fact was never said.
    """
    stands = the_fact_that_stands(entries, fact)
    if stands is None:
        return False
    if fact == "month_of_18":
        return False  # a month of birth does not change
    turns_18 = the_fact_that_stands(entries, "month_of_18")
    month = read_month(turns_18.value) if turns_18 is not None else None
    if fact == "age_group" and stands.value in AGES and stands.value != OLDEST and month is not None:
        ends = _years_on(month, AGES[stands.value][1] - 18)
        said, now = stands.said_on.replace(day=1), today.replace(day=1)
        if said <= ends <= now and said < now:
            return True
    return (today - stands.said_on).days > policy.facts_stand_days


def months_in_which_18_can_fall(age_group: str | None, today: date) -> tuple[date, date]:
    """The first and the last month in which a person of an age group turns 18, or did.

    :param age_group: one of :data:`AGES`; any other word, or ``None``, where nobody knows the age.
    :param today: the day it is.
    :returns: the first day of each month.
    """
    since, until = AGES.get(age_group or "", (0, 30))
    now = today.replace(day=1)
    return _years_on(now, 18 - until), _years_on(now, 18 - since)


def _years_on(month: date, years: int) -> date:
    return month.replace(year=month.year + years)
