"""The lock of a chat with real cases over Telegram: `lots run` as a process of its own, over HTTP, also killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import count

import pytest

from state.store import Leaving
from tests import dying
from tests.botapi import BotApi, Message, User
from tests.conftest import assert_nothing_broke
from tests.running import (
    CASE,
    GROUP,
    HELD,
    MENU,
    PIN_CHOOSE,
    PIN_ENTER,
    Lots,
    chooses_pin,
    names_a_new_case,
    presses,
    says,
    sees,
    shown,
    types_pin,
)
from tests.telegram_phone import Wire
from tests.test_lock import Place

pytestmark = pytest.mark.process

PIN, WRONG = "482915", "999998"
LOST = "Det senaste är inte sparat."
TOML = '[telegram]\nmode = "chatt"\ndecision = { reference = "SN 2026/117", date = 2026-11-01 }\n'

_IDS = count(1)


@pytest.fixture(scope="module")
def chats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lots]:
    """A program with real cases in the chat; each test has a person of its own."""
    with BotApi.serving() as api, Lots(api, tmp_path_factory.mktemp("lock") / "lots") as lots:
        (lots.data_dir / "lots.toml").write_text(TOML, encoding="utf-8")
        lots.start()
        yield lots
        lots.kill()
        assert_nothing_broke(lots)


def comes(lots: Lots) -> User:
    return lots.invited(lots.api.user(next(_IDS)))


def inside(lots: Lots) -> User:
    user = comes(lots)
    chooses_pin(user, PIN)
    user.settles()
    return user


def lies_idle(lots: Lots, user: User, minutes: int) -> None:
    """The clock of this person's last doing is put back, since no test waits for minutes."""
    lots.rests(user)
    with lots.store() as store, store.transaction():
        store._conn.execute("UPDATE person SET seen_at = seen_at - ? WHERE address = ?", (minutes * 60.0, str(user.id)))


def calls(lots: Lots, user: User, method: str) -> int:
    return sum(params.get("chat_id") == user.id for called, params in lots.api.calls if called == method)


def newest(user: User) -> Message:
    return [message for message in user.messages() if message.from_bot][-1]


def test_the_keypad_is_pressed_with_no_edit_a_key(chats: Lots) -> None:
    user = comes(chats)
    pad = newest(user)
    assert PIN_CHOOSE in pad.text
    assert pad.rows == [["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"], ["Rensa", "0"]]
    before = calls(chats, user, "editMessageText"), calls(chats, user, "sendMessage")
    chooses_pin(user, PIN)
    user.settles()
    assert (calls(chats, user, "editMessageText"), calls(chats, user, "sendMessage")) == (before[0] + 2, before[1])
    assert newest(user).message_id == pad.message_id, "all of it in one message"
    assert user.spinning() == []


def test_a_phone_that_was_laid_away_shows_the_lock_to_whoever_takes_it_up(chats: Lots) -> None:
    user = inside(chats)
    says(user, "/samtal", CASE)
    question = names_a_new_case(user)
    user.settles()
    lies_idle(chats, user, 5)
    presses(user, "Ja", LOST)
    assert user.toasts()[-1] == "Chatten är låst."
    locked = newest(user)
    assert locked.message_id == question.message_id
    assert "Fara för liv: 112. Polisen 114 14." in locked.text
    user.says("2026-11-02")
    user.settles()
    assert "2026-11-02" not in [message.text for message in user.messages()], "what was typed is taken away"
    types_pin(user, WRONG, "Fel pinkod. Försök kvar: 4.")
    assert types_pin(user, PIN, HELD).text == question.text
    presses(user, "Ja", "Stämmer det här?")


def test_las_locks_at_once_over_http(chats: Lots) -> None:
    user = inside(chats)
    assert "las" in user.menu()
    says(user, "/las", PIN_ENTER)
    user.settles()
    assert [message.text for message in user.messages() if HELD in message.text] == []
    types_pin(user, PIN, MENU)


def test_ten_wrong_need_a_new_invitation_which_the_command_gives(chats: Lots) -> None:
    user = inside(chats)
    says(user, "/las", PIN_ENTER)
    with chats.store() as store:
        person = store.person_at("telegram", str(user.id))
        assert person is not None
    types_pin(user, WRONG, "Fel pinkod. Försök kvar: 4.")
    with chats.store() as store, store.transaction():
        store._conn.execute("UPDATE pin SET failed = 9 WHERE person = ?", (person.id,))
    types_pin(user, WRONG, "Det blev för många försök.")
    assert newest(user).rows == []
    user.says("/samtal")
    assert "Be den som sköter Lots om en ny inbjudan." in user.settles().text
    printed = chats.run("invite", "--person", person.id).stdout
    code = next(word for word in printed.replace("=", " ").split() if len(word) == 24 and word.isalnum())
    says(user, f"/start {code}", PIN_CHOOSE)
    chooses_pin(user, "730264")
    user.settles()
    assert not any(code in message.text for message in user.messages())


