"""The drop-off: every sealed bundle is put in a folder or sent to an address, in order, until it is taken.

What is put there is what ``lots export`` wrote, sealed; nothing is opened on the way. A bundle counts as delivered when
the drop-off has it under its name, so that a program which ends in between asks again and is told that it is there.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import logging
import os
import re
import socket
import ssl
import stat
import threading
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from io import BufferedReader
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from bot.settings import Settings
from state.errors import DiskFailed, DropFailed, StoreError
from state.store import Bundle, Store
from state.store.handover import LONGEST_PAUSE
from state.transfer.manifest import file_name

log = logging.getLogger("lots.courier")

T = TypeVar("T")

ROUND = 60.0
"""Seconds between two looks at what waits."""

FIRST_PAUSE, LAST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
"""How long a bundle waits after its first try in vain, twice as long after each one more, and at most."""

PATIENCE = 120.0
"""Seconds without a piece that is read on, or an answer, after which a try is given up."""

PIECE = 1 << 18
"""Bytes that are in memory at a time."""

THERE_ALREADY = (HTTPStatus.PRECONDITION_FAILED,)
"""Answers that say that something is there under that name (RFC 9110, 13.1.2): a try before this one put it there."""

NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
"""What a file system says that knows no hard links, as many network shares do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """What became of one try.

    :ivar bundle: the bundle's number.
    :ivar tries: which try it was, from 1.
    :ivar fault: why it was in vain; ``None`` where the drop-off has the bundle.
    :ivar kind: the same in a word, for the log: a status code or a name; empty where the drop-off has it.
    :ivar again: not before when it is tried again; ``None`` also where its file must be made anew first.
    """

    bundle: int
    tries: int
    fault: DropFailed | None
    kind: str
    again: datetime | None


class _NotTaken(Exception):
    """Why a bundle was not taken: a word for the log, a sentence for people, and how long the drop-off asks to wait."""

    def __init__(self, kind: str, words: str, wait: timedelta = timedelta()) -> None:
        super().__init__(words)
        self.kind = kind
        self.wait = wait


class _FileGone(_NotTaken):
    """The bundle itself is not there to be taken anywhere."""


