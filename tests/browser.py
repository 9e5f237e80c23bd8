"""A real browser: Chromium without a screen, the web chat it speaks to, and people who see, tap and type.

The server and the browser's driver are on one event loop that only runs while somebody waits for a page, so that the
store stays on one thread. What a page may not do is watched everywhere: an error in its console (a breach of the
policy is one), a request to another host, something that is wider than the screen, a fault that axe finds.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

import pytest
from aiohttp import web as http
from axe_playwright_python.base import AXE_SCRIPT as AXE
from axe_playwright_python.base import AxeResults
from playwright.async_api import Browser, BrowserContext, Error, Locator, Page, Playwright, Request, async_playwright

from bot.desk import Desk
from bot.listening import listening
from bot.phone import Phone
from bot.settings import WebRules
from bot.transcripts import EMPTY, Line, Played, Player, _as_expected, _turns, read
from bot.web import pages
from bot.web.server import Web
from dialogs.policy import Policy
from dialogs.registry import DIALOGS
from state.ids import Seeded, Source
from state.people import Person, Role
from state.screen import Screen
from state.store import WEB, Leaving, Store
from tests.office import KEY
from tests.talk import MONDAY
from tests.web_phone import settings

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
PATIENCE = 8.0
"""Seconds that somebody waits for a page on a busy machine before a test fails."""

NO_LIMITS = WebRules(requests_a_minute=100_000, sign_ins_a_minute=100_000)
"""The clock of the tests stands still, and with it every minute that a limit counts in."""


@dataclass(frozen=True)
class Way:
    """How somebody comes.

    :ivar name: of the way, in the names of tests and pictures.
    :ivar options: of the browser's context.
    """

    name: str
    options: Mapping[str, Any]

    @property
    def script(self) -> bool:
        """Whether pages may run scripts."""
        return bool(self.options.get("java_script_enabled", True))

    @property
    def width(self) -> int:
        """The width of the screen in CSS pixels."""
        return int(self.options["viewport"]["width"])


_PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "has_touch": True,
    "locale": "sv-SE",
}
PHONE = Way("phone", _PHONE)
DESKTOP = Way("desktop", {"viewport": {"width": 1280, "height": 800}, "locale": "sv-SE"})
WITHOUT_SCRIPT = Way("phone without script", _PHONE | {"java_script_enabled": False})
WAYS = (PHONE, DESKTOP, WITHOUT_SCRIPT)


class Chromium:
    """The browser, started once; every person has a context of their own, with cookies of their own.

    :param shots: where pictures of the screens are put; ``None`` where nobody looks at them.
    :param looked_at: where it is noted what axe has looked at, for all that run at the same time.
    """

    def __init__(self, shots: Path | None, looked_at: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.shots = shots
        self._looked_at = looked_at
        found = subprocess.run([ROOT / "tools" / "chromium"], capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stderr
        self._path = found.stdout.strip()
        self.browser: Browser
        self._playwright: Playwright
        self.run(self._start())

    async def _start(self) -> None:
        self._playwright = await async_playwright().start()
        self.browser = await self._playwright.chromium.launch(
            executable_path=self._path, args=[*ARGUMENTS, "--force-color-profile=srgb"]
        )

    def run(self, story: Coroutine[Any, Any, T]) -> T:
        """Let everything work until something is done."""
        return self.loop.run_until_complete(story)

    def close(self) -> None:
        """End the browser and the loop."""
        self.run(self._stop())
        self.loop.close()

    def has_looked_at(self, parts: Iterable[str]) -> bool:
        """Whether axe has looked at all of these parts of pages; from now on it has."""
        known = True
        for part in parts:
            try:
                (self._looked_at / hashlib.sha256(part.encode()).hexdigest()).touch(exist_ok=False)
            except FileExistsError:
                continue
            known = False
        return known

    async def _stop(self) -> None:
        await self.browser.close()
        await self._playwright.stop()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Chromium]:
    """One for the session. Pictures go to the folder of LOTS_SHOTS, else to one for what is temporary.

    The short form takes none but where a folder is named.
    """
    named = os.environ.get("LOTS_SHOTS")
    shots: Path | None = Path(named) if named else Path(tempfile.gettempdir()) / "lots-shots"
    if not named and pytestconfig.getoption("--short"):
        shots = None
    looked_at = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        looked_at = looked_at.parent  # every worker's
    looked_at /= "looked-at"
    looked_at.mkdir(exist_ok=True)
    browser = Chromium(shots, looked_at)
    yield browser
    browser.close()


@pytest.fixture
def house(chromium: Chromium) -> Iterator[House]:
    """A web chat of one's own, for people with PINs; nothing that its pages did may be amiss."""
    held = House(chromium)
    yield held
    held.close()
    assert held.faults == [], held.faults


