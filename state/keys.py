"""The file of the store's key: what it holds, and what of it may be shown."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from state.errors import BadSettings

KEY_BYTES = 32
LONGEST = 4096
"""Bytes that are read of a key file; what is longer is none."""

CREDENTIALS_DIRECTORY = "CREDENTIALS_DIRECTORY"
"""The variable by which systemd says where it has put what a service may know (``LoadCredential=``)."""


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
    :raises BadSettings: it cannot be read, is another's, can be read by others, or is no key.
    """
    # systemd lets the service read its credential by an access list, whose mask shows as the right of a group.
    others, mine = (0o037 if is_credential(path) else 0o077), (0, os.geteuid())
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            if stat.S_IMODE(about.st_mode) & others:
                raise BadSettings(f"LOTS_KEY_FILE: others may read {path}; run: chmod 600 {path}")
            if about.st_uid not in mine:
                raise BadSettings(
                    f"LOTS_KEY_FILE: {path} belongs to another account ({about.st_uid}) than the one that runs this "
                    f"({mine[1]}); run it as that account, with sudo -u, or give the file to this one with chown"
                )
            key = bytes.fromhex(file.read(LONGEST).decode("ascii").strip())
    except OSError as fault:
        raise BadSettings(f"LOTS_KEY_FILE: {path} cannot be read ({fault.strerror})") from None
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadSettings(f"LOTS_KEY_FILE: {path} holds no key; it must be {KEY_BYTES * 2} hex digits")
    return key


def is_credential(path: Path) -> bool:
    """Whether a key is one that systemd gave the service: it cannot be changed where it is.

    :param path: the key file.
    :returns: whether it lies in the folder of the service's credentials.
    """
    folder = os.environ.get(CREDENTIALS_DIRECTORY)
    return bool(folder) and path.parent == Path(str(folder))


def fingerprint(key: bytes) -> str:
    """What tells two keys apart and gives neither away.

    :param key: 32 random bytes.
    :returns: the first 16 hex digits of their SHA-256.
    """
    return hashlib.sha256(key).hexdigest()[:16]
