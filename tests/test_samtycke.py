"""/samtycke against its rules: who is asked, what is preset, how long it holds, and what others do meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, product
from typing import Any

import jsonschema
import pytest

from bot.outgoing import press_data
from bot.phone import Phone
from bot.turn import PRACTICE
from dialogs import samtycke
from dialogs.answers import DONE, EVERYTHING, UNKNOWN, Given
from dialogs.case_facts import FACTS
from dialogs.consent_words import INFO_KINDS
from dialogs.model import Question, World
from dialogs.policy import PARTIES, Policy
from dialogs.records import (
    CaseClosed,
    CaseFact,
    ConsentAsked,
    ConsentCorrected,
    ConsentWithdrawn,
    CorrectionNotice,
    Record,
    Transferred,
)
from dialogs.rules.conditions import what_is_due
from dialogs.rules.consents import PARENTS_PARTY, POLICE, Consents
from dialogs.samtycke import GIVEN, GIVERS, NOT_ASKED, NOT_REACHED, REFUSED, THINKING, UNCHANGED
from dialogs.scope import ALL, Scope
from state.events import AnswerRefused, SessionCompleted
from state.machine import CompiledDialog, Position
from state.records import verify
from state.schema import records_schema
from state.screen import Screen
from state.session import ABANDON, BACK, CHANGE, MORE, MOST_TOLD, SAVE, WHY
from tests.office import Office, screen_of
from tests.talk import MONDAY, OURS, Kept, Talk, a_world

TODAY = MONDAY.date()
COMPILED = CompiledDialog(samtycke.DIALOG)
ASKED_ID = "00000001-0000-7000-8000-000000000000"

TURNS_18 = {"under_12": "2034-03", "12_14": "2030-03", "15_17": "2028-03"}
MINORS, ADULTS = tuple(TURNS_18), ("18_20", "21_29")

USUAL = {
    "case": OURS,
    "group": "youth",
    "age_group": "21_29",
    "month_of_18": UNKNOWN,
    "custody": "two",
    "maturity": "yes",
    "disposes": "together",
    "guardian_allowed": "yes",
    "harm": "no",
    "parents": "two",
    "police": GIVEN,
    "parties": DONE,
    "measure": GIVEN,
    "how": "meeting",
    "explained": EVERYTHING,
    "copy": "handed_over",
}
"""What is pressed at each question where a test says nothing else; a question to a giver goes by its first word."""

AS_BEFORE = f"{UNCHANGED}_{GIVEN}"


def facts(age: str = "21_29", **more: str) -> list[Kept]:
    """The facts of a case; what is asked of a minor is known too."""
    known = {"group": "youth" if age in MINORS else "young_adult", "age_group": age}
    if age in MINORS:
        known |= {"month_of_18": TURNS_18[age], "custody": "two"}
    known |= more
    return [Kept(CaseFact(case=OURS, fact=fact, value=value)) for fact, value in known.items()]  # type: ignore[arg-type]


def a_talk(age: str = "21_29", *more: Kept, policy: Policy | None = None, **known: str) -> Talk:
    return Talk(samtycke.DIALOG, a_world(shelf={OURS: (*facts(age, **known), *more)}, policy=policy))


def first_word(question: str) -> str:
    return next((question.removesuffix(f"_{giver}") for giver in GIVERS if question.endswith(f"_{giver}")), question)


def pressed_at(question: str, special: Mapping[str, str | Sequence[str]]) -> list[str]:
    said = special.get(question, special.get(first_word(question), USUAL.get(first_word(question), "")))
    return [said] if isinstance(said, str) else list(said)


def to_the_end(talk: Talk, **special: str | Sequence[str]) -> Talk:
    """Press on until all is read back, or the talk has ended."""
    here = ""
    while talk.session is not None and SAVE not in values(talk.screen) and not more_of(talk.screen):
        assert talk.at != here, talk.screen
        here = talk.at
        talk.picks(*pressed_at(here, special))
    return talk


def up_to(talk: Talk, question: str, **special: str | Sequence[str]) -> Talk:
    """Press on until a question waits."""
    while talk.at != question:
        talk.picks(*pressed_at(talk.at, special))
    return talk


def values(screen: Screen) -> list[str]:
    return [button.value for button in screen.buttons]


def answers_on(screen: Screen) -> list[str]:
    return [value for value in values(screen) if not value.startswith("!")]


def more_of(screen: Screen) -> list[str]:
    return [value for value in values(screen) if value.startswith(MORE)]


def pages(talk: Talk) -> list[Screen]:
    """Every page that waits to be read; the talk stands at the last one then."""
    read = [talk.screen]
    while more := more_of(talk.screen):
        talk.picks(*more)
        read.append(talk.screen)
    return read


def read_back(talk: Talk) -> str:
    return "\n".join(page.text for page in pages(talk))


def saved(talk: Talk) -> tuple[Record, ...]:
    pages(talk)
    return talk.picks(SAVE).kept


def the_asking(kept: Sequence[Record]) -> ConsentAsked:
    (asked,) = [record for record in kept if isinstance(record, ConsentAsked)]
    return asked


def asked_before(
    asked_on: str = "2026-11-02",
    answer: str = GIVEN,
    *parties: str,
    until: str = "2027-05-02",
    id_: str = ASKED_ID,
    **more: Any,
) -> Kept:
    """An earlier asking of the person alone, about the police or the parties that are named."""
    scope = {"kinds": ["planning", "crime"], "direction": "both"} if answer == GIVEN else {}
    lines = [{"party": party, "answer": answer, **scope} for party in parties or (POLICE,)]
    payload = {
        "case": OURS,
        "asked_on": asked_on,
        "age_group": "21_29",
        "givers": [{"giver": "subject", "lines": lines, "measure": "given", "how": "meeting"}],
        **({"valid_until": until} if answer == GIVEN else {}),
        **more,
    }
    return Kept(ConsentAsked.from_payload(payload), id=id_)


def walked(world: World, special: Mapping[str, str | Sequence[str]]) -> Position:
    """Where answers lead, straight through the machine: nothing is drawn and nothing is stored."""
    given: dict[str, Any] = {}
    while isinstance((position := COMPILED.walk(given, world)).at, Question):
        question = position.at
        for said in pressed_at(question.id, special):
            reply = question.kind.read(said, None, world, position.answers)
            assert isinstance(reply, Given), (question.id, said)
            given[question.id] = reply.value
    return position


# ── taps ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("age", ADULTS)
def test_an_adult_and_the_police_alone_is_at_most_eight_taps(age: str) -> None:
    talk = to_the_end(a_talk(age))
    the_asking(saved(talk))
    assert talk.taps <= 8


@pytest.mark.parametrize(
    ("presses", "why"),
    [
        (["school", "kaa_jobbtorg", "probation", DONE], "three say yes"),
        (["school", "school", "bup", "bup", "leisure", "leisure", DONE], "three noes, two presses each"),
        (["school", PARENTS_PARTY, "leisure", DONE], "the parents are one of them, and are asked about"),
        (["school", "bup", "bup", "leisure", NOT_REACHED], "all the others could not be reached"),
    ],
)
def test_an_adult_and_three_more_parties_is_at_most_fourteen_taps(presses: list[str], why: str) -> None:
    talk = to_the_end(a_talk(), parties_subject=presses, parents="none")
    lines = the_asking(saved(talk)).givers[0].lines
    assert len([line for line in lines if line.answer in (GIVEN, REFUSED)]) == 4, why
    assert talk.taps <= 14, why


# ── what is preset ───────────────────────────────────────────────────────────────────────────────────────────

PRESET_OF_A_GIVER = ("kinds", "interpreter")
NEVER_PRESET = ("case", "maturity", "disposes", "guardian_allowed", "harm", "parents")
NEVER_PRESET_OF_A_GIVER = ("police", "parties", "measure", "how", "explained", "copy")


def test_what_is_preset_is_what_the_issue_lists_and_nothing_else() -> None:
    """Facts on record, the day, no interpreter, the last day, direction and kinds."""
    known = {fact for fact in FACTS if fact in samtycke.DIALOG.by_id}
    proposed = {f"{first}_{giver}" for first in PRESET_OF_A_GIVER for giver in GIVERS}
    found = {question.id for question in samtycke.QUESTIONS if question.preset is not None}
    assert found == {*known, *proposed, "asked_on", "valid_until"}
    rest = {question.id for question in samtycke.QUESTIONS} - found
    assert {first_word(question) for question in rest} == {*NEVER_PRESET, *NEVER_PRESET_OF_A_GIVER}


def test_the_presets_are_today_no_interpreter_six_months_both_ways_and_kinds() -> None:
    talk = to_the_end(a_talk(), parties=["health_care", "leisure", DONE])
    position = COMPILED.walk(talk.held.answers, talk.world)
    assert {question: position.way[question] for question in position.preset} == {
        "group": "young_adult",
        "age_group": "21_29",
        "asked_on": "2026-11-23",
        "valid_until": "2027-05-23",
        "interpreter_subject": "no",
        "kinds_subject": {
            "police": "planning,situation,crime,safety|to,from",
            "health_care": "planning,situation,health,substance|to,from",
            "leisure": "planning,situation,occupation,safety|to,from",
        },
    }
    for words in ("Tolk, personen: Nej", "Dag: idag, 23 november 2026", "söndag 23 maj 2027", "vi lämnar och hämtar"):
        assert words in talk.screen.text, "what is preset is read back"


def test_nothing_is_known_of_a_case_nobody_has_spoken_of() -> None:
    talk = Talk(samtycke.DIALOG, a_world()).picks(OURS)
    asked = []
    while talk.at != "police_subject":
        asked.append(talk.at)
        talk.picks(*pressed_at(talk.at, {"age_group": "15_17"}))
    assert asked == ["group", "age_group", "month_of_18", "custody", "maturity", "disposes", "harm"]
    kept = saved(to_the_end(talk))
    said = {record.fact: record.value for record in kept if isinstance(record, CaseFact)}
    assert said == {"group": "youth", "age_group": "15_17", "custody": "two"}, "nobody knew the month"


def test_what_one_person_narrows_or_widens_is_never_read_into_anothers_answer() -> None:
    narrow = f"{CHANGE}:kinds_subject"
    talk = to_the_end(a_talk("15_17"), parties_subject=["school", DONE], parties_guardian_1=["bup", DONE])
    pages(talk)
    talk.picks(CHANGE, narrow, "police", "crime", "from", DONE, DONE)
    by_giver = {said.giver: said.lines for said in the_asking(saved(talk)).givers}
    kinds = {(giver, line.party): line.kinds for giver, lines in by_giver.items() for line in lines}
    assert kinds["subject", POLICE] == ("planning", "situation", "safety")
    assert kinds["guardian_1", POLICE] == ("planning", "situation", "crime", "safety"), "as it was proposed to them"
    assert set(kinds) == {
        ("subject", POLICE),
        ("subject", "school"),
        ("guardian_1", POLICE),
        ("guardian_1", "bup"),
        ("guardian_2", POLICE),
    }


# ── who is asked ─────────────────────────────────────────────────────────────────────────────────────────────

HOW_MANY_GUARDIANS = {"two": 2, "one": 1, "specially_appointed": 1, "god_man": 1, UNKNOWN: 2}

GUARDIANS_ARE_ASKED = {
    # maturity, disposes, allowed, harm: asked, and may have a copy
    ("no", None, None, "no"): (True, False),
    ("no", None, None, "yes"): (False, False),
    ("no", None, None, UNKNOWN): (True, False),
    ("yes", "together", None, "no"): (True, True),
    ("yes", "together", None, "yes"): (False, False),
    ("yes", "together", None, UNKNOWN): (True, False),
    ("yes", UNKNOWN, None, "no"): (True, False),
    ("yes", UNKNOWN, None, "yes"): (False, False),
    ("yes", UNKNOWN, None, UNKNOWN): (True, False),
    ("yes", "alone", "yes", "no"): (True, True),
    ("yes", "alone", "yes", "yes"): (False, False),
    ("yes", "alone", "yes", UNKNOWN): (True, False),
    ("yes", "alone", "no", None): (False, False),
}
"""CON-7, CON-10: of a minor, or of a person whose age nobody knows."""

POLICE_SAYS = (GIVEN, REFUSED, THINKING, NOT_REACHED, NOT_ASKED)


def asked_on_the_way(position: Position) -> tuple[str, ...]:
    return tuple(giver for giver in GIVERS if f"police_{giver}" in position.way)


def copies_asked_about(position: Position) -> tuple[str, ...]:
    return tuple(giver for giver in GIVERS if f"copy_{giver}" in position.way)


@pytest.mark.parametrize("custody", HOW_MANY_GUARDIANS)
@pytest.mark.parametrize("age", [*MINORS, UNKNOWN])
def test_con_7_con_10_who_is_asked_of_a_minor(age: str, custody: str) -> None:
    world = a_world(shelf={OURS: facts(age, custody=custody)})
    guardians = GIVERS[1 : 1 + HOW_MANY_GUARDIANS[custody]]
    for (maturity, disposes, allowed, harm), (asks, copies) in GUARDIANS_ARE_ASKED.items():
        said = {"maturity": maturity, "disposes": disposes, "guardian_allowed": allowed, "harm": harm}
        why = {"age_group": age, "custody": custody} | {name: value for name, value in said.items() if value}
        expected = ("subject", *(guardians if asks else ()))
        for police in POLICE_SAYS:
            position = walked(world, why | {"police": police, "measure": NOT_ASKED, "parties": DONE})
            assert asked_on_the_way(position) == expected, (why, police)
            assert {name for name in said if name in position.way} == {n for n, value in said.items() if value}, why
        position = walked(world, why)
        may_have = copies and age != UNKNOWN
        assert copies_asked_about(position) == ("subject", *(guardians if may_have else ())), why


@pytest.mark.parametrize(("age", "custody", "police"), list(product(ADULTS, HOW_MANY_GUARDIANS, POLICE_SAYS)))
def test_con_8_of_an_adult_only_the_person_is_asked(age: str, custody: str, police: str) -> None:
    world = a_world(shelf={OURS: facts(age, custody=custody, month_of_18="2020-03")})
    position = walked(world, {"police": police})
    assert asked_on_the_way(position) == ("subject",)
    assert set(position.way) & {"custody", "month_of_18", "maturity", "disposes", "guardian_allowed", "harm"} == set()


@pytest.mark.parametrize("age", ADULTS)
def test_con_8_answers_of_a_guardian_of_an_adult_lead_nowhere_even_when_they_are_there(age: str) -> None:
    """A draft that somebody has tampered with, or that was begun before the person turned 18."""
    talk = to_the_end(a_talk(age))
    forged = {
        f"{first}_{giver}": USUAL[first] for giver in GIVERS[1:] for first in ("police", "measure", "how", "copy")
    }
    given = {**talk.held.answers, **forged, "parents": "two", "custody": "two", "disposes": "together", "harm": "no"}
    position = COMPILED.walk(given, talk.world)
    assert asked_on_the_way(position) == ("subject",)
    asked = the_asking(samtycke.record(position.answers, talk.world))
    assert [said.giver for said in asked.givers] == ["subject"]
    assert (asked.custody, asked.disposes, asked.harm) == (None, None, None)


@pytest.mark.parametrize(
    ("states", "asked", "why"),
    [
        ([DONE], False, "CON-8: not asked is no permission"),
        ([PARENTS_PARTY, PARENTS_PARTY, DONE], False, "CON-8: nor is a no"),
        ([THINKING], False, "CON-8: nor one who thinks it over"),
        ([NOT_REACHED], False, "CON-8: nor one who could not be reached"),
        ([PARENTS_PARTY, DONE], True, "CON-8: only a yes"),
    ],
)
def test_con_8_parents_are_asked_only_where_the_person_says_yes_to_them(
    states: list[str], asked: bool, why: str
) -> None:
    talk = to_the_end(a_talk(), parties_subject=states)
    position = COMPILED.walk(talk.held.answers, talk.world)
    assert asked_on_the_way(position) == (("subject", "parent_1", "parent_2") if asked else ("subject",)), why
    assert copies_asked_about(position) == ("subject",), "CON-4: a parent of an adult has no copy"
    assert "measure_parent_1" not in position.way, "CON-9: nor a say about the measure"


def test_con_8_the_parents_go_when_the_person_takes_the_yes_to_them_back() -> None:
    talk = to_the_end(a_talk(), parties_subject=[PARENTS_PARTY, DONE])
    pages(talk)
    talk.picks(CHANGE, f"{CHANGE}:parties_subject", PARENTS_PARTY, DONE)
    asked = the_asking(saved(to_the_end(talk)))
    assert [said.giver for said in asked.givers] == ["subject"]
    assert [(line.party, line.answer) for line in asked.givers[0].lines] == [(POLICE, GIVEN), (PARENTS_PARTY, REFUSED)]


def test_con_7_con_8_no_guardian_is_left_when_the_age_is_put_right() -> None:
    talk = to_the_end(a_talk("15_17"))
    pages(talk)
    talk.picks(CHANGE, f"{CHANGE}:age_group", "18_20")
    asked = the_asking(saved(to_the_end(talk)))
    assert asked.age_group == "18_20"
    assert [said.giver for said in asked.givers] == ["subject"]
    assert (asked.custody, asked.maturity_assessed, asked.disposes, asked.harm) == (None, None, None, None)


@pytest.mark.parametrize(
    ("question", "answer"), [("custody", "one"), ("disposes", "alone"), ("harm", "yes"), ("maturity", "no")]
)
def test_con_7_a_changed_ground_asks_the_guardians_anew(question: str, answer: str) -> None:
    talk = to_the_end(a_talk("15_17"))
    pages(talk)
    before = talk.held.answers
    talk.picks(CHANGE, f"{CHANGE}:{question}", answer)
    assert not [held for held in talk.held.answers if held.endswith(("guardian_1", "guardian_2"))]
    assert {held: talk.held.answers.get(held) for held in before if held.endswith("_subject")} == {
        held: value for held, value in before.items() if held.endswith("_subject")
    }, "what the person said stands"


# ── the three-state screen ───────────────────────────────────────────────────────────────────────────────────


def shown_of(talk: Talk, party: str) -> str:
    return next(button.label for button in talk.screen.buttons if button.value == party)


def test_a_press_steps_a_party_on_and_round() -> None:
    talk = up_to(a_talk(), "parties_subject")
    seen = [shown_of(talk, "school"), *(shown_of(talk.picks("school"), "school") for _press in range(3))]
    assert seen == ["Skolan: inte tillfrågad", "Skolan: ja", "Skolan: nej", "Skolan: inte tillfrågad"]
    others = [button.label for button in talk.screen.buttons if ": " in button.label]
    assert all(label.endswith(": inte tillfrågad") for label in others), "no other moved"
    assert len(others) == len(PARTIES)  # all but the police, and the parents of an adult


def test_every_party_but_the_police_is_a_line_and_the_configured_ones_too() -> None:
    policy = Policy(other_parties=("Ungdomens hus",))
    adult = up_to(a_talk(policy=policy), "parties_subject")
    lines = [value for value in answers_on(adult.screen) if value not in (DONE, THINKING, NOT_REACHED)]
    assert lines == [*PARTIES[1:], "Ungdomens hus", PARENTS_PARTY]
    minor = up_to(a_talk("15_17", policy=policy), "parties_subject")
    assert PARENTS_PARTY not in values(minor.screen), "CON-8: guardians of a minor are no party"


@pytest.mark.parametrize(
    ("presses", "said", "why"),
    [
        ([DONE], {}, "CON-13: silence is no answer"),
        (["school", DONE], {"school": GIVEN}, "one yes"),
        (["school", "school", DONE], {"school": REFUSED}, "one no"),
        (["school", "school", "school", DONE], {}, "and back again: CON-13, nothing was said"),
    ],
)
def test_con_13_klar_keeps_what_was_said_and_nothing_else(presses: list[str], said: dict[str, str], why: str) -> None:
    asked = the_asking(saved(to_the_end(a_talk(), parties_subject=presses)))
    assert {line.party: line.answer for line in asked.givers[0].lines} == {POLICE: GIVEN, **said}, why


@pytest.mark.parametrize("beside", [THINKING, NOT_REACHED])
def test_beside_the_list_one_press_says_the_same_of_all_that_were_not_asked(beside: str) -> None:
    talk = to_the_end(a_talk(), parties_subject=["school", "bup", "bup", beside])
    said = {line.party: line.answer for line in the_asking(saved(talk)).givers[0].lines}
    assert said == {
        POLICE: GIVEN,
        **dict.fromkeys([*PARTIES[1:], PARENTS_PARTY], beside),
        "school": GIVEN,
        "bup": REFUSED,
    }


def test_a_line_that_thinks_it_over_begins_anew_when_it_is_pressed_in_a_change() -> None:
    talk = to_the_end(a_talk(), parties_subject=[THINKING])
    pages(talk)
    talk.picks(CHANGE, f"{CHANGE}:parties_subject")
    assert shown_of(talk, "school") == "Skolan: vill fundera"
    assert shown_of(talk.picks("school"), "school") == "Skolan: inte tillfrågad"


@pytest.mark.parametrize(
    ("police", "measure", "outcome", "why"),
    [
        (NOT_ASKED, None, "nothing_said", "CON-13: not asked"),
        (NOT_REACHED, None, "documented", "CON-13: that somebody tried is a fact"),
        (THINKING, NOT_ASKED, "documented", "CON-13: so is that they think it over"),
        (REFUSED, REFUSED, "documented", "CON-13: and a no"),
    ],
)
def test_con_13_what_is_documented_where_nobody_said_yes(
    police: str, measure: str | None, outcome: str, why: str
) -> None:
    talk = to_the_end(a_talk(), police=police, measure=measure or NOT_ASKED)
    if outcome == "nothing_said":
        assert (talk.outcome, talk.kept) == (outcome, ()), why
        return
    assert talk.at == outcome, why
    asked = the_asking(saved(talk))
    assert [(line.party, line.answer) for line in asked.givers[0].lines] == [(POLICE, police)], why
    assert asked.valid_until is None, "CON-15: there is nothing that could end"


# ── kinds and directions ─────────────────────────────────────────────────────────────────────────────────────


def changing_kinds(*parties: str) -> Talk:
    talk = to_the_end(a_talk(), parties_subject=[*parties, DONE])
    pages(talk)
    return talk.picks(CHANGE, f"{CHANGE}:kinds_subject")


def scopes_of(talk: Talk) -> dict[str, tuple[tuple[str, ...], str | None]]:
    lines = the_asking(saved(talk)).givers[0].lines
    return {line.party: (line.kinds, line.direction) for line in lines if line.answer == GIVEN}


def test_con_3_one_party_is_changed_and_the_others_keep_theirs() -> None:
    talk = changing_kinds("school").picks("school", "health", "from", DONE, DONE)
    assert scopes_of(talk) == {
        POLICE: (("planning", "situation", "crime", "safety"), "both"),
        "school": (("planning", "situation", "occupation", "safety", "health"), "to"),
    }


def test_con_3_a_change_for_all_is_made_for_all() -> None:
    talk = changing_kinds("school")
    assert "Ändra för alla" in talk.labels
    talk.picks(ALL, "family", "to", DONE, DONE)
    assert scopes_of(talk) == {
        POLICE: (("planning", "situation", "crime", "safety", "family"), "from"),
        "school": (("planning", "situation", "occupation", "safety", "family"), "from"),
    }


def test_one_party_alone_has_nothing_to_change_for_all() -> None:
    assert ALL not in values(changing_kinds().screen)


def test_con_3_a_consent_to_nothing_or_in_no_direction_is_not_taken() -> None:
    talk = changing_kinds().picks(POLICE, "planning", "situation", "crime", "safety", DONE)
    assert "Polisen: välj minst ett slags uppgifter." in talk.screen.text
    talk.picks("crime", "to", "from", DONE)
    assert "Polisen: välj om ni får lämna eller hämta uppgifter." in talk.screen.text
    talk.picks("to", DONE, DONE)
    assert scopes_of(talk) == {POLICE: (("crime",), "to")}


@pytest.mark.parametrize(
    ("presses", "left", "why"),
    [
        (
            ["school", DONE],
            {POLICE: "crime"},
            "a party that says no after all has no kinds, and the other keeps its own",
        ),
        (["bup", DONE], {POLICE: "crime", "school": "occupation", "bup": "health"}, "a new one begins with the usual"),
    ],
)
def test_other_parties_ask_about_kinds_again_and_begin_with_what_was_chosen(
    presses: list[str], left: dict[str, str], why: str
) -> None:
    talk = changing_kinds("school").picks("school", "health", DONE, DONE)
    pages(talk)
    talk.picks(CHANGE, f"{CHANGE}:parties_subject", *presses)
    if talk.at == "kinds_subject":
        talk.picks(DONE)
    assert talk.at == "documented", talk.screen.text
    scopes = scopes_of(talk)
    assert {party: kind in scopes[party][0] for party, kind in left.items()} == dict.fromkeys(scopes, True), why


# ── CON-15: how long it holds ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("age", "known", "day", "fault", "why"),
    [
        ("21_29", {}, "2026-11-22", "too_early", "before today"),
        ("21_29", {}, "2026-11-23", None, "today is the shortest there is"),
        ("21_29", {}, "2027-11-23", None, "twelve months"),
        ("21_29", {}, "2027-11-24", "too_late", "never over twelve"),
        ("21_29", {}, "2028-11-22", "too_late", "nor two years"),
        ("15_17", {}, "2027-11-23", None, "18 lies further on"),
        ("15_17", {}, "2027-11-24", "too_late", "and twelve months hold for a minor too"),
        ("15_17", {"month_of_18": UNKNOWN}, "2027-05-23", None, "nobody knows the month: six months"),
        ("15_17", {"month_of_18": UNKNOWN}, "2027-05-24", "too_late", "and no more"),
        ("15_17", {"month_of_18": "2027-02"}, "2027-01-31", None, "to the month of turning 18"),
        ("15_17", {"month_of_18": "2027-02"}, "2027-02-01", "too_late", "and not into it"),
        ("15_17", {"month_of_18": "2026-11"}, "2026-11-30", None, "in the month itself: to its end"),
        ("15_17", {"month_of_18": "2026-11"}, "2026-12-01", "too_late", "and not past it"),
    ],
)
def test_con_15_the_last_day_has_limits(age: str, known: dict[str, str], day: str, fault: str | None, why: str) -> None:
    talk = to_the_end(a_talk(age, policy=None, **known))
    pages(talk)
    talk.picks(CHANGE, f"{CHANGE}:valid_until").says(day)
    if fault is not None:
        assert talk.events == (AnswerRefused("valid_until", fault),), why
        return
    asked = the_asking(saved(talk))
    assert asked.valid_until == date.fromisoformat(day), why


@pytest.mark.parametrize(
    ("age", "known", "last", "why"),
    [
        ("21_29", {}, "2027-05-23", "six months"),
        ("12_14", {}, "2027-05-23", "six months"),
        ("15_17", {"month_of_18": "2027-02"}, "2027-01-31", "18 comes first"),
        ("15_17", {"month_of_18": "2026-11"}, "2026-11-30", "18 comes this month"),
        (UNKNOWN, {"custody": "two"}, "2027-05-23", "an age nobody knows is a minor's"),
    ],
)
def test_con_15_the_proposed_last_day(age: str, known: dict[str, str], last: str, why: str) -> None:
    talk = to_the_end(a_talk(age, policy=None, **known), age_group=age)
    assert the_asking(saved(talk)).valid_until == date.fromisoformat(last), why


def test_con_15_the_months_are_configuration() -> None:
    talk = to_the_end(a_talk(policy=Policy(consent_months=3, consent_longest_months=4)))
    assert "söndag 23 maj 2027" not in read_back(talk)
    talk.picks(CHANGE, f"{CHANGE}:valid_until").says("2027-03-24")
    assert talk.events == (AnswerRefused("valid_until", "too_late"),)
    talk.picks(BACK)
    assert the_asking(saved(talk)).valid_until == date(2027, 2, 23)


def test_con_15_another_day_of_the_answers_moves_the_last_day() -> None:
    talk = to_the_end(a_talk())
    talk.picks(CHANGE, f"{CHANGE}:valid_until").says("2027-11-23")
    talk.picks(CHANGE, f"{CHANGE}:asked_on").says("2026-10-23")
    asked = the_asking(saved(to_the_end(talk)))
    assert (asked.asked_on, asked.valid_until) == (date(2026, 10, 23), date(2027, 4, 23)), "chosen for another day"


@pytest.mark.parametrize(
    ("day", "fault"), [("2026-11-24", "in_the_future"), ("2026-09-24", None), ("2026-09-23", "too_early")]
)
def test_an_answer_lies_at_most_sixty_days_back_and_never_ahead(day: str, fault: str | None) -> None:
    talk = to_the_end(a_talk())
    talk.picks(CHANGE, f"{CHANGE}:asked_on").says(day)
    refused = [event for event in talk.events if isinstance(event, AnswerRefused)]
    assert refused == ([AnswerRefused("asked_on", fault)] if fault else [])


def test_a_closed_case_takes_no_consent() -> None:
    talk = a_talk("21_29", Kept(CaseClosed(case=OURS, reason="moved")))
    assert OURS not in values(talk.screen)
    assert talk.says(OURS).events == (AnswerRefused("case", "closed_case"),)


# ── what was said before ─────────────────────────────────────────────────────────────────────────────────────


def stands(talk: Talk, kept: Sequence[Record], today: date = TODAY) -> Consents:
    """The consents of the case when what was kept has been added."""
    before = talk.world.entries(OURS)
    added = [Kept(record, id=f"{9:08x}-0000-7000-8000-{number:012x}") for number, record in enumerate(kept)]
    return Consents((*before, *added), today)


def test_samma_som_forut_keeps_the_old_record_untouched() -> None:
    talk = up_to(a_talk("21_29", asked_before()), "police_subject")
    assert "Samma som förut: ja till och med 2027-05-02" in talk.labels
    kept = saved(to_the_end(talk, police=AS_BEFORE, parties=["school", DONE], measure=AS_BEFORE))
    (said,) = the_asking(kept).givers
    assert [(line.party, line.answer) for line in said.lines] == [("school", GIVEN)]
    assert said.measure is None
    consents = stands(talk, kept)
    police = consents.status("subject", POLICE)
    assert (police.status, police.entry and police.entry.id, police.until) == (GIVEN, ASKED_ID, date(2027, 5, 2))
    assert consents.kinds("subject", POLICE) == ("planning", "crime"), "with its own kinds"
    assert consents.measure("subject").entry is talk.world.entries(OURS)[-1]


def test_samma_som_forut_and_nothing_new_saves_nothing() -> None:
    talk = to_the_end(a_talk("21_29", asked_before()), police=AS_BEFORE, measure=AS_BEFORE)
    assert (talk.outcome, talk.kept) == ("nothing_said", ())


CORRECTED = Kept(
    ConsentCorrected(case=OURS, corrects=ASKED_ID, about_day=date(2026, 11, 2), reason="mistyped"),
    id="00000003-0000-7000-8000-000000000000",
)


@pytest.mark.parametrize(
    ("before", "offered", "why"),
    [
        ([], None, "nobody was asked"),
        ([asked_before(answer=REFUSED)], "Samma som förut: nej", "a no stands"),
        ([asked_before(answer=THINKING)], "Samma som förut: vill fundera", "and so does this"),
        ([asked_before(answer=NOT_REACHED)], None, "nobody said anything"),
        ([asked_before(until="2026-11-22")], "Samma som förut: har gått ut", "CON-15: it has ended, and stays so"),
        (
            [
                asked_before(),
                Kept(
                    ConsentWithdrawn(
                        case=OURS, withdrawn_on=TODAY, giver="subject", parties=(POLICE,), how="telephone"
                    ),
                    id="00000002-0000-7000-8000-000000000000",
                ),
            ],
            "Samma som förut: återkallat",
            "CON-5: what was taken back stays so",
        ),
        ([asked_before(), CORRECTED], "Samma som förut: felaktigt sparat", "CON-13: and so does a mistake"),
    ],
)
def test_what_was_said_before_is_offered_as_it_stands(before: list[Kept], offered: str | None, why: str) -> None:
    talk = up_to(a_talk("21_29", *before), "police_subject")
    assert [label for label in talk.labels if label.startswith("Samma")] == ([offered] if offered else []), why


def test_con_5_con_6_a_no_after_a_yes_takes_it_back() -> None:
    talk = to_the_end(a_talk("21_29", asked_before()), police=REFUSED)
    foreseen = read_back(talk)
    for words in ("Polisen – personen: återkallat.", "Det väntar på beslut av ansvarig socialsekreterare.", "CON-6"):
        assert words in foreseen
    kept = saved(talk)
    consents = stands(talk, kept)
    assert consents.status("subject", POLICE).status == "withdrawn"
    assert [due.kind for due in what_is_due(consents.entries, TODAY, talk.world.policy)].count("decision_awaited") == 1
    (done,) = [event for event in talk.events if isinstance(event, SessionCompleted)]
    assert done.leads_to == ("hotbild",), "CON-6: the question of pressure is next"
    assert "Fara för liv: ring 112." in talk.screen.text


@pytest.mark.parametrize(
    ("transferred", "special", "parties", "why"),
    [
        (False, {"police": REFUSED}, None, "it was not handed over"),
        (True, {"police": REFUSED}, (POLICE,), "a no takes the yes back"),
        (True, {"police": THINKING}, (POLICE,), "and so does one who wants to think about it"),
        (True, {"police": AS_BEFORE, "measure": REFUSED}, (), "the measure: no party"),
        (True, {"police": AS_BEFORE, "measure": THINKING}, (), "also when it is thought about"),
        (True, {"police": GIVEN, "measure": AS_BEFORE}, None, "a yes takes nothing back"),
        (True, {"police": NOT_REACHED}, None, "nor one who was not reached"),
    ],
)
def test_con_5_what_was_handed_over_and_is_taken_back_leaves_a_notice(
    transferred: bool, special: dict[str, str], parties: tuple[str, ...] | None, why: str
) -> None:
    """CON-5: it says whose answer it is about, and towards whom."""
    handed = [Kept(Transferred(case=OURS, bundle=1, records=(ASKED_ID,)))] if transferred else []
    talk = to_the_end(a_talk("21_29", asked_before(), *handed), **special)
    found = [record for record in saved(talk) if isinstance(record, CorrectionNotice)]
    assert [(one.changes, one.giver, one.parties) for one in found] == (
        [] if parties is None else [(ASKED_ID, "subject", parties)]
    ), why


def test_a_party_that_stands_since_before_is_shown_so_until_it_is_asked_about() -> None:
    """CON-13: in the list and at the read-back; what nobody was asked about now is not written again."""
    before = asked_before("2026-11-02", GIVEN, POLICE, "school")
    talk = up_to(a_talk("21_29", before), "parties_subject")
    assert [shown_of(talk, party) for party in ("school", "bup")] == ["Skolan: som förut, ja", "BUP: inte tillfrågad"]
    assert shown_of(talk.picks("school"), "school") == "Skolan: ja", "asked about now"
    assert shown_of(talk.picks("school", "school"), "school") == "Skolan: som förut, ja", "and not, after all"
    to_the_end(talk, parties=[DONE])
    assert "Skolan: som förut, ja" in read_back(talk)
    assert [line.party for line in the_asking(saved(talk)).givers[0].lines] == [POLICE]


@pytest.mark.parametrize("beside", [THINKING, NOT_REACHED])
def test_the_same_of_all_the_rest_leaves_what_stands_since_before(beside: str) -> None:
    """CON-13: a press for those who were not asked takes nobody's yes back."""
    before = asked_before("2026-11-02", GIVEN, POLICE, "school")
    talk = to_the_end(a_talk("21_29", before), parties=[beside])
    consents = stands(talk, saved(talk))
    assert consents.status("subject", "school").status == GIVEN
    assert consents.status("subject", "bup").status == beside


