"""/hotbild: somebody is threatened, or wants out: whom to contact, how fast, and why.

The coordinator asks, on a phone, often on the spot. 112 comes before anything else (THR-0) and stands above every
question. The dialog asks what the police have said and rates nothing itself (THR-1); the table in
``dialogs.rules.threats`` decides, and every outcome says which answers and rules it follows from. Threat against staff
is a branch of its own whose record is kept apart from every case (THR-8). Background: law.md 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from dialogs.answers import UNKNOWN, Answers, CaseCode, Choice, Kind, Option, Pick
from dialogs.case_facts import VET_INTE, fact_question, facts_said
from dialogs.contacts import the_ways_to
from dialogs.model import Copy, Decide, Dialog, Go, Line, Outcome, Question, Why, World
from dialogs.records import Entry, Record, StaffThreat, ThreatTriaged
from dialogs.rules.cases import ADULT_AGES, MINOR_AGES, the_fact_that_stands
from dialogs.rules.consents import (
    GUARDIANS,
    POLICE,
    Consents,
    a_threat_may_come_from_home,
    the_consent_that_covers,
)
from dialogs.rules.threats import (
    TABLE,
    Triage,
    inputs_from,
    raise_one_step,
    the_age_for_exit_work,
    triage,
    what_comes_first_when_staff_are_threatened,
    what_may_be_raised,
)
from dialogs.samtal import NOT_THE_JOURNAL
from dialogs.texts import Text, Words, as_text
from dialogs.texts import mark as _
from dialogs.threat_words import (
    BOPS,
    CALL_112,
    CALL_112_NOW,
    CANNOT_STAY,
    CONCERNS,
    CONSENT,
    EXIT,
    LABELS,
    STAFF_WORDS,
    WHY_RAISED,
    YES_NO,
    Joined,
    act_lines,
    answer_words,
    asked,
    change_line,
    gaps,
    head,
    in_swedish,
    numbers,
    prerequisite_lines,
    receiver_words,
    referral_text,
    table_line,
    text_for_the_young,
    told_lines,
    unknown_line,
    urgency_words,
    why_line,
    with_112,
)

ANY = ("yes", "no", UNKNOWN)

AT_112 = Choice(
    choices=(
        Option("go_on", _("Gå vidare med frågorna")),
        Option("stop", _("Sluta här")),
    )
)
AGAINST = Choice(
    choices=(
        Option("self", _("Mig")),
        Option("colleague", _("En kollega")),
        Option("both", _("Oss båda")),
        VET_INTE,
    )
)
SIG = Choice(
    choices=(
        Option("not_decided", _("Inte avgjort än")),
        Option("goes_on", _("SIG fortsätter")),
        Option("paused", _("SIG pausas")),
        Option("ends", _("SIG ska avslutas")),
        VET_INTE,
    )
)


# ── what is looked up ────────────────────────────────────────────────────────────────────────────────────────


def _consent_to_the_police(answers: Answers, world: World) -> str:
    """Whether consent covers telling the police of threat and safety now; looked up, never asked again."""
    return _consent_to(POLICE, answers, world)


def _consent_to(party: str, answers: Answers, world: World) -> str:
    consents = Consents(world.entries(answers.word("case")), world.today)
    return "covered" if the_consent_that_covers(consents, party, "safety").covered else "not_covered"


def _consent_offered(answers: Answers, world: World) -> Sequence[Option]:
    """The one thing that the records say: if they change while the dialog is open, an answer no longer holds."""
    held = _consent_to_the_police(answers, world)
    return (Option(held, CONSENT[held]),)


def _exit_offered(answers: Answers, world: World) -> Sequence[Option]:
    """THR-6: that somebody cannot stay is an answer of its own only where that path is open."""
    *others, unknown = EXIT
    return (*others, *((CANNOT_STAY,) if world.policy.exit_path_open else ()), unknown)


def _triage(answers: Answers, world: World) -> Triage:
    """What the table says of the answers on the way, not raised."""
    entries = world.entries(answers.word("case"))
    turns_18 = the_fact_that_stands(entries, "month_of_18")
    month = None if turns_18 is None else turns_18.value
    facts = {
        "danger": answers.word("danger"),
        "concerns": answers.word("concerns"),
        "age": the_age_for_exit_work(answers.word("age_group"), month, world.today, world.policy),
        "home": answers.word("home"),
        "children": answers.word("children"),
        "told": answers.word("told"),
        "consent": answers.word("consent"),
        "unit_consent": _consent_to("exit_unit", answers, world),
        "exit": answers.word("exit"),
    }
    asked = {name: value for name in ("bops", "move") if (value := answers.word_or_none(name)) is not None}
    return triage(inputs_from({**facts, **asked}), world.policy)


def _found(answers: Answers, world: World) -> Triage:
    """What holds: the table's word, raised one step where the coordinator raised it."""
    found = _triage(answers, world)
    match answers.word_or_none("scale"):
        case "urgency":
            return raise_one_step(found, "urgency")
        case "receiver":
            return raise_one_step(found, "receiver")
        case _:
            return found


