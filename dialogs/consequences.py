"""What consents mean, in words: the matrix, SIG's conditions, who is left out, asked again and told.

The same lines stand in the preview before saving and on the case page. They state what the rules say and who decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from dialogs.answers import Answers
from dialogs.consent_words import (
    DIRECTIONS,
    STATUSES,
    Listed,
    giver_words,
    kind_words,
    listed_inside,
    parties_inside,
    party_inside,
    party_words,
)
from dialogs.model import Line, World
from dialogs.policy import PARTIES
from dialogs.records import ConsentAsked, ConsentWithdrawn, Entry, Record
from dialogs.rules.conditions import (
    Conditions,
    Due,
    an_exit_referral_lacks,
    parties_to_be_told,
    sigs_conditions,
    the_measure_as_it_stands,
    the_police_consent_was_withdrawn,
    what_must_be_asked_again,
)
from dialogs.rules.consents import (
    DIRECTIONS as WAYS,
)
from dialogs.rules.consents import (
    GUARDIANS,
    KINDS,
    PARENTS,
    PARENTS_PARTY,
    POLICE,
    Consents,
    parties_with_a_conflict,
    the_consent_that_covers,
    who_may_be_asked,
    who_must_consent,
)
from dialogs.rules.talks import group_said
from dialogs.table import Alone, Cell, Row, Table
from dialogs.texts import Inside, Text, Verbatim
from dialogs.texts import mark as _


def consents_of(entries: Sequence[Entry], world: World) -> Consents:
    """The consents of a case as they stand today.

    :param entries: its records, oldest first.
    :param world: what is known; its day is used.
    :returns: the consents.
    """
    return Consents(entries, world.today)


def who_said(record: Record) -> tuple[str, ...]:
    """The givers whose answers a record of consent holds.

    :param record: any record.
    :returns: givers; none for other records.
    """
    if isinstance(record, ConsentAsked):
        return tuple(answers.giver for answers in record.givers)
    return (record.giver,) if isinstance(record, ConsentWithdrawn) else ()


def consent_record_words(record: Record) -> Text:
    """How an asking or a withdrawal is named in a list.

    :param record: the record.
    :returns: what it was, and its day.
    :raises TypeError: it is neither.
    """
    if isinstance(record, ConsentAsked):
        return Text(_("Samtycke den {day}"), day=record.asked_on)
    if isinstance(record, ConsentWithdrawn):
        return Text(_("Återkallelse den {day}"), day=record.withdrawn_on)
    raise TypeError(f"a {record.kind} is no asking and no withdrawal")


def as_saved(entries: Sequence[Entry]) -> list[Entry]:
    """The records that are on record: what is about to be saved has no id yet.

    :param entries: a case's records as they will be.
    :returns: as they are.
    """
    return [entry for entry in entries if entry.id]


# ── the matrix ───────────────────────────────────────────────────────────────────────────────────────────────


def matrix(consents: Consents, world: World) -> list[Line]:
    """Person by party (CON-13): the police first, then parties with the same answers on one line, then all others.

    :param consents: the consents as they stand.
    :param world: what is known.
    :returns: lines; none where nobody was ever asked.
    """
    return [*answers_by_party(consents), *nobody_was_asked_about(consents, world)]


def answers_by_party(consents: Consents) -> list[Line]:
    """CON-13: what each giver has answered about each party that somebody was asked about, and about the police.

    :param consents: the consents as they stand.
    :returns: the lines of the matrix that :func:`consent_table` can stand for.
    """
    shown = _givers_shown(consents)
    alike: dict[tuple[Text, ...], list[str]] = {}
    for party in _parties_shown(consents):
        cells = tuple(_cell(giver, party, consents) for giver in shown)
        alike.setdefault((*cells, Text(POLICE)) if party == POLICE else cells, []).append(party)
    return [
        Line(
            Text(
                _("{parties} – {answers}."),
                parties=Listed(party_words(party) for party in parties),
                answers=Listed(cells[: len(shown)]),
            ),
            ("CON-13",),
            _behind(parties, shown, consents),
        )
        for cells, parties in alike.items()
    ]


def nobody_was_asked_about(consents: Consents, world: World) -> list[Line]:
    """CON-13: the parties that nobody was asked about.

    :param consents: the consents as they stand.
    :param world: the deployment's own parties.
    :returns: one line; none where nobody was ever asked, or there are no such parties.
    """
    if not consents.givers:
        return []
    rest = [party for party in (*PARTIES, *world.policy.other_parties) if party not in (POLICE, *consents.parties)]
    if not rest:
        return []
    words = Text(_("Inte tillfrågad om: {parties}."), parties=Listed(party_inside(party) for party in rest))
    return [Line(words, ("CON-13",))]


PARTLY_WITHDRAWN = "partly_withdrawn"
"""The status of a cell whose yes stands in part: no status of its own (CON-5), and not to be taken for a whole yes."""


def consent_table(consents: Consents) -> Table | None:
    """CON-13: what :func:`answers_by_party` says, a row a party and a column a giver.

    :param consents: the consents as they stand.
    :returns: a table whose cells have one of the eight statuses, or :data:`PARTLY_WITHDRAWN`; ``None`` where nobody
        was ever asked.
    """
    shown = _givers_shown(consents)
    if not shown:
        return None
    return Table(
        _("Vad de har svarat"),
        (_("Part"), *(giver_words(giver, consents.context.age_group) for giver in shown)),
        tuple(
            Row(
                party_words(party),
                tuple(_short_cell(giver, party, consents) for giver in shown),
                ("CON-13",),
                _behind([party], shown, consents),
            )
            for party in _parties_shown(consents)
        ),
    )


def _givers_shown(consents: Consents) -> list[str]:
    """Those who must consent, and those who have answered and may be asked; none where nobody was ever asked."""
    if not consents.givers:
        return []
    heard = (giver for giver in who_may_be_asked(consents.context, len(PARENTS)) if giver in consents.givers)
    return list(dict.fromkeys((*who_must_consent(consents.context), *heard)))


def _parties_shown(consents: Consents) -> list[str]:
    return list(dict.fromkeys((POLICE, *consents.parties))) if consents.givers else []


def _behind(parties: Sequence[str], givers: Sequence[str], consents: Consents) -> tuple[Entry, ...]:
    standings = [consents.status(giver, party) for party in parties for giver in givers]
    return tuple(dict.fromkeys(standing.entry for standing in standings if standing.entry is not None))


def _short_cell(giver: str, party: str, consents: Consents) -> Cell:
    standing = consents.status(giver, party)
    if standing.status == "given" and standing.until is not None:
        until = Verbatim(standing.until.isoformat())
        if consents.is_partly_withdrawn(giver, party):
            return Cell(Text(_("Ja till {until}, delvis återkallat"), until=until), PARTLY_WITHDRAWN)
        return Cell(Text(_("Ja till {until}"), until=until), standing.status)
    return Cell(Alone(Text(STATUSES[standing.status])), standing.status)


def _cell(giver: str, party: str, consents: Consents) -> Text:
    standing = consents.status(giver, party)
    who = Inside(giver_words(giver, consents.context.age_group))
    if standing.status == "given" and standing.until is not None:
        said = _("{who}: ja till och med {until}")
        if consents.is_partly_withdrawn(giver, party):
            said = _("{who}: ja till och med {until}, delvis återkallat")
        return Text(said, who=who, until=Verbatim(standing.until.isoformat()))
    return Text(_("{who}: {status}"), who=who, status=Text(STATUSES[standing.status]))


def may_be_shared(consents: Consents) -> list[Line]:
    """What may be shared with whom today by consent: only what everyone who must has said yes to (CON-7, CON-13).

    :param consents: the consents as they stand.
    :returns: a line a party.
    """
    lines = []
    for party in consents.parties:
        if party == PARENTS_PARTY:
            continue
        ways = [
            (way, kinds)
            for way in WAYS
            if (kinds := tuple(k for k in KINDS if the_consent_that_covers(consents, party, k, way).covered))
        ]
        groups = [("both", ways[0][1])] if len(ways) == 2 and ways[0][1] == ways[1][1] else ways
        lines += [
            Line(
                Text(
                    _("Får delas med {party}: {kinds} ({direction})."),
                    party=party_inside(party),
                    kinds=Listed(Inside(kind_words(kind)) for kind in kinds),
                    direction=Text(DIRECTIONS[way]),
                ),
                ("CON-3", "CON-13"),
            )
            for way, kinds in groups
        ]
    return lines


# ── conditions and what follows ──────────────────────────────────────────────────────────────────────────────


def condition_lines(consents: Consents, world: World) -> list[Line]:
    """SIG's conditions as far as consent goes: met or lacking, and who decides.

    :param consents: the consents as they stand.
    :param world: what is known.
    :returns: lines with their rules.
    """
    conditions = sigs_conditions(consents, group_said(consents.entries), world.policy)
    lines = [_police_line(conditions, consents), _measure_line(conditions)]
    if conditions.measure == "suitable_without_guardian":
        lines.append(Line(_("En placering kräver alltid vårdnadshavarens samtycke."), ("CON-9",)))
    if conditions.others_missing:
        known = [party for party in conditions.others_missing if party != "others"]
        words: Text = Text(_("För SIG unga vuxna saknas samtycke till andra parter än polisen."))
        if known:
            words = Text(
                _("För SIG unga vuxna saknas samtycke till: {parties}."),
                parties=parties_inside(known),
            )
        lines.append(Line(words, ("CON-2",)))
    decides = _("Ansvarig socialsekreterare beslutar om SIG.")
    if conditions.met:
        decides = _("Samtyckena finns från dem ni har frågat. Ansvarig socialsekreterare beslutar.")
    lines.append(Line(decides, ("DEC-2",)))
    return lines


def _police_line(conditions: Conditions, consents: Consents) -> Line:
    if conditions.police:
        return Line(_("Villkoret om polisen är uppfyllt."), ("CON-1",))
    lacking = [
        Text(
            _("{who}: {status}"),
            who=giver_words(giver, consents.context.age_group),
            status=Text(STATUSES[standing.status]),
        )
        for giver, standing in conditions.police_by_giver.items()
        if standing.status != "given"
    ]
    if not lacking:  # everyone said yes, but to different things
        return Line(_("Villkoret om polisen är inte uppfyllt. Alla har inte sagt ja till samma uppgifter."), ("CON-1",))
    return Line(Text(_("Villkoret om polisen är inte uppfyllt. {who}."), who=Listed(lacking)), ("CON-1",))


_MEASURE = {
    "met": _("Samtycket till insatsen finns."),
    "lacking": _("Samtycket till insatsen saknas."),
    "suitable_without_guardian": _(
        "Samtycket till insatsen saknas från vårdnadshavare. Ansvarig socialsekreterare prövar om den är lämplig ändå."
    ),
    "child_says_no": _("Barnet säger nej till insatsen. Ansvarig socialsekreterare gör en egen prövning."),
    "young_says_no": _(
        "Den unge säger nej. Då ges inte insatsen, enligt stadens vägledning 2021. "
        "Det är inte kontrollerat mot dagens lag."
    ),
    "guardians_disagree": _(
        "Vårdnadshavarna säger olika om insatsen. "
        "Ansvarig socialsekreterare prövar det enligt 6 kap. 13 a § föräldrabalken."
    ),
}


def _measure_line(conditions: Conditions) -> Line:
    return Line(_MEASURE[conditions.measure], ("CON-9",))


def what_follows(before: Sequence[Entry], after: Sequence[Entry], world: World) -> list[Line]:
    """Everything that follows when something new is said of consent, for the preview before it is saved.

    :param before: the case's records as they are.
    :param after: the same with what is about to be saved.
    :param world: what is known.
    :returns: lines, each with its rules.
    """
    old, new = consents_of(before, world), consents_of(after, world)
    return [
        *_meanwhile(before, world),
        *matrix(new, world),
        *condition_lines(new, world),
        *_left_out(new),
        *_conflicts(new),
        *_asked_again(new),
        *_told(old, new),
        *_police_withdrawn(new),
        *_exit(new, world),
        *must_not_learn(new),
    ]


def foreseen(answers: Answers, world: World) -> Sequence[Line]:
    """What follows, for an outcome that saves something of consent in the case of the answers.

    :param answers: the answers on the way; ``case`` is among them.
    :param world: what is known, as it will be after saving.
    :returns: lines, each with its rules.
    """
    after = world.entries(answers.word("case"))
    return what_follows(as_saved(after), after, world)


def _meanwhile(before: Sequence[Entry], world: World) -> Iterable[Line]:
    """What has been saved of consent since the dialog was opened, answer by answer: it is read before anything else."""
    opened = world.opened_at.timestamp()
    then = consents_of([entry for entry in before if _time_of(entry) <= opened], world)
    now = consents_of(before, world)
    age = now.context.age_group
    for giver in now.givers:
        who = Inside(giver_words(giver, age))
        for party in now.parties:
            standing = now.status(giver, party)
            if _as_it_reads(then, giver, party) != _as_it_reads(now, giver, party):
                cell = _cell(giver, party, now)
                words = Text(_("Nytt sedan du började: {party}, {answer}."), party=party_inside(party), answer=cell)
                yield Line(words, ("CON-13",), () if standing.entry is None else (standing.entry,), above=True)
        measure = now.measure(giver)
        if then.measure(giver).status != measure.status:
            words = Text(
                _("Nytt sedan du började: insatsen, {who}: {status}."), who=who, status=Text(STATUSES[measure.status])
            )
            yield Line(words, ("CON-9",), () if measure.entry is None else (measure.entry,), above=True)


def _as_it_reads(consents: Consents, giver: str, party: str) -> tuple[object, ...]:
    status = consents.status(giver, party)
    return status.status, status.until, consents.kinds(giver, party), consents.direction(giver, party)


def _time_of(entry: Entry) -> float:
    return datetime.fromisoformat(entry.recorded_at).timestamp()


def _left_out(consents: Consents) -> Iterable[Line]:
    refused = [
        party
        for party in consents.parties
        if any(consents.status(g, party).status in ("refused", "withdrawn") for g in who_must_consent(consents.context))
    ]
    if refused:
        words = Text(_("Samtycket räcker inte för: {parties}."), parties=parties_inside(refused))
        yield Line(words, ("CON-13", "CON-12"))


def _conflicts(consents: Consents) -> Iterable[Line]:
    """By who stands against whom; the bot takes no side."""
    age = consents.context.age_group
    sides: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for party, said in parties_with_a_conflict(consents).items():
        sides.setdefault(said, []).append(party)
    for (yes, no), parties in sides.items():
        words = Text(
            _("De säger olika om {parties}. Ja: {yes}. Nej: {no}. Ansvarig socialsekreterare avgör vad ni gör."),
            parties=parties_inside(parties),
            yes=Listed(Inside(giver_words(giver, age)) for giver in yes),
            no=Listed(Inside(giver_words(giver, age)) for giver in no),
        )
        yield Line(words, ("CON-7",))


def _asked_again(consents: Consents) -> Iterable[Line]:
    """By giver and status; a guardian who must not learn of it is not to be asked at all."""
    age, secret = consents.context.age_group, consents.context.guardians_must_not_learn
    grouped: dict[tuple[str, str], list[str]] = {}
    for giver, party, status in what_must_be_asked_again(consents):
        if not (secret and giver in GUARDIANS):
            grouped.setdefault((giver, status), []).append(party)
    for (giver, status), parties in grouped.items():
        words = Text(
            _("Fråga {who} om {parties}: {status}.")
            if status == "not_asked"
            else _("Fråga {who} igen om {parties}: {status}."),
            who=Inside(giver_words(giver, age)),
            parties=parties_inside(parties),
            status=Text(STATUSES[status]),
        )
        yield Line(words, ("CON-13", "CON-15") if status == "expired" else ("CON-13",))


def _told(old: Consents, new: Consents) -> Iterable[Line]:
    changes = parties_to_be_told(old, new)
    for after, words in (
        (True, _("Säg till {parties} vad samtycket gäller. De antecknar det hos sig.")),
        (False, _("Sluta dela nu med {parties}. Säg till dem att samtycket inte gäller längre.")),
    ):
        parties = [change.party for change in changes if change.after is after and (after or change.before)]
        if parties:
            yield Line(Text(words, parties=parties_inside(parties)), ("CON-11",))


def _police_withdrawn(consents: Consents) -> Iterable[Line]:
    if withdrawals := the_police_consent_was_withdrawn(consents):
        words = _("Samtycket till polisen är återkallat. Enligt stadens vägledning ska SIG avslutas.")
        yield Line(words, ("CON-6",), withdrawals)
        yield Line(_("Det väntar på beslut av ansvarig socialsekreterare."), ("CON-6", "DEC-2"), withdrawals)


def _exit(consents: Consents, world: World) -> Iterable[Line]:
    if lacking := an_exit_referral_lacks(consents, world.policy):
        words = Text(
            _("Behövs avhopparstöd senare saknas samtycke till: {parties}. Uppgiften är obekräftad."),
            parties=parties_inside(lacking),
        )
        yield Line(words, ("CON-14",))


def must_not_learn(consents: Consents) -> list[Line]:
    """CON-7, CON-8, CON-10, THR-13: whom nobody may turn to about this but the case officer.

    :param consents: the consents as they stand.
    :returns: lines; none where everyone who has a say may be asked.
    """
    context = consents.context
    if context.threat_from_home:
        words = _("Kontakta ingen hemma om detta. Ansvarig socialsekreterare avgör hur ni gör.")
        return [Line(words, ("THR-13",))]
    if context.adult:
        return []
    if context.harm == "yes":
        words = _("Fråga inte vårdnadshavare om detta. Ansvarig socialsekreterare avgör hur ni gör.")
        return [Line(words, ("CON-10",))]
    if context.disposes == "alone" and context.guardian_allowed != "yes":
        words = _("Kontakta inte vårdnadshavare om detta. Den unge bestämmer ensam.")
        return [Line(words, ("CON-7", "CON-10"))]
    if context.harm == "unknown" and context.disposes != "alone":
        words = _("Fråga ansvarig socialsekreterare innan vårdnadshavare får veta vad den unge har sagt.")
        return [Line(words, ("CON-10",))]
    return []


def next_step(consents: Consents) -> Line:
    """What comes next by the consents alone: whom to ask, or to tell, about the police and the measure.

    :param consents: the consents as they stand.
    :returns: one line with its rules.
    """
    if withdrawals := the_police_consent_was_withdrawn(consents):
        return Line(_("Nästa steg: vänta på beslut av ansvarig socialsekreterare."), ("CON-6",), withdrawals)
    context = consents.context
    age = context.age_group
    lacking = [giver for giver in who_must_consent(context) if consents.status(giver, POLICE).status != "given"]
    asked = [giver for giver in lacking if giver in who_may_be_asked(context)]
    if lacking and not asked:
        return Line(_("Nästa steg: säg till ansvarig socialsekreterare. Fråga inte vårdnadshavare."), ("CON-10",))
    if POLICE in parties_with_a_conflict(consents):
        return Line(_("Nästa steg: säg till ansvarig socialsekreterare att de säger olika."), ("CON-7",))
    if asked:
        said = {giver: consents.status(giver, POLICE).status for giver in asked}
        later = [giver for giver, status in said.items() if status in ("refused", "thinking")]
        who = listed_inside([Inside(giver_words(giver, age)) for giver in later or asked])
        if later:
            again = _("Nästa steg: fråga {who} igen när det passar. Säg att det går att ändra sig.")
            return Line(Text(again, who=who), ("CON-1",))
        return Line(Text(_("Nästa steg: fråga {who} om polisen."), who=who), ("CON-1", "CON-7"))
    if not consents.is_covered(POLICE):
        return Line(_("Nästa steg: fråga vilka uppgifter alla säger ja till."), ("CON-1", "CON-3"))
    match the_measure_as_it_stands(consents):
        case "met":
            return Line(_("Nästa steg: fråga polisen hur de ser på saken."), ("TG-6",))
        case "lacking" if consents.measure("subject").status not in ("refused", "withdrawn"):
            return Line(_("Nästa steg: fråga om insatsen SIG."), ("CON-9",))
        case _:
            return Line(_("Nästa steg: säg till ansvarig socialsekreterare vad de svarar om insatsen."), ("CON-9",))


# ── what is due ──────────────────────────────────────────────────────────────────────────────────────────────

_DUE = {
    "copy_owed": _("Att göra: lämna kopia till {who}."),
    "ends_soon": _("Att göra: fråga {who} om samtycke igen före den {by}."),
    "has_ended": _("Att göra: fråga {who} om samtycke igen. Det gällde till och med den {by}."),
    "ask_again_at_18": _("Att göra: personen fyller 18. Fråga om samtycke igen."),
    "flag_at_21": _("Att göra: personen fyller 21. Se över vad samtycket vilar på, lagen är en annan då."),
    "decision_awaited": _("Att göra: beslut av ansvarig socialsekreterare om SIG ska avslutas."),
}


def due_line(due: Due, consents: Consents) -> Line:
    """Something that is due, in words.

    :param due: what it is.
    :param consents: the consents of its case.
    :returns: the line, its rules and the record it follows from.
    """
    parts: dict[str, object] = {}
    if due.giver is not None:
        parts["who"] = Inside(giver_words(due.giver, consents.context.age_group))
    if due.by is not None:
        parts["by"] = due.by
    return Line(Text(_DUE[due.kind], **parts), due.rules, () if due.entry is None else (due.entry,))
