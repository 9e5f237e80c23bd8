"""/delning: may this be shared with them? The consent that covers it, or the other doors that the law may open.

The coordinator asks before telling somebody something. What consent covers is computed from the records; where it does
not, the bases that may apply are offered towards the receivers they open to, and their conditions are asked one by one
(CON-12, CON-13; offentlighets- och sekretesslagen 10, 12 and 26 kap., lag (2025:170), socialtjänstlagen 19, 20 kap.).
Lots never says no and never decides: it says what may apply, and who to ask. What was shared can be recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dialogs.answers import UNKNOWN, Answers, CaseCode, Choice, Day, Option, Pick
from dialogs.case_facts import CUSTODY, fact_question, facts_said
from dialogs.consent_words import INFO_KINDS, PARTIES, Listed, giver_words, kind_words, party_words
from dialogs.law import fact, is_read_too_long_ago
from dialogs.law_words import law_words
from dialogs.model import Decide, Dialog, Go, Outcome, Question, Route, Why, World
from dialogs.records import ConsentAsked, DisclosureMade, Entry, Record
from dialogs.rules.cases import ADULT_AGES, MINOR_AGES
from dialogs.rules.consents import (
    PARENTS_PARTY,
    Consents,
    Cover,
    Standing,
    a_threat_may_come_from_home,
    the_consent_that_covers,
)
from dialogs.rules.disclosure import (
    AUTHORITY,
    BASES,
    CONSENT,
    CONTACT,
    FOR_A_LAWYER,
    FURTHER_RECEIVERS,
    Basis,
    Condition,
    a_lawyer_should_be_asked_about,
    basis_of,
    the_bases_offered,
    the_basis_may_apply,
    the_conditions_to_ask,
    the_texts,
)
from dialogs.samtal import NOT_THE_JOURNAL
from dialogs.texts import Text, Verbatim, Words, as_text
from dialogs.texts import mark as _

DANGER = _("Fara för liv: ring 112.")
YOU_DECIDE = _("Du eller ansvarig socialsekreterare avgör.")
NO_KNOWN_BASIS = _("Ingen grund som boten känner: fråga arbetsledaren eller stadens jurist.")

RECEIVERS = {
    "security_police": _("Säkerhetspolisen"),
    "customs": _("Tullverket"),
    "prosecutor": _("Åklagarmyndigheten"),
    "economic_crime": _("Ekobrottsmyndigheten"),
    "tax_agency": _("Skatteverket"),
    "coast_guard": _("Kustbevakningen"),
    "social_committee": _("Socialnämnden, med en orosanmälan"),
    "someone_else": _("Någon annan"),
}
"""Receivers that no consent is asked about, in the order of :data:`FURTHER_RECEIVERS`."""

MORE = Option("more", _("Fler mottagare"))
NONE_OF_THEM = Option("none", _("Ingen av dem passar"))

MADE = Choice(
    choices=(
        Option("made", _("Ja, spara det")),
        Option("not_made", _("Avsluta utan att spara")),
    )
)
_ANSWERS = (Option("yes", _("Ja")), Option("no", _("Nej")), Option(UNKNOWN, _("Vet inte")))

CONDITION_QUESTIONS = ("first_condition", "second_condition", "third_condition", "fourth_condition")
"""As many as any basis has; what each asks follows from the basis."""


def receiver_words(party: str) -> Text:
    """A receiver's name.

    :param party: a stored party, a further receiver, or a configured name.
    :returns: the words.
    """
    return Text(RECEIVERS[party]) if party in RECEIVERS else party_words(party)


def info_words(info: str) -> Text:
    """A kind of information, contact data included.

    :param info: a stored kind.
    :returns: the words.
    """
    return Text(_("Kontaktuppgifter")) if info == CONTACT else kind_words(info)


def _lines(*lines: Words) -> Text:
    """Several lines of one screen."""
    parts = {f"line{place}": as_text(line) for place, line in enumerate(lines)}
    return Text("\n".join(f"{{{name}}}" for name in parts), **parts)


# ── what is known ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Said:
    """A case fact that was just said and is not kept yet: who must consent follows from it already."""

    record: Record
    author: str
    said_on: date
    recorded_at: str
    id: str = ""


def _consents(answers: Answers, world: World) -> Consents:
    said = [_Said(kept, world.person, world.today, world.now.isoformat()) for kept in facts_said(answers, world)]
    entries: list[Entry] = [*world.entries(answers.word("case")), *said]
    return Consents(entries, world.today)


def _party(answers: Answers) -> str:
    return answers.word_or_none("more_party") or answers.word("party")


def _cover(answers: Answers, world: World) -> Cover:
    return the_consent_that_covers(_consents(answers, world), _party(answers), answers.word("info_kind"))


def _age(answers: Answers, world: World) -> str:
    return _consents(answers, world).context.age_group


def _offered(answers: Answers, world: World) -> Sequence[Basis]:
    return the_bases_offered(_party(answers), _age(answers, world), answers.word("info_kind"), world.today)


def _conditions(answers: Answers, world: World) -> Sequence[Condition]:
    return the_conditions_to_ask(basis_of(answers.word("basis")), _party(answers), _age(answers, world))


def _said_of(answers: Answers, world: World) -> dict[str, str]:
    """What was answered about each condition that was asked."""
    asked = zip(CONDITION_QUESTIONS, _conditions(answers, world), strict=False)
    return {condition.id: answers.word(question) for question, condition in asked if question in answers}


def _may_apply(answers: Answers, world: World) -> bool:
    return the_basis_may_apply(_conditions(answers, world), _said_of(answers, world)) == "may_apply"


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────


_STANDING = {
    "given": _("{giver}: ja. Svaret är från den {day}."),
    "refused": _("{giver}: vill inte dela det här. Svaret är från den {day}."),
    "thinking": _("{giver}: vill fundera. Svaret är från den {day}."),
    "not_reached": _("{giver}: ni har inte fått kontakt."),
    "not_asked": _("{giver}: inte tillfrågad."),
    "withdrawn": _("{giver}: tog tillbaka sitt ja den {day}."),
    "mistaken": _("{giver}: svaret var felaktigt sparat."),
}


def standing_words(giver: Text, standing: Standing) -> Text:
    """CON-13: one giver's status towards the receiver, for this kind of information.

    :param giver: who answers.
    :param standing: how it stands.
    :returns: one line, with the day of the answer it follows from.
    """
    day = standing.entry.record.happened_on if standing.entry is not None else None
    if standing.until is not None and standing.status == "given":
        words = _("{giver}: ja, till och med den {until}. Svaret är från den {day}.")
        return Text(words, giver=giver, until=standing.until, day=day)
    if standing.status == "expired":
        words = _("{giver}: sa ja den {day}, men bara till och med den {until}.")
        return Text(words, giver=giver, until=standing.until, day=day)
    return Text(_STANDING[standing.status], giver=giver, day=day)


def _giver_line(giver: str, standing: Standing, answers: Answers, world: World) -> Text:
    """What one giver's consent says of this; one that is live for something else says for what."""
    consents = _consents(answers, world)
    words = giver_words(giver, consents.context.age_group)
    party, info = _party(answers), answers.word("info_kind")
    if standing.status == "not_asked" and consents.status(giver, party).status == "given":
        if consents.status(giver, party, info).status == "given":
            return Text(_("{giver}: ja till att ni hämtar uppgifter, men inte till att ni lämnar dem."), giver=words)
        kinds = Listed(kind_words(kind) for kind in consents.kinds(giver, party))
        return Text(_("{giver}: ja, men till andra uppgifter: {kinds}."), giver=words, kinds=kinds)
    return standing_words(words, standing)


