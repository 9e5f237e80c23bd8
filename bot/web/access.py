"""Who is signed in on the web: invitations, sessions, the PIN, remembered browsers and form keys.

No HTTP in here. The store is used on the caller's thread only, in short transactions of our own; between them argon2
runs in a thread. What a browser holds is a token of 256 random bits, of which the store has the hash only.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher

from bot.pins import Outcome, Pins, is_idle, pin_fault
from bot.settings import WebRules
from state.people import Person
from state.store import WEB, Pin, SignIn, SignInKind, SignInState, Store

log = logging.getLogger("lots.web")

TOUCH_SECONDS = 15
"""How often at most the store is told that somebody does something."""

MOVED_SECONDS = 10
"""For how long a token that has been exchanged leads to the PIN page, and to nothing else.

Who presses twice, or whose network drops the answer, still holds the old token; without this they would need a new
invitation. The old token opens nothing: it lets the PIN be tried, and every try is counted as ever.
"""

CODE_MINUTES = 15
"""How long a code lasts that somebody makes for themself."""

ALL, BROWSER, BELL = "all", "browser", "bell"
"""What an invitation opens: everything, one more browser, or the doorbell only."""

WARNED_SECONDS = 45
"""How long before a page locks itself it is told; the beat of an open page is fifteen seconds."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser in which somebody is signed in.

    :ivar person: who.
    :ivar state: ``open``, ``locked`` (only the PIN page is shown) or ``choose_pin`` (only that page is shown).
    :ivar key: the hash of its token.
    """

    person: Person
    state: SignInState
    key: str


@dataclass(frozen=True, slots=True)
class _Moved:
    key: str
    until: float


class Access:
    """Who is signed in on the web.

    :param store: the store; no transaction of the caller's may be open when something here is called.
    :param rules: the numbers.
    :param now: the clock.
    :param without_pin: no PIN and no lock; for practice on one's own machine (``lots try``) only.
    :param hasher: makes and checks the PINs' argon2 hashes.
    """

    def __init__(
        self,
        store: Store,
        rules: WebRules,
        now: Callable[[], datetime],
        *,
        without_pin: bool = False,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self.store = store
        self.rules = rules
        self._now = now
        self.without_pin = without_pin
        self.pins = Pins(store, rules, now, _tell, hasher)
        self._seen: dict[str, float] = {}
        self._moved: dict[str, _Moved] = {}
        self._left_here: set[str] = set()

    # ── coming in ────────────────────────────────────────────────────────────────────────────────────────────

    def accept(self, code: str) -> str | None:
        """Use an invitation up; a PIN is chosen next, also by somebody who has had one.

        What else the person has open stays open until they have chosen it. A code that a person has made for one more
        browser of theirs asks for the PIN they have.

        :param code: the one-time code.
        :returns: a session's token; ``None`` for a code that is unknown, used, too old or for something else.
        """
        if not code.isascii():
            return None
        now = self._now()
        with self.store.transaction():
            browser = self.store.what_it_opens(code, now) == BROWSER
            person = self.store.use_invitation(code, channel=WEB, address=None, now=now, opens=(ALL, BROWSER))
            if person is None:
                return None
            state: SignInState = "locked" if browser else "choose_pin"
            token = self._begun(person.id, "open" if self.without_pin else state)
        if self.without_pin:
            _tell("SignedIn")
        return token

    def enter(self, person: Person) -> str | None:
        """Let somebody in whom the Mini App's data have named; the PIN is asked for next, or chosen.

        :param person: who.
        :returns: a session's token; ``None`` where too many wrong PINs have been tried, since only a new invitation
            helps then.
        """
        with self.store.transaction():
            pin = self.store.pin(person.id)
            if self.without_pin:
                return self._begun(person.id, "open")
            if pin is None:
                return self._begun(person.id, "choose_pin")
            return self._begun(person.id, "locked") if pin.hash else None

    async def choose_pin(self, visit: Visit, pin: str, again: str) -> Outcome:
        """Choose a PIN; every other browser of the person is signed out.

        :param visit: where; it must be at choosing one.
        :param pin: the PIN.
        :param again: the PIN once more.
        :returns: the session's new token, or what is wrong with the PIN.
        """
        if (fault := pin_fault(pin, again)) is not None:
            return Outcome(fault)
        hashed = await self.pins.made(pin)
        with self.store.transaction():
            held = self._held(visit.key, "session")
            if held is None or held.state != "choose_pin":
                return Outcome("gone")
            self.store.sign_out_everywhere(held.person)
            self.store.save_pin(held.person, Pin(hashed, 0, 0))
            token = self._exchanged(visit.key, held)
        _tell("SignedIn")
        return Outcome("open", token)

    def bell_code(self, person: Person) -> str:
        """A code that Telegram may carry: it sets the person's doorbell, and signs nobody in.

        :param person: who is signed in.
        :returns: the code; it can be used once, within :data:`CODE_MINUTES`.
        """
        return self._code(person, BELL)

    def browser_code(self, person: Person) -> str:
        """A code for one more browser of a person, where the PIN they have is then asked for.

        :param person: who is signed in.
        :returns: the code; it can be used once, within :data:`CODE_MINUTES`.
        """
        return self._code(person, BROWSER)

    def _code(self, person: Person, opens: str) -> str:
        now = self._now()
        ends = now + timedelta(minutes=CODE_MINUTES)
        with self.store.transaction():
            return self.store.invite(
                role=person.role, district=person.district, expires_at=ends, person=person.id, opens=opens
            )

    # ── being here ───────────────────────────────────────────────────────────────────────────────────────────

    def visit(self, token: str) -> Visit | None:
        """Who is signed in with a token.

        :param token: what the session's cookie holds.
        :returns: the visit, locked where nothing has been done for too long; ``None`` where nobody is signed in.
        """
        key = token_hash(token)
        current = self._current(key)
        held = self._held_or_forgotten(current, "session")
        person = None if held is None else self._person(held.person)
        if held is None or person is None:
            return None
        if current != key:
            return Visit(person, "locked", key)
        if held.state == "open" and not self.without_pin and self._is_idle(key, held):
            self._lock(key, held)
            return Visit(person, "locked", key)
        return Visit(person, held.state, key)

    def locks_soon(self, visit: Visit) -> bool:
        """Whether a page locks itself within :data:`WARNED_SECONDS`, or two beats where that is less than the lock.

        :param visit: where.
        """
        held = self._held(visit.key, "session")
        if held is None or held.state != "open" or self.without_pin:
            return False
        seen = max(held.seen_at, self._seen.get(visit.key, 0.0))
        return self._now().timestamp() - seen >= self.rules.lock_minutes * 60 - WARNED_SECONDS

    def touch(self, visit: Visit) -> None:
        """Note that the person did something: a press or a page, never a request that the page makes on its own.

        The time is exact in memory, and written down now and then; after a restart the lock may come
        :data:`TOUCH_SECONDS` too early, never too late.

        :param visit: where.
        """
        held = self._held(visit.key, "session")
        if held is None or held.state != "open" or self._is_idle(visit.key, held):
            return
        now = self._seen[visit.key] = self._now().timestamp()
        if now - held.seen_at >= TOUCH_SECONDS:
            with self.store.transaction():
                self.store.mark_sign_in(visit.key, seen_at=now, state="open")

    def lock(self, visit: Visit) -> None:
        """Lock a browser at once; the PIN opens it.

        :param visit: where.
        """
        held = self._held(visit.key, "session")
        if held is not None and held.state == "open" and not self.without_pin:
            self._lock(visit.key, held)

    async def unlock(self, visit: Visit, pin: str) -> Outcome:
        """Open a locked browser.

        :param visit: where.
        :param pin: what was typed.
        :returns: what came of it; the session's token is new where it is open.
        """
        if self._held(self._current(visit.key), "session") is None:
            return Outcome("gone")
        tried = await self.pins.tried(visit.person.id, pin)
        if not isinstance(tried, str):
            return tried
        with self.store.transaction():
            key = self._current(visit.key)
            held = self._held(key, "session")
            if held is None or not self.pins.begins_anew(held.person, tried):
                return Outcome("gone")
            token = self._exchanged(key, held)
        _tell("SignedIn")
        return Outcome("open", token)

    # ── a remembered browser ─────────────────────────────────────────────────────────────────────────────────

    def remember(self, person: Person, device_token: str | None = None) -> str | None:
        """Remember a browser after its session, so that the PIN alone signs in there.

        :param person: whose it is; they must be signed in there.
        :param device_token: what the device's cookie holds already; the new token is there instead.
        :returns: the device's token; ``None`` where browsers are not remembered.
        """
        if self.without_pin or not self.rules.device_days:
            return None
        with self.store.transaction():
            if device_token is not None:
                self._forget_device(person, device_token)
            return self._remembered(person.id)

    def device_of(self, device_token: str) -> Person | None:
        """Whose a remembered browser is.

        :param device_token: what the device's cookie holds.
        :returns: the person; ``None`` where it is not remembered, or not any more.
        """
        held = self._held_or_forgotten(self._current(token_hash(device_token)), "device")
        return None if held is None else self._person(held.person)

    async def by_device(self, device_token: str, pin: str) -> Outcome:
        """Sign in in a remembered browser.

        :param device_token: what the device's cookie holds.
        :param pin: what was typed.
        :returns: what came of it; an unknown device is answered like a wrong PIN. The device's
            token is new where it is open, and it is remembered for as long again.
        """
        old = token_hash(device_token)
        person = self.device_of(device_token)
        if person is None:  # no argon2 for it: a token of 256 bits cannot be guessed, and work can be asked for
            return Outcome("wrong", left=self.pins.left(1))
        tried = await self.pins.tried(person.id, pin)
        if not isinstance(tried, str):
            return tried
        with self.store.transaction():
            key = self._current(old)
            held = self._held(key, "device")
            if held is None or not self.pins.begins_anew(held.person, tried):
                return Outcome("gone")
            self._forget(key)
            device = self._remembered(held.person)
            self._leads_to(key, device)
            token = self._begun(held.person, "open")
        _tell("SignedIn")
        return Outcome("open", token, device)

    # ── leaving ──────────────────────────────────────────────────────────────────────────────────────────────

    def sign_out(self, visit: Visit, device_token: str | None = None) -> None:
        """Sign out in one browser.

        :param visit: where.
        :param device_token: what the device's cookie holds; that browser is not remembered any more.
        """
        with self.store.transaction():
            self._forget(self._current(visit.key))
            if device_token is not None:
                self._forget_device(visit.person, device_token)

    def sweep(self) -> list[str]:
        """Forget what is out of time.

        :returns: the ids of people who are signed in nowhere any more.
        """
        now = self._now()
        with self.store.transaction():
            gone = self.store.sweep_sign_ins(now)
        left = {held for held in self._left_here if not any(one.kind == "session" for one in self.store.sign_ins(held))}
        self._left_here.clear()
        self._seen = {key: seen for key, seen in self._seen.items() if self.store.sign_in(key) is not None}
        self._moved = {key: moved for key, moved in self._moved.items() if now.timestamp() < moved.until}
        return [*gone, *sorted(left - set(gone))]

    # ── browsers ─────────────────────────────────────────────────────────────────────────────────────────────

    def _begun(self, person: str, state: SignInState, expires_at: float | None = None) -> str:
        now = self._now().timestamp()  # hours of the day would be an hour wrong when the clocks change
        ends = now + self.rules.session_hours * 3600 if expires_at is None else expires_at
        return self._added(SignIn(person, "session", ends, now, state))

    def _remembered(self, person: str) -> str:
        now = self._now().timestamp()
        return self._added(SignIn(person, "device", now + self.rules.device_days * 86400, now, "locked"))

    def _added(self, held: SignIn) -> str:
        token = secrets.token_urlsafe(32)
        self.store.add_sign_in(token_hash(token), held)
        return token

    def _exchanged(self, key: str, held: SignIn) -> str:
        """Give an opened session a new token, so that one from before it was open is of no use; its end stays."""
        self._forget(key)
        token = self._begun(held.person, "open", held.expires_at)
        self._leads_to(key, token)
        return token

    def _leads_to(self, key: str, token: str) -> None:
        self._moved[key] = _Moved(token_hash(token), self._now().timestamp() + MOVED_SECONDS)

    def _current(self, key: str) -> str:
        """Where a token that was exchanged a moment ago leads; the same key for any other."""
        now = self._now().timestamp()
        while (moved := self._moved.get(key)) is not None and now < moved.until:
            key = moved.key
        return key

    def _person(self, id_: str) -> Person | None:
        """Somebody who talks on the web; who has moved to Telegram is signed in nowhere here."""
        person = self.store.person(id_)
        return person if person is not None and person.channel == WEB else None

    def _held(self, key: str, kind: SignInKind) -> SignIn | None:
        held = self.store.sign_in(key)
        if held is None or held.kind != kind or held.expires_at <= self._now().timestamp():
            return None
        return held

    def _held_or_forgotten(self, key: str, kind: SignInKind) -> SignIn | None:
        """As above; what is out of time, or of somebody who is not here any more, leaves the store at once."""
        held = self._held(key, kind)
        if held is not None and self._person(held.person) is not None:
            return held
        found = self.store.sign_in(key)
        if found is not None and found.kind == kind:
            with self.store.transaction():
                self._forget(key)
            if kind == "session":
                self._left_here.add(found.person)
        return None

    def _forget_device(self, person: Person, device_token: str) -> None:
        key = self._current(token_hash(device_token))
        held = self._held(key, "device")
        if held is not None and held.person == person.id:
            self._forget(key)

    def _forget(self, key: str) -> None:
        self.store.sign_out(key)
        self._seen.pop(key, None)

    def _is_idle(self, key: str, held: SignIn) -> bool:
        return is_idle(max(held.seen_at, self._seen.get(key, 0.0)), self._now(), self.rules)

    def _lock(self, key: str, held: SignIn) -> None:
        with self.store.transaction():
            self.store.mark_sign_in(key, seen_at=held.seen_at, state="locked")
        self._seen.pop(key, None)
        _tell("Locked")


def _tell(event: str) -> None:
    level = logging.WARNING if event in ("PinPaused", "SignedOutEverywhere") else logging.INFO
    log.log(level, "access event", extra={"event": event})


def token_hash(token: str) -> str:
    """How a token is stored: hashed, since whoever holds it is signed in.

    :param token: 256 random bits, so a plain hash is enough; or whatever a cookie held.
    :returns: SHA-256 in hex.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


# ── forms ────────────────────────────────────────────────────────────────────────────────────────────────────────


def form_key(secret: str) -> str:
    """What a form of ours carries, so that another site's form is known for what it is.

    Made of the cookie's own secret: another site cannot read that, and the key outlives a restart.

    :param secret: the token of the session, or what the cookie before signing in holds.
    :returns: HMAC-SHA256 in hex.
    """
    return hmac.new(secret.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256).hexdigest()


def is_form_key(secret: str, said: str) -> bool:
    """Whether a form was ours, in a time that tells nothing.

    :param secret: as in :func:`form_key`.
    :param said: what the form carried.
    :returns: ``True`` for the key of this secret.
    """
    return hmac.compare_digest(form_key(secret).encode(), said.encode("utf-8", "surrogatepass"))
