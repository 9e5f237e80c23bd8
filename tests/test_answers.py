"""Kinds of answer: what is offered, what is taken, what is refused with which words, and how it is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from dialogs.answers import (
    DONE,
    NEW_CASE,
    Answers,
    CaseCode,
    Choice,
    Day,
    Given,
    Kind,
    Month,
    Number,
    Option,
    Partly,
    Refused,
    Several,
    ThreeState,
    Value,
)
from dialogs.model import World
from dialogs.texts import Text, say
from tests.sample_dialog import CAME, MINUTES, TOLD, WHO
from tests.talk import FREE, MONDAY, NEW, OURS, OURS_TOO, REAL, THEIRS, a_world, later

DAY = Day(
    quick=(0, 1, 2),
    earliest=lambda answers, world: world.today - timedelta(days=30),
    latest=lambda answers, world: world.today,
)
CODE = CaseCode()
HELD = Choice(
    choices=(Option("yes", "Ja"), Option("missed", "Nej, personen kom inte"), Option("cancelled", "Nej, inställt"))
)
WORLD = a_world()


def read(kind: Kind, said: str, so_far: Value | None = None, world: World = WORLD) -> tuple[str, Any]:
    """What came of it, in one row: (given | partly | the fault's name, the value | what the words point out)."""
    match kind.read(said, so_far, world):
        case Given(value):
            return "given", value
        case Partly(value):
            return "partly", value
        case Refused(fault, words):
            spoken = say(words, world.language)
            assert spoken.endswith("."), "a sentence that says what to write instead"
            assert "{" not in spoken
            return fault, sorted(str(say_part(part)) for part in words.parts.values()) if isinstance(
                words, Text
            ) else []


def say_part(part: object) -> object:
    return part.isoformat() if isinstance(part, date) else part


def buttons(kind: Kind, so_far: Value | None = None, world: World = WORLD) -> list[tuple[str, str]]:
    return [(option.value, say(option.label, world.language)) for option in kind.options(so_far, world)]


# ── one of a few ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "came", "why"),
    [
        ("yes", ("given", "yes"), "the value that a button carries"),
        ("Ja", ("given", "yes"), "the words on the button"),
        ("  jA ", ("given", "yes"), "capitals and blanks make no difference"),
        ("j", ("given", "yes"), "words that begin only one of them"),
        ("nej, i", ("given", "cancelled"), "as many words as it takes to tell them apart"),
        ("nej", ("not_a_choice", []), "two begin like that: it is not for the bot to say which"),
        ("kanske", ("not_a_choice", []), "none is called that"),
        ("ja tack gärna", ("not_a_choice", []), "more than the button says is something else"),
        ("", ("not_a_choice", []), "nothing begins all of them"),
        ("   ", ("not_a_choice", []), "blanks are nothing"),
        ("YES", ("not_a_choice", []), "a value is not a word: only the button says it"),
        ("9" * 4000, ("not_a_choice", []), "a long text is no trouble"),
    ],
)
def test_one_of_a_few(said: str, came: tuple[str, Any], why: str) -> None:
    assert read(HELD, said) == came, why


def test_a_choice_is_its_own_category_so_that_a_route_can_name_it() -> None:
    assert HELD.categories == ("yes", "missed", "cancelled")
    assert HELD.category("missed") == "missed"
    assert buttons(HELD) == [("yes", "Ja"), ("missed", "Nej, personen kom inte"), ("cancelled", "Nej, inställt")]
    assert HELD.show("cancelled", WORLD) == "Nej, inställt"


# ── several of a list ────────────────────────────────────────────────────────────────────────────────────────


def test_several_grow_press_by_press_and_end_with_klar() -> None:
    assert buttons(WHO)[0] == ("subject", "☐ Den unge")
    assert buttons(WHO)[-1] == (DONE, "Klar")
    assert read(WHO, "school", None) == ("partly", ["school"])
    assert read(WHO, "subject", ["school"]) == ("partly", ["school", "subject"])
    assert [label for _, label in buttons(WHO, ["school", "subject"])] == [
        "☑ Den unge",
        "☐ Vårdnadshavare",
        "☐ Syskon",
        "☑ Skolan",
        "Klar",
    ]
    # Kept in the order of the list, so that the same answer is the same whatever was pressed first.
    assert read(WHO, DONE, ["school", "subject"]) == ("given", ["subject", "school"])