def _consent_lines(answers: Answers, world: World) -> list[Words]:
    cover = _cover(answers, world)
    return [_giver_line(giver, standing, answers, world) for giver, standing in cover.by_giver.items()]


def _what_and_whom(answers: Answers) -> dict[str, Text]:
    return {"info": info_words(answers.word("info_kind")), "party": receiver_words(_party(answers))}


def _asks(question: str) -> Callable[[Answers, World], Words]:
    """A question under the line about danger."""
    return lambda answers, world: _lines(DANGER, question)


_asks_party = _asks(_("Vem ska få uppgiften?"))


def _asks_if_covered(answers: Answers, world: World) -> Words:
    return _lines(
        Text(_("Samtycket täcker det här. Uppgifter: {info}. Mottagare: {party}."), **_what_and_whom(answers)),
        *_consent_lines(answers, world),
        *_nobody_at_home(answers, world),
        YOU_DECIDE,
        DANGER,
        _("Har du delat, och vill spara det?"),
    )


def _nobody_at_home(answers: Answers, world: World) -> Sequence[Words]:
    """THR-13: that a consent covers it is no reason to turn to those whom a threat may come from."""
    entries = world.entries(answers.word("case"))
    if _party(answers) != PARENTS_PARTY or not a_threat_may_come_from_home(entries):
        return ()
    return (_("Kontakta ingen hemma om detta. Ansvarig socialsekreterare avgör hur ni gör."),)


