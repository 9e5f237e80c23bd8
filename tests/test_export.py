"""`lots export`: what is new leaves once, whole and provably, or not at all (design 8, 11)."""

from __future__ import annotations

import csv
import hashlib
import importlib
import io
import json
import os
import re
import resource
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from bot.cli import main
from bot.commands.export import recipients_of
from bot.settings import Settings, load, read_key
from dialogs import aterkalla, case_code
from dialogs.records import CaseOpened, CorrectionNotice, Record, StaffThreat, TalkHeld, Transferred
from dialogs.rules.consents import POLICE
from state.errors import BadBundle, BrokenChain
from state.people import LOTS, Person
from state.records import GENESIS, verify
from state.session import SAVE
from state.store import Store, at_work
from state.transfer import bundle as bundles
from state.transfer.exporting import next_bundle, write
from state.transfer.ledger import note_bundle, read_ledger
from state.transfer.manifest import MANIFEST, MEMBER, RECORDS, SCHEMA, Manifest, read_manifest
from state.transfer.sealing import new_identity, read_identity, unseal
from tests.talk import MONDAY, OURS, Talk, a_world
from tests.test_aterkalla import ADULT, SCHOOL

FIRST, SECOND, APART = (case_code.draw(False, Random(seed).choice) for seed in (11, 12, 13))
"""Two real cases, and a code that is no case."""

WRITTEN = MONDAY - timedelta(days=400)
"""When records are written here: the command has the machine's own clock, and that is later."""

DAY = WRITTEN.date()
THREAT = StaffThreat(
    case=APART,
    reported_at=WRITTEN,
    danger="no",
    against="self",
    manager="yes",
    police="no",
    routine="yes",
    sig="goes_on",
)


def a_talk(case: str = FIRST, days_ago: int = 0) -> TalkHeld:
    return TalkHeld(case=case, held="yes", occurred_on=DAY - timedelta(days=days_ago), mode="meeting", held_by="self")


@dataclass
class Sender:
    """An installation with real cases, and the one who looks after it."""

    folder: Path
    keys: Path
    settings: Settings
    env: dict[str, str | None]
    identity: str = ""

    @property
    def bundles(self) -> Path:
        return self.settings.bundles_dir

    @contextmanager
    def store(self) -> Iterator[Store]:
        opened = Store(self.settings.database, read_key(self.settings.key_file, self.settings.database))
        yield opened
        opened.close()

    def me(self, store: Store) -> Person:
        return store.people()[0]

    def writes(self, *records: Record, at: datetime = WRITTEN) -> list[str]:
        """Records are kept, a second between them; their ids."""
        with self.store() as store, store.transaction():
            return [
                store.append(record, self.me(store), at + timedelta(seconds=number)).id
                for number, record in enumerate(records)
            ]

    def lots(self, *words: str, ends: int = 0) -> Result:
        """Runs a command; whatever it did, the store verifies afterwards."""
        ended = CliRunner().invoke(main, list(words), env=self.env)
        assert ended.exit_code == ends, (ended.output, ended.exception)
        with self.store() as store:
            verify(store.links())
        return ended

    def exports(self, *words: str) -> Path:
        """Runs `lots export`; the path it prints."""
        return Path(self.lots("export", *words).stdout.splitlines()[0])

    def tar(self, path: Path, identity: str = "") -> bytes:
        """What somebody with the key finds in a file."""
        key = self.keys / "key"
        key.write_text(identity or self.identity)
        plain = bytearray()
        with path.open("rb") as sealed:
            unseal(sealed, plain.extend, read_identity(key))
        return bytes(plain)

    def files(self, path: Path) -> dict[str, bytes]:
        """The files in it, in their order."""
        return unpacked(self.tar(path))

    def manifest(self, path: Path) -> Manifest:
        return read_manifest(self.files(path)[MANIFEST])

    def ids(self, path: Path) -> list[str]:
        return [json.loads(line)["id"] for line in self.files(path)[RECORDS].splitlines()]

    def left(self) -> list[str]:
        """Everything that stands in the folder of the bundles, hidden files too."""
        return sorted(path.name for path in self.bundles.iterdir()) if self.bundles.is_dir() else []

    def received(self, number: int) -> None:
        """The receipt of a bundle comes."""
        with self.store() as store, store.transaction():
            bundle = store.bundle(number)
            assert bundle is not None
            store.mark_received(bundle, {}, WRITTEN + timedelta(hours=1))


