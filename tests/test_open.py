"""`lots open`: a bundle stands whole and proved at the receiver, or it does not stand there at all (design 11)."""

from __future__ import annotations

import copy
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cli import main
from bot.commands.reasons import account
from state.errors import (
    BadBundle,
    BadSettings,
    Changed,
    ClockWentBack,
    DiskFailed,
    LotsError,
    OtherSender,
    OutOfOrder,
    StoreBusy,
)
from state.records import GENESIS, canonical, digest_of, hash_of
from state.store import Store
from state.transfer import opening
from state.transfer.manifest import MANIFEST, RECORDS, SCHEMA, FileDigest
from state.transfer.opening import OPENED, Opened, open_bundle, read_opened
from state.transfer.sealing import new_identity, seal
from tests.bundles import (
    APART,
    CASE,
    FIRST_RECORDS,
    RECIPIENT,
    SECRET_KEY,
    Content,
    a_talk,
    begin,
    content,
    everything_in,
    files_no_longer_than,
    member,
    sealed,
    sha256,
    somebody,
    write,
)
from tests.killing import KILLED, run
from tests.talk import MONDAY

NOW = datetime(2025, 11, 24, 9, 0, tzinfo=UTC)
"""When bundles are opened here: the command has the machine's own clock, and that is later."""


def three_bundles() -> list[Content]:
    """What a sender hands over in three weeks; the third holds what is left of a case that was purged."""
    store = Store(None, bytes(range(32)))
    me = somebody(store)
    sent = []
    write(store, me, FIRST_RECORDS)
    sent.append(content(store, begin(store)))
    write(store, me, [a_talk(days_ago=1)])
    sent.append(content(store, begin(store)))
    with store.transaction():
        store.purge(1, "SN 2026/1", [CASE], MONDAY)  # among others the bookkeeping of the second bundle
    write(store, me, [a_talk(FIRST_RECORDS[2].case)])
    sent.append(content(store, begin(store)))
    store.close()
    return sent


SENT = three_bundles()
OTHERS = three_bundles()
"""Bundles of another installation."""
INSTALLATION = SENT[0].manifest.installation


@pytest.fixture
def first() -> Content:
    return copy.deepcopy(SENT[0])


