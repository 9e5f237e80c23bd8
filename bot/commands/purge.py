"""`lots purge`: what is received and closed is taken away."""

from __future__ import annotations

import re
import sys
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from bot.commands.opened import settings_of, store_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.settings import Settings
    from state.store import Store
    from state.transfer.purging import Done, Plan, Progress, Staying

_DECISION = re.compile(r"[0-9A-Za-zÅÄÖåäöÉé/.: -]{3,40}")


@click.command("purge")
@click.option("--list", "lists", is_flag=True, help="Name every case.")
@click.option("--decision", metavar="REF", help="The reference of the decision to purge.")
@click.option("--confirm", metavar="CODE", help="What the list showed at its end: this list is purged and no other.")
@click.pass_context
def purge(ctx: click.Context, lists: bool, decision: str | None, confirm: str | None) -> None:
    """Show what may be taken away for good, and take it away.

    Without --decision and --confirm nothing is taken away that was not confirmed before. A purge that was cut off is
    finished first, whatever the options are.
    """
    from state.errors import BadSettings, NotAsShown
    from state.store import at_work
    from state.transfer import purging

    settings = settings_of(ctx)
    if settings.practice:
        raise BadSettings(
            "this is practice, which is never handed over and so never purged; take the file away instead"
        )
    if (decision is None) != (confirm is None):
        raise BadSettings("--decision and --confirm stand together; `lots purge` alone shows the list and its code")
    rests_on = None if decision is None else _read_decision(decision)
    with at_work(settings.database), store_of(settings) as store:
        now = settings.now()
        purging.hold_the_clock(store, settings.ledger, now)
        with _pace("finishing") as pace:
            done = purging.finish(store, settings.ledger, policy=settings.policy, now=now, progress=pace)
        _tell_done(done)
        with _pace("looking") as pace:
            planned = purging.plan(store, settings.policy, now.date(), pace)
        if rests_on is None:
            _shrink(store, settings)
            _show(planned, lists=lists)
            _tell_backups(store, settings)
            return
        if planned.goes:
            if confirm is None or confirm.upper() != planned.code:
                _shrink(store, settings)
                raise NotAsShown(
                    f"{confirm!r} is not the code of the list as it is now; look at it with `lots purge --list`"
                )
            _names_no_case(rests_on, planned)
            with _pace("purging") as pace:
                done = [
                    purging.purge(
                        store,
                        settings.ledger,
                        planned,
                        decision=rests_on,
                        policy=settings.policy,
                        now=now,
                        progress=pace,
                    )
                ]
            _tell_done(done)
        elif not done:
            click.echo("nothing may be purged")
        _shrink(store, settings)
        _tell_backups(store, settings)


def _read_decision(written: str) -> str:
    """A reference and no words of one's own: it is kept for good, in the clear."""
    from bot.guard import findings
    from state.errors import BadSettings

    decision = " ".join(written.split())
    if found := findings(decision, practice=False):
        raise BadSettings(
            f"--decision holds what looks like a {found[0].value}; name the decision by its reference only"
        )
    if not _DECISION.fullmatch(decision):
        raise BadSettings("--decision must be 3 to 40 letters, digits, blanks and / . : -")
    return decision


def _names_no_case(decision: str, planned: Plan) -> None:
    from state.errors import BadSettings

    plain = re.sub(r"[ .:/-]", "", decision.upper())
    if any(one.case.replace("-", "") in plain for one in planned.goes):
        raise BadSettings("--decision holds the code of a case that goes; name the decision by its reference only")


def _show(planned: Plan, *, lists: bool) -> None:
    if planned.goes:
        click.echo(f"{_cases(len(planned.goes))} with {planned.records} records may be purged")
        if lists:
            for one in planned.goes:
                click.echo(f"  {one.case}  {len(one.records)} records")
    else:
        click.echo("nothing may be purged")
    if planned.stays:
        click.echo(f"{_cases(len(planned.stays))} waiting:")
        for why, count in Counter(_WHY[one.why] for one in planned.stays).most_common():
            click.echo(f"  {count:>6}  {why}")
        if days := [one.on for one in planned.stays if one.on is not None]:
            click.echo(f"the next day on which one may go is {min(days)}")
        if lists:
            for staying in planned.stays:
                click.echo(f"  {staying.case}  {_words(staying)}")
    if planned.goes:
        click.echo(f"to purge exactly these: lots purge --decision REFERENCE --confirm {planned.code}")


_WHY = {
    "open": "open",
    "declined": "declined by the receiver, and not settled",
    "not_transferred": "in no bundle yet",
    "not_received": "in a bundle without a receipt",
    "days": "closed and received, and the days are not over",
    "draft": "with a draft that somebody has begun",
}


def _words(staying: Staying) -> str:
    return _WHY[staying.why] + (f" until {staying.on}" if staying.on is not None else "")


def _tell_done(done: list[Done]) -> None:
    for one in done:
        if one.cases:
            click.echo(f"purge {one.number} ({one.decision}): {_cases(one.cases)} with {one.records} records are gone")
        if one.kept:
            click.echo(
                f"purge {one.number}: {_cases(one.kept)} stay after all, since something was begun there meanwhile"
            )


def _shrink(store: Store, settings: Settings) -> None:
    """What was purged now, or by a run that could not shrink, leaves the file itself."""
    from state.transfer.purging import clear_traces

    if store.must_shrink():
        clear_traces(store, settings.ledger, settings.bundles_dir, settings.transfer.backup_dir)


def _tell_backups(store: Store, settings: Settings) -> None:
    from datetime import datetime

    from state.transfer.backups import put_aside
    from state.transfer.purging import old_backups

    purges = store.purges()
    if not purges:
        return
    at = datetime.fromisoformat(max(one.at for one in purges)).astimezone(settings.zone)
    old = old_backups(settings.transfer.backup_dir, settings.database, at, settings.transfer.backup_keep_days)
    if old is not None:
        click.echo(
            f"older backups that still hold what was purged: {old.count}; `lots backup` takes the last of them away on "
            f"{old.last_goes_on}"
        )
    for aside in put_aside(settings.database):
        click.echo(f"a database that `lots restore` put aside, which no purge reaches: {aside}; take it away yourself")


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"


@contextmanager
def _pace(doing: str) -> Iterator[Progress | None]:
    """A line on the terminal that says how far it is; nothing where nobody looks."""
    shown = sys.stderr
    if shown is None or not shown.isatty():
        yield None
        return

    def told(done: int, of: int) -> None:
        if done == of or done % 100 == 0:
            shown.write(f"\r{doing}: {done} of {of} cases")
            shown.flush()

    yield told
    shown.write("\r\x1b[K")
