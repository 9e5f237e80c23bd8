"""What consent, or the lack of it, means for SIG: conditions, what must be asked again, who is told, what is due.

The bot states; the case officer decides. Nothing in here says that SIG is granted, that a child is safe, or that a
measure is suitable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from dialogs.dates import months_on, read_month
from dialogs.policy import Group, Policy
from dialogs.records import ConsentAsked, ConsentCorrected, CopySettled, Entry
from dialogs.rules.cases import ADULT_AGES, a_case_is_closed, the_fact_that_stands
from dialogs.rules.consents import (
    GUARDIANS,
    PARENTS,
    PARENTS_PARTY,
    POLICE,
    Consents,
    Context,
    Standing,
    the_age_now,
    the_guardians,
    the_parties_shared_with,
    who_may_be_asked,
    who_may_have_a_copy,
    who_must_consent,
)

Measure = Literal[
    "met",
    "lacking",
    "suitable_without_guardian",
    "child_says_no",
    "young_says_no",
    "guardians_disagree",
]
"""CON-9: whether the consent to the measure is there; the last four are for the case officer to decide."""


def the_measure_may_be_given(context: Context, answers: Mapping[str, str]) -> Measure:
    """CON-9: what the answers about the measure mean by age. Whether it is suitable is the case officer's to say.

    :param context: age and custody.
    :param answers: by giver: ``given``, ``refused``, ``thinking``, ``withdrawn`` …; who is left out was not asked.
    :returns: met, lacking, or what the case officer must decide.
    """
    subject = answers.get("subject", "not_asked")
    if context.adult:
        return "met" if subject == "given" else "lacking"
    said = [answers.get(giver, "not_asked") for giver in the_guardians(context.custody)]
    subject_no = subject in ("refused", "withdrawn")
    if "given" in said and any(no in said for no in ("refused", "withdrawn")):
        return "guardians_disagree"
    if all(answer == "given" for answer in said):
        if subject_no:
            return "young_says_no" if context.age_group == "15_17" else "child_says_no"
        if context.age_group in ("15_17", "unknown") and subject != "given":
            return "lacking"
        return "met"
    if context.age_group in ("12_14", "15_17") and subject == "given":
        return "suitable_without_guardian"
    return "lacking"


def the_measure_as_it_stands(consents: Consents) -> Measure:
    """CON-9: what the answers on record about the measure mean today.

    :param consents: the consents as they stand.
    :returns: met, lacking, or what the case officer must decide.
    """
    answers: dict[str, str] = {giver: consents.measure(giver).status for giver in ("subject", *GUARDIANS)}
    return the_measure_may_be_given(consents.context, answers)


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """SIG's conditions as far as consent goes.

    :ivar police: whether the consent towards the police is there (CON-1).
    :ivar police_by_giver: the standing of each giver who must consent.
    :ivar measure: the consent to the measure (CON-9).
    :ivar others_missing: for unga vuxna, parties that were asked about and are not covered (CON-2, S0).
    """

    police: bool
    police_by_giver: Mapping[str, Standing]
    measure: Measure
    others_missing: tuple[str, ...]

    @property
    def met(self) -> bool:
        """Whether nothing is lacking, as far as consent goes."""
        return self.police and self.measure == "met" and not self.others_missing


def sigs_conditions(consents: Consents, group: Group | None, policy: Policy) -> Conditions:
    """CON-1, CON-2, CON-9: which of SIG's conditions the consents meet.

    :param consents: the consents as they stand.
    :param group: SIG unga or SIG unga vuxna; an unknown one is held to the stricter condition.
    :param policy: the deployment's parties.
    :returns: the conditions.
    """
    context = consents.context
    by_giver: dict[str, Standing] = {g: consents.status(g, POLICE) for g in who_must_consent(context)}
    covered = the_parties_shared_with(consents)
    missing = [party for party in consents.parties if party not in (*covered, POLICE, PARENTS_PARTY)]
    if group != "youth" and not [party for party in covered if party not in (POLICE, PARENTS_PARTY)] and not missing:
        missing = ["others"]
    return Conditions(
        police=POLICE in covered and all(standing.status == "given" for standing in by_giver.values()),
        police_by_giver=by_giver,
        measure=the_measure_as_it_stands(consents),
        others_missing=() if group == "youth" else tuple(missing),
    )


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a new record did to one party.

    :ivar party: the party.
    :ivar before: whether anything could be shared with it before.
    :ivar after: whether anything can be now.
    """

    party: str
    before: bool
    after: bool


