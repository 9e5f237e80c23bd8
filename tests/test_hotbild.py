"""/hotbild and /remiss: talks with the engine, tap by tap; what they say, keep and never say."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any

import pytest

from dialogs.contacts import EMERGENCY, POLICE, Contact, Contacts, Hours
from dialogs.hotbild import DIALOG, note
from dialogs.policy import Policy
from dialogs.records import (
    CaseFact,
    ConsentAsked,
    ConsentWithdrawn,
    Entry,
    GiverAnswers,
    PartyAnswer,
    ReferralAnswered,
    ReferralSent,
    StaffThreat,
    TalkHeld,
    ThreatTriaged,
)
from dialogs.remiss import DIALOG as REMISS
from dialogs.remiss import note as referral_note
from dialogs.rules.referrals import (
    referrals,
    the_answer_is_due,
    what_an_exit_referral_rests_on,
    what_is_next,
    who_has_been_told_and_who_is_left,
)
from dialogs.rules.threats import TABLE, triage
from dialogs.texts import say
from dialogs.threat_words import referral_text, step_lines, text_for_the_young
from state.machine import CompiledDialog
from tests.talk import MONDAY, OURS, STOCKHOLM, Kept, Talk, a_world

FRIDAY_EVENING = datetime(2026, 11, 27, 19, 30, tzinfo=STOCKHOLM)
MIDSOMMARAFTON = datetime(2027, 6, 25, 10, 0, tzinfo=STOCKHOLM)
OFFICE = Hours(opens=time(8), closes=time(16, 30))
LISTED = Contacts(
    version="prov",
    until=MONDAY.date() + timedelta(days=365),
    contacts=(
        EMERGENCY,
        POLICE,
        Contact(function="exit_coordinator", area="Farsta", number="010-111 11 11", hours=OFFICE),
        Contact(function="case_officer", area="Farsta", number="08-333 33 33", hours=OFFICE),
        Contact(function="out_of_hours", number="08-444 44 44"),
    ),
)


def facts(age: str | None = "18_20", area: str | None = "Farsta", now: datetime = MONDAY) -> tuple[Entry, ...]:
    said = {"age_group": age, "police_area": area}
    return tuple(
        Kept(CaseFact.from_payload({"case": OURS, "fact": fact, "value": value}), id=fact, said_on=now.date())
        for fact, value in said.items()
        if value is not None
    )


def a_consent(*givers: str, parties: tuple[str, ...] = ("police",)) -> Entry:
    lines = tuple(PartyAnswer(party=party, answer="given", kinds=("safety",), direction="both") for party in parties)
    said = ConsentAsked.from_payload(
        {
            "case": OURS,
            "asked_on": "2026-11-02",
            "valid_until": "2027-03-02",
            "age_group": "18_20",
            "givers": [GiverAnswers.from_payload({"giver": g, "how": "meeting"}).payload() for g in givers],
        }
    )
    return Kept(replace(said, givers=tuple(replace(one, lines=lines) for one in said.givers)), id="consent")


def a_talk(
    *entries: Entry,
    now: datetime = MONDAY,
    policy: Policy | None = None,
    age: str | None = "18_20",
    language: str = "sv",
) -> Talk:
    world = a_world(shelf={OURS: (*facts(age, now=now), *entries)}, now=now, policy=policy, language=language)
    return Talk(DIALOG, world)


PLAIN = ("no", "subject", OURS, "no", "no", "yes")
"""No danger now, about the person, nobody at home, no child, and the police know."""

LONGEST = ("yes", "go_on", "subject", OURS, "no", "no", "yes", "protection", "high", "yes", "keep")


def saved(talk: Talk) -> ThreatTriaged:
    talk.presses("Spara")
    (kept,) = (record for record in talk.kept if isinstance(record, ThreatTriaged))
    return kept


# ── taps and 112 ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_longest_usual_way_is_twelve_taps() -> None:
    talk = a_talk().picks(*LONGEST).presses("Spara")
    assert talk.outcome == "to_central_unit"
    assert talk.taps == 12


def ways_through() -> Iterator[dict[str, str]]:
    """Every way through the questions that choose another one, with nothing raised."""
    for danger, exit_ in itertools.product(("yes", "no", "unknown"), ("not_asked", "no_protection", "protection")):
        for bops in ("high", "not_high") if exit_ == "protection" else ("",):
            for move in ("yes", "no", "unknown") if bops == "high" else ("",):
                said = {"danger": danger, "concerns": "both", "case": OURS, "home": "unknown", "children": "yes"}
                said |= {"told": "no", "exit": exit_, "raised": "keep"}
                said |= {"at_112": "go_on"} if danger != "no" else {}
                yield said | ({"bops": bops} if bops else {}) | ({"move": move} if move else {})


def test_no_way_without_raising_is_longer_than_twelve_taps_and_a_staff_threat_is_shorter() -> None:
    """Counted on the machine: every question passed that no preset answers, and Spara."""
    world = a_world(shelf={OURS: facts()})
    compiled = CompiledDialog(DIALOG)
    staff = {"danger": "yes", "at_112": "go_on", "concerns": "staff", "against": "self", "manager": "no"}
    staff |= {"police": "no", "routine": "no", "sig": "not_decided"}
    for said in (*ways_through(), staff):
        position = compiled.walk(said, world)
        assert position.at.id in DIALOG.endings, said
        assert len(position.way) - len(position.preset) + 1 <= 12, said


def every_screen(talk: Talk, *picks: str) -> list[str]:
    first = talk.screen.text
    return [first, *(talk.picks(pick).screen.text for pick in picks), talk.presses("Spara").screen.text]


@pytest.mark.parametrize(
    "picks",
    [LONGEST, (*PLAIN, "not_asked", "keep"), ("no", "staff", "self", "no", "no", "no", "unknown")],
    ids=["longest", "short", "staff"],
)
def test_112_stands_on_every_screen(picks: tuple[str, ...]) -> None:
    """THR-0: never more than one tap away; here it is none."""
    assert [screen for screen in every_screen(a_talk(), *picks) if "112" not in screen] == []


@pytest.mark.parametrize("danger", ["yes", "unknown"])
def test_danger_now_is_112_before_anything_else_and_the_dialog_goes_on(danger: str) -> None:
    """THR-0, THR-12."""
    talk = a_talk().picks(danger)
    assert talk.at == "at_112"
    assert "Ring 112 nu." in talk.screen.text
    assert talk.picks("go_on").at == "concerns"


def test_somebody_who_must_ring_can_stop_there_and_nothing_is_saved() -> None:
    talk = a_talk().picks("yes", "stop")
    assert (talk.outcome, talk.kept) == ("stopped_at_112", ())
    assert talk.screen.text.startswith("Ring 112.")


@pytest.mark.parametrize("question", [q for q in DIALOG.questions if q.id not in ("at_112", "case", "consent")])
def test_every_question_has_vet_inte_and_why(question: Any) -> None:
    """But for the case, what is looked up, and what only says whether to go on or to raise."""
    assert question.why.words
    if question.id not in ("raised", "why_raised"):
        world = a_world(shelf={OURS: facts()})
        assert "unknown" in {option.value for option in question.kind.options(None, world)}, question.id


def test_every_question_says_why_in_the_dialog() -> None:
    talk = a_talk()
    for pick in LONGEST:
        assert "Varför frågar vi?" in talk.labels
        before = talk.screen.text
        assert talk.presses("Varför frågar vi?").screen.text.endswith(before)
        talk.picks(pick)
    assert "Varför?" in talk.labels, "and the read-back says why the outcome is what it is"
    assert "Regel THR-5" in talk.presses("Varför?").screen.text


# ── what the dialog never says (THR-13) ──────────────────────────────────────────────────────────────────────

TO_HOME = ("vårdnadshavare", "förälder", "föräldr", "anhörig", "närstående", "ring hem", "familjen.")
"""Words of those who live there; none stands in a text that tells somebody to contact them."""


@cache
def screens_with_home(home: str) -> tuple[str, ...]:
    """Every last read-back and last screen there can be with this answer, over what may change what is said."""
    screens: list[str] = []
    for concerns, children, told, police in itertools.product(
        ("subject", "family", "both", "unknown"),
        ("yes", "no", "unknown"),
        ("yes", "no"),
        (("not_asked",), ("unknown",), ("no_protection",), ("protection", "not_asked"), ("protection", "high", "yes")),
    ):
        for age in ("15_17", "18_20"):
            talk = a_talk(age=age).picks("no", concerns, OURS, home, children, told, *police, "keep")
            screens += [talk.screen.text, talk.presses("Spara").screen.text]
            (kept,) = (record for record in talk.kept if isinstance(record, ThreatTriaged))
            texts = [*note(kept), *referral_text(kept), *text_for_the_young(kept)]
            screens += [say(line, "sv") for line in texts]
    return tuple(screens)


@pytest.mark.parametrize("home", ["yes", "unknown"])
def test_with_home_yes_or_vet_inte_no_text_tells_anyone_to_contact_those_who_live_there(home: str) -> None:
    """THR-13: the only lines about home say that nobody there is contacted, and who decides."""
    for screen in screens_with_home(home):
        for line in screen.splitlines():
            low = line.casefold()
            if any(word in low for word in TO_HOME):
                assert line.startswith(("Vem hotet gäller: ", "Barn i familjen: ", "Ta reda på: ")), line
    assert any("Kontakta ingen hemma" in screen for screen in screens_with_home(home))


def test_with_home_no_the_words_that_are_looked_for_do_come() -> None:
    """Or the test above could not fail."""
    assert any("Berätta om stödet till närstående." in screen for screen in screens_with_home("no"))


def test_a_guardians_consent_is_flagged_and_not_changed() -> None:
    """THR-13."""
    talk = a_talk(a_consent("subject", "guardian_1"), age="15_17").picks("no", "subject", OURS, "unknown", "no", "yes")
    talk.picks("not_asked", "keep")
    assert "Samtycken från vårdnadshavare gäller. Låt ansvarig socialsekreterare se över dem." in talk.screen.text
    assert {type(kept) for kept in talk.presses("Spara").kept} == {ThreatTriaged}


def test_the_texts_for_others_have_no_identity_and_say_hot_och_sakerhet() -> None:
    """THR-9, and the words of domain.md 9."""
    kept = saved(a_talk().picks(*PLAIN, "protection", "not_asked", "keep"))
    young = [say(line, "sv") for line in text_for_the_young(kept)]
    assert "hot och säkerhet" in young[0]
    assert not [line for line in young if "hotbild" in line.casefold() or OURS in line]
    to_bops = [say(line, "sv") for line in referral_text(kept)]
    assert to_bops[:2] == ["Till BOPS hos polisen.", f"Det gäller ärende {OURS} i vår lista."]


def test_the_persons_own_text_is_not_offered_where_somebody_at_home_may_read_it() -> None:
    """THR-13."""
    assert DIALOG.copies is not None
    day = MONDAY.date()
    for home, ids in (("no", ["remiss", "person"]), ("yes", ["remiss"]), ("unknown", ["remiss"])):
        kept = saved(a_talk().picks("no", "subject", OURS, home, "no", "yes", "not_asked", "keep"))
        assert [copy.id for copy in DIALOG.copies(Kept(kept), (), day)] == ids


def test_the_address_of_the_exit_unit_is_in_no_text() -> None:
    """THR-10."""
    talk = a_talk().picks(*LONGEST)
    assert "Åk inte till avhopparverksamheten utan tid. Adressen finns inte här." in talk.screen.text


# ── the card and the clock ───────────────────────────────────────────────────────────────────────────────────


def test_the_card_has_the_number_and_the_time_within_hours() -> None:
    talk = a_talk(policy=Policy(contacts=LISTED)).picks(*PLAIN, "not_asked")
    assert talk.screen.text.splitlines()[1:] == [
        "Fara för liv: ring 112.",
        "Kontakta polisens lokala avhopparsamordnare, idag.",
        "Nummer till polisens lokala avhopparsamordnare: 010-111 11 11.",
        "Klart senast idag, 23 november 2026 kl. 16.30.",
        "Vill du höja det ett steg?",
    ]


@pytest.mark.parametrize(
    ("now", "opens", "why"),
    [
        (FRIDAY_EVENING, "måndag 30 november 2026 kl. 8", "a Friday evening"),
        (MIDSOMMARAFTON, "måndag 28 juni 2027 kl. 8", "midsommarafton"),
    ],
)
def test_outside_hours_the_card_has_both_ways_and_both_times(now: datetime, opens: str, why: str) -> None:
    text = a_talk(now=now, policy=Policy(contacts=LISTED)).picks(*PLAIN, "not_asked").screen.text
    assert "Nu är det stängt. Ring polisen, 114 14. Senast idag, " in text, why
    assert f"Ring dem när de öppnar, {opens}." in text


def test_a_child_outside_hours_is_for_socialjouren() -> None:
    """THR-14."""
    talk = a_talk(now=FRIDAY_EVENING, policy=Policy(contacts=LISTED), age="15_17").picks(*PLAIN, "not_asked", "keep")
    assert "Kontakta socialjouren genast, 08-444 44 44." in talk.screen.text


def test_a_police_area_without_a_contact_says_so_and_gives_114_14() -> None:
    world = a_world(shelf={OURS: facts(area="Solna")}, policy=Policy(contacts=LISTED))
    text = Talk(DIALOG, world).picks(*PLAIN, "not_asked").screen.text
    assert "Kontakt saknas för Solna. Ring 114 14 och fråga efter avhopparsamordningen." in text


def test_an_expired_list_is_a_warning_on_the_card() -> None:
    old = replace(LISTED, until=MONDAY.date() - timedelta(days=1))
    text = a_talk(policy=Policy(contacts=old)).picks(*PLAIN, "not_asked", "keep").screen.text
    assert "Kontaktlistan gällde till 22 november 2026. Kontrollera numren." in text


def test_who_approved_the_table_is_on_the_card() -> None:
    shipped = a_talk().picks(*PLAIN, "not_asked", "keep").screen.text
    assert f"Regler och tider är exempel, ej beslutade. Tabell {TABLE}." in shipped
    decided = Policy(threat_rules_owner="Metodrådet", threat_rules_approved="2026-11-01")
    text = a_talk(policy=decided).picks(*PLAIN, "not_asked", "keep").screen.text
    assert f"Regler och tider är beslutade av Metodrådet den 1 november 2026. Tabell {TABLE}." in text


def test_the_card_says_what_is_missing_and_what_would_change_it() -> None:
    talk = a_talk().picks("no", "subject", OURS, "unknown", "no", "unknown", "protection", "high", "no", "keep")
    assert "Ta reda på: Hot hemifrån, Polisen vet." in talk.screen.text
    assert "Annat läge om svaret blir ”Måste lämna Stockholm: Ja”." in talk.screen.text


# ── raised, changed, gone stale ──────────────────────────────────────────────────────────────────────────────


def test_raising_needs_a_reason_and_both_are_kept() -> None:
    """THR-12."""
    talk = a_talk().picks(*PLAIN, "no_protection", "receiver")
    assert talk.at == "why_raised"
    kept = saved(talk.picks("afraid"))
    assert (kept.receiver, kept.urgency, kept.raised, kept.reason) == ("exit_coordinator", "plan", "receiver", "afraid")
    assert kept.rows[:2] == ("W1", "H12"), "the rows are what the table said"


@pytest.mark.parametrize(
    ("picks", "age", "labels", "why"),
    [
        ((*PLAIN, "protection", "high", "yes"), "15_17", ["keep", "urgency"], "a minor is not raised past the limit"),
        ((*PLAIN, "protection", "high", "no"), "18_20", ["keep", "urgency", "receiver"], "of age"),
        (LONGEST[:-1], "18_20", ["keep"], "both at the top"),
        ((*PLAIN, "no_protection"), "15_17", ["keep", "urgency", "receiver"], "to the local coordinator"),
    ],
)
def test_only_what_may_be_raised_is_offered(picks: tuple[str, ...], age: str, labels: list[str], why: str) -> None:
    """THR-7."""
    talk = a_talk(age=age).picks(*picks)
    assert [b.value for b in talk.screen.buttons if not b.value.startswith("!")] == labels, why


def test_a_changed_age_after_the_outcome_takes_the_outcome_back() -> None:
    talk = a_talk().picks(*PLAIN, "protection", "high", "yes", "keep")
    talk.presses("Ändra", "Ålder").picks("15_17")
    assert talk.at == "raised", "the old answer to it has fallen"
    kept = saved(talk.picks("keep"))
    assert (kept.receiver, kept.inputs.age) == ("bops", "minor")


def test_the_path_of_the_report_is_an_answer_only_where_it_is_open() -> None:
    """THR-6."""
    assert "Kan inte bo kvar, säger de och staden" not in a_talk().picks(*PLAIN).labels
    talk = a_talk(policy=Policy(exit_path_open=True)).picks(*PLAIN, "cannot_stay")
    assert talk.at == "raised", "nothing more is asked of BOPS"
    kept = saved(talk.picks("keep"))
    assert (kept.receiver, kept.path, kept.rows[0]) == ("central_unit", "open", "W13")


def test_consent_is_looked_up_and_not_asked() -> None:
    """THR-2."""
    assert saved(a_talk(a_consent("subject")).picks(*PLAIN, "not_asked", "keep")).inputs.consent == "covered"
    assert saved(a_talk().picks(*PLAIN, "not_asked", "keep")).inputs.consent == "not_covered"


def test_a_consent_that_changes_while_the_dialog_is_open_is_shown_before_anything_is_saved() -> None:
    given = a_consent("subject")
    talk = a_talk(given).picks("no", "subject", OURS, "no", "no", "no", "not_asked", "keep")
    assert "Berätta för polisen om hotet. Samtycket räcker för det." in talk.screen.text
    taken = Kept(
        ConsentWithdrawn.from_payload(
            {"case": OURS, "withdrawn_on": "2026-11-23", "giver": "subject", "parties": ["police"], "how": "telephone"}
        ),
        id="taken",
    )
    held: Mapping[str, tuple[Entry, ...]] = {OURS: (*facts(), given, taken)}
    talk.world = replace(talk.world, entries=lambda code: held.get(code, ()))
    talk.presses("Spara")
    assert talk.kept == ()
    assert "Nytt: Polisen ska få veta. Kontrollera först vilken regel som låter dig berätta." in talk.screen.text
    assert saved(talk).inputs.consent == "not_covered"


def test_all_that_a_result_rests_on_is_kept_with_it() -> None:
    kept = saved(a_talk(now=FRIDAY_EVENING, policy=Policy(contacts=LISTED)).picks(*PLAIN, "not_asked", "keep"))
    assert (kept.table, kept.contacts, kept.age_limit, kept.path, kept.police_area) == (
        *(TABLE, "prov", 18, "closed", "Farsta"),
    )
    assert kept.triaged_at == FRIDAY_EVENING
    assert kept.first_due_at == FRIDAY_EVENING.replace(hour=23, minute=59)
    assert kept.due_at == datetime(2026, 11, 30, 8, 0, tzinfo=STOCKHOLM)
    assert triage(kept.inputs, Policy()).rows == kept.rows, "a year later the same inputs give the same rows"


def test_facts_that_are_not_known_are_asked_on_the_way_and_kept() -> None:
    talk = a_talk(age=None).picks("no", "subject", OURS)
    assert talk.at == "age_group"
    talk.picks("12_14", "no", "no", "yes", "not_asked", "keep").presses("Spara")
    assert [type(kept).__name__ for kept in talk.kept] == ["CaseFact", "ThreatTriaged"]


def test_in_english_it_is_the_same_talk() -> None:
    talk = a_talk(language="en").picks(*PLAIN, "protection", "high", "yes", "keep")
    assert talk.presses(talk.labels[0]).outcome == "to_central_unit"


# ── staff (THR-8) ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_threat_against_staff_is_kept_under_a_code_of_its_own_and_opens_no_case() -> None:
    """THR-8: apart from the young person's case, also where the dialog was opened from it."""
    world = a_world(shelf={OURS: facts()})
    talk = Talk(DIALOG, world)
    talk.happened(talk.engine.start("hotbild", "s1", talk.world, OURS))
    talk.picks("no", "staff", "self", "no", "no", "unknown", "not_decided").presses("Spara")
    (kept,) = talk.kept
    assert isinstance(kept, StaffThreat)
    assert kept.apart
    assert kept.case != OURS
    assert OURS not in talk.screen.text
    assert "Berätta för din chef genast." in talk.screen.text


