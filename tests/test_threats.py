"""The threat table, held to every combination of answers there is (THR-0 … THR-16); and the referral after it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest

from bot.settings import load
from dialogs.contacts import SHIPPED, the_ways_to
from dialogs.policy import Policy
from dialogs.records import (
    BadRecord,
    Entry,
    ExitPrerequisites,
    HandoverTold,
    ReferralSent,
    ThreatInputs,
    ThreatTriaged,
)
from dialogs.records.threats import Told, Urgency
from dialogs.rules.cases import AGES, MINOR_AGES
from dialogs.rules.catalogue import BUILT, NOT_BUILT
from dialogs.rules.referrals import (
    a_silent_one_is_asked_again,
    the_answer_is_due,
    what_an_exit_referral_rests_on,
    what_is_next,
    who_has_been_told_and_who_is_left,
)
from dialogs.rules.threats import (
    ACTS,
    ALSO,
    DECIDING,
    DOMAIN,
    HOW_FAST,
    NOT_CONTACTED,
    RECEIVERS,
    SKIPPED,
    TABLE,
    UNKNOWN,
    URGENCIES,
    WHO,
    Change,
    NotUnique,
    Row,
    Triage,
    inputs_from,
    raise_one_step,
    the_age_for_exit_work,
    the_only_row,
    triage,
    what_may_be_raised,
    what_would_change_it,
)
from dialogs.texts import say
from dialogs.threat_table import table_lines
from state.errors import BadSettings
from tests.talk import STOCKHOLM, Kept

OPEN, CLOSED = Policy(exit_path_open=True), Policy()


MUST_MOVE = {"exit": "protection", "bops": "high", "move": "yes"}
"""What the police have said of whom the central unit is for (THR-5)."""


def product(names: tuple[str, ...]) -> Iterator[dict[str, str]]:
    for values in itertools.product(*(DOMAIN[name] for name in names)):
        yield dict(zip(names, values, strict=True))


EVERY = list(product(DECIDING))
"""Every combination of what decides, also those that no way through the dialog leads to."""

PLAIN = {"concerns": "subject", "home": "no", "children": "no", "consent": "covered", "unit_consent": "covered"}


def facts_on_the_way() -> Iterator[dict[str, str]]:
    """Every combination of every input that a way through the dialog leads to."""
    said = [{"exit": e, "bops": SKIPPED, "move": SKIPPED} for e in DOMAIN["exit"] if e != "protection"]
    said += [
        {"exit": "protection", "bops": bops, "move": move}
        for bops in DOMAIN["bops"]
        if bops != SKIPPED
        for move in (DOMAIN["move"][:3] if bops == "high" else (SKIPPED,))
    ]
    rest = ("danger", "concerns", "age", "home", "children", "told", "consent", "unit_consent")
    for others, police in itertools.product(product(rest), said):
        yield {**others, **police}


@cache
def every_triage() -> tuple[Triage, ...]:
    return tuple(triage(inputs_from(facts), OPEN) for facts in facts_on_the_way())


def step(gives: str) -> int:
    """How high something stands on its scale."""
    scale: tuple[str, ...] = URGENCIES if gives in URGENCIES else RECEIVERS
    return scale.index(gives)


def urgency_of(facts: Mapping[str, str]) -> int:
    return step(the_only_row(HOW_FAST, facts).gives)


def a_triage(policy: Policy = OPEN, /, **said: str) -> Triage:
    """A triage with the answers that are least worrying, but for those that are said."""
    facts = {"danger": "no", "age": "old_enough", "told": "yes", "exit": "no_protection", **PLAIN, **said}
    return triage(inputs_from(facts), policy)


# ── the tables ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("table", [WHO, HOW_FAST], ids=["who", "how fast"])
def test_exactly_one_row_fits_every_combination(table: tuple[Row, ...]) -> None:
    wrong = [facts for facts in EVERY if sum(row.fits(facts) for row in table) != 1]
    assert len(EVERY) == 3 * 4 * 4 * 3 * 6 * 6 * 4
    assert wrong == [], "a combination with none is a gap, one with two an overlap"


@pytest.mark.exhaustive
@pytest.mark.parametrize("table", [WHO, HOW_FAST], ids=["who", "how fast"])
def test_every_row_is_reached_on_some_way_through_the_dialog(table: tuple[Row, ...]) -> None:
    reached = {row for found in every_triage() for row in found.rows}
    assert [row.id for row in table if row.id not in reached] == []


def test_every_row_of_the_list_is_reached_and_adds_its_act() -> None:
    assert {row.id for row in ALSO} <= {row for found in every_triage() for row in found.rows}
    assert {act.id for found in every_triage() for act in found.acts} == set(ACTS)


def test_a_gap_and_an_overlap_would_show() -> None:
    with pytest.raises(NotUnique, match=r"\[\] fit"):
        the_only_row(HOW_FAST[1:], {**EVERY[0], "danger": "yes"})
    with pytest.raises(NotUnique, match=r"\['H1', 'H1'\] fit"):
        the_only_row((HOW_FAST[0], *HOW_FAST), {**EVERY[0], "danger": "yes"})


@pytest.mark.parametrize("row", [*WHO, *HOW_FAST, *ALSO], ids=lambda row: row.id)
def test_a_row_looks_at_answers_that_there_are_and_names_its_rules(row: Row) -> None:
    known = {**DOMAIN, "receiver": RECEIVERS}
    assert all(set(values) <= set(known[name]) for name, values in row.when.items())
    assert row.rules
    assert all(rule in {*BUILT, *NOT_BUILT} for rule in row.rules)


def test_no_two_rows_have_one_name() -> None:
    names = [row.id for row in (*WHO, *HOW_FAST, *ALSO)]
    assert len(names) == len(set(names))


# ── properties ───────────────────────────────────────────────────────────────────────────────────────────────


def test_danger_now_or_unknown_is_always_112() -> None:
    """THR-0, THR-12."""
    assert {found.urgency for found in every_triage() if found.inputs.danger != "no"} == {"112"}
    assert "112" not in {found.urgency for found in every_triage() if found.inputs.danger == "no"}
    assert all(("call_112" in {a.id for a in f.acts}) == (f.inputs.danger != "no") for f in every_triage())


def test_under_the_age_limit_or_of_unknown_age_nobody_comes_to_the_central_unit_raised_or_not() -> None:
    """THR-7."""
    for found in every_triage():
        if found.inputs.age != "old_enough":
            raised = [raise_one_step(found, what).receiver for what in what_may_be_raised(found)]
            assert "central_unit" not in (found.receiver, *raised), found.inputs


def test_where_the_threat_is_not_known_to_be_against_the_subject_their_age_leads_nobody_to_the_central_unit() -> None:
    """THR-7, THR-12: of somebody in the family no age is known, and raising passes no limit."""
    for found in every_triage():
        if found.inputs.concerns in ("family", UNKNOWN):
            raised = [raise_one_step(found, what).receiver for what in what_may_be_raised(found)]
            assert "central_unit" not in (found.receiver, *raised), found.inputs


def test_the_central_unit_only_by_its_two_ways() -> None:
    """THR-5 (of age, high threat by BOPS, must move), THR-6 (of age, together, the path is open)."""
    for found in every_triage():
        said = found.inputs
        by_bops = (said.exit, said.bops, said.move) == ("protection", "high", "yes")
        together = said.exit == "cannot_stay"
        entitled = said.age == "old_enough" and said.concerns in ("subject", "both")
        assert (found.receiver == "central_unit") == (entitled and (by_bops or together))


@pytest.mark.exhaustive
def test_vet_inte_is_never_less_urgent_than_the_most_urgent_answer_it_could_stand_for() -> None:
    """THR-12, over every combination of everything else."""
    for facts in EVERY:
        for name in DECIDING:
            if facts[name] == UNKNOWN:
                others = [urgency_of({**facts, name: value}) for value in DOMAIN[name]]
                assert urgency_of(facts) >= max(others), (name, facts)


@pytest.mark.parametrize(
    ("said", "leads_to", "why"),
    [
        ({"exit": UNKNOWN}, "exit_coordinator", "the local coordinator can say what they said"),
        ({"exit": "not_asked"}, "exit_coordinator", "not yet asked: the next contact (THR-4)"),
        ({"exit": "protection", "bops": UNKNOWN}, "bops", "BOPS can say what they assess"),
        ({"exit": "protection", "bops": "high", "move": UNKNOWN}, "bops", "BOPS can say whether they must move"),
        ({"exit": "protection", "bops": "high", "move": "yes", "age": UNKNOWN}, "bops", "not entitled until known"),
        ({"exit": "cannot_stay", "age": UNKNOWN}, "bops", "the same on the path of THR-6"),
        ({**MUST_MOVE, "concerns": UNKNOWN}, "bops", "not entitled until it is known whom it is against"),
        ({**MUST_MOVE, "concerns": "family"}, "bops", "the age is not theirs"),
        ({**MUST_MOVE, "concerns": "both"}, "central_unit", "it is against the subject too"),
        ({"exit": "cannot_stay", "concerns": UNKNOWN}, "bops", "the same on the path of THR-6"),
        ({"exit": "cannot_stay", "concerns": "family"}, "bops", "the same on the path of THR-6"),
    ],
)
def test_vet_inte_leads_to_the_one_who_can_say(said: dict[str, str], leads_to: str, why: str) -> None:
    """THR-12."""
    found = a_triage(**said)
    assert found.receiver == leads_to, why


@pytest.mark.parametrize("name", ["home", "children", "told", "danger", "age", "concerns"])
def test_vet_inte_has_every_act_that_the_worst_answer_has(name: str) -> None:
    """THR-12, THR-13, THR-14: an unknown home is a yes, an unknown age a child, an unknown child is at risk."""
    worst = {"age": "minor", "told": "no", "concerns": "family"}.get(name, "yes")
    for found in every_triage():
        if getattr(found.inputs, name) == UNKNOWN:
            changed: dict[str, Any] = {name: worst}
            other = triage(replace(found.inputs, **changed), OPEN)
            assert {a.id for a in other.acts} <= {a.id for a in found.acts}, found.inputs


def test_with_home_yes_or_vet_inte_nobody_there_is_contacted_and_no_relatives_support_is_named() -> None:
    """THR-13."""
    for found in every_triage():
        acts = {act.id for act in found.acts}
        at_home = found.inputs.home != "no"
        assert ("nobody_at_home" in acts) == at_home
        assert not (at_home and "relatives_support" in acts)


@pytest.mark.exhaustive
def test_a_child_is_protected_beside_every_outcome_never_instead_of_one() -> None:
    """THR-14."""
    for found in every_triage():
        child = found.inputs.age in ("minor", UNKNOWN) or found.inputs.children in ("yes", UNKNOWN)
        assert ("protect_child" in {act.id for act in found.acts}) == child
        grown = triage(replace(found.inputs, age="below_limit", children="no"), OPEN)
        if found.inputs.age != "old_enough":
            assert (found.receiver, found.urgency) == (grown.receiver, grown.urgency)


def test_the_police_are_told_where_they_are_not_known_to_be_and_the_rule_is_checked_without_consent() -> None:
    """THR-2, CON-12; the subject's consent says nothing of what may be told of the family."""
    for found in every_triage():
        acts = {act.id for act in found.acts} & {"tell_police", "check_secrecy"}
        if found.inputs.told == "yes":
            assert not acts
        else:
            enough = found.inputs.consent == "covered" and found.inputs.concerns == "subject"
            assert acts == {"tell_police" if enough else "check_secrecy"}