def _police_area(answers: Answers) -> str | None:
    area = answers.word("police_area")
    return None if area == UNKNOWN else area


KEEP = Option("keep", _("Nej"))


def _reasons_offered(answers: Answers, world: World) -> Sequence[Option]:
    """THR-7, THR-12: nothing is raised, or something is and for this reason."""
    return (KEEP, *(WHY_RAISED.choices if what_may_be_raised(_triage(answers, world)) else ()))


def _nothing_to_raise(answers: Answers, world: World) -> str | None:
    return None if what_may_be_raised(_triage(answers, world)) else KEEP.value


def _ask_to_raise(answers: Answers, world: World) -> Words:
    """The card's head stands above the question, so that the answer is there before anything is saved."""
    lines = head(_triage(answers, world), world.district, _police_area(answers), world)
    return Joined((*(line.words for line in lines), _("Vill du höja det ett steg? Välj i så fall varför.")))


def _scales_offered(answers: Answers, world: World) -> Sequence[Option]:
    """THR-7, THR-12: what can be raised, and to what."""
    found = _triage(answers, world)
    offered = []
    for what in what_may_be_raised(found):
        raised = raise_one_step(found, what)
        if what == "urgency":
            label = Text(_("Mer bråttom: {urgency}"), urgency=urgency_words(raised.urgency))
        else:
            label = Text(_("Till {receiver}"), receiver=receiver_words(raised.receiver))
        offered.append(Option(what, label))
    return offered


def _the_only_scale(answers: Answers, world: World) -> str | None:
    offered = _scales_offered(answers, world)
    return offered[0].value if len(offered) == 1 else None


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────


def _question(
    id_: str, asks: str, kind: Kind, why: str, *rules: str, label: str = "", depends_on: tuple[str, ...] = ()
) -> Question:
    return Question(
        id=id_,
        asks=asked(asks),
        label=label or LABELS[id_],
        kind=kind,
        why=Why(words=why, rules=rules),
        depends_on=depends_on,
    )


def _fact(fact: str) -> Question:
    question = fact_question(fact)
    return replace(question, asks=lambda answers, world: with_112(question.words(answers, world)))


