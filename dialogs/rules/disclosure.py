"""The doors beside consent (CON-12): which provisions may open towards whom, and their conditions one by one.

Nothing in here says no, and nothing says that a provision applies: the answer to a set of conditions is that it may
apply, or that it is not clear. A person decides.

Who each basis opens to, and why (``law.md`` 1.3 and 1.4; texts read as of 2026-02-12):

* OSL 10:2 is general: it opens to private persons too, so it is the only one that is offered towards everyone.
* OSL 10:15 a and 10:28 open between authorities. Associations and parents are none, and leisure is counted with them.
  A school or a clinic may be private, and what a deployment lists by a name of its own may be anything: it is asked.
* OSL 10:18 a opens to the police, Säkerhetspolisen and Tullverket, about someone under 21; 10:18 b to the first two;
  10:18 c and 10:20 to the police alone, 10:20 about someone under 18. 18 a, b and c look ahead: not for suspicion of
  a crime already committed.
* Lag (2025:170) 4 § is a duty (so OSL 10:28 opens) towards the seven authorities of its 2 §, for contact data alone,
  and only when they ask.
* OSL 26:9 opens from social services to other authorities of social services and of health care.
* SoL 20:5 is for the one who investigates a child's needs; the subject is the child, so it is not for adults. It is
  offered towards those who know children by profession, and not towards a club or a private person (CON-12).
* SoL 19:1 is the duty to report; it goes to a social committee, and the child may be another than the subject.
* OSL 10:21–23 and nöd are for a lawyer: they are named, and nothing is built on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dialogs.law import Fact, UnknownLaw, fact
from dialogs.rules.cases import MINOR_AGES
from dialogs.rules.consents import KINDS, PARENTS_PARTY, POLICE
from dialogs.texts import mark as _

Result = Literal["may_apply", "not_clear"]

CONSENT = "consent"
"""The basis of a disclosure that live consent covers."""

CONTACT = "contact"
"""Contact data: no consent names it, and lag (2025:170) 4 § is about nothing else."""

DISCLOSED_KINDS = (*KINDS, CONTACT)
"""The kinds of information one may ask about."""

SOMEONE_ELSE = "someone_else"

FURTHER_RECEIVERS = (
    "security_police",
    "customs",
    "prosecutor",
    "economic_crime",
    "tax_agency",
    "coast_guard",
    "social_committee",
    SOMEONE_ELSE,
)
"""Receivers that consent is never asked about, and that the law names."""

LAW_ENFORCING = (POLICE, "security_police", "customs", "prosecutor", "economic_crime", "tax_agency", "coast_guard")
"""The authorities of lag (2025:170) 2 §."""

_SOCIAL_SERVICES = ("exit_unit", "other_social_committee", "social_committee")
_HEALTH_CARE = ("health_care", "bup", "maria_ungdom")
_LABOUR = ("kaa_jobbtorg", "employment_administration", "arbetsformedlingen")

_SURELY_AUTHORITIES = frozenset((*LAW_ENFORCING, *_SOCIAL_SERVICES, *_LABOUR, "probation"))
_NO_AUTHORITIES = frozenset(("leisure", "civil_society", PARENTS_PARTY))

UNDER_18 = MINOR_AGES
UNDER_21 = (*MINOR_AGES, "18_20")


@dataclass(frozen=True)
class Condition:
    """One condition of a basis, put so that yes is that it is met.

    :ivar id: how it is stored.
    :ivar asks: the question, marked.
    :ivar met_at: the ages at which the case facts already say yes: then it is not asked.
    """

    id: str
    asks: str
    met_at: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Basis:
    """A provision that may open without consent.

    :ivar id: how it is stored.
    :ivar name: a few words, marked, for a button.
    :ivar laws: its facts in ``dialogs/law``.
    :ivar conditions: all of them must be met.
    :ivar receivers: whom it opens to; ``None`` where it names nobody.
    :ivar between_authorities: whether the receiver must be an authority.
    :ivar ages: the ages it can be about; ``None`` for any. An unknown age is asked about, never assumed.
    :ivar kinds: the kinds of information it can be about; ``None`` for any.
    :ivar reminder: a sentence, marked, where the law says shall and not may.
    """

    id: str
    name: str
    laws: tuple[str, ...]
    conditions: tuple[Condition, ...]
    receivers: frozenset[str] | None = None
    between_authorities: bool = False
    ages: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    reminder: str | None = None


AUTHORITY = Condition("authority", _("Är mottagaren en myndighet? Ett privat företag eller en förening är det inte."))

_NOT_UNSUITABLE = Condition(
    "not_unsuitable", _("Går det att lämna uppgiften utan att störa insatser som pågår eller planeras?")
)
_LOOKS_AHEAD = Condition(
    "looks_ahead", _("Handlar uppgiften om en risk framåt, och inte om ett brott som redan är begånget?")
)

BASES: tuple[Basis, ...] = (
    Basis(
        id="child_at_risk",
        name=_("Oro för ett barn"),
        laws=("SOL-19-1", "OSL-10-28"),
        receivers=frozenset(("social_committee", "other_social_committee")),
        between_authorities=True,
        conditions=(
            Condition("child_may_be_harmed", _("Vet eller misstänker du att ett barn under 18 år far illa?")),
            Condition("part_of_the_report", _("Hör uppgiften till det du anmäler?")),
        ),
        reminder=_("En orosanmälan ska göras genast. Lots skickar ingen anmälan."),
    ),
    Basis(
        id="immediate_action",
        name=_("Polisen behöver ingripa genast"),
        laws=("OSL-10-20",),
        receivers=frozenset((POLICE,)),
        between_authorities=True,
        ages=UNDER_18,
        conditions=(
            Condition("under_18", _("Kan personen antas vara under 18 år?"), met_at=UNDER_18),
            Condition("found_by_staff", _("Är det personal i socialtjänsten som har hittat personen på plats?")),
            Condition(
                "danger_or_crime", _("Är den unge uppenbart i allvarlig fara just nu, eller begår den unge brott nu?")
            ),
            Condition("needed_to_act", _("Behöver polisen uppgiften för att kunna ingripa genast?")),
        ),
    ),
    Basis(
        id="young_at_risk",
        name=_("Risk för brott, under 21 år"),
        laws=("OSL-10-18A",),
        receivers=frozenset((POLICE, "security_police", "customs")),
        between_authorities=True,
        ages=UNDER_21,
        conditions=(
            Condition("under_21", _("Är personen under 21 år?"), met_at=UNDER_21),
            Condition("risk_of_crime", _("Finns det något konkret som visar att personen riskerar att begå brott?")),
            _LOOKS_AHEAD,
            _NOT_UNSUITABLE,
        ),
    ),
    Basis(
        id="violence_against_relative",
        name=_("Risk för våld mot en närstående"),
        laws=("OSL-10-18C",),
        receivers=frozenset((POLICE,)),
        between_authorities=True,
        conditions=(
            Condition(
                "risk_of_violence",
                _("Finns det något konkret som visar att personen kan utsätta en närstående för ett grovt brott?"),
            ),
            Condition("year_or_more", _("Är det ett brott mot person som ger minst ett års fängelse?")),
            _LOOKS_AHEAD,
            _NOT_UNSUITABLE,
        ),
    ),
    Basis(
        id="terrorism",
        name=_("Risk för terrorbrott"),
        laws=("OSL-10-18B",),
        receivers=frozenset((POLICE, "security_police")),
        between_authorities=True,
        conditions=(
            Condition(
                "risk_of_terrorism",
                _("Finns det något konkret som visar risk för terrorbrott eller brott mot rikets säkerhet?"),
            ),
            _LOOKS_AHEAD,
        ),
    ),
    Basis(
        id="contact_data",
        name=_("De har begärt kontaktuppgifter"),
        laws=("L2025-170-4", "OSL-10-28"),
        receivers=frozenset(LAW_ENFORCING),
        between_authorities=True,
        kinds=(CONTACT,),
        conditions=(
            Condition("requested", _("Har mottagaren själv begärt att få uppgiften?")),
            Condition(
                "contact_only", _("Är det bara kontaktuppgifter, till exempel adress, telefon eller arbetsplats?")
            ),
            Condition("nothing_against", _("Har du prövat om synnerliga skäl talar emot, och inte hittat något?")),
        ),
        reminder=_("Stämmer villkoren ska uppgiften lämnas."),
    ),
    Basis(
        id="care_and_support",
        name=_("Vård eller stöd som är nödvändigt"),
        laws=("OSL-26-9",),
        receivers=frozenset((*_SOCIAL_SERVICES, *_HEALTH_CARE)),
        between_authorities=True,
        conditions=(
            Condition(
                "under_18_or_care",
                _("Är personen under 18 år, i ett pågående missbruk eller i psykiatrisk tvångsvård?"),
                met_at=UNDER_18,
            ),
            Condition(
                "needed_for_care", _("Behövs uppgiften för att personen ska få vård eller stöd som är nödvändigt?")
            ),
        ),
    ),
    Basis(
        id="child_investigation",
        name=_("Utredning om ett barn"),
        laws=("SOL-20-5",),
        receivers=frozenset(
            (POLICE, "school", *_LABOUR, *_HEALTH_CARE, "probation", "exit_unit", "other_social_committee")
        ),
        ages=UNDER_18,
        conditions=(
            Condition("child", _("Är personen under 18 år?"), met_at=UNDER_18),
            Condition("investigation", _("Pågår det en utredning om barnets behov av skydd eller stöd?")),
            Condition("contact_needed", _("Behöver utredaren den här kontakten för att bedöma behovet?")),
        ),
    ),
    Basis(
        id="between_authorities",
        name=_("Mot brott eller fusk, mellan myndigheter"),
        laws=("OSL-10-15A",),
        between_authorities=True,
        conditions=(
            Condition(
                "against_crime",
                _("Behövs uppgiften för att förebygga, upptäcka eller utreda brott, eller för att stoppa fusk?"),
            ),
            Condition("nothing_outweighs", _("Har du vägt skälen, och väger skälen för att dela tyngst?")),
        ),
    ),
    Basis(
        id="own_work",
        name=_("Nödvändigt för ert eget arbete"),
        laws=("OSL-10-2",),
        conditions=(
            Condition("necessary", _("Är det nödvändigt att lämna uppgiften för att ni ska klara ert uppdrag?")),
        ),
    ),
)
"""The likeliest to be urgent first; the general one last."""

FOR_A_LAWYER = ("OSL-10-21", "OSL-10-22", "OSL-10-23")
"""Named with "fråga jurist", and without conditions."""


def basis_of(id_: str) -> Basis:
    """A basis by its id.

    :param id_: as it is stored.
    :returns: the basis.
    :raises KeyError: there is none.
    """
    return {basis.id: basis for basis in BASES}[id_]


def the_texts(basis: Basis, on: date) -> Sequence[Fact]:
    """The provisions of a basis as they apply on a day.

    :param basis: the basis.
    :param on: the day.
    :returns: its facts.
    :raises UnknownLaw: one of them does not apply then.
    """
    return tuple(fact(law, on) for law in basis.laws)


def it_is_known_whether_an_authority(party: str) -> bool:
    """Whether the party's name alone tells that it is an authority; a school may be private.

    :param party: a stored party, a further receiver, or a configured name.
    :returns: whether it is surely one.
    """
    return party in _SURELY_AUTHORITIES


def the_basis_opens_to(basis: Basis, party: str) -> bool:
    """CON-12: each basis has its receivers; none but the general one opens to associations, leisure and parents.

    :param basis: the basis.
    :param party: a stored party, a further receiver, or a configured name.
    :returns: whether it may be offered towards that party.
    """
    if basis.receivers is not None:
        return party in basis.receivers
    return not basis.between_authorities or party not in _NO_AUTHORITIES


def the_bases_offered(party: str, age_group: str, kind: str, on: date) -> tuple[Basis, ...]:
    """CON-12: the bases that may open towards a party, for an age and a kind of information.

    An unknown age takes none away: then the age is one of the conditions.

    :param party: a stored party, a further receiver, or a configured name.
    :param age_group: the age group as the case facts have it, or ``unknown``.
    :param kind: one of :data:`DISCLOSED_KINDS`.
    :param on: the day; a basis whose text does not apply then is not offered.
    :returns: bases in the order of the table.
    """
    return tuple(
        basis
        for basis in BASES
        if the_basis_opens_to(basis, party)
        and (basis.ages is None or age_group in (*basis.ages, "unknown"))
        and (basis.kinds is None or kind in basis.kinds)
        and _applies(basis, on)
    )


def _applies(basis: Basis, on: date) -> bool:
    try:
        the_texts(basis, on)
    except UnknownLaw:
        return False
    return True


def the_conditions_to_ask(basis: Basis, party: str, age_group: str) -> tuple[Condition, ...]:
    """CON-12: the conditions one by one, without those that the case facts or the receiver already meet.

    :param basis: the basis.
    :param party: the receiver.
    :param age_group: the age group, or ``unknown``.
    :returns: conditions in the order they are asked.
    """
    first = (AUTHORITY,) if basis.between_authorities and not it_is_known_whether_an_authority(party) else ()
    return (*first, *(condition for condition in basis.conditions if age_group not in condition.met_at))


def the_basis_may_apply(asked: Sequence[Condition], answers: Mapping[str, str]) -> Result:
    """CON-12: all conditions met, it may apply; anything else is not clear, and never a no.

    :param asked: the conditions.
    :param answers: by condition: ``yes``, ``no`` or ``unknown``; one that is left out was not answered.
    :returns: ``may_apply`` or ``not_clear``.
    """
    return "may_apply" if all(answers.get(condition.id) == "yes" for condition in asked) else "not_clear"


def a_lawyer_should_be_asked_about(party: str) -> tuple[str, ...]:
    """CON-12: the provisions on committed crimes, towards those who investigate crime; only a lawyer says more.

    :param party: the receiver.
    :returns: fact ids; none towards others.
    """
    return FOR_A_LAWYER if party in LAW_ENFORCING else ()
