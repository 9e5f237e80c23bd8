"""The lock of a chat with real cases, told as people would: PINs on a keypad, phones that are left, hasty thumbs.

The desk and the store are real ones. Only argon2's cost is less than in the product.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from bot.desk import Desk
from bot.incoming import Incoming, Pressed, Said
from bot.lock import FORGOTTEN, KEY, tell
from bot.outgoing import Delivered
from bot.phone import CHANNEL, Phone
from bot.pins import DANGER, Pins
from bot.settings import WebRules
from dialogs.records import TalkHeld
from state.people import Role
from state.screen import Screen
from tests.office import Office, screen_of

REAL, REAL_TOO = "9D5-HMR", "RCG-XT5"
PIN, OTHER, WRONG = "482915", "730264", "999998"
KEYPAD = [["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"], ["Rensa", "0"]]
SHUT = "Chatten är låst.\nTryck din pinkod, sex siffror.\nFara för liv: 112. Polisen 114 14."
LOST = "Det senaste är inte sparat. Gör om det när chatten är öppen."
MENU = "Välj vad du vill göra."
CASE = "Vilket ärende gäller det?"


class LockedPhone(Phone):
    """A phone in whose chat there is a lock: a PIN is looked at before anything else comes."""

    def _send(self, update: Incoming) -> list[Screen]:
        lines = self.desk.take_in(CHANNEL, [update])
        beside = [leaving for job in self.desk.jobs() for leaving in asyncio.run(self._done(job))]
        return [*self.receives([payload for _, payload in lines]), *self.gets(beside)]

    @staticmethod
    async def _done(job: Callable[[], Any]) -> list[Any]:
        return list(await job())

    def types(self, pin: str) -> list[Screen]:
        """Press the six keys; what came of the last."""
        return [self.presses(digit) for digit in pin][-1]

    def shows(self) -> str:
        return screen_of(self).text

    def is_shut(self) -> bool:
        return any(button.value.startswith("pin:") for button in screen_of(self).buttons)


class Place(Office):
    """An office with real cases, whose chats lock themselves."""

    def __init__(self, path: Path | None = None, *, channel: str = CHANNEL) -> None:
        self.channel = channel
        super().__init__(path=path, practice=False)

    def _desk(self) -> Desk:
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        pins = Pins(self.store, WebRules(), lambda: self.now, tell, hasher)
        return Desk(
            self.store,
            self.dialogs,
            policy=self._policy,
            practice=False,
            now=lambda: self.now,
            source=self.source,
            pins=pins,
            locks=self.channel,
        )

    def phone(self, address: str | None = None) -> LockedPhone:
        address = address or str(len(self.phones) + 1)
        phone = self.phones.setdefault(address, LockedPhone(self.desk, address, self.number))
        assert isinstance(phone, LockedPhone)
        return phone

    def comes(self, role: Role = "samordnare") -> LockedPhone:
        """Somebody who has just used their invitation."""
        phone = self.phone()
        phone.says(f"/start {self.invites(role)}")
        return phone

    def inside(self, role: Role = "samordnare") -> LockedPhone:
        """Somebody who has chosen a PIN too."""
        phone = self.comes(role)
        phone.types(PIN)
        phone.types(PIN)
        assert not phone.is_shut()
        return phone

    def sweeps(self) -> None:
        """The minute is over."""
        leaving = self.desk.sweep(CHANNEL)
        for phone in self.phones.values():
            phone.gets(leaving)

    def again(self, phone: Phone) -> str:
        """A new invitation for somebody who is known."""
        person = self.person(phone)
        with self.store.transaction():
            return self.store.invite(
                role=person.role,
                district=person.district,
                expires_at=self.now + timedelta(hours=24),
                person=person.id,
            )

    def pin_row(self, phone: Phone) -> tuple[str, int, float]:
        pin = self.store.pin(self.person(phone).id)
        assert pin is not None
        return pin.hash, pin.failed, pin.locked_until

    def dump(self) -> str:
        """Everything that stands in the store."""
        tables = [name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return "\n".join(repr(row) for table in tables for row in self.rows(f"SELECT * FROM {table}"))


@pytest.fixture
def place() -> Place:
    return Place()


def labels(screen: Screen) -> list[list[str]]:
    return [[button.label for button in row] for row in screen.rows]


def in_a_case(phone: LockedPhone) -> str:
    """Begin a talk in a new case; the question that is then open."""
    phone.says("/samtal")
    phone.presses("Nytt ärende")
    phone.presses("SIG unga vuxna")
    assert "Blev samtalet av?" in phone.shows()
    return phone.shows()


# ── choosing a PIN ───────────────────────────────────────────────────────────────────────────────────────────────


def test_who_is_invited_chooses_a_pin_before_anything_else(place: Place) -> None:
    phone = place.comes()
    screen = screen_of(phone)
    assert screen.text == (
        "Välkommen. Inbjudan är nu använd. Ingen annan kan använda den.\n"
        "Välj en pinkod med sex siffror. Bara du ska kunna den.\n"
        "Fara för liv: 112. Polisen 114 14."
    )
    assert labels(screen) == KEYPAD
    phone.says("/samtal")
    assert "Välj en pinkod" in phone.shows()
    assert place.rows("SELECT * FROM session") == []
    phone.types(PIN)
    assert phone.shows() == "Tryck samma pinkod igen.\nFara för liv: 112. Polisen 114 14."
    phone.types(PIN)
    assert phone.shows() == f"Pinkoden är vald. Chatten låser sig när du inte har gjort något på 5 minuter.\n{MENU}"
    assert len(phone.shown) == 1
    assert place.pin_row(phone)[0].startswith("$argon2id$")


def test_a_pin_that_is_too_easy_or_not_the_same_twice_is_not_chosen(place: Place) -> None:
    phone = place.comes()
    for easy in ("111111", "123456", "098765", "112233"):
        phone.types(easy)
        assert "för lätt att gissa" in phone.shows(), easy
    phone.types(PIN)
    phone.types(OTHER)
    assert phone.shows().startswith("De två pinkoderna är inte lika. Börja om.\nVälj en pinkod")
    phone.types(OTHER)
    phone.types(OTHER)
    assert MENU in phone.shows()
    phone.says("/las")
    phone.types(PIN)
    assert "Fel pinkod" in phone.shows()


def test_who_was_here_before_there_was_a_lock_chooses_a_pin_at_their_next_update(place: Place) -> None:
    phone = place.joins()
    assert isinstance(phone, LockedPhone)
    place.sweeps()
    assert phone.shown == {}, "nothing stands there, so nothing is sent in the night"
    phone.says("/samtal")
    assert "Välj en pinkod" in phone.shows()
    phone.types(PIN)
    phone.types(PIN)
    assert MENU in phone.shows()


# ── the keypad ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_costs_one_short_answer_and_no_write(place: Place) -> None:
    phone = place.inside()
    phone.says("/las")
    before, changes = place.dump(), place.store._conn.total_changes
    shown = screen_of(phone)
    assert [phone.presses(digit)[0].text for digit in PIN[:5]] == ["1 av 6", "2 av 6", "3 av 6", "4 av 6", "5 av 6"]
    assert phone.presses("Rensa")[0].text == "0 av 6"
    assert phone.presses("4")[0].text == "1 av 6"
    assert (place.dump(), place.store._conn.total_changes, screen_of(phone)) == (before, changes, shown)
    assert phone.types(PIN[1:])[0].text == "6 av 6"
    assert MENU in phone.shows()


def test_no_digit_is_ever_in_the_store(tmp_path: Path) -> None:
    """Not the keys, and not the PIN: neither while it is locked, nor a key that comes too late."""
    place = Place(tmp_path / "lots.db")
    payloads: list[str] = []
    receive = place.store.receive

    def hears(channel: str, arrivals: Sequence[Any], now: Any) -> int:
        payloads.extend(json.dumps(payload) for _, _, payload in arrivals)
        return receive(channel, arrivals, now)

    place.store.receive = hears  # type: ignore[method-assign, assignment]
    phone = place.inside()
    phone.says("/las")
    phone.types(WRONG)
    phone.types(PIN)
    phone.presses_again("7")
    assert MENU in phone.shows(), "a key too many is nothing"
    assert payloads, "it has heard"
    assert not [line for line in payloads if "pin:" in line]
    assert PIN not in place.dump()
    assert WRONG not in place.dump()
    place.store.close()


def test_a_key_that_is_brought_twice_counts_once(place: Place) -> None:
    phone = place.inside()
    phone.says("/las")
    message = max(phone.shown)
    first = Pressed(9001, phone.address, message, "q", f"{KEY}open:{PIN[0]}")
    for toast in ("1 av 6", None, None):
        assert place.desk.take_in(CHANNEL, [first])[0][1]["toast"] == toast
    assert phone.types(PIN[1:])[0].text == "6 av 6"
    assert MENU in phone.shows()


def test_digits_that_nobody_goes_on_with_are_forgotten(place: Place) -> None:
    phone = place.inside()
    phone.says("/las")
    phone.presses("4")
    place.now += FORGOTTEN
    place.sweeps()
    assert phone.presses("4")[0].text == "1 av 6"


def test_after_a_restart_the_keys_of_a_choice_half_made_begin_anew(place: Place) -> None:
    phone = place.comes()
    phone.types(PIN)
    assert "igen" in phone.shows()
    place.restarts()
    assert phone.presses("4")[0].text == "Den knappen gäller inte längre."
    assert "Välj en pinkod" in phone.shows()


def test_forged_keys_and_those_of_others_do_nothing(place: Place) -> None:
    anna, stranger = place.inside(), place.phone()
    anna.says("/las")
    for data in ("open:12", "open:é", "open:٣", "open:", "new:1", "again:1", "", "open", "x:x:x"):
        update = Pressed(place.number(), anna.address, max(anna.shown), "q", f"{KEY}{data}")
        (_, line), *more = place.desk.take_in(CHANNEL, [update])
        assert (line["do"], more) == ("answer", []), data
        place.desk.jobs()
    assert anna.types(PIN)[0].text == "6 av 6"
    update = Pressed(place.number(), stranger.address, 1, "q", f"{KEY}open:1")
    assert place.desk.take_in(CHANNEL, [update])[0][1]["do"] == "show", "the line for strangers"


# ── locking ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_after_five_minutes_the_chat_is_hidden_and_opens_where_it_was(place: Place) -> None:
    phone = place.inside()
    question = in_a_case(phone)
    place.passes(minutes=4, seconds=59)
    place.sweeps()
    assert phone.shows() == question
    place.passes(seconds=1)
    place.sweeps()
    assert (phone.shows(), len(phone.shown)) == (SHUT, 1)
    assert labels(screen_of(phone)) == KEYPAD
    place.passes(hours=2)
    place.sweeps()
    phone.types(PIN)
    assert (phone.shows(), len(phone.shown)) == (question, 1)
    phone.presses("Ja")
    assert "Stämmer det här?" in phone.shows()


def test_what_comes_after_the_time_is_up_is_not_done(place: Place) -> None:
    """The sweep comes once a minute; nobody has that minute."""
    phone = place.inside()
    question = in_a_case(phone)
    place.passes(minutes=5)
    came = phone.presses("Ja")
    assert came[0].text == "Chatten är låst."
    assert phone.shows() == f"{LOST}\n{SHUT}"
    phone.types(PIN)
    assert phone.shows() == question
    place.passes(minutes=5)
    phone.says("2026-11-02")
    assert phone.shows() == f"{LOST}\n{SHUT}"
    assert "2026-11-02" not in place.dump()


def test_every_thing_done_counts_as_being_there(place: Place) -> None:
    phone = place.inside()
    doings: tuple[Callable[[], object], ...] = (
        lambda: phone.says("/hjalp"),
        lambda: phone.sends("photo"),
        lambda: phone.presses("Hjälp"),
    )
    for does in doings:
        place.passes(minutes=4)
        does()
        place.sweeps()
        assert not phone.is_shut()


@pytest.mark.parametrize("does", ["text", "code", "command", "photo", "edited", "button", "forged"])
def test_nothing_that_is_done_while_locked_is_read_or_kept(place: Place, does: str) -> None:
    phone = place.inside()
    question = in_a_case(phone)
    before = place.rows("SELECT body FROM session")
    phone.says("/las")
    old = max(phone.shown)
    inbox: list[str] = []
    receive = place.store.receive

    def hears(channel: str, arrivals: Sequence[Any], now: Any) -> int:
        inbox.extend(json.dumps(payload) for _, _, payload in arrivals)
        return receive(channel, arrivals, now)

    place.store.receive = hears  # type: ignore[method-assign, assignment]
    gone: list[int] = []
    does_it = phone.does

    def takes_away(payload: dict[str, Any]) -> Screen | None:
        gone.extend([payload["message"]] if payload.get("on") == "typed" else [])
        return does_it(payload)

    phone.does = takes_away  # type: ignore[method-assign]
    match does:
        case "text":
            phone.says("Ja")
        case "code":
            phone.says("K7M-4QX")
        case "command":
            phone.says("/arende K7M-4QX")
        case "photo" | "edited":
            phone.sends(does)
        case "button":
            phone.presses_again("Ja")
        case "forged":
            phone._send(Pressed(place.number(), phone.address, old, "q", "-:0:/arende K7M-4QX"))
    assert (phone.shows(), len(phone.shown)) == (SHUT, 1)
    assert len(inbox) == 1
    assert set(json.loads(inbox[0])) <= {"what", "message", "query"}
    assert bool(gone) == (does not in ("button", "forged")), "what was sent is taken away"
    assert place.rows("SELECT body FROM session") == before
    phone.types(PIN)
    assert phone.shows() == question


def test_las_locks_at_once_and_is_told_of_where_there_is_a_lock(place: Place) -> None:
    phone = place.inside()
    phone.says("/hjalp")
    assert any("Skriv /las för att låsa chatten." in screen.text for _, screen in phone.seen)
    assert ["las", "Lås chatten"] in place.desk.commands(place.person(phone))
    phone.says("/LAS@lots_bot")
    assert (phone.shows(), len(phone.shown)) == (SHUT, 1)


def test_practice_has_no_lock() -> None:
    office = Office()
    phone = office.joins()
    phone.says("/samtal")
    assert CASE in screen_of(phone).text
    office.passes(hours=3)
    phone.gets(office.desk.sweep(CHANNEL))
    assert CASE in screen_of(phone).text
    assert "las" not in [name for name, _ in office.desk.commands(office.person(phone))]
    phone.says("/las")
    assert any("Det kommandot finns inte." in screen.text for _, screen in phone.seen)


def test_a_restart_and_a_clock_put_back_lock_rather_too_early(place: Place) -> None:
    phone = place.inside()
    place.passes(minutes=4)
    place.restarts()
    place.desk.start(CHANNEL)
    assert not place.store.is_shut(place.person(phone).id)
    place.passes(minutes=1)
    place.restarts()
    place.desk.start(CHANNEL)
    phone.gets(place.store.unsent(CHANNEL))
    assert phone.shows() == SHUT
    phone.types(PIN)
    place.passes(minutes=-1)
    place.sweeps()
    assert not phone.is_shut(), "a minute may be put back by itself"
    place.passes(minutes=-1)
    phone.says("/samtal")
    assert phone.shows() == f"{LOST}\n{SHUT}"
    phone.types(PIN)
    place.passes(hours=-1)
    place.sweeps()
    assert phone.shows() == SHUT
    phone.types(PIN)
    assert MENU in phone.shows()


# ── what is not shown ────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_but_the_lock_can_be_queued_for_a_locked_chat(place: Place) -> None:
    anna, bo = place.inside(), place.inside()
    in_a_case(anna)
    anna.says("/las")
    show = {"do": "show", "screen": Screen(text="ärende", rows=()).as_json(), "on": "new", "message": None}
    with place.store.transaction():
        queued = place.store.queue(
            CHANNEL,
            [
                (anna.address, show | {"query": None}),
                (anna.address, show | {"query": "4711"}),
                (anna.address, {"do": "clear"}),
                (anna.address, show | {"lock": True}),
                (bo.address, show),
            ],
            place.now,
        )
    assert [(one.address, one.payload.get("lock"), one.payload["do"]) for one in queued] == [
        (anna.address, None, "answer"),
        (anna.address, None, "clear"),
        (anna.address, True, "show"),
        (bo.address, None, "show"),
    ]


def test_what_was_on_its_way_when_the_chat_is_locked_is_withdrawn(place: Place) -> None:
    """The network was away, or the program: what waits is older than the lock."""
    phone = place.inside()
    in_a_case(phone)
    place.desk.take_in(CHANNEL, [Pressed(place.number(), phone.address, max(phone.shown), "q", _data(phone, "Ja"))])
    waiting = place.desk.work(CHANNEL)
    assert any("Stämmer det här?" in json.dumps(one.payload, ensure_ascii=False) for one in waiting)
    place.passes(minutes=6)
    place.restarts()
    place.desk.start(CHANNEL)
    left = place.store.unsent(CHANNEL)
    assert [(one.payload["do"], one.payload.get("lock")) for one in left] == [("clear", None), ("show", True)]
    phone.gets(left)
    assert phone.shows() == SHUT
    phone.types(PIN)
    assert "Stämmer det här?" in phone.shows(), "it was done, and is shown to who has the PIN"


def test_in_one_batch_nothing_is_shown_after_the_lock(place: Place) -> None:
    phone = place.inside()
    in_a_case(phone)
    came = place.at_once(
        Pressed(place.number(), phone.address, max(phone.shown), "q", _data(phone, "Ja")),
        _said(place, phone, "/las"),
        _said(place, phone, "/samtal"),
    )
    assert {screen.text for screen in came[phone.address] if screen.rows} == {SHUT}
    phone.types(PIN)
    assert "Stämmer det här?" in phone.shows()


def test_a_note_that_was_open_is_not_there_after_the_lock_and_nothing_comes_in_its_place(place: Place) -> None:
    phone = place.inside()
    in_a_case(phone)
    phone.presses("Ja")
    phone.presses("Spara")
    phone.presses("Visa journaltext")
    assert "Klar" in [button.label for button in screen_of(phone).buttons]
    place.passes(minutes=5)
    place.sweeps()
    place.passes(minutes=30)
    place.sweeps()
    assert (phone.shows(), len(phone.shown)) == (SHUT, 1)
    assert place.rows("SELECT * FROM note_shown") == []


def test_a_note_that_arrives_after_the_lock_is_taken_away(place: Place) -> None:
    phone = place.inside()
    person = place.person(phone)
    phone.says("/las")
    with place.store.transaction():
        place.desk.mark(CHANNEL, [Delivered(0, phone.address, None, None, (None, 4711))])
    leaving = place.desk.sweep(CHANNEL)
    assert [(one.payload["do"], one.payload["message"]) for one in leaving] == [("delete", 4711)]
    assert place.store.notes_shown(person.id) == []


def test_a_draft_that_is_erased_behind_the_lock_is_told_of_when_it_opens(place: Place) -> None:
    phone = place.inside()
    in_a_case(phone)
    place.passes(days=8)
    for _ in range(2):
        place.sweeps()
        place.restarts()
    assert (phone.shows(), place.rows("SELECT * FROM session")) == (SHUT, [])
    phone.types(PIN)
    assert phone.shows().startswith("Borttaget efter 7 dagar utan svar: ett påbörjat samtal för ")
    assert phone.shows().endswith(f"Inget av det är sparat.\n{MENU}")
    phone.says("/las")
    phone.types(PIN)
    assert phone.shows() == MENU, "it is told once"
    assert place.rows("SELECT * FROM outbox WHERE channel = 'held'") == []


def colleagues(place: Place) -> tuple[LockedPhone, LockedPhone]:
    """Two who are let into two cases; the second has begun a talk in each."""
    anna, bo = place.inside(), place.inside()
    for case in (REAL, REAL_TOO):
        place.given(TalkHeld.from_payload({"case": case, "held": "yes", "occurred_on": "2026-11-02"}), anna)
        place.lets_in(bo, case)
        bo.says(f"/samtal {case}")
        bo.presses("SIG unga vuxna")
    return anna, bo


@pytest.mark.parametrize("swept", [True, False], ids=["locked", "about to be locked"])
def test_who_is_taken_out_of_a_case_behind_the_lock_is_told_of_it_when_it_opens(place: Place, swept: bool) -> None:
    """Nothing is shown meanwhile, so the access log says of nobody that they looked."""
    anna, bo = colleagues(place)
    place.passes(minutes=4)
    anna.says(f"/kollega {REAL}")
    place.passes(minutes=2)
    if swept:
        place.sweeps()
    looks = "SELECT what, page FROM access WHERE person = ?"
    before = place.rows(looks, place.person(bo).id)
    anna.beside = bo.gets
    anna.presses("samordnare 2")
    anna.presses("Spara")
    assert place.store.drafts(place.person(bo).id, case=REAL) == []
    assert (place.rows(looks, place.person(bo).id), bo.shows(), len(bo.shown)) == (before, SHUT, 1)
    bo.types(PIN)
    assert bo.shows().startswith("Du kommer inte längre åt ett av ärendena. Det du hade påbörjat där är borttaget.\n")
    assert "Blev samtalet av?" in bo.shows(), "what was begun in the other case is there"


def test_nothing_of_a_case_waits_behind_the_lock_for_who_is_taken_out_of_it(place: Place) -> None:
    anna, bo = colleagues(place)
    place.passes(days=8)
    place.sweeps()  # both drafts are too old
    anna.types(PIN)
    anna.says(f"/kollega {REAL}")
    anna.presses("samordnare 2")
    anna.presses("Spara")
    bo.types(PIN)
    assert (REAL in bo.shows(), REAL_TOO in bo.shows()) == (False, True)


# ── wrong PINs ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_five_wrong_make_a_pause_and_ten_shut_the_chat_until_a_new_invitation(place: Place) -> None:
    phone = place.inside()
    question = in_a_case(phone)
    phone.says("/las")
    for left in (4, 3, 2, 1):
        phone.types(WRONG)
        assert phone.shows() == f"Fel pinkod. Försök kvar: {left}.\n{SHUT}"
    phone.types(WRONG)
    pause = "Det blev för många försök. Försök igen efter kl. 14.20."
    assert phone.shows() == f"Chatten är låst.\n{pause}\nFara för liv: 112. Polisen 114 14."
    assert phone.presses("4")[0].text == pause, "no key counts in a pause"
    assert place.pin_row(phone)[1] == 5
    place.passes(minutes=15)
    for _ in range(5):
        phone.types(WRONG)
    out = "Det blev för många försök. Be den som sköter Lots om en ny inbjudan."
    assert phone.shows() == f"Chatten är låst.\n{out}\nFara för liv: 112. Polisen 114 14."
    assert screen_of(phone).rows == ()
    place.passes(days=1)
    place.restarts()
    phone.says("/start")
    assert out in phone.shows()
    others = place.invites()
    phone.says(f"/start {others}")
    assert out in phone.shows()
    assert place.store.invitation_holds(others, place.now), "an invitation for somebody else is not used up"
    phone.says(f"/start {place.again(phone)}")
    assert "Välj en pinkod" in phone.shows()
    assert len(phone.shown) == 1
    phone.types(OTHER)
    phone.types(OTHER)
    assert question in phone.shows(), "the draft is where it was"


def test_the_right_one_before_the_pause_begins_the_count_anew(place: Place) -> None:
    phone = place.inside()
    for _ in range(3):
        phone.says("/las")
        for _ in range(4):
            phone.types(WRONG)
        phone.types(PIN)
        assert MENU in phone.shows()
    assert place.pin_row(phone)[1] == 0


def test_a_try_that_the_program_dies_over_counts(place: Place) -> None:
    phone = place.inside()
    phone.says("/las")
    for digit in PIN:
        data = f"{KEY}open:{digit}"
        place.desk.take_in(CHANNEL, [Pressed(place.number(), phone.address, max(phone.shown), None, data)])
    (job,) = place.desk.jobs()

    async def dies() -> None:
        running = asyncio.ensure_future(_awaited(job))
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(dies())
    place.restarts()
    assert (place.pin_row(phone)[1], place.store.is_shut(place.person(phone).id)) == (1, True)
    phone.types(PIN)
    assert MENU in phone.shows()


def test_a_pin_that_is_looked_at_while_the_person_is_revoked_opens_nothing(place: Place) -> None:
    phone = place.inside()
    phone.says("/las")
    id_ = place.person(phone).id
    for digit in PIN:
        data = f"{KEY}open:{digit}"
        place.desk.take_in(CHANNEL, [Pressed(place.number(), phone.address, max(phone.shown), None, data)])
    (job,) = place.desk.jobs()
    with place.store.transaction():
        place.store.revoke(id_, place.now)
    assert asyncio.run(_awaited(job)) == []
    assert place.rows("SELECT * FROM pin UNION SELECT id, seen_at, locked, 0 FROM person WHERE locked") == []


def test_what_comes_while_the_pin_is_looked_at_is_not_done(place: Place) -> None:
    phone = place.inside()
    question = in_a_case(phone)
    phone.says("/las")
    for digit in PIN:
        data = f"{KEY}open:{digit}"
        place.desk.take_in(CHANNEL, [Pressed(place.number(), phone.address, max(phone.shown), None, data)])
    place.desk.take_in(CHANNEL, [_said(place, phone, "Ja")])
    (job,) = place.desk.jobs()
    asyncio.run(_awaited(job))
    place.desk.work(CHANNEL)
    phone.gets(place.store.unsent(CHANNEL))
    assert phone.shows() == f"Chatten var låst. Det senaste är inte sparat. Gör om det.\n{question}"


# ── other ways in ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_phone_chooses_a_new_pin_and_the_old_chat_is_left_empty(place: Place) -> None:
    old = place.inside()
    question = in_a_case(old)
    new = place.phone()
    code = place.again(old)
    place.at_once(_said(place, new, f"/start {code}"))
    assert question not in [screen.text for screen in old.shown.values()]
    assert "Välj en pinkod" in new.shows()
    new.types(OTHER)
    new.types(OTHER)
    assert question in new.shows()


def test_who_moves_to_the_web_is_not_shut_out_there(place: Place) -> None:
    phone = place.inside()
    person = place.person(phone)
    phone.says("/las")
    with place.store.transaction():
        place.store.hold_back(person.id, "ett ärende", place.now)
        place.store.move_to_the_web(CHANNEL)
    assert place.rows("SELECT channel, locked, seen_at FROM person") == [("web", 0, 0.0)]
    assert place.rows("SELECT * FROM outbox WHERE channel = 'held'") == []
    assert place.store.pin(person.id) is not None, "the PIN is the person's, there as here"


def test_every_role_has_the_lock(place: Place) -> None:
    for role in ("ersattare", "chef", "drift", "granskare"):
        phone = place.inside(role)
        place.passes(minutes=5)
        place.sweeps()
        assert phone.shows() == SHUT, role
        assert str(DANGER) in phone.shows()


async def _awaited(job: Callable[[], Any]) -> list[Any]:
    return list(await job())


def _data(phone: Phone, label: str) -> str:
    screen = screen_of(phone)
    value = next(button.value for button in screen.buttons if button.label == label)
    return f"{screen.session}:{screen.revision}:{value}"


def _said(place: Place, phone: Phone, text: str) -> Incoming:
    return Said(place.number(), phone.address, place.number(), text)
