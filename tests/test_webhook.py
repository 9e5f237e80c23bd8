"""Updates over a webhook: who may bring them, what is no update, and that what was answered 200 is never lost.

`lots run` stands behind a proxy that ends TLS, so a test may be that proxy. Where the Bot API server brings the
updates itself, the same program listens on plain HTTP (``tests.bringing``).
"""

from __future__ import annotations

import asyncio
import hmac
import http.client
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.telegram.webhook import LARGEST_UPDATE, PATH, SECRET_HEADER, Webhook
from tests import bringing
from tests.botapi import BotApi, User
from tests.bringing import SECRET
from tests.conftest import assert_nothing_broke
from tests.running import (
    CASE,
    GROUP,
    HELD,
    HELP,
    READ_BACK,
    SAVED,
    WELCOME,
    Lots,
    free_port,
    names_a_new_case,
    presses,
    says,
    sees,
    walks,
)

pytestmark = pytest.mark.process

NOBODY = "https://127.0.0.1:9"
"""A public address that nothing comes from: the test brings the updates."""


class Proxy:
    """What stands between Telegram and the program."""

    def __init__(self, lots: Lots, port: int) -> None:
        self.lots = lots
        self.port = port

    def asks(
        self, body: bytes | None, *, secret: str | bytes | None = SECRET, method: str = "POST", path: str = PATH
    ) -> int:
        """One request; gives the status."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            line.request(method, path, body, {} if secret is None else {SECRET_HEADER: secret})
            return line.getresponse().status
        finally:
            line.close()

    def brings(self, update: int) -> int:
        """What a person did, as Telegram has it."""
        return self.asks(json.dumps(self.lots.api._history[update]).encode())


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A program that the tests share, and what brings it updates."""
    port = free_port()
    webhook = {"LOTS_PUBLIC_URL": NOBODY, "LOTS_WEBHOOK_SECRET": SECRET, "LOTS_WEB_PORT": str(port)}
    with BotApi.serving() as api, Lots(api, tmp_path_factory.mktemp("webhook") / "lots", **webhook) as lots:
        lots.start(ready="setWebhook")
        assert api.calls_of("setWebhook")[0] == {
            "url": f"{NOBODY}{PATH}",
            "secret_token": SECRET,
            "allowed_updates": ["message", "edited_message", "callback_query"],
            "drop_pending_updates": False,
        }
        yield Proxy(lots, port)
        assert lots.stop() == 0
        assert_nothing_broke(lots)
        assert SECRET not in lots.log()


@pytest.fixture
def joins(proxy: Proxy) -> Callable[[int], User]:
    """Brings a new invited person."""

    def one(id_: int) -> User:
        user = proxy.lots.api.user(id_)
        assert proxy.brings(user.says(proxy.lots.invitation())) == 200
        sees(user, WELCOME)
        user.settles()
        return user

    return one


# ── who may bring, and what ──────────────────────────────────────────────────────────────────────────────────

STRANGERS: dict[str, str | bytes | None] = {
    "another secret": "another-secret-0123456789",
    "the beginning of it": SECRET[:-1],
    "more than it": f"{SECRET}0",
    "in other letters": SECRET.upper(),
    "an empty one": "",
    "none": None,
    "bytes that are no text": b"\xff\xfe\x80",
}


@pytest.mark.parametrize("who", STRANGERS)
def test_whoever_does_not_say_the_secret_is_refused_and_nothing_is_stored(proxy: Proxy, who: str) -> None:
    body = json.dumps({"update_id": 1, "message": {"message_id": 1}}).encode()
    before = proxy.lots.rows("SELECT count(*) FROM inbox")
    assert proxy.asks(body, secret=STRANGERS[who]) == 403
    assert proxy.asks(b"nonsense", secret=STRANGERS[who]) == 403, "the secret comes first"
    assert proxy.lots.rows("SELECT count(*) FROM inbox") == before


def test_the_secret_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison is the standard library's, and its answer is the one that counts."""
    compared: list[tuple[bytes, bytes, bool]] = []
    real = hmac.compare_digest

    def watched(said: bytes, secret: bytes) -> bool:
        compared.append((said, secret, real(said, secret)))
        return compared[-1][2]

    monkeypatch.setattr("bot.telegram.webhook.hmac.compare_digest", watched)
    received: list[dict[str, Any]] = []
    port = free_port()
    hook = Webhook(f"http://127.0.0.1:{port}", SECRET, "127.0.0.1", port)

    async def receive(raw: dict[str, Any]) -> None:
        received.append(raw)

    async def asking() -> list[int]:
        async with hook.listening(receive), ClientSession() as session:
            said = [{SECRET_HEADER: "wrong"}, {}, {SECRET_HEADER: SECRET}]
            return [(await session.post(hook.url, json={"update_id": 1}, headers=one)).status for one in said]

    assert asyncio.run(asking()) == [403, 403, 200]
    assert compared == [
        (b"wrong", SECRET.encode(), False),
        (b"", SECRET.encode(), False),
        (SECRET.encode(), SECRET.encode(), True),
    ]
    assert received == [{"update_id": 1}]
    assert SECRET not in repr(hook)


