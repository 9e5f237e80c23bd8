"""Logs: one JSON object a line on stderr; ids, dialog, event and code, never an answer, a case code or a token."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Sequence

from bot.hushed import hushed
from state.errors import BadSettings, UpdateFailed

CARRIED = ("event", "session", "dialog", "code", "fault", "where", "bundle", "tries", "number")
"""The extra fields a line may carry."""

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

FOREIGN = ("telegram", "aiohttp", "asyncio", "httpx", "httpcore", "transitions")
"""Libraries whose own lines could hold a message, an address with the token in it, or a state name."""


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a line.

        :param record: what is logged; its message is a fixed text of ours.
        :returns: JSON.
        """
        line = {"at": self.formatTime(record), "level": record.levelname.lower(), "what": record.getMessage()}
        line |= {name: getattr(record, name) for name in CARRIED if hasattr(record, name)}
        return hushed(json.dumps(line, ensure_ascii=False))


def set_up(level: str = "INFO") -> None:
    """Send our own logs to stderr and keep the libraries silent.

    :param level: one of :data:`LEVELS`.
    :raises BadSettings: the level is none of them.
    """
    if level not in LEVELS:
        raise BadSettings(f"LOTS_LOG_LEVEL is {level!r}; it may be {', '.join(LEVELS)}")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    ours = logging.getLogger("lots")
    ours.handlers[:] = [handler]
    ours.setLevel(level)
    ours.propagate = False
    silence()


def silence() -> None:
    """Keep the libraries silent, also where they are asked to tell all they do (``PYTHONASYNCIODEBUG``)."""
    for name in FOREIGN:
        library = logging.getLogger(name)
        library.handlers[:] = [logging.NullHandler()]
        library.propagate = False


def warn_of(exposed: Sequence[str]) -> None:
    """Say which secrets others may read in ``lots.toml``, by the names of their settings.

    :param exposed: the settings; nothing is said where there are none.
    """
    for name in exposed:
        ours = logging.getLogger("lots")
        ours.warning("others may read a secret in lots.toml", extra={"event": "SecretExposed", "where": name})


def tell_fault(fault: Exception) -> None:
    """Log where something broke and what kind of error it is; its message may hold an answer and is left out.

    :param fault: what was raised.
    """
    where = [
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in traceback.extract_tb(fault.__traceback__)
    ]
    logging.getLogger("lots.desk").error(
        "update failed",
        extra={"event": "UpdateFailed", "code": UpdateFailed.code, "fault": type(fault).__name__, "where": where[-3:]},
    )
