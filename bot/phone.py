"""A person's phone: what they type and press goes to the desk, and what the desk sends is shown in their chat.

The terminal and the transcripts talk to the desk through this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.chat import Chat
from bot.desk import Desk
from bot.incoming import Incoming, InGroup, Pressed, Said, Sent
from bot.outgoing import Delivered, moved, press_data
from state.screen import Button, Screen
from state.store import Leaving

CHANNEL = "terminal"


class Phone(Chat):
    """One person's chat.

    :param desk: where the updates go.
    :param address: the person's address.
    :param number: gives update and message numbers.
    """

    def __init__(self, desk: Desk, address: str, number: Callable[[], int]) -> None:
        super().__init__(number)
        self.desk = desk
        self.address = address
        self.seen: list[tuple[int, Screen]] = []
        """Every screen there ever was, with its message."""
        self.beside: Callable[[Sequence[Leaving]], object] = lambda _leaving: None
        """Is given what the desk sends, since some of it may be for others."""

    def says(self, text: str) -> list[Screen]:
        """Type something.

        :param text: the words.
        :returns: the screens that came of it.
        """
        return self._send(Said(self.number(), self.address, self.number(), text))

    def sends(self, kind: str) -> list[Screen]:
        """Send what is not text.

        :param kind: ``photo``, ``voice``, ``document``, ``sticker``, ``edited`` …
        :returns: the screens that came of it.
        """
        return self._send(Sent(self.number(), self.address, self.number(), kind))

    def says_in_a_group(self) -> list[Screen]:
        """Speak to the bot where others listen.

        :returns: the screens that came of it.
        """
        return self._send(InGroup(self.number(), self.address))

    def presses(self, label: str) -> list[Screen]:
        """Press a button of the newest message that has it.

        :param label: the words on it.
        :returns: the screens that came of it.
        :raises LookupError: no message has such a button.
        """
        for message in sorted(self.shown, reverse=True):
            for button in self.shown[message].buttons:
                if button.label == label:
                    return self._press(message, self.shown[message], button)
        raise LookupError(f"no button [{label}] on the screen")

    def presses_again(self, label: str) -> list[Screen]:
        """Press a button of a screen that has been replaced, as a slow or double thumb does.

        :param label: the words on it.
        :returns: the screens that came of it.
        :raises LookupError: no earlier screen had such a button.
        """
        for message, screen in reversed(self.seen):
            if self.shown.get(message) is screen:
                continue
            for button in screen.buttons:
                if button.label == label:
                    return self._press(message, screen, button)
        raise LookupError(f"no earlier screen had a button [{label}]")

    def _press(self, message: int, screen: Screen, button: Button) -> list[Screen]:
        if button.copy is not None:
            return []  # the phone copies by itself, and tells nobody
        query = f"q{self.number()}"
        return self._send(Pressed(self.number(), self.address, message, query, press_data(screen, button)))

    def _send(self, update: Incoming) -> list[Screen]:
        lines = self.desk.take_in(CHANNEL, [update])
        return self.receives([payload for _, payload in lines])

    def receives(self, first: Sequence[dict[str, Any]] = ()) -> list[Screen]:
        """Let the desk work, and show what it sends to this person.

        :param first: what is to be shown before that.
        :returns: the screens, in order.
        """
        came = [screen for payload in first if (screen := self.does(payload)) is not None]
        leaving = self.desk.work(CHANNEL)
        came += self.gets(leaving)
        self.beside([message for message in leaving if message.address != self.address])
        return came

    def gets(self, leaving: Sequence[Leaving]) -> list[Screen]:
        """Show what is for this person, and say that it has arrived.

        :param leaving: what the desk sends, to whomever.
        :returns: the screens, in order.
        """
        mine = [message for message in leaving if message.address == self.address]
        came: list[Screen] = []
        done: list[Delivered] = []
        for message in mine:
            if (screen := self.does(message.payload)) is not None:
                came.append(screen)
            done.append(Delivered(message.id, message.address, self.live, moved=moved(message.payload, self.at)))
        if mine:
            self.desk.work(CHANNEL, done)
        return came

    def does(self, payload: dict[str, Any]) -> Screen | None:
        """See :class:`Chat`; what was shown is remembered, so that an old button can be pressed."""
        screen = super().does(payload)
        if screen is not None and payload["do"] == "show" and self.at is not None:
            self.seen.append((self.at, screen))
        return screen
