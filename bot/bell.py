"""The doorbell: in mode ``dorrklocka`` a Telegram chat says that something waits, and opens the web (design 10).

It stands in the desk's place before the channel. Of what somebody writes there only the message's number is kept, to
take the message away; what leaves are a few fixed lines, so that nothing of a case ever passes through Telegram.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from bot import traces
from bot.front import ONLY_INVITED, Front
from bot.incoming import Pressed, Said, Sent, invitation_in
from bot.outgoing import REMINDER, Delivered, neutral
from dialogs.texts import mark as _
from dialogs.texts import say
from state.people import Person
from state.store import WEB, Arrived, BellAt, Leaving, Store
from state.store.traces import ChatDue

log = logging.getLogger("lots.bell")

CONNECTED = _("Klart. Här får du bara påminnelser.")
ONLY_REMINDERS = _("Här får du bara påminnelser. Det du skriver här läses inte, och det tas bort.")
IN_BROWSER = _("Öppna i webbläsaren")
IN_TELEGRAM = _("Öppna här i Telegram")

COMMANDS = [["start", "Öppna"]]
"""The list of commands, for everybody."""

APP = "/app"
"""The page that Telegram's own browser opens."""

Row = tuple[str, dict[str, Any]]
"""Of the outbox: whose chat, and what is done there."""

RINGS = frozenset({"ring", "delete", "erase", "commands", "answer"})
"""What the doorbell has in the outbox; anything else there is of another mode."""