def test_nobody_outside_is_contacted_without_consent_and_no_word_of_secrecy() -> None:
    """THR-2, CON-12, also where the police know already; towards the central unit there is a consent of its own."""
    for found in every_triage():
        said = found.inputs
        enough = said.consent == "covered" and said.concerns == "subject"
        if found.receiver == "central_unit":
            enough = enough and said.unit_consent == "covered"
        told = {act.id for act in found.acts}
        assert ("check_what_to_tell" in told) == (found.receiver != "case_officer" and not enough), said


@pytest.mark.parametrize(
    ("said", "rules", "why"),
    [
        ({"consent": "not_covered", "exit": "waiting"}, ("THR-2", "CON-12"), "the police know, and may know no more"),
        ({**MUST_MOVE, "unit_consent": "not_covered"}, ("CON-12", "CON-14"), "the police may know, the unit may not"),
        ({"exit": "waiting", "concerns": "family"}, ("THR-2", "CON-12"), "the family has consented to nothing"),
        ({"exit": "waiting", "concerns": UNKNOWN}, ("THR-2", "CON-12", "THR-12"), "it may be the family"),
        ({"exit": "waiting", "unit_consent": "not_covered"}, None, "the central unit is not contacted"),
        ({"exit": "no_protection", "consent": "not_covered"}, None, "the case officer is within the secrecy"),
        (MUST_MOVE, None, "both consents are there"),
    ],
)
def test_what_may_be_told_is_checked_first(said: dict[str, str], rules: tuple[str, ...] | None, why: str) -> None:
    acts = {act.id: act.rules for act in a_triage(**said).acts}
    assert acts.get("check_what_to_tell") == rules, why


