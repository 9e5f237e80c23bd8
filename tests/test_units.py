"""The units in docs/systemd: how far each is shut in, and that the program works in there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

import pytest

from bot.cli import main
from bot.settings import CREDENTIALS
from tests.botapi import BotApi
from tests.running import CASE, ENTRY, READ_BACK, SAVED, Ended, Lots, free_port, names_a_new_case, presses, says
from tests.shut_in import read

UNITS = Path(__file__).resolve().parent.parent / "docs" / "systemd"
SERVICES = ("lots", "lots-backup", "lots-export")
PROGRAM = "/opt/lots/.venv/bin/lots"

OWN = {
    "Type",
    "Nice",
    "ExecStart",
    "Restart",
    "RestartSec",
    "RestartPreventExitStatus",
    "LoadCredential",
    "RestrictAddressFamilies",
    "PrivateNetwork",
    "IPAddressDeny",
}
"""What may differ between the units; everything else that shuts one in shuts in all."""

EXPOSURE = {"lots": 12, "lots-backup": 4, "lots-export": 12}
"""Tenths, by `systemd-analyze security`; without any of it they are 85. The network is most of what is left."""

systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine")
filters = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None or find_library("seccomp") is None,
    reason="systemd's list of system calls, or libseccomp, is not on this machine",
)


@pytest.mark.parametrize("name", SERVICES)
def test_every_unit_is_shut_in_like_the_service_and_runs_a_command_that_there_is(name: str) -> None:
    service, like = read(UNITS / f"{name}.service"), read(UNITS / "lots.service")
    assert {key: service[key] for key in service.keys() - OWN} == {key: like[key] for key in like.keys() - OWN}
    program, word = service["ExecStart"][0].split()
    assert program == PROGRAM
    assert word in main.commands
    assert (service["UMask"], service["LimitCORE"], service["MemorySwapMax"]) == (["0077"], ["0"], ["0"])


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("lots", set(CREDENTIALS.values())),
        ("lots-backup", {"lots-key", "lots-drop-token"}),
        ("lots-export", {"lots-key", "lots-drop-token"}),
    ],
)
def test_every_unit_is_given_the_secrets_that_its_command_needs_and_no_others(name: str, given: set[str]) -> None:
    """By name alone: one that is not in systemd's store of credentials is left out, and lots.toml is asked.

    A drop-off's address is no setting without its token, so every command with the settings is given that.
    """
    assert set(read(UNITS / f"{name}.service")["LoadCredential"]) == given


def test_the_backup_has_no_network() -> None:
    backup = read(UNITS / "lots-backup.service")
    assert (backup["PrivateNetwork"], backup["IPAddressDeny"]) == (["yes"], ["any"])
    assert backup["RestrictAddressFamilies"] == ["AF_UNIX"]


@systemd
@pytest.mark.parametrize("name", SERVICES)
def test_systemd_finds_every_unit_as_little_exposed_as_it_can_be(name: str) -> None:
    words = ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE[name]}"]
    ended = subprocess.run([*words, str(UNITS / f"{name}.service")], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


# ── in there ─────────────────────────────────────────────────────────────────────────────────────────────────


def within(name: str, *words: str) -> list[str]:
    """A command line that runs another under the unit's filters."""
    shut_in = [sys.executable, "-m", "tests.shut_in", str(UNITS / f"{name}.service")]
    return [*shut_in, *words]


def runs(name: str, *words: str, env: dict[str, str] | None = None) -> Ended:
    root = UNITS.parent.parent
    shut_in = within(name, *words)
    return subprocess.run(shut_in, env=env, cwd=root, capture_output=True, text=True, timeout=60, check=False)


TRIED = """
import mmap, os, socket, ctypes
for what in (
    lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
    lambda: socket.socket(socket.AF_INET),
    lambda: socket.socket(socket.AF_NETLINK),
    lambda: os.chroot("/"),
    lambda: os.nice(-1),
    lambda: os.chown("/", 0, 0),
    lambda: ctypes.CDLL(None, use_errno=True).unshare(0x10000000) and os.kill(0, 999) or 1 / 0,
):
    try:
        what()
        print("done")
    except Exception as fault:
        print(type(fault).__name__)
"""


@pytest.mark.process
@filters
def test_the_filters_that_the_program_is_run_under_do_refuse() -> None:
    """Else what follows would show nothing. Only the service may open a connection."""
    refused = ["PermissionError", "OSError", "OSError", *["PermissionError"] * 3, "OSError"]
    assert runs("lots-backup", sys.executable, "-c", TRIED).stdout.split() == refused
    assert runs("lots", sys.executable, "-c", TRIED).stdout.split() == [refused[0], "done", *refused[2:]]


@pytest.mark.process
@filters
def test_the_service_works_under_its_filters(api: BotApi, tmp_path: Path) -> None:
    """The web chat listens, a talk is held over the Bot API, and its records are saved."""
    with Lots(api, tmp_path / "lots", LOTS_WEB="true", LOTS_WEB_PORT=str(free_port())) as lots:
        lots.env["PYTHONPATH"] = str(UNITS.parent.parent)
        lots.start(entry=within("lots", *ENTRY, "run"))
        anna = lots.invited(api.user(7))
        says(anna, "/samtal", CASE)
        names_a_new_case(anna)
        presses(anna, "Ja", READ_BACK)
        presses(anna, "Spara", SAVED)
        assert lots.stop() == 0
        assert "talk_held" in {one.kind for one in lots.records()}
        assert "WebServed" in lots.log()


@pytest.mark.process
@filters
def test_the_backup_and_the_hand_over_work_under_their_filters(lots_env: dict[str, str]) -> None:
    """In practice there is nothing to hand over, which is said after the store has been opened."""
    ended = runs("lots-backup", *ENTRY, "backup", env=lots_env)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "verified" in ended.stdout
    ended = runs("lots-export", *ENTRY, "check", env=lots_env)
    assert "is whole, 0 records" in ended.stdout
    assert "Traceback" not in ended.stderr
    hashed = "from argon2 import PasswordHasher as P; print(P().verify(P().hash('x'), 'x'))"
    assert runs("lots", sys.executable, "-c", hashed, env=os.environ | lots_env).stdout == "True\n"
