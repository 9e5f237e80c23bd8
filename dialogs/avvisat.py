"""/avvisat: answer what the receiver declined of a bundle; opened from the case, also from one that is closed.

The receiver says why, and somebody here puts it right: in the case system, by writing it there by hand, or by saying
that it is not needed there. The answer goes with the next bundle. Until then the case is kept (design 8; what is of
weight must stand in the journal: socialtjänstlagen 14 kap. 3 §).
"""

from __future__ import annotations

from collections.abc import Sequence

from dialogs.answers import Answers, CaseCode, Choice, Option, Pick
from dialogs.arende import record_words
from dialogs.model import Decide, Dialog, Go, Line, Outcome, Question, Why, World
from dialogs.records import Declined, DeclineSettled, Entry, Record
from dialogs.rules.transfers import the_day_of, what_was_declined
from dialogs.samtal import NOT_THE_JOURNAL
from dialogs.texts import Inside, Text, Words
from dialogs.texts import mark as _
from dialogs.transfer_words import WHY_DECLINED

WHAT_WAS_DONE = Choice(
    choices=(
        Option("ready_now", _("Det är ordnat, den kan tas emot nu")),
        Option("written_there", _("Jag har skrivit in den där")),
        Option("not_needed", _("Den behövs inte där")),
    )
)


def _offers(answers: Answers, world: World) -> Sequence[Option]:
    left = what_was_declined(world.entries(answers.word("case")))
    return [Option(one.about.id, record_words(one.about.record)) for one in left]


def _the_only_one(answers: Answers, world: World) -> str | None:
    offered = _offers(answers, world)
    return offered[0].value if len(offered) == 1 else None


def _about(answers: Answers, world: World) -> Entry:
    return next(entry for entry in world.entries(answers.word("case")) if entry.id == answers.word("which"))


def _said(answers: Answers, world: World) -> Declined:
    """What the receiver said of the record, also when it has been answered."""
    return next(
        entry.record
        for entry in reversed(world.entries(answers.word("case")))
        if isinstance(entry.record, Declined) and entry.record.record == answers.word("which")
    )


def _asks_what_was_done(answers: Answers, world: World) -> Words:
    return Text(
        _("Togs inte emot: {what}. {why} Vad har du gjort?"),
        what=Inside(record_words(_about(answers, world).record)),
        why=Text(WHY_DECLINED[_said(answers, world).reason]),
    )


QUESTIONS = (
    Question(
        id="case",
        asks=_("Vilket ärende gäller det?"),
        label=_("Ärende"),
        kind=CaseCode(may_be_new=False, may_be_closed=True),
        why=Why(words=_("Välj ärendet där något inte togs emot. Svaret sparas där.")),
    ),
    Question(
        id="which",
        asks=_("Vilken anteckning gäller det?"),
        label=_("Anteckning"),
        kind=Pick(offers=_offers),
        why=Why(words=_("Här syns bara det som inte togs emot och som ingen har svarat på.")),
        preset=_the_only_one,
        depends_on=("case",),
    ),
    Question(
        id="what_was_done",
        asks=_asks_what_was_done,
        label=_("Gjort"),
        kind=WHAT_WAS_DONE,
        why=Why(
            words=_("Lots tar inte bort något förrän det finns i verksamhetssystemet, eller inte behövs där."),
            law=("SOL-14-3",),
        ),
        depends_on=("which",),
    ),
)


_SETTLED = {
    "ready_now": _("Sparat i {case}. Nästa överföring säger att anteckningen kan tas emot nu."),
    "written_there": _("Sparat i {case}. Nästa överföring säger att anteckningen är inskriven."),
    "not_needed": _("Sparat i {case}. Nästa överföring säger att anteckningen inte behövs."),
}


def _says_settled(answers: Answers, world: World) -> Sequence[Words]:
    case = answers.word("case")
    left = len(what_was_declined(world.entries(case)))
    lines: list[Words] = [Text(_SETTLED[answers.word("what_was_done")], case=case)]
    if left:
        lines.append(Text(_("Kvar att svara på i ärendet: {number}."), number=left))
    return lines


def _foresees_not_needed(answers: Answers, world: World) -> Sequence[Line]:
    """Where it is in the case system already nothing is lost; otherwise it is, when the case is purged here."""
    if _said(answers, world).reason == "duplicate":
        return ()
    return (
        Line(_("Anteckningen finns då bara i Lots. Den försvinner när ärendet gallras.")),
        Line(_("Är den viktig? Skriv in den i verksamhetssystemet i stället.")),
    )


def _says_nothing_declined(answers: Answers, world: World) -> Sequence[Words]:
    case = answers.word("case")
    if any(isinstance(entry.record, DeclineSettled) for entry in world.entries(case)):
        return (Text(_("Allt som inte togs emot i {case} har fått svar."), case=case),)
    return (Text(_("Det finns inget i {case} som inte togs emot."), case=case),)


def _to_the_next(answers: Answers, world: World) -> Sequence[str]:
    return ("avvisat",) if _offers(answers, world) else ()


OUTCOMES = (
    Outcome(id="ready_now", says=_says_settled, leads_to=_to_the_next),
    Outcome(id="written_there", says=_says_settled, leads_to=_to_the_next),
    Outcome(id="not_needed", says=_says_settled, foresees=_foresees_not_needed, leads_to=_to_the_next),
    Outcome(id="nothing_declined", says=_says_nothing_declined, saves=False),
)


def _has_one(answers: Answers, world: World) -> str:
    return "declined" if _offers(answers, world) else "none"


ROUTES = (
    Decide("case", by=_has_one, ways={"declined": "which", "none": "nothing_declined"}),
    Go("which", "what_was_done"),
    Go("what_was_done", "ready_now", on="ready_now"),
    Go("what_was_done", "written_there", on="written_there"),
    Go("what_was_done", "not_needed", on="not_needed"),
)


def record(answers: Answers, world: World) -> Sequence[Record]:
    """What is kept: what was done about the record that was declined.

    :param answers: the answers on the way.
    :param world: what is known, to name the day of the record.
    :returns: one record.
    """
    return (
        DeclineSettled.from_payload(
            {
                "case": answers.word("case"),
                "record": answers.word("which"),
                "about_day": the_day_of(_about(answers, world)).isoformat(),
                "outcome": answers.word("what_was_done"),
            }
        ),
    )


_NOTE = {
    "ready_now": _("Det som hindrade är ordnat. Den kan tas emot nu."),
    "written_there": _("Nu är den inskriven för hand."),
    "not_needed": _("Samordnaren bedömer att den inte behövs."),
}


def note(kept: DeclineSettled) -> Sequence[Words]:
    """The journal note, from the record alone; the next bundle carries it to the receiver.

    :param kept: the record.
    :returns: lines in the order they are read.
    """
    return (
        Text(_("Besked om det som inte togs emot, ärende {case}."), case=kept.case),
        Text(_("Det gäller anteckningen från den {day}."), day=kept.about_day),
        _NOTE[kept.outcome],
        NOT_THE_JOURNAL,
    )


DIALOG = Dialog(
    id="avvisat",
    command="avvisat",
    version=1,
    title=_("Svara på en avvisning"),
    about=_("Skriv vad du har gjort med det som inte togs emot"),
    noun=_("ett påbörjat svar på en avvisning"),
    questions=QUESTIONS,
    outcomes=OUTCOMES,
    routes=ROUTES,
    record=record,
    kinds=(DeclineSettled,),
    note=note,
    listed=False,
    title_when_closed=_("Svara på en avvisning"),
    offered_where=lambda entries: bool(what_was_declined(entries)),
)
