"""Consent as it stands and what it means (CON-1 … CON-15): a table a rule, every combination, what never moves.

The tables say the rules by hand; nothing in them is computed by what they test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from dialogs.arende import page
from dialogs.policy import PARTIES, Policy
from dialogs.records import (
    CaseClosed,
    CaseFact,
    CaseReopened,
    ConsentAsked,
    ConsentCorrected,
    ConsentWithdrawn,
    CopySettled,
    Record,
    TalkHeld,
    Transferred,
)
from dialogs.rules.conditions import (
    Change,
    an_exit_referral_lacks,
    parties_to_be_told,
    sigs_conditions,
    the_measure_may_be_given,
    the_police_consent_was_withdrawn,
    what_is_due,
    what_must_be_asked_again,
)
from dialogs.rules.consents import (
    DIRECTIONS,
    KINDS,
    PARENTS_PARTY,
    STATUSES,
    Consents,
    Context,
    a_guardian_may_have_a_copy,
    context_of,
    parties_with_a_conflict,
    the_age_now,
    the_consent_that_covers,
    the_longest_a_consent_may_last,
    the_parties_shared_with,
    who_may_be_asked,
    who_may_have_a_copy,
    who_must_consent,
)
from dialogs.rules.transfers import notice_of, what_was_transferred
from dialogs.texts import say
from tests.talk import MONDAY, OURS, Kept, a_world

TODAY = MONDAY.date()  # 23 November 2026
ASKED, ENDS = "2026-11-02", "2027-05-02"
POLICY = Policy()

AGES = ("under_12", "12_14", "15_17", "18_20", "21_29", "unknown")
MINORS = ("under_12", "12_14", "15_17", "unknown")
"""An unknown age is treated as a minor's."""
CUSTODY = ("one", "two", "specially_appointed", "god_man", "unknown")
DISPOSES = ("together", "alone", "unknown", None)
SUBJECT, ONE, TWO = "subject", "guardian_1", "guardian_2"
EIGHT = ("given", "refused", "thinking", "not_reached", "not_asked", "withdrawn", "expired", "mistaken")

Line = dict[str, Any]


# ── records, written short ───────────────────────────────────────────────────────────────────────────────────


def id_of(number: int) -> str:
    return f"{number:08x}-0000-7000-8000-000000000000"


def kept(*records: Record, said_on: date = TODAY) -> list[Kept]:
    """On the shelf in this order; the first has ``id_of(1)``."""
    return [Kept(record, id=id_of(number), said_on=said_on) for number, record in enumerate(records, 1)]


def standing(*records: Record, on: str | None = None) -> Consents:
    return Consents(kept(*records), TODAY if on is None else date.fromisoformat(on))


def yes(party: str = "police", *kinds: str, direction: str = "both") -> Line:
    return {"party": party, "answer": "given", "kinds": list(kinds) or ["planning", "crime"], "direction": direction}


def other(answer: str, party: str = "police") -> Line:
    return {"party": party, "answer": answer}


def no(party: str = "police") -> Line:
    return other("refused", party)


def says(giver: str, *lines: Line, **more: str) -> Line:
    return {"giver": giver, **({"lines": list(lines)} if lines else {}), **more}


def asked(*givers: Line, on: str = ASKED, until: str | None = ENDS, age: str = "21_29", **more: str) -> ConsentAsked:
    end = {} if until is None else {"valid_until": until}
    payload = {"case": OURS, "asked_on": on, "age_group": age, **end, **more, "givers": list(givers)}
    return ConsentAsked.from_payload(payload)


def asked_of_minor(*givers: Line, until: str | None = ENDS, **more: str) -> ConsentAsked:
    """Asked of a person of 15 to 17 who disposes together with the guardians, nothing being secret towards them."""
    return asked(*givers, until=until, **{"age": "15_17", "disposes": "together", "harm": "no", **more})


def takes_back(giver: str, *parties: str, on: str = "2026-11-16", kinds: Sequence[str] = (), **more: str) -> Record:
    payload: Line = {"case": OURS, "withdrawn_on": on, "giver": giver, "how": "meeting", **more}
    payload |= {"parties": list(parties)} if parties else {}
    return ConsentWithdrawn.from_payload(payload | ({"kinds": list(kinds)} if kinds else {}))


def wrong(number: int, giver: str | None = None) -> ConsentCorrected:
    """The record with this number was a mistake: what it says of one giver, or all of it."""
    payload = {"case": OURS, "corrects": id_of(number), "about_day": ASKED, "reason": "mistyped"}
    return ConsentCorrected.from_payload(payload | ({} if giver is None else {"giver": giver}))


def fact(name: str, value: str) -> CaseFact:
    return CaseFact.from_payload({"case": OURS, "fact": name, "value": value})


CLOSED = CaseClosed.from_payload({"case": OURS, "reason": "moved"})
REOPENED = CaseReopened.from_payload({"case": OURS, "reason": "came_back"})
ADULT = fact("age_group", "21_29")
MINOR = fact("age_group", "15_17")
TWO_GUARDIANS = fact("custody", "two")
ONE_GUARDIAN = fact("custody", "one")

EVERYONE_YES = tuple(says(giver, yes(), measure="given") for giver in (SUBJECT, ONE, TWO))


def covered(consents: Consents, party: str = "police", kind: str = "planning", direction: str = "to") -> bool:
    return the_consent_that_covers(consents, party, kind, direction).covered


# ── CON-1: the police is an absolute condition ───────────────────────────────────────────────────────────────

CON_1 = (
    ([ADULT, asked(says(SUBJECT, yes()))], True, "the adult has said yes"),
    ([ADULT], False, "nobody was asked"),
    ([ADULT, asked(says(SUBJECT, no()))], False, "the adult has said no"),
    ([ADULT, asked(says(SUBJECT, yes("school")))], False, "a yes to the school is none to the police"),
    ([ADULT, asked(says(SUBJECT, measure="given"))], False, "a yes to the measure lifts no secrecy"),
    ([ADULT, asked(says("parent_1", yes()))], False, "a parent's yes is not the adult's"),
    ([MINOR, ONE_GUARDIAN, asked_of_minor(says(SUBJECT, yes()))], False, "the guardian is lacking"),
    ([MINOR, ONE_GUARDIAN, asked_of_minor(says(SUBJECT, yes()), says(ONE, yes()))], True, "both have said yes"),
    ([MINOR, TWO_GUARDIANS, asked_of_minor(says(SUBJECT, yes()), says(ONE, yes()))], False, "the second is lacking"),
    (
        [
            MINOR,
            ONE_GUARDIAN,
            asked_of_minor(says(SUBJECT, yes("police", "crime")), says(ONE, yes("police", "health"))),
        ],
        False,
        "they have said yes to different things, so nothing may be shared",
    ),
    (
        [
            MINOR,
            ONE_GUARDIAN,
            asked_of_minor(says(SUBJECT, yes(direction="to")), says(ONE, yes(direction="from"))),
        ],
        False,
        "they have said yes to different directions",
    ),
)


@pytest.mark.parametrize(("records", "met", "why"), CON_1)
def test_con_1_without_consent_towards_the_police_the_condition_is_lacking(
    records: list[Record], met: bool, why: str
) -> None:
    """CON-1."""
    for group in ("youth", "young_adult", None):
        conditions = sigs_conditions(standing(*records), group, POLICY)
        assert conditions.police == met, why
        assert met or not conditions.met, why


# ── CON-2: the others are sought; for unga vuxna they are a condition too ────────────────────────────────────

POLICE_YES = says(SUBJECT, yes(), measure="given")
CON_2 = (
    ([POLICE_YES], "youth", (), "for unga the others are sought, not required"),
    ([says(SUBJECT, yes(), no("school"), measure="given")], "youth", (), "nor is a no of theirs an obstacle"),
    ([POLICE_YES], "young_adult", ("others",), "for unga vuxna the police alone is not enough"),
    ([says(SUBJECT, yes(), yes("school"))], "young_adult", (), "one other, and no other is missing"),
    ([says(SUBJECT, yes(), yes("school"), no("bup"))], "young_adult", ("bup",), "the one that said no is named"),
    ([says(SUBJECT, yes(), other("thinking", "bup"))], "young_adult", ("bup",), "so is one that is thought about"),
    ([says(SUBJECT, yes(), yes(PARENTS_PARTY))], "young_adult", ("others",), "parents are no authority"),
    ([POLICE_YES], None, ("others",), "an unknown group is held to the stricter condition"),
    ([says(SUBJECT, yes("school"))], "young_adult", (), "the police is CON-1's, never missing among the others"),
)


@pytest.mark.parametrize(("givers", "group", "missing", "why"), CON_2)
def test_con_2_for_unga_vuxna_the_others_that_are_missing_are_named(
    givers: list[Line], group: Any, missing: tuple[str, ...], why: str
) -> None:
    """CON-2."""
    conditions = sigs_conditions(standing(ADULT, asked(*givers)), group, POLICY)
    assert conditions.others_missing == missing, why
    assert not (missing and conditions.met), why


# ── CON-3: which kind, to which party, by whom, in which direction, until when ───────────────────────────────

SCHOOL_TO = asked(says(SUBJECT, yes("school", "planning", "occupation", direction="to")))
CON_3 = (
    ([SCHOOL_TO], (SUBJECT, "school", "planning", "to"), "given", "what was said"),
    ([SCHOOL_TO], (SUBJECT, "school", "occupation", "to"), "given", "each kind that was named"),
    ([SCHOOL_TO], (SUBJECT, "school", "health", "to"), "not_asked", "another kind"),
    ([SCHOOL_TO], (SUBJECT, "school", "planning", "from"), "not_asked", "the other direction"),
    ([SCHOOL_TO], (SUBJECT, "bup", "planning", "to"), "not_asked", "another party"),
    ([SCHOOL_TO], (ONE, "school", "planning", "to"), "not_asked", "another giver"),
    ([asked(says(SUBJECT, yes("school")))], (SUBJECT, "school", "planning", "to"), "given", "both covers to"),
    ([asked(says(SUBJECT, yes("school")))], (SUBJECT, "school", "planning", "from"), "given", "and from"),
    (
        [SCHOOL_TO, asked(says(SUBJECT, yes("school", "health")), on="2026-11-09")],
        (SUBJECT, "school", "health", "to"),
        "given",
        "a restatement replaces: the new kind",
    ),
    (
        [SCHOOL_TO, asked(says(SUBJECT, yes("school", "health")), on="2026-11-09")],
        (SUBJECT, "school", "planning", "to"),
        "not_asked",
        "a restatement replaces: no kind of the old one is left",
    ),
    (
        [SCHOOL_TO, asked(says(SUBJECT, yes("bup")), on="2026-11-09")],
        (SUBJECT, "school", "planning", "to"),
        "given",
        "what is said of another party replaces nothing",
    ),
    (
        [SCHOOL_TO, asked(says(ONE, no("school")), on="2026-11-09")],
        (SUBJECT, "school", "planning", "to"),
        "given",
        "nor what another giver says",
    ),
    (
        [asked(says(SUBJECT, yes("school", "health")), on="2026-11-09"), SCHOOL_TO],
        (SUBJECT, "school", "planning", "to"),
        "not_asked",
        "the latest day stands, not the latest written",
    ),
    (
        [SCHOOL_TO, asked(says(SUBJECT, other("thinking", "school")), on="2026-11-09")],
        (SUBJECT, "school", "planning", "to"),
        "thinking",
        "who thinks again has not said yes now",
    ),
    (
        [SCHOOL_TO, asked(says(SUBJECT, other("not_reached", "school")), on="2026-11-09")],
        (SUBJECT, "school", "planning", "to"),
        "given",
        "nobody was reached, so nobody said anything else",
    ),
)


