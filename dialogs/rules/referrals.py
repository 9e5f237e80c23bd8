"""Referrals after a triage: what is sent, who has answered, what is due, who is left, and what an exit referral lacks.

Computed from the records and the clock; nothing in here is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal

from dialogs.contacts import Contacts, Function, who_answers_out_of_hours
from dialogs.policy import Policy
from dialogs.records import Entry, ExitPrerequisites, HandoverTold, ReferralAnswered, ReferralSent, ThreatTriaged
from dialogs.records.threats import Receiver, Told, Urgency
from dialogs.rules.cases import a_case_is_closed
from dialogs.rules.conditions import an_exit_referral_lacks
from dialogs.rules.consents import Consents
from dialogs.rules.talks import talks_held
from dialogs.rules.workdays import working_days_on

State = Literal["waiting", "silent", "received", "declined"]

ANSWER_DAYS = {"today": 1, "next_working_day": 2, "plan": 5}
"""Working days until a referral should be answered, by its urgency: examples, since no source gives times."""


@dataclass(frozen=True, kw_only=True)
class Referral:
    """A referral as it stands.

    :ivar entry: the record of its sending.
    :ivar sent: what that says.
    :ivar state: waiting, silent (asked after, nobody answered), received or declined.
    :ivar answers: what was recorded of it, oldest first.
    :ivar answer_by: when an answer is due; the latest that was set.
    """

    entry: Entry
    sent: ReferralSent
    state: State
    answers: tuple[Entry, ...]
    answer_by: datetime

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a yes or a no."""
        return self.state in ("waiting", "silent")


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is next in the threat matter of a case.

    :ivar kind: ring the way that is open while the receiver is closed, send the referral, ask for an answer, or triage
        anew after a no.
    :ivar by: when it is due.
    :ivar receiver: whom it is to in the end.
    :ivar rings: whom to ring for it: the receiver, or who answers while they are closed.
    :ivar at_once: whether it cannot wait, so that it is due from the moment it is known.
    :ivar entry: the record it follows from.
    :ivar rules: the rules it follows from.
    """

    kind: Literal["ring_meanwhile", "send", "ask", "triage_again"]
    by: datetime
    receiver: Receiver
    rings: Function
    at_once: bool = False
    entry: Entry
    rules: tuple[str, ...] = ("THR-9",)

    def is_late(self, now: datetime) -> bool:
        """Whether its time is out; of what is at once, from the day after, since it is due from the first minute.

        :param now: the time.
        :returns: whether it is past due.
        """
        return self.by.date() < now.date() if self.at_once else self.by < now


@dataclass(frozen=True, kw_only=True)
class Prerequisite:
    """One of the things an exit referral rests on.

    :ivar id: ``motivation``, ``consent``, ``police_form`` or ``measures``.
    :ivar met: whether it is there; ``None`` where nobody has said.
    :ivar dialog: the dialog that closes the gap.
    :ivar lacks: the parties without consent, for ``consent``.
    :ivar rules: the rules it follows from.
    """

    id: Literal["motivation", "consent", "police_form", "measures"]
    met: bool | None
    dialog: str
    rules: tuple[str, ...]
    lacks: tuple[str, ...] = ()


def the_latest_triage(entries: Sequence[Entry]) -> Entry | None:
    """The triage that stands: a newer one takes the place of those before.

    :param entries: the case's records, oldest first.
    :returns: its record, or ``None``.
    """
    return next((entry for entry in reversed(entries) if isinstance(entry.record, ThreatTriaged)), None)


def referrals(entries: Sequence[Entry]) -> tuple[Referral, ...]:
    """THR-9: every referral of a case as it stands.

    :param entries: the case's records, oldest first.
    :returns: referrals in the order they were sent.
    """
    found = []
    for entry in entries:
        sent = entry.record
        if not isinstance(sent, ReferralSent):
            continue
        answers = tuple(
            other
            for other in entries
            if isinstance(other.record, ReferralAnswered) and other.record.referral == entry.id
        )
        state: State = "waiting"
        answer_by = sent.answer_by
        for answer in answers:
            if isinstance(answer.record, ReferralAnswered):
                state = answer.record.answer
                answer_by = answer.record.answer_by or answer_by
        found.append(Referral(entry=entry, sent=sent, state=state, answers=answers, answer_by=answer_by))
    return tuple(found)


def the_triage_to_send(entries: Sequence[Entry]) -> Entry | None:
    """The latest triage, where no referral has been sent for it.

    :param entries: the case's records, oldest first.
    :returns: its record, or ``None``.
    """
    latest = the_latest_triage(entries)
    if latest is None or any(referral.sent.triage == latest.id for referral in referrals(entries)):
        return None
    return latest


def what_is_next(entries: Sequence[Entry]) -> tuple[Step, ...]:
    """THR-9: what is to be done after a triage, until somebody has received the referral.

    :param entries: the case's records, oldest first.
    :returns: steps, the one that is due first first; none in a closed case.
    """
    if a_case_is_closed(entries):
        return ()
    steps = []
    if (to_send := the_triage_to_send(entries)) is not None and isinstance(to_send.record, ThreatTriaged):
        steps += _until_it_is_sent(to_send, to_send.record, entries)
    latest = the_latest_triage(entries)
    for referral in referrals(entries):
        if referral.is_open:
            by = referral.answer_by
            steps.append(_to(referral, "ask", by, referral.entry))
        elif referral.state == "declined" and latest is not None and referral.sent.triage == latest.id:
            answered = referral.answers[-1]
            by = referral.answer_by
            steps.append(_to(referral, "triage_again", by, answered))
    return tuple(sorted(steps, key=lambda step: step.by))


def _to(referral: Referral, kind: Literal["ask", "triage_again"], by: datetime, entry: Entry) -> Step:
    receiver = referral.sent.receiver
    return Step(kind=kind, by=by, receiver=receiver, rings=receiver, entry=entry)


def _until_it_is_sent(triaged: Entry, kept: ThreatTriaged, entries: Sequence[Entry]) -> list[Step]:
    """The referral by its due time, and before it the way that is open meanwhile, until they are known to be told."""
    at_once = kept.urgency in ("now", "112")
    receiver = kept.receiver
    steps = []
    if kept.first_due_at is not None:
        rings = who_answers_out_of_hours(receiver)
        told: Told = "case_officer" if rings == "out_of_hours" else "police"
        if told not in _told_since(triaged.id, entries):
            first = kept.first_due_at
            steps.append(
                Step(kind="ring_meanwhile", by=first, receiver=receiver, rings=rings, at_once=at_once, entry=triaged)
            )
        at_once = False  # they are closed: the referral itself waits until they open
    by = kept.due_at
    return [*steps, Step(kind="send", by=by, receiver=receiver, rings=receiver, at_once=at_once, entry=triaged)]


def _told_since(triage: str, entries: Sequence[Entry]) -> set[Told]:
    """Who was recorded as told of a triage, beside what its answers and referrals say."""
    return {
        one
        for entry in entries
        if isinstance(entry.record, HandoverTold) and entry.record.triage == triage
        for one in entry.record.told
    }


def the_answer_is_due(urgency: Urgency, sent_on: date, contacts: Contacts, now: datetime) -> datetime:
    """When a referral should have been answered.

    :param urgency: of the triage.
    :param sent_on: the day it was sent.
    :param contacts: the office hours.
    :param now: the time; its zone is used.
    :returns: the same day for what is at once, else the end of a working day.
    """
    days = ANSWER_DAYS.get(urgency)
    if days is None:
        return datetime.combine(sent_on, time(23, 59), now.tzinfo)
    return contacts.office.end_of(working_days_on(sent_on, days), now)


def a_silent_one_is_asked_again(urgency: Urgency, asked_on: date, contacts: Contacts, now: datetime) -> datetime:
    """THR-9: when something is to be done after silence or a no: the same day for what is at once, else the next.

    :param urgency: of the triage; what could wait when it was sent waits no longer than a working day now.
    :param asked_on: the day that nobody answered, or that they said no.
    :param contacts: the office hours.
    :param now: the time; its zone is used.
    :returns: the time.
    """
    return the_answer_is_due(urgency if urgency in ("now", "112") else "today", asked_on, contacts, now)


def who_has_been_told_and_who_is_left(
    kept: ThreatTriaged, entries: Sequence[Entry]
) -> tuple[tuple[Told, ...], tuple[Told, ...]]:
    """THR-9: of those a hand-over needs, who knows of this threat by what was answered, sent and told, and who is left.

    :param kept: the triage; what was sent or told of another one does not count.
    :param entries: the case's records, oldest first.
    :returns: those who have been told, and those who are left: the scale, the manager, the local police.
    """
    said = kept.inputs
    triage = next((entry.id for entry in reversed(entries) if entry.record == kept), "")
    told: set[Told] = {referral.sent.receiver for referral in referrals(entries) if referral.sent.triage == triage}
    told |= _told_since(triage, entries)
    if said.told == "yes":
        told.add("police")
    if said.exit in ("waiting", "no_protection", "protection", "cannot_stay"):
        told.add("exit_coordinator")
    if said.bops in ("waiting", "high", "not_high"):
        told.add("bops")
    needed: list[Told] = ["case_officer", "exit_coordinator"]
    if kept.receiver in ("bops", "central_unit") or "bops" in told:
        needed.append("bops")
    if kept.receiver == "central_unit" or "central_unit" in told:
        needed.append("central_unit")
    needed += ["manager", "police"]
    return tuple(one for one in needed if one in told), tuple(one for one in needed if one not in told)


def what_an_exit_referral_rests_on(entries: Sequence[Entry], today: date, policy: Policy) -> tuple[Prerequisite, ...]:
    """CON-14: motivation, consent towards all authorities concerned, the police's form and decided measures.

    :param entries: the case's records, oldest first.
    :param today: the day.
    :param policy: which authorities it concerns.
    :returns: all four, in the order they are dealt with.
    """
    assessed = [talk.record.assessment for talk in talks_held(entries) if talk.record.assessment is not None]
    lacks = an_exit_referral_lacks(Consents(entries, today), policy)
    form, measures = None, None
    for entry in entries:
        said = entry.record
        if isinstance(said, ExitPrerequisites) or (isinstance(said, ReferralSent) and said.receiver == "central_unit"):
            form, measures = said.police_form or form, said.measures or measures
    return (
        Prerequisite(
            id="motivation",
            met=assessed[-1] == "motivated" if assessed else None,
            dialog="samtal",
            rules=("CON-14", "MOT-2"),
        ),
        Prerequisite(id="consent", met=not lacks, dialog="samtycke", rules=("CON-14",), lacks=lacks),
        Prerequisite(id="police_form", met=_known(form), dialog="remiss", rules=("CON-14",)),
        Prerequisite(id="measures", met=_known(measures), dialog="remiss", rules=("CON-14",)),
    )


def _known(said: str | None) -> bool | None:
    return None if said in (None, "unknown") else said == "yes"
