"""/hotbild and /remiss: talks with the engine, tap by tap; what they say, keep and never say."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any

import pytest

from dialogs.answers import Value
from dialogs.arende import page
from dialogs.contacts import EMERGENCY, POLICE, Contact, Contacts, Hours
from dialogs.hotbild import DIALOG, note
from dialogs.model import Outcome, World
from dialogs.policy import Policy
from dialogs.records import (
    CaseFact,
    ConsentAsked,
    ConsentWithdrawn,
    Entry,
    ExitPrerequisites,
    GiverAnswers,
    HandoverTold,
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
from dialogs.threat_words import referral_text, step_lines, text_for_the_young, threat_lines
from state.machine import CompiledDialog, Position
from tests.office import Office, screen_of
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

LONGEST = ("yes", "go_on", "subject", OURS, "no", "no", "yes", "protection", "high", "yes")
"""To the top of both scales: there is nothing to raise, and it is not asked."""

LONGEST_RAISED = (*LONGEST[:-1], "no", "weapons")
"""The same with the receiver raised: only that can be, so that the reason is all that is asked."""


def saved(talk: Talk) -> ThreatTriaged:
    talk.presses("Spara")
    (kept,) = (record for record in talk.kept if isinstance(record, ThreatTriaged))
    return kept


# ── taps and 112 ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("picks", "taps", "why"),
    [
        (LONGEST, 11, "to the top, where nothing can be raised"),
        (LONGEST_RAISED, 12, "danger now, and the receiver raised"),
        (("no", "subject", OURS, "no", "no", "yes", "protection", "high", "no", "weapons", "receiver"), 12, "raised"),
    ],
)
def test_the_longest_usual_way_is_twelve_taps_the_raise_included(picks: tuple[str, ...], taps: int, why: str) -> None:
    talk = a_talk().picks(*picks).presses("Spara")
    assert talk.outcome == "to_central_unit", why
    assert talk.taps == taps, why


def ways_through() -> Iterator[dict[str, str]]:
    """Every way through the questions that choose another one, up to what may be raised."""
    for danger, exit_ in itertools.product(("yes", "no", "unknown"), ("not_asked", "no_protection", "protection")):
        for bops in ("high", "not_high") if exit_ == "protection" else ("",):
            for move in ("yes", "no", "unknown") if bops == "high" else ("",):
                said = {"danger": danger, "concerns": "both", "case": OURS, "home": "unknown", "children": "yes"}
                said |= {"told": "no", "exit": exit_}
                said |= {"at_112": "go_on"} if danger != "no" else {}
                yield said | ({"bops": bops} if bops else {}) | ({"move": move} if move else {})


def ends(compiled: CompiledDialog, said: Mapping[str, Value], world: World) -> Iterator[Position]:
    """Every end from there, by every answer to every question that is left."""
    position = compiled.walk(said, world)
    if isinstance(position.at, Outcome):
        yield position
        return
    for option in position.at.kind.options(None, world, position.answers):
        yield from ends(compiled, {**said, position.at.id: option.value}, world)


def test_no_way_is_longer_than_twelve_taps_raised_or_not() -> None:
    """Counted on the machine: every question passed that no preset answers, and Spara."""
    world = a_world(shelf={OURS: facts()})
    compiled = CompiledDialog(DIALOG)
    staff = {"danger": "yes", "at_112": "go_on", "concerns": "staff", "against": "self", "manager": "no"}
    staff |= {"police": "no", "routine": "no", "sig": "not_decided"}
    raised: set[Value] = set()
    for said in (*ways_through(), staff):
        for position in ends(compiled, said, world):
            assert len(position.way) - len(position.preset) + 1 <= 12, position.way
            raised |= {position.way["scale"]} if "scale" in position.way else set()
    assert raised == {"urgency", "receiver"}, "the raised ways were counted too"


def every_screen(talk: Talk, *picks: str) -> list[str]:
    first = talk.screen.text
    return [first, *(talk.picks(pick).screen.text for pick in picks), talk.presses("Spara").screen.text]


@pytest.mark.parametrize(
    "picks",
    [
        LONGEST,
        (*PLAIN, "protection", "high", "no", "weapons", "urgency"),
        (*PLAIN, "not_asked", "keep"),
        ("no", "staff", "self", "no", "no", "no", "unknown"),
    ],
    ids=["longest", "raised", "short", "staff"],
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
    if question.id not in ("raised", "scale"):
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


@pytest.mark.exhaustive
@pytest.mark.parametrize("home", ["yes", "unknown"])
def test_with_home_yes_or_vet_inte_no_text_tells_anyone_to_contact_those_who_live_there(home: str) -> None:
    """THR-13: the only lines about home say that nobody there is contacted, and who decides."""
    for screen in screens_with_home(home):
        for line in screen.splitlines():
            low = line.casefold()
            if any(word in low for word in TO_HOME):
                assert line.startswith(("Vem hotet gäller: ", "Barn i familjen: ", "Ta reda på: ")), line
    assert any("Kontakta ingen hemma" in screen for screen in screens_with_home(home))


@pytest.mark.exhaustive
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


def test_the_persons_own_text_of_an_older_triage_goes_when_a_later_one_says_home() -> None:
    """THR-13."""
    assert DIALOG.copies is not None
    older = to_bops()
    later = a_triage_on_record("no", "subject", OURS, "unknown", "no", "yes", "not_asked", "keep", id_=SENT_ID)
    for entries, ids in (((older,), ["remiss", "person"]), ((older, later), ["remiss"])):
        assert [copy.id for copy in DIALOG.copies(older, entries, MONDAY.date())] == ids


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
        "Vill du höja det ett steg? Välj i så fall varför.",
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
    assert f"Ring polisens lokala avhopparsamordnare när det öppnar, {opens}." in text


def test_a_child_outside_hours_is_for_socialjouren() -> None:
    """THR-14."""
    talk = a_talk(now=FRIDAY_EVENING, policy=Policy(contacts=LISTED), age="15_17").picks(*PLAIN, "not_asked", "keep")
    assert "Kontakta socialjouren genast, 08-444 44 44." in talk.screen.text
    assert "Har barnet inget ärende gör du en orosanmälan till socialjouren." in talk.screen.text


@pytest.mark.parametrize(
    ("danger", "number"), [(("no",), "114 14"), (("yes", "go_on"), "112"), (("unknown", "go_on"), "112")]
)
def test_without_a_number_to_socialjouren_there_is_still_a_way(danger: tuple[str, ...], number: str) -> None:
    """THR-14: also in the way that is open while the case officer is closed."""
    talk = a_talk(now=FRIDAY_EVENING, age="15_17").picks(*danger, *PLAIN[1:], "no_protection")
    text = talk.picks("keep" if danger[0] != "no" else "worse_than_it_seems").screen.text
    if danger[0] != "no":
        assert f"Nu är det stängt. Numret saknas i kontaktlistan. Ring {number} nu och be om socialjouren." in text
    else:
        text = talk.picks("urgency").screen.text
    assert f"Numret saknas i kontaktlistan. Ring {number} och be om socialjouren." in text


@pytest.mark.parametrize(("exit_", "urgency"), [("waiting", "nästa arbetsdag"), ("no_protection", "arbetsdagar")])
def test_what_can_wait_has_a_way_outside_hours_too(exit_: str, urgency: str) -> None:
    evening = a_talk(now=FRIDAY_EVENING).picks(*PLAIN, exit_).screen.text
    assert urgency in evening
    assert "Blir det mer bråttom: ring 114 14." in evening
    assert "Blir det mer bråttom" not in a_talk().picks(*PLAIN, exit_).screen.text, "within hours they answer"


@pytest.mark.parametrize(
    ("now", "policy", "copied", "why"),
    [
        (MONDAY, Policy(contacts=LISTED), ["010-111 11 11"], "within hours, the receiver"),
        (FRIDAY_EVENING, Policy(contacts=LISTED), ["114 14", "010-111 11 11"], "outside hours, who answers now first"),
        (MONDAY, None, ["114 14"], "without a number, the one that the card names instead"),
    ],
)
def test_the_last_screen_copies_the_numbers_of_the_card(
    now: datetime, policy: Policy | None, copied: list[str], why: str
) -> None:
    talk = a_talk(now=now, policy=policy).picks(*PLAIN, "not_asked", "keep").presses("Spara")
    assert [(button.label, button.copy) for button in talk.screen.buttons] == [
        (f"Kopiera {number}", number) for number in copied
    ], why
    assert all(number in talk.screen.text for number in copied)


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


def test_an_unknown_police_area_is_missing_too() -> None:
    world = a_world(shelf={OURS: facts(area="unknown")})
    talk = Talk(DIALOG, world).picks(*PLAIN[:3])
    if talk.at == "police_area":
        talk.picks("unknown")
    talk.picks(*PLAIN[3:], "not_asked", "keep")
    assert "Ta reda på: Lokalpolisområde." in talk.screen.text


# ── raised, changed, gone stale ──────────────────────────────────────────────────────────────────────────────


def test_raising_needs_a_reason_and_both_are_kept() -> None:
    """THR-12."""
    talk = a_talk().picks(*PLAIN, "no_protection", "afraid")
    assert talk.at == "scale"
    kept = saved(talk.picks("receiver"))
    assert (kept.receiver, kept.urgency, kept.raised, kept.reason) == ("exit_coordinator", "plan", "receiver", "afraid")
    assert kept.rows[:2] == ("W1", "H12"), "the rows are what the table said"


@pytest.mark.parametrize(
    ("picks", "age", "labels", "why"),
    [
        ((*PLAIN, "protection", "high", "yes"), "15_17", [], "a minor is not raised past the limit: only the urgency"),
        ((*PLAIN, "protection", "high", "no"), "18_20", ["urgency", "receiver"], "of age"),
        (("no", "family", *PLAIN[2:], "protection", "high", "no"), "18_20", [], "the age is not that of the family"),
        ((*PLAIN, "no_protection"), "15_17", ["urgency", "receiver"], "to the local coordinator"),
    ],
)
def test_only_what_may_be_raised_is_offered(picks: tuple[str, ...], age: str, labels: list[str], why: str) -> None:
    """THR-7; where only one scale can be raised it is not asked which."""
    talk = a_talk(age=age).picks(*picks, "afraid")
    assert [b.value for b in talk.screen.buttons if not b.value.startswith("!")] == labels, why
    if not labels:
        assert talk.shows("scale").startswith("Mer bråttom"), why


def test_where_nothing_can_be_raised_it_is_not_asked() -> None:
    assert a_talk().picks(*LONGEST).shows("raised") == "Nej"


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
    assert "Är den unge också hotad? Välj då Hot och säkerhet igen." in talk.screen.text


@pytest.mark.parametrize(
    ("danger", "first"),
    [(("no",), "Fara för liv: ring 112."), (("yes", "go_on"), "Ring 112 nu."), (("unknown", "go_on"), "Ring 112 nu.")],
)
def test_staff_in_danger_are_told_to_ring_112_now(danger: tuple[str, ...], first: str) -> None:
    """THR-0, THR-8."""
    talk = a_talk().picks(*danger, "staff", "self", "yes", "yes", "yes", "unknown")
    below = talk.screen.text.partition("Om du sparar:")[2].split()
    assert " ".join(below).startswith(first)
    assert first in talk.presses("Spara").screen.text


def test_only_a_threat_against_staff_is_apart() -> None:
    assert [kind.kind for kind in (*DIALOG.kinds, *REMISS.kinds) if kind.apart] == ["staff_threat"]


def test_the_note_of_a_threat_against_staff_is_not_for_the_young_persons_journal() -> None:
    talk = a_talk().picks("no", "staff", "colleague", "yes", "yes", "yes", "ends")
    assert "Ansvarig socialsekreterare beslutar om att avsluta SIG." in talk.screen.text
    (kept,) = (record for record in talk.presses("Spara").kept if isinstance(record, StaffThreat))
    lines = [say(line, "sv") for line in note(kept)]
    assert lines[-1] == "Texten hör till er egen anmälan. Skriv den inte i den unges journal."
    assert "SIG: SIG ska avslutas." in lines


def test_the_author_alone_reaches_a_text_that_is_kept_apart_once_more() -> None:
    """THR-8: nobody else does, not by its code and not by a button of somebody else's."""
    office = Office()
    author, colleague = office.joins(), office.joins("ersattare")
    author.says("/hotbild")
    for label in ("Nej", "Mig eller en kollega", "Mig", "Ja", "Ja", "Ja", "Vet inte", "Spara", "Visa text", "Klar"):
        author.presses(label)
    (code,) = (kept["case"] for kept in office.kept() if kept["kind"] == "staff_threat")
    author.says(f"/arende {code}")
    reached = screen_of(author)
    assert reached.text.endswith(f"{code} är inget ärende. Bara du kan se texten.")
    assert [button.label for button in reached.buttons] == ["Visa text"]
    author.presses("Visa text")
    assert f"händelse {code}" in screen_of(author).text
    (told,) = colleague.says(f"/arende {code}")
    assert "Du har inget ärende med den koden." in told.text
    forged = colleague._press(colleague.live or 0, told, reached.buttons[0])
    assert not [screen for screen in forged if "händelse" in screen.text]
    office.store.close()


