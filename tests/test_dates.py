"""Dates as coordinators write and read them. Each table says why a line stands in it."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from timeit import repeat

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from dialogs.dates import (
    LONGEST,
    SLIP,
    DateFault,
    Prefer,
    clock_time,
    day_phrase,
    long_date,
    read_date,
    week,
    weekday_date,
)

NOT_A_DATE = DateFault.NOT_A_DATE
NO_SUCH_DAY = DateFault.NO_SUCH_DAY
AMBIGUOUS = DateFault.AMBIGUOUS

MONDAY = date(2026, 11, 23)
THURSDAY = date(2026, 11, 26)

days = st.dates(date(1990, 1, 1), date(2090, 12, 31))


def shown(found: date | DateFault) -> str:
    return found.isoformat() if isinstance(found, date) else found.name


SWEDISH = [
    # typed on Monday 23 November 2026, read as, why
    ("idag", "2026-11-23", "the quick word"),
    ("i dag", "2026-11-23", "the older spelling"),
    ("Idag.", "2026-11-23", "a capital and a full stop, as phones write"),
    ("igår", "2026-11-22", "yesterday"),
    ("i går", "2026-11-22", "in two words"),
    ("i ga\u030ar", "2026-11-22", "å in two characters, as some phones send it"),
    ("igar", "2026-11-22", "a keyboard without å"),
    ("i går kväll", "2026-11-22", "the part of the day changes nothing"),
    ("i morse", "2026-11-23", "this morning"),
    ("i förrgår", "2026-11-21", "the day before yesterday"),
    ("imorgon", "2026-11-24", "a day ahead is read; whether it may be is the question's own"),
    ("i övermorgon", "2026-11-25", "two days ahead"),
    ("i måndags", "2026-11-16", "on a Monday it is the one before"),
    ("i tisdags", "2026-11-17", "the latest before today"),
    ("i söndags", "2026-11-22", "yesterday by its weekday"),
    ("i fredags eftermiddag", "2026-11-20", "with the part of the day"),
    ("nu i fredags", "2026-11-20", "as one says it"),
    ("måndag", "2026-11-23", "today counts"),
    ("tisdag", "2026-11-17", "the past reading"),
    ("fre", "2026-11-20", "short"),
    ("tors.", "2026-11-19", "short with a full stop"),
    ("på måndag", "2026-11-30", "ahead, and never today"),
    ("förra måndagen", "2026-11-16", "the one in the week before"),
    ("nästa fredag", "2026-12-04", "the one in the week after"),
    ("måndag förra veckan", "2026-11-16", "the week is said"),
    ("förra veckans tisdag", "2026-11-17", "the week is said first"),
    ("i tisdags förra veckan", "2026-11-17", "both ways at once"),
    ("måndag vecka 45", "2026-11-02", "a week by its number"),
    ("måndagen i vecka 45", "2026-11-02", "in full"),
    ("mån v. 45", "2026-11-02", "short"),
    ("v45 måndag", "2026-11-02", "the week first"),
    ("måndag vecka 45 2025", "2025-11-03", "with its year"),
    ("måndag v 45-25", "2025-11-03", "with a short year"),
    ("för tre dagar sedan", "2026-11-20", "counted in words"),
    ("3 dagar sen", "2026-11-20", "counted in digits, as one says it"),
    ("för en vecka sedan", "2026-11-16", "weeks"),
    ("för fjorton dagar sedan", "2026-11-09", "a usual way to say two weeks"),
    ("för två månader sedan", "2026-09-23", "months"),
    ("för ett år sedan", "2025-11-23", "years"),
    ("om tre dagar", "2026-11-26", "ahead"),
    ("23/11", "2026-11-23", "the usual short form"),
    ("23 / 11", "2026-11-23", "with blanks"),
    ("23/11-26", "2026-11-23", "with a short year"),
    ("23/11 -26", "2026-11-23", "with a blank too"),
    ("23/11–26", "2026-11-23", "with the en dash that phones put"),
    ("23/11 2026", "2026-11-23", "with a whole year"),
    ("23/11/2026", "2026-11-23", "with two slashes"),
    ("1/12", "2026-12-01", "just ahead is a slip: not a year ago, so that the question can refuse it"),
    ("25/12", "2025-12-25", "more than a month ahead is the year before"),
    ("23.11.2026", "2026-11-23", "with points"),
    ("23.11.26", "2026-11-23", "with points and a short year: day first"),
    ("23.11", "2026-11-23", "with a point"),
    ("23-11-2026", "2026-11-23", "with hyphens, the year last"),
    ("2026-11-23", "2026-11-23", "as buttons carry it"),
    ("2026\u201111\u201123", "2026-11-23", "with hyphens that do not break"),
    ("2026/11/23", "2026-11-23", "with slashes"),
    ("20261123", "2026-11-23", "in one piece"),
    ("261123", "2026-11-23", "six digits: year, month, day"),
    ("231126", "2023-11-26", "six digits are never day first"),
    ("26-11-23", "2026-11-23", "two and two: year, month, day"),
    ("23 nov", "2026-11-23", "a short month"),
    ("23nov", "2026-11-23", "in one piece"),
    ("23 nov.", "2026-11-23", "with a full stop"),
    ("23 NOVEMBER", "2026-11-23", "in capitals"),
    ("23 november", "2026-11-23", "in words"),
    ("23 nov -26", "2026-11-23", "with a short year"),
    ("23 november '26", "2026-11-23", "with an apostrophe"),
    ("23 november, 2026", "2026-11-23", "with a comma"),
    ("den 23 november 2026", "2026-11-23", "in full"),
    ("den 23 november år 2026", "2026-11-23", "in fuller"),
    ("23:e november", "2026-11-23", "as an ordinal number"),
    ("1:a maj", "2026-05-01", "as an ordinal number of the other kind"),
    ("den första maj", "2026-05-01", "in words, as dictation gives it"),
    ("den tjugotredje i november", "2026-11-23", "the same for a long one"),
    ("november 23", "2026-11-23", "the month first"),
    ("den 23:e", "2026-11-23", "a day of the month, today included"),
    ("24:e", "2026-10-24", "the latest such day, without slips"),
    ("den 31", "2026-10-31", "the latest month that has it"),
    ("mån 23/11", "2026-11-23", "with its weekday"),
    ("måndag den 23 november", "2026-11-23", "with its weekday in full"),
    ("Måndag, 23 november 2026", "2026-11-23", "as another program writes it"),
    ("måndag 23", "2026-11-23", "a weekday and a day of the month"),
    ("i fredags den 20:e", "2026-11-20", "a weekday with i"),
]

ENGLISH = [
    ("today", "2026-11-23", "the quick word"),
    ("Yesterday", "2026-11-22", "yesterday"),
    ("yesterday evening", "2026-11-22", "the part of the day changes nothing"),
    ("the day before yesterday", "2026-11-21", "two days ago"),
    ("tomorrow", "2026-11-24", "a day ahead"),
    ("last monday", "2026-11-16", "the latest before today"),
    ("last Friday", "2026-11-20", "also where Swedish would say the week before"),
    ("Monday", "2026-11-23", "today counts"),
    ("on Tuesday", "2026-11-17", "the past reading"),
    ("next Friday", "2026-11-27", "the first after today"),
    ("last week's Monday", "2026-11-16", "the week is said"),
    ("Monday week 45", "2026-11-02", "a week by its number"),
    ("3 days ago", "2026-11-20", "counted in digits"),
    ("a week ago", "2026-11-16", "counted in words"),
    ("in two weeks", "2026-12-07", "ahead"),
    ("23 November 2026", "2026-11-23", "in words"),
    ("Nov 23, 2026", "2026-11-23", "the month first"),
    ("the 23rd of November", "2026-11-23", "as an ordinal number"),
    ("on the 23rd", "2026-11-23", "a day of the month"),
    ("Mon 23 Nov", "2026-11-23", "with its weekday"),
    ("23/11", "2026-11-23", "the day first, as in Swedish"),
    ("i måndags", "2026-11-16", "Swedish is understood too"),
    ("den 2 oktober", "2026-10-02", "and its months"),
    ("2 October", "2026-10-02", "where the names differ"),
]

FAULTS = [
    ("31/11", NO_SUCH_DAY, "November has 30 days"),
    ("30 februari", NO_SUCH_DAY, "February has 28 or 29"),
    ("29/2", NO_SUCH_DAY, "2026 is no leap year"),
    ("29 februari 2027", NO_SUCH_DAY, "nor is 2027"),
    ("2026-02-29", NO_SUCH_DAY, "the same in digits"),
    ("20260229", NO_SUCH_DAY, "the same in one piece"),
    ("32/1", NO_SUCH_DAY, "no month has 32 days"),
    ("0/11", NO_SUCH_DAY, "days begin with 1"),
    ("23/13", NO_SUCH_DAY, "a year has twelve months"),
    ("11/23", NO_SUCH_DAY, "the American order"),
    ("den 32:e", NO_SUCH_DAY, "no month has it"),
    ("måndag vecka 54", NO_SUCH_DAY, "no year has 54 weeks"),
    ("fredag vecka 53 2027", NO_SUCH_DAY, "2027 has 52 weeks"),
    ("vecka 0", NO_SUCH_DAY, "weeks begin with 1"),
    ("vecka 45", AMBIGUOUS, "a week is no day"),
    ("förra veckan", AMBIGUOUS, "nor is the last one"),
    ("i veckan", AMBIGUOUS, "nor is this one"),
    ("i november", AMBIGUOUS, "a month is no day"),
    ("november 2026", AMBIGUOUS, "nor with its year"),
    ("häromdagen", AMBIGUOUS, "some day"),
    ("i natt", AMBIGUOUS, "the night has two dates"),
    ("tis 23/11", AMBIGUOUS, "it was a Monday: one of the two is wrong"),
    ("tisdag den 23 november 2026", AMBIGUOUS, "the same in full"),
    ("99", NOT_A_DATE, "a number"),
    ("23", NOT_A_DATE, "a day of which month, or an answer to something else"),
    ("11 elva", NOT_A_DATE, "no month"),
    ("", NOT_A_DATE, "nothing"),
    ("   ", NOT_A_DATE, "blanks"),
    (".", NOT_A_DATE, "a full stop"),
    ("den", NOT_A_DATE, "a word that may begin a date"),
    ("i", NOT_A_DATE, "another"),
    ("andra", NOT_A_DATE, "a word for others, unless den stands before it"),
    ("vet inte", NOT_A_DATE, "an answer, but no date"),
    ("snart", NOT_A_DATE, "a word"),
    ("today", NOT_A_DATE, "English, in Swedish"),
    ("261323", NOT_A_DATE, "six digits with no month in them"),
    ("0701234567", NOT_A_DATE, "a longer number"),
    ("18-11-2", NOT_A_DATE, "a year of one digit"),
    ("23/11 kl. 9", NOT_A_DATE, "a time too"),
    ("9-15", NOT_A_DATE, "hours"),
    ("23/11 och 24/11", NOT_A_DATE, "two dates"),
    ("för 1000 dagar sedan", NOT_A_DATE, "more than three digits"),
    ("för 0,5 dagar sedan", NOT_A_DATE, "a half"),
    ("23/11" + " " * 100, NOT_A_DATE, "longer than any date"),
    ("1" * 4096, NOT_A_DATE, "a whole message"),
    ("👍", NOT_A_DATE, "a sign"),
]


@pytest.mark.parametrize(("typed", "expected", "why"), SWEDISH, ids=[line[0] for line in SWEDISH])
def test_swedish_is_understood(typed: str, expected: str, why: str) -> None:
    assert shown(read_date(typed, MONDAY)) == expected, why
    assert shown(read_date(typed, MONDAY, "en")) == expected, f"{why}, for an English reader"


@pytest.mark.parametrize(("typed", "expected", "why"), ENGLISH, ids=[line[0] for line in ENGLISH])
def test_english_is_understood_where_it_is_the_language(typed: str, expected: str, why: str) -> None:
    assert shown(read_date(typed, MONDAY, "en")) == expected, why


@pytest.mark.parametrize(("typed", "fault", "why"), FAULTS, ids=[repr(line[0][:40]) for line in FAULTS])
def test_what_is_no_date(typed: str, fault: DateFault, why: str) -> None:
    assert read_date(typed, MONDAY) is fault, why


@pytest.mark.parametrize(
    ("today", "typed", "expected", "why"),
    [
        ("2026-11-26", "i måndags", "2026-11-23", "on a Thursday: this week's"),
        ("2026-11-26", "förra måndagen", "2026-11-16", "on a Thursday: last week's, not the latest"),
        (
            "2026-11-22",
            "förra måndagen",
            "2026-11-09",
            "on a Sunday: the week that ends today is not the last",
        ),
        ("2026-11-22", "i måndags", "2026-11-16", "on a Sunday: six days ago"),
        ("2026-11-26", "denna måndag", "2026-11-23", "this week's"),
        ("2026-11-26", "måndag", "2026-11-23", "the latest"),
        ("2027-01-02", "igår", "2027-01-01", "the new year"),
        ("2027-01-01", "igår", "2026-12-31", "over new year"),
        ("2027-01-02", "23/12", "2026-12-23", "last year's, a week and a half ago"),
        ("2027-01-02", "2/2", "2027-02-02", "a month ahead to the day is a slip still"),
        ("2027-01-02", "3/2", "2026-02-03", "a day more is last year"),
        ("2026-12-20", "10/1", "2027-01-10", "a slip over new year"),
        ("2027-01-01", "den 31:e", "2026-12-31", "the month before is in the year before"),
        ("2026-12-30", "måndag vecka 53", "2026-12-28", "2026 has 53 weeks"),
        ("2027-01-02", "måndag vecka 53", "2026-12-28", "1 January is in week 53"),
        ("2027-01-02", "fredag vecka 53", "2027-01-01", "the week's year is not the date's"),
        ("2027-03-01", "måndag vecka 53", "2026-12-28", "2027 has not come so far"),
        ("2027-01-02", "måndag vecka 1", "2027-01-04", "next week, a slip at most"),
        ("2026-11-23", "torsdag vecka 52", "2026-12-24", "a month ahead to the day is a slip still"),
        ("2026-11-23", "fredag vecka 52", "2025-12-26", "a day more is last year"),
        ("2027-01-02", "i måndags", "2026-12-28", "over new year"),
        ("2027-01-05", "fredag förra veckan", "2027-01-01", "week 53 is the week before week 1"),
        ("2028-03-01", "29/2", "2028-02-29", "a leap day, yesterday"),
        ("2028-03-01", "igår", "2028-02-29", "the same in a word"),
        ("2028-02-10", "29/2", "2028-02-29", "a leap day ahead, a slip at most"),
        ("2027-03-01", "29/2", "NO_SUCH_DAY", "no leap year, and nobody means three years ago"),
        ("2027-03-01", "29/2 2024", "2024-02-29", "unless it is said"),
        ("2028-02-29", "för ett år sedan", "2027-02-28", "the last day of a month that lacks it"),
        ("2026-03-31", "för en månad sedan", "2026-02-28", "the same for months"),
        ("2026-12-01", "den 31:e", "2026-10-31", "November has none"),
        ("2028-03-01", "den 30:e", "2028-01-30", "nor has February"),
        ("2026-11-23", "1/1-46", "2046-01-01", "twenty years ahead is the last of a short year"),
        ("2026-11-23", "1/1-47", "1947-01-01", "the next is in the century before"),
        ("2026-11-23", "19991231", "1999-12-31", "a whole year is what it says"),
    ],
)
def test_edges_of_weeks_months_and_years(today: str, typed: str, expected: str, why: str) -> None:
    assert shown(read_date(typed, date.fromisoformat(today))) == expected, why


@pytest.mark.parametrize(
    ("typed", "expected", "why"),
    [
        ("25/12", "2026-12-25", "the next such day"),
        ("20/11", "2026-11-20", "just behind is a slip, which the question refuses"),
        ("1/10", "2027-10-01", "more than a month behind is next year"),
        ("måndag", "2026-11-23", "today counts"),
        ("tisdag", "2026-11-24", "the next"),
        ("den 23:e", "2026-11-23", "today counts"),
        ("den 1:a", "2026-12-01", "next month"),
        ("den 22:a", "2026-12-22", "next month too, without slips"),
        ("fredag vecka 2", "2027-01-15", "a week of the new year"),
        ("måndag vecka 46", "2026-11-09", "just behind is a slip"),
        ("i måndags", "2026-11-16", "what says its side keeps it"),
        ("igår", "2026-11-22", "the same"),
    ],
)
def test_the_future_is_preferred_where_the_question_is_about_it(typed: str, expected: str, why: str) -> None:
    assert shown(read_date(typed, MONDAY, prefer="future")) == expected, why


@given(day=days, today=days, language=st.sampled_from(["sv", "en"]))
def test_what_is_written_can_be_read(day: date, today: date, language: str) -> None:
    for said in (long_date(day, language), day.isoformat(), weekday_date(day, language)):
        assert read_date(said, today, language) == day


@given(day=days, today=days)
def test_a_phrase_of_today_says_the_same_day_in_both_halves(day: date, today: date) -> None:
    near, comma, whole = day_phrase(day, today).partition(", ")
    assert read_date(whole or near, today) == day
    if comma:
        assert read_date(near, today) == day
        assert abs(day - today) <= timedelta(days=1)


@given(day=days, today=days, prefer=st.sampled_from(["past", "future"]))
def test_a_day_without_a_year_is_never_far_on_the_other_side(day: date, today: date, prefer: Prefer) -> None:
    found = read_date(f"{day.day}/{day.month}", today, prefer=prefer)
    if isinstance(found, DateFault):
        assert (day.day, day.month, found) == (29, 2, NO_SUCH_DAY)
        return
    ahead = found - today if prefer == "past" else today - found
    assert (found.day, found.month) == (day.day, day.month)
    assert timedelta(days=-366) < ahead - SLIP <= timedelta(0)


@given(today=days, weekday=st.integers(0, 6))
def test_weekdays_lie_where_the_words_say(today: date, weekday: int) -> None:
    name = weekday_date(date(2026, 11, 23 + weekday)).split()[0]
    plain, latest, before, coming = (
        read_date(said, today) for said in (name, f"i {name}s", f"förra {name}en", f"på {name}")
    )
    assert isinstance(plain, date)
    assert isinstance(latest, date)
    assert isinstance(before, date)
    assert isinstance(coming, date)
    assert {found.weekday() for found in (plain, latest, before, coming)} == {weekday}
    assert 0 <= (today - plain).days <= 6
    assert 1 <= (today - latest).days <= 7
    assert 1 <= (coming - today).days <= 7
    assert before.isocalendar()[:2] == (today - timedelta(weeks=1)).isocalendar()[:2]


SIGNS = "0123456789 -–/.:,'abdegijklmnorstuvåäöÅÄÖ\u030a\u0308\u00a0\u202e²½٣\u017fß\n\x00👍"
PIECES = [
    "den", "i", "på", "förra", "nästa", "för", "om", "sedan", "vecka", "v", "måndag", "fre", "s", "november", "maj",
    "maj.", "1", "23", "31", "99", "000", "2026", "-26", "/", ".", ":", "e", "on", "the", "last", "ago", "in", "a",
]  # fmt: skip


@given(st.text(SIGNS, max_size=LONGEST + 5), st.sampled_from(["sv", "en"]))
def test_no_text_is_too_strange_to_be_answered(text: str, language: str) -> None:
    assert isinstance(read_date(text, MONDAY, language), date | DateFault)


@given(st.lists(st.sampled_from(PIECES), max_size=7), st.sampled_from(["", " "]), days)
def test_no_mixture_of_words_for_dates_breaks_it(pieces: list[str], between: str, today: date) -> None:
    assert isinstance(read_date(between.join(pieces), today, "en"), date | DateFault)


def test_each_day_of_two_years_is_read_in_every_short_form() -> None:
    for year in (2026, 2028):
        for month in range(1, 13):
            for number in range(1, calendar.monthrange(year, month)[1] + 1):
                day = date(year, month, number)
                iso = day.isocalendar()
                for typed in (
                    f"{number}/{month}-{year % 100}",
                    f"{number}.{month}.{year}",
                    f"{year}{month:02}{number:02}",
                    f"{year % 100}{month:02}{number:02}",
                    f"{weekday_date(day).split()[0]} vecka {iso.week} {iso.year}",
                ):
                    assert read_date(typed, day) == day, typed


@pytest.mark.parametrize(
    ("said", "expected", "why"),
    [
        (long_date(MONDAY), "23 november 2026", "in running text"),
        (long_date(date(2026, 5, 1)), "1 maj 2026", "no zero before the day"),
        (long_date(MONDAY, "en"), "23 November 2026", "in English the day first too"),
        (weekday_date(MONDAY), "måndag 23 november 2026", "small letters"),
        (weekday_date(MONDAY, "en"), "Monday 23 November 2026", "capitals in English"),
        (day_phrase(MONDAY, MONDAY), "idag, 23 november 2026", "today"),
        (day_phrase(date(2026, 11, 22), MONDAY), "igår, 22 november 2026", "yesterday"),
        (day_phrase(date(2026, 11, 24), MONDAY), "imorgon, 24 november 2026", "tomorrow"),
        (day_phrase(date(2026, 11, 2), MONDAY), "måndag 2 november 2026", "any other day"),
        (day_phrase(date(2026, 12, 31), date(2027, 1, 1)), "igår, 31 december 2026", "over new year"),
        (day_phrase(MONDAY, MONDAY, "en"), "today, 23 November 2026", "in English"),
        (day_phrase(date(2026, 11, 2), MONDAY, "en"), "Monday 2 November 2026", "in English"),
        (clock_time(time(9, 30)), "kl. 9.30", "a point, no zero before the hour"),
        (clock_time(time(9, 0)), "kl. 9", "a whole hour"),
        (clock_time(time(14, 5)), "kl. 14.05", "two digits for minutes"),
        (clock_time(time(0, 0)), "kl. 0", "midnight"),
        (clock_time(time(9, 0, 59)), "kl. 9", "seconds are left out"),
        (clock_time(datetime(2026, 11, 23, 14, 32, tzinfo=UTC)), "kl. 14.32", "the time of a moment"),
        (clock_time(time(9, 30), "en"), "9:30", "in English a colon"),
        (clock_time(time(9, 0), "en"), "9:00", "in English with its minutes"),
        (week(MONDAY), "vecka 48", "ISO weeks"),
        (week(date(2026, 12, 28)), "vecka 53", "2026 has 53"),
        (week(date(2027, 1, 3)), "vecka 53", "the week's year is not the date's"),
        (week(date(2027, 1, 4)), "vecka 1", "Monday first"),
        (week(MONDAY, "en"), "week 48", "in English"),
    ],
)
def test_dates_and_times_are_written_in_plain_swedish(said: str, expected: str, why: str) -> None:
    assert said == expected, why


@given(day=days)
def test_babel_writes_dates_the_same_way(day: date) -> None:
    for language, locale in (("sv", "sv"), ("en", "en_GB")):
        assert long_date(day, language) == format_date(day, "long", locale)
        assert weekday_date(day, language) == format_date(day, "full", locale).replace(",", "")


@pytest.mark.parametrize("language", ["sv", "en"])
def test_no_blank_is_of_the_kind_that_does_not_break(language: str) -> None:
    for month in range(1, 13):
        assert not set(day_phrase(date(2026, month, 1), MONDAY, language)) & {"\u00a0", "\u202f"}


def test_a_language_without_words_is_an_error_not_another_language() -> None:
    with pytest.raises(KeyError):
        read_date("idag", MONDAY, "fi")
    with pytest.raises(KeyError):
        day_phrase(MONDAY, MONDAY, "fi")


def test_writing_a_date_is_fast_enough_for_every_screen() -> None:
    seconds = min(repeat(lambda: day_phrase(date(2026, 11, 2), MONDAY), number=1000, repeat=5)) / 1000
    assert seconds < 10e-6