@pytest.mark.parametrize(
    ("more", "proposed", "why"),
    [
        ([], ("planning", "crime"), "what this one last said yes to"),
        (["crime"], ("planning",), "less what was taken back"),
        (["planning", "crime"], ("planning", "situation", "crime", "safety"), "nothing is left: the usual ones"),
    ],
)
def test_con_3_the_kinds_that_are_proposed_are_the_givers_own(
    more: list[str], proposed: tuple[str, ...], why: str
) -> None:
    """CON-3: one who has said nothing before is offered the usual ones, whatever the others have said."""
    taken = ConsentWithdrawn(
        case=OURS,
        withdrawn_on=TODAY,
        giver="subject",
        parties=(POLICE,),
        kinds=tuple(more),  # type: ignore[arg-type]
        how="telephone",
    )
    before = asked_before(age_group="15_17", disposes="together", harm="no")
    withdrawn = [Kept(taken, id="00000002-0000-7000-8000-000000000000")] if more else []
    by_giver = {
        said.giver: said.lines[0].kinds
        for said in the_asking(saved(to_the_end(a_talk("15_17", before, *withdrawn)))).givers
    }
    assert by_giver["subject"] == proposed, why
    assert by_giver["guardian_1"] == by_giver["guardian_2"] == ("planning", "situation", "crime", "safety"), why


