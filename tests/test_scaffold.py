"""`lots new NAME`, on a copy of the tree: what it writes works as it stands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.scaffold import CannotBegin, _registered, begin

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("dialogs", "state", "bot", "locales", "tools", "tests/transcripts")
MADE = ["dialogs/prov.py", "dialogs/registry.py", "tests/transcripts/prov/first.txt"]
REGISTRY = (ROOT / "dialogs" / "registry.py").read_text("utf-8")


def run(tree: Path, *command: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=60, check=False)


def lots(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(tree, sys.executable, "-c", "from bot.cli import main; main()", *arguments)


def python(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(tree, sys.executable, *arguments)


def files(tree: Path) -> dict[str, bytes]:
    held = (path for path in tree.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(tree).as_posix(): path.read_bytes() for path in held}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.process
def test_a_dialog_is_begun_and_works(tree: Path) -> None:
    before = files(tree)
    made = lots(tree, "new", "prov")
    assert made.stdout.splitlines() == MADE, made.stderr

    after = files(tree)
    assert sorted(path for path in after if before.get(path) != after[path]) == MADE
    assert before.keys() - after.keys() == set()

    played = lots(tree, "replay", MADE[2])
    assert played.returncode == 0, played.stderr
    assert played.stdout.count('"kind": "prov_noted"') == 2, "once for each way"

    ruff = python(tree, "-m", "ruff", "check", *MADE[:2])
    assert ruff.returncode == 0, ruff.stdout
    ruff = python(tree, "-m", "ruff", "format", "--check", *MADE[:2])
    assert ruff.returncode == 0, ruff.stdout

    # Only the English is missing, and gathering the texts finds those that the functions say.
    wrong = lots(tree, "lint").stderr
    assert "prov: question done: “Är det gjort?” has no English." in wrong
    assert "make catalogues" in wrong
    assert [line for line in wrong.splitlines() if "has no English" not in line] == []
    gathered = python(tree, "tools/catalogues.py", "update")
    assert gathered.returncode == 0, gathered.stderr
    wrong = lots(tree, "lint").stderr
    assert "text “Det är inte gjort än.”: has no English." in wrong
    assert [line for line in wrong.splitlines() if "has no English" not in line] == []

    again = lots(tree, "new", "prov")
    assert again.returncode == 2
    assert "dialogs/prov.py is there already" in again.stderr


def test_what_cannot_be_played_is_taken_back(tree: Path) -> None:
    desk = tree / "bot" / "desk.py"
    desk.write_text(desk.read_text("utf-8") + "\nraise RuntimeError('the desk is closed')\n", "utf-8")
    before = files(tree)
    with pytest.raises(CannotBegin, match="the desk is closed"):
        begin("prov", tree)
    assert files(tree) == before


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Mote", "a command has small letters"),
        ("möte", "and ASCII ones"),
        ("8a", "a file that cannot be imported"),
        ("till-fälle", "neither can this"),
        ("", "nothing"),
        ("../prov", "it would land elsewhere"),
        ("a" * 33, "Telegram takes 32"),
        ("class", "Python's own"),
        ("tuple", "the registry uses it"),
        ("hjalp", "the desk answers it"),
        ("samtal", "there is one"),
        ("texts", "a module that is no dialog"),
        ("rules", "a folder"),
        ("gammal", "its transcripts are there"),
    ],
)
def test_a_name_that_does_not_do(name: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "lots"\n')
    (tmp_path / "dialogs" / "rules").mkdir(parents=True)
    for module in ("registry", "samtal", "texts"):
        (tmp_path / "dialogs" / f"{module}.py").write_text(REGISTRY)
    (tmp_path / "tests" / "transcripts" / "gammal").mkdir(parents=True)
    before = files(tmp_path)
    with pytest.raises(CannotBegin, match=r"choose another|at most 32"):
        begin(name, tmp_path)
    assert files(tmp_path) == before, why


@pytest.mark.parametrize(
    ("pyproject", "why"),
    [
        (None, "an installation has none"),
        ('[project]\nname = "annat"\n', "another project"),
        ("[tool.ruff]\n", "no project at all"),
        ("name = ", "not TOML"),
    ],
)
def test_only_in_the_source_of_lots(pyproject: str | None, why: str, tmp_path: Path) -> None:
    if pyproject is not None:
        (tmp_path / "pyproject.toml").write_text(pyproject)
    before = files(tmp_path)
    with pytest.raises(CannotBegin, match="is not the source of Lots"):
        begin("prov", tmp_path)
    assert files(tmp_path) == before, why


def test_the_registry_stays_in_order_as_it_grows(tmp_path: Path) -> None:
    registry = tmp_path / "registry.py"
    text = REGISTRY
    names = ("utskrivning", "mote", "agenda", "inskrivning", "overforing", "dolj", "idag", "oversikt")
    for name in names:
        text = _registered(name, text)
    registry.write_text(text)
    assert text.index("import (") < text.index("agenda,") < text.index("utskrivning,"), "sorted in the import"
    assert text.index("samtal.DIALOG") < text.index("utskrivning.DIALOG") < text.index("oversikt.DIALOG"), "as begun"
    for check in (("check", "--select", "I,F401,E501"), ("format", "--check")):
        told = run(
            tmp_path, sys.executable, "-m", "ruff", *check, "--config", str(ROOT / "pyproject.toml"), "registry.py"
        )
        assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize(
    ("registry", "why"),
    [
        ("import dialogs\nDIALOGS: tuple[Dialog, ...] = (samtal.DIALOG,)\n", "no import to add to"),
        ("from dialogs import samtal\nDIALOGS = [samtal.DIALOG]\n", "no tuple to add to"),
        (
            "from dialogs import samtal\nDIALOGS: tuple[Dialog, ...] = (\n    samtal.DIALOG,  # first\n)\n",
            "the comment would be lost",
        ),
        ("from dialogs import\n", "not Python"),
    ],
)
def test_a_registry_of_another_shape_is_left_alone(registry: str, why: str) -> None:
    with pytest.raises(CannotBegin, match=r"dialogs/registry\.py is not as expected"):
        _registered("prov", registry)
