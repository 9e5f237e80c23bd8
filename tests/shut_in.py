"""Runs the program under the filters of a unit in docs/systemd, as systemd would set them, without systemd.

``python -m tests.shut_in FILE COMMAND…``: the system calls (``SystemCallFilter=``), the kinds of sockets
(``RestrictAddressFamilies=``), memory that is written and run (``MemoryDenyWriteExecute=``) and new namespaces
(``RestrictNamespaces=``) are the kernel's own filters; the rest of a unit needs systemd. What they refuse is refused as
the unit says, with ``EPERM``. The kernel is told by libseccomp, which systemd itself uses.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from ctypes.util import find_library
from pathlib import Path

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
EQUAL_UNDER_MASK, EQUAL = 7, 4
PROT_WRITE, PROT_EXEC = 2, 4
NO_NEW_PRIVILEGES = 38
NAMESPACES = 0x7E020080
"""``CLONE_NEW*``, all of them."""


class Compared(ctypes.Structure):
    """libseccomp's ``scmp_arg_cmp``."""

    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def read(path: Path) -> Mapping[str, list[str]]:
    """The settings of a unit's service; one that stands several times has several values.

    Args:
        path: the unit.
    """
    held: dict[str, list[str]] = defaultdict(list)
    section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            held[name].append(value)
    return held


def calls(name: str) -> set[str]:
    """The system calls of a set, by systemd's own list.

    Args:
        name: of a set, with ``@``; or of a call.
    """
    if not name.startswith("@"):
        return {name}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    found: set[str] = set()
    for line in listed.stdout.splitlines()[1:]:
        if (word := line.strip()) and not word.startswith("#"):
            found |= calls(word)
    return found


def allowed(unit: Mapping[str, list[str]]) -> set[str]:
    """The system calls that a unit leaves.

    Args:
        unit: its settings; the first list is of what is allowed, those that begin with ``~`` take away from it.
    """
    found = calls("@default")
    for line in unit["SystemCallFilter"]:
        for word in line.removeprefix("~").split():
            found = found - calls(word) if line.startswith("~") else found | calls(word)
    return found


class Filter:
    """One filter of the kernel's; it applies to this process and its children, for ever.

    Args:
        library: libseccomp.
        otherwise: what becomes of a call that no rule is about.
    """

    def __init__(self, library: ctypes.CDLL, otherwise: int) -> None:
        self.library = library
        library.seccomp_init.restype = ctypes.c_void_p
        self.held = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(otherwise)))

    def rule(self, action: int, name: str, *compared: Compared) -> None:
        """What becomes of a call, with such arguments; a call that this machine does not have is left out."""
        number = self.library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            array = (Compared * len(compared))(*compared)
            done = self.library.seccomp_rule_add_array(self.held, ctypes.c_uint32(action), number, len(compared), array)
            assert done == 0, (name, done)

    def load(self) -> None:
        """Put it in force."""
        done = self.library.seccomp_load(self.held)
        assert done == 0, done


def shut_in(unit: Mapping[str, list[str]]) -> None:
    """Put the unit's filters in force for this process.

    Args:
        unit: its settings.
    """
    names = allowed(unit)  # asked for while a program can still be asked
    refused = ERRNO | getattr(errno, unit["SystemCallErrorNumber"][0])
    library = ctypes.CDLL(find_library("seccomp") or "libseccomp.so.2")
    assert ctypes.CDLL(None).prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
    arguments = Filter(library, ALLOW)
    (families,) = unit["RestrictAddressFamilies"]
    for family in set(range(64)) - {getattr(socket, word) for word in families.split()}:
        arguments.rule(ERRNO | errno.EAFNOSUPPORT, "socket", Compared(0, EQUAL, family, 0))
    if unit["MemoryDenyWriteExecute"] == ["yes"]:
        both = PROT_WRITE | PROT_EXEC
        arguments.rule(refused, "mmap", Compared(2, EQUAL_UNDER_MASK, both, both))
        for name in ("mprotect", "pkey_mprotect"):
            arguments.rule(refused, name, Compared(2, EQUAL_UNDER_MASK, PROT_EXEC, PROT_EXEC))
    if unit["RestrictNamespaces"] == ["yes"]:
        for bit in range(32):
            if NAMESPACES & 1 << bit:
                arguments.rule(refused, "unshare", Compared(0, EQUAL_UNDER_MASK, 1 << bit, 1 << bit))
    arguments.load()
    whole = Filter(library, refused)
    for name in names:
        whole.rule(ALLOW, name)
    whole.load()


def main(words: Sequence[str]) -> None:
    """Shut this process in, and become the program.

    Args:
        words: the unit's file, and the command line.
    """
    shut_in(read(Path(words[0])))
    os.execv(words[1], list(words[1:]))  # noqa: S606 - the words are the test's own


if __name__ == "__main__":
    assert re.fullmatch(r".*\.service", sys.argv[1])
    main(sys.argv[1:])
