"""What is in a bundle: a tar that is made piece by piece, and the file on the disk that it is sealed into.

The same bundle is always the same tar, byte for byte, on the same version of Lots with the same parts installed: its
times are the bundle's own, and nothing of the machine is in it. Where PDFs can be made they are files like the others,
named in the manifest. Which files there are is not what makes a bundle the same: that is its records and its head. So
a bundle that is made again after typst has come or gone is still the same bundle.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from state.disk import sync, what_helps, whole
from state.errors import BrokenChain, DiskFailed, NotTheSame
from state.records import Envelope, Link, canonical, verify
from state.schema import records_schema
from state.store import Bundle, Store
from state.transfer.journal import MOST_IN_A_PDF, journal_pdf, journal_text, pdf_is_possible
from state.transfer.manifest import MANIFEST, RECORDS, SCHEMA, FileDigest, Manifest
from state.transfer.sealing import seal
from state.transfer.tables import csv_from, rows_of, xlsx_from

PER_TABLE = 10_000
"""How many records one table has at most: what a person can open, and what is held in memory at a time."""

PIECE = 256 * 1024
"""Bytes that are gathered before they are handed on."""

PASSES = 4
"""How often the records are read: to verify and measure them, then for themselves, the tables and the journals."""

STEP = 500
"""After how many records progress is told."""

Progress = Callable[[int, int], None]
"""Is told how far it has come: how many records are done, of how many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What a first pass over a bundle's records has found.

    :ivar digest: how long they are as they are written, and their digest.
    :ivar kinds: how many there are of each kind, tombstones left out.
    :ivar purged: how many are tombstones.
    :ivar apart: codes that are no young person's case, in order.
    """

    digest: FileDigest
    kinds: Mapping[str, int]
    purged: int
    apart: tuple[str, ...]


class Pace:
    """Counts the records of all passes, and tells how far it is.

    :param total: how many records the bundle has.
    :param tell: is told, at every :data:`STEP`; ``None`` where nobody listens.
    """

    def __init__(self, total: int, tell: Progress | None) -> None:
        self._total = total
        self._tell = tell
        self._read = 0

    def over(self, links: Iterable[Link]) -> Iterator[Link]:
        """Count what passes.

        :param links: records.
        :returns: the same.
        """
        for held in links:
            yield held
            self.passed(1)

    def passed(self, count: int) -> None:
        """Count what has passed.

        :param count: how many records.
        """
        before, self._read = self._read, self._read + count
        if self._tell is not None and before // STEP != self._read // STEP:
            self._tell(min(self._read // PASSES, self._total), self._total)


def survey(store: Store, bundle: Bundle, pace: Pace) -> Survey:
    """Verify a bundle's part of the chain, and measure its records.

    :param store: the store.
    :param bundle: the bundle, begun.
    :param pace: counts along.
    :returns: what the manifest says of them.
    :raises BrokenChain: a record is missing, moved or changed; says which.
    :raises NotTheSame: the bundle was written before, and its records would be others now.
    """
    digest, size = hashlib.sha256(), 0
    kinds: Counter[str] = Counter()
    purged, apart, head = 0, set[str](), ""

    def looked_at() -> Iterator[Link]:
        nonlocal size, purged, head
        for held in pace.over(store.links(bundle.first, bundle.last)):
            line = _line(held)
            digest.update(line)
            size += len(line)
            head = held.hash
            if isinstance(held, Envelope):
                kinds[held.kind] += 1
                if held.record.apart:
                    apart.add(held.record.case)
            else:
                purged += 1
            yield held

    last = verify(looked_at(), bundle.first - 1, store.hash_before(bundle))
    if (last, head) != (bundle.last, bundle.head):
        raise BrokenChain(
            f"bundle {bundle.number} ends with record {bundle.last}, and that is not the record it was: records were "
            "changed or removed"
        )
    found = Survey(
        digest=FileDigest(bytes=size, sha256=digest.hexdigest()),
        kinds=dict(sorted(kinds.items())),
        purged=purged,
        apart=tuple(sorted(apart)),
    )
    if bundle.content not in (None, found.digest.sha256):
        why = (
            f"{purged} of its records were purged since"
            if purged
            else "this version of Lots writes its records in another way"
        )
        raise NotTheSame(
            f"bundle {bundle.number} cannot be made again as it was: {why}. What is left of it is the file that was "
            "made, here or at the receiver"
        )
    return found


def packed(store: Store, bundle: Bundle, found: Survey, made_by: str, pace: Pace) -> Iterator[bytes]:
    """A bundle as a tar, piece by piece; a case's records or one table are in memory at a time.

    :param store: the store.
    :param bundle: the bundle, begun.
    :param found: what :func:`survey` has found.
    :param made_by: the version of Lots.
    :param pace: counts along.
    :returns: the bytes in order.
    :raises BrokenChain: the records are no longer those of the survey.
    """
    tar = _Tar(int(datetime.fromisoformat(bundle.made_at).timestamp()))
    yield from tar.streamed(RECORDS, found.digest, _lines(store, bundle, pace))
    yield from tar.file(SCHEMA, f"{json.dumps(records_schema(), ensure_ascii=False, indent=2)}\n".encode())
    labels = store.labels()
    yield from _tables(tar, store, bundle, labels, pace)
    yield from _journals(tar, store, bundle, labels, pace)
    manifest = Manifest(
        installation=store.installation(),
        bundle=bundle.number,
        previous_bundle=bundle.previous_bundle,
        made_at=bundle.made_at,
        made_by=made_by,
        first=bundle.first,
        last=bundle.last,
        previous=store.hash_before(bundle),
        head=bundle.head,
        kinds=found.kinds,
        purged=found.purged,
        apart=found.apart,
        receipt_secret=bundle.secret,
        files=dict(tar.files),
    )
    yield from tar.file(MANIFEST, manifest.written())
    yield tar.end()


def _line(held: Link) -> bytes:
    return f"{canonical(held.as_json())}\n".encode()


def _lines(store: Store, bundle: Bundle, pace: Pace) -> Iterator[bytes]:
    gathered = bytearray()
    for held in pace.over(store.links(bundle.first, bundle.last)):
        gathered += _line(held)
        if len(gathered) >= PIECE:
            yield bytes(gathered)
            gathered.clear()
    yield bytes(gathered)


def _tables(tar: _Tar, store: Store, bundle: Bundle, labels: Mapping[str, str], pace: Pace) -> Iterator[bytes]:
    for number, first in enumerate(range(bundle.first, bundle.last + 1, PER_TABLE), 1):
        held = list(pace.over(store.links(first, min(first + PER_TABLE - 1, bundle.last))))
        rows, made_at = rows_of(held, labels), datetime.fromisoformat(held[-1].recorded_at)
        yield from tar.file(f"tables/records-{number:03d}.csv", csv_from(rows))
        yield from tar.file(f"tables/records-{number:03d}.xlsx", xlsx_from(rows, made_at))


def _journals(tar: _Tar, store: Store, bundle: Bundle, labels: Mapping[str, str], pace: Pace) -> Iterator[bytes]:
    """A threat against staff has a code of its own and is no case's: its note lies apart (THR-8)."""
    with_pdf = pdf_is_possible()
    for case in store.cases_in(bundle.first, bundle.last):
        held = store.case_in(case, bundle.first, bundle.last)
        for folder, apart in (("journal", False), ("journal/apart", True)):
            told = [one for one in held if one.record.apart is apart and not one.record.bookkeeping]
            if not told:
                continue
            yield from tar.file(f"{folder}/{case}.txt", journal_text(case, told, labels))
            if with_pdf and len(told) <= MOST_IN_A_PDF:
                yield from tar.file(f"{folder}/{case}.pdf", journal_pdf(case, told, labels))
        pace.passed(len(held))