def parties_to_be_told(before: Consents, after: Consents) -> tuple[Change, ...]:
    """CON-11: each party makes sure that the consent covers its own information; who is to be told of a change.

    :param before: the consents without the new record.
    :param after: the consents with it.
    :returns: parties that may be shared with now, or could be until now, and whose consent changed.
    """
    old, new = the_parties_shared_with(before), the_parties_shared_with(after)
    changed = []
    for party in dict.fromkeys((*new, *old)):
        if party == PARENTS_PARTY:
            continue
        if (party in old) != (party in new) or _covered(before, party) != _covered(after, party):
            changed.append(Change(party=party, before=party in old, after=party in new))
    return tuple(changed)


def _covered(consents: Consents, party: str) -> tuple[object, ...]:
    return tuple(
        (giver, consents.kinds(giver, party), consents.direction(giver, party), consents.status(giver, party).until)
        for giver in who_must_consent(consents.context)
        if consents.kinds(giver, party)
    )


def what_must_be_asked_again(consents: Consents) -> tuple[tuple[str, str, str], ...]:
    """CON-13, CON-15: answers of those who must consent that are no yes and no no.

    Who was not asked is asked where that is all that lacks: about the police, and about a party that somebody has
    said yes to and nobody no.

    :param consents: the consents as they stand.
    :returns: (giver, party, status): thinking, not reached, expired, mistaken, or not asked.
    """
    needed = who_must_consent(consents.context)
    again = []
    for party in dict.fromkeys((POLICE, *consents.parties)):
        said = {giver: consents.status(giver, party).status for giver in needed}
        wanted = party == POLICE or ("given" in said.values() and not {"refused", "withdrawn"} & set(said.values()))
        again += [
            (giver, party, status)
            for giver, status in said.items()
            if status in ("thinking", "not_reached", "expired", "mistaken") or (status == "not_asked" and wanted)
        ]
    return tuple(one for one in again if one[1] != PARENTS_PARTY)


def an_exit_referral_lacks(consents: Consents, policy: Policy) -> tuple[str, ...]:
    """CON-14: the parties without which a later referral to exit work lacks its basis (one source, unconfirmed).

    :param consents: the consents as they stand.
    :param policy: which parties it concerns.
    :returns: those that the consents do not cover.
    """
    covered = the_parties_shared_with(consents)
    return tuple(party for party in policy.exit_parties if party not in covered)


def the_police_consent_was_withdrawn(consents: Consents) -> tuple[Entry, ...]:
    """CON-6, DEC-2: consent towards the police was taken back by someone whose consent is required.

    :param consents: the consents as they stand.
    :returns: the withdrawals that stand; none where consent has been given again.
    """
    found = {}
    for giver in who_must_consent(consents.context):
        standing = consents.status(giver, POLICE)
        if standing.status == "withdrawn" and standing.entry is not None:
            found[standing.entry.id] = standing.entry
    return tuple(found.values())


# ── what is due ──────────────────────────────────────────────────────────────────────────────────────────────

DueKind = Literal["copy_owed", "ends_soon", "has_ended", "ask_again_at_18", "flag_at_21", "decision_awaited"]


@dataclass(frozen=True, kw_only=True)
class Due:
    """Something that is to be done in a case.

    :ivar kind: what.
    :ivar by: the day it is due; ``None`` for as soon as it can be done.
    :ivar rules: the rules it follows from.
    :ivar entry: the record it follows from.
    :ivar giver: whose copy, or whose consent; ``None`` where it is nobody's in particular.
    """

    kind: DueKind
    by: date | None = None
    rules: tuple[str, ...]
    entry: Entry | None = None
    giver: str | None = None


