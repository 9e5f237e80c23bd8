"""Why somebody prints records: asked for, kept, and never asked in practice."""

from __future__ import annotations

import os
import pwd
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.settings import Settings
    from state.store import Store

REASONS = {
    "felsokning": "felsökning i Lots",
    "utlamnande": "utlämnande av en handling",
    "tillsyn": "tillsyn eller granskning",
    "overforing": "överföring till verksamhetssystemet",
    "bemanning": "någon tar över eller lämnar ärenden",
    "prov": "prov av rutinen",
}
"""Every reason by its code. A code and no words of one's own: what is logged names nobody."""

MOST_TRIES = 3

_LISTED = "; ".join(f"{code} ({gloss})" for code, gloss in REASONS.items())

reason_option = click.option(
    "--reason",
    metavar="CODE",
    help=f"Why records are printed, which is logged: {_LISTED}.",
)
"""``--reason CODE``; what it gives goes to :func:`reason_for`."""


def reason_for(settings: Settings | None, given: str | None) -> str:
    """Why records are printed; asked on a terminal where it is not given, on stderr.

    :param settings: the installation; ``None`` at the receiver, who has none.
    :param given: what ``--reason`` says, if anything.
    :returns: a code of :data:`REASONS`; ``prov`` in practice, without a question.
    :raises BadSettings: the reason is none of those, or there is none and nobody to ask.
    """
    from state.errors import BadSettings

    if given is not None and given not in REASONS:
        raise BadSettings(f"--reason is {given!r}; it may be {', '.join(REASONS)}")
    if settings is not None and settings.practice:
        return "prov"
    if given is not None:
        return given
    if sys.stdin is None or not sys.stdin.isatty():
        raise BadSettings(
            f"this prints records, and the reason is logged; give one with --reason: {', '.join(REASONS)}"
        )
    return _asked()


def _asked() -> str:
    from state.errors import BadSettings

    for code, gloss in REASONS.items():
        click.echo(f"  {code:<11} {gloss}", err=True)
    for _ in range(MOST_TRIES):
        click.echo("Why are records printed? The reason is logged: ", err=True, nl=False)
        if (answer := sys.stdin.readline().strip()) in REASONS:
            return answer
    raise BadSettings(f"no reason, no records; a reason is one of {', '.join(REASONS)}")


def account() -> str:
    """The account of the machine that runs this; the environment does not decide it.

    :returns: its name, or its number where it has none.
    """
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def log_printed(store: Store, settings: Settings, command: str, reason: str, records: int) -> None:
    """Keep in the store that records are printed, durably and before the first of them is; nothing in practice.

    :param store: the store, not in a transaction.
    :param settings: the installation.
    :param command: the command as it is typed, without ``lots``.
    :param reason: a code of :data:`REASONS`.
    :param records: how many records it will print.
    """
    from state.store import Printed
    from state.store.base import utc

    if settings.practice:
        return
    at = utc(settings.now())
    with store.transaction():
        store.note_printed(Printed(at=at, command=command, reason=reason, records=records, account=account()))