def test_the_city_is_asked_beside_every_outcome_below_the_central_unit() -> None:
    """THR-15; at the central unit there is the treatment contact (THR-11) and no visit (THR-10) instead."""
    for found in every_triage():
        acts = {act.id for act in found.acts}
        assert ("ask_the_city" in acts) == (found.receiver != "central_unit")
        assert ("offer_treatment" in acts) == ("no_visit" in acts) == (found.receiver == "central_unit")


def test_placement_sig_and_the_manager_are_beside_every_outcome() -> None:
    """THR-2, THR-3, THR-9."""
    for found in every_triage():
        assert {"assess_placement", "can_sig_go_on", "tell_manager"} <= {act.id for act in found.acts}


def test_support_for_victims_and_relatives_where_they_apply() -> None:
    """THR-16."""
    assert "victim_support" in {a.id for a in a_triage(concerns="subject").acts}
    assert "victim_support" not in {a.id for a in a_triage(concerns="family").acts}
    assert "relatives_support" in {a.id for a in a_triage(concerns="family").acts}
    assert set(NOT_CONTACTED) < set(ACTS)


def test_a_result_says_why_and_which_rows() -> None:
    found = a_triage(exit="protection", bops="high", move="yes")
    assert found.rows[:2] == ("W10", "H5")
    assert found.why == ("THR-5", "THR-3")
    assert set(found.why) <= set(found.rules)
    assert found.unknown == ()
    assert a_triage(home=UNKNOWN, told=UNKNOWN).unknown == ("home", "told")


