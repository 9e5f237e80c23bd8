"""Two people who press and type at random: nobody is stuck, nothing is counted twice, and nothing breaks.

Hypothesis chooses what they do and makes a failure as short as it can. A walk with a fixed seed shows that such people
get somewhere: without it, a bot that answers nothing would pass.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.desk import Pressed, Said, press_data
from bot.phone import CHANNEL, Phone
from dialogs import samtal
from dialogs.registry import KINDS
from dialogs.rules.talks import talks_held
from state.records import verify
from state.screen import Button, Screen
from state.session import CHANGE
from tests.office import Office, screen_of
from tests.sample_dialog import BESOK, VisitMade
from tests.talk import OURS, REAL

WORDS = [
    *("/samtal", "/besok", "/samtal", "/besok", "/hjalp", "/avbryt", "/start abc", "/vad"),
    *("ja", "nej", "klar", "spara", "ändra", "tillbaka", "avbryt", "fortsätt", "börja om", "nytt ärende", "idag"),
    *("igår", "20/11", "31/11", "imorgon", "2020-01-01", "45", "200", "9999", OURS, REAL, "20100101-2382"),
    *("", "  ", "Jag träffade en ung person", "x" * 300, "<b>&amp;", "ÅÄÖ 🙂"),
]
KEPT = ("talk_held", "visit_made")


class _Faults(logging.Handler):
    """Remembers every update that failed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.__dict__.get("event") == "UpdateFailed":
            self.seen.append({name: record.__dict__[name] for name in ("fault", "where")})


class World:
    """An office with two dialogs and two people, what they can do, and what must hold whatever they do."""

    def __init__(self) -> None:
        KINDS[VisitMade.kind] = VisitMade
        self.office = Office((samtal.DIALOG, BESOK))
        self.people = [self.office.joins(), self.office.joins("ersattare")]
        for phone in self.people:
            phone.says("/hjalp")
        self.faults = _Faults()
        logging.getLogger("lots.desk").addHandler(self.faults)
        self.saved = 0
        self.seen: Counter[str] = Counter()

    def ends(self) -> None:
        logging.getLogger("lots.desk").removeHandler(self.faults)
        self.office.store.close()
        del KINDS[VisitMade.kind]

    # what they do

    def came(self, phone: Phone, screens: list[Screen]) -> None:
        """What an action gave its person: one that saved says how many there are now."""
        assert screens, "every update gets an answer"
        for screen in screens:
            self.seen[screen.typed] += 1
            notes = [button for button in screen.buttons if button.value.startswith("note:")]
            if not notes:
                continue
            self.saved += 1
            held = self.office.store.record(notes[0].value.removeprefix("note:"))
            assert held is not None
            if held.kind == "talk_held":
                count = len(talks_held(self.office.store.entries(held.record.case)))
                said = re.search(r"amtal: (\d+)|Samtal (\d+)", screen.text)
                assert said is not None
                assert int(said[1] or said[2]) == count

    def presses(self, who: int, which: int) -> None:
        phone = self.people[who]
        buttons = [(n, screen, b) for n, screen in sorted(phone.shown.items()) for b in screen.buttons]
        self._press(phone, buttons[which % len(buttons)])

    def answers_the_question(self, who: int) -> None:
        """The likeliest button, or what one would type; a list that has something chosen is ended."""
        phone = self.people[who]
        screen = screen_of(phone)
        if screen.typed == "number":
            self.types(who, "45")
        elif screen.typed == "three_state" or (screen.typed == "several" and "☑" in screen.buttons[0].label):
            self.types(who, "klar")
        else:
            self._press(phone, (max(phone.shown), screen, screen.buttons[0]))

    def changes_an_answer(self, who: int, which: int) -> None:
        """At a read-back: Ändra, and one of the answers."""
        phone = self.people[who]
        for change in [button for button in screen_of(phone).buttons if button.value == CHANGE]:
            self._press(phone, (max(phone.shown), screen_of(phone), change))
            screen = screen_of(phone)
            self._press(phone, (max(phone.shown), screen, screen.buttons[which % len(screen.buttons)]))

    def presses_what_is_gone(self, who: int, which: int) -> None:
        phone = self.people[who]
        gone = [(n, screen, b) for n, screen in phone.seen if phone.shown.get(n) is not screen for b in screen.buttons]
        if gone:
            self._press(phone, gone[which % len(gone)])

    def presses_what_is_anothers(self, who: int, which: int) -> None:
        others = [(n, screen, b) for n, screen in self.people[1 - who].seen for b in screen.buttons]
        self._press(self.people[who], others[which % len(others)])

    def _press(self, phone: Phone, button: tuple[int, Screen, Button]) -> None:
        message, screen, pressed = button
        data = press_data(screen, pressed)
        update = Pressed(self.office.number(), phone.address, message, f"q{self.office.number()}", data)
        self.came(phone, self.office.at_once(update)[phone.address])

    def taps_twice(self, who: int) -> None:
        phone = self.people[who]
        screen = screen_of(phone)
        for button in screen.buttons[:1]:
            taps = [
                Pressed(self.office.number(), phone.address, max(phone.shown), f"q{n}", press_data(screen, button))
                for n in range(2)
            ]
            self.came(phone, self.office.at_once(*taps)[phone.address])

    def types(self, who: int, words: str) -> None:
        phone = self.people[who]
        self.came(phone, phone.says(words))

    def sends(self, who: int, kind: str) -> None:
        phone = self.people[who]
        self.came(phone, phone.sends(kind))

    def both_at_once(self, words: tuple[str, str]) -> None:
        said = [
            Said(self.office.number(), phone.address, self.office.number(), text)
            for phone, text in zip(self.people, words, strict=True)
        ]
        came = self.office.at_once(*said)
        for phone in self.people:
            self.came(phone, came[phone.address])

    def dies_before_it_answers(self, who: int, words: str) -> None:
        phone = self.people[who]
        self.office.desk.take_in(CHANNEL, [Said(self.office.number(), phone.address, self.office.number(), words)])
        self.office.restarts()
        self.came(phone, phone.receives())

    def time_passes(self, minutes: int) -> None:
        self.office.passes(minutes=minutes)
        self.office.desk.sweep()

    # what must hold

    def holds(self) -> None:
        store = self.office.store
        assert self.faults.seen == []
        records = list(store.records())
        assert verify(records) == len(records)
        assert len([held for held in records if held.kind in KEPT]) == self.saved
        opened = [held.record.case for held in records if held.kind == "case_opened"]
        assert len(set(opened)) == len(opened) == len({held.record.case for held in records})
        for phone in self.people:
            screen = screen_of(phone)
            assert screen.buttons or screen.typed != "nothing", "nobody is left with nothing to do"
            assert len({button.value for button in screen.buttons}) == len(screen.buttons)
        active = self.office.rows("SELECT person, count(*) FROM session WHERE status = 'active' GROUP BY person")
        assert all(sessions == 1 for _person, sessions in active)
        drafts = self.office.rows("SELECT person, dialog, count(*) FROM session GROUP BY person, dialog")
        assert all(sessions == 1 for _person, _dialog, sessions in drafts)
        for table in ("inbox", "outbox"):
            assert self.office.rows(f"SELECT count(*) FROM {table} WHERE payload IS NOT NULL") == [(0,)]


