"""When somebody is reminded of a referral that waits (THR-9), computed from the records and the clock.

The times are examples and can be set: no source gives any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dialogs.policy import Policy
from dialogs.records import Entry
from dialogs.rules.referrals import Step, what_is_next
from dialogs.rules.workdays import is_a_working_day

LATEST = time(21)
"""What is due later in the evening is reminded of then, while there is still somebody to ring."""


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """Something that waits, and that it is time to be reminded of.

    :ivar step: what is to be done.
    :ivar since: when the latest reminder of it fell due; who was reminded after that has been reminded.
    """

    step: Step
    since: datetime


def what_to_remind_of(entries: Sequence[Entry], now: datetime, policy: Policy) -> tuple[Reminder, ...]:
    """THR-9: what waits in a case and has come so far that its coordinators are reminded, until it is done.

    :param entries: the case's records, oldest first.
    :param now: the time, with the local zone.
    :param policy: how long before, and the office hours.
    :returns: reminders, what is due first first; none in a closed case.
    """
    steps = ((step, the_latest_reminder(step, now, policy)) for step in what_is_next(entries))
    return tuple(Reminder(step=step, since=since) for step, since in steps if since is not None)


def the_latest_reminder(step: Step, now: datetime, policy: Policy) -> datetime | None:
    """When the latest reminder of a step fell due: the first one, and then when the office opens on each working day.

    :param step: what is to be done.
    :param now: the time, with the local zone.
    :param policy: how long before, and the office hours.
    :returns: the time; ``None`` while it is too early to remind anybody.
    """
    first = the_first_reminder(step, policy)
    if now < first:
        return None
    opened = _latest_opening(now, policy)
    return max(first, opened)


def the_first_reminder(step: Step, policy: Policy) -> datetime:
    """When somebody is reminded of a step for the first time.

    Of what others are to answer, when it is due; of what the coordinator is to do, some time before, once the office
    has opened that day; never after nine in the evening of that day. But nobody is reminded of what they have only
    just written, and of what cannot wait that is the one thing that counts.

    :param step: what is to be done.
    :param policy: how long before and after, and the office hours.
    :returns: the time.
    """
    known = datetime.fromisoformat(step.entry.recorded_at).astimezone(step.by.tzinfo)
    known += timedelta(minutes=policy.remind_after_minutes)
    if step.at_once:
        return known
    due = step.by
    if step.kind != "ask":
        opens = datetime.combine(due.date(), policy.contacts.office.opens, due.tzinfo)
        due = max(due - timedelta(minutes=policy.remind_before_minutes), min(due, opens))
    return max(known, min(due, datetime.combine(due.date(), LATEST, due.tzinfo)))


def _latest_opening(now: datetime, policy: Policy) -> datetime:
    """When the office opened last, today or on the working day before."""
    opens = policy.contacts.office.opens
    day = now.date()
    if not (is_a_working_day(day) and now >= datetime.combine(day, opens, now.tzinfo)):
        day = _the_working_day_before(day)
    return datetime.combine(day, opens, now.tzinfo)


def _the_working_day_before(day: date) -> date:
    before = day - timedelta(days=1)
    while not is_a_working_day(before):
        before -= timedelta(days=1)
    return before
