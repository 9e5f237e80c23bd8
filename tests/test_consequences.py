"""What the preview says before a consent is saved, and what the day's list says is due: every line read in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from re import findall
from typing import Any

import pytest

from dialogs.arende import record_words
from dialogs.consequences import (
    PARTLY_WITHDRAWN,
    answers_by_party,
    consent_table,
    due_line,
    matrix,
    may_be_shared,
    must_not_learn,
    next_step,
    what_follows,
    who_said,
)
from dialogs.model import Line
from dialogs.policy import Policy
from dialogs.records import (
    CaseFact,
    ConsentAsked,
    ConsentCorrected,
    ConsentWithdrawn,
    CopySettled,
    Record,
    Transferred,
)
from dialogs.rules.conditions import Due, what_is_due
from dialogs.rules.consents import STATUSES, Consents, Context
from dialogs.table import Table
from dialogs.texts import say
from tests.talk import MONDAY, OURS, Kept, a_world

TODAY = MONDAY.date()
SUBJECT, ONE, TWO = "subject", "guardian_1", "guardian_2"
POLICY = Policy(exit_parties=())
"""Without the line about exit work, which has a test of its own."""


def id_of(number: int) -> str:
    return f"{number:08x}-0000-7000-8000-000000000000"


def kept(*records: Record) -> list[Kept]:
    return [Kept(record, id=id_of(number)) for number, record in enumerate(records, 1)]


def fact(name: str, value: str) -> CaseFact:
    return CaseFact.from_payload({"case": OURS, "fact": name, "value": value})


def yes(party: str = "police", *kinds: str, direction: str = "both") -> dict[str, Any]:
    return {"party": party, "answer": "given", "kinds": list(kinds) or ["planning", "crime"], "direction": direction}


def other(answer: str, party: str = "police") -> dict[str, Any]:
    return {"party": party, "answer": answer}


def says(giver: str, *lines: dict[str, Any], **more: str) -> dict[str, Any]:
    return {"giver": giver, **({"lines": list(lines)} if lines else {}), **more}


def asked(*givers: dict[str, Any], on: str = "2026-11-02", until: str = "2027-05-02", **more: str) -> ConsentAsked:
    payload = {"case": OURS, "asked_on": on, "valid_until": until, "age_group": "21_29", **more}
    return ConsentAsked.from_payload({**payload, "givers": list(givers)})


def of_minor(*givers: dict[str, Any], **more: str) -> ConsentAsked:
    return asked(*givers, **{"age_group": "15_17", "disposes": "together", "harm": "no", **more})


def takes_back(giver: str, *parties: str, kinds: Sequence[str] = ()) -> ConsentWithdrawn:
    payload = {"case": OURS, "withdrawn_on": "2026-11-16", "giver": giver, "parties": list(parties), "how": "meeting"}
    return ConsentWithdrawn.from_payload(payload | ({"kinds": list(kinds)} if kinds else {}))


def wrong(number: int) -> ConsentCorrected:
    payload = {"case": OURS, "corrects": id_of(number), "about_day": "2026-11-02", "reason": "mistyped"}
    return ConsentCorrected.from_payload(payload)


YOUTH = fact("group", "youth")
ADULT = (YOUTH, fact("age_group", "18_20"))
MINOR = (YOUTH, fact("age_group", "15_17"), fact("custody", "one"))
MINOR_OF_TWO = (YOUTH, fact("age_group", "15_17"), fact("custody", "two"))
YES_ALL = {"measure": "given"}
BOTH = asked(says(SUBJECT, yes(), yes("school"), measure="given"))
THREE_YES = of_minor(*(says(giver, yes(), measure="given") for giver in (SUBJECT, ONE, TWO)))


def words(lines: Sequence[Line]) -> list[str]:
    return [say(line.words, "sv") for line in lines]


def preview(before: Sequence[Record], new: Record, policy: Policy = POLICY) -> list[Line]:
    """The lines before this is saved, without the one that names every party that nobody was asked about."""
    entries = kept(*before, new)
    lines = what_follows(entries[:-1], entries, a_world(shelf={OURS: entries}, policy=policy))
    return [line for line in lines if not say(line.words, "sv").startswith("Inte tillfrågad om: ")]


MET = "Villkoret om polisen är uppfyllt."
LACKING = "Villkoret om polisen är inte uppfyllt."
MEASURE = "Samtycket till insatsen finns."
NO_MEASURE = "Samtycket till insatsen saknas."
ALL_THERE = "Samtyckena finns från dem ni har frågat. Ansvarig socialsekreterare beslutar."
DECIDES = "Ansvarig socialsekreterare beslutar om SIG."
TELL_POLICE = "Säg till polisen vad samtycket gäller. De antecknar det hos sig."
STOP_POLICE = "Sluta dela nu med polisen. Säg till dem att samtycket inte gäller längre."
ENDS_SIG = "Samtycket till polisen är återkallat. Enligt stadens vägledning ska SIG avslutas."
AWAITS = "Det väntar på beslut av ansvarig socialsekreterare."
SUITABLE = (
    "Samtycket till insatsen saknas från vårdnadshavare. Ansvarig socialsekreterare prövar om den är lämplig ändå."
)
PLACEMENT = "En placering kräver alltid vårdnadshavarens samtycke."
DO_NOT_ASK = "Fråga inte vårdnadshavare om detta. Ansvarig socialsekreterare avgör hur ni gör."
ALONE = "Kontakta inte vårdnadshavare om detta. Den unge bestämmer ensam."
NOBODY_AT_HOME = "Kontakta ingen hemma om detta. Ansvarig socialsekreterare avgör hur ni gör."
ASK_FIRST = "Fråga ansvarig socialsekreterare innan vårdnadshavare får veta vad den unge har sagt."
YOUNG_YES = "Polisen – den unge: ja till och med 2027-05-02"
BOTH_YES = f"{YOUNG_YES}, vårdnadshavare 1: ja till och med 2027-05-02"
TWO_AGAINST_ONE = (
    "De säger olika om polisen. Ja: den unge, vårdnadshavare 1. Nej: vårdnadshavare 2. "
    "Ansvarig socialsekreterare avgör vad ni gör."
)
DISAGREE = (
    "Vårdnadshavarna säger olika om insatsen. "
    "Ansvarig socialsekreterare prövar det enligt 6 kap. 13 a § föräldrabalken."
)

PREVIEWS: dict[str, tuple[tuple[Record, ...], Record, list[str]]] = {
    "an adult and the police": (
        ADULT,
        asked(says(SUBJECT, yes(), measure="given")),
        ["Polisen – personen: ja till och med 2027-05-02.", MET, MEASURE, ALL_THERE, TELL_POLICE],
    ),
    "an adult who says no to the police": (
        ADULT,
        asked(says(SUBJECT, other("refused"), measure="given")),
        [
            "Polisen – personen: nej.",
            f"{LACKING} Personen: nej.",
            MEASURE,
            DECIDES,
            "Samtycket räcker inte för: polisen.",
        ],
    ),
    "unga vuxna: CON-2 names which others are missing": (
        (fact("group", "young_adult"), fact("age_group", "21_29")),
        asked(says(SUBJECT, yes(), yes("school"), other("refused", "bup"), measure="given")),
        [
            "Polisen – personen: ja till och med 2027-05-02.",
            "Skolan – personen: ja till och med 2027-05-02.",
            "BUP – personen: nej.",
            MET,
            MEASURE,
            "För SIG unga vuxna saknas samtycke till: BUP.",
            DECIDES,
            "Samtycket räcker inte för: BUP.",
            "Säg till polisen och skolan vad samtycket gäller. De antecknar det hos sig.",
        ],
    ),
    "unga vuxna and the police alone": (
        (fact("group", "young_adult"), fact("age_group", "21_29")),
        asked(says(SUBJECT, yes(), measure="given")),
        [
            "Polisen – personen: ja till och med 2027-05-02.",
            MET,
            MEASURE,
            "För SIG unga vuxna saknas samtycke till andra parter än polisen.",
            DECIDES,
            TELL_POLICE,
        ],
    ),
    "15–17, one guardian": (
        MINOR,
        of_minor(says(SUBJECT, yes(), **YES_ALL), says(ONE, yes(), **YES_ALL)),
        [
            f"{BOTH_YES}.",
            MET,
            MEASURE,
            ALL_THERE,
            TELL_POLICE,
        ],
    ),
    "15–17, two guardians of whom one thinks about it": (
        MINOR_OF_TWO,
        of_minor(says(SUBJECT, yes(), **YES_ALL), says(ONE, yes(), **YES_ALL), says(TWO, other("thinking"))),
        [
            f"{BOTH_YES}, vårdnadshavare 2: vill fundera.",
            f"{LACKING} Vårdnadshavare 2: vill fundera.",
            SUITABLE,
            PLACEMENT,
            DECIDES,
            "Fråga vårdnadshavare 2 igen om polisen: vill fundera.",
        ],
    ),
    "15–17, two guardians, and harm not assessed": (
        MINOR_OF_TWO,
        of_minor(*(says(giver, yes(), **YES_ALL) for giver in (SUBJECT, ONE, TWO)), harm="unknown"),
        [
            f"{BOTH_YES}, vårdnadshavare 2: ja till och med 2027-05-02.",
            MET,
            MEASURE,
            ALL_THERE,
            TELL_POLICE,
            ASK_FIRST,
        ],
    ),
    "15–17, yes to different things": (
        MINOR,
        of_minor(says(SUBJECT, yes("police", "crime"), **YES_ALL), says(ONE, yes("police", "health"), **YES_ALL)),
        [
            f"{BOTH_YES}.",
            f"{LACKING} Alla har inte sagt ja till samma uppgifter.",
            MEASURE,
            DECIDES,
        ],
    ),
    "conflict between the guardians": (
        MINOR_OF_TWO,
        of_minor(
            says(SUBJECT, yes(), **YES_ALL), says(ONE, yes(), **YES_ALL), says(TWO, other("refused"), measure="refused")
        ),
        [
            f"{BOTH_YES}, vårdnadshavare 2: nej.",
            f"{LACKING} Vårdnadshavare 2: nej.",
            DISAGREE,
            DECIDES,
            "Samtycket räcker inte för: polisen.",
            TWO_AGAINST_ONE,
        ],
    ),
    "significant harm": (
        MINOR_OF_TWO,
        of_minor(says(SUBJECT, yes(), **YES_ALL), harm="yes"),
        [
            f"{YOUNG_YES}, vårdnadshavare 1: inte tillfrågad, vårdnadshavare 2: inte tillfrågad.",
            f"{LACKING} Vårdnadshavare 1: inte tillfrågad, Vårdnadshavare 2: inte tillfrågad.",
            SUITABLE,
            PLACEMENT,
            DECIDES,
            DO_NOT_ASK,
        ],
    ),
    "the young person disposes alone": (
        MINOR_OF_TWO,
        of_minor(says(SUBJECT, yes(), **YES_ALL), disposes="alone", guardian_allowed="no", harm="unknown"),
        [f"{YOUNG_YES}.", MET, SUITABLE, PLACEMENT, DECIDES, TELL_POLICE, ALONE],
    ),
    "partly taken back": (
        (*ADULT, BOTH),
        takes_back(SUBJECT, "police", kinds=["crime"]),
        [
            "Polisen – personen: ja till och med 2027-05-02, delvis återkallat.",
            "Skolan – personen: ja till och med 2027-05-02.",
            MET,
            MEASURE,
            ALL_THERE,
            TELL_POLICE,
        ],
    ),
    "the police consent taken back": (
        (*ADULT, BOTH),
        takes_back(SUBJECT, "police"),
        [
            "Polisen – personen: återkallat.",
            "Skolan – personen: ja till och med 2027-05-02.",
            f"{LACKING} Personen: återkallat.",
            MEASURE,
            DECIDES,
            "Samtycket räcker inte för: polisen.",
            STOP_POLICE,
            ENDS_SIG,
            AWAITS,
        ],
    ),
    "the police consent taken back by a guardian": (
        (*MINOR_OF_TWO, THREE_YES),
        takes_back(TWO, "police"),
        [
            f"{BOTH_YES}, vårdnadshavare 2: återkallat.",
            f"{LACKING} Vårdnadshavare 2: återkallat.",
            MEASURE,
            DECIDES,
            "Samtycket räcker inte för: polisen.",
            TWO_AGAINST_ONE,
            STOP_POLICE,
            ENDS_SIG,
            AWAITS,
        ],
    ),
    "the police consent has expired": (
        (*ADULT, asked(says(SUBJECT, yes()), on="2026-05-01", until="2026-11-01")),
        asked(says(SUBJECT, yes("school"))),
        [
            "Polisen – personen: har gått ut.",
            "Skolan – personen: ja till och med 2027-05-02.",
            f"{LACKING} Personen: har gått ut.",
            NO_MEASURE,
            DECIDES,
            "Fråga personen igen om polisen: har gått ut.",
            "Säg till skolan vad samtycket gäller. De antecknar det hos sig.",
        ],
    ),
    "written by mistake": (
        (*ADULT, asked(says(SUBJECT, yes(), measure="given"))),
        wrong(3),
        [
            "Polisen – personen: felaktigt sparat.",
            f"{LACKING} Personen: felaktigt sparat.",
            NO_MEASURE,
            DECIDES,
            "Fråga personen igen om polisen: felaktigt sparat.",
            STOP_POLICE,
        ],
    ),
}


@pytest.mark.parametrize("name", PREVIEWS)
def test_the_preview(name: str) -> None:
    """CON-1, CON-2, CON-5, CON-6, CON-7, CON-9, CON-10, CON-11, CON-13."""
    before, new, lines = PREVIEWS[name]
    assert words(preview(before, new)) == lines


def test_every_line_has_its_rule() -> None:
    rules = {}
    for before, new, _ in PREVIEWS.values():
        for line in preview(before, new):
            assert line.rules, line
            rules[say(line.words, "sv")] = line.rules
    assert rules[MET] == ("CON-1",)
    assert rules[MEASURE] == rules[SUITABLE] == rules[PLACEMENT] == ("CON-9",)
    assert rules[DECIDES] == rules[ALL_THERE] == ("DEC-2",)
    assert rules[TELL_POLICE] == rules[STOP_POLICE] == ("CON-11",)
    assert rules[ENDS_SIG] == ("CON-6",)
    assert rules[AWAITS] == ("CON-6", "DEC-2")
    assert rules[DO_NOT_ASK] == rules[ASK_FIRST] == ("CON-10",)
    assert rules[ALONE] == ("CON-7", "CON-10")
    assert rules["Fråga personen igen om polisen: har gått ut."] == ("CON-13", "CON-15")


def test_con_14_a_later_exit_referral_lacks_its_basis_and_that_is_unconfirmed() -> None:
    """CON-14."""
    police = asked(says(SUBJECT, yes()))
    lines = preview(ADULT, police, Policy(exit_parties=("police", "probation", "exit_unit")))
    assert words(lines)[-1] == (
        "Behövs avhopparstöd senare saknas samtycke till: kriminalvården och frivården och "
        "socialförvaltningens avhopparverksamhet. Uppgiften är obekräftad."
    )
    assert lines[-1].rules == ("CON-14",)
    assert not [line for line in preview(ADULT, police, Policy(exit_parties=("police",))) if "CON-14" in line.rules]


# ── CON-10: where a guardian must not learn of it ────────────────────────────────────────────────────────────

ANY_ANSWER = (None, "given", "refused", "thinking", "not_reached")


@pytest.mark.parametrize("age", ["under_12", "12_14", "15_17", "unknown"])
def test_con_10_under_significant_harm_no_line_asks_anyone_to_contact_a_guardian(age: str) -> None:
    """CON-10: whatever was answered, and with whatever guardians said before; one line says not to."""
    facts = (YOUTH, fact("age_group", age), fact("custody", "two"))
    for subject, guardian, disposes in product(ANY_ANSWER, ANY_ANSWER, ("together", "alone", "unknown")):
        line = yes() if guardian == "given" else other(guardian or "thinking", "police" if guardian else "school")
        earlier = of_minor(says(ONE, line), age_group=age, on="2026-10-26", until="2026-12-01")
        spoken = [] if subject is None else [yes() if subject == "given" else other(subject)]
        new = of_minor(says(SUBJECT, *spoken, measure="given"), age_group=age, disposes=disposes, harm="yes")
        lines = words(preview((*facts, earlier), new))
        assert lines[-1] == DO_NOT_ASK
        assert not [said for said in lines[:-1] if said.startswith("Fråga") and "vårdnadshavare" in said], lines
        entries = kept(*facts, earlier, new)
        consents = Consents(entries, TODAY)
        due = words([due_line(due, consents) for due in what_is_due(entries, TODAY, POLICY)])
        assert not [said for said in due if "vårdnadshavare" in said], due


def test_con_10_an_adult_has_no_guardian_to_be_told_or_not() -> None:
    """CON-8, CON-10."""
    lines = preview(ADULT, asked(says(SUBJECT, yes()), harm="yes", disposes="unknown"))
    assert not [line for line in lines if "CON-10" in line.rules]


@pytest.mark.parametrize(
    ("context", "line", "why"),
    [
        ({"age_group": "15_17", "harm": "no", "disposes": "together"}, None, "everyone who has a say may be asked"),
        ({"age_group": "15_17", "harm": "yes", "disposes": "together"}, (DO_NOT_ASK, "CON-10"), "significant harm"),
        ({"age_group": "15_17", "harm": "yes", "disposes": "alone"}, (DO_NOT_ASK, "CON-10"), "harm goes first"),
        ({"age_group": "15_17", "disposes": "alone"}, (ALONE, "CON-7", "CON-10"), "alone, and keeps them out"),
        (
            {"age_group": "15_17", "disposes": "alone", "guardian_allowed": "yes"},
            None,
            "alone, and lets them take part",
        ),
        ({"age_group": "15_17", "disposes": "together"}, (ASK_FIRST, "CON-10"), "harm is not assessed"),
        ({"age_group": "15_17", "threat_from_home": True}, (NOBODY_AT_HOME, "THR-13"), "a threat may come from home"),
        ({"age_group": "18_20", "threat_from_home": True}, (NOBODY_AT_HOME, "THR-13"), "for an adult too"),
        ({"age_group": "18_20", "harm": "yes"}, None, "CON-8: an adult has no guardian"),
    ],
)
def test_whom_nobody_may_turn_to_but_the_case_officer(
    context: dict[str, Any], line: tuple[str, ...] | None, why: str
) -> None:
    """CON-7, CON-8, CON-10, THR-13."""
    consents = Consents([], TODAY)
    consents.context = Context(**context)
    said = [(say(one.words, "sv"), *one.rules) for one in must_not_learn(consents)]
    assert said == ([] if line is None else [line]), why


# ── what comes next ──────────────────────────────────────────────────────────────────────────────────────────

HARM = {"harm": "yes"}
NEXT: dict[str, tuple[tuple[Record, ...], tuple[str, ...]]] = {
    "not asked about the police": (
        (*ADULT, asked(says(SUBJECT, yes("school")))),
        ("fråga personen om polisen.", "CON-1", "CON-7"),
    ),
    "not reached": (
        (*ADULT, asked(says(SUBJECT, other("not_reached")))),
        ("fråga personen om polisen.", "CON-1", "CON-7"),
    ),
    "two guardians are lacking": (
        (*MINOR_OF_TWO, of_minor(says(SUBJECT, yes()))),
        ("fråga vårdnadshavare 1 och vårdnadshavare 2 om polisen.", "CON-1", "CON-7"),
    ),
    "a no can be changed": (
        (*ADULT, asked(says(SUBJECT, other("refused")))),
        ("fråga personen igen när det passar. Säg att det går att ändra sig.", "CON-1"),
    ),
    "who thinks about it is asked again": (
        (*MINOR, of_minor(says(SUBJECT, yes()), says(ONE, other("thinking")))),
        ("fråga vårdnadshavare 1 igen när det passar. Säg att det går att ändra sig.", "CON-1"),
    ),
    "the guardian must not learn of it": (
        (*MINOR, of_minor(says(SUBJECT, yes()), **HARM)),
        ("säg till ansvarig socialsekreterare. Fråga inte vårdnadshavare.", "CON-10"),
    ),
    "the young person is asked where the guardian must not learn of it": (
        (*MINOR, of_minor(says(SUBJECT, yes("school")), **HARM)),
        ("fråga den unge om polisen.", "CON-1", "CON-7"),
    ),
    "yes against no": (
        (*MINOR, of_minor(says(SUBJECT, yes()), says(ONE, other("refused")))),
        ("säg till ansvarig socialsekreterare att de säger olika.", "CON-7"),
    ),
    "yes to different things": (
        (*MINOR, of_minor(says(SUBJECT, yes("police", "crime")), says(ONE, yes("police", "health")))),
        ("fråga vilka uppgifter alla säger ja till.", "CON-1", "CON-3"),
    ),
    "the measure": (
        (*ADULT, asked(says(SUBJECT, yes()))),
        ("fråga om insatsen SIG.", "CON-9"),
    ),
    "a no to the measure": (
        (*ADULT, asked(says(SUBJECT, yes(), measure="refused"))),
        ("säg till ansvarig socialsekreterare vad de svarar om insatsen.", "CON-9"),
    ),
    "the guardian has not said yes to the measure": (
        (*MINOR, of_minor(says(SUBJECT, yes(), **YES_ALL), says(ONE, yes()))),
        ("säg till ansvarig socialsekreterare vad de svarar om insatsen.", "CON-9"),
    ),
    "everything is there": (
        (*ADULT, asked(says(SUBJECT, yes(), measure="given"))),
        ("fråga polisen hur de ser på saken.", "TG-6"),
    ),
    "taken back": (
        (*ADULT, BOTH, takes_back(SUBJECT, "police")),
        ("vänta på beslut av ansvarig socialsekreterare.", "CON-6"),
    ),
}


@pytest.mark.parametrize("name", NEXT)
def test_the_next_step_by_the_consents_alone(name: str) -> None:
    """CON-1, CON-3, CON-6, CON-7, CON-9, CON-10, TG-6."""
    records, (said, *rules) = NEXT[name]
    line = next_step(Consents(kept(*records), TODAY))
    assert (say(line.words, "sv"), list(line.rules)) == (f"Nästa steg: {said}", rules)


# ── CON-13: the matrix, and what may be shared ───────────────────────────────────────────────────────────────


def test_con_13_every_unanswered_party_is_shown_as_not_asked() -> None:
    """CON-13: the deployment's own too; nobody asked, no matrix."""
    world = a_world(policy=Policy(other_parties=("Ungdomens hus",)))
    lines = words(matrix(Consents(kept(*ADULT, BOTH), TODAY), world))
    assert lines[-1] == (
        "Inte tillfrågad om: jobbtorg och KAA, hälso- och sjukvården, BUP, Maria Ungdom, kriminalvården och frivården, "
        "arbetsmarknadsförvaltningen, arbetsförmedlingen, socialförvaltningens avhopparverksamhet, fritiden, "
        "föreningar och civilsamhället, en annan socialnämnd, Ungdomens hus."
    )
    assert matrix(Consents(kept(*ADULT), TODAY), world) == []


