"""SIGKILL at every step of the hand-over: the command that is run again brings it to the one end there is.

Each step of each command is a trial: a fresh copy of an installation, the command killed before or after the step, the
store held to its chain, and the command once more. ``make kill`` goes through every step, the usual suite through some.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from bot.settings import load, read_key
from dialogs.records import Declined, Received, Transferred
from state.records import Envelope, verify
from state.store import Store
from state.transfer.backups import backups_in
from state.transfer.exporting import next_bundle
from state.transfer.exporting import write as export
from state.transfer.ledger import read_ledger
from state.transfer.opening import read_opened
from state.transfer.receipts import make, read_receipt, take, write
from state.transfer.sealing import new_identity, read_recipients
from tests.killing import KILLED, Ran, run
from tests.many import STARTED, a_case, codes, somebody

pytestmark = pytest.mark.process

SOME = (1, 3, 4, 6)
"""The steps of the short form that is in the usual run of the program itself."""


@dataclass
class Town:
    """An installation for real cases, and the receiver of its bundles.

    Args:
        folder: everything of both.
    """

    folder: Path
    env: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.data = self.folder / "lots"
        self.office = self.folder / "office"
        self.env = {
            "LOTS_DATA_DIR": str(self.data),
            "LOTS_TELEGRAM_MODE": "dorrklocka",
            "LOTS_PUBLIC_URL": "https://lots.example.se",
        }

    @classmethod
    def founded(cls, folder: Path) -> Town:
        """A town with a key for its office, and three cases, of which two are closed since long."""
        town = cls(folder)
        town.data.mkdir(parents=True, mode=0o700)
        secret, recipient = new_identity()
        town.key.write_text(f"{secret}\n")
        (town.data / "recipients.txt").write_text(f"{recipient}\n")
        drawn = codes()
        with town.store() as store, store.transaction():
            author = somebody(store)
            for number, code in enumerate(next(drawn) for _ in range(3)):
                for record in a_case(code, STARTED.date(), talks=6, closed=number < 2):
                    store.append(record, author, STARTED)
        return town

    def copied(self, to: Path) -> Town:
        """The same town once more, for one trial."""
        shutil.copytree(self.folder, to)
        return Town(to)

    @property
    def key(self) -> Path:
        return self.folder / "office.key"

    @contextmanager
    def store(self) -> Iterator[Store]:
        settings = load(self.env)
        store = Store(settings.database, read_key(settings.key_file, settings.database))
        try:
            yield store
        finally:
            store.close()

    def runs(self, *words: str, kill: tuple[int, str] | None = None) -> Ran:
        """Runs a command here, and kills it at a step."""
        return run(*words, env=self.env, said=self.folder / "said.txt", kill=kill)

    def does(self, *words: str) -> str:
        """Runs a command that must do."""
        ran = self.runs(*words)
        assert ran.code == 0, ran.said
        return ran.said

    def bundles(self) -> list[Path]:
        return sorted((self.data / "bundles").glob("*.age"))

    def opened(self, *, kill: tuple[int, str] | None = None) -> Ran:
        """The office opens the first bundle."""
        (sealed,) = self.bundles()
        with self.store() as store:
            sender = store.installation()
        words = ("--identity", self.key, "--to", self.office, "--sender", sender, "--reason", "prov")
        return self.runs("open", str(sealed), *map(str, words), kill=kill)

    def has_exported(self) -> Town:
        self.does("export")
        return self

    def has_receipt(self, declined: int = 1) -> Path:
        """The office has opened the bundle and made its receipt, which declines some records."""
        assert self.opened().code == 0
        with self.store() as store:
            talks = [held.id for held in store.records() if held.kind == "talk_held"][:declined]
            folder = self.office / store.installation() / "000001"
        receipt = self.folder / "receipt.json"
        write(make(folder, dict.fromkeys(talks, "unknown_case")), receipt)
        return receipt


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return Town.founded(tmp_path_factory.mktemp("founded") / "town")


def whole(town: Town) -> list[Envelope]:
    """What must be so whenever the power has gone: the file is whole and the chain holds; gives the records."""
    with town.store() as store:
        assert store.faults() == []
        verify(store.links())
        return list(store.records())


def leftovers(folder: Path) -> list[str]:
    """Files that a step began and did not end."""
    return [path.name for path in folder.rglob("*") if path.suffix in (".part", ".tmp", ".new") or ".part" in path.name]


def every_step(
    template: Town, folder: Path, steps: Iterator[int], does: Callable[[Town, tuple[int, str] | None], Ran]
) -> Iterator[Town]:
    """A town after each trial: killed at a step, and run again; ends with the first step that it has not."""
    for at in steps:
        for phase in ("before", "after"):
            town = template.copied(folder / f"{at}-{phase}")
            ran = does(town, (at, phase))
            if ran.code != KILLED:
                return
            whole(town)
            again = does(town, None)
            assert again.code == 0, (at, phase, again.said)
            yield town
            shutil.rmtree(town.folder)


def steps_of(stride: int, whole_: bool) -> Iterator[int]:
    return count(1, stride) if whole_ else iter(SOME)


LENGTHS = [pytest.param(False, id="some steps"), pytest.param(True, id="every step", marks=pytest.mark.kill)]


@pytest.mark.parametrize("whole_", LENGTHS)
def test_an_export_is_killed(
    founded: Town, tmp_path: Path, whole_: bool, stride: int, counted: Callable[[str], None]
) -> None:
    """None or one bundle, and the same records never in two."""
    trials = 0
    for town in every_step(
        founded, tmp_path, steps_of(stride, whole_), lambda town, kill: town.runs("export", kill=kill)
    ):
        trials += 1
        kept = whole(town)
        named = [id_ for held in kept if isinstance(held.record, Transferred) for id_ in held.record.records]
        assert sorted(named) == sorted(held.id for held in kept if not held.record.bookkeeping), "each once"
        assert len(town.bundles()) == 1
        assert leftovers(town.data) == []
        assert list(read_ledger(town.data / "ledger.ndjson").bundles) == [1]
        assert town.opened().code == 0
        town.does("export")
        assert len(town.bundles()) == 1
    counted(f"{trials} kills of an export")
    assert trials >= 6 // stride


@pytest.mark.parametrize("whole_", LENGTHS)
def test_a_receipt_is_taken_in_and_killed(
    founded: Town, tmp_path: Path, whole_: bool, stride: int, counted: Callable[[str], None]
) -> None:
    """Everything that the receipt says is written once, or nothing of it."""
    template = founded.copied(tmp_path / "template").has_exported()
    receipt = template.has_receipt(declined=2)
    trials = 0

    def takes(town: Town, kill: tuple[int, str] | None) -> Ran:
        return town.runs("receive", str(town.folder / receipt.name), kill=kill)

    for town in every_step(template, tmp_path, steps_of(stride, whole_), takes):
        trials += 1
        kept = whole(town)
        received = Counter(held.record.case for held in kept if isinstance(held.record, Received))
        assert set(received.values()) == {1}
        assert len(received) == 3
        assert sum(isinstance(held.record, Declined) for held in kept) == 2
        assert town.bundles() == [], "its number is settled"
    counted(f"{trials} kills of a receipt")
    assert trials >= 2 // stride


@pytest.mark.parametrize("whole_", LENGTHS)
def test_a_bundle_is_opened_and_killed(
    founded: Town, tmp_path: Path, whole_: bool, stride: int, counted: Callable[[str], None]
) -> None:
    """At the receiver: the bundle stands there whole and is remembered once, or it does not stand there."""
    template = founded.copied(tmp_path / "template").has_exported()
    trials = 0
    for town in every_step(template, tmp_path, steps_of(stride, whole_), lambda town, kill: town.opened(kill=kill)):
        trials += 1
        (sender,) = (path for path in town.office.iterdir() if path.is_dir() and not path.name.startswith("."))
        assert [path.name for path in sorted(sender.iterdir()) if path.is_dir()] == ["000001"]
        assert [one.bundle for one in read_opened(sender / "opened.ndjson")] == [1]
        assert list(town.office.rglob(".opening*")) == []
    counted(f"{trials} kills of an opening")
    assert trials >= 4 // stride


@pytest.fixture(scope="module")
def received(founded: Town, tmp_path_factory: pytest.TempPathFactory) -> tuple[Town, str]:
    """A town whose office has had everything for long, and what the dry run of its purge says to confirm."""
    town = founded.copied(tmp_path_factory.mktemp("received") / "town")
    then, settings = STARTED + timedelta(days=1), load(town.env)
    with town.store() as store:
        bundle = next_bundle(store, settings.ledger, then)
        assert bundle is not None
        export(
            store,
            bundle,
            folder=settings.bundles_dir,
            ledger=settings.ledger,
            recipients=read_recipients(settings.transfer.recipients_file.read_text().splitlines(), "recipients.txt"),
            clock=lambda: then,
            made_by="test",
        )
    receipt = town.has_receipt(declined=0)
    with town.store() as store:
        take(store, read_receipt(receipt.read_bytes()), then + timedelta(days=1))
    said = town.does("purge")
    code = said.split("--confirm ", 1)[1].split()[0].strip("`'\".,;")
    return town, code


@pytest.mark.parametrize("whole_", LENGTHS)
def test_a_purge_is_killed(
    received: tuple[Town, str], tmp_path: Path, whole_: bool, stride: int, counted: Callable[[str], None]
) -> None:
    """The closed cases are gone, all of them, under one number; the open one is untouched; the ledger knows them."""
    template, code = received
    trials = 0

    def purges(town: Town, kill: tuple[int, str] | None) -> Ran:
        return town.runs("purge", "--decision", "SN 2026/12", "--confirm", code, kill=kill)

    for town in every_step(template, tmp_path, steps_of(stride, whole_), purges):
        trials += 1
        with town.store() as store:
            links = list(store.links())
            gone = {held.id for held in links if not isinstance(held, Envelope)}
            assert len(store.cases()) == 1
            assert [(one.number, one.cases) for one in store.purges()] == [(1, 2)]
        assert read_ledger(town.data / "ledger.ndjson").purged == gone
    counted(f"{trials} kills of a purge")
    assert trials >= 6 // stride


@pytest.mark.parametrize("whole_", LENGTHS)
def test_a_backup_is_killed(
    founded: Town, tmp_path: Path, whole_: bool, stride: int, counted: Callable[[str], None]
) -> None:
    """What has the name of a backup is a whole one."""
    trials = 0
    records = len(whole(founded))
    for town in every_step(
        founded, tmp_path, steps_of(stride, whole_), lambda town, kill: town.runs("backup", kill=kill)
    ):
        trials += 1
        made = backups_in(town.data / "backups", town.data / "lots.db")
        assert made
        key = read_key(load(town.env).key_file, town.data / "lots.db")
        for path, _ in made:
            with closing(Store(path, key)) as store:
                assert verify(store.links()) == records
        assert leftovers(town.data) == []
    counted(f"{trials} kills of a backup")
    assert trials >= 6 // stride


@pytest.mark.parametrize("whole_", LENGTHS)
def test_a_restore_is_killed(
    founded: Town, tmp_path: Path, whole_: bool, stride: int, counted: Callable[[str], None]
) -> None:
    """The database is the one that was there or the one that was restored, and in the end the latter."""
    template = founded.copied(tmp_path / "template")
    template.does("backup")
    records = len(whole(template))
    template.has_exported()
    trials = 0

    def restores(town: Town, kill: tuple[int, str] | None) -> Ran:
        ((made, _),) = backups_in(town.data / "backups", town.data / "lots.db")
        return town.runs("restore", "--yes", str(made), kill=kill)

    for town in every_step(template, tmp_path, steps_of(stride, whole_), restores):
        trials += 1
        kept = whole(town)
        assert sum(not held.record.bookkeeping for held in kept) == records
        with town.store() as store:
            assert [one.number for one in store.bundles()] == [1], "it is not sent again"
    counted(f"{trials} kills of a restore")
    assert trials >= 6 // stride


@pytest.mark.parametrize("whole_", LENGTHS)
def test_a_change_of_key_is_killed(
    founded: Town, tmp_path: Path, whole_: bool, stride: int, counted: Callable[[str], None]
) -> None:
    """The key file opens the database, whichever of the two keys it is."""
    trials = 0
    records = whole(founded)
    for town in every_step(
        founded, tmp_path, steps_of(stride, whole_), lambda town, kill: town.runs("keys", "rotate", kill=kill)
    ):
        trials += 1
        assert whole(town) == records
        assert (town.data / "lots.key").read_text() != (founded.data / "lots.key").read_text()
    counted(f"{trials} kills of a change of key")
    assert trials >= 6 // stride
