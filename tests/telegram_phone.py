"""Transcripts over Telegram: the phone of ``bot.transcripts``, but every update and every screen goes over HTTP.

The bot runs on an event loop that only runs while a phone waits for it, so the store stays on one thread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

from bot.desk import Desk
from bot.incoming import Incoming, Pressed, Said, Sent
from bot.outgoing import REMINDER
from bot.phone import Phone
from bot.telegram import BEGINS, CHANNEL, Telegram
from bot.telegram.webhook import Webhook
from bot.transcripts import Line, Player
from bot.turn import PRACTICE
from dialogs.policy import Policy
from dialogs.texts import LANGUAGES, say
from state import ids
from state.screen import NO_SESSION, Button, Screen
from state.store import Leaving, Store
from tests.botapi import BotApi, Kind, Message, Params, User

BANNERS = {say(PRACTICE, language) for language in LANGUAGES}
KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}


class Wire:
    """The bot as it runs, and the server that it speaks to.

    Args:
        api: the server.
        webhook: where it brings updates; they are fetched where it is left out.
    """

    def __init__(self, api: BotApi, webhook: Webhook | None = None) -> None:
        self.api = api
        self.desk: Desk | None = None
        self._webhook = webhook
        self._loop = asyncio.new_event_loop()
        self._bot: Telegram | None = None
        self._task: asyncio.Task[None] | None = None

    def serve(self, desk: Desk) -> None:
        """Starts the bot for a desk, or anew where the program has been started anew."""
        if desk is self.desk:
            return
        self.stop()
        ready = "getUpdates" if self._webhook is None else "setWebhook"
        before = len(self.api.calls_of(ready))
        self.desk = desk
        self._loop.run_until_complete(self._begin(desk))
        self.run_until(lambda: len(self.api.calls_of(ready)) > before)

    async def _begin(self, desk: Desk) -> None:
        self._bot = Telegram(desk, self.api.token, self.api.base_url, self._webhook)
        self._task = asyncio.create_task(self._bot.run())

    def deliver(self, update: int) -> None:
        """Lets the bot work until it has confirmed an update and everything it says has been sent."""
        desk = self.desk
        assert desk is not None
        self.run_until(lambda: self.api.confirmed(update) and not desk.store.waiting(CHANNEL, 1))
        self.run_until(lambda: not desk.store.unsent(CHANNEL))

    def send(self, leaving: Sequence[Leaving]) -> None:
        """Lets the bot send what time has brought."""
        desk, bot = self.desk, self._bot
        assert desk is not None
        assert bot is not None
        rows = {message.id for message in leaving}

        async def sending() -> None:
            bot._dispatch(leaving)

        self._loop.run_until_complete(sending())
        self.run_until(lambda: not rows & {message.id for message in desk.store.unsent(CHANNEL)})

    def run_until(self, done: Callable[[], bool], timeout: float = 5.0) -> None:
        """Lets the bot work until something is so."""

        async def working() -> None:
            ends = time.monotonic() + timeout
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

    def dies(self) -> None:
        """Ends the bot as a power cut does: whatever it was doing is not done, and nothing more is written."""
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

        async def dead() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.gather(*others, return_exceptions=True)

        self._loop.run_until_complete(dead())
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
        before = len(self._wire.api.calls)
        self._wire.deliver(self._do_it(update))
        came = self._came(before)
        self._holds_one_off_a_dialog()
        return came

    def gets(self, leaving: Sequence[Leaving]) -> list[Screen]:
        before = len(self._wire.api.calls)
        if mine := [message for message in leaving if message.address == self.address]:
            self._wire.send(mine)
        return self._came(before)

    def _came(self, before: int) -> list[Screen]:
        """The screens of the calls that came after those."""
        fresh = self._wire.api.calls[before:]
        new = sum(method == "sendMessage" for method, _ in fresh)
        assert new <= 2, "a page beside the dialog, and the dialog's question again: no more than that is new"
        sent = iter([message.message_id for message in self._user.messages(deleted=True) if message.from_bot][-new:])
        screens = []
        for method, params in fresh:
            message = next(sent) if method == "sendMessage" else params.get("message_id")
            if (screen := self._seen(method, params, message)) is not None:
                screens.append(screen)
        keyboards = [_keyboard(message) for message in self._user.messages()]
        live = [keyboard for keyboard in keyboards if keyboard is not None]
        assert len(live) == len(set(live)), "a question stands in one message"
        return screens

    def _holds_one_off_a_dialog(self) -> None:
        """Where no dialog is open one message stands at most, and the ledger has what stands.

        Asked when somebody has done something: time alone may put a dialog aside, and what hides an idle chat is held
        back in transcripts, see :meth:`TelegramPlayer._sweep`.
        """
        store, messages = self.desk.store, [message.message_id for message in self._user.messages()]
        person = store.person_at(CHANNEL, self.address)
        if person is not None:
            assert set(messages) <= set(store.traces(CHANNEL, self.address)), "what stands is known"
            assert len(messages) <= 1 or store.active_session(person.id) is not None, self._wire.api._story()

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

    def _seen(self, method: str, params: Params, message: int | None) -> Screen | None:
        """What a call showed the person, or took away."""
        if method == "answerCallbackQuery":
            return Screen(text=params["text"], rows=()) if params.get("text") else None
        for gone in params.get("message_ids", [params.get("message_id")]) if method.startswith("deleteMessage") else ():
            self.shown.pop(gone, None)
        if params.get("text") in (BEGINS, REMINDER):
            return None  # its words come with the edit
        if message is None or method not in ("sendMessage", "editMessageText"):
            return None
        if message not in {one.message_id for one in self._user.messages()}:
            return None  # an edit of what is gone; the same words come in a message of their own
        screen = _screen(params)
        self.shown[message] = screen
        self.seen.append((message, screen))
        return screen


def _keyboard(message: Message) -> tuple[str, str] | None:
    """The session and revision of a message's buttons; the menu's and a page's have none."""
    for row in message.buttons:
        for button in row:
            if button.data is None:
                continue  # it copies
            session, revision, _ = button.data.split(":", 2)
            if session != NO_SESSION:
                return session, revision
    return None