# ── the referral ─────────────────────────────────────────────────────────────────────────────────────────────

TRIAGE_ID, SENT_ID = "0" * 8 + "-0000-7000-8000-" + "0" * 12, "0" * 8 + "-0000-7000-8000-" + "1" * 12


def a_triage_on_record(*picks: str, age: str = "18_20", id_: str = TRIAGE_ID) -> Entry:
    return Kept(saved(a_talk(age=age).picks(*picks)), id=id_)


def to_bops() -> Entry:
    return a_triage_on_record(*PLAIN, "protection", "not_asked", "keep")


def a_referral(*entries: Entry, now: datetime = MONDAY) -> Talk:
    return Talk(REMISS, a_world(shelf={OURS: (*facts(), *entries)}, now=now))


def sent_to_bops(triaged: Entry) -> Entry:
    talk = a_referral(triaged).picks(OURS, "sent", "2026-11-23").presses("Spara")
    (kept,) = (record for record in talk.kept if isinstance(record, ReferralSent))
    return Kept(kept, id=SENT_ID)


def answered(talk: Talk) -> ReferralAnswered:
    (kept,) = (record for record in talk.presses("Spara").kept if isinstance(record, ReferralAnswered))
    return kept


def test_a_referral_is_sent_in_four_taps_and_the_rows_stand_beside_it() -> None:
    triaged = to_bops()
    talk = a_referral(triaged).picks(OURS, "sent", "2026-11-23").presses("Spara")
    (kept,) = talk.kept
    assert isinstance(kept, ReferralSent)
    assert isinstance(triaged.record, ThreatTriaged)
    assert (kept.triage, kept.rows, kept.receiver) == (TRIAGE_ID, triaged.record.rows, "bops")
    assert (kept.table, kept.urgency, kept.raised) == (TABLE, "today", None)
    assert kept.answer_by == datetime(2026, 11, 24, 16, 30, tzinfo=STOCKHOLM)
    assert talk.taps == 4


