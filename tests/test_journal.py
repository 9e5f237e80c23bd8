"""The journal text of a case in a bundle: what it says, and that the PDF says the same to one who listens."""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from textwrap import dedent
from typing import get_args, get_origin, get_type_hints

import pytest

from dialogs.plain import HIGHEST_LIX, faults, lix
from dialogs.records import (
    CaseClosed,
    CaseFact,
    CaseOpened,
    ConsentAsked,
    ConsentCorrected,
    ConsentWithdrawn,
    CopySettled,
    Corrected,
    CorrectionNotice,
    Declined,
    DeclineSettled,
    ExitPrerequisites,
    GiverAnswers,
    PartyAnswer,
    Record,
    RecordRef,
    StaffThreat,
    TalkHeld,
    Transferred,
)
from dialogs.registry import DIALOGS, KINDS, note_of
from dialogs.texts import say
from state.ids import Seeded, uuid7
from state.people import LOTS
from state.records import GENESIS, Envelope, sealed
from state.transfer.journal import REFERS, journal_pdf, journal_text, pdf_is_possible
from tests.talk import MONDAY, REAL

LABELS = {"p-me": "samordnare 2", "p-colleague": "ersättare 1"}
FIRST = "01a20847-5108-7f56-9c4c-2a2a2a2a2a2a"


def written(*records: Record, author: str = "p-me") -> list[Envelope]:
    """Records as a store writes them, one a day."""
    source = Seeded(1)
    held: list[Envelope] = []
    for number, record in enumerate(records, 1):
        at = MONDAY + timedelta(days=number - 1)
        held.append(
            sealed(
                seq=number,
                id_=uuid7(source, at),
                record=record,
                author=author,
                district="Farsta",
                recorded_at=at.astimezone(UTC).isoformat(timespec="milliseconds"),
                salt=f"{source.bits(128):032x}",
                previous=held[-1].hash if held else GENESIS,
            )
        )
    return held


TALK = TalkHeld(case=REAL, held="yes", occurred_on=date(2026, 11, 20), mode="meeting", held_by="both")
CASE = written(
    CaseOpened(case=REAL),
    CaseFact(case=REAL, fact="age_group", value="15_17"),
    TALK,
    Corrected(case=REAL, corrects=FIRST, change="mode", mode="video", reason="mistyped", talk_on=date(2026, 11, 20)),
    CorrectionNotice(case=REAL, changes=FIRST, about_day=date(2026, 11, 20), because="corrected"),
    Declined(case=REAL, bundle=1, record=FIRST, reason="duplicate"),
)
STAFF = written(
    StaffThreat(
        case=REAL,
        reported_at=MONDAY,
        danger="no",
        against="self",
        manager="yes",
        police="no",
        routine="yes",
        sig="paused",
    )
)


def the_text(entries: Sequence[Envelope], labels: Mapping[str, str] = LABELS) -> str:
    return journal_text(REAL, entries, labels).decode()


# ── the text ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_case_is_read_from_above_and_every_note_says_who_wrote_it_when_and_what_it_changes() -> None:
    assert the_text(CASE) == dedent(
        f"""\
        Ärende {REAL}
        Texten kommer från Lots. För in den i ärendet i verksamhetssystemet.
        Det som skrevs först står överst. En rättelse visar med ett id vilken anteckning den ändrar.

        2026-11-23: Ärendet skapades

        2026-11-24: Uppgift, Ålder: 15–17 år

        2026-11-20: Samtal den 20 november 2026
        Motivationssamtal, ärende {REAL}.
        Samtalet hölls den 20 november 2026.
        Det var ett möte.
        Samtalet hölls av båda samordnarna.
        Det här är ett underlag. Journalen förs i verksamhetssystemet.
        Antecknat 2026-11-25 av samordnare 2.
        Id {CASE[2].id}

        2026-11-26: Rättelse av samtalet den 20 november 2026
        Rättelse, ärende {REAL}.
        Den gäller samtalet den 20 november 2026, som det först sparades.
        Samtalets form: Video.
        Skäl: Det var ett skrivfel.
        Det här är ett underlag. Journalen förs i verksamhetssystemet.
        Ändrar anteckningen med id {FIRST}.
        Antecknat 2026-11-26 av samordnare 2.
        Id {CASE[3].id}

        2026-11-27: Rättelse till det som överfördes
        Rättelse till det som är överfört, ärende {REAL}.
        Samtalet den 20 november 2026 är överfört. Nu är det rättat.
        Den förra texten ska stå kvar. Nästa överföring visar vilken det är.
        Det här är ett underlag. Journalen förs i verksamhetssystemet.
        Ändrar anteckningen med id {FIRST}.
        Antecknat 2026-11-27 av samordnare 2.
        Id {CASE[4].id}

        2026-11-28: Avvisad av mottagaren. Gäller anteckningen med id {FIRST}.
        """
    )


