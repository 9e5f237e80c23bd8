"""The web chat over real HTTP: a browser without script, and transcripts that are played in it.

The server and the client are on one event loop that only runs while somebody waits for an answer, so that the store
stays on one thread. Of a page only its HTML is read; where a browser would not see something, nothing here does.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from html.parser import HTMLParser
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, FormData

from bot.desk import Desk
from bot.incoming import Incoming, Pressed, Said
from bot.listening import listening
from bot.phone import Phone
from bot.settings import Settings, TransferRules, WebRules
from bot.transcripts import Player
from bot.turn import PRACTICE
from bot.web.server import Web
from dialogs.policy import Policy
from dialogs.texts import LANGUAGES, say
from state import ids
from state.screen import Button, ListItem, Screen, stack
from state.store import WEB, Store

T = TypeVar("T")

NAME = "lots.example.se"
HTTPS = f"https://{NAME}"
DANGER = "Fara för liv: 112. Polisen 114 14."
BANNERS = {say(PRACTICE, language) for language in LANGUAGES}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
INLINE = {"a", "abbr", "b", "code", "em", "i", "mark", "small", "span", "strong", "sub", "sup", "time"}

_NUMBERS = itertools.count(1 << 40)


def settings(**changed: Any) -> Settings:
    """An installation for practice whose web chat is on this machine; what is named is otherwise."""
    held: dict[str, Any] = {
        "data_dir": Path(),
        "token": None,
        "base_url": None,
        "mode": "ovning",
        "key_file": Path("lots.key"),
        "public_url": None,
        "webhook_secret": None,
        "web": True,
        "web_host": "127.0.0.1",
        "web_port": 0,
        "web_rules": WebRules(),
        "trusted_proxy": None,
        "decision": None,
        "zone": ZoneInfo("Europe/Stockholm"),
        "policy": Policy(),
        "transfer": TransferRules(
            recipients_file=Path("recipients.txt"),
            recipients=(),
            drop_folder=None,
            drop_url=None,
            drop_token=None,
            backup_dir=Path("backups"),
            backup_keep_days=14,
        ),
    }
    return Settings(**held | changed)


def in_the_city(**changed: Any) -> Settings:
    """A city's installation: the web behind a proxy that ends TLS, and the doorbell in Telegram."""
    held: dict[str, Any] = {"mode": "dorrklocka", "token": "1:secret", "public_url": HTTPS}
    return settings(**held | changed)


# ── what a page says ─────────────────────────────────────────────────────────────────────────────────────────────


class Node:
    """An element of a page.

    :ivar tag: its name; empty for the page itself.
    :ivar attrs: its attributes; one without a value is empty.
    :ivar parts: what is in it, in order.
    """

    def __init__(self, tag: str = "", attrs: Mapping[str, str] | None = None) -> None:
        self.tag = tag
        self.attrs = dict(attrs or {})
        self.parts: list[Node | str] = []

    def walk(self) -> Iterator[Node]:
        """Every element in it, in reading order, itself first."""
        yield self
        for part in self.parts:
            if isinstance(part, Node):
                yield from part.walk()

    def all(self, *tags: str, **attrs: str) -> list[Node]:
        """The elements of these names that have these attributes; ``klass`` is one of its classes."""
        wanted = {name.replace("_", "-"): value for name, value in attrs.items()}
        klass = wanted.pop("klass", None)
        return [
            node
            for node in self.walk()
            if (not tags or node.tag in tags)
            and (klass is None or klass in node.attrs.get("class", "").split())
            and all(node.attrs.get(name) == value for name, value in wanted.items())
        ]

    def one(self, *tags: str, **attrs: str) -> Node:
        """The only such element."""
        found = self.all(*tags, **attrs)
        assert len(found) == 1, f"{len(found)} of {tags} {attrs}"
        return found[0]

    @property
    def text(self) -> str:
        """Its words, in one line."""
        return " ".join(self.lines)

    @property
    def lines(self) -> list[str]:
        """Its words: a line for each element that stands by itself."""
        lines: list[str] = []
        run = ""
        for token in self._tokens():
            if token is None:
                lines += [" ".join(run.split())] if run.strip() else []
                run = ""
            else:
                run += token
        return lines + ([" ".join(run.split())] if run.strip() else [])

    def _tokens(self) -> Iterator[str | None]:
        for part in self.parts:
            if isinstance(part, str):
                yield part
            elif part.tag in INLINE or "command" in part.attrs.get("class", "").split():
                yield from part._tokens()
            else:
                yield None
                yield from part._tokens()
                yield None


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Node()
        self._open = [self.page]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _value in attrs]
        assert len(names) == len(set(names)), f"an attribute stands twice: <{tag} {attrs}>"
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].parts.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        closed = self._open.pop()
        assert closed.tag == tag, f"</{tag}> closes <{closed.tag}>"

    def handle_data(self, data: str) -> None:
        self._open[-1].parts.append(data)

    def read(self, html: str) -> Node:
        self.feed(html)
        self.close()
        assert self._open == [self.page], "everything is closed"
        return self.page