def test_only_a_threat_against_staff_is_apart() -> None:
    assert [kind.kind for kind in (*DIALOG.kinds, *REMISS.kinds) if kind.apart] == ["staff_threat"]


def test_the_note_of_a_threat_against_staff_is_not_for_the_young_persons_journal() -> None:
    talk = a_talk().picks("no", "staff", "colleague", "yes", "yes", "yes", "ends")
    assert "Ansvarig socialsekreterare beslutar om att avsluta SIG." in talk.screen.text
    (kept,) = (record for record in talk.presses("Spara").kept if isinstance(record, StaffThreat))
    lines = [say(line, "sv") for line in note(kept)]
    assert lines[-1] == "Texten hör till er egen anmälan. Skriv den inte i den unges journal."
    assert "SIG: SIG ska avslutas." in lines


# ── the referral ─────────────────────────────────────────────────────────────────────────────────────────────

TRIAGE_ID, SENT_ID = "0" * 8 + "-0000-7000-8000-" + "0" * 12, "0" * 8 + "-0000-7000-8000-" + "1" * 12


def a_triage_on_record(*picks: str, age: str = "18_20", id_: str = TRIAGE_ID) -> Entry:
    return Kept(saved(a_talk(age=age).picks(*picks)), id=id_)


def to_bops() -> Entry:
    return a_triage_on_record(*PLAIN, "protection", "not_asked", "keep")


