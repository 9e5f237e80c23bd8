"""/samtal: a motivational talk before enrolment (motivationssamtal).

The coordinator records it right after the meeting. Rules: MOT-1 … MOT-5 (S0, S3); when and by whom must show in
the documentation (förvaltningslagen 27 §, socialtjänstlagen 14 kap. 3 §). The usual talk is three presses
after the command, four when an assessment is put off and five when one is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from dialogs.answers import Answers, CaseCode, Choice, Day, Option
from dialogs.case_facts import fact_question, facts_said
from dialogs.model import Decide, Dialog, Go, Outcome, Question, Why, World
from dialogs.records import Record, TalkHeld
from dialogs.rules.talks import (
    a_talk_is_already_recorded_that_day,
    an_assessment_is_due,
    as_group,
    talks_held,
    the_talks_are_past_the_usual,
)
from dialogs.texts import Text, Verbatim, Words
from dialogs.texts import mark as _

NOT_THE_JOURNAL = _("Det här är ett underlag. Journalen förs i verksamhetssystemet.")
"""The last line of every journal note."""

OTHER = Option("other", _("Annat: skrivs i verksamhetssystemet"))

HELD = Choice(
    choices=(
        Option("yes", _("Ja")),
        Option("missed", _("Nej, personen kom inte")),
        Option("cancelled", _("Nej, inställt eller ombokat")),
    )
)
SAME_DAY = Choice(
    choices=(
        Option("another", _("Ja, ett till")),
        Option("same", _("Nej, samma samtal")),
    )
)
MODE = Choice(
    choices=(
        Option("meeting", _("Möte")),
        Option("telephone", _("Telefon")),
        Option("video", _("Video")),
    )
)
HELD_BY = Choice(
    choices=(
        Option("self", _("Jag")),
        Option("colleague", _("Min kollega")),
        Option("both", _("Vi båda")),
    )
)
ASSESSMENT = Choice(
    choices=(
        Option("later", _("Bedöm senare")),
        Option("continue", _("Fler samtal")),
        Option("motivated", _("Motiverad")),
        Option("not_motivated", _("Personen går inte vidare nu")),
    )
)
WHY_CONTINUE = Choice(
    choices=(
        Option("more_time", _("Personen behöver mer tid")),
        Option("wants_to_know_more", _("Personen vill veta mer först")),
        Option("trust_first", _("Förtroendet behöver byggas upp")),
        OTHER,
    )
)
WHY_MOTIVATED = Choice(
    choices=(
        Option("wants_to_leave", _("Vill lämna brottsligheten")),
        Option("keeps_appointments", _("Kommer till samtalen")),
        Option("takes_steps", _("Tar egna steg")),
        OTHER,
    )
)
WHY_NOT_MOTIVATED = Choice(
    choices=(
        Option("not_now", _("Vill inte just nu")),
        Option("does_not_come", _("Kommer inte till samtalen")),
        Option("no_to_the_police", _("Säger nej till att vi delar uppgifter med polisen")),
        OTHER,
    )
)


_TALK = {
    "yes": _("Samtal den {day}"),
    "missed": _("Uteblivet samtal den {day}"),
    "cancelled": _("Inställt samtal den {day}"),
}


def talk_words(talk: TalkHeld) -> Text:
    """How a talk is named in a list.

    :param talk: the talk, as it stands.
    :returns: what it was, and its day.
    """
    return Text(_TALK[talk.held], day=talk.occurred_on)


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────


def _this_talk(answers: Answers, world: World) -> int:
    return len(talks_held(world.entries(answers.word("case")))) + 1


def _ask_for_assessment(answers: Answers, world: World) -> Words:
    number = _this_talk(answers, world)
    if _due(answers, world) == "suggested":
        return Text(_("Det här är samtal {count}. Vill du göra en bedömning nu?"), count=count_words(number, world))
    if the_talks_are_past_the_usual(number, world.policy):
        return Text(
            _("Det här är samtal {number}. Det är fler än de vanliga {usual}. Hur bedömer du motivationen?"),
            number=number,
            usual=_usual(world),
        )
    return Text(_("Det här är samtal {count}. Hur bedömer du motivationen?"), count=count_words(number, world))


def _second_talk(answers: Answers, world: World) -> Words:
    return Text(_("Det finns redan ett samtal den {day}. Är det här ett till?"), day=answers.day("occurred_on"))


def _as_last_time(field: str, otherwise: str, own: bool) -> Callable[[Answers, World], str]:
    def preset(answers: Answers, world: World) -> str:
        for talk in reversed(talks_held(world.entries(answers.word("case")))):
            if not own or talk.entry.author == world.person:
                return str(getattr(talk.record, field) or otherwise)
        return otherwise

    return preset


def latest_day(held: str | None, world: World) -> date:
    """A talk that was held or missed has been; one that is cancelled may lie ahead.

    :param held: whether the talk was held, as it is stored.
    :param world: what is known.
    :returns: the last day it may stand on.
    """
    return world.today + timedelta(days=world.policy.cancelled_ahead_days if held == "cancelled" else 0)


QUESTIONS = (
    Question(
        id="case",
        asks=_("Vilket ärende gäller det?"),
        label=_("Ärende"),
        kind=CaseCode(),
        why=Why(
            words=_("Samtalet ska räknas i rätt ärende. Koden är slumpad och säger inget om personen."),
            rules=("MOT-4",),
        ),
    ),
    fact_question("group"),
    Question(
        id="held",
        asks=_("Blev samtalet av?"),
        label=_("Genomfört"),
        kind=HELD,
        why=Why(
            words=_("Bara samtal som har hållits räknas. Ett samtal som inte blev av sparas också."),
            rules=("MOT-5",),
        ),
    ),
    Question(
        id="occurred_on",
        asks=_("Vilken dag var samtalet, eller skulle det ha varit?"),
        label=_("Samtalsdag"),
        kind=Day(
            quick=(0, 1, 2),
            earliest=lambda answers, world: world.today - timedelta(days=world.policy.oldest_talk_days),
            latest=lambda answers, world: latest_day(answers.word_or_none("held"), world),
        ),
        why=Why(
            words=_("Det ska synas när något hände och vem som har skrivit det."),
            rules=("MOT-5",),
            law=("FL-27", "SOL-14-3"),
        ),
        preset=lambda answers, world: world.opened_on.isoformat(),
    ),
    Question(
        id="same_day",
        asks=_second_talk,
        label=_("Fler samma dag"),
        kind=SAME_DAY,
        why=Why(words=_("Din kollega kan redan ha sparat samtalet. Då ska det inte räknas igen."), rules=("MOT-4",)),
        depends_on=("case", "held", "occurred_on"),
        offers=("occurred_on",),
    ),
    Question(
        id="mode",
        asks=_("Hur hölls samtalet?"),
        label=_("Form"),
        kind=MODE,
        why=Why(words=_("Det ska synas om ni möttes eller talades vid på annat sätt."), rules=("MOT-5",)),
        preset=_as_last_time("mode", "meeting", own=False),
    ),
    Question(
        id="held_by",
        asks=_("Vem höll samtalet?"),
        label=_("Hölls av"),
        kind=HELD_BY,
        why=Why(
            words=_("Ni är två samordnare i varje ärende. Det ska synas vem av er som höll samtalet."),
            rules=("MOT-5", "ENV-1"),
        ),
        preset=_as_last_time("held_by", "self", own=True),
    ),
    Question(
        id="assessment",
        asks=_ask_for_assessment,
        label=_("Bedömning"),
        kind=ASSESSMENT,
        why=Why(
            words=_(
                "Efter tre till fem samtal brukar det gå att se om personen är motiverad. Du kan alltid bedöma senare."
            ),
            rules=("MOT-1", "MOT-2"),
        ),
        depends_on=("case", "group"),
    ),
    Question(
        id="why_continue",
        asks=_("Varför behövs fler samtal?"),
        label=_("Skäl"),
        kind=WHY_CONTINUE,
        why=Why(words=_("Skälet visar hur du tänkte. Det ska gå att följa i efterhand."), rules=("MOT-2",)),
        depends_on=("assessment",),
    ),
    Question(
        id="why_motivated",
        asks=_("Vad visar att personen är motiverad?"),
        label=_("Skäl"),
        kind=WHY_MOTIVATED,
        why=Why(words=_("Skälet visar hur du tänkte. Det ska gå att följa i efterhand."), rules=("MOT-2",)),
        depends_on=("assessment",),
    ),
    Question(
        id="why_not_motivated",
        asks=_("Varför går personen inte vidare nu?"),
        label=_("Skäl"),
        kind=WHY_NOT_MOTIVATED,
        why=Why(words=_("Skälet visar hur du tänkte. Det ska gå att följa i efterhand."), rules=("MOT-2",)),
        depends_on=("assessment",),
    ),
)


# ── outcomes ─────────────────────────────────────────────────────────────────────────────────────────────────


def _usual(world: World) -> str:
    return f"{world.policy.suggest_assessment_at}–{world.policy.ask_assessment_at}"


def count_words(number: int, world: World) -> Words:
    """MOT-1: "3 av 3–5"; the number alone where it is past the usual.

    :param number: how many talks have been held.
    :param world: what is known; its policy says what is usual.
    :returns: the words.
    """
    if the_talks_are_past_the_usual(number, world.policy):
        return Verbatim(f"{number}")
    return Text(_("{number} av {usual}"), number=number, usual=_usual(world))


def _saved(answers: Answers, world: World) -> list[Words]:
    number = len(talks_held(world.entries(answers.word("case"))))
    lines: list[Words] = [
        Text(_("Sparat i {case}. Samtal {count}."), case=answers.word("case"), count=count_words(number, world))
    ]
    if the_talks_are_past_the_usual(number, world.policy):
        lines.append(Text(_("Det är fler än de vanliga {usual}. Samtalet räknas ändå."), usual=_usual(world)))
    return lines


def _says_next_talk(answers: Answers, world: World) -> Sequence[Words]:
    return (*_saved(answers, world), _("Nästa steg: boka nästa samtal."))


def _says_consent_is_next(answers: Answers, world: World) -> Sequence[Words]:
    return (
        *_saved(answers, world),
        _("Nästa steg: fråga om samtycke. Gör det snart, medan viljan finns."),
    )


def _says_not_enrolled(answers: Answers, world: World) -> Sequence[Words]:
    return (
        *_saved(answers, world),
        _("Enligt stadens vägledning kan personen inte skrivas in nu. Ansvarig socialsekreterare beslutar."),
        _("Nästa steg: säg att personen kan höra av sig igen. Ni kan ha fler samtal senare."),
    )


def _says_not_counted(answers: Answers, world: World) -> Sequence[Words]:
    number = len(talks_held(world.entries(answers.word("case"))))
    return (
        Text(_("Sparat i {case}. Samtalet räknas inte."), case=answers.word("case")),
        Text(_("Hållna samtal: {count}."), count=count_words(number, world)),
        _("Nästa steg: boka en ny tid, om det inte redan är gjort."),
        _("Är du orolig för personen: kontakta ansvarig socialsekreterare."),
    )


def _says_already_counted(answers: Answers, world: World) -> Sequence[Words]:
    number = len(talks_held(world.entries(answers.word("case"))))
    return (
        Text(_("Samtalet är redan sparat i {case}. Inget nytt är sparat."), case=answers.word("case")),
        Text(_("Hållna samtal: {count}."), count=count_words(number, world)),
    )


OUTCOMES = (
    Outcome(id="talk_counted", says=_says_next_talk, rules=("MOT-1", "MOT-4")),
    Outcome(
        id="on_to_consent",
        says=_says_consent_is_next,
        leads_to=lambda answers, world: ("samtycke",),
        rules=("MOT-2", "MOT-3"),
    ),
    Outcome(id="cannot_be_enrolled", says=_says_not_enrolled, rules=("MOT-2",)),
    Outcome(id="talk_not_counted", says=_says_not_counted, rules=("MOT-5",)),
    Outcome(id="already_counted", says=_says_already_counted, rules=("MOT-4",), saves=False),
)


# ── routes ───────────────────────────────────────────────────────────────────────────────────────────────────


def _after_the_day(answers: Answers, world: World) -> str:
    if answers.word("held") != "yes":
        return "not_held"
    entries = world.entries(answers.word("case"))
    if a_talk_is_already_recorded_that_day(entries, answers.day("occurred_on")):
        return "second_that_day"
    return "first_that_day"


def _due(answers: Answers, world: World) -> str:
    return an_assessment_is_due(_this_talk(answers, world), as_group(answers.word("group")), world.policy)


ROUTES = (
    Go("case", "group"),
    Go("group", "held", on=("youth", "young_adult", "unknown")),
    Go("held", "occurred_on", on=("yes", "missed", "cancelled")),
    Decide(
        "occurred_on",
        by=_after_the_day,
        ways={"not_held": "talk_not_counted", "second_that_day": "same_day", "first_that_day": "mode"},
        rules=("MOT-4", "MOT-5"),
    ),
    Go("same_day", "mode", on="another"),
    Go("same_day", "already_counted", on="same"),
    Go("mode", "held_by", on=("meeting", "telephone", "video")),
    Decide(
        "held_by",
        by=_due,
        ways={"not_due": "talk_counted", "suggested": "assessment", "asked_for": "assessment"},
        on=("self", "colleague", "both"),
        rules=("MOT-1",),
    ),
    Go("assessment", "talk_counted", on="later"),
    Go("assessment", "why_continue", on="continue"),
    Go("assessment", "why_motivated", on="motivated"),
    Go("assessment", "why_not_motivated", on="not_motivated"),
    Go("why_continue", "talk_counted", on=WHY_CONTINUE.categories),
    Go("why_motivated", "on_to_consent", on=WHY_MOTIVATED.categories),
    Go("why_not_motivated", "cannot_be_enrolled", on=WHY_NOT_MOTIVATED.categories),
)


# ── record and note ──────────────────────────────────────────────────────────────────────────────────────────


def record(answers: Answers, world: World) -> Sequence[Record]:
    """What is kept of the talk.

    :param answers: the answers on the way to an outcome that saves.
    :param world: what is known, to see which case facts are new.
    :returns: new case facts and the talk; an assessment put off is not kept as one.
    """
    assessment = answers.word_or_none("assessment")
    reason = next((answers.word(q) for q in answers if q.startswith("why_")), None)
    talk = TalkHeld.from_payload(
        {
            field: value
            for field, value in {
                "case": answers.word("case"),
                "held": answers.word("held"),
                "occurred_on": answers.word("occurred_on"),
                "mode": answers.word_or_none("mode"),
                "held_by": answers.word_or_none("held_by"),
                "assessment": None if assessment == "later" else assessment,
                "reason": reason,
            }.items()
            if value is not None
        }
    )
    return (*facts_said(answers, world), talk)


_NOTE_HELD = {
    "yes": _("Samtalet hölls den {day}."),
    "missed": _("Samtalet den {day} blev inte av. Personen kom inte."),
    "cancelled": _("Samtalet den {day} blev inte av. Det ställdes in eller bokades om."),
}
_NOTE_MODE = {
    "meeting": _("Det var ett möte."),
    "telephone": _("Det var ett telefonsamtal."),
    "video": _("Det var ett videosamtal."),
}
_NOTE_BY = {
    "self": _("Samtalet hölls av den samordnare som registrerade det."),
    "colleague": _("Samtalet hölls av den andra samordnaren."),
    "both": _("Samtalet hölls av båda samordnarna."),
}


def note(kept: TalkHeld) -> Sequence[Words]:
    """The journal note, from the record alone.

    :param kept: the record.
    :returns: lines in the order they are read.
    """
    lines: list[Words] = [
        Text(_("Motivationssamtal, ärende {case}."), case=kept.case),
        Text(_NOTE_HELD[kept.held], day=kept.occurred_on),
    ]
    if kept.mode:
        lines.append(_NOTE_MODE[kept.mode])
    if kept.held_by:
        lines.append(_NOTE_BY[kept.held_by])
    if kept.assessment:
        lines.append(Text(_("Bedömning: {words}."), words=ASSESSMENT.label_of(kept.assessment)))
    if kept.reason:
        reasons = {"continue": WHY_CONTINUE, "motivated": WHY_MOTIVATED, "not_motivated": WHY_NOT_MOTIVATED}
        lines.append(Text(_("Skäl: {words}."), words=reasons[kept.assessment or "continue"].label_of(kept.reason)))
    lines.append(NOT_THE_JOURNAL)
    return lines


DIALOG = Dialog(
    id="samtal",
    command="samtal",
    version=1,
    title=_("Registrera samtal"),
    about=_("Registrera ett motivationssamtal"),
    noun=_("ett påbörjat samtal"),
    questions=QUESTIONS,
    outcomes=OUTCOMES,
    routes=ROUTES,
    record=record,
    kinds=(TalkHeld,),
    note=note,
)
