"""/aterkalla: somebody takes consent back, wholly or partly, at any time (CON-5).

Sharing stops at once. Where the consent towards the police is taken back, the guidance says that SIG is to end: the
case officer decides (CON-6, DEC-2), and it is asked whether somebody pressed the person. What was taken back after it
was handed over to the case system leaves a notice for the next bundle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dialogs.answers import UNKNOWN, Answers, CaseCode, Day, Option, Pick, Several, Value
from dialogs.consent_notes import note_of_notice, note_of_withdrawal
from dialogs.consent_words import (
    HOW,
    INFO_KINDS,
    Listed,
    giver_words,
    kind_words,
    parties_inside,
    party_inside,
    party_words,
)
from dialogs.consequences import as_saved, consents_of, foreseen
from dialogs.model import Decide, Dialog, Go, Line, Outcome, Question, Why, World
from dialogs.records import ConsentWithdrawn, CorrectionNotice, Record
from dialogs.rules.conditions import Change, parties_to_be_told, the_police_consent_was_withdrawn
from dialogs.rules.consents import PARENTS_PARTY, POLICE, Consents, who_must_consent
from dialogs.rules.notices import notices_of_what_is_taken_back
from dialogs.texts import Inside, Text, Words
from dialogs.texts import mark as _

ALL, MEASURE = "all", "measure"
"""What is taken back where it is no single party: every party, or the consent to the measure."""


def _consents(answers: Answers, world: World) -> Consents:
    return consents_of(world.entries(answers.word("case")), world)


def _givers(answers: Answers, world: World) -> Sequence[Option]:
    """Who has something to take back."""
    consents = _consents(answers, world)
    return [
        Option(giver, giver_words(giver, consents.context.age_group))
        for giver in consents.givers
        if consents.live(giver) or consents.measure(giver).status == "given"
    ]


def _what(answers: Answers, world: World) -> Sequence[Option]:
    consents, giver = _consents(answers, world), answers.word("giver")
    live = consents.live(giver)
    whole = [Option(ALL, _("Allt om att dela uppgifter"))] if len(live) > 1 else []
    measure = [Option(MEASURE, _("Ja till insatsen SIG"))] if consents.measure(giver).status == "given" else []
    return (*(Option(party, party_words(party)) for party in live), *whole, *measure)


def _parties(answers: Answers, world: World) -> tuple[str, ...]:
    what = answers.word("taken_back")
    if what == MEASURE:
        return ()
    return _consents(answers, world).live(answers.word("giver")) if what == ALL else (what,)


def _live_kinds(answers: Answers, world: World) -> Sequence[Option]:
    """What the giver's consent covers towards the chosen party; taking all of it back is taking the whole back."""
    live = _consents(answers, world).kinds(answers.word("giver"), answers.word("taken_back"))
    return tuple(Option(kind, INFO_KINDS[kind]) for kind in live)


def _asks_what(answers: Answers, world: World) -> Words:
    age = _consents(answers, world).context.age_group
    return Text(_("Vad tar {who} tillbaka?"), who=Inside(giver_words(answers.word("giver"), age)))


def _asks_kinds(answers: Answers, world: World) -> Words:
    return Text(_("Vilka uppgifter till {party} gäller det?"), party=party_inside(answers.word("taken_back")))


def _one_kind(answers: Answers, world: World) -> Value | None:
    """Where only one kind is shared there is nothing to choose."""
    live = [option.value for option in _live_kinds(answers, world)]
    return live if len(live) == 1 else None


