"""Corrections leave a trace (MOT-4): what stands after any chain of them, and how /ratta writes one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs import ratta
from dialogs.lint import LONGEST_LABEL
from dialogs.policy import Policy
from dialogs.records import Corrected, Record, TalkHeld
from dialogs.rules.talks import (
    a_talk_is_already_recorded_that_day,
    corrections_that_stand,
    talks_as_they_stand,
    talks_held,
)
from dialogs.texts import say
from state.session import BACK, CHANGE, SAVE
from tests.talk import MONDAY, OURS, REAL, Kept, Talk, a_world

TODAY = MONDAY.date()
FIRST, SECOND, THIRD = date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)

Change = Literal["taken_away", "day", "held", "mode", "held_by", "assessment", "undo"]
Step = tuple[str, int, str]
"""What is written: ("talk", 0, day), or a change, the number of the record it is about, and what is right."""


def id_of(number: int) -> str:
    return f"{number:08x}-0000-7000-8000-000000000000"


def a_record(what: str, about: int, value: str) -> Record:
    if what == "talk":
        return TalkHeld.from_payload(
            {"case": OURS, "held": "yes", "occurred_on": value, "mode": "meeting", "held_by": "self"}
        )
    payload = {
        "case": OURS,
        "corrects": id_of(about),
        "change": what,
        "reason": "mistyped",
        "talk_on": FIRST.isoformat(),
    }
    fields = {"day": "occurred_on"} | {same: same for same in ("held", "mode", "held_by", "assessment")}
    return Corrected.from_payload(payload | ({fields[what]: value} if what in fields else {}))


def written(*steps: Step) -> list[Kept]:
    """The records of a case, numbered from 1."""
    return [Kept(a_record(*step), id=id_of(number)) for number, step in enumerate(steps, 1)]


def in_words(*parts: str | None) -> str:
    """What is known of a talk; what is empty is left out."""
    return " ".join(part for part in parts if part)


def stand(entries: Sequence[Kept]) -> list[str]:
    """The talks as they stand, each in a few words."""
    return [
        in_words(f"{said.occurred_on:%d}", said.held, said.mode, said.held_by, said.assessment)
        for said in (talk.record for talk in talks_as_they_stand(entries))
    ]


# ── chains of corrections ────────────────────────────────────────────────────────────────────────────────────

A, B = ("talk", 0, "2026-11-02"), ("talk", 0, "2026-11-09")
AS_WRITTEN, OTHER = "02 yes meeting self", "09 yes meeting self"


@pytest.mark.parametrize(
    ("steps", "talks", "counts", "why"),
    [
        ([], [], 0, "nothing written"),
        ([A, B], [AS_WRITTEN, OTHER], 2, "nothing corrected"),
        ([A, ("day", 1, "2026-11-03")], ["03 yes meeting self"], 1, "the day"),
        ([A, ("held", 1, "missed")], ["02 missed"], 0, "MOT-5: what was not held does not count"),
        ([A, ("mode", 1, "video")], ["02 yes video self"], 1, "how"),
        ([A, ("held_by", 1, "both")], ["02 yes meeting both"], 1, "who"),
        ([A, B, ("taken_away", 1, "")], [OTHER], 1, "one that is taken away is gone, the other is left"),
        (
            [A, ("day", 1, "2026-11-03"), ("mode", 1, "video")],
            ["03 yes video self"],
            1,
            "two corrections of one talk, of different things",
        ),
        (
            [A, ("day", 1, "2026-11-03"), ("day", 1, "2026-11-04")],
            ["04 yes meeting self"],
            1,
            "two of the same thing: the latest stands",
        ),
        (
            [A, ("day", 1, "2026-11-03"), ("day", 1, "2026-11-04"), ("undo", 3, "")],
            ["03 yes meeting self"],
            1,
            "the latest taken back: the one before stands again",
        ),
        (
            [A, ("day", 1, "2026-11-03"), ("day", 1, "2026-11-04"), ("undo", 2, "")],
            ["04 yes meeting self"],
            1,
            "the earlier taken back: the latest stands all the same",
        ),
        ([A, ("mode", 1, "video"), ("undo", 2, "")], [AS_WRITTEN], 1, "a correction of a correction"),
        (
            [A, ("mode", 1, "video"), ("undo", 2, ""), ("undo", 3, "")],
            ["02 yes video self"],
            1,
            "the taking back is taken back: the correction stands",
        ),
        (
            [A, ("mode", 1, "video"), ("undo", 2, ""), ("undo", 3, ""), ("undo", 4, "")],
            [AS_WRITTEN],
            1,
            "and once more",
        ),
        (
            [A, ("mode", 1, "video"), ("undo", 2, ""), ("undo", 2, ""), ("undo", 3, "")],
            [AS_WRITTEN],
            1,
            "taken back twice: one of them is enough",
        ),
        ([A, ("taken_away", 1, ""), ("undo", 2, "")], [AS_WRITTEN], 1, "taken away, and restored"),
        (
            [A, ("mode", 1, "video"), ("taken_away", 1, ""), ("undo", 3, "")],
            ["02 yes video self"],
            1,
            "restored as it stood, with its earlier correction",
        ),
        (
            [A, ("taken_away", 1, ""), ("undo", 2, ""), ("undo", 3, "")],
            [],
            0,
            "taken away, restored, and that taken back",
        ),
        (
            [A, ("taken_away", 1, ""), ("day", 1, "2026-11-03")],
            [],
            0,
            "a correction written before one saw that it was taken away restores nothing",
        ),
        (
            [A, ("held", 1, "cancelled"), ("held", 1, "yes")],
            ["02 yes"],
            1,
            "held after all: how and by whom went with the first correction, and are not guessed",
        ),
        (
            [A, ("assessment", 1, "motivated"), ("held", 1, "missed")],
            ["02 missed"],
            0,
            "MOT-5: nothing is assessed at a talk that was not held",
        ),
        (
            [A, ("assessment", 1, "motivated"), ("held", 1, "missed"), ("undo", 3, "")],
            ["02 yes meeting self motivated"],
            1,
            "that taken back: all of it stands again",
        ),
        (
            [A, ("held", 1, "missed"), ("held", 1, "yes"), ("mode", 1, "video"), ("undo", 3, "")],
            ["02 missed"],
            0,
            "a correction of how has nothing to say when the talk is not held",
        ),
        (
            [A, ("assessment", 1, "motivated"), ("assessment", 1, "none")],
            [AS_WRITTEN],
            1,
            "the assessment was none",
        ),
        ([A, B, ("day", 2, "2026-11-02")], [AS_WRITTEN, AS_WRITTEN], 2, "two on a day are two"),
    ],
)
def test_mot_4_what_stands_after_a_chain(steps: list[Step], talks: list[str], counts: int, why: str) -> None:
    entries = written(*steps)
    assert stand(entries) == talks, why
    assert len(talks_held(entries)) == counts, why


def test_mot_4_the_first_record_and_every_correction_are_still_there_and_named() -> None:
    entries = written(A, ("day", 1, "2026-11-03"), ("mode", 1, "video"), ("undo", 2, ""))
    (talk,) = talks_as_they_stand(entries)
    assert talk.entry == entries[0]
    assert talk.entry.record == a_record(*A), "it stays as it was written"
    assert talk.corrected_by == (entries[2],), "only what made it so"
    assert corrections_that_stand(entries) == (entries[2], entries[3])


def test_mot_4_a_second_talk_that_day_is_seen_by_the_day_that_is_right() -> None:
    entries = written(A, ("day", 1, "2026-11-09"))
    assert a_talk_is_already_recorded_that_day(entries, SECOND)
    assert not a_talk_is_already_recorded_that_day(entries, FIRST)
    assert not a_talk_is_already_recorded_that_day([*entries, *written(A, A, ("taken_away", 1, ""))[2:]], SECOND)


# ── any sequence at all, against a model that does it the slow way ───────────────────────────────────────────

SOME: dict[str, list[str]] = {
    "talk": [day.isoformat() for day in (FIRST, SECOND, THIRD)],
    "day": ["2026-10-05", "2026-10-06"],
    "held": ["yes", "missed", "cancelled"],
    "mode": ["meeting", "telephone", "video"],
    "held_by": ["self", "colleague", "both"],
    "assessment": ["continue", "motivated", "not_motivated", "none"],
    "taken_away": [""],
    "undo": [""],
}


def as_written(chosen: list[tuple[str, int, int]]) -> list[Step]:
    """Steps that point at what is there: a change at a talk, a taking back at a correction; others are left out."""
    steps: list[Step] = []
    for what, about, value in chosen:
        aims = [n for n, step in enumerate(steps, 1) if (step[0] != "talk") == (what == "undo")]
        if what == "talk":
            steps.append((what, 0, SOME[what][value % len(SOME[what])]))
        elif aims:
            steps.append((what, aims[about % len(aims)], SOME[what][value % len(SOME[what])]))
    return steps


class Ledger:
    """The slow way: what is in force is changed as each record is written, and the talks are read off it."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        self.in_force: dict[int, bool] = {}
        for number, (what, about, _value) in enumerate(steps, 1):
            if what != "talk":
                self.in_force[number] = True
            if what == "undo":
                self.ends(about)

    def ends(self, number: int) -> None:
        if self.in_force[number]:
            self.in_force[number] = False
            what, about, _value = self.steps[number - 1]
            if what == "undo" and not self.is_taken_back(about):
                self.begins_again(about)

    def begins_again(self, number: int) -> None:
        self.in_force[number] = True
        what, about, _value = self.steps[number - 1]
        if what == "undo":
            self.ends(about)

    def is_taken_back(self, number: int) -> bool:
        return any(
            what == "undo" and about == number and self.in_force.get(n)
            for n, (what, about, _value) in enumerate(self.steps, 1)
        )

    def talks(self) -> list[str]:
        lines = []
        for number, (what, _about, day) in enumerate(self.steps, 1):
            if what != "talk":
                continue
            says = {"day": day, "held": "yes", "mode": "meeting", "held_by": "self", "assessment": ""}
            for n, (change, about, value) in enumerate(self.steps, 1):
                if about != number or change == "undo" or not self.in_force.get(n):
                    continue
                if says["held"] == "yes" or change in ("day", "held", "taken_away"):
                    says[change] = "" if value == "none" else value
                if says["held"] != "yes":
                    says |= dict.fromkeys(("mode", "held_by", "assessment"), "")
            if "taken_away" not in says:
                lines.append(in_words(says.pop("day")[-2:], *says.values()))
        return lines


