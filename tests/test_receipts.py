"""`lots receipt` and `lots receive`: who has opened a bundle says so, and nobody else can (design 11)."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.settings import Settings, load, read_key
from dialogs.records import Declined, Received
from state.errors import (
    BadBundle,
    BadReceipt,
    BadSettings,
    ClockWentBack,
    DiskFailed,
    LotsError,
    OtherBundle,
    OtherSender,
    StoreBusy,
)
from state.records import verify
from state.store import Bundle, Store, at_work
from state.transfer import receipts
from state.transfer.manifest import RECORDS, file_name
from state.transfer.opening import OPENED, open_bundle
from state.transfer.receipts import Receipt, make, read_receipt, take
from tests.bundles import (
    CASE,
    FIRST_RECORDS,
    RECIPIENT,
    SECRET_KEY,
    a_talk,
    begin,
    content,
    files_no_longer_than,
    somebody,
    write,
)
from tests.killing import KILLED, run

WRITTEN = datetime(2025, 11, 24, 9, 0, tzinfo=UTC)
"""When records are written here: the commands have the machine's own clock, and that is later."""
OPENED_AT = WRITTEN + timedelta(days=1, hours=14, minutes=30)
"""The day after in UTC, and the day after that in Stockholm."""
LATER = WRITTEN + timedelta(days=3)


class Office:
    """A sender with real cases, and the receiver's folder beside it."""

    bundle: Bundle
    opened: Path

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LOTS_")}
        self.env = {
            "LOTS_DATA_DIR": str(folder / "lots"),
            "LOTS_TELEGRAM_MODE": "dorrklocka",
            "LOTS_PUBLIC_URL": "https://lots.example.se",
        }
        self.settings: Settings = load(clean | self.env)
        self.settings.transfer.recipients_file.write_text(f"{RECIPIENT}\n")
        self.key = folder / "key"
        self.key.write_text(SECRET_KEY)
        self.store = Store(self.settings.database, read_key(self.settings.key_file, self.settings.database))
        self.me = somebody(self.store)
        self.ours = write(self.store, self.me, FIRST_RECORDS, WRITTEN)

    def hands_over(self) -> Bundle:
        """A bundle is begun, written, and stands in the folder of the bundles."""
        bundle = begin(self.store, WRITTEN)
        self.settings.bundles_dir.mkdir(exist_ok=True)
        self.copy(bundle).write_bytes(content(self.store, bundle).sealed())
        return bundle

    def copy(self, bundle: Bundle) -> Path:
        return self.settings.bundles_dir / file_name(self.store.installation(), bundle.number)

    def opens(self, bundle: Bundle) -> Path:
        return open_bundle(
            self.copy(bundle),
            self.folder / "inbox",
            identity=self.key,
            sender=self.store.installation(),
            reason="overforing",
            account="drift",
            now=OPENED_AT,
        ).folder

    def records(self) -> list[dict[str, Any]]:
        """What the receiver sees in the bundle."""
        return [json.loads(line) for line in (self.opened / RECORDS).read_bytes().splitlines()]

    def ids(self) -> list[str]:
        return [held["id"] for held in self.records()]

    def kept(self) -> list[object]:
        """What stands in the store, by number and hash, and whether the receipt has come."""
        count = verify(self.store.links())
        return [count, *self.store.bundles()]

    def lots(self, *words: str, ends: int = 0, **more: str) -> Result:
        """Runs a command; whatever it did, the store verifies afterwards."""
        env = {name: None for name in os.environ if name.startswith("LOTS_")} | self.env | more
        ended = CliRunner().invoke(main, list(words), env=env)
        assert ended.exit_code == ends, (ended.output, ended.exception)
        verify(self.store.links())
        return ended


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    made.bundle = made.hands_over()
    made.opened = made.opens(made.bundle)
    yield made
    made.store.close()


# ── at the receiver ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_receipt_is_the_same_for_the_same_declines(office: Office) -> None:
    one, other = office.ids()[1], office.ids()[3]
    made = make(office.opened, {one: "duplicate", other: "not_ours"})
    assert made == make(office.opened, {other: "not_ours", one: "duplicate"})
    assert made.opened_on.isoformat() == "2025-11-26", "the day in Stockholm"
    assert made.written() == make(office.opened, {other: "not_ours", one: "duplicate"}).written()
    assert list(json.loads(made.written())) == sorted(json.loads(made.written()))
    assert office.bundle.secret not in made.written().decode()
    assert read_receipt(made.written()) == made


