"""What comes over the wire to the web chat that no browser sends: broken requests, slow ones, forms that are none.

Each is sent as bytes; nothing of it may stop others, fill the log, or tell which library could not read it.
"""

from __future__ import annotations

import asyncio
import io
import socket
import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher

from bot import listening
from bot.invitations import printed
from bot.pins import HASHED_AT_ONCE
from bot.settings import WebRules
from bot.web import door, forms
from dialogs.texts import say
from state.errors import BadSettings
from state.store import WEB
from tests.test_initdata import fields, signed
from tests.test_web_chat import PIN, TRY_LATER, WRONG, House, Houses, Stream, ear, houses, key_of
from tests.web_phone import DANGER, Answer, Browser, fields_of, in_the_city, settings

__all__ = ["houses"]  # a fixture

HERE = b"Host: 127.0.0.1\r\n"
CLOSE = b"Connection: close\r\n\r\n"
OURS = "application/x-www-form-urlencoded"


@pytest.fixture
def house(houses: Houses) -> House:
    return houses(settings())


async def comes(house: House, sent: bytes) -> bytes:
    """Send these bytes, and read until the server is done."""
    reads, writes = await asyncio.open_connection("127.0.0.1", house.site.port)
    try:
        writes.write(sent)
        return await asyncio.wait_for(reads.read(), 5)
    finally:
        writes.close()


