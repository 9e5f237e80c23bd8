"""Updates at random, built from python-telegram-bot's own classes, and what becomes of them when they are spoilt.

What a class takes, by its signature, is what the Bot API says that an object has. A maker uses any ``random.Random``:
hypothesis has one that it can make simpler, and a seed gives the same thousands every time.
"""

from __future__ import annotations

import datetime
import inspect
import json
import types
import typing
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Any

import telegram
from telegram import CallbackQuery, Message, TelegramObject, Update, User

RENAMED = {"from_user": "from"}
DEEPEST = 3
"""How many objects stand inside each other; those within the last have only what they must have."""

WORDS = (
    *("hej", "/start", "/samtal", "/hjalp", "Ja", "ÅÄÖ 🙂", "", " ", "\n", "0", "2026-11-23", "-:0:/samtal"),
    *("s1234567:1:yes", "a:b:c:d", "x" * 5000, "/start " + "a" * 24, "Ö2K-4FM", "\u202e", "\x00", "<b>&", "%s {0}"),
)


@cache
def fields_of(kind: type) -> tuple[tuple[str, Any, bool], ...]:
    """What an object of the Bot API has: the name, of which type, and whether it must be there."""
    held = []
    for name, one in inspect.signature(kind.__init__).parameters.items():  # type: ignore[misc]
        if name in ("self", "api_kwargs", "args", "kwargs") or one.kind is one.VAR_KEYWORD:
            continue
        held.append((RENAMED.get(name, name), _read(one.annotation), one.default is inspect.Parameter.empty))
    return tuple(held)


@cache
def _read(annotation: Any) -> Any:
    """A type, also where the library writes it as a text."""
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if not isinstance(annotation, str):
        return annotation
    return eval(annotation, {**vars(telegram), **vars(typing), "dtm": datetime, "Sequence": Sequence})  # noqa: S307


class Maker:
    """Makes updates.

    Args:
        random: chance.
        people: whose ids those who speak have.
        first: the number of the first update.
    """

    def __init__(self, random: Random, people: Sequence[int], first: int = 1) -> None:
        self._random = random
        self._people = people
        self._next = first

    def update(self) -> dict[str, Any]:
        """An update as Telegram could write it: now and then of a kind that nobody has asked for."""
        made: dict[str, Any] = {"update_id": self._next}
        self._next += 1
        kind = self._random.choice(("message", "edited_message", "callback_query", "callback_query", "other"))
        if kind == "other":
            kind, annotation, _ = self._random.choice([one for one in fields_of(Update) if one[0] != "update_id"])
            made[kind] = self._value(annotation, 1)
        else:
            made[kind] = self._object({"callback_query": CallbackQuery}.get(kind, Message), 1)
        return made

    def spoilt(self) -> Any:
        """An update in which one to three things are not as they should be."""
        made: Any = self.update()
        for _ in range(self._random.randint(1, 3)):
            made = self._spoil(made)
        return made

    def body(self) -> bytes:
        """A spoilt update as it would come over the wire, also with what JSON of other makers has."""
        return json.dumps(self.spoilt()).encode("utf-8", "surrogatepass")

    # one object

    def _object(self, kind: type, depth: int) -> dict[str, Any]:
        held = {}
        for name, annotation, must in fields_of(kind):
            if must or (depth <= DEEPEST and self._random.random() < (0.25 if depth < 2 else 0.1)):
                held[name] = self._value(annotation, depth + 1)
        if kind in (Message, CallbackQuery):
            held["from"] = self._object(User, depth + 1) | {"id": self._random.choice(self._people)}
        if kind is Message:
            held["chat"] = {"id": held["from"]["id"], "type": self._random.choice(("private",) * 4 + ("group",))}
            if self._random.random() < 0.5:
                held["text"] = self._random.choice(WORDS)
        if kind is CallbackQuery and self._random.random() < 0.7:
            held["data"] = self._random.choice(WORDS)
            held["message"] = {
                "message_id": self._random.randint(1, 50),
                "date": 0,
                "chat": {"id": 1, "type": "private"},
            }
        return held

    def _value(self, annotation: Any, depth: int) -> Any:
        annotation = _read(annotation)
        origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in (typing.Union, types.UnionType):
            return self._value(self._random.choice([one for one in inside if one is not type(None)]), depth)
        if origin is not None and isinstance(origin, type) and issubclass(origin, Sequence) and inside:
            return [self._value(inside[0], depth + 1) for _ in range(self._random.randint(0, 2))]
        if isinstance(annotation, type):
            if issubclass(annotation, TelegramObject):
                return self._object(annotation, depth)
            for known, made in _MADE.items():
                if issubclass(annotation, known):
                    return made(self._random)
        return self._random.choice(WORDS)

    # spoiling

    def _spoil(self, made: Any) -> Any:
        """Another thing in some place of it, or the place taken away."""
        holder, key = self._place(made)
        if holder is None:
            return self._odd()
        if self._random.random() < 0.25:
            del holder[key]
        else:
            holder[key] = self._odd()
        return made

    def _place(self, made: Any) -> tuple[Any, Any]:
        holder, key, at = None, None, made
        while isinstance(at, dict | list) and at and (holder is None or self._random.random() < 0.7):
            holder = at
            key = self._random.choice(self._keys(at, first=at is made))
            at = at[key]
        return holder, key

    def _keys(self, at: Any, *, first: bool) -> list[Any]:
        """Where it may go on; the update's own number is seldom spoilt, since nothing else of it is read then."""
        keys = sorted(at) if isinstance(at, dict) else list(range(len(at)))
        if first and len(keys) > 1 and "update_id" in keys and self._random.random() < 0.9:
            keys.remove("update_id")
        return keys

    def _odd(self) -> Any:
        return self._random.choice(ODD)()


_MADE: dict[type, Callable[[Random], Any]] = {
    bool: lambda random: random.random() < 0.5,
    int: lambda random: random.randint(0, 1 << 40),
    float: lambda random: random.random(),
    datetime.datetime: lambda random: random.randint(0, 1 << 31),
    datetime.timedelta: lambda random: random.randint(0, 1 << 20),
    str: lambda random: random.choice(WORDS),
}
"""``bool`` before ``int``, which it is one of."""


def nested(times: int) -> Any:
    """Lists in lists, deeper than any update."""
    held: Any = []
    for _ in range(times):
        held = [held]
    return held


ODD: tuple[Callable[[], Any], ...] = (
    *(lambda: None, lambda: True, lambda: 0, lambda: -1, lambda: 1.5, lambda: "", lambda: "7", list, dict),
    *(lambda: 1 << 63, lambda: -(1 << 63) - 1, lambda: 10**400, lambda: float("nan"), lambda: float("inf")),
    *(lambda: "\ud800", lambda: "å" * 20_000, lambda: "1 " * 20_000, lambda: [[{}]], lambda: {"id": {"id": []}}),
    *(lambda: nested(200), lambda: [0] * 5_000, lambda: {str(number): number for number in range(500)}),
    lambda: {"inline_keyboard": [[{"text": "x" * 100, "callback_data": "y" * 100}] * 8] * 100},
)
"""What may stand where something else should: other types, numbers beyond what a store has room for, and far too much.
"""