def test_a_program_that_was_away_locks_before_it_says_anything(chats: Lots) -> None:
    """A screen that was never sent is shown by no later start to somebody whose chat is shut by then."""
    user = inside(chats)
    says(user, "/samtal", CASE)
    user.settles()
    fault = chats.api.fault("editMessageText", "status", code=500, count=None, when=lambda p: p["chat_id"] == user.id)
    user.presses("Nytt ärende", timeout=5)
    chats.api.wait_until(lambda: fault.hits > 0)
    chats.kill()
    with chats.store() as store, store.transaction():
        store._conn.execute("UPDATE person SET seen_at = seen_at - 300 WHERE address = ?", (str(user.id),))
    fault.remove()
    before = len(shown(chats.api, user))
    chats.start()
    sees(user, PIN_ENTER)
    assert not any(GROUP in text for text in shown(chats.api, user)[before:])
    types_pin(user, PIN, GROUP)


def test_the_log_tells_of_locks_and_never_a_digit(chats: Lots) -> None:
    user = inside(chats)
    says(user, "/las", PIN_ENTER)
    types_pin(user, WRONG, "Fel pinkod")
    types_pin(user, PIN, MENU)
    assert {"Locked", "Unlocked", "PinWrong"} <= {line.get("event") for line in chats.log_lines()}
    assert PIN not in chats.log()
    assert "pin:" not in chats.log()
    assert "$argon2" not in chats.log()


def test_the_sweep_of_the_running_channel_hides_a_chat_that_nobody_touches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over HTTP, with a clock that need not be waited for; keys that come at once are one PIN."""
    monkeypatch.setattr("bot.telegram.SWEEP_EVERY", 0.02)
    place = Place(channel="telegram")
    with BotApi.serving() as api, closing(Wire(api)) as wire:
        wire.serve(place.desk)
        user = api.user(7)
        user.says(f"/start {place.invites()}")

        def until(words: str) -> None:
            wire.run_until(lambda: any(words in message.text for message in user.messages() if message.from_bot))

        def keys(pin: str) -> None:
            for digit in pin:
                user.presses(digit)

        until(PIN_CHOOSE)
        keys(PIN)
        until("Tryck samma pinkod igen.")
        keys(PIN)
        until(MENU)
        user.says("/samtal")
        until(CASE)
        place.passes(minutes=4, seconds=59)
        sweeps = place.desk.sweep
        came: list[str] = []

        def swept(channel: str) -> list[Leaving]:
            came.append(channel)
            return sweeps(channel)

        monkeypatch.setattr(place.desk, "sweep", swept)
        wire.run_until(lambda: len(came) > 2)
        assert any(CASE in message.text for message in user.messages())
        place.passes(seconds=1)
        until(PIN_ENTER)
        assert not any(CASE in message.text for message in user.messages())
        keys(PIN)
        until(CASE)


# ── killed in the middle ─────────────────────────────────────────────────────────────────────────────────────────


def presses_keys(user: User, pin: str) -> None:
    """Press a PIN from its first key, each when the one before has been answered; no further where none answers."""
    for key, toast in (("Rensa", 0), *((digit, number) for number, digit in enumerate(pin, 1))):
        user.presses(key)
        with suppress(TimeoutError):
            if user.wait_toast(2) == f"{toast} av {len(pin)}":
                continue
        return


def gets_in(lots: Lots, user: User) -> None:
    """Locks, is wrong once, and gets in; where the program dies, it is started again and the keys are pressed anew."""
    ends = time.monotonic() + 60
    user.says("/las")
    for pin, words in ((WRONG, "Fel pinkod"), (PIN, MENU)):
        while words not in newest(user).text:
            assert time.monotonic() < ends, newest(user).text
            if lots.has_ended():
                lots.start()
            if PIN_ENTER in newest(user).text:
                presses_keys(user, pin)
            until = time.monotonic() + 2
            while words not in newest(user).text and time.monotonic() < until and not lots.has_ended():
                time.sleep(0.01)


def a_trial(lots: Lots, at: int, phase: str) -> bool:
    """Whether the program died; whenever it does, nothing is open that should not be, and nobody is stuck."""
    if lots.has_ended():
        lots.start()
    user = inside(lots)
    lots.rests(user)
    lots.kill()
    lots.launch(entry=dying.entry(at, phase))
    process = lots.process
    gets_in(lots, user)
    assert process is not None
    lots.rests(user, lambda: lots.start() if lots.has_ended() else None)  # it may die at the mark of what was sent last
    died = process.poll() is not None
    assert lots.rows("SELECT locked FROM person WHERE address = ?", str(user.id)) == [(0,)]
    assert lots.rows(
        "SELECT failed FROM pin JOIN person ON person.id = pin.person WHERE address = ?", str(user.id)
    ) == [(0,)]
    lots.kill()
    return died


def test_killed_while_a_pin_is_looked_at(chats: Lots) -> None:
    assert a_trial(chats, 5, "before")


@pytest.mark.kill
@pytest.mark.parametrize("phase", ["before", "after"])
def test_killed_at_every_transaction_of_the_lock(
    chats: Lots, phase: str, stride: int, counted: Callable[[str], None]
) -> None:
    killed = 0
    for at in count(1, stride):
        if not a_trial(chats, at, phase):
            break
        killed += 1
    counted(f"{killed} kills, one {phase} the COMMIT of every transaction of a lock that is opened")
    assert killed >= 6 // stride
