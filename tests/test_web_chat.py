"""Conversations with the web chat over real HTTP, each a short story, by a browser without script.

What holds for every page is held against everything that was answered in any of them: see :func:`holds_for_every_page`.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import ClientResponse, FormData
from argon2 import PasswordHasher

from bot.incoming import Incoming
from bot.settings import WebRules
from bot.traces import HIDDEN
from bot.web import door, signing_in
from dialogs.texts import LANGUAGES, say
from state.errors import StoreError
from state.people import Role
from state.screen import Screen
from state.store import WEB
from tests.office import Office
from tests.talk import MONDAY
from tests.web_phone import (
    BANNERS,
    HTTPS,
    NAME,
    Answer,
    Browser,
    Node,
    Site,
    fields_of,
    in_the_city,
    links_of,
    settings,
)

PIN = "482915"
WRONG = "730264"
CODE = re.compile(r"\bÖ[2-9A-Z]{2}-[2-9A-Z]{3}\b")
DANGER = {say("Fara för liv: 112. Polisen 114 14.", language) for language in LANGUAGES}
BEFORE_SIGNING_IN = {"/in", "/logga-in", "/app"}
CASE, HELD, GROUP = "Vilket ärende gäller det?", "Blev samtalet av?", "Vilken insatsgrupp hör ärendet till?"
OLD_BUTTON = "Den knappen gäller inte längre."
OLDER_QUESTION = "Svaret hörde till en äldre fråga. Det är inte sparat."
TRY_LATER = "Det blev för många försök."


class House(Office):
    """An office whose people talk on the web."""

    def __init__(self, held: Any = None, *, path: Path | None = None, without_pin: bool = False) -> None:
        held = held or settings()
        super().__init__(path=path, practice=held.practice)
        self.site = Site(held, without_pin=without_pin)
        self.opens()

    def opens(self) -> None:
        """Serve; only argon2's cost is less than in the product."""
        self.site.serve(self.desk)
        self.site.web.access.pins.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

    def restarts(self, dialogs: Any = None) -> None:
        super().restarts(dialogs)
        self.opens()

    def browser(self) -> Browser:
        """A browser that nobody is signed in with."""
        return Browser(self.site)

    def invited(self, role: Role = "samordnare", district: str = "Farsta") -> Browser:
        """A browser in which an invitation has been used; a PIN is to be chosen there."""
        browser = self.browser()
        browser.opens(f"/in/{self.invites(role, district)}")
        browser.submits()
        assert browser.path == "/pin"
        return browser

    def comes(self, role: Role = "samordnare", district: str = "Farsta") -> Browser:
        """A browser in which somebody new is signed in, and looks at the menu."""
        browser = self.invited(role, district)
        browser.submits(pin=PIN, igen=PIN)
        assert browser.path == "/", browser.page.lines
        return browser

    def id_of(self, browser: Browser) -> str:
        """Who is signed in."""
        visit = self.site.web.access.visit(browser.cookies[self.site.web._site.cookie])
        assert visit is not None
        return visit.person.id

    def stored(self) -> list[Any]:
        """All that a form could change, so that a refused one can be told to have changed nothing."""
        tables = ("inbox", "outbox", "session", "record", "person", "chat_message", "pin", "bell", "invitation")
        there = {name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return [self.rows(f"SELECT * FROM {table}") for table in tables if table in there]


Houses = Callable[..., House]


@pytest.fixture
def houses(monkeypatch: pytest.MonkeyPatch) -> Iterator[Houses]:
    """Makes houses; when the story is over, every page of it is looked at."""
    monkeypatch.setattr("bot.web.live.BEAT", 0.05)  # a page that is gone is found out at the next beat
    made: list[House] = []

    def make(held: Any = None, **how: Any) -> House:
        made.append(House(held, **how))
        return made[-1]

    yield make
    for house in made:
        try:
            holds_for_every_page(house)
        finally:
            house.site.close()
            house.store.close()


@pytest.fixture
def house(houses: Houses) -> House:
    """One house on one's own machine."""
    return houses()


def holds_for_every_page(house: House) -> None:
    """What stands in every answer, whatever was asked."""
    codes = {case for held in house.store.records() if (case := held.record.case)}
    for answer in house.site.answers:
        headers, about = answer.headers, f"{answer.status} {answer.path}"
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'", about
        assert policy["frame-ancestors"] == "'none'", about
        assert policy["base-uri"] == "'none'", about
        assert policy["form-action"] == "'self'", about
        assert set(policy.values()) == {"'none'", "'self'"}, about
        assert headers["X-Content-Type-Options"] == "nosniff", about
        invited = answer.status == 200 and answer.path.startswith("/in/")  # with its code in the address
        assert headers["Referrer-Policy"] == ("strict-origin" if invited else "same-origin"), about
        assert headers["X-Frame-Options"] == "DENY", about
        kept = headers["Cache-Control"]
        assert kept == "no-store" or answer.path.startswith("/static/"), about
        assert ("Strict-Transport-Security" in headers) == house.site.settings.behind_tls, about
        assert "Server" not in headers or "aiohttp" not in headers["Server"], about
        for morsel in answer.set.values():
            assert morsel["httponly"], about
            assert morsel["samesite"] == "Lax", about
            assert morsel["path"] == "/", about
            assert not morsel["domain"], about
            assert bool(morsel["secure"]) == house.site.settings.behind_tls, about
            assert morsel.key.startswith("__Host-") == house.site.settings.behind_tls, about
        addresses = [unquote(answer.to)] if answer.to else []
        if headers.get("Content-Type", "").startswith("text/html") and answer.body:
            addresses += links_of(answer)
            lines = answer.page.lines
            assert DANGER & set(lines), about
            assert bool(BANNERS & set(lines)) == house.site.settings.practice, about
            assert not answer.page.all("style"), about
            assert [n for n in answer.page.all("script") if n.parts or "src" not in n.attrs] == [], about
            loud = [(n.tag, a) for n in answer.page.walk() for a in n.attrs if a.startswith("on") or a == "style"]
            assert loud == [], f"{about}: the policy forbids it"
            assert answer.page.one("h1").text, about
        for address in addresses:
            assert re.match(r"(/(?!/)|#|tel:)", address) or not address, f"{about}: {address} is not ours"
            assert not any(code in address for code in codes), f"{about}: {address}"


# ── coming in ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_link_signs_in_once_and_a_used_one_is_like_an_unknown_one(house: House) -> None:
    """Programs that look at links use nothing up; a thief learns nothing of which codes there were."""
    code = house.invites()
    programme = house.browser()
    for _look in range(3):
        assert programme.opens(f"/in/{code}").status == 200
    assert programme.asks("HEAD", f"/in/{code}").status == 200

    anna = house.browser()
    anna.opens(f"/in/{code}")
    anna.submits()
    assert anna.path == "/pin"
    assert len(house.store.people(WEB)) == 1

    said = []
    for tried in (code, "KanVaraEnKod2345", "x", "å", "", "../in", "'; DROP TABLE person; --"):
        thief = house.browser()
        thief.opens("/logga-in")
        refused = thief.submits(kod=tried)
        said.append((refused.status, refused.page.lines, set(refused.set)))
        assert house.site.web._site.cookie not in thief.cookies
    assert len({str(one) for one in said}) == 1, said
    assert signing_in.NOT_LET_IN in said[0][1]
    looks = [house.browser().opens(f"/in/{tried}") for tried in (code, "KanVaraEnKod2345")]
    assert looks[0].page.lines == looks[1].page.lines
    assert len(house.store.people(WEB)) == 1


def test_an_old_invitation_lets_nobody_in(house: House) -> None:
    code = house.invites(hours=24)
    house.passes(hours=24, minutes=1)
    late = house.browser()
    late.opens(f"/in/{code}")
    assert signing_in.NOT_LET_IN in late.submits().page.lines
    assert house.store.people(WEB) == []


@pytest.mark.parametrize("tls", [False, True])
def test_the_cookies_are_for_this_site_and_no_script(houses: Houses, tls: bool) -> None:
    """The other flags are held to in every answer; here how long they live, and their names."""
    house = houses(in_the_city() if tls else settings())
    anna = house.comes()
    prefix = "__Host-" if tls else ""
    assert anna.cookies.keys() == {f"{prefix}lots", f"{prefix}lots-device", f"{prefix}lots-form"}
    life = {name: {a.set[name]["max-age"] for a in house.site.answers if name in a.set} for name in anna.cookies}
    assert life[f"{prefix}lots"] == {"43200"}
    assert life[f"{prefix}lots-device"] == {str(30 * 86400)}
    assert life[f"{prefix}lots-form"] == {str(30 * 86400)}, "who left the page open in the evening is let in by it"
    before = next(a.set[f"{prefix}lots"].value for a in house.site.answers if f"{prefix}lots" in a.set)
    assert anna.cookies[f"{prefix}lots"] != before, "who held the cookie before the PIN holds nothing after it"

    held = dict(anna.cookies)
    anna.opens("/ut")
    form = next(form for form in anna.page.all("form") if form.attrs["action"] == "/ut")
    out = anna.submits(form)
    assert out.path == "/logga-in"
    assert anna.cookies.keys() == {f"{prefix}lots-form"}
    anna.cookies = held
    assert anna.opens("/").path == "/logga-in", "the old cookie is worth nothing"


def test_signing_out_needs_no_way_back(house: House) -> None:
    """Nobody is signed in anywhere: what stood in the chat is gone, but for the question that waits."""
    anna = house.comes()
    anna.presses("Registrera samtal")
    person = house.id_of(anna)
    anna.presses("Hjälp")
    anna.opens("/ut")
    assert "Då behöver du en ny inbjudan" in anna.page.text
    anna.submits(next(form for form in anna.page.all("form") if form.attrs["action"] == "/ut"))
    assert [screen["text"].splitlines()[-1] for screen in house.store.chat(person).values()] == [CASE]
    assert house.site.answers[-2].headers["Clear-Site-Data"] == '"cache", "storage"'


# ── other sites' forms ───────────────────────────────────────────────────────────────────────────────────────────


def post_routes(house: House) -> set[str]:
    """Every address that takes a form, whatever its method is called."""
    routes = house.site.web.application().router.routes()
    assert {route.method for route in routes} <= {"GET", "HEAD", "POST"}
    return {route.resource.canonical for route in routes if route.method == "POST" and route.resource is not None}


FORMS: Mapping[str, Mapping[str, str]] = {
    "/svar": {"n": "7", "tryck": "/samtal"},
    "/arenden": {"kod": "ÖK7-M4W"},
    "/las-nu": {},
    "/har": {},
    "/klocka": {},
    "/ny-webblasare": {},
    "/ut": {},
    "/pin": {"pin": PIN, "igen": PIN},
    "/las": {"pin": PIN},
    "/in": {"kod": "KODEN"},
    "/logga-in": {"pin": PIN},
    "/app": {"data": "user=1&hash=2"},
}
"""What a form of each address carries besides its key; a new address must be put here."""


def at(house: House, path: str) -> tuple[Browser, dict[str, str]]:
    """A browser whose page has the form of an address, and what that form would send."""
    fields = dict(FORMS[path])
    if path == "/pin":
        browser = house.invited()
    elif path in BEFORE_SIGNING_IN:
        browser = house.browser()
        if path == "/logga-in":
            browser = house.comes()
            del browser.cookies[house.site.web._site.cookie]
        browser.opens("/app" if path == "/app" else "/logga-in")
        if path == "/in":
            fields["kod"] = house.invites()
    else:
        browser = house.comes()
        if path == "/las":
            browser.submits(next(form for form in browser.page.all("form") if form.attrs["action"] == "/las-nu"))
    key = next(node.attrs["value"] for node in browser.page.all("input", name="nyckel"))
    return browser, fields | {"nyckel": key}


def test_no_form_of_another_site_does_anything(houses: Houses) -> None:
    """Every address that takes a form: without a key, with a wrong one, with somebody else's, and from elsewhere."""
    quick = replace(WebRules(), sign_ins_a_minute=1000, requests_a_minute=1000)
    house = houses(in_the_city(web_rules=quick))
    assert post_routes(house) == set(FORMS), "a new address that takes a form must be held to this"
    other = house.comes()
    somebody_elses = next(node.attrs["value"] for node in other.page.all("input", name="nyckel"))
    for path in FORMS:
        browser, fields = at(house, path)
        without = {name: value for name, value in fields.items() if name != "nyckel"}
        forged: list[tuple[str, dict[str, str], dict[str, str]]] = [
            ("no key", without, {}),
            ("an empty key", {**fields, "nyckel": ""}, {}),
            ("a wrong key", {**fields, "nyckel": "0" * 64}, {}),
            ("a key of other letters", {**fields, "nyckel": "å" * 64}, {}),
            ("somebody else's key", {**fields, "nyckel": somebody_elses}, {}),
            ("from another site", fields, {"Sec_Fetch_Site": "cross-site"}),
            ("from a neighbour", fields, {"Sec_Fetch_Site": "same-site"}),
            ("typed into the address field", fields, {"Sec_Fetch_Site": "none"}),
            ("from another address", fields, {"Origin": "https://evil.example"}),
            ("from nowhere that is told", fields, {"Origin": "null"}),
            ("as another kind of form", without, {"Content_Type": "text/plain"}),
        ]
        before = house.stored()
        cookies = dict(browser.cookies)
        for why, sent, headers in forged:
            refused = browser.asks("POST", path, sent, **headers)
            assert refused.status == 403, f"{path}: {why}"
            assert browser.cookies == cookies, f"{path}: {why}"
        assert house.stored() == before, path
        done = browser.asks("POST", path, fields, Origin=HTTPS, Sec_Fetch_Site="same-origin")
        assert done.status in (200, 204, 303, 422), f"{path}: the form itself is taken"


def test_looking_changes_nothing(house: House) -> None:
    """A picture or a link on another site can make a browser look, and no more."""
    anna = house.comes()
    anna.opens("/")
    before = house.stored()
    looked = ("/", "/svar", "/arenden", "/las", "/las-nu", "/ut", "/pin", "/logga-in", "/manifest.webmanifest")
    for path in (*looked, "/robots.txt"):
        anna.asks("GET", path, Sec_Fetch_Site="cross-site")
    assert house.stored() == before
    assert anna.opens("/").path == "/"


# ── at the door ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[::2]", "", "a b"])
def test_another_name_that_leads_here_is_a_trap(house: House, host: str) -> None:
    """DNS rebinding: a page of another site that has our address under its own name."""
    anna = house.comes()
    assert anna.asks("GET", "/", Host=host).status in (400, 403)
    assert anna.asks("GET", "/", Host=f"localhost:{house.site.port}").status == 200


def test_behind_tls_only_the_proxy_is_heard_and_only_what_came_over_tls(houses: Houses) -> None:
    house = houses(in_the_city())
    assert house.browser().opens("/logga-in").status == 200
    for why, headers in {
        "not over TLS": {"Host": NAME, "X-Forwarded-Proto": "http"},
        "nobody says how": {"Host": NAME},
        "by another name": {"Host": "evil.example", "X-Forwarded-Proto": "https"},
        "by its number": {"X-Forwarded-Proto": "https"},
    }.items():
        assert house.site.asks("GET", "/logga-in", headers=headers).status == 403, why
    far = houses(in_the_city(trusted_proxy=ip_network("10.0.0.5/32")))
    assert far.browser().opens("/logga-in").status == 403, "this machine is not the proxy"


def test_a_limit_for_each_address_that_tries_to_sign_in(houses: Houses) -> None:
    """The address is the proxy's to say, and only its last word counts."""
    house = houses(in_the_city())
    tried = []
    for n in range(11):
        browser = Browser(house.site, Host=NAME, X_Forwarded_Proto="https", X_Forwarded_For=f"10.9.9.{n}, 192.0.2.1")
        browser.opens("/logga-in")
        tried.append(browser.submits(kod=f"gissning{n}").status)
    assert tried == [422] * 10 + [429]
    other = Browser(house.site, Host=NAME, X_Forwarded_Proto="https", X_Forwarded_For="192.0.2.2")
    other.opens("/logga-in")
    assert other.submits(kod="gissning").status == 422


def fails_with(house: House, fault: Exception) -> Callable[[Browser], Answer]:
    """The chat breaks; what a page makes of that is looked at."""

    def does(update: Incoming) -> list[Screen]:
        raise fault

    def goes(anna: Browser) -> Answer:
        house.site.web.chats.does = does  # type: ignore[method-assign]
        return anna.presses("Registrera samtal")

    return goes


STATUSES: Mapping[int, Callable[[House], Callable[[Browser], Answer]]] = {
    400: lambda _house: lambda anna: anna.sends("/svar", {"nyckel": key_of(anna), "tryck": "/samtal"}),
    403: lambda _house: lambda anna: anna.sends("/svar", {"n": "1", "tryck": "/samtal"}),
    404: lambda _house: lambda anna: anna.opens("/finns-inte"),
    405: lambda _house: lambda anna: anna.opens("/svar"),
    413: lambda _house: lambda anna: anna.sends("/svar", {"nyckel": key_of(anna), "n": "1", "text": "a" * 1_000_000}),
    429: lambda _house: lambda anna: [anna.opens("/") for _time in range(121)][-1],
    500: lambda house: fails_with(house, RuntimeError("Kim Exempelsson")),
    503: lambda house: fails_with(house, StoreError("Kim Exempelsson")),
}


def key_of(browser: Browser) -> str:
    """The key of the forms of a page."""
    return next(node.attrs["value"] for node in browser.page.all("input", name="nyckel"))


@pytest.mark.parametrize("status", STATUSES)
def test_there_is_a_page_for_every_status(house: House, status: int) -> None:
    """In words, with a way back, and nothing of how it broke."""
    assert STATUSES.keys() == door.FAULTS.keys()
    anna = house.comes()
    answer = STATUSES[status](house)(anna)
    assert answer.status == status
    assert door.FAULTS[status] in answer.page.lines
    assert any(node.attrs["href"] == "/" for node in answer.page.one("main").all("a"))
    assert "Exempelsson" not in answer.body
    assert "Traceback" not in answer.body


def test_no_other_method_is_known(house: House) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"):
        assert house.site.asks(method, "/").status == 405, method


# ── the lock and the PIN ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_cookie_that_runs_out_in_the_middle_costs_no_answer(house: House) -> None:
    anna = house.comes()
    anna.presses("Registrera samtal")
    anna.presses("Nytt ärende")
    asked = anna.newest.lines
    assert asked[-1] == GROUP
    house.passes(hours=13)
    house.site.web.sweep()
    refused = anna.presses("SIG unga vuxna")
    assert anna.path == "/logga-in"
    assert signing_in.NOT_WITH in refused.page.text
    anna.submits(pin=PIN)
    assert anna.path == "/"
    assert anna.newest.lines[-1] == GROUP, "what was not taken is asked once more"
    anna.presses("SIG unga vuxna")
    assert anna.newest.lines[-1] == HELD


def test_five_minutes_lock_the_page_and_the_pin_opens_it_where_it_was(house: House) -> None:
    anna = house.comes()
    anna.presses("Registrera samtal")
    house.passes(minutes=4, seconds=59)
    assert anna.opens("/").path == "/"
    house.passes(minutes=5)
    assert anna.opens("/").path == "/las"
    for path in ("/arenden", "/klocka", "/arende/x"):
        assert anna.opens(path).path in ("/las", "/klocka"), path
        assert CASE not in anna.page.text
    pressed = anna.asks("POST", "/svar", {"nyckel": key_of(anna), "n": "9", "tryck": "/avbryt"})
    assert pressed.to == "/las"
    anna.opens("/las")
    anna.submits(pin=PIN)
    assert anna.newest.lines[-1] == CASE


def test_a_computer_beside_the_phone(house: House) -> None:
    """A link that the person makes themself; the PIN is asked for, and both go on."""
    phone = house.comes()
    phone.presses("Registrera samtal")
    phone.opens("/ny-webblasare")
    phone.submits(next(form for form in phone.page.all("form") if form.attrs["action"] == "/ny-webblasare"))
    (link,) = [node.text for node in phone.page.all("p", klass="secret")]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/in/[a-z0-9]{24}", link)
    assert phone.page.all("svg"), "for the camera"

    computer = house.browser()
    computer.opens(link[link.index("/in/") :])
    computer.submits()
    assert computer.path == "/las"
    computer.submits(pin=PIN)
    assert (computer.path, computer.newest.lines[-1]) == ("/", CASE)
    computer.presses("Nytt ärende")
    assert phone.opens("/").page.text.count(GROUP) == 1, "both show the same talk"

    again = house.browser()
    again.opens(link[link.index("/in/") :])
    again.submits()
    assert signing_in.NOT_LET_IN in again.page.text


def test_who_has_no_pin_makes_no_link(houses: Houses) -> None:
    house = houses(without_pin=True)
    anna = house.browser()
    anna.opens(f"/in/{house.invites()}")
    anna.submits()
    assert anna.path == "/"
    assert anna.opens("/ny-webblasare").status == 404


def test_the_page_of_reminders_gives_a_code_for_telegram(houses: Houses) -> None:
    """Only where there is a bot; the code sets the doorbell and signs nobody in."""
    house = houses(in_the_city())
    anna = house.comes()
    anna.opens("/klocka")
    anna.submits(next(form for form in anna.page.all("form") if form.attrs["action"] == "/klocka"))
    (code,) = [node.text.removeprefix("/start ") for node in anna.page.all("p", klass="secret")]
    assert house.store.invitation_holds(code, house.now, ("bell",))
    other = house.browser()
    other.opens(f"/in/{code}")
    other.submits()
    assert signing_in.NOT_LET_IN in other.page.text
    assert houses(in_the_city(token=None)).comes().opens("/klocka").status == 404, "no bot, no reminders"


def test_what_the_page_fetches_by_itself_does_not_keep_it_awake(house: House) -> None:
    anna = house.comes()
    for _minute in range(4):
        house.passes(minutes=1)
        assert anna.asks("GET", "/", X_Lots_Live="1").status == 200
    house.passes(minutes=1)
    assert anna.asks("GET", "/", X_Lots_Live="1").to == "/las"


def test_five_wrong_pins_pause_and_ten_sign_out_everywhere(house: House) -> None:
    """Told in the same words by the lock page of one browser and the sign-in page of another."""
    anna = house.comes()
    device = house.browser()
    device.cookies = {name: value for name, value in anna.cookies.items() if name == "lots-device"}
    anna.submits(next(form for form in anna.page.all("form") if form.attrs["action"] == "/las-nu"))
    assert anna.path == "/las"
    said = [anna.submits(pin=WRONG).page.text for _try in range(5)]
    for left, page in zip((4, 3, 2, 1), said, strict=False):
        assert f"Fel pinkod. Försök kvar: {left}." in page
    assert f"{TRY_LATER} Försök igen efter kl. 14.20." in said[4]
    assert TRY_LATER in anna.submits(pin=PIN).page.text, "not even the right one, for now"
    house.passes(minutes=15)
    device.opens("/logga-in")
    for left in (4, 3, 2, 1):
        assert f"Fel pinkod. Försök kvar: {left}." in device.submits(pin=WRONG).page.text
    assert "utloggad överallt" in device.submits(pin=WRONG).page.text
    anna.opens("/")
    assert anna.path == "/logga-in"
    assert not anna.page.all("input", name="pin"), "this browser is not remembered any more"
    assert house.store.people(WEB), "a new invitation lets them in again"


@pytest.mark.parametrize(
    ("pin", "again", "words"),
    [
        ("48291", "48291", "Pinkoden ska ha sex siffror."),
        ("482915x", "482915x", "Pinkoden ska ha sex siffror."),
        ("", "", "Pinkoden ska ha sex siffror."),
        (
            "\uff14\uff18\uff12\uff19\uff11\uff15",
            "\uff14\uff18\uff12\uff19\uff11\uff15",
            "Pinkoden ska ha sex siffror.",
        ),
        (PIN, WRONG, "De två pinkoderna är inte lika."),
        ("123456", "123456", "för lätt att gissa"),
    ],
)
def test_a_pin_that_will_not_do_is_told_why(house: House, pin: str, again: str, words: str) -> None:
    anna = house.invited()
    answer = anna.submits(pin=pin, igen=again)
    assert answer.status == 422
    assert words in answer.page.text
    assert all(node.attrs.get("value", "") == "" for node in answer.page.all("input", type="password"))
    anna.submits(pin=PIN, igen=PIN)
    assert anna.path == "/"


# ── what people type ─────────────────────────────────────────────────────────────────────────────────────────────


def the_case_question(house: House) -> Browser:
    anna = house.comes()
    a_talk(anna)
    anna.presses("Registrera samtal")
    assert anna.newest.lines[-1] == CASE
    return anna


def a_talk(browser: Browser) -> str:
    """Record a talk in a new case; its code."""
    for label in ("Registrera samtal", "Nytt ärende", "SIG unga vuxna", "Ja", "Spara"):
        browser.presses(label)
    found = CODE.search(browser.newest.lines[0])
    assert found is not None, browser.newest.lines
    return found[0]


def the_link(browser: Browser, code: str) -> str:
    """The address of a case on the page of cases."""
    return next(node.attrs["href"] for node in browser.page.one("main").all("a") if node.text.startswith(code))


def types(browser: Browser, text: str) -> Answer:
    """Type in the newest message."""
    return browser.submits(browser.page.all("form", klass="typed")[-1], text=text)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "'; alert(1); //",
        "{{ 7 * 7 }}",
        "</textarea></form><form action='https://evil.example'>",
        "javascript:alert(1)",
        "\u202ekod\u0000",
        "ÖK7-M4W\r\nSet-Cookie: a=b",
    ],
)
def test_what_is_typed_never_becomes_part_of_the_page(house: House, text: str) -> None:
    """That no page holds a script of anybody's is held to in every answer; here that the question stays."""
    anna = the_case_question(house)
    for answer in (types(anna, text), anna.sends("/arenden", {"nyckel": key_of(anna), "kod": text})):
        assert answer.status in (200, 422)
        assert "<script>alert" not in answer.body
        assert "<img" not in answer.body
        assert "49" not in answer.page.one("main").text
        assert "evil.example" not in answer.body or "&lt;" in answer.body
    assert anna.opens("/").page.all("form", klass="typed"), "the question waits"


