"""/stangning: close a case, or open a closed one again; opened from the case.

A closed case takes no new records until it is opened. Nothing in it is erased: that is gallring, and another matter.
"""

from __future__ import annotations

from collections.abc import Sequence

from dialogs.answers import Answers, CaseCode, Choice, Option
from dialogs.model import Decide, Dialog, Go, Outcome, Question, Why, World
from dialogs.records import CaseClosed, CaseReopened, Record
from dialogs.rules.cases import a_case_is_closed
from dialogs.samtal import NOT_THE_JOURNAL, OTHER
from dialogs.texts import Text, Words
from dialogs.texts import mark as _

WHY_CLOSE = Choice(
    choices=(
        Option("discharged", _("Utskriven")),
        Option("never_enrolled", _("Aldrig inskriven")),
        Option("moved", _("Har flyttat")),
        Option("wrong_case", _("Skapat av misstag")),
        OTHER,
    )
)
WHY_OPEN = Choice(
    choices=(
        Option("came_back", _("Personen är tillbaka")),
        Option("closed_by_mistake", _("Stängt av misstag")),
        OTHER,
    )
)

QUESTIONS = (
    Question(
        id="case",
        asks=_("Vilket ärende gäller det?"),
        label=_("Ärende"),
        kind=CaseCode(may_be_new=False, may_be_closed=True),
        why=Why(words=_("Ett stängt ärende tar inte emot nya uppgifter. Det går att öppna igen.")),
    ),
    Question(
        id="why_close",
        asks=_("Varför stänger du ärendet?"),
        label=_("Skäl"),
        kind=WHY_CLOSE,
        why=Why(words=_("Skälet visar varför ärendet stängdes. Inget tas bort.")),
        depends_on=("case",),
    ),
    Question(
        id="why_open",
        asks=_("Varför öppnar du ärendet igen?"),
        label=_("Skäl"),
        kind=WHY_OPEN,
        why=Why(words=_("Skälet visar varför ärendet öppnades igen.")),
        depends_on=("case",),
    ),
)


def _says_closed(answers: Answers, world: World) -> Sequence[Words]:
    return (
        Text(_("{case} är stängt i Lots. Skriv /arende {case} om du vill öppna det igen."), case=answers.word("case")),
    )


def _says_open(answers: Answers, world: World) -> Sequence[Words]:
    return (Text(_("{case} är öppet igen i Lots."), case=answers.word("case")),)


OUTCOMES = (
    Outcome(id="closed", says=_says_closed),
    Outcome(id="reopened", says=_says_open),
)


def _state(answers: Answers, world: World) -> str:
    return "closed" if a_case_is_closed(world.entries(answers.word("case"))) else "open"


ROUTES = (
    Decide("case", by=_state, ways={"open": "why_close", "closed": "why_open"}),
    Go("why_close", "closed", on=WHY_CLOSE.categories),
    Go("why_open", "reopened", on=WHY_OPEN.categories),
)


def record(answers: Answers, world: World) -> Sequence[Record]:
    """What is kept: that the case was closed, or opened again, and why.

    :param answers: the answers on the way.
    :param world: what is known; not used, since all of it was asked.
    :returns: one record.
    """
    case = answers.word("case")
    if "why_close" in answers:
        return (CaseClosed.from_payload({"case": case, "reason": answers.word("why_close")}),)
    return (CaseReopened.from_payload({"case": case, "reason": answers.word("why_open")}),)


def note(kept: CaseClosed | CaseReopened) -> Sequence[Words]:
    """The journal note, from the record alone.

    :param kept: the record.
    :returns: lines in the order they are read.
    """
    closed = isinstance(kept, CaseClosed)
    reason = (WHY_CLOSE if closed else WHY_OPEN).label_of(kept.reason)
    said = _("Ärende {case} är stängt i Lots.") if closed else _("Ärende {case} är öppnat igen i Lots.")
    return (
        Text(said, case=kept.case),
        Text(_("Skäl: {words}."), words=reason),
        NOT_THE_JOURNAL,
    )


DIALOG = Dialog(
    id="stangning",
    command="stangning",
    version=1,
    title=_("Stäng ärendet"),
    about=_("Stäng ett ärende eller öppna det igen"),
    noun=_("en påbörjad stängning eller öppning"),
    questions=QUESTIONS,
    outcomes=OUTCOMES,
    routes=ROUTES,
    record=record,
    kinds=(CaseClosed, CaseReopened),
    note=note,
    listed=False,
    title_when_closed=_("Öppna ärendet igen"),
)
