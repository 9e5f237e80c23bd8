"""The one door to the disk: an encrypted SQLite file under sqlite-utils.

WAL, ``synchronous=FULL`` and ``secure_delete``; strict tables; migrations that are never edited once shipped. Nobody
else writes SQL. A write happens inside :meth:`Store.transaction`, which takes the write lock at once.
"""

from __future__ import annotations

from state.store.access import Access, AccessLog, Head, What, hold
from state.store.base import NEVER, WEB, at_work, change_key, claimed, nobody_opens, opens
from state.store.handover import Bundle, Printed, Purge
from state.store.locks import Locks
from state.store.mail import Arrived, Leaving, Mail
from state.store.migrations import MIGRATIONS
from state.store.reminders import Reminded
from state.store.sessions import Sessions
from state.store.traces import Traces
from state.store.web import BellAt, Pin, SignIn, SignInKind, SignInState

__all__ = [
    "MIGRATIONS",
    "NEVER",
    "WEB",
    "Access",
    "Arrived",
    "BellAt",
    "Bundle",
    "Head",
    "Leaving",
    "Pin",
    "Printed",
    "Purge",
    "SignIn",
    "SignInKind",
    "SignInState",
    "Store",
    "What",
    "at_work",
    "change_key",
    "claimed",
    "hold",
    "nobody_opens",
    "opens",
]


class Store(Locks, Sessions, Mail, Traces, Reminded, AccessLog):
    """The store of one installation and one mode: its file, and everything in it.

    :param path: the database file, made where it is not there; ``None`` keeps it in memory (transcripts).
    :param key: 32 bytes.
    :param source: randomness for ids and salts.
    :raises WrongKey: the key does not open the file, or the file is no store.
    :raises NewerStore: a newer version of Lots wrote it.
    :raises StoreBusy: another process holds it for longer than five seconds.
    :raises DiskFailed: the file cannot be opened or written.
    """
