"""The store's file as whoever has the key reads it, page by page: also what no table shows any more.

SQLCipher 4 with a raw key: each page of 4096 bytes is AES-256 in CBC, and ends with its own IV (16) and an HMAC (64).
The first 16 bytes of the file are the salt in the clear; page 1 is sealed after them. A WAL has a header of 32 bytes,
then frames: 24 bytes, which begin with the number of the page, and the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE = 4096
SALT, IV, RESERVED = 16, 16, 80
WAL_HEADER, FRAME_HEADER = 32, 24


def pages(path: Path, key: bytes) -> Iterator[bytes]:
    """Every page of a database file in the clear, free ones and whatever stands after the last that is used.

    Args:
        path: the file.
        key: its raw key.
    """
    held = path.read_bytes()
    assert held, path
    assert len(held) % PAGE == 0, path
    for start in range(0, len(held), PAGE):
        yield opened(held[start : start + PAGE], key, is_first=start == 0)


def frames(wal: Path, key: bytes) -> Iterator[bytes]:
    """Every page of a WAL in the clear, those of an earlier round too; none where there is no WAL.

    Args:
        wal: the file.
        key: the database's raw key.
    """
    held = wal.read_bytes() if wal.exists() else b""
    for start in range(WAL_HEADER, len(held) - FRAME_HEADER, FRAME_HEADER + PAGE):
        number = int.from_bytes(held[start : start + 4])
        page = held[start + FRAME_HEADER : start + FRAME_HEADER + PAGE]
        if len(page) == PAGE:
            yield opened(page, key, is_first=number == 1)


def opened(page: bytes, key: bytes, *, is_first: bool) -> bytes:
    """One page in the clear, without what is reserved at its end.

    Args:
        page: as it is on the disk.
        key: the database's raw key.
        is_first: whether it is page 1.
    """
    sealed = page[SALT if is_first else 0 : PAGE - RESERVED]
    iv = page[PAGE - RESERVED : PAGE - RESERVED + IV]
    decryptor = Cipher(algorithms.AES256(key), modes.CBC(iv)).decryptor()
    return decryptor.update(sealed) + decryptor.finalize()
