"""`lots check`: this installation, part by part; what is wrong says what to do."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.access import every_case
from bot.commands.keys import recipients_found
from bot.commands.opened import key_of
from bot.contacts import found as found_in_contacts
from bot.hushed import hushed
from bot.settings import Settings
from dialogs.contacts import SHIPPED
from dialogs.law import facts, is_read_too_long_ago
from dialogs.policy import Policy
from dialogs.texts import LANGUAGES, SOURCE_LANGUAGE, catalogue
from state.errors import BadSettings, BrokenChain, StoreError
from state.records import verify
from state.store import Store
from state.transfer.backups import backups_in, work_folder
from state.transfer.ledger import read_ledger
from state.transfer.rekeying import DATABASES, kept_keys

if TYPE_CHECKING:
    from bot.telegram import Answer

LEAST_DISK = 500 * 1024 * 1024
"""Bytes that should be free."""

MOST_CLOCK_ERROR = timedelta(seconds=60)

OLDEST_BACKUP = timedelta(days=2)
"""How old the newest backup may be; the timer makes one a day."""

LATEST_RECEIPT = timedelta(days=7)
"""For how long a receipt may be waited for."""


@dataclass(frozen=True)
class Finding:
    """What was found about one part.

    :ivar part: what was looked at.
    :ivar says: how it is.
    :ivar mend: what to do; ``None`` where all is well.
    """

    part: str
    says: str
    mend: str | None = None

    def __str__(self) -> str:
        told = f"{'ok   ' if self.mend is None else 'WRONG'}  {self.part}: {self.says}"
        return hushed(told + (f". {self.mend}" if self.mend else ""))


def findings(settings: Settings) -> Iterator[Finding]:
    """Look at every part.

    :param settings: the installation.
    :returns: a finding for each part, as it is looked at.
    """
    from bot.check_secrets import secret_findings

    yield _folder(settings.data_dir)
    yield _disk(settings.data_dir)
    yield from _store(settings)
    yield _recipients(settings)
    yield _backups(settings)
    yield from _leftovers(settings)
    yield from secret_findings(settings)
    yield _mode(settings)
    yield _web(settings)
    yield from _bot(settings)
    yield _languages()
    yield _law(settings.now().date(), settings.policy.law_read_days)
    yield _contacts(settings.policy, settings.now().date())


def _folder(path: Path) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding("data folder", f"{path} is open to others ({mode:o})", f"Run: chmod 700 {path}")
    return Finding("data folder", f"{path} is the owner's alone")


def _disk(path: Path) -> Finding:
    free = shutil.disk_usage(path).free
    says = f"{free // (1024 * 1024)} MB free"
    return Finding("disk", says, "Make room: 500 MB should be free" if free < LEAST_DISK else None)


def _store(settings: Settings) -> Iterator[Finding]:
    try:
        key = key_of(settings)
    except (BadSettings, StoreError) as fault:
        yield Finding("key", str(fault), "Put the key right before anything else")
        return
    yield Finding("key", f"{settings.key_file} is the owner's alone")
    try:
        store = Store(settings.database, key)
    except StoreError as fault:
        yield Finding("database", str(fault), "Put the database right, or restore a backup")
        return
    try:
        if broken := store.faults():
            yield Finding("database", f"{settings.database}: {broken[0]}", "Restore a backup")
        else:
            yield Finding("database", f"{settings.database} is whole, {verify(store.links())} records, the chain holds")
            yield _cases(store)
            yield _access_log(store, settings)
            yield _chats(store)
            if not settings.practice:
                yield _bundles(store, settings.now())
                yield _purges(store, settings)
    except StoreError as fault:
        yield Finding("database", str(fault), "Find out who changed it, and restore a backup")
    finally:
        store.close()


def _access_log(store: Store, settings: Settings) -> Finding:
    try:
        rows = store.verify_access()
    except BrokenChain as fault:
        return Finding("access log", str(fault), "Find out who changed it; a backup may have the rows as they were")
    cut = store.access_cut()
    older = "" if cut is None else f", those until {cut.at[:10]} were old enough and are gone"
    years = settings.access.keep_years
    return Finding("access log", f"{rows} rows, the chain holds, kept for {years} year{'s' * (years > 1)}{older}")


def _chats(store: Store) -> Finding:
    """What stands in the chats that Telegram keeps."""
    says = f"{len(store.ledger())} messages stand in the chats"
    if left := store.traces_given_up():
        return Finding(
            "chats", f"{says}, {left} could not be taken away in 48 hours", "Ask everybody to empty their chat by hand"
        )
    return Finding("chats", f"{says}, none longer than it may")


def _cases(store: Store) -> Finding:
    """Cases whose people have all gone; a closed one waits for nobody."""
    every = every_case(store)
    lost = [one for one in every if not one.reach]
    still_open = sum(not one.closed for one in lost)
    says = f"{len(every)}, of which nobody can open {len(lost)} ({still_open} not closed)"
    return Finding("cases", says, "Run: lots members, and let somebody in" if still_open else None)


def _bundles(store: Store, now: datetime) -> Finding:
    bundles = store.bundles()
    says = f"{len(bundles)} made, {store.waiting_records()} records wait for the next"
    if begun := [one for one in bundles if one.written_at is None]:
        return Finding("bundles", f"{says}, {begun[0].number} is begun and not written", "Run: lots export")
    late = [
        str(one.number)
        for one in bundles
        if one.written_at is not None
        and one.received_at is None
        and now - datetime.fromisoformat(one.written_at) > LATEST_RECEIPT
    ]
    if late:
        return Finding(
            "bundles",
            f"{says}, without a receipt for over {LATEST_RECEIPT.days} days: {', '.join(late)}",
            "Ask the receiver for the receipt, and run: lots receive",
        )
    return Finding("bundles", says)


def _purges(store: Store, settings: Settings) -> Finding:
    """What the ledger says was purged is not in the store; where it is, a purge was cut off."""
    if store.cases_of(sorted(read_ledger(settings.ledger).purged)):
        return Finding("purging", "a purge was cut off", "Run: lots purge")
    return Finding("purging", f"{len(store.purges())} done, none cut off")


def _recipients(settings: Settings) -> Finding:
    try:
        found, where = recipients_found(settings)
    except BadSettings as fault:
        return Finding("recipients", str(fault), "Put the line right, or run: lots keys recipients")
    if found or settings.practice:
        return Finding("recipients", f"{len(found)}, from {where}" if found else "none: practice never leaves")
    return Finding(
        "recipients", f"none in {where}", "Ask the receiver for theirs, and run: lots keys recipients add AGE1…"
    )


def _backups(settings: Settings) -> Finding:
    """The newest; whether it is whole was seen when it was made."""
    folder = settings.transfer.backup_dir
    found = backups_in(folder, settings.database)
    if not found:
        says = f"none in {folder}"
    else:
        old = settings.now() - found[0][1]
        says = f"{len(found)} in {folder}, the newest {_how_old(old)} old"
        if old <= OLDEST_BACKUP:
            return Finding("backups", says)
    if settings.practice:
        return Finding("backups", says)
    return Finding("backups", says, "Run: lots backup, and see that lots-backup.timer is on")


def _how_old(age: timedelta) -> str:
    return f"{age.days} days" if age >= OLDEST_BACKUP else f"{max(0, int(age.total_seconds() // 3600))} hours"


def _leftovers(settings: Settings) -> Iterator[Finding]:
    """What a restore and a change of keys leave for somebody to take away."""
    database = settings.database
    aside = sorted(path.name for path in database.parent.glob(f"{database.name}.before-restore-*"))
    if aside:
        yield Finding(
            "put aside",
            f"{', '.join(aside)}, which purging does not reach",
            f"Take it away from {database.parent} when it is no longer needed",
        )
    if work_folder(database).exists():
        yield Finding("put aside", f"{work_folder(database)}, of a restore that was cut off", "Run: lots backup")
    kept = kept_keys(settings.key_file)
    if not kept:
        return
    dated = [at for name in DATABASES for _, at in backups_in(settings.transfer.backup_dir, database.with_name(name))]
    needless = [path.name for path, at in kept if not any(made <= at for made in dated)]
    says = f"{len(kept)} kept, {len(kept) - len(needless)} that a backup needs"
    if needless and settings.now() - kept[-1][1] > timedelta(days=settings.transfer.backup_keep_days):
        yield Finding(
            "old keys",
            f"{says}; not needed: {', '.join(needless)}",
            f"Take away what no backup elsewhere needs, from {settings.key_file.parent}",
        )
    else:
        yield Finding("old keys", says)


def _mode(settings: Settings) -> Finding:
    if settings.decision is not None:
        return Finding("mode", f"chatt: real cases on Telegram, by decision {settings.decision}")
    if settings.doorbell:
        return Finding("mode", "dorrklocka: real cases on the web chat only, Telegram says no more than that one waits")
    return Finding("mode", f"{settings.mode}: no real case")


def _web(settings: Settings) -> Finding:
    if not settings.web:
        return Finding("web address", "none: the web chat is not served")
    here = f"{settings.web_host}:{settings.web_port}"
    if settings.public_url is None:
        return Finding("web address", f"http://{here}, for this machine only")
    return Finding("web address", f"{settings.public_url}, served on {here}")


def _address(settings: Settings, answer: Answer) -> Finding:
    """The address that Telegram knows, beside the one that is configured."""
    from bot.telegram.webhook import PATH

    ours = f"{(settings.public_url or '').rstrip('/')}{PATH}" if settings.webhook_secret is not None else ""
    if answer.webhook != ours:
        says = f"Telegram has {answer.webhook or 'none'}, and this installation {ours or 'none'}"
        return Finding("public address", says, "Start `lots run`; it tells Telegram")
    if ours and answer.trouble is not None:
        return Finding(
            "public address", f"{ours}: Telegram says {answer.trouble}", "See to the proxy and its certificate"
        )
    return Finding("public address", f"{ours}: updates are brought" if ours else "none: updates are fetched")


def _bot(settings: Settings) -> Iterator[Finding]:
    if settings.token is None:
        rung = ", and nobody is rung" if settings.doorbell else ""
        yield Finding("token", f"none: Telegram is not served{rung}")
        return
    from bot.telegram import ask_about

    answer = ask_about(settings.token, settings.base_url)
    if answer.name is None:
        mend = "Get the right one from BotFather" if answer.refused else "See that this machine reaches the Bot API"
        yield Finding("token", "Telegram does not know it" if answer.refused else "the Bot API does not answer", mend)
        return
    yield Finding("token", f"it is @{answer.name}")
    yield _address(settings, answer)
    off = None if answer.clock is None else abs(settings.now() - answer.clock)
    if off is None:
        yield Finding("clock", "the Bot API gave no time to compare with")
    elif off > MOST_CLOCK_ERROR:
        yield Finding("clock", f"{off.total_seconds():.0f} s from the Bot API's", "Turn on time synchronisation (NTP)")
    else:
        yield Finding("clock", "right")


def _languages() -> Finding:
    for language in LANGUAGES:
        try:
            catalogue(language)
        except FileNotFoundError as fault:
            return Finding("languages", f"{language} is missing ({fault.filename})", "Install Lots again")
    return Finding("languages", f"{', '.join(LANGUAGES)} ({SOURCE_LANGUAGE} is the source)")


def _law(today: date, days: int) -> Finding:
    old = sorted({fact.id for fact in facts() if is_read_too_long_ago(fact, today, days)})
    if old:
        return Finding(
            "law", f"read more than {days} days ago: {', '.join(old)}", "Read the texts again, and update dialogs/law"
        )
    return Finding("law", f"{len(facts())} facts, all read within {days} days")


def _contacts(policy: Policy, today: date) -> Finding:
    told = list(found_in_contacts(policy.contacts, policy, today))
    says = f"{policy.contacts.version}: {len(policy.contacts.contacts)} numbers"
    wrong = [one for one in told if one.kind != "missing"]
    if wrong:
        return Finding("contacts", f"{says}, {wrong[0].says}", "Run: lots contacts")
    if told and policy.contacts is not SHIPPED:
        return Finding("contacts", f"{says}, {len(told)} kinds are missing", "Run: lots contacts")
    return Finding("contacts", f"{says}{', 112 and 114 14 only' if policy.contacts is SHIPPED else ''}")
