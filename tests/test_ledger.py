"""The ledger: what was made and what was purged, on the disk before it is done, and whole after any crash."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from state.errors import DiskFailed, NotTheSame
from state.transfer.ledger import MOST_IN_A_LINE, copy_ledger, note_bundle, note_kept, note_purge, read_ledger

HEAD, OTHER_HEAD = "ab" * 32, "cd" * 32
AT = "2026-11-23T13:05:00.000+00:00"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.ndjson"


def ids(count: int) -> list[str]:
    return [f"019ab000-0000-7000-8000-{number:012x}" for number in range(count)]


def a_bundle(path: Path, number: int = 1, head: str = HEAD) -> None:
    note_bundle(path, number=number, first=1, last=7, head=head)


def a_purge(path: Path, records: list[str], number: int = 1) -> None:
    note_purge(path, number=number, decision="SN 2026/12", at=AT, records=records)


def test_where_there_is_no_ledger_nothing_was_made_and_nothing_purged(path: Path) -> None:
    held = read_ledger(path)
    assert (held.highest_bundle, held.bundles, held.purged, held.purges) == (0, {}, frozenset(), {})
    assert not path.exists()


def test_what_is_noted_is_read_back(path: Path) -> None:
    a_bundle(path)
    a_purge(path, ids(3))
    a_bundle(path, 2, OTHER_HEAD)
    held = read_ledger(path)
    assert (held.highest_bundle, held.bundles[2].head, held.bundles[1].last) == (2, OTHER_HEAD, 7)
    assert held.purged == frozenset(ids(3))
    assert (held.purges[1].decision, held.purges[1].at) == ("SN 2026/12", AT)
    assert oct(path.stat().st_mode & 0o777) == "0o600"


def test_the_same_bundle_is_noted_once_and_another_of_its_number_never(path: Path) -> None:
    a_bundle(path)
    before = path.read_bytes()
    a_bundle(path)
    assert path.read_bytes() == before
    with pytest.raises(NotTheSame, match="bundle 1"):
        a_bundle(path, head=OTHER_HEAD)
    assert path.read_bytes() == before


def test_a_large_purge_is_many_lines_of_a_bounded_length_and_one_purge(path: Path) -> None:
    a_purge(path, ids(2 * MOST_IN_A_LINE + 1))
    lines = path.read_bytes().splitlines()
    assert [len(json.loads(line)["records"]) for line in lines] == [MOST_IN_A_LINE, MOST_IN_A_LINE, 1]
    assert max(map(len, lines)) < 5000
    assert read_ledger(path).purges[1].records == frozenset(ids(2 * MOST_IN_A_LINE + 1))


def test_what_stays_after_all_is_not_purged(path: Path) -> None:
    a_purge(path, ids(3))
    note_kept(path, number=1, records=ids(1))
    assert read_ledger(path).purged == frozenset(ids(3)[1:])
    a_purge(path, ids(1), number=2)
    assert read_ledger(path).purged == frozenset(ids(3)), "and may go with another decision"


def test_a_crash_at_any_byte_of_an_append_leaves_the_rest_and_the_next_append_mends_it(path: Path) -> None:
    a_bundle(path)
    whole = path.read_bytes()
    a_purge(path, ids(1))
    written = path.read_bytes()
    for cut in range(len(whole), len(written)):
        path.write_bytes(written[:cut])
        assert (read_ledger(path).highest_bundle, read_ledger(path).purged) == (1, frozenset()), cut
    path.write_bytes(written[:-5])
    a_purge(path, ids(2))
    assert path.read_bytes().startswith(whole + b'{"at"')
    assert read_ledger(path).purged == frozenset(ids(2))


def test_a_tail_that_never_reached_the_disk_is_passed_over(path: Path) -> None:
    """After a power cut a file system may show the new length and no bytes."""
    a_bundle(path)
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(90) + b"\n")
    assert read_ledger(path).highest_bundle == 1
    a_bundle(path, 2)
    assert path.read_bytes().startswith(whole + b'{"first"')


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (b"\n", "an empty line"),
        (b"{\n", "no JSON"),
        (b"[]\n", "no object"),
        (b'{"what":"sold","number":1}\n', "a word that only a newer version would know"),
        (b'{"what":"bundle","number":true,"first":1,"last":2,"head":"x"}\n', "a number that is none"),
        (b'{"what":"bundle","number":1,"first":1,"last":2}\n', "a part is missing"),
        (b'{"what":"purge","number":1,"decision":"d","at":"t","records":[7]}\n', "an id that is none"),
        (b'{"what":"kept","number":9,"records":[]}\n', "of a purge that was never begun"),
        (b"\xff\xfe\n", "no text"),
    ],
)
def test_a_line_that_was_changed_is_told(path: Path, changed: bytes, why: str) -> None:
    a_bundle(path)
    path.write_bytes(path.read_bytes() + changed + path.read_bytes())
    with pytest.raises(DiskFailed, match="line 2") as fault:
        read_ledger(path)
    assert (fault.value.code, str(path) in str(fault.value)) == ("L304", True), why


def test_everything_is_on_the_disk_when_it_is_noted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def told(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        real(handle)

    monkeypatch.setattr("os.fsync", told)
    a_bundle(path)
    assert synced == [str(path), str(path.parent)], "the file, and the folder that has its name"
    a_purge(path, ids(1))
    assert synced[2:] == [str(path)]


def test_a_disk_that_is_full_leaves_the_ledger_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_bundle(path)
    before = path.read_bytes()

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(DiskFailed, match="No space left"):
            a_purge(path, ids(5))
    assert path.read_bytes() == before


def test_a_folder_in_its_place_is_told(path: Path) -> None:
    path.mkdir()
    with pytest.raises(DiskFailed, match="ledger"):
        read_ledger(path)


def test_its_copy_is_whole_and_replaces_the_one_before(path: Path, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    assert copy_ledger(path, backups) is None
    backups.mkdir()
    assert copy_ledger(path, backups) is None, "there is none yet"
    a_bundle(path)
    path.write_bytes(path.read_bytes() + b'{"torn')
    (backups / ".ledger.ndjson.part").write_text("what a crash left")
    copy = copy_ledger(path, backups)
    assert copy is not None
    assert read_ledger(copy) == read_ledger(path)
    assert [one.name for one in backups.iterdir()] == ["ledger.ndjson"]
    assert oct(copy.stat().st_mode & 0o777) == "0o600"
    a_bundle(path, 2)
    copy_ledger(path, backups)
    assert read_ledger(copy).highest_bundle == 2
