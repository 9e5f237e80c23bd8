"""Contacts: Swedish working days, hours, the way that is open now, and what is wrong with a list."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.contacts import Found, found, load
from dialogs.contacts import (
    EMERGENCY,
    FUNCTIONS,
    POLICE,
    SHIPPED,
    Contact,
    Contacts,
    Hours,
    the_way_to_protect_a_child,
    the_ways_to,
)
from dialogs.policy import Policy
from dialogs.records.threats import Receiver, Urgency
from dialogs.rules.workdays import easter_day, eves, holidays, is_a_working_day, working_days_on
from state.errors import BadSettings
from tests.talk import STOCKHOLM

# ── working days (law.md 6) ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2027, "1/1 6/1 26/3 28/3 29/3 1/5 6/5 16/5 6/6 26/6 6/11 25/12 26/12"),
        (2028, "1/1 6/1 14/4 16/4 17/4 1/5 25/5 4/6 6/6 24/6 4/11 25/12 26/12"),
    ],
)
def test_the_holidays_are_those_of_the_law(year: int, days: str) -> None:
    """As they are written out in law.md 6."""
    read = {date(year, int(month), int(day)) for day, _, month in (one.partition("/") for one in days.split())}
    assert holidays(year) == read


def test_christmas_2026_is_as_the_law_has_it() -> None:
    assert {day for day in holidays(2026) if day.month == 12} == {date(2026, 12, 25), date(2026, 12, 26)}


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(1999, 4, 4), "a year of the old century"),
        (date(2008, 3, 23), "nearly as early as it can be"),
        (date(2038, 4, 25), "as late as it can be"),
        (date(2100, 3, 28), "a year that is no leap year"),
    ],
)
def test_easter(day: date, why: str) -> None:
    assert easter_day(day.year) == day, why


@pytest.mark.parametrize(
    ("day", "open_", "why"),
    [
        (date(2026, 11, 23), True, "a Monday"),
        (date(2026, 11, 21), False, "a Saturday"),
        (date(2026, 11, 22), False, "a Sunday"),
        (date(2027, 6, 25), False, "midsommarafton"),
        (date(2027, 6, 24), True, "the day before it"),
        (date(2026, 12, 24), False, "julafton"),
        (date(2026, 12, 31), False, "nyårsafton"),
        (date(2026, 12, 30), True, "a day between"),
        (date(2027, 1, 5), True, "trettondagsafton is no eve of the law"),
        (date(2027, 1, 6), False, "trettondagen"),
        (date(2027, 5, 6), False, "Kristi himmelsfärdsdag"),
        (date(2027, 3, 26), False, "långfredagen"),
        (date(2025, 6, 6), False, "nationaldagen on a Friday"),
    ],
)
def test_a_working_day(day: date, open_: bool, why: str) -> None:
    assert is_a_working_day(day) is open_, why


def test_there_are_three_eves_a_year() -> None:
    assert eves(2027) == {date(2027, 6, 25), date(2027, 12, 24), date(2027, 12, 31)}
    assert all(date(year, 6, 19) <= min(eves(year)) <= date(year, 6, 25) for year in range(2020, 2060))


@pytest.mark.parametrize(
    ("day", "number", "then", "why"),
    [
        (date(2026, 11, 23), 1, date(2026, 11, 24), "tomorrow"),
        (date(2026, 11, 27), 1, date(2026, 11, 30), "over a weekend"),
        (date(2026, 11, 23), 5, date(2026, 11, 30), "five working days: a week"),
        (date(2026, 12, 23), 1, date(2026, 12, 28), "over Christmas"),
        (date(2026, 12, 30), 1, date(2027, 1, 4), "over New Year"),
        (date(2027, 3, 25), 1, date(2027, 3, 30), "over Easter"),
    ],
)
def test_working_days_on(day: date, number: int, then: date, why: str) -> None:
    assert working_days_on(day, number) == then, why


# ── the way that is open now ─────────────────────────────────────────────────────────────────────────────────

NINE_TO_FOUR = Hours(opens=time(9), closes=time(16))
OURS = Contacts(
    version="prov",
    until=date(2027, 12, 31),
    contacts=(
        EMERGENCY,
        POLICE,
        Contact(function="exit_coordinator", area="Farsta", number="010-111 11 11", hours=NINE_TO_FOUR),
        Contact(function="bops", number="010-222 22 22"),
        Contact(function="case_officer", area="Farsta", number="08-333 33 33", hours=NINE_TO_FOUR),
        Contact(function="out_of_hours", number="08-444 44 44"),
    ),
)


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=STOCKHOLM)


def ways_of(receiver: Receiver, urgency: Urgency, written: str, contacts: Contacts = OURS) -> tuple[str, ...]:
    """The ways as a table writes them: ``function number due``, the one that is open now first."""
    ways = the_ways_to(receiver, urgency, contacts=contacts, district="Farsta", police_area="Farsta", now=at(written))
    return tuple(
        f"{way.function} {way.contact.number if way.contact else '-'} {way.due:%a %d/%m %H:%M}" for way in ways
    )


@pytest.mark.parametrize(
    ("receiver", "urgency", "when", "ways", "why"),
    [
        (
            "exit_coordinator",
            "today",
            "2026-11-23T14:05",
            ("exit_coordinator 010-111 11 11 Mon 23/11 16:00",),
            "within hours: until they close",
        ),
        (
            "exit_coordinator",
            "now",
            "2026-11-23T14:05",
            ("exit_coordinator 010-111 11 11 Mon 23/11 14:05",),
            "at once",
        ),
        (
            "exit_coordinator",
            "next_working_day",
            "2026-11-27T14:05",
            ("exit_coordinator 010-111 11 11 Mon 30/11 16:00",),
            "on Friday the next is Monday",
        ),
        (
            "case_officer",
            "plan",
            "2026-11-23T14:05",
            ("case_officer 08-333 33 33 Mon 30/11 16:00",),
            "five working days",
        ),
        (
            "exit_coordinator",
            "today",
            "2026-11-27T19:30",
            ("police 114 14 Fri 27/11 23:59", "exit_coordinator 010-111 11 11 Mon 30/11 09:00"),
            "Friday evening: 114 14 today, and the ordinary way on Monday",
        ),
        (
            "case_officer",
            "now",
            "2026-11-27T19:30",
            ("out_of_hours 08-444 44 44 Fri 27/11 19:30", "case_officer 08-333 33 33 Mon 30/11 09:00"),
            "Friday evening: socialjouren at once",
        ),
        (
            "exit_coordinator",
            "today",
            "2027-06-25T10:00",
            ("police 114 14 Fri 25/06 23:59", "exit_coordinator 010-111 11 11 Mon 28/06 09:00"),
            "midsommarafton is a Friday within hours, and closed",
        ),
        (
            "exit_coordinator",
            "today",
            "2026-11-23T07:00",
            ("police 114 14 Mon 23/11 23:59", "exit_coordinator 010-111 11 11 Mon 23/11 16:00"),
            "before they open: later the same day",
        ),
        (
            "exit_coordinator",
            "now",
            "2026-11-23T16:00",
            ("police 114 14 Mon 23/11 16:00", "exit_coordinator 010-111 11 11 Tue 24/11 09:00"),
            "the minute they close",
        ),
        ("bops", "now", "2026-12-25T03:00", ("bops 010-222 22 22 Fri 25/12 03:00",), "a number that always answers"),
        ("bops", "today", "2026-12-25T03:00", ("bops 010-222 22 22 Fri 25/12 23:59",), "until the day is over"),
        (
            "central_unit",
            "112",
            "2026-11-27T19:30",
            ("police 114 14 Fri 27/11 19:30", "central_unit - Mon 30/11 08:00"),
            "no number: office hours are reckoned with",
        ),
        (
            "case_officer",
            "plan",
            "2026-11-28T12:00",
            ("case_officer 08-333 33 33 Fri 04/12 16:00",),
            "what can wait needs no other way",
        ),
    ],
)
def test_the_ways_by_the_clock(
    receiver: Receiver, urgency: Urgency, when: str, ways: tuple[str, ...], why: str
) -> None:
    assert ways_of(receiver, urgency, when) == ways, why


def test_a_local_police_area_without_a_contact_has_none_and_114_14_is_always_there() -> None:
    ways = the_ways_to(
        "exit_coordinator", "today", contacts=OURS, district="Farsta", police_area="Solna", now=at("2026-11-27T19:30")
    )
    assert ways.ordinary.contact is None
    assert ways.meanwhile is not None
    assert ways.meanwhile.contact == POLICE
    empty = Contacts(version="tom")
    assert ways_of("exit_coordinator", "now", "2026-11-28T12:00", empty)[0].startswith("police 114 14")


def test_a_child_is_protected_by_the_case_officer_and_outside_hours_by_socialjouren() -> None:
    """THR-14."""
    day = the_way_to_protect_a_child(contacts=OURS, district="Farsta", now=at("2026-11-23T14:05"))
    night = the_way_to_protect_a_child(contacts=OURS, district="Farsta", now=at("2026-11-23T20:05"))
    assert (day.function, night.function) == ("case_officer", "out_of_hours")
    assert night.due == at("2026-11-23T20:05")


def test_due_times_follow_the_clock_over_the_change_to_summer_time() -> None:
    """The last Sunday of March 2027 is the 28th, Easter Sunday; the next working day is Tuesday."""
    assert ways_of("exit_coordinator", "today", "2027-03-27T12:00")[1].endswith("Tue 30/03 09:00")


def test_the_areas_own_number_goes_before_the_one_for_all_and_only_within_its_dates() -> None:
    held = Contacts(
        version="prov",
        contacts=(
            Contact(function="manager", number="08-1"),
            Contact(function="manager", area="Farsta", number="08-2", since=date(2027, 1, 1)),
            Contact(function="manager", area="Farsta", number="08-3", until=date(2026, 6, 30)),
        ),
    )

    def number(day: date) -> str | None:
        one = held.the_one_for("manager", "Farsta", day)
        return one.number if one else None

    assert [number(date(2026, 6, 30)), number(date(2026, 11, 23)), number(date(2027, 1, 1))] == ["08-3", "08-1", "08-2"]


def test_what_ships_holds_112_and_114_14_only() -> None:
    assert [held.number for held in SHIPPED.contacts] == ["112", "114 14"]
    assert load(None) is SHIPPED
    assert Policy().contacts is SHIPPED


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────

GOOD = """
version = "2026-11"
until = 2027-06-30

