"""The engine: where a talk stands follows from its answers, whatever happens on the way.

Every talk here goes through the store between two turns, so what the engine needs to remember is in the session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from dialogs.answers import Choice, Day, Option
from dialogs.model import Dialog, Go, Question, World
from dialogs.records import CaseOpened
from state.session import BACK, SAVE, YES_ABANDON
from tests.sample_dialog import BESOK, CAME, VisitMade
from tests.talk import MONDAY, NEW, OURS, OURS_TOO, STOCKHOLM, THEIRS, Kept, Talk, a_world, later

WHO_IT_WAS = "Vilka var med den 23 november 2026?"


def a_visit(day: date, place: str = "home") -> Kept:
    return Kept(
        VisitMade.from_payload(
            {
                "case": OURS,
                "occurred_on": day.isoformat(),
                "people": 1,
                "police_told": "no",
                "minutes": 45,
                "place": place,
            }
        )
    )


def a_talk(world: World | None = None, dialog: Dialog = BESOK) -> Talk:
    return Talk(dialog, world or a_world())


def at_the_list(world: World | None = None) -> Talk:
    """A talk that has come to the list of those who were there."""
    return a_talk(world).presses(OURS, "Ja")


def at_the_read_back(world: World | None = None) -> Talk:
    """A talk that has come to its read-back."""
    return at_the_list(world).presses("☐ Den unge", "Klar", "Polisen: inte tillfrågad", "Klar").says("45")


def read_back(talk: Talk) -> dict[str, str]:
    """What the read-back shows, by label."""
    lines = talk.screen.text.splitlines()
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def lines(talk: Talk) -> list[str]:
    return talk.screen.text.splitlines()


# ── from the first question to the last word ─────────────────────────────────────────────────────────────────


def test_a_whole_visit_from_the_first_question_to_the_last_word() -> None:
    talk = a_talk()
    assert talk.names == ["SessionStarted"]
    assert lines(talk) == ["Vilket ärende är det?"]
    assert talk.labels == [OURS, OURS_TOO, "Nytt ärende", "Avbryt", "Varför frågar vi?"]
    assert talk.screen.typed == "code"

    talk.presses(OURS)
    assert talk.names == ["QuestionAnswered"]
    assert lines(talk) == [f"Ärende {OURS}", "Blev besöket av?"]
    assert talk.labels == ["Ja", "Nej", "Vet inte", "Tillbaka", "Avbryt", "Varför frågar vi?"]

    talk.presses("Ja")  # the day is preset: it stands in the read-back, and costs no press
    assert lines(talk) == [f"Ärende {OURS}", WHO_IT_WAS]
    talk.presses("☐ Den unge")
    assert talk.names == ["AnswerGrew"]
    talk.presses("☐ Skolan", "Klar")
    assert talk.asks == "Vilka fick veta?"
    talk.presses("Polisen: inte tillfrågad", "Klar")
    assert talk.screen.typed == "number"
    talk.says("45")

    assert lines(talk)[0] == "Stämmer det här?"
    assert read_back(talk) == {
        "Ärende": OURS,
        "Utfall": "Ja",
        "Besöksdag": "idag, 23 november 2026",
        "Vilka": "Den unge, Skolan",
        "Vet om det": "Polisen: ja; BUP: inte tillfrågad",
        "Minuter": "45",
        "Plats": "Hemma",
    }
    assert talk.labels == ["Spara", "Ändra", "Avbryt"]
    assert talk.screen.typed == "nothing"

    talk.presses("Spara")
    assert talk.outcome == "visit_kept"
    assert talk.session is None
    assert [kept.payload() for kept in talk.kept] == [
        {
            "case": OURS,
            "occurred_on": "2026-11-23",
            "people": 2,
            "police_told": "yes",
            "minutes": 45,
            "place": "home",
        }
    ]
    # The last words count with what was just kept, though it is not on the shelf yet.
    assert lines(talk) == [f"Sparat i {OURS}.", "Besök: 1."]
    assert talk.taps == 8


def test_every_answer_can_be_typed_and_the_words_of_a_button_do_what_the_button_does() -> None:
    pressed = at_the_read_back()
    typed = a_talk().says(OURS.lower(), "ja", "den u", "klar", "pol", "KLAR", "45")
    assert typed.screen.text == pressed.screen.text
    assert typed.says("ändra").names == ["ChangeOpened"]
    assert typed.says("tillbaka").names == ["WentBack"]
    assert typed.says("Avbryt").names == ["AbandonAsked"]
    assert typed.says("nej, fortsätt").screen.text == pressed.screen.text
    assert typed.says("  spara ").kept == pressed.presses("Spara").kept


def test_an_answer_that_does_not_do_is_refused_in_words_and_the_question_stands() -> None:
    talk = at_the_list().presses("☐ Den unge", "Klar", "Klar")
    before = talk.held
    talk.says("halvtimmen")
    assert talk.names == ["AnswerRefused"]
    assert lines(talk) == ["Skriv ett heltal från 5 till 480.", f"Ärende {OURS}", "Hur många minuter?"]
    assert talk.session == before, "nothing moved, so a button on the screen is still good"
    assert talk.says("30").names == ["QuestionAnswered"]


def test_where_only_buttons_go_on_other_words_are_refused() -> None:
    talk = at_the_read_back()
    before, text = talk.held, talk.screen.text
    talk.says("jag vet inte riktigt")
    assert talk.names == ["AnswerRefused"]
    assert talk.screen.text.endswith(text)
    assert talk.screen.text != text
    assert talk.session == before


def test_an_outcome_that_saves_nothing_ends_at_once() -> None:
    talk = a_talk().presses(OURS, "Nej")
    assert (talk.outcome, talk.kept, talk.session) == ("nothing_to_keep", (), None)
    assert talk.screen.text == "Då sparas inget."
    assert talk.taps == 2


def test_a_new_case_says_its_code_at_once_and_is_opened_with_its_first_record() -> None:
    talk = a_talk().presses("Nytt ärende")
    assert NEW in lines(talk)[0]
    talk.presses("Ja", "☐ Den unge", "Klar", "Klar").says("45")
    assert "nytt" in read_back(talk)["Ärende"]
    talk.presses("Spara")
    assert [kept.kind for kept in talk.kept] == ["case_opened", "visit_made"]
    assert talk.kept[0] == CaseOpened(case=NEW)
    assert talk.kept[1].case == NEW


# ── back ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_back_takes_away_the_last_answer_that_was_given_and_no_preset() -> None:
    talk = at_the_read_back().presses("Ändra", "Minuter").says("50")  # the way back from a read-back is Ändra
    talk = at_the_list()
    assert "Tillbaka" in talk.labels
    talk.presses("Tillbaka")
    assert talk.names == ["WentBack"]
    assert talk.asks == "Blev besöket av?", "the day lies between, but nobody has answered it"
    assert talk.held.answers == {"case": OURS}
    talk.presses("Tillbaka")
    assert talk.asks == "Vilket ärende är det?"
    assert "Tillbaka" not in talk.labels, "the first question has nothing behind it"
    assert talk.held.answers == {}


def test_back_takes_away_what_depends_on_the_answer_too() -> None:
    shelf = {OURS: (a_visit(MONDAY.date()), a_visit(date(2026, 11, 20)))}
    talk = a_talk(a_world(shelf=shelf)).presses(OURS, "Ja", "Ja, ett till")
    assert talk.asks == WHO_IT_WAS
    talk.presses("Tillbaka", "Ändra: Besöksdag").says("20/11")
    assert talk.asks.startswith("Det finns redan ett besök"), "of that day too"
    talk.presses("Ja, ett till", "☐ Den unge", "Klar")
    assert set(talk.held.answers) == {"case", "came", "day", "again", "who"}
    talk.presses("Tillbaka", "Tillbaka", "Tillbaka")
    assert set(talk.held.answers) == {"case", "came"}, "the day is today again"
    assert talk.asks.startswith("Det finns redan ett besök")


def test_back_in_the_middle_of_a_list_forgets_the_presses_of_that_list() -> None:
    talk = at_the_list().presses("☐ Den unge", "Tillbaka", "Ja")
    assert "☐ Den unge" in talk.labels


# ── change one answer ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("label", "how", "shown", "why"),
    [
        ("Ärende", [OURS_TOO], OURS_TOO, "another case"),
        ("Utfall", ["Vet inte"], "Vet inte", "another choice that leads the same way"),
        ("Besöksdag", ["igår"], "igår, 22 november 2026", "a preset that nobody had touched"),
        ("Vilka", ["☑ Den unge", "☐ Syskon", "Klar"], "Syskon", "a list opens as it was left"),
        ("Vet om det", ["Polisen: ja", "Klar"], "Polisen: nej; BUP: inte tillfrågad", "and so does one of states"),
        ("Minuter", ["60"], "60", "a number"),
        ("Plats", ["Kontoret"], "Kontoret", "the other preset"),
    ],
)
def test_change_jumps_to_one_answer_and_keeps_the_others(label: str, how: list[str], shown: str, why: str) -> None:
    talk = at_the_read_back()
    before = read_back(talk)
    talk.presses("Ändra")
    assert talk.screen.text == "Vad vill du ändra?"
    assert talk.labels == ["Ärende", "Utfall", "Besöksdag", "Vilka", "Vet om det", "Minuter", "Plats", "Tillbaka"]
    talk.presses(label).says(*how)
    assert read_back(talk) == {**before, label: shown}, why
    assert talk.labels == ["Spara", "Ändra", "Avbryt"]


def test_change_asks_again_only_what_it_makes_void() -> None:
    shelf = {OURS: (a_visit(MONDAY.date()), a_visit(date(2026, 11, 20)))}
    talk = a_talk(a_world(shelf=shelf)).presses(OURS, "Ja", "Ja, ett till", "☐ Den unge", "Klar", "Klar")
    talk.says("200").presses("Oro")
    before = read_back(talk)
    assert before["Fler samma dag"] == "Ja, ett till"

    talk.presses("Ändra", "Besöksdag").says("20/11")
    assert talk.names == ["QuestionAnswered", "AnswersFell"]
    assert talk.asks.startswith("Det finns redan ett besök"), "another day with a visit: asked about anew"
    talk.presses("Ja, ett till")
    assert read_back(talk) == {**before, "Besöksdag": "fredag 20 november 2026"}, "and nothing else"

    talk.presses("Ändra", "Minuter").says("300")
    assert talk.asks == "Varför tog det tid?", "the reason was for another time"
    talk.presses("Oro")
    assert read_back(talk)["Minuter"] == "300"

    talk.presses("Ändra", "Minuter").says("45")
    assert "Skäl" not in read_back(talk), "no reason is needed, and none is kept"
    assert talk.presses("Spara").kept[0].payload().get("why_long") is None


def test_the_same_answer_again_makes_nothing_void() -> None:
    talk = at_the_list().presses("☐ Den unge", "Klar", "Klar").says("200").presses("Oro")
    before = read_back(talk)
    talk.presses("Ändra", "Minuter").says("200")
    assert talk.names == ["QuestionAnswered"]
    assert read_back(talk) == before


def test_change_can_lead_to_an_outcome_that_saves_nothing() -> None:
    talk = at_the_read_back().presses("Ändra", "Utfall", "Nej")
    assert (talk.outcome, talk.kept) == ("nothing_to_keep", ())


def test_back_out_of_a_change_leaves_the_answer_as_it_was() -> None:
    talk = at_the_read_back()
    before = read_back(talk)
    talk.presses("Ändra", "Vilka", "☐ Syskon", "Tillbaka")
    assert read_back(talk) == before
    talk.presses("Ändra", "Tillbaka")
    assert read_back(talk) == before


def test_a_question_offers_the_earlier_answer_that_may_be_what_is_wrong() -> None:
    talk = a_talk(a_world(shelf={OURS: (a_visit(MONDAY.date()),)})).presses(OURS, "Ja")
    assert talk.asks.startswith("Det finns redan ett besök")
    assert talk.labels == [
        *("Ja, ett till", "Nej, samma besök", "Ändra: Besöksdag"),
        *("Tillbaka", "Avbryt", "Varför frågar vi?"),
    ]
    talk.presses("Ändra: Besöksdag")
    assert talk.screen.typed == "date"
    talk.presses("Igår")
    assert talk.asks == "Vilka var med den 22 november 2026?", "yesterday had none, so it goes on"


def test_an_answer_given_before_a_change_of_the_way_is_not_kept_off_the_way() -> None:
    talk = at_the_list().presses("☐ Den unge", "Klar", "Klar").says("200").presses("Oro")
    talk.presses("Ändra", "Minuter").says("45")
    assert "why_long" not in talk.held.answers


# ── abandon ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_abandon_is_asked_once_and_then_nothing_is_left() -> None:
    talk = at_the_list().presses("Avbryt")
    assert talk.names == ["AbandonAsked"]
    assert talk.screen.text.startswith("Vill du avbryta?")
    assert talk.labels == ["Ja, avbryt", "Nej, fortsätt"]
    talk.presses("Ja, avbryt")
    assert talk.names == ["SessionAbandoned"]
    assert (talk.session, talk.kept) == (None, ())


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (a_talk, "at the first question"),
        (lambda: a_talk().presses(OURS), "at a choice"),
        (lambda: at_the_list().presses("☐ Den unge", "☐ Skolan"), "in the middle of a list"),
        (lambda: at_the_list().presses("☐ Den unge", "Klar", "BUP: inte tillfrågad"), "in a list of states"),
        (at_the_read_back, "at the read-back"),
        (lambda: at_the_read_back().presses("Ändra", "Besöksdag"), "in the middle of a change"),
        (lambda: at_the_read_back().presses("Ändra", "Vilka", "☐ Syskon"), "in the middle of a changed list"),
    ],
)
def test_no_to_abandon_leads_back_to_the_same_screen(at: Callable[[], Talk], why: str) -> None:
    talk = at()
    text, labels, answers = talk.screen.text, talk.labels, talk.held.answers
    talk.presses("Avbryt", "Nej, fortsätt")
    assert (talk.screen.text, talk.labels, talk.held.answers) == (text, labels, answers), why


def test_asked_twice_whether_to_abandon_is_still_one_question() -> None:
    talk = at_the_list().presses("☐ Den unge")
    labels = talk.labels
    talk.presses("Avbryt").happened(talk.engine.ask_to_abandon(talk.held, talk.world))
    assert talk.labels == ["Ja, avbryt", "Nej, fortsätt"]
    assert talk.presses("Nej, fortsätt").labels == labels


# ── taken up again ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("opened", "found", "line"),
    [
        (
            datetime(2026, 11, 23, 14, 32, tzinfo=STOCKHOLM),
            datetime(2026, 11, 23, 16, 0, tzinfo=STOCKHOLM),
            f"Du har ett påbörjat besök för {OURS} från kl. 14.32. Fortsätta?",
        ),
        (
            datetime(2026, 11, 23, 9, 0, tzinfo=STOCKHOLM),
            datetime(2026, 11, 23, 16, 0, tzinfo=STOCKHOLM),
            f"Du har ett påbörjat besök för {OURS} från kl. 9. Fortsätta?",
        ),
        (
            datetime(2026, 11, 22, 23, 59, tzinfo=STOCKHOLM),
            datetime(2026, 11, 23, 0, 1, tzinfo=STOCKHOLM),
            f"Du har ett påbörjat besök för {OURS} från den 22 november 2026 kl. 23.59. Fortsätta?",
        ),
        (
            datetime(2026, 10, 24, 14, 5, tzinfo=STOCKHOLM),  # the clocks went back the night after
            datetime(2026, 10, 25, 14, 5, tzinfo=STOCKHOLM),
            f"Du har ett påbörjat besök för {OURS} från den 24 oktober 2026 kl. 14.05. Fortsätta?",
        ),
    ],
)
def test_a_draft_is_found_again_by_its_case_and_its_time(opened: datetime, found: datetime, line: str) -> None:
    talk = at_the_list(a_world(now=opened))
    asked, labels = talk.screen.text, talk.labels
    talk.world = replace(talk.world, now=found)
    talk.happened(talk.engine.ask_to_resume(talk.held, talk.world))
    assert talk.screen.text == line
    assert talk.labels == ["Fortsätt", "Börja om", "Ett annat ärende"]
    talk.presses("Fortsätt")
    assert talk.names == ["SessionResumed"]
    assert (talk.screen.text, talk.labels) == (asked, labels)


def test_a_draft_without_a_case_is_named_without_one() -> None:
    talk = a_talk()
    talk.happened(talk.engine.ask_to_resume(talk.held, talk.world))
    assert talk.screen.text == "Du har ett påbörjat besök från kl. 14.05. Fortsätta?"


def test_a_draft_that_was_left_in_the_middle_of_a_list_is_found_as_it_was_left() -> None:
    talk = at_the_list().presses("☐ Den unge", "☐ Skolan")
    labels = talk.labels
    talk.happened(talk.engine.ask_to_resume(talk.held, talk.world))
    talk.happened(talk.engine.ask_to_abandon(talk.held, talk.world))  # /avbryt at that question
    assert talk.presses("Nej, fortsätt").labels == labels
    assert talk.presses("Klar").asks == "Vilka fick veta?"


def test_to_begin_anew_throws_the_answers_away_and_is_about_today() -> None:
    talk = at_the_list(a_world(now=MONDAY - timedelta(days=1)))
    talk.world = replace(talk.world, now=MONDAY)
    talk.happened(talk.engine.ask_to_resume(talk.held, talk.world)).presses("Börja om")
    assert talk.names == ["SessionAbandoned", "SessionStarted"]
    assert talk.asks == "Vilket ärende är det?"
    assert talk.held.answers == {}
    assert talk.held.opened_at == MONDAY


# ── why ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_why_says_rule_and_law_and_moves_nothing() -> None:
    talk = at_the_list().presses("☐ Den unge")
    before, labels = talk.held, talk.labels
    talk.presses("Varför frågar vi?")
    assert talk.names == ["WhyAsked"]
    words, rule, law, *question = lines(talk)
    assert words == "Bara hur många sparas."
    assert rule.startswith("Regel MOT-5, rapporten 2020: ")
    assert rule.endswith(".")
    assert law.startswith("Lag: 27 § förvaltningslagen (2017:900)")
    assert "12 februari 2026" in law, "the day its text was read"
    assert question == [f"Ärende {OURS}", WHO_IT_WAS], "the question stands under it"
    assert (talk.held, talk.labels) == (before, labels)


def test_why_can_be_asked_of_an_answer_that_is_being_changed() -> None:
    talk = at_the_read_back().presses("Ändra", "Minuter", "Varför frågar vi?")
    assert lines(talk)[0] == "Tiden."
    assert talk.says("60").labels == ["Spara", "Ändra", "Avbryt"]


# ── old, doubled and forged presses ──────────────────────────────────────────────────────────────────────────


def test_a_double_tap_does_nothing_twice() -> None:
    talk = a_talk().presses(OURS)
    before, revision, value = talk.held, talk.held.revision, talk.value_of("Ja")
    talk.sends(value, revision)
    once = talk.held
    talk.sends(value, revision)
    assert talk.names == ["PressWasStale"]
    assert talk.held == once != before
    assert talk.asks == WHO_IT_WAS, "the current question is shown instead"


def test_a_double_tap_in_a_list_puts_one_in_and_leaves_it_in() -> None:
    talk = at_the_list()
    revision, value = talk.held.revision, talk.value_of("☐ Den unge")
    talk.sends(value, revision).sends(value, revision)
    assert talk.names == ["PressWasStale"]
    assert "☑ Den unge" in talk.labels


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (SAVE, "there is nothing to save yet"),
        (YES_ABANDON, "nobody has asked whether to abandon"),
        ("!change:came", "no change is offered here"),
        ("!change:again", "nor of a question that is not on the way"),
        ("!change:no_such_question", "nor of one there is not"),
        ("!resume", "there is nothing to resume"),
        ("!over", "nor to begin anew"),
        ("yes", "an answer to another question"),
        ("ett helt eget svar", "words that no button says"),
        ("2026-11-22", "a day, where no day is asked for"),
        ("", "nothing"),
    ],
)
def test_a_value_that_is_not_on_the_screen_does_nothing(value: str, why: str) -> None:
    talk = at_the_list()
    before, text = talk.held, talk.screen.text
    talk.sends(value)
    assert talk.names == ["PressWasStale"], why
    assert (talk.held, talk.screen.text) == (before, text), why


def test_save_does_nothing_once_the_read_back_is_no_longer_shown() -> None:
    changing = at_the_read_back().presses("Ändra", "Besöksdag")
    asked = at_the_read_back().presses("Avbryt")
    for talk in (changing, asked):
        before = talk.held
        assert talk.sends(SAVE).names == ["PressWasStale"]
        assert talk.held == before


def test_a_button_of_a_later_revision_does_nothing_either() -> None:
    talk = at_the_read_back()
    before = talk.held
    assert talk.sends(SAVE, before.revision + 1).names == ["PressWasStale"]
    assert talk.held == before


# ── the clock goes on ────────────────────────────────────────────────────────────────────────────────────────


def test_idag_pressed_after_midnight_still_means_its_own_day() -> None:
    talk = at_the_read_back().presses("Ändra", "Besöksdag")
    today = talk.value_of("Idag")
    talk.world = later(talk.world, hours=10)
    talk.sends(today)
    assert talk.names == ["QuestionAnswered"]
    assert read_back(talk)["Besöksdag"] == "igår, 23 november 2026"
    assert talk.presses("Spara").kept[0].happened_on == date(2026, 11, 23)


def test_a_preset_means_the_day_the_talk_was_opened_also_after_midnight() -> None:
    talk = at_the_list()
    talk.world = later(talk.world, hours=10)
    talk.presses("☐ Den unge", "Klar", "Klar").says("45")
    assert read_back(talk)["Besöksdag"] == "igår, 23 november 2026"


def test_a_limit_is_applied_again_at_every_replay() -> None:
    talk = at_the_read_back().presses("Ändra", "Besöksdag").says("24 oktober")
    assert read_back(talk)["Besöksdag"] == "lördag 24 oktober 2026"
    talk.world = later(talk.world, days=1)
    talk.presses("Spara")
    assert talk.kept == (), "thirty days and one: too old now"
    assert talk.screen.typed == "date", "asked again, in the open"
    assert "AnswersFell" in talk.names
    talk.says("20/11")
    assert read_back(talk)["Minuter"] == "45", "the other answers are kept"
    assert talk.presses("Spara").kept[0].happened_on == date(2026, 11, 20)


def test_what_depended_on_an_answer_that_time_made_void_is_asked_again() -> None:
    # A yes to "another one?" was for another day; to carry it over would count a visit twice without a word (MOT-4).
    shelf = {OURS: (a_visit(date(2026, 10, 24)), a_visit(date(2026, 11, 20)))}
    talk = a_talk(a_world(shelf=shelf)).presses(OURS, "Ja", "☐ Den unge", "Klar", "Klar").says("45")
    talk.presses("Ändra", "Besöksdag").says("24 oktober").presses("Ja, ett till")
    talk.world = later(talk.world, days=1)
    talk.presses("Spara").says("20/11")
    assert talk.asks.startswith("Det finns redan ett besök")


def test_the_same_without_a_press_in_between() -> None:
    shelf = {OURS: (a_visit(date(2026, 10, 24)), a_visit(date(2026, 11, 20)))}
    talk = a_talk(a_world(shelf=shelf)).presses(OURS, "Ja", "☐ Den unge", "Klar", "Klar").says("45")
    talk.presses("Ändra", "Besöksdag").says("24 oktober").presses("Ja, ett till")
    talk.world = later(talk.world, days=1)
    talk.happened(talk.engine.current(talk.held, talk.world))
    assert talk.screen.typed == "date"
    assert talk.says("20/11").asks.startswith("Det finns redan ett besök")


# ── the world changes between the read-back and Spara ────────────────────────────────────────────────────────


def test_what_is_saved_is_exactly_what_was_read_back() -> None:
    talk = at_the_read_back()
    assert read_back(talk)["Plats"] == "Hemma"
    # Meanwhile the colleague has kept a visit at the office, so the preset of the place is another.
    world = a_world(shelf={OURS: (a_visit(date(2026, 11, 20), place="office"),)})
    talk.world = replace(world, person=talk.world.person)
    talk.presses("Spara")
    assert talk.kept == ()
    assert "Ärendet har ändrats" in lines(talk)[0]
    assert read_back(talk)["Plats"] == "Kontoret"
    assert talk.presses("Spara").kept[0].payload()["place"] == "office"


def test_a_question_that_the_world_has_opened_meanwhile_is_asked_before_anything_is_saved() -> None:
    talk = at_the_read_back()
    talk.world = replace(a_world(shelf={OURS: (a_visit(MONDAY.date()),)}), person=talk.world.person)
    talk.presses("Spara")
    assert talk.kept == ()
    assert "Ärendet har ändrats" in lines(talk)[0]
    assert talk.asks.startswith("Det finns redan ett besök")
    assert talk.presses("Nej, samma besök").outcome == "already_kept"


def test_a_case_that_somebody_else_has_opened_meanwhile_is_asked_for_again() -> None:
    talk = a_talk().presses("Nytt ärende", "Ja", "☐ Den unge", "Klar", "Klar").says("45")
    talk.world = replace(talk.world, is_free=lambda code: code not in (NEW, THEIRS))
    talk.presses("Spara")
    assert talk.kept == ()
    assert talk.asks == "Vilket ärende är det?"


# ── another version of the dialog ────────────────────────────────────────────────────────────────────────────

CAME_ANEW = Choice(choices=(*CAME.choices[1:], Option("partly", "Delvis")))
"""Without "yes"."""


def renewed(dialog: Dialog = BESOK, **changed: Question) -> Dialog:
    """The dialog in its next version, with some questions changed; `came` has lost its "yes"."""
    came = replace(dialog.by_id["came"], kind=CAME_ANEW)
    questions = tuple({"came": came, **changed}.get(q.id, q) for q in dialog.questions)
    on_to_the_day = Go("came", "day", on=("yes", "unknown"))
    routes = (Go("came", "day", on=("partly", "unknown")) if r == on_to_the_day else r for r in dialog.routes)
    return replace(dialog, version=dialog.version + 1, questions=questions, routes=tuple(routes))


def upgraded(talk: Talk, dialog: Dialog) -> Talk:
    """The same draft, met by a program with another version of the dialog."""
    fresh = Talk(dialog, talk.world)
    fresh.world = talk.world
    fresh.session, fresh.screen = talk.session, talk.screen
    return fresh


def test_a_draft_of_another_version_keeps_the_answers_that_hold_and_says_so() -> None:
    talk = upgraded(at_the_read_back(), renewed())
    before = read_back(talk)
    talk.presses("Spara")
    assert talk.names[0] == "SessionReopened"
    assert talk.kept == (), "a press on the old version's screen saves nothing"
    assert lines(talk)[0].startswith("Frågorna har ändrats sedan du började.")
    assert talk.asks == "Blev besöket av?"
    assert talk.held.version == 2
    talk.presses("Delvis")
    assert read_back(talk) == {**before, "Utfall": "Delvis"}, "all that still held is kept"
    assert talk.presses("Spara").outcome == "visit_kept"


def test_an_answer_of_another_version_that_no_longer_holds_is_asked_again_and_not_replaced_by_a_preset() -> None:
    talk = at_the_read_back().presses("Ändra", "Besöksdag").says("20/11")
    narrower = replace(
        BESOK.by_id["day"],
        kind=Day(earliest=lambda answers, world: world.today, latest=lambda answers, world: world.today),
    )
    questions = tuple(narrower if q.id == "day" else q for q in BESOK.questions)
    talk = upgraded(talk, replace(BESOK, version=2, questions=questions))
    talk.presses("Spara")
    assert talk.asks == "Vilken dag var det?"
    assert read_back(talk.says("idag"))["Besöksdag"] == "idag, 23 november 2026"


def test_a_draft_of_another_version_whose_answers_all_hold_is_read_back_again() -> None:
    talk = upgraded(at_the_read_back(), replace(BESOK, version=2))
    before = read_back(talk)
    talk.presses("Spara")
    assert (talk.kept, read_back(talk)) == ((), before)
    assert talk.presses("Spara").outcome == "visit_kept"


def test_answers_to_questions_that_are_gone_are_passed_over() -> None:
    talk = at_the_list()
    draft = replace(talk.held, version=0, answers={**talk.held.answers, "weather": "rain", "mood": ["good"]})
    talk.happened(talk.engine.current(draft, talk.world))
    assert talk.names == ["SessionReopened"]
    assert talk.asks == WHO_IT_WAS
    assert talk.held.answers == {"case": OURS, "came": "yes"}
    # Also where nobody raised the version.
    same = replace(talk.held, answers={**talk.held.answers, "weather": "rain"})
    assert talk.happened(talk.engine.current(same, talk.world)).asks == WHO_IT_WAS


def test_a_line_for_the_reader_is_not_lost_when_the_draft_is_reopened() -> None:
    talk = upgraded(at_the_list(), renewed())
    talk.happened(talk.engine.current(talk.held, talk.world, ("Fara för liv: ring 112.",)))
    assert lines(talk)[0] == "Fara för liv: ring 112."
    assert lines(talk)[1].startswith("Frågorna har ändrats")


def test_typed_words_for_another_version_are_not_taken_for_an_answer() -> None:
    talk = upgraded(at_the_list(), renewed()).says("nej")
    assert talk.names == ["SessionReopened", "AnswersFell"], "a typed no was for another question"
    assert talk.asks == "Blev besöket av?"


@pytest.mark.parametrize(
    ("label", "came", "why"),
    [
        ("Fortsätt", "SessionReopened", "what still holds is kept, and it is said"),
        ("Börja om", "SessionStarted", "begun anew means begun anew"),
    ],
)
def test_a_draft_of_another_version_that_is_found_again(label: str, came: str, why: str) -> None:
    talk = upgraded(at_the_list(), renewed())
    talk.happened(talk.engine.ask_to_resume(talk.held, talk.world)).presses(label)
    assert came in talk.names, why
    assert talk.held.version == 2
    assert bool(talk.held.answers) == (label == "Fortsätt"), why


@pytest.mark.parametrize(
    ("label", "came", "why"),
    [
        ("Ja, avbryt", "SessionAbandoned", "a yes to abandon is a yes, whatever the version"),
        ("Nej, fortsätt", "SessionReopened", "what still holds is kept, and it is said"),
    ],
)
def test_a_draft_of_another_version_that_is_abandoned(label: str, came: str, why: str) -> None:
    talk = upgraded(at_the_list(), renewed())
    talk.happened(talk.engine.ask_to_abandon(talk.held, talk.world)).presses(label)
    assert came in talk.names, why


# ── progress, and small things ───────────────────────────────────────────────────────────────────────────────


def test_progress_counts_the_questions_that_are_asked_by_the_shortest_way_to_what_is_saved() -> None:
    talk = a_talk()
    assert talk.screen.progress == (1, 5), "a no would end it at two, and save nothing"
    assert talk.presses(OURS).screen.progress == (2, 5)
    assert talk.presses("Ja").screen.progress == (3, 5), "the presets are not counted"
    talk.presses("☐ Den unge")
    assert talk.screen.progress == (3, 5), "a press in a list is no step"
    talk.presses("Klar", "Klar")
    assert talk.screen.progress == (5, 5)
    assert talk.says("200").screen.progress == (6, 6), "a question more"
    assert talk.presses("Oro").screen.progress is None, "the read-back is no question"


def test_an_answer_that_is_being_changed_has_no_number() -> None:
    assert at_the_read_back().presses("Ändra", "Utfall").screen.progress is None
    offered = a_talk(a_world(shelf={OURS: (a_visit(MONDAY.date()),)})).presses(OURS, "Ja")
    assert offered.screen.progress == (3, 6), "the same visit would end it, and save nothing"
    assert offered.presses("Ändra: Besöksdag").screen.progress is None


def test_the_whole_talk_in_english_moves_the_same_way() -> None:
    swedish, english = at_the_read_back(), a_talk(a_world(language="en"))
    english.sends(OURS).sends("yes").sends("subject").sends("done").sends("police").sends("done").says("45")
    assert english.held.answers == swedish.held.answers
    assert english.sends(SAVE).kept == swedish.presses("Spara").kept


def test_a_step_back_where_there_is_none_stays_at_the_first_question() -> None:
    talk = a_talk()
    before = talk.held
    talk.happened(talk.engine.back(talk.held, talk.world))
    assert talk.held == before
    assert talk.sends(BACK).names == ["PressWasStale"]
