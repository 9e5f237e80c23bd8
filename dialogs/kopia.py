"""/kopia: settle a copy of a consent that was wanted and is not yet given (CON-4); opened from the case.

First it is asked whether the copy is safe to have. Only what is owed today can be settled: a copy that CON-10 no longer
lets exist is not among them. A copy goes over on paper, never by chat, sms or e-mail.
"""

from __future__ import annotations

from collections.abc import Sequence

from dialogs.answers import Answers, CaseCode, Choice, Option, Pick
from dialogs.consent_notes import ON_PAPER_ONLY, note_of_copy
from dialogs.consent_words import giver_words
from dialogs.model import Decide, Dialog, Go, Outcome, Question, Why, World
from dialogs.records import ConsentAsked, CopySettled, Record
from dialogs.rules.conditions import what_is_due
from dialogs.texts import Text, Words
from dialogs.texts import mark as _

_BETWEEN = "."
"""Between the record's id and the giver, in the value of a button."""

SAFE = Choice(
    choices=(
        Option("yes", _("Ja")),
        Option("no", _("Nej")),
        Option("unknown", _("Vet inte")),
    )
)
WHAT_BECAME = Choice(
    choices=(
        Option("handed_over", _("Lämnad på papper")),
        Option("kept", _("Samordnaren behåller den")),
        Option("declined", _("Vill inte ha den")),
    )
)


def _owed(answers: Answers, world: World) -> dict[str, tuple[Text, ConsentAsked]]:
    """CON-4, CON-10: the copies that are owed today, by the button's value: whose, and of which consent."""
    return {
        f"{due.entry.id}{_BETWEEN}{due.giver}": (giver_words(due.giver, due.entry.record.age_group), due.entry.record)
        for due in what_is_due(world.entries(answers.word("case")), world.today, world.policy)
        if due.kind == "copy_owed" and due.giver is not None
        if due.entry is not None and isinstance(due.entry.record, ConsentAsked)
    }


def _offers(answers: Answers, world: World) -> Sequence[Option]:
    return [
        Option(value, Text(_("{giver}, samtycke den {day}"), giver=giver, day=asked.asked_on))
        for value, (giver, asked) in _owed(answers, world).items()
    ]


def _whose(answers: Answers, world: World) -> Text:
    giver, _asked = _owed(answers, world)[answers.word("which_copy")]
    return giver


def _asks_safe(answers: Answers, world: World) -> Words:
    return Text(_("{giver}: är det tryggt att ha kopian?"), giver=_whose(answers, world))


def _asks_what_became(answers: Answers, world: World) -> Words:
    return Text(_("{giver}: vad hände med kopian?"), giver=_whose(answers, world))


QUESTIONS = (
    Question(
        id="case",
        asks=_("Vilket ärende gäller det?"),
        label=_("Ärende"),
        kind=CaseCode(may_be_new=False),
        why=Why(words=_("Kopian hör till ett samtycke i ärendet."), rules=("CON-4",)),
    ),
    Question(
        id="which_copy",
        asks=_("Vems kopia gäller det?"),
        label=_("Kopia"),
        kind=Pick(offers=_offers),
        why=Why(words=_("Här syns bara de kopior som någon vill ha och inte har fått."), rules=("CON-4",)),
        depends_on=("case",),
    ),
    Question(
        id="safe",
        asks=_asks_safe,
        label=_("Tryggt"),
        kind=SAFE,
        why=Why(
            words=_("Andra kan hitta ett papper. Fråga personen, och fråga när ingen annan hör."), rules=("CON-4",)
        ),
        depends_on=("which_copy",),
    ),
    Question(
        id="what_became",
        asks=_asks_what_became,
        label=_("Vad hände"),
        kind=WHAT_BECAME,
        why=Why(words=ON_PAPER_ONLY, rules=("CON-4",)),
        depends_on=("which_copy", "safe"),
    ),
)


_SETTLED = {
    "handed_over": _("Sparat i {case}. Kopian är lämnad."),
    "kept": _("Sparat i {case}. Samordnaren behåller kopian."),
}


def _says_settled(answers: Answers, world: World) -> Sequence[Words]:
    said = _SETTLED.get(answers.word_or_none("what_became") or "", _("Sparat i {case}. Kopian ska inte lämnas."))
    return (Text(said, case=answers.word("case")),)


def _says_still_owed(answers: Answers, world: World) -> Sequence[Words]:
    return (
        Text(_("Inget är sparat i {case}. Kopian är kvar att lämna."), case=answers.word("case")),
        _("Lämna den inte förrän du vet att det är tryggt."),
    )


def _says_nothing_owed(answers: Answers, world: World) -> Sequence[Words]:
    return (Text(_("Det finns ingen kopia att lämna i {case}."), case=answers.word("case")),)


OUTCOMES = (
    Outcome(id="settled", says=_says_settled, rules=("CON-4",)),
    Outcome(id="still_owed", says=_says_still_owed, rules=("CON-4",), saves=False),
    Outcome(id="nothing_owed", says=_says_nothing_owed, rules=("CON-4", "CON-10"), saves=False),
)


def _has_one(answers: Answers, world: World) -> str:
    return "owed" if _owed(answers, world) else "none"


ROUTES = (
    Decide("case", by=_has_one, ways={"owed": "which_copy", "none": "nothing_owed"}, rules=("CON-4", "CON-10")),
    Go("which_copy", "safe"),
    Go("safe", "what_became", on="yes"),
    Go("safe", "settled", on="no"),
    Go("safe", "still_owed", on="unknown"),
    Go("what_became", "settled", on=WHAT_BECAME.categories),
)


def record(answers: Answers, world: World) -> Sequence[Record]:
    """What is kept: what became of the copy.

    :param answers: the answers on the way.
    :param world: what is known, to name the day of the consent.
    :returns: one record.
    """
    which = answers.word("which_copy")
    consent, giver = which.split(_BETWEEN)
    _words, asked = _owed(answers, world)[which]
    return (
        CopySettled.from_payload(
            {
                "case": answers.word("case"),
                "consent": consent,
                "about_day": asked.asked_on.isoformat(),
                "giver": giver,
                "outcome": answers.word_or_none("what_became") or "not_safe",
            }
        ),
    )


DIALOG = Dialog(
    id="kopia",
    command="kopia",
    version=1,
    title=_("Lämna en kopia"),
    about=_("Skriv vad som hände med en kopia"),
    noun=_("en påbörjad kopia"),
    questions=QUESTIONS,
    outcomes=OUTCOMES,
    routes=ROUTES,
    record=record,
    kinds=(CopySettled,),
    note=note_of_copy,
    listed=False,
)
