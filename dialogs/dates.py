"""Dates as coordinators write and read them: Swedish words and digits in, plain Swedish out (law.md 6).

Reading is a small parser of our own on Babel's month and weekday names. It is pure: today is a parameter.
Swedish is always understood; English too where that is the reader's language. Capitals, ``å ä ö`` without
their marks, commas, any kind of dash and double blanks make no difference.

Where a text can be taken in two ways (``past`` is the preferred side; ``future`` mirrors it):

* ``23/11``, ``23 november`` and ``måndag vecka 45`` without a year: the latest such day up to a month ahead.
  A day just ahead is a slip, which the question's own limit refuses in clear words; taken as a day nearly a
  year ago it would be recorded without a word.
* ``den 23:e``, ``måndag``: the latest such day, today included.
* ``i måndags``: the latest Monday before today. ``på måndag``: the first after today.
* ``förra måndagen``, ``måndag förra veckan``: the Monday of the ISO week before this one. English "last
  Monday" is the latest before today.
* ``261123``, ``26-11-23``: year, month, day, as in Swedish numbers; ``23.11.26`` and ``23/11-26``: day first.
* Two digits for a year: the latest such year that is at most 20 years ahead.
"""

import calendar
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import lru_cache
from typing import Literal, NamedTuple

from babel import Locale

from dialogs.case_code import DASHES

Prefer = Literal["past", "future"]

LONGEST = 60
"""Characters: longer texts than this are no dates and are not looked at."""

SLIP = timedelta(days=31)
"""How far on the other side of today a day without a year is still taken to lie."""


class DateFault(Enum):
    """Why a typed text is not a date."""

    NOT_A_DATE = "not_a_date"
    """Nothing that is read as a date."""
    NO_SUCH_DAY = "no_such_day"
    """It has the form of a date, and the calendar has no such day: 31/11, 30 februari, week 53 of 2027."""
    AMBIGUOUS = "ambiguous"
    """It does not say which day: a week or a month only, or a weekday that is not the weekday of its date."""


# --- writing --------------------------------------------------------------------------------------------


class _Names(NamedTuple):
    months: tuple[str, ...]
    """January first."""
    weekdays: tuple[str, ...]
    """Monday first."""


class _Labels(NamedTuple):
    today: str
    yesterday: str
    tomorrow: str
    week: str


# Babel has the names of days and months, but not these.
_LABELS = {
    "sv": _Labels("idag", "igår", "imorgon", "vecka"),
    "en": _Labels("today", "yesterday", "tomorrow", "week"),
}


@lru_cache
def _names(language: str) -> _Names:
    locale = Locale.parse(language)
    months, weekdays = locale.months["format"]["wide"], locale.days["format"]["wide"]
    return _Names(
        tuple(_plain_blanks(months[number]) for number in range(1, 13)),
        tuple(_plain_blanks(weekdays[number]) for number in range(7)),
    )