def _readings(bases: Sequence[Basis], world: World) -> Words:
    """When the texts of several bases were read: the oldest reading counts."""
    oldest = min((text for basis in bases for text in the_texts(basis, world.today)), key=lambda text: text.read_on)
    old = is_read_too_long_ago(oldest, world.today, world.policy.law_read_days)
    words = _("Vi kontrollerade lagtexterna den {day}. Kontrollera dem igen.")
    return Text(words if old else _("Vi kontrollerade lagtexterna den {day}."), day=oldest.read_on)


def _for_a_lawyer(answers: Answers) -> Words:
    """What is named and no more: the text on committed crimes was only read in part."""
    if not a_lawyer_should_be_asked_about(_party(answers)):
        return _("Fråga jurist om nöd kan vara en grund.")
    words = _(
        "Fråga jurist om nöd, och om brott som redan är begångna: 10 kap. 21–23 §§ {law}. "
        "Den texten har vi bara läst delvis."
    )
    return Text(words, law=Verbatim("offentlighets- och sekretesslagen"))


def _asks_basis(answers: Answers, world: World) -> Words:
    return _lines(
        Text(_("Inget samtycke täcker det här. Uppgifter: {info}. Mottagare: {party}."), **_what_and_whom(answers)),
        *_consent_lines(answers, world),
        _for_a_lawyer(answers),
        _readings(_offered(answers, world), world),
        DANGER,
        _("Samtycke är inte enda vägen. Vilken grund vill du pröva?"),
    )


def _about_basis(answers: Answers, world: World) -> list[Words]:
    basis = basis_of(answers.word("basis"))
    return [Text(_("Grund: {basis}."), basis=Text(basis.name)), *(law_words(law, world) for law in basis.laws)]


def _asks_condition(place: int) -> Callable[[Answers, World], Words]:
    def asks(answers: Answers, world: World) -> Words:
        condition = _conditions(answers, world)[place]
        return _lines(*_about_basis(answers, world), DANGER, condition.asks)

    return asks


def _result_lines(answers: Answers, world: World) -> list[Words]:
    if _may_apply(answers, world):
        reminder = basis_of(answers.word("basis")).reminder
        told: list[Words] = [] if reminder is None else [reminder]
        return [_("Grunden kan gälla. Du har svarat ja på alla villkor."), *told, YOU_DECIDE]
    return [
        _("Det är inte klart att grunden gäller. Fråga arbetsledaren eller stadens jurist."),
        _for_a_lawyer(answers),
        YOU_DECIDE,
    ]


def _asks_if_shared(answers: Answers, world: World) -> Words:
    another: list[Words] = [] if _may_apply(answers, world) else [_("Vill du pröva en annan grund: tryck på Ändra.")]
    return _lines(
        *_about_basis(answers, world),
        *_result_lines(answers, world),
        *another,
        DANGER,
        _("Har du delat, och vill spara det?"),
    )


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────


def _kinds(answers: Answers, world: World) -> Sequence[Option]:
    return tuple(Option(info, info_words(info)) for info in (*INFO_KINDS, CONTACT))


