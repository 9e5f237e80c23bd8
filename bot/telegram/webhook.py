"""Telegram's updates over a webhook: answered 200 only when they are in the inbox."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.limits import Limiter
from bot.listening import listening
from state.errors import StoreError

log = logging.getLogger("lots.telegram")

PATH = "/telegram"
TOLD_A_MINUTE = 10
"""How many lines the log gets for each answer: whoever knocks without end must not fill the disk."""

LARGEST_UPDATE = 1 << 20
"""Bytes; Telegram's own are a few thousand."""

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name, not what it holds


@dataclass
class Webhook:
    """Where Telegram brings updates.

    :ivar public_url: the address that Telegram reaches, without the path.
    :ivar secret: what Telegram says with every update, to show that it is Telegram.
    :ivar host: the address to listen on.
    :ivar port: the port to listen on.
    """

    public_url: str
    secret: str = field(repr=False)
    host: str
    port: int
    _receive: Callable[[dict[str, Any]], Awaitable[None]] | None = field(default=None, init=False, repr=False)
    _shared: bool = field(default=False, init=False, repr=False)
    _told: Limiter = field(
        default_factory=lambda: Limiter(TOLD_A_MINUTE, lambda: datetime.now(UTC)), init=False, repr=False
    )

    @property
    def url(self) -> str:
        """The whole address that Telegram is given."""
        return f"{self.public_url.rstrip('/')}{PATH}"

    def share(self, app: web.Application) -> None:
        """Answer on the same port as other pages; then nothing is listened on here.

        :param app: the pages.
        """
        app.router.add_post(PATH, self._take)
        self._shared = True

    @asynccontextmanager
    async def listening(self, receive: Callable[[dict[str, Any]], Awaitable[None]]) -> AsyncIterator[None]:
        """Take updates until the block ends.

        :param receive: takes one update, which is confirmed when it returns; raises ``StoreError`` where it could not.
        :raises BadSettings: the port is taken, or the address is not this machine's.
        """
        self._receive = receive
        try:
            if self._shared:
                yield
                return
            app = web.Application(client_max_size=LARGEST_UPDATE)
            app.router.add_post(PATH, self._take)
            async with listening(app, self.host, self.port):
                yield
        finally:
            self._receive = None

    async def _take(self, request: web.Request) -> web.Response:
        said = request.headers.get(SECRET_HEADER, "").encode(errors="surrogateescape")  # the bytes as they came
        if not hmac.compare_digest(said, self.secret.encode()):
            return self._turned_away(403)
        try:
            raw = json.loads(await request.read())
        except (ValueError, RecursionError):
            return self._turned_away(400)
        if not isinstance(raw, dict) or not _is_a_number(raw.get("update_id")):
            return self._turned_away(400)
        if self._receive is None:
            return self._turned_away(503)  # the bot is not ready, or has ended: Telegram brings it again
        try:
            await self._receive(raw)
        except StoreError:
            return self._turned_away(503)
        return web.Response()

    def _turned_away(self, status: int) -> web.Response:
        if self._told.allows(str(status)):
            log.warning("a webhook call was turned away", extra={"event": "WebhookRefused", "fault": str(status)})
        return web.Response(status=status)


def _is_a_number(said: object) -> bool:
    """Whether this can be the number of an update; the store has 63 bits for it."""
    return isinstance(said, int) and not isinstance(said, bool) and 0 <= said < 1 << 63
