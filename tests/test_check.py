"""`lots check`: each thing that can be wrong with an installation is found, and its line says what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot import check_secrets
from bot.check import Finding, findings
from bot.settings import Settings, WebRules, read_key
from dialogs import texts
from dialogs.policy import Policy
from dialogs.records import TalkHeld
from state.store import claimed
from state.transfer.backups import make_backup
from state.transfer.ledger import note_purge
from state.transfer.rekeying import rotate
from tests.botapi import BotApi
from tests.running import CHANNEL, DISTRICT, Lots, free_port

WHOLE = """\
ok     data folder: {folder} is the owner's alone
ok     disk: {free} MB free
ok     key: {folder}/lots.key is the owner's alone
ok     database: {folder}/ovning.db is whole, 2 records, the chain holds
ok     cases: 1, of which nobody can open 0 (0 not closed)
ok     access log: 0 rows, the chain holds, kept for 5 years
ok     chats: 0 messages stand in the chats, none longer than it may
ok     recipients: none: practice never leaves
ok     backups: none in {folder}/backups
ok     secrets: the key from the data folder, the token from the environment (LOTS_TELEGRAM_TOKEN)
ok     files: the databases, their copies and the keys are the owner's alone
ok     process: none serves; `lots run` leaves no core dump, and writes for its owner alone
ok     swap: {swap}
ok     mode: ovning: no real case
ok     web address: none: the web chat is not served
ok     token: it is @lots_test_bot
ok     public address: none: updates are fetched
ok     clock: right
ok     languages: sv, en (sv is the source)
"""
"""All but the last two lines, which count the facts of law and name the contacts."""


@pytest.fixture(scope="module")
def served() -> Iterator[BotApi]:
    with BotApi.serving() as api:
        yield api


@pytest.fixture
def good(served: BotApi, tmp_path: Path) -> Lots:
    """An installation with nothing wrong, and two records."""
    lots = Lots(served, tmp_path / "lots")
    lots.data_dir.chmod(0o700)
    with lots.store() as store, store.transaction():
        now = lots.settings.now()
        me = store.add_person(role="samordnare", district=DISTRICT, channel=CHANNEL, address="7", now=now)
        for ago in (14, 7):
            talk = TalkHeld(case="Ö22-222", held="yes", occurred_on=now.date() - timedelta(days=ago))
            store.append(talk, me, now)
    return lots


def found(lots: Lots, settings: Settings | None = None) -> dict[str, Finding]:
    """What there is to mend, by part; that the rest is looked at all the same is part of it."""
    looked = list(findings(settings or lots.settings))
    assert {"data folder", "disk", "key", "mode", "token", "languages", "law"} <= {one.part for one in looked}
    return {one.part: one for one in looked if one.mend is not None}


def only(lots: Lots, part: str, settings: Settings | None = None) -> Finding:
    """The one finding that there is to mend."""
    wrong = found(lots, settings)
    assert list(wrong) == [part]
    return wrong[part]


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_good_installation(good: Lots) -> None:
    ended = good.run("check")
    assert (ended.returncode, ended.stderr) == (0, "")
    *lines, law, contacts = ended.stdout.splitlines(keepends=True)
    free = lines[1].split()[2]
    (swap,) = (line.removeprefix("ok     swap: ").rstrip() for line in lines if line.startswith("ok     swap: "))
    assert "".join(lines) == WHOLE.format(folder=good.data_dir, free=free, swap=swap)
    assert law.startswith("ok     law: ")
    assert contacts == "ok     contacts: medföljer: 2 numbers, 112 and 114 14 only\n"
    assert good.settings.token is not None
    assert good.settings.token not in ended.stdout


def test_what_is_wrong_is_exit_1_and_the_rest_is_still_looked_at(good: Lots) -> None:
    good.data_dir.chmod(0o755)
    ended = good.run("check")
    assert (ended.returncode, ended.stderr) == (1, "")
    wrong = [line for line in ended.stdout.splitlines() if line.startswith("WRONG")]
    assert wrong == [f"WRONG  data folder: {good.data_dir} is open to others (755). Run: chmod 700 {good.data_dir}"]
    assert len(ended.stdout.splitlines()) == len(WHOLE.splitlines()) + 2


def test_a_fresh_folder_is_a_good_installation(served: BotApi, tmp_path: Path) -> None:
    """The first thing somebody may run; the folder, the key and the store are made with the right permissions."""
    lots = Lots(served, tmp_path / "lots")
    lots.data_dir.rmdir()
    ended = lots.run("check")
    assert ended.returncode == 0, ended.stdout
    assert "is whole, 0 records" in ended.stdout


# ── the disk, the key, the database ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_a_folder_that_others_may_open(good: Lots, mode: int) -> None:
    good.data_dir.chmod(mode)
    finding = only(good, "data folder")
    assert f"open to others ({mode:o})" in finding.says
    assert finding.mend == f"Run: chmod 700 {good.data_dir}"


def test_a_disk_that_is_nearly_full(good: Lots, monkeypatch: pytest.MonkeyPatch) -> None:
    nearly = shutil.disk_usage(good.data_dir)._replace(free=499 * 1024 * 1024)
    monkeypatch.setattr("bot.check.shutil.disk_usage", lambda _: nearly)
    finding = only(good, "disk")
    assert (finding.says, finding.mend) == ("499 MB free", "Make room: 500 MB should be free")


def test_a_key_that_others_may_read(good: Lots) -> None:
    key = good.settings.key_file
    key.chmod(0o640)
    finding = only(good, "key")
    assert f"others may read {key}; run: chmod 600 {key}" in finding.says
    key.chmod(0o600)
    assert found(good) == {}


def test_a_key_that_is_gone(good: Lots) -> None:
    """No new one is made: it would open nothing."""
    key = good.settings.key_file
    key.rename(key.with_suffix(".away"))
    finding = only(good, "key")
    assert f"{key} is gone" in finding.says
    assert "put the key back" in finding.says
    assert not key.exists()


def test_a_key_that_is_none(good: Lots) -> None:
    good.settings.key_file.write_text("hemlig")
    assert "holds no key" in only(good, "key").says


def test_a_key_of_another_store(good: Lots) -> None:
    good.settings.key_file.write_text("ab" * 32)
    finding = only(good, "database")
    assert "is LOTS_KEY_FILE the key it was made with?" in finding.says
    assert finding.mend == "Put the database right, or restore a backup"


def flip(path: Path, at: int) -> None:
    """Damages a file as a bad disk does, a byte at a place."""
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 0xFF]))


@pytest.mark.parametrize("page", [1, 2, 5, -1], ids=["first", "second", "middle", "last"])
def test_a_database_that_is_damaged(good: Lots, page: int) -> None:
    """One byte of one page; SQLCipher signs every page."""
    pages = good.settings.database.stat().st_size // 4096
    assert pages > 5
    flip(good.settings.database, (page - 1 if page > 0 else pages - 1) * 4096 + 100)
    finding = only(good, "database")
    assert str(good.settings.database) in finding.says
    assert "estore a backup" in str(finding.mend)


def test_a_chain_that_is_broken(good: Lots) -> None:
    """Somebody with the key has changed what a record says."""
    with good.store() as store, store.transaction():
        store._conn.execute("UPDATE record SET payload = replace(payload, 'yes', 'missed') WHERE seq = 1")
    finding = only(good, "database")
    assert finding.says.startswith("L303: ")
    assert finding.mend == "Find out who changed it, and restore a backup"


# ── handing over, backups, what is left lying ────────────────────────────────────────────────────────────────


RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


def ready_for_real_cases(lots: Lots) -> None:
    """Somebody to seal bundles to, and a backup."""
    (lots.data_dir / "recipients.txt").write_text(f"{RECIPIENT}\n")
    settings = lots.settings
    with lots.store() as store:
        make_backup(
            store,
            read_key(settings.key_file, settings.database),
            database=settings.database,
            folder=settings.transfer.backup_dir,
            ledger=settings.ledger,
            now=settings.now(),
            keep_days=14,
        )


@pytest.fixture
def real(good: Lots) -> Lots:
    """An installation for real cases with nothing wrong, and one record."""
    good.env |= DOORBELL
    with good.store() as store, store.transaction():
        now = good.settings.now()
        me = store.add_person(role="samordnare", district=DISTRICT, channel="web", address=None, now=now)
        store.append(TalkHeld(case="K7M-4QX", held="yes", occurred_on=now.date()), me, now)
    ready_for_real_cases(good)
    return good


def told(lots: Lots, part: str) -> str:
    """What is said of a part that is well."""
    (finding,) = [one for one in findings(without_telegram(lots)) if one.part == part]
    assert finding.mend is None
    return finding.says


def without_telegram(lots: Lots) -> Settings:
    return replace(lots.settings, token=None)


def test_real_cases_with_nothing_wrong(real: Lots) -> None:
    assert told(real, "recipients") == f"1, from {real.data_dir}/recipients.txt"
    assert told(real, "backups") == f"1 in {real.data_dir}/backups, the newest 0 hours old"
    assert told(real, "bundles") == "0 made, 1 records wait for the next"
    assert told(real, "purging") == "0 done, none cut off"
    assert found(real, without_telegram(real)) == {}


def test_nobody_to_seal_bundles_to(real: Lots) -> None:
    (real.data_dir / "recipients.txt").unlink()
    finding = only(real, "recipients", without_telegram(real))
    assert finding.says == f"none in {real.data_dir}/recipients.txt"
    assert "run: lots keys recipients add AGE1…" in str(finding.mend)
    (real.data_dir / "recipients.txt").write_text("mottagningen\n")
    assert "recipients.txt, line 1" in only(real, "recipients", without_telegram(real)).says


@pytest.mark.parametrize(("hours", "right"), [(0, True), (47, True), (49, False), (240, False)])
def test_a_backup_that_is_old(real: Lots, monkeypatch: pytest.MonkeyPatch, hours: int, right: bool) -> None:
    settings = without_telegram(real)
    monkeypatch.setattr(Settings, "now", _later(timedelta(hours=hours)))
    if right:
        assert found(real, settings) == {}
    else:
        finding = only(real, "backups", settings)
        assert finding.says.endswith(f"the newest {hours // 24} days old")
        assert finding.mend == "Run: lots backup, and see that lots-backup.timer is on"


def test_no_backup_at_all(real: Lots) -> None:
    for path in (real.data_dir / "backups").iterdir():
        path.unlink()
    assert only(real, "backups", without_telegram(real)).says == f"none in {real.data_dir}/backups"


def test_a_bundle_that_was_begun_and_one_whose_receipt_does_not_come(
    real: Lots, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = without_telegram(real)
    with real.store() as store, store.transaction():
        assert store.begin_bundle(settings.now()) is not None
    finding = only(real, "bundles", settings)
    assert (finding.says, finding.mend) == (
        "1 made, 0 records wait for the next, 1 is begun and not written",
        "Run: lots export",
    )
    with real.store() as store, store.transaction():
        store.mark_written(1, "a" * 64, settings.now())
    assert told(real, "bundles") == "1 made, 0 records wait for the next"
    monkeypatch.setattr(Settings, "now", _later(timedelta(days=8)))
    ready_for_real_cases(real)
    finding = only(real, "bundles", settings)
    assert finding.says.endswith(", without a receipt for over 7 days: 1")
    assert finding.mend == "Ask the receiver for the receipt, and run: lots receive"


def test_a_purge_that_was_cut_off(real: Lots) -> None:
    """The ledger was written, and the store was not."""
    with real.store() as store:
        ids = [held.id for held in store.records()]
    note_purge(real.settings.ledger, number=1, decision="SN 2026/9", at="2026-11-22T00:00:00Z", records=ids)
    finding = only(real, "purging", without_telegram(real))
    assert (finding.says, finding.mend) == ("a purge was cut off", "Run: lots purge")


def test_what_a_restore_has_put_aside(real: Lots) -> None:
    (real.data_dir / "lots.db.before-restore-20261122T072300Z").write_bytes(b"aside")
    (real.data_dir / "lots.db.before-restore-20261122T072300Z").chmod(0o600)
    finding = only(real, "put aside", without_telegram(real))
    assert finding.says == "lots.db.before-restore-20261122T072300Z, which purging does not reach"
    (real.data_dir / "lots.db.before-restore-20261122T072300Z").unlink()
    (real.data_dir / "restoring").mkdir()
    assert only(real, "put aside", without_telegram(real)).mend == "Run: lots backup"


def test_an_old_key_is_told_of_when_no_backup_needs_it(real: Lots, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = without_telegram(real)
    at = settings.now() + timedelta(minutes=5)
    kept = rotate(real.data_dir, settings.key_file, at)
    assert told(real, "old keys") == "1 kept, 1 that a backup needs"
    monkeypatch.setattr(Settings, "now", _later(timedelta(days=15)))
    ready_for_real_cases(real)
    finding = only(real, "old keys", settings)
    assert finding.says == f"1 kept, 0 that a backup needs; not needed: {kept.name}"
    assert finding.mend == f"Take away what no backup elsewhere needs, from {real.data_dir}"


# ── secrets ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name", ["ovning.db", "lots.db-wal", "lots.db.before-rotation", "ledger.ndjson", "lots.key.20260101T000000Z"]
)
def test_a_file_that_others_may_read(good: Lots, name: str) -> None:
    """A copy that somebody made by hand, or put back; the folder alone is not trusted to keep it."""
    path = good.data_dir / name
    path.touch()
    path.chmod(0o640)
    finding = next(one for one in findings(good.settings) if one.part == "files")
    assert finding.says == f"others may read, or own, {path}"
    path.chmod(0o600)
    assert "files" not in found(good)


def test_a_backup_elsewhere_that_others_may_read(real: Lots, tmp_path: Path) -> None:
    elsewhere = tmp_path / "kopior"
    (real.data_dir / "backups").rename(elsewhere)
    real.env["LOTS_BACKUP_DIR"] = str(elsewhere)
    (backup,) = elsewhere.iterdir()
    backup.chmod(0o604)
    assert only(real, "files", without_telegram(real)).says == f"others may read, or own, {backup}"


def test_the_running_program_is_found_by_its_lock_and_what_it_leaves_by_the_kernels_word(
    good: Lots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here this process holds the lock; what the kernel says of it is put in files of the same form."""
    (tmp_path / "4711").mkdir()
    database = good.settings.database

    def said(limit: str, mask: str) -> Finding:
        (tmp_path / "4711" / "limits").write_text(f"Max core file size        {limit} {limit} bytes\n")
        (tmp_path / "4711" / "status").write_text(f"Name:\tlots\nUmask:\t{mask}\n")
        return check_secrets._process(4711)

    with claimed(database):
        assert check_secrets._who_serves(database) == os.getpid()
    assert check_secrets._who_serves(database) is None
    monkeypatch.setattr(check_secrets, "PROC", tmp_path)
    assert said("0", "0077").mend is None
    for wrong in (("unlimited", "0077"), ("0", "0022")):
        assert said(*wrong).mend == "Start it again with `lots run`, and with no other program around it"


