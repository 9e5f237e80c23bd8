"""Case facts: what a dialog must know of a case, asked when it is first needed and then when it may have changed.

A dialog takes the questions it needs with :func:`fact_question`, and keeps what was said with :func:`facts_said`.
The rest of a birth date than the month is never asked for, and no fact names a person (design 9).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from dialogs.answers import NOT_THAT_MONTH, UNKNOWN, Answers, Choice, Kind, Month, Option, Pick, Value
from dialogs.model import Question, Why, World
from dialogs.records import CaseFact, Entry
from dialogs.rules.cases import a_fact_may_be_out_of_date, months_in_which_18_can_fall, the_fact_that_stands
from dialogs.texts import Verbatim, Words
from dialogs.texts import mark as _

VET_INTE = Option(UNKNOWN, _("Vet inte"))

GROUP = Choice(choices=(Option("young_adult", _("SIG unga vuxna")), Option("youth", _("SIG unga")), VET_INTE))
AGE_GROUP = Choice(
    choices=(
        Option("12_14", _("12–14 år")),
        Option("15_17", _("15–17 år")),
        Option("18_20", _("18–20 år")),
        Option("21_29", _("21–29 år")),
        Option("under_12", _("Under 12 år")),
        VET_INTE,
    )
)
CUSTODY = Choice(
    choices=(
        Option("two", _("Två vårdnadshavare")),
        Option("one", _("En vårdnadshavare")),
        Option("specially_appointed", _("En särskilt förordnad vårdnadshavare")),
        Option("god_man", _("God man")),
        VET_INTE,
    )
)


def _police_areas(answers: Answers, world: World) -> Sequence[Option]:
    return (*(Option(name, Verbatim(name)) for name in world.policy.police_areas), VET_INTE)


def _districts(answers: Answers, world: World) -> Sequence[Option]:
    names = dict.fromkeys((world.district, *world.policy.districts))
    return tuple(Option(name, Verbatim(name)) for name in names)


def _coordinators(answers: Answers, world: World) -> Sequence[Option]:
    return (
        *(
            Option(person, _("Du") if person == world.person else Verbatim(label))
            for person, label in world.coordinators()
        ),
        Option("none_yet", _("Ingen ännu")),
        VET_INTE,
    )


def _other_coordinators(answers: Answers, world: World) -> Sequence[Option]:
    """The second is somebody else than the first (ENV-1)."""
    first = answers.word_or_none("first_coordinator")
    everyone = _coordinators(answers, world)
    return tuple(option for option in everyone if option.value != first or first in ("none_yet", UNKNOWN))


def _first_month(answers: Answers, world: World) -> date:
    return months_in_which_18_can_fall(answers.word_or_none("age_group"), world.today)[0]


def _last_month(answers: Answers, world: World) -> date:
    return months_in_which_18_can_fall(answers.word_or_none("age_group"), world.today)[1]


def _outside_the_age(answers: Answers, world: World) -> Words:
    if answers.word_or_none("age_group") in (None, UNKNOWN):
        return NOT_THAT_MONTH
    return _("Månaden stämmer inte med åldern. Kontrollera båda.")


_KINDS: dict[str, tuple[Kind, Words, Words, Why]] = {
    "group": (
        GROUP,
        _("Vilken insatsgrupp hör ärendet till?"),
        _("Grupp"),
        Why(words=_("Reglerna för samtal och samtycke skiljer sig mellan grupperna."), rules=("TG-1", "TG-2", "TG-3")),
    ),
    "age_group": (
        AGE_GROUP,
        _("Hur gammal är personen?"),
        _("Ålder"),
        Why(
            words=_("Åldern påverkar vem ni ska fråga om samtycke. Vi frågar aldrig efter hela födelsedatumet."),
            rules=("TG-1", "TG-2"),
        ),
    ),
    "month_of_18": (
        Month(earliest=_first_month, latest=_last_month, outside=_outside_the_age),
        _("Vilken månad fyller personen 18 år? Skriv månad och år."),
        _("Fyller 18"),
        Why(
            words=_("När personen fyller 18 ska ni fråga om samtycke igen. Skriv aldrig dagen. Du kan svara Vet inte.")
        ),
    ),
    "district": (
        Pick(offers=_districts),
        _("Vilken stadsdel har ärendet? Bara samordnare där kan se det."),
        _("Stadsdel"),
        Why(words=_("Stadsdelen avgör vem som får se ärendet. Väljer du en annan än din egen ser du det inte längre.")),
    ),
    "police_area": (
        Pick(offers=_police_areas),
        _("Vilket lokalpolisområde hör personen till?"),
        _("Lokalpolisområde"),
        Why(
            words=_(
                "Områdets lokala avhopparsamordnare hos polisen kan bli nästa kontakt vid hot. Fara för liv: ring 112."
            )
        ),
    ),
    "custody": (
        CUSTODY,
        _("Vem har vårdnaden?"),
        _("Vårdnad"),
        Why(words=_("Är personen under 18 ska vårdnadshavare ofta tillfrågas, men inte alltid. De frågas en i taget.")),
    ),
    "first_coordinator": (
        Pick(offers=_coordinators),
        _("Vem är den första samordnaren?"),
        _("Första samordnaren"),
        Why(words=_("Ni är två i varje ärende och kan ersätta varandra."), rules=("ENV-1",)),
    ),
    "second_coordinator": (
        Pick(offers=_other_coordinators),
        _("Vem är den andra samordnaren?"),
        _("Andra samordnaren"),
        Why(words=_("Ni är två i varje ärende och kan ersätta varandra."), rules=("ENV-1",)),
    ),
}

FACTS = tuple(_KINDS)


def fact_question(fact: str, case: str = "case") -> Question:
    """The question for a fact; not asked while the fact stands, shown in the read-back, and open to change there.

    :param fact: one of :data:`FACTS`; the question's id is the same.
    :param case: the id of the question whose answer is the case.
    :returns: the question.
    """
    kind, asks, label, why = _KINDS[fact]
    return Question(
        id=fact,
        asks=asks,
        label=label,
        kind=kind,
        why=why,
        preset=_stands(fact, case),
        depends_on=(case,),
        offers=("age_group",) if fact == "month_of_18" else (),
    )


def _stands(fact: str, case: str) -> Callable[[Answers, World], Value | None]:
    def preset(answers: Answers, world: World) -> Value | None:
        entries = world.entries(answers.word(case))
        stands = the_fact_that_stands(entries, fact)
        if stands is None and fact == "first_coordinator":
            return _the_one_who_speaks(answers, world, entries)
        if stands is None or stands.value == UNKNOWN:
            return None
        return None if a_fact_may_be_out_of_date(entries, fact, world.today, world.policy) else stands.value

    return preset


def _the_one_who_speaks(answers: Answers, world: World, entries: Sequence[Entry]) -> Value | None:
    """Likely the first coordinator where nobody is on record, unless the second, or the case leaves the district."""
    second = the_fact_that_stands(entries, "second_coordinator")
    if second is not None and second.value == world.person:
        return None
    return world.person if answers.word_or_none("district") in (None, world.district) else None


def facts_said(answers: Answers, world: World, case: str = "case") -> list[CaseFact]:
    """What was said of facts and is not on record as it stands: new, changed, or confirmed after it was out of date.

    :param answers: the answers on the way.
    :param world: what is known.
    :param case: the id of the question whose answer is the case.
    :returns: records to keep; "vet inte" is kept only where it takes back what was said, and asked again.
    """
    code = answers.word(case)
    entries = world.entries(code)
    said = []
    for fact in FACTS:
        value = answers.word_or_none(fact)
        if value is None:
            continue
        stands = the_fact_that_stands(entries, fact)
        if value == UNKNOWN and (stands is None or stands.value == UNKNOWN):
            continue
        if (
            stands is None
            or stands.value != value
            or a_fact_may_be_out_of_date(entries, fact, world.today, world.policy)
        ):
            said.append(CaseFact.from_payload({"case": code, "fact": fact, "value": value}))
    return said