def a_referral(*entries: Entry, now: datetime = MONDAY) -> Talk:
    return Talk(REMISS, a_world(shelf={OURS: (*facts(), *entries)}, now=now))


def sent_to_bops(triaged: Entry) -> Entry:
    talk = a_referral(triaged).picks(OURS, "2026-11-23").presses("Spara")
    (kept,) = (record for record in talk.kept if isinstance(record, ReferralSent))
    return Kept(kept, id=SENT_ID)


def answered(talk: Talk) -> ReferralAnswered:
    (kept,) = (record for record in talk.presses("Spara").kept if isinstance(record, ReferralAnswered))
    return kept


def test_a_referral_is_sent_in_three_taps_and_the_rows_stand_beside_it() -> None:
    triaged = to_bops()
    talk = a_referral(triaged).picks(OURS, "2026-11-23").presses("Spara")
    (kept,) = talk.kept
    assert isinstance(kept, ReferralSent)
    assert isinstance(triaged.record, ThreatTriaged)
    assert (kept.triage, kept.rows, kept.receiver) == (TRIAGE_ID, triaged.record.rows, "bops")
    assert kept.answer_by == datetime(2026, 11, 24, 16, 30, tzinfo=STOCKHOLM)
    assert talk.taps == 3


def test_an_answer_stands_beside_the_rows_that_sent_it() -> None:
    """So that figures can say how often each row's referrals were received or declined (THR-9)."""
    triaged = to_bops()
    sent = sent_to_bops(triaged)
    assert isinstance(sent.record, ReferralSent)
    yes = answered(a_referral(triaged, sent).picks(OURS, "received"))
    no = answered(a_referral(triaged, sent).picks(OURS, "declined", "too_low"))
    assert yes.rows == no.rows == sent.record.rows
    assert (yes.answer, yes.answer_by) == ("received", None)
    assert (no.answer, no.reason) == ("declined", "too_low")


