"""The desk: the one way of an update, for every channel (design 7: screen, save, then speak).

1. :meth:`Desk.take_in` screens in memory. Strangers and groups are answered and leave nothing; what the identity guard
   refuses, and what is not text, is reduced to its kind. The rest goes to the inbox in one commit, and only then may
   the channel confirm it.
2. :meth:`Desk.work` handles what has arrived in one transaction: load, step, records, outbox, inbox erased.
3. The channel sends the outbox; a reply can be repeated after a crash, never forgotten.
"""

from __future__ import annotations

import logging
import traceback
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from bot import traces
from bot.guard import LatestTyped, findings, findings_in_parts
from bot.limits import Pace, Strangers
from bot.lock import LOCK, Job, Lock
from bot.looks import Looks
from bot.pins import Pins
from bot.review import REVIEW, may_review
from bot.settings import AccessRules
from bot.turn import PUT_OUT, Turn, day_of, show
from dialogs import case_code
from dialogs.dates import months_on
from dialogs.model import Dialog, World
from dialogs.policy import Policy
from dialogs.rules.access import who_is_in
from dialogs.rules.cases import a_case_is_closed
from dialogs.texts import Text, Words, say
from dialogs.texts import mark as _
from state import ids
from state.errors import StoreError, UpdateFailed
from state.people import LOTS, Person
from state.screen import Button, Screen
from state.session import Engine, Session
from state.store import Arrived, Leaving, Store
from state.store.traces import ChatDue

log = logging.getLogger("lots.desk")

LONGEST_TEXT = 64
"""Characters: no answer is longer, so longer texts are not kept even for a moment. ``lots lint`` holds the words of a
button, which may be typed, to 60, and a date has at most 60."""

LONG_TEXT = "long_text"
"""The kind of a text that is longer."""

TOO_FAST = "too_fast"
"""The kind of whatever comes from somebody who has brought what they may for a minute."""

SPLIT = "split"
"""The kind of a text that is an identifier together with one or two before it."""

CASES_LOOKED_AT = 20
"""How many of a person's cases are looked at; those that are closed, or another district's now, fall away."""

ONLY_INVITED = _("Den här chatten är bara för inbjudna.")
ONLY_PRIVATE = _("Den här boten fungerar bara i privata chattar.")

STRANGERS_COMMANDS = [["start", "Börja"]]
"""What somebody who is not invited sees in the channel's list of commands."""

LEFT_BEHIND: tuple[dict[str, Any], ...] = (
    {"do": "commands", "commands": STRANGERS_COMMANDS},
    {"do": "delete", "on": "live", "message": None},
    {"do": "clear"},
)
"""What is done in a chat that somebody has left: nothing there shows what it was for, as far as it can be helped."""

MOST_PRESSES = 200
"""How many presses a form may bring at once; a list of twenty lines has sixty."""

BATCH = 200
"""How many updates may share a commit."""


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody typed something.

    :ivar update: the channel's number of the update.
    :ivar address: who, in the channel's terms.
    :ivar message: the channel's id of their message, or ``None`` where it has none.
    :ivar text: what they typed.
    :ivar screen: the screen they typed it under, as ``SESSION:REVISION``; ``None`` where the channel cannot tell.
    """

    update: int
    address: str
    message: int | None
    text: str
    screen: str | None = None


@dataclass(frozen=True, slots=True)
class Pressed:
    """Somebody pressed a button.

    :ivar message: the id of the message the button is on.
    :ivar query: the channel's id of the press.
    :ivar data: what the button carries: session, revision and value.
    :ivar before: values that were pressed on the same screen right before, where a form sends them all at once.
    """

    update: int
    address: str
    message: int | None
    query: str | None
    data: str
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """Somebody sent what is not read: a photo, a voice message, an edited message.

    :ivar kind: ``photo``, ``voice``, ``sticker`` and so on, or ``edited``.
    """

    update: int
    address: str
    message: int | None
    kind: str


@dataclass(frozen=True, slots=True)
class InGroup:
    """Somebody spoke to the bot in a group.

    :ivar address: the group.
    """

    update: int
    address: str


Incoming = Said | Pressed | Sent | InGroup


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message of the outbox that is done with.

    :ivar row: its row in the outbox.
    :ivar address: whose it was.
    :ivar live: the message that shows the person's dialog now; ``None`` where this changed nothing.
    :ivar fault: why it was given up, or ``None`` where it arrived.
    :ivar moved: where a note was to be shown, and the message it was sent in instead.
    :ivar rang: the message that a ring of the doorbell was sent in.
    :ivar stands: the messages that were sent for it.
    :ivar gone: the messages that were taken away by it.
    """

    row: int
    address: str
    live: int | None = None
    fault: str | None = None
    moved: tuple[int | None, int] | None = None
    rang: int | None = None
    stands: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()