def test_con_13_the_matrix_has_the_police_first_and_by_itself() -> None:
    """CON-13: the others with the same answers share a line, and each line leads to its records."""
    entries = kept(*ADULT, asked(says(SUBJECT, yes("school"), yes("bup"), other("refused", "leisure"), yes())))
    lines = matrix(Consents(entries, TODAY), a_world())
    assert words(lines)[:3] == [
        "Polisen – personen: ja till och med 2027-05-02.",
        "Skolan, BUP – personen: ja till och med 2027-05-02.",
        "Fritiden – personen: nej.",
    ]
    assert [line.records for line in lines] == [(entries[-1],)] * 3 + [()]


@pytest.mark.parametrize(
    ("records", "lines", "why"),
    [
        (
            (*MINOR, of_minor(says(SUBJECT, yes()), says(ONE, other("refused"))), fact("age_group", "18_20")),
            ["Polisen – personen: har gått ut."],
            "CON-8: of age since, so the guardian's no is not shown and makes no conflict",
        ),
        (
            (*MINOR, of_minor(says(SUBJECT, yes()), says(ONE, other("refused")), disposes="alone")),
            [f"{YOUNG_YES}."],
            "CON-7: nor that of one whom the young person keeps out",
        ),
        (
            (*MINOR, of_minor(says(SUBJECT, yes()), says(ONE, other("not_reached")))),
            [f"{YOUNG_YES}, vårdnadshavare 1: inte nådd."],
            "one who must consent",
        ),
        (
            (
                *MINOR,
                of_minor(says(SUBJECT, yes()), says(ONE, other("refused")), disposes="alone", guardian_allowed="yes"),
            ),
            [f"{YOUNG_YES}, vårdnadshavare 1: nej."],
            "one who takes part although it is not needed",
        ),
        (
            (*ADULT, asked(says(SUBJECT, yes()), says("parent_1", other("refused")))),
            ["Polisen – personen: ja till och med 2027-05-02, förälder 1: nej."],
            "CON-8: a parent who takes part",
        ),
    ],
)
def test_con_13_the_matrix_holds_those_who_have_a_say_today(
    records: Sequence[Record], lines: list[str], why: str
) -> None:
    """CON-7, CON-8, CON-13."""
    consents = Consents(kept(*records), TODAY)
    assert words(matrix(consents, a_world()))[:-1] == lines, why
    conflict = [line for line in preview(records[:-1], records[-1]) if say(line.words, "sv").startswith("De säger")]
    assert bool(conflict) == ("vårdnadshavare 1: nej" in lines[0]), why


