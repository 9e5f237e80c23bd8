"""The lock of a Telegram chat with real cases (mode ``chatt``): who lays the phone away comes back through the PIN.

While a chat is shut it shows the lock and nothing else: the store takes nothing for it that is to be shown, but the
lock's own screens. The digits that are pressed stay in memory, and what is typed meanwhile is taken away unread.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.incoming import Pressed, Said, Sent, invitation_in
from bot.limits import CLOCK_STEPS
from bot.logs import tell_fault
from bot.looks import CHAT_PAGE
from bot.outgoing import REMINDER, Job, Row
from bot.pins import DANGER, FAULTS, Outcome, Pins, is_idle, pin_fault, words_of
from bot.turn import Turn
from dialogs.texts import Text, Verbatim, Words, say
from dialogs.texts import mark as _
from state.errors import StoreError
from state.people import Person
from state.screen import NO_SESSION, Button, Rows, Screen
from state.store import Leaving, Pin

if TYPE_CHECKING:
    from bot.desk import Desk

log = logging.getLogger("lots.lock")

LOCK = "las"
"""The command that locks at once."""

KEY = f"{NO_SESSION}:0:pin:"
"""What the data of every button of the keypad begins with; the step and the key come after it."""

OPENS, CHOOSES, AGAIN = "open", "new", "again"
"""What the keypad is for: the PIN, a PIN that is chosen, and the same once more."""

CLEAR = "x"
DIGITS = 6
FORGOTTEN = timedelta(minutes=2)
"""How long digits that nobody goes on with stay in memory."""

UPDATES_KNOWN = 32
"""How many updates of the keypad are known, so that one that Telegram brings twice counts once."""

SHUT = _("Chatten är låst.")
LOST = _("Det senaste är inte sparat. Gör om det när chatten är öppen.")
CAME_TOO_SOON = _("Chatten var låst. Det senaste är inte sparat. Gör om det.")
ENTER = _("Tryck din pinkod, sex siffror.")
CHOOSE = _("Välj en pinkod med sex siffror. Bara du ska kunna den.")
ONCE_MORE = _("Tryck samma pinkod igen.")
NOT_ALIKE = _("De två pinkoderna är inte lika. Börja om.")
BURNT = _("Det blev för många försök. Be den som sköter Lots om en ny inbjudan.")
CHOSEN = _("Pinkoden är vald. Chatten låser sig när du inte har gjort något på {minutes} minuter.")
OLD_KEY = _("Den knappen gäller inte längre.")


def tell(event: str) -> None:
    """Log what happened at the lock: the event's name and nothing else.

    :param event: its name.
    """
    level = logging.WARNING if event in ("PinPaused", "SignedOutEverywhere") else logging.INFO
    log.log(level, "lock event", extra={"event": event})


@dataclass
class _Pad:
    """What somebody has pressed so far.

    :ivar digits: of the PIN that is being pressed.
    :ivar first: the PIN that is being chosen, while it is pressed once more.
    :ivar busy: whether a PIN is being looked at.
    :ivar at: when a key was pressed last.
    :ivar updates: the updates that have counted.
    """

    at: datetime
    digits: str = field(default="", repr=False)
    first: str | None = field(default=None, repr=False)
    busy: bool = False
    updates: deque[int] = field(default_factory=lambda: deque(maxlen=UPDATES_KNOWN))


class Lock:
    """The lock of one channel's chats.

    :param desk: whose chats they are.
    :param pins: the PINs.
    :param channel: the channel.
    """

    def __init__(self, desk: Desk, pins: Pins, channel: str) -> None:
        self.channel = channel
        self._desk = desk
        self._store = desk.store
        self._pins = pins
        self._pads: dict[str, _Pad] = {}
        self._jobs: list[Job] = []

    def jobs(self) -> list[Job]:
        """Take out what is to be done beside the loop's work, since argon2 takes its time.

        :returns: jobs; each gives what is to be sent.
        """
        jobs, self._jobs = self._jobs, []
        return jobs

    # ── before the inbox ─────────────────────────────────────────────────────────────────────────────────────

    def key(self, address: str, update: Pressed) -> dict[str, Any] | None:
        """Take a key of the keypad, which is in memory only.

        :param address: whose chat.
        :param update: a press.
        :returns: what the press is answered with, at once and without the store; ``None`` where it is none of ours.
        """
        if not update.data.startswith(KEY):
            return None
        person = self._store.person_at(self.channel, address)
        toast = None
        if person is not None and self._store.is_shut(person.id):
            pad = self._pads.setdefault(person.id, _Pad(self._desk.now()))
            if not pad.busy and update.update not in pad.updates:
                pad.updates.append(update.update)
                pad.at = self._desk.now()
                toast = self._pressed(person, pad, *update.data.removeprefix(KEY).partition(":")[::2])
        said = None if toast is None or person is None else say(toast, person.language)
        return {"do": "answer", "query": update.query, "toast": said}

    def _pressed(self, person: Person, pad: _Pad, step: str, key: str) -> Words | None:
        if step != self._step(person, pad):
            pad.digits, pad.first = "", None  # the program was started anew meanwhile, or the PIN was chosen anew
            self._jobs.append(lambda: self._shows(person.id))
            return OLD_KEY
        if (closed := self._closed(person)) is not None:
            return closed
        if key == CLEAR:
            pad.digits = ""
        elif len(key) == 1 and key in "0123456789":
            pad.digits += key
        pressed, digits = len(pad.digits), pad.digits
        if pressed == DIGITS:
            pad.digits, pad.busy = "", True
            self._jobs.append(lambda: self._looked_at(person.id, pad, step, digits))
        return Text(_("{number} av {all}"), number=pressed, all=DIGITS)

    def shuts_out(self, person: Person) -> bool:
        """Whether nothing of what somebody does now is done, since their chat is shut or is to be.

        :param person: who.
        :returns: ``False`` also on every other channel.
        """
        if person.channel != self.channel:
            return False
        seen_at = self._store.seen_at(person.id)
        return seen_at is None or is_idle(seen_at, self._desk.now(), self._pins.rules)

    def stands_before(self, channel: str, update: Said | Pressed | Sent) -> bool:
        """Whether an update comes to a chat that is shut, or is to be, and the lock does not give way.

        :param channel: where it came from.
        :param update: what somebody did.
        :returns: whether nothing of it but ids is kept.
        """
        person = self._store.person_at(channel, update.address)
        if person is None or not self.shuts_out(person):
            return False
        return not (isinstance(update, Said) and self._is_invited_anew(person, update.text))

    def gives_way_to(self, person: Person, text: str) -> bool:
        """Whether somebody whose chat is shut brings an invitation that is for them.

        :param person: who.
        :param text: what they typed.
        :returns: whether they are let in by it.
        """
        return self.shuts_out(person) and self._is_invited_anew(person, text)

    def _is_invited_anew(self, person: Person, text: str) -> bool:
        """Whether somebody brings an invitation that is for them, since their PIN is lost."""
        code = invitation_in(text)
        if code is None or not self._store.invitation_holds(code, self._desk.now()):
            return False
        return (invited := self._store.moves(code)) is not None and invited.id == person.id

    # ── in the transaction of an update ──────────────────────────────────────────────────────────────────────

    def bars(self, turn: Turn, person: Person, payload: dict[str, Any], now: datetime) -> bool:
        """Let an update through, or answer it with the lock.

        :param turn: the turn; what is to be sent is put there.
        :param person: whose it is.
        :param payload: the update.
        :param now: the time.
        :returns: whether it has been answered.
        """
        if person.channel != self.channel:
            return False
        wants_to = payload["what"] == "said" and _is_lock(payload["text"])
        if self.shuts_out(person) or wants_to:
            turn.answered(say(SHUT, person.language))
            if payload["what"] != "press":
                turn.forget_typed()
            if self._store.is_shut(person.id):
                self._show(turn, person)
            else:
                self.shut(turn, person, now, () if wants_to else (LOST,))
            return True
        self._store.seen(person.id, now)
        if payload["what"] == "shut_out":  # it came before the PIN had been looked at
            turn.not_done(CAME_TOO_SOON)
            return True
        return False

    def shut(self, turn: Turn, person: Person, now: datetime, notices: Sequence[Words] = ()) -> None:
        """Shut a chat and show the lock there, in the place of all that stands in it.

        :param turn: the turn; what is to be sent is put there.
        :param person: whose chat.
        :param now: the time.
        :param notices: what is said above.
        """
        self._store.shut(person, now)
        self._hides(turn, person, notices)

    def rings(self, turn: Turn, person: Person) -> None:
        """Say in a shut chat that there is a reminder, and nothing of what it is about, in a new message.

        :param turn: the turn; what is to be sent is put there.
        :param person: whose chat.
        """
        turn.ring(self._screen(person, (REMINDER,)))["lock"] = True

    def _hides(self, turn: Turn, person: Person, notices: Sequence[Words] = ()) -> None:
        self._pads.pop(person.id, None)
        turn.hide(self._screen(person, notices))
        turn.messages[-1]["lock"] = True
        tell("Locked")

    def sweep(self, now: datetime) -> list[Row]:
        """Shut the chats in which nothing has been done for too long.

        :param now: the time.
        :returns: what is to be sent, by address.
        """
        self._pads = {id_: pad for id_, pad in self._pads.items() if pad.busy or now - pad.at < FORGOTTEN}
        since = now - timedelta(minutes=self._pins.rules.lock_minutes)
        messages: list[Row] = []
        for person in self._store.idle(self.channel, since, now + timedelta(seconds=CLOCK_STEPS)):
            turn = Turn(self._desk, person, {}, now)
            unheard = self._store.has_unheard(person)
            if self._store.shut(person, now):
                self._hides(turn, person)
            if unheard:  # it could not be sent, and is withdrawn now
                self.rings(turn, person)
            messages += [(person.address, message) for message in turn.messages]
        return messages

    # ── beside the loop's work ───────────────────────────────────────────────────────────────────────────────

    async def _looked_at(self, id_: str, pad: _Pad, step: str, digits: str) -> list[Leaving]:
        try:
            if step == OPENS:
                return await self._opened(id_, digits)
            return await self._chosen(id_, pad, step, digits)
        finally:
            pad.busy = False

    async def _opened(self, id_: str, digits: str) -> list[Leaving]:
        done = await self._pins.tried(id_, digits)
        with self._store.transaction():
            if isinstance(done, str) and self._pins.begins_anew(id_, done):
                return self._lets_in(id_, ())
            words = None if isinstance(done, str) else words_of(done)
            return self._shown(id_, () if words is None or _waits(done) else (words,))

    async def _chosen(self, id_: str, pad: _Pad, step: str, digits: str) -> list[Leaving]:
        """A PIN that can be chosen is asked for once more; then it is the PIN, and the chat is open."""
        first, pad.first = (digits if step == CHOOSES else pad.first or ""), None
        fault = pin_fault(first, digits)
        if fault is not None or step == CHOOSES:
            if fault is None:
                pad.first = digits
            words = NOT_ALIKE if fault == "not_the_same" else FAULTS.get(fault or "")
            with self._store.transaction():
                return self._shown(id_, () if words is None else (words,), step=CHOOSES if fault else AGAIN)
        hashed = await self._pins.made(digits)
        with self._store.transaction():
            if self._store.pin(id_) is not None:
                return self._shown(id_)
            self._store.save_pin(id_, Pin(hashed, 0, 0))
            return self._lets_in(id_, (Text(CHOSEN, minutes=self._pins.rules.lock_minutes),))

    def _lets_in(self, id_: str, notices: Sequence[Words]) -> list[Leaving]:
        person, now = self._store.person(id_), self._desk.now()
        if person is None or person.channel != self.channel:
            return []
        self._store.open_again(id_, now)
        self._desk.is_back(person)
        held = self._store.held_back(id_)
        turn = Turn(self._desk, person, {}, now)
        told = (*notices, *map(Verbatim, held))
        try:
            turn.come_back(told)
        except StoreError:
            raise
        except Exception as fault:  # noqa: BLE001 - a dialog that cannot be read must keep nobody out of their chat
            tell_fault(fault)
            turn = Turn(self._desk, person, {}, now)
            turn.come_back(told, beside=True)
        for case in self._desk.looks.cases_on(Screen(text="\n".join(held), rows=())):
            self._desk.looks.looked(person, case, CHAT_PAGE, now)
        tell("Unlocked")
        return self._store.queue(self.channel, [(person.address, message) for message in turn.messages], now)

    async def _shows(self, id_: str) -> list[Leaving]:
        with self._store.transaction():
            return self._shown(id_)

    def _shown(self, id_: str, notices: Sequence[Words] = (), step: str | None = None) -> list[Leaving]:
        person, now = self._store.person(id_), self._desk.now()
        if person is None or not self._store.is_shut(id_):
            return []
        turn = Turn(self._desk, person, {}, now)
        self._show(turn, person, notices, step)
        return self._store.queue(self.channel, [(person.address, message) for message in turn.messages], now)

    # ── the screen ───────────────────────────────────────────────────────────────────────────────────────────

    def _show(self, turn: Turn, person: Person, notices: Sequence[Words] = (), step: str | None = None) -> None:
        turn.stands(self._screen(person, notices, step))
        turn.messages[-1]["lock"] = True

    def _step(self, person: Person, pad: _Pad | None) -> str:
        if self._store.pin(person.id) is not None:
            return OPENS
        return CHOOSES if pad is None or pad.first is None else AGAIN

    def _closed(self, person: Person) -> Words | None:
        """Why no PIN is taken now; ``None`` where it is."""
        pin, now = self._store.pin(person.id), self._desk.now()
        if pin is None:
            return None
        if not pin.hash:
            return BURNT
        if now.timestamp() < pin.locked_until:
            return words_of(Outcome("paused", until=datetime.fromtimestamp(pin.locked_until, now.tzinfo)))
        return None

    def _screen(self, person: Person, notices: Sequence[Words] = (), step: str | None = None) -> Screen:
        step = step or self._step(person, self._pads.get(person.id))
        asks: tuple[Words, ...] = {OPENS: (SHUT, ENTER), CHOOSES: (CHOOSE,), AGAIN: (ONCE_MORE,)}[step]
        pin = self._store.pin(person.id)
        is_burnt = pin is not None and not pin.hash
        closed = self._closed(person)
        if closed is not None:
            asks = (SHUT, closed)
        text = "\n".join(say(words, person.language) for words in (*notices, *asks, DANGER))
        return Screen(text=text, rows=() if is_burnt else _keys(step, say(_("Rensa"), person.language)))


def _waits(done: str | Outcome) -> bool:
    """Whether the lock says by itself what came of a try."""
    return isinstance(done, Outcome) and done.kind in ("paused", "signed_out")


def _keys(step: str, clear: str) -> Rows:
    def key(label: str, value: str) -> Button:
        return Button(label, f"pin:{step}:{value}")

    rows = [tuple(key(digit, digit) for digit in row) for row in ("123", "456", "789")]
    return (*rows, (key(clear, CLEAR), key("0", "0")))


def _is_lock(text: str) -> bool:
    words = text.split()
    return bool(words) and words[0].partition("@")[0].casefold() == f"/{LOCK}"
