"""/delning against CON-12 and CON-13: what covers, what may open beside it, and that no screen ever says no."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import product

import pytest

from dialogs import delning
from dialogs.answers import UNKNOWN
from dialogs.consent_words import PARTIES as PARTY_WORDS
from dialogs.delning import CONDITION_QUESTIONS, DANGER, MORE, NO_KNOWN_BASIS, NONE_OF_THEM, RECEIVERS, note
from dialogs.law import fact
from dialogs.policy import PARTIES, Policy
from dialogs.records import CaseFact, ConsentAsked, ConsentCorrected, ConsentWithdrawn, DisclosureMade, Entry
from dialogs.rules.cases import AGES
from dialogs.rules.consents import KINDS, PARENTS_PARTY, Consents, the_consent_that_covers
from dialogs.rules.disclosure import (
    AUTHORITY,
    BASES,
    CONTACT,
    DISCLOSED_KINDS,
    FOR_A_LAWYER,
    FURTHER_RECEIVERS,
    a_lawyer_should_be_asked_about,
    basis_of,
    the_bases_offered,
    the_basis_may_apply,
    the_conditions_to_ask,
)
from dialogs.texts import say
from state.screen import Screen
from state.session import SAVE, Engine, Session, Step
from tests.talk import MONDAY, OURS, STOCKHOLM, Kept, Shelf, Talk, a_world

TODAY = MONDAY.date()
EVERY_AGE = (*AGES, UNKNOWN)
CONFIGURED = "Ungdomens hus"
EVERY_PARTY = (*PARTIES, PARENTS_PARTY, *FURTHER_RECEIVERS, CONFIGURED)

MINORS = ("under_12", "12_14", "15_17", UNKNOWN)
UNDER_21 = (*MINORS, "18_20")

LAW_ENFORCING = ("police", "security_police", "customs", "prosecutor", "economic_crime", "tax_agency", "coast_guard")
HEALTH_CARE = ("health_care", "bup", "maria_ungdom")
LABOUR = ("kaa_jobbtorg", "employment_administration", "arbetsformedlingen")

OPENS = {
    "own_work": (EVERY_PARTY, EVERY_AGE, DISCLOSED_KINDS, "OSL 10:2 is general"),
    "between_authorities": (
        tuple(p for p in EVERY_PARTY if p not in ("leisure", "civil_society", "parents")),
        EVERY_AGE,
        DISCLOSED_KINDS,
        "OSL 10:15 a: authorities only; what may be private is asked about",
    ),
    "young_at_risk": (("police", "security_police", "customs"), UNDER_21, DISCLOSED_KINDS, "OSL 10:18 a: under 21"),
    "terrorism": (("police", "security_police"), EVERY_AGE, DISCLOSED_KINDS, "OSL 10:18 b"),
    "violence_against_relative": (("police",), EVERY_AGE, DISCLOSED_KINDS, "OSL 10:18 c: the police"),
    "immediate_action": (("police",), MINORS, DISCLOSED_KINDS, "OSL 10:20: the police, under 18"),
    "contact_data": (LAW_ENFORCING, EVERY_AGE, (CONTACT,), "lag (2025:170) 4 §: contact data, its seven authorities"),
    "care_and_support": (
        (*HEALTH_CARE, "exit_unit", "other_social_committee", "social_committee"),
        EVERY_AGE,
        DISCLOSED_KINDS,
        "OSL 26:9: health care and social services",
    ),
    "child_investigation": (
        ("police", "school", *LABOUR, *HEALTH_CARE, "probation", "exit_unit", "other_social_committee"),
        MINORS,
        DISCLOSED_KINDS,
        "SoL 20:5: only where a child is investigated, and never towards civil society",
    ),
    "child_at_risk": (
        ("social_committee", "other_social_committee"),
        EVERY_AGE,
        DISCLOSED_KINDS,
        "SoL 19:1: to the social committee; the child may be another",
    ),
}


# ── CON-12: which bases are offered, and what their conditions come to ────────────────────────────────────────


@pytest.mark.parametrize("basis", OPENS)
def test_con_12_a_basis_is_offered_only_where_it_opens(basis: str) -> None:
    receivers, ages, kinds, why = OPENS[basis]
    for party, age, kind in product(EVERY_PARTY, EVERY_AGE, DISCLOSED_KINDS):
        offered = basis in [one.id for one in the_bases_offered(party, age, kind, TODAY)]
        assert offered == (party in receivers and age in ages and kind in kinds), (party, age, kind, why)


def test_con_12_the_table_of_this_test_has_every_basis() -> None:
    assert OPENS.keys() == {basis.id for basis in BASES}
    assert tuple(PARTY_WORDS) == (*PARTIES, PARENTS_PARTY)
    assert tuple(RECEIVERS) == FURTHER_RECEIVERS


@pytest.mark.parametrize(
    ("basis", "party", "age", "asked", "why"),
    [
        ("young_at_risk", "police", UNKNOWN, 4, "CON-12: an unknown age is asked about, never assumed"),
        ("young_at_risk", "police", "18_20", 3, "CON-12: the case facts say that the person is under 21"),
        ("immediate_action", "police", UNKNOWN, 4, "OSL 10:20: under 18, as far as can be seen"),
        ("immediate_action", "police", "15_17", 3, "CON-12: the age is known"),
        ("care_and_support", "bup", "15_17", 2, "OSL 26:9: under 18; and a clinic may be private"),
        ("care_and_support", "bup", "21_29", 3, "OSL 26:9: an adult must be in abuse or in compulsory care"),
        ("care_and_support", "exit_unit", "21_29", 2, "CON-12: an authority by its name"),
        ("between_authorities", "police", "21_29", 2, "CON-12: an authority by its name"),
        ("between_authorities", "school", "21_29", 3, "CON-12: a school may be private"),
        ("between_authorities", CONFIGURED, "21_29", 3, "CON-12: a party of the deployment's own may be anything"),
        ("child_investigation", "school", UNKNOWN, 3, "SoL 20:5: the age is asked about"),
        ("own_work", "civil_society", UNKNOWN, 1, "OSL 10:2 is for private persons too"),
    ],
)
def test_con_12_what_is_already_known_is_not_asked(basis: str, party: str, age: str, asked: int, why: str) -> None:
    conditions = the_conditions_to_ask(basis_of(basis), party, age)
    assert len(conditions) == asked, why
    assert len({condition.id for condition in conditions}) == asked


def test_con_12_no_basis_has_more_conditions_than_there_are_questions_or_none() -> None:
    for party, age in product(EVERY_PARTY, EVERY_AGE):
        for basis in the_bases_offered(party, age, CONTACT, TODAY):
            assert 1 <= len(the_conditions_to_ask(basis, party, age)) <= len(CONDITION_QUESTIONS), (
                basis.id,
                party,
                age,
            )


def test_con_12_a_basis_may_apply_when_every_condition_is_met_and_is_never_a_no() -> None:
    for basis in BASES:
        asked = the_conditions_to_ask(basis, "school", UNKNOWN)
        for said in product(("yes", "no", UNKNOWN, None), repeat=len(asked)):
            answers = {one.id: answer for one, answer in zip(asked, said, strict=True) if answer is not None}
            wanted = "may_apply" if set(said) == {"yes"} else "not_clear"
            assert the_basis_may_apply(asked, answers) == wanted, (basis.id, said)


@pytest.mark.parametrize(
    ("on", "missing", "why"),
    [
        (date(2026, 11, 23), set(), "all of them apply today"),
        (date(2025, 11, 30), {"between_authorities"}, "OSL 10:15 a began on 1 December 2025"),
        (date(2025, 6, 30), {"between_authorities", "child_investigation"}, "SoL (2025:400) began on 1 July 2025"),
        (
            date(2025, 3, 31),
            {
                "between_authorities",
                "child_investigation",
                "young_at_risk",
                "terrorism",
                "violence_against_relative",
                "contact_data",
            },
            "OSL 10:18 a to c and lag (2025:170) began on 1 April 2025",
        ),
    ],
)
def test_con_12_a_text_that_does_not_apply_opens_nothing(on: date, missing: set[str], why: str) -> None:
    today = {basis.id for basis in the_bases_offered("police", "15_17", CONTACT, TODAY)}
    assert today - {basis.id for basis in the_bases_offered("police", "15_17", CONTACT, on)} == missing, why


def test_con_12_committed_crimes_are_for_a_lawyer_and_nothing_is_built_on_them() -> None:
    assert {party for party in EVERY_PARTY if a_lawyer_should_be_asked_about(party)} == set(LAW_ENFORCING)
    assert not set(FOR_A_LAWYER) & {law for basis in BASES for law in basis.laws}
    assert {fact(law, TODAY).status for law in FOR_A_LAWYER} == {"secondary"}


# ── the consents on the shelf ─────────────────────────────────────────────────────────────────────────────────


def a_fact(name: str, value: str) -> Kept:
    return Kept(CaseFact.from_payload({"case": OURS, "fact": name, "value": value}))


def asked(
    *lines: dict[str, object],
    giver: str = "subject",
    on: date = date(2026, 11, 2),
    until: date = date(2027, 5, 2),
    id_: str = "01a20882-8060-790c-bca3-04171fb17c23",
    **more: str,
) -> Kept:
    payload = {
        "case": OURS,
        "asked_on": on.isoformat(),
        "valid_until": until.isoformat(),
        "age_group": "21_29",
        "givers": [{"giver": giver, "lines": list(lines)}],
        **more,
    }
    return Kept(ConsentAsked.from_payload(payload), id=id_)


def yes(party: str, *kinds: str, direction: str = "both") -> dict[str, object]:
    return {"party": party, "answer": "given", "kinds": list(kinds), "direction": direction}


def withdrawn(party: str) -> Kept:
    payload = {
        "case": OURS,
        "withdrawn_on": "2026-11-16",
        "giver": "subject",
        "parties": [party],
        "how": "meeting",
    }
    return Kept(ConsentWithdrawn.from_payload(payload), id="01a20882-8060-790c-bca3-04171fb17c24")


ADULT = a_fact("age_group", "21_29")
MINOR = (a_fact("age_group", "15_17"), a_fact("custody", "two"))
MINORS_YES = {"age_group": "15_17", "disposes": "together"}
GIVEN = asked(yes("police", "crime"))

RICH: Sequence[Entry] = (
    ADULT,
    asked(yes("school", "occupation", "planning"), yes("bup", "health", direction="from"), yes("probation", "crime")),
    asked(yes("police", "crime", "planning", direction="to"), id_="01a20882-8060-790c-bca3-04171fb17c25"),
    asked(yes("maria_ungdom", "health", "crime"), on=date(2026, 4, 2), until=date(2026, 10, 2)),
    withdrawn("probation"),
)
"""An adult whose consents cover some of it, and in other ways not."""


def at_the_answer(shelf: Shelf, party: str, info: str, world_policy: Policy | None = None) -> Talk:
    """A talk that has come to what consent says, the age being on record."""
    talk = Talk(delning.DIALOG, a_world(shelf=shelf, policy=world_policy)).picks(OURS, info)
    return talk.picks(MORE.value, party) if party in FURTHER_RECEIVERS else talk.picks(party)


# ── CON-13: only a consent that covers it says that it covers ─────────────────────────────────────────────────


@pytest.mark.parametrize("info", DISCLOSED_KINDS)
def test_con_13_it_is_said_to_be_covered_where_the_rule_says_so_and_nowhere_else(info: str) -> None:
    consents = Consents(RICH, TODAY)
    seen = set()
    for party in (*PARTIES, PARENTS_PARTY, *FURTHER_RECEIVERS):
        covered = the_consent_that_covers(consents, party, info).covered
        talk = at_the_answer({OURS: RICH}, party, info)
        assert (talk.at == "covered") == covered, (party, info)
        assert ("Samtycket täcker det här" in talk.screen.text) == covered
        assert ("Inget samtycke täcker det här" in talk.screen.text) == (not covered)
        seen.add(covered)
    assert False in seen
    assert (True in seen) == (info in ("occupation", "planning", "crime"))


@pytest.mark.parametrize(
    ("entries", "said", "why"),
    [
        ((ADULT, GIVEN), "Personen: ja, till och med den 2 maj 2027. Svaret är från den 2 november 2026.", "CON-3"),
        ((ADULT,), "Personen: inte tillfrågad.", "CON-13: silence is never consent"),
        (
            (ADULT, asked({"party": "police", "answer": "refused"})),
            "Personen: vill inte dela det här. Svaret är från den 2 november 2026.",
            "CON-13: a refusal is a fact",
        ),
        (
            (ADULT, asked({"party": "police", "answer": "thinking"})),
            "Personen: vill fundera. Svaret är från den 2 november 2026.",
            "CON-13",
        ),
        (
            (ADULT, asked({"party": "police", "answer": "not_reached"})),
            "Personen: ni har inte fått kontakt.",
            "CON-13",
        ),
        ((ADULT, GIVEN, withdrawn("police")), "Personen: tog tillbaka sitt ja den 16 november 2026.", "CON-6"),
        (
            (ADULT, asked(yes("police", "crime"), on=date(2026, 4, 2), until=date(2026, 10, 2))),
            "Personen: sa ja den 2 april 2026, men bara till och med den 2 oktober 2026.",
            "CON-15: it has ended",
        ),
        (
            (
                ADULT,
                GIVEN,
                Kept(
                    ConsentCorrected.from_payload(
                        {
                            "case": OURS,
                            "corrects": GIVEN.id,
                            "about_day": "2026-11-02",
                            "giver": "subject",
                            "reason": "wrong_case",
                        }
                    )
                ),
            ),
            "Personen: svaret var felaktigt sparat.",
            "CON-13: mistaken is none of the others",
        ),
        (
            (ADULT, asked(yes("police", "planning", "health"))),
            "Personen: ja, men till andra uppgifter: Planering och möten, Hälsa.",
            "CON-3: another kind of information",
        ),
        (
            (ADULT, asked(yes("police", "crime", direction="from"))),
            "Personen: ja till att ni hämtar uppgifter, men inte till att ni lämnar dem.",
            "CON-3: the other direction",
        ),
        ((*MINOR, GIVEN), "Den unge: ja", "CON-7: the young person's yes alone does not cover it"),
        ((*MINOR, GIVEN), "Vårdnadshavare 2: inte tillfrågad.", "CON-7: two guardians are two givers"),
    ],
)
def test_con_13_it_says_exactly_how_each_one_answered(entries: Sequence[Entry], said: str, why: str) -> None:
    talk = at_the_answer({OURS: entries}, "police", "crime")
    assert any(line.startswith(said) for line in talk.screen.text.splitlines()), (why, talk.screen.text)


def test_con_13_consent_never_names_contact_data() -> None:
    everything = asked(yes("police", *KINDS))
    talk = at_the_answer({OURS: (ADULT, everything)}, "police", CONTACT)
    assert talk.at == "basis"


def test_con_7_an_age_that_was_just_said_decides_who_must_have_answered() -> None:
    """Nothing is on record of the age: said to be 15–17 the guardians are missing, said to be an adult nobody is."""
    talk = Talk(delning.DIALOG, a_world(shelf={OURS: (GIVEN,)})).picks(OURS, "21_29", "crime", "police")
    assert talk.at == "covered"
    talk = Talk(delning.DIALOG, a_world(shelf={OURS: (GIVEN,)})).picks(OURS, "15_17", "one", "crime", "police")
    assert talk.at == "basis"
    assert "Vårdnadshavare 1: inte tillfrågad." in talk.screen.text
    assert "Vårdnadshavare 2" not in talk.screen.text


def test_con_8_parents_are_a_receiver_of_an_adult_only() -> None:
    for entries, offered in (((ADULT,), True), (MINOR, False), ((), True)):
        talk = Talk(delning.DIALOG, a_world(shelf={OURS: entries})).picks(OURS)
        if talk.at == "age_group":
            talk.picks(UNKNOWN)
        talk.picks("crime")
        assert (PARENTS_PARTY in [button.value for button in talk.screen.buttons]) is offered


def test_a_deployments_own_party_is_offered_and_covered_like_any_other() -> None:
    policy = Policy(other_parties=(CONFIGURED,))
    entries = (ADULT, asked(yes(CONFIGURED, "planning")))
    assert at_the_answer({OURS: entries}, CONFIGURED, "planning", policy).at == "covered"
    other = at_the_answer({OURS: entries}, CONFIGURED, "health", policy).picks("between_authorities")
    assert other.asks == say(AUTHORITY.asks, "sv")


# ── every screen there is ─────────────────────────────────────────────────────────────────────────────────────

FORBIDDEN = re.compile(r"\b(nej|får inte|inte får|får ej|aldrig|förbjud\w*|otillåte\w*)\b", re.IGNORECASE)
ASIDE = ("Tillbaka", "Avbryt", "Varför frågar vi?", "Varför?", "Ändra", "Ändra: Grund")


class Walk:
    """Every screen from the question about the receiver on, in the order of the talk; lists that repeat are cut.

    :ivar ends: the outcomes that were reached.
    :ivar screens: how many screens were seen.
    """

    def __init__(self, shelf: Shelf, first: Sequence[str], parties: Sequence[str]) -> None:
        self.world = a_world(shelf=shelf, policy=Policy(other_parties=(CONFIGURED,)))
        self.engine = Engine([delning.DIALOG])
        self.ends: set[str] = set()
        self.screens = 0
        step = self.engine.start("delning", "s1", self.world)
        for value in first:
            step = self.press(step.session, value)
        for party in parties:
            way = (MORE.value, party) if party in FURTHER_RECEIVERS else (party,)
            at = step
            for value in way:
                at = self.press(at.session, value)
                if value != MORE.value:
                    self.look(at)

    def press(self, session: Session | None, value: str) -> Step:
        assert session is not None
        step = self.engine.press(session, session.revision, value, self.world)
        assert "PressWasStale" not in [type(event).__name__ for event in step.events], value
        return step

    def look(self, step: Step) -> None:
        self.screens += 1
        self.holds(step.screen)
        if step.session is None:
            self.ends.add(next(event.outcome for event in step.events if hasattr(event, "outcome")))
            if NO_KNOWN_BASIS not in step.screen.text and "Sparat" not in step.screen.text:
                assert "Inget är sparat." in step.screen.text
            return
        read_back = SAVE in [button.value for button in step.screen.buttons]
        for button in step.screen.buttons:
            if button.label not in ASIDE:
                self.look(self.press(step.session, button.value))
            if read_back or step.screen.typed == "date":
                break  # the first of them says it all

    def holds(self, screen: Screen) -> None:
        if screen.text.startswith("Stämmer det här?"):
            return  # the person's own answers
        assert not FORBIDDEN.search(screen.text), screen.text
        assert DANGER in screen.text, screen.text
        if "inte klar" in screen.text or "Ingen grund" in screen.text:
            assert re.search("fråga (arbetsledaren|jurist)", screen.text, re.IGNORECASE), screen.text
        if "Grund: " in screen.text:
            assert "Vi kontrollerade lagtexten den 12 februari 2026." in screen.text, screen.text


@pytest.mark.exhaustive
@pytest.mark.parametrize("age", [UNKNOWN, "15_17", "18_20", "21_29"])
def test_con_12_no_screen_says_no_and_each_says_112(age: str) -> None:
    """Every receiver, every basis offered, every answer to every condition, to every end."""
    first = (OURS, UNKNOWN) if age == UNKNOWN else (OURS,)
    facts = () if age == UNKNOWN else (a_fact("age_group", age), a_fact("custody", "one"))
    parties = [party for party in EVERY_PARTY if party != PARENTS_PARTY or age not in MINORS[:3]]
    walk = Walk({OURS: facts}, (*first, CONTACT), parties)
    assert walk.ends == {"disclosure_recorded", "not_recorded", "no_known_basis"}
    assert walk.screens > 1000


@pytest.mark.exhaustive
def test_con_13_no_screen_says_no_where_there_are_consents() -> None:
    for info in ("crime", "health"):
        walk = Walk({OURS: RICH}, (OURS, info), ("police", "school", "bup", "maria_ungdom", "probation"))
        assert walk.ends == {"disclosure_recorded", "not_recorded", "no_known_basis"}


@pytest.mark.parametrize("party", EVERY_PARTY)
def test_con_12_where_no_basis_fits_somebody_is_named_to_ask(party: str) -> None:
    talk = at_the_answer({OURS: (ADULT,)}, party, "crime", Policy(other_parties=(CONFIGURED,))).picks(
        NONE_OF_THEM.value
    )
    assert talk.outcome == "no_known_basis"
    assert talk.kept == ()
    assert talk.screen.text.startswith("Ingen grund som boten känner: fråga arbetsledaren eller stadens jurist.")
    assert "nöd" in talk.screen.text
    assert ("10 kap. 21–23 §§" in talk.screen.text) == (party in LAW_ENFORCING)


# ── the conditions one by one ─────────────────────────────────────────────────────────────────────────────────


def test_con_12_the_decision_is_left_to_the_person() -> None:
    talk = at_the_answer({OURS: MINOR}, "police", "crime").picks("young_at_risk", "yes", "yes", "yes")
    assert talk.at == "shared"
    assert "Grunden kan gälla." in talk.screen.text
    assert "Du eller ansvarig socialsekreterare avgör." in talk.screen.text


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (("no",), "one that is not met makes the rest idle"),
        ((UNKNOWN, "yes", "yes"), "what nobody knows leaves the others to be seen"),
        (("yes", "yes", UNKNOWN), "the last of them too"),
        (("yes", "no"), "in the middle"),
    ],
)
def test_con_12_what_is_not_clear_leads_to_somebody_to_ask_or_another_basis(said: Sequence[str], why: str) -> None:
    talk = at_the_answer({OURS: MINOR}, "police", "crime").picks("young_at_risk", *said)
    assert talk.at == "shared", why
    assert "Det är inte klart att grunden gäller. Fråga arbetsledaren eller stadens jurist." in talk.screen.text
    talk.presses("Ändra: Grund").picks("terrorism")
    assert talk.at == "first_condition"
    assert "terrorbrott" in talk.asks


def test_con_12_what_the_law_demands_is_said_when_its_conditions_are_met() -> None:
    talk = at_the_answer({OURS: MINOR}, "social_committee", "family").picks("child_at_risk", "yes", "yes")
    assert "En orosanmälan ska göras genast. Lots skickar ingen anmälan." in talk.screen.text
    talk = at_the_answer({OURS: MINOR}, "customs", CONTACT).picks("contact_data", "yes", "yes", "yes")
    assert "Stämmer villkoren ska uppgiften lämnas." in talk.screen.text


@pytest.mark.parametrize(
    ("now", "said", "why"),
    [
        (datetime(2027, 2, 12, 9, tzinfo=STOCKHOLM), "den 12 februari 2026.", "365 days: still good"),
        (datetime(2027, 2, 13, 9, tzinfo=STOCKHOLM), "den 12 februari 2026. Kontrollera de", "a day more"),
    ],
)
def test_a_text_that_was_read_long_ago_is_marked(now: datetime, said: str, why: str) -> None:
    entries = (Kept(CaseFact(case=OURS, fact="age_group", value="21_29"), said_on=now.date()),)
    talk = Talk(delning.DIALOG, a_world(shelf={OURS: entries}, now=now)).picks(OURS, "crime", "police")
    assert f"Vi kontrollerade lagtexterna {said}" in talk.screen.text, why
    talk.picks("own_work")
    assert f"Vi kontrollerade lagtexten {said}" in talk.screen.text
    assert ("Kontrollera den igen" in talk.screen.text) == said.endswith("de")


# ── what is kept ──────────────────────────────────────────────────────────────────────────────────────────────


def in_swedish(kept: DisclosureMade) -> Iterator[str]:
    return (say(words, "sv") for words in note(kept))


def test_con_3_a_disclosure_on_consent_names_the_consent_and_its_note_follows_from_it() -> None:
    talk = at_the_answer({OURS: RICH}, "police", "crime").picks("made", TODAY.isoformat(), SAVE)
    (kept,) = talk.kept
    assert isinstance(kept, DisclosureMade)
    assert kept.payload() == {
        "case": OURS,
        "disclosed_on": "2026-11-23",
        "party": "police",
        "info": "crime",
        "basis": "consent",
        "consent": "01a20882-8060-790c-bca3-04171fb17c25",
        "consented_on": "2026-11-02",
    }
    assert list(in_swedish(kept)) == [
        f"Uppgifter delade, ärende {OURS}.",
        "Uppgifterna lämnades den 23 november 2026.",
        "Mottagare: Polisen.",
        "Uppgifter: Brott och misstankar.",
        "Grund: samtycke från den 2 november 2026.",
        "Det här är ett underlag. Journalen förs i verksamhetssystemet.",
    ]


def test_con_12_a_disclosure_on_another_basis_keeps_what_was_answered() -> None:
    talk = at_the_answer({OURS: (ADULT,)}, "bup", "health")
    talk.picks("care_and_support", "yes", UNKNOWN, "yes", "made", TODAY.isoformat(), SAVE)
    (kept,) = talk.kept
    assert isinstance(kept, DisclosureMade)
    assert [(said.condition, said.answer) for said in kept.conditions] == [
        ("authority", "yes"),
        ("under_18_or_care", "unknown"),
        ("needed_for_care", "yes"),
    ]
    assert (kept.basis, kept.text_read_on, kept.consent) == ("care_and_support", date(2026, 2, 12), None)
    assert "Grunden är inte klar." in talk.screen.text
    *_, unknown, needed, _last = in_swedish(kept)
    assert unknown.endswith("Svar: vet inte.")
    assert needed.endswith("Svar: ja.")
    assert DisclosureMade.from_payload(kept.payload()) == kept


def test_every_basis_has_a_note_in_both_languages_without_a_gap() -> None:
    for basis in BASES:
        conditions = tuple({"condition": one.id, "answer": "yes"} for one in (AUTHORITY, *basis.conditions))
        kept = DisclosureMade.from_payload(
            {
                "case": OURS,
                "disclosed_on": "2026-11-23",
                "party": "police",
                "info": "crime",
                "basis": basis.id,
                "text_read_on": "2026-02-12",
                "conditions": list(conditions),
            }
        )
        for language in ("sv", "en"):
            lines = [say(words, language) for words in note(kept)]
            assert len(lines) == 5 + len(basis.laws) + len(conditions) + 1
            assert not [line for line in lines if "{" in line or "None" in line]


def test_nothing_is_kept_where_nothing_was_shared() -> None:
    for entries, more in ((RICH, ()), ((ADULT,), ("own_work", "yes"))):
        talk = at_the_answer({OURS: entries}, "police", "crime").picks(*more, "not_made")
        assert talk.outcome == "not_recorded"
        assert talk.kept == ()


def test_a_disclosure_is_not_dated_before_what_it_rests_on() -> None:
    talk = at_the_answer({OURS: RICH}, "police", "crime").picks("made").says("1/11")
    assert "Välj en dag från och med 2 november 2026." in talk.screen.text
    talk = at_the_answer({OURS: (ADULT,)}, "police", "crime")
    talk.picks("between_authorities", "yes", "yes", "made").says("30/11 2025")
    assert "Välj en dag från och med 1 december 2025." in talk.screen.text


def test_con_6_a_consent_that_was_taken_back_meanwhile_is_not_saved_on() -> None:
    talk = at_the_answer({OURS: (ADULT, GIVEN)}, "police", "crime").picks("made", TODAY.isoformat())
    shelf = {OURS: (ADULT, GIVEN, withdrawn("police"))}
    talk.world = a_world(shelf=shelf, now=MONDAY + timedelta(minutes=5), person=talk.world.person)
    talk.sends(SAVE)
    assert talk.kept == ()
    assert talk.at == "basis"
    assert "tog tillbaka sitt ja den 16 november 2026" in talk.screen.text
