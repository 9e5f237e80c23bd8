"""The words of threat: answers, receivers, times, and the card; the same in the dialog, on the case page and in notes.

The words are those of somebody who asks what the police have said (THR-1). Where the threat may come from home nothing
in here tells anybody to contact a guardian or anyone who lives there (THR-13).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

from dialogs import dates
from dialogs.answers import Answers, Choice, Option
from dialogs.case_facts import VET_INTE, fact_question
from dialogs.consent_words import Listed, party_words
from dialogs.contacts import EMERGENCY, POLICE, Contact, Way, is_just_before, the_way_to_protect_a_child, the_ways_to
from dialogs.model import Line, World
from dialogs.records import Entry, ThreatInputs, ThreatTriaged
from dialogs.rules.consents import a_threat_may_come_from_home
from dialogs.rules.referrals import (
    Prerequisite,
    Step,
    the_latest_triage,
    what_an_exit_referral_rests_on,
    what_is_next,
    who_has_been_told_and_who_is_left,
)
from dialogs.rules.threats import HOW_FAST, NOT_CONTACTED, TABLE, WHO, Act, Change, Triage
from dialogs.texts import Text, Verbatim, Words, as_text, say
from dialogs.texts import mark as _

CALL_112 = _("Fara för liv: ring 112.")
"""The first line of every question: 112 is never further away than that."""

YES_NO = Choice(choices=(Option("yes", _("Ja")), Option("no", _("Nej")), VET_INTE))
CONCERNS = Choice(
    choices=(
        Option("subject", _("Personen i ärendet")),
        Option("family", _("Någon i familjen")),
        Option("both", _("Personen och familjen")),
        Option("staff", _("Mig eller en kollega")),
        VET_INTE,
    )
)
EXIT = (
    Option("not_asked", _("Inte frågat än")),
    Option("waiting", _("Väntar på svar")),
    Option("no_protection", _("Skydd behövs inte nu")),
    Option("protection", _("Skydd behövs")),
    VET_INTE,
)
CANNOT_STAY = Option("cannot_stay", _("Kan inte bo kvar, säger de och staden"))
BOPS = Choice(
    choices=(
        Option("not_asked", _("Inte frågat än")),
        Option("waiting", _("Väntar på svar")),
        Option("high", _("Hotet är högt")),
        Option("not_high", _("Hotet är inte högt")),
        VET_INTE,
    )
)
CONSENT = {
    "covered": _("Ja, om hot och säkerhet"),
    "not_covered": _("Nej, eller inte frågat"),
}
WHY_RAISED = Choice(
    choices=(
        Option("worse_than_it_seems", _("Läget är värre än svaren visar")),
        Option("violence_before", _("Det har varit våld förut")),
        Option("afraid", _("Personen är rädd")),
        Option("weapons", _("Det kan finnas vapen")),
        Option("heard_more", _("Jag har fått veta mer")),
        Option("other", _("Annat: skrivs i verksamhetssystemet")),
    )
)

LABELS: Mapping[str, str] = {
    "danger": _("Fara nu"),
    "concerns": _("Vem hotet gäller"),
    "age": _("Ålder"),
    "home": _("Hot hemifrån"),
    "children": _("Barn i familjen"),
    "told": _("Polisen vet"),
    "consent": _("Samtycke till polisen"),
    "exit": _("Lokal avhopparsamordnare"),
    "bops": _("BOPS"),
    "move": _("Måste lämna Stockholm"),
}
"""Every input, in two or three words."""

AGES: Mapping[str, str] = {
    "minor": _("Under 18 år"),
    "below_limit": _("18 år eller mer, men under stadens gräns"),
    "old_enough": _("Har nått stadens åldersgräns"),
    "unknown": _("Vet inte"),
}

RECEIVERS: Mapping[str, str] = {
    "case_officer": _("ansvarig socialsekreterare"),
    "exit_coordinator": _("polisens lokala avhopparsamordnare"),
    "bops": _("BOPS hos polisen"),
    "central_unit": _("socialförvaltningens avhopparverksamhet"),
}
FUNCTIONS: Mapping[str, str] = {
    **RECEIVERS,
    "emergency": _("larmcentralen"),
    "police": _("polisen"),
    "manager": _("din chef"),
    "city_exit_coordinator": _("stadens avhopparsamordnare"),
    "out_of_hours": _("socialjouren"),
    "victim_support": _("Stödcentrum"),
    "relatives_support": _("stödet till närstående"),
}
HOW_FAST_WORDS: Mapping[str, str] = {
    "plan": _("inom fem arbetsdagar"),
    "next_working_day": _("nästa arbetsdag"),
    "today": _("idag"),
    "now": _("genast"),
    "112": _("ring 112 nu"),
}

ACT_WORDS: Mapping[str, str] = {
    "call_112": _("Ring 112 nu, om ingen redan har ringt."),
    "protect_child": _("Ett barn kan fara illa. Det ska prövas genast om barnet behöver skydd."),
    "tell_police": _("Berätta för polisen om hotet. Samtycket räcker för det."),
    "check_secrecy": _("Polisen ska få veta. Kontrollera först vilken regel som låter dig berätta."),
    "check_what_to_tell": _("Kontrollera först vad du får berätta, och för vem."),
    "assess_placement": _("Be ansvarig socialsekreterare bedöma om någon behöver bo på annan plats."),
    "tell_manager": _("Berätta för din chef."),
    "meet_safely": _("Bestäm en trygg plats att mötas på. Den väljs av er som är med."),
    "can_sig_go_on": _("Ta upp om SIG kan fortsätta, och vilket stöd som behövs mer."),
    "ask_the_city": _("Rådgör med stadens avhopparsamordnare. Säg inte vem det gäller."),
    "offer_treatment": _("Erbjud en egen behandlingskontakt efter första besöket."),
    "victim_support": _("Berätta om Stödcentrum för unga som utsatts för brott."),
    "relatives_support": _("Berätta om stödet till närstående."),
    "nobody_at_home": _("Kontakta ingen hemma, och lämna inget skriftligt dit."),
    "no_visit": _("Åk inte till avhopparverksamheten utan tid. Adressen finns inte här."),
}


STAFF_WORDS: Mapping[str, str] = {
    "own_safety": _("Din egen trygghet går först. Gå inte dit ensam."),
    "manager": _("Berätta för din chef genast."),
    "police": _("Ta upp med chefen om polisen ska få veta. Polisen nås på 114 14."),
    "routine": _("Följ arbetsplatsens rutin för hot och våld."),
    "ends": _("Ansvarig socialsekreterare beslutar om att avsluta SIG."),
    "three_decide": _("Du, chefen och ansvarig socialsekreterare avgör om SIG kan fortsätta."),
}


class Joined(Text):
    """Several words, one on each line.

    :param parts: the words.
    """

    __slots__ = ()

    def __init__(self, parts: Iterable[Words]) -> None:
        listed = tuple(part if isinstance(part, Verbatim) else as_text(part) for part in parts)
        names = {f"part{place}": part for place, part in enumerate(listed)}
        super().__init__("\n".join(f"{{{name}}}" for name in names), **names)


class When(Text):
    """A time as it is said now: ``idag, 27 november 2026 kl. 16.30``.

    :param at: the time.
    :param now: the time it is.
    """

    __slots__ = ()

    def __init__(self, at: datetime, now: datetime) -> None:
        super().__init__("", at=at.astimezone(now.tzinfo), now=now)

    def render(self, language: str) -> str:
        """The time in one language.

        :param language: ``sv`` or ``en``.
        :returns: the day, and the time of day where it is not midnight.
        """
        at, now = self.parts["at"], self.parts["now"]
        if not isinstance(at, datetime) or not isinstance(now, datetime):
            raise TypeError("a When is made of two times")
        day = dates.day_phrase(at.date(), now.date(), language)
        return f"{day} {dates.clock_time(at, language)}"


def with_112(question: Words) -> Text:
    """A question with 112 above it.

    :param question: the question.
    :returns: two lines.
    """
    return Joined((CALL_112, question))


def asked(question: Words) -> Callable[[Answers, World], Words]:
    """A question as a dialog asks it, with 112 above it.

    :param question: the question.
    :returns: what gives its words.
    """
    return lambda answers, world: with_112(question)


def receiver_words(receiver: str) -> Text:
    """Who a receiver is.

    :param receiver: one of the four.
    :returns: the words, as they stand within a sentence.
    """
    return Text(RECEIVERS[receiver])


def urgency_words(urgency: str) -> Text:
    """How fast.

    :param urgency: one of the five.
    :returns: the words, as they stand within a sentence.
    """
    return Text(HOW_FAST_WORDS[urgency])


def urgency_then(urgency: str) -> Text:
    """How fast, as it is said on a later day: "samma dag"; after 112, whom to contact at once.

    :param urgency: one of the five.
    :returns: the words, as they stand within a sentence.
    """
    return Text(_("samma dag")) if urgency == "today" else _sooner(urgency)


def answer_words(name: str, value: str) -> Text:
    """What was answered, as it was on the button.

    :param name: one of the inputs.
    :param value: its value.
    :returns: the words.
    """
    if name == "age":
        return Text(AGES[value])
    if name == "consent":
        return Text(CONSENT[value])
    if name == "exit":
        return next(as_text(option.label) for option in (*EXIT, CANNOT_STAY) if option.value == value)
    kinds = {"concerns": CONCERNS, "bops": BOPS}
    return kinds.get(name, YES_NO).label_of(value)


def said_words(name: str, value: str) -> Text:
    """An answer with what it is about.

    :param name: one of the inputs.
    :param value: its value.
    :returns: "Fara nu: Nej".
    """
    return Text(_("{label}: {value}"), label=Text(LABELS[name]), value=answer_words(name, value))


# ── the card ─────────────────────────────────────────────────────────────────────────────────────────────────


def head(found: Triage, district: str, police_area: str | None, world: World) -> list[Line]:
    """Who and how fast, with the way that is open now and the due times.

    :param found: what the table says, raised or not.
    :param district: the coordinator's district.
    :param police_area: the person's; ``None`` where it is not known.
    :param world: the clock, and the list of contacts.
    :returns: lines in the order they are read.
    """
    contacts = world.policy.contacts
    lines = [Line(CALL_112_NOW if found.urgency == "112" else CALL_112, ("THR-0",))]
    receiver = receiver_words(found.receiver)
    said = Text(_("Kontakta {receiver}, {urgency}."), receiver=receiver, urgency=urgency_words(found.urgency))
    if found.urgency == "112":
        said = Text(_("Kontakta sedan {receiver}, genast."), receiver=receiver)
    lines.append(Line(said, found.why))
    ways = the_ways_to(
        found.receiver,
        found.urgency,
        contacts=contacts,
        district=district,
        police_area=police_area,
        now=world.now,
    )
    if ways.meanwhile is not None:
        lines.append(Line(_meanwhile(ways.meanwhile, found.inputs.danger, world.now)))
    lines += [Line(words) for words in _ordinary(ways.ordinary, police_area, world.now)]
    if ways.meanwhile is None and ways.ordinary.opens is not None:
        lines.append(Line(Text(_("Blir det mer bråttom: ring {number}."), number=_number(POLICE))))
    if contacts.have_expired(world.today):
        until = contacts.until or world.today
        lines.append(Line(Text(_("Kontaktlistan gällde till {day}. Kontrollera numren."), day=until)))
    return lines


CALL_112_NOW = _("Ring 112 nu. Se till att du själv är trygg.")


def _who_connects(danger: str) -> Contact:
    """Whom to ring for socialjouren where the list has no number of theirs (THR-0, THR-14)."""
    return POLICE if danger == "no" else EMERGENCY


def _number(contact: Contact) -> Verbatim:
    return Verbatim(contact.number)


def _meanwhile(way: Way, danger: str, now: datetime) -> Text:
    """The way that is open now, outside the receiver's own hours."""
    who = Text(FUNCTIONS[way.function])
    if way.contact is None:
        said = _("Nu är det stängt. Numret saknas i kontaktlistan. Ring {number} nu och be om {who}.")
        return Text(said, number=_number(_who_connects(danger)), who=who)
    if is_just_before(way.due, now):
        return Text(_("Nu är det stängt. Ring {who} genast, {number}."), who=who, number=_number(way.contact))
    said = _("Nu är det stängt. Ring {who}, {number}. Senast {when}.")
    return Text(said, who=who, number=_number(way.contact), when=When(way.due, now))


