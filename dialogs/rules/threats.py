"""The threat table (``domain.md`` 5): whom to contact, how fast, and what else must be done; pure data, pure functions.

Two scales (THR-12), a table each, one hit policy: *unique*. Exactly one row of a table fits any combination of answers,
which the tests hold every combination to. What else must be done is a list whose rows stand by themselves: each that
fits adds its act. The bot rates no threat (THR-1): every input is what somebody else has said, or that nobody knows.

No source gives times, so which urgency a row gives is an example until a deployment has decided it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Literal, get_args

from dialogs.dates import months_on, read_month
from dialogs.policy import Policy
from dialogs.records.threats import Receiver, ThreatInputs, Urgency
from dialogs.rules.cases import AGES, MINOR_AGES

TABLE = "2026-11-22-2"
"""The version of everything in this file that decides; raised when a row, a rule or an act changes."""

URGENCIES: tuple[Urgency, ...] = get_args(Urgency)
RECEIVERS: tuple[Receiver, ...] = get_args(Receiver)

YES, NO, UNKNOWN = "yes", "no", "unknown"
SKIPPED = "skipped"
"""The question was not on the way: BOPS where no protection is called for, the move where the threat is not high."""

DOMAIN: Mapping[str, tuple[str, ...]] = {
    "danger": (YES, NO, UNKNOWN),
    "concerns": ("subject", "family", "both", UNKNOWN),
    "age": ("minor", "below_limit", "old_enough", UNKNOWN),
    "home": (YES, NO, UNKNOWN),
    "children": (YES, NO, UNKNOWN),
    "told": (YES, NO, UNKNOWN),
    "consent": ("covered", "not_covered"),
    "unit_consent": ("covered", "not_covered"),
    "exit": ("not_asked", "waiting", "no_protection", "protection", "cannot_stay", UNKNOWN),
    "bops": ("not_asked", "waiting", "high", "not_high", UNKNOWN, SKIPPED),
    "move": (YES, NO, UNKNOWN, SKIPPED),
}
"""Every input and every value it can have; the two consents, to the police and to the central unit, are looked up."""

DECIDING = ("danger", "concerns", "age", "told", "exit", "bops", "move")
"""The inputs that the two tables look at."""

_ASKED_AFTER = {"exit": ("bops", "move"), "bops": ("move",)}
"""What is asked only after an answer, and falls away when that becomes another."""

When = Mapping[str, tuple[str, ...]]
"""The inputs a row looks at, and the values that fit; an input that is left out may have any."""


class NotUnique(ValueError):
    """A combination fits no row of a table, or more than one."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row.

    :ivar id: its name, kept with every result.
    :ivar when: what fits it.
    :ivar gives: the urgency, the receiver or the act.
    :ivar rules: the rules it follows from.
    """

    id: str
    when: When
    gives: str
    rules: tuple[str, ...]

    def fits(self, facts: Mapping[str, str]) -> bool:
        """Whether the row fits.

        :param facts: the value of every input.
        :returns: whether all that it looks at fit.
        """
        return all(facts[name] in values for name, values in self.when.items())


_NOT_ENTITLED = ("minor", "below_limit")
_THE_SUBJECT = ("subject", "both")
_NOT_THE_SUBJECT = ("family", UNKNOWN)
_NOT_SAID = ("not_asked", "waiting", SKIPPED)
_MUST_MOVE: When = {"exit": ("protection",), "bops": ("high",), "move": (YES,)}
_TOGETHER: When = {"exit": ("cannot_stay",)}
_ENTITLED: When = {"age": ("old_enough",), "concerns": _THE_SUBJECT}
_SOMEBODY_ELSE: When = {"age": ("old_enough",), "concerns": _NOT_THE_SUBJECT}

WHO: tuple[Row, ...] = (
    Row(id="W1", when={"exit": ("no_protection",)}, gives="case_officer", rules=("THR-1", "THR-4")),
    Row(id="W2", when={"exit": ("not_asked",)}, gives="exit_coordinator", rules=("THR-4",)),
    Row(id="W3", when={"exit": ("waiting",)}, gives="exit_coordinator", rules=("THR-4",)),
    Row(id="W4", when={"exit": (UNKNOWN,)}, gives="exit_coordinator", rules=("THR-4", "THR-12")),
    Row(id="W5", when={"exit": ("protection",), "bops": _NOT_SAID}, gives="bops", rules=("THR-4",)),
    Row(id="W6", when={"exit": ("protection",), "bops": (UNKNOWN,)}, gives="bops", rules=("THR-4", "THR-12")),
    Row(id="W7", when={"exit": ("protection",), "bops": ("not_high",)}, gives="exit_coordinator", rules=("THR-1",)),
    Row(
        id="W8",
        when={"exit": ("protection",), "bops": ("high",), "move": (NO,)},
        gives="bops",
        rules=("THR-1", "THR-5"),
    ),
    Row(
        id="W9",
        when={"exit": ("protection",), "bops": ("high",), "move": (UNKNOWN, SKIPPED)},
        gives="bops",
        rules=("THR-5", "THR-12"),
    ),
    Row(id="W10", when={**_MUST_MOVE, **_ENTITLED}, gives="central_unit", rules=("THR-5",)),
    Row(id="W11", when={**_MUST_MOVE, "age": _NOT_ENTITLED}, gives="bops", rules=("THR-5", "THR-7")),
    Row(id="W12", when={**_MUST_MOVE, "age": (UNKNOWN,)}, gives="bops", rules=("THR-5", "THR-7", "THR-12")),
    Row(id="W13", when={**_TOGETHER, **_ENTITLED}, gives="central_unit", rules=("THR-6",)),
    Row(id="W14", when={**_TOGETHER, "age": _NOT_ENTITLED}, gives="bops", rules=("THR-6", "THR-7")),
    Row(id="W15", when={**_TOGETHER, "age": (UNKNOWN,)}, gives="bops", rules=("THR-6", "THR-7", "THR-12")),
    Row(id="W16", when={**_MUST_MOVE, **_SOMEBODY_ELSE}, gives="bops", rules=("THR-5", "THR-7", "THR-12")),
    Row(id="W17", when={**_TOGETHER, **_SOMEBODY_ELSE}, gives="bops", rules=("THR-6", "THR-7", "THR-12")),
)
"""Whom to contact. W13 to W15 and W17 need the path of THR-6, which a deployment opens by configuration.

