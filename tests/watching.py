"""Who is spoken to: every socket, look-up of a name and process of a Python program, by its own audit hook.

An audit hook cannot be taken away, so there is one a process, which is silent but while somebody watches::

    with watching() as seen:
        …
    assert seen.addresses <= {("127.0.0.1", 8080)}

In a program of its own: ``entry(log)`` is `lots` with the hook, which writes what it sees to a file.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SPEAKS = ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg")
LOOKS_UP = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")
STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn")
BROWSES = ("webbrowser.open", "urllib.Request", "http.client.connect", "ftplib.connect", "smtplib.connect")


@dataclass
class Seen:
    """What a program did towards others.

    :ivar addresses: whom it spoke to, and where it listened; a path of this machine (a local socket) as it is.
    :ivar names: which names it looked up.
    :ivar started: which other programs it started, and what else left by other ways.
    """

    addresses: set[tuple[Any, ...]] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    started: set[str] = field(default_factory=set)

    def note(self, event: str, arguments: Sequence[Any]) -> None:
        """Keep one event.

        :param event: its name, as ``sys.audit`` has it.
        :param arguments: what came with it, as far as it can be written.
        """
        if event in SPEAKS:
            address = arguments[0]
            if address is not None:  # sendmsg on what is connected already
                self.addresses.add(tuple(address[:2]) if isinstance(address, tuple | list) else (str(address),))
        elif event in LOOKS_UP:
            host = arguments[0]
            if host is not None:  # every address of this machine, to listen on
                self.names.add(str(host[0] if isinstance(host, tuple | list) else host))
        else:
            self.started.add(f"{event} {arguments[0] if arguments else ''}")


_EVENTS = frozenset((*SPEAKS, *LOOKS_UP, *STARTS, *BROWSES))
_LISTENERS: list[Callable[[str, Sequence[Any]], None]] = []
_HOOKED: list[bool] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _LISTENERS and event in _EVENTS:
        told = arguments[1:] if event in SPEAKS else arguments  # without the socket itself
        for listener in tuple(_LISTENERS):
            listener(event, told)


def _listen(listener: Callable[[str, Sequence[Any]], None]) -> None:
    if not _HOOKED:
        _HOOKED.append(True)
        sys.addaudithook(_hook)
    _LISTENERS.append(listener)


@contextmanager
def watching() -> Iterator[Seen]:
    """Watch this process while the block runs, on all its threads.

    :returns: what was seen; it grows.
    """
    seen = Seen()
    _listen(seen.note)
    try:
        yield seen
    finally:
        _LISTENERS.remove(seen.note)


def entry(log: Path, *words: str, before: str = "") -> tuple[str, ...]:
    """The command line of `lots`, watched from its first import on.

    :param log: where each event is written, a line each.
    :param words: what stands after ``lots``.
    :param before: what is run instead of the command line.
    """
    run = before or f"from bot.cli import main; main({list(words)!r}, prog_name='lots')"
    return (sys.executable, "-c", f"from tests.watching import write; write({str(log)!r}); {run}")


def write(log: str) -> None:
    """Write what this process does from now on to a file.

    :param log: its path.
    """
    file = Path(log).open("a", encoding="utf-8", buffering=1)  # noqa: SIM115 - it is open as long as the process
    _listen(lambda event, arguments: print(json.dumps([event, arguments], default=str), file=file))


def read(log: Path) -> Seen:
    """What a watched program did.

    :param log: what it wrote.
    """
    seen = Seen()
    for line in log.read_text("utf-8").splitlines():
        event, arguments = json.loads(line)
        seen.note(event, arguments)
    return seen