SWAPS = "Filename\tType\tSize\tUsed\tPriority\n"


@pytest.mark.parametrize(
    ("swaps", "limit", "says", "right"),
    [
        ("", "max", "none, or encrypted", True),
        ("/dev/zram0 partition 9 0 100\n", "max", "none, or encrypted", True),
        ("/dev/dm-1 partition 9 0 -2\n", "max", "none, or encrypted", True),
        ("/swapfile file 9 0 -2\n", "0", "/swapfile is not encrypted; the service is kept out of it", True),
        ("/swapfile file 9 0 -2\n", "max", "/swapfile is not encrypted, and what the program knows may", False),
    ],
    ids=["none", "in memory", "encrypted", "kept out", "open"],
)
def test_swap_is_told_of(
    real: Lots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swaps: str, limit: str, says: str, right: bool
) -> None:
    """By the kernel's files, in a folder of the test's own; only for real cases is it wrong."""
    for name in ("PROC", "CGROUPS", "BLOCKS"):
        monkeypatch.setattr(check_secrets, name, tmp_path)
    for path, text in {
        "swaps": SWAPS + swaps,
        "7/cgroup": "0::/system.slice/lots.service\n",
        "system.slice/lots.service/memory.swap.max": f"{limit}\n",
        "dm-1/dm/uuid": "CRYPT-PLAIN-swap\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    finding = check_secrets._swap(real.settings, 7)
    assert finding.says.startswith(says)
    assert (finding.mend is None) is right
    assert check_secrets._swap(replace(real.settings, mode="ovning"), 7).mend is None


@pytest.mark.parametrize(("minutes", "right"), [(5, True), (15, True), (16, False)])
def test_the_locks_are_told_and_one_that_comes_too_late(real: Lots, minutes: int, right: bool) -> None:
    settings = replace(without_telegram(real), web_rules=WebRules(lock_minutes=minutes))
    if right:
        assert found(real, settings) == {}
    else:
        assert only(real, "locks", settings).mend == "Set [web] lock_minutes to 15 or less"
    (says,) = [one.says for one in findings(settings) if one.part == "locks"]
    assert says.startswith(f"a page after {minutes} minutes, a PIN after 5 wrong for 15 minutes and after 10 for good")


# ── the mode ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_real_cases_in_the_chat_show_their_decision(good: Lots) -> None:
    """Where the decision is missing there is no installation to look at: exit 2."""
    good.env["LOTS_TELEGRAM_MODE"] = "chatt"
    ended = good.run("check")
    assert ended.returncode == 2
    assert ended.stderr.startswith("L200: LOTS_TELEGRAM_MODE is chatt: real cases")
    (good.data_dir / "lots.toml").write_text(
        '[telegram]\ndecision = { reference = "SN 2026/41", date = 2026-11-01 }\n', encoding="utf-8"
    )
    ready_for_real_cases(good)
    ended = good.run("check")
    assert ended.returncode == 0, ended.stdout
    assert "ok     mode: chatt: real cases on Telegram, by decision SN 2026/41, 2026-11-01\n" in ended.stdout
    assert f"ok     database: {good.data_dir}/lots.db is whole, 0 records" in ended.stdout


DOORBELL = {"LOTS_TELEGRAM_MODE": "dorrklocka", "LOTS_PUBLIC_URL": "https://lots.example/"}


def test_real_cases_on_the_web_say_where_they_are(good: Lots) -> None:
    """With no decision of a committee: nothing of a case passes through Telegram."""
    good.env |= DOORBELL
    ready_for_real_cases(good)
    ended = good.run("check")
    assert ended.returncode == 0, ended.stdout
    says = "dorrklocka: real cases on the web chat only, Telegram says no more than that one waits"
    assert f"ok     mode: {says}\n" in ended.stdout
    assert "ok     web address: https://lots.example, served on 127.0.0.1:8080\n" in ended.stdout
    assert f"ok     database: {good.data_dir}/lots.db is whole, 0 records" in ended.stdout


@pytest.mark.parametrize("address", ["", "http://lots.example", "lots.example"])
def test_a_doorbell_has_an_address_that_telegram_opens(good: Lots, address: str) -> None:
    good.env |= DOORBELL | {"LOTS_PUBLIC_URL": address}
    ended = good.run("check")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("L200: LOTS_PUBLIC_URL is ")
    assert "https" in ended.stderr


def test_a_doorbell_without_a_token_rings_for_nobody(good: Lots) -> None:
    good.env |= DOORBELL
    (finding,) = [one for one in findings(replace(good.settings, token=None)) if one.part == "token"]
    assert (finding.says, finding.mend) == ("none: Telegram is not served, and nobody is rung", None)


def test_the_web_in_practice_is_for_this_machine(good: Lots) -> None:
    (finding,) = [one for one in findings(replace(good.settings, token=None, web=True)) if one.part == "web address"]
    assert (finding.says, finding.mend) == ("http://127.0.0.1:8080, for this machine only", None)


# ── Telegram ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_token_telegram_is_not_served(good: Lots) -> None:
    assert found(good, replace(good.settings, token=None)) == {}


def test_a_token_that_is_refused(good: Lots) -> None:
    finding = only(good, "token", replace(good.settings, token="7000000001:another"))
    assert (finding.says, finding.mend) == ("Telegram does not know it", "Get the right one from BotFather")


def test_a_bot_api_that_does_not_answer(good: Lots) -> None:
    finding = only(good, "token", replace(good.settings, base_url=f"http://127.0.0.1:{free_port()}/bot"))
    assert (finding.says, finding.mend) == ("the Bot API does not answer", "See that this machine reaches the Bot API")


@pytest.mark.parametrize(("minutes", "right"), [(-10, False), (-2, False), (0, True), (0.5, True), (2, False)])
def test_a_clock_that_is_off(good: Lots, monkeypatch: pytest.MonkeyPatch, minutes: float, right: bool) -> None:
    """Held against the Date header of the Bot API's answer."""
    monkeypatch.setattr(Settings, "now", _later(timedelta(minutes=minutes)))
    if right:
        assert found(good) == {}
    else:
        finding = only(good, "clock")
        assert abs(float(finding.says.split()[0]) - abs(minutes) * 60) < 5
        assert finding.mend == "Turn on time synchronisation (NTP)"


def test_an_address_that_telegram_does_not_have(good: Lots) -> None:
    """Configured, and `lots run` has not told Telegram yet; or the other way round."""
    mine = replace(good.settings, public_url="https://lots.example", webhook_secret="only-for-the-tests-0123")
    finding = only(good, "public address", mine)
    assert finding.says == "Telegram has none, and this installation https://lots.example/telegram"
    assert finding.mend == "Start `lots run`; it tells Telegram"


# ── what ships with it ───────────────────────────────────────────────────────────────────────────────────────


def test_a_language_that_is_missing(good: Lots, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("dialogs.texts.LOCALES", tmp_path)
    texts.catalogue.cache_clear()
    try:
        finding = only(good, "languages")
    finally:
        texts.catalogue.cache_clear()
    assert finding.says.startswith("en is missing")
    assert finding.mend == "Install Lots again"


def test_facts_of_law_that_were_read_long_ago(good: Lots, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two years on: nothing is wrong with the clock, only with the texts."""
    monkeypatch.setattr(Settings, "now", _later(timedelta(days=730)))
    finding = only(good, "law", replace(good.settings, token=None))
    assert finding.says.startswith("read more than 365 days ago: ")
    assert "OSL-10-15A" in finding.says
    assert finding.mend == "Read the texts again, and update dialogs/law"


def test_how_long_a_reading_holds_is_configured(good: Lots) -> None:
    """What one office finds old another may still go by."""
    strict = replace(good.settings, token=None, policy=Policy(law_read_days=1))
    assert only(good, "law", strict).says.startswith("read more than 1 days ago: ")
    lenient = replace(good.settings, token=None, policy=Policy(law_read_days=10_000))
    assert found(good, lenient) == {}


_NOW = Settings.now


def _later(by: timedelta) -> Callable[[Settings], datetime]:
    def now(settings: Settings) -> datetime:
        return _NOW(settings) + by

    return now