@pytest.mark.parametrize(
    ("declined", "fault", "says"),
    [
        ({"": "duplicate"}, BadReceipt, "there is no record"),
        ({"00000000-0000-0000-0000-000000000000": "other"}, BadReceipt, "there is no record 00000000"),
        ({"00000000-0000-0000-0000-000000000000": "nej"}, BadSettings, "unknown_case, not_ours, duplicate"),
    ],
    ids=["no id", "another record", "no reason"],
)
def test_what_cannot_be_declined_makes_no_receipt(
    office: Office, declined: dict[str, str], fault: type[LotsError], says: str
) -> None:
    with pytest.raises(fault, match=says):
        make(office.opened, declined)


def test_neither_bookkeeping_nor_what_was_purged_is_declined(office: Office) -> None:
    with office.store.transaction():
        office.store.purge(1, "SN 2026/1", [CASE], WRITTEN)
    write(office.store, office.me, [a_talk(FIRST_RECORDS[2].case)], WRITTEN)
    office.opened = office.opens(office.hands_over())
    kinds = {("purge" in held, held["kind"]): held["id"] for held in office.records()}
    for what in ((True, "transferred"), (False, "transferred")):
        with pytest.raises(BadReceipt, match="cannot be declined"):
            make(office.opened, {kinds[what]: "other"})
    make(office.opened, {kinds[False, "talk_held"]: "other"})


def test_what_is_no_young_persons_case_is_not_declined(office: Office) -> None:
    """THR-8: nobody could answer there; whoever receives it hands it to the one it is about."""
    threat = next(held["id"] for held in office.records() if held["kind"] == "staff_threat")
    with pytest.raises(BadReceipt, match="belongs to no case"):
        make(office.opened, {threat: "not_ours"})
    forced = signed(make(office.opened, {}), office.bundle.secret, declined={threat: "not_ours"})
    with pytest.raises(BadReceipt):
        take(office.store, read_receipt(forced.written()), LATER)


def test_a_folder_that_was_not_opened_here_makes_no_receipt(office: Office) -> None:
    with pytest.raises(BadBundle, match="no opened bundle"):
        make(office.folder, {})
    (office.opened.parent / OPENED).unlink()
    with pytest.raises(BadBundle, match="does not know this bundle"):
        make(office.opened, {})


def test_records_that_were_taken_away_or_changed_make_no_receipt_that_declines(office: Office) -> None:
    one = office.ids()[1]
    (office.opened / RECORDS).write_text("hello\n")
    with pytest.raises(BadBundle, match="not what was opened"):
        make(office.opened, {one: "other"})
    (office.opened / RECORDS).unlink()
    with pytest.raises(DiskFailed, match=RECORDS):
        make(office.opened, {one: "other"})
    make(office.opened, {})


def test_the_command_writes_a_receipt_beside_the_folder_and_never_over_another(office: Office) -> None:
    one = office.ids()[1]
    ended = office.lots("receipt", str(office.opened), "--decline", f"{one}=duplicate", LOTS_DATA_DIR="/dev/null/no")
    path = office.opened.parent / f"lots-{office.store.installation()[:8]}-000001.receipt.json"
    assert ended.stdout == f"receipt of bundle 1, 1 of its records declined\n{path}\n"
    assert path.read_bytes() == make(office.opened, {one: "duplicate"}).written()
    again = office.lots("receipt", str(office.opened), "--decline", f"{one}=duplicate")
    assert "it stands there already" in again.stdout
    assert "L504" in office.lots("receipt", str(office.opened), ends=1).stderr
    assert path.read_bytes() == make(office.opened, {one: "duplicate"}).written()
    elsewhere = office.folder / "mine.json"
    office.lots("receipt", str(office.opened), "--out", str(elsewhere))
    assert elsewhere.read_bytes() == make(office.opened, {}).written()
    assert [left.name for left in office.folder.glob("**/.*")] == []


@pytest.mark.parametrize("declines", [("x",), ("x=other", "x=duplicate")], ids=["no reason", "two reasons"])
def test_a_decline_that_says_nothing_clear_is_wrong_use(office: Office, declines: tuple[str, ...]) -> None:
    words = [word for one in declines for word in ("--decline", one)]
    assert "L200" in office.lots("receipt", str(office.opened), *words, ends=2).stderr


def test_a_folder_that_takes_no_receipt_is_named(office: Office) -> None:
    ended = office.lots("receipt", str(office.opened), "--out", str(office.key / "receipt"), ends=2)
    assert "L304" in ended.stderr
    assert "--out" in ended.stderr


