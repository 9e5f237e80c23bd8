"""The manifest of a bundle: what is in it, where it stands in the chain, and the secret that a receipt is made with."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from state.errors import BadBundle
from state.records import canonical

FORMAT = "lots-bundle"
VERSION = 1
"""The version of the format; raised when a receiver that was written for the old one would read the new one wrongly."""

MANIFEST, RECORDS, SCHEMA = "manifest.json", "records.ndjson", "schema.json"
"""Files at the top of a bundle; the manifest is its last, so that it can name the digest of every other."""

MEMBER = re.compile(
    r"manifest\.json|records\.ndjson|schema\.json|tables/records-\d{3,}\.(csv|xlsx)"
    r"|journal/(apart/)?[0-9A-Z]{3}-[0-9A-Z]{3}\.(txt|pdf)"
)
"""What a file in a bundle may be called; a receiver takes no other, so nothing is written outside its folder."""

_HASH = re.compile("[0-9a-f]{64}")
_INSTALLATION = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True, kw_only=True, slots=True)
class FileDigest:
    """One file of a bundle.

    :ivar bytes: how long it is.
    :ivar sha256: its digest in hex.
    """

    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """A bundle's manifest.

    :ivar installation: who made it: sixteen hex digits.
    :ivar bundle: its number, from 1.
    :ivar previous_bundle: the number of the bundle it follows in the chain; ``None`` for the first.
    :ivar made_at: when it was begun: ISO, in UTC.
    :ivar made_by: the version of Lots that wrote it.
    :ivar first: the number of its first record in the chain.
    :ivar last: the number of its last.
    :ivar previous: the hash of the record before its first.
    :ivar head: the hash of its last record: the chain's head.
    :ivar kinds: how many records of each kind there are, those that were purged before they left left out.
    :ivar purged: how many of them are tombstones.
    :ivar apart: codes that are no young person's case, and must not be filed as one.
    :ivar receipt_secret: 32 bytes in hex; whoever has opened the bundle knows it, and nobody else.
    :ivar files: every other file by its name.
    """

    installation: str
    bundle: int
    previous_bundle: int | None
    made_at: str
    made_by: str
    first: int
    last: int
    previous: str
    head: str
    kinds: Mapping[str, int]
    purged: int
    apart: tuple[str, ...]
    receipt_secret: str
    files: Mapping[str, FileDigest]

    def as_json(self) -> dict[str, Any]:
        """The manifest as plain JSON.

        :returns: a dict, with the format's name and version.
        """
        return {"format": FORMAT, "version": VERSION} | asdict(self)

    def written(self) -> bytes:
        """The manifest as it stands in the bundle: the same manifest is always the same bytes.

        :returns: JSON in UTF-8, with a line's end.
        """
        return f"{canonical(self.as_json())}\n".encode()


_FIELDS = tuple(field.name for field in fields(Manifest))


def read_manifest(written: bytes) -> Manifest:
    """Read a manifest, strictly.

    :param written: the file.
    :returns: the manifest.
    :raises BadBundle: it is no manifest, or of a version that this Lots does not know.
    """
    try:
        held = json.loads(written)
    except (ValueError, RecursionError):
        held = None
    if not isinstance(held, dict) or held.pop("format", None) != FORMAT:
        raise BadBundle(f"{MANIFEST}: this is no bundle of Lots")
    if (version := held.pop("version", None)) != VERSION:
        raise BadBundle(f"{MANIFEST}: its format is {version!r}, this Lots reads {VERSION}; install one that reads it")
    manifest = _read(held)
    if manifest is None:
        raise BadBundle(f"{MANIFEST}: a part of it is missing or is not what it must be; ask for the bundle again")
    return manifest


def _read(held: dict[str, Any]) -> Manifest | None:
    try:
        files = {str(name): FileDigest(**digest) for name, digest in held.pop("files").items()}
        known = {name: held[name] for name in _FIELDS if name != "files"}  # a later Lots may say more
        manifest = Manifest(**known | {"files": files, "apart": tuple(held["apart"])})
        return manifest if _is_sound(manifest) else None
    except (TypeError, KeyError, AttributeError):
        return None


def _is_sound(held: Manifest) -> bool:
    numbers = (held.bundle, held.first, held.last, held.purged, *held.kinds.values())
    texts = (held.made_at, held.made_by, *held.apart, *held.kinds)
    return (
        _INSTALLATION.fullmatch(held.installation) is not None
        and all(_HASH.fullmatch(one) for one in (held.previous, held.head, held.receipt_secret))
        and all(type(number) is int and number >= 0 for number in numbers)
        and (held.previous_bundle is None or _comes_before(held.previous_bundle, held.bundle))
        and 0 < held.first <= held.last
        and all(isinstance(text, str) for text in texts)
        and all(MEMBER.fullmatch(name) and name != MANIFEST for name in held.files)
        and all(type(one.bytes) is int and _HASH.fullmatch(one.sha256) for one in held.files.values())
        and {RECORDS, SCHEMA} <= held.files.keys()
    )


def _comes_before(previous: object, bundle: int) -> bool:
    return type(previous) is int and 0 < previous < bundle


def file_name(installation: str, bundle: int) -> str:
    """What a sealed bundle's file is called.

    :param installation: sixteen hex digits.
    :param bundle: its number.
    :returns: a name without a folder.
    """
    return f"lots-{installation[:8]}-{bundle:06d}.tar.age"