whos = st.integers(0, 1)
whiches = st.integers(0, 200)


class RandomUsers(RuleBasedStateMachine):
    """Hypothesis at the two phones."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    def teardown(self) -> None:
        self.world.ends()

    @rule(who=whos, which=whiches)
    def presses(self, who: int, which: int) -> None:
        self.world.presses(who, which)

    @rule(who=whos)
    def answers_the_question(self, who: int) -> None:
        self.world.answers_the_question(who)

    @rule(who=whos, which=whiches)
    def changes_an_answer(self, who: int, which: int) -> None:
        self.world.changes_an_answer(who, which)

    @rule(who=whos, which=whiches)
    def presses_what_is_gone(self, who: int, which: int) -> None:
        self.world.presses_what_is_gone(who, which)

    @rule(who=whos, which=whiches)
    def presses_what_is_anothers(self, who: int, which: int) -> None:
        self.world.presses_what_is_anothers(who, which)

    @rule(who=whos)
    def taps_twice(self, who: int) -> None:
        self.world.taps_twice(who)

    @rule(who=whos, words=st.sampled_from(WORDS) | st.text(max_size=12))
    def types(self, who: int, words: str) -> None:
        self.world.types(who, words)

    @rule(who=whos, kind=st.sampled_from(["photo", "voice", "edited", "sticker"]))
    def sends(self, who: int, kind: str) -> None:
        self.world.sends(who, kind)

    @rule(words=st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)))
    def both_at_once(self, words: tuple[str, str]) -> None:
        self.world.both_at_once(words)

    @rule()
    def restarts(self) -> None:
        self.world.office.restarts()

    @rule(who=whos, words=st.sampled_from(WORDS))
    def dies_before_it_answers(self, who: int, words: str) -> None:
        self.world.dies_before_it_answers(who, words)

    @rule(minutes=st.sampled_from([1, 30, 600, 1440, 1441, 40 * 1440]))
    def time_passes(self, minutes: int) -> None:
        self.world.time_passes(minutes)

    @invariant()
    def holds(self) -> None:
        self.world.holds()


TestRandomUsers = RandomUsers.TestCase
TestRandomUsers.settings = settings(max_examples=40, stateful_step_count=50, deadline=None)


def test_people_who_press_at_random_get_somewhere() -> None:
    chance = Random(7)
    world = World()
    acts: dict[Callable[[int], None], int] = {
        world.answers_the_question: 50,
        lambda who: world.changes_an_answer(who, chance.randrange(200)): 20,
        lambda who: world.presses(who, chance.randrange(200)): 20,
        lambda who: world.presses_what_is_gone(who, chance.randrange(200)): 8,
        lambda who: world.presses_what_is_anothers(who, chance.randrange(200)): 4,
        world.taps_twice: 4,
        lambda who: world.types(who, chance.choice(WORDS)): 16,
        lambda who: world.sends(who, "photo"): 2,
        lambda who: world.office.restarts(): 2,
        lambda who: world.dies_before_it_answers(who, chance.choice(WORDS)): 2,
        lambda who: world.time_passes(chance.choice([1, 600, 1441])): 2,
    }
    try:
        for step, act in enumerate(chance.choices(list(acts), list(acts.values()), k=2000)):
            act(chance.randrange(2))
            if step % 20 == 0:
                world.holds()
        world.holds()
        kept = Counter(record["kind"] for record in world.office.kept())
        assert min(kept["talk_held"], kept["visit_made"]) >= 10, "much of it was saved"
        met = set(world.seen)
        assert met == {"choice", "code", "several", "three_state", "date", "number", "nothing"}, "all kinds were met"
    finally:
        world.ends()