sequences = st.lists(st.tuples(st.sampled_from(sorted(SOME)), st.integers(0, 9), st.integers(0, 9)), max_size=14)


@given(sequences)
def test_mot_4_any_sequence_stands_as_it_does_the_slow_way(chosen: list[tuple[str, int, int]]) -> None:
    steps = as_written(chosen)
    ledger = Ledger(steps)
    entries = written(*steps)
    assert stand(entries) == ledger.talks()
    assert len(talks_held(entries)) == sum(" yes" in line for line in ledger.talks())
    assert [entry.id for entry in corrections_that_stand(entries)] == [
        id_of(number) for number, stands in sorted(ledger.in_force.items()) if stands
    ]


# ── /ratta ───────────────────────────────────────────────────────────────────────────────────────────────────


def correcting(entries: Sequence[Kept], policy: Policy | None = None) -> Talk:
    """At the question what is to be corrected; the records are one's own where they say p-me."""
    talk = Talk(ratta.DIALOG, a_world(policy=policy))
    mine = [replace(kept, author=talk.world.person) if kept.author == "p-me" else kept for kept in entries]
    talk.world = replace(talk.world, entries=lambda code: mine if code == OURS else ())
    return talk.picks(OURS)


def test_a_case_without_talks_has_nothing_to_correct() -> None:
    talk = correcting([])
    assert (talk.outcome, talk.kept) == ("nothing_to_correct", ())
    assert OURS in talk.screen.text


