"""The command line. Heavy parts are imported by the command that needs them, so that ``--help`` is quick.

Exit codes: 0 done, 1 the thing asked about does not hold, 2 wrong use or configuration.
"""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from bot.commands import EVERY
from bot.commands.opened import desk_of, settings_of, store_of
from bot.commands.reasons import reason_option

if TYPE_CHECKING:
    from bot.settings import Settings

INVITATION_HOURS = 24


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a disk says that takes no more."""


class _Lots(click.Group):
    """Turns our own errors into one line and the right exit code."""

    def main(self, args: Sequence[str] | None = None, *more: Any, **named: Any) -> Any:
        """Run a command; as a process of its own, with its mouth shut about secrets."""
        if args is None:
            from bot.hushed import close_up

            close_up()
        return super().main(args, *more, **named)

    def invoke(self, ctx: click.Context) -> Any:
        from state.errors import BadSettings, DiskFailed, LotsError, StoreError

        try:
            done = super().invoke(ctx)
            sys.stdout.flush()
            return done
        except OSError as fault:
            if fault.errno not in _FULL:
                raise
            click.echo(
                f"{DiskFailed.code}: not all of it could be printed ({fault.strerror}). Take away what came, make "
                "room, and run it again",
                err=True,
            )
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the rest is not tried again at the end
            sys.exit(2)
        except (BadSettings, StoreError) as fault:
            click.echo(str(fault), err=True)
            sys.exit(2)
        except LotsError as fault:
            click.echo(str(fault), err=True)
            sys.exit(1)


@click.group(cls=_Lots, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="lots")
@click.option("--data-dir", metavar="FOLDER", help="Where the databases and the key are [LOTS_DATA_DIR].")
@click.option("--mode", metavar="MODE", help="ovning, dorrklocka or chatt [LOTS_TELEGRAM_MODE].")
@click.option("--base-url", metavar="URL", help="A Bot API server of one's own [LOTS_TELEGRAM_BASE_URL].")
@click.option("--public-url", metavar="URL", help="The https address of this installation [LOTS_PUBLIC_URL].")
@click.option("--web-host", metavar="ADDRESS", help="The address to listen on [LOTS_WEB_HOST].")
@click.option("--web-port", metavar="PORT", help="The port to listen on [LOTS_WEB_PORT].")
@click.option("--key-file", metavar="FILE", help="The store's key [LOTS_KEY_FILE].")
@click.option("--contacts", metavar="FILE", help="Whom to ring, as TOML [LOTS_CONTACTS].")
@click.option("--recipients", metavar="FILE", help="Whom bundles are sealed to [LOTS_RECIPIENTS].")
@click.pass_context
def main(ctx: click.Context, /, **flags: str | None) -> None:
    """Lots: the chat assistant for coordinators of sociala insatsgrupper."""
    ctx.obj = flags


@main.command("try")
@click.pass_context
def try_(ctx: click.Context) -> None:
    """Open the web chat here, with a practice store and no set-up."""
    from bot import logs
    from bot.practice import prepare
    from bot.serving import serve
    from dialogs.texts import Text, say
    from dialogs.texts import mark as _
    from state.store import claimed

    settings = settings_of(ctx, mode="ovning", web="true", web_host="127.0.0.1")
    settings = replace(settings, token=None, public_url=None, trusted_proxy=None)
    logs.set_up("ERROR")
    # whoever leaves before it serves leaves as they would after: what was begun is rolled back or whole
    with suppress(KeyboardInterrupt), claimed(settings.database), desk_of(settings) as desk:
        me = prepare(desk.store, desk.now())
        with desk.store.transaction():
            code = desk.store.invite(
                role=me.role,
                district=me.district,
                expires_at=desk.now() + timedelta(hours=INVITATION_HOURS),
                person=me.id,
            )

        def ready(port: int) -> None:
            link = f"http://127.0.0.1:{port}/in/{code}"
            click.echo(say(Text(_("Öppna {link}"), link=link), "sv"))
            click.echo(say(_("Länken gäller en gång. Det här är övning. Avsluta med Ctrl-C."), "sv"))

        serve(settings, desk, without_pin=True, any_port=ctx.obj["web_port"] is None, ready=ready)
    click.echo(say(_("Slut. Det du har svarat finns kvar."), "sv"))


@main.command()
@click.argument("dialog")
@click.option(
    "--transcript", type=click.File("w", encoding="utf-8"), help="Write the talk down as a golden transcript."
)
@click.pass_context
def play(ctx: click.Context, dialog: str, transcript: TextIO | None) -> None:
    """Talk a dialog through in the terminal, in practice."""
    from dialogs.registry import BY_ID

    if dialog not in BY_ID:
        raise click.UsageError(f"there is no dialog {dialog!r}; there are {', '.join(BY_ID)}")
    _talk(ctx, f"/{BY_ID[dialog].command}", transcript)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--fill", is_flag=True, help="Write what the bot really says into the files, to be read and approved.")
def replay(files: tuple[Path, ...], fill: bool) -> None:
    """Play golden transcripts, and show where one does not hold."""
    from bot.transcripts import BadTranscript, play_file

    held = True
    for path in files:
        try:
            played = play_file(path)
        except (BadTranscript, UnicodeDecodeError) as fault:
            click.echo(f"{path}: {fault}", err=True)
            held = False
            continue
        for envelope in played.envelopes:
            click.echo(json.dumps(envelope.as_json(), ensure_ascii=False))
        if fill:
            path.write_text(played.text, encoding="utf-8")
        elif played.differences:
            click.echo(f"{path}: does not hold\n{played.differences}", err=True)
            held = False
    if not held:
        sys.exit(1)


@main.command()
@click.pass_context
def run(ctx: click.Context) -> None:
    """Serve the web chat, and Telegram where there is a token, until stopped."""
    settings = settings_of(ctx)
    from bot import logs
    from bot.serving import serve
    from state.store import claimed

    logs.set_up(os.environ.get("LOTS_LOG_LEVEL", "INFO"))
    logs.warn_of(settings.exposed)
    with claimed(settings.database), desk_of(settings) as desk:
        serve(settings, desk)


@main.command()
def schema() -> None:
    """Print the JSON Schema (2020-12) of the records."""
    from state.schema import records_schema

    click.echo(json.dumps(records_schema(), ensure_ascii=False, indent=2))


@main.command()
@click.pass_context
def verify(ctx: click.Context) -> None:
    """Hold every record against the one before, and the access log."""
    from state.errors import BrokenChain
    from state.records import verify as hold

    with store_of(settings_of(ctx)) as store:
        try:
            count = hold(store.links())
            rows = store.verify_access()
        except BrokenChain as fault:
            click.echo(str(fault), err=True)
            sys.exit(1)
    click.echo(f"{count} records, the chain holds")
    click.echo(f"{rows} rows in the access log, the chain holds")


@main.command()
def lint() -> None:
    """List everything that is wrong with the dialogs' declarations."""
    from bot.lint import problems

    found = problems()
    for problem in found:
        click.echo(problem, err=True)
    if found:
        sys.exit(1)
    click.echo("nothing wrong")