NO_UPDATES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "no JSON": (b"hej", 400),
    "bytes that are no text": (b"\xff\xfe\x80", 400),
    "half of it": (b'{"update_id": 1', 400),
    "a list": (b"[1]", 400),
    "a nest without end": (b"[" * 200_000, 400),
    "no number": (b'{"message": {}}', 400),
    "a number that is a text": (b'{"update_id": "1"}', 400),
    "a number that the store has no room for": (b'{"update_id": 1%s}' % (b"0" * 30), 400),
    "a number below nothing": (b'{"update_id": -1}', 400),
    "more than a megabyte": (b" " * (LARGEST_UPDATE + 1), 413),
    "an update of no kind": (b'{"update_id": 1}', 200),
    "an odd message": (b'{"update_id": 2, "message": {"from": {"id": 1}, "chat": null}}', 200),
}


@pytest.mark.parametrize("what", NO_UPDATES)
def test_what_is_no_update_is_refused_and_the_next_is_served(
    proxy: Proxy, joins: Callable[[int], User], what: str
) -> None:
    """An update that is odd inside is confirmed, or it would come again for ever; nothing of it is stored."""
    body, status = NO_UPDATES[what]
    before = proxy.lots.rows("SELECT count(*) FROM inbox")
    assert proxy.asks(body) == status
    assert proxy.lots.rows("SELECT count(*) FROM inbox") == before
    anna = joins(1000 + list(NO_UPDATES).index(what))
    assert proxy.brings(anna.says("/hjalp")) == 200
    sees(anna, HELP)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", PATH, 405), ("PUT", PATH, 405), ("POST", "/", 404), ("GET", "/", 404)]
)
def test_there_is_one_door(proxy: Proxy, method: str, path: str, status: int) -> None:
    assert proxy.asks(b'{"update_id": 1}' if method != "GET" else None, method=method, path=path) == status


def test_an_update_that_is_brought_again_counts_nothing_twice(proxy: Proxy, joins: Callable[[int], User]) -> None:
    anna = joins(900)
    updates = [anna.says("/samtal")]
    for label, until in (("Nytt ärende", CASE), ("SIG unga", GROUP), ("Ja", HELD), ("Spara", READ_BACK)):
        assert proxy.brings(updates[-1]) == 200
        sees(anna, until)
        updates.append(anna.presses(label))
    assert proxy.brings(updates[-1]) == 200
    saved = sees(anna, SAVED)
    anna.settles()
    calls = len(proxy.lots.api.calls)
    assert [proxy.brings(update) for update in updates] == [200] * len(updates)
    proxy.lots.rests(anna)
    assert len(proxy.lots.api.calls) == calls
    assert anna.screen() == saved
    assert len(proxy.lots.records(author=anna)) == 3, "the case, its group and the talk"


# ── 200 means that it is kept ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def port() -> int:
    return free_port()


def test_killed_right_after_the_answer(lots: Lots, port: int) -> None:
    """The update is in the inbox and nobody has handled it; the next start does."""
    lots.start()
    anna = lots.invited(lots.api.user(7))
    assert lots.stop() == 0
    lots.start(entry=bringing.entry(port, dies=True), ready="setWebhook")
    assert lots.process is not None
    update = anna.says("/samtal")
    lots.process.wait(10)
    lots.did(update)  # answered 200 before it died
    assert lots.rows("SELECT handled_at FROM inbox WHERE update_id = ?", update) == [(None,)]
    assert lots.rows("SELECT count(*) FROM session") == [(0,)]
    lots.start(entry=bringing.entry(port), ready="setWebhook")
    sees(anna, CASE)
    assert lots.api.deliveries(update) == 1
    names_a_new_case(anna)
    assert lots.stop() == 0


def test_while_the_store_is_held_by_another_the_answer_is_no(lots: Lots, port: int) -> None:
    """503 is no answer that Telegram takes: it brings the update again, and then it is kept."""
    lots.start(entry=bringing.entry(port), ready="setWebhook")
    anna = lots.invited(lots.api.user(7))
    with lots.store() as store, store.transaction():
        update = anna.says("/samtal")
        lots.api.wait_until(lambda: "503" in _trouble(lots.api), timeout=30)
    assert not lots.api.confirmed(update)
    sees(anna, CASE, timeout=30)
    assert lots.api.deliveries(update) >= 2
    names_a_new_case(anna)
    assert lots.rows("SELECT count(*) FROM session") == [(1,)]
    assert lots.stop() == 0


