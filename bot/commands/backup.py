"""`lots backup` and `lots restore`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.opened import key_of, settings_of, store_of

if TYPE_CHECKING:
    from bot.settings import Settings
    from state.store import Store
    from state.transfer.backups import Prepared


@click.command("backup")
@click.option("--to", "folder", type=click.Path(path_type=Path), metavar="FOLDER", help="Another folder for it.")
@click.pass_context
def backup(ctx: click.Context, folder: Path | None) -> None:
    """Copy the store while it is in use, encrypted, and verify the copy."""
    from state.store import at_work
    from state.transfer.backups import clear_work, make_backup

    settings = settings_of(ctx)
    with at_work(settings.database), store_of(settings) as store:
        clear_work(settings.database)
        made = make_backup(
            store,
            key_of(settings),
            database=settings.database,
            folder=folder or settings.transfer.backup_dir,
            ledger=None if settings.practice else settings.ledger,
            now=settings.now(),
            keep_days=settings.transfer.backup_keep_days,
        )
    click.echo(f"{made.path}\n{made.records} records, {made.size} bytes, verified")
    for old in made.taken_away:
        click.echo(f"taken away, older than {settings.transfer.backup_keep_days} days: {old}")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key-file", "its_key_file", type=click.Path(path_type=Path), metavar="OLD", help="The backup's own key."
)
@click.option("--yes", is_flag=True, help="Do not ask before what is not in the backup is lost.")
@click.pass_context
def restore(ctx: click.Context, file: Path, its_key_file: Path | None, yes: bool) -> None:
    """Put a backup back. What was purged since does not come back."""
    from state.errors import BadSettings
    from state.keys import key_in
    from state.store import at_work, claimed
    from state.transfer.backups import clear_work, prepare, put_in_place

    settings = settings_of(ctx)
    database = settings.database
    with claimed(database), at_work(database):
        if its_key_file is None and not database.exists() and not settings.key_file.exists():
            raise BadSettings(
                f"LOTS_KEY_FILE: {settings.key_file} is gone; put the key of the backup there, or name the key with "
                "--key-file"
            )
        key = key_of(settings)
        present = _present(settings, key)
        try:
            prepared = prepare(
                file,
                database=database,
                key=key,
                its_key=key if its_key_file is None else key_in(its_key_file),
                ledger=None if settings.practice else settings.ledger,
                bundles=settings.bundles_dir,
                practice=settings.practice,
                present=present,
                now=settings.now(),
            )
            _say(file, prepared)
            if not _may(prepared, yes, is_there=database.exists()):
                clear_work(database)
                raise click.UsageError("nothing was restored; --yes restores it")
            aside = put_in_place(prepared, database, present, settings.now())
        finally:
            if present is not None:
                present.close()
    click.echo(f"restored: {database}")
    if aside is not None:
        click.echo(
            f"The database that was there is {aside}. Purging does not reach it: take it away, with what begins with "
            "its name, as soon as it is no longer needed."
        )


def _present(settings: Settings, key: bytes) -> Store | None:
    """The store that is there now; a broken one is why somebody restores."""
    from state.errors import DiskFailed, NewerStore, WrongKey
    from state.store import Store

    if not settings.database.exists():
        return None
    try:
        return Store(settings.database, key)
    except (WrongKey, NewerStore, DiskFailed) as fault:
        click.echo(f"note: the present database cannot be opened ({fault})", err=True)
        return None


def _say(file: Path, prepared: Prepared) -> None:
    until = "" if prepared.until is None else f", the last of {prepared.until}"
    click.echo(f"{file}: {prepared.records} records{until}, verified")
    if prepared.purged:
        click.echo(f"purged in it, since they were purged after it: {prepared.purged} records")
    if prepared.adopted:
        numbers = ", ".join(map(str, prepared.adopted))
        click.echo(f"bundles that were made after it, of records that it has: {numbers}. Take their receipts in again.")
    if prepared.unknown_bundles:
        numbers = ", ".join(map(str, prepared.unknown_bundles))
        click.echo(
            f"bundles with records that it lacks: {numbers}. Their numbers are not used again. Those records are at "
            "the receiver or lost; what this backup has of these bundles leaves again in the next one. If one of them "
            "reached nobody, tell the receiver: the next opens with `lots open --lost` and its number."
        )
    if prepared.revoked:
        click.echo(f"revoked after it, and revoked in it now: {', '.join(prepared.revoked)}")
    if not prepared.log_goes_on:
        click.echo(
            "note: the present access log does not go on from the backup's, or is broken; its rows from after the "
            "backup stay only in the database that is put aside. Keep that one until somebody has looked at them."
        )
    if prepared.left_out:
        click.echo(f"let in after it: {prepared.left_out}, who need a new invitation")


def _may(prepared: Prepared, yes: bool, *, is_there: bool) -> bool:
    """Nobody loses answers without knowing."""
    if prepared.lost == 0 or (prepared.lost is None and not is_there):
        return True
    if prepared.lost is None:
        click.echo("What the present database has beyond it cannot be said; all of it is lost.")
    elif prepared.same_chain:
        click.echo(f"The present database has {prepared.lost} records beyond it, which are lost.")
    else:
        click.echo(f"The present database does not go on from it; its {prepared.lost} records are lost.")
    if yes:
        return True
    return sys.stdin is not None and sys.stdin.isatty() and click.confirm("Restore all the same?")
