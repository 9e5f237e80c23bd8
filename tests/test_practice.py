"""The practice town: what stands in it on any day, as a newcomer meets it, and when it is left alone."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import bot.practice
from bot import terminal
from bot.desk import Desk
from bot.incoming import Pressed, Said
from bot.outgoing import press_data
from bot.phone import CHANNEL
from bot.practice import prepare
from dialogs.policy import Policy
from dialogs.records import AccessGiven
from dialogs.registry import DIALOGS
from dialogs.rules.workdays import is_a_working_day
from state.people import Person
from state.records import verify
from state.schema import records_schema
from state.screen import Screen
from state.store import WEB, Leaving, Store
from tests.office import KEY
from tests.talk import MONDAY, STOCKHOLM

ENVELOPES = jsonschema.Draft202012Validator(
    records_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)


@contextmanager
def a_store(path: Path | None = None) -> Iterator[Store]:
    with closing(Store(path, KEY)) as store:
        yield store


class Newcomer:
    """The coordinator of the practice town at a desk, on the web."""

    def __init__(self, store: Store, person: Person, now: datetime, policy: Policy | None = None) -> None:
        self.desk = Desk(store, DIALOGS, policy=policy or Policy(), practice=True, now=lambda: now)
        self.person = person
        self.numbers = count(1)

    def opens(self) -> Screen:
        """What they see first."""
        return self._screens(self.desk.opened(self.person))[-1]

    def says(self, text: str) -> Screen:
        """Type something; the screen that comes."""
        return self._does(Said(next(self.numbers), self.person.address, None, text))

    def presses(self, screen: Screen, value: str) -> Screen:
        """Press a button; the screen that comes."""
        button = next(button for button in screen.buttons if button.value == value)
        return self._does(Pressed(next(self.numbers), self.person.address, None, None, press_data(screen, button)))

    def _does(self, update: Said | Pressed) -> Screen:
        self.desk.take_in(WEB, [update])
        return self._screens(self.desk.work(WEB))[-1]

    @staticmethod
    def _screens(leaving: Sequence[Leaving]) -> list[Screen]:
        shown = [message.payload for message in leaving if message.payload["do"] == "show"]
        return [Screen.from_json(payload["screen"]) for payload in shown]


def days(first: date, number: int) -> list[date]:
    return [first + timedelta(days=ahead) for ahead in range(number)]


HARD_DAYS = [
    *days(date(2026, 12, 22), 18),  # Christmas, New Year, Epiphany; 1 January
    *days(date(2028, 2, 27), 5),  # 29 February
    *days(date(2027, 3, 25), 6),  # Easter, and the clocks go forward
    *days(date(2026, 6, 18), 5),  # midsummer
    *days(date(2026, 10, 24), 3),  # the clocks go back
    *days(date(2026, 11, 20), 4),  # over a weekend
    date(2027, 5, 31),
    date(2027, 8, 31),
    date(2096, 2, 29),
]


@pytest.mark.parametrize("day", HARD_DAYS, ids=str)
def test_the_town_is_there_on_any_day(day: date) -> None:
    now = datetime.combine(day, time(0, 5), STOCKHOLM)  # nothing of today may be over yet
    with a_store() as store:
        person = prepare(store, now)
        held = list(store.records())
        assert verify(held) == len(held) > 0
        for envelope in held:
            ENVELOPES.validate(envelope.as_json())
        said = [datetime.fromisoformat(envelope.recorded_at).astimezone(STOCKHOLM) for envelope in held]
        assert said == sorted(said)
        assert said[-1] < now
        assert all(is_a_working_day(at.date()) and time(8) <= at.time() <= time(17) for at in said)
        happened = [(one.record.happened_on, at.date()) for one, at in zip(held, said, strict=True)]
        assert all(on in (None, at) for on, at in happened), "each was said on the day it happened"
        cases = {envelope.record.case for envelope in held}
        assert len(cases) == 3
        assert all(code.startswith("Ö") for code in cases)
        assert {envelope.district for envelope in held} == {terminal.DISTRICT}
        newcomer = Newcomer(store, person, now)
        for code in cases:
            page = newcomer.says(f"/arende {code}").text
            assert "Nästa steg: " in page
            assert "har gått ut" not in page


def test_the_one_who_is_let_in_is_a_coordinator_on_the_web() -> None:
    with a_store() as store:
        person = prepare(store, MONDAY)
        assert (person.role, person.district, person.channel) == ("samordnare", terminal.DISTRICT, WEB)
        assert person.address == person.id
        assert person.label == "samordnare 1"
        assert store.person_at(WEB, person.id) == person
        assert [one.label for one in store.people()] == ["samordnare 1", "samordnare 2"]
        assert {envelope.author for envelope in store.records()} == {one.id for one in store.people()}


def test_the_first_thing_there_is_to_see_is_the_menu() -> None:
    with a_store() as store:
        person = prepare(store, MONDAY)
        assert store.drafts(person.id) == []
        assert store.unsent(WEB) == []
        assert store.waiting(WEB, 9) == []
        assert store.notes_shown(person.id) == []
        first = Newcomer(store, person, MONDAY).opens()
        assert {"/samtal", "/samtycke", "/hotbild", "/arende"} <= {button.value for button in first.buttons}


def test_the_dialogs_offer_the_cases_first() -> None:
    with a_store() as store:
        person = prepare(store, MONDAY)
        newcomer = Newcomer(store, person, MONDAY)
        cases = store.latest_cases(person.id, 9)
        assert len(cases) == 3
        for command in ("/samtal", "/samtycke", "/delning"):
            asked = newcomer.says(command)
            assert [button.value for button in asked.buttons[:3]] == cases, command


PAGES = [
    (
        "the threat, with a referral that waits",
        0,
        [
            "Hållna samtal: 1 av 3–5.",
            "Ålder: 18–20 år.",
            "Hot och säkerhet den 20 november 2026: kontakta BOPS hos polisen, samma dag.",
            "Nästa steg: fråga BOPS hos polisen om remissen. Svar väntas senast idag, 23 november 2026 kl. 16.30.",
        ],
    ),
    (
        "sixteen, and one guardian who has not been reached",
        1,
        [
            "Hållna samtal: 1 av 3–5.",
            "Samtal som inte blev av: 1.",
            (
                "Polisen – den unge: ja till och med 2027-05-18, vårdnadshavare 1: ja till och med 2027-05-18, "
                "vårdnadshavare 2: inte nådd."
            ),
            "BUP – den unge: nej, vårdnadshavare 1: vill fundera, vårdnadshavare 2: inte tillfrågad.",
            "Grupp: SIG unga.",
            "Ålder: 15–17 år.",
            "Fyller 18: juli 2028.",
            "Vårdnad: Två vårdnadshavare.",
            "Nästa steg: fråga vårdnadshavare 2 om polisen.",
        ],
    ),
    (
        "a young adult with three talks and a consent",
        2,
        [
            "Hållna samtal: 3 av 3–5.",
            "Senaste samtalet: 9 november 2026.",
            "Polisen – personen: ja till och med 2027-05-11.",
            "Grupp: SIG unga vuxna.",
            "Ålder: 21–29 år.",
            "Att göra: lämna kopia till personen.",
            "Nästa steg: fråga polisen hur de ser på saken.",
        ],
    ),
]


@pytest.mark.parametrize(("why", "place", "lines"), PAGES, ids=[why for why, _, _ in PAGES])
def test_the_page_of_each_case_shows_where_it_stands(why: str, place: int, lines: list[str]) -> None:
    with a_store() as store:
        person = prepare(store, MONDAY)
        newcomer = Newcomer(store, person, MONDAY)
        code = store.latest_cases(person.id, 3)[place]
        page = newcomer.says(f"/arende {code}")
        shown = page.text.splitlines()
        assert [line for line in lines if line not in shown] == [], why
        because = newcomer.presses(page, f"case-why:{code}").text
        assert "Sparat av dig den" in because
        assert "Sparat av en kollega den" in because


def test_the_talk_that_led_on_holds_an_assessment() -> None:
    with a_store() as store:
        person = prepare(store, MONDAY)
        talks = [one.record.payload() for one in store.records() if one.kind == "talk_held"]
        assert [talk["assessment"] for talk in talks if "assessment" in talk] == ["motivated"]
        assert [talk["held"] for talk in talks].count("missed") == 1
        assert store.saved_with(person.id, list(store.records())[-1].id), "the latest texts can be seen together"


def test_the_next_time_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "practice.db"
    with a_store(path) as store:
        person = prepare(store, MONDAY)
    with a_store(path) as store:
        before = everything(store)
        assert prepare(store, MONDAY + timedelta(days=40)) == person
        assert everything(store) == before


def test_who_was_invited_to_the_town_before_is_not_spoken_for() -> None:
    with a_store() as store:
        with store.transaction():
            guest = store.add_person(
                role="samordnare", district=terminal.DISTRICT, channel=WEB, address=None, now=MONDAY
            )
        person = prepare(store, MONDAY)
        assert guest.id not in {person.id, *(envelope.author for envelope in store.records())}
        assert prepare(store, MONDAY) == person


def test_cases_of_somebody_who_played_in_the_terminal_are_left_alone() -> None:
    with a_store() as store:
        desk = Desk(store, DIALOGS, policy=Policy(), practice=True, now=lambda: MONDAY)
        spoken: list[str] = []
        terminal.talk(desk, "/samtal", io.StringIO("Nytt ärende\nSIG unga\nJa\nSpara\n"), spoken.append)
        played = list(store.records())
        assert played, spoken
        person = prepare(store, MONDAY)
        assert list(store.records()) == played
        assert [one.id for one in store.people(WEB)] == [person.id]
        before = everything(store)
        assert prepare(store, MONDAY) == person
        assert everything(store) == before


def test_the_terminal_has_its_own_person_beside_the_town() -> None:
    with a_store() as store:
        person = prepare(store, MONDAY)
        desk = Desk(store, DIALOGS, policy=Policy(), practice=True, now=lambda: MONDAY)
        spoken: list[str] = []
        code = store.latest_cases(person.id, 1)[0]
        terminal.talk(desk, f"/arende {code}", io.StringIO(""), spoken.append)
        at_the_terminal = store.person_at(CHANNEL, terminal.ADDRESS)
        assert at_the_terminal is not None
        assert at_the_terminal.id != person.id
        assert not any(f"Ärende {code}" in line for line in spoken), "the district alone opens no case"
        with store.transaction():
            store.append(AccessGiven(case=code, person=at_the_terminal.id), person, MONDAY)
        next_day = Desk(store, DIALOGS, policy=Policy(), practice=True, now=lambda: MONDAY + timedelta(days=1))
        terminal.talk(next_day, f"/arende {code}", io.StringIO(""), spoken.append)
        assert any(f"Ärende {code}" in line for line in spoken), "let in, the case can be seen there too"


def test_a_deployment_with_other_numbers_has_the_same_town() -> None:
    policy = Policy(suggest_assessment_at=2, ask_assessment_at=9, exit_age_limit=21, exit_path_open=True)
    with a_store() as store:
        person = prepare(store, MONDAY)
        newcomer = Newcomer(store, person, MONDAY, policy)
        for code in store.latest_cases(person.id, 3):
            assert "Nästa steg: " in newcomer.says(f"/arende {code}").text


def test_where_a_dialog_has_changed_nothing_is_kept_and_it_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    without = [dialog for dialog in DIALOGS if dialog.id != "remiss"]
    monkeypatch.setattr(bot.practice, "DIALOGS", without)
    with a_store() as store:
        before = everything(store)
        with pytest.raises(LookupError, match=r"^/remiss Ö\S+: no button carries 'sent', only ") as told:
            prepare(store, MONDAY)
        assert "Det kommandot finns inte." in str(told.value)
        assert everything(store) == before


def everything(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    run = store._conn.execute
    tables = [row[0] for row in run("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
    return {table: run(f"SELECT * FROM {table}").fetchall() for table in tables}