# ── the server ───────────────────────────────────────────────────────────────────────────────────────────────────


class Server:
    """The web chat as it runs.

    :ivar web: the chat, while it runs.
    :ivar posts: how many forms have been answered.
    :ivar faults: what pages did that they may not.
    """

    def __init__(self, chromium: Chromium, *, without_pin: bool) -> None:
        self.chromium = chromium
        self.posts = 0
        self.faults: list[str] = []
        self.desk: Desk | None = None
        self.web: Web
        self.address = ""
        self._port = 0
        self._without_pin = without_pin
        self._contexts: list[BrowserContext] = []
        self._open = AsyncExitStack()

    async def serve(self, desk: Desk) -> None:
        """Begin to serve a desk, or anew where the program has been started anew; the port stays."""
        if desk is self.desk:
            return
        await self.stop()
        held = settings(web_rules=NO_LIMITS, policy=desk.policy)
        self.desk, self.web = desk, Web(held, desk, without_pin=self._without_pin)
        self.web.chats.start()
        app = self.web.application()
        app.on_response_prepare.append(self._answered)
        self._port = await self._open.enter_async_context(listening(app, "127.0.0.1", self._port))
        self.address = f"http://127.0.0.1:{self._port}"

    async def _answered(self, request: http.Request, _response: http.StreamResponse) -> None:
        self.posts += request.method == "POST"

    async def stop(self) -> None:
        """End the program; the browsers stay."""
        if self.desk is not None:
            for person in self.desk.store.people(WEB):
                self.web.live.changed(person.id)  # a page that is told notices at once that it is gone
        await self._open.aclose()
        self.desk = None

    async def context(self, way: Way, **more: Any) -> BrowserContext:
        """A browser of somebody's own."""
        context = await self.chromium.browser.new_context(base_url=self.address, **{**way.options, **more})
        context.set_default_timeout(PATIENCE * 1000)
        context.on("request", self._requested)
        context.on("page", self._opened)
        self._contexts.append(context)
        return context

    def _requested(self, request: Request) -> None:
        if not request.url.startswith(f"{self.address}/"):
            self.faults.append(f"a request to {request.url}")

    def _opened(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.faults.append(f"an error in {page.url}: {error}"))
        page.on(
            "console",
            lambda said: (
                self.faults.append(f"{page.url} says {said.text}") if said.type in ("error", "warning") else None
            ),
        )

    def close(self) -> None:
        """End everything."""
        self.chromium.run(self._close())

    async def _close(self) -> None:
        for context in self._contexts:
            await context.close()
        await self.stop()


