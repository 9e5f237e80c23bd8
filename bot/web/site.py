"""What every page of the web chat needs: who is here, the forms that are ours, and how a page is made."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from aiohttp import web

from bot.desk import Desk
from bot.limits import Limiter
from bot.settings import Settings
from bot.turn import PRACTICE
from bot.web import pages
from bot.web.access import Access, Visit, form_key, is_form_key
from bot.web.chats import Chats
from bot.web.door import Door, fault_words
from bot.web.forms import form_of, to_page
from bot.web.live import Live
from dialogs.texts import mark as _
from dialogs.texts import say
from state.errors import StoreError

log = logging.getLogger("lots.web")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

FORM_COOKIE_SECONDS = 30 * 86400
"""How long a page before signing in can be sent: who left it open in the evening types the PIN in the morning."""

VISIT: web.RequestKey[Visit] = web.RequestKey("visit", Visit)
"""Who is here, on the pages that are for those who are signed in."""

LOCKED = _("Sidan var låst. Ditt senaste svar kom inte med. Allt annat finns kvar. Svara igen.")


class Site:
    """The web chat of one installation, as far as all its pages share it.

    :param settings: the installation.
    :param desk: handles what people do.
    :param without_pin: whether nobody is asked for a PIN: for practice at one's own computer.
    :ivar cookie: the name of the cookie that says who is here.
    :ivar device: the name of the one that says who may sign in again with the PIN.
    :ivar form: the name of the one that forms rest on before somebody is signed in.
    """

    def __init__(self, settings: Settings, desk: Desk, *, without_pin: bool) -> None:
        self.settings = settings
        self.desk = desk
        self.store = desk.store
        self.door = Door(settings)
        self.access = Access(desk.store, settings.web_rules, desk.now, without_pin=without_pin)
        self.live = Live()
        self.chats = Chats(desk, lambda person: self.live.changed(person.id), lambda person: self.live.looks(person.id))
        self._asked = Limiter(settings.web_rules.requests_a_minute, desk.now)
        secure = settings.behind_tls
        self.cookie = "__Host-lots" if secure else "lots"
        self.device = "__Host-lots-device" if secure else "lots-device"
        self.form = "__Host-lots-form" if secure else "lots-form"

    def visit(self, request: web.Request) -> Visit | None:
        """Who is here.

        :param request: any request.
        :returns: their visit; ``None`` where nobody is signed in.
        """
        token = request.cookies.get(self.cookie)
        return None if token is None else self.access.visit(token)

    def language(self, request: web.Request) -> str:
        """The reader's language, also where the page is locked, or is about what went wrong.

        :param request: any request.
        :returns: a language's code.
        """
        visit = request.get(VISIT)
        if visit is None:
            with suppress(StoreError):
                visit = self.visit(request)
        return "sv" if visit is None else visit.person.language

    def signed_in(self, handler: Handler) -> Handler:
        """Let a page be for those who are signed in and whose page is not locked.

        :param handler: makes the page; it finds the visit under :data:`VISIT`.
        :returns: the same for everybody: the others are led to where they get in.
        """

        async def held(request: web.Request) -> web.StreamResponse:
            visit = self.visit(request)
            answers = request.method == "POST" and request.path == "/svar"
            if visit is None:
                return to_page("/logga-in?svar=borta" if answers else "/logga-in")
            if not self._asked.allows(visit.person.id):
                return self.fault(request, 429)
            if visit.state != "open":
                if answers:  # it is not kept: whoever pressed may be another than whose page it is
                    self.chats.tell(visit.person, LOCKED)
                return to_page("/pin" if visit.state == "choose_pin" else "/las")
            if request.method == "POST":
                await self.hold_form(request, request.cookies[self.cookie])
            if "X-Lots-Live" not in request.headers:
                self.access.touch(visit)
            request[VISIT] = visit
            return await handler(request)

        return held

    async def hold_form(self, request: web.Request, secret: str) -> Mapping[str, Any]:
        """The fields of a form of ours.

        :param request: a post.
        :param secret: what the form's key must rest on.
        :returns: the fields by name.
        :raises HTTPForbidden: the form is another site's, or of another visit.
        """
        held = await form_of(request)
        said = held.get("nyckel")
        if not secret or not isinstance(said, str) or not is_form_key(secret, said):
            raise web.HTTPForbidden
        return held

    def page(self, name: str, request: web.Request, *, status: int = 200, **what: Any) -> web.Response:
        """Make a page.

        :param name: its template, without the ending.
        :param request: what it answers.
        :param status: as HTTP has it.
        :param what: what the template shows besides what all pages do.
        :returns: the answer.
        """
        visit = request.get(VISIT)
        language = self.language(request)
        held: dict[str, Any] = {
            "here": name,
            "practice": say(PRACTICE, language) if self.desk.practice else None,
            "visit": visit,
            "form_key": "",
            "without_pin": self.access.without_pin,
            "doorbell": self.settings.doorbell and self.settings.token is not None,
        }
        if visit is not None:
            held["form_key"] = form_key(request.cookies[self.cookie])
        text = pages.render(name, language, **(held | what))
        return web.Response(text=text, status=status, content_type="text/html")

    def before_sign_in(self, name: str, request: web.Request, *, status: int = 200, **what: Any) -> web.Response:
        """Make a page with a form for somebody who is not signed in; its key rests on a cookie of its own.

        :param name: its template, without the ending.
        :param request: what it answers.
        :param status: as HTTP has it.
        :param what: what the template shows.
        :returns: the answer.
        """
        secret = request.cookies.get(self.form) or secrets.token_urlsafe(32)
        response = self.page(name, request, status=status, form_key=form_key(secret), **what)
        self.set_cookie(response, self.form, secret, FORM_COOKIE_SECONDS)
        return response

    def set_cookie(self, response: web.StreamResponse, name: str, value: str, seconds: int) -> None:
        """Give a browser a cookie that no script and no other site gets at.

        :param response: the answer that brings it.
        :param name: its name.
        :param value: random; it says nothing by itself.
        :param seconds: how long it is kept.
        """
        response.set_cookie(
            name, value, max_age=seconds, path="/", httponly=True, samesite="Lax", secure=self.settings.behind_tls
        )

    def fault(self, request: web.Request, status: int) -> web.Response:
        """Say that something went wrong.

        :param request: what it answers.
        :param status: what, as HTTP has it.
        :returns: the answer.
        """
        try:
            words = say(fault_words(status), self.language(request))
            return self.page("fault", request, status=status, says=words)
        except Exception as fault:  # noqa: BLE001 - what is broken may be the page itself
            log.error("a page failed", extra={"event": "PageFailed", "code": "L400", "fault": type(fault).__name__})
            return self.door.in_plain_words(status)
