"""/samtycke: who consents to which information going to whom, and to the measure itself.

The coordinator asks in the room, giver by giver: first the police (CON-1), then the other parties (CON-2), then the
measure, which is another consent (CON-9). Who is asked follows from age, custody and who disposes over the secrecy
(CON-7, CON-8; 12 kap. 2–3 §§ offentlighets- och sekretesslagen). Before anything is saved the screen says what follows.
An adult and the police alone is eight presses after the command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from dialogs.answers import (
    UNKNOWN,
    Answers,
    CaseCode,
    Choice,
    Day,
    Option,
    Pick,
    Several,
    ThreeState,
    Value,
)
from dialogs.case_facts import fact_question, facts_said
from dialogs.consent_notes import ON_PAPER_ONLY, copy_for, note_of_asking
from dialogs.consent_words import EXPLAINED, HOW, STATUSES, giver_words, party_words
from dialogs.consequences import condition_lines, consents_of, foreseen, next_step
from dialogs.dates import months_on
from dialogs.model import Copy, Decide, Dialog, Go, Outcome, Question, Route, Why, World
from dialogs.policy import PARTIES
from dialogs.records import ConsentAsked, Entry, GiverAnswers, PartyAnswer, Record
from dialogs.rules.cases import ADULT_AGES, MINOR_AGES
from dialogs.rules.conditions import the_police_consent_was_withdrawn
from dialogs.rules.consents import (
    PARENTS_PARTY,
    POLICE,
    Consents,
    Context,
    a_guardian_may_have_a_copy,
    a_threat_may_come_from_home,
    the_longest_a_consent_may_last,
    who_may_be_asked,
    who_may_have_a_copy,
)
from dialogs.rules.notices import notices_of_what_is_taken_back
from dialogs.scope import Scope, Scopes
from dialogs.texts import Inside, Text, Verbatim, Words
from dialogs.texts import mark as _

GIVEN, REFUSED, THINKING, NOT_REACHED = "given", "refused", "thinking", "not_reached"
NOT_ASKED, UNCHANGED = "not_asked", "unchanged"

GIVERS = ("subject", "guardian_1", "guardian_2", "parent_1", "parent_2")
_LABELLED = {
    "subject": _("personen"),
    "guardian_1": _("vårdnadshavare 1"),
    "guardian_2": _("vårdnadshavare 2"),
    "parent_1": _("förälder 1"),
    "parent_2": _("förälder 2"),
}

USUAL_KINDS = ("planning", "situation", "occupation", "safety")
"""What is proposed for every party; more is added, or taken away, at the read-back (CON-3)."""

USUAL_KINDS_OF = {
    "police": ("planning", "situation", "crime", "safety"),
    "probation": ("planning", "situation", "crime", "safety"),
    "health_care": ("planning", "situation", "health", "substance"),
    "bup": ("planning", "situation", "health"),
    "maria_ungdom": ("planning", "situation", "health", "substance"),
    PARENTS_PARTY: ("planning", "situation"),
}
"""Where another proposal is more sensible."""

SPOKE = (GIVEN, REFUSED, THINKING)
"""What a giver who was asked can say."""


# ── what is known while the questions are asked ──────────────────────────────────────────────────────────────


def _context(answers: Answers, world: World) -> Context:
    return Context(
        age_group=answers.word_or_none("age_group") or UNKNOWN,
        custody=answers.word_or_none("custody") or UNKNOWN,
        disposes=answers.word_or_none("disposes") or UNKNOWN,
        guardian_allowed=answers.word_or_none("guardian_allowed") or "no",
        harm=answers.word_or_none("harm") or UNKNOWN,
        threat_from_home=a_threat_may_come_from_home(world.entries(answers.word("case"))),
    )


def _consents(answers: Answers, world: World) -> Consents:
    return consents_of(world.entries(answers.word("case")), world)


def _who(giver: str, answers: Answers) -> Text:
    return giver_words(giver, answers.word_or_none("age_group") or UNKNOWN)


def _ask(giver: str, words: str) -> Callable[[Answers, World], Words]:
    return lambda answers, world: Text(words, who=_who(giver, answers))


def _ask_about_the_police(giver: str) -> Callable[[Answers, World], Words]:
    def asks(answers: Answers, world: World) -> Words:
        unclear = giver.startswith("guardian") and answers.word_or_none("harm") == UNKNOWN
        words = _("{who}: får vi dela uppgifter med polisen?")
        if unclear:  # CON-10: the question itself may tell what is secret
            words = _("Fråga ansvarig socialsekreterare först. {who}: får vi dela uppgifter med polisen?")
        return Text(words, who=_who(giver, answers))

    return asks


def _as_it_stands(giver: str, party: str, answers: Answers, world: World) -> Option | None:
    """The button that keeps an earlier answer; it carries the status, so that it falls when that changes meanwhile."""
    consents = _consents(answers, world)
    standing = consents.measure(giver) if party == "measure" else consents.status(giver, party)
    if standing.status in ("not_asked", "not_reached"):
        return None
    status = Text(STATUSES[standing.status])
    words = Text(_("Samma som förut: {status}"), status=status)
    if standing.until is not None and standing.status == GIVEN:
        until = Verbatim(standing.until.isoformat())
        words = Text(_("Samma som förut: {status} till och med {until}"), status=status, until=until)
    return Option(f"{UNCHANGED}_{standing.status}", words)


def _answers_about(giver: str, party: str, offered: Sequence[Option]) -> Callable[[Answers, World], Sequence[Option]]:
    def offers(answers: Answers, world: World) -> Sequence[Option]:
        before = _as_it_stands(giver, party, answers, world)
        return offered if before is None else (*offered, before)

    return offers


def _one_of(choices: Sequence[Option]) -> Pick:
    """One of a few that all go on the same way: one row in the routes."""
    return Pick(offers=lambda answers, world: choices)


def _other_parties(giver: str) -> Callable[[Answers, World], Sequence[Option]]:
    def lines(answers: Answers, world: World) -> Sequence[Option]:
        parties = [*(party for party in PARTIES if party != POLICE), *world.policy.other_parties]
        if giver == "subject" and answers.word_or_none("age_group") in ADULT_AGES:
            parties.append(PARENTS_PARTY)
        return [Option(party, party_words(party)) for party in parties]

    return lines


def _as_before(giver: str) -> Callable[[Answers, World], Mapping[str, Words]]:
    """What a party that is not asked about now stands as since before."""

    def starts(answers: Answers, world: World) -> Mapping[str, Words]:
        consents = _consents(answers, world)
        held = {party: consents.status(giver, party).status for party in consents.parties}
        return {
            party: Text(_("som förut, {status}"), status=Text(STATUSES[status]))
            for party, status in held.items()
            if status != "not_asked"
        }

    return starts


def _said(giver: str, answers: Mapping[str, Value]) -> dict[str, str]:
    """What was said now, by party; what was not asked, or is as before, is not in it."""
    said: dict[str, str] = {}
    police = answers.get(f"police_{giver}")
    if police in (*SPOKE, NOT_REACHED):
        said[POLICE] = str(police)
    lines = answers.get(f"parties_{giver}")
    if isinstance(lines, dict):
        said |= {party: answer for party, answer in lines.items() if answer != NOT_ASKED}
    return said


def _said_yes_to(giver: str) -> Callable[[Answers, World], Sequence[str]]:
    return lambda answers, world: [party for party, answer in _said(giver, answers).items() if answer == GIVEN]


def _usual_scopes(giver: str) -> Callable[[Answers, World], dict[str, str]]:
    """What is proposed: what this giver last said yes to and has not taken back, else the usual kinds, both ways."""

    def preset(answers: Answers, world: World) -> dict[str, str]:
        consents = _consents(answers, world)
        scopes = {}
        for party in _said_yes_to(giver)(answers, world):
            kinds, direction = consents.last_scope(giver, party)
            ways = {"to": ("to",), "from": ("from",)}.get(direction or "", ("to", "from"))
            scope = Scope(kinds, ways) if kinds else Scope(USUAL_KINDS_OF.get(party, USUAL_KINDS))
            scopes[party] = scope.written()
        return scopes

    return preset


def _longest(answers: Answers, world: World) -> date:
    return the_longest_a_consent_may_last(
        world.entries(answers.word("case")),
        _context(answers, world),
        answers.word_or_none("month_of_18"),
        answers.day("asked_on"),
        world.policy,
    )


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────

YES_NO = (Option("yes", _("Ja")), Option("no", _("Nej")))
YES_NO_UNKNOWN = (*YES_NO, Option(UNKNOWN, _("Vet inte")))

POLICE_ANSWERS = (
    Option(GIVEN, _("Ja")),
    Option(REFUSED, _("Nej")),
    Option(THINKING, _("Vill fundera")),
    Option(NOT_REACHED, _("Har inte fått tag i")),
    Option(NOT_ASKED, _("Inte tillfrågad än")),
)
MEASURE_ANSWERS = (
    Option(GIVEN, _("Ja")),
    Option(REFUSED, _("Nej")),
    Option(THINKING, _("Vill fundera")),
    Option(NOT_ASKED, _("Inte tillfrågad än")),
)
COPY = (
    Option("handed_over", _("Ja, lämnad på papper")),
    Option("owed", _("Ja, lämnas senare")),
    Option("kept", _("Ja, jag förvarar den")),
    Option("declined", _("Ja, men vill inte ha den")),
    Option("not_safe", _("Nej, inte tryggt")),
    Option(UNKNOWN, _("Vet inte: ingen kopia")),
)
MATURITY = Choice(choices=(Option("yes", _("Ja")), Option("no", _("Nej, eller vet inte"))))
DISPOSES = Choice(
    choices=(
        Option("together", _("Vårdnadshavare svarar också")),
        Option("alone", _("Den unge ensam")),
        Option(UNKNOWN, _("Vet inte")),
    )
)
GUARDIAN_ALLOWED = Choice(choices=YES_NO)
HARM = _one_of(YES_NO_UNKNOWN)
PARENTS = Choice(
    choices=(
        Option("none", _("Nej")),
        Option("one", _("En förälder")),
        Option("two", _("Två föräldrar")),
    )
)
STATES = (Option(NOT_ASKED, _("Inte tillfrågad")), Option(GIVEN, _("Ja")), Option(REFUSED, _("Nej")))
BESIDE = (Option(THINKING, _("Vill fundera")), Option(NOT_REACHED, _("Har inte fått tag i")))
DECIDES_WHO = ("age_group", "custody", "disposes", "guardian_allowed", "harm")


def _questions_to(giver: str) -> Iterator[Question]:
    """What one giver is asked, in the order of the talk; a parent of an adult is not asked about the measure."""
    name = Text(_LABELLED[giver])
    yield Question(
        id=f"police_{giver}",
        asks=_ask_about_the_police(giver),
        label=Text(_("Polisen, {who}"), who=name),
        kind=Pick(offers=_answers_about(giver, POLICE, POLICE_ANSWERS)),
        why=Why(
            words=_("Utan ja till polisen kan personen inte få SIG. Ett nej är inte slutet, det kan ändras."),
            rules=("CON-1", "CON-7", "CON-8") if giver != "subject" else ("CON-1",),
            law=("OSL-10-1", "OSL-12-2"),
        ),
        depends_on=("case", *DECIDES_WHO) if giver != "subject" else ("case",),
    )
    yield Question(
        id=f"parties_{giver}",
        asks=_ask(giver, _("{who}: får vi dela uppgifter med fler? Tryck för att byta svar. Sedan Klar.")),
        label=Text(_("Andra parter, {who}"), who=name),
        kind=ThreeState(lines=_other_parties(giver), states=STATES, beside=BESIDE, starts=_as_before(giver)),
        why=Why(
            words=_("Det ska synas vem som sa ja till vad. Den du inte frågar om står kvar som inte tillfrågad."),
            rules=("CON-2", "CON-13") if not giver.startswith("parent") else ("CON-8", "CON-13"),
            law=("OSL-12-2",),
        ),
        depends_on=(f"police_{giver}",),
    )
    yield Question(
        id=f"kinds_{giver}",
        asks=_ask(giver, _("{who}: vilka uppgifter får ni dela? Välj en part, eller ändra för alla.")),
        label=Text(_("Uppgifter, {who}"), who=name),
        kind=Scopes(parties=_said_yes_to(giver), starts=_usual_scopes(giver)),
        why=Why(words=_("Ett samtycke gäller vissa uppgifter till en viss part, aldrig allt."), rules=("CON-3",)),
        preset=_usual_scopes(giver),
    )
    if not giver.startswith("parent"):
        yield Question(
            id=f"measure_{giver}",
            asks=_ask(giver, _("{who}: ja till insatsen SIG? Det är en annan fråga än att dela uppgifter.")),
            label=Text(_("Insatsen, {who}"), who=name),
            kind=Pick(offers=_answers_about(giver, "measure", MEASURE_ANSWERS)),
            why=Why(
                words=_("Samtycke till insatsen är en egen fråga. Vem som måste svara beror på åldern."),
                rules=("CON-9",),
                law=("SOL-21-1", "FB-6-13A"),
            ),
            depends_on=(f"police_{giver}",),
        )
    yield Question(
        id=f"how_{giver}",
        asks=_ask(giver, _("{who}: hur fick du svaret?")),
        label=Text(_("Hur, {who}"), who=name),
        kind=_one_of(HOW.choices),
        why=Why(words=_("Det ska gå att se i efterhand hur svaret lämnades."), rules=("CON-3", "CON-4")),
        depends_on=(f"police_{giver}",),
    )
    yield Question(
        id=f"interpreter_{giver}",
        asks=_ask(giver, _("{who}: fanns det tolk?")),
        label=Text(_("Tolk, {who}"), who=name),
        kind=_one_of(YES_NO),
        why=Why(words=_("Ett samtycke gäller bara om den som svarar har förstått."), rules=("CON-4",)),
        preset=lambda answers, world: "no",
    )
    yield Question(
        id=f"explained_{giver}",
        asks=_ask(giver, _("{who}: vad har du förklarat?")),
        label=Text(_("Förklarat, {who}"), who=name),
        kind=Several(
            choices=tuple(Option(point, words) for point, words in EXPLAINED.items()),
            everything=_("Allt det här"),
        ),
        why=Why(
            words=_("Den som svarar måste veta vad svaret betyder. Säg också att lagen ibland kräver att vi delar."),
            rules=("CON-3", "CON-12"),
        ),
        depends_on=(f"police_{giver}",),
    )
    if not giver.startswith("parent"):
        yield Question(
            id=f"copy_{giver}",
            asks=_ask(giver, _("{who}: är det tryggt att ha en kopia på papper?")),
            label=Text(_("Kopia, {who}"), who=name),
            kind=_one_of(COPY),
            why=Why(
                words=_("En kopia kan hittas av andra. Skicka den aldrig i chatt, sms eller e-post."),
                rules=("CON-4", "CON-10") if giver != "subject" else ("CON-4",),
            ),
            depends_on=(f"police_{giver}",),
        )


QUESTIONS = (
    Question(
        id="case",
        asks=_("Vilket ärende gäller det?"),
        label=_("Ärende"),
        kind=CaseCode(),
        why=Why(words=_("Samtycket ska sparas i rätt ärende. Koden säger inget om personen.")),
    ),
    fact_question("group"),
    fact_question("age_group"),
    fact_question("month_of_18"),
    fact_question("custody"),
    Question(
        id="maturity",
        asks=_("Är den unges ålder och mognad bedömda?"),
        label=_("Mognad bedömd"),
        kind=MATURITY,
        why=Why(
            words=_("Mognaden avgör om den unge själv bestämmer över uppgifterna. Lagen har ingen fast ålder."),
            rules=("CON-7",),
            law=("OSL-12-3", "FB-6-11"),
        ),
        depends_on=("case", "age_group"),
    ),
    Question(
        id="disposes",
        asks=_("Vem bestämmer om uppgifterna får delas? Ansvarig socialsekreterare bedömer det."),
        label=_("Vem bestämmer"),
        kind=DISPOSES,
        why=Why(
            words=_("Bestämmer den unge ensam räcker den unges ja. Annars svarar vårdnadshavare också."),
            rules=("CON-7",),
            law=("OSL-12-3",),
        ),
        depends_on=("maturity",),
    ),
    Question(
        id="guardian_allowed",
        asks=_("Vill den unge att vårdnadshavare är med?"),
        label=_("Vårdnadshavare med"),
        kind=GUARDIAN_ALLOWED,
        why=Why(
            words=_("Bestämmer den unge ensam får vårdnadshavare vara med bara om den unge vill."), rules=("CON-7",)
        ),
        depends_on=("disposes",),
    ),
    Question(
        id="harm",
        asks=_("Kan den unge ta allvarlig skada om vårdnadshavare får veta? Ansvarig socialsekreterare bedömer det."),
        label=_("Risk för skada"),
        kind=HARM,
        why=Why(
            words=_("Då är uppgifterna hemliga även för vårdnadshavare. Vet ni inte finns ingen kopia."),
            rules=("CON-10",),
            law=("OSL-12-3",),
        ),
        depends_on=("case", "age_group"),
    ),
    *_questions_to("subject"),
    *_questions_to("guardian_1"),
    *_questions_to("guardian_2"),
    Question(
        id="parents",
        asks=_("Personen låter föräldrar vara med. Svarar någon förälder också nu?"),
        label=_("Föräldrar som svarar"),
        kind=PARENTS,
        why=Why(
            words=_("En förälder svarar bara för uppgifter om sig själv. Personens eget svar avgör."), rules=("CON-8",)
        ),
        depends_on=("parties_subject",),
    ),
    *_questions_to("parent_1"),
    *_questions_to("parent_2"),
    Question(
        id="asked_on",
        asks=_("Vilken dag fick du svaren?"),
        label=_("Dag"),
        kind=Day(
            quick=(0, 1, 2),
            earliest=lambda answers, world: world.today - timedelta(days=world.policy.oldest_consent_days),
            latest=lambda answers, world: world.today,
        ),
        why=Why(words=_("Det ska synas när någon sa ja och vem som skrev det."), rules=("CON-3",), law=("FL-27",)),
        preset=lambda answers, world: world.opened_on.isoformat(),
    ),
    Question(
        id="valid_until",
        asks=_("Till och med vilken dag gäller samtycket?"),
        label=_("Gäller till och med"),
        kind=Day(
            quick=(),
            months_ahead=(3, 6, 12),
            earliest=lambda answers, world: min(world.today, _longest(answers, world)),
            latest=_longest,
            prefer="future",
        ),
        why=Why(
            words=_("Ett samtycke ska ha ett slut. Fyller personen 18 innan dess frågar ni igen då."), rules=("CON-15",)
        ),
        preset=lambda answers, world: min(
            _longest(answers, world), months_on(answers.day("asked_on"), world.policy.consent_months)
        ).isoformat(),
        depends_on=("asked_on",),
    ),
)


# ── outcomes ─────────────────────────────────────────────────────────────────────────────────────────────────


def _says_documented(answers: Answers, world: World) -> Sequence[Words]:
    case = answers.word("case")
    consents = consents_of(world.entries(case), world)
    police = next(line for line in condition_lines(consents, world) if "CON-1" in line.rules)
    saved = (Text(_("Sparat i {case}."), case=case), police.words)
    if the_police_consent_was_withdrawn(consents):
        return (
            *saved,
            _("Det väntar på beslut av ansvarig socialsekreterare."),
            _("Fara för liv: ring 112."),
            _("Nästa steg: kan någon ha pressat personen? Gå igenom hot och säkerhet nu."),
        )
    return (*saved, next_step(consents).words)


def _leads_to(answers: Answers, world: World) -> Sequence[str]:
    """CON-6: a yes to the police that was taken back leads to the question of pressure."""
    return ("hotbild",) if the_police_consent_was_withdrawn(_consents(answers, world)) else ()


def _says_nothing_said(answers: Answers, world: World) -> Sequence[Words]:
    return (Text(_("Ingen har svarat på något nytt. Inget är sparat i {case}."), case=answers.word("case")),)


OUTCOMES = (
    Outcome(
        id="documented",
        says=_says_documented,
        foresees=foreseen,
        leads_to=_leads_to,
        rules=("CON-1", "CON-3", "CON-6", "TG-6"),
    ),
    Outcome(id="nothing_said", says=_says_nothing_said, rules=("CON-13",), saves=False),
)


# ── routes ───────────────────────────────────────────────────────────────────────────────────────────────────


def _has_spoken(giver: str, answers: Answers) -> bool:
    """Whether a giver has said anything new, about a party or about the measure."""
    said = _said(giver, answers)
    return answers.get(f"measure_{giver}") in SPOKE or any(answer in SPOKE for answer in said.values())


def _anything_new(answers: Answers) -> bool:
    return any(_said(giver, answers) or _has_spoken(giver, answers) for giver in GIVERS)


def _next_giver(giver: str, answers: Answers, world: World) -> str:
    """Who is asked next, by CON-7, CON-8 and CON-10; in the end when it was, or that nothing was said."""
    parents = {"one": 1, "two": 2}.get(answers.word_or_none("parents") or "", 0)
    asked = who_may_be_asked(_context(answers, world), parents)
    later = [other for other in asked if GIVERS.index(other) > GIVERS.index(giver)]
    if later:
        return later[0]
    home = _context(answers, world).threat_from_home
    if giver == "subject" and "parents" not in answers and _lets_parents_take_part(answers) and not home:
        return "parents"
    return "when" if _anything_new(answers) else "nothing"


def _lets_parents_take_part(answers: Answers) -> bool:
    return _said("subject", answers).get(PARENTS_PARTY) == GIVEN


def _after_police(giver: str) -> Callable[[Answers, World], str]:
    def way(answers: Answers, world: World) -> str:
        if answers.word(f"police_{giver}") in (NOT_REACHED, NOT_ASKED):
            return _next_giver(giver, answers, world)
        return "parties"

    return way


def _after_parties(giver: str) -> Callable[[Answers, World], str]:
    def way(answers: Answers, world: World) -> str:
        if _said_yes_to(giver)(answers, world):
            return "yes"
        if not giver.startswith("parent"):
            return "measure"
        return "how" if _has_spoken(giver, answers) else _next_giver(giver, answers, world)

    return way


def _after_measure(giver: str) -> Callable[[Answers, World], str]:
    return lambda answers, world: "how" if _has_spoken(giver, answers) else _next_giver(giver, answers, world)


def _after_explained(giver: str) -> Callable[[Answers, World], str]:
    def way(answers: Answers, world: World) -> str:
        if giver.startswith("guardian") and a_guardian_may_have_a_copy(_context(answers, world)):
            return "copy"
        return _next_giver(giver, answers, world)

    return way


def _after_copy(giver: str) -> Callable[[Answers, World], str]:
    return lambda answers, world: _next_giver(giver, answers, world)


def _routes_of(giver: str, following: Sequence[str], nothing: bool) -> Iterator[Route]:
    """The routes of one giver.

    :param giver: who answers.
    :param following: the answers of :func:`_next_giver` that can come after this one, besides that nothing was said.
    :param nothing: whether it can be that nothing was said when this one is passed by.
    """
    first = {"parents": "parents", "when": "asked_on", **{other: f"police_{other}" for other in GIVERS}}
    on = {way: first[way] for way in following}
    passed = {way: to for way, to in on.items() if way != "parents"} | ({"nothing": "nothing_said"} if nothing else {})
    parent, subject = giver.startswith("parent"), giver == "subject"
    rules = ("CON-7", "CON-8", "CON-10")
    yield Decide(
        f"police_{giver}", by=_after_police(giver), ways={"parties": f"parties_{giver}", **passed}, rules=rules
    )
    after_parties = {"yes": f"kinds_{giver}"} | (
        {"how": f"how_{giver}", **passed} if parent else {"measure": f"measure_{giver}"}
    )
    yield Decide(f"parties_{giver}", by=_after_parties(giver), ways=after_parties)
    yield Go(f"kinds_{giver}", f"how_{giver}" if parent else f"measure_{giver}")
    if not parent:
        unsaid = {way: to for way, to in passed.items() if not (subject and way == "when")}
        ways = {"how": f"how_{giver}", **unsaid}
        yield Decide(f"measure_{giver}", by=_after_measure(giver), ways=ways, rules=rules)
    yield Go(f"how_{giver}", f"interpreter_{giver}")
    yield Go(f"interpreter_{giver}", f"explained_{giver}")
    if subject:
        yield Go(f"explained_{giver}", f"copy_{giver}")
    else:
        ways = on if parent else {"copy": f"copy_{giver}", **on}
        yield Decide(f"explained_{giver}", by=_after_explained(giver), ways=ways, rules=("CON-10",))
    if not parent:
        yield Decide(f"copy_{giver}", by=_after_copy(giver), ways=on, rules=rules)


def _has_an_end(answers: Answers, world: World) -> str:
    return "given" if any(_said_yes_to(giver)(answers, world) for giver in GIVERS) else "none_given"


ROUTES: tuple[Route, ...] = (
    Go("case", "group"),
    Go("group", "age_group", on=("youth", "young_adult", "unknown")),
    Go("age_group", "month_of_18", on=(*MINOR_AGES, UNKNOWN)),
    Go("age_group", "police_subject", on=ADULT_AGES),
    Go("month_of_18", "custody"),
    Go("custody", "maturity", on=("one", "two", "specially_appointed", "god_man", "unknown")),
    Go("maturity", "disposes", on="yes"),
    Go("maturity", "harm", on="no"),
    Go("disposes", "harm", on=("together", "unknown")),
    Go("disposes", "guardian_allowed", on="alone"),
    Go("guardian_allowed", "harm", on="yes"),
    Go("guardian_allowed", "police_subject", on="no"),
    Go("harm", "police_subject"),
    *_routes_of("subject", ("guardian_1", "parents", "when"), nothing=True),
    *_routes_of("guardian_1", ("guardian_2", "when"), nothing=True),
    *_routes_of("guardian_2", ("when",), nothing=True),
    Go("parents", "asked_on", on="none"),
    Go("parents", "police_parent_1", on=("one", "two")),
    *_routes_of("parent_1", ("parent_2", "when"), nothing=False),
    *_routes_of("parent_2", ("when",), nothing=False),
    Decide("asked_on", by=_has_an_end, ways={"given": "valid_until", "none_given": "documented"}, rules=("CON-15",)),
    Go("valid_until", "documented"),
)


# ── record ───────────────────────────────────────────────────────────────────────────────────────────────────


def record(answers: Answers, world: World) -> Sequence[Record]:
    """What is kept: new case facts, and who answered what.

    :param answers: the answers on the way.
    :param world: what is known, to see which facts are new.
    :returns: the facts, then the asking; what nobody was asked about is in none of them (CON-13). Last a notice for
        each yes that is taken back after it was handed over to the case system.
    """
    fields = {
        "case": answers.word("case"),
        "asked_on": answers.word("asked_on"),
        "valid_until": answers.word_or_none("valid_until"),
        "age_group": answers.word("age_group"),
        "custody": answers.word_or_none("custody"),
        "maturity_assessed": answers.word_or_none("maturity"),
        "disposes": answers.word_or_none("disposes"),
        "guardian_allowed": answers.word_or_none("guardian_allowed"),
        "harm": answers.word_or_none("harm"),
        "givers": [given.payload() for giver in GIVERS if (given := _answers_of(giver, answers)) is not None],
    }
    asked = ConsentAsked.from_payload({name: value for name, value in fields.items() if value is not None})
    return (
        *facts_said(answers, world),
        asked,
        *notices_of_what_is_taken_back(world.entries(asked.case), asked, world.today),
    )


def _answers_of(giver: str, answers: Answers) -> GiverAnswers | None:
    said = _said(giver, answers)
    if not said and not _has_spoken(giver, answers):
        return None
    kinds = answers.get(f"kinds_{giver}")
    scopes = {party: Scope.read(held) for party, held in kinds.items()} if isinstance(kinds, dict) else {}
    lines = []
    for party, answer in said.items():
        line: dict[str, Any] = {"party": party, "answer": answer}
        if answer == GIVEN:
            line |= {"kinds": list(scopes[party].kinds), "direction": scopes[party].direction}
        lines.append(PartyAnswer.from_payload(line).payload())
    measure = answers.word_or_none(f"measure_{giver}")
    fields: dict[str, Any] = {
        "giver": giver,
        "lines": lines or None,
        "measure": measure if measure in SPOKE else None,
        "how": answers.word_or_none(f"how_{giver}"),
        "interpreter": answers.word_or_none(f"interpreter_{giver}"),
        "explained": answers.get(f"explained_{giver}") or None,
        "copy": answers.word_or_none(f"copy_{giver}"),
    }
    return GiverAnswers.from_payload({name: value for name, value in fields.items() if value is not None})


def copies(entry: Entry, entries: Sequence[Entry], today: date) -> Sequence[Copy]:
    """The copies there may be of an asking, one for each giver whose copy may exist today (CON-4, CON-10).

    :param entry: the record of the asking.
    :param entries: its case's records, oldest first.
    :param today: the day.
    :returns: copies; none of any other record.
    """
    record = entry.record
    if not isinstance(record, ConsentAsked):
        return ()
    return [
        Copy(
            id=giver,
            title=Text(_("Kopia till {who}"), who=Inside(giver_words(giver, record.age_group))),
            lines=copy_for(record, giver),
            above=ON_PAPER_ONLY,
        )
        for giver in who_may_have_a_copy(entry, Consents(entries, today))
    ]


DIALOG = Dialog(
    id="samtycke",
    command="samtycke",
    version=1,
    title=_("Samtycke"),
    about=_("Skriv vem som samtycker till vad"),
    noun=_("ett påbörjat samtycke"),
    questions=QUESTIONS,
    outcomes=OUTCOMES,
    routes=ROUTES,
    record=record,
    kinds=(ConsentAsked,),
    note=note_of_asking,
    copies=copies,
)
