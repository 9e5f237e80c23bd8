"""/uppgifter: the facts of a case, all at once; opened from the case.

Each dialog asks for the facts it needs by itself. Here they are filled in or changed in one go; every change is a new
record, and the old ones are the trace. A birth date is never asked for, only the month of turning 18, and that is
optional (case facts; CON-15 says why the month matters).
"""

from __future__ import annotations

from collections.abc import Sequence

from dialogs.answers import UNKNOWN, Answers, CaseCode
from dialogs.case_facts import FACTS, fact_question, facts_said
from dialogs.model import Dialog, Go, Outcome, Question, Why, World
from dialogs.records import CaseFact, Record
from dialogs.rules.cases import ADULT_AGES, MINOR_AGES
from dialogs.texts import Text, Words
from dialogs.texts import mark as _

QUESTIONS = (
    Question(
        id="case",
        asks=_("Vilket ärende gäller det?"),
        label=_("Ärende"),
        kind=CaseCode(),
        why=Why(words=_("Uppgifterna ska sparas i rätt ärende.")),
    ),
    *(fact_question(fact) for fact in FACTS),
)


def _says_kept(answers: Answers, world: World) -> Sequence[Words]:
    return (Text(_("Uppgifterna är sparade i {case}."), case=answers.word("case")),)


OUTCOMES = (Outcome(id="facts_kept", says=_says_kept),)


ROUTES = (
    Go("case", "group"),
    Go("group", "age_group", on=("youth", "young_adult", "unknown")),
    Go("age_group", "month_of_18", on=(*MINOR_AGES, UNKNOWN)),
    Go("age_group", "police_area", on=ADULT_AGES),
    Go("month_of_18", "custody"),
    Go("custody", "police_area", on=("one", "two", "specially_appointed", "god_man", "unknown")),
    Go("police_area", "district"),
    Go("district", "first_coordinator"),
    Go("first_coordinator", "second_coordinator"),
    Go("second_coordinator", "facts_kept"),
)


def record(answers: Answers, world: World) -> Sequence[Record]:
    """What is kept: one record for each fact that is new or has changed.

    :param answers: the answers on the way.
    :param world: what is known, to see what is new.
    :returns: records; none where nothing has changed.
    """
    return facts_said(answers, world)


DIALOG = Dialog(
    id="uppgifter",
    command="uppgifter",
    version=2,
    title=_("Ändra uppgifter"),
    about=_("Fyll i eller ändra uppgifter om ärendet"),
    noun=_("en påbörjad ändring av uppgifter"),
    questions=QUESTIONS,
    outcomes=OUTCOMES,
    routes=ROUTES,
    record=record,
    kinds=(CaseFact,),
    note=None,
    listed=False,
)
