"""The example of `docs/overforing.md`: the bundle opens, the receiver reads it, and the sender takes its receipt."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from state.transfer.manifest import read_manifest
from state.transfer.receipts import read_receipt, take
from tools.example import BEGINS, FOLDER, KEY, SEALED, content, example, opened

RECEIVER = FOLDER / "ta_emot.py"


def receives(tar: bytes, folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Gives the receiver a bundle that has been opened."""
    return subprocess.run(
        [sys.executable, RECEIVER, folder, *words], input=tar, capture_output=True, timeout=30, check=False
    )


@pytest.fixture(scope="module")
def bundle() -> bytes:
    return opened()


def files_in(tar: bytes) -> dict[str, object]:
    """What is in a bundle, but for the compressed bytes of spreadsheets, which are not the same on every machine."""
    found: dict[str, object] = {}
    with tarfile.open(fileobj=io.BytesIO(tar)) as held:
        for member in held:
            file = held.extractfile(member)
            assert file is not None
            found[member.name] = None if member.name.endswith(".xlsx") else file.read()
    manifest = json.loads(str(found["manifest.json"], "utf-8"))  # type: ignore[call-overload]
    manifest["files"] = {name: one for name, one in manifest["files"].items() if not name.endswith(".xlsx")}
    return found | {"manifest.json": manifest}


def test_the_example_is_what_this_version_writes(bundle: bytes) -> None:
    """Where it is not: make example."""
    assert files_in(bundle) == files_in(content(*example()))


def test_the_receiver_takes_it_in_and_the_sender_knows_its_receipt(bundle: bytes, tmp_path: Path) -> None:
    done = receives(bundle, tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    said = done.stdout.decode()
    assert "talk_held  ärende KPK-KNR" in said
    assert "staff_threat  hör inte till någon ungs ärende" in said
    assert "transferred" not in said
    store, sent = example()
    folder = tmp_path / store.installation()
    assert sorted(path.name for path in (folder / "000001" / "journal").glob("*.txt")) == ["KPK-KNR.txt", "Q87-NM2.txt"]
    (receipt,) = folder.glob("*.receipt.json")
    with store.transaction():
        store.mark_written(sent.number, "0" * 64, BEGINS)
    take(store, read_receipt(receipt.read_bytes()), BEGINS + timedelta(days=1))
    received = store.bundle(sent.number)
    assert received is not None
    assert received.received_at is not None
    store.close()


def test_the_standard_program_opens_it(bundle: bytes) -> None:
    """Debian's age, where it is installed; CI installs it."""
    age = shutil.which("age")
    if age is None:
        pytest.skip("there is no age on this machine")
    done = subprocess.run([age, "--decrypt", "-i", KEY, SEALED], capture_output=True, timeout=30, check=True)
    assert done.stdout == bundle


def changed(tar: bytes, name: str, change: Callable[[bytes], bytes], *, follow: bool = False) -> bytes:
    """The bundle with one of its files changed, and its digest in the manifest with it where the liar is thorough."""
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(tar)) as was, tarfile.open(fileobj=out, mode="w") as now:
        new = b""
        for member in was:
            file = was.extractfile(member)
            assert file is not None
            data = file.read()
            if member.name == name:
                data = new = change(data)
            if member.name == "manifest.json" and follow:
                held = read_manifest(data).as_json()
                held["files"][name] = {"bytes": len(new), "sha256": hashlib.sha256(new).hexdigest()}
                data = json.dumps(held).encode()
            member.size = len(data)
            now.addfile(member, io.BytesIO(data))
    return out.getvalue()


RECORDS = "records.ndjson"


def turned(lines: bytes) -> bytes:
    """A no becomes a yes."""
    return lines.replace(b'"answer":"refused"', b'"answer":"given"')


@pytest.mark.parametrize(
    ("lies", "says"),
    [
        (lambda tar: changed(tar, RECORDS, turned), "inte som när paketet gjordes"),
        (lambda tar: changed(tar, RECORDS, turned, follow=True), "ett annat innehåll"),
        (
            lambda tar: changed(tar, RECORDS, lambda lines: lines.replace(b'"Farsta"', b'"Globen"', 1), follow=True),
            "är ändrad",
        ),
        (lambda tar: changed(tar, RECORDS, lambda lines: lines.split(b"\n", 1)[1], follow=True), "följer inte"),
        (
            lambda tar: changed(tar, RECORDS, lambda lines: b"".join(lines.splitlines(True)[:-1]), follow=True),
            "saknas poster",
        ),
        (lambda tar: changed(tar, RECORDS, lambda lines: b""), "inte som när"),
        (lambda tar: tar.replace(b"schema.json", b"../../../ab", 1), ""),
        (lambda tar: tar[: len(tar) // 2], ""),
        (lambda tar: b"hej", ""),
    ],
    ids=["turned", "turned thoroughly", "head", "first gone", "last gone", "empty", "way out", "cut off", "no tar"],
)
def test_the_receiver_refuses_what_is_wrong(
    bundle: bytes, tmp_path: Path, lies: Callable[[bytes], bytes], says: str
) -> None:
    done = receives(lies(bundle), tmp_path / "in")
    assert done.returncode == 1
    assert says in done.stderr.decode()
    assert not list((tmp_path / "in").rglob("*.receipt.json"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"], "nothing is written outside its folder"


def test_the_same_bundle_is_taken_once(bundle: bytes, tmp_path: Path) -> None:
    assert receives(bundle, tmp_path).returncode == 0
    again = receives(bundle, tmp_path)
    assert again.returncode == 1
    assert "redan mottaget" in again.stderr.decode()


def test_a_record_can_be_declined(bundle: bytes, tmp_path: Path) -> None:
    store, _ = example()
    talk = next(held for held in store.records() if held.kind == "talk_held")
    done = receives(bundle, tmp_path, "--avvisa", f"{talk.id}=unknown_case")
    assert talk.id not in done.stdout.decode().split()
    (receipt,) = tmp_path.rglob("*.receipt.json")
    assert json.loads(receipt.read_bytes())["declined"] == [{"record": talk.id, "reason": "unknown_case"}]
    store.close()
