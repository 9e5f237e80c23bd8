"""The web chat when something fails: a busy store, a clock that is put back, an old tab, too many of everything.

Each is a short story over real HTTP; a store that is busy says so at the commit that is named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from bot.limits import Limiter
from bot.pins import DANGER
from bot.web import chats, door, pages, server, site
from bot.web.live import MOST_PAGES, Live
from state.errors import StoreBusy
from state.store import WEB
from tests.running import CASE, HELD, HELP, READ_BACK, SAVED
from tests.test_initdata import TOKEN, init_data
from tests.test_web_chat import PIN, House, Houses, consent, houses
from tests.web_phone import Browser, fields_of, in_the_city, settings

__all__ = ["houses"]  # a fixture


@pytest.fixture
def house(houses: Houses) -> House:
    return houses(settings())


@contextmanager
def busy_at(house: House, number: int) -> Iterator[None]:
    """The store is busy at a commit, counted from 1, and at none after it."""
    execute, left = house.store._conn.execute, [number]

    class Held:
        def __getattr__(self, name: str) -> Any:
            return getattr(conn, name)

        def execute(self, sql: str, *values: Any) -> Any:
            if sql == "COMMIT":
                left[0] -= 1
                if left[0] == 0:
                    raise StoreBusy("L302: somebody holds it")
            return execute(sql, *values)

    conn = house.store._conn
    house.store._conn = Held()  # type: ignore[assignment]
    try:
        yield
    finally:
        house.store._conn = conn


def a_talk_but_for_its_last_press(house: House) -> Browser:
    anna = house.comes()
    for label in ("Registrera samtal", "Nytt ärende", "SIG unga vuxna", "Ja"):
        anna.presses(label)
    assert READ_BACK in anna.newest.lines
    return anna


# ── a store that cannot be used for a moment ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("commit", "words", "why"),
    [
        (1, door.FAULTS[503], "the inbox: nothing is kept"),
        (2, server.TAKEN, "the work: what was pressed is kept, and waits"),
        (3, server.TAKEN, "the chat: it is saved, and does not show yet"),
    ],
)
def test_a_busy_store_loses_nothing_and_saves_nothing_twice(house: House, commit: int, words: str, why: str) -> None:
    anna = a_talk_but_for_its_last_press(house)
    form = next(form for form in anna.page.all("form") if any(b.text == "Spara" for b in form.all("button")))
    with busy_at(house, commit):
        answer = anna.submits(form, "Spara")
    assert (answer.status, words in answer.page.lines) == (503, True), why
    anna.opens("/")
    assert any(line.startswith(SAVED) for line in anna.newest.lines) == (commit > 1), "what waited has come"
    anna.submits(form, "Spara")
    assert any(line.startswith(SAVED) for line in anna.newest.lines)
    assert [kept["kind"] for kept in house.kept()].count("talk_held") == 1


def test_what_waits_comes_without_anybody_doing_anything(house: House) -> None:
    anna = a_talk_but_for_its_last_press(house)
    with busy_at(house, 3):
        anna.presses("Spara")
    assert house.rows("SELECT 1 FROM outbox WHERE sent_at IS NULL")
    house.site.web.sweep()
    assert not house.rows("SELECT 1 FROM outbox WHERE sent_at IS NULL")


def test_a_draft_of_a_dialog_that_is_gone_stops_nothing(house: House) -> None:
    """After an upgrade: the others' drafts are erased and told of, and the page can be opened."""
    anna, bo = house.comes(), house.comes()
    for person in (anna, bo):
        person.presses("Registrera samtal")
    with house.store.transaction():
        house.store._conn.execute("UPDATE session SET dialog = 'dans' WHERE person = ?", (house.id_of(anna),))
    assert anna.opens("/").status == 200
    house.passes(days=8)
    house.site.web.sweep()
    assert house.rows("SELECT 1 FROM session") == []
    told = [screen.text for screen in house.site.web.chats.messages(_person(house, 1)).values()]
    assert [text for text in told if text.startswith("Borttaget efter 7 dagar")], told
    assert [text for text in told if CASE in text] == [], "its question is not there any more"


def _person(house: House, place: int) -> Any:
    return house.store.people(WEB)[place]


# ── old tabs ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_ticked_counts_also_when_the_question_has_moved_to_another_message(house: House) -> None:
    """Two tabs: Hjälp in one puts the question in a new message, and the list is sent from the other."""
    anna = house.comes()
    ticked = consent(anna)
    radios = sorted({node.attrs["name"] for node in ticked.all("input", type="radio")})[:2]
    tab = Browser(house.site)
    tab.cookies = anna.cookies
    tab.opens("/")
    key = next(node.attrs["value"] for node in tab.page.all("input", name="nyckel"))
    tab.sends("/svar", {"nyckel": key, "n": "4711", "tryck": "/hjalp"})
    assert any(HELP in line for line in tab.newest.lines), tab.newest.lines
    done = next(b.attrs["value"] for b in ticked.all("button", name="tryck") if b.text == "Klar")
    anna.sends("/svar", fields_of(ticked) | dict.fromkeys(radios, "refused") | {"tryck": done})
    (body,) = house.rows("SELECT body FROM session WHERE status = 'active'")[0]
    assert body.count('"refused"') == 2, body