def test_only_what_is_refused_marks_the_field(house: House) -> None:
    """Why a question is asked, and help, stand in the same place as a refusal, and refuse nothing."""
    anna = the_case_question(house)

    def field() -> Node:
        return anna.page.one("input", name="text")

    for label in ("Varför frågar vi?", "Hjälp"):
        anna.presses(label)
        assert "aria-describedby" in field().attrs, f"{label}: what is said is told with the field"
        assert "aria-invalid" not in field().attrs, label
    for text in ("kanske", f"det är {TEST_NUMBERS[0]}"):
        types(anna, text)
        assert field().attrs["aria-invalid"] == "true", text
    anna.presses("Hjälp")
    assert "aria-invalid" not in field().attrs


def test_what_the_words_tell_to_write_can_be_pressed(house: House) -> None:
    """A page has no place to write a command in; who reads that one can write it presses it."""
    anna = the_case_question(house)
    anna.presses("Hjälp")
    command = anna.page.one("button", klass="command")
    assert (command.text, command.attrs["name"], command.attrs["value"]) == ("/dolj", "tryck", "/dolj")
    form = anna.page.one("form", id=command.attrs["form"])
    anna.sends(form.attrs["action"], fields_of(form) | {"tryck": command.attrs["value"]})
    assert anna.newest.lines == (say(HIDDEN, "sv"),)
    anna.presses("Fortsätt")
    assert anna.newest.lines[-1] == CASE
    anna.presses("Avbryt")
    code = CODE.findall(anna.opens("/arenden").page.text)[0]
    anna.opens(the_link(anna, code))
    for label in ("Stäng ärendet", "Utskriven", "Spara"):
        anna.presses(label)
    command = anna.page.one("button", klass="command")
    assert command.attrs["value"] == f"/arende {code}", "also where it stands in what heads the message"
    form = anna.page.one("form", id=command.attrs["form"])
    anna.sends(form.attrs["action"], fields_of(form) | {"tryck": command.attrs["value"]})
    assert anna.newest.lines[0] == f"Ärende {code}"


