"""The chats on the web: what people do goes to the desk, and what the desk sends stands in their chats.

A chat is kept in the store, message by message, and does with a message what Telegram would. It is short: what is
older than the last few messages is gone, and when nobody is signed in any more only the open question stays.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence

from bot.chat import Chat
from bot.desk import Desk
from bot.incoming import Pressed, Said
from bot.outgoing import Delivered, moved
from dialogs.texts import Verbatim, Words, say
from dialogs.texts import mark as _
from state.errors import StoreError
from state.people import Person
from state.screen import Screen
from state.store import WEB, Leaving

OLD_FORM = _("Det är osäkert vad som kom fram. Så här är det sparat. Kontrollera innan du går vidare.")

NUMBERS_KNOWN = 10_000
"""How many forms are remembered, so that another button of one that has been sent is not taken for the same press."""

MOST_MESSAGES = 6
"""How many messages stand in a chat; a page beside the dialog and the dialog's question are two."""


class Waits(Exception):
    """What somebody did is kept, and has not come into effect yet: the store could not be used."""


class Chats:
    """The chats of everybody on the web.

    :param desk: handles what people do.
    :param changed: is told whose chat has changed, once that is on the disk.
    :param looks: whether somebody has a page open; then nothing rings for them.
    """

    def __init__(
        self, desk: Desk, changed: Callable[[Person], None], looks: Callable[[Person], bool] = lambda _person: False
    ) -> None:
        self._desk = desk
        self._store = desk.store
        self._changed = changed
        self._looks = looks
        self._told: dict[str, list[str]] = {}
        self._secret = secrets.token_bytes(32)
        self._numbers: OrderedDict[int, bytes] = OrderedDict()

    def start(self) -> None:
        """Put what was queued before the program ended into the chats, and handle what had arrived."""
        self._desk.start(WEB)
        self.catches_up()

    def catches_up(self) -> dict[str, list[Screen]]:
        """Handle what has arrived, and put what waits into the chats, also what an earlier fault left behind.

        :returns: the screens that came of it, by address.
        """
        self._desk.work(WEB)
        return self._deliver(self._store.unsent(WEB))

    def does(self, update: Said | Pressed) -> list[Screen]:
        """Let somebody do something.

        :param update: what they did; where its number came before, nothing happens.
        :returns: the screens that came of it in their chat, in order.
        :raises StoreError: nothing of it is kept.
        :raises Waits: it is kept, and comes into effect when the store can be used again.
        """
        mark = hashlib.blake2b(repr(update).encode("utf-8", "surrogatepass"), key=self._secret).digest()
        if self._numbers.get(update.update, mark) != mark:
            if (person := self._store.person_at(WEB, update.address)) is not None:
                self.tell(person, OLD_FORM)  # another button of a form that has been sent
            return []
        self._desk.take_in(WEB, [update])
        self._numbers[update.update] = mark  # and never what was typed
        if len(self._numbers) > NUMBERS_KNOWN:
            self._numbers.popitem(last=False)
        try:
            return self.catches_up().get(update.address, [])
        except StoreError as fault:
            raise Waits(str(fault)) from fault

    def opens(self, person: Person) -> None:
        """See to it that somebody who comes in has something to look at.

        :param person: who.
        """
        self.catches_up()
        if not self.messages(person):
            self._desk.opened(person)
            self._deliver(self._store.unsent(WEB))

    def messages(self, person: Person) -> dict[int, Screen]:
        """What stands in somebody's chat.

        :param person: who.
        :returns: the screens by message number, oldest first.
        """
        return {number: Screen.from_json(body) for number, body in self._store.chat(person.id).items()}

    def tell(self, person: Person, words: Words) -> None:
        """Show somebody a short notice once, with the next page.

        :param person: to whom.
        :param words: the notice.
        """
        told, said = self._told.setdefault(person.id, []), say(words, person.language)
        if said not in told:
            told.append(said)

    def told(self, person: Person, *, forget: bool) -> list[str]:
        """Short notices that are shown once.

        :param person: to whom.
        :param forget: whether they have been seen now.
        :returns: the notices, oldest first.
        """
        return self._told.pop(person.id, []) if forget else list(self._told.get(person.id, []))

    def sweep(self) -> dict[str, list[Screen]]:
        """Let time do its work: drafts that are erased, notes that are taken away.

        :returns: the screens that came of it, by address.
        """
        self._desk.sweep(WEB)
        self._desk.work(WEB)
        return self._deliver(self._store.unsent(WEB), rings=True)

    def clear(self, person: Person) -> None:
        """Take everything out of somebody's chat but the question that waits.

        :param person: who.
        """
        live = self._store.live_message(person.id) if self._store.active_session(person.id) is not None else None
        gone = [number for number in self._store.chat(person.id) if number != live]
        with self._store.transaction():
            self._store.save_chat(person.id, dict.fromkeys(gone))
            for number in gone:
                self._store.note_gone(person.id, number)
        self._told.pop(person.id, None)

    def _deliver(self, leaving: Sequence[Leaving], *, rings: bool = False) -> dict[str, list[Screen]]:
        came: dict[str, list[Screen]] = {}
        for address in dict.fromkeys(message.address for message in leaving):
            mine = [message for message in leaving if message.address == address]
            came[address] = self._deliver_to(address, mine, rings=rings)
        return came

    def _deliver_to(self, address: str, leaving: Sequence[Leaving], *, rings: bool) -> list[Screen]:
        """One person's messages, in one transaction: they stand in the chat exactly when they are marked as sent."""
        person = self._store.person_at(WEB, address)
        came: list[Screen] = []
        toasts: list[str] = []
        with self._store.transaction():
            if person is None:  # revoked meanwhile
                self._desk.mark(WEB, [Delivered(message.id, address) for message in leaving])
                return came
            before = self._store.chat(person.id)
            chat = Chat(
                lambda: self._store.next_chat_message(person.id),
                {number: Screen.from_json(body) for number, body in before.items()},
                self._store.live_message(person.id),
            )
            done = []
            for message in leaving:
                if (screen := chat.does(message.payload)) is not None:
                    came.append(screen)
                    if message.payload["do"] == "answer":
                        toasts.append(screen.text)
                done.append(Delivered(message.id, address, chat.live, moved=moved(message.payload, chat.at)))
            self._shorten(chat, person)
            now = {number: screen.as_json() for number, screen in chat.shown.items()}
            gone = dict.fromkeys(before.keys() - now.keys())
            fresh = {number: body for number, body in now.items() if before.get(number) != body}
            self._store.save_chat(person.id, {**gone, **fresh})
            self._desk.mark(WEB, done)
            if rings and not self._looks(person) and any(message.payload.get("on") == "new" for message in leaving):
                self._store.bell_is_due(person.id, self._desk.now())
        for toast in toasts:
            self.tell(person, Verbatim(toast))
        self._changed(person)
        return came

    def _shorten(self, chat: Chat, person: Person) -> None:
        for number in sorted(chat.shown)[:-MOST_MESSAGES]:
            if number != chat.live:
                del chat.shown[number]
                self._store.note_gone(person.id, number)
