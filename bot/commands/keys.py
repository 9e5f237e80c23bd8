"""`lots keys`: the store's key, and those that bundles are sealed to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.opened import settings_of, store_of

if TYPE_CHECKING:
    from bot.settings import Settings


@click.group("keys")
def keys() -> None:
    """Make, show and change keys. A lost key is final."""


@keys.command("show")
@click.pass_context
def show(ctx: click.Context) -> None:
    """Show the installation, the key's fingerprint, the recipients."""
    from state.keys import fingerprint, is_credential, key_in

    settings = settings_of(ctx)
    with store_of(settings) as store, store.transaction():
        installation = store.installation()
    path = settings.key_file
    since = f"since {datetime.fromtimestamp(path.stat().st_mtime, UTC):%Y-%m-%d}"
    click.echo(f"installation: {installation}")
    click.echo(
        f"key: {path}, fingerprint {fingerprint(key_in(path))}, {'a credential' if is_credential(path) else since}"
    )
    found, where = recipients_found(settings)
    click.echo(f"recipients: {len(found)}, from {where}")
    for recipient in found:
        click.echo(f"  {recipient}")
    click.echo(
        "A lost key is final: without it nobody opens the database or its backups, the makers of Lots included. Keep a "
        "copy of it, and not with the backups."
    )


@keys.command("make")
@click.argument("file", type=click.Path(path_type=Path))
def make(file: Path) -> None:
    """Make a key for a receiver of bundles, and print its recipient."""
    from state.disk import told, write_whole
    from state.transfer.sealing import new_identity

    secret, recipient = new_identity()
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with told(file):
        try:
            write_whole(file, f"# created: {made}\n# public key: {recipient}\n{secret}\n", new=True)
        except FileExistsError:
            raise click.UsageError(f"{file} is there already; a key is never written over, name another file") from None
    click.echo(recipient)
    click.echo(
        f"{file} is the secret key: it stays with the receiver. Lose it, and nobody opens what was sealed to it.",
        err=True,
    )


@keys.command("rotate")
@click.pass_context
def rotate(ctx: click.Context) -> None:
    """Give the store a new key. Nobody may serve it meanwhile."""
    from contextlib import ExitStack

    from bot.settings import read_key
    from state.errors import BadSettings
    from state.keys import fingerprint, is_credential, key_in
    from state.store import at_work, claimed
    from state.transfer.rekeying import databases_in
    from state.transfer.rekeying import rotate as change

    settings = settings_of(ctx)
    if not settings.database.exists():
        raise BadSettings(f"{settings.database}: there is no store yet, and so no key to change")
    if is_credential(settings.key_file):
        raise BadSettings(
            f"{settings.key_file} is a credential, which only systemd changes; name the file that it is loaded from "
            "with --key-file"
        )
    read_key(settings.key_file, settings.database)
    with ExitStack() as held:
        for database in databases_in(settings.data_dir):
            held.enter_context(claimed(database))
            held.enter_context(at_work(database))
        kept = change(settings.data_dir, settings.key_file, settings.now())
    until = settings.now() + timedelta(days=settings.transfer.backup_keep_days)
    click.echo(f"new key: {settings.key_file}, fingerprint {fingerprint(key_in(settings.key_file))}")
    click.echo("Keep a copy of it at once, and not with the backups: a lost key is final.")
    click.echo(
        f"The old key is {kept}. The backups until now need it. Make a backup now; take the old key away, and its "
        f"copies, when no older backup is kept: after {until:%Y-%m-%d}, if none are kept elsewhere."
    )


@keys.group("recipients", invoke_without_command=True)
@click.pass_context
def recipients(ctx: click.Context) -> None:
    """List whom bundles are sealed to; add and remove them."""
    if ctx.invoked_subcommand is None:
        settings = settings_of(ctx)
        found, where = recipients_found(settings)
        for recipient in found:
            click.echo(recipient)
        click.echo(f"{_many(len(found))}, from {where}", err=True)


@recipients.command("add")
@click.argument("recipient", metavar="AGE1…")
@click.pass_context
def add(ctx: click.Context, recipient: str) -> None:
    """Seal bundles to one more from now on."""
    from state.transfer.sealing import read_recipients

    settings = settings_of(ctx)
    found = read_recipients([recipient], "the recipient")
    if len(found) != 1:
        raise click.UsageError("name one recipient, which begins with age1")
    path = _own_file(settings)
    if found[0] in recipients_found(settings)[0]:
        click.echo(f"{path}: has it already")
        return
    _write_lines(path, [*_lines(path), found[0]])
    click.echo(f"{path}: {_many(len(recipients_found(settings)[0]))}")
    click.echo("Bundles that are sealed already stay as they are; `lots export --bundle N` seals one anew.", err=True)


@recipients.command("remove")
@click.argument("recipient", metavar="AGE1…")
@click.pass_context
def remove(ctx: click.Context, recipient: str) -> None:
    """Seal bundles to one less from now on."""
    settings = settings_of(ctx)
    path = _own_file(settings)
    found, _ = recipients_found(settings)
    if recipient.strip() not in found:
        raise click.UsageError(f"{path}: does not have it; `lots keys recipients` lists those it has")
    _write_lines(path, [line for line in _lines(path) if line.partition("#")[0].strip() != recipient.strip()])
    left = len(found) - 1
    click.echo(f"{path}: {_many(left)}")
    click.echo("Bundles that are sealed already stay sealed to them too.", err=True)
    if left == 0:
        click.echo("WARNING: that was the last; `lots export` refuses until there is one again.", err=True)


def _many(recipients: int) -> str:
    return "1 recipient" if recipients == 1 else f"{recipients} recipients"


def recipients_found(settings: Settings) -> tuple[tuple[str, ...], str]:
    """Those that bundles are sealed to, and where that is said.

    :param settings: the installation.
    :returns: (recipients, the file); none where there is no file.
    :raises BadSettings: one of them is no recipient, or the file cannot be read.
    """
    from state.transfer.sealing import read_recipients

    rules = settings.transfer
    if rules.recipients:
        where = str(settings.data_dir / "lots.toml")
        return read_recipients(rules.recipients, f"{where}, [transfer] recipients"), where
    return read_recipients(_lines(rules.recipients_file), str(rules.recipients_file)), str(rules.recipients_file)


def _own_file(settings: Settings) -> Path:
    from state.errors import BadSettings

    if settings.transfer.recipients:
        raise BadSettings(
            f"{settings.data_dir / 'lots.toml'}: [transfer] recipients names them, and then the file is not read; "
            "change them there"
        )
    return settings.transfer.recipients_file


def _lines(path: Path) -> list[str]:
    from state.errors import BadSettings

    try:
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as fault:
        why = getattr(fault, "strerror", None) or "not text"
        raise BadSettings(f"{path}: cannot be read ({why})") from None


def _write_lines(path: Path, lines: list[str]) -> None:
    from state.disk import told, write_whole

    with told(path):
        write_whole(path, "".join(f"{line}\n" for line in lines))
