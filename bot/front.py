"""What a chat channel speaks to, and how what comes is screened before anything of it is kept.

How fast it comes and who brings it is looked at here, in memory; what the inbox may hold of it, and what comes of it,
says whoever stands behind: the desk, or the doorbell.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot import traces
from bot.incoming import Incoming, InGroup, Pressed, Said, Sent, invitation_in
from bot.limits import Pace, Strangers
from bot.outgoing import Delivered, Job, Row, neutral
from dialogs.texts import Words
from dialogs.texts import mark as _
from state.store import Arrived, Leaving, Store

ONLY_INVITED = _("Den här chatten är bara för inbjudna.")
ONLY_PRIVATE = _("Den här boten fungerar bara i privata chattar.")

STRANGERS_COMMANDS = [["start", "Börja"]]
"""What somebody who is not invited sees in the channel's list of commands."""

BATCH = 200
"""How many updates may share a commit."""

Kept = tuple[int, str, dict[str, Any]]
"""For the inbox: the number of an update, whose it is, and what is kept of it."""


@dataclass(slots=True)
class _Screened:
    """A batch of updates on its way in.

    :ivar pace: how fast they may come.
    :ivar kept: what goes to the inbox.
    :ivar heard: the updates it is of.
    :ivar lines: what is done at once.
    :ivar admitted: those who are let in.
    :ivar spoken_for: the invitations that let somebody in with this batch.
    """

    pace: Pace
    kept: list[Kept] = field(default_factory=list)
    heard: list[Incoming] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    admitted: set[str] = field(default_factory=set)
    spoken_for: set[str] = field(default_factory=set)


