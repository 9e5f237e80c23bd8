"""The journal text of a case, for those who file it in the case system: plain text, and a tagged PDF of the same.

What is said is the record's own note, as it was written: a correction stands after what it corrects, with the id of
what it changes. The text is a function of its arguments alone, so that a bundle that is made again is the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING

from dialogs.answers import Choice
from dialogs.arende import record_words
from dialogs.case_facts import fact_question
from dialogs.dates import month_words, read_month
from dialogs.records import CaseFact
from dialogs.registry import note_of
from dialogs.texts import SOURCE_LANGUAGE, Text, Verbatim, Words, say
from dialogs.texts import mark as _
from state.people import LOTS
from state.records import Envelope

if TYPE_CHECKING:
    import typst

REFERS = {
    "changes": _("Ändrar anteckningen med id {id}."),
    "corrects": _("Ändrar anteckningen med id {id}."),
    "record": _("Gäller anteckningen med id {id}."),
    "consent": _("Hör ihop med anteckningen med id {id}."),
    "triage": _("Hör ihop med anteckningen med id {id}."),
    "referral": _("Hör ihop med anteckningen med id {id}."),
}
"""What a record says of another, by the field that holds its id."""


def words_in(words: Words) -> str:
    """Words as they stand in a bundle: what people read in it is Swedish.

    :param words: marked words.
    :returns: the sentence.
    """
    return say(words, SOURCE_LANGUAGE)


def what_it_is(held: Envelope, labels: Mapping[str, str]) -> str:
    """What a record is, in a few words; of a case fact, also what was said.

    :param held: the record.
    :param labels: staff ids and what colleagues see of them.
    :returns: Swedish words without a full stop.
    """
    what = words_in(record_words(held.record))
    return f"{what}: {_value(held.record, labels)}" if isinstance(held.record, CaseFact) else what


_NO_ONE = {"unknown": _("Vet inte"), "none_yet": _("Ingen ännu")}


def _value(said: CaseFact, labels: Mapping[str, str]) -> str:
    """What was said of a fact; a value that no list holds any longer is a configured name, and stands as it is."""
    kind = fact_question(said.fact).kind
    if isinstance(kind, Choice) and said.value in {option.value for option in kind.choices}:
        return words_in(kind.label_of(said.value))
    if said.fact == "month_of_18" and (month := read_month(said.value, SOURCE_LANGUAGE)) is not None:
        return month_words(month, SOURCE_LANGUAGE)
    return words_in(_NO_ONE[said.value]) if said.value in _NO_ONE else labels.get(said.value, said.value)


def day_of(held: Envelope) -> date:
    """The day of a record.

    :param held: the record.
    :returns: when it happened, or else when it was written.
    """
    return held.record.happened_on or held.said_on


def who_wrote(author: str, labels: Mapping[str, str]) -> str:
    """Who wrote a record: a role and a number, never a name (27 § förvaltningslagen).

    :param author: a staff id.
    :param labels: staff ids and what colleagues see of them.
    :returns: a label; "en samordnare" of one who has none.
    """
    return labels.get(author) or (LOTS.label if author == LOTS.id else words_in(_("en samordnare")))


def note_lines(held: Envelope) -> list[str]:
    """A record's journal note.

    :param held: the record.
    :returns: its lines; none where it has no note.
    """
    return [words_in(line) for line in note_of(held.record)]


@dataclass(frozen=True)
class _Part:
    """One record in the text: what it is, and under that its note; only what it is, where it has none."""

    heading: str
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class _Journal:
    title: str
    lead: Sequence[str]
    parts: Sequence[_Part]


def _journal(case: str, entries: Sequence[Envelope], labels: Mapping[str, str]) -> _Journal:
    if any(held.record.apart for held in entries):
        title: Words = Text(_("Kod {case} är inget ärende om en ung person"), case=case)
        where = _("Texten kommer från Lots. För aldrig in den i en ung persons akt.")
    else:
        title = Text(_("Ärende {case}"), case=case)
        where = _("Texten kommer från Lots. För in den i ärendet i verksamhetssystemet.")
    order = _("Det som skrevs först står överst. En rättelse visar med ett id vilken anteckning den ändrar.")
    return _Journal(words_in(title), (words_in(where), words_in(order)), [_part(held, labels) for held in entries])


def _part(held: Envelope, labels: Mapping[str, str]) -> _Part:
    heading = f"{day_of(held).isoformat()}: {what_it_is(held, labels)}"
    note, refers = note_lines(held), _refers(held)
    if not note:
        return _Part(". ".join((heading, *refers)))
    who, day = Verbatim(who_wrote(held.author, labels)), Verbatim(held.said_on.isoformat())
    written = words_in(Text(_("Antecknat {day} av {who}."), day=day, who=who))
    return _Part(heading, [*note, *refers, written, f"Id {held.id}"])


def _refers(held: Envelope) -> list[str]:
    return [
        words_in(Text(said, id=Verbatim(id_)))
        for field, said in REFERS.items()
        if (id_ := getattr(held.record, field, None)) is not None
    ]


def journal_text(case: str, entries: Sequence[Envelope], labels: Mapping[str, str]) -> bytes:
    """The journal text of a case.

    :param case: its code, or a code that is kept apart: then the heading says that it is no case.
    :param entries: its records in a bundle, oldest first.
    :param labels: staff ids and what colleagues see of them.
    :returns: Swedish text in UTF-8; one line of a record that has no note.
    """
    journal = _journal(case, entries, labels)
    parts = ("\n".join((part.heading, *part.lines)) for part in journal.parts)
    return ("\n\n".join(("\n".join((journal.title, *journal.lead)), *parts)) + "\n").encode()


# ── as a PDF ─────────────────────────────────────────────────────────────────────────────────────────────────

_PAGE = b"""
#let journal = json(bytes(sys.inputs.journal))
#set document(title: journal.title)
#set page(paper: "a4", margin: 25mm, numbering: "1 (1)")
#set text(lang: "sv", region: "SE", size: 11pt, font: "Libertinus Serif", ligatures: false)
#set par(spacing: 0.7em)
#show heading.where(level: 2): set block(above: 2em, below: 0.9em, sticky: true)
#heading(level: 1, journal.title)
#for line in journal.lead { par(line) }
#for part in journal.parts {
  if part.lines.len() == 0 { block(above: 2em, par(part.heading)) } else {
    heading(level: 2, part.heading)
    for line in part.lines { par(line) }
  }
}
"""
"""What the page looks like. The text comes in as data, so that nothing in it is ever read as markup."""


MOST_IN_A_PDF = 200
"""Records: a page is laid out in memory, half a megabyte a record; of more than these the text alone is enough."""


@cache
def pdf_is_possible() -> bool:
    """Whether PDFs can be made here: the extra ``pdf`` is installed.

    :returns: whether :func:`journal_pdf` works.
    """
    try:
        import typst  # noqa: F401
    except ImportError:
        return False
    return True


@cache
def _compiler() -> typst.Compiler:
    """One compiler for all: reading its fonts takes ten times as long as making a page."""
    import typst

    return typst.Compiler(ignore_system_fonts=True)


def journal_pdf(case: str, entries: Sequence[Envelope], labels: Mapping[str, str]) -> bytes:
    """The journal text of a case as a tagged PDF (PDF/UA-1), which a screen reader reads with its headings.

    :param case: its code, or a code that is kept apart.
    :param entries: its records in a bundle, oldest first; at least one, and at most
        :data:`MOST_IN_A_PDF` where memory counts.
    :param labels: staff ids and what colleagues see of them.
    :returns: the same text as :func:`journal_text`; its date is that of the last record.
    """
    journal = _journal(case, entries, labels)
    parts = [{"heading": part.heading, "lines": part.lines} for part in journal.parts]
    data = json.dumps({"title": journal.title, "lead": journal.lead, "parts": parts})
    made = _compiler().compile(
        _PAGE,
        format="pdf",
        sys_inputs={"journal": data},
        pdf_standards=["ua-1"],
        timestamp=int(datetime.fromisoformat(entries[-1].recorded_at).timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError(f"typst made {type(made).__name__}, not a PDF")
    return made