@pytest.mark.parametrize(
    ("said", "so_far", "came", "why"),
    [
        ("school", ["school"], ("partly", []), "a second press takes it out"),
        ("Skolan", None, ("partly", ["school"]), "typed words do what the button does"),
        ("sk", None, ("partly", ["school"]), "and so does their beginning"),
        ("s", None, ("not_a_choice", []), "Syskon or Skolan"),
        ("klar", ["school"], ("given", ["school"]), "Klar can be typed"),
        (DONE, None, ("too_few", ["1"]), "nothing is not enough here"),
        (DONE, [], ("too_few", ["1"]), "nor is all taken out again"),
        ("sibling", ["school", "subject"], ("too_many", ["2"]), "two is the most"),
        ("school", ["school", "subject"], ("partly", ["subject"]), "at the most, one can still be taken out"),
        ("grannen", None, ("not_a_choice", []), "nobody of the list"),
    ],
)
def test_several_has_a_least_and_a_most(said: str, so_far: Value | None, came: tuple[str, Any], why: str) -> None:
    assert read(WHO, said, so_far) == came, why


def test_a_press_on_a_list_leaves_what_was_there_before_as_it_was() -> None:
    before: Value = ["school"]
    read(WHO, "subject", before)
    read(WHO, "school", before)
    assert before == ["school"]


def test_several_with_no_limits_may_be_none_and_may_be_all() -> None:
    free = Several(choices=WHO.choices)
    assert read(free, DONE) == ("given", [])
    assert free.show([], WORLD) == "Inget valt"
    assert free.holds([], WORLD)
    assert free.show(["subject", "school"], WORLD) == "Den unge, Skolan"
    assert free.holds([value for value, _ in buttons(free)[:-1]], WORLD)


# ── a list in three states ───────────────────────────────────────────────────────────────────────────────────


def test_every_line_starts_as_the_first_state_and_a_press_steps_it_round() -> None:
    assert [label for _, label in buttons(TOLD)] == ["Polisen: inte tillfrågad", "BUP: inte tillfrågad", "Klar"]
    held: Value | None = None
    for state in ("yes", "no", "not_asked", "yes"):
        what, held = read(TOLD, "police", held)
        assert (what, held) == ("partly", {"police": state, "bup": "not_asked"})
    assert [label for _, label in buttons(TOLD, held)] == ["Polisen: ja", "BUP: inte tillfrågad", "Klar"]


def test_klar_stores_every_line_with_what_it_means_also_those_nobody_pressed() -> None:
    # CON-13: a line that was never pressed is "not asked", which is something else than a no.
    assert read(TOLD, DONE) == ("given", {"police": "not_asked", "bup": "not_asked"})
    assert read(TOLD, "klar", {"police": "no"}) == ("given", {"police": "no", "bup": "not_asked"})
    assert TOLD.show({"police": "no", "bup": "not_asked"}, WORLD) == "Polisen: nej; BUP: inte tillfrågad"


def test_a_step_leaves_what_was_there_before_as_it_was() -> None:
    before: Value = {"police": "yes", "bup": "yes"}
    assert read(TOLD, "pol", before) == ("partly", {"police": "no", "bup": "yes"})
    assert before == {"police": "yes", "bup": "yes"}
    assert read(TOLD, "skolan", before)[0] == "not_a_choice"


# ── a day ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "came", "why"),
    [
        ("2026-11-22", ("given", "2026-11-22"), "the value that a button carries"),
        ("Idag", ("given", "2026-11-23"), "the words on the button"),
        ("igår", ("given", "2026-11-22"), "another's"),
        ("20/11", ("given", "2026-11-20"), "digits"),
        ("i fredags", ("given", "2026-11-20"), "Swedish words"),
        ("20 november", ("given", "2026-11-20"), "and months"),
        ("24 oktober", ("given", "2026-10-24"), "the first day that does"),
        ("imorgon", ("in_the_future", ["2026-11-24"]), "ahead"),
        ("2026-12-01", ("in_the_future", ["2026-12-01"]), "further ahead"),
        ("23 oktober", ("too_early", ["2026-10-23", "2026-10-24"]), "a day too old"),
        ("31/11", ("no_such_day", []), "November has 30 days"),
        ("30 februari", ("no_such_day", []), "nor is there such a day in February"),
        ("häromdagen", ("not_one_day", []), "which day is not said"),
        ("mötet gick bra", ("not_a_date", []), "no date"),
        ("", ("not_a_date", []), "nothing"),
        ("1" * 4000, ("not_a_date", []), "digits without end"),
    ],
)
def test_a_day_within_its_limits(said: str, came: tuple[str, Any], why: str) -> None:
    assert read(DAY, said) == came, why


