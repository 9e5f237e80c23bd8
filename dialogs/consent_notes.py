"""The words that a consent leaves behind: journal notes, and the copy for the one who answered.

Everything is made from one record alone, so that note and record cannot differ. A note holds what ``law.md`` 4.2 asks
for; its lines are short enough to be copied one by one. A copy is in easy Swedish and may lie where others find it: it
has no case code and names neither the measure nor the office. What CON-10 keeps from a guardian is not in the copy and
leaves no trace there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dialogs.consent_words import EXPLAINED, Listed, giver_words, kind_words, party_words
from dialogs.records import (
    ConsentAsked,
    ConsentCorrected,
    ConsentWithdrawn,
    CopySettled,
    CorrectionNotice,
    GiverAnswers,
    PartyAnswer,
)
from dialogs.rules.cases import ADULT_AGES, MINOR_AGES
from dialogs.rules.consents import (
    GUARDIANS,
    KINDS,
    PARENTS,
    PARENTS_PARTY,
    POLICE,
    Context,
    a_guardian_may_have_a_copy,
    who_must_consent,
)
from dialogs.samtal import NOT_THE_JOURNAL
from dialogs.texts import LANGUAGES, Text, Words, as_text, say
from dialogs.texts import mark as _

LONGEST_LINE = 256
"""Characters: what a copy button of Telegram holds."""

_LONGEST_LIST = 180
"""Characters of names in one line; the rest is for the words before them."""

ON_PAPER_ONLY = _("Lämna kopian på papper. Skicka den aldrig i chatt, sms eller e-post.")
"""Stands above a copy on the coordinator's screen; no part of the copy (CON-4)."""

_DONE_AT_18 = _("Det slutar också att gälla när den unge fyller 18 år.")


def _rows(said: str, names: Sequence[Text], **parts: object) -> Iterator[Words]:
    """A sentence about several names, begun again where one line does not hold them all."""
    row: list[Text] = []
    for name in names:
        if row and max(len(say(Listed([*row, name]), language)) for language in LANGUAGES) > _LONGEST_LIST:
            yield Text(said, names=Listed(row), **parts)
            row = []
        row.append(name)
    if row:
        yield Text(said, names=Listed(row), **parts)


def _in_one_line(*sentences: Words) -> Text:
    """Sentences after one another."""
    parts = {f"part{place}": as_text(sentence) for place, sentence in enumerate(sentences)}
    return Text(" ".join(f"{{{name}}}" for name in parts), **parts)


def _context(kept: ConsentAsked) -> Context:
    """What held when it was asked, as the record says."""
    return Context(
        age_group=kept.age_group,
        custody=kept.custody or "unknown",
        disposes=kept.disposes or "unknown",
        guardian_allowed=kept.guardian_allowed or "no",
        harm=kept.harm or "unknown",
    )


def _groups(answers: GiverAnswers) -> list[tuple[PartyAnswer, list[str]]]:
    """The parties somebody said yes to, those with the same kinds and direction together."""
    found: dict[tuple[object, ...], tuple[PartyAnswer, list[str]]] = {}
    for line in answers.lines:
        if line.answer == "given":
            found.setdefault((frozenset(line.kinds), line.direction), (line, []))[1].append(line.party)
    return list(found.values())


def _kinds(chosen: Sequence[str]) -> list[Text]:
    return [kind_words(kind) for kind in KINDS if kind in chosen]


def _parties(answers: GiverAnswers, answer: str) -> list[str]:
    return [line.party for line in answers.lines if line.answer == answer]


# ── the note of an asking ────────────────────────────────────────────────────────────────────────────────────

