"""Consent as it stands (``domain.md`` 3): one status for each giver, party, kind and direction; only ``given`` allows.

Everything is computed from the records and a day; nothing in here is stored. Where the records leave a doubt, the
status is one that does not allow sharing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Literal, get_args

from dialogs.dates import months_on, read_month
from dialogs.policy import Policy
from dialogs.records import (
    CaseFact,
    ConsentAsked,
    ConsentCorrected,
    ConsentWithdrawn,
    CopySettled,
    Entry,
    GiverAnswers,
    ThreatTriaged,
)
from dialogs.records.consents import Giver, InfoKind
from dialogs.rules.cases import ADULT_AGES, MINOR_AGES, the_fact_that_stands

Status = Literal["given", "refused", "thinking", "not_reached", "not_asked", "withdrawn", "expired", "mistaken"]
"""The eight statuses of CON-13."""

STATUSES: tuple[Status, ...] = get_args(Status)
KINDS: tuple[InfoKind, ...] = get_args(InfoKind)
DIRECTIONS = ("to", "from")
GUARDIANS: tuple[Giver, ...] = ("guardian_1", "guardian_2")
PARENTS: tuple[Giver, ...] = ("parent_1", "parent_2")
POLICE = "police"

PARENTS_PARTY = "parents"
"""Parents of an adult are a party: they take part only where the person lifts secrecy towards them (CON-8)."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What decides who must be asked (CON-7, CON-8, CON-10).

    :ivar age_group: the person's age group now; ``unknown`` where nobody knows.
    :ivar custody: who has custody; ``unknown`` where nobody knows.
    :ivar disposes: whether the minor alone disposes over the secrecy; ``unknown`` where it is not assessed.
    :ivar guardian_allowed: whether a minor who disposes alone lets the guardians take part.
    :ivar harm: whether the minor can be assumed to suffer significant harm if a guardian learns.
    :ivar threat_from_home: whether a threat may come from home, by the latest triage (THR-13); not knowing is yes.
    """

    age_group: str = "unknown"
    custody: str = "unknown"
    disposes: str = "unknown"
    guardian_allowed: str = "no"
    harm: str = "unknown"
    threat_from_home: bool = False

    @property
    def guardians_must_not_learn(self) -> bool:
        """CON-10, THR-13: whether nobody may turn to the guardians but the case officer."""
        return self.harm == "yes" or self.threat_from_home

    @property
    def adult(self) -> bool:
        """Whether the person is known to be 18 or over; an unknown age is treated as a minor's."""
        return self.age_group in ADULT_AGES


@dataclass(frozen=True)
class Standing:
    """The status of one answer.

    :ivar status: one of :data:`STATUSES`.
    :ivar entry: the record it follows from; ``None`` where nobody was asked.
    :ivar until: the last day a given consent holds.
    """

    status: Status
    entry: Entry | None = None
    until: date | None = None


NOT_ASKED = Standing("not_asked")
"""CON-13: silence is never consent."""


@dataclass
class _Held:
    """What is on record of one giver and one party, or of one giver and the measure."""

    entry: Entry
    answer: str
    kinds: tuple[str, ...] = ()
    direction: str | None = None
    until: date | None = None
    mistaken: Entry | None = None
    withdrawn: dict[str, Entry] = field(default_factory=dict)

    def status(self, kind: str | None, direction: str | None, today: date) -> Standing:
        """One status; with no kind, that of the answer as a whole."""
        if self.mistaken is not None:
            return Standing("mistaken", self.mistaken)
        if self.answer != "given":
            return Standing(_as_status(self.answer), self.entry)
        taken_back = [by for of, by in self.withdrawn.items() if kind in (None, of)]
        if kind is not None and taken_back:
            return Standing("withdrawn", taken_back[-1])
        if kind is None and taken_back and set(self.kinds) <= self.withdrawn.keys():
            return Standing("withdrawn", taken_back[-1])
        if kind is not None and (kind not in self.kinds or direction not in (None, self.direction, *_of(self))):
            return NOT_ASKED
        if self.until is not None and self.until < today:
            return Standing("expired", self.entry, self.until)
        return Standing("given", self.entry, self.until)


