"""Motivational talks (``domain.md`` 4): what counts, and when an assessment is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from dialogs.policy import Group, Policy
from dialogs.records import CaseFact, Entry, Record

Assessment = Literal["not_due", "suggested", "asked_for"]


def a_talk_counts_when_it_was_held(record: Record) -> bool:
    """MOT-4, MOT-5: a held talk counts once; a missed or cancelled one is kept and not counted.

    :param record: any record.
    :returns: whether it adds one to the count.
    """
    return record.kind == "talk_held" and getattr(record, "held", None) == "yes"


def talks_held(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """MOT-4: the talks of a case that count.

    :param entries: the case's records, oldest first.
    :returns: those of talks that were held.
    """
    return tuple(entry for entry in entries if a_talk_counts_when_it_was_held(entry.record))


def a_talk_is_already_recorded_that_day(entries: Sequence[Entry], day: date) -> bool:
    """MOT-4: a second talk on the same date is asked about.

    :param entries: the case's records.
    :param day: the day of the talk that is about to be recorded.
    :returns: whether a held talk of that day is on record.
    """
    return any(entry.record.happened_on == day for entry in talks_held(entries))


def group_of(entries: Sequence[Entry]) -> Group | None:
    """TG-1, TG-2: whether the case is SIG unga or SIG unga vuxna, by the latest fact on record.

    :param entries: the case's records, oldest first.
    :returns: the group, or ``None`` where nobody has said.
    """
    for entry in reversed(entries):
        if isinstance(entry.record, CaseFact) and entry.record.fact == "group":
            return entry.record.value
    return None


def an_assessment_is_due(number: int, group: Group | None, policy: Policy) -> Assessment:
    """MOT-1: from the third talk an assessment is suggested, at the fifth it is asked for; it is never forced.

    :param number: which talk this is, the one being recorded included (1 is the first).
    :param group: the case's group; an unknown one is treated as SIG unga vuxna, for whom the count was made,
        since a question too many costs a press and a missed assessment costs weeks.
    :param policy: the configured numbers and groups.
    :returns: whether an assessment is not due, suggested or asked for.
    """
    if (group or "young_adult") not in policy.assessed_groups or number < policy.suggest_assessment_at:
        return "not_due"
    return "asked_for" if number >= policy.ask_assessment_at else "suggested"


def the_talks_are_past_the_usual(number: int, policy: Policy) -> bool:
    """MOT-1: after the fifth it is said that the number is past the usual, and recorded all the same.

    :param number: which talk this is.
    :param policy: the configured numbers.
    :returns: whether to say so.
    """
    return number > policy.ask_assessment_at
