"""How fast people and strangers may come over Telegram: what is over the limit is not read, not kept, and soon over."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.bell import ONLY_REMINDERS, Bell
from bot.front import ONLY_INVITED
from bot.incoming import InGroup, Pressed, Said, Sent
from bot.limits import (
    LATEST_UPDATES,
    MOST_STRANGERS,
    STRANGERS_A_MINUTE,
    UPDATES_A_MINUTE,
    Limiter,
    PaceAMinute,
    Strangers,
)
from bot.phone import CHANNEL, Phone
from bot.settings import load
from state.errors import BadSettings, StoreBusy
from state.store import WEB, Store
from tests.office import KEY, Office, screen_of
from tests.talk import MONDAY
from tests.test_desk import MENU, everything, press

TOO_FAST = "Det gick för fort. Vänta en minut. Det senaste är inte sparat."


@pytest.fixture
def office() -> Iterator[Office]:
    opened = Office()
    held(opened)
    yield opened
    opened.store.close()


def held(office: Office) -> None:
    """The program runs as `lots run` sets it up."""
    office.desk.hold_to(CHANNEL, PaceAMinute(UPDATES_A_MINUTE, lambda: office.now))


def asked(office: Office) -> list[str]:
    """What the store is asked from now on."""
    statements: list[str] = []
    office.store._conn.set_trace_callback(statements.append)
    return statements


def had_enough(phone: Phone) -> None:
    """Somebody has brought what they may for a minute, and was told."""
    for _ in range(UPDATES_A_MINUTE):
        phone.says("/hjalp")
    (told,) = phone.says("/hjalp")
    assert TOO_FAST in told.text


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_limits_are_those_of_the_design() -> None:
    assert (UPDATES_A_MINUTE, STRANGERS_A_MINUTE) == (30, 5)


def test_thirty_a_minute_are_done_and_the_next_is_told_with_the_question_under_it(office: Office) -> None:
    anna = office.joins()
    anna.says("/samtal")
    for _ in range(UPDATES_A_MINUTE - 2):
        anna.says("/hjalp")
    (question,) = press(anna, "new")
    (told,) = anna.says("/avbryt")
    assert told.text.startswith(TOO_FAST)
    _new_code, _, asks = question.text.partition("\n")
    assert told.text.endswith(asks)
    assert [button.label for button in told.buttons] == [button.label for button in question.buttons]
    office.passes(seconds=60)
    assert screen_of(anna).text == told.text, "it was not left"
    assert press(anna, "young_adult")[0].text != question.text, "and goes on where it was"


def test_what_is_over_the_limit_is_told_once_a_minute_and_neither_looked_at_nor_kept(office: Office) -> None:
    anna = office.joins()
    had_enough(anna)
    before = office.store._conn.total_changes
    for number in range(200):
        assert anna.says(f"hemligt {number}") == []
        assert anna.sends("photo") == []
    assert office.store._conn.total_changes == before, "nothing is written"
    assert "hemligt" not in json.dumps(office.rows("SELECT payload FROM inbox"))
    assert set(office.desk._screening._typed.before(CHANNEL, anna.address, office.now)) == {"/hjalp"}, (
        "nor by the guard"
    )
    office.passes(seconds=59)
    assert anna.says("/hjalp") == []
    office.passes(seconds=1)
    assert TOO_FAST not in anna.says("/hjalp")[0].text


def test_what_was_typed_goes_from_the_chat_and_no_button_waits(office: Office) -> None:
    anna = office.joins()
    had_enough(anna)
    lines = office.desk.take_in(
        CHANNEL,
        [
            Said(office.number(), anna.address, 901, "hemligt"),
            Pressed(office.number(), anna.address, 902, "press", "-:0:/samtal"),
            Sent(office.number(), anna.address, 903, "photo"),
            Said(office.number(), anna.address, None, "utan nummer"),
        ],
    )
    assert lines == [
        (anna.address, {"do": "delete", "on": "typed", "message": 901}),
        (anna.address, {"do": "answer", "query": "press", "toast": None}),
        (anna.address, {"do": "delete", "on": "typed", "message": 903}),
    ]


def test_of_the_one_that_is_told_only_the_kind_is_kept(office: Office) -> None:
    anna = office.joins()
    for _ in range(UPDATES_A_MINUTE):
        anna.says("/hjalp")
    office.desk.take_in(CHANNEL, [Said(office.number(), anna.address, 901, "hemligt")])
    (row,) = office.rows("SELECT payload FROM inbox WHERE handled_at IS NULL")
    assert json.loads(row[0]) == {"what": "refused", "message": 901, "kind": "too_fast"}


def test_a_press_that_is_told_leaves_its_message_and_its_button_rests(office: Office) -> None:
    anna = office.joins()
    anna.says("/samtal")
    for _ in range(UPDATES_A_MINUTE - 1):
        anna.says("/hjalp")
    standing = len(anna.shown)
    office.desk.take_in(CHANNEL, [Pressed(office.number(), anna.address, anna.live, "press", "x:1:new")])
    (leaving,) = office.desk.work(CHANNEL)
    assert (leaving.payload["do"], leaving.payload["on"], leaving.payload["query"]) == ("show", "live", "press")
    anna.gets([leaving])
    assert TOO_FAST in screen_of(anna).text
    assert len(anna.shown) == standing


def test_one_who_comes_too_fast_holds_up_nobody_else(office: Office) -> None:
    anna, bert = office.joins(), office.joins()
    had_enough(anna)
    came = office.at_once(
        *(Said(office.number(), anna.address, None, "hej") for _ in range(100)),
        Said(office.number(), bert.address, None, "/hjalp"),
    )
    assert came[anna.address] == []
    assert "112" in came[bert.address][0].text


def test_on_other_channels_and_without_a_limit_nobody_is_held(office: Office) -> None:
    """The web counts by itself, and the terminal is one's own."""
    with office.store.transaction():
        person = office.store.add_person(
            role="samordnare", district="Farsta", channel=WEB, address=None, now=office.now
        )
    lines = office.desk.take_in(WEB, [Said(number, person.address, None, "/hjalp") for number in range(100)])
    assert lines == []
    assert len(office.desk.work(WEB)) > 100
    free = Office()
    anna = free.joins()
    assert all("112" in anna.says("/hjalp")[0].text for _ in range(UPDATES_A_MINUTE * 2))
    free.store.close()