def _plain_blanks(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def long_date(day: date, language: str = "sv") -> str:
    """A date in running text.

    :param day: the date.
    :param language: ``sv`` or ``en``.
    :returns: ``23 november 2026``.
    """
    return f"{day.day} {_names(language).months[day.month - 1]} {day.year}"


def weekday_date(day: date, language: str = "sv") -> str:
    """A date with its weekday.

    :param day: the date.
    :param language: ``sv`` or ``en``.
    :returns: ``måndag 23 november 2026``.
    """
    return f"{_names(language).weekdays[day.weekday()]} {long_date(day, language)}"


def day_phrase(day: date, today: date, language: str = "sv") -> str:
    """A date as one says it today.

    :param day: the date.
    :param today: today's date.
    :param language: ``sv`` or ``en``.
    :returns: ``idag, 23 november 2026``; ``igår, …``; ``imorgon, …``; otherwise the date with its weekday.
    :raises KeyError: no such language.
    """
    labels = _LABELS[language]
    near = {0: labels.today, -1: labels.yesterday, 1: labels.tomorrow}.get((day - today).days)
    return weekday_date(day, language) if near is None else f"{near}, {long_date(day, language)}"


def clock_time(at: time | datetime, language: str = "sv") -> str:
    """A time of day in running text: 24 hours, a point in Swedish, whole hours without minutes (law.md 6).

    :param at: the time, or a moment in the reader's own time zone; seconds are left out.
    :param language: ``sv`` or ``en``.
    :returns: ``kl. 9.30``, ``kl. 9``; in English ``9:30``, ``9:00``.
    """
    if language == "en":
        return f"{at.hour}:{at.minute:02}"
    return f"kl. {at.hour}.{at.minute:02}" if at.minute else f"kl. {at.hour}"


def week(day: date, language: str = "sv") -> str:
    """The ISO week of a date.

    :param day: the date.
    :param language: ``sv`` or ``en``.
    :returns: ``vecka 48``. The year of a week is not always that of the date: 1 January 2027 is in week 53.
    :raises KeyError: no such language.
    """
    return f"{_LABELS[language].week} {day.isocalendar().week}"


# --- reading --------------------------------------------------------------------------------------------


class _Which(Enum):
    """Which of all Mondays a word before "måndag" points out."""

    NEAREST = "nearest"
    BEFORE_TODAY = "before today"
    AFTER_TODAY = "after today"
    LAST_WEEK = "last week"
    THIS_WEEK = "this week"
    NEXT_WEEK = "next week"


_WEEKS_AWAY = {_Which.LAST_WEEK: -1, _Which.THIS_WEEK: 0, _Which.NEXT_WEEK: 1}


@dataclass(frozen=True)
class _Words:
    """The words of one language, folded: small letters without marks."""

    locale: str
    days: Mapping[str, int]
    """Phrases for a day: how many days from today."""
    vague: frozenset[str]
    """Phrases for some day, but not which."""
    which: Mapping[str, _Which]
    """Words before a weekday."""
    weekday_endings: Mapping[str, _Which]
    """Endings of a weekday's whole name."""
    which_week: Mapping[str, int]
    """Phrases for a week: how many weeks from this one."""
    week: tuple[str, ...]
    """Patterns for the word before a week's number."""
    numbers: Mapping[str, int]
    units: Mapping[str, str]
    ago: tuple[str, ...]
    ahead: tuple[str, ...]
    ordinals: tuple[str, ...]
    """First to thirty-first, where they are written as words."""
    ordinal_endings: tuple[str, ...]
    """What may follow the digits of an ordinal number."""
    article: str
    fillers: tuple[str, ...]
    """Words before a date or a week that do not say which."""
    part_of_day: tuple[str, ...]
    """Patterns that may follow a day and do not change it."""


_SWEDISH = _Words(
    locale="sv",
    days={
        "idag": 0, "i dag": 0, "nu": 0, "i morse": 0, "i kvall": 0, "ikvall": 0,
        "igar": -1, "i gar": -1,
        "i forrgar": -2, "iforrgar": -2, "forrgar": -2,
        "imorgon": 1, "i morgon": 1, "i overmorgon": 2, "iovermorgon": 2, "overmorgon": 2,
    },
    vague=frozenset({"haromdagen", "i helgen", "i natt", "forra manaden", "denna manad", "nasta manad"}),
    which={
        "i": _Which.BEFORE_TODAY, "nu i": _Which.BEFORE_TODAY, "senaste": _Which.BEFORE_TODAY,
        "pa": _Which.AFTER_TODAY,
        "forra": _Which.LAST_WEEK, "forra veckans": _Which.LAST_WEEK,
        "denna": _Which.THIS_WEEK, "den har": _Which.THIS_WEEK, "veckans": _Which.THIS_WEEK,
        "nasta": _Which.NEXT_WEEK, "nasta veckas": _Which.NEXT_WEEK,
    },
    weekday_endings={"en": _Which.NEAREST, "s": _Which.BEFORE_TODAY},
    which_week={
        "forra veckan": -1, "denna vecka": 0, "den har veckan": 0, "i veckan": 0, "nasta vecka": 1,
    },
    week=("vecka", "veckan", "v"),
    numbers={
        "en": 1, "ett": 1, "tva": 2, "tre": 3, "fyra": 4, "fem": 5, "sex": 6, "sju": 7, "atta": 8, "nio": 9,
        "tio": 10, "elva": 11, "tolv": 12, "tretton": 13, "fjorton": 14, "tjugo": 20, "trettio": 30,
    },
    units={
        "dag": "day", "dagar": "day", "dygn": "day", "vecka": "week", "veckor": "week",
        "manad": "month", "manader": "month", "ar": "year",
    },
    ago=("sedan", "sen"),
    ahead=("om",),
    ordinals=(
        "forsta", "andra", "tredje", "fjarde", "femte", "sjatte", "sjunde", "attonde", "nionde", "tionde",
        "elfte", "tolfte", "trettonde", "fjortonde", "femtonde", "sextonde", "sjuttonde", "artonde",
        "nittonde", "tjugonde", "tjugoforsta", "tjugoandra", "tjugotredje", "tjugofjarde", "tjugofemte",
        "tjugosjatte", "tjugosjunde", "tjugoattonde", "tjugonionde", "trettionde", "trettioforsta",
    ),
    ordinal_endings=("e", "a", "de", "dje", "te"),
    article="den",
    fillers=("den", "i", "pa"),
    part_of_day=(
        "(?:pa )?(?:morgonen|formiddagen|eftermiddagen|kvallen|natten)",
        "morse|formiddag|eftermiddag|kvall|natt",
    ),
)  # fmt: skip

_ENGLISH = _Words(
    locale="en",
    days={
        "today": 0, "now": 0, "this morning": 0, "tonight": 0, "yesterday": -1, "last night": -1,
        "day before yesterday": -2, "the day before yesterday": -2,
        "tomorrow": 1, "day after tomorrow": 2, "the day after tomorrow": 2,
    },
    vague=frozenset({"the other day", "last month", "this month", "next month"}),
    which={
        "last": _Which.BEFORE_TODAY, "next": _Which.AFTER_TODAY, "this": _Which.THIS_WEEK,
        "on": _Which.NEAREST,
        "last weeks": _Which.LAST_WEEK, "this weeks": _Which.THIS_WEEK, "next weeks": _Which.NEXT_WEEK,
    },
    weekday_endings={},
    which_week={"last week": -1, "this week": 0, "next week": 1},
    week=("week",),
    numbers={
        "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
        "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
        "twenty": 20, "thirty": 30,
    },
    units={
        "day": "day", "days": "day", "week": "week", "weeks": "week", "month": "month", "months": "month",
        "year": "year", "years": "year",
    },
    ago=("ago",),
    ahead=("in",),
    ordinals=(),
    ordinal_endings=("st", "nd", "rd", "th"),
    article="the",
    fillers=("the", "on", "in", "of"),
    part_of_day=("(?:in the )?(?:morning|afternoon|evening)", "night"),
)  # fmt: skip

_LANGUAGES = {"sv": (_SWEDISH,), "en": (_SWEDISH, _ENGLISH)}

_YEAR = r"(?P<year>(?:19|20)\d\d|\d\d)"
_MAYBE_YEAR = rf"(?:(?:\. ?| ?[-/] ?| )(?:ar )?{_YEAR})?"
_MONTH_NAME = r"(?P<month>[a-z]{3,})\.?"

_DIGITS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<year>(?:19|20)\d\d)(?P<between>[-/. ])(?P<month>\d{1,2})(?P=between)(?P<day>\d{1,2})",
        rf"{_YEAR}(?P<month>0[1-9]|1[0-2])(?P<day>\d\d)",
        r"(?P<year>\d\d)-(?P<month>\d\d)-(?P<day>\d\d)",
        rf"(?P<day>\d{{1,2}}) ?[/.] ?(?P<month>\d{{1,2}}){_MAYBE_YEAR}",
        r"(?P<day>\d{1,2})-(?P<month>\d{1,2})-(?P<year>(?:19|20)\d\d)",
    )
)

