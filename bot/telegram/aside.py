"""What is said beside the outbox: lines to strangers, and what is done about updates that came too fast.

Nothing of it is stored. It has few connections and a bounded memory, so that a storm takes nothing from those whose
updates are handled: lines and presses that there is no room for are left; what was typed is always taken away.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from telegram.error import BadRequest, EndPointNotFound, Forbidden, RetryAfter, TelegramError

from bot.telegram.http import seconds

log = logging.getLogger("lots.telegram")

MOST_WAITING = 200
"""How many lines, and how many presses, may wait."""

AT_A_TIME = 100
"""How many messages one call may take away."""

LONGEST_PAUSE = 30.0

Call = Callable[..., Awaitable[Any]]
T = TypeVar("T")


class Aside:
    """Sends one line at a time, answers one press at a time, and takes typed text away chat by chat.

    :param call: calls a method of the Bot API.
    :param line: sends a line to a stranger, in one try.
    :param begin: begins a job that ends with the channel.
    """

    def __init__(
        self,
        call: Call,
        line: Callable[[str, dict[str, Any]], Awaitable[None]],
        begin: Callable[[Awaitable[None]], None],
    ) -> None:
        self._call = call
        self._line = line
        self._begin = begin
        self._lines: deque[tuple[str, dict[str, Any]]] = deque()
        self._presses: deque[tuple[str, str | None]] = deque()
        self._typed: dict[str, list[int]] = {}

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
                if address not in self._typed:
                    self._typed[address] = []
                    self._begin(self._take_away(address))
                self._typed[address].append(payload["message"])

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

    async def _take_away(self, address: str) -> None:
        """Everything of a chat that waits, a hundred at a time, until there is nothing."""
        while typed := self._typed[address]:
            batch = typed[:AT_A_TIME]
            await self._until_done(address, batch)
            del typed[: len(batch)]
        del self._typed[address]

    async def _until_done(self, address: str, messages: list[int]) -> None:
        """Take messages away together; one by one where one of them stops the others."""
        pause = 0.5
        while True:
            try:
                if len(messages) == 1:
                    await self._call("deleteMessage", chat_id=int(address), message_id=messages[0])
                else:
                    await self._call("deleteMessages", chat_id=int(address), message_ids=messages)
                return
            except RetryAfter as wait:
                await asyncio.sleep(seconds(wait))
            except Forbidden:
                return
            except (BadRequest, EndPointNotFound):
                if len(messages) == 1:
                    return
                for message in messages:
                    await self._until_done(address, [message])
                return
            except TelegramError as fault:
                log.warning("sending failed", extra={"event": "SendFailed", "fault": type(fault).__name__})
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