def test_the_title_tells_where_one_is_and_the_bar_is_never_full_before_the_end(house: House) -> None:
    anna = the_case_question(house)
    told = []
    for label in ("Nytt ärende", "SIG unga vuxna", "Ja"):
        bar = anna.page.one("progress").attrs
        assert int(bar["value"]) < int(bar["max"])
        told.append(anna.page.one("title").text)
        anna.presses(label)
    assert told == ["Fråga 1 av 2 – Lots", "Fråga 2 av 3 – Lots", "Fråga 3 av 3 – Lots"]
    assert anna.page.one("title").text == "Chatt – Lots", "the read-back is no question"


def test_ten_thousand_characters_are_too_many_and_not_kept(house: House, log: io.StringIO) -> None:
    anna = the_case_question(house)
    answer = types(anna, "abcde " * 1700)
    assert "Det var för långt." in answer.page.text
    assert anna.newest.lines[-1] == CASE
    assert "abcde" not in answer.body
    assert "abcde" not in str(house.stored())
    assert "abcde" not in log.getvalue()
    assert anna.sends("/arenden", {"nyckel": key_of(anna), "kod": "a" * 10_000}).status == 422
    assert anna.opens(f"/in/{'a' * 5_000}").status == 200
    assert anna.opens(f"/arende/{'a' * 5_000}").path == "/arenden"