_SIGNS = str.maketrans({**dict.fromkeys(DASHES, "-"), ",": " ", "'": None, "’": None})

_Found = date | DateFault | None
"""What one way of reading gives; None leaves the text to the next."""


def read_date(text: str, today: date, language: str = "sv", prefer: Prefer = "past") -> date | DateFault:
    """Read a date as somebody typed it; the module's text says how the doubtful ones are taken.

    :param text: what was typed, of any length.
    :param today: today's date, which words and days without a year are counted from.
    :param language: ``sv``, or ``en`` for English beside Swedish.
    :param prefer: the side of today on which a day lies that does not say.
    :returns: the date, or why it is none. It may lie on any side of today: limits are the question's own.
    :raises KeyError: no such language.
    """
    if len(text) > LONGEST:
        return DateFault.NOT_A_DATE
    return _reader(language).read(_fold(text), _Now(today, prefer))


def _fold(text: str) -> str:
    """Small letters without marks, plain hyphens and single blanks; no punctuation at the end."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return " ".join(text.casefold().translate(_SIGNS).split()).rstrip(" .!?")


@dataclass(frozen=True)
class _Now:
    """Where a reading starts: today, and the side of it that is preferred."""

    today: date
    prefer: Prefer

    def without_year(self, month: int, day: int) -> date | DateFault:
        edge = self._edge()
        return _day(edge.year + self._turn((month, day), (edge.month, edge.day)), month, day)

    def week_without_year(self, number: int, weekday: int) -> date | DateFault:
        edge = self._edge().isocalendar()
        year = edge.year + self._turn((number, weekday + 1), (edge.week, edge.weekday))
        return _week_day(year, number, weekday)

    def without_month(self, day: int) -> date | DateFault:
        if not 1 <= day <= 31:
            return DateFault.NO_SUCH_DAY
        past, month = self.prefer == "past", self.today
        if day > month.day if past else day < month.day:
            month = months_on(month.replace(day=1), -1 if past else 1)
        while day > calendar.monthrange(month.year, month.month)[1]:
            month = months_on(month.replace(day=1), -1 if past else 1)
        return month.replace(day=day)

    def weekday(self, weekday: int, which: _Which) -> date:
        if which in _WEEKS_AWAY:
            return self.in_week(_WEEKS_AWAY[which], weekday)
        if which is _Which.BEFORE_TODAY or (which is _Which.NEAREST and self.prefer == "past"):
            latest = self.today - timedelta(days=which is _Which.BEFORE_TODAY)
            return latest - timedelta(days=(latest.weekday() - weekday) % 7)
        earliest = self.today + timedelta(days=which is _Which.AFTER_TODAY)
        return earliest + timedelta(days=(weekday - earliest.weekday()) % 7)

    def in_week(self, weeks_away: int, weekday: int) -> date:
        return self.today + timedelta(weeks=weeks_away, days=weekday - self.today.weekday())

    def year(self, digits: str) -> int:
        """A year of four digits as it is; of two, the latest such year at most 20 years ahead."""
        if len(digits) == 4:
            return int(digits)
        latest = self.today.year + 20
        return latest - (latest - int(digits)) % 100

    def _edge(self) -> date:
        return self.today + SLIP if self.prefer == "past" else self.today - SLIP

    def _turn(self, wanted: tuple[int, int], edge: tuple[int, int]) -> int:
        """Years from the edge's own to the nearest such day on the preferred side of the edge."""
        if self.prefer == "past":
            return -1 if wanted > edge else 0
        return 1 if wanted < edge else 0


