"""Listening on a port, for the web chat and for Telegram's webhook."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from state.errors import BadSettings

log = logging.getLogger("lots.web")

SILENT_SECONDS = 75.0
"""How long a connection may stand before a whole request has come on it, also between two; a proxy keeps its own 60."""

UNREAD: web.AppKey[Callable[[int], web.Response]] = web.AppKey("unread")
"""Makes the answer to what is no request at all, by status: it comes to no page, so that no page can answer it."""

_NO_LOG: Any = None
"""Of who asks for what nothing is written; the library takes this for no log."""


class _Connection(web.RequestHandler):
    """A connection that tells a stranger nothing of which library it is that could not read them."""

    __slots__ = ("_unread",)

    def __init__(self, server: web.Server, unread: Callable[[int], web.Response]) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(server, loop=loop, access_log=_NO_LOG, keepalive_timeout=SILENT_SECONDS)
        self._unread = unread

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """See :class:`aiohttp.web.RequestHandler`."""
        super().handle_error(request, status, exc, message)  # ends where something has been answered already
        if status >= 500:
            fault = type(exc).__name__
            log.error("a page failed", extra={"event": "PageFailed", "code": "L400", "fault": fault})
        response = self._unread(status)
        response.force_close()
        return response


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Listen until the block ends.

    :param app: what is served.
    :param host: the address.
    :param port: the port; 0 for one that is free.
    :returns: the port.
    :raises BadSettings: the port is taken, or the address is not this machine's.
    """
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    served = runner.server
    assert served is not None  # noqa: S101 - it is set up
    unread = app.get(UNREAD, lambda status: web.Response(status=status))
    listens: asyncio.Server | None = None
    try:
        try:
            listens = await asyncio.get_running_loop().create_server(lambda: _Connection(served, unread), host, port)
        except (OSError, UnicodeError) as fault:  # the latter of what can be no name
            why = getattr(fault, "strerror", None) or "no name of a machine"
            raise BadSettings(
                f"LOTS_WEB_HOST and LOTS_WEB_PORT: {host}:{port} cannot be listened on "
                f"({why}); name another, or end what holds it"
            ) from None
        yield int(listens.sockets[0].getsockname()[1])
    finally:
        if listens is not None:
            listens.close()
        await runner.cleanup()
