"""Cases between dialogs: closed and opened again, facts that stand, grow old, and are kept when they are said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from dialogs import uppgifter
from dialogs.answers import UNKNOWN, Answers, Given, Month, Refused, Value
from dialogs.arende import page
from dialogs.case_facts import FACTS, fact_question, facts_said
from dialogs.policy import Policy
from dialogs.records import CaseClosed, CaseFact, CaseOpened, CaseReopened, Record, TalkHeld
from dialogs.rules.cases import a_case_is_closed, a_fact_may_be_out_of_date, the_fact_that_stands
from dialogs.texts import say
from state.session import CHANGE, SAVE
from tests.talk import MONDAY, NEW, OURS, Kept, Talk, a_world

TODAY = MONDAY.date()
USUAL = Policy()

OPENED = CaseOpened(case=OURS)
CLOSED = CaseClosed(case=OURS, reason="moved")
REOPENED = CaseReopened(case=OURS, reason="came_back")
A_TALK = TalkHeld(case=OURS, held="yes", occurred_on=TODAY)


def on_record(*records: Record) -> list[Kept]:
    return [Kept(record) for record in records]


def a_fact(fact: str, value: str, said_on: date = TODAY) -> Kept:
    return Kept(CaseFact.from_payload({"case": OURS, "fact": fact, "value": value}), said_on=said_on)


# ── closed, and open again ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("records", "closed", "why"),
    [
        ([], False, "nothing has been said"),
        ([OPENED, A_TALK], False, "nobody has closed it"),
        ([CLOSED], True, "it was closed"),
        ([OPENED, A_TALK, CLOSED], True, "after other records"),
        ([CLOSED, A_TALK], True, "another record does not open it"),
        ([CLOSED, REOPENED], False, "it was opened again"),
        ([CLOSED, REOPENED, A_TALK], False, "and is open since"),
        ([CLOSED, REOPENED, CLOSED], True, "and closed again: the latest word holds"),
        ([CLOSED, CLOSED, REOPENED], False, "two closings are one"),
        ([REOPENED], False, "opened again without a closing"),
    ],
)
def test_a_case_is_closed_by_its_latest_closing(records: Sequence[Record], closed: bool, why: str) -> None:
    assert a_case_is_closed(on_record(*records)) is closed, why


# ── the fact that stands ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "stands", "why"),
    [
        ([], None, "nobody has said"),
        ([("custody", "one")], None, "another fact says nothing of this one"),
        ([("group", "youth")], "youth", "it was said"),
        ([("group", "youth"), ("group", "young_adult")], "young_adult", "the latest stands"),
        ([("group", "youth"), ("custody", "two")], "youth", "another fact does not stand over it"),
        ([("group", "youth"), ("group", UNKNOWN)], UNKNOWN, "it can be taken back"),
    ],
)
def test_the_latest_of_a_fact_stands(said: list[tuple[str, str]], stands: str | None, why: str) -> None:
    found = the_fact_that_stands([a_fact(*one) for one in said], "group")
    assert (found.value if found else None) == stands, why


def test_a_fact_that_stands_names_its_record_and_its_day() -> None:
    earlier, latest = a_fact("custody", "two", date(2026, 1, 2)), a_fact("custody", "one", date(2026, 3, 4))
    found = the_fact_that_stands([earlier, Kept(A_TALK), latest, a_fact("group", "youth")], "custody")
    assert found is not None
    assert (found.value, found.said_on, found.entry) == ("one", date(2026, 3, 4), latest)


# ── when a fact may be out of date ───────────────────────────────────────────────────────────────────────────

AGE = [("age_group", "15_17", "2026-10-20"), ("month_of_18", "2027-03", "2026-10-20")]


def an_age(group: str, said_on: str, month: str = "2027-03") -> list[tuple[str, str, str]]:
    return [("age_group", group, said_on), ("month_of_18", month, "2020-01-01")]


@pytest.mark.parametrize(
    ("said", "fact", "today", "again", "why"),
    [
        ([], "group", "2026-11-23", False, "never said: that is asked for another reason"),
        ([("custody", "one", "2020-01-01")], "group", "2026-11-23", False, "another fact's age is not its"),
        ([("custody", "one", "2026-11-23")], "custody", "2026-11-23", False, "said today"),
        ([("custody", "one", "2026-05-24")], "custody", "2026-11-23", False, "183 days: the last day it stands"),
        ([("custody", "one", "2026-05-23")], "custody", "2026-11-23", True, "184 days: six months are over"),
        ([("custody", "one", "2020-05-23")], "custody", "2026-11-23", True, "years"),
        (
            [("custody", "one", "2020-05-23"), ("custody", "one", "2026-11-01")],
            "custody",
            "2026-11-23",
            False,
            "it was confirmed since",
        ),
        ([("district", "Farsta", "2026-05-23")], "district", "2026-11-23", True, "every fact grows old"),
        ([("month_of_18", "2027-03", "2010-01-01")], "month_of_18", "2026-11-23", False, "a month of birth does not"),
        (AGE, "age_group", "2027-02-28", False, "CON-15: the day before the birthday month"),
        (AGE, "age_group", "2027-03-01", True, "CON-15: the first day of the birthday month"),
        (AGE, "age_group", "2027-03-31", True, "CON-15: its last"),
        (AGE, "age_group", "2027-04-01", True, "CON-15: and when it is over"),
        (
            [("age_group", "15_17", "2027-03-01"), ("month_of_18", "2027-03", "2026-10-20")],
            "age_group",
            "2027-03-31",
            False,
            "said in the birthday month: not over and over while it lasts",
        ),
        (
            [("age_group", "15_17", "2027-03-01"), ("month_of_18", "2027-03", "2026-10-20")],
            "age_group",
            "2027-04-01",
            True,
            "CON-15: said in the birthday month, perhaps before the day: once more when it is over",
        ),
        (
            [("age_group", "15_17", "2027-04-01"), ("month_of_18", "2027-03", "2026-10-20")],
            "age_group",
            "2027-04-30",
            False,
            "said after the birthday month",
        ),
        (
            [("age_group", "15_17", "2026-10-20"), ("month_of_18", UNKNOWN, "2026-10-20")],
            "age_group",
            "2027-04-01",
            False,
            "no month is known: only the six months",
        ),
        ([("age_group", "15_17", "2026-10-20")], "age_group", "2027-04-01", False, "nobody has said the month"),
        (
            [*AGE, ("age_group", "18_20", "2027-03-10")],
            "age_group",
            "2027-04-01",
            False,
            "of age already: the month changes nothing",
        ),
        (an_age("15_17", "2026-12-20", "2027-01"), "age_group", "2027-01-01", True, "over the turn of the year"),
        (
            an_age("under_12", "2020-12-20"),
            "age_group",
            "2021-02-28",
            False,
            "CON-9: the last day before the month of 12",
        ),
        (an_age("under_12", "2020-12-20"), "age_group", "2021-03-01", True, "CON-9: the month of 12"),
        (an_age("under_12", "2021-03-05"), "age_group", "2021-03-31", False, "said in the month of 12, which lasts"),
        (
            an_age("under_12", "2021-03-05"),
            "age_group",
            "2021-04-01",
            True,
            "said in the month of 12: once more after it",
        ),
        (an_age("12_14", "2021-03-05"), "age_group", "2021-04-01", False, "the new group, said in the month of 12"),
        (an_age("12_14", "2023-12-20"), "age_group", "2024-02-29", False, "CON-9: the last day before the month of 15"),
        (an_age("12_14", "2023-12-20"), "age_group", "2024-03-01", True, "CON-9: the month of 15"),
        (an_age("12_14", "2024-03-31"), "age_group", "2024-03-31", False, "said in the month of 15, which lasts"),
        (an_age("12_14", "2024-03-31"), "age_group", "2024-04-01", True, "said in the month of 15: once more after it"),
        (an_age("12_14", "2026-12-20"), "age_group", "2027-03-01", False, "18 is not the birthday that ends 12–14"),
        (
            an_age("18_20", "2029-12-20"),
            "age_group",
            "2030-02-28",
            False,
            "CON-15: the last day before the month of 21",
        ),
        (an_age("18_20", "2029-12-20"), "age_group", "2030-03-01", True, "CON-15: the month of 21"),
        (an_age("18_20", "2030-03-01"), "age_group", "2030-03-31", False, "said in the month of 21, which lasts"),
        (an_age("18_20", "2030-03-01"), "age_group", "2030-04-01", True, "said in the month of 21: once more after it"),
        (an_age("21_29", "2030-03-10"), "age_group", "2030-04-01", False, "the new group, said in the month of 21"),
        (an_age("21_29", "2038-12-20"), "age_group", "2039-04-01", False, "30: no group follows"),
        (an_age(UNKNOWN, "2026-12-20"), "age_group", "2027-04-01", False, "no age was said: asked for another reason"),
        (
            [("custody", "one", "2027-02-01"), ("month_of_18", "2027-03", "2026-10-20")],
            "custody",
            "2027-04-01",
            False,
            "the birthday month is about the age alone",
        ),
        ([("custody", UNKNOWN, "2026-05-23")], "custody", "2026-11-23", True, "an old \u201cVet inte\u201d is old too"),
    ],
)
def test_when_a_fact_may_be_out_of_date(
    said: list[tuple[str, str, str]], fact: str, today: str, again: bool, why: str
) -> None:
    entries = [a_fact(name, value, date.fromisoformat(day)) for name, value, day in said]
    assert a_fact_may_be_out_of_date(entries, fact, date.fromisoformat(today), USUAL) is again, why


def test_how_long_a_fact_stands_is_configuration() -> None:
    entries = [a_fact("custody", "one", TODAY - timedelta(days=31))]
    assert a_fact_may_be_out_of_date(entries, "custody", TODAY, Policy(facts_stand_days=30))
    assert not a_fact_may_be_out_of_date(entries, "custody", TODAY, Policy(facts_stand_days=31))


# ── asked, and kept ──────────────────────────────────────────────────────────────────────────────────────────

LONG_AGO = TODAY - timedelta(days=184)


@pytest.mark.parametrize(
    ("on_shelf", "preset", "why"),
    [
        ([], None, "never said: asked"),
        ([a_fact("custody", "two")], "two", "on record: not asked"),
        ([a_fact("custody", "two", LONG_AGO)], None, "old: asked again"),
        ([a_fact("custody", UNKNOWN)], None, "nobody knew: asked again"),
    ],
)
def test_a_fact_is_asked_for_unless_it_stands(on_shelf: list[Kept], preset: str | None, why: str) -> None:
    question = fact_question("custody")
    assert question.preset is not None
    assert question.preset(Answers({"case": OURS}), a_world(shelf={OURS: on_shelf})) == preset, why


@pytest.mark.parametrize(
    ("on_shelf", "said", "kept", "why"),
    [
        ([], {}, [], "nothing was asked"),
        ([], {"custody": "one"}, [("custody", "one")], "new"),
        ([a_fact("custody", "two")], {"custody": "one"}, [("custody", "one")], "changed"),
        ([a_fact("custody", "one")], {"custody": "one"}, [], "as it stands: nothing new"),
        ([a_fact("custody", "one", LONG_AGO)], {"custody": "one"}, [("custody", "one")], "old, and confirmed"),
        ([a_fact("custody", "two", LONG_AGO)], {"custody": "one"}, [("custody", "one")], "old, and changed"),
        ([], {"custody": UNKNOWN}, [], "nobody knows, and nobody did"),
        ([a_fact("custody", "one")], {"custody": UNKNOWN}, [("custody", UNKNOWN)], "what was said is taken back"),
        ([a_fact("custody", UNKNOWN)], {"custody": UNKNOWN}, [], "still nobody knows"),
        ([a_fact("custody", UNKNOWN, LONG_AGO)], {"custody": UNKNOWN}, [], "nor after a long time"),
        ([a_fact("custody", UNKNOWN)], {"custody": "one"}, [("custody", "one")], "now somebody does"),
        (
            [a_fact("group", "youth"), a_fact("custody", "two")],
            {"custody": "one", "group": "youth", "age_group": "12_14"},
            [("age_group", "12_14"), ("custody", "one")],
            "only what is new, in the order the facts stand in",
        ),
    ],
)
def test_what_is_kept_of_facts(
    on_shelf: list[Kept], said: dict[str, Value], kept: list[tuple[str, str]], why: str
) -> None:
    found = facts_said(Answers({"case": OURS, **said}), a_world(shelf={OURS: on_shelf}))
    assert [(fact.fact, fact.value) for fact in found] == kept, why
    assert all(fact.case == OURS for fact in found)


# ── the month of 18, held against the age ───────────────────────────────────────────────────────────────────

AGAINST_THE_AGE = "Månaden stämmer inte med åldern. Kontrollera båda."
IMPOSSIBLE = "Månaden kan inte stämma. Skriv månad och år igen."


@pytest.mark.parametrize(
    ("age", "month", "refused", "why"),
    [
        ("under_12", "2032-10", AGAINST_THE_AGE, "12 last month"),
        ("under_12", "2032-11", None, "12 this month, perhaps not yet"),
        ("under_12", "2044-11", None, "born this month"),
        ("under_12", "2044-12", AGAINST_THE_AGE, "not born yet"),
        ("12_14", "2029-10", AGAINST_THE_AGE, "15 last month"),
        ("12_14", "2029-11", None, "15 this month, perhaps not yet"),
        ("12_14", "2032-11", None, "12 this month, perhaps already"),
        ("12_14", "2032-12", AGAINST_THE_AGE, "12 next month"),
        ("15_17", "2026-10", AGAINST_THE_AGE, "18 last month"),
        ("15_17", "2026-11", None, "18 this month, perhaps not yet"),
        ("15_17", "2029-11", None, "15 this month, perhaps already"),
        ("15_17", "2029-12", AGAINST_THE_AGE, "15 next month"),
        (UNKNOWN, "2014-10", IMPOSSIBLE, "30 last month"),
        (UNKNOWN, "2014-11", None, "30 this month, perhaps not yet"),
        (UNKNOWN, "2044-11", None, "born this month"),
        (UNKNOWN, "2044-12", IMPOSSIBLE, "not born yet"),
        (None, "2014-11", None, "a dialog that has not asked for the age knows none"),
        (None, "2044-12", IMPOSSIBLE, "nor is it held against one"),
        ("12_14", UNKNOWN, None, "“Vet inte” goes with every age"),
    ],
)
def test_the_month_of_18_is_held_against_the_age(age: str | None, month: str, refused: str | None, why: str) -> None:
    kind = fact_question("month_of_18").kind
    assert isinstance(kind, Month)
    answers = Answers({"case": OURS} | ({} if age is None else {"age_group": age}))
    reply = kind.read(month, None, a_world(), answers)
    assert kind.holds(month, a_world(), answers) is (refused is None), why
    assert reply == (Given(month) if refused is None else Refused("month_out_of_range", refused)), why


def test_an_age_that_is_changed_puts_the_month_in_question() -> None:
    talk = facts().picks(OURS, "youth", "12_14").says("mars 2031")
    talk.picks("two", "Farsta", "Farsta", "none_yet", CHANGE, f"{CHANGE}:age_group", "15_17")
    assert talk.at == "month_of_18"
    assert AGAINST_THE_AGE in talk.screen.text
    talk.picks(f"{CHANGE}:age_group", "12_14")
    assert talk.shows("month_of_18") == "mars 2031"


# ── the two coordinators ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("on_shelf", "district", "preset", "why"),
    [
        ([], "Farsta", "p-me", "nobody is on record: likely the one who speaks"),
        ([], None, "p-me", "nor was the district asked for"),
        ([], "Järva", None, "the case leaves the district, and the one who speaks does not see it any more"),
        ([a_fact("first_coordinator", "p-colleague")], "Farsta", "p-colleague", "on record"),
        ([a_fact("first_coordinator", "p-me", LONG_AGO)], "Farsta", None, "old: asked again"),
        ([a_fact("first_coordinator", UNKNOWN)], "Farsta", None, "nobody knew: asked again"),
        ([a_fact("second_coordinator", "p-me")], "Farsta", None, "the one who speaks is the second"),
        ([a_fact("second_coordinator", "p-colleague")], "Farsta", "p-me", "somebody else is the second"),
    ],
)
def test_who_is_likely_the_first(on_shelf: list[Kept], district: str | None, preset: str | None, why: str) -> None:
    question = fact_question("first_coordinator")
    assert question.preset is not None
    answers = Answers({"case": OURS} | ({} if district is None else {"district": district}))
    assert question.preset(answers, a_world(shelf={OURS: on_shelf})) == preset, why


@pytest.mark.parametrize(
    ("first", "offered", "why"),
    [
        (None, ["p-me", "p-colleague", "none_yet", UNKNOWN], "nobody was said: anybody"),
        ("p-me", ["p-colleague", "none_yet", UNKNOWN], "ENV-1: two, not the same one twice"),
        ("p-colleague", ["p-me", "none_yet", UNKNOWN], "ENV-1: whoever it is"),
        ("none_yet", ["p-me", "p-colleague", "none_yet", UNKNOWN], "neither is there yet"),
        (UNKNOWN, ["p-me", "p-colleague", "none_yet", UNKNOWN], "neither is known"),
    ],
)
def test_the_second_is_somebody_else_than_the_first(first: str | None, offered: list[str], why: str) -> None:
    answers = Answers({"case": OURS} | ({} if first is None else {"first_coordinator": first}))
    options = fact_question("second_coordinator").kind.options(None, a_world(), answers)
    assert [option.value for option in options] == offered, why


@pytest.mark.parametrize("fact", ["first_coordinator", "second_coordinator"])
def test_the_one_who_speaks_is_du_and_the_others_have_no_names(fact: str) -> None:
    options = fact_question(fact).kind.options(None, a_world(), Answers({"case": OURS}))
    assert [str(option.label) for option in options] == ["Du", "ersättare 2", "Ingen ännu", "Vet inte"]


# ── custody, which ends at 18 ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("age", "shown", "why"),
    [
        (None, True, "no age on record"),
        (UNKNOWN, True, "nobody knows the age"),
        ("under_12", True, "a minor"),
        ("15_17", True, "a minor still"),
        ("18_20", False, "of age: nobody has custody"),
        ("21_29", False, "long since"),
    ],
)
def test_custody_is_shown_of_a_case_unless_the_person_is_of_age(age: str | None, shown: bool, why: str) -> None:
    shelf = [a_fact("custody", "two"), *([] if age is None else [a_fact("age_group", age)])]
    lines = [say(line.words, "sv") for line in page(OURS, (), a_world(shelf={OURS: shelf}))]
    assert ("Vårdnad: Två vårdnadshavare." in lines) is shown, why


# ── /uppgifter ───────────────────────────────────────────────────────────────────────────────────────────────


def facts(*shelf: Kept) -> Talk:
    talk = Talk(uppgifter.DIALOG, a_world(shelf={OURS: shelf}))
    people = ((talk.world.person, "samordnare 1"), ("p-colleague", "ersättare 2"))
    talk.world = replace(talk.world, coordinators=lambda: people)
    return talk


def test_all_facts_of_a_new_case_in_one_go() -> None:
    talk = facts().picks("new", "youth", "12_14").says("mars 2031")
    talk.picks("two", "Farsta", "Farsta", "none_yet", SAVE)
    assert talk.kept == (
        CaseOpened(case=NEW),
        CaseFact(case=NEW, fact="group", value="youth"),
        CaseFact(case=NEW, fact="age_group", value="12_14"),
        CaseFact(case=NEW, fact="month_of_18", value="2031-03"),
        CaseFact(case=NEW, fact="district", value="Farsta"),
        CaseFact(case=NEW, fact="police_area", value="Farsta"),
        CaseFact(case=NEW, fact="custody", value="two"),
        CaseFact(case=NEW, fact="first_coordinator", value=talk.world.person),
        CaseFact(case=NEW, fact="second_coordinator", value="none_yet"),
    )


def test_whoever_is_of_age_is_asked_neither_month_nor_custody() -> None:
    talk = facts().picks(OURS, "young_adult", "21_29")
    assert talk.at == "police_area"


@pytest.mark.parametrize("age", ["under_12", "12_14", "15_17", UNKNOWN])
def test_the_month_is_asked_of_a_minor_and_where_nobody_knows(age: str) -> None:
    assert facts().picks(OURS, "youth", age).at == "month_of_18"


@pytest.mark.parametrize("typed", ["2031-03-14", "14 mars 2031", "20310314", "14/3 2031"])
def test_the_day_of_birth_is_never_taken(typed: str) -> None:
    talk = facts().picks(OURS, "youth", "12_14").says(typed)
    assert talk.names == ["AnswerRefused"]
    assert talk.at == "month_of_18"


def test_only_the_fact_that_was_changed_is_kept() -> None:
    shelf = [a_fact(fact, value) for fact, value in zip(FACTS, STANDING, strict=True)]
    talk = facts(*shelf).picks(OURS)
    assert talk.labels == ["Spara", "Ändra", "Avbryt"], "all of it stands"
    talk.picks(CHANGE, f"{CHANGE}:custody", "one", SAVE)
    assert talk.kept == (CaseFact(case=OURS, fact="custody", value="one"),)


def test_nothing_is_kept_where_nothing_has_changed() -> None:
    shelf = [a_fact(fact, value) for fact, value in zip(FACTS, STANDING, strict=True)]
    talk = facts(*shelf).picks(OURS, SAVE)
    assert (talk.outcome, talk.kept) == ("facts_kept", ())


def test_a_first_who_becomes_the_second_makes_the_second_be_asked_again() -> None:
    talk = facts().picks(OURS, "young_adult", "21_29", "Farsta", "Farsta", "p-colleague")
    assert (talk.shows("first_coordinator"), talk.shows("second_coordinator")) == ("Du", "ersättare 2")
    talk.picks(CHANGE, f"{CHANGE}:first_coordinator", "p-colleague")
    assert talk.at == "second_coordinator"
    talk.picks(talk.world.person)
    assert (talk.shows("first_coordinator"), talk.shows("second_coordinator")) == ("ersättare 2", "Du")


def test_a_case_that_leaves_the_district_has_no_likely_first() -> None:
    assert facts().picks(OURS, "young_adult", "21_29", "Farsta", "Skärholmen").at == "first_coordinator"


STANDING = ("youth", "12_14", "2031-03", "Farsta", "Farsta", "two", "none_yet", "none_yet")
