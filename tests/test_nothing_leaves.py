"""Nothing leaves (design 9 and 11; law.md 2.3 rule 5): only those who are configured are spoken to.

Three ways to see it. Every transcript is played with the sockets of Python watched (``tests.watching``; `conftest` does
it in every test of the suite). The running program is watched the same way, fetching updates, by webhook, on the web
and dropping bundles off. And both are done in a network that has nothing but the machine itself, where the kernel
counts whatever wanted out, also from a library in C.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.transcripts import Player
from tests import watching
from tests.botapi import BotApi
from tests.drop_off import TOKEN, DropOff
from tests.running import Lots, environment, free_port, names_a_new_case, says, sees
from tests.test_courier import a_sender
from tests.test_serving import PROXY, Installation, doorbell
from tests.test_telegram_transcripts import FIRST_OF_EACH, TRANSCRIPTS

HERE = "127.0.0.1"
ROOT = Path(__file__).parent.parent

IN_A_NETWORK_OF_ITS_OWN = ("unshare", "--map-root-user", "--net")
COUNTED = {"Ip": "OutNoRoutes", "Ip6": "Ip6OutNoRoutes", "Udp": "NoPorts"}
"""What the kernel counts where there is no way out: packets without a route, and questions to a resolver that is not
there."""


def test_the_watch_sees_whom_a_program_speaks_to_which_names_it_looks_up_and_what_it_starts() -> None:
    with socket.create_server((HERE, 0)) as server, watching.watching() as seen:
        where = server.getsockname()
        socket.create_connection(where).close()
        with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            datagrams.sendto(b"", (HERE, 9))
        socket.getaddrinfo("localhost", 80)
        subprocess.run(["true"], check=True)
    socket.create_server((HERE, 0)).close()
    assert seen.addresses == {where, (HERE, 9)}, "and after it nothing"
    assert seen.names == {HERE, "localhost"}
    assert [one.partition(" ")[0] for one in seen.started] == ["subprocess.Popen"]


def test_a_transcript_speaks_to_nobody() -> None:
    """One of each folder; the others follow below."""
    with watching.watching() as seen:
        for path in FIRST_OF_EACH[::4]:
            assert Player().play(path.read_text("utf-8")).differences == ""
    assert seen == watching.Seen()


# ── the program itself ───────────────────────────────────────────────────────────────────────────────────────


def place(address: str) -> tuple[str, int]:
    """Host and port of an address that was configured."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where a watched program writes what it does."""
    return tmp_path / "seen.jsonl"


def spoke_only_to(log: Path, *addresses: tuple[str, int]) -> str:
    """Hold a program to its configuration; it spoke to each of these and to nobody else."""
    seen = watching.read(log)
    assert seen.addresses == set(addresses)
    assert seen.names <= {HERE}, "no name is looked up that is not configured"
    assert seen.started == set(), "and no other program is started"
    return ", ".join(f"{host}:{port}" for host, port in addresses)


@pytest.mark.process
def test_by_getupdates_the_program_speaks_to_the_bot_api_alone(
    lots: Lots, log: Path, counted: Callable[[str], None]
) -> None:
    lots.start(entry=watching.entry(log, "run"))
    anna = lots.invited(lots.api.user(7))
    says(anna, "/samtal", "Vilket ärende")
    names_a_new_case(anna)
    lots.did(anna.says("200601212384"))
    lots.api.fault("getUpdates", "status", 502)
    sees(anna, "Skriv aldrig namn")
    anna.settles()
    assert lots.stop() == 0
    counted(f"nothing leaves, getUpdates: 1 address spoken to ({spoke_only_to(log, place(lots.api.base_url))})")


@pytest.mark.process
def test_by_webhook_the_program_listens_on_its_port_and_speaks_to_the_bot_api_alone(lots: Lots, log: Path) -> None:
    port = free_port()
    brought = f"from tests.bringing import main; main({port}, dies=False)"
    lots.start(entry=watching.entry(log, before=brought), ready="setWebhook")
    anna = lots.invited(lots.api.user(7))
    says(anna, "/samtal", "Vilket ärende")
    anna.settles()
    assert lots.stop() == 0
    spoke_only_to(log, place(lots.api.base_url), (HERE, port))


@pytest.fixture
def there() -> Iterator[DropOff]:
    with DropOff.open() as drop_off:
        yield drop_off