@pytest.mark.parametrize(("records", "of", "status", "why"), CON_3)
def test_con_3_a_consent_is_for_a_kind_a_party_a_giver_and_a_direction(
    records: list[Record], of: tuple[str, str, str, str], status: str, why: str
) -> None:
    """CON-3."""
    consents = standing(ADULT, *records)
    assert consents.status(*of).status == status, why
    if of[0] == SUBJECT:
        assert covered(consents, *of[1:]) == (status == "given"), why


def test_con_3_what_stands_is_named_with_its_kinds_its_direction_and_its_last_day() -> None:
    """CON-3."""
    consents = standing(ADULT, SCHOOL_TO, takes_back(SUBJECT, "school", kinds=["occupation"]))
    assert consents.kinds(SUBJECT, "school") == ("planning",)
    assert consents.direction(SUBJECT, "school") == "to"
    cover = the_consent_that_covers(consents, "school", "planning")
    assert (cover.covered, list(cover.by_giver), cover.until) == (True, [SUBJECT], date(2027, 5, 2))
    assert consents.last_scope(SUBJECT, "school") == (("planning",), "to")
    assert consents.kinds(SUBJECT, "police") == ()
    assert consents.direction(SUBJECT, "police") is None


def test_con_3_the_shortest_of_those_that_cover_is_the_last_day() -> None:
    """CON-3, CON-7."""
    first = asked_of_minor(says(SUBJECT, yes()), until="2027-02-01")
    consents = standing(MINOR, ONE_GUARDIAN, first, asked_of_minor(says(ONE, yes()), until="2027-01-01"))
    assert the_consent_that_covers(consents, "police", "crime").until == date(2027, 1, 1)


# ── CON-5: taken back, whole or in part ──────────────────────────────────────────────────────────────────────

BROAD = asked(says(SUBJECT, yes("police", "planning", "crime"), yes("school", "planning"), measure="given"))
CON_5: tuple[tuple[list[Record], set[tuple[str, str]], str], ...] = (
    ([takes_back(SUBJECT, "police", "school")], set(), "the whole"),
    ([takes_back(SUBJECT, "school")], {("police", "planning"), ("police", "crime")}, "part by party"),
    ([takes_back(SUBJECT, "police", kinds=["crime"])], {("police", "planning"), ("school", "planning")}, "by kind"),
    (
        [takes_back(SUBJECT, "police", "school", kinds=["planning"])],
        {("police", "crime")},
        "a kind towards several parties",
    ),
    (
        [takes_back(SUBJECT, "police", kinds=["crime"]), takes_back(SUBJECT, "police", kinds=["planning"])],
        {("school", "planning")},
        "kind by kind until nothing is left",
    ),
    (
        [takes_back(SUBJECT, "police", kinds=["health"])],
        {("police", "planning"), ("police", "crime"), ("school", "planning")},
        "what was never given cannot be taken back",
    ),
    (
        [takes_back(ONE, "police")],
        {("police", "planning"), ("police", "crime"), ("school", "planning")},
        "another's answer stands",
    ),
    (
        [takes_back(SUBJECT, measure="withdrawn")],
        {("police", "planning"), ("police", "crime"), ("school", "planning")},
        "the measure is another consent",
    ),
    ([asked(says(SUBJECT, no()), on="2026-11-16")], {("school", "planning")}, "a no after a yes takes it back"),
    ([takes_back(SUBJECT, "police", on="2026-10-01")], {("school", "planning")}, "never before the yes it takes back"),
    (
        [takes_back(SUBJECT, "police"), asked(says(SUBJECT, yes("police", "crime")), on="2026-11-20")],
        {("police", "crime"), ("school", "planning")},
        "a new yes counts from its own day",
    ),
    (
        [takes_back(SUBJECT, "police"), asked(says(SUBJECT, yes("police", "crime")), on="2026-11-10")],
        {("school", "planning")},
        "a yes from before it, written late, is taken back too",
    ),
    (
        [takes_back(SUBJECT, "police"), asked(says(SUBJECT, yes("police", "crime")), on="2026-11-16")],
        {("police", "crime"), ("school", "planning")},
        "on one day, what was written last",
    ),
)


@pytest.mark.parametrize(("records", "left", "why"), CON_5)
def test_con_5_a_consent_is_taken_back_wholly_or_partly(
    records: list[Record], left: set[tuple[str, str]], why: str
) -> None:
    """CON-5."""
    consents = standing(ADULT, BROAD, *records)
    shared = {(party, kind) for party in PARTIES for kind in KINDS if covered(consents, party, kind)}
    assert shared == left, why
    assert set(the_parties_shared_with(consents)) == {party for party, _ in left}, why


@pytest.mark.parametrize(
    ("records", "partly", "status", "why"),
    [
        ([], False, "given", "nothing was taken back"),
        ([takes_back(SUBJECT, "police", kinds=["crime"])], True, "given", "some of it"),
        ([takes_back(SUBJECT, "police")], False, "withdrawn", "all of it is not partly"),
        ([takes_back(SUBJECT, "police", kinds=["planning", "crime"])], False, "withdrawn", "every kind is all of it"),
    ],
)
def test_con_5_partly_is_something_else_than_wholly(records: list[Record], partly: bool, status: str, why: str) -> None:
    """CON-5, CON-13."""
    consents = standing(ADULT, BROAD, *records)
    assert consents.is_partly_withdrawn(SUBJECT, "police") == partly, why
    assert consents.status(SUBJECT, "police").status == status, why


def test_con_5_the_measure_is_taken_back_by_itself() -> None:
    """CON-5, CON-9."""
    consents = standing(ADULT, BROAD, takes_back(SUBJECT, measure="withdrawn"))
    assert consents.measure(SUBJECT).status == "withdrawn"
    assert standing(ADULT, BROAD, takes_back(SUBJECT, "police", "school")).measure(SUBJECT).status == "given"


def test_con_5_nothing_is_taken_back_before_it_was_given() -> None:
    """CON-5: the first day that a withdrawal may have."""
    later = asked(says(SUBJECT, yes("bup")), on="2026-11-09")
    assert standing(ADULT, later, BROAD).since(SUBJECT) == date(2026, 11, 2)
    assert standing(ADULT).since(SUBJECT) == TODAY


def test_con_5_what_was_handed_over_and_is_taken_back_leaves_a_notice() -> None:
    """CON-5, CON-13."""
    handed = Transferred.from_payload({"case": OURS, "bundle": 1, "records": [id_of(2)]})
    entries = kept(ADULT, BROAD, handed)
    assert what_was_transferred(entries) == {id_of(2)}
    assert what_was_transferred(entries[:2]) == frozenset()
    notice = notice_of(entries[1], "withdrawn")
    assert notice.payload() == {"case": OURS, "changes": id_of(2), "about_day": ASKED, "because": "withdrawn"}


# ── CON-6, DEC-2: the police consent taken back ──────────────────────────────────────────────────────────────

MINORS_YES = asked_of_minor(*EVERYONE_YES)
ALONE_YES = asked_of_minor(*EVERYONE_YES, disposes="alone", guardian_allowed="yes")
CON_6: tuple[tuple[list[Record], list[int], str], ...] = (
    ([ADULT, BROAD, takes_back(SUBJECT, "police")], [3], "by the adult"),
    ([ADULT, BROAD, takes_back(SUBJECT, "police", kinds=["planning", "crime"])], [3], "every kind is all of it"),
    ([ADULT, BROAD, asked(says(SUBJECT, no()), on="2026-11-16")], [3], "a no after a yes is a withdrawal"),
    ([ADULT, BROAD, takes_back(SUBJECT, "police", kinds=["crime"])], [], "some kinds: sharing goes on with others"),
    ([ADULT, BROAD, takes_back(SUBJECT, "school")], [], "another party"),
    ([ADULT, asked(says(SUBJECT, no()))], [], "a no from the start is no withdrawal"),
    ([MINOR, TWO_GUARDIANS, MINORS_YES, takes_back(TWO, "police")], [4], "by a guardian who is required"),
    ([MINOR, TWO_GUARDIANS, MINORS_YES, takes_back(SUBJECT, "police")], [4], "by the young person"),
    ([MINOR, ONE_GUARDIAN, MINORS_YES, takes_back(TWO, "police")], [], "by one who is no guardian"),
    ([MINOR, TWO_GUARDIANS, ALONE_YES, takes_back(TWO, "police")], [], "the minor disposes alone: not required"),
    (
        [MINOR, TWO_GUARDIANS, MINORS_YES, takes_back(ONE, "police"), takes_back(TWO, "police")],
        [4, 5],
        "each withdrawal that stands",
    ),
    (
        [ADULT, BROAD, takes_back(SUBJECT, "police"), asked(says(SUBJECT, yes()), on="2026-11-20")],
        [],
        "given again",
    ),
    (
        [ADULT, BROAD, takes_back(SUBJECT, "police"), asked(says(SUBJECT, no()), on="2026-11-20")],
        [4],
        "said no again: it still waits",
    ),
    (
        [ADULT, BROAD, takes_back(SUBJECT, "police"), asked(says(SUBJECT, other("not_reached")), on="2026-11-20")],
        [3],
        "not reached since: it still waits",
    ),
    ([ADULT, BROAD, takes_back(SUBJECT, "police"), wrong(3)], [], "the withdrawal was written by mistake"),
    (
        [ADULT, BROAD, takes_back(SUBJECT, "police"), asked(says(SUBJECT, other("thinking")), on="2026-11-20")],
        [3],
        "thinks about it again: it still waits",
    ),
    (
        [ADULT, BROAD, takes_back(SUBJECT, "police"), asked(says(SUBJECT, yes()), on="2026-11-20"), wrong(4)],
        [3],
        "the new yes was a mistake: it still waits",
    ),
)


@pytest.mark.parametrize(("records", "by", "why"), CON_6)
def test_con_6_who_is_required_and_takes_back_the_police_stops_sharing_and_a_decision_is_awaited(
    records: list[Record], by: list[int], why: str
) -> None:
    """CON-6, DEC-2."""
    entries = kept(*records)
    consents = Consents(entries, TODAY)
    assert [entry.id for entry in the_police_consent_was_withdrawn(consents)] == [id_of(n) for n in by], why
    due = [due for due in what_is_due(entries, TODAY, POLICY) if due.kind == "decision_awaited"]
    assert [one.entry.id for one in due if one.entry] == [id_of(n) for n in by], why
    assert all(one.rules == ("CON-6", "DEC-2") and one.by is None and one.giver is None for one in due)
    if by:
        assert not consents.is_covered("police"), why
        assert not sigs_conditions(consents, "youth", POLICY).police, why