_HOW = {
    "meeting": _("{giver} svarade muntligt på ett möte."),
    "telephone": _("{giver} svarade på telefon."),
    "writing": _("{giver} svarade skriftligt."),
    "e_id": _("{giver} svarade med e-legitimation."),
    None: _("{giver} svarade. Hur är inte antecknat."),
}
_INTERPRETER = {
    "yes": _("Tolk var med."),
    "no": _("Ingen tolk var med."),
}
_NOT_YES = {
    "refused": _("{giver} säger nej till att vi delar med: {names}."),
    "thinking": _("{giver} vill fundera på om vi får dela med: {names}."),
    "not_reached": _("{giver} har inte gått att fråga om: {names}."),
    "not_asked": _("{giver} blev inte tillfrågad den här gången om: {names}."),
}
_DIRECTIONS = {
    "to": _("Vi får lämna uppgifterna."),
    "from": _("Vi får hämta uppgifterna."),
    "both": _("Vi får både lämna och hämta uppgifterna."),
}
_ALL_EXPLAINED = _(
    "{giver} fick veta att det är frivilligt, vad som delas och med vem. Vi sa vad ett nej betyder och att ett ja kan "
    "tas tillbaka. Vi sa att lagen ibland kräver att vi delar ändå."
)
_EXPLAINED = {
    "voluntary": _("Vi sa att det är frivilligt."),
    "what": _("Vi sa vilka uppgifter det gäller."),
    "to_whom": _("Vi sa vem som får uppgifterna."),
    "what_a_no_means": _("Vi sa vad ett nej betyder."),
    "withdrawal": _("Vi sa att ett ja kan tas tillbaka."),
    "law_may_require": _("Vi sa att lagen ibland kräver att vi delar ändå."),
}
_MEASURE = {
    "given": _("{giver} säger ja till insatsen."),
    "refused": _("{giver} säger nej till insatsen."),
    "thinking": _("{giver} vill fundera på insatsen."),
    None: _("{giver} blev inte tillfrågad den här gången om insatsen."),
}
_AGES = {
    "under_12": _("Den unge är under 12 år."),
    "12_14": _("Den unge är 12–14 år."),
    "15_17": _("Den unge är 15–17 år."),
    "18_20": _("Personen har fyllt 18 år och bestämmer själv."),
    "21_29": _("Personen har fyllt 18 år och bestämmer själv."),
    "unknown": _("Den unges ålder är inte känd."),
}
_MATURITY = {
    "yes": _("Ålder och mognad är bedömda."),
    "no": _("Ålder och mognad är inte bedömda."),
    None: _("Det är inte antecknat om ålder och mognad är bedömda."),
}
_DISPOSES = {
    "together": _("Den unge och vårdnadshavare bestämmer om uppgifterna tillsammans."),
    "alone": _("Den unge bestämmer ensam om uppgifterna."),
    "unknown": _("Det är inte bedömt vem som bestämmer om uppgifterna."),
}
_ALLOWED = {
    "yes": _("Den unge låter vårdnadshavare vara med."),
    "no": _("Den unge vill inte att vårdnadshavare är med."),
}
_HARM = {
    "yes": _("Den unge kan antas ta allvarlig skada om en vårdnadshavare får veta."),
    "no": _("Det finns inget skäl att tro att den unge tar allvarlig skada om en vårdnadshavare får veta."),
    "unknown": _("Det är inte bedömt om den unge tar allvarlig skada om en vårdnadshavare får veta."),
}
_COPY = {
    "handed_over": _("{giver} har fått en kopia på papper."),
    "kept": _("Samordnaren förvarar kopian. Den är till: {giver}."),
    "declined": _("{giver} vill inte ha någon kopia."),
    "not_safe": _("{giver} får ingen kopia. Det är inte tryggt."),
    "owed": _("{giver} vill ha en kopia. Den är inte lämnad än."),
    "unknown": _("{giver} får ingen kopia. Vi vet inte om det är tryggt."),
}


def note_of_asking(kept: ConsentAsked) -> Sequence[Words]:
    """The journal note of a consent that was asked for (CON-3, CON-4, CON-7, CON-9, CON-13; ``law.md`` 4.2).

    :param kept: the record.
    :returns: lines in the order they are read, each at most :data:`LONGEST_LINE` characters.
    """
    return (
        Text(_("Samtycke, ärende {case}. Svaren är från den {day}."), case=kept.case, day=kept.asked_on),
        *_who_decides(kept),
        *(line for answers in kept.givers for line in _answers(kept, answers)),
        *_givers_not_asked(kept),
        *_how_long(kept),
        *_about_the_measure(kept),
        *_copies(kept),
        NOT_THE_JOURNAL,
    )


