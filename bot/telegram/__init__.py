"""The Telegram channel: updates in by a ``get_updates`` loop of our own, screens out as one live message.

python-telegram-bot's own Updater confirms updates before they are handled and loses what it holds when it dies. Here
the offset moves on only after the desk has the updates in its inbox. Sending goes on beside it, one queue a person, so
nobody waits for somebody else's flood limit.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from telegram import Bot, BotCommand, BotCommandScopeChat
from telegram.error import (
    BadRequest,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import BaseRequest
from telegram.warnings import PTBDeprecationWarning, PTBUserWarning

from bot import traces
from bot.front import Front
from bot.incoming import Incoming, InGroup, Pressed, Said, Sent
from bot.outgoing import REMINDER, Delivered, Job, moved, press_data
from bot.telegram.aside import Aside
from bot.telegram.deleting import FIRST_PAUSE, HUNDRED, LONGEST_PAUSE, Deleting, is_as_it_was, is_not_there
from bot.telegram.http import AiohttpRequest, seconds
from bot.telegram.webhook import Webhook
from dialogs.texts import mark as _
from dialogs.texts import say
from state.errors import BadSettings, StoreError
from state.screen import Button, Screen
from state.store import Leaving

log = logging.getLogger("lots.telegram")

CHANNEL = "telegram"
LONG_POLL = 50
"""Seconds that Telegram may hold a request for updates."""

MARK_WITHIN = 0.05
"""Seconds within which what was sent is marked, where no update comes whose commit it could share."""

SWEEP_EVERY = 60.0
"""Seconds; a note stays in the chat for that much longer than it should at most."""

BEGINS = _("Ett ögonblick.")
"""What a new message says until its words are edited in: this is what a lock screen shows."""

MOST_LOST = 300
"""How far back from a new message those are looked for whose numbers were lost."""

UNREAD = (
    "photo",
    "voice",
    "video",
    "video_note",
    "document",
    "contact",
    "location",
    "sticker",
    "audio",
    "animation",
    "poll",
    "dice",
    "venue",
)


LONGEST_MESSAGE = 4096
"""Characters of a message, by the Bot API; what would be longer is cut, and refused as too long all the same."""

LONGEST_QUERY = 128
"""Characters of the id of a press; Telegram's have about twenty."""

ODD = (LookupError, TypeError, ValueError, AttributeError)
"""What reading an update or an answer raises that is not as Telegram writes it."""

WANTED = ("message", "edited_message", "callback_query")
"""The kinds of update that are asked for."""


def reduced(raw: dict[str, Any]) -> Incoming | None:
    """Only what the desk reads of an update, from the update as Telegram gives it.

    :param raw: one object of ``getUpdates``.
    :returns: what happened, or ``None`` for what concerns nobody (a member that left, a reaction).
    :raises LookupError, TypeError, ValueError, AttributeError: it is not as Telegram writes it.
    """
    number = _number(raw["update_id"])
    if (query := raw.get("callback_query")) is not None:
        message = query.get("message") or {}
        on = message.get("message_id")
        return Pressed(
            number,
            str(_number(query["from"]["id"])),
            None if on is None else _number(on),
            _words(query["id"])[:LONGEST_QUERY],
            _words(query.get("data") or ""),
        )
    edited = raw.get("edited_message")
    message = raw.get("message") or edited
    if message is None or "from" not in message:
        return None
    if message["chat"].get("type", "private") != "private":
        return InGroup(number, str(_number(message["chat"]["id"])))
    address, id_ = str(_number(message["from"]["id"])), _number(message["message_id"])
    if edited is not None:
        return Sent(number, address, id_, "edited")
    if isinstance(text := message.get("text"), str):
        return Said(number, address, id_, _words(text)[:LONGEST_MESSAGE])
    return Sent(number, address, id_, next((kind for kind in UNREAD if kind in message), "other"))


def _number(said: object) -> int:
    """A number that the store and the Bot API have room for."""
    if type(said) is not int or not -(1 << 63) <= said < 1 << 63:
        raise TypeError("no number")
    return said


def _words(said: object) -> str:
    """A text that can be written: JSON may hold halves of characters, which are none."""
    if not isinstance(said, str):
        raise TypeError("no text")
    said.encode()
    return said


