"""/overforing: what is to be done, how far the records have come, and what is said of a case that was purged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from random import Random

import pytest

from bot.desk import CASES_LOOKED_AT
from bot.incoming import Pressed
from bot.outgoing import press_data
from bot.pages import CASES_SHOWN
from bot.phone import Phone
from dialogs import case_code
from dialogs.answers import CaseCode, Refused
from dialogs.overforing import SHOWN, Purged, page
from dialogs.records import CaseFact, CaseOpened, Declined, DeclineReason, Received, Record, TalkHeld, Transferred
from dialogs.texts import Text, say
from dialogs.transfer_words import WHY_DECLINED
from state.people import LOTS
from state.pieces import LONGEST_PAGE
from tests.office import Office, screen_of
from tests.talk import FREE, MONDAY, NEW, OURS, OURS_TOO, THEIRS, Kept, a_world

HEADING = "Överföring till verksamhetssystemet"
NOTHING_TO_DO = "Du behöver inte göra något nu."
A_DRAFT = Text("{noun} för {case} {when}", noun="ett påbörjat samtal", case=OURS, when="från kl. 14.05")
GONE = "Ärendet gallrades den 23 november 2026. Det som togs emot finns i verksamhetssystemet."


@pytest.fixture
def office() -> Iterator[Office]:
    opened = Office()
    yield opened
    opened.store.close()


def id_of(number: int) -> str:
    return f"{number:08x}-0000-7000-8000-000000000000"


def a_talk(case: str = OURS, day: str = "2026-11-02") -> TalkHeld:
    return TalkHeld.from_payload({"case": case, "held": "yes", "occurred_on": day})


def handed(case: str, *numbers: int, bundle: int = 1) -> Transferred:
    return Transferred(case=case, bundle=bundle, records=tuple(id_of(number) for number in numbers))


def a_no(case: str, about: int, reason: DeclineReason = "incomplete") -> Declined:
    return Declined(case=case, bundle=1, record=id_of(about), reason=reason)


def on_record(*records: Record, days: Sequence[date] = ()) -> list[Kept]:
    said_on = [*days, *[MONDAY.date()] * (len(records) - len(days))]
    return [Kept(record, id=id_of(number), said_on=said_on[number - 1]) for number, record in enumerate(records, 1)]


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────────

ONE_CASE = "Anteckningar i ditt senaste ärende:"
NO_COUNT = ["Överförda, väntar på kvittens: 0", "Kvitterade: 0"]


@pytest.mark.parametrize(
    ("records", "drafts", "purged", "lines", "why"),
    [
        ([], [], None, [NOTHING_TO_DO, ONE_CASE, "Klara att överföras: 0", *NO_COUNT], "nothing at all"),
        (
            [a_talk(), a_talk()],
            [],
            None,
            [NOTHING_TO_DO, ONE_CASE, "Klara att överföras: 2", *NO_COUNT],
            "klar: nothing to do",
        ),
        (
            [a_talk()],
            [A_DRAFT],
            None,
            [
                "Det här är att göra:",
                f"– Du har ett påbörjat samtal för {OURS} från kl. 14.05.",
                ONE_CASE,
                "Utkast: 1",
                "Klara att överföras: 1",
                *NO_COUNT,
            ],
            "utkast: somebody has to finish it",
        ),
        (
            [a_talk(), a_talk(), a_talk(), handed(OURS, 1, 2), Received(case=OURS, bundle=1), a_no(OURS, 2)],
            [A_DRAFT],
            None,
            [
                "Det här är att göra:",
                f"– {OURS}, inte mottaget: samtal den 2 november 2026. Något saknas i den.",
                f"– Du har ett påbörjat samtal för {OURS} från kl. 14.05.",
                ONE_CASE,
                "Utkast: 1",
                "Klara att överföras: 1",
                "Överförda, väntar på kvittens: 0",
                "Avvisade: 1",
                "Kvitterade: 1",
                "Senaste paketet: nummer 1, den 23 november 2026",
                "Senaste kvittensen: paket 1, den 23 november 2026",
            ],
            "what was declined comes before the drafts; the bookkeeping is not counted",
        ),
        (
            [a_talk(), handed(OURS, 1)],
            [],
            Purged(3, date(2027, 1, 3)),
            [
                NOTHING_TO_DO,
                ONE_CASE,
                "Klara att överföras: 0",
                "Överförda, väntar på kvittens: 1",
                "Kvitterade: 0",
                "Gallrade ärenden i hela Lots: 3, senast den 3 januari 2027",
                "Senaste paketet: nummer 1, den 23 november 2026",
            ],
            "gallrad: only how many, since nobody knows which",
        ),
    ],
)
def test_what_is_to_be_done_comes_first_and_then_how_many_are_in_each_state(
    records: list[Record], drafts: list[Text], purged: Purged | None, lines: list[str], why: str
) -> None:
    world = replace(a_world(shelf={OURS: on_record(*records)}, practice=False), cases=(OURS,))
    said = [say(words, "sv") for words in page(drafts, purged, world).lines]
    assert said == [HEADING, *lines], why


def test_practice_never_leaves_and_says_so() -> None:
    world = a_world(shelf={OURS: on_record(a_talk())})
    assert [say(words, "sv") for words in page((), None, world).lines][:3] == [
        HEADING,
        "Det här är övning. Inget härifrån lämnar Lots.",
        NOTHING_TO_DO,
    ]


def test_the_latest_bundle_and_receipt_are_those_with_the_highest_number_in_any_case() -> None:
    first, second = date(2026, 11, 9), date(2026, 11, 16)
    ours = [a_talk(), handed(OURS, 1, bundle=3), Received(case=OURS, bundle=3)]
    too = [a_talk(OURS_TOO), handed(OURS_TOO, 1, bundle=4)]
    shelf = {OURS: on_record(*ours, days=[first, first, second]), OURS_TOO: on_record(*too, days=[first, second])}
    said = [say(words, "sv") for words in page((), None, a_world(shelf=shelf)).lines]
    assert "Senaste paketet: nummer 4, den 16 november 2026" in said
    assert "Senaste kvittensen: paket 3, den 16 november 2026" in said
    assert "Anteckningar i dina 2 senaste ärenden:" in said


def test_the_cases_where_something_waits_come_first() -> None:
    done, waits, declined = NEW, OURS, OURS_TOO
    shelf = {
        done: on_record(a_talk(done), handed(done, 1), Received(case=done, bundle=1)),
        waits: on_record(a_talk(waits)),
        declined: on_record(
            a_talk(declined), handed(declined, 1), Received(case=declined, bundle=1), a_no(declined, 1)
        ),
    }
    found = page((), None, replace(a_world(shelf=shelf), cases=(done, waits, declined)))
    assert found.declined_in == (declined,)
    assert found.others == (waits, done)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_page_is_one_message_whatever_the_cases_hold(language: str) -> None:
    codes = [case_code.draw(True, Random(seed).choice) for seed in range(100, 100 + CASES_LOOKED_AT)]
    shelf = {
        code: on_record(
            *(CaseFact(case=code, fact="second_coordinator", value="p-me") for _each in range(5)),
            handed(code, *range(1, 6), bundle=1000),
            Received(case=code, bundle=1000),
            *(a_no(code, number, "unknown_case") for number in range(1, 6)),
        )
        for code in codes
    }
    world = replace(a_world(shelf=shelf, language=language), cases=tuple(codes))
    found = page([A_DRAFT] * 40, Purged(10_000, date(2027, 11, 30)), world)
    said = [say(words, language) for words in found.lines]
    assert len("\n".join(said)) < LONGEST_PAGE // 2
    assert sum(line.startswith("– ") for line in said) == 2 * SHOWN + 1
    assert str(5 * CASES_LOOKED_AT - SHOWN + 40 - SHOWN) in next(line for line in said[::-1] if line.startswith("– "))


@pytest.mark.parametrize("reason", sorted(WHY_DECLINED))
def test_the_receivers_reason_is_told_in_both_languages(reason: DeclineReason) -> None:
    entries = on_record(a_talk(), handed(OURS, 1), Received(case=OURS, bundle=1), a_no(OURS, 1, reason))
    world = a_world(shelf={OURS: entries})
    swedish, english = (
        [say(line, language) for line in page([A_DRAFT], None, world).lines] for language in ("sv", "en")
    )
    assert any(line.endswith(say(WHY_DECLINED[reason], "sv")) for line in swedish)
    assert not set(swedish) & set(english), "every line is translated"


# ── on a phone ───────────────────────────────────────────────────────────────────────────────────────────────


def exchanged(office: Office, phone: Phone, declined: bool = False) -> str:
    """A talk that was handed over and received, or declined; its id."""
    talk = office.given(a_talk(), phone)
    lots = replace(LOTS, district="Farsta")
    with office.store.transaction():
        office.store.append(Transferred(case=OURS, bundle=1, records=(talk,)), lots, office.now)
        office.store.append(Received(case=OURS, bundle=1), lots, office.now)
        if declined:
            office.store.append(Declined(case=OURS, bundle=1, record=talk, reason="unreadable"), lots, office.now)
    return talk


def test_a_declined_record_is_answered_from_the_page_and_then_nothing_is_to_be_done(office: Office) -> None:
    phone = office.joins()
    exchanged(office, phone, declined=True)
    (told,) = phone.says("/overforing")
    assert [button.value for button in told.buttons] == [f"/avvisat {OURS}", f"case:{OURS}"]
    phone.presses(f"{OURS}: Svara på en avvisning")
    phone.presses("Jag har skrivit in den där")
    phone.presses("Spara")
    (told,) = phone.says("/overforing")
    assert NOTHING_TO_DO in told.text.splitlines()


def test_every_draft_has_a_button_that_takes_it_up(office: Office) -> None:
    phone = office.joins()
    office.given(a_talk(), phone)
    for command, label in (("/samtal", OURS), ("/ratta", OURS), ("/hotbild", "Nej")):
        phone.says(command)
        phone.presses(label)
        office.passes(hours=25)
        office.desk.sweep("terminal")
    (told,) = phone.says("/overforing")
    assert "Utkast: 3" in told.text.splitlines()
    labels = [button.label for button in told.buttons]
    assert labels == ["Hot och säkerhet", f"{OURS}: Rätta", f"{OURS}: Registrera samtal", OURS]
    assert all(len(press_data(told, button).encode()) <= 64 for button in told.buttons)
    phone.presses(f"{OURS}: Registrera samtal")
    assert screen_of(phone).text.startswith(f"Du har ett påbörjat samtal för {OURS} från den 23 november 2026")


def test_a_draft_in_a_case_that_is_not_saved_yet_is_taken_up_too(office: Office) -> None:
    phone = office.joins()
    for label in ("Nytt ärende", "Nytt ärende"):
        phone.says("/samtal")
        if "Ett annat ärende" in [button.label for button in screen_of(phone).buttons]:
            phone.presses("Ett annat ärende")
        phone.presses(label)
    (told,) = [screen for screen in phone.says("/overforing") if "Utkast: 2" in screen.text]
    older = [button for button in told.buttons if button.value.startswith("draft:")][1]
    phone.presses(older.label)
    assert screen_of(phone).text.startswith(f"Du har ett påbörjat samtal för {older.label.partition(':')[0]} från")


def test_nobody_takes_up_the_draft_of_somebody_else(office: Office) -> None:
    phone, other, manager = office.joins(), office.joins(), office.joins("chef")
    office.given(a_talk(), phone)
    phone.says("/samtal")
    phone.presses(OURS)
    (draft,) = office.store.drafts(office.person(phone).id)
    for forger in (other, manager):
        pressed = Pressed(office.number(), forger.address, None, "q", f"-:0:draft:{draft.id}")
        shown = office.at_once(pressed)[forger.address]
        assert OURS not in str(shown), forger.address


def test_as_many_buttons_as_a_phone_shows(office: Office) -> None:
    phone = office.joins()
    for seed in range(100, 100 + CASES_LOOKED_AT + 2):
        office.given(CaseOpened(case=case_code.draw(True, Random(seed).choice)), phone)
    (told,) = phone.says("/overforing")
    assert f"\nAnteckningar i dina {CASES_LOOKED_AT} senaste ärenden:\n" in told.text
    assert len(told.buttons) == CASES_SHOWN


def test_what_another_district_has_declined_is_told_there_alone(office: Office) -> None:
    farsta, jarva = office.joins(), office.joins(district="Järva")
    exchanged(office, farsta, declined=True)
    (told,) = jarva.says("/overforing")
    assert told.text == "Du har inga ärenden ännu."
    office.given(CaseFact(case=OURS, fact="district", value="Järva"), farsta)
    office.given(a_talk(THEIRS), farsta)
    (told,) = farsta.says("/overforing")
    assert OURS not in told.text, "the case is another district's now"


def test_what_lots_wrote_itself_is_no_colleagues(office: Office) -> None:
    phone = office.joins()
    office.given(a_talk(), phone)
    phone.says("/samtal")
    phone.presses(OURS)
    office.passes(minutes=5)
    exchanged(office, phone)
    assert office.desk.colleagues_saved(office.person(phone)) is None, "a receipt is no news in the middle of a dialog"
    phone.says(f"/arende {OURS}")
    phone.presses("Varför?")
    told = max((screen for screen in phone.shown.values()), key=lambda screen: len(screen.text)).text
    assert "– Kvittens från mottagaren. Skrivet av Lots den 23 november 2026." in told.splitlines()


# ── what was purged ──────────────────────────────────────────────────────────────────────────────────────────


def purged(office: Office, *cases: str) -> None:
    with office.store.transaction():
        office.store.purge(1, "beslut 2026-1", cases, office.now)


def test_a_purged_case_is_told_of_wherever_its_code_is_typed(office: Office) -> None:
    phone = office.joins()
    exchanged(office, phone)
    office.given(a_talk(OURS_TOO), phone)
    purged(office, OURS)
    for command in (f"/arende {OURS}", f"/samtal {OURS.lower()}", f"/stangning {OURS.replace('-', '')}"):
        assert phone.says(command)[0].text == GONE, command
    phone.says("/samtal")
    assert OURS not in [button.label for button in screen_of(phone).buttons]
    phone.says(OURS)
    assert screen_of(phone).text.startswith(GONE)
    assert screen_of(phone).text.endswith("Vilket ärende gäller det?")
    told = phone.says("/overforing")[0]
    assert "Gallrade ärenden i hela Lots: 1, senast den 23 november 2026" in told.text.splitlines()
    assert OURS not in told.text


def test_the_day_of_a_purge_is_the_local_day(office: Office) -> None:
    phone = office.joins()
    exchanged(office, phone)
    office.passes(hours=9, minutes=30)  # 23.35 in Stockholm, the same day
    office.passes(minutes=30)  # five past midnight there, and still the day before in UTC
    purged(office, OURS)
    assert phone.says(f"/arende {OURS}")[0].text == GONE.replace("23", "24")


def test_another_district_is_told_the_same_and_nothing_more(office: Office) -> None:
    farsta, jarva = office.joins(), office.joins(district="Järva")
    exchanged(office, farsta)
    before = jarva.says(f"/arende {OURS}")[0].text
    assert before == jarva.says(f"/arende {FREE}")[0].text, "a case that is here is not told of"
    purged(office, OURS)
    assert jarva.says(f"/arende {OURS}")[0].text == farsta.says(f"/arende {OURS}")[0].text == GONE


def test_a_draft_goes_with_its_case(office: Office) -> None:
    """Nobody purges a case with a draft; but a store that was restored may hold one from before."""
    phone = office.joins()
    office.given(CaseFact(case=OURS, fact="group", value="youth"), phone)
    exchanged(office, phone)
    phone.says("/samtal")
    phone.presses(OURS)
    office.passes(hours=25)
    office.desk.sweep("terminal")
    purged(office, OURS)
    phone.says("/samtal")
    phone.presses("Nytt ärende")
    assert OURS not in screen_of(phone).text
    assert OURS not in str(office.rows("SELECT body, case_code FROM session"))


def test_a_code_that_was_purged_is_refused_as_that_and_is_never_drawn_for_a_new_case() -> None:
    world = a_world(purged={FREE: MONDAY.date()})
    for kind in (CaseCode(), CaseCode(may_be_new=False, may_be_closed=True)):
        refused = kind.read(FREE, None, world)
        assert isinstance(refused, Refused)
        assert (refused.fault, say(refused.words, "sv")) == ("purged_case", GONE)
        assert not kind.holds(FREE, world)