def test_every_rule_of_the_topic_but_that_of_staff_is_applied_by_some_row() -> None:
    """THR-8 is a branch of its own, THR-1 is that the bot asks: it has rows that say who said so."""
    applied = {rule for row in (*WHO, *HOW_FAST, *ALSO) for rule in row.rules if rule.startswith("THR-")}
    assert applied == {f"THR-{n}" for n in range(17)} - {"THR-8"}


# ── what would change it ─────────────────────────────────────────────────────────────────────────────────────


def test_what_would_change_it_really_does() -> None:
    for found in every_triage()[::7]:
        for change in what_would_change_it(found.inputs, OPEN):
            other: dict[str, Any] = {change.question: change.answer}
            if change.question in ("exit", "bops"):
                other |= {"bops": None, "move": None} if change.question == "exit" else {"move": None}
            then = triage(replace(found.inputs, **other), OPEN)
            assert (then.receiver, then.urgency) == (change.receiver, change.urgency)
            assert (then.receiver, then.urgency) != (found.receiver, found.urgency)


def test_every_outcome_has_a_nearest_other_one_and_one_that_raises_goes_before_one_that_lowers() -> None:
    def steps(found: Triage, change: Change) -> tuple[bool, int]:
        up, on = step(change.urgency) - step(found.urgency), step(change.receiver) - step(found.receiver)
        return up < 0 or on < 0, abs(up) + abs(on)

    for found in every_triage():
        assert found.change is not None, found.inputs
        nearest = min(steps(found, change) for change in what_would_change_it(found.inputs, OPEN))
        assert steps(found, found.change) == nearest


def test_no_change_is_to_know_less() -> None:
    """Who finds out what was unknown does not find that nobody has asked, and what was said is not unsaid."""
    unsaid = ("not_asked", "waiting")
    for found in every_triage():
        for change in what_would_change_it(found.inputs, OPEN):
            assert change.answer != UNKNOWN
            assert change.answer not in unsaid or getattr(found.inputs, change.question) in unsaid, found.inputs


def test_whom_the_threat_is_against_and_how_old_they_are_is_found_out_and_never_another() -> None:
    for found in every_triage():
        for change in what_would_change_it(found.inputs, OPEN):
            if change.question in ("danger", "concerns", "age"):
                assert getattr(found.inputs, change.question) == UNKNOWN


@pytest.mark.parametrize(
    ("said", "question", "answer", "why"),
    [
        ({"exit": "no_protection"}, "told", "no", "what matters is that the police know"),
        ({"exit": "protection", "bops": "high", "move": "no"}, "move", "yes", "one step to the central unit"),
        ({"exit": "protection", "bops": "high", "move": "yes"}, "move", "no", "one step back to BOPS"),
        (
            {"exit": "protection", "bops": "high", "move": "yes", "age": UNKNOWN},
            "age",
            "old_enough",
            "find the age out",
        ),
        ({**MUST_MOVE, "concerns": UNKNOWN}, "concerns", "subject", "find out whom it is against"),
        ({**MUST_MOVE, "concerns": "family"}, "bops", "not_high", "whom it is against is known, and stays"),
        ({"exit": UNKNOWN}, "exit", "protection", "nobody finds out that nobody has asked"),
        (
            {"exit": "protection", "bops": "not_high", "told": "no"},
            "bops",
            "high",
            "two steps up go before one down",
        ),
    ],
)
def test_the_nearest_change_is_the_one_to_watch_for(said: dict[str, str], question: str, answer: str, why: str) -> None:
    change = a_triage(CLOSED, **said).change
    assert change is not None
    assert (change.question, change.answer) == (question, answer), why


# ── raised by judgement ──────────────────────────────────────────────────────────────────────────────────────


def test_raising_is_one_step_up_on_one_scale_and_never_lower() -> None:
    """THR-12."""
    for found in every_triage():
        for what in what_may_be_raised(found):
            raised = raise_one_step(found, what)
            up = URGENCIES.index(raised.urgency) - URGENCIES.index(found.urgency)
            on = RECEIVERS.index(raised.receiver) - RECEIVERS.index(found.receiver)
            assert (up, on) == ((1, 0) if what == "urgency" else (0, 1))
            assert raised.raised == what
            assert what_may_be_raised(raised) == (), "once"


def test_what_else_must_be_done_follows_the_raised_receiver() -> None:
    raised = raise_one_step(a_triage(exit="protection", bops="high", move="no"), "receiver")
    assert raised.receiver == "central_unit"
    assert "ask_the_city" not in {act.id for act in raised.acts}
    assert "no_visit" in {act.id for act in raised.acts}


@pytest.mark.parametrize(
    ("said", "what", "why"),
    [
        ({"danger": "yes"}, "urgency", "112 is the top"),
        ({"exit": "protection", "bops": "high", "move": "yes"}, "receiver", "the central unit is the top"),
        ({"exit": "protection", "bops": "high", "move": "yes", "age": "minor"}, "receiver", "never past the age limit"),
        ({"exit": "protection", "bops": "unknown", "age": "unknown"}, "receiver", "nor by an unknown age"),
        (
            {**MUST_MOVE, "move": "no", "concerns": "family"},
            "receiver",
            "the age is not theirs",
        ),
        ({**MUST_MOVE, "concerns": UNKNOWN}, "receiver", "it may be the family"),
    ],
)
def test_what_cannot_be_raised_is_refused(said: dict[str, str], what: Literal["urgency", "receiver"], why: str) -> None:
    found = a_triage(**said)
    assert what not in what_may_be_raised(found), why
    with pytest.raises(ValueError, match="cannot be raised"):
        raise_one_step(found, what)


