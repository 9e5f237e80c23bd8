"""`lots run` by webhook, but over plain HTTP on this machine: its settings insist on https, as Telegram does.

Run as ``python -c "from tests.bringing import main; main(8080, dies=False)"``.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace

SECRET = "only-for-the-tests-0123456789"


def entry(port: int, *, dies: bool = False) -> tuple[str, ...]:
    """The command line of a program that updates are brought to.

    Args:
        port: where it listens.
        dies: whether it kills itself between answering the first update and handling it.
    """
    return (sys.executable, "-c", f"from tests.bringing import main; main({port}, dies={dies})")


def main(port: int, *, dies: bool) -> None:
    """Serves until stopped."""
    from bot import logs
    from bot.commands.opened import desk_of
    from bot.serving import serve
    from bot.settings import load
    from bot.telegram import Telegram
    from state.store import claimed

    def die(self: Telegram) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if dies:
        Telegram._work_soon = die  # type: ignore[method-assign]
    logs.set_up("DEBUG")
    settings = load(os.environ)
    over_http = replace(settings, public_url=f"http://127.0.0.1:{port}", webhook_secret=SECRET, web_port=port)
    with claimed(settings.database), desk_of(settings) as desk:
        serve(over_http, desk)
