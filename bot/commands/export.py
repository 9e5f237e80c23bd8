"""`lots export`: what is new leaves as a sealed bundle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.keys import recipients_found
from bot.commands.opened import settings_of, store_of
from bot.commands.reasons import log_printed, reason_for, reason_option

if TYPE_CHECKING:
    from bot.settings import Settings
    from state.store import Bundle, Store
    from state.transfer.exporting import Written

LARGE = 5_000
"""A bundle with more records than this says how far it is."""


@click.command("export")
@click.option("--bundle", "number", type=click.IntRange(min=1), metavar="N", help="Make the file of bundle N again.")
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), metavar="FOLDER", help="Put the file there, not in DATA/bundles."
)
@click.option("--plain", is_flag=True, help="Do not seal it: anybody can read the file. Needs --reason.")
@reason_option
@click.pass_context
def export(ctx: click.Context, number: int | None, folder: Path | None, plain: bool, reason: str | None) -> None:
    """Seal what is new in a numbered bundle for the case system."""
    from importlib.metadata import version

    from state.errors import BadSettings
    from state.store import at_work
    from state.transfer.exporting import next_bundle, write
    from state.transfer.manifest import file_name

    if reason is not None and not plain:
        raise click.UsageError("--reason goes with --plain; a sealed bundle needs none")
    settings = settings_of(ctx)
    if settings.practice:
        raise BadSettings("this is practice, and practice records never leave; set LOTS_TELEGRAM_MODE")
    recipients = None if plain else recipients_of(settings)
    if recipients is None:
        click.echo("WARNING: this bundle is NOT sealed. Whoever gets hold of the file can read all of it.", err=True)
        reason = reason_for(settings, reason)
    with store_of(settings) as store:
        with at_work(settings.database):
            bundle = _numbered(store, number) if number else next_bundle(store, settings.ledger, settings.now())
            if bundle is None:
                click.echo("nothing new, and every bundle has its receipt")
                return
            if reason is not None:
                log_printed(store, settings, "export --plain", reason, bundle.last - bundle.first + 1)
            written = write(
                store,
                bundle,
                folder=settings.bundles_dir if folder is None else folder,
                ledger=settings.ledger,
                recipients=recipients,
                clock=settings.now,
                made_by=version("lots"),
                anew=number is not None,
                progress=_Told(),
            )
            waits = settings.bundles_dir / file_name(store.installation(), bundle.number)
            if folder is not None or (recipients is None and not waits.is_file()):
                with store.transaction():
                    store.mark_delivered(bundle.number, settings.now())  # whoever named another place brings it there
        _say(store, bundle, written, recipients, again=bundle.written_at is not None and number is None)
        if settings.drops_off and folder is None and recipients is not None:
            from bot.courier import deliver_once

            for line in deliver_once(settings, store, settings.now()):  # a long upload holds up no other command
                click.echo(line, err=True)


def recipients_of(settings: Settings) -> tuple[str, ...]:
    """Those that bundles are sealed to.

    :param settings: the installation.
    :returns: at least one.
    :raises BadSettings: there are none, one is none, or their file cannot be read.
    """
    from state.errors import BadSettings

    found, _where = recipients_found(settings)
    if found:
        return found
    raise BadSettings(
        "there is nobody to seal the bundle to. Ask the receiver for their recipient, which begins with age1, and add "
        "it: `lots keys recipients add age1…`"
    )


def _numbered(store: Store, number: int) -> Bundle:
    from state.errors import BadSettings

    bundle = store.bundle(number)
    if bundle is None:
        last = store.last_bundle()
        there = "there is none yet" if last is None else f"the last is {last.number}"
        raise BadSettings(f"--bundle {number}: there is no such bundle; {there}")
    return bundle


def _say(store: Store, bundle: Bundle, written: Written, recipients: tuple[str, ...] | None, *, again: bool) -> None:
    """The path and the counts on stdout, what is to be done on stderr."""
    from state.transfer.exporting import unreceived

    click.echo(written.path)
    click.echo(f"bundle {bundle.number}: {_counted(written.kinds, written.purged)}, in {_many(written.cases, 'case')}")
    if again:
        click.echo(f"nothing new; bundle {bundle.number} is the last without a receipt", err=True)
    if not written.made:
        click.echo(f"the file is as it was; to make it anew, run: lots export --bundle {bundle.number}", err=True)
    elif recipients is None:
        click.echo("The file is NOT sealed. Take it away as soon as it has been received.", err=True)
    else:
        click.echo(f"sealed to {_many(len(recipients), 'recipient')}", err=True)
    if waiting := store.waiting_records():
        click.echo(f"{_many(waiting, 'record')} came after it; run `lots export` again for the next bundle", err=True)
    if before := [str(one.number) for one in unreceived(store) if one.number < bundle.number]:
        click.echo(f"without a receipt are also: {', '.join(before)}", err=True)
    if bundle.received_at is None:
        click.echo(
            "Next: the file goes to the receiver, who opens it with `lots open` and sends a receipt. Take that in with "
            "`lots receive`.",
            err=True,
        )


def _counted(kinds: Mapping[str, int], purged: int) -> str:
    parts = [f"{kind} {count}" for kind, count in kinds.items()] + ([f"purged {purged}"] if purged else [])
    return f"{_many(sum(kinds.values()) + purged, 'record')} ({', '.join(parts)})"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


class _Told:
    """Says on stderr how far a large bundle is, a line at every tenth: it reads as well in a log as on a terminal."""

    def __init__(self) -> None:
        self._tenths = 0

    def __call__(self, done: int, total: int) -> None:
        tenths = done * 10 // total
        if total > LARGE and tenths > self._tenths:
            self._tenths = tenths
            click.echo(f"{tenths * 10} % of {total} records", err=True)