def read(answer: bytes) -> tuple[int, dict[str, str], str]:
    """The status, the headers in small letters, and the words."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return int(first.split()[1]), headers, body.decode()


def post(body: bytes, kind: str, more: bytes = b"", path: bytes = b"/in") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return (
        b"POST "
        + path
        + b" HTTP/1.1\r\n"
        + HERE
        + b"Content-Type: "
        + kind.encode()
        + b"\r\n"
        + more
        + length
        + (CLOSE + body)
    )


# ── what is no request ───────────────────────────────────────────────────────────────────────────────────────────

BROKEN: Mapping[str, tuple[bytes, int]] = {
    "somebody speaks TLS to us": (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
    "a method with a nought in it": (b"G\x00ET / HTTP/1.1\r\n" + HERE + CLOSE, 400),
    "an address that is too long": (b"GET /in/" + b"a" * 20_000 + b" HTTP/1.1\r\n" + HERE + CLOSE, 400),
    "a header that is too long": (
        b"GET / HTTP/1.1\r\n" + HERE + b"Cookie: lots=" + b"a" * 20_000 + b"\r\n" + CLOSE,
        400,
    ),
    "too many headers": (b"GET / HTTP/1.1\r\n" + HERE + b"X: y\r\n" * 5_000 + CLOSE, 400),
    "no host": (b"GET / HTTP/1.1\r\n" + CLOSE, 400),
    "two hosts": (b"GET / HTTP/1.1\r\n" + HERE + HERE + CLOSE, 400),
    "two lengths": (b"POST /in HTTP/1.1\r\n" + HERE + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\naaaa", 400),
    "a length and chunks": (
        b"POST /in HTTP/1.1\r\n" + HERE + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a length with a sign": (b"POST /in HTTP/1.1\r\n" + HERE + b"Content-Length: +4\r\n\r\naaaa", 400),
    "a space before the colon": (b"GET / HTTP/1.1\r\n" + HERE + b"Content-Length : 4\r\n\r\n", 400),
    "another protocol": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "letters in the address": (b"GET /arende/\xe5 HTTP/1.1\r\n" + HERE + CLOSE, 400),
    "an expectation": (b"POST /in HTTP/1.1\r\n" + HERE + b"Expect: nonsense\r\nContent-Length: 0\r\n" + CLOSE, 417),
    "an alphabet of files": (b"GET /static/%C3%A5/lots.css HTTP/1.1\r\n" + HERE + CLOSE, 404),
}


def test_what_cannot_be_read_is_answered_under_the_same_headers_as_a_page(house: House, talkative: io.StringIO) -> None:
    for what, (sent, status) in BROKEN.items():
        got, headers, body = read(house.site.run(comes(house, sent)))
        assert got == status, what
        for name, value in door.HEADERS.items():
            assert headers[name.lower()] == value, f"{what}: {name}"
        assert "aiohttp" not in str(headers) + body, what
        assert DANGER in body or status != 400, what
    assert "error" not in talkative.getvalue(), "strangers fill no log"


def test_behind_tls_what_cannot_be_read_says_so_too(houses: Houses) -> None:
    city = houses(in_the_city())
    _status, headers, _body = read(city.site.run(comes(city, BROKEN["two hosts"][0])))
    assert headers["strict-transport-security"] == door.ABOVE_ALL


def test_a_request_without_a_host_asks_no_network_for_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def looked_up(name: str = "") -> str:
        asked.append(name)
        return "localhost"

    monkeypatch.setattr(socket, "getfqdn", looked_up)
    status, _headers, _body = read(house.site.run(comes(house, b"GET / HTTP/1.0\r\n\r\n")))
    assert status == 403
    assert asked == []


# ── forms that are none of ours ──────────────────────────────────────────────────────────────────────────────────

ODD_FORMS: Mapping[str, tuple[bytes, str, bytes]] = {
    "bytes that are no letters": (b"nyckel=\xff\xfe", OURS, b""),
    "an alphabet that nobody knows": (b"nyckel=a", f"{OURS}; charset=nonsense", b""),
    "an alphabet that is none": (b"nyckel=61", f"{OURS}; charset=hex", b""),
    "an alphabet that takes seconds to read": (
        b"b" * 100_000 + b"-" + b"a" * 150_000,
        f"{OURS}; charset=punycode",
        b"",
    ),
    "in parts": (
        b'--b\r\nContent-Disposition: form-data; name="nyckel"\r\n\r\na\r\n--b--\r\n',
        "multipart/form-data; boundary=b",
        b"",
    ),
    "in parts that are broken": (b"--b\r\nnonsense", "multipart/form-data; boundary=b", b""),
    "in parts without a border": (b"a", "multipart/form-data", b""),
    "as a thousand files": (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\na\r\n' * 1_000 + b"--b--\r\n",
        "multipart/form-data; boundary=b",
        b"",
    ),
    "packed": (zlib.compress(b"nyckel=a"), OURS, b"Content-Encoding: deflate\r\n"),
    "packed to be enormous": (zlib.compress(b"a" * 10_000_000), OURS, b"Content-Encoding: deflate\r\n"),
    "packed and broken": (b"\x1f\x8bnonsense", OURS, b"Content-Encoding: gzip\r\n"),
}


@pytest.mark.parametrize("path", [b"/in", b"/svar"])
def test_a_form_that_no_page_of_ours_sends_is_not_read(house: House, talkative: io.StringIO, path: bytes) -> None:
    """Neither before signing in nor after it."""
    cookie = b"" if path == b"/in" else f"Cookie: lots={house.comes().cookies['lots']}\r\n".encode()
    before = house.stored()
    for what, (body, kind, more) in ODD_FORMS.items():
        began = time.thread_time()
        status, _headers, page = read(house.site.run(comes(house, post(body, kind, more + cookie, path))))
        assert status == 400, what
        assert say(door.FAULTS[400], "sv") in page, what
        assert time.thread_time() - began < 0.5, f"{what}: others wait meanwhile"
    assert house.stored() == before
    assert "error" not in talkative.getvalue(), "strangers fill no log"


def test_a_form_of_very_many_fields_is_too_much(house: House) -> None:
    for body in (b"a=b&" * 60_000, b"a&" * 120_000, b"x" * 300_000):
        assert read(house.site.run(comes(house, post(body, OURS))))[0] == 413


# ── who takes their time ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n" + HERE + b"X-Slow: a\r\n"])
def test_a_connection_on_which_nothing_whole_comes_does_not_stand_for_ever(
    houses: Houses, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(listening, "SILENT_SECONDS", 0.05)
    house = houses(settings())
    assert house.site.run(comes(house, sent)) == b""


def test_a_form_that_does_not_come_to_its_end_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "FORM_SECONDS", 0.05)

    async def story() -> bytes:
        reads, writes = await asyncio.open_connection("127.0.0.1", house.site.port)
        writes.write(post(b"nyckel=a", OURS).removesuffix(b"=a"))
        try:
            return await asyncio.wait_for(reads.readuntil(b"\r\n"), 5)
        finally:
            writes.close()

    assert house.site.run(story()).split()[1] == b"400"


# ── what a link brings ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_of_an_invitation_keeps_its_address_to_itself(house: House) -> None:
    """A proxy logs which page asked for the style sheet; no policy stricter than this lets a form say whose it is."""
    code = house.invites()
    assert house.browser().opens(f"/in/{code}").headers["Referrer-Policy"] == "strict-origin"


# ── who is told that it is over ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/ut", "/las-nu"])
def test_other_pages_are_told_at_once_that_somebody_has_signed_out_or_locked(
    house: House, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Not at the next beat: whoever goes leaves nothing on a page behind the one they see."""
    monkeypatch.setattr("bot.web.live.BEAT", 60.0)
    anna = house.comes()
    held = {"nyckel": key_of(anna)}

    async def story() -> None:
        async with ear(anna) as response:
            stream = Stream(response)
            assert await stream.hears() == "nytt"
            await house.site.asking("POST", path, fields=held, headers=_cookies(anna))
            assert await stream.hears() == "last"

    house.site.run(story())


