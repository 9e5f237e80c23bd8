"""The web chat over HTTP: thin handlers round the desk's chats, and what stands at the door before them.

Every page works without script. A form is posted, the answer is a redirect to a page, so that the browser's back and
reload repeat nothing. Nothing a page says may be kept by a browser or a proxy, and nothing of a case is in an address.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import segno
from aiohttp import web

from bot.desk import Desk
from bot.incoming import Pressed, Said
from bot.limits import Limiter
from bot.listening import UNREAD
from bot.looks import BUTTON, CASE_PAGE, CHAT_PAGE, LIST_PAGE
from bot.pins import DANGER, FAULTS, Outcome, words_of
from bot.settings import Settings, is_here
from bot.turn import PRACTICE
from bot.web import cases, pages
from bot.web.access import Access, Visit, form_key, is_form_key
from bot.web.chats import Chats, Waits
from bot.web.initdata import BadInitData, person_of
from bot.web.live import Live
from dialogs.texts import Text, Words, say
from dialogs.texts import mark as _
from state.errors import LotsError, StoreError
from state.people import Person
from state.screen import NO_SESSION
from state.store import WEB

log = logging.getLogger("lots.web")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STALE = "old"
"""What a press carries whose screen is nowhere any more; the desk says that it does not hold."""

LARGEST_FORM = 256 * 1024
"""Bytes; the largest form of ours, and the largest update of Telegram's, have a few thousand."""

FORM_COOKIE_SECONDS = 30 * 86400
"""How long a page before signing in can be sent: who left it open in the evening types the PIN in the morning."""

