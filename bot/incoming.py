"""What comes from a channel, in the desk's terms: somebody typed, pressed a button, or sent what is not read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody typed something.

    :ivar update: the channel's number of the update.
    :ivar address: who, in the channel's terms.
    :ivar message: the channel's id of their message, or ``None`` where it has none.
    :ivar text: what they typed.
    :ivar screen: the screen they typed it under, as ``SESSION:REVISION``; ``None`` where the channel cannot tell.
    """

    update: int
    address: str
    message: int | None
    text: str
    screen: str | None = None


@dataclass(frozen=True, slots=True)
class Pressed:
    """Somebody pressed a button.

    :ivar message: the id of the message the button is on.
    :ivar query: the channel's id of the press.
    :ivar data: what the button carries: session, revision and value.
    :ivar before: values that were pressed on the same screen right before, where a form sends them all at once.
    """

    update: int
    address: str
    message: int | None
    query: str | None
    data: str
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """Somebody sent what is not read: a photo, a voice message, an edited message.

    :ivar kind: ``photo``, ``voice``, ``sticker`` and so on, or ``edited``.
    """

    update: int
    address: str
    message: int | None
    kind: str


@dataclass(frozen=True, slots=True)
class InGroup:
    """Somebody spoke to the bot in a group.

    :ivar address: the group.
    """

    update: int
    address: str


Incoming = Said | Pressed | Sent | InGroup


def invitation_in(text: str) -> str | None:
    """The invitation in what somebody typed.

    :param text: what they typed.
    :returns: what may be a code, or ``None``.
    """
    words = text.split()
    if len(words) == 2 and words[0].split("@", 1)[0] == "/start" and words[1].isalnum():
        return words[1]
    return None


def command_in(words: str) -> tuple[str, str]:
    """What a command says: read in one way by what does it and by the log.

    :param words: what was typed, or what a button carries, with its slash.
    :returns: the command without its slash, and what stands behind it.
    """
    command, _sep, rest = words[1:].strip().partition(" ")
    return command, rest