def test_a_silent_one_stays_open_with_a_new_time_and_comes_up_as_late() -> None:
    triaged = to_bops()
    sent = sent_to_bops(triaged)
    silent = Kept(answered(a_referral(triaged, sent).picks(OURS, "silent")), id="silent")
    held = (*facts(), triaged, sent, silent)
    (referral,) = referrals(held)
    assert (referral.state, referral.is_open) == ("silent", True)
    assert referral.answer_by == datetime(2026, 11, 24, 16, 30, tzinfo=STOCKHOLM)
    world = a_world(shelf={OURS: held}, now=MONDAY + timedelta(days=2))
    (line,) = step_lines(held, world)
    said = say(line.words, "sv")
    assert said.startswith("Försenat. Nästa steg: fråga BOPS hos polisen om remissen. Svar väntas senast igår, ")
    assert line.rules == ("THR-9",)
    assert line.records == (sent,)


@pytest.mark.parametrize(
    ("answer", "kinds", "why"),
    [
        (None, ["ask"], "it waits"),
        ("received", [], "somebody has it"),
        ("declined", ["triage_again"], "the threat is still there"),
        ("silent", ["ask"], "silence is no answer"),
    ],
)
def test_what_is_next_after_a_referral(answer: str | None, kinds: list[str], why: str) -> None:
    triaged = to_bops()
    sent = sent_to_bops(triaged)
    held = [triaged, sent]
    if answer is not None:
        picks = (OURS, answer, "other") if answer == "declined" else (OURS, answer)
        held.append(Kept(answered(a_referral(triaged, sent).picks(*picks)), id="answer"))
    assert [step.kind for step in what_is_next(held)] == kinds, why


