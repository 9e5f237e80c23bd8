"""A new key for the store: every database of the folder gets it, or none.

1. Each database is copied beside, its copy gets the new key and is verified. Until all are, nothing has happened.
2. The new key is written down as ``lots.key.new``. From here on the change is carried out, also after a crash: whoever
   reads the key next goes on with it, see :func:`finish`.
3. The copies take the databases' places, the old key is put aside, and the new one takes its place.

Nobody opens a store meanwhile, and nobody has one open: what they wrote would be lost.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from state.disk import sync, told
from state.errors import BadBackup, BadSettings
from state.keys import KEY_BYTES, as_written, key_in
from state.records import verify
from state.store import Store, change_key, nobody_opens, opens

DATABASES = ("lots.db", "ovning.db")
"""The databases that one key opens."""

_STAMP = "%Y%m%dT%H%M%SZ"
_WORK = "rekeying"


def stamp(at: datetime) -> str:
    """A time as it stands in the name of a file.

    :param at: the time.
    :returns: in UTC, to the second.
    """
    return at.astimezone(UTC).strftime(_STAMP)


def stamped(written: str) -> datetime | None:
    """Read a time in the name of a file.

    :param written: what stands there.
    :returns: the time; ``None`` where it is none.
    """
    try:
        return datetime.strptime(written, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def unused(path: Path, now: datetime) -> Path:
    """A name for what is put aside.

    :param path: the beginning of the name.
    :param now: the time, which ends it; a second later for every one that is taken.
    :returns: a file that is not there.
    """
    while (found := path.with_name(f"{path.name}{stamp(now)}")).exists():
        now += timedelta(seconds=1)
    return found


def databases_in(folder: Path) -> list[Path]:
    """The databases of a data folder.

    :param folder: the folder.
    :returns: those that are there.
    """
    return [path for name in DATABASES if (path := folder / name).exists()]


def kept_keys(key_file: Path) -> list[tuple[Path, datetime]]:
    """The keys that were changed for others, which older backups need.

    :param key_file: the key that is used now.
    :returns: each with when it was changed, oldest first.
    """
    beside = (
        (path, path.name.removeprefix(f"{key_file.name}.")) for path in key_file.parent.glob(f"{key_file.name}.*")
    )
    found = [(path, at) for path, written in beside if (at := stamped(written)) is not None]
    return sorted(found, key=lambda one: one[1])


def rotate(folder: Path, key_file: Path, now: datetime) -> Path:
    """Give every database of a folder a new key. Nobody serves them, and no other command is at work on them.

    :param folder: the data folder.
    :param key_file: the key that they have; it holds the new one afterwards.
    :param now: the time.
    :returns: where the old key is kept.
    :raises StoreError: a database cannot be opened or is in use, or the disk is full; nothing was changed.
    :raises BadBackup: the copy with the new key does not verify; nothing was changed.
    """
    old, new = key_in(key_file), secrets.token_bytes(KEY_BYTES)
    with _opened(databases_in(folder), old) as stores, nobody_opens(folder / DATABASES[0]):
        try:
            for path, store in stores.items():
                make_copy(path, store, _work(folder), old, new)
            with _noted(key_file, new):
                return _put_in_place(folder, key_file, now)
        except BaseException:
            if not _beside(key_file).exists():
                _clear(folder)
            raise


def finish(folder: Path, key_file: Path, now: datetime) -> None:
    """Carry out a change of keys that was cut off; where there was none, nothing happens.

    What the cut-off change copied is not trusted: somebody may have written since.

    :param folder: the data folder.
    :param key_file: the key.
    :param now: the time.
    :raises StoreError: a database cannot be opened or is in use, or the disk is full; it is tried again next time.
    :raises BadSettings: one of the two keys is gone, or cannot be read.
    """
    with _held(_beside(key_file)) as is_there:
        if is_there:
            new = key_in(_beside(key_file))
            waiting = [path for path in databases_in(folder) if not opens(path, new)]
            with ExitStack() as held:
                old = key_in(key_file) if waiting else b""
                stores = held.enter_context(_opened(waiting, old))
                held.enter_context(nobody_opens(folder / DATABASES[0]))
                _clear(folder)
                for path, store in stores.items():
                    make_copy(path, store, _work(folder), old, new)
                _put_in_place(folder, key_file, now)
            return
    if (folder / _WORK).exists():  # cut off before there was a new key, or still going on: then it is waited for
        with nobody_opens(folder / DATABASES[0]):
            if not _beside(key_file).exists():
                _clear(folder)


def make_copy(path: Path, store: Store, work: Path, old: bytes, new: bytes) -> None:
    """Copy a store, give the copy another key, and verify it.

    :param path: the database.
    :param store: the store in it; it is left settled.
    :param work: the folder of the copy, which has the store's own name there.
    :param old: the store's key.
    :param new: the copy's.
    """
    copy = work / path.name
    store.settle()
    store.copy_to(copy, old)
    change_key(copy, old, new)
    with closing(Store(copy, new)) as copied:
        if faults := copied.faults():
            raise BadBackup(f"{copy}: {faults[0]}; nothing was changed, see that the disk is whole")
        verify(copied.links())
        if copied.last_link() != store.last_link():
            raise BadBackup(f"{copy}: is not what {path} is; nothing was changed, try again")
        copied.settle()
    with told(copy):
        sync(copy)
        sync(work)


def _beside(key_file: Path) -> Path:
    return key_file.with_name(f"{key_file.name}.new")


def _work(folder: Path) -> Path:
    with told(folder):
        (folder / _WORK).mkdir(mode=0o700, exist_ok=True)
    return folder / _WORK


def _clear(folder: Path) -> None:
    with told(folder):
        if (folder / _WORK).exists():
            shutil.rmtree(folder / _WORK)


@contextmanager
def _opened(databases: Sequence[Path], key: bytes) -> Iterator[dict[Path, Store]]:
    with ExitStack() as held:
        yield {path: held.enter_context(closing(Store(path, key))) for path in databases}


@contextmanager
def _noted(key_file: Path, new: bytes) -> Iterator[None]:
    """Write the new key down, whole; nobody else goes on with the change while this process does."""
    fresh = key_file.with_name(f".{_beside(key_file).name}")
    with told(key_file):
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        with told(key_file):
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(as_written(new))
            file.flush()
            os.fsync(file.fileno())
            fresh.replace(_beside(key_file))
            sync(key_file.parent)
        yield


@contextmanager
def _held(path: Path) -> Iterator[bool]:
    """Hold a file alone.

    :returns: whether it is still there when nobody else holds it.
    """
    try:
        file = path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        yield False
        return
    except OSError as fault:
        raise BadSettings(f"LOTS_KEY_FILE: {path} cannot be read ({fault.strerror})") from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield path.exists()


def _put_in_place(folder: Path, key_file: Path, now: datetime) -> Path:
    """The copies take the databases' places, then the new key the old one's."""
    with told(folder):
        for copy in sorted(_work(folder).iterdir()):
            copy.replace(folder / copy.name)
        sync(folder)
        (folder / _WORK).rmdir()
    with told(key_file):
        kept = next((path for path, _ in kept_keys(key_file) if path.samefile(key_file)), None)
        if kept is None:
            kept = unused(key_file.with_name(f"{key_file.name}."), now)
            kept.hardlink_to(key_file)
            sync(key_file.parent)
        _beside(key_file).replace(key_file)
        sync(key_file.parent)
    return kept
