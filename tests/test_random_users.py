"""Three people who press and type at random: nobody is stuck, nothing is counted twice, and nothing breaks.

Hypothesis chooses what they do and makes a failure as short as it can. A walk with a fixed seed shows that such people
get somewhere: without it, a bot that answers nothing would pass.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.incoming import Pressed, Said
from bot.outgoing import press_data
from bot.phone import CHANNEL, Phone
from dialogs.answers import DONE
from dialogs.arende import page
from dialogs.case_code import ALPHABET
from dialogs.case_facts import FACTS
from dialogs.records import AccessEnded, CaseFact, Corrected, TalkHeld
from dialogs.registry import DIALOGS, KINDS
from dialogs.rules.cases import the_fact_that_stands
from dialogs.rules.talks import talks_held
from state.records import Envelope, verify
from state.screen import Button, Screen
from state.session import CHANGE
from tests.office import Office, screen_of
from tests.sample_dialog import BESOK, VisitMade
from tests.talk import OURS, REAL

pytestmark = pytest.mark.exhaustive

CASE_COMMANDS = (
    *("/samtal", "/besok", "/besok", "/besok", "/ratta", "/arende", "/uppgifter", "/stangning", ""),
    *(
        "/samtycke",
        "/samtycke",
        "/aterkalla",
        "/delning",
        "/hotbild",
        "/kopia",
        "/remiss",
        "/remiss",
        "/remiss",
        "/remiss",
        "/kollega",
    ),
)
"""Each takes the code of a case behind it; the last is the code alone."""
WORDS = [
    *("/samtal", "/besok", "/ratta", "/arende", "/uppgifter", "/stangning", "/hjalp", "/avbryt", "/sprak", "/dolj"),
    *("/start abc", "/vad", "mars 2029", "2029-03", "2029-03-14", "vet inte", "ett annat ärende", "farsta", "english"),
    *("ja", "nej", "klar", "spara", "ändra", "tillbaka", "avbryt", "fortsätt", "börja om", "nytt ärende", "idag"),
    *("igår", "20/11", "31/11", "imorgon", "2020-01-01", "45", "200", "9999", OURS, REAL, "20100101-2382"),
    *("", "  ", "Jag träffade en ung person", "x" * 300, "<b>&amp;", "ÅÄÖ 🙂"),
]
KEPT = (
    *("talk_held", "visit_made", "corrected", "case_closed", "case_reopened", "disclosure_made"),
    *("consent_asked", "consent_withdrawn", "consent_corrected", "copy_settled"),
    *("threat_triaged", "staff_threat", "referral_sent", "referral_answered", "handover_told", "exit_prerequisites"),
)
"""The kinds that come one at a time, each with its note."""
RARE = (
    *("transferred", "received", "declined", "decline_settled", "correction_notice"),
    *("consent_corrected", "copy_settled"),
    *("staff_threat", "exit_prerequisites"),
)
"""The kinds that need something rare first: a transfer, a consent to correct, a copy that is owed, staff in danger."""
CODE = re.compile(f"Ö[{ALPHABET}]{{2}}-[{ALPHABET}]{{3}}")


class _Faults(logging.Handler):
    """Remembers every update that failed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.__dict__.get("event") == "UpdateFailed":
            self.seen.append({name: record.__dict__[name] for name in ("fault", "where")})