class Receiver:
    """Somebody with a key and a folder, and no store."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.to = folder / "inbox"
        self.key = folder / "key"
        self.key.write_text(f"# the receiving office\n{SECRET_KEY}\n")
        self.file = folder / "bundle.tar.age"

    def opens(
        self,
        bundle: bytes,
        *,
        sender: str | None = INSTALLATION,
        identity: bool = True,
        now: datetime = NOW,
        to: Path | None = None,
        lost: tuple[int, ...] = (),
    ) -> Opened:
        self.file.write_bytes(bundle)
        return open_bundle(
            self.file,
            to or self.to,
            identity=self.key if identity else None,
            sender=sender,
            reason="overforing",
            account="drift",
            now=now,
            lost=lost,
        )

    def refuses(
        self,
        bundle: bytes,
        fault: type[LotsError],
        says: str | None = None,
        *,
        sender: str | None = INSTALLATION,
        lost: tuple[int, ...] = (),
    ) -> None:
        """It is not opened, and nothing of what stood there is other than before."""
        before = everything_in(self.to)
        with pytest.raises(fault, match=says):
            self.opens(bundle, sender=sender, lost=lost)
        assert everything_in(self.to) == before
        assert list(self.to.glob(".*")) == []

    def memory(self) -> list[tuple[int, str]]:
        return [(one.bundle, one.reason) for one in read_opened(self.to / INSTALLATION / OPENED)]

    def lots(self, *words: str, ends: int = 0) -> Result:
        """Runs a command on a machine without a data folder."""
        env = {name: None for name in os.environ if name.startswith("LOTS_")} | {"LOTS_DATA_DIR": "/dev/null/none"}
        ended = CliRunner().invoke(main, list(words), env=env)
        assert ended.exit_code == ends, (ended.output, ended.exception)
        return ended


@pytest.fixture
def receiver(tmp_path: Path) -> Receiver:
    return Receiver(tmp_path)


# ── what holds ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bundle_stands_in_its_senders_folder_and_is_remembered(receiver: Receiver, first: Content) -> None:
    opened = receiver.opens(first.sealed())
    assert opened.folder == receiver.to / INSTALLATION / "000001"
    assert (opened.sealed, opened.before, opened.left_behind) == (True, False, ())
    assert everything_in(opened.folder).keys() == {*first.files, MANIFEST}
    assert everything_in(opened.folder)[RECORDS] == first.files[RECORDS]
    (line,) = read_opened(receiver.to / INSTALLATION / OPENED)
    assert (line.bundle, line.head, line.last) == (1, first.manifest.head, first.manifest.last)
    assert (line.reason, line.account, line.opened_at) == ("overforing", "drift", "2025-11-24T09:00:00.000+00:00")


def test_nobody_else_on_the_machine_may_read_what_was_opened(receiver: Receiver, first: Content) -> None:
    receiver.opens(first.sealed())
    modes = {path.is_dir(): oct(path.stat().st_mode & 0o777) for path in [receiver.to, *receiver.to.rglob("*")]}
    assert modes == {True: "0o700", False: "0o600"}


def test_bundles_are_opened_one_after_the_other_and_only_the_first_needs_its_sender(receiver: Receiver) -> None:
    receiver.opens(SENT[0].sealed())
    for sent in SENT[1:]:
        receiver.opens(sent.sealed(), sender=None)
    assert receiver.memory() == [(1, "overforing"), (2, "overforing"), (3, "overforing")]
    assert SENT[2].manifest.purged > 0, "the third holds tombstones, which the chain goes on over"


def test_a_bundle_that_was_opened_is_not_opened_again(receiver: Receiver, first: Content) -> None:
    receiver.opens(first.sealed())
    before = everything_in(receiver.to)
    again = receiver.opens(first.sealed(), sender=None, now=NOW + timedelta(days=3))
    assert again.before
    assert everything_in(receiver.to) == before


def test_a_plain_bundle_needs_no_key(receiver: Receiver, first: Content) -> None:
    opened = receiver.opens(first.tar(), identity=False)
    assert not opened.sealed
    assert everything_in(opened.folder).keys() == {*first.files, MANIFEST}


def test_a_bundle_with_kinds_and_fields_that_this_lots_does_not_know_is_held_to_its_chain_like_any_other(
    receiver: Receiver, first: Content
) -> None:
    lines = first.lines()
    lines[1] |= {"kind": "song_sung", "payload": {"case": CASE, "tune": [1, {"key": "å"}]}}
    rechained(first, lines)
    assert first.manifest.kinds["song_sung"] == 1
    assert receiver.opens(first.sealed()).manifest.kinds["song_sung"] == 1
    first.set_lines([line | {"later": "field"} for line in lines])
    receiver.to = receiver.folder / "one more"
    receiver.opens(first.sealed())
    lines[1]["payload"]["tune"] = [2]
    first.set_lines(lines)
    receiver.to = receiver.folder / "another"
    receiver.refuses(first.sealed(), Changed, "record 2 has a payload")


def rechained(held: Content, lines: list[dict[str, object]]) -> None:
    """Make the chain anew over other records, as somebody could who seals a bundle of their own."""
    previous = held.manifest.previous
    kinds: dict[str, int] = {}
    for line in lines:
        if "payload" in line:
            line["digest"] = digest_of(line["payload"], str(line["salt"]))  # type: ignore[arg-type]
            kinds[str(line["kind"])] = kinds.get(str(line["kind"]), 0) + 1
        head = tuple(line[name] for name in ("seq", "id", "kind", "schema", "author", "district"))
        when = (line["occurred_at"], line["recorded_at"])
        line |= {"previous": previous}
        line["hash"] = previous = hash_of((*head, *when), str(line["digest"]), previous)  # type: ignore[arg-type]
    held.set_lines(lines)
    held.says(head=previous, kinds=kinds, last=lines[-1]["seq"])


# ── what does not hold ───────────────────────────────────────────────────────────────────────────────────────


def a_changed_byte(held: Content) -> None:
    data = held.files[SCHEMA]
    held.digests[SCHEMA] = FileDigest(bytes=len(data), sha256=sha256(data))
    held.files[SCHEMA] = data.replace(b"A record of Lots", b"A record of Lotz")


def a_wrong_length(held: Content) -> None:
    data = held.files[SCHEMA]
    held.digests[SCHEMA] = FileDigest(bytes=len(data) + 1, sha256=sha256(data))


def a_payload_with_its_digest_made_anew(held: Content) -> None:
    lines = held.lines()
    lines[1]["payload"]["mode"] = "phone"
    lines[1]["digest"] = digest_of(lines[1]["payload"], lines[1]["salt"])
    held.set_lines(lines)


def a_payload_with_all_made_anew_but_the_head(held: Content) -> None:
    head, lines = held.manifest.head, held.lines()
    lines[1]["payload"]["mode"] = "phone"
    rechained(held, lines)
    held.says(head=head)


def a_record_less(held: Content) -> None:
    held.set_lines(held.lines()[:-1])


def another_case_than_in_the_payload(held: Content) -> None:
    lines = held.lines()
    lines[1]["case"] = APART
    held.set_lines(lines)


def two_records_changed_about(held: Content) -> None:
    lines = held.lines()
    held.set_lines([lines[0], lines[2], lines[1], *lines[3:]])


def a_name_said_twice(held: Content) -> None:
    """The last of two is what a reader takes, and the first might be what another reader takes."""
    held.files[RECORDS] = held.files[RECORDS].replace(b'{"author"', b'{"author":"p-x","author"', 1)


def a_field_less(held: Content) -> None:
    held.set_lines([{name: line[name] for name in line if name != "salt"} for line in held.lines()])


def a_payload_that_nothing_holds(held: Content) -> None:
    """What is left of a record has no payload whose digest could be held against it."""
    lines = held.lines()
    lines[1] |= {"purge": 1}
    held.set_lines(lines)
    held.says(purged=1, kinds=held.manifest.kinds | {"talk_held": 1})  # type: ignore[operator]


def a_line_without_an_end(held: Content) -> None:
    held.files[RECORDS] = held.files[RECORDS][:-1]


def a_line_longer_than_any(held: Content) -> None:
    held.files[RECORDS] += b"x" * (opening.MOST_LINE + 7)


def a_line_too_deep(held: Content) -> None:
    held.files[RECORDS] += b"[" * 200_000 + b"\n"


def a_number_that_is_a_word(held: Content) -> None:
    held.set_lines([line | {"seq": str(line["seq"])} for line in held.lines()])


WRONG: dict[str, tuple[Callable[[Content], object], type[LotsError], str]] = {
    "a changed byte": (a_changed_byte, Changed, "schema.json is not what"),
    "a wrong length": (a_wrong_length, Changed, "schema.json is not what"),
    "a wrong digest": (
        lambda held: held.digests.update({SCHEMA: FileDigest(bytes=len(held.files[SCHEMA]), sha256="0" * 64)}),
        Changed,
        "schema.json is not what",
    ),
    "a missing file": (
        lambda held: held.digests.update({"journal/222-222.txt": FileDigest(bytes=1, sha256="0" * 64)}),
        Changed,
        "journal/222-222.txt is missing",
    ),
    "a file that nobody names": (
        lambda held: held.extra.update({"journal/222-222.txt": b"x"}),
        Changed,
        "the manifest does not name|its manifest does not name",
    ),
    "a wrong count": (lambda held: held.says(kinds={"talk_held": 9}), Changed, "as many records of each kind"),
    "a wrong count of what was purged": (lambda held: held.says(purged=1), Changed, "as many records of each kind"),
    "another end": (lambda held: held.says(last=4), Changed, "ends with record 5"),
    "another head": (lambda held: held.says(head="0" * 64), Changed, "ends with record"),
    "a payload with its digest made anew": (a_payload_with_its_digest_made_anew, Changed, "record 2 has a head"),
    "a payload with all made anew": (a_payload_with_all_made_anew_but_the_head, Changed, "ends with record"),
    "a record less": (a_record_less, Changed, "ends with record 4"),
    "another case": (another_case_than_in_the_payload, Changed, "record 2 has a payload"),
    "two records changed about": (two_records_changed_about, Changed, "does not follow"),
    "a name said twice": (a_name_said_twice, Changed, "record 1"),
    "a field less": (a_field_less, Changed, "record 1"),
    "a payload that nothing holds": (a_payload_that_nothing_holds, Changed, "record 2"),
    "a line without an end": (a_line_without_an_end, Changed, "record 5"),
    "a line longer than any": (a_line_longer_than_any, Changed, "record 6"),
    "a line too deep": (a_line_too_deep, Changed, "record 6"),
    "a number that is a word": (a_number_that_is_a_word, Changed, "record 1"),
    "no text": (lambda held: held.files.update({RECORDS: b"\xff\xfe\n"}), Changed, "record 1"),
    "no records": (lambda held: held.files.update({RECORDS: b""}), Changed, "ends with record 0"),
    "no manifest of ours": (lambda held: setattr(held, "written", b"{}"), BadBundle, "no bundle of Lots"),
    "a manifest of a later format": (
        lambda held: setattr(held, "written", held.manifest.written().replace(b'"version":1', b'"version":2')),
        BadBundle,
        "its format is 2",
    ),
    "a bundle without a number": (lambda held: held.says(bundle=0), BadBundle, "manifest.json"),
    "a kind that would write on the terminal": (lambda held: held.says(kinds={"\x1b[2J": 5}), BadBundle, "manifest"),
    "a code that would": (lambda held: held.says(apart=("\x1b[2J",)), BadBundle, "manifest"),
    "a way out": (lambda held: held.raw.append(member("../outside", b"x")), BadBundle, "outside"),
    "a way out from below": (lambda held: held.raw.append(member("journal/../../outside", b"x")), BadBundle, "outside"),
    "a whole path": (lambda held: held.raw.append(member("/tmp/outside", b"x")), BadBundle, "outside"),
    "a symbolic link": (
        lambda held: held.raw.append(member("journal/222-222.txt", type=tarfile.SYMTYPE, linkname="/etc/passwd")),
        BadBundle,
        "no bundle does",
    ),
    "a hard link": (
        lambda held: held.raw.append(member("journal/222-222.txt", type=tarfile.LNKTYPE, linkname=RECORDS)),
        BadBundle,
        "no bundle does",
    ),
    "a device": (
        lambda held: held.raw.append(member("journal/222-222.txt", type=tarfile.CHRTYPE, devmajor=1)),
        BadBundle,
        "no bundle does",
    ),
    "a folder": (lambda held: held.raw.append(member("journal", type=tarfile.DIRTYPE)), BadBundle, "no bundle does"),
    "a name from a longer header": (lambda held: held.raw.append(member("x" * 300, b"x")), BadBundle, "LongLink"),
    "a file twice": (lambda held: held.raw.append(member(SCHEMA, b"{}")), BadBundle, "schema.json twice"),
    "two manifests": (lambda held: held.behind.append(member(MANIFEST, b"{}")), BadBundle, "must be its last"),
    "a file behind the manifest": (
        lambda held: held.behind.append(member("journal/222-222.txt", b"x")),
        BadBundle,
        "must be its last",
    ),
    "something behind the end": (lambda held: held.behind.append(bytes(1024) + b"x" * 512), BadBundle, "archive"),
    "something in between": (lambda held: held.raw.append(b"x" * 512), BadBundle, "archive cannot be read"),
    "something behind a file": (
        lambda held: held.raw.append(member("journal/222-222.txt", b"x" * 512, size=1)),
        BadBundle,
        "behind journal/222-222.txt",
    ),
    "a huge file": (
        lambda held: held.behind.extend([member("journal/222-222.txt", size=8 * 2**40)]),
        BadBundle,
        "must be its last",
    ),
    "a huge manifest": (
        lambda held: held.raw.append(member(MANIFEST, size=opening.MOST_MANIFEST + 256 * (len(held.files) + 1))),
        BadBundle,
        "it says of manifest.json",
    ),
    "a manifest too deep": (
        lambda held: setattr(held, "written", b'{"format":' + b"[" * 60_000),
        BadBundle,
        "no bundle of Lots",
    ),
    "a bundle before it that is half a number": (
        lambda held: held.says(previous_bundle=0.5),
        BadBundle,
        "manifest.json",
    ),
    "a length below nothing": (
        lambda held: held.raw.append(member("journal/222-222.txt", size=-512)),
        BadBundle,
        "it says of journal",
    ),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_bundle_that_was_sealed_wrong_is_refused_and_leaves_nothing(
    receiver: Receiver, first: Content, why: str
) -> None:
    spoil, fault, says = WRONG[why]
    spoil(first)
    receiver.refuses(first.sealed(), fault, says)
    assert sorted(path.name for path in receiver.folder.iterdir()) == ["bundle.tar.age", "inbox", "key"]


def test_a_huge_length_that_is_not_there_is_a_bundle_that_is_cut_off(receiver: Receiver) -> None:
    huge = member("journal/222-222.txt", size=8 * 2**40) + b"x" * 4096
    receiver.refuses(sealed(huge), BadBundle, "cut off")


@pytest.mark.parametrize(
    ("bundle", "says"),
    [
        (b"", "no bundle of Lots"),
        (b"PK\x03\x04" + bytes(600), "no bundle of Lots"),
        (sealed(b""), "cut off"),
        (sealed(b"hello"), "cut off"),
        (sealed(bytes(1024)), "has no manifest.json"),
        (SENT[0].sealed(new_identity()[1]), "sealed to another key"),
        (b"age-encryption.org/v1\n" + b"-> X 1\n\n" * 200_000 + b"--- 1\n", "its beginning is not age's"),
    ],
    ids=["nothing", "another archive", "nothing sealed", "a word", "an empty archive", "another key", "no end of keys"],
)
def test_what_is_no_bundle_is_refused(receiver: Receiver, bundle: bytes, says: str) -> None:
    receiver.refuses(bundle, BadBundle, says)


def test_a_sealed_bundle_without_a_key_and_a_file_without_one_are_wrong_use(receiver: Receiver, first: Content) -> None:
    with pytest.raises(BadSettings, match="--identity"):
        receiver.opens(first.sealed(), identity=False)
    receiver.key.write_text("hello\n")
    with pytest.raises(BadSettings, match="holds no key"):
        receiver.opens(first.sealed())
    with pytest.raises(BadSettings, match="--sender"):
        receiver.opens(first.sealed(), sender="Stockholm")
    assert everything_in(receiver.to) == {}


WHOLE = SENT[0].sealed()
PLAIN = SENT[0].tar()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, len(WHOLE) - 1), flip=st.integers(1, 255))
def test_a_sealed_bundle_with_any_byte_changed_never_opens(receiver: Receiver, place: int, flip: int) -> None:
    receiver.refuses(WHOLE[:place] + bytes([WHOLE[place] ^ flip]) + WHOLE[place + 1 :], BadBundle)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(length=st.integers(0, len(WHOLE) - 1))
def test_a_sealed_bundle_cut_off_anywhere_never_opens(receiver: Receiver, length: int) -> None:
    receiver.refuses(WHOLE[:length], BadBundle)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(length=st.integers(0, len(PLAIN) - 1))
def test_a_plain_bundle_cut_off_anywhere_never_opens(receiver: Receiver, length: int) -> None:
    receiver.refuses(PLAIN[:length], BadBundle)


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, len(PLAIN)), max_size=12))
def test_an_archive_is_the_same_in_whatever_pieces_it_comes(cuts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        unpacking = opening._Unpacking(Path(folder))
        places = sorted({0, *cuts, len(PLAIN)})
        for start, end in pairwise(places):
            unpacking.take(PLAIN[start:end])
        unpacking.end()
        with tarfile.open(fileobj=io.BytesIO(PLAIN)) as known:
            assert everything_in(Path(folder)) == {
                info.name: file.read() for info in known if (file := known.extractfile(info)) is not None
            }


# ── whose it is, and in which order ──────────────────────────────────────────────────────────────────────────


def test_the_first_bundle_of_a_sender_is_opened_by_somebody_who_says_whom_they_expect(receiver: Receiver) -> None:
    receiver.refuses(SENT[0].sealed(), OtherSender, f"{INSTALLATION}.*`lots keys show`", sender=None)
    receiver.refuses(SENT[0].sealed(), OtherSender, f"{INSTALLATION}.*--sender is {'0' * 16}", sender="0" * 16)
    receiver.opens(SENT[0].sealed())
    receiver.refuses(SENT[1].sealed(), OtherSender, INSTALLATION, sender="0" * 16)
    receiver.refuses(OTHERS[0].sealed(), OtherSender, OTHERS[0].manifest.installation, sender=None)


@pytest.mark.parametrize(
    ("opened", "comes", "missing"),
    [((), 2, "after 1,"), ((), 3, "after 1–2,"), ((1,), 3, "after 2,")],
    ids=["the first is missing", "two are missing", "one in between is missing"],
)
def test_a_missing_bundle_is_named(receiver: Receiver, opened: tuple[int, ...], comes: int, missing: str) -> None:
    for number in opened:
        receiver.opens(SENT[number - 1].sealed())
    receiver.refuses(SENT[comes - 1].sealed(), OutOfOrder, missing)


def test_a_bundle_that_somebody_else_seals_under_a_known_name_is_refused(receiver: Receiver) -> None:
    receiver.opens(SENT[0].sealed())
    forged = copy.deepcopy(OTHERS[1])
    forged.says(installation=INSTALLATION)
    receiver.refuses(forged.sealed(), OtherSender, "does not follow bundle 1", sender=None)
    begun_anew = copy.deepcopy(OTHERS[0])
    begun_anew.says(installation=INSTALLATION, bundle=2)
    receiver.refuses(begun_anew.sealed(), OtherSender, "follows none that was opened here", sender=None)
    other_first = copy.deepcopy(OTHERS[0])
    other_first.says(installation=INSTALLATION)
    receiver.refuses(other_first.sealed(), Changed, "opened before, with other records", sender=None)
    gap = copy.deepcopy(SENT[1])
    lines = [line | {"seq": line["seq"] + 1} for line in gap.lines()]
    rechained(gap, lines)
    gap.says(first=gap.manifest.first + 1)
    receiver.refuses(gap.sealed(), OtherSender, "does not follow bundle 1", sender=None)


def test_a_first_bundle_begins_the_chain(receiver: Receiver, first: Content) -> None:
    first.says(previous="1" * 64)
    lines = first.lines()
    rechained(first, lines)
    assert GENESIS != "1" * 64
    receiver.refuses(first.sealed(), OtherSender, "does not follow the chain's beginning")


def test_a_sender_that_went_back_to_a_backup_goes_on_from_an_older_bundle(receiver: Receiver) -> None:
    """Its store has lost the second bundle and knows so from the ledger: the next is the third, after the first."""
    receiver.opens(SENT[0].sealed())
    receiver.opens(SENT[1].sealed())
    after_the_first = copy.deepcopy(SENT[1])
    after_the_first.says(bundle=3, previous_bundle=1)
    opened = receiver.opens(after_the_first.sealed(), sender=None)
    assert (opened.folder.name, opened.left_behind) == ("000003", (2,))


def test_a_bundle_that_reached_nobody_before_the_backup_is_said_to_be_lost(receiver: Receiver) -> None:
    """Its file went with the sender's machine: without a way to say so no later bundle could ever be opened."""
    receiver.opens(SENT[0].sealed())
    third = copy.deepcopy(SENT[1])
    third.says(bundle=3, previous_bundle=1)
    receiver.refuses(third.sealed(), OutOfOrder, "after 2, .*--lost 2", sender=None)
    for not_left_out in (1, 3, 4):
        receiver.refuses(third.sealed(), BadSettings, "between 1 and 3", sender=None, lost=(2, not_left_out))
    receiver.opens(third.sealed(), sender=None, lost=(2,))
    fourth = copy.deepcopy(SENT[2])
    fourth.says(bundle=4, previous_bundle=3)
    receiver.opens(fourth.sealed(), sender=None)  # it has been said once
    receiver.opens(SENT[1].sealed(), sender=None)  # it is found after all
    assert [number for number, _ in receiver.memory()] == [1, 3, 4, 2]