def a_table(records: Sequence[Record]) -> Table:
    table = consent_table(Consents(kept(*records), TODAY))
    assert table is not None
    return table


def read(table: Table) -> list[tuple[str, ...]]:
    """The table as it is read, row by row, its columns first."""
    rows = [(row.head, *(cell.words for cell in row.cells)) for row in table.rows]
    return [tuple(say(words, "sv") for words in row) for row in (table.columns, *rows)]


@pytest.mark.parametrize(
    ("records", "rows", "why"),
    [
        (
            (*ADULT, asked(says(SUBJECT, yes("school"), yes("bup"), other("refused", "leisure"), yes()))),
            [
                ("Part", "Personen"),
                ("Polisen", "Ja till 2027-05-02"),
                ("Skolan", "Ja till 2027-05-02"),
                ("BUP", "Ja till 2027-05-02"),
                ("Fritiden", "Nej"),
            ],
            "the police first, then a row a party, also where the answers are alike",
        ),
        (
            (*ADULT, asked(says(SUBJECT, yes("school")))),
            [("Part", "Personen"), ("Polisen", "Inte tillfrågad"), ("Skolan", "Ja till 2027-05-02")],
            "the police have a row also where nobody was asked about them",
        ),
        (
            (*MINOR_OF_TWO, of_minor(says(SUBJECT, yes()), says(ONE, other("thinking")))),
            [
                ("Part", "Den unge", "Vårdnadshavare 1", "Vårdnadshavare 2"),
                ("Polisen", "Ja till 2027-05-02", "Vill fundera", "Inte tillfrågad"),
            ],
            "CON-7: a column for each who must consent",
        ),
        (
            (*MINOR, of_minor(says(SUBJECT, yes()), says(ONE, other("refused")), disposes="alone")),
            [("Part", "Den unge"), ("Polisen", "Ja till 2027-05-02")],
            "CON-7: none for one whom the young person keeps out",
        ),
        (
            (*ADULT, BOTH, takes_back(SUBJECT, "police", kinds=["crime"]), takes_back(SUBJECT, "school")),
            [
                ("Part", "Personen"),
                ("Polisen", "Ja till 2027-05-02, delvis återkallat"),
                ("Skolan", "Återkallat"),
            ],
            "CON-5: partly and wholly taken back",
        ),
        (
            (*ADULT, asked(says(SUBJECT, measure="given"))),
            [("Part", "Personen"), ("Polisen", "Inte tillfrågad")],
            "CON-13: a yes to the measure is a yes to no party",
        ),
    ],
)
def test_con_13_the_table_of_consents(records: Sequence[Record], rows: list[tuple[str, ...]], why: str) -> None:
    """CON-5, CON-7, CON-13."""
    assert read(a_table(records)) == rows, why