MONTH = Month(
    earliest=lambda answers, world: world.today,
    latest=lambda answers, world: date(2028 if answers.word_or_none("far") else 2027, 3, 1),
)


@pytest.mark.parametrize(
    ("said", "came", "why"),
    [
        ("mars 2027", ("given", "2027-03"), "Swedish words, and the last month that does"),
        ("2026-11", ("given", "2026-11"), "digits, and the first: the month it is, whatever the day"),
        ("3/2027", ("given", "2027-03"), "the month first"),
        ("vet inte", ("given", "unknown"), "nobody knows"),
        ("oktober 2026", ("month_out_of_range", []), "a month too early"),
        ("april 2027", ("month_out_of_range", []), "a month too late"),
        ("9999-12", ("month_out_of_range", []), "the last month there is"),
        ("0001-01", ("month_out_of_range", []), "and the first"),
        ("mars", ("not_a_month", []), "no year"),
        ("13/2027", ("not_a_month", []), "no such month"),
        ("14 mars 2027", ("not_a_month", []), "a day is never taken"),
        ("", ("not_a_month", []), "nothing"),
    ],
)
def test_a_month_within_its_limits(said: str, came: tuple[str, Any], why: str) -> None:
    assert read(MONTH, said) == came, why


@pytest.mark.parametrize(
    ("value", "so_far", "holds", "why"),
    [
        ("2027-03", {}, True, "the last month that does"),
        ("2027-04", {}, False, "a month too late"),
        ("2027-04", {"far": "yes"}, True, "the limits go by the answers so far"),
        ("2026-10", {}, False, "a month too early"),
        ("unknown", {}, True, "nobody knows"),
        ("2027-13", {}, False, "no month"),
        (7, {}, False, "no text"),
    ],
)
def test_a_stored_month_is_held_against_the_limits_as_they_are_now(
    value: Value, so_far: dict[str, Value], holds: bool, why: str
) -> None:
    assert MONTH.holds(value, a_world(), Answers(so_far)) is holds, why


def test_a_month_outside_the_limits_is_refused_in_the_words_of_its_question() -> None:
    plain = MONTH.read("april 2027", None, a_world())
    assert plain == Refused("month_out_of_range", "Månaden kan inte stämma. Skriv månad och år igen.")
    own = replace(MONTH, outside=lambda answers, world: "För långt fram.").read("april 2027", None, a_world())
    assert own == Refused("month_out_of_range", "För långt fram.")
    assert Month().read("mars 1850", None, a_world()) == Given("1850-03"), "no limit, no refusal"


def test_quick_buttons_carry_their_own_day_and_say_it_as_one_does() -> None:
    assert buttons(DAY) == [
        ("2026-11-23", "Idag"),
        ("2026-11-22", "Igår"),
        ("2026-11-21", "lördag 21 november 2026"),
    ]


def test_a_limit_that_is_not_today_is_named() -> None:
    before = Day(latest=lambda answers, world: date(2026, 11, 1))
    assert read(before, "2026-11-02") == ("too_late", ["2026-11-01", "2026-11-02"])
    assert read(Day(), "2050-01-01")[0] == "given", "no limit, no refusal"
    assert read(Day(), "1950-01-01")[0] == "given", "no limit, no refusal"


def test_a_day_is_shown_as_one_says_it_today() -> None:
    assert DAY.show("2026-11-23", WORLD) == "idag, 23 november 2026"
    assert DAY.show("2026-11-22", WORLD) == "igår, 22 november 2026"
    assert DAY.show("2026-11-23", later(WORLD, days=5)) == "måndag 23 november 2026"


# ── a number ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "value", "why"),
    [
        ("5", 5, "the lowest"),
        ("480", 480, "the highest"),
        (" 045 ", 45, "blanks and a nought in front"),
        ("4", None, "one too few"),
        ("481", None, "one too many"),
        ("-5", None, "below nought"),
        ("4,5", None, "half a minute"),
        ("45 min", None, "words beside it"),
        ("fyrtio", None, "a number as a word"),
        ("²", None, "a digit to Python, and no number"),
        ("٤٥", None, "digits of another script"),
        ("", None, "nothing"),
        ("9" * 4000, None, "digits without end"),
        ("0" * 4000 + "45", None, "noughts without end"),
    ],
)
def test_a_whole_number_within_its_limits(said: str, value: int | None, why: str) -> None:
    came = ("given", value) if value is not None else ("not_the_number", ["480", "5"])
    assert read(MINUTES, said) == came, why
    assert MINUTES.show(45, WORLD) == "45"
    assert buttons(MINUTES) == []


# ── a case ───────────────────────────────────────────────────────────────────────────────────────────────────