# ── age, paths and configuration ─────────────────────────────────────────────────────────────────────────────

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("age_group", "month_of_18", "limit", "is_", "why"),
    [
        ("15_17", None, 18, "minor", "a child"),
        ("under_12", None, 18, "minor", "a child"),
        ("18_20", None, 18, "old_enough", "18 is the limit that ships"),
        ("21_29", None, 18, "old_enough", "above it"),
        ("unknown", None, 18, "unknown", "nobody knows"),
        ("unknown", "2020-01", 18, "unknown", "the group is what is asked; it must be said"),
        ("18_20", None, 20, "below_limit", "18 to 20 lies across the limit of 20, and nobody knows the month"),
        ("18_20", "2024-10", 20, "old_enough", "20 in October 2026"),
        ("18_20", "2024-11", 20, "below_limit", "20 in this very month: the day is never known"),
        ("21_29", None, 20, "old_enough", "above it"),
        ("15_17", "2024-01", 20, "minor", "what is asked today stands over an old month"),
        ("18_20", "2027-06", 18, "minor", "the month says that the birthday is to come, whatever the group says"),
        ("18_20", "2026-12", 18, "minor", "next month"),
        ("18_20", "2026-11", 18, "unknown", "this very month: the day is never known"),
        ("18_20", "2026-10", 18, "old_enough", "the month is over"),
        ("21_29", "2027-06", 21, "minor", "the month says that the birthday is to come, whatever the group says"),
        ("21_29", "2024-01", 21, "below_limit", "18 in January 2024, so 20 by the month"),
        ("21_29", "2023-10", 21, "old_enough", "21 by both"),
        ("21_29", "2023-11", 21, "below_limit", "21 in this very month"),
        ("18_20", "2018-01", 21, "below_limit", "by the group, though 26 by the month"),
        ("18_20", None, 21, "below_limit", "the whole group is under the limit"),
        ("unknown", "2027-06", 18, "minor", "under 18 by the month, whatever nobody knows of the group"),
    ],
)
def test_the_age_against_the_citys_limit(
    age_group: str, month_of_18: str | None, limit: int, is_: str, why: str
) -> None:
    """THR-5, THR-7."""
    assert the_age_for_exit_work(age_group, month_of_18, TODAY, Policy(exit_age_limit=limit)) == is_, why


def test_nobody_is_old_enough_by_the_group_or_by_the_month_alone() -> None:
    """THR-7, for every group, month and limit: old enough only if neither says otherwise; a child if either says so."""
    months = [None, *(f"{year}-{month:02}" for year in range(2014, 2030) for month in range(1, 13))]
    for age_group, written, limit in itertools.product([*AGES, "unknown"], months, range(18, 30)):
        is_ = the_age_for_exit_work(age_group, written, TODAY, Policy(exit_age_limit=limit))
        month = date.fromisoformat(f"{written}-01") if written else None
        since = None if month is None else 12 * (TODAY.year - month.year) + TODAY.month - month.month
        old_by_month = since is None or since > 12 * (limit - 18)
        old_by_group = age_group in AGES and (AGES[age_group][1] > limit if month else AGES[age_group][0] >= limit)
        case = (age_group, written, limit)
        assert (is_ == "old_enough") == (old_by_month and old_by_group), case
        child_by_month = month is not None and month > TODAY
        assert (is_ == "minor") == (child_by_month or age_group in MINOR_AGES), case


@pytest.mark.parametrize("limit", [17, 12, 1, 30])
def test_an_age_limit_under_18_is_refused(limit: int) -> None:
    """THR-7: never settable lower."""
    with pytest.raises(ValueError, match="exit_age_limit is"):
        Policy(exit_age_limit=limit)


def test_the_path_of_the_report_is_closed_unless_it_is_opened() -> None:
    """THR-6."""
    with pytest.raises(ValueError, match="is closed in this deployment"):
        a_triage(CLOSED, exit="cannot_stay")
    assert a_triage(OPEN, exit="cannot_stay").receiver == "central_unit"
    changes = what_would_change_it(a_triage(CLOSED).inputs, CLOSED)
    assert "cannot_stay" not in {change.answer for change in changes}


