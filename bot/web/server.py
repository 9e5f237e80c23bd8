"""The web chat over HTTP: thin handlers round the desk's chats.

Every page works without script. A form is posted, the answer is a redirect to a page, so that the browser's back and
reload repeat nothing. Nothing a page says may be kept by a browser or a proxy, and nothing of a case is in an address.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from aiohttp import web

from bot.desk import Desk
from bot.incoming import Pressed, Said
from bot.listening import UNREAD
from bot.looks import BUTTON, CASE_PAGE, CHAT_PAGE, LIST_PAGE
from bot.settings import Settings
from bot.web import cases, pages
from bot.web.chats import Waits
from bot.web.forms import form_of, number_of, text_of, to_page
from bot.web.signing_in import SigningIn
from bot.web.site import VISIT, Handler, Site
from dialogs.texts import Text, Words, say
from dialogs.texts import mark as _
from state.errors import LotsError, StoreError
from state.people import Person
from state.screen import NO_SESSION
from state.store import WEB

log = logging.getLogger("lots.web")

STALE = "old"
"""What a press carries whose screen is nowhere any more; the desk says that it does not hold."""

LARGEST_FORM = 256 * 1024
"""Bytes; the largest form of ours, and the largest update of Telegram's, have a few thousand."""

TAKEN = _("Svaret är mottaget, men det syns inte än. Vänta en stund och titta i chatten.")


