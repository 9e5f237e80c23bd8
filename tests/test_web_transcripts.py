"""The golden transcripts on the web: the same screens and records as `lots replay` gives, over HTTP and as HTML."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.transcripts import read
from tests.test_telegram_transcripts import EVERY, TRANSCRIPTS
from tests.watching import watching
from tests.web_phone import WebPlayer, on_the_web

CANNOT_BE_SENT = {"samtal/lases-inte.txt"}
"""Where somebody sends a photo or a voice: the web takes neither, so there they do not."""


def test_what_is_left_out_is_only_what_the_web_cannot_send() -> None:
    """Everything else is played to its last line."""
    sending = {
        f"{path.parent.name}/{path.name}"
        for path in TRANSCRIPTS
        if any(line.word == "jag skickar:" for line in read(path.read_text(encoding="utf-8")))
    }
    assert sending == CANNOT_BE_SENT


@pytest.mark.parametrize("path", EVERY)
def test_a_transcript_gives_the_same_on_the_web(path: Path) -> None:
    """Every turn is a form of the page, sent as a browser without script sends it, and the page read back."""
    player = WebPlayer()
    with watching() as seen:
        played = player.play(on_the_web(path.read_text(encoding="utf-8")))
    assert {host for host, *_ in seen.addresses} | seen.names == {"127.0.0.1"}, "and nobody else is spoken to"
    assert played.differences == ""
    assert played.screens
    posts = [answer for answer in player.site.answers if answer.path == "/svar"]
    assert posts
    assert {answer.status for answer in posts} == {303}
    assert {answer.status for answer in player.site.answers} == {200, 303}
