"""Drafts: one per person, case and dialog, found again, put aside, erased with a word, and met by what has changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.phone import CHANNEL, Phone
from dialogs import samtal, stangning
from dialogs.records import CaseClosed, CaseFact, CaseReopened, TalkHeld
from dialogs.registry import DIALOGS
from state.records import verify
from state.screen import Button, Screen
from tests.office import Office, screen_of
from tests.talk import OURS, OURS_TOO

ANOTHER, FINISH_FIRST = "Ett annat ärende", "Gör klart det först."
HELD = ["Ja", "Nej, personen kom inte", "Nej, inställt eller ombokat"]


@pytest.fixture
def office() -> Iterator[Office]:
    opened = Office()
    yield opened
    assert verify(opened.store.records()) == len(opened.kept())
    opened.store.close()


@pytest.fixture
def phone(office: Office) -> Phone:
    """A coordinator's phone, with two cases whose group is known."""
    joined = office.joins()
    for case in (OURS_TOO, OURS):
        office.given(CaseFact(case=case, fact="group", value="young_adult"), joined)
        office.given(TalkHeld.from_payload({"case": case, "held": "yes", "occurred_on": "2026-11-02"}), joined)
    return joined


def labels(phone: Phone) -> list[str]:
    return [button.label for button in screen_of(phone).buttons]


def presses(phone: Phone, *these: str) -> Screen:
    for label in these:
        phone.presses(label)
    return screen_of(phone)


def begins(phone: Phone, case: str, *then: str) -> Screen:
    """/samtal for a case, past any other draft of it."""
    phone.says("/samtal")
    if ANOTHER in labels(phone):
        phone.presses(ANOTHER)
    return presses(phone, case, *then)


def drafts(office: Office) -> list[tuple[str, str | None, str]]:
    """Every draft as dialog, case and status."""
    rows = office.rows("SELECT dialog, case_code, status FROM session ORDER BY dialog, case_code")
    return [(row[0], row[1], row[2]) for row in rows]


def sweeps(office: Office, phone: Phone) -> list[Screen]:
    return phone.gets(office.desk.sweep(CHANNEL))


# ── one per person, case and dialog ──────────────────────────────────────────────────────────────────────────


def test_each_case_has_a_draft_of_its_own(office: Office, phone: Phone) -> None:
    begins(phone, OURS)
    begins(phone, OURS_TOO, "Ja")
    assert {(case, status) for _dialog, case, status in drafts(office)} == {(OURS, "parked"), (OURS_TOO, "active")}
    assert len(phone.shown) == 1, "one live message"


def test_a_draft_is_found_when_its_case_is_named_again(office: Office, phone: Phone) -> None:
    begins(phone, OURS, "Ja")
    begins(phone, OURS_TOO)
    asked = begins(phone, OURS)
    assert asked.text.startswith(f"Du har ett påbörjat samtal för {OURS} från kl. 14.05.")
    assert labels(phone) == ["Fortsätt", "Börja om", ANOTHER]
    assert len(drafts(office)) == 2, "the one that was just begun was nothing but the case"
    assert "Spara" in presses(phone, "Fortsätt").buttons[0].label, "where it was: at the read-back"
    phone.presses("Spara")
    assert office.kept()[-1]["case"] == OURS
    assert drafts(office) == [("samtal", OURS_TOO, "parked")]


def test_ett_annat_arende_does_nothing_where_it_is_not_offered(office: Office, phone: Phone) -> None:
    """A forged press: only what stands on the screen does anything."""
    before = begins(phone, OURS)
    forged = phone._press(phone.live or 0, before, Button("", "!another"))
    assert forged[-1].text == before.text
    assert [(case, status) for _dialog, case, status in drafts(office)] == [(OURS, "active")]


def test_a_draft_is_found_when_its_case_is_typed_or_named_behind_the_command(office: Office, phone: Phone) -> None:
    begins(phone, OURS)
    begins(phone, OURS_TOO)
    for words in (f"/samtal {OURS}", f"/samtal {OURS.lower()}", f"/SAMTAL {OURS}"):
        (found,) = phone.says(words)
        assert f"ett påbörjat samtal för {OURS} " in found.text, words
    phone.presses(ANOTHER)
    (typed,) = phone.says(OURS.replace("-", " "))
    assert f"ett påbörjat samtal för {OURS} " in typed.text
    assert len(drafts(office)) == 2