class _Reader:
    """The ways of reading for one language; built once."""

    def __init__(self, spoken: Iterable[_Words]) -> None:
        spoken = tuple(spoken)
        self._days = {phrase: away for words in spoken for phrase, away in words.days.items()}
        self._vague = frozenset(phrase for words in spoken for phrase in words.vague)
        self._which = {word: which for words in spoken for word, which in words.which.items()}
        self._which_week = {phrase: away for words in spoken for phrase, away in words.which_week.items()}
        self._numbers = {word: number for words in spoken for word, number in words.numbers.items()}
        self._units = {word: unit for words in spoken for word, unit in words.units.items()}
        self._ordinals = {word: number for words in spoken for number, word in enumerate(words.ordinals, 1)}
        self._months = {
            name: number
            for words in spoken
            for number, whole in enumerate(_names(words.locale).months, 1)
            for name in _beginnings(_fold(whole))
        }
        self._weekdays = {
            name: (number, which)
            for words in spoken
            for number, whole in enumerate(_names(words.locale).weekdays)
            for name, which in _weekday_forms(_fold(whole), words.weekday_endings)
        }

        number = rf"(?P<number>\d{{1,3}}|{_any(self._numbers)}) (?P<unit>{_any(self._units)})"
        ago = _any(word for words in spoken for word in words.ago)
        ahead = _any(word for words in spoken for word in words.ahead)
        self._ago = re.compile(rf"(?:for )?{number} {ago}")
        self._ahead = re.compile(rf"{ahead} {number}")

        filler = _any(word for words in spoken for word in words.fillers)
        weekday = rf"(?:(?P<which>{_any(self._which)}) )?(?P<weekday>[a-z]{{3,}})\.?"
        week_word = _any(word for words in spoken for word in words.week)
        week = (
            rf"(?:{filler} )?(?:(?P<which_week>{_any(self._which_week)})"
            rf"|{week_word}\.? ?(?P<number>\d{{1,2}}){_MAYBE_YEAR})"
        )
        self._weekday = re.compile(weekday)
        self._weekday_and_week = (re.compile(rf"{weekday} {week}"), re.compile(rf"{week} {weekday}"))
        self._week = re.compile(week)
        self._weekday_and_date = re.compile(rf"{weekday} (?P<date>.+)")
        self._bare_day = re.compile(r"(?P<day>\d{1,2})")

        article = _any(words.article for words in spoken)
        ending = rf"(?::?{_any(ending for words in spoken for ending in words.ordinal_endings)}(?![a-z]))"
        day = rf"(?P<day>\d{{1,2}}|{_any(self._ordinals)})"
        self._leading = re.compile(rf"(?:{filler} )*")
        self._day_and_month = (
            re.compile(rf"{day}{ending}?\.? ?(?:{filler} )?{_MONTH_NAME}{_MAYBE_YEAR}"),
            re.compile(rf"{_MONTH_NAME} (?P<day>\d{{1,2}}){ending}?(?: (?P<year>(?:19|20)\d\d))?"),
        )
        self._day_of_month = (
            re.compile(rf"(?:{filler} )*{article} {day}{ending}?"),
            re.compile(rf"(?P<day>\d{{1,2}}){ending}"),
        )
        self._month = re.compile(rf"{_MONTH_NAME}(?: (?:19|20)\d\d)?")

        part = "|".join(pattern for words in spoken for pattern in words.part_of_day)
        self._part_of_day = re.compile(rf"(?P<core>.+) (?:{part})")

    def read(self, typed: str, now: _Now) -> date | DateFault:
        if typed in self._vague:
            return DateFault.AMBIGUOUS
        if typed in self._days:
            return now.today + timedelta(days=self._days[typed])
        ways: tuple[Callable[[str, _Now], _Found], ...] = (
            self._calendar_date,
            self._counted,
            self._weekday_in_week,
            self._weekday_of_date,
            self._lone_weekday,
        )
        for way in ways:
            found = way(typed, now)
            if found is not None:
                return found
        part = self._part_of_day.fullmatch(typed)
        return DateFault.NOT_A_DATE if part is None else self.read(part["core"], now)

    def _calendar_date(self, typed: str, now: _Now) -> _Found:
        core = self._leading.sub("", typed, count=1)
        for pattern in _DIGITS:
            if said := pattern.fullmatch(core):
                return _dated(said, int(said["month"]), int(said["day"]), now)
        for pattern in self._day_and_month:
            if (said := pattern.fullmatch(core)) and (month := self._months.get(said["month"])):
                return _dated(said, month, self._day_number(said), now)
        for pattern in self._day_of_month:
            if said := pattern.fullmatch(typed):
                return now.without_month(self._day_number(said))
        if (said := self._month.fullmatch(core)) and said["month"] in self._months:
            return DateFault.AMBIGUOUS
        return None

    def _counted(self, typed: str, now: _Now) -> _Found:
        """Days, weeks, months and years ago or ahead."""
        sign = -1
        said = self._ago.fullmatch(typed)
        if said is None:
            sign = 1
            said = self._ahead.fullmatch(typed)
        if said is None:
            return None
        number = sign * (self._numbers.get(said["number"]) or int(said["number"]))
        match self._units[said["unit"]]:
            case "day":
                return now.today + timedelta(days=number)
            case "week":
                return now.today + timedelta(weeks=number)
            case "month":
                return months_on(now.today, number)
            case _:
                return months_on(now.today, 12 * number)

    def _weekday_in_week(self, typed: str, now: _Now) -> _Found:
        for pattern in self._weekday_and_week:
            if (said := pattern.fullmatch(typed)) and said["weekday"] in self._weekdays:
                weekday = self._weekdays[said["weekday"]][0]
                if said["which_week"]:
                    return now.in_week(self._which_week[said["which_week"]], weekday)
                if said["year"]:
                    return _week_day(now.year(said["year"]), int(said["number"]), weekday)
                return now.week_without_year(int(said["number"]), weekday)
        if said := self._week.fullmatch(typed):
            known = said["which_week"] or 1 <= int(said["number"]) <= 53
            return DateFault.AMBIGUOUS if known else DateFault.NO_SUCH_DAY
        return None

    def _weekday_of_date(self, typed: str, now: _Now) -> _Found:
        said = self._weekday_and_date.fullmatch(typed)
        if said is None or said["weekday"] not in self._weekdays:
            return None
        found = self._calendar_date(said["date"], now)
        if found is None and (bare := self._bare_day.fullmatch(said["date"])):
            found = now.without_month(int(bare["day"]))
        if isinstance(found, date) and found.weekday() != self._weekdays[said["weekday"]][0]:
            return DateFault.AMBIGUOUS
        return found

    def _lone_weekday(self, typed: str, now: _Now) -> _Found:
        said = self._weekday.fullmatch(typed)
        if said is None or said["weekday"] not in self._weekdays:
            return None
        weekday, which = self._weekdays[said["weekday"]]
        return now.weekday(weekday, self._which[said["which"]] if said["which"] else which)

    def _day_number(self, said: re.Match[str]) -> int:
        return self._ordinals.get(said["day"]) or int(said["day"])