def test_what_is_kept_apart_says_above_everything_that_it_is_no_case() -> None:
    title, where, order, *rest = the_text(STAFF).splitlines()
    assert title == f"Kod {REAL} är inget ärende om en ung person"
    assert where == "Texten kommer från Lots. För aldrig in den i en ung persons akt."
    assert "står överst" in order
    assert "Ärende" not in title
    assert rest[1] == "2026-11-23: Hot mot personal"
    bookkept = [*STAFF, *written(Transferred(case=REAL, bundle=1, records=(FIRST,)), author=LOTS.id)]
    assert the_text(bookkept).splitlines()[0] == title, "also beside what Lots itself has written"


@pytest.mark.parametrize(
    ("fact", "value", "said", "why"),
    [
        ("group", "youth", "Uppgift, Grupp: SIG unga", "one of a list"),
        ("custody", "unknown", "Uppgift, Vårdnad: Vet inte", "what was taken back"),
        ("month_of_18", "2028-03", "Uppgift, Fyller 18: mars 2028", "a month in words"),
        ("month_of_18", "unknown", "Uppgift, Fyller 18: Vet inte", "no month"),
        ("district", "Hässelby-Vällingby", "Uppgift, Stadsdel: Hässelby-Vällingby", "a configured name"),
        ("first_coordinator", "p-colleague", "Uppgift, Första samordnaren: ersättare 1", "a label, never an id"),
        ("second_coordinator", "none_yet", "Uppgift, Andra samordnaren: Ingen ännu", "nobody"),
        ("group", "gone", "Uppgift, Grupp: gone", "what no list holds any longer"),
    ],
)
def test_a_fact_says_what_was_said(fact: str, value: str, said: str, why: str) -> None:
    (held,) = written(CaseFact.from_payload({"case": REAL, "fact": fact, "value": value}))
    assert the_text([held]).splitlines()[-1] == f"2026-11-23: {said}", why


def test_one_whom_nobody_knows_is_a_coordinator_and_lots_is_lots() -> None:
    assert "Antecknat 2026-11-23 av en samordnare." in the_text(written(TALK, author="p-gone"))
    assert "Antecknat 2026-11-23 av Lots." in the_text(written(TALK, author=LOTS.id))


def test_the_day_is_the_local_one() -> None:
    source = written(TALK)[0]
    late = sealed(
        seq=1,
        id_=source.id,
        record=CaseOpened(case=REAL),
        author="p-me",
        district="Farsta",
        recorded_at="2026-11-23T23:30:00.000+00:00",
        salt=source.salt,
        previous=GENESIS,
    )
    assert the_text([late]).splitlines()[-1] == "2026-11-24: Ärendet skapades"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_whatever_names_another_record_says_which_in_the_text(kind: type[Record]) -> None:
    hints = get_type_hints(kind, include_extras=True)
    single = {
        name for name, hint in hints.items() if get_origin(hint) is not tuple and RecordRef in (hint, *get_args(hint))
    }
    assert single <= REFERS.keys(), "a field with the id of another record has no words in the journal text"


