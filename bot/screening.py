"""What the inbox may hold of what comes to the desk: only the fields it reads, and no words that are no answer.

Every text that anybody types passes the guard here first, on every channel. Of what is refused, and of what comes to a
chat that is shut, only the kind and ids are kept.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.front import BATCH, Kept
from bot.guard import LatestTyped, findings, findings_in_parts
from bot.incoming import Pressed, Said, Sent
from bot.lock import Lock
from bot.turn import Turn
from state.errors import StoreError

if TYPE_CHECKING:
    from bot.desk import Desk

LONGEST_TEXT = 64
"""Characters: no answer is longer, so longer texts are not kept even for a moment. ``lots lint`` holds the words of a
button, which may be typed, to 60, and a date has at most 60."""

LONG_TEXT = "long_text"
"""The kind of a text that is longer."""

TOO_FAST = "too_fast"
"""The kind of whatever comes from somebody who has brought what they may for a minute."""

SPLIT = "split"
"""The kind of a text that is an identifier together with one or two before it."""

MOST_PRESSES = 200
"""How many presses a form may bring at once; a list of twenty lines has sixty."""


class Screening:
    """Reduces updates to what may be kept of them.

    :param desk: where they go.
    :param lock: the lock of a channel's chats, where they lock themselves.
    """

    def __init__(self, desk: Desk, lock: Lock | None) -> None:
        self._desk = desk
        self._store = desk.store
        self._lock = lock
        self._typed = LatestTyped()

    def reduced(self, channel: str, update: Said | Pressed | Sent) -> dict[str, Any]:
        """What the inbox holds of an update.

        :param channel: where it came from.
        :param update: what somebody did.
        :returns: the fields the desk reads; of what is refused, the kind; of what comes to a lock, ids.
        """
        if self._lock is not None and self._lock.stands_before(channel, update):
            if isinstance(update, Pressed):
                return {"what": "shut_out", "message": None, "query": update.query}
            return {"what": "shut_out", "message": update.message}
        if isinstance(update, Pressed):
            pressed = {"what": "press", "message": update.message, "query": update.query, "data": update.data[:64]}
            before = [value[:64] for value in update.before[:MOST_PRESSES]]
            return pressed | ({"before": before} if before else {})
        if isinstance(update, Sent):
            return {"what": "refused", "message": update.message, "kind": update.kind}
        if (kind := self.refuses(channel, update.address, update.text)) is not None:
            return {"what": "refused", "message": update.message, "kind": kind}
        said = {"what": "said", "message": update.message, "text": update.text}
        return said if update.screen is None else said | {"screen": update.screen[:64]}

    def too_fast(self, update: Said | Pressed | Sent) -> dict[str, Any]:
        """What the inbox holds of the one update a minute that is answered with that it went too fast.

        :param update: what somebody did.
        :returns: its kind and its ids.
        """
        query = {"query": update.query} if isinstance(update, Pressed) else {}
        typed = None if isinstance(update, Pressed) else update.message
        return {"what": "refused", "message": typed, "kind": TOO_FAST} | query

    def without_words(self, channel: str, kept: list[Kept]) -> list[Kept]:
        """Leave out typed words that are no answer where the person stands: they are not kept even for a moment.

        Who has more than one thing to be handled may stand somewhere else by then: their words are kept until then.

        :param channel: where they came from.
        :param kept: a batch.
        :returns: the same batch.
        """
        if not any(payload["what"] == "said" for _update, _address, payload in kept):
            return kept
        waiting = self._store.waiting(channel, BATCH)
        if len(waiting) == BATCH:
            return kept
        spoken = Counter([*(update.address for update in waiting), *(address for _update, address, _payload in kept)])
        return [
            (update, address, self._in_short(channel, address, payload))
            if payload["what"] == "said" and spoken[address] == 1
            else (update, address, payload)
            for update, address, payload in kept
        ]

    def _in_short(self, channel: str, address: str, payload: dict[str, Any]) -> dict[str, Any]:
        person = self._store.person_at(channel, address)
        if person is None or self._desk.shuts_out(person):  # the words are an invitation
            return payload
        try:
            return payload | {"text": Turn(self._desk, person, payload, self._desk.now()).in_short(payload["text"])}
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - what breaks here breaks again where it is handled, and is told there
            return payload

    def refuses(self, channel: str, address: str, text: str) -> str | None:
        """Why a typed text is not taken, asked of every text that anybody types, before anything reads it.

        The text is kept in memory for two minutes where it is taken. One that is refused together with those before it
        leaves them there, so that trying once more is refused as well.

        :param channel: where it was typed.
        :param address: by whom, in the channel's terms.
        :param text: what was typed.
        :returns: the kind, never the content; ``None`` where the text is taken.
        """
        if found := findings(text, self._desk.practice):
            return found[0].value
        if len(text.strip()) > LONGEST_TEXT:
            return LONG_TEXT
        now = self._desk.now()
        if findings_in_parts(self._typed.before(channel, address, now), text, self._desk.practice):
            return SPLIT
        self._typed.keep(channel, address, text, now)
        return None

    def forget_old(self, now: datetime) -> None:
        """Forget texts that lie too far back to belong to what comes.

        :param now: the time.
        """
        self._typed.forget_old(now)