@pytest.mark.process
def test_on_the_web_with_the_doorbell_and_the_drop_off_it_speaks_to_those_two_alone(
    api: BotApi, there: DropOff, tmp_path: Path, log: Path, counted: Callable[[str], None]
) -> None:
    drop = {"LOTS_DROP_URL": there.address, "LOTS_DROP_TOKEN": TOKEN}
    with doorbell(api, tmp_path / "lots", **drop) as lots:
        assert isinstance(lots, Installation)
        with contextmanager(a_sender)(tmp_path / "lots", **drop) as sender:
            name = sender.seals()
        lots.start(entry=watching.entry(log, "run"))
        lots.opens()
        assert lots.asks("GET", "/", PROXY)[0] in (200, 303)
        ends = time.monotonic() + 20
        while name not in there.held:
            assert time.monotonic() < ends, lots.log()
            time.sleep(0.05)  # a drop-off cannot be waited for from here
        assert lots.stop() == 0
    told = spoke_only_to(log, place(api.base_url), place(there.address), (HERE, lots.port))
    counted(f"nothing leaves, web, doorbell and drop-off: 3 addresses ({told})")


# ── in a network that has nothing but this machine ───────────────────────────────────────────────────────────


def alone(*command: str, env: dict[str, str] | None = None) -> tuple[subprocess.CompletedProcess[str], dict[str, int]]:
    """Run a command where there is only this machine; what came of it, and what the kernel counted."""
    shell = 'ip link set lo up 2>/dev/null || exit 90; "$@"; code=$?; cat /proc/net/snmp /proc/net/snmp6; exit $code'
    done = subprocess.run(
        [*IN_A_NETWORK_OF_ITS_OWN, "sh", "-c", shell, "sh", *command],
        capture_output=True, text=True, check=False, timeout=240, env=env, cwd=ROOT,
    )  # fmt: skip
    return done, counters(done.stdout)


def counters(said: str) -> dict[str, int]:
    """What the kernel counted of :data:`COUNTED`."""
    found: dict[str, int] = {}
    lines = said.splitlines()
    for kind, name in COUNTED.items():
        rows = [line.split()[1:] for line in lines if line.startswith(f"{kind}: ")]
        if len(rows) == 2:
            found[name] = int(dict(zip(*rows, strict=True))[name])
        for line in lines:
            if line.startswith(f"{name} "):
                found[name] = int(line.split()[1])
    return found


@pytest.fixture(scope="module")
def namespaces() -> None:
    """Whether this machine lets us have a network of our own; in a container it may not."""
    tried = subprocess.run(
        [*IN_A_NETWORK_OF_ITS_OWN, "ip", "link", "set", "lo", "up"], capture_output=True, check=False
    )
    if tried.returncode:
        pytest.skip("no network namespace can be made here")


@pytest.mark.process
@pytest.mark.usefixtures("namespaces")
def test_the_kernel_counts_whoever_wants_out() -> None:
    """What the two below rest on; the address is one that is kept for documents (RFC 5737)."""
    wants = "import socket\ntry: socket.create_connection(('192.0.2.1', 80), 2)\nexcept OSError: pass"
    assert sum(alone(sys.executable, "-c", wants)[1].values()) > 0
    assert sum(alone("true")[1].values()) == 0


@pytest.mark.process
@pytest.mark.usefixtures("namespaces")
def test_every_transcript_is_played_where_there_is_no_network_and_nothing_wants_out(
    tmp_path: Path, counted: Callable[[str], None]
) -> None:
    log = tmp_path / "seen.jsonl"
    log.touch()
    done, wanted_out = alone(*watching.entry(log, "replay", *map(str, TRANSCRIPTS)), env=environment(tmp_path / "lots"))
    assert done.returncode == 0, done.stdout[-2000:]
    assert set(wanted_out) == set(COUNTED.values())
    assert sum(wanted_out.values()) == 0
    assert watching.read(log) == watching.Seen()
    counted(f"nothing leaves: {len(TRANSCRIPTS)} transcripts without a network, 0 sockets, 0 packets that wanted out")


@pytest.mark.process
@pytest.mark.usefixtures("namespaces")
def test_the_program_works_where_there_is_no_network_and_nothing_wants_out(counted: Callable[[str], None]) -> None:
    """The tests above, all of them in a network of their own: both ways of Telegram, the web and the drop-off."""
    chosen = f"{Path(__file__).relative_to(ROOT)}"
    done, wanted_out = alone(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "process", "-k", "alone"), chosen
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "3 passed" in done.stdout
    assert sum(wanted_out.values()) == 0
    counted("nothing leaves: getUpdates, webhook, web and drop-off without a network, 0 packets that wanted out")