@lru_cache
def _reader(language: str) -> _Reader:
    return _Reader(_LANGUAGES[language])


def _any(words: Iterable[str]) -> str:
    """A pattern for any of some words, the longest first, so that none hides behind its own beginning."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) + ")"


def _beginnings(whole: str) -> Iterable[str]:
    """A name and its beginnings of three letters and more, which tell all months and all weekdays apart."""
    return (whole[:length] for length in range(3, len(whole) + 1))


def _weekday_forms(whole: str, endings: Mapping[str, _Which]) -> Iterable[tuple[str, _Which]]:
    yield from ((name, _Which.NEAREST) for name in _beginnings(whole))
    yield from ((whole + ending, which) for ending, which in endings.items())


def _dated(said: re.Match[str], month: int, day: int, now: _Now) -> date | DateFault:
    """A day and a month, with the year that was said or without one."""
    year = said["year"]
    return _day(now.year(year), month, day) if year else now.without_year(month, day)


def _day(year: int, month: int, day: int) -> date | DateFault:
    try:
        return date(year, month, day)
    except ValueError:
        return DateFault.NO_SUCH_DAY


def _week_day(year: int, number: int, weekday: int) -> date | DateFault:
    try:
        return date.fromisocalendar(year, number, weekday + 1)
    except ValueError:
        return DateFault.NO_SUCH_DAY


def months_on(day: date, months: int) -> date:
    """The same day some months on or back, or the last day of a month that lacks it (lag 1930:173 1 §)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


