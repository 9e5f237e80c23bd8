"""Bundles made by hand after the format's description, from a real store: right ones, and wrong ones that are sealed.

Whoever has a recipient can seal anything to it. So a receiver must take nothing on trust that merely opens.
"""

from __future__ import annotations

import hashlib
import io
import json
import resource
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from dialogs import case_code
from dialogs.records import CaseOpened, Record, StaffThreat, TalkHeld
from state.people import Person
from state.records import Envelope, canonical
from state.schema import records_schema
from state.store import Bundle, Store
from state.transfer.manifest import MANIFEST, RECORDS, SCHEMA, FileDigest, Manifest
from state.transfer.sealing import new_identity, seal
from tests.talk import MONDAY

CASE, OTHER_CASE, APART = (case_code.draw(False, Random(seed).choice) for seed in (21, 22, 23))
"""Two real cases, and a code that is no case."""

SECRET_KEY, RECIPIENT = new_identity()
"""The receiver's key, and what bundles are sealed to."""

Files = dict[str, bytes]


def a_talk(case: str = CASE, days_ago: int = 0) -> TalkHeld:
    return TalkHeld(
        case=case,
        held="yes",
        occurred_on=MONDAY.date() - timedelta(days=days_ago),
        mode="meeting",
        held_by="self",
    )


A_THREAT = StaffThreat(
    case=APART,
    reported_at=MONDAY,
    danger="no",
    against="self",
    manager="yes",
    police="no",
    routine="yes",
    sig="goes_on",
)
FIRST_RECORDS: tuple[Record, ...] = (
    CaseOpened(case=CASE),
    a_talk(),
    CaseOpened(case=OTHER_CASE),
    a_talk(OTHER_CASE, days_ago=3),
    A_THREAT,
)


def somebody(store: Store) -> Person:
    with store.transaction():
        return store.add_person(role="samordnare", district="Farsta", channel="web", address="1", now=MONDAY)


def write(store: Store, me: Person, records: Iterable[Record], at: datetime = MONDAY) -> list[Envelope]:
    with store.transaction():
        return [store.append(record, me, at) for record in records]


def begin(store: Store, at: datetime = MONDAY) -> Bundle:
    """The next bundle, as it is decided and marked by an export."""
    with store.transaction():
        store.installation()
        bundle = store.begin_bundle(at)
        assert bundle is not None
        store.mark_written(bundle.number, "0" * 64, at)
    written = store.bundle(bundle.number)
    assert written is not None
    return written


@dataclass
class Content:
    """What is in a bundle before it is packed.

    Args:
        files: every file but the manifest.
        manifest: the manifest, but for the digests.
        digests: what the manifest is to say of a file against the truth.
        extra: files that the manifest does not name.
        raw: parts of the archive that come before the manifest as they are.
        written: the manifest's bytes where they are not to be those of the manifest.
        behind: parts of the archive that come after the manifest.
    """

    files: Files
    manifest: Manifest
    digests: dict[str, FileDigest] = field(default_factory=dict)
    extra: Files = field(default_factory=dict)
    raw: list[bytes] = field(default_factory=list)
    written: bytes | None = None
    behind: list[bytes] = field(default_factory=list)

    def says(self, **changed: Any) -> None:
        """Make the manifest say something else."""
        self.manifest = replace(self.manifest, **changed)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.files[RECORDS].splitlines()]

    def set_lines(self, lines: Sequence[Mapping[str, Any]]) -> None:
        self.files[RECORDS] = b"".join(f"{canonical(line)}\n".encode() for line in lines)

    def tar(self) -> bytes:
        """The archive."""
        digests = {name: FileDigest(bytes=len(data), sha256=sha256(data)) for name, data in self.files.items()}
        manifest = replace(self.manifest, files=digests | self.digests)
        parts = [member(name, data) for name, data in (self.files | self.extra).items()]
        parts += [*self.raw, member(MANIFEST, manifest.written() if self.written is None else self.written)]
        return b"".join([*parts, *self.behind, bytes(1024)])

    def sealed(self, recipient: str = RECIPIENT) -> bytes:
        """The archive, sealed."""
        return sealed(self.tar(), recipient)


def content(store: Store, bundle: Bundle) -> Content:
    """What an export of a bundle holds; the journals are shorter than real ones."""
    links = list(store.links(bundle.first, bundle.last))
    kinds = Counter(held.kind for held in links if isinstance(held, Envelope))
    apart = {held.record.case for held in links if isinstance(held, Envelope) and held.record.apart}
    files = {
        RECORDS: b"".join(f"{canonical(held.as_json())}\n".encode() for held in links),
        SCHEMA: json.dumps(records_schema()).encode(),
        "tables/records-001.csv": b"nr;slag\r\n",
    }
    for case in store.cases_in(bundle.first, bundle.last):
        files[f"journal/{'apart/' if case in apart else ''}{case}.txt"] = f"Ärende {case}\n".encode()
    return Content(
        files=files,
        manifest=Manifest(
            installation=store.installation(),
            bundle=bundle.number,
            previous_bundle=bundle.previous_bundle,
            made_at=bundle.made_at,
            made_by="0.1.0",
            first=bundle.first,
            last=bundle.last,
            previous=store.hash_before(bundle),
            head=bundle.head,
            kinds=dict(kinds),
            purged=len(links) - kinds.total(),
            apart=tuple(sorted(apart)),
            receipt_secret=bundle.secret,
            files={},
        ),
    )


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def member(name: str, data: bytes = b"", *, size: int | None = None, **more: Any) -> bytes:
    """One part of an archive: its header, its bytes and what fills the last block."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data) if size is None else size, 0o600
    for attribute, value in more.items():
        setattr(info, attribute, value)
    return info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % tarfile.BLOCKSIZE)


def sealed(plain: bytes, recipient: str = RECIPIENT) -> bytes:
    to = io.BytesIO()
    seal([plain], to, [recipient])
    return to.getvalue()


def everything_in(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """A disk that takes no more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