def test_con_6_the_decision_is_awaited_still_when_the_person_thinks_again_about_it() -> None:
    """CON-6, DEC-2: thinking is no yes; only the case officer, or a new yes, takes the decision off the list."""
    thinks = asked(says(SUBJECT, other("thinking")), on="2026-11-20")
    entries = kept(ADULT, BROAD, takes_back(SUBJECT, "police"), thinks)
    assert "decision_awaited" in [due.kind for due in what_is_due(entries, TODAY, POLICY)]


# ── CON-7, CON-8: whose consent is needed, and who is asked ──────────────────────────────────────────────────

TOGETHER_NEEDED = {
    "one": (SUBJECT, ONE),
    "specially_appointed": (SUBJECT, ONE),
    "god_man": (SUBJECT, ONE),
    "two": (SUBJECT, ONE, TWO),
    "unknown": (SUBJECT, ONE, TWO),
}
"""By custody: a minor's needed givers, unless the minor disposes alone. Unknown custody is reckoned as two."""


def needed_givers(age: str, custody: str, disposes: str | None) -> tuple[str, ...]:
    """``domain.md`` CON-7 and CON-8 in a line; an unknown age is a minor's, an unknown assessment is no "alone"."""
    if age not in MINORS or disposes == "alone":
        return (SUBJECT,)
    return TOGETHER_NEEDED[custody]


@pytest.mark.parametrize("age", AGES)
@pytest.mark.parametrize("custody", CUSTODY)
def test_con_7_whose_consent_is_needed_follows_from_age_custody_and_who_disposes(age: str, custody: str) -> None:
    """CON-7, CON-8: whatever is said of harm, and of whether a guardian may take part."""
    for disposes, allowed, harm in product(DISPOSES, ("yes", "no", None), ("yes", "no", "unknown", None)):
        more = {"disposes": disposes, "guardian_allowed": allowed, "harm": harm}
        record = asked(says(SUBJECT, no()), age=age, **{name: said for name, said in more.items() if said is not None})
        context = context_of(kept(fact("age_group", age), fact("custody", custody), record), TODAY)
        assert who_must_consent(context) == needed_givers(age, custody, disposes), (disposes, allowed, harm)


CON_7 = (
    ("15_17", "two", "together", "no", "no", (SUBJECT, ONE, TWO), "two guardians are asked one by one"),
    ("15_17", "one", "together", "no", "no", (SUBJECT, ONE), "one guardian"),
    ("15_17", "specially_appointed", "together", "no", "no", (SUBJECT, ONE), "a guardian specially appointed"),
    ("15_17", "god_man", "together", "no", "no", (SUBJECT, ONE), "a god man in a guardian's place"),
    ("15_17", "unknown", "together", "no", "no", (SUBJECT, ONE, TWO), "unknown custody: both are reckoned with"),
    ("15_17", "two", "alone", "no", "no", (SUBJECT,), "alone: no guardian unless the young person lets them"),
    ("15_17", "two", "alone", "yes", "no", (SUBJECT, ONE, TWO), "alone, and lets them take part"),
    ("15_17", "two", "unknown", "no", "no", (SUBJECT, ONE, TWO), "who disposes is not assessed: they are asked"),
    ("12_14", "two", "alone", "no", "no", (SUBJECT,), "no fixed age: also under 15"),
    ("unknown", "two", "together", "no", "no", (SUBJECT, ONE, TWO), "an unknown age is a minor's"),
    ("15_17", "two", "together", "no", "yes", (SUBJECT,), "CON-10: significant harm, so no guardian is asked"),
    ("15_17", "two", "alone", "yes", "yes", (SUBJECT,), "CON-10: not even where the young person lets them"),
    ("15_17", "two", "together", "no", "unknown", (SUBJECT, ONE, TWO), "harm is not assessed"),
    ("18_20", "two", "together", "yes", "no", (SUBJECT,), "CON-8: an adult has no guardian"),
    ("21_29", "unknown", "unknown", "no", "unknown", (SUBJECT,), "CON-8: whatever is unknown"),
)


@pytest.mark.parametrize(("age", "custody", "disposes", "allowed", "harm", "who", "why"), CON_7)
def test_con_7_who_is_asked(
    age: str, custody: str, disposes: str, allowed: str, harm: str, who: tuple[str, ...], why: str
) -> None:
    """CON-7, CON-10."""
    context = Context(age_group=age, custody=custody, disposes=disposes, guardian_allowed=allowed, harm=harm)
    assert who_may_be_asked(context) == who, why


@pytest.mark.parametrize(
    ("age", "parents", "who", "why"),
    [
        ("18_20", 0, (SUBJECT,), "parents only with the person's permission"),
        ("18_20", 1, (SUBJECT, "parent_1"), "one parent whom the person lets take part"),
        ("21_29", 2, (SUBJECT, "parent_1", "parent_2"), "and two"),
        ("15_17", 2, (SUBJECT, ONE, TWO), "a minor has guardians"),
    ],
)
def test_con_8_parents_of_an_adult_are_asked_only_with_permission(
    age: str, parents: int, who: tuple[str, ...], why: str
) -> None:
    """CON-8."""
    assert who_may_be_asked(Context(age_group=age, custody="two"), parents) == who, why


@pytest.mark.parametrize("age", AGES)
def test_thr_13_nobody_at_home_is_asked_where_a_threat_may_come_from_there(age: str) -> None:
    """THR-13: neither guardians nor parents, whoever lets them take part."""
    for disposes, allowed, harm in product(("together", "alone", "unknown"), ("yes", "no"), ("yes", "no", "unknown")):
        context = Context(
            age_group=age,
            custody="two",
            disposes=disposes,
            guardian_allowed=allowed,
            harm=harm,
            threat_from_home=True,
        )
        assert who_may_be_asked(context, 2) == (SUBJECT,), (disposes, allowed, harm)


def test_con_8_a_parents_answer_neither_opens_nor_closes() -> None:
    """CON-8: the person's own answer decides."""
    for line in (yes(), no(), other("thinking")):
        opened = standing(ADULT, asked(says(SUBJECT, yes()), says("parent_1", line)))
        assert covered(opened)
        assert parties_with_a_conflict(opened) == {}
        assert not covered(standing(ADULT, asked(says(SUBJECT, no()), says("parent_1", line))))


@pytest.mark.parametrize(
    ("givers", "conflict", "why"),
    [
        ([says(SUBJECT, yes()), says(ONE, yes())], {}, "agreed"),
        ([says(SUBJECT, yes()), says(ONE, other("thinking"))], {}, "who thinks has not said no"),
        ([says(SUBJECT, yes()), says(ONE, no())], {"police": ((SUBJECT,), (ONE,))}, "yes against no"),
        ([says(SUBJECT, no()), says(ONE, yes())], {"police": ((ONE,), (SUBJECT,))}, "no against yes"),
        (
            [says(SUBJECT, yes()), says(ONE, yes()), says(TWO, no(), yes("school"))],
            {"police": ((SUBJECT, ONE), (TWO,))},
            "two against one settles nothing",
        ),
    ],
)
def test_con_7_a_conflict_is_shown_and_never_resolved(
    givers: list[Line], conflict: Mapping[str, object], why: str
) -> None:
    """CON-7."""
    consents = standing(MINOR, TWO_GUARDIANS, asked_of_minor(*givers))
    assert parties_with_a_conflict(consents) == conflict, why
    assert not consents.is_covered("police"), why


@pytest.mark.parametrize(
    ("records", "conflict", "why"),
    [
        ({"disposes": "alone"}, {}, "who is kept out has no say"),
        ({"disposes": "alone", "guardian_allowed": "yes"}, {"police": ((SUBJECT,), (ONE,))}, "who takes part is heard"),
        ({"harm": "yes"}, {"police": ((SUBJECT,), (ONE,))}, "who must consent has a say, also where nobody may ask"),
    ],
)
def test_con_7_only_those_who_have_a_say_today_make_a_conflict(
    records: dict[str, str], conflict: Mapping[str, object], why: str
) -> None:
    """CON-7, CON-8."""
    said = asked_of_minor(says(SUBJECT, yes()), says(ONE, no()), **records)
    assert parties_with_a_conflict(standing(MINOR, TWO_GUARDIANS, said)) == conflict, why
    of_age = asked(says(SUBJECT, yes()), on="2026-11-20")
    assert parties_with_a_conflict(standing(MINOR, TWO_GUARDIANS, said, ADULT, of_age)) == {}, "nor once of age"


# ── CON-9: the measure ───────────────────────────────────────────────────────────────────────────────────────

ANSWERS = ("given", "refused", "thinking", "withdrawn", "mistaken", "not_asked")
NO = ("refused", "withdrawn")
GUARDIANS_SAY = {
    "all_yes": "every guardian has said yes",
    "yes_and_no": "one yes, one no",
    "lacking": "neither",
}
CON_9 = {
    # age: {what the guardians say: (what the subject's yes, no, and anything else make it)}
    "under_12": {
        "all_yes": ("met", "child_says_no", "met"),
        "yes_and_no": ("guardians_disagree", "guardians_disagree", "guardians_disagree"),
        "lacking": ("lacking", "lacking", "lacking"),
    },
    "12_14": {
        "all_yes": ("met", "child_says_no", "met"),
        "yes_and_no": ("guardians_disagree", "guardians_disagree", "guardians_disagree"),
        "lacking": ("suitable_without_guardian", "lacking", "lacking"),
    },
    "15_17": {
        "all_yes": ("met", "young_says_no", "lacking"),
        "yes_and_no": ("guardians_disagree", "guardians_disagree", "guardians_disagree"),
        "lacking": ("suitable_without_guardian", "lacking", "lacking"),
    },
    "unknown": {
        "all_yes": ("met", "child_says_no", "lacking"),
        "yes_and_no": ("guardians_disagree", "guardians_disagree", "guardians_disagree"),
        "lacking": ("lacking", "lacking", "lacking"),
    },
    "18_20": dict.fromkeys(GUARDIANS_SAY, ("met", "lacking", "lacking")),
    "21_29": dict.fromkeys(GUARDIANS_SAY, ("met", "lacking", "lacking")),
}
"""Only the guardian's under 12; from 12 also without it, if suitable and the child consents; a no of the young person
from 15 is the guidance's; under 15 it is for the case officer; at 18 only the person's own."""


@pytest.mark.parametrize("age", AGES)
def test_con_9_what_the_answers_about_the_measure_mean(age: str) -> None:
    """CON-9: every age × custody × what the subject answers × what each guardian does."""
    for custody, subject, first, second in product(CUSTODY, ANSWERS, ANSWERS, ANSWERS):
        said = (first, second) if custody in ("two", "unknown") else (first,)
        guardians = "lacking"
        if set(said) == {"given"}:
            guardians = "all_yes"
        elif "given" in said and set(said) & set(NO):
            guardians = "yes_and_no"
        expected = CON_9[age][guardians][0 if subject == "given" else 1 if subject in NO else 2]
        answers = {SUBJECT: subject, ONE: first, TWO: second}
        found = the_measure_may_be_given(Context(age_group=age, custody=custody), answers)
        assert found == expected, (custody, answers)


