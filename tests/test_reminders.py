"""Reminders of a referral that waits (THR-9): when, to whom, and what is said where others can read along."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.bell import Bell
from bot.incoming import Said
from bot.outgoing import REMINDER
from bot.phone import CHANNEL
from dialogs.policy import Policy
from dialogs.records import CaseClosed, Entry, ReferralAnswered, ReferralSent, TalkHeld, ThreatTriaged
from dialogs.rules.referrals import Step
from dialogs.rules.reminders import the_first_reminder, the_latest_reminder, what_to_remind_of
from state.people import Person
from state.records import ZONE
from state.screen import Screen
from tests.botapi import BotApi
from tests.office import Office, screen_of
from tests.talk import OURS, THEIRS
from tests.telegram_phone import Wire
from tests.test_arende import a_triage
from tests.test_bell import House as BellHouse
from tests.test_lock import PIN, REAL, Place
from tests.test_web_chat import House, Houses, Stream, ear, houses  # noqa: F401 - the fixture is used by its name

TO_SEND_AT_ONCE = {
    "triaged_at": "2026-11-23T14:05+01:00",
    "due_at": "2026-11-23T14:05+01:00",
    "urgency": "now",
    "receiver": "bops",
}

POLICY = Policy()


def triaged(case: str = OURS) -> ThreatTriaged:
    """A triage on Monday 23 November 2026 at 14.05, whose referral is to be sent at once."""
    return a_triage(case=case, **TO_SEND_AT_ONCE)


def at(day: str, time: str) -> datetime:
    """A moment of November 2026, by the local clock."""
    return datetime.fromisoformat(f"2026-11-{day}T{time}").replace(tzinfo=ZONE)


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Written:
    """A record as the rule sees it: only when it was written counts.

    :param at: when.
    """

    def __init__(self, at: datetime) -> None:
        self.id = "r-1"
        self.recorded_at = at.isoformat()


def step(kind: Any, by: datetime, written: datetime, *, at_once: bool = False) -> Step:
    entry: Any = Written(written)
    return Step(kind=kind, by=by, receiver="bops", rings="bops", at_once=at_once, entry=entry)


@pytest.mark.parametrize(
    ("kind", "by", "written", "at_once", "first", "why"),
    [
        ("send", at("23", "14:05"), at("23", "14:05"), True, at("23", "15:05"), "at once: an hour to do it in"),
        ("ring_meanwhile", at("22", "03:00"), at("22", "03:00"), True, at("22", "04:00"), "also at night"),
        ("send", at("23", "16:30"), at("23", "10:00"), False, at("23", "14:30"), "today: two hours are left"),
        ("send", at("23", "16:30"), at("23", "16:00"), False, at("23", "17:00"), "just written: an hour at least"),
        ("send", at("24", "08:00"), at("23", "17:00"), False, at("24", "08:00"), "when they open, and not at six"),
        ("send", at("24", "09:00"), at("23", "17:00"), False, at("24", "08:00"), "nobody is there before"),
        ("ring_meanwhile", at("23", "23:59"), at("23", "17:30"), False, at("23", "21:00"), "not as they go to bed"),
        ("ring_meanwhile", at("23", "23:59"), at("23", "22:00"), False, at("23", "23:00"), "written after that"),
        ("triage_again", at("25", "16:30"), at("24", "09:00"), False, at("25", "14:30"), "after a no"),
        ("triage_again", at("24", "23:59"), at("24", "09:00"), False, at("24", "10:00"), "a no to what cannot wait"),
        ("ask", at("24", "16:30"), at("23", "14:05"), False, at("24", "16:30"), "when their time is out, not before"),
        ("ask", at("23", "23:59"), at("23", "14:05"), False, at("23", "21:00"), "the same day: while it is evening"),
    ],
)
def test_the_first_reminder(
    kind: str, by: datetime, written: datetime, at_once: bool, first: datetime, why: str
) -> None:
    assert the_first_reminder(step(kind, by, written, at_once=at_once), POLICY) == first, why


@pytest.mark.parametrize(
    ("now", "latest", "why"),
    [
        (at("20", "16:29"), None, "a minute before it is due"),
        (at("20", "16:30"), at("20", "16:30"), "due: Friday afternoon"),
        (at("20", "23:59"), at("20", "16:30"), "once that day"),
        (at("22", "12:00"), at("20", "16:30"), "nobody is there on a Sunday"),
        (at("23", "07:59"), at("20", "16:30"), "a minute before the office opens"),
        (at("23", "08:00"), at("23", "08:00"), "Monday"),
        (at("24", "07:59"), at("23", "08:00"), "once that day too"),
        (at("24", "08:00"), at("24", "08:00"), "and every working day"),
    ],
)
def test_it_comes_again_every_working_day(now: datetime, latest: datetime | None, why: str) -> None:
    asked = step("ask", at("20", "16:30"), at("19", "14:05"))
    assert the_latest_reminder(asked, now, POLICY) == latest, why


@pytest.mark.parametrize(
    ("now", "latest", "why"),
    [
        (at("20", "15:04"), None, "a minute before the hour is over"),
        (at("20", "23:59"), at("20", "15:05"), "once on Friday"),
        (at("21", "07:59"), at("20", "15:05"), "a minute before the morning"),
        (at("21", "08:00"), at("21", "08:00"), "Saturday"),
        (at("22", "08:00"), at("22", "08:00"), "Sunday"),
        (at("23", "08:00"), at("23", "08:00"), "Monday"),
    ],
)
def test_what_cannot_wait_waits_for_no_working_day(now: datetime, latest: datetime | None, why: str) -> None:
    to_send = step("send", at("20", "14:05"), at("20", "14:05"), at_once=True)
    assert the_latest_reminder(to_send, now, POLICY) == latest, why


def test_a_holiday_is_no_working_day() -> None:
    asked = step("ask", datetime(2026, 12, 23, 16, 30, tzinfo=ZONE), at("19", "14:05"))
    on_the_28th = datetime(2026, 12, 28, 7, 59, tzinfo=ZONE)
    assert the_latest_reminder(asked, on_the_28th, POLICY) == asked.by, "Christmas, and a weekend"
    assert the_latest_reminder(asked, on_the_28th + timedelta(minutes=1), POLICY) == on_the_28th + timedelta(minutes=1)


def test_the_numbers_are_configuration() -> None:
    soon = replace(POLICY, remind_before_minutes=30, remind_after_minutes=5)
    assert the_first_reminder(step("send", at("23", "16:30"), at("23", "10:00")), soon) == at("23", "16:00")
    assert the_first_reminder(step("send", at("23", "14:05"), at("23", "14:05"), at_once=True), soon) == at(
        "23", "14:10"
    )


# ── to whom ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def office() -> Iterator[Office]:
    opened = Office()
    yield opened
    opened.store.close()


def sweeps(office: Office) -> dict[str, list[Screen]]:
    """The minute is over; what each phone was shown."""
    leaving = office.desk.sweep(CHANNEL)
    came = {address: phone.gets(leaving) for address, phone in office.phones.items()}
    return {address: screens for address, screens in came.items() if screens}


def entries(office: Office, case: str = OURS) -> tuple[Entry, ...]:
    return tuple(office.store.entries(case))


def test_everybody_in_the_case_is_reminded_once_and_nobody_else(office: Office) -> None:
    anna, bo, beside = office.joins(), office.joins("ersattare"), office.joins()
    boss, other = office.joins("chef"), office.joins(district="Skärholmen")
    office.given(triaged(), anna)
    office.lets_in(bo, OURS)
    office.passes(minutes=59)
    assert sweeps(office) == {}
    office.passes(minutes=1)
    came = sweeps(office)
    assert set(came) == {anna.address, bo.address}, (beside, boss, other)
    for (screen,) in came.values():
        assert screen.text.splitlines()[:2] == [
            f"Påminnelse om ärende {OURS}.",
            "Nästa steg: skicka remissen till BOPS hos polisen genast.",
        ]
        assert screen.buttons[0].label == "Följ remissen"
    assert sweeps(office) == {}, "once"
    office.restarts()
    assert sweeps(office) == {}, "also when the program starts again"
    office.passes(days=1)
    assert set(sweeps(office)) == {anna.address, bo.address}, "and again the next working day"


def test_what_was_due_while_the_program_stood_still_is_told_once(office: Office) -> None:
    anna = office.joins()
    office.given(triaged(), anna)
    office.passes(days=9)
    office.restarts()
    assert set(sweeps(office)) == {anna.address}
    assert sweeps(office) == {}


def test_who_was_taken_out_revoked_or_moved_is_not_reminded(office: Office) -> None:
    anna, bo, cecilia = office.joins(), office.joins(), office.joins()
    office.given(triaged(), anna)
    for phone in (bo, cecilia):
        office.lets_in(phone, OURS)
    office.takes_out(bo, OURS)
    with office.store.transaction():
        office.store.revoke(office.person(cecilia).id, office.now)
    office.passes(hours=1)
    assert set(sweeps(office)) == {anna.address}
    assert office.rows("SELECT DISTINCT person FROM reminded") == [(office.person(anna).id,)]
    with office.store.transaction():
        office.store.revoke(office.person(anna).id, office.now)
    assert office.rows("SELECT * FROM reminded") == [], "nothing of them is left"


def test_what_is_done_or_closed_is_not_reminded_of(office: Office) -> None:
    anna = office.joins()
    triage = office.given(triaged(), anna)
    sent: dict[str, Any] = {
        "case": OURS,
        "triage": triage,
        "sent_on": "2026-11-23",
        "receiver": "bops",
        "urgency": "now",
    }
    sent |= {"table": "2026-11-22-2", "rows": ["W8", "H5"], "answer_by": "2026-11-23T23:59+01:00"}
    referral = office.given(ReferralSent.from_payload(sent), anna)
    office.passes(hours=2)
    assert sweeps(office) == {}, "it is sent"
    office.now = at("23", "21:00")
    assert set(sweeps(office)) == {anna.address}, "nobody has answered"
    kept = office.rows("SELECT record, kind FROM reminded")
    assert kept == [(referral, "ask")]
    received: dict[str, Any] = {"case": OURS, "referral": referral, "answer": "received", "answered_on": "2026-11-23"}
    received |= {"receiver": "bops", "urgency": "now", "table": "2026-11-22-2", "rows": ["W8", "H5"]}
    office.given(ReferralAnswered.from_payload(received), anna)
    office.passes(days=1)
    assert sweeps(office) == {}
    assert office.rows("SELECT * FROM reminded") == [], "nobody is to be reminded of it any more"
    office.given(triaged(THEIRS), anna)
    office.given(CaseClosed.from_payload({"case": THEIRS, "reason": "discharged"}), anna)
    office.passes(days=1)
    assert sweeps(office) == {}
    assert what_to_remind_of(entries(office, THEIRS), office.now, POLICY) == ()


def test_many_cases_are_one_message_that_can_be_read_at_a_glance(office: Office) -> None:
    anna = office.joins()
    for case in (OURS, THEIRS, "Ö44-XMH", "Ö2F-M87", "Ö5R-TNN"):
        office.given(triaged(case), anna)
    office.passes(hours=1)
    ((screen,),) = sweeps(office).values()
    assert "Fler ärenden där något väntar: 2." in screen.text.splitlines()
    assert [button.label for button in screen.buttons if "Följ remissen" in button.label] == [
        f"{case}: Följ remissen" for case in (OURS, THEIRS, "Ö44-XMH")
    ]
    assert "Fara för liv: ring 112." in screen.text.splitlines()


def test_it_is_in_the_access_log(office: Office) -> None:
    anna = office.joins()
    office.given(triaged(), anna)
    office.passes(hours=1)
    sweeps(office)
    assert office.rows("SELECT person, what, page FROM access WHERE page = 'paminnelse'") == [
        (office.person(anna).id, "looked", "paminnelse")
    ]


def test_in_the_middle_of_a_talk_no_answer_is_lost(office: Office) -> None:
    anna = office.joins()
    office.given(triaged(), anna)
    office.given(TalkHeld.from_payload({"case": OURS, "held": "yes", "occurred_on": "2026-11-02"}), anna)
    anna.says("/samtal")
    anna.presses(OURS)
    before = screen_of(anna)
    office.passes(hours=1)
    ((screen,),) = sweeps(office).values()
    assert screen.text.endswith(before.text)
    assert [button.label for button in screen.buttons] == [button.label for button in before.buttons]
    assert (screen.session, screen.told) == (before.session, 3)


def test_who_comes_back_sees_it_again_until_it_is_done(office: Office) -> None:
    anna = office.joins()
    office.given(triaged(), anna)
    office.passes(hours=1)
    sweeps(office)
    office.passes(minutes=5)
    hidden = anna.says("/dolj")[-1]
    assert OURS not in hidden.text
    (back,) = anna.presses("Fortsätt")
    assert back.text.startswith(f"Påminnelse om ärende {OURS}.")
    (question,) = anna.presses("Följ remissen")
    assert question.text.startswith(f"Ärende {OURS}")


def test_who_has_seen_it_by_coming_back_is_not_told_once_more(office: Office) -> None:
    """It fell due while nobody swept: they come first, and see it above the menu."""
    anna = office.joins()
    office.given(triaged(), anna)
    anna.says("/dolj")
    office.passes(hours=1)
    (back,) = anna.presses("Fortsätt")
    assert back.text.startswith(f"Påminnelse om ärende {OURS}.")
    assert sweeps(office) == {}


def test_who_works_in_another_district_than_the_case_is_not_reminded(office: Office) -> None:
    """They have moved since they wrote in it."""
    anna = office.joins()
    office.given(triaged(), anna)
    with office.store.transaction():
        office.store._conn.execute("UPDATE person SET district = 'Järva' WHERE id = ?", (office.person(anna).id,))
    office.passes(hours=1)
    assert sweeps(office) == {}


# ── where others can read along ──────────────────────────────────────────────────────────────────────────────────


def test_a_locked_chat_says_only_that_there_is_a_reminder() -> None:
    place = Place()
    anna = place.inside()
    place.given(triaged(REAL), anna)
    place.passes(minutes=6)
    place.sweeps()
    assert anna.is_shut()
    before = max(anna.shown)
    place.passes(minutes=54)
    place.sweeps()
    assert anna.is_shut()
    assert anna.shows().splitlines()[0] == REMINDER
    assert REAL not in "".join(screen.text for screen in anna.shown.values())
    assert max(anna.shown) > before, "a new message, which the phone tells of"
    assert len(anna.shown) == 1
    anna.types(PIN)
    assert anna.shows().splitlines()[0] == f"Påminnelse om ärende {REAL}."
    place.store.close()


def test_only_a_reminder_may_be_heard(office: Office) -> None:
    anna = office.joins()
    office.given(triaged(), anna)
    anna.says("/hjalp")
    office.passes(hours=1)
    shown = [row.payload for row in office.desk.sweep(CHANNEL) if row.payload["do"] == "show"]
    assert [payload.get("heard", False) for payload in shown] == [True]


def test_the_doorbell_rings_and_rings_again_the_next_day(api: BotApi) -> None:
    """With a person on the web who does not look."""
    house = BellHouse(api)
    bell = house.opens()
    anna = house.api.user(7)
    person = house.joins(anna)
    house.visits(person)
    house.a_minute_passes()
    assert isinstance(bell, Bell)
    house.waits(person)
    house.a_minute_passes()
    first = anna.messages()[-1]
    assert first.text == REMINDER
    house.now += timedelta(hours=2)
    house.waits(person)
    house.a_minute_passes()
    assert anna.messages()[-1].message_id == first.message_id, "one ring is enough for a while"
    house.now += timedelta(hours=2)
    house.waits(person)
    house.a_minute_passes()
    assert anna.messages()[-1].message_id > first.message_id
    house.closes()


def test_an_open_page_hears_it_and_the_doorbell_stays_silent(houses: Houses) -> None:  # noqa: F811
    house: House = houses()
    anna = house.comes()
    me = house.id_of(anna)
    person = house.store.person(me)
    assert isinstance(person, Person)
    with house.store.transaction():
        house.store.set_bell(me, "7")
        house.store.append(triaged(), person, house.now)

    async def story() -> None:
        async with ear(anna) as response:
            stream = Stream(response)
            assert await stream.hears() == "nytt"
            for _ in range(15):  # they are there all the time
                house.passes(minutes=4)
                visit = house.site.web.access.visit(anna.cookies["lots"])
                assert visit is not None
                house.site.web.access.touch(visit)
            house.site.web.sweep()
            assert await stream.hears() == "nytt"
        await asyncio.sleep(0.15)  # the page is closed; the next beat finds that out

    house.site.run(story())
    assert [bell.due_at for bell in house.store.bells()] == [None]
    house.now += timedelta(days=1)
    house.site.web.sweep()
    assert [bell.due_at is not None for bell in house.store.bells()] == [True], "nobody looks now"


def test_the_log_says_neither_who_nor_what(office: Office, talkative: io.StringIO) -> None:
    anna = office.joins()
    office.given(triaged(), anna)
    office.passes(hours=1)
    sweeps(office)
    assert "Reminded" in talkative.getvalue()
    assert OURS not in talkative.getvalue()
    assert office.person(anna).id not in talkative.getvalue()


@pytest.mark.parametrize("name", ["remind_before_minutes", "remind_after_minutes"])
def test_nobody_is_reminded_days_off(name: str) -> None:
    """A number that no clock holds would end every sweep."""
    a_day: dict[str, Any] = {name: 1440}
    assert getattr(Policy(**a_day), name) == 1440
    longer: dict[str, Any] = {name: 1441}
    with pytest.raises(ValueError, match=name):
        Policy(**longer)


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_dialog_that_is_there_no_more_keeps_nobody_from_being_reminded(office: Office) -> None:
    anna, bo = office.joins(), office.joins()
    office.given(triaged(), anna)
    office.lets_in(bo, OURS)
    anna.says("/samtal")
    office.restarts([dialog for dialog in office.dialogs if dialog.id != "samtal"])
    office.passes(hours=1)
    came = sweeps(office)
    assert set(came) == {anna.address, bo.address}
    (screen,) = came[anna.address]
    assert screen.text.startswith(f"Påminnelse om ärende {OURS}.")
    assert screen.buttons[0].label == "Följ remissen"
    assert office.rows("SELECT count(*) FROM session") == [(1,)], "a later version may read it"
    assert sweeps(office) == {}


def test_a_case_that_cannot_be_read_keeps_no_other_back(office: Office) -> None:
    anna = office.joins()
    office.given(triaged(), anna)
    office.given(triaged(THEIRS), anna)
    with office.store.transaction():
        office.store._conn.execute("UPDATE record SET payload = '{}' WHERE case_code = ?", (OURS,))
    office.store._cases.clear()
    office.passes(hours=1)
    ((screen,),) = sweeps(office).values()
    assert screen.text.startswith(f"Påminnelse om ärende {THEIRS}.")


def test_a_clock_that_ran_ahead_costs_no_reminder(office: Office) -> None:
    anna = office.joins()
    office.given(triaged(), anna)
    office.now = at("23", "15:05") + timedelta(days=365)
    assert set(sweeps(office)) == {anna.address}
    office.now = at("24", "08:00")
    assert set(sweeps(office)) == {anna.address}
    office.passes(minutes=1)
    assert sweeps(office) == {}, "once"


def test_a_clock_that_steps_back_a_little_repeats_nothing(office: Office) -> None:
    anna = office.joins()
    office.given(triaged(), anna)
    office.passes(hours=1, seconds=30)
    assert set(sweeps(office)) == {anna.address}
    office.passes(seconds=-20)
    assert sweeps(office) == {}


def test_a_reminder_gives_a_draft_no_more_time(office: Office) -> None:
    anna = office.joins()
    office.given(triaged(), anna)
    anna.says("/samtal")
    anna.presses(OURS)
    times = "SELECT status, park_at, erase_at FROM session"
    before = office.rows(times)
    office.passes(hours=1)
    assert set(sweeps(office)) == {anna.address}
    assert office.rows(times) == before
    (question,) = anna.presses(screen_of(anna).buttons[0].label)
    assert question.progress is not None
    assert question.progress[0] == 3, "and the question is answered as before"


def test_a_text_that_is_being_copied_is_not_taken_away(office: Office) -> None:
    anna = office.joins()
    office.given(triaged(), anna)
    office.passes(minutes=55)
    anna.says(f"/arende {OURS}")
    texts = anna.presses("Texter")[-1]
    (note,) = anna.presses(texts.buttons[0].label)
    assert office.rows("SELECT count(*) FROM note_shown") == [(1,)]
    office.passes(minutes=5)
    assert set(sweeps(office)) == {anna.address}
    assert note in anna.shown.values()
    assert screen_of(anna).text.startswith(f"Påminnelse om ärende {OURS}.")
    office.passes(minutes=10)
    sweeps(office)
    assert note not in anna.shown.values()


def test_who_has_hidden_the_chat_is_only_told_that_there_is_a_reminder(office: Office) -> None:
    anna = office.joins()
    office.given(triaged(), anna)
    office.passes(minutes=58)
    anna.says("/dolj")
    office.passes(minutes=2)
    ((screen,),) = sweeps(office).values()
    assert screen.text.splitlines() == [REMINDER, "Tryck på Fortsätt när du vill gå vidare."]
    assert [button.label for button in screen.buttons] == ["Fortsätt"]
    assert OURS not in "".join(shown.text for shown in anna.shown.values())
    assert office.rows("SELECT * FROM access WHERE page = 'paminnelse'") == []
    (back,) = anna.presses("Fortsätt")
    assert back.text.startswith(f"Påminnelse om ärende {OURS}.")
    office.passes(days=1)
    ((screen,),) = sweeps(office).values()
    assert screen.text.startswith(f"Påminnelse om ärende {OURS}."), "they have been here since"


def test_who_opens_the_chat_with_the_pin_has_hidden_nothing() -> None:
    place = Place()
    anna = place.inside()
    place.given(triaged(REAL), anna)
    anna.says("/dolj")
    place.passes(minutes=6)
    place.sweeps()
    assert anna.is_shut()
    place.passes(minutes=53)
    anna.types(PIN)
    place.passes(minutes=1)
    place.sweeps()
    assert anna.shows().splitlines()[0] == f"Påminnelse om ärende {REAL}."
    place.store.close()


def test_a_reminder_that_was_not_sent_before_the_chat_was_shut_still_rings() -> None:
    """Telegram could not be reached for five minutes, or the program ended in between."""
    place = Place()
    anna = place.inside()
    place.given(triaged(REAL), anna)
    for _ in range(14):
        place.passes(minutes=4)
        anna.says("/hjalp")
    place.passes(minutes=4)
    (*_, told) = [row for row in place.desk.sweep(CHANNEL) if row.payload["do"] == "show"]
    assert REAL in told.payload["screen"]["text"]
    before = max(anna.shown)
    place.passes(minutes=6)
    place.restarts()
    place.desk.start(CHANNEL)
    anna.gets(place.store.unsent(CHANNEL))
    assert anna.is_shut()
    assert anna.shows().splitlines()[0] == REMINDER
    assert max(anna.shown) > before
    assert REAL not in "".join(screen.text for screen in anna.shown.values())
    place.store.close()


def test_a_sweep_that_fails_is_not_the_last_one(monkeypatch: pytest.MonkeyPatch, talkative: io.StringIO) -> None:
    """What cannot be read here is a draft whose time is out."""
    monkeypatch.setattr("bot.telegram.SWEEP_EVERY", 0.02)
    place = Office()
    with BotApi.serving() as api, closing(Wire(api)) as wire:
        wire.serve(place.desk)
        user = api.user(7)
        user.says(f"/start {place.invites()}")

        def sees(words: str) -> None:
            wire.run_until(lambda: any(words in message.text for message in user.messages() if message.from_bot))

        sees("Välkommen.")
        with place.store.transaction():
            person = place.store.person_at("telegram", "7")
            assert person is not None
            place.store.append(triaged(), person, place.now)
            place.store._conn.execute(
                "INSERT INTO session (id, person, dialog, version, revision, status, opened_at, park_at, erase_at, "
                "body) VALUES ('s', ?, 'samtal', '1', 0, 'parked', ?, 0, 0, '{}')",
                (person.id, place.now.isoformat()),
            )
        place.passes(hours=1)
        wire.run_until(lambda: "SweepFailed" in talkative.getvalue())
        with place.store.transaction():
            place.store._conn.execute("DELETE FROM session")
        sees(f"Påminnelse om ärende {OURS}.")
    place.store.close()


def test_a_chat_whose_dialog_is_there_no_more_keeps_no_other_from_being_looked_after(office: Office) -> None:
    """What stands there goes all the same; Telegram would keep what is older than two days."""
    with office.store.transaction():
        for address in ("7", "8"):
            office.store.add_person(
                role="samordnare", district="Farsta", channel="telegram", address=address, now=office.now
            )
            office.store.traced("telegram", [(address, 5, True)], office.now)
            office.store.set_live_message("telegram", address, 5)
    office.desk.take_in("telegram", [Said(1, "7", 6, "/samtal"), Said(2, "8", 7, "/samtal")])
    office.desk.work("telegram")
    with office.store.transaction():
        office.store._conn.execute(
            "UPDATE session SET dialog = 'older' WHERE person = (SELECT id FROM person WHERE address = '7')"
        )
    office.passes(hours=35, minutes=30)
    with office.store.transaction():
        office.store.receive("telegram", [(3, "7", {"what": "none"}), (4, "8", {"what": "none"})], office.now)
        office.store.handled([row.id for row in office.store.waiting("telegram", 10)], office.now)
        office.store._conn.execute("UPDATE session SET status = 'active', park_at = park_at + 86400")
        office.store.touched("telegram", ["7", "8"], office.now)
    office.passes(minutes=31)
    leaving = office.desk.sweep("telegram")
    gone = [(row.address, row.payload["messages"]) for row in leaving if row.payload["do"] == "erase"]
    assert ("7", [5, 6]) in gone
    assert ("8", [7]) in gone
    assert [row.address for row in leaving if row.payload["do"] == "show"] == ["8"], "the question, in a new message"


def test_a_dialog_that_is_there_no_more_keeps_nobody_out_of_their_chat() -> None:
    place = Place()
    anna = place.inside()
    place.given(triaged(REAL), anna)
    anna.says("/samtal")
    place.restarts([dialog for dialog in place.dialogs if dialog.id != "samtal"])
    place.passes(hours=1)
    place.sweeps()
    assert anna.shows().splitlines()[0] == REMINDER
    anna.types(PIN)
    assert anna.shows().splitlines()[0] == f"Påminnelse om ärende {REAL}."
    (question,) = anna.presses("Följ remissen")
    assert question.text.startswith(f"Ärende {REAL}")
    place.store.close()