def test_only_the_senders_own_gap_can_be_said_to_be_lost(receiver: Receiver) -> None:
    receiver.opens(SENT[0].sealed())
    receiver.refuses(SENT[2].sealed(), BadSettings, "between 2 and 3", sender=None, lost=(2,))


def test_a_clock_that_went_back_between_two_bundles_is_put_right_first(receiver: Receiver) -> None:
    receiver.opens(SENT[0].sealed())
    with pytest.raises(ClockWentBack):
        receiver.opens(SENT[1].sealed(), now=NOW - timedelta(hours=1))
    assert receiver.memory() == [(1, "overforing")]
    receiver.opens(SENT[1].sealed(), now=NOW - timedelta(minutes=1))
    assert len(receiver.memory()) == 2, "time synchronisation may set it back a little"


# ── what a kill or a bad disk leaves ─────────────────────────────────────────────────────────────────────────


def test_what_a_killed_process_left_is_taken_away(receiver: Receiver, first: Content) -> None:
    left = receiver.to / ".opening-left" / "new"
    left.mkdir(parents=True)
    (left / RECORDS).write_text("x")
    receiver.opens(first.sealed())
    assert [path.name for path in receiver.to.iterdir()] == [INSTALLATION]


def test_a_bundle_that_got_its_name_and_was_not_remembered_is_opened_anew(receiver: Receiver, first: Content) -> None:
    folder = receiver.opens(first.sealed()).folder
    (folder.parent / OPENED).unlink()
    (folder / "journal" / "mine.txt").write_text("x")
    receiver.refuses(SENT[1].sealed(), OutOfOrder, "after 1")
    assert not receiver.opens(first.sealed()).before
    assert everything_in(folder).keys() == {*first.files, MANIFEST}
    assert receiver.memory() == [(1, "overforing")]


