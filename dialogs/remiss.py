"""/remiss: follow a referral until somebody has answered; opened from the case.

A referral is sent, received, declined with a reason, or silent. What came of it is kept beside the rows of the table
that led to it, so that figures can show how often each row's referrals were received (THR-9). A referral to the central
unit also says whether the police's form and decided measures are there (CON-14).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from dialogs.answers import Answers, CaseCode, Choice, Day, Option, Pick
from dialogs.hotbild import ANY
from dialogs.model import Decide, Dialog, Go, Outcome, Question, Why, World
from dialogs.records import Entry, Record, ReferralAnswered, ReferralSent, ThreatTriaged
from dialogs.rules.referrals import Referral, referrals, the_answer_is_due, the_latest_triage, the_triage_to_send
from dialogs.samtal import NOT_THE_JOURNAL
from dialogs.texts import Text, Words
from dialogs.texts import mark as _
from dialogs.threat_words import (
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


# ── what there is to follow ──────────────────────────────────────────────────────────────────────────────────


def _triage_of(entry: Entry | None) -> ThreatTriaged | None:
    return entry.record if entry is not None and isinstance(entry.record, ThreatTriaged) else None


def _offered(answers: Answers, world: World) -> Sequence[Option]:
    entries = world.entries(answers.word("case"))
    offered = []
    if (kept := _triage_of(the_triage_to_send(entries))) is not None:
        said = Text(_("Skicka till {receiver}"), receiver=receiver_words(kept.receiver))
        offered.append(Option(SEND, said))
    for referral in referrals(entries):
        if referral.is_open:
            words = Text(
                _("Svar från {receiver}, skickad {day}"),
                receiver=receiver_words(referral.sent.receiver),
                day=referral.sent.sent_on,
            )
            offered.append(Option(referral.entry.id, words))
    return offered


def _the_only_one(answers: Answers, world: World) -> str | None:
    offered = _offered(answers, world)
    return offered[0].value if len(offered) == 1 else None


def _referral(answers: Answers, world: World) -> Referral:
    chosen = answers.word("which")
    return next(one for one in referrals(world.entries(answers.word("case"))) if one.entry.id == chosen)


def _to_send(answers: Answers, world: World) -> ThreatTriaged:
    kept = _triage_of(the_latest_triage(world.entries(answers.word("case"))))
    if kept is None:
        raise LookupError("there is no triage in the case")
    return kept


def _earliest(answers: Answers, world: World) -> date:
    if answers.word("which") == SEND:
        return _to_send(answers, world).triaged_at.date()
    return _referral(answers, world).sent.sent_on


def _ask_for_the_form(answers: Answers, world: World) -> Words:
    """CON-14: what the referral rests on stands above the question about its form."""
    entries = world.entries(answers.word("case"))
    lacking = [line.words for line in prerequisite_lines(entries, world)]
    return with_112(Joined((*lacking, _("Är polisens blankett ifylld?"))))


def _ask_for_the_answer(answers: Answers, world: World) -> Words:
    referral = _referral(answers, world)
    said = Text(_("Svar väntas senast {when}."), when=When(referral.answer_by, world.now))
    receiver = receiver_words(referral.sent.receiver)
    return with_112(Joined((said, Text(_("Har {receiver} tagit emot remissen?"), receiver=receiver))))


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
        asks=asked(_("Vad vill du skriva in?")),
        label=_("Remiss"),
        kind=Pick(offers=_offered),
        why=Why(words=_("Det kan finnas flera remisser i ett ärende. Var och en följs för sig."), rules=("THR-9",)),
        preset=_the_only_one,
        depends_on=("case",),
    ),
    Question(
        id="police_form",
        asks=_ask_for_the_form,
        label=_("Polisens blankett"),
        kind=YES_NO,
        why=Why(words=_("Avhopparverksamheten behöver polisens blankett."), rules=("CON-14",)),
        depends_on=("which",),
    ),
    Question(
        id="measures",
        asks=asked(_("Finns det beslut om insatser?")),
        label=_("Beslut om insatser"),
        kind=YES_NO,
        why=Why(words=_("Ansvarig socialsekreterare beslutar om insatser."), rules=("CON-14", "DEC-2")),
        depends_on=("which",),
    ),
    Question(
        id="sent_on",
        asks=asked(_("Vilken dag skickade du remissen?")),
        label=_("Skickad"),
        kind=Day(quick=(0, 1), earliest=_earliest, latest=lambda answers, world: world.today),
        why=Why(words=_("Från den dagen räknas när svaret ska ha kommit."), rules=("THR-9",)),
        depends_on=("which",),
    ),
    Question(
        id="answer",
        asks=_ask_for_the_answer,
        label=_("Svar"),
        kind=ANSWER,
        why=Why(words=_("En remiss är inte klar förrän någon har sagt ja eller nej."), rules=("THR-9",)),
        depends_on=("which",),
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
        kind=Day(quick=(0, 1), earliest=_earliest, latest=lambda answers, world: world.today),
        why=Why(words=_("Dagen visar hur länge remissen väntade."), rules=("THR-9",)),
        preset=lambda answers, world: world.opened_on.isoformat(),
        depends_on=("which",),
    ),
)


# ── outcomes ─────────────────────────────────────────────────────────────────────────────────────────────────


def _says_nothing(answers: Answers, world: World) -> Sequence[Words]:
    return (Text(_("Det finns ingen remiss att följa i {case}. Börja med /hotbild."), case=answers.word("case")),)


def _says_sent(answers: Answers, world: World) -> Sequence[Words]:
    entries = world.entries(answers.word("case"))
    sent = referrals(entries)[-1]
    kept = _to_send(answers, world)
    lines: list[Words] = [
        Text(_("Sparat i {case}. Remissen är skickad."), case=answers.word("case")),
        Text(_("Svar väntas senast {when}."), when=When(sent.answer_by, world.now)),
        _("Kommer inget svar: ring dem, och skriv in det här igen."),
        *(line.words for line in told_lines(kept, entries)),
    ]
    if kept.receiver == "central_unit":
        lines += [line.words for line in prerequisite_lines(entries, world)]
    return lines


def _says_received(answers: Answers, world: World) -> Sequence[Words]:
    entries = world.entries(answers.word("case"))
    told = [] if (kept := _triage_of(the_latest_triage(entries))) is None else told_lines(kept, entries)
    return (
        Text(_("Sparat i {case}. Remissen är mottagen."), case=answers.word("case")),
        *(line.words for line in told),
        _("Nästa steg: bestäm med dem vem som gör vad, och vem som håller i det."),
    )


def _says_declined(answers: Answers, world: World) -> Sequence[Words]:
    return (
        Text(_("Sparat i {case}. De sa nej."), case=answers.word("case")),
        _("Nästa steg: gör en ny /hotbild med det du vet nu."),
        _("Hotet finns kvar även om de sa nej. Ta hjälp av din chef."),
    )


def _says_silent(answers: Answers, world: World) -> Sequence[Words]:
    referral = _referral(answers, world)
    return (
        Text(_("Sparat i {case}. Ingen har svarat."), case=answers.word("case")),
        Text(_("Fråga igen senast {when}."), when=When(referral.answer_by, world.now)),
        _("Når du ingen: ring polisen på 114 14. Ta upp det med din chef."),
    )


OUTCOMES = (
    Outcome(id="nothing_to_follow", says=_says_nothing, saves=False),
    Outcome(
        id="sent",
        says=_says_sent,
        rules=("THR-9",),
        leads_to=lambda answers, world: (
            [one for one in gaps(world.entries(answers.word("case")), world) if one != "remiss"]
            if _to_send(answers, world).receiver == "central_unit"
            else ()
        ),
    ),
    Outcome(id="received", says=_says_received, rules=("THR-9",)),
    Outcome(id="declined", says=_says_declined, rules=("THR-9",), leads_to=lambda answers, world: ("hotbild",)),
    Outcome(id="silent", says=_says_silent, rules=("THR-9",)),
)


# ── routes ───────────────────────────────────────────────────────────────────────────────────────────────────


def _anything(answers: Answers, world: World) -> str:
    return "something" if _offered(answers, world) else "nothing"


def _which(answers: Answers, world: World) -> str:
    if answers.word("which") != SEND:
        return "answer"
    return "central_unit" if _to_send(answers, world).receiver == "central_unit" else "other"


def _what_came(answers: Answers, world: World) -> str:
    return answers.word("answer")


ROUTES = (
    Decide("case", by=_anything, ways={"something": "which", "nothing": "nothing_to_follow"}, rules=("THR-9",)),
    Decide(
        "which",
        by=_which,
        ways={"answer": "answer", "central_unit": "police_form", "other": "sent_on"},
        rules=("THR-9", "CON-14"),
    ),
    Go("police_form", "measures", on=ANY),
    Go("measures", "sent_on", on=ANY),
    Go("sent_on", "sent"),
    Go("answer", "answered_on", on=("received", "silent")),
    Go("answer", "why_declined", on="declined"),
    Go("why_declined", "answered_on", on=WHY_DECLINED.categories),
    Decide(
        "answered_on",
        by=_what_came,
        ways={"received": "received", "declined": "declined", "silent": "silent"},
        rules=("THR-9",),
    ),
)


# ── record and note ──────────────────────────────────────────────────────────────────────────────────────────


def record(answers: Answers, world: World) -> Sequence[Record]:
    """What is kept: that a referral was sent, or what came of one.

    :param answers: the answers on the way to an outcome that saves.
    :param world: the clock, the records and the office hours.
    :returns: one record.
    """
    case = answers.word("case")
    entries = world.entries(case)
    if answers.word("which") == SEND:
        latest = the_latest_triage(entries)
        kept = _to_send(answers, world)
        due = the_answer_is_due(kept.urgency, answers.day("sent_on"), world.policy.contacts, world.now)
        payload = {
            "case": case,
            "triage": "" if latest is None else latest.id,
            "sent_on": answers.word("sent_on"),
            "receiver": kept.receiver,
            "rows": list(kept.rows),
            "police_form": answers.word_or_none("police_form"),
            "measures": answers.word_or_none("measures"),
            "answer_by": due.isoformat(timespec="minutes"),
        }
        return (ReferralSent.from_payload({name: value for name, value in payload.items() if value is not None}),)
    referral = _referral(answers, world)
    again = the_answer_is_due("today", answers.day("answered_on"), world.policy.contacts, world.now)
    payload = {
        "case": case,
        "referral": referral.entry.id,
        "answered_on": answers.word("answered_on"),
        "answer": answers.word("answer"),
        "reason": answers.word_or_none("why_declined"),
        "receiver": referral.sent.receiver,
        "rows": list(referral.sent.rows),
        "answer_by": None if answers.word("answer") == "received" else again.isoformat(timespec="minutes"),
    }
    return (ReferralAnswered.from_payload({name: value for name, value in payload.items() if value is not None}),)


_ANSWERED = {
    "received": _("Mottagen av {who} den {day}."),
    "declined": _("Avvisad av {who} den {day}."),
    "silent": _("Inget svar från {who} den {day}."),
}


def note(kept: ReferralSent | ReferralAnswered) -> Sequence[Words]:
    """The journal note, from the record alone.

    :param kept: the record.
    :returns: lines in the order they are read.
    """
    who = receiver_words(kept.receiver)
    lines: list[Words] = [Text(_("Remiss vid hot, ärende {case}."), case=kept.case)]
    if isinstance(kept, ReferralSent):
        lines.append(Text(_("Skickad till {who} den {day}."), who=who, day=kept.sent_on))
        for label, said in ((_("Polisens blankett"), kept.police_form), (_("Beslut om insatser"), kept.measures)):
            if said is not None:
                lines.append(Text(_("{label}: {value}."), label=Text(label), value=YES_NO.label_of(said)))
    else:
        lines.append(Text(_ANSWERED[kept.answer], who=who, day=kept.answered_on))
        if kept.reason is not None:
            lines.append(Text(_("Skäl: {words}."), words=WHY_DECLINED.label_of(kept.reason)))
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
    kinds=(ReferralSent, ReferralAnswered),
    note=note,
    listed=False,
)
