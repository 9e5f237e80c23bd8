"""The golden transcripts over Telegram: the same screens and records as `lots replay` gives, over real HTTP."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.telegram.webhook import Webhook
from tests.botapi import BotApi
from tests.running import free_port
from tests.telegram_phone import TelegramPlayer
from tests.watching import watching

SECRET = "only-for-the-tests-0123456789"
TRANSCRIPTS = sorted((Path(__file__).parent / "transcripts").glob("**/*.txt"))
FOLDERS = sorted({path.parent for path in TRANSCRIPTS})

FIRST_OF_EACH = [next(path for path in TRANSCRIPTS if path.parent == folder) for folder in FOLDERS]
EVERY = [
    pytest.param(p, marks=[] if p in FIRST_OF_EACH else pytest.mark.every, id=f"{p.parent.name}/{p.stem}")
    for p in TRANSCRIPTS
]
"""One of each folder is in the usual suite; ``make transcripts`` takes the rest."""


def a_webhook() -> Webhook:
    """A webhook on a free port; over http, which Telegram does not take and the server of the tests does."""
    port = free_port()
    return Webhook(f"http://127.0.0.1:{port}", SECRET, "127.0.0.1", port)


def test_there_are_transcripts() -> None:
    """Without them, everything below would hold."""
    assert len(TRANSCRIPTS) >= 20


@pytest.mark.parametrize("way", ["fetched", "brought"])
@pytest.mark.parametrize("path", EVERY)
def test_a_transcript_gives_the_same_over_telegram(path: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By polling and by webhook, over HTTP both ways; and nobody but the server is spoken to."""
    monkeypatch.setattr("bot.telegram.MARK_WITHIN", 0.0)  # nothing to wait for between two turns
    webhook = a_webhook() if way == "brought" else None
    with BotApi.serving() as api, watching() as seen:
        played = TelegramPlayer(api, webhook=webhook).play(path.read_text(encoding="utf-8"))
        configured = {urlsplit(address).port for address in (api.base_url, *([webhook.url] if webhook else []))}
        assert seen.addresses == {("127.0.0.1", port) for port in configured}
        assert seen.names <= {"127.0.0.1"}
        assert played.differences == ""
        assert played.screens
        assert [one for one in api.refused if "not modified" not in one.description] == []
        assert bool(api.calls_of("getUpdates")) == (way == "fetched")
