"""/avvisat: what the receiver declined is answered once, by whoever comes first, and the case can go in the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest

from bot.phone import Phone
from dialogs import avvisat
from dialogs.records import CaseClosed, Declined, DeclineReason, DeclineSettled, Record, TalkHeld
from dialogs.rules.transfers import when_a_case_may_be_purged
from dialogs.texts import say
from dialogs.transfer_words import WHY_DECLINED
from state.records import verify
from state.session import CHANGE, SAVE
from tests.office import Office, screen_of
from tests.talk import OURS, Kept, Talk, a_world
from tests.test_transfers import declines, id_of, kept, receipt, sent, settles, talk

THREE: tuple[tuple[int, Record], ...] = (
    *((0, talk(day)) for day in (2, 3, 4)),
    (1, sent(1, 1, 2, 3)),
    (2, receipt(1)),
)


def a_talk(*said: tuple[int, Record]) -> Talk:
    return Talk(avvisat.DIALOG, a_world(shelf={OURS: kept(*THREE, *said)})).picks(OURS)


def test_every_reason_has_its_words() -> None:
    assert set(WHY_DECLINED) == set(get_args(DeclineReason))
    assert len(set(WHY_DECLINED.values())) == len(WHY_DECLINED)


@pytest.mark.parametrize("reason", get_args(DeclineReason))
def test_the_receivers_reason_stands_in_the_question(reason: DeclineReason) -> None:
    asks = a_talk((2, Declined(case=OURS, bundle=1, record=id_of(2), reason=reason))).asks
    assert asks == f"Togs inte emot: samtal den 3 november 2026. {say(WHY_DECLINED[reason], 'sv')} Vad har du gjort?"


def test_where_one_was_declined_it_is_not_asked_which_and_is_shown_before_saving() -> None:
    alone = a_talk((2, declines(2)))
    assert alone.at == "what_was_done"
    assert "Anteckning: Samtal den 3 november 2026" in alone.picks("written_there").screen.text
    assert a_talk((2, declines(2)), (2, declines(1))).at == "which"
    assert a_talk((2, declines(2)), (2, declines(1)), (3, settles(2))).at == "what_was_done"


@pytest.mark.parametrize("outcome", ["ready_now", "written_there", "not_needed"])
def test_what_was_done_is_kept_with_the_record_it_is_about(outcome: str) -> None:
    done = a_talk((2, declines(2)), (2, declines(3))).picks(id_of(3), outcome, SAVE)
    assert [record.payload() for record in done.kept] == [
        {"case": OURS, "record": id_of(3), "about_day": "2026-11-04", "outcome": outcome}
    ]
    assert done.outcome == outcome


@pytest.mark.parametrize(("reason", "warns"), [("duplicate", False), ("not_ours", True), ("other", True)])
def test_what_stands_nowhere_else_is_not_called_needless_unwarned(reason: DeclineReason, warns: bool) -> None:
    """Unless it is in the case system already, it is gone when the case is purged here."""
    declined = (2, Declined(case=OURS, bundle=1, record=id_of(2), reason=reason))
    assert ("försvinner när ärendet gallras" in a_talk(declined).picks("not_needed").screen.text) is warns
    assert "försvinner" not in a_talk(declined).picks("written_there").screen.text


def test_another_record_asks_again_what_was_done_with_it() -> None:
    changed = a_talk((2, declines(2)), (2, declines(3))).picks(id_of(3), "not_needed", CHANGE, f"{CHANGE}:which")
    assert changed.picks(id_of(2)).at == "what_was_done"


def test_the_note_can_be_copied_with_one_button() -> None:
    days = [Kept(TalkHeld(case=OURS, held="yes", occurred_on=talk(day).occurred_on)) for day in (2, 28)]
    for outcome in ("ready_now", "written_there", "not_needed"):
        for held in days:
            day = held.record.happened_on
            settled = DeclineSettled.from_payload(
                {"case": OURS, "record": id_of(1), "about_day": str(day), "outcome": outcome}
            )
            said = "\n".join(say(line, "sv") for line in avvisat.note(settled))
            assert len(f"{said}\n\nAntecknat 2026-11-24 av samordnare 12.") <= 256


# ── at the office ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def office() -> Iterator[Office]:
    opened = Office()
    yield opened
    assert verify(opened.store.records()) == len(opened.kept())
    opened.store.close()


def handed_over(office: Office, phone: Phone, *declined: int, closed: bool = False) -> list[str]:
    """Two talks, in a bundle that was received but for those."""
    talks = [office.given(talk(day), phone) for day in (2, 3)]
    if closed:
        talks.append(office.given(CaseClosed(case=OURS, reason="discharged"), phone))
    with office.store.transaction():
        bundle = office.store.begin_bundle(office.now)
        assert bundle is not None
        office.store.mark_written(bundle.number, "0" * 64, office.now)
        office.store.mark_received(bundle, {talks[number]: "unknown_case" for number in declined}, office.now)
    return talks


def presses(phone: Phone, *labels: str) -> str:
    for label in labels:
        phone.presses(label)
    return screen_of(phone).text


ORDERED, WRITTEN = "Det är ordnat, den kan tas emot nu", "Jag har skrivit in den där"


@pytest.mark.parametrize(
    ("before", "then"), [([], WRITTEN), ([], "Tillbaka"), ([WRITTEN], "Spara"), ([WRITTEN], "Ändra")]
)
def test_two_settle_the_same_and_the_second_is_told(office: Office, before: list[str], then: str) -> None:
    mine, colleague = office.joins(), office.joins()
    handed_over(office, mine, 0)
    office.lets_in(colleague, OURS)
    for phone in (mine, colleague):
        phone.says(f"/avvisat {OURS}")
    presses(mine, *before)
    presses(colleague, ORDERED, "Spara")
    assert presses(mine, then) == f"Allt som inte togs emot i {OURS} har fått svar."
    assert [held["outcome"] for held in office.kept() if "outcome" in held] == ["ready_now"]


def test_the_second_is_told_also_who_types(office: Office) -> None:
    mine, colleague = office.joins(), office.joins()
    handed_over(office, mine, 0)
    office.lets_in(colleague, OURS)
    for phone in (mine, colleague):
        phone.says(f"/avvisat {OURS}")
    presses(colleague, ORDERED, "Spara")
    mine.says("ja")
    assert screen_of(mine).text == f"Allt som inte togs emot i {OURS} har fått svar."


def test_the_second_goes_on_with_what_is_left(office: Office) -> None:
    mine, colleague = office.joins(), office.joins()
    handed_over(office, mine, 0, 1)
    office.lets_in(colleague, OURS)
    for phone in (mine, colleague):
        phone.says(f"/avvisat {OURS}")
        presses(phone, "Samtal den 2 november 2026", WRITTEN)
    presses(colleague, "Spara")
    assert presses(mine, "Spara").startswith("Inget är sparat än. Ärendet har ändrats")
    offered = [button.label for button in screen_of(mine).buttons]
    assert ("Samtal den 3 november 2026" in offered, "Samtal den 2 november 2026" in offered) == (True, False)
    assert len([held for held in office.kept() if "outcome" in held]) == 1


def test_it_is_offered_only_where_something_waits_also_in_a_closed_case(office: Office) -> None:
    phone = office.joins()
    phone.says(f"/arende {OURS}")
    labels = []
    handed_over(office, phone, 1, closed=True)
    for _ in range(2):
        phone.says(f"/arende {OURS}")
        labels.append([button.label for button in screen_of(phone).buttons])
        if "Svara på en avvisning" in labels[-1]:
            presses(phone, "Svara på en avvisning", WRITTEN, "Spara")
    assert ["Svara på en avvisning" in one for one in labels] == [True, False]
    assert "Öppna ärendet igen" in labels[1], "it is still closed"


def test_a_declined_case_can_go_in_the_end(office: Office) -> None:
    """Closed, declined, settled, and the settlement received: then there is a day."""
    phone = office.joins()
    handed_over(office, phone, 0, closed=True)
    policy = office.desk.policy
    whys = [when_a_case_may_be_purged(office.store.entries(OURS), policy).why]
    phone.says(f"/avvisat {OURS}")
    presses(phone, WRITTEN, "Spara")
    whys.append(when_a_case_may_be_purged(office.store.entries(OURS), policy).why)
    with office.store.transaction():
        bundle = office.store.begin_bundle(office.now)
        assert bundle is not None
        office.store.mark_written(bundle.number, "0" * 64, office.now)
    whys.append(when_a_case_may_be_purged(office.store.entries(OURS), policy).why)
    assert whys == ["declined", "not_transferred", "not_received"]
    office.passes(days=3)
    with office.store.transaction():
        office.store.mark_received(bundle, {}, office.now)
    retention = when_a_case_may_be_purged(office.store.entries(OURS), policy)
    assert retention.on is not None
    assert (retention.on - office.now.date()).days == policy.purge_after_days
