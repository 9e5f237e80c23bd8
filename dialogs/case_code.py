"""Case codes: the only name a case has in the store (design 9).

A code is six characters in two groups, ``K7M-4QX``. The last is a check character: the weighted sum of all
six is 0 modulo 23, with a different weight at every place. 23 is a prime, so one wrong character and any two
that have changed places always give another sum and are refused. Practice codes begin with ``Ö``, which no
real code has; the check then covers the five characters after it.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from enum import Enum

ALPHABET = "23456789CDFGHJKMNPQRTWX"
"""The 23 characters of a code: no vowels (no words), none of 0, 1, I, L, O, S, U (no look-alikes)."""

DASHES = "-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
"""Every sign that a keyboard or a pasted text gives where a hyphen is meant."""

PRACTICE_MARK = "Ö"

SHAPE = re.compile("[2-9A-ZÖ][2-9A-Z]{2}-[2-9A-Z]{3}")
"""The form alone, for what is stored: the check character was tried when the code was typed or drawn."""

_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_MODULUS = len(ALPHABET)
# The check character weighs -1 (22), so that it is the sum of the others: all six weights differ, none is 0.
_WEIGHTS = (1, 2, 3, 4, 5)

_DASH = f"[{re.escape(DASHES)}]"
_BLANKS_AND_DASHES = re.compile(rf"(?:\s|{_DASH})+")
_CHARACTER = f"[{ALPHABET}]"
_BETWEEN = rf"\s*{_DASH}\s*"
_COMPACT_REAL = re.compile(rf"{_CHARACTER}{{6}}")
_COMPACT_PRACTICE = re.compile(rf"{PRACTICE_MARK}{_CHARACTER}{{5}}")
_GROUPED_REAL = re.compile(rf"{_CHARACTER}{{3}}(?:{_BETWEEN}|\s+){_CHARACTER}{{3}}")
# A practice code in a text is put aside first: its last group and what follows it could pass for a real code.
_PRACTICE_IN_TEXT = re.compile(rf"{PRACTICE_MARK}{_CHARACTER}{{2}}(?:{_BETWEEN}|\s+|){_CHARACTER}{{3}}(?![^\W_])")
# Look-aheads, so that overlapping candidates are all seen. With a hyphen and a letter a code may be glued to
# a word ("K7M-4QXs"); otherwise it stands alone, and only the mark of practice may precede it.
_GLUED_IN_TEXT = re.compile(rf"(?=({_CHARACTER}{{3}}){_BETWEEN}({_CHARACTER}{{3}}))")
_ALONE_IN_TEXT = re.compile(
    rf"(?=(?<![^\W_{PRACTICE_MARK}])({_CHARACTER}{{3}})(?:{_BETWEEN}|\s+|)({_CHARACTER}{{3}})(?![^\W_]))"
)


class CodeFault(Enum):
    """Why a typed text is not a case code that can be taken here."""

    NOT_A_CODE = "not_a_code"
    """Not six characters of the alphabet (or the mark of practice and five)."""
    WRONG_CHECK = "wrong_check"
    """The form is right, the check character is not: something is mistyped."""
    REAL_IN_PRACTICE = "real_in_practice"
    """It looks like the code of a real case, and this is practice: refuse it and delete the message."""
    PRACTICE_IN_REAL = "practice_in_real"
    """It is a practice code, and these are real cases."""


def draw(practice: bool, pick: Callable[[Sequence[str]], str]) -> str:
    """Draw a new code; whether it is taken already is for the caller to see.

    :param practice: a practice code, of which there are 279,841; otherwise a real one, of which there are
        6,436,343.
    :param pick: takes one of the characters it is given, each as likely.
    :returns: the code in its canonical form, seven characters with the hyphen.
    """
    drawn = "".join(pick(ALPHABET) for _ in range(4 if practice else 5))
    return _canonical((PRACTICE_MARK if practice else "") + drawn + _check_character(drawn))


def read(text: str, practice: bool) -> str | CodeFault:
    """Read a code as somebody typed it.

    Small letters, blanks anywhere, a missing hyphen, any kind of dash and a decomposed ``ö`` are taken.

    :param text: what was typed, of any length.
    :param practice: whether practice codes are the ones to take (design 10); no others are then taken.
    :returns: the code in its canonical form, or the fault. In practice six characters of the alphabet are
        ``REAL_IN_PRACTICE`` where the check holds, and also where it does not if they stand in two groups:
        a mistyped real code still tells which case is meant.
    """
    typed = _normalise(text).strip()
    compact = _BLANKS_AND_DASHES.sub("", typed)
    if _COMPACT_PRACTICE.fullmatch(compact):
        if not practice:
            return CodeFault.PRACTICE_IN_REAL
        return _canonical(compact) if _check_holds(compact[1:]) else CodeFault.WRONG_CHECK
    if not _COMPACT_REAL.fullmatch(compact):
        return CodeFault.NOT_A_CODE
    holds = _check_holds(compact)
    if practice:
        looks_real = holds or _GROUPED_REAL.fullmatch(typed) is not None
        return CodeFault.REAL_IN_PRACTICE if looks_real else CodeFault.NOT_A_CODE
    return _canonical(compact) if holds else CodeFault.WRONG_CHECK


def looks_like_real_code(text: str) -> bool:
    """Whether a real code with a valid check character stands anywhere in a text.

    :param text: any text, also a long one.
    :returns: ``True`` where one is found, in two groups or as one word. A practice code, and what follows it,
        is not mistaken for one.
    """
    typed = _PRACTICE_IN_TEXT.sub("/", _normalise(text))
    for candidate in _GLUED_IN_TEXT.finditer(typed):
        code = candidate[1] + candidate[2]
        if not code.isdigit() and _check_holds(code):
            return True
    return any(_check_holds(candidate[1] + candidate[2]) for candidate in _ALONE_IN_TEXT.finditer(typed))


def _normalise(text: str) -> str:
    return unicodedata.normalize("NFC", text).upper()


def _canonical(compact: str) -> str:
    return f"{compact[:3]}-{compact[3:]}"


def _weighted(characters: str, weights: Sequence[int]) -> int:
    return sum(weight * _VALUES[character] for weight, character in zip(weights, characters, strict=True))


def _check_character(drawn: str) -> str:
    """The check for four or five drawn characters; in a practice code its mark has the first weight."""
    return ALPHABET[_weighted(drawn, _WEIGHTS[-len(drawn) :]) % _MODULUS]


def _check_holds(characters: str) -> bool:
    return _check_character(characters[:-1]) == characters[-1]