TEST_NUMBERS = ("200601212384", "20060121-2384", "060121-2384", "201001012382", "200800662397", "196408233234")
"""Numbers of Skatteverket's test data only; one is a coordination number of the month 00."""


@pytest.mark.parametrize("number", TEST_NUMBERS)
def test_a_personal_number_is_refused_and_is_nowhere_afterwards(house: House, log: io.StringIO, number: str) -> None:
    anna = the_case_question(house)
    seen = len(house.site.answers)
    answer = types(anna, f"det är {number}")
    assert "Skriv aldrig namn, personnummer" in answer.page.text
    assert anna.newest.lines[-1] == CASE
    listed = anna.sends("/arenden", {"nyckel": key_of(anna), "kod": number})
    assert listed.status == 422
    assert "Skriv aldrig namn, personnummer" in listed.page.one("form", action="/arenden").text, "at the field"
    assert not any(number in one.body or number in str(one.headers) for one in house.site.answers[seen:])
    assert number not in str(house.stored())
    assert number not in log.getvalue()


def test_a_number_in_two_parts_is_seen_in_the_chat_and_in_the_box_for_a_code(house: House, log: io.StringIO) -> None:
    anna = the_case_question(house)
    types(anna, "20060121")
    answer = types(anna, "2384")
    assert "Det hör kanske ihop med det du skrev innan." in answer.page.text
    assert "2384" not in answer.body
    for typed in ("2384", "Storgatan 12"):
        listed = anna.sends("/arenden", {"nyckel": key_of(anna), "kod": typed})
        assert listed.status == 422
        assert "Skriv aldrig namn, personnummer" in listed.page.text
        assert typed not in listed.body
    assert "20060121" not in str(house.stored())
    assert "20060121" not in log.getvalue()


