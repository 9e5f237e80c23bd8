"""`lots invitations`: those that nobody has used yet, and how one is taken back."""

from __future__ import annotations

import click

from bot.commands.opened import settings_of, store_of

_ONLY = {"all": "", "browser": ", one more browser only", "bell": ", the doorbell only"}
"""What an invitation opens, where that is not everything."""


@click.command()
@click.option("--withdraw", metavar="ID", multiple=True, help="Take back the one with this id.")
@click.pass_context
def invitations(ctx: click.Context, withdraw: tuple[str, ...]) -> None:
    """List the invitations that can still be used, and take them back."""
    settings = settings_of(ctx)
    now = settings.now()
    with store_of(settings) as store, store.transaction():
        for one in withdraw:
            if not store.withdraw_invitation(one, now):
                raise click.UsageError(f"no invitation that can be used has the id {one!r}; none was taken back")
        left = store.invitations(now)
    for one in withdraw:
        click.echo(f"{one} is taken back")
    if withdraw:
        return
    for held in left:
        until = held.expires_at.astimezone(settings.zone)
        whom = f"for {held.person}" if held.person else "for somebody new"
        click.echo(f"{held.id}  {held.role}  {held.district}  until {until:%Y-%m-%d %H:%M}  {whom}{_ONLY[held.opens]}")
    if not left:
        click.echo("no invitation can be used")