def moved(payload: dict[str, Any], at: int | None) -> tuple[int | None, int] | None:
    """Whether a note had to be sent anew, since the message that was to show it is gone.

    :param payload: what was sent.
    :param at: the message that shows it.
    :returns: for :attr:`Delivered.moved`.
    """
    if not payload.get("note") or at is None or at == payload["message"]:
        return None
    return payload["message"], at


def press_data(screen: Screen, button: Button) -> str:
    """What a button carries, so that an old or forged one is recognised.

    :param screen: the screen it is on.
    :param button: the button.
    :returns: session, revision and value; ``lots lint`` holds it to 64 bytes.
    """
    return f"{screen.session}:{screen.revision}:{button.value}"


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
    kept: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    heard: list[Incoming] = field(default_factory=list)
    lines: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
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

    def take_in(self, channel: str, updates: Sequence[Incoming]) -> list[tuple[str, dict[str, Any]]]:
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

    def _without_words(
        self, channel: str, kept: list[tuple[int, str, dict[str, Any]]]
    ) -> list[tuple[int, str, dict[str, Any]]]:
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

    def _line_once(self, address: str, words: Words) -> list[tuple[str, dict[str, Any]]]:
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


class Desk(Front):
    """Takes updates in, handles them, and says what is to be sent.

    :param store: the store.
    :param dialogs: every dialog there is.
    :param policy: the deployment's numbers.
    :param practice: whether this is practice.
    :param now: the clock, with the local zone.
    :param source: randomness for session ids and case codes.
    :param keep_log_years: after how many years a row of the access log is taken away.
    :param pins: the PINs, where a channel's chats lock themselves.
    :param locks: that channel.
    """

    def __init__(
        self,
        store: Store,
        dialogs: Sequence[Dialog],
        *,
        policy: Policy,
        practice: bool,
        now: Callable[[], datetime],
        source: ids.Source | None = None,
        keep_log_years: int = AccessRules.keep_years,
        pins: Pins | None = None,
        locks: str = "telegram",
    ) -> None:
        super().__init__(store, now)
        self.engine = Engine(dialogs)
        self.practice = practice
        self._dialogs = {dialog.command: dialog for dialog in dialogs}
        self.policy = policy
        self._source = source or ids.Secret()
        self.listeners: list[Callable[[frozenset[str]], None]] = []
        """Told of the cases in which something has been saved, once it is on the disk."""
        self._told: set[str] = set()
        self._channels: set[str] = set()
        self._saved_in: set[str] = set()
        self._typed = LatestTyped()
        self._keep_log_years = keep_log_years
        self.looks = Looks(store, practice, self.world)
        self._lock = None if pins is None else Lock(self, pins, locks)

    def _knows(self, channel: str, address: str) -> bool:
        return self.store.person_at(channel, address) is not None

    def _reduced(self, channel: str, update: Said | Pressed | Sent) -> dict[str, Any]:
        """Only the fields the desk reads; of what is refused, only the kind; of what comes to a lock, only ids."""
        if self._comes_to_a_lock(channel, update):
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

    def _without_words(
        self, channel: str, kept: list[tuple[int, str, dict[str, Any]]]
    ) -> list[tuple[int, str, dict[str, Any]]]:
        """See :class:`Front`: words that are no answer where the person stands are not kept even for a moment.

        Who has more than one thing to be handled may stand somewhere else by then: their words are kept until then.
        """
        if not any(payload["what"] == "said" for _update, _address, payload in kept):
            return kept
        waiting = self.store.waiting(channel, BATCH)
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
        person = self.store.person_at(channel, address)
        if person is None or self._is_shut_out(person):  # the words are an invitation
            return payload
        try:
            return payload | {"text": Turn(self, person, payload, self.now()).in_short(payload["text"])}
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - what breaks here breaks again where it is handled, and is told there
            return payload

    def _comes_to_a_lock(self, channel: str, update: Said | Pressed | Sent) -> bool:
        """Whether a chat is shut, or is to be; but for a new invitation of the person's own."""
        person = None if self._lock is None else self.store.person_at(channel, update.address)
        if self._lock is None or person is None or not self._lock.shuts_out(person):
            return False
        return not (isinstance(update, Said) and self._is_invited_anew(person, update.text))

    def _is_invited_anew(self, person: Person, text: str) -> bool:
        """Whether somebody brings an invitation that is for them, since their PIN is lost."""
        code = invitation_in(text)
        if code is None or not self.store.invitation_holds(code, self.now()):
            return False
        return (invited := self.store.moves(code)) is not None and invited.id == person.id

    def _aside(self, channel: str, update: Said | Pressed | Sent) -> dict[str, Any] | None:
        """Keys of the lock: they are in memory only."""
        if self._lock is None or channel != self._lock.channel or not isinstance(update, Pressed):
            return None
        return self._lock.key(update.address, update)

    def jobs(self) -> Sequence[Job]:
        """See :class:`Front`; PINs are looked at there."""
        return () if self._lock is None else self._lock.jobs()

    def _too_fast(self, update: Said | Pressed | Sent) -> dict[str, Any]:
        query = {"query": update.query} if isinstance(update, Pressed) else {}
        typed = None if isinstance(update, Pressed) else update.message
        return {"what": "refused", "message": typed, "kind": TOO_FAST} | query

    def refuses(self, channel: str, address: str, text: str) -> str | None:
        """Why a typed text is not taken, asked of every text that anybody types, before anything reads it.

        The text is kept in memory for two minutes where it is taken. One that is refused together with those before it
        leaves them there, so that trying once more is refused as well.

        :param channel: where it was typed.
        :param address: by whom, in the channel's terms.
        :param text: what was typed.
        :returns: the kind, never the content; ``None`` where the text is taken.
        """
        if found := findings(text, self.practice):
            return found[0].value
        if len(text.strip()) > LONGEST_TEXT:
            return LONG_TEXT
        now = self.now()
        if findings_in_parts(self._typed.before(channel, address, now), text, self.practice):
            return SPLIT
        self._typed.keep(channel, address, text, now)
        return None

    def _work_off(self, channel: str, arrived: Sequence[Arrived], sent: Sequence[Delivered]) -> list[Leaving]:
        """Everything in one transaction, or each by itself where one fails."""
        try:
            with self.store.transaction():
                leaving = self._handle_all(channel, arrived, sent)
        except StoreError:
            self._saved_in.clear()
            raise
        except Exception as fault:  # noqa: BLE001 - whatever broke, the other updates go on
            _log_fault(fault)
            self._told.clear()  # what was told in there has not been sent
            self._saved_in.clear()
        else:
            self._tell_listeners()
            return leaving
        leaving = []
        if sent:
            with self.store.transaction():
                self.mark(channel, sent)
        for update in arrived:
            try:
                with self.store.transaction():
                    leaving += self._handle_all(channel, [update], ())
                self._tell_listeners()
            except StoreError:
                raise
            except Exception as fault:  # noqa: BLE001 - whatever broke, the other updates go on
                _log_fault(fault)
                self._saved_in.clear()
                leaving += self._give_up(channel, update)
        return leaving

    def _tell_listeners(self) -> None:
        saved_in, self._saved_in = frozenset(self._saved_in), set()
        if saved_in:
            for listener in self.listeners:
                listener(saved_in)

    def saved(self, case: str) -> None:
        """Note that something is being saved in a case; the listeners are told when it is on the disk.

        :param case: its code.
        """
        self._saved_in.add(case)

    def _handle_all(self, channel: str, arrived: Sequence[Arrived], sent: Sequence[Delivered]) -> list[Leaving]:
        now = self.now()
        if sent:
            self.mark(channel, sent)
        messages: list[tuple[str, dict[str, Any]]] = []
        for update in arrived:
            messages += self._handle(update, now)
        self.store.handled([update.id for update in arrived], now)
        return self.store.queue(channel, messages, now)

    def mark(self, channel: str, sent: Sequence[Delivered]) -> None:
        """Mark messages of the outbox as done with; inside a transaction.

        :param channel: whose they are.
        :param sent: what became of each.
        """
        now = self.now()
        self.store.sent([(done.row, done.fault) for done in sent], now)
        traces.delivered(self.store, channel, sent, now)
        for done in sent:
            if done.moved is not None:
                self.store.note_moved(channel, done.address, *done.moved, now)
        for address, live in {done.address: done.live for done in sent if done.live is not None}.items():
            self.store.set_live_message(channel, address, live)

    def _give_up(self, channel: str, update: Arrived) -> list[Leaving]:
        now = self.now()
        words = Text(
            _("Något gick fel. Felkod: {code}. Det senaste du gjorde är inte sparat. Resten finns kvar. Försök igen."),
            code=UpdateFailed.code,
        )
        with self.store.transaction():
            self.store.handled([update.id], now, UpdateFailed.code)
            person = self.store.person_at(update.channel, update.address)
            if person is None:
                return []
            turn = Turn(self, person, update.payload, now)
            turn.give_up(words)
            return self.store.queue(channel, [(update.address, message) for message in turn.messages], now)

    def start(self, channel: str) -> None:
        """See :class:`Front`; each channel tells its own people what time has brought.

        What was queued for somebody whose chat is to be shut by now is withdrawn before the channel sends it.
        """
        self._channels.add(channel)
        if self._lock is not None and channel == self._lock.channel:
            now = self.now()
            with self.store.transaction():
                self.store.queue(channel, self._lock.sweep(now), now)

    def sweep(self, channel: str) -> list[Leaving]:
        """Park and erase drafts whose time is out, take notes out of the chat, and forget what nobody can repeat.

        Called every minute.

        :param channel: the channel that runs.
        :returns: what is to be sent: a line to each person whose draft is gone, the menu in place of each note.
        """
        now = self.now()
        self._typed.forget_old(now)
        with self.store.transaction():
            self.store.park_due(now)
            self.store.sweep(now - timedelta(hours=48))
            self.store.cut_access(years_before(now, self._keep_log_years))
            messages: list[tuple[str, dict[str, Any]]] = []
            if self._lock is not None and channel == self._lock.channel:
                messages += self._lock.sweep(now)
            for draft in self.store.erase_due(now, self._channels - {channel}):
                person = self.store.person(draft.person)
                if person is not None and person.channel == channel:
                    messages += self._without_draft(person, draft, now)
            for id_, shown_in in self.store.notes_due(channel, now):
                if (person := self.store.person(id_)) is not None:
                    messages += self._without_note(person, shown_in, now)
            messages += traces.swept(self.store, channel, now, lambda chat: self._hide(channel, chat, now))
            return self.store.queue(channel, messages, now)

    def _hide(self, channel: str, chat: ChatDue, now: datetime) -> list[tuple[str, dict[str, Any]]]:
        """Take away what has stood in a chat for too long; in an idle one a neutral line is left."""
        person = self.store.person_at(channel, chat.address)
        if person is None:  # revoked, or has moved to another phone
            return traces.erase(chat.address, self.store.traces(channel, chat.address))
        live = self.store.live_message(person.id)
        if live is None or live not in chat.messages:
            return traces.erase(chat.address, chat.messages)
        turn = Turn(self, person, {}, now)
        if live not in chat.old:
            self.store.stands(channel, chat.address, live)
            if not chat.locked:
                turn.hide(traces.hidden(person.language))
        elif chat.in_use and not chat.locked:
            turn.move_to_a_new_message()
        else:
            self.store.set_live_message(channel, chat.address, None)
            return traces.erase(chat.address, self.store.traces(channel, chat.address))
        beside = [message for message in chat.messages if message != live]
        return [*traces.erase(chat.address, beside), *((chat.address, message) for message in turn.messages)]

    def _without_draft(self, person: Person, draft: Session, now: datetime) -> list[tuple[str, dict[str, Any]]]:
        turn = Turn(self, person, {}, now)
        try:
            if self._is_shut_out(person):
                self.store.hold_back(person.id, say(turn.erased(draft), person.language), now)
                return []
            turn.tell_erased(draft)
        except Exception as fault:  # noqa: BLE001 - one draft that cannot be read must not keep the others
            _log_fault(fault)
            return []
        return [(person.address, message) for message in turn.messages]

    def opened(self, person: Person) -> list[Leaving]:
        """Show somebody who has just come in where they are: their question, or the menu.

        :param person: who.
        :returns: what is to be sent.
        """
        now = self.now()
        with self.store.transaction():
            turn = Turn(self, person, {}, now)
            turn.show_where_they_are()
            return self.store.queue(person.channel, [(person.address, message) for message in turn.messages], now)

    def has_texts(self, person: Person, case: str) -> bool:
        """Whether a case has texts that can be shown once more.

        :param person: who asks; they may see the case.
        :param case: its code.
        :returns: whether it has.
        """
        return bool(Turn(self, person, {}, self.now()).noted(case))

    def colleagues_saved(self, person: Person) -> tuple[str, int] | None:
        """What colleagues have saved in a case since a person began the dialog they are in there.

        :param person: who is in a dialog.
        :returns: the case and how many records; ``None`` where there are none.
        """
        session = self._readable(person)
        case = None if session is None else self.engine.case_of(session)
        if session is None or case is None:
            return None
        world = self.world(person, self.now(), session.opened_at)
        fresh = [
            entry
            for entry in world.entries(case)
            if entry.author not in (person.id, LOTS.id)
            and datetime.fromisoformat(entry.recorded_at) > session.opened_at
        ]
        return (case, len(fresh)) if fresh else None

    def _readable(self, person: Person) -> Session | None:
        """The session a person is in, unless its dialog is not there any more."""
        session = self.store.active_session(person.id)
        return session if session is not None and session.dialog in self.engine.compiled else None

    def trail(self, person: Person) -> tuple[str, list[tuple[str, str]]]:
        """The talk a person is in, so far.

        :param person: who.
        :returns: the session's id, and (question, answer) pairs; nothing of either where there is no dialog.
        """
        session = self._readable(person)
        if session is None:
            return "", []
        return session.id, self.engine.trail(session, self.world(person, self.now(), session.opened_at))

    def _without_note(self, person: Person, message: int | None, now: datetime) -> list[tuple[str, dict[str, Any]]]:
        turn = Turn(self, person, {}, now)
        if self._is_shut_out(person):  # it was on its way when the chat was shut
            if message is not None and message != self.store.live_message(person.id):
                return [(person.address, {"do": "delete", "on": "there", "message": message})]
            return []
        turn.take_note_away(message, on="there")
        return [(person.address, message) for message in turn.messages]

    def _is_shut_out(self, person: Person) -> bool:
        return self._lock is not None and self._lock.shuts_out(person)

    # ── one update ───────────────────────────────────────────────────────────────────────────────────────────

    def _handle(self, update: Arrived, now: datetime) -> list[tuple[str, dict[str, Any]]]:
        payload = update.payload
        person = self.store.person_at(update.channel, update.address)
        if person is None:
            return self._join(update, now)
        if self._is_shut_out(person) and self._is_invited_anew(person, payload.get("text", "")):
            return self._join(update, now)
        turn = Turn(self, person, payload, now)
        turn.tell_commands()
        if self._lock is not None and self._lock.bars(turn, person, payload, now):
            return [(update.address, message) for message in turn.messages]
        match payload["what"]:
            case "press":
                turn.pressed(payload["data"], payload.get("before", ()))
            case "said":
                turn.said(payload["text"], payload.get("screen"))
            case "refused":
                turn.refused(payload["kind"])
        turn.tell_what_is_left()
        mine = [(update.address, message) for message in turn.messages]
        return mine + self._to_others(update.channel, turn, now)

    def _to_others(self, channel: str, turn: Turn, now: datetime) -> list[tuple[str, dict[str, Any]]]:
        """What others are shown here; what goes to another channel waits there until it looks, if it runs at all."""
        for where, address, message in turn.to_others:
            if where != channel and where in self._channels:
                self.store.queue(where, [(address, message)], now)
        return [(address, message) for where, address, message in turn.to_others if where == channel]

    def _join(self, update: Arrived, now: datetime) -> list[tuple[str, dict[str, Any]]]:
        code = invitation_in(update.payload.get("text", ""))
        before = self.store.moves(code) if code else None
        person = (
            self.store.use_invitation(code, channel=update.channel, address=update.address, now=now) if code else None
        )
        if person is None:
            return [(update.address, neutral(ONLY_INVITED))]
        self.strangers.forgets(update.address)
        log.info("person joined", extra={"event": "PersonJoined"})
        self.forget_told(person)  # somebody who changes phone has no list of commands there
        turn = Turn(self, person, update.payload, now)
        turn.forget_typed()
        turn.tell_commands()
        welcome = _("Välkommen. Inbjudan är nu använd. Ingen annan kan använda den.")
        if self._lock is not None and person.channel == self._lock.channel:
            self._lock.shut(turn, person, now, (welcome,))
        else:
            turn.show_menu((welcome,))
        left = [] if before is None else [(before.address, message) for message in LEFT_BEHIND]
        return [*left, *((update.address, message) for message in turn.messages)]

    def commands(self, person: Person) -> list[list[str]]:
        """The commands a person has, for the channel's own list.

        :param person: who.
        :returns: pairs of command (without slash) and what it is for.
        """
        lang = person.language
        listed = [dialog for dialog in self._dialogs.values() if dialog.listed]
        own = [[dialog.command, say(dialog.about, lang)] for dialog in listed]
        own.append(["arende", say(_("Se ett ärende och nästa steg"), lang)])
        own.append(["overforing", say(_("Se vad som är överfört, och vad du ska göra"), lang)])
        return [
            *(own if person.may_open_cases else []),
            *([["loggkontroll", say(REVIEW, lang)]] if may_review(person) else []),
            ["dolj", say(_("Dölj det som står i chatten"), lang)],
            ["sprak", say(_("Byt språk, change language"), lang)],
            ["hjalp", say(_("Hjälp, och vart du vänder dig vid fara"), lang)],
            ["avbryt", say(_("Avbryt det du håller på med"), lang)],
            *([[LOCK, say(_("Lås chatten"), lang)]] if self._locks(person) else []),
        ]

    def help_on_lock(self, person: Person) -> Sequence[Words]:
        """What the help says of the lock.

        :param person: who asks.
        :returns: a line; none where their chat does not lock itself.
        """
        return (_("Skriv /las för att låsa chatten. Pinkoden öppnar den."),) if self._locks(person) else ()

    def _locks(self, person: Person) -> bool:
        return self._lock is not None and person.channel == self._lock.channel

    def is_new_here(self, person: Person) -> bool:
        """Whether this is the person's first update since the program started.

        :param person: who.
        :returns: ``True`` once.
        """
        fresh = person.id not in self._told
        self._told.add(person.id)
        return fresh

    def forget_told(self, person: Person) -> None:
        """Give a person the list of commands anew at their next update.

        :param person: who.
        """
        self._told.discard(person.id)

    def dialog_for(self, command: str) -> Dialog | None:
        """The dialog a command opens.

        :param command: without the slash.
        :returns: the dialog, or ``None``.
        """
        return self._dialogs.get(command)

    @property
    def dialogs(self) -> Sequence[Dialog]:
        """Every dialog, in the order of the registry."""
        return tuple(self._dialogs.values())

    def may_see(self, person: Person, case: str) -> bool:
        """Whether a person gets at a case: the one gate, for every channel, dialog, page and list (ENV-1).

        Everything is denied that is not granted: the role works with cases, the case is of the person's own district,
        and they were let into it. Nobody has a way round it; who was not let in may triage a threat in a new case.

        :param person: who asks.
        :param case: a case code.
        :returns: ``False`` also where there is no such case, so that nobody learns which there are.
        """
        if not person.may_open_cases or self.store.district_of(case) != person.district:
            return False
        entries = self.store.entries(case)
        return not entries[0].record.apart and person.id in who_is_in(entries)  # what is kept apart is no case

    def put_out(self, person: str, case: str, now: datetime) -> list[tuple[str, str, dict[str, Any]]]:
        """End what somebody who was taken out of a case has open in it, and show them where they are then.

        Inside a transaction.

        :param person: the id of who was taken out.
        :param case: the case.
        :param now: the time.
        :returns: what is to be sent, as (channel, address, payload); nothing to somebody who is revoked.
        """
        for draft in self.store.drafts(person, case=case):
            self.store.end_session(draft.id)
        whom = self.store.person(person)
        if whom is None:
            return []
        self.store.forget_held_back(person, case)
        turn = Turn(self, whom, {}, now)
        if self.store.is_shut(person):  # by any program: a command has no lock
            self.store.hold_back(person, say(PUT_OUT, whom.language), now)
        elif self._lock is not None and self._is_shut_out(whom):  # nobody is there to be shown anything
            self._lock.shut(turn, whom, now)
            self.store.hold_back(person, say(PUT_OUT, whom.language), now)
        else:
            turn.tell_put_out()
        return [(whom.channel, whom.address, message) for message in turn.messages]

    def world(self, person: Person, now: datetime, opened_at: datetime | None = None) -> World:
        """What a dialog may know, for one person at one moment.

        :param person: who is speaking.
        :param now: the time.
        :param opened_at: when the session was opened; now where there is none yet.
        :returns: values and look-ups.
        """
        store = self.store

        def may_see(code: str) -> bool:
            return self.may_see(person, code)

        def purged_on(code: str) -> date | None:
            gone = store.purge_of(code)
            return None if gone is None else day_of(gone)

        return World(
            now=now,
            opened_at=opened_at or now,
            language=person.language,
            practice=self.practice,
            policy=self.policy,
            person=person.id,
            district=person.district,
            coordinators=lambda: [
                (other.id, other.label)
                for other in store.people()
                if other.district == person.district and other.may_open_cases
            ],
            cases=[code for code in store.latest_cases(person.id, CASES_LOOKED_AT) if may_see(code)],
            entries=lambda code: store.entries(code) if may_see(code) else (),
            may_see=may_see,
            is_closed=lambda code: a_case_is_closed(store.entries(code)),
            is_free=lambda code: not store.case_exists(code),
            purged_on=purged_on,
            draw_code=self._draw_code,
        )

    def _draw_code(self) -> str:
        while self.store.case_exists(code := case_code.draw(self.practice, self._source.pick)):
            pass
        return code

    def new_session_id(self) -> str:
        """A random id for a session.

        :returns: eight characters.
        """
        return ids.short_id(self._source)


