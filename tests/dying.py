"""`lots run`, but it kills itself at one of its transactions: a power cut between any two writes.

Run as ``python -c "from tests.dying import main; main(4, 'before')"``: at the fourth transaction, before its COMMIT.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from state.store import Store


def entry(at: int, phase: str) -> tuple[str, ...]:
    """The command line of a program that dies.

    Args:
        at: at which of its transactions, from 1.
        phase: ``before`` its COMMIT or ``after`` it.
    """
    return (sys.executable, "-c", f"from tests.dying import main; main({at}, {phase!r})")


def dies_in_transactions(reached: Callable[[], bool], phase: str) -> None:
    """Lets every transaction of every store ask whether it is the one to die in.

    Args:
        reached: asked once a transaction.
        phase: ``before`` its COMMIT or ``after`` it.
    """
    durable = Store.transaction

    @contextmanager
    def transaction(self: Store) -> Iterator[None]:
        dies = reached()
        with durable(self):
            yield
            if dies and phase == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)

    Store.transaction = transaction  # type: ignore[method-assign, assignment]


def main(at: int, phase: str) -> None:
    """Serves until that transaction."""
    from bot.cli import main as lots

    numbers = count(1)
    dies_in_transactions(lambda: next(numbers) == at, phase)
    lots(["run"], prog_name="lots")
