"""When somebody is reminded of a referral that waits (THR-9), computed from the records and the clock.

The times are examples and can be set: no source gives any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from dialogs.policy import Policy
from dialogs.records import Entry
from dialogs.rules.referrals import Step, what_is_next
from dialogs.rules.workdays import ONE_DAY, is_a_working_day

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
    """When the latest reminder of a step fell due: the first one, and then in the morning, when offices open.

    Of what cannot wait that is every morning, since the police and socialjouren answer then too; else of working days.

    :param step: what is to be done.
    :param now: the time, with the local zone.
    :param policy: how long before, and the office hours.
    :returns: the time; ``None`` while it is too early to remind anybody.
    """
    first = the_first_reminder(step, policy)
    if now < first:
        return None
    return max(first, _latest_morning(now, policy, every_day=step.at_once))


def the_first_reminder(step: Step, policy: Policy) -> datetime:
    """When somebody is reminded of a step for the first time.

    Of what others are to answer, when it is due; of what the coordinator is to do, some time before, once the office
    has opened that day; never after nine in the evening of that day. But nobody is reminded of what they have only
    just written, and of what cannot wait that is the one thing that counts: what is to be done at once, and a no to
    what is due the same day.

    :param step: what is to be done.
    :param policy: how long before and after, and the office hours.
    :returns: the time.
    """
    written = datetime.fromisoformat(step.entry.recorded_at).astimezone(step.by.tzinfo)
    known = written + timedelta(minutes=policy.remind_after_minutes)
    if step.at_once or (step.kind == "triage_again" and step.by.date() == written.date()):
        return known
    due = step.by
    if step.kind != "ask":
        opens = datetime.combine(due.date(), policy.contacts.office.opens, due.tzinfo)
        due = max(due - timedelta(minutes=policy.remind_before_minutes), min(due, opens))
    return max(known, min(due, datetime.combine(due.date(), LATEST, due.tzinfo)))


def _latest_morning(now: datetime, policy: Policy, *, every_day: bool) -> datetime:
    """When the latest morning came, today or before: the time at which the office opens."""
    opens = policy.contacts.office.opens
    day = now.date()
    if now < datetime.combine(day, opens, now.tzinfo):
        day -= ONE_DAY
    while not (every_day or is_a_working_day(day)):
        day -= ONE_DAY
    return datetime.combine(day, opens, now.tzinfo)
