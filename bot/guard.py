"""The identity guard: what in a typed text tells who somebody is (design 9; law.md 2.3 rules 2 and 4).

It stands before everything that reads a typed text, on every channel. It says the kind and never the content,
so that the caller can refuse the message, delete it and log the kind. It knows no clock, and keeps nothing but
what :class:`LatestTyped` says.

A personal number is a pattern, a date that can be and the check digit (law.md 3). Where it is plainly written as
one the check digit may be wrong: a digit is easily mistyped. A name passes: the guard lessens harm, it does not prove
that a text is about nobody.
"""

import re
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import product

from dialogs.case_code import DASHES, PRACTICE_MARK, looks_like_real_code
from dialogs.dates import read_date


class Finding(StrEnum):
    """What kind of identifier stands in a text; the value is what may be logged."""

    PERSONNUMMER = "personnummer"
    """A personal or coordination number, an interim number, or a date of birth with its last four masked."""
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    """Where somebody lives: a street, a postal code with its town, a box."""
    REAL_CODE = "real_code"
    """The code of a real case, where only practice codes belong."""


_FEWEST_DIGITS = 6
"""Fewer than a masked personal number or a telephone number has."""

_DIGIT = re.compile(r"\d")

# The dash as one sign; what is not seen (soft hyphens, marks of direction round a copied number) as nothing.
_SIGNS = str.maketrans(
    {
        **dict.fromkeys(DASHES, "-"),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"),
    }
)

# A date with a time or another date after it looks like a personal number and is none (law.md 3).
_CLOCK = r"(?:[01]\d|2[0-3])[.:]?[0-5]\d"
_ISO_DATE = r"(?:19|20)\d\d-\d\d-\d\d"
_DATE_AND_MORE = re.compile(
    rf"(?<!\d){_ISO_DATE}(?:[ -]{{1,3}}{_ISO_DATE}|(?: |T| kl\.? ?){_CLOCK})(?!\d)"
    r"|(?<!\d)(\d{4})-\d\d-\d\d ?- ?\1(?!\d)",
    re.IGNORECASE,
)

_LONG_MONTHS = frozenset({1, 3, 5, 7, 8, 10, 12})

_FOUR = r"(?P<four>[\dTRSUWXJKLMN]\d ?\d\d|[X*]{4})"
# Look-aheads, so that a candidate that fails hides no other that begins inside it.
_PERSONNUMMER = tuple(
    re.compile(rf"(?<!\d)(?=(?P<all>{pattern})(?!\d))", re.IGNORECASE)
    for pattern in (
        # In one piece.
        r"(?:18|19|20)?(?P<date>\d{6})(?P<four>[\dTRSUWXJKLMN]\d{3})",
        # With a separator before the last four, and the same one or none within the date.
        rf"(?P<date>\d\d(?P<s>[- ]?)\d\d(?P=s)\d\d) {{0,2}}[-+ ] {{0,2}}{_FOUR}",
        rf"(?:18|19|20)(?P<date>\d\d(?P<s>[-./ ]?)\d\d(?P=s)\d\d) {{0,2}}[-+ ] {{0,2}}{_FOUR}",
        # In pairs, and digit by digit, as dictation and scanning give them.
        r"(?:(?:18|19|20) )?(?P<date>\d\d \d\d \d\d) (?P<four>\d\d \d\d)",
        r"(?:(?:1 [89]|2 0) )?(?P<date>\d(?: \d){5}) (?P<four>\d(?: \d){3})",
    )
)

# A day of the twenties or thirties and a time, in one piece: nobody in Lots was born that late, and people meet then.
_DAY_AND_CLOCK = re.compile(r"(?:20)?[23]\d{5}(?:[01]\d|2[0-3])[0-5]\d")