def _who_decides(kept: ConsentAsked) -> Iterator[Words]:
    """CON-7, CON-10: age, maturity and who disposes over the secrecy, in plain words."""
    if _context(kept).adult:
        yield _AGES[kept.age_group]
        return
    yield _in_one_line(_AGES[kept.age_group], _MATURITY[kept.maturity_assessed])
    if kept.custody in (None, "unknown"):
        yield _("Det är oklart vem som har vårdnaden.")
    if kept.disposes == "alone" and kept.guardian_allowed is not None:
        yield _in_one_line(_DISPOSES["alone"], _ALLOWED[kept.guardian_allowed])
    else:
        yield _DISPOSES[kept.disposes or "unknown"]
    if kept.harm is not None or kept.guardian_allowed != "no":  # who keeps guardians out is not asked about harm
        yield _in_one_line(_HARM[kept.harm or "unknown"], _("Lagens ord är betydande men."))
    yield _("Det är ansvarig socialsekreterare som bedömer det här.")


def _answers(kept: ConsentAsked, answers: GiverAnswers) -> Iterator[Words]:
    giver = giver_words(answers.giver, kept.age_group)
    if _was_not_reached(answers):
        yield Text(_("{giver} har inte gått att nå."), giver=giver)
        return
    interpreter = () if answers.interpreter is None else (_INTERPRETER[answers.interpreter],)
    yield _in_one_line(Text(_HOW[answers.how], giver=giver), *interpreter)
    if set(answers.explained) == EXPLAINED.keys():
        yield Text(_ALL_EXPLAINED, giver=giver)
    elif answers.explained:
        told = (said for what, said in _EXPLAINED.items() if what in answers.explained)
        yield _in_one_line(Text(_("{giver} fick veta det här."), giver=giver), *told)
    else:
        yield Text(_("{giver}: det är inte antecknat vad vi förklarade."), giver=giver)
    for line, parties in _groups(answers):
        yield from _rows(
            _("{giver} säger ja till att vi delar med: {names}."), [party_words(p) for p in parties], giver=giver
        )
        yield _in_one_line(
            Text(_("Det gäller uppgifter om: {names}."), names=Listed(_kinds(line.kinds)))
            if line.kinds
            else _("Inga uppgifter är valda. Då får inget delas."),
            *(() if line.direction is None else (_DIRECTIONS[line.direction],)),
        )
    for answer in ("refused", "thinking", "not_reached"):
        yield from _rows(_NOT_YES[answer], [party_words(p) for p in _parties(answers, answer)], giver=giver)
    yield from _rows(_NOT_YES["not_asked"], [party_words(p) for p in _not_asked_about(kept, answers)], giver=giver)


def _was_not_reached(answers: GiverAnswers) -> bool:
    return {line.answer for line in answers.lines} == {"not_reached"} and answers.measure is None


def _not_asked_about(kept: ConsentAsked, answers: GiverAnswers) -> list[str]:
    """CON-13: what others answered about and this giver did not, where this giver's answer is needed."""
    if answers.giver not in who_must_consent(_context(kept)):
        return []
    asked = dict.fromkeys((POLICE, *(line.party for others in kept.givers for line in others.lines)))
    own = {line.party for line in answers.lines}
    return [party for party in asked if party not in own and party != PARENTS_PARTY]


def _givers_not_asked(kept: ConsentAsked) -> Iterator[Words]:
    """CON-7, CON-13: those whose answer is needed and who were not asked; unclear custody supposes nobody."""
    if kept.custody in (None, "unknown") and not _context(kept).adult:
        return
    for giver in who_must_consent(_context(kept)):
        if kept.answers_of(giver) is None:
            yield Text(_("{giver} blev inte tillfrågad den här gången."), giver=giver_words(giver, kept.age_group))