def _of(held: _Held) -> tuple[str, ...]:
    return DIRECTIONS if held.direction == "both" else ()


def _as_status(answer: str) -> Status:
    return next(status for status in STATUSES if status == answer)


class Consents:
    """Every consent of a case as it stands on a day.

    :param entries: the case's records, oldest first.
    :param today: the day.
    """

    def __init__(self, entries: Sequence[Entry], today: date) -> None:
        self.entries = entries
        self.today = today
        self._held: dict[tuple[str, str], _Held] = {}
        self._measures: dict[str, _Held] = {}
        self._mistaken = {
            (entry.record.corrects, giver): entry
            for entry in entries
            if isinstance(entry.record, ConsentCorrected)
            for giver in ((entry.record.giver,) if entry.record.giver else get_args(Giver))
        }
        for entry, answers in self._in_order():
            if isinstance(entry.record, ConsentAsked) and answers is not None:
                self._take_answers(entry, entry.record, answers)
            elif isinstance(entry.record, ConsentWithdrawn):
                self._take_withdrawal(entry, entry.record)

    def _in_order(self) -> list[tuple[Entry, GiverAnswers | None]]:
        """What each giver said, by the day it was said.

        A withdrawal never stands before an answer that was on record when it was made, and what was written after a
        correction never before the mistaken answer: a wrong day is put right by writing the right one.
        """
        latest: dict[str, date] = {}
        floor: dict[str, date] = {}
        said_on: dict[str, ConsentAsked] = {}
        dated: list[tuple[date, Entry, GiverAnswers | None]] = []
        for entry in self.entries:
            record = entry.record
            if isinstance(record, ConsentAsked):
                said_on[entry.id] = record
                for answers in record.givers:
                    day = max(record.asked_on, floor.get(answers.giver, record.asked_on))
                    latest[answers.giver] = max(day, latest.get(answers.giver, day))
                    dated.append((day, entry, answers))
            elif isinstance(record, ConsentWithdrawn):
                day = max(record.withdrawn_on, latest.get(record.giver, record.withdrawn_on))
                dated.append((day, entry, None))
            elif isinstance(record, ConsentCorrected) and (about := said_on.get(record.corrects)) is not None:
                for giver in (record.giver,) if record.giver else get_args(Giver):
                    floor[giver] = max(about.asked_on, floor.get(giver, about.asked_on))
        return [(entry, answers) for _, entry, answers in sorted(dated, key=lambda one: one[0])]

    def _take_answers(self, entry: Entry, record: ConsentAsked, answers: GiverAnswers) -> None:
        until = _until(entry, record, self.entries)
        mistaken = self._mistaken.get((entry.id, answers.giver))
        for line in answers.lines:
            before = self._held.get((answers.giver, line.party))
            stood = "not_asked" if before is None else before.status(None, None, record.asked_on).status
            if _says_nothing_new(line.answer, stood, mistaken is not None):
                continue
            said: str = line.answer
            if said == "refused" and stood in ("given", "withdrawn"):
                said = "withdrawn"  # CON-5: a no after a yes takes it back
            self._held[answers.giver, line.party] = _Held(
                entry, said, line.kinds, line.direction, until if said == "given" else None, mistaken
            )
        if answers.measure is not None:
            self._measures[answers.giver] = _Held(entry, answers.measure, mistaken=mistaken)

    def _take_withdrawal(self, entry: Entry, record: ConsentWithdrawn) -> None:
        mistaken = self._mistaken.get((entry.id, record.giver))
        for party in record.parties:
            held = self._held.get((record.giver, party))
            if held is None or held.mistaken is not None or held.answer != "given":
                continue
            if mistaken is not None:
                held.mistaken = mistaken
                continue
            for kind in record.kinds or held.kinds:
                if kind in held.kinds:
                    held.withdrawn[kind] = entry
        measure = self._measures.get(record.giver)
        if record.measure is not None and measure is not None and measure.answer == "given":
            if mistaken is not None:
                measure.mistaken = mistaken
            else:
                measure.withdrawn["measure"] = entry

    def status(self, giver: str, party: str, kind: str | None = None, direction: str | None = None) -> Standing:
        """CON-13: the one status of a giver, a party, a kind and a direction.

        :param giver: who answers.
        :param party: towards whom.
        :param kind: which kind of information; left out, the status of the answer as a whole: ``given`` where any
            kind of it still is.
        :param direction: ``to`` or ``from``; left out, any of them.
        :returns: the status and the record it follows from.
        """
        held = self._held.get((giver, party))
        return NOT_ASKED if held is None else held.status(kind, direction, self.today)

    def measure(self, giver: str) -> Standing:
        """Whether a giver consents to the measure itself (CON-9).

        :param giver: who answers.
        :returns: ``given``, ``refused``, ``thinking``, ``withdrawn``, ``mistaken`` or ``not_asked``.
        """
        held = self._measures.get(giver)
        return NOT_ASKED if held is None else held.status(None, None, self.today)

    def last_scope(self, giver: str, party: str) -> tuple[tuple[str, ...], str | None]:
        """What a giver last said yes to towards a party, without what was taken back since; also where it has ended.

        :param giver: who answers.
        :param party: towards whom.
        :returns: kinds and direction; no kinds where nothing of it is left.
        """
        held = self._held.get((giver, party))
        if held is None or held.mistaken is not None or held.answer != "given":
            return (), None
        return tuple(kind for kind in held.kinds if kind not in held.withdrawn), held.direction

    def kinds(self, giver: str, party: str) -> tuple[str, ...]:
        """The kinds of information that a giver's live consent covers towards a party.

        :param giver: who answers.
        :param party: towards whom.
        :returns: kinds in the order of the list; none where the consent is not live.
        """
        return tuple(kind for kind in KINDS if self.status(giver, party, kind).status == "given")

    def direction(self, giver: str, party: str) -> str | None:
        """The direction that a giver's consent was given in.

        :param giver: who answers.
        :param party: towards whom.
        :returns: ``to``, ``from`` or ``both``; ``None`` where none was given.
        """
        held = self._held.get((giver, party))
        return None if held is None else held.direction

    def is_partly_withdrawn(self, giver: str, party: str) -> bool:
        """Whether some kinds were taken back and others still stand (CON-5).

        :param giver: who answers.
        :param party: towards whom.
        :returns: whether it is so.
        """
        held = self._held.get((giver, party))
        return (
            held is not None
            and self.status(giver, party).status == "given"
            and bool(set(held.kinds) & held.withdrawn.keys())
        )

    def is_mistaken(self, entry: Entry, giver: str) -> bool:
        """Whether what a record says of a giver was written by mistake (CON-13).

        :param entry: the record.
        :param giver: whose answers.
        :returns: whether a correction says so.
        """
        return (entry.id, giver) in self._mistaken

    @cached_property
    def parties(self) -> tuple[str, ...]:
        """Every party that somebody answered about, in the order they first were."""
        return tuple(dict.fromkeys(party for _, party in self._held))

    @cached_property
    def givers(self) -> tuple[str, ...]:
        """Everyone who answered anything, in the order of :data:`Giver`."""
        said = {giver for giver, _ in self._held} | self._measures.keys()
        return tuple(giver for giver in get_args(Giver) if giver in said)

    @cached_property
    def context(self) -> Context:
        """What decides who must be asked, from the facts and the latest asking that was not mistaken."""
        return context_of(self.entries, self.today)

    def is_covered(self, party: str) -> bool:
        """Whether anything at all may be shared with a party today.

        :param party: the party.
        :returns: whether everyone who must consent has, to at least one kind in one direction.
        """
        return party in the_parties_shared_with(self)

    def since(self, giver: str) -> date:
        """The first day of a giver's oldest live consent: nothing can have been taken back before it.

        :param giver: who answers.
        :returns: a day; today where nothing is live.
        """
        entries = [self.status(giver, party).entry for party in self.live(giver)] + [self.measure(giver).entry]
        days = [entry.record.happened_on or entry.said_on for entry in entries if entry is not None]
        return min(days, default=self.today)

    def live(self, giver: str) -> tuple[str, ...]:
        """The parties towards which a giver's consent is live.

        :param giver: who answers.
        :returns: parties in the order they were first answered about.
        """
        return tuple(party for party in self.parties if self.status(giver, party).status == "given")