# Dates whose beginning could be an area code.
_DATE = re.compile(
    rf"(?<!\d)(?:{_ISO_DATE}"
    r"|(?:0?[1-9]|[12]\d|3[01])(?:/(?:0?[1-9]|1[0-2])(?:[- /]{1,3}(?:19|20)\d\d| ?[-/] ?\d\d)"
    r"|/(?:0?[1-9]|1[0-2]) ?- ?\d{1,2}/\d{1,2}"
    r"|-(?:0?[1-9]|1[0-2])-(?:19|20)\d\d"
    r"| (?:0?[1-9]|1[0-2]) (?:19|20)\d\d)"
    r"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d"
    rf"|{_CLOCK} ?- ?{_CLOCK})(?!\d)"
)
_BETWEEN = r"[ \-/()]{0,3}"
_PHONE = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<!\d)(?:\+|00 ?(?=46)) ?[1-9](?:[ \-/().]{0,4}\d){7,14}(?!\d)",
        r"(?<![\d+])07 ?\d(?:[ \-/().]{0,3}\d){7}(?!\d)",
        rf"(?<![\d+])08(?:{_BETWEEN}\d){{6,8}}(?!\d|[.:]\d)",
        rf"(?<![\d+])0[1-79]\d(?:{_BETWEEN}\d){{5,7}}(?!\d|[.:]\d)",
    )
)
# Six digits and four are no way of writing a telephone number; they are a date with a time, or a mistyped
# personal number, which is not to be called something else.
_SIX_AND_FOUR = re.compile(r"\d{6} ?[- ] ?\d{4}")

_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"]{1,64}@[^\s@]{1,250}\.[^\W\d_]{2,}")

_LAST_FOUR = re.compile(r"\bsista (?:fyra|4)\b\D{0,20}\d ?\d ?\d ?\d(?!\d)", re.IGNORECASE)

# The endings of Swedish streets. The first are streets wherever they end a longer word; the others have a number.
_STREET = r"gatan|vägen|gränd(?:en)?|stigen|allén"
_STREET_WITH_NUMBER = (
    rf"{_STREET}|gata|väg|torg(?:et)?|stig|allé|backen?|plan|plats(?:en)?|kaj(?:en)?|leden|brinken|strand(?:en)?"
    r"|slingan|ringen|svängen|kroken|stråket|esplanaden|terrassen|höjden|liden|hamnen|park(?:en)?|tvärgränd"
)
_ADDRESS = re.compile(
    rf"(?<=[^\W\d_])(?:{_STREET})(?![^\W_])"
    rf"|(?:(?:{_STREET})|(?:{_STREET_WITH_NUMBER})(?: |, ?)(?:(?:nr|nummer)\.? ?)?)\d{{1,3}}(?: ?[a-z])?(?![^\W_])"
    # Shortened: "Storg. 12", but not "måndag. 12" or "nov. 12".
    r"|(?<=[^\W\d_]{3})(?<!da)[gv]\. ?\d{1,3}(?!\d)"
    # A postal code and its town; "114 14" in a sentence is the police.
    r"|(?<!\d)(?!114 ?14 (?-i:[a-zåäö]))[1-9]\d\d ?\d\d(?:,? (?-i:[A-ZÅÄÖ])| [a-zåäö]{3})"
    r"|\bc/o\b|\bbox \d{1,5}(?!\d)|\blgh\.? ?\d{4}(?!\d)",
    re.IGNORECASE,
)

_SIGN_OF_A_DATE = re.compile(r"[^\W\d_]{3}|[/.]")
_MONTH = re.compile(r"(?:19|20)\d\d[-/.]\d{1,2}|\d{1,2}[-/.](?:19|20)\d\d|[^\W\d_]{3,}\.? (?:19|20)\d\d")

BETWEEN_PARTS = ("", " ", "-")
"""What may have stood where somebody broke an identifier in two messages."""

KEPT_FOR = timedelta(minutes=2)
"""How long the latest typed text of a person counts as the first part of the next."""

MOST_KEPT = 1000
"""Of how many people at most; the oldest is forgotten."""

TEXTS_KEPT = 2
"""How many texts of each person: an identifier is seen in as many messages and one more."""


