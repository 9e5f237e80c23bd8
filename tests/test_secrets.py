"""The token, the keys and the other secrets: where they come from, and that nobody reads them who should not.

The running program is looked at as somebody with an account on the machine looks at it: its log, its command line, what
it leaves when it dies. The servers that it speaks to here are unreachable, refuse, or answer what no server should.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.hushed import IN_ITS_PLACE, hushed
from bot.settings import CREDENTIALS, Settings, load, read_key
from bot.telegram import _bot
from bot.telegram.webhook import Webhook
from state.errors import BadSettings
from state.keys import as_written, key_in
from tests.botapi import BotApi
from tests.running import ENTRY, Ended, Lots, command, environment, free_port

process = pytest.mark.process

TOKEN = "7000000002:AAF-not-a-real-token-for-tests-0123"
WEBHOOK = "webhook-secret-only-for-the-tests"
DROP = "drop-token-only-for-the-tests"
KEY = bytes(range(32))
SECRETS = (TOKEN, TOKEN.partition(":")[2], WEBHOOK, DROP, KEY.hex())

REST = {
    "LOTS_TELEGRAM_MODE": "ovning",
    "LOTS_PUBLIC_URL": "https://lots.example",
    "LOTS_DROP_URL": "https://drop.example",
}
"""What the secrets are of no use without."""

VARIABLES = {"token": "LOTS_TELEGRAM_TOKEN", "webhook_secret": "LOTS_WEBHOOK_SECRET", "drop_token": "LOTS_DROP_TOKEN"}
IN_TABLE = {"token": "telegram", "webhook_secret": "telegram", "drop_token": "transfer"}
VALUES = {"token": TOKEN, "webhook_secret": WEBHOOK, "drop_token": DROP}


def told(text: str) -> list[str]:
    """The secrets that stand in a text."""
    return [secret for secret in SECRETS if secret in text]


def held(settings: Settings, name: str) -> str | None:
    """A secret of the settings, by its name."""
    where = settings.transfer if name == "drop_token" else settings
    value: str | None = getattr(where, name)
    return value


# ── where they come from ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    """The folder that systemd gives a service: all four, as an editor or `echo` leaves them."""
    folder = tmp_path / "credentials"
    folder.mkdir(mode=0o700)
    for name, text in {**VALUES, "key_file": as_written(KEY)}.items():
        (folder / CREDENTIALS[name]).write_text(f"{text}\n", encoding="ascii")
        (folder / CREDENTIALS[name]).chmod(0o440)  # the mask of systemd's access list shows as the group's right
    return folder


def installed(folder: Path, written: Mapping[str, str] = {}, mode: int = 0o600) -> dict[str, str]:
    """The environment of an installation whose ``lots.toml`` has these secrets."""
    folder.mkdir(exist_ok=True)
    lines = [f'[{IN_TABLE[name]}]\n{name} = "{value}"\n' for name, value in written.items()]
    (folder / "lots.toml").write_text("".join(lines), encoding="utf-8")
    (folder / "lots.toml").chmod(mode)
    return environment(folder, **REST)


@pytest.mark.parametrize("name", VALUES)
def test_a_secret_is_a_flag_else_a_variable_else_a_credential_else_in_the_file(
    tmp_path: Path, credentials: Path, name: str
) -> None:
    (credentials / CREDENTIALS[name]).unlink()
    others = {VARIABLES[one]: VALUES[one] for one in VALUES if one != name}
    env = installed(tmp_path / "lots", {name: "of-the-file-0123456789"}) | others
    of_file = load(env)
    (credentials / CREDENTIALS[name]).write_text("of-the-credential-0123456789\n", encoding="ascii")
    env["CREDENTIALS_DIRECTORY"] = str(credentials)
    of_credential = load(env)
    env[VARIABLES[name]] = "of-the-environment-0123456789"
    of_environment = load(env)
    of_flag = load(env, **{name: "of-the-flag-0123456789"})
    found = [(held(one, name), one.sources[name]) for one in (of_flag, of_environment, of_credential, of_file)]
    assert found == [
        ("of-the-flag-0123456789", "a flag"),
        ("of-the-environment-0123456789", f"the environment ({VARIABLES[name]})"),
        ("of-the-credential-0123456789", f"the credential {CREDENTIALS[name]}"),
        ("of-the-file-0123456789", "lots.toml"),
    ]


def test_the_key_is_a_flag_else_a_variable_else_a_credential_else_in_the_file(
    tmp_path: Path, credentials: Path
) -> None:
    env = installed(tmp_path / "lots") | {"LOTS_DROP_TOKEN": DROP}
    assert load(env).key_file == tmp_path / "lots" / "lots.key"
    (tmp_path / "lots" / "lots.toml").write_text('key_file = "/of/the/file"\n', encoding="utf-8")
    assert load(env).key_file == Path("/of/the/file")
    env["CREDENTIALS_DIRECTORY"] = str(credentials)
    assert load(env).key_file == credentials / "lots-key"
    env["LOTS_KEY_FILE"] = "/of/the/environment"
    assert load(env).key_file == Path("/of/the/environment")
    assert load(env, key_file="/of/the/flag").key_file == Path("/of/the/flag")


@pytest.mark.parametrize(
    ("raw", "says"), [(b"", "is empty"), (b" \n", "is empty"), ("åäö".encode(), "not text"), (None, "Is a directory")]
)
def test_a_credential_that_is_none_is_told_by_its_name(
    tmp_path: Path, credentials: Path, raw: bytes | None, says: str
) -> None:
    path = credentials / "lots-telegram-token"
    path.unlink()
    if raw is None:
        path.mkdir()
    else:
        path.write_bytes(raw)
    env = installed(tmp_path / "lots") | {"CREDENTIALS_DIRECTORY": str(credentials)}
    with pytest.raises(BadSettings, match="the credential lots-telegram-token") as fault:
        load(env)
    assert says in str(fault.value)


def test_the_key_that_systemd_gives_is_used_as_it_is(
    tmp_path: Path, credentials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read-only, and with the mask of an access list; beside it nothing is made, and elsewhere it would be refused."""
    path = credentials / "lots-key"
    with pytest.raises(BadSettings, match="others may read"):
        key_in(path)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    before = sorted(credentials.iterdir())
    assert read_key(path, tmp_path / "lots.db") == KEY
    assert sorted(credentials.iterdir()) == before
    path.chmod(0o444)
    with pytest.raises(BadSettings, match="others may read"):
        key_in(path)


