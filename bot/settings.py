"""Settings: a flag, else the environment, else a credential of systemd, else ``lots.toml``, else what ships.

Only secrets are credentials (:data:`CREDENTIALS`), and no secret is a flag: everybody on the machine sees the command
line of a program.
"""

from __future__ import annotations

import re
import secrets
import stat
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from bot.hushed import hushed
from bot.limits import UPDATES_A_MINUTE
from dialogs.contacts import Contacts
from dialogs.policy import Policy
from state.disk import write_whole
from state.errors import BadSettings
from state.keys import CREDENTIALS_DIRECTORY, KEY_BYTES, as_written, key_in

Mode = Literal["ovning", "dorrklocka", "chatt"]
MODES: tuple[Mode, ...] = get_args(Mode)
BACKUP_KEEP_DAYS = 14
CREDENTIALS = {
    "token": "lots-telegram-token",
    "key_file": "lots-key",
    "webhook_secret": "lots-webhook-secret",
    "drop_token": "lots-drop-token",
}
"""What ``LoadCredential=`` may give the service, by the setting."""

LONGEST_SECRET = 4096
"""Bytes that are read of one."""

IN_FILE = "lots.toml"

LONGEST_NAME = 253
"""Characters of a machine's name (RFC 1035)."""

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

WIDEST_PROXY = {4: 8, 6: 32}
"""The shortest prefix of a network that a proxy may be said to speak from, by version: a wider one is everybody."""


@dataclass(frozen=True, kw_only=True)
class WebRules:
    """The numbers of the web chat, from ``[web]`` in ``lots.toml``.

    :ivar session_hours: how long somebody stays signed in.
    :ivar lock_minutes: after how many minutes without a press the page, or a Telegram chat with real cases, is locked
        and the PIN asked for.
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
class TransferRules:
    """How what is written here leaves, and how it is kept safe, from ``[transfer]`` in ``lots.toml``.

    :ivar recipients_file: the file with those that bundles are sealed to; ``lots keys recipients`` changes it.
    :ivar recipients: those that ``lots.toml`` names instead; where there are any, the file is not read.
    :ivar drop_folder: the folder that bundles are dropped in, or ``None``.
    :ivar drop_url: the address that bundles are PUT to, or ``None``.
    :ivar drop_token: what the drop-off's address is shown; ``None`` without an address.
    :ivar backup_dir: the folder of the backups.
    :ivar backup_keep_days: after how many days a backup is taken away.
    """

    recipients_file: Path
    recipients: tuple[str, ...]
    drop_folder: Path | None
    drop_url: str | None
    drop_token: str | None = field(repr=False)
    backup_dir: Path
    backup_keep_days: int


@dataclass(frozen=True, kw_only=True)
class AccessRules:
    """The numbers of the access log, from ``[access]`` in ``lots.toml``.

    :ivar keep_years: for how many years a row is kept.
    :raises ValueError: it is no time.
    """

    keep_years: int = 5

    def __post_init__(self) -> None:
        if not 1 <= self.keep_years <= 100:
            raise ValueError(f"keep_years is {self.keep_years}; it must be a whole number from 1 to 100")


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
    :ivar transfer: how what is written here leaves, and how it is kept safe.
    :ivar sources: where each secret that is set comes from, by its setting.
    :ivar exposed: the secrets that ``lots.toml`` holds though others may read it; for real cases that is refused.
    :ivar access: the numbers of the access log.
    :ivar updates_a_minute: how many updates one person may bring over Telegram.
    """

    data_dir: Path
    token: str | None = field(repr=False)
    base_url: str | None
    mode: Mode
    key_file: Path
    public_url: str | None
    webhook_secret: str | None = field(repr=False)
    web: bool
    web_host: str
    web_port: int
    web_rules: WebRules
    trusted_proxy: IPv4Network | IPv6Network | None
    decision: str | None
    zone: ZoneInfo
    policy: Policy
    transfer: TransferRules
    sources: Mapping[str, str] = field(default_factory=dict)
    exposed: tuple[str, ...] = ()
    access: AccessRules = AccessRules()
    updates_a_minute: int = UPDATES_A_MINUTE

    @property
    def bundles_dir(self) -> Path:
        """The folder of the sealed bundles that have no receipt yet."""
        return self.data_dir / "bundles"

    @property
    def ledger(self) -> Path:
        """The file beside the database that knows what was purged, so that no backup brings it back."""
        return self.data_dir / "ledger.ndjson"

    @property
    def drops_off(self) -> bool:
        """Whether bundles are taken to a drop-off; practice never leaves."""
        return not self.practice and (self.transfer.drop_folder is not None or self.transfer.drop_url is not None)

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
    data_dir = _data_dir(environ, flags.get("data_dir"))
    held = _toml(data_dir / "lots.toml")
    telegram = _table(held, "telegram")
    pick = _Pick(environ, flags)
    mode = _mode(pick("mode", "LOTS_TELEGRAM_MODE", telegram.get("mode")))
    web = _table(held, "web")
    public_url = _public_url(pick("public_url", "LOTS_PUBLIC_URL", web.get("public_url")), mode)
    token = _token(pick("token", "LOTS_TELEGRAM_TOKEN", telegram.get("token")))
    web_host = pick("web_host", "LOTS_WEB_HOST", web.get("host")) or "127.0.0.1"
    proxy = _network(pick("trusted_proxy", "LOTS_TRUSTED_PROXY", web.get("trusted_proxy")))
    serves = _serves(pick("web", "LOTS_WEB", web.get("serve")), mode)
    if serves is None:
        serves = token is None or mode == "dorrklocka"
    secret = _webhook_secret(pick("webhook_secret", "LOTS_WEBHOOK_SECRET", telegram.get("webhook_secret")), public_url)
    if serves:
        _may_be_served(public_url)
    if serves or (secret is not None and token is not None):
        _may_be_listened_on(web_host, public_url, proxy)
    base_url = _base_url(pick("base_url", "LOTS_TELEGRAM_BASE_URL", telegram.get("base_url")))
    key_file = pick("key_file", "LOTS_KEY_FILE", held.get("key_file"))
    transfer = _transfer(_table(held, "transfer"), data_dir, pick)
    return Settings(
        data_dir=data_dir,
        token=token,
        base_url=base_url,
        mode=mode,
        key_file=Path(key_file or data_dir / "lots.key"),
        public_url=public_url,
        webhook_secret=secret,
        web=serves,
        web_host=web_host,
        web_port=_port(pick("web_port", "LOTS_WEB_PORT", web.get("port")) or "8080"),
        web_rules=_web_rules(web),
        trusted_proxy=proxy,
        decision=_decision(telegram) if mode == "chatt" else None,
        zone=ZoneInfo("Europe/Stockholm"),
        policy=_policy(_table(held, "policy"), _contacts(pick("contacts", "LOTS_CONTACTS", held.get("contacts")))),
        transfer=transfer,
        sources=pick.sources,
        exposed=_exposed(data_dir / "lots.toml", pick.sources, mode),
        access=_access_rules(_table(held, "access")),
        updates_a_minute=_updates_a_minute(
            pick("updates_a_minute", "LOTS_UPDATES_A_MINUTE", telegram.get("updates_a_minute"))
        ),
    )


