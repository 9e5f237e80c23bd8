"""Notes and copies in the chat: in pieces with copy buttons, until Klar or ten minutes, and never longer."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.incoming import Pressed
from bot.phone import CHANNEL, Phone
from bot.terminal import talk
from bot.transcripts import Player
from dialogs import samtal
from dialogs.answers import Answers
from dialogs.model import Copy, Dialog, Go, Outcome, World
from dialogs.policy import Policy
from dialogs.records import CaseFact, CorrectionNotice, Entry, Record
from dialogs.registry import KINDS
from dialogs.texts import Text, Words
from dialogs.texts import mark as _
from state.pieces import LONGEST_PIECE, pieces, units
from state.screen import Button, Screen
from tests.botapi import BotApi
from tests.office import Office, screen_of
from tests.sample_dialog import BESOK, VisitMade
from tests.talk import OURS
from tests.telegram_phone import TelegramPlayer

# ── pieces ───────────────────────────────────────────────────────────────────────────────────────────────────

short = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=90).map(
    lambda line: f"–{line}–"
)
long = st.lists(st.integers(1, 300), min_size=2, max_size=60).map(lambda sizes: " ".join("å" * n for n in sizes))


def fewest(sizes: Sequence[int]) -> int:
    """The least number of pieces that lines of these sizes can be cut into, by trying every way."""
    best = [0]
    for end in range(1, len(sizes) + 1):
        fits = [start for start in range(end) if sum(sizes[start:end]) + end - start - 1 <= LONGEST_PIECE]
        best.append(1 + min(best[start] for start in fits))
    return best[-1]


@given(st.lists(short, max_size=30))
def test_a_text_is_cut_between_lines_into_as_few_pieces_as_possible(lines: list[str]) -> None:
    cut = pieces(lines)
    assert "\n".join(cut) == "\n".join(lines)
    assert all(1 <= units(piece) <= LONGEST_PIECE for piece in cut)
    assert len(cut) == fewest([units(line) for line in lines])


@given(st.lists(short | long, max_size=12))
def test_a_line_that_is_too_long_is_cut_at_a_blank_and_no_other_line_is(lines: list[str]) -> None:
    cut = pieces(lines)
    assert all(1 <= units(piece) <= LONGEST_PIECE for piece in cut)
    inside = "\n".join(cut)
    for line in lines:
        if units(line) <= LONGEST_PIECE:
            assert line in inside.split("\n")
    if all(units(word) <= LONGEST_PIECE for line in lines for word in line.split(" ")):
        assert inside.replace("\n", " ") == " ".join(lines)


@pytest.mark.parametrize(
    ("lines", "sizes", "why"),
    [
        ([], [], "nothing to copy"),
        ([""], [], "a blank line is nothing to copy"),
        (["x" * 256], [256], "as much as a button holds"),
        (["x" * 128, "y" * 127], [256], "the newline counts"),
        (["x" * 128, "y" * 128], [128, 128], "one sign too much"),
        (["😀" * 128, "x"], [256, 1], "a sign outside the first plane counts twice, as Telegram counts"),
        (["x" * 100, "y" * 100, "z" * 100], [201, 100], "as full as it goes"),
        (["x" * 200 + " " + "y" * 100], [200, 100], "a long line is cut at a blank"),
        (["x" * 600], [256, 256, 88], "a word without a blank is cut where it must be"),
        (["😀" * 200], [256, 144], "never inside a sign"),
    ],
)
def test_pieces_at_the_limits(lines: list[str], sizes: list[int], why: str) -> None:
    assert [units(piece) for piece in pieces(lines)] == sizes, why


def test_a_copy_button_goes_through_the_outbox_and_a_row_of_an_older_version_is_read() -> None:
    screen = Screen(text="", rows=((Button("Kopiera", "", copy="text"), Button("Klar", "done")),))
    assert Screen.from_json(screen.as_json()) == screen
    older = screen.as_json() | {"rows": [[["Klar", "done"]]]}
    assert Screen.from_json(older).buttons == (Button("Klar", "done"),)


# ── an office that visits ────────────────────────────────────────────────────────────────────────────────────

LONG_LINES: tuple[Words, ...] = tuple(Text(_("Besök {n}: {words}"), n=n, words="a" * 90) for n in range(1, 6))
GUARDIAN_UNTIL = date(2026, 11, 24)
"""In these tests a guardian's copy may exist only before this day."""


