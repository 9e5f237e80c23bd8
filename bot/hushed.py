"""What the process keeps to itself: no secret in what it says on stderr, none in a dump of its memory.

Nothing of ours puts a secret in a message. But a library may: an exception, a warning or the ``repr`` of an answer can
hold an address with the token in it. What comes on stderr, and every line of the log, passes here.
"""

from __future__ import annotations

import ctypes
import io
import os
import re
import resource
import sys
from urllib.parse import quote

TOKEN = re.compile(r"\d{6,}(?::|%3A)[A-Za-z0-9_-]{20,}", re.IGNORECASE)
"""What a bot's token looks like, wherever it comes from: Telegram's have eight to ten digits and 35 characters."""

IN_ITS_PLACE = "[hemligt]"

LEAST = 8
"""Shorter than this is no secret that there is, and would take words out of everything."""

PR_SET_DUMPABLE = 4
"""From ``linux/prctl.h``: no dump of the memory, and no look into it by other programs of the same account."""

_known: set[str] = set()


def keep_secret(*secrets: str | None) -> None:
    """Let these not be said by this process from now on, in any form that an address gives them.

    :param secrets: what they are; ``None`` for one that is not set.
    """
    for secret in secrets:
        if secret is not None and len(secret) >= LEAST:
            _known.update({secret, quote(secret), quote(secret, safe="")})


def hushed(text: str) -> str:
    """A text without the secrets that stand in it.

    :param text: what is about to be said.
    :returns: the same, with ``[hemligt]`` in the place of each.
    """
    for secret in sorted(_known, key=len, reverse=True):  # one may be a part of another
        text = text.replace(secret, IN_ITS_PLACE)
    return TOKEN.sub(IN_ITS_PLACE, text)


class _Hushed(io.TextIOWrapper):
    """A stream that says no secret. A traceback, a warning and a log line come as whole lines, or whole messages."""

    def write(self, text: str, /) -> int:
        super().write(hushed(text))
        return len(text)


def close_up() -> None:
    """Begin a process that keeps what it knows: for its own command line, before anything is read."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # a dump may be piped to a program, whatever the limit says
    if isinstance(sys.stderr, io.TextIOWrapper):
        own = sys.stderr
        through = io.BufferedWriter(io.FileIO(own.fileno(), "w", closefd=False))
        sys.stderr = _Hushed(through, encoding=own.encoding, errors=own.errors, line_buffering=True)
