"""Opening a bundle at the receiver: unsealed, held to its digests, its chain and its order, and then put in place.

Nothing stands under its final name before all of it holds. Everything is read piece by piece: a bundle may be longer
than the memory and is never twice on the disk.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import tarfile
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from state.disk import add_to, sync, what_helps
from state.errors import (
    BadBundle,
    BadSettings,
    Changed,
    ClockWentBack,
    DiskFailed,
    OtherSender,
    OutOfOrder,
    StoreBusy,
)
from state.records import CLOCK_TOLERANCE, GENESIS, canonical, digest_of, hash_of
from state.transfer.manifest import MANIFEST, MEMBER, RECORDS, FileDigest, Manifest, read_manifest
from state.transfer.sealing import read_identity, unseal

OPENED = "opened.ndjson"
"""The receiver's memory of a sender, beside its bundles: which were opened, in which order, when and why."""

INSTALLATION = re.compile("[0-9a-f]{16}")

MOST_HEADER = 64 * 1024
"""Bytes that age's own header may have: some 100 for each recipient. A longer one is parsed for hours."""

MOST_MANIFEST, MORE_FOR_A_FILE = 64 * 1024, 256
"""Bytes that a manifest may have, and how many more for each file: it is read whole. It has some 150 for each."""

MOST_LINE = 1024 * 1024
"""Bytes that one record may have."""