def test_con_13_there_is_no_table_before_anybody_was_asked() -> None:
    """CON-13."""
    assert consent_table(Consents(kept(*ADULT), TODAY)) is None


SHORT = {
    "given": ("Ja till 2027-05-02", "ja till och med 2027-05-02"),
    "refused": ("Nej", "nej"),
    "thinking": ("Vill fundera", "vill fundera"),
    "not_reached": ("Inte nådd", "inte nådd"),
    "not_asked": ("Inte tillfrågad", "inte tillfrågad"),
    "withdrawn": ("Återkallat", "återkallat"),
    "expired": ("Har gått ut", "har gått ut"),
    "mistaken": ("Felaktigt sparat", "felaktigt sparat"),
    PARTLY_WITHDRAWN: (
        "Ja till 2027-05-02, delvis återkallat",
        "ja till och med 2027-05-02, delvis återkallat",
    ),
}
"""By status: the words of its cell, and those of the matrix line."""

YOUNG_AND_GUARDIAN = {SUBJECT: "den unge", ONE: "vårdnadshavare 1"}
THREE = {"police": "Polisen", "school": "Skolan", "bup": "BUP"}


def brought_about(status: str, giver: str, party: str, on_record: int) -> list[Record]:
    """What was said, and done later, so that one giver has this status towards one party."""
    if status == "not_asked":
        return []
    if status in ("refused", "thinking", "not_reached"):
        return [of_minor(says(giver, other(status, party)))]
    if status == "expired":
        return [of_minor(says(giver, yes(party)), on="2026-10-01", until="2026-11-01")]
    said = of_minor(says(giver, yes(party)))
    then: dict[str, list[Record]] = {
        "withdrawn": [takes_back(giver, party)],
        "mistaken": [wrong(on_record + 1)],
        PARTLY_WITHDRAWN: [takes_back(giver, party, kinds=["crime"])],
    }
    return [said, *then.get(status, [])]


