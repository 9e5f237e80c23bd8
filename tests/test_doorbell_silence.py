"""In mode `dorrklocka` nothing of a talk leaves through the Bot API: every transcript, with both channels on one loop.

The talk is on the web. Telegram serves beside it: the chat is connected as a person does it, what they type there by
mistake is taken away, and at the end the bell rings. Everything that was ever sent to Telegram is looked at.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot import bell
from bot.bell import Bell
from bot.desk import Desk
from bot.front import ONLY_INVITED, STRANGERS_COMMANDS
from bot.outgoing import REMINDER
from bot.telegram import CHANNEL, Telegram
from bot.transcripts import read
from dialogs.texts import LANGUAGES, say
from state import ids
from state.screen import Screen
from state.store import WEB
from tests.botapi import BotApi, Params, User
from tests.test_silence import STATES, found_in, markers_of
from tests.test_telegram_transcripts import EVERY
from tests.web_phone import HTTPS, WebPhone, WebPlayer, in_the_city, on_the_web

OURS = (REMINDER, bell.CONNECTED, bell.ONLY_REMINDERS, bell.IN_BROWSER, bell.IN_TELEGRAM, ONLY_INVITED)
ALLOWED = {
    *(say(words, language) for words in OURS for language in LANGUAGES),
    *(word for commands in (bell.COMMANDS, STRANGERS_COMMANDS) for command in commands for word in command),
    *(HTTPS, f"{HTTPS}{bell.APP}", "message", "callback_query", "my_chat_member", "chat"),
}
"""Every string that may go to Telegram."""
NAMES = {"text", "url", "command", "description"}
"""Where words stand in what is sent."""
SHOWN = {"sendMessage", "editMessageText", "answerCallbackQuery", "setMyCommands"}
KNOWN = {"getMe", "getUpdates", "deleteWebhook", "setMyCommands", "sendMessage", "deleteMessage", "deleteMessages"}


class Doorbell:
    """Telegram's side, on the loop of the web.

    :param player: whose people have it.
    :param api: the Bot API server.
    """

    def __init__(self, player: BellPlayer, api: BotApi) -> None:
        self.player = player
        self.api = api
        self._front: Bell | None = None
        self._bot: Telegram | None = None
        self._task: asyncio.Task[None] | None = None

    def serves(self) -> None:
        """Start, once."""
        if self._bot is not None:
            return
        self._front = Bell(self.player._the_store(), HTTPS, now=lambda: self.player._clock)
        self.player.site.run(self._begin(self._front))
        self.until(lambda: bool(self.api.calls_of("getUpdates")))

    async def _begin(self, front: Bell) -> None:
        self._bot = Telegram(front, self.api.token, self.api.base_url)
        self._task = asyncio.create_task(self._bot.run())

    def until(self, done: Callable[[], bool]) -> None:
        """Let both channels work until something is so."""

        async def working() -> None:
            ends = time.monotonic() + 5
            while not done():
                assert self._task is not None
                assert not self._task.done(), self._task.exception()
                assert time.monotonic() < ends, self.api._story()
                await asyncio.sleep(0.001)

        self.player.site.run(working())

    def types(self, user: User, text: str) -> None:
        """Somebody types in the chat, and what comes of it is sent."""
        update = user.says(text)
        store = self.player._the_store()
        self.until(lambda: self.api.confirmed(update) and not store.waiting(CHANNEL, 1) and not store.unsent(CHANNEL))

    def rings(self) -> None:
        """The minute is over: whoever something waits for is told."""
        assert self._front is not None
        leaving = self._front.sweep(CHANNEL)

        async def sends() -> None:
            assert self._bot is not None
            self._bot._dispatch(leaving)

        self.player.site.run(sends())
        self.until(lambda: not self.player._the_store().unsent(CHANNEL))

    def stops(self) -> None:
        """The program ends."""
        if self._bot is not None and self._task is not None:
            self._bot.stop()
            self.player.site.run(asyncio.wait_for(self._task, 10))


class BellPhone(WebPhone):
    """A phone with the web chat on it, and Telegram as the doorbell."""

    def __init__(self, player: BellPlayer, desk: Desk, address: str, user: User) -> None:
        super().__init__(player.site, desk, address)
        self.user = user
        self._player = player
        self._is_connected = False

    def comes_in(self) -> None:
        super().comes_in()
        if not self._is_connected:
            self._is_connected = True
            self._player.doorbell.serves()
            person = self.desk.store.person_at(WEB, self.address)
            assert person is not None
            store = self.desk.store
            drawn, store._source = store._source, ids.Secret()  # the transcript's own chances stay as they are
            self._player.doorbell.types(self.user, f"/start {self.site.web.access.bell_code(person)}")
            store._source = drawn
            assert self.desk.store.bell_of(person.id) is not None


class BellPlayer(WebPlayer):
    """Plays a transcript on the web while Telegram rings.

    :param api: the Bot API server.
    :param typed: what each of its people types in Telegram at the end.
    """

    def __init__(self, api: BotApi, typed: Sequence[str]) -> None:
        super().__init__(held=in_the_city())
        self.api = api
        self.typed = typed
        self.doorbell = Doorbell(self, api)

    def new_phone(self, desk: Desk, address: str) -> BellPhone:
        return BellPhone(self, desk, address, self.api.user(int(address)))

    def _sweep(self) -> list[Screen]:
        came = super()._sweep()
        self.doorbell.serves()
        self.doorbell.rings()
        return came

    def end(self) -> None:
        """What was typed on the web is typed in Telegram too, by mistake; then something waits for everybody."""
        try:
            for phone in self._phones.values():
                assert isinstance(phone, BellPhone)
                if not phone.browser.cookies:
                    continue
                for text in self.typed:
                    self.doorbell.types(phone.user, text)
                person = self._the_store().person_at(WEB, phone.address)
                assert person is not None
                with self._the_store().transaction():
                    self._the_store().bell_is_due(person.id, self._clock)
                self.doorbell.rings()
                assert [message.text for message in phone.user.messages()] == [say(REMINDER, person.language)]
            self.doorbell.stops()
        finally:
            super().end()


def strings_in(held: Any) -> Iterator[str]:
    """Every string in what was sent, names and values."""
    if isinstance(held, dict):
        for name, value in held.items():
            yield str(name)
            yield from strings_in(value)
    elif isinstance(held, list):
        for value in held:
            yield from strings_in(value)
    elif isinstance(held, str):
        yield held


def texts_in(held: Any) -> Iterator[str]:
    """The words that are shown to somebody, and the addresses of buttons."""
    if isinstance(held, dict):
        for name, value in held.items():
            if name in NAMES:
                yield str(value)
            else:
                yield from texts_in(value)
    elif isinstance(held, list):
        for value in held:
            yield from texts_in(value)


MOST_IS_TOLD = ("hotbild/", "samtal/", "samtycke/")
"""The folders of which one transcript is in the usual suite."""
PATHS = [
    one if str(one.id).startswith(MOST_IS_TOLD) else pytest.param(*one.values, id=one.id, marks=pytest.mark.every)
    for one in EVERY
]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_of_a_transcript_leaves_through_the_bot_api(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No case code, button, answer, note or question; every string that went there is one of a short list."""
    monkeypatch.setattr("bot.telegram.MARK_WITHIN", 0.0)
    transcript = on_the_web(path.read_text(encoding="utf-8"))
    with BotApi.serving() as api:
        typed = [line.rest for line in read(transcript) if line.word == "jag:" and not line.rest.startswith("[")]
        player = BellPlayer(api, typed)
        played = player.play(transcript)
        assert played.differences == ""
        assert played.screens
        calls: list[tuple[str, Params]] = list(api.calls)
        assert [one for one in api.refused if "not found" not in one.description] == []
    assert {method for method, _params in calls} <= KNOWN
    assert [params for method, params in calls if method == "sendMessage"], "the bell has rung"
    said = {text for method, params in calls if method in SHOWN for text in texts_in(params)}
    assert said <= ALLOWED, said - ALLOWED
    left = "\n".join(text for _method, params in calls for text in strings_in(params) if text not in ALLOWED)
    assert found_in(left, markers_of(transcript) | STATES) == []
