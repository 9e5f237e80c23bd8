"""Motivational talks (``domain.md`` 4): what counts, and when an assessment is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dialogs.policy import Group, Policy
from dialogs.records import Corrected, Entry, Record, TalkHeld
from dialogs.rules.cases import the_fact_that_stands

Assessment = Literal["not_due", "suggested", "asked_for"]


@dataclass(frozen=True)
class Talk:
    """A talk as it stands after its corrections.

    :ivar entry: the record it was written with.
    :ivar record: what it says now; the correction's words stand over the first ones.
    :ivar corrected_by: the corrections that made it so, oldest first.
    """

    entry: Entry
    record: TalkHeld
    corrected_by: tuple[Entry, ...]


def talks_as_they_stand(entries: Sequence[Entry]) -> tuple[Talk, ...]:
    """MOT-4: a wrong talk is corrected with a trace; what stands is the first record with its live corrections.

    A correction that was itself taken back does nothing, and so on down the chain.

    :param entries: the case's records, oldest first.
    :returns: the talks in the order they were written, without those that were taken away.
    """
    live = corrections_that_stand(entries)
    stand = []
    for entry in entries:
        if not isinstance(entry.record, TalkHeld):
            continue
        corrections = [
            (by, said) for by in live if isinstance(said := by.record, Corrected) and said.corrects == entry.id
        ]
        talk: TalkHeld | None = entry.record
        for _, said in corrections:
            talk = said.applied_to(talk) if talk is not None else None
        if talk is not None:
            stand.append(Talk(entry, talk, tuple(by for by, _ in corrections)))
    return tuple(stand)


@dataclass(frozen=True)
class Pending:
    """A record that is not written yet, in the place where it will stand."""

    id: str
    author: str
    said_on: date
    recorded_at: str
    record: Record


def as_if_saved(entries: Sequence[Entry], record: Record) -> tuple[Entry, ...]:
    """A case as it will be when a record is saved.

    :param entries: the case's records, oldest first; at least one.
    :param record: what is about to be saved.
    :returns: the records with that one last; it has no id yet.
    """
    last = entries[-1]
    return (*entries, Pending("", last.author, last.said_on, last.recorded_at, record))


def talks_if_corrected(entries: Sequence[Entry], correction: Corrected) -> tuple[Talk, ...]:
    """MOT-4: the talks as they will stand when a correction is saved.

    :param entries: the case's records, oldest first; among them what the correction is about.
    :param correction: the correction, a taking back included.
    :returns: the talks in the order they were written.
    """
    return talks_as_they_stand(as_if_saved(entries, correction))


def the_day_that_gets_a_second_talk(entries: Sequence[Entry], correction: Corrected) -> date | None:
    """MOT-4: a correction that puts a second held talk on a day is asked about, a taking back included.

    :param entries: the case's records, oldest first.
    :param correction: the correction that is about to be saved.
    :returns: the day, or ``None`` where no two talks meet on a day that did not meet there before.
    """
    before = {(talk.entry.id, talk.record.occurred_on) for talk in talks_held(entries)}
    after = [
        (talk.entry.id, talk.record.occurred_on)
        for talk in talks_if_corrected(entries, correction)
        if talk.record.held == "yes"
    ]
    days = [day for _, day in after]
    return next((talk[1] for talk in after if talk not in before and days.count(talk[1]) > 1), None)


def corrections_that_stand(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """MOT-4: the corrections that are in force and can be taken back, taking-back included.

    :param entries: the case's records, oldest first.
    :returns: corrections, oldest first.
    """
    undone: set[str] = set()
    live = []
    for entry in reversed(entries):
        if isinstance(entry.record, Corrected) and entry.id not in undone:
            live.append(entry)
            if entry.record.change == "undo":
                undone.add(entry.record.corrects)
    return tuple(reversed(live))


def talks_held(entries: Sequence[Entry]) -> tuple[Talk, ...]:
    """MOT-4, MOT-5: a held talk counts once; a missed or cancelled one is kept and not counted.

    :param entries: the case's records, oldest first.
    :returns: the talks that count, as they stand after corrections.
    """
    return tuple(talk for talk in talks_as_they_stand(entries) if talk.record.held == "yes")


def a_talk_is_already_recorded_that_day(entries: Sequence[Entry], day: date) -> bool:
    """MOT-4: a second talk on the same date is asked about.

    :param entries: the case's records.
    :param day: the day of the talk that is about to be recorded.
    :returns: whether a held talk of that day is on record.
    """
    return any(talk.record.occurred_on == day for talk in talks_held(entries))


def group_said(entries: Sequence[Entry]) -> Group | None:
    """TG-1, TG-2: whether the case is SIG unga or SIG unga vuxna, as it was said last.

    :param entries: the case's records, oldest first.
    :returns: the group, or ``None`` where nobody has said.
    """
    stands = the_fact_that_stands(entries, "group")
    return None if stands is None else as_group(stands.value)


def as_group(value: str) -> Group | None:
    """A stored answer as a group.

    :param value: ``youth``, ``young_adult`` or ``unknown``.
    :returns: the group, or ``None`` where it is not known.
    """
    groups: dict[str, Group] = {"youth": "youth", "young_adult": "young_adult"}
    return groups.get(value)


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
