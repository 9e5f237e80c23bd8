"""How often somebody may come: so many a minute for each, counted in memory.

The web counts pages and tries to sign in with a :class:`Limiter`; what comes over Telegram is held to a
:class:`PaceAMinute` before anything of it is read.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal

log = logging.getLogger("lots.limits")

CLOCK_STEPS = 60
"""Seconds that a clock may be put back by itself (NTP) without anything being made of it."""

UPDATES_A_MINUTE = 30
"""How many updates one person may bring, unless the settings say otherwise."""

STRANGERS_A_MINUTE = 5
"""How many of a stranger's updates are looked at, tries with an invitation among them."""

MOST_STRANGERS = 10_000
"""How many strangers are remembered; what is told once is told again to one who has been forgotten."""

LATEST_UPDATES = 1_000
"""How many updates are remembered, so that one that comes again is nobody's haste."""

Verdict = Literal["in", "told", "turned_away"]


class Limiter:
    """So many a minute for each key, in memory.

    Nothing is forgotten before its minute is over. Where the memory is full, keys that are not in it wait: to throw
    others out would let somebody who has many addresses begin from nothing with each.

    :param per_minute: how many are allowed in any 60 seconds.
    :param now: the clock.
    :param most_keys: how many keys are remembered at most.
    """

    def __init__(self, per_minute: int, now: Callable[[], datetime], most_keys: int = 10_000) -> None:
        self._per_minute = per_minute
        self._most_keys = most_keys
        self._now = now
        self._allowed: OrderedDict[str, deque[float]] = OrderedDict()
        self._latest = 0.0

    def __len__(self) -> int:
        return len(self._allowed)

    def allows(self, key: str) -> bool:
        """Whether a key may once more; then it counts. What is refused does not count.

        :param key: an address, or a person's id.
        :returns: ``False`` where it has had what it may for now.
        """
        now = self._passes()
        times = self._times(key, now)
        if times is None:
            if len(self._allowed) >= self._most_keys:
                return False
            times = self._allowed[key] = deque()
        if len(times) >= self._per_minute:
            return False
        times.append(now)
        self._allowed.move_to_end(key)
        return True

    def has_had_enough(self, key: str) -> bool:
        """Whether a key has had what it may for now; nothing is counted.

        :param key: as in :meth:`allows`.
        """
        times = self._times(key, self._passes())
        return times is not None and len(times) >= self._per_minute

    def gives_back(self, key: str) -> None:
        """Let the latest that was allowed not count after all.

        :param key: as in :meth:`allows`.
        """
        if times := self._allowed.get(key):
            times.pop()
            if not times:
                del self._allowed[key]

    def forgets(self, key: str) -> None:
        """Let a key begin from nothing.

        :param key: as in :meth:`allows`.
        """
        self._allowed.pop(key, None)

    def _passes(self) -> float:
        """Forget what has had its minute, and say what time it is."""
        now = self._now().timestamp()
        if now < self._latest - CLOCK_STEPS:
            self._allowed.clear()  # the clock was put back: what was counted lies in a future that does not come
        self._latest = now
        while self._allowed and now - next(iter(self._allowed.values()))[-1] >= 60:
            self._allowed.popitem(last=False)  # the one that has done nothing for longest comes first
        return now

    def _times(self, key: str, now: float) -> deque[float] | None:
        """When a key was allowed within the last minute; ``None`` for one that was not."""
        times = self._allowed.get(key)
        while times and now - times[0] >= 60:
            times.popleft()
        if times is not None and not times:
            del self._allowed[key]  # what was given back may leave an old one where a new one stood
            return None
        return times