@pytest.mark.parametrize(
    ("age", "special", "last", "why"),
    [
        ("21_29", {}, "Nästa steg: fråga polisen hur de ser på saken.", "TG-6: everything is there"),
        ("21_29", {"measure": NOT_ASKED}, "Nästa steg: fråga om insatsen SIG.", "CON-9: the measure"),
        (
            "21_29",
            {"police": REFUSED},
            "Nästa steg: fråga personen igen när det passar. Säg att det går att ändra sig.",
            "CON-1: a no can be changed",
        ),
        (
            "15_17",
            {"police_guardian_1": NOT_REACHED},
            "Nästa steg: fråga vårdnadshavare 1 om polisen.",
            "CON-7: the one who is lacking",
        ),
        (
            "15_17",
            {"police_guardian_2": REFUSED},
            "Nästa steg: säg till ansvarig socialsekreterare att de säger olika.",
            "CON-7: the bot takes no side",
        ),
        (
            "15_17",
            {"harm": "yes"},
            "Nästa steg: säg till ansvarig socialsekreterare. Fråga inte vårdnadshavare.",
            "CON-10: nobody may ask the guardians",
        ),
    ],
)
def test_the_last_screen_says_what_comes_next(age: str, special: dict[str, str], last: str, why: str) -> None:
    talk = to_the_end(a_talk(age), **special)
    saved(talk)
    assert talk.screen.text.splitlines()[-1] == last, why