def _parties(answers: Answers, world: World) -> Sequence[Option]:
    """Parents are a party of adults alone (CON-8): the guardians of a minor are no receivers but answer beside them."""
    known = [party for party in PARTIES if party != PARENTS_PARTY or _age(answers, world) not in MINOR_AGES]
    return (*(Option(party, receiver_words(party)) for party in (*known, *world.policy.other_parties)), MORE)


def _more_parties(answers: Answers, world: World) -> Sequence[Option]:
    return tuple(Option(party, receiver_words(party)) for party in FURTHER_RECEIVERS)


def _bases(answers: Answers, world: World) -> Sequence[Option]:
    return (*(Option(basis.id, basis.name) for basis in _offered(answers, world)), NONE_OF_THEM)


def _first_day(answers: Answers, world: World) -> date:
    """Not before what it rests on: the answer of the last who consented, or the day the law began to apply."""
    earliest = world.today - timedelta(days=world.policy.oldest_talk_days)
    if "basis" in answers:
        rests_on = [text.applies_from for text in the_texts(basis_of(answers.word("basis")), world.today)]
    else:
        rests_on = [asked_on for asked_on, _id in _answers_given(answers, world)]
    return max(earliest, *rests_on)


def _answers_given(answers: Answers, world: World) -> list[tuple[date, str]]:
    """The answers that cover it: the day of each and the id of its record."""
    entries = [standing.entry for standing in _cover(answers, world).by_giver.values()]
    return [(e.record.asked_on, e.id) for e in entries if e is not None and isinstance(e.record, ConsentAsked)]


_CONDITION_LABELS = (_("Första villkoret"), _("Andra villkoret"), _("Tredje villkoret"), _("Fjärde villkoret"))

_WHY_CONDITION = Why(
    words=_("En grund gäller bara om alla villkor stämmer. Vet inte är också ett svar: då är det inte klart."),
    rules=("CON-12",),
)

QUESTIONS = (
    Question(
        id="case",
        asks=_("Vilket ärende gäller det?"),
        label=_("Ärende"),
        kind=CaseCode(may_be_new=False),
        why=Why(words=_("Svaret beror på vem som har sagt ja i ärendet, och på personens ålder."), rules=("CON-13",)),
    ),
    fact_question("age_group"),
    fact_question("custody"),
    Question(
        id="info_kind",
        asks=_asks(_("Vad vill du dela?")),
        label=_("Uppgifter"),
        kind=Pick(offers=_kinds),
        why=Why(
            words=_("Ett samtycke gäller bara de uppgifter som personen har sagt ja till."),
            rules=("CON-3", "CON-13"),
            law=("OSL-10-1", "OSL-12-2", "OSL-26-1"),
        ),
        depends_on=("case",),
    ),
    Question(
        id="party",
        asks=_asks_party,
        label=_("Mottagare"),
        kind=Pick(offers=_parties),
        why=Why(
            words=_("Varje samtycke och varje lag har sina mottagare."),
            rules=("CON-3", "CON-7", "CON-8"),
            law=("OSL-12-3", "FB-6-11", "FB-6-13"),
        ),
        depends_on=("case", "age_group"),
    ),
    Question(
        id="more_party",
        asks=_asks_party,
        label=_("Annan mottagare"),
        kind=Pick(offers=_more_parties),
        why=Why(words=_("Varje lag har sina mottagare. De här ingår inte i ett samtycke i Lots."), rules=("CON-12",)),
        depends_on=("party",),
    ),
    Question(
        id="covered",
        asks=_asks_if_covered,
        label=_("Delat"),
        kind=MADE,
        why=Why(
            words=_("Sparar du syns det vad som delades, med vem och varför. Det går också att avsluta här."),
            rules=("CON-3",),
        ),
        depends_on=("case", "age_group", "custody", "info_kind", "party", "more_party"),
    ),
    Question(
        id="basis",
        asks=_asks_basis,
        label=_("Grund"),
        kind=Pick(offers=_bases),
        why=Why(
            words=_("Varje grund öppnar bara för vissa mottagare. Du ser dem som kan gälla för den du valde."),
            rules=("CON-12",),
            law=(*dict.fromkeys(law for basis in BASES for law in basis.laws), *FOR_A_LAWYER),
        ),
        depends_on=("case", "age_group", "custody", "info_kind", "party", "more_party"),
    ),
    *(
        Question(
            id=question,
            asks=_asks_condition(place),
            label=_CONDITION_LABELS[place],
            kind=Pick(offers=lambda answers, world: _ANSWERS),
            why=_WHY_CONDITION,
            depends_on=("basis",),
        )
        for place, question in enumerate(CONDITION_QUESTIONS)
    ),
    Question(
        id="shared",
        asks=_asks_if_shared,
        label=_("Delat"),
        kind=MADE,
        why=Why(
            words=_("Sparar du syns det vad som delades, med vem och varför. Det går också att avsluta här."),
            rules=("CON-12",),
        ),
        depends_on=CONDITION_QUESTIONS,
        offers=("basis",),
    ),
    Question(
        id="disclosed_on",
        asks=_asks(_("Vilken dag delade du uppgiften?")),
        label=_("Dag"),
        kind=Day(quick=(0, 1, 2), earliest=_first_day, latest=lambda answers, world: world.today),
        why=Why(words=_("Det ska synas när något hände och vem som har skrivit det."), law=("FL-27",)),
        depends_on=("covered", "shared"),
    ),
)


