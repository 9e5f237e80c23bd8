"""Listening on a port, for the web chat and for Telegram's webhook."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from state.errors import BadSettings


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Listen until the block ends.

    :param app: what is served.
    :param host: the address.
    :param port: the port; 0 for one that is free.
    :returns: the port.
    :raises BadSettings: the port is taken, or the address is not this machine's.
    """
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as fault:
            raise BadSettings(
                f"LOTS_WEB_HOST and LOTS_WEB_PORT: {host}:{port} cannot be listened on "
                f"({fault.strerror}); name another, or end what holds it"
            ) from None
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
