"""The identity guard measured: what share of the published test numbers it stops, and how often it stops an answer.

The numbers are those of ``test_guard``; the ordinary inputs are made by rule, in every way that an answer is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from bot.guard import KEPT_FOR, MOST_KEPT, Finding, LatestTyped, findings, findings_across, findings_in_parts
from bot.screening import LONGEST_TEXT
from dialogs import case_code
from dialogs.answers import Choice
from dialogs.dates import day_phrase, long_date, read_date, week, weekday_date
from dialogs.lint import LONGEST_LABEL
from dialogs.policy import Policy
from dialogs.registry import DIALOGS
from dialogs.texts import LANGUAGES, say
from tests.talk import MONDAY
from tests.test_guard import PUBLISHED, written

TODAY = date(2026, 11, 23)

WORDS = """
    idag nu igår imorgon förrgår|i dag|i går|i förrgår|i morse|i kväll|i övermorgon|häromdagen|i helgen|i natt
    i måndags|på fredag|förra onsdagen|nästa tisdag|måndag förra veckan|fredag eftermiddag|torsdag kväll
    förra veckan|denna vecka|nästa vecka|i veckan|för tre dagar sedan|för 2 veckor sen|om 14 dagar|om en månad
    today|yesterday|last Monday|3 days ago|in two weeks|the day before yesterday|on 23 November|November 23rd
    ja|nej|vet inte|klar|tillbaka|avbryt|spara|/samtal|/arende|/hjalp|/avbryt|/sprak|/start
