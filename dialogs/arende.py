"""/arende: the case at a glance, and why each line says what it says.

No dialog and no record: everything here is computed from the records and today's date, and is never stored.
"""

from __future__ import annotations

from collections.abc import Sequence

from dialogs.answers import NOTHING, UNKNOWN
from dialogs.case_facts import FACTS, fact_question
from dialogs.consequences import (
    consent_record_words,
    consents_of,
    due_line,
    matrix,
    may_be_shared,
    must_not_learn,
    next_step,
    who_said,
)
from dialogs.model import Line, World
from dialogs.records import CaseFact, ConsentAsked, ConsentWithdrawn, Corrected, Entry, Record, TalkHeld
from dialogs.rules.cases import ADULT_AGES, a_case_is_closed, a_fact_may_be_out_of_date, the_fact_that_stands
from dialogs.rules.conditions import what_is_due
from dialogs.rules.consents import Consents
from dialogs.rules.talks import Talk, an_assessment_is_due, group_said, talks_as_they_stand, talks_held
from dialogs.samtal import count_words, talk_words
from dialogs.texts import Text, Verbatim, Words, as_text
from dialogs.texts import mark as _
from dialogs.threat_words import step_lines, threat_lines


def page(case: str, drafts: Sequence[Words], world: World) -> list[Line]:
    """The case at a glance.

    :param case: a case that the person may see.
    :param drafts: what has been begun in it and not finished.
    :param world: what is known.
    :returns: lines in the order they are read: state, talks, consents, facts, drafts, what is due and what is next.
    """
    entries = world.entries(case)
    consents = consents_of(entries, world)
    lines = [Line(Text(_("Ärende {case}"), case=case), records=tuple(entries[:1]))]
    if a_case_is_closed(entries):
        lines.append(Line(_("Ärendet är stängt."), records=(_latest(entries, "case_closed"),)))
    lines += _talk_lines(entries, world)
    lines += [*matrix(consents, world), *may_be_shared(consents)]
    lines += must_not_learn(consents) if consents.givers else []
    lines += _fact_lines(entries, world)
    lines += [Line(words) for words in drafts]
    lines += [*threat_lines(entries, world), *step_lines(entries, world)]
    lines += [due_line(due, consents) for due in what_is_due(entries, world.today, world.policy)]
    lines.append(_next(entries, world))
    return lines


def _latest(entries: Sequence[Entry], kind: str) -> Entry:
    return next(entry for entry in reversed(entries) if entry.record.kind == kind)


def _talk_lines(entries: Sequence[Entry], world: World) -> list[Line]:
    held = talks_held(entries)
    others = len(talks_as_they_stand(entries)) - len(held)
    lines = [
        Line(
            Text(_("Hållna samtal: {count}."), count=count_words(len(held), world)),
            ("MOT-1", "MOT-4"),
            tuple(part for talk in held for part in (talk.entry, *talk.corrected_by)),
        )
    ]
    if held:
        last = max(held, key=lambda talk: talk.record.occurred_on)
        trace = (last.entry, *last.corrected_by)
        lines.append(Line(Text(_("Senaste samtalet: {day}."), day=last.record.occurred_on), ("MOT-5",), trace))
    if others:
        standing = [talk for talk in talks_as_they_stand(entries) if talk.record.held != "yes"]
        missed = tuple(part for talk in standing for part in (talk.entry, *talk.corrected_by))
        lines.append(Line(Text(_("Samtal som inte blev av: {number}."), number=others), ("MOT-5",), missed))
    return lines


def _fact_lines(entries: Sequence[Entry], world: World) -> list[Line]:
    lines = []
    age = the_fact_that_stands(entries, "age_group")
    of_age = age is not None and age.value in ADULT_AGES
    for fact in FACTS:
        stands = the_fact_that_stands(entries, fact)
        if stands is None or stands.value == UNKNOWN or (fact == "custody" and of_age):
            continue
        question = fact_question(fact)
        shown = Verbatim(question.kind.show(stands.value, world, NOTHING))
        label = as_text(question.label)
        line = Text(_("{label}: {value}."), label=label, value=shown)
        if a_fact_may_be_out_of_date(entries, fact, world.today, world.policy):
            line = Text(
                _("{label}: {value}. Kan ha ändrats sedan den {day}."), label=label, value=shown, day=stands.said_on
            )
        lines.append(Line(line, question.why.rules, (stands.entry,)))
    return lines


