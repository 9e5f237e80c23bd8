"""Handing over: which bundle leaves, and its way onto the disk.

1. :func:`next_bundle` decides in one transaction: from then on its records count as transferred.
2. :func:`write` verifies them, writes the file beside its place, notes the bundle in the ledger, gives the file its
   name, and keeps that it is written.

After a crash between any two of these steps the next export finds the same bundle begun, and finishes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dialogs.case_code import PRACTICE_MARK
from state.errors import BadSettings
from state.store import Bundle, Store
from state.transfer.bundle import Pace, Progress, packed, survey, write_file
from state.transfer.ledger import note_bundle, read_ledger
from state.transfer.manifest import file_name


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A bundle that is on the disk.

    :ivar path: its file.
    :ivar made: whether the file was made now; ``False`` where it was there already.
    :ivar kinds: how many records of each kind it has, tombstones left out.
    :ivar purged: how many tombstones.
    :ivar cases: how many cases and codes they are about.
    """

    path: Path
    made: bool
    kinds: Mapping[str, int]
    purged: int
    cases: int


def next_bundle(store: Store, ledger: Path, now: datetime) -> Bundle | None:
    """The bundle that is to be written: one that was begun, else one of what is new.

    :param store: the store.
    :param ledger: the ledger beside it.
    :param now: the time.
    :returns: the bundle, begun; where nothing is new the last one without a receipt; ``None`` where there is none.
    :raises ClockWentBack: the last bundle, or a record, is of a later time.
    :raises BadSettings: there are practice records in the store; nothing was begun.
    :raises DiskFailed: the ledger or the store cannot be read or written.
    """
    at_least = read_ledger(ledger).highest_bundle + 1
    with store.transaction():
        store.installation()
        bundle = store.begin_bundle(now, at_least)
        if bundle is not None:
            if any(case.startswith(PRACTICE_MARK) for case in store.cases_in(bundle.first, bundle.last)):
                raise BadSettings(f"{store.path}: holds practice records, which never leave; nothing was exported")
            return bundle
    return max(unreceived(store), key=lambda one: one.number, default=None)


def unreceived(store: Store) -> list[Bundle]:
    """The bundles whose receipt has not come.

    :param store: the store.
    :returns: in the order of their numbers.
    """
    return [one for one in store.bundles() if one.received_at is None]


def write(
    store: Store,
    bundle: Bundle,
    *,
    folder: Path,
    ledger: Path,
    recipients: Sequence[str] | None,
    clock: Callable[[], datetime],
    made_by: str,
    anew: bool = False,
    progress: Progress | None = None,
) -> Written:
    """Put a bundle on the disk, unless it is there.

    :param store: the store.
    :param bundle: the bundle, begun.
    :param folder: where its file goes.
    :param ledger: the ledger beside the store.
    :param recipients: those it is sealed to; ``None`` for a file that anybody can read.
    :param clock: the time.
    :param made_by: the version of Lots.
    :param anew: make the file also where it is there.
    :param progress: is told how far it is.
    :returns: where it is and what is in it.
    :raises BrokenChain: the records do not verify; there is no file.
    :raises NotTheSame: the bundle was written before, and would be another now; there is no file.
    :raises DiskFailed: the disk is full, or does not read or write; there is no file.
    """
    pace = Pace(bundle.last - bundle.first + 1, progress)
    found = survey(store, bundle, pace)
    path = folder / _name(store.installation(), bundle, sealed=recipients is not None)
    made = anew or bundle.written_at is None or not path.is_file()
    if made:
        write_file(
            path,
            packed(store, bundle, found, made_by, pace),
            recipients,
            # Before the file can leave: a store that is restored from a backup must not give its number again.
            lambda: note_bundle(ledger, number=bundle.number, first=bundle.first, last=bundle.last, head=bundle.head),
        )
        with store.transaction():
            store.mark_written(bundle.number, found.digest.sha256, clock())
    return Written(
        path=path,
        made=made,
        kinds=found.kinds,
        purged=found.purged,
        cases=len(store.cases_in(bundle.first, bundle.last)),
    )


def _name(installation: str, bundle: Bundle, *, sealed: bool) -> str:
    name = file_name(installation, bundle.number)
    return name if sealed else name.removesuffix(".age")
