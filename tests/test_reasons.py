"""Whoever prints records of real cases says why; it is kept before the first of them is printed (design 9)."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import pwd
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.commands.reasons import REASONS, account, reason_for
from bot.settings import load, read_key
from state.errors import BadSettings
from state.store import Printed, Store
from tests.bundles import FIRST_RECORDS, somebody, write

REAL = {"LOTS_TELEGRAM_MODE": "dorrklocka", "LOTS_PUBLIC_URL": "https://lots.example.se"}


class Installation:
    def __init__(self, folder: Path, mode: dict[str, str]) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LOTS_")}
        self.env = {"LOTS_DATA_DIR": str(folder)} | mode
        self.settings = load(clean | self.env)
        self.store = Store(self.settings.database, read_key(self.settings.key_file, self.settings.database))
        write(self.store, somebody(self.store), FIRST_RECORDS)

    def lots(self, *words: str, ends: int = 0) -> Result:
        env = {name: None for name in os.environ if name.startswith("LOTS_")} | self.env
        ended = CliRunner().invoke(main, list(words), env=env)
        assert ended.exit_code == ends, (ended.output, ended.exception)
        return ended

    def printed(self) -> list[Printed]:
        return list(self.store.printed())


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "real", REAL)
    yield made
    made.store.close()


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "practice", {})
    yield made
    made.store.close()


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Somebody at a terminal, who types ahead."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)

        def typed(text: str) -> None:
            os.write(ours, text.encode())

        yield typed
    os.close(ours)


def test_a_disk_that_does_not_take_what_is_printed_is_told_as_such(
    real: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in real.env.items():
        monkeypatch.setenv(name, value)
    with monkeypatch.context() as printing, contextlib.suppress(OSError), Path("/dev/full").open("w") as full:
        printing.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as ended:
            main(["records", "--json", "--reason", "prov"])
    said = capsys.readouterr().err
    assert (ended.value.code, said.startswith("L304: not all of it could be printed")) == (2, True), said


def test_records_of_real_cases_are_printed_for_a_reason_that_is_kept(real: Installation) -> None:
    ended = real.lots("records", "--json", "--reason", "utlamnande")
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [line["kind"] for line in lines] == [record.kind for record in FIRST_RECORDS]
    (kept,) = real.printed()
    assert (kept.command, kept.reason, kept.records) == ("records", "utlamnande", len(lines))
    assert kept.account == account() == pwd.getpwuid(os.getuid()).pw_name


@pytest.mark.parametrize("words", [(), ("--reason", "nyfiken")], ids=["no reason and nobody to ask", "no such reason"])
def test_without_a_reason_nothing_is_printed(real: Installation, words: tuple[str, ...]) -> None:
    ended = real.lots("records", "--json", *words, ends=2)
    assert ended.stdout == ""
    assert "L200" in ended.stderr
    for code in REASONS:
        assert code in ended.stderr
    assert real.printed() == []


def test_in_practice_no_reason_is_asked_and_nothing_is_kept(practice: Installation) -> None:
    assert len(practice.lots("records", "--json").stdout.splitlines()) == len(FIRST_RECORDS)
    practice.lots("records", "--json", "--reason", "tillsyn")
    practice.lots("records", "--json", "--reason", "nyfiken", ends=2)
    assert practice.printed() == []


def test_what_is_printed_was_kept_before(real: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one who reads closes the pipe at once: it is kept all the same."""
    seen: list[int] = []

    def closed(text: object = None, **_: object) -> None:
        seen.append(len(real.printed()))
        raise BrokenPipeError(text)

    monkeypatch.setattr(click, "echo", closed)
    CliRunner().invoke(main, ["records", "--json", "--reason", "prov"], env=real.env)
    assert seen[:1] == [1]


def test_on_a_terminal_it_is_asked_and_the_records_alone_go_to_stdout(
    real: Installation, types: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    types("nyfiken\nfelsokning\n")
    assert reason_for(real.settings, None) == "felsokning"
    asked = capsys.readouterr()
    assert asked.out == ""
    assert asked.err.count("Why are records printed?") == 2
    for code, gloss in REASONS.items():
        assert f"{code:<11} {gloss}" in asked.err


def test_a_receiver_without_an_installation_is_asked_too(types: Callable[[str], None]) -> None:
    types("overforing\n")
    assert reason_for(None, None) == "overforing"


def test_whoever_gives_no_reason_three_times_gets_no_records(types: Callable[[str], None]) -> None:
    types("\nnej\nprov nu\n")
    with pytest.raises(BadSettings):
        reason_for(None, None)


def test_a_service_without_a_standard_input_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(BadSettings):
        reason_for(None, None)


def test_an_account_without_a_name_is_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    assert account() == "4000000000"