def test_a_list_whose_question_is_gone_is_not_taken_for_an_empty_one(house: House) -> None:
    anna = house.comes()
    ticked = consent(anna)
    before = house.rows("SELECT body, revision FROM session")
    sent = fields_of(ticked) | {"tryck": "done", "s": ticked.one("input", name="s").attrs["value"].split(":")[0] + ":1"}
    anna.sends("/svar", sent)
    assert house.rows("SELECT body, revision FROM session") == before
    assert anna.notices


def test_another_button_of_a_form_that_was_sent_is_told_to_be_uncertain(house: House) -> None:
    """The answer to the first was lost on the way: the person cannot know, and must look."""
    anna = house.comes()
    for label in ("Registrera samtal", "Nytt ärende", "SIG unga vuxna"):
        anna.presses(label)
    form = anna.page.all("form", klass="choices")[-1]
    anna.submits(form, "Ja")
    assert READ_BACK in anna.newest.lines
    anna.submits(form, "Nej, personen kom inte")
    assert READ_BACK in anna.newest.lines
    assert anna.notices == [chats.OLD_FORM]
    anna.submits(form, "Ja")
    assert anna.notices == [], "the same button twice is a double press"


def test_what_is_remembered_of_a_form_is_not_what_was_typed_in_it(house: House) -> None:
    anna = house.comes()
    anna.presses("Registrera samtal")
    anna.submits(text="200601212384")  # one of those that Skatteverket publishes for tests
    held = vars(house.site.web.chats)
    assert held["_numbers"], "the form is remembered"
    assert "200601212384" not in repr(held)


# ── a list that is being filled in ───────────────────────────────────────────────────────────────────────────


def test_a_list_can_be_kept_as_it_stands(house: House) -> None:
    """The page does it before it locks itself, and when it is put away; that keeps nobody signed in."""
    anna = house.comes()
    ticked = consent(anna)
    radio = min(node.attrs["name"] for node in ticked.all("input", type="radio"))
    house.passes(minutes=4, seconds=50)
    anna.asks("POST", "/svar", fields_of(ticked) | {radio: "given", "rader": "1"}, X_Lots_Live="1")
    house.passes(seconds=10)
    assert anna.opens("/").path == "/las"
    anna.submits(pin=PIN)
    form = anna.page.all("form", klass="choices")[-1]
    assert fields_of(form)[radio] == "given"


def test_who_fills_in_a_list_for_long_is_not_locked_out(house: House) -> None:
    anna = house.comes()
    consent(anna)
    key = next(node.attrs["value"] for node in anna.page.all("input", name="nyckel"))
    for _minute in range(10):
        house.passes(minutes=1)
        assert anna.asks("POST", "/har", {"nyckel": key}).status == 204
    assert anna.opens("/").path == "/"


def test_the_page_is_told_before_it_locks_itself(house: House) -> None:
    anna = house.comes()
    visit = house.site.web.access.visit(anna.cookies["lots"])
    assert visit is not None
    assert not house.site.web.access.locks_soon(visit)
    house.passes(minutes=4, seconds=15)
    assert house.site.web.access.locks_soon(visit)


# ── too many of everything ───────────────────────────────────────────────────────────────────────────────────


def test_a_notice_stands_once_however_often_somebody_presses_on_a_locked_page(house: House) -> None:
    anna = house.comes()
    form = anna.page.all("form", klass="choices")[-1]
    house.passes(minutes=5)
    sent = fields_of(form) | {"tryck": "/samtal"}
    answers = [anna.asks("POST", "/svar", sent | {"n": str(number)}).status for number in range(130)]
    assert set(answers) == {303, 429}, "and not for ever"
    house.passes(minutes=1)
    anna.opens("/las")
    anna.submits(pin=PIN)
    assert anna.notices == [site.LOCKED]


def test_only_the_files_there_are_are_read(house: House) -> None:
    known = len(pages._files())
    for name in ("..%2Fserver.py", ".%2Flots.js", "%00.css", "x.css", "%2Fetc%2Fpasswd"):
        assert house.site.asks("GET", f"/static/{'0' * 12}/{name}").status == 404, name
    assert len(pages._files()) == known


def test_who_has_too_many_pages_open_loses_the_oldest() -> None:
    async def story() -> list[bool]:
        live = Live()
        open_ = [live.page("p-1") for _page in range(MOST_PAGES + 1)]
        events = [page.__enter__() for page in open_]
        beats = [live.beats("p-1", event) for event in events]
        live.changed("p-1")
        ended = []
        for beat in beats:
            try:
                ended.append(await asyncio.wait_for(anext(beat), 1))
            except StopAsyncIteration:
                ended.append(False)
        for page in open_:
            page.__exit__(None, None, None)
        assert not live.looks("p-1")
        return ended

    assert asyncio.run(story()) == [False, *[True] * MOST_PAGES]