def test_an_answer_stands_beside_the_rows_that_sent_it() -> None:
    """So that figures can say how often each row's referrals were received or declined (THR-9)."""
    triaged = to_bops()
    sent = sent_to_bops(triaged)
    assert isinstance(sent.record, ReferralSent)
    yes = answered(a_referral(triaged, sent).picks(OURS, "answered", "received"))
    no = answered(a_referral(triaged, sent).picks(OURS, "answered", "declined", "too_low"))
    assert yes.rows == no.rows == sent.record.rows
    assert (yes.answer, yes.answer_by) == ("received", None)
    assert (no.answer, no.reason) == ("declined", "too_low")


def test_a_silent_one_stays_open_with_a_new_time_and_comes_up_as_late() -> None:
    triaged = to_bops()
    sent = sent_to_bops(triaged)
    silent = Kept(answered(a_referral(triaged, sent).picks(OURS, "answered", "silent")), id="silent")
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
        picks = (OURS, "answered", answer, *(("other",) if answer == "declined" else ()))
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
    talk = a_referral(to_bops()).picks(OURS, "sent")
    assert "Igår" not in talk.labels, "the triage is of today"
    talk.says("20/11")
    assert talk.at == "sent_on"
    assert "för tidigt" in talk.screen.text


def test_an_answer_that_is_already_late_says_so_in_words() -> None:
    talk = a_referral(to_bops(), now=MONDAY + timedelta(days=3)).picks(OURS, "sent").says("23/11").presses("Spara")
    assert "Svaret är försenat. Ring dem nu." in talk.screen.text
    assert "senast igår" not in talk.screen.text