def test_a_key_of_another_account_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever owns the file can read it, and change it, whatever its mode says."""
    path = tmp_path / "lots.key"
    path.write_text(as_written(KEY), encoding="ascii")
    path.chmod(0o600)
    assert key_in(path) == KEY
    other = 65_534
    if os.geteuid() == 0:
        os.chown(path, other, other)
    else:
        other = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: other + 1)
    with pytest.raises(BadSettings, match=rf"belongs to another account \({other}\)"):
        key_in(path)


@process
def test_the_service_works_with_credentials_alone_and_says_where_they_come_from(
    api: BotApi, tmp_path: Path, credentials: Path
) -> None:
    """As systemd starts it: nothing secret in the environment, in lots.toml or in the data folder."""
    (credentials / "lots-telegram-token").write_text(f"{api.token}\n", encoding="ascii")
    for name in ("lots-webhook-secret", "lots-drop-token"):
        (credentials / name).unlink()
    with Lots(api, tmp_path / "lots", CREDENTIALS_DIRECTORY=str(credentials)) as lots:
        del lots.env["LOTS_TELEGRAM_TOKEN"]
        lots.start()
        ended = lots.run("check")
        assert f"ok     key: {credentials}/lots-key is the owner's alone\n" in ended.stdout
        says = "the key from the credential lots-key, the token from the credential lots-telegram-token"
        assert f"ok     secrets: {says}\n" in ended.stdout
        assert f"ok     process: {lots.process.pid if lots.process else 0} serves" in ended.stdout
        assert "a credential" in lots.run("keys", "show").stdout
        assert lots.stop() == 0
        ended = lots.run("keys", "rotate")
        assert ended.returncode == 2
        assert "is a credential, which only systemd changes" in ended.stderr
    assert "lots.key" not in {path.name for path in (tmp_path / "lots").iterdir()}


@pytest.mark.parametrize("name", VALUES)
def test_a_secret_in_lots_toml_that_others_may_read_is_refused_for_real_cases(tmp_path: Path, name: str) -> None:
    others = {VARIABLES[one]: VALUES[one] for one in VALUES if one != name}
    env = installed(tmp_path / "lots", {name: VALUES[name]}, mode=0o640) | others
    assert load(env).exposed == (name,)
    real = env | {"LOTS_TELEGRAM_MODE": "dorrklocka"}
    with pytest.raises(BadSettings, match=f"holds {name}, and others may read it. Run: chmod 600") as fault:
        load(real)
    assert told(str(fault.value)) == []
    (tmp_path / "lots" / "lots.toml").chmod(0o600)
    assert load(real).exposed == ()


def test_a_lots_toml_without_a_secret_may_be_read_by_everybody(tmp_path: Path) -> None:
    folder = tmp_path / "lots"
    env = installed(folder, mode=0o644) | {"LOTS_TELEGRAM_MODE": "dorrklocka", "LOTS_DROP_TOKEN": DROP}
    (folder / "lots.toml").write_text(f'key_file = "{tmp_path}/lots.key"\n', encoding="utf-8")
    assert load(env).exposed == ()


# ── what is shown of them ────────────────────────────────────────────────────────────────────────────────────


def test_nothing_that_holds_a_secret_shows_it(tmp_path: Path) -> None:
    env = installed(tmp_path / "lots") | {VARIABLES[name]: value for name, value in VALUES.items()}
    settings = load(env)
    assert (settings.token, settings.webhook_secret, settings.transfer.drop_token) == (TOKEN, WEBHOOK, DROP)
    bot = _bot(TOKEN, None, connections=1)
    webhook = Webhook("https://lots.example", WEBHOOK, "127.0.0.1", 1)
    assert told(f"{settings!r} {settings} {bot!r} {bot} {webhook!r} {[settings, bot]}") == []


WRONG = {
    "a token in the server's address": {"LOTS_TELEGRAM_BASE_URL": f"http://127.0.0.1:1/bot{TOKEN}/"},
    "a password in it": {"LOTS_TELEGRAM_BASE_URL": f"http://lots:{DROP}@127.0.0.1:1/bot"},
    "a password in the public address": {"LOTS_PUBLIC_URL": f"https://lots:{DROP}@lots.example"},
    "a password in the drop-off's": {"LOTS_DROP_URL": f"https://lots:{DROP}@drop.example"},
    "a token in the place of a mode": {"LOTS_TELEGRAM_MODE": TOKEN},
    "a token of other signs": {"LOTS_TELEGRAM_TOKEN": f"{TOKEN}/å"},
    "a webhook's secret of other signs": {"LOTS_WEBHOOK_SECRET": f"{WEBHOOK} !"},
    "a drop-off's token of other signs": {"LOTS_DROP_TOKEN": f"{DROP} !"},
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_a_secret_is_told_without_it(tmp_path: Path, what: str) -> None:
    env = installed(tmp_path / "lots") | {VARIABLES[name]: value for name, value in VALUES.items()} | WRONG[what]
    with pytest.raises(BadSettings) as fault:
        load(env)
    (variable,) = WRONG[what]
    assert variable in str(fault.value)
    assert told(str(fault.value)) == []


@pytest.mark.parametrize(
    ("said", "hush"),
    [
        (f"https://api.telegram.org/bot{TOKEN}/getMe", f"https://api.telegram.org/bot{IN_ITS_PLACE}/getMe"),
        (f"InvalidURL({TOKEN.replace(':', '%3A')!r})", f"InvalidURL('{IN_ITS_PLACE}')"),
        ("2026-11-22T14:05:09 L304: 12:30, 1234567:89", "2026-11-22T14:05:09 L304: 12:30, 1234567:89"),
    ],
)
def test_a_token_is_known_by_its_looks_and_nothing_else_is_taken_for_one(said: str, hush: str) -> None:
    assert hushed(said) == hush


# ── the running program ──────────────────────────────────────────────────────────────────────────────────────


class Odd(BaseHTTPRequestHandler):
    """Answers each call with the next of what a server, or something in between, should not answer."""

    ways = itertools.count()
    paths: list[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(next(self.ways) % 7)

    def answer(self, way: int) -> None:
        """The address is said back in each, as proxies and servers like to do."""
        address = f"http://{self.headers['Host']}{self.path}"
        if way == 0:
            return self.close_connection_at_once()
        if way == 1:
            return self.say(200, f"<h1>Sign in to go on to {address}</h1>")
        if way == 2:
            return self.say(400, json.dumps({"ok": False, "error_code": 400, "description": f"{address} no such"}))
        if way == 3:
            return self.say(200, json.dumps({"ok": True, "result": address}))
        if way == 4:
            return self.say(500, f"Traceback: {address}")
        if way == 5:
            return self.say(307, "", Location=f"http://127.0.0.1:{self.server.server_port}/elsewhere{self.path}")  # type: ignore[attr-defined]
        return self.say(200, '{"ok": true, "result"', **{"Content-Encoding": "gzip"})

    def close_connection_at_once(self) -> None:
        self.close_connection = True

    def say(self, status: int, text: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(text.encode()))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def parse_request(self) -> bool:
        parsed = super().parse_request()
        if parsed:
            self.paths.append(self.path)
        return parsed

    def log_message(self, *_: object) -> None:
        """Nothing on the tests' own stderr."""