def test_the_log_says_once_a_minute_that_somebody_or_strangers_come_too_fast(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "lots.limits")
    anna, strangers = office.joins(), [office.phone() for _ in range(10)]
    for _ in range(UPDATES_A_MINUTE + 10):
        anna.says("hemligt")
        for one in strangers:
            one.says("hemligt")
    assert [vars(line)["event"] for line in caplog.records] == ["StrangersStorm", "TooFast"]
    assert "hemligt" not in caplog.text


# ── what was not kept does not count, nor what comes again ───────────────────────────────────────────────────


def test_what_could_not_be_kept_does_not_count(tmp_path: Path) -> None:
    """The channel brings it again, as often as it takes."""
    office = Office(path=tmp_path / "ovning.db")
    held(office)
    anna = office.joins()
    office.store._conn.execute("PRAGMA busy_timeout = 1")
    batch = [Said(office.number(), anna.address, None, "/hjalp") for _ in range(20)]
    other = Store(tmp_path / "ovning.db", KEY)
    with other.transaction():
        for _ in range(5):
            with pytest.raises(StoreBusy):
                office.desk.take_in(CHANNEL, batch)
    other.close()
    assert office.desk.take_in(CHANNEL, batch) == []
    shown = [row.payload["screen"]["text"] for row in office.desk.work(CHANNEL) if row.payload["do"] == "show"]
    assert len(shown) == 20
    assert not any(TOO_FAST in text for text in shown)
    office.store.close()


