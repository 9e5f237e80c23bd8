"""Need to know: who gets at a case, by every way there is to ask for one; denied unless granted (ENV-1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from bot.access import could_see, every_case, members_of
from bot.incoming import Pressed
from bot.phone import CHANNEL, Phone
from dialogs.records import (
    AccessEnded,
    AccessGiven,
    CaseFact,
    CaseOpened,
    Entry,
    Received,
    Record,
    StaffThreat,
    TalkHeld,
)
from dialogs.registry import DIALOGS
from dialogs.rules.access import who_is_in
from state.people import CASE_ROLES, ROLES, Role
from state.screen import Screen
from state.store import Store
from tests.office import Office, screen_of
from tests.talk import FREE, MONDAY, OURS, Kept

TALK = TalkHeld.from_payload({"case": OURS, "held": "yes", "occurred_on": "2026-11-02"})
APART = StaffThreat.from_payload(
    {"case": OURS, "reported_at": "2026-11-23T14:05+01:00", "danger": "no", "against": "colleague"}
    | dict.fromkeys(("manager", "police", "routine"), "yes")
    | {"sig": "goes_on"}
)
ME, COLLEAGUE = "p-aaaaaaaa", "p-bbbbbbbb"


@pytest.fixture
def office() -> Iterator[Office]:
    opened = Office()
    yield opened
    opened.store.close()


# ── the rule ─────────────────────────────────────────────────────────────────────────────────────────────────


def named(fact: str, value: str) -> CaseFact:
    return CaseFact.from_payload({"case": OURS, "fact": fact, "value": value})


GIVEN, ENDED = AccessGiven(case=OURS, person=COLLEAGUE), AccessEnded(case=OURS, person=COLLEAGUE)


@pytest.mark.parametrize(
    ("records", "inside", "why"),
    [
        ([], [], "nobody is in what does not exist"),
        ([(TALK, ME)], [ME], "who writes is in"),
        ([(TALK, ME), (GIVEN, ME)], [ME, COLLEAGUE], "who is let in is in"),
        ([(TALK, ME), (GIVEN, ME), (ENDED, ME)], [ME], "until taken out"),
        ([(TALK, ME), (GIVEN, ME), (ENDED, COLLEAGUE)], [ME], "who leaves is out, though they wrote that themselves"),
        ([(TALK, ME), (GIVEN, ME), (ENDED, ME), (GIVEN, ME)], [ME, COLLEAGUE], "and in again when let in anew"),
        ([(TALK, ME), (named("first_coordinator", COLLEAGUE), ME)], [ME, COLLEAGUE], "who is named first is in"),
        ([(TALK, ME), (named("second_coordinator", COLLEAGUE), ME)], [ME, COLLEAGUE], "and who is named second"),
        ([(TALK, ME), (named("second_coordinator", COLLEAGUE), ME), (ENDED, ME)], [ME], "until taken out as well"),
        ([(TALK, ME), (named("second_coordinator", "none_yet"), ME)], [ME], "nobody yet is nobody"),
        ([(TALK, ME), (named("first_coordinator", "unknown"), ME)], [ME], "and so is who is not known"),
        ([(TALK, ME), (named("police_area", COLLEAGUE), ME)], [ME], "no other fact lets anybody in"),
        ([(TALK, ME), (Received(case=OURS, bundle=1), "lots")], [ME], "Lots keeps books and gets at nothing"),
        ([(GIVEN, "lots")], [COLLEAGUE], "whom Lots lets in is in, and Lots is not"),
        ([(ENDED, ME)], [], "to take somebody out lets nobody in"),
    ],
)
def test_env_1_who_is_in_a_case(records: Sequence[tuple[Record, str]], inside: list[str], why: str) -> None:
    entries: list[Entry] = [Kept(record, author) for record, author in records]
    assert list(who_is_in(entries)) == inside, why


# ── the matrix: role × way in × case ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Asked:
    """A case as it stands to the one who asks.

    :ivar opens: whether somebody whose role works with cases gets at it.
    :ivar make: makes it, for the one who asks and a colleague who is in it.
    """

    opens: bool
    make: Callable[[Office, Phone, Phone], None]


def nothing(office: Office, asks: Phone, colleague: Phone) -> None:
    """There is no such case."""


def own(office: Office, asks: Phone, colleague: Phone) -> None:
    office.given(TALK, asks)


def a_colleagues(office: Office, asks: Phone, colleague: Phone) -> None:
    office.given(TALK, colleague)


def a_colleagues_with_access(office: Office, asks: Phone, colleague: Phone) -> None:
    office.given(TALK, colleague)
    office.lets_in(asks, OURS)


def a_colleagues_where_named(office: Office, asks: Phone, colleague: Phone) -> None:
    office.given(TALK, colleague)
    office.given(named("second_coordinator", office.person(asks).id), colleague)


def once_own_and_ended(office: Office, asks: Phone, colleague: Phone) -> None:
    office.given(TALK, asks)
    office.lets_in(colleague, OURS)
    office.takes_out(asks, OURS)


def given_and_ended(office: Office, asks: Phone, colleague: Phone) -> None:
    a_colleagues_with_access(office, asks, colleague)
    office.takes_out(asks, OURS)


def another_districts(office: Office, asks: Phone, colleague: Phone) -> None:
    office.given(TALK, office.joins(district="Skärholmen"))


def another_districts_though_let_in(office: Office, asks: Phone, colleague: Phone) -> None:
    another_districts(office, asks, colleague)
    office.lets_in(asks, OURS)


def own_and_moved_to_another_district(office: Office, asks: Phone, colleague: Phone) -> None:
    office.given(TALK, asks)
    office.given(named("district", "Skärholmen"), asks)


def kept_apart(office: Office, asks: Phone, colleague: Phone) -> None:
    office.given(APART, colleague)
    office.lets_in(asks, OURS)


CASES = {
    make.__name__: Asked(opens, make)
    for make, opens in (
        (nothing, False),
        (own, True),
        (a_colleagues, False),
        (a_colleagues_with_access, True),
        (a_colleagues_where_named, True),
        (once_own_and_ended, False),
        (given_and_ended, False),
        (another_districts, False),
        (another_districts_though_let_in, False),
        (own_and_moved_to_another_district, False),
        (kept_apart, False),
    )
}
COMMANDS = [*(f"/{dialog.command}" for dialog in DIALOGS), "/arende"]
OFF_DIALOG = [
    "case:{case}",
    "case:{case}:1",
    "case-why:{case}",
    "case-texts:{case}",
    "note:{record}",
    "copy:{record}:subject:sv",
]


def forged(office: Office, phone: Phone, data: str) -> list[Screen]:
    return office.at_once(Pressed(office.number(), phone.address, max(phone.shown), "q", data))[phone.address]


def forgets_drafts(office: Office) -> None:
    with office.store.transaction():
        office.store._conn.execute("DELETE FROM session")


def code_is_in(screens: Sequence[Screen]) -> bool:
    return any(OURS in screen.text or any(OURS in b.label + b.value for b in screen.buttons) for screen in screens)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("case", CASES)
def test_a_case_opens_by_each_way_or_by_none(office: Office, role: Role, case: str) -> None:
    """Every command, typed, as a button and forged; every page, note and copy; and the code typed under a question."""
    asks, colleague = office.joins(role), office.joins()
    asks.says("/hjalp")
    CASES[case].make(office, asks, colleague)
    opens = CASES[case].opens and role in CASE_ROLES
    person = office.person(asks)
    world = office.desk.world(person, office.now)
    assert office.desk.may_see(person, OURS) == world.may_see(OURS) == opens
    assert (OURS in world.cases, world.entries(OURS) != ()) == (opens, opens)
    record = next((held.id for held in office.store.records()), "0" * 36)
    before = office.kept()
    for command in COMMANDS:
        for seen in (asks.says(f"{command} {OURS}"), forged(office, asks, f"-:0:{command} {OURS}"), asks.says(command)):
            if command != "/hotbild":  # it asks of 112 before it says which case
                assert code_is_in(seen) == opens or (opens and command == "/avvisat"), (command, seen)
            assert opens or not code_is_in([screen_of(asks)]), command
        asks.says(OURS)
        assert opens or not code_is_in([screen_of(asks)]), f"{command}, then the code"
        asks.says("/avbryt")
        forgets_drafts(office)
    for value in OFF_DIALOG:
        seen = forged(office, asks, f"-:0:{value.format(case=OURS, record=record)}")
        assert opens or not code_is_in(seen), value
    assert code_is_in(forged(office, asks, f"-:0:case:{OURS}")) == opens
    assert office.kept() == before


@pytest.mark.parametrize("role", sorted(CASE_ROLES))
def test_a_case_that_one_may_not_see_is_answered_as_one_that_is_not_there(office: Office, role: Role) -> None:
    asks, colleague = office.joins(role), office.joins()
    asks.says("/hjalp")
    office.given(TALK, colleague)
    for command in COMMANDS:
        there = [screen.text for screen in asks.says(f"{command} {OURS}")]
        assert there == [screen.text for screen in asks.says(f"{command} {FREE}")], command
    for value in ("case:{}", "case-why:{}", "case-texts:{}"):
        pressed = (forged(office, asks, f"-:0:{value.format(code)}") for code in (OURS, FREE))
        exists, does_not = ([screen.text for screen in seen] for seen in pressed)
        assert exists == does_not, value


# ── taken out in the middle ──────────────────────────────────────────────────────────────────────────────────


def test_who_is_taken_out_has_nothing_of_the_case_before_them_and_saves_nothing_there(office: Office) -> None:
    me, colleague = office.joins(), office.joins()
    office.given(TALK, me)
    office.lets_in(colleague, OURS)
    colleague.says(f"/arende {OURS}")
    colleague.says(f"/samtal {OURS}")
    seen = list(colleague.seen)
    before = office.kept()
    me.says(f"/kollega {OURS}")
    me.presses("samordnare 2")
    me.presses("Spara")
    assert office.kept() == [*before, {"kind": "access_ended", "case": OURS, "person": office.person(colleague).id}]
    assert not code_is_in(list(colleague.shown.values())), "its page and its question have gone from the chat"
    assert screen_of(colleague).text.startswith("Du kommer inte längre åt ett av ärendena.")
    assert office.store.drafts(office.person(colleague).id) == []
    before = office.kept()
    for _message, screen in seen:
        for button in screen.buttons:
            came = forged(office, colleague, f"{screen.session}:{screen.revision}:{button.value}")
            assert not code_is_in(came), button
            forgets_drafts(office)
    assert office.kept() == before
    assert office.rows("SELECT count(*) FROM outbox WHERE payload IS NOT NULL") == [(0,)]


def test_who_is_taken_out_keeps_what_they_do_in_another_case(office: Office) -> None:
    me, colleague = office.joins(), office.joins()
    office.given(TALK, me)
    office.lets_in(colleague, OURS)
    colleague.says("/samtal")
    colleague.presses("Nytt ärende")
    asked = screen_of(colleague).text.splitlines()[-1]
    me.says(f"/kollega {OURS}")
    me.presses("samordnare 2")
    me.presses("Spara")
    assert screen_of(colleague).text.splitlines()[-1] == asked
    assert len(office.store.drafts(office.person(colleague).id)) == 1


def test_who_leaves_has_only_the_last_words_of_it_in_the_chat(office: Office) -> None:
    me, colleague = office.joins(), office.joins()
    office.given(TALK, me)
    office.lets_in(colleague, OURS)
    me.says(f"/arende {OURS}")
    me.says(f"/kollega {OURS}")
    me.presses("Du")
    me.presses("Spara")
    (left,) = me.shown.values()
    assert left.text.startswith(f"Du kommer inte längre åt {OURS}.")
    assert "Du har inga ärenden ännu." in me.says("/arende")[-1].text


def test_the_last_one_who_gets_at_a_case_is_not_taken_out(office: Office) -> None:
    """A member who was revoked, or works elsewhere, counts for nothing."""
    me, gone = office.joins(), office.joins()
    office.given(TALK, me)
    office.lets_in(gone, OURS)
    with office.store.transaction():
        office.store.revoke(office.person(gone).id, office.now)
    assert me.says(f"/kollega {OURS}")[-1].text.startswith(f"Bara du kommer åt {OURS}.")
    assert not any("access_ended" in kept["kind"] for kept in office.kept())


# ── over the whole store ─────────────────────────────────────────────────────────────────────────────────────


def test_the_cases_that_nobody_gets_at_are_found(office: Office) -> None:
    me, colleague = office.joins(), office.joins()
    office.given(TALK, me)
    office.lets_in(colleague, OURS)
    office.given(StaffThreat.from_payload(APART.payload() | {"case": FREE}), me)
    found = every_case(office.store)
    assert [(one.case, len(one.inside), len(one.reach), one.closed) for one in found] == [(OURS, 2, 2, False)]
    for phone, left in ((me, 1), (colleague, 0)):
        person = office.person(phone)
        with office.store.transaction():
            office.store.revoke(person.id, office.now)
        (case,) = every_case(office.store)
        assert (len(case.inside), len(case.reach)) == (2, left)
        was = office.store.anybody(person.id)
        assert was is not None
        assert [one.case for one in could_see(office.store, was)] == [OURS], "asked afterwards as well"


def test_a_case_that_moved_is_within_nobodys_reach_until_somebody_there_is_let_in(office: Office) -> None:
    me, there = office.joins(), office.joins(district="Skärholmen")
    office.given(TALK, me)
    office.given(named("district", "Skärholmen"), me)
    found = members_of(office.store, OURS)
    assert found is not None
    assert found.reach == ()
    office.lets_in(there, OURS)
    assert [one.reach for one in every_case(office.store)] == [(office.person(there).id,)]
    assert there.says(f"/arende {OURS}")[-1].text.startswith(f"Ärende {OURS}")


def test_latest_cases_hold_those_one_was_let_into_and_are_found_by_the_index() -> None:
    with_index = "SEARCH record USING INDEX record_lets_in"
    store = Store(None, bytes(32))
    with store.transaction():
        me, bo = (
            store.add_person(role="samordnare", district="Farsta", channel=CHANNEL, address=str(n), now=MONDAY)
            for n in range(2)
        )
        store.append(CaseOpened(case=OURS), me, MONDAY)
        store.append(CaseOpened(case=FREE), me, MONDAY)
        store.append(AccessGiven(case=OURS, person=bo.id), me, MONDAY)
    assert store.latest_cases(bo.id, 9) == [OURS]
    assert store.latest_cases(me.id, 9) == [OURS, FREE] or store.latest_cases(me.id, 9) == [FREE, OURS]
    from state.store.records import _LETS_IN

    plan = " ".join(str(row[-1]) for row in store._conn.execute(f"EXPLAIN QUERY PLAN {_LETS_IN}", ("p",)).fetchall())
    assert with_index in plan
    store.close()