@pytest.fixture
def log(talkative: io.StringIO) -> io.StringIO:
    """The log as `lots run` sets it up, at its most talkative, and whatever else reaches the root."""
    return talkative


NONSENSE = (
    "",
    "0",
    "-1",
    "1e3",
    "99999999999999999999999999",
    str((1 << 62) - 1),
    str(1 << 62),
    str(1 << 63),
    "٣",
    "²",
    "½",
    "NaN",
    "\x00",
    "å" * 300,
    "🙂",
    "\ud7ff\ue000",
    "..",
    ":",
    "::",
    ":::::",
    "-:0",
    "-:0:",
    "x:-1:y",
    "note:",
    "copy:::",
    "case:../../etc",
    "case-texts:",
    "language:xx",
    "!",
    "/",
    "//",
)


@pytest.mark.parametrize("name", ["n", "m", "s", "tryck", "text", "dag", "rad:x", "unknown"])
def test_nonsense_in_a_field_breaks_nothing(houses: Houses, name: str) -> None:
    """Whatever is sent, there is a page that can be read, nothing is stored of it, and the question waits."""
    house = houses(settings(web_rules=WebRules(requests_a_minute=100_000)))
    anna = house.comes()
    anna.presses("Registrera samtal")
    good = next(form for form in anna.page.all("form", klass="choices") if form.all("button", name="tryck"))
    kept = house.kept()
    for number, value in enumerate(NONSENSE):
        fields = fields_of(good) | {"n": str(1000 + number), "tryck": "x"}
        if name in ("text", "dag"):
            del fields["tryck"]
        answer = anna.sends("/svar", fields | {name: value})
        assert answer.status in (200, 400), (value, answer.page.lines)
        assert house.kept() == kept
    file = FormData(fields_of(good) | {"n": "5000"})
    file.add_field("tryck", b"\xff\xfe", filename="bild.png", content_type="image/png")
    assert anna.sends("/svar", file).status in (200, 400)
    anna.opens("/")
    assert anna.newest.lines[-1] == CASE or name == "tryck", anna.newest.lines