def _note(kept: VisitMade | CorrectionNotice) -> Sequence[Words]:
    if isinstance(kept, CorrectionNotice):
        return (_("Besöket är rättat."),)
    return (Text(_("Besök {day}."), day=kept.occurred_on), *LONG_LINES)


def _copies(entry: Entry, entries: Sequence[Entry], today: date) -> Sequence[Copy]:
    if not isinstance(entry.record, VisitMade):
        return ()
    lines = (_("Avbryt"), Text(_("Besök: {count}."), count=len(entries)))
    subject = Copy("subject", _("Kopia till dig"), lines, above=_("Läs den tillsammans."))
    guardian = Copy("guardian_one", _("Kopia till hemmet"), (_("Ändra"),), above=_("Ge den för hand."))
    return (subject, guardian) if today < GUARDIAN_UNTIL else (subject,)


def _records(answers: Answers, world: World) -> Sequence[Record]:
    case = answers.word("case")
    visit = VisitMade(case=case, occurred_on=world.today, people=1, police_told="yes", minutes=30, place="home")
    if answers.word("came") == "unknown":
        notice = CorrectionNotice(
            case=case, changes=world.entries(case)[0].id, about_day=world.today, because="mistaken"
        )
        return (visit, notice)
    return (visit,)


VISIT: Dialog = replace(
    BESOK,
    questions=BESOK.questions[:2],
    outcomes=(
        Outcome(
            id="kept",
            says=lambda answers, world: (_("Besöket är sparat."),),
            leads_to=lambda answers, world: ("samtal", "not_built_yet") if len(world.entries(OURS)) > 2 else (),
        ),
        Outcome(
            id="nothing",
            says=lambda answers, world: (_("Då sparas inget."),),
            saves=False,
            leads_to=lambda answers, world: ("samtal",),
        ),
    ),
    routes=(Go("case", "came"), Go("came", "kept", on=("yes", "unknown")), Go("came", "nothing", on="no")),
    record=_records,
    kinds=(VisitMade, CorrectionNotice),
    note=_note,
    copies=_copies,
)


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    for kind in VISIT.kinds:
        monkeypatch.setitem(KINDS, kind.kind, kind)
    opened = Office((samtal.DIALOG, VISIT))
    yield opened
    opened.store.close()


@pytest.fixture
def phone(office: Office) -> Phone:
    """The phone of somebody who has a case."""
    joined = office.joins()
    office.given(CaseFact(case=OURS, fact="group", value="young_adult"), joined)
    return joined


MENU = "Välj vad du vill göra."
GONE = "Texten är borttagen ur chatten."
NOTE = "Visa journaltext"
WRITTEN = "Antecknat 2026-11-23 av samordnare 1."


def visits(phone: Phone, came: str = "Ja") -> Screen:
    """Saves a visit; the last screen."""
    phone.says(f"/besok {OURS}")
    phone.presses(came)
    return phone.presses("Spara")[-1]


def minutes(office: Office, phone: Phone, passed: float) -> list[str]:
    """Time goes on, and the program sweeps; what this person then sees."""
    office.passes(minutes=passed)
    return [screen.text for screen in phone.gets(office.desk.sweep(CHANNEL))]


def labels(screen: Screen) -> list[str]:
    return [button.label for button in screen.buttons]


def texts(phone: Phone) -> list[str]:
    """What stands in the chat, oldest message first."""
    return [phone.shown[message].text for message in sorted(phone.shown)]


def noted(office: Office) -> list[Any]:
    return office.rows("SELECT message FROM note_shown ORDER BY message")