def parsed(html: str) -> Node:
    """A page of ours, which must be well-formed."""
    return _Reader().read(html)


def fields_of(form: Node) -> dict[str, str]:
    """What a browser would send of a form as it stands, without a button."""
    held: dict[str, str] = {}
    for node in form.all("input"):
        kind, name = node.attrs.get("type", "text"), node.attrs.get("name")
        if name is None or (kind in ("checkbox", "radio") and "checked" not in node.attrs):
            continue
        assert name not in held, f"two of {name} would be sent"
        held[name] = node.attrs.get("value", "on" if kind == "checkbox" else "")
    return held


@dataclass(frozen=True)
class Message:
    """A message of the chat, as its HTML has it.

    :ivar lines: the words; a line for each paragraph.
    :ivar items: the lines of a list by value, as they stand.
    :ivar rows: (label, value) of the other buttons, in their rows.
    :ivar copies: (label, what is copied).
    :ivar hidden: what its form carries besides.
    :ivar typed: what the form to type in carries; ``None`` where there is none.
    """

    number: int
    session: str
    revision: int
    lines: tuple[str, ...]
    items: tuple[tuple[str, ListItem], ...]
    rows: tuple[tuple[tuple[str, str], ...], ...]
    copies: tuple[tuple[str, str], ...]
    hidden: Mapping[str, str] = field(compare=False)
    typed: Mapping[str, str] | None = field(compare=False)

    @property
    def screen(self) -> Screen:
        """The screen that it shows; every line of a list and every copy is a row of its own."""
        rows: list[tuple[Button, ...]] = [(Button(label_of(item), value, item=item),) for value, item in self.items]
        rows += [(Button(label, "", copy=copied),) for label, copied in self.copies]
        rows += [tuple(Button(label, value) for label, value in row) for row in self.rows]
        return Screen(text="\n".join(self.lines), rows=tuple(rows), session=self.session, revision=self.revision)

    def shows(self, screen: Screen) -> bool:
        """Whether it shows this screen, whole: the words, every button with what it carries, and what is ticked."""
        plain = [[button for button in row if button.item is None and button.copy is None] for row in screen.rows]
        return (
            self.lines == tuple(" ".join(line.split()) for line in screen.text.splitlines() if line.strip())
            and (self.session, self.revision) == (screen.session, screen.revision)
            and self.items == tuple((b.value, _on_a_page(b.item)) for b in screen.buttons if b.item is not None)
            and [label_of(item) for _value, item in self.items] == [b.label for b in screen.buttons if b.item]
            and self.copies == tuple((b.label, b.copy) for b in screen.buttons if b.copy is not None)
            and self.rows == tuple(tuple((b.label, b.value) for b in row) for row in plain if row)
        )


BOX = (("off", ""), ("on", ""))
"""A box on a page has no words for its states."""


def _on_a_page(item: ListItem) -> ListItem:
    return replace(item, states=BOX) if item.is_box else item


def label_of(item: ListItem) -> str:
    """The words of a button that steps on a line of a list, where a channel has buttons only."""
    if item.is_box:
        return f"{'☑' if item.now == 'on' else '☐'} {item.name}"
    words = dict(item.states)[item.now]
    return f"{item.name}: {words[:1].lower()}{words[1:]}"


def messages_of(page: Node) -> dict[int, Message]:
    """The chat, oldest first; what is folded is there."""
    return {(read := _message(node)).number: read for node in page.all("li", klass="message")}


