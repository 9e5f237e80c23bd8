"""Settings: a flag, else the environment, else ``lots.toml`` in the data folder, else what ships."""

from __future__ import annotations

import os
import re
import secrets
import stat
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from dialogs.contacts import Contacts
from dialogs.policy import Policy
from state.errors import BadSettings

Mode = Literal["ovning", "dorrklocka", "chatt"]
MODES: tuple[Mode, ...] = get_args(Mode)
KEY_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One installation's settings.

    :ivar data_dir: the folder of the databases, the key and ``lots.toml``.
    :ivar token: the Telegram bot's token, or ``None``.
    :ivar base_url: the Bot API server in python-telegram-bot's form, or ``None`` for Telegram's own.
    :ivar mode: ``ovning`` (practice), ``dorrklocka`` (doorbell) or ``chatt`` (real cases in the chat).
    :ivar key_file: the file with the store's key.
    :ivar public_url: where Telegram reaches this installation (https), or ``None``.
    :ivar webhook_secret: what Telegram says to show that it is Telegram; ``None`` means that updates are fetched.
    :ivar web_host: the address this process listens on.
    :ivar web_port: the port it listens on.
    :ivar decision: the recorded decision that ``chatt`` rests on, as "reference, date"; ``None`` in other modes.
    :ivar zone: the local zone, for dates and times.
    :ivar policy: the deployment's numbers.
    """

    data_dir: Path
    token: str | None
    base_url: str | None
    mode: Mode
    key_file: Path
    public_url: str | None
    webhook_secret: str | None
    web_host: str
    web_port: int
    decision: str | None
    zone: ZoneInfo
    policy: Policy

    @property
    def practice(self) -> bool:
        """Whether this is practice: its own database, codes that begin with Ö."""
        return self.mode == "ovning"

    @property
    def database(self) -> Path:
        """The database file of the mode."""
        return self.data_dir / ("ovning.db" if self.practice else "lots.db")

    def now(self) -> datetime:
        """The time, with the local zone."""
        return datetime.now(self.zone)


def load(environ: Mapping[str, str], **flags: str | None) -> Settings:
    """Read the settings and hold them to what they may be.

    :param environ: the environment (``LOTS_DATA_DIR`` and so on).
    :param flags: the same names as the fields of :class:`Settings`; one that is not ``None`` wins.
    :returns: the settings; the data folder exists.
    :raises BadSettings: a setting is wrong; says which, what it is, and what it may be.
    """
    default_dir = Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "lots"
    data_dir = Path(flags.get("data_dir") or environ.get("LOTS_DATA_DIR") or default_dir)
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise BadSettings(
            f"LOTS_DATA_DIR: {data_dir} cannot be made ({fault.strerror}); name a folder of your own"
        ) from None
    held = _toml(data_dir / "lots.toml")
    telegram = _table(held, "telegram")

    def pick(flag: str, variable: str, written: Any) -> str | None:
        value = flags.get(flag) or environ.get(variable) or written
        return None if value is None else str(value)

    mode = pick("mode", "LOTS_TELEGRAM_MODE", telegram.get("mode")) or "ovning"
    if mode not in MODES:
        raise BadSettings(f"LOTS_TELEGRAM_MODE is {mode!r}; it may be {', '.join(MODES)}")
    if mode == "dorrklocka":
        raise BadSettings(
            "LOTS_TELEGRAM_MODE is dorrklocka, which needs the web chat; this version has none. Use ovning"
        )
    web = _table(held, "web")
    public_url = pick("public_url", "LOTS_PUBLIC_URL", web.get("public_url"))
    base_url = pick("base_url", "LOTS_TELEGRAM_BASE_URL", telegram.get("base_url"))
    if base_url is not None and not re.match(r"https?://[^\s/]+/", base_url):
        raise BadSettings(f"LOTS_TELEGRAM_BASE_URL is {base_url!r}; it must be like http://127.0.0.1:8081/bot")
    return Settings(
        data_dir=data_dir,
        token=pick("token", "LOTS_TELEGRAM_TOKEN", telegram.get("token")),
        base_url=base_url,
        mode=mode,
        key_file=Path(pick("key_file", "LOTS_KEY_FILE", held.get("key_file")) or data_dir / "lots.key"),
        public_url=public_url,
        webhook_secret=_webhook_secret(
            pick("webhook_secret", "LOTS_WEBHOOK_SECRET", telegram.get("webhook_secret")), public_url
        ),
        web_host=pick("web_host", "LOTS_WEB_HOST", web.get("host")) or "127.0.0.1",
        web_port=_port(pick("web_port", "LOTS_WEB_PORT", web.get("port")) or "8080"),
        decision=_decision(telegram) if mode == "chatt" else None,
        zone=ZoneInfo("Europe/Stockholm"),
        policy=_policy(_table(held, "policy"), _contacts(pick("contacts", "LOTS_CONTACTS", held.get("contacts")))),
    )


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise BadSettings(f"{path}: not TOML ({fault})") from None


def _table(held: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = held.get(name, {})
    if not isinstance(table, dict):
        raise BadSettings(f"lots.toml: {name} must be a table, [{name}]")
    return table


def _webhook_secret(secret: str | None, public_url: str | None) -> str | None:
    """A webhook needs an address that Telegram reaches over TLS, and a secret of the form that Telegram takes."""
    if secret is None:
        return None
    if public_url is None or not public_url.startswith("https://"):
        raise BadSettings(
            f"LOTS_PUBLIC_URL is {public_url!r}; with LOTS_WEBHOOK_SECRET it must be an https address "
            "that Telegram reaches"
        )
    if not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", secret):
        raise BadSettings("LOTS_WEBHOOK_SECRET must be 16 to 256 of A–Z, a–z, 0–9, _ and -")
    return secret


def _port(written: str) -> int:
    if not written.isdecimal() or not 0 < int(written) < 65536:
        raise BadSettings(f"LOTS_WEB_PORT is {written!r}; it must be a whole number from 1 to 65535")
    return int(written)


def _decision(telegram: Mapping[str, Any]) -> str:
    """Real cases in a Telegram chat only with the recorded decision named (design 10; law.md 2)."""
    decision = telegram.get("decision")
    if (
        not isinstance(decision, dict)
        or not str(decision.get("reference", "")).strip()
        or not isinstance(decision.get("date"), date)
    ):
        raise BadSettings(
            "LOTS_TELEGRAM_MODE is chatt: real cases on Telegram need the committee's recorded decision. "
            'Write in lots.toml: [telegram] and decision = { reference = "…", date = 2026-11-01 }'
        )
    return f"{decision['reference']}, {decision['date']}"


_WANTED = {list: "a list of names", int: "a whole number", bool: "true or false", str: "words in quotation marks"}


def _contacts(written: str | None) -> Contacts:
    """The list of contacts, which is a file of its own."""
    from bot.contacts import load as read

    return read(None if written is None else Path(written))


def _policy(table: Mapping[str, Any], contacts: Contacts) -> Policy:
    """The deployment's numbers, words and lists; what each may be is the policy's own to say."""
    shipped = Policy()
    known = {field.name for field in fields(Policy)} - {"contacts"}
    if unknown := table.keys() - known:
        raise BadSettings(f"lots.toml: [policy] has {sorted(unknown)}; known are {sorted(known)}")
    held: dict[str, Any] = {}
    for name, value in table.items():
        ships = getattr(shipped, name)
        wanted = list if isinstance(ships, tuple) else type(ships)
        if type(value) is not wanted:
            raise BadSettings(f"lots.toml: [policy] {name} is {value!r}; it must be {_WANTED[wanted]}")
        held[name] = tuple(map(str, value)) if isinstance(value, list) else value
    try:
        return Policy(**held, contacts=contacts)
    except ValueError as fault:
        raise BadSettings(f"lots.toml: {fault}") from None


def read_key(path: Path, database: Path) -> bytes:
    """The store's key, made on first use for nobody's eyes but the owner's.

    :param path: the key file: 64 hex digits.
    :param database: the file it opens; where that is there already, no new key is made.
    :returns: 32 bytes.
    :raises BadSettings: the key is gone, can be read by others, or is no key.
    """
    if not path.exists():
        if database.exists():
            raise BadSettings(
                f"LOTS_KEY_FILE: {path} is gone, and {database} can be opened with no other key; put the key back"
            )
        _make_key(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise BadSettings(f"LOTS_KEY_FILE: others may read {path}; run: chmod 600 {path}")
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (ValueError, UnicodeDecodeError):
        key = b""
    if len(key) != KEY_BYTES:
        raise BadSettings(f"LOTS_KEY_FILE: {path} holds no key; it must be {KEY_BYTES * 2} hex digits")
    return key


def _make_key(path: Path) -> None:
    """Make a key whole or not at all, also when two processes start at once."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{secrets.token_hex(KEY_BYTES)}\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first; its key is the key
            path.hardlink_to(fresh)
        fresh.unlink()
    except OSError as fault:
        with suppress(OSError):
            fresh.unlink()
        raise BadSettings(f"LOTS_KEY_FILE: {path} cannot be made ({fault.strerror})") from None