def read_from_lines(lines: Sequence[Line]) -> dict[tuple[str, str], str]:
    """The matrix lines taken apart: by party and giver, what stands there."""
    found: dict[tuple[str, str], str] = {}
    for line in words(lines):
        parties, _dash, answers = line.removesuffix(".").partition(" – ")
        for giver, said in findall(r"(den unge|vårdnadshavare 1): (.*?)(?=, vårdnadshavare 1: |$)", answers):
            found |= {(party, giver): said for party in parties.split(", ")}
    return found


@pytest.mark.parametrize("young", SHORT)
@pytest.mark.parametrize("guardian", SHORT)
def test_con_13_the_table_says_what_the_matrix_says_of_every_status(young: str, guardian: str) -> None:
    """CON-5, CON-13: two givers, every status, three parties; each combination towards each party."""
    assert set(SHORT) == {*STATUSES, PARTLY_WITHDRAWN}
    order = list(SHORT)
    for shift in range(len(THREE)):
        meant: dict[tuple[str, str], str] = {}
        records: list[Record] = [*MINOR]
        for place, party in enumerate(THREE):
            turn = 2 * ((place + shift) % len(THREE))  # the others stand otherwise, each in its own way
            for giver, first in ((SUBJECT, young), (ONE, guardian)):
                status = order[(order.index(first) + turn) % len(order)]
                meant[party, giver] = status
                records += brought_about(status, giver, party, len(records))
        consents = Consents(kept(*records), TODAY)
        table, lines = consent_table(consents), answers_by_party(consents)
        assert table is not None
        heads = [say(row.head, "sv") for row in table.rows]
        shown = [party for party in THREE if party == "police" or party in consents.parties]
        assert sorted(heads) == sorted(THREE[party] for party in shown)
        matrix_says = read_from_lines(lines)
        for row, head in zip(table.rows, heads, strict=True):
            party = next(party for party, name in THREE.items() if name == head)
            for cell, giver in zip(row.cells, YOUNG_AND_GUARDIAN, strict=True):
                short, long = SHORT[meant[party, giver]]
                assert (cell.status, say(cell.words, "sv")) == (meant[party, giver], short)
                assert matrix_says[head, YOUNG_AND_GUARDIAN[giver]] == long
                may = consents.status(giver, party).status == "given"
                assert say(cell.words, "sv").startswith("Ja") == may, "only what stands reads as a yes"
        assert {rule for row in table.rows for rule in row.rules} == {rule for line in lines for rule in line.rules}
        assert {entry for row in table.rows for entry in row.records} == {e for line in lines for e in line.records}


