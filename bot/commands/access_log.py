"""`lots access-log`: who looked at or changed which case, and the monthly check list."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date, datetime
from heapq import merge
from typing import TYPE_CHECKING, Any

import click

from bot.commands.opened import settings_of, store_of
from bot.commands.reasons import REASONS, log_printed, reason_for, reason_option

if TYPE_CHECKING:
    from bot.settings import Settings
    from dialogs.loggkontroll import Part, Printing
    from dialogs.texts import Words
    from state.store import Store


@click.command("access-log")
@click.option("--case", metavar="CODE", help="Only what is about a case; also one that was purged.")
@click.option("--person", metavar="ID", help="Only what a person did; `lots people` has the ids.")
@click.option("--month", metavar="YYYY-MM", help="Only one month; with --check the last whole one where left out.")
@click.option("--json", "as_json", is_flag=True, help="As JSON lines, with the hashes of the chain.")
@click.option("--check", is_flag=True, help="The monthly check list, in Swedish, for the reviewer.")
@reason_option
@click.pass_context
def access_log(
    ctx: click.Context,
    case: str | None,
    person: str | None,
    month: str | None,
    as_json: bool,
    check: bool,
    reason: str | None,
) -> None:
    """Print who looked at or changed which case; it is logged itself."""
    if check and (as_json or case is not None or person is not None):
        raise click.UsageError("--check takes --month and --reason only")
    settings = settings_of(ctx)
    why = reason_for(settings, "tillsyn" if check and reason is None else reason)
    of = None if month is None else _month(month)
    code = None if case is None else _code(case, settings)
    with store_of(settings) as store:
        if person is not None and person not in store.labels():
            raise click.UsageError(f"nobody has or had the id {person!r}; `lots people` has the ids")
        if check:
            _check(store, settings, of, why)
        else:
            _list(store, settings, case=code, person=person, month=of, as_json=as_json, why=why)


def _month(written: str) -> date:
    from state.errors import BadSettings

    try:
        return datetime.strptime(written, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise BadSettings(f"--month is {written!r}; write it like 2026-11") from None


def _code(written: str, settings: Settings) -> str:
    from dialogs.case_code import CodeFault, read
    from state.errors import BadSettings

    code = read(written, settings.practice)
    if isinstance(code, CodeFault):
        raise BadSettings(f"--case is no case code ({code.name.lower()}); write all six characters")
    return code


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _list(
    store: Store,
    settings: Settings,
    *,
    case: str | None,
    person: str | None,
    month: date | None,
    as_json: bool,
    why: str,
) -> None:
    from bot.review import bounds

    since, until = (None, None) if month is None else bounds(month)
    wanted: dict[str, Any] = {"case": case, "person": person, "since": since, "until": until}
    head = store.access_head().id
    count = sum(1 for row in store.access(**wanted) if row.id <= head)
    printed = [] if case is not None or person is not None else _printings(store, settings, since, until)
    log_printed(store, settings, "access-log", why, count)
    codes, labels = store.codes_by_mark(), store.labels()

    def rows() -> Iterator[dict[str, Any]]:
        for row in store.access(**wanted):
            if row.id <= head:  # those that were counted, and none that came meanwhile
                yield row.as_json() | {"label": labels.get(row.person, ""), "case": codes.get(row.mark)}

    for line in merge(rows(), printed, key=lambda one: str(one["at"])):
        click.echo(json.dumps(line, ensure_ascii=False) if as_json else _as_text(line, settings))


def _printings(
    store: Store, settings: Settings, since: datetime | None, until: datetime | None
) -> list[dict[str, Any]]:
    found = []
    for one in store.printed():
        at = datetime.fromisoformat(one.at)
        if (since is None or since <= at) and (until is None or at < until):
            found.append(
                {
                    "at": one.at,
                    "what": "printed",
                    "command": one.command,
                    "reason": one.reason,
                    "records": one.records,
                    "account": one.account,
                }
            )
    return found


def _as_text(line: dict[str, Any], settings: Settings) -> str:
    at = datetime.fromisoformat(line["at"]).astimezone(settings.zone)
    if line["what"] == "printed":
        return (
            f"{at:%Y-%m-%d %H:%M}  printed  {line['command']}  {line['reason']}  {line['records']}  {line['account']}"
        )
    about = line["case"] or (f"purged:{line['mark'][:8]}" if line["mark"] else "-")
    who = f"{line['label']} ({line['person']})"
    return f"{at:%Y-%m-%d %H:%M}  {line['what']}  {about}  {line['page']}  {who}  {line['district']}  {line['channel']}"


# ── the check list ───────────────────────────────────────────────────────────────────────────────────────────


def _check(store: Store, settings: Settings, month: date | None, why: str) -> None:
    from bot.review import bounds, last_month, looks_of
    from dialogs import loggkontroll
    from dialogs.registry import DIALOGS
    from dialogs.texts import say
    from state.errors import BrokenChain

    of = month or last_month(settings.now())
    looks = looks_of(store, of)
    since, until = bounds(of)
    printed = [_printing(one, settings) for one in _printings(store, settings, since, until)]
    log_printed(store, settings, "access-log --check", why, len(looks))
    try:
        store.verify_access()
        fault = None
    except BrokenChain as broken:
        fault = str(broken)
    titles: dict[str, Words] = {dialog.id: dialog.title for dialog in DIALOGS}
    held = loggkontroll.parts(looks, of, titles, "sv")
    held.append(loggkontroll.printed_part(printed, "sv"))
    click.echo(say(loggkontroll.title_of(of, "sv"), "sv"))
    for words in loggkontroll.INTRODUCTION:
        click.echo(say(words, "sv"))
    for part in [*held, _chain(store, since, until, whole=fault is None), loggkontroll.SIGNED]:
        click.echo("")
        for line in loggkontroll.as_form(part):
            click.echo(line)
    if fault is not None:
        click.echo(fault, err=True)
        sys.exit(1)


def _printing(one: dict[str, Any], settings: Settings) -> Printing:
    from dialogs.loggkontroll import Printing

    return Printing(
        at=datetime.fromisoformat(one["at"]).astimezone(settings.zone),
        command=one["command"],
        why=REASONS.get(one["reason"], one["reason"]),
        records=one["records"],
        account=one["account"],
    )


def _chain(store: Store, since: datetime, until: datetime, *, whole: bool) -> Part:
    """What the reviewer compares with the list of the month before."""
    from dialogs.loggkontroll import chain_part

    cut = store.access_cut()
    return chain_part(
        whole=whole,
        before=store.access_before(since),
        last=store.access_before(until),
        cut=None if cut is None else datetime.fromisoformat(cut.at).date(),
    )