def _ordinary(way: Way, police_area: str | None, now: datetime) -> list[Text]:
    who = Text(FUNCTIONS[way.function])
    lines = []
    if way.contact is not None:
        lines.append(Text(_("Nummer till {who}: {number}."), who=who, number=_number(way.contact)))
    elif way.function == "exit_coordinator" and police_area is None:
        lines.append(Text(_("Lokalpolisområdet är okänt. Ring 114 14 och fråga efter avhopparsamordningen.")))
    elif way.function == "exit_coordinator":
        said = _("Kontakt saknas för {area}. Ring 114 14 och fråga efter avhopparsamordningen.")
        lines.append(Text(said, area=Verbatim(police_area or "")))
    elif way.function == "case_officer":
        lines.append(Text(_("Numret saknas i kontaktlistan. Ring socialtjänstens växel.")))
    else:
        lines.append(Text(_("Numret saknas i kontaktlistan. Ring 114 14 och fråga efter avhopparsamordningen.")))
    if way.opens == way.due:
        lines.append(Text(_("Ring {who} när det öppnar, {when}."), who=who, when=When(way.due, now)))
        return lines
    if way.opens is not None:
        lines.append(Text(_("Det öppnar {when}."), when=When(way.opens, now)))
    if not is_just_before(way.due, now):
        lines.append(Text(_("Klart senast {when}."), when=When(way.due, now)))
    return lines