def _message(node: Node) -> Message:
    number = node.attrs["id"].removeprefix("m")
    typed, choices = (node.all("form", klass=klass) for klass in ("typed", "choices"))
    assert len(typed) <= 1
    assert len(choices) <= 1
    form = choices[0] if choices else Node("form")
    rows = [[(b.text, b.attrs["value"]) for b in row.all("button", name="tryck")] for row in form.all("div")]
    in_rows = [button for row in rows for button in row]
    assert in_rows == [(b.text, b.attrs["value"]) for b in form.all("button", name="tryck")], "every button is in a row"
    return Message(
        number=int(number),
        session=node.attrs["data-session"],
        revision=int(node.attrs["data-revision"]),
        lines=tuple(line for said in node.all("div", klass="said") for line in said.lines),
        items=tuple(_items(form)),
        rows=tuple(tuple(row) for row in rows if row),
        copies=tuple((b.text, b.attrs["data-copy"]) for b in form.all("button") if "data-copy" in b.attrs),
        hidden={name: value for name, value in fields_of(form).items() if not name.startswith("rad:")},
        typed=fields_of(typed[0]) if typed else None,
    )


def _items(form: Node) -> Iterator[tuple[str, ListItem]]:
    for node in form.all("label", "fieldset"):
        inputs = node.all("input")
        name = inputs[0].attrs.get("name", "") if inputs else ""
        if not name.startswith("rad:"):
            continue
        value = name.removeprefix("rad:")
        if node.tag == "fieldset":
            states = tuple((label.one("input").attrs["value"], label.text) for label in node.all("label"))
            now = [one.attrs["value"] for one in inputs if "checked" in one.attrs]
            assert len(now) == 1, "one of them is chosen"
            yield value, ListItem(node.one("legend").text, states, now[0])
        elif inputs[0].attrs["type"] == "checkbox":
            now_on = "on" if "checked" in inputs[0].attrs else "off"
            yield value, ListItem(node.text, BOX, now_on)


# ── a browser ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Answer:
    """What came of a request.

    :ivar path: what was asked for.
    :ivar set: the cookies that it set, by name.
    """

    path: str
    status: int
    headers: Mapping[str, str]
    body: str
    set: Mapping[str, Morsel[str]]

    @cached_property
    def page(self) -> Node:
        """The page; it must be one. It is read once, however often it is looked at."""
        assert self.headers["Content-Type"].startswith("text/html"), self
        return parsed(self.body)

    @property
    def to(self) -> str | None:
        """Where it leads on to."""
        return self.headers.get("Location") if 300 <= self.status < 400 else None