def test_other_pages_are_told_at_once_that_the_tenth_wrong_pin_has_signed_them_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.live.BEAT", 60.0)
    anna = house.comes()
    thief = house.browser()
    thief.cookies = {"lots-device": anna.cookies["lots-device"]}
    thief.opens("/logga-in")
    held = the_form(thief, "/logga-in") | {"pin": WRONG}
    for _try in range(5):
        thief.asks("POST", "/logga-in", held)
    house.passes(minutes=4, seconds=59)
    anna.opens("/")
    house.passes(minutes=4, seconds=59)
    anna.opens("/")
    house.passes(minutes=4, seconds=59)
    anna.opens("/")
    house.passes(minutes=1)
    for _try in range(4):
        thief.asks("POST", "/logga-in", held)

    async def story() -> None:
        async with ear(anna) as response:
            stream = Stream(response)
            assert await stream.hears() == "nytt"
            await house.site.asking("POST", "/logga-in", fields=held, headers=_cookies(thief))
            assert await stream.hears() == "last"

    house.site.run(story())


def test_what_time_brings_is_told_to_an_open_page(house: House) -> None:
    """A journal text is taken out of the chat after ten minutes, though somebody sits there and does other things."""
    anna = house.comes()
    for label in ("Registrera samtal", "Nytt ärende", "SIG unga vuxna", "Ja", "Spara", "Visa journaltext"):
        anna.presses(label)
    shown = anna.page.one("main").text
    for _time in range(3):
        house.passes(minutes=4)
        anna.opens("/arenden")

    async def story() -> None:
        async with ear(anna) as response:
            stream = Stream(response)
            assert await stream.hears() == "nytt"
            assert await stream.is_quiet()
            house.site.web.sweep()
            assert await stream.hears() == "nytt"

    house.site.run(story())
    assert anna.opens("/", X_Lots_Live="1").page.one("main").text != shown


def test_a_program_that_is_told_to_end_waits_for_no_open_page(house: House) -> None:
    anna = house.comes()

    async def story() -> float:
        reads, writes = await asyncio.open_connection("127.0.0.1", house.site.port)
        writes.write(b"GET /live HTTP/1.1\r\n" + HERE + f"Cookie: {_cookies(anna)['Cookie']}\r\n\r\n".encode())
        await asyncio.wait_for(reads.readuntil(b"nytt"), 5)
        began = time.monotonic()
        assert house.site._open is not None
        await house.site._open.aclose()
        writes.close()
        return time.monotonic() - began

    assert house.site.run(story()) < 0.9, "a second is how long it would wait"
    house.site._open = None


def test_the_page_of_the_lock_changes_a_cookie_so_that_going_back_asks_anew(house: House) -> None:
    """Chromium keeps pages as they were, also those that say no-store, until a cookie that no script sees changes."""
    anna = house.comes()
    seen = [anna.cookies["lots-form"]]
    anna.submits(anna.page.one("form", action="/las-nu"))
    assert anna.path == "/las"
    seen.append(anna.cookies["lots-form"])
    anna.submits(pin=WRONG)
    seen.append(anna.cookies["lots-form"])
    anna.submits(pin=PIN)
    house.passes(minutes=5)
    assert anna.opens("/").path == "/las", "nobody pressed anything"
    seen.append(anna.cookies["lots-form"])
    assert len(set(seen)) == len(seen)


def test_what_the_page_fetches_by_itself_is_no_sign_that_somebody_has_seen_the_ring(houses: Houses) -> None:
    house = houses(in_the_city())
    anna = house.comes()
    person = house.id_of(anna)
    with house.store.transaction():
        house.store.set_bell(person, "7")
        house.store.bell_is_due(person, house.now)

    def waits() -> bool:
        bell = house.store.bell_of(person)
        return bell is not None and bell.due_at is not None

    anna.opens("/", X_Lots_Live="1")
    assert waits()
    anna.opens("/")
    assert not waits()


