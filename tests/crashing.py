"""`lots run`, which crashes as soon as it serves, in every way that says something on stderr.

Each says what a library could: the address with the token in it, and the other secrets. It is started as a program.
"""

from __future__ import annotations

import threading
import warnings
from pathlib import Path
from typing import NoReturn

import bot.serving
from bot.cli import main
from bot.settings import Settings


def crash(settings: Settings, *_: object) -> None:
    """In the place of serving.

    Args:
        settings: the installation, all of whose secrets are set.

    Raises:
        RuntimeError: in the end.
    """
    address = f"https://api.telegram.org/bot{settings.token}/getMe"
    key = Path(settings.key_file).read_text(encoding="ascii").strip()
    rest = (settings.webhook_secret, settings.transfer.drop_token, key)

    class Left:
        def __del__(self) -> None:
            raise ValueError(address, *rest)

    def fail() -> NoReturn:
        raise OSError(address, *rest)

    warnings.warn(f"Unclosed response <ClientResponse({address})> {rest}", ResourceWarning, stacklevel=1)
    Left()
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    try:
        fail()
    except OSError as fault:
        raise RuntimeError(f"cannot connect to {address} {rest}") from fault


if __name__ == "__main__":
    bot.serving.serve = crash  # type: ignore[assignment]
    main()