@pytest.mark.parametrize(
    ("presses", "payload", "counts", "why"),
    [
        (["day", "2026-11-22"], {"change": "day", "occurred_on": "2026-11-22"}, 2, "another day"),
        (["held", "missed"], {"change": "held", "held": "missed"}, 1, "it was not held: one less"),
        (["held", "cancelled"], {"change": "held", "held": "cancelled"}, 1, "nor if it was put off"),
        (["held", "yes"], {"change": "held", "held": "yes"}, 2, "held, as it stood"),
        (["mode", "telephone"], {"change": "mode", "mode": "telephone"}, 2, "how"),
        (["held_by", "both"], {"change": "held_by", "held_by": "both"}, 2, "who"),
        (["assessment", "motivated"], {"change": "assessment", "assessment": "motivated"}, 2, "what it showed"),
        (["assessment", "none"], {"change": "assessment", "assessment": "none"}, 2, "or that it showed nothing yet"),
        (["taken_away"], {"change": "taken_away"}, 1, "it is not to be there: one less"),
    ],
)
def test_mot_4_what_is_kept_of_a_correction(presses: list[str], payload: dict[str, str], counts: int, why: str) -> None:
    talk = correcting(written(A, B)).picks(id_of(2), *presses, "learned_later", SAVE)
    (kept,) = talk.kept
    assert kept.payload() == {
        "case": OURS,
        "corrects": id_of(2),
        "reason": "learned_later",
        "talk_on": "2026-11-09",
        **payload,
    }, why
    assert talk.outcome == "corrected"
    assert f"Hållna samtal: {counts} av 3–5." in talk.screen.text, "MOT-4: the count follows"
    assert "finns kvar" in talk.screen.text