@pytest.mark.parametrize(
    ("age", "answers", "measure", "why"),
    [
        ("under_12", {SUBJECT: "given"}, "lacking", "under 12 never without the guardian"),
        ("12_14", {SUBJECT: "given"}, "suitable_without_guardian", "from 12 the case officer may find it suitable"),
        ("15_17", {SUBJECT: "given", ONE: "refused"}, "suitable_without_guardian", "against the guardian's no too"),
        ("15_17", {ONE: "given"}, "lacking", "from 15 the young person must be asked"),
        ("12_14", {ONE: "given"}, "met", "under 15 the guardian's is enough where the child has not said no"),
        ("21_29", {}, "lacking", "nobody was asked"),
    ],
)
def test_con_9_who_was_not_asked_has_not_consented(age: str, answers: dict[str, str], measure: str, why: str) -> None:
    """CON-9, CON-13."""
    assert the_measure_may_be_given(Context(age_group=age, custody="one"), answers) == measure, why


def test_con_9_a_met_measure_is_not_the_police_and_the_police_not_the_measure() -> None:
    """CON-9, CON-1: never one tick-box."""
    police = sigs_conditions(standing(ADULT, asked(says(SUBJECT, yes()))), "youth", POLICY)
    measure = sigs_conditions(standing(ADULT, asked(says(SUBJECT, measure="given"))), "youth", POLICY)
    assert (police.police, police.measure, police.met) == (True, "lacking", False)
    assert (measure.police, measure.measure, measure.met) == (False, "met", False)
    assert sigs_conditions(standing(ADULT, asked(POLICE_YES)), "youth", POLICY).met


# ── CON-10, CON-4: a guardian's copy ─────────────────────────────────────────────────────────────────────────

COPY_EXISTS = {("together", "no", "no"), ("together", "yes", "no"), ("alone", "yes", "no")}
"""(who disposes, whether guardians may take part, harm): nothing is secret towards the guardian. Unknown is none."""


@pytest.mark.parametrize("age", AGES)
def test_con_10_a_guardian_may_have_a_copy_only_where_nothing_is_secret_towards_them(age: str) -> None:
    """CON-10."""
    for row in product(("together", "alone", "unknown"), ("yes", "no"), ("yes", "no", "unknown")):
        disposes, allowed, harm = row
        may = age in ("under_12", "12_14", "15_17") and row in COPY_EXISTS
        context = Context(age_group=age, custody="two", disposes=disposes, guardian_allowed=allowed, harm=harm)
        assert a_guardian_may_have_a_copy(context) == may, row


def of_copies(
    *, later: Sequence[Record] = (), subject: str = "owed", guardian: str = "owed", **more: str
) -> list[Kept]:
    first = asked_of_minor(says(SUBJECT, yes(), copy=subject), says(ONE, yes(), copy=guardian), **more)
    return kept(MINOR, ONE_GUARDIAN, first, *later)


def settled(giver: str, outcome: str) -> CopySettled:
    payload = {"case": OURS, "consent": id_of(3), "about_day": ASKED, "giver": giver, "outcome": outcome}
    return CopySettled.from_payload(payload)


ONE_AGAIN = asked_of_minor(says(ONE, yes()), on="2026-11-16")
ONE_ELSEWHERE = asked_of_minor(says(ONE, no("bup")), on="2026-11-16")
ONE_NOT_REACHED = asked_of_minor(says(ONE, other("not_reached")), on="2026-11-16")
SECRET_NOW = asked_of_minor(says(SUBJECT, yes("school")), on="2026-11-16", harm="yes")
CON_4: tuple[tuple[list[Kept], list[str], list[str], str], ...] = (
    (of_copies(), [SUBJECT, ONE], [SUBJECT, ONE], "both are owed theirs"),
    (of_copies(subject="handed_over"), [SUBJECT, ONE], [ONE], "handed over is not owed"),
    (of_copies(subject="kept"), [SUBJECT, ONE], [ONE], "kept by the coordinator is not owed"),
    (of_copies(subject="declined"), [ONE], [ONE], "declined: there is none"),
    (of_copies(subject="not_safe"), [ONE], [ONE], "not safe: there is none"),
    (of_copies(subject="unknown"), [ONE], [ONE], "nobody knows whether it is safe: there is none"),
    (of_copies(harm="yes"), [SUBJECT], [SUBJECT], "CON-10: significant harm"),
    (of_copies(harm="unknown"), [SUBJECT], [SUBJECT], "CON-10: harm is not assessed"),
    (of_copies(disposes="alone"), [SUBJECT], [SUBJECT], "CON-10: the minor disposes alone"),
    (of_copies(disposes="alone", guardian_allowed="yes"), [SUBJECT, ONE], [SUBJECT, ONE], "CON-10: and allows it"),
    (of_copies(disposes="unknown"), [SUBJECT], [SUBJECT], "CON-10: who disposes is not assessed"),
    (of_copies(later=[SECRET_NOW]), [SUBJECT], [SUBJECT], "CON-10: it has become secret since"),
    (of_copies(later=[fact("age_group", "18_20")]), [], [], "CON-15: of age now, so it has ended"),
    (of_copies(until="2026-11-22"), [], [], "CON-15: it has ended"),
    (of_copies(later=[takes_back(SUBJECT, "police")]), [ONE], [ONE], "CON-5: taken back, and it says yes"),
    (of_copies(later=[takes_back(ONE, "police", kinds=["crime"])]), [SUBJECT], [SUBJECT], "CON-5: or a part of it"),
    (of_copies(later=[takes_back(ONE, "school")]), [SUBJECT, ONE], [SUBJECT, ONE], "what it does not say is no matter"),
    (of_copies(later=[ONE_AGAIN]), [SUBJECT], [SUBJECT], "a newer answer has its own"),
    (
        of_copies(later=[ONE_ELSEWHERE]),
        [SUBJECT, ONE],
        [SUBJECT, ONE],
        "an answer about somebody else replaces nothing",
    ),
    (
        of_copies(later=[ONE_NOT_REACHED]),
        [SUBJECT, ONE],
        [SUBJECT, ONE],
        "nobody was reached: it still says what it said",
    ),
    (of_copies(later=[settled(ONE, "handed_over")]), [SUBJECT, ONE], [SUBJECT], "settled"),
    (of_copies(later=[settled(ONE, "not_safe")]), [SUBJECT], [SUBJECT], "settled: it was not safe after all"),
    (of_copies(later=[wrong(3)]), [], [], "none of what was written by mistake"),
    (of_copies(later=[wrong(3, ONE)]), [SUBJECT], [SUBJECT], "nor of one giver's mistaken answers"),
    (of_copies(later=[CLOSED]), [SUBJECT, ONE], [], "nothing is due in a closed case"),
    (of_copies(later=[CLOSED, REOPENED]), [SUBJECT, ONE], [SUBJECT, ONE], "and it is again when it is opened"),
)


@pytest.mark.parametrize(("entries", "exist", "owed", "why"), CON_4)
def test_con_4_only_what_was_wanted_and_is_not_yet_given_is_owed(
    entries: list[Kept], exist: list[str], owed: list[str], why: str
) -> None:
    """CON-4, CON-10."""
    assert list(who_may_have_a_copy(entries[2], Consents(entries, TODAY))) == exist, why
    due = [due for due in what_is_due(entries, TODAY, POLICY) if due.kind == "copy_owed"]
    assert [one.giver for one in due] == owed, why
    assert {one.entry.id for one in due if one.entry} <= {id_of(3)}


def test_con_4_no_parent_has_a_copy_and_only_an_asking_has_copies() -> None:
    """CON-4, CON-8."""
    parents = asked(says(SUBJECT, yes(), copy="owed"), says("parent_1", yes(), copy="owed"))
    entries = kept(ADULT, parents)
    assert who_may_have_a_copy(entries[1], Consents(entries, TODAY)) == (SUBJECT,)
    assert who_may_have_a_copy(entries[0], Consents(entries, TODAY)) == ()


# ── CON-11: who is to be told ────────────────────────────────────────────────────────────────────────────────

TOLD = Change(party="police", before=False, after=True)
STOP = Change(party="police", before=True, after=False)
CHANGED = Change(party="police", before=True, after=True)
CON_11: tuple[tuple[list[Record], Record, list[Change], str], ...] = (
    ([ADULT], asked(says(SUBJECT, yes())), [TOLD], "a first yes"),
    ([ADULT], asked(says(SUBJECT, no())), [], "a no tells a party nothing"),
    ([ADULT, asked(says(SUBJECT, yes()))], takes_back(SUBJECT, "police"), [STOP], "taken back"),
    ([ADULT, asked(says(SUBJECT, yes()))], takes_back(SUBJECT, "police", kinds=["crime"]), [CHANGED], "partly"),
    ([ADULT, asked(says(SUBJECT, yes()))], wrong(2), [STOP], "written by mistake"),
    (
        [ADULT, asked(says(SUBJECT, yes()))],
        asked(says(SUBJECT, yes("police", "health")), on="2026-11-20"),
        [CHANGED],
        "other kinds",
    ),
    (
        [ADULT, asked(says(SUBJECT, yes()))],
        asked(says(SUBJECT, yes(direction="to")), on="2026-11-20"),
        [CHANGED],
        "another direction",
    ),
    (
        [ADULT, asked(says(SUBJECT, yes()))],
        asked(says(SUBJECT, yes()), on="2026-11-20", until="2027-01-20"),
        [CHANGED],
        "another last day",
    ),
    ([ADULT, asked(says(SUBJECT, yes()))], asked(says(SUBJECT, yes()), on="2026-11-20"), [], "the same again"),
    ([ADULT, asked(says(SUBJECT, yes()))], asked(says(SUBJECT, no("bup"))), [], "what is said of another party"),
    ([ADULT], asked(says(SUBJECT, yes(PARENTS_PARTY))), [], "parents are told by nobody here"),
    ([MINOR, ONE_GUARDIAN], asked_of_minor(says(SUBJECT, yes())), [], "not before everyone who must has said yes"),
    (
        [MINOR, ONE_GUARDIAN, asked_of_minor(says(SUBJECT, yes()))],
        asked_of_minor(says(ONE, yes()), on="2026-11-20"),
        [TOLD],
        "and then they are",
    ),
    (
        [ADULT, asked(says(SUBJECT, yes()))],
        asked(says("parent_1", no("school")), on="2026-11-20"),
        [],
        "a parent's first answer changes nothing for the police",
    ),
    (
        [ADULT, asked(says(SUBJECT, yes()), says("parent_1", yes()))],
        takes_back("parent_1", "police"),
        [],
        "CON-8: nor does it when a parent takes it back",
    ),
    (
        [MINOR, ONE_GUARDIAN, asked_of_minor(*EVERYONE_YES[:2], disposes="alone", guardian_allowed="yes")],
        takes_back(ONE, "police"),
        [],
        "CON-7: nor a guardian who takes part and is not needed",
    ),
    (
        [MINOR, TWO_GUARDIANS, asked_of_minor(says(SUBJECT, yes()), disposes="alone")],
        asked_of_minor(says(SUBJECT, measure="given"), on="2026-11-20"),
        [STOP],
        "the guardians must consent too now, so the police is told to stop",
    ),
)