class Pace:
    """How fast people and strangers may come on a channel: this one lets them come as they like."""

    def begins(self) -> None:
        """A batch of updates begins."""

    def is_kept(self, updates: Iterable[int]) -> None:
        """The batch is in the inbox.

        :param updates: the numbers of its updates that are.
        """

    def is_lost(self) -> None:
        """The batch could not be kept; the channel brings it again, and nothing of it counts."""

    def came_before(self, update: int) -> bool:
        """Whether an update is in the inbox since a moment ago: it was brought again, and costs nothing.

        :param update: its number.
        """
        return False

    def is_a_storm(self, address: str) -> bool:
        """Whether a stranger has had enough; then nothing is looked up.

        :param address: who.
        """
        return False

    def of_stranger(self, address: str) -> bool:
        """Whether what a stranger does is looked at; then it counts.

        :param address: the stranger, or a group.
        """
        return True

    def of_person(self, address: str) -> Verdict:
        """What becomes of an update of somebody who is let in; it counts where it is taken.

        :param address: who.
        :returns: ``in``; ``told`` once a minute where they have had enough, so that they are told; otherwise
            ``turned_away``.
        """
        return "in"

    def is_let_in(self, address: str) -> None:
        """Somebody is no stranger any more, and waits for nothing that they did as one.

        :param address: who.
        """


class PaceAMinute(Pace):
    """So many a minute for each person, and so many for each stranger.

    :param updates_a_minute: for each person.
    :param now: the clock.
    :param strangers_a_minute: for each stranger and each group.
    :param most_strangers: how many of them are counted; where there are more within a minute, the others wait.
    """

    def __init__(
        self,
        updates_a_minute: int,
        now: Callable[[], datetime],
        *,
        strangers_a_minute: int = STRANGERS_A_MINUTE,
        most_strangers: int = MOST_STRANGERS,
    ) -> None:
        self._people = Limiter(updates_a_minute, now)
        self._strangers = Limiter(strangers_a_minute, now, most_strangers)
        self._told = Limiter(1, now)
        self._storms = Limiter(1, now)
        self._latest: OrderedDict[int, None] = OrderedDict()
        self._counted: list[tuple[Limiter, str]] = []

    def begins(self) -> None:
        """See :class:`Pace`."""
        self._counted.clear()

    def is_kept(self, updates: Iterable[int]) -> None:
        """See :class:`Pace`."""
        self._latest.update(dict.fromkeys(updates))
        while len(self._latest) > LATEST_UPDATES:
            self._latest.popitem(last=False)

    def is_lost(self) -> None:
        """See :class:`Pace`."""
        for limiter, key in self._counted:
            limiter.gives_back(key)
        self._counted.clear()

    def came_before(self, update: int) -> bool:
        """See :class:`Pace`."""
        return update in self._latest

    def is_a_storm(self, address: str) -> bool:
        """See :class:`Pace`."""
        storm = self._strangers.has_had_enough(address)
        if storm:
            self._tell_of_storm()
        return storm

    def of_stranger(self, address: str) -> bool:
        """See :class:`Pace`."""
        looked_at = self._counts(self._strangers, address)
        if not looked_at:
            self._tell_of_storm()
        return looked_at

    def of_person(self, address: str) -> Verdict:
        """See :class:`Pace`."""
        if self._counts(self._people, address):
            return "in"
        if not self._counts(self._told, address):
            return "turned_away"
        log.warning("somebody comes too fast", extra={"event": "TooFast"})
        return "told"

    def is_let_in(self, address: str) -> None:
        """See :class:`Pace`."""
        self._strangers.forgets(address)

    def _counts(self, limiter: Limiter, key: str) -> bool:
        if not limiter.allows(key):
            return False
        self._counted.append((limiter, key))
        return True

    def _tell_of_storm(self) -> None:
        """Once a minute, however many they are."""
        if self._storms.allows("all"):
            log.warning("strangers come too fast", extra={"event": "StrangersStorm"})


class Strangers:
    """How often each stranger and each group wrote, in memory; those who have been silent longest are forgotten.

    :param most: how many are remembered.
    """

    def __init__(self, most: int = MOST_STRANGERS) -> None:
        self._most = most
        self._wrote: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._wrote)

    def __getitem__(self, address: str) -> int:
        return self._wrote.get(address, 0)

    def wrote(self, address: str) -> int:
        """Count one more.

        :param address: who.
        :returns: how often that is now.
        """
        self._wrote[address] = self[address] + 1
        self._wrote.move_to_end(address)
        if len(self._wrote) > self._most:
            self._wrote.popitem(last=False)
        return self._wrote[address]

    def forgets(self, address: str) -> None:
        """They are no stranger any more.

        :param address: who.
        """
        self._wrote.pop(address, None)
