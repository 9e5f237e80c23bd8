"""Taking messages away from chats: the one way of it, for the outbox, for what came too fast, and for who has left.

Together they go a hundred a call. Telegram refuses a whole call for one message that it deletes no more (after 48
hours), so those are halved until that one is by itself. What becomes of each message, whoever takes it away decides.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from telegram.error import BadRequest, EndPointNotFound, Forbidden, RetryAfter, TelegramError

from bot.telegram.http import seconds
from dialogs.texts import mark as _
from dialogs.texts import say

log = logging.getLogger("lots.telegram")

HUNDRED = 100
"""How many messages one call takes away."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds until what could not be reached is tried again; each time twice as long, up to the last."""

GONE = _("Borttaget.")
"""What a message of ours says that is too old to be deleted."""

Call = Callable[..., Awaitable[Any]]
"""Calls a method of the Bot API by its name, with its parameters by theirs."""


class Deleting:
    """Takes messages out of chats.

    :param call: calls the Bot API; what it raises beside a refusal is its caller's.
    :param gone: is told of each message (chat, message) that has gone, also of one that was not there any more.
    :param stays: is told of each that Telegram refuses to take away, and why.
    :param empties: whether what is refused is emptied where it can be, which is of ours; then it has gone too.
    """

    def __init__(
        self,
        call: Call,
        gone: Callable[[str, int], None],
        stays: Callable[[str, int, BadRequest], None] = lambda _address, _message, _fault: None,
        *,
        empties: bool = False,
    ) -> None:
        self._call = call
        self._gone = gone
        self._stays = stays
        self._empties = empties

    async def take_away(self, address: str, messages: Sequence[int]) -> None:
        """Take messages away, whoever wrote them.

        :param address: whose chat.
        :param messages: the messages.
        :raises RetryAfter: Telegram asks to wait; nothing is known of those that nobody was told of.
        :raises Forbidden: the person has blocked the bot.
        :raises TelegramError: the Bot API could not be reached.
        """
        for first in range(0, len(messages), HUNDRED):
            await self._together(address, messages[first : first + HUNDRED])

    async def _together(self, address: str, messages: Sequence[int]) -> None:
        if len(messages) == 1:
            return await self._one(address, messages[0])
        try:
            await self._call("deleteMessages", chat_id=int(address), message_ids=list(messages))
        except EndPointNotFound:  # a server that is older than the method
            for message in messages:
                await self._one(address, message)
        except BadRequest:
            half = len(messages) // 2
            await self._together(address, messages[:half])
            await self._together(address, messages[half:])
        else:
            for message in messages:
                self._gone(address, message)
        return None

    async def _one(self, address: str, message: int) -> None:
        try:
            await self._call("deleteMessage", chat_id=int(address), message_id=message)
        except BadRequest as fault:
            if not (is_not_there(fault) or (self._empties and await self._is_emptied(address, message))):
                return self._stays(address, message, fault)
        return self._gone(address, message)

    async def _is_emptied(self, address: str, message: int) -> bool:
        empty = {"text": say(GONE, "sv"), "reply_markup": {"inline_keyboard": []}}
        try:
            await self._call("editMessageText", chat_id=int(address), message_id=message, **empty)
        except BadRequest as fault:
            return is_as_it_was(fault)
        return True


def is_not_there(fault: BadRequest) -> bool:
    """Whether a message could not be deleted, or edited, since it is there no more.

    :param fault: what Telegram said.
    """
    return "not found" in fault.message.casefold()


def is_as_it_was(fault: BadRequest) -> bool:
    """Whether a message could not be edited, since it says so already.

    :param fault: what Telegram said.
    """
    return "message is not modified" in fault.message.casefold()


def patient(call: Call) -> Call:
    """A call that waits where Telegram asks for it, and comes again where nobody answers.

    :param call: calls the Bot API.
    :returns: the same; it raises only what another try would not mend: ``BadRequest``, ``EndPointNotFound`` and
        ``Forbidden``.
    """

    async def calling(method: str, **parameters: object) -> Any:
        pause = FIRST_PAUSE
        while True:
            try:
                return await call(method, **parameters)
            except RetryAfter as wait:
                await asyncio.sleep(seconds(wait))
            except (BadRequest, EndPointNotFound, Forbidden):
                raise
            except TelegramError as fault:
                log.warning("sending failed", extra={"event": "SendFailed", "fault": type(fault).__name__})
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    return calling
