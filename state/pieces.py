"""A text cut into pieces that a copy button can hold, and into pages that a message can."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

LONGEST_PIECE = 256
"""UTF-16 code units: what a copy button may hold (https://core.telegram.org/bots/api#copytextbutton)."""


def pieces(lines: Iterable[str]) -> list[str]:
    """Cut a text into as few pieces as possible, between lines; only a line longer than a piece is cut at a blank.

    :param lines: the text's lines.
    :returns: pieces of 1 to :data:`LONGEST_PIECE` UTF-16 code units; joined with newlines they are the whole text.
    """
    found: list[str] = []
    held: str | None = None
    for glue, part in _parts(lines):
        if held is None:
            held = part
        elif units(grown := held + glue + part) <= LONGEST_PIECE:
            held = grown
        else:
            found.append(held)
            held = part
    if held is not None:
        found.append(held)
    return [piece for piece in found if piece.strip()]  # a phone copies no blank


def units(text: str) -> int:
    """How long a text is as Telegram counts.

    :param text: any text.
    :returns: UTF-16 code units.
    """
    return len(text.encode("utf-16-le")) // 2


def _parts(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What is never cut, each with what stands before it: a line, or a word of a long line, or a sign of a long word.

    Taking each piece as full as it goes is then also taking as few as possible.
    """
    for line in lines:
        if units(line) <= LONGEST_PIECE:
            yield "\n", line
            continue
        before = "\n"
        for word in line.split(" "):
            for number, part in enumerate((word,) if units(word) <= LONGEST_PIECE else word):
                yield "" if number else before, part
            before = " "


LONGEST_PAGE = 3000
"""Characters of a page; Telegram takes 4,096 in a message, and a notice may stand above."""


def in_pages(lines: Sequence[str]) -> list[list[str]]:
    """Lines in pages that one message can hold; no line is cut but one that is a whole list.

    :param lines: in the order they are read.
    :returns: at least one page.
    """
    found: list[list[str]] = [[]]
    parts = (part for line in lines for part in (line.split("; ") if len(line) > LONGEST_PAGE // 2 else [line]))
    for line in parts:
        if found[-1] and sum(len(one) + 1 for one in found[-1]) + len(line) > LONGEST_PAGE:
            found.append([])
        found[-1].append(line)
    return found