def test_where_a_new_pin_has_signed_somebody_out_the_page_is_told_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.live.BEAT", 60.0)
    anna = house.comes()
    phone = house.browser()
    ends = house.now + timedelta(hours=1)
    with house.store.transaction():
        code = house.store.invite(role="samordnare", district="Farsta", expires_at=ends, person=house.id_of(anna))
    phone.opens(f"/in/{code}")
    phone.submits()
    assert phone.path == "/pin"
    key = phone.page.one("form", klass="typed").one("input", name="nyckel").attrs["value"]

    async def story() -> None:
        async with ear(anna) as response:
            stream = Stream(response)
            assert await stream.hears() == "nytt"
            fields = {"nyckel": key, "pin": PIN, "igen": PIN}
            await house.site.asking("POST", "/pin", fields=fields, headers=_cookies(phone))
            assert await stream.hears() == "last"

    house.site.run(story())


def _cookies(browser: Browser) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}


# ── this machine's own names ─────────────────────────────────────────────────────────────────────────────────────


def test_every_number_of_this_machine_is_answered_and_its_look_alikes_are_not(house: House) -> None:
    """Where `web_host` is another of them, that one stands in the invitation."""
    for host, status in {
        "127.0.0.2:8080": 200,
        "[::1]:8080": 200,
        "127.0.0.2.evil.example": 403,
        "localhost.evil.example": 403,
        "2130706433": 403,
        "0.0.0.0": 403,  # noqa: S104 - an address that a page may try to reach us by
        "10.0.0.2": 403,
    }.items():
        assert house.site.asks("GET", "/logga-in", headers={"Host": host}).status == status, host


def test_the_link_of_an_invitation_can_be_opened_where_the_address_has_colons() -> None:
    assert "http://[::1]:8080/in/KODEN\n" in printed("KODEN", settings(web_host="::1", web_port=8080))


def test_what_can_be_no_name_is_no_place_to_listen(house: House) -> None:
    async def story() -> None:
        async with listening.listening(house.site.web.application(), "a..b", 0):
            raise AssertionError("nothing is there")

    with pytest.raises(BadSettings, match=r"LOTS_WEB_HOST and LOTS_WEB_PORT: a\.\.b:0 cannot be listened on"):
        house.site.run(story())


# ── many at once ─────────────────────────────────────────────────────────────────────────────────────────────────

NO_LIMITS = replace(WebRules(), sign_ins_a_minute=1000, requests_a_minute=1000)


def the_form(browser: Browser, path: str) -> dict[str, str]:
    """What the page's form for an address carries."""
    return fields_of(browser.page.one("form", action=path))


def at_once(house: House, sent: Sequence[tuple[Browser, str, Mapping[str, str]]]) -> list[Answer]:
    """Send forms together, as no thumb can."""

    async def story() -> list[Answer]:
        return await asyncio.gather(
            *(
                house.site.asking("POST", path, fields=held, headers=browser.headers | _cookies(browser))
                for browser, path, held in sent
            )
        )

    return house.site.run(story())


def of_telegram(house: House, user: int = 7) -> tuple[Browser, dict[str, str]]:
    """The window of the app, and what Telegram says there."""
    window = house.browser()
    window.opens("/app")
    return window, the_form(window, "/app") | {"data": signed("1:secret", **fields(user, house.now))}


def test_of_fifty_guesses_at_once_by_every_door_five_are_looked_at(houses: Houses, talkative: io.StringIO) -> None:
    """A locked page, a remembered browser and the window in Telegram ask for the same PIN and count together."""
    house = houses(in_the_city(web_rules=NO_LIMITS))
    anna = house.comes()
    with house.store.transaction():
        house.store.set_bell(house.id_of(anna), "7")
    remembered = house.browser()
    remembered.cookies = {name: value for name, value in anna.cookies.items() if name.endswith("-device")}
    remembered.opens("/logga-in")
    window, said = of_telegram(house)
    window.sends("/app", said)
    anna.submits(anna.page.one("form", action="/las-nu"))
    assert (anna.path, window.path, remembered.path) == ("/las", "/las", "/logga-in")
    doors = [(one, one.path, the_form(one, one.path) | {"pin": WRONG}) for one in (anna, remembered, window)]
    answers = at_once(house, [doors[n % 3] for n in range(50)])
    assert {answer.status for answer in answers} == {422}
    assert sum("Fel pinkod" in answer.body for answer in answers) == 4
    assert talkative.getvalue().count("PinWrong") == 5
    (failed,) = house.rows("SELECT failed FROM pin")[0]
    assert failed == 5
    for one, path, held in doors:
        assert TRY_LATER in one.asks("POST", path, held | {"pin": PIN}).body, "by no door, not even the right one"
    house.passes(minutes=15)
    at_once(house, [doors[n % 3] for n in range(9)])
    assert talkative.getvalue().count("PinWrong") == 10
    assert house.rows("SELECT * FROM sign_in") == []
    assert [one.opens("/").path for one in (anna, remembered, window)] == ["/logga-in"] * 3