def test_a_bundle_whose_folder_was_taken_away_can_be_put_back(receiver: Receiver, first: Content) -> None:
    shutil.rmtree(receiver.opens(first.sealed()).folder)
    receiver.opens(SENT[1].sealed())
    opened = receiver.opens(first.sealed(), sender=None)
    assert (opened.before, opened.folder.is_dir()) == (False, True)
    assert [number for number, _ in receiver.memory()] == [1, 2, 1], "who looked again, and why, is remembered too"


def test_a_line_of_the_memory_that_was_cut_off_does_not_count(receiver: Receiver, first: Content) -> None:
    memory = receiver.opens(first.sealed()).folder.parent / OPENED
    with memory.open("a") as file:
        file.write('{"bundle":2,"acc')
    receiver.opens(SENT[1].sealed())
    assert [number for number, _ in receiver.memory()] == [1, 2]
    memory.write_text("hello\n")
    with pytest.raises(BadSettings, match="line 1"):
        receiver.opens(SENT[2].sealed())


def test_two_do_not_open_into_the_same_folder_at_once(receiver: Receiver, first: Content) -> None:
    receiver.to.mkdir()
    with opening._alone_in(receiver.to), pytest.raises(StoreBusy):
        receiver.opens(first.sealed())


def test_a_full_disk_leaves_nothing(receiver: Receiver, first: Content) -> None:
    receiver.file.write_bytes(first.sealed())
    for most in (0, 100, 5000):
        with files_no_longer_than(most), pytest.raises(DiskFailed, match="make room"):
            open_bundle(
                receiver.file,
                receiver.to,
                identity=receiver.key,
                sender=INSTALLATION,
                reason="prov",
                account="drift",
                now=NOW,
            )
        assert list(receiver.to.iterdir()) == []