# ── outcomes ─────────────────────────────────────────────────────────────────────────────────────────────────


def _is_clear(answers: Answers, world: World) -> bool:
    return "basis" not in answers or _may_apply(answers, world)


def _says_recorded(answers: Answers, world: World) -> Sequence[Words]:
    unclear: list[Words] = [_("Grunden är inte klar. Fråga arbetsledaren eller stadens jurist om det du har delat.")]
    return (
        Text(_("Sparat i {case}: vad du delade, med vem och på vilken grund."), case=answers.word("case")),
        *([] if _is_clear(answers, world) else unclear),
        DANGER,
    )


def _says_nothing_recorded(answers: Answers, world: World) -> Sequence[Words]:
    unclear: list[Words] = [_("Fråga arbetsledaren eller stadens jurist om det är oklart.")]
    return (_("Inget är sparat."), YOU_DECIDE, *([] if _is_clear(answers, world) else unclear), DANGER)


def _says_no_basis(answers: Answers, world: World) -> Sequence[Words]:
    return (NO_KNOWN_BASIS, _for_a_lawyer(answers), YOU_DECIDE, _("Inget är sparat."), DANGER)


OUTCOMES = (
    Outcome(id="disclosure_recorded", says=_says_recorded, rules=("CON-12", "CON-13")),
    Outcome(id="not_recorded", says=_says_nothing_recorded, saves=False, rules=("CON-12",)),
    Outcome(id="no_known_basis", says=_says_no_basis, saves=False, rules=("CON-12",)),
)


# ── routes ───────────────────────────────────────────────────────────────────────────────────────────────────


def _after_the_party(answers: Answers, world: World) -> str:
    if answers.word("party") == MORE.value:
        return "more"
    return "covered" if _cover(answers, world).covered else "not_covered"


def _after_the_basis(answers: Answers, world: World) -> str:
    return "none" if answers.word("basis") == NONE_OF_THEM.value else "conditions"


def _after_condition(place: int) -> Callable[[Answers, World], str]:
    """A condition that is not met makes the rest idle; what nobody knows leaves them to be seen."""

    def after(answers: Answers, world: World) -> str:
        last = place + 1 == len(_conditions(answers, world))
        return "result" if last or answers.word(CONDITION_QUESTIONS[place]) == "no" else "next"

    return after