def test_borja_om_begins_the_same_draft_anew(office: Office, phone: Phone) -> None:
    begins(phone, OURS, "Ja")
    phone.says("/samtal")
    assert presses(phone, "Börja om").typed == "code"
    assert drafts(office) == [("samtal", None, "active")]


def test_a_draft_with_nothing_in_it_gives_way_to_the_next(office: Office, phone: Phone) -> None:
    begins(phone, OURS)
    phone.says("/samtal")
    phone.presses(ANOTHER)
    phone.presses_again(ANOTHER)
    assert drafts(office) == [("samtal", None, "active"), ("samtal", OURS, "parked")]


def test_a_draft_that_would_become_anothers_double_stays_where_it_is(office: Office, phone: Phone) -> None:
    begins(phone, OURS)
    begins(phone, OURS_TOO, "Ja", "Ändra", "Ärende")
    assert FINISH_FIRST in presses(phone, OURS).text
    assert {case for _dialog, case, _status in drafts(office)} == {OURS, OURS_TOO}
    assert "Spara" in [button.label for button in presses(phone, "Tillbaka").buttons], "no answer was lost"


def test_a_colleagues_draft_of_the_same_case_is_their_own(office: Office, phone: Phone) -> None:
    colleague = office.joins("ersattare")
    office.lets_in(colleague, OURS)
    begins(phone, OURS)
    colleague.says("/samtal")
    colleague.says(OURS)
    assert labels(colleague)[: len(HELD)] == HELD, "nothing of mine is asked about"
    assert drafts(office) == [("samtal", OURS, "active")] * 2


# ── put aside, erased ────────────────────────────────────────────────────────────────────────────────────────


def test_a_second_dialog_can_be_opened_while_one_is_put_aside(office: Office, phone: Phone) -> None:
    asked = begins(phone, OURS)
    office.passes(hours=25)
    assert sweeps(office, phone) == []
    assert drafts(office) == [("samtal", OURS, "parked")]
    phone.says("/ratta")
    presses(phone, OURS, "Samtal den 2 november 2026", "Hur det hölls", "Video", "Det var ett skrivfel", "Spara")
    assert office.kept()[-1]["kind"] == "corrected"
    phone.says("/samtal")
    assert "från den 23 november 2026 kl. 14.05" in screen_of(phone).text
    assert presses(phone, "Fortsätt").text == asked.text, "no answer was lost"


@pytest.mark.parametrize(
    ("hours", "left", "why"),
    [
        (23.9, "active", "not a day yet"),
        (24, "parked", "a day untouched: put aside"),
        (7 * 24 - 0.1, "parked", "not a week yet"),
        (7 * 24, None, "a week untouched: erased"),
    ],
)
def test_when_a_draft_is_put_aside_and_when_it_is_erased(
    office: Office, phone: Phone, hours: float, left: str | None, why: str
) -> None:
    begins(phone, OURS)
    office.passes(hours=hours)
    came = sweeps(office, phone)
    assert drafts(office) == ([("samtal", OURS, left)] if left else []), why
    if left:
        assert came == [], "nothing is said until it is gone"
        return
    (line,) = came
    gone = f"Borttaget efter 7 dagar utan svar: ett påbörjat samtal för {OURS} från den 23 november 2026 kl. 14.05."
    assert gone in line.text
    assert "Inget av det är sparat." in line.text
    assert line.buttons, "and there is a menu"
    assert sweeps(office, phone) == [], "it is said once"


def test_every_touch_counts_anew(office: Office, phone: Phone) -> None:
    begins(phone, OURS)
    for _day in range(9):
        office.passes(hours=23)
        assert sweeps(office, phone) == []
        phone.says("/hjalp")
    assert drafts(office) == [("samtal", OURS, "active")]


def test_one_draft_is_erased_in_the_middle_of_another_which_goes_on(office: Office, phone: Phone) -> None:
    begins(phone, OURS_TOO)
    office.passes(days=6)
    sweeps(office, phone)
    phone.says(f"/samtal {OURS}")  # without a look at the other
    presses(phone, "Ja")
    office.passes(days=1)
    came = sweeps(office, phone)
    assert f"samtal för {OURS_TOO}" in came[0].text
    assert [case for _dialog, case, _status in drafts(office)] == [OURS]
    office.passes(minutes=1)
    if "Spara" not in labels(phone):
        presses(phone, "Registrera samtal", "Fortsätt")
    phone.presses("Spara")
    assert office.kept()[-1]["case"] == OURS


# ── a draft meets what has changed ───────────────────────────────────────────────────────────────────────────