def _screen(params: Params) -> Screen:
    banner, _, text = str(params["text"]).partition("\n\n")
    assert banner in BANNERS, "practice must show on every message"
    session, revision = NO_SESSION, 0
    rows = []
    for row in params.get("reply_markup", {}).get("inline_keyboard", []):
        buttons = []
        for button in row:
            if "copy_text" in button:
                buttons.append(Button(button["text"], "", copy=button["copy_text"]["text"]))
                continue
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
        webhook: where updates are brought; they are fetched where it is left out.
    """

    channel = CHANNEL

    def __init__(
        self,
        api: BotApi,
        database: Path | None = None,
        policy: Policy | None = None,
        webhook: Webhook | None = None,
    ) -> None:
        super().__init__(policy)
        self._wire = Wire(api, webhook)
        self._database = database

    def _set_clock(self, line: Line) -> list[Screen]:
        if self._phones:
            self._wire.serve(self._the_desk())  # the program runs already when its time comes
        return super()._set_clock(line)

    def _sweep(self) -> list[Screen]:
        """A transcript is about what is said; that an idle chat hides itself has tests of its own."""
        store, now = self._the_desk().store, self._the_desk().now().timestamp()
        with store.transaction():
            store._conn.execute("UPDATE trace SET at = ?, due = ?", (now, now + 3600))
        return super()._sweep()

    def new_store(self, source: ids.Source) -> Store:
        return Store(self._database, bytes(range(32)), source)

    def new_phone(self, desk: Desk, address: str) -> TelegramPhone:
        return TelegramPhone(self._wire, desk, self._wire.api.user(int(address)))

    def end(self) -> None:
        try:
            self._wire.close()
        finally:
            super().end()
