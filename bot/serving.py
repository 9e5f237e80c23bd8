"""The running program: the web chat and Telegram on one loop, over one desk, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack, closing, suppress
from typing import TYPE_CHECKING

from bot.desk import Desk
from bot.front import Front
from bot.limits import PaceAMinute
from bot.settings import Settings
from state.errors import BadSettings, StoreError

if TYPE_CHECKING:
    from bot.telegram import Telegram
    from bot.telegram.webhook import Webhook
    from bot.web.server import Web
    from state.store import Store

log = logging.getLogger("lots")

SWEEP_EVERY = 60.0
"""Seconds between two looks at what time has brought."""


def serve(
    settings: Settings,
    desk: Desk,
    *,
    without_pin: bool = False,
    any_port: bool = False,
    ready: Callable[[int], None] = lambda port: None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    :param settings: the installation.
    :param desk: handles what people do.
    :param without_pin: whether nobody on the web is asked for a PIN; for practice at one's own computer.
    :param any_port: whether another port does where the configured one is taken.
    :param ready: is told the port when the web chat answers.
    :raises BadSettings: a port is taken, or Telegram does not know the token.
    """
    asyncio.run(_serving(settings, desk, without_pin=without_pin, any_port=any_port, ready=ready))


async def _serving(
    settings: Settings, desk: Desk, *, without_pin: bool, any_port: bool, ready: Callable[[int], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, stop.set)
    webhook = _webhook(settings)
    async with AsyncExitStack() as open_:
        if settings.web:
            ready(await _open_web(settings, desk, open_, webhook, without_pin=without_pin, any_port=any_port))
        if settings.drops_off:
            from bot.courier import Courier

            delivering = asyncio.create_task(Courier(settings, desk.store, now=desk.now).run())
            open_.callback(delivering.cancel)
        if settings.token is None:
            await stop.wait()
            return
        channel = _telegram(settings, desk, webhook)
        stopping = asyncio.create_task(_stop_when(stop, channel))
        open_.callback(stopping.cancel)
        await channel.run()


async def _open_web(
    settings: Settings,
    desk: Desk,
    open_: AsyncExitStack,
    webhook: Webhook | None,
    *,
    without_pin: bool,
    any_port: bool,
) -> int:
    """Open the web chat until the stack is closed; the webhook, where there is one, answers on the same port."""
    from bot.listening import listening
    from bot.web.server import Web

    web = Web(settings, desk, without_pin=without_pin)
    web.chats.start()
    app = web.application()
    if webhook is not None:
        webhook.share(app)
    try:
        port = await open_.enter_async_context(listening(app, settings.web_host, settings.web_port))
    except BadSettings:
        if not any_port:
            raise
        port = await open_.enter_async_context(listening(app, settings.web_host, 0))
    sweeping = asyncio.create_task(_sweep(web))
    open_.callback(sweeping.cancel)
    log.info("serving the web", extra={"event": "WebServed"})
    return port


async def _sweep(web: Web) -> None:
    while True:
        try:
            web.sweep()
        except StoreError as fault:
            log.warning("the store is busy", extra={"event": "StoreBusy", "code": fault.code})
        except Exception as fault:  # noqa: BLE001 - the next minute must be looked after too
            log.error("a sweep failed", extra={"event": "SweepFailed", "fault": type(fault).__name__})
        await asyncio.sleep(SWEEP_EVERY)


async def _stop_when(stop: asyncio.Event, channel: Telegram) -> None:
    with suppress(asyncio.CancelledError):
        await stop.wait()
        channel.stop()


def _telegram(settings: Settings, desk: Desk, webhook: Webhook | None) -> Telegram:
    from bot.bell import Bell
    from bot.telegram import CHANNEL, Telegram

    _take_over_chats(settings, desk.store)
    assert settings.token is not None  # noqa: S101 - the caller asked
    front: Front = desk
    if settings.doorbell and settings.public_url is not None:
        front = Bell(desk.store, settings.public_url, now=desk.now)
    front.hold_to(CHANNEL, PaceAMinute(settings.updates_a_minute, desk.now))
    return Telegram(front, settings.token, settings.base_url, webhook)


def _take_over_chats(settings: Settings, store: Store) -> None:
    """What the other mode left in the chats is taken away by this one; where that one is served, it does so itself."""
    from bot.settings import read_key
    from bot.traces import take_over
    from state.store import Store, claimed

    path = settings.data_dir / ("lots.db" if settings.practice else "ovning.db")
    if not path.exists():
        return
    try:
        with claimed(path), closing(Store(path, read_key(settings.key_file, path))) as other:
            take_over(store, other)
    except (BadSettings, StoreError) as fault:
        log.warning("the other mode's chats stay as they are", extra={"event": "OtherModeLeft", "code": fault.code})


def _webhook(settings: Settings) -> Webhook | None:
    if settings.token is None or settings.webhook_secret is None or settings.public_url is None:
        return None
    from bot.telegram.webhook import Webhook

    return Webhook(settings.public_url, settings.webhook_secret, settings.web_host, settings.web_port)