def _next(entries: Sequence[Entry], world: World) -> Line:
    """What is next by the talks alone (MOT-1, MOT-2, MOT-3)."""
    if a_case_is_closed(entries):
        return Line(_("Nästa steg: inget. Öppna ärendet igen om personen kommer tillbaka."))
    held = sorted(talks_held(entries), key=lambda talk: talk.record.occurred_on)
    assessed = _last_assessed(held)
    consents = consents_of(entries, world)
    if consents.givers and (assessed is None or assessed.record.assessment == "motivated"):
        return next_step(consents)
    if assessed is not None and assessed.record.assessment == "motivated":
        return Line(
            _("Nästa steg: fråga om samtycke. Gör det snart, medan viljan finns."),
            ("MOT-2", "MOT-3"),
            (assessed.entry,),
        )
    if assessed is not None and assessed.record.assessment == "not_motivated" and assessed is held[-1]:
        return Line(
            _("Nästa steg: säg att personen kan höra av sig igen. Ni kan ha fler samtal senare."),
            ("MOT-2",),
            (assessed.entry,),
        )
    due = an_assessment_is_due(len(held) + 1, group_said(entries), world.policy)
    if due != "not_due" and (assessed is None or assessed is not held[-1]):
        latest = tuple(talk.entry for talk in held[-1:])
        return Line(_("Nästa steg: boka nästa samtal. Då kan du bedöma motivationen."), ("MOT-1",), latest)
    return Line(_("Nästa steg: boka nästa samtal."), ("MOT-1",))


def _last_assessed(held: Sequence[Talk]) -> Talk | None:
    return next((talk for talk in reversed(held) if talk.record.assessment is not None), None)


def as_it_stands(entry: Entry, entries: Sequence[Entry]) -> tuple[Record | None, Words | None]:
    """A record as it reads today, for its note: a talk may have been corrected, or taken away (MOT-4).

    :param entry: the record.
    :param entries: its case's records, oldest first.
    :returns: what it says now, ``None`` where it was taken away; and a line that says so, where it was changed.
    """
    if isinstance(entry.record, ConsentAsked | ConsentWithdrawn):
        consents = Consents(entries, entry.said_on)
        wrong = [giver for giver in who_said(entry.record) if consents.is_mistaken(entry, giver)]
        if not wrong:
            return entry.record, None
        return entry.record, _("Det här är rättat: något av det sparades fel och gäller inte längre.")
    if not isinstance(entry.record, TalkHeld):
        return entry.record, None
    stands = next((talk for talk in talks_as_they_stand(entries) if talk.entry.id == entry.id), None)
    if stands is None:
        return None, Text(_("{talk} är borttaget genom en rättelse. Det räknas inte."), talk=talk_words(entry.record))
    return stands.record, _("Samtalet är rättat. Så här gäller det nu:") if stands.corrected_by else None


_NAMES = {
    "consent_corrected": _("Rättelse av ett samtycke"),
    "copy_settled": _("Kopia av ett samtycke"),
    "disclosure_made": _("Uppgift som lämnades"),
    "transferred": _("Överföring till verksamhetssystemet"),
    "correction_notice": _("Rättelse till det som överfördes"),
    "threat_triaged": _("Genomgång av hot och säkerhet"),
    "referral_sent": _("Remiss"),
    "referral_answered": _("Svar på en remiss"),
    "handover_told": _("Vilka som har fått veta om hotet"),
    "exit_prerequisites": _("Blankett och beslut inför en remiss"),
    "staff_threat": _("Hot mot personal"),
    "case_opened": _("Ärendet skapades"),
    "case_closed": _("Ärendet stängdes"),
    "case_reopened": _("Ärendet öppnades igen"),
}


def record_words(record: Record) -> Text:
    """How a record is named under "Varför?".

    :param record: any record.
    :returns: what it is, and what tells it from others of its kind.
    """
    if isinstance(record, TalkHeld):
        return talk_words(record)
    if isinstance(record, Corrected):
        return Text(_("Rättelse av samtalet den {day}"), day=record.talk_on)
    if isinstance(record, CaseFact):
        label = fact_question(record.fact).label
        return Text(_("Uppgift, {label}"), label=as_text(label))
    if isinstance(record, ConsentAsked | ConsentWithdrawn):
        return consent_record_words(record)
    if record.kind in _NAMES:
        return Text(_NAMES[record.kind])
    day = record.happened_on  # a kind of a dialog that has just been written, and has no name of its own yet
    return Text(_("Anteckning")) if day is None else Text(_("Anteckning den {day}"), day=day)
