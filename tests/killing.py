"""A command of the program that is killed at one of its steps: a child process of this one, ended by SIGKILL.

A step is whatever reaches the disk: a COMMIT, an fsync, a rename, a link, a file taken away, the store made smaller. A
trial kills the command before or after one of them, on a fresh copy of an installation, and then runs it again.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from bot.cli import main
from state.store import Store
from state.transfer import journal
from tests.dying import dies_in_transactions

KILLED = -signal.SIGKILL

_STEPS = ("fsync", "rename", "replace", "link", "unlink", "remove")


@dataclass(frozen=True)
class Ran:
    """How a command ended.

    Args:
        code: its exit code, or :data:`KILLED`.
        said: what it wrote.
    """

    code: int
    said: str


def run(*words: str, env: Mapping[str, str], said: Path, kill: tuple[int, str] | None = None) -> Ran:
    """Runs a command to its end, or until it is killed.

    Args:
        words: what stands after ``lots``.
        env: the variables of the installation; no other LOTS_ variable is seen.
        said: the file that takes what it writes.
        kill: the number of the step and ``before`` or ``after``; ``None`` lets it live.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the child does nothing but run the command
        pid = os.fork()
    if pid == 0:
        _child(words, env, said, kill)
    _, status = os.waitpid(pid, 0)
    return Ran(os.waitstatus_to_exitcode(status), said.read_text(encoding="utf-8"))


def _child(words: Sequence[str], env: Mapping[str, str], said: Path, kill: tuple[int, str] | None) -> None:
    code = 70
    try:
        for name in [name for name in os.environ if name.startswith("LOTS_")]:
            del os.environ[name]
        os.environ.update(env)
        with said.open("w", encoding="utf-8") as file, Path(os.devnull).open() as nothing:
            sys.stdout = sys.stderr = file
            sys.stdin = nothing
            sys.modules["typst"] = None  # type: ignore[assignment] # its threads have not come along
            journal.pdf_is_possible.cache_clear()
            if kill is not None:
                _die_at(*kill)
            try:
                main(list(words), prog_name="lots")
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    finally:
        os._exit(code)


def _die_at(at: int, phase: str) -> None:
    numbers = count(1)

    def reached() -> bool:
        return next(numbers) == at

    def counted(does: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **more: Any) -> Any:
            dies = reached()
            if dies and phase == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return does(*args, **more)
            finally:  # also where there was nothing to take away
                if dies:
                    os.kill(os.getpid(), signal.SIGKILL)

        return step

    for name in _STEPS:
        setattr(os, name, counted(getattr(os, name)))
    Store.shrink = counted(Store.shrink)  # type: ignore[method-assign]
    dies_in_transactions(reached, phase)
