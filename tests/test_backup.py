"""Backups: whole or not there, made while others write; a restored one holds nothing that was purged since."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.settings import Settings, load, read_key
from dialogs.records import TalkHeld
from state.errors import BadBackup, BrokenChain, StoreBusy
from state.people import Person
from state.records import verify
from state.store import Pin, SignIn, Store, at_work, claimed
from state.transfer import backups
from state.transfer.backups import Backup, backups_in, make_backup
from state.transfer.ledger import note_bundle, note_purge, read_ledger
from state.transfer.sealing import new_identity

NOW = datetime(2026, 11, 22, 7, 23, 0, tzinfo=UTC)
CASE, OTHER = "K7M-4QX", "C3D-F5H"
REAL = {"LOTS_TELEGRAM_MODE": "dorrklocka", "LOTS_PUBLIC_URL": "https://lots.example"}


@dataclass
class Office:
    """An installation for real cases, its keeper's commands, and what is on its disk."""

    folder: Path
    env: dict[str, str]

    @property
    def settings(self) -> Settings:
        return load(self.env)

    @property
    def key(self) -> bytes:
        return read_key(self.settings.key_file, self.settings.database)

    @contextmanager
    def store(self) -> Iterator[Store]:
        with closing(Store(self.settings.database, self.key)) as store:
            yield store

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, list(words), env=self.env)

    def does(self, *words: str) -> str:
        """Runs a command that goes well; gives what it says."""
        ended = self.run(*words)
        assert ended.exit_code == 0, ended.output
        return str(ended.output)

    def talks(self, case: str, count: int = 1) -> None:
        """Somebody records talks."""
        with self.store() as store, store.transaction():
            me = next(iter(store.people()), None) or self._somebody(store)
            for _ in range(count):
                store.append(TalkHeld(case=case, held="yes", occurred_on=NOW.date()), me, NOW)

    def _somebody(self, store: Store) -> Person:
        return store.add_person(role="samordnare", district="Farsta", channel="web", address=None, now=NOW)

    def purges(self, *cases: str, number: int = 1) -> None:
        """What `lots purge` does: first the ledger, then the store."""
        with self.store() as store:
            ids = [held.id for case in cases for held in store.entries(case)]
            note_purge(self.settings.ledger, number=number, decision="SN 2026/9", at=NOW.isoformat(), records=ids)
            with store.transaction():
                store.purge(number, "SN 2026/9", cases, NOW)
            store.shrink()

    def backs_up(self, at: datetime = NOW, keep_days: int = 14) -> Backup:
        settings = self.settings
        with self.store() as store:
            return make_backup(
                store,
                self.key,
                database=settings.database,
                folder=settings.transfer.backup_dir,
                ledger=settings.ledger,
                now=at,
                keep_days=keep_days,
            )

    def last(self) -> tuple[int, str]:
        """The last record's number and hash, of a chain that holds."""
        with self.store() as store:
            count = verify(store.links())
            last = store.last_link()
            return count, "" if last is None else last.hash

    def dumped(self) -> str:
        """Everything that the database says to somebody with its key."""
        with self.store() as store:
            tables = [name for (name,) in store._rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return "\n".join(str(row) for name in tables for row in store._rows(f"SELECT * FROM {name}"))


def installed(folder: Path) -> Office:
    mine = {name: "" for name in os.environ if name.startswith("LOTS_")}
    return Office(folder, mine | {"LOTS_DATA_DIR": str(folder)} | REAL)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = installed(tmp_path_factory.mktemp("template") / "lots")
    built.talks(CASE, 2)
    return built.folder


@pytest.fixture
def office(template: Path, tmp_path: Path) -> Office:
    """Two talks in one case."""
    shutil.copytree(template, tmp_path / "lots")
    return installed(tmp_path / "lots")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ── making ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_backup_is_one_file_for_its_owner_that_the_key_opens(office: Office) -> None:
    said = office.does("backup").splitlines()
    folder = office.folder / "backups"
    (name,) = files(folder)
    path = folder / name
    assert said == [str(path), f"2 records, {path.stat().st_size} bytes, verified"]
    assert [(made, at.tzinfo) for made, at in backups_in(folder, office.settings.database)] == [(path, UTC)]
    assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    shutil.copy(path, office.folder / "copy.db")
    with closing(Store(office.folder / "copy.db", office.key)) as copy, office.store() as store:
        assert list(copy.links()) == list(store.links())
    assert CASE.encode() not in path.read_bytes()


def test_a_backup_is_named_by_its_time_in_utc_and_stands_where_it_is_told(office: Office, tmp_path: Path) -> None:
    assert office.backs_up().path.name == "lots-20261122T072300Z.db"
    office.does("backup", "--to", str(tmp_path / "elsewhere" / "here"))
    assert len(files(tmp_path / "elsewhere" / "here")) == 1
    practice = office.env | {"LOTS_TELEGRAM_MODE": "ovning"}
    assert "0 records" in Office(office.folder, practice).does("backup")
    assert [name.partition("-")[0] for name in files(office.folder / "backups")] == ["lots", "ovning"]


def test_those_who_write_meanwhile_wait_no_longer_than_a_moment(office: Office) -> None:
    """Four megabytes, so that the copy takes a while; the backup is of one moment all the same."""
    with office.store() as store, store.transaction():
        me = store.people()[0]
        for _ in range(20):
            store._conn.execute("INSERT INTO chat_message (person, body) VALUES (?, hex(zeroblob(100000)))", (me.id,))
    done, waits = threading.Event(), list[tuple[float, float]]()

    def writes() -> None:
        with office.store() as store:
            while not done.is_set():
                began = time.perf_counter()
                with store.transaction():
                    store.append(TalkHeld(case=CASE, held="yes", occurred_on=NOW.date()), me, NOW)
                waits.append((began, time.perf_counter() - began))
                time.sleep(0.002)

    writer = threading.Thread(target=writes)
    with office.store() as store:
        copying = store.copy_to
        spans = list[tuple[float, float]]()

        def timed(path: Path, key: bytes) -> None:
            began = time.perf_counter()
            copying(path, key)
            spans.append((began, time.perf_counter()))

        store.copy_to = timed  # type: ignore[method-assign]
        writer.start()
        while len(waits) < 3 and writer.is_alive():
            time.sleep(0.001)
        try:
            made = make_backup(
                store,
                office.key,
                database=office.settings.database,
                folder=office.folder / "backups",
                ledger=None,
                now=NOW,
                keep_days=14,
            )
        finally:
            done.set()
            writer.join()
    ((began, ended),) = spans
    during = [wait for at, wait in waits if began < at < ended]
    assert during, "nobody wrote while it was copied"
    assert max(wait for _, wait in waits) < 1.0
    assert 2 <= made.records <= office.last()[0]


def test_what_a_cut_off_backup_has_left_is_taken_away(office: Office) -> None:
    folder = office.folder / "backups"
    folder.mkdir(mode=0o700)
    for name in (".lots-20261101T000000Z.db.part", ".lots-20261101T000000Z.db.part-wal"):
        (folder / name).write_bytes(b"half")
    made = office.backs_up()
    assert files(folder) == [made.path.name]


def test_old_backups_are_taken_away_but_never_the_one_that_was_made_now(office: Office) -> None:
    folder = office.folder / "backups"
    first = office.backs_up(NOW - timedelta(days=20)).path
    second = office.backs_up(NOW - timedelta(days=10)).path
    (folder / "lots-mine.db").write_text("no backup of ours")
    third = office.backs_up(NOW)
    assert third.taken_away == (first,)
    assert files(folder) == sorted([second.name, third.path.name, "lots-mine.db"])
    back = office.backs_up(NOW - timedelta(days=400), keep_days=1)  # a clock that went back
    assert back.path.exists()
    assert back.taken_away == ()


def test_a_disk_that_is_full_leaves_no_file(office: Office) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    try:
        ended = office.run("backup")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ended.exit_code == 2
    assert ended.output.startswith("L304: ")
    assert files(office.folder / "backups") == []
    assert office.last()[0] == 2


def test_a_folder_that_cannot_be_written_leaves_no_file(office: Office) -> None:
    (office.folder / "backups").write_text("a file where the folder should be")
    ended = office.run("backup")
    assert ended.exit_code == 2
    assert ended.output.startswith(f"L304: {office.folder / 'backups'}: ")


def test_records_that_do_not_verify_are_not_backed_up(office: Office) -> None:
    with office.store() as store, store.transaction():
        store._conn.execute("UPDATE record SET payload = replace(payload, 'yes', 'missed') WHERE seq = 1")
    with pytest.raises(BrokenChain):
        office.backs_up()
    assert files(office.folder / "backups") == []


def test_a_copy_that_is_not_what_was_copied_is_no_backup(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that gives back something older than what was written."""
    older = office.backs_up(NOW - timedelta(days=1)).path
    office.talks(CASE)
    monkeypatch.setattr(Store, "copy_to", lambda self, path, key: shutil.copy(older, path))
    with pytest.raises(BadBackup):
        office.backs_up()
    assert files(older.parent) == [older.name]


def test_one_command_works_at_a_time(office: Office) -> None:
    with at_work(office.settings.database):
        ended = office.run("backup")
    assert (ended.exit_code, ended.output[:5]) == (2, "L302:")


def test_the_ledger_goes_along_and_what_only_its_copy_knows_is_kept(office: Office) -> None:
    office.purges(CASE)
    ids = read_ledger(office.settings.ledger).purged
    made = office.backs_up()
    beside = made.path.parent / "ledger.ndjson"
    assert read_ledger(beside).purged == ids
    assert len(ids) == 2
    office.settings.ledger.unlink()  # the machine was lost, and with it the ledger
    note_bundle(office.settings.ledger, number=1, first=1, last=2, head="a" * 64)
    office.backs_up(NOW + timedelta(days=1))
    for path in (beside, office.settings.ledger):
        assert (read_ledger(path).purged, read_ledger(path).highest_bundle) == (ids, 1)


# ── restoring ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_backup_takes_the_place_of_the_database(office: Office) -> None:
    made = office.backs_up()
    then = office.last()
    office.talks(OTHER, 3)
    refused = office.run("restore", str(made.path))
    assert refused.exit_code == 2
    assert "has 3 records beyond it, which are lost" in refused.output
    assert office.last()[0] == 5
    said = office.does("restore", "--yes", str(made.path))
    assert "2 records, the last of 2026-11-22T07:23:00.000+00:00, verified" in said
    assert office.last() == then
    (aside,) = office.folder.glob("lots.db.before-restore-*")
    assert str(aside) in said
    assert not (office.folder / "restoring").exists()
    assert aside.stat().st_mode & 0o777 == 0o600
    said = office.does("restore", str(aside))  # the way back: it goes on from what stands there
    assert "lost" not in said.replace("lost; what", "")
    assert office.last()[0] == 5


def test_nothing_is_asked_where_nothing_is_lost(office: Office) -> None:
    made = office.backs_up()
    office.does("restore", str(made.path))
    for path in office.folder.glob("lots.db*"):
        path.unlink()
    office.does("restore", str(made.path))
    assert office.last()[0] == 2


@pytest.mark.parametrize("holds", [claimed, at_work])
def test_nothing_is_restored_while_others_are_at_it(office: Office, holds: Callable[[Path], Iterator[None]]) -> None:
    made = office.backs_up()
    with holds(office.settings.database):  # type: ignore[attr-defined]
        ended = office.run("restore", "--yes", str(made.path))
    assert (ended.exit_code, ended.output[:5]) == (2, "L302:")


def test_a_database_that_somebody_has_open_stays(office: Office) -> None:
    made = office.backs_up()
    office.talks(CASE)
    with office.store() as store:
        list(store.links())
        ended = office.run("restore", "--yes", str(made.path))
        assert (ended.exit_code, "L302: " in ended.output) == (2, True)
        with store.transaction():
            store.append(TalkHeld(case=CASE, held="yes", occurred_on=NOW.date()), store.people()[0], NOW)
    assert office.last()[0] == 4


def _flipped(path: Path) -> None:
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 1
    path.write_bytes(held)


def _newer(path: Path) -> None:
    with closing(Store(path, _KEY[0])) as store, store.transaction():
        store._conn.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('lots','m99','')")


def _changed(path: Path) -> None:
    with closing(Store(path, _KEY[0])) as store, store.transaction():
        store._conn.execute("UPDATE record SET payload = replace(payload, 'yes', 'missed')")


_KEY: list[bytes] = []

BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "there is nothing in it"),
    "one byte": (lambda path: path.write_bytes(b"x"), "there is nothing in it"),
    "cut off": (lambda path: os.truncate(path, path.stat().st_size - 4096), "cut off or damaged"),
    "cut off in a page": (lambda path: os.truncate(path, 4097), "cut off or damaged"),
    "a byte changed": (_flipped, "damaged"),
    "no store": (lambda path: path.write_bytes(b"no store" * 9999), "the key does not open it"),
    "a record changed": (_changed, "payload that is not the one"),
    "newer": (_newer, "a newer version of Lots made it"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_backup_is_refused_and_the_database_stays(office: Office, fault: str) -> None:
    made = office.backs_up()
    _KEY[:] = [office.key]
    spoil, says = BAD[fault]
    spoil(made.path)
    office.talks(OTHER)
    then = office.last()
    ended = office.run("restore", "--yes", str(made.path))
    assert ended.exit_code == 1, ended.output
    assert ended.output.startswith(f"L509: {made.path}: ")
    assert says in ended.output
    assert office.last() == then
    assert not (office.folder / "restoring").exists()


def test_a_backup_of_another_installation_or_of_practice_is_refused(office: Office, tmp_path: Path) -> None:
    other = installed(tmp_path / "other")
    other.settings.key_file.write_text(office.settings.key_file.read_text())
    other.settings.key_file.chmod(0o600)
    other.talks(CASE)
    ended = office.run("restore", "--yes", str(other.backs_up().path))
    assert (ended.exit_code, "of another installation" in ended.output) == (1, True)
    practice = Office(office.folder, office.env | {"LOTS_TELEGRAM_MODE": "ovning"})
    practice.talks("Ö22-222")
    ended = office.run("restore", "--yes", str(practice.settings.database))
    assert (ended.exit_code, "holds practice" in ended.output) == (1, True)
    assert office.last()[0] == 2


@pytest.mark.parametrize("beside_only", [False, True], ids=["ledger in the data folder", "ledger beside the backup"])
def test_what_was_purged_never_comes_back(office: Office, beside_only: bool) -> None:
    """Also not in a draft of the case, or in a message that waited when the backup was made."""
    with office.store() as store, store.transaction():
        me = store.people()[0]
        body = f'{{"answers": {{"case": "{CASE}"}}, "growing": null, "asking": null, "read_back": false}}'
        store._conn.execute(
            "INSERT INTO session (id, person, dialog, version, revision, status, opened_at, park_at, body) "
            "VALUES ('s', ?, 'samtal', 1, 1, 'active', ?, 9e9, ?)",
            (me.id, NOW.isoformat(), body),
        )
        store.queue("web", [(me.id, {"text": f"Sparat i {CASE}"})], NOW)
    office.talks(OTHER)
    made = office.backs_up()
    office.talks(CASE)
    with office.store() as store, store.transaction():
        store.end_session("s")
    office.purges(CASE)
    with office.store() as store:
        tombs = list(store.links(1, 3))
    later = office.backs_up(NOW + timedelta(days=1))
    later.path.unlink()  # its ledger stays beside the older one
    if beside_only:
        office.settings.ledger.unlink()
    said = office.does("restore", "--yes", str(made.path))
    assert "purged in it, since they were purged after it: 2 records" in said
    assert CASE not in office.dumped()
    assert OTHER in office.dumped()
    with office.store() as store:
        assert list(store.links()) == tombs
        assert [(one.number, one.decision, one.records) for one in store.purges()] == [(1, "SN 2026/9", 2)]
        assert store.purge_of(CASE) is not None
    assert office.last()[0] == 3
    assert len(read_ledger(office.settings.ledger).purged) == 3


def test_a_case_that_was_purged_whole_after_the_backup_is_gone_from_every_page(office: Office) -> None:
    """The raw pages of the restored file, decrypted: nothing is left where the records stood."""
    made = office.backs_up()
    with office.store() as store:
        salts = [held.salt for held in store.records()]
    office.purges(CASE)
    office.does("restore", "--yes", str(made.path))
    plain = office.folder / "plain.db"
    with office.store() as store:
        assert store.faults() == []
        store.settle()
        store._conn.execute(f"ATTACH DATABASE '{plain}' AS plain KEY ''")
        pages = store._rows("PRAGMA freelist_count")
        store._conn.execute("SELECT sqlcipher_export('plain')")
        store._conn.execute("DETACH DATABASE plain")
    assert pages == [(0,)]
    assert not any(word.encode() in plain.read_bytes() for word in (CASE, *salts))


def test_bundles_that_the_backup_does_not_know_are_said(office: Office) -> None:
    made = office.backs_up()
    note_bundle(office.settings.ledger, number=1, first=1, last=2, head="a" * 64)
    note_bundle(office.settings.ledger, number=2, first=3, last=4, head="b" * 64)
    said = office.does("restore", str(made.path))
    assert "bundles with records that it lacks: 1, 2. Their numbers are not used again." in said


def test_what_left_after_the_backup_does_not_leave_twice(office: Office, tmp_path: Path) -> None:
    """The receipt that was under way when the machine was lost is still good for the bundle."""
    secret, recipient = new_identity()
    (tmp_path / "office.key").write_text(f"{secret}\n")
    office.does("keys", "recipients", "add", recipient)
    made = office.backs_up()
    sealed = office.run("export").stdout.splitlines()[0]
    with office.store() as store:
        sender = store.installation()
    office.does(
        *("open", sealed, "--identity", str(tmp_path / "office.key"), "--to", str(tmp_path / "in")),
        *("--sender", sender, "--reason", "prov"),
    )
    receipt = office.run("receipt", str(tmp_path / "in" / sender / "000001")).stdout.splitlines()[1]
    assert "of records that it has: 1." in office.does("restore", "--yes", str(made.path))
    assert "bundle 1 is received" in office.does("receive", receipt)
    assert "nothing new" in office.does("export")
    office.talks(CASE)
    again = office.run("export").stdout.splitlines()[0]
    assert "000002" in again
    said = office.does(
        *("open", again, "--identity", str(tmp_path / "office.key"), "--to", str(tmp_path / "in"), "--reason", "prov")
    )
    assert "all of it holds" in said, "the chain goes on where the receiver is"


def test_somebody_who_was_revoked_stays_revoked_and_the_new_are_counted(office: Office) -> None:
    made = office.backs_up()
    with office.store() as store, store.transaction():
        gone = store.people()[0]
        store.revoke(gone.id, NOW)
        store.add_person(role="chef", district="Farsta", channel="web", address=None, now=NOW)
    said = office.does("restore", str(made.path))
    assert f"revoked after it, and revoked in it now: {gone.id}\n" in said
    assert "let in after it: 1, who need a new invitation\n" in said
    with office.store() as store:
        assert store.people() == []


def test_what_was_shut_since_the_backup_lets_nobody_in_after_it_is_restored(office: Office) -> None:
    """A lost phone, a browser that was signed out, a burnt PIN, an invitation that was used or taken back."""
    later = NOW + timedelta(days=7)
    with office.store() as store, store.transaction():
        at_desk = store.people()[0].id
        lost = store.add_person(role="samordnare", district="Farsta", channel="telegram", address="4711", now=NOW).id
        other = store.add_person(role="samordnare", district="Farsta", channel="telegram", address="4712", now=NOW).id
        store.save_pin(at_desk, Pin("hash", 0, 0))
        store.set_bell(at_desk, "4713")
        for token in ("signed out", "still here"):
            store.add_sign_in(token, SignIn(at_desk, "device", later.timestamp(), NOW.timestamp(), "open"))
        used, waits = (store.invite(role="chef", district="Farsta", expires_at=later, person=lost) for _ in "12")
    made = office.backs_up()
    with office.store() as store, store.transaction():
        store.use_invitation(used, channel="telegram", address="4714", now=NOW)
        moves = store.invite(role="samordnare", district="Farsta", expires_at=later, person=other)
        store.use_invitation(moves, channel="telegram", address="4711", now=NOW)  # the first one's old phone
        store.set_live_message("telegram", "4711", 99)
        store.save_pin(at_desk, Pin("", 10, 0))
        store.sign_out("signed out")
        store.set_bell(at_desk, "4715")
    office.does("restore", str(made.path))
    with office.store() as store:
        who = {address: store.person_at("telegram", address) for address in ("4711", "4712", "4714")}
        assert {address: found and found.id for address, found in who.items()} == {
            "4711": other,
            "4712": None,
            "4714": lost,
        }
        assert store.live_message(other) == 99, "what stands in the chat stands there whatever is restored"
        assert store.pin(at_desk) == Pin("", 10, 0)
        assert (store.sign_in("signed out"), store.sign_in("still here") is not None) == (None, True)
        assert (store.person_with_bell("4713"), store.bell_of(at_desk) is not None) == (None, True)
        assert (store.invitation_holds(used, NOW), store.invitation_holds(waits, NOW)) == (False, True)


def test_a_database_that_nobody_can_open_is_put_aside(office: Office) -> None:
    made = office.backs_up()
    office.settings.database.write_bytes(b"broken" * 4096)
    ended = office.run("restore", str(made.path))
    assert ended.exit_code == 2
    assert "cannot be said; all of it is lost" in ended.output
    office.does("restore", "--yes", str(made.path))
    assert office.last()[0] == 2
    (aside,) = office.folder.glob("lots.db.before-restore-*")
    assert aside.read_bytes() == b"broken" * 4096


def test_a_wal_that_is_left_goes_with_its_database_and_not_into_the_restored_one(office: Office) -> None:
    """What the killed program had not yet moved into the file; with the key that was lost it is of use to nobody."""
    made, database = office.backs_up(), office.settings.database
    with office.store():
        office.talks(CASE)
        for part in ("", "-wal"):
            shutil.copy(f"{database}{part}", office.folder / f"left.db{part}")
    prepared = backups.prepare(
        made.path,
        database=database,
        key=office.key,
        its_key=office.key,
        ledger=None,
        bundles=office.settings.bundles_dir,
        practice=False,
        present=None,
        now=NOW,
    )
    for part in ("", "-wal"):
        shutil.copy(office.folder / f"left.db{part}", f"{database}{part}")
    aside = backups.put_in_place(prepared, database, None, NOW)
    assert aside is not None
    assert office.last()[0] == 2
    assert Path(f"{aside}-wal").read_bytes() == (office.folder / "left.db-wal").read_bytes()
    office.does("restore", "--yes", str(aside))
    assert office.last()[0] == 3


def test_on_a_new_machine_the_old_key_is_named_and_a_new_one_is_made(office: Office, tmp_path: Path) -> None:
    made, old = office.backs_up(), office.settings.key_file
    fresh = installed(tmp_path / "fresh")
    ended = fresh.run("restore", str(made.path))
    assert (ended.exit_code, "is gone; put the key of the backup there" in ended.output) == (2, True)
    assert not fresh.settings.key_file.exists()
    fresh.does("restore", str(made.path), "--key-file", str(old))
    assert fresh.key != office.key
    assert fresh.last() == office.last()


def test_a_cut_off_restore_leaves_nothing_that_stays(office: Office) -> None:
    made = office.backs_up()
    work = backups.work_folder(office.settings.database)
    work.mkdir()
    (work / "lots.db").write_bytes(b"half")
    office.does("restore", str(made.path))
    assert not work.exists()
    work.mkdir()
    office.does("backup")
    assert not work.exists()


def test_a_disk_that_is_full_leaves_the_database(office: Office) -> None:
    made = office.backs_up()
    then = office.last()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    try:
        ended = office.run("restore", "--yes", str(made.path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (ended.exit_code, "L304: " in ended.output) == (2, True), ended.output
    assert office.last() == then


def test_a_rename_that_fails_leaves_the_database(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    made = office.backs_up()
    office.talks(CASE)
    renames = os.replace

    def refuses(source: Path, target: Path) -> None:
        if Path(target) == office.settings.database:
            raise OSError(30, "Read-only file system")
        renames(source, target)

    monkeypatch.setattr(os, "replace", refuses)
    ended = office.run("restore", "--yes", str(made.path))
    assert (ended.exit_code, "L304: " in ended.output) == (2, True)
    assert office.last()[0] == 3


def test_a_busy_store_is_no_bad_backup(office: Office) -> None:
    settings = replace(office.settings)
    made = office.backs_up()
    with (
        office.store() as store,
        store.transaction(),
        pytest.raises(StoreBusy),
        closing(Store(settings.database, office.key)) as second,
    ):
        second._conn.execute("PRAGMA busy_timeout = 1")
        backups.prepare(
            made.path,
            database=settings.database,
            key=office.key,
            its_key=office.key,
            ledger=None,
            bundles=settings.bundles_dir,
            practice=False,
            present=second,
            now=NOW,
        )


# ── the timers ───────────────────────────────────────────────────────────────────────────────────────────────

UNITS = Path(__file__).resolve().parent.parent / "docs" / "systemd"
PROGRAM = "/opt/lots/.venv/bin/lots"


def unit(name: str) -> ConfigParser:
    read = ConfigParser(interpolation=None, strict=True)
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read_string((UNITS / name).read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize("name", ["lots-backup", "lots-export"])
def test_every_timer_has_its_service_and_makes_up_for_what_it_missed(name: str) -> None:
    timer = unit(f"{name}.timer")
    assert (UNITS / f"{name}.service").is_file()
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Timer"]["OnCalendar"]
    assert timer["Timer"]["RandomizedDelaySec"]
    assert timer["Install"]["WantedBy"] == "timers.target"


def test_the_manual_has_the_service_as_it_ships() -> None:
    manual = (UNITS.parent / "drift.md").read_text(encoding="utf-8")
    shown = [block for block in re.findall(r"```ini\n(.*?)```", manual, re.DOTALL) if "ExecStart" in block]
    assert shown or "docs/systemd" in manual
    assert shown in ([], [(UNITS / "lots.service").read_text(encoding="utf-8")])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine")
def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    for path in UNITS.iterdir():
        text = path.read_text(encoding="utf-8").replace(PROGRAM, "/bin/true")  # it looks for the program
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    units = sorted(map(str, tmp_path.iterdir()))
    assert len(units) == 5
    ended = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