_MONTH_DIGITS = re.compile(r"(?:(\d{4})[-./ ]?(\d{1,2})|(\d{1,2})[-./ ](\d{4}))")
_MONTH_NAMED = re.compile(r"([^\W\d_]+)\.? (\d{4})")


def read_month(text: str, language: str = "sv") -> date | None:
    """Read a month of a year: ``mars 2028``, ``2028-03``, ``3/2028``.

    :param text: what was typed.
    :param language: the reader's language; Swedish is always understood.
    :returns: the first day of the month, or ``None`` where it is no month.
    """
    said = _fold(text) if len(text) <= LONGEST else ""
    if found := _MONTH_DIGITS.fullmatch(said):
        year, month = (found[1], found[2]) if found[1] else (found[4], found[3])
        return date(int(year), int(month), 1) if 1 <= int(month) <= 12 and int(year) else None
    if found := _MONTH_NAMED.fullmatch(said):
        for names in (_names("sv"), _names(language)):
            for number, name in enumerate(names.months, 1):
                if len(found[1]) >= 3 and _fold(name).startswith(found[1]) and int(found[2]):
                    return date(int(found[2]), number, 1)
    return None


def month_words(month: date, language: str = "sv") -> str:
    """A month written out.

    :param month: any day of it.
    :param language: ``sv`` or ``en``.
    :returns: ``mars 2028``.
    """
    return f"{_names(language).months[month.month - 1]} {month.year}"