@pytest.mark.parametrize(
    ("owner", "approved", "fault"),
    [
        ("", "2026-11-23", "threat_rules_owner"),
        ("Metodrådet", "", "threat_rules_approved"),
        ("Metodrådet", "i går", "threat_rules_approved"),
        ("070-123 45 67", "2026-11-23", "threat_rules_owner"),
    ],
)
def test_who_approved_the_table_is_said_whole_or_not_at_all(owner: str, approved: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Policy(threat_rules_owner=owner, threat_rules_approved=approved)
    Policy(threat_rules_owner="Metodrådet", threat_rules_approved="2026-11-23")


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_triage_is_kept_whole_and_read_back_strictly() -> None:
    found = a_triage(exit="protection", bops="high", move="yes", home=UNKNOWN)
    at = datetime.fromisoformat("2026-11-23T14:05+01:00")
    kept = ThreatTriaged(
        case="Ö22-222",
        triaged_at=at,
        table=TABLE,
        inputs=found.inputs,
        age_limit=18,
        path="closed",
        rows=found.rows,
        rules=found.rules,
        acts=tuple(act.id for act in found.acts),
        urgency=found.urgency,
        receiver=found.receiver,
        due_at=at,
        contacts="medföljer",
    )
    payload = kept.payload()
    assert payload["triaged_at"] == "2026-11-23T14:05+01:00"
    assert ThreatTriaged.from_payload(payload) == kept
    assert triage(ThreatInputs.from_payload(payload["inputs"]), CLOSED) == found, "it can be worked out again"


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-23",
        "2026-11-23T14:05",
        "2026-11-23T14:05:00+01:00",
        "2026-11-23 14:05+01:00",
        "14:05",
        5,
        "2026-11-23T14:05Z",
    ],
)
def test_a_time_has_one_form(written: Any) -> None:
    good = a_triage()
    payload = {
        "case": "Ö22-222",
        "table": "t",
        "age_limit": 18,
        "path": "closed",
        "rows": ["W1"],
        "rules": ["THR-1"],
        "acts": ["tell_manager"],
        "urgency": "plan",
        "receiver": "case_officer",
        "contacts": "c",
        "inputs": good.inputs.payload(),
        "triaged_at": written,
        "due_at": "2026-11-23T14:05+01:00",
    }
    with pytest.raises(BadRecord, match=r"triaged_at is .* it must be a time like"):
        ThreatTriaged.from_payload(payload)


# ── the referral, by the clock ───────────────────────────────────────────────────────────────────────────────

FRIDAY_EVENING = datetime(2026, 11, 27, 19, 30, tzinfo=STOCKHOLM)
MONDAY_AT_EIGHT = datetime(2026, 11, 30, 8, 0, tzinfo=STOCKHOLM)
BEFORE, NOW_ID, SENT_ID = (f"00000000-0000-7000-8000-{n:012}" for n in range(3))
FAST = {"112": {"danger": "yes"}, "now": {"exit": UNKNOWN}, "today": {"exit": "not_asked"}}
"""Answers that give an urgency, and the local coordinator of the police as the receiver but for the first."""


def on_record(found: Triage, now: datetime, id_: str = NOW_ID) -> Kept:
    """A triage as the dialog keeps it, with the due times of what ships (office hours, 112 and 114 14)."""
    ways = the_ways_to(
        found.receiver, found.urgency, contacts=SHIPPED, district="Farsta", police_area="Farsta", now=now
    )
    kept = ThreatTriaged(
        case="Ö22-222",
        triaged_at=now,
        table=TABLE,
        inputs=found.inputs,
        age_limit=18,
        path="closed",
        rows=found.rows,
        rules=found.rules,
        acts=tuple(act.id for act in found.acts),
        urgency=found.urgency,
        receiver=found.receiver,
        due_at=ways.ordinary.due,
        first_due_at=None if ways.meanwhile is None else ways.meanwhile.due,
        contacts=SHIPPED.version,
    )
    return Kept(kept, id=id_)


def sent(triaged: Kept, **form: Any) -> Kept:
    kept = triaged.record
    assert isinstance(kept, ThreatTriaged)
    due = the_answer_is_due(kept.urgency, kept.triaged_at.date(), SHIPPED, kept.triaged_at)
    record = ReferralSent(
        case=kept.case,
        triage=triaged.id,
        sent_on=kept.triaged_at.date(),
        receiver=kept.receiver,
        urgency=kept.urgency,
        table=kept.table,
        rows=kept.rows,
        answer_by=due,
        **form,
    )
    return Kept(record, id=SENT_ID)


def told(*who: Told, triage: str = NOW_ID) -> Kept:
    return Kept(HandoverTold(case="Ö22-222", triage=triage, told=who, told_on=FRIDAY_EVENING.date()))


def steps(*entries: Entry) -> list[tuple[str, str, bool, datetime]]:
    return [(step.kind, step.rings, step.at_once, step.by) for step in what_is_next(entries)]


@pytest.mark.parametrize(
    ("said", "first", "why"),
    [
        (FAST["now"], ("ring_meanwhile", "police", True, FRIDAY_EVENING), "114 14 at once, not on Monday"),
        (FAST["112"], ("ring_meanwhile", "out_of_hours", True, FRIDAY_EVENING), "socialjouren, after 112"),
        (
            FAST["today"],
            ("ring_meanwhile", "police", False, FRIDAY_EVENING.replace(hour=23, minute=59)),
            "before the day is over",
        ),
    ],
)
def test_on_a_friday_evening_the_way_that_is_open_comes_first_and_the_referral_on_monday(
    said: dict[str, str], first: tuple[Any, ...], why: str
) -> None:
    """THR-9, THR-12."""
    found = a_triage(**said)
    assert steps(on_record(found, FRIDAY_EVENING)) == [first, ("send", found.receiver, False, MONDAY_AT_EIGHT)], why


