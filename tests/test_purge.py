"""Purging: what is closed and received goes for good, and nothing else does; whatever crashes, it is finished."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.desk import Desk
from bot.incoming import Said
from bot.settings import Settings, load, read_key
from bot.web import cases
from dialogs import case_code
from dialogs.policy import Policy
from dialogs.records import (
    CaseClosed,
    CaseFact,
    CaseOpened,
    CaseReopened,
    CorrectionNotice,
    DeclineSettled,
    Record,
    TalkHeld,
)
from dialogs.registry import DIALOGS
from state.errors import ClockWentBack, DiskFailed, StoreBusy
from state.people import Person
from state.records import Tombstone, verify
from state.screen import Screen
from state.session import Session
from state.store import WEB, Bundle, Store, at_work
from state.store.base import utc
from state.transfer import purging
from state.transfer.ledger import note_purge, read_ledger
from state.transfer.manifest import file_name
from state.transfer.purging import Plan, Why, clear_traces, finish, hold_the_clock, old_backups, plan
from state.transfer.rekeying import stamp
from tests.pages import frames, pages
from tests.running import environment
from tests.talk import MONDAY

KEY = bytes(range(32))
GONE, GONE_TOO, STAYS, FREE = (case_code.draw(False, Random(seed).choice) for seed in range(4))
WORD, DAY = "Polisområde Zyrafjället", date(2031, 3, 17)
"""A word and a day that stand in payloads and nowhere else."""

# 23 November 2026 is closed, sent and received; 30 days later is 23 December: the first day on which it may go.
CHRISTMAS = MONDAY + timedelta(days=30)
DECISION = "SN 2026/12"


@dataclass
class Office:
    """A store with one coordinator, and the folders around it."""

    folder: Path
    store: Store
    me: Person

    @property
    def path(self) -> Path:
        return self.folder / "lots.db"

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.ndjson"

    def keeps(self, *records: Record, at: datetime = MONDAY) -> list[str]:
        """Something is saved, all at once."""
        with self.store.transaction():
            return [self.store.append(record, self.me, at).id for record in records]

    def sends(self, at: datetime = MONDAY) -> Bundle:
        """What is new leaves."""
        with self.store.transaction():
            bundle = self.store.begin_bundle(at)
            assert bundle is not None
            self.store.mark_written(bundle.number, "00" * 32, at)
        return bundle

    def hears_of(self, bundle: Bundle, at: datetime = MONDAY, declined: str | None = None) -> None:
        """The receipt comes."""
        with self.store.transaction():
            self.store.mark_received(bundle, {} if declined is None else {declined: "incomplete"}, at)

    def plans(self, at: datetime = CHRISTMAS) -> Plan:
        return plan(self.store, Policy(), at.date())

    def purges(self, at: datetime = CHRISTMAS) -> purging.Done:
        """As `lots purge` does it."""
        done = purging.purge(self.store, self.ledger, self.plans(at), decision=DECISION, policy=Policy(), now=at)
        clear_traces(self.store, self.ledger, self.folder / "bundles", self.folder / "backups")
        return done

    def finishes(self, at: datetime = CHRISTMAS) -> list[purging.Done]:
        return finish(self.store, self.ledger, policy=Policy(), now=at)

    def begins(self, case: str | None, answers: Mapping[str, str]) -> None:
        """Somebody begins something."""
        session = Session(
            id="s1", person=self.me.id, dialog="samtal", version=1, revision=0, opened_at=MONDAY, answers=answers
        )
        with self.store.transaction():
            self.store.save_session(session, MONDAY + timedelta(days=90), case=case)

    def dump(self) -> list[str]:
        """Every row of every table."""
        tables = [row[0] for row in self.store._rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [repr(row) for table in tables for row in self.store._rows(f"SELECT * FROM {table}")]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    held = an_office(tmp_path / "lots")
    yield held
    held.store.close()


def an_office(folder: Path) -> Office:
    folder.mkdir()
    store = Store(folder / "lots.db", KEY)
    with store.transaction():
        me = store.add_person(role="samordnare", district="Farsta", channel=WEB, address=None, now=MONDAY)
    return Office(folder, store, me)


def a_talk(case: str) -> TalkHeld:
    return TalkHeld(case=case, held="yes", occurred_on=MONDAY.date(), mode="meeting", held_by="self")


def a_case(case: str) -> tuple[Record, ...]:
    return (
        CaseOpened(case=case),
        CaseFact(case=case, fact="police_area", value=WORD if case != STAYS else "Syd"),
        CorrectionNotice(case=case, changes="019ab000-0000-7000-8000-000000000000", about_day=DAY, because="mistaken"),
        a_talk(case),
    )


CLOSED = CaseClosed(case=GONE, reason="discharged")


def two_go_and_one_stays(office: Office) -> None:
    """Two cases are closed and received, and a third is open and received."""
    for case in (GONE, GONE_TOO):
        office.keeps(*a_case(case), replace(CLOSED, case=case))
    office.keeps(*(one for one in a_case(STAYS) if not isinstance(one, CorrectionNotice)))
    office.hears_of(office.sends())


# ── which cases may go ───────────────────────────────────────────────────────────────────────────────────────


def closed_and_received(office: Office) -> None:
    office.keeps(*a_case(GONE), CLOSED)
    office.hears_of(office.sends())


def open_and_received_long_ago(office: Office) -> None:
    office.keeps(*a_case(GONE), at=MONDAY - timedelta(days=900))
    office.hears_of(office.sends(), MONDAY - timedelta(days=900))


def opened_again(office: Office) -> None:
    office.keeps(*a_case(GONE), CLOSED, CaseReopened(case=GONE, reason="came_back"))
    office.hears_of(office.sends())


def never_sent(office: Office) -> None:
    office.keeps(*a_case(GONE), CLOSED)


def sent_and_never_received(office: Office) -> None:
    office.keeps(*a_case(GONE), CLOSED)
    office.sends()


def declined(office: Office) -> None:
    ids_ = office.keeps(*a_case(GONE), CLOSED)
    office.hears_of(office.sends(), declined=ids_[3])


def declined_and_settled(office: Office) -> None:
    """It is settled, and the settlement has left, and was received a day later."""
    ids_ = office.keeps(*a_case(GONE), CLOSED)
    office.hears_of(office.sends(), declined=ids_[3])
    office.keeps(DeclineSettled(case=GONE, record=ids_[3], outcome="written_there", about_day=MONDAY.date()))
    office.hears_of(office.sends(), MONDAY + timedelta(days=1))


def its_bookkeeping_is_in_a_bundle_without_a_receipt(office: Office) -> None:
    closed_and_received(office)
    office.keeps(a_talk(STAYS))
    office.sends()


def a_draft_about_it(office: Office) -> None:
    closed_and_received(office)
    office.begins(GONE, {})


def a_draft_that_names_it(office: Office) -> None:
    closed_and_received(office)
    office.begins(None, {"case": GONE})


def its_code_has_just_been_typed(office: Office) -> None:
    closed_and_received(office)
    typed = GONE.lower().replace("-", " ")
    with office.store.transaction():
        office.store.receive("telegram", [(1, "7", {"what": "said", "message": 1, "text": typed})], CHRISTMAS)


@pytest.mark.parametrize(
    ("so_far", "at", "why"),
    [
        # Received on Monday 23 November; the 29th day after it is Tuesday 22 December, the 30th Wednesday the 23rd.
        (closed_and_received, CHRISTMAS, None),
        (closed_and_received, CHRISTMAS.replace(hour=0, minute=0), None),
        (closed_and_received, CHRISTMAS.replace(day=22, hour=23, minute=59), "days"),
        (open_and_received_long_ago, CHRISTMAS, "open"),
        (opened_again, CHRISTMAS, "open"),
        (never_sent, CHRISTMAS, "not_transferred"),
        (sent_and_never_received, CHRISTMAS, "not_received"),
        (declined, CHRISTMAS, "declined"),
        (declined_and_settled, CHRISTMAS, "days"),
        (declined_and_settled, CHRISTMAS + timedelta(days=1), None),
        (its_bookkeeping_is_in_a_bundle_without_a_receipt, CHRISTMAS, "not_received"),
        (a_draft_about_it, CHRISTMAS, "draft"),
        (a_draft_that_names_it, CHRISTMAS, "draft"),
        (its_code_has_just_been_typed, CHRISTMAS, "draft"),
    ],
)
def test_which_case_may_go(office: Office, so_far: Callable[[Office], None], at: datetime, why: Why | None) -> None:
    so_far(office)
    planned = office.plans(at)
    assert next((one.why for one in planned.stays if one.case == GONE), None) == why
    assert [one.case for one in planned.goes] == ([GONE] if why is None else [])


def test_the_day_is_said_where_it_is_known(office: Office) -> None:
    closed_and_received(office)
    assert [one.on for one in office.plans(MONDAY).stays] == [CHRISTMAS.date()]


def test_the_code_stands_for_this_list_and_no_other(office: Office) -> None:
    two_go_and_one_stays(office)
    shown = office.plans()
    assert re.fullmatch("[0-9A-F]{8}", shown.code)
    assert office.plans().code == shown.code
    fewer = replace(shown, goes=shown.goes[:1])
    shorter = replace(shown, goes=(replace(shown.goes[0], records=shown.goes[0].records[:-1]), shown.goes[1]))
    assert len({shown.code, fewer.code, shorter.code}) == 3


# ── what is left of it ───────────────────────────────────────────────────────────────────────────────────────


def where_they_are_found(office: Office, markers: tuple[str, ...]) -> set[tuple[str, str]]:
    """Each place that still holds a marker: (place, marker). Read as a thief with the key and the disk would."""
    wal, shm = (office.path.with_name(f"lots.db-{end}") for end in ("wal", "shm"))
    raw = {one.name: one.read_bytes() for one in (office.path, wal, shm, office.ledger) if one.exists()}
    raw |= {one.name: one.read_bytes() for one in office.folder.rglob("*") if one.is_file()}
    held = raw | {"pages": b"".join(pages(office.path, KEY)), "frames": b"".join(frames(wal, KEY))}
    return {(place, marker) for place, data in held.items() for marker in markers if marker.encode() in data}


MARKERS = (GONE, GONE_TOO, WORD, DAY.isoformat())


def test_nothing_is_left_of_it_in_the_file_its_wal_or_anywhere_beside(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("SQLITE_TMPDIR", str(temporary))
    untouched = temporary.stat().st_mtime_ns  # a file that comes and goes would change it
    served = Store(office.path, KEY)  # `lots run` has it open all the while
    two_go_and_one_stays(office)
    secrets = tuple(one.salt for one in office.store.entries(GONE))
    with office.store.transaction():
        number = office.store.next_chat_message(office.me.id)
        office.store.save_chat(office.me.id, {number: {"text": f"Ärende {GONE}: {WORD}"}})
        office.store.queue("telegram", [("7", {"do": "show", "text": f"Sparat i {GONE_TOO}: {WORD}"})], MONDAY)
    office.store._rows("PRAGMA wal_checkpoint")
    with office.store.transaction():
        office.store.set_live_message(WEB, office.me.address, number)
    found = where_they_are_found(office, (*MARKERS, *secrets, STAYS))
    for marker in (*MARKERS, *secrets, STAYS):
        assert {("pages", marker), ("frames", marker)} <= found, "else this test finds nothing, and proves nothing"

    office.purges()

    assert where_they_are_found(office, (*MARKERS, *secrets)) == set()
    assert where_they_are_found(office, (STAYS,)) == {("pages", STAYS)}, "and what stays is read as before"
    assert served.entries(GONE) == ()
    office.keeps(a_talk(STAYS), at=CHRISTMAS)
    assert where_they_are_found(office, (*MARKERS, *secrets)) == set(), "nor does the next write bring it back"
    assert temporary.stat().st_mtime_ns == untouched
    served.close()
    office.store.close()
    assert where_they_are_found(office, (*MARKERS, *secrets)) == set()


def test_the_chain_holds_and_tombstones_keep_their_digests(office: Office) -> None:
    two_go_and_one_stays(office)
    before = {one.id: one for one in office.store.links()}
    others = office.store.entries(STAYS)

    done = office.purges()

    after = {one.id: one for one in office.store.links()}
    assert verify(office.store.links()) == len(before) == len(after)
    buried = {id_: one for id_, one in after.items() if isinstance(one, Tombstone)}
    assert (done.cases, done.records, done.kept) == (2, len(buried), 0)
    assert {id_: (one.digest, one.hash) for id_, one in buried.items()} == {
        id_: (before[id_].digest, before[id_].hash) for id_ in buried
    }
    assert read_ledger(office.ledger).purged == set(buried)
    assert office.store.entries(STAYS) == others
    assert len(others) == 5, "opened, a fact, a talk, transferred and received"
    assert office.store.cases() == [STAYS]
    assert office.store.latest_cases(office.me.id, 9) == [STAYS]
    assert office.store.faults() == []


def test_a_bundle_made_afterwards_has_tombstones_where_the_bookkeeping_was(office: Office) -> None:
    two_go_and_one_stays(office)
    office.purges()
    office.keeps(a_talk(STAYS), at=CHRISTMAS)
    bundle = office.sends(CHRISTMAS)
    kinds = [(one.kind, isinstance(one, Tombstone)) for one in office.store.links(bundle.first, bundle.last)]
    assert kinds.count(("transferred", True)) == kinds.count(("received", True)) == 2
    assert [kind for kind, is_gone in kinds if not is_gone] == ["transferred", "received", "talk_held"]
    part = office.store.links(bundle.first, bundle.last)
    assert verify(part, bundle.first - 1, office.store.hash_before(bundle)) == bundle.last


def test_what_waits_to_be_handled_or_sent_keeps_its_row_and_loses_what_it_says(office: Office) -> None:
    """As after a restore: the purge does not ask what somebody has begun, since it was decided long ago."""
    closed_and_received(office)
    office.begins(GONE, {})
    with office.store.transaction():
        office.store.receive("telegram", [(1, "7", {"text": GONE.lower()}), (2, "7", {"text": STAYS})], MONDAY)
        office.store.queue("telegram", [("7", {"text": GONE}), ("7", {"text": STAYS})], MONDAY)
        office.store.purge(1, DECISION, [GONE], CHRISTMAS)
    assert [one.payload for one in office.store.waiting("telegram", 9)] == [{"text": STAYS}]
    assert [one.payload for one in office.store.unsent("telegram")] == [{"text": STAYS}]
    assert office.store.active_session(office.me.id) is None
    with office.store.transaction():
        assert office.store.receive("telegram", [(1, "7", {"text": GONE})], MONDAY) == 0, "it was here before"


def test_a_purge_that_is_gone_on_with_counts_each_case_once(office: Office) -> None:
    two_go_and_one_stays(office)
    with office.store.transaction():
        office.store.purge(1, DECISION, [GONE], CHRISTMAS)
    office.store.shrink()
    assert not office.store.must_shrink()
    with office.store.transaction():
        done = office.store.purge(1, DECISION, [GONE, GONE_TOO], CHRISTMAS)
    assert (done.cases, done.records) == (2, 14)
    assert office.store.must_shrink()


def test_a_purged_code_is_never_drawn_again(office: Office) -> None:
    closed_and_received(office)
    office.purges()
    drawn = iter([*GONE.replace("-", "")[:5], *FREE.replace("-", "")[:5]])

    class Loaded:
        def pick(self, _among: object) -> str:
            return str(next(drawn))

        def bits(self, count: int) -> int:
            return Random(1).getrandbits(count)

    desk = a_desk(office.store)
    desk._source = Loaded()
    assert desk._draw_code() == FREE
    assert office.store.case_exists(GONE)
    assert not office.store.case_exists(FREE)


# ── while it is served ───────────────────────────────────────────────────────────────────────────────────────


def a_desk(store: Store) -> Desk:
    return Desk(store, DIALOGS, policy=Policy(), practice=False, now=lambda: CHRISTMAS)


def test_no_page_shows_it_once_another_process_has_purged_it(office: Office) -> None:
    two_go_and_one_stays(office)
    served = Store(office.path, KEY)
    desk = a_desk(served)
    with served.transaction():
        number = served.next_chat_message(office.me.id)
        served.save_chat(office.me.id, {number: Screen(text=f"Sparat i {GONE}.", rows=()).as_json()})
    handles = cases.Handles()
    listed = cases.listed(desk, office.me, handles)
    assert {one.code for one in listed} == {GONE, GONE_TOO, STAYS}
    assert cases.find(desk, office.me, GONE) == cases.Found(GONE)
    assert desk.world(office.me, CHRISTMAS).entries(GONE)

    office.purges()

    assert [one.code for one in cases.listed(desk, office.me, handles)] == [STAYS]
    world = desk.world(office.me, CHRISTMAS)
    assert (world.may_see(GONE), world.entries(GONE), world.is_free(GONE)) == (False, (), False)
    found = cases.find(desk, office.me, GONE)
    assert isinstance(found, cases.NotFound)
    assert "gallrades" in str(found.words)
    assert served.chat(office.me.id) == {}
    desk.take_in(WEB, [Said(1, office.me.address, None, f"/arende {GONE}")])
    assert WORD not in str(desk.work(WEB))
    served.close()


def test_a_reader_keeps_the_file_from_shrinking_and_the_next_run_shrinks_it(office: Office) -> None:
    two_go_and_one_stays(office)
    reader = Store(office.path, KEY)
    reader._conn.execute("BEGIN")
    assert reader._rows("SELECT count(*) FROM record")
    office.store._conn.execute("PRAGMA busy_timeout = 20")
    with pytest.raises(StoreBusy, match="run `lots purge` again"):
        office.purges()
    assert office.store.cases() == [STAYS], "it is gone from the store all the same"
    assert office.store.must_shrink()
    assert where_they_are_found(office, MARKERS) != set(), "and not yet from the file"
    reader._conn.execute("ROLLBACK")
    assert office.finishes() == []
    clear_traces(office.store, office.ledger, office.folder / "bundles", office.folder / "backups")
    assert not office.store.must_shrink()
    assert where_they_are_found(office, MARKERS) == set()
    reader.close()


def test_what_is_purged_is_overwritten_before_the_file_is_shrunk(office: Office) -> None:
    two_go_and_one_stays(office)
    purging.purge(office.store, office.ledger, office.plans(), decision=DECISION, policy=Policy(), now=CHRISTMAS)
    office.store._rows("PRAGMA wal_checkpoint(TRUNCATE)")
    assert where_they_are_found(office, MARKERS) == set()


def test_a_full_disk_leaves_a_store_that_verifies_and_the_next_run_goes_on(office: Office) -> None:
    two_go_and_one_stays(office)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # no file may be longer: a VACUUM needs more
    try:
        with pytest.raises(DiskFailed, match="L304"):
            office.purges()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert verify(office.store.links()) == 19
    assert office.store.faults() == []
    the_whole_command(office)
    assert office.store.cases() == [STAYS]
    assert where_they_are_found(office, MARKERS) == set()


# ── what changes meanwhile, and what is cut off ──────────────────────────────────────────────────────────────


def cut_off(office: Office) -> None:
    """All of it is noted, and nothing has gone yet."""
    planned = office.plans()
    ids_ = [id_ for one in planned.goes for id_ in one.records]
    note_purge(office.ledger, number=1, decision=DECISION, at="2026-12-23T13:05:00.000+00:00", records=ids_)


def test_what_was_cut_off_is_finished_under_the_same_decision(office: Office) -> None:
    two_go_and_one_stays(office)
    cut_off(office)
    later = CHRISTMAS + timedelta(days=1)
    assert office.finishes(later) == [purging.Done(1, DECISION, 2, 14, 0)]
    assert [(one.number, one.decision, one.records) for one in office.store.purges()] == [(1, DECISION, 14)]
    assert office.finishes(later) == []


def test_a_case_in_which_something_is_begun_meanwhile_stays(office: Office) -> None:
    two_go_and_one_stays(office)
    cut_off(office)
    office.keeps(CaseReopened(case=GONE, reason="came_back"), at=CHRISTMAS)
    assert office.finishes() == [purging.Done(1, DECISION, 1, 7, 1)]
    assert office.store.cases() == sorted([GONE, STAYS])
    noted = read_ledger(office.ledger).purged
    assert not noted & {one.id for one in office.store.entries(GONE)}, "a restore does not take it either"
    assert office.finishes() == []


def an_old_backup_in_the_stores_place(office: Office) -> None:
    """Somebody copied a file by hand, and did not ask `lots restore`."""
    office.keeps(*a_case(GONE))
    backup = office.folder / "copy.db"
    office.store.copy_to(backup, KEY)
    office.keeps(CLOSED)
    office.hears_of(office.sends())
    office.purges()
    office.store.close()
    for end in ("-wal", "-shm"):
        office.path.with_name(f"lots.db{end}").unlink(missing_ok=True)
    backup.replace(office.path)
    office.store = Store(office.path, KEY)


def test_what_was_written_in_a_case_that_came_back_is_not_lost(office: Office) -> None:
    an_old_backup_in_the_stores_place(office)
    office.keeps(a_talk(GONE), at=CHRISTMAS)
    assert office.finishes() == [purging.Done(1, DECISION, 0, 0, 1)]
    assert [one.kind for one in office.store.entries(GONE)][-2:] == ["talk_held", "talk_held"]


def test_a_backup_in_the_stores_place_is_purged_of_what_had_gone(office: Office) -> None:
    """It is from before the case was closed, so it looks open there; the decision stands all the same."""
    an_old_backup_in_the_stores_place(office)
    assert office.store.entries(GONE)
    assert office.finishes() == [purging.Done(1, DECISION, 1, 4, 0)]
    assert office.store.cases() == []
    office.keeps(*a_case(STAYS), replace(CLOSED, case=STAYS), at=CHRISTMAS)
    office.hears_of(office.sends(CHRISTMAS), CHRISTMAS)
    assert office.purges(CHRISTMAS + timedelta(days=30)).number == 2, "no number is used twice"


class Died(BaseException):
    """The machine loses its power."""


@contextmanager
def dies_at(
    patched: pytest.MonkeyPatch, is_last: Callable[[list[str]], bool], die: Callable[[], None]
) -> Iterator[None]:
    """Names every durable step, before and after it is on the disk, and ends everything at one of them."""
    steps: list[str] = []

    def step(name: str) -> None:
        steps.append(name)
        if is_last(steps):
            die()

    sync, durable, shrink, unlink = os.fsync, Store.transaction, Store.shrink, Path.unlink

    def fsync(handle: int) -> None:
        step("before a sync")
        sync(handle)
        step("after a sync")

    @contextmanager
    def transaction(self: Store) -> Iterator[None]:
        with durable(self):
            yield
            step("before a COMMIT")
        step("after a COMMIT")

    def shrinking(self: Store) -> None:
        step("before it shrinks")
        shrink(self)
        step("after it has shrunk")

    def unlinking(self: Path, missing_ok: bool = False) -> None:
        unlink(self, missing_ok)
        step("after a file is gone")

    patched.setattr("os.fsync", fsync)
    patched.setattr(Store, "transaction", transaction)
    patched.setattr(Store, "shrink", shrinking)
    patched.setattr(Path, "unlink", unlinking)
    patched.setattr(purging, "CASES_AT_ONCE", 1)
    yield


def the_whole_command(office: Office) -> None:
    """What `lots purge --decision … --confirm …` does, typed once more after every crash."""
    office.finishes()
    if (planned := office.plans()).goes:
        purging.purge(office.store, office.ledger, planned, decision=DECISION, policy=Policy(), now=CHRISTMAS)
    if office.store.must_shrink():
        clear_traces(office.store, office.ledger, office.folder / "bundles", office.folder / "backups")


def prepared(folder: Path) -> None:
    office = an_office(folder)
    two_go_and_one_stays(office)
    for beside in ("bundles", "backups"):
        (folder / beside).mkdir()
    with office.store.transaction():
        name = file_name(office.store.installation(), 1)
    (folder / "bundles" / name).write_bytes(b"sealed")
    office.store.close()


def reopened(folder: Path) -> Office:
    store = Store(folder / "lots.db", KEY)
    return Office(folder, store, store.people()[0])


def hold_after_a_crash(office: Office) -> None:
    assert office.store.cases() == [STAYS]
    assert [(one.cases, one.records) for one in office.store.purges()] == [(2, 14)]
    assert verify(office.store.links()) == 17 + 2
    assert not office.store.must_shrink()
    assert {one.id for one in office.store.links() if isinstance(one, Tombstone)} == read_ledger(office.ledger).purged
    assert list((office.folder / "bundles").iterdir()) == []
    assert read_ledger(office.folder / "backups" / "ledger.ndjson") == read_ledger(office.ledger)
    assert where_they_are_found(office, MARKERS) == set()


@pytest.mark.parametrize(
    ("name", "nth", "why"),
    [
        ("after a sync", 1, "it is noted, and nothing is gone"),
        ("after a COMMIT", 1, "one case is gone, and the other is not"),
        ("after a file is gone", 1, "the store holds nothing of it, and its file does"),
        ("after it has shrunk", 1, "all is done, and nobody was told"),
    ],
)
def test_what_a_crash_cut_off_is_finished_by_the_next_run(tmp_path: Path, name: str, nth: int, why: str) -> None:
    prepared(tmp_path / "lots")
    office = reopened(tmp_path / "lots")

    def die() -> None:
        raise Died

    with (
        pytest.MonkeyPatch.context() as patched,
        dies_at(patched, lambda steps: (steps[-1], steps.count(name)) == (name, nth), die),
        pytest.raises(Died),
    ):
        the_whole_command(office)
    office.store.close()
    office = reopened(tmp_path / "lots")
    the_whole_command(office)
    hold_after_a_crash(office)
    office.store.close()


def in_a_process_that_dies(folder: Path, last: int) -> bool:
    """Purges in a process of its own, which kills itself at a step; whether it came that far."""
    child = os.fork()
    if child == 0:
        try:
            office = reopened(folder)
            with (
                pytest.MonkeyPatch.context() as patched,
                dies_at(patched, lambda steps: len(steps) == last, lambda: os.kill(os.getpid(), signal.SIGKILL)),
            ):
                the_whole_command(office)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


@pytest.mark.process
@pytest.mark.kill
def test_killed_at_every_step_of_a_purge(tmp_path: Path, stride: int, counted: Callable[[str], None]) -> None:
    prepared(tmp_path / "as it was")
    killed = 0
    for last in range(1, 100, stride):
        folder = tmp_path / str(last)
        shutil.copytree(tmp_path / "as it was", folder)
        was_killed = in_a_process_that_dies(folder, last)
        office = reopened(folder)
        the_whole_command(office)
        hold_after_a_crash(office)
        office.store.close()
        if not was_killed:
            break
        killed += 1
    counted(f"{killed} kills, one at each side of every durable step of a purge")
    assert killed >= 16 // stride


def test_a_clock_that_went_back_purges_nothing(office: Office) -> None:
    closed_and_received(office)
    minute = timedelta(minutes=1)
    hold_the_clock(office.store, office.ledger, MONDAY - 2 * minute)
    with pytest.raises(ClockWentBack, match="L506"):
        hold_the_clock(office.store, office.ledger, MONDAY - 3 * minute)
    office.purges()
    hold_the_clock(office.store, office.ledger, CHRISTMAS - 2 * minute)
    with pytest.raises(ClockWentBack):
        hold_the_clock(office.store, office.ledger, CHRISTMAS - 3 * minute)
    empty = Store(None, KEY)
    with pytest.raises(ClockWentBack):  # the ledger remembers what a store in the database's place does not
        hold_the_clock(empty, office.ledger, CHRISTMAS - 3 * minute)


def test_how_many_backups_still_hold_it(tmp_path: Path) -> None:
    backups, database = tmp_path / "backups", tmp_path / "lots.db"
    assert old_backups(backups, database, CHRISTMAS, 14) is None
    backups.mkdir()
    for at in (MONDAY, CHRISTMAS - timedelta(days=1), CHRISTMAS + timedelta(days=1)):
        (backups / f"lots-{stamp(at)}.db").touch()
    (backups / "ledger.ndjson").touch()
    old = old_backups(backups, database, CHRISTMAS, 14)
    # The last that is older was made on 22 December; 14 days later is 5 January.
    assert old == purging.OldBackups(2, date(2027, 1, 5))


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Installation:
    """`lots` with real cases, and an office that is forty days old."""

    env: dict[str, str]
    office: Office

    @property
    def settings(self) -> Settings:
        return load(self.env)

    def runs(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["purge", *words], env=self.env)

    def code(self) -> str:
        """The code that the list ends with."""
        return self.runs().output.split()[-1]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    folder = tmp_path / "lots"
    env = environment(folder, LOTS_TELEGRAM_MODE="dorrklocka", LOTS_PUBLIC_URL="https://lots.example")
    settings = load(env)
    store = Store(settings.database, read_key(settings.key_file, settings.database))
    past = settings.now() - timedelta(days=40)
    with store.transaction():
        me = store.add_person(role="samordnare", district="Farsta", channel=WEB, address=None, now=past)
    office = Office(folder, store, me)
    office.keeps(*a_case(GONE), CLOSED, at=past)
    office.keeps(a_talk(STAYS), at=past)
    office.hears_of(office.sends(past), past)
    yield Installation(env, office)
    store.close()


def test_it_shows_what_may_go_and_changes_nothing(installation: Installation) -> None:
    before = installation.office.dump()
    ended = installation.runs()
    assert ended.exit_code == 0
    assert ended.output.splitlines()[:3] == ["1 case with 7 records may be purged", "1 case waiting:", "       1  open"]
    assert GONE not in ended.output
    listed = installation.runs("--list").output
    assert f"  {GONE}  7 records\n" in listed
    assert f"  {STAYS}  open\n" in listed
    assert installation.office.dump() == before
    assert not installation.office.ledger.exists()


def test_it_takes_away_what_was_shown_and_says_what_else_holds_it(installation: Installation) -> None:
    office, settings = installation.office, installation.settings
    backups = settings.transfer.backup_dir
    for folder in (settings.bundles_dir, backups):
        folder.mkdir()
    with office.store.transaction():
        sealed = settings.bundles_dir / file_name(office.store.installation(), 1)
    for file in (
        sealed,
        sealed.with_suffix(""),
        sealed.with_name(f".{sealed.with_suffix('').name}.part"),
        settings.bundles_dir / "another",
        backups / f"lots-{stamp(settings.now() - timedelta(days=1))}.db",
        aside := settings.database.with_name(f"lots.db.before-restore-{stamp(settings.now())}"),
        aside.with_name(f"{aside.name}-wal"),
    ):
        file.write_bytes(b"sealed")
    ended = installation.runs("--decision", " SN  2026/12 ", "--confirm", installation.code().lower())
    assert ended.exit_code == 0, ended.output
    gone_on = (settings.now() + timedelta(days=13)).date()
    assert ended.output.splitlines() == [
        "purge 1 (SN 2026/12): 1 case with 7 records are gone",
        f"older backups that still hold what was purged: 1; `lots backup` takes the last of them away on {gone_on}",
        f"a database that `lots restore` put aside, which no purge reaches: {aside}; take it away yourself",
    ]
    assert office.store.cases() == [STAYS]
    assert [one.name for one in settings.bundles_dir.iterdir()] == ["another"]
    assert read_ledger(backups / "ledger.ndjson") == read_ledger(settings.ledger)
    assert not office.store.must_shrink()
    assert CliRunner().invoke(main, ["verify"], env=installation.env).exit_code == 0
    again = installation.runs("--decision", "SN 2026/12", "--confirm", "00000000")
    assert (again.exit_code, again.output.splitlines()[0]) == (0, "nothing may be purged")


def test_a_list_that_has_changed_since_is_not_purged(installation: Installation) -> None:
    code = installation.code()
    past = installation.settings.now() - timedelta(days=40)
    installation.office.keeps(a_talk(GONE_TOO), replace(CLOSED, case=GONE_TOO), at=past)
    installation.office.hears_of(installation.office.sends(past), past)
    ended = installation.runs("--decision", "SN 2026/12", "--confirm", code)
    assert (ended.exit_code, ended.stderr.startswith("L510")) == (1, True)
    assert GONE in installation.office.store.cases()
    assert not installation.office.ledger.exists()


def test_the_same_line_typed_again_finishes_what_was_cut_off(installation: Installation) -> None:
    code = installation.code()
    office = installation.office
    now = installation.settings.now()
    ids_ = [one.id for one in office.store.entries(GONE)]
    note_purge(office.ledger, number=1, decision="SN 2026/12", at=utc(now), records=ids_)
    ended = installation.runs("--decision", "SN 2026/12", "--confirm", code)
    assert (ended.exit_code, ended.output) == (0, "purge 1 (SN 2026/12): 1 case with 7 records are gone\n")
    assert not office.store.must_shrink()


def test_a_run_without_anything_to_do_shrinks_what_another_could_not(installation: Installation) -> None:
    office = installation.office
    with office.store.transaction():
        office.store.purge(1, DECISION, [GONE], installation.settings.now())
    assert office.store.must_shrink()
    assert installation.runs().exit_code == 0
    assert not office.store.must_shrink()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--decision", "SN 2026/12"), "the code of the list is missing"),
        (("--confirm", "00000000"), "the decision is missing"),
        (("--decision", "SN", "--confirm", "CODE"), "too short"),
        (("--decision", "S" * 41, "--confirm", "CODE"), "too long"),
        (("--decision", "beslut; se akten", "--confirm", "CODE"), "a sign that no reference has"),
        (("--decision", "SN 19121212-1212", "--confirm", "CODE"), "a published test personnummer"),
        (("--decision", "ring 070-174 06 05", "--confirm", "CODE"), "a telephone number of those for fiction"),
        (("--decision", f"SN {GONE.lower()}", "--confirm", "CODE"), "the code of the case that goes"),
    ],
)
def test_a_decision_is_a_reference_and_nothing_else(
    installation: Installation, words: tuple[str, ...], why: str
) -> None:
    ended = installation.runs(*(installation.code() if word == "CODE" else word for word in words))
    assert (ended.exit_code, ended.stderr[:4]) == (2, "L200"), why
    assert words[1] not in ended.stderr, "it is not echoed either"
    assert GONE in installation.office.store.cases()


def test_practice_is_never_purged(lots_env: dict[str, str]) -> None:
    ended = CliRunner().invoke(main, ["purge"], env=lots_env)
    assert (ended.exit_code, "practice" in ended.stderr) == (2, True)


def test_a_clock_that_went_back_stops_the_command(installation: Installation) -> None:
    installation.office.keeps(a_talk(STAYS), at=installation.settings.now() + timedelta(hours=1))
    ended = installation.runs()
    assert (ended.exit_code, ended.stderr[:4]) == (1, "L506")


def test_one_command_at_a_time(installation: Installation) -> None:
    with at_work(installation.settings.database):
        ended = installation.runs()
    assert (ended.exit_code, ended.stderr[:4]) == (2, "L302")