@pytest.mark.parametrize(
    ("steps", "about", "counts", "why"),
    [
        ([A, ("taken_away", 1, "")], 2, 1, "a talk that was taken away comes back"),
        ([A, ("held", 1, "missed"), ("undo", 2, "")], 3, 0, "a taking back is taken back"),
        ([A, ("held", 1, "missed"), ("undo", 2, ""), ("undo", 3, "")], 4, 1, "and that one"),
    ],
)
def test_mot_4_a_correction_is_taken_back(steps: list[Step], about: int, counts: int, why: str) -> None:
    talk = correcting(written(*steps)).picks(id_of(about), "mistyped", SAVE)
    (kept,) = talk.kept
    assert kept.payload() == {
        "case": OURS,
        "corrects": id_of(about),
        "change": "undo",
        "reason": "mistyped",
        "talk_on": "2026-11-02",
    }, why
    assert f"Hållna samtal: {counts} av 3–5." in talk.screen.text, why


@pytest.mark.parametrize(
    ("steps", "offered", "why"),
    [
        ([A, B], [2, 1], "the latest first"),
        ([A, ("mode", 1, "video")], [1, 2], "the talk, and its correction"),
        ([A, ("taken_away", 1, "")], [2], "a talk that is gone is not corrected, its taking away is"),
        ([A, ("mode", 1, "video"), ("undo", 2, "")], [1, 3], "what was taken back is not taken back again"),
    ],
)
def test_mot_4_what_can_be_corrected(steps: list[Step], offered: list[int], why: str) -> None:
    values = [button.value for button in correcting(written(*steps)).screen.buttons]
    assert [value for value in values if not value.startswith("!")] == [id_of(number) for number in offered], why


def test_the_latest_eight_can_be_corrected_and_talks_of_one_day_are_told_apart() -> None:
    talk = correcting(written(*[A] * 10))
    offered = [button for button in talk.screen.buttons if not button.value.startswith("!")]
    assert [button.value for button in offered] == [id_of(number) for number in range(10, 2, -1)]
    assert len({button.label for button in offered}) == 8


