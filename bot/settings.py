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
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dialogs.contacts import Contacts
from dialogs.policy import Policy
from state.errors import BadSettings

Mode = Literal["ovning", "dorrklocka", "chatt"]
MODES: tuple[Mode, ...] = get_args(Mode)
KEY_BYTES = 32
WIDEST_PROXY = {4: 8, 6: 32}
"""The shortest prefix of a network that a proxy may be said to speak from, by version: a wider one is everybody."""


@dataclass(frozen=True, kw_only=True)
class WebRules:
    """The numbers of the web chat, from ``[web]`` in ``lots.toml``.

    :ivar session_hours: how long somebody stays signed in.
    :ivar lock_minutes: after how many minutes without a press the page is locked and the PIN asked for.
    :ivar pin_tries: how many wrong PINs in a row make a pause.
    :ivar pin_pause_minutes: how long the pause is.
    :ivar pin_tries_in_all: how many wrong PINs in a row sign the person out everywhere.
    :ivar device_days: how long a browser is remembered, so that the PIN alone signs in there; 0 for never.
    :ivar init_data_seconds: how old what Telegram's Mini App says of a person may be.
    :ivar requests_a_minute: how many requests one person may make.
    :ivar sign_ins_a_minute: how many tries to sign in may come from one address.
    :raises ValueError: the numbers contradict each other.
    """

    session_hours: int = 12
    lock_minutes: int = 5
    pin_tries: int = 5
    pin_pause_minutes: int = 15
    pin_tries_in_all: int = 10
    device_days: int = 30
    init_data_seconds: int = 300
    requests_a_minute: int = 120
    sign_ins_a_minute: int = 10

    def __post_init__(self) -> None:
        for held in fields(self):
            least = 0 if held.name == "device_days" else 1
            if getattr(self, held.name) < least:
                raise ValueError(f"{held.name} is {getattr(self, held.name)}; it must be a whole number from {least}")
        if not self.pin_tries <= self.pin_tries_in_all <= 20:
            raise ValueError("pin_tries_in_all must be from pin_tries to 20: a PIN has six digits only")
        if self.init_data_seconds > 300:
            raise ValueError("init_data_seconds must be at most 300")


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
    :ivar web: whether the web chat is served; without a token, and for the doorbell, it always is.
    :ivar web_host: the address this process listens on.
    :ivar web_port: the port it listens on.
    :ivar web_rules: the numbers of the web chat.
    :ivar trusted_proxy: the network that the proxy in front, which ends TLS, speaks from; ``None`` for this machine.
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
    web: bool
    web_host: str
    web_port: int
    web_rules: WebRules
    trusted_proxy: IPv4Network | IPv6Network | None
    decision: str | None
    zone: ZoneInfo
    policy: Policy

    @property
    def practice(self) -> bool:
        """Whether this is practice: its own database, codes that begin with Ö."""
        return self.mode == "ovning"

    @property
    def behind_tls(self) -> bool:
        """Whether people reach the web chat over TLS."""
        return (self.public_url or "").startswith("https://")

    @property
    def doorbell(self) -> bool:
        """Whether Telegram only rings, and the talk is on the web."""
        return self.mode == "dorrklocka"

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
    web = _table(held, "web")
    public_url = _public_url(pick("public_url", "LOTS_PUBLIC_URL", web.get("public_url")), mode)
    token = pick("token", "LOTS_TELEGRAM_TOKEN", telegram.get("token"))
    web_host = pick("web_host", "LOTS_WEB_HOST", web.get("host")) or "127.0.0.1"
    proxy = _network(pick("trusted_proxy", "LOTS_TRUSTED_PROXY", web.get("trusted_proxy")))
    serves = _serves(pick("web", "LOTS_WEB", web.get("serve")), mode)
    if serves is None:
        serves = token is None or mode == "dorrklocka"
    if serves and public_url is not None and public_url.count("/") > 2:
        raise BadSettings(
            f"LOTS_PUBLIC_URL is {public_url!r}; the web chat needs a name of its own, like https://lots.example.se, "
            "without a path"
        )
    if serves and not _is_here(web_host) and (proxy is None or not (public_url or "").startswith("https://")):
        raise BadSettings(
            f"LOTS_WEB_HOST is {web_host!r}, which others reach, and nothing says that TLS stands in front. "
            "Listen on 127.0.0.1, or set LOTS_PUBLIC_URL to the https address and LOTS_TRUSTED_PROXY to the proxy's"
        )
    base_url = pick("base_url", "LOTS_TELEGRAM_BASE_URL", telegram.get("base_url"))
    if base_url is not None and not re.match(r"https?://[^\s/]+/", base_url):
        raise BadSettings(f"LOTS_TELEGRAM_BASE_URL is {base_url!r}; it must be like http://127.0.0.1:8081/bot")
    return Settings(
        data_dir=data_dir,
        token=token,
        base_url=base_url,
        mode=mode,
        key_file=Path(pick("key_file", "LOTS_KEY_FILE", held.get("key_file")) or data_dir / "lots.key"),
        public_url=public_url,
        webhook_secret=_webhook_secret(
            pick("webhook_secret", "LOTS_WEBHOOK_SECRET", telegram.get("webhook_secret")), public_url
        ),
        web=serves,
        web_host=web_host,
        web_port=_port(pick("web_port", "LOTS_WEB_PORT", web.get("port")) or "8080"),
        web_rules=_web_rules(web),
        trusted_proxy=proxy,
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


def _public_url(written: str | None, mode: str) -> str | None:
    """Without its last slash; the doorbell must have one, and Telegram opens nothing but https."""
    if written is not None and not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+(/[^\s?#]*)?", written):
        raise BadSettings(f"LOTS_PUBLIC_URL is {written!r}; it must be an address like https://lots.example.se")
    if written is not None and written.startswith("http://") and not _is_here(urlsplit(written).hostname or ""):
        raise BadSettings(
            f"LOTS_PUBLIC_URL is {written!r}, which others reach without TLS. Put TLS in front, and write https://"
        )
    if mode == "dorrklocka" and (written is None or not written.startswith("https://")):
        raise BadSettings(
            f"LOTS_PUBLIC_URL is {written!r}; with LOTS_TELEGRAM_MODE dorrklocka it must be the https address of the "
            "web chat, which the doorbell opens"
        )
    return None if written is None else written.rstrip("/")


def _serves(written: str | None, mode: str) -> bool | None:
    if written is None:
        return None
    if written.casefold() not in ("true", "false", "1", "0"):
        raise BadSettings(f"LOTS_WEB is {written!r}; it must be true or false")
    serves = written.casefold() in ("true", "1")
    if not serves and mode == "dorrklocka":
        raise BadSettings("LOTS_WEB is false; with LOTS_TELEGRAM_MODE dorrklocka the web chat is where people talk")
    return serves


def _network(written: str | None) -> IPv4Network | IPv6Network | None:
    try:
        network = None if written is None else ip_network(written)
    except ValueError:
        raise BadSettings(
            f"LOTS_TRUSTED_PROXY is {written!r}; it must be an address or a network, like 10.0.0.5 or 10.0.0.0/24"
        ) from None
    if network is not None and network.prefixlen < WIDEST_PROXY[network.version]:
        raise BadSettings(f"LOTS_TRUSTED_PROXY is {written!r}, which is everybody; name the proxy's own address")
    return network


def _is_here(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _web_rules(table: Mapping[str, Any]) -> WebRules:
    known = {field.name for field in fields(WebRules)}
    others = {"host", "port", "public_url", "serve", "trusted_proxy"}
    if unknown := table.keys() - known - others:
        raise BadSettings(f"lots.toml: [web] has {sorted(unknown)}; known are {sorted(known | others)}")
    for name in known & table.keys():
        if type(table[name]) is not int:
            raise BadSettings(f"lots.toml: [web] {name} is {table[name]!r}; it must be a whole number")
    try:
        return WebRules(**{name: table[name] for name in known & table.keys()})
    except ValueError as fault:
        raise BadSettings(f"lots.toml: [web] {fault}") from None


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
