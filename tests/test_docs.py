"""The documents say what is: every command, setting, error code, event and link in them is held against the program."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from bot.cli import main
from dialogs import plain
from dialogs.policy import Policy
from dialogs.registry import DIALOGS
from dialogs.texts import say
from state import errors

ROOT = Path(__file__).resolve().parent.parent
README, MANUAL, DIALOGS_DOC = ROOT / "README.md", ROOT / "docs" / "drift.md", ROOT / "docs" / "dialoger.md"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

GENERATED = re.compile(r"^<!-- output .*?^<!-- end of output -->$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^ *```(?P<kind>\w*)\n(?P<body>.*?)^ *```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
COMMAND = re.compile(r"(?:^|/bin/)(?P<program>lots|make)(?P<words>(?: [^#\n]+)?)$")
MAKE_TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)

SHOWN_ELSEWHERE = ("text", "toml", "python")
"""Blocks that are a talk, a setting or an example of code, and hold no command."""


class Told(NamedTuple):
    """A command as a document gives it."""

    where: str
    program: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.where}: {' '.join((self.program, *self.words))}"


def written_by_hand(path: Path) -> str:
    return GENERATED.sub("", path.read_text("utf-8"))


def prose(text: str) -> str:
    return FENCE.sub("", text)


def told(path: Path) -> Iterator[Told]:
    text = written_by_hand(path)
    lines = [
        line.split(" # ")[0]
        for block in FENCE.finditer(text)
        if block["kind"] not in SHOWN_ELSEWHERE
        for line in block["body"].splitlines()
    ]
    for line in [*lines, *SPAN.findall(prose(text))]:
        if found := COMMAND.search(line.partition("#")[0].strip()):
            yield Told(path.name, found["program"], tuple(shlex.split(found["words"])))


def table(path: Path, first_cell: str) -> list[list[str]]:
    """The rows under the table whose first heading is this, as cells without back-ticks."""
    lines = written_by_hand(path).splitlines()
    (start,) = [n for n, line in enumerate(lines) if line.startswith(f"| {first_cell} |")]
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
    return rows


TOLD = sorted({command for path in DOCUMENTS for command in told(path)}, key=str)


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_is_told_of_by_hand(name: str) -> None:
    told_of = {command.words[:1] for command in TOLD if command.program == "lots" and command.where != "CHANGELOG.md"}
    assert (name,) in told_of, f"lots {name} stands in no document but the generated help"


def fault_of(words: tuple[str, ...]) -> str | None:
    """What is wrong with a `lots …` of a document; a word in capitals or with an ellipsis stands for any value."""
    at: click.Command = main
    left = list(words)
    while left:
        word = left.pop(0)
        if word.startswith("-"):
            known = {name: option for option in at.params for name in option.opts}
            option = known.get(word)
            if option is None and word not in ("--help", "-h"):
                return f"{at.name} has no option {word}"
            if isinstance(option, click.Option) and not option.is_flag:
                left.pop(0)
        elif at is main:
            if word not in main.commands:
                return f"there is no command {word}"
            at = main.commands[word]
    return None


@pytest.mark.parametrize("command", [c for c in TOLD if c.program == "lots"], ids=str)
def test_every_lots_command_of_the_documents_exists(command: Told) -> None:
    assert fault_of(command.words) is None


@pytest.mark.parametrize(
    ("line", "fault", "why"),
    [
        ("invite --role samordnare --district Farsta", None, "as the manual has it"),
        ("--mode chatt records --json", None, "flags stand before the command"),
        ("purge", "there is no command purge", "a command that is not built"),
        ("invite --name NAME", "invite has no option --name", "an option that is not there"),
        ("run --mode chatt", "run has no option --mode", "the flag is on the wrong side"),
    ],
)
def test_a_wrong_command_would_show(line: str, fault: str | None, why: str) -> None:
    assert fault_of(tuple(shlex.split(line))) == fault, why


@pytest.mark.parametrize("command", [c for c in TOLD if c.program == "make"], ids=str)
def test_every_make_target_of_the_documents_exists(command: Told) -> None:
    targets = set(MAKE_TARGET.findall((ROOT / "Makefile").read_text("utf-8")))
    asked = {word for word in command.words if "=" not in word and word != "…"}
    assert asked <= targets


def test_the_readme_begins_with_trying_and_testing() -> None:
    text = README.read_text("utf-8")
    first, second = list(FENCE.finditer(text))[:2]
    assert (first["body"], second["body"]) == ("make try\n", "make test\n")
    assert text[: second.end()].count("\n") < 25, "both stand within the first screenful"


# ── what the documents say of the program ────────────────────────────────────────────────────────────────────


def source(*folders: str) -> str:
    return "\n".join(path.read_text("utf-8") for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))


def test_the_table_of_variables_is_what_is_read() -> None:
    rows = table(README, "variable")
    assert {row[0] for row in rows} == set(re.findall(r'"(LOTS_[A-Z_]+)"', source("bot")))
    flags = {name for option in main.params for name in option.opts if name not in ("--version", "--help")}
    assert {row[1] for row in rows} - {""} == flags


def test_the_table_of_the_policy_is_the_policy() -> None:
    told_of = {name: default.replace("[", "(").replace("]", ",)") for name, default, _ in table(MANUAL, "namn")}
    ships = Policy()
    assert told_of == {field.name: repr(getattr(ships, field.name)).replace("'", '"') for field in fields(Policy)}


def test_every_error_code_says_what_to_do() -> None:
    def below(kind: type[errors.LotsError]) -> Iterator[type[errors.LotsError]]:
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    codes = {kind.code for kind in below(errors.LotsError)} - {errors.LotsError.code}
    rows = table(MANUAL, "kod")
    assert [row[0] for row in rows] == sorted(codes)
    assert all(row[2] for row in rows)


def test_every_event_of_the_log_says_what_to_do() -> None:
    events = set(re.findall(r'"event": "(\w+)"', source("bot")))
    rows = table(MANUAL, "händelse")
    assert {row[0] for row in rows} == events
    assert all(row[2] for row in rows)


def test_the_table_of_dialogs_is_the_registry() -> None:
    assert table(DIALOGS_DOC, "kommando") == [
        [f"/{dialog.command}", say(dialog.title, "sv"), say(dialog.about, "sv")] for dialog in DIALOGS
    ]


def test_the_tables_of_samtal_name_its_questions_and_ends() -> None:
    (samtal,) = [dialog for dialog in DIALOGS if dialog.id == "samtal"]
    rows = table(DIALOGS_DOC, "fråga i bilden")
    assert [row[:2] for row in rows] == [[question.id, say(question.label, "sv")] for question in samtal.questions]
    for question, row in zip(samtal.questions, rows, strict=True):
        assert row[3].startswith("nej" if question.preset is None else "ja:"), question.id
    assert [row[0] for row in table(DIALOGS_DOC, "slut i bilden")] == [outcome.id for outcome in samtal.outcomes]


def test_the_talk_in_the_readme_is_a_transcript() -> None:
    (talk,) = [block["body"] for block in FENCE.finditer(README.read_text("utf-8")) if block["kind"] == "text"]
    assert talk == (ROOT / "tests/transcripts/samtal/andra-samtalet.txt").read_text("utf-8")


# ── links and language ───────────────────────────────────────────────────────────────────────────────────────


def anchor(heading: str) -> str:
    """The name that a heading has in a link, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in LINK.findall(prose(written_by_hand(path))):
        if link.startswith("https://"):
            continue
        name, _, part = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        if part:
            assert part in {anchor(heading) for heading in HEADING.findall(prose(target.read_text("utf-8")))}, link


def swedish() -> Iterator[tuple[str, str]]:
    readme = prose(written_by_hand(README))
    yield README.name, readme[readme.index("## För dig som ska använda Lots") :]
    for path in (MANUAL, DIALOGS_DOC):
        yield path.name, prose(written_by_hand(path))


def parts(text: str) -> Iterator[str]:
    """What is read by itself: a paragraph, a line of a list, a heading, a cell."""
    for part in re.split(r"\n\s*\n|\n\s*(?:[-*]|\d+\.) |\||^#+ ", text, flags=re.MULTILINE):
        if said := " ".join(LINK.sub(lambda link: link[0].partition("](")[0].strip("["), part).split()):
            yield said.replace("**", "").replace("`", "")


@pytest.mark.parametrize(("where", "text"), list(swedish()), ids=[where for where, _ in swedish()])
def test_the_swedish_is_plain(where: str, text: str) -> None:
    said = list(parts(text))
    assert len(said) > 20, where
    assert [(part, fault) for part in said for fault in plain.faults(part)] == []