def test_an_update_that_is_brought_a_thousand_times_is_done_once_counts_once_and_costs_nothing(
    office: Office,
) -> None:
    anna = office.joins()
    update = Said(office.number(), anna.address, None, "/hjalp")
    office.at_once(update)
    statements = asked(office)
    for _ in range(1000):
        office.desk.take_in(CHANNEL, [update])
    assert statements == []
    for _ in range(UPDATES_A_MINUTE - 1):
        assert TOO_FAST not in anna.says("/hjalp")[0].text
    assert office.rows("SELECT count(*) FROM inbox WHERE update_id = ?", update.update) == [(1,)]
    pace = PaceAMinute(1, lambda: office.now)
    pace.is_kept(range(LATEST_UPDATES + 1))
    assert not pace.came_before(0), "the memory has an end; what is older the inbox knows"
    assert pace.came_before(1)


# ── strangers ────────────────────────────────────────────────────────────────────────────────────────────────


def test_after_five_a_minute_a_strangers_storm_asks_the_store_nothing(office: Office) -> None:
    """Two queries at most for each of the five: who is it, and does the invitation hold; nothing is written ever."""
    stranger = office.phone()
    before, statements = everything(office), asked(office)
    assert [screen.text for screen in stranger.says("hej")] == [ONLY_INVITED]
    for number in range(2 * STRANGERS_A_MINUTE):
        office.desk.take_in(CHANNEL, [Said(office.number(), stranger.address, number, f"/start {number:024d}")])
    looked_up = len(statements)
    assert 0 < looked_up <= 2 * STRANGERS_A_MINUTE
    for number in range(1000):
        lines = office.desk.take_in(
            CHANNEL,
            [
                Said(office.number(), stranger.address, number, f"/start {number:024d}"),
                Pressed(office.number(), stranger.address, number, "q", "-:0:/samtal"),
                Sent(office.number(), stranger.address, number, "photo"),
            ],
        )
        assert lines == []
    assert len(statements) == looked_up
    assert not [one for one in statements if not one.startswith("SELECT")]
    office.store._conn.set_trace_callback(None)
    assert everything(office) == before


def test_strangers_from_everywhere_fill_no_memory_and_wash_nobody_out(office: Office) -> None:
    anna, most = office.joins(), 200
    pace = PaceAMinute(UPDATES_A_MINUTE, lambda: office.now, most_strangers=most)
    office.desk.hold_to(CHANNEL, pace)
    office.desk.strangers = Strangers(most)
    before = office.store._conn.total_changes
    flood = [Said(number, f"s{number}", number, "hej") for number in range(5 * most)]
    told = office.desk.take_in(CHANNEL, flood)
    assert len({address for address, _ in told}) == len(told), "each is told once at most"
    assert len(office.desk.strangers) == len(pace._strangers) == most < MOST_STRANGERS
    assert office.store._conn.total_changes == before
    assert "112" in anna.says("/hjalp")[0].text, "who is let in is not counted among them"


@pytest.mark.parametrize("earlier", range(STRANGERS_A_MINUTE))
def test_an_invitation_works_among_the_first_five(office: Office, earlier: int) -> None:
    stranger = office.phone()
    for number in range(earlier):
        stranger.says(f"/start {number:024d}")
    (welcome,) = stranger.says(f"/start {office.invites()}")
    assert [button.value for button in welcome.buttons] == MENU
    assert "112" in stranger.says("/hjalp")[0].text, "what they did as a stranger is behind them"


def test_an_invitation_after_a_storm_works_a_minute_later(office: Office) -> None:
    stranger, code = office.phone(), office.invites()
    for _ in range(STRANGERS_A_MINUTE):
        stranger.says("hej")
    assert stranger.says(f"/start {code}") == []
    office.passes(seconds=60)
    (welcome,) = stranger.says(f"/start {code}")
    assert [button.value for button in welcome.buttons] == MENU


def test_an_invitation_and_everything_after_it_may_come_at_once(office: Office) -> None:
    stranger, code = office.phone(), office.invites()
    words = [*["hej"] * (STRANGERS_A_MINUTE - 1), f"/start {code}", *["/hjalp"] * UPDATES_A_MINUTE]
    came = office.at_once(*(Said(office.number(), stranger.address, None, text) for text in words))
    texts = [screen.text for screen in came[stranger.address]]
    assert len([text for text in texts if "112" in text]) == UPDATES_A_MINUTE - 1, "the invitation counts as one"
    assert TOO_FAST in texts[-1]