def test_env_1_jag_is_the_one_who_answers_whoever_saved_the_talk() -> None:
    (talk,) = written(A)
    theirs = correcting([replace(talk, author="p-colleague")]).picks(id_of(1), "held_by")
    assert theirs.value_of("Jag") == "colleague", "their colleague is me"
    assert theirs.value_of("Min kollega") == "self"
    assert theirs.value_of("Vi båda") == "both"
    theirs.presses("Jag").picks("mistyped")
    assert theirs.shows("right_held_by") == "Jag"
    mine = correcting([talk]).picks(id_of(1), "held_by")
    assert mine.value_of("Jag") == "self"


@pytest.mark.parametrize(
    ("held", "day", "taken", "why"),
    [
        ("yes", TODAY, True, "today"),
        ("yes", TODAY + timedelta(days=1), False, "a talk that was held has been"),
        ("missed", TODAY + timedelta(days=1), False, "and so has one that nobody came to"),
        ("cancelled", TODAY + timedelta(days=60), True, "one that was put off may lie ahead"),
        ("cancelled", TODAY + timedelta(days=61), False, "but not by more than that"),
        ("yes", TODAY - timedelta(days=365), True, "a year back"),
        ("yes", TODAY - timedelta(days=366), False, "and no more"),
    ],
)
def test_mot_5_the_right_day_has_the_limits_of_its_talk(held: str, day: date, taken: bool, why: str) -> None:
    talk = correcting(written(A, ("held", 1, held))).picks(id_of(1), "day").says(day.isoformat())
    assert (talk.names == ["QuestionAnswered"]) is taken, why


@pytest.mark.parametrize("held", ["yes", "missed"])
def test_mot_5_a_talk_put_off_in_advance_that_came_off_needs_a_day_that_has_been(held: str) -> None:
    ahead = TalkHeld(case=OURS, held="cancelled", occurred_on=TODAY + timedelta(days=7))
    talk = correcting([Kept(ahead, id=id_of(1))]).picks(id_of(1), "held", held)
    assert talk.at == "right_day"
    assert talk.says("24/11").names == ["AnswerRefused"], "tomorrow"
    talk.picks(TODAY.isoformat(), *(["video", "both"] if held == "yes" else []))
    (kept,) = talk.picks("mistyped", SAVE).kept
    assert isinstance(kept, Corrected)
    assert (kept.held, kept.occurred_on, kept.talk_on) == (held, TODAY, ahead.occurred_on)


@pytest.mark.parametrize("held", ["missed", "cancelled"])
def test_mot_5_a_talk_that_was_held_after_all_is_asked_how_and_by_whom(held: Literal["missed", "cancelled"]) -> None:
    talk = correcting([Kept(TalkHeld(case=OURS, held=held, occurred_on=FIRST), id=id_of(1))])
    talk.picks(id_of(1), "held", "yes")
    assert talk.at == "right_mode"
    talk.picks("video")
    assert talk.at == "right_held_by"
    (kept,) = talk.picks("both", "learned_later", SAVE).kept
    assert isinstance(kept, Corrected)
    assert kept.applied_to(TalkHeld(case=OURS, held=held, occurred_on=FIRST)) == TalkHeld(
        case=OURS, held="yes", occurred_on=FIRST, mode="video", held_by="both"
    )
    lines = [say(words, "sv") for words in ratta.note(kept)]
    assert lines[2:5] == ["Blev samtalet av: Ja.", "Samtalets form: Video.", "Samtalet hölls av: båda samordnarna."]


def test_mot_5_how_by_whom_and_the_assessment_are_corrected_only_of_a_talk_that_stands_as_held() -> None:
    held = correcting(written(A)).picks(id_of(1))
    assert {"mode", "held_by", "assessment"} < {button.value for button in held.screen.buttons}
    missed = correcting(written(A, ("held", 1, "missed"))).picks(id_of(1))
    values = [button.value for button in missed.screen.buttons if not button.value.startswith("!")]
    assert values == ["day", "held", "taken_away"]


