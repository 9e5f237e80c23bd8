"""Case codes: what is drawn can be read, what is mistyped is refused (design 9)."""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.case_code import ALPHABET, CodeFault, draw, looks_like_real_code, read

WRONG = CodeFault.WRONG_CHECK
NO_CODE = CodeFault.NOT_A_CODE
REAL = CodeFault.REAL_IN_PRACTICE
PRACTICE = CodeFault.PRACTICE_IN_REAL

codes = st.builds(
    lambda practice, seed: (practice, draw(practice, random.Random(seed).choice)),
    st.booleans(),
    st.integers(),
)


def made_of(drawn: str, practice: bool = False) -> str:
    """The code that comes of these drawn characters."""
    left = list(drawn)
    return draw(practice, lambda alphabet: left.pop(0))


def code_with(wanted: dict[int, str], practice: bool) -> str:
    """A valid code with certain characters at certain places of its six, found by trying a free place."""
    first = 1 if practice else 0
    free = next(place for place in range(first, 5) if place not in wanted)
    for filler in ALPHABET:
        drawn = "".join(wanted.get(place, filler if place == free else "7") for place in range(first, 5))
        code = made_of(drawn, practice)
        if code[-1] == wanted.get(5, code[-1]):
            return code
    raise AssertionError(wanted)


def test_the_alphabet_has_a_prime_number_of_characters_and_no_vowels_or_look_alikes() -> None:
    assert len(ALPHABET) == len(set(ALPHABET)) == 23
    assert not set(ALPHABET) & set("01ILOSUAEYÅÄÖ")


@given(codes)
def test_what_is_drawn_can_be_read_where_it_belongs_and_nowhere_else(drawn: tuple[bool, str]) -> None:
    practice, code = drawn
    assert len(code) == 7
    assert code[3] == "-"
    assert code.startswith("Ö") == practice
    assert read(code, practice) == code
    assert read(code, not practice) is (PRACTICE if practice else REAL)
    assert looks_like_real_code(code) != practice


def test_a_seed_gives_the_same_codes_and_none_gives_others() -> None:
    def series(seed: int) -> list[str]:
        chance = random.Random(seed)
        return [draw(practice, chance.choice) for practice in (False, True) for _ in range(20)]

    assert series(7) == series(7) != series(8)
    assert len({draw(False, secrets.choice) for _ in range(50)}) > 40


@pytest.mark.parametrize(("practice", "times"), [(False, 5), (True, 4)], ids=["real", "practice"])
def test_each_drawn_character_is_picked_from_the_whole_alphabet(practice: bool, times: int) -> None:
    offered: list[str] = []

    def pick(characters: Sequence[str]) -> str:
        offered.append("".join(characters))
        return characters[-1]

    draw(practice, pick)
    assert offered == [ALPHABET] * times


PLACES = [(practice, place) for practice in (False, True) for place in range(int(practice), 6)]


@pytest.mark.parametrize(("practice", "place"), PLACES)
def test_one_wrong_character_is_refused(practice: bool, place: int) -> None:
    for right, wrong in permutations(ALPHABET, 2):
        compact = code_with({place: right}, practice).replace("-", "")
        assert compact[place] == right
        assert read(compact, practice) == f"{compact[:3]}-{compact[3:]}"
        mistyped = f"{compact[:place]}{wrong}{compact[place + 1 :]}"
        assert read(f"{mistyped[:3]}-{mistyped[3:]}", practice) is WRONG


SWAPS = [(practice, i, j) for practice in (False, True) for i, j in combinations(range(int(practice), 6), 2)]


@pytest.mark.parametrize(("practice", "i", "j"), SWAPS)
def test_two_characters_that_have_changed_places_are_refused(practice: bool, i: int, j: int) -> None:
    for a, b in combinations(ALPHABET, 2):
        signs = list(code_with({i: a, j: b}, practice).replace("-", ""))
        assert (signs[i], signs[j]) == (a, b)
        signs[i], signs[j] = b, a
        assert read("".join(signs), practice) is WRONG


@given(codes, st.data())
def test_any_code_with_one_slip_is_refused(drawn: tuple[bool, str], data: st.DataObject) -> None:
    practice, code = drawn
    signs = list(code.replace("-", ""))
    i, j = data.draw(st.lists(st.integers(int(practice), 5), min_size=2, max_size=2, unique=True))
    if data.draw(st.booleans()):
        signs[i] = data.draw(st.sampled_from([sign for sign in ALPHABET if sign != signs[i]]))
    else:
        signs[i], signs[j] = signs[j], signs[i]
    slipped = "".join(signs)
    assert slipped == code.replace("-", "") or read(slipped, practice) is WRONG


REAL_CODE = made_of("K7M4Q")
PRACTICE_CODE = made_of("K7M4", practice=True)
COMPLETES = made_of(PRACTICE_CODE[4:] + "77")[4:]
"""With the last group of the practice code it makes a real one."""

WAYS = [
    ("{a}-{b}", "as it is shown"),
    ("{a}{b}", "without its hyphen"),
    ("{a} {b}", "with a blank"),
    ("  {a}-{b}\n", "with blanks round it"),
    ("{a} - {b}", "with blanks round the hyphen"),
    ("{a}–{b}", "with an en dash, as phones make of two hyphens"),
    ("{a}—{b}", "with an em dash"),
    ("{a}\u2011{b}", "with a hyphen that does not break, from a document"),
    ("{a}\u2212{b}", "with a minus sign"),
    ("{a}\u00a0{b}", "with a blank that does not break"),
]


