"""/arende: the case at a glance, and why each line says what it says.

No dialog and no record: everything here is computed from the records and today's date, and is never stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dialogs.answers import NOTHING, UNKNOWN
from dialogs.case_facts import FACTS, fact_question
from dialogs.consent_words import listed_inside
from dialogs.consequences import (
    answers_by_party,
    consent_record_words,
    consent_table,
    consents_of,
    due_line,
    may_be_shared,
    must_not_learn,
    next_step,
    nobody_was_asked_about,
    who_said,
)
from dialogs.kollega import members
from dialogs.model import Line, World
from dialogs.records import (
    CaseClosed,
    CaseFact,
    ConsentAsked,
    ConsentWithdrawn,
    Corrected,
    Declined,
    Entry,
    Received,
    Record,
    TalkHeld,
    Transferred,
)
from dialogs.remiss import ANSWER, answer_is_due
from dialogs.rules.access import who_is_in
from dialogs.rules.cases import ADULT_AGES, a_case_is_closed, a_fact_may_be_out_of_date, the_fact_that_stands
from dialogs.rules.conditions import what_is_due
from dialogs.rules.consents import Consents
from dialogs.rules.referrals import Referral, Step, referrals, what_is_next
from dialogs.rules.talks import Talk, an_assessment_is_due, group_said, talks_as_they_stand, talks_held
from dialogs.rules.transfers import (
    RecordState,
    WhyItStays,
    states_of,
    the_day_of,
    what_was_declined,
    when_a_case_may_be_purged,
)
from dialogs.samtal import DIALOG as SAMTAL
from dialogs.samtal import HELD, HELD_BY, MODE, count_words, talk_words
from dialogs.table import NOTHING_SAID, Alone, Cell, Row, Table
from dialogs.texts import Inside, Text, Verbatim, Words, as_text
from dialogs.texts import mark as _
from dialogs.threat_words import When, receiver_words, step_lines, threat_lines, urgency_then
from dialogs.transfer_words import STATES, WHY_DECLINED, counted


@dataclass(frozen=True)
class Section:
    """A part of the case page, for channels that can show more than text.

    :ivar id: its name in addresses and tests.
    :ivar title: its heading.
    :ivar lines: what is read first, each with its rules and records.
    :ivar table: what stands under the lines; its rows have their rules and records too.
    """

    id: str
    title: Words
    lines: tuple[Line, ...]
    table: Table | None = None


@dataclass(frozen=True, kw_only=True)
class _Glance:
    """What there is to say of a case, part by part; the page and the sections each have an order of their own."""

    state: Sequence[Line]
    talks: Sequence[Line]
    answers: Sequence[Line]
    not_asked: Sequence[Line]
    shared: Sequence[Line]
    not_told: Sequence[Line]
    facts: Sequence[Line]
    alone: Sequence[Line]
    colleagues: Sequence[Line]
    handover: Sequence[Line]
    drafts: Sequence[Line]
    threat: Sequence[Line]
    steps: Sequence[Line]
    declined: Sequence[Line]
    due: Sequence[Line]
    next: Sequence[Line]


def _at_a_glance(case: str, drafts: Sequence[Words], entries: Sequence[Entry], world: World) -> _Glance:
    consents = consents_of(entries, world)
    state = [Line(Text(_("Ärende {case}"), case=case), records=tuple(entries[:1]))]
    closed = a_case_is_closed(entries)
    if closed:
        state.append(Line(_("Ärendet är stängt."), records=(_latest(entries, "case_closed"),)))
    declined = declined_lines(entries)
    return _Glance(
        state=state,
        talks=_talk_lines(entries, world),
        answers=answers_by_party(consents),
        not_asked=nobody_was_asked_about(consents, world),
        shared=may_be_shared(consents),
        not_told=must_not_learn(consents) if consents.givers else (),
        facts=_fact_lines(entries, world),
        alone=_alone_line(case, world),
        colleagues=_colleague_line(case, world),
        handover=handover_lines(entries, world),
        drafts=[Line(words) for words in drafts],
        threat=threat_lines(entries, world),
        steps=step_lines(entries, world),
        declined=declined,
        due=[due_line(due, consents) for due in what_is_due(entries, world.today, world.policy)],
        next=() if closed and declined else (_next(entries, world),),
    )


def page(case: str, drafts: Sequence[Words], world: World) -> list[Line]:
    """The case at a glance, as text.

    :param case: a case that the person may see.
    :param drafts: what has been begun in it and not finished.
    :param world: what is known.
    :returns: lines in the order they are read: state, talks, consents, facts, colleagues, how far the records have come
        where any has left, drafts, what is due and what is next.
    """
    glance = _at_a_glance(case, drafts, world.entries(case), world)
    return [
        *glance.state,
        *glance.alone,
        *glance.talks,
        *glance.answers,
        *glance.not_asked,
        *glance.shared,
        *glance.not_told,
        *glance.facts,
        *glance.colleagues,
        *(glance.handover if has_left(world.entries(case)) else ()),
        *glance.drafts,
        *glance.threat,
        *glance.steps,
        *glance.declined,
        *glance.due,
        *glance.next,
    ]


def sections(case: str, drafts: Sequence[Words], world: World) -> list[Section]:
    """The case at a glance, in sections and tables: the lines of :func:`page`, with its matrix as a table.

    How far the records have come stands here also before any has left: there is room for it.

    :param case: a case that the person may see.
    :param drafts: what has been begun in it and not finished.
    :param world: what is known.
    :returns: the sections that have something to say: what is next, threat, consent, talks, facts and the hand-over.
        Where somebody must not learn of it, that is the first line of the consents (CON-10).
    """
    entries = world.entries(case)
    glance = _at_a_glance(case, drafts, entries, world)
    state = (*glance.state, *glance.steps, *glance.declined, *glance.due, *glance.next, *glance.alone, *glance.drafts)
    consent = (*glance.not_told, *glance.shared, *glance.not_asked)
    handover = (*([Line(NEVER_LEAVES)] if world.practice and glance.handover else ()), *glance.handover)
    every = (
        Section("state", _("Läget nu"), state),
        Section("threat", _("Hot och säkerhet"), tuple(glance.threat), referral_table(entries, world)),
        Section("consent", _("Samtycke"), consent, consent_table(consents_of(entries, world))),
        Section("talks", _("Samtal"), tuple(glance.talks), talk_table(entries, world)),
        Section("facts", _("Uppgifter"), (*glance.facts, *glance.colleagues)),
        Section("handover", _("Överföring"), handover, handover_table(entries, world)),
    )
    return [section for section in every if section.lines or section.table is not None]


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


TALKS_SHOWN = 10
"""How many talks the table holds."""


def talk_table(entries: Sequence[Entry], world: World) -> Table | None:
    """MOT-4, MOT-5: the latest talks as they stand, also those that did not come off, the latest day first.

    :param entries: the case's records, oldest first.
    :param world: who reads it.
    :returns: at most :data:`TALKS_SHOWN` rows; ``None`` where no talk stands.
    """
    written_last_first = reversed(talks_as_they_stand(entries))
    talks = sorted(written_last_first, key=lambda talk: talk.record.occurred_on, reverse=True)[:TALKS_SHOWN]
    if not talks:
        return None
    asked = (SAMTAL.by_id[question].label for question in ("occurred_on", "held", "mode", "held_by"))
    rows = tuple(
        Row(
            Text(_("{day}"), day=talk.record.occurred_on),
            (
                Cell(HELD.label_of(talk.record.held), talk.record.held),
                NOTHING_SAID if talk.record.mode is None else Cell(MODE.label_of(talk.record.mode)),
                _who_held(talk, entries, world),
                Cell(_("Ja"), "corrected") if talk.corrected_by else Cell(_("Nej")),
            ),
            ("MOT-4", "MOT-5"),
            (talk.entry, *talk.corrected_by),
        )
        for talk in talks
    )
    return Table(_("De senaste samtalen"), (*asked, _("Rättat")), rows)


_SEEN_FROM_THE_OTHER = {"self": "colleague", "colleague": "self", "both": "both"}
_SEEN_FROM_OUTSIDE = {
    "self": _("Min kollega"),
    "colleague": _("Kollega till den som sparade"),
    "both": _("Den som sparade och en kollega"),
}


def _who_held(talk: Talk, entries: Sequence[Entry], world: World) -> Cell:
    """What is stored is seen from the one who saved it; "Jag" is said only to one of whom it is known to be true."""
    held_by, author = talk.record.held_by, talk.entry.author
    if held_by is None:
        return NOTHING_SAID
    if author == world.person:
        return Cell(HELD_BY.label_of(held_by))
    facts = (the_fact_that_stands(entries, fact) for fact in ("first_coordinator", "second_coordinator"))
    if {author, world.person} == {fact.value for fact in facts if fact is not None}:
        return Cell(HELD_BY.label_of(_SEEN_FROM_THE_OTHER[held_by]))
    return Cell(_SEEN_FROM_OUTSIDE[held_by])


def referral_table(entries: Sequence[Entry], world: World) -> Table | None:
    """THR-9: every referral as it stands, the latest first.

    :param entries: the case's records, oldest first.
    :param world: the clock.
    :returns: to whom, when, how urgent, what they answered and what is due; ``None`` where none was sent.
    """
    sent = referrals(entries)
    if not sent:
        return None
    steps = what_is_next(entries)
    rows = tuple(
        Row(
            Alone(receiver_words(one.sent.receiver)),
            (
                Cell(Text(_("{day}"), day=one.sent.sent_on)),
                Cell(Alone(urgency_then(one.sent.urgency)), one.sent.urgency),
                _answer_cell(one),
                _step_cell(one, steps, world.now),
            ),
            ("THR-9",),
            (one.entry, *one.answers),
        )
        for one in reversed(sent)
    )
    columns = (_("Till"), _("Skickad"), _("Hur bråttom"), _("Svar"), _("Nästa steg"))
    return Table(_("Remisser"), columns, rows)


def _answer_cell(referral: Referral) -> Cell:
    if referral.state == "waiting":
        return Cell(_("Väntar på svar"), referral.state)
    said = ANSWER.label_of(referral.state)
    day = referral.answers[-1].record.happened_on
    if referral.is_open:
        return Cell(said, referral.state)
    return Cell(Text(_("{answer} den {day}"), answer=said, day=day), referral.state)


def _step_cell(referral: Referral, steps: Sequence[Step], now: datetime) -> Cell:
    step = next((step for step in steps if step.entry in (referral.entry, *referral.answers)), None)
    if step is None:
        return Cell(_("Inget"), "nothing")
    late = step.is_late(now)
    words = answer_is_due(step.by, now)
    if step.kind == "triage_again":
        words = Text(_("Gör en ny /hotbild senast {when}."), when=When(step.by, now))
        words = Text(_("Försenat. {step}"), step=words) if late else words
    return Cell(words, "late" if late else step.kind)


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


def _colleague_line(case: str, world: World) -> list[Line]:
    """ENV-1: who gets at the case, where it is more than the one who reads this."""
    inside = who_is_in(world.entries(case))
    others = [(person, label) for person, label in members(case, world) if person != world.person]
    if not others:
        return []
    everybody = listed_inside([Text(_("du")), *(as_text(Verbatim(label)) for _id, label in others)])
    words = Text(_("Kommer åt ärendet: {everybody}."), everybody=everybody)
    return [Line(words, ("ENV-1",), tuple(inside[person] for person, _label in others))]


def _alone_line(case: str, world: World) -> list[Line]:
    """ENV-1: only the one who reads this gets at the case; of a closed one nothing follows from that."""
    inside = who_is_in(world.entries(case))
    if a_case_is_closed(world.entries(case)) or [person for person, _label in members(case, world)] != [world.person]:
        return []
    return [Line(_("Bara du kommer åt ärendet. Ni ska vara två."), ("ENV-1",), (inside[world.person],))]


def next_line(case: str, world: World) -> Line:
    """What is next in a case, for a list of cases: a referral that waits goes before everything else (THR-9).

    What the receiver declined goes before the talks: until it is settled it stands in no journal.

    :param case: a case that the person may see.
    :param world: what is known.
    :returns: one line.
    """
    entries = world.entries(case)
    waiting = [*step_lines(entries, world), *declined_lines(entries)]
    return waiting[0] if waiting else _next(entries, world)


DECLINED_SHOWN = 3
"""How many declined records have a line each; a receiver that declines a whole case must not fill the page."""


def declined_lines(entries: Sequence[Entry]) -> list[Line]:
    """What the receiver declined and nobody has settled: what to do about it is next.

    :param entries: the case's records, oldest first.
    :returns: a line for each of the first :data:`DECLINED_SHOWN`, and one that counts the others.
    """
    declined = what_was_declined(entries)
    lines = [
        Line(
            Text(
                _("Nästa steg: svara på det som inte togs emot: {what}. {why}"),
                what=Inside(record_words(one.about.record)),
                why=Text(WHY_DECLINED[one.said.reason]),
            ),
            records=(one.about, one.entry),
        )
        for one in declined[:DECLINED_SHOWN]
    ]
    if others := declined[DECLINED_SHOWN:]:
        lines.append(
            Line(
                Text(_("Fler som inte togs emot: {number}."), number=len(others)),
                records=tuple(one.entry for one in others),
            )
        )
    return lines


def has_left(entries: Sequence[Entry]) -> bool:
    """Whether anything of a case was handed over: before that every record is klar, and there is nothing to say.

    :param entries: the case's records, oldest first.
    :returns: whether a bundle holds any of it.
    """
    return any(isinstance(entry.record, Transferred) for entry in entries)


def handover_lines(entries: Sequence[Entry], world: World) -> list[Line]:
    """How far the records of a case have come on their way to the case system, and when Lots may forget them.

    :param entries: the case's records, oldest first.
    :param world: its policy says how long they are kept; in practice nothing leaves.
    :returns: how many are in each state, and the earliest day; nothing where nothing is on record.
    """
    states = states_of(entries)
    if not states:
        return []
    retention = when_a_case_may_be_purged(entries, world.policy)
    purged = Text(_("Gallras tidigast den {day}."), day=retention.on)
    if retention.on is not None and retention.on <= world.today:
        purged = Text(_("Får gallras sedan den {day}, efter ett beslut."), day=retention.on)
    if retention.why is not None:
        purged = Text(_NOT_YET[retention.why], days=world.policy.purge_after_days)
    said = tuple(entry for entry in entries if isinstance(entry.record, Transferred | Received | Declined))
    rests_on = [
        *[entry for entry in entries if isinstance(entry.record, CaseClosed)][-1:],
        *[entry for entry in said if isinstance(entry.record, Received)][-1:],
    ]
    return [
        Line(Text(_("Överföring: {counted}."), counted=counted(Counter(states.values()))), records=said),
        Line(purged, records=tuple(rests_on)),
    ]


NEVER_LEAVES = _("Det här är övning. Inget härifrån lämnar Lots.")

RECORDS_SHOWN = 10
"""How many records the table of the hand-over holds."""


_AFTER_RECEIPTS = _("Gallras tidigast {days} dagar efter att allt är kvitterat.")
_NOT_YET: Mapping[WhyItStays, str] = {
    "open": _("Gallras tidigast {days} dagar efter att ärendet är stängt och allt är kvitterat."),
    "not_transferred": _AFTER_RECEIPTS,
    "not_received": _AFTER_RECEIPTS,
    "declined": _("Gallras tidigast {days} dagar efter att svaret på avvisningen är kvitterat."),
}


def _stays(state: RecordState, why: WhyItStays | None, days: int) -> Text:
    """What one record waits for, in an open case or beside others that are on their way."""
    if state == "declined":
        return Text(_("{days} dagar efter svar och kvittens"), days=days)
    if state == "received" and why == "open":
        return Text(_("{days} dagar efter stängning"), days=days)
    return Text(_("{days} dagar efter kvittens"), days=days)


def handover_table(entries: Sequence[Entry], world: World) -> Table | None:
    """Every record's state, and the earliest day on which it may be purged.

    :param entries: the case's records, oldest first.
    :param world: its policy says how long they are kept.
    :returns: at most :data:`RECORDS_SHOWN` rows, what was declined first and then the latest first, and where there are
        more a caption that says how many; ``None`` where nothing is on record.
    """
    states = states_of(entries)
    if not states:
        return None
    retention, days = when_a_case_may_be_purged(entries, world.policy), world.policy.purge_after_days
    latest_first = [entry for entry in reversed(entries) if entry.id in states]
    ordered = sorted(latest_first, key=lambda entry: states[entry.id] != "declined")
    rows = tuple(
        Row(
            record_words(entry.record),
            (
                Cell(Verbatim(the_day_of(entry).isoformat())),
                Cell(STATES[states[entry.id]], states[entry.id]),
                Cell(
                    _stays(states[entry.id], retention.why, days)
                    if retention.on is None
                    else Verbatim(retention.on.isoformat())
                ),
            ),
            records=(entry,),
        )
        for entry in ordered[:RECORDS_SHOWN]
    )
    caption: Words = _("Det som är sparat i ärendet")
    if (others := len(ordered) - len(rows)) > 0:
        caption = Text(_("Här står {number}. {others} till är sparade."), number=len(rows), others=others)
    return Table(caption, (_("Sparat"), _("Dag"), _("Läge"), _("Gallras tidigast")), rows)


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
    "access_given": _("En kollega fick tillgång till ärendet"),
    "access_ended": _("En persons tillgång till ärendet togs bort"),
    "consent_corrected": _("Rättelse av ett samtycke"),
    "copy_settled": _("Kopia av ett samtycke"),
    "disclosure_made": _("Uppgift som lämnades"),
    "transferred": _("Överföring till verksamhetssystemet"),
    "received": _("Kvittens från mottagaren"),
    "declined": _("Avvisad av mottagaren"),
    "decline_settled": _("Svar på en avvisning"),
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