@main.command()
@click.argument("dialog", required=False)
@click.option("--table", is_flag=True, help="Only the decision table of hotbild, as Markdown.")
@click.pass_context
def diagram(ctx: click.Context, dialog: str | None, table: bool) -> None:
    """Draw a dialog, or all of them, as Mermaid state diagrams; hotbild with its table."""
    from dialogs.registry import BY_ID
    from dialogs.threat_table import table_lines
    from state.machine import CompiledDialog

    if dialog is not None and dialog not in BY_ID:
        raise click.UsageError(f"there is no dialog {dialog!r}; there are {', '.join(BY_ID)}")
    if table and dialog != "hotbild":
        raise click.UsageError("--table takes hotbild, which has one")
    for name in [dialog] if dialog else list(BY_ID):
        if not table:
            click.echo(CompiledDialog(BY_ID[name]).mermaid())
        if name == "hotbild":
            for line in table_lines(settings_of(ctx).policy):
                click.echo(line if table else f"%% {line}".rstrip())


@main.command()
@click.argument("name")
def new(name: str) -> None:
    """Begin a dialog: its file, its line in the registry, a transcript."""
    from bot.scaffold import CannotBegin, begin

    os.umask(0o022)  # a dialog is nobody's secret
    try:
        for path in begin(name, Path.cwd()):
            click.echo(path)
    except CannotBegin as fault:
        raise click.UsageError(str(fault)) from None


