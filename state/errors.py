"""Everything that can go wrong by the installation's fault, as a tree::

    LotsError                      carries a code that a user can read out, and says where, what and how to mend it
    ├── BadDialog        L100      a dialog's declaration is wrong; lists every fault
    ├── BadSettings      L200      wrong use or configuration
    ├── StoreError
    │   ├── WrongKey     L300      the key does not open the store
    │   ├── NewerStore   L301      the store was written by a newer version
    │   ├── StoreBusy    L302      another process has the store
    │   ├── BrokenChain  L303      the records do not verify
    │   └── DiskFailed   L304      the disk is full, or does not read or write
    └── UpdateFailed     L400      one update could not be handled; the answer is kept

A bad answer is none of these: it is a value, and the question is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence


class LotsError(Exception):
    """The base: a code, and a message that says where, what, and how to put it right.

    :cvar code: the code a user can read out.
    """

    code = "L000"

    def __str__(self) -> str:
        return f"{self.code}: {super().__str__()}"


class BadDialog(LotsError):
    """A dialog's declaration is wrong.

    :param problems: every fault found, each saying where.
    """

    code = "L100"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class BadSettings(LotsError):
    """Wrong use or configuration."""

    code = "L200"


class StoreError(LotsError):
    """Something about the store."""


class WrongKey(StoreError):
    """The key does not open the store."""

    code = "L300"


class NewerStore(StoreError):
    """The store was written by a newer version of Lots."""

    code = "L301"


class StoreBusy(StoreError):
    """Another process has the store."""

    code = "L302"


class BrokenChain(StoreError):
    """The records do not verify."""

    code = "L303"


class DiskFailed(StoreError):
    """The disk is full, or does not read or write."""

    code = "L304"


class UpdateFailed(LotsError):
    """One update could not be handled; what was answered before is kept."""

    code = "L400"
