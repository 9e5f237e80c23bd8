"""Beginning a dialog: `lots new NAME` writes a small one that works, to be filled with what is asked.

What is made is complete: it lints but for the English, and its transcript holds. Nothing is overwritten, and where
the first talk cannot be played everything is taken back.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from string import Template

DESK_COMMANDS = ("start", "hjalp", "arende", "overforing", "loggkontroll", "dolj", "sprak", "avbryt")
"""The commands that are there without any dialog."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LINE_LENGTH = 120
_REGISTRY = Path("dialogs/registry.py")
_LOTS = "from bot.cli import main; main()"


class CannotBegin(ValueError):
    """The dialog cannot be begun: says why, and what to do."""


def is_checkout(root: Path) -> bool:
    """Whether a folder is the source of Lots, where dialogs can be written.

    :param root: the folder.
    :returns: whether its ``pyproject.toml`` is that of Lots; false in an installation.
    """
    try:
        held = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return bool(held.get("project", {}).get("name") == "lots")


def begin(name: str, root: Path) -> list[Path]:
    """Write a new dialog, its line in the registry and its first transcript.

    :param name: the dialog's id and command.
    :param root: the source checkout.
    :returns: what was made or changed, from ``root``.
    :raises CannotBegin: the folder is no checkout, the name does not do or is taken, or the talk cannot be played.
    """
    if not is_checkout(root):
        raise CannotBegin(f"{root} is not the source of Lots; go to the folder where its pyproject.toml is")
    dialog, transcript = Path(f"dialogs/{name}.py"), Path(f"tests/transcripts/{name}/first.txt")
    _hold_name(name, root, dialog, transcript)
    registry = (root / _REGISTRY).read_text("utf-8")
    class_ = "".join(part.capitalize() for part in name.split("_"))
    files = {
        dialog: Template(_DIALOG).substitute(name=name, Class=class_),
        _REGISTRY: _registered(name, registry),
        transcript: Template(_TRANSCRIPT).substitute(name=name),
    }
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    try:
        _play(root, transcript)
    except CannotBegin:
        (root / dialog).unlink()
        (root / transcript).unlink()
        (root / transcript).parent.rmdir()
        (root / _REGISTRY).write_text(registry, "utf-8")
        raise
    return list(files)


def _hold_name(name: str, root: Path, dialog: Path, transcript: Path) -> None:
    if not _NAME.fullmatch(name):
        raise CannotBegin(f"{name!r} cannot be a command; use a–z, digits and _, a letter first, at most 32")
    if keyword.iskeyword(name) or hasattr(builtins, name):
        raise CannotBegin(f"{name!r} is a word of Python's own; choose another")
    if name in DESK_COMMANDS:
        raise CannotBegin(f"/{name} is there already, without a dialog; choose another")
    for taken in (dialog, dialog.with_suffix(""), transcript.parent):
        if (root / taken).exists():
            raise CannotBegin(f"{taken} is there already; choose another name")


def _registered(name: str, source: str) -> str:
    """The registry with one more dialog: sorted among the imports, last in the tuple."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        body = []
    lines = source.splitlines()
    found: dict[str, tuple[int, int, str]] = {}
    for node in body:
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        match node:
            case ast.ImportFrom(module="dialogs", names=names):
                modules = sorted([*map(ast.unparse, names), name])
                found["import"] = (first, last, _import(modules))
            case ast.AnnAssign(target=ast.Name("DIALOGS"), value=ast.Tuple(elts=elements)):
                entries = [*map(ast.unparse, elements), f"{name}.DIALOG"]
                found["tuple"] = (first, last, _tuple(ast.unparse(node.annotation), entries))
    spans = sorted(found.values(), reverse=True)
    if len(spans) != 2 or any("#" in line for first, last, _ in spans for line in lines[first:last]):
        raise CannotBegin(
            f"{_REGISTRY} is not as expected; see that it has `from dialogs import …` and DIALOGS: … = (…), "
            "without comments in them"
        )
    for first, last, text in spans:
        lines[first:last] = text.splitlines()
    return "\n".join(lines) + "\n"


def _import(modules: Sequence[str]) -> str:
    line = f"from dialogs import {', '.join(modules)}"
    return line if len(line) <= _LINE_LENGTH else f"from dialogs import (\n{_each(modules)})"


def _tuple(annotation: str, entries: Sequence[str]) -> str:
    line = f"DIALOGS: {annotation} = ({', '.join(entries)})"
    return line if len(line) <= _LINE_LENGTH else f"DIALOGS: {annotation} = (\n{_each(entries)})"


def _each(parts: Sequence[str]) -> str:
    return "".join(f"    {part},\n" for part in parts)


def _play(root: Path, transcript: Path) -> None:
    """Write into the transcript what the bot says, in a process of its own: here the old registry is in memory."""
    # Only this machine's own Python and the files just written are run.
    played = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _LOTS, "replay", "--fill", str(transcript)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    if played.returncode:
        last = (played.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CannotBegin(f"the new dialog cannot be played, so nothing was kept: {last}")


_DIALOG = '''\
"""/$name: what is recorded, and when.

