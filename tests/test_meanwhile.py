"""What a colleague, a correction or a parked draft has changed meanwhile is said, and never signed unseen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.phone import CHANNEL, Phone
from dialogs.records import CaseFact, TalkHeld
from state.records import verify
from state.screen import Screen
from tests.office import Office, screen_of
from tests.talk import OURS


@pytest.fixture
def office() -> Iterator[Office]:
    opened = Office()
    yield opened
    assert verify(opened.store.records()) == len(opened.kept())
    opened.store.close()


@pytest.fixture
def phone(office: Office) -> Phone:
    joined = office.joins()
    office.given(CaseFact(case=OURS, fact="group", value="young_adult"), joined)
    office.given(TalkHeld.from_payload({"case": OURS, "held": "yes", "occurred_on": "2026-11-03"}), joined)
    return joined


def presses(phone: Phone, *labels: str) -> str:
    for label in labels:
        phone.presses(label)
    return screen_of(phone).text


def test_a_talk_that_changed_after_the_read_back_is_read_back_again(office: Office, phone: Phone) -> None:
    """What is saved is what was shown: the record's id is the same, and its day is not."""
    phone.says(f"/ratta {OURS}")
    presses(phone, "Samtal den 3 november 2026", "Samtalet ska inte finnas här", "Det sparades två gånger")
    colleague = office.joins()
    office.lets_in(colleague, OURS)
    colleague.says(f"/ratta {OURS}")
    presses(colleague, "Samtal den 3 november 2026", "Dagen")
    colleague.says("9/11")
    presses(colleague, "Det var ett skrivfel", "Spara")
    assert presses(phone, "Spara").startswith("Inget är sparat än. Ärendet har ändrats")
    assert "Samtal den 9 november 2026" in screen_of(phone).text
    assert [kept["change"] for kept in office.kept() if "change" in kept] == ["day"]
    assert presses(phone, "Spara").startswith("Rättat i")


def test_midnight_alone_changes_nothing_in_a_read_back(office: Office, phone: Phone) -> None:
    phone.says(f"/samtal {OURS}")
    presses(phone, "Ja")
    office.passes(hours=20)
    assert presses(phone, "Spara").startswith("Sparat i")


def note_later(phone: Phone, old: tuple[int, Screen]) -> str:
    """Presses the note button of a screen that was shown before."""
    (button,) = [button for button in old[1].buttons if button.label == "Visa journaltext"]
    return phone._press(*old, button)[-1].text


def test_the_note_of_a_talk_says_how_it_stands(phone: Phone) -> None:
    """The button of an old screen must not give away a note that no longer holds."""
    phone.says(f"/samtal {OURS}")
    presses(phone, "Nej, personen kom inte", "Spara")
    saved = phone.seen[-1]
    assert note_later(phone, saved).startswith("Motivationssamtal")
    phone.says(f"/ratta {OURS}")
    presses(phone, "Uteblivet samtal den 23 november 2026", "Dagen")
    phone.says("20/11")
    presses(phone, "Det var ett skrivfel", "Spara")
    note = note_later(phone, saved)
    assert note.startswith("Samtalet är rättat. Så här gäller det nu:")
    assert "20 november 2026" in note
    assert "23 november 2026" not in note


def test_the_note_of_a_talk_that_was_taken_away_is_not_given(phone: Phone) -> None:
    phone.says(f"/samtal {OURS}")
    presses(phone, "Ja", "Spara")
    saved = phone.seen[-1]
    phone.says(f"/ratta {OURS}")
    presses(phone, "Samtal den 23 november 2026", "Samtalet ska inte finnas här", "Det sparades i fel ärende", "Spara")
    assert note_later(phone, saved) == "Samtal den 23 november 2026 är borttaget genom en rättelse. Det räknas inte."


@pytest.mark.parametrize("words", ["igår", "/avbryt", "hej"])
def test_a_parked_draft_is_found_again_by_whatever_is_typed(office: Office, phone: Phone, words: str) -> None:
    phone.says(f"/samtal {OURS}")
    office.passes(hours=25)
    office.desk.sweep(CHANNEL)
    assert f"för {OURS}" in phone.says(words)[-1].text
    assert presses(phone, "Fortsätt").endswith("Blev samtalet av?")


def test_the_words_of_a_menu_do_what_its_buttons_do(phone: Phone) -> None:
    assert phone.says("registrera samtal")[-1].text == "Vilket ärende gäller det?"


def test_a_closed_case_behind_a_command_shows_itself_and_begins_nothing(office: Office, phone: Phone) -> None:
    phone.says(f"/stangning {OURS}")
    presses(phone, "Har flyttat", "Spara")
    assert "Ärendet är stängt." in phone.says(f"/samtal {OURS}")[-1].text
    assert office.rows("SELECT count(*) FROM session") == [(0,)]


def test_a_practice_code_is_not_to_be_written_anywhere(phone: Phone) -> None:
    phone.says("/samtal")
    presses(phone, "Nytt ärende", "SIG unga vuxna", "Ja")
    assert "(nytt ärende)" in screen_of(phone).text
    assert "Skriv den inte i verksamhetssystemet." in presses(phone, "Spara")