class Telegram:
    """One bot.

    :param front: takes updates and says what to send: the desk, or the doorbell.
    :param token: the bot's token.
    :param base_url: the Bot API server, in python-telegram-bot's form; ``None`` for Telegram's own.
    :param webhook: where Telegram brings updates; ``None`` to fetch them.
    """

    def __init__(self, front: Front, token: str, base_url: str | None = None, webhook: Webhook | None = None) -> None:
        self._front = front
        self._webhook = webhook
        self._bot = _bot(token, base_url, connections=64)
        self._queues: dict[str, deque[Leaving]] = {}
        self._senders: set[asyncio.Task[None]] = set()
        self._live: dict[str, int] = {}
        self._at: dict[str, int] = {}
        """The message in which each person was shown something last."""
        self._deleting = Deleting(self._call, self._is_gone, self._stays, empties=True)
        self._aside = Aside(
            self._call,
            self._send_line,
            self._begin,
            lambda stand, gone: traces.beside(front.store, CHANNEL, stand, gone, front.now()),
        )
        self._stands: dict[str, list[int]] = {}
        self._gone: dict[str, list[int]] = {}
        """What each person was sent, and what was taken away from them, by the row that is under way."""
        self._begun: dict[str, int] = {}
        """The message of each person that was sent and still says nothing."""
        self._unsure: set[str] = set()
        """The chats in which a message may stand whose number was lost."""
        self._latest_at_start = 0
        """The latest number that was known then; a bot's private chats count together."""
        self._done: list[Delivered] = []
        self._marking: asyncio.TimerHandle | None = None
        self._working: asyncio.Handle | None = None
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Ask the loop to end; what is not sent stays in the outbox."""
        self._stop.set()

    async def run(self) -> None:
        """Serve until stopped.

        :raises BadSettings: Telegram does not know the token.
        """
        serving = asyncio.create_task(self._serve())
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            under_way = [serving, stopping, *self._senders]
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            self._mark()
            self._keep_aside()
            if not serving.cancelled():
                serving.result()
        except InvalidToken:
            raise BadSettings(
                "LOTS_TELEGRAM_TOKEN: Telegram does not know this token; get the right one from BotFather"
            ) from None
        finally:
            await self._bot.shutdown()

    async def _serve(self) -> None:
        self._front.start(CHANNEL)
        traces.starts(self._front.store, CHANNEL, self._front.now())
        await self._until_it_works(self._bot.initialize)
        log.info("connected", extra={"event": "Connected"})
        for person in self._front.store.people(CHANNEL):
            if (live := self._front.store.live_message(person.id)) is not None:
                self._live[person.address] = live
        self._unsure.update(self._front.store.chats(CHANNEL))  # what ended before may have died as it sent
        self._latest_at_start = max((row[2] for row in self._front.store.ledger()), default=0)
        await self._until_it_works(self._introduce)
        self._dispatch([*self._front.store.unsent(CHANNEL), *self._front.work(CHANNEL)])
        sweeping = asyncio.create_task(self._sweep())
        try:
            if self._webhook is None:
                await self._until_it_works(self._take_webhook_down)
                await self._poll()
            else:
                async with self._webhook.listening(self._receive):
                    await self._until_it_works(self._put_webhook_up)
                    log.info("listening", extra={"event": "Listening"})
                    await asyncio.Event().wait()
        finally:
            sweeping.cancel()

    async def _take_webhook_down(self) -> None:
        """Fetch what a webhook would have been brought; nothing that waits is dropped."""
        await self._call("deleteWebhook", drop_pending_updates=False)

    async def _put_webhook_up(self) -> None:
        if self._webhook is None:
            return
        try:
            await self._call(
                "setWebhook",
                url=self._webhook.url,
                secret_token=self._webhook.secret,
                allowed_updates=list(WANTED),
                drop_pending_updates=False,
            )
        except BadRequest as fault:
            raise BadSettings(
                f"LOTS_PUBLIC_URL: Telegram does not take {self._webhook.url} ({_kind_of(fault)})"
            ) from None

    async def _receive(self, raw: dict[str, Any]) -> None:
        """Take what the webhook was brought; it may be confirmed when this returns."""
        self._save([raw])
        if self._working is None:
            self._working = asyncio.get_running_loop().call_soon(self._work_soon)
        await self._aside.is_kept()

    def _work_soon(self) -> None:
        """Handle what has come; what comes at once shares a commit."""
        self._working = None
        try:
            self._work()
        except StoreError as fault:
            log.warning("the store is busy", extra={"event": "StoreBusy", "code": fault.code})
            self._working = asyncio.get_running_loop().call_later(1.0, self._work_soon)

    async def _introduce(self) -> None:
        """The default list of commands shows /start only: a stranger learns nothing of what the bot is for."""
        await self._bot.set_my_commands([BotCommand(name, about) for name, about in self._front.opening_commands])

    async def _until_it_works(self, call: Callable[[], Awaitable[object]]) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await call()
                return
            except InvalidToken:
                raise
            except RetryAfter as wait:
                await asyncio.sleep(seconds(wait))
            except TelegramError as fault:
                log.warning("no answer from the Bot API", extra={"event": "Unreachable", "fault": type(fault).__name__})
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _call(self, method: str, read_timeout: float | None = None, **parameters: object) -> Any:
        return await _call(self._bot, method, read_timeout, **parameters)

    # ── in ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _poll(self) -> None:
        offset: int | None = None
        pause = FIRST_PAUSE
        while True:
            try:
                raws = _updates(
                    await self._call(
                        "getUpdates",
                        read_timeout=LONG_POLL + 10,
                        offset=offset,
                        timeout=LONG_POLL,
                        allowed_updates=list(WANTED),
                    )
                )
                if raws:
                    self._save(raws)
                    self._work()
                    await self._aside.is_kept()
                    offset = _after(raws)
                pause = FIRST_PAUSE
            except (InvalidToken, EndPointNotFound):
                raise InvalidToken from None
            except RetryAfter as wait:
                await asyncio.sleep(seconds(wait))
            except (TelegramError, StoreError, RecursionError) as fault:
                if isinstance(fault, Conflict):
                    log.error("another program polls with this token; end it", extra={"event": "Conflict"})
                else:
                    log.warning("polling failed", extra={"event": "PollFailed", "fault": type(fault).__name__})
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _save(self, raws: Sequence[dict[str, Any]]) -> None:
        """Screen and save; when this returns, Telegram may forget the updates."""
        updates: list[Incoming] = []
        for raw in raws:
            try:
                update = reduced(raw)
            except ODD as fault:
                log.warning("an update could not be read", extra={"event": "OddUpdate", "fault": type(fault).__name__})
                continue
            if update is not None:
                updates.append(update)
        for address, payload in self._take_in(updates):
            self._aside.put(address, payload)
        for job in self._front.jobs():
            self._begin(self._beside(job))

    def _take_in(self, updates: Sequence[Incoming]) -> list[tuple[str, dict[str, Any]]]:
        """Give updates to the desk. One that cannot be kept must not stop the others, nor come again for ever."""
        try:
            return self._front.take_in(CHANNEL, updates)
        except ODD as fault:
            if len(updates) == 1:
                log.error("an update could not be kept", extra={"event": "OddUpdate", "fault": type(fault).__name__})
                return []
        return [line for update in updates for line in self._take_in([update])]

    async def _beside(self, job: Job) -> None:
        """Do what takes its time, and send what comes of it. Where it fails, the person does it again."""
        try:
            self._dispatch(await job())
        except StoreError as fault:
            log.warning("the store is busy", extra={"event": "StoreBusy", "code": fault.code})
        except Exception as fault:  # noqa: BLE001 - nobody else waits for it, so nobody else would tell
            log.error("a job failed", extra={"event": "JobFailed", "fault": type(fault).__name__})

    def _work(self) -> None:
        done, self._done = self._done, []
        try:
            self._dispatch(self._front.work(CHANNEL, done))
        except StoreError:
            self._done = [*done, *self._done]
            raise

    async def _sweep(self) -> None:
        while True:
            try:
                self._dispatch(self._front.sweep(CHANNEL))
                self._work()  # picks up what a busy store left behind
                self._dispatch(self._left_by_others())
            except StoreError as fault:
                log.warning("the store is busy", extra={"event": "StoreBusy", "code": fault.code})
            except Exception as fault:  # noqa: BLE001 - the next minute must be looked after too
                log.error("a sweep failed", extra={"event": "SweepFailed", "fault": type(fault).__name__})
            await asyncio.sleep(SWEEP_EVERY)

    def _left_by_others(self) -> list[Leaving]:
        """What another channel, or a command, has put into the outbox meanwhile."""
        known = {message.id for queue in self._queues.values() for message in queue}
        known |= {done.row for done in self._done}
        return [message for message in self._front.store.unsent(CHANNEL) if message.id not in known]

    # ── out ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self, job: Awaitable[None]) -> None:
        task = asyncio.ensure_future(job)
        self._senders.add(task)
        task.add_done_callback(self._senders.discard)

    def _dispatch(self, leaving: Sequence[Leaving]) -> None:
        for message in leaving:
            queue = self._queues.get(message.address)
            if queue is None:
                self._queues[message.address] = deque((message,))
                self._begin(self._send_all(message.address))
            else:
                queue.append(message)

    async def _send_all(self, address: str) -> None:
        """One person's messages, in order."""
        queue = self._queues[address]
        while queue:
            message = queue[0]
            payload = message.payload
            if _is_overtaken(message, queue):  # only the button is waiting for something
                payload = {"do": "answer", "query": payload.get("query"), "toast": None}
            fault = at = None
            if self._front.store.is_unsent(message.id):  # not withdrawn: a person may have been revoked meanwhile
                fault = await self._send_until_done(address, payload, message.id)
                at = self._at.get(address) if fault is None else None
            rang = at if payload["do"] == "ring" else None
            self._begun.pop(address, None)  # what was given up may have left a line that says nothing
            stands, gone = tuple(self._stands.pop(address, ())), tuple(self._gone.pop(address, ()))
            live = self._live.get(address)
            self._done.append(Delivered(message.id, address, live, fault, moved(payload, at), rang, stands, gone))
            queue.popleft()
        del self._queues[address]
        if self._marking is None:
            self._marking = asyncio.get_running_loop().call_later(MARK_WITHIN, self._mark)

    def _mark(self) -> None:
        self._marking = None
        if not self._done:
            return
        try:
            self._work()
        except StoreError as fault:
            log.warning("the store is busy", extra={"event": "StoreBusy", "code": fault.code})

    def _keep_aside(self) -> None:
        """What is not taken away when the program ends is in the ledger."""
        try:
            self._aside.keep()
        except StoreError as fault:
            log.warning("the store is busy", extra={"event": "StoreBusy", "code": fault.code})

    async def _send_until_done(self, address: str, payload: dict[str, Any], row: int) -> str | None:
        """Try until it arrives, or until it is clear that it never will, or it is withdrawn.

        :returns: ``None``, or the name of the fault it was given up for.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                await self._send(address, payload)
                return None
            except RetryAfter as wait:
                await asyncio.sleep(seconds(wait))
            except Forbidden:
                log.info("a person has blocked the bot", extra={"event": "Blocked"})
                return "blocked"
            except BadRequest as fault:
                log.error("Telegram refused a message", extra={"event": "Refused", "fault": _kind_of(fault)})
                return "refused"
            except TelegramError as fault:
                log.warning("sending failed", extra={"event": "SendFailed", "fault": type(fault).__name__})
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            if not self._front.store.is_unsent(row):
                return "withdrawn"

    async def _send_line(self, address: str, payload: dict[str, Any]) -> None:
        """One try for a line to a stranger: nothing of it is stored, so nothing of it is repeated."""
        try:
            await self._bot.send_message(
                int(address), payload["screen"]["text"], disable_notification=True, protect_content=True
            )
        except TelegramError as fault:
            log.info(
                "a stranger was not answered", extra={"event": "StrangerUnanswered", "fault": type(fault).__name__}
            )

    async def _send(self, address: str, payload: dict[str, Any]) -> None:
        match payload["do"]:
            case "show":
                showing = self._show(address, payload)
                if query := payload["query"]:
                    await asyncio.gather(self._answer(query, None), showing)
                else:
                    await showing
            case "answer":
                await self._answer(payload["query"], payload["toast"])
            case "delete":
                message = self._live.get(address) if payload["on"] == "live" else payload["message"]
                await self._deleting.take_away(address, [] if message is None else [message])
            case "erase":  # what stays is in the ledger, where the next sweep finds it
                await self._deleting.take_away(address, payload["messages"])
            case "clear":
                live = self._live.get(address)
                named = sorted({*self._known(address), *self._may_be_lost(address)})
                await self._deleting.take_away(address, [message for message in named if message != live])
            case "ring":
                await self._ring(address, payload)
            case "commands":
                await self._bot.set_my_commands(
                    [BotCommand(name, about) for name, about in payload["commands"]],
                    scope=BotCommandScopeChat(int(address)),
                )

    async def _answer(self, query: str | None, toast: str | None) -> None:
        """Stop the button from spinning, in one try: the screen must not be sent twice for it."""
        if query is None:
            return
        with suppress(TelegramError):
            await self._call("answerCallbackQuery", callback_query_id=query, text=toast)

    async def _ring(self, address: str, payload: dict[str, Any]) -> None:
        """A line with the two ways to the web: the phone's own browser first, then Telegram's."""
        (browser, url), (here, app) = payload["browser"], payload["app"]
        keyboard = {"inline_keyboard": [[{"text": browser, "url": url}], [{"text": here, "web_app": {"url": app}}]]}
        silent = not payload.get("heard", True)
        sent = await self._send_new(address, text=payload["text"], reply_markup=keyboard, disable_notification=silent)
        self._at[address] = sent
        await self._take_lost(address, sent)

    async def _show(self, address: str, payload: dict[str, Any]) -> None:
        screen = Screen.from_json(payload["screen"])
        banner = payload["banner"]
        text = f"{banner}\n\n{screen.text}" if banner else screen.text
        keyboard = {
            "inline_keyboard": [
                [{"text": button.label, **_action(screen, button)} for button in row] for row in screen.rows
            ]
        }
        if payload["on"] == "there":
            return await self._replace(address, payload["message"], text, keyboard)
        self._at[address] = target = await self._place(address, payload, text, keyboard)
        if payload["live"]:
            self._live[address] = target
        return None

    async def _place(self, address: str, payload: dict[str, Any], text: str, keyboard: dict[str, Any]) -> int:
        """Show something on the message it belongs on, or in a new one.

        :returns: the message.
        """
        live, begun = self._live.get(address), self._begun.get(address)
        heard = payload.get("heard", False)
        pressed: int | None = payload["message"]
        targets: list[int | None] = {"press": [pressed], "live": [live]}.get(payload["on"], [])
        if payload["live"] and targets and live not in targets:
            targets.append(live)  # the dialog went on in another message than the one that was pressed
        for target in [] if begun is not None else targets:
            if target is not None and await self._edit(address, target, text, keyboard):
                return target
        while True:
            if begun is None:
                begins = say(REMINDER if heard else BEGINS, "sv")
                begun = await self._send_new(address, text=begins, disable_notification=not heard)
                self._begun[address] = begun
            await self._take_lost(address, begun)
            try:
                await self._call(
                    "editMessageText", chat_id=int(address), message_id=begun, text=text, reply_markup=keyboard
                )
            except BadRequest as fault:
                if is_not_there(fault):  # the person took it away at once
                    del self._begun[address]
                    begun = None
                    continue
                if not is_as_it_was(fault):
                    raise
            del self._begun[address]
            return begun

    async def _send_new(self, address: str, **parameters: Any) -> int:
        """Send a message that cannot be forwarded or saved.

        :returns: its number.
        """
        try:
            sent = await self._call("sendMessage", chat_id=int(address), protect_content=True, **parameters)
        except (RetryAfter, BadRequest, Forbidden):
            raise
        except TelegramError:
            self._unsure.add(address)  # it may stand there all the same
            raise
        message: int = sent["message_id"]
        self._stands.setdefault(address, []).append(message)
        return message

    def _known(self, address: str) -> list[int]:
        """What stands in a chat: the ledger, and what has happened there since it was written."""
        known = dict.fromkeys(self._front.store.traces(CHANNEL, address))
        mine = [done for done in self._done if done.address == address]
        for stands, gone in (
            *((done.stands, done.gone) for done in mine),
            (self._stands.get(address, ()), self._gone.get(address, ())),
        ):
            known |= dict.fromkeys(stands)
            for message in gone:
                known.pop(message, None)
        return sorted(known)

    def _may_be_lost(self, address: str) -> set[int]:
        """The numbers around the latest that are known, where one may have been lost.

        What was lost goes with the next new message; but a chat may be hidden, or locked, before there is one.
        """
        if address not in self._unsure:
            return set()
        latest = {max([0, *self._known(address)]), self._latest_at_start}
        return {number for one in latest for number in range(max(1, one - HUNDRED), one + HUNDRED)}

    async def _take_lost(self, address: str, newest: int) -> None:
        """Take away what may have been sent before the program died, or the line broke, and is in no ledger."""
        if address not in self._unsure:
            return
        known = self._known(address)
        first = max(1, min(known[0], newest - HUNDRED), newest - MOST_LOST)
        await self._deleting.take_away(address, sorted(set(range(first, newest)) - set(known)))
        self._unsure.discard(address)

    def _is_gone(self, address: str, message: int) -> None:
        self._gone.setdefault(address, []).append(message)
        self._is_no_more_live(address, message)

    def _stays(self, address: str, message: int, fault: BadRequest) -> None:
        log.warning("a message could not be deleted", extra={"event": "NotDeleted", "fault": _kind_of(fault)})
        self._is_no_more_live(address, message)

    def _is_no_more_live(self, address: str, message: int) -> None:
        if self._live.get(address) == message:
            del self._live[address]

    async def _replace(self, address: str, message: int | None, text: str, keyboard: dict[str, Any]) -> None:
        """Put something in the place of what a message shows, where it is still there; nothing is sent anew."""
        if message is None:
            return
        try:
            await self._call(
                "editMessageText", chat_id=int(address), message_id=message, text=text, reply_markup=keyboard
            )
        except BadRequest as fault:
            if not (is_as_it_was(fault) or is_not_there(fault)):
                log.warning("a note could not be taken away", extra={"event": "NoteNotGone", "fault": _kind_of(fault)})

    async def _edit(self, address: str, message: int, text: str, keyboard: dict[str, Any]) -> bool:
        """Edit a message.

        :returns: ``False`` where it is gone, or cannot be edited, and the words must be sent anew.
        """
        try:
            await self._call(
                "editMessageText", chat_id=int(address), message_id=message, text=text, reply_markup=keyboard
            )
        except BadRequest as fault:
            return is_as_it_was(fault)
        return True


def _updates(said: object) -> list[Any]:
    """What ``getUpdates`` answered.

    :raises NetworkError: it is no list.
    """
    if not isinstance(said, list):
        raise NetworkError("the answer is no list of updates")
    return said


def _after(raws: Sequence[Any]) -> int:
    """The offset that confirms what came; one without a number is confirmed by those behind it.

    :raises NetworkError: no update has a number, so nothing can be confirmed.
    """
    numbers = []
    for raw in raws:
        with suppress(*ODD):
            numbers.append(_number(raw["update_id"]))
    if not numbers:
        raise NetworkError("no update has a number")
    return 1 + max(numbers)


def _action(screen: Screen, button: Button) -> dict[str, Any]:
    """What a button does: it is copied from by the phone itself, or its press comes back."""
    if button.copy is not None:
        return {"copy_text": {"text": button.copy}}
    return {"callback_data": press_data(screen, button)}


def _is_overtaken(message: Leaving, queue: deque[Leaving]) -> bool:
    """Whether a newer screen on the same message, or a newer ring, waits behind this one; then this one can be left."""
    mine = message.payload
    if mine["do"] == "ring":
        return any(later.payload["do"] == "ring" for later in list(queue)[1:])
    if mine["do"] != "show" or mine["on"] == "new":
        return False
    return any(
        later.payload["do"] == "show"
        and later.payload["on"] == mine["on"]
        and later.payload["message"] == mine["message"]
        for later in list(queue)[1:]
    )


def _kind_of(fault: TelegramError) -> str:
    """The first words of Telegram's own description, which hold nothing of ours."""
    return " ".join(fault.message.split()[:6])