def _says_nothing_new(answer: str, stood: str, mistaken: bool) -> bool:
    """Whether an answer leaves what stood as it is: nobody was reached, or a consent that was taken back stays so."""
    if answer == "not_reached":
        return stood in ("given", "refused", "thinking", "withdrawn")
    return stood == "withdrawn" and (answer == "thinking" or mistaken)


def _until(entry: Entry, record: ConsentAsked, entries: Sequence[Entry]) -> date:
    """CON-15: the last day an answer holds; that of a minor ends before 18, also of one who was thought an adult."""
    bounds = [record.valid_until or months_on(record.asked_on, 6)]
    later = entries[entries.index(entry) :]
    ages = [e.record.value for e in later if isinstance(e.record, CaseFact) and e.record.fact == "age_group"]
    if record.age_group not in ADULT_AGES or any(age not in ADULT_AGES for age in ages):
        bounds += ends_at_18(entries, record.asked_on)
    return min(bounds)


def ends_at_18(entries: Sequence[Entry], asked_on: date) -> list[date]:
    """CON-15: when a minor's consent ends because the person turns 18, as far as the facts tell.

    The day is never asked for. A consent from before the birthday month ends before it; one from the month itself ends
    with it.

    :param entries: the case's records, oldest first.
    :param asked_on: the day of the answers.
    :returns: the last days it can hold; none where nothing is known.
    """
    found = []
    turns_18 = the_fact_that_stands(entries, "month_of_18")
    month = read_month(turns_18.value) if turns_18 is not None else None
    if month is not None:
        end = month if asked_on < month else months_on(month, 1)
        found.append(end - timedelta(days=1))
    age = the_fact_that_stands(entries, "age_group")
    if age is not None and age.value in ADULT_AGES:
        found.append(age.said_on - timedelta(days=1))
    return found