def test_a_silent_one_that_was_at_once_does_not_wait_over_the_weekend() -> None:
    triaged = a_triage_on_record(*PLAIN, "protection", "high", "no", "keep")
    friday = datetime(2026, 11, 27, 15, 0, tzinfo=STOCKHOLM)
    sending = a_referral(triaged, now=friday).picks(OURS, "sent", "2026-11-27").presses("Spara")
    sent = Kept(sending.kept[0], id=SENT_ID)
    for picks in (("silent",), ("declined", "other")):
        came = answered(a_referral(triaged, sent, now=friday).picks(OURS, "answered", *picks))
        assert came.answer_by == friday.replace(hour=23, minute=59), picks
        assert came.urgency == "now"


@pytest.mark.parametrize("before", ["sent", "answered"])
def test_112_stands_on_every_screen_of_a_referral_and_beside_it(before: str) -> None:
    """THR-0."""
    triaged = to_bops()
    talk = a_referral(triaged, *([] if before == "sent" else [sent_to_bops(triaged)])).picks(OURS, before)
    screens = [talk.screen.text, talk.picks("2026-11-23" if before == "sent" else "silent").screen.text]
    around = ("Ändra", "Tillbaka", "Avbryt", "Nej, fortsätt", "Varför?", "Tillbaka", "Spara")
    screens += [talk.presses(label).screen.text for label in around]
    assert [screen for screen in screens if "112" not in screen] == []