def broken(code: str) -> str:
    """The code with two neighbours that differ in each other's place, as fingers do."""
    first, second = next((n, n + 1) for n in (1, 4, 5) if code[n] != code[n + 1])
    signs = list(code)
    signs[first], signs[second] = signs[second], signs[first]
    return "".join(signs)


@pytest.mark.parametrize(
    ("said", "came", "why"),
    [
        (OURS, ("given", OURS), "the value of a button"),
        (OURS.lower(), ("given", OURS), "small letters"),
        (OURS.replace("-", ""), ("given", OURS), "no hyphen"),
        (f" {OURS.replace('-', ' ').lower()} ", ("given", OURS), "blanks"),
        (NEW_CASE, ("given", NEW), "the value of Nytt ärende"),
        ("nytt ärende", ("given", NEW), "its words"),
        (broken(OURS), ("wrong_check", []), "two places swapped"),
        (REAL, ("real_in_practice", []), "a real code in practice"),
        (FREE, ("unknown_case", []), "a good code of no case"),
        (THEIRS, ("unknown_case", []), "another district's"),
        ("Kalle", ("not_a_code", []), "no code at all"),
        ("", ("not_a_code", []), "nothing"),
        ("Ö" * 4000, ("not_a_code", []), "a long text"),
    ],
)
def test_a_case_by_its_code(said: str, came: tuple[str, Any], why: str) -> None:
    assert read(CODE, said) == came, why


def test_nobody_learns_from_the_words_that_another_district_has_a_case() -> None:
    assert CODE.read(THEIRS, None, WORLD) == CODE.read(FREE, None, WORLD)


def test_practice_codes_are_refused_where_the_cases_are_real() -> None:
    real = a_world(practice=False)
    assert read(CODE, OURS_TOO.lower(), world=replace(real, cases=()))[0] == "practice_in_real"
    assert read(CODE, REAL, world=real)[0] == "unknown_case"
    assert read(CODE, broken(REAL), world=real)[0] == "wrong_check"


def test_the_latest_cases_come_first_as_many_as_there_is_room_for() -> None:
    world = replace(WORLD, cases=(OURS, OURS_TOO))
    assert buttons(CODE, world=world) == [(OURS, OURS), (OURS_TOO, OURS_TOO), (NEW_CASE, "Nytt ärende")]
    assert buttons(CaseCode(latest=1), world=world) == [(OURS, OURS), (NEW_CASE, "Nytt ärende")]


def test_a_new_case_says_its_code_at_once_and_the_read_back_says_that_it_is_new() -> None:
    drawn = CODE.read(NEW_CASE, None, WORLD)
    assert isinstance(drawn, Given)
    assert drawn.note is not None
    assert NEW in say(drawn.note, "sv")
    assert CODE.show(NEW, WORLD).startswith(f"{NEW} (nytt")
    assert CODE.show(OURS, WORLD) == OURS


# ── held anew at every replay ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "value", "world", "holds", "why"),
    [
        (CAME, "unknown", WORLD, True, "a choice there is"),
        (CAME, "maybe", WORLD, False, "a choice that is gone"),
        (CAME, ["yes"], WORLD, False, "what a list left behind when the question changed its kind"),
        (WHO, ["subject"], WORLD, True, "one of two"),
        (WHO, [], WORLD, False, "fewer than the least"),
        (WHO, ["subject", "school", "sibling"], WORLD, False, "more than the most"),
        (WHO, ["subject", "teacher"], WORLD, False, "one is gone from the list"),
        (WHO, "subject", WORLD, False, "what a choice left behind"),
        (WHO, {"subject": "yes"}, WORLD, False, "what a list of states left behind"),
        (TOLD, {"police": "yes", "bup": "no"}, WORLD, True, "each line in a state"),
        (TOLD, {"police": "yes"}, WORLD, False, "a line has been added since"),
        (TOLD, {"police": "yes", "bup": "no", "school": "no"}, WORLD, False, "a line has been taken away since"),
        (TOLD, {"police": "yes", "bup": "thinking"}, WORLD, False, "a state that is gone"),
        (TOLD, ["police"], WORLD, False, "what a list left behind"),
        (DAY, "2026-11-23", WORLD, True, "today"),
        (DAY, "2026-10-24", WORLD, True, "the earliest day"),
        (DAY, "2026-10-24", later(WORLD, days=1), False, "which the night has made too old"),
        (DAY, "2026-11-24", WORLD, False, "ahead"),
        (DAY, "idag", WORLD, False, "a word is no stored day: it would mean another tomorrow"),
        (DAY, 20261123, WORLD, False, "a number is none"),
        (DAY, ["2026-11-23"], WORLD, False, "nor is a list"),
        (MINUTES, 5, WORLD, True, "the lowest"),
        (MINUTES, 480, WORLD, True, "the highest"),
        (MINUTES, 4, WORLD, False, "below the limit as it is now"),
        (MINUTES, 481, WORLD, False, "above the limit as it is now"),
        (MINUTES, "45", WORLD, False, "digits are stored as a number"),
        (MINUTES, True, WORLD, False, "and a yes is none"),
        (CODE, OURS, WORLD, True, "our case"),
        (CODE, FREE, WORLD, True, "a new one that is not written yet"),
        (CODE, THEIRS, WORLD, False, "one that another district has opened since"),
        (CODE, "yes", WORLD, False, "what a choice left behind: no case is called that"),
        (CODE, "", WORLD, False, "nothing"),
    ],
)
def test_a_stored_answer_holds_or_is_asked_again(kind: Kind, value: Value, world: World, holds: bool, why: str) -> None:
    assert kind.holds(value, world) is holds, why