# ── a note ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_note_stands_in_one_message_piece_by_piece_and_each_has_its_copy_button(phone: Phone) -> None:
    saved = visits(phone)
    (shown,) = phone.presses(NOTE)
    copying = [button for button in shown.buttons if button.copy is not None]
    assert [button.label for button in copying] == ["Kopiera 1 av 3", "Kopiera 2 av 3", "Kopiera 3 av 3"]
    held = [str(button.copy) for button in copying]
    assert shown.text == "\n\n".join(held)
    assert "\n".join(held).split("\n")[0] == "Besök 23 november 2026."
    *pieces, written = "\n".join(held).split("\n")[1:]
    assert [line[:8] for line in pieces] == [f"Besök {n}:" for n in range(1, 6)]
    assert written == WRITTEN, "it is copied with the note"
    assert labels(shown)[-1] == "Klar"
    assert len(phone.shown) == 1
    assert shown.session == saved.session


def test_a_short_note_has_one_copy_button_without_a_number(phone: Phone) -> None:
    phone.says(f"/samtal {OURS}")
    phone.presses("Nej, personen kom inte")
    phone.presses("Spara")
    (shown,) = phone.presses(NOTE)
    assert labels(shown) == ["Kopiera", "Klar"]
    assert shown.buttons[0].copy == shown.text


def test_a_copy_button_presses_nothing(office: Office, phone: Phone) -> None:
    visits(phone)
    (shown,) = phone.presses(NOTE)
    before = office.rows("SELECT count(*) FROM inbox")
    assert phone.presses("Kopiera 2 av 3") == []
    assert (screen_of(phone), office.rows("SELECT count(*) FROM inbox")) == (shown, before)


def test_an_english_reader_has_english_buttons_also_for_a_screen_reader(phone: Phone) -> None:
    phone.says("/sprak")
    phone.presses("English")
    phone.says(f"/besok {OURS}")
    phone.presses("Yes")
    phone.presses("Save")
    (shown,) = phone.presses("Show journal note")
    assert labels(shown)[:3] == ["Copy 1 of 3", "Copy 2 of 3", "Copy 3 of 3"]
    assert labels(shown)[-1] == "Done"
    phone.presses("Done")
    assert texts(phone)[-1] == "Choose what you want to do."


def test_klar_puts_the_menu_in_the_notes_place(office: Office, phone: Phone) -> None:
    visits(phone)
    phone.presses(NOTE)
    assert len(noted(office)) == 1
    (menu,) = phone.presses("Klar")
    assert texts(phone) == [MENU]
    assert "/samtal" in [button.value for button in menu.buttons]
    assert noted(office) == []
    assert minutes(office, phone, 60) == []


def test_klar_can_be_typed_as_every_button_can(office: Office, phone: Phone) -> None:
    visits(phone)
    phone.presses(NOTE)
    assert [screen.text for screen in phone.says("klar")] == [MENU]
    assert texts(phone) == [MENU]
    assert noted(office) == []


def test_a_double_press_on_klar_does_nothing_twice(phone: Phone) -> None:
    visits(phone)
    phone.presses(NOTE)
    phone.presses("Klar")
    phone.presses_again("Klar")
    assert texts(phone) == [MENU]


@pytest.mark.parametrize("restarts", [False, True], ids=["running on", "started anew"])
def test_after_ten_minutes_the_menu_stands_in_the_notes_place(office: Office, phone: Phone, restarts: bool) -> None:
    visits(phone)
    phone.presses(NOTE)
    assert minutes(office, phone, 9.9) == []
    assert NOTE not in texts(phone)[0]
    assert "Besök 1" in texts(phone)[0]
    if restarts:
        office.restarts()
    assert minutes(office, phone, 0.1) == [MENU]
    assert texts(phone) == [MENU]
    assert minutes(office, phone, 10) == []


def test_the_minutes_are_the_deployments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, VisitMade.kind, VisitMade)
    office = Office((VISIT,), policy=Policy(note_shown_minutes=2))
    phone = office.joins()
    office.given(CaseFact(case=OURS, fact="group", value="youth"), phone)
    visits(phone)
    phone.presses(NOTE)
    assert minutes(office, phone, 1) == []
    assert minutes(office, phone, 1) == [MENU]
    office.store.close()