def test_con_13_one_who_could_not_be_reached_has_not_taken_anything_back() -> None:
    talk = to_the_end(a_talk("21_29", asked_before()), police=NOT_REACHED)
    consents = stands(talk, saved(talk))
    assert consents.status("subject", POLICE).status == GIVEN


def test_a_no_that_is_given_again_stands_as_given() -> None:
    refused = asked_before("2026-11-09", REFUSED, id_="00000002-0000-7000-8000-000000000000")
    talk = to_the_end(a_talk("21_29", asked_before(), refused))
    assert stands(talk, saved(talk)).status("subject", POLICE).status == GIVEN


# ── Ändra and Tillbaka ───────────────────────────────────────────────────────────────────────────────────────

WHOLE = {"parties": ["school", "bup", "bup", DONE]}
ADULT_WHOLE = {"parties": ["school", DONE], "parties_subject": ["school", PARENTS_PARTY, "bup", "bup", DONE]}


def the_same_again(talk: Talk, question: str) -> None:
    """Answer a question that is open for change as it was answered before."""
    held = COMPILED.walk(talk.held.answers, talk.world).way[question]
    if isinstance(held, str) and held not in values(talk.screen):
        talk.says(held)
    else:
        talk.picks(held if isinstance(held, str) else DONE)


@pytest.mark.parametrize(("age", "special"), [("15_17", WHOLE), ("21_29", ADULT_WHOLE)])
def test_andra_on_every_answer_keeps_the_others(age: str, special: dict[str, list[str]]) -> None:
    talk = to_the_end(a_talk(age), **special)
    before, way = read_back(talk), list(COMPILED.walk(talk.held.answers, talk.world).way)
    assert {first_word(question) for question in way} >= {"police", "parties", "kinds", "explained", "copy", "asked_on"}
    for question in way:
        talk.picks(CHANGE, f"{CHANGE}:{question}", BACK)
        talk.picks(CHANGE, f"{CHANGE}:{question}")
        the_same_again(talk, question)
        assert read_back(talk) == before, question
    the_asking(saved(talk))