class Bell(Front):
    """Takes what comes over Telegram while people talk on the web, and rings.

    :param store: the store.
    :param public_url: the https address of the web chat, without its last slash.
    :param now: the clock, with the local zone.
    """

    opening_commands = COMMANDS
    taken_invitations = ("all", "bell")

    def __init__(self, store: Store, public_url: str, *, now: Callable[[], datetime]) -> None:
        super().__init__(store, now)
        self._public_url = public_url

    def start(self, channel: str) -> None:
        """Let those who have talked in the chat talk on the web, and take away there what is left of it.

        :param channel: the channel that starts.
        """
        now = self.now()
        with self.store.transaction():
            other = [message.id for message in self.store.unsent(channel) if message.payload["do"] not in RINGS]
            self.store.sent([(row, "withdrawn") for row in other], now)
            people = self.store.people(channel)
            messages: list[Row] = []
            for person in people:
                messages.append((person.address, {"do": "commands", "commands": COMMANDS}))
                stands = (*self.store.notes_shown(person.id), self.store.live_message(person.id))
                messages += [gone for message in dict.fromkeys(stands) for gone in _without(person.address, message)]
                messages += traces.erase(person.address, self.store.traces(channel, person.address))
            for person in self.store.move_to_the_web(channel):
                messages += self._line(person, ONLY_REMINDERS, now)
            self.store.queue(channel, messages, now)
        if people:
            log.info("people talk on the web now", extra={"event": "MovedToTheWeb"})

    def sweep(self, channel: str) -> list[Leaving]:
        """Ring where something waits, once; take away what stands in the chat of somebody who has been here since.

        :param channel: the channel that runs.
        :returns: what is to be sent.
        """
        now = self.now()
        messages: list[Row] = []
        with self.store.transaction():
            for bell in self.store.bells():
                person = self.store.person(bell.person)
                if person is not None and _is_to_ring(bell):
                    messages += self._line(person, REMINDER, now)
                elif bell.rung_at is None and bell.message is not None:
                    self.store.mark_bell(bell.person, message=None, rung_at=None)
                    messages += _without(bell.address, bell.message)
            messages += traces.swept(self.store, channel, now, lambda chat: self._renew(channel, chat, now))
            return self.store.queue(channel, messages, now)

    def _renew(self, channel: str, chat: ChatDue, now: datetime) -> list[Row]:
        """Take away what has stood for too long; the line itself is neutral, and a new one takes its place in time."""
        person = self.store.person_with_bell(chat.address)
        bell = None if person is None else self.store.bell_of(person.id)
        if person is None or bell is None:
            return traces.erase(chat.address, self.store.traces(channel, chat.address))
        rows = traces.erase(chat.address, [message for message in chat.messages if message != bell.message])
        if bell.message in chat.old:
            return rows + self._line(person, ONLY_REMINDERS, now, heard=False)
        if bell.message in chat.messages and bell.message is not None:
            self.store.stands(channel, chat.address, bell.message)
        return rows

    def _knows(self, channel: str, address: str) -> bool:
        return self.store.person_with_bell(address) is not None

    def _reduced(self, channel: str, update: Said | Pressed | Sent) -> dict[str, Any]:
        """Ids only: what was said is nowhere, but for an invitation of somebody who is let in with it."""
        kept: dict[str, Any] = {"what": "bell", "message": update.message}
        if isinstance(update, Pressed):
            return kept | {"query": update.query}
        if isinstance(update, Said) and self.store.person_with_bell(update.address) is None:
            code = invitation_in(update.text)
            if code is not None and self.store.invitation_holds(code, self.now(), self.taken_invitations):
                return kept | {"code": code}
        return kept

    def _too_fast(self, update: Said | Pressed | Sent) -> dict[str, Any]:
        """The one line that there is here does for this too."""
        query = {"query": update.query} if isinstance(update, Pressed) else {}
        return {"what": "bell", "message": update.message} | query

    def _work_off(self, channel: str, arrived: Sequence[Arrived], sent: Sequence[Delivered]) -> list[Leaving]:
        now = self.now()
        with self.store.transaction():
            traces.delivered(self.store, channel, sent, now)
            messages = self._mark(sent, now)
            answers: dict[str, tuple[Person, str]] = {}
            for update in arrived:
                address, payload = update.address, update.payload
                person, words = self.store.person_with_bell(address), ONLY_REMINDERS
                if person is None:
                    person, words = self._connect(update, messages, now), CONNECTED
                if person is None:
                    messages.append((address, neutral(ONLY_INVITED)))
                    continue
                if payload.get("query") is not None:
                    messages.append((address, {"do": "answer", "query": payload["query"], "toast": None}))
                messages += _without(address, payload.get("message"))
                answers.setdefault(address, (person, words))
            for person, words in answers.values():  # one line, however much came at once
                messages += self._line(person, words, now)
            self.store.handled([update.id for update in arrived], now)
            return self.store.queue(channel, messages, now)

    def _mark(self, sent: Sequence[Delivered], now: datetime) -> list[Row]:
        """Keep what was sent; what it stands in the place of is taken away."""
        self.store.sent([(done.row, done.fault) for done in sent], now)
        messages = []
        for done in sent:
            if done.rang is not None:
                messages += _without(done.address, self.store.bell_rang(done.address, done.rang))
        return messages

    def _connect(self, update: Arrived, messages: list[Row], now: datetime) -> Person | None:
        """Let a chat ring for whom the invitation says; a chat that rang for them before rings no more."""
        code = update.payload.get("code")
        if code is None:
            return None
        person = self.store.use_invitation(code, channel=WEB, address=None, now=now, opens=self.taken_invitations)
        if person is None:
            return None
        if (before := self.store.bell_of(person.id)) is not None:
            messages += _without(before.address, before.message)
        self.store.set_bell(person.id, update.address)
        self.strangers.forgets(update.address)
        messages.append((update.address, {"do": "commands", "commands": COMMANDS}))
        log.info("a doorbell is connected", extra={"event": "BellConnected"})
        return person

    def _line(self, person: Person, words: str, now: datetime, *, heard: bool = True) -> list[Row]:
        """A line with the ways to the web; where something waits, it says so. The one before goes when it is there."""
        bell = self.store.bell_of(person.id)
        if bell is None:
            return []
        self.store.mark_bell(person.id, message=bell.message, rung_at=now)
        lang = person.language
        ring = {
            "do": "ring",
            "text": say(words if bell.due_at is None else REMINDER, lang),
            "browser": [say(IN_BROWSER, lang), self._public_url],
            "app": [say(IN_TELEGRAM, lang), f"{self._public_url}{APP}"],
            "heard": heard,
        }
        return [(bell.address, ring)]


def _is_to_ring(bell: BellAt) -> bool:
    """Whether something waits that no line in the chat was sent for, or after."""
    return bell.due_at is not None and (bell.rung_at is None or bell.rung_at <= bell.due_at)


def _without(address: str, message: int | None) -> list[Row]:
    return [] if message is None else [(address, {"do": "delete", "on": "there", "message": message})]
