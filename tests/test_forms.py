"""What the web's page needs of the engine: lists that are sent as a form, and the talk so far.

The sample dialog has a list of boxes (who was there, at most two) and a list in three states (who was told).
"""

from __future__ import annotations

import json

import pytest

from state.events import AnswerGrew, AnswerRefused, PressWasStale, QuestionAnswered
from state.screen import Button, ListItem, Screen
from state.session import ABANDON, WHY
from tests.sample_dialog import BESOK
from tests.talk import OURS, Talk, a_world


def at_the_boxes(language: str = "sv") -> Talk:
    return Talk(BESOK, a_world(language=language)).presses(OURS, "Ja" if language == "sv" else "Yes")


def at_the_three_states() -> Talk:
    return at_the_boxes().presses("☐ Den unge", "Klar")


def item(talk: Talk, value: str) -> ListItem:
    """The line of the list on the screen that has a value."""
    found = next(button.item for button in talk.screen.buttons if button.value == value)
    assert found is not None
    return found


def sends(talk: Talk, *values: str, revision: int | None = None) -> Talk:
    """Send a form: the lines that were changed, and last the button."""
    revision = talk.held.revision if revision is None else revision
    return talk.happened(talk.engine.fill(talk.held, revision, values, talk.world))


# ── the lines of a list ──────────────────────────────────────────────────────────────────────────────────────


def test_a_box_says_whether_it_is_ticked_apart_from_its_words() -> None:
    talk = at_the_boxes().presses("☐ Den unge")
    assert item(talk, "subject") == ListItem("Den unge", (("off", "Nej"), ("on", "Ja")), "on")
    assert item(talk, "sibling").now == "off"
    assert item(talk, "subject").is_box


def test_a_line_in_three_states_has_all_of_them_in_the_order_of_the_presses() -> None:
    talk = at_the_three_states().presses("Polisen: inte tillfrågad")
    states = (("not_asked", "Inte tillfrågad"), ("yes", "Ja"), ("no", "Nej"))
    assert item(talk, "police") == ListItem("Polisen", states, "yes")
    assert not item(talk, "police").is_box


def test_only_the_lines_of_a_list_are_lines_of_a_list() -> None:
    assert [button.label for button in at_the_boxes().screen.buttons if button.item is None] == [
        *("Klar", "Tillbaka", "Avbryt", "Varför frågar vi?")
    ]


@pytest.mark.parametrize(
    ("now", "wanted", "presses"),
    [("not_asked", "yes", 1), ("not_asked", "no", 2), ("no", "yes", 2), ("yes", "yes", 0), ("yes", "maybe", 0)],
)
def test_how_many_presses_lead_from_one_state_to_another(now: str, wanted: str, presses: int) -> None:
    line = ListItem("Polisen", (("not_asked", "Inte tillfrågad"), ("yes", "Ja"), ("no", "Nej")), now)
    assert line.presses_to(wanted) == presses


def test_a_screen_with_lists_comes_back_from_the_outbox_as_it_was() -> None:
    for screen in (at_the_boxes().screen, at_the_three_states().screen):
        assert Screen.from_json(json.loads(json.dumps(screen.as_json()))) == screen


def test_a_screen_of_an_outbox_from_before_there_were_lists_can_be_read() -> None:
    held = Screen(text="", rows=()).as_json() | {"rows": [[["Klar", "done"], ["Kopiera", "copied-1", "text"]]]}
    assert Screen.from_json(held).buttons == (Button("Klar", "done"), Button("Kopiera", "copied-1", "text"))


# ── a form ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_form_gives_what_the_same_presses_give_one_by_one() -> None:
    at_once = sends(at_the_boxes(), "subject", "school", "done")
    one_by_one = at_the_boxes().presses("☐ Den unge", "☐ Skolan", "Klar")
    assert at_once.held.answers == one_by_one.held.answers
    assert at_once.screen.text == one_by_one.screen.text
    assert [type(event) for event in at_once.events] == [AnswerGrew, AnswerGrew, QuestionAnswered]


def test_three_states_are_stepped_as_often_as_the_form_says() -> None:
    talk = sends(at_the_three_states(), "police", "police", "bup", "done")
    assert talk.held.answers["told"] == {"police": "no", "bup": "yes"}


def test_what_was_ticked_stays_ticked_where_the_form_asks_why() -> None:
    talk = sends(at_the_boxes(), "subject", WHY)
    assert item(talk, "subject").now == "on"
    assert "MOT-5" in talk.screen.text


def test_what_was_ticked_waits_under_the_question_whether_to_leave() -> None:
    talk = sends(at_the_boxes(), "subject", ABANDON).presses("Nej, fortsätt")
    assert item(talk, "subject").now == "on"


def test_a_form_of_an_older_screen_changes_nothing() -> None:
    talk = at_the_boxes()
    older = talk.held.revision
    talk.presses("☐ Den unge")
    before = talk.held
    sends(talk, "school", "done", revision=older)
    assert talk.held == before
    assert any(isinstance(event, PressWasStale) for event in talk.events)


def test_a_form_stops_at_the_line_that_is_refused_and_says_why() -> None:
    talk = sends(at_the_boxes(), "subject", "guardian", "sibling", "done")
    assert "who" not in talk.held.answers
    assert isinstance(talk.events[-1], AnswerRefused)
    assert "Välj högst 2. Ta bort ett val först." in talk.screen.text
    assert [item(talk, value).now for value in ("subject", "guardian", "sibling")] == ["on", "on", "off"]


def test_a_form_with_a_line_that_is_not_there_changes_nothing() -> None:
    talk = at_the_boxes()
    before = talk.held
    sends(talk, "neighbour", "done")
    assert talk.held == before


# ── the talk so far ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_talk_so_far_is_what_was_asked_and_answered() -> None:
    talk = at_the_three_states()
    assert talk.engine.trail(talk.held, talk.world) == [
        ("Vilket ärende är det?", OURS),
        ("Blev besöket av?", "Ja"),
        ("Vilka var med den 23 november 2026?", "Den unge"),
    ]


def test_what_was_preset_is_not_in_it() -> None:
    """The day has a preset, and nobody asked about it."""
    asked = [question for question, _ in at_the_boxes().engine.trail(at_the_boxes().held, at_the_boxes().world)]
    assert asked == ["Vilket ärende är det?", "Blev besöket av?"]


def test_going_back_takes_the_answer_out_of_it() -> None:
    talk = at_the_boxes().presses("Tillbaka")
    assert talk.engine.trail(talk.held, talk.world) == [("Vilket ärende är det?", OURS)]


def test_at_the_read_back_all_answers_are_on_the_screen_already() -> None:
    talk = at_the_three_states().presses("Klar").says("45")
    assert "Stämmer det här?" in talk.screen.text
    assert talk.engine.trail(talk.held, talk.world) == []


def test_beside_the_talk_it_is_left_out() -> None:
    talk = at_the_boxes().presses("Avbryt")
    assert talk.engine.trail(talk.held, talk.world) == []