class Front(ABC):
    """What a chat channel speaks to: it takes updates in and says what is to be sent.

    :ivar store: the store.
    :ivar now: the clock, with the local zone.
    :ivar strangers: how often each stranger wrote, in memory only; gone with the process.
    """

    opening_commands: Sequence[Sequence[str]] = STRANGERS_COMMANDS
    """The channel's list of commands for those who have none of their own."""

    taken_invitations: Sequence[str] = ("all",)
    """Which kinds of invitation let somebody in here."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self.store = store
        self.now = now
        self.strangers = Strangers()
        self._paces: dict[str, Pace] = {}

    def start(self, channel: str) -> None:  # noqa: B027 - most bring nothing
        """Put into the outbox what a start of the program brings.

        :param channel: the channel that starts.
        """

    def hold_to(self, channel: str, pace: Pace) -> None:
        """Let nobody on a channel come faster than that; without this there is no limit.

        :param channel: the channel.
        :param pace: how fast people and strangers may come.
        """
        self._paces[channel] = pace

    # ── in: screen, then save ────────────────────────────────────────────────────────────────────────────────

    def take_in(self, channel: str, updates: Sequence[Incoming]) -> list[Row]:
        """Screen updates in memory and put what may be kept into the inbox, in one commit.

        :param channel: where they came from.
        :param updates: in the order they came.
        :returns: what is done at once and never stored: neutral lines for strangers and groups; answers to keys of the
            lock; and where somebody comes too fast, what takes their words out of the chat and lets their button rest.
        :raises StoreError: nothing was kept; the channel must not confirm the updates.
        """
        screened = _Screened(self._paces.get(channel) or Pace())
        screened.pace.begins()
        try:
            for update in updates:
                self._screen(channel, update, screened)
            if screened.kept:
                screened.kept = self._without_words(channel, screened.kept)
                with self.store.transaction():
                    self.store.receive(channel, screened.kept, self.now())
                    traces.heard(self.store, channel, screened.heard, self.now())
        except Exception:
            screened.pace.is_lost()
            raise
        screened.pace.is_kept(number for number, _address, _payload in screened.kept)
        return screened.lines

    def _without_words(self, channel: str, kept: list[Kept]) -> list[Kept]:
        """The same updates without typed words that nothing would come of."""
        return kept

    def _screen(self, channel: str, update: Incoming, screened: _Screened) -> None:
        """Whether an update is looked at, by how fast they come; whether it may be kept, by who brings it."""
        address, pace = update.address, screened.pace
        if pace.is_a_storm(address) or pace.came_before(update.update):
            return
        if isinstance(update, InGroup):
            if pace.of_stranger(address):
                screened.lines += self._line_once(address, ONLY_PRIVATE)
            return
        if address not in screened.admitted and self._is_stranger(channel, update, screened):
            screened.lines += self._line_once(address, ONLY_INVITED)
            return
        screened.admitted.add(address)  # an invitation and the first command may come together
        match pace.of_person(address):
            case "in":
                if (line := self._aside(channel, update)) is not None:
                    screened.lines.append((address, line))
                else:
                    screened.kept.append((update.update, address, self._reduced(channel, update)))
                    screened.heard.append(update)
            case "told":
                screened.kept.append((update.update, address, self._too_fast(update)))
                screened.heard.append(update)
            case "turned_away":
                screened.lines += _turned_away(update)

    def _is_stranger(self, channel: str, update: Said | Pressed | Sent, screened: _Screened) -> bool:
        """Whether nobody let them in; of those who send one invitation at once, the first is let in."""
        if self._knows(channel, update.address):
            return False
        if not screened.pace.of_stranger(update.address):
            return True
        code = invitation_in(update.text) if isinstance(update, Said) else None
        if code is None or code in screened.spoken_for:
            return True
        if not self.store.invitation_holds(code, self.now(), self.taken_invitations):
            return True
        screened.spoken_for.add(code)
        screened.pace.is_let_in(update.address)
        return False

    def jobs(self) -> Sequence[Job]:
        """Take out what is to be done beside the channel's work; asked for after :meth:`take_in`.

        :returns: jobs; each gives what is to be sent.
        """
        return ()

    def _aside(self, channel: str, update: Said | Pressed | Sent) -> dict[str, Any] | None:
        """What an update is answered with at once, where nothing of it is to be stored."""
        return None

    def _line_once(self, address: str, words: Words) -> list[Row]:
        return [(address, neutral(words))] if self.strangers.wrote(address) == 1 else []

    # ── work: one transaction ────────────────────────────────────────────────────────────────────────────────

    def work(self, channel: str, sent: Sequence[Delivered] = ()) -> list[Leaving]:
        """Handle what has arrived.

        :param channel: the channel whose updates these are.
        :param sent: outbox rows that have been sent meanwhile; marked in the same commit.
        :returns: what is to be sent, in order.
        """
        leaving: list[Leaving] = []
        more = True
        while more:
            arrived = self.store.waiting(channel, BATCH)
            more = len(arrived) == BATCH
            if arrived or sent:
                leaving += self._work_off(channel, arrived, sent)
                sent = ()
        return leaving

    @abstractmethod
    def sweep(self, channel: str) -> list[Leaving]:
        """Do what time brings; called every minute.

        :param channel: the channel that runs.
        :returns: what is to be sent.
        """

    @abstractmethod
    def _knows(self, channel: str, address: str) -> bool:
        """Whether somebody who was invited speaks from an address."""

    @abstractmethod
    def _reduced(self, channel: str, update: Said | Pressed | Sent) -> dict[str, Any]:
        """What the inbox may hold of an update."""

    @abstractmethod
    def _too_fast(self, update: Said | Pressed | Sent) -> dict[str, Any]:
        """What the inbox holds of the one update a minute that is answered with that it went too fast."""

    @abstractmethod
    def _work_off(self, channel: str, arrived: Sequence[Arrived], sent: Sequence[Delivered]) -> list[Leaving]:
        """Handle some updates and mark what was sent."""


def _turned_away(update: Said | Pressed | Sent) -> list[Row]:
    """What is done about an update that is not looked at: nothing that was typed stays, and no button waits."""
    if isinstance(update, Pressed):
        return [(update.address, {"do": "answer", "query": update.query, "toast": None})]
    if update.message is None:
        return []
    return [(update.address, {"do": "delete", "on": "typed", "message": update.message})]
