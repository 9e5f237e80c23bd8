"""The desk: the one way of an update, for every channel (design 7: screen, save, then speak).

1. :meth:`Desk.take_in` screens in memory. Strangers and groups are answered and leave nothing; what the identity guard
   refuses, and what is not text, is reduced to its kind. The rest goes to the inbox in one commit, and only then may
   the channel confirm it.
2. :meth:`Desk.work` handles what has arrived in one transaction: load, step, records, outbox, inbox erased.
3. The channel sends the outbox; a reply can be repeated after a crash, never forgotten.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from bot import traces
from bot.front import ONLY_INVITED, STRANGERS_COMMANDS, Front, Kept
from bot.incoming import Pressed, Said, Sent, invitation_in
from bot.lock import LOCK, Lock
from bot.logs import tell_fault
from bot.looks import Looks
from bot.outgoing import Delivered, Job, Row, neutral
from bot.pages import Pages, day_of
from bot.pins import Pins
from bot.reminders import Reminders
from bot.review import REVIEW, may_review
from bot.screening import Screening
from bot.settings import AccessRules
from bot.sweeping import Sweeper
from bot.turn import PUT_OUT, Turn
from dialogs import case_code
from dialogs.model import Dialog, World
from dialogs.policy import Policy
from dialogs.rules.access import who_is_in
from dialogs.rules.cases import a_case_is_closed
from dialogs.texts import Text, Words, say
from dialogs.texts import mark as _
from state import ids
from state.errors import StoreError, UpdateFailed
from state.people import LOTS, Person
from state.session import Engine, Session
from state.store import Arrived, Leaving, Store

log = logging.getLogger("lots.desk")

CASES_LOOKED_AT = 20
"""How many of a person's cases are looked at; those that are closed, or another district's now, fall away."""

LEFT_BEHIND: tuple[dict[str, Any], ...] = (
    {"do": "commands", "commands": STRANGERS_COMMANDS},
    {"do": "delete", "on": "live", "message": None},
    {"do": "clear"},
)
"""What is done in a chat that somebody has left: nothing there shows what it was for, as far as it can be helped."""


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
        self._hidden: set[str] = set()
        self._channels: set[str] = set()
        self._saved_in: set[str] = set()
        self.looks = Looks(store, practice, self.world)
        self.reminders = Reminders(self)
        self._lock = None if pins is None else Lock(self, pins, locks)
        self._screening = Screening(self, self._lock)
        self._sweeper = Sweeper(self, self._lock, keep_log_years)

    # ── in: what of it may be kept ───────────────────────────────────────────────────────────────────────────

    def _knows(self, channel: str, address: str) -> bool:
        return self.store.person_at(channel, address) is not None

    def _reduced(self, channel: str, update: Said | Pressed | Sent) -> dict[str, Any]:
        return self._screening.reduced(channel, update)

    def _too_fast(self, update: Said | Pressed | Sent) -> dict[str, Any]:
        return self._screening.too_fast(update)

    def _without_words(self, channel: str, kept: list[Kept]) -> list[Kept]:
        return self._screening.without_words(channel, kept)

    def refuses(self, channel: str, address: str, text: str) -> str | None:
        """Why a typed text is not taken; see :meth:`~bot.screening.Screening.refuses`.

        :param channel: where it was typed.
        :param address: by whom, in the channel's terms.
        :param text: what was typed.
        :returns: the kind, never the content; ``None`` where the text is taken.
        """
        return self._screening.refuses(channel, address, text)

    def _aside(self, channel: str, update: Said | Pressed | Sent) -> dict[str, Any] | None:
        """Keys of the lock: they are in memory only."""
        if self._lock is None or channel != self._lock.channel or not isinstance(update, Pressed):
            return None
        return self._lock.key(update.address, update)

    def jobs(self) -> Sequence[Job]:
        """See :class:`Front`; PINs are looked at there."""
        return () if self._lock is None else self._lock.jobs()

    def _work_off(self, channel: str, arrived: Sequence[Arrived], sent: Sequence[Delivered]) -> list[Leaving]:
        """Everything in one transaction, or each by itself where one fails."""
        try:
            with self.store.transaction():
                leaving = self._handle_all(channel, arrived, sent)
        except StoreError:
            self._saved_in.clear()
            raise
        except Exception as fault:  # noqa: BLE001 - whatever broke, the other updates go on
            tell_fault(fault)
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
                tell_fault(fault)
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
        messages: list[Row] = []
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
        """See :class:`Front` and :class:`~bot.sweeping.Sweeper`."""
        now = self.now()
        self._screening.forget_old(now)
        with self.store.transaction():
            return self.store.queue(channel, self._sweeper.due(channel, self._channels - {channel}, now), now)

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
        return bool(Pages(self, person, self.now()).noted(case))

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

    def hides(self, person: Person) -> None:
        """Note that somebody has hidden their chat, until they do something else there.

        :param person: who.
        """
        self._hidden.add(person.id)

    def is_back(self, person: Person) -> None:
        """Note that somebody does something in their chat, or is let in there, so that it is hidden no more.

        :param person: who.
        """
        self._hidden.discard(person.id)

    def is_hidden(self, person: Person) -> bool:
        """Whether nothing of a case is to come into somebody's chat by itself, since somebody else may see.

        :param person: who.
        :returns: whether hiding it was the last thing they did.
        """
        return person.id in self._hidden

    def shuts_out(self, person: Person) -> bool:
        """Whether somebody's chat is shut, or is to be.

        :param person: who.
        :returns: ``False`` also where no chat locks itself.
        """
        return self._lock is not None and self._lock.shuts_out(person)

    # ── one update ───────────────────────────────────────────────────────────────────────────────────────────

    def _handle(self, update: Arrived, now: datetime) -> list[Row]:
        payload = update.payload
        person = self.store.person_at(update.channel, update.address)
        if person is None:
            return self._join(update, now)
        if self._lock is not None and self._lock.gives_way_to(person, payload.get("text", "")):
            return self._join(update, now)
        self.is_back(person)
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

    def _to_others(self, channel: str, turn: Turn, now: datetime) -> list[Row]:
        """What others are shown here; what goes to another channel waits there until it looks, if it runs at all."""
        for where, address, message in turn.to_others:
            if where != channel and where in self._channels:
                self.store.queue(where, [(address, message)], now)
        return [(address, message) for where, address, message in turn.to_others if where == channel]

    def _join(self, update: Arrived, now: datetime) -> list[Row]:
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
        elif self._lock is not None and self.shuts_out(whom):  # nobody is there to be shown anything
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