# ── at the sender ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_receipt_marks_its_bundle_and_what_was_declined_comes_back(office: Office) -> None:
    one = office.ids()[1]
    taken = take(office.store, make(office.opened, {one: "unknown_case"}), LATER)
    assert not taken.before
    bundle = office.store.bundle(1)
    assert bundle is not None
    assert bundle.received_at == "2025-11-27T09:00:00.000+00:00"
    written = [held.record for held in office.store.entries(CASE)]
    assert Received(case=CASE, bundle=1) in written
    assert Declined(case=CASE, bundle=1, record=one, reason="unknown_case") in written
    verify(office.store.links())


def test_a_receipt_that_came_before_changes_nothing_and_another_one_is_refused(office: Office) -> None:
    one, other = office.ids()[1], office.ids()[3]
    receipt = make(office.opened, {one: "duplicate", other: "other"})
    take(office.store, receipt, LATER)
    before = office.kept()
    assert take(office.store, receipt, LATER).before
    for declined in ({}, {one: "duplicate"}, {one: "not_ours", other: "other"}):
        with pytest.raises(BadReceipt, match="the first one stands"):
            take(office.store, make(office.opened, declined), LATER)
    assert office.kept() == before
    with office.store.transaction():
        office.store.purge(1, "SN 2026/1", [CASE], LATER)
    assert take(office.store, receipt, LATER).before, "what was purged is not held against the receiver"


def test_a_receipt_is_taken_in_also_where_what_it_declines_has_been_purged_since(office: Office) -> None:
    """A restored backup from before the receipt: the ledger has purged the case again, and the receipt comes anew."""
    one, *_ = office.ids()
    held = make(office.opened, {one: "duplicate"})
    with office.store.transaction():
        entry = office.store.record(one)
        assert entry is not None
        office.store.purge(1, "SN 2026/1", [entry.record.case], LATER)
    assert not take(office.store, held, LATER).before
    assert take(office.store, held, LATER).before, "and once more"
    assert [one.record.kind for one in office.store.records()].count("declined") == 0


def signed(receipt: Receipt, secret: str, **changed: Any) -> Receipt:
    other = replace(receipt, **changed)
    return replace(other, mac=other.mac_under(secret))


def test_a_receipt_must_be_of_this_installation_this_bundle_and_of_somebody_who_opened_it(office: Office) -> None:
    receipt, secret = make(office.opened, {}), office.bundle.secret
    before = office.kept()
    transferred = next(held.id for held in office.store.entries(CASE) if held.kind == "transferred")
    nobody = "00000000-0000-0000-0000-000000000000"
    wrong: list[tuple[Receipt, type[LotsError]]] = [
        (signed(receipt, secret, installation="0" * 16), OtherSender),
        (signed(receipt, "0" * 64, installation="0" * 16, bundle=9), OtherSender),
        (signed(receipt, secret, bundle=2), OtherBundle),
        (signed(receipt, "0" * 64, head="0" * 64), OtherBundle),
        (signed(receipt, "0" * 64), BadReceipt),
        (replace(receipt, opened_on=receipt.opened_on + timedelta(days=1)), BadReceipt),
        (replace(receipt, declined={office.ids()[1]: "other"}), BadReceipt),
        (signed(receipt, secret, declined={nobody: "other"}), BadReceipt),
        (signed(receipt, secret, declined={transferred: "other"}), BadReceipt),
    ]
    for one, fault in wrong:
        with pytest.raises(fault):
            take(office.store, read_receipt(one.written()), LATER)
    assert office.kept() == before


def test_a_bundle_that_is_not_finished_here_is_finished_first(office: Office) -> None:
    receipt = make(office.opened, {})
    with office.store.transaction():
        office.store._conn.execute("UPDATE bundle SET written_at = NULL")
    with pytest.raises(OtherBundle, match="lots export"):
        take(office.store, receipt, LATER)


def test_a_store_that_never_handed_anything_over_takes_no_receipt(office: Office) -> None:
    empty = Store(None, bytes(32))
    with pytest.raises(OtherSender):
        take(empty, make(office.opened, {}), LATER)
    empty.close()


def test_a_clock_that_went_back_is_put_right_first(office: Office) -> None:
    receipt, before = make(office.opened, {}), office.kept()
    with pytest.raises(ClockWentBack):
        take(office.store, receipt, WRITTEN - timedelta(minutes=3))
    assert office.kept() == before
    take(office.store, receipt, WRITTEN - timedelta(minutes=1))