@pytest.mark.parametrize(
    ("question", "presses"),
    [
        ("measure_subject", [REFUSED]),
        ("how_guardian_1", ["telephone"]),
        ("interpreter_subject", ["yes"]),
        ("explained_guardian_2", ["voluntary", DONE]),
        ("copy_guardian_1", ["not_safe"]),
        ("kinds_guardian_2", ["police", "crime", DONE, DONE]),
        ("group", ["young_adult"]),
    ],
)
def test_another_answer_to_one_question_changes_that_answer_alone(question: str, presses: list[str]) -> None:
    talk = to_the_end(a_talk("15_17"), **WHOLE)
    pages(talk)
    before = COMPILED.walk(talk.held.answers, talk.world).way
    talk.picks(CHANGE, f"{CHANGE}:{question}", *presses)
    after = COMPILED.walk(talk.held.answers, talk.world)
    assert after.at.id == "documented"
    assert {name for name in before if before[name] != after.way[name]} == {question}


@pytest.mark.parametrize(("age", "special"), [("15_17", WHOLE), ("21_29", ADULT_WHOLE)])
def test_one_can_go_back_from_every_question(age: str, special: dict[str, list[str]]) -> None:
    talk = a_talk(age)
    passed: list[str] = []
    while SAVE not in values(talk.screen) and not more_of(talk.screen):
        here = talk.at
        if passed:
            assert talk.picks(BACK).at == passed[-1], f"from {here}"
            talk.picks(*pressed_at(passed[-1], special))
            assert talk.at == here, "and forth again"
        talk.picks(*pressed_at(here, special))
        passed.append(here)
    while passed:
        pages(talk)
        assert talk.happened(talk.engine.back(talk.held, talk.world)).at == passed.pop()
    assert talk.at == "case"