@pytest.mark.parametrize(("before", "new", "changes", "why"), CON_11)
def test_con_11_the_parties_whose_consent_changed_are_told(
    before: list[Record], new: Record, changes: list[Change], why: str
) -> None:
    """CON-11."""
    assert list(parties_to_be_told(standing(*before), standing(*before, new))) == changes, why


# ── CON-13: eight statuses, eight different things ───────────────────────────────────────────────────────────

YES_ONCE = asked(says(SUBJECT, yes()))
PAST = asked(says(SUBJECT, yes()), on="2026-05-01", until="2026-11-01")
CON_13: dict[str, tuple[list[Record], str]] = {
    "given": ([YES_ONCE], "a yes that holds"),
    "refused": ([asked(says(SUBJECT, no()))], "a refusal is a fact"),
    "thinking": ([asked(says(SUBJECT, other("thinking")))], "no answer yet"),
    "not_reached": ([asked(says(SUBJECT, other("not_reached")))], "was not found"),
    "not_asked": ([asked(says(SUBJECT, yes("school")))], "silence is never consent"),
    "withdrawn": ([YES_ONCE, takes_back(SUBJECT, "police")], "a yes that was taken back"),
    "expired": ([PAST], "a yes whose day is past"),
    "mistaken": ([YES_ONCE, wrong(2)], "a yes that was never said"),
}


def test_con_13_there_are_eight_statuses() -> None:
    """CON-13."""
    assert set(CON_13) == set(EIGHT) == set(STATUSES)
    assert len(set(STATUSES)) == 8


@pytest.mark.parametrize("status", EIGHT)
def test_con_13_every_status_is_reached_and_only_given_allows_sharing(status: str) -> None:
    """CON-13."""
    records, why = CON_13[status]
    consents = standing(ADULT, *records)
    assert consents.status(SUBJECT, "police").status == status, why
    for direction in DIRECTIONS:
        assert consents.status(SUBJECT, "police", "planning", direction).status == status, why
        assert covered(consents, direction=direction) == (status == "given"), why
    assert consents.is_covered("police") == (status == "given"), why
    assert sigs_conditions(consents, "youth", POLICY).police == (status == "given"), why
    assert (consents.kinds(SUBJECT, "police") != ()) == (status == "given"), why


MISTAKES = (
    ([YES_ONCE, wrong(2)], {"police": "mistaken"}, "all of it"),
    ([YES_ONCE, wrong(2, SUBJECT)], {"police": "mistaken"}, "of that giver"),
    ([YES_ONCE, wrong(2, ONE)], {"police": "given"}, "another giver's answers"),
    (
        [YES_ONCE, takes_back(SUBJECT, "police"), wrong(3)],
        {"police": "mistaken"},
        "a mistaken withdrawal gives nothing",
    ),
    ([asked(says(SUBJECT, no())), wrong(2)], {"police": "mistaken"}, "nor does a mistaken no"),
    ([YES_ONCE, asked(says(SUBJECT, no()), on="2026-11-09"), wrong(3)], {"police": "mistaken"}, "after a yes either"),
    (
        [YES_ONCE, wrong(2), asked(says(SUBJECT, yes()), on="2026-11-20")],
        {"police": "given"},
        "asked again: what is said now stands",
    ),
    ([BROAD, takes_back(SUBJECT, "school"), wrong(3)], {"police": "given", "school": "mistaken"}, "only its parties"),
    (
        [YES_ONCE, takes_back(SUBJECT, "police"), asked(says(SUBJECT, yes()), on="2026-11-20"), wrong(4)],
        {"police": "withdrawn"},
        "a mistaken yes after a withdrawal leaves it withdrawn",
    ),
    (
        [YES_ONCE, takes_back(SUBJECT, "police"), asked(says(SUBJECT, no()), on="2026-11-20"), wrong(4)],
        {"police": "withdrawn"},
        "and so does a mistaken no",
    ),
    (
        [YES_ONCE, takes_back(SUBJECT, "police"), asked(says(SUBJECT, other("thinking")), on="2026-11-20")],
        {"police": "withdrawn"},
        "and one who wants to think about it",
    ),
    (
        [YES_ONCE, asked(says(SUBJECT, other("not_reached")), on="2026-11-20"), wrong(3)],
        {"police": "given"},
        "a mistaken not reached changes nothing",
    ),
    (
        [asked(says(SUBJECT, no())), asked(says(SUBJECT, other("not_reached")), on="2026-11-20"), wrong(3)],
        {"police": "refused"},
        "nor after a no",
    ),
)


@pytest.mark.parametrize(("records", "statuses", "why"), MISTAKES)
def test_con_13_what_was_written_by_mistake_allows_nothing_until_it_is_asked_again(
    records: list[Record], statuses: dict[str, str], why: str
) -> None:
    """CON-13."""
    consents = standing(ADULT, *records)
    assert {party: consents.status(SUBJECT, party).status for party in statuses} == statuses, why


@pytest.mark.parametrize(
    ("mistaken", "right", "why"),
    [
        ("2026-11-20", "2026-11-10", "the right day is the earlier one"),
        ("2026-11-10", "2026-11-20", "or the later one"),
        ("2026-11-10", "2026-11-10", "or the same: it was another answer"),
    ],
)
@pytest.mark.parametrize(("answer", "status"), [(yes(), "given"), (no(), "refused"), (other("thinking"), "thinking")])
def test_con_13_a_wrong_day_is_put_right_by_writing_the_right_one(
    mistaken: str, right: str, why: str, answer: Line, status: str
) -> None:
    """CON-13: what is written after the correction stands, whatever its day; what was written before it does not."""
    wrong_day, right_day = asked(says(SUBJECT, yes()), on=mistaken), asked(says(SUBJECT, answer), on=right)
    corrected = standing(ADULT, wrong_day, wrong(2), right_day)
    assert corrected.status(SUBJECT, "police").status == status, why
    assert covered(corrected) == (status == "given"), why
    of_one = standing(ADULT, wrong_day, wrong(2, SUBJECT), right_day)
    assert of_one.status(SUBJECT, "police").status == status, "of one giver's answers too"
    if right < mistaken:
        before = standing(ADULT, wrong_day, right_day, wrong(2))
        assert before.status(SUBJECT, "police").status == "mistaken", "nobody said it again"


@pytest.mark.parametrize("right", ["2026-11-10", "2026-11-25"])
def test_con_7_con_13_who_disposes_is_as_it_is_written_with_the_right_day(right: str) -> None:
    """CON-7, CON-10, CON-13: a wrong day that is put right opens no way to a guardian who is kept out."""
    of_day = {day: asked_of_minor(says(SUBJECT, yes()), on=day, disposes="alone") for day in ("2026-11-20", right)}
    records = [MINOR, TWO_GUARDIANS, of_day["2026-11-20"], wrong(3)]
    context = standing(*records, of_day[right]).context
    assert context.disposes == "alone"
    assert who_may_be_asked(context) == (SUBJECT,)
    assert standing(*records).context.disposes == "unknown", "until it is written nobody knows"


@pytest.mark.parametrize(
    ("records", "scope", "why"),
    [
        ([YES_ONCE], (("planning", "crime"), "both"), "what was said"),
        ([PAST], (("planning", "crime"), "both"), "also where it has ended"),
        (
            [YES_ONCE, takes_back(SUBJECT, "police", kinds=["crime"])],
            (("planning",), "both"),
            "less what was taken back",
        ),
        ([YES_ONCE, takes_back(SUBJECT, "police")], ((), "both"), "and all of it"),
        ([YES_ONCE, wrong(2)], ((), None), "what was never said"),
        ([asked(says(SUBJECT, no()))], ((), None), "a no has none"),
        ([asked(says(ONE, yes()))], ((), None), "another giver's answer"),
        ([asked(says(SUBJECT, yes("school")))], ((), None), "another party"),
    ],
)
def test_con_3_what_somebody_last_said_yes_to(records: list[Record], scope: tuple[object, object], why: str) -> None:
    """CON-3, CON-5, CON-15."""
    assert standing(ADULT, *records).last_scope(SUBJECT, "police") == scope, why


def test_con_13_an_asking_that_was_a_mistake_does_not_open_what_it_had_closed() -> None:
    """CON-13, CON-7: a correction only ever closes; who disposes is assessed anew."""
    alone = asked_of_minor(says(SUBJECT, yes()), disposes="alone")
    together = asked_of_minor(says(SUBJECT, no("bup")), on="2026-11-09")
    assert not standing(MINOR, TWO_GUARDIANS, alone, together).is_covered("police")
    assert not standing(MINOR, TWO_GUARDIANS, alone, together, wrong(4)).is_covered("police")


CON_13_AGAIN: tuple[tuple[list[Record], list[tuple[str, str, str]], str], ...] = (
    ([ADULT], [(SUBJECT, "police", "not_asked")], "the police is always asked about"),
    ([ADULT, asked(says(SUBJECT, no()))], [], "a no is an answer"),
    ([ADULT, asked(says(SUBJECT, other("thinking")))], [(SUBJECT, "police", "thinking")], "who thinks"),
    ([ADULT, asked(says(SUBJECT, other("not_reached")))], [(SUBJECT, "police", "not_reached")], "who was not found"),
    ([ADULT, PAST], [(SUBJECT, "police", "expired")], "CON-15: what has ended"),
    ([ADULT, YES_ONCE, wrong(2)], [(SUBJECT, "police", "mistaken")], "what was never said"),
    ([ADULT, YES_ONCE, takes_back(SUBJECT, "police")], [], "what was taken back is an answer"),
    ([ADULT, asked(says(SUBJECT, yes(), other("thinking", PARENTS_PARTY)))], [], "not about parents"),
    (
        [MINOR, ONE_GUARDIAN, asked_of_minor(says(SUBJECT, yes(), yes("school")), says(ONE, yes()))],
        [(ONE, "school", "not_asked")],
        "the guardian is all that lacks towards the school",
    ),
    (
        [MINOR, ONE_GUARDIAN, asked_of_minor(says(SUBJECT, yes(), no("school")), says(ONE, yes()))],
        [],
        "after a no nobody is asked about the school",
    ),
    (
        [MINOR, TWO_GUARDIANS, asked_of_minor(says(SUBJECT, yes()), disposes="alone")],
        [],
        "CON-7: a guardian who need not consent is not asked again",
    ),
)


@pytest.mark.parametrize(("records", "again", "why"), CON_13_AGAIN)
def test_con_13_what_is_neither_yes_nor_no_is_asked_again(
    records: list[Record], again: list[tuple[str, str, str]], why: str
) -> None:
    """CON-13, CON-15."""
    assert list(what_must_be_asked_again(standing(*records))) == again, why


