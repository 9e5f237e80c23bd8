"""The web chat as a process: `lots run` that is killed, and `lots try` as somebody runs it the first time."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import ClientError

from tests import dying
from tests.running import BANNER, ENTRY, Lots, command, environment, free_port
from tests.test_web_chat import PIN, a_talk
from tests.web_phone import DANGER, Browser, Site

pytestmark = pytest.mark.process

DIES_WITH_THE_INBOX = """
import os, signal
from bot.front import Front
take_in = Front.take_in
def dies(self, channel, updates):
    take_in(self, channel, updates)
    os.kill(os.getpid(), signal.SIGKILL)
Front.take_in = dies
from bot.cli import main
main(["run"], prog_name="lots")
"""
"""`lots run`, but a power cut comes right after what somebody did is on the disk, and before anything is made of it."""


class WebLots(Lots):
    """An installation with the web chat and no token."""

    def __init__(self, data_dir: Path) -> None:
        self.port = free_port()
        self.data_dir = data_dir
        self.env = environment(data_dir, LOTS_WEB_PORT=str(self.port), LOTS_LOG_LEVEL="DEBUG")
        data_dir.mkdir(parents=True)
        self.log_file = data_dir.parent / "web.log"
        self.process = None
        self.may_fail = False

    def serves(self, entry: tuple[str, ...] = (*ENTRY, "run")) -> None:
        """Start, and wait until the port answers; a program that has died before that is as good."""
        self.launch(entry=entry)
        ends = time.monotonic() + 15
        while not self.has_ended():
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            assert time.monotonic() < ends, self.log()
            time.sleep(0.02)  # a port cannot be waited for


@pytest.fixture
def running(tmp_path: Path) -> Iterator[WebLots]:
    """An installation, not started."""
    with WebLots(tmp_path / "lots") as lots:
        yield lots


@pytest.fixture
def site() -> Iterator[Site]:
    """Where a browser looks."""
    with Site() as looked_at:
        yield looked_at


def before_saving(lots: WebLots, site: Site) -> Browser:
    """Somebody who has answered everything and has not pressed Spara yet."""
    lots.serves()
    anna = Browser(site.visits(lots.port))
    anna.opens(f"/in/{lots.invitation().removeprefix('/start ')}")
    anna.submits()
    anna.submits(pin=PIN, igen=PIN)
    for label in ("Registrera samtal", "Nytt ärende", "SIG unga vuxna", "Ja"):
        anna.presses(label)
    assert anna.newest.lines[0] == "Stämmer det här?"
    assert lots.stop() == 0
    return anna


def saves_in_spite_of(lots: WebLots, anna: Browser, entry: tuple[str, ...]) -> int:
    """Press Spara while the program dies, and press it again when it is there again; how often it had to be pressed."""
    form = next(f for f in anna.page.all("form") if any(b.text == "Spara" for b in f.all("button")))
    lots.serves(entry)
    with suppress(ClientError):
        anna.submits(form, "Spara")
    lots.kill()
    lots.serves()
    anna.opens("/")
    pressed = 1
    if anna.newest.lines[0] == "Stämmer det här?":
        anna.submits(form, "Spara")  # the browser offers to send the form once more
        pressed = 2
    saved = [held.lines[0] for held in anna.messages.values() if held.lines[0].startswith("Sparat i ")]
    assert len(saved) == 1, [held.lines for held in anna.messages.values()]
    assert [one.kind for one in lots.records()] == ["case_opened", "case_fact", "talk_held"]
    anna.submits(form, "Spara")
    assert len(lots.records("talk_held")) == 1, "the form once more stores nothing more"
    return pressed


def test_what_was_in_the_inbox_when_the_program_was_killed_is_answered_once(running: WebLots, site: Site) -> None:
    """The power goes between the commit of what somebody pressed and anything that comes of it."""
    anna = before_saving(running, site)
    entry = (sys.executable, "-c", DIES_WITH_THE_INBOX)
    assert saves_in_spite_of(running, anna, entry) == 1, "nobody has to press again"
    assert not [line for line in running.log_lines() if line.get("event") in ("UpdateFailed", "PageFailed")]


@pytest.mark.kill
@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("at", range(1, 9))
def test_nothing_is_lost_or_stored_twice_at_any_transaction(running: WebLots, site: Site, at: int, phase: str) -> None:
    """From the start of the program over the press to the page that shows it."""
    saves_in_spite_of(running, before_saving(running, site), dying.entry(at, phase))


# ── lots try ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_try_takes_somebody_from_one_line_to_a_saved_talk(tmp_path: Path, site: Site) -> None:
    """No token, no set-up, a taken port: an address, a talk, and Ctrl-C. A token that is there is left alone."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        env = environment(
            tmp_path / "lots",
            LOTS_WEB_PORT=port,
            LOTS_TELEGRAM_TOKEN="1:nobody-knows-it",
            LOTS_TELEGRAM_BASE_URL="http://127.0.0.1:9/bot",
            LOTS_TELEGRAM_MODE="dorrklocka",
            LOTS_PUBLIC_URL="https://lots.example.se",
            PYTHONUNBUFFERED="1",
        )
        refused = command("--web-port", port, "try", env=env)
        assert refused.returncode == 2
        assert port in refused.stderr
        with subprocess.Popen([*ENTRY, "try"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                said = process.stdout.readline().decode()
                link = re.search(r"http://127\.0\.0\.1:(\d+)(/in/\w+)", said)
                assert link is not None, said
                assert link[1] != port
                assert "övning" in process.stdout.readline().decode()
                anna = Browser(site.visits(int(link[1])))
                anna.opens(link[2])
                anna.submits()
                assert anna.path == "/", "nobody is asked for a PIN"
                a_talk(anna)
                anna.opens("/arenden")
                cases = [node.attrs["href"] for node in anna.page.one("main").all("a")]
                assert len(cases) >= 3, "there is something to see"
                for path in (*cases, "/finns-inte", "/logga-in", link[2]):
                    anna.opens(path)
                shown = [one for one in site.answers if one.status != 303]
                assert all(one.page.one(klass="practice").text == BANNER for one in shown)
                assert all(DANGER in one.page.lines for one in shown)
                thief = Browser(site)
                thief.opens(link[2])
                assert thief.submits().status == 422, "the link is good once"
            finally:
                process.send_signal(signal.SIGINT)
            rest, wrong = process.communicate(timeout=10)
        assert process.returncode == 0
        assert rest.decode().strip() == "Slut. Det du har svarat finns kvar."
        assert wrong == b""


INTERRUPTED = """
import signal
import bot.practice
from bot.cli import main

prepare = bot.practice.prepare

def interrupted(*known):
    signal.raise_signal(signal.SIGINT)
    return prepare(*known)

bot.practice.prepare = interrupted
main()
"""
"""The program, in which somebody presses Ctrl-C while the practice cases are being made up."""


def test_who_leaves_before_there_is_anything_to_see_is_let_go(tmp_path: Path) -> None:
    env = environment(tmp_path / "lots", LOTS_WEB_PORT=str(free_port()))
    left = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, "try"], env=env, capture_output=True, text=True, timeout=30, check=False
    )
    assert (left.returncode, left.stdout, left.stderr) == (0, "Slut. Det du har svarat finns kvar.\n", "")
    assert command("records", "--json", env=env).stdout == "", "no half of a case is left"