def test_what_is_next_after_a_triage_is_to_send_it_and_a_newer_one_takes_its_place() -> None:
    first = to_bops()
    (step,) = what_is_next((*facts(), first))
    assert isinstance(first.record, ThreatTriaged)
    assert (step.kind, step.receiver, step.by) == ("send", "bops", first.record.due_at)
    second = a_triage_on_record(*PLAIN, "no_protection", "keep", id_=SENT_ID)
    (step,) = what_is_next((*facts(), first, second))
    assert (step.receiver, step.entry) == ("case_officer", second)


@pytest.mark.parametrize(
    ("urgency", "due", "why"),
    [
        ("112", "2026-11-27T23:59", "the same day"),
        ("now", "2026-11-27T23:59", "the same day"),
        ("today", "2026-11-30T16:30", "Friday to Monday"),
        ("next_working_day", "2026-12-01T16:30", "two working days"),
        ("plan", "2026-12-04T16:30", "five working days"),
    ],
)
def test_when_a_referral_should_have_been_answered(urgency: Any, due: str, why: str) -> None:
    by = the_answer_is_due(urgency, FRIDAY_EVENING.date(), LISTED, FRIDAY_EVENING)
    assert by == datetime.fromisoformat(due).replace(tzinfo=STOCKHOLM), why