def _how_long(kept: ConsentAsked) -> Iterator[Words]:
    """CON-5, CON-15: limits, the end, and that a yes can be taken back."""
    if not any(line.answer == "given" for answers in kept.givers for line in answers.lines):
        return
    yield _("Ett ja häver sekretessen bara för de parter och de uppgifter som står här.")
    if kept.valid_until is not None:
        yield Text(_("Det gäller till och med den {day}."), day=kept.valid_until)
    if kept.age_group in MINOR_AGES:
        yield _DONE_AT_18
    yield _("Ett ja kan tas tillbaka när som helst, helt eller delvis. Det räcker att säga det till samordnaren.")


def _about_the_measure(kept: ConsentAsked) -> Iterator[Words]:
    """CON-9: the other consent, in lines of its own."""
    asked = [
        answers
        for answers in kept.givers
        if answers.measure is not None or not (answers.giver in PARENTS or _was_not_reached(answers))
    ]
    if asked:
        yield _("Samtycke till insatsen är en egen fråga.")
    for answers in asked:
        yield Text(_MEASURE[answers.measure], giver=giver_words(answers.giver, kept.age_group))


def _copies(kept: ConsentAsked) -> Iterator[Words]:
    """CON-4, CON-10: what became of each copy that there may be."""
    for answers in kept.givers:
        if answers.copy is not None and _nothing_is_secret(kept, answers.giver):
            yield Text(_COPY[answers.copy], giver=giver_words(answers.giver, kept.age_group))


def _nothing_is_secret(kept: ConsentAsked, giver: str) -> bool:
    return giver == "subject" or (giver in GUARDIANS and a_guardian_may_have_a_copy(_context(kept)))


# ── notes of what comes later ────────────────────────────────────────────────────────────────────────────────

_WITHDRAWN = {
    "meeting": _("{giver} tog tillbaka sitt ja den {day}, muntligt på ett möte."),
    "telephone": _("{giver} tog tillbaka sitt ja den {day}, på telefon."),
    "writing": _("{giver} tog tillbaka sitt ja den {day}, skriftligt."),
    "e_id": _("{giver} tog tillbaka sitt ja den {day}, med e-legitimation."),
}
_PRESSED = {
    "yes": _("Det finns tecken på att någon har pressat fram det."),
    "no": _("Inget talar för att någon har pressat fram det."),
    "unknown": _("Det är oklart om någon har pressat fram det."),
}
_REASONS = {
    "mistyped": _("Det var ett skrivfel"),
    "wrong_case": _("Det sparades i fel ärende"),
    "written_twice": _("Det sparades två gånger"),
    "learned_later": _("Rätt uppgift kom senare"),
    "other": _("Annat: skrivs i verksamhetssystemet"),
}
_NOTICES = {
    "withdrawn": _("Samtycket den {day} är överfört. Nu är det taget tillbaka, helt eller delvis."),
    "mistaken": _("Det som skrevs om samtycke den {day} är överfört. Det var fel."),
    "corrected": _("Samtalet den {day} är överfört. Nu är det rättat."),
}


def _giver(giver: str) -> Text:
    """Who it is about, in a record that holds no age: the subject is "personen"."""
    return giver_words(giver, ADULT_AGES[0])


def note_of_withdrawal(kept: ConsentWithdrawn) -> Sequence[Words]:
    """The journal note of a consent that was taken back (CON-5, CON-6, CON-11).

    :param kept: the record.
    :returns: lines in the order they are read, each at most :data:`LONGEST_LINE` characters.
    """
    giver = _giver(kept.giver)
    lines: list[Words] = [
        Text(_("Ett samtycke är taget tillbaka, ärende {case}."), case=kept.case),
        Text(_WITHDRAWN[kept.how], giver=giver, day=kept.withdrawn_on),
    ]
    if kept.parties:
        lines += _rows(_("Det gäller att vi delar med: {names}."), [party_words(p) for p in kept.parties])
        if kept.kinds:
            lines.append(Text(_("Det gäller bara uppgifter om: {names}."), names=Listed(_kinds(kept.kinds))))
        else:
            lines.append(_("Det gäller alla uppgifter."))
        lines += _what_stops(kept)
    if kept.measure is not None:
        lines.append(_("Det gäller också insatsen.") if kept.parties else _("Det gäller insatsen."))
    if kept.pressed is not None:
        lines.append(_PRESSED[kept.pressed])
    if kept.needed == "no":
        lines.append(_("Ett ja behövs inte från den som tog det tillbaka."))
    elif POLICE in kept.parties and not kept.kinds:
        lines.append(
            _("Ett ja till polisen är ett villkor för SIG. Ansvarig socialsekreterare beslutar vad som händer nu.")
        )
    else:
        lines.append(_("Det är ansvarig socialsekreterare som bedömer om SIG kan gå vidare."))
    return (*lines, NOT_THE_JOURNAL)


