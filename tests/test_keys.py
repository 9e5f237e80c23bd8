"""Keys: the store gets a new one whole or not at all, and whom bundles are sealed to is changed by hand only."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.settings import Settings, load, read_key
from dialogs.records import TalkHeld
from state.errors import BadSettings, StoreBusy, WrongKey
from state.keys import fingerprint, key_in
from state.records import verify
from state.store import Store, at_work, claimed, opens
from state.transfer import rekeying
from state.transfer.sealing import read_identity, read_recipients
from tests.running import environment

NOW = datetime(2026, 11, 22, 7, 23, 0, tzinfo=UTC)
NAMES = ("lots.db", "ovning.db")
REAL = {"LOTS_TELEGRAM_MODE": "dorrklocka", "LOTS_PUBLIC_URL": "https://lots.example"}


@dataclass
class Office:
    """An installation with a store for real cases and one of practice, both with the same key."""

    folder: Path

    @property
    def env(self) -> dict[str, str]:
        return environment(self.folder, **REAL)

    @property
    def settings(self) -> Settings:
        return load(self.env)

    @property
    def key_file(self) -> Path:
        return self.folder / "lots.key"

    def key(self) -> bytes:
        """The key as every command reads it."""
        return read_key(self.key_file, self.folder / "lots.db")

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, list(words), env=self.env)

    def does(self, *words: str) -> str:
        """Runs a command that goes well; gives what it says."""
        ended = self.run(*words)
        assert ended.exit_code == 0, ended.output
        return str(ended.output)

    def talk(self, name: str, key: bytes) -> None:
        case = "Ö22-222" if name == "ovning.db" else "K7M-4QX"
        with closing(Store(self.folder / name, key)) as store, store.transaction():
            people = store.people()
            me = (
                people[0]
                if people
                else store.add_person(role="samordnare", district="Farsta", channel="web", address=None, now=NOW)
            )
            store.append(TalkHeld(case=case, held="yes", occurred_on=NOW.date()), me, NOW)

    def hashes(self) -> dict[str, list[str]]:
        """The chain of each store, opened with the key as every command reads it; each holds."""
        found = {}
        for name in NAMES:
            with closing(Store(self.folder / name, self.key())) as store:
                assert store.faults() == []
                verify(store.links())
                found[name] = [link.hash for link in store.links()]
        return found


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = Office(tmp_path_factory.mktemp("template") / "lots")
    built.folder.mkdir(mode=0o700)
    for name in NAMES:
        built.talk(name, built.key())
    return built.folder


@pytest.fixture
def office(template: Path, tmp_path: Path) -> Office:
    shutil.copytree(template, tmp_path / "lots")
    return Office(tmp_path / "lots")


def kept(office: Office) -> Path:
    ((path, _),) = rekeying.kept_keys(office.key_file)
    return path


# ── the store's key ──────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_shown_of_a_key_is_not_the_key(office: Office) -> None:
    said = office.does("keys", "show")
    assert f"key: {office.key_file}, fingerprint {fingerprint(office.key())}, since 20" in said
    with closing(Store(office.folder / "lots.db", office.key())) as store, store.transaction():
        assert f"installation: {store.installation()}\n" in said
    assert f"recipients: 0, from {office.folder}/recipients.txt" in said
    assert "A lost key is final" in said
    assert office.key().hex() not in said
    assert said == office.does("keys", "show")


def test_a_new_key_opens_everything_and_the_old_one_nothing(office: Office) -> None:
    old, before = office.key(), office.hashes()
    said = office.does("keys", "rotate")
    new = office.key()
    assert new != old
    assert (old.hex() in said, new.hex() in said) == (False, False)
    assert fingerprint(new) in said
    assert str(kept(office)) in said
    assert (key_in(kept(office)), kept(office).stat().st_mode & 0o777) == (old, 0o600)
    assert office.key_file.stat().st_mode & 0o777 == 0o600
    assert office.hashes() == before
    for name in NAMES:
        with pytest.raises(WrongKey):
            Store(office.folder / name, old)
    assert not any("rekeying" in path.name or path.name.endswith((".new", "-wal")) for path in office.folder.iterdir())


def test_an_old_backup_needs_the_old_key_and_gets_the_new(office: Office) -> None:
    path = office.does("backup").splitlines()[0]
    before = office.hashes()
    office.does("keys", "rotate")
    refused = office.run("restore", path)
    assert (refused.exit_code, "name the key it was made with, with --key-file" in refused.output) == (1, True)
    office.does("restore", path, "--key-file", str(kept(office)))
    assert office.hashes() == before


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("holds", [claimed, at_work])
def test_no_key_is_changed_while_either_store_is_used(office: Office, name: str, holds: Callable[..., object]) -> None:
    old = office.key()
    with holds(office.folder / name):  # type: ignore[attr-defined]
        ended = office.run("keys", "rotate")
    assert (ended.exit_code, ended.output[:5]) == (2, "L302:")
    assert office.key() == old


def test_no_key_is_changed_while_another_command_has_a_store_open(office: Office) -> None:
    """It would go on writing in the old file, and nobody would see it again."""
    old, before = office.key(), office.hashes()
    with closing(Store(office.folder / "ovning.db", old)) as store:
        store.people()
        ended = office.run("keys", "rotate")
    assert (ended.exit_code, ended.output[:5]) == (2, "L302:")
    assert (office.key(), office.hashes()) == (old, before)
    assert not (office.folder / "rekeying").exists()


def test_there_is_no_key_to_change_before_there_is_a_store(tmp_path: Path) -> None:
    ended = Office(tmp_path / "lots").run("keys", "rotate")
    assert (ended.exit_code, "there is no store yet" in ended.output) == (2, True)
    assert not (tmp_path / "lots" / "lots.key").exists()


class CutOff(BaseException):
    """The power went."""


def cut_off(office: Office, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Changes the key until that rename is to be done: the key's note, a database, another, the key itself."""
    count, renames = 0, Path.replace

    def replace(self: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == at:
            raise CutOff
        return renames(self, target)

    def clear(folder: Path) -> None:
        raise CutOff

    with monkeypatch.context() as patched, suppress(CutOff):
        patched.setattr(Path, "replace", replace)
        patched.setattr(rekeying, "_clear", clear)  # who is killed clears nothing up
        rekeying.rotate(office.folder, office.key_file, NOW)
    assert count == at


AT = {
    1: "before the new key is noted",
    2: "before any database",
    3: "between the databases",
    4: "before the key itself",
}


@pytest.mark.parametrize("at", AT, ids=AT.get)
def test_a_change_that_was_cut_off_heals_at_the_next_start(
    office: Office, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    old, before = office.key(), office.hashes()
    cut_off(office, monkeypatch, at)
    assert [opens(office.folder / name, old) for name in NAMES] == [at < 3, at < 4]
    new = office.key()  # whoever reads the key next carries it out
    assert (new == old) == (at == 1)
    assert office.hashes() == before
    assert not (office.folder / "rekeying").exists()
    assert not (office.folder / "lots.key.new").exists()
    if at > 1:
        assert key_in(kept(office)) == old


def test_what_somebody_wrote_after_the_cut_is_not_lost(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """They had read the old key before, and waited."""
    old, before = office.key(), office.hashes()
    cut_off(office, monkeypatch, 3)
    office.talk("ovning.db", old)
    after = office.hashes()
    assert after["lots.db"] == before["lots.db"]
    assert (after["ovning.db"][:-1], len(after["ovning.db"])) == (before["ovning.db"], 2)
    assert office.key() != old


def test_a_cut_off_change_waits_for_whoever_still_writes(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    old = office.key()
    cut_off(office, monkeypatch, 3)
    with closing(Store(office.folder / "ovning.db", old)) as store:
        store.people()
        with pytest.raises(StoreBusy):
            office.key()
    assert office.key() != old
    assert len(office.hashes()["ovning.db"]) == 1


# ── a receiver's key ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_receivers_key_is_one_that_age_reads_and_is_never_written_over(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "receiver.key"
    ended = CliRunner().invoke(main, ["keys", "make", str(path)])
    assert ended.exit_code == 0
    recipient = ended.stdout.strip()
    held = path.read_text()
    created, public, secret = held.splitlines()
    assert created.startswith("# created: 20")
    assert public == f"# public key: {recipient}"
    assert secret.startswith("AGE-SECRET-KEY-1")
    assert secret not in ended.output
    assert path.stat().st_mode & 0o777 == 0o600
    assert str(read_identity(path).to_public()) == recipient
    if shutil.which("age-keygen") is not None:
        told = subprocess.run(["age-keygen", "-y", str(path)], capture_output=True, text=True, check=True)
        assert told.stdout.strip() == recipient
    again = CliRunner().invoke(main, ["keys", "make", str(path)])
    assert (again.exit_code, "is there already" in again.output) == (2, True)
    nowhere = CliRunner().invoke(main, ["keys", "make", str(tmp_path / "none" / "receiver.key")])
    assert (nowhere.exit_code, nowhere.output[:5]) == (2, "L304:")
    assert path.read_text() == held
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["receiver.key"]


# ── recipients ───────────────────────────────────────────────────────────────────────────────────────────────

ONE = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


def another(tmp_path: Path) -> str:
    return CliRunner().invoke(main, ["keys", "make", str(tmp_path / "another.key")]).stdout.strip()


def test_recipients_are_added_and_removed_one_by_one(office: Office, tmp_path: Path) -> None:
    two, path = another(tmp_path), office.folder / "recipients.txt"
    assert f"0 recipients, from {path}" in office.does("keys", "recipients")
    assert f"{path}: 1 recipient\n" in office.does("keys", "recipients", "add", ONE)
    path.write_text(f"# mottagningen\n{path.read_text()}")
    assert "2 recipients" in office.does("keys", "recipients", "add", two)
    assert "has it already" in office.does("keys", "recipients", "add", two)
    assert path.read_text() == f"# mottagningen\n{ONE}\n{two}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    said = office.does("keys", "recipients", "remove", ONE)
    assert "Bundles that are sealed already stay sealed to them too." in said
    assert "WARNING" not in said
    assert "that was the last; `lots export` refuses" in office.does("keys", "recipients", "remove", two)
    assert path.read_text() == "# mottagningen\n"
    gone = office.run("keys", "recipients", "remove", two)
    assert (gone.exit_code, "does not have it" in gone.output) == (2, True)


@pytest.mark.parametrize("written", ["age1", "AGE-SECRET-KEY-1QQ", f"{ONE}x", "# only a remark"])
def test_what_is_no_recipient_is_not_added(office: Office, written: str) -> None:
    ended = office.run("keys", "recipients", "add", written)
    assert ended.exit_code == 2
    assert "SECRET-KEY-1QQ" not in ended.output  # somebody may have taken the wrong line
    assert not (office.folder / "recipients.txt").exists()


def test_recipients_that_the_settings_name_are_changed_there(office: Office) -> None:
    (office.folder / "lots.toml").write_text(f'[transfer]\nrecipients = ["{ONE}"]\n')
    assert ONE in office.does("keys", "recipients")
    for words in (("add", ONE), ("remove", ONE)):
        ended = office.run("keys", "recipients", *words)
        assert (ended.exit_code, "change them there" in ended.output) == (2, True)


def test_a_line_that_is_no_recipient_is_told_with_its_number(office: Office) -> None:
    (office.folder / "recipients.txt").write_text(f"{ONE}\nmottagningen\n")
    ended = office.run("keys", "recipients")
    assert (ended.exit_code, "recipients.txt, line 2" in ended.output) == (2, True)
    with pytest.raises(BadSettings):
        read_recipients(["mottagningen"], "here")


def test_each_of_the_keys_commands_says_what_it_does_in_one_line(office: Office) -> None:
    listed = office.does("keys", "--help").split("Commands:\n")[1].splitlines()
    assert [line.split()[0] for line in listed] == ["make", "recipients", "rotate", "show"]
    assert not any(line.endswith("...") for line in listed)