QUESTIONS = (
    Question(
        id="case",
        asks=_("Vilket ärende gäller det?"),
        label=_("Ärende"),
        kind=CaseCode(may_be_new=False),
        why=Why(words=_("Återkallelsen ska sparas i rätt ärende."), rules=("CON-5",)),
    ),
    Question(
        id="giver",
        asks=_("Vem tar tillbaka sitt samtycke?"),
        label=_("Vem"),
        kind=Pick(offers=_givers),
        why=Why(words=_("Var och en kan ta tillbaka sitt eget samtycke. De andras svar står kvar."), rules=("CON-5",)),
        depends_on=("case",),
    ),
    Question(
        id="taken_back",
        asks=_asks_what,
        label=_("Vad"),
        kind=Pick(offers=_what),
        why=Why(
            words=_("Det går att ta tillbaka allt eller en del. Resten gäller som förut."), rules=("CON-5", "CON-6")
        ),
        depends_on=("giver",),
    ),
    Question(
        id="kinds",
        asks=_asks_kinds,
        label=_("Uppgifter"),
        kind=Several(choices=_live_kinds, least=1, everything=_("Alla uppgifter")),
        why=Why(words=_("Det går att ta tillbaka för vissa uppgifter och låta andra gälla."), rules=("CON-5",)),
        preset=_one_kind,
        depends_on=("taken_back",),
    ),
    Question(
        id="how",
        asks=_("Hur fick du veta det?"),
        label=_("Hur"),
        kind=Pick(offers=lambda answers, world: HOW.choices),
        why=Why(words=_("Det räcker att säga det. Det ska synas hur ni fick veta."), rules=("CON-5",)),
        depends_on=("giver",),
    ),
    Question(
        id="pressed",
        asks=_("Kan någon ha pressat fram det?"),
        label=_("Pressad"),
        kind=Pick(
            offers=lambda answers, world: (
                Option("no", _("Nej")),
                Option("yes", _("Ja")),
                Option(UNKNOWN, _("Vet inte")),
            )
        ),
        why=Why(words=_("Att någon tar tillbaka sitt ja till polisen kan vara ett tecken på hot."), rules=("CON-6",)),
        depends_on=("giver", "taken_back"),
    ),
    Question(
        id="withdrawn_on",
        asks=_("Vilken dag togs det tillbaka?"),
        label=_("Dag"),
        kind=Day(
            quick=(0, 1, 2),
            earliest=lambda answers, world: _consents(answers, world).since(answers.word("giver")),
            latest=lambda answers, world: world.today,
        ),
        why=Why(words=_("Från den dagen gäller inte samtycket."), rules=("CON-5",), law=("FL-27",)),
        preset=lambda answers, world: world.opened_on.isoformat(),
    ),
)


def _changes(answers: Answers, world: World) -> tuple[Change, ...]:
    """What the withdrawal does to the parties, when the world already holds it."""
    after = world.entries(answers.word("case"))
    return parties_to_be_told(consents_of(as_saved(after), world), consents_of(after, world))


def _foresees(answers: Answers, world: World) -> Sequence[Line]:
    assessed = Line(_("Ansvarig socialsekreterare bedömer om SIG kan fortsätta."), ("CON-5",))
    return (*_no_longer_shared(answers), assessed, *foreseen(answers, world))


def _no_longer_shared(answers: Answers) -> Sequence[Line]:
    """Where a part is taken back, which: the rest stands in the matrix as a yes."""
    kinds, party = answers.get("kinds"), answers.word("taken_back")
    if not isinstance(kinds, list):
        return ()
    words = Text(
        _("Sluta dela med {party}: {kinds}."),
        party=party_inside(party),
        kinds=Listed(Inside(kind_words(kind)) for kind in kinds),
    )
    return (Line(words, ("CON-5",)),)


def _says_withdrawn(answers: Answers, world: World) -> Sequence[Words]:
    """CON-11: the parties are told, never a parent or a guardian; who was not needed changes nothing."""
    changes, case = _changes(answers, world), answers.word("case")
    told = [change.party for change in changes]
    lines: list[Words] = [
        Text(_("Sparat i {case}. Det som är återkallat delas inte från och med nu."), case=case)
        if told or PARENTS_PARTY in _withdrawn_parties(answers, world)
        else Text(
            _("Sparat i {case}. Det som är återkallat delas inte. Samtycket räckte inte för det förut heller."),
            case=case,
        )
    ]
    if the_police_consent_was_withdrawn(_consents(answers, world)):
        lines.append(_("Det väntar på beslut av ansvarig socialsekreterare."))
    if answers.word_or_none("pressed") in ("yes", UNKNOWN):
        lines += [
            _("Fara för liv: ring 112."),
            _("Nästa steg: gå igenom hot och säkerhet nu."),
        ]
    elif told:
        said = _("Nästa steg: säg till {parties} vad som inte gäller längre.")
        lines.append(Text(said, parties=parties_inside(told)))
    return lines


def _withdrawn_parties(answers: Answers, world: World) -> Sequence[str]:
    withdrawn = [e.record for e in world.entries(answers.word("case")) if isinstance(e.record, ConsentWithdrawn)]
    return withdrawn[-1].parties