def test_a_note_that_is_shown_again_has_its_ten_minutes_again(office: Office, phone: Phone) -> None:
    saved = visits(phone)
    message = phone.live
    assert message is not None
    phone.presses(NOTE)
    assert minutes(office, phone, 8) == []
    phone._press(message, saved, next(button for button in saved.buttons if button.label == NOTE))
    assert minutes(office, phone, 8) == []
    assert minutes(office, phone, 2) == [MENU]


def test_beside_a_dialog_only_a_line_is_left_and_the_dialog_stays(office: Office, phone: Phone) -> None:
    visits(phone)
    phone.presses(NOTE)
    (question,) = phone.says(f"/samtal {OURS}")
    assert len(phone.shown) == 2, "the note may be read and copied while the dialog waits"
    assert minutes(office, phone, 10) == [GONE]
    assert texts(phone) == [GONE, question.text]
    phone.presses("Nej, personen kom inte")
    assert texts(phone)[0] == GONE, "the dialog goes on in its own message"


def test_klar_beside_a_dialog_leaves_a_line_too(office: Office, phone: Phone) -> None:
    visits(phone)
    phone.presses(NOTE)
    (question,) = phone.says(f"/samtal {OURS}")
    assert [screen.text for screen in phone.presses("Klar")] == [GONE]
    assert texts(phone) == [GONE, question.text]
    assert noted(office) == []


def test_a_note_shown_beside_a_dialog_goes_without_touching_it(office: Office, phone: Phone) -> None:
    visits(phone)
    (question,) = phone.says(f"/samtal {OURS}")
    phone.presses(NOTE)
    assert minutes(office, phone, 10) == [GONE]
    assert texts(phone) == [GONE, question.text]
    assert phone.live == max(phone.shown)


def test_with_a_newer_menu_the_note_goes_at_once(office: Office, phone: Phone) -> None:
    visits(phone)
    phone.presses(NOTE)
    (help_page,) = phone.says("/hjalp")
    assert texts(phone) == [help_page.text]
    assert noted(office) == []
    assert minutes(office, phone, 10) == []


def test_what_a_message_shows_instead_of_its_note_is_not_taken_away(office: Office, phone: Phone) -> None:
    """A late press on the menu that stood there before, on a page that is shown in the same message."""
    visits(phone)
    phone.presses(NOTE)
    message = phone.live
    assert message is not None
    office.at_once(Pressed(office.number(), phone.address, message, "q", f"-:0:case:{OURS}"))
    page = texts(phone)
    assert page[0].startswith(f"Ärende {OURS}")
    assert noted(office) == []
    assert minutes(office, phone, 60) == []
    assert texts(phone) == page


def test_a_message_that_the_person_took_away_does_not_come_back(office: Office, phone: Phone) -> None:
    visits(phone)
    phone.presses(NOTE)
    phone.shown.clear()
    assert minutes(office, phone, 10) == []
    assert phone.shown == {}
    assert noted(office) == []


def test_a_note_that_had_to_be_sent_anew_is_taken_away_where_it_is(office: Office, phone: Phone) -> None:
    saved = visits(phone)
    message = phone.live
    assert message is not None
    phone.shown.clear()
    phone._press(message, saved, next(button for button in saved.buttons if button.label == NOTE))
    (now_in,) = phone.shown
    assert now_in != message
    assert noted(office) == [(now_in,)]
    assert minutes(office, phone, 10) == [MENU]
    assert list(phone.shown) == [now_in]


def test_two_notes_after_each_other_each_have_their_time(office: Office, phone: Phone) -> None:
    visits(phone)
    phone.presses(NOTE)
    office.passes(minutes=4)
    visits(phone)
    phone.presses(NOTE)
    assert len(noted(office)) == 1, "the first went with the new dialog's end"
    assert minutes(office, phone, 6) == []
    assert "Besök 1" in texts(phone)[0]
    assert minutes(office, phone, 4) == [MENU]
    assert texts(phone) == [MENU]


def test_of_a_person_who_is_revoked_nothing_is_swept(office: Office, phone: Phone) -> None:
    visits(phone)
    phone.presses(NOTE)
    with office.store.transaction():
        office.store.revoke(office.person(phone).id, office.now)
    assert noted(office) == []
    office.passes(minutes=20)
    assert office.desk.sweep(CHANNEL) == []