def _what_stops(kept: ConsentWithdrawn) -> Iterator[Words]:
    """CON-11: what ends and who is told; nothing does where the giver's consent was not needed."""
    if kept.needed == "no":
        return
    yield _("Vi slutar genast dela det med stöd av samtycket.")
    told = [party_words(party) for party in kept.parties if party != PARENTS_PARTY]
    yield from _rows(_("De här ska få veta det: {names}."), told)


def note_of_correction(kept: ConsentCorrected) -> Sequence[Words]:
    """The journal note of what was written of a consent by mistake (CON-13).

    :param kept: the record.
    :returns: lines in the order they are read, each at most :data:`LONGEST_LINE` characters.
    """
    return (
        Text(_("Rättelse av samtycke, ärende {case}."), case=kept.case),
        Text(_("Det som skrevs om samtycke den {day} var fel. Det gäller inte."), day=kept.about_day)
        if kept.giver is None
        else Text(
            _("{giver}: det som skrevs om samtycke den {day} var fel. Det gäller inte."),
            giver=_giver(kept.giver),
            day=kept.about_day,
        ),
        Text(_("Skäl: {words}."), words=Text(_REASONS[kept.reason])),
        _("Det ger oss ingen rätt att dela något. Det som skrevs först finns kvar."),
        NOT_THE_JOURNAL,
    )


def note_of_notice(kept: CorrectionNotice) -> Sequence[Words]:
    """The journal text for what has been handed over already and no longer holds (CON-5, CON-13).

    :param kept: the record.
    :returns: lines in the order they are read, each at most :data:`LONGEST_LINE` characters.
    """
    return (
        Text(_("Rättelse till det som är överfört, ärende {case}."), case=kept.case),
        Text(_NOTICES[kept.because], day=kept.about_day),
        *_what_a_notice_is_about(kept),
        _("Den förra texten ska stå kvar. Nästa överföring visar vilken det är."),
        NOT_THE_JOURNAL,
    )


def _what_a_notice_is_about(kept: CorrectionNotice) -> Iterator[Words]:
    """Whose answers, about whom and what: only that stops, the rest of what was handed over still holds."""
    if kept.because == "corrected":
        return
    if kept.giver is not None:
        yield Text(_("Det gäller svar från: {giver}."), giver=_giver(kept.giver))
    yield from _rows(_("Det gäller att vi delar med: {names}."), [party_words(party) for party in kept.parties])
    if kept.kinds:
        yield Text(_("Det gäller bara uppgifter om: {names}."), names=Listed(_kinds(kept.kinds)))
    if kept.measure is not None:
        yield _("Det gäller insatsen.")
    if kept.measure is None or kept.parties:
        yield _("Dela inget mer med stöd av det. Se vad som gäller i Lots.")


def note_of_copy(kept: CopySettled) -> Sequence[Words]:
    """The journal note of what became of a copy (CON-4).

    :param kept: the record.
    :returns: lines in the order they are read, each at most :data:`LONGEST_LINE` characters.
    """
    return (
        Text(_("Kopia av samtycket den {day}, ärende {case}."), day=kept.about_day, case=kept.case),
        Text(_COPY[kept.outcome], giver=_giver(kept.giver)),
        NOT_THE_JOURNAL,
    )


