"""A Telegram Bot API server on 127.0.0.1, for tests that play whole conversations with the running bot.

Nothing in the bot is patched: it speaks HTTP to this server as it would to Telegram.  Updates, error texts
and limits follow Telegram's own server (github.com/tdlib/telegram-bot-api) and
https://core.telegram.org/bots/api.  A test is the person with the phone::

    with BotApi.serving() as api:
        start_the_bot(token=api.token, base_url=api.base_url)
        user = api.user(7)
        user.says("/samtal")
        user.wait(lambda message: "Vilket ärende" in message.text)
        user.presses("Nytt ärende")

Everything a test calls is thread-safe and returns at once, but for the methods that wait.  Those must not
be called on the server's own thread; inside an event loop use their ``_async`` twins.

Left out on purpose, where Telegram differs: a second getUpdates with the same offset within half a second
is not cut to one update, a repeated 409 is not held back for three seconds, queued updates never expire,
there are no flood limits but those a test asks for with :meth:`BotApi.fault`, pinning writes no service
message, of the markups only HTML is read, and files are not served.
"""

from __future__ import annotations

import asyncio
import html
import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import parse_qsl

from aiohttp import ClientError, ClientSession, ClientTimeout, web

Params = dict[str, Any]
Json = dict[str, Any]
Phase = Literal["before", "after"]
Action = Literal["status", "drop_before", "drop_after", "delay"]
Kind = Literal["photo", "voice", "sticker", "document", "contact", "location", "video_note"]
Hook = Callable[[str, Params, Phase], object]

TOKEN = "7000000001:not-a-real-token-only-for-the-tests"
TEXT_LIMIT = 4096  # UTF-16 units, after the markup has been read
DATA_LIMIT = 64  # bytes
COPY_LIMIT = 256  # UTF-16 units
TOAST_LIMIT = 200
_ACTIONS = ("callback_data", "url", "web_app", "copy_text")
BUTTON_LIMIT = 100  # buttons of one keyboard
DELETE_HOURS = 48
LONGEST_POLL = 50.0  # seconds