def unpacked(tar: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        return {info.name: file.read() for info in opened if (file := opened.extractfile(info)) is not None}


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    folder = tmp_path / "lots"
    env: dict[str, str | None] = {name: None for name in os.environ if name.startswith("LOTS_")}
    mine = {"LOTS_TELEGRAM_MODE": "dorrklocka", "LOTS_PUBLIC_URL": "https://lots.example.se"}
    mine["LOTS_DATA_DIR"] = str(folder)
    made = Sender(folder, tmp_path, load(mine), {**env, **mine})
    made.identity, recipient = new_identity()
    made.settings.transfer.recipients_file.write_text(f"# the receiving office\n{recipient}\n")
    with made.store() as store, store.transaction():
        store.add_person(role="samordnare", district="Farsta", channel="web", address=None, now=WRITTEN)
    return made


# ── a bundle ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bundle_holds_everything_and_the_manifest_names_all_of_it(sender: Sender) -> None:
    sender.writes(CaseOpened(case=FIRST), a_talk(), CaseOpened(case=SECOND), THREAT)
    ended = sender.lots("export")
    path = Path(ended.stdout.splitlines()[0])
    files = sender.files(path)
    assert list(files) == [
        RECORDS,
        SCHEMA,
        "tables/records-001.csv",
        "tables/records-001.xlsx",
        *(f"journal/{case}.{kind}" for case in sorted((FIRST, SECOND)) for kind in ("txt", "pdf") if case < APART),
        *(f"journal/apart/{APART}.{kind}" for kind in ("txt", "pdf")),
        *(f"journal/{case}.{kind}" for case in sorted((FIRST, SECOND)) for kind in ("txt", "pdf") if case > APART),
        MANIFEST,
    ]
    assert all(MEMBER.fullmatch(name) for name in files), "a receiver takes no other names"
    manifest = read_manifest(files.pop(MANIFEST))
    with sender.store() as store:
        bundle, links = store.bundle(1), list(store.links(1, 4))
        assert bundle is not None
        assert (manifest.installation, manifest.receipt_secret) == (store.installation(), bundle.secret)
        assert bundle.content == hashlib.sha256(files[RECORDS]).hexdigest()
    assert {name: (one.bytes, one.sha256) for name, one in manifest.files.items()} == {
        name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()
    }
    assert (manifest.bundle, manifest.previous_bundle) == (1, None)
    assert (manifest.first, manifest.last) == (1, 4)
    assert (manifest.previous, manifest.head) == (GENESIS, links[-1].hash)
    assert manifest.kinds == {"case_opened": 2, "staff_threat": 1, "talk_held": 1}
    assert (manifest.purged, manifest.apart) == (0, (APART,))
    lines = [json.loads(line) for line in files[RECORDS].splitlines()]
    assert lines == [held.as_json() for held in links]
    for line in lines:
        Draft202012Validator(json.loads(files[SCHEMA])).validate(line)
    counts = "bundle 1: 4 records (case_opened 2, staff_threat 1, talk_held 1), in 3 cases"
    assert ended.stdout.splitlines() == [str(path), counts]
    assert "`lots open`" in ended.stderr, "it says what is next"
    assert "`lots receive`" in ended.stderr


def test_the_tar_has_nothing_of_the_machine_and_the_file_is_the_owners_alone(sender: Sender) -> None:
    sender.writes(a_talk())
    path = sender.exports()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with tarfile.open(fileobj=io.BytesIO(sender.tar(path))) as opened:
        heads = {(m.mode, m.uid, m.gid, m.uname, m.gname, m.mtime, m.type) for m in opened}
    with sender.store() as store:
        made_at = int(datetime.fromisoformat(store.bundles()[0].made_at).timestamp())
    assert heads == {(0o600, 0, 0, "", "", made_at, tarfile.REGTYPE)}
    assert len(sender.tar(path)) % tarfile.RECORDSIZE == 0, "as tar pads it"


def test_colleagues_are_named_by_their_label_also_when_they_are_gone(sender: Sender) -> None:
    sender.writes(a_talk())
    with sender.store() as store, store.transaction():
        gone = sender.me(store)
        store.revoke(gone.id, WRITTEN)
        assert store.labels() == {LOTS.id: "Lots", gone.id: "samordnare 1"}
    files = sender.files(sender.exports())
    assert b"samordnare 1" in files[f"journal/{FIRST}.txt"]
    assert b"samordnare 1" in files["tables/records-001.csv"]


def test_a_long_bundle_has_several_tables_and_says_how_far_it_is(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("PER_TABLE", 3), ("STEP", 1), ("PIECE", 1)):
        monkeypatch.setattr(bundles, name, value)
    command = importlib.import_module("bot.commands.export")  # the package calls its command so
    monkeypatch.setattr(command, "LARGE", 6)
    sender.writes(*(a_talk(days_ago=day) for day in range(7)))
    ended = sender.lots("export")
    files = sender.files(Path(ended.stdout.splitlines()[0]))
    numbers = [
        [
            row[0]
            for row in csv.reader(
                io.StringIO(files[f"tables/records-{part:03d}.csv"].decode("utf-8-sig")), delimiter=";"
            )
        ]
        for part in (1, 2, 3)
    ]
    assert [part[1:] for part in numbers] == [["1", "2", "3"], ["4", "5", "6"], ["7"]]
    assert "tables/records-004.csv" not in files
    told = [int(percent) for percent in re.findall(r"^(\d+) % of 7 records$", ended.stderr, re.MULTILINE)]
    assert told == sorted(set(told))
    assert told[-1] == 100
    monkeypatch.setattr(command, "LARGE", 7)
    assert "%" not in sender.lots("export", "--bundle", "1").stderr, "a small one is there before anybody asks"


# ── once ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_new_is_in_the_next_bundle_and_nothing_is_in_two(sender: Sender) -> None:
    sender.writes(CaseOpened(case=FIRST), a_talk())
    first = sender.exports()
    sender.writes(CaseOpened(case=SECOND), a_talk(SECOND))
    second = sender.exports()
    assert not set(sender.ids(first)) & set(sender.ids(second))
    with sender.store() as store:
        every = [held.id for held in store.links()]
    both = sender.ids(first) + sender.ids(second)
    assert both == every[: len(both)], "no record is left out, bookkeeping included"
    before, after = sender.manifest(first), sender.manifest(second)
    assert (after.bundle, after.previous_bundle, after.first) == (2, 1, before.last + 1)
    assert after.previous == before.head
    assert after.kinds == {"case_opened": 1, "talk_held": 1, "transferred": 1}
    assert f"journal/{FIRST}.txt" not in sender.files(second), "only bookkeeping is new of that case"
    assert read_ledger(sender.settings.ledger).highest_bundle == 2


def test_nothing_new_gives_the_last_bundle_again_until_its_receipt_has_come(sender: Sender) -> None:
    assert sender.lots("export").stdout == "nothing new, and every bundle has its receipt\n"
    sender.writes(a_talk())
    path = sender.exports()
    as_it_was = path.read_bytes()
    again = sender.lots("export")
    assert Path(again.stdout.splitlines()[0]) == path
    assert "nothing new" in again.stderr
    assert path.read_bytes() == as_it_was, "the file that is there is not touched"
    sender.received(1)
    assert sender.lots("export").stdout == "nothing new, and every bundle has its receipt\n", (
        "bookkeeping alone makes no bundle"
    )
    sender.writes(a_talk(SECOND))
    kinds = sender.manifest(sender.exports()).kinds
    assert kinds == {"received": 1, "talk_held": 1, "transferred": 1}, "and goes with the next"


def test_a_bundle_that_is_made_again_is_the_same_to_the_byte(sender: Sender) -> None:
    sender.writes(CaseOpened(case=FIRST), a_talk(), THREAT)
    path = sender.exports()
    tar = sender.tar(path)
    elsewhere = sender.exports("--bundle", "1", "--to", str(sender.keys / "stick"))
    assert elsewhere == sender.keys / "stick" / path.name
    assert sender.tar(elsewhere) == tar
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o600
    path.unlink()
    again = sender.lots("export")
    assert "nothing new" in again.stderr
    assert sender.tar(Path(again.stdout.splitlines()[0])) == tar, "its file was gone"
    sender.writes(a_talk(SECOND))
    sender.exports()
    assert sender.tar(sender.exports("--bundle", "1")) == tar, "also when there is a newer one"


def test_it_is_the_same_bundle_also_where_no_more_pdfs_can_be_made(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.writes(a_talk())
    before = sender.manifest(sender.exports())
    monkeypatch.setattr(bundles, "pdf_is_possible", lambda: False)
    after = sender.manifest(sender.exports("--bundle", "1"))
    assert set(before.files) - set(after.files) == {f"journal/{FIRST}.pdf"}
    assert (after.head, after.files[RECORDS], after.receipt_secret) == (
        before.head,
        before.files[RECORDS],
        before.receipt_secret,
    )


def test_an_older_bundle_without_a_receipt_is_not_forgotten(sender: Sender) -> None:
    sender.writes(a_talk())
    sender.exports()
    sender.writes(a_talk(SECOND))
    assert "without a receipt are also: 1" in sender.lots("export").stderr


def test_a_bundle_whose_records_were_purged_cannot_be_made_again(sender: Sender) -> None:
    sender.writes(a_talk())
    path = sender.exports()
    with sender.store() as store, store.transaction():
        store.purge(1, "SN 2026/1", [FIRST], WRITTEN)
    as_it_was = path.read_bytes()
    ended = sender.lots("export", "--bundle", "1", ends=1)
    assert "L507" in ended.stderr
    assert "purged" in ended.stderr
    assert path.read_bytes() == as_it_was


def test_a_drop_off_gets_the_file_at_once_unless_it_goes_by_hand(sender: Sender) -> None:
    drop = sender.keys / "drop"
    drop.mkdir()
    sender.env["LOTS_DROP_FOLDER"] = str(drop)
    sender.writes(a_talk())
    ended = sender.lots("export")
    assert "bundle 1: the drop-off has it" in ended.stderr
    path = Path(ended.stdout.splitlines()[0])
    assert (drop / path.name).read_bytes() == path.read_bytes()
    sender.writes(a_talk(SECOND))
    assert "drop-off" not in sender.lots("export", "--to", str(sender.keys / "stick")).stderr
    assert [file.name for file in drop.iterdir()] == [path.name]


def test_somebody_who_looks_at_a_bundle_does_not_keep_it_from_the_drop_off(sender: Sender) -> None:
    sender.env["LOTS_DROP_FOLDER"] = str(sender.keys / "drop")
    sender.writes(a_talk())
    assert "is not there" in sender.lots("export").stderr
    sender.lots("export", "--plain", "--bundle", "1", "--reason", "felsokning")
    with sender.store() as store:
        assert [one.delivered_at for one in store.bundles()] == [None], "the sealed file still waits"


def test_what_was_purged_before_it_left_goes_as_a_tombstone(sender: Sender) -> None:
    """As after a restored backup, where the ledger knew of the purge."""
    sender.writes(a_talk(), a_talk(SECOND))
    with sender.store() as store, store.transaction():
        store.purge(1, "SN 2026/1", [FIRST], WRITTEN)
    ended = sender.lots("export")
    path = Path(ended.stdout.splitlines()[0])
    assert (sender.manifest(path).purged, sender.manifest(path).kinds) == (1, {"talk_held": 1})
    assert json.loads(sender.files(path)[RECORDS].splitlines()[0])["purge"] == 1
    assert "bundle 1: 2 records (talk_held 1, purged 1), in 1 case" in ended.stdout


def test_the_number_goes_on_from_what_the_ledger_knows(sender: Sender) -> None:
    """As after a restored backup: the receiver has had bundles 1 to 7."""
    note_bundle(sender.settings.ledger, number=7, first=1, last=90, head="a" * 64)
    sender.writes(a_talk())
    manifest = sender.manifest(sender.exports())
    assert (manifest.bundle, manifest.previous_bundle) == (8, None)


# ── sealed ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_recipient_can_open_it_and_nobody_else(sender: Sender) -> None:
    second, recipient = new_identity()
    with sender.settings.transfer.recipients_file.open("a") as file:
        file.write(f"{recipient}  # the deputy\n")
    sender.writes(a_talk())
    path = sender.exports()
    assert sender.tar(path) == sender.tar(path, second)
    stranger, _ = new_identity()
    with pytest.raises(BadBundle, match="another key"):
        sender.tar(path, stranger)
    assert FIRST.encode() not in path.read_bytes()


def test_recipients_of_lots_toml_go_before_their_file(sender: Sender) -> None:
    theirs, recipient = new_identity()
    (sender.folder / "lots.toml").write_text(f'[transfer]\nrecipients = ["{recipient}"]\n')
    sender.writes(a_talk())
    path = sender.exports()
    assert RECORDS in unpacked(sender.tar(path, theirs))
    with pytest.raises(BadBundle):
        sender.tar(path)


@pytest.mark.skipif(shutil.which("age") is None, reason="the standard age program is not on this machine")
def test_the_standard_age_program_opens_it(sender: Sender) -> None:
    sender.writes(a_talk())
    path = sender.exports()
    tar = sender.tar(path)
    opened = subprocess.run(["age", "-d", "-i", sender.keys / "key", path], capture_output=True, check=True)
    assert opened.stdout == tar


@pytest.mark.parametrize(
    ("recipients", "says"),
    [
        (None, "lots keys recipients"),
        ("# nobody yet\n", "lots keys recipients"),
        ("age1wrong\n", "line 1: this is no recipient"),
        (b"\xff", "cannot be read (not text)"),
    ],
)
def test_without_recipients_nothing_leaves_and_nothing_is_begun(
    sender: Sender, recipients: str | bytes | None, says: str
) -> None:
    file = sender.settings.transfer.recipients_file
    file.unlink()
    if recipients is not None:
        file.write_bytes(recipients if isinstance(recipients, bytes) else recipients.encode())
    sender.writes(a_talk())
    assert says in sender.lots("export", ends=2).stderr
    with sender.store() as store:
        assert (store.bundles(), sender.left()) == ([], [])


def test_practice_never_leaves(sender: Sender) -> None:
    sender.lots("--mode", "ovning", "export", "--plain", "--reason", "prov", ends=2)
    sender.writes(a_talk(), TalkHeld(case=OURS, held="missed", occurred_on=DAY))
    ended = sender.lots("export", ends=2)
    assert "practice" in ended.stderr, "also where somebody has put the practice file in the real one's place"
    with sender.store() as store:
        assert (store.bundles(), sender.left()) == ([], [])


def test_a_plain_bundle_is_warned_of_and_logged_and_is_a_bundle_like_any_other(sender: Sender) -> None:
    sender.settings.transfer.recipients_file.unlink()
    sender.writes(a_talk())
    assert "--reason" in sender.lots("export", "--plain", ends=2).stderr
    with sender.store() as store:
        assert (store.bundles(), list(store.printed())) == ([], []), "without a reason nothing is begun"
    ended = sender.lots("export", "--plain", "--reason", "overforing")
    path = Path(ended.stdout.splitlines()[0])
    assert "WARNING" in ended.stderr
    assert "NOT sealed" in ended.stderr
    assert path.name.endswith("-000001.tar")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_manifest(unpacked(path.read_bytes())[MANIFEST]).bundle == 1
    with sender.store() as store:
        (printed,) = store.printed()
        assert (printed.command, printed.reason, printed.records) == ("export --plain", "overforing", 1)
        assert store.waiting_records() == 0, "its records count as transferred"
        assert [held.kind for held in store.records()] == ["talk_held", "transferred"]


def test_a_reason_is_for_what_is_not_sealed(sender: Sender) -> None:
    assert "--plain" in sender.lots("export", "--reason", "prov", ends=2).stderr


# ── or not at all ────────────────────────────────────────────────────────────────────────────────────────────


def _nowhere(sender: Sender) -> tuple[str, ...]:
    return ("--to", str(sender.keys / "not" / "there"))


def _a_file(sender: Sender) -> tuple[str, ...]:
    (sender.keys / "file").write_text("")
    return ("--to", str(sender.keys / "file"))


def _read_only(sender: Sender) -> tuple[str, ...]:
    """A folder that nobody may write in, not even root."""
    return ("--to", "/sys/kernel")


def _name_is_taken(sender: Sender) -> tuple[str, ...]:
    with sender.store() as store, store.transaction():
        installation = store.installation()
    (sender.bundles / f"lots-{installation[:8]}-000001.tar.age").mkdir(parents=True)
    return ()


def _the_ledger_cannot_be_written(sender: Sender) -> tuple[str, ...]:
    sender.settings.ledger.symlink_to("/sys/kernel/ledger")
    return ()


@pytest.mark.parametrize(
    ("fault", "names"),
    [
        (_nowhere, "there"),
        (_a_file, "file"),
        (_read_only, "/sys/kernel"),
        (_name_is_taken, "-000001.tar.age"),
        (_the_ledger_cannot_be_written, "ledger"),
    ],
)
def test_where_the_file_cannot_be_made_the_bundle_waits_and_the_next_export_finishes_it(
    sender: Sender, fault: Callable[[Sender], tuple[str, ...]], names: str
) -> None:
    theirs = set(sender.writes(a_talk(), CaseOpened(case=SECOND)))
    words = fault(sender)
    ended = sender.lots("export", *words, ends=2)
    assert "L304" in ended.stderr
    assert names in ended.stderr
    assert [name for name in sender.left() if not (sender.bundles / name).is_dir()] == [], "nothing is left of it"
    with sender.store() as store:
        (begun,) = store.bundles()
        assert (begun.written_at, begun.content) == (None, None)
    with suppress(FileNotFoundError):
        sender.settings.ledger.unlink()
    sender.writes(a_talk(days_ago=3), at=WRITTEN + timedelta(hours=1))
    finished = sender.lots("export", "--to", str(sender.keys / "stick"))
    path = Path(finished.stdout.splitlines()[0])
    assert set(sender.ids(path)) == theirs, "what was begun, and not what came after"
    assert "1 record came after it" in finished.stderr
    manifest = sender.manifest(path)
    assert (manifest.bundle, manifest.receipt_secret, manifest.head) == (1, begun.secret, begun.head)
    assert sender.manifest(sender.exports("--to", str(sender.keys / "stick"))).bundle == 2


@pytest.mark.parametrize("room", [0, 100, 4096, 20_000])
def test_a_disk_that_is_full_in_the_middle_leaves_no_file(sender: Sender, room: int) -> None:
    """Room for that many bytes in any file: none, the seal's head, the records, the tables."""
    sender.writes(*(a_talk(days_ago=day) for day in range(60)))
    sender.lots("export", *_nowhere(sender), ends=2)  # it is begun while there is room
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with sender.store():  # as while it is served: the store's own files have their size
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        try:
            ended = CliRunner().invoke(main, ["export"], env=sender.env)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (ended.exit_code, sender.left()) == (2, []), ended.output
    assert re.fullmatch(r"L304: \S+-000001\.tar\.age: cannot be written \(File too large\).*\n", ended.stderr)
    assert len(sender.ids(sender.exports())) == 60


def test_what_a_crash_left_beside_the_file_is_in_nobodys_way(sender: Sender) -> None:
    sender.writes(a_talk())
    sender.lots("export", *_nowhere(sender), ends=2)
    with sender.store() as store:
        name = f"lots-{store.installation()[:8]}-000001.tar.age"
    sender.bundles.mkdir()
    (sender.bundles / f".{name}.part").write_text("half a bundle")
    (sender.bundles / f".{name.removesuffix('.age')}.part").write_text("half a bundle that is not sealed")
    sender.exports()
    assert sender.left() == [name]


def _changed(store: Store) -> None:
    store._conn.execute("UPDATE record SET payload = replace(payload, 'meeting', 'video') WHERE seq = 2")


def _removed(store: Store) -> None:
    store._conn.execute("DELETE FROM record WHERE seq = 2")


def _cut_off(store: Store) -> None:
    store._conn.execute("DELETE FROM record WHERE seq >= 3")


@pytest.mark.parametrize("harm", [_changed, _removed, _cut_off])
def test_a_chain_that_does_not_hold_is_never_exported(sender: Sender, harm: Callable[[Store], None]) -> None:
    sender.writes(CaseOpened(case=FIRST), a_talk(), a_talk(SECOND))
    sender.lots("export", *_nowhere(sender), ends=2)
    with sender.store() as store, store.transaction():
        harm(store)
    ended = CliRunner().invoke(main, ["export"], env=sender.env)
    assert (ended.exit_code, sender.left()) == (2, [])
    assert "L303" in ended.stderr


def test_a_record_that_changes_while_it_is_written_ends_the_bundle(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change() -> None:
        with sender.store() as other, other.transaction():
            _changed(other)

    with pytest.raises(BrokenChain, match="while the bundle was written"):
        _interrupted(sender, monkeypatch, after=3, by=change)  # all three were verified, none is written
    assert sender.left() == []


def test_somebody_who_stops_it_in_the_middle_leaves_nothing_half(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _interrupted(sender, monkeypatch, after=8, by=stop)
    assert sender.left() == []
    assert len(sender.ids(sender.exports())) == 3


def _interrupted(sender: Sender, monkeypatch: pytest.MonkeyPatch, *, after: int, by: Callable[[], None]) -> None:
    """An export of three records in which something happens after so many records in all its passes."""
    monkeypatch.setattr(bundles, "STEP", 1)
    sender.writes(CaseOpened(case=FIRST), a_talk(), a_talk(SECOND))
    told: list[int] = []

    def meanwhile(done: int, _total: int) -> None:
        told.append(done)
        if len(told) == after:
            by()

    with sender.store() as store:
        bundle = next_bundle(store, sender.settings.ledger, WRITTEN + timedelta(hours=1))
        assert bundle is not None
        write(
            store,
            bundle,
            folder=sender.bundles,
            ledger=sender.settings.ledger,
            recipients=recipients_of(sender.settings),
            clock=sender.settings.now,
            made_by="0",
            progress=meanwhile,
        )


def test_a_store_whose_file_is_damaged_is_told_as_such(sender: Sender) -> None:
    sender.writes(*(a_talk(days_ago=day) for day in range(60)))
    sender.lots("export", *_nowhere(sender), ends=2)
    pages = sender.settings.database.stat().st_size // 4096
    with sender.settings.database.open("r+b") as file:
        for page in range(pages // 2, pages):
            file.seek(page * 4096 + 100)
            file.write(b"damaged")
    ended = CliRunner().invoke(main, ["export"], env=sender.env)
    assert (ended.exit_code, sender.left()) == (2, []), ended.exception
    assert "L304" in ended.stderr


def test_a_clock_that_went_back_begins_no_bundle(sender: Sender) -> None:
    sender.writes(a_talk(), at=datetime.now(MONDAY.tzinfo) + timedelta(days=1))
    assert "L506" in sender.lots("export", ends=1).stderr
    with sender.store() as store:
        assert (store.bundles(), sender.left()) == ([], [])


def test_a_data_folder_that_nobody_may_write_in_is_told_as_such(sender: Sender) -> None:
    sender.writes(a_talk())
    sender.settings.database.with_suffix(".work").mkdir()
    assert "L304" in sender.lots("export", ends=2).stderr


def test_two_exports_do_not_meet(sender: Sender) -> None:
    sender.writes(a_talk())
    with at_work(sender.settings.database):
        assert "L302" in sender.lots("export", ends=2).stderr
    assert sender.left() == []


@pytest.mark.parametrize(("made", "says"), [(False, "there is none yet"), (True, "the last is 1")])
def test_a_bundle_that_never_was_cannot_be_made_again(sender: Sender, made: bool, says: str) -> None:
    sender.writes(a_talk())
    if made:
        sender.exports()
    assert says in sender.lots("export", "--bundle", "3", ends=2).stderr


# ── what is said while it is written ─────────────────────────────────────────────────────────────────────────


def test_con_5_a_withdrawal_that_is_saved_while_the_bundle_is_written_leaves_a_notice(sender: Sender) -> None:
    """What is transferred is fixed when the bundle is begun, not when its file is there."""
    adult = [replace(record, case=FIRST) for record in ADULT]
    *_, consent = sender.writes(*adult)
    sender.lots("export", *_nowhere(sender), ends=2)  # begun, and its file not yet there
    with sender.store() as store:
        held = store.entries(FIRST)
        assert any(isinstance(one.record, Transferred) and consent in one.record.records for one in held)
    world = replace(a_world(shelf={FIRST: held}, practice=False), cases=(FIRST,))
    talk = Talk(aterkalla.DIALOG, world).picks(FIRST, "subject", "all", "meeting", "no", SAVE)
    notice = next(kept for kept in talk.kept if isinstance(kept, CorrectionNotice))
    assert (notice.changes, notice.parties) == (consent, (POLICE, SCHOOL))
    said = sender.writes(*talk.kept, at=WRITTEN + timedelta(hours=1))
    first, second = sender.exports(), sender.exports()
    assert not set(said) & set(sender.ids(first)), "the bundle that was begun is as it was"
    assert set(said) <= set(sender.ids(second)), "and the next one tells of it"