def test_there_is_nothing_to_follow_without_a_triage() -> None:
    talk = a_referral().picks(OURS)
    assert (talk.outcome, talk.kept) == ("nothing_to_follow", ())


def test_the_day_of_sending_lies_between_the_triage_and_today() -> None:
    talk = a_referral(to_bops()).picks(OURS).says("20/11")
    assert talk.at == "sent_on"
    assert "för tidigt" in talk.screen.text


def test_a_referral_to_the_central_unit_asks_for_the_form_and_the_measures() -> None:
    """CON-14."""
    triaged = a_triage_on_record(*PLAIN, "protection", "high", "yes", "keep")
    talk = a_referral(triaged).picks(OURS)
    assert "Samtycke till alla myndigheter som berörs: saknas för Polisen" in talk.screen.text
    talk.picks("yes", "unknown", "2026-11-23").presses("Spara")
    (kept,) = talk.kept
    assert isinstance(kept, ReferralSent)
    assert (kept.police_form, kept.measures) == ("yes", "unknown")
    assert "Polisens blankett: Ja." in [say(line, "sv") for line in referral_note(kept)]


def rests_on(*entries: Entry) -> dict[str, bool | None]:
    found = what_an_exit_referral_rests_on((*facts(), *entries), MONDAY.date(), Policy())
    return {one.id: one.met for one in found}


