"""The practice town: a few made-up cases, so that somebody who tries Lots for the first time finds something to see.

Nothing here writes a record. Two made-up coordinators talk with the desk as people do, on a clock that is set back to
earlier days, and what the dialogs keep of it is what stands in the cases. Buttons are pressed by what they carry and
not by their words; where a dialog no longer goes this way nothing at all is kept, and the error says where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from functools import partial

from bot.desk import Desk
from bot.outgoing import press_data
from bot.terminal import DISTRICT
from bot.turn import Turn
from dialogs.answers import DONE, EVERYTHING, NEW_CASE, UNKNOWN
from dialogs.policy import Policy
from dialogs.registry import DIALOGS
from dialogs.rules.workdays import ONE_DAY, is_a_working_day
from state.people import Person, Role
from state.screen import Screen
from state.session import MORE, SAVE
from state.store import WEB, Store

ROLE: Role = "samordnare"

FORENOON, BEFORE_LUNCH, AFTERNOON = time(9, 40), time(11, 5), time(14, 20)
"""When people in the practice town talk."""

FIRST_DAY = 24
"""How many working days ago it begins."""

MONTHS_TO_18 = 20
"""How far a sixteen-year-old has to the month of turning 18."""


def prepare(store: Store, now: datetime) -> Person:
    """Fill an empty practice store with made-up cases, and let a made-up coordinator in on the web.

    Everything is one transaction: all of it is there, or none. No draft is left behind, since a draft is asked about
    before anything else, and what a newcomer is to see first is the menu; at the end of a working day the reminder of
    the referral stands above it.

    :param store: a store for practice, never that of real cases; one that holds a record already gets no cases.
    :param now: the time, with the local zone; everything lies on working days before it.
    :returns: the coordinator to sign in: in a store that was filled here before, the same one.
    :raises LookupError: a dialog does not have a button any more that is pressed here.
    """
    with store.transaction():
        held = list(store.records())
        if held:
            return _who_was_here(store, held[0].author) or _let_in(store, now)
        began = _at(FIRST_DAY, FORENOON, now)
        me, colleague = _let_in(store, began), _let_in(store, began)
        _fill(_Town(store, now), me, colleague)
    return me


def _let_in(store: Store, at: datetime) -> Person:
    return store.add_person(role=ROLE, district=DISTRICT, channel=WEB, address=None, now=at)


def _who_was_here(store: Store, first_author: str) -> Person | None:
    """The one who wrote the first record; where that was somebody in a terminal, the first coordinator on the web."""
    ours = [person for person in store.people(WEB) if person.role == ROLE and person.district == DISTRICT]
    return next((person for person in ours if person.id == first_author), next(iter(ours), None))


def _fill(town: _Town, me: Person, colleague: Person) -> None:
    """Three cases, told in the order in which it happened; a record is never older than the one before it."""
    adult = town.talk(me, FIRST_DAY, FORENOON, "/samtal").presses(NEW_CASE, "young_adult", "yes").saves()
    town.talk(me, FIRST_DAY, FORENOON, f"/kollega {adult}").presses(colleague.id).saves()
    town.talk(colleague, 17, AFTERNOON, f"/samtal {adult}").presses("yes").saves()
    minor = town.talk(me, 15, AFTERNOON, "/samtal").presses(NEW_CASE, "youth", "yes").saves()
    town.talk(me, 15, AFTERNOON, f"/kollega {minor}").presses(colleague.id).saves()
    threatened = town.talk(colleague, 12, FORENOON, "/samtal").presses(NEW_CASE, "young_adult", "yes").saves()
    town.talk(colleague, 12, FORENOON, f"/kollega {threatened}").presses(me.id).saves()
    town.talk(me, 10, FORENOON, f"/samtal {adult}").presses("yes", "motivated", "wants_to_leave").saves()
    _consent_of_an_adult(town.talk(me, 8, FORENOON, f"/samtycke {adult}"))
    town.talk(me, 6, AFTERNOON, f"/samtal {minor}").presses("missed").saves()
    _consent_with_guardians(town.talk(colleague, 3, BEFORE_LUNCH, f"/samtycke {minor}"))
    _triage(town.talk(me, 1, FORENOON, f"/hotbild {threatened}"))
    referral = town.talk(me, 1, BEFORE_LUNCH, f"/remiss {threatened}")
    referral.presses("sent", referral.at.date().isoformat()).saves()


def _consent_of_an_adult(talk: _Talk) -> None:
    """A yes to the police, to three parties and to the measure; the copy is still owed."""
    talk.presses("21_29", "given", "kaa_jobbtorg", "probation", "arbetsformedlingen", DONE)
    talk.presses("given", "meeting", EVERYTHING, "owed").saves()


def _consent_with_guardians(talk: _Talk) -> None:
    """A sixteen-year-old and one guardian say yes, with differences; the other guardian has not been reached."""
    talk.presses("15_17").says(_month_of_18(talk.at.date())).presses("two", "yes", "together", "no")
    talk.presses("given", "school", "bup", "bup", DONE, "given", "meeting", EVERYTHING, "owed")
    talk.presses("given", "school", "thinking", "given", "telephone", EVERYTHING, "handed_over")
    talk.presses("not_reached").saves()


def _triage(talk: _Talk) -> None:
    """A threat against the person: the police's local coordinator sees a need of protection, BOPS is to be asked.

    The police area is left unknown: nothing made up is to stand under the name of a real place.
    """
    talk.presses("no", "subject", "18_20", UNKNOWN, "no", "no", "yes", "protection", "not_asked", "keep").saves()


def _month_of_18(today: date) -> str:
    months = today.year * 12 + today.month - 1 + MONTHS_TO_18
    return f"{months // 12:04}-{months % 12 + 1:02}"


def _at(working_days: int, at: time, now: datetime) -> datetime:
    """A time of day, so many working days before today."""
    day = now.date()
    while working_days:
        day -= ONE_DAY
        working_days -= is_a_working_day(day)
    return datetime.combine(day, at, tzinfo=now.tzinfo)


class _Town:
    """The desk of the practice town, on any earlier day.

    Its policy is the one that ships: with a deployment's own numbers other questions are asked, and the talks that are
    told here would not be had.
    """

    def __init__(self, store: Store, now: datetime) -> None:
        self._desk = Desk(store, DIALOGS, policy=Policy(), practice=True, now=lambda: now)
        self._now = now

    def talk(self, person: Person, working_days: int, at: time, command: str) -> _Talk:
        """Begin a talk.

        :param person: who.
        :param working_days: how many working days ago.
        :param at: the time of that day.
        :param command: what is said first.
        :returns: the talk, at its first question.
        """
        return _Talk(self._desk, person, _at(working_days, at, self._now), command)


class _Talk:
    """One talk of one person with the desk, at one moment, inside the transaction that is open.

    :ivar at: the moment.
    """

    def __init__(self, desk: Desk, person: Person, at: datetime, command: str) -> None:
        self.at = at
        self._desk = desk
        self._person = person
        self._command = command
        self._screen = self._after(partial(Turn.said, text=command))

    def says(self, text: str) -> _Talk:
        """Type an answer.

        :param text: the words.
        :returns: the talk, at what comes next.
        """
        self._screen = self._after(partial(Turn.said, text=text))
        return self

    def presses(self, *values: str) -> _Talk:
        """Press a button on each screen as it comes.

        :param values: what the buttons carry.
        :returns: the talk, at what comes next.
        :raises LookupError: there is no such button on the screen.
        """
        for value in values:
            self._screen = self._after(partial(Turn.pressed, data=self._carried_by(value)))
        return self

    def _carried_by(self, value: str) -> str:
        button = next((button for button in self._screen.buttons if button.value == value), None)
        if button is None:
            there = ", ".join(button.value for button in self._screen.buttons)
            raise LookupError(f"{self._command}: no button carries {value!r}, only {there}\n{self._screen.text}")
        return press_data(self._screen, button)

    def saves(self) -> str:
        """Read what is to be saved to its end, and save it.

        :returns: the code of the case.
        :raises LookupError: there is nothing to be saved yet, or it was not taken.
        """
        while more := [button.value for button in self._screen.buttons if button.value.startswith(f"{MORE}:")]:
            self.presses(more[0])
        self.presses(SAVE)
        if self._desk.store.active_session(self._person.id) is not None:
            raise LookupError(f"{self._command}: it was not saved\n{self._screen.text}")
        return self._desk.store.latest_cases(self._person.id, 1)[0]

    def _after(self, act: Callable[[Turn], None]) -> Screen:
        turn = Turn(self._desk, self._person, {}, self.at)
        act(turn)
        return [Screen.from_json(message["screen"]) for message in turn.messages if message["do"] == "show"][-1]