@dataclass(frozen=True)
class Answer:
    """What the Bot API says of a token.

    :ivar name: the bot's user name without ``@``; ``None`` where there was no such answer.
    :ivar refused: whether the token was refused.
    :ivar clock: the server's time, where it gave one.
    :ivar webhook: the address that updates are brought to; empty where they are fetched.
    :ivar trouble: what Telegram last had against that address, where it had anything.
    """

    name: str | None
    refused: bool = False
    clock: datetime | None = None
    webhook: str = ""
    trouble: str | None = None


def leave_chat(token: str, base_url: str | None, address: str, messages: Sequence[int]) -> tuple[list[int], bool]:
    """Take away what can be taken away from the chat of somebody who was revoked.

    :param token: the bot's token.
    :param base_url: the Bot API server, or ``None`` for Telegram's own.
    :param address: the chat.
    :param messages: what stands there; what may stand between and right after them goes too.
    :returns: those that have gone, and whether the list of commands has.
    """

    async def leaving() -> tuple[list[int], bool]:
        bot, gone = _bot(token, base_url, connections=1), set[int]()
        deleting = Deleting(partial(_call, bot), lambda _address, message: gone.add(message))
        try:
            await bot.initialize()
            first = max([1, *(message - MOST_LOST for message in messages[-1:]), *messages[:1]])
            between = range(first, messages[-1] + HUNDRED) if messages else ()
            await deleting.take_away(address, sorted({*messages, *between}))
            commands = await bot.delete_my_commands(scope=BotCommandScopeChat(int(address)))
            return [message for message in messages if message in gone], commands
        except TelegramError:
            return [message for message in messages if message in gone], False
        finally:
            await bot.shutdown()

    return asyncio.run(leaving())