def test_mot_2_a_corrected_assessment_has_not_the_reason_of_the_first() -> None:
    first = TalkHeld(
        case=OURS, held="yes", occurred_on=FIRST, mode="meeting", assessment="not_motivated", reason="not_now"
    )
    motivated, none = a_record("assessment", 1, "motivated"), a_record("assessment", 1, "none")
    assert isinstance(motivated, Corrected)
    assert isinstance(none, Corrected)
    assert motivated.applied_to(first) == replace(first, assessment="motivated", reason=None)
    assert none.applied_to(first) == replace(first, assessment=None, reason=None)
    assert say(ratta.note(motivated)[2], "sv") == "Rätt bedömning: Motiverad."
    assert say(ratta.note(none)[2], "sv") == "Rätt bedömning: Ingen bedömning."


@pytest.mark.parametrize(
    ("steps", "about", "label", "why"),
    [
        ([A, ("day", 1, "2026-11-03")], 2, "rättelsen: dagen, samtalet den 3 november 2026", "as the list names it"),
        ([A, ("mode", 1, "video")], 2, "rättelsen: form, samtalet den 2 november 2026", "how"),
        ([A, ("held_by", 1, "both")], 2, "rättelsen: vem, samtalet den 2 november 2026", "who"),
        ([A, ("assessment", 1, "none")], 2, "rättad bedömning, samtalet den 2 november 2026", "what it showed"),
        ([A, ("held", 1, "missed")], 2, "att samtalet den 2 november 2026 inte blev av", "not held"),
        ([A, ("held", 1, "yes")], 2, "att samtalet den 2 november 2026 blev av", "held"),
        ([A, ("taken_away", 1, "")], 2, "att samtalet den 2 november 2026 togs bort", "gone: its first day"),
    ],
)
def test_mot_4_what_is_taken_back_is_named(steps: list[Step], about: int, label: str, why: str) -> None:
    shown = {button.value: button.label for button in correcting(written(*steps)).screen.buttons}
    assert shown[id_of(about)] == f"Ta tillbaka {label}", why
    assert len(shown[id_of(about)]) <= LONGEST_LABEL


def test_mot_4_a_taking_back_is_taken_back_in_its_own_words() -> None:
    steps: list[Step] = [A, ("mode", 1, "video"), ("undo", 2, "")]
    again = {button.value: button.label for button in correcting(written(*steps)).screen.buttons}
    assert again[id_of(3)] == "Låt rättelsen gälla igen, samtalet den 2 november 2026"
    away = {button.value: button.label for button in correcting(written(*steps, ("undo", 3, ""))).screen.buttons}
    assert away[id_of(4)] == "Ta bort rättelsen igen, samtalet den 2 november 2026"


@pytest.mark.parametrize(
    ("steps", "about", "asked", "why"),
    [
        ([A, A, ("taken_away", 2, "")], 3, "2 november", "the one that was taken away comes back beside the other"),
        ([A, B, ("day", 1, "2026-11-03"), ("day", 2, "2026-11-02")], 3, "2 november", "back to a day that was taken"),
        ([A, A, ("held", 1, "missed")], 3, "2 november", "held again, as the other"),
        ([A, A, ("mode", 1, "video")], 3, None, "they were both there before"),
        ([A, B, ("taken_away", 1, "")], 3, None, "back to a day of its own"),
        ([A, A, ("held", 1, "missed"), ("undo", 3, "")], 4, None, "one less that day"),
    ],
)
def test_mot_4_a_taking_back_that_gives_a_day_two_talks_is_asked_about(
    steps: list[Step], about: int, asked: str | None, why: str
) -> None:
    talk = correcting(written(*steps)).picks(id_of(about))
    assert talk.at == ("reason" if asked is None else "same_day"), why
    if asked:
        assert asked in talk.asks
        talk.picks("same")
        assert (talk.outcome, talk.kept) == ("same_talk", ())
        gone = all(step[0] != "taken_away" for step in steps)
        assert ("inte ska finnas här" in talk.screen.text) is gone, "a talk that is gone is not taken away again"


