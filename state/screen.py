"""What a channel sees: words and buttons, and nothing it has to decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

WIDEST_LABEL = {1: 60, 2: 17, 3: 11}
"""How many characters a button's label may have by the number of buttons in its row, on a phone 360 px wide."""


NO_SESSION = "-"
"""What a screen has for a session's id where it belongs to none."""


@dataclass(frozen=True, slots=True)
class ListItem:
    """A line of a list, for a channel that shows its states all at once; the others show only the button's words.

    :ivar name: what the line is about, in the reader's language.
    :ivar states: the states and their words, in the order that presses step through them; a box has ``off`` and ``on``.
    :ivar now: the state it stands in.
    """

    name: str
    states: tuple[tuple[str, str], ...]
    now: str

    @property
    def is_box(self) -> bool:
        """Whether it is only in or out."""
        return [state for state, _ in self.states] == ["off", "on"]

    def presses_to(self, state: str) -> int:
        """How many presses bring it to a state.

        :param state: one of its states.
        :returns: presses; 0 where it stands there, or has no such state.
        """
        order = [one for one, _ in self.states]
        if state not in order or self.now not in order:
            return 0
        return (order.index(state) - order.index(self.now)) % len(order)


@dataclass(frozen=True, slots=True)
class Button:
    """A button.

    :ivar label: the words on it, in the reader's language.
    :ivar value: what comes back when it is pressed.
    :ivar copy: what the phone then puts on the clipboard, and nothing comes back; ``None`` for all other buttons.
    :ivar item: the line of a list that it steps on; ``None`` for all other buttons.
    """

    label: str
    value: str
    copy: str | None = None
    item: ListItem | None = None


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """One screen.

    :ivar text: the words; lines are split by newlines.
    :ivar rows: the buttons.
    :ivar typed: what may be typed: ``choice``, ``date``, ``number``, ``code``, ``several``, ``three_state``, or
        ``nothing``.
    :ivar session: the session's id, or :data:`NO_SESSION`.
    :ivar revision: the session's revision; a button of another revision is stale.
    :ivar progress: which question this is and of how many, the presets not counted; ``None`` off the questions.
    :ivar told: how many of the first lines are about what was just done and stand above the question: a refusal, help.
    :ivar refused: whether they refuse what was answered; help and the like refuse nothing.
    """

    text: str
    rows: Rows
    typed: str = "nothing"
    session: str = NO_SESSION
    revision: int = 0
    progress: tuple[int, int] | None = None
    told: int = 0
    refused: bool = False

    @property
    def buttons(self) -> tuple[Button, ...]:
        """All buttons in reading order."""
        return tuple(button for row in self.rows for button in row)

    def as_json(self) -> dict[str, Any]:
        """The screen as plain JSON, for the outbox.

        :returns: a dict that :meth:`from_json` reads.
        """
        return {
            "text": self.text,
            "rows": [[_held(button) for button in row] for row in self.rows],
            "typed": self.typed,
            "session": self.session,
            "revision": self.revision,
            "progress": self.progress,
            "told": self.told,
            "refused": self.refused,
        }

    @classmethod
    def from_json(cls, held: dict[str, Any]) -> Screen:
        """Read a screen back.

        :param held: what :meth:`as_json` gave.
        :returns: the screen.
        """
        rows = tuple(tuple(_read(button) for button in row) for row in held["rows"])
        progress = held["progress"]
        return cls(
            text=held["text"],
            rows=rows,
            typed=held["typed"],
            session=held["session"],
            revision=held["revision"],
            progress=(progress[0], progress[1]) if progress else None,
            told=held.get("told", 0),
            refused=held.get("refused", False),
        )


def _held(button: Button) -> list[Any]:
    if button.item is not None:
        return [button.label, button.value, button.copy, [button.item.name, button.item.states, button.item.now]]
    return [button.label, button.value, *([] if button.copy is None else [button.copy])]


def _read(held: Sequence[Any]) -> Button:
    if len(held) < 4:
        return Button(*held)
    name, states, now = held[3]
    return Button(held[0], held[1], held[2], ListItem(name, tuple((state, words) for state, words in states), now))


def pack(buttons: Iterable[Button]) -> Rows:
    """Lay buttons out in rows that a thumb can hit: as many in a row as their labels leave room for, at most three.

    :param buttons: in reading order.
    :returns: rows; every button is in one.
    """
    rows: list[tuple[Button, ...]] = []
    row: list[Button] = []
    for button in buttons:
        grown = [*row, button]
        if row and (len(grown) > 3 or any(len(b.label) > WIDEST_LABEL[len(grown)] for b in grown)):
            rows.append(tuple(row))
            grown = [button]
        row = grown
    if row:
        rows.append(tuple(row))
    return tuple(rows)


def stack(*groups: Sequence[Button]) -> Rows:
    """Lay groups of buttons under each other, each packed by itself.

    :param groups: the answers first, then the ways around.
    :returns: rows.
    """
    return tuple(row for group in groups for row in pack(group))
