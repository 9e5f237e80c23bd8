"""Takes the README's pictures of the web chat: a made-up town on a fixed day, in Chromium, on a phone.

What is in them is the practice store's, which holds no real person, and the practice banner stands on each.
"""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Browser, Page, async_playwright

from bot.desk import Desk
from bot.listening import listening
from bot.practice import prepare
from bot.settings import load
from bot.web.server import Web
from dialogs.answers import DONE, EVERYTHING, NEW_CASE
from dialogs.policy import Policy
from dialogs.registry import DIALOGS
from state.ids import Seeded
from state.store import Store

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
MOST_BYTES = 80_000


class Camera:
    """Walks through the chat and takes pictures.

    :param page: the page.
    :param folder: where the pictures go.
    """

    def __init__(self, page: Page, folder: Path) -> None:
        self._page = page
        self._folder = folder

    async def presses(self, *values: str) -> None:
        """Press buttons of the newest message by what they carry; each time what comes is waited for.

        :param values: what the buttons carry.
        """
        for value in values:
            mark = await self._page.locator("li.message").last.get_attribute("data-mark")
            await self._page.locator(f"li.message button[name=tryck][value='{value}']").last.click()
            await self._page.wait_for_function(
                "(mark) => [...document.querySelectorAll('li.message')].pop().dataset.mark !== mark", arg=mark
            )

    async def chooses(self, line: str, state: str) -> None:
        """Choose where a line of a list stands.

        :param line: what the line carries.
        :param state: one of its states.
        """
        await self._page.locator(f"label:has(input[name='rad:{line}'][value='{state}'])").click()

    async def takes(self, name: str) -> None:
        """Take a picture of what is on the screen.

        :param name: of the file.
        :raises ValueError: it is too large for a README.
        """
        await self._page.mouse.move(0, 0)
        await self._page.evaluate("() => document.activeElement.blur()")
        await self._page.evaluate("() => document.getAnimations().forEach((one) => one.finish())")
        path = self._folder / f"{name}.png"
        await self._page.screenshot(path=path, animations="disabled", caret="hide")
        if (size := path.stat().st_size) > MOST_BYTES:
            raise ValueError(f"{path}: {size} bytes, at most {MOST_BYTES}")
        print(path.relative_to(ROOT))


async def _walk(browser: Browser, address: str, code: str, minor: str) -> None:
    context = await browser.new_context(
        base_url=address,
        viewport={"width": 360, "height": 740},
        color_scheme="light",
        reduced_motion="reduce",
        locale="sv-SE",
    )
    page = await context.new_page()
    camera = Camera(page, PICTURES)
    await page.goto(f"/in/{code}")
    await page.get_by_role("button", name="Logga in").click()
    await page.wait_for_selector("body[data-page=chat]")
    await camera.takes("meny")
    await camera.presses("/samtycke", NEW_CASE, "young_adult", "21_29", "given")
    for party, state in (("school", "given"), ("kaa_jobbtorg", "given"), ("health_care", "refused")):
        await camera.chooses(party, state)
    await page.evaluate("() => document.getElementById('nu').closest('li').scrollIntoView()")
    await camera.takes("fraga")
    await camera.presses(DONE, "given", "meeting", EVERYTHING, "owed")
    await page.evaluate("() => document.querySelector('.message:last-child .after').scrollIntoView()")
    await camera.takes("kontroll")
    await page.goto("/arenden")
    await page.locator("main a", has_text=minor).click()
    await page.wait_for_selector("body[data-page=case]")
    await page.evaluate("() => document.querySelector('table').closest('section').scrollIntoView()")
    await camera.takes("arende")
    await context.close()


async def _pictures(store: Store, now: datetime, folder: Path) -> None:
    source = Seeded(6)
    desk = Desk(store, DIALOGS, policy=Policy(), practice=True, now=lambda: now, source=source)
    me = prepare(store, now)
    with store.transaction():
        code = store.invite(role=me.role, district=me.district, expires_at=now.replace(hour=23), person=me.id)
    asked = [entry for entry in store.records() if entry.kind == "consent_asked"]
    minor = str(asked[-1].record.payload()["case"])
    web = Web(replace(load({}, data_dir=str(folder)), web_port=0), desk, without_pin=True)
    web.chats.start()
    found = subprocess.run([ROOT / "tools" / "chromium"], capture_output=True, text=True, check=True)  # noqa: ASYNC221
    async with async_playwright() as playwright, listening(web.application(), "127.0.0.1", 0) as port:
        browser = await playwright.chromium.launch(
            executable_path=found.stdout.strip(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--force-color-profile=srgb"],
        )
        await _walk(browser, f"http://127.0.0.1:{port}", code, minor)
        await browser.close()


def main() -> None:
    """Take them all."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as name:
        folder = Path(name)
        now = datetime(2026, 11, 23, 14, 5, tzinfo=load({}, data_dir=name).zone)
        with closing(Store(None, bytes(32), Seeded(6))) as store:
            asyncio.run(_pictures(store, now, folder))


if __name__ == "__main__":
    main()