def years_before(now: datetime, years: int) -> datetime:
    """The same day some years ago; of 29 February the day before, where that year lacks it.

    :param now: the time.
    :param years: how many.
    :returns: that time then.
    """
    day = months_on(now.date(), -12 * years)
    return now.replace(year=day.year, day=day.day)


def neutral(words: Words) -> dict[str, Any]:
    """A line to somebody who is not let in.

    :param words: the line; nothing in it says what the bot is for.
    :returns: the row of an outbox.
    """
    return show(Screen(text=say(words, "sv"), rows=()), on="new")


def _turned_away(update: Said | Pressed | Sent) -> list[tuple[str, dict[str, Any]]]:
    """What is done about an update that is not looked at: nothing that was typed stays, and no button waits."""
    if isinstance(update, Pressed):
        return [(update.address, {"do": "answer", "query": update.query, "toast": None})]
    if update.message is None:
        return []
    return [(update.address, {"do": "delete", "on": "typed", "message": update.message})]


def invitation_in(text: str) -> str | None:
    """The invitation in what somebody typed.

    :param text: what they typed.
    :returns: what may be a code, or ``None``.
    """
    words = text.split()
    if len(words) == 2 and words[0].split("@", 1)[0] == "/start" and words[1].isalnum():
        return words[1]
    return None


def _log_fault(fault: Exception) -> None:
    """Where it broke and what kind of error; its message may hold an answer and is left out."""
    where = [
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in traceback.extract_tb(fault.__traceback__)
    ]
    log.error(
        "update failed",
        extra={"event": "UpdateFailed", "code": UpdateFailed.code, "fault": type(fault).__name__, "where": where[-3:]},
    )