def why_line(found: Triage) -> Line:
    """The answers that matched.

    :param found: what the table says.
    :returns: one line with the rules of the two rows.
    """
    return Line(_because(found.inputs, _looked_at(found.rows)), found.why)


def _looked_at(rows: Sequence[str]) -> set[str]:
    """The inputs that the two tables' rows look at; the rows are those of the table as it is now."""
    return {name for row in (*HOW_FAST, *WHO) if row.id in rows[:2] for name in row.when}


def _rules_of(rows: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rule for row in (*WHO, *HOW_FAST) if row.id in rows[:2] for rule in row.rules))


def _because(inputs: ThreatInputs, looked_at: set[str]) -> Text:
    answers = (said_words(name, value) for name in LABELS if name in looked_at and (value := getattr(inputs, name)))
    return Text(_("Därför: {answers}."), answers=Listed(answers))


def change_line(change: Change) -> Line:
    """The nearest other outcome and the answer that leads there.

    :param change: the change.
    :returns: one line.
    """
    said = _("Annat läge om svaret blir ”{answer}”. Då: {receiver}, {urgency}.")
    return Line(
        Text(
            said,
            answer=said_words(change.question, change.answer),
            receiver=receiver_words(change.receiver),
            urgency=_sooner(change.urgency),
        ),
        ("THR-12",),
    )