_PIECE = 1024 * 1024
_BLOCK = tarfile.BLOCKSIZE
_HIDDEN = ".opening-"
_SEALED = b"age-encryption.org/"
_CODE = re.compile("[0-9A-Z]{3}-[0-9A-Z]{3}")
_KIND = re.compile("[a-z][a-z_]{0,40}")
_HEAD = ("seq", "id", "kind", "schema", "author", "district", "occurred_at", "recorded_at")
_FORM: dict[str, type] = dict.fromkeys((*_HEAD, "digest", "previous", "hash"), str) | {"seq": int, "schema": int}
_FORMS: tuple[dict[str, type], ...] = (_FORM | {"case": str, "payload": dict, "salt": str}, _FORM | {"purge": int})
"""The fields of a line: of a record, and of what is left of one that was purged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedBefore:
    """One line of the receiver's memory.

    :ivar bundle: the number of the bundle that was opened.
    :ivar previous_bundle: the number of the bundle it follows in the chain.
    :ivar head: the hash of its last record.
    :ivar last: the number of its last record in the chain.
    :ivar opened_at: when: ISO, in UTC.
    :ivar reason: why, a code.
    :ivar account: the account of the machine that opened it.
    """

    bundle: int
    previous_bundle: int | None
    head: str
    last: int
    opened_at: str
    reason: str
    account: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """What opening a bundle came to.

    :ivar manifest: the bundle's manifest.
    :ivar folder: where it stands.
    :ivar sealed: whether it was sealed.
    :ivar before: whether it stood there already, so that nothing was written.
    :ivar left_behind: the numbers of opened bundles that the sender lost in a restore: this one does not follow them.
    """

    manifest: Manifest
    folder: Path
    sealed: bool
    before: bool
    left_behind: tuple[int, ...]


def open_bundle(
    file: Path,
    to: Path,
    *,
    identity: Path | None,
    sender: str | None,
    reason: str,
    account: str,
    now: datetime,
    lost: Collection[int] = (),
) -> Opened:
    """Open a bundle into a folder of its own, wholly or not at all.

    :param file: a sealed bundle, or a plain one.
    :param to: the receiver's folder; made where it is not there.
    :param identity: the file with the receiver's key; a plain bundle needs none.
    :param sender: the installation that the receiver expects; needed for a bundle that follows none.
    :param reason: why it is opened, a code.
    :param account: the account of the machine that opens it.
    :param now: the time.
    :param lost: numbers of bundles that reached nobody before the sender went back to a backup, as the sender says.
    :returns: what was opened, and where it stands.
    :raises BadSettings: the key or the sender is missing or is none.
    :raises BadBundle: it is no bundle, a part of one, or not for this key.
    :raises Changed: something in it is not what the manifest or the chain says.
    :raises OtherSender: it is not known to come from the sender that is expected.
    :raises OutOfOrder: a bundle before it has not been opened; says which.
    :raises ClockWentBack: the bundle before was opened later than now.
    :raises StoreBusy: somebody else opens a bundle into the same folder.
    :raises DiskFailed: a folder cannot be written, or the disk is full.
    """
    if sender is not None and not INSTALLATION.fullmatch(sender):
        raise BadSettings(
            f"--sender is {sender!r}; it is 16 of 0–9 and a–f, which `lots keys show` prints at the sender"
        )
    with _told(to), _alone_in(to):
        hidden = Path(tempfile.mkdtemp(prefix=_HIDDEN, dir=to))
        try:
            return _opened(file, to, hidden, identity, sender, lost, (reason, account), now)
        finally:
            shutil.rmtree(hidden, ignore_errors=True)


def _opened(
    file: Path,
    to: Path,
    hidden: Path,
    identity: Path | None,
    sender: str | None,
    lost: Collection[int],
    why: tuple[str, str],
    now: datetime,
) -> Opened:
    fresh = hidden / "new"
    fresh.mkdir(mode=0o700)
    unpacked = _Unpacking(fresh)
    sealed = _unpack(file, unpacked, identity)
    manifest = _held_to_manifest(fresh, unpacked.files)
    with (fresh / RECORDS).open("rb") as lines:
        check_records(lines, manifest)

    memory = to / manifest.installation / OPENED
    held = read_opened(memory)
    known = {one.bundle: one for one in reversed(held)}  # a bundle that was put back has two lines: the first counts
    _check_sender(manifest, sender, known)
    _check_order(manifest, known, lost)
    folder = to / manifest.installation / f"{manifest.bundle:06d}"
    before = manifest.bundle in known and folder.is_dir()
    left_behind = tuple(
        number for number in sorted(known) if (manifest.previous_bundle or 0) < number < manifest.bundle
    )
    if not before:
        opened_at = now.astimezone(UTC).isoformat(timespec="milliseconds")
        if held and (now + CLOCK_TOLERANCE) < _time(held[-1].opened_at):
            raise ClockWentBack(
                f"the clock says {opened_at}, and a bundle was opened at {held[-1].opened_at}; put the clock right and "
                "try again"
            )
        line = OpenedBefore(
            bundle=manifest.bundle,
            previous_bundle=manifest.previous_bundle,
            head=manifest.head,
            last=manifest.last,
            opened_at=opened_at,
            reason=why[0],
            account=why[1],
        )
        _put_in_place(fresh, folder, hidden, memory, line)
    return Opened(manifest=manifest, folder=folder, sealed=sealed, before=before, left_behind=left_behind)


# ── the receiver's folder ────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """What the disk does not take, as one of our own faults."""
    try:
        yield
    except OSError as fault:
        raise DiskFailed(
            f"{fault.filename or folder}: {fault.strerror or fault}; {what_helps(fault)}, or name another folder, and "
            "try again. Nothing was opened"
        ) from None


@contextmanager
def _alone_in(to: Path) -> Iterator[None]:
    """Hold the receiver's folder, and take away what a killed process left in it."""
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = os.open(to, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreBusy(f"{to}: another `lots open` is at work there; wait for it, then try again") from None
        for left in to.glob(f"{_HIDDEN}*"):
            shutil.rmtree(left)
        yield
    finally:
        os.close(held)


def read_opened(memory: Path) -> list[OpenedBefore]:
    """Read the receiver's memory of a sender.

    :param memory: the file; where it is not there nothing was opened. A last line without an end was cut off by a
        crash, before its bundle counted.
    :returns: its lines, oldest first.
    :raises BadSettings: a line of it is none that Lots writes.
    """
    try:
        written = memory.read_bytes()
    except FileNotFoundError:
        return []
    found = []
    for number, line in enumerate(written.split(b"\n")[:-1], 1):
        one = _read_opened(line)
        if one is None:
            raise BadSettings(
                f"{memory}, line {number}: this is not what `lots open` writes; put the file back from a backup"
            )
        found.append(one)
    return found


def _read_opened(line: bytes) -> OpenedBefore | None:
    try:
        one = OpenedBefore(**json.loads(line))
        sound = type(one.bundle) is type(one.last) is int and _time(one.opened_at).tzinfo is not None
    except (ValueError, TypeError):
        return None
    return one if sound else None


def _time(written: str) -> datetime:
    return datetime.fromisoformat(written)


def _put_in_place(fresh: Path, folder: Path, hidden: Path, memory: Path, line: OpenedBefore) -> None:
    """Put a bundle under its final name, and then keep that it was opened; both are on the disk afterwards."""
    for parent, _, names in os.walk(fresh):
        for name in names:
            sync(Path(parent, name))
        sync(Path(parent))
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    with suppress(FileNotFoundError):
        folder.rename(hidden / "before")  # a kill came between the two steps: the memory does not know of it
    fresh.rename(folder)
    try:
        _append(memory, f"{canonical(asdict(line))}\n".encode())
    except OSError:
        folder.rename(fresh)
        raise
    sync(folder.parent)
    sync(folder.parent.parent)


def _append(memory: Path, line: bytes) -> None:
    written = memory.read_bytes() if memory.exists() else b""
    add_to(memory, line, written.rfind(b"\n") + 1)


# ── the archive ──────────────────────────────────────────────────────────────────────────────────────────────


def _unpack(file: Path, unpacked: _Unpacking, identity: Path | None) -> bool:
    """Unpack a bundle as it is read; whether it was sealed."""
    with closing(unpacked), file.open("rb") as source:
        first = source.read(MOST_HEADER)
        source.seek(0)
        if sealed := first.startswith(_SEALED):
            if b"\n---" not in first:
                raise BadBundle(f"{file}: this is no whole bundle (its beginning is not age's); fetch it again")
            if identity is None:
                raise BadSettings(f"{file} is sealed; name the file with your key: --identity KEY")
            unseal(source, unpacked.take, read_identity(identity))
        elif first[257:262] == b"ustar":
            while piece := source.read(_PIECE):
                unpacked.take(piece)
        else:
            raise BadBundle(f"{file}: this is no bundle of Lots, or its beginning was changed; fetch it again")
        unpacked.end()
    return sealed


class _Unpacking:
    """Takes a tar archive piece by piece and writes its files; takes plain files with a bundle's names, nothing else.

    :param folder: an empty folder of our own.
    :ivar files: the files that were unpacked whole, with what they hold.
    """

    def __init__(self, folder: Path) -> None:
        self.files: dict[str, FileDigest] = {}
        self._folder = folder
        self._header = b""
        self._name = ""
        self._file: IO[bytes] | None = None
        self._size = self._left = self._padding = 0
        self._digest = hashlib.sha256()
        self._empty_blocks = 0

    def take(self, piece: bytes) -> None:
        """Take the next piece.

        :param piece: any number of bytes.
        :raises BadBundle: it is no bundle.
        :raises DiskFailed: the disk does not take it.
        """
        with _told(self._folder):
            rest = memoryview(piece)
            while rest:
                if self._left:
                    rest = self._write(rest)
                elif self._padding:
                    rest = self._skip(rest)
                else:
                    wanted = _BLOCK - len(self._header)
                    self._header += rest[:wanted]
                    rest = rest[wanted:]
                    if len(self._header) == _BLOCK:
                        self._begin(self._header)
                        self._header = b""

    def end(self) -> None:
        """Nothing comes any more.

        :raises BadBundle: something is missing.
        """
        if self._left or self._padding or self._header or self._empty_blocks < 2:
            raise BadBundle("this bundle is cut off; fetch it again")

    def close(self) -> None:
        """Let go of the file that was being written, where a fault came in between."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()

    def _begin(self, header: bytes) -> None:
        if not any(header):
            self._empty_blocks += 1
            return
        try:
            member = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
        except tarfile.HeaderError:
            raise BadBundle("this is no bundle of Lots: its archive cannot be read; fetch it again") from None
        if self._empty_blocks or MANIFEST in self.files:
            raise BadBundle(f"this is no bundle of Lots: something comes after {MANIFEST}, which must be its last file")
        if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or not MEMBER.fullmatch(member.name):
            raise BadBundle(f"this is no bundle of Lots: it holds {member.name!a}, which no bundle does")
        if member.name in self.files:
            raise BadBundle(f"this is no bundle of Lots: it holds {member.name} twice")
        most = MOST_MANIFEST + MORE_FOR_A_FILE * len(self.files)
        if member.size < 0 or (member.name == MANIFEST and member.size > most):
            raise BadBundle(f"this is no bundle of Lots: it says of {member.name} that it has {member.size} bytes")
        path = self._folder / member.name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._name, self._digest = member.name, hashlib.sha256()
        self._size = self._left = member.size
        self._padding = -member.size % _BLOCK
        if not member.size:
            self._finish()

    def _write(self, rest: memoryview) -> memoryview:
        part = rest[: self._left]
        if self._file is not None:
            self._file.write(part)
        self._digest.update(part)
        self._left -= len(part)
        if not self._left:
            self._finish()
        return rest[len(part) :]

    def _finish(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self.files[self._name] = FileDigest(bytes=self._size, sha256=self._digest.hexdigest())

    def _skip(self, rest: memoryview) -> memoryview:
        part = rest[: self._padding]
        if any(part):
            raise BadBundle(f"this is no bundle of Lots: something stands behind {self._name}")
        self._padding -= len(part)
        return rest[len(part) :]


# ── what a bundle must hold ──────────────────────────────────────────────────────────────────────────────────


def _held_to_manifest(folder: Path, found: Mapping[str, FileDigest]) -> Manifest:
    """Hold every file to the manifest: none is missing, too many or other."""
    if MANIFEST not in found:
        raise BadBundle(f"this is no bundle of Lots: it has no {MANIFEST}")
    manifest = read_manifest((folder / MANIFEST).read_bytes())
    words = (*((_CODE, code) for code in manifest.apart), *((_KIND, kind) for kind in manifest.kinds))
    if not all(form.fullmatch(word) for form, word in words) or not manifest.bundle:
        raise BadBundle(f"{MANIFEST}: a part of it is not what it must be; ask for the bundle again")
    files = {name: digest for name, digest in found.items() if name != MANIFEST}
    for name in sorted(manifest.files.keys() | files.keys()):
        if name not in files:
            raise Changed(f"{name} is missing in the bundle, and its manifest names it; ask for the bundle again")
        if name not in manifest.files:
            raise Changed(f"{name} is in the bundle, and its manifest does not name it; ask for the bundle again")
        if files[name] != manifest.files[name]:
            raise Changed(f"{name} is not what the manifest says (its digest is another); ask for the bundle again")
    return manifest


def check_records(lines: IO[bytes], manifest: Manifest) -> None:
    """Hold a bundle's records to the chain and to the manifest, without knowing their kinds; a line at a time.

    :param lines: ``records.ndjson``.
    :param manifest: what it must be.
    :raises Changed: a record is missing, moved or changed, or they are not those that the manifest counts.
    """
    kinds: Counter[str] = Counter()
    count, previous, purged = manifest.first - 1, manifest.previous, 0
    while line := lines.readline(MOST_LINE):
        count += 1
        held = _read_line(line)
        if held is None:
            raise Changed(f"{RECORDS}: where record {count} should be there is none; ask for the bundle again")
        if held["seq"] != count or held["previous"] != previous:
            raise Changed(
                f"{RECORDS}: record {held['seq']} does not follow the one before it; a record was changed, moved, "
                "removed or put in. Ask for the bundle again"
            )
        if "purge" in held:
            purged += 1
        elif held["case"] != held["payload"].get("case") or digest_of(held["payload"], held["salt"]) != held["digest"]:
            raise Changed(f"{RECORDS}: record {count} has a payload that is not the one it was written with")
        else:
            kinds[held["kind"]] += 1
        where_and_who = (held["seq"], held["id"], held["kind"], held["schema"], held["author"], held["district"])
        head = (*where_and_who, held["occurred_at"], held["recorded_at"])
        if hash_of(head, held["digest"], previous) != held["hash"]:
            raise Changed(f"{RECORDS}: record {count} has a head that is not the one it was written with")
        previous = held["hash"]
    if (count, previous) != (manifest.last, manifest.head):
        raise Changed(f"{RECORDS} ends with record {count}, and the manifest with another {manifest.last}")
    if (kinds, purged) != (Counter(manifest.kinds), manifest.purged):
        raise Changed(f"{RECORDS} does not hold as many records of each kind as the manifest says")


def _read_line(line: bytes) -> dict[str, Any] | None:
    """A line in its one form, with the fields of a record or of what is left of one; a later Lots may have more."""
    try:
        text = line.decode()
        held = json.loads(text)
        if text != f"{canonical(held)}\n" or not isinstance(held, dict):
            return None
    except (ValueError, RecursionError):
        return None
    purged = "purge" in held
    sound = all(type(held.get(name)) is kind for name, kind in _FORMS[purged].items())
    return held if sound and not (purged and held.keys() & {"case", "payload", "salt"}) else None


def _check_sender(manifest: Manifest, sender: str | None, known: Mapping[int, OpenedBefore]) -> None:
    """A bundle that follows none proves nothing of its sender: a person says whom they expect (age does not)."""
    says = manifest.installation
    how = "Ask the sender, not by the way the bundle came, to read out what `lots keys show` prints"
    if sender is not None and sender != says:
        raise OtherSender(f"the bundle says that it comes from {says}, and --sender is {sender}. {how}")
    follows_one = bool(known) and manifest.previous_bundle is not None
    if sender is None and not follows_one and manifest.bundle not in known:
        raise OtherSender(
            f"the bundle says that it comes from {says}, and it follows none that was opened here. {how}; if it is the "
            f"same, open it again with --sender {says}"
        )


def _missing(number: int, have: Collection[int]) -> list[tuple[int, int]]:
    """The numbers before one that are not there, as (first, last) of each gap."""
    gaps, expected = [], 1
    for one in [*sorted(one for one in have if one < number), number]:
        if one > expected:
            gaps.append((expected, one - 1))
        expected = one + 1
    return gaps


def _check_order(manifest: Manifest, known: Mapping[int, OpenedBefore], lost: Collection[int]) -> None:
    """Every bundle before it was opened or is lost, and it follows the one it names; or it is one that was opened.

    Only where the sender went back to a backup can a bundle be lost: then the numbers between the bundle and the one it
    follows are not in the sender's chain, and whoever opened a later one has said so.
    """
    number, before = manifest.bundle, manifest.previous_bundle
    if (opened := known.get(number)) is not None:
        if (opened.head, opened.last) != (manifest.head, manifest.last):
            raise Changed(f"bundle {number} was opened before, with other records; ask the sender which of them holds")
        return
    left_out = range((before or 0) + 1, number)
    if strange := sorted(set(lost) - set(left_out)):
        raise BadSettings(
            f"--lost {strange[0]}: only a bundle between {before or 0} and {number} can be lost, since the sender's "
            "chain leaves out no other"
        )
    excused = {one for line in known.values() for one in range((line.previous_bundle or 0) + 1, line.bundle)}
    if missing := _missing(number, {*known, *excused, *lost}):
        told = ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in missing)
        if missing[0][0] in left_out:
            raise OutOfOrder(
                f"bundle {number} comes after {told}, which has not been opened. The sender went back to a backup, and "
                "may have no such bundle any more: if the sender says that it reached nobody, open this one with "
                f"--lost {missing[0][0]}, and so for each; else fetch it first"
            )
        raise OutOfOrder(f"bundle {number} comes after {told}, which must be opened before it; fetch that first")
    follows = (GENESIS, 0) if before is None else (known[before].head, known[before].last)
    if follows != (manifest.previous, manifest.first - 1):
        raise OtherSender(
            f"bundle {number} does not follow "
            + ("the chain's beginning" if before is None else f"bundle {before} as it was opened here")
            + ": it does not come from the same sender, or the sender's store is another now. Ask the sender"
        )
