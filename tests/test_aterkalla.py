"""/aterkalla, and /ratta of a consent, against CON-5, CON-6 and CON-13: what no longer holds is never shared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from bot.phone import Phone
from dialogs import aterkalla, ratta, samtycke
from dialogs.answers import DONE, EVERYTHING, UNKNOWN
from dialogs.model import Dialog
from dialogs.records import (
    CaseFact,
    ConsentAsked,
    ConsentCorrected,
    ConsentWithdrawn,
    CorrectionNotice,
    Record,
    Transferred,
)
from dialogs.rules.conditions import what_is_due
from dialogs.rules.consents import DIRECTIONS, KINDS, POLICE, Consents, the_consent_that_covers, the_parties_shared_with
from state.events import AnswerRefused, SessionCompleted
from state.records import verify
from state.session import CHANGE, SAVE
from tests.office import Office, screen_of
from tests.talk import MONDAY, OURS, Kept, Talk, a_world

TODAY = MONDAY.date()
SCHOOL, BUP = "school", "bup"
ON_RECORD = ("planning", "situation", "crime")


def id_of(number: int) -> str:
    return f"{number:08x}-0000-7000-8000-000000000000"


def numbered(*records: Record) -> list[Kept]:
    """The records of a case, numbered from 1."""
    return [Kept(record, id=id_of(number)) for number, record in enumerate(records, 1)]


def facts(age: str) -> list[Record]:
    known = {"group": "youth", "age_group": age}
    if age == "15_17":
        known |= {"month_of_18": "2028-03", "custody": "two"}
    return [CaseFact(case=OURS, fact=fact, value=value) for fact, value in known.items()]  # type: ignore[arg-type]


def said(giver: str, *parties: str, answer: str = "given", kinds: Sequence[str] = ON_RECORD, **more: Any) -> Any:
    scope = {"kinds": list(kinds), "direction": "both"} if answer == "given" else {}
    lines = [{"party": party, "answer": answer, **scope} for party in parties]
    return {"giver": giver, "lines": lines, "measure": "given", "how": "meeting", **more}


def asked(*givers: Any, on: str = "2026-11-02", until: str = "2027-05-02", age: str = "21_29", **more: Any) -> Record:
    payload = {"case": OURS, "asked_on": on, "valid_until": until, "age_group": age, "givers": list(givers), **more}
    return ConsentAsked.from_payload(payload)


def taken_back(*parties: str, giver: Any = "subject", on: date = TODAY, **more: Any) -> ConsentWithdrawn:
    return ConsentWithdrawn(case=OURS, withdrawn_on=on, giver=giver, parties=parties, how="telephone", **more)


ADULT = [*facts("21_29"), asked(said("subject", POLICE, SCHOOL))]
"""Facts are 1 and 2, the consent is 3."""
ADULT_CONSENT = id_of(3)

MINOR = [
    *facts("15_17"),
    asked(
        *(said(giver, POLICE, SCHOOL) for giver in ("subject", "guardian_1", "guardian_2")),
        age="15_17",
        custody="two",
        maturity_assessed="yes",
        disposes="together",
        harm="no",
    ),
]
"""Facts are 1 to 4, the consent is 5."""


def a_talk(*records: Record, dialog: Dialog = aterkalla.DIALOG, **known: Any) -> Talk:
    return Talk(dialog, a_world(shelf={OURS: numbered(*records)}, **known)).picks(OURS)


def labels(talk: Talk) -> list[str]:
    return [button.label for button in talk.screen.buttons if not button.value.startswith("!")]


def offered(talk: Talk) -> list[str]:
    return [button.value for button in talk.screen.buttons if not button.value.startswith("!")]


def consents_after(talk: Talk, today: date = TODAY) -> Consents:
    """The consents of the case with what the last turn kept."""
    before = list(talk.world.entries(OURS))
    added = [Kept(record, id=id_of(len(before) + number)) for number, record in enumerate(talk.kept, 1)]
    return Consents([*before, *added], today)


def withdrawal(talk: Talk) -> dict[str, Any]:
    (kept,) = [record for record in talk.kept if isinstance(record, ConsentWithdrawn)]
    return kept.payload()


def is_shared(consents: Consents, party: str) -> bool:
    return any(the_consent_that_covers(consents, party, kind, way).covered for kind in KINDS for way in DIRECTIONS)


# ── CON-5: whole or part ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("presses", "kept", "left", "why"),
    [
        (["all", "meeting", "no"], {"parties": [POLICE, SCHOOL], "pressed": "no"}, {}, "everything about sharing"),
        (
            [POLICE, EVERYTHING, "telephone", "no"],
            {"parties": [POLICE], "pressed": "no"},
            {SCHOOL: ON_RECORD},
            "one party, all of it",
        ),
        (
            [POLICE, "planning", "situation", "crime", DONE, "writing", "no"],
            {"parties": [POLICE], "pressed": "no"},
            {SCHOOL: ON_RECORD},
            "every kind by itself is all of it",
        ),
        (
            [POLICE, "crime", DONE, "e_id", "no"],
            {"parties": [POLICE], "kinds": ["crime"], "pressed": "no"},
            {POLICE: ("planning", "situation"), SCHOOL: ON_RECORD},
            "one kind of one party",
        ),
        (
            [SCHOOL, "planning", "crime", DONE, "meeting"],
            {"parties": [SCHOOL], "kinds": ["planning", "crime"]},
            {POLICE: ON_RECORD, SCHOOL: ("situation",)},
            "two kinds; nobody asks about pressure where the police are not in it",
        ),
        (["measure", "meeting"], {"measure": "withdrawn"}, {POLICE: ON_RECORD, SCHOOL: ON_RECORD}, "CON-9: apart"),
    ],
)
def test_con_5_what_is_taken_back_and_what_is_left(
    presses: list[str], kept: dict[str, Any], left: dict[str, tuple[str, ...]], why: str
) -> None:
    talk = a_talk(*ADULT).picks("subject", *presses, SAVE)
    written = withdrawal(talk)
    head = {name: written.pop(name) for name in ("case", "withdrawn_on", "giver", "how")}
    assert head == {"case": OURS, "withdrawn_on": "2026-11-23", "giver": "subject", "how": head["how"]}, why
    assert written.pop("needed") == "yes", "the answer is the adult's own"
    assert written == kept, why
    consents = consents_after(talk)
    assert {p: consents.kinds("subject", p) for p in (POLICE, SCHOOL) if consents.kinds("subject", p)} == left, why
    assert set(the_parties_shared_with(consents)) == set(left), why
    measure = "withdrawn" if "measure" in kept else "given"
    assert consents.measure("subject").status == measure, "CON-9: the two consents are kept apart"


@pytest.mark.parametrize("giver", ["subject", "guardian_1", "guardian_2"])
def test_con_6_con_7_one_of_those_who_must_consent_is_enough_to_stop_it(giver: str) -> None:
    talk = a_talk(*MINOR).picks(giver, POLICE, EVERYTHING, "meeting", "no", SAVE)
    consents = consents_after(talk)
    statuses = {who: consents.status(who, POLICE).status for who in ("subject", "guardian_1", "guardian_2")}
    assert statuses == {**dict.fromkeys(statuses, "given"), giver: "withdrawn"}, "the others' answers stand"
    assert not is_shared(consents, POLICE)
    assert is_shared(consents, SCHOOL)


def test_each_giver_has_their_own_to_take_back() -> None:
    consent = asked(
        said("subject", POLICE),
        {"giver": "guardian_1", "lines": [{"party": SCHOOL, "answer": "refused"}]},
        {
            "giver": "guardian_2",
            "lines": [{"party": BUP, "answer": "given", "kinds": ["health"], "direction": "to"}],
        },
        age="15_17",
    )
    talk = a_talk(*facts("15_17"), consent)
    assert labels(talk) == ["Den unge", "Vårdnadshavare 2"], "one who only said no has nothing"
    assert offered(talk.picks("guardian_2")) == [BUP]


def test_where_there_is_one_kind_there_is_nothing_to_choose() -> None:
    records = [*facts("21_29"), asked(said("subject", POLICE, kinds=["crime"]))]
    talk = a_talk(*records).picks("subject", POLICE)
    assert talk.at == "how"
    assert "kinds" not in withdrawal(talk.picks("meeting", "no", SAVE))


def test_no_kind_chosen_takes_nothing_back() -> None:
    talk = a_talk(*ADULT).picks("subject", POLICE, DONE)
    assert talk.events == (AnswerRefused("kinds", "too_few"),)


# ── before it is saved, and after ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("presses", "says", "silent", "why"),
    [
        (
            [POLICE, EVERYTHING, "meeting", "no"],
            [
                "Ansvarig socialsekreterare bedömer om SIG kan fortsätta. (CON-5)",
                "Polisen – personen: återkallat. (CON-13)",
                "Skolan – personen: ja till och med 2027-05-02. (CON-13)",
                "Personen: återkallat. (CON-1)",
                "Samtycket räcker inte för: polisen.",
                "Sluta dela nu med polisen.",
                "Det väntar på beslut av ansvarig socialsekreterare. (CON-6, DEC-2)",
            ],
            [],
            "CON-6: the police",
        ),
        (
            [POLICE, "crime", DONE, "meeting", "no"],
            [
                "Om du sparar:\nSluta dela med polisen: brott och misstankar. (CON-5)",
                "Polisen – personen: ja till och med 2027-05-02, delvis återkallat. (CON-13)",
            ],
            ["Polisen – personen: återkallat", "Det väntar på beslut", "Samtycket räcker inte för"],
            "a part of it: the rest stands",
        ),
        (
            [SCHOOL, EVERYTHING, "meeting"],
            [
                "Skolan – personen: återkallat. (CON-13)",
                "Villkoret om polisen är uppfyllt.",
                "Sluta dela nu med skolan.",
            ],
            ["Det väntar på beslut"],
            "another party",
        ),
        (
            ["measure", "meeting"],
            [
                "Ansvarig socialsekreterare bedömer om SIG kan fortsätta. (CON-5)",
                "Polisen – personen: ja till och med 2027-05-02.",
            ],
            ["Sluta dela nu", "Samtycket till insatsen finns."],
            "CON-9: the measure alone",
        ),
    ],
)
def test_the_preview_says_what_follows(presses: list[str], says: list[str], silent: list[str], why: str) -> None:
    talk = a_talk(*ADULT).picks("subject", *presses)
    assert SAVE in [button.value for button in talk.screen.buttons]
    foreseen = talk.screen.text
    assert [words for words in says if words not in foreseen] == [], why
    assert [words for words in silent if words in foreseen] == [], why
    assert talk.kept == (), "nothing is kept yet"


NOTHING_CHANGES = "Det som är återkallat delas inte. Samtycket räckte inte för det förut heller."
LETS_THEM = asked(
    *(said(giver, POLICE, SCHOOL) for giver in ("subject", "guardian_1")),
    age="15_17",
    custody="two",
    disposes="alone",
    guardian_allowed="yes",
    harm="no",
)
WITH_A_PARENT = asked(said("subject", SCHOOL, "parents"), said("parent_1", SCHOOL))
SECOND_IS_LACKING = asked(
    *(said(giver, POLICE, SCHOOL) for giver in ("subject", "guardian_1")), age="15_17", disposes="together", harm="no"
)


@pytest.mark.parametrize(
    ("records", "presses", "needed", "last", "why"),
    [
        (
            ADULT,
            ["subject", "all", "meeting", "no"],
            "yes",
            "Nästa steg: säg till polisen och skolan vad som inte gäller längre.",
            "CON-11: every party that may not be shared with now",
        ),
        (
            ADULT,
            ["subject", POLICE, "crime", DONE, "meeting", "no"],
            "yes",
            "Nästa steg: säg till polisen vad som inte gäller längre.",
            "a part of it too",
        ),
        (
            MINOR,
            ["guardian_2", SCHOOL, EVERYTHING, "meeting"],
            "yes",
            "Nästa steg: säg till skolan vad som inte gäller längre.",
            "CON-7: one of those who must consent",
        ),
        (
            [*facts("15_17"), LETS_THEM],
            ["guardian_1", SCHOOL, EVERYTHING, "meeting"],
            "no",
            NOTHING_CHANGES,
            "CON-7: who is not needed closes nothing",
        ),
        (
            [*facts("15_17"), SECOND_IS_LACKING],
            ["guardian_1", SCHOOL, EVERYTHING, "meeting"],
            "yes",
            NOTHING_CHANGES,
            "nothing was shared yet",
        ),
        (
            [*facts("21_29"), WITH_A_PARENT],
            ["parent_1", SCHOOL, EVERYTHING, "meeting"],
            "no",
            NOTHING_CHANGES,
            "CON-8: nor does a parent",
        ),
        (
            [*facts("21_29"), WITH_A_PARENT],
            ["subject", "parents", EVERYTHING, "meeting"],
            "yes",
            "Det som är återkallat delas inte från och med nu.",
            "CON-8: it is no party that is told of it",
        ),
    ],
)
def test_con_11_the_last_words_tell_the_parties_that_it_changes_something_for(
    records: list[Record], presses: list[str], needed: str, last: str, why: str
) -> None:
    """CON-5, CON-7, CON-8, CON-11: never a parent or a guardian."""
    talk = a_talk(*records).picks(*presses, SAVE)
    assert withdrawal(talk)["needed"] == needed, why
    said_last = talk.screen.text
    assert said_last.endswith(last), why
    for word in ("vårdnadshavare", "förälder", "föräldrarna"):
        assert word not in said_last, why


@pytest.mark.parametrize(("pressed", "leads"), [("yes", True), (UNKNOWN, True), ("no", False)])
@pytest.mark.parametrize("what", [[POLICE, EVERYTHING], [POLICE, "crime", DONE], ["all"]])
def test_con_6_pressure_or_a_doubt_of_it_leads_to_the_threat_dialog(what: list[str], pressed: str, leads: bool) -> None:
    talk = a_talk(*ADULT).picks("subject", *what, "meeting", pressed, SAVE)
    (done,) = [event for event in talk.events if isinstance(event, SessionCompleted)]
    assert done.leads_to == (("hotbild",) if leads else ())
    lines = talk.screen.text.splitlines()
    assert ("Fara för liv: ring 112." in lines) is leads
    assert ("Nästa steg: gå igenom hot och säkerhet nu." in lines) is leads
    assert withdrawal(talk)["pressed"] == pressed


def test_con_6_a_decision_is_awaited_until_the_police_consent_is_given_again() -> None:
    talk = a_talk(*ADULT).picks("subject", POLICE, EVERYTHING, "meeting", "no", SAVE)
    assert "Det väntar på beslut av ansvarig socialsekreterare." in talk.screen.text
    entries = consents_after(talk).entries
    assert "decision_awaited" in {due.kind for due in what_is_due(entries, TODAY, talk.world.policy)}


def test_con_9_the_measure_alone_stops_no_sharing_and_asks_of_no_pressure() -> None:
    talk = a_talk(*ADULT).picks("subject", "measure", "meeting")
    assert "Pressad" not in talk.screen.text
    talk.picks(SAVE)
    assert talk.outcome == "measure_withdrawn"
    assert "Uppgifter får delas som förut" in talk.screen.text
    assert set(the_parties_shared_with(consents_after(talk))) == {POLICE, SCHOOL}


# ── which day ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("day", "fault", "why"),
    [
        ("2026-11-23", None, "today"),
        ("2026-11-02", None, "the day it was given"),
        ("2026-11-01", "too_early", "nothing can be taken back before it was given"),
        ("2026-11-24", "in_the_future", "nor ahead"),
    ],
)
def test_con_5_the_day_lies_between_the_yes_and_today(day: str, fault: str | None, why: str) -> None:
    talk = a_talk(*ADULT).picks("subject", POLICE, EVERYTHING, "meeting", "no", CHANGE, f"{CHANGE}:withdrawn_on")
    talk.says(day)
    if fault is not None:
        assert talk.events == (AnswerRefused("withdrawn_on", fault),), why
        return
    assert withdrawal(talk.picks(SAVE))["withdrawn_on"] == day, why
    assert not is_shared(consents_after(talk), POLICE), why


def test_con_6_an_earlier_day_than_the_latest_yes_still_stops_sharing_at_once() -> None:
    """The police were said yes to twice; the day that is written lies between them."""
    again = asked(said("subject", POLICE), on="2026-11-20")
    talk = a_talk(*ADULT, again).picks("subject", "all", "meeting", "no", CHANGE, f"{CHANGE}:withdrawn_on")
    talk.says("10/11").picks(SAVE)
    assert withdrawal(talk)["withdrawn_on"] == "2026-11-10"
    for day in (TODAY, TODAY + timedelta(days=1), TODAY + timedelta(days=100)):
        consents = consents_after(talk, day)
        assert the_parties_shared_with(consents) == (), day
        assert consents.status("subject", POLICE).status == "withdrawn"


# ── what was handed over ─────────────────────────────────────────────────────────────────────────────────────

HANDED_OVER = Transferred(case=OURS, bundle=1, records=(ADULT_CONSENT,))
OTHERS_HANDED_OVER = Transferred(case=OURS, bundle=1, records=(id_of(1), id_of(2)))


@pytest.mark.parametrize(
    ("handed", "presses", "notice", "why"),
    [
        ([], [POLICE, EVERYTHING, "meeting", "no"], None, "nothing was handed over"),
        ([OTHERS_HANDED_OVER], [POLICE, EVERYTHING, "meeting", "no"], None, "other records were"),
        ([HANDED_OVER], [POLICE, EVERYTHING, "meeting", "no"], {"parties": (POLICE,)}, "the consent was"),
        (
            [HANDED_OVER],
            [POLICE, "crime", DONE, "meeting", "no"],
            {"parties": (POLICE,), "kinds": ("crime",)},
            "a part of it",
        ),
        ([HANDED_OVER], ["all", "meeting", "no"], {"parties": (POLICE, SCHOOL)}, "two parties of one record"),
        ([HANDED_OVER], ["measure", "meeting"], {"measure": "withdrawn"}, "the measure stood in it too: no party"),
    ],
)
def test_con_5_a_notice_only_where_the_record_was_handed_over(
    handed: list[Record], presses: list[str], notice: dict[str, Any] | None, why: str
) -> None:
    """CON-5: it says whose answer it is about, towards whom and of what; the rest of the record still holds."""
    talk = a_talk(*ADULT, *handed).picks("subject", *presses, SAVE)
    about = {"changes": ADULT_CONSENT, "about_day": date(2026, 11, 2), "because": "withdrawn", "giver": "subject"}
    expected = [] if notice is None else [CorrectionNotice(case=OURS, **about, **notice)]  # type: ignore[arg-type]
    assert [kept for kept in talk.kept if isinstance(kept, CorrectionNotice)] == expected, why
    assert [kept.kind for kept in talk.kept] == ["consent_withdrawn", *["correction_notice"] * len(expected)], why


def test_con_5_every_record_that_was_handed_over_gets_its_notice() -> None:
    later = asked(said("subject", BUP), on="2026-11-09")
    both = Transferred(case=OURS, bundle=1, records=(ADULT_CONSENT, id_of(4)))
    talk = a_talk(*ADULT, later, both).picks("subject", "all", "meeting", "no", SAVE)
    assert [kept.changes for kept in talk.kept if isinstance(kept, CorrectionNotice)] == [ADULT_CONSENT, id_of(4)]


# ── nothing to take back, a second time, and again ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("records", "why"),
    [
        (facts("21_29"), "nobody was asked"),
        ([*facts("21_29"), asked(said("subject", POLICE, answer="refused", measure="refused"))], "a no"),
        ([*facts("21_29"), asked(said("subject", POLICE, answer="thinking", measure="thinking"))], "not yet"),
        ([*ADULT, taken_back(POLICE, SCHOOL), taken_back(measure="withdrawn")], "all is taken back"),
        (
            [*ADULT, ConsentCorrected(case=OURS, corrects=ADULT_CONSENT, about_day=TODAY, reason="wrong_case")],
            "it was a mistake",
        ),
    ],
)
def test_con_5_nothing_to_take_back(records: list[Record], why: str) -> None:
    talk = a_talk(*records)
    assert (talk.outcome, talk.kept) == ("nothing_to_withdraw", ()), why
    assert OURS in talk.screen.text


def test_what_has_ended_is_not_taken_back() -> None:
    records = [*facts("21_29"), asked(said("subject", POLICE, measure="refused"), until="2026-11-22")]
    assert a_talk(*records).outcome == "nothing_to_withdraw"


def test_what_is_taken_back_is_not_taken_back_again() -> None:
    talk = a_talk(*ADULT, taken_back(POLICE)).picks("subject")
    assert offered(talk) == [SCHOOL, "measure"]
    part = a_talk(*ADULT, taken_back(POLICE, kinds=("crime",))).picks("subject", POLICE)
    assert offered(part) == ["planning", "situation", DONE, EVERYTHING]
    assert withdrawal(part.picks(EVERYTHING, "meeting", "no", SAVE))["parties"] == [POLICE]
    assert consents_after(part).status("subject", POLICE).status == "withdrawn"


def test_what_is_left_of_a_part_can_be_taken_back_bit_by_bit() -> None:
    records: list[Record] = [*ADULT]
    for kind in ON_RECORD[:2]:
        talk = a_talk(*records).picks("subject", POLICE, kind, DONE, "meeting", "no", SAVE)
        records.extend(talk.kept)
    talk = a_talk(*records).picks("subject", POLICE)
    assert talk.at == "how", "one kind is left: nothing to choose"
    talk.picks("meeting", "no", SAVE)
    assert consents_after(talk).status("subject", POLICE).status == "withdrawn"


def test_con_13_after_it_was_taken_back_it_can_be_given_again() -> None:
    talk = a_talk(*ADULT, taken_back(POLICE, SCHOOL), dialog=samtycke.DIALOG)
    assert [label for label in labels(talk) if label.startswith("Samma")] == ["Samma som förut: återkallat"]
    talk.picks("given", DONE, "unchanged_given", "meeting", EVERYTHING, "declined", SAVE)
    consents = consents_after(talk)
    assert the_parties_shared_with(consents) == (POLICE,)
    assert consents.status("subject", SCHOOL).status == "withdrawn", "nobody was asked about the school"
    assert "decision_awaited" not in {d.kind for d in what_is_due(consents.entries, TODAY, talk.world.policy)}


def test_given_again_it_can_be_taken_back_again() -> None:
    again = asked(said("subject", POLICE), on="2026-11-23")
    talk = a_talk(*ADULT, taken_back(POLICE), again).picks("subject", POLICE, EVERYTHING, "meeting", "no", SAVE)
    assert consents_after(talk).status("subject", POLICE).status == "withdrawn"


# ── /ratta ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_con_13_a_consent_that_was_a_mistake_is_never_shareable() -> None:
    talk = a_talk(*ADULT, dialog=ratta.DIALOG)
    assert "Samtycke den 2 november 2026" in labels(talk)
    talk.picks(ADULT_CONSENT, "subject", "wrong_case")
    assert "Polisen – personen: felaktigt sparat." in talk.screen.text
    assert "Skolan – personen: felaktigt sparat." in talk.screen.text
    talk.picks(SAVE)
    (kept,) = talk.kept
    assert isinstance(kept, ConsentCorrected)
    assert (kept.corrects, kept.about_day, kept.reason) == (ADULT_CONSENT, date(2026, 11, 2), "wrong_case")
    consents = consents_after(talk)
    assert {consents.status("subject", party).status for party in (POLICE, SCHOOL)} == {"mistaken"}
    assert consents.measure("subject").status == "mistaken"
    assert the_parties_shared_with(consents) == ()
    (done,) = [event for event in talk.events if isinstance(event, SessionCompleted)]
    assert done.leads_to == ("samtycke",), "it is asked for again"


def test_con_13_of_one_giver_the_others_stand() -> None:
    talk = a_talk(*MINOR, dialog=ratta.DIALOG).picks(id_of(5))
    assert labels(talk) == ["Den unge", "Vårdnadshavare 1", "Vårdnadshavare 2", "Allas svar"]
    consents = consents_after(talk.picks("guardian_1", "mistyped", SAVE))
    statuses = {giver: consents.status(giver, POLICE).status for giver in consents.givers}
    assert statuses == {"subject": "given", "guardian_1": "mistaken", "guardian_2": "given"}
    assert the_parties_shared_with(consents) == ()


def test_con_13_a_mistake_is_not_corrected_twice() -> None:
    records = [*MINOR]
    for giver in ("subject", "guardian_1"):
        talk = a_talk(*records, dialog=ratta.DIALOG).picks(id_of(5), giver, "mistyped", SAVE)
        records.extend(talk.kept)
    assert offered(a_talk(*records, dialog=ratta.DIALOG).picks(id_of(5))) == ["guardian_2"]
    records.extend(a_talk(*records, dialog=ratta.DIALOG).picks(id_of(5), "guardian_2", "mistyped", SAVE).kept)
    assert a_talk(*records, dialog=ratta.DIALOG).outcome == "nothing_to_correct"


def test_con_13_a_withdrawal_that_was_a_mistake_gives_nothing_back() -> None:
    """Where the records leave a doubt nothing is shared: it is asked for again."""
    records = [*ADULT, taken_back(POLICE)]
    talk = a_talk(*records, dialog=ratta.DIALOG)
    assert "Återkallelse den 23 november 2026" in labels(talk)
    talk.picks(id_of(4), "subject", "mistyped")
    assert "Polisen – personen: felaktigt sparat." in talk.screen.text
    consents = consents_after(talk.picks(SAVE))
    assert consents.status("subject", POLICE).status == "mistaken"
    assert the_parties_shared_with(consents) == (SCHOOL,), "what it was not about stands"
    again = a_talk(*records, *talk.kept, dialog=samtycke.DIALOG)
    again.picks("given", DONE, "unchanged_given", "meeting", EVERYTHING, "declined", SAVE)
    assert set(the_parties_shared_with(consents_after(again))) == {POLICE, SCHOOL}


def test_con_13_a_part_withdrawn_by_mistake_gives_nothing_back_either() -> None:
    records = [*ADULT, taken_back(POLICE, kinds=("crime",))]
    talk = a_talk(*records, dialog=ratta.DIALOG).picks(id_of(4), "subject", "mistyped", SAVE)
    assert consents_after(talk).status("subject", POLICE, "crime", "to").status == "mistaken"


@pytest.mark.parametrize(
    ("handed", "notices"), [((ADULT_CONSENT,), [ADULT_CONSENT]), ((id_of(4),), [id_of(4)]), ((id_of(1),), [])]
)
def test_con_13_a_mistake_that_was_handed_over_leaves_a_notice(handed: tuple[str, ...], notices: list[str]) -> None:
    records = [*ADULT, taken_back(POLICE), Transferred(case=OURS, bundle=1, records=handed)]
    found = []
    for about in (ADULT_CONSENT, id_of(4)):
        talk = a_talk(*records, dialog=ratta.DIALOG).picks(about, "subject", "mistyped", SAVE)
        found += [(k.changes, k.because) for k in talk.kept if isinstance(k, CorrectionNotice)]
    assert found == [(changed, "mistaken") for changed in notices]


ALONE = asked(
    said("subject", POLICE), on="2026-11-09", age="15_17", custody="two", disposes="alone", guardian_allowed="no"
)
ONLY_THE_YOUNG_PERSON = asked(
    said("subject", POLICE, SCHOOL),
    age="15_17",
    custody="two",
    maturity_assessed="yes",
    disposes="together",
    harm="no",
)


def test_con_7_con_13_a_mistaken_record_no_longer_says_that_the_young_person_disposes_alone() -> None:
    """An asking in the wrong case said so. It is corrected: then the guardians must consent again, and have not."""
    records = [*facts("15_17"), ONLY_THE_YOUNG_PERSON]
    before = Consents(numbered(*records), TODAY)
    assert the_parties_shared_with(before) == (), "no guardian has said yes to anything"
    talk = a_talk(*records, ALONE, dialog=ratta.DIALOG).picks(id_of(6), "subject", "wrong_case", SAVE)
    after = consents_after(talk)
    assert after.status("subject", POLICE).status == "mistaken"
    assert the_parties_shared_with(after) == ()
    assert after.context.disposes == "together"


def test_con_7_con_13_giver_by_giver_comes_to_the_same_as_all_at_once() -> None:
    wrong = asked(
        said("subject", POLICE),
        said("guardian_1", POLICE),
        on="2026-11-09",
        age="15_17",
        custody="two",
        disposes="alone",
        guardian_allowed="yes",
        harm="no",
    )
    records = [*facts("15_17"), ONLY_THE_YOUNG_PERSON, wrong]
    at_once = a_talk(*records, dialog=ratta.DIALOG).picks(id_of(6), "everyone", "wrong_case", SAVE)
    for giver in ("subject", "guardian_1"):
        talk = a_talk(*records, dialog=ratta.DIALOG).picks(id_of(6), giver, "wrong_case", SAVE)
        records.extend(talk.kept)
    one_by_one = Consents(numbered(*records), TODAY)
    assert one_by_one.context == consents_after(at_once).context
    assert the_parties_shared_with(one_by_one) == the_parties_shared_with(consents_after(at_once)) == ()


# ── over the desk ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def office() -> Iterator[Office]:
    opened = Office()
    yield opened
    assert verify(opened.store.records()) == len(opened.kept())
    opened.store.close()


@pytest.fixture
def phone(office: Office) -> Phone:
    joined = office.joins()
    for record in ADULT:
        office.given(record, joined)
    return joined


def presses(phone: Phone, *labels: str) -> str:
    for label in labels:
        phone.presses(label)
    return screen_of(phone).text


POLICE_ALL = ("Personen", "Polisen", "Alla uppgifter", "Muntligt på möte", "Vet inte")


def withdrawals(office: Office) -> list[dict[str, Any]]:
    return [kept for kept in office.kept() if kept["kind"] == "consent_withdrawn"]


def test_two_who_take_the_same_back_at_once_write_it_once(office: Office, phone: Phone) -> None:
    colleague = office.joins("ersattare")
    office.lets_in(colleague, OURS)
    for one in (phone, colleague):
        one.says(f"/aterkalla {OURS}")
        presses(one, *POLICE_ALL)
    office.passes(minutes=1)
    assert presses(colleague, "Spara").startswith("Sparat i")
    told = presses(phone, "Spara")
    assert "Inget är sparat än." in told
    assert len(withdrawals(office)) == 1
    assert "Polisen" not in [button.label for button in screen_of(phone).buttons]


def test_a_party_that_somebody_else_took_back_meanwhile_is_said_before_all_is_saved(
    office: Office, phone: Phone
) -> None:
    phone.says(f"/aterkalla {OURS}")
    presses(phone, "Personen", "Allt om att dela uppgifter", "På telefon", "Nej")
    office.passes(minutes=1)
    office.given(taken_back(SCHOOL), phone)
    told = presses(phone, "Spara")
    assert "Inget är sparat än." in told
    assert len(withdrawals(office)) == 1


def test_the_outcome_stands_although_the_dialog_it_leads_to_may_not_be_built(office: Office, phone: Phone) -> None:
    phone.says(f"/aterkalla {OURS}")
    told = presses(phone, *POLICE_ALL, "Spara")
    assert "Fara för liv: ring 112." in told
    assert "Nästa steg: gå igenom hot och säkerhet nu." in told
    assert screen_of(phone).buttons
    (kept,) = withdrawals(office)
    assert kept["pressed"] == UNKNOWN


def test_a_draft_of_yesterday_still_stops_sharing_on_the_day_it_is_saved(office: Office, phone: Phone) -> None:
    phone.says(f"/aterkalla {OURS}")
    presses(phone, *POLICE_ALL)
    office.passes(hours=20)
    presses(phone, "Spara")
    assert withdrawals(office)[0]["withdrawn_on"] == "2026-11-23", "the day the draft was opened"
    entries = list(office.store.records())
    assert not is_shared(Consents(entries, TODAY + timedelta(days=1)), POLICE)


@pytest.mark.parametrize("words", ["hej", "x" * 10_000, "200601212384", "!save", "police"])
def test_nothing_that_is_typed_takes_anything_back(office: Office, phone: Phone, words: str) -> None:
    before = office.kept()
    phone.says(f"/aterkalla {OURS}")
    for label in (*POLICE_ALL, "Ändra"):
        held = screen_of(phone)
        if words not in [button.value for button in held.buttons]:
            phone.says(words)
            assert screen_of(phone).text.endswith(held.text), label
            assert screen_of(phone).rows == held.rows or words == "200601212384", label
        phone.presses(label)
    assert office.kept() == before
