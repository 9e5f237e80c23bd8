"""Backups: copies of the store, whole and verified, and the way back.

A backup is made in steps that each leave nothing half done: a copy beside its place (:func:`make_backup` gives it its
name only when it has been opened and verified), the ledger's copy beside it, and then the old ones are taken away.

A backup is restored in two steps: :func:`prepare` makes ready a copy of it, in which everything that was purged since
is purged too, and :func:`put_in_place` gives that copy the database's place. Until the last rename the database is the
one that was there.
"""

from __future__ import annotations

import shutil
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dialogs.case_code import PRACTICE_MARK
from state.disk import sync, told
from state.errors import BadBackup, BrokenChain, DiskFailed, NewerStore, NotTheSame, StoreError, WrongKey
from state.records import Link, verify
from state.store import Store, change_key, nobody_opens
from state.transfer.ledger import Ledger, copy_ledger, note_bundle, note_purge, read_ledger
from state.transfer.manifest import file_name
from state.transfer.rekeying import stamp, stamped, unused

_WORK = "restoring"
_ASIDE = ".before-restore-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Backup:
    """A backup that was made.

    :ivar path: its file.
    :ivar records: how many records it has.
    :ivar size: its length in bytes.
    :ivar taken_away: the older ones that are gone now.
    """

    path: Path
    records: int
    size: int
    taken_away: tuple[Path, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A backup that is ready to take the database's place.

    :ivar copy: the copy that does.
    :ivar records: how many records it has, tombstones included.
    :ivar until: when the last was written, in UTC; ``None`` where there is none.
    :ivar purged: how many of them were purged now, since they were purged after the backup.
    :ivar adopted: numbers of bundles that were made after it, and whose records it has: they are not sent again.
    :ivar unknown_bundles: numbers of bundles that were made after it, and of which it lacks records.
    :ivar lost: how many records the present store has beyond it; ``None`` where nobody can say.
    :ivar same_chain: whether the present store goes on from it.
    :ivar revoked: ids of people who were revoked after it, and are again.
    :ivar left_out: how many people were let in after it, and need a new invitation.
    :ivar log_goes_on: whether it has every row of the present store's access log now, also those from after it.
    """

    copy: Path
    records: int
    until: str | None
    purged: int
    adopted: tuple[int, ...]
    unknown_bundles: tuple[int, ...]
    lost: int | None
    same_chain: bool
    revoked: tuple[str, ...]
    left_out: int
    log_goes_on: bool


def put_aside(database: Path) -> list[Path]:
    """The databases that were put aside when a backup took their place; what is purged stays in them.

    :param database: the database.
    :returns: their files, oldest first, without the WAL that one may have.
    """
    found = database.parent.glob(f"{database.name}{_ASIDE}*")
    return sorted(one for one in found if not one.name.endswith(("-wal", "-shm")))


# ── making ───────────────────────────────────────────────────────────────────────────────────────────────────


def backups_in(folder: Path, database: Path) -> list[tuple[Path, datetime]]:
    """The backups of a database.

    :param folder: where they are.
    :param database: the database; its name is the beginning of theirs.
    :returns: each with when it was made, newest first.
    """
    named = ((path, path.stem.removeprefix(f"{database.stem}-")) for path in folder.glob(f"{database.stem}-*.db"))
    found = [(path, at) for path, written in named if (at := stamped(written)) is not None]
    return sorted(found, key=lambda one: one[1], reverse=True)


def make_backup(
    store: Store, key: bytes, *, database: Path, folder: Path, ledger: Path | None, now: datetime, keep_days: int
) -> Backup:
    """Copy the store while others use it, and keep the copy when it has been opened and verified.

    :param store: the store.
    :param key: its key.
    :param database: its file.
    :param folder: where the backup goes; made where it is not there.
    :param ledger: the ledger beside the database; ``None`` in practice, which has none.
    :param now: the time.
    :param keep_days: after how many days a backup is taken away; never the one that is made now.
    :returns: the backup.
    :raises DiskFailed: the folder cannot be written, or the disk is full; there is no new file.
    :raises BrokenChain: the records do not verify; there is no new file.
    :raises BadBackup: the copy is not what was copied; there is no new file.
    """
    path = folder / f"{database.stem}-{stamp(now)}.db"
    while path.exists():  # of the same second, or of a clock that went back: neither takes the other's place
        now += timedelta(seconds=1)
        path = folder / f"{database.stem}-{stamp(now)}.db"
    part = folder / f".{path.name}.part"
    with told(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _clear_parts(folder, database)
    try:
        with store.transaction():
            store.installation()  # whatever comes of the database, its backup is the same sender
        before = store.last_link()
        store.copy_to(part, key)
        records = _verified_copy(part, key, store, before)
        with told(folder):
            sync(part)
            size = part.stat().st_size
        if ledger is not None:
            _learn(ledger, folder / ledger.name)
            copy_ledger(ledger, folder)
        with told(folder):
            part.replace(path)
            sync(folder)
    except BaseException:
        with suppress(OSError):
            _clear_parts(folder, database)
        raise
    gone = tuple(
        old for old, at in backups_in(folder, database) if old != path and at < now - timedelta(days=keep_days)
    )
    with told(folder):
        for old in gone:
            old.unlink()
    return Backup(path=path, records=records, size=size, taken_away=gone)


def _clear_parts(folder: Path, database: Path) -> None:
    """What a backup that was cut off has left, its WAL included."""
    for left in folder.glob(f".{database.stem}-*.db.part*"):
        left.unlink()


def _verified_copy(part: Path, key: bytes, store: Store, before: Link | None) -> int:
    """The copy ends with a record that the store has in that place, not before the one that was last when it began."""
    with closing(Store(part, key)) as copy:
        if faults := copy.faults():
            raise BadBackup(f"{part}: {faults[0]}; the copy is not whole, see to the disk and try again")
        records = verify(copy.links())
        last = copy.last_link()
        then = [] if last is None else list(store.links(last.seq, last.seq))
        if records < (0 if before is None else before.seq) or (last is not None and [last] != then):
            raise BadBackup(f"{part}: the copy is not what was copied; see to the disk and try again")
        copy.settle()
    return records


def _learn(ledger: Path, other: Path) -> None:
    """Add to the ledger what its copy with the backups knows and it does not: it may be lost with the machine."""
    ours, theirs = read_ledger(ledger), read_ledger(other)
    for number in sorted(theirs.bundles.keys() - ours.bundles.keys()):
        made = theirs.bundles[number]
        note_bundle(ledger, number=made.number, first=made.first, last=made.last, head=made.head)
    for number, bundle in theirs.bundles.items():
        if number in ours.bundles and ours.bundles[number].head != bundle.head:
            raise NotTheSame(f"{other}: knows another bundle {number}; these are the backups of another installation")
    for number, purge in theirs.purges.items():
        if number in ours.purges and ours.purges[number].at == purge.at:
            continue  # ours is the later word: a case may have been kept after all
        if unknown := sorted(purge.records - ours.purged):
            note_purge(ledger, number=number, decision=purge.decision, at=purge.at, records=unknown)


# ── restoring ────────────────────────────────────────────────────────────────────────────────────────────────


def work_folder(database: Path) -> Path:
    """Where a backup is made ready.

    :param database: the database whose place it takes.
    :returns: the folder; it is there only while a backup is restored, or after that was cut off.
    """
    return database.parent / _WORK


def clear_work(database: Path) -> None:
    """Take away what was made ready.

    :param database: the database.
    :raises DiskFailed: it cannot be taken away.
    """
    with told(work_folder(database)):
        if work_folder(database).exists():
            shutil.rmtree(work_folder(database))


def prepare(
    file: Path,
    *,
    database: Path,
    key: bytes,
    its_key: bytes,
    ledger: Path | None,
    bundles: Path,
    practice: bool,
    present: Store | None,
    now: datetime,
) -> Prepared:
    """Make a backup ready to take the database's place: verified, with everything purged that was purged since.

    :param file: the backup.
    :param database: the database.
    :param key: the key that the database has.
    :param its_key: the key that the backup has; it gets the database's.
    :param ledger: the ledger beside the database; ``None`` in practice. One beside the backup is learnt from.
    :param bundles: the folder of the sealed bundles that have no receipt yet.
    :param practice: whether the database is practice's.
    :param present: the store that is in the database; ``None`` where there is none, or it cannot be opened.
    :param now: the time.
    :returns: what is ready.
    :raises BadBackup: the key does not open it, it is cut off, damaged or changed, of another installation or mode, or
        a newer version made it.
    :raises DiskFailed: the disk is full, or does not read or write.
    """
    known = Ledger({}, {})
    if ledger is not None:
        if file.resolve().parent != ledger.resolve().parent:
            _learn(ledger, file.resolve().parent / ledger.name)
        known = read_ledger(ledger)
    copy = work_folder(database) / database.name
    clear_work(database)
    with told(copy):
        copy.parent.mkdir(mode=0o700)
        _copy_file(file, copy)
    try:
        return _made_ready(
            file, copy, key, its_key, known, bundles=bundles, practice=practice, present=present, now=now
        )
    except (StoreError, BadBackup) as fault:
        clear_work(database)
        if isinstance(fault, BadBackup):
            raise
        raise _told_of(file, fault) from None


def put_in_place(prepared: Prepared, database: Path, present: Store | None, now: datetime) -> Path | None:
    """Give what is ready the database's place; the database is put aside. Nobody serves it.

    :param prepared: what is ready.
    :param database: the database.
    :param present: the store in it, which is closed; ``None`` where there is none, or it cannot be opened.
    :param now: the time.
    :returns: where the database was put; ``None`` where there was none.
    :raises StoreBusy: another process has the database open; it stays.
    :raises DiskFailed: the disk does not write; the database stays.
    """
    aside = None
    with nobody_opens(database):
        if present is not None:
            present.settle()
            present.close()
        with told(database):
            if database.exists():
                aside = unused(database.with_name(f"{database.name}{_ASIDE}"), now)
                aside.hardlink_to(database)
                _put_wal_aside(database, aside)
            prepared.copy.replace(database)
            sync(database.parent)
    clear_work(database)
    return aside


def _put_wal_aside(database: Path, aside: Path) -> None:
    """A database that nobody can open keeps its WAL; left beside the restored one, it would be read into that."""
    parts = [part for part in ("-wal", "-shm") if database.with_name(f"{database.name}{part}").exists()]
    for part in parts:
        aside.with_name(f"{aside.name}{part}").hardlink_to(database.with_name(f"{database.name}{part}"))
    sync(database.parent)
    for part in parts:
        database.with_name(f"{database.name}{part}").unlink()


def _copy_file(file: Path, copy: Path) -> None:
    for part in ("", "-wal"):  # a database that was put aside when nobody could open it has one
        source, target = file.with_name(f"{file.name}{part}"), copy.with_name(f"{copy.name}{part}")
        if not part or source.exists():
            target.touch(mode=0o600, exist_ok=False)
            shutil.copyfile(source, target)


def _made_ready(
    file: Path,
    copy: Path,
    key: bytes,
    its_key: bytes,
    known: Ledger,
    *,
    bundles: Path,
    practice: bool,
    present: Store | None,
    now: datetime,
) -> Prepared:
    if copy.stat().st_size < 512:  # SQLite takes an empty file for a new database
        raise BadBackup(f"{file}: there is nothing in it; take another backup")
    with closing(Store(copy, its_key)) as store:
        _hold(file, store)
        _is_ours(file, store, practice, present)
        prepared = _caught_up(copy, store, known, bundles, present, now)
    if its_key != key:
        change_key(copy, its_key, key)
    with closing(Store(copy, key)) as store:
        _hold(file, store)
        store.settle()
    with told(copy):
        sync(copy)
        sync(copy.parent)
    return prepared


def _caught_up(
    copy: Path, store: Store, known: Ledger, bundles: Path, present: Store | None, now: datetime
) -> Prepared:
    """Bring a backup to what has happened since: purges, revoked people, bundles, looks, and what stands in chats."""
    last = store.last_link()
    same_chain = _goes_on(present, last)
    records = 0 if last is None else last.seq
    lost = _beyond(present, store, records if same_chain else 0)
    revoked = _only_in(store, present) if same_chain else ()
    left_out = len(_only_in(present, store)) if same_chain else 0
    log_goes_on = _carry_over_the_log(store, present)
    adopted = _adopt(store, known, bundles, now)
    purged = _purge_again(store, known, revoked, now)
    if present is not None:
        with store.transaction():
            if same_chain:
                store.take_ways_in(present)
            store.take_over(present.ledger())  # what stands in the chats stands there whatever is restored
    if purged:
        store.shrink()
    unknown = tuple(sorted(known.bundles.keys() - {one.number for one in store.bundles()}))
    store.settle()
    return Prepared(
        copy=copy,
        records=records,
        until=None if last is None else last.recorded_at,
        purged=purged,
        adopted=adopted,
        unknown_bundles=unknown,
        lost=lost,
        same_chain=same_chain,
        revoked=revoked,
        left_out=left_out,
        log_goes_on=log_goes_on,
    )


def _hold(file: Path, store: Store) -> None:
    if faults := store.faults():
        raise BadBackup(f"{file}: {faults[0]}; it is damaged, take another backup")
    verify(store.links())


def _is_ours(file: Path, store: Store, practice: bool, present: Store | None) -> None:
    if any(case.startswith(PRACTICE_MARK) != practice for case in store.cases()):
        held, wanted = ("real cases", "practice") if practice else ("practice", "real cases")
        raise BadBackup(f"{file}: holds {held}, and this is the database of {wanted}; see LOTS_TELEGRAM_MODE")
    if present is None or present.last_link() is None:
        return
    with store.transaction(), present.transaction():
        ours, its = present.installation(), store.installation()
    if ours != its:
        raise BadBackup(
            f"{file}: is a backup of another installation ({its}, and this is {ours}); if it is to stand here, move "
            "the present database away first"
        )


def _goes_on(present: Store | None, last: Link | None) -> bool:
    """Whether the present store has the backup's last record in its place."""
    if present is None:
        return False
    return last is None or [held.hash for held in present.links(last.seq, last.seq)] == [last.hash]


def _beyond(present: Store | None, store: Store, shared: int) -> int | None:
    """How many records the present store has that the backup has not."""
    last = None if present is None else present.last_link()
    if last is None:
        return None if present is None else 0
    is_held = [held.hash for held in store.links(last.seq, last.seq)] == [last.hash]
    return 0 if is_held else last.seq - shared


def _only_in(store: Store | None, other: Store | None) -> tuple[str, ...]:
    """Who may speak to Lots in one store and not in the other; whoever was in once and is not now was revoked."""
    if store is None or other is None:
        return ()
    inside = {person.id for person in other.people()}
    return tuple(person.id for person in store.people() if person.id not in inside)


def _carry_over_the_log(store: Store, present: Store | None) -> bool:
    """Who looked at what after the backup was made is not forgotten with the records that go back."""
    if present is None:
        return True
    with store.transaction(), present.transaction():
        if present.installation() != store.installation():
            return present.access_head().id == 0  # cases stand there by marks that this store could not read
        return store.carry_over_access(present)


def _adopt(store: Store, known: Ledger, bundles: Path, now: datetime) -> tuple[int, ...]:
    """Take over the bundles that were made after the backup of records that it has: none of them leaves twice."""
    adopted = []
    with store.transaction():
        for number in sorted(known.bundles):
            made = known.bundles[number]
            waits = (bundles / file_name(store.installation(), number)).exists()
            if store.adopt_bundle(made.number, made.first, made.last, made.head, now, delivered=not waits):
                adopted.append(number)
    return tuple(adopted)


def _purge_again(store: Store, known: Ledger, revoked: tuple[str, ...], now: datetime) -> int:
    """Purge what the ledger says was purged, under its own number, decision and time; end what was half done then."""
    purged = 0
    with store.transaction():
        gone: list[str] = []
        for noted in known.purges.values():
            if cases := store.cases_of(sorted(noted.records)):
                before = {one.number: one.records for one in store.purges()}.get(noted.number, 0)
                done = store.purge(noted.number, noted.decision, cases, datetime.fromisoformat(noted.at))
                purged += done.records - before
                gone += cases
        store.forget_what_waits(gone)
        store.erase_due(now)
        for person in revoked:
            store.revoke(person, now)
    return purged


def _told_of(file: Path, fault: StoreError) -> Exception:
    """What is wrong with a copy, as what is wrong with the backup; a busy store is no fault of the backup's."""
    if isinstance(fault, WrongKey):
        return BadBackup(
            f"{file}: the key does not open it. It is no backup, or was made before the key was changed; then name the "
            "key it was made with, with --key-file"
        )
    if isinstance(fault, NewerStore):
        return BadBackup(f"{file}: a newer version of Lots made it; install that version or a later one")
    if isinstance(fault, BrokenChain):
        return BadBackup(f"{file}: {fault.args[0]}; take another backup")
    if isinstance(fault, DiskFailed):
        return BadBackup(f"{file}: it is cut off or damaged, or the disk is full ({fault.args[0]})")
    return fault
