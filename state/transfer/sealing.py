"""Sealing with age: a bundle can be opened by those it is sealed to, and by nobody else, not by the sender either.

The format is age's own (age-encryption.org/v1), so the standard ``age`` program opens it. Age does not prove who
sealed something: that a bundle comes from the same sender as the one before shows in the chain, whose head nobody
knows who has not opened the one before.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import pyrage

from state.errors import BadBundle, BadSettings


def read_recipients(lines: Iterable[str], where: str) -> tuple[str, ...]:
    """Read recipients as age's own files have them: one on a line, # begins a remark.

    :param lines: the lines.
    :param where: the file, for what is wrong with it.
    :returns: each recipient once, in their order.
    :raises BadSettings: a line is no recipient; says which.
    """
    found: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        written = line.partition("#")[0].strip()
        if not written:
            continue
        try:
            pyrage.x25519.Recipient.from_str(written)
        except pyrage.RecipientError:
            raise BadSettings(
                f"{where}, line {number}: this is no recipient; it must begin with age1, as `lots keys make` prints it"
            ) from None
        found[written] = None
    return tuple(found)


def read_identity(path: Path) -> pyrage.x25519.Identity:
    """Read the receiver's secret key from a file as `lots keys make` or ``age-keygen`` write it.

    :param path: the file.
    :returns: the identity.
    :raises BadSettings: it cannot be read, or holds no key.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise BadSettings(f"{path}: cannot be read ({getattr(fault, 'strerror', None) or 'not text'})") from None
    for line in lines:
        if line.strip().startswith("AGE-SECRET-KEY-"):
            with suppress(pyrage.IdentityError):
                return pyrage.x25519.Identity.from_str(line.strip())
    raise BadSettings(f"{path}: holds no key; a line of it must begin with AGE-SECRET-KEY-1")


def new_identity() -> tuple[str, str]:
    """Draw a new key for a receiver.

    :returns: (the secret key, the recipient that bundles are sealed to).
    """
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def seal(parts: Iterable[bytes], to: IO[bytes], recipients: Sequence[str]) -> None:
    """Seal what is made piece by piece; no more than a piece is in memory at a time.

    :param parts: the plain bytes in order.
    :param to: where the sealed bytes go.
    :param recipients: at least one.
    :raises OSError: the disk does not take it.
    """
    keys = [pyrage.x25519.Recipient.from_str(one) for one in recipients]
    source, sink = _Source(iter(parts)), _Sink(to.write)
    try:
        pyrage.encrypt_io(source, sink, keys)
    except pyrage.EncryptError as fault:
        raise source.fault or sink.fault or OSError(None, str(fault)) from None
    if (untold := source.fault or sink.fault) is not None:  # what goes wrong with the last piece is not told
        raise untold


def unseal(sealed: IO[bytes], to: Callable[[bytes], None], identity: pyrage.x25519.Identity) -> None:
    """Open what was sealed, piece by piece.

    :param sealed: the sealed bytes.
    :param to: takes the plain bytes in order. What came before a fault may not be trusted.
    :param identity: one that it was sealed to.
    :raises BadBundle: it was not sealed to this identity, is cut off, or was changed.
    """
    sink = _Sink(to)
    try:
        pyrage.decrypt_io(sealed, sink, [identity])
    except pyrage.DecryptError as fault:
        if sink.fault is not None:
            raise sink.fault from None
        if "No matching keys" in str(fault):
            raise BadBundle("this bundle was sealed to another key; open it with the key it was made for") from None
        raise BadBundle("this is no whole bundle (its beginning is not age's); fetch it again") from None
    except OSError:
        if sink.fault is not None:
            raise sink.fault from None
        raise BadBundle("this bundle is cut off, or a byte of it was changed; fetch it again") from None


class _Source(io.RawIOBase):
    """What is made piece by piece, for a reader; keeps the fault that ended it."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        super().__init__()
        self._parts = parts
        self._held = memoryview(b"")
        self.fault: BaseException | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._held:
            try:
                self._held = memoryview(next(self._parts))
            except StopIteration:
                return 0
            except BaseException as fault:
                self.fault = fault
                raise
        size = min(len(buffer), len(self._held))
        buffer[:size] = self._held[:size]
        self._held = self._held[size:]
        return size


class _Sink(io.RawIOBase):
    """Gives what is written on; keeps the fault that ended it."""

    def __init__(self, to: Callable[[bytes], object]) -> None:
        super().__init__()
        self._to = to
        self.fault: BaseException | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        try:
            self._to(bytes(data))
        except BaseException as fault:
            self.fault = fault
            raise
        return len(data)