def findings(text: str, practice: bool, *, mistyped: bool = True) -> tuple[Finding, ...]:
    """The kinds of identifier that stand in a typed text.

    :param text: what was typed, of any length.
    :param practice: whether this is practice, where the code of a real case is an identifier too (design 10).
    :param mistyped: whether what is plainly written as a personal number is one also with a wrong check digit.
    :returns: each kind once, in the order of `Finding`; empty where nothing is found. Never the content.
    """
    found = []
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    plain = " ".join(plain.translate(_SIGNS).split())
    without_times = ""
    numbers = []
    if len(_DIGIT.findall(plain)) >= _FEWEST_DIGITS:
        without_times = _DATE_AND_MORE.sub("|", plain)
        numbers = list(_personal_numbers(without_times, mistyped))
    if numbers or _LAST_FOUR.search(plain):
        found.append(Finding.PERSONNUMMER)
    if without_times and _has_phone(_without(without_times, numbers)):
        found.append(Finding.PHONE)
    if "@" in text and _EMAIL.search(text):
        found.append(Finding.EMAIL)
    if _ADDRESS.search(plain):
        found.append(Finding.ADDRESS)
    if practice and looks_like_real_code(text):
        found.append(Finding.REAL_CODE)
    return tuple(found)


def findings_across(before: str, text: str, practice: bool) -> tuple[Finding, ...]:
    """The kinds of identifier that two texts make together and neither holds alone.

    :param before: what the same person typed right before.
    :param text: what they type now.
    :param practice: as in :func:`findings`.
    :returns: each kind once, in the order of `Finding`.
    """
    if _is_an_answer_by_itself(text):
        return ()
    alone = {*findings(before, practice), *findings(text, practice)}
    joined = {kind for sign in BETWEEN_PARTS for kind in findings(f"{before.strip()}{sign}{text.strip()}", practice)}
    if _is_an_answer_by_itself(before):
        joined.discard(Finding.PHONE)  # a day and a number; a personal number may well begin with a day
    if f"{before}{text}".isdecimal() or PRACTICE_MARK in before.upper():
        joined.discard(Finding.REAL_CODE)  # two numbers; or a practice code, whose end is not the beginning of another
    return tuple(kind for kind in Finding if kind in joined - alone)


def findings_in_parts(earlier: Sequence[str], text: str, practice: bool) -> tuple[Finding, ...]:
    """The kinds of identifier that a text makes together with those before it, and none of them holds alone.

    Any two of them may be the parts, also with another answer between. All three are read together for numbers only,
    with a check digit that holds: a day and two short numbers have as many digits.

    :param earlier: what the same person typed before, at most two texts, the oldest first.
    :param text: what they type now.
    :param practice: as in :func:`findings`.
    :returns: each kind once, in the order of `Finding`.
    """
    found = {kind for before in earlier for kind in findings_across(before, text, practice)}
    parts = [part.strip() for part in (*earlier, text)]
    if len(parts) > TEXTS_KEPT and not any(map(_is_an_answer_by_itself, parts[1:])):
        for signs in product(BETWEEN_PARTS, repeat=TEXTS_KEPT):
            whole = "".join(part + sign for part, sign in zip(parts, (*signs, ""), strict=True))
            found.update(kind for kind in findings(whole, practice, mistyped=False) if kind in _NUMBERS)
        if _is_an_answer_by_itself(parts[0]):
            found.discard(Finding.PHONE)
        found -= {kind for part in parts for kind in findings(part, practice)}
    return tuple(kind for kind in Finding if kind in found)


_NUMBERS = frozenset({Finding.PERSONNUMMER, Finding.PHONE})


def _is_an_answer_by_itself(text: str) -> bool:
    """Whether a text is a whole date or month, which never is the end of an identifier: two dates are no person.

    A few bare digits are no whole date, since they may be the last four; which day is today makes no difference.
    """
    whole = len(_DIGIT.findall(text)) >= _FEWEST_DIGITS or _SIGN_OF_A_DATE.search(text)
    if not whole:
        return False
    return _MONTH.fullmatch(text.strip()) is not None or isinstance(read_date(text, date(2000, 1, 1), "en"), date)


