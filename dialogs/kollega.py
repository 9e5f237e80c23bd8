"""/kollega: let a colleague into a case, or take somebody out of it; opened from the case.

Only those who work with a case get at it: lag (2001:454) 10 § asks for no more access than the work needs. There are
two in every case, who stand in for each other (ENV-1); the last one is never taken out here.
"""

from __future__ import annotations

from collections.abc import Sequence

from dialogs.answers import Answers, CaseCode, Choice, Option, Pick
from dialogs.case_facts import fact_question
from dialogs.model import Decide, Dialog, Go, Line, Outcome, Question, Why, World
from dialogs.records import AccessEnded, AccessGiven, Record
from dialogs.rules.access import COORDINATORS, who_is_in
from dialogs.rules.cases import the_fact_that_stands
from dialogs.texts import Inside, Text, Verbatim, Words, as_text
from dialogs.texts import mark as _

WHAT = Choice(
    choices=(
        Option("add", _("Lägg till en kollega")),
        Option("remove", _("Ta bort någon")),
    )
)


def members(case: str, world: World) -> list[tuple[str, str]]:
    """Who gets at a case: those who were let in, and who still work with cases in the district.

    :param case: its code.
    :param world: what is known.
    :returns: id and label of each, the person who speaks included.
    """
    inside = who_is_in(world.entries(case))
    return [(person, label) for person, label in world.coordinators() if person in inside]


def _colleagues(answers: Answers, world: World) -> Sequence[Option]:
    inside = who_is_in(world.entries(answers.word("case")))
    return [Option(person, Verbatim(label)) for person, label in world.coordinators() if person not in inside]


def _members(answers: Answers, world: World) -> Sequence[Option]:
    """Nobody where there is only one: a case that nobody gets at helps no one."""
    inside = members(answers.word("case"), world)
    if len(inside) < 2:
        return ()
    return [Option(person, _("Du") if person == world.person else Verbatim(label)) for person, label in inside]


QUESTIONS = (
    Question(
        id="case",
        asks=_("Vilket ärende gäller det?"),
        label=_("Ärende"),
        kind=CaseCode(may_be_new=False, may_be_closed=True),
        why=Why(words=_("Bara de som arbetar med ärendet kommer åt det.")),
    ),
    Question(
        id="add_or_remove",
        asks=_("Vad vill du göra?"),
        label=_("Ändring"),
        kind=WHAT,
        why=Why(words=_("Du kan lägga till en kollega. Du kan också ta bort en kollega eller dig själv.")),
        depends_on=("case",),
    ),
    Question(
        id="colleague",
        asks=_("Vilken kollega ska komma åt ärendet?"),
        label=_("Läggs till"),
        kind=Pick(offers=_colleagues),
        why=Why(words=_("Ni är två i varje ärende och kan ersätta varandra."), rules=("ENV-1",)),
        depends_on=("case",),
    ),
    Question(
        id="whom",
        asks=_("Vem ska inte längre komma åt ärendet?"),
        label=_("Tas bort"),
        kind=Pick(offers=_members),
        why=Why(words=_("Den som inte arbetar med ärendet ska inte se det. Den sista går inte att ta bort.")),
        depends_on=("case",),
    ),
)


def _label(person: str, world: World) -> Verbatim:
    return Verbatim(next(label for known, label in world.coordinators() if known == person))


def _says_added(answers: Answers, world: World) -> Sequence[Words]:
    who = _label(answers.word("colleague"), world)
    return (
        Text(_("Nu kommer {who} åt {case}."), who=who, case=answers.word("case")),
        _("Lots säger inte till. Berätta det själv, och lämna koden."),
    )


def _alone_now(answers: Answers, world: World) -> bool:
    return [person for person, _label in members(answers.word("case"), world)] == [world.person]


def _says_removed(answers: Answers, world: World) -> Sequence[Words]:
    who = _label(answers.word("whom"), world)
    lines: list[Words] = [Text(_("Nu kommer {who} inte längre åt {case}."), who=who, case=answers.word("case"))]
    if _alone_now(answers, world):
        lines.append(_("Nu kommer bara du åt ärendet. Ni ska vara två."))
    return lines


def _says_left(answers: Answers, world: World) -> Sequence[Words]:
    return (
        Text(_("Du kommer inte längre åt {case}."), case=answers.word("case")),
        _("En kollega i ärendet kan lägga till dig igen."),
    )


def _says_nobody(answers: Answers, world: World) -> Sequence[Words]:
    return (
        Text(_("Bara du kommer åt {case}."), case=answers.word("case")),
        _("Det finns ingen annan samordnare i stadsdelen att lägga till. Prata med din chef."),
    )


_WITH_IT = {
    "colleague": (
        _("Det som kollegan har påbörjat i ärendet tas bort."),
        _("Kollegan står kvar som {label}. Välj Ändra uppgifter sedan."),
    ),
    "self": (
        _("Det du har påbörjat i ärendet tas bort."),
        _("Du står kvar som {label}. Välj Ändra uppgifter först."),
    ),
}


def _whom(answers: Answers, world: World) -> str:
    return "self" if answers.word("whom") == world.person else "colleague"


def _foresees_removed(answers: Answers, world: World) -> Sequence[Line]:
    """What goes with it: a draft that is begun, and a fact that still names them."""
    begun, named = _WITH_IT[_whom(answers, world)]
    told = [Line(begun)]
    for fact in COORDINATORS:
        stands = the_fact_that_stands(world.entries(answers.word("case")), fact)
        if stands is not None and stands.value == answers.word("whom"):
            label = Inside(as_text(fact_question(fact).label))
            told.append(Line(Text(named, label=label), ("ENV-1",), (stands.entry,)))
    return told


OUTCOMES = (
    Outcome(id="added", says=_says_added, rules=("ENV-1",)),
    Outcome(id="removed", says=_says_removed, foresees=_foresees_removed),
    Outcome(id="left", says=_says_left, foresees=_foresees_removed),
    Outcome(id="nobody", says=_says_nobody, saves=False),
)


def _what_can_be_done(answers: Answers, world: World) -> str:
    add, remove = bool(_colleagues(answers, world)), bool(_members(answers, world))
    if add and remove:
        return "both"
    return "add" if add else "remove" if remove else "nothing"


ROUTES = (
    Decide(
        "case",
        by=_what_can_be_done,
        ways={"both": "add_or_remove", "add": "colleague", "remove": "whom", "nothing": "nobody"},
        rules=("ENV-1",),
    ),
    Go("add_or_remove", "colleague", on="add"),
    Go("add_or_remove", "whom", on="remove"),
    Go("colleague", "added"),
    Decide("whom", by=_whom, ways={"colleague": "removed", "self": "left"}),
)


def record(answers: Answers, world: World) -> Sequence[Record]:
    """What is kept: who was let in, or taken out.

    :param answers: the answers on the way.
    :param world: what is known; not used, since all of it was asked.
    :returns: one record.
    """
    case = answers.word("case")
    if "colleague" in answers:
        return (AccessGiven(case=case, person=answers.word("colleague")),)
    return (AccessEnded(case=case, person=answers.word("whom")),)


DIALOG = Dialog(
    id="kollega",
    command="kollega",
    version=1,
    title=_("Kolleger i ärendet"),
    about=_("Välj vilka kolleger som kommer åt ett ärende"),
    noun=_("en påbörjad ändring av kolleger"),
    questions=QUESTIONS,
    outcomes=OUTCOMES,
    routes=ROUTES,
    record=record,
    kinds=(AccessGiven, AccessEnded),
    note=None,
    listed=False,
    title_when_closed=_("Kolleger i ärendet"),
)
