"""Receipts: made by whoever has opened a bundle, since nobody else knows its secret; and taken in at the sender."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args

from dialogs.records import Declined, DeclineReason
from dialogs.registry import KINDS
from state.disk import what_helps, whole
from state.errors import BadBundle, BadReceipt, BadSettings, ClockWentBack, DiskFailed, OtherBundle, OtherSender
from state.records import CLOCK_TOLERANCE, ZONE, canonical
from state.store import Bundle, Store
from state.store.base import utc
from state.transfer.manifest import MANIFEST, RECORDS, Manifest, read_manifest
from state.transfer.opening import INSTALLATION, OPENED, read_opened

FORMAT = "lots-receipt"
VERSION = 1

REASONS: Mapping[str, DeclineReason] = {reason: reason for reason in get_args(DeclineReason)}
"""Why a receiver may decline a record."""

MOST_BYTES = 64 * 1024 * 1024
"""Bytes that a receipt may have: some 67 for each record that is declined."""

LEAST_TO_A_COMMA = 25
"""Bytes that a receipt has at least to each comma; with more commas it would need many times its length in memory."""

_HASH = re.compile("[0-9a-f]{64}")
_RECORD = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOST_BUNDLES = 10**12
_FIELDS = {"format", "version", "installation", "bundle", "head", "opened_on", "declined", "mac"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """That a bundle was opened, and which of its records the receiver does not take.

    :ivar installation: whose bundle it is.
    :ivar bundle: its number.
    :ivar head: the hash of its last record.
    :ivar opened_on: the day it was opened.
    :ivar declined: the reason for each record that is declined, by id.
    :ivar mac: HMAC-SHA256 of all of that under the bundle's secret, in hex.
    """

    installation: str
    bundle: int
    head: str
    opened_on: date
    declined: Mapping[str, DeclineReason]
    mac: str

    def written(self) -> bytes:
        """The receipt as a file: the same receipt is always the same bytes.

        :returns: JSON in UTF-8, with a line's end.
        """
        return f"{canonical(self._signed() | {'mac': self.mac})}\n".encode()

    def _signed(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "version": VERSION,
            "installation": self.installation,
            "bundle": self.bundle,
            "head": self.head,
            "opened_on": self.opened_on.isoformat(),
            "declined": [{"record": id_, "reason": reason} for id_, reason in sorted(self.declined.items())],
        }

    def mac_under(self, secret: str) -> str:
        """What its ``mac`` must be.

        :param secret: the bundle's, in hex.
        :returns: HMAC-SHA256 in hex.
        """
        return hmac.digest(bytes.fromhex(secret), canonical(self._signed()).encode(), "sha256").hex()


# ── at the receiver ──────────────────────────────────────────────────────────────────────────────────────────


def make(folder: Path, declined: Mapping[str, str]) -> Receipt:
    """Make the receipt of a bundle that was opened; the same folder and the same records give the same receipt.

    :param folder: where `lots open` put it.
    :param declined: the reason for each record that is declined, by id.
    :returns: the receipt.
    :raises BadSettings: a reason is none; says which there are.
    :raises BadBundle: the folder is no bundle that was opened here.
    :raises BadReceipt: a record is not in the bundle, belongs to no case, or only says what became of others.
    :raises DiskFailed: the folder cannot be read.
    """
    for reason in declined.values():
        if reason not in REASONS:
            raise BadSettings(f"--decline: {reason!r} is no reason; it may be {', '.join(REASONS)}")
    manifest = _manifest_of(folder)
    opened = next((one for one in read_opened(folder.parent / OPENED) if one.bundle == manifest.bundle), None)
    if opened is None or opened.head != manifest.head:
        raise BadBundle(f"{folder}: {OPENED} beside it does not know this bundle; open it with `lots open` first")
    _check_declined(folder / RECORDS, declined.keys(), manifest.apart)
    receipt = Receipt(
        installation=manifest.installation,
        bundle=manifest.bundle,
        head=manifest.head,
        opened_on=datetime.fromisoformat(opened.opened_at).astimezone(ZONE).date(),
        declined={id_: REASONS[declined[id_]] for id_ in sorted(declined)},
        mac="",
    )
    return replace(receipt, mac=receipt.mac_under(manifest.receipt_secret))


def _manifest_of(folder: Path) -> Manifest:
    try:
        return read_manifest((folder / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise BadBundle(f"{folder}: here is no opened bundle; name the folder that `lots open` printed") from None
    except OSError as fault:
        raise DiskFailed(f"{folder}: cannot be read ({fault.strerror})") from None


def _check_declined(records: Path, ids_: Iterable[str], apart: Collection[str]) -> None:
    """Hold what is declined to what the bundle has; its kinds may be newer than this Lots."""
    wanted = set(ids_)
    if not wanted:
        return
    try:
        with records.open("rb") as lines:
            for line in lines:
                held = json.loads(line)
                if held["id"] not in wanted:
                    continue
                wanted.discard(held["id"])
                known = KINDS.get(held["kind"])
                if "purge" in held or held["case"] in apart or (known is not None and known.bookkeeping):
                    raise BadReceipt(
                        f"record {held['id']} cannot be declined: it belongs to no case, holds nothing to file, or "
                        "only says what became of other records"
                    )
                if not wanted:
                    return
    except OSError as fault:
        raise DiskFailed(f"{records}: cannot be read ({fault.strerror}); open the bundle again") from None
    except (ValueError, KeyError, TypeError):
        raise BadBundle(
            f"{records}: this is not what was opened; take the folder away and open the bundle again"
        ) from None
    raise BadReceipt(
        f"there is no record {', '.join(sorted(wanted))} in this bundle; ids are in records.ndjson and the tables"
    )


def file_name(receipt: Receipt) -> str:
    """What a receipt's file is called.

    :param receipt: the receipt.
    :returns: a name without a folder.
    """
    return f"lots-{receipt.installation[:8]}-{receipt.bundle:06d}.receipt.json"


def write(receipt: Receipt, path: Path) -> bool:
    """Write a receipt, whole or not at all; another one that stands there is not touched.

    :param receipt: the receipt.
    :param path: the file.
    :returns: whether it was written; ``False`` where it stands there already.
    :raises BadReceipt: another receipt stands there.
    :raises DiskFailed: the folder cannot be written, or the disk is full.
    """
    written = receipt.written()
    try:
        if path.exists():
            if path.read_bytes() == written:
                return False
            raise BadReceipt(
                f"{path}: another receipt stands there, and the sender takes one only. If it was not sent, take it "
                "away and try again"
            )
        with whole(path, alone=True) as file:
            file.write(written)
    except OSError as fault:
        raise DiskFailed(
            f"{path}: cannot be written ({fault.strerror or fault}); {what_helps(fault)}, or name another file with "
            "--out"
        ) from None
    return True


# ── at the sender ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What taking a receipt in came to.

    :ivar bundle: the bundle it is of.
    :ivar before: whether the same receipt had come before, so that nothing was written.
    """

    bundle: Bundle
    before: bool