def test_what_is_at_once_within_hours_is_one_step_and_late_the_day_after() -> None:
    noon = FRIDAY_EVENING.replace(hour=12)
    (step,) = what_is_next((on_record(a_triage(**FAST["now"]), noon),))
    assert (step.kind, step.at_once, step.by) == ("send", True, noon)
    assert not step.is_late(FRIDAY_EVENING), "it says at once: that is enough on the same day"
    assert step.is_late(noon + timedelta(days=1))
    (wait,) = what_is_next((on_record(a_triage(), FRIDAY_EVENING),))
    assert (wait.kind, wait.at_once) == ("send", False), "what can wait needs no other way"
    assert not wait.is_late(wait.by)
    assert wait.is_late(wait.by + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("said", "then", "left", "why"),
    [
        ("now", told("police"), ["send"], "the police know: the referral is left"),
        ("now", told("manager"), ["ring_meanwhile", "send"], "somebody else knows"),
        ("now", told("police", triage=BEFORE), ["ring_meanwhile", "send"], "they know of another threat"),
        ("112", told("case_officer"), ["send"], "socialjouren stands in for the case officer"),
        ("112", told("police"), ["ring_meanwhile", "send"], "the social services know nothing"),
        ("now", None, ["ask"], "the referral itself is sent"),
    ],
)
def test_the_way_that_is_open_meanwhile_falls_away_when_they_know(
    said: str, then: Kept | None, left: list[str], why: str
) -> None:
    triaged = on_record(a_triage(**FAST[said]), FRIDAY_EVENING)
    assert [kind for kind, *_ in steps(triaged, then or sent(triaged))] == left, why


@pytest.mark.parametrize("urgency", URGENCIES)
def test_a_silent_one_is_asked_again_the_same_day_where_it_was_at_once_else_the_next(urgency: Urgency) -> None:
    """THR-9: what could wait five days when it was sent does not wait five more."""
    again = a_silent_one_is_asked_again(urgency, FRIDAY_EVENING.date(), SHIPPED, FRIDAY_EVENING)
    tonight, monday = FRIDAY_EVENING.replace(hour=23, minute=59), MONDAY_AT_EIGHT.replace(hour=16, minute=30)
    assert again == (tonight if urgency in ("now", "112") else monday)
    assert again <= the_answer_is_due(urgency, FRIDAY_EVENING.date(), SHIPPED, FRIDAY_EVENING)


EVERYBODY = ("case_officer", "exit_coordinator", "bops", "central_unit", "manager", "police")


@pytest.mark.parametrize(
    ("said", "then", "know", "left", "why"),
    [
        (
            {"exit": "not_asked", "told": "no"},
            (),
            (),
            ("case_officer", "exit_coordinator", "manager", "police"),
            "nobody knows",
        ),
        (
            {"exit": "not_asked"},
            (),
            ("police",),
            ("case_officer", "exit_coordinator", "manager"),
            "what was answered of the police counts",
        ),
        (
            {"exit": "not_asked", "told": UNKNOWN},
            (told("police", "manager"), told("case_officer")),
            ("case_officer", "manager", "police"),
            ("exit_coordinator",),
            "what was told later adds to it",
        ),
        (
            {"exit": "not_asked", "told": "no"},
            (told("police", "manager", "case_officer", triage=BEFORE),),
            (),
            ("case_officer", "exit_coordinator", "manager", "police"),
            "they were told of another threat",
        ),
        (MUST_MOVE, (told("central_unit", "manager", "case_officer"),), EVERYBODY, (), "the whole hand-over"),
    ],
)
def test_who_knows_of_this_threat_and_who_is_left(
    said: dict[str, str], then: tuple[Kept, ...], know: tuple[str, ...], left: tuple[str, ...], why: str
) -> None:
    """THR-9."""
    triaged = on_record(a_triage(**said), FRIDAY_EVENING)
    assert isinstance(triaged.record, ThreatTriaged)
    assert who_has_been_told_and_who_is_left(triaged.record, (triaged, *then)) == (know, left), why


def test_a_referral_of_years_ago_says_nothing_of_who_knows_today() -> None:
    """THR-9."""
    old = on_record(a_triage(**MUST_MOVE), FRIDAY_EVENING.replace(year=2024), id_=BEFORE)
    triaged = on_record(a_triage(exit="not_asked"), FRIDAY_EVENING)
    assert isinstance(triaged.record, ThreatTriaged)
    assert isinstance(old.record, ThreatTriaged)
    held = (old, sent(old), triaged)
    know, left = who_has_been_told_and_who_is_left(triaged.record, held)
    assert (know, left) == (("police",), ("case_officer", "exit_coordinator", "manager"))
    assert "central_unit" in who_has_been_told_and_who_is_left(old.record, held)[0]


