"""The case at a glance: what each line says, which rules and records are behind it, and what is next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import product
from random import Random
from typing import Any

import pytest

from dialogs import case_code
from dialogs.arende import (
    DECLINED_SHOWN,
    Section,
    handover_table,
    next_line,
    page,
    record_words,
    referral_table,
    sections,
    talk_table,
)
from dialogs.consequences import answers_by_party, consents_of
from dialogs.model import Line
from dialogs.policy import Policy
from dialogs.records import (
    CaseClosed,
    CaseFact,
    CaseOpened,
    CaseReopened,
    ConsentAsked,
    Corrected,
    Declined,
    DeclineReason,
    DeclineSettled,
    Received,
    Record,
    ReferralAnswered,
    ReferralSent,
    TalkHeld,
    ThreatTriaged,
    Transferred,
)
from dialogs.rules.cases import a_case_is_closed
from dialogs.table import Cell, Row, Table
from dialogs.texts import Text, say
from tests.office import Office, screen_of
from tests.talk import MONDAY, OURS, THEIRS, Kept, a_world

OPENED = CaseOpened(case=OURS)
CLOSED = CaseClosed(case=OURS, reason="moved")
REOPENED = CaseReopened(case=OURS, reason="came_back")
TODAY = MONDAY.date()
LONG_AGO = date(2026, 1, 2)


def a_talk(day: str, held: str = "yes", **more: str) -> TalkHeld:
    return TalkHeld.from_payload({"case": OURS, "held": held, "occurred_on": day, **more})


def a_fact(fact: str, value: str) -> CaseFact:
    return CaseFact.from_payload({"case": OURS, "fact": fact, "value": value})


def id_of(number: int) -> str:
    return f"{number:08x}-0000-7000-8000-000000000000"


def a_correction(about: int, change: str, **more: str) -> Corrected:
    return Corrected.from_payload(
        {"case": OURS, "corrects": id_of(about), "change": change, "reason": "mistyped", "talk_on": "2026-11-02"} | more
    )


def on_record(*records: Record, said_on: date = TODAY) -> list[Kept]:
    return [Kept(record, id=id_of(number), said_on=said_on) for number, record in enumerate(records, 1)]


def a_page(
    entries: Sequence[Kept], drafts: Sequence[Text] = (), language: str = "sv", policy: Policy | None = None
) -> list[Line]:
    return page(OURS, drafts, a_world(shelf={OURS: entries}, language=language, policy=policy))


def words(lines: Sequence[Line], language: str = "sv") -> list[str]:
    return [say(line.words, language) for line in lines]


OF_AN_OPEN_CASE = (
    *("samtal", "hotbild", "samtycke", "aterkalla", "delning", "ratta", "uppgifter", "stangning", "kopia", "remiss"),
    "kollega",
)
"""The dialogs that a case opens, in the order of the registry."""

# ── the lines ────────────────────────────────────────────────────────────────────────────────────────────────

BOOK = "Nästa steg: boka nästa samtal."
ASSESS = "Nästa steg: boka nästa samtal. Då kan du bedöma motivationen."
CONSENT = "Nästa steg: fråga om samtycke. Gör det snart, medan viljan finns."
ALONE = "Bara du kommer åt ärendet. Ni ska vara två."
"""Second on the page of every open case here: nobody but the one who reads it has written in it."""
AGAIN = "Nästa steg: säg att personen kan höra av sig igen. Ni kan ha fler samtal senare."
NOTHING = "Nästa steg: inget. Öppna ärendet igen om personen kommer tillbaka."
TALKS = [a_talk("2026-10-05"), a_talk("2026-10-12"), a_talk("2026-10-19"), a_talk("2026-10-26")]


@pytest.mark.parametrize(
    ("records", "lines", "why"),
    [
        ([OPENED], ["Hållna samtal: 0 av 3–5.", BOOK], "a case with nothing in it"),
        (
            [OPENED, a_fact("group", "youth"), a_talk("2026-11-02")],
            ["Hållna samtal: 1 av 3–5.", "Senaste samtalet: 2 november 2026.", "Grupp: SIG unga.", BOOK],
            "talks first, then facts, then what is next",
        ),
        (
            [a_talk("2026-11-09"), a_talk("2026-11-02")],
            ["Hållna samtal: 2 av 3–5.", "Senaste samtalet: 9 november 2026.", ASSESS],
            "the latest is the latest day, not the latest record",
        ),
        (
            [a_talk("2026-11-02"), a_talk("2026-11-09", "missed"), a_talk("2026-11-16", "cancelled")],
            [
                "Hållna samtal: 1 av 3–5.",
                "Senaste samtalet: 2 november 2026.",
                "Samtal som inte blev av: 2.",
                BOOK,
            ],
            "MOT-5: what did not come off is shown and not counted",
        ),
        (
            [a_talk("2026-11-02"), a_correction(1, "day", occurred_on="2026-11-03")],
            ["Hållna samtal: 1 av 3–5.", "Senaste samtalet: 3 november 2026.", BOOK],
            "MOT-4: as it stands after its correction",
        ),
        (
            [a_talk("2026-11-02"), a_correction(1, "taken_away")],
            ["Hållna samtal: 0 av 3–5.", BOOK],
            "MOT-4: nothing of a talk that was taken away",
        ),
        (
            [a_fact("custody", "two"), a_fact("custody", "unknown"), a_fact("group", "unknown")],
            ["Hållna samtal: 0 av 3–5.", BOOK],
            "what nobody knows is no line",
        ),
        (
            [a_fact("police_area", "Farsta"), a_fact("month_of_18", "2028-03"), a_fact("second_coordinator", "p-me")],
            [
                "Hållna samtal: 0 av 3–5.",
                "Fyller 18: mars 2028.",
                "Lokalpolisområde: Farsta.",
                "Andra samordnaren: Du.",
                BOOK,
            ],
            "facts in the order they are asked in",
        ),
        ([OPENED, CLOSED], ["Ärendet är stängt.", "Hållna samtal: 0 av 3–5.", NOTHING], "closed"),
        ([OPENED, CLOSED, REOPENED], ["Hållna samtal: 0 av 3–5.", BOOK], "and open again"),
        (
            [a_talk(f"2026-11-{day:02}", assessment="continue", reason="more_time") for day in range(2, 8)],
            ["Hållna samtal: 6.", "Senaste samtalet: 7 november 2026.", BOOK],
            "MOT-1: past the usual",
        ),
    ],
)
def test_the_lines_of_a_case(records: list[Record], lines: list[str], why: str) -> None:
    entries = on_record(*records)
    alone = [ALONE] if records and not a_case_is_closed(entries) else []
    assert words(a_page(entries)) == [f"Ärende {OURS}", *alone, *lines], why


def test_a_fact_that_may_be_out_of_date_says_since_when() -> None:
    lines = words(a_page(on_record(a_fact("custody", "two"), said_on=LONG_AGO)))
    assert "Vårdnad: Två vårdnadshavare. Kan ha ändrats sedan den 2 januari 2026." in lines


def test_drafts_stand_before_what_is_next() -> None:
    lines = words(a_page(on_record(OPENED), [Text("Du har {draft}.", draft="ett påbörjat samtal")]))
    assert lines[-2:] == ["Du har ett påbörjat samtal.", BOOK]


def test_the_whole_page_in_english() -> None:
    records = on_record(
        OPENED,
        *TALKS,
        a_talk("2026-11-02", "missed"),
        a_fact("group", "youth"),
        a_fact("custody", "two"),
        CLOSED,
        said_on=LONG_AGO,
    )
    for swedish, english in zip(words(a_page(records)), words(a_page(records, language="en"), "en"), strict=True):
        if OURS not in swedish:
            assert swedish != english


# ── what is next ─────────────────────────────────────────────────────────────────────────────────────────────

MOTIVATED = a_talk("2026-11-02", assessment="motivated", reason="takes_steps")
NOT_MOTIVATED = a_talk("2026-11-02", assessment="not_motivated", reason="not_now")
GOES_ON = a_talk("2026-11-02", assessment="continue", reason="more_time")
LATER = a_talk("2026-11-09")


@pytest.mark.parametrize(
    ("records", "says", "rules", "behind", "why"),
    [
        ([], BOOK, ("MOT-1",), [], "MOT-1: the first talk"),
        (TALKS[:2], ASSESS, ("MOT-1",), [2], "MOT-1: the next talk is the third: it can be assessed"),
        (TALKS[:3], ASSESS, ("MOT-1",), [3], "MOT-1: three, and nobody has assessed"),
        ([a_fact("group", "youth"), *TALKS], BOOK, ("MOT-1",), [], "MOT-1: for unga no assessment is demanded"),
        ([a_fact("group", "young_adult"), *TALKS], ASSESS, ("MOT-1",), [5], "TG-2: for unga vuxna it is"),
        ([*TALKS, GOES_ON], BOOK, ("MOT-1",), [], "MOT-2: assessed at the last talk: go on"),
        ([*TALKS, GOES_ON, LATER], ASSESS, ("MOT-1",), [6], "MOT-1: and at the next, again"),
        ([*TALKS, MOTIVATED], CONSENT, ("MOT-2", "MOT-3"), [5], "MOT-3: soon"),
        ([*TALKS, MOTIVATED, LATER], CONSENT, ("MOT-2", "MOT-3"), [5], "MOT-3: and still after another talk"),
        ([*TALKS, NOT_MOTIVATED], AGAIN, ("MOT-2",), [5], "MOT-2: the door is not closed"),
        ([*TALKS, NOT_MOTIVATED, LATER], ASSESS, ("MOT-1",), [6], "MOT-2: they came back: assess again"),
        ([*TALKS, MOTIVATED, NOT_MOTIVATED], AGAIN, ("MOT-2",), [6], "MOT-2: the latest assessment"),
        ([*TALKS, NOT_MOTIVATED, MOTIVATED], CONSENT, ("MOT-2", "MOT-3"), [6], "MOT-2: the latest assessment"),
        (
            [*TALKS, MOTIVATED, a_correction(5, "taken_away")],
            ASSESS,
            ("MOT-1",),
            [4],
            "MOT-4: the talk of the assessment was taken away",
        ),
        (
            [*TALKS, MOTIVATED, a_correction(5, "taken_away"), a_correction(6, "undo")],
            CONSENT,
            ("MOT-2", "MOT-3"),
            [5],
            "MOT-4: and put back",
        ),
        (
            [*TALKS, MOTIVATED, a_correction(5, "held", held="missed")],
            ASSESS,
            ("MOT-1",),
            [4],
            "MOT-5: a talk that was not held has assessed nothing",
        ),
        ([*TALKS, MOTIVATED, CLOSED], NOTHING, (), [], "closed: nothing, whatever was assessed"),
        ([*TALKS, MOTIVATED, CLOSED, REOPENED], CONSENT, ("MOT-2", "MOT-3"), [5], "open again: as it was"),
    ],
)
def test_mot_2_mot_3_what_is_next(
    records: list[Record], says: str, rules: tuple[str, ...], behind: list[int], why: str
) -> None:
    line = a_page(on_record(*records))[-1]
    assert say(line.words, "sv") == says, why
    assert line.rules == rules, why
    assert [entry.id for entry in line.records] == [id_of(number) for number in behind], why


# ── sections and tables ──────────────────────────────────────────────────────────────────────────────────────


def a_triage(**more: Any) -> ThreatTriaged:
    """A threat that was triaged on the 20th, a Friday, to be with BOPS the same day."""
    inputs = {
        "danger": "no",
        "concerns": "subject",
        "age": "old_enough",
        "home": "no",
        "children": "no",
        "told": "yes",
        "consent": "covered",
        "unit_consent": "not_covered",
        "exit": "protection",
        "bops": "not_asked",
    }
    payload = {
        "case": OURS,
        "table": "1",
        "age_limit": 18,
        "path": "open",
        "contacts": "prov",
        "rows": ["W1"],
        "rules": ["THR-1"],
        "acts": ["tell_manager"],
        "urgency": "today",
        "receiver": "bops",
        "triaged_at": "2026-11-20T10:00+01:00",
        "due_at": "2026-11-20T16:30+01:00",
        "inputs": inputs,
    }
    return ThreatTriaged.from_payload(payload | more)


def a_referral(triage: int, **more: Any) -> ReferralSent:
    payload = {
        "case": OURS,
        "triage": id_of(triage),
        "sent_on": "2026-11-20",
        "receiver": "bops",
        "urgency": "today",
        "table": "1",
        "rows": ["W1"],
        "answer_by": "2026-11-24T16:30+01:00",
    }
    return ReferralSent.from_payload(payload | more)


def an_answer(referral: int, answer: str, **more: Any) -> ReferralAnswered:
    payload = {
        "case": OURS,
        "referral": id_of(referral),
        "answered_on": "2026-11-23",
        "answer": answer,
        "receiver": "bops",
        "urgency": "today",
        "table": "1",
        "rows": ["W1"],
    }
    return ReferralAnswered.from_payload(payload | more)


def a_consent(*answers: tuple[str, str], until: str = "2027-05-02") -> ConsentAsked:
    given = {"kinds": ["planning"], "direction": "both"}
    givers = [
        {"giver": giver, "lines": [{"party": "police", "answer": said, **(given if said == "given" else {})}]}
        for giver, said in answers
    ]
    asked = {"case": OURS, "asked_on": "2026-11-02", "valid_until": until, "age_group": "15_17", "givers": givers}
    return ConsentAsked.from_payload({**asked, "disposes": "together", "harm": "no"})


def a_case_in_sections(entries: Sequence[Kept], drafts: Sequence[Text] = ()) -> list[Section]:
    return sections(OURS, drafts, a_world(shelf={OURS: entries}))


def cells(row: Row) -> list[str]:
    return [say(words, "sv") for words in (row.head, *(cell.words for cell in row.cells))]


A_DRAFT = Text("Du har {draft}.", draft="ett påbörjat samtal")


def test_the_sections_of_a_case_begin_with_what_is_next() -> None:
    entries = on_record(
        OPENED,
        a_fact("group", "youth"),
        a_fact("age_group", "15_17"),
        a_fact("custody", "one"),
        a_talk("2026-11-02"),
        a_consent(("subject", "given"), ("guardian_1", "refused"), until="2026-12-01"),
        a_triage(inputs={**a_triage().inputs.payload(), "home": "yes"}),
        a_referral(7),
    )
    found = a_case_in_sections(entries, [A_DRAFT])
    assert [(one.id, say(one.title, "sv"), one.table and say(one.table.caption, "sv")) for one in found] == [
        ("state", "Läget nu", None),
        ("threat", "Hot och säkerhet", "Remisser"),
        ("consent", "Samtycke", "Vad de har svarat"),
        ("talks", "Samtal", "De senaste samtalen"),
        ("facts", "Uppgifter", None),
        ("handover", "Överföring", "Det som är sparat i ärendet"),
    ]
    by_id = {one.id: words(one.lines) for one in found}
    assert by_id["state"] == [
        f"Ärende {OURS}",
        "Nästa steg: fråga BOPS hos polisen om remissen. Svar väntas senast imorgon, 24 november 2026 kl. 16.30.",
        "Att göra: fråga den unge om samtycke igen före den 1 december 2026.",
        "Nästa steg: säg till ansvarig socialsekreterare. Fråga inte vårdnadshavare.",
        ALONE,
        "Du har ett påbörjat samtal.",
    ]
    assert by_id["threat"][0] == "Hot och säkerhet den 20 november 2026: kontakta BOPS hos polisen, samma dag."
    assert by_id["consent"][0] == "Kontakta ingen hemma om detta. Ansvarig socialsekreterare avgör hur ni gör."
    assert by_id["consent"][-1].startswith("Inte tillfrågad om: skolan, ")
    assert by_id["talks"] == ["Hållna samtal: 1 av 3–5.", "Senaste samtalet: 2 november 2026."]
    assert by_id["facts"] == ["Grupp: SIG unga.", "Ålder: 15–17 år.", "Vårdnad: En vårdnadshavare."]
    assert by_id["handover"] == ["Det här är övning. Inget härifrån lämnar Lots.", "Överföring: 8 klara.", WHILE_OPEN]


@pytest.mark.parametrize(
    ("records", "ids", "why"),
    [
        ([], ["state", "talks"], "nothing on record: the count stands, and what is next"),
        ([OPENED, CLOSED], ["state", "talks", "handover"], "closed"),
        ([a_fact("group", "unknown")], ["state", "talks", "handover"], "what nobody knows is no section"),
        ([a_fact("group", "youth")], ["state", "talks", "facts", "handover"], "a fact"),
        ([a_consent(("subject", "refused"))], ["state", "consent", "talks", "handover"], "a no is an answer"),
        ([a_triage()], ["state", "threat", "talks", "handover"], "a threat, and nothing sent yet"),
    ],
)
def test_a_section_that_has_nothing_to_say_is_left_out(records: list[Record], ids: list[str], why: str) -> None:
    found = a_case_in_sections(on_record(*records))
    assert [section.id for section in found] == ids, why
    assert all(section.lines for section in found), why


def test_a_closed_case_says_so_first() -> None:
    found = a_case_in_sections(on_record(OPENED, a_talk("2026-11-02"), CLOSED))
    assert words(found[0].lines) == [f"Ärende {OURS}", "Ärendet är stängt.", NOTHING]


PARTS: tuple[tuple[tuple[Record, ...], ...], ...] = (
    ((), (a_triage(), a_referral(1), an_answer(2, "declined")), (a_triage(), a_referral(1)), (a_triage(),)),
    ((), tuple(TALKS), (a_talk("2026-11-02"), a_talk("2026-11-09", "missed"))),
    (
        (),
        (a_consent(("subject", "given"), ("guardian_1", "given"), until="2026-12-01"),),
        (a_consent(("subject", "given"), ("guardian_1", "refused"), ("guardian_2", "thinking")),),
    ),
    ((), (a_fact("age_group", "15_17"), a_fact("custody", "two")), (a_fact("age_group", "18_20"),)),
    ((), (CLOSED,)),
)
"""Threat, talks, consents, facts and state, each in some of its ways."""


@pytest.mark.parametrize("drafts", [(), (A_DRAFT,)])
def test_the_sections_hold_every_line_of_the_page_once_with_the_matrix_as_a_table(drafts: Sequence[Text]) -> None:
    """MOT-4, CON-13, THR-9: with the same rules and records; whatever the case holds, nothing is lost or doubled.

    What is only waiting to be handed over is told on the web, where there is room for it.
    """
    for chosen in product(*PARTS):
        entries = on_record(*(record for part in chosen for record in part))
        world = a_world(shelf={OURS: entries})
        found = sections(OURS, drafts, world)
        matrix = answers_by_party(consents_of(entries, world))
        shown = [line for section in found for line in section.lines if section.id != "handover"]
        assert Counter([*shown, *matrix]) == Counter(page(OURS, drafts, world)), chosen
        tables = {section.id: section.table for section in found if section.table is not None}
        assert ("consent" in tables) == bool(matrix), chosen
        for row in (row for id_, table in tables.items() for row in table.rows if id_ != "handover"):
            assert row.rules, chosen
            assert row.records or {cell.status for cell in row.cells} == {"not_asked"}, chosen
        assert all(table.rows for table in tables.values()), "a table without rows is none"


def test_a_row_has_a_cell_for_each_column() -> None:
    with pytest.raises(ValueError, match="every row needs 1 cells"):
        Table("Samtal", ("Dag", "Form"), (Row("Idag", (Cell("Möte"),)), Row("Igår", ())))


def the_talks(*records: Record, person: str = "p-me", author: str = "p-me") -> Table | None:
    entries = [Kept(record, id=id_of(number), author=author, said_on=TODAY) for number, record in enumerate(records, 1)]
    return talk_table(entries, a_world(shelf={OURS: entries}, person=person))


@pytest.mark.parametrize(
    ("records", "rows", "why"),
    [
        (
            [
                a_talk("2026-11-09", mode="telephone", held_by="colleague"),
                a_talk("2026-11-02", mode="meeting", held_by="self"),
                a_talk("2026-11-16", mode="video", held_by="both"),
            ],
            [
                ["16 november 2026", "Ja", "Video", "Vi båda", "Nej"],
                ["9 november 2026", "Ja", "Telefon", "Min kollega", "Nej"],
                ["2 november 2026", "Ja", "Möte", "Jag", "Nej"],
            ],
            "the latest day first, whenever it was written",
        ),
        (
            [a_talk("2026-11-02", "missed"), a_talk("2026-11-30", "cancelled")],
            [
                ["30 november 2026", "Nej, inställt eller ombokat", "–", "–", "Nej"],
                ["2 november 2026", "Nej, personen kom inte", "–", "–", "Nej"],
            ],
            "MOT-5: what did not come off is kept, and nobody held it",
        ),
        (
            [a_talk("2026-11-02", mode="meeting"), a_correction(1, "mode", mode="video")],
            [["2 november 2026", "Ja", "Video", "–", "Ja"]],
            "MOT-4: as it stands, and that it was corrected",
        ),
        (
            [
                a_talk("2026-11-02", mode="meeting"),
                a_correction(1, "mode", mode="video"),
                a_correction(2, "undo"),
            ],
            [["2 november 2026", "Ja", "Möte", "–", "Nej"]],
            "MOT-4: the correction was taken back",
        ),
        (
            [a_talk("2026-11-02"), a_talk("2026-11-09"), a_correction(1, "taken_away")],
            [["9 november 2026", "Ja", "–", "–", "Nej"]],
            "MOT-4: taken away",
        ),
        (
            [a_talk("2026-11-02", mode="meeting"), a_talk("2026-11-02", mode="video")],
            [["2 november 2026", "Ja", "Video", "–", "Nej"], ["2 november 2026", "Ja", "Möte", "–", "Nej"]],
            "of the same day: the one written last first",
        ),
    ],
)
def test_the_table_of_talks(records: list[Record], rows: list[list[str]], why: str) -> None:
    """MOT-4, MOT-5."""
    table = the_talks(*records)
    assert table is not None
    assert words_of_columns(table) == ["Samtalsdag", "Genomfört", "Form", "Hölls av", "Rättat"]
    assert [cells(row) for row in table.rows] == rows, why


def words_of_columns(table: Table) -> list[str]:
    return [say(column, "sv") for column in table.columns]


def test_the_table_of_talks_holds_the_ten_latest_with_their_traces() -> None:
    """MOT-4, MOT-5: what it follows from and how it is coloured."""
    talks = [a_talk(f"2026-11-{day:02}", "missed" if day == 12 else "yes") for day in range(1, 13)]
    table = the_talks(*talks, a_correction(11, "mode", mode="video"))
    assert table is not None
    assert [cells(row)[0] for row in table.rows] == [f"{day} november 2026" for day in range(12, 2, -1)]
    latest, before = table.rows[:2]
    assert [cell.status for cell in latest.cells] == ["missed", "", "", ""]
    assert [cell.status for cell in before.cells] == ["yes", "", "", "corrected"]
    assert before.rules == ("MOT-4", "MOT-5")
    assert [entry.id for entry in before.records] == [id_of(11), id_of(13)]
    assert the_talks(OPENED) is None, "no talk, no table"
    assert the_talks(a_talk("2026-11-02"), a_correction(1, "taken_away")) is None


PAIR = (a_fact("first_coordinator", "p-me"), a_fact("second_coordinator", "p-colleague"))
"""The two of the case."""


@pytest.mark.parametrize(
    ("reader", "held_by", "pair", "said", "why"),
    [
        ("p-me", "self", (), "Jag", "as one said it oneself"),
        ("p-me", "colleague", PAIR, "Min kollega", "and of the other"),
        ("p-colleague", "self", PAIR, "Min kollega", "stored as seen from the one who saved it"),
        ("p-colleague", "colleague", PAIR, "Jag", "of two, it is the other"),
        ("p-colleague", "both", PAIR, "Vi båda", "the same from both sides"),
        ("p-else", "self", PAIR, "Min kollega", "a third reader: a colleague held it"),
        ("p-else", "colleague", PAIR, "Kollega till den som sparade", "a third reader is not told that it was them"),
        ("p-else", "both", PAIR, "Den som sparade och en kollega", "nor that they were there"),
        ("p-colleague", "colleague", (), "Kollega till den som sparade", "nobody knows which two: it is not guessed"),
        ("p-colleague", "colleague", PAIR[:1], "Kollega till den som sparade", "nor with one of them"),
    ],
)
def test_who_held_a_talk_is_said_from_the_readers_side(
    reader: str, held_by: str, pair: Sequence[Record], said: str, why: str
) -> None:
    """MOT-5, ENV-1."""
    table = the_talks(*pair, a_talk("2026-11-02", held_by=held_by), person=reader, author="p-me")
    assert table is not None
    assert cells(table.rows[0])[3] == said, why


@pytest.mark.parametrize(
    ("answers", "row", "statuses", "why"),
    [
        (
            (),
            ["Väntar på svar", "Svar väntas senast imorgon, 24 november 2026 kl. 16.30."],
            ("waiting", "ask"),
            "sent, and no word yet",
        ),
        (
            (an_answer(2, "silent", answer_by="2026-11-23T12:00+01:00"),),
            ["Inget svar än", "Svaret är försenat. Ring dem nu."],
            ("silent", "late"),
            "asked after, and past due",
        ),
        (
            (an_answer(2, "silent", answer_by="2026-11-24T16:30+01:00"), an_answer(2, "received")),
            ["Ja, mottagen den 23 november 2026", "Inget"],
            ("received", "nothing"),
            "somebody has it",
        ),
        (
            (an_answer(2, "declined", answer_by="2026-11-24T16:30+01:00"),),
            [
                "Nej, avvisad den 23 november 2026",
                "Gör en ny /hotbild senast imorgon, 24 november 2026 kl. 16.30.",
            ],
            ("declined", "triage_again"),
            "the threat is still there",
        ),
        (
            (an_answer(2, "declined", answer_by="2026-11-23T12:00+01:00"),),
            [
                "Nej, avvisad den 23 november 2026",
                "Försenat. Gör en ny /hotbild senast idag, 23 november 2026 kl. 12.",
            ],
            ("declined", "late"),
            "and that is late",
        ),
        ((CLOSED,), ["Väntar på svar", "Inget"], ("waiting", "nothing"), "nothing is due in a closed case"),
    ],
)
def test_the_table_of_referrals(answers: Sequence[Record], row: list[str], statuses: tuple[str, str], why: str) -> None:
    """THR-9."""
    entries = on_record(a_triage(), a_referral(1), *answers)
    table = referral_table(entries, a_world(shelf={OURS: entries}))
    assert table is not None
    assert words_of_columns(table) == ["Till", "Skickad", "Hur bråttom", "Svar", "Nästa steg"]
    (only,) = table.rows
    assert cells(only) == ["BOPS hos polisen", "20 november 2026", "Samma dag", *row], why
    assert tuple(cell.status for cell in only.cells) == ("", "today", *statuses), why
    assert only.rules == ("THR-9",)
    behind = [number for number, entry in enumerate(entries, 1) if isinstance(entry.record, ReferralAnswered)]
    assert [entry.id for entry in only.records] == [id_of(number) for number in (2, *behind)]


def test_the_latest_referral_stands_first_and_one_of_an_older_triage_has_nothing_due_after_a_no() -> None:
    """THR-9."""
    entries = on_record(
        a_triage(),
        a_referral(1, receiver="case_officer", urgency="112"),
        an_answer(2, "declined", answer_by="2026-11-24T16:30+01:00"),
        a_triage(),
        a_referral(4, urgency="plan"),
    )
    table = referral_table(entries, a_world(shelf={OURS: entries}))
    assert table is not None
    assert [(cells(row)[0], cells(row)[2], cells(row)[4][:12], row.cells[1].status) for row in table.rows] == [
        ("BOPS hos polisen", "Inom fem arbetsdagar", "Svar väntas ", "plan"),
        ("Ansvarig socialsekreterare", "Genast", "Inget", "112"),
    ]


def test_there_is_no_table_of_referrals_before_one_is_sent() -> None:
    entries = on_record(a_triage())
    assert referral_table(entries, a_world(shelf={OURS: entries})) is None


# ── the hand-over ────────────────────────────────────────────────────────────────────────────────────────────

WHILE_OPEN = "Gallras tidigast 30 dagar efter att ärendet är stängt och allt är kvitterat."
WHILE_ON_ITS_WAY = "Gallras tidigast 30 dagar efter att allt är kvitterat."


def handed(*numbers: int, bundle: int = 1) -> Transferred:
    return Transferred(case=OURS, bundle=bundle, records=tuple(id_of(number) for number in numbers))


def received(bundle: int = 1) -> Received:
    return Received(case=OURS, bundle=bundle)


def a_no(about: int, reason: DeclineReason = "unknown_case") -> Declined:
    return Declined(case=OURS, bundle=1, record=id_of(about), reason=reason)


def settled(about: int) -> DeclineSettled:
    return DeclineSettled(case=OURS, record=id_of(about), about_day=TODAY, outcome="written_there")


TALK = a_talk("2026-11-02")
ANSWER_TALK = (
    "Nästa steg: svara på det som inte togs emot: samtal den 2 november 2026. Koden finns inte i verksamhetssystemet."
)


@pytest.mark.parametrize(
    ("records", "lines", "why"),
    [
        ([TALK], [BOOK], "klar is what everything is at first, and no line is needed for that"),
        ([TALK, handed(1)], ["Överföring: 1 överförd.", WHILE_OPEN, BOOK], "on its way"),
        ([TALK, handed(1), received()], ["Överföring: 1 kvitterad.", WHILE_OPEN, BOOK], "received; people work by it"),
        (
            [TALK, handed(1), received(), TALK, TALK],
            ["Överföring: 2 klara, 1 kvitterad.", WHILE_OPEN, ASSESS],
            "in the order a record comes through them; the hand-over itself is not counted",
        ),
        (
            [TALK, CLOSED, handed(1), received()],
            ["Överföring: 1 klar, 1 kvitterad.", WHILE_ON_ITS_WAY, NOTHING],
            "closed, and the closing has not left",
        ),
        (
            [TALK, CLOSED, handed(1, 2)],
            ["Överföring: 2 överförda.", WHILE_ON_ITS_WAY, NOTHING],
            "closed, and no receipt has come",
        ),
        (
            [TALK, CLOSED, handed(1, 2), received()],
            ["Överföring: 2 kvitterade.", "Gallras tidigast den 23 december 2026.", NOTHING],
            "thirty days after the receipt",
        ),
        (
            [TALK, handed(1), received(), a_no(1)],
            ["Överföring: 1 avvisad.", WHILE_OPEN, ANSWER_TALK, BOOK],
            "what was declined is next, before the next talk",
        ),
        (
            [TALK, CLOSED, handed(1, 2), received(), a_no(1)],
            [
                "Överföring: 1 avvisad, 1 kvitterad.",
                "Gallras tidigast 30 dagar efter att svaret på avvisningen är kvitterat.",
                ANSWER_TALK,
            ],
            "in a closed case it is all that is next",
        ),
        (
            [TALK, CLOSED, handed(1, 2), received(), a_no(1), settled(1)],
            ["Överföring: 1 klar, 1 överförd, 1 kvitterad.", WHILE_ON_ITS_WAY, NOTHING],
            "settled: on its way again, with the answer",
        ),
    ],
)
def test_how_far_a_case_has_come_on_its_page(records: list[Record], lines: list[str], why: str) -> None:
    shown = [line for line in words(a_page(on_record(*records))) if "amtal" not in line or "steg" in line]
    assert [line for line in shown if line not in (f"Ärende {OURS}", ALONE, "Ärendet är stängt.")] == lines, why


def test_the_days_of_the_policy_are_the_days_that_are_said() -> None:
    policy = Policy(purge_after_days=90)
    assert "Gallras tidigast den 21 februari 2027." in words(
        a_page(on_record(TALK, CLOSED, handed(1, 2), received()), policy=policy)
    )
    assert WHILE_OPEN.replace("30", "90") in words(a_page(on_record(TALK, handed(1)), policy=policy))


def test_thr_9_what_was_declined_goes_after_a_referral_and_before_the_talks() -> None:
    declined = (handed(1), received(), a_no(1))
    alone = a_world(shelf={OURS: on_record(TALK, *declined)})
    assert say(next_line(OURS, alone).words, "sv") == ANSWER_TALK
    closed = a_world(shelf={OURS: on_record(TALK, *declined, CLOSED)})
    assert say(next_line(OURS, closed).words, "sv") == ANSWER_TALK
    beside = a_world(shelf={OURS: on_record(TALK, *declined, a_triage(), a_referral(5))})
    assert say(next_line(OURS, beside).words, "sv").startswith("Nästa steg: fråga BOPS hos polisen om remissen.")
    found = words(page(OURS, (), beside))
    assert found.index(ANSWER_TALK) == len(found) - 2
    assert found[-1] == BOOK


def test_a_receiver_that_declines_everything_does_not_fill_the_page() -> None:
    numbers = range(1, 9)
    records = [*(TALK for _number in numbers), handed(*numbers), received(), *(a_no(number) for number in numbers)]
    lines = a_page(on_record(*records))
    found = words(lines)
    assert found.count(ANSWER_TALK) == DECLINED_SHOWN
    assert found[-2] == "Fler som inte togs emot: 5."
    assert [entry.id for entry in lines[-2].records] == [id_of(number) for number in range(14, 19)]


def test_varfor_has_what_the_hand_over_was_read_from() -> None:
    entries = on_record(TALK, CLOSED, handed(1), received(), a_no(1), handed(2, bundle=2), received(2))
    by_start = {say(line.words, "sv").partition(" ")[0]: line for line in a_page(entries)}
    behind = {start: [entry.id for entry in line.records] for start, line in by_start.items()}
    assert behind["Överföring:"] == [id_of(number) for number in (3, 4, 5, 6, 7)]
    assert behind["Gallras"] == [id_of(2), id_of(7)]
    assert behind["Nästa"] == [id_of(1), id_of(5)]


@pytest.mark.parametrize(
    ("records", "rows", "why"),
    [
        (
            [TALK, a_fact("group", "youth")],
            [
                ["Uppgift, Grupp", "2026-11-23", "Klar att överföras", "30 dagar efter kvittens"],
                [
                    "Samtal den 2 november 2026",
                    "2026-11-02",
                    "Klar att överföras",
                    "30 dagar efter kvittens",
                ],
            ],
            "the latest first, with the day it is about",
        ),
        (
            [TALK, handed(1), received()],
            [["Samtal den 2 november 2026", "2026-11-02", "Kvitterad", "30 dagar efter stängning"]],
            "bookkeeping has no row; the case is open",
        ),
        (
            [TALK, OPENED, handed(1, 2), received(), a_no(1), CLOSED],
            [
                ["Samtal den 2 november 2026", "2026-11-02", "Avvisad", "30 dagar efter svar och kvittens"],
                ["Ärendet stängdes", "2026-11-23", "Klar att överföras", "30 dagar efter kvittens"],
                ["Ärendet skapades", "2026-11-23", "Kvitterad", "30 dagar efter kvittens"],
            ],
            "what was declined stands first, and one that waits keeps the others",
        ),
        (
            [TALK, CLOSED, handed(1, 2), received()],
            [
                ["Ärendet stängdes", "2026-11-23", "Kvitterad", "2026-12-23"],
                ["Samtal den 2 november 2026", "2026-11-02", "Kvitterad", "2026-12-23"],
            ],
            "the whole case goes on one day",
        ),
    ],
)
def test_the_table_of_the_hand_over(records: list[Record], rows: list[list[str]], why: str) -> None:
    entries = on_record(*records)
    table = handover_table(entries, a_world(shelf={OURS: entries}))
    assert table is not None
    assert words_of_columns(table) == ["Sparat", "Dag", "Läge", "Gallras tidigast"]
    assert [cells(row) for row in table.rows] == rows, why


def test_the_table_of_the_hand_over_says_how_many_it_leaves_out() -> None:
    entries = on_record(*(a_talk(f"2026-11-{day:02}") for day in range(1, 14)), handed(1), received(), a_no(1))
    table = handover_table(entries, a_world(shelf={OURS: entries}))
    assert table is not None
    assert say(table.caption, "sv") == "Här står 10. 3 till är sparade."
    assert [(cells(row)[1], row.cells[1].status) for row in table.rows] == [
        ("2026-11-01", "declined"),
        *((f"2026-11-{day:02}", "ready") for day in range(13, 4, -1)),
    ]
    assert [entry.id for entry in table.rows[0].records] == [id_of(1)]
    assert handover_table([], a_world()) is None


# ── Varför? ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_line_has_the_rules_and_the_records_behind_it() -> None:
    entries = on_record(
        OPENED,
        a_fact("group", "youth"),
        a_talk("2026-11-02"),
        a_talk("2026-11-09", "missed"),
        a_correction(3, "mode", mode="video"),
        a_fact("custody", "two"),
        a_fact("custody", "one"),
        CLOSED,
    )
    behind = {
        say(line.words, "sv").partition(":")[0]: (line.rules, [entry.id for entry in line.records])
        for line in a_page(entries)
    }
    assert behind == {
        f"Ärende {OURS}": ((), [id_of(1)]),
        "Ärendet är stängt.": ((), [id_of(8)]),
        "Hållna samtal": (("MOT-1", "MOT-4"), [id_of(3), id_of(5)]),
        "Senaste samtalet": (("MOT-5",), [id_of(3), id_of(5)]),
        "Samtal som inte blev av": (("MOT-5",), [id_of(4)]),
        "Grupp": (("TG-1", "TG-2", "TG-3"), [id_of(2)]),
        "Vårdnad": ((), [id_of(7)]),
        "Nästa steg": ((), []),
    }


@pytest.mark.parametrize(
    ("record", "named"),
    [
        (OPENED, "Ärendet skapades"),
        (CLOSED, "Ärendet stängdes"),
        (REOPENED, "Ärendet öppnades igen"),
        (a_talk("2026-11-02"), "Samtal den 2 november 2026"),
        (a_talk("2026-11-02", "missed"), "Uteblivet samtal den 2 november 2026"),
        (a_talk("2026-11-02", "cancelled"), "Inställt samtal den 2 november 2026"),
        (a_correction(1, "undo"), "Rättelse av samtalet den 2 november 2026"),
        (a_fact("month_of_18", "2028-03"), "Uppgift, Fyller 18"),
        (Transferred(case=OURS, bundle=1, records=(id_of(1),)), "Överföring till verksamhetssystemet"),
        (Received(case=OURS, bundle=1), "Kvittens från mottagaren"),
        (a_no(1), "Avvisad av mottagaren"),
        (settled(1), "Svar på en avvisning"),
    ],
)
def test_how_a_record_is_named(record: Record, named: str) -> None:
    assert record_words(record).render("sv") == named


# ── on a phone ───────────────────────────────────────────────────────────────────────────────────────────────


def test_varfor_shows_the_rule_and_who_saved_the_record_and_the_way_back() -> None:
    office = Office()
    anna, bo = office.joins(), office.joins("ersattare")
    office.given(a_talk("2026-11-02"), anna)
    office.given(a_talk("2026-11-09"), bo)
    (glance,) = anna.says(f"/arende {OURS}")
    (why,) = anna.presses("Varför?")
    lines = why.text.splitlines()
    assert [line for line in lines if line in glance.text.splitlines()] == glance.text.splitlines(), "each line again"
    at = lines.index("Hållna samtal: 2 av 3–5.")
    assert [line.partition(":")[0] for line in lines[at + 1 : at + 3]] == [
        "Regel MOT-1, rapporten 2020",
        "Regel MOT-4, rapporten 2020",
    ]
    assert lines[at + 3 : at + 5] == [
        "– Samtal den 2 november 2026. Sparat av dig den 23 november 2026.",
        "– Samtal den 9 november 2026. Sparat av en kollega den 23 november 2026.",
    ]
    assert office.person(bo).id not in why.text
    (back,) = anna.presses("Tillbaka")
    assert back.text == glance.text
    assert back.rows == glance.rows
    office.store.close()


def test_the_case_opens_every_dialog_of_its_state_without_asking_for_the_case() -> None:
    office = Office()
    phone = office.joins()
    office.given(a_talk("2026-11-02"), phone)

    def commands() -> list[str]:
        (glance,) = phone.says(f"/arende {OURS}")
        return [button.value for button in glance.buttons if button.value.startswith("/")]

    assert commands() == [f"/{name} {OURS}" for name in OF_AN_OPEN_CASE]
    for name in commands():
        phone.says("/arende " + OURS)
        (asked,) = phone.says(name)
        assert OURS in asked.text or name.startswith("/hotbild"), f"{name}: only 112 comes before the case"
        if asked.typed != "nothing":  # where there is nothing to take back or hand over, it ends at once
            phone.says("/avbryt")
            phone.presses("Ja, avbryt")
    office.given(CLOSED, phone)
    assert commands() == [f"/stangning {OURS}", f"/kollega {OURS}"], "a closed case is only opened, by whoever is in it"
    office.store.close()


def test_the_case_in_the_middle_of_a_dialog_is_that_of_the_dialog_and_the_question_stands_under_it() -> None:
    office = Office()
    phone = office.joins()
    office.given(a_talk("2026-11-02"), phone)
    phone.says("/samtal")
    phone.presses(OURS)
    asked = screen_of(phone)
    glance, again = phone.says("/arende")
    assert glance.text.startswith(f"Ärende {OURS}\n{ALONE}\nHållna samtal: 1")
    assert "Du har ett påbörjat samtal för" in glance.text
    assert again == asked
    phone.presses("Varför?")
    phone.presses("SIG unga vuxna")
    assert "Blev samtalet av?" in screen_of(phone).text, "the dialog goes on"
    office.store.close()


def test_the_page_of_another_districts_case_is_refused_as_one_that_is_not_there() -> None:
    office = Office()
    farsta, jarva = office.joins(), office.joins(district="Järva")
    office.given(TalkHeld.from_payload({"case": THEIRS, "held": "yes", "occurred_on": "2026-11-02"}), jarva)
    (theirs,) = farsta.says(f"/arende {THEIRS}")
    (free,) = farsta.says(f"/arende {OURS}")
    assert theirs.text == free.text
    assert theirs.rows == free.rows
    assert THEIRS not in theirs.text
    office.store.close()


def test_a_case_that_was_given_to_another_district_is_theirs_alone() -> None:
    office = Office()
    farsta, jarva = office.joins(), office.joins(district="Järva")
    office.given(a_talk("2026-11-02"), farsta)
    (glance,) = farsta.says(f"/arende {OURS}")
    assert glance.text.startswith(f"Ärende {OURS}")
    office.given(a_fact("district", "Järva"), farsta)
    (gone,) = farsta.says(f"/arende {OURS}")
    assert gone.text.startswith("Du har inget ärende med den koden.")
    (not_yet,) = jarva.says(f"/arende {OURS}")
    assert not_yet.text == gone.text, "the district alone opens no case"
    office.lets_in(jarva, OURS)
    (now,) = jarva.says(f"/arende {OURS}")
    assert now.text.startswith(f"Ärende {OURS}")
    (asked,) = farsta.says("/arende")
    assert OURS not in [button.label for button in asked.buttons], "nor is it among one's latest"
    farsta.says("/samtal")
    assert OURS not in [button.label for button in screen_of(farsta).buttons]
    office.store.close()


def test_closed_cases_do_not_crowd_out_those_that_are_open() -> None:
    office = Office()
    phone = office.joins()
    office.given(a_talk("2026-11-02"), phone)
    for seed in range(100, 106):
        code = case_code.draw(True, Random(seed).choice)
        office.given(CaseOpened(case=code), phone)
        office.given(CaseClosed(case=code, reason="moved"), phone)
    phone.says("/samtal")
    assert [button.label for button in screen_of(phone).buttons[:2]] == [OURS, "Nytt ärende"]
    shown = phone.says("/arende")[0]
    assert len(shown.buttons) == 4, "closed ones too: they can be opened again"
    office.store.close()
