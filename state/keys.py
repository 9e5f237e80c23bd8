"""The file of the store's key: what it holds, and what of it may be shown."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

from state.errors import BadSettings

KEY_BYTES = 32


def as_written(key: bytes) -> str:
    """A key as its file has it.

    :param key: 32 bytes.
    :returns: 64 hex digits and a line's end.
    """
    return f"{key.hex()}\n"


def key_in(path: Path) -> bytes:
    """Read a key.

    :param path: the key file: 64 hex digits.
    :returns: 32 bytes.
    :raises BadSettings: it cannot be read, can be read by others, or is no key.
    """
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise BadSettings(f"LOTS_KEY_FILE: others may read {path}; run: chmod 600 {path}")
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError as fault:
        raise BadSettings(f"LOTS_KEY_FILE: {path} cannot be read ({fault.strerror})") from None
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadSettings(f"LOTS_KEY_FILE: {path} holds no key; it must be {KEY_BYTES * 2} hex digits")
    return key


def fingerprint(key: bytes) -> str:
    """What tells two keys apart and gives neither away.

    :param key: 32 random bytes.
    :returns: the first 16 hex digits of their SHA-256.
    """
    return hashlib.sha256(key).hexdigest()[:16]
