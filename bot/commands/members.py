"""`lots members`: who gets at a case, and letting somebody in where nobody does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from bot.commands.opened import desk_of, settings_of, store_of
from bot.commands.reasons import REASONS, log_printed, reason_for, reason_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.access import Members
    from bot.desk import Desk
    from bot.settings import Settings
    from state.people import Person
    from state.store import Store


@click.command()
@click.argument("case", required=False)
@click.option("--person", "person_id", metavar="ID", help="The cases that a person gets at, or got at until revoked.")
@click.option("--add", metavar="ID", help="Let this person into the case.")
@click.option("--remove", metavar="ID", help="Take this person out of the case.")
@reason_option
@click.pass_context
def members(
    ctx: click.Context,
    case: str | None,
    person_id: str | None,
    add: str | None,
    remove: str | None,
    reason: str | None,
) -> None:
    """List who gets at which cases; let somebody in, or take somebody out."""
    if case is None and (add is not None or remove is not None):
        raise click.UsageError("--add and --remove need the code of a case")
    if person_id is not None and case is not None:
        raise click.UsageError("--person lists their cases; it takes no case")
    settings = settings_of(ctx)
    why = reason_for(settings, reason)
    if case is not None:
        with desk_of(settings) as desk:
            _one_case(desk, settings, case, add, remove, why)
        return
    with store_of(settings) as store:
        _list(store, settings, person_id, why)


def _one_case(desk: Desk, settings: Settings, typed: str, add: str | None, remove: str | None, why: str) -> None:
    from bot.access import members_of
    from dialogs import case_code
    from dialogs.case_code import CodeFault

    store = desk.store
    code = case_code.read(typed, settings.practice)
    if isinstance(code, CodeFault) or members_of(store, code) is None:
        raise click.UsageError("there is no case with that code; see that it is typed right")
    log_printed(store, settings, "members", why, 1)
    if add is not None or remove is not None:
        with store.transaction():
            _change(desk, settings, code, add, remove)
    found = members_of(store, code)
    if found is None:
        raise click.UsageError("the case was purged meanwhile")
    labels = store.labels()
    for id_ in found.inside:
        click.echo(f"{id_}  {labels.get(id_, '-')}  {'can open it' if id_ in found.reach else 'cannot open it'}")
    if not found.reach:
        click.echo("nobody can open it; let somebody in with --add ID")


def _change(desk: Desk, settings: Settings, code: str, add: str | None, remove: str | None) -> None:
    """Let in and take out, as Lots itself; somebody must be left who can open the case."""
    from bot.access import members_of
    from dialogs.records import AccessEnded, AccessGiven
    from state.people import LOTS
    from state.store import WEB

    store, now = desk.store, settings.now()
    district = store.district_of(code) or LOTS.district
    lots = replace(LOTS, district=district)
    if add is not None:
        person = store.person(add)
        if person is None:
            raise click.UsageError(f"nobody has the id {add!r}; `lots people` has the ids")
        if not person.may_open_cases or person.district != district:
            raise click.UsageError(
                f"{add} is {person.role} in {person.district}; the case is for case roles in {district}"
            )
        before = members_of(store, code)
        if before is not None and add not in before.inside:
            store.append(AccessGiven(case=code, person=add), lots, now)
    if remove is None:
        return
    before = members_of(store, code)
    if before is None or remove not in before.inside:
        raise click.UsageError(f"{remove} was not let into the case; nothing is changed")
    if before.reach == (remove,):
        raise click.UsageError(f"{remove} is the last one who can open the case; let somebody else in with --add first")
    store.append(AccessEnded(case=code, person=remove), lots, now)
    for channel, address, message in desk.put_out(remove, code, now):
        if channel == WEB or not settings.doorbell:  # the doorbell says nothing of any case
            store.queue(channel, [(address, message)], now)


def _list(store: Store, settings: Settings, person_id: str | None, why: str) -> None:
    from bot.access import could_see, every_case

    if person_id is None:
        found = [one for one in every_case(store) if not one.reach]
        log_printed(store, settings, "members", why, len(found))
        for one in found:
            click.echo(f"{one.case}  {store.district_of(one.case)}  {'closed' if one.closed else 'open'}")
        click.echo(f"{_cases(len(found))} that nobody can open")
        return
    person = store.anybody(person_id)
    if person is None:
        raise click.UsageError(f"nobody has or had the id {person_id!r}; `lots people` has the ids")
    theirs = could_see(store, person)
    log_printed(store, settings, "members", why, len(theirs))
    _say_theirs(store, theirs, person)


def why_listed(settings: Settings, reason: str | None) -> str | None:
    """Why the cases of somebody who is revoked are listed; nobody is asked, since revoking must not wait.

    :param settings: the installation.
    :param reason: what ``--reason`` says, if anything.
    :returns: a code of :data:`REASONS`; ``None`` where none was given, and only figures may be told.
    :raises BadSettings: the reason is none of those.
    """
    return reason_for(settings, reason) if reason is not None or settings.practice else None


def told_of_revoked(settings: Settings, person: Person, why: str | None) -> None:
    """Say what somebody who has just been revoked could see.

    :param settings: the installation.
    :param person: who.
    :param why: from :func:`why_listed`.
    """
    from bot.access import could_see

    with store_of(settings) as store:
        theirs = could_see(store, person)
        if not theirs:
            return
        if why is None:
            lost = sum(not one.reach for one in theirs)
            click.echo(f"they could see {_cases(len(theirs))}; nobody is left in {lost}")
            click.echo(f"to list them: lots members --person {person.id} --reason {'|'.join(REASONS)}")
            return
        log_printed(store, settings, "revoke", why, len(theirs))
        _say_theirs(store, theirs, person)


def _say_theirs(store: Store, theirs: Sequence[Members], person: Person) -> None:
    sees = "can" if store.person(person.id) is not None else "could"  # who is revoked sees nothing any more
    click.echo(f"they {sees} see {_cases(len(theirs))}")
    for one in theirs:
        left = sum(id_ != person.id for id_ in one.reach)
        others = "1 other" if left == 1 else f"{left} others"
        click.echo(f"{one.case}  {'closed' if one.closed else 'open'}  {others} can open it")


def _cases(count: int) -> str:
    return f"{count} case" if count == 1 else f"{count} cases"