def the_age_now(entries: Sequence[Entry], today: date) -> str:
    """The age group, moved on at 18 where the month is known and over (CON-15).

    :param entries: the case's records, oldest first.
    :param today: the day.
    :returns: an age group, or ``unknown``.
    """
    age = the_fact_that_stands(entries, "age_group")
    said = "unknown" if age is None else age.value
    turns_18 = the_fact_that_stands(entries, "month_of_18")
    month = read_month(turns_18.value) if turns_18 is not None else None
    if said in MINOR_AGES and month is not None and today >= months_on(month, 1):
        return "18_20"
    return said


def context_of(entries: Sequence[Entry], today: date) -> Context:
    """What decides who must be asked, as it stands on a day.

    :param entries: the case's records, oldest first.
    :param today: the day.
    :returns: the context; what nobody has said is ``unknown``.
    """
    mistaken = {
        (entry.record.corrects, entry.record.giver) for entry in entries if isinstance(entry.record, ConsentCorrected)
    }
    asked = [
        entry.record
        for entry in entries
        if isinstance(entry.record, ConsentAsked)
        and (entry.id, None) not in mistaken
        and not all((entry.id, answers.giver) in mistaken for answers in entry.record.givers)
    ]
    latest = max(reversed(asked), key=lambda record: record.asked_on, default=None)
    every = [entry.record for entry in entries if isinstance(entry.record, ConsentAsked)]
    disposes = (latest and latest.disposes) or "unknown"
    since = every[next((n for n, record in enumerate(every) if record is latest), 0) :]
    if disposes == "alone" and max(reversed(since), key=lambda record: record.asked_on) is not latest:
        disposes = "unknown"  # a later assessment was a mistake: the older one is not taken up again unasked
    custody = the_fact_that_stands(entries, "custody")
    return Context(
        age_group=the_age_now(entries, today),
        custody="unknown" if custody is None else custody.value,
        disposes=disposes,
        guardian_allowed=(latest and latest.guardian_allowed) or "no",
        harm=(latest and latest.harm) or "unknown",
        threat_from_home=a_threat_may_come_from_home(entries),
    )