[office]
opens = 08:00:00
closes = 16:00:00

[[district]]
name = "Järva"
since = 2023-07-01
police_areas = ["Järva"]

[[contact]]
function = "exit_coordinator"
area = "Järva"
number = "010-111 11 11"
opens = 08:00:00
closes = 16:30:00

[[contact]]
function = "out_of_hours"
number = "08-444 44 44"
"""

OUT_OF_HOURS = 'function = "out_of_hours"\nnumber = "08-444 44 44"'
"""What stands last in the list."""


def written(folder: Path, text: str) -> Path:
    path = folder / "kontakter.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_list_is_read(tmp_path: Path) -> None:
    held = load(written(tmp_path, GOOD))
    assert (held.version, held.until, held.office.closes) == ("2026-11", date(2027, 6, 30), time(16))
    assert held.contacts[:2] == (EMERGENCY, POLICE), "these are in every list"
    assert held.contacts[3].hours is None, "without hours it answers always"
    assert held.districts[0].police_areas == ("Järva",)


@pytest.mark.parametrize(
    ("change", "to", "fault"),
    [
        ('version = "2026-11"', "", "version is None"),
        ('function = "out_of_hours"', 'function = "jouren"', "function 'jouren'; it may be"),
        ('number = "08-444 44 44"', 'number = "ring Kim"', "number 'ring Kim'"),
        ('number = "08-444 44 44"', 'number = "08-444 44 44"\nname = "Kim Ek"', r"has \['name'\]; known are"),
        ('number = "08-444 44 44"', 'number = "08-444 44 44"\naddress = "Storgatan 1"', r"has \['address'\]"),
        ("closes = 16:30:00", "closes = 07:00:00", "a later"),
        ("closes = 16:30:00", "", "opens 08:00:00 and closes None"),
        ("until = 2027-06-30", 'until = "2027-06-30"', "unquoted"),
        ('area = "Järva"\n', 'area = "Storgatan 1"\n', "has area 'Storgatan 1'"),
        ("[[contact]]", "[contact]", "must be tables|not TOML"),
        ("[office]", "[kontor]", "the file has"),
        ("until = 2027-06-30", "until = 2027-06-31", "is not TOML"),
        ('name = "Järva"', "name = 7", "district 1 has name 7"),
        (OUT_OF_HOURS, 'function = "emergency"\nnumber = "08-444 44 44"', r"\(emergency\) is always 112, everywhere"),
        (OUT_OF_HOURS, 'function = "police"\nnumber = "08-444 44 44"', r"\(police\) is always 114 14, everywhere"),
        (OUT_OF_HOURS, 'function = "police"\nnumber = "114 14"\narea = "Järva"', "is always 114 14, everywhere"),
        (OUT_OF_HOURS, 'function = "emergency"\nnumber = "112"\nuntil = 2026-12-31', "is always 112, .* any time"),
        (OUT_OF_HOURS, 'function = "emergency"\nnumber = "112 14"', "is always 112, everywhere"),
    ],
)
def test_a_list_that_holds_what_it_cannot_is_refused(tmp_path: Path, change: str, to: str, fault: str) -> None:
    assert change in GOOD
    with pytest.raises(BadSettings, match=f"LOTS_CONTACTS: .*({fault})"):
        load(written(tmp_path, GOOD.replace(change, to)))


@pytest.mark.parametrize(("function", "number"), [("emergency", "112"), ("police", "114 14"), ("police", "11414")])
def test_a_list_may_say_what_is_in_every_list_and_it_is_there_once(tmp_path: Path, function: str, number: str) -> None:
    held = load(written(tmp_path, GOOD + f'\n[[contact]]\nfunction = "{function}"\nnumber = "{number}"\n'))
    assert [one for one in held.contacts if one.function in ("emergency", "police")] == [EMERGENCY, POLICE]


def test_a_list_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"LOTS_CONTACTS: .*cannot be read"):
        load(tmp_path / "borta.toml")


TODAY = date(2026, 11, 23)
SMALL = Policy(districts=("Järva",), police_areas=("Järva",))


def findings(text: str, tmp_path: Path, today: date = TODAY) -> list[str]:
    return [str(one) for one in found(load(written(tmp_path, text)), SMALL, today)]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    told = findings(GOOD, tmp_path)
    assert "missing: bops has no number" in told
    assert "missing: case_officer has no number for Järva" in told
    there = tuple(f"missing: {function} " for function in ("exit_coordinator", "out_of_hours", "police", "emergency"))
    assert not [one for one in told if one.startswith(there)]


@pytest.mark.parametrize(
    ("change", "to", "today", "says", "why"),
    [
        ("", "", date(2027, 7, 1), "expired: the list 2026-11 held until 2027-06-30. Renew it", "the day after"),
        ("", "", date(2027, 6, 30), "expired: the list 2026-11 holds until 2027-06-30, soon. Renew it", "the last day"),
        (
            'number = "08-444 44 44"',
            'number = "08-444 44 44"\nuntil = 2026-11-22',
            TODAY,
            "expired: out_of_hours held until 2026-11-22. Renew it or take it away",
            "one number",
        ),
        (
            "since = 2023-07-01",
            "since = 2023-07-01\nuntil = 2026-01-01",
            TODAY,
            "expired: the district Järva was one until 2026-01-01. Take it away",
            "a district that is no more",
        ),
        (
            'police_areas = ["Järva"]',
            "",
            TODAY,
            "missing: the district Järva has no local police area, so no way to the police",
            "a district without a way",
        ),
        (
            'name = "Järva"',
            'name = "Kim Ekman"',
            TODAY,
            "suspicious: the district Kim Ekman has what looks like a person's name ('Kim Ekman')",
            "a person",
        ),
        (
            'version = "2026-11"',
            'version = "Storgatan 12"',
            TODAY,
            "suspicious: the version has what looks like an address ('Storgatan 12')",
            "an address, wherever it is put",
        ),
        (
            'area = "Järva"',
            'area = "Kista"',
            TODAY,
            "suspicious: exit_coordinator names 'Kista', which is no district and no police area",
            "a place that is none",
        ),
        (
            'number = "08-444 44 44"',
            'number = "070-123 45 67"',
            TODAY,
            "suspicious: out_of_hours has a mobile number: it may be a person's. Use the function's",
            "a mobile phone",
        ),
        (
            'number = "08-444 44 44"',
            'number = "0046 70 123 45 67"',
            TODAY,
            "suspicious: out_of_hours has a mobile number: it may be a person's. Use the function's",
            "a mobile phone, as it is dialled from abroad",
        ),
        (
            'number = "08-444 44 44"',
            'number = "+46 073 123 45 67"',
            TODAY,
            "suspicious: out_of_hours has a mobile number: it may be a person's. Use the function's",
            "a mobile phone, with a zero too many",
        ),
        (
            'number = "08-444 44 44"',
            'number = "890201-3286"',
            TODAY,
            "suspicious: out_of_hours has what looks like a personal number. Take it away at once",
            "the number of a person (a made-up one that the check digit fits)",
        ),
        (
            'name = "Järva"',
            'name = "Storgatan"',
            TODAY,
            "suspicious: the district Storgatan has what looks like an address ('Storgatan')",
            "a street without a number",
        ),
        (
            '[[contact]]\nfunction = "out_of_hours"',
            '[[contact]]\nfunction = "out_of_hours"\nnumber = "08-555 55 55"\n\n[[contact]]\nfunction = "out_of_hours"',
            TODAY,
            "suspicious: out_of_hours has two numbers at once; only 08-555 55 55 is shown. Keep one",
            "one of them is never rung",
        ),
    ],
)
def test_what_is_expired_or_suspicious_is_found(
    tmp_path: Path, change: str, to: str, today: date, says: str, why: str
) -> None:
    told = findings(GOOD.replace(change, to) if change else GOOD, tmp_path, today)
    assert [one for one in told if one.startswith(says)], (why, told)


def test_a_number_that_follows_another_is_no_second_one(tmp_path: Path) -> None:
    now, later = 'number = "08-444 44 44"\nuntil = 2026-12-31', 'number = "08-555 55 55"\nsince = 2027-01-01'
    text = GOOD.replace('number = "08-444 44 44"', f'{now}\n\n[[contact]]\nfunction = "out_of_hours"\n{later}')
    assert not [one for one in findings(text, tmp_path) if "two numbers" in one]
    overlapping = text.replace("since = 2027-01-01", "since = 2026-12-31")
    assert [one for one in findings(overlapping, tmp_path) if "two numbers" in one], "on the last day there are two"


@pytest.mark.parametrize("number", ["08-720 00 00", "010-700 00 00", "0046 8 720 00 00", "+46 10-730 00 00"])
def test_a_switchboard_is_no_mobile_phone(tmp_path: Path, number: str) -> None:
    told = findings(GOOD.replace("08-444 44 44", number), tmp_path)
    assert not [one for one in told if "mobile" in one]


def test_a_list_in_order_has_nothing_to_tell(tmp_path: Path) -> None:
    every = [("manager", "Järva"), ("case_officer", "Järva"), ("city_exit_coordinator", None), ("bops", None)]
    every += [("central_unit", None), ("victim_support", None), ("relatives_support", None)]
    more = "".join(
        f'\n[[contact]]\nfunction = "{function}"\nnumber = "08-1{n}0 00 00"\n' + (f'area = "{area}"\n' if area else "")
        for n, (function, area) in enumerate(every)
    )
    assert findings(GOOD + more, tmp_path) == []


def test_a_finding_is_one_line() -> None:
    assert str(Found("missing", "bops has no number")) == "missing: bops has no number"


# ── the commands ─────────────────────────────────────────────────────────────────────────────────────────────


def run(folder: Path, *arguments: str, contacts: Path | None = None) -> tuple[int, str]:
    environ = {"LOTS_DATA_DIR": str(folder / "data"), "LOTS_CONTACTS": None if contacts is None else str(contacts)}
    done = CliRunner().invoke(main, list(arguments), env=environ)
    return done.exit_code, done.output


def test_lots_contacts_lists_what_ships_and_what_is_missing(tmp_path: Path) -> None:
    code, said = run(tmp_path, "contacts")
    assert code == 1
    assert "emergency  -  112  always" in said
    assert "missing: bops has no number" in said


def test_lots_contacts_lists_a_list_of_ones_own(tmp_path: Path) -> None:
    code, said = run(tmp_path, "contacts", contacts=written(tmp_path, GOOD))
    assert code == 1
    assert "exit_coordinator  Järva  010-111 11 11  08:00-16:30" in said


def test_a_bad_list_stops_the_program_with_what_to_do(tmp_path: Path) -> None:
    code, said = run(tmp_path, "contacts", contacts=written(tmp_path, "version = 7"))
    assert code == 2
    assert "version is 7" in said


def test_lots_check_has_a_line_for_the_contacts(tmp_path: Path) -> None:
    _, said = run(tmp_path, "check")
    assert "ok     contacts: medföljer: 2 numbers, 112 and 114 14 only" in said
    old = written(tmp_path, GOOD.replace("2027-06-30", "2020-06-30"))
    code, said = run(tmp_path, "check", contacts=old)
    assert code == 1
    assert "WRONG  contacts: 2026-11: 4 numbers, the list 2026-11 held until 2020-06-30. Renew it" in said
    assert "Run: lots contacts" in said


def test_the_manuals_example_is_taken_and_its_table_names_every_function(tmp_path: Path) -> None:
    manual = (Path(__file__).parent.parent / "docs" / "drift.md").read_text("utf-8")
    example = manual[manual.index('version = "2026-11"') :].partition("```")[0]
    assert load(written(tmp_path, example)).districts
    part = manual[manual.index("## Kontakter") : manual.index("## Nycklar och mottagare")]
    rows = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    assert sorted(name.strip(" `") for row in rows for name in row.split(",")) == sorted(FUNCTIONS)