def test_a_disk_that_takes_the_bundle_and_not_the_memory_of_it_leaves_neither(
    receiver: Receiver, first: Content
) -> None:
    memory = receiver.opens(first.sealed()).folder.parent / OPENED
    line = memory.read_bytes()
    memory.write_bytes(line * (1 + 500_000 // len(line)))
    with files_no_longer_than(memory.stat().st_size + 20):
        receiver.refuses(SENT[1].sealed(), DiskFailed, "make room")
    receiver.opens(SENT[1].sealed())
    assert receiver.memory()[-1] == (2, "overforing")


def test_a_folder_that_cannot_be_written_is_named(receiver: Receiver, first: Content) -> None:
    with pytest.raises(DiskFailed, match=r"key/inbox.*see that its folder is there"):
        receiver.opens(first.sealed(), to=receiver.key / "inbox")
    with tempfile.TemporaryDirectory() as plain:
        outside = Receiver(Path(plain) / "open")
        outside.file.write_bytes(first.sealed())
        outside.to.mkdir(mode=0o555)
        for path, mode in ((Path(plain), 0o755), (outside.folder, 0o755), (outside.file, 0o644), (outside.key, 0o644)):
            path.chmod(mode)
        with as_nobody(), pytest.raises(DiskFailed, match="may write there"):
            open_bundle(
                outside.file,
                outside.to,
                identity=outside.key,
                sender=INSTALLATION,
                reason="prov",
                account="drift",
                now=NOW,
            )
        assert list(outside.to.iterdir()) == []


@contextmanager
def as_nobody() -> Iterator[None]:
    """Whoever runs the tests may be root, who may write anywhere."""
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(me)


@pytest.mark.kill
def test_a_kill_at_any_step_leaves_a_whole_bundle_or_none(
    receiver: Receiver, counted: Callable[[str], None], stride: int
) -> None:
    receiver.opens(SENT[0].sealed())
    receiver.file.write_bytes(SENT[1].sealed())
    words = ("open", str(receiver.file), "--identity", str(receiver.key), "--reason", "overforing", "--to")
    start, said, step, killed = receiver.to, receiver.folder / "said", 1, 0
    for phase in ("before", "after"):
        step = 1
        while True:
            to = receiver.folder / f"killed-{phase}-{step}"
            shutil.copytree(start, to)
            ended = run(*words, str(to), env={"LOTS_DATA_DIR": "/dev/null/none"}, said=said, kill=(step, phase))
            if ended.code != KILLED:
                assert ended.code == 0, ended.said
                break
            killed += 1
            folder = to / INSTALLATION / "000002"
            if folder.exists():
                assert everything_in(folder).keys() == {*SENT[1].files, MANIFEST}
            again = run(*words, str(to), env={"LOTS_DATA_DIR": "/dev/null/none"}, said=said)
            assert again.code == 0, again.said
            assert [path.name for path in to.iterdir()] == [INSTALLATION]
            assert [one.bundle for one in read_opened(to / INSTALLATION / OPENED)] == [1, 2]
            assert everything_in(folder).keys() == {*SENT[1].files, MANIFEST}
            step += stride
    assert killed > 10 // stride
    counted(f"lots open: killed {killed} times, and each time a bundle stood whole or not at all")


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_command_says_what_was_opened(receiver: Receiver, first: Content) -> None:
    receiver.file.write_bytes(first.sealed())
    words = ("open", str(receiver.file), "--identity", str(receiver.key), "--to", str(receiver.to))
    assert "L200" in receiver.lots(*words, ends=2).stderr, "why is asked for, and there is nobody to ask"
    assert "L200" in receiver.lots(*words, "--reason", "nyfiken", ends=2).stderr
    assert not receiver.to.exists()
    why = ("--reason", "tillsyn")
    assert "L503" in receiver.lots(*words, *why, ends=1).stderr
    opened = receiver.lots(*words, *why, "--sender", INSTALLATION)
    folder = receiver.to / INSTALLATION / "000001"
    assert opened.stdout.splitlines() == [
        f"bundle 1 of {INSTALLATION}: records 1 to 5, all of it holds",
        "        2  case_opened",
        "        1  staff_threat",
        "        2  talk_held",
        str(folder),
    ]
    assert opened.stderr == (
        f"note: {APART} is no young person's case, and must not be filed as one: see journal/apart\n"
        "Next: file what is in it, and then make its receipt: `lots receipt` and this folder.\n"
    )
    (line,) = read_opened(folder.parent / OPENED)
    assert (line.reason, line.account) == ("tillsyn", account())
    again = receiver.lots(*words, *why)
    assert again.stdout.startswith(f"bundle 1 of {INSTALLATION} was opened before; nothing was written\n")


def test_the_command_says_that_a_bundle_was_not_sealed_and_what_was_lost(receiver: Receiver) -> None:
    for sent in SENT[:2]:
        receiver.opens(sent.sealed())
    after_the_first = copy.deepcopy(SENT[2])
    receiver.file.write_bytes(after_the_first.tar())
    words = ("open", str(receiver.file), "--to", str(receiver.to), "--reason", "prov")
    opened = receiver.lots(*words)
    assert "note: this bundle was not sealed" in opened.stderr
    assert f"  {SENT[2].manifest.purged:>7}  purged before they left" in opened.stdout
    back = copy.deepcopy(SENT[1])
    back.says(bundle=4, previous_bundle=1)
    receiver.file.write_bytes(back.tar())
    assert "no longer has what was in bundle 2, 3;" in receiver.lots(*words).stderr


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda held: held.tar()[:700], "L500"),
        (lambda held: replace(held, extra={"journal/222-222.txt": b"x"}).tar(), "L501"),
        (lambda _: SENT[2].tar(), "L502"),
        (lambda _: OTHERS[0].tar(), "L503"),
    ],
    ids=["a part", "a file too many", "a missing one", "another sender"],
)
def test_a_fault_ends_the_command_with_its_code(
    receiver: Receiver, first: Content, spoil: Callable[[Content], bytes], code: str
) -> None:
    receiver.file.write_bytes(spoil(first))
    words = ("open", str(receiver.file), "--to", str(receiver.to), "--reason", "prov", "--sender", INSTALLATION)
    assert code in receiver.lots(*words, ends=1).stderr
    assert everything_in(receiver.to) == {}


