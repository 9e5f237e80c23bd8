"""How fast the parts are: `make bench`. In the ordinary run each is played once, so that they stay true."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from bot.desk import Desk
from bot.phone import CHANNEL, Phone
from dialogs.policy import Policy
from dialogs.records import CaseFact, TalkHeld
from dialogs.registry import DIALOGS
from dialogs.samtal import DIALOG
from state import ids
from state.session import Engine
from state.store import Store
from tests.talk import MONDAY, OURS, a_world


def test_the_engine_takes_a_press(benchmark: BenchmarkFixture) -> None:
    engine, world = Engine([DIALOG]), a_world()
    session = engine.start(DIALOG.id, "s1", world).session
    assert session is not None

    def press() -> str:
        return engine.press(session, 1, OURS, world).screen.text

    assert OURS in benchmark(press)


def test_the_desk_records_a_talk_durably(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """Four updates, each saved before it is handled: eight commits to an encrypted file with synchronous=FULL."""
    store = Store(tmp_path / "ovning.db", bytes(32))
    desk = Desk(store, DIALOGS, policy=Policy(), practice=True, now=lambda: MONDAY, source=ids.Seeded(1))
    with store.transaction():
        store.add_person(role="samordnare", district="Farsta", channel=CHANNEL, address="1", now=MONDAY)
        for record in (CaseFact(case=OURS, fact="group", value="young_adult"), TalkHeld.from_payload(HELD)):
            store.append(record, desk.store.people(CHANNEL)[0], MONDAY)
    count = itertools.count(1)
    phone = Phone(desk, "1", lambda: next(count))

    def talk() -> str:
        phone.says("/samtal")
        phone.presses(OURS)
        phone.presses("Nej, personen kom inte")
        return phone.presses("Spara")[-1].text

    assert "Sparat" in benchmark(talk)
    store.close()


HELD = {"case": OURS, "held": "yes", "occurred_on": "2026-11-02", "mode": "meeting", "held_by": "self"}


def test_the_load_scenario_fits_the_dialog(tmp_path: Path) -> None:
    """`tools/bench` would measure people who are stuck, if its labels were not those of the dialog."""
    steps = json.loads((Path(__file__).parent.parent / "tools" / "bench-scenario.json").read_text("utf-8"))
    store = Store(tmp_path / "ovning.db", bytes(32))
    desk = Desk(store, DIALOGS, policy=Policy(), practice=True, now=lambda: MONDAY, source=ids.Seeded(1))
    with store.transaction():
        store.add_person(role="samordnare", district="Farsta", channel=CHANNEL, address="1", now=MONDAY)
    count = itertools.count(1)
    phone = Phone(desk, "1", lambda: next(count))
    for step in steps:
        (screen,) = phone.says(step["send"]) if "send" in step else phone.presses(step["tap"].strip("^$"))
        wanted = step["expect"]
        if "text" in wanted:
            assert wanted["text"] in screen.text, step["name"]
        else:
            assert any(re.search(wanted["button"], button.label) for button in screen.buttons), step["name"]
    store.close()