@pytest.mark.parametrize("practice", [True, False])
def test_the_case_system_is_spoken_of_only_where_it_holds_the_case(practice: bool) -> None:
    code = OURS if practice else REAL
    talk = Talk(ratta.DIALOG, a_world(practice=practice, shelf={code: written(A)}))
    talk.picks(code, id_of(1), "mode", "video", "mistyped", SAVE)
    assert ("verksamhetssystemet" in talk.screen.text) is not practice


@pytest.mark.parametrize(
    ("presses", "said"),
    [
        (["taken_away", "wrong_case"], True),
        (["taken_away", "written_twice"], False),
        (["mode", "video", "wrong_case"], False),
    ],
)
def test_a_talk_in_the_wrong_case_is_to_be_recorded_in_the_right_one(presses: list[str], said: bool) -> None:
    talk = correcting(written(A)).picks(id_of(1), *presses, SAVE)
    assert ("registrera samtalet i rätt ärende" in talk.screen.text) is said


@pytest.mark.parametrize(
    ("answer", "outcome", "why"),
    [("another", "corrected", "somebody says that it is one more"), ("same", "same_talk", "nothing is kept twice")],
)
def test_mot_4_a_day_that_has_a_talk_already_is_asked_about(answer: str, outcome: str, why: str) -> None:
    talk = correcting(written(A, B)).picks(id_of(2), "day").says("2 november")
    assert talk.at == "same_day"
    talk.picks(answer)
    if answer == "another":
        talk.picks("mistyped", SAVE)
    assert talk.outcome == outcome, why
    assert len(talk.kept) == (answer == "another"), why


def test_another_talk_asks_again_what_was_wrong_with_it_and_another_change_what_is_right() -> None:
    talk = correcting(written(A, B)).picks(id_of(2), "mode", "video", "mistyped")
    talk.picks(CHANGE, f"{CHANGE}:change", "held_by")
    assert talk.at == "right_held_by"
    talk.picks("both")
    assert talk.shows("reason") == "Det var ett skrivfel", "the reason is kept"
    talk.picks(CHANGE, f"{CHANGE}:what_record", id_of(1))
    assert talk.at == "change"
    talk.picks("taken_away", "wrong_case", SAVE)
    assert talk.kept[0].payload()["corrects"] == id_of(1)
    assert "held_by" not in talk.kept[0].payload()


def test_a_talk_that_a_colleague_took_away_meanwhile_is_not_corrected() -> None:
    talk = correcting(written(A, B)).picks(id_of(2), "mode", "video", "mistyped")
    entries = written(A, B, ("taken_away", 2, ""))
    talk.world = replace(talk.world, entries=lambda code: entries if code == OURS else ())
    talk.sends(SAVE)
    assert talk.kept == ()
    assert talk.at == "what_record", "asked again, with what can be corrected now"
    assert "gäller inte längre" in talk.screen.text


def test_one_can_go_back_all_the_way_from_a_correction() -> None:
    talk = correcting(written(A)).picks(id_of(1), "mode", "video", BACK, BACK, BACK)
    assert talk.at == "what_record"


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize(
    "step",
    [
        ("taken_away", 1, ""),
        ("day", 1, "2026-11-03"),
        ("held", 1, "missed"),
        ("mode", 1, "video"),
        ("held_by", 1, "self"),
        ("held_by", 1, "colleague"),
        ("held_by", 1, "both"),
        ("assessment", 1, "not_motivated"),
        ("assessment", 1, "none"),
        ("undo", 1, ""),
    ],
)
def test_every_note_of_a_correction_is_whole_sentences(step: Step, language: str) -> None:
    kept = a_record(*step)
    assert isinstance(kept, Corrected)
    lines = [say(words, language) for words in ratta.note(kept)]
    assert len(lines) == (4 if step[0] == "undo" else 5)
    assert OURS in lines[0]
    assert ("2 november 2026" if language == "sv" else "2 November 2026") in lines[1]
    assert all(line.endswith(".") and "None" not in line and "{" not in line for line in lines)
    if step[0] == "day":
        assert ("3 november 2026" if language == "sv" else "3 November 2026") in lines[2]