def test_who_changes_phone_leaves_no_note_on_the_old_one(office: Office, phone: Phone) -> None:
    visits(phone)
    phone.presses(NOTE)
    phone.says(f"/samtal {OURS}")
    person = office.person(phone)
    with office.store.transaction():
        code = office.store.invite(
            role="samordnare", district="Farsta", expires_at=office.now + timedelta(hours=1), person=person.id
        )
    new = office.phone()
    new.says(f"/start {code}")
    phone.gets(office.store.unsent(CHANNEL))
    assert texts(phone) == []
    assert noted(office) == []
    assert minutes(office, new, 10) == []


# ── several texts, copies, and what comes next ───────────────────────────────────────────────────────────────


def test_every_record_with_a_note_has_a_button_and_each_copy_too(phone: Phone) -> None:
    saved = visits(phone, "Vet inte")
    assert labels(saved)[:5] == ["Registrera samtal", NOTE, "Visa rättelsetext", "Kopia till dig", "Kopia till hemmet"]
    assert saved.buttons[0].value == f"/samtal {OURS}", "what the outcome leads to is first, and in the same case"


def test_an_outcome_that_leads_nowhere_yet_offers_only_the_texts(phone: Phone) -> None:
    assert labels(visits(phone))[0] == NOTE


def test_an_outcome_that_saves_nothing_can_lead_on_too(phone: Phone) -> None:
    phone.says(f"/besok {OURS}")
    (last,) = phone.presses("Nej")
    assert last.buttons[0] == Button("Registrera samtal", f"/samtal {OURS}")
    (question,) = phone._press(max(phone.shown), last, last.buttons[0])
    assert question.text.startswith(f"Ärende {OURS}")


def test_from_one_text_one_comes_to_the_others_that_were_saved_with_it(phone: Phone) -> None:
    visits(phone, "Vet inte")
    (note,) = phone.presses(NOTE)
    assert labels(note)[-4:] == ["Visa rättelsetext", "Kopia till dig", "Kopia till hemmet", "Klar"]
    (notice,) = phone.presses("Visa rättelsetext")
    assert notice.text == f"Besöket är rättat.\n{WRITTEN}"
    assert labels(notice) == ["Kopiera", NOTE, "Kopia till dig", "Kopia till hemmet", "Klar"]
    assert len(phone.shown) == 1


def test_an_older_note_offers_nothing_of_what_was_saved_since(phone: Phone) -> None:
    older = visits(phone, "Vet inte")
    message = phone.live
    assert message is not None
    visits(phone)
    (note,) = phone._press(message, older, next(button for button in older.buttons if button.label == NOTE))
    assert labels(note)[-1] == "Klar"
    assert not {"Visa rättelsetext", "Kopia till dig"} & set(labels(note))


def test_a_copy_is_shown_in_swedish_and_in_english_and_only_its_own_words_are_copied(phone: Phone) -> None:
    visits(phone)
    (swedish,) = phone.presses("Kopia till dig")
    assert swedish.text.split("\n\n") == ["Läs den tillsammans.", "Avbryt\nBesök: 2."]
    assert swedish.buttons[0] == Button("Kopiera", "copied-1", copy="Avbryt\nBesök: 2.")
    assert labels(swedish)[1:] == ["På engelska", NOTE, "Kopia till hemmet", "Klar"]
    (english,) = phone.presses("På engelska")
    assert english.text.split("\n\n")[0] == "Läs den tillsammans.", "what is above is for the one who hands it over"
    assert str(english.buttons[0].copy).startswith("Cancel\n")
    assert labels(english)[1] == "På svenska"
    assert phone.presses("På svenska")[0] == swedish


def test_a_copy_has_the_same_ten_minutes(office: Office, phone: Phone) -> None:
    visits(phone)
    phone.presses("Kopia till dig")
    assert minutes(office, phone, 9) == []
    assert minutes(office, phone, 1) == [MENU]


