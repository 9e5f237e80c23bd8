"""`lots lint`: gathers the registry, the catalogues and the transcripts, and holds them to the checks."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.messages.pofile import read_po

from bot.scaffold import DESK_COMMANDS, is_checkout
from dialogs import rules, texts
from dialogs.lint import Problem, msgid, problems_between, problems_of, problems_of_texts
from dialogs.model import Dialog, words_of
from dialogs.registry import COMMON_KINDS, DIALOGS

ZONE = ZoneInfo("Europe/Stockholm")
TEMPLATE = Path("lots.pot")
ENGLISH = Path("en/LC_MESSAGES/lots.po")

_RULE_ID = re.compile(r"\b[A-Z]{2,4}-\d+\b")


def problems() -> list[str]:
    """Everything that is wrong with the dialogs, their texts and their transcripts.

    :returns: a line for each problem; none where all is well.
    """
    return [str(problem) for problem in found(DIALOGS, datetime.now(ZONE).date())]


def found(dialogs: Sequence[Dialog], today: date) -> list[Problem]:
    """Everything that is wrong, as problems. In an installation there are no transcripts, and none are missed.

    :param dialogs: every dialog there is.
    :param today: the day the law must apply.
    :returns: problems: dialog by dialog, then between them, then texts and transcripts.
    """
    template, english = (_sentences(texts.LOCALES / path) for path in (TEMPLATE, ENGLISH))
    told = [problem for dialog in dialogs for problem in problems_of(dialog, today, english)]
    told += problems_between(dialogs, taken=DESK_COMMANDS, common=COMMON_KINDS, cited=cited_rules())
    for path, held in ((TEMPLATE, template), (ENGLISH, english)):
        if held is None:
            told.append(Problem("no-catalogue", f"locales/{path.as_posix()}", "it is missing. Run `make catalogues`."))
    if template is not None:
        said = {msgid(words) for dialog in dialogs for _, words in words_of(dialog)}
        told += problems_of_texts(template, english or {}, template if english is None else said)
    if is_checkout(root := texts.LOCALES.parent):
        told += _transcripts(dialogs, root / "tests" / "transcripts")
    return told


def cited_rules() -> frozenset[str]:
    """The rules that the code of the rules applies.

    :returns: the ids in the docstrings of the functions in ``dialogs.rules``.
    """
    modules = [
        importlib.import_module(f"{rules.__name__}.{held.name}") for held in pkgutil.iter_modules(rules.__path__)
    ]
    return frozenset(
        id_
        for module in modules
        for _, function in inspect.getmembers(module, inspect.isfunction)
        for id_ in _RULE_ID.findall(function.__doc__ or "")
    )


def _sentences(path: Path) -> Mapping[str, str] | None:
    """The sentences of a catalogue with their translations, those that wait for a look left out."""
    try:
        with path.open("rb") as file:
            catalogue = read_po(file)
    except FileNotFoundError:
        return None
    return {str(m.id): str(m.string) for m in catalogue if m.id and not m.fuzzy and (m.string or path.suffix == ".pot")}


def _transcripts(dialogs: Sequence[Dialog], folder: Path) -> Iterator[Problem]:
    for dialog in dialogs:
        files = sorted((folder / dialog.id).glob("*.txt"))
        where = f"{dialog.id}: tests/transcripts/{dialog.id}"
        if not files:
            says = f"it has no transcript. Write one: lots play {dialog.id} --transcript FILE."
            yield Problem("no-transcript", where, says)
        for file in files:
            if not file.read_text("utf-8").strip():
                yield Problem("no-transcript", f"{where}/{file.name}", "it is empty. Write the talk, or take it away.")
