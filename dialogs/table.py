"""Tables as data, for channels that can show more than text; a channel of text shows lines and needs none of this."""

from __future__ import annotations

from dataclasses import dataclass

from dialogs.records import Entry
from dialogs.texts import Text, Verbatim, Words


@dataclass(frozen=True)
class Cell:
    """One cell.

    :ivar words: what it says; it says everything, so that a colour adds nothing.
    :ivar status: a stored id of what it says, to colour it by; empty where there is nothing to colour.
    """

    words: Words
    status: str = ""


NOTHING_SAID = Cell(Verbatim("–"))
"""A cell that has nothing to say in its row."""


@dataclass(frozen=True)
class Row:
    """One row, and what it follows from.

    :ivar head: what the row is about.
    :ivar cells: a cell for each column but the first, which is the heads'.
    :ivar rules: the rules it follows from.
    :ivar records: the records it was read from, oldest first.
    """

    head: Words
    cells: tuple[Cell, ...]
    rules: tuple[str, ...] = ()
    records: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table.

    :ivar caption: what it shows.
    :ivar columns: the heads of the columns; the first is that of the rows' own heads.
    :ivar rows: the rows as they are read.
    :raises ValueError: a row has more or fewer cells than the columns.
    """

    caption: Words
    columns: tuple[Words, ...]
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        if any(len(row.cells) != len(self.columns) - 1 for row in self.rows):
            raise ValueError(f"every row needs {len(self.columns) - 1} cells beside its head")


class Alone(Text):
    """Words of a sentence as they stand alone in a cell: with a capital first letter.

    :param words: the words as they stand inside a sentence.
    """

    __slots__ = ()

    def __init__(self, words: Text) -> None:
        super().__init__(words.msgid, **words.parts)

    def render(self, language: str) -> str:
        """See :class:`Text`."""
        said = super().render(language)
        return f"{said[:1].upper()}{said[1:]}"
