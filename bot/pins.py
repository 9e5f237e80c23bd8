"""PINs: choosing and trying one, on the web and in a chat; what stands there is the same person's.

The store is used on the caller's thread only, in short transactions of our own; between them argon2 runs in a thread.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from bot.limits import CLOCK_STEPS
from bot.settings import WebRules
from dialogs.texts import Text, Words
from dialogs.texts import mark as _
from state.store import Pin, Store

T = TypeVar("T")

DANGER = _("Fara för liv: 112. Polisen 114 14.")
"""What stands wherever somebody waits to be let in."""

FAULTS: dict[str, Words] = {
    "not_six_digits": _("Pinkoden ska ha sex siffror."),
    "not_the_same": _("De två pinkoderna är inte lika. Skriv samma pinkod två gånger."),
    "too_easy": _("Den pinkoden är för lätt att gissa. Välj en annan."),
}
"""What is said of a PIN that cannot be chosen."""

HASHED_AT_ONCE = 4
"""How many PINs are looked at at once; the others wait."""

COMMON_PINS: frozenset[str] = frozenset(
    (
        *("121212", "131313", "101010", "010101", "020202", "123123", "112112"),  # a part again
        *("112233", "111222", "112211", "123321", "696969"),  # pairs and mirrors
        *("159753", "159357", "789456", "456123", "147258", "258456", "147852", "142536"),  # drawn on the keypad
    )
)
"""The very commonest beyond those of one digit and the runs; the ten that Markert and others found most often (This PIN
Can Be Easily Guessed, 2020) are refused. Short on purpose: what keeps a PIN is that ten tries are all there are."""

_SIX_DIGITS = re.compile(r"[0-9]{6}")

PinFault = Literal["not_six_digits", "not_the_same", "too_easy"]
Came = Literal["open", "wrong", "paused", "signed_out", "gone"] | PinFault


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a PIN.

    :ivar kind: ``open``; ``wrong``; ``paused`` (no try is taken for now, and none is counted); ``signed_out`` (too many
        wrong ones in all: every browser of the person is signed out, and only a new invitation helps); ``gone`` (this
        browser was signed out meanwhile); or what is wrong with a PIN that was to be chosen.
    :ivar token: the session's new token, where it is open; the one before is of no use any more.
    :ivar device: the remembered browser's new token, where that is what was used.
    :ivar left: after a wrong one, how many tries are left before something happens: a pause, or being signed out.
    :ivar until: when tries are taken again after a pause.
    """

    kind: Came
    token: str | None = None
    device: str | None = None
    left: int | None = None
    until: datetime | None = None