def test_the_form_and_the_measures_are_those_that_were_said_last_before_or_with_the_referral() -> None:
    """CON-14: the gaps can be closed before anything is sent."""
    triaged = on_record(a_triage(**MUST_MOVE), FRIDAY_EVENING)

    def rests_on(*entries: Kept) -> tuple[bool | None, bool | None]:
        found = what_an_exit_referral_rests_on((triaged, *entries), FRIDAY_EVENING.date(), Policy())
        met = {one.id: one.met for one in found}
        return met["police_form"], met["measures"]

    def said(**form: Any) -> Kept:
        return Kept(ExitPrerequisites(case="Ö22-222", triage=triaged.id, **form))

    assert rests_on() == (None, None)
    assert rests_on(said(police_form="yes")) == (True, None)
    assert rests_on(said(police_form="no"), said(police_form="yes", measures="no")) == (True, False)
    assert rests_on(said(police_form="yes"), sent(triaged, police_form="yes", measures="yes")) == (True, True)
    assert rests_on(sent(triaged, police_form="no", measures="yes"), said(police_form="yes")) == (True, True)
    assert rests_on(said(police_form="yes"), said(police_form="unknown")) == (None, None), "nobody is sure any more"
    to_bops = sent(on_record(a_triage(exit="protection", bops="high", move="no"), FRIDAY_EVENING), police_form="yes")
    assert rests_on(to_bops) == (None, None), "a referral to somebody else says nothing"


def test_a_referral_is_kept_with_the_tables_version_the_urgency_and_what_was_raised() -> None:
    """So that figures of a row are of that row of that table, and say which were raised."""
    triaged = on_record(a_triage(**FAST["now"]), FRIDAY_EVENING)
    record = sent(triaged, raised="urgency").record
    payload = record.payload()
    assert (payload["table"], payload["urgency"], payload["raised"]) == (TABLE, "now", "urgency")
    assert ReferralSent.from_payload(payload) == record
    for name in ("table", "urgency"):
        with pytest.raises(BadRecord, match=f"referral_sent.{name} is missing"):
            ReferralSent.from_payload({key: value for key, value in payload.items() if key != name})


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        ({"told": [], "told_on": "2026-11-27"}, "told is \\[\\]; it must be a list of at least one"),
        ({"told": ["mother"], "told_on": "2026-11-27"}, "told\\[0\\] is 'mother'"),
        ({"told": ["manager"]}, "told_on is missing"),
    ],
)
def test_only_functions_are_told(payload: dict[str, Any], fault: str) -> None:
    with pytest.raises(BadRecord, match=fault):
        HandoverTold.from_payload({"case": "Ö22-222", "triage": NOW_ID, **payload})


# ── where a deployment sets it, and on paper ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("exit_age_limit = 17", "exit_age_limit is 17; it must be from 18"),
        ('exit_age_limit = "18"', "exit_age_limit is '18'; it must be a whole number"),
        ("exit_path_open = 1", "exit_path_open is 1; it must be true or false"),
        ('threat_rules_owner = "Metodrådet"', "threat_rules_approved is ''"),
        ("threat_rules_approved = 2026-11-23", "it must be words in quotation marks"),
        ('contacts = "kontakter.toml"', r"\[policy\] has \['contacts'\]"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_at_start(tmp_path: Path, line: str, fault: str) -> None:
    """THR-7: a limit under 18 above all."""
    (tmp_path / "lots.toml").write_text(f"[policy]\n{line}\n", "utf-8")
    with pytest.raises(BadSettings, match=fault):
        load({}, data_dir=str(tmp_path))


def test_a_deployment_sets_its_limit_its_path_and_who_decided(tmp_path: Path) -> None:
    written = 'exit_age_limit = 20\nexit_path_open = true\nthreat_rules_owner = "Metodrådet"\n'
    (tmp_path / "lots.toml").write_text(f'[policy]\n{written}threat_rules_approved = "2026-11-01"\n', "utf-8")
    policy = load({}, data_dir=str(tmp_path)).policy
    assert (policy.exit_age_limit, policy.exit_path_open, policy.threat_rules_owner) == (20, True, "Metodrådet")
    assert "Regler och tider är beslutade av Metodrådet den 2026-11-01." in next(iter(table_lines(policy)))


def test_the_table_on_paper_has_every_row_with_its_rules_and_their_sources() -> None:
    lines = list(table_lines(Policy()))
    for row in (*WHO, *HOW_FAST, *ALSO):
        (line,) = [line for line in lines if line.startswith(f"| {row.id} |")]
        assert line.endswith(f"| {', '.join(row.rules)} |")
        for rule in row.rules:
            assert [said for said in lines if said.startswith(f"| {rule} |") and say(BUILT[rule].words, "sv") in said]
    assert "exempel, ej beslutade" in lines[0]
    assert "| A11 | alltid | " in "\n".join(lines)