FORM_SECONDS = 30.0
"""How long a form may take to come, once its first line has."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
    "Server": "Lots",  # in place of the versions that the library tells
}
ITS_OWN = ("Cache-Control", "Referrer-Policy")
"""What a page may say otherwise."""

ABOVE_ALL = "max-age=31536000"
"""Strict-Transport-Security, where people reach us over TLS."""

VISIT: web.RequestKey[Visit] = web.RequestKey("visit", Visit)
"""Who is here, on the pages that are for those who are signed in."""

_FAULTS: dict[int, Words] = {
    400: _("Det där gick inte att läsa. Gå tillbaka till chatten och försök igen."),
    403: _("Svaret kom inte med. Sidan kan vara för gammal. Gå till chatten och svara igen."),
    404: _("Den sidan finns inte."),
    405: _("Den sidan finns inte."),
    413: _("Det var för långt. Skriv bara ett datum, ett antal eller en ärendekod."),
    429: _("Det blev för många försök. Vänta en minut och försök igen."),
    500: _("Något gick fel. Det du har sparat finns kvar. Försök igen."),
    503: _("Lots är upptagen. Det du har sparat finns kvar. Försök igen om en stund."),
}
TAKEN = _("Svaret är mottaget, men det syns inte än. Vänta en stund och titta i chatten.")
LOCKED = _("Sidan var låst. Ditt senaste svar kom inte med. Allt annat finns kvar. Svara igen.")
NOT_WITH = _("Du var inte inloggad. Ditt senaste svar kom inte med, men resten finns kvar. Svara igen.")
OUT_EVERYWHERE = _("Det blev för många försök. Du är utloggad överallt. Be den som sköter Lots om en ny inbjudan.")
NOT_LET_IN = _("Länken gäller inte. Den kan vara använd eller för gammal. Be den som sköter Lots om en ny.")


class Web:
    """The web chat of one installation.

    :param settings: the installation.
    :param desk: handles what people do.
    :param without_pin: whether nobody is asked for a PIN: for practice at one's own computer.
    """

    def __init__(self, settings: Settings, desk: Desk, *, without_pin: bool = False) -> None:
        self._settings = settings
        self._desk = desk
        self._store = desk.store
        self.access = Access(desk.store, settings.web_rules, desk.now, without_pin=without_pin)
        self.live = Live()
        self.chats = Chats(desk, lambda person: self.live.changed(person.id), lambda person: self.live.looks(person.id))
        self._cases = cases.Handles()
        self._asked = Limiter(settings.web_rules.requests_a_minute, desk.now)
        self._tried = Limiter(settings.web_rules.sign_ins_a_minute, desk.now)
        secure = settings.behind_tls
        self._cookie = "__Host-lots" if secure else "lots"
        self._device = "__Host-lots-device" if secure else "lots-device"
        self._form = "__Host-lots-form" if secure else "lots-form"
        desk.listeners.append(self._saved_in)

    def application(self) -> web.Application:
        """The pages, to be served.

        :returns: an application; further routes may be added.
        """
        app = web.Application(client_max_size=LARGEST_FORM, middlewares=[self._at_the_door])
        app.on_response_prepare.append(self._put_headers)
        app.on_shutdown.append(self._ends)
        app[UNREAD] = self._in_plain_words
        app.add_routes(
            [
                web.get("/", self._signed_in(self._chat)),
                web.post("/svar", self._signed_in(self._answer)),
                web.get("/arenden", self._signed_in(self._case_list)),
                web.post("/arenden", self._signed_in(self._find_case)),
                web.get("/arende/{handle}", self._signed_in(self._case)),
                web.get("/live", self._live),
                web.post("/har", self._signed_in(self._here)),
                web.get("/in/{code}", self._invited),
                web.post("/in", self._let_in),
                web.get("/logga-in", self._sign_in),
                web.post("/logga-in", self._sign_in_again),
                web.get("/pin", self._pin),
                web.post("/pin", self._choose_pin),
                web.get("/las", self._locked),
                web.post("/las", self._unlock),
                web.post("/las-nu", self._signed_in(self._lock)),
                web.get("/ut", self._leaving),
                web.post("/ut", self._out),
                web.get("/app", self._mini_app),
                web.post("/app", self._from_telegram),
                web.get("/ny-webblasare", self._signed_in(self._browser)),
                web.post("/ny-webblasare", self._signed_in(self._open_browser)),
                web.get("/klocka", self._signed_in(self._bell)),
                web.post("/klocka", self._signed_in(self._connect_bell)),
                web.get("/static/{digest}/{name}", self._static),
                web.get("/manifest.webmanifest", self._manifest),
                web.get("/robots.txt", self._robots),
            ]
        )
        return app

    async def _ends(self, _app: web.Application) -> None:
        self.live.ends()

    def sweep(self) -> None:
        """Let time do its work; called every minute."""
        for gone in self.access.sweep():
            if (person := self._store.person(gone)) is not None:
                self.chats.clear(person)
        self.chats.sweep()  # what time has brought stays until it is read

    def _saved_in(self, saved_in: frozenset[str]) -> None:
        """A case has changed: whoever may see it has it before them anew."""
        for person in self._store.people(WEB):
            if any(self._desk.may_see(person, case) for case in saved_in):
                self.live.changed(person.id)

    # ── at the door ──────────────────────────────────────────────────────────────────────────────────────────

    @web.middleware
    async def _at_the_door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What holds for every request: who it comes from, how much, and what the answer may be used for."""
        try:
            if (turned_away := self._turned_away(request)) is not None:
                response: web.StreamResponse = self._fault(request, turned_away)
            else:
                response = await handler(request)
        except web.HTTPException as fault:
            response = fault if fault.status < 400 else self._fault(request, fault.status)
        except Waits:
            log.warning("an answer waits", extra={"event": "AnswerWaits"})
            response = self._page("fault", request, status=503, says=say(TAKEN, self._language(request)))
        except StoreError as fault:
            log.warning("the store is busy", extra={"event": "StoreBusy", "code": fault.code})
            response = self._fault(request, 503)
        except Exception as fault:  # noqa: BLE001 - a page that breaks must not show how
            code = fault.code if isinstance(fault, LotsError) else "L400"
            log.error("a page failed", extra={"event": "PageFailed", "code": code, "fault": type(fault).__name__})
            response = self._fault(request, 500)
        return response

    async def _put_headers(self, _request: web.Request, response: web.StreamResponse) -> None:
        self._guard(response)

    def _guard(self, response: web.StreamResponse) -> None:
        """What may be done with an answer, whoever gives it."""
        of_its_own = {name: response.headers[name] for name in ITS_OWN if name in response.headers}
        response.headers.update(HEADERS | of_its_own)
        if self._settings.behind_tls:
            response.headers["Strict-Transport-Security"] = ABOVE_ALL

    def _in_plain_words(self, status: int) -> web.Response:
        """The answer where no page can be made."""
        response = web.Response(text=f"{say(_fault_words(status), 'sv')}\n{say(DANGER, 'sv')}", status=status)
        self._guard(response)
        return response

    def _turned_away(self, request: web.Request) -> int | None:
        """Why a request is not looked at; ``None`` where it is."""
        if not self._comes_over_tls(request) or not self._is_for_us(request):
            return 403
        if request.method == "POST" and request.path != "/telegram" and not self._comes_from_a_page_of_ours(request):
            return 403
        if request.method not in ("GET", "HEAD", "POST"):
            return 405
        return None

    def _comes_over_tls(self, request: web.Request) -> bool:
        """Whether nobody but the proxy brings it, and the proxy had it over TLS; on this machine no proxy is needed."""
        if not self._settings.behind_tls:
            return True
        return self._is_the_proxy(request) and request.headers.get("X-Forwarded-Proto", "") == "https"

    def _is_the_proxy(self, request: web.Request) -> bool:
        peer = request.transport.get_extra_info("peername") if request.transport is not None else None
        if not peer:
            return False
        network = self._settings.trusted_proxy
        address = ip_address(str(peer[0]).split("%", 1)[0])
        address = getattr(address, "ipv4_mapped", None) or address
        return address.is_loopback if network is None else address in network

    def _is_for_us(self, request: web.Request) -> bool:
        """Whether the browser asked for us by our own name: another name that leads here is a trap."""
        if "Host" not in request.headers:
            return False  # the library would ask the network for this machine's own
        try:
            host = urlsplit(f"//{request.host}").hostname or ""
        except ValueError:
            return False
        if self._settings.public_url is not None and host == urlsplit(self._settings.public_url).hostname:
            return True
        return not self._settings.behind_tls and is_here(host)

    @staticmethod
    def _comes_from_a_page_of_ours(request: web.Request) -> bool:
        """Whether a form is ours as far as the browser tells; the key in the form is asked for besides."""
        if (site := request.headers.get("Sec-Fetch-Site")) is not None:
            return site == "same-origin"
        origin = request.headers.get("Origin")
        return origin is None or origin.partition("://")[2] == request.host

    def _who_asks(self, request: web.Request) -> str:
        """The address that asks, by the proxy's word where it is the proxy's to say."""
        if self._settings.behind_tls:
            said = request.headers.getall("X-Forwarded-For", [""])[-1]  # the last one is what the proxy saw
            return _neighbourhood(said.rsplit(",", 1)[-1].strip())
        peer = request.transport.get_extra_info("peername") if request.transport is not None else None
        return _neighbourhood(str(peer[0])) if peer else "?"

    def _fault(self, request: web.Request, status: int) -> web.Response:
        try:
            words = say(_fault_words(status), self._language(request))
            return self._page("fault", request, status=status, says=words)
        except Exception as fault:  # noqa: BLE001 - what is broken may be the page itself
            log.error("a page failed", extra={"event": "PageFailed", "code": "L400", "fault": type(fault).__name__})
            return self._in_plain_words(status)

    def _language(self, request: web.Request) -> str:
        """The reader's language, also where the page is locked, or is about what went wrong."""
        visit = request.get(VISIT)
        if visit is None:
            with suppress(StoreError):
                visit = self._visit(request)
        return "sv" if visit is None else visit.person.language

    def _signed_in(self, handler: Handler) -> Handler:
        """A page for those who are signed in and whose page is not locked."""

        async def held(request: web.Request) -> web.StreamResponse:
            visit = self._visit(request)
            answers = request.method == "POST" and request.path == "/svar"
            if visit is None:
                return _to("/logga-in?svar=borta" if answers else "/logga-in")
            if not self._asked.allows(visit.person.id):
                return self._fault(request, 429)
            if visit.state != "open":
                if answers:  # it is not kept: whoever pressed may be another than whose page it is
                    self.chats.tell(visit.person, LOCKED)
                return _to("/pin" if visit.state == "choose_pin" else "/las")
            if request.method == "POST":
                await self._hold_form(request, request.cookies[self._cookie])
            if "X-Lots-Live" not in request.headers:
                self.access.touch(visit)
            request[VISIT] = visit
            return await handler(request)

        return held

    def _visit(self, request: web.Request) -> Visit | None:
        token = request.cookies.get(self._cookie)
        return None if token is None else self.access.visit(token)

    async def _hold_form(self, request: web.Request, secret: str) -> Mapping[str, Any]:
        """The fields of a form of ours.

        :raises HTTPForbidden: the form is another site's, or of another visit.
        """
        held = await _form(request)
        said = held.get("nyckel")
        if not secret or not isinstance(said, str) or not is_form_key(secret, said):
            raise web.HTTPForbidden
        return held

    # ── answers ──────────────────────────────────────────────────────────────────────────────────────────────

    def _page(self, name: str, request: web.Request, *, status: int = 200, **what: Any) -> web.Response:
        visit = request.get(VISIT)
        language = self._language(request)
        held: dict[str, Any] = {
            "here": name,
            "practice": say(PRACTICE, language) if self._desk.practice else None,
            "visit": visit,
            "form_key": "",
            "without_pin": self.access.without_pin,
            "doorbell": self._settings.doorbell and self._settings.token is not None,
        }
        if visit is not None:
            held["form_key"] = form_key(request.cookies[self._cookie])
        text = pages.render(name, language, **(held | what))
        return web.Response(text=text, status=status, content_type="text/html")

    def _before_sign_in(self, name: str, request: web.Request, *, status: int = 200, **what: Any) -> web.Response:
        """A page with a form for somebody who is not signed in; its key rests on a cookie of its own."""
        secret = request.cookies.get(self._form) or secrets.token_urlsafe(32)
        response = self._page(name, request, status=status, form_key=form_key(secret), **what)
        self._set_cookie(response, self._form, secret, FORM_COOKIE_SECONDS)
        return response

    def _set_cookie(self, response: web.StreamResponse, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            name, value, max_age=seconds, path="/", httponly=True, samesite="Lax", secure=self._settings.behind_tls
        )

    # ── the chat ─────────────────────────────────────────────────────────────────────────────────────────────

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        visit = request[VISIT]
        person = visit.person
        background = "X-Lots-Live" in request.headers
        self.chats.opens(person)
        bell = self._store.bell_of(person.id)
        if not background and bell is not None and (bell.due_at, bell.rung_at) != (None, None):
            with self._store.transaction():
                self._store.bell_is_answered(person.id)
        messages = self.chats.messages(person)
        live = self._store.live_message(person.id)
        shown = pages.bubbles(messages, live, [secrets.randbits(61) << 1 for _each in messages])
        session, trail = self._desk.trail(person)
        if person.may_open_cases:  # nobody else has anything of a case in their chat but the log itself
            again = [case for screen in messages.values() for case in self._desk.looks.cases_on(screen)]
            self._desk.looks.shown(person, again, CHAT_PAGE, self._desk.now(), again=True)
        return self._page(
            "chat",
            request,
            bubbles=shown,
            trail=trail if any(b.live and b.screen.session == session for b in shown) else [],
            told=self.chats.told(person, forget=not background),
            news=self._news(person),
        )

    def _news(self, person: Person) -> dict[str, str] | None:
        """What colleagues have saved in the case since this person's dialog was opened in it."""
        held = self._desk.colleagues_saved(person)
        if held is None:
            return None
        case, count = held
        words = Text(_("En kollega har sparat i {case} sedan du började."), case=case)
        return {"words": say(words, person.language), "href": f"/arende/{self._cases.of(case)}", "mark": str(count)}

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        visit = request[VISIT]
        form = await _form(request)
        number = _number(form.get("n"))
        if number is None:
            raise web.HTTPBadRequest
        message = _number(form.get("m"))
        address = visit.person.address
        if isinstance(pressed := form.get("tryck"), str):
            place = _text(form.get("s")) or f"{NO_SESSION}:0"
            before = self._changed_lines(visit.person, pressed, form)
            data = f"{place}:{pressed}" if before is not None else STALE
            self.chats.does(Pressed(number, address, message, str(number), data, before or ()))
        elif "rader" in form:  # a list that is being filled in, kept as it stands
            if lines := self._changed_lines(visit.person, "", form):
                data = f"{_text(form.get('s'))}:{lines[-1]}"
                self.chats.does(Pressed(number, address, message, str(number), data, lines[:-1]))
        else:
            said = (_text(form.get("dag")) or _text(form.get("text"))).strip()
            self.chats.does(Said(number, address, None, said, _text(form.get("s")) or None))
        return _to("/#nu")

    def _changed_lines(self, person: Person, pressed: str, form: Mapping[str, Any]) -> tuple[str, ...] | None:
        """The presses that bring the lines of a list to where they stand in the form.

        The question may stand in another message by now; ``None`` where it stands nowhere, and lines were sent.
        """
        places = (
            one for one in self.chats.messages(person).values() if f"{one.session}:{one.revision}" == form.get("s")
        )
        screen = next((one for one in places if one.session != NO_SESSION), None)
        if screen is None:
            return None if any(name.startswith("rad:") for name in form) else ()
        presses: list[str] = []
        for button in screen.buttons:
            if button.item is None or button.value == pressed:
                continue
            wanted = _text(form.get(f"rad:{button.value}")) or ("off" if button.item.is_box else button.item.now)
            presses += [button.value] * button.item.presses_to(wanted)
        return tuple(presses)

    # ── cases ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _case_list(self, request: web.Request) -> web.StreamResponse:
        return self._list_page(request, None)

    def _list_page(self, request: web.Request, fault: Words | None) -> web.Response:
        person = request[VISIT].person
        listed = cases.listed(self._desk, person, self._cases)
        self._desk.looks.shown(person, (one.code for one in listed), LIST_PAGE, self._desk.now())
        said = None if fault is None else say(fault, person.language)
        return self._page(
            "cases",
            request,
            cases=listed,
            may_open=person.may_open_cases,
            nonce=secrets.randbits(62),
            fault=said,
            status=200 if fault is None else 422,
        )

    async def _find_case(self, request: web.Request) -> web.StreamResponse:
        person = request[VISIT].person
        form = await _form(request)
        found = cases.find(self._desk, person, _text(form.get("kod")))
        if isinstance(found, cases.NotFound):
            return self._list_page(request, found.words)
        return _to(f"/arende/{self._cases.of(found.code)}")

    async def _case(self, request: web.Request) -> web.StreamResponse:
        person = request[VISIT].person
        code = self._cases.code(request.match_info["handle"])
        if code is None or not self._desk.may_see(person, code):
            cases.asked(self._desk, person, code or "", BUTTON)
            return _to("/arenden")
        shown = cases.shown(self._desk, person, code)
        self._desk.looks.shown(person, [code], CASE_PAGE, self._desk.now())
        return self._page("case", request, case=shown, nonce=secrets.randbits(62))

    # ── live ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _here(self, request: web.Request) -> web.StreamResponse:
        """Somebody is filling in a page; what keeps it awake is the request itself."""
        return web.Response(status=204)

    async def _live(self, request: web.Request) -> web.StreamResponse:
        """Says that something has changed, or that the page is locked now, and never what."""
        visit = self._visit(request)
        if visit is None or visit.state != "open":
            return self._fault(request, 403)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        await response.prepare(request)
        with suppress(ConnectionResetError), self.live.page(visit.person.id) as told:
            await response.write(b"retry: 2000\nevent: nytt\ndata: 1\n\n")
            async for fresh in self.live.beats(visit.person.id, told):
                try:
                    here = self._visit(request)
                except StoreError:  # the stream has begun, so no page can be shown; the browser asks again
                    break
                if here is None or here.state != "open":
                    await response.write(b"event: last\ndata: 1\n\n")
                    break
                if self.access.locks_soon(here):
                    await response.write(b"event: snart\ndata: 1\n\n")
                await response.write(b"event: nytt\ndata: 1\n\n" if fresh else b"event: kvar\ndata: 1\n\n")
        return response

    # ── signing in ───────────────────────────────────────────────────────────────────────────────────────────

    async def _invited(self, request: web.Request) -> web.StreamResponse:
        """The link of an invitation. Opening it uses nothing up, since programs open links to look at them."""
        visit = self._visit(request)
        if visit is not None and visit.state == "open":
            return _to("/")
        response = self._before_sign_in("invited", request, code=request.match_info["code"], fault=None)
        response.headers["Referrer-Policy"] = "strict-origin"  # the page's own files must not bring the code to a log
        return response

    async def _let_in(self, request: web.Request) -> web.StreamResponse:
        form = await self._hold_form(request, request.cookies.get(self._form, ""))
        if not self._tried.allows(self._who_asks(request)):
            return self._fault(request, 429)
        token = self.access.accept(_text(form.get("kod")).strip())
        if token is None:
            said = say(NOT_LET_IN, self._language(request))
            return self._before_sign_in("invited", request, code="", fault=said, status=422)
        return self._signed(request, token, "/")

    def _signed(self, request: web.Request, token: str, path: str) -> web.Response:
        response = _to(path)
        self._set_cookie(response, self._cookie, token, self._settings.web_rules.session_hours * 3600)
        return response

    async def _sign_in(self, request: web.Request) -> web.StreamResponse:
        visit = self._visit(request)
        if visit is not None and visit.state == "open":
            return _to("/")
        known = self.access.device_of(request.cookies.get(self._device, ""))
        lost = say(NOT_WITH, self._language(request)) if request.query.get("svar") == "borta" else None
        return self._before_sign_in("sign_in", request, known=known is not None, fault=lost)

    async def _sign_in_again(self, request: web.Request) -> web.StreamResponse:
        form = await self._hold_form(request, request.cookies.get(self._form, ""))
        if not self._tried.allows(self._who_asks(request)):
            return self._fault(request, 429)
        whose = self.access.device_of(request.cookies.get(self._device, ""))
        done = await self.access.by_device(request.cookies.get(self._device, ""), _text(form.get("pin")))
        if done.token is not None:
            return self._in_with_pin(request, done.token, done.device)
        self._leave_if_signed_out(done, whose)
        known = done.kind not in ("signed_out", "gone")
        said = self._pin_fault(done, self._language(request))
        return self._before_sign_in("sign_in", request, known=known, fault=said, status=422)

    def _in_with_pin(self, request: web.Request, token: str, device: str | None = None) -> web.Response:
        response = self._signed(request, token, "/")
        if device is None and (visit := self.access.visit(token)) is not None:
            device = self.access.remember(visit.person, request.cookies.get(self._device))
        if device is not None:
            self._set_cookie(response, self._device, device, self._settings.web_rules.device_days * 86400)
        return response

    async def _pin(self, request: web.Request) -> web.StreamResponse:
        return self._pin_page("pin", "choose_pin", request, None)

    async def _locked(self, request: web.Request) -> web.StreamResponse:
        return self._pin_page("locked", "locked", request, None)

    def _pin_page(self, name: str, state: str, request: web.Request, fault: str | None) -> web.Response:
        visit = self._visit(request)
        if visit is None:
            return _to("/logga-in")
        if visit.state != state:
            return _to("/")
        key = form_key(request.cookies[self._cookie])
        response = self._page(name, request, form_key=key, fault=fault, status=200 if fault is None else 422)
        if state == "locked":
            # where a cookie has changed the back button does not show a page as it was, but asks for it anew
            self._set_cookie(response, self._form, secrets.token_urlsafe(32), FORM_COOKIE_SECONDS)
        return response

    async def _choose_pin(self, request: web.Request) -> web.StreamResponse:
        visit = self._visit(request)
        if visit is None or visit.state != "choose_pin":
            return _to("/")
        form = await self._hold_form(request, request.cookies[self._cookie])
        done = await self.access.choose_pin(visit, _text(form.get("pin")), _text(form.get("igen")))
        if done.token is not None:
            self.live.changed(visit.person.id)  # where else they were, they are signed out
            return self._in_with_pin(request, done.token)
        if done.kind == "gone":
            return _to("/logga-in")
        return self._pin_page("pin", "choose_pin", request, say(FAULTS[done.kind], visit.person.language))

    async def _unlock(self, request: web.Request) -> web.StreamResponse:
        visit = self._visit(request)
        if visit is None or visit.state != "locked":
            return _to("/")
        form = await self._hold_form(request, request.cookies[self._cookie])
        done = await self.access.unlock(visit, _text(form.get("pin")))
        if done.token is not None:
            return self._in_with_pin(request, done.token)
        self._leave_if_signed_out(done, visit.person)
        said = self._pin_fault(done, self._language(request))
        if done.kind in ("signed_out", "gone"):
            return self._before_sign_in("sign_in", request, known=False, fault=said, status=422)
        return self._pin_page("locked", "locked", request, said)

    def _leave_if_signed_out(self, done: Outcome, person: Person | None) -> None:
        if done.kind == "signed_out" and person is not None:
            self.chats.clear(person)
            self.live.changed(person.id)

    @staticmethod
    def _pin_fault(done: Outcome, language: str) -> str:
        if (words := words_of(done)) is None:
            words = OUT_EVERYWHERE if done.kind == "signed_out" else NOT_WITH
        return say(words, language)

    async def _lock(self, request: web.Request) -> web.StreamResponse:
        self.access.lock(request[VISIT])
        self.live.changed(request[VISIT].person.id)
        return _to("/las")

    async def _leaving(self, request: web.Request) -> web.StreamResponse:
        """Signing out costs a new invitation: that is said before."""
        visit = self._visit(request)
        if visit is None:
            return _to("/logga-in")
        key = form_key(request.cookies[self._cookie])
        return self._page("sign_out", request, form_key=key, locked=visit.state != "open")

    async def _out(self, request: web.Request) -> web.StreamResponse:
        visit = self._visit(request)
        if visit is not None:
            await self._hold_form(request, request.cookies[self._cookie])
            self.access.sign_out(visit, request.cookies.get(self._device))
            self.live.changed(visit.person.id)
            if not any(held.kind == "session" for held in self._store.sign_ins(visit.person.id)):
                self.chats.clear(visit.person)
        response = _to("/logga-in")
        for name in (self._cookie, self._device):
            response.del_cookie(name, path="/", secure=self._settings.behind_tls, httponly=True, samesite="Lax")
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    async def _browser(self, request: web.Request) -> web.StreamResponse:
        return self._browser_page(request, None)

    def _browser_page(self, request: web.Request, code: str | None) -> web.Response:
        if self.access.without_pin:
            raise web.HTTPNotFound
        link = None if code is None else f"{self._settings.public_url or f'http://{request.host}'}/in/{code}"
        drawn = None if link is None else segno.make(link, error="m").svg_inline(scale=5, light="#fff", border=3)
        return self._page("browser", request, link=link, drawn=drawn)

    async def _open_browser(self, request: web.Request) -> web.StreamResponse:
        """A link for one more browser of the same person; there the PIN is asked for."""
        code = None if self.access.without_pin else self.access.browser_code(request[VISIT].person)
        return self._browser_page(request, code)

    # ── the doorbell ─────────────────────────────────────────────────────────────────────────────────────────

    async def _mini_app(self, request: web.Request) -> web.StreamResponse:
        """Where Telegram's button opens; what Telegram says of the person stands behind the # of the address."""
        if not self._settings.doorbell:
            raise web.HTTPNotFound
        return self._before_sign_in("mini_app", request, fault=None)

    async def _from_telegram(self, request: web.Request) -> web.StreamResponse:
        if not self._settings.doorbell or self._settings.token is None:
            raise web.HTTPNotFound
        form = await self._hold_form(request, request.cookies.get(self._form, ""))
        if not self._tried.allows(self._who_asks(request)):
            return self._fault(request, 429)
        rules = self._settings.web_rules
        person: Person | None = None
        fault = "used_or_unknown"
        try:
            with self._store.transaction():
                person = person_of(
                    self._store,
                    _text(form.get("data")),
                    self._settings.token,
                    self._desk.now(),
                    rules.init_data_seconds,
                )
        except BadInitData as bad:
            fault = bad.fault
        if person is None:
            log.warning("a Mini App was turned away", extra={"event": "InitDataRefused", "fault": fault})
            words = _("Det gick inte att logga in härifrån. Öppna Lots i webbläsaren i stället.")
            said = say(words, self._language(request))
            return self._before_sign_in("mini_app", request, fault=said, status=422)
        visit = self._visit(request)
        if visit is not None and visit.state != "choose_pin" and (visit.person != person or visit.state == "open"):
            return _to("/")  # a link must not put one person in the place of another
        token = self.access.enter(person)
        if visit is not None:
            self.access.sign_out(visit)
        return _to("/logga-in") if token is None else self._signed(request, token, "/")

    async def _bell(self, request: web.Request) -> web.StreamResponse:
        return self._bell_page(request, None)

    def _bell_page(self, request: web.Request, code: str | None) -> web.Response:
        if not self._settings.doorbell or self._settings.token is None:
            raise web.HTTPNotFound
        connected = self._store.bell_of(request[VISIT].person.id) is not None
        return self._page("bell", request, code=code, connected=connected)

    async def _connect_bell(self, request: web.Request) -> web.StreamResponse:
        """A code that sets the doorbell and signs nobody in, so that Telegram may carry it."""
        if not self._settings.doorbell:
            raise web.HTTPNotFound
        return self._bell_page(request, self.access.bell_code(request[VISIT].person))

    # ── what is the same for everybody ───────────────────────────────────────────────────────────────────────

    async def _static(self, request: web.Request) -> web.StreamResponse:
        try:
            content, kind, digest = pages.static(request.match_info["name"])
        except (KeyError, IndexError):
            raise web.HTTPNotFound from None
        if digest != request.match_info["digest"]:
            raise web.HTTPNotFound
        return web.Response(
            body=content, content_type=kind, headers={"Cache-Control": "public, max-age=31536000, immutable"}
        )

    async def _manifest(self, _request: web.Request) -> web.StreamResponse:
        held = {
            "id": "/",
            "name": "Lots",
            "short_name": "Lots",
            "lang": "sv",
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#f2f5f5",
            "theme_color": "#14505f",
            "icons": [
                {"src": pages.address_of("ikon.svg"), "sizes": "any", "type": "image/svg+xml"},
                *(
                    {"src": pages.address_of(f"ikon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
                    | {"purpose": purpose}
                    for size in (192, 512)
                    for purpose in ("any", "maskable")
                ),
            ],
        }
        return web.json_response(held, content_type="application/manifest+json")

    async def _robots(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text="User-agent: *\nDisallow: /\n")


def _fault_words(status: int) -> Words:
    return _FAULTS.get(status, _FAULTS[500] if status >= 500 else _FAULTS[400])


def _neighbourhood(address: str) -> str:
    """An address to count by: of IPv6 the first half, since whoever has one address has them all."""
    try:
        held = ip_address(address.split("%", 1)[0])
    except ValueError:
        return "?"
    held = getattr(held, "ipv4_mapped", None) or held
    return str(held) if held.version == 4 else str(ip_network(f"{held}/64", strict=False))


async def _form(request: web.Request) -> Mapping[str, Any]:
    """What a form carries, sent as our own forms are: in a stranger's alphabet it could take minutes to read.

    :raises HTTPBadRequest: it is in parts, in another alphabet, packed or broken, or does not come to an end.
    """
    if request.content_type.startswith("multipart/") or "Content-Encoding" in request.headers:
        raise web.HTTPBadRequest
    if (request.charset or "utf-8").lower() != "utf-8":
        raise web.HTTPBadRequest
    try:
        async with asyncio.timeout(FORM_SECONDS):
            return await request.post()
    except (ValueError, TimeoutError, web.RequestPayloadError):
        raise web.HTTPBadRequest from None


def _to(path: str) -> web.Response:
    """Go on to a page, by GET."""
    return web.Response(status=303, headers={"Location": path})


def _text(field: object) -> str:
    """A field of a form as text; a file is none."""
    return field if isinstance(field, str) else ""


def _number(field: object) -> int | None:
    """A number that a form of ours carries."""
    return (
        int(field)
        if isinstance(field, str) and field.isdecimal() and len(field) < 20 and int(field) < 1 << 62
        else None
    )