class Pins:
    """The PINs of an installation's people, where they are asked for.

    :param store: the store; no transaction of the caller's may be open, unless it is said.
    :param rules: the numbers.
    :param now: the clock.
    :param tell: is told the names of what happens.
    :param hasher: makes and checks the argon2 hashes.
    """

    def __init__(
        self,
        store: Store,
        rules: WebRules,
        now: Callable[[], datetime],
        tell: Callable[[str], None],
        hasher: PasswordHasher | None = None,
    ) -> None:
        self.store = store
        self.rules = rules
        self._now = now
        self._tell = tell
        self.hasher = hasher or PasswordHasher()
        self._pool = ThreadPoolExecutor(HASHED_AT_ONCE, "pin")

    async def made(self, pin: str) -> str:
        """Make a PIN's hash.

        :param pin: six digits.
        :returns: what the store keeps of it.
        """
        return await self._beside(self.hasher.hash, pin)

    async def tried(self, person: str, pin: str) -> str | Outcome:
        """Try a PIN; the hash that it matched, or why not.

        A try counts as wrong, and the pause has begun, before argon2 is asked: of many tries at once no more are
        looked at than of as many after one another, and a process that dies forgets none.

        :param person: an id.
        :param pin: what was typed.
        :returns: the hash, for :meth:`begins_anew`; or ``wrong``, ``paused`` or ``signed_out``.
        """
        with self.store.transaction():
            kept = self.store.pin(person)
            if kept is None or not kept.hash:
                self.store.sign_out_everywhere(person)
                return Outcome("signed_out")
            now = self._now()
            if now.timestamp() < kept.locked_until:
                return Outcome("paused", until=datetime.fromtimestamp(kept.locked_until, now.tzinfo))
            if kept.failed >= self.rules.pin_tries_in_all:  # the last try was counted, and the process died over it
                return self._burnt(person)
            counted = replace(kept, failed=kept.failed + 1)
            until = now.timestamp() + self.rules.pin_pause_minutes * 60
            last = counted.failed == self.rules.pin_tries_in_all
            pauses = last or counted.failed % self.rules.pin_tries == 0
            self.store.save_pin(person, replace(counted, locked_until=until) if pauses else counted)
        if await self._beside(self._matches, kept.hash, pin):
            return kept.hash
        self._tell("PinWrong")
        if last:
            with self.store.transaction():
                found = self.store.pin(person)  # a new one may have been chosen, or the right one typed, meanwhile
                if found is not None and found.failed >= counted.failed:
                    return self._burnt(person)
        if pauses:
            self._tell("PinPaused")
            return Outcome("paused", until=datetime.fromtimestamp(until, now.tzinfo))
        return Outcome("wrong", left=self.left(counted.failed))

    async def _beside(self, work: Callable[..., T], *words: str) -> T:
        """Let argon2 work beside the loop; only a few at a time, since each takes 64 MB."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *words)

    def _matches(self, hashed: str, pin: str) -> bool:
        """What cannot be a PIN takes as long as what can."""
        try:
            return self.hasher.verify(hashed, pin if _SIX_DIGITS.fullmatch(pin) else "")
        except VerifyMismatchError:
            return False

    def left(self, failed: int) -> int:
        """How many tries are left before something happens.

        :param failed: how many in a row were wrong.
        :returns: tries.
        """
        return min(self.rules.pin_tries - failed % self.rules.pin_tries, self.rules.pin_tries_in_all - failed)

    def _burnt(self, person: str) -> Outcome:
        """Sign out everywhere and forget the PIN.

        That there was one is kept: who has never had a PIN may choose it in the Mini App, and who has lost it may not.
        """
        self.store.sign_out_everywhere(person)
        self.store.save_pin(person, Pin("", self.rules.pin_tries_in_all, 0))
        self._tell("SignedOutEverywhere")
        return Outcome("signed_out")

    def begins_anew(self, person: str, matched: str) -> bool:
        """Count from nothing again, where the PIN is still the one that was looked at; inside a transaction.

        :param person: an id.
        :param matched: what :meth:`tried` gave.
        :returns: whether it is.
        """
        pin = self.store.pin(person)
        if pin is None or pin.hash != matched:
            return False
        self.store.save_pin(person, Pin(matched, 0, 0))
        return True


def words_of(done: Outcome) -> Words | None:
    """What is said of a try that did not do.

    :param done: what came of it; its time is local.
    :returns: the words after a wrong one and in a pause; ``None`` for what each channel says in its own way.
    """
    if done.until is not None:
        return Text(_("Det blev för många försök. Försök igen efter kl. {time}."), time=f"{done.until:%-H.%M}")
    return None if done.left is None else Text(_("Fel pinkod. Försök kvar: {number}."), number=done.left)


def is_idle(seen_at: float, now: datetime, rules: WebRules) -> bool:
    """Whether somebody has done nothing for so long that the PIN is asked for.

    :param seen_at: when they last did something, in seconds since 1970.
    :param now: the time.
    :param rules: the numbers.
    :returns: ``True`` also where the clock was put back: then how long it was is not to be told.
    """
    passed = now.timestamp() - seen_at
    return passed >= rules.lock_minutes * 60 or passed < -CLOCK_STEPS


def pin_fault(pin: str, again: str) -> PinFault | None:
    """What is wrong with a PIN that somebody chooses.

    :param pin: the PIN.
    :param again: the PIN once more.
    :returns: ``not_six_digits`` (of 0–9, no others), ``not_the_same``, ``too_easy`` (one digit six times, a run up or
        down, also past the nought, or one of :data:`COMMON_PINS`), or ``None``.
    """
    if not _SIX_DIGITS.fullmatch(pin):
        return "not_six_digits"
    if pin != again:
        return "not_the_same"
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(pin)}
    return "too_easy" if steps in ({0}, {1}, {9}) or pin in COMMON_PINS else None
