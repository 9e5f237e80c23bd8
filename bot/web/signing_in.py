"""Coming in and leaving: invitations, PINs, the lock, one more browser, and the way in through Telegram."""

from __future__ import annotations

import logging
import secrets

import segno
from aiohttp import web

from bot.limits import Limiter
from bot.pins import FAULTS, Outcome, words_of
from bot.web.access import form_key
from bot.web.forms import text_of, to_page
from bot.web.initdata import BadInitData, person_of
from bot.web.site import FORM_COOKIE_SECONDS, VISIT, Site
from dialogs.texts import mark as _
from dialogs.texts import say
from state.people import Person

log = logging.getLogger("lots.web")

NOT_WITH = _("Du var inte inloggad. Ditt senaste svar kom inte med, men resten finns kvar. Svara igen.")
OUT_EVERYWHERE = _("Det blev för många försök. Du är utloggad överallt. Be den som sköter Lots om en ny inbjudan.")
NOT_LET_IN = _("Länken gäller inte. Den kan vara använd eller för gammal. Be den som sköter Lots om en ny.")


class SigningIn:
    """The pages before the chat, and those that lead out of it.

    :param site: what all pages share.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._tried = Limiter(site.settings.web_rules.sign_ins_a_minute, site.desk.now)

    def routes(self) -> list[web.RouteDef]:
        """Where these pages are.

        :returns: the routes.
        """
        signed_in = self._site.signed_in
        return [
            web.get("/in/{code}", self._invited),
            web.post("/in", self._let_in),
            web.get("/logga-in", self._sign_in),
            web.post("/logga-in", self._sign_in_again),
            web.get("/pin", self._pin),
            web.post("/pin", self._choose_pin),
            web.get("/las", self._locked),
            web.post("/las", self._unlock),
            web.post("/las-nu", signed_in(self._lock)),
            web.get("/ut", self._leaving),
            web.post("/ut", self._out),
            web.get("/ny-webblasare", signed_in(self._browser)),
            web.post("/ny-webblasare", signed_in(self._open_browser)),
            web.get("/app", self._mini_app),
            web.post("/app", self._from_telegram),
        ]

    async def _invited(self, request: web.Request) -> web.StreamResponse:
        """The link of an invitation. Opening it uses nothing up, since programs open links to look at them."""
        visit = self._site.visit(request)
        if visit is not None and visit.state == "open":
            return to_page("/")
        response = self._site.before_sign_in("invited", request, code=request.match_info["code"], fault=None)
        response.headers["Referrer-Policy"] = "strict-origin"  # the page's own files must not bring the code to a log
        return response

    async def _let_in(self, request: web.Request) -> web.StreamResponse:
        form = await self._site.hold_form(request, request.cookies.get(self._site.form, ""))
        if not self._tried.allows(self._site.door.who_asks(request)):
            return self._site.fault(request, 429)
        token = self._site.access.accept(text_of(form.get("kod")).strip())
        if token is None:
            said = say(NOT_LET_IN, self._site.language(request))
            return self._site.before_sign_in("invited", request, code="", fault=said, status=422)
        return self._signed(request, token, "/")

    def _signed(self, request: web.Request, token: str, path: str) -> web.Response:
        response = to_page(path)
        self._site.set_cookie(response, self._site.cookie, token, self._site.settings.web_rules.session_hours * 3600)
        return response

    async def _sign_in(self, request: web.Request) -> web.StreamResponse:
        visit = self._site.visit(request)
        if visit is not None and visit.state == "open":
            return to_page("/")
        known = self._site.access.device_of(request.cookies.get(self._site.device, ""))
        lost = say(NOT_WITH, self._site.language(request)) if request.query.get("svar") == "borta" else None
        return self._site.before_sign_in("sign_in", request, known=known is not None, fault=lost)

    async def _sign_in_again(self, request: web.Request) -> web.StreamResponse:
        form = await self._site.hold_form(request, request.cookies.get(self._site.form, ""))
        if not self._tried.allows(self._site.door.who_asks(request)):
            return self._site.fault(request, 429)
        whose = self._site.access.device_of(request.cookies.get(self._site.device, ""))
        done = await self._site.access.by_device(request.cookies.get(self._site.device, ""), text_of(form.get("pin")))
        if done.token is not None:
            return self._in_with_pin(request, done.token, done.device)
        self._leave_if_signed_out(done, whose)
        known = done.kind not in ("signed_out", "gone")
        said = self._pin_fault(done, self._site.language(request))
        return self._site.before_sign_in("sign_in", request, known=known, fault=said, status=422)

    def _in_with_pin(self, request: web.Request, token: str, device: str | None = None) -> web.Response:
        response = self._signed(request, token, "/")
        if device is None and (visit := self._site.access.visit(token)) is not None:
            device = self._site.access.remember(visit.person, request.cookies.get(self._site.device))
        if device is not None:
            self._site.set_cookie(
                response, self._site.device, device, self._site.settings.web_rules.device_days * 86400
            )
        return response

    async def _pin(self, request: web.Request) -> web.StreamResponse:
        return self._pin_page("pin", "choose_pin", request, None)

    async def _locked(self, request: web.Request) -> web.StreamResponse:
        return self._pin_page("locked", "locked", request, None)

    def _pin_page(self, name: str, state: str, request: web.Request, fault: str | None) -> web.Response:
        visit = self._site.visit(request)
        if visit is None:
            return to_page("/logga-in")
        if visit.state != state:
            return to_page("/")
        key = form_key(request.cookies[self._site.cookie])
        response = self._site.page(name, request, form_key=key, fault=fault, status=200 if fault is None else 422)
        if state == "locked":
            # where a cookie has changed the back button does not show a page as it was, but asks for it anew
            self._site.set_cookie(response, self._site.form, secrets.token_urlsafe(32), FORM_COOKIE_SECONDS)
        return response

    async def _choose_pin(self, request: web.Request) -> web.StreamResponse:
        visit = self._site.visit(request)
        if visit is None or visit.state != "choose_pin":
            return to_page("/")
        form = await self._site.hold_form(request, request.cookies[self._site.cookie])
        done = await self._site.access.choose_pin(visit, text_of(form.get("pin")), text_of(form.get("igen")))
        if done.token is not None:
            self._site.live.changed(visit.person.id)  # where else they were, they are signed out
            return self._in_with_pin(request, done.token)
        if done.kind == "gone":
            return to_page("/logga-in")
        return self._pin_page("pin", "choose_pin", request, say(FAULTS[done.kind], visit.person.language))

    async def _unlock(self, request: web.Request) -> web.StreamResponse:
        visit = self._site.visit(request)
        if visit is None or visit.state != "locked":
            return to_page("/")
        form = await self._site.hold_form(request, request.cookies[self._site.cookie])
        done = await self._site.access.unlock(visit, text_of(form.get("pin")))
        if done.token is not None:
            return self._in_with_pin(request, done.token)
        self._leave_if_signed_out(done, visit.person)
        said = self._pin_fault(done, self._site.language(request))
        if done.kind in ("signed_out", "gone"):
            return self._site.before_sign_in("sign_in", request, known=False, fault=said, status=422)
        return self._pin_page("locked", "locked", request, said)

    def _leave_if_signed_out(self, done: Outcome, person: Person | None) -> None:
        if done.kind == "signed_out" and person is not None:
            self._site.chats.clear(person)
            self._site.live.changed(person.id)

    @staticmethod
    def _pin_fault(done: Outcome, language: str) -> str:
        if (words := words_of(done)) is None:
            words = OUT_EVERYWHERE if done.kind == "signed_out" else NOT_WITH
        return say(words, language)

    async def _lock(self, request: web.Request) -> web.StreamResponse:
        self._site.access.lock(request[VISIT])
        self._site.live.changed(request[VISIT].person.id)
        return to_page("/las")

    async def _leaving(self, request: web.Request) -> web.StreamResponse:
        """Signing out costs a new invitation: that is said before."""
        visit = self._site.visit(request)
        if visit is None:
            return to_page("/logga-in")
        key = form_key(request.cookies[self._site.cookie])
        return self._site.page("sign_out", request, form_key=key, locked=visit.state != "open")

    async def _out(self, request: web.Request) -> web.StreamResponse:
        visit = self._site.visit(request)
        if visit is not None:
            await self._site.hold_form(request, request.cookies[self._site.cookie])
            self._site.access.sign_out(visit, request.cookies.get(self._site.device))
            self._site.live.changed(visit.person.id)
            if not any(held.kind == "session" for held in self._site.store.sign_ins(visit.person.id)):
                self._site.chats.clear(visit.person)
        response = to_page("/logga-in")
        for name in (self._site.cookie, self._site.device):
            response.del_cookie(name, path="/", secure=self._site.settings.behind_tls, httponly=True, samesite="Lax")
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    async def _browser(self, request: web.Request) -> web.StreamResponse:
        return self._browser_page(request, None)

    def _browser_page(self, request: web.Request, code: str | None) -> web.Response:
        if self._site.access.without_pin:
            raise web.HTTPNotFound
        link = None if code is None else f"{self._site.settings.public_url or f'http://{request.host}'}/in/{code}"
        drawn = None if link is None else segno.make(link, error="m").svg_inline(scale=5, light="#fff", border=3)
        return self._site.page("browser", request, link=link, drawn=drawn)

    async def _open_browser(self, request: web.Request) -> web.StreamResponse:
        """A link for one more browser of the same person; there the PIN is asked for."""
        code = None if self._site.access.without_pin else self._site.access.browser_code(request[VISIT].person)
        return self._browser_page(request, code)

    async def _mini_app(self, request: web.Request) -> web.StreamResponse:
        """Where Telegram's button opens; what Telegram says of the person stands behind the # of the address."""
        if not self._site.settings.doorbell:
            raise web.HTTPNotFound
        return self._site.before_sign_in("mini_app", request, fault=None)

    async def _from_telegram(self, request: web.Request) -> web.StreamResponse:
        if not self._site.settings.doorbell or self._site.settings.token is None:
            raise web.HTTPNotFound
        form = await self._site.hold_form(request, request.cookies.get(self._site.form, ""))
        if not self._tried.allows(self._site.door.who_asks(request)):
            return self._site.fault(request, 429)
        rules = self._site.settings.web_rules
        person: Person | None = None
        fault = "used_or_unknown"
        try:
            with self._site.store.transaction():
                person = person_of(
                    self._site.store,
                    text_of(form.get("data")),
                    self._site.settings.token,
                    self._site.desk.now(),
                    rules.init_data_seconds,
                )
        except BadInitData as bad:
            fault = bad.fault
        if person is None:
            log.warning("a Mini App was turned away", extra={"event": "InitDataRefused", "fault": fault})
            words = _("Det gick inte att logga in härifrån. Öppna Lots i webbläsaren i stället.")
            said = say(words, self._site.language(request))
            return self._site.before_sign_in("mini_app", request, fault=said, status=422)
        visit = self._site.visit(request)
        if visit is not None and visit.state != "choose_pin" and (visit.person != person or visit.state == "open"):
            return to_page("/")  # a link must not put one person in the place of another
        token = self._site.access.enter(person)
        if visit is not None:
            self._site.access.sign_out(visit)
        return to_page("/logga-in") if token is None else self._signed(request, token, "/")
