"""Every rule id of the domain: those that are built with one plain sentence and its source, and those that are not.

"Varför?" shows the sentence. A test holds this list against the code: an id is cited nowhere unless it is built, and
a built one is covered by a test.
"""

from __future__ import annotations

from dataclasses import dataclass

from dialogs.texts import Text
from dialogs.texts import mark as _


@dataclass(frozen=True)
class Rule:
    """One rule.

    :ivar words: the rule in one plain Swedish sentence.
    :ivar source: the documents it is from: S0 the report of 2020, S2 the decision of 2019, S3 the guidance of 2021.
    """

    words: str
    source: str


BUILT: dict[str, Rule] = {
    "TG-1": Rule(_("SIG unga är för den som är 12–20 år."), "S3"),
    "TG-2": Rule(_("SIG unga vuxna är för den som är 19–29 år."), "S0, S2"),
    "TG-3": Rule(_("Den som är 18–20 år kan höra till SIG unga vuxna, om stadsdelen ser skäl till det."), "S3"),
    "MOT-1": Rule(_("Tre till fem samtal är vanligt innan det går att bedöma motivationen. Det får vara fler."), "S0"),
    "MOT-2": Rule(
        _("Bedömningen leder till fler samtal, till samtycke eller till att personen inte går vidare nu."), "S0"
    ),
    "MOT-3": Rule(_("När viljan finns ska nästa steg komma snabbt."), "S3"),
    "MOT-4": Rule(_("Ett samtal räknas en gång. En rättelse sparas bredvid, så att det första syns."), "S0"),
    "MOT-5": Rule(_("Det ska synas om samtalet hölls, när och av vem."), "S0"),
    "ENV-1": Rule(_("Varje ärende har två samordnare som kan ersätta varandra."), "S3"),
}

NOT_BUILT: tuple[str, ...] = (
    *(f"TG-{n}" for n in range(4, 8)),
    *(f"CON-{n}" for n in range(1, 16)),
    *(f"THR-{n}" for n in range(17)),
    "DEC-1",
    "DEC-2",
    "PLAN-1",
    "FU-1",
    "FU-2",
    "FU-3",
    "DIS-1",
    "DEV-1",
    "NET-1",
)


SOURCES = {"S0": _("rapporten 2020"), "S2": _("beslutet 2019"), "S3": _("vägledningen 2021")}
"""How the documents are named to a reader."""


def rule_words(rule: str) -> Text:
    """A rule in one plain Swedish sentence, with where it is from.

    :param rule: the id of a rule that is built.
    :returns: words, to be translated when shown.
    :raises KeyError: the rule is unknown or not built yet.
    """
    held = BUILT[rule]
    first, *others = (Text(SOURCES[source]) for source in held.source.split(", "))
    source = Text(_("{first} och {second}"), first=first, second=others[0]) if others else first
    return Text(_("Regel {rule}, {source}: {words}"), rule=rule, source=source, words=Text(held.words))
