"""The identity guard: what it stops, and what it lets through.

The personal numbers are from Skatteverket's published lists of test numbers and belong to nobody.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from timeit import repeat, timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.guard import Finding, findings
from dialogs.dates import long_date, weekday_date

PERSONNUMMER = (Finding.PERSONNUMMER,)
PHONE = (Finding.PHONE,)
EMAIL = (Finding.EMAIL,)
ADDRESS = (Finding.ADDRESS,)
REAL_CODE = (Finding.REAL_CODE,)
NOTHING = ()

PUBLISHED = {
    "189001019802": "the oldest on the list",
    "199001012385": "born on the first day of a year",
    "196408233234": "not of the usual row 238",
    "200002292399": "born on a leap day",
    "199006022397": "an ordinary one",
    "200601212384": "twenty years old",
    "201001012382": "sixteen, and compact it begins like a date",
    "201001012390": "another of the same day",
    "201301012397": "thirteen",
    "201301022388": "thirteen, a day later",
    "200800662397": "coordination number, month 00",
    "191500722390": "coordination number, month 00, an old one",
    "191711602399": "coordination number, day 60",
}


def written(number: str) -> dict[str, str]:
    """A number of twelve digits in the ways that people write it."""
    century, yy, mm, dd, four = number[:2], number[2:4], number[4:6], number[6:8], number[8:]
    short, whole = f"{yy}{mm}{dd}", f"{century}{yy}{mm}{dd}"
    return {
        "twelve digits": number,
        "ten digits": f"{short}{four}",
        "the usual way": f"{short}-{four}",
        "with its century": f"{whole}-{four}",
        "with a blank": f"{short} {four}",
        "with its century and a blank": f"{whole} {four}",
        "with a plus, the year one turns 100": f"{short}+{four}",
        "with an en dash": f"{short}–{four}",
        "with a minus sign": f"{short}\u2212{four}",
        "with a hyphen that does not break": f"{short}\u2011{four}",
        "with blanks round the dash": f"{short} – {four}",
        "with blanks that do not break": f"{short}\u00a0-\u00a0{four}",
        "with blanks everywhere": f"{yy} {mm} {dd} - {four}",
        "with hyphens everywhere": f"{century}{yy}-{mm}-{dd}-{four}",
        "with hyphens and a short year": f"{yy}-{mm}-{dd}-{four}",
        "with points in the date": f"{century}{yy}.{mm}.{dd}-{four}",
        "with slashes in the date": f"{century}{yy}/{mm}/{dd}-{four}",
        "in groups": f"{century}{yy} {mm} {dd} {four}",
        "in pairs": f"{century} {yy} {mm} {dd} {four[:2]} {four[2:]}",
        "in pairs without its century": f"{yy} {mm} {dd} {four[:2]} {four[2:]}",
        "digit by digit": " ".join(number),
        "digit by digit without its century": " ".join(short + four),
        "on two lines": f"{short}\n{four}",
        "with the last four masked": f"{short}-XXXX",
        "masked with small letters": f"{whole}-xxxx",
        "masked with stars": f"{short} ****",
        "in a sentence": f"Hen har {short}-{four}, tror jag",
        "glued to words": f"pnr:{short}-{four}a",
        "after a date": f"2026-11-23 {short}-{four}",
        "before a date": f"{short}-{four} 23/11-26",
        "after another number": f"12 {short}-{four}",
        "with unseen marks round it": f"\u202a{short}-{four}\u202c",
        "with an unseen mark in it": f"{short}\u200b-{four}",
        "in full-width signs": "".join(chr(ord(sign) + 0xFEE0) for sign in f"{short}-{four}"),
    }


@pytest.mark.parametrize("number", PUBLISHED, ids=list(PUBLISHED.values()))
def test_a_personal_number_is_seen_however_it_is_written(number: str) -> None:
    ways = written(number)
    assert [why for why, text in ways.items() if findings(text, practice=False) != PERSONNUMMER] == []


@pytest.mark.parametrize("number", PUBLISHED, ids=list(PUBLISHED.values()))
def test_a_mistyped_number_is_seen_where_it_is_plainly_one(number: str) -> None:
    """Twelve digits, or a hyphen or plus before the last four; ten digits in a row, or a blank, may be anything."""
    for digit in set("0123456789") - {number[-1]}:
        ways = written(number[:-1] + digit)
        for why in ("twelve digits", "the usual way", "with its century", "with its century and a blank", "in pairs"):
            assert findings(ways[why], practice=False) == PERSONNUMMER, why
        for why in ("with a plus, the year one turns 100", "with an en dash", "digit by digit", "in a sentence"):
            assert findings(ways[why], practice=False) == PERSONNUMMER, why
        for why in ("ten digits", "with a blank", "in pairs without its century"):
            assert Finding.PERSONNUMMER not in findings(ways[why], practice=False), why


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("20261123-1430", NOTHING, "a day with a time"),
        ("202611231430", NOTHING, "the same in one piece"),
        ("261123-0930", NOTHING, "the same in six digits"),
        ("20261123-1475", PERSONNUMMER, "no time"),
        ("20061123-1431", PERSONNUMMER, "a time, on a day when somebody was born"),
        ("212000-0142", NOTHING, "a municipality's number: no month 20"),
        ("556036-0793", NOTHING, "a company's number: no month 60"),
        ("202100-5489", NOTHING, "an authority's number: no month 21"),
        ("2026-000123", NOTHING, "a number of a register"),
    ],
)
def test_what_has_the_form_of_a_mistyped_number_is_told_from_it(
    text: str, expected: tuple[Finding, ...], why: str
) -> None:
    assert findings(text, practice=False) == expected, why


def check_digit(nine: str) -> str:
    """Counted the long way: double every other digit, add the digits of what comes."""
    digits = "".join(str(int(sign) * (2 - place % 2)) for place, sign in enumerate(nine))
    return str(-sum(map(int, digits)) % 10)


@pytest.mark.parametrize("letter", "TRSUWXJKLMN")
def test_an_interim_number_has_a_letter_that_counts_as_one(letter: str) -> None:
    """Made from the oldest published number, whose bearer would be 136: no interim numbers are published."""
    last = check_digit("900101180")
    assert findings(f"900101-{letter}80{last}", practice=False) == PERSONNUMMER
    assert findings(f"18900101{letter.lower()}80{last}", practice=False) == PERSONNUMMER
    assert findings(f"900101-{letter}80{(int(last) + 1) % 10}", practice=False) == NOTHING


@pytest.mark.parametrize("letter", "ABDÅ")
def test_other_letters_make_no_interim_number(letter: str) -> None:
    assert findings(f"900101-{letter}80{check_digit('900101180')}", practice=False) == NOTHING


@pytest.mark.parametrize(
    ("six", "possible", "why"),
    [
        ("900100", False, "no day 00"),
        ("900132", False, "no day 32"),
        ("900431", False, "April has 30 days"),
        ("900229", False, "1990 is no leap year"),
        ("920229", True, "1992 is one"),
        ("901301", False, "no month 13"),
        ("900001", False, "month 00 is for coordination numbers"),
        ("900061", True, "which have it"),
        ("900059", False, "day 59 is nothing"),
        ("900160", True, "day 60 occurs"),
        ("900291", True, "31 February too, as a coordination number"),
        ("900192", False, "day 92 does not"),
        ("901361", False, "no month 13 for coordination numbers either"),
    ],
)
def test_the_date_must_be_one_that_can_be(six: str, possible: bool, why: str) -> None:
    last = check_digit(f"{six}238")
    assert findings(f"{six}-238{last}", practice=False) == (PERSONNUMMER if possible else NOTHING), why
    assert findings(f"{six}238{last}", practice=False) == (PERSONNUMMER if possible else NOTHING), why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("070-123 45 67", "a mobile number in the usual way"),
        ("0701234567", "in one piece"),
        ("070 123 45 67", "with blanks"),
        ("070-1234567", "with a hyphen only"),
        ("0701-23 45 67", "in the older way"),
        ("07 01 23 45 67", "in pairs"),
        ("070.123.45.67", "with points"),
        ("073–123 45 67", "with an en dash"),
        ("070\u00a0123\u00a045\u00a067", "with blanks that do not break"),
        ("\u202a070-123 45 67\u202c", "copied from a list of contacts, with unseen marks"),
        ("+46701234567", "international"),
        ("+46 70 123 45 67", "international with blanks"),
        ("+46 (0)70-123 45 67", "with a zero in brackets"),
        ("+46\u201170\u2011123\u201145\u201167", "with hyphens that do not break"),
        ("0046 70 123 45 67", "with two zeros"),
        ("0046701234567", "the same in one piece"),
        ("+4721234567", "Norwegian: relatives live there too"),
        ("08-123 456 78", "Stockholm"),
        ("08-12 34 56", "Stockholm, the shortest"),
        ("0812345678", "Stockholm in one piece"),
        ("(08) 123 456 78", "with brackets"),
        ("08/12 34 56", "with a slash, and it begins like a date"),
        ("031-12 34 56", "three digits for the area"),
        ("031123456", "the same in one piece"),
        ("0522-123 45", "four digits for the area"),
        ("010-123 45 67", "an authority"),
        ("ring 0701234567 nu", "in a sentence"),
        ("tel:0701234567", "after a word"),
        ("070-123 45 67 23/11", "before a date"),
        ("2026-11-23 070-123 45 67", "after a date"),
        ("08-11-2026, 08-123 456 78", "after a date that begins like it"),
    ],
)
def test_a_telephone_number_is_seen(text: str, why: str) -> None:
    assert findings(text, practice=False) == PHONE, why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("anna.b@exempel.se", "as usual"),
        ("skriv till åsa@räksmörgås.nu.", "with Swedish letters, in a sentence"),
        ("<x+y@post.exempel.se>", "in brackets"),
        ("A_B%c@EXEMPEL.SE", "in capitals"),
    ],
)
def test_an_address_is_seen(text: str, why: str) -> None:
    assert findings(text, practice=False) == EMAIL, why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Storgatan 12", "as usual"),
        ("bor på storgatan", "without its number, in a sentence"),
        ("Hamngatan 3 B", "with a stair"),
        ("Storgatan12b", "in one piece"),
        ("Lillvägen 14", "a way"),
        ("STORA TORGET 2", "in capitals"),
        ("Sto\u0308rva\u0308gen 3", "with marks of their own, as some keyboards send them"),
        ("Exempelbacken 7, lgh 1201", "with the flat"),
        ("Exempelplan nr 4", "with a word between"),
        ("Exempelg. 12", "shortened"),
        ("Exempelv. 3", "shortened"),
        ("123 45 Stockholm", "a postal code and its town"),
        ("12345 stockholm", "in one piece, in small letters"),
        ("SE-123 45 Farsta", "with the country"),
        ("114 14 Stockholm", "a postal code that is also the police"),
        ("Box 123", "a box"),
        ("c/o Exempel", "at somebody's"),
    ],
)
def test_a_street_address_is_seen(text: str, why: str) -> None:
    assert findings(text, practice=False) == ADDRESS, why


@pytest.mark.parametrize(
    "text", ["sista fyra 2384", "Sista 4: 2384", "sista fyra siffrorna är 2384", "sista fyra 2 3 8 4"]
)
def test_the_last_four_are_seen_where_they_are_named(text: str) -> None:
    assert findings(text, practice=False) == PERSONNUMMER


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "nothing"),
        ("idag", "a word"),
        ("2026-11-23", "the date of today"),
        ("20261123", "in one piece"),
        ("261123", "in six digits"),
        ("060121", "six digits that may be a date of birth, and are a date"),
        ("23/11-26", "the usual short form"),
        ("23/11–26", "with an en dash"),
        ("08-11-2026", "begins like a Stockholm number"),
        ("08/11-2026", "the same with a slash"),
        ("08/11–09/11", "days that begin like one"),
        ("08/11-2026-09/11-2026", "the same with years"),
        ("08112026", "the same in one piece"),
        ("01-11-2026 02-11-2026", "two dates"),
        ("08-11-23 14:30", "a short date with a time"),
        ("08-10 2026-11-23", "hours and a date"),
        ("09.30-11.00", "hours"),
        ("0800-1030", "hours in one piece, like an area code"),
        ("2026-11-24 1430", "the trap of law.md 3: a date with a time"),
        ("2026-11-23–2026", "the other: an interval of a date and a year"),
        ("2026-11-23 14.30", "a time with a point"),
        ("2026-11-23T14:30", "a time as machines write it"),
        ("20261123T143000", "the same in one piece"),
        ("2026-11-23 – 2026-11-30", "an interval with blanks"),
        ("20261123-20261130", "an interval in one piece"),
        ("23.11.2026 kl. 9.30", "with kl."),
        ("112", "the alarm"),
        ("114 14", "the police"),
        ("11414", "the police in one piece"),
        ("ring 112 eller 114 14, annars 1177", "all of them"),
        ("SoL (2025:400) 21 kap. 1 §, OSL 10:15 a", "law"),
        ("556036-0793", "an organisation's number: no month 60"),
        ("1234567890123456", "a longer number"),
        ("123189001019802", "a longer number that ends like a personal number"),
        ("900101-98024", "a longer number that begins like one"),
        ("K7M-4QX", "a case code, for real cases"),
        ("ÖK7-M4Q", "a practice code"),
        ("@", "an at sign"),
        ("@kanal", "a name in the chat"),
        ("anna@", "half an address"),
        ("3", "an answer"),
        ("vecka 45", "a week"),
        ("måndag v. 45", "shortened, like a street"),
        ("måndag. 12", "the end of a day's name is that of a street"),
        ("nov. 12", "and so is that of a month's"),
        ("Ring 114 14 och fråga", "the police, and no postal code"),
        ("Enskede-Årsta-Vantör", "a district"),
        ("på väg", "no street without its number"),
        ("/start k3gatanx7led4park2torg9z", "an invitation in which streets stand by chance"),
        ("x" * 4096, "a whole message"),
    ],
)
def test_what_is_no_identifier_passes(text: str, why: str) -> None:
    assert findings(text, practice=False) == NOTHING, why


FORMS = [
    "{0:%Y-%m-%d}", "{0:%Y%m%d}", "{0:%y%m%d}", "{0:%y-%m-%d}", "{0:%d/%m}", "{0:%d/%m-%y}", "{0:%d/%m–%y}",
    "{0:%d/%m/%y}", "{0:%d/%m-%Y}", "{0:%d/%m %Y}", "{0:%d.%m.%Y}", "{0:%d.%m.%y}", "{0:%d-%m-%Y}", "{0:%d%m%Y}",
    "{0:%d %m %Y}", "{0:%Y/%m/%d}", "{0:%Y.%m.%d}", "vecka {0:%V %G}", "{0:%Y-%m-%d %H%M}", "{0:%Y-%m-%d %H.%M}",
    "{0:%d/%m-%Y} kl. 09.30", "{0:%d/%m %Y}, 10.00-11.30", "{0:%Y-%m-%d}T{0:%H:%M:%S}",
    "{0:%Y-%m-%d}–{1:%Y-%m-%d}", "{0:%Y-%m-%d} - {1:%Y-%m-%d}", "{0:%Y-%m-%d} {1:%Y-%m-%d}", "{0:%Y-%m-%d}–{0:%Y}",
    "{0:%Y%m%d}-{1:%Y%m%d}", "{0:%Y%m%d} {1:%Y%m%d}", "{0:%d/%m}-{1:%d/%m}", "{0:%d/%m-%Y} - {1:%d/%m-%Y}",
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_no_date_is_taken_for_a_person(form: str) -> None:
    """Every day of two years, each at another minute and with an interval of another length."""
    for year in (2008, 2026):
        begins = datetime(year, 1, 1, tzinfo=UTC)
        for number in range(365):
            day = begins + timedelta(days=number, minutes=37 * number)
            text = form.format(day, day + timedelta(days=number % 45))
            assert findings(text, practice=True) == NOTHING, text


@given(day=st.dates(date(2000, 1, 1), date(2059, 12, 31)))
def test_no_date_that_we_write_is_taken_for_a_person(day: date) -> None:
    assert findings(f"{weekday_date(day)}; {long_date(day)}", practice=True) == NOTHING


@given(
    number=st.sampled_from(list(PUBLISHED)),
    way=st.sampled_from(list(written("189001019802"))),
    before=st.sampled_from(["", "Anna ", "född: ", "(", "2026-11-23, ", "ÖK7-M4Q "]),
    after=st.sampled_from(["", " idag", ").", ", 23/11", " 070-123 45 67", "\n"]),
)
def test_words_round_it_do_not_hide_a_personal_number(number: str, way: str, before: str, after: str) -> None:
    assert Finding.PERSONNUMMER in findings(before + written(number)[way] + after, practice=False)


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("6Q4-C53", REAL_CODE, "alone"),
        ("6q4c53", REAL_CODE, "in small letters, in one piece"),
        ("talade med HJ3-CNM igår", REAL_CODE, "in a sentence, without a single digit to spare"),
        ("6Q4-C54", NOTHING, "its check character is wrong"),
        ("Ö6Q-4CQ", NOTHING, "a practice code"),
        ("2026-11-23", NOTHING, "a date"),
    ],
)
def test_the_code_of_a_real_case_is_an_identifier_in_practice_only(
    text: str, expected: tuple[Finding, ...], why: str
) -> None:
    assert findings(text, practice=True) == expected, why
    assert findings(text, practice=False) == NOTHING, why


def test_each_kind_is_told_once_and_in_order() -> None:
    text = "6Q4-C53 6Q4-C53, Storgatan 12, anna@exempel.se, 070-123 45 67, 08-123 456 78, 200601212384, 060121-2384"
    assert findings(text, practice=True) == tuple(Finding)
    assert findings(text, practice=False) == tuple(Finding)[:-1]
    assert [str(kind) for kind in Finding] == ["personnummer", "phone", "email", "address", "real_code"]


@pytest.mark.parametrize(
    "text",
    [
        *("1 " * 2048, "0 " * 2048, "07" * 2048, "2006-01-21 " * 372, "a" * 4095 + "@", "a@" * 2048, "+46 (0" * 680),
        *("sista 4 " * 500, "123 45" * 600, "gatan" * 800),
    ],
    ids=lambda text: repr(text[:8]),
)
def test_no_message_keeps_the_guard_busy(text: str) -> None:
    """Telegram's longest message, of the worst kinds: a hundredth of a second on an idle machine."""
    assert min(repeat(lambda: findings(text, practice=True), number=1, repeat=3)) < 0.25


def test_a_usual_answer_costs_next_to_nothing() -> None:
    """Beside reading the update it came in, which nobody gets round: less than seven times that, however busy it is."""
    update = json.dumps(
        {
            "update_id": 1,
            "message": {
                "message_id": 5,
                "from": {"id": 7, "is_bot": False, "first_name": "A", "language_code": "sv"},
                "chat": {"id": 7, "type": "private", "first_name": "A"},
                "date": 1795442700,
                "text": "i måndags",
            },
        }
    )
    looks = reads = float("inf")
    for _ in range(20):  # in turns, so that a busy moment is both's
        looks = min(looks, timeit(lambda: findings("i måndags", practice=True), number=200))
        reads = min(reads, timeit(lambda: json.loads(update), number=200))
    assert looks < 7 * reads