def _data_dir(environ: Mapping[str, str], flag: str | None) -> Path:
    """The data folder, which is made where it is not there."""
    default = Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "lots"
    data_dir = Path(flag or environ.get("LOTS_DATA_DIR") or default)
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise BadSettings(
            f"LOTS_DATA_DIR: {data_dir} cannot be made ({fault.strerror}); name a folder of your own"
        ) from None
    return data_dir


class _Pick:
    """Finds where a setting is said, in the order of this module's docstring, and remembers it of secrets."""

    def __init__(self, environ: Mapping[str, str], flags: Mapping[str, str | None]) -> None:
        self._environ, self._flags = environ, flags
        self.sources: dict[str, str] = {}

    def __call__(self, name: str, variable: str, written: Any) -> str | None:
        value = self._flags.get(name) or self._environ.get(variable) or None
        if name not in CREDENTIALS:
            value = value or written
            return None if value is None else str(value)
        source = "a flag" if self._flags.get(name) else f"the environment ({variable})"
        if value is None and (path := _credential(self._environ, CREDENTIALS[name])) is not None:
            source, value = f"the credential {path.name}", str(path) if name == "key_file" else _secret_in(path)
        elif value is None and written is not None:
            source, value = IN_FILE, str(written)
        if value is None or not (value := value.strip()):
            return None
        self.sources[name] = source
        return value


def _mode(written: str | None) -> Mode:
    for mode in MODES:
        if mode == (written or "ovning"):
            return mode
    raise BadSettings(f"LOTS_TELEGRAM_MODE is {_shown(written or '')}; it may be {', '.join(MODES)}")


def _token(written: str | None) -> str | None:
    """What an address can hold; whether it is right, Telegram says."""
    if written is not None and not re.fullmatch(r"[A-Za-z0-9:_-]{1,128}", written):
        raise BadSettings("LOTS_TELEGRAM_TOKEN is no token; it may have A–Z, a–z, 0–9, : _ and - only")
    return written


def _base_url(written: str | None) -> str | None:
    if written is not None and (hushed(written) != written or "@" in written):
        raise BadSettings(
            "LOTS_TELEGRAM_BASE_URL holds a token or a password. Take it out; if it was a flag, then also change it: "
            "everybody on this machine could see it"
        )
    if written is not None and not re.match(r"https?://[^\s/]+/", written):
        raise BadSettings(f"LOTS_TELEGRAM_BASE_URL is {written!r}; it must be like http://127.0.0.1:8081/bot")
    return written