class World:
    """An office with every dialog and three people, what they can do, and what must hold whatever they do.

    Two are of one district and one of another.
    """

    def __init__(self) -> None:
        KINDS[VisitMade.kind] = VisitMade
        self.office = Office((*DIALOGS, BESOK))
        self.people = [self.office.joins(), self.office.joins("ersattare"), self.office.joins(district="Järva")]
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
            self.is_theirs_to_see(phone, screen)
            notes = [button for button in screen.buttons if button.value.startswith("note:")]
            if (
                not notes
                or "är inget ärende" in screen.text
                or any(b.value == "done" or b.value.startswith("case:") for b in screen.buttons)
            ):
                continue
            self.saved += 1
            held = self.office.store.record(notes[0].value.removeprefix("note:"))
            assert held is not None
            if held.kind in ("talk_held", "corrected") and self.office.person(phone).language == "sv":
                count = len(talks_held(self.office.store.entries(held.record.case)))
                said = re.search(r"amtal: (\d+)|Samtal (\d+)", screen.text)
                assert said is not None
                assert int(said[1] or said[2]) == count

    def is_theirs_to_see(self, phone: Phone, screen: Screen) -> None:
        """No code of a case that is another district's, or that they were never let into."""
        shown = set(CODE.findall(screen.text + " ".join(f"{b.label} {b.value}" for b in screen.buttons)))
        if shown:
            districts = self.districts()
            district = self.office.person(phone).district
            assert all(district in districts.get(code, {district}) for code in shown), (district, screen)
            me = self.office.person(phone).id
            let_in = {
                held.record.case
                for held in self.office.store.records()
                if held.author == me or me in (held.record.payload().get("person"), held.record.payload().get("value"))
            }
            assert all(code in let_in for code in shown if code in districts), (me, screen)

    def districts(self) -> dict[str, set[str]]:
        """Every district that a case has been in, by its code."""
        been: dict[str, set[str]] = {}
        for held in self.office.store.records():
            been.setdefault(held.record.case, {held.district})
            if isinstance(held.record, CaseFact) and held.record.fact == "district":
                been[held.record.case].add(held.record.value)
        return been

    def presses(self, who: int, which: int) -> None:
        phone = self.people[who]
        buttons = [(n, screen, b) for n, screen in sorted(phone.shown.items()) for b in screen.buttons]
        self._press(phone, buttons[which % len(buttons)])

    def answers_the_question(self, who: int) -> None:
        """The likeliest button, or what one would type; a list that has something chosen is ended."""
        phone = self.people[who]
        screen = screen_of(phone)
        if screen.typed in LIKELY:
            self.types(who, LIKELY[screen.typed])
        elif screen.typed == "three_state" or (screen.typed == "several" and "☑" in screen.buttons[0].label):
            self._press(phone, (max(phone.shown), screen, next(b for b in screen.buttons if b.value == DONE)))
        else:
            self._press(phone, (max(phone.shown), screen, screen.buttons[0]))

    def commands(self, who: int, which: int, command: str) -> None:
        """A command with a case behind it, or the code alone: every fourth anybody's, the others one's own."""
        cases = sorted({held.record.case for held in self.office.store.records()}) or [OURS]
        person = self.office.person(self.people[who])
        mine = [case for case in cases if which % 4 and self.office.desk.may_see(person, case)]
        cases = mine or cases
        self.types(who, f"{command} {cases[which % len(cases)]}".strip())

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
        others = [(n, screen, b) for n, screen in self.people[who - 1].seen for b in screen.buttons]
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
            for phone, text in zip(self.people, words, strict=False)
        ]
        came = self.office.at_once(*said)
        for phone in self.people[: len(words)]:
            self.came(phone, came[phone.address])

    def dies_before_it_answers(self, who: int, words: str) -> None:
        phone = self.people[who]
        self.office.desk.take_in(CHANNEL, [Said(self.office.number(), phone.address, self.office.number(), words)])
        self.office.restarts()
        self.came(phone, phone.receives())

    def time_passes(self, minutes: int) -> None:
        self.office.passes(minutes=minutes)
        leaving = self.office.desk.sweep(CHANNEL)
        for phone in self.people:
            for screen in phone.gets(leaving):
                self.is_theirs_to_see(phone, screen)

    # what must hold

    def holds(self) -> None:
        store = self.office.store
        assert self.faults.seen == []
        records = list(store.records())
        assert verify(records) == len(records)
        assert len([held for held in records if held.kind in KEPT]) == self.saved
        opened = [held.record.case for held in records if held.kind == "case_opened"]
        assert len(set(opened)) == len(opened) == len({held.record.case for held in records if not held.record.apart})
        for phone in self.people:
            screen = screen_of(phone)
            assert screen.buttons or screen.typed != "nothing", "nobody is left with nothing to do"
            assert len({button.value for button in screen.buttons}) == len(screen.buttons)
        active = self.office.rows("SELECT person, count(*) FROM session WHERE status = 'active' GROUP BY person")
        assert all(sessions == 1 for _person, sessions in active)
        drafts = self.office.rows("SELECT count(*) FROM session GROUP BY person, dialog, case_code")
        assert all(sessions == 1 for (sessions,) in drafts), "one per person, case and dialog"
        for table in ("inbox", "outbox"):
            assert self.office.rows(f"SELECT count(*) FROM {table} WHERE payload IS NOT NULL") == [(0,)]

    def every_view_is_what_the_records_say(self) -> None:
        """Counted again by hand, from the records alone; then the page against the same."""
        by_case: dict[str, list[Envelope]] = {}
        for held in self.office.store.records():
            by_case.setdefault(held.record.case, []).append(held)
        desk, now = self.office.desk, self.office.now
        for phone in self.people:
            world = desk.world(self.office.person(phone), now)
            afresh = replace(world, entries=by_case.__getitem__)
            for case, entries in by_case.items():
                facts = {e.record.fact: e.record.value for e in entries if isinstance(e.record, CaseFact)}
                ours = facts.get("district", entries[0].district) == world.district
                assert world.may_see(case) == (ours and is_in(entries, world.person))
                assert world.is_closed(case) == is_closed(entries)
                if not world.may_see(case):
                    assert world.entries(case) == ()
                    assert case not in world.cases
                    continue
                stands = {fact: the_fact_that_stands(world.entries(case), fact) for fact in FACTS}
                assert {fact: found.value for fact, found in stands.items() if found} == facts
                assert len(talks_held(world.entries(case))) == held_talks(entries)
                assert page(case, (), world) == page(case, (), afresh)


