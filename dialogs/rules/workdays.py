"""Swedish working days: Monday to Friday without holidays (lag 1989:253) and the three eves of lag (1930:173) 2 §.

Computed, so that no year is missing: Easter by the Gregorian rule, the rest from it and from fixed days.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

SATURDAY, SUNDAY, FRIDAY = 5, 6, 4
ONE_DAY = timedelta(days=1)


def easter_day(year: int) -> date:
    """Easter Sunday by the Gregorian computus (Meeus, Jones and Butcher).

    :param year: from 1583.
    :returns: the day.
    """
    golden, century, rest = year % 19, year // 100, year % 100
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _first(weekday: int, from_day: date) -> date:
    return from_day + timedelta(days=(weekday - from_day.weekday()) % 7)


@lru_cache(maxsize=32)
def holidays(year: int) -> frozenset[date]:
    """The public holidays that are not just any Sunday (lag 1989:253 om allmänna helgdagar).

    :param year: the year.
    :returns: thirteen days, or twelve where two of them meet.
    """
    easter = easter_day(year)
    from_easter = (easter + timedelta(days=days) for days in (-2, 0, 1, 39, 49))
    fixed = (date(year, month, day) for month, day in ((1, 1), (1, 6), (5, 1), (6, 6), (12, 25), (12, 26)))
    saturdays = (_first(SATURDAY, date(year, 6, 20)), _first(SATURDAY, date(year, 10, 31)))
    return frozenset((*from_easter, *fixed, *saturdays))


@lru_cache(maxsize=32)
def eves(year: int) -> frozenset[date]:
    """The eves that count as holidays when a time runs out (lag 1930:173 2 §): midsummer, Christmas and New Year.

    :param year: the year.
    :returns: three days.
    """
    return frozenset((_first(FRIDAY, date(year, 6, 19)), date(year, 12, 24), date(year, 12, 31)))


def is_a_working_day(day: date) -> bool:
    """Whether offices are open: no Saturday, Sunday, holiday or eve.

    :param day: the day.
    :returns: whether it is.
    """
    return day.weekday() < SATURDAY and day not in holidays(day.year) and day not in eves(day.year)


def the_working_days_after(day: date) -> Iterator[date]:
    """Every working day after a day, the nearest first.

    :param day: the day, not itself among them.
    :returns: days without end.
    """
    while True:
        day += ONE_DAY
        if is_a_working_day(day):
            yield day


def working_days_on(day: date, number: int) -> date:
    """The working day that lies some working days ahead.

    :param day: from when.
    :param number: how many working days on, from 1.
    :returns: the day.
    """
    ahead = the_working_days_after(day)
    for _ in range(number - 1):
        next(ahead)
    return next(ahead)