def _trouble(api: BotApi) -> str:
    return str(api._get_webhook_info().get("last_error_message"))


def test_between_fetching_and_bringing_no_update_is_lost(lots: Lots, port: int) -> None:
    """What people do while nobody listens waits at Telegram, whichever way it comes then."""
    lots.start()
    anna = lots.invited(lots.api.user(7))
    assert lots.stop() == 0
    updates = [anna.says("/samtal")]
    lots.start(entry=bringing.entry(port), ready="setWebhook")
    sees(anna, CASE)
    updates.append(anna.presses("Nytt ärende"))
    sees(anna, GROUP)
    anna.settles()
    assert lots.stop() == 0
    updates.append(anna.presses("SIG unga vuxna"))
    lots.api.wait_until(lambda: "failed" in _trouble(lots.api))
    lots.start()
    sees(anna, HELD)
    walks(anna, ("Ja", READ_BACK), ("Spara", SAVED))
    lots.api.redeliver(updates[0])
    lots.api.redeliver(updates[1])
    lots.did(anna.says("/hjalp"))
    assert lots.stop() == 0
    for update in updates:
        assert lots.rows("SELECT count(*) FROM inbox WHERE update_id = ?", update) == [(1,)]
    assert [one.kind for one in lots.records(author=anna)] == ["case_opened", "case_fact", "talk_held"]
    assert lots.rows("SELECT count(*) FROM session") == [(0,)]


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────

GOOD = {"LOTS_PUBLIC_URL": "https://lots.example", "LOTS_WEBHOOK_SECRET": SECRET}
BAD = {
    "a secret and no address": ({"LOTS_WEBHOOK_SECRET": SECRET}, "LOTS_PUBLIC_URL"),
    "an address without TLS": (GOOD | {"LOTS_PUBLIC_URL": "http://lots.example"}, "LOTS_PUBLIC_URL"),
    "no address at all": (GOOD | {"LOTS_PUBLIC_URL": "lots.example"}, "LOTS_PUBLIC_URL"),
    "a short secret": (GOOD | {"LOTS_WEBHOOK_SECRET": "kort"}, "LOTS_WEBHOOK_SECRET"),
    "a long secret": (GOOD | {"LOTS_WEBHOOK_SECRET": "x" * 257}, "LOTS_WEBHOOK_SECRET"),
    "a secret with a space": (GOOD | {"LOTS_WEBHOOK_SECRET": "only for the tests 0123"}, "LOTS_WEBHOOK_SECRET"),
    "a secret with an å": (GOOD | {"LOTS_WEBHOOK_SECRET": "hemligheten-är-lång"}, "LOTS_WEBHOOK_SECRET"),
    "a port that is none": (GOOD | {"LOTS_WEB_PORT": "https"}, "LOTS_WEB_PORT"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_webhook_that_cannot_be_is_said_clearly(lots: Lots, what: str) -> None:
    environment, named = BAD[what]
    lots.env |= environment
    ended = lots.run("run")
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"L200: {named}")
    secret = environment["LOTS_WEBHOOK_SECRET"]
    assert secret not in ended.stdout + ended.stderr
    assert lots.api.calls == []


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.1"])
def test_a_port_that_is_taken_or_an_address_of_others_is_said_clearly(lots: Lots, tmp_path: Path, host: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        lots.env |= GOOD | {"LOTS_WEB_HOST": host, "LOTS_WEB_PORT": taken, "LOTS_TRUSTED_PROXY": "192.0.2.7"}
        ended = lots.run("run")
    assert ended.returncode == 2
    line = ended.stderr.splitlines()[-1]
    assert line.startswith("L200: LOTS_WEB_HOST and LOTS_WEB_PORT:")
    assert f"{host}:{taken}" in line
    assert "Traceback" not in ended.stderr
    assert lots.api.calls_of("setWebhook") == [], "Telegram still has the way that was there before"


def test_the_way_back_to_fetching_is_to_leave_the_secret_out(lots: Lots) -> None:
    lots.start(LOTS_PUBLIC_URL="https://lots.example")
    anna = lots.invited(lots.api.user(7))
    says(anna, "/samtal", CASE)
    presses(anna, "Nytt ärende", GROUP)
    assert lots.api.calls_of("setWebhook") == []
    assert lots.api.calls_of("deleteWebhook") == [{"drop_pending_updates": False}]
