"""Whom to ring: the deployment's list of functions, never of persons; hours, and the way that is open right now.

What ships holds 112 and 114 14 only. A deployment's own list is a file (``bot.contacts`` reads it). Everything here is
a pure look-up; no address is kept, and none of a protected unit could be (THR-10).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, get_args

from dialogs.records.threats import Receiver, Urgency
from dialogs.rules.workdays import is_a_working_day, the_working_days_after, working_days_on

Function = Literal[
    "emergency",
    "police",
    "case_officer",
    "manager",
    "exit_coordinator",
    "city_exit_coordinator",
    "bops",
    "central_unit",
    "out_of_hours",
    "victim_support",
    "relatives_support",
]
"""The functions of ``domain.md`` 1 and 5 that can be rung; ``out_of_hours`` is socialjouren."""

FUNCTIONS: tuple[Function, ...] = get_args(Function)

BY_AREA: tuple[Function, ...] = ("exit_coordinator",)
"""Functions that each local police area has its own of."""

BY_DISTRICT: tuple[Function, ...] = ("case_officer", "manager")
"""Functions that each district has its own of."""

PLAN_DAYS = 5
"""Working days that a plan may take: an example, since no source gives times."""


@dataclass(frozen=True, kw_only=True)
class Hours:
    """When a function answers, on working days.

    :ivar opens: from when.
    :ivar closes: until when; later the same day.
    """

    opens: time
    closes: time

    def are_open(self, now: datetime) -> bool:
        """Whether somebody answers now.

        :param now: the time, with the local zone.
        :returns: whether it is a working day within the hours.
        """
        return is_a_working_day(now.date()) and self.opens <= now.time().replace(tzinfo=None) < self.closes

    def next_opening(self, now: datetime) -> datetime:
        """When somebody answers next.

        :param now: the time, outside the hours.
        :returns: later today where it is a working day that has not begun, else the next working day.
        """
        day = now.date()
        if not (is_a_working_day(day) and now.time().replace(tzinfo=None) < self.opens):
            day = next(the_working_days_after(day))
        return datetime.combine(day, self.opens, now.tzinfo)

    def end_of(self, day: date, now: datetime) -> datetime:
        """When a day's hours end.

        :param day: the day.
        :param now: the time; its zone is used.
        :returns: the time.
        """
        return datetime.combine(day, self.closes, now.tzinfo)


@dataclass(frozen=True, kw_only=True)
class Contact:
    """One function's number.

    :ivar function: which.
    :ivar area: the district or local police area it is for; ``None`` for all.
    :ivar number: as it is dialled and shown.
    :ivar hours: when it answers; ``None`` for always.
    :ivar since: the first day it holds; ``None`` for always.
    :ivar until: the last day it holds; ``None`` for always.
    """

    function: Function
    area: str | None = None
    number: str
    hours: Hours | None = None
    since: date | None = None
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it is in force.

        :param day: the day.
        :returns: whether the day is within its dates.
        """
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, kw_only=True)
class District:
    """A district as the list knows it.

    :ivar name: as in the policy and the invitations.
    :ivar since: the first day it is a district; ``None`` for always.
    :ivar until: the last day; ``None`` for always.
    :ivar police_areas: the local police areas in it.
    """

    name: str
    since: date | None = None
    until: date | None = None
    police_areas: tuple[str, ...] = ()

    def holds(self, day: date) -> bool:
        """Whether it is a district.

        :param day: the day.
        :returns: whether the day is within its dates.
        """
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


OFFICE = Hours(opens=time(8), closes=time(16, 30))
"""Office hours where a list gives none: an example."""


@dataclass(frozen=True, kw_only=True)
class Contacts:
    """A deployment's list.

    :ivar version: how the list calls itself; kept with every triage.
    :ivar until: the last day the whole list holds; ``None`` for what ships.
    :ivar office: the hours of a function that has none of its own or no number.
    :ivar contacts: the numbers.
    :ivar districts: the districts; empty for what ships.
    """

    version: str
    until: date | None = None
    office: Hours = OFFICE
    contacts: tuple[Contact, ...] = ()
    districts: tuple[District, ...] = ()

    def have_expired(self, day: date) -> bool:
        """Whether the whole list is too old.

        :param day: the day.
        :returns: whether its last day has passed.
        """
        return self.until is not None and self.until < day

    def the_one_for(self, function: Function, area: str | None, day: date) -> Contact | None:
        """The number of a function: the area's own, else the one for all.

        :param function: which.
        :param area: the district or local police area; ``None`` where it is not known.
        :param day: the day.
        :returns: the contact in force, or ``None`` where the list has none.
        """
        fitting = [held for held in self.contacts if held.function == function and held.holds(day)]
        own = (held for held in fitting if held.area is not None and held.area == area)
        return next(own, next((held for held in fitting if held.area is None), None))