# What Telegram sends to a bot that has not asked for anything in particular is everything but these.
_ONLY_WHEN_ASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_JSON_PARAMS = frozenset(
    {
        "allowed_updates",
        "commands",
        "entities",
        "link_preview_options",
        "message_ids",
        "reply_markup",
        "reply_parameters",
        "scope",
    }
)
_INT_PARAMS = frozenset({"cache_time", "chat_id", "limit", "max_connections", "message_id", "offset", "user_id"})
_BOOL_PARAMS = frozenset({"disable_notification", "drop_pending_updates", "protect_content", "show_alert"})

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)
_QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
_OTHER_POLL = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
_WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
_STATUS_TEXTS = {
    400: "wrong request",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: _OTHER_POLL,
    500: "Internal Server Error",
}
_GATEWAY_PAGE = (
    "<html>\r\n<head><title>{code} {title}</title></head>\r\n<body>\r\n"
    "<center><h1>{code} {title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_GATEWAY_TITLES = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}

_FILE = {"file_id": "AgACAgQAAxkBAAIB", "file_unique_id": "AQADAgATqRsAAg", "file_size": 1024}
# The number is one of those that the Swedish regulator keeps for fiction.
_CONTENT: dict[Kind, Any] = {
    "photo": [{**_FILE, "width": 90, "height": 67}, {**_FILE, "width": 1280, "height": 960}],
    "voice": {**_FILE, "duration": 3, "mime_type": "audio/ogg"},
    "sticker": {
        **_FILE,
        "type": "regular",
        "width": 512,
        "height": 512,
        "is_animated": False,
        "is_video": False,
    },
    "document": {**_FILE, "file_name": "anteckning.pdf", "mime_type": "application/pdf"},
    "contact": {"phone_number": "+46701740605", "first_name": "Kontaktnamn"},
    "location": {"latitude": 59.3293, "longitude": 18.0686},
    "video_note": {**_FILE, "length": 240, "duration": 3},
}


class ApiError(Exception):
    """An answer of the Bot API other than ok.

    Args:
        code: the HTTP status, which is also ``error_code`` in the body.
        description: the text after ``Bad Request: `` for 400, the whole text for every other code.
        retry_after: seconds, for 429.
    """

    def __init__(self, code: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = f"Bad Request: {description}" if code == 400 else description
        self.retry_after = retry_after


class Refusal(NamedTuple):
    """One call that was not answered with 200, for assertions."""

    method: str
    params: Params
    code: int
    description: str


@dataclass(frozen=True)
class Button:
    """One inline button as the person sees it; what it does is in exactly one of the last four fields."""

    label: str
    data: str | None = None
    url: str | None = None
    web_app: str | None = None
    copies: str | None = None


@dataclass(frozen=True)
class Message:
    """A message as it stood at one moment.

    ``rows`` are the labels of the inline keyboard, ``edits`` counts the bot's edits that changed something,
    ``kind`` is "text" or one of :data:`Kind`, ``date`` is Unix time in seconds.
    """

    chat_id: int
    message_id: int
    from_bot: bool
    kind: str
    text: str
    buttons: list[list[Button]]
    edits: int
    deleted: bool
    pinned: bool
    protected: bool
    date: int

    @property
    def rows(self) -> list[list[str]]:
        """The labels, row by row."""
        return [[button.label for button in row] for row in self.buttons]

    @property
    def labels(self) -> list[str]:
        """The labels without the rows."""
        return [label for row in self.rows for label in row]

    def button(self, label: str | re.Pattern[str]) -> Button:
        """The first button with exactly this label, or whose label the pattern is found in.

        Raises:
            LookupError: there is none.
        """
        for row in self.buttons:
            for button in row:
                if _fits(label, button.label):
                    return button
        raise LookupError(f"no button {label!r} among {self.labels}")

    def __str__(self) -> str:
        who = "bot" if self.from_bot else "user"
        keys = " ".join(f"[{label}]" for label in self.labels)
        gone = " (deleted)" if self.deleted else ""
        return f"{who} #{self.message_id}{gone}: {self.text or self.kind} {keys}".rstrip()


@dataclass
class Fault:
    """A trouble that the next ``count`` fitting calls meet (None: until removed); ``hits`` says how many
    did.
    """

    method: str
    action: Action
    code: int = 500
    retry_after: int | None = None
    seconds: float = 0.0
    count: int | None = 1
    when: Callable[[Params], bool] | None = None
    description: str = ""
    hits: int = 0

    def fits(self, method: str, params: Params) -> bool:
        """Whether this call is to meet the trouble."""
        return (
            (self.count is None or self.hits < self.count)
            and self.method in ("*", method)
            and (self.when is None or self.when(params))
        )

    def remove(self) -> None:
        """No more calls meet it."""
        self.count = self.hits


@dataclass
class _Message:
    """A message of the chat model; :meth:`seen` is the copy that a test gets."""

    chat: _Chat
    message_id: int
    author: Json
    content: Json
    date: float
    markup: Json | None = None
    kind: str = "text"
    edits: int = 0
    edited_at: float | None = None
    deleted: bool = False
    pinned: bool = False
    protected: bool = False
    past_buttons: list[Button] = field(default_factory=list)  # of all its keyboards, the newest first

    @property
    def from_bot(self) -> bool:
        return bool(self.author["is_bot"])

    def buttons(self) -> list[list[Button]]:
        rows = (self.markup or {}).get("inline_keyboard", [])
        return [[_button(button) for button in row] for row in rows]

    def shows(self, markup: Json | None) -> None:
        """Puts a keyboard under the message and remembers its buttons."""
        self.markup = markup
        self.past_buttons[:0] = [button for row in self.buttons() for button in row]

    def seen(self) -> Message:
        return Message(
            self.chat.id,
            self.message_id,
            self.from_bot,
            self.kind,
            str(self.content.get("text", self.content.get("caption", ""))),
            self.buttons(),
            self.edits,
            self.deleted,
            self.pinned,
            self.protected,
            int(self.date),
        )

    def json(self) -> Json:
        told: Json = {
            "message_id": self.message_id,
            "from": self.author,
            "chat": self.chat.json(),
            "date": int(self.date),
            **self.content,
        }
        if self.edited_at is not None:
            told["edit_date"] = int(self.edited_at)
        if self.protected:
            told["has_protected_content"] = True
        if self.markup and "inline_keyboard" in self.markup:
            told["reply_markup"] = self.markup
        return told


class _Chat:
    """The messages of one chat and what has changed in it.  Message ids start alike in every chat, so they
    collide.
    """

    def __init__(self, chat_id: int, owner: Json | None = None) -> None:
        self.id = chat_id
        self.owner = owner
        self.messages: dict[int, _Message] = {}
        self.ids = itertools.count(1)
        self.changes: list[Message] = []  # by the bot: sent, edited, deleted
        self.toasts: list[str] = []
        self.blocked = False

    def json(self) -> Json:
        if self.owner is not None:
            names = ("first_name", "last_name", "username")
            return {"id": self.id, "type": "private"} | {name: self.owner[name] for name in names}
        return {"id": self.id, "type": "supergroup" if self.id < -(10**12) else "group", "title": "Gruppen"}

    def newest(self, fits: Callable[[_Message], bool]) -> _Message | None:
        live = (message for message in reversed(self.messages.values()) if not message.deleted)
        return next((message for message in live if fits(message)), None)

    def changed(self, message: _Message) -> None:
        self.changes.append(message.seen())

    def __str__(self) -> str:
        return "\n".join(str(message.seen()) for message in self.messages.values()) or "(nothing)"


@dataclass
class _Queued:
    update: Json
    again: bool = False  # put back by a test: no offset forgets it until it has been delivered once more


@dataclass
class _Query:
    chat: _Chat
    update_id: int
    answered: bool = False
    expired: bool = False


@dataclass
class _Call:
    method: str
    params: Params
    at: float


@dataclass
class _Webhook:
    url: str
    secret: str | None
    task: asyncio.Task[None] | None = None
    last_error: str | None = None


class User:
    """The person with the phone, in the private chat with the bot.  Get one from :meth:`BotApi.user`.

    What the person does returns the update_id, or 0 where the bot has asked Telegram not to send that kind
    of update.
    """

    def __init__(self, api: BotApi, chat: _Chat, person: Json) -> None:
        self._api = api
        self._chat = chat
        self._person = person
        self._acted = (0, 0)  # how many changes and toasts there were at the last action
        self._seen, self._toasts_seen = self._acted  # and how many of them have been waited for

    @property
    def id(self) -> int:
        """The person's id at Telegram, which is also the id of the private chat."""
        return self._chat.id

    # What the person does

    def says(self, text: str) -> int:
        """Sends a text; a leading / makes it a command.

        Raises:
            ValueError: no Telegram client can send it (empty, or more than 4,096 characters).
        """
        return self._writes(self._chat, _text_content(text), "text")

    def says_in_group(self, text: str, group_id: int) -> int:
        """Sends a text in a group that the bot is in; ``group_id`` is negative."""
        if group_id >= 0:
            raise ValueError("the id of a group is negative")
        return self._writes(self._api._group(group_id), _text_content(text), "text")

    def sends(self, kind: Kind, caption: str | None = None, file_name: str | None = None) -> int:
        """Sends something that is not a text; a document may have a name of its own."""
        content: Json = {kind: _CONTENT[kind] if file_name is None else {**_CONTENT[kind], "file_name": file_name}}
        if caption is not None:
            content["caption"] = caption
        return self._writes(self._chat, content, kind)

    def edits(self, text: str, message_id: int | None = None) -> int:
        """Edits a text of one's own: the newest, where no message is named.

        Raises:
            LookupError: there is no such text.
        """
        with self._api._changing:
            message = self._chat.newest(
                lambda m: not m.from_bot and m.kind == "text" and message_id in (None, m.message_id)
            )
            if message is None:
                raise LookupError(f"no text of the user's own to edit:\n{self._chat}")
            message.content = _text_content(text)
            message.edited_at = time.time()
            return self._acts("edited_message", message.json())

    def presses(self, label: str | re.Pattern[str], timeout: float = 0.0) -> int:
        """Presses a button of the newest message that has one with this label.

        Args:
            label: the whole label, or a pattern to find in it.
            timeout: seconds to wait for such a button to appear.

        Raises:
            LookupError: no live message has such a button, or it gives no update (a link, a copying button).
        """

        def holder() -> _Message | None:
            return self._chat.newest(lambda m: any(_fits(label, button.label) for row in m.buttons() for button in row))

        if timeout:
            self._api._wait(lambda: holder() is not None, timeout)
        with self._api._changing:
            message = holder()
            if message is None:
                raise LookupError(f"no button {label!r} in:\n{self._chat}")
            return self._presses(message.seen().button(label), message.message_id)

    def presses_old(self, label: str | re.Pattern[str], message_id: int) -> int:
        """Presses a button that this message has or has had: what a phone that was offline still shows.

        Raises:
            LookupError: the message never had such a button.
        """
        with self._api._changing:
            message = self._chat.messages.get(message_id)
            for button in message.past_buttons if message else []:
                if _fits(label, button.label):
                    return self._presses(button, message_id)
            raise LookupError(f"message {message_id} never had a button {label!r}:\n{self._chat}")

    def presses_data(self, data: str, message_id: int | None = None) -> int:
        """Sends any callback data at all: forged, stale, or of another person's button.

        Args:
            data: the callback data.
            message_id: the message it claims to belong to; the bot's newest where not given.  One that is
                gone or never was comes as Telegram's InaccessibleMessage.
        """
        api = self._api
        with api._changing:
            if message_id is None:
                newest = self._chat.newest(lambda m: m.from_bot)
                message_id = newest.message_id if newest else 1
            message = self._chat.messages.get(message_id)
            told: Json = {"message_id": message_id, "chat": self._chat.json(), "date": 0}
            if message is not None and not message.deleted:
                told = message.json()
            query_id = str(next(api._query_ids))
            payload: Json = {"id": query_id, "from": self._person, "message": told, "data": data}
            payload["chat_instance"] = f"-{self.id}"
            update_id = self._acts("callback_query", payload)
            api._queries[query_id] = _Query(self._chat, update_id)
            return update_id

    def blocks_bot(self) -> int:
        """Stops the bot: sending and editing answer 403 until :meth:`unblocks`."""
        return self._membership("member", "kicked")

    def unblocks(self) -> int:
        """Starts the bot again."""
        return self._membership("kicked", "member")

    def removes_message(self, message_id: int) -> None:
        """Deletes a message for both sides; Telegram does not tell the bot.

        Raises:
            LookupError: there is no such message.
        """
        with self._api._changing:
            message = self._chat.messages.get(message_id)
            if message is None or message.deleted:
                raise LookupError(f"no message {message_id}:\n{self._chat}")
            message.deleted = True

    # What the person sees

    def screen(self) -> Message:
        """The newest message of the bot that is not deleted.

        Raises:
            LookupError: there is none.
        """
        with self._api._changing:
            message = self._chat.newest(lambda m: m.from_bot)
            if message is None:
                raise LookupError(f"no message of the bot's in:\n{self._chat}")
            return message.seen()

    def messages(self, deleted: bool = False) -> list[Message]:
        """The chat, oldest first, both sides; with ``deleted`` also what is gone."""
        return self._api.messages(self.id, deleted)

    def toasts(self) -> list[str]:
        """The texts that answered this person's presses, oldest first; answers without a text left out."""
        with self._api._changing:
            return list(self._chat.toasts)

    def spinning(self) -> list[int]:
        """The update ids of presses that the bot has not answered: their buttons still show a spinner."""
        with self._api._changing:
            queries = self._api._queries.values()
            return [q.update_id for q in queries if q.chat is self._chat and not q.answered]

    def menu(self) -> list[str]:
        """The commands in this person's menu, by Telegram's order of scopes (without a language of their
        own).
        """
        with self._api._changing:
            scopes = (("chat", self.id, None), ("all_private_chats", None, None), ("default", None, None))
            for scope in scopes:
                if found := self._api._commands.get((*scope, "")):
                    return [str(command["command"]) for command in found]
            return []

    def wait(self, predicate: Callable[[Message], bool] | None = None, timeout: float = 5.0) -> Message:
        """Waits for the bot's next sending, edit or deletion in this chat, from the last action on.

        Each change is given once: a second call waits for the one after.

        Args:
            predicate: changes that it is false for are passed over.
            timeout: seconds.

        Returns:
            The message as it was left by that change.

        Raises:
            TimeoutError: it did not come; the text shows the chat and the last calls.
        """
        found: list[Message] = []

        def look() -> bool:
            while not found and self._seen < len(self._chat.changes):
                message = self._chat.changes[self._seen]
                self._seen += 1
                if predicate is None or predicate(message):
                    found.append(message)
            return bool(found)

        if not self._api._wait(look, timeout):
            raise TimeoutError(f"no such change by the bot in {timeout} s\n{self._api._story(self._chat)}")
        return found[0]

    def wait_async(
        self, predicate: Callable[[Message], bool] | None = None, timeout: float = 5.0
    ) -> Coroutine[Any, Any, Message]:
        """:meth:`wait` for a test inside an event loop."""
        return asyncio.to_thread(self.wait, predicate, timeout)

    def wait_toast(self, timeout: float = 5.0) -> str:
        """Waits for the next text that answers a press, from the last action on.

        Raises:
            TimeoutError: it did not come.
        """
        if not self._api._wait(lambda: len(self._chat.toasts) > self._toasts_seen, timeout):
            raise TimeoutError(f"no answer to a press in {timeout} s\n{self._api._story(self._chat)}")
        with self._api._changing:
            self._toasts_seen += 1
            return self._chat.toasts[self._toasts_seen - 1]

    def settles(self, quiet: float = 0.05, timeout: float = 5.0) -> Message:
        """Waits until the bot has reacted to the last action and then calls nothing but getUpdates for a
        while.

        Args:
            quiet: seconds without a call.
            timeout: seconds for the whole.

        Returns:
            The screen.

        Raises:
            TimeoutError: the bot did not react, or never fell silent.
        """
        ends = time.monotonic() + timeout

        def reacted() -> bool:
            return (len(self._chat.changes), len(self._chat.toasts)) != self._acted

        if self._api._wait(reacted, timeout):
            while time.monotonic() < ends:
                before = self._api._work
                time.sleep(quiet)
                if before == self._api._work:
                    return self.screen()
        raise TimeoutError(f"the bot has not come to rest in {timeout} s\n{self._api._story(self._chat)}")

    def settles_async(self, quiet: float = 0.05, timeout: float = 5.0) -> Coroutine[Any, Any, Message]:
        """:meth:`settles` for a test inside an event loop."""
        return asyncio.to_thread(self.settles, quiet, timeout)

    # Inside

    def _acts(self, kind: str, payload: Json) -> int:
        with self._api._changing:
            self._acted = self._seen, self._toasts_seen = len(self._chat.changes), len(self._chat.toasts)
            return self._api._push(kind, payload)

    def _writes(self, chat: _Chat, content: Json, kind: str) -> int:
        with self._api._changing:
            if chat.blocked:
                raise ValueError("who has blocked the bot cannot write to it: unblocks() first")
            message = _Message(chat, next(chat.ids), self._person, content, time.time(), kind=kind)
            chat.messages[message.message_id] = message
            return self._acts("message", message.json())

    def _presses(self, button: Button, message_id: int) -> int:
        if button.data is None:
            raise LookupError(f"pressing {button.label!r} sends the bot nothing")
        return self.presses_data(button.data, message_id)

    def _membership(self, before: str, after: str) -> int:
        api = self._api
        with api._changing:
            self._chat.blocked = after == "kicked"

            def member(status: str) -> Json:
                until = {"until_date": 0} if status == "kicked" else {}
                return {"user": api.me, "status": status, **until}

            payload = {
                "chat": self._chat.json(),
                "from": self._person,
                "date": int(time.time()),
                "old_chat_member": member(before),
                "new_chat_member": member(after),
            }
            return self._acts("my_chat_member", payload)


class BotApi:
    """The server: ``async with BotApi() as api`` on the running loop, or ``with BotApi.serving() as api``
    on a thread.

    Args:
        port: 0 for any free port.
        token: the only token that is not answered with 401.
    """

    def __init__(self, port: int = 0, token: str = TOKEN) -> None:
        self.token = token
        self.port = port
        self.me: Json = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Lots",
            "username": "lots_test_bot",
        }
        self.errors: list[Exception] = []  # the server's or a hook's; leaving the context raises the first
        self.second_answer_fails = True  # a press may be answered once; False: a second answer has no effect
        self._changing = threading.Condition(threading.RLock())  # guards all that follows, tells who waits
        self._chats: dict[int, _Chat] = {}
        self._users: dict[int, User] = {}
        self._queue: list[_Queued] = []
        self._history: dict[int, Json] = {}
        self._delivered: dict[int, int] = {}  # update_id -> how often
        self._confirmed: set[int] = set()
        self._next_update = 500_000_000
        self._allowed: frozenset[str] | None = None
        self._queries: dict[str, _Query] = {}
        self._query_ids = itertools.count(4_000_000_000_000_000_000)
        self._commands: dict[tuple[str, int | None, int | None, str], list[Json]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._calls: list[_Call] = []
        self._work = 0  # calls begun or ended, getUpdates left out
        self._refused: list[Refusal] = []
        self._faults: list[Fault] = []
        self._hook: Hook | None = None
        self._poll: asyncio.Future[None] | None = None
        self._webhook: _Webhook | None = None
        self._pushed: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runner: web.ServerRunner | None = None
        self._methods: dict[str, Callable[[Params], Any]] = {
            "getMe": lambda _: self._get_me(),
            "sendMessage": self._send_message,
            "editMessageText": self._edit_message_text,
            "editMessageReplyMarkup": self._edit_message_reply_markup,
            "deleteMessage": self._delete_message,
            "deleteMessages": self._delete_messages,
            "pinChatMessage": self._pin_chat_message,
            "sendChatAction": self._send_chat_action,
            "answerCallbackQuery": self._answer_callback_query,
            "setMyCommands": self._set_my_commands,
            "deleteMyCommands": self._delete_my_commands,
            "getMyCommands": self._get_my_commands,
            "setMyName": lambda p: self._set_name("name", 64, p),
            "getMyName": lambda p: self._get_name("name", p),
            "setMyDescription": lambda p: self._set_name("description", 512, p),
            "getMyDescription": lambda p: self._get_name("description", p),
            "setMyShortDescription": lambda p: self._set_name("short_description", 120, p),
            "getMyShortDescription": lambda p: self._get_name("short_description", p),
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": lambda _: self._get_webhook_info(),
        }
        # Telegram takes a method's name in any case.
        self._spelling = {name.lower(): name for name in (*self._methods, "getUpdates")}

    # Starting and stopping

    @property
    def base_url(self) -> str:
        """Where the bot finds the server, in python-telegram-bot's form: without the token."""
        return f"http://127.0.0.1:{self.port}/bot"

    async def start(self) -> None:
        """Listens; a port that was 0 is known afterwards."""
        self._loop = asyncio.get_running_loop()
        self._pushed = asyncio.Event()
        server = web.Server(self._serve, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, backlog=1024).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Ends what is open and stops listening."""
        with self._changing:
            self._end_webhook()
            if self._poll is not None and not self._poll.done():
                self._poll.set_result(None)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        if error is None:
            self._raise_first_error()

    @classmethod
    @contextmanager
    def serving(cls, port: int = 0, token: str = TOKEN) -> Iterator[Self]:
        """Serves from a thread of its own, for a test without an event loop."""
        api = cls(port, token)
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="botapi", daemon=True)
        thread.start()
        try:
            asyncio.run_coroutine_threadsafe(api.start(), loop).result(10)
            try:
                yield api
            finally:
                asyncio.run_coroutine_threadsafe(api.stop(), loop).result(10)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
        api._raise_first_error()

    def _raise_first_error(self) -> None:
        if self.errors:
            raise self.errors[0]

    # The test's side

    def user(self, user_id: int, language: str = "sv") -> User:
        """The person with this id; the same object each time.  The names are there to be searched for in
        logs.
        """
        with self._changing:
            if user_id not in self._users:
                person = {
                    "id": user_id,
                    "is_bot": False,
                    "first_name": f"Förnamn{user_id}",
                    "last_name": f"Efternamn{user_id}",
                    "username": f"anv{user_id}",
                    "language_code": language,
                }
                self._users[user_id] = User(self, _Chat(user_id, person), person)
            return self._users[user_id]

    def messages(self, chat_id: int, deleted: bool = False) -> list[Message]:
        """The messages of any chat, oldest first; with ``deleted`` also what is gone."""
        with self._changing:
            chat = self._chats.get(chat_id)
            held = chat.messages.values() if chat else ()
            return [message.seen() for message in held if deleted or not message.deleted]

    def age(self, chat_id: int, message_id: int | None, hours: float) -> None:
        """Makes a message (None: every message of the chat) older than it is.

        Raises:
            KeyError: there is no such message.
        """
        with self._changing:
            messages = self._chats[chat_id].messages
            for message in messages.values() if message_id is None else [messages[message_id]]:
                message.date -= hours * 3600

    def expire_queries(self) -> None:
        """Makes every press up to now too old to be answered."""
        with self._changing:
            for query in self._queries.values():
                query.expired = True

    def redeliver(self, update_id: int) -> None:
        """Delivers an update once more with the same update_id, whatever offset the bot asks from.

        Raises:
            KeyError: there never was such an update.
        """
        with self._changing:
            update = self._history[update_id]
            self._queue = [queued for queued in self._queue if queued.update is not update]
            self._queue.append(_Queued(update, again=True))
            self._queue.sort(key=lambda queued: int(queued.update["update_id"]))
            self._wake()

    def renumber(self, update_id: int) -> None:
        """The next update gets this id: after a week without updates Telegram starts from a random one.

        Raises:
            ValueError: there are updates that the bot has not confirmed, or the id has been used.
        """
        with self._changing:
            if self._queue or update_id in self._history:
                raise ValueError(f"cannot go on from {update_id}: used, or unconfirmed: {self.pending()}")
            self._next_update = update_id

    def pending(self) -> list[int]:
        """The ids of the updates that the bot has not confirmed."""
        with self._changing:
            return [int(queued.update["update_id"]) for queued in self._queue]

    def confirmed(self, update_id: int) -> bool:
        """Whether the bot has told Telegram to forget this update."""
        with self._changing:
            return update_id in self._confirmed

    def deliveries(self, update_id: int) -> int:
        """How often this update has been handed to the bot."""
        with self._changing:
            return self._delivered.get(update_id, 0)

    def fault(
        self,
        method: str,
        action: Action,
        code: int = 500,
        retry_after: int | None = None,
        seconds: float = 0.0,
        count: int | None = 1,
        when: Callable[[Params], bool] | None = None,
        description: str = "",
    ) -> Fault:
        """Prepares a trouble for calls to come.

        Args:
            method: as it is spelt in the Bot API, or "*" for every method.
            action: "status" answers with ``code`` and does nothing (502, 503 and 504 with an HTML page, as
                from a gateway); "drop_before" closes the connection and does nothing; "drop_after" does it
                and closes without an answer; "delay" does it ``seconds`` later.
            code: HTTP status.
            retry_after: seconds, for 429.
            seconds: for "delay".
            count: how many calls meet it; None for all.
            when: only calls whose parameters it is true for.
            description: Telegram's text, for 400 without "Bad Request: "; empty for the usual one of the
                code.

        Raises:
            ValueError: no such method is served.
        """
        if method != "*" and method not in self._spelling.values():
            raise ValueError(f"no method {method}")
        made = Fault(method, action, code, retry_after, seconds, count, when, description)
        with self._changing:
            self._faults.append(made)
        return made

    def clear_faults(self) -> None:
        """Takes every prepared trouble away."""
        with self._changing:
            self._faults.clear()

    def on_call(self, hook: Hook | None) -> None:
        """Calls ``hook(method, params, phase)`` on the server's thread around each call; None takes it away.

        "before": received, nothing done yet.  "after": done, not answered yet.  Where the hook returns
        False, the connection is closed there: so a test can kill the bot and decide whether the call still
        reached Telegram.
        """
        self._hook = hook

    @property
    def calls(self) -> list[tuple[str, Params]]:
        """Every call received, getUpdates and those met by a fault included, oldest first.

        Parameters are in their own types, however they were sent: numbers, booleans, and what the bot sent
        as JSON.
        """
        with self._changing:
            return [(call.method, call.params) for call in self._calls]

    def calls_of(self, method: str) -> list[Params]:
        """The parameters of every call of one method, oldest first."""
        with self._changing:
            return [call.params for call in self._calls if call.method == method]

    def times_of(self, method: str) -> list[float]:
        """When each call of one method came, in ``time.monotonic()`` seconds."""
        with self._changing:
            return [call.at for call in self._calls if call.method == method]

    @property
    def refused(self) -> list[Refusal]:
        """Every answer other than 200 that was given, faults included, oldest first."""
        with self._changing:
            return list(self._refused)

    def wait_until(self, predicate: Callable[[], bool], timeout: float = 5.0) -> None:
        """Waits until ``predicate`` is true; it is asked after every call and every action.

        Raises:
            TimeoutError: it did not become true in ``timeout`` seconds.
        """
        if not self._wait(predicate, timeout):
            raise TimeoutError(f"still not so after {timeout} s\n{self._story()}")

    def wait_until_async(self, predicate: Callable[[], bool], timeout: float = 5.0) -> Coroutine[Any, Any, None]:
        """:meth:`wait_until` for a test inside an event loop."""
        return asyncio.to_thread(self.wait_until, predicate, timeout)

    # Inside: waiting, chats, updates

    def _wait(self, predicate: Callable[[], bool], timeout: float) -> bool:
        try:
            on_server = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            on_server = False
        if on_server:
            raise RuntimeError("this would wait on the server's own thread: use the _async twin")
        with self._changing:
            return self._changing.wait_for(predicate, timeout)

    def _story(self, chat: _Chat | None = None) -> str:
        with self._changing:
            lines = [f"chat {one.id}:\n{one}" for one in ([chat] if chat else self._chats.values())]
            work = [call for call in self._calls if call.method != "getUpdates"]
            lines.append("last calls: " + (", ".join(call.method for call in work[-10:]) or "none"))
            lines.append(f"updates not confirmed: {self.pending()}")
            lines += [f"refused: {one.method} {one.code} {one.description}" for one in self._refused[-5:]]
            return "\n".join(lines)

    def _group(self, group_id: int) -> _Chat:
        with self._changing:
            return self._chats.setdefault(group_id, _Chat(group_id))

    def _push(self, kind: str, payload: Json) -> int:
        """Queues an update; 0 where the bot does not want the kind.  From now on the bot knows a private
        chat.
        """
        with self._changing:
            sender = self._users[payload["from"]["id"]]
            self._chats.setdefault(sender.id, sender._chat)
            wanted = kind not in _ONLY_WHEN_ASKED if self._allowed is None else kind in self._allowed
            if not wanted:
                return 0
            update_id = self._next_update
            self._next_update += 1
            update = self._history[update_id] = {"update_id": update_id, kind: payload}
            self._queue.append(_Queued(update))
            self._wake()
            return update_id

    def _wake(self) -> None:
        """Ends a waiting getUpdates and tells the webhook; from any thread."""
        self._changing.notify_all()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        if self._pushed is not None:
            self._pushed.set()
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    def _forget(self, offset: int) -> None:
        """What an offset confirms.  One far beyond the newest id (it was for another row of ids) confirms
        nothing.
        """
        if offset < 0:
            gone = self._queue[:offset]
        elif offset == 0 or offset > self._next_update + 10:
            return
        else:
            gone = [one for one in self._queue if one.update["update_id"] < offset and not one.again]
        if gone:
            ids = {int(queued.update["update_id"]) for queued in gone}
            self._queue = [queued for queued in self._queue if queued.update["update_id"] not in ids]
            self._confirmed |= ids
            self._changing.notify_all()

    def _batch(self, limit: int) -> list[Json]:
        batch = []
        for queued in self._queue[:limit]:
            queued.again = False
            update_id = int(queued.update["update_id"])
            self._delivered[update_id] = self._delivered.get(update_id, 0) + 1
            batch.append(queued.update)
        if batch:
            self._changing.notify_all()
        return batch

    async def _get_updates(self, params: Params, request: web.BaseRequest) -> list[Json]:
        limit = min(max(_integer(params, "limit", 100), 1), 100)
        timeout = min(max(float(params.get("timeout") or 0), 0.0), LONGEST_POLL)
        with self._changing:
            if self._webhook is not None:
                raise ApiError(409, _WEBHOOK_ACTIVE)
            self._allow(params)
            self._forget(_integer(params, "offset"))
            if self._queue or not timeout:
                return self._batch(limit)
            if self._poll is not None and not self._poll.done():
                self._poll.set_exception(ApiError(409, _OTHER_POLL))
            poll = self._poll = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait_for(poll, timeout)
        except TimeoutError:
            return []
        finally:
            with self._changing:
                if self._poll is poll:
                    self._poll = None
        with self._changing:
            # A killed bot's last poll must not count as a delivery.
            return [] if _gone(request) else self._batch(limit)

    def _allow(self, params: Params) -> None:
        """Telegram keeps the last list it was given; an empty one means the usual kinds."""
        if "allowed_updates" in params:
            self._allowed = frozenset(params["allowed_updates"]) or None

    # Inside: one HTTP request

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if not request.path.startswith("/bot"):
            return _refusal(ApiError(404, "Not Found"))
        token, _, spelt = request.path.removeprefix("/bot").partition("/")
        if token != self.token:
            return _refusal(ApiError(401, "Unauthorized"))
        method = self._spelling.get(spelt.lower())
        if method is None:
            return _refusal(ApiError(404, "Not Found: method not found"))
        try:
            params = await _params(request)
        except ValueError as error:
            return _refusal(ApiError(400, f"can't parse the request: {error}"))
        try:
            answer = await self._answer(request, method, params)
        except Exception as error:  # a mistake of the server's or of a hook's: the test must hear of it
            self.errors.append(error)
            answer = _refusal(ApiError(500, f"Internal Server Error: {error!r}"))
        with self._changing:
            self._work += method != "getUpdates"
            self._changing.notify_all()
        return answer

    async def _answer(self, request: web.BaseRequest, method: str, params: Params) -> web.StreamResponse:
        with self._changing:
            self._calls.append(_Call(method, params, time.monotonic()))
            self._work += method != "getUpdates"
            fault = next((fault for fault in self._faults if fault.fits(method, params)), None)
            if fault is not None:
                fault.hits += 1
            self._changing.notify_all()
        if self._hook is not None and self._hook(method, params, "before") is False:
            return _drop(request)
        if fault is not None:
            if fault.action == "drop_before":
                return _drop(request)
            if fault.action == "status":
                return self._refuse(method, params, _trouble(fault))
            if fault.action == "delay":
                await asyncio.sleep(fault.seconds)
        answer: web.Response
        try:
            if method == "getUpdates":
                result: Any = await self._get_updates(params, request)
            else:
                with self._changing:
                    result = self._methods[method](params)
            answer = web.Response(body=_dumps({"ok": True, "result": result}), content_type="application/json")
        except ApiError as refused:
            if _gone(request):
                return _drop(request)
            answer = self._refuse(method, params, refused)
        if self._hook is not None and self._hook(method, params, "after") is False:
            return _drop(request)
        return _drop(request) if fault is not None and fault.action == "drop_after" else answer

    def _refuse(self, method: str, params: Params, refused: ApiError) -> web.Response:
        with self._changing:
            self._refused.append(Refusal(method, params, refused.code, refused.description))
        return _refusal(refused)

    # Inside: the methods; each runs under the lock

    def _chat_of(self, params: Params, writing: bool) -> _Chat:
        if params.get("chat_id") in (None, ""):
            raise ApiError(400, "chat_id is empty")
        chat = self._chats.get(params["chat_id"])
        if chat is None:
            raise ApiError(400, "chat not found")
        if writing and chat.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        return chat

    def _message_of(self, chat: _Chat, params: Params, purpose: str) -> _Message:
        message = chat.messages.get(_integer(params, "message_id"))
        if message is None or message.deleted:
            raise ApiError(400, f"message to {purpose} not found")
        return message

    def _get_me(self) -> Json:
        return {
            **self.me,
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }

    def _send_message(self, params: Params) -> Json:
        content = _sent_text(params, "message is too long")
        markup = _markup(params)
        chat = self._chat_of(params, writing=True)
        message = _Message(chat, next(chat.ids), self.me, content, time.time())
        message.protected = bool(params.get("protect_content"))
        message.shows(markup)
        chat.messages[message.message_id] = message
        chat.changed(message)
        return message.json()

    def _edit_message_text(self, params: Params) -> Json:
        return self._edit(params, _sent_text(params, "MESSAGE_TOO_LONG"))

    def _edit_message_reply_markup(self, params: Params) -> Json:
        return self._edit(params, None)

    def _edit(self, params: Params, content: Json | None) -> Json:
        markup = _markup(params)
        chat = self._chat_of(params, writing=True)
        message = self._message_of(chat, params, "edit")
        if not message.from_bot:
            raise ApiError(400, "message can't be edited")
        if message.markup == markup and content in (None, message.content):
            raise ApiError(400, _NOT_MODIFIED)
        message.content = content or message.content
        message.shows(markup)
        message.edits += 1
        message.edited_at = time.time()
        chat.changed(message)
        return message.json()

    def _delete_message(self, params: Params) -> bool:
        if not _integer(params, "message_id"):
            raise ApiError(400, "message identifier is not specified")
        chat = self._chat_of(params, writing=False)
        self._delete(chat, [self._message_of(chat, params, "delete")])
        return True

    def _delete_messages(self, params: Params) -> bool:
        ids = params.get("message_ids") or []
        if not isinstance(ids, list):
            raise ApiError(400, "expected an Array of message identifiers")
        if not ids:
            raise ApiError(400, "message identifiers are not specified")
        if not all(isinstance(one, int) and one > 0 for one in ids):
            raise ApiError(400, "invalid message identifier specified")
        if len(ids) > 100:
            raise ApiError(400, "too many message identifiers specified")
        chat = self._chat_of(params, writing=False)
        # Those that are gone are passed over, but one that may not be deleted stops the whole.
        found = [chat.messages[one] for one in ids if one in chat.messages]
        self._delete(chat, [message for message in found if not message.deleted])
        return True

    def _delete(self, chat: _Chat, messages: list[_Message]) -> None:
        for message in messages:
            if chat.id < 0 and not message.from_bot:
                raise ApiError(400, "message can't be deleted")
            if time.time() - message.date > DELETE_HOURS * 3600:
                raise ApiError(400, "message can't be deleted for everyone")
        for message in messages:
            message.deleted = True
            chat.changed(message)

    def _pin_chat_message(self, params: Params) -> bool:
        chat = self._chat_of(params, writing=True)
        self._message_of(chat, params, "pin").pinned = True
        return True

    def _send_chat_action(self, params: Params) -> bool:
        if not params.get("action"):
            raise ApiError(400, "wrong parameter action in request")
        self._chat_of(params, writing=True)
        return True

    def _answer_callback_query(self, params: Params) -> bool:
        text = str(params.get("text") or "")
        if _units(text) > TOAST_LIMIT:
            raise ApiError(400, "MESSAGE_TOO_LONG")
        query = self._queries.get(str(params.get("callback_query_id")))
        if query is None or query.expired or (query.answered and self.second_answer_fails):
            raise ApiError(400, _QUERY_TOO_OLD)
        if not query.answered and text:
            query.chat.toasts.append(text)
        query.answered = True
        return True

    def _scope(self, params: Params) -> tuple[str, int | None, int | None, str]:
        scope = params.get("scope") or {"type": "default"}
        if not isinstance(scope, dict) or "type" not in scope:
            raise ApiError(400, "can't parse BotCommandScope: BotCommandScope must be an Object")
        chat_id = user_id = None
        if scope["type"] in ("chat", "chat_administrators", "chat_member"):
            chat_id = self._chat_of(scope, writing=False).id
            user_id = scope.get("user_id")
        return str(scope["type"]), chat_id, user_id, str(params.get("language_code") or "")

    def _set_my_commands(self, params: Params) -> bool:
        commands = params.get("commands") or []
        if len(commands) > 100:
            raise ApiError(400, "BOT_COMMANDS_TOO_MUCH")
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command.get("command", ""))):
                raise ApiError(400, "BOT_COMMAND_INVALID")
            if not 1 <= _units(str(command.get("description", ""))) <= 256:
                raise ApiError(400, "BOT_COMMAND_DESCRIPTION_INVALID")
        self._commands[self._scope(params)] = commands
        return True

    def _delete_my_commands(self, params: Params) -> bool:
        self._commands.pop(self._scope(params), None)
        return True

    def _get_my_commands(self, params: Params) -> list[Json]:
        return self._commands.get(self._scope(params), [])

    def _set_name(self, what: str, limit: int, params: Params) -> bool:
        text = str(params.get(what) or "")
        if _units(text) > limit:
            raise ApiError(400, f"the {what} is longer than {limit} characters")
        self._names[what, str(params.get("language_code") or "")] = text
        return True

    def _get_name(self, what: str, params: Params) -> Json:
        return {what: self._names.get((what, str(params.get("language_code") or "")), "")}

    def _set_webhook(self, params: Params) -> bool:
        """Takes http too, which Telegram does not: the bot under test is on this machine."""
        url = str(params.get("url") or "")
        if not url:
            return self._delete_webhook(params)
        self._end_webhook()
        self._allow(params)
        if params.get("drop_pending_updates"):
            self._forget(self._next_update)
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(ApiError(409, "Conflict: terminated by setWebhook request"))
        self._webhook = _Webhook(url, params.get("secret_token"))
        self._webhook.task = asyncio.get_running_loop().create_task(self._send_to(self._webhook))
        return True

    def _delete_webhook(self, params: Params) -> bool:
        self._end_webhook()
        if params.get("drop_pending_updates"):
            self._forget(self._next_update)
        return True

    def _get_webhook_info(self) -> Json:
        hook = self._webhook
        info: Json = {
            "url": hook.url if hook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self._queue),
        }
        if hook and hook.last_error:
            info |= {"last_error_date": int(time.time()), "last_error_message": hook.last_error}
        return info

    def _end_webhook(self) -> None:
        if self._webhook is not None and self._webhook.task is not None:
            self._webhook.task.cancel()
        self._webhook = None

    async def _send_to(self, hook: _Webhook) -> None:
        """Posts one update at a time, oldest first, until it is answered with 2xx; what the answer says is
        not read.
        """
        assert self._pushed is not None
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
        async with ClientSession(timeout=ClientTimeout(total=60), headers=headers) as session:
            while True:
                self._pushed.clear()
                with self._changing:
                    batch = self._batch(1)
                if not batch:
                    await self._pushed.wait()
                    continue
                try:
                    async with session.post(hook.url, json=batch[0]) as answer:
                        failed = None if answer.ok else f"Wrong response from the webhook: {answer.status}"
                except (ClientError, OSError, TimeoutError) as error:
                    failed = f"Connection failed: {type(error).__name__}"
                hook.last_error = failed
                if failed:
                    await asyncio.sleep(0.1)
                else:
                    with self._changing:
                        self._forget(int(batch[0]["update_id"]) + 1)


def _fits(wanted: str | re.Pattern[str], label: str) -> bool:
    return wanted == label if isinstance(wanted, str) else wanted.search(label) is not None


def _units(text: str) -> int:
    """The length as Telegram counts: UTF-16 units, so an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _integer(params: Params, name: str, default: int = 0) -> int:
    value = params.get(name, default)
    return value if isinstance(value, int) else default


def _dumps(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _gone(request: web.BaseRequest) -> bool:
    return request.transport is None or request.transport.is_closing()


def _drop(request: web.BaseRequest) -> web.Response:
    """Closes the connection; the response that aiohttp asks for goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _trouble(fault: Fault) -> ApiError:
    if fault.code == 429:
        wait = fault.retry_after or 1
        return ApiError(429, f"Too Many Requests: retry after {wait}", wait)
    return ApiError(fault.code, fault.description or _STATUS_TEXTS.get(fault.code, "Error"))


def _refusal(refused: ApiError) -> web.Response:
    if refused.code in _GATEWAY_TITLES:
        page = _GATEWAY_PAGE.format(code=refused.code, title=_GATEWAY_TITLES[refused.code])
        return web.Response(status=refused.code, text=page, content_type="text/html")
    body: Json = {"ok": False, "error_code": refused.code, "description": refused.description}
    headers = {}
    if refused.retry_after is not None:
        body["parameters"] = {"retry_after": refused.retry_after}
        headers["Retry-After"] = str(refused.retry_after)
    return web.Response(status=refused.code, body=_dumps(body), headers=headers, content_type="application/json")


async def _params(request: web.BaseRequest) -> Params:
    """The parameters from the address and from a JSON, urlencoded or multipart body, in their own types.

    Raises:
        ValueError: the body is not what it says it is.
    """
    params: Params = dict(request.query)
    if request.content_type == "application/json":
        sent = json.loads(await request.read() or b"{}")
        if not isinstance(sent, dict):
            raise ValueError("the body is not a JSON object")
        params |= sent
    elif request.content_type.startswith("multipart/"):
        for name, value in (await request.post()).items():
            params[name] = value if isinstance(value, str) else {"file_name": getattr(value, "filename", "")}
    else:
        params |= parse_qsl((await request.read()).decode(), keep_blank_values=True)
    return {name: _typed(name, value) for name, value in params.items() if value is not None}


def _typed(name: str, value: Any) -> Any:
    if isinstance(value, str):
        if name in _JSON_PARAMS and value:
            return json.loads(value)
        if name in _INT_PARAMS and re.fullmatch(r"-?\d+", value):
            return int(value)
        if name in _BOOL_PARAMS:
            return value.lower() in ("true", "yes", "1")
    return value


def _text_content(text: str) -> Json:
    if not text.strip() or _units(text) > TEXT_LIMIT:
        raise ValueError("a client sends 1 to 4096 characters")
    content: Json = {"text": text}
    if command := re.match(r"/[A-Za-z0-9_]+(@\w+)?", text):
        content["entities"] = [{"type": "bot_command", "offset": 0, "length": len(command[0])}]
    return content


def _button(button: Json) -> Button:
    return Button(
        str(button["text"]),
        button.get("callback_data"),
        button.get("url"),
        (button.get("web_app") or {}).get("url"),
        (button.get("copy_text") or {}).get("text"),
    )


def _markup(params: Params) -> Json | None:
    """The keyboard of a call, checked; None where there is none or it is empty."""
    markup = params.get("reply_markup")
    if not markup:
        return None
    if not isinstance(markup, dict):
        raise ApiError(400, "object expected as reply markup")
    if "inline_keyboard" not in markup:
        return markup
    rows = [row for row in markup["inline_keyboard"] if row]
    for button in (button for row in rows for button in row):
        _check_button(button)
    if sum(map(len, rows)) > BUTTON_LIMIT:
        raise ApiError(400, "reply markup is too long")
    return {"inline_keyboard": rows} if rows else None


def _check_button(button: Any) -> None:
    if not isinstance(button, dict) or not button.get("text"):
        raise ApiError(400, 'can\'t parse inline keyboard button: Field "text" must be of type String')
    if str(button.get("style") or "default").lower() not in ("default", "primary", "danger", "success"):
        raise ApiError(400, "can't parse inline keyboard button: invalid button style specified")
    seen = _button(button)
    if sum(name in button for name in _ACTIONS) > 1:  # Telegram would take the first of them without a word
        raise ApiError(400, "can't parse inline keyboard button: exactly one action is allowed")
    if "copy_text" in button and not 1 <= _units(seen.copies or "") <= COPY_LIMIT:
        raise ApiError(400, "BUTTON_COPY_TEXT_INVALID")
    if not (seen.data or seen.url or seen.web_app or seen.copies):
        raise ApiError(400, "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if seen.data and len(seen.data.encode()) > DATA_LIMIT:
        raise ApiError(400, "BUTTON_DATA_INVALID")
    if seen.web_app and not seen.web_app.startswith("https://"):
        raise ApiError(
            400,
            f"inline keyboard button Web App URL '{seen.web_app}' is invalid: Only HTTPS links are allowed",
        )


def _sent_text(params: Params, too_long: str) -> Json:
    """The text of a call as content of a message: markup read, the ends trimmed, the length checked."""
    text = params.get("text")
    if not isinstance(text, str) or not text:
        raise ApiError(400, "message text is empty")
    entities = params.get("entities") or []
    mode = str(params.get("parse_mode") or "").lower()
    if mode == "html":
        text, entities = _read_html(text)
    elif mode:
        raise ApiError(400, "unsupported parse_mode (this test server reads HTML only)")
    if not text.strip():
        raise ApiError(400, "text must be non-empty")
    leading = _units(text) - _units(text.lstrip())
    text = text.strip()
    if _units(text) > TEXT_LIMIT:
        raise ApiError(400, too_long)
    moved = [{**entity, "offset": max(entity["offset"] - leading, 0)} for entity in entities]
    return {"text": text, "entities": moved} if moved else {"text": text}


_HTML_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "s": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
}


def _read_html(source: str) -> tuple[str, list[Json]]:
    """Telegram's HTML: the text as the person sees it, and its entities with offsets in UTF-16 units."""
    text = ""
    entities: list[Json] = []
    open_tags: list[tuple[str, Json]] = []
    position = 0
    for tag in re.finditer(r"<(/?)([A-Za-z][\w-]*)((?:\s[^<>]*)?)>|<", source):
        text += html.unescape(source[position : tag.start()])
        position = tag.end()
        closing, name, attributes = tag[1], str(tag[2] or "").lower(), tag[3]
        at = len(source[: tag.start()].encode())
        if not closing and name not in _HTML_TAGS:
            raise ApiError(400, f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {at}')
        if not closing:
            entity: Json = {"type": _HTML_TAGS[name], "offset": _units(text), "length": 0}
            if name == "a" and (link := re.search(r'href="([^"]*)"', attributes)):
                entity["url"] = html.unescape(link[1])
            entities.append(entity)
            open_tags.append((name, entity))
            continue
        if not open_tags or open_tags[-1][0] != name:
            raise ApiError(400, f"can't parse entities: Unexpected end tag at byte offset {at}")
        entity = open_tags.pop()[1]
        entity["length"] = _units(text) - entity["offset"]
    if open_tags:
        name = open_tags[-1][0]
        raise ApiError(400, f"can't parse entities: Can't find end tag corresponding to start tag \"{name}\"")
    return text + html.unescape(source[position:]), entities