def test_what_an_exit_referral_rests_on_is_computed_from_the_records() -> None:
    """CON-14: each gap names the dialog that closes it."""
    assert rests_on() == {"motivation": None, "consent": False, "police_form": None, "measures": None}
    talk = Kept(TalkHeld(case=OURS, held="yes", occurred_on=MONDAY.date(), assessment="motivated"), id="talk")
    consent = a_consent("subject", parties=Policy().exit_parties)
    assert rests_on(talk, consent) == {"motivation": True, "consent": True, "police_form": None, "measures": None}
    triaged = a_triage_on_record(*PLAIN, "protection", "high", "yes", "keep")
    sending = a_referral(triaged).picks(OURS, "yes", "no", "2026-11-23").presses("Spara")
    sent = Kept(sending.kept[0], id=SENT_ID)
    assert rests_on(talk, consent, triaged, sent) == {
        "motivation": True,
        "consent": True,
        "police_form": True,
        "measures": False,
    }
    found = what_an_exit_referral_rests_on(facts(), MONDAY.date(), Policy())
    assert [one.dialog for one in found] == ["samtal", "samtycke", "remiss", "remiss"]


def test_the_outcome_offers_the_referral_first_and_then_what_closes_the_gaps() -> None:
    talk = a_talk().picks(*PLAIN, "protection", "high", "yes", "keep").presses("Spara")
    (event,) = (event for event in talk.events if hasattr(event, "leads_to"))
    assert tuple(event.leads_to) == ("remiss", "samtal", "samtycke")


def test_who_has_been_told_and_who_is_left() -> None:
    """THR-9."""
    triaged = a_triage_on_record(*PLAIN, "protection", "not_asked", "keep")
    assert isinstance(triaged.record, ThreatTriaged)
    before = who_has_been_told_and_who_is_left(triaged.record, (triaged,))
    assert before == (("exit_coordinator",), ("case_officer", "bops"))
    after = who_has_been_told_and_who_is_left(triaged.record, (triaged, sent_to_bops(triaged)))
    assert after == (("exit_coordinator", "bops"), ("case_officer",))
