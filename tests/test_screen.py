"""The screen: rows that a thumb can hit, and a form that goes through the outbox."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.screen import WIDEST_LABEL, Button, Rows, Screen, pack, stack


def labelled(*labels: str) -> list[Button]:
    return [Button(label, f"v{number}") for number, label in enumerate(labels)]


def labels(rows: Rows) -> list[list[str]]:
    return [[button.label for button in row] for row in rows]


SEVENTEEN, EIGHTEEN = "x" * 17, "x" * 18
ELEVEN, TWELVE = "x" * 11, "x" * 12


@pytest.mark.parametrize(
    ("given_labels", "rows", "why"),
    [
        ([], [], "no buttons, no rows"),
        (["Ja", "Nej"], [["Ja", "Nej"]], "two short ones stand beside each other"),
        (["Ja", "Nej", "Vet inte"], [["Ja", "Nej", "Vet inte"]], "and so do three"),
        (["1", "2", "3", "4"], [["1", "2", "3"], ["4"]], "never four"),
        ([ELEVEN] * 3, [[ELEVEN] * 3], "eleven signs have room in three"),
        ([TWELVE, "b", "c"], [[TWELVE, "b"], ["c"]], "twelve have not"),
        (["a", "b", TWELVE], [["a", "b"], [TWELVE]], "whichever of them it is"),
        ([SEVENTEEN] * 2, [[SEVENTEEN] * 2], "seventeen have room in two"),
        ([EIGHTEEN, "b"], [[EIGHTEEN], ["b"]], "eighteen stand alone"),
        (["a", EIGHTEEN, "c"], [["a"], [EIGHTEEN], ["c"]], "in the middle too"),
        (["x" * 90, "b"], [["x" * 90], ["b"]], "too long for any row still has one of its own"),
    ],
)
def test_buttons_are_laid_out_as_their_labels_leave_room(
    given_labels: list[str], rows: list[list[str]], why: str
) -> None:
    assert labels(pack(labelled(*given_labels))) == rows, why


buttons = st.lists(st.builds(Button, st.text(min_size=1, max_size=25), st.text(max_size=9)), max_size=12)


@given(buttons)
def test_every_button_is_in_a_row_in_its_order_and_no_row_is_too_wide(given_buttons: list[Button]) -> None:
    rows = pack(given_buttons)
    assert [button for row in rows for button in row] == given_buttons
    for row in rows:
        assert 1 <= len(row) <= 3
        assert len(row) == 1 or all(len(button.label) <= WIDEST_LABEL[len(row)] for button in row)


def test_groups_stand_under_each_other_and_are_packed_each_by_itself() -> None:
    rows = stack(labelled("Ja", "Nej"), [], labelled("Tillbaka"))
    assert labels(rows) == [["Ja", "Nej"], ["Tillbaka"]]


screens = st.builds(
    Screen,
    text=st.text(max_size=40),
    rows=buttons.map(pack),
    typed=st.sampled_from(["nothing", "date", "code"]),
    session=st.text(max_size=8),
    revision=st.integers(0, 10**9),
    progress=st.none() | st.tuples(st.integers(1, 20), st.integers(1, 20)),
    told=st.integers(0, 9),
    refused=st.booleans(),
)


@given(screens)
def test_a_screen_goes_through_the_outbox_unchanged(screen: Screen) -> None:
    assert Screen.from_json(json.loads(json.dumps(screen.as_json()))) == screen


def test_a_screen_lists_its_buttons_in_reading_order() -> None:
    screen = Screen(text="", rows=pack(labelled("1", "2", "3", "4")))
    assert [button.label for button in screen.buttons] == ["1", "2", "3", "4"]
