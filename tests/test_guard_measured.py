"""The identity guard measured: what share of the published test numbers it stops, and how often it stops an answer.

The numbers are those of ``test_guard``; the ordinary inputs are made by rule, in every way that an answer is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest

from bot.desk import LONGEST_TEXT
from bot.guard import KEPT_FOR, MOST_KEPT, Finding, LatestTyped, findings, findings_across
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


def test_every_published_number_is_stopped_in_every_way_of_writing() -> None:
    tried = [text for number in PUBLISHED for text in written(number).values()]
    stopped = [text for text in tried if Finding.PERSONNUMMER in findings(text, practice=False)]
    print(f"recall: {len(stopped)} of {len(tried)}, {len(PUBLISHED)} numbers in {len(tried) // len(PUBLISHED)} formats")  # noqa: T201 - the figures
    assert len(tried) >= 10 * len(PUBLISHED)
    assert stopped == tried


def test_no_ordinary_answer_is_stopped() -> None:
    tried = [(text, practice) for text in (*ordinary(), *labels()) for practice in (True, False)]
    tried += [(text, False) for text in real_codes()]
    false = [text for text, practice in tried if findings(text, practice) or len(text) > LONGEST_TEXT]
    print(f"false alarms: {len(false)} of {len({text for text, _practice in tried})} inputs")  # noqa: T201 - the figures
    assert len({text for text, _practice in tried}) > 1000
    assert false == []


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


def test_a_number_in_two_messages_is_seen_wherever_it_is_broken() -> None:
    tried = [parts for number in PUBLISHED for text in written(number).values() for parts in broken(text)]
    missed = [parts for parts in tried if Finding.PERSONNUMMER not in findings_across(*parts, practice=False)]
    print(f"split: {len(tried) - len(missed)} of {len(tried)}")  # noqa: T201 - the figures
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


def falsely_joined(said: Sequence[str], practice: bool) -> list[tuple[str, str]]:
    return [(one, two) for one, two in pairwise(said) if findings_across(one, two, practice)]


def test_no_two_ordinary_answers_are_an_identifier_together() -> None:
    """Numbers have no more than three digits; a time is written with its point, as in every answer that has one."""
    said = [*ordinary(), *labels()]
    tried, false = 0, []
    for seed in range(4):
        Random(seed).shuffle(said)
        tried += len(said) - 1
        false += falsely_joined(said, practice=True)
    print(f"split, false alarms: {len(false)} of {tried}: {false[:30]}")  # noqa: T201 - the figures
    assert false == []


def test_the_latest_text_is_kept_for_two_minutes_of_a_thousand_people() -> None:
    latest, now = LatestTyped(), MONDAY
    assert latest.before("web", "1", now) is None
    latest.keep("web", "1", "20060121", now)
    assert latest.before("web", "1", now + KEPT_FOR - timedelta(seconds=1)) == "20060121"
    assert latest.before("telegram", "1", now) is None, "of each channel by itself"
    assert "20060121" not in f"{latest!r} {latest}"
    latest.forget_old(now + KEPT_FOR)
    assert len(latest) == 0
    latest.keep("web", "1", "20060121", now)
    assert latest.before("web", "1", now - timedelta(hours=1)) is None, "nor when the clock is put back"
    for number in range(MOST_KEPT + 5):
        latest.keep("web", str(number), "i måndags", now)
    assert len(latest) == MOST_KEPT
    assert latest.before("web", "4", now) is None
    assert latest.before("web", "5", now) is not None