Say here who asks, which rules it follows and which law. Then fill the file in the order of the talk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from dialogs.answers import Answers, CaseCode, Choice, Option
from dialogs.model import Dialog, Go, Outcome, Question, Why, World
from dialogs.records import Record
from dialogs.texts import Text, Words
from dialogs.texts import mark as _

DONE = Choice(
    choices=(
        Option("yes", _("Ja")),
        Option("not_yet", _("Nej, inte än")),
    )
)


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────


QUESTIONS = (
    Question(
        id="case",
        asks=_("Vilket ärende gäller det?"),
        label=_("Ärende"),
        kind=CaseCode(),
        why=Why(words=_("Svaret ska höra till rätt ärende. Koden är slumpad och säger inget om personen.")),
    ),
    Question(
        id="done",
        asks=_("Är det gjort?"),
        label=_("Gjort"),
        kind=DONE,
        why=Why(words=_("Det ska synas vad som är gjort och vad som är kvar.")),
    ),
)


# ── outcomes ─────────────────────────────────────────────────────────────────────────────────────────────────


def _says_done(answers: Answers, world: World) -> Sequence[Words]:
    return (Text(_("Sparat i {case}. Det är gjort."), case=answers.word("case")),)


def _says_not_yet(answers: Answers, world: World) -> Sequence[Words]:
    return (
        Text(_("Sparat i {case}. Det är inte gjort än."), case=answers.word("case")),
        _("Nästa steg: gör det, och skriv in det här."),
    )


OUTCOMES = (
    Outcome(id="is_done", says=_says_done),
    Outcome(id="is_not_done_yet", says=_says_not_yet),
)


# ── routes ───────────────────────────────────────────────────────────────────────────────────────────────────


ROUTES = (
    Go("case", "done"),
    Go("done", "is_done", on="yes"),
    Go("done", "is_not_done_yet", on="not_yet"),
)


# ── record and note ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class ${Class}Noted(Record):
    """Whether it is done."""

    kind: ClassVar[str] = "${name}_noted"

    done: Literal["yes", "not_yet"]


def record(answers: Answers, world: World) -> Sequence[Record]:
    """What is kept.

    :param answers: the answers on the way to an outcome that saves.
    :param world: what is known; not used, since all of it was asked.
    :returns: one record.
    """
    return (${Class}Noted.from_payload({"case": answers.word("case"), "done": answers.word("done")}),)


def note(kept: ${Class}Noted) -> Sequence[Words]:
    """The journal note, from the record alone.

    :param kept: the record.
    :returns: lines in the order they are read.
    """
    return (
        Text(_("Ärende {case}."), case=kept.case),
        _("Det är gjort.") if kept.done == "yes" else _("Det är inte gjort än."),
        _("Det här är ett underlag. Journalen förs i verksamhetssystemet."),
    )


DIALOG = Dialog(
    id="$name",
    command="$name",
    version=1,
    title=_("Dialogen $name"),
    about=_("Skriv in om det är gjort"),
    noun=_("ett påbörjat svar"),
    questions=QUESTIONS,
    outcomes=OUTCOMES,
    routes=ROUTES,
    record=record,
    kinds=(${Class}Noted,),
    note=note,
)
'''

_TRANSCRIPT = """\
klocka: 2026-11-23 14:05
frö: 7
givet: case_opened {"case": "ÖK7-M4W"}
# Det är inte gjort än
jag: /$name
jag: [ÖK7-M4W]
jag: [Nej, inte än]
jag: [Spara]
# Nu är det gjort
klocka: 2026-11-24 9:30
jag: /$name
jag: [ÖK7-M4W]
jag: [Ja]
jag: [Spara]
jag: [Visa journaltext]
"""