@pytest.mark.parametrize(
    ("records", "lines", "why"),
    [
        (
            (*ADULT, asked(says(SUBJECT, yes()))),
            ["Får delas med polisen: planering och möten, brott och misstankar (vi lämnar och hämtar)."],
            "both ways",
        ),
        (
            (*ADULT, asked(says(SUBJECT, yes("bup", "health", direction="from")))),
            ["Får delas med BUP: hälsa (vi hämtar)."],
            "one way",
        ),
        ((*ADULT, asked(says(SUBJECT, other("refused")))), [], "a no"),
        ((*MINOR, of_minor(says(SUBJECT, yes()))), [], "CON-7: not before the guardian has said yes too"),
        (
            (*MINOR, of_minor(says(SUBJECT, yes("police", "crime", "family")), says(ONE, yes("police", "crime")))),
            ["Får delas med polisen: brott och misstankar (vi lämnar och hämtar)."],
            "CON-7: only what everyone has said yes to",
        ),
        (
            (
                *MINOR,
                of_minor(says(SUBJECT, yes("police", "crime")), says(ONE, yes("police", "crime", direction="to"))),
            ),
            ["Får delas med polisen: brott och misstankar (vi lämnar)."],
            "CON-7: and only in the direction that everyone has",
        ),
        ((*ADULT, asked(says(SUBJECT, yes("parents")))), [], "CON-8: parents are people, no party to share with here"),
    ],
)
def test_con_3_what_may_be_shared_by_consent(records: Sequence[Record], lines: list[str], why: str) -> None:
    """CON-3, CON-13."""
    assert words(may_be_shared(Consents(kept(*records), TODAY))) == lines, why