# ── who has been told, and what there is of form and measures ────────────────────────────────────────────────


def test_the_checklist_can_be_completed_and_is_then_no_longer_asked() -> None:
    """THR-9: the case officer and the manager, the only two that no answer says."""
    triaged = a_triage_on_record(*PLAIN, "protection", "waiting", "keep")
    sent = sent_to_bops(triaged)
    received = Kept(answered(a_referral(triaged, sent).picks(OURS, "answered", "received")), id="received")
    talk = a_referral(triaged, sent, received).picks(OURS, "told")
    assert talk.labels[:2] == ["☐ Ansvarig socialsekreterare eller socialjouren", "☐ Min chef"]
    talk.presses(*talk.labels[:2], "Klar", "Spara")
    (kept,) = talk.kept
    assert isinstance(kept, HandoverTold)
    assert (kept.triage, kept.told) == (TRIAGE_ID, ("case_officer", "manager"))
    assert "Har fått veta om hotet den 23 november 2026: ansvarig socialsekreterare, din chef." in [
        say(line, "sv") for line in referral_note(kept)
    ]
    assert a_referral(triaged, sent, received, Kept(kept, id="told")).picks(OURS).outcome == "nothing_to_follow"


def test_who_was_rung_while_the_receiver_was_closed_can_be_recorded_though_they_knew_before() -> None:
    """THR-9: or the step would stay until the referral is sent."""
    kept = saved(a_talk(now=FRIDAY_EVENING).picks(*PLAIN, "not_asked", "keep"))
    triaged = Kept(kept, id=TRIAGE_ID)
    assert kept.inputs.told == "yes"
    assert [step.kind for step in what_is_next((triaged,))] == ["ring_meanwhile", "send"]
    (told,) = a_referral(triaged, now=FRIDAY_EVENING).picks(OURS, "told", "police").presses("Klar", "Spara").kept
    assert [step.kind for step in what_is_next((triaged, Kept(told, id="told")))] == ["send"]