@contextmanager
def odd_server(first: int = 0) -> Iterator[tuple[str, list[str]]]:
    """Its address as ``LOTS_TELEGRAM_BASE_URL``, and the paths that were asked for."""
    paths: list[str] = []
    handler = type("Handler", (Odd,), {"ways": itertools.count(first), "paths": paths})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}/bot", paths
        server.shutdown()


TALKATIVE = {"PYTHONASYNCIODEBUG": "1", "PYTHONDEVMODE": "1", "PYTHONWARNINGS": "always"}
"""Everything that Python and the libraries can be asked to tell; our own log is at DEBUG in these tests anyway."""


def looked_at(pid: int) -> str:
    """What every account of the machine sees of a process."""
    seen = subprocess.run(["ps", "-ww", "-o", "args", "-p", str(pid)], capture_output=True, text=True, check=False)
    return seen.stdout + Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")


@process
@pytest.mark.parametrize("what", ["unreachable", "refusing", "odd"])
def test_the_token_is_in_no_log_and_no_list_of_processes_whatever_the_server_does(
    api: BotApi, tmp_path: Path, what: str
) -> None:
    """At DEBUG, with the libraries' own talk turned on; `check`, `invite` and `revoke` speak to the server too."""
    with odd_server() as (odd, paths), Lots(api, tmp_path / "lots", **TALKATIVE) as lots:
        address = {"unreachable": f"http://127.0.0.1:{free_port()}/bot", "refusing": api.base_url, "odd": odd}[what]
        lots.env |= {"LOTS_TELEGRAM_BASE_URL": address, "LOTS_TELEGRAM_TOKEN": TOKEN}
        with lots.store() as store, store.transaction():
            gone = store.add_person(
                role="drift", district="Farsta", channel="telegram", address="7", now=lots.settings.now()
            )
        lots.launch()
        assert lots.process is not None
        seen = ""
        for _ in range(200):
            if lots.has_ended() or ("Unreachable" in lots.log() and (what != "odd" or len(paths) > 3)):
                break
            seen += looked_at(lots.process.pid)
            time.sleep(0.02)
        ended = [lots.run("check")]
        if what == "odd":
            ended += [lots.run("invite", "--role", "drift", "--district", "Farsta"), lots.run("revoke", gone.id)]
        code = lots.process.wait(10) if what == "refusing" else lots.stop()
        log = lots.log()
    assert code == (2 if what == "refusing" else 0), log
    assert ("does not know this token" if what == "refusing" else "Unreachable") in log
    assert [one.returncode for one in ended] == [1, 0, 0][: len(ended)], ended
    assert "main" in seen
    told_by = [log, seen, *(one.stdout + one.stderr for one in ended)]
    assert [told(text) for text in told_by] == [[]] * len(told_by)


