"""The pages: what the templates are given, and how they are rendered."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.pages import COMMAND, NOTE
from dialogs.answers import DONE
from dialogs.case_code import SHAPE
from dialogs.texts import translate
from state.screen import NO_SESSION, Button, Screen
from state.session import ANOTHER, CHANGE, MORE, NO_GO_ON, RESUME, SAVE, START_OVER, YES_ABANDON

STATIC = files("bot.web") / "static"
TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "png": "image/png"}
TYPED = ("date", "month", "number", "code")
"""The kinds of answer that have a field to type in; the others are pressed."""


_RULES = r"\((?:[A-ZÅÄÖ]{2,4}-\d+[a-z]?(?:, )?)+\)$"
_TO_DO = rf"(?<!\S)/[a-z]+(?: {SHAPE.pattern})?(?![\w/])"
_TOLD_APART = re.compile(
    rf"(?P<command>{_TO_DO})|(?P<code>\b{SHAPE.pattern}\b)|(?P<rules>{_RULES})|(?P<day>\b\d{{4}}-\d\d-\d\d\b)"
)
_ASKED = re.compile(r"\?(?: |$)")
_PAIR = re.compile(r"([^:.?!()–]{1,40}:) (\S.*)")
_ALARM = re.compile(r"(?:^|[.?!] )(?:Ring 112|Fara för liv|Call 112|Danger to life)\b")
_RINGS = re.compile(r"\b(?:[Rr]ing(?:a|er)?|[Cc]all)\b[^.]* (?:112|114 14)\b")
_EMERGENCY = re.compile(r"\b(?:112|114 14)\b")
_RULE_TOLD = re.compile(r"\w+ [A-ZÅÄÖ]{2,4}-\d+[a-z]?, ")
_NUMBER = re.compile(r"\+?[\d -]{3,20}")

LONGEST_LABEL_WORD, LONGEST_VALUE_WORD = 11, 16
"""Characters of a word that fits beside the other half of a pair on a narrow telephone."""

LONGEST_HEADING = 100
"""Characters of a line that heads a message without asking; a longer one is a text."""

ON_THE_WAY = (CHANGE, RESUME, START_OVER, ANOTHER, YES_ABANDON, NO_GO_ON)
"""What answers a question beside the talk, or changes an answer: as much a choice as any answer."""


@dataclass(frozen=True)
class Block:
    """Lines of a message that stand together.

    :ivar kind: ``told`` for what is said about what was just done; ``ask`` for the line that asks, which heads the
        message; ``text`` for a line; ``pairs`` for lines of the form "Label: value", each as both halves; ``list`` for
        the lines of a list; ``part`` for the heading of what stands under it; ``after`` for a line that ends with a
        colon and what stands under it; ``piece`` for words that are copied.
    :ivar lines: the words; those of all blocks in order are the message's.
    """

    kind: str
    lines: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Bubble:
    """A message of the chat, as a template shows it.

    :ivar number: the message's number.
    :ivar screen: what it shows.
    :ivar live: whether it shows the dialog.
    :ivar open: whether its buttons stand open; those of older messages are folded.
    :ivar nonce: the number of what will be done here, so that it is done once; what is typed has the one after it.
    """

    number: int
    screen: Screen
    live: bool
    open: bool
    nonce: int

    @property
    def lines(self) -> list[str]:
        """The words, line by line, without what is said about what was just done; an empty one parts paragraphs."""
        return self.screen.text.splitlines()[self.screen.told :]

    @property
    def said(self) -> list[str]:
        """What is said about what was just done: a refusal, help, a notice; it stands above the question."""
        return [line for line in self.screen.text.splitlines()[: self.screen.told] if line]

    @property
    def blocks(self) -> list[Block]:
        """The words as they are laid out; every line is in one block, and in it whole."""
        told = [Block("told", [[line] for line in self.said])] if self.said else []
        pieces = [button.copy for button in self.copies if button.copy is not None]
        whole = "\n\n".join(pieces)
        if not pieces or not self.screen.text.endswith(whole):
            return [*told, *_blocks(self.lines, self._asks())]
        above = self.screen.text.removesuffix(whole).splitlines()[self.screen.told :]
        copied = [Block("piece", [[line] for line in piece.splitlines()]) for piece in pieces]
        return [*told, *_blocks(above, 0), *copied]

    @property
    def headed(self) -> bool:
        """Whether a line heads it."""
        return any(block.kind == "ask" for block in self.blocks)

    def _asks(self) -> int:
        """Which line asks: the last where something is waited for, the last question in a dialog, else the first."""
        lines = self.lines
        if self.screen.typed != "nothing" and self.in_a_dialog:
            return len(lines) - 1
        above = lines[: lines.index("")] if "" in lines else lines
        first = next((number for number, line in enumerate(above) if tone(line) != "sos"), 0)
        asking = [number for number, line in enumerate(above) if _ASKED.search(line)]
        return asking[-1] if self.in_a_dialog and asking else first

    @property
    def is_a_text(self) -> bool:
        """Whether it is a text to be copied: then copying comes first."""
        return any(block.kind == "piece" for block in self.blocks)

    @property
    def note_of_what_was_saved(self) -> Button | None:
        """The button that shows the note, or the first of them, in the menu that comes when something is saved."""
        buttons = self.screen.buttons
        is_a_menu = any(button.value.startswith(COMMAND) for button in buttons)
        return next((button for button in buttons if button.value.startswith(NOTE)), None) if is_a_menu else None

    @property
    def asks_what_to_change(self) -> bool:
        """Whether it lists the answers that can be changed, and no answer."""
        return all(button.value.startswith("!") for button in self.screen.buttons)

    @property
    def numbers(self) -> list[str]:
        """The telephone numbers that a button rings, 112 first: those that are copied, and 112 where that is asked."""
        held = [button.copy for button in self.copies if button.copy is not None and _NUMBER.fullmatch(button.copy)]
        alarms = any(block.kind == "ask" and tone(block.lines[0][0]) == "sos" for block in self.blocks)
        return sorted({*held, "112"} if alarms else held, key=lambda number: number != "112")

    @property
    def place(self) -> str:
        """The session and revision it shows, for what is typed or sent from it."""
        return f"{self.screen.session}:{self.screen.revision}"

    @property
    def items(self) -> list[Button]:
        """The lines of a list."""
        return [button for button in self.screen.buttons if button.item is not None]

    @property
    def copies(self) -> list[Button]:
        """The buttons that copy."""
        return [button for button in self.screen.buttons if button.copy is not None]

    @property
    def rows(self) -> list[list[Button]]:
        """All other buttons, in their rows."""
        kept = [[b for b in row if b.item is None and b.copy is None] for row in self.screen.rows]
        return [row for row in kept if row]

    @property
    def field(self) -> str | None:
        """What may be typed here; ``None`` where buttons are all there is."""
        return self.screen.typed if self.screen.typed in TYPED else None

    @property
    def in_a_dialog(self) -> bool:
        """Whether it belongs to a dialog."""
        return self.screen.session != NO_SESSION

    @property
    def mark(self) -> str:
        """Changes whenever the message does."""
        return hashlib.sha256(f"{self.screen.as_json()}{self.live}{self.open}".encode()).hexdigest()[:12]


def _blocks(lines: Sequence[str], asks: int) -> Iterator[Block]:
    """Lay lines out; an empty one ends what stands together."""
    after: list[str] = []
    kinds: list[tuple[str, str]] = []
    for number, line in enumerate(lines):
        if after or (line.endswith(":") and number and not lines[number - 1]):
            after.append(line)
        elif number == asks and line and (len(line) <= LONGEST_HEADING or _ASKED.search(line)):
            kinds.append(("ask", line))
        elif line.startswith("– "):
            kinds.append(("list", line))
        elif number and not lines[number - 1] and line[-1:].isalnum() and not _PAIR.fullmatch(line):
            kinds.append(("part", line))
        else:
            paired = _PAIR.fullmatch(line) and not tone(line)
            kinds.append(("pairs" if paired else "text" if line else "", line))
    for kind, run in groupby(kinds, lambda one: one[0]):
        held = [line for _kind, line in run]
        if kind == "pairs" and len(held) > 1:
            yield Block(kind, [_PAIR.fullmatch(line).groups() for line in held])  # type: ignore[union-attr]
        elif kind in ("list", "part"):
            yield Block(kind, [[line] for line in held])
        elif kind == "ask":
            question, mark, rest = held[0].partition("? ")
            yield Block(kind, [[f"{question}?", rest] if mark else [question]])
        elif kind:
            yield from (Block("text", [[line]]) for line in held)
    if after:
        yield Block("after", [[line] for line in after if line])


def tone(line: str) -> str:
    """What a line is, where it is to look it.

    :param line: a line of a message.
    :returns: ``sos`` where it tells the reader to ring 112, ``law`` where it tells a rule, else nothing. What only
        names 112, as an answer or a record does, is no alarm.
    """
    if (found := _ALARM.search(line)) and (found.start() == 0 or not _PAIR.fullmatch(line)):
        return "sos"
    return "law" if _RULE_TOLD.match(line) else ""


def rich(line: str, acts: bool = False) -> Markup:
    """A line with what is no prose told apart: case codes, days in figures, and the rules at its end.

    :param line: a line of a message.
    :param acts: whether what it says to do can be done from it: 112 and 114 14 rung, where it says to ring them, and a
        command pressed, since a page has no place to write it. The page then has the form ``kommando``.
    :returns: HTML whose words are those of the line.
    """
    held, end = Markup(), 0
    for found in _TOLD_APART.finditer(line):
        held += _to_ring(line[end : found.start()], acts and _says_to_ring(line))
        held += _told_apart(found, acts)
        end = found.end()
    return held + _to_ring(line[end:], acts and _says_to_ring(line))


def _told_apart(found: re.Match[str], acts: bool) -> Markup:
    words = found.group()
    if found.lastgroup != "command":
        return Markup('<span class="{}">{}</span>').format(found.lastgroup, words)
    if not acts:
        return escape(words)
    return Markup('<button class="command" form="kommando" name="tryck" value="{0}">{0}</button>').format(words)


def is_wide(label: str, value: str) -> bool:
    """Whether the halves of a pair hold words that would be broken beside each other on a narrow telephone.

    :param label: the one half.
    :param value: the other.
    :returns: whether they go under each other there.
    """
    halves = ((label, LONGEST_LABEL_WORD), (value, LONGEST_VALUE_WORD))
    return any(len(word) > longest for half, longest in halves for word in half.split())


def asked_before(question: str) -> str:
    """A question that has been answered, as it stands above the next one.

    :param question: its words, line by line.
    :returns: them without what tells the reader to ring 112: the question that waits tells it, or nothing does.
    """
    lines = question.splitlines()
    return " ".join([line for line in lines if tone(line) != "sos"] or lines)


def _says_to_ring(line: str) -> bool:
    return tone(line) == "sos" or _RINGS.search(line) is not None


def _to_ring(words: str, ring: bool) -> Markup:
    held, end = Markup(), 0
    for found in _EMERGENCY.finditer(words) if ring else ():
        held += escape(words[end : found.start()])
        held += Markup('<a class="ring" href="{}">{}</a>').format(tel(found.group()), found.group())
        end = found.end()
    return held + escape(words[end:])


def tel(number: str) -> str:
    """The address that rings a number.

    :param number: as it is written.
    :returns: a ``tel:`` address.
    """
    return f"tel:{re.sub('[ -]', '', number)}"


def weight(button: Button, bubble: Bubble) -> str:
    """How much a button weighs on the page.

    :param button: the button.
    :param bubble: the message it stands under.
    :returns: ``main`` for what saves, ends a list, reads on or shows the note of what was saved, ``quiet`` for the
        ways around, else ``choice``.
    """
    value = button.value
    if value in (SAVE, DONE) or value.startswith(f"{MORE}:") or button is bubble.note_of_what_was_saved:
        return "choice" if bubble.is_a_text else "main"
    if value in ON_THE_WAY or (value.startswith(f"{CHANGE}:") and bubble.asks_what_to_change):
        return "choice"
    return "quiet" if value.startswith(("!", "/hjalp")) else "choice"


@cache
def _files() -> dict[str, tuple[bytes, str, str]]:
    """Every file there is: what is asked for by another name is nowhere."""
    found = {}
    for file in STATIC.iterdir():
        content = file.read_bytes()
        found[file.name] = content, TYPES[file.name.rsplit(".", 1)[-1]], hashlib.sha256(content).hexdigest()[:12]
    return found


def static(name: str) -> tuple[bytes, str, str]:
    """A file that every page may use; none of them holds anything of a case.

    :param name: the file's name.
    :returns: its bytes, its type, and its digest.
    :raises KeyError: there is no such file.
    """
    return _files()[name]


def address_of(name: str) -> str:
    """Where a file is fetched; another version has another address, so that it may be kept for ever.

    :param name: the file's name.
    :returns: a path.
    """
    return f"/static/{static(name)[2]}/{name}"


@cache
def _environment() -> Environment:
    held = Environment(
        loader=PackageLoader("bot.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    held.globals |= {
        "static": address_of,
        "rich": rich,
        "tel": tel,
        "tone": tone,
        "asked_before": asked_before,
        "is_wide": is_wide,
        "fresh": lambda: secrets.randbits(62),
    }
    held.filters["weight"] = weight
    return held


def render(name: str, language: str, **what: Any) -> str:
    """Render a page.

    :param name: the template, without its ending.
    :param language: the reader's language.
    :param what: what the template shows.
    :returns: HTML.
    """

    def say(words: str) -> str:
        return translate(language, words)

    return _environment().get_template(f"{name}.html").render(_=say, lang=language, **what)


def bubbles(messages: dict[int, Screen], live: int | None, nonces: Sequence[int]) -> list[Bubble]:
    """The chat as a template shows it: the live message's buttons stand open, and those of the pages above it.

    :param messages: by number, oldest first.
    :param live: the message that shows the dialog.
    :param nonces: as many numbers as messages.
    :returns: the bubbles.
    """
    newest = max(messages, default=0)
    return [
        Bubble(number, screen, number == live, number in (newest, live) or _is_a_page(screen), nonce)
        for (number, screen), nonce in zip(messages.items(), nonces, strict=True)
    ]


def _is_a_page(screen: Screen) -> bool:
    """Whether it is a text that is to be copied; its buttons must not be looked for."""
    return any(button.copy is not None and not _NUMBER.fullmatch(button.copy) for button in screen.buttons)