def test_a_copy_that_may_no_longer_exist_is_an_old_button(office: Office, phone: Phone) -> None:
    saved = visits(phone)
    message = phone.live
    assert message is not None
    office.passes(days=1)
    button = next(button for button in saved.buttons if button.label == "Kopia till hemmet")
    (toast,) = phone._press(message, saved, button)
    assert toast.text == "Den knappen gäller inte längre."
    assert texts(phone) == [saved.text]
    assert "Kopia till hemmet" not in labels(phone.presses(NOTE)[0])


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("copy:{record}:nobody:sv", "no such copy"),
        ("copy:{record}:subject:de", "no such language"),
        ("copy:{record}:subject", "no language"),
        ("copy:{record}", "no copy"),
        ("copy:00000000-0000-7000-8000-000000000000:subject:sv", "no such record"),
        ("copy:{fact}:subject:sv", "a record of no copies"),
        ("note:{fact}", "a record of no note"),
        ("copy:", "nothing"),
    ],
)
def test_a_forged_press_shows_no_text(office: Office, phone: Phone, value: str, why: str) -> None:
    saved = visits(phone)
    fact, visit = (held.id for held in office.store.entries(OURS))
    data = f"-:0:{value.format(record=visit, fact=fact)}"
    (toast,) = office.at_once(Pressed(office.number(), phone.address, phone.live, "q", data))[phone.address]
    assert toast.text == "Den knappen gäller inte längre.", why
    assert texts(phone) == [saved.text]
    assert noted(office) == []


def test_another_districts_copy_is_not_shown(office: Office, phone: Phone) -> None:
    saved = visits(phone)
    stranger = office.joins(district="Järva")
    (value,) = [button.value for button in saved.buttons if button.label == "Kopia till dig"]
    came = office.at_once(Pressed(office.number(), stranger.address, 1, "q", f"-:0:{value}"))[stranger.address]
    assert "Läs den tillsammans." not in "".join(screen.text for screen in came)
    assert noted(office) == []


def test_the_longest_button_fits_in_what_telegram_carries(phone: Phone) -> None:
    saved = visits(phone)
    values = [button.value for button in saved.buttons if button.value.startswith("copy:")]
    assert max(len(f"-:0:{value}") for value in values) == 61, "guardian_one has the twelve signs an id may have"


# ── the channels ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_terminal_leaves_copy_buttons_out_and_goes_on_counting(office: Office) -> None:
    spoken: list[str] = []
    typed = io.StringIO("\n".join(["Nytt ärende", "SIG unga vuxna", "Ja", "Spara", "1", "1"]))
    talk(office.desk, "/samtal", typed, spoken.append)
    note = next(number for number, line in enumerate(spoken) if line.startswith("Motivationssamtal"))
    assert spoken[note + 1] == "  1  Klar"
    assert MENU in spoken[note + 2 :], "the first number is Klar"
    assert not [line for line in spoken if "Kopiera" in line]


def test_time_takes_a_note_away_over_http_just_as_in_a_transcript() -> None:
    given_talks = "\n".join(
        f'givet: talk_held {{"case": "ÖK7-M4W", "held": "yes", "occurred_on": "2026-11-0{day}"}}' for day in (2, 9)
    )
    text = f"""klocka: 2026-11-23 14:05
{given_talks}
givet: case_fact {{"case": "ÖK7-M4W", "fact": "group", "value": "youth"}}
jag: /samtal ÖK7-M4W
jag: [Nej, personen kom inte]
jag: [Spara]
jag: [{NOTE}]
jag: [Kopiera]
jag: /stangning ÖK7-M4W
klocka: 2026-11-23 14:16
jag: [Har flyttat]
jag: [Spara]
jag: [{NOTE}]
omstart:
klocka: 2026-11-23 14:40
jag trycker igen: [Klar]
"""
    played = Player().play(text)
    with BotApi.serving() as api:
        wired = TelegramPlayer(api).play(text)
        assert [one for one in api.refused if "not modified" not in one.description] == []
    assert [screen.text for screen in wired.screens] == [screen.text for screen in played.screens]
    assert wired.text == played.text
    assert f"klocka: 2026-11-23 14:16\nbot: {GONE}\njag:" in played.text
    assert f"klocka: 2026-11-23 14:40\nbot: {MENU}\n" in played.text