GOOD: dict[str, Any] = {
    "format": "lots-receipt",
    "version": 1,
    "installation": "0123456789abcdef",
    "bundle": 7,
    "head": "a" * 64,
    "opened_on": "2026-11-24",
    "declined": [{"record": "00000000-0000-7000-8000-000000000000", "reason": "other"}],
    "mac": "b" * 64,
}
(A_DECLINE,) = GOOD["declined"]


def test_a_receipt_is_read_as_it_stands() -> None:
    assert json.loads(read_receipt(json.dumps(GOOD).encode()).written()) == GOOD


@pytest.mark.parametrize(
    "changed",
    [
        {"format": "lots-bundle"},
        {"version": 2},
        {"version": True},
        {"installation": "0123456789ABCDEF"},
        {"installation": 7},
        {"bundle": 0},
        {"bundle": "7"},
        {"bundle": True},
        {"bundle": 10**30},
        {"head": "a" * 63},
        {"head": None},
        {"mac": "b" * 65},
        {"mac": ["b" * 64]},
        {"opened_on": "20261124"},
        {"opened_on": "2026-13-01"},
        {"opened_on": 7},
        {"declined": {}},
        {"declined": None},
        {"declined": ["x"]},
        {"declined": [A_DECLINE | {"reason": "nej"}]},
        {"declined": [A_DECLINE | {"reason": ["other"]}]},
        {"declined": [A_DECLINE | {"record": "x"}]},
        {"declined": [A_DECLINE | {"note": "x"}]},
        {"declined": [A_DECLINE, A_DECLINE]},
        {"note": "x"},
    ],
    ids=str,
)
def test_a_receipt_that_is_not_what_it_must_be_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(BadReceipt):
        read_receipt(json.dumps(GOOD | changed).encode())


@pytest.mark.parametrize(
    "written",
    [b"", b"null", b"[]", b"{}", b"\xff", b"[" * 200_000, json.dumps(GOOD).encode()[:-1], b"1" * 5000],
    ids=["nothing", "null", "a list", "no field", "no text", "too deep", "cut off", "a long number"],
)
def test_what_is_no_receipt_is_refused(written: bytes) -> None:
    with pytest.raises(BadReceipt):
        read_receipt(written)
    with pytest.raises(BadReceipt):
        read_receipt(json.dumps({name: GOOD[name] for name in GOOD if name != "mac"}).encode())


def test_a_receipt_longer_than_any_is_not_even_read() -> None:
    with pytest.raises(BadReceipt):
        read_receipt(json.dumps(GOOD).encode() + b" " * receipts.MOST_BYTES)


def test_a_receipt_with_more_values_than_any_is_not_taken_apart() -> None:
    """Sixty megabytes of empty lists would need a gigabyte and a half."""
    crowded = json.dumps(GOOD | {"declined": [[]] * 1000}, separators=(",", ":")).encode()
    with pytest.raises(BadReceipt, match="no receipt of Lots"):
        read_receipt(crowded)
    full = {"record": "0" * 8 + "-0000" * 3 + "-" + "0" * 12, "reason": "other"}
    with pytest.raises(BadReceipt, match="a part of this receipt"):  # read, and then refused: a record is there twice
        read_receipt(json.dumps(GOOD | {"declined": [full] * 1000}, separators=(",", ":")).encode())


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def receipt_file(office: Office) -> Callable[..., Path]:
    def made(receipt: Receipt) -> Path:
        path = office.folder / "receipt.json"
        path.write_bytes(receipt.written())
        return path

    return made


def test_the_command_takes_a_receipt_in_and_the_sealed_copy_away(
    office: Office, receipt_file: Callable[..., Path]
) -> None:
    one, other = office.ids()[1], office.ids()[3]
    path = receipt_file(make(office.opened, {one: "duplicate", other: "duplicate"}))
    ended = office.lots("receive", str(path))
    assert ended.stdout.splitlines() == [
        "bundle 1 is received: records 1 to 5",
        "        2  declined, duplicate",
        "2 come back as something to do; /overforing shows them",
    ]
    assert list(office.settings.bundles_dir.iterdir()) == []
    office.copy(office.bundle).write_bytes(b"left by a kill between the two steps")
    plain = office.copy(office.bundle).with_suffix("")
    plain.write_bytes(b"not sealed")
    plain.with_name(f".{plain.name}.part").write_bytes(b"not sealed, and cut off")
    before = office.kept()
    again = office.lots("receive", str(path))
    assert again.stdout == "the receipt of bundle 1 came before; nothing was written\n"
    assert office.kept() == before
    assert list(office.settings.bundles_dir.iterdir()) == []


