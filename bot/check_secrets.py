"""The part of `lots check` that is about secrets: where each comes from, who may read what, what the memory leaves."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bot.check import Finding
from bot.settings import IN_FILE, Settings
from state.transfer.backups import backups_in
from state.transfer.rekeying import DATABASES, kept_keys

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")
BLOCKS = Path("/sys/class/block")

NAMES = {
    "key_file": "the key",
    "token": "the token",
    "webhook_secret": "the webhook's secret",
    "drop_token": "the drop-off's token",
}

LONGEST_LOCK = 15
"""Minutes that a page with real cases should lie open at most; five is what ships."""

MOST_TOLD = 3


def secret_findings(settings: Settings) -> Iterator[Finding]:
    """Look at what must not be read by others.

    :param settings: the installation.
    :returns: a finding for each part.
    """
    yield _sources(settings)
    yield _files(settings)
    running = _who_serves(settings.database)
    yield _process(running)
    yield _swap(settings, running)
    if settings.web or settings.mode == "chatt":
        yield _locks(settings)


def _sources(settings: Settings) -> Finding:
    told = {"key_file": "the data folder"} | dict(settings.sources)
    says = ", ".join(f"{NAMES[name]} from {told[name]}" for name in NAMES if name in told)
    if settings.exposed:
        path = settings.data_dir / IN_FILE
        held = " and ".join(NAMES[name] for name in settings.exposed)
        return Finding("secrets", f"{says}; others may read {held} in {path}", f"Run: chmod 600 {path}")
    return Finding("secrets", says)


def _files(settings: Settings) -> Finding:
    """Each is made for its owner alone; a copy that somebody made by hand, or put back, may not be."""
    data, backups = settings.data_dir, settings.transfer.backup_dir
    paths = [path for name in DATABASES for path in sorted(data.glob(f"{name}*"))]
    paths += [path for name in DATABASES for path, _ in backups_in(backups, data / name)]
    paths += [settings.ledger, *(path for path, _ in kept_keys(settings.key_file))]
    wrong = [path for path in paths if path.exists() and _is_open(path)]
    if not wrong:
        return Finding("files", "the databases, their copies and the keys are the owner's alone")
    names = ", ".join(map(str, wrong[:MOST_TOLD])) + (" and more" if len(wrong) > MOST_TOLD else "")
    return Finding("files", f"others may read, or own, {names}", "Run chmod 600 on them, and chown to Lots' account")


def _is_open(path: Path) -> bool:
    about = path.stat()
    return bool(stat.S_IMODE(about.st_mode) & 0o077) or about.st_uid not in (0, os.geteuid())


def _who_serves(database: Path) -> int | None:
    """The process that holds the store's lock, by the kernel's list of locks.

    :returns: its id; ``None`` where nobody does, or the kernel does not say.
    """
    with suppress(OSError):
        about = database.with_suffix(".lock").stat()
        place = f"{os.major(about.st_dev):02x}:{os.minor(about.st_dev):02x}:{about.st_ino}"
        for line in (PROC / "locks").read_text(encoding="ascii").splitlines():
            words = line.split()
            if words[1] == "FLOCK" and words[5] == place and int(words[4]) > 0:
                return int(words[4])
    return None


def _process(running: int | None) -> Finding:
    """What the running program has of what :func:`bot.hushed.close_up` does: the limits are the kernel's own word."""
    if running is None and not (PROC / "locks").is_file():
        return Finding("process", "whether one serves cannot be seen from here")
    if running is None:
        return Finding("process", "none serves; `lots run` leaves no core dump, and writes for its owner alone")
    limits, status = _read(PROC / str(running) / "limits"), _read(PROC / str(running) / "status")
    core = re.search(r"^Max core file size +(\S+) +(\S+)", limits, re.MULTILINE)
    mask = re.search(r"^Umask:\s*([0-7]+)", status, re.MULTILINE)
    if core is None or mask is None:
        return Finding("process", f"{running} serves; what it leaves cannot be seen from here")
    if core.groups() != ("0", "0") or int(mask[1], 8) & 0o077 != 0o077:
        says = f"{running} serves with core dumps of {core[1]} bytes and umask {mask[1]}"
        return Finding("process", says, "Start it again with `lots run`, and with no other program around it")
    return Finding("process", f"{running} serves, leaves no core dump, and writes for its owner alone")


def _swap(settings: Settings, running: int | None) -> Finding:
    """What is swapped out lies on a disk as it is, unless that is encrypted or the unit forbids it."""
    open_ = [line.split()[0] for line in _read(PROC / "swaps").splitlines()[1:]]
    open_ = [one for one in open_ if not _is_in_memory_or_encrypted(Path(one))]
    if not open_:
        return Finding("swap", "none, or encrypted")
    says = f"{', '.join(open_)} is not encrypted"
    if running is None:
        return Finding("swap", f"{says}; the unit keeps the service out of it (MemorySwapMax=0)")
    groups = [line[3:] for line in _read(PROC / str(running) / "cgroup").splitlines() if line.startswith("0::")]
    if any(_read(CGROUPS / group.strip("/") / "memory.swap.max").strip() == "0" for group in groups):
        return Finding("swap", f"{says}; the service is kept out of it")
    mend = None if settings.practice else "Encrypt it, or set MemorySwapMax=0 for the service"
    return Finding("swap", f"{says}, and what the program knows may come on it", mend)


def _is_in_memory_or_encrypted(path: Path) -> bool:
    device = path.resolve().name
    return device.startswith("zram") or _read(BLOCKS / device / "dm" / "uuid").startswith("CRYPT-")


def _locks(settings: Settings) -> Finding:
    rules = settings.web_rules
    says = (
        f"a page after {rules.lock_minutes} minutes, a PIN after {rules.pin_tries} wrong for "
        f"{rules.pin_pause_minutes} minutes and after {rules.pin_tries_in_all} for good"
    )
    if not settings.practice and rules.lock_minutes > LONGEST_LOCK:
        return Finding("locks", says, f"Set [web] lock_minutes to {LONGEST_LOCK} or less")
    return Finding("locks", says)


def _read(path: Path) -> str:
    """What the kernel says in a file; nothing where it has none, or does not tell us."""
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace")
    return ""