LIKELY = {"number": "45", "month": "2029-03"}
"""What one would type where there is nothing to press."""


def is_in(entries: Sequence[Envelope], person: str) -> bool:
    """By hand, backwards: what was said of them last, or written by them since."""
    for entry in reversed(entries):
        about = entry.record.payload()
        if isinstance(entry.record, AccessEnded) and entry.record.person == person:
            return False
        named = isinstance(entry.record, CaseFact) and "coordinator" in entry.record.fact and about["value"] == person
        if named or about.get("person") == person or (entry.author == person and not entry.record.bookkeeping):
            return not entry.record.apart
    return False


def is_closed(entries: Sequence[Envelope]) -> bool:
    """By counting: opened again as often as closed, since neither can be done twice in a row."""
    closed, again = (sum(e.kind == kind for e in entries) for kind in ("case_closed", "case_reopened"))
    assert closed - again in (0, 1)
    return closed > again


def held_talks(entries: Sequence[Envelope]) -> int:
    """By hand: each talk with the corrections that nothing has taken back, to any depth."""
    corrections = [(e.id, e.record) for e in entries if isinstance(e.record, Corrected)]

    def in_force(id_: str) -> bool:
        return not any(c.change == "undo" and c.corrects == id_ and in_force(by) for by, c in corrections)

    count = 0
    for entry in entries:
        if isinstance(entry.record, TalkHeld):
            live = [c for by, c in corrections if c.corrects == entry.id and in_force(by)]
            held = [entry.record.held, *(c.held for c in live if c.change == "held")][-1]
            count += held == "yes" and all(c.change != "taken_away" for c in live)
    return count


whos = st.integers(0, 2)
whiches = st.integers(0, 200)


class RandomUsers(RuleBasedStateMachine):
    """Hypothesis at the three phones."""

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

    @rule(who=whos, which=whiches, command=st.sampled_from(CASE_COMMANDS))
    def commands(self, who: int, which: int, command: str) -> None:
        self.world.commands(who, which, command)

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

    @rule(minutes=st.sampled_from([1, 30, 600, 1440, 1441, 7 * 1440, 200 * 1440]))
    def time_passes(self, minutes: int) -> None:
        self.world.time_passes(minutes)

    @invariant()
    def holds(self) -> None:
        self.world.holds()
        self.world.every_view_is_what_the_records_say()


TestRandomUsers = RandomUsers.TestCase
TestRandomUsers.settings = settings(max_examples=30, stateful_step_count=50, deadline=None)


def test_people_who_press_at_random_get_somewhere() -> None:
    chance = Random(7)
    world = World()
    acts: dict[Callable[[int], None], int] = {
        world.answers_the_question: 90,
        lambda who: world.changes_an_answer(who, chance.randrange(200)): 20,
        lambda who: world.presses(who, chance.randrange(200)): 20,
        lambda who: world.presses_what_is_gone(who, chance.randrange(200)): 8,
        lambda who: world.presses_what_is_anothers(who, chance.randrange(200)): 4,
        world.taps_twice: 4,
        lambda who: world.types(who, chance.choice(WORDS)): 16,
        lambda who: world.commands(who, chance.randrange(200), chance.choice(CASE_COMMANDS)): 14,
        lambda who: world.sends(who, "photo"): 2,
        lambda who: world.office.restarts(): 2,
        lambda who: world.dies_before_it_answers(who, chance.choice(WORDS)): 2,
        lambda who: world.time_passes(chance.choice([1, 600, 1441, 7 * 1440])): 1,
    }
    try:
        for step, act in enumerate(chance.choices(list(acts), list(acts.values()), k=2400)):
            act(chance.randrange(3))
            if step % 20 == 0:
                world.holds()
                world.every_view_is_what_the_records_say()
        world.holds()
        world.every_view_is_what_the_records_say()
        kept = Counter(record["kind"] for record in world.office.kept())
        assert sum(kept[kind] for kind in KEPT) >= 50, "much of it was saved"
        assert min(kept["talk_held"], kept["visit_made"]) >= 3, "and of the simple ones some"
        assert [kind for kind in KINDS if kind not in RARE and not kept[kind]] == [], "of every other kind"
        met = set(world.seen)
        assert met == {"choice", "code", "several", "three_state", "date", "number", "month", "nothing"}, (
            "all kinds were met"
        )
    finally:
        world.ends()
