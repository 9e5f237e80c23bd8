"""A year's records, and a million: exported, opened and received in bounded memory.

``pytest -m load`` takes the million (LOTS_LOAD_RECORDS says another number); the short form in the run of the program
itself compares two sizes, so that what grows with the number of records would show.
"""

from __future__ import annotations

import faulthandler
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.settings import load, read_key
from state.store import Store
from state.transfer.sealing import new_identity
from tests.many import fill
from tests.running import ENTRY, environment

WITHOUT_PDF = "import sys; sys.modules['typst'] = None; from bot.cli import main; main(prog_name='lots')"
"""The program as it is without the extra: a page of PDF for each of thirty thousand cases is another thing."""


@dataclass(frozen=True)
class Took:
    """What a command needed.

    Args:
        seconds: by the clock.
        peak: memory at most, in MB.
        said: what it printed.
    """

    seconds: float
    peak: float
    said: str


def run(env: dict[str, str], *words: str, entry: tuple[str, ...] = ENTRY) -> Took:
    """Runs a command by itself; it must do."""
    began = time.monotonic()
    with subprocess.Popen([*entry, *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        said, why = child.stdout.read(), child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, why.decode()
    return Took(time.monotonic() - began, used.ru_maxrss / 1024, said.decode())


def hands_over(folder: Path, records: int, counted: Callable[[str], None]) -> dict[str, Took]:
    """A town with so many records exports them, the office opens them, and the receipt comes back."""
    env = environment(folder / "lots", LOTS_TELEGRAM_MODE="dorrklocka", LOTS_PUBLIC_URL="https://lots.example.se")
    settings = load(env)
    secret, recipient = new_identity()
    (folder / "office.key").write_text(f"{secret}\n")
    settings.transfer.recipients_file.write_text(f"{recipient}\n")
    fill(settings.database, read_key(settings.key_file, settings.database), records)
    took = {"export": run(env, "export", entry=(sys.executable, "-c", WITHOUT_PDF))}
    sealed = took["export"].said.splitlines()[0]
    store = Store(settings.database, read_key(settings.key_file, settings.database))
    sender = store.installation()
    store.close()
    words = ("--identity", str(folder / "office.key"), "--to", str(folder / "office"), "--sender", sender)
    took["open"] = run(env, "open", sealed, *words, "--reason", "prov")
    made = run(env, "receipt", str(folder / "office" / sender / "000001"))
    took["receive"] = run(env, "receive", made.said.splitlines()[1])
    took["verify"] = run(env, "verify")
    for name, one in took.items():
        counted(f"{records:,} records, {name}: {records / one.seconds:,.0f} a second, peak {one.peak:.0f} MB")
    return took


@pytest.mark.process
def test_memory_does_not_grow_with_the_number_of_records(tmp_path: Path, counted: Callable[[str], None]) -> None:
    """Both sizes fill a table, which is the most that is held at a time."""
    small = hands_over(tmp_path / "small", 10_000, counted)
    large = hands_over(tmp_path / "large", 20_000, counted)
    for name in small:
        assert large[name].peak < small[name].peak * 1.25 + 8, name


@pytest.mark.load
def test_a_million_records(tmp_path: Path, counted: Callable[[str], None]) -> None:
    faulthandler.cancel_dump_traceback_later()  # it takes minutes, and is not stuck
    took = hands_over(tmp_path, int(os.environ.get("LOTS_LOAD_RECORDS", "1000000")), counted)
    assert max(one.peak for one in took.values()) < 400
