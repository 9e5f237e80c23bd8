"""The web chat in a real browser: every dialog from end to end, and people with thumbs, keyboards and bad luck."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route

from dialogs.records import AccessGiven
from dialogs.registry import BY_ID
from state.screen import Screen
from tests.browser import (
    DESKTOP,
    PHONE,
    WAYS,
    WITHOUT_SCRIPT,
    BrowserPlayer,
    Chromium,
    Hand,
    House,
    Seen,
    Server,
    Way,
    chromium,
    house,
    until,
)
from tests.running import BANNER, ENTRY, command, environment, free_port
from tests.test_arende import a_triage
from tests.web_phone import DANGER

__all__ = ["chromium", "house"]

pytestmark = pytest.mark.browser

TRANSCRIPTS = Path(__file__).parent / "transcripts"
PLAYED = {
    "samtal": "skal-motiverad",
    "hotbild": "nytt-arende",
    "samtycke": "vuxen-med-fler-parter",
    "aterkalla": "fel-dag",
    "delning": "samtycket-tacker",
    "ratta": "installt-i-forvag-blev-av",
    "uppgifter": "fel-manad",
    "stangning": "skapat-av-misstag",
    "kopia": "vet-inte",
    "remiss": "mottagen-och-alla-vet",
    "avvisat": "fel-mottagare",
    "kollega": "bada-lamnar",
}
"""The transcript that a dialog is played from: one with lists, typed answers or a slip, where the dialog has such."""

PIN = "482915"


# ── every dialog ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_dialog_is_played() -> None:
    assert set(PLAYED) == set(BY_ID)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
@pytest.mark.parametrize("dialog", sorted(PLAYED))
def test_a_dialog_from_end_to_end(chromium: Chromium, dialog: str, way: Way) -> None:
    """The pages show what the transcript has, the same is kept, and nothing is wrong with any page on the way."""
    server = Server(chromium, without_pin=True)
    player = BrowserPlayer(server, way, f"{dialog}-{PLAYED[dialog]}")
    played = player.play((TRANSCRIPTS / dialog / f"{PLAYED[dialog]}.txt").read_text(encoding="utf-8"))
    assert played.differences == ""
    assert played.envelopes
    assert server.faults == []


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def comes(house: House, way: Way = PHONE, **more: Any) -> Hand:
    """Somebody new: the link of an invitation, a PIN chosen, and the chat is there."""
    context = await house.context(way, **more)
    hand = Hand(house, await context.new_page(), way)
    before = {person.id for person in house.store.people()}
    await hand.page.goto(house.invites())
    await hand.press_on(hand.page.get_by_role("button", name="Logga in"))
    await hand.page.wait_for_selector("body[data-page=pin]")
    (hand.person,) = [person for person in house.store.people() if person.id not in before]
    await hand.page.locator("#pin").fill(PIN)
    await hand.page.locator("#igen").fill(PIN)
    await hand.press_on(hand.page.get_by_role("button", name="Spara pinkoden"))
    await hand.page.wait_for_selector("body[data-page=chat]")
    return hand


async def unlocks(hand: Hand) -> None:
    """Types the PIN where it is asked for."""
    await hand.page.locator("#pin").fill(PIN)
    await hand.press_on(hand.page.locator("form.typed button.main"))
    await hand.page.wait_for_selector("body[data-page=chat]")


async def walks(hand: Hand, *labels: str) -> None:
    """Presses one button after the other."""
    for label in labels:
        await hand.taps(label)


TO_THE_READ_BACK = ("Registrera samtal", "Nytt ärende", "SIG unga vuxna", "Ja")


SEEN = """(id) => {
  const box = document.getElementById(id).getBoundingClientRect();
  return document.elementFromPoint(box.left + 2, box.top + box.height / 2)?.id === id;
}"""
"""Whether an element is on the screen and nothing covers it."""

UNCOVERED = """(words) => [...document.querySelectorAll("#nu :is(h2, p)")]
  .filter((one) => one.textContent.includes(words)).some((one) => {
    const box = one.getBoundingClientRect();
    return one.contains(document.elementFromPoint(box.left + 2, box.top + box.height / 2));
  })"""
"""Whether words of the newest message are on the screen and nothing covers them."""


async def another_tab(hand: Hand) -> Hand:
    """The same person in the same browser."""
    tab = Hand(hand.server, await hand.page.context.new_page(), hand.way, hand.person)
    await tab.goes()
    return tab


# ── with a keyboard only ─────────────────────────────────────────────────────────────────────────────────────────

HELD = """() => {
  const node = document.activeElement;
  const named = node.labels && node.labels.length ? node.labels[0] : node;
  const shown = [node, ...(node.labels || [])].some((one) => {
    const style = getComputedStyle(one);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  return {
    words: named.textContent.replace(/\\s+/g, " ").trim(), id: node.id, name: node.name || "", shown,
    group: (node.closest("fieldset")?.querySelector("legend")?.textContent ?? "").trim(),
    live: node.closest("[aria-live], [role=status], [role=alert], [role=log]") !== null,
  };
}"""


class Keyboard:
    """Somebody who has no mouse: everything that has the focus shows that it has it."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self.page = hand.page

    async def tabs_to(self, words: str, group: str = "") -> None:
        """Tab until the focus is on what has these words; it may not take longer than a page is long."""
        for _ in range(80):
            await self.page.keyboard.press("Tab")
            held = await self.page.evaluate(HELD)
            assert held["shown"], f"one cannot see that the focus is on {held}"
            if (held["words"] == words and held["group"] in (group, "")) or (group and held["group"] == group):
                return
        raise AssertionError(f"Tab never comes to {words or group}")

    async def presses(self, words: str, key: str = "Enter") -> None:
        """Press a button; the focus is then on what comes, which a screen reader reads once, as what has the focus."""
        told = await self.hand.notices()
        await self.tabs_to(words)
        before = self.hand.server.posts
        await self.page.keyboard.press(key)
        await self.hand.settles(before)
        held = await self.page.evaluate(HELD)
        assert held["id"] == "nu", held
        assert not held["live"], "it would be read twice: as what has the focus, and as what has changed"
        assert await self.hand.notices() == told, "nothing is said besides"
        name = (await self.page.locator("#nu").aria_snapshot()).splitlines()[0]
        asked = await self.page.locator("#nu h2").all_text_contents()
        assert len(asked) <= 1
        assert all(" ".join(question.split()) in " ".join(name.split()) for question in asked), name


def test_a_whole_talk_with_a_keyboard_only(house: House) -> None:
    async def story() -> None:
        hand = await comes(house, DESKTOP)
        keys = Keyboard(hand)
        await keys.presses("Samtycke")
        await keys.presses("Nytt ärende", "Space")
        await keys.presses("SIG unga vuxna")
        await keys.presses("21–29 år")
        await keys.presses("Ja")
        await keys.tabs_to("", "Jobbtorg och KAA")
        await hand.page.keyboard.press("ArrowRight")
        assert (await hand.page.evaluate(HELD))["words"] == "Ja"
        await keys.presses("Klar")
        await keys.presses("Ja")
        await keys.presses("Muntligt på möte", "Space")
        for words in ("Att det är frivilligt", "Vilka uppgifter det gäller"):
            await keys.tabs_to(words)
            await hand.page.keyboard.press("Space")
        await keys.presses("Klar")
        await keys.presses("Ja, lämnas senare")
        read_back = await hand.words()
        assert "Jobbtorg och KAA: ja" in read_back
        await keys.presses("Spara")

    house.run(story())
    assert "consent_asked" in house.kinds()


def test_a_typed_answer_is_sent_with_enter(house: House) -> None:
    async def story() -> None:
        hand = await comes(house, DESKTOP)
        await walks(hand, *TO_THE_READ_BACK, "Spara", "Registrera samtal")
        keys = Keyboard(hand)
        await keys.tabs_to("Skriv ärendets kod")
        before = house.posts
        await hand.page.keyboard.type("kanske")
        await hand.page.keyboard.press("Enter")
        await hand.settles(before)
        assert (await hand.page.evaluate(HELD))["id"] == "nu"

    house.run(story())


# ── thumbs and bad luck ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("way", [PHONE, WITHOUT_SCRIPT], ids=lambda way: way.name)
def test_a_double_tap_saves_once(house: House, way: Way) -> None:
    async def story() -> None:
        hand = await comes(house, way)
        await walks(hand, *TO_THE_READ_BACK)
        before = house.posts
        await (await hand.button("Spara")).dblclick()
        await hand.settles(before)
        await hand.goes()
        assert "Sparat i" in "\n".join(one for seen in await hand.messages() for one in seen.words)

    house.run(story())
    assert house.kinds().count("talk_held") == 1


@pytest.mark.parametrize("way", [PHONE, WITHOUT_SCRIPT], ids=lambda way: way.name)
def test_the_browsers_back_button_repeats_nothing(house: House, way: Way) -> None:
    """No page that back leads to shows the question anew: each is fetched again, and the dialog is over."""

    async def story() -> None:
        hand = await comes(house, way)
        await walks(hand, *TO_THE_READ_BACK, "Spara")
        await hand.page.go_back()
        assert await hand.page.locator("button[value='!save']").count() == 0
        await hand.goes()
        assert "Sparat i" in "\n".join(one for seen in await hand.messages() for one in seen.words)

    house.run(story())
    assert house.kinds().count("talk_held") == 1


def test_two_tabs_are_one_talk(house: House) -> None:
    async def story() -> None:
        hand = await comes(house)
        tab = await another_tab(hand)
        await walks(hand, "Registrera samtal", "Nytt ärende")
        await tab.is_fresh()
        assert await tab.words() == await hand.words()
        await tab.taps("SIG unga vuxna")
        await hand.is_fresh()
        assert "Blev samtalet av?" in await hand.words()

    house.run(story())


def test_a_stale_tab_without_script_changes_nothing(house: House) -> None:
    async def story() -> None:
        hand = await comes(house, WITHOUT_SCRIPT)
        await walks(hand, "Registrera samtal", "Nytt ärende")
        tab = await another_tab(hand)
        await hand.taps("SIG unga vuxna")
        await tab.taps("SIG unga")
        assert "Blev samtalet av?" in await tab.words(), "an old button gives the question that counts"
        await walks(tab, "Ja", "Spara")

    house.run(story())
    (group,) = [one.record.payload() for one in house.store.records() if one.kind == "case_fact"]
    assert group["value"] == "young_adult"


@pytest.mark.parametrize("way", [PHONE, WITHOUT_SCRIPT], ids=lambda way: way.name)
def test_reload_in_the_middle(house: House, way: Way) -> None:
    async def story() -> None:
        hand = await comes(house, way)
        await walks(hand, "Registrera samtal", "Nytt ärende", "SIG unga vuxna")
        before = await hand.newest()
        await hand.page.reload()
        after = await hand.newest()
        assert (after.words, after.buttons) == (before.words, before.buttons)
        await walks(hand, "Ja", "Spara")

    house.run(story())
    assert house.kinds().count("talk_held") == 1


def test_after_five_minutes_the_page_hides_itself(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody touches it: it is the server that says so, and the PIN brings the same question back."""
    monkeypatch.setattr("bot.web.live.BEAT", 0.1)

    async def story() -> None:
        hand = await comes(house)
        await walks(hand, "Registrera samtal", "Nytt ärende")
        question = await hand.words()
        code = re.findall(r"Ö\w\w-\w\w\w", question)[0]
        house.passes(minutes=4, seconds=59)
        await asyncio.sleep(0.3)
        assert code in await hand.page.content()
        house.passes(seconds=1)
        await hand.page.wait_for_selector("body[data-page=locked]")
        assert code not in await hand.page.content()
        assert DANGER in await hand.page.inner_text("body")
        assert await hand.looks("locked") == []
        await hand.page.go_back()
        assert code not in await hand.page.content()
        await hand.goes()
        await unlocks(hand)
        assert await hand.words() == question

    house.run(story())


TO_THE_LIST = ("Samtycke", "Nytt ärende", "SIG unga vuxna", "21–29 år", "Ja")
HIDES, SHOWS = (
    f"""() => {{
  Object.defineProperty(document, "visibilityState", {{ value: "{state}", configurable: true }});
  document.dispatchEvent(new Event("visibilitychange"));
}}"""
    for state in ("hidden", "visible")
)
"""A telephone that is put away, and taken up again."""
SLOW = """() => {
  window.swift = window.fetch;
  window.fetch = async (...asked) => {
    const response = await window.swift(...asked);
    if (asked[0] === "/svar") await new Promise((letGo) => { window.letGo = letGo; });
    return response;
  };
}"""
"""An answer that is long on its way."""

SOON = "Sidan låser sig snart. Tryck på en knapp om du är kvar."


def stands(seen: Seen) -> list[str]:
    """Where the lines of a list stand."""
    return [str(line["now"]) for line in seen.lines]


@pytest.mark.parametrize("how", ["soon", "hidden"])
def test_what_is_ticked_is_there_after_the_lock(house: House, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Nothing was sent: the page keeps the list by itself, and the list goes on from there."""
    monkeypatch.setattr("bot.web.live.BEAT", 0.1)

    async def story() -> None:
        hand = await comes(house)
        await walks(hand, *TO_THE_LIST)
        lines = (await hand.newest()).lines
        async with hand.page.expect_response("**/har"):
            await hand.ticks(lines[0], "given")
        await hand.ticks(lines[1], "refused")
        before = house.posts
        if how == "soon":
            house.passes(minutes=4, seconds=30)
            await hand.page.wait_for_function(
                "(words) => document.getElementById('notiser').innerText === words", arg=SOON
            )
        else:
            await hand.page.evaluate(HIDES)
        await hand.settles(before)
        assert stands(await hand.newest())[:3] == ["given", "refused", "not_asked"]
        held = await hand.page.evaluate("() => [document.activeElement.name, document.activeElement.value]")
        assert held == [f"rad:{lines[1]['value']}", "refused"], "the focus is where it was"
        assert await hand.notices() == ([SOON] if how == "soon" else [])
        house.passes(minutes=5)
        if how == "hidden":
            await hand.page.evaluate(SHOWS)
        await hand.page.wait_for_selector("body[data-page=locked]")
        await unlocks(hand)
        assert stands(await hand.newest())[:3] == ["given", "refused", "not_asked"]
        await walks(hand, "Klar", "Ja", "Muntligt på möte", "Allt det här", "Ja, lämnas senare")
        assert lines[0]["name"].removeprefix("Får vi prata med ") + ": ja" in await hand.words()

    house.run(story())


def test_a_list_that_has_been_kept_goes_on(house: House) -> None:
    """What is ticked after it was kept is there too, and its buttons are those of the question as it stands now."""

    async def story() -> None:
        hand = await comes(house)
        await walks(hand, *TO_THE_LIST)
        lines = (await hand.newest()).lines
        async with hand.page.expect_response("**/har"):
            await hand.ticks(lines[0], "given")
        await hand.page.evaluate(SLOW)
        before = house.posts
        await hand.page.evaluate(HIDES)
        await hand.ticks(lines[1], "refused")
        await hand.ticks(lines[0], "not_asked")
        await hand.page.wait_for_function("() => window.letGo")
        await hand.page.evaluate("() => { window.fetch = window.swift; window.letGo(); }")
        await hand.settles(before)
        assert stands(await hand.newest())[:2] == ["not_asked", "refused"]
        await walks(hand, "Klar", "Ja", "Muntligt på möte", "Allt det här", "Ja, lämnas senare")
        read_back = await hand.words()
        assert f"{lines[1]['name']}: nej" in read_back
        assert f"{lines[0]['name']}: ja" not in read_back

    house.run(story())


def test_whoever_ticks_now_and_then_is_not_locked_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes over one list, with nothing sent."""
    monkeypatch.setattr("bot.web.live.BEAT", 0.1)

    async def story() -> None:
        hand = await comes(house)
        await walks(hand, *TO_THE_LIST)
        line = (await hand.newest()).lines[0]
        for minute in range(10):
            house.passes(minutes=1)
            await hand.page.clock.set_fixed_time(house.now)
            async with hand.page.expect_response("**/har"):
                await hand.ticks(line, "refused" if minute % 2 else "given")
        await asyncio.sleep(0.3)
        assert await hand.page.get_attribute("body", "data-page") == "chat"
        assert stands(await hand.newest())[0] == "refused"

    house.run(story())


@pytest.mark.parametrize("way", [PHONE, WITHOUT_SCRIPT], ids=lambda way: way.name)
def test_the_ways_at_the_foot_of_the_page_lose_nothing(house: House, way: Way) -> None:
    """Each of them in the middle of a dialog; the question waits as it was."""

    async def story() -> None:
        hand = await comes(house, way)
        await walks(hand, "Registrera samtal", "Nytt ärende", "SIG unga vuxna")
        question = await hand.page.locator("#nu h2").inner_text()

        async def asks_the_same() -> None:
            await hand.page.wait_for_selector("body[data-page=chat]")
            assert await hand.page.locator("#nu h2").inner_text() == question

        async def presses(name: str, *, lang: str) -> None:
            before = house.posts
            await hand.press_on(hand.page.locator("footer").get_by_role("button", name=name))
            await until(lambda: house.posts > before)
            await hand.page.wait_for_selector(f"html[lang={lang}] body[data-page=chat]")
            await hand.is_fresh()
            if way.script:
                await hand.page.wait_for_function("() => document.activeElement.id === 'nu'")

        await presses("Hjälp", lang="sv")
        told = hand.page.locator("#nu .notice")
        assert "Den här chatten är inget larm." in await told.inner_text()
        assert await told.locator("a[href='tel:112']").count() >= 1
        await asks_the_same()
        assert await hand.looks("help-in-a-dialog") == []
        await presses("Change language", lang="en")
        assert await hand.page.locator("#nu h2").inner_text() not in ("", question)
        await presses("Byt språk", lang="sv")
        await asks_the_same()
        ways = hand.page.locator("footer .ways")
        await hand.press_on(ways.get_by_role("link", name="Ny webbläsare"))
        await hand.page.wait_for_selector("body[data-page=browser]")
        await hand.press_on(hand.page.get_by_role("link", name="Chatt"))
        await asks_the_same()
        await hand.press_on(ways.get_by_role("link", name="Logga ut"))
        await hand.page.wait_for_selector("body[data-page=sign_out]")
        assert await hand.looks("sign-out") == []
        await hand.press_on(hand.page.get_by_role("link", name="Tillbaka"))
        await asks_the_same()
        await hand.press_on(ways.get_by_role("link", name="Logga ut"))
        await hand.press_on(hand.page.locator(".page").get_by_role("button", name="Lås"))
        await hand.page.wait_for_selector("body[data-page=locked]")
        await hand.press_on(hand.page.get_by_role("link", name="Logga ut"))
        await hand.page.wait_for_selector("body[data-page=sign_out]")
        assert await hand.page.get_by_role("button", name="Lås").count() == 0
        assert await hand.looks("sign-out-locked") == []
        await hand.press_on(hand.page.get_by_role("link", name="Tillbaka"))
        await unlocks(hand)
        await asks_the_same()
        await presses("Hjälp", lang="sv")
        await hand.answers(hand.page.locator("#nu").get_by_role("button", name="/dolj"))
        assert await hand.words() == "Tryck på Fortsätt när du vill gå vidare."
        await hand.taps("Fortsätt")
        await asks_the_same()
        await hand.press_on(ways.get_by_role("link", name="Logga ut"))
        await hand.press_on(hand.page.get_by_role("button", name="Logga ut"))
        await hand.page.wait_for_selector("body[data-page=sign_in]")

    house.run(story())


async def told_of(hand: Hand, selector: str) -> tuple[str, str]:
    """The name and the description that a screen reader gets of an element."""
    cdp = await hand.page.context.new_cdp_session(hand.page)
    found = await cdp.send("Runtime.evaluate", {"expression": f"document.querySelector({json.dumps(selector)})"})
    tree = await cdp.send(
        "Accessibility.getPartialAXTree", {"objectId": found["result"]["objectId"], "fetchRelatives": False}
    )
    (node,) = tree["nodes"]
    name, description = (str(node.get(part, {}).get("value", "")) for part in ("name", "description"))
    return name, description


def test_a_refusal_is_told_with_the_question(house: House) -> None:
    async def story() -> None:
        hand = await comes(house)
        await walks(hand, *TO_THE_READ_BACK, "Spara", "Registrera samtal")
        assert await told_of(hand, "#nu") == ("Vilket ärende gäller det?", "")
        assert await hand.page.locator("#nu .notice, [aria-invalid]").count() == 0
        await hand.types("kanske")
        refusal = " ".join((await hand.page.locator("#nu .notice").inner_text()).split())
        assert refusal
        name, description = await told_of(hand, "#nu")
        assert name == "Vilket ärende gäller det?"
        assert " ".join(description.split()) == refusal
        _name, description = await told_of(hand, "#nu ~ form.typed input[name=text]")
        assert " ".join(description.split()) == refusal
        assert await hand.page.locator("#nu ~ form.typed input[name=text]").get_attribute("aria-invalid") == "true"
        assert await hand.looks("refusal") == []

    house.run(story())


THROUGH_A_THREAT = (
    *("Hot och säkerhet", "Ja", "Gå vidare med frågorna", "Personen i ärendet", "Nytt ärende", "15–17 år", "Farsta"),
    *("Nej", "Nej", "Ja", "Skydd behövs inte nu", "Nej", "Spara"),
)


def test_numbers_can_be_rung_at_once_and_are_no_page_to_keep(house: House) -> None:
    """The links that ring stand right under the words, 112 first; the next dialog leaves one menu at most open."""

    async def story() -> None:
        house.passes(days=4, hours=6)  # on a Friday evening
        hand = await comes(house)
        await walks(hand, *THROUGH_A_THREAT[:-1])
        assert await hand.page.evaluate(BROKEN, ".pairs span") == [], "beside each other, or under each other"
        await hand.page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
        broken = await hand.page.evaluate(BROKEN, ".pairs span")
        assert [word for word in broken if len(word) <= 12] == [], "with letters twice as large"
        await hand.page.reload()
        await walks(hand, *THROUGH_A_THREAT[-1:])
        numbers = hand.page.locator("#nu + form.choices > a")
        assert await numbers.first.get_attribute("href") == "tel:112"
        assert "main" in str(await numbers.first.get_attribute("class"))
        assert await hand.page.locator("#nu .sos a[href='tel:112']").count() >= 1
        copying = hand.page.locator("#nu + form.choices details button")
        assert await copying.count() >= 1
        assert not await copying.first.is_visible()
        assert await hand.looks("threat-saved") == []
        await walks(hand, "Registrera samtal")
        assert await hand.page.locator("li.message button[value='/samtal']:visible").count() == 0
        for link in await hand.page.locator("footer a[href^='tel:']").all():
            box = await link.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 44, "by a thumb, in a hurry"
        await hand.press_on(hand.page.locator("footer").get_by_role("button", name="Change language"))
        await hand.page.wait_for_selector("html[lang=en] body[data-page=chat]")
        words, tops = await hand.page.evaluate(LINES, "footer .danger")
        assert [line for line in words if re.match(r"\W", line)] == [], "no line begins with a full stop"
        assert min((b - a for a, b in itertools.pairwise(tops)), default=44) >= 44, "nor are two in one another's way"

    house.run(story())


LINES = """(selector) => {
  const walker = document.createTreeWalker(document.querySelector(selector), NodeFilter.SHOW_TEXT);
  const lines = new Map();
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    for (let at = 0; at < text.data.length; at += 1) {
      const range = document.createRange();
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      const top = Math.round(range.getBoundingClientRect().top);
      lines.set(top, (lines.get(top) ?? "") + text.data[at]);
    }
  }
  return [[...lines.values()].map((words) => words.trim()), [...lines.keys()]];
}"""
"""The lines that words stand in, and how far down."""

BROKEN = """(selector) => {
  document.body.style.fontFamily = "DejaVu Sans";
  document.body.style.letterSpacing = "0.03em";
  return [...document.querySelectorAll(selector)].flatMap((span) => {
    const text = span.firstChild;
    return text.nodeType !== Node.TEXT_NODE ? [] : [...text.data.matchAll(/[^ ]+/g)].filter((word) => {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      return new Set([...range.getClientRects()].map((box) => box.top)).size > 1;
    }).map((word) => word[0]);
  });
}"""


def test_no_word_of_a_list_is_broken_on_a_narrow_phone(house: House) -> None:
    async def story() -> None:
        hand = await comes(house)
        await walks(hand, *TO_THE_LIST)
        assert await hand.page.evaluate(BROKEN, ".states span") == [], "with letters that are wide"
        assert await hand.looks("wide-letters", closely=False) == []

    house.run(story())


@pytest.mark.parametrize("way", [PHONE, WITHOUT_SCRIPT], ids=lambda way: way.name)
@pytest.mark.parametrize("how", ["ended", "gone"])
def test_a_cookie_that_expires_in_the_middle(house: House, way: Way, how: str) -> None:
    """The next press leads to the PIN, and then the same question waits; nothing of the press is kept."""

    async def story() -> None:
        hand = await comes(house, way)
        await walks(hand, "Registrera samtal", "Nytt ärende", "SIG unga vuxna")
        question = await hand.words()
        button = await hand.button("Ja")
        if how == "ended":
            house.passes(hours=12)
        else:
            await hand.page.context.clear_cookies(name="lots")
        await hand.press_on(button)
        await hand.page.wait_for_selector("body[data-page=sign_in]")
        assert DANGER in await hand.page.inner_text("body")
        assert await hand.looks(f"sign-in-{how}") == []
        await unlocks(hand)
        shown = await hand.words()
        if "Fortsätta?" in shown:
            await hand.taps("Fortsätt")
            shown = await hand.words()
        assert shown == question
        await walks(hand, "Ja", "Spara")

    house.run(story())
    assert house.kinds().count("talk_held") == 1
    house.faults[:] = [fault for fault in house.faults if "403" not in fault]  # /live says so, and the console tells


SCRIPT = "<img src=/ut onerror=\"document.title='ran'\"><script>document.title='ran'</script>{{7*7}}"


@pytest.mark.parametrize("way", [PHONE, WITHOUT_SCRIPT], ids=lambda way: way.name)
def test_script_in_typed_text_is_only_text(house: House, way: Way) -> None:
    async def story() -> None:
        hand = await comes(house, way)
        await walks(hand, *TO_THE_READ_BACK, "Spara", "Registrera samtal")
        title = await hand.page.title()
        await hand.types(SCRIPT)
        assert await hand.page.title() == title
        assert await hand.page.locator("main img, main script").count() == 0
        assert "49" not in await hand.words()
        await hand.goes("/arenden")
        await hand.page.locator("#kod").fill(SCRIPT)
        await hand.press_on(hand.page.locator("form.typed button"))
        await hand.page.wait_for_selector("#fel")
        assert await hand.page.locator("main img, main script").count() == 0
        assert await hand.looks("cases-fault") == []

    house.run(story())
    house.faults[:] = [
        fault for fault in house.faults if "422" not in fault
    ]  # a form that is put right, in the console


@pytest.mark.parametrize(
    ("length", "why"),
    [(10_000, "more than an answer can be"), (70_000, "more than a form may be")],
    ids=["10,000", "70,000"],
)
def test_a_pasted_novel(house: House, length: int, why: str) -> None:
    async def story() -> None:
        hand = await comes(house, WITHOUT_SCRIPT)
        await walks(hand, *TO_THE_READ_BACK, "Spara", "Registrera samtal")
        form = hand.page.locator("li.message form.typed").last
        await form.locator("input[name=text]").fill("å" * length)
        before = house.posts
        await hand.press_on(form.locator("button"))
        await until(lambda: house.posts > before)
        await hand.page.wait_for_function("() => document.body.innerText.includes('Det var för långt')")
        assert "å" * 100 not in await hand.page.inner_text("body"), why
        await hand.goes()
        assert "Vilket ärende gäller det?" in await hand.words()

    house.run(story())
    house.faults[:] = [fault for fault in house.faults if "413" not in fault]


def test_without_contact_what_was_typed_stays(house: House) -> None:
    async def story() -> None:
        hand = await comes(house)
        await walks(hand, *TO_THE_READ_BACK, "Spara", "Registrera samtal")
        form = hand.page.locator("li.message form.typed").last
        await form.locator("input[name=text]").fill("ÖK7")
        await hand.page.context.set_offline(True)
        await hand.press_on(form.locator("button"))
        await hand.page.wait_for_selector("#notiser p")
        assert await hand.notices() == ["Ingen kontakt. Det är osäkert om svaret kom fram. Försök igen."]
        assert await form.locator("input[name=text]").input_value() == "ÖK7"
        await hand.page.context.set_offline(False)
        before = house.posts
        await hand.press_on(form.locator("button"))
        await hand.settles(before)
        assert "Ingen kontakt. Det är osäkert om svaret kom fram. Försök igen." not in await hand.notices()

    house.run(story())
    house.faults[:] = [fault for fault in house.faults if "ERR_INTERNET_DISCONNECTED" not in fault]


def test_a_slow_answer_is_told_of_and_the_pressed_button_is_seen(house: House) -> None:
    async def story() -> None:
        hand = await comes(house)
        await hand.page.clock.install()
        arrives = asyncio.Event()

        async def slowly(route: Route) -> None:
            await arrives.wait()
            await route.continue_()

        await hand.page.route("**/svar", slowly)
        before = house.posts
        await hand.press_on(await hand.button("Registrera samtal"))
        sent = hand.page.locator("button.sent")
        assert await sent.inner_text() == "Registrera samtal"
        await hand.page.clock.fast_forward(1400)
        assert await hand.notices() == []
        await hand.page.clock.fast_forward(200)
        assert await hand.notices() == ["Ditt svar skickas."]
        assert await hand.looks("slow", closely=False) == []
        arrives.set()
        await hand.settles(before)
        assert await hand.notices() == []
        assert await sent.count() == 0
        assert await hand.page.title() == "Fråga 1 av 2 – Lots"

    house.run(story())


def test_what_could_not_be_fetched_is_fetched_with_the_next_sign_of_life(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store was busy as the page looked; nothing else happens that would make it look again."""
    monkeypatch.setattr("bot.web.live.BEAT", 0.1)

    async def story() -> None:
        hand = await comes(house)
        turned_away: list[str] = []

        async def is_busy(route: Route) -> None:
            turned_away.append(route.request.url)
            await route.fulfill(status=503, body="")

        await hand.page.route("**/", is_busy, times=1)
        assert hand.person is not None
        person = hand.person.id
        with house.store.transaction():
            number = house.store.next_chat_message(person)
            house.store.save_chat(person, {number: Screen(text="Det här är nytt", rows=()).as_json()})
        house.web.live.changed(person)
        await hand.page.get_by_text("Det här är nytt").wait_for()
        assert len(turned_away) == 1

    house.run(story())
    house.faults[:] = [fault for fault in house.faults if "status of 503" not in fault]


def test_a_network_that_swallows_everything_is_found_out(house: House) -> None:
    """A computer that has slept, a router that has forgotten: nothing is closed, and nothing comes any more."""

    async def story() -> None:
        async with swallowing(house) as network:
            hand = await comes(house)
            await hand.page.clock.install()
            await hand.page.goto(f"http://127.0.0.1:{network.port}/")
            await until(lambda: network.asked("/live") == 1)
            network.swallows()
            assert hand.person is not None
            house.web.live.changed(hand.person.id)
            await hand.page.clock.run_for(30_000)
            assert network.asked("/live") == 1, "it may be only slow"
            for _try in range(9):  # each may take a connection that is just as dead
                if network.asked("/live") > 1:
                    break
                await hand.page.clock.run_for(30_000)
                await asyncio.sleep(0.2)
            await until(lambda: network.asked("/live") > 1)

    house.run(story())
    house.faults[:] = [fault for fault in house.faults if "a request to" not in fault]  # the network has its own port


class Network:
    """What lies between a browser and the program; it can swallow what is under way, and take new calls.

    :ivar port: where the browser finds it.
    """

    def __init__(self, to: int) -> None:
        self.port = 0
        self._to = to
        self._first_lines: list[str] = []
        self._swallowed = 0

    def asked(self, path: str) -> int:
        """How often an address was asked for."""
        return sum(line.startswith(f"GET {path} ") for line in self._first_lines)

    def swallows(self) -> None:
        """From now on nothing comes through on what is open already."""
        self._swallowed += 1

    async def takes(self, reads: asyncio.StreamReader, writes: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", self._to)
        ways = [self._goes(reads, here, asks=True), self._goes(there, writes, asks=False)]
        await asyncio.gather(*ways, return_exceptions=True)

    async def _goes(self, reads: asyncio.StreamReader, writes: asyncio.StreamWriter, *, asks: bool) -> None:
        then = self._swallowed
        try:
            while some := await reads.read(1 << 16):
                if asks:
                    self._first_lines.append(some.partition(b"\r\n")[0].decode("latin1"))
                if then == self._swallowed:
                    writes.write(some)
                    await writes.drain()
        finally:
            writes.close()


@asynccontextmanager
async def swallowing(house: House) -> AsyncIterator[Network]:
    """A network before the program, until the block ends."""
    network = Network(int(house.address.rpartition(":")[2]))
    async with await asyncio.start_server(network.takes, "127.0.0.1", 0) as served:
        network.port = served.sockets[0].getsockname()[1]
        yield network


def test_what_a_colleague_saves_shows_without_reload(house: House) -> None:
    async def story() -> None:
        anna, bo = await comes(house), await comes(house, DESKTOP)
        await walks(anna, *TO_THE_READ_BACK, "Spara")
        (code,) = house.store.latest_cases(anna.person.id if anna.person else "", 1)
        await anna.taps("Registrera samtal")
        await anna.taps(code)
        tab = await another_tab(anna)
        await tab.goes("/arenden")
        await tab.press_on(tab.page.locator("main a", has_text=code))
        await tab.page.wait_for_selector("body[data-page=case]")
        assert await tab.looks("case") == []
        await tab.press_on(tab.page.get_by_role("link", name="Vad vill du göra?"))
        assert await tab.page.evaluate(SEEN, "gor"), "what can be done in the case is one press away"
        before = await tab.page.inner_text("main")
        for page in (anna.page, tab.page):
            await page.evaluate("() => { window.stays = true }")
        house.passes(minutes=1)
        with house.store.transaction():
            assert anna.person is not None
            assert bo.person is not None
            house.store.append(AccessGiven(case=code, person=bo.person.id), anna.person, house.now)
        await bo.taps("Samtycke")
        await bo.types(code)
        await walks(
            bo, "21–29 år", "Ja", "Klar", "Ja", "Muntligt på möte", "Allt det här", "Ja, lämnas senare", "Spara"
        )
        await anna.page.wait_for_function(
            "(code) => document.getElementById('notiser').innerText.includes(code)", arg=code
        )
        assert [f"En kollega har sparat i {code}" in one for one in await anna.notices()] == [True]
        await tab.page.wait_for_function("(before) => document.querySelector('main').innerText !== before", arg=before)
        await tab.page.wait_for_function("() => document.querySelector('#s-consent td[data-status]') !== null")
        for page in (anna.page, tab.page):
            assert await page.evaluate("() => window.stays"), "the page was loaded anew"
        assert await tab.looks("case-after") == []

    house.run(story())


def test_a_reminder_shows_without_reload_and_takes_nothing_away(house: House) -> None:
    """One is at a question, the other at the menu."""

    async def story() -> None:
        anna, bo = await comes(house), await comes(house, DESKTOP)
        await walks(anna, *TO_THE_READ_BACK, "Spara")
        assert anna.person is not None
        assert bo.person is not None
        (code,) = house.store.latest_cases(anna.person.id, 1)
        await walks(anna, "Registrera samtal", code, "Ja")
        question = await anna.page.inner_text("#nu h2")
        for page in (anna.page, bo.page):
            await page.evaluate("() => { window.stays = true }")
        an_hour_ago = house.now - timedelta(hours=1)
        with house.store.transaction():
            house.store.append(AccessGiven(case=code, person=bo.person.id), anna.person, an_hour_ago)
            due = {"triaged_at": an_hour_ago.isoformat("T", "minutes"), "due_at": an_hour_ago.isoformat("T", "minutes")}
            house.store.append(a_triage(case=code, urgency="now", **due), anna.person, an_hour_ago)
        assert house.web is not None
        house.web.sweep()
        for hand in (anna, bo):
            await hand.page.wait_for_function(
                "(code) => document.getElementById('nu').innerText.includes(`Påminnelse om ärende ${code}`)", arg=code
            )
            assert await hand.page.locator("#nu .sos a[href='tel:112']").count() == 1
            assert await hand.page.evaluate("() => window.stays"), "the page was loaded anew"
        assert await anna.page.inner_text("#nu h2") == question
        assert await anna.looks("reminder-at-a-question") == []
        assert await bo.looks("reminder-at-the-menu") == []
        for hand in (anna, bo):
            await hand.press_on(hand.page.get_by_role("button", name="Visa", exact=True))
            assert await hand.page.evaluate(UNCOVERED, f"Påminnelse om ärende {code}"), "it can be read"
            assert (await hand.page.evaluate(HELD))["id"] == "nu"
            assert await hand.notices() == []
        await bo.taps("Följ remissen")
        await bo.page.wait_for_selector("#nu h2")
        await walks(anna, "Ja, ett till", "Spara")
        assert house.kinds().count("talk_held") == 2

    house.run(story())


def test_a_copy_button_copies_just_its_piece(house: House) -> None:
    async def story() -> None:
        hand = await comes(house)
        await hand.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=house.address)
        await walks(hand, *TO_THE_READ_BACK, "Spara", "Visa journaltext")
        assert hand.person is not None
        held: dict[int, Screen] = house.web.chats.messages(hand.person)
        pieces = [button for screen in held.values() for button in screen.buttons if button.copy is not None]
        assert pieces
        for piece in pieces:
            await hand.press_on(await hand.button(piece.label))
            await hand.page.wait_for_function("() => document.getElementById('notiser').innerText === 'Kopierat'")
            assert await hand.page.evaluate("() => navigator.clipboard.readText()") == piece.copy

    house.run(story())


# ── the browser's own settings ───────────────────────────────────────────────────────────────────────────────────

LIGHTNESS = """() => {
  const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).map(Number);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}"""
MOVES = """() => [...document.querySelectorAll("*")].filter((node) => {
  const style = getComputedStyle(node);
  const longest = (times) => Math.max(...times.split(",").map((time) => parseFloat(time)));
  return longest(style.transitionDuration) > 0.01 || longest(style.animationDuration) > 0.01
    || style.scrollBehavior === "smooth";
}).map((node) => node.localName + "." + node.className)"""


def test_dark_is_dark_and_less_motion_is_none(house: House) -> None:
    async def story() -> None:
        light = await comes(house, color_scheme="light")
        dark = await comes(house, color_scheme="dark", reduced_motion="reduce")
        assert await light.page.evaluate(LIGHTNESS) > 0.8
        assert await dark.page.evaluate(LIGHTNESS) < 0.2
        await walks(dark, "Registrera samtal", "Nytt ärende")
        assert await dark.page.evaluate(MOVES) == []
        await dark.page.emulate_media(contrast="more")
        lines = "() => getComputedStyle(document.querySelector('.said.bot')).borderTopColor"
        ink = "() => getComputedStyle(document.body).color"
        assert await dark.page.evaluate(lines) == await dark.page.evaluate(ink)

    house.run(story())


def test_it_can_stand_on_the_home_screen_and_leaves_nothing_behind(house: House) -> None:
    async def story() -> None:
        hand = await comes(house)
        await walks(hand, *TO_THE_READ_BACK, "Spara", "Visa journaltext")
        told = await hand.page.context.new_cdp_session(hand.page)
        manifest = await told.send("Page.getAppManifest")
        assert manifest["errors"] == []
        held = json.loads(manifest["data"])
        assert (held["start_url"], held["display"], held["lang"]) == ("/", "standalone", "sv")
        sizes = {icon["sizes"] for icon in held["icons"]}
        assert "512x512" in sizes
        for icon in held["icons"]:
            came = await hand.page.request.get(icon["src"])
            assert came.ok
            assert came.headers["content-type"] == icon["type"]
        missing = [one["errorId"] for one in (await told.send("Page.getInstallabilityErrors"))["installabilityErrors"]]
        assert set(missing) <= {"in-incognito"}, "nothing else keeps it from being installed"
        kept = await hand.page.evaluate("""async () => [
          localStorage.length, sessionStorage.length,
          (await caches.keys()).length, (await indexedDB.databases()).length,
          (await navigator.serviceWorker.getRegistrations()).length]""")
        assert kept == [0, 0, 0, 0, 0]

    house.run(story())


def test_the_pages_at_the_door_hold_too(house: House) -> None:
    """An invitation, a used one, the PIN's page, the page of what is not there; the danger line stands on each."""

    async def story() -> None:
        faults: list[str] = []
        for way in (PHONE, DESKTOP):
            context = await house.context(way)
            hand = Hand(house, await context.new_page(), way)

            async def look(name: str, hand: Hand = hand) -> None:
                assert DANGER in await hand.page.inner_text("body"), name
                assert BANNER in await hand.page.inner_text("body"), name
                faults.extend(await hand.looks(f"door-{name}"))

            await hand.goes("/logga-in")
            await look("sign-in")
            await hand.goes("/finns-inte")
            await look("not-there")
            link = house.invites()
            await hand.page.goto(link)
            await look("invited")
            await hand.press_on(hand.page.get_by_role("button", name="Logga in"))
            await hand.page.wait_for_selector("body[data-page=pin]")
            await look("pin")
            await hand.page.locator("#pin").fill("123456")
            await hand.page.locator("#igen").fill("123456")
            await hand.press_on(hand.page.get_by_role("button", name="Spara pinkoden"))
            await hand.page.wait_for_selector("#fel")
            await look("pin-fault")
            assert (await hand.page.evaluate(HELD))["id"] == "pin", "what is wrong is told with the field it is about"
            assert await hand.page.locator("[aria-invalid=true][aria-describedby=fel]").count() == 2
            await hand.page.context.clear_cookies()
            await hand.page.goto(link)
            await hand.press_on(hand.page.get_by_role("button", name="Logga in"))
            await hand.page.wait_for_selector("#fel")
            await look("used")
            assert (await hand.page.evaluate(HELD))["id"] == "kod"
        assert faults == []

    house.run(story())
    house.faults[:] = [fault for fault in house.faults if not re.search(r"status of (404|422)", fault)]


# ── a stranger, from the command line on ─────────────────────────────────────────────────────────────────────────


@pytest.fixture
def tried(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[str], Path]]:
    """``lots try`` as it is started by a newcomer: the address that it prints, and the program."""
    folder = tmp_path / "lots"
    with subprocess.Popen(
        [*ENTRY, "try"], env=environment(folder, LOTS_WEB_PORT=str(free_port())), stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        link = program.stdout.readline().strip().rsplit(" ", 1)[-1]
        yield link, program, folder
        program.kill()


WANTED = (
    "Spara",
    "Visa hela",
    "Nytt ärende",
    "SIG unga vuxna",
    "21–29 år",
    "18–20 år",
    "Allt det här",
    "Muntligt på möte",
    "Ja, lämnas senare",
    "Klar",
)
"""What a stranger presses, the first of these that is there; else what they were told to answer."""


async def finishes(page: Page, first: str, *, otherwise: tuple[str, ...]) -> str:
    """Goes through a dialog by what is on the buttons; gives the last words."""

    async def presses(label: str) -> None:
        newest = page.locator("li.message").last
        mark = await newest.get_attribute("data-mark")
        await newest.get_by_role("button", name=label, exact=True).tap()
        await page.wait_for_function(
            "(mark) => [...document.querySelectorAll('li.message')].pop().dataset.mark !== mark", arg=mark
        )

    await presses(first)
    for _ in range(25):
        newest = page.locator("li.message").last
        labels = [text.strip() for text in await newest.locator("button[name=tryck]").all_text_contents()]
        words = await newest.locator(".said").inner_text()
        if words.startswith("Sparat"):
            return words
        label = next((label for label in (*WANTED, *otherwise) if label in labels), None)
        assert label is not None, (words, labels)
        await presses(label)
    raise AssertionError("it never came to an end")


def test_a_stranger_finishes_a_talk_a_consent_and_a_triage(
    chromium: Chromium, tried: tuple[str, subprocess.Popen[str], Path]
) -> None:
    link, program, folder = tried

    async def story() -> None:
        context = await chromium.browser.new_context(**PHONE.options)
        page = await context.new_page()
        page.set_default_timeout(10_000)
        await page.goto(link)
        await page.get_by_role("button", name="Logga in").tap()
        await page.wait_for_selector("body[data-page=chat]")
        assert BANNER in await page.inner_text("body")
        assert "Sparat i" in await finishes(page, "Registrera samtal", otherwise=("Ja",))
        assert "Sparat i" in await finishes(page, "Samtycke", otherwise=("Ja",))
        assert "Sparat i" in await finishes(page, "Hot och säkerhet", otherwise=("Nej", "Personen", "Vet inte"))
        await context.close()

    chromium.run(story())
    program.send_signal(signal.SIGINT)
    assert program.wait(10) == 0
    told = command("records", "--json", env=environment(folder))
    kinds = [json.loads(line)["kind"] for line in told.stdout.splitlines()]
    last = [kind for kind in kinds if kind in ("talk_held", "consent_asked", "threat_triaged")][-3:]
    assert last == ["talk_held", "consent_asked", "threat_triaged"]