@pytest.mark.parametrize("age", ["15_17", "21_29"])
def test_every_question_says_why_and_can_be_broken_off(age: str) -> None:
    talk = a_talk(age)
    special = ADULT_WHOLE if age == "21_29" else WHOLE
    while SAVE not in values(talk.screen) and not more_of(talk.screen):
        assert {WHY, ABANDON} <= set(values(talk.screen)), talk.at
        here = talk.at
        before = talk.screen.text
        told = talk.picks(WHY).screen.text
        assert talk.at == here
        assert told.endswith(before), "the question stands under the answer"
        assert len(told) > len(before) + 30, here
        talk.picks(*pressed_at(here, special))


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────

LONGEST_MESSAGE = 4096 - len(f"{PRACTICE}\n\n")
"""What Telegram takes, less what stands above every screen in practice."""

TEN = tuple(f"Ungdomsgården för unga i norra staden {letter}{letter}" for letter in "ABCDEFGHIJ")
MANY_SCOPES = [
    Scope(kinds, ways).written()
    for many in (8, 7)
    for kinds, ways in product(combinations(INFO_KINDS, many), [("to", "from"), ("from",), ("to",)])
]


def test_the_worst_case_is_what_it_says() -> None:
    assert [len(name) for name in TEN] == [40] * 10
    assert len(MANY_SCOPES) > len(PARTIES) + len(TEN)


def the_worst_case() -> tuple[Talk, list[Screen]]:
    """A minor, two guardians, yes to everyone, and other kinds for each of them: the talk stands at the read-back."""
    talk = a_talk("15_17", policy=Policy(other_parties=TEN))
    seen = [talk.screen]
    parties = (*PARTIES[1:], *TEN)
    while SAVE not in values(talk.screen) and not more_of(talk.screen):
        here = talk.at
        if here == "copy_guardian_2":
            kinds = {
                f"kinds_{giver}": {p: MANY_SCOPES[n + offset] for n, p in enumerate((POLICE, *parties))}
                for offset, giver in enumerate(GIVERS[:3])
            }
            talk.session = replace(talk.held, answers={**talk.held.answers, **kinds})
        for said in [*parties, DONE] if here.startswith("parties") else pressed_at(here, {}):
            talk.picks(said)
            seen.append(talk.screen)
    return talk, seen


@pytest.fixture(scope="module")
def worst() -> tuple[Talk, list[Screen]]:
    return the_worst_case()


def too_long(screens: Sequence[Screen]) -> list[tuple[int, str]]:
    return [(len(screen.text), screen.text[:60]) for screen in screens if len(screen.text) > LONGEST_MESSAGE]


def test_a_long_read_back_comes_in_pages_and_spara_is_only_on_the_last(worst: tuple[Talk, list[Screen]]) -> None:
    talk, _seen = worst
    first = talk.held
    read = pages(talk)
    assert len(read) > 1
    assert [SAVE in values(page) for page in read] == [False] * (len(read) - 1) + [True]
    assert all(CHANGE in values(page) and ABANDON in values(page) for page in read)
    whole = "\n".join(page.text for page in read)
    for party in TEN:
        assert party in whole, "nothing is left out"
    talk.session = first
    assert talk.sends(SAVE).kept == (), "what was not read to its end is not saved, not even by a forged press"
    assert talk.screen.text == read[0].text