def act_lines(found: Triage, district: str, world: World) -> list[Line]:
    """What else must be done: a child first, then whom not to contact, then the rest.

    :param found: what the table says.
    :param district: the coordinator's district.
    :param world: the clock, and the list of contacts.
    :returns: a line an act.
    """
    first = ("protect_child", *NOT_CONTACTED)
    shown = sorted((act for act in found.acts if act.id != "call_112"), key=lambda act: act.id not in first)
    lines = []
    for act in shown:
        lines.append(Line(ACT_WORDS[act.id], act.rules))
        if act.id == "protect_child":
            way = the_way_to_protect_a_child(contacts=world.policy.contacts, district=district, now=world.now)
            lines += [Line(words, act.rules) for words in _child_way(way, found.inputs.danger)]
        if act.id == "nobody_at_home":
            lines.append(Line(_who_decides_at_home(act), act.rules))
    return lines


def _child_way(way: Way, danger: str) -> list[Text]:
    """Whom to reach at once for a child, and the way of a report where the child has no case (THR-14)."""
    who = Text(FUNCTIONS[way.function])
    report = Text(_("Har barnet inget ärende gör du en orosanmälan."))
    if way.function == "out_of_hours":
        report = Text(_("Har barnet inget ärende gör du en orosanmälan till {who}."), who=who)
    if way.contact is not None:
        return [Text(_("Kontakta {who} genast, {number}."), who=who, number=_number(way.contact)), report]
    reach = Text(_("Numret saknas i kontaktlistan. Ring socialtjänstens växel."))
    if way.function == "out_of_hours":
        said = _("Numret saknas i kontaktlistan. Ring {number} och be om {who}.")
        reach = Text(said, number=_number(_who_connects(danger)), who=who)
    return [Text(_("Kontakta {who} genast."), who=who), reach, report]


