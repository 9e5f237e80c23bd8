"""Purging: what is closed and received goes, for good, and tombstones are left (law.md 2.3 rule 9, 4.4).

1. :func:`plan` says what may go. Nothing is changed, and :attr:`Plan.code` stands for exactly that list.
2. :func:`purge` notes it in the ledger, takes it out of the store case by case, and may be cut off anywhere.
3. :func:`finish` takes up what was cut off. A case in which somebody has begun something since stays after all.
4. :func:`clear_traces` takes the bundles' files away, and shrinks the store's own, so that neither it nor its WAL holds
   anything.

One command does this at a time, see :func:`state.store.at_work`; the store may be served meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

from dialogs.policy import Policy
from dialogs.rules.transfers import WhyItStays, when_a_case_may_be_purged
from state.errors import ClockWentBack, DiskFailed, StoreBusy
from state.records import CLOCK_TOLERANCE, Envelope
from state.store import Store
from state.store.base import utc
from state.transfer.backups import backups_in
from state.transfer.bundle import take_away
from state.transfer.ledger import NotedPurge, copy_ledger, note_kept, note_purge, read_ledger
from state.transfer.manifest import file_name

CASES_AT_ONCE = 50
"""How many cases go in one transaction; what is served waits that long and no longer."""

Why = Literal[WhyItStays, "draft", "days"]
"""Why a case stays: see the rule; or somebody has a draft in it; or its days are not over."""

Progress = Callable[[int, int], None]
"""Is told how many are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Going:
    """A case that may go.

    :ivar case: its code.
    :ivar records: ids of all its records.
    """

    case: str
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Staying:
    """A case that stays.

    :ivar case: its code.
    :ivar why: what is missing.
    :ivar on: the earliest day it may go, where that is known.
    """

    case: str
    why: Why
    on: date | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What may be purged on a day.

    :ivar goes: the cases that may, in the order of their codes.
    :ivar stays: the others.
    """

    goes: tuple[Going, ...]
    stays: tuple[Staying, ...]

    @property
    def records(self) -> int:
        """How many records would go."""
        return sum(len(one.records) for one in self.goes)

    @property
    def code(self) -> str:
        """Eight signs that stand for this list and no other."""
        told = hashlib.sha256()
        for one in self.goes:
            told.update(" ".join((one.case, *one.records, "\n")).encode())
        return told.hexdigest()[:8].upper()


@dataclass(frozen=True, slots=True)
class Done:
    """What a purge did.

    :ivar number: its number.
    :ivar decision: the decision it rests on.
    :ivar cases: how many cases went now.
    :ivar records: how many records went now.
    :ivar kept: how many cases stay after all, since somebody has begun something in them.
    """

    number: int
    decision: str
    cases: int
    records: int
    kept: int


def hold_the_clock(store: Store, ledger: Path, now: datetime) -> None:
    """A clock that went back knows no day on which thirty days are over.

    :param store: the store.
    :param ledger: the ledger beside it.
    :param now: the time.
    :raises ClockWentBack: a record or a purge is of a later time.
    """
    latest = max(store.latest_moment(), *(one.at for one in read_ledger(ledger).purges.values()), "")
    if utc(now + CLOCK_TOLERANCE) < latest:
        raise ClockWentBack(
            f"the clock says {utc(now)}, and something was written or purged at {latest}; put the clock right and try "
            "again"
        )


def plan(store: Store, policy: Policy, today: date, progress: Progress | None = None) -> Plan:
    """What may be purged, and why the rest stays.

    :param store: the store.
    :param policy: how many days a case must have been closed and received.
    :param today: the local day.
    :param progress: is told how many cases have been looked at.
    :returns: the plan.
    """
    goes: list[Going] = []
    stays: list[Staying] = []
    cases = store.cases()
    for done, case in enumerate(cases, 1):
        held = _all_of(store, case)
        verdict = _why_it_stays(store, case, held, policy, today)
        if verdict is None:
            goes.append(Going(case, tuple(one.id for one in held)))
        else:
            stays.append(verdict)
        if progress is not None:
            progress(done, len(cases))
    return Plan(tuple(goes), tuple(stays))


def purge(
    store: Store,
    ledger: Path,
    planned: Plan,
    *,
    decision: str,
    policy: Policy,
    now: datetime,
    progress: Progress | None = None,
) -> Done:
    """Purge what was planned.

    :param store: the store.
    :param ledger: the ledger beside it; all of it is noted before anything goes.
    :param planned: what goes.
    :param decision: the reference of the decision.
    :param policy: see :func:`plan`; each case is held to it once more when it goes.
    :param now: the time, with the local zone.
    :param progress: is told how many cases have gone.
    :returns: what was done.
    :raises DiskFailed: the disk is full, or does not read or write; :func:`finish` goes on with it.
    :raises StoreBusy: another process wrote for longer than five seconds; :func:`finish` goes on with it.
    """
    number = 1 + max((*read_ledger(ledger).purges, *(one.number for one in store.purges())), default=0)
    records = [id_ for one in planned.goes for id_ in one.records]
    note_purge(ledger, number=number, decision=decision, at=utc(now), records=records)
    noted = NotedPurge(number=number, decision=decision, at=utc(now), records=frozenset(records))
    cases = [one.case for one in planned.goes]
    return _take(store, ledger, noted, cases, policy=policy, now=now, progress=progress)


def unfinished(store: Store, ledger: Path) -> list[tuple[NotedPurge, list[str]]]:
    """The purges that were cut off, or that a backup has undone.

    :param store: the store.
    :param ledger: the ledger beside it.
    :returns: each with the cases of it that are still here.
    """
    gone = {one.number: one.records for one in store.purges()}
    return [
        (noted, sorted(cases))
        for noted in read_ledger(ledger).purges.values()
        if gone.get(noted.number) != len(noted.records) and (cases := store.cases_of(noted.records))
    ]


def finish(
    store: Store, ledger: Path, *, policy: Policy, now: datetime, progress: Progress | None = None
) -> list[Done]:
    """Finish what was cut off, under the number and the decision it was begun with.

    :param store: the store.
    :param ledger: the ledger beside it.
    :param policy: see :func:`plan`.
    :param now: the time, with the local zone.
    :param progress: is told how many cases have gone.
    :returns: what was done; nothing where nothing was cut off.
    :raises DiskFailed: as :func:`purge`.
    :raises StoreBusy: as :func:`purge`.
    """
    return [
        _take(store, ledger, noted, cases, policy=policy, now=now, progress=progress)
        for noted, cases in unfinished(store, ledger)
    ]


def clear_traces(store: Store, ledger: Path, bundles: Path, backups: Path) -> None:
    """Take away what holds purged records outside the store's tables; may be done again at any time.

    Bundles that have left go, sealed or not, the ledger is copied to the backups, and the file is shrunk.

    :param store: the store, not in a transaction.
    :param ledger: the ledger beside it.
    :param bundles: the folder of the sealed bundles.
    :param backups: the folder of the backups; it need not be there.
    :raises StoreBusy: another process reads or writes: the file is as it was, and this is to be done again.
    :raises DiskFailed: the disk is full, or does not read or write; this is to be done again.
    """
    for number in store.bundles_with_purged():
        sealed = bundles / file_name(store.installation(), number)
        try:
            take_away(sealed)
        except OSError as fault:
            raise DiskFailed(f"{sealed}: cannot be taken away ({fault.strerror}); take it away yourself") from None
    copy_ledger(ledger, backups)
    try:
        store.shrink()
    except StoreBusy:
        raise StoreBusy(
            f"{store.path}: what was purged is gone from the store, and its file could not be shrunk, since another "
            "process uses it; run `lots purge` again, which shrinks it"
        ) from None


@dataclass(frozen=True, slots=True)
class OldBackups:
    """The backups that still hold what was purged.

    :ivar count: how many.
    :ivar last_goes_on: when the last of them is taken away, by the policy of backups.
    """

    count: int
    last_goes_on: date


def old_backups(backups: Path, database: Path, purged_at: datetime, keep_days: int) -> OldBackups | None:
    """What the folder of the backups still holds of what was purged.

    :param backups: the folder; it need not be there.
    :param database: the database they are backups of.
    :param purged_at: when the purge was done, with the local zone.
    :param keep_days: after how many days a backup is taken away.
    :returns: the backups that are older; ``None`` where there are none.
    """
    made = [at for _, at in backups_in(backups, database) if at <= purged_at]
    if not made:
        return None
    last = max(made).astimezone(purged_at.tzinfo) + timedelta(days=keep_days)
    return OldBackups(len(made), last.date())


def _take(
    store: Store,
    ledger: Path,
    noted: NotedPurge,
    cases: Sequence[str],
    *,
    policy: Policy,
    now: datetime,
    progress: Progress | None,
) -> Done:
    """Each case is looked at once more in the transaction that takes it: nobody writes in it meanwhile.

    A store that never had some of the records is older than the ledger: somebody has put a backup in its place. There
    a case may look open that was closed when it was purged, and goes all the same.
    """
    is_older = not store.knows(noted.records)
    went = records = kept = 0
    for some in _in_parts(cases):
        going: list[str] = []
        more: list[str] = []
        staying: list[str] = []
        with store.transaction():
            for case in some:
                held = _all_of(store, case)
                as_noted = all(one.id in noted.records for one in held if not one.record.bookkeeping)
                if as_noted and (is_older or _why_it_stays(store, case, held, policy, now.date()) is None):
                    going.append(case)
                    records += len(held)
                    more += [one.id for one in held if one.id not in noted.records]
                else:
                    kept += 1
                    staying += [one.id for one in held if one.id in noted.records]
            note_kept(ledger, number=noted.number, records=staying)
            note_purge(ledger, number=noted.number, decision=noted.decision, at=noted.at, records=more)
            if going:
                store.purge(noted.number, noted.decision, going, now)
        went += len(going)
        if progress is not None:
            progress(went + kept, len(cases))
    return Done(noted.number, noted.decision, went, records, kept)


def _in_parts(cases: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(cases), CASES_AT_ONCE):
        yield cases[start : start + CASES_AT_ONCE]


def _all_of(store: Store, case: str) -> list[Envelope]:
    return store.case_in(case, 1, 2**62)


def _why_it_stays(store: Store, case: str, held: Sequence[Envelope], policy: Policy, today: date) -> Staying | None:
    """``None`` where it may go. What a bundle without a receipt holds stays as it is: it may have to be made again."""
    rests = when_a_case_may_be_purged(held, policy)
    if rests.why is not None or rests.on is None:
        return Staying(case, rests.why or "open", None)
    if store.waits_for_a_receipt(case):
        return Staying(case, "not_received", None)
    if today < rests.on:
        return Staying(case, "days", rests.on)
    return Staying(case, "draft", None) if store.has_draft(case) else None