def test_a_group_has_the_limit_of_a_stranger(office: Office) -> None:
    member = office.joins()
    group = [InGroup(office.number(), "-7") for _ in range(1000)]
    statements = asked(office)
    assert len(office.desk.take_in(CHANNEL, group)) == 1
    assert statements == []
    assert "112" in member.says("/hjalp")[0].text


def test_of_strangers_the_one_who_has_been_silent_longest_is_forgotten() -> None:
    strangers = Strangers(most=2)
    assert [strangers.wrote(address) for address in ("a", "b", "a", "c")] == [1, 1, 2, 1]
    assert [strangers[address] for address in "abc"] == [2, 0, 1]
    strangers.forgets("a")
    assert (strangers["a"], len(strangers)) == (0, 1)


# ── the doorbell ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_doorbell_has_the_same_limits_and_its_one_line() -> None:
    store, now = Store(None, KEY), MONDAY
    bell = Bell(store, "https://lots.example", now=lambda: now)
    bell.hold_to(CHANNEL, PaceAMinute(UPDATES_A_MINUTE, lambda: now))
    with store.transaction():
        person = store.add_person(role="samordnare", district="Farsta", channel=WEB, address=None, now=now)
        store.set_bell(person.id, "7")
    for number in range(UPDATES_A_MINUTE):
        assert bell.take_in(CHANNEL, [Said(number, "7", number, "hej")]) == []
        bell.work(CHANNEL)
    assert bell.take_in(CHANNEL, [Said(100, "7", 100, "hemligt")]) == []
    assert store._rows("SELECT payload FROM inbox WHERE handled_at IS NULL") == [('{"what":"bell","message":100}',)]
    (line,) = [row.payload["text"] for row in bell.work(CHANNEL) if row.payload["do"] == "ring"]
    assert line == ONLY_REMINDERS
    before = store._conn.total_changes
    gone = bell.take_in(CHANNEL, [Said(101, "7", 101, "hemligt"), Said(102, "8", 102, "hej")])
    assert [payload["do"] for _, payload in gone] == ["delete", "show"]
    assert store._conn.total_changes == before
    now += timedelta(minutes=1)
    assert bell.take_in(CHANNEL, [Said(103, "7", 103, "hej")]) == []
    assert len(store.waiting(CHANNEL, 10)) == 1
    store.close()


# ── counting ─────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from("ab"), st.sampled_from(["may", "back", "all"]))))
def test_what_is_given_back_or_forgotten_is_as_if_it_had_never_been(did: list[tuple[int, str, str]]) -> None:
    now = MONDAY
    limiter, allowed = Limiter(2, lambda: now), dict[str, list[float]]({"a": [], "b": []})
    for waits, key, what in did:
        now += timedelta(seconds=waits)
        at = now.timestamp()
        for times in allowed.values():
            times[:] = [one for one in times if at - one < 60]
        assert limiter.has_had_enough(key) == (len(allowed[key]) >= 2)
        if what == "may":
            assert limiter.allows(key) == (len(allowed[key]) < 2)
            allowed[key] += [at] if len(allowed[key]) < 2 else []
        elif what == "back":
            limiter.gives_back(key)
            del allowed[key][-1:]
        else:
            limiter.forgets(key)
            allowed[key].clear()


# ── the setting ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_limit_is_a_setting(tmp_path: Path) -> None:
    env = {"LOTS_DATA_DIR": str(tmp_path)}
    assert load(env).updates_a_minute == UPDATES_A_MINUTE
    (tmp_path / "lots.toml").write_text("[telegram]\nupdates_a_minute = 45\n")
    assert load(env).updates_a_minute == 45
    assert load(env | {"LOTS_UPDATES_A_MINUTE": "60"}).updates_a_minute == 60


@pytest.mark.parametrize("written", ["0", "-1", "1.5", "många", "10000000", "٣", "1e3", "30 "])
def test_a_limit_that_is_none_is_said_clearly(tmp_path: Path, written: str) -> None:
    with pytest.raises(BadSettings, match=r"LOTS_UPDATES_A_MINUTE is .* whole number from 1"):
        load({"LOTS_DATA_DIR": str(tmp_path), "LOTS_UPDATES_A_MINUTE": written})