class Site:
    """The web chat as it is served, and the machine it is served on.

    :ivar web: the running one.
    :ivar answers: everything that was answered, in order.
    """

    def __init__(self, held: Settings | None = None, *, without_pin: bool = False) -> None:
        self.settings = held or settings()
        self.answers: list[Answer] = []
        self.desk: Desk | None = None
        self.loop = asyncio.new_event_loop()
        self.port = 0
        self._web: Web | None = None
        self._without_pin = without_pin
        self._open: AsyncExitStack | None = None
        self._client: ClientSession | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def web(self) -> Web:
        assert self._web is not None
        return self._web

    def run(self, coming: Coroutine[Any, Any, T]) -> T:
        """Let the server work until something has come."""
        return self.loop.run_until_complete(asyncio.wait_for(coming, 20))

    def serve(self, desk: Desk) -> None:
        """Start the web chat for a desk, or anew on the same port where the program has been started anew."""
        if desk is self.desk:
            return
        self.stop()
        self.desk = desk
        self.run(self._begin(desk))

    async def _begin(self, desk: Desk) -> None:
        self._web = Web(self.settings, desk, without_pin=self._without_pin)
        self._web.chats.start()
        self._open = AsyncExitStack()
        app = self._web.application()
        self.port = await self._open.enter_async_context(listening(app, "127.0.0.1", self.port))
        self._client = await self._open.enter_async_context(
            ClientSession(cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=15))
        )

    def visits(self, port: int) -> Self:
        """Look at a program that runs by itself, in place of one that is served here."""

        async def begin() -> None:
            self._open = AsyncExitStack()
            self._client = await self._open.enter_async_context(
                ClientSession(cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=15))
            )

        self.stop()
        self.port = port
        self.run(begin())
        return self

    def asks(
        self,
        method: str,
        path: str,
        *,
        fields: Mapping[str, str] | Sequence[tuple[str, str]] | FormData | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, as whoever likes may make it."""
        return self.run(self.asking(method, path, fields=fields, headers=headers))

    async def asking(
        self,
        method: str,
        path: str,
        *,
        fields: Mapping[str, str] | Sequence[tuple[str, str]] | FormData | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """See :meth:`asks`."""
        assert self._client is not None
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self._client.request(method, url, data=fields, headers=headers, allow_redirects=False) as got:
            body = await got.read()
            cookies: SimpleCookie = SimpleCookie()
            for line in got.headers.getall("Set-Cookie", []):
                cookies.load(line)
            answer = Answer(path, got.status, got.headers, body.decode("utf-8", "replace"), dict(cookies))
        self.answers.append(answer)
        return answer

    @property
    def client(self) -> ClientSession:
        """For what is no request with one answer."""
        assert self._client is not None
        return self._client

    def stop(self) -> None:
        """The program ends."""
        if self._open is not None:
            self.run(self._open.aclose())
        self._open = self._web = self._client = self.desk = None

    def close(self) -> None:
        """The machine is put away."""
        try:
            self.stop()
        finally:
            self.loop.close()


class Browser:
    """A browser without script; where TLS stands in front of the site, it comes through the proxy.

    :param site: what it looks at.
    :param headers: what it sends with every request besides.
    :ivar cookies: by name.
    :ivar last: what it shows.
    """

    def __init__(self, site: Site, **headers: str) -> None:
        self.site = site
        proxied = {"Host": NAME, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
        self.headers = dict(proxied) if site.settings.behind_tls else {}
        self.headers |= {name.replace("_", "-"): value for name, value in headers.items()}
        self.cookies: dict[str, str] = {}
        self.last: Answer | None = None

    @property
    def page(self) -> Node:
        assert self.last is not None
        return self.last.page

    @property
    def path(self) -> str:
        """The address it shows, without what stands behind a question mark."""
        assert self.last is not None
        return self.last.path.partition("?")[0]

    def asks(
        self,
        method: str,
        path: str,
        fields: Mapping[str, str] | Sequence[tuple[str, str]] | FormData | None = None,
        **headers: str,
    ) -> Answer:
        """One request with the browser's cookies; a redirect is not followed."""
        held = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            held["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.site.asks(method, path, fields=fields, headers=held)
        for name, morsel in answer.set.items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
        return answer

    def opens(self, path: str, **headers: str) -> Answer:
        """Go to an address, and on to where it leads."""
        return self._goes_on(self.asks("GET", path, None, **headers))

    def sends(self, path: str, fields: Mapping[str, str] | FormData, **headers: str) -> Answer:
        """Send a form, and go on to where that leads."""
        return self._goes_on(self.asks("POST", path, fields, **headers))

    def submits(self, form: Node | None = None, button: str | None = None, **typed: str) -> Answer:
        """Send a form of the page as it stands, with what was typed, by one of its buttons."""
        form = form or self.page.one("form", klass="typed")
        assert form.attrs["method"] == "post"
        held = fields_of(form)
        assert typed.keys() <= held.keys(), f"{typed} can be typed nowhere"
        held |= typed
        if button is not None:
            held |= {b.attrs["name"]: b.attrs["value"] for b in form.all("button", name="tryck") if b.text == button}
        return self.sends(form.attrs["action"], held)

    def presses(self, label: str) -> Answer:
        """Press a button of the chat or the case page: the newest with these words."""
        for form in reversed(self.page.all("form")):
            if any(button.text == label for button in form.all("button", name="tryck")):
                return self.submits(form, label)
        raise LookupError(f"no button [{label}] on {self.page.lines}")

    def _goes_on(self, answer: Answer) -> Answer:
        for _hop in range(5):
            if (to := answer.to) is None:
                break
            answer = self.asks("GET", urlsplit(to)._replace(fragment="").geturl())
        else:
            raise AssertionError(f"{answer.path} leads on for ever")
        self.last = answer
        return answer

    # what is to be seen

    @property
    def messages(self) -> dict[int, Message]:
        return messages_of(self.page)

    @property
    def newest(self) -> Message:
        """The newest message of the chat."""
        held = self.messages
        return held[max(held)]

    @property
    def notices(self) -> list[str]:
        """What is told once."""
        return [line for node in self.page.one(id="notiser").all(klass="told") for line in node.lines]


def links_of(answer: Answer) -> list[str]:
    """Every address in a page."""
    return [
        unquote(node.attrs[name])
        for node in answer.page.walk()
        for name in ("href", "src", "action", "formaction", "data-live", "srcset", "poster", "data")
        if name in node.attrs
    ]


# ── transcripts ──────────────────────────────────────────────────────────────────────────────────────────────────


def on_the_web(transcript: str) -> str:
    """A transcript without what cannot be done on the web: nothing but text can be sent there."""
    kept: list[str] = []
    leaving_out = False
    for line in transcript.splitlines():
        if not line.startswith((" ", "bot:", "post:", "inga poster:")):
            leaving_out = line.startswith("jag skickar:")
        kept += [] if leaving_out else [line]
    return "\n".join(kept) + "\n"


class WebPhone(Phone):
    """A phone with the web chat on it.

    Lines of a list are ticked on the page, and nothing leaves the phone until another button is pressed.
    """

    def __init__(self, site: Site, desk: Desk, address: str) -> None:
        super().__init__(desk, address, lambda: next(_NUMBERS))
        self.site = site
        self.browser = Browser(site)
        self._held: dict[int, Message] = {}
        self._ticked: dict[int, dict[str, str]] = {}
        self._of: dict[int, Message] = {}

    @property
    def cookies(self) -> set[str]:
        """The secrets that it holds, and those that its pages do."""
        page = Node() if self.browser.last is None else self.browser.page
        keys = {node.attrs["value"] for node in page.all("input", name="nyckel")}
        return {*self.browser.cookies.values(), *keys}

    def comes_in(self) -> None:
        """Sign in, where that has not been done, and look."""
        self.site.serve(self.desk)
        if not self.browser.cookies:
            person = self.desk.store.person_at(WEB, self.address)
            assert person is not None
            token = self.site.web.access.enter(person)
            assert token is not None
            self.browser.cookies[self.site.web._site.cookie] = token
            self.browser.opens("/")
            self._look([])

    def _press(self, message: int, screen: Screen, button: Button) -> list[Screen]:
        if button.copy is not None:
            return []
        is_here = self.shown.get(message) is screen
        if button.item is not None and is_here:
            return [self._tick(message, screen, button, button.item)]
        held = self._of[id(screen)]
        number = int(held.hidden["n"]) if is_here else self.number()  # of a page that was open in another tab
        place = held.hidden["s"]
        before = tuple(f"{value}={now}" for value, now in self._ticked.get(message, {}).items()) if is_here else ()
        return self._send(Pressed(number, self.address, message, None, f"{place}:{button.value}", before))

    def _tick(self, message: int, screen: Screen, button: Button, item: ListItem) -> Screen:
        states = [state for state, _words in item.states]
        item = replace(item, now=states[(states.index(item.now) + 1) % len(states)])
        ticked = replace(button, label=label_of(item), item=item)
        buttons = [ticked if one is button else one for one in screen.buttons]
        answers = [one for one in buttons if not one.value.startswith("!")]
        fresh = replace(screen, rows=stack(answers, [one for one in buttons if one not in answers]))
        self._ticked.setdefault(message, {})[button.value] = item.now
        self._of[id(fresh)] = self._of[id(screen)]
        self.shown[message] = fresh
        self.seen.append((message, fresh))
        return fresh

    def _send(self, update: Incoming) -> list[Screen]:
        self.comes_in()
        came: list[Screen] = []
        does = self.site.web.chats.does

        def heard(update: Said | Pressed) -> list[Screen]:
            came.extend(screens := does(update))
            return screens

        self.site.web.chats.does = heard  # type: ignore[method-assign]
        try:
            answer = self.browser.sends("/svar", self._form(update))
        finally:
            self.site.web.chats.does = does  # type: ignore[method-assign]
        assert (answer.status, answer.path) == (200, "/"), answer
        return self._look(came)

    def _form(self, update: Incoming) -> dict[str, str]:
        match update:
            case Pressed(message=int(message)):
                session, revision, value = update.data.split(":", 2)
                place = f"{session}:{revision}"
                form = {"n": str(update.update), "m": str(message), "s": place, "tryck": value}
                if message in self._held:
                    form |= {f"rad:{line}": item.now for line, item in self._held[message].items if item.now != "off"}
                for line, now in (one.rpartition("=")[::2] for one in update.before):
                    form[f"rad:{line}"] = now
                return {name: value for name, value in form.items() if value != "off"} | self._key()
            case Said():
                newest = self._held[max(self._held)]
                form = dict(newest.typed or newest.hidden)
                if not form:  # nothing can be typed there, and nothing pressed
                    form = {"n": str(self.number()), "m": str(newest.number)}
                    form |= {"s": f"{newest.session}:{newest.revision}"}
                return form | {"text": update.text} | self._key()
        raise AssertionError(f"{update} cannot be done on the web")

    def _key(self) -> dict[str, str]:
        return {"nyckel": next(node.attrs["value"] for node in self.browser.page.all("input", name="nyckel"))}

    def looks_again(self, came: Sequence[Screen]) -> list[Screen]:
        """See what time has brought.

        :param came: what was delivered.
        :returns: the screens, as the page has them.
        """
        self.comes_in()
        self.browser.opens("/")
        return self._look(came)

    def _look(self, came: Sequence[Screen]) -> list[Screen]:
        """Read the page; what came must stand there, and nothing else may be new."""
        page = self.browser.page
        assert {node.text for node in page.all(klass="practice")} <= BANNERS
        assert page.all(klass="practice"), "practice shows on every page"
        assert DANGER in page.lines or self.desk.store.person_at(WEB, self.address).language != "sv"  # type: ignore[union-attr]
        before, self._held = self._held, messages_of(page)
        fresh = {number for number, held in self._held.items() if before.get(number) != held}
        self._ticked = {n: t for n, t in self._ticked.items() if n in self._held and n not in fresh}
        notices = self.browser.notices
        screens: list[Screen] = []
        explained: set[int] = set()
        laid_out: dict[int, Screen] = {}
        for screen in came:
            if not screen.rows and screen.text in notices:
                notices.remove(screen.text)
                screens.append(screen)
                continue
            number = next((n for n in sorted(self._held, reverse=True) if self._held[n].shows(screen)), None)
            if number is None:
                continue
            explained.add(number)
            laid_out[number] = replace(screen, typed="nothing", progress=None)
            screens.append(laid_out[number])
        for number in sorted(fresh - explained) if before else ():
            laid_out[number] = self._held[number].screen
            screens.append(laid_out[number])
        screens += [Screen(text=words, rows=()) for words in notices]
        for number, held in self._held.items():
            if number in laid_out or number in fresh:
                self.shown[number] = laid_out.get(number, held.screen)
                self.seen.append((number, self.shown[number]))
            self._of[id(self.shown[number])] = held
        for gone in self.shown.keys() - self._held.keys():
            del self.shown[gone]
        return screens


class WebPlayer(Player):
    """Plays a transcript over HTTP.

    :param database: where the store is; in memory where it is left out.
    :param policy: the deployment's numbers.
    :param held: the installation; one on this machine where it is left out.
    """

    channel = WEB

    def __init__(
        self, database: Path | None = None, policy: Policy | None = None, held: Settings | None = None
    ) -> None:
        super().__init__(policy)
        patient = WebRules(session_hours=24 * 3650, requests_a_minute=100_000)  # days pass, or the clock stands still
        self.site = Site(replace(held or settings(), web_rules=patient), without_pin=True)
        self._database = database

    def new_store(self, source: ids.Source) -> Store:
        return Store(self._database, bytes(range(32)), source)

    def new_phone(self, desk: Desk, address: str) -> WebPhone:
        return WebPhone(self.site, desk, address)

    def _sweep(self) -> list[Screen]:
        self.site.serve(self._the_desk())
        came = self.site.web.chats.sweep()
        phones = [phone for phone in self._phones.values() if isinstance(phone, WebPhone)]
        return [screen for phone in phones for screen in phone.looks_again(came.get(phone.address, []))]

    def end(self) -> None:
        try:
            self.site.close()
        finally:
            super().end()