# ── once, and only where it was meant ────────────────────────────────────────────────────────────────────────────


def talk_to_the_end(anna: Browser) -> Node:
    """A talk up to its last question; the form with Spara."""
    for label in ("Registrera samtal", "Nytt ärende", "SIG unga vuxna", "Ja"):
        anna.presses(label)
    return next(f for f in anna.page.all("form") if any(b.text == "Spara" for b in f.all("button")))


def test_a_form_that_is_sent_twice_is_taken_once(house: House) -> None:
    """A slow thumb, or a network that drops the answer."""
    anna = house.comes()
    form = talk_to_the_end(anna)
    anna.submits(form, "Spara")
    first = anna.messages
    kept = house.kept()
    assert [one["kind"] for one in kept] == ["case_opened", "case_fact", "talk_held"]
    for _again in range(3):
        anna.submits(form, "Spara")
    assert house.kept() == kept
    assert anna.messages == first, "nothing new is said either"


def test_the_back_button_brings_an_old_form_that_is_known_for_what_it_is(house: House) -> None:
    """The form was not sent before: it is another number, of a question that is answered."""
    anna = house.comes()
    anna.presses("Registrera samtal")
    anna.presses("Nytt ärende")
    anna.opens("/")
    back = next(f for f in anna.page.all("form") if any(b.text == "SIG unga vuxna" for b in f.all("button")))
    anna.opens("/")
    anna.presses("SIG unga vuxna")
    assert anna.newest.lines[-1] == HELD
    anna.submits(back, "SIG unga")
    assert anna.newest.lines[-1] == HELD, "the question that waits is what is shown"
    assert house.rows("SELECT body FROM session")[0][0].count("young_adult") == 1
    for label in ("Ja", "Spara"):
        anna.presses(label)
    anna.submits(back, "SIG unga")
    assert anna.notices == []
    menu = fields_of(back) | {"n": "4711", "tryck": "young_adult"}
    anna.sends("/svar", menu)
    assert anna.notices == [OLD_BUTTON]
    assert anna.opens("/").page.all(klass="told") == [], "it is told once"
    assert len(house.kept()) == 3


def test_what_is_typed_in_another_tab_answers_no_newer_question(house: House) -> None:
    """It is not saved, and that is said."""
    anna = the_case_question(house)
    code = anna.newest.rows[0][0][0]
    old_tab = anna.page.all("form", klass="typed")[-1]
    anna.presses(code)
    anna.presses("Ja")
    now = anna.newest.lines
    anna.submits(old_tab, text="igår")
    assert anna.newest.lines == now
    assert anna.notices == [OLDER_QUESTION]


def test_two_tabs_one_talk(house: House) -> None:
    """Both show the same question after looking; a press in the one that is behind does nothing but say so."""
    anna = house.comes()
    tab = Browser(house.site)
    tab.cookies = anna.cookies
    anna.presses("Registrera samtal")
    tab.opens("/")
    anna.presses("Nytt ärende")
    anna.presses("SIG unga vuxna")
    tab.presses("Nytt ärende")
    assert tab.newest.lines[-1] == HELD
    assert house.kept() == []


def consent(anna: Browser) -> Node:
    """A consent up to the list of three states; its form."""
    code = a_talk(anna)
    anna.sends("/svar", {"nyckel": key_of(anna), "n": "77", "tryck": f"/samtycke {code}"})
    while not anna.page.all("input", type="radio"):
        anna.presses(next(label for label in ("21–29 år", "Ja") if label in [b.text for b in anna.page.all("button")]))
    return next(f for f in anna.page.all("form", klass="choices") if f.all("input", type="radio"))


