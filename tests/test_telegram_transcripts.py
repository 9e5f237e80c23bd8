"""The golden transcripts over Telegram: the same screens and records as `lots replay` gives, over real HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.botapi import BotApi
from tests.telegram_phone import TelegramPlayer

TRANSCRIPTS = sorted((Path(__file__).parent / "transcripts").glob("**/*.txt"))


def test_there_are_transcripts() -> None:
    """Without them, everything below would hold."""
    assert len(TRANSCRIPTS) >= 20


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_transcript_gives_the_same_over_telegram(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.telegram.MARK_WITHIN", 0.0)  # nothing to wait for between two turns
    with BotApi.serving() as api:
        played = TelegramPlayer(api).play(path.read_text(encoding="utf-8"))
        assert played.differences == ""
        assert played.screens
        assert [one for one in api.refused if "not modified" not in one.description] == []
