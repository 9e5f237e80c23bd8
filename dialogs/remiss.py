"""/remiss: follow a referral until somebody has answered; opened from the case.

A referral is sent, received, declined with a reason, or silent. What came of it is kept beside the rows of the table
that led to it, so that figures can show how often each row's referrals were received (THR-9). Who else has been told
is kept too, and before a referral to the central unit whether the police's form and decided measures are there
(CON-14).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dialogs.answers import NOTHING, Answers, CaseCode, Choice, Day, Option, Pick, Several, Value
from dialogs.consent_words import Listed
from dialogs.hotbild import ANY
from dialogs.model import Decide, Dialog, Go, Line, Outcome, Question, Why, World
from dialogs.records import (
    Entry,
    ExitPrerequisites,
    HandoverTold,
    Record,
    ReferralAnswered,
    ReferralSent,
    ThreatTriaged,
)
from dialogs.records.threats import Told
from dialogs.rules.referrals import (
    Referral,
    a_silent_one_is_asked_again,
    referrals,
    the_answer_is_due,
    the_latest_triage,
    the_triage_to_send,
    what_an_exit_referral_rests_on,
    what_is_next,
    who_has_been_told_and_who_is_left,
)
from dialogs.samtal import NOT_THE_JOURNAL
from dialogs.texts import Text, Words
from dialogs.texts import mark as _
from dialogs.threat_words import (
    CALL_112,
    FUNCTIONS,
    YES_NO,
    Joined,
    When,
    asked,
    gaps,
    prerequisite_lines,
    receiver_words,
    told_lines,
    with_112,
)

SEND = "send"
SENT, ANSWERED, TOLD, FORM = "sent", "answered", "told", "form"
"""What can be written of a referral."""

WHAT = {
    SENT: Option(SENT, _("Att remissen är skickad")),
    ANSWERED: Option(ANSWERED, _("Ett svar på remissen")),
    TOLD: Option(TOLD, _("Vilka som har fått veta")),
    FORM: Option(FORM, _("Blankett och beslut")),
}
ANSWER = Choice(
    choices=(
        Option("received", _("Ja, mottagen")),
        Option("declined", _("Nej, avvisad")),
        Option("silent", _("Inget svar än")),
    )
)
WHY_DECLINED = Choice(
    choices=(
        Option("wrong_receiver", _("Fel mottagare")),
        Option("outside_target_group", _("Personen hör inte till målgruppen")),
        Option("no_consent", _("Samtycke saknas")),
        Option("too_low", _("Hotet är för lågt, säger de")),
        Option("more_needed", _("De behöver veta mer")),
        Option("other", _("Annat: skrivs i verksamhetssystemet")),
    )
)
TO_TELL = {
    "case_officer": _("Ansvarig socialsekreterare eller socialjouren"),
    "exit_coordinator": _("Polisens lokala avhopparsamordnare"),
    "bops": _("BOPS hos polisen"),
    "central_unit": _("Socialförvaltningens avhopparverksamhet"),
    "manager": _("Min chef"),
    "police": _("Polisen"),
}


@dataclass(frozen=True, kw_only=True)
class DayBetween(Day):
    """A day whose quick buttons are only those that it takes."""

    @property
    def fixed(self) -> bool:
        return False

    def options(self, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Sequence[Option]:
        """See :class:`Kind`."""
        offered = super().options(so_far, world, answers)
        return [option for option in offered if self.holds(option.value, world, answers)]


# ── what there is to follow ──────────────────────────────────────────────────────────────────────────────────


def _triage_in(entry: Entry) -> ThreatTriaged:
    if not isinstance(entry.record, ThreatTriaged):
        raise TypeError(f"{entry.record.kind} is no triage")
    return entry.record


def _the_triage_of(sent: ReferralSent, entries: Sequence[Entry]) -> Entry:
    return next(entry for entry in entries if entry.id == sent.triage)


def _left_to_tell(triage: str, kept: ThreatTriaged, entries: Sequence[Entry]) -> list[Told]:
    """THR-9: those who are left, and whom to ring while the receiver is closed: that they know is no answer to that."""
    _told, left = who_has_been_told_and_who_is_left(kept, entries)
    rung: list[Told] = [
        "police" if step.rings == "police" else "case_officer"
        for step in what_is_next(entries)
        if step.kind == "ring_meanwhile" and step.entry.id == triage
    ]
    return list(dict.fromkeys((*left, *rung)))


def _what_can_be_written(triage: Entry, referral: Referral | None, entries: Sequence[Entry]) -> list[str]:
    """Of a triage whose referral waits to be sent, or of a referral."""
    kept = _triage_in(triage)
    can = [SENT] if referral is None else [ANSWERED] if referral.is_open else []
    can += [TOLD] if _left_to_tell(triage.id, kept, entries) else []
    return [*can, FORM] if kept.receiver == "central_unit" else can


def _offered(answers: Answers, world: World) -> Sequence[Option]:
    """What is to be sent, what waits for an answer, and what was answered last while more is to be written of it."""
    entries = world.entries(answers.word("case"))
    latest = the_latest_triage(entries)
    offered = []
    if (to_send := the_triage_to_send(entries)) is not None:
        said = Text(_("Att skicka till {receiver}"), receiver=receiver_words(_triage_in(to_send).receiver))
        offered.append(Option(SEND, said))
    for referral in referrals(entries):
        of_the_latest = latest is not None and referral.sent.triage == latest.id
        triage = _the_triage_of(referral.sent, entries)
        if referral.is_open or (of_the_latest and _what_can_be_written(triage, referral, entries)):
            receiver, day = receiver_words(referral.sent.receiver), referral.sent.sent_on
            offered.append(Option(referral.entry.id, Text(_("Till {receiver}, {day}"), receiver=receiver, day=day)))
    return offered


def _the_only_one(answers: Answers, world: World) -> str | None:
    offered = _offered(answers, world)
    return offered[0].value if len(offered) == 1 else None


def _referral(answers: Answers, world: World) -> Referral:
    chosen = answers.word("which")
    return next(one for one in referrals(world.entries(answers.word("case"))) if one.entry.id == chosen)


def _triage_entry(answers: Answers, world: World) -> Entry:
    """The triage that what was chosen goes back to."""
    entries = world.entries(answers.word("case"))
    if answers.word("which") != SEND:
        return _the_triage_of(_referral(answers, world).sent, entries)
    latest = the_latest_triage(entries)
    if latest is None:
        raise LookupError("there is no triage in the case")
    return latest


def _triage(answers: Answers, world: World) -> ThreatTriaged:
    return _triage_in(_triage_entry(answers, world))


def _what_offered(answers: Answers, world: World) -> Sequence[Option]:
    referral = None if answers.word("which") == SEND else _referral(answers, world)
    entries = world.entries(answers.word("case"))
    return [WHAT[one] for one in _what_can_be_written(_triage_entry(answers, world), referral, entries)]


def _told_offered(answers: Answers, world: World) -> Sequence[Option]:
    entries = world.entries(answers.word("case"))
    triage = _triage_entry(answers, world)
    return [Option(one, TO_TELL[one]) for one in _left_to_tell(triage.id, _triage_in(triage), entries)]


def _on_record(prerequisite: str) -> Callable[[Answers, World], str | None]:
    """CON-14: what is there already is not asked again when the referral is sent."""

    def preset(answers: Answers, world: World) -> str | None:
        entries = world.entries(answers.word("case"))
        rests_on = what_an_exit_referral_rests_on(entries, world.today, world.policy)
        met = next(one.met for one in rests_on if one.id == prerequisite)
        return "yes" if met and answers.word("step") == SENT else None

    return preset


def _earliest(answers: Answers, world: World) -> date:
    if answers.word("step") == ANSWERED:
        return _referral(answers, world).sent.sent_on
    return _triage(answers, world).triaged_at.date()


def _ask_for_the_form(answers: Answers, world: World) -> Words:
    """CON-14: what the referral rests on stands above the question about its form."""
    entries = world.entries(answers.word("case"))
    lacking = [line.words for line in prerequisite_lines(entries, world)]
    return with_112(Joined((*lacking, _("Är polisens blankett ifylld?"))))


def _ask_for_the_answer(answers: Answers, world: World) -> Words:
    referral = _referral(answers, world)
    receiver = receiver_words(referral.sent.receiver)
    asks = Text(_("Har {receiver} tagit emot remissen?"), receiver=receiver)
    return with_112(Joined((answer_is_due(referral.answer_by, world.now), asks)))


def answer_is_due(by: datetime, now: datetime) -> Text:
    """When somebody should have answered, or that it is late.

    :param by: when the answer is due.
    :param now: the time it is.
    :returns: a sentence or two.
    """
    if by < now:
        return Text(_("Svaret är försenat. Ring dem nu."))
    return Text(_("Svar väntas senast {when}."), when=When(by, now))


QUESTIONS = (
    Question(
        id="case",
        asks=asked(_("Vilket ärende gäller det?")),
        label=_("Ärende"),
        kind=CaseCode(may_be_new=False),
        why=Why(words=_("En remiss följs i sitt ärende tills någon har svarat."), rules=("THR-9",)),
    ),
    Question(
        id="which",
        asks=asked(_("Vilken remiss gäller det?")),
        label=_("Remiss"),
        kind=Pick(offers=_offered),
        why=Why(words=_("Det kan finnas flera remisser i ett ärende. Var och en följs för sig."), rules=("THR-9",)),
        preset=_the_only_one,
        depends_on=("case",),
    ),
    Question(
        id="step",
        asks=asked(_("Vad vill du skriva in?")),
        label=_("Det du skriver in"),
        kind=Pick(offers=_what_offered),
        why=Why(words=_("Flera ska få veta, och någon ska svara. Lots visar vad som är kvar."), rules=("THR-9",)),
        depends_on=("which",),
    ),
    Question(
        id="police_form",
        asks=_ask_for_the_form,
        label=_("Polisens blankett"),
        kind=YES_NO,
        why=Why(words=_("Avhopparverksamheten behöver polisens blankett."), rules=("CON-14",)),
        preset=_on_record("police_form"),
        depends_on=("step",),
    ),
    Question(
        id="measures",
        asks=asked(_("Finns det beslut om insatser?")),
        label=_("Beslut om insatser"),
        kind=YES_NO,
        why=Why(words=_("Ansvarig socialsekreterare beslutar om insatser."), rules=("CON-14", "DEC-2")),
        preset=_on_record("measures"),
        depends_on=("step",),
    ),
    Question(
        id="sent_on",
        asks=asked(_("Vilken dag skickade du remissen?")),
        label=_("Skickad"),
        kind=DayBetween(quick=(0, 1), earliest=_earliest, latest=lambda answers, world: world.today),
        why=Why(words=_("Från den dagen räknas när svaret ska ha kommit."), rules=("THR-9",)),
        depends_on=("step",),
    ),
    Question(
        id="answer",
        asks=_ask_for_the_answer,
        label=_("Svar"),
        kind=ANSWER,
        why=Why(words=_("En remiss är inte klar förrän någon har sagt ja eller nej."), rules=("THR-9",)),
        depends_on=("step",),
    ),
    Question(
        id="why_declined",
        asks=asked(_("Varför sa de nej?")),
        label=_("Skäl"),
        kind=WHY_DECLINED,
        why=Why(words=_("Skälen visar om tabellen leder rätt."), rules=("THR-9",)),
        depends_on=("answer",),
    ),
    Question(
        id="answered_on",
        asks=asked(_("Vilken dag fick du veta det?")),
        label=_("Dag"),
        kind=DayBetween(quick=(0, 1), earliest=_earliest, latest=lambda answers, world: world.today),
        why=Why(words=_("Dagen visar hur länge remissen väntade."), rules=("THR-9",)),
        preset=lambda answers, world: world.opened_on.isoformat(),
        depends_on=("step",),
    ),
    Question(
        id="told",
        asks=asked(_("Vilka har fått veta om hotet?")),
        label=_("Har fått veta"),
        kind=Several(choices=_told_offered, least=1),
        why=Why(words=_("Alla som ska samarbeta behöver veta. De som är kvar syns i ärendet."), rules=("THR-9",)),
        depends_on=("step",),
    ),
    Question(
        id="told_on",
        asks=asked(_("Vilken dag fick de veta?")),
        label=_("Dag"),
        kind=DayBetween(quick=(0, 1), earliest=_earliest, latest=lambda answers, world: world.today),
        why=Why(words=_("Dagen visar hur snabbt det gick."), rules=("THR-9",)),
        preset=lambda answers, world: world.opened_on.isoformat(),
        depends_on=("step",),
    ),
)


# ── outcomes ─────────────────────────────────────────────────────────────────────────────────────────────────

_112 = Line(CALL_112, ("THR-0",))


def _says_nothing(answers: Answers, world: World) -> Sequence[Words]:
    return (
        CALL_112,
        Text(_("Det finns ingen remiss att följa i {case}. Börja med /hotbild."), case=answers.word("case")),
    )


def _prerequisites(answers: Answers, world: World) -> list[Line]:
    if _triage(answers, world).receiver != "central_unit":
        return []
    return prerequisite_lines(world.entries(answers.word("case")), world)


def _told(answers: Answers, world: World) -> list[Line]:
    return told_lines(_triage(answers, world), world.entries(answers.word("case")))


def _foresees_sent(answers: Answers, world: World) -> Sequence[Line]:
    sent = referrals(world.entries(answers.word("case")))[-1]
    return (
        _112,
        Line(answer_is_due(sent.answer_by, world.now), ("THR-9",)),
        *_told(answers, world),
        *_prerequisites(answers, world),
    )


def _says_sent(answers: Answers, world: World) -> Sequence[Words]:
    first, *follows = (line.words for line in _foresees_sent(answers, world))
    return (
        first,
        Text(_("Sparat i {case}. Remissen är skickad."), case=answers.word("case")),
        *follows,
        _("Kommer inget svar: ring dem, och skriv in det här igen."),
    )


def _foresees_received(answers: Answers, world: World) -> Sequence[Line]:
    return (_112, *_told(answers, world))


def _says_received(answers: Answers, world: World) -> Sequence[Words]:
    first, *follows = (line.words for line in _foresees_received(answers, world))
    return (
        first,
        Text(_("Sparat i {case}. Remissen är mottagen."), case=answers.word("case")),
        *follows,
        _("Nästa steg: bestäm med dem vem som gör vad, och vem som håller i det."),
    )


_AFTER_NO = (
    _("Nästa steg: gör en ny /hotbild med det du vet nu."),
    _("Hotet finns kvar även om de sa nej. Ta hjälp av din chef."),
)


def _foresees_declined(answers: Answers, world: World) -> Sequence[Line]:
    return (_112, *(Line(words, ("THR-9",)) for words in _AFTER_NO))


def _says_declined(answers: Answers, world: World) -> Sequence[Words]:
    return (CALL_112, Text(_("Sparat i {case}. De sa nej."), case=answers.word("case")), *_AFTER_NO)


def _foresees_silent(answers: Answers, world: World) -> Sequence[Line]:
    by = _referral(answers, world).answer_by
    again = Text(_("Fråga igen nu."))
    if by >= world.now:
        again = Text(_("Fråga igen senast {when}."), when=When(by, world.now))
    return (_112, Line(again, ("THR-9",)))


def _says_silent(answers: Answers, world: World) -> Sequence[Words]:
    first, *follows = (line.words for line in _foresees_silent(answers, world))
    return (
        first,
        Text(_("Sparat i {case}. Ingen har svarat."), case=answers.word("case")),
        *follows,
        _("Når du ingen: ring polisen på 114 14. Ta upp det med din chef."),
    )


def _foresees_told(answers: Answers, world: World) -> Sequence[Line]:
    return (_112, *_told(answers, world))


def _foresees_form(answers: Answers, world: World) -> Sequence[Line]:
    return (_112, *_prerequisites(answers, world))


def _says_kept(foresees: Callable[[Answers, World], Sequence[Line]]) -> Callable[[Answers, World], Sequence[Words]]:
    def says(answers: Answers, world: World) -> Sequence[Words]:
        first, *follows = (line.words for line in foresees(answers, world))
        return (first, Text(_("Sparat i {case}."), case=answers.word("case")), *follows)

    return says


def _to_what_is_lacking(answers: Answers, world: World) -> Sequence[str]:
    """CON-14: the dialogs that close the gaps of a referral to the central unit."""
    if _triage(answers, world).receiver != "central_unit":
        return ()
    return gaps(world.entries(answers.word("case")), world)


def _more_to_write(answers: Answers, world: World) -> Sequence[str]:
    return ("remiss",) if _offered(answers, world) else ()


def _on_with_this(answers: Answers, world: World) -> Sequence[str]:
    return tuple(dict.fromkeys((*_more_to_write(answers, world), *_to_what_is_lacking(answers, world))))


OUTCOMES = (
    Outcome(id="nothing_to_follow", says=_says_nothing, saves=False),
    Outcome(
        id="referral_sent",
        says=_says_sent,
        rules=("THR-9",),
        foresees=_foresees_sent,
        leads_to=_on_with_this,
    ),
    Outcome(
        id="received",
        says=_says_received,
        rules=("THR-9",),
        foresees=_foresees_received,
        leads_to=_more_to_write,
    ),
    Outcome(
        id="declined",
        says=_says_declined,
        rules=("THR-9",),
        foresees=_foresees_declined,
        leads_to=lambda answers, world: ("hotbild",),
    ),
    Outcome(id="silent", says=_says_silent, rules=("THR-9",), foresees=_foresees_silent),
    Outcome(
        id="told_kept",
        says=_says_kept(_foresees_told),
        rules=("THR-9",),
        foresees=_foresees_told,
        leads_to=_more_to_write,
    ),
    Outcome(
        id="form_kept",
        says=_says_kept(_foresees_form),
        rules=("CON-14",),
        foresees=_foresees_form,
        leads_to=_on_with_this,
    ),
)


# ── routes ───────────────────────────────────────────────────────────────────────────────────────────────────


def _anything(answers: Answers, world: World) -> str:
    return "something" if _offered(answers, world) else "nothing"


def _what(answers: Answers, world: World) -> str:
    what = answers.word("step")
    return FORM if what == SENT and _triage(answers, world).receiver == "central_unit" else what


def _what_for(answers: Answers, world: World) -> str:
    return answers.word("step")


def _what_came(answers: Answers, world: World) -> str:
    return answers.word("answer")


ROUTES = (
    Decide("case", by=_anything, ways={"something": "which", "nothing": "nothing_to_follow"}, rules=("THR-9",)),
    Go("which", "step"),
    Decide(
        "step",
        by=_what,
        ways={SENT: "sent_on", FORM: "police_form", ANSWERED: "answer", TOLD: "told"},
        rules=("THR-9", "CON-14"),
    ),
    Go("police_form", "measures", on=ANY),
    Decide("measures", by=_what_for, ways={SENT: "sent_on", FORM: "form_kept"}, on=ANY, rules=("CON-14",)),
    Go("sent_on", "referral_sent"),
    Go("answer", "answered_on", on=("received", "silent")),
    Go("answer", "why_declined", on="declined"),
    Go("why_declined", "answered_on", on=WHY_DECLINED.categories),
    Decide(
        "answered_on",
        by=_what_came,
        ways={"received": "received", "declined": "declined", "silent": "silent"},
        rules=("THR-9",),
    ),
    Go("told", "told_on"),
    Go("told_on", "told_kept"),
)


# ── record and note ──────────────────────────────────────────────────────────────────────────────────────────


def record(answers: Answers, world: World) -> Sequence[Record]:
    """What is kept: that a referral was sent, what came of one, who was told, or what an exit referral rests on.

    :param answers: the answers on the way to an outcome that saves.
    :param world: the clock, the records and the office hours.
    :returns: one record.
    """
    case, triage = answers.word("case"), _triage_entry(answers, world)
    form = {name: value for name in ("police_form", "measures") if (value := answers.word_or_none(name)) is not None}
    match answers.word("step"):
        case "sent":
            return (_sent(answers, triage, form, world),)
        case "answered":
            return (_answered(answers, world),)
        case "told":
            told: dict[str, object] = {"told": answers["told"], "told_on": answers.word("told_on")}
            return (HandoverTold.from_payload({"case": case, "triage": triage.id, **told}),)
        case _:
            return (ExitPrerequisites.from_payload({"case": case, "triage": triage.id, **form}),)


def _sent(answers: Answers, triage: Entry, form: dict[str, str], world: World) -> ReferralSent:
    kept = _triage_in(triage)
    due = the_answer_is_due(kept.urgency, answers.day("sent_on"), world.policy.contacts, world.now)
    payload = {
        "case": kept.case,
        "triage": triage.id,
        "sent_on": answers.word("sent_on"),
        "receiver": kept.receiver,
        "urgency": kept.urgency,
        "raised": kept.raised,
        "table": kept.table,
        "rows": list(kept.rows),
        **form,
        "answer_by": due.isoformat(timespec="minutes"),
    }
    return ReferralSent.from_payload({name: value for name, value in payload.items() if value is not None})


def _answered(answers: Answers, world: World) -> ReferralAnswered:
    referral = _referral(answers, world)
    sent, day = referral.sent, answers.day("answered_on")
    again = a_silent_one_is_asked_again(sent.urgency, day, world.policy.contacts, world.now)
    payload = {
        "case": sent.case,
        "referral": referral.entry.id,
        "answered_on": answers.word("answered_on"),
        "answer": answers.word("answer"),
        "reason": answers.word_or_none("why_declined"),
        "receiver": sent.receiver,
        "urgency": sent.urgency,
        "raised": sent.raised,
        "table": sent.table,
        "rows": list(sent.rows),
        "answer_by": None if answers.word("answer") == "received" else again.isoformat(timespec="minutes"),
    }
    return ReferralAnswered.from_payload({name: value for name, value in payload.items() if value is not None})


_CAME = {
    "received": _("Mottagen av {who} den {day}."),
    "declined": _("Avvisad av {who} den {day}."),
    "silent": _("Inget svar från {who} den {day}."),
}


def note(kept: ReferralSent | ReferralAnswered | HandoverTold | ExitPrerequisites) -> Sequence[Words]:
    """The journal note, from the record alone.

    :param kept: the record.
    :returns: lines in the order they are read.
    """
    lines: list[Words] = [Text(_("Remiss vid hot, ärende {case}."), case=kept.case)]
    if isinstance(kept, ReferralSent):
        lines.append(Text(_("Skickad till {who} den {day}."), who=receiver_words(kept.receiver), day=kept.sent_on))
    if isinstance(kept, ReferralAnswered):
        lines.append(Text(_CAME[kept.answer], who=receiver_words(kept.receiver), day=kept.answered_on))
        if kept.reason is not None:
            lines.append(Text(_("Skäl: {words}."), words=WHY_DECLINED.label_of(kept.reason)))
    if isinstance(kept, HandoverTold):
        who = Listed(Text(FUNCTIONS[one]) for one in kept.told)
        lines.append(Text(_("Har fått veta om hotet den {day}: {who}."), day=kept.told_on, who=who))
    if isinstance(kept, ReferralSent | ExitPrerequisites):
        for label, said in ((_("Polisens blankett"), kept.police_form), (_("Beslut om insatser"), kept.measures)):
            if said is not None:
                lines.append(Text(_("{label}: {value}."), label=Text(label), value=YES_NO.label_of(said)))
    lines.append(NOT_THE_JOURNAL)
    return lines


DIALOG = Dialog(
    id="remiss",
    command="remiss",
    version=1,
    title=_("Följ remissen"),
    about=_("Skriv in att en remiss är skickad, eller vad de svarade"),
    noun=_("en påbörjad remiss"),
    questions=QUESTIONS,
    outcomes=OUTCOMES,
    routes=ROUTES,
    record=record,
    kinds=(ReferralSent, ReferralAnswered, HandoverTold, ExitPrerequisites),
    note=note,
    listed=False,
    beside=CALL_112,
)