class House(Server):
    """A web chat with a store and a clock of its own, and the people in it.

    :ivar now: the time, which stands still.
    """

    def __init__(self, chromium: Chromium, *, without_pin: bool = False) -> None:
        super().__init__(chromium, without_pin=without_pin)
        self.now: datetime = MONDAY
        self.source: Source = Seeded(7)
        self.store = Store(None, KEY, self.source)
        self.chromium.run(self.serve(self._desk()))

    def _desk(self) -> Desk:
        return Desk(self.store, DIALOGS, policy=Policy(), practice=True, now=lambda: self.now, source=self.source)

    def run(self, story: Coroutine[Any, Any, T]) -> T:
        """Let everything work until something is done."""
        return self.chromium.run(story)

    def passes(self, **passed: float) -> None:
        """Time goes on."""
        self.now += timedelta(**passed)

    def invites(self, role: Role = "samordnare", person: Person | None = None) -> str:
        """The address in an invitation."""
        with self.store.transaction():
            code = self.store.invite(
                role=role,
                district="Farsta",
                expires_at=self.now + timedelta(hours=24),
                person=None if person is None else person.id,
            )
        return f"{self.address}/in/{code}"

    def kinds(self) -> list[str]:
        """Which records there are."""
        return [envelope.kind for envelope in self.store.records()]

    def close(self) -> None:
        super().close()
        self.store.close()


# ── what is on a page ────────────────────────────────────────────────────────────────────────────────────────────

READ_CHAT = r"""() => {
  const words = (node) => node.textContent.replace(/\s+/g, " ").trim();
  const line = (node) => {
    const inputs = [...node.querySelectorAll("input")];
    const held = node.querySelector("legend") || node.querySelector("span") || node;
    return {
      name: words(held),
      value: inputs[0].name.slice(4),
      states: inputs.map((one) => [one.value, words(one.closest("label"))]),
      now: inputs[0].type === "checkbox" ? (inputs[0].checked ? "on" : "off")
        : (inputs.find((one) => one.checked) || {value: ""}).value,
    };
  };
  return [...document.querySelectorAll("li.message")].map((li) => ({
    number: Number(li.id.slice(1)),
    mark: li.dataset.mark,
    newest: li.querySelector("#nu") !== null,
    words: [...li.querySelectorAll(".said.bot")]
      .flatMap((said) => [...said.querySelectorAll("p, li, h2, h3")].map(words)),
    buttons: [...li.querySelectorAll("button[name=tryck]:not(.command), button[data-copy]")].map(words),
    lines: [...li.querySelectorAll("form.choices fieldset, form.choices label")]
      .filter((node) => node.querySelector("input[name^='rad:']"))
      .filter((node) => node.tagName !== "LABEL" || !node.closest("fieldset"))
      .map(line),
    field: li.querySelector("form.typed") !== null,
  }));
}"""


@dataclass(frozen=True)
class Seen:
    """A message of the chat as the browser has it.

    :ivar number: its number.
    :ivar newest: whether it is where the focus goes.
    :ivar words: the lines of the bubble, without the empty ones.
    :ivar buttons: the words on its buttons.
    :ivar lines: the lines of a list as they stand, each with its name, value, states and state.
    :ivar field: whether something can be typed.
    """

    number: int
    mark: str
    newest: bool
    words: tuple[str, ...]
    buttons: tuple[str, ...]
    lines: tuple[Mapping[str, Any], ...]
    field: bool

    @property
    def as_a_transcript(self) -> tuple[tuple[str, ...], Counter[str]]:
        """What a transcript would have of it: the words, and the words on each button."""
        ticked = [
            f"{'☑' if one['now'] == 'on' else '☐'} {one['name']}" if len(one["states"]) == 1 else standing(one)
            for one in self.lines
        ]
        return self.words, Counter([*self.buttons, *ticked])


def standing(line: Mapping[str, Any]) -> str:
    """A line of a list and where it stands, as the words of a button have it."""
    now = str(dict(line["states"])[line["now"]])
    return f"{line['name']}: {now[0].lower()}{now[1:]}"


def as_expected(block: str) -> tuple[tuple[str, ...], Counter[str]]:
    """A ``bot:`` of a transcript, to be held against a message."""
    lines = [" ".join(line.split()) for line in block.removeprefix("bot: ").splitlines()]
    words = tuple(line for line in lines if line != EMPTY and not line.startswith("["))
    return words, Counter(
        label for line in lines if line.startswith("[") for label in re.findall(r"\[(.+?)\](?= \[|$)", line)
    )


