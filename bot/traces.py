"""The chat that erases itself: what is taken away from a chat that somebody else keeps, and when.

A message goes when the dialog is done, within the hour when nothing happens, and after 36 hours at the latest, since
Telegram deletes nothing that is older than 48. What cannot be taken away is tried again, then counted, and told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from bot.incoming import Incoming
from bot.outgoing import Delivered, Row
from dialogs.texts import mark as _
from dialogs.texts import say
from state.screen import Button, Screen, stack
from state.store import Store
from state.store.traces import ChatDue

log = logging.getLogger("lots.traces")

KEPT_ELSEWHERE = frozenset({"telegram"})
"""The channels whose chats are kept by somebody else; the others keep them here, and do what the outbox says."""

CONTINUE = "continue"
"""The value of the button under a neutral line."""

HIDDEN = _("Tryck på Fortsätt när du vill gå vidare.")


def hidden(language: str, *above: str) -> Screen:
    """The neutral line that stands where something was hidden; it names no case and says nothing of what this is.

    :param language: of the person.
    :param above: neutral lines too.
    :returns: the screen.
    """
    text = "\n".join(say(words, language) for words in (*above, HIDDEN))
    return Screen(text=text, rows=stack([Button(say(_("Fortsätt"), language), CONTINUE)]))


def erase(address: str, messages: Iterable[int]) -> list[Row]:
    """Take messages away, whoever wrote them.

    :param address: whose chat.
    :param messages: the messages.
    :returns: the row of an outbox; none where there is nothing to take away.
    """
    named = list(messages)
    return [(address, {"do": "erase", "messages": named})] if named else []


def heard(store: Store, channel: str, updates: Iterable[Incoming], now: datetime) -> None:
    """Remember the messages that came, and those whose buttons were pressed; in the commit that keeps the updates.

    :param store: the store.
    :param channel: where they came from.
    :param updates: those that are kept.
    :param now: the time.
    """
    if channel not in KEPT_ELSEWHERE:
        return
    came = {
        (update.address, message): hasattr(update, "query")  # a button stands on a message of ours
        for update in updates
        if (message := getattr(update, "message", None)) is not None
    }
    store.traced(channel, [(address, message, ours) for (address, message), ours in came.items()], now)
    store.touched(channel, {address for address, _ in came}, now)


def delivered(store: Store, channel: str, sent: Sequence[Delivered], now: datetime) -> None:
    """Remember the messages that were sent, and forget those that have gone; in the commit that marks the outbox.

    :param store: the store.
    :param channel: where.
    :param sent: what became of each row of the outbox, in order.
    :param now: the time.
    """
    if channel not in KEPT_ELSEWHERE:
        return
    for done in sent:
        store.traced(channel, [(done.address, message, True) for message in done.stands], now)
        store.untraced(channel, done.address, done.gone)


def beside(
    store: Store, channel: str, stand: Iterable[tuple[str, int]], gone: Iterable[tuple[str, int]], now: datetime
) -> None:
    """Remember the messages that are being taken away beside the outbox, and forget those that have gone.

    A program that ends before they have gone leaves them to the sweep. Many share the one transaction that this is.

    :param store: the store.
    :param channel: where.
    :param stand: whose chat, and the message.
    :param gone: the same of those that have gone.
    :param now: the time.
    :raises StoreError: nothing of it is kept.
    """
    with store.transaction():
        for address, messages in _by_chat(stand).items():
            store.traced(channel, [(address, message, False) for message in messages], now)
            store.tried(channel, address, messages, now)
        for address, messages in _by_chat(gone).items():
            store.untraced(channel, address, messages)


def _by_chat(messages: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    chats: dict[str, list[int]] = {}
    for address, message in messages:
        chats.setdefault(address, []).append(message)
    return chats


def starts(store: Store, channel: str, now: datetime) -> None:
    """Let the first sweep try what was being taken away when the program ended.

    :param store: the store.
    :param channel: the channel that starts.
    :param now: the time.
    """
    if channel in KEPT_ELSEWHERE:
        with store.transaction():
            store.try_at_once(channel, now)


def swept(store: Store, channel: str, now: datetime, hide: Callable[[ChatDue], list[Row]]) -> list[Row]:
    """Take away what has stood for too long; inside a transaction, every minute.

    :param store: the store.
    :param channel: the channel that runs.
    :param now: the time.
    :param hide: what to do in a chat of somebody who is known here; what it names is tried again until it is gone.
    :returns: what is to be done in the chats.
    """
    if channel not in KEPT_ELSEWHERE:
        return []
    if left := store.give_traces_up(channel, now):
        log.warning("messages could not be taken away", extra={"event": "LeftInChat", "number": left})
    rows: list[Row] = []
    for chat in store.chats_due(channel, now):
        store.tried(channel, chat.address, chat.messages, now)
        rows += hide(chat)
    return rows


def take_over(store: Store, other: Store) -> int:
    """Take over what the other mode left in the chats: it serves nobody while this one does.

    :param store: of the mode that starts.
    :param other: of the other mode.
    :returns: how many messages.
    """
    left = other.ledger()
    if left:
        with store.transaction():  # first here: where it ends in between, both take it away
            store.take_over(left)
        with other.transaction():
            other.empty_ledger()
    return len(left)