@process
def test_a_server_that_sends_elsewhere_is_not_followed(tmp_path: Path) -> None:
    """A message is for the configured address only; the redirect would keep method and body (RFC 9110, 15.4.8)."""
    with odd_server(first=5) as (odd, paths):
        env = environment(tmp_path / "lots", LOTS_TELEGRAM_TOKEN=TOKEN, LOTS_TELEGRAM_BASE_URL=odd)
        assert command("check", env=env).returncode == 1
    assert paths
    assert [path for path in paths if "elsewhere" in path] == []


@process
def test_a_crash_tells_where_it_was_and_no_secret(tmp_path: Path) -> None:
    """An exception and its cause, one in a thread, one that nobody can catch, and a warning: each with everything."""
    folder = tmp_path / "lots"
    env = installed(folder) | {VARIABLES[name]: value for name, value in VALUES.items()} | TALKATIVE
    (folder / "lots.key").write_text(as_written(KEY), encoding="ascii")
    (folder / "lots.key").chmod(0o600)
    crash = Path(__file__).with_name("crashing.py")
    ended = subprocess.run(
        [sys.executable, str(crash), "run"], env=env, capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 1
    for said in ("RuntimeError", "OSError", "ValueError", "ResourceWarning", "crashing.py", "in thread Thread-1"):
        assert said in ended.stderr
    assert ended.stderr.count(f"bot{IN_ITS_PLACE}/getMe") == 5
    assert told(ended.stdout + ended.stderr) == []


def dumps(folder: Path, *words: str, env: Mapping[str, str]) -> bool:
    """Whether a program that may leave a dump does so when it is ended as by a fault."""
    folder.mkdir()
    ended = subprocess.Popen(
        ["sh", "-c", 'ulimit -c "$(ulimit -H -c)"; exec "$@"', "sh", *words],
        env=dict(env),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert ended.stdout is not None
    assert b"WebServed" in (said := ended.stdout.readline()), said
    ended.send_signal(signal.SIGABRT)
    _, status = os.waitpid(ended.pid, 0)
    ended.returncode = -signal.SIGABRT
    ended.stdout.close()
    assert os.WTERMSIG(status) == signal.SIGABRT
    return os.WCOREDUMP(status)


@process
def test_the_running_program_leaves_no_core_dump(tmp_path: Path) -> None:
    """Where another program that is ended like that does; its own limit is nought, also for who may raise it."""
    env = environment(tmp_path / "lots", LOTS_WEB_PORT=str(free_port()))
    other = "import time; print('WebServed', flush=True); time.sleep(60)"
    if not dumps(tmp_path / "other", sys.executable, "-c", other, env=env):
        pytest.skip("nothing on this machine leaves a core dump")
    assert not dumps(tmp_path / "ours", *ENTRY, "run", env=env)
    assert list((tmp_path / "ours").iterdir()) == []


@process
def test_what_it_writes_is_its_owners_alone_whatever_the_account_says(tmp_path: Path) -> None:
    folder = tmp_path / "lots"
    shell = f"umask 000; exec {sys.executable} -c \"from bot.cli import main; main(prog_name='lots')\" backup"
    ended: Ended = subprocess.run(
        ["sh", "-c", shell], env=environment(folder), capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 0, ended.stderr
    modes = {path.name: path.stat().st_mode & 0o077 for path in [folder, *folder.rglob("*")]}
    assert {"backups", "lots.key", "ovning.db", "ovning.work"} <= modes.keys()
    assert set(modes.values()) == {0}


@process
def test_the_program_says_in_its_log_that_others_may_read_a_secret(api: BotApi, tmp_path: Path) -> None:
    """In practice it starts all the same."""
    with Lots(api, tmp_path / "lots") as lots:
        del lots.env["LOTS_TELEGRAM_TOKEN"]
        path = lots.data_dir / "lots.toml"
        path.write_text(f'[telegram]\ntoken = "{api.token}"\n', encoding="utf-8")
        path.chmod(0o604)
        lots.start()
        (line,) = [line for line in lots.log_lines() if line.get("event") == "SecretExposed"]
        assert (line["level"], line["where"]) == ("warning", "token")
        checked = lots.run("check").stdout
        says = f"the key from the data folder, the token from lots.toml; others may read the token in {path}"
        assert f"WRONG  secrets: {says}. Run: chmod 600 {path}\n" in checked
        path.chmod(0o600)
        assert "WRONG  secrets" not in lots.run("check").stdout