def _says_measure_withdrawn(answers: Answers, world: World) -> Sequence[Words]:
    return (
        Text(_("Sparat i {case}. Samtycket till insatsen är återkallat."), case=answers.word("case")),
        _("Nästa steg: säg till ansvarig socialsekreterare. Uppgifter får delas som förut tills någon säger annat."),
    )


def _says_nothing_to_withdraw(answers: Answers, world: World) -> Sequence[Words]:
    return (Text(_("Det finns inget samtycke att ta tillbaka i {case}."), case=answers.word("case")),)


def _leads_to(answers: Answers, world: World) -> Sequence[str]:
    return ("hotbild",) if answers.word_or_none("pressed") in ("yes", UNKNOWN) else ()


OUTCOMES = (
    Outcome(
        id="withdrawn",
        says=_says_withdrawn,
        foresees=_foresees,
        leads_to=_leads_to,
        rules=("CON-5", "CON-6", "CON-11"),
    ),
    Outcome(id="measure_withdrawn", says=_says_measure_withdrawn, foresees=_foresees, rules=("CON-5", "CON-9")),
    Outcome(id="nothing_to_withdraw", says=_says_nothing_to_withdraw, saves=False),
)


def _has_something(answers: Answers, world: World) -> str:
    return "something" if _givers(answers, world) else "nothing"


def _one_party_or_more(answers: Answers, world: World) -> str:
    return "one_party" if answers.word("taken_back") not in (ALL, MEASURE) else "whole"


def _police_or_not(answers: Answers, world: World) -> str:
    return "police" if POLICE in _parties(answers, world) else "others"


def _measure_or_not(answers: Answers, world: World) -> str:
    return "measure" if answers.word("taken_back") == MEASURE else "sharing"


ROUTES = (
    Decide("case", by=_has_something, ways={"something": "giver", "nothing": "nothing_to_withdraw"}),
    Go("giver", "taken_back"),
    Decide("taken_back", by=_one_party_or_more, ways={"one_party": "kinds", "whole": "how"}, rules=("CON-5",)),
    Go("kinds", "how"),
    Decide("how", by=_police_or_not, ways={"police": "pressed", "others": "withdrawn_on"}, rules=("CON-6",)),
    Go("pressed", "withdrawn_on"),
    Decide(
        "withdrawn_on",
        by=_measure_or_not,
        ways={"sharing": "withdrawn", "measure": "measure_withdrawn"},
        rules=("CON-9",),
    ),
)


def record(answers: Answers, world: World) -> Sequence[Record]:
    """What is kept: the withdrawal, and a notice for each record it changes that was handed over.

    :param answers: the answers on the way.
    :param world: what is known, to name what is taken back.
    :returns: the withdrawal first.
    """
    case, giver, kinds = answers.word("case"), answers.word("giver"), answers.get("kinds")
    parties = _parties(answers, world)
    fields: dict[str, Any] = {
        "case": case,
        "withdrawn_on": answers.word("withdrawn_on"),
        "giver": giver,
        "parties": list(parties) or None,
        "kinds": kinds if kinds != [option.value for option in _live_kinds(answers, world)] else None,
        "measure": None if parties else "withdrawn",
        "needed": "yes" if giver in who_must_consent(_consents(answers, world).context) else "no",
        "how": answers.word("how"),
        "pressed": answers.word_or_none("pressed"),
    }
    withdrawn = ConsentWithdrawn.from_payload({name: value for name, value in fields.items() if value is not None})
    return (withdrawn, *notices_of_what_is_taken_back(world.entries(case), withdrawn, world.today))


def note(kept: ConsentWithdrawn | CorrectionNotice) -> Sequence[Words]:
    """The journal note, from the record alone.

    :param kept: the withdrawal, or the notice that goes with it.
    :returns: lines in the order they are read.
    """
    return note_of_notice(kept) if isinstance(kept, CorrectionNotice) else note_of_withdrawal(kept)


DIALOG = Dialog(
    id="aterkalla",
    command="aterkalla",
    version=1,
    title=_("Återkalla samtycke"),
    about=_("Skriv att någon tar tillbaka sitt samtycke"),
    noun=_("en påbörjad återkallelse"),
    questions=QUESTIONS,
    outcomes=OUTCOMES,
    routes=ROUTES,
    record=record,
    kinds=(ConsentWithdrawn, CorrectionNotice),
    note=note,
)