def _exposed(path: Path, sources: Mapping[str, str], mode: str) -> tuple[str, ...]:
    """The secrets in ``lots.toml`` that others may read; a key file is only named there."""
    held = tuple(name for name, source in sources.items() if source == IN_FILE and name != "key_file")
    if not held or not others_may_read(path):
        return ()
    if mode != "ovning":
        raise BadSettings(f"{path}: holds {', '.join(held)}, and others may read it. Run: chmod 600 {path}")
    return held


def others_may_read(path: Path) -> bool:
    """Whether a file is open to anybody but its owner.

    :param path: the file.
    :returns: ``False`` also where it is not there.
    """
    with suppress(OSError):
        return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
    return False


def _credential(environ: Mapping[str, str], name: str) -> Path | None:
    """What systemd gave the service under a name, where it did."""
    folder = environ.get(CREDENTIALS_DIRECTORY)
    path = None if not folder else Path(folder) / name
    return path if path is not None and path.exists() else None


def _secret_in(path: Path) -> str:
    try:
        with path.open("rb") as file:
            held = file.read(LONGEST_SECRET).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as fault:
        why = getattr(fault, "strerror", None) or "not text"
        raise BadSettings(f"the credential {path.name} cannot be read ({why})") from None
    if not held:
        raise BadSettings(f"the credential {path.name} is empty")
    return held


def _shown(written: str) -> str:
    """What somebody wrote, to be shown back to them: without a token, or a password in an address."""
    return repr(re.sub(r"//[^/\s]*@", "//…@", hushed(written)))


def _access_rules(table: Mapping[str, Any]) -> AccessRules:
    known = {field.name for field in fields(AccessRules)}
    if unknown := table.keys() - known:
        raise BadSettings(f"lots.toml: [access] has {sorted(unknown)}; known are {sorted(known)}")
    for name, value in table.items():
        if type(value) is not int:
            raise BadSettings(f"lots.toml: [access] {name} is {value!r}; it must be a whole number")
    try:
        return AccessRules(**table)
    except ValueError as fault:
        raise BadSettings(f"lots.toml: [access] {fault}") from None


