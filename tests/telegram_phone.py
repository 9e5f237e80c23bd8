"""Transcripts over Telegram: the phone of ``bot.transcripts``, but every update and every screen goes over HTTP.

The bot runs on an event loop that only runs while a phone waits for it, so the store stays on one thread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from bot.desk import Desk, Incoming, Pressed, Said, Sent
from bot.phone import Phone
from bot.telegram import CHANNEL, Telegram
from bot.transcripts import Player
from dialogs.policy import Policy
from state import ids
from state.screen import Button, Screen
from state.store import Store
from tests.botapi import BotApi, Kind, Params, User
from tests.running import BANNER

KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}


class Wire:
    """The bot as it runs, and the server that it speaks to.

    Args:
        api: the server.
    """

    def __init__(self, api: BotApi) -> None:
        self.api = api
        self.desk: Desk | None = None
        self.read = 0  # how many calls the phones have looked at
        self._loop = asyncio.new_event_loop()
        self._bot: Telegram | None = None
        self._task: asyncio.Task[None] | None = None

    def serve(self, desk: Desk) -> None:
        """Starts the bot for a desk, or anew where the program has been started anew."""
        if desk is self.desk:
            return
        self.stop()
        polls = len(self.api.calls_of("getUpdates"))
        self.desk = desk
        self._loop.run_until_complete(self._begin(desk))
        self.run_until(lambda: len(self.api.calls_of("getUpdates")) > polls)
        self.read = len(self.api.calls)

    async def _begin(self, desk: Desk) -> None:
        self._bot = Telegram(desk, self.api.token, self.api.base_url)
        self._task = asyncio.create_task(self._bot.run())

    def deliver(self, update: int) -> None:
        """Lets the bot work until it has confirmed an update and everything it says has been sent."""
        desk = self.desk
        assert desk is not None
        self.run_until(lambda: self.api.confirmed(update) and not desk.store.unsent(CHANNEL))

    def run_until(self, done: Callable[[], bool]) -> None:
        """Lets the bot work until something is so."""

        async def working() -> None:
            ends = time.monotonic() + 5
            while not done():
                assert self._task is not None
                assert not self._task.done(), self._task.exception()
                assert time.monotonic() < ends, self.api._story()
                await asyncio.sleep(0.001)

        self._loop.run_until_complete(working())

    def stop(self) -> None:
        """Ends the bot."""
        if self._bot is not None and self._task is not None:
            self._bot.stop()
            self._loop.run_until_complete(self._task)
        self._bot = self._task = self.desk = None

    def close(self) -> None:
        """Ends the bot and its loop."""
        try:
            self.stop()
        finally:
            self._loop.close()


class TelegramPhone(Phone):
    """A phone with Telegram on it.

    Args:
        wire: the bot and the server.
        desk: whose bot it speaks to.
        user: the person.
    """

    def __init__(self, wire: Wire, desk: Desk, user: User) -> None:
        super().__init__(desk, str(user.id), lambda: 0)
        self._wire = wire
        self._user = user

    def _send(self, update: Incoming) -> list[Screen]:
        self._wire.serve(self.desk)
        self._wire.deliver(self._do_it(update))
        calls = self._wire.api.calls
        fresh, self._wire.read = calls[self._wire.read :], len(calls)
        assert sum(method == "sendMessage" for method, _ in fresh) <= 1, "one live message, so one new one at most"
        return [screen for method, params in fresh if (screen := self._seen(method, params)) is not None]

    def _do_it(self, update: Incoming) -> int:
        match update:
            case Said():
                return self._user.says(update.text)
            case Pressed():
                return self._user.presses_data(update.data, update.message)
            case Sent(kind="edited"):
                return self._user.edits("ändrat")
            case Sent():
                return self._user.sends(KINDS[update.kind])
        raise AssertionError(update)

    def _seen(self, method: str, params: Params) -> Screen | None:
        """What a call showed the person, or took away."""
        if method == "answerCallbackQuery":
            return Screen(text=params["text"], rows=()) if params.get("text") else None
        if method == "deleteMessage":
            self.shown.pop(params["message_id"], None)
        if method not in ("sendMessage", "editMessageText"):
            return None
        message = params.get("message_id") or self._newest()
        if message not in {one.message_id for one in self._user.messages()}:
            return None  # an edit of what is gone; the same words come in a message of their own
        screen = _screen(params)
        self.shown[message] = screen
        self.seen.append((message, screen))
        return screen

    def _newest(self) -> int:
        return self._user.screen().message_id


def _screen(params: Params) -> Screen:
    banner, _, text = str(params["text"]).partition("\n\n")
    assert banner == BANNER, "practice must show on every message"
    session, revision = "-", 0
    rows = []
    for row in params.get("reply_markup", {}).get("inline_keyboard", []):
        buttons = []
        for button in row:
            session, number, value = button["callback_data"].split(":", 2)
            revision = int(number)
            buttons.append(Button(button["text"], value))
        rows.append(tuple(buttons))
    return Screen(text=text, rows=tuple(rows), session=session, revision=revision)


class TelegramPlayer(Player):
    """Plays a transcript over HTTP.

    Args:
        api: the server; one of its own for each transcript.
        database: where the store is; in memory where it is left out.
        policy: the deployment's numbers.
    """

    channel = CHANNEL

    def __init__(self, api: BotApi, database: Path | None = None, policy: Policy | None = None) -> None:
        super().__init__(policy)
        self._wire = Wire(api)
        self._database = database

    def new_store(self, source: ids.Source) -> Store:
        return Store(self._database, bytes(range(32)), source)

    def new_phone(self, desk: Desk, address: str) -> TelegramPhone:
        return TelegramPhone(self._wire, desk, self._wire.api.user(int(address)))

    def end(self) -> None:
        try:
            self._wire.close()
        finally:
            super().end()