# ── somebody at a page ───────────────────────────────────────────────────────────────────────────────────────────

PARTS = """() => {
  const kept = ["class", "role", "type", "data-status", "data-page", "hidden", "disabled"];
  const told = (node, whole) => {
    const named = kept.filter((name) => node.hasAttribute(name)).map((name) => name + "=" + node.getAttribute(name));
    const inner = [...node.children].filter((one) => whole || !one.matches("li.message, section"))
      .map((one) => told(one, whole)).filter((one, n, all) => one !== all[n - 1]);
    return node.localName + "[" + named.join(" ") + "](" + inner.join(",") + ")";
  };
  const parts = [...document.querySelectorAll("li.message, section")];
  return [told(document.body, false), ...parts.map((one) => told(one, true))];
}"""
"""How a page is built, part by part: the frame, each message, each section; words and values are left out."""

COLOURED = ("color-contrast", "link-in-text-block")
"""The rules of axe that look at colours."""

TOO_WIDE = """(width) => {
  const wide = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth);
  if (wide <= width) return [];
  return [wide, ...[...document.querySelectorAll("body *")]
    .filter((node) => node.getBoundingClientRect().right > width + 0.5)
    .map((node) => node.localName + "." + node.className).slice(0, 6)];
}"""


class Hand:
    """Somebody at one page of a browser.

    :param server: the chat.
    :param page: the page.
    :param person: who it is, once that is known.
    """

    def __init__(self, server: Server, page: Page, way: Way, person: Person | None = None) -> None:
        self.server = server
        self.page = page
        self.way = way
        self.person = person

    async def goes(self, path: str = "/") -> None:
        """Open an address."""
        await self.page.goto(path)

    async def messages(self) -> list[Seen]:
        """The chat, oldest first."""
        held = await self.page.evaluate(READ_CHAT)
        return [
            Seen(
                one["number"],
                one["mark"],
                one["newest"],
                tuple(filter(None, one["words"])),
                tuple(one["buttons"]),
                tuple(one["lines"]),
                one["field"],
            )
            for one in held
        ]

    async def newest(self) -> Seen:
        """The newest message."""
        shown = await self.messages()
        assert shown, await self.page.inner_text("body")
        return shown[-1]

    async def words(self) -> str:
        """The words of the newest message."""
        return "\n".join((await self.newest()).words)

    async def notices(self) -> list[str]:
        """What stands above the chat."""
        return [text.strip() for text in await self.page.locator("#notiser p").all_text_contents()]

    async def taps(self, label: str) -> None:
        """Press the newest button with these words, and wait until what comes of it is there.

        :raises LookupError: the page has no such button.
        """
        await self.answers(await self.button(label))

    async def button(self, label: str) -> Locator:
        """The newest button with these words; where it is folded away, it is unfolded.

        :raises LookupError: the page has no such button.
        """
        for seen in reversed(await self.messages()):
            if label in seen.buttons:
                nth = seen.buttons.index(label)
                pressed = "button[name=tryck]:not(.command), button[data-copy]"
                inside = self.page.locator(f"#m{seen.number}").locator(pressed)
                return await self.unfolded(inside.nth(nth))
        raise LookupError(f"no button [{label}] on the page")

    async def unfolded(self, what: Locator) -> Locator:
        """What may have been folded away under an older message."""
        if not await what.is_visible():
            await self.press_on(what.locator("xpath=ancestor::details[1]/summary"))
        return what

    async def press_on(self, what: Locator) -> None:
        """A finger or a mouse, on something that can be seen and is not covered."""
        await (what.tap() if self.way.options.get("has_touch") else what.click())

    async def answers(self, button: Locator) -> None:
        """Press what sends a form of the chat."""
        before = self.server.posts
        await self.press_on(button)
        await self.settles(before)

    async def settles(self, before: int) -> None:
        """Wait until a form has been answered and the page shows the chat as it stands."""
        await until(lambda: self.server.posts > before)
        await self.is_fresh()

    async def is_fresh(self) -> None:
        """Wait until the page shows the chat as it stands, and rests there."""
        assert self.person is not None

        async def fresh() -> bool:
            with suppress(Error):  # it is on its way to the next page
                shown = await self.page.evaluate(
                    "() => document.readyState !== 'complete' ? [] "
                    ": [...document.querySelectorAll('li.message')].map((li) => li.dataset.mark)"
                )
                return bool(shown) and shown == self._marks()
            return False

        ends = time.monotonic() + PATIENCE
        while not await fresh():
            assert time.monotonic() < ends, (
                f"the page does not show the chat as it stands: {await self.page.inner_text('body')}"
            )
            await asyncio.sleep(0.01)

    def _marks(self) -> list[str]:
        assert self.person is not None
        store = self.server.web.chats
        messages = store.messages(self.person)
        live = store._store.live_message(self.person.id)
        return [bubble.mark for bubble in pages.bubbles(messages, live, [0] * len(messages))]

    async def ticks(self, line: Mapping[str, Any], state: str) -> None:
        """Tick a box, or choose a line's state, where it stands on the page."""
        control = self.page.locator(f"input[name='rad:{line['value']}']")
        if len(line["states"]) > 1:
            control = self.page.locator(f"input[name='rad:{line['value']}'][value='{state}']")
        label = self.page.locator("label", has=control).last
        await self.press_on(label)
        assert await control.last.is_checked() == (state != "off")

    async def types(self, text: str) -> None:
        """Type in the field of the newest message and send it."""
        form = self.page.locator("li.message form.typed").last
        await form.locator("input[name=text]").fill(text)
        await self.answers(form.locator("button"))

    async def looks(self, name: str, *, closely: bool = True) -> list[str]:
        """Look at the page: what is wrong is told, and a picture is taken for whoever wants to look too.

        :param name: of the picture.
        :param closely: whether it is also looked at in other widths and sizes.
        :returns: what is wrong with the page.
        """
        if (shots := self.server.chromium.shots) is not None:
            path = shots / self.way.name.replace(" ", "-") / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            await self.page.screenshot(path=path, full_page=True, scale="css")
        faults = await self._too_wide(self.way.width, "")
        if self.way.script and closely:
            faults += await self._too_large() + await self._axe()
        return [f"{name} ({self.way.name}): {fault}" for fault in faults]

    async def _too_wide(self, width: int, how: str) -> list[str]:
        wide = await self.page.evaluate(TOO_WIDE, width)
        return [f"scrolls sideways {how}: {wide}"] if wide else []

    async def _too_large(self) -> list[str]:
        """With letters of twice the size, and on the narrowest screen."""
        await self.page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
        faults = await self._too_wide(self.way.width, "with letters twice as large")
        await self.page.evaluate("() => { document.documentElement.style.fontSize = '' }")
        if self.way is PHONE:
            await self.page.set_viewport_size({"width": 320, "height": 740})
            faults += await self._too_wide(320, "at 320 px")
            await self.page.set_viewport_size(self.way.options["viewport"])
        return faults

    async def _axe(self) -> list[str]:
        """What axe finds with everything unfolded; a page all of whose parts have been asked about is left out.

        Dark differs from light in its colours only, so only the rules about colours are asked again.
        """
        await self.page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true })")
        parts = {f"{self.way.width} {part}" for part in await self.page.evaluate(PARTS)}
        faults: list[str] = []
        if not self.server.chromium.has_looked_at(parts):
            faults += await self._asked_of_axe("light", list(WCAG))
            if self.way.options.get("has_touch"):  # colours do not change with the width
                faults += await self._asked_of_axe("dark", {"type": "rule", "values": list(COLOURED)})
                await self.page.emulate_media(color_scheme="light")
        await self.page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = false })")
        return faults

    async def _asked_of_axe(self, scheme: Literal["light", "dark"], rules: object) -> list[str]:
        await self.page.emulate_media(color_scheme=scheme)
        await self.page.evaluate("() => document.getAnimations().forEach((one) => one.finish())")
        if not await self.page.evaluate("() => 'axe' in window"):
            await self.page.evaluate(AXE)
        found = AxeResults(
            await self.page.evaluate(
                "(asked) => axe.run(asked).then(({ violations }) => ({ violations }))",
                {"runOnly": rules, "resultTypes": ["violations"]},
            )
        )
        return [f"{scheme}: {found.generate_report()}"] if found.violations_count else []


