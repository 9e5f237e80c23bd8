"""What is said beside the outbox: lines to strangers, and what is done about updates that came too fast.

It has few connections and a bounded memory, so that a storm takes nothing from those whose updates are handled: lines
and presses that there is no room for are left; what was typed is always taken away. Of that the numbers go into the
ledger before the channel confirms the updates, all that come at once in one commit, unless they have gone by then.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar

from telegram.error import Forbidden, TelegramError

from bot.telegram.deleting import FIRST_PAUSE, HUNDRED, LONGEST_PAUSE, Call, Deleting, patient
from state.errors import StoreError

log = logging.getLogger("lots.telegram")

MOST_WAITING = 200
"""How many lines, and how many presses, may wait."""

KEEP_WITHIN = 0.05
"""Seconds within which what came too fast is in the ledger: so many commits a second at most, however many come."""

Typed = tuple[str, int]
"""Whose chat, and the message."""

T = TypeVar("T")


class Aside:
    """Sends one line at a time, answers one press at a time, and takes typed text away chat by chat.

    :param call: calls a method of the Bot API.
    :param line: sends a line to a stranger, in one try.
    :param begin: begins a job that ends with the channel.
    :param keep: puts messages that stand into the ledger, and takes those out that have gone, in one commit; raises
        ``StoreError``.
    """

    def __init__(
        self,
        call: Call,
        line: Callable[[str, dict[str, Any]], Awaitable[None]],
        begin: Callable[[Awaitable[None]], None],
        keep: Callable[[Collection[Typed], Collection[Typed]], None],
    ) -> None:
        self._call = call
        self._line = line
        self._begin = begin
        self._keep = keep
        self._deleting = Deleting(patient(call), self._is_gone)
        self._lines: deque[tuple[str, dict[str, Any]]] = deque()
        self._presses: deque[tuple[str, str | None]] = deque()
        self._typed: dict[str, dict[int, None]] = {}
        self._stands: dict[Typed, None] = {}
        """What is not in the ledger yet."""
        self._gone: dict[Typed, None] = {}
        """What may be in the ledger still."""
        self._next_commit: asyncio.Task[None] | None = None

    def put(self, address: str, payload: dict[str, Any]) -> None:
        """Do something soon.

        :param address: in whose chat.
        :param payload: as in the outbox: a screen without buttons, the answer to a press, or what is taken away.
        """
        match payload["do"]:
            case "show":
                self._wait(self._lines, (address, payload), self._send_lines)
            case "answer":
                self._wait(self._presses, (payload["query"], payload.get("toast")), self._answer_presses)
            case "delete":
                self._forget(address, payload["message"])

    async def is_kept(self) -> None:
        """Wait until nothing of what was typed would be left in the chat if the program died now."""
        if self._stands:
            await self._commit()

    def keep(self) -> None:
        """Bring the ledger to what stands and what has gone.

        :raises StoreError: it could not be written.
        """
        if self._stands or self._gone:
            self._keep(self._stands, self._gone)
            self._stands, self._gone = {}, {}

    def _wait(self, waiting: deque[T], one: T, send: Callable[[], Awaitable[None]]) -> None:
        if len(waiting) >= MOST_WAITING:
            return
        waiting.append(one)
        if len(waiting) == 1:
            self._begin(send())

    async def _send_lines(self) -> None:
        while self._lines:
            await self._line(*self._lines[0])
            self._lines.popleft()

    async def _answer_presses(self) -> None:
        while self._presses:
            query, toast = self._presses[0]
            try:
                await self._call("answerCallbackQuery", callback_query_id=query, text=toast)
            except TelegramError as fault:
                log.debug("a press was not answered", extra={"event": "PressUnanswered", "fault": type(fault).__name__})
            self._presses.popleft()

    # ── what was typed ───────────────────────────────────────────────────────────────────────────────────────

    def _forget(self, address: str, message: int) -> None:
        waiting = self._typed.get(address)
        if waiting is None:
            waiting = self._typed[address] = {}
            self._begin(self._take_away(address))
        if message not in waiting:  # the same update may be brought again
            waiting[message] = None
            self._stands[address, message] = None

    async def _take_away(self, address: str) -> None:
        """Everything of a chat that waits, a hundred at a time, until there is nothing; what stays is the ledger's."""
        while waiting := self._typed[address]:
            batch = list(islice(waiting, HUNDRED))
            with suppress(Forbidden):
                await self._deleting.take_away(address, batch)
            for message in batch:
                del waiting[message]
        del self._typed[address]
        if self._gone:
            await self._commit()

    def _is_gone(self, address: str, message: int) -> None:
        typed = address, message
        if typed in self._stands:
            del self._stands[typed]  # no ledger has heard of it
        else:
            self._gone[typed] = None

    async def _commit(self) -> None:
        """Wait for the next commit of the ledger, which everything shares that has come until then."""
        if self._next_commit is None:
            self._next_commit = asyncio.ensure_future(self._commit_soon())
            self._begin(self._next_commit)
        await asyncio.shield(self._next_commit)

    async def _commit_soon(self) -> None:
        pause = FIRST_PAUSE
        try:
            await asyncio.sleep(KEEP_WITHIN)
            while True:
                try:
                    return self.keep()
                except StoreError as fault:
                    log.warning("the store is busy", extra={"event": "StoreBusy", "code": fault.code})
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        finally:
            self._next_commit = None