QUESTIONS = (
    replace(
        _question(
            "danger",
            _("Är någon i fara just nu?"),
            YES_NO,
            _("Vid fara för liv går 112 före allt annat. Lots är inget larm."),
            "THR-0",
            "THR-12",
        ),
        asked_anew=True,
    ),
    _question(
        "at_112",
        _("Ring 112 nu. Se till att du själv är trygg. Frågorna finns kvar här."),
        AT_112,
        _("Du kan gå vidare när någon har ringt. Svaren visar vem som mer ska få veta."),
        "THR-0",
        label=_("Efter 112"),
        depends_on=("danger",),
    ),
    _question(
        "concerns",
        _("Vem gäller hotet?"),
        CONCERNS,
        _("Hot mot dig eller en kollega hanteras för sig. Det hamnar inte i den unges ärende."),
        "THR-8",
        "THR-16",
    ),
    Question(
        id="case",
        asks=asked(_("Vilket ärende gäller det?")),
        label=_("Ärende"),
        kind=CaseCode(),
        why=Why(words=_("Svaren sparas i ärendet. Koden är slumpad och säger inget om personen."), rules=("THR-9",)),
    ),
    _fact("age_group"),
    _fact("police_area"),
    _question(
        "home",
        _("Kan hotet komma från någon hemma, eller från en släkting?"),
        YES_NO,
        _("Då kontaktas ingen hemma. Är det oklart gäller samma sak."),
        "THR-13",
    ),
    _question(
        "children",
        _("Kan ett barn i familjen fara illa av hotet?"),
        YES_NO,
        _("Ett barn kan behöva skydd genast. Det prövas bredvid allt annat."),
        "THR-14",
    ),
    _question(
        "told",
        _("Vet polisen om hotet?"),
        YES_NO,
        _("Polisen ska få veta, om samtycke eller en regel låter dig berätta."),
        "THR-2",
        "THR-1",
    ),
    Question(
        id="consent",
        asks=asked(_("Så står samtycket till polisen nu. Du ändrar det med /samtycke.")),
        label=LABELS["consent"],
        kind=Pick(offers=_consent_offered),
        why=Why(words=_("Lots läser samtycket ur ärendet. Det frågas inte igen."), rules=("THR-2", "CON-13")),
        preset=_consent_to_the_police,
        depends_on=("case",),
    ),
    _question(
        "exit",
        _("Vad har polisens lokala avhopparsamordnare sagt om skydd?"),
        Pick(offers=_exit_offered),
        _("Polisen bedömer hot och skydd, aldrig Lots. Du svarar vad de har sagt."),
        "THR-1",
        "THR-4",
        "THR-6",
        depends_on=("case",),
    ),
    _question(
        "bops",
        _("Vad har BOPS sagt om hotet?"),
        BOPS,
        _("BOPS är polisens stöd till brottsoffer och personsäkerhet. De frågas när skydd behövs."),
        "THR-4",
        "THR-5",
        depends_on=("exit",),
    ),
    _question(
        "move",
        _("Måste personen lämna Stockholm, enligt polisen?"),
        YES_NO,
        _("Den som måste lämna Stockholm kan få stöd av stadens avhopparverksamhet."),
        "THR-5",
        "THR-7",
        depends_on=("bops",),
    ),
    Question(
        id="raised",
        asks=_ask_to_raise,
        label=_("Höjt"),
        kind=Pick(offers=_reasons_offered),  # the reason is kept; the way goes by whether there is one
        why=Why(
            words=_("Du kan höja ett steg om du ser mer än svaren visar. Lots sänker aldrig."),
            rules=("THR-12", "THR-7"),
        ),
        preset=_nothing_to_raise,
        depends_on=("danger", "concerns", "case", "age_group", "home", "children", "told", "exit", "bops", "move"),
    ),
    Question(
        id="scale",
        asks=asked(_("Vad vill du höja?")),
        label=_("Det som höjs"),
        kind=Pick(offers=_scales_offered),
        why=Why(words=_("Du höjer en sak ett steg: hur bråttom det är, eller vem du kontaktar."), rules=("THR-12",)),
        preset=_the_only_scale,
        depends_on=("raised",),
    ),
    _question(
        "against",
        _("Vem är hotet mot?"),
        AGAINST,
        _("Din egen trygghet går först. Inget om dig sparas mer än detta."),
        "THR-8",
        label=_("Hotet är mot"),
        depends_on=("concerns",),
    ),
    _question(
        "manager",
        _("Vet din chef om det?"),
        YES_NO,
        _("Chefen svarar för er trygghet och ska få veta genast."),
        "THR-8",
        label=_("Chefen vet"),
        depends_on=("concerns",),
    ),
    _question(
        "police",
        _("Vet polisen om det?"),
        YES_NO,
        _("Hot mot den som arbetar kan anmälas. Ta upp det med din chef."),
        "THR-8",
        label=_("Polisen vet om det"),
        depends_on=("concerns",),
    ),
    _question(
        "routine",
        _("Följer ni arbetsplatsens rutin för hot och våld?"),
        YES_NO,
        _("Din arbetsplats har en egen rutin. Den gäller före Lots."),
        "THR-8",
        "ENV-1",
        label=_("Rutinen följs"),
        depends_on=("concerns",),
    ),
    _question(
        "sig",
        _("Vad har du, chefen och ansvarig socialsekreterare kommit fram till om SIG?"),
        SIG,
        _("Ni tre avgör om SIG kan fortsätta. Är läget allvarligt ska SIG avslutas."),
        "THR-8",
        label=_("SIG"),
        depends_on=("concerns",),
    ),
)