"""


def days() -> Iterator[str]:
    """Dates of half a year back and a month ahead, in every way that is read."""
    for ahead in range(-180, 31, 3):
        day = TODAY + timedelta(days=ahead)
        short, iso = f"{day.day}/{day.month}", day.isocalendar()
        month = long_date(day).split()[1]
        yield from (
            *(day.isoformat(), f"{day:%Y%m%d}", f"{day:%y%m%d}", f"{day:%y-%m-%d}", f"{day:%Y/%m/%d}"),
            *(f"{day:%Y.%m.%d}", f"{day:%d.%m.%Y}", f"{day:%d-%m-%Y}"),
            *(short, f"{short}-{day:%y}", f"{short} {day.year}", f"{short}/{day:%y}"),
            *(long_date(day), weekday_date(day), day_phrase(day, TODAY), long_date(day, "en"), weekday_date(day, "en")),
            *(f"den {day.day}:e", f"{day.day}:e {month}", f"{month[:3]}. {day.day}"),
            *(f"{weekday_date(day)[:3]}. {short}", f"{weekday_date(day).split()[0]} vecka {iso.week}"),
            *(f"{weekday_date(day).split()[0]} v. {iso.week}", f"vecka {iso.week} {iso.year}", f"v{iso.week}"),
        )  # fmt: skip


def ordinary() -> list[str]:
    """What people answer with: days, weeks, times, months, numbers, codes of both kinds, and words."""
    pick = Random(8).choice
    said = [*days(), *(words.strip() for line in WORDS.splitlines() for words in line.split("|") if words.strip())]
    said += [week(TODAY + timedelta(weeks=number), language) for number in range(52) for language in LANGUAGES]
    for number in range(0, 24 * 60, 15):
        hour, minute = divmod(number, 60)
        said += [f"{hour}.{minute:02}", f"{hour:02}:{minute:02}", f"kl. {hour}.{minute:02}"]
    said += [f"kl {hour}" for hour in range(24)] + [f"{hour:02}.00-{hour + 1:02}.30" for hour in range(23)]
    for number in range(48):
        month = date(2024 + number // 12, number % 12 + 1, 1)
        name = long_date(month).split()[1]
        said += [f"{name} {month.year}", f"{month:%Y-%m}", f"{month:%m/%Y}", f"{name[:3]} {month.year}"]
    said += [str(number) for number in range(366)]
    said += [*Policy().districts, *Policy().police_areas]
    for _ in range(100):
        code = case_code.draw(True, pick)
        said += [code, code.lower(), code.replace("-", ""), code.replace("-", " "), f"/arende {code}"]
    return said


def real_codes() -> list[str]:
    pick = Random(9).choice
    codes = [case_code.draw(False, pick) for _ in range(200)]
    return [way for code in codes for way in (code, code.lower(), code.replace("-", ""), f"/arende {code}")]


def labels() -> list[str]:
    """The words of every choice that is declared, which may be typed out."""
    kinds = [question.kind for dialog in DIALOGS for question in dialog.questions]
    choices = [option.label for kind in kinds if isinstance(kind, Choice) for option in kind.choices]
    return [say(label, language) for label in choices for language in LANGUAGES]


def test_every_published_number_is_stopped_in_every_way_of_writing(counted: Callable[[str], None]) -> None:
    tried = [text for number in PUBLISHED for text in written(number).values()]
    stopped = [text for text in tried if Finding.PERSONNUMMER in findings(text, practice=False)]
    formats = len(tried) // len(PUBLISHED)
    counted(f"guard, recall: {len(stopped)} of {len(tried)} ({len(PUBLISHED)} numbers in {formats} formats)")
    assert len(tried) >= 10 * len(PUBLISHED)
    assert stopped == tried


def test_no_ordinary_answer_is_stopped(counted: Callable[[str], None]) -> None:
    tried = [(text, practice) for text in (*ordinary(), *labels()) for practice in (True, False)]
    tried += [(text, False) for text in real_codes()]
    false = [text for text, practice in tried if findings(text, practice) or len(text) > LONGEST_TEXT]
    counted(f"guard, false alarms: {len(false)} of {len({text for text, _practice in tried})} ordinary inputs")
    assert len({text for text, _practice in tried}) > 1000
    assert false == []


def test_a_day_with_a_time_is_not_taken_for_a_mistyped_number(counted: Callable[[str], None]) -> None:
    """What is stopped has a check digit that holds, by chance, one time in ten; only four bare digits can have one."""
    forms = ("{0:%Y%m%d}-{0:%H%M}", "{0:%y%m%d}-{0:%H%M}", "{0:%Y%m%d}{0:%H%M}", "{0:%Y%m%d} {0:%H%M}")
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    tried = [form.format(begins + timedelta(days=n, minutes=37 * n)) for n in range(365) for form in forms]
    more = [text for text in tried if findings(text, True) != findings(text, True, mistyped=False)]
    counted(f"guard, mistyped numbers: {len(more)} more false alarms of {len(tried)} days with a bare time")
    assert more == []


def test_the_days_of_the_corpus_are_days_that_are_read() -> None:
    read = [isinstance(read_date(text, TODAY, "en"), date) for text in days()]
    assert sum(read) / len(read) > 0.9, "the rest are weeks, which are asked about"


def test_no_button_is_longer_than_what_may_be_typed() -> None:
    assert max(map(len, labels())) <= LONGEST_LABEL < LONGEST_TEXT


# ── in two messages ──────────────────────────────────────────────────────────────────────────────────────────


def broken(text: str) -> Iterator[tuple[str, str]]:
    """A text in two parts, at each place where neither says it by itself; a client takes blanks at the ends away."""
    for place in range(1, len(text)):
        parts = text[:place].strip(), text[place:].strip()
        if all(parts) and not any(findings(part, practice=False) for part in parts):
            yield parts


def test_a_number_in_two_messages_is_seen_wherever_it_is_broken(counted: Callable[[str], None]) -> None:
    tried = [parts for number in PUBLISHED for text in written(number).values() for parts in broken(text)]
    missed = [parts for parts in tried if Finding.PERSONNUMMER not in findings_across(*parts, practice=False)]
    counted(f"guard, in two messages: {len(tried) - len(missed)} of {len(tried)}")
    assert len(tried) > 1000
    assert missed == []


@pytest.mark.parametrize(
    ("before", "text", "kind"),
    [
        ("20060121", "2384", Finding.PERSONNUMMER),
        ("/samtal 060121", "2384", Finding.PERSONNUMMER),
        ("070-123", "45 67", Finding.PHONE),
        ("anna.b@", "exempel.se", Finding.EMAIL),
        ("Exempelbacken", "12", Finding.ADDRESS),
        ("123 45", "Farsta", Finding.ADDRESS),
        ("6Q4", "C53", Finding.REAL_CODE),
    ],
)
def test_each_kind_is_seen_in_two_messages(before: str, text: str, kind: Finding) -> None:
    assert findings_across(before, text, practice=True) == (kind,)


def test_what_one_part_holds_alone_is_not_found_across() -> None:
    assert findings_across("200601212384", "20/11", practice=True) == ()


def test_no_two_ordinary_answers_are_an_identifier_together(counted: Callable[[str], None]) -> None:
    """Numbers have no more than three digits; a time is written with its point, as in every answer that has one."""
    said = [*ordinary(), *labels()]
    tried = 0
    false: list[tuple[str, ...]] = []
    for seed in range(4):
        Random(seed).shuffle(said)
        tried += len(said) - 1
        false += [parts for parts in pairwise(said) if findings_across(*parts, practice=True)]
    counted(f"guard, false alarms in two messages: {len(false)} of {tried}")
    assert false == []


def in_three(number: str) -> Iterator[tuple[str, str, str]]:
    """A number in three messages, as people break it: at the parts of the date, at the last four, and anywhere."""
    short = number[2:]
    for whole in (number, short, f"{short[:6]}-{short[6:]}"):
        for first in range(1, len(whole) - 1):
            for second in range(first + 1, len(whole), 2):
                parts = whole[:first], whole[first:second], whole[second:]
                if not any(findings_across(one, two, False) for one, two in pairwise(parts)):
                    yield parts


def test_a_number_in_three_messages_is_seen_wherever_it_is_broken(counted: Callable[[str], None]) -> None:
    tried = [parts for number in PUBLISHED for parts in in_three(number) if not any(findings(p, False) for p in parts)]
    missed = [parts for parts in tried if Finding.PERSONNUMMER not in findings_in_parts(parts[:2], parts[2], False)]
    counted(f"guard, in three messages: {len(tried) - len(missed)} of {len(tried)}")
    assert len(tried) > 500
    assert missed == []


@pytest.mark.parametrize(
    ("texts", "kinds", "why"),
    [
        (("2006", "0121", "2384"), (Finding.PERSONNUMMER,), "year, day, the last four"),
        (("060121", "ja", "2384"), (Finding.PERSONNUMMER,), "with an answer between"),
        (("070", "123", "4567"), (Finding.PHONE,), "a telephone number"),
        (("20261123", "12", "75"), (), "a day and two numbers, whose check digit does not hold"),
        (("6Q", "4C", "53"), (), "only numbers: codes and words are too short to be told apart"),
    ],
)
def test_three_messages_are_read_together(texts: tuple[str, str, str], kinds: tuple[Finding, ...], why: str) -> None:
    assert findings_in_parts(texts[:2], texts[2], practice=True)[:1] == kinds, why


def test_no_three_ordinary_answers_are_an_identifier_together(counted: Callable[[str], None]) -> None:
    said = [*ordinary(), *labels()]
    Random(4).shuffle(said)
    tried = list(zip(said[::3], said[1::3], said[2::3], strict=False))
    false = [parts for parts in tried if findings_in_parts(parts[:2], parts[2], practice=True)]
    counted(f"guard, false alarms in three messages: {len(false)} of {len(tried)}")
    assert len(tried) > 1000
    assert false == []


def test_the_latest_two_texts_are_kept_for_two_minutes_of_a_thousand_people() -> None:
    latest, now = LatestTyped(), MONDAY
    assert latest.before("web", "1", now) == ()
    latest.keep("web", "1", "20060121", now)
    assert latest.before("web", "1", now + KEPT_FOR - timedelta(seconds=1)) == ("20060121",)
    assert latest.before("telegram", "1", now) == (), "of each channel by itself"
    assert "20060121" not in f"{latest!r} {latest}"
    latest.keep("web", "1", "ja", now + timedelta(minutes=1))
    assert latest.before("web", "1", now + timedelta(minutes=1)) == ("20060121", "ja")
    assert latest.before("web", "1", now + KEPT_FOR) == ("ja",), "each for its own two minutes"
    latest.keep("web", "1", "nej", now + KEPT_FOR)
    latest.keep("web", "1", "klar", now + KEPT_FOR)
    assert latest.before("web", "1", now + KEPT_FOR) == ("nej", "klar"), "no more than two"
    latest.forget_old(now + 2 * KEPT_FOR)
    assert len(latest) == 0
    latest.keep("web", "1", "20060121", now)
    assert latest.before("web", "1", now - timedelta(hours=1)) == (), "nor when the clock is put back"
    for number in range(MOST_KEPT + 5):
        latest.keep("web", str(number), "i måndags", now)
    assert len(latest) == MOST_KEPT
    assert latest.before("web", "4", now) == ()
    assert latest.before("web", "5", now) == ("i måndags",)