# ── CON-14: a later referral to exit work ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("parties", "configured", "lacking", "why"),
    [
        (
            ["police"],
            None,
            ("probation", "arbetsformedlingen", "exit_unit"),
            "the configured ones that are not covered",
        ),
        (["police", "probation", "arbetsformedlingen", "exit_unit"], None, (), "all of them are"),
        (["school"], ("police",), ("police",), "which they are is configuration"),
        (["school"], (), (), "none are configured"),
    ],
)
def test_con_14_the_parties_a_later_exit_referral_lacks(
    parties: list[str], configured: tuple[str, ...] | None, lacking: tuple[str, ...], why: str
) -> None:
    """CON-14."""
    policy = POLICY if configured is None else Policy(exit_parties=configured)
    consents = standing(ADULT, asked(says(SUBJECT, *(yes(party) for party in parties))))
    assert an_exit_referral_lacks(consents, policy) == lacking, why


# ── CON-15: an end, 18 and 21 ────────────────────────────────────────────────────────────────────────────────

ALONE = {"disposes": "alone"}
"""The young person disposes alone, so that one answer shows it."""
CON_15 = (
    ([ADULT, YES_ONCE], "2027-05-02", "expired", "to its last day"),
    (
        [MINOR, fact("month_of_18", "2027-03"), asked_of_minor(says(SUBJECT, yes()), **ALONE)],
        "2027-02-28",
        "expired",
        "a minor's ends before the month of 18",
    ),
    (
        [MINOR, fact("month_of_18", "2026-11"), asked_of_minor(says(SUBJECT, yes()), **ALONE)],
        "2026-11-30",
        "expired",
        "one from the month itself ends with it: nobody asks for the day",
    ),
    (
        [MINOR, asked_of_minor(says(SUBJECT, yes()), **ALONE), fact("month_of_18", "2027-03")],
        "2027-02-28",
        "expired",
        "also where the month is learned afterwards",
    ),
    (
        [MINOR, asked_of_minor(says(SUBJECT, yes()), **ALONE)],
        "2027-05-02",
        "expired",
        "where the month is unknown, to the last day that was chosen",
    ),
    (
        [fact("age_group", "18_20"), fact("month_of_18", "2026-06"), asked(says(SUBJECT, yes()), age="18_20")],
        "2027-05-02",
        "expired",
        "an adult's does not end at a birthday that is past",
    ),
)


@pytest.mark.parametrize(("records", "last", "status", "why"), CON_15)
def test_con_15_a_consent_ends(records: list[Record], last: str, status: str, why: str) -> None:
    """CON-15."""
    after = (date.fromisoformat(last) + timedelta(days=1)).isoformat()
    held = standing(*records, on=last).status(SUBJECT, "police", "planning", "to")
    assert (held.status, held.until) == ("given", date.fromisoformat(last)), why
    assert standing(*records, on=after).status(SUBJECT, "police", "planning", "to").status == status, why
    assert not covered(standing(*records, on=after)), why


def test_con_15_a_minors_consent_ends_when_the_person_is_said_to_be_of_age() -> None:
    """CON-15: without the month, the day it is said is the day it is known."""
    records = kept(MINOR, asked_of_minor(says(SUBJECT, yes()), **ALONE), fact("age_group", "18_20"))
    assert Consents(records[:2], TODAY).is_covered("police")
    assert Consents(records, TODAY).status(SUBJECT, "police").status == "expired"


def test_con_15_a_consent_that_was_written_without_an_end_has_one_all_the_same() -> None:
    """CON-15: never without an end; what a minor said does not outlive 18."""
    minors = asked_of_minor(says(SUBJECT, yes()), **ALONE, until=None)
    assert not covered(standing(MINOR, fact("month_of_18", "2027-01"), minors, on="2027-02-01"))
    assert not covered(standing(ADULT, asked(says(SUBJECT, yes()), until=None), on="2028-11-23"))


def test_con_15_what_was_said_of_somebody_who_proved_to_be_a_minor_ends_at_18_too() -> None:
    """CON-15: the age was put right, the month known; turning 18 must not make the person's answer alone enough."""
    records = [
        fact("age_group", "18_20"),
        asked(says(SUBJECT, yes()), age="18_20"),
        MINOR,
        TWO_GUARDIANS,
        fact("month_of_18", "2027-01"),
    ]
    assert not covered(standing(*records, on="2027-01-15")), "the guardians must consent"
    assert not covered(standing(*records, on="2027-02-01")), "and at 18 it is asked for anew"


@pytest.mark.parametrize(
    ("age", "month", "today", "now", "why"),
    [
        ("15_17", "2026-10", TODAY, "18_20", "the month is over"),
        ("15_17", "2026-11", TODAY, "15_17", "in the month itself nobody knows whether the day is past"),
        ("15_17", "2027-03", TODAY, "15_17", "not yet"),
        ("15_17", None, TODAY, "15_17", "the month is unknown"),
        ("unknown", "2026-10", TODAY, "unknown", "an unknown age stays unknown"),
        ("21_29", "2020-10", TODAY, "21_29", "an adult's group is as it was said"),
    ],
)
def test_con_15_the_age_moves_on_at_18_where_the_month_is_known(
    age: str, month: str | None, today: date, now: str, why: str
) -> None:
    """CON-15."""
    records = [fact("age_group", age), *([] if month is None else [fact("month_of_18", month)])]
    assert the_age_now(kept(*records), today) == now, why


LONGEST = (
    ("21_29", None, "2027-11-23", "an adult's: the configured twelve months"),
    ("15_17", None, "2027-05-23", "a minor's, the month unknown: six months"),
    ("unknown", None, "2027-05-23", "an unknown age is a minor's"),
    ("15_17", "unknown", "2027-05-23", "the month was asked for and nobody knew"),
    ("15_17", "2027-03", "2027-02-28", "before the month of 18"),
    ("15_17", "2028-03", "2027-11-23", "the month is far off: the configured months"),
    ("15_17", "2026-11", "2026-11-30", "in the month itself: with it"),
    ("15_17", "2026-10", "2026-11-23", "a month that is past: the day of the answers, never before it"),
)


@pytest.mark.parametrize(("age", "month", "day", "why"), LONGEST)
def test_con_15_the_longest_a_consent_may_last(age: str, month: str | None, day: str, why: str) -> None:
    """CON-15: the month just said, or the one on record."""
    context, on = Context(age_group=age), date.fromisoformat(day)
    assert the_longest_a_consent_may_last([], context, month, TODAY, POLICY) == on, why
    on_record = kept(*([] if month is None else [fact("month_of_18", month)]))
    assert the_longest_a_consent_may_last(on_record, context, None, TODAY, POLICY) == on, why


@pytest.mark.parametrize(("age", "month", "months"), [("21_29", None, 3), ("15_17", None, 3), ("15_17", "2028-03", 3)])
def test_con_15_the_longest_is_configuration(age: str, month: str | None, months: int) -> None:
    """CON-15."""
    policy = Policy(consent_months=months, consent_longest_months=months)
    longest = the_longest_a_consent_may_last([], Context(age_group=age), month, TODAY, policy)
    assert longest == date(2027, 2, 23)


MONTH = "month_of_18"
IN_MAY = asked_of_minor(says(SUBJECT, yes()), on="2026-05-04", until="2026-11-04")
BIRTHDAYS: tuple[tuple[list[Record], str, list[tuple[str, str]], str], ...] = (
    ([MINOR, fact(MONTH, "2026-12"), IN_MAY], "2026-10-31", [], "31 days before the month of 18"),
    ([MINOR, fact(MONTH, "2026-12"), IN_MAY], "2026-11-01", [("ask_again_at_18", "2026-12-01")], "thirty days before"),
    ([MINOR, fact(MONTH, "2026-12"), IN_MAY], "2027-06-01", [("ask_again_at_18", "2026-12-01")], "until it is done"),
    (
        [MINOR, fact(MONTH, "2026-12"), IN_MAY, asked(says(SUBJECT, no()), on="2027-01-04", age="18_20", until=None)],
        "2027-01-10",
        [],
        "asked for anew, whatever was answered",
    ),
    (
        [
            fact(MONTH, "2026-11"),
            IN_MAY,
            asked(says(SUBJECT, yes()), on="2026-11-20", age="18_20"),
            fact("age_group", "18_20"),
        ],
        "2026-12-10",
        [],
        "asked for anew in the month itself, of somebody who had turned 18",
    ),
    (
        [
            MINOR,
            fact(MONTH, "2026-12"),
            IN_MAY,
            asked(says(SUBJECT, no()), on="2027-01-04", age="18_20", until=None),
            wrong(4),
        ],
        "2027-01-10",
        [("ask_again_at_18", "2026-12-01")],
        "the asking at 18 was a mistake, so it is still to be done",
    ),
    (
        [
            MINOR,
            fact(MONTH, "2026-12"),
            asked(says(SUBJECT, no()), on="2027-01-04", age="18_20", until=None),
            asked_of_minor(says(ONE, no()), on="2026-11-28", until=None),
        ],
        "2027-01-10",
        [],
        "the latest asking by its day, not the latest written",
    ),
    ([MINOR, IN_MAY], "2026-11-01", [], "the month is unknown"),
    ([MINOR, fact(MONTH, "2026-12")], "2026-11-01", [], "nobody was ever asked"),
    (
        [fact("age_group", "18_20"), fact(MONTH, "2023-12"), asked(says(SUBJECT, no()), age="18_20", until=None)],
        "2026-11-01",
        [("flag_at_21", "2026-12-01")],
        "thirty days before the month of 21: the legal ground changes",
    ),
    (
        [fact("age_group", "18_20"), fact(MONTH, "2023-12"), asked(says(SUBJECT, no()), age="18_20", until=None)],
        "2026-10-31",
        [],
        "and not 31",
    ),
    (
        [ADULT, fact(MONTH, "2023-12"), asked(says(SUBJECT, no()), on="2027-01-04", until=None)],
        "2027-02-01",
        [],
        "asked since 21",
    ),
    (
        [ADULT, fact(MONTH, "2023-11"), asked(says(SUBJECT, no()), on="2026-11-20", until=None)],
        "2026-12-01",
        [],
        "asked in the month itself, of somebody who had turned 21",
    ),
)


AGE_GROUP_OF_21 = (
    ([fact("age_group", "18_20"), asked(says(SUBJECT, no()), age="18_20", until=None)], 0, "not 21 yet"),
    ([fact("age_group", "18_20"), asked(says(SUBJECT, no()), age="18_20", until=None), ADULT], 1, "21 since"),
    ([ADULT, asked(says(SUBJECT, no()), until=None)], 0, "asked at 21"),
    (
        [
            fact("age_group", "18_20"),
            asked(says(SUBJECT, no()), age="18_20", until=None),
            ADULT,
            asked(says(SUBJECT, no()), on="2026-11-20", until=None),
        ],
        0,
        "asked since 21",
    ),
    ([fact("age_group", "18_20"), ADULT], 0, "nobody was ever asked"),
)


@pytest.mark.parametrize(("records", "flagged", "why"), AGE_GROUP_OF_21)
def test_con_15_one_who_was_enrolled_as_an_adult_is_flagged_when_the_age_group_is_21(
    records: list[Record], flagged: int, why: str
) -> None:
    """CON-15: the month is never asked for then, so there is no day."""
    found = [due for due in what_is_due(kept(*records), TODAY, POLICY) if due.kind == "flag_at_21"]
    assert [(due.by, due.rules, due.entry and due.entry.id) for due in found] == [
        (None, ("CON-15",), id_of(2))
    ] * flagged, why


