"""/ratta: correct a talk that was written wrong, take a correction back (MOT-4), or say that a consent was mistaken.

Nothing is erased: a correction is a new record with a coded reason, the first one stays, and the counts follow.
A correction of a correction takes the earlier one back. A consent that was written by mistake allows nothing from then
on (CON-13): it is asked for again with /samtycke.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from dialogs.answers import Answers, CaseCode, Choice, Day, Option, Pick
from dialogs.consent_notes import note_of_correction
from dialogs.consent_words import giver_words
from dialogs.consequences import consent_record_words, consents_of, foreseen, who_said
from dialogs.model import Decide, Dialog, Go, Outcome, Question, Why, World
from dialogs.records import (
    ConsentAsked,
    ConsentCorrected,
    ConsentWithdrawn,
    Corrected,
    Entry,
    Record,
    TalkHeld,
)
from dialogs.rules.talks import (
    corrections_that_stand,
    talks_as_they_stand,
    talks_held,
    talks_if_corrected,
    the_day_that_gets_a_second_talk,
)
from dialogs.rules.transfers import notice_of, the_day_of, what_was_transferred
from dialogs.samtal import (
    ASSESSMENT,
    HELD,
    HELD_BY,
    MODE,
    NOT_THE_JOURNAL,
    OTHER,
    SAME_DAY,
    count_words,
    latest_day,
    talk_words,
)
from dialogs.texts import Text, Words
from dialogs.texts import mark as _

_WHAT = (
    Option("day", _("Dagen")),
    Option("held", _("Om det blev av")),
    Option("mode", _("Hur det hölls")),
    Option("held_by", _("Vem som höll det")),
    Option("assessment", _("Bedömningen")),
    Option("taken_away", _("Samtalet ska inte finnas här")),
)
_ONLY_OF_A_HELD_TALK = ("mode", "held_by", "assessment")
RIGHT_ASSESSMENT = Choice(
    choices=(
        *(option for option in ASSESSMENT.choices if option.value != "later"),
        Option("none", _("Ingen bedömning")),
    )
)
REASON = Choice(
    choices=(
        Option("mistyped", _("Det var ett skrivfel")),
        Option("wrong_case", _("Det sparades i fel ärende")),
        Option("written_twice", _("Det sparades två gånger")),
        Option("learned_later", _("Rätt uppgift kom senare")),
        OTHER,
    )
)
LATEST = 8
"""How many talks and corrections can be picked; older ones are corrected in the case system."""


_TAKES_BACK = {
    "day": _("Ta tillbaka rättelsen: dagen, samtalet den {day}"),
    "mode": _("Ta tillbaka rättelsen: form, samtalet den {day}"),
    "held_by": _("Ta tillbaka rättelsen: vem, samtalet den {day}"),
    "assessment": _("Ta tillbaka rättad bedömning, samtalet den {day}"),
    "taken_away": _("Ta tillbaka att samtalet den {day} togs bort"),
}
_TAKES_BACK_HELD = {
    "yes": _("Ta tillbaka att samtalet den {day} blev av"),
    "missed": _("Ta tillbaka att samtalet den {day} inte blev av"),
    "cancelled": _("Ta tillbaka att samtalet den {day} inte blev av"),
}
_IN_FORCE_AGAIN = _("Låt rättelsen gälla igen, samtalet den {day}")
_AWAY_AGAIN = _("Ta bort rättelsen igen, samtalet den {day}")


def _can_be_corrected(answers: Answers, world: World) -> Sequence[Option]:
    """Talks, then corrections that stand, then consents; the latest first."""
    entries = world.entries(answers.word("case"))
    talks = [Option(talk.entry.id, talk_words(talk.record)) for talk in talks_as_they_stand(entries)]
    takes_back = [Option(entry.id, _takes_back(entry, entries)) for entry in corrections_that_stand(entries)]
    consents = [Option(entry.id, consent_record_words(entry.record)) for entry in _consents_to_correct(entries, world)]
    return (*reversed(talks[-LATEST:]), *reversed(takes_back[-LATEST:]), *reversed(consents[-LATEST:]))


def _consents_to_correct(entries: Sequence[Entry], world: World) -> list[Entry]:
    consents = consents_of(entries, world)
    return [entry for entry in entries if any(not consents.is_mistaken(entry, who) for who in who_said(entry.record))]


def _whose(answers: Answers, world: World) -> Sequence[Option]:
    """Whose answers can be mistaken: one giver's, or everyone's of that record."""
    entry, consents = _chosen(answers, world), consents_of(world.entries(answers.word("case")), world)
    age = consents.context.age_group
    each = [
        Option(who, giver_words(who, age)) for who in who_said(entry.record) if not consents.is_mistaken(entry, who)
    ]
    return (*each, Option(EVERYONE, _("Allas svar"))) if len(each) > 1 else each


def _takes_back(entry: Entry, entries: Sequence[Entry]) -> Text:
    """What taking a correction back is called: what it corrected, of which talk, or that an earlier one is back."""
    chain = _down_to_the_talk(entry.id, entries)
    said = [link.record for link in chain if isinstance(link.record, Corrected)]
    first = said[-1]
    stands = {talk.entry.id: talk.record.occurred_on for talk in talks_as_they_stand(entries)}
    if len(said) > 1:
        words = _IN_FORCE_AGAIN if len(said) % 2 == 0 else _AWAY_AGAIN
    else:
        words = _TAKES_BACK_HELD[first.held or "yes"] if first.change == "held" else _TAKES_BACK[first.change]
    return Text(words, day=stands.get(chain[-1].id, first.talk_on))


def _down_to_the_talk(about: str, entries: Sequence[Entry]) -> list[Entry]:
    """A record and what it corrects, link by link; the last is the talk."""
    by_id = {entry.id: entry for entry in entries}
    chain = [by_id[about]]
    while isinstance(record := chain[-1].record, Corrected):
        chain.append(by_id[record.corrects])
    return chain


def _what_can_be_wrong(answers: Answers, world: World) -> Sequence[Option]:
    held = _as_it_stands(answers, world).held == "yes"
    return [option for option in _WHAT if held or option.value not in _ONLY_OF_A_HELD_TALK]


def _chosen(answers: Answers, world: World) -> Entry:
    chosen = answers.word("what_record")
    return next(entry for entry in world.entries(answers.word("case")) if entry.id == chosen)


def _as_it_stands(answers: Answers, world: World) -> TalkHeld:
    chosen = answers.word("what_record")
    return next(
        talk.record for talk in talks_as_they_stand(world.entries(answers.word("case"))) if talk.entry.id == chosen
    )


def _talk_meant(answers: Answers, world: World) -> TalkHeld:
    """The talk that is corrected, or whose correction is taken back, as it was written."""
    record = _down_to_the_talk(answers.word("what_record"), world.entries(answers.word("case")))[-1].record
    if not isinstance(record, TalkHeld):
        raise TypeError(f"a correction leads to a {record.kind}")
    return record


def _who(answers: Answers, world: World) -> Sequence[Option]:
    """Jag is the one who answers now, whoever saved the talk; what is stored is seen from the one who saved it."""
    held_by = {option.value: option.label for option in HELD_BY.choices}
    if _chosen(answers, world).author != world.person:
        held_by["self"], held_by["colleague"] = held_by["colleague"], held_by["self"]
    return [Option(value, label) for value, label in held_by.items()]


def _asks_what(answers: Answers, world: World) -> Words:
    return Text(_("{talk}: vad är fel?"), talk=talk_words(_as_it_stands(answers, world)))


def _asks_same_day(answers: Answers, world: World) -> Words:
    return Text(_("Det finns redan ett samtal den {day}. Är det här ett till?"), day=_second_day(answers, world))


EVERYONE = "everyone"

_WHY_TRACE = Why(
    words=_("Det som sparades först finns kvar. Rättelsen läggs bredvid, så att allt går att följa."),
    rules=("MOT-4",),
)

QUESTIONS = (
    Question(
        id="case",
        asks=_("Vilket ärende vill du rätta i?"),
        label=_("Ärende"),
        kind=CaseCode(may_be_new=False),
        why=Why(words=_("Rättelsen sparas i samma ärende som felet."), rules=("MOT-4",)),
    ),
    Question(
        id="what_record",
        asks=_("Vad vill du rätta?"),
        label=_("Gäller"),
        kind=Pick(offers=_can_be_corrected),
        why=_WHY_TRACE,
        depends_on=("case",),
    ),
    Question(
        id="change",
        asks=_asks_what,
        label=_("Vad som är fel"),
        kind=Pick(offers=_what_can_be_wrong),
        why=_WHY_TRACE,
        depends_on=("what_record",),
    ),
    Question(
        id="right_day",
        asks=_("Vilken dag är rätt?"),
        label=_("Rätt dag"),
        kind=Day(
            earliest=lambda answers, world: world.today - timedelta(days=world.policy.oldest_talk_days),
            latest=lambda answers, world: latest_day(_as_it_will_stand(answers, world).held, world),
        ),
        why=Why(words=_("Det ska synas vilken dag samtalet var, eller skulle ha varit."), rules=("MOT-5",)),
        depends_on=("change", "right_held"),
    ),
    Question(
        id="same_day",
        asks=_asks_same_day,
        label=_("Fler samma dag"),
        kind=SAME_DAY,
        why=Why(words=_("Din kollega kan redan ha sparat samtalet. Då ska det inte räknas igen."), rules=("MOT-4",)),
        depends_on=("what_record", "right_day", "right_held"),
    ),
    Question(
        id="right_held",
        asks=_("Blev samtalet av?"),
        label=_("Genomfört"),
        kind=HELD,
        why=Why(words=_("Bara samtal som har hållits räknas."), rules=("MOT-5",)),
        depends_on=("change",),
    ),
    Question(
        id="right_mode",
        asks=_("Hur hölls samtalet?"),
        label=_("Form"),
        kind=MODE,
        why=Why(words=_("Det ska synas om ni möttes eller talades vid på annat sätt."), rules=("MOT-5",)),
        depends_on=("change", "right_held"),
    ),
    Question(
        id="right_held_by",
        asks=_("Vem höll samtalet?"),
        label=_("Hölls av"),
        kind=Pick(offers=_who),
        why=Why(words=_("Det ska synas vem av er som höll samtalet."), rules=("MOT-5",)),
        depends_on=("change", "right_held"),
    ),
    Question(
        id="right_assessment",
        asks=_("Vilken bedömning är rätt?"),
        label=_("Bedömning"),
        kind=RIGHT_ASSESSMENT,
        why=Why(
            words=_("Nästa steg följer av bedömningen. Skälet till den gamla bedömningen gäller inte längre."),
            rules=("MOT-2", "MOT-4"),
        ),
        depends_on=("change",),
    ),
    Question(
        id="reason",
        asks=_("Varför behöver det rättas?"),
        label=_("Skäl"),
        kind=REASON,
        why=Why(words=_("Skälet visar varför du rättar. Det ska gå att följa i efterhand."), rules=("MOT-4",)),
        depends_on=("what_record",),
    ),
    Question(
        id="whose",
        asks=_("Vems svar sparades fel?"),
        label=_("Vems svar"),
        kind=Pick(offers=_whose),
        why=Why(words=_("Bara det som var fel slutar gälla. Resten står kvar."), rules=("CON-13",)),
        depends_on=("what_record",),
    ),
    Question(
        id="consent_reason",
        asks=_("Varför var det fel? Svaret gäller inte längre när du har sparat."),
        label=_("Skäl till felet"),
        kind=Pick(offers=lambda answers, world: REASON.choices),
        why=Why(
            words=_("Det som sparades fel får inte användas. Fråga igen, och spara rätt svar i Samtycke."),
            rules=("CON-13",),
        ),
        depends_on=("what_record",),
    ),
)


def _says_consent_mistaken(answers: Answers, world: World) -> Sequence[Words]:
    lines: list[Words] = [
        Text(
            _("Rättat i {case}. Det felaktiga svaret gäller inte. Det finns kvar att läsa."), case=answers.word("case")
        )
    ]
    if not world.practice:
        lines.append(_("Skriv rättelsen i verksamhetssystemet också."))
    return (*lines, _("Nästa steg: fråga igen och spara rätt svar."))


def _says_corrected(answers: Answers, world: World) -> Sequence[Words]:
    case = answers.word("case")
    number = len(talks_held(world.entries(case)))
    lines: list[Words] = [Text(_("Rättat i {case}. Det som sparades först finns kvar."), case=case)]
    if not world.practice:  # practice is not in the case system
        lines.append(_("Skriv rättelsen i verksamhetssystemet också."))
    lines.append(Text(_("Hållna samtal: {count}."), count=count_words(number, world)))
    if (answers.word_or_none("change"), answers.word("reason")) == ("taken_away", "wrong_case"):
        lines.append(_("Nästa steg: registrera samtalet i rätt ärende."))
    return lines


def _says_nothing_to_correct(answers: Answers, world: World) -> Sequence[Words]:
    return (Text(_("Det finns inget att rätta i {case}."), case=answers.word("case")),)


def _says_same_talk(answers: Answers, world: World) -> Sequence[Words]:
    entries = world.entries(answers.word("case"))
    talk = _down_to_the_talk(answers.word("what_record"), entries)[-1]
    stands = any(other.entry.id == talk.id for other in talks_as_they_stand(entries))
    return (
        Text(_("Inget är sparat i {case}. Samma samtal ska bara finnas en gång."), case=answers.word("case")),
        _("Nästa steg: rätta igen, och välj att samtalet inte ska finnas här.")
        if stands
        else _("Samtalet är fortfarande borttaget."),
    )


OUTCOMES = (
    Outcome(id="corrected", says=_says_corrected, rules=("MOT-4",)),
    Outcome(
        id="consent_mistaken",
        says=_says_consent_mistaken,
        foresees=foreseen,
        leads_to=lambda answers, world: ("samtycke",),
        rules=("CON-13",),
    ),
    Outcome(id="same_talk", says=_says_same_talk, rules=("MOT-4",), saves=False),
    Outcome(id="nothing_to_correct", says=_says_nothing_to_correct, saves=False),
)


def _has_something(answers: Answers, world: World) -> str:
    return "something" if _can_be_corrected(answers, world) else "nothing"


def _correction(answers: Answers, world: World, reason: str) -> Corrected:
    payload: dict[str, Any] = {
        "case": answers.word("case"),
        "corrects": answers.word("what_record"),
        "change": answers.word_or_none("change") or "undo",
        "reason": reason,
        "occurred_on": answers.word_or_none("right_day"),
        "held": answers.word_or_none("right_held"),
        "mode": answers.word_or_none("right_mode"),
        "held_by": answers.word_or_none("right_held_by"),
        "assessment": answers.word_or_none("right_assessment"),
        "talk_on": _talk_meant(answers, world).occurred_on.isoformat(),
    }
    return Corrected.from_payload({field: value for field, value in payload.items() if value is not None})


def _so_far(answers: Answers, world: World) -> Corrected:
    """The correction as far as it is answered; the reason comes last and moves no talk."""
    return _correction(answers, world, "other")


def _as_it_will_stand(answers: Answers, world: World) -> TalkHeld:
    talks = talks_if_corrected(world.entries(answers.word("case")), _so_far(answers, world))
    return next(talk.record for talk in talks if talk.entry.id == answers.word("what_record"))


def _second_day(answers: Answers, world: World) -> date | None:
    return the_day_that_gets_a_second_talk(world.entries(answers.word("case")), _so_far(answers, world))


def _after_the_right_answer(answers: Answers, world: World) -> str:
    talk = _as_it_will_stand(answers, world)
    if talk.occurred_on > latest_day(talk.held, world):
        return "ahead"  # it was cancelled for a day that has not been, and now it was held: on another day
    return _after_the_right_day(answers, world)


def _after_the_right_day(answers: Answers, world: World) -> str:
    return "second_that_day" if _second_day(answers, world) else _after_the_same_day(answers, world)


def _after_the_same_day(answers: Answers, world: World) -> str:
    if answers.word_or_none("right_held") != "yes":
        return "fits"
    talk = _as_it_stands(answers, world)
    return "unsaid" if talk.mode is None or talk.held_by is None else "fits"


def _after_how(answers: Answers, world: World) -> str:
    return "who" if answers.word("change") == "held" else "fits"


def _talk_or_correction(answers: Answers, world: World) -> str:
    record = _chosen(answers, world).record
    if isinstance(record, ConsentAsked | ConsentWithdrawn):
        return "consent"
    if not isinstance(record, Corrected):
        return "talk"
    return "second_that_day" if _second_day(answers, world) else "correction"


def _what_is_wrong(answers: Answers, world: World) -> str:
    return answers.word("change")


ROUTES = (
    Decide("case", by=_has_something, ways={"something": "what_record", "nothing": "nothing_to_correct"}),
    Decide(
        "what_record",
        by=_talk_or_correction,
        ways={"talk": "change", "second_that_day": "same_day", "correction": "reason", "consent": "whose"},
        rules=("MOT-4", "CON-13"),
    ),
    Decide(
        "change",
        by=_what_is_wrong,
        ways={
            "day": "right_day",
            "held": "right_held",
            "mode": "right_mode",
            "held_by": "right_held_by",
            "assessment": "right_assessment",
            "taken_away": "reason",
        },
    ),
    Decide(
        "right_held",
        by=_after_the_right_answer,
        ways={"ahead": "right_day", "second_that_day": "same_day", "unsaid": "right_mode", "fits": "reason"},
        on="yes",
        rules=("MOT-4", "MOT-5"),
    ),
    Decide(
        "right_held",
        by=_after_the_right_answer,
        ways={"ahead": "right_day", "fits": "reason"},
        on="missed",
        rules=("MOT-5",),
    ),
    Go("right_held", "reason", on="cancelled"),
    Decide(
        "right_day",
        by=_after_the_right_day,
        ways={"second_that_day": "same_day", "unsaid": "right_mode", "fits": "reason"},
        rules=("MOT-4", "MOT-5"),
    ),
    Decide(
        "same_day",
        by=_after_the_same_day,
        ways={"unsaid": "right_mode", "fits": "reason"},
        on="another",
        rules=("MOT-5",),
    ),
    Go("same_day", "same_talk", on="same"),
    Decide(
        "right_mode",
        by=_after_how,
        ways={"who": "right_held_by", "fits": "reason"},
        on=("meeting", "telephone", "video"),
        rules=("MOT-5",),
    ),
    Go("right_held_by", "reason"),
    Go("right_assessment", "reason", on=("continue", "motivated", "not_motivated", "none")),
    Go("whose", "consent_reason"),
    Go("consent_reason", "consent_mistaken"),
    Go("reason", "corrected", on=("mistyped", "wrong_case", "written_twice", "learned_later", "other")),
)


def _what_was_handed_over(about: str, entries: Sequence[Entry]) -> list[Entry]:
    """MOT-4, CON-13: what the case system holds of what is corrected: itself, or the talk it is a correction of."""
    handed = what_was_transferred(entries)
    return [link for link in _down_to_the_talk(about, entries) if link.id in handed][:1]


def record(answers: Answers, world: World) -> Sequence[Record]:
    """What is kept: the correction, which points at what it is about, and a notice where that was handed over.

    :param answers: the answers on the way.
    :param world: what is known, to name the talk.
    :returns: the correction first.
    """
    case, about = answers.word("case"), answers.word("what_record")
    entry = _chosen(answers, world)
    handed = _what_was_handed_over(about, world.entries(case))
    if "consent_reason" in answers:
        whose, reason = answers.word("whose"), answers.word("consent_reason")
        fields = {"case": case, "corrects": about, "about_day": the_day_of(entry).isoformat(), "reason": reason}
        corrected = ConsentCorrected.from_payload(fields | ({} if whose == EVERYONE else {"giver": whose}))
        return (corrected, *(notice_of(held, "mistaken", giver=corrected.giver) for held in handed))
    correction = _correction(answers, world, answers.word("reason"))
    return (correction, *(notice_of(held, "corrected") for held in handed))


_NOTE_CHANGE = {
    "taken_away": _("Samtalet räknas inte längre. Det var felaktigt sparat."),
    "day": _("Rätt dag är den {value}."),
    "held": _("Blev samtalet av: {value}."),
    "mode": _("Samtalets form: {value}."),
    "held_by": _("Samtalet hölls av: {value}."),
    "assessment": _("Rätt bedömning: {value}."),
}
_WITH_HELD = ("day", "mode", "held_by")
_NOTE_BY = {
    "self": _("den samordnare som sparade det först"),
    "colleague": _("den andra samordnaren"),
    "both": _("båda samordnarna"),
}


def note(kept: Corrected | ConsentCorrected) -> Sequence[Words]:
    """The journal note, from the record alone.

    :param kept: the record.
    :returns: lines in the order they are read.
    """
    if isinstance(kept, ConsentCorrected):
        return note_of_correction(kept)
    values: dict[str, object] = {
        "day": kept.occurred_on,
        "held": kept.held and HELD.label_of(kept.held),
        "mode": kept.mode and MODE.label_of(kept.mode),
        "held_by": kept.held_by and Text(_NOTE_BY[kept.held_by]),
        "assessment": kept.assessment and RIGHT_ASSESSMENT.label_of(kept.assessment),
    }
    lines: list[Words] = [Text(_("Rättelse, ärende {case}."), case=kept.case)]
    if kept.change == "undo":
        lines.append(Text(_("En tidigare rättelse av samtalet den {day} gäller inte längre."), day=kept.talk_on))
    else:
        lines.append(Text(_("Den gäller samtalet den {day}, som det först sparades."), day=kept.talk_on))
        changed = [kept.change, *(other for other in _WITH_HELD if kept.change == "held" and values[other])]
        lines += (Text(_NOTE_CHANGE[change], value=values.get(change)) for change in changed)
    lines.append(Text(_("Skäl: {words}."), words=REASON.label_of(kept.reason)))
    lines.append(NOT_THE_JOURNAL)
    return lines


DIALOG = Dialog(
    id="ratta",
    command="ratta",
    version=2,
    title=_("Rätta"),
    about=_("Rätta ett samtal eller ett samtycke"),
    noun=_("en påbörjad rättelse"),
    questions=QUESTIONS,
    outcomes=OUTCOMES,
    routes=ROUTES,
    record=record,
    kinds=(Corrected, ConsentCorrected),
    note=note,
)
