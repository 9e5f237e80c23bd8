"""The store: what is on the disk, what is not, and what two processes may do at once."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from dialogs.records import CaseFact, CaseOpened, TalkHeld
from state.errors import DiskFailed, NewerStore, StoreBusy, StoreError, WrongKey
from state.people import Person, code_hash
from state.records import verify
from state.session import Session
from state.store import MIGRATIONS, Arrived, Store, claimed
from tests.talk import MONDAY, OURS, OURS_TOO, STOCKHOLM

KEY = bytes(range(32))
OTHER_KEY = bytes(reversed(range(32)))
A_TALK = TalkHeld(case=OURS, held="yes", occurred_on=MONDAY.date(), mode="meeting", held_by="self")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ovning.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store(path, KEY)
    yield opened
    opened.close()


def somebody(store: Store, address: str = "1", district: str = "Farsta") -> Person:
    with store.transaction():
        return store.add_person(role="samordnare", district=district, channel="telegram", address=address, now=MONDAY)


def waiting(store: Store) -> list[Arrived]:
    return store.waiting("telegram", 100)


def rows(store: Store, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return list(store._conn.execute(sql, values).fetchall())


def in_another_process(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Run some lines of Python beside this test."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


# ── on the disk ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("pragma", "value", "why"),
    [
        ("journal_mode", "wal", "readers do not wait for the writer"),
        ("synchronous", 2, "FULL: what is committed survives a power cut"),
        ("secure_delete", 1, "what is erased is overwritten"),
        ("foreign_keys", 1, "no session of nobody"),
        ("temp_store", 2, "nothing is sorted in a file in the clear"),
    ],
)
def test_the_settings_of_the_file_really_hold(store: Store, pragma: str, value: object, why: str) -> None:
    assert rows(store, f"PRAGMA {pragma}") == [(value,)], why


def test_every_table_of_ours_is_strict(store: Store) -> None:
    tables = {row[1]: row[5] for row in rows(store, "PRAGMA table_list") if not row[1].startswith(("sqlite_", "_"))}
    assert set(tables) == {
        *("person", "invitation", "session", "inbox", "outbox", "record", "note_shown"),
        *("chat_message", "sign_in", "pin", "bell", "used_once"),
        *("installation", "bundle", "purge", "purged_case", "printed"),
        *("access", "access_cut", "trace", "reminded"),
    }
    assert set(tables.values()) == {1}


def test_a_session_belongs_to_somebody(store: Store) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY"), store.transaction():
        store.save_session(a_session("p-nobody"), MONDAY)


def test_the_file_and_its_log_are_noise_to_whoever_lacks_the_key(store: Store, path: Path) -> None:
    me = somebody(store, address="address-4711", district="Skarpnäck")
    with store.transaction():
        store.append(A_TALK, me, MONDAY)
        store.receive("telegram", [(1, "address-4711", {"what": "said", "text": "ett svar i klartext"})], MONDAY)
    written = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert len(written) > 4096
    assert not path.read_bytes().startswith(b"SQLite format 3")
    for marker in (OURS, OURS[1:], "Skarpnäck", "address-4711", "klartext", "talk_held", "CREATE TABLE", KEY.hex()):
        assert marker.encode() not in written, marker
    assert KEY not in written


def test_nobody_else_on_the_machine_may_read_the_file_or_its_log(store: Store, path: Path) -> None:
    somebody(store)
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()} == dict.fromkeys(
        ("ovning.db", "ovning.db-wal", "ovning.db-shm"), "0o600"
    )


def test_another_key_opens_nothing_and_harms_nothing(path: Path) -> None:
    store = Store(path, KEY)
    me = somebody(store)
    store.close()
    with pytest.raises(WrongKey, match="LOTS_KEY_FILE") as fault:
        Store(path, OTHER_KEY)
    assert (fault.value.code, str(path) in str(fault.value)) == ("L300", True)
    again = Store(path, KEY)
    assert again.person_at("telegram", "1") == me
    again.close()


@pytest.mark.parametrize("how", ["text", "plain sqlite"])
def test_a_file_that_is_no_store_is_told_so(path: Path, how: str) -> None:
    if how == "text":
        path.write_text("Det här är en vanlig textfil, och ingen databas.\n" * 200, encoding="utf-8")
    else:
        with sqlite3.connect(path) as plain:
            plain.execute("CREATE TABLE note (words)")
        plain.close()
    before = path.read_bytes()
    with pytest.raises(WrongKey):
        Store(path, KEY)
    assert path.read_bytes() == before, "it is left as it was"


def test_a_store_in_memory_is_a_store_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store(None, KEY)
    me = somebody(store)
    with store.transaction():
        store.append(A_TALK, me, MONDAY)
    assert [held.record for held in store.entries(OURS)] == [A_TALK]
    store.close()
    assert list(tmp_path.iterdir()) == []


# ── migrations ───────────────────────────────────────────────────────────────────────────────────────────────

NAMES = [migration.name for migration in MIGRATIONS.pending(Database(memory=True))]


def rows_of_the_spine(db: Database) -> None:
    """A row in every table as the first version leaves them."""
    db.execute("INSERT INTO person VALUES ('p-1', 'samordnare', 'Farsta', 'sv', 'telegram', '7', 12, '2026-11-23')")
    db.execute("INSERT INTO invitation VALUES ('00ff', 'chef', 'Farsta', 1795000000.5, NULL)")
    db.execute(
        "INSERT INTO session VALUES ('s1', 'p-1', 'samtal', 1, 3, 'active', '2026-11-23T14:05:00+01:00', 1795.5, '{}')"
    )
    db.execute("INSERT INTO inbox VALUES (1, 'telegram', 10, '7', 1795.5, '{\"what\": \"said\"}', NULL, NULL)")
    db.execute("INSERT INTO outbox VALUES (1, 'telegram', '7', '{\"do\": \"show\"}', 1795.5, NULL, NULL)")
    db.execute(
        "INSERT INTO record VALUES (1, 'id', 'case_opened', 1, ?, 'p-1', 'Farsta', 'then', 'then', ?, '', '', '', '')",
        [OURS, json.dumps({"case": OURS})],
    )


def rows_of_life_around_a_dialog(db: Database) -> None:
    """What the second version can hold besides: a person who is revoked, a new phone, a draft of a case."""
    db.execute(
        "INSERT INTO person VALUES "
        "('p-1', 'samordnare', 'Farsta', 'en', 'telegram', 'revoked p-1', NULL, '2026-11-23', 'samordnare 1', 1795.5)"
    )
    db.execute("INSERT INTO invitation VALUES ('00ff', 'samordnare', 'Farsta', 1795000000.5, NULL, 'p-1')")
    db.execute(
        "INSERT INTO session VALUES "
        "('s1', 'p-1', 'samtal', 1, 3, 'parked', '2026-11-23T14:05:00+01:00', 1795.5, '{}', ?, 1796.5)",
        [OURS],
    )
    db.execute("INSERT INTO inbox VALUES (1, 'telegram', 10, '7', 1795.5, NULL, 1795.6, NULL)")
    db.execute("INSERT INTO outbox VALUES (1, 'telegram', '7', NULL, 1795.5, 1795.6, NULL)")
    db.execute(
        "INSERT INTO record VALUES (1, 'id', 'case_closed', 1, ?, 'p-1', 'Farsta', 'then', 'then', ?, '', '', '', '')",
        [OURS, json.dumps({"case": OURS, "reason": "moved"})],
    )


def rows_of_notes_in_the_chat(db: Database) -> None:
    """What the third version can hold besides: a note that is shown, and what was saved last."""
    db.execute(
        "INSERT INTO person VALUES ('p-1', 'samordnare', 'Farsta', 'sv', 'telegram', '7', 12, '2026-11-23', "
        "'samordnare 1', NULL, '[\"id\"]')"
    )
    db.execute("INSERT INTO invitation VALUES ('00ff', 'samordnare', 'Farsta', 1795000000.5, NULL, 'p-1')")
    db.execute(
        "INSERT INTO session VALUES "
        "('s1', 'p-1', 'samtal', 1, 3, 'active', '2026-11-23T14:05:00+01:00', 1795.5, '{}', ?, 1796.5)",
        [OURS],
    )
    db.execute("INSERT INTO inbox VALUES (1, 'telegram', 10, '7', 1795.5, '{\"what\": \"press\"}', NULL, NULL)")
    db.execute("INSERT INTO outbox VALUES (1, 'telegram', '7', '{\"do\": \"show\"}', 1795.5, NULL, NULL)")
    db.execute(
        "INSERT INTO record VALUES (1, 'id', 'case_opened', 1, ?, 'p-1', 'Farsta', 'then', 'then', ?, '', '', '', '')",
        [OURS, json.dumps({"case": OURS})],
    )
    db.execute("INSERT INTO note_shown VALUES ('p-1', 12, 1795.5)")


def rows_of_the_web(db: Database) -> None:
    """What the fourth version can hold besides: a message on the web, a browser, a PIN, a doorbell, a used hash."""
    rows_but_records(db)
    db.execute(
        "INSERT INTO record VALUES (1, 'id', 'case_opened', 1, ?, 'p-1', 'Farsta', 'then', 'then', ?, '', '', '', '')",
        [OURS, json.dumps({"case": OURS})],
    )


def rows_but_records(db: Database) -> None:
    db.execute(
        "INSERT INTO person (id, role, district, language, channel, address, live_message, joined_at, label, "
        "last_saved) "
        "VALUES ('p-1', 'samordnare', 'Farsta', 'sv', 'web', 'p-1', 12, '2026-11-23', 'samordnare 1', '[\"id\"]')"
    )
    db.execute("INSERT INTO invitation VALUES ('00ff', 'samordnare', 'Farsta', 1795000000.5, NULL, 'p-1', 'bell')")
    db.execute(
        "INSERT INTO session VALUES "
        "('s1', 'p-1', 'samtal', 1, 3, 'active', '2026-11-23T14:05:00+01:00', 1795.5, '{}', ?, 1796.5)",
        [OURS],
    )
    db.execute("INSERT INTO inbox VALUES (1, 'web', 10, 'p-1', 1795.5, '{\"what\": \"press\"}', NULL, NULL)")
    db.execute("INSERT INTO outbox VALUES (1, 'web', 'p-1', '{\"do\": \"show\"}', 1795.5, NULL, NULL)")
    db.execute("INSERT INTO note_shown VALUES ('p-1', 12, 1795.5)")
    db.execute("INSERT INTO chat_message VALUES (12, 'p-1', '{\"text\": \"\"}')")
    db.execute("INSERT INTO sign_in VALUES ('00ff', 'p-1', 'session', 1796.5, 1795.5, 'open')")
    db.execute("INSERT INTO pin VALUES ('p-1', '$argon2id$', 1, 1795.5)")
    db.execute("INSERT INTO bell VALUES ('p-1', '7', 13, 1795.5, 1796.5)")
    db.execute("INSERT INTO used_once VALUES ('00ff', 1795.5)")


def rows_of_the_handover(db: Database) -> None:
    """What the fifth version can hold besides: a bundle, a purge and its tombstone, a command that printed records."""
    rows_but_records(db)
    db.execute(
        "INSERT INTO record VALUES (1, 'id', 'case_opened', 1, '', 'p-1', 'Farsta', 'then', 'then', '', '', '', '', "
        "'', 1)"
    )
    db.execute("INSERT INTO installation VALUES ('00ff', 'ff00')")
    db.execute(
        "INSERT INTO bundle VALUES (1, 1, 1, '00ff', NULL, '2026-11-23', 'ff00', '00ff', '2026-11-23', NULL, NULL, "
        "2, 1795.5)"
    )
    db.execute("INSERT INTO purge VALUES (1, 'SN 2026/12', '2026-11-23', 1, 1, 0)")
    db.execute("INSERT INTO purged_case VALUES ('00ff', 1)")
    db.execute("INSERT INTO printed VALUES (1, '2026-11-23', 'records', 'tillsyn', 1, 'lots')")


def rows_of_quiet_about_people(db: Database) -> None:
    """What the sixth version can hold besides: who looked at a case, what stands in a chat, whom a record lets in."""
    rows_of_the_handover(db)
    db.execute(
        "UPDATE record SET kind = 'access_given', case_code = ?, payload = '{\"person\": \"p-1\"}', purge = NULL",
        [OURS],
    )
    db.execute("UPDATE person SET seen_at = 1795.5, locked = 1")
    db.execute(
        "INSERT INTO access VALUES (1, '2026-11-23', 'p-1', 'samordnare', 'Farsta', 'web', 'looked', 'arende', '00ff', "
        "'', '00ff')"
    )
    db.execute("INSERT INTO access_cut VALUES (1, '00ff', 'then')")
    db.execute("INSERT INTO trace VALUES ('telegram', '7', 12, 1, 1795.5, 1796.5, 0, NULL)")


def rows_of_reminders(db: Database) -> None:
    """What the seventh version can hold besides: who has been told what waits."""
    rows_of_quiet_about_people(db)
    db.execute("INSERT INTO reminded VALUES ('p-1', '00ff', 'send', 1795.5)")


FILLED: dict[str, Callable[[Database], None]] = {
    "m001_the_spine": rows_of_the_spine,
    "m002_life_around_a_dialog": rows_of_life_around_a_dialog,
    "m003_notes_in_the_chat": rows_of_notes_in_the_chat,
    "m004_the_web": rows_of_the_web,
    "m005_the_handover": rows_of_the_handover,
    "m006_quiet_about_people": rows_of_quiet_about_people,
    "m007_reminders": rows_of_reminders,
}
"""By migration: puts rows into the tables as they are when it has been applied, for the next one to meet."""


def everything(db: Database) -> dict[str, list[tuple[Any, ...]]]:
    return {table: list(db.execute(f"SELECT * FROM {table} ORDER BY 1")) for table in db.table_names()}


def test_no_two_migrations_have_the_same_name_and_they_stand_in_order() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert sorted(NAMES) == NAMES
    assert [name[:5] for name in NAMES] == [f"m{number:03}_" for number in range(1, len(NAMES) + 1)]


def test_every_migration_has_rows_for_the_next_one_to_meet() -> None:
    assert set(FILLED) == set(NAMES), "a new migration is tried with rows in the tables: say here which"


@pytest.mark.parametrize("name", NAMES)
def test_a_migration_keeps_every_row_that_was_there(name: str) -> None:
    db = Database(memory=True)
    MIGRATIONS.apply(db, stop_before=name)
    before = NAMES[: NAMES.index(name)]
    if before:
        FILLED[before[-1]](db)
    was = {table: len(held) for table, held in everything(db).items() if not table.startswith("_")}
    MIGRATIONS.apply(db, stop_before=NAMES[NAMES.index(name) + 1 :])
    assert {table: len(held) for table, held in everything(db).items() if table in was} == was
    if not before:
        FILLED[name](db)
        assert all(len(held) == 1 for held in everything(db).values()), "from zero: every table takes a row"
    db.close()


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_that_the_next_migration_meets_fit_in_the_tables_it_meets(name: str) -> None:
    db = Database(memory=True)
    MIGRATIONS.apply(db, stop_before=NAMES[NAMES.index(name) + 1 :])
    FILLED[name](db)
    held = {table: len(rows) for table, rows in everything(db).items() if not table.startswith("_")}
    assert set(held.values()) == {1}, held
    db.close()


def test_opening_again_changes_nothing(path: Path) -> None:
    Store(path, KEY).close()
    again = Store(path, KEY)
    assert [row[0] for row in rows(again, "SELECT name FROM _sqlite_migrations")] == NAMES
    again.close()


def test_a_store_in_memory_has_the_same_tables_as_one_on_the_disk_and_nothing_of_another(store: Store) -> None:
    def tables(of: Store) -> list[tuple[Any, ...]]:
        told = rows(of, "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
        return told + rows(of, "SELECT id, migration_set, name FROM _sqlite_migrations ORDER BY id")

    one, other = Store(None, KEY), Store(None, OTHER_KEY)
    somebody(one)
    assert tables(one) == tables(other) == tables(store)
    assert (len(one.people()), len(other.people())) == (1, 0)
    again = Store(None, KEY)
    assert again.people() == []
    for held in (one, other, again):
        held.close()


def test_a_store_of_a_newer_version_is_not_touched(path: Path) -> None:
    store = Store(path, KEY)
    with store.transaction():
        store._conn.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('lots', 'm999_later', 'then')"
        )
    store.close()
    with pytest.raises(NewerStore, match="m999_later") as fault:
        Store(path, KEY)
    assert fault.value.code == "L301"
    assert isinstance(fault.value, StoreError)


def test_processes_that_open_a_new_store_at_once_all_find_it_whole(path: Path) -> None:
    script = """
        import sys
        from datetime import datetime, timezone
        from pathlib import Path
        from state.store import Store
        print("ready", flush=True)
        sys.stdin.readline()
        store = Store(Path(sys.argv[1]), bytes(range(32)))
        with store.transaction():
            store.add_person(role="chef", district="Farsta", channel="c", address=sys.argv[2],
                             now=datetime.now(timezone.utc))
        store.close()
    """
    beside = [in_another_process(script, path, number) for number in range(4)]
    for process in beside:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in beside:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [process.communicate(timeout=30)[0] for process in beside]
    assert [process.returncode for process in beside] == [0] * 4, ends
    store = Store(path, KEY)
    assert len(store.people("c")) == 4
    assert [row[0] for row in rows(store, "SELECT name FROM _sqlite_migrations")] == NAMES
    store.close()


# ── one process at a time ────────────────────────────────────────────────────────────────────────────────────


def test_only_one_process_serves_a_store_and_the_claim_goes_with_it(path: Path) -> None:
    beside = in_another_process(
        """
        import sys
        from pathlib import Path
        from state.store import claimed
        with claimed(Path(sys.argv[1])):
            print("mine", flush=True)
            sys.stdin.readline()
        """,
        path,
    )
    assert beside.stdout is not None
    assert beside.stdout.readline() == "mine\n"
    with pytest.raises(StoreBusy, match="end it first") as fault, claimed(path):
        pass
    assert fault.value.code == "L302"
    beside.kill()  # however it ends
    beside.communicate()
    with claimed(path):
        pass


def test_a_claim_does_not_keep_other_processes_from_reading(path: Path) -> None:
    with claimed(path):
        store = Store(path, KEY)
        assert list(store.records()) == []
        store.close()


def test_a_writer_that_does_not_let_go_is_told_as_a_busy_store(store: Store, path: Path) -> None:
    other = Store(path, KEY)
    other._conn.execute("PRAGMA busy_timeout = 20")
    with store.transaction():
        with pytest.raises(StoreBusy) as fault, other.transaction():
            pass
        assert fault.value.code == "L302"
    with other.transaction():
        pass
    other.close()


def test_a_disk_that_is_full_leaves_the_store_usable(store: Store) -> None:
    me = somebody(store)
    pages = rows(store, "PRAGMA page_count")[0][0]
    store._conn.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFailed, match="full") as fault, store.transaction():
        for number in range(2000):
            store.append(A_TALK, me, MONDAY + timedelta(seconds=number))
    assert fault.value.code == "L304"
    assert store.entries(OURS) == (), "nothing of it is there, and nothing of it is remembered"
    store._conn.execute(f"PRAGMA max_page_count = {pages + 1000}")
    with store.transaction():
        store.append(A_TALK, me, MONDAY)
    assert [held.record for held in store.entries(OURS)] == [A_TALK]


def test_a_folder_that_is_not_there_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(DiskFailed, match="No such file or directory"):
        Store(tmp_path / "no" / "such" / "folder" / "ovning.db", KEY)


def test_a_mistake_of_our_own_is_not_told_as_a_fault_of_the_disk(store: Store) -> None:
    with pytest.raises(Exception, match="no such table") as fault, store.transaction():
        store._conn.execute("SELECT * FROM no_such_table")
    assert not isinstance(fault.value, StoreError)


# ── transactions and what is remembered ──────────────────────────────────────────────────────────────────────


def test_what_a_broken_step_began_is_not_there_and_not_remembered(store: Store) -> None:
    me = somebody(store)
    with store.transaction():
        store.append(A_TALK, me, MONDAY)
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.append(A_TALK, me, MONDAY)
        store.append(CaseOpened(case=OURS_TOO), me, MONDAY)
        store.save_session(a_session(me.id), MONDAY)
        store.receive("telegram", [(1, "1", {})], MONDAY)
        store.queue("telegram", [("1", {})], MONDAY)
        code = store.invite(role="chef", district="Farsta", expires_at=MONDAY + timedelta(hours=1))
        assert len(store.entries(OURS)) == 2
        assert store.case_exists(OURS_TOO)
        assert store.invitation_holds(code, MONDAY)
        raise ZeroDivisionError
    assert len(store.entries(OURS)) == 1
    assert not store.case_exists(OURS_TOO)
    assert store.active_session(me.id) is None
    assert waiting(store) == []
    assert store.unsent("telegram") == []
    assert not store.invitation_holds(code, MONDAY)
    assert verify(store.records()) == 1


def test_what_another_process_wrote_is_seen_in_the_next_step(store: Store, path: Path) -> None:
    me = somebody(store)
    other = Store(path, KEY)
    assert store.entries(OURS) == () == other.entries(OURS)
    with other.transaction():
        other.append(A_TALK, me, MONDAY)
    with store.transaction():
        assert [held.record for held in store.entries(OURS)] == [A_TALK]
        store.append(CaseFact(case=OURS, fact="group", value="youth"), me, MONDAY)
    with other.transaction():
        assert [held.record.kind for held in other.entries(OURS)] == ["talk_held", "case_fact"]
    assert verify(store.records()) == 2, "one chain, whoever writes"
    other.close()


def test_many_cases_are_remembered_without_mixing_them_up(store: Store) -> None:
    me = somebody(store)
    cases = [f"Ö{a}{b}-{c}22" for a in "23456789CDFGH" for b in "23456789CDFGH" for c in "23456789CDFGJ"][:2100]
    with store.transaction():
        for case in cases:
            store.append(CaseOpened(case=case), me, MONDAY)
    for _ in range(2):
        assert all([held.record.case for held in store.entries(case)] == [case] for case in cases)


# ── people and invitations ───────────────────────────────────────────────────────────────────────────────────


def test_an_invitation_is_for_one_person_and_one_use(store: Store) -> None:
    with store.transaction():
        code = store.invite(role="ersattare", district="Järva", expires_at=MONDAY + timedelta(hours=24))
    assert store.invitation_holds(code, MONDAY)
    with store.transaction():
        person = store.use_invitation(code, channel="telegram", address="7", now=MONDAY)
    assert person is not None
    assert (person.role, person.district, person.address) == ("ersattare", "Järva", "7")
    assert store.person_at("telegram", "7") == person
    assert store.person_at("terminal", "7") is None, "an address is one in its channel"
    assert not store.invitation_holds(code, MONDAY)
    with store.transaction():
        assert store.use_invitation(code, channel="telegram", address="8", now=MONDAY) is None
    assert store.people("telegram") == [person]


@pytest.mark.parametrize(
    ("after", "holds", "why"),
    [
        (timedelta(hours=23, minutes=59), True, "within the day"),
        (timedelta(hours=24), False, "the day is over"),
        (timedelta(days=30), False, "long ago"),
    ],
)
def test_an_invitation_ends_by_itself(store: Store, after: timedelta, holds: bool, why: str) -> None:
    with store.transaction():
        code = store.invite(role="samordnare", district="Farsta", expires_at=MONDAY + timedelta(hours=24))
        assert store.invitation_holds(code, MONDAY + after) is holds, why
        used = store.use_invitation(code, channel="telegram", address="7", now=MONDAY + after)
    assert (used is not None) is holds, why


def test_of_an_invitation_only_the_hash_is_kept(store: Store) -> None:
    with store.transaction():
        code = store.invite(role="samordnare", district="Farsta", expires_at=MONDAY)
        store.use_invitation(code, channel="telegram", address="7", now=MONDAY - timedelta(hours=1))
    assert len(code) == 24
    assert [row[0] for row in rows(store, "SELECT code_hash FROM invitation")] == [code_hash(code)]
    everything_kept = [
        value for table in ("invitation", "person") for row in rows(store, f"SELECT * FROM {table}") for value in row
    ]
    assert code not in everything_kept
    assert not store.invitation_holds(code_hash(code), MONDAY - timedelta(hours=1)), "the hash is no key"


def test_the_live_message_of_a_person(store: Store) -> None:
    me, other = somebody(store), somebody(store, address="2")
    assert store.live_message(me.id) is None
    with store.transaction():
        store.set_live_message("telegram", "1", 12)
    assert (store.live_message(me.id), store.live_message(other.id)) == (12, None)
    with store.transaction():
        store.set_live_message("terminal", "1", 13)
        store.set_live_message("telegram", "2", 14)
        store.set_live_message("telegram", "1", None)
    assert (store.live_message(me.id), store.live_message(other.id)) == (None, 14)
    assert store.live_message("p-nobody") is None


def test_two_people_cannot_have_one_address(store: Store) -> None:
    somebody(store)
    with pytest.raises(Exception, match="UNIQUE"):
        somebody(store)


# ── notes in the chat ────────────────────────────────────────────────────────────────────────────────────────


def test_a_note_is_remembered_by_its_message_until_its_time_is_out(store: Store, path: Path) -> None:
    me, other = somebody(store), somebody(store, address="2")
    with store.transaction():
        store.note_shown(me.id, 12, MONDAY + timedelta(minutes=10))
        store.note_shown(me.id, 14, MONDAY + timedelta(minutes=5))
        store.note_shown(other.id, 12, MONDAY + timedelta(minutes=20))
        store.note_shown(me.id, 12, MONDAY + timedelta(minutes=11))
    assert (store.notes_shown(me.id), store.notes_shown(other.id)) == ([14, 12], [12])
    after_a_crash = Store(path, KEY)
    with after_a_crash.transaction():
        assert after_a_crash.notes_due("telegram", MONDAY + timedelta(minutes=4)) == []
        assert after_a_crash.notes_due("terminal", MONDAY + timedelta(minutes=60)) == [], "another channel's"
        assert after_a_crash.notes_due("telegram", MONDAY + timedelta(minutes=10)) == [(me.id, 14)]
        assert after_a_crash.notes_due("telegram", MONDAY + timedelta(minutes=10)) == [], "once"
        assert after_a_crash.note_gone(me.id, 12)
        assert not after_a_crash.note_gone(me.id, 12)
        assert not after_a_crash.note_gone(me.id, None)
    after_a_crash.close()
    assert (store.notes_shown(me.id), store.notes_shown(other.id)) == ([], [12])


@pytest.mark.parametrize(("was", "why"), [(12, "the message was gone"), (None, "the press named no message")])
def test_a_note_that_was_sent_anew_is_remembered_where_it_is(store: Store, was: int | None, why: str) -> None:
    me, other = somebody(store), somebody(store, address="2")
    with store.transaction():
        store.note_shown(me.id, was, MONDAY)
        store.note_shown(other.id, was, MONDAY)
        store.note_moved("telegram", "1", was, 15, MONDAY)
        store.note_moved("telegram", "nobody", was, 16, MONDAY)
    assert store.notes_shown(me.id) == [15], why
    assert 15 not in store.notes_shown(other.id)


def test_a_note_that_was_sent_anew_when_its_time_was_out_is_due_at_once(store: Store) -> None:
    """As after a night without a connection: the time ran out while the note waited to be sent."""
    me = somebody(store)
    with store.transaction():
        store.note_shown(me.id, 12, MONDAY)
        assert store.notes_due("telegram", MONDAY) == [(me.id, 12)]
        store.note_moved("telegram", "1", 12, 15, MONDAY)
        assert store.notes_due("telegram", MONDAY) == [(me.id, 15)]


def test_notes_are_forgotten_with_the_chat_they_were_in(store: Store) -> None:
    me, other = somebody(store), somebody(store, address="2")
    with store.transaction():
        for person in (me, other):
            store.note_shown(person.id, 12, MONDAY)
        code = store.invite(role="samordnare", district="Farsta", expires_at=MONDAY, person=me.id)
        assert store.use_invitation(code, channel="telegram", address="3", now=MONDAY - timedelta(hours=1)) is not None
        store.revoke(other.id, MONDAY)
        assert store.notes_due("telegram", MONDAY) == []


def test_what_was_saved_last_is_known_together_and_what_was_saved_before_is_not(store: Store) -> None:
    me = somebody(store)
    with store.transaction():
        first = store.append(CaseOpened(case=OURS), me, MONDAY)
        store.remember_saved(me.id, [first])
        both = [store.append(CaseOpened(case=OURS_TOO), me, MONDAY), store.append(A_TALK, me, MONDAY)]
        store.remember_saved(me.id, both)
    assert [store.saved_with(me.id, held.id) for held in both] == [both, both]
    assert store.saved_with(me.id, first.id) == []
    assert store.saved_with("p-nobody", first.id) == []


# ── sessions ─────────────────────────────────────────────────────────────────────────────────────────────────


def a_session(person: str, id_: str = "s1", **more: Any) -> Session:
    held: dict[str, Any] = {"dialog": "samtal", "version": 1, "opened_at": MONDAY, **more}
    return Session(id=id_, person=person, **held)


values = st.text(max_size=8) | st.integers(-9, 999) | st.lists(st.text(max_size=5), max_size=3)
states = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3)
answers = st.dictionaries(st.text(min_size=1, max_size=8), values | states, max_size=5)


@given(
    answers=answers,
    growing=st.none() | values | states,
    asking=st.sampled_from(["", "change", "change:held", "abandon:", "abandon:change:held", "resume:"]),
    read_back=st.none() | answers,
    revision=st.integers(1, 10**6),
    opened_at=st.datetimes(timezones=st.just(STOCKHOLM), allow_imaginary=False),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_session_comes_back_as_it_was_put_in(memory: Store, opened_at: datetime, **body: Any) -> None:
    (me,) = memory.people("telegram")
    session = a_session(me.id, opened_at=opened_at, **body)
    with memory.transaction():
        memory.save_session(session, MONDAY)
    found = memory.session("s1")
    assert found is not None
    assert found.opened_at.isoformat() == opened_at.isoformat(), "the time of day it was opened, as on the wall"
    assert replace(found, opened_at=opened_at) == session
    assert memory.active_session(me.id) == found
    assert memory.drafts(me.id, "samtal") == [found]


@pytest.fixture
def memory() -> Store:
    store = Store(None, KEY)
    somebody(store)
    return store


def test_a_person_is_in_one_session_and_the_others_wait(store: Store) -> None:
    me, other = somebody(store), somebody(store, address="2")
    with store.transaction():
        store.save_session(a_session(me.id, "s1"), MONDAY)
        store.save_session(a_session(other.id, "s2"), MONDAY)
        store.save_session(a_session(me.id, "s3", dialog="besok"), MONDAY)
    assert store.active_session(me.id) == a_session(me.id, "s3", dialog="besok")
    assert store.active_session(other.id) == a_session(other.id, "s2")
    assert store.drafts(me.id, "samtal") == [a_session(me.id, "s1")], "put aside, and not lost"
    with store.transaction():
        store.save_session(a_session(me.id, "s1", revision=2), MONDAY)
    assert store.active_session(me.id) == a_session(me.id, "s1", revision=2)
    with store.transaction():
        store.end_session("s1")
    assert store.active_session(me.id) is None
    assert store.session("s1") is None
    assert store.drafts(me.id, "samtal") == []
    assert len(store.drafts(me.id, "besok")) == 1


def test_a_session_is_parked_when_its_deadline_has_passed(store: Store) -> None:
    me, other = somebody(store), somebody(store, address="2")
    with store.transaction():
        store.save_session(a_session(me.id, "s1"), MONDAY + timedelta(hours=24))
        store.save_session(a_session(other.id, "s2"), MONDAY + timedelta(hours=48))
        assert store.park_due(MONDAY + timedelta(hours=23)) == 0
        assert store.park_due(MONDAY + timedelta(hours=24)) == 1
        assert store.park_due(MONDAY + timedelta(hours=25)) == 0, "once"
    assert store.active_session(me.id) is None
    assert store.drafts(me.id, "samtal") == [a_session(me.id, "s1")]
    assert store.active_session(other.id) is not None


# ── inbox and outbox ─────────────────────────────────────────────────────────────────────────────────────────


def test_an_update_that_came_before_is_passed_over_also_when_it_has_been_handled(store: Store) -> None:
    arrivals = [(10, "7", {"text": "ett"}), (11, "7", {"text": "två"}), (11, "7", {"text": "två"})]
    with store.transaction():
        assert store.receive("telegram", arrivals, MONDAY) == 2
    assert [came.payload for came in waiting(store)] == [{"text": "ett"}, {"text": "två"}]
    with store.transaction():
        store.handled([came.id for came in waiting(store)], MONDAY)
        assert store.receive("telegram", arrivals, MONDAY) == 0
        assert store.receive("terminal", arrivals[:1], MONDAY) == 1, "another channel counts by itself"
    assert waiting(store) == []


def test_what_was_handled_leaves_its_number_and_nothing_of_what_it_said(store: Store) -> None:
    with store.transaction():
        store.receive("telegram", [(10, "7", {"text": "svaret"}), (11, "7", {"text": "felet"})], MONDAY)
        first, second = waiting(store)
        store.handled([first.id], MONDAY)
        store.handled([second.id], MONDAY, "L400")
    assert rows(store, "SELECT update_id, payload, fault FROM inbox") == [(10, None, None), (11, None, "L400")]


def test_updates_wait_in_the_order_they_came_and_a_batch_at_a_time(store: Store) -> None:
    with store.transaction():
        store.receive("telegram", [(n, "7", {"n": n}) for n in (30, 10, 20)], MONDAY)
    assert [came.payload["n"] for came in waiting(store)] == [30, 10, 20]
    assert [came.payload["n"] for came in store.waiting("telegram", limit=2)] == [30, 10]


def test_what_was_sent_leaves_nothing_of_what_it_said_and_the_rest_waits_for_the_next_start(
    store: Store, path: Path
) -> None:
    with store.transaction():
        first, second, third = store.queue("telegram", [("7", {"n": 1}), ("8", {"n": 2}), ("7", {"n": 3})], MONDAY)
        store.queue("terminal", [("här", {"n": 4})], MONDAY)
        store.sent([(first.id, None), (second.id, "blocked")], MONDAY)
    after_a_crash = Store(path, KEY)
    assert after_a_crash.unsent("telegram") == [third]
    after_a_crash.close()
    assert rows(store, "SELECT payload, fault FROM outbox WHERE channel = 'telegram'") == [
        (None, None),
        (None, "blocked"),
        ('{"n":3}', None),
    ]


def test_the_sweep_forgets_what_nobody_can_repeat_and_nothing_that_waits(store: Store) -> None:
    with store.transaction():
        store.receive("telegram", [(n, "7", {}) for n in (1, 2, 3)], MONDAY)
        old, recent, _waits = waiting(store)
        store.handled([old.id], MONDAY)
        store.handled([recent.id], MONDAY + timedelta(hours=47))
        sent, fresh, _unsent = store.queue("telegram", [("7", {"n": n}) for n in (1, 2, 3)], MONDAY)
        store.sent([(sent.id, None)], MONDAY)
        store.sent([(fresh.id, None)], MONDAY + timedelta(hours=47))
        store.sweep(MONDAY + timedelta(hours=1))
    assert [row[0] for row in rows(store, "SELECT update_id FROM inbox ORDER BY id")] == [2, 3]
    assert [row[0] for row in rows(store, "SELECT id FROM outbox ORDER BY id")] == [2, 3]


# ── records ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_records_come_back_as_they_were_put_in_and_by_their_case(store: Store) -> None:
    me = somebody(store)
    with store.transaction():
        written = [
            store.append(record, me, MONDAY + timedelta(minutes=minute))
            for minute, record in enumerate((CaseOpened(case=OURS), A_TALK, CaseOpened(case=OURS_TOO)))
        ]
    assert list(store.records()) == written
    assert store.entries(OURS) == tuple(written[:2])
    assert [store.record(held.id) for held in written] == written
    assert store.record("no-such-id") is None
    assert [held.seq for held in written] == [1, 2, 3]
    assert written[1].occurred_at == "2026-11-23"
    assert written[1].recorded_at == "2026-11-23T13:06:00.000+00:00"
    assert (written[0].author, written[0].district) == (me.id, "Farsta")


def test_a_case_belongs_to_the_district_of_its_first_record(store: Store) -> None:
    farsta, jarva = somebody(store), somebody(store, address="2", district="Järva")
    with store.transaction():
        store.append(CaseOpened(case=OURS), farsta, MONDAY)
        store.append(CaseFact(case=OURS, fact="group", value="youth"), jarva, MONDAY)
    assert store.district_of(OURS) == "Farsta"
    assert store.district_of(OURS_TOO) is None
    assert (store.case_exists(OURS), store.case_exists(OURS_TOO)) == (True, False)


def test_the_latest_cases_are_those_a_person_wrote_in_latest_first(store: Store) -> None:
    me, other = somebody(store), somebody(store, address="2")
    clock = count()
    with store.transaction():
        for person, case in [(me, OURS), (me, OURS_TOO), (me, OURS), (other, "ÖXX-XXX"), (me, "ÖWW-222")]:
            store.append(CaseOpened(case=case), person, MONDAY + timedelta(minutes=next(clock)))
    assert store.latest_cases(me.id, 4) == ["ÖWW-222", OURS, OURS_TOO]
    assert store.latest_cases(me.id, 2) == ["ÖWW-222", OURS]
    assert store.latest_cases(other.id, 4) == ["ÖXX-XXX"]
    assert store.latest_cases("p-nobody", 4) == []


def test_times_are_kept_in_utc_whatever_the_season(store: Store) -> None:
    me = somebody(store)
    summer = datetime(2026, 7, 1, 12, 0, tzinfo=STOCKHOLM)
    with store.transaction():
        held = store.append(A_TALK, me, summer)
    assert datetime.fromisoformat(held.recorded_at) == summer
    assert datetime.fromisoformat(held.recorded_at).utcoffset() == timedelta(0)
    assert held == replace(held, recorded_at=summer.astimezone(UTC).isoformat(timespec="milliseconds"))