# ── in English ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_answers_in_english() -> None:
    english = a_world(language="en")
    assert read(CAME, "yes", world=english) == ("given", "yes")
    assert read(CAME, "no", world=english) == ("given", "no")
    assert CAME.show("yes", english) == "Yes"
    assert DAY.show("2026-11-23", english) == "today, 23 November 2026"
    assert read(DAY, "yesterday", world=english) == ("given", "2026-11-22")
    assert read(DAY, "i fredags", world=english) == ("given", "2026-11-20"), "Swedish is always understood"
    assert buttons(DAY, world=english)[2] == ("2026-11-21", "Saturday 21 November 2026")
    assert buttons(WHO, world=english)[-1][1] == say("Klar", "en") != "Klar"
    assert MINUTES.show(45, english) == "45"
    refused = DAY.read("31/11", None, english)
    assert isinstance(refused, Refused)
    assert say(refused.words, "en") != say(refused.words, "sv"), "refused in English too"
    new = say("Nytt ärende", "en")
    assert new != "Nytt ärende"
    assert read(CODE, new.upper(), world=english) == ("given", NEW)
    assert NEW in CODE.show(NEW, english)


# ── the declaration itself, and the answers of a way ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        (CAME, None),
        (Choice(choices=CAME.choices[:1]), "a choice needs at least two options"),
        (WHO, None),
        (Several(choices=WHO.choices, least=3, most=2), "least and most do not fit the options"),
        (Several(choices=WHO.choices, least=5), "least and most do not fit the options"),
        (Several(choices=WHO.choices, most=5), "least and most do not fit the options"),
        (TOLD, None),
        (ThreeState(lines=(), states=TOLD.states), "a three-state list needs at least one line"),
        (MINUTES, None),
        (Number(low=2, high=1), "low is above high"),
        (DAY, None),
        (CODE, None),
    ],
)
def test_a_kind_says_what_is_wrong_with_its_declaration(kind: Kind, problem: str | None) -> None:
    assert kind.problems() == ([problem] if problem else [])


def test_a_kind_gives_every_sentence_it_carries_to_the_check_of_translations() -> None:
    assert list(CAME.words()) == ["Ja", "Nej", "Vet inte"]
    assert list(WHO.words()) == ["Den unge", "Vårdnadshavare", "Syskon", "Skolan"]
    assert list(TOLD.words()) == ["Polisen", "BUP", "Inte tillfrågad", "Ja", "Nej"]
    assert list(DAY.words()) == list(MINUTES.words()) == list(CODE.words()) == []


@pytest.mark.parametrize(
    ("kind", "typed"),
    [(CAME, "choice"), (WHO, "several"), (TOLD, "three_state"), (DAY, "date"), (MINUTES, "number"), (CODE, "code")],
)
def test_a_kind_says_what_may_be_typed(kind: Kind, typed: str) -> None:
    assert kind.typed == typed
    if kind is not CAME:
        assert kind.categories == (kind.category("whatever"),) == ("given",)


def test_answers_are_read_as_what_they_are_and_only_those_on_the_way() -> None:
    answers = Answers({"came": "yes", "day": "2026-11-23", "minutes": 45})
    assert answers.word("came") == "yes"
    assert answers.day("day") == MONDAY.date()
    assert answers["minutes"] == 45
    assert answers.word_or_none("place") is None
    assert list(answers) == ["came", "day", "minutes"]
    assert len(answers) == 3
    with pytest.raises(KeyError):
        answers.word("place")