def a_threat_may_come_from_home(entries: Sequence[Entry]) -> bool:
    """THR-13: by the latest triage; yes or "vet inte" is that nobody at home is contacted, and no copy goes there.

    :param entries: the case's records, oldest first.
    :returns: whether it may; ``False`` where no threat was ever triaged.
    """
    triaged = next((entry.record for entry in reversed(entries) if isinstance(entry.record, ThreatTriaged)), None)
    return triaged is not None and triaged.inputs.home != "no"


def the_guardians(custody: str) -> tuple[Giver, ...]:
    """CON-7: the guardians by number; where custody is unknown both are reckoned with.

    :param custody: the case fact.
    :returns: one or two.
    """
    return GUARDIANS[:1] if custody in ("one", "specially_appointed", "god_man") else GUARDIANS


def who_must_consent(context: Context) -> tuple[Giver, ...]:
    """CON-7, CON-8: whose consent is needed to lift secrecy; an unknown age or assessment never makes them fewer.

    :param context: age, custody and who disposes.
    :returns: givers in the order they are asked.
    """
    if context.adult or context.disposes == "alone":
        return ("subject",)
    return ("subject", *the_guardians(context.custody))


def who_may_be_asked(context: Context, parents: int = 0) -> tuple[Giver, ...]:
    """CON-7, CON-8, CON-10, THR-13: who is asked, one by one.

    Guardians are not asked where the minor disposes alone and does not let them take part, nor where it can be assumed
    that their learning of it does significant harm, nor where a threat may come from home. Parents of an adult only
    with the person's permission.

    :param context: age, custody, who disposes, and harm.
    :param parents: how many parents the adult person lets take part.
    :returns: givers in the order they are asked.
    """
    if context.adult:
        return ("subject", *(() if context.threat_from_home else PARENTS[:parents]))
    if context.guardians_must_not_learn or (context.disposes == "alone" and context.guardian_allowed != "yes"):
        return ("subject",)
    return ("subject", *the_guardians(context.custody))


def a_guardian_may_have_a_copy(context: Context) -> bool:
    """CON-10, THR-13: a guardian's copy exists only where nothing is secret towards the guardian; unknown is no.

    :param context: age, who disposes, whether guardians take part, and harm.
    :returns: whether there may be one, if it is safe.
    """
    if context.adult or context.age_group == "unknown" or context.harm != "no" or context.threat_from_home:
        return False
    return context.disposes == "together" or (context.disposes == "alone" and context.guardian_allowed == "yes")


def who_may_have_a_copy(entry: Entry, consents: Consents) -> tuple[Giver, ...]:
    """CON-4, CON-10: whose copy of a consent may exist; both what held when it was asked and what holds now count.

    A parent of an adult has none, and none exists of what was written by mistake.

    :param entry: the record of the asking.
    :param consents: the consents of its case as they stand.
    :returns: givers who answered then and whose copy is or may be with them.
    """
    record = entry.record
    if not isinstance(record, ConsentAsked):
        return ()
    then = Context(
        age_group=record.age_group,
        disposes=record.disposes or "unknown",
        guardian_allowed=record.guardian_allowed or "no",
        harm=record.harm or "unknown",
    )
    may = a_guardian_may_have_a_copy(then) and a_guardian_may_have_a_copy(consents.context)
    guardians = the_guardians(consents.context.custody) if may else ()
    settled = {
        said.giver: said.outcome
        for said in (later.record for later in consents.entries)
        if isinstance(said, CopySettled) and said.consent == entry.id
    }
    return tuple(
        answers.giver
        for answers in record.givers
        if settled.get(answers.giver, answers.copy) in ("handed_over", "kept", "owed")
        and answers.giver in ("subject", *guardians)
        and _still_says(consents, entry, answers)
        and not consents.is_mistaken(entry, answers.giver)
    )