def test_a_draft_of_an_older_version_keeps_what_holds_and_says_so(office: Office, phone: Phone) -> None:
    begins(phone, OURS, "Ja")
    office.restarts([replace(d, version=d.version + 1) if d is samtal.DIALOG else d for d in DIALOGS])
    phone.says("/samtal")
    reopened = presses(phone, "Fortsätt")
    assert "Frågorna har ändrats sedan du började." in reopened.text
    assert reopened.buttons[0].label == "Spara", "every answer still holds"
    phone.presses("Spara")
    assert office.kept()[-1]["case"] == OURS


def test_danger_is_asked_anew_when_a_draft_is_taken_up_and_the_other_answers_stay(office: Office, phone: Phone) -> None:
    """THR-0: an evening's answer does not decide today's urgency; a talk that was only left for a moment goes on."""
    phone.says("/hotbild")
    presses(phone, "Nej", "Personen i ärendet", OURS, "18–20 år", "Farsta")
    asked = screen_of(phone).text
    presses(phone, "Avbryt", "Nej, fortsätt")
    assert screen_of(phone).text == asked, "the talk was never laid aside"
    office.passes(hours=14)
    phone.says("/hotbild")
    assert screen_of(phone).text.splitlines()[-2] == "Fara för liv: ring 112."
    assert presses(phone, "Fortsätt").text.endswith("Är någon i fara just nu?")
    assert "Ring 112 nu." in presses(phone, "Ja").text
    assert presses(phone, "Gå vidare med frågorna").text == asked, "and the other answers are there"


def closes(office: Office, phone: Phone) -> None:
    """A colleague closes the case."""
    office.given(CaseClosed(case=OURS, reason="moved"), phone)


CLOSED = f"{OURS} är stängt i Lots."


@pytest.mark.parametrize("label", ["Ja", "Nej, personen kom inte"])
def test_a_draft_whose_case_was_closed_meanwhile_says_so_at_the_next_press(
    office: Office, phone: Phone, label: str
) -> None:
    begins(phone, OURS)
    closes(office, phone)
    asked = presses(phone, label)
    assert CLOSED in asked.text
    assert asked.typed == "code"
    assert OURS not in labels(phone)


def test_a_draft_whose_case_was_closed_meanwhile_says_so_when_it_is_taken_up(office: Office, phone: Phone) -> None:
    begins(phone, OURS, "Ja")
    closes(office, phone)
    before = office.kept()
    phone.says("/samtal")
    assert CLOSED in presses(phone, "Fortsätt").text
    assert office.kept() == before
    office.given(CaseReopened(case=OURS, reason="came_back"), phone)
    phone.says("/hjalp")
    assert "Spara" in labels(phone), "open again: the answers are still there"


def test_spara_in_a_case_that_was_closed_meanwhile_saves_nothing_and_says_so(office: Office, phone: Phone) -> None:
    begins(phone, OURS, "Ja")
    closes(office, phone)
    before = office.kept()
    told = presses(phone, "Spara")
    assert "Inget är sparat än." in told.text
    assert CLOSED in told.text
    assert office.kept() == before


def test_two_who_close_the_same_case_close_it_once(office: Office, phone: Phone) -> None:
    phone.says(f"/stangning {OURS}")
    presses(phone, "Har flyttat")
    closes(office, phone)
    told = presses(phone, "Spara")
    assert "Inget är sparat än." in told.text
    assert [record["kind"] for record in office.kept()].count("case_closed") == 1
    question = stangning.DIALOG.by_id["why_open"].asks
    assert isinstance(question, str)
    assert question in told.text


# ── two phones of one person ─────────────────────────────────────────────────────────────────────────────────


def test_two_phones_of_one_person_are_one_chat_and_an_old_screen_moves_nothing(office: Office, phone: Phone) -> None:
    begins(phone, OURS)
    tablet = Phone(office.desk, phone.address, office.number)
    tablet.shown, tablet.live = dict(phone.shown), phone.live
    read_back = presses(phone, "Ja")
    tablet.presses("Nej, personen kom inte")  # which its own screen still offers
    assert screen_of(tablet).text == read_back.text, "it shows where the talk is"
    assert screen_of(tablet).rows == read_back.rows
    tablet.presses("Spara")
    before = office.kept()
    assert before[-1]["held"] == "yes"
    for label in ("Spara", "Ändra", "Avbryt"):
        phone.presses(label)  # the phone has not been drawn anew
        assert office.kept() == before
    assert office.rows("SELECT count(*) FROM session") == [(0,)]