def numbers(found: Triage, district: str, police_area: str | None, world: World) -> list[str]:
    """The telephone numbers of the card: the way that is open now first, then the ordinary one and that for a child.

    :param found: what the table says.
    :param district: the coordinator's district.
    :param police_area: the person's; ``None`` where it is not known.
    :param world: the clock, and the list of contacts.
    :returns: the numbers, as they are dialled; none where only a switchboard is named.
    """
    ways = the_ways_to(
        found.receiver,
        found.urgency,
        contacts=world.policy.contacts,
        district=district,
        police_area=police_area,
        now=world.now,
    )
    for_a_child = any(act.id == "protect_child" for act in found.acts)
    contacts = world.policy.contacts
    child = the_way_to_protect_a_child(contacts=contacts, district=district, now=world.now)
    held = []
    for way in (*ways, *((child,) if for_a_child else ())):
        if way.contact is not None:
            held.append(way.contact)
        elif way.function == "out_of_hours":
            held.append(_who_connects(found.inputs.danger))
        elif way.function != "case_officer":
            held.append(POLICE)
    return list(dict.fromkeys(contact.number for contact in held))


def _who_decides_at_home(act: Act) -> Text:
    return Text(_("Ansvarig socialsekreterare avgör hur familjen nås. När kontoret är stängt avgör socialjouren."))


def unknown_line(found: Triage, police_area: str | None) -> list[Line]:
    """What is still missing (THR-12).

    :param found: what the table says.
    :param police_area: the person's; ``None`` where it is not known.
    :returns: one line, or none where all is known.
    """
    missing = [Text(LABELS[name]) for name in found.unknown]
    if police_area is None:
        missing.append(as_text(fact_question("police_area").label))
    if not missing:
        return []
    said = Listed(missing)
    return [Line(Text(_("Ta reda på: {what}."), what=said), ("THR-12",))]


def table_line(world: World, version: str = TABLE) -> Line:
    """Which table it is, and who has approved it.

    :param world: the deployment's rule owner and date.
    :param version: the table's version.
    :returns: one line.
    """
    owner, approved = world.policy.threat_rules_owner, world.policy.threat_rules_approved
    if not owner:
        return Line(Text(_("Regler och tider är exempel, ej beslutade. Tabell {version}."), version=Verbatim(version)))
    said = _("Regler och tider är beslutade av {owner} den {day}. Tabell {version}.")
    return Line(Text(said, version=Verbatim(version), owner=Verbatim(owner), day=date.fromisoformat(approved)))


