"""Cases between dialogs: whether one is closed, which facts stand, and when a fact may be out of date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dialogs.policy import Policy
from dialogs.records import CaseClosed, CaseFact, CaseReopened, Entry

MINOR_AGES = ("under_12", "12_14", "15_17")
"""The age groups in which a birthday changes who must be asked (CON-9, CON-15)."""


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
    """A fact is asked for again after six months, and an age when the birthday month has come or gone (CON-15).

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
    if fact == "age_group" and stands.value in MINOR_AGES:
        month = the_fact_that_stands(entries, "month_of_18")
        said, now = f"{stands.said_on:%Y-%m}", f"{today:%Y-%m}"
        if month is not None and month.value != "unknown" and said <= month.value <= now and said < now:
            return True  # what was said in the month itself may be from before the day, which nobody asks for
    return (today - stands.said_on).days > policy.facts_stand_days