def test_the_form_and_the_measures_can_be_written_before_anything_is_sent() -> None:
    """CON-14: and what is there is not asked again."""
    triaged = a_triage_on_record(*PLAIN, "protection", "high", "yes", "keep")
    talk = a_referral(triaged).picks(OURS, "form", "yes", "no").presses("Spara")
    (kept,) = talk.kept
    assert isinstance(kept, ExitPrerequisites)
    assert rests_on(triaged, Kept(kept, id="form")) | {"motivation": None, "consent": False} == {
        "motivation": None,
        "consent": False,
        "police_form": True,
        "measures": False,
    }
    sending = a_referral(triaged, Kept(kept, id="form")).picks(OURS, "sent")
    assert sending.at == "measures", "the form is there, the measures were lacking"
    assert "form" not in [b.value for b in a_referral(to_bops()).picks(OURS).screen.buttons], "only the central unit"


# ── what the case page says of the threat ────────────────────────────────────────────────────────────────────


def page_lines(*entries: Entry) -> list[str]:
    world = a_world(shelf={OURS: (*facts(), *entries)})
    return [say(line.words, "sv") for line in page(OURS, (), world)]


def test_the_case_says_what_stands_of_the_threat_and_why() -> None:
    """THR-9, THR-13: from the record, so that it can be asked a year later."""
    triaged = a_triage_on_record("no", "subject", OURS, "yes", "no", "yes", "protection", "high", "no", "keep")
    lines = page_lines(triaged)
    assert "Hot och säkerhet den 23 november 2026: kontakta BOPS hos polisen, genast." in lines
    assert "Kontakta ingen hemma, och lämna inget skriftligt dit." in lines
    assert "Ska få veta: ansvarig socialsekreterare, din chef." in lines
    because = next(line for line in lines if line.startswith("Därför: "))
    assert because.endswith("Måste lämna Stockholm: Nej.")
    world = a_world(shelf={OURS: (*facts(), triaged)})
    first = threat_lines((*facts(), triaged), world)[0]
    assert (first.rules, first.records) == (("THR-1", "THR-5", "THR-3"), (triaged,))


def test_a_triage_by_an_older_table_is_read_by_nothing_but_its_record() -> None:
    triaged = to_bops()
    assert isinstance(triaged.record, ThreatTriaged)
    old = Kept(replace(triaged.record, table="2020-01-01", rows=("W1", "H1"), rules=("THR-4",)), id=TRIAGE_ID)
    first, because, *_rest = threat_lines((old,), a_world())
    assert first.rules == ("THR-4",)
    assert "Hot hemifrån: Nej" in say(because.words, "sv"), "all that was stored, since the rows are another table's"


def test_the_case_of_a_child_and_a_raised_triage_say_so() -> None:
    raised = a_triage_on_record(*PLAIN, "no_protection", "afraid", "receiver", age="15_17")
    lines = page_lines(raised)
    assert "Höjt ett steg av samordnaren. Skäl: Personen är rädd." in lines
    assert "Ett barn kan fara illa. Det ska prövas genast om barnet behöver skydd." in lines
    assert not [line for line in page_lines() if "Hot och säkerhet" in line], "nothing without a triage"


def test_a_referral_to_the_central_unit_asks_for_the_form_and_the_measures() -> None:
    """CON-14."""
    triaged = a_triage_on_record(*PLAIN, "protection", "high", "yes", "keep")
    talk = a_referral(triaged).picks(OURS, "sent")
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
    sending = a_referral(triaged).picks(OURS, "sent", "yes", "no", "2026-11-23").presses("Spara")
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
    assert before == (("exit_coordinator", "police"), ("case_officer", "bops", "manager"))
    after = who_has_been_told_and_who_is_left(triaged.record, (triaged, sent_to_bops(triaged)))
    assert after == (("exit_coordinator", "bops", "police"), ("case_officer", "manager"))
