"""How far a record has come, what was declined, when a case may be purged, and what is to be put right over there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, get_args

import pytest

from dialogs import ratta
from dialogs.policy import Policy
from dialogs.records import (
    CaseClosed,
    CaseFact,
    CaseReopened,
    ConsentAsked,
    ConsentCorrected,
    ConsentWithdrawn,
    Corrected,
    CorrectionNotice,
    Declined,
    DeclineSettled,
    Received,
    Record,
    StaffThreat,
    TalkHeld,
    Transferred,
)
from dialogs.rules.notices import notices_of_what_is_taken_back
from dialogs.rules.transfers import (
    RecordState,
    Retention,
    WhyItStays,
    received_on,
    state_of,
    states_of,
    the_day_of,
    what_was_declined,
    what_was_transferred,
    when_a_case_may_be_purged,
)
from state.session import SAVE
from state.store import Store
from tests.talk import MONDAY, OURS, Kept, Talk, a_world

FIRST = date(2026, 11, 2)
POLICY = Policy()


def id_of(number: int) -> str:
    return f"{number:08x}-0000-7000-8000-000000000000"


def kept(*said: tuple[int, Record]) -> list[Kept]:
    """Records in this order, each with the day it was written, counted from 2 November; the first has ``id_of(1)``."""
    return [
        Kept(record, id=id_of(number), said_on=FIRST + timedelta(days=day))
        for number, (day, record) in enumerate(said, 1)
    ]


def talk(day: int = 2) -> TalkHeld:
    return TalkHeld(case=OURS, held="yes", occurred_on=date(2026, 11, day), mode="meeting", held_by="self")


def sent(bundle: int, *numbers: int) -> Transferred:
    return Transferred(case=OURS, bundle=bundle, records=tuple(map(id_of, numbers)))


def receipt(bundle: int) -> Received:
    return Received(case=OURS, bundle=bundle)


def declines(number: int, bundle: int = 1) -> Declined:
    return Declined(case=OURS, bundle=bundle, record=id_of(number), reason="unknown_case")


def settles(number: int) -> DeclineSettled:
    return DeclineSettled(case=OURS, record=id_of(number), about_day=FIRST, outcome="written_there")


CLOSED = CaseClosed(case=OURS, reason="discharged")
REOPENED = CaseReopened(case=OURS, reason="came_back")
CORRECTED = Corrected(
    case=OURS, corrects=id_of(1), change="mode", mode="video", reason="mistyped", talk_on=date(2026, 11, 2)
)
NOTICE = CorrectionNotice(case=OURS, changes=id_of(1), about_day=FIRST, because="corrected")

Said = list[tuple[int, Record]]


# ── how far a record has come ────────────────────────────────────────────────────────────────────────────────

STATES: tuple[tuple[Said, str, str], ...] = (
    ([(0, talk())], "ready", "no bundle holds it"),
    ([(0, talk()), (1, sent(1, 1))], "transferred", "from when the bundle is begun"),
    ([(0, talk()), (1, sent(1, 1)), (2, receipt(1))], "received", "its receipt has come"),
    ([(0, talk()), (1, sent(1, 1)), (2, receipt(2))], "transferred", "the receipt of another bundle"),
    (
        [(0, talk()), (0, talk(3)), (1, sent(1, 1)), (2, sent(2, 2)), (3, receipt(2))],
        "transferred received",
        "two bundles of one case, of which the later was received",
    ),
    ([(0, talk()), (0, talk(3)), (1, sent(1, 1)), (2, receipt(1))], "received ready", "it held only one of the two"),
    (
        [(0, talk()), (0, talk(3)), (0, talk(4)), (1, sent(1, 1, 2, 3)), (2, receipt(1)), (2, declines(2))],
        "received declined received",
        "one of three was declined",
    ),
    (
        [(0, talk()), (1, sent(1, 1)), (2, receipt(1)), (2, declines(1)), (3, settles(1))],
        "transferred ready",
        "settled: on its way until the settlement is received",
    ),
    (
        [(0, talk()), (1, sent(1, 1)), (2, receipt(1)), (2, declines(1)), (3, settles(1)), (4, sent(2, 5))],
        "transferred transferred",
        "the settlement has left",
    ),
    (
        [
            *[(0, talk()), (1, sent(1, 1)), (2, receipt(1)), (2, declines(1)), (3, settles(1))],
            *[(4, sent(2, 5)), (5, receipt(2))],
        ],
        "received received",
        "and is received",
    ),
    (
        [
            *[(0, talk()), (1, sent(1, 1)), (2, receipt(1)), (2, declines(1)), (3, settles(1))],
            *[(4, sent(2, 5)), (5, receipt(2)), (5, declines(5, 2))],
        ],
        "transferred declined",
        "the settlement was declined in its turn",
    ),
    (
        [
            *[(0, talk()), (1, sent(1, 1)), (2, receipt(1)), (2, declines(1)), (3, settles(1))],
            *[(4, sent(2, 5)), (5, receipt(2)), (5, declines(5, 2)), (6, settles(5))],
            *[(7, sent(3, 9)), (8, receipt(3))],
        ],
        "received received received",
        "until a settlement of the settlement is received",
    ),
    (
        [(0, talk()), (1, sent(1, 1)), (2, receipt(1)), (3, CORRECTED), (3, NOTICE)],
        "received ready ready",
        "a correction and its notice are records of their own, and the talk stays where it is",
    ),
)


@pytest.mark.parametrize(("said", "states", "why"), STATES, ids=[why for _, _, why in STATES])
def test_a_record_has_come_as_far_as_the_bookkeeping_says(said: Said, states: str, why: str) -> None:
    entries = kept(*said)
    told = [entry for entry in entries if not entry.record.bookkeeping]
    assert [state_of(entry, entries) for entry in told] == states.split(), why
    assert list(states_of(entries).values()) == states.split(), why
    for entry in told:
        assert (received_on(entry, entries) is not None) == (state_of(entry, entries) == "received"), why


def test_every_state_stands_in_the_table() -> None:
    assert {state for _, states, _ in STATES for state in states.split()} == set(get_args(RecordState))


def test_the_day_of_a_receipt_is_the_day_it_came() -> None:
    """Of a settled no it is the day of the settlement's own receipt; of a record that was taken, its bundle's."""
    entries = kept(
        *[(0, talk()), (0, talk(3)), (1, sent(1, 1, 2)), (9, receipt(1)), (9, declines(2))],
        *[(10, settles(2)), (11, sent(2, 6)), (20, receipt(2))],
    )
    assert received_on(entries[0], entries) == FIRST + timedelta(days=9)
    assert received_on(entries[1], entries) == received_on(entries[5], entries) == FIRST + timedelta(days=20)
    assert received_on(entries[1], entries[:7]) is None


def test_what_was_declined_is_told_until_it_is_settled() -> None:
    """Oldest no first, each with what it is about."""
    said = [(0, talk()), (0, talk(3)), (1, sent(1, 1, 2)), (2, receipt(1)), (2, declines(2)), (3, declines(1))]
    entries = kept(*said)
    assert [(one.about.id, one.entry.id, one.said.reason) for one in what_was_declined(entries)] == [
        (id_of(2), id_of(5), "unknown_case"),
        (id_of(1), id_of(6), "unknown_case"),
    ]
    assert [one.about.id for one in what_was_declined(kept(*said, (4, settles(2))))] == [id_of(1)]
    assert what_was_declined(kept(*said, (4, settles(2)), (5, settles(1)))) == []
    elsewhere = Declined(case=OURS, bundle=1, record=id_of(99), reason="other")
    assert what_was_declined(kept((0, elsewhere))) == [], "of a record that is not here there is nothing to do"


# ── when a case may be purged ────────────────────────────────────────────────────────────────────────────────

ALL_RECEIVED: Said = [(0, talk()), (5, CLOSED), (6, sent(1, 1, 2)), (10, receipt(1))]
THREAT = StaffThreat.from_payload(
    {
        "case": OURS,
        "reported_at": "2026-11-02T09:30+01:00",
        "danger": "no",
        "against": "self",
        "manager": "yes",
        "police": "no",
        "routine": "yes",
        "sig": "paused",
    }
)

STAYS: tuple[tuple[Said, WhyItStays | int, str], ...] = (
    (ALL_RECEIVED, 10, "closed on day 5, received on day 10: the later counts"),
    ([(0, talk()), (1, CLOSED), (2, sent(1, 1, 2)), (2, receipt(1))], 2, "received the day it left"),
    ([(0, talk()), (9, CLOSED), (1, sent(1, 1, 2)), (2, receipt(1))], 9, "the clock was set back: the later day"),
    ([(0, talk()), (6, sent(1, 1)), (10, receipt(1))], "open", "all is received, and people work in it"),
    ([(0, talk())], "open", "that it is open is said before all else"),
    ([*ALL_RECEIVED, (11, REOPENED), (12, sent(2, 5)), (13, receipt(2))], "open", "opened again"),
    ([*ALL_RECEIVED, (11, REOPENED), (12, CLOSED)], "not_transferred", "closed again, and that has not left"),
    (
        [*ALL_RECEIVED, (11, REOPENED), (12, CLOSED), (13, sent(2, 5, 6)), (20, receipt(2))],
        20,
        "closed again, and that is received",
    ),
    ([(0, talk()), (5, CLOSED), (6, sent(1, 1))], "not_transferred", "the closing itself has not left"),
    ([(0, talk()), (5, CLOSED), (6, sent(1, 1, 2))], "not_received", "no receipt yet"),
    (
        [(0, talk()), (1, sent(1, 1)), (5, CLOSED), (6, sent(2, 3)), (10, receipt(2))],
        "not_received",
        "the receipt of one bundle of two",
    ),
    (
        [(0, talk()), (1, sent(1, 1)), (5, CLOSED), (6, sent(2, 3)), (10, receipt(2)), (14, receipt(1))],
        14,
        "both: the day of the later receipt, also where it is that of the earlier bundle",
    ),
    ([*ALL_RECEIVED[:3], (10, receipt(1)), (10, declines(1))], "declined", "nobody has settled it"),
    ([*ALL_RECEIVED, (10, declines(1)), (11, settles(1))], "not_transferred", "settled: that must leave"),
    ([*ALL_RECEIVED, (10, declines(1)), (11, settles(1)), (12, sent(2, 6))], "not_received", "and be received"),
    (
        [*ALL_RECEIVED, (10, declines(1)), (11, settles(1)), (12, sent(2, 6)), (25, receipt(2))],
        25,
        "then its day counts",
    ),
    (
        [(0, talk()), (1, sent(1, 1)), (2, receipt(1)), (3, CORRECTED), (3, NOTICE), (4, CLOSED), (5, sent(2, 6))],
        "not_transferred",
        "a correction and its notice are waited for as well",
    ),
    (
        [
            *[(0, talk()), (1, sent(1, 1)), (2, receipt(1)), (3, CORRECTED), (3, NOTICE), (4, CLOSED)],
            *[(5, sent(2, 4, 5, 6)), (8, receipt(2))],
        ],
        8,
        "when they are received it goes",
    ),
    ([(0, THREAT)], "not_transferred", "what is kept apart is never closed"),
    ([(0, THREAT), (1, sent(1, 1)), (3, receipt(1))], 3, "it needs its receipt only"),
)


@pytest.mark.parametrize(("said", "then", "why"), STAYS, ids=[why for _, _, why in STAYS])
def test_a_case_goes_when_it_was_closed_and_received_long_enough(said: Said, then: WhyItStays | int, why: str) -> None:
    expected = (
        Retention(on=None, why=then)
        if isinstance(then, str)
        else Retention(on=FIRST + timedelta(days=then + POLICY.purge_after_days), why=None)
    )
    assert when_a_case_may_be_purged(kept(*said), POLICY) == expected, why


def test_every_reason_stands_in_the_table_and_the_days_are_the_deployments() -> None:
    assert {then for _, then, _ in STAYS if isinstance(then, str)} == set(get_args(WhyItStays))
    longer = replace(POLICY, purge_after_days=90)
    assert when_a_case_may_be_purged(kept(*ALL_RECEIVED), longer).on == FIRST + timedelta(days=10 + 90)


@pytest.mark.parametrize("said", [[], [(0, receipt(1))]])
def test_of_nothing_there_is_no_day(said: Said) -> None:
    with pytest.raises(ValueError, match="without records"):
        when_a_case_may_be_purged(kept(*said), POLICY)


def test_what_comes_later_never_brings_the_day_nearer() -> None:
    """Record by record as a case grows: a day that was told is only ever put off, or taken away."""
    for said, *_ in STAYS:
        days = [when_a_case_may_be_purged(kept(*said[:end]), POLICY).on for end in range(1, len(said) + 1)]
        told = [day for day in days if day is not None]
        assert told == sorted(told)


# ── what is to be put right in the case system (CON-5) ───────────────────────────────────────────────────────


def yes(on: int, *parties: str, kinds: Sequence[str] = ("planning", "crime"), direction: str = "both") -> ConsentAsked:
    return asked(on, [{"party": one, "answer": "given", "kinds": kinds, "direction": direction} for one in parties])


def asked(on: int, lines: Sequence[dict[str, Any]], giver: str = "subject", **more: str) -> ConsentAsked:
    answers = {
        "giver": giver,
        "lines": [line | {k: list(v) for k, v in line.items() if k == "kinds"} for line in lines],
    }
    return ConsentAsked.from_payload(
        {"case": OURS, "asked_on": f"2026-11-{on:02}", "age_group": "21_29", "givers": [answers | more]}
    )


def says(on: int, answer: str, *parties: str) -> ConsentAsked:
    return asked(on, [{"party": party, "answer": answer} for party in parties])


def takes_back(*parties: str, kinds: Sequence[str] = ()) -> ConsentWithdrawn:
    payload = {"case": OURS, "withdrawn_on": "2026-11-20", "giver": "subject", "how": "meeting"}
    return ConsentWithdrawn.from_payload(
        payload | {"parties": list(parties)} | ({"kinds": list(kinds)} if kinds else {})
    )


YES = yes(3, "police", "school")
AGAIN = yes(10, "police")
DECLINED: Said = [(2, receipt(1)), (2, declines(1))]

TAKEN: tuple[tuple[Said, ConsentAsked | ConsentWithdrawn, list[tuple[int, str, str]], str], ...] = (
    ([(0, YES)], takes_back("police"), [], "it was never handed over"),
    ([(0, YES), (1, sent(1, 9))], takes_back("police"), [], "other records were"),
    ([(0, YES), (1, sent(1, 1))], takes_back("police"), [(1, "police", "")], "from when the bundle is begun"),
    ([(0, YES), (1, sent(1, 1)), (2, receipt(1))], takes_back("police"), [(1, "police", "")], "received"),
    ([(0, YES), (1, sent(1, 1)), *DECLINED], takes_back("police"), [(1, "police", "")], "declined"),
    (
        [(0, YES), (1, sent(1, 1)), *DECLINED, (3, settles(1))],
        takes_back("police"),
        [(1, "police", "")],
        "declined and settled",
    ),
    ([(0, YES), (1, sent(1, 1))], takes_back("police", "school"), [(1, "police school", "")], "both in one notice"),
    ([(0, YES), (1, sent(1, 1))], takes_back("police", kinds=["crime"]), [(1, "police", "crime")], "a part"),
    (
        [(0, YES), (0, yes(4, "bup")), (1, sent(1, 1, 2))],
        takes_back("police", "bup"),
        [(1, "police", ""), (2, "bup", "")],
        "two records: each notice names its own parties",
    ),
    ([(0, YES), (1, sent(1, 1))], says(20, "refused", "police"), [(1, "police", "")], "a no after a yes"),
    ([(0, YES), (1, sent(1, 1))], says(20, "thinking", "police"), [(1, "police", "")], "thinks again"),
    ([(0, YES), (1, sent(1, 1))], says(20, "not_reached", "police"), [], "was not reached: the yes stands"),
    ([(0, YES), (1, sent(1, 1))], says(2, "refused", "police"), [], "a no of an earlier day takes nothing back"),
    ([(0, YES), (1, sent(1, 1))], yes(20, "police"), [], "the same yes again travels by itself"),
    ([(0, YES), (1, sent(1, 1))], yes(20, "police", kinds=["planning", "crime", "health"]), [], "and so does a wider"),
    ([(0, YES), (1, sent(1, 1))], yes(20, "police", kinds=["planning"]), [(1, "police", "crime")], "a yes to less"),
    ([(0, YES), (1, sent(1, 1))], yes(20, "police", direction="to"), [(1, "police", "")], "a yes in one direction"),
    (
        [(0, YES), (1, sent(1, 1)), (2, AGAIN)],
        takes_back("police"),
        [(1, "police", "")],
        "said again in a record that has not left: the case system holds the first",
    ),
    (
        [(0, YES), (1, sent(1, 1)), (2, AGAIN), (3, sent(2, 3))],
        takes_back("police"),
        [(3, "police", "")],
        "both have left: the latest is what stands there",
    ),
    (
        [(0, YES), (1, sent(1, 1)), (2, takes_back("police")), (3, yes(21, "police"))],
        says(22, "refused", "police"),
        [],
        "taken back in between: that left its notice then",
    ),
    (
        [(0, YES), (1, sent(1, 1)), (2, says(5, "refused", "police")), (3, yes(21, "police"))],
        says(22, "refused", "police"),
        [],
        "and so did a no",
    ),
    (
        [
            *[(0, YES), (1, sent(1, 1)), (2, AGAIN), (3, sent(2, 3))],
            (4, ConsentCorrected(case=OURS, corrects=id_of(3), about_day=FIRST, giver="subject", reason="mistyped")),
            (5, yes(21, "police")),
        ],
        says(22, "refused", "police"),
        [(1, "police", "")],
        "a mistake in between took nothing back, and has its own notice",
    ),
    (
        [(0, YES), (1, sent(1, 1)), (2, takes_back("police", kinds=["crime"])), (3, yes(21, "police"))],
        says(22, "refused", "police"),
        [(1, "police", "")],
        "a part taken back in between: the rest still stands there",
    ),
    ([(0, YES), (1, sent(1, 1))], takes_back("bup"), [], "nobody had said yes to that"),
)


@pytest.mark.parametrize(("said", "change", "notices", "why"), TAKEN, ids=[why for *_, why in TAKEN])
def test_con_5_a_yes_in_the_case_system_that_is_taken_back_leaves_a_notice(
    said: Said, change: ConsentAsked | ConsentWithdrawn, notices: list[tuple[int, str, str]], why: str
) -> None:
    """CON-5: it names the record that says yes over there, the parties and the kinds; nothing else leaves one."""
    found = notices_of_what_is_taken_back(kept(*said), change, date(2026, 11, 22))
    assert [(one.changes, one.parties, one.kinds) for one in found] == [
        (id_of(number), tuple(parties.split()), tuple(kinds.split())) for number, parties, kinds in notices
    ], why
    assert {(one.giver, one.because, one.measure) for one in found} <= {("subject", "withdrawn", None)}


def test_con_5_the_measure_goes_in_the_same_notice_as_the_parties() -> None:
    before = asked(3, [{"party": "police", "answer": "given", "kinds": ["crime"], "direction": "to"}], measure="given")
    no = asked(20, [{"party": "police", "answer": "refused"}], measure="refused")
    entries = kept((0, before), (1, sent(1, 1)))
    (notice,) = notices_of_what_is_taken_back(entries, no, date(2026, 11, 22))
    assert (notice.parties, notice.measure, notice.about_day) == (("police",), "withdrawn", date(2026, 11, 3))
    assert notices_of_what_is_taken_back([], no, date(2026, 11, 22)) == [], "a case that is new"


BACK: tuple[tuple[Said, str, list[int], str], ...] = (
    ([(0, talk())], id_of(1), [], "nothing was handed over"),
    ([(0, talk()), (1, sent(1, 1))], id_of(1), [1], "the talk was"),
    ([(0, talk()), (1, sent(1, 1)), (2, receipt(1))], id_of(1), [1], "and received"),
    ([(0, talk()), (1, sent(1, 1)), *DECLINED], id_of(1), [1], "declined"),
    ([(0, talk()), (1, sent(1, 1)), *DECLINED, (3, settles(1))], id_of(1), [1], "declined and settled"),
    ([(0, talk()), (0, CORRECTED)], id_of(2), [], "neither the talk nor its correction"),
    ([(0, talk()), (0, CORRECTED), (1, sent(1, 1, 2))], id_of(2), [2], "both: the correction is named"),
    ([(0, talk()), (1, sent(1, 1)), (2, CORRECTED)], id_of(3), [1], "only the talk: it stands there as it first did"),
)


@pytest.mark.parametrize(("said", "about", "notices", "why"), BACK, ids=[why for *_, why in BACK])
def test_mot_4_what_is_corrected_over_there_leaves_a_notice(
    said: Said, about: str, notices: list[int], why: str
) -> None:
    """MOT-4: of the talk, or of the correction that is taken back; it is known by the day of the talk."""
    going = Talk(ratta.DIALOG, a_world(shelf={OURS: kept(*said)})).picks(OURS, about)
    if going.at == "change":
        going.picks("mode", "telephone")
    going.picks("mistyped", SAVE)
    found = [record for record in going.kept if isinstance(record, CorrectionNotice)]
    assert [(one.changes, one.because, one.about_day) for one in found] == [
        (id_of(number), "corrected", date(2026, 11, 2)) for number in notices
    ], why


def test_a_correction_is_known_by_the_day_of_its_talk() -> None:
    assert the_day_of(kept((9, CORRECTED))[0]) == date(2026, 11, 2)
    assert the_day_of(kept((9, CaseFact(case=OURS, fact="group", value="youth")))[0]) == FIRST + timedelta(days=9)


def test_con_5_what_is_in_a_bundle_that_is_being_made_has_been_handed_over() -> None:
    """The bundle is begun and not yet written: what is said meanwhile comes after it, and needs its notice."""
    store = Store(None, bytes(32))
    with store.transaction():
        me = store.add_person(role="samordnare", district="Farsta", channel="terminal", address="1", now=MONDAY)
        held = store.append(YES, me, MONDAY)
        bundle = store.begin_bundle(MONDAY)
        later = store.append(talk(), me, MONDAY)
    assert bundle is not None
    assert bundle.written_at is None
    entries = store.entries(OURS)
    assert what_was_transferred(entries) == {held.id}
    assert [state_of(one, entries) for one in (held, later)] == ["transferred", "ready"]
    found = notices_of_what_is_taken_back(entries, takes_back("police"), MONDAY.date())
    assert [one.changes for one in found] == [held.id]
    store.close()
