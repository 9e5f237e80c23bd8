"""`lots run` as a whole: the web chat, the doorbell and the webhook in one process, on one port, behind a proxy."""

from __future__ import annotations

import http.client
import json
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.botapi import BotApi
from tests.running import Lots, free_port

pytestmark = pytest.mark.process

PUBLIC = "https://lots.example.se"
SECRET = "only-for-the-tests-0123456789"
PROXY = {"Host": "lots.example.se", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
"""What the proxy in front says: the address is one of those that are kept for documents (RFC 5737)."""
TELEGRAM = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"}


class Installation(Lots):
    """An installation whose web chat listens on a port of its own."""

    def __init__(self, api: BotApi, folder: Path, **more: str) -> None:
        self.port = free_port()
        super().__init__(api, folder, LOTS_WEB_PORT=str(self.port), **more)

    def asks(
        self, method: str, path: str, headers: Mapping[str, str] = PROXY, body: str | None = None
    ) -> tuple[int, str]:
        """One request, as it comes from the proxy; the status and the page."""
        there = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            there.request(method, path, body=body, headers=dict(headers))
            answer = there.getresponse()
            return answer.status, answer.read().decode()
        finally:
            there.close()

    def opens(self) -> None:
        """Waits until the web chat listens."""
        for _ in range(200):
            try:
                self.asks("GET", "/robots.txt")
            except OSError:
                assert not self.has_ended(), self.log()
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"it never listened\n{self.log()}")


@pytest.fixture
def api() -> Iterator[BotApi]:
    with BotApi.serving() as served:
        yield served


def doorbell(api: BotApi, folder: Path, **more: str) -> Installation:
    return Installation(api, folder, LOTS_TELEGRAM_MODE="dorrklocka", LOTS_PUBLIC_URL=PUBLIC, **more)


def test_the_webhook_and_the_web_chat_answer_on_one_port(api: BotApi, tmp_path: Path) -> None:
    with doorbell(api, tmp_path / "lots", LOTS_WEBHOOK_SECRET=SECRET) as lots:
        lots.start(ready="setWebhook")
        assert lots.asks("GET", "/logga-in")[0] == 200

        update = {
            "update_id": 1,
            "message": {
                "message_id": 1,
                "from": {"id": 7, "is_bot": False, "first_name": "A"},
                "chat": {"id": 7, "type": "private"},
                "date": 1,
                "text": lots.invitation(),
            },
        }
        said = json.dumps(update)
        assert lots.asks("POST", "/telegram", PROXY, said)[0] == 403, "without the secret"
        assert lots.asks("POST", "/telegram", TELEGRAM, said)[0] == 403, "not by the proxy over TLS"
        assert lots.asks("POST", "/telegram", PROXY | TELEGRAM, said)[0] == 200
        api.wait_until(lambda: bool(api.calls_of("sendMessage")))
        ((_, params),) = [call for call in api.calls if call[0] == "sendMessage"]
        assert [row[0].get("url") or row[0]["web_app"]["url"] for row in params["reply_markup"]["inline_keyboard"]] == [
            PUBLIC,
            f"{PUBLIC}/app",
        ]
        assert lots.stop() == 0


def test_without_a_token_the_web_is_served_alone(tmp_path: Path) -> None:
    with BotApi.serving() as api, Installation(api, tmp_path / "lots") as lots:
        del lots.env["LOTS_TELEGRAM_TOKEN"]
        lots.launch()
        lots.opens()
        assert lots.asks("GET", "/logga-in", {"Host": f"127.0.0.1:{lots.port}"})[0] == 200
        assert api.calls == []
        assert lots.stop(signal.SIGINT) == 0
        assert all(line["level"] == "info" for line in lots.log_lines())


def test_real_cases_need_no_bot(tmp_path: Path) -> None:
    """Without a token nobody is rung, and the web chat is all there is."""
    with BotApi.serving() as api, doorbell(api, tmp_path / "lots") as lots:
        del lots.env["LOTS_TELEGRAM_TOKEN"]
        lots.launch()
        lots.opens()
        status, page = lots.asks("GET", "/logga-in")
        assert (status, "Övning" in page) == (200, False)
        assert lots.stop() == 0


def test_a_token_alone_opens_no_port(api: BotApi, tmp_path: Path) -> None:
    """Practice on Telegram as before: updates are fetched, and nobody can knock."""
    with Installation(api, tmp_path / "lots") as lots:
        lots.start()
        with pytest.raises(ConnectionRefusedError):
            lots.asks("GET", "/")


def test_a_taken_port_is_told_and_nothing_runs(api: BotApi, tmp_path: Path) -> None:
    with doorbell(api, tmp_path / "one") as first, doorbell(api, tmp_path / "two") as second:
        first.start()
        second.env["LOTS_WEB_PORT"] = str(first.port)
        ended = second.run("run")
        assert ended.returncode == 2
        assert "cannot be listened on" in ended.stderr
        assert "LOTS_WEB_PORT" in ended.stderr