A_MILLION = 1_000_000
OPENS = """
import re, sys
from pathlib import Path
from bot.cli import main
try:
    main(sys.argv[1:], prog_name="lots")
finally:
    print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def many_lines(count: int) -> Iterator[tuple[str, str]]:
    """Lines of a chain, each with its hash."""
    payload, salt, previous = a_talk().payload(), "0" * 32, GENESIS
    digest = digest_of(payload, salt)
    who_and_when = {"author": "p-1", "district": "Farsta", "occurred_at": "2026-11-23", "recorded_at": "2026-11-23"}
    for seq in range(1, count + 1):
        head = (seq, f"id-{seq}", "talk_held", 1, *who_and_when.values())
        this = hash_of(head, digest, previous)  # type: ignore[arg-type]
        line = who_and_when | {"seq": seq, "id": head[1], "kind": "talk_held", "schema": 1, "case": CASE}
        line |= {"payload": payload, "salt": salt, "digest": digest, "previous": previous, "hash": this}
        yield f"{canonical(line)}\n", this
        previous = this


@pytest.mark.load
def test_a_million_records_are_opened_in_bounded_memory(
    receiver: Receiver, first: Content, counted: Callable[[str], None]
) -> None:
    records, digest, head = receiver.folder / RECORDS, hashlib.sha256(), ""
    with records.open("w") as file:
        for line, this in many_lines(A_MILLION):
            head = this
            file.write(line)
            digest.update(line.encode())
    size = records.stat().st_size
    first.files = {SCHEMA: first.files[SCHEMA]}
    first.digests[RECORDS] = FileDigest(bytes=size, sha256=digest.hexdigest())
    first.says(last=A_MILLION, head=head, kinds={"talk_held": A_MILLION}, apart=())

    def parts() -> Iterator[bytes]:
        yield member(RECORDS, size=size)
        with records.open("rb") as file:
            while piece := file.read(2**20):
                yield piece
        yield bytes(-size % tarfile.BLOCKSIZE)
        yield first.tar()

    with receiver.file.open("wb") as sealed_file:
        seal(parts(), sealed_file, [RECIPIENT])
    records.unlink()
    words = ["open", str(receiver.file), "--identity", str(receiver.key), "--to", str(receiver.to)]
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", OPENS, *words, "--sender", INSTALLATION, "--reason", "prov"],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, peak = time.monotonic() - began, int(ended.stdout.split()[-1]) / 1024
    assert peak < 128, "MiB, the interpreter and its libraries among them"
    counted(f"lots open: {A_MILLION:,} records at {A_MILLION / seconds:,.0f} a second, at most {peak:.0f} MiB")