def _transfer(table: Mapping[str, Any], data_dir: Path, pick: _Pick) -> TransferRules:
    """Where bundles go is one place: a folder, or an address with a token that only TLS may carry."""
    known = {"recipients", "recipients_file", "drop_folder", "drop_url", "drop_token", "backup_dir", "backup_keep_days"}
    if unknown := table.keys() - known:
        raise BadSettings(f"lots.toml: [transfer] has {sorted(unknown)}; known are {sorted(known)}")
    named = table.get("recipients", [])
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
        raise BadSettings(f"lots.toml: [transfer] recipients is {named!r}; it must be a list of words like age1…")
    keep = table.get("backup_keep_days", BACKUP_KEEP_DAYS)
    if type(keep) is not int or keep < 1:
        raise BadSettings(f"lots.toml: [transfer] backup_keep_days is {keep!r}; it must be a whole number from 1")
    folder = pick("drop_folder", "LOTS_DROP_FOLDER", _beside(data_dir, table.get("drop_folder")))
    url = pick("drop_url", "LOTS_DROP_URL", table.get("drop_url"))
    token = pick("drop_token", "LOTS_DROP_TOKEN", table.get("drop_token"))
    if folder is not None and url is not None:
        raise BadSettings("LOTS_DROP_FOLDER and LOTS_DROP_URL are both set; bundles are dropped off in one place")
    if url is not None:
        parts = _parts_of(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise BadSettings("LOTS_DROP_URL must be an address like https://mottagning.example.se/lots")
        if parts.scheme == "http" and not is_here(parts.hostname):
            raise BadSettings("LOTS_DROP_URL is an address without TLS, which others may read; write https://")
        if parts.username or parts.password:
            raise BadSettings("LOTS_DROP_URL holds a password; put it in LOTS_DROP_TOKEN")
        if token is None or not re.fullmatch(r"[A-Za-z0-9._~+/=-]{16,512}", token):
            raise BadSettings("LOTS_DROP_TOKEN must be 16 to 512 letters, digits and . _ ~ + / = -, with LOTS_DROP_URL")
    recipients = pick("recipients", "LOTS_RECIPIENTS", _beside(data_dir, table.get("recipients_file")))
    backups = pick("backup_dir", "LOTS_BACKUP_DIR", _beside(data_dir, table.get("backup_dir")))
    return TransferRules(
        recipients_file=Path(recipients or data_dir / "recipients.txt"),
        recipients=tuple(named),
        drop_folder=None if folder is None else Path(folder),
        drop_url=None if url is None else url.rstrip("/"),
        drop_token=None if url is None else token,
        backup_dir=Path(backups or data_dir / "backups"),
        backup_keep_days=keep,
    )


def _parts_of(url: str) -> SplitResult:
    """An address taken apart; one that cannot be has no parts."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _beside(data_dir: Path, written: Any) -> str | None:
    """A path in ``lots.toml`` is the same wherever a command is run from: it starts at the file's own folder."""
    return None if written is None else str(data_dir / str(written))


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise BadSettings(f"{path}: not TOML ({fault})") from None
    except OSError as fault:
        raise BadSettings(f"{path}: cannot be read ({fault.strerror})") from None


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
    if written is not None and not (re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", written) and _is_a_place(written)):
        raise BadSettings(f"LOTS_PUBLIC_URL is {_shown(written)}; it must be an address like https://lots.example.se")
    if written is not None and written.startswith("http://") and not is_here(urlsplit(written).hostname or ""):
        raise BadSettings(
            f"LOTS_PUBLIC_URL is {written!r}, which others reach without TLS. Put TLS in front, and write https://"
        )
    if mode == "dorrklocka" and (written is None or not written.startswith("https://")):
        said = "not set" if written is None else repr(written)
        raise BadSettings(
            f"LOTS_PUBLIC_URL is {said}; with LOTS_TELEGRAM_MODE dorrklocka it must be the https address of the "
            "web chat, which the doorbell opens"
        )
    return None if written is None else written.rstrip("/")


def _is_a_place(address: str) -> bool:
    """Whether an address names a machine as a browser may, by a name or a number, and at most a port."""
    try:
        parts = urlsplit(address)
        name, port = parts.hostname or "", parts.port
    except ValueError:  # a port that is none, or half a pair of brackets
        return False
    shown = f"[{name}]" if ":" in name else name
    if parts.netloc.lower() not in (shown, f"{shown}:{port}") or port == 0:
        return False
    with suppress(ValueError):
        return bool(ip_address(name))
    return len(name) <= LONGEST_NAME and all(_LABEL.fullmatch(label) for label in name.split("."))


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


def _may_be_served(public_url: str | None) -> None:
    if public_url is not None and public_url.count("/") > 2:
        raise BadSettings(
            f"LOTS_PUBLIC_URL is {public_url!r}; the web chat needs a name of its own, like https://lots.example.se, "
            "without a path"
        )


def _may_be_listened_on(host: str, public_url: str | None, proxy: IPv4Network | IPv6Network | None) -> None:
    """What others reach stands behind a proxy that is named, and that people reach over TLS."""
    if not is_here(host) and (proxy is None or not (public_url or "").startswith("https://")):
        raise BadSettings(
            f"LOTS_WEB_HOST is {host!r}, which others reach, and nothing says that TLS stands in front. "
            "Listen on 127.0.0.1, or set LOTS_PUBLIC_URL to the https address and LOTS_TRUSTED_PROXY to the proxy's"
        )


def is_here(host: str) -> bool:
    """Whether only this machine reaches an address.

    :param host: a number, or a name.
    :returns: ``True`` for this machine's own numbers and ``localhost``.
    """
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


def _updates_a_minute(written: str | None) -> int:
    if written is None:
        return UPDATES_A_MINUTE
    if not re.fullmatch(r"[1-9][0-9]{0,6}", written):
        raise BadSettings(f"LOTS_UPDATES_A_MINUTE is {written!r}; it must be a whole number from 1 to 9999999")
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

    A change of keys that was cut off is carried out first; this is where everybody who opens a store comes by.

    :param path: the key file: 64 hex digits.
    :param database: the file it opens; where that is there already, no new key is made.
    :returns: 32 bytes.
    :raises BadSettings: the key is gone, is another's, can be read by others, or is no key.
    :raises StoreError: a change of keys that was cut off cannot be carried out now.
    """
    from state.transfer.rekeying import finish

    finish(database.parent, path, datetime.now(UTC))
    if not path.exists():
        if database.exists():
            raise BadSettings(
                f"LOTS_KEY_FILE: {path} is gone, and {database} can be opened with no other key; put the key back, "
                "or name it with --key-file where only the service is given it"
            )
        _make_key(path)
    return key_in(path)


def _make_key(path: Path) -> None:
    """Make a key whole or not at all, also when two processes start at once."""
    try:
        with suppress(FileExistsError):  # another process was first; its key is the key
            write_whole(path, as_written(secrets.token_bytes(KEY_BYTES)), new=True)
    except OSError as fault:
        raise BadSettings(f"LOTS_KEY_FILE: {path} cannot be made ({fault.strerror})") from None