# ── outcomes ─────────────────────────────────────────────────────────────────────────────────────────────────


def _raised_line(answers: Answers) -> list[Line]:
    if (why := _reason(answers)) is None:
        return []
    return [Line(Text(_("Du har höjt det ett steg. Skäl: {why}."), why=WHY_RAISED.label_of(why)), ("THR-12",))]


def _reason(answers: Answers) -> str | None:
    why = answers.word("raised")
    return None if why == KEEP.value else why


def _consents_that_name_home(answers: Answers, world: World) -> list[Line]:
    """THR-13: consents that a guardian gave are flagged, not changed."""
    if answers.word("home") == "no":
        return []
    entries = world.entries(answers.word("case"))
    consents = Consents(entries, world.today)
    if not any(consents.live(giver) for giver in GUARDIANS):
        return []
    return [Line(_("Samtycken från vårdnadshavare gäller. Låt ansvarig socialsekreterare se över dem."), ("THR-13",))]


def _foresees(answers: Answers, world: World) -> Sequence[Line]:
    found = _found(answers, world)
    lines = head(found, world.district, _police_area(answers), world)
    lines += _raised_line(answers)
    lines += act_lines(found, world.district, world)
    lines += _consents_that_name_home(answers, world)
    lines += unknown_line(found, _police_area(answers))
    lines.append(why_line(found))
    if found.change is not None and found.raised is None:
        lines.append(change_line(found.change))
    lines.append(table_line(world))
    return lines


def _says(answers: Answers, world: World) -> Sequence[Words]:
    entries = world.entries(answers.word("case"))
    lines = [*_foresees(answers, world)]
    kept = next(e.record for e in reversed(entries) if isinstance(e.record, ThreatTriaged))
    lines += told_lines(kept, entries)
    if kept.receiver == "central_unit":
        lines += prerequisite_lines(entries, world)
    return (
        Text(_("Sparat i {case}."), case=answers.word("case")),
        *(line.words for line in lines),
        _("Nästa steg: kontakta dem, och skriv sedan in det under Följ remissen."),
    )


def _leads_on(answers: Answers, world: World) -> Sequence[str]:
    """The referral, and where it is to the central unit the dialogs that close what is lacking."""
    found = _found(answers, world)
    if found.receiver != "central_unit":
        return ("remiss",)
    return tuple(dict.fromkeys(("remiss", *gaps(world.entries(answers.word("case")), world))))


def _numbers(answers: Answers, world: World) -> Sequence[str]:
    return numbers(_found(answers, world), world.district, _police_area(answers), world)


def _says_stopped(answers: Answers, world: World) -> Sequence[Words]:
    return (
        _("Ring 112. Inget är sparat."),
        _("Skriv /hotbild när ni är trygga. Då frågar Lots det som behövs."),
    )


def _foresees_staff(answers: Answers, world: World) -> Sequence[Line]:
    first = what_comes_first_when_staff_are_threatened(
        *(answers.word(name) for name in ("manager", "police", "routine", "sig"))
    )
    above = CALL_112 if answers.word("danger") == "no" else CALL_112_NOW
    return (Line(above, ("THR-0",)), *(Line(STAFF_WORDS[one], ("THR-8",)) for one in first))


def _says_staff(answers: Answers, world: World) -> Sequence[Words]:
    advice = (line.words for line in _foresees_staff(answers, world))
    return (
        _("Sparat för sig. Det syns inte i den unges ärende."),
        *advice,
        _("Koden står i texten. Skriv /arende och koden, så visas den igen för dig."),
        _("Är den unge också hotad? Välj då Hot och säkerhet igen."),
    )


def _outcome(receiver: str, *rules: str) -> Outcome:
    return Outcome(
        id=f"to_{receiver}", says=_says, rules=rules, foresees=_foresees, leads_to=_leads_on, numbers=_numbers
    )