def read_receipt(written: bytes) -> Receipt:
    """Read a receipt, strictly.

    :param written: the file.
    :returns: the receipt; whose it is and whether it is true is :func:`take`'s to say.
    :raises BadReceipt: it is no receipt, or of a version that this Lots does not know.
    """
    try:
        fits = written.count(b",") * LEAST_TO_A_COMMA <= len(written) <= MOST_BYTES
        held = json.loads(written) if fits else None
    except (ValueError, RecursionError):
        held = None
    if not isinstance(held, dict) or held.get("format") != FORMAT:
        raise BadReceipt("this is no receipt of Lots; ask the receiver for the file that `lots receipt` made")
    if type(held.get("version")) is not int or held["version"] != VERSION:
        raise BadReceipt(f"this receipt's format is {held.get('version')!r}, and this Lots reads {VERSION}")
    receipt = _read(held) if held.keys() == _FIELDS else None
    if receipt is None:
        raise BadReceipt("a part of this receipt is missing or is not what it must be; ask the receiver for it again")
    return receipt


def _read(held: dict[str, Any]) -> Receipt | None:
    try:
        sound = (
            INSTALLATION.fullmatch(held["installation"])
            and _HASH.fullmatch(held["head"])
            and _HASH.fullmatch(held["mac"])
            and type(held["bundle"]) is int
            and 0 < held["bundle"] < _MOST_BUNDLES
            and isinstance(held["declined"], list)
            and all(one.keys() == {"record", "reason"} and _RECORD.fullmatch(one["record"]) for one in held["declined"])
        )
        if not sound:
            return None
        declined = {one["record"]: REASONS[one["reason"]] for one in held["declined"]}
        opened_on = date.fromisoformat(held["opened_on"])
    except (TypeError, ValueError, LookupError, AttributeError):
        return None
    once = len(declined) == len(held["declined"]) and opened_on.isoformat() == held["opened_on"]
    parts = {name: held[name] for name in ("installation", "bundle", "head", "mac")}
    return Receipt(**parts, opened_on=opened_on, declined=declined) if once else None