def test_no_screen_of_the_worst_case_is_longer_than_a_message(worst: tuple[Talk, list[Screen]]) -> None:
    talk, seen = worst
    screens = [*seen, *pages(talk)]
    screens.append(talk.picks(CHANGE).screen)
    for giver in GIVERS[:3]:
        screens.append(talk.picks(f"{CHANGE}:kinds_{giver}").screen)
        screens.append(talk.picks(ALL).screen)
        screens.append(talk.picks(BACK).screen)
        screens.append(talk.picks(CHANGE).screen)
    talk.picks(BACK, WHY)
    screens += pages(talk)
    talk.picks(BACK)
    assert too_long(screens) == []


def test_no_page_is_longer_than_a_message_for_an_adult_who_says_yes_to_everyone_and_the_parents() -> None:
    """One line holds the kinds of every party, and a line is never cut."""
    parties = (*PARTIES[1:], *TEN, PARENTS_PARTY)
    talk = up_to(
        a_talk(policy=Policy(other_parties=TEN)), "parents", parties_subject=[*parties, DONE], copy_subject="owed"
    )
    kinds = {party: MANY_SCOPES[number] for number, party in enumerate((POLICE, *parties))}
    talk.session = replace(talk.held, answers={**talk.held.answers, "kinds_subject": kinds})
    assert too_long(pages(talk.picks("none"))) == []


def test_no_screen_is_longer_than_a_message_when_much_is_new_at_spara(worst: tuple[Talk, list[Screen]]) -> None:
    """A colleague has saved a no to everyone meanwhile: all that is new stands above the read-back."""
    talk, _seen = worst
    pages(talk)
    session, world = talk.held, talk.world
    theirs = asked_before(
        "2026-11-23",
        REFUSED,
        POLICE,
        *PARTIES[1:],
        *TEN,
        age_group="15_17",
        custody="two",
        disposes="alone",
        harm="yes",
    )
    changed = (*world.entries(OURS), replace(theirs, recorded_at="2026-11-23T14:00:00+00:00"))
    talk.world = replace(world, entries=lambda code: changed if code == OURS else ())
    talk.picks(SAVE)
    told = talk.screen
    talk.session, talk.world = session, world
    assert told.text.startswith("Inget är sparat än.")
    assert told.text.count("Nytt sedan du började: ") == len(PARTIES) + len(TEN) + 1, "each party, and the measure"
    assert too_long([told]) == []


def test_at_most_four_of_what_has_changed_is_named_and_what_stands_above_not_twice() -> None:
    known = [replace(kept, id=f"{number:08x}-0000-7000-8000-000000000000") for number, kept in enumerate(facts(), 5)]
    talk = to_the_end(Talk(samtycke.DIALOG, a_world(shelf={OURS: known})))
    theirs = asked_before("2026-11-23").record.payload()
    theirs["givers"][0]["lines"] = [
        {"party": party, "answer": answer}
        for party, answer in (("school", REFUSED), ("bup", THINKING), ("leisure", NOT_REACHED))
    ]
    saved_since = Kept(ConsentAsked.from_payload(theirs), id=ASKED_ID, recorded_at="2026-11-23T14:00:00+00:00")
    changed = (*known, saved_since)
    talk.world = replace(talk.world, entries=lambda code: changed if code == OURS else ())
    told = talk.picks(SAVE).screen.text.splitlines()
    assert told[0] == "Inget är sparat än. Ärendet har ändrats sedan du såg svaren. Kontrollera dem igen."
    assert len([line for line in told if line.startswith("Nytt: ")]) == MOST_TOLD, "all of it stands in the read-back"
    assert not [line for line in told if line.startswith("Nytt: Nytt")]
    assert told[MOST_TOLD + 1 : MOST_TOLD + 6] == [
        "Nytt sedan du började: skolan, personen: nej. (CON-13)",
        "Nytt sedan du började: BUP, personen: vill fundera. (CON-13)",
        "Nytt sedan du började: fritiden, personen: inte nådd. (CON-13)",
        "Nytt sedan du började: insatsen, personen: ja. (CON-9)",
        "Stämmer det här?",
    ]
    assert talk.picks(SAVE).outcome == "documented"


def test_every_button_of_the_worst_case_fits_in_what_telegram_carries(worst: tuple[Talk, list[Screen]]) -> None:
    _talk, seen = worst
    longest = max((len(press_data(screen, b).encode()), b.label) for screen in seen for b in screen.buttons)
    assert longest[0] <= 64, longest
    assert max(len(button.label) for screen in seen for button in screen.buttons) <= 60


@pytest.mark.parametrize("taken", [POLICE, "school", PARENTS_PARTY, DONE, THINKING, GIVEN, ALL, "at", "measure"])
def test_a_party_of_ones_own_has_no_name_that_means_something_else(taken: str) -> None:
    """A second police, or a party whose button ends the list, takes all back, or is the measure."""
    assert not is_a_party(taken)


def is_a_party(name: str) -> bool:
    """Whether a deployment may have a party of that name."""
    try:
        Policy(other_parties=(name,))
    except ValueError:
        return False
    return True


def test_a_name_that_the_policy_takes_fits_on_a_button() -> None:
    """Forty letters are eighty bytes when each is å; the session, the revision and the name must be within 64."""
    longest = next(name for letters in range(39, 0, -1) if is_a_party(name := "Å" + "ö" * letters))
    screen = up_to(a_talk(policy=Policy(other_parties=(longest,))), "parties_subject").screen
    assert max(len(press_data(screen, button).encode()) for button in screen.buttons) <= 64


# ── two at once, drafts, and what is typed: over the desk ────────────────────────────────────────────────────

CASE_RECORDS: list[Record] = [kept.record for kept in facts()]


@pytest.fixture
def office() -> Iterator[Office]:
    opened = Office()
    yield opened
    assert verify(opened.store.records()) == len(opened.kept())
    opened.store.close()


@pytest.fixture
def phone(office: Office) -> Phone:
    """A coordinator's phone, with a case whose facts are known."""
    joined = office.joins()
    for record in CASE_RECORDS:
        office.given(record, joined)
    return joined


def presses(phone: Phone, *labels: str) -> str:
    for label in labels:
        phone.presses(label)
    return screen_of(phone).text


YES_TO_THE_POLICE = ("Ja", "Klar", "Ja", "Muntligt på möte", "Allt det här", "Ja, lämnad på papper")
NO_TO_THE_POLICE = ("Nej", "Klar", "Nej", "Muntligt på möte", "Allt det här", "Ja, men vill inte ha den")


def askings(office: Office) -> list[dict[str, Any]]:
    return [kept for kept in office.kept() if kept["kind"] == "consent_asked"]


def validated(office: Office) -> int:
    """How many records there are, when each of them is as the schema says."""
    schema = records_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    kept = list(office.store.records())
    for envelope in kept:
        validator.validate(envelope.as_json())
    return len(kept)


def test_the_second_of_two_sees_what_is_new_and_only_a_second_spara_saves(office: Office, phone: Phone) -> None:
    colleague = office.joins("ersattare")
    office.lets_in(colleague, OURS)
    phone.says(f"/samtycke {OURS}")
    presses(phone, *YES_TO_THE_POLICE)
    office.passes(minutes=2)
    colleague.says(f"/samtycke {OURS}")
    presses(colleague, *NO_TO_THE_POLICE, "Spara")
    office.passes(minutes=2)
    told = presses(phone, "Spara")
    assert told.startswith("Inget är sparat än. Ärendet har ändrats sedan du såg svaren. Kontrollera dem igen.")
    assert "\nNytt sedan du började: polisen, personen: nej. (CON-13)" in told
    assert len(askings(office)) == 1
    assert presses(phone, "Spara").startswith("Sparat i")
    assert [kept["givers"][0]["lines"][0]["answer"] for kept in askings(office)] == [REFUSED, GIVEN]
    assert validated(office) == len(office.kept())