def told_lines(kept: ThreatTriaged, entries: Sequence[Entry]) -> list[Line]:
    """THR-9: who has been told, and who is left.

    :param kept: the triage.
    :param entries: its case's records, oldest first.
    :returns: one or two lines.
    """
    told, left = who_has_been_told_and_who_is_left(kept, entries)
    lines = []
    if told:
        who = Listed(Text(FUNCTIONS[one]) for one in told)
        lines.append(Line(Text(_("Vet redan: {who}."), who=who), ("THR-9",)))
    if left:
        who = Listed(Text(FUNCTIONS[one]) for one in left)
        lines.append(Line(Text(_("Ska få veta: {who}."), who=who), ("THR-9",)))
    return lines


_PREREQUISITES = {
    "motivation": _("Bedömd motivation"),
    "consent": _("Samtycke till alla myndigheter som berörs"),
    "police_form": _("Polisens blankett"),
    "measures": _("Beslutade insatser"),
}


def prerequisite_lines(entries: Sequence[Entry], world: World) -> list[Line]:
    """CON-14: what a referral to exit work rests on, and what of it is lacking.

    :param entries: the case's records, oldest first.
    :param world: the day and the policy.
    :returns: a line that says what the list is, and one a prerequisite.
    """
    rests_on = what_an_exit_referral_rests_on(entries, world.today, world.policy)
    above = _("För en remiss till avhopparverksamheten behövs det här. Uppgiften är obekräftad.")
    return [Line(above, ("CON-14",)), *(Line(_prerequisite(one), one.rules) for one in rests_on)]


def _prerequisite(one: Prerequisite) -> Text:
    what = Text(_PREREQUISITES[one.id])
    if one.met:
        return Text(_("{what}: klart."), what=what)
    if one.lacks:
        return Text(_("{what}: saknas för {parties}."), what=what, parties=Listed(map(party_words, one.lacks)))
    return Text(_("{what}: vet inte, kontrollera.") if one.met is None else _("{what}: saknas."), what=what)


def gaps(entries: Sequence[Entry], world: World) -> list[str]:
    """The dialogs that close what is lacking before an exit referral.

    :param entries: the case's records, oldest first.
    :param world: the day and the policy.
    :returns: dialog ids, each once.
    """
    rests_on = what_an_exit_referral_rests_on(entries, world.today, world.policy)
    return list(dict.fromkeys(one.dialog for one in rests_on if not one.met))


# ── the case page ────────────────────────────────────────────────────────────────────────────────────────────


def threat_lines(entries: Sequence[Entry], world: World) -> list[Line]:
    """What stands of the threat, read from the latest triage's record: never worked out anew (THR-9, THR-13).

    :param entries: the case's records, oldest first.
    :param world: the clock.
    :returns: whom to contact and how fast, why, that nobody at home is contacted, and who knows; none without a triage.
    """
    latest = the_latest_triage(entries)
    if latest is None or not isinstance(latest.record, ThreatTriaged):
        return []
    kept = latest.record
    looked_at, rules = _looked_at(kept.rows), _rules_of(kept.rows)
    if kept.table != TABLE:
        looked_at, rules = set(LABELS), kept.rules  # the rows were another table's: all that was stored is shown
    lines = [Line(_said_on(kept), rules, (latest,)), Line(_because(kept.inputs, looked_at))]
    if kept.reason is not None:
        raised = Text(_("Höjt ett steg av samordnaren. Skäl: {why}."), why=WHY_RAISED.label_of(kept.reason))
        lines.append(Line(raised, ("THR-12",), (latest,)))
    if "protect_child" in kept.acts:
        lines.append(Line(ACT_WORDS["protect_child"], ("THR-14",), (latest,)))
    if a_threat_may_come_from_home(entries):
        lines.append(Line(ACT_WORDS["nobody_at_home"], ("THR-13",), (latest,)))
    return [*lines, *told_lines(kept, entries)]


