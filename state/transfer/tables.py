"""The records of a bundle as tables, for people: CSV that a Swedish spreadsheet opens as it is, and XLSX of the same.

A row is a record, in the order of the chain. Nothing in a cell may become a formula: a spreadsheet runs what begins
with certain signs, also where somebody has put it there by way of a name in the configuration.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import xlsxwriter

from dialogs.texts import Text
from dialogs.texts import mark as _
from state.records import ZONE, Link, Tombstone
from state.transfer.journal import day_of, note_lines, what_it_is, who_wrote, words_in

_COLUMNS = (
    (_("Nummer"), 9),
    (_("Ärende"), 10),
    (_("Vad"), 38),
    (_("Dag"), 12),
    (_("Sparat"), 17),
    (_("Av"), 16),
    (_("Stadsdel"), 16),
    (_("Journaltext"), 80),
    (_("Id"), 38),
    (_("Slag"), 22),
)
"""Headings, and how many signs wide a column is."""

_NOTE = 7
"""The column of the journal text."""

_SHEET = _("Anteckningar")
_PURGED = _("Gallrad")
_APART = _("{what} (inget ärende om en ung person)")
_TOO_LONG = _("Texten är för lång för en ruta. Läs den i ärendets journaltext.")

LONGEST_CELL = 32_767
"""Characters: a spreadsheet cuts off what is longer."""

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""OWASP, CSV injection: a spreadsheet may take what begins so as a formula; the wide forms too."""

Row = Sequence[str]


def _row(held: Link, labels: Mapping[str, str]) -> Row:
    at = datetime.fromisoformat(held.recorded_at).astimezone(ZONE)
    if isinstance(held, Tombstone):
        case, what, note = "", words_in(_PURGED), ""
        day = at.date().isoformat() if held.occurred_at == held.recorded_at else held.occurred_at
    else:
        case, what, day = held.record.case, what_it_is(held, labels), day_of(held).isoformat()
        note = "\n".join(note_lines(held))
        if held.record.apart:
            what = words_in(Text(_APART, what=what))
        if len(note) > LONGEST_CELL:
            note = words_in(_TOO_LONG)
    written, who = f"{at:%Y-%m-%d %H:%M}", who_wrote(held.author, labels)
    return (str(held.seq), case, what, day, written, who, held.district, note, held.id, held.kind)


def rows_of(links: Iterable[Link], labels: Mapping[str, str]) -> list[Row]:
    """The table of records, for both files: working it out takes longer than writing it.

    :param links: records in the order of the chain, those that were purged as tombstones.
    :param labels: staff ids and what colleagues see of them.
    :returns: a row each, under the headings of the files; lines within a cell end with a line feed.
    """
    return [_row(held, labels) for held in links]


def _headings() -> list[str]:
    return [words_in(heading) for heading, _width in _COLUMNS]


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_BEGINS_A_FORMULA) else cell


def csv_from(rows: Sequence[Row]) -> bytes:
    """Rows as a CSV file: semicolons, UTF-8 with its mark and CRLF, as Swedish Excel opens it right.

    :param rows: see :func:`rows_of`.
    :returns: the file. An apostrophe stands before what could be taken as a formula.
    """
    file = io.StringIO(newline="")
    to = csv.writer(file, delimiter=";", lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    to.writerow(_headings())
    to.writerows([_harmless(cell) for cell in row] for row in rows)
    return file.getvalue().encode("utf-8-sig")


def xlsx_from(rows: Sequence[Row], made_at: datetime) -> bytes:
    """Rows as a spreadsheet: every cell is text, the headings stay in sight and can be filtered by.

    :param rows: see :func:`rows_of`.
    :param made_at: the day that the file says it was made; with a zone.
    :returns: the file; the same bytes for the same rows and day.
    """
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    book.set_properties({"created": made_at.astimezone(UTC).replace(tzinfo=None), "title": words_in(_SHEET)})
    sheet = book.add_worksheet(words_in(_SHEET))
    top = book.add_format({"valign": "top"})
    wrapped, bold = book.add_format({"valign": "top", "text_wrap": True}), book.add_format({"bold": True})
    for place, (heading, width) in enumerate(_COLUMNS):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, words_in(heading), bold)
    formats = [wrapped if place in (2, _NOTE) else top for place in range(len(_COLUMNS))]
    for number, row in enumerate(rows, 1):
        for place, cell in enumerate(row):
            if cell:
                sheet.write_string(number, place, cell, formats[place])
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(rows), len(_COLUMNS) - 1)
    book.close()
    return file.getvalue()