def test_whoever_began_first_the_one_who_saves_second_is_told(office: Office, phone: Phone) -> None:
    colleague = office.joins("ersattare")
    office.lets_in(colleague, OURS)
    for one, answers in ((phone, YES_TO_THE_POLICE), (colleague, NO_TO_THE_POLICE)):
        one.says(f"/samtycke {OURS}")
        presses(one, *answers)
    office.passes(minutes=1)
    presses(phone, "Spara")
    assert presses(colleague, "Spara").startswith("Inget är sparat än.")
    assert [kept["givers"][0]["lines"][0]["answer"] for kept in askings(office)] == [GIVEN]


def test_a_double_press_of_spara_saves_once(office: Office, phone: Phone) -> None:
    phone.says(f"/samtycke {OURS}")
    presses(phone, *YES_TO_THE_POLICE, "Spara")
    phone.presses_again("Spara")
    assert len(askings(office)) == 1


@pytest.mark.parametrize("hours", [1, 30])
def test_a_draft_that_is_taken_up_after_a_colleague_changed_the_consent_says_so(
    office: Office, phone: Phone, hours: int
) -> None:
    colleague = office.joins("ersattare")
    office.lets_in(colleague, OURS)
    phone.says(f"/samtycke {OURS}")
    presses(phone, "Ja", "Klar", "Ja")
    office.passes(hours=hours)
    colleague.says(f"/samtycke {OURS}")
    presses(colleague, *NO_TO_THE_POLICE, "Spara")
    phone.says(f"/samtycke {OURS}")
    presses(phone, "Fortsätt", "Muntligt på möte", "Allt det här")
    read = presses(phone, "Ja, lämnad på papper")
    assert read.splitlines()[0] == "Nytt sedan du började: polisen, personen: nej. (CON-13)"
    assert presses(phone, "Spara").startswith("Sparat i")


def test_an_answer_as_before_falls_when_a_colleague_takes_the_consent_back(office: Office, phone: Phone) -> None:
    before = asked_before().record
    office.given(before, phone)
    office.passes(minutes=1)
    phone.says(f"/samtycke {OURS}")
    presses(phone, "Samma som förut: ja till och med 2027-05-02")
    office.passes(minutes=1)
    office.given(
        ConsentWithdrawn(case=OURS, withdrawn_on=TODAY, giver="subject", parties=(POLICE,), how="telephone"), phone
    )
    told = presses(phone, "Klar")
    assert "Ett svar gäller inte längre. Svara på frågan igen." in told
    assert "Samma som förut: ja till och med 2027-05-02" not in [button.label for button in screen_of(phone).buttons]


def test_a_case_that_was_closed_meanwhile_takes_no_consent(office: Office, phone: Phone) -> None:
    phone.says(f"/samtycke {OURS}")
    presses(phone, *YES_TO_THE_POLICE)
    office.given(CaseClosed(case=OURS, reason="moved"), phone)
    told = presses(phone, "Spara")
    assert "Inget är sparat än." in told
    assert "är stängt i Lots" in told
    assert askings(office) == []


PERSONNUMMER = "200601212384"
"""A test number of Skatteverket's (law.md 3)."""

NONSENSE = ("hej", "", "🙂", "!save", "!more:more:9", "given", "\x00", "-1", "x" * 10_000, PERSONNUMMER, "060121-2384")

MINOR_TALK = (
    *("Ja", "Vårdnadshavare svarar också", "Nej"),
    *("Ja", "Klar", "Ja", "Muntligt på möte", "Allt det här", "Ja, lämnad på papper"),
    *("Ja", "Klar", "Ja", "På telefon", "Allt det här", "Nej, inte tryggt"),
    *("Nej", "Klar", "Nej", "På telefon", "Allt det här", "Vet inte: ingen kopia"),
)
ADULT_TALK = (
    *("Ja", "Föräldrarna: inte tillfrågad", "Klar", "Ja", "Skriftligt", "Allt det här", "Ja, jag förvarar den"),
    *("Två föräldrar", "Ja", "Klar", "Muntligt på möte", "Allt det här", "Nej", "Klar", "På telefon", "Allt det här"),
)


@pytest.mark.parametrize(("age", "talk"), [("15_17", MINOR_TALK), ("21_29", ADULT_TALK)])
def test_nothing_that_is_typed_moves_a_question_or_is_kept(office: Office, age: str, talk: tuple[str, ...]) -> None:
    phone = office.joins()
    for kept in facts(age):
        office.given(kept.record, phone)
    before = office.kept()
    phone.says(f"/samtycke {OURS}")
    for label in (*talk, "Ändra"):
        held = screen_of(phone)
        held_body = office.rows("SELECT body FROM session")
        for words in NONSENSE:
            if words == "given" and "given" in values(held):
                continue  # the value of a button is its button, typed or pressed
            if words:
                phone.says(words)
            shown = screen_of(phone)
            assert shown.text.endswith(held.text), (label, words[:20])
            assert [b.label for b in shown.buttons] == [b.label for b in held.buttons], (label, words[:20])
            assert office.rows("SELECT body FROM session") == held_body, (label, words[:20])
        phone.presses(label)
    assert office.kept() == before
    assert PERSONNUMMER not in "".join(screen.text for _message, screen in phone.seen)
    phone.presses("Tillbaka")
    presses(phone, "Spara")
    assert len(askings(office)) == 1
    assert validated(office) == len(office.kept())


def test_what_is_typed_is_answered_in_words_that_do_not_repeat_it(office: Office, phone: Phone) -> None:
    phone.says(f"/samtycke {OURS}")
    for words in ("hej på dig", "x" * 10_000, PERSONNUMMER):
        told = "\n".join(screen.text for screen in phone.says(words))
        assert told, "something is said"
        assert words not in told
        assert len(told) < 2 * LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("age", "known", "special"),
    [
        ("21_29", {}, ADULT_WHOLE),
        ("15_17", {}, WHOLE),
        ("12_14", {"custody": "one"}, {"police": THINKING, "parties": [NOT_REACHED], "measure": REFUSED}),
        ("under_12", {"custody": UNKNOWN}, {"maturity": "no", "harm": UNKNOWN, "custody": UNKNOWN, "copy": UNKNOWN}),
        (UNKNOWN, {}, {"age_group": UNKNOWN, "custody": UNKNOWN, "disposes": UNKNOWN, "harm": UNKNOWN}),
        ("15_17", {}, {"disposes": "alone", "guardian_allowed": "no", "explained": [DONE]}),
        ("18_20", {}, {"police": NOT_REACHED}),
    ],
)
def test_what_is_kept_is_as_the_schema_says(age: str, known: dict[str, str], special: dict[str, Any]) -> None:
    office = Office(policy=Policy(other_parties=TEN))
    phone = office.joins()
    kept = saved(to_the_end(a_talk(age, policy=Policy(other_parties=TEN), **known), **special))
    the_asking(kept)
    for record in kept:
        office.given(record, phone)
        assert type(record).from_payload(record.payload()) == record
    assert validated(office) == len(kept)
    office.store.close()


def test_con_13_the_day_after_the_last_day_nothing_may_be_shared() -> None:
    talk = to_the_end(a_talk())
    kept = saved(talk)
    last = the_asking(kept).valid_until
    assert last is not None
    assert stands(talk, kept, last).status("subject", POLICE).status == GIVEN
    assert stands(talk, kept, last + timedelta(days=1)).status("subject", POLICE).status == "expired"
