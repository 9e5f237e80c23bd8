"""The law as dated data: a look-up outside a fact's period raises, and every fact says where it was read."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

import dialogs.law
from dialogs.law import STATUSES, Fact, UnknownLaw, fact, facts, is_read_too_long_ago
from dialogs.law_words import law_words
from dialogs.policy import Policy
from dialogs.registry import DIALOGS
from dialogs.texts import say
from tests.talk import MONDAY, STOCKHOLM, a_world

FIRST, LAST = date(2026, 1, 1), date(2026, 6, 30)


def a_fact(says: str, applies_from: date, applies_until: date | None, id_: str = "X-1") -> Fact:
    return Fact(
        id=id_,
        cites="1 § påhittade lagen",
        says=says,
        applies_from=applies_from,
        applies_until=applies_until,
        read_on=date(2026, 2, 12),
        source="ett prov",
        status="verified",
    )


@pytest.fixture
def two_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    held = (
        a_fact("gammal lydelse", FIRST, LAST),
        a_fact("annan lag", date(2020, 1, 1), None, "Y-1"),
        a_fact("ny lydelse", date(2026, 7, 1), None),
    )
    monkeypatch.setattr(dialogs.law, "facts", lambda: held)


@pytest.mark.parametrize(
    ("on", "says", "why"),
    [
        (date(2025, 12, 31), None, "the day before it was in force"),
        (FIRST, "gammal lydelse", "its first day"),
        (LAST, "gammal lydelse", "its last day"),
        (date(2026, 7, 1), "ny lydelse", "the day after, in its new form"),
        (date(2099, 1, 1), "ny lydelse", "while it is in force"),
    ],
)
@pytest.mark.usefixtures("two_versions")
def test_a_fact_is_the_one_that_applies_that_day(on: date, says: str | None, why: str) -> None:
    if says is None:
        with pytest.raises(UnknownLaw, match=r"X-1.*2025-12-31"):
            fact("X-1", on)
    else:
        assert fact("X-1", on).says == says, why


@pytest.mark.usefixtures("two_versions")
def test_a_fact_there_is_not_is_told_with_those_there_are() -> None:
    with pytest.raises(UnknownLaw, match=r"Z-9.*\['X-1', 'Y-1'\]"):
        fact("Z-9", FIRST)


def test_the_administrative_procedure_act_was_not_there_before_its_day() -> None:
    assert fact("FL-27", date(2018, 7, 1)).cites == "27 § förvaltningslagen (2017:900)"
    with pytest.raises(UnknownLaw):
        fact("FL-27", date(2018, 6, 30))


def test_the_social_services_act_is_the_one_of_2025() -> None:
    assert "(2025:400)" in fact("SOL-14-3", date(2025, 7, 1)).cites
    with pytest.raises(UnknownLaw):
        fact("SOL-14-3", date(2025, 6, 30))


@pytest.mark.parametrize(
    ("id_", "first_day", "why"),
    [
        ("OSL-10-15A", date(2025, 12, 1), "prop. 2024/25:180"),
        ("OSL-10-18A", date(2025, 4, 1), "lag (2025:179)"),
        ("L2025-170-4", date(2025, 4, 1), "the act's own day"),
        ("SOL-21-1", date(2025, 7, 1), "the new act's day"),
    ],
)
def test_what_is_new_did_not_apply_before_its_day(id_: str, first_day: date, why: str) -> None:
    assert fact(id_, first_day).id == id_, why
    with pytest.raises(UnknownLaw):
        fact(id_, date.fromordinal(first_day.toordinal() - 1))


@pytest.mark.parametrize("path", sorted(Path(dialogs.law.__file__).parent.glob("*.toml")), ids=lambda path: path.name)
def test_nothing_that_is_repealed_is_cited(path: Path) -> None:
    text = path.read_text("utf-8").casefold()
    assert "2001:453" not in text, "the Social Services Act before July 2025"
    assert "bistånd" not in text


def test_what_was_read_in_part_is_no_more_than_secondary() -> None:
    assert {held.id for held in facts() if held.status != "verified"} == {"OSL-10-21", "OSL-10-22", "OSL-10-23"}


@pytest.mark.parametrize(
    ("today", "days", "old", "why"),
    [
        (date(2026, 2, 12), 365, False, "the day itself"),
        (date(2027, 2, 12), 365, False, "the last day of a year"),
        (date(2027, 2, 13), 365, True, "the day after"),
        (date(2026, 2, 14), 1, True, "the number is configuration"),
    ],
)
def test_a_reading_holds_as_long_as_the_policy_says(today: date, days: int, old: bool, why: str) -> None:
    assert is_read_too_long_ago(a_fact("ett prov", FIRST, None), today, days) is old, why
    world = a_world(
        now=datetime(today.year, today.month, today.day, 9, tzinfo=STOCKHOLM), policy=Policy(law_read_days=days)
    )
    said = "Lag: 27 § förvaltningslagen (2017:900). Vi kontrollerade lagtexten den 12 februari 2026."
    assert say(law_words("FL-27", world), "sv") == (f"{said} Kontrollera den igen." if old else said), why


@pytest.mark.parametrize("held", facts(), ids=lambda held: f"{held.id} {held.applies_from}")
def test_every_fact_says_where_and_when_it_was_read(held: Fact) -> None:
    assert held.status in STATUSES
    assert held.cites
    assert held.source
    assert held.says.endswith(".")
    assert date(2026, 1, 1) <= held.read_on
    assert held.applies_until is None or held.applies_from <= held.applies_until


def test_no_two_versions_of_a_fact_apply_on_one_day() -> None:
    for held in facts():
        others = [other for other in facts() if other.id == held.id and other is not held]
        assert not [
            other
            for other in others
            if other.applies_from <= (held.applies_until or date.max)
            and held.applies_from <= (other.applies_until or date.max)
        ]


def test_every_law_that_a_question_names_applies_today() -> None:
    named = [law for dialog in DIALOGS for question in dialog.questions for law in question.why.law]
    assert named
    for law in named:
        assert fact(law, MONDAY.date()).id == law


def test_a_status_there_is_not_is_refused_by_file_and_fact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "prov.toml").write_text(
        '[[X-1]]\ncites = "1 §"\nsays = "Ett prov."\napplies_from = 2026-01-01\nread_on = 2026-02-12\n'
        'source = "ett prov"\nstatus = "hearsay"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(dialogs.law, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(ValueError, match=r"prov\.toml: X-1 has status 'hearsay'"):
        facts.__wrapped__()