EMERGENCY = Contact(function="emergency", number="112")
POLICE = Contact(function="police", number="114 14")

SHIPPED = Contacts(version="medföljer", contacts=(EMERGENCY, POLICE))
"""What ships: the two numbers that are the whole country's."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way to reach somebody.

    :ivar function: whom to ring.
    :ivar contact: the number; ``None`` where the list has none.
    :ivar due: when it must be done.
    :ivar opens: when somebody answers there, where that is later than now.
    """

    function: Function
    contact: Contact | None
    due: datetime
    opens: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Ways:
    """How to reach a receiver, by the clock.

    :ivar ordinary: the receiver itself.
    :ivar meanwhile: the out-of-hours way that is open now; ``None`` while the receiver answers, or where it can wait.
    """

    ordinary: Way
    meanwhile: Way | None = None

    def __iter__(self) -> Iterator[Way]:
        if self.meanwhile is not None:
            yield self.meanwhile
        yield self.ordinary


def the_ways_to(
    receiver: Receiver, urgency: Urgency, *, contacts: Contacts, district: str, police_area: str | None, now: datetime
) -> Ways:
    """How to reach a receiver and until when; outside its hours also the way that is open now (THR-14).

    :param receiver: whom.
    :param urgency: how fast. The times it gives are examples: no source has any.
    :param contacts: the deployment's list.
    :param district: the coordinator's district.
    :param police_area: the person's local police area; ``None`` where it is not known.
    :param now: the time, with the local zone.
    :returns: the ways, each with its due time.
    """
    function: Function = receiver
    contact = contacts.the_one_for(function, _area(function, district, police_area), now.date())
    hours = contacts.office if contact is None else contact.hours
    if hours is None or hours.are_open(now):
        return Ways(ordinary=Way(function=function, contact=contact, due=_due(urgency, hours, contacts, now)))
    opens = hours.next_opening(now)
    if urgency in ("next_working_day", "plan"):
        due = _due(urgency, hours, contacts, now)
        return Ways(ordinary=Way(function=function, contact=contact, due=due, opens=opens))
    other = who_answers_out_of_hours(receiver)
    late = now if urgency in ("112", "now") else datetime.combine(now.date(), time(23, 59), now.tzinfo)
    reached = contacts.the_one_for(other, district, now.date()) or (POLICE if other == "police" else None)
    meanwhile = Way(function=other, contact=reached, due=late)
    by = opens if opens.date() > now.date() or urgency != "today" else hours.end_of(now.date(), now)
    return Ways(ordinary=Way(function=function, contact=contact, due=by, opens=opens), meanwhile=meanwhile)


def who_answers_out_of_hours(receiver: Receiver) -> Function:
    """THR-14: who is rung while a receiver is closed.

    :param receiver: who is closed.
    :returns: socialjouren for the case officer, else the police.
    """
    return "out_of_hours" if receiver == "case_officer" else "police"


def the_way_to_protect_a_child(*, contacts: Contacts, district: str, now: datetime) -> Way:
    """THR-14: the case officer at once, outside office hours socialjouren.

    :param contacts: the deployment's list.
    :param district: the coordinator's district.
    :param now: the time, with the local zone.
    :returns: the way that is open now.
    """
    ways = the_ways_to("case_officer", "now", contacts=contacts, district=district, police_area=None, now=now)
    return ways.meanwhile or ways.ordinary


def _area(function: Function, district: str, police_area: str | None) -> str | None:
    if function in BY_AREA:
        return police_area
    return district


def _due(urgency: Urgency, hours: Hours | None, contacts: Contacts, now: datetime) -> datetime:
    """Until when, where somebody answers now or it can wait."""
    ends = hours or contacts.office
    if urgency in ("112", "now"):
        return now
    if urgency == "today":
        if hours is None or not ends.are_open(now):
            return datetime.combine(now.date(), time(23, 59), now.tzinfo)
        return ends.end_of(now.date(), now)
    return ends.end_of(working_days_on(now.date(), 1 if urgency == "next_working_day" else PLAN_DAYS), now)


def is_just_before(due: datetime, now: datetime) -> bool:
    """Whether a due time is as good as now.

    :param due: the due time.
    :param now: the time.
    :returns: whether it has passed or is a minute away.
    """
    return due - now <= timedelta(minutes=1)