@pytest.mark.parametrize(("records", "today", "due", "why"), BIRTHDAYS)
def test_con_15_consent_is_asked_for_anew_at_18_and_flagged_at_21(
    records: list[Record], today: str, due: list[tuple[str, str]], why: str
) -> None:
    """CON-15."""
    found = what_is_due(kept(*records, said_on=date(2026, 5, 4)), date.fromisoformat(today), POLICY)
    shown = [
        (one.kind, one.by.isoformat()) for one in found if one.kind in ("ask_again_at_18", "flag_at_21") and one.by
    ]
    assert shown == due, why


ENDING: tuple[tuple[list[Record], str, list[tuple[str, str]], str], ...] = (
    ([ADULT, YES_ONCE], "2027-04-01", [], "31 days before"),
    ([ADULT, YES_ONCE], "2027-04-02", [(SUBJECT, ENDS)], "thirty days before"),
    ([ADULT, YES_ONCE], ENDS, [(SUBJECT, ENDS)], "its last day"),
    ([ADULT, YES_ONCE], "2027-05-03", [], "it has ended"),
    ([ADULT, YES_ONCE, takes_back(SUBJECT, "police")], ENDS, [], "taken back"),
    ([ADULT, YES_ONCE, CLOSED], ENDS, [], "nothing is due in a closed case"),
    ([ADULT, BROAD], ENDS, [(SUBJECT, ENDS)], "two parties with one end are one thing to do"),
    (
        [ADULT, YES_ONCE, asked(says(SUBJECT, yes("school")), until="2027-04-20")],
        ENDS[:8] + "01",
        [(SUBJECT, ENDS)],
        "each end by itself: the school's is past",
    ),
    (
        [MINOR, TWO_GUARDIANS, asked_of_minor(says(SUBJECT, yes()), says(ONE, yes()))],
        ENDS,
        [(SUBJECT, ENDS), (ONE, ENDS)],
        "each giver",
    ),
    (
        [MINOR, TWO_GUARDIANS, asked_of_minor(says(SUBJECT, yes()), says(ONE, yes()), harm="yes")],
        ENDS,
        [(SUBJECT, ENDS)],
        "CON-10: nobody is told to ask a guardian who must not learn of it",
    ),
    (
        [ADULT, asked(says(SUBJECT, yes()), says("parent_1", yes()))],
        ENDS,
        [(SUBJECT, ENDS)],
        "CON-8: nor a parent whom the person has not let take part",
    ),
    (
        [ADULT, asked(says(SUBJECT, yes(), yes(PARENTS_PARTY)), says("parent_1", yes()))],
        ENDS,
        [(SUBJECT, ENDS), ("parent_1", ENDS)],
        "CON-8: but one whom the person lets take part",
    ),
    (
        [
            ADULT,
            asked(says(SUBJECT, yes(), yes(PARENTS_PARTY)), says("parent_1", yes())),
            takes_back(SUBJECT, PARENTS_PARTY),
        ],
        ENDS,
        [(SUBJECT, ENDS)],
        "CON-8: and no longer",
    ),
    (
        [MINOR, TWO_GUARDIANS, asked_of_minor(says(SUBJECT, yes()), says(ONE, yes()), disposes="alone")],
        ENDS,
        [(SUBJECT, ENDS)],
        "CON-7: nor one whom the young person does not let take part",
    ),
)


@pytest.mark.parametrize(("records", "today", "due", "why"), ENDING)
def test_con_15_what_ends_within_thirty_days_is_due(
    records: list[Record], today: str, due: list[tuple[str, str]], why: str
) -> None:
    """CON-15."""
    found = [d for d in what_is_due(kept(*records), date.fromisoformat(today), POLICY) if d.kind == "ends_soon"]
    assert [(one.giver, one.by.isoformat()) for one in found if one.by] == due, why
    assert all(one.rules == ("CON-15",) for one in found)


@pytest.mark.parametrize(
    ("records", "ended", "why"),
    [
        ([ADULT, PAST], [(SUBJECT, "2026-11-01")], "it has ended, and nobody has asked since"),
        ([ADULT, YES_ONCE], [], "it holds"),
        ([ADULT, PAST, asked(says(SUBJECT, yes()), on="2026-11-09")], [], "said yes to again"),
        ([ADULT, PAST, asked(says(SUBJECT, no()), on="2026-11-09")], [], "asked again: a no is an answer"),
        ([ADULT, PAST, wrong(2)], [], "it was never said"),
        ([ADULT, PAST, CLOSED], [], "nothing is due in a closed case"),
        (
            [MINOR, ONE_GUARDIAN, asked_of_minor(says(ONE, yes()), on="2026-05-01", until="2026-11-01", harm="yes")],
            [],
            "CON-10: nobody is told to ask a guardian who must not learn of it",
        ),
    ],
)
def test_con_15_what_has_ended_is_due_until_it_is_asked_for_again(
    records: list[Record], ended: list[tuple[str, str]], why: str
) -> None:
    """CON-15."""
    found = [due for due in what_is_due(kept(*records), TODAY, POLICY) if due.kind == "has_ended"]
    assert [(one.giver, one.by.isoformat()) for one in found if one.by] == ended, why


def test_con_15_how_soon_is_configuration() -> None:
    """CON-15."""
    assert what_is_due(kept(ADULT, YES_ONCE), date(2027, 4, 2), Policy(ends_soon_days=7)) == ()


# ── TG-6 and DEC-2 on the case page ──────────────────────────────────────────────────────────────────────────

MOTIVATED = TalkHeld.from_payload(
    {"case": OURS, "held": "yes", "occurred_on": "2026-11-02", "held_by": "self", "assessment": "motivated"}
)
ASK_POLICE = ("Nästa steg: fråga polisen hur de ser på saken.", ("TG-6",))
ASK_CONSENT = ("Nästa steg: fråga om samtycke. Gör det snart, medan viljan finns.", ("MOT-2", "MOT-3"))
ASK_AGAIN = ("Nästa steg: fråga personen igen när det passar. Säg att det går att ändra sig.", ("CON-1",))
ASK_PERSON = ("Nästa steg: fråga personen om polisen.", ("CON-1", "CON-7"))
ASK_GUARDIAN = ("Nästa steg: fråga vårdnadshavare 1 om polisen.", ("CON-1", "CON-7"))
ASK_MEASURE = ("Nästa steg: fråga om insatsen SIG.", ("CON-9",))
AWAIT = ("Nästa steg: vänta på beslut av ansvarig socialsekreterare.", ("CON-6",))
AWAITED = ("Att göra: beslut av ansvarig socialsekreterare om SIG ska avslutas.", ("CON-6", "DEC-2"))
TG_6 = (
    ([ADULT, MOTIVATED], ASK_CONSENT, False, "TG-6: not before the consent towards the police exists"),
    ([ADULT, MOTIVATED, asked(says(SUBJECT, no()))], ASK_AGAIN, False, "TG-6: nor after a no"),
    ([ADULT, MOTIVATED, YES_ONCE], ASK_MEASURE, False, "CON-9: nor before the measure"),
    ([ADULT, MOTIVATED, asked(POLICE_YES)], ASK_POLICE, False, "TG-6: and then the police's view is obtained"),
    ([ADULT, asked(POLICE_YES)], ASK_POLICE, False, "TG-6: also where nobody has assessed the motivation"),
    (
        [MINOR, ONE_GUARDIAN, MOTIVATED, asked_of_minor(says(SUBJECT, yes()))],
        ASK_GUARDIAN,
        False,
        "TG-6: of everyone who must",
    ),
    ([ADULT, MOTIVATED, PAST], ASK_PERSON, False, "TG-6: what has ended is no consent"),
    ([ADULT, MOTIVATED, YES_ONCE, takes_back(SUBJECT, "police")], AWAIT, True, "DEC-2: a decision is awaited"),
)


@pytest.mark.parametrize(("records", "next_step", "awaited", "why"), TG_6)
def test_tg_6_the_polices_view_is_asked_for_once_the_consent_towards_it_exists(
    records: list[Record], next_step: tuple[str, tuple[str, ...]], awaited: bool, why: str
) -> None:
    """TG-6, DEC-2, CON-6."""
    lines = [(say(line.words, "sv"), line.rules) for line in page(OURS, (), a_world(shelf={OURS: kept(*records)}))]
    assert lines[-1] == next_step, why
    assert (AWAITED in lines) == awaited, why


KEPT_OUT = ("Kontakta inte vårdnadshavare om detta. Den unge bestämmer ensam.", ("CON-7", "CON-10"))


@pytest.mark.parametrize(
    ("records", "shown", "why"),
    [
        ([asked_of_minor(says(SUBJECT, yes()), disposes="alone")], True, "the young person keeps them out"),
        ([asked_of_minor(says(SUBJECT, yes()))], False, "they are to be asked"),
        ([], False, "nobody has assessed anything"),
    ],
)
def test_con_7_the_case_page_says_whom_not_to_contact(records: list[Record], shown: bool, why: str) -> None:
    """CON-7, CON-10."""
    shelf = {OURS: kept(MINOR, TWO_GUARDIANS, *records)}
    lines = [(say(line.words, "sv"), line.rules) for line in page(OURS, (), a_world(shelf=shelf))]
    assert (KEPT_OUT in lines) is shown, why


# ── every combination ────────────────────────────────────────────────────────────────────────────────────────


def one_answer(giver: str, status: str, age: str, number: int) -> tuple[Kept, ...]:
    """The records that give one giver this status towards the police; every measure is a yes."""
    line = [] if status == "not_asked" else [other(status)]
    if status in ("given", "expired", "withdrawn", "mistaken"):
        line = [yes("police", "planning")]
    on, until = ("2026-05-01", "2026-11-01") if status == "expired" else (ASKED, ENDS)
    records: list[Record] = [asked(says(giver, *line), on=on, until=until, age=age)] if line else []
    if status == "withdrawn":
        records.append(takes_back(giver, "police"))
    if status == "mistaken":
        records.append(wrong(number, giver))
    return tuple(Kept(record, id=id_of(number + place)) for place, record in enumerate(records))


ANSWERED = {
    (age, giver, status): one_answer(giver, status, age, 10 * place)
    for age in AGES
    for place, giver in enumerate((SUBJECT, ONE, TWO), 1)
    for status in EIGHT
}
MEASURES = tuple(says(giver, measure="given") for giver in (SUBJECT, ONE, TWO))


def police_and_met(age: str, custody: str, context: ConsentAsked, said: Mapping[str, str]) -> tuple[bool, bool]:
    entries: list[Kept] = [
        Kept(fact("age_group", age), id=id_of(1), said_on=date(2026, 1, 1)),
        Kept(fact("custody", custody), id=id_of(2)),
        *(entry for giver, status in said.items() for entry in ANSWERED[age, giver, status]),
        Kept(context, id=id_of(3)),
    ]
    conditions = sigs_conditions(Consents(entries, TODAY), "youth", POLICY)
    return conditions.police, conditions.met