def test_of_nine_who_use_one_link_at_once_one_gets_in(house: House) -> None:
    code = house.invites()
    visitors = [house.browser() for _ in range(9)]
    for one in visitors:
        one.opens(f"/in/{code}")
    answers = at_once(house, [(one, "/in", the_form(one, "/in")) for one in visitors])
    assert sorted(answer.status for answer in answers) == [303, *[422] * 8]
    assert len(house.store.people(WEB)) == 1


def test_what_telegram_said_lets_one_in_of_many_at_once_and_nobody_after_a_restart_or_another_clock(
    houses: Houses, talkative: io.StringIO
) -> None:
    house = houses(in_the_city(web_rules=NO_LIMITS))
    anna = house.comes()
    with house.store.transaction():
        house.store.set_bell(house.id_of(anna), "7")
    window, said = of_telegram(house)
    answers = at_once(house, [(window, "/app", said)] * 10)
    assert sorted(answer.status for answer in answers) == [303, *[422] * 9]
    assert talkative.getvalue().count('"fault": "used_or_unknown"') == 9, "whoever runs it can see that somebody tries"
    house.restarts()
    assert window.asks("POST", "/app", said).status == 422
    house.passes(minutes=6)
    house.site.web.sweep()
    house.now -= timedelta(minutes=6)
    assert window.asks("POST", "/app", said).status == 422, "a clock that was put back makes nothing new"


@pytest.mark.parametrize("path", ["/in", "/logga-in", "/app"])
def test_by_every_door_an_address_has_its_tries_and_they_are_the_same_ones(houses: Houses, path: str) -> None:
    house = houses(in_the_city(web_rules=replace(WebRules(), sign_ins_a_minute=3)))
    stranger = house.browser()
    stranger.opens("/app" if path == "/app" else "/logga-in")
    held = {"nyckel": key_of(stranger), "kod": "gissning", "pin": WRONG, "data": "hash=0"}
    assert [stranger.asks("POST", path, held).status for _ in range(4)] == [422, 422, 422, 429]
    for other in ("/in", "/logga-in", "/app"):
        assert stranger.asks("POST", other, held).status == 429, other
    house.passes(minutes=1)
    assert stranger.asks("POST", path, held).status == 422


def test_of_two_lines_of_where_somebody_comes_from_the_proxys_own_counts(houses: Houses) -> None:
    """The first is what the browser itself sent along."""
    house = houses(in_the_city(web_rules=replace(WebRules(), sign_ins_a_minute=1)))
    stranger = house.browser()
    stranger.opens("/logga-in")
    body = urlencode({"nyckel": key_of(stranger), "kod": "gissning"}).encode()
    cookies = f"Cookie: {_cookies(stranger)['Cookie']}\r\n".encode()
    tried = []
    for own in (b"198.51.100.1", b"198.51.100.2"):
        more = b"X-Forwarded-Proto: https\r\nX-Forwarded-For: " + own + b"\r\nX-Forwarded-For: 192.0.2.7\r\n" + cookies
        sent = post(body, OURS, more).replace(HERE, b"Host: lots.example.se\r\n")
        tried.append(read(house.site.run(comes(house, sent)))[0])
    assert tried == [422, 429]


def test_of_many_pins_at_once_only_a_few_are_worked_on(house: House) -> None:
    """Each takes 64 MB for a moment."""
    pins = house.site.web.access.pins
    lock, at_work, most = threading.Lock(), 0, 0

    class Counts(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            nonlocal at_work, most
            with lock:
                at_work += 1
                most = max(most, at_work)
            time.sleep(0.01)
            with lock:
                at_work -= 1
            return str(password)

    pins.hasher = Counts()

    async def story() -> None:
        await asyncio.gather(*(pins.made(PIN) for _ in range(12)))

    house.site.run(story())
    assert 1 < most <= HASHED_AT_ONCE == 4
