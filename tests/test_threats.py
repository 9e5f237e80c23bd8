"""The threat table, held to every combination of answers there is (THR-0 … THR-16)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest

from bot.settings import load
from dialogs.policy import Policy
from dialogs.records import BadRecord, ThreatInputs, ThreatTriaged
from dialogs.rules.catalogue import BUILT, NOT_BUILT
from dialogs.rules.threats import (
    ACTS,
    ALSO,
    DECIDING,
    DOMAIN,
    HOW_FAST,
    NOT_CONTACTED,
    RECEIVERS,
    SKIPPED,
    UNKNOWN,
    URGENCIES,
    WHO,
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

OPEN, CLOSED = Policy(exit_path_open=True), Policy()


def product(names: tuple[str, ...]) -> Iterator[dict[str, str]]:
    for values in itertools.product(*(DOMAIN[name] for name in names)):
        yield dict(zip(names, values, strict=True))


EVERY = list(product(DECIDING))
"""Every combination of what decides, also those that no way through the dialog leads to."""

PLAIN = {"concerns": "subject", "home": "no", "children": "no", "consent": "covered"}


def facts_on_the_way() -> Iterator[dict[str, str]]:
    """Every combination of every input that a way through the dialog leads to."""
    said = [{"exit": e, "bops": SKIPPED, "move": SKIPPED} for e in DOMAIN["exit"] if e != "protection"]
    said += [
        {"exit": "protection", "bops": bops, "move": move}
        for bops in DOMAIN["bops"]
        if bops != SKIPPED
        for move in (DOMAIN["move"][:3] if bops == "high" else (SKIPPED,))
    ]
    rest = ("danger", "concerns", "age", "home", "children", "told", "consent")
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
    assert len(EVERY) == 3 * 4 * 3 * 6 * 6 * 4
    assert wrong == [], "a combination with none is a gap, one with two an overlap"


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
    known = {**DOMAIN, "receiver": RECEIVERS, "urgency": URGENCIES}
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


def test_the_central_unit_only_by_its_two_ways() -> None:
    """THR-5 (of age, high threat by BOPS, must move), THR-6 (of age, together, the path is open)."""
    for found in every_triage():
        said = found.inputs
        by_bops = (said.exit, said.bops, said.move) == ("protection", "high", "yes")
        together = said.exit == "cannot_stay"
        assert (found.receiver == "central_unit") == (said.age == "old_enough" and (by_bops or together))


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
    ],
)
def test_vet_inte_leads_to_the_one_who_can_say(said: dict[str, str], leads_to: str, why: str) -> None:
    """THR-12."""
    found = a_triage(**said)
    assert found.receiver == leads_to, why


@pytest.mark.parametrize("name", ["home", "children", "told", "danger", "age"])
def test_vet_inte_has_every_act_that_the_worst_answer_has(name: str) -> None:
    """THR-12, THR-13, THR-14: an unknown home is a yes, an unknown age a child, an unknown child is at risk."""
    worst = {"age": "minor", "told": "no"}.get(name, "yes")
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


def test_a_child_is_protected_beside_every_outcome_never_instead_of_one() -> None:
    """THR-14."""
    for found in every_triage():
        child = found.inputs.age in ("minor", UNKNOWN) or found.inputs.children in ("yes", UNKNOWN)
        assert ("protect_child" in {act.id for act in found.acts}) == child
        grown = triage(replace(found.inputs, age="below_limit", children="no"), OPEN)
        if found.inputs.age != "old_enough":
            assert (found.receiver, found.urgency) == (grown.receiver, grown.urgency)


def test_the_police_are_told_where_they_are_not_known_to_be_and_the_rule_is_checked_without_consent() -> None:
    """THR-2, CON-12."""
    for found in every_triage():
        acts = {act.id for act in found.acts} & {"tell_police", "check_secrecy"}
        if found.inputs.told == "yes":
            assert not acts
        else:
            assert acts == {"tell_police" if found.inputs.consent == "covered" else "check_secrecy"}


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


def test_every_outcome_has_a_nearest_other_one() -> None:
    def steps(found: Triage, receiver: str, urgency: str) -> int:
        return abs(step(urgency) - step(found.urgency)) + abs(step(receiver) - step(found.receiver))

    for found in every_triage():
        assert found.change is not None, found.inputs
        nearest = min(steps(found, c.receiver, c.urgency) for c in what_would_change_it(found.inputs, OPEN))
        assert steps(found, found.change.receiver, found.change.urgency) == nearest
        assert found.change.answer != UNKNOWN, "nobody is advised to know less"


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
    ],
)
def test_the_age_against_the_citys_limit(
    age_group: str, month_of_18: str | None, limit: int, is_: str, why: str
) -> None:
    """THR-5, THR-7."""
    assert the_age_for_exit_work(age_group, month_of_18, TODAY, Policy(exit_age_limit=limit)) == is_, why


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
        table="2026-11-22",
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