def test_a_list_is_sent_as_it_stands(house: House) -> None:
    """Radios of three states: one form, and the read-back names what stood there."""
    anna = house.comes()
    form = consent(anna)
    names = list(dict.fromkeys(n.attrs["name"] for n in form.all("input", type="radio")))
    states = [n.attrs["value"] for n in form.all("input", type="radio", name=names[0])]
    held = fields_of(form) | {names[0]: states[1], names[1]: states[2]}
    held |= {"tryck": next(b.attrs["value"] for b in form.all("button", name="tryck") if b.text == "Klar")}
    anna.sends("/svar", held)
    said = house.rows("SELECT body FROM session")[0][0]
    answers = json.loads(said)["answers"]
    given = next(value for value in answers.values() if isinstance(value, dict))
    assert given[names[0].removeprefix("rad:")] == states[1]
    assert given[names[1].removeprefix("rad:")] == states[2]
    assert {state for line, state in given.items() if f"rad:{line}" not in names[:2]} == {states[0]}


# ── who may see what ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", ["chef", "drift", "granskare"])
def test_a_role_that_opens_no_cases_sees_none(house: House, role: Role) -> None:
    anna = house.comes()
    code = a_talk(anna)
    anna.opens("/arenden")
    link = the_link(anna, code)
    other = house.comes(role)
    for path in ("/arenden", link):
        other.opens(path)
        assert code not in other.page.text, path
    for pressed in ("/samtal", f"/samtal {code}", f"case:{code}", f"case-texts:{code}", f"/arende {code}"):
        other.opens("/")
        other.sends("/svar", {"nyckel": key_of(other), "n": str(hash(pressed) & 0xFFFF), "tryck": pressed})
        assert code not in other.page.text, pressed
    assert "Med din roll kan du inte öppna ärenden." in other.opens("/arenden").page.text
    assert not list(other.page.all("input", name="kod")), "a field would ask for a code that only leaves a denied row"
    listed = other.sends("/arenden", {"nyckel": key_of(other), "kod": code})
    assert listed.page.text.count("Med din roll kan du inte öppna ärenden.") == 1


def test_another_districts_case_is_not_there(house: House) -> None:
    """Neither by its handle nor by its code, and told like one that never was."""
    anna, bo = house.comes(), house.comes(district="Skärholmen")
    code = a_talk(anna)
    anna.opens("/arenden")
    link = the_link(anna, code)
    assert anna.opens(link).page.one("h1").text.endswith(code)
    assert bo.opens(link).path == "/arenden"
    assert bo.opens("/arende/finnsInte").path == "/arenden"
    theirs = bo.sends("/arenden", {"nyckel": key_of(bo), "kod": code})
    nobodys = bo.sends("/arenden", {"nyckel": key_of(bo), "kod": "ÖK7-M4W"})
    assert theirs.page.lines == nobodys.page.lines
    assert code not in theirs.body


def test_the_page_of_a_case_shows_how_far_each_record_has_come_and_leads_to_the_rest(house: House) -> None:
    anna = house.comes()
    code = a_talk(anna)
    anna.sends("/arenden", {"nyckel": key_of(anna), "kod": code})
    section = anna.page.one("section", id="s-handover")
    assert [node.text for node in section.all("th", scope="col")] == ["Sparat", "Dag", "Läge", "Gallras tidigast"]
    rows = [[cell.text for cell in row.all("th", "td")] for row in section.all("tr")[1:]]
    assert rows == [
        ["Samtal den 23 november 2026", "2026-11-23", "Klar att överföras", "30 dagar efter kvittens"],
        ["Uppgift, Grupp", "2026-11-23", "Klar att överföras", "30 dagar efter kvittens"],
        ["Ärendet skapades", "2026-11-23", "Klar att överföras", "30 dagar efter kvittens"],
    ]
    assert [cell.attrs["data-status"] for cell in section.all("td")[1::3]] == ["ready"] * 3
    anna.presses("Överföring")
    assert anna.path == "/"
    assert anna.newest.screen.text.splitlines()[0] == "Överföring till verksamhetssystemet"
    anna.presses(code)
    assert anna.newest.screen.text.startswith(f"Ärende {code}")


def test_of_a_case_that_was_purged_only_the_day_is_told(house: House) -> None:
    anna = house.comes()
    code = a_talk(anna)
    anna.sends("/arenden", {"nyckel": key_of(anna), "kod": code})
    link = anna.path
    with house.store.transaction():
        house.store.purge(1, "beslut 2026-1", [code], house.now)
    assert anna.opens(link).path == "/arenden"
    assert code not in anna.page.text
    answer = anna.sends("/arenden", {"nyckel": key_of(anna), "kod": code})
    assert answer.status == 422
    gone = "Ärendet gallrades den 23 november 2026. Det som togs emot finns i verksamhetssystemet."
    assert anna.page.one("p", id="fel").text == gone
    assert code not in answer.body


def test_who_is_revoked_in_the_middle_is_out_at_once(house: House) -> None:
    anna = house.comes()
    anna.presses("Registrera samtal")
    page, cookies = anna.page, dict(anna.cookies)
    with house.store.transaction():
        house.store.revoke(house.id_of(anna), house.now)
    form = next(f for f in page.all("form") if any(b.text == "Nytt ärende" for b in f.all("button")))
    anna.submits(form, "Nytt ärende")
    assert anna.path == "/logga-in"
    anna.cookies = cookies
    assert anna.opens("/").path == "/logga-in"
    assert not anna.page.all("input", name="pin"), "nor is the browser remembered"
    assert house.rows("SELECT * FROM session") == []