class Courier:
    """Takes bundles to the drop-off of an installation that has one.

    :param settings: the installation; see :attr:`~bot.settings.Settings.drops_off`.
    :param store: its store, touched only from the thread that runs the rounds.
    :param now: the clock, with a zone.
    :param tell: is told of every try; the log, unless something else is named.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        *,
        now: Callable[[], datetime],
        tell: Callable[[Tried], None] | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._now = now
        self._tell = tell or self._log
        self._missing: int | None = None

    async def run(self) -> None:
        """Go a round every minute until cancelled; nothing that goes wrong in one ends it."""
        while True:
            try:
                await self.round()
            except StoreError as fault:
                log.warning("the store is busy", extra={"event": "StoreBusy", "code": fault.code})
            except Exception as fault:  # noqa: BLE001 - the next round must be gone too
                log.error("a round failed", extra={"event": "SweepFailed", "fault": type(fault).__name__})
            await asyncio.sleep(ROUND)

    async def round(self, *, at_once: bool = False) -> bool:
        """Take what waits to the drop-off, one after the other, until one is not taken.

        :param at_once: also what is waiting for its next try.
        :returns: ``False`` where another process is doing so, which is left to it.
        :raises StoreError: the store cannot be read or written; what the drop-off took is asked for again next time.
        """
        if not self._settings.drops_off:
            return True
        with _alone(self._settings.database) as alone:
            while alone and (waiting := self._store.to_deliver(None if at_once else self._now())):
                tried = await self._try(waiting[0])
                self._tell(tried)
                if tried.fault is not None:
                    break
        return alone

    async def _try(self, bundle: Bundle) -> Tried:
        """Take one bundle there; what became of it is in the store when this is back, in a transaction of its own."""
        with self._store.transaction():
            name = file_name(self._store.installation(), bundle.number)
        number, tries, again = bundle.number, bundle.tries + 1, None
        try:
            await self._take(self._settings.bundles_dir / name)
        except _NotTaken as fault:
            if not isinstance(fault, _FileGone):
                again = self._now() + max(pause_after(tries), fault.wait)
                with self._store.transaction():
                    self._store.try_again_at(number, again)
            told = DropFailed(f"bundle {number}: {fault}")
            return Tried(bundle=number, tries=tries, fault=told, kind=fault.kind, again=again)
        with self._store.transaction():
            self._store.mark_delivered(number, self._now())
        return Tried(bundle=number, tries=tries, fault=None, kind="", again=None)

    async def _take(self, file: Path) -> None:
        rules, stop = self._settings.transfer, threading.Event()
        if (folder := rules.drop_folder) is not None:
            await _in_thread(lambda: _put(file, folder / file.name, stop), stop)
        else:
            await _send(file, rules.drop_url or "", rules.drop_token or "", self._now)

    def _log(self, tried: Tried) -> None:
        """One line a try; that a file is gone is said once, though it is looked for every minute."""
        if tried.fault is None:
            self._missing = None
            about = {"event": "BundleDelivered", "bundle": tried.bundle, "tries": tried.tries}
            log.info("a bundle is dropped off", extra=about)
            return
        if tried.again is None and tried.bundle == self._missing:
            return
        self._missing = tried.bundle if tried.again is None else None
        about = {"event": "BundleNotDelivered", "bundle": tried.bundle, "tries": tried.tries}
        log.warning("a bundle is not dropped off", extra=about | {"code": tried.fault.code, "fault": tried.kind})


def deliver_once(settings: Settings, store: Store, now: datetime) -> list[str]:
    """Take everything that waits to the drop-off, at once, for somebody who has just made a bundle.

    :param settings: the installation; without a drop-off nothing is done.
    :param store: its store, not in a transaction.
    :param now: the time.
    :returns: what became of it, a line for each bundle that was tried; English, for the terminal.
    :raises StoreError: the store cannot be read or written.
    """
    tried: list[Tried] = []
    if not asyncio.run(Courier(settings, store, now=lambda: now, tell=tried.append).round(at_once=True)):
        return ["another process takes bundles to the drop-off right now, and takes this one too"]
    return [_line(one) for one in tried]


def _line(tried: Tried) -> str:
    if tried.fault is None:
        return f"bundle {tried.bundle}: the drop-off has it"
    if tried.again is None:
        return str(tried.fault)
    return f"{tried.fault}; `lots run` tries again after {tried.again:%Y-%m-%d %H:%M}"


def pause_after(tries: int) -> timedelta:
    """How long a bundle waits for its next try.

    :param tries: how often it was tried in vain, from 1.
    :returns: 1, 2, 4 … minutes, at most six hours.
    """
    return min(FIRST_PAUSE * (1 << min(tries - 1, 16)), LAST_PAUSE)


@contextmanager
def _alone(database: Path) -> Iterator[bool]:
    """Hold the drop-off for one process, so that no bundle is under way twice.

    It is not the lock of those that work in the store: an upload may take long, and must keep no backup waiting.
    """
    path = database.with_suffix(".drop")
    try:
        file = path.open("w")
    except OSError as fault:
        raise DiskFailed(f"{path}: cannot be made ({fault.strerror}); make room on the disk, and try again") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = True
        except OSError:
            alone = False
        yield alone


async def _in_thread(work: Callable[[], T], stop: threading.Event) -> T:
    """Do what waits for a disk beside the loop.

    Cancelled, it stops the work and leaves when that has ended, since what it works with is closed next.
    """
    under_way = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(under_way)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.gather(under_way, return_exceptions=True)
        raise


def _opened(file: Path) -> BufferedReader:
    try:
        return file.open("rb")
    except FileNotFoundError:
        words = f"{file} is gone; make it anew with `lots export --bundle` and its number"
        raise _FileGone("FileGone", words) from None
    except OSError as fault:
        raise _NotTaken("FileUnread", f"{file} cannot be read ({fault.strerror}); see that the disk is whole") from None


# ── a folder ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _put(file: Path, there: Path, stop: threading.Event) -> None:
    """Put a file in the folder: whole under its name or not at all, and never over another."""
    hidden = there.with_name(f".{there.name}.part")
    with _opened(file) as source:
        try:
            if not there.parent.is_dir():
                words = f"LOTS_DROP_FOLDER: {there.parent} is not there; mount the share, or make the folder"
                raise _NotTaken("NoFolder", words)
            if not _is_there(there, source):
                hidden.unlink(missing_ok=True)  # of a try that was cut off
                try:
                    _copy(source, hidden, stop)
                    _name(hidden, there, source)
                finally:
                    hidden.unlink(missing_ok=True)
            _on_the_disk(there.parent)
        except OSError as fault:
            words = f"LOTS_DROP_FOLDER: {there} cannot be written ({fault.strerror}); see that Lots may write there"
            raise _NotTaken(errno.errorcode.get(fault.errno or 0, "OSError"), words) from None


def _copy(source: BufferedReader, hidden: Path, stop: threading.Event) -> None:
    """The folder's group may read it, whatever the service's umask says: only its recipients can open it."""
    source.seek(0)
    with os.fdopen(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as copy:
        with suppress(OSError):  # a share may have rights of its own
            os.fchmod(copy.fileno(), 0o640)
        while piece := source.read(PIECE):
            if stop.is_set():
                raise _NotTaken("Stopped", "the program ends")
            copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())


def _name(hidden: Path, there: Path, source: BufferedReader) -> None:
    """Give the copy its name.

    Where there are no hard links it is renamed, after a look that the name is free; nobody but the process that holds
    the drop-off uses such names.
    """
    try:
        os.link(hidden, there)
    except FileExistsError:
        if not _is_there(there, source):
            raise
    except OSError as fault:
        if fault.errno not in NO_LINKS:
            raise
        if not _is_there(there, source):
            hidden.rename(there)


def _is_there(there: Path, source: BufferedReader) -> bool:
    """Whether the folder has the same file under that name, and durably."""
    try:
        regular = stat.S_ISREG(there.lstat().st_mode)
    except FileNotFoundError:
        return False
    if regular:
        with there.open("rb") as other:
            if _same(source, other):
                os.fsync(other.fileno())
                return True
    words = f"LOTS_DROP_FOLDER: {there} is another file; look what it is, and move it away"
    raise _NotTaken("OtherFile", words)


def _same(one: BufferedReader, other: BufferedReader) -> bool:
    one.seek(0)
    while piece := one.read(PIECE):
        if other.read(len(piece)) != piece:
            return False
    return not other.read(1)


def _on_the_disk(folder: Path) -> None:
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(held)
    except OSError as fault:
        if fault.errno not in (errno.EINVAL, errno.ENOTSUP):  # a share that has no such thing
            raise
    finally:
        os.close(held)


# ── an address ───────────────────────────────────────────────────────────────────────────────────────────────────


async def _send(file: Path, address: str, token: str, now: Callable[[], datetime]) -> None:
    """PUT a file to the address, under its name, unless something is there (RFC 9110; its digest by RFC 9530)."""
    stop = threading.Event()
    with await _in_thread(lambda: _opened(file), stop) as source:
        try:
            digest = await _in_thread(lambda: hashlib.file_digest(source, "sha256").digest(), stop)
            source.seek(0)
        except OSError as fault:
            words = f"{file} cannot be read ({fault.strerror}); see that the disk is whole"
            raise _NotTaken("FileUnread", words) from None
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/octet-stream",
            "Content-Length": str(os.fstat(source.fileno()).st_size),
            "If-None-Match": "*",
            "Repr-Digest": f"sha-256=:{b64encode(digest).decode('ascii')}:",
            "User-Agent": "Lots",
        }
        status, wait = await _answer(f"{address}/{file.name}", headers, source)
    if not (status.isdecimal() and (int(status) // 100 == 2 or int(status) in THERE_ALREADY)):
        words = f"LOTS_DROP_URL: the drop-off did not take {file.name} ({status}); ask those who look after it"
        raise _NotTaken(status, words, _seconds(wait, now()))


async def _answer(url: str, headers: dict[str, str], source: BufferedReader) -> tuple[str, str]:
    """The status, and what the answer says of when to come again; the fault's name where nothing sensible answered.

    The fault itself goes no further: it may hold the request, and so the token.
    """
    from aiohttp import AddrInfoType, ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

    lines: list[socket.socket] = []

    def line(to: AddrInfoType) -> socket.socket:
        lines.append(socket.socket(*to[:3]))
        return lines[-1]

    secure = url.startswith("https:")
    loop, patience = asyncio.get_running_loop(), asyncio.timeout(PATIENCE)

    async def pieces() -> AsyncIterator[bytes]:
        while piece := await asyncio.to_thread(source.read, PIECE):
            patience.reschedule(loop.time() + PATIENCE)
            yield piece

    try:
        context = await asyncio.to_thread(ssl.create_default_context) if secure else True
        async with (
            patience,
            ClientSession(
                connector=TCPConnector(socket_factory=line),
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(total=None),
            ) as session,
            session.put(
                url,
                data=pieces(),
                headers=headers,
                allow_redirects=False,  # whoever is redirected to would be shown the token
                proxy=_proxy(url) if secure else None,
                ssl=context,
            ) as answer,
        ):
            return str(answer.status), answer.headers.get("Retry-After", "")
    except (ClientError, OSError, ValueError) as fault:
        return type(fault).__name__, ""
    finally:
        for one in lines:  # a closed one stays open as long as somebody does not read what was sent
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _proxy(url: str) -> str | None:
    """The proxy that the environment names; it sees the host's name, and nothing of what TLS carries."""
    where = urlsplit(url)
    return None if proxy_bypass(where.netloc) else getproxies().get(where.scheme)


def _seconds(written: str, now: datetime) -> timedelta:
    """How long ``Retry-After`` asks to wait, in seconds or until a time (RFC 9110, 10.2.3): at most a day."""
    if re.fullmatch("[0-9]+", written):
        return min(timedelta(seconds=int(written[:9])), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(written)
    except ValueError:
        return timedelta()
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(timedelta(), min(until - now, LONGEST_PAUSE))
