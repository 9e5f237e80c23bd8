"""The settings of the web chat: what ships, what may be said instead, and what is refused and how to put it right."""

from __future__ import annotations

from dataclasses import asdict
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings, WebRules, load
from state.errors import BadSettings
from tests.running import command

ANYWHERE = "0.0.0.0"  # noqa: S104 - this is what is refused
HTTPS = "https://lots.example.se"
PROXY = {"LOTS_PUBLIC_URL": HTTPS, "LOTS_TRUSTED_PROXY": "10.0.0.5"}


def loaded(folder: Path, env: dict[str, str], written: str = "", **flags: str) -> Settings:
    """The settings of an installation in a folder of its own."""
    folder.mkdir(exist_ok=True)
    (folder / "lots.toml").write_text(written, encoding="utf-8")
    return load({"LOTS_DATA_DIR": str(folder), **env}, **flags)


# ── what is refused, as somebody at the command line meets it ────────────────────────────────────────────────────

REFUSED: dict[str, tuple[dict[str, str], str, tuple[str, ...]]] = {
    "neither yes nor no": ({"LOTS_WEB": "kanske"}, "", ("LOTS_WEB is 'kanske'", "true or false")),
    "a doorbell without the web": (
        {"LOTS_TELEGRAM_MODE": "dorrklocka", "LOTS_PUBLIC_URL": HTTPS, "LOTS_WEB": "false"},
        "",
        ("LOTS_WEB is false", "dorrklocka", "where people talk"),
    ),
    "a doorbell with nowhere to go": (
        {"LOTS_TELEGRAM_MODE": "dorrklocka"},
        "",
        ("LOTS_PUBLIC_URL is not set", "dorrklocka", "https address"),
    ),
    "a doorbell without https": (
        {"LOTS_TELEGRAM_MODE": "dorrklocka", "LOTS_PUBLIC_URL": "http://lots.example.se"},
        "",
        ("LOTS_PUBLIC_URL is 'http://lots.example.se'", "without TLS", "https://"),
    ),
    "an address without its beginning": (
        {"LOTS_PUBLIC_URL": "lots.example.se"},
        "",
        ("LOTS_PUBLIC_URL is 'lots.example.se'", "an address like https://"),
    ),
    "an address of another kind": ({"LOTS_PUBLIC_URL": "ftp://lots.example.se"}, "", ("LOTS_PUBLIC_URL", "https://")),
    "an address with a question": ({"LOTS_PUBLIC_URL": f"{HTTPS}/?a=1"}, "", ("LOTS_PUBLIC_URL", "https://")),
    "a webhook that others reach, and no proxy that is named": (
        {
            "LOTS_TELEGRAM_TOKEN": "1:x",
            "LOTS_WEBHOOK_SECRET": "0123456789abcdef",
            "LOTS_PUBLIC_URL": HTTPS,
            "LOTS_WEB_HOST": ANYWHERE,
        },
        "",
        ("LOTS_WEB_HOST is '0.0.0.0'", "TLS", "LOTS_TRUSTED_PROXY"),
    ),
    "a drop-off that leads nowhere": (
        {"LOTS_DROP_URL": "https://[", "LOTS_DROP_TOKEN": "0123456789abcdef"},
        "",
        ("LOTS_DROP_URL must be an address",),
    ),
    "an address in the file": ({}, '[web]\npublic_url = "hem"', ("LOTS_PUBLIC_URL is 'hem'",)),
    "a proxy that is a name": (
        {"LOTS_TRUSTED_PROXY": "grannen"},
        "",
        ("LOTS_TRUSTED_PROXY is 'grannen'", "10.0.0.5 or 10.0.0.0/24"),
    ),
    "everybody as the proxy": (
        {"LOTS_TRUSTED_PROXY": "0.0.0.0/0"},
        "",
        ("LOTS_TRUSTED_PROXY is '0.0.0.0/0'", "everybody", "the proxy's own address"),
    ),
    "a proxy's network with a host in it": ({"LOTS_TRUSTED_PROXY": "10.0.0.5/24"}, "", ("LOTS_TRUSTED_PROXY",)),
    "others reach it, and no TLS": (
        {"LOTS_WEB_HOST": ANYWHERE},
        "",
        ("LOTS_WEB_HOST is '0.0.0.0'", "TLS", "127.0.0.1", "LOTS_PUBLIC_URL", "LOTS_TRUSTED_PROXY"),
    ),
    "others reach it by every address of the newer kind": ({"LOTS_WEB_HOST": "::"}, "", ("LOTS_WEB_HOST is '::'",)),
    "others reach it by a name": ({"LOTS_WEB_HOST": "lots.example.se"}, "", ("LOTS_WEB_HOST", "TLS")),
    "a name that begins like this machine's": ({"LOTS_WEB_HOST": "localhost.example.se"}, "", ("LOTS_WEB_HOST",)),
    "others reach it, https alone": (
        {"LOTS_WEB_HOST": "10.0.0.2", "LOTS_PUBLIC_URL": HTTPS},
        "",
        ("LOTS_WEB_HOST is '10.0.0.2'", "LOTS_TRUSTED_PROXY"),
    ),
    "others reach it, a proxy alone": (
        {"LOTS_WEB_HOST": "10.0.0.2", "LOTS_TRUSTED_PROXY": "10.0.0.5"},
        "",
        ("LOTS_WEB_HOST is '10.0.0.2'", "LOTS_PUBLIC_URL"),
    ),
    "others reach it, a proxy without https": (
        {"LOTS_WEB_HOST": "10.0.0.2", "LOTS_PUBLIC_URL": "http://lots.example.se", "LOTS_TRUSTED_PROXY": "10.0.0.5"},
        "",
        ("LOTS_PUBLIC_URL is 'http://lots.example.se'", "without TLS"),
    ),
    "half of everybody as the proxy": (
        {"LOTS_TRUSTED_PROXY": "0.0.0.0/1"},
        "",
        ("LOTS_TRUSTED_PROXY is '0.0.0.0/1'", "everybody"),
    ),
    "others reach it, as the file says": ({}, '[web]\nhost = "0.0.0.0"', ("LOTS_WEB_HOST is '0.0.0.0'",)),
    "a bot that serves the web too": (
        {"LOTS_TELEGRAM_TOKEN": "1:x", "LOTS_WEB": "1", "LOTS_WEB_HOST": ANYWHERE},
        "",
        ("LOTS_WEB_HOST is '0.0.0.0'", "TLS"),
    ),
    "a port that is a word": ({"LOTS_WEB_PORT": "http"}, "", ("LOTS_WEB_PORT is 'http'", "1 to 65535")),
    "port nought": ({"LOTS_WEB_PORT": "0"}, "", ("LOTS_WEB_PORT is '0'",)),
    "a port too high": ({"LOTS_WEB_PORT": "65536"}, "", ("LOTS_WEB_PORT is '65536'",)),
    "a table that is none": ({}, "web = 1", ("lots.toml", "[web]")),
    "an unknown number": ({}, "[web]\nsession_days = 3", ("[web]", "['session_days']", "session_hours", "public_url")),
    "words where a number belongs": ({}, '[web]\nlock_minutes = "fem"', ("lock_minutes is 'fem'", "a whole number")),
    "half an hour": ({}, "[web]\nsession_hours = 0.5", ("session_hours is 0.5", "a whole number")),
    "yes where a number belongs": ({}, "[web]\npin_tries = true", ("pin_tries is True", "a whole number")),
    "no lock": ({}, "[web]\nlock_minutes = 0", ("lock_minutes is 0", "from 1")),
    "no tries": ({}, "[web]\npin_tries = 0", ("pin_tries is 0", "from 1")),
    "a time that goes back": ({}, "[web]\ndevice_days = -1", ("device_days is -1", "from 0")),
    "the end before the pause": ({}, "[web]\npin_tries_in_all = 4", ("pin_tries_in_all", "from pin_tries to 20")),
    "tries enough to find a PIN": ({}, "[web]\npin_tries_in_all = 21", ("pin_tries_in_all", "six digits only")),
    "an old Mini App": ({}, "[web]\ninit_data_seconds = 301", ("init_data_seconds", "at most 300")),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_wrong_setting_of_the_web_ends_with_2_and_says_how_to_put_it_right(
    lots_env: dict[str, str], what: str
) -> None:
    env, written, fragments = REFUSED[what]
    folder = Path(lots_env["LOTS_DATA_DIR"])
    folder.mkdir()
    (folder / "lots.toml").write_text(written, encoding="utf-8")
    ended = command("records", "--json", env=lots_env | env)
    assert (ended.returncode, ended.stdout) == (2, ""), ended
    assert "Traceback" not in ended.stderr
    for fragment in ("L200", *fragments):
        assert fragment in ended.stderr, ended.stderr
    assert [path.name for path in folder.iterdir()] == ["lots.toml"], "nothing has been opened"


# ── what is taken ────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_ships_is_what_the_issue_says(tmp_path: Path) -> None:
    settings = loaded(tmp_path / "lots", {})
    assert asdict(settings.web_rules) == {
        "session_hours": 12,
        "lock_minutes": 5,
        "pin_tries": 5,
        "pin_pause_minutes": 15,
        "pin_tries_in_all": 10,
        "device_days": 30,
        "init_data_seconds": 300,
        "requests_a_minute": 120,
        "sign_ins_a_minute": 10,
    }
    assert (settings.web, settings.web_host, settings.web_port) == (True, "127.0.0.1", 8080)
    assert (settings.public_url, settings.trusted_proxy, settings.behind_tls) == (None, None, False)


def test_every_number_can_be_set_in_the_file(tmp_path: Path) -> None:
    wanted = {name: value - 1 for name, value in asdict(WebRules()).items()}
    written = "\n".join(["[web]", *(f"{name} = {value}" for name, value in wanted.items())])
    assert asdict(loaded(tmp_path / "lots", {}, written).web_rules) == wanted


SERVED: list[tuple[dict[str, str], str, bool, str]] = [
    ({}, "", True, "without a token there is nothing else"),
    ({"LOTS_TELEGRAM_TOKEN": "1:x"}, "", False, "practice in Telegram needs no web"),
    ({"LOTS_TELEGRAM_TOKEN": "1:x", "LOTS_WEB": "true"}, "", True, "both"),
    ({"LOTS_TELEGRAM_TOKEN": "1:x", "LOTS_WEB": "TRUE"}, "", True, "written large"),
    ({"LOTS_TELEGRAM_TOKEN": "1:x"}, "[web]\nserve = true", True, "in the file"),
    ({"LOTS_TELEGRAM_TOKEN": "1:x", "LOTS_WEB": "0"}, "[web]\nserve = true", False, "the environment goes first"),
    ({"LOTS_WEB": "false"}, "", False, "neither"),
    (
        {"LOTS_TELEGRAM_TOKEN": "1:x", "LOTS_TELEGRAM_MODE": "dorrklocka", "LOTS_PUBLIC_URL": HTTPS},
        "",
        True,
        "the doorbell rings for it",
    ),
]


@pytest.mark.parametrize(("env", "written", "serves", "why"), SERVED, ids=[why for *_, why in SERVED])
def test_whether_the_web_is_served(tmp_path: Path, env: dict[str, str], written: str, serves: bool, why: str) -> None:
    assert loaded(tmp_path / "lots", env, written).web is serves, why


HOSTS: list[tuple[dict[str, str], str, str]] = [
    ({"LOTS_WEB_HOST": "127.0.0.1"}, "127.0.0.1", "this machine"),
    ({"LOTS_WEB_HOST": "127.0.0.53"}, "127.0.0.53", "this machine by another number"),
    ({"LOTS_WEB_HOST": "::1"}, "::1", "this machine by the newer kind of number"),
    ({"LOTS_WEB_HOST": "localhost"}, "localhost", "this machine by its name"),
    ({"LOTS_WEB_HOST": ANYWHERE, **PROXY}, ANYWHERE, "TLS stands in front"),
    ({"LOTS_WEB_HOST": ANYWHERE, "LOTS_WEB": "false"}, ANYWHERE, "the web is not served"),
    ({"LOTS_WEB_HOST": ANYWHERE, "LOTS_TELEGRAM_TOKEN": "1:x"}, ANYWHERE, "Telegram's calls alone come there"),
]


@pytest.mark.parametrize(("env", "host", "why"), HOSTS, ids=[why for *_, why in HOSTS])
def test_where_it_may_listen(tmp_path: Path, env: dict[str, str], host: str, why: str) -> None:
    assert loaded(tmp_path / "lots", env).web_host == host, why


PROXIES: list[tuple[str, str]] = [
    ("10.0.0.5", "10.0.0.5/32"),
    ("10.0.0.0/24", "10.0.0.0/24"),
    ("fd00::5", "fd00::5/128"),
    ("fd00::/64", "fd00::/64"),
]


@pytest.mark.parametrize(("written", "network"), PROXIES)
def test_the_proxy_is_an_address_or_a_network(tmp_path: Path, written: str, network: str) -> None:
    by_environment = loaded(tmp_path / "lots", {"LOTS_TRUSTED_PROXY": written})
    by_file = loaded(tmp_path / "lots", {}, f'[web]\ntrusted_proxy = "{written}"')
    assert by_environment.trusted_proxy == by_file.trusted_proxy == ip_network(network)


ADDRESSES: list[tuple[str, str, bool]] = [
    (HTTPS, HTTPS, True),
    (f"{HTTPS}/", HTTPS, True),
    (f"{HTTPS}:8443/", f"{HTTPS}:8443", True),
    ("https://[fd00::5]:8443", "https://[fd00::5]:8443", True),
    ("http://localhost:8080", "http://localhost:8080", False),
]


@pytest.mark.parametrize(("written", "held", "behind_tls"), ADDRESSES)
def test_the_public_address_says_whether_there_is_tls(
    tmp_path: Path, written: str, held: str, behind_tls: bool
) -> None:
    """Its last slash goes; where there is TLS, the cookies say so."""
    settings = loaded(tmp_path / "lots", {"LOTS_PUBLIC_URL": written})
    assert (settings.public_url, settings.behind_tls) == (held, behind_tls)


NOWHERE = (
    "https://[",
    "http://[",
    "https://][",
    "https://[::1",
    "https://:443",
    "https://::::",
    "https://.",
    "https://-",
    "https://a..b",
    f"{HTTPS}.",
    f"{HTTPS}:",
    f"{HTTPS}:0",
    f"{HTTPS}:99999",
    f"{HTTPS}:abc",
    f"{HTTPS}:+443",
    f"{HTTPS}@evil.example",
    f"{HTTPS}\\evil.example",
    f"{HTTPS}%2eevil.example",
    "https://lots.städen.se",
    f"https://{'a' * 64}.se",
)


def test_an_address_that_leads_nowhere_is_said_clearly(tmp_path: Path) -> None:
    """It would stand in every ring of the doorbell, and no page would answer."""
    for address in NOWHERE:
        with pytest.raises(BadSettings, match=r"LOTS_PUBLIC_URL is .* it must be an address like https://"):
            loaded(tmp_path / "lots", {"LOTS_PUBLIC_URL": address, "LOTS_TELEGRAM_MODE": "dorrklocka"})


def test_a_flag_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    written = '[web]\nhost = "127.0.0.2"\nport = 8082\npublic_url = "https://fil.example.se"'
    env = {"LOTS_WEB_HOST": "127.0.0.3", "LOTS_WEB_PORT": "8083", "LOTS_PUBLIC_URL": "https://miljo.example.se"}

    def said(*, environ: dict[str, str], **flags: str) -> tuple[Any, ...]:
        settings = loaded(tmp_path / "lots", environ, written, **flags)
        return settings.web_host, settings.web_port, settings.public_url

    assert said(environ={}) == ("127.0.0.2", 8082, "https://fil.example.se")
    assert said(environ=env) == ("127.0.0.3", 8083, "https://miljo.example.se")
    assert said(environ=env, web_host="127.0.0.4", web_port="8084") == (
        "127.0.0.4",
        8084,
        "https://miljo.example.se",
    )


@pytest.mark.parametrize("name", asdict(WebRules()))
def test_no_number_may_be_less_than_it_can(name: str) -> None:
    least = 0 if name == "device_days" else 1
    with pytest.raises(ValueError, match=f"{name} is {least - 1}"):
        WebRules(**{name: least - 1})
    if name != "pin_tries_in_all":  # that is held to pin_tries
        assert asdict(WebRules(**{name: least}))[name] == least


def test_the_doorbell_is_told_what_it_lacks_before_anything_else(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"LOTS_PUBLIC_URL is not set"):
        loaded(tmp_path / "lots", {"LOTS_TELEGRAM_MODE": "dorrklocka", "LOTS_WEB": "false"})
    good = loaded(tmp_path / "lots", {"LOTS_TELEGRAM_MODE": "dorrklocka", "LOTS_PUBLIC_URL": f"{HTTPS}/"})
    assert (good.doorbell, good.web, good.behind_tls, good.practice) == (True, True, True, False)
