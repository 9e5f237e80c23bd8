"""The words of consent: parties, kinds of information, givers and statuses, said the same way everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dialogs.answers import Choice, Option
from dialogs.rules.cases import ADULT_AGES
from dialogs.texts import Inside, Text, Verbatim
from dialogs.texts import mark as _

PARTIES = {
    "police": _("Polisen"),
    "school": _("Skolan"),
    "kaa_jobbtorg": _("Jobbtorg och KAA"),
    "health_care": _("Hälso- och sjukvården"),
    "bup": _("BUP"),
    "maria_ungdom": _("Maria Ungdom"),
    "probation": _("Kriminalvården och frivården"),
    "employment_administration": _("Arbetsmarknadsförvaltningen"),
    "arbetsformedlingen": _("Arbetsförmedlingen"),
    "exit_unit": _("Socialförvaltningens avhopparverksamhet"),
    "leisure": _("Fritiden"),
    "civil_society": _("Föreningar och civilsamhället"),
    "other_social_committee": _("En annan socialnämnd"),
    "parents": _("Föräldrarna"),
}
"""The parties that ship (CON-2); a deployment's own go by their configured name."""

NAMES = ("bup", "maria_ungdom")
"""Parties whose name keeps its capital inside a sentence."""

INFO_KINDS = {
    "planning": _("Planering och möten"),
    "situation": _("Boende och vardag"),
    "occupation": _("Skola och arbete"),
    "crime": _("Brott och misstankar"),
    "safety": _("Hot och säkerhet"),
    "health": _("Hälsa"),
    "substance": _("Alkohol och droger"),
    "family": _("Familj och vänner"),
}
"""The kinds of information (CON-3)."""

DIRECTIONS = {
    "to": _("vi lämnar"),
    "from": _("vi hämtar"),
    "both": _("vi lämnar och hämtar"),
}

_GIVERS = {
    "guardian_1": _("Vårdnadshavare 1"),
    "guardian_2": _("Vårdnadshavare 2"),
    "parent_1": _("Förälder 1"),
    "parent_2": _("Förälder 2"),
}

STATUSES = {
    "given": _("ja"),
    "refused": _("nej"),
    "thinking": _("vill fundera"),
    "not_reached": _("inte nådd"),
    "not_asked": _("inte tillfrågad"),
    "withdrawn": _("återkallat"),
    "expired": _("har gått ut"),
    "mistaken": _("felaktigt sparat"),
}
"""CON-13: eight statuses, eight words."""

HOW = Choice(
    choices=(
        Option("meeting", _("Muntligt på möte")),
        Option("telephone", _("På telefon")),
        Option("writing", _("Skriftligt")),
        Option("e_id", _("Med e-legitimation")),
    )
)

EXPLAINED = {
    "voluntary": _("Att det är frivilligt"),
    "what": _("Vilka uppgifter det gäller"),
    "to_whom": _("Vem som får uppgifterna"),
    "what_a_no_means": _("Vad ett nej betyder"),
    "withdrawal": _("Att ett ja kan tas tillbaka"),
    "law_may_require": _("Att lagen ibland kräver att vi delar ändå"),
}
"""What is explained before anyone answers (law.md 4.3)."""


def party_words(party: str) -> Text:
    """A party's name.

    :param party: a stored id, or a name of the deployment's own.
    :returns: the words; a configured name as it is.
    """
    return Text(PARTIES[party]) if party in PARTIES else Text(_("{name}"), name=Verbatim(party))


def party_inside(party: str) -> Text:
    """A party's name inside a sentence: "polisen", but "Maria Ungdom".

    :param party: a stored id, or a name of the deployment's own.
    :returns: the words.
    """
    return Inside(party_words(party)) if party in PARTIES and party not in NAMES else party_words(party)


def kind_words(kind: str) -> Text:
    """A kind of information.

    :param kind: a stored id.
    :returns: the words.
    """
    return Text(INFO_KINDS[kind])


def giver_words(giver: str, age_group: str) -> Text:
    """Who answers, as it is said of them; never a name.

    :param giver: a stored id.
    :param age_group: the person's age group: a minor is "den unge".
    :returns: the words, with a capital.
    """
    if giver == "subject":
        return Text(_("Personen") if age_group in ADULT_AGES else _("Den unge"))
    return Text(_GIVERS[giver])


LISTED = 5
"""How many parties are named in a sentence; the matrix names them all."""


def parties_inside(parties: Sequence[str]) -> Text:
    """Parties inside a sentence, a long list cut short.

    :param parties: stored ids or configured names.
    :returns: the first ones, and how many more there are.
    """
    if len(parties) <= LISTED:
        return listed_inside([party_inside(party) for party in parties])
    first = Listed(party_inside(party) for party in parties[: LISTED - 2])
    return Text(_("{first} och {number} parter till"), first=first, number=len(parties) - LISTED + 2)


def listed_inside(parts: Sequence[Text]) -> Text:
    """Words in a row inside a sentence: "polisen, skolan och BUP".

    :param parts: at least one.
    :returns: the words.
    """
    if len(parts) == 1:
        return parts[0]
    return Text(_("{first} och {last}"), first=Listed(parts[:-1]), last=parts[-1])


class Listed(Text):
    """Several words in a row: ``Polisen, Skolan``.

    :param parts: the words.
    """

    __slots__ = ()

    def __init__(self, parts: Iterable[Text]) -> None:
        listed = tuple(parts)
        names = {f"part{place}": part for place, part in enumerate(listed)}
        super().__init__(", ".join(f"{{{name}}}" for name in names), **names)