@pytest.mark.parametrize(
    ("new", "meanwhile", "why"),
    [
        (
            BOTH,
            [
                ("polisen, personen: ja till och med 2027-05-02", "CON-13"),
                ("skolan, personen: ja till och med 2027-05-02", "CON-13"),
                ("insatsen, personen: ja", "CON-9"),
            ],
            "each party, and the measure",
        ),
        (takes_back(SUBJECT, "school"), [("skolan, personen: återkallat", "CON-13")], "only what has changed"),
        (asked(says(SUBJECT, yes(), yes("school"), measure="given")), [], "the same once more is nothing new"),
        (asked(says(SUBJECT, other("not_reached"))), [], "nobody was reached"),
        (takes_back(ONE, "police"), [], "one who has said nothing takes nothing back"),
    ],
)
def test_what_others_have_changed_meanwhile_stands_above_the_answers(
    new: Record, meanwhile: list[tuple[str, str]], why: str
) -> None:
    """CON-13: two coordinators, one consent; answer by answer, and only what was saved after the dialog was opened."""
    before = (*ADULT, *(() if new is BOTH else (BOTH,)))
    for recorded, told in (("2026-11-23T13:04:00+00:00", []), ("2026-11-23T13:06:00+00:00", meanwhile)):
        saved = kept(*before, new)
        saved[-1] = replace(saved[-1], recorded_at=recorded)
        lines = what_follows(saved, saved, a_world(shelf={OURS: saved}))
        above = [line for line in lines if line.above]
        assert [(say(line.words, "sv"), line.rules) for line in above] == [
            (f"Nytt sedan du började: {said}.", (rule,)) for said, rule in told
        ], why
        assert lines[: len(above)] == above, "they are read before anything else"
        assert all(line.records == (saved[-1],) for line in above), why


