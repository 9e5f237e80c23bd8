"""What time brings by itself: drafts that are erased, notes and old messages that leave the chats, chats that shut."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot import traces
from bot.lock import Lock
from bot.logs import tell_fault
from bot.outgoing import REMINDER, Row
from bot.reminders import Waiting
from bot.turn import Turn
from dialogs.dates import months_on
from dialogs.texts import say
from state.errors import StoreError
from state.people import Person
from state.session import Session
from state.store.traces import ChatDue

if TYPE_CHECKING:
    from bot.desk import Desk

log = logging.getLogger("lots.sweeping")

KNOWN_FOR = timedelta(hours=48)
"""How long it is known what came and went, so that what a channel repeats is done once."""


class Sweeper:
    """Does what is due, inside the desk's transaction.

    :param desk: whose people it is done for.
    :param lock: the lock of a channel's chats, where they lock themselves.
    :param keep_log_years: after how many years a row of the access log is taken away.
    """

    def __init__(self, desk: Desk, lock: Lock | None, keep_log_years: int) -> None:
        self._desk = desk
        self._store = desk.store
        self._lock = lock
        self._keep_log_years = keep_log_years

    def due(self, channel: str, others: Collection[str], now: datetime) -> list[Row]:
        """Do what is due.

        :param channel: the channel that asks; it sends what comes of it.
        :param others: the other channels that run, which look after their own people.
        :param now: the time.
        :returns: what leaves the chats, and what is told: that a draft is gone, the menu in a note's place, what waits.
        """
        self._store.park_due(now)
        self._store.sweep(now - KNOWN_FOR)
        self._store.cut_access(years_before(now, self._keep_log_years))
        rows: list[Row] = []
        if self._lock is not None and channel == self._lock.channel:
            rows += self._lock.sweep(now)
        for draft in self._store.erase_due(now, others):
            person = self._store.person(draft.person)
            if person is not None and person.channel == channel:
                rows += self._without_draft(person, draft, now)
        for id_, shown_in in self._store.notes_due(channel, now):
            if (person := self._store.person(id_)) is not None:
                rows += self._without_note(person, shown_in, now)
        for person, waiting in self._desk.reminders.to_tell(channel, now):
            rows += self._reminder(person, waiting, now)
        return rows + traces.swept(self._store, channel, now, lambda chat: self._hidden(channel, chat, now))

    def _hidden(self, channel: str, chat: ChatDue, now: datetime) -> list[Row]:
        """Take away what has stood in a chat for too long; in an idle one a neutral line is left."""
        person = self._store.person_at(channel, chat.address)
        if person is None:  # revoked, or has moved to another phone
            return traces.erase(chat.address, self._store.traces(channel, chat.address))
        live = self._store.live_message(person.id)
        if live is None or live not in chat.messages:
            return traces.erase(chat.address, chat.messages)
        turn = Turn(self._desk, person, {}, now)
        if live not in chat.old:
            self._store.stands(channel, chat.address, live)
            if not chat.locked:
                turn.hide(traces.hidden(person.language))
        elif chat.in_use and not chat.locked:
            try:
                turn.move_to_a_new_message()
            except StoreError:
                raise
            except Exception as fault:  # noqa: BLE001 - the others' chats are to be looked after too
                tell_fault(fault)
                return traces.erase(chat.address, chat.messages)
        else:
            self._store.set_live_message(channel, chat.address, None)
            return traces.erase(chat.address, self._store.traces(channel, chat.address))
        beside = [message for message in chat.messages if message != live]
        return [*traces.erase(chat.address, beside), *((chat.address, message) for message in turn.messages)]

    def _without_draft(self, person: Person, draft: Session, now: datetime) -> list[Row]:
        turn = Turn(self._desk, person, {}, now)
        try:
            if self._desk.shuts_out(person):
                self._store.hold_back(person.id, say(turn.erased(draft), person.language), now)
                return []
            turn.tell_erased(draft)
        except Exception as fault:  # noqa: BLE001 - one draft that cannot be read must not keep the others
            tell_fault(fault)
            return []
        return [(person.address, message) for message in turn.messages]

    def _reminder(self, person: Person, waiting: Sequence[Waiting], now: datetime) -> list[Row]:
        """What waits; where the chat is shut, only that there is something."""
        turn = Turn(self._desk, person, {}, now)
        if self._lock is not None and self._desk.shuts_out(person):
            self._lock.rings(turn, person)
        elif self._desk.is_hidden(person):
            turn.ring(traces.hidden(person.language, REMINDER))
        else:
            try:
                turn.remind(waiting)
            except StoreError:
                raise
            except Exception as fault:  # noqa: BLE001 - a dialog that cannot be read must keep nobody from knowing
                tell_fault(fault)
                turn = Turn(self._desk, person, {}, now)
                turn.remind(waiting, beside=True)
        log.info("reminded", extra={"event": "Reminded"})
        return [(person.address, message) for message in turn.messages]

    def _without_note(self, person: Person, message: int | None, now: datetime) -> list[Row]:
        turn = Turn(self._desk, person, {}, now)
        if self._desk.shuts_out(person):  # it was on its way when the chat was shut
            if message is not None and message != self._store.live_message(person.id):
                return [(person.address, {"do": "delete", "on": "there", "message": message})]
            return []
        turn.take_note_away(message, on="there")
        return [(person.address, message) for message in turn.messages]


def years_before(now: datetime, years: int) -> datetime:
    """The same day some years ago; of 29 February the day before, where that year lacks it.

    :param now: the time.
    :param years: how many.
    :returns: that time then.
    """
    day = months_on(now.date(), -12 * years)
    return now.replace(year=day.year, day=day.day)