OUTCOMES = (
    Outcome(id="stopped_at_112", says=_says_stopped, rules=("THR-0",), saves=False),
    _outcome("case_officer", "THR-2", "THR-3"),
    _outcome("exit_coordinator", "THR-4", "THR-15"),
    _outcome("bops", "THR-4", "THR-7"),
    _outcome("central_unit", "THR-5", "THR-10", "THR-11"),
    Outcome(id="staff_threat", says=_says_staff, rules=("THR-8",), foresees=_foresees_staff),
)


# ── routes ───────────────────────────────────────────────────────────────────────────────────────────────────


def _after_exit(answers: Answers, world: World) -> str:
    """BOPS is asked about where protection is called for (THR-4); who cannot stay has been judged together (THR-6)."""
    return "protection" if answers.word("exit") == "protection" else "other"


def _where_it_ends(answers: Answers, world: World) -> str:
    if _reason(answers) is not None and "scale" not in answers:
        return "scale"
    return _found(answers, world).receiver


_ENDS = {one: f"to_{one}" for one in ("case_officer", "exit_coordinator", "bops", "central_unit")}

ROUTES = (
    Go("danger", "at_112", on=("yes", UNKNOWN)),
    Go("danger", "concerns", on="no"),
    Go("at_112", "concerns", on="go_on"),
    Go("at_112", "stopped_at_112", on="stop"),
    Go("concerns", "case", on=("subject", "family", "both", UNKNOWN)),
    Go("concerns", "against", on="staff"),
    Go("case", "age_group"),
    Go("age_group", "police_area", on=(*MINOR_AGES, *ADULT_AGES, UNKNOWN)),
    Go("police_area", "home"),
    Go("home", "children", on=ANY),
    Go("children", "told", on=ANY),
    Go("told", "consent", on=ANY),
    Go("consent", "exit"),
    Decide("exit", by=_after_exit, ways={"protection": "bops", "other": "raised"}, rules=("THR-4", "THR-6")),
    Go("bops", "move", on="high"),
    Go("bops", "raised", on=("not_asked", "waiting", "not_high", UNKNOWN)),
    Go("move", "raised", on=ANY),
    Decide("raised", by=_where_it_ends, ways={"scale": "scale", **_ENDS}, rules=("THR-12", "THR-7")),
    Decide("scale", by=_where_it_ends, ways=_ENDS, rules=("THR-12", "THR-7")),
    Go("against", "manager", on=("self", "colleague", "both", UNKNOWN)),
    Go("manager", "police", on=ANY),
    Go("police", "routine", on=ANY),
    Go("routine", "sig", on=ANY),
    Go("sig", "staff_threat", on=SIG.categories),
)


# ── record and note ──────────────────────────────────────────────────────────────────────────────────────────


def record(answers: Answers, world: World) -> Sequence[Record]:
    """What is kept: new case facts and the triage with all that it rests on; or a threat against staff, apart.

    :param answers: the answers on the way to an outcome that saves.
    :param world: the clock, the records, the policy and the list of contacts.
    :returns: the records.
    """
    if answers.word("concerns") == "staff":
        return (_staff_threat(answers, world),)
    found = _found(answers, world)
    area = _police_area(answers)
    ways = the_ways_to(
        found.receiver,
        found.urgency,
        contacts=world.policy.contacts,
        district=world.district,
        police_area=area,
        now=world.now,
    )
    at = world.now.isoformat(timespec="minutes")
    payload = {
        "case": answers.word("case"),
        "triaged_at": at,
        "table": TABLE,
        "inputs": found.inputs.payload(),
        "age_limit": world.policy.exit_age_limit,
        "path": "open" if world.policy.exit_path_open else "closed",
        "police_area": area,
        "rows": list(found.rows),
        "rules": list(found.rules),
        "acts": [act.id for act in found.acts],
        "urgency": found.urgency,
        "receiver": found.receiver,
        "raised": found.raised,
        "reason": _reason(answers),
        "due_at": ways.ordinary.due.isoformat(timespec="minutes"),
        "first_due_at": None if ways.meanwhile is None else ways.meanwhile.due.isoformat(timespec="minutes"),
        "contacts": world.policy.contacts.version,
    }
    kept = ThreatTriaged.from_payload({name: value for name, value in payload.items() if value is not None})
    return (*facts_said(answers, world), kept)