@main.command()
@click.option("--role", metavar="ROLE", help="samordnare, ersattare, chef, drift or granskare.")
@click.option("--district", metavar="NAME", help="Whose cases they may see.")
@click.option("--person", "person_id", metavar="ID", help="Somebody who changes phone; `lots people` has the ids.")
@click.pass_context
def invite(ctx: click.Context, role: str | None, district: str | None, person_id: str | None) -> None:
    """Invite a person: a code for one use, good for 24 hours."""
    from bot.invitations import printed
    from dialogs.policy import PLACE
    from state.people import ROLES

    settings = settings_of(ctx)
    with store_of(settings) as store, store.transaction():
        if person_id is not None:
            person = store.person(person_id)
            if person is None or role is not None or district is not None:
                raise click.UsageError("--person takes the id of one of `lots people`, and stands alone")
            role, district = person.role, person.district
        if role not in ROLES:
            wrong = "--role is missing" if role is None else f"{role!r} is no role"
            raise click.UsageError(f"{wrong}; roles are {', '.join(ROLES)}")
        if district is None or not PLACE.fullmatch(district.strip()):
            raise click.UsageError(
                "--district names the district whose cases they may see: 2 to 40 letters and hyphens"
            )
        code = store.invite(
            role=next(known for known in ROLES if known == role),
            district=district.strip(),
            expires_at=settings.now() + timedelta(hours=INVITATION_HOURS),
            person=person_id,
        )
    if district not in settings.policy.districts:
        click.echo(
            f"note: {district} is none of the configured districts ({', '.join(settings.policy.districts)})", err=True
        )
    click.echo(printed(code, settings))


@main.command()
@click.pass_context
def people(ctx: click.Context) -> None:
    """List who may speak to the bot, with their ids."""
    with store_of(settings_of(ctx)) as store:
        for person in store.people():
            click.echo(
                f"{person.id}  {person.label}  {person.role}  {person.district}  {person.language}  {person.channel}"
            )


@main.command()
@click.argument("person_id", metavar="ID")
@reason_option
@click.pass_context
def revoke(ctx: click.Context, person_id: str, reason: str | None) -> None:
    """End everything of a person at once, and list what they could see."""
    from bot.commands.members import told_of_revoked, why_listed

    settings = settings_of(ctx)
    why = why_listed(settings, reason)
    with store_of(settings) as store, store.transaction():
        person = store.person(person_id)
        if person is None:
            raise click.UsageError(f"nobody has the id {person_id!r}; `lots people` has the ids")
        chat = None
        if person.channel == "telegram":
            chat = person.address
        elif (bell := store.bell_of(person_id)) is not None:
            chat = bell.address  # what stands on the web has gone with the person
        store.revoke(person_id, settings.now())
    click.echo(f"{person_id} is revoked")
    told_of_revoked(settings, person, why)
    if chat is not None and settings.token is not None:
        _leave_chat(settings, settings.token, chat)


def _leave_chat(settings: Settings, token: str, chat: str) -> None:
    """Take away at once what stands in a chat; what stays is in the ledger, and `lots run` tries again."""
    from bot.telegram import CHANNEL, leave_chat

    with store_of(settings) as store:
        stood = store.traces(CHANNEL, chat)
        gone, commands = leave_chat(token, settings.base_url, chat, stood)
        with store.transaction():
            store.untraced(CHANNEL, chat, gone)
    if len(gone) < len(stood):
        click.echo(
            f"note: {len(stood) - len(gone)} messages still stand in their chat; `lots run` goes on trying", err=True
        )
    if not commands:
        click.echo("note: the list of commands may still stand in their chat", err=True)


@main.command()
@click.pass_context
def check(ctx: click.Context) -> None:
    """Look this installation over; each finding says what to do."""
    from bot.check import findings

    bad = False
    for finding in findings(settings_of(ctx)):
        click.echo(str(finding))
        bad = bad or finding.mend is not None
    if bad:
        sys.exit(1)


@main.command()
@click.pass_context
def contacts(ctx: click.Context) -> None:
    """List the contacts, and what of them is missing, expired or suspicious."""
    from bot.contacts import found

    settings = settings_of(ctx)
    held, today = settings.policy.contacts, settings.now().date()
    until = "" if held.until is None else f", until {held.until}"
    click.echo(f"{held.version}{until}")
    for one in held.contacts:
        hours = "always" if one.hours is None else f"{one.hours.opens:%H:%M}-{one.hours.closes:%H:%M}"
        click.echo(f"{one.function}  {one.area or '-'}  {one.number}  {hours}")
    told = list(found(held, settings.policy, today))
    for problem in told:
        click.echo(str(problem), err=True)
    if told:
        sys.exit(1)


def _talk(ctx: click.Context, first: str, transcript: TextIO | None) -> None:
    from bot.terminal import talk
    from state.store import claimed

    settings = settings_of(ctx, mode="ovning")
    with claimed(settings.database), desk_of(settings) as desk:
        hear: TextIO = io.StringIO() if sys.stdin is None else sys.stdin  # a service manager may give none
        if isinstance(hear, io.TextIOWrapper):
            hear.reconfigure(errors="replace")
        talk(desk, first, hear, click.echo, transcript)


for command in EVERY:
    main.add_command(command)