# ── the copy ─────────────────────────────────────────────────────────────────────────────────────────────────

_COPY_PARTIES = {"exit_unit": _("Socialförvaltningen")}
"""Said less exactly on a paper that others may find: the unit's own name tells why somebody needs it."""

_MAY = {
    "to": _("Du säger ja till att vi får berätta för:"),
    "from": _("Du säger ja till att vi får fråga:"),
    "both": _("Du säger ja till att vi får berätta för och fråga:"),
    None: _("Du säger ja när det gäller:"),
}
_NOT_YES_COPY = {
    "refused": _("Du säger nej när det gäller:"),
    "thinking": _("Du vill fundera när det gäller:"),
    "not_reached": _("Du har inte svarat när det gäller:"),
}
_MEASURE_COPY = {
    "given": _("Du säger ja till att få stöd av oss."),
    "refused": _("Du säger nej till att få stöd av oss."),
    "thinking": _("Du vill fundera på om du ska få stöd av oss."),
}
_MEASURE_COPY_OF_GUARDIAN = {
    "given": _("Du säger ja till att den unge får stöd av oss."),
    "refused": _("Du säger nej till att den unge får stöd av oss."),
    "thinking": _("Du vill fundera på om den unge ska få stöd av oss."),
}


def copy_for(kept: ConsentAsked, giver: str) -> Sequence[Words]:
    """The copy of one giver's own answers, in easy Swedish (CON-4, CON-10).

    It has that giver's answers and what is the same for everybody, and no sign of anything left out. Whether it may
    exist today follows from what has been recorded since: see ``who_may_have_a_copy``.

    :param kept: the record.
    :param giver: whose copy.
    :returns: lines in the order they are read; :data:`ON_PAPER_ONLY` is for the coordinator and is not among them.
    :raises ValueError: by the record, that giver has no copy.
    """
    answers = kept.answers_of(giver)
    if answers is None or answers.copy not in ("handed_over", "kept", "owed") or not _nothing_is_secret(kept, giver):
        raise ValueError(f"by the record there is no copy for {giver}")
    own = giver == "subject"
    lines: list[Words] = [Text(_("Det här svarade du den {day}."), day=kept.asked_on)]
    lines.append(
        _("Det handlar om vad vi får säga om dig.") if own else _("Det handlar om vad vi får säga om den unge.")
    )
    for line, parties in _groups(answers):
        lines += _listed(_MAY[line.direction], [_copy_party(party) for party in parties])
        lines += _listed(_("Vi får prata om:"), _kinds(line.kinds))
    for answer, said in _NOT_YES_COPY.items():
        lines += _listed(said, [_copy_party(party) for party in _parties(answers, answer)])
    if answers.measure is not None:
        lines.append((_MEASURE_COPY if own else _MEASURE_COPY_OF_GUARDIAN)[answers.measure])
    lines.append(_("Det är frivilligt. Du får säga nej."))
    if any(line.answer == "given" for line in answers.lines):
        lines += _how_long_in_a_copy(kept, own)
    lines.append(_("Ibland säger lagen att vi får eller måste berätta ändå."))
    lines.append(_("Undrar du något? Fråga oss."))
    return lines


def _copy_party(party: str) -> Text:
    return Text(_COPY_PARTIES[party]) if party in _COPY_PARTIES else party_words(party)


def _listed(said: str, names: Sequence[Text]) -> Iterator[Words]:
    if names:
        yield said
        yield from (Text(_("– {name}"), name=name) for name in names)


def _how_long_in_a_copy(kept: ConsentAsked, own: bool) -> Iterator[Words]:
    if kept.valid_until is not None:
        yield Text(_("Ditt ja gäller till och med den {day}."), day=kept.valid_until)
    if kept.age_group in MINOR_AGES:
        yield _("Det slutar också att gälla när du fyller 18 år.") if own else _DONE_AT_18
    yield _("Du kan ta tillbaka ditt ja när du vill. Du kan ta tillbaka allt eller en del.")
    yield _("Säg det till oss, ring eller skriv. Då slutar vi berätta.")
