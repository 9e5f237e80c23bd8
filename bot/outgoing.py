"""What goes to a channel: the rows of the outbox, what its buttons carry, and what became of each row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from dialogs.texts import Words, say
from dialogs.texts import mark as _
from state.screen import Button, Screen
from state.store import Leaving

REMINDER = _("Du har en påminnelse.")
"""All that is said of a reminder where others can read along."""

Row = tuple[str, dict[str, Any]]
"""Of the outbox: whose chat, and what is done there."""

Job = Callable[[], Awaitable[list[Leaving]]]
"""What takes its time, done beside a channel's work; gives what is to be sent."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message of the outbox that is done with.

    :ivar row: its row in the outbox.
    :ivar address: whose it was.
    :ivar live: the message that shows the person's dialog now; ``None`` where this changed nothing.
    :ivar fault: why it was given up, or ``None`` where it arrived.
    :ivar moved: where a note was to be shown, and the message it was sent in instead.
    :ivar rang: the message that a ring of the doorbell was sent in.
    :ivar stands: the messages that were sent for it.
    :ivar gone: the messages that were taken away by it.
    """

    row: int
    address: str
    live: int | None = None
    fault: str | None = None
    moved: tuple[int | None, int] | None = None
    rang: int | None = None
    stands: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()


def moved(payload: dict[str, Any], at: int | None) -> tuple[int | None, int] | None:
    """Whether a note had to be sent anew, since the message that was to show it is gone.

    :param payload: what was sent.
    :param at: the message that shows it.
    :returns: for :attr:`Delivered.moved`.
    """
    if not payload.get("note") or at is None or at == payload["message"]:
        return None
    return payload["message"], at


def press_data(screen: Screen, button: Button) -> str:
    """What a button carries, so that an old or forged one is recognised.

    :param screen: the screen it is on.
    :param button: the button.
    :returns: session, revision and value; ``lots lint`` holds it to 64 bytes.
    """
    return f"{screen.session}:{screen.revision}:{button.value}"


def show(
    screen: Screen,
    *,
    on: str,
    message: int | None = None,
    query: str | None = None,
    live: bool = True,
    banner: str | None = None,
    note: bool = False,
) -> dict[str, Any]:
    """What the outbox holds of a screen: what to show, and on which message.

    :param screen: what to show.
    :param on: ``new`` (a new message), ``live`` (the one that shows the dialog), ``press`` (the one pressed) or
        ``there`` (the one named, and nothing where that is gone).
    :param message: the one pressed or named.
    :param query: the press to be answered.
    :param live: whether the message shows the dialog from now on; a page beside a dialog does not.
    :param banner: what stands above the words.
    :param note: whether it is a note, which is taken away again: then the desk is told where it was sent.
    :returns: plain JSON; ``heard`` may be put in, where a phone may make a sound.
    """
    held = {"do": "show", "screen": screen.as_json(), "on": on, "message": message, "query": query}
    return held | {"live": live, "banner": banner, "note": note}


def neutral(words: Words) -> dict[str, Any]:
    """A line to somebody who is not let in.

    :param words: the line; nothing in it says what the bot is for.
    :returns: the row of an outbox.
    """
    return show(Screen(text=say(words, "sv"), rows=()), on="new")