def assessed(age: str, disposes: str | None, allowed: str | None = None, harm: str | None = None) -> ConsentAsked:
    """The latest asking: what is assessed, and that everyone says yes to the measure."""
    more = {"disposes": disposes, "guardian_allowed": allowed, "harm": harm}
    return asked(*MEASURES, on="2026-11-20", age=age, **{name: said for name, said in more.items() if said is not None})


@pytest.mark.exhaustive
@pytest.mark.parametrize("age", AGES)
def test_sigs_conditions_are_never_met_without_every_needed_consent_towards_the_police(age: str) -> None:
    """CON-1, CON-7, CON-8, CON-13: every custody × who disposes × every answer of the three; and met where all are."""
    for custody, disposes in product(CUSTODY, DISPOSES):
        needed, context = needed_givers(age, custody, disposes), assessed(age, disposes)
        for answers in product(EIGHT, repeat=3):
            said = dict(zip((SUBJECT, ONE, TWO), answers, strict=True))
            consented = all(said[giver] == "given" for giver in needed)
            assert police_and_met(age, custody, context, said) == (consented, consented), (custody, disposes, said)


@pytest.mark.parametrize("disposes", DISPOSES)
def test_nor_whatever_is_said_of_harm_and_of_a_guardian_taking_part(disposes: str | None) -> None:
    """CON-1, CON-7, CON-10: every answer; CON-7's table shows that it moves no needed giver."""
    needed = needed_givers("15_17", "two", disposes)
    for allowed, harm in product(("yes", "no"), ("yes", "no", "unknown")):
        context = assessed("15_17", disposes, allowed, harm)
        for answers in product(EIGHT, repeat=3):
            said = dict(zip((SUBJECT, ONE, TWO), answers, strict=True))
            consented = all(said[giver] == "given" for giver in needed)
            assert police_and_met("15_17", "two", context, said) == (consented, consented), (allowed, harm, said)


# ── what never moves ─────────────────────────────────────────────────────────────────────────────────────────

GIVERS = (SUBJECT, ONE, TWO)
SOME_PARTIES = ("police", "school")
SOME_KINDS = ("planning", "crime")
START = date(2026, 6, 1)
Shared = set[tuple[str, str, str]]


def shared(entries: Sequence[Kept], today: date) -> Shared:
    """What may be shared on a day."""
    consents = Consents(entries, today)
    rows = product(SOME_PARTIES, SOME_KINDS, DIRECTIONS)
    return {row for row in rows if the_consent_that_covers(consents, *row).covered}


def lines_about(party: str, answers: Sequence[str]) -> list[Line]:
    yeses = [yes(party, *kinds, direction=way) for kinds in (SOME_KINDS, SOME_KINDS[:1]) for way in ("both", "to")]
    return [line for answer in answers for line in (yeses if answer == "given" else [other(answer, party)])]


def said_about(answers: Sequence[str]) -> list[tuple[Line, ...]]:
    """Everything that may be said of the police, of the school, or of both."""
    police, school = (lines_about(party, answers) for party in SOME_PARTIES)
    return [*((line,) for line in (*police, *school)), *product(police, school)]


SAID = st.sampled_from(said_about(("given", "refused", "thinking", "not_reached")))
REFUSED = st.sampled_from(said_about(("refused",)))
WHO = st.sampled_from([(SUBJECT,), (SUBJECT,), (ONE,), (TWO,), (SUBJECT, ONE), (ONE, TWO), (SUBJECT, ONE, TWO)])
AGE = st.sampled_from(["15_17", "18_20", "12_14", "unknown", "21_29"])
MONTHS = st.sampled_from(["2026-05", "2026-07", "2026-09", "2027-01", "2028-02"])


@st.composite
def histories(draw: st.DrawFn, *, month: bool = True) -> list[Kept]:
    """What may have been written in a case: facts, answers, withdrawals and mistakes, each on a day after the last."""
    today, age = START, draw(AGE)
    records: list[tuple[Record, date]] = [(fact("age_group", age), START)]
    said: list[int] = []
    for what in draw(st.lists(st.sampled_from(["asked", "asked", "takes_back", "wrong", "age", "rest"]), max_size=6)):
        today += timedelta(days=draw(st.sampled_from([0, 1, 20, 40])))
        happened = today - timedelta(days=draw(st.sampled_from([0, 0, 3, 20])))
        if what == "asked":
            until = happened + timedelta(days=draw(st.sampled_from([10, 100, 183])))
            disposes = draw(st.sampled_from(["alone", "together", "unknown"]))
            givers = [says(giver, *draw(SAID)) for giver in draw(WHO)]
            on = happened.isoformat()
            records.append((asked(*givers, on=on, until=until.isoformat(), age=age, disposes=disposes), today))
        elif what == "takes_back":
            records.append((draw(withdrawals(happened.isoformat())), today))
        elif what == "wrong" and said:
            records.append((wrong(draw(st.sampled_from(said)), draw(st.sampled_from([*GIVERS, None]))), today))
        elif what == "age":
            age = draw(AGE)
            records.append((fact("age_group", age), today))
        elif what == "rest":
            value = draw(MONTHS) if month else draw(st.sampled_from(CUSTODY))
            records.append((fact("month_of_18" if month else "custody", value), today))
        if isinstance(records[-1][0], ConsentAsked | ConsentWithdrawn):
            said.append(len(records))
    return [Kept(record, id=id_of(number), said_on=on) for number, (record, on) in enumerate(records, 1)]


def withdrawals(on: str) -> Any:
    return st.builds(
        lambda giver, parties, kinds: takes_back(giver, *parties, on=on, kinds=kinds),
        st.sampled_from(GIVERS),
        st.lists(st.sampled_from(SOME_PARTIES), min_size=1, max_size=2, unique=True),
        st.lists(st.sampled_from(SOME_KINDS), max_size=1),
    )


def added(entries: Sequence[Kept], record: Record) -> list[Kept]:
    return [*entries, Kept(record, id=id_of(99), said_on=entries[-1].said_on)]


def after(entries: Sequence[Kept], days: int) -> date:
    return entries[-1].said_on + timedelta(days=days)


QUICK = settings(max_examples=150, deadline=None, derandomize=True)
DAYS = st.integers(0, 400)


@QUICK
@over(histories(), DAYS, st.integers(0, 60), st.data())
def test_a_withdrawal_never_makes_anything_newly_shareable(
    entries: list[Kept], days: int, back: int, data: st.DataObject
) -> None:
    """CON-5."""
    record = data.draw(withdrawals(after(entries, -back).isoformat()))
    today = after(entries, days)
    assert shared(added(entries, record), today) <= shared(entries, today)


@QUICK
@over(histories(), DAYS, st.integers(0, 60), st.data())
def test_a_refusal_never_makes_anything_newly_shareable(
    entries: list[Kept], days: int, back: int, data: st.DataObject
) -> None:
    """CON-13: what is assessed of the young person being as it was."""
    today = after(entries, days)
    context = context_of(entries, today)
    refusal = says(data.draw(st.sampled_from(GIVERS)), *data.draw(REFUSED))
    more = {"disposes": context.disposes, "guardian_allowed": context.guardian_allowed, "harm": context.harm}
    record = asked(refusal, on=after(entries, -back).isoformat(), until=None, age=context.age_group, **more)
    assert shared(added(entries, record), today) <= shared(entries, today)


@QUICK
@over(histories(), DAYS, st.data())
def test_a_correction_never_makes_anything_newly_shareable(entries: list[Kept], days: int, data: st.DataObject) -> None:
    """CON-13: who must consent being as it was, since a mistaken asking also takes its assessment with it."""
    about = [n for n, entry in enumerate(entries, 1) if isinstance(entry.record, ConsentAsked | ConsentWithdrawn)]
    today = after(entries, days)
    for number, giver in product(about, (*GIVERS, None)):
        corrected = added(entries, wrong(number, giver))
        if who_must_consent(context_of(corrected, today)) == who_must_consent(context_of(entries, today)):
            assert shared(corrected, today) <= shared(entries, today), (number, giver)


@QUICK
@over(histories(), DAYS, DAYS)
def test_time_alone_never_makes_anything_newly_shareable(entries: list[Kept], days: int, more: int) -> None:
    """CON-15: nor does it give anybody a yes they had not."""
    assert shared(entries, after(entries, days + more)) <= shared(entries, after(entries, days))


@QUICK
@over(histories(month=False), DAYS, st.sampled_from(["2026-05", "2026-07", "2026-09", "2026-12", "2027-06", "2029-01"]))
def test_learning_the_month_of_18_never_makes_anything_newly_shareable(
    entries: list[Kept], days: int, month: str
) -> None:
    """CON-15."""
    today = after(entries, days)
    assert shared(added(entries, fact("month_of_18", month)), today) <= shared(entries, today)


@QUICK
@over(histories(), DAYS)
def test_each_giver_party_kind_and_direction_has_exactly_one_status(entries: list[Kept], days: int) -> None:
    """CON-13: one of eight, the same whenever it is asked for; and what may be shared is a yes of everyone who must."""
    today = after(entries, days)
    consents, again = Consents(entries, today), Consents(entries, today)
    for giver, party, kind, direction in product(GIVERS, SOME_PARTIES, SOME_KINDS, DIRECTIONS):
        status = consents.status(giver, party, kind, direction)
        assert status.status in EIGHT
        assert status == again.status(giver, party, kind, direction)
        assert (kind in consents.kinds(giver, party)) >= (status.status == "given")
        assert (status.entry is None) == (status.status == "not_asked")
    for party, kind, direction in shared(entries, today):
        needed = who_must_consent(consents.context)
        assert {consents.status(giver, party, kind, direction).status for giver in needed} == {"given"}


@QUICK
@over(histories(), DAYS, st.permutations(GIVERS), st.data())
def test_the_order_in_which_two_givers_were_written_down_does_not_matter(
    entries: list[Kept], days: int, givers: list[str], data: st.DataObject
) -> None:
    """CON-7: they are asked one by one; what each says is what each says."""
    on, until = after(entries, 0).isoformat(), after(entries, 100).isoformat()
    two = []
    for place, giver in enumerate(givers[:2]):
        answer = asked(says(giver, *data.draw(SAID)), on=on, until=until, age="15_17", disposes="together")
        record = data.draw(st.sampled_from([answer, takes_back(giver, "police", on=on)]))
        two.append(Kept(record, id=id_of(90 + place), said_on=entries[-1].said_on))
    today = after(entries, days)
    one, other_way = Consents([*entries, *two], today), Consents([*entries, *reversed(two)], today)
    assert one.context == other_way.context
    for row in product(GIVERS, SOME_PARTIES, SOME_KINDS, DIRECTIONS):
        assert one.status(*row) == other_way.status(*row), row


@QUICK
@over(histories(), DAYS)
def test_nothing_is_due_in_a_closed_case(entries: list[Kept], days: int) -> None:
    """CON-4, CON-15, DEC-2."""
    today = after(entries, days)
    assert what_is_due(added(entries, CLOSED), today, POLICY) == ()
    assert what_is_due([*added(entries, CLOSED), Kept(REOPENED)], today, POLICY) == what_is_due(entries, today, POLICY)