def what_is_due(entries: Sequence[Entry], today: date, policy: Policy) -> tuple[Due, ...]:
    """Copies owed, consents that end soon, what 18 and 21 change, and decisions awaited; computed, never stored.

    :param entries: the case's records, oldest first.
    :param today: the day.
    :param policy: how soon is soon.
    :returns: what is due, by kind; nothing in a closed case.
    """
    if a_case_is_closed(entries):
        return ()
    consents = Consents(entries, today)
    return (
        *(
            Due(kind="decision_awaited", rules=("CON-6", "DEC-2"), entry=entry)
            for entry in the_police_consent_was_withdrawn(consents)
        ),
        *_copies_owed(entries, consents),
        *_ending(consents, policy),
        *_birthdays(entries, consents, policy),
    )


def _copies_owed(entries: Sequence[Entry], consents: Consents) -> list[Due]:
    """CON-4, CON-10: only what was wanted and is not yet given is owed, and only to someone who may have it now."""
    settled = {(entry.record.consent, entry.record.giver) for entry in entries if isinstance(entry.record, CopySettled)}
    return [
        Due(kind="copy_owed", rules=("CON-4",), entry=entry, giver=giver)
        for entry in entries
        if isinstance(entry.record, ConsentAsked)
        for giver in who_may_have_a_copy(entry, consents)
        if (answers := entry.record.answers_of(giver)) is not None
        and answers.copy == "owed"
        and (entry.id, giver) not in settled
    ]


def _ending(consents: Consents, policy: Policy) -> list[Due]:
    """CON-15: consents that have ended or soon will, of those who may be asked again (CON-7, CON-10)."""
    soon = consents.today + timedelta(days=policy.ends_soon_days)
    ending: dict[tuple[DueKind, str, date], Entry | None] = {}
    parents = len(PARENTS) if consents.status("subject", PARENTS_PARTY).status == "given" else 0
    for giver in who_may_be_asked(consents.context, parents):
        for party in consents.parties:
            standing = consents.status(giver, party)
            if standing.until is None:
                continue
            if standing.status == "expired":
                ending["has_ended", giver, standing.until] = standing.entry
            elif standing.status == "given" and standing.until <= soon:
                ending["ends_soon", giver, standing.until] = standing.entry
    return [
        Due(kind=kind, by=until, rules=("CON-15",), entry=entry, giver=giver)
        for (kind, giver, until), entry in ending.items()
    ]


def _birthdays(entries: Sequence[Entry], consents: Consents, policy: Policy) -> list[Due]:
    """CON-15: consent is asked for anew at 18, and flagged at 21, when the legal ground changes."""
    turns_18 = the_fact_that_stands(entries, "month_of_18")
    month = read_month(turns_18.value) if turns_18 is not None else None
    wrong = {e.record.corrects for e in entries if isinstance(e.record, ConsentCorrected) and e.record.giver is None}
    asked = [
        (entry.record, entry) for entry in entries if isinstance(entry.record, ConsentAsked) and entry.id not in wrong
    ]
    if not asked:
        return []
    soon = consents.today + timedelta(days=policy.ends_soon_days)
    record, latest = max(reversed(asked), key=lambda one: one[0].asked_on)
    if month is None:  # of one who was enrolled as an adult only the age group is known
        if the_age_now(entries, consents.today) == "21_29" != record.age_group:
            return [Due(kind="flag_at_21", rules=("CON-15",), entry=latest)]
        return []
    due = []
    if record.asked_on < (month if record.age_group in ADULT_AGES else months_on(month, 1)) and month <= soon:
        due.append(Due(kind="ask_again_at_18", by=month, rules=("CON-15",), entry=latest))
    month_of_21 = months_on(month, 36)
    if month_of_21 <= soon and record.asked_on < (
        month_of_21 if record.age_group == "21_29" else months_on(month_of_21, 1)
    ):
        due.append(Due(kind="flag_at_21", by=month_of_21, rules=("CON-15",), entry=latest))
    return due
