"""The machine: what compiles, and that every way through /samtal leads to a question or an end."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from dialogs import samtal
from dialogs.answers import CaseCode, Choice, Day, Value
from dialogs.model import Decide, Dialog, Go, Outcome, Question, World
from dialogs.policy import Group
from dialogs.records import CaseFact, Entry, TalkHeld
from dialogs.registry import DIALOGS
from state.errors import BadDialog
from state.machine import CompiledDialog, Position, Row, compiled_once, rows_of
from tests.sample_dialog import BESOK
from tests.talk import MONDAY, NEW, OURS, Kept, a_world

TODAY = MONDAY.date()


def with_routes(*changed: Go | Decide, without: int = 0) -> Dialog:
    """The sample with its last routes left out and others put in."""
    return replace(BESOK, routes=(*BESOK.routes[: len(BESOK.routes) - without], *changed))


# ── compiling ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("route", "named", "why"),
    [
        (Go("place", "nowhere", on=("home", "office")), "nowhere", "it leads to no place"),
        (Go("nobody", "visit_kept"), "nobody", "it comes from no place"),
        (
            Decide("place", by=lambda answers, world: "here", ways={"here": "nowhere"}, on=("home", "office")),
            "nowhere",
            "one of a rule's ways leads to no place",
        ),
    ],
)
def test_a_route_to_or_from_nowhere_does_not_compile(route: Go | Decide, named: str, why: str) -> None:
    with pytest.raises(BadDialog) as fault:
        CompiledDialog(with_routes(route, without=1))
    assert fault.value.code == "L100"
    assert "besok" in str(fault.value), why
    assert named in str(fault.value), why


def test_a_declaration_is_compiled_once_and_a_changed_one_anew() -> None:
    assert compiled_once(BESOK) is compiled_once(BESOK)
    assert compiled_once(BESOK).dialog is BESOK
    changed = with_routes()
    assert compiled_once(changed).dialog is changed, "equal is not the same: its rules may be others"
    with pytest.raises(BadDialog):
        compiled_once(with_routes(Go("nobody", "visit_kept")))


def test_a_rule_that_answers_what_no_row_names_is_a_fault_and_no_guess() -> None:
    odd = Decide("place", by=lambda answers, world: "elsewhere", ways={"here": "visit_kept"}, on=("home", "office"))
    compiled = CompiledDialog(with_routes(odd, without=1))
    with pytest.raises(BadDialog, match="no route from place on home/elsewhere"):
        compiled.walk(ALL_THE_WAY, a_world())


def test_a_choice_that_no_row_names_is_a_fault_and_no_guess() -> None:
    compiled = CompiledDialog(with_routes(Go("place", "visit_kept", on="office"), without=1))
    assert isinstance(compiled.walk({**ALL_THE_WAY, "place": "office"}, a_world()).at, Outcome)
    with pytest.raises(BadDialog, match="no route from place on home"):
        compiled.walk(ALL_THE_WAY, a_world())


def test_routes_are_spelt_out_one_row_for_each_choice_and_each_answer_of_a_rule() -> None:
    rows = list(rows_of(BESOK))
    assert [row for row in rows if row.source == "came"] == [
        Row("came", "yes", "", "day"),
        Row("came", "unknown", "", "day"),
        Row("came", "no", "", "nothing_to_keep"),
    ]
    assert [(row.trigger, row.to) for row in rows if row.source == "day"] == [
        ("given/first", "who"),
        ("given/again", "again"),
    ]
    assert len(rows) == len({(row.source, row.trigger) for row in rows}) == 16


# ── walking ──────────────────────────────────────────────────────────────────────────────────────────────────

ALL_THE_WAY: dict[str, Value] = {
    "case": OURS,
    "came": "yes",
    "who": ["subject"],
    "told": {"police": "yes", "bup": "not_asked"},
    "minutes": 45,
}


def test_a_walk_stops_at_the_first_question_without_an_answer_that_holds() -> None:
    compiled = CompiledDialog(BESOK)
    for known, at in [(0, "case"), (1, "came"), (2, "who"), (3, "told"), (4, "minutes"), (5, "visit_kept")]:
        given = dict(list(ALL_THE_WAY.items())[:known])
        assert compiled.walk(given, a_world()).at.id == at
    assert compiled.walk({**ALL_THE_WAY, "told": {"police": "yes"}}, a_world()).at.id == "told"
    assert compiled.walk({**ALL_THE_WAY, "day": "2026-11-24"}, a_world()).at.id == "day", "no preset in its place"


def test_a_walk_tells_its_way_its_presets_and_its_rows() -> None:
    position = CompiledDialog(BESOK).walk(ALL_THE_WAY, a_world())
    assert list(position.way) == ["case", "came", "day", "who", "told", "minutes", "place"]
    assert position.preset == {"day", "place"}
    assert position.answers.day("day") == TODAY
    assert [row.to for row in position.rows] == ["came", "day", "who", "told", "minutes", "place", "visit_kept"]
    assert position.rows[2] == Row("day", "given", "first", "who")


def test_a_walk_passes_over_answers_that_are_not_on_its_way() -> None:
    position = CompiledDialog(BESOK).walk({**ALL_THE_WAY, "why_long": "worry", "again": "same"}, a_world())
    assert position.way.keys().isdisjoint({"why_long", "again"})


def test_two_walks_at_once_do_not_disturb_each_other() -> None:
    seen: list[str] = []

    def nosy(answers: Mapping[str, Value], world: World) -> str:
        seen.append(compiled.walk({"case": OURS}, a_world()).at.id)
        return "here"

    route = Decide("place", by=nosy, ways={"here": "visit_kept"}, on=("home", "office"))
    compiled = CompiledDialog(with_routes(route, without=1))
    assert compiled.walk(ALL_THE_WAY, a_world()).at.id == "visit_kept"
    assert seen == ["came"]


def test_a_walk_logs_no_state_names_and_no_answers(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        CompiledDialog(BESOK).walk(ALL_THE_WAY, a_world())
    assert caplog.records == []


# ── every way through /samtal ────────────────────────────────────────────────────────────────────────────────

BARE = CompiledDialog(
    replace(samtal.DIALOG, questions=tuple(replace(question, preset=None) for question in samtal.QUESTIONS))
)
"""/samtal with every preset taken away, so that each question is come to and each of its answers tried."""


def values_of(question: Question) -> Sequence[Value]:
    match question.kind:
        case CaseCode():
            return (OURS, NEW)
        case Day():
            return (TODAY.isoformat(), (TODAY - timedelta(days=1)).isoformat())
        case Choice() as choice:
            return choice.categories
    raise AssertionError(question.id)


def every_way(world: World, given: Mapping[str, Value]) -> Iterator[Position]:
    """Every position there is from here on, by every answer to every question that is come to."""
    position = BARE.walk(given, world)
    yield position
    if isinstance(position.at, Question):
        for value in values_of(position.at):
            yield from every_way(world, {**given, position.at.id: value})


GROUPS: tuple[Group | None, ...] = (None, "youth", "young_adult")


def a_shelf(earlier: int, group: Group | None, same_day: bool) -> dict[str, Sequence[Entry]]:
    """A case with so many talks behind it, the last of them today or not."""
    days = [TODAY - timedelta(days=7 * n + (0 if same_day else 3)) for n in reversed(range(earlier))]
    kept: list[Entry] = [Kept(TalkHeld(case=OURS, held="yes", occurred_on=day)) for day in days]
    if group:
        kept.insert(0, Kept(CaseFact(case=OURS, fact="group", value=group)))
    return {OURS: kept}


@pytest.mark.exhaustive
def test_every_way_through_samtal_leads_to_a_question_or_an_outcome_and_every_row_is_walked() -> None:
    walked: set[Row] = set()
    reached: set[str] = set()
    ends = 0
    for earlier in range(7):
        for group in GROUPS:
            for same_day in (True, False) if earlier else (False,):
                for position in every_way(a_world(shelf=a_shelf(earlier, group, same_day)), {}):
                    walked.update(position.rows)
                    assert len(position.rows) == len(position.way), "a way has no gap"
                    if isinstance(position.at, Outcome):
                        ends += 1
                        reached.add(position.at.id)
    assert walked == set(rows_of(samtal.DIALOG))
    assert reached == set(samtal.DIALOG.endings)
    assert ends > 5000, "the ways were really tried"


def test_a_way_never_asks_the_same_question_twice() -> None:
    for position in every_way(a_world(shelf=a_shelf(4, None, True)), {}):
        if isinstance(position.at, Question):
            assert position.at.id not in position.way


# ── progress and drawing ─────────────────────────────────────────────────────────────────────────────────────


def test_progress_is_the_shortest_way_left_and_never_less_than_this_question() -> None:
    compiled = CompiledDialog(samtal.DIALOG)
    world = a_world(shelf=a_shelf(4, None, False))
    walks: list[tuple[dict[str, Value], tuple[int, int]]] = [
        ({}, (1, 2)),
        ({"case": OURS}, (2, 3)),  # nobody has said the group
        ({"case": OURS, "group": "unknown"}, (3, 3)),
        ({"case": OURS, "group": "unknown", "held": "yes"}, (4, 4)),
        ({"case": OURS, "group": "unknown", "held": "yes", "assessment": "motivated"}, (5, 5)),
    ]
    for given, progress in walks:
        assert compiled.progress(compiled.walk(given, world)) == progress, given


def test_progress_counts_to_what_is_saved_and_not_to_an_early_end() -> None:
    """At the first question of a dialog: an answer that ends it at once, with nothing saved, promises no short way."""
    firsts = {
        dialog.id: CompiledDialog(dialog).progress(CompiledDialog(dialog).walk({}, a_world())) for dialog in DIALOGS
    }
    assert firsts["hotbild"] == (1, 7), "somebody may be in danger: then 112, and nothing is saved"
    assert firsts["aterkalla"] == (1, 4), "there may be nothing to take back"
    assert firsts["kopia"] == (1, 3), "there may be no copy to hand over"
    assert firsts["samtal"] == (1, 2)


@pytest.mark.parametrize("dialog", [*DIALOGS, BESOK], ids=lambda dialog: dialog.id)
def test_the_diagram_names_every_node_and_every_way(dialog: Dialog) -> None:
    drawn = CompiledDialog(dialog).mermaid()
    assert "stateDiagram" in drawn
    for node in (*dialog.by_id, *dialog.endings):
        assert f'state "{node}"' in drawn
    ways = {tuple(line.strip().split(":")[0].split(" --> ")) for line in drawn.splitlines() if " --> " in line}
    assert ways - {("[*]", dialog.questions[0].id)} == {(row.source, row.to) for row in rows_of(dialog)}


def test_a_dialog_knows_what_an_answer_makes_void_however_far_down() -> None:
    def depends(id_: str, *on: str) -> Question:
        return replace(BESOK.by_id["came"], id=id_, depends_on=on)

    chain = replace(BESOK, questions=(depends("a"), depends("b", "a"), depends("c", "b"), depends("d")))
    assert chain.depending_on("a") == {"b", "c"}
    assert chain.depending_on("c") == chain.depending_on("d") == frozenset()
    ring = replace(BESOK, questions=(depends("a", "b"), depends("b", "a")))
    assert ring.depending_on("a") == {"b"}, "a ring ends"
    assert BESOK.depending_on("day") == {"again"}