# ── the clock ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_clock_that_is_put_back_locks_the_page_and_forgets_what_was_counted(house: House) -> None:
    anna = house.comes()
    for _request in range(100):
        assert anna.opens("/").status == 200
    house.now -= timedelta(hours=1)
    assert anna.opens("/").path == "/las", "how long nobody has pressed cannot be told"
    anna.submits(pin=PIN)
    for _request in range(100):
        assert anna.opens("/").status == 200


def test_a_step_of_a_second_is_no_clock_that_is_put_back(house: House) -> None:
    anna = house.comes()
    house.now -= timedelta(seconds=1)
    assert anna.opens("/").path == "/"


# ── who asks ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "counted", "why"),
    [
        ("192.0.2.7", "192.0.2.7", "the proxy's word"),
        ("198.51.100.1, 192.0.2.7", "192.0.2.7", "what stands before it is the browser's own word"),
        ("2001:db8::7", "2001:db8::/64", "whoever has one has them all"),
        ("2001:db8::8", "2001:db8::/64", "its neighbour is the same"),
        ("::ffff:192.0.2.7", "192.0.2.7", "how a proxy writes it that listens for both kinds"),
        ("nonsense", "?", "no address"),
        ("", "?", "none at all"),
    ],
)
def test_by_what_address_is_counted(houses: Houses, said: str, counted: str, why: str) -> None:
    house = houses(in_the_city())
    tried: list[str] = []

    def allows(key: str) -> bool:
        tried.append(key)
        return True

    house.site.web._signing_in._tried.allows = allows  # type: ignore[method-assign]
    anna = house.browser()
    anna.headers["X-Forwarded-For"] = said
    anna.opens("/logga-in")
    anna.submits(kod="gissning")
    assert tried == [counted], why


def test_many_neighbours_do_not_shut_others_out(house: House) -> None:
    limiter = Limiter(10, lambda: house.now, most_keys=4)
    for number in range(1000):
        limiter.allows(door.neighbourhood(f"2001:db8::{number:x}"))
    assert limiter.allows("192.0.2.7")


# ── leaving, and being put in another's place ────────────────────────────────────────────────────────────────


def test_who_has_been_signed_out_by_time_leaves_only_the_question_behind(house: House) -> None:
    """Also where the page comes before the program has looked."""
    anna = house.comes()
    anna.presses("Registrera samtal")
    anna.presses("Nytt ärende")
    anna.presses("SIG unga vuxna")
    anna.opens("/")
    person = _person(house, 0)
    assert len(house.site.web.chats.messages(person)) > 1
    house.passes(hours=12)
    assert anna.opens("/").path == "/logga-in"
    house.site.web.sweep()
    (left,) = house.site.web.chats.messages(person).values()
    assert left.text.splitlines()[-1] == HELD


def test_what_time_has_brought_is_still_there_to_be_read(house: House) -> None:
    """The draft was erased while nobody was signed in."""
    anna = house.comes()
    anna.presses("Registrera samtal")
    house.passes(days=8)
    house.site.web.sweep()
    house.site.web.sweep()
    anna.opens("/")
    anna.submits(pin=PIN)
    assert any(line.startswith("Borttaget efter 7 dagar") for line in anna.page.lines)


def test_a_link_into_telegrams_window_does_not_put_one_person_in_the_place_of_another(houses: Houses) -> None:
    house = houses(in_the_city(token=TOKEN))
    anna, eve = house.comes(), house.comes()
    with house.store.transaction():
        house.store.set_bell(house.id_of(eve), "7")
    anna.opens("/app")
    data = init_data(user=7, at=house.now)
    anna.sends("/app", {"nyckel": anna.page.one("input", name="nyckel").attrs["value"], "data": data})
    assert anna.path == "/"
    assert house.id_of(anna) != house.id_of(eve)
    fresh = house.browser()
    fresh.opens("/app")
    data = init_data(user=7, at=house.now + timedelta(seconds=1))
    house.passes(seconds=1)
    fresh.sends("/app", {"nyckel": fresh.page.one("input", name="nyckel").attrs["value"], "data": data})
    assert fresh.path == "/las", "in a browser of her own she is asked for her PIN"


def test_where_the_page_of_faults_is_what_is_broken_there_are_words_all_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = house.comes()

    def breaks(*_what: object, **_more: object) -> str:
        raise RuntimeError

    monkeypatch.setattr(pages, "render", breaks)
    answer = house.site.asks("GET", "/logga-in", headers=anna.headers)
    assert (answer.status, DANGER in answer.body) == (500, True)
    house.site.answers.remove(answer)