The age is the subject's: where the threat is against somebody in the family, it says nothing of theirs (W16, W17).
"""

_NO_DANGER: When = {"danger": (NO,)}
_WAITS: When = {**_NO_DANGER, "exit": ("waiting", "no_protection")}
_NOT_HIGH: When = {**_NO_DANGER, "exit": ("protection",), "bops": ("not_high",)}

HOW_FAST: tuple[Row, ...] = (
    Row(id="H1", when={"danger": (YES,)}, gives="112", rules=("THR-0",)),
    Row(id="H2", when={"danger": (UNKNOWN,)}, gives="112", rules=("THR-0", "THR-12")),
    Row(id="H3", when={**_NO_DANGER, "exit": (UNKNOWN,)}, gives="now", rules=("THR-12",)),
    Row(id="H4", when={**_NO_DANGER, "exit": ("cannot_stay",)}, gives="now", rules=("THR-6",)),
    Row(
        id="H5", when={**_NO_DANGER, "exit": ("protection",), "bops": ("high",)}, gives="now", rules=("THR-3", "THR-5")
    ),
    Row(id="H6", when={**_NO_DANGER, "exit": ("protection",), "bops": (UNKNOWN,)}, gives="now", rules=("THR-12",)),
    Row(id="H7", when={**_NO_DANGER, "exit": ("protection",), "bops": _NOT_SAID}, gives="today", rules=("THR-4",)),
    Row(id="H8", when={**_NO_DANGER, "exit": ("not_asked",)}, gives="today", rules=("THR-4",)),
    Row(id="H9", when={**_WAITS, "told": (NO,)}, gives="today", rules=("THR-2",)),
    Row(id="H10", when={**_WAITS, "told": (UNKNOWN,)}, gives="today", rules=("THR-2", "THR-12")),
    Row(
        id="H11",
        when={**_NO_DANGER, "exit": ("waiting",), "told": (YES,)},
        gives="next_working_day",
        rules=("THR-4",),
    ),
    Row(id="H12", when={**_NO_DANGER, "exit": ("no_protection",), "told": (YES,)}, gives="plan", rules=("THR-2",)),
    Row(id="H13", when={**_NOT_HIGH, "told": (NO,)}, gives="today", rules=("THR-2",)),
    Row(id="H14", when={**_NOT_HIGH, "told": (UNKNOWN,)}, gives="today", rules=("THR-2", "THR-12")),
    Row(id="H15", when={**_NOT_HIGH, "told": (YES,)}, gives="next_working_day", rules=("THR-4",)),
)
"""How fast. An unknown answer gives what the most urgent answer it could stand for gives (THR-12)."""

_SERIOUS: When = {"receiver": ("bops", "central_unit")}
_OUTSIDE: When = {"receiver": ("exit_coordinator", "bops", "central_unit")}
_COVERED: When = {"consent": ("covered",), "concerns": ("subject",)}
"""A consent to tell the police covers what it says of the subject, nothing of the family."""

ALSO: tuple[Row, ...] = (
    Row(id="A1", when={"danger": (YES,)}, gives="call_112", rules=("THR-0",)),
    Row(id="A2", when={"danger": (UNKNOWN,)}, gives="call_112", rules=("THR-0", "THR-12")),
    Row(id="A3", when={"age": ("minor",)}, gives="protect_child", rules=("THR-14",)),
    Row(id="A4", when={"age": (UNKNOWN,)}, gives="protect_child", rules=("THR-14", "THR-12")),
    Row(id="A5", when={"children": (YES,)}, gives="protect_child", rules=("THR-14",)),
    Row(id="A6", when={"children": (UNKNOWN,)}, gives="protect_child", rules=("THR-14", "THR-12")),
    Row(id="A7", when={"told": (NO,), **_COVERED}, gives="tell_police", rules=("THR-2",)),
    Row(id="A8", when={"told": (UNKNOWN,), **_COVERED}, gives="tell_police", rules=("THR-2", "THR-12")),
    Row(id="A9", when={"told": (NO,), "consent": ("not_covered",)}, gives="check_secrecy", rules=("THR-2", "CON-12")),
    Row(
        id="A10",
        when={"told": (UNKNOWN,), "consent": ("not_covered",)},
        gives="check_secrecy",
        rules=("THR-2", "CON-12", "THR-12"),
    ),
    Row(
        id="A25",
        when={"told": (NO,), "concerns": ("family", "both")},
        gives="check_secrecy",
        rules=("THR-2", "CON-12"),
    ),
    Row(
        id="A26",
        when={"told": (NO,), "concerns": (UNKNOWN,)},
        gives="check_secrecy",
        rules=("THR-2", "CON-12", "THR-12"),
    ),
    Row(
        id="A27",
        when={"told": (UNKNOWN,), "concerns": ("family", "both", UNKNOWN)},
        gives="check_secrecy",
        rules=("THR-2", "CON-12", "THR-12"),
    ),
    Row(
        id="A28",
        when={**_OUTSIDE, "consent": ("not_covered",)},
        gives="check_what_to_tell",
        rules=("THR-2", "CON-12"),
    ),
    Row(
        id="A29",
        when={"receiver": ("central_unit",), "unit_consent": ("not_covered",)},
        gives="check_what_to_tell",
        rules=("CON-12", "CON-14"),
    ),
    Row(
        id="A30",
        when={**_OUTSIDE, "concerns": ("family", "both")},
        gives="check_what_to_tell",
        rules=("THR-2", "CON-12"),
    ),
    Row(
        id="A31",
        when={**_OUTSIDE, "concerns": (UNKNOWN,)},
        gives="check_what_to_tell",
        rules=("THR-2", "CON-12", "THR-12"),
    ),
    Row(id="A11", when={}, gives="assess_placement", rules=("THR-3",)),
    Row(id="A12", when={**_SERIOUS, "age": _NOT_ENTITLED}, gives="assess_placement", rules=("THR-7",)),
    Row(id="A13", when={**_SERIOUS, "age": (UNKNOWN,)}, gives="assess_placement", rules=("THR-7", "THR-12")),
    Row(id="A14", when={}, gives="tell_manager", rules=("THR-9",)),
    Row(id="A15", when=_SERIOUS, gives="meet_safely", rules=("THR-10",)),
    Row(id="A16", when={"danger": (YES, UNKNOWN)}, gives="meet_safely", rules=("THR-10",)),
    Row(id="A17", when={}, gives="can_sig_go_on", rules=("THR-2",)),
    Row(
        id="A18",
        when={"receiver": ("case_officer", "exit_coordinator", "bops")},
        gives="ask_the_city",
        rules=("THR-15",),
    ),
    Row(id="A19", when={"receiver": ("central_unit",)}, gives="offer_treatment", rules=("THR-11",)),
    Row(id="A20", when={"concerns": ("subject", "both", UNKNOWN)}, gives="victim_support", rules=("THR-16",)),
    Row(
        id="A21",
        when={"concerns": ("family", "both", UNKNOWN), "home": (NO,)},
        gives="relatives_support",
        rules=("THR-16",),
    ),
    Row(id="A22", when={"home": (YES,)}, gives="nobody_at_home", rules=("THR-13",)),
    Row(id="A23", when={"home": (UNKNOWN,)}, gives="nobody_at_home", rules=("THR-13", "THR-12")),
    Row(id="A24", when={"receiver": ("central_unit",)}, gives="no_visit", rules=("THR-10",)),
)
"""What else must be done, and (the last) whom not to contact; in the order it is shown."""

NOT_CONTACTED = ("nobody_at_home", "no_visit")
"""The acts that are whom not to contact."""

ACTS = tuple(dict.fromkeys(row.gives for row in ALSO))
"""Every act."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something that must be done beside, or must not be done.

    :ivar id: one of :data:`ACTS`.
    :ivar rules: the rules it follows from.
    """

    id: str
    rules: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Change:
    """The nearest other outcome.

    :ivar question: the input that would have to be another.
    :ivar answer: what it would have to be.
    :ivar urgency: how fast it would be then.
    :ivar receiver: whom to contact then.
    """

    question: str
    answer: str
    urgency: Urgency
    receiver: Receiver


@dataclass(frozen=True, kw_only=True)
class Triage:
    """What the table says.

    :ivar inputs: what it was computed from.
    :ivar urgency: how fast.
    :ivar receiver: whom to contact.
    :ivar rows: the row of each table and the rows of the list, by id.
    :ivar rules: their rules, each once.
    :ivar why: the rules of the two tables' rows alone.
    :ivar acts: what else must be done, and whom not to contact.
    :ivar change: the nearest other outcome; ``None`` where no single answer leads to one.
    :ivar raised: what the coordinator raised one step, or ``None``.
    """

    inputs: ThreatInputs
    urgency: Urgency
    receiver: Receiver
    rows: tuple[str, ...]
    rules: tuple[str, ...]
    why: tuple[str, ...]
    acts: tuple[Act, ...]
    change: Change | None
    raised: Literal["urgency", "receiver"] | None = None

    @property
    def unknown(self) -> tuple[str, ...]:
        """The inputs that nobody knows yet, in the order they are asked (THR-12)."""
        return tuple(name for name, value in _facts(self.inputs).items() if value == UNKNOWN)


def the_age_for_exit_work(age_group: str, month_of_18: str | None, today: date, policy: Policy) -> str:
    """THR-5, THR-7: whether a person is a child, old enough for the central unit, or neither (yet known to be).

    Old enough is only who is so by the group and by the month, where that is known. Of a birthday month the day is
    never known: it counts when the month is over. An unknown age is never old enough, and is a child for protection
    (THR-12).

    :param age_group: the case fact.
    :param month_of_18: the case fact ``2026-03``, which goes before the group and tells where it lies across the
        limit; ``None`` if unknown.
    :param today: the day.
    :param policy: the city's age limit.
    :returns: ``minor``, ``below_limit``, ``old_enough`` or ``unknown``.
    """
    month = read_month(month_of_18 or "")
    if age_group in MINOR_AGES or (month is not None and today < month):
        return "minor"
    if age_group not in AGES or (month is not None and today < months_on(month, 1)):
        return UNKNOWN
    since, until = AGES[age_group]
    limit = policy.exit_age_limit
    if month is None:
        return "old_enough" if since >= limit else "below_limit"
    by_month = today >= months_on(month, 12 * (limit - 18) + 1)
    return "old_enough" if by_month and until > limit else "below_limit"


def the_only_row(table: Sequence[Row], facts: Mapping[str, str]) -> Row:
    """The unique row that fits.

    :param table: the table.
    :param facts: the value of every input that it looks at.
    :returns: the row.
    :raises NotUnique: none fits, or more than one.
    """
    fitting = [row for row in table if row.fits(facts)]
    if len(fitting) != 1:
        raise NotUnique(f"{[row.id for row in fitting]} fit {dict(facts)}; exactly one row may")
    return fitting[0]


def triage(inputs: ThreatInputs, policy: Policy) -> Triage:
    """What the table says of these answers.

    It applies THR-0, THR-1, THR-2, THR-3, THR-4, THR-5, THR-6, THR-7, THR-9, THR-10, THR-11, THR-12, THR-13, THR-14,
    THR-15 and THR-16; each row names its own.

    :param inputs: what was answered and looked up.
    :param policy: whether the path of THR-6 is open.
    :returns: whom to contact, how fast, why, what else, and what would change it.
    :raises ValueError: an answer that only the open path of THR-6 has, while that is closed.
    """
    if inputs.exit == "cannot_stay" and not policy.exit_path_open:
        raise ValueError("exit is 'cannot_stay', and the path of THR-6 is closed in this deployment")
    who, how_fast = _decided(inputs)
    return _result(inputs, _urgency(how_fast), _receiver(who), (who, how_fast), _nearest(inputs, policy))


def what_may_be_raised(found: Triage) -> tuple[Literal["urgency", "receiver"], ...]:
    """THR-7, THR-12: the scales that can be raised one step by judgement, once; the age limit is never passed.

    Nor where the threat is not known to be against the subject: the age is theirs.

    :param found: what the table says.
    :returns: ``urgency``, ``receiver``, both or none.
    """
    if found.raised is not None:
        return ()
    may: list[Literal["urgency", "receiver"]] = []
    if found.urgency != URGENCIES[-1]:
        may.append("urgency")
    at = RECEIVERS.index(found.receiver)
    entitled = found.inputs.age == "old_enough" and found.inputs.concerns in _THE_SUBJECT
    if at + 1 < len(RECEIVERS) and (RECEIVERS[at + 1] != "central_unit" or entitled):
        may.append("receiver")
    return tuple(may)


def raise_one_step(found: Triage, what: Literal["urgency", "receiver"]) -> Triage:
    """THR-7, THR-12: one scale one step up by the coordinator's judgement; never lower, never past the age limit.

    :param found: what the table says.
    :param what: which scale.
    :returns: the raised result; what else must be done is worked out anew.
    :raises ValueError: that scale cannot be raised.
    """
    if what not in what_may_be_raised(found):
        raise ValueError(f"{what} cannot be raised from {found.urgency}, {found.receiver}")
    who, how_fast = _decided(found.inputs)
    urgency, receiver = found.urgency, found.receiver
    if what == "urgency":
        urgency = URGENCIES[URGENCIES.index(urgency) + 1]
    else:
        receiver = RECEIVERS[RECEIVERS.index(receiver) + 1]
    return replace(_result(found.inputs, urgency, receiver, (who, how_fast), found.change), raised=what)


def what_would_change_it(inputs: ThreatInputs, policy: Policy) -> tuple[Change, ...]:
    """Every single answer that leads to another outcome (no guess is one: "Vet inte" is left out).

    :param inputs: what was answered.
    :param policy: whether the path of THR-6 is open.
    :returns: the changes, in the order of the questions.
    """
    return _changes_from(_deciding(inputs), policy.exit_path_open)


@lru_cache(maxsize=1024)
def _changes_from(values: tuple[str, ...], path_open: bool) -> tuple[Change, ...]:
    facts = dict(zip(DECIDING, values, strict=True))
    here = tuple(row.gives for row in _rows_for(values))
    found = []
    for name in DECIDING:
        if facts[name] == SKIPPED or (name in ("danger", "concerns", "age") and facts[name] != UNKNOWN):
            continue  # not asked; an age and a person that are known stay; and 112 stands on every screen
        for answer in DOMAIN[name]:
            if answer in (UNKNOWN, SKIPPED, facts[name]) or (answer == "cannot_stay" and not path_open):
                continue
            if answer in _NOT_SAID and facts[name] not in _NOT_SAID:
                continue  # what somebody has said is not unsaid, and who finds out does not find that nobody has
            other = {**facts, name: answer} | dict.fromkeys(_ASKED_AFTER.get(name, ()), SKIPPED)
            who, how_fast = _rows_for(tuple(other.values()))
            if (who.gives, how_fast.gives) != here:
                found.append(Change(question=name, answer=answer, urgency=_urgency(how_fast), receiver=_receiver(who)))
    return tuple(found)


def what_comes_first_when_staff_are_threatened(manager: str, police: str, routine: str, sig: str) -> tuple[str, ...]:
    """THR-8: own safety first, then the manager and the local routine; three decide whether SIG can go on.

    :param manager: whether the manager knows: ``yes``, ``no`` or ``unknown``, which counts as no.
    :param police: whether the police know.
    :param routine: whether the local routine is followed.
    :param sig: what has been concluded of SIG.
    :returns: what to do, in that order.
    """
    return (
        "own_safety",
        *(("manager",) if manager != YES else ()),
        *(("police",) if police != YES else ()),
        *(("routine",) if routine != YES else ()),
        "ends" if sig == "ends" else "three_decide",
    )


def inputs_from(facts: Mapping[str, str]) -> ThreatInputs:
    """Inputs from plain words.

    :param facts: a value for every input; :data:`SKIPPED` ones are left out.
    :returns: the inputs, read strictly.
    :raises BadRecord: a value that is none of :data:`DOMAIN`.
    """
    return ThreatInputs.from_payload({name: value for name, value in facts.items() if value != SKIPPED})


def _facts(inputs: ThreatInputs) -> dict[str, str]:
    return {name: getattr(inputs, name) or SKIPPED for name in DOMAIN}


def _deciding(inputs: ThreatInputs) -> tuple[str, ...]:
    facts = _facts(inputs)
    return tuple(facts[name] for name in DECIDING)


def _decided(inputs: ThreatInputs) -> tuple[Row, Row]:
    return _rows_for(_deciding(inputs))


@lru_cache(maxsize=32768)  # there are 20,736 combinations, and a card asks for a dozen of them
def _rows_for(values: tuple[str, ...]) -> tuple[Row, Row]:
    facts = dict(zip(DECIDING, values, strict=True))
    return the_only_row(WHO, facts), the_only_row(HOW_FAST, facts)


def _nearest(inputs: ThreatInputs, policy: Policy) -> Change | None:
    """The nearest change that raises and lowers neither scale, which is the one to watch for; else the nearest."""
    who, how_fast = _decided(inputs)
    receiver, urgency = RECEIVERS.index(_receiver(who)), URGENCIES.index(_urgency(how_fast))

    def steps(change: Change) -> tuple[bool, int, int]:
        up = URGENCIES.index(change.urgency) - urgency
        on = RECEIVERS.index(change.receiver) - receiver
        return up < 0 or on < 0, abs(up) + abs(on), -(up + on)

    return min(what_would_change_it(inputs, policy), key=steps, default=None)


def _result(
    inputs: ThreatInputs, urgency: Urgency, receiver: Receiver, decided: tuple[Row, Row], change: Change | None
) -> Triage:
    facts = {**_facts(inputs), "receiver": receiver}
    also, acts = _also_for(tuple(facts[name] for name in _BESIDE))
    rows = (*decided, *also)
    return Triage(
        inputs=inputs,
        urgency=urgency,
        receiver=receiver,
        rows=tuple(row.id for row in rows),
        rules=tuple(dict.fromkeys(rule for row in rows for rule in row.rules)),
        why=tuple(dict.fromkeys(rule for row in decided for rule in row.rules)),
        acts=acts,
        change=change,
    )


_BESIDE = tuple(dict.fromkeys(name for row in ALSO for name in row.when))
"""What the list looks at: inputs, and the receiver."""


@lru_cache(maxsize=32768)  # as many combinations as of what decides
def _also_for(values: tuple[str, ...]) -> tuple[tuple[Row, ...], tuple[Act, ...]]:
    facts = dict(zip(_BESIDE, values, strict=True))
    also = tuple(row for row in ALSO if row.fits(facts))
    acts: dict[str, tuple[str, ...]] = {}
    for row in also:
        acts[row.gives] = tuple(dict.fromkeys((*acts.get(row.gives, ()), *row.rules)))
    return also, tuple(Act(id=act, rules=rules) for act, rules in acts.items())


def _urgency(row: Row) -> Urgency:
    return next(urgency for urgency in URGENCIES if urgency == row.gives)


def _receiver(row: Row) -> Receiver:
    return next(receiver for receiver in RECEIVERS if receiver == row.gives)