def test_a_fault_ends_the_command_with_its_code_and_writes_nothing(
    office: Office, receipt_file: Callable[..., Path]
) -> None:
    receipt, before = make(office.opened, {}), office.kept()
    secret = office.bundle.secret
    for one, code in (
        (signed(receipt, secret, installation="0" * 16), "L503"),
        (signed(receipt, "0" * 64), "L504"),
        (signed(receipt, secret, bundle=2), "L505"),
    ):
        assert code in office.lots("receive", str(receipt_file(one)), ends=1).stderr
    path = receipt_file(receipt)
    practice = office.lots("receive", str(path), ends=2, LOTS_TELEGRAM_MODE="ovning")
    assert "L200" in practice.stderr
    with at_work(office.settings.database):
        assert StoreBusy.code in office.lots("receive", str(path), ends=2).stderr
    path.write_bytes(b"hello")
    assert "L504" in office.lots("receive", str(path), ends=1).stderr
    assert office.kept() == before
    assert office.copy(office.bundle).exists()


def test_a_full_disk_at_the_sender_takes_no_receipt_in(office: Office, receipt_file: Callable[..., Path]) -> None:
    path, before = receipt_file(make(office.opened, {office.ids()[1]: "other"})), office.kept()
    with files_no_longer_than(0):
        assert "L304" in office.lots("receive", str(path), ends=2).stderr
        assert "L304" in office.lots("receipt", str(office.opened), ends=2).stderr
    assert office.kept() == before
    assert office.copy(office.bundle).exists()
    assert [left.name for left in office.opened.parent.iterdir() if left.is_file()] == [OPENED]
    office.lots("receive", str(path))


def test_what_lots_exports_lots_opens_and_the_receipt_finds_its_way_back(tmp_path: Path) -> None:
    """Twice, so that the second follows the first."""
    office = Office(tmp_path)
    inbox = tmp_path / "inbox"
    for number in (1, 2):
        written = office.ours if number == 1 else write(office.store, office.me, [a_talk(days_ago=2)], WRITTEN)
        bundle = Path(office.lots("export").stdout.splitlines()[0])
        sender = office.store.installation()
        words = ("--to", str(inbox), "--reason", "overforing", *(("--sender", sender) if number == 1 else ()))
        office.lots("open", str(bundle), "--identity", str(office.key), *words)
        opened = inbox / sender / f"{number:06d}"
        assert {held.id for held in written} <= {
            json.loads(line)["id"] for line in (opened / RECORDS).read_bytes().splitlines()
        }
        talk = next(held.id for held in written if held.kind == "talk_held")
        made = office.lots("receipt", str(opened), "--decline", f"{talk}=duplicate")
        assert f"bundle {number} is received" in office.lots("receive", made.stdout.splitlines()[1]).stdout
        assert not bundle.exists()
    declined = [held.record for held in office.store.records() if isinstance(held.record, Declined)]
    assert [one.bundle for one in declined] == [1, 2]
    office.store.close()


@pytest.mark.kill
def test_a_kill_at_any_step_of_taking_a_receipt_in_leaves_it_taken_or_not(
    office: Office, receipt_file: Callable[..., Path], counted: Callable[[str], None]
) -> None:
    path = receipt_file(make(office.opened, {office.ids()[1]: "duplicate"}))
    office.store.close()
    data = office.settings.data_dir
    fresh = shutil.copytree(data, office.folder / "fresh")
    said, killed = office.folder / "said", 0
    for phase in ("before", "after"):
        step = 1
        while True:
            shutil.rmtree(data)
            shutil.copytree(fresh, data)
            ended = run("receive", str(path), env=office.env, said=said, kill=(step, phase))
            if ended.code != KILLED:
                assert ended.code == 0, ended.said
                break
            killed, step = killed + 1, step + 1
            assert run("verify", env=office.env, said=said).code == 0
            assert run("receive", str(path), env=office.env, said=said).code == 0
            store = Store(office.settings.database, read_key(office.settings.key_file, office.settings.database))
            declined = [held.record for held in store.entries(CASE) if isinstance(held.record, Declined | Received)]
            store.close()
            assert len(declined) == 2
            assert list(office.settings.bundles_dir.iterdir()) == []
    office.store = Store(office.settings.database, read_key(office.settings.key_file, office.settings.database))
    assert killed >= 4
    counted(f"lots receive: killed {killed} times, and each time a receipt was taken in once")
