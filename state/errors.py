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
    ├── UpdateFailed     L400      one update could not be handled; the answer is kept
    └── TransferError
        ├── BadBundle    L500      no bundle, a part of one, or not for this key
        ├── Changed      L501      something in a bundle is not what was sealed
        ├── OutOfOrder   L502      a bundle before this one is missing
        ├── OtherSender  L503      a bundle or a receipt of another installation
        ├── BadReceipt   L504      no receipt, or not one of somebody who opened the bundle
        ├── OtherBundle  L505      a receipt of a bundle that this installation has not made like that
        ├── ClockWentBack L506     the clock shows an earlier time than something that has happened
        ├── NotTheSame   L507      a bundle that is made again would not be the same
        ├── DropFailed   L508      the drop-off took nothing, or holds something else under that name
        ├── BadBackup    L509      a backup that is no store, or does not verify
        └── NotAsShown   L510      what is to be purged is not what the dry run showed

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


class TransferError(LotsError):
    """Something about bundles, receipts, backups or purging."""


class BadBundle(TransferError):
    """No bundle, a part of one, or not for this key."""

    code = "L500"


class Changed(TransferError):
    """Something in a bundle is not what was sealed."""

    code = "L501"


class OutOfOrder(TransferError):
    """A bundle before this one is missing."""

    code = "L502"


class OtherSender(TransferError):
    """A bundle or a receipt of another installation."""

    code = "L503"


class BadReceipt(TransferError):
    """No receipt, or not one of somebody who opened the bundle."""

    code = "L504"


class OtherBundle(TransferError):
    """A receipt of a bundle that this installation has not made like that."""

    code = "L505"


class ClockWentBack(TransferError):
    """The clock shows an earlier time than something that has happened."""

    code = "L506"


class NotTheSame(TransferError):
    """A bundle that is made again would not be the same."""

    code = "L507"


class DropFailed(TransferError):
    """The drop-off took nothing, or holds something else under that name."""

    code = "L508"


class BadBackup(TransferError):
    """A backup that is no store, or does not verify."""

    code = "L509"


class NotAsShown(TransferError):
    """What is to be purged is not what the dry run showed."""

    code = "L510"