# ── what is due, in words ────────────────────────────────────────────────────────────────────────────────────

DUE = (
    (Due(kind="copy_owed", rules=("CON-4",), giver=SUBJECT), ADULT, "Att göra: lämna kopia till personen."),
    (Due(kind="copy_owed", rules=("CON-4",), giver=SUBJECT), MINOR, "Att göra: lämna kopia till den unge."),
    (Due(kind="copy_owed", rules=("CON-4",), giver=ONE), MINOR, "Att göra: lämna kopia till vårdnadshavare 1."),
    (
        Due(kind="ends_soon", by=date(2026, 12, 1), rules=("CON-15",), giver=SUBJECT),
        MINOR,
        "Att göra: fråga den unge om samtycke igen före den 1 december 2026.",
    ),
    (
        Due(kind="has_ended", by=date(2026, 11, 1), rules=("CON-15",), giver=SUBJECT),
        ADULT,
        "Att göra: fråga personen om samtycke igen. Det gällde till och med den 1 november 2026.",
    ),
    (
        Due(kind="ask_again_at_18", by=date(2026, 12, 1), rules=("CON-15",)),
        MINOR,
        "Att göra: personen fyller 18. Fråga om samtycke igen.",
    ),
    (
        Due(kind="flag_at_21", by=date(2026, 12, 1), rules=("CON-15",)),
        ADULT,
        "Att göra: personen fyller 21. Se över vad samtycket vilar på, lagen är en annan då.",
    ),
    (
        Due(kind="decision_awaited", rules=("CON-6", "DEC-2")),
        ADULT,
        "Att göra: beslut av ansvarig socialsekreterare om SIG ska avslutas.",
    ),
)


@pytest.mark.parametrize(("due", "facts", "said"), DUE)
def test_what_is_due_in_words(due: Due, facts: Sequence[Record], said: str) -> None:
    """CON-4, CON-6, CON-15, DEC-2: with its rules, and the record it follows from."""
    entries = kept(*facts, BOTH)
    consents = Consents(entries, TODAY)
    line = due_line(due, consents)
    assert (say(line.words, "sv"), line.rules, line.records) == (said, due.rules, ())
    assert due_line(replace(due, entry=entries[-1]), consents).records == (entries[-1],)


# ── records by name ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("record", "named", "who"),
    [
        (BOTH, "Samtycke den 2 november 2026", (SUBJECT,)),
        (THREE_YES, "Samtycke den 2 november 2026", (SUBJECT, ONE, TWO)),
        (takes_back(TWO, "police"), "Återkallelse den 16 november 2026", (TWO,)),
        (wrong(1), "Rättelse av ett samtycke", ()),
        (
            CopySettled.from_payload(
                {"case": OURS, "consent": id_of(1), "about_day": "2026-11-02", "giver": ONE, "outcome": "kept"}
            ),
            "Kopia av ett samtycke",
            (),
        ),
        (
            Transferred.from_payload({"case": OURS, "bundle": 1, "records": [id_of(1)]}),
            "Överföring till verksamhetssystemet",
            (),
        ),
    ],
)
def test_a_record_is_named_by_what_it_is(record: Record, named: str, who: tuple[str, ...]) -> None:
    assert say(record_words(record), "sv") == named
    assert who_said(record) == who