ROUTES: tuple[Route, ...] = (
    Go("case", "age_group"),
    Go("age_group", "custody", on=MINOR_AGES),
    Go("age_group", "info_kind", on=(*ADULT_AGES, UNKNOWN)),
    Go("custody", "info_kind", on=CUSTODY.categories),
    Go("info_kind", "party"),
    Decide(
        "party",
        by=_after_the_party,
        ways={"more": "more_party", "covered": "covered", "not_covered": "basis"},
        rules=("CON-13",),
    ),
    Go("more_party", "basis"),
    Go("covered", "disclosed_on", on="made"),
    Go("covered", "not_recorded", on="not_made"),
    Decide("basis", by=_after_the_basis, ways={"conditions": "first_condition", "none": "no_known_basis"}),
    *(
        Decide(
            question,
            by=_after_condition(place),
            ways={"next": CONDITION_QUESTIONS[place + 1], "result": "shared"},
            rules=("CON-12",),
        )
        for place, question in enumerate(CONDITION_QUESTIONS[:-1])
    ),
    Go(CONDITION_QUESTIONS[-1], "shared"),
    Go("shared", "disclosed_on", on="made"),
    Go("shared", "not_recorded", on="not_made"),
    Go("disclosed_on", "disclosure_recorded"),
)


# ── record and note ──────────────────────────────────────────────────────────────────────────────────────────


def record(answers: Answers, world: World) -> Sequence[Record]:
    """What is kept of a disclosure.

    :param answers: the answers on the way to the outcome that saves.
    :param world: what is known, to name the consent or the law it rests on.
    :returns: new case facts and the disclosure.
    """
    payload: dict[str, object] = {
        "case": answers.word("case"),
        "disclosed_on": answers.word("disclosed_on"),
        "party": _party(answers),
        "info": answers.word("info_kind"),
    }
    if "basis" in answers:
        texts = the_texts(basis_of(answers.word("basis")), world.today)
        said = _said_of(answers, world)
        payload["basis"] = answers.word("basis")
        payload["text_read_on"] = min(text.read_on for text in texts).isoformat()
        payload["conditions"] = [{"condition": condition, "answer": answer} for condition, answer in said.items()]
    else:
        asked_on, latest = max(_answers_given(answers, world))
        payload |= {"basis": CONSENT, "consent": latest, "consented_on": asked_on.isoformat()}
    return (*facts_said(answers, world), DisclosureMade.from_payload(payload))


_ANSWERED = {"yes": _("ja"), "no": _("nej"), "unknown": _("vet inte")}


def note(kept: DisclosureMade) -> Sequence[Words]:
    """The journal note, from the record alone.

    :param kept: the record.
    :returns: lines in the order they are read.
    """
    lines: list[Words] = [
        Text(_("Uppgifter delade, ärende {case}."), case=kept.case),
        Text(_("Uppgifterna lämnades den {day}."), day=kept.disclosed_on),
        Text(_("Mottagare: {party}."), party=receiver_words(kept.party)),
        Text(_("Uppgifter: {info}."), info=info_words(kept.info)),
    ]
    if kept.basis == CONSENT:
        lines.append(Text(_("Grund: samtycke från den {day}."), day=kept.consented_on))
    else:
        basis = basis_of(kept.basis)
        lines.append(Text(_("Grund: {basis}."), basis=Text(basis.name)))
        for law in basis.laws:
            cites = fact(law, kept.disclosed_on).cites
            lines.append(Text(_("Lag: {law}. Lagtexten kontrollerades den {day}."), law=cites, day=kept.text_read_on))
        asks = {condition.id: condition.asks for condition in (AUTHORITY, *basis.conditions)}
        lines += (
            Text(_("{asks} Svar: {answer}."), asks=Text(asks[said.condition]), answer=Text(_ANSWERED[said.answer]))
            for said in kept.conditions
        )
    lines.append(NOT_THE_JOURNAL)
    return lines


DIALOG = Dialog(
    id="delning",
    command="delning",
    version=1,
    title=_("Får jag dela?"),
    about=_("Se om du kan dela uppgifter, och på vilken grund"),
    noun=_("en påbörjad fråga om att dela"),
    questions=QUESTIONS,
    outcomes=OUTCOMES,
    routes=ROUTES,
    record=record,
    kinds=(DisclosureMade,),
    note=note,
)
