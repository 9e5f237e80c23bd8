"""A small dialog for the tests: every kind of answer, a rule that decides, presets, dependencies and an offer.

It stands in no registry. A home visit is kept with who came, who was told and how long it took; nothing here is a rule
of the domain, so a test of the engine does not break when a real dialog is reworded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, Literal

from dialogs.answers import Answers, CaseCode, Choice, Day, Number, Option, Several, ThreeState
from dialogs.model import Decide, Dialog, Go, Outcome, Question, Why, World
from dialogs.records import Record
from dialogs.texts import Text, Words
from dialogs.texts import mark as _

LONG = 120
"""Minutes from which a visit is asked about."""

CAME = Choice(choices=(Option("yes", _("Ja")), Option("no", _("Nej")), Option("unknown", _("Vet inte"))))
AGAIN = Choice(choices=(Option("another", _("Ja, ett till")), Option("same", _("Nej, samma besök"))))
WHO = Several(
    choices=(
        Option("subject", _("Den unge")),
        Option("guardian", _("Vårdnadshavare")),
        Option("sibling", _("Syskon")),
        Option("school", _("Skolan")),
    ),
    least=1,
    most=2,
)
TOLD = ThreeState(
    lines=(Option("police", _("Polisen")), Option("bup", _("BUP"))),
    states=(Option("not_asked", _("Inte tillfrågad")), Option("yes", _("Ja")), Option("no", _("Nej"))),
)
MINUTES = Number(low=5, high=480)
WHY_LONG = Choice(choices=(Option("worry", _("Oro")), Option("other", _("Annat: skrivs i verksamhetssystemet"))))
PLACE = Choice(choices=(Option("home", _("Hemma")), Option("office", _("Kontoret"))))


@dataclass(frozen=True, kw_only=True)
class VisitMade(Record):
    """A visit that was made."""

    kind: ClassVar[str] = "visit_made"

    occurred_on: date
    people: int
    police_told: Literal["not_asked", "yes", "no"]
    minutes: int
    place: Literal["home", "office"]
    why_long: Literal["worry", "other"] | None = None

    @property
    def happened_on(self) -> date:
        return self.occurred_on


def _visits(answers: Answers, world: World) -> list[VisitMade]:
    return [e.record for e in world.entries(answers.word("case")) if isinstance(e.record, VisitMade)]


def _who_is_asked(answers: Answers, world: World) -> Words:
    return Text(_("Vilka var med den {day}?"), day=answers.day("day"))


def _last_place(answers: Answers, world: World) -> str:
    return next((visit.place for visit in reversed(_visits(answers, world))), "home")


def _that_day(answers: Answers, world: World) -> str:
    return "again" if answers.day("day") in {visit.occurred_on for visit in _visits(answers, world)} else "first"


def _how_long(answers: Answers, world: World) -> str:
    return "long" if int(answers.word("minutes")) >= LONG else "short"


def _kept(answers: Answers, world: World) -> Sequence[Words]:
    return (
        Text(_("Sparat i {case}."), case=answers.word("case")),
        Text(_("Besök: {count}."), count=len(_visits(answers, world))),
    )


def _record(answers: Answers, world: World) -> Sequence[VisitMade]:
    told, who = answers["told"], answers["who"]
    assert isinstance(told, dict)
    assert isinstance(who, list)
    payload = {
        "case": answers.word("case"),
        "occurred_on": answers.word("day"),
        "people": len(who),
        "police_told": told["police"],
        "minutes": answers["minutes"],
        "place": answers.word("place"),
        "why_long": answers.word_or_none("why_long"),
    }
    return (VisitMade.from_payload({field: value for field, value in payload.items() if value is not None}),)


def _why(words: str) -> Why:
    return Why(words=words, rules=("MOT-5",), law=("FL-27",))


BESOK = Dialog(
    id="besok",
    command="besok",
    version=1,
    title=_("Besök"),
    about=_("Skriv in ett besök"),
    noun=_("ett påbörjat besök"),
    questions=(
        Question(
            id="case", asks=_("Vilket ärende är det?"), label=_("Ärende"), kind=CaseCode(), why=_why(_("Rätt ärende."))
        ),
        Question(id="came", asks=_("Blev besöket av?"), label=_("Utfall"), kind=CAME, why=_why(_("Bara det räknas."))),
        Question(
            id="day",
            asks=_("Vilken dag var det?"),
            label=_("Besöksdag"),
            kind=Day(
                earliest=lambda answers, world: world.today - timedelta(days=30),
                latest=lambda answers, world: world.today,
            ),
            why=_why(_("Dagen ska synas.")),
            preset=lambda answers, world: world.opened_on.isoformat(),
        ),
        Question(
            id="again",
            asks=_("Det finns redan ett besök den dagen. Är det ett till?"),
            label=_("Fler samma dag"),
            kind=AGAIN,
            why=_why(_("Ett besök räknas en gång.")),
            depends_on=("case", "day"),
            offers=("day",),
        ),
        Question(id="who", asks=_who_is_asked, label=_("Vilka"), kind=WHO, why=_why(_("Bara hur många sparas."))),
        Question(
            id="told", asks=_("Vilka fick veta?"), label=_("Vet om det"), kind=TOLD, why=_why(_("Tystnad är inget ja."))
        ),
        Question(id="minutes", asks=_("Hur många minuter?"), label=_("Minuter"), kind=MINUTES, why=_why(_("Tiden."))),
        Question(
            id="why_long",
            asks=_("Varför tog det tid?"),
            label=_("Skäl"),
            kind=WHY_LONG,
            why=_why(_("Skälet ska synas.")),
            depends_on=("minutes",),
        ),
        Question(
            id="place", asks=_("Var var ni?"), label=_("Plats"), kind=PLACE, why=_why(_("Platsen.")), preset=_last_place
        ),
    ),
    outcomes=(
        Outcome(id="visit_kept", says=_kept),
        Outcome(id="nothing_to_keep", says=lambda answers, world: (_("Då sparas inget."),), saves=False),
        Outcome(id="already_kept", says=lambda answers, world: (_("Besöket finns redan."),), saves=False),
    ),
    routes=(
        Go("case", "came"),
        Go("came", "day", on=("yes", "unknown")),
        Go("came", "nothing_to_keep", on="no"),
        Decide("day", by=_that_day, ways={"first": "who", "again": "again"}, rules=("MOT-4",)),
        Go("again", "who", on="another"),
        Go("again", "already_kept", on="same"),
        Go("who", "told"),
        Go("told", "minutes"),
        Decide("minutes", by=_how_long, ways={"short": "place", "long": "why_long"}),
        Go("why_long", "place", on=WHY_LONG.categories),
        Go("place", "visit_kept", on=PLACE.categories),
    ),
    record=_record,
    kinds=(VisitMade,),
    note=lambda kept: (Text(_("Besök {day}."), day=kept.occurred_on),),
)