class Web:
    """The web chat of one installation.

    :param settings: the installation.
    :param desk: handles what people do.
    :param without_pin: whether nobody is asked for a PIN: for practice at one's own computer.
    :ivar access: who is signed in.
    :ivar live: who has a page open.
    :ivar chats: what stands in the chats.
    """

    def __init__(self, settings: Settings, desk: Desk, *, without_pin: bool = False) -> None:
        self._site = site = Site(settings, desk, without_pin=without_pin)
        self.access, self.live, self.chats = site.access, site.live, site.chats
        self._signing_in = SigningIn(site)
        self._cases = cases.Handles()
        desk.listeners.append(self._saved_in)

    def application(self) -> web.Application:
        """The pages, to be served.

        :returns: an application; further routes may be added.
        """
        app = web.Application(client_max_size=LARGEST_FORM, middlewares=[self._at_the_door])
        app.on_response_prepare.append(self._put_headers)
        app.on_shutdown.append(self._ends)
        app[UNREAD] = self._site.door.in_plain_words
        app.add_routes([*self._routes(), *self._signing_in.routes()])
        return app

    def _routes(self) -> list[web.RouteDef]:
        signed_in = self._site.signed_in
        return [
            web.get("/", signed_in(self._chat)),
            web.post("/svar", signed_in(self._answer)),
            web.get("/arenden", signed_in(self._case_list)),
            web.post("/arenden", signed_in(self._find_case)),
            web.get("/arende/{handle}", signed_in(self._case)),
            web.get("/live", self._live),
            web.post("/har", signed_in(self._here)),
            web.get("/klocka", signed_in(self._bell)),
            web.post("/klocka", signed_in(self._connect_bell)),
            web.get("/static/{digest}/{name}", self._static),
            web.get("/manifest.webmanifest", self._manifest),
            web.get("/robots.txt", self._robots),
        ]

    async def _ends(self, _app: web.Application) -> None:
        self.live.ends()

    def sweep(self) -> None:
        """Let time do its work; called every minute."""
        for gone in self.access.sweep():
            if (person := self._site.store.person(gone)) is not None:
                self.chats.clear(person)
        self.chats.sweep()  # what time has brought stays until it is read

    def _saved_in(self, saved_in: frozenset[str]) -> None:
        """A case has changed: whoever may see it has it before them anew."""
        for person in self._site.store.people(WEB):
            if any(self._site.desk.may_see(person, case) for case in saved_in):
                self.live.changed(person.id)

    # ── at the door ───────────────────────────────────────────────────────────────────────────────────────────────────

    @web.middleware
    async def _at_the_door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What holds for every request: who it comes from, how much, and what the answer may be used for."""
        try:
            if (turned_away := self._site.door.turned_away(request)) is not None:
                response: web.StreamResponse = self._site.fault(request, turned_away)
            else:
                response = await handler(request)
        except web.HTTPException as fault:
            response = fault if fault.status < 400 else self._site.fault(request, fault.status)
        except Waits:
            log.warning("an answer waits", extra={"event": "AnswerWaits"})
            response = self._site.page("fault", request, status=503, says=say(TAKEN, self._site.language(request)))
        except StoreError as fault:
            log.warning("the store is busy", extra={"event": "StoreBusy", "code": fault.code})
            response = self._site.fault(request, 503)
        except Exception as fault:  # noqa: BLE001 - a page that breaks must not show how
            code = fault.code if isinstance(fault, LotsError) else "L400"
            log.error("a page failed", extra={"event": "PageFailed", "code": code, "fault": type(fault).__name__})
            response = self._site.fault(request, 500)
        return response

    async def _put_headers(self, _request: web.Request, response: web.StreamResponse) -> None:
        self._site.door.guard(response)

    # ── the chat ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        visit = request[VISIT]
        person = visit.person
        background = "X-Lots-Live" in request.headers
        self.chats.opens(person)
        bell = self._site.store.bell_of(person.id)
        if not background and bell is not None and (bell.due_at, bell.rung_at) != (None, None):
            with self._site.store.transaction():
                self._site.store.bell_is_answered(person.id)
        messages = self.chats.messages(person)
        live = self._site.store.live_message(person.id)
        shown = pages.bubbles(messages, live, [secrets.randbits(61) << 1 for _each in messages])
        session, trail = self._site.desk.trail(person)
        if person.may_open_cases:  # nobody else has anything of a case in their chat but the log itself
            again = [case for screen in messages.values() for case in self._site.desk.looks.cases_on(screen)]
            self._site.desk.looks.shown(person, again, CHAT_PAGE, self._site.desk.now(), again=True)
        return self._site.page(
            "chat",
            request,
            bubbles=shown,
            trail=trail if any(b.live and b.screen.session == session for b in shown) else [],
            told=self.chats.told(person, forget=not background),
            news=self._news(person),
        )

    def _news(self, person: Person) -> dict[str, str] | None:
        """What colleagues have saved in the case since this person's dialog was opened in it."""
        held = self._site.desk.colleagues_saved(person)
        if held is None:
            return None
        case, count = held
        words = Text(_("En kollega har sparat i {case} sedan du började."), case=case)
        return {"words": say(words, person.language), "href": f"/arende/{self._cases.of(case)}", "mark": str(count)}

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        visit = request[VISIT]
        form = await form_of(request)
        number = number_of(form.get("n"))
        if number is None:
            raise web.HTTPBadRequest
        message = number_of(form.get("m"))
        address = visit.person.address
        if isinstance(pressed := form.get("tryck"), str):
            place = text_of(form.get("s")) or f"{NO_SESSION}:0"
            before = self._changed_lines(visit.person, pressed, form)
            data = f"{place}:{pressed}" if before is not None else STALE
            self.chats.does(Pressed(number, address, message, str(number), data, before or ()))
        elif "rader" in form:  # a list that is being filled in, kept as it stands
            if lines := self._changed_lines(visit.person, "", form):
                data = f"{text_of(form.get('s'))}:{lines[-1]}"
                self.chats.does(Pressed(number, address, message, str(number), data, lines[:-1]))
        else:
            said = (text_of(form.get("dag")) or text_of(form.get("text"))).strip()
            self.chats.does(Said(number, address, None, said, text_of(form.get("s")) or None))
        return to_page("/#nu")

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
            wanted = text_of(form.get(f"rad:{button.value}")) or ("off" if button.item.is_box else button.item.now)
            presses += [button.value] * button.item.presses_to(wanted)
        return tuple(presses)

    # ── cases ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _case_list(self, request: web.Request) -> web.StreamResponse:
        return self._list_page(request, None)

    def _list_page(self, request: web.Request, fault: Words | None) -> web.Response:
        person = request[VISIT].person
        listed = cases.listed(self._site.desk, person, self._cases)
        self._site.desk.looks.shown(person, (one.code for one in listed), LIST_PAGE, self._site.desk.now())
        said = None if fault is None else say(fault, person.language)
        return self._site.page(
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
        form = await form_of(request)
        found = cases.find(self._site.desk, person, text_of(form.get("kod")))
        if isinstance(found, cases.NotFound):
            return self._list_page(request, found.words)
        return to_page(f"/arende/{self._cases.of(found.code)}")

    async def _case(self, request: web.Request) -> web.StreamResponse:
        person = request[VISIT].person
        code = self._cases.code(request.match_info["handle"])
        if code is None or not self._site.desk.may_see(person, code):
            cases.asked(self._site.desk, person, code or "", BUTTON)
            return to_page("/arenden")
        shown = cases.shown(self._site.desk, person, code)
        self._site.desk.looks.shown(person, [code], CASE_PAGE, self._site.desk.now())
        return self._site.page("case", request, case=shown, nonce=secrets.randbits(62))

    # ── live ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _here(self, request: web.Request) -> web.StreamResponse:
        """Somebody is filling in a page; what keeps it awake is the request itself."""
        return web.Response(status=204)

    async def _live(self, request: web.Request) -> web.StreamResponse:
        """Says that something has changed, or that the page is locked now, and never what."""
        visit = self._site.visit(request)
        if visit is None or visit.state != "open":
            return self._site.fault(request, 403)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        await response.prepare(request)
        with suppress(ConnectionResetError), self.live.page(visit.person.id) as told:
            await response.write(b"retry: 2000\nevent: nytt\ndata: 1\n\n")
            async for fresh in self.live.beats(visit.person.id, told):
                try:
                    here = self._site.visit(request)
                except StoreError:  # the stream has begun, so no page can be shown; the browser asks again
                    break
                if here is None or here.state != "open":
                    await response.write(b"event: last\ndata: 1\n\n")
                    break
                if self.access.locks_soon(here):
                    await response.write(b"event: snart\ndata: 1\n\n")
                await response.write(b"event: nytt\ndata: 1\n\n" if fresh else b"event: kvar\ndata: 1\n\n")
        return response

    # ── the doorbell ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _bell(self, request: web.Request) -> web.StreamResponse:
        return self._bell_page(request, None)

    def _bell_page(self, request: web.Request, code: str | None) -> web.Response:
        if not self._site.settings.doorbell or self._site.settings.token is None:
            raise web.HTTPNotFound
        connected = self._site.store.bell_of(request[VISIT].person.id) is not None
        return self._site.page("bell", request, code=code, connected=connected)

    async def _connect_bell(self, request: web.Request) -> web.StreamResponse:
        """A code that sets the doorbell and signs nobody in, so that Telegram may carry it."""
        if not self._site.settings.doorbell:
            raise web.HTTPNotFound
        return self._bell_page(request, self.access.bell_code(request[VISIT].person))

    # ── what is the same for everybody ────────────────────────────────────────────────────────────────────────────────

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
