"""What a person sees: a chat of messages that are sent, edited and deleted, as the outbox says.

The terminal and the transcripts talk to the desk through this; it does with a message what Telegram would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.desk import Delivered, Desk, Incoming, InGroup, Pressed, Said, Sent, moved, press_data
from state.screen import Button, Screen
from state.store import Leaving

CHANNEL = "terminal"


@dataclass
class Phone:
    """One person's chat.

    :ivar desk: where the updates go.
    :ivar address: the person's address.
    :ivar number: gives update and message numbers.
    """

    desk: Desk
    address: str
    number: Callable[[], int]
    shown: dict[int, Screen] = field(default_factory=dict)
    """The messages that are there, by number; the newest screen of each."""
    seen: list[tuple[int, Screen]] = field(default_factory=list)
    """Every screen there ever was, with its message."""
    live: int | None = None
    at: int | None = None
    """The message that showed something last."""

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
        came = [screen for payload in first if (screen := self._do(payload)) is not None]
        return came + self.gets(self.desk.work(CHANNEL))

    def gets(self, leaving: Sequence[Leaving]) -> list[Screen]:
        """Show what is for this person, and say that it has arrived.

        :param leaving: what the desk sends, to whomever.
        :returns: the screens, in order.
        """
        mine = [message for message in leaving if message.address == self.address]
        came: list[Screen] = []
        done: list[Delivered] = []
        for message in mine:
            if (screen := self._do(message.payload)) is not None:
                came.append(screen)
            done.append(Delivered(message.id, message.address, self.live, moved=moved(message.payload, self.at)))
        if mine:
            self.desk.work(CHANNEL, done)
        return came

    def _do(self, payload: dict[str, Any]) -> Screen | None:
        if payload["do"] == "delete":
            gone = self.live if payload["on"] == "live" else payload["message"]
            self.shown = {message: screen for message, screen in self.shown.items() if message != gone}
            if self.live == gone:
                self.live = None
        elif payload["do"] == "show":
            return self._show(payload)
        elif payload["do"] == "answer" and payload["toast"]:
            return Screen(text=payload["toast"], rows=())
        return None

    def _show(self, payload: dict[str, Any]) -> Screen | None:
        screen = Screen.from_json(payload["screen"])
        message = {"press": payload["message"], "there": payload["message"], "live": self.live}.get(payload["on"])
        if message is None or message not in self.shown:
            if payload["on"] == "there":
                return None
            message = self.number()
        self.at = message
        self.shown[message] = screen
        self.seen.append((message, screen))
        if payload["live"]:
            self.live = message
        return screen