def _still_says(consents: Consents, entry: Entry, answers: GiverAnswers) -> bool:
    """Whether a copy would still be true: nothing in it has been taken back, replaced or ended since."""
    said = [line.party for line in answers.lines if line.answer in ("given", "refused", "thinking")]
    stands = [consents.status(answers.giver, party) for party in said]
    if answers.measure is not None:
        stands.append(consents.measure(answers.giver))
    if any(consents.is_partly_withdrawn(answers.giver, party) for party in said):
        return False
    return all(s.entry is not None and s.entry.id == entry.id and s.status != "expired" for s in stands)


def the_longest_a_consent_may_last(
    entries: Sequence[Entry], context: Context, month_of_18: str | None, asked_on: date, policy: Policy
) -> date:
    """CON-15: the last day that may be chosen: never past the configured months, nor past 18, nor without an end.

    :param entries: the case's records, oldest first.
    :param context: the person's age.
    :param month_of_18: what was just said of the month of turning 18; ``None`` for what is on record.
    :param asked_on: the day of the answers.
    :param policy: the configured months.
    :returns: a day.
    """
    longest = months_on(asked_on, policy.consent_longest_months)
    if context.adult:
        return longest
    turns_18 = the_fact_that_stands(entries, "month_of_18")
    said = month_of_18 or (turns_18.value if turns_18 is not None else "")
    month = read_month(said)
    if month is None:
        return min(longest, months_on(asked_on, 6))
    end = month if asked_on < month else months_on(month, 1)
    return max(asked_on, min(longest, end - timedelta(days=1)))


def parties_with_a_conflict(consents: Consents) -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Where those who have a say today say different things about a party; it is shown, never resolved here.

    :param consents: the consents as they stand.
    :returns: by party: those who said yes, and those who said no or took it back.
    """
    heard = (*who_must_consent(consents.context), *who_may_be_asked(consents.context))
    asked = [giver for giver in consents.givers if giver in heard]
    found = {}
    for party in consents.parties:
        said = {giver: consents.status(giver, party).status for giver in asked}
        yes = tuple(giver for giver, status in said.items() if status == "given")
        no = tuple(giver for giver, status in said.items() if status in ("refused", "withdrawn"))
        if yes and no:
            found[party] = (yes, no)
    return found


@dataclass(frozen=True)
class Cover:
    """Whether live consent covers giving one kind of information to one party.

    :ivar covered: whether every giver who must consent has.
    :ivar by_giver: the standing of each of them, in order.
    :ivar until: the last day it holds, where it is covered.
    """

    covered: bool
    by_giver: Mapping[str, Standing]
    until: date | None = None


def the_consent_that_covers(consents: Consents, party: str, kind: str, direction: str = "to") -> Cover:
    """CON-7, CON-13: sharing is covered only where everyone who must consent has, for this kind and direction.

    :param consents: the consents as they stand.
    :param party: the receiver.
    :param kind: the kind of information.
    :param direction: ``to`` gives to the party, ``from`` takes in from it.
    :returns: whether it is covered, and by whom.
    """
    needed = who_must_consent(consents.context)
    by_giver: dict[str, Standing] = {g: consents.status(g, party, kind, direction) for g in needed}
    covered = all(standing.status == "given" for standing in by_giver.values())
    ends = [standing.until for standing in by_giver.values() if standing.until is not None]
    return Cover(covered, by_giver, min(ends, default=None) if covered else None)


def the_parties_shared_with(consents: Consents) -> tuple[str, ...]:
    """The parties that at least one kind of information may be shared with today.

    :param consents: the consents as they stand.
    :returns: parties in the order they were first answered about.
    """
    return tuple(
        party
        for party in consents.parties
        if any(
            the_consent_that_covers(consents, party, kind, direction).covered
            for kind in KINDS
            for direction in DIRECTIONS
        )
    )