class _Tar:
    """The parts of a POSIX tar, with nothing in them but names, sizes and one time.

    :ivar files: the digest of each file so far.
    """

    def __init__(self, mtime: int) -> None:
        self.files: dict[str, FileDigest] = {}
        self._mtime = mtime
        self._written = 0

    def file(self, name: str, data: bytes) -> Iterator[bytes]:
        """A file that is held whole."""
        digest = FileDigest(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        yield from self.streamed(name, digest, [data])

    def streamed(self, name: str, digest: FileDigest, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """A file whose length and digest are known before it comes."""
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = digest.bytes, self._mtime, 0o600
        yield self._counted(info.tobuf(tarfile.PAX_FORMAT))
        came, size = hashlib.sha256(), 0
        for piece in pieces:
            came.update(piece)
            size += len(piece)
            yield self._counted(piece)
        if (size, came.hexdigest()) != (digest.bytes, digest.sha256):
            raise BrokenChain("the records were changed while the bundle was written; run `lots verify`")
        self.files[name] = digest
        yield self._counted(bytes(-size % tarfile.BLOCKSIZE))

    def end(self) -> bytes:
        """Two empty blocks, and as many as fill the last record."""
        done = self._written + 2 * tarfile.BLOCKSIZE
        return bytes(2 * tarfile.BLOCKSIZE + -done % tarfile.RECORDSIZE)

    def _counted(self, piece: bytes) -> bytes:
        self._written += len(piece)
        return piece


def write_file(
    path: Path, pieces: Iterable[bytes], recipients: Sequence[str] | None, before: Callable[[], None]
) -> None:
    """Put a bundle on the disk, whole or not at all, for its owner alone.

    :param path: the file; its folder is made where only that is missing, and a file that is there is replaced.
    :param pieces: the plain bytes.
    :param recipients: those it is sealed to; ``None`` for a file that anybody can read.
    :param before: is called when all is written, right before the file gets its name.
    :raises DiskFailed: the folder or the file cannot be made, or the disk is full; nothing is left of it.
    """
    try:
        _make_folder(path.parent)
        _beside(path.with_name(path.name.removesuffix(".age"))).unlink(missing_ok=True)  # a crash left it, unsealed
        with whole(path, alone=True) as file:
            _pour(pieces, file, recipients)
            file.flush()
            before()
    except OSError as fault:
        raise DiskFailed(
            f"{path}: cannot be written ({fault.strerror or fault}); {what_helps(fault)}, or name another folder with "
            "--to, and run `lots export` again: it goes on with the same bundle"
        ) from None


def take_away(sealed: Path) -> None:
    """Take away a bundle's file and whatever else of it stands beside: unsealed, or cut off by a crash.

    :param sealed: the sealed file; it need not be there.
    :raises OSError: the folder does not let go of one.
    """
    for path in (sealed, sealed.with_name(sealed.name.removesuffix(".age"))):
        path.unlink(missing_ok=True)
        _beside(path).unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    """Where :func:`state.disk.whole` writes a file that one alone writes, until it gets its name."""
    return path.with_name(f".{path.name}.part")


def _pour(pieces: Iterable[bytes], file: IO[bytes], recipients: Sequence[str] | None) -> None:
    if recipients is None:
        file.writelines(pieces)
    else:
        seal(pieces, file, recipients)


def _make_folder(folder: Path) -> None:
    """Only the last part of the way: where more is missing it is mistyped, or a disk that is not there."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700)
        sync(folder.parent)