def _staff_threat(answers: Answers, world: World) -> StaffThreat:
    """THR-8: under a code that is drawn for this alone, so that no case has anything of it."""
    return StaffThreat.from_payload(
        {
            "case": world.draw_code(),
            "reported_at": world.now.isoformat(timespec="minutes"),
            **{name: answers.word(name) for name in ("danger", "against", "manager", "police", "routine", "sig")},
        }
    )


def note(kept: ThreatTriaged | StaffThreat) -> Sequence[Words]:
    """The journal note, from the record alone; of a threat against staff, what its own report needs.

    :param kept: the record.
    :returns: lines in the order they are read.
    """
    if isinstance(kept, StaffThreat):
        return _staff_note(kept)
    lines: list[Words] = [
        Text(_("Hotbild, ärende {case}."), case=kept.case),
        Text(_("Gjord den {day}."), day=kept.triaged_at.date()),
    ]
    lines += [
        Text(_("{label}: {value}."), label=as_text(label), value=answer_words(name, value))
        for name, label in LABELS.items()
        if (value := getattr(kept.inputs, name)) is not None
    ]
    receiver = receiver_words(kept.receiver)
    if kept.urgency == "112":
        lines.append(Text(_("Kontakt: 112 först, sedan {receiver} genast."), receiver=receiver))
    else:
        lines.append(Text(_("Kontakt: {receiver}, {urgency}."), receiver=receiver, urgency=urgency_words(kept.urgency)))
    if kept.reason is not None:
        lines.append(Text(_("Höjt ett steg av samordnaren. Skäl: {why}."), why=WHY_RAISED.label_of(kept.reason)))
    lines += [
        Text(_("Regler: {rules}. Tabell {version}."), rules=", ".join(kept.rules), version=kept.table),
        _("Lots har inte bedömt hotet. Det gör polisen."),
        NOT_THE_JOURNAL,
    ]
    return lines


_STAFF_NOTE: tuple[tuple[str, str, Choice], ...] = (
    ("danger", _("Fara när det skrevs"), YES_NO),
    ("against", _("Hotet var mot"), AGAINST),
    ("manager", _("Chefen vet"), YES_NO),
    ("police", _("Polisen vet om det"), YES_NO),
    ("routine", _("Rutinen följs"), YES_NO),
    ("sig", _("SIG"), SIG),
)


def _staff_note(kept: StaffThreat) -> list[Words]:
    lines: list[Words] = [
        Text(_("Hot eller våld mot personal, händelse {case}."), case=kept.case),
        Text(_("Skrivet den {day}."), day=kept.reported_at.date()),
    ]
    lines += [
        Text(_("{label}: {value}."), label=Text(label), value=kind.label_of(getattr(kept, name)))
        for name, label, kind in _STAFF_NOTE
    ]
    lines.append(_("Texten hör till er egen anmälan. Skriv den inte i den unges journal."))
    return lines


def copies(entry: Entry, entries: Sequence[Entry], today: date) -> Sequence[Copy]:
    """Texts for others: the referral in Swedish, and what the person may read where nobody at home may find it.

    :param entry: the record.
    :param entries: its case's records.
    :param today: the day.
    :returns: none for a threat against staff.
    """
    kept = entry.record
    if not isinstance(kept, ThreatTriaged):
        return ()
    referral = Copy(
        id="remiss",
        title=_("Text till mottagaren"),
        lines=in_swedish(referral_text(kept)),
        above=_("Läs upp eller skriv av. Namn hör inte hit."),
    )
    if kept.inputs.home != "no" or a_threat_may_come_from_home(entries):
        return (referral,)
    return (
        referral,
        Copy(
            id="person",
            title=_("Text till personen"),
            lines=text_for_the_young(kept),
            above=_("Fråga först om det är tryggt att ha texten. Skicka den aldrig."),
        ),
    )


DIALOG = Dialog(
    id="hotbild",
    command="hotbild",
    version=1,
    title=_("Hot och säkerhet"),
    about=_("Se vem du kontaktar vid hot, och hur snabbt"),
    noun=_("en påbörjad hotbild"),
    questions=QUESTIONS,
    outcomes=OUTCOMES,
    routes=ROUTES,
    record=record,
    kinds=(ThreatTriaged, StaffThreat),
    note=note,
    copies=copies,
    beside=CALL_112,
)