class LatestTyped:
    """What each person typed last, in memory only and for two minutes, to see an identifier in two or three messages.

    It is read for nothing else, and shows nothing of itself in a log or a traceback.
    """

    __slots__ = ("_latest",)

    def __init__(self) -> None:
        self._latest: OrderedDict[tuple[str, str], tuple[tuple[datetime, str], ...]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._latest)

    def before(self, channel: str, address: str, now: datetime) -> tuple[str, ...]:
        """What a person typed last.

        :param channel: where they are.
        :param address: who, in the channel's terms.
        :param now: the time.
        :returns: the texts of the last two minutes, at most two, the oldest first.
        """
        self.forget_old(now)
        return tuple(text for _at, text in self._latest.get((channel, address), ()))

    def keep(self, channel: str, address: str, text: str, now: datetime) -> None:
        """Keep what a person typed, beside the one text before it.

        :param channel: where they are.
        :param address: who, in the channel's terms.
        :param text: a text in which nothing was found.
        :param now: the time.
        """
        held = self._latest.get((channel, address), ())
        self._latest[channel, address] = (*held, (now, text))[-TEXTS_KEPT:]
        self._latest.move_to_end((channel, address))
        if len(self._latest) > MOST_KEPT:
            self._latest.popitem(last=False)

    def forget_old(self, now: datetime) -> None:
        """Forget what is older than two minutes.

        :param now: the time.
        """
        for who, held in list(self._latest.items()):
            young = tuple((at, text) for at, text in held if timedelta() <= now - at < KEPT_FOR)
            if not young:
                del self._latest[who]
            elif len(young) < len(held):
                self._latest[who] = young


def _personal_numbers(text: str, mistyped: bool) -> Iterator[tuple[int, int]]:
    """Where in a text the personal numbers begin and end."""
    for pattern in _PERSONNUMMER:
        for said in pattern.finditer(text):
            birth, four = ("".join(filter(str.isalnum, said[name])) for name in ("date", "four"))
            masked = not any(sign.isdigit() for sign in four)
            if not _can_be_a_date(birth):
                continue
            if masked or _luhn_holds(birth + four) or (mistyped and _is_plainly_one(said)):
                yield said.span("all")


def _is_plainly_one(said: re.Match[str]) -> bool:
    """Whether digits are written as nothing but a personal number is: twelve of them, or with a sign before the last.

    A day with a time after it has the same form; see ``test_guard_measured`` for what is stopped wrongly.
    """
    digits = "".join(filter(str.isdecimal, said["all"]))
    between = said.string[said.end("date") : said.start("four")]
    if not said["four"][:1].isdecimal() or not (len(digits) == 12 or {*between} & {*"-+"}):
        return False
    return _DAY_AND_CLOCK.fullmatch(digits) is None


def _can_be_a_date(six: str) -> bool:
    """Whether six digits are a date of birth, or the date of a coordination number.

    There the day is 60 more, and 60 itself, the month 00 and days that a month lacks occur (law.md 3).
    """
    year, month, day = int(six[:2]), int(six[2:4]), int(six[4:])
    if 60 <= day <= 91:
        return month <= 12
    if not 1 <= month <= 12:
        return False
    days = 28 + (year % 4 == 0) if month == 2 else 30 + (month in _LONG_MONTHS)
    return 1 <= day <= days


def _luhn_holds(ten: str) -> bool:
    """The check digit of ten signs; the letter of an interim number counts as 1."""
    total = 0
    for place, sign in enumerate(ten):
        digit = int(sign) if sign.isdigit() else 1
        doubled = digit * (2 - place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _has_phone(text: str) -> bool:
    without_dates = _DATE.sub("|", text)
    return any(not _SIX_AND_FOUR.fullmatch(said[0]) for pattern in _PHONE for said in pattern.finditer(without_dates))


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """A text with some of its parts put out, so that they are not read as something else too."""
    for start, end in spans:
        text = text[:start] + "|" * (end - start) + text[end:]
    return text
