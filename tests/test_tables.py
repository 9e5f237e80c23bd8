"""The tables of a bundle: a row a record, the same in both files, and nothing in them that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import openpyxl
import pytest

from dialogs.plain import faults
from dialogs.records import CaseFact, CaseOpened, ConsentWithdrawn
from state.records import Link
from state.transfer.tables import LONGEST_CELL, csv_from, rows_of, xlsx_from
from tests.talk import MONDAY, REAL
from tests.test_journal import CASE, LABELS, STAFF, TALK, written
from tests.test_records import buried

HEADINGS = ["Nummer", "Ärende", "Vad", "Dag", "Sparat", "Av", "Stadsdel", "Journaltext", "Id", "Slag"]
LINKS: list[Link] = [CASE[0], buried(CASE[1]), buried(CASE[2]), *CASE[3:]]


def csv_of(links: Sequence[Link], labels: Mapping[str, str]) -> bytes:
    return csv_from(rows_of(links, labels))


def xlsx_of(links: Sequence[Link], labels: Mapping[str, str]) -> bytes:
    return xlsx_from(rows_of(links, labels), datetime.fromisoformat(links[-1].recorded_at))


def read_csv(file: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline=""), delimiter=";", strict=True))


def read_xlsx(file: bytes) -> list[list[str]]:
    """What a person sees in each cell; every one is text."""
    cells = [list(row) for row in openpyxl.load_workbook(io.BytesIO(file)).active.rows]
    assert {cell.data_type for row in cells for cell in row if cell.value is not None} <= {"s"}
    return [["" if cell.value is None else str(cell.value) for cell in row] for row in cells]


# ── what a row says ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_row_says_what_it_is_when_who_and_the_whole_note() -> None:
    heading, *rows = read_csv(csv_of(CASE[2:3], LABELS))
    note = [
        f"Motivationssamtal, ärende {REAL}.",
        "Samtalet hölls den 20 november 2026.",
        "Det var ett möte.",
        "Samtalet hölls av båda samordnarna.",
        "Det här är ett underlag. Journalen förs i verksamhetssystemet.",
    ]
    assert heading == HEADINGS
    assert rows == [
        [
            *("3", REAL, "Samtal den 20 november 2026", "2026-11-20", "2026-11-25 14:05", "samordnare 2", "Farsta"),
            *("\n".join(note), CASE[2].id, "talk_held"),
        ]
    ]


@pytest.mark.parametrize(
    ("held", "said", "why"),
    [
        (CASE[0], ["1", REAL, "Ärendet skapades", "2026-11-23", "2026-11-23 14:05"], "it happened when it was written"),
        (CASE[1], ["2", REAL, "Uppgift, Ålder: 15–17 år", "2026-11-24", "2026-11-24 14:05"], "a fact has no note"),
        (buried(CASE[1]), ["2", "", "Gallrad", "2026-11-24", "2026-11-24 14:05"], "gone, and the case with it"),
        (buried(CASE[2]), ["3", "", "Gallrad", "2026-11-20", "2026-11-25 14:05"], "the day is in what is left"),
        (
            STAFF[0],
            ["1", REAL, "Hot mot personal (inget ärende om en ung person)", "2026-11-23", "2026-11-23 14:05"],
            "its code is no case",
        ),
    ],
)
def test_what_a_row_begins_with(held: Link, said: list[str], why: str) -> None:
    assert list(rows_of([held], LABELS)[0][:5]) == said, why


def test_what_is_left_of_a_purged_record_has_no_note_and_still_says_who_where_and_which() -> None:
    (row,) = rows_of([buried(CASE[2])], LABELS)
    assert list(row[5:]) == ["samordnare 2", "Farsta", "", CASE[2].id, "talk_held"]


def test_days_are_local_where_the_clock_says_otherwise() -> None:
    (late,) = written(CaseOpened(case=REAL))
    late = replace(late, recorded_at="2026-06-30T22:30:00.000+00:00", occurred_at="2026-06-30T22:30:00.000+00:00")
    for held in (late, buried(late)):
        assert list(rows_of([held], LABELS)[0][3:5]) == ["2026-07-01", "2026-07-01 00:30"]


def test_a_note_that_no_cell_can_hold_is_said_to_stand_elsewhere() -> None:
    many = tuple(f"en part med ett namn {number:05}" for number in range(2000))
    (held,) = written(
        ConsentWithdrawn(case=REAL, withdrawn_on=date(2026, 11, 20), giver="subject", parties=many, how="telephone")
    )
    (row,) = rows_of([held], LABELS)
    assert row[7] == "Texten är för lång för en ruta. Läs den i ärendets journaltext."
    assert not faults(row[7])
    assert len(rows_of(CASE[2:3], LABELS)[0][7]) < LONGEST_CELL


# ── the files ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_csv_is_as_swedish_excel_opens_it() -> None:
    file = csv_of(LINKS, LABELS)
    assert file.startswith('\ufeff"Nummer";"Ärende"'.encode())
    assert file.endswith(b"\r\n")
    lines = file.decode("utf-8-sig").split("\r\n")
    assert len(lines) == len(LINKS) + 2, "a line feed within a cell is no end of a row"
    assert "\r" not in "".join(lines)


def test_both_files_have_a_row_a_record_and_say_the_same() -> None:
    links: Sequence[Link] = [*LINKS, *STAFF]
    rows = read_csv(csv_of(links, LABELS))
    assert len(rows) == len(links) + 1
    for number, (ours, theirs) in enumerate(zip(rows, read_xlsx(xlsx_of(links, LABELS)), strict=True)):
        assert ours == theirs, f"row {number}"
    assert [row[8] for row in rows[1:]] == [held.id for held in links]
    assert [row[2] for row in rows[1:4]] == ["Ärendet skapades", "Gallrad", "Gallrad"]


def test_the_headings_stay_in_sight_and_can_be_filtered_by_and_notes_are_wrapped() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_of(LINKS, LABELS)))
    sheet = book.active
    assert book.sheetnames == ["Anteckningar"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", f"A1:J{len(LINKS) + 1}")
    assert all(row[7].alignment.wrap_text for row in list(sheet.rows)[4:6])
    assert book.properties.created == datetime(2026, 11, 28, 13, 5)  # noqa: DTZ001


def test_files_are_the_same_when_they_are_made_again() -> None:
    file = xlsx_of(LINKS, LABELS)
    assert xlsx_of(LINKS, LABELS) == file
    assert csv_of(LINKS, LABELS) == csv_of(LINKS, LABELS)
    assert {part.date_time[0] for part in zipfile.ZipFile(io.BytesIO(file)).infolist()} == {1980}
    later = xlsx_from(rows_of(LINKS, LABELS), MONDAY + timedelta(days=9))
    assert later != file, "the day that it says it was made is the last record's, not the clock's"


# ── what must not be run ─────────────────────────────────────────────────────────────────────────────────────

BAD = [
    ("=1+1", "a formula"),
    ('=HYPERLINK("http://example.org";"Klicka")', "one with the separator and marks in it"),
    ("+46", "a plus"),
    ("-1+cmd|' /C calc'!A0", "a minus"),
    ("@SUM(A1)", "the old sign"),
    ("\t=1", "behind a tab"),
    ("\r=1", "behind a carriage return"),
    ("\n=1", "behind a line feed"),
    ("\uff1d1+1", "the wide sign, which some take for the other"),
]


@pytest.mark.parametrize(("said", "why"), BAD)
def test_nothing_becomes_a_formula(said: str, why: str) -> None:
    held = replace(written(TALK)[0], district=said)
    heading, row = read_csv(csv_of([held], {"p-me": said}))
    assert heading == HEADINGS
    assert (row[5], row[6]) == (f"'{said}", f"'{said}"), why
    (_heading, seen) = read_xlsx(xlsx_of([held], {"p-me": said}))
    assert seen[5].replace("_x000D_", "\r") == said, "a spreadsheet's own file says itself that it is text"


@pytest.mark.parametrize(
    "said", ["samordnare 2", "'=1", 'med "citat"; och semikolon', "5-1", "a=1", "– ett streck", ""]
)
def test_what_is_harmless_stands_as_it_is(said: str) -> None:
    row = ["1", *[said] * 9]
    assert read_csv(csv_from([row]))[1] == row


def test_a_configured_name_in_a_record_that_begins_with_a_sign_stands_within_words() -> None:
    """A record's own words may begin with a minus; what a person reads of them begins with what it is."""
    held = written(CaseFact(case=REAL, fact="district", value="-1"))
    assert read_csv(csv_of(held, LABELS))[1][2] == "Uppgift, Stadsdel: -1"


def test_the_headings_are_plain_and_each_column_has_one() -> None:
    assert not [fault for heading in HEADINGS for fault in faults(heading)]
    assert {len(row) for row in rows_of(LINKS, LABELS)} == {len(HEADINGS)}