@pytest.mark.parametrize(
    "record",
    [
        CaseClosed(case=REAL, reason="discharged"),
        ConsentAsked(
            case=REAL,
            asked_on=date(2026, 11, 20),
            age_group="21_29",
            givers=(GiverAnswers(giver="subject", lines=(PartyAnswer(party="school", answer="refused"),)),),
        ),
        ConsentWithdrawn(
            case=REAL, withdrawn_on=date(2026, 11, 21), giver="subject", parties=("school",), how="telephone"
        ),
        ConsentCorrected(case=REAL, corrects=FIRST, about_day=date(2026, 11, 20), reason="other"),
        CopySettled(case=REAL, consent=FIRST, about_day=date(2026, 11, 20), giver="subject", outcome="kept"),
        DeclineSettled(case=REAL, record=FIRST, about_day=date(2026, 11, 20), outcome="ready_now"),
        ExitPrerequisites(case=REAL, triage=FIRST, police_form="yes", measures="no"),
    ],
    ids=lambda record: record.kind,
)
def test_a_note_is_there_whole_with_the_id_that_it_names_and_its_own(record: Record) -> None:
    (held,) = written(record)
    text = the_text([held])
    note = "\n".join(say(line, "sv") for line in note_of(record))
    refers = [line for line in text.splitlines() if line.endswith(f"med id {FIRST}.")]
    assert f"\n{note}\n" in text
    assert text.endswith("\n".join(["", *refers, "Antecknat 2026-11-23 av samordnare 2.", f"Id {held.id}", ""]))
    assert len(refers) == (FIRST in str(record.payload()))


def test_the_note_of_a_kind_is_that_of_the_dialog_that_writes_it() -> None:
    assert next(say(line, "sv") for line in note_of(TALK)).startswith("Motivationssamtal")
    assert not note_of(CaseOpened(case=REAL))
    writers = [kind for dialog in DIALOGS if dialog.note is not None for kind in dialog.kinds]
    assert len(writers) == len(set(writers)), "two dialogs would note the same kind in two ways"


def test_the_words_of_the_text_itself_are_plain() -> None:
    lines = [line for text in (the_text(CASE), the_text(STAFF)) for line in text.splitlines()[:3]]
    lines += [words.format(id="X") for words in REFERS.values()]
    assert not [fault for line in lines for fault in faults(line)]
    assert lix("\n".join(lines)) <= HIGHEST_LIX


# ── the PDF ──────────────────────────────────────────────────────────────────────────────────────────────────


class Pdf:
    """As much of a PDF as these tests read: its objects, and the text that is tagged."""

    def __init__(self, file: bytes) -> None:
        self.file = file
        found = re.finditer(rb"(\d+) 0 obj\n(.*?)\nendobj", file, re.DOTALL)
        self.objects = {int(one[1]): one[2] for one in found}

    def stream(self, number: int) -> bytes:
        """What an object holds, unpacked."""
        head, _, rest = self.objects[number].partition(b"stream\n")
        body = rest.rsplit(b"\nendstream", 1)[0]
        return zlib.decompress(body) if b"FlateDecode" in head else body

    def tags(self, name: bytes) -> int:
        """How many parts of the document are tagged as something."""
        return sum(1 for held in self.objects.values() if re.search(rb"/S/%s\b" % name, held))

    def text(self) -> str:
        """All text that belongs to the document, in its order; a page's number does not."""
        pages = [held for held in self.objects.values() if re.search(rb"/Type/Page\b", held)]
        return "".join(part for page in pages for part in self._page(page))

    def _page(self, page: bytes) -> Iterator[str]:
        (resources,), (contents,) = (re.findall(rb"/%s (\d+) 0 R" % name, page) for name in (b"Resources", b"Contents"))
        fonts = {
            name: self._letters(int(number))
            for name, number in re.findall(rb"/(f\d+) (\d+) 0 R", self.objects[int(resources)])
        }
        font, tagged = b"", False
        before = b""
        for token in tokens(self.stream(int(contents))):
            if isinstance(token, bytearray):
                if tagged:
                    yield "".join(fonts[font][bytes(token[at : at + 2])] for at in range(0, len(token), 2))
            elif token in (b"BDC", b"BMC"):
                tagged = b"/MCID" in before
            elif token.startswith(b"/f"):
                font = token[1:]
            before = bytes(token)

    def _letters(self, font: int) -> dict[bytes, str]:
        (number,) = re.findall(rb"/ToUnicode (\d+) 0 R", self.objects[font])
        pairs = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n", self.stream(int(number)))
        return {bytes.fromhex(a.decode()): bytes.fromhex(b.decode()).decode("utf-16-be") for a, b in pairs}


ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
TOKEN = re.compile(rb"\s*(<<.*?>>|\(|[\[\]]|/?[^\s()<>\[\]/]+)", re.DOTALL)
LITERAL = re.compile(rb"\\([0-7]{1,3}|.)|([()])|[^\\()]+", re.DOTALL)