async def until(done: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Let everything work until something is so."""
    ends = time.monotonic() + patience
    while not done():
        assert time.monotonic() < ends, "it never came to be"
        await asyncio.sleep(0.005)


# ── transcripts ──────────────────────────────────────────────────────────────────────────────────────────────────


class Cannot(LookupError):
    """What a transcript does cannot be done in a browser."""


class BrowserPhone(Phone):
    """One person of a transcript, at a page.

    :ivar hand: the person at the page, once there is one.
    """

    def __init__(self, player: BrowserPlayer, desk: Desk, address: str) -> None:
        super().__init__(desk, address, lambda: 0)
        self._player = player
        self.hand: Hand | None = None

    @property
    def here(self) -> Hand:
        """The person at the page, who signs in first."""
        self._player.server.chromium.run(self._comes())
        assert self.hand is not None
        return self.hand

    async def _comes(self) -> None:
        server, way = self._player.server, self._player.way
        await server.serve(self.desk)
        if self.hand is not None:
            return
        person = self.desk.store.person_at(WEB, self.address)
        assert person is not None
        context = await server.context(way)
        self.hand = Hand(server, await context.new_page(), way, person)
        await self.signs_in()

    async def signs_in(self) -> None:
        """Come in, or anew where time has passed; how one signs in is tried elsewhere."""
        assert self.hand is not None
        person = self.hand.person
        assert person is not None
        token = self._player.server.web.access.enter(person)
        assert token is not None
        await self.hand.page.context.add_cookies([{"name": "lots", "value": token, "url": self._player.server.address}])
        await self.hand.goes()

    def says(self, text: str) -> list[Screen]:
        self._player.server.chromium.run(self._says(self.here, text))
        return []

    async def _says(self, hand: Hand, text: str) -> None:
        newest = await hand.newest()
        command, _, code = text.partition(" ")
        if newest.field and not text.startswith("/"):
            await hand.types(text)
        elif text.startswith("/") and not code:
            button = hand.page.locator(f"li.message button[name=tryck][value='{command}']").last
            if not await button.count():
                raise Cannot(f"nothing on the page does {text}")
            await hand.answers(await hand.unfolded(button))
        elif text.startswith("/") and re.fullmatch(r"\S{7}", code):
            await hand.press_on(hand.page.locator("nav a[href='/arenden']"))
            await hand.press_on(hand.page.locator("main a", has_text=code))
            await hand.page.wait_for_selector("body[data-page=case]")
            await self._player.look(hand)
            button = hand.page.locator(f"button[name=tryck][value='{text}']")
            if not await button.count():
                raise Cannot(f"nothing on the case's page does {text}")
            await hand.answers(button)
        else:
            raise Cannot(f"{text!r} can be typed nowhere")

    def presses(self, label: str) -> list[Screen]:
        self._player.server.chromium.run(self._presses(self.here, label))
        return []

    async def _presses(self, hand: Hand, label: str) -> None:
        for line in (line for seen in reversed(await hand.messages()) for line in seen.lines):
            if label in (f"☐ {line['name']}", f"☑ {line['name']}"):
                await hand.ticks(line, "on" if label.startswith("☐") else "off")
                return
            order = [state for state, _ in line["states"]]
            if len(order) > 1 and label == standing(line):
                await hand.ticks(line, order[(order.index(line["now"]) + 1) % len(order)])
                return
        before = await hand.newest()
        if label.startswith("Kopiera") and label in before.buttons:
            return  # the browser copies by itself, and tells nobody; whether it does is tried elsewhere
        await hand.taps(label)

    def presses_again(self, label: str) -> list[Screen]:
        raise Cannot("what is gone from the page cannot be pressed")

    def gets(self, leaving: Sequence[Leaving]) -> list[Screen]:
        """Time has passed: the session may have ended with it."""
        self._player.server.chromium.run(self._after_time())
        return []

    async def _after_time(self) -> None:
        if self.hand is not None:
            await self.signs_in()


class BrowserPlayer(Player):
    """Plays a transcript by tapping what a person sees.

    On a page a whole list is ticked before anything is sent, where Telegram has a screen after each press. So after
    a press on a line only the page is held against the transcript, as after every other action; nothing has been sent.

    :param server: the chat, without PINs.
    :param way: how the people come.
    :param name: of the pictures.
    :ivar faults: what was wrong with the pages.
    """

    channel = WEB

    def __init__(self, server: Server, way: Way, name: str) -> None:
        super().__init__()
        self.server = server
        self.way = way
        self.faults: list[str] = []
        self._name = name
        self._shots = itertools.count(1)

    def new_phone(self, desk: Desk, address: str) -> BrowserPhone:
        return BrowserPhone(self, desk, address)

    def end(self) -> None:
        self.server.close()
        super().end()

    async def look(self, hand: Hand) -> None:
        """Look at the page as it stands."""
        self.faults += await hand.looks(f"{self._name}-{next(self._shots):02}")

    def play(self, text: str) -> Played:
        """Play it to its end; every screen on the way is held against what is on the page.

        :returns: the records, and where pages or records differ.
        """
        played = Played()
        wanted: list[str] = []
        try:
            for action, answers in _turns(read(text)):
                before = self._shown(action)
                self._act(action)
                shots = [answer for answer in answers if answer.word == "bot:"]
                wanted += [_as_expected(answer) for answer in answers if answer.word == "post:"]
                if shots:
                    self.faults += self._held_against(action, [_as_expected(shot) for shot in shots], before)
            held = list(self._the_store().records())
            given = sum(line.word == "givet:" for line in read(text))
            posted = [self._posted(envelope, held) for envelope in held[given:]]
            played.envelopes = held
            if posted != wanted:
                self.faults.append("\n".join(["records differ", *posted, "where the transcript has", *wanted]))
        finally:
            self.end()
        played.differences = "\n".join(self.faults)
        return played

    def _shown(self, action: Line) -> list[tuple[tuple[str, ...], Counter[str]]]:
        """What is on the page before somebody does something there."""
        if not action.word.startswith("jag"):
            return []
        phone = self._phone()
        assert isinstance(phone, BrowserPhone)
        return [seen.as_a_transcript for seen in self.server.chromium.run(phone.here.messages())]

    def _held_against(self, action: Line, blocks: Sequence[str], before: Sequence[Any]) -> list[str]:
        """The page must show what the transcript has, and nothing new besides; the newest is where the focus goes."""
        phone = self._phone()
        assert isinstance(phone, BrowserPhone)
        hand = phone.here
        self.server.chromium.run(self.look(hand))
        seen = self.server.chromium.run(hand.messages())
        notices = self.server.chromium.run(hand.notices())
        shown = [one.as_a_transcript for one in seen]
        expected = [as_expected(block) for block in blocks]
        missing = [one for one in expected if one not in shown and one[0] not in [(words,) for words in notices]]
        fresh = [one for one in shown if one not in before and one not in expected]
        last = [one for one in expected if one in shown][-1:]
        wrong = [f"line {action.number} has {words} {dict(labels)}" for words, labels in missing]
        wrong += [f"line {action.number} brings besides {words} {dict(labels)}" for words, labels in fresh]
        if last and [one.as_a_transcript for one in seen if one.newest] != last:
            wrong.append(f"line {action.number}: the newest is not where the focus goes")
        return wrong
