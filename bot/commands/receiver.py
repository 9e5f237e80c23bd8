"""`lots open`, `lots receipt` and `lots receive`: the receiver's side, and what comes back.

The receiver's machine has no store, no data folder and no settings: only `lots receive` is run at the sender.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.opened import settings_of, store_of
from bot.commands.reasons import account, reason_for, reason_option

if TYPE_CHECKING:
    from state.transfer.opening import Opened

_A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("open")
@click.argument("file", type=_A_FILE)
@click.option("--identity", type=_A_FILE, metavar="KEY", help="The file with your key, as `lots keys make` wrote it.")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Where opened bundles stand, each sender's in a folder of its own.",
)
@click.option("--sender", metavar="INSTALLATION", help="Whom you expect it from; needed for a sender's first bundle.")
@click.option(
    "--lost",
    multiple=True,
    type=click.IntRange(min=1),
    metavar="N",
    help="A bundle that reached nobody before the sender went back to a backup; may be given several times.",
)
@reason_option
def open_(
    file: Path, identity: Path | None, folder: Path, sender: str | None, lost: Sequence[int], reason: str | None
) -> None:
    """Open a bundle at the receiver, if all of it holds."""
    from datetime import UTC, datetime

    from state.transfer.opening import open_bundle

    why = reason_for(None, reason)
    now = datetime.now(UTC)
    opened = open_bundle(
        file, folder, identity=identity, sender=sender, reason=why, account=account(), now=now, lost=lost
    )
    _tell(opened)


def _tell(opened: Opened) -> None:
    held = opened.manifest
    if not opened.sealed:
        click.echo("note: this bundle was not sealed; anybody on its way could read and change it", err=True)
    if opened.before:
        click.echo(f"bundle {held.bundle} of {held.installation} was opened before; nothing was written")
    else:
        click.echo(f"bundle {held.bundle} of {held.installation}: records {held.first} to {held.last}, all of it holds")
        for kind, count in sorted(held.kinds.items()):
            click.echo(f"  {count:>7}  {kind}")
        if held.purged:
            click.echo(f"  {held.purged:>7}  purged before they left; only their place in the chain is here")
    if opened.left_behind:
        numbers = ", ".join(map(str, opened.left_behind))
        click.echo(
            f"note: the sender went back to a backup, and no longer has what was in bundle {numbers}; ask what holds",
            err=True,
        )
    if held.apart:
        click.echo(
            f"note: {', '.join(held.apart)} is no young person's case, and must not be filed as one: see journal/apart",
            err=True,
        )
    click.echo(opened.folder)
    if not opened.before:
        click.echo("Next: file what is in it, and then make its receipt: `lots receipt` and this folder.", err=True)


@click.command("receipt")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--decline",
    "declines",
    multiple=True,
    metavar="RECORD=REASON",
    help="A record that is not taken, by its id, and why; may be given several times.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the receipt goes; beside the folder where nothing is said.",
)
def receipt(folder: Path, declines: Sequence[str], out: Path | None) -> None:
    """Make the receipt of an opened bundle, for its sender."""
    from state.transfer import receipts

    folder = folder.resolve()
    made = receipts.make(folder, _declined(declines))
    path = folder.parent / receipts.file_name(made) if out is None else out
    fresh = receipts.write(made, path)
    declined = f", {len(made.declined)} of its records declined" if made.declined else ""
    click.echo(f"receipt of bundle {made.bundle}{declined}" + ("" if fresh else "; it stands there already"))
    click.echo(path)
    click.echo("Next: send this file to the sender, who takes it in with `lots receive`.", err=True)


def _declined(declines: Sequence[str]) -> dict[str, str]:
    from state.errors import BadSettings

    found: dict[str, str] = {}
    for one in declines:
        record, is_, reason = one.partition("=")
        if not is_ or found.setdefault(record, reason) != reason:
            raise BadSettings(f"--decline {one}: write RECORD=REASON, with one reason for each record")
    return found


@click.command("receive")
@click.argument("receipt_file", type=_A_FILE, metavar="RECEIPT")
@click.pass_context
def receive(ctx: click.Context, receipt_file: Path) -> None:
    """Take a receipt in at the sender: its bundle has arrived."""
    from state.errors import BadSettings, DiskFailed
    from state.store import at_work
    from state.transfer import receipts
    from state.transfer.bundle import take_away
    from state.transfer.manifest import file_name

    settings = settings_of(ctx)
    if settings.practice:
        raise BadSettings(
            "this is practice, and practice records never leave, so nothing is received; set LOTS_TELEGRAM_MODE"
        )
    try:
        with receipt_file.open("rb") as file:
            written = file.read(receipts.MOST_BYTES + 1)
    except OSError as fault:
        raise DiskFailed(f"{receipt_file}: cannot be read ({fault.strerror})") from None
    held = receipts.read_receipt(written)
    with at_work(settings.database), store_of(settings) as store:
        taken = receipts.take(store, held, settings.now())
        sealed = settings.bundles_dir / file_name(held.installation, held.bundle)
        try:
            take_away(sealed)  # its number is settled, and a copy is of use to nobody but a thief
        except OSError as fault:
            click.echo(f"note: {sealed} is no longer needed and could not be taken away ({fault.strerror})", err=True)
    if taken.before:
        click.echo(f"the receipt of bundle {held.bundle} came before; nothing was written")
        return
    click.echo(f"bundle {held.bundle} is received: records {taken.bundle.first} to {taken.bundle.last}")
    for reason, count in sorted(Counter(held.declined.values()).items()):
        click.echo(f"  {count:>7}  declined, {reason}")
    if held.declined:
        click.echo(f"{len(held.declined)} come back as something to do; /overforing shows them")
