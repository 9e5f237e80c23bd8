"""Files that are on the disk whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from state.errors import DiskFailed

_MENDED_BY = {
    errno.ENOENT: "see that its folder is there",
    errno.ENOTDIR: "see that its folder is there",
    errno.EACCES: "see that the account of Lots may write there",
    errno.EPERM: "see that the account of Lots may write there",
    errno.EROFS: "see that the account of Lots may write there",
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room on the disk",
}


def what_helps(fault: OSError) -> str:
    """How to put right what the disk refused.

    :param fault: what it said.
    :returns: a part of a sentence, in English.
    """
    return _MENDED_BY.get(fault.errno or 0, "make room on the disk, see that the account of Lots may write there")


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Say what the disk refused, and what to do.

    :param path: the file or folder that is worked on.
    :raises DiskFailed: the block met an ``OSError``.
    """
    try:
        yield
    except OSError as fault:
        raise DiskFailed(f"{path}: {fault.strerror}; {what_helps(fault)}, and try again") from None


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk.

    :param path: the file or folder.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def whole(path: Path, *, alone: bool = False, new: bool = False) -> Iterator[IO[bytes]]:
    """A file for its owner's eyes only, which gets its name when all of it is on the disk.

    :param path: the file.
    :param alone: whether nobody else writes it meanwhile; then what a crash left of an earlier try goes.
    :param new: whether it must not be there yet.
    :returns: where it is written to; a fault in the block leaves nothing of it.
    :raises FileExistsError: it is there, and must not be.
    :raises OSError: the disk does not take it.
    """
    part = path.with_name(f".{path.name}.part" if alone else f".{path.name}.{secrets.token_hex(4)}.part")
    if alone:
        part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if new:
            path.hardlink_to(part)
            part.unlink()
        else:
            part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    sync(path.parent)


def write_whole(path: Path, text: str, *, new: bool = False) -> None:
    """Write a file for its owner's eyes only, whole or not at all.

    :param path: the file.
    :param text: what it holds.
    :param new: whether it must not be there yet.
    :raises FileExistsError: it is there, and must not be.
    :raises OSError: the disk does not take it.
    """
    with whole(path, new=new) as file:
        file.write(text.encode())


def add_to(path: Path, added: bytes, holds: int) -> None:
    """Add to a file that is only ever added to: all of it is on the disk afterwards, or a torn tail at most.

    :param path: the file; made for its owner's eyes only where it is not there.
    :param added: what is added.
    :param holds: how many bytes of the file hold; what a crash left behind them goes.
    :raises OSError: the disk does not take it.
    """
    is_new = not path.exists()
    path.touch(mode=0o600)
    with path.open("r+b", buffering=0) as file:  # a buffer would be written once more when it is closed
        try:
            file.truncate(holds)
            file.seek(holds)
            rest = memoryview(added)
            while rest:
                rest = rest[file.write(rest) or 0 :]
            os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                file.truncate(holds)
            raise
    if is_new:
        sync(path.parent)