def test_the_pages_of_somebody_who_reads_english_are_english(house: House) -> None:
    """Every page, not only the talk: choosing a PIN, the lock, what went wrong."""
    anna = house.invited()
    with house.store.transaction():
        house.store.speak(house.id_of(anna), "en")
    seen = [anna.opens("/pin"), anna.submits(pin="1", igen="1"), anna.submits(pin=PIN, igen=PIN)]
    for label in ("Record a talk", "New case", "SIG unga vuxna (young adults)", "Yes", "Save"):
        anna.presses(label)
        seen.append(anna.opens("/"))
    code = CODE.findall(anna.page.text)[0]
    seen.append(anna.opens("/arenden"))
    seen.append(anna.opens(the_link(anna, code)))
    seen += [anna.opens("/finns-inte"), anna.sends("/svar", {"n": "1"})]
    anna.opens("/")
    seen.append(anna.sends("/arenden", {"nyckel": key_of(anna), "kod": "nonsense"}))
    anna.opens("/")
    seen.append(anna.submits(next(form for form in anna.page.all("form") if form.attrs["action"] == "/las-nu")))
    seen.append(anna.submits(pin=WRONG))
    swedish = re.compile(r"[åäöÅÄÖ]|\b(och|inte|ett|Fråga|Logga|Skicka|Till|Spara|Visa|kod|koden)\b")
    for answer in seen:
        assert answer.page.one("html").attrs["lang"] == "en", answer.path
        lines = [re.sub(CODE, "", line) for line in answer.page.lines if line not in SAID_IN_SWEDISH]
        assert [line for line in lines if swedish.search(line)] == [], answer.path


SAID_IN_SWEDISH = ("Byt språk",)
"""The button by which somebody who reads Swedish finds back."""


# ── live ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Stream:
    """A page's ear: what is told to it."""

    def __init__(self, response: ClientResponse) -> None:
        self._heard: asyncio.Queue[str | None] = asyncio.Queue()
        self._listening = asyncio.create_task(self._listen(response))

    async def _listen(self, response: ClientResponse) -> None:
        async for line in response.content:
            if line.startswith(b"event: ") and line.strip() != b"event: kvar":
                self._heard.put_nowait(line.decode().removeprefix("event: ").strip())
        self._heard.put_nowait(None)

    async def hears(self, seconds: float = 1.0) -> str | None:
        """The next event's name, ``None`` where the stream has ended; the signs of life between are passed over."""
        return await asyncio.wait_for(self._heard.get(), seconds)

    async def is_quiet(self, seconds: float = 0.15) -> bool:
        """Whether nothing comes for a while."""
        await asyncio.sleep(seconds)
        return self._heard.empty()


def ear(browser: Browser) -> Any:
    """Begin to listen."""
    site = browser.site
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return site.client.get(f"http://127.0.0.1:{site.port}/live", headers={"Cookie": cookies})


def test_a_colleagues_talk_is_heard_at_once_and_nothing_of_it(house: House) -> None:
    """Both who has the chat and who has the case page open; not who is in another district, or not in the case."""
    anna, bo, far = house.comes(), house.comes(), house.comes(district="Skärholmen")
    beside = house.comes()
    code = a_talk(anna)
    house.lets_in(house.id_of(bo), code)
    anna.sends("/svar", {"nyckel": key_of(anna), "n": "80", "tryck": f"/samtal {code}"})
    bo.sends("/arenden", {"nyckel": key_of(bo), "kod": code})
    assert bo.path.startswith("/arende/")
    case_page = bo.page.one("main").text
    house.passes(seconds=30)
    colleague = house.comes()
    house.lets_in(house.id_of(colleague), code)

    async def story() -> None:
        async with ear(anna) as at_chat, ear(bo) as at_case, ear(far) as elsewhere, ear(beside) as outside:
            assert at_chat.headers["Content-Type"].startswith("text/event-stream")
            assert at_chat.headers["Cache-Control"] == "no-store"
            ears = [Stream(one) for one in (at_chat, at_case, elsewhere, outside)]
            for one in ears:
                assert await one.hears() == "nytt"
            await saves_a_talk(colleague, code)
            assert await ears[0].hears() == "nytt"
            assert await ears[1].hears() == "nytt"
            assert await ears[2].is_quiet()
            assert await ears[3].is_quiet()

    house.site.run(story())
    anna.opens("/", X_Lots_Live="1")
    assert f"En kollega har sparat i {code} sedan du började." in anna.page.one(id="notiser").text
    bo.opens(bo.path, X_Lots_Live="1")
    assert bo.page.one("main").text != case_page


async def saves_a_talk(browser: Browser, code: str) -> None:
    """The same as with a browser, while others listen."""
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
    key = key_of(browser)
    fields = {"n": "90", "tryck": f"/samtal {code}"}
    for number, value in enumerate(("missed", "!save")):
        await browser.site.asking("POST", "/svar", fields=fields | {"nyckel": key}, headers=headers)
        page = (await browser.site.asking("GET", "/", headers=headers)).page
        forms = [f for f in page.all("form", klass="choices") if f.all("button", name="tryck", value=value)]
        assert forms, [b.attrs["value"] for b in page.all("button", name="tryck")]
        fields = fields_of(forms[-1]) | {"n": str(91 + number), "tryck": value}
    await browser.site.asking("POST", "/svar", fields=fields | {"nyckel": key}, headers=headers)


def test_the_stream_ends_when_the_page_locks_and_does_not_keep_it_awake(house: House) -> None:
    anna = house.comes()

    async def story() -> None:
        async with ear(anna) as response:
            stream = Stream(response)
            assert await stream.hears() == "nytt"
            assert await stream.is_quiet()
            house.passes(minutes=5)
            assert await stream.hears() == "last"
            assert await stream.hears() is None
        async with ear(anna) as refused:
            assert refused.status == 403

    house.site.run(story())
    assert anna.opens("/").path == "/las"


def test_the_stream_is_there_again_when_the_program_is(house: House) -> None:
    anna = house.comes()

    async def listens() -> str | None:
        async with ear(anna) as response:
            return await Stream(response).hears()

    assert house.site.run(listens()) == "nytt"
    port = house.site.port
    house.restarts()
    assert house.site.port == port
    assert house.site.run(listens()) == "nytt"
    assert anna.opens("/").path == "/", "nobody has to sign in anew"


def test_nobody_listens_who_is_not_signed_in(house: House) -> None:
    assert house.site.asks("GET", "/live").status == 403
    assert house.site.asks("GET", "/live", headers={"Cookie": "lots=x"}).status == 403


def test_a_restart_in_the_middle_costs_nothing(house: House) -> None:
    """The same form, the same cookie, the same question."""
    anna = house.comes()
    anna.presses("Registrera samtal")
    house.restarts()
    anna.presses("Nytt ärende")
    assert anna.newest.lines[-1] == GROUP
    assert timedelta(0) <= house.now - MONDAY < timedelta(minutes=1)
