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
    :ivar source: the documents it is from: S0 the report of 2020, S2 the decision of 2019, S3 the guidance of 2021,
        A1 a public page (avhoppare.se) that nothing confirms, L0 a rule of our own that no document has.
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
    "CON-1": Rule(_("Utan samtycke till att dela uppgifter med polisen kan personen inte få SIG."), "S0, S3"),
    "CON-2": Rule(
        _("Fråga också om de andra parterna. För SIG unga vuxna är även deras samtycke ett villkor."), "S0, S3"
    ),
    "CON-3": Rule(_("Det ska synas vem som sa ja, till vilka uppgifter, till vem och hur länge."), "S3"),
    "CON-4": Rule(_("Erbjud en kopia, om det är tryggt för den som får den."), "S3"),
    "CON-5": Rule(_("Ett samtycke kan tas tillbaka när som helst, helt eller delvis."), "S3"),
    "CON-6": Rule(
        _("Tas samtycket till polisen tillbaka ska SIG avslutas. Ansvarig socialsekreterare beslutar."), "S3"
    ),
    "CON-7": Rule(
        _("Under 18 år svarar även vårdnadshavare, om den unge inte ensam bestämmer över uppgifterna."), "S3"
    ),
    "CON-8": Rule(_("Är personen 18 år eller äldre får föräldrar vara med bara om personen vill det."), "S3"),
    "CON-9": Rule(_("Samtycke till insatsen är en egen fråga. Vem som ska svara beror på åldern."), "S3"),
    "CON-10": Rule(
        _("Vårdnadshavare får ingen kopia av det som är hemligt för dem. Är det oklart finns ingen kopia."), "S3"
    ),
    "CON-11": Rule(_("Varje part kontrollerar att samtycket täcker dess uppgifter, och antecknar det."), "S3"),
    "CON-12": Rule(_("Samtycke är inte enda vägen. I vissa fall får eller ska uppgifter lämnas enligt lag."), "S3"),
    "CON-13": Rule(
        _("Den som inte är tillfrågad har inte sagt ja. Samtycket räcker bara där alla som ska svara har sagt ja."),
        "S3",
    ),
    "CON-14": Rule(
        _("Ska personen lämna kriminella kretsar med stöd behövs samtycke till alla myndigheter som berörs."), "A1"
    ),
    "CON-15": Rule(_("Ett samtycke har ett slutdatum. Fråga igen vid 18 år, och se över det vid 21."), "S3"),
    "TG-6": Rule(_("Fråga polisen hur de ser på saken när samtycket till polisen finns."), "S3"),
    "DEC-2": Rule(_("Ansvarig socialsekreterare fattar beslut, också när en insats ska upphöra."), "S3"),
    "THR-0": Rule(_("Är någon i fara för livet ringer du 112 före allt annat. Lots är inget larm."), "L0"),
    "THR-1": Rule(_("Polisen bedömer hot och behov av skydd. Lots bedömer aldrig hotet."), "S0, S3"),
    "THR-2": Rule(_("Polisen ska få veta om hot. Samtycke eller en regel i lag ska låta dig berätta."), "S3"),
    "THR-3": Rule(_("Vid hot ska ansvarig socialsekreterare bedöma om någon behöver bo på annan plats."), "S3"),
    "THR-4": Rule(_("Polisens lokala avhopparsamordnare frågas först. Behövs skydd ska BOPS vara med."), "S3"),
    "THR-5": Rule(
        _("Är hotet högt enligt BOPS, åldern inne och flytt ett måste, kan avhopparverksamheten ta vid."), "S3"
    ),
    "THR-6": Rule(_("Staden kan öppna en väg direkt från lokalpolisområdet. Den är stängd om inget annat sägs."), "S0"),
    "THR-7": Rule(_("Den som är under åldersgränsen skyddas på annat sätt än genom avhopparverksamheten."), "S3"),
    "THR-8": Rule(
        _("Vid hot mot dig går din egen trygghet först. Chefen och arbetsplatsens rutin kommer sedan."), "S3"
    ),
    "THR-9": Rule(_("Det ska synas vem som har fått veta och vem som är kvar, tills någon har svarat."), "S3"),
    "THR-10": Rule(_("Ingen åker till avhopparverksamheten utan tid. Ni väljer en trygg plats att mötas på."), "S0"),
    "THR-11": Rule(_("Den som hoppar av erbjuds en egen behandlingskontakt efter första besöket."), "S0"),
    "THR-12": Rule(_("Vet inte räknas som det svar som är mest bråttom. Lots sänker aldrig."), "L0"),
    "THR-13": Rule(_("Kan hotet komma hemifrån kontaktas ingen hemma. Vet inte räknas som ja."), "L0"),
    "THR-14": Rule(_("Ett barn som kan fara illa ska prövas för skydd genast, bredvid allt annat."), "L0"),
    "THR-15": Rule(_("Stadens avhopparsamordnare kan ge råd utan att få veta vem det gäller."), "S0"),
    "THR-16": Rule(_("Många unga är själva utsatta. Berätta om Stödcentrum och stöd till närstående."), "S3"),
    "ENV-1": Rule(_("Varje ärende har två samordnare som kan ersätta varandra."), "S3"),
}

NOT_BUILT: tuple[str, ...] = (
    "TG-4",
    "TG-5",
    "TG-7",
    "DEC-1",
    "PLAN-1",
    "FU-1",
    "FU-2",
    "FU-3",
    "DIS-1",
    "DEV-1",
    "NET-1",
)


SOURCES = {
    "S0": _("rapporten 2020"),
    "S2": _("beslutet 2019"),
    "S3": _("vägledningen 2021"),
    "A1": _("avhoppare.se, obekräftat"),
    "L0": _("Lots egen regel"),
}
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
