"""`lots records`: what is in the store, for somebody who says why."""

from __future__ import annotations

import json

import click

from bot.commands.opened import settings_of, store_of
from bot.commands.reasons import log_printed, reason_for, reason_option


@click.command()
@click.option("--json", "as_json", is_flag=True, required=True, help="As JSON lines.")
@reason_option
@click.pass_context
def records(ctx: click.Context, as_json: bool, reason: str | None) -> None:
    """Print all records of the store, in practice of its own store."""
    settings = settings_of(ctx)
    why = reason_for(settings, reason)
    with store_of(settings) as store:
        count = store.length()
        log_printed(store, settings, "records", why, count)
        for link in store.links(1, count):  # those that were logged, and none that came meanwhile
            click.echo(json.dumps(link.as_json(), ensure_ascii=False))