def ask_about(token: str, base_url: str | None) -> Answer:
    """Ask the Bot API who a token is.

    :param token: the bot's token.
    :param base_url: the Bot API server, or ``None`` for Telegram's own.
    :returns: the answer, also where there was none.
    """

    async def asking() -> Answer:
        request = AiohttpRequest(connections=1, timeout=10.0)
        bot = _bot(token, base_url, connections=1, sending=request)
        try:
            await bot.initialize()
            clock = request.server_time
            hook = await bot.get_webhook_info()
            return Answer(bot.username, clock=clock, webhook=hook.url, trouble=hook.last_error_message)
        except InvalidToken:
            return Answer(None, refused=True)
        except (TelegramError, *ODD):
            return Answer(None)
        finally:
            await bot.shutdown()

    return asyncio.run(asking())


async def _call(bot: Bot, method: str, read_timeout: float | None = None, **parameters: object) -> Any:
    """Call the Bot API and take its answer as plain JSON, since building objects of it costs more than the call."""
    return await bot.do_api_request(
        method,
        api_kwargs=parameters,
        read_timeout=BaseRequest.DEFAULT_NONE if read_timeout is None else read_timeout,
    )


def _bot(token: str, base_url: str | None, connections: int, sending: AiohttpRequest | None = None) -> Bot:
    # Answers are asked for as plain JSON on purpose: one odd update must not stop the rest from being read.
    warnings.filterwarnings("ignore", category=PTBUserWarning, message="Please use 'Bot")
    warnings.filterwarnings("ignore", category=PTBDeprecationWarning, message=".*attribute `retry_after`")
    sending, polling = sending or AiohttpRequest(connections=connections), AiohttpRequest(connections=1)
    if base_url is None:
        return _Bot(token, request=sending, get_updates_request=polling)
    return _Bot(token, base_url=base_url, request=sending, get_updates_request=polling)


class _Bot(Bot):
    """The library's bot, which gives its token away neither in its ``repr`` nor in an exception."""

    def __repr__(self) -> str:
        return "<the bot>"

    async def initialize(self) -> None:
        """Ask who the bot is.

        :raises InvalidToken: Telegram does not know the token.
        :raises NetworkError: what answered is not the Bot API.
        """
        try:
            await super().initialize()
        except InvalidToken:
            raise InvalidToken from None
        except ODD as fault:
            raise NetworkError(type(fault).__name__) from None
