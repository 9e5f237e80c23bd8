"""The golden transcripts: each holds, and together they walk every route and reach every outcome there is."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.transcripts import Played, play_file
from dialogs.model import Dialog, Outcome
from dialogs.registry import DIALOGS
from state.machine import rows_of
from state.session import Engine, Step
from tests.overseeing import Watched, everybody

FOLDER = Path(__file__).parent / "transcripts"
FILES = sorted(FOLDER.glob("*/*.txt"))
BESIDE = {"arende", "loggkontroll", "overforing", "paminnelser", "sprak", "utkast"}
"""The folders of what is no dialog: the case at a glance, the hand-over, the language, reminders, drafts."""


@cache
def watched(path: Path) -> tuple[Played, tuple[Outcome, ...], Watched]:
    """A transcript, played once however many tests look at it, the outcomes it ended in, and what was shown to whom."""
    reached: list[Outcome] = []
    shown = Watched()
    end = Engine._end

    def ending(self: Engine, *arguments: Any) -> Step:
        reached.append(arguments[1])
        return end(self, *arguments)

    with pytest.MonkeyPatch.context() as patch, everybody(shown):
        patch.setattr(Engine, "_end", ending)
        return play_file(path), tuple(reached), shown


def played(path: Path) -> Played:
    """What came of a transcript."""
    return watched(path)[0]


def test_there_are_transcripts_for_every_dialog_and_for_nothing_else() -> None:
    assert {path.parent.name for path in FILES} == {dialog.id for dialog in DIALOGS} | BESIDE
    assert sorted(FOLDER.rglob("*.*")) == FILES, "every file is one of them"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_transcript_holds(path: Path) -> None:
    assert played(path).differences == ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_whatever_is_shown_of_a_case_stands_in_the_access_log(path: Path) -> None:
    assert watched(path)[2].missing == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_transcript_says_what_it_is_about_and_ends_with_what_the_bot_did(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert lines[0].endswith(".")
    assert lines[-1].startswith(("bot:", "     ", "post:", "inga poster:"))


@pytest.mark.exhaustive
@pytest.mark.parametrize("dialog", DIALOGS, ids=lambda dialog: dialog.id)
def test_every_route_is_walked_by_some_transcript(dialog: Dialog) -> None:
    walked = {row for path in FILES for name, row in played(path).rows if name == dialog.id}
    assert [row for row in rows_of(dialog) if row not in walked] == []


@pytest.mark.parametrize("dialog", DIALOGS, ids=lambda dialog: dialog.id)
def test_every_outcome_is_reached_and_confirmed_by_some_transcript(dialog: Dialog) -> None:
    reached = [outcome for path in FILES if path.parent.name == dialog.id for outcome in watched(path)[1]]
    assert {ending for ending, outcome in dialog.endings.items() if outcome in reached} == set(dialog.endings)
