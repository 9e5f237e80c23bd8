"""/samtal against the rules it cites: MOT-1 … MOT-5, TG-1, TG-2 and ENV-1 of the domain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest

from dialogs import samtal
from dialogs.answers import Answers, Choice
from dialogs.policy import Group, Policy
from dialogs.records import CaseFact, CaseOpened, Entry, Record, TalkHeld
from dialogs.rules.talks import (
    a_talk_is_already_recorded_that_day,
    an_assessment_is_due,
    group_said,
    talks_held,
    the_talks_are_past_the_usual,
)
from dialogs.samtal import ASSESSMENT, HELD_BY, MODE, WHY_CONTINUE, WHY_MOTIVATED, WHY_NOT_MOTIVATED, note
from dialogs.texts import say
from state.session import CHANGE, SAVE
from tests.talk import FREE, MONDAY, NEW, OURS, OURS_TOO, Kept, Shelf, Talk, a_world

TODAY = MONDAY.date()
YESTERDAY = (TODAY - timedelta(days=1)).isoformat()
CHANGE_DAY = f"{CHANGE}:occurred_on"
USUAL = Policy()
YOUTH_TOO = Policy(assessed_groups=("youth", "young_adult"))
NEVER = Policy(assessed_groups=())
EARLY = Policy(suggest_assessment_at=1, ask_assessment_at=2)


def a_held_talk(weeks_ago: int, author: str = "p-me", case: str = OURS, **more: str) -> Kept:
    day = TODAY - timedelta(weeks=weeks_ago)
    record = TalkHeld.from_payload({"case": case, "held": "yes", "occurred_on": day.isoformat(), **more})
    return Kept(record, author)


def a_group(value: str, case: str = OURS) -> Kept:
    return Kept(CaseFact(case=case, fact="group", value=value))


def a_shelf(earlier: int, group: Group | None = "young_adult") -> Shelf:
    """Our case with so many held talks behind it, the last a week ago; nobody may have said its group."""
    said: list[Entry] = [a_group(group)] if group else []
    return {OURS: [*said, *(a_held_talk(weeks) for weeks in range(earlier, 0, -1))]}


def in_a_group(shelf: Shelf) -> Shelf:
    """The same shelf, where every case is known to be SIG unga vuxna unless something else was said."""
    cases: Shelf = {OURS: (), OURS_TOO: (), **shelf}
    return {case: kept if group_said(kept) else (a_group("young_adult", case), *kept) for case, kept in cases.items()}


def a_talk(shelf: Shelf | None = None, policy: Policy | None = None) -> Talk:
    return Talk(samtal.DIALOG, a_world(shelf=in_a_group(shelf or {}), policy=policy))


def a_talk_of_no_known_group(shelf: Shelf, policy: Policy | None = None) -> Talk:
    """Nobody has said the group, nor can the one who writes."""
    return Talk(samtal.DIALOG, a_world(shelf=shelf, policy=policy)).picks(OURS, "unknown")


# ── MOT-1: how many talks, and when an assessment is due ─────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("number", "group", "policy", "due", "why"),
    [
        (1, "young_adult", USUAL, "not_due", "MOT-1: the first"),
        (2, "young_adult", USUAL, "not_due", "MOT-1: the second"),
        (3, "young_adult", USUAL, "suggested", "MOT-1: from the third it is suggested"),
        (4, "young_adult", USUAL, "suggested", "MOT-1: and at the fourth"),
        (5, "young_adult", USUAL, "asked_for", "MOT-1: at the fifth it is asked for"),
        (6, "young_adult", USUAL, "asked_for", "MOT-1: after the fifth it goes on asking, and never forbids"),
        (60, "young_adult", USUAL, "asked_for", "MOT-1: however many there are"),
        (3, None, USUAL, "suggested", "TG-2: nobody has said which group: as unga vuxna, whom the count is for"),
        (5, None, USUAL, "asked_for", "TG-2: likewise at the fifth"),
        (3, "youth", USUAL, "not_due", "TG-1, MOT-1: for unga the count is shown and no assessment demanded"),
        (5, "youth", USUAL, "not_due", "MOT-1: nor at the fifth"),
        (9, "youth", USUAL, "not_due", "MOT-1: nor later"),
        (3, "youth", YOUTH_TOO, "suggested", "MOT-1: unless it is configured"),
        (3, "young_adult", NEVER, "not_due", "MOT-1: the groups are configuration"),
        (3, None, Policy(assessed_groups=("youth",)), "not_due", "MOT-1: unknown is unga vuxna here too"),
        (1, "young_adult", EARLY, "suggested", "MOT-1: the numbers are configuration"),
        (2, "young_adult", EARLY, "asked_for", "MOT-1: both of them"),
        (3, None, Policy(suggest_assessment_at=3, ask_assessment_at=3), "asked_for", "MOT-1: at once, never suggested"),
    ],
)
def test_mot_1_when_an_assessment_is_due(number: int, group: Group | None, policy: Policy, due: str, why: str) -> None:
    assert an_assessment_is_due(number, group, policy) == due, why


@pytest.mark.parametrize(
    ("number", "policy", "past", "why"),
    [
        (4, USUAL, False, "MOT-1: three to five are usual"),
        (5, USUAL, False, "MOT-1: the fifth too"),
        (6, USUAL, True, "MOT-1: the sixth is past the usual"),
        (2, EARLY, False, "MOT-1: as configured"),
        (3, EARLY, True, "MOT-1: as configured"),
    ],
)
def test_mot_1_when_the_talks_are_past_the_usual(number: int, policy: Policy, past: bool, why: str) -> None:
    assert the_talks_are_past_the_usual(number, policy) is past, why


def test_mot_1_the_smallest_numbers_there_can_be() -> None:
    smallest = Policy(suggest_assessment_at=1, ask_assessment_at=1, oldest_talk_days=1)
    assert an_assessment_is_due(1, None, smallest) == "asked_for"


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"suggest_assessment_at": 0}, "a talk before the first"),
        ({"suggest_assessment_at": 6}, "suggested after it is asked for"),
        ({"ask_assessment_at": 2}, "asked for before it is suggested"),
        ({"oldest_talk_days": 0}, "no day at all"),
    ],
)
def test_mot_1_numbers_that_contradict_each_other_are_refused(settings: dict[str, int], why: str) -> None:
    with pytest.raises(ValueError, match="policy"):
        Policy(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("earlier", "group", "policy", "asked", "why"),
    [
        (0, None, USUAL, None, "MOT-1: the first: nothing about an assessment"),
        (1, None, USUAL, None, "MOT-1: nor at the second"),
        (2, None, USUAL, ("samtal 3 av 3–5", "Vill du"), "MOT-1: suggested"),
        (3, None, USUAL, ("samtal 4 av 3–5", "Vill du"), "MOT-1: suggested"),
        (4, None, USUAL, ("samtal 5 av 3–5", "Hur bedömer du"), "MOT-1: asked for"),
        (
            5,
            None,
            USUAL,
            ("samtal 6", "fler än de vanliga 3–5", "Hur bedömer du"),
            "MOT-1: past the usual, and recorded",
        ),
        (4, "youth", USUAL, None, "TG-1: no assessment is demanded for unga"),
        (4, "young_adult", USUAL, ("samtal 5 av 3–5", "Hur bedömer du"), "TG-2: unga vuxna"),
        (1, None, EARLY, ("samtal 2 av 1–2", "Hur bedömer du"), "MOT-1: as configured"),
    ],
)
def test_mot_1_how_the_assessment_is_put(
    earlier: int, group: Group | None, policy: Policy, asked: tuple[str, ...] | None, why: str
) -> None:
    shelf = a_shelf(earlier, group)
    talk = a_talk(shelf, policy).picks(OURS) if group else a_talk_of_no_known_group(shelf, policy)
    talk.picks("yes")
    if asked is None:
        assert talk.at == "talk_counted", why
        assert talk.labels == ["Spara", "Ändra", "Avbryt"], why
    else:
        assert talk.at == "assessment", why
        assert [words for words in asked if words not in talk.asks] == [], why
        assert talk.picks("later").at == "talk_counted", "MOT-1: it can always be put off"


@pytest.mark.parametrize(
    ("earlier", "group", "said", "why"),
    [
        (0, None, ["Samtal 1 av 3–5."], "MOT-1: the count is shown"),
        (4, "youth", ["Samtal 5 av 3–5."], "MOT-1: for unga too"),
        (5, "youth", ["Samtal 6.", "fler än de vanliga 3–5", "räknas ändå"], "MOT-1: past the usual, and it counts"),
    ],
)
def test_mot_1_the_count_is_shown_after_saving(earlier: int, group: Group | None, said: list[str], why: str) -> None:
    shelf = a_shelf(earlier, group)
    talk = (a_talk(shelf).picks(OURS) if group else a_talk_of_no_known_group(shelf)).picks("yes", SAVE)
    for words in said:
        assert words in talk.screen.text, why
    assert ("fler än" in talk.screen.text) == (earlier >= 5)


# ── TG-1, TG-2: the group is the latest fact on record ───────────────────────────────────────────────────────


def test_tg_1_tg_2_the_group_is_what_was_said_last() -> None:
    def fact(value: Group) -> Kept:
        return Kept(CaseFact(case=OURS, fact="group", value=value))

    assert group_said([]) is None
    assert group_said([a_held_talk(1)]) is None
    assert group_said([fact("youth"), a_held_talk(1)]) == "youth"
    assert group_said([fact("youth"), fact("young_adult")]) == "young_adult"
    assert group_said([fact("youth"), a_group("unknown")]) is None, "what was taken back does not stand"


def test_tg_1_tg_2_the_group_is_asked_until_somebody_has_said_it() -> None:
    talk = Talk(samtal.DIALOG, a_world()).picks(OURS)
    assert talk.at == "group"
    talk.picks("youth", "yes", SAVE)
    assert talk.kept[0] == CaseFact(case=OURS, fact="group", value="youth")
    talk = a_talk_of_no_known_group({OURS: ()}).picks("yes", SAVE)
    assert [kept.kind for kept in talk.kept] == ["talk_held"], "nobody knows: nothing is kept, and it is asked again"
    assert a_talk().picks(OURS).at == "held", "it is on record"


@pytest.mark.parametrize("group", ["youth", "young_adult"])
def test_tg_3_an_age_of_18_to_20_does_not_decide_the_group(group: str) -> None:
    aged = Kept(CaseFact(case=OURS, fact="age_group", value="18_20"))
    talk = Talk(samtal.DIALOG, a_world(shelf={OURS: (aged,)})).picks(OURS)
    assert talk.at == "group", "TG-3: the district decides, so it is asked"
    assert talk.picks(group, "yes", SAVE).kept[0] == CaseFact(case=OURS, fact="group", value=group)


# ── MOT-2, MOT-3: what an assessment leads to ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("assessment", "reason", "outcome", "next_step", "why"),
    [
        ("later", None, "talk_counted", "nästa samtal", "MOT-2: put off: the talks go on"),
        ("continue", "more_time", "talk_counted", "nästa samtal", "MOT-2: continue"),
        ("motivated", "takes_steps", "on_to_consent", "samtycke", "MOT-2, MOT-3: consent is next, and at once"),
        ("not_motivated", "no_to_the_police", "cannot_be_enrolled", "skrivas in", "MOT-2: without it, no enrolment"),
        (
            "not_motivated",
            "not_now",
            "cannot_be_enrolled",
            "socialsekreterare beslutar",
            "MOT-2: the bot decides nothing",
        ),
    ],
)
def test_mot_2_where_an_assessment_leads(
    assessment: str, reason: str | None, outcome: str, next_step: str, why: str
) -> None:
    talk = a_talk(a_shelf(2)).picks(OURS, "yes", assessment)
    if reason:
        talk.picks(reason)
    talk.picks(SAVE)
    assert talk.outcome == outcome, why
    assert next_step in talk.screen.text, why


def test_mot_3_consent_is_the_first_thing_said_after_the_count() -> None:
    talk = a_talk(a_shelf(2)).picks(OURS, "yes", "motivated", "keeps_appointments", SAVE)
    assert "samtycke" in talk.screen.text.splitlines()[1]


def test_mot_2_an_assessment_that_is_put_off_is_not_kept_as_one() -> None:
    kept = a_talk(a_shelf(2)).picks(OURS, "yes", "later", SAVE).kept[0].payload()
    assert "assessment" not in kept
    assert "reason" not in kept


@pytest.mark.parametrize("choice", [WHY_CONTINUE, WHY_MOTIVATED, WHY_NOT_MOTIVATED])
def test_mot_2_a_reason_is_always_one_of_a_list_whose_last_says_where_else_to_write(
    choice: Choice,
) -> None:
    last = choice.choices[-1]
    assert last.value == "other"
    assert "verksamhetssystemet" in say(last.label, "sv")


def test_mot_2_a_changed_assessment_asks_for_its_own_reason() -> None:
    talk = a_talk(a_shelf(2)).picks(OURS, "yes", "motivated", "takes_steps", CHANGE, f"{CHANGE}:assessment")
    talk.picks("continue")
    assert talk.at == "why_continue"
    kept = talk.picks("more_time", SAVE).kept[0].payload()
    assert (kept["assessment"], kept["reason"]) == ("continue", "more_time")


# ── MOT-4: a talk counts once ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("record", "counts", "why"),
    [
        (TalkHeld(case=OURS, held="yes", occurred_on=TODAY), True, "MOT-4: a held talk counts"),
        (TalkHeld(case=OURS, held="missed", occurred_on=TODAY), False, "MOT-5: one nobody came to does not"),
        (TalkHeld(case=OURS, held="cancelled", occurred_on=TODAY), False, "MOT-5: nor one that was put off"),
        (CaseOpened(case=OURS), False, "a case that is opened is no talk"),
        (CaseFact(case=OURS, fact="group", value="youth"), False, "nor is a fact"),
    ],
)
def test_mot_4_mot_5_what_counts(record: Record, counts: bool, why: str) -> None:
    assert len(talks_held([Kept(record)])) == counts, why
    assert len(talks_held([Kept(record), Kept(record)])) == 2 * counts, "each record by itself"


@pytest.mark.parametrize(
    ("on_record", "asked", "why"),
    [
        ([], False, "MOT-4: the first that day"),
        ([("yes", 0)], True, "MOT-4: there is one that day"),
        ([("yes", 7)], False, "MOT-4: another day's"),
        ([("missed", 0)], False, "MOT-4: one that was not held is no talk to mix it up with"),
        ([("cancelled", 0)], False, "MOT-4: nor is one that was put off"),
        ([("yes", 7), ("yes", 0), ("missed", 0)], True, "MOT-4: one of several"),
    ],
)
def test_mot_4_a_second_talk_on_the_same_day_is_asked_about(
    on_record: list[tuple[str, int]], asked: bool, why: str
) -> None:
    kept = [
        Kept(
            TalkHeld.from_payload(
                {"case": OURS, "held": held, "occurred_on": (TODAY - timedelta(days=ago)).isoformat()}
            )
        )
        for held, ago in on_record
    ]
    assert a_talk_is_already_recorded_that_day(kept, TODAY) is asked, why
    talk = a_talk({OURS: kept}).picks(OURS, "yes")
    assert (talk.at == "same_day") is asked, why
    assert ("den 23 november 2026" in talk.asks) is asked, "MOT-4: the question names the day"


def test_mot_4_the_same_talk_again_saves_nothing_and_says_so() -> None:
    talk = a_talk({OURS: (a_held_talk(0),)}).picks(OURS, "yes", "same")
    assert (talk.outcome, talk.kept, talk.taps) == ("already_counted", (), 3)
    assert "redan" in talk.screen.text
    assert "Hållna samtal: 1 av 3–5." in talk.screen.text


def test_mot_4_a_second_talk_counts_when_somebody_says_that_it_is_one() -> None:
    talk = a_talk({OURS: (a_held_talk(0),)}).picks(OURS, "yes", "another", SAVE)
    assert "Samtal 2 av 3–5." in talk.screen.text


def test_mot_4_a_wrong_day_can_be_put_right_where_the_second_talk_is_asked_about() -> None:
    talk = a_talk({OURS: (a_held_talk(0),)}).picks(OURS, "yes", CHANGE_DAY, YESTERDAY, SAVE)
    assert talk.kept[0].happened_on == TODAY - timedelta(days=1)


def test_mot_4_another_case_or_another_day_asks_about_its_own_second_talk() -> None:
    shelf = {OURS: (a_held_talk(0), a_held_talk(1)), OURS_TOO: (a_held_talk(0, case=OURS_TOO),)}
    talk = a_talk(shelf, NEVER).picks(OURS, "yes", "another", CHANGE, f"{CHANGE}:case", OURS_TOO)
    assert talk.at == "same_day"
    talk.picks("another", CHANGE, CHANGE_DAY).says("16/11")
    assert talk.at == "talk_counted", "that case has none that day"


# ── MOT-5: what was held, when, and by whom ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ("missed", "MOT-5: a missed talk is recorded and not counted"),
        ("cancelled", "MOT-5: and so is a cancelled one"),
    ],
)
def test_mot_5_a_talk_that_did_not_come_off(held: str, why: str) -> None:
    talk = a_talk(a_shelf(2)).picks(OURS, held)
    assert talk.at == "talk_not_counted", "neither how nor who, and no assessment"
    talk.picks(SAVE)
    assert [kept.payload() for kept in talk.kept] == [{"case": OURS, "held": held, "occurred_on": "2026-11-23"}], why
    assert talk.outcome == "talk_not_counted"
    assert "räknas inte" in talk.screen.text
    assert "Hållna samtal: 2 av 3–5." in talk.screen.text


def test_mot_5_a_missed_talk_of_a_day_with_a_held_one_needs_no_question() -> None:
    talk = a_talk({OURS: (a_held_talk(0),)}).picks(OURS, "missed", SAVE)
    assert talk.outcome == "talk_not_counted"


def test_mot_5_what_is_kept_says_what_when_how_and_who() -> None:
    talk = a_talk(a_shelf(2)).picks(OURS, "yes", "motivated", "takes_steps")
    talk.picks(
        CHANGE, CHANGE_DAY, YESTERDAY, CHANGE, f"{CHANGE}:mode", "video", CHANGE, f"{CHANGE}:held_by", "both", SAVE
    )
    assert talk.kept[0].payload() == {
        "case": OURS,
        "held": "yes",
        "occurred_on": "2026-11-22",
        "mode": "video",
        "held_by": "both",
        "assessment": "motivated",
        "reason": "takes_steps",
    }


@pytest.mark.parametrize(
    ("days_ago", "taken", "why"),
    [(0, True, "today"), (365, True, "a year ago"), (366, False, "a day too old"), (-1, False, "tomorrow")],
)
def test_mot_5_a_talk_lies_at_most_a_year_back_and_never_ahead(days_ago: int, taken: bool, why: str) -> None:
    talk = a_talk().picks(OURS, "yes", CHANGE, CHANGE_DAY).says((TODAY - timedelta(days=days_ago)).isoformat())
    assert (talk.names == ["QuestionAnswered"]) is taken, why


# ── ENV-1, and what is likely: as last time ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("shelf", "how", "who", "why"),
    [
        ((), "meeting", "self", "nothing behind it: a meeting, held by the one who writes"),
        ((a_held_talk(1, mode="video", held_by="both"),), "video", "both", "as last time"),
        (
            (a_held_talk(2, mode="video", held_by="both"), a_held_talk(1, mode="telephone", held_by="self")),
            "telephone",
            "self",
            "the latest",
        ),
        (
            (a_held_talk(1, author="p-colleague", mode="telephone", held_by="colleague"),),
            "telephone",
            "self",
            "ENV-1: who held it is the writer's own word: my colleague's colleague is me",
        ),
        (
            (
                a_held_talk(2, mode="meeting", held_by="colleague"),
                a_held_talk(1, author="p-colleague", mode="video", held_by="self"),
            ),
            "video",
            "colleague",
            "ENV-1: how as the case's last, who as my own last",
        ),
        ((a_held_talk(1),), "meeting", "self", "a record from before that says neither"),
        (
            (
                a_held_talk(2, mode="video", held_by="both"),
                Kept(TalkHeld(case=OURS, held="missed", occurred_on=TODAY - timedelta(weeks=1))),
            ),
            "video",
            "both",
            "one that was not held says nothing of how",
        ),
    ],
)
def test_env_1_the_presets_are_as_last_time(shelf: Sequence[Kept], how: str, who: str, why: str) -> None:
    talk = a_talk(policy=NEVER)
    mine = [a_group("young_adult")]
    mine += [replace(kept, author=talk.world.person) if kept.author == "p-me" else kept for kept in shelf]
    talk.world = replace(talk.world, entries=lambda code: mine if code == OURS else ())
    talk.picks(OURS, "yes")
    assert talk.shows("mode") == MODE.show(how, talk.world), why
    assert talk.shows("held_by") == HELD_BY.show(who, talk.world), why
    kept = talk.picks(SAVE).kept[0].payload()
    assert (kept["mode"], kept["held_by"]) == (how, who), why


def test_nothing_that_somebody_must_have_said_or_done_is_preset() -> None:
    presets = {question.id: question.preset for question in samtal.QUESTIONS if question.preset}
    assert presets.keys() == {"group", "occurred_on", "mode", "held_by"}
    assert presets["group"](Answers({"case": OURS}), a_world()) is None, "TG-1: a group is on record, or it is asked"


# ── how many taps ────────────────────────────────────────────────────────────────────────────────────────────

USUAL_TAPS, ASSESSED_TAPS = 4, 5


@pytest.mark.parametrize(
    ("earlier", "presses", "most", "why"),
    [
        (0, [OURS, "yes"], USUAL_TAPS, "the usual talk"),
        (1, [OURS, "missed"], USUAL_TAPS, "nobody came"),
        (0, ["new", "youth", "yes"], USUAL_TAPS, "the first talk of a new case"),
        (2, [OURS, "yes", "later"], USUAL_TAPS, "an assessment that is put off"),
        (2, [OURS, "yes", "motivated", "takes_steps"], ASSESSED_TAPS, "an assessment that is suggested"),
        (4, [OURS, "yes", "continue", "more_time"], ASSESSED_TAPS, "one that is asked for"),
        (8, [OURS, "yes", "not_motivated", "not_now"], ASSESSED_TAPS, "the ninth talk"),
    ],
)
def test_the_taps_after_the_command(earlier: int, presses: list[str], most: int, why: str) -> None:
    talk = a_talk(a_shelf(earlier)).picks(*presses, SAVE)
    assert talk.kept, why
    assert talk.taps <= most, why


def test_what_is_likely_is_the_first_button() -> None:
    talk = a_talk(a_shelf(1))
    for first in (OURS, "yes", SAVE):
        assert talk.screen.buttons[0].value == first
        talk.picks(first)
    assert talk.outcome == "talk_counted"


def test_a_new_case_is_opened_with_its_first_talk() -> None:
    talk = a_talk().picks("new", "youth", "yes", SAVE)
    assert talk.kept == (
        CaseOpened(case=NEW),
        CaseFact(case=NEW, fact="group", value="youth"),
        TalkHeld(case=NEW, held="yes", occurred_on=TODAY, mode="meeting", held_by="self"),
    )
    assert a_talk().says(FREE).names == ["AnswerRefused"], "a code of no case is not opened by typing it"


# ── the journal note ─────────────────────────────────────────────────────────────────────────────────────────

REASONS = {"continue": WHY_CONTINUE, "motivated": WHY_MOTIVATED, "not_motivated": WHY_NOT_MOTIVATED}


def every_talk() -> list[TalkHeld]:
    """Every record that the dialog can write."""
    when = {"case": OURS, "occurred_on": "2026-11-02"}
    assessed: list[dict[str, str]] = [{}]
    for assessment, reasons in REASONS.items():
        assessed += [{"assessment": assessment, "reason": reason} for reason in reasons.categories]
    payloads = [{**when, "held": held} for held in ("missed", "cancelled")]
    payloads += [
        {**when, "held": "yes", "mode": mode, "held_by": by, **more}
        for mode, by, more in product(MODE.categories, HELD_BY.categories, assessed)
    ]
    return [TalkHeld.from_payload(payload) for payload in payloads]


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_note_is_whole_sentences_and_ends_by_saying_that_the_journal_is_elsewhere(language: str) -> None:
    talks = every_talk()
    assert len(talks) == 2 + 3 * 3 * 13
    texts = set()
    for talk in talks:
        lines = [say(words, language) for words in note(talk)]
        texts.add("\n".join(lines))
        for line in lines:
            assert re.fullmatch(r"[A-ZÅÄÖ][^{}]*[^.]\.", line), line
            assert "None" not in line
        assert OURS in lines[0]
        assert "2 november 2026" in lines[1] if language == "sv" else "2 November 2026" in lines[1]
        if language == "sv":
            assert "Journalen" in lines[-1], "the bot keeps no journal"
            assert "verksamhetssystemet" in lines[-1]
        assert not re.search(r"kl\. |samordnare [A-ZÅÄÖ]", "\n".join(lines)), "no time of day, no name"
    # Two records that say the same are those whose reason stands in the case system.
    assert len(texts) == len(talks), "what differs in the record differs in the note"


def test_a_note_says_what_the_record_says() -> None:
    kept = TalkHeld(
        case=OURS,
        held="yes",
        occurred_on=date(2026, 11, 2),
        mode="telephone",
        held_by="both",
        assessment="not_motivated",
        reason="no_to_the_police",
    )
    case, when, how, who, assessment, reason, _ = (say(words, "sv") for words in note(kept))
    assert OURS in case
    assert "2 november 2026" in when
    assert "telefon" in how
    assert "båda" in who
    assert ASSESSMENT.show("not_motivated", a_world()) in assessment
    assert WHY_NOT_MOTIVATED.show("no_to_the_police", a_world()) in reason


def test_every_value_that_can_be_kept_has_its_words() -> None:
    assert set(ASSESSMENT.categories) == {"later", *REASONS}