def tokens(stream: bytes) -> Iterator[bytes | bytearray]:
    """What a page is drawn with: names, numbers and operators, and each string unescaped as a ``bytearray``."""
    at = 0
    while found := TOKEN.match(stream, at):
        at = found.end()
        if found[1] != b"(":
            yield found[1]
            continue
        string, depth = bytearray(), 1
        while depth:
            part = LITERAL.match(stream, at)
            assert part is not None
            at = part.end()
            depth += {b"(": 1, b")": -1}.get(part[0], 0)
            if part[1] is not None:
                string += bytes([int(part[1], 8)]) if part[1].isdigit() else ESCAPES.get(part[1], part[1])
            elif depth:
                string += part[0]
        yield string


def without_blanks(text: str) -> str:
    return "".join(text.split())


def test_the_pdf_says_what_the_text_says_and_is_tagged_for_those_who_listen() -> None:
    assert pdf_is_possible()
    file = journal_pdf(REAL, CASE, LABELS)
    pdf = Pdf(file)
    assert file.startswith(b"%PDF-1.7")
    assert without_blanks(pdf.text()) == without_blanks(the_text(CASE))
    (catalog,) = (held for held in pdf.objects.values() if b"/Type/Catalog" in held)
    for part in (b"/Lang(sv", b"/MarkInfo<</Marked true", b"/StructTreeRoot", b"/DisplayDocTitle true", b"/Outlines"):
        assert part in catalog, part
    assert b"<pdfuaid:part>1</pdfuaid:part>" in file
    assert f'<rdf:li xml:lang="x-default">Ärende {REAL}</rdf:li>'.encode() in file
    assert (pdf.tags(b"H1"), pdf.tags(b"H2")) == (1, 3), "the case, and each record that has a note"
    lines = [line for line in the_text(CASE).splitlines() if line]
    assert pdf.tags(b"P") == len(lines) - 4


def test_a_pdf_is_the_same_when_it_is_made_again_and_as_old_as_the_last_record() -> None:
    file = journal_pdf(REAL, CASE, LABELS)
    journal_pdf(REAL, STAFF, LABELS)
    assert journal_pdf(REAL, CASE, LABELS) == file
    assert b"/CreationDate(D:20261128130500Z)" in file
    assert datetime.fromisoformat(CASE[-1].recorded_at) == datetime(2026, 11, 28, 13, 5, tzinfo=UTC)


def test_nothing_in_the_text_is_taken_as_markup() -> None:
    labels = {"p-me": '#panic("x") = *Rubrik* $x$ <a> @b // \\ `c`'}
    file = journal_pdf(REAL, written(TALK), labels)
    assert without_blanks(labels["p-me"]) in without_blanks(Pdf(file).text())


def test_a_long_case_goes_over_many_pages_and_nothing_of_it_is_lost() -> None:
    many = written(*[TALK] * 40)
    pdf = Pdf(journal_pdf(REAL, many, LABELS))
    assert sum(1 for held in pdf.objects.values() if re.search(rb"/Type/Page\b", held)) > 5
    assert without_blanks(pdf.text()) == without_blanks(the_text(many))


def test_without_the_extra_there_is_no_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    assert not pdf_is_possible.__wrapped__()


def test_every_part_of_an_envelope_that_people_need_is_in_the_text() -> None:
    """The digests and the chain are for machines, and stand in the records' own file."""
    (held,) = written(TALK)
    text = the_text([held])
    shown = {field.name for field in fields(Envelope) if str(getattr(held, field.name)) in text}
    assert {"id"} <= shown
    assert not shown & {"salt", "digest", "hash", "author"}