def _said_on(kept: ThreatTriaged) -> Text:
    receiver, day = receiver_words(kept.receiver), kept.triaged_at.date()
    if kept.urgency == "112":
        return Text(_("Hot och säkerhet den {day}: 112 först, sedan {receiver} genast."), day=day, receiver=receiver)
    said = _("Hot och säkerhet den {day}: kontakta {receiver}, {urgency}.")
    return Text(said, day=day, receiver=receiver, urgency=urgency_then(kept.urgency))


_STEPS = {
    "ring_meanwhile": _("Nästa steg: ring {rings} senast {when}. Skriv in det under Följ remissen."),
    "send": _("Nästa steg: skicka remissen till {receiver}. Senast {when}."),
    "ask": _("Nästa steg: fråga {receiver} om remissen. Svar väntas senast {when}."),
    "triage_again": _("Nästa steg: {receiver} sa nej till remissen. Gör en ny /hotbild. Senast {when}."),
}
_STEPS_AT_ONCE = {
    "ring_meanwhile": _("Nästa steg: ring {rings} genast. Skriv in det under Följ remissen."),
    "send": _("Nästa steg: skicka remissen till {receiver} genast."),
}


def step_lines(entries: Sequence[Entry], world: World) -> list[Line]:
    """What is next after a triage, for the case page and the work list; what is late says so.

    :param entries: the case's records, oldest first.
    :param world: the clock.
    :returns: lines with their rules and records, the one that is due first first.
    """
    return [Line(step_words(step, world.now), step.rules, (step.entry,)) for step in what_is_next(entries)]


def step_words(step: Step, now: datetime) -> Text:
    """What is to be done next after a triage; what is late says so.

    :param step: what is to be done.
    :param now: the time.
    :returns: a sentence or two.
    """
    names = {"receiver": receiver_words(step.receiver), "rings": Text(FUNCTIONS[step.rings])}
    if step.at_once:
        said = Text(_STEPS_AT_ONCE[step.kind], **names)
    else:
        said = Text(_STEPS[step.kind], **names, when=When(step.by, now))
    return Text(_("Försenat. {step}"), step=said) if step.is_late(now) else said


# ── texts for others ─────────────────────────────────────────────────────────────────────────────────────────


def referral_text(kept: ThreatTriaged) -> list[Words]:
    """What the coordinator may read out or write to the receiver: no identity beyond the case code (THR-9, THR-15).

    :param kept: the triage.
    :returns: lines; Swedish where the receiver reads them.
    """
    said = kept.inputs
    lines: list[Words] = [
        Text(_("Till {receiver}."), receiver=receiver_words(kept.receiver)),
        Text(_("Det gäller ärende {case} i vår lista."), case=Verbatim(kept.case)),
        Text(_("Vi behöver kontakt {urgency}."), urgency=_sooner(kept.urgency)),
    ]
    lines += [
        Text(_("{label}: {value}."), label=Text(LABELS[name]), value=answer_words(name, value))
        for name in ("concerns", "age", "told", "exit", "bops", "move", "children")
        if (value := getattr(said, name)) is not None
    ]
    if said.home != "no":
        lines.append(_("Kontakta ingen hemma. Hotet kan komma därifrån."))
    lines.append(_("Namn lämnas först när vi har talat med varandra."))
    return lines


def _sooner(urgency: str) -> Text:
    return urgency_words("now" if urgency == "112" else urgency)


def text_for_the_young(kept: ThreatTriaged) -> list[Words]:
    """What the person may read: "hot och säkerhet", and nothing that a reader over their shoulder could use.

    :param kept: the triage.
    :returns: lines.
    """
    return [
        Text(_("Vi talade om hot och säkerhet den {day}."), day=kept.triaged_at.date()),
        _("Vi ser till att rätt person hör av sig."),
        _("Du kan ringa 112 om det blir farligt."),
        _("Du kan ringa polisen på 114 14 när det inte är bråttom."),
    ]


def in_swedish(lines: Iterable[Words]) -> list[Words]:
    """Lines as a Swedish reader gets them, whatever language the coordinator has.

    :param lines: the lines.
    :returns: lines that are the same in every language.
    """
    return [Verbatim(say(line, "sv")) for line in lines]