@pytest.mark.parametrize(("way", "why"), WAYS, ids=[why for _, why in WAYS])
@pytest.mark.parametrize("code", [REAL_CODE, PRACTICE_CODE], ids=["real", "practice"])
def test_a_code_is_read_however_it_is_typed(way: str, why: str, code: str) -> None:
    typed = way.format(a=code[:3], b=code[4:])
    practice = code.startswith("Ö")
    assert read(typed, practice) == code, why
    assert read(typed.lower(), practice) == code, f"{why}, in small letters"
    assert read(typed.replace("Ö", "O\u0308"), practice) == code, f"{why}, with a decomposed Ö"
    assert read(typed.lower().replace("ö", "o\u0308"), practice) == code, f"{why}, with a decomposed ö"


def wrong_check(code: str) -> str:
    return code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 1) % 23]


@pytest.mark.parametrize(
    ("typed", "in_practice", "for_real", "why"),
    [
        (
            wrong_check(REAL_CODE),
            REAL,
            WRONG,
            "in two groups it tells which case, whatever its check character says",
        ),
        (wrong_check(REAL_CODE).replace("-", " "), REAL, WRONG, "a blank makes two groups too"),
        (wrong_check(REAL_CODE).replace("-", ""), NO_CODE, WRONG, "six characters in a row may be anything"),
        (REAL_CODE.replace("-", ""), REAL, REAL_CODE, "unless their check character holds"),
        (wrong_check(PRACTICE_CODE), WRONG, PRACTICE, "the form says practice"),
        (REAL_CODE[:-1], NO_CODE, NO_CODE, "a character is missing"),
        (REAL_CODE + "7", NO_CODE, NO_CODE, "a character too many"),
        (f"Ö{REAL_CODE}", NO_CODE, NO_CODE, "Ö before a whole real code"),
        (PRACTICE_CODE[1:] + "Ö", NO_CODE, NO_CODE, "Ö has changed places with the check"),
        (f"{REAL_CODE} {REAL_CODE}", NO_CODE, NO_CODE, "two codes"),
        ("K0M-4QX", NO_CODE, NO_CODE, "0 is in no code"),
        ("KÖM-4QX", NO_CODE, NO_CODE, "Ö only begins a code"),
        ("K7M/4QX", NO_CODE, NO_CODE, "a slash is no dash"),
        ("", NO_CODE, NO_CODE, "nothing"),
        ("   ", NO_CODE, NO_CODE, "blanks"),
        ("---", NO_CODE, NO_CODE, "dashes"),
        ("nytt ärende", NO_CODE, NO_CODE, "a button's words"),
        ("öppna", NO_CODE, NO_CODE, "a word that begins with Ö"),
        ("örtens", NO_CODE, NO_CODE, "six letters that begin with Ö"),
        ("hjälp", NO_CODE, NO_CODE, "a word"),
        ("rätt kod", NO_CODE, NO_CODE, "two words"),
        ("2026-11-23", NO_CODE, NO_CODE, "a date"),
        ("261123", NO_CODE, NO_CODE, "a date of six digits: a month always has a 0 or a 1"),
        ("x" * 4096, NO_CODE, NO_CODE, "a whole message of letters that a code may have"),
        ("👍", NO_CODE, NO_CODE, "a sign"),
    ],
)
def test_what_is_no_code_here(typed: str, in_practice: str | CodeFault, for_real: str | CodeFault, why: str) -> None:
    assert read(typed, practice=True) == in_practice, why
    assert read(typed, practice=False) == for_real, why


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        (REAL_CODE, True, "alone"),
        (f"talade med {REAL_CODE} idag", True, "in a sentence"),
        (f"({REAL_CODE.lower()}).", True, "in brackets, in small letters"),
        (REAL_CODE.replace("-", " – "), True, "with a dash and blanks"),
        (REAL_CODE.replace("-", " "), True, "with a blank"),
        (f"ärende {REAL_CODE.replace('-', '')}", True, "in one piece"),
        (f"ärende{REAL_CODE}s", True, "glued to words"),
        (f"Ö{REAL_CODE}", True, "a real code made to look like practice"),
        (f"Ö{REAL_CODE.replace('-', '')}", True, "the same in one piece"),
        (f"{wrong_check(REAL_CODE)} {REAL_CODE}", True, "after something that is none"),
        (f"222 {REAL_CODE.replace('-', ' ')}", True, "where the groups overlap with others"),
        (wrong_check(REAL_CODE), False, "the check character is wrong"),
        (PRACTICE_CODE, False, "a practice code"),
        (f"{PRACTICE_CODE} {COMPLETES}", False, "what follows a practice code does not complete it"),
        ("2026-11-23 kl. 14.30", False, "a date with a time"),
        ("9222-2229", False, "digits within other digits; alone 222-222 is a code"),
        ("Vecka 45, 23/11–26 och 070-123 45 67", False, "other numbers"),
        ("", False, "nothing"),
        ("en helt vanlig mening om ingenting särskilt", False, "words"),
        (f"x{REAL_CODE.replace('-', '')}x", False, "a longer row of letters and digits"),
    ],
)
def test_a_real_code_is_seen_in_a_longer_text(text: str, expected: bool, why: str) -> None:
    assert looks_like_real_code(text) is expected, why


@given(st.lists(st.builds(lambda seed: draw(True, random.Random(seed).choice), st.integers()), max_size=5))
def test_practice_codes_side_by_side_are_never_taken_for_a_real_one(practice_codes: list[str]) -> None:
    assert not looks_like_real_code(" ".join(practice_codes))
    assert not looks_like_real_code(" ".join(code.replace("-", " ") for code in practice_codes))
