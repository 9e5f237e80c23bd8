"""A chat as the outbox makes it: messages that are sent, edited and deleted.

The terminal and the transcripts keep one in memory, the web keeps one in the store. It does with a message what
Telegram would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from state.screen import Screen


@dataclass
class Chat:
    """The messages of one person's chat.

    :ivar number: gives the number of the next message.
    :ivar shown: the messages that are there, by number; the newest screen of each.
    :ivar live: the message that shows the dialog.
    :ivar at: the message that showed something last.
    """

    number: Callable[[], int]
    shown: dict[int, Screen] = field(default_factory=dict)
    live: int | None = None
    at: int | None = None

    def does(self, payload: dict[str, Any]) -> Screen | None:
        """Do what a row of the outbox says.

        :param payload: the row.
        :returns: what is to be seen of it: the screen that is shown, or the words of a short notice.
        """
        if payload["do"] == "delete":
            gone = self.live if payload["on"] == "live" else payload["message"]
            if gone is not None:
                self.shown.pop(gone, None)
            if self.live == gone:
                self.live = None
        elif payload["do"] == "clear":
            self.shown = {number: screen for number, screen in self.shown.items() if number == self.live}
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
        if payload["live"]:
            self.live = message
        return screen