def take(store: Store, receipt: Receipt, now: datetime) -> Taken:
    """Take a receipt in: its bundle is received, and what was declined comes back as something to do. All or nothing.

    :param store: the sender's store, not in a transaction.
    :param receipt: the receipt.
    :param now: the time.
    :returns: what it came to.
    :raises OtherSender: it is of another installation's bundle.
    :raises OtherBundle: there is no such bundle here, or it was made with other records.
    :raises BadReceipt: nobody who opened the bundle has made it; or another one of it came before.
    :raises ClockWentBack: the bundle was made later than now.
    """
    with store.transaction():
        bundle = _bundle_of(store, receipt)
        if bundle.received_at is not None:
            _same_as_the_first(store, bundle, receipt)
            return Taken(bundle=bundle, before=True)
        if utc(now + CLOCK_TOLERANCE) < bundle.made_at:
            raise ClockWentBack(
                f"the clock says {utc(now)}, and bundle {bundle.number} was made at {bundle.made_at}; put the clock "
                "right and try again"
            )
        for id_ in receipt.declined:
            # After a restore a receipt comes once more, and what it declined may have been settled and purged since.
            if not store.can_be_declined(bundle, id_) and not store.was_purged(bundle, id_):
                raise BadReceipt(
                    f"this receipt declines record {id_}, which cannot be declined in bundle {bundle.number}; ask the "
                    "receiver for another"
                )
        store.mark_received(bundle, receipt.declined, now)
    return Taken(bundle=bundle, before=False)


def _bundle_of(store: Store, receipt: Receipt) -> Bundle:
    ours = store.installation()
    if receipt.installation != ours:
        raise OtherSender(
            f"this receipt is of a bundle from {receipt.installation}, and this is {ours}; take it in there"
        )
    bundle = store.bundle(receipt.bundle)
    if bundle is None or bundle.head != receipt.head:
        raise OtherBundle(
            f"this installation has made no bundle {receipt.bundle} like that; was an older backup put in its place?"
        )
    if bundle.written_at is None:
        raise OtherBundle(
            f"bundle {bundle.number} is not finished here; run `lots export`, and take the receipt in again"
        )
    if not hmac.compare_digest(receipt.mac, receipt.mac_under(bundle.secret)):
        raise BadReceipt(
            f"this receipt of bundle {bundle.number} was changed, or made by somebody who has not opened the bundle; "
            "ask the receiver for it again"
        )
    return bundle


def _same_as_the_first(store: Store, bundle: Bundle, receipt: Receipt) -> None:
    """What was purged meanwhile can no longer be compared, and nothing can be done about it either."""
    stands = {
        held.record.record: held.record.reason
        for case in store.cases_in(bundle.first, bundle.last)
        for held in store.entries(case)
        if isinstance(held.record, Declined) and held.record.bundle == bundle.number
    }
    if stands != {id_: reason for id_, reason in receipt.declined.items() if store.can_be_declined(bundle, id_)}:
        raise BadReceipt(
            f"another receipt of bundle {bundle.number} came before, which declines other records; the first one "
            "stands. Agree with the receiver what is to be done about the difference"
        )
