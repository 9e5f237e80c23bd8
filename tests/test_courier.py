"""The drop-off: bundles get there whole, in order and once, whatever the folder, the address or the program does."""

from __future__ import annotations

import asyncio
import errno
import gc
import io
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot import courier
from bot.courier import Courier, Tried, deliver_once, pause_after
from bot.settings import Settings, load, read_key
from dialogs.records import CaseOpened
from state.errors import DropFailed
from state.people import LOTS
from state.store import Bundle, Store
from state.transfer.manifest import file_name
from tests.drop_off import BABBLE, CUT_AFTER, CUT_BEFORE, DEAF, SILENT, TOKEN, DropOff, Says
from tests.running import ENTRY, free_port
from tests.talk import MONDAY, OURS

MINUTE = timedelta(minutes=1)

TRY = """
import os
from bot.courier import deliver_once
from bot.settings import load, read_key
from state.store import Store
settings = load(os.environ)
store = Store(settings.database, read_key(settings.key_file, settings.database))
print(*deliver_once(settings, store, settings.now()), sep="\\n")
"""
"""What `lots export` does when it has written, in a process of its own."""

FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 19, 1 << 19))
"""
"""No file may be longer than this: a write fails as it does on a full disk."""

DYING = """
import os, signal
from state.store import Store
Store.mark_delivered = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
"""
"""The drop-off has the bundle, and the program dies before it has kept that."""


@dataclass
class Sender:
    """An installation with bundles to drop off, and a clock that stands still until it is moved."""

    settings: Settings
    store: Store
    env: dict[str, str]
    now: datetime = MONDAY
    told: list[Tried] = field(default_factory=list)

    def seals(self, content: bytes = b"") -> str:
        """A bundle is written; the name of its file."""
        with self.store.transaction():
            self.store.append(CaseOpened(case=OURS), LOTS, self.now)
            bundle = self.store.begin_bundle(self.now)
            assert bundle is not None
            name = file_name(self.store.installation(), bundle.number)
            self.store.mark_written(bundle.number, "0" * 64, self.now)
        self.settings.bundles_dir.mkdir(exist_ok=True)
        self.file(name).write_bytes(content or f"sealed {bundle.number}".encode() * 10_000)
        return name

    def file(self, name: str) -> Path:
        return self.settings.bundles_dir / name

    def goes(self, after: timedelta = timedelta()) -> list[Tried]:
        """A round of the serving program, some time later; what it says of it."""
        self.now += after
        self.told.clear()
        asyncio.run(Courier(self.settings, self.store, now=lambda: self.now, tell=self.told.append).round())
        return list(self.told)

    def bundle(self, number: int = 1) -> Bundle:
        held = self.store.bundle(number)
        assert held is not None
        return held


@pytest.fixture
def there() -> Iterator[DropOff]:
    with DropOff.open() as drop_off:
        yield drop_off


def a_sender(folder: Path, **more: str) -> Iterator[Sender]:
    env = {
        "LOTS_DATA_DIR": str(folder),
        "LOTS_TELEGRAM_MODE": "dorrklocka",
        "LOTS_PUBLIC_URL": "https://lots.example.se",
    }
    settings = load(env | more)
    store = Store(settings.database, read_key(settings.key_file, settings.database))
    yield Sender(settings, store, env | more)
    store.close()


@pytest.fixture
def sender(tmp_path: Path, there: DropOff) -> Iterator[Sender]:
    """One that sends to the address."""
    yield from a_sender(tmp_path / "lots", LOTS_DROP_URL=there.address, LOTS_DROP_TOKEN=TOKEN)


@pytest.fixture
def share(tmp_path: Path) -> Path:
    (tmp_path / "share").mkdir()
    return tmp_path / "share"


@pytest.fixture
def putter(tmp_path: Path, share: Path) -> Iterator[Sender]:
    """One that puts bundles in the folder."""
    yield from a_sender(tmp_path / "lots", LOTS_DROP_FOLDER=str(share))


def digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


def kinds(tried: list[Tried]) -> list[tuple[int, str]]:
    return [(one.bundle, one.kind) for one in tried]


# ── what is done ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_put_says_what_it_is_and_that_it_must_be_new(sender: Sender, there: DropOff) -> None:
    name = sender.seals()
    assert kinds(sender.goes()) == [(1, "")]
    assert there.held == {name: digest(sender.file(name))}
    ((method, path, headers),) = there.asked
    assert (method, path) == ("PUT", f"/lots/{name}")
    assert (
        headers.items()
        >= {
            "Authorization": f"Bearer {TOKEN}",
            "Content-Type": "application/octet-stream",
            "Content-Length": str(sender.file(name).stat().st_size),
            "If-None-Match": "*",
        }.items()
    )
    assert "Transfer-Encoding" not in headers
    assert sender.bundle().delivered_at == MONDAY.timestamp()
    assert sender.goes(timedelta(days=9)) == []
    assert len(there.asked) == 1, "never twice"


def test_what_is_put_in_the_folder_is_there_under_its_name_alone(putter: Sender, share: Path) -> None:
    name = putter.seals()
    (share / f".{name}.part").write_bytes(b"a try that was cut off")
    assert kinds(putter.goes()) == [(1, "")]
    assert [file.name for file in share.iterdir()] == [name]
    assert digest(share / name) == digest(putter.file(name))
    assert (share / name).stat().st_mode & 0o777 == 0o640
    (share / name).unlink()  # the receiver has fetched it
    assert putter.goes(timedelta(days=9)) == []


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"LOTS_TELEGRAM_MODE": "ovning", "LOTS_DROP_FOLDER": "share"},
        {"LOTS_DROP_TOKEN": TOKEN},
    ],
    ids=["nothing is set", "practice never leaves", "a token alone"],
)
def test_without_a_drop_off_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "share").mkdir()
    for sender in a_sender(tmp_path / "lots", **more):
        sender.seals()
        assert not sender.settings.drops_off
        assert deliver_once(sender.settings, sender.store, MONDAY) == []
        assert sender.goes() == []
        assert sender.bundle().delivered_at is None
    assert not list((tmp_path / "share").iterdir())


def test_a_bundle_whose_receipt_has_come_needs_no_drop_off(sender: Sender, there: DropOff) -> None:
    sender.seals()
    sender.seals()
    with sender.store.transaction():
        sender.store.mark_received(sender.bundle(1), {}, MONDAY)
    assert kinds(sender.goes()) == [(2, "")]
    assert len(there.asked) == 1


def test_no_bundle_gets_there_before_the_one_before_it(sender: Sender, there: DropOff) -> None:
    names = [sender.seals() for _ in range(3)]
    there.does += ["take", Says(503)]
    assert kinds(sender.goes()) == [(1, ""), (2, "503")]
    assert sender.goes() == [], "the third waits with the second"
    assert kinds(sender.goes(MINUTE)) == [(2, ""), (3, "")]
    assert list(there.held) == names


# ── what goes wrong at the address ───────────────────────────────────────────────────────────────────────────────


IN_VAIN: list[tuple[Says | str, str]] = [
    *((Says(status), str(status)) for status in (400, 401, 403, 404, 411, 413, 429, 500, 503)),
    (Says(302, {"Location": "/lots/elsewhere"}), "302"),
    (Says(307, {"Location": "/lots/elsewhere"}), "307"),
    (Says(413, unread=True), ""),
    (CUT_BEFORE, ""),
    (CUT_AFTER, ""),
    (BABBLE, ""),
]
"""What the drop-off does, and the word that is logged; none where it is the library's."""


def test_what_is_not_taken_is_tried_again_and_once_there_is_not_put_twice(sender: Sender, there: DropOff) -> None:
    for number, (does, kind) in enumerate(IN_VAIN, 1):
        name = sender.seals(bytes(1 << 19))
        there.does.append(does)
        there.asked.clear()
        (tried,) = sender.goes()
        assert isinstance(tried.fault, DropFailed)
        assert str(tried.fault).startswith(f"L508: bundle {number}: LOTS_DROP_URL: "), does
        assert tried.kind == (kind or tried.kind)
        assert tried.kind
        assert TOKEN not in repr(tried) + str(tried.fault)
        assert sender.bundle(number).delivered_at is None
        assert sender.goes() == [], "it waits a minute"
        assert kinds(sender.goes(MINUTE)) == [(number, "")]
        assert list(there.held)[number - 1 :] == [name], does
        assert [path for _, path, _ in there.asked] == [f"/lots/{name}"] * 2, "nobody else is shown the token"


def test_it_is_there_where_the_answer_says_so(sender: Sender, there: DropOff) -> None:
    for number, status in enumerate((200, 201, 202, 204, 412), 1):
        sender.seals()
        there.does.append(Says(status))
        assert kinds(sender.goes()) == [(number, "")]
        assert sender.bundle(number).delivered_at is not None


@pytest.mark.parametrize("does", [SILENT, DEAF])
def test_who_does_nothing_is_waited_for_a_while_only(
    sender: Sender, there: DropOff, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    monkeypatch.setattr(courier, "PATIENCE", 0.1)
    sender.seals(bytes(1 << 24))
    there.does.append(does)
    assert kinds(sender.goes()) == [(1, "TimeoutError")]
    gc.collect()  # a connection that were left open would be told of here


def test_where_nobody_listens_it_is_tried_again(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    for sender in a_sender(tmp_path / "lots", LOTS_DROP_URL=nobody, LOTS_DROP_TOKEN=TOKEN):
        sender.seals()
        assert kinds(sender.goes()) == [(1, "ClientConnectorError")]


def a_certificate(folder: Path, address: str) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS for an address, and the certificate that makes it trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lots")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - MINUTE)
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, secret)
    return context, certificate


@pytest.mark.parametrize(
    ("address", "trusted", "taken"),
    [("127.0.0.1", True, True), ("127.0.0.1", False, False), ("192.0.2.7", True, False)],
    ids=["trusted", "nobody vouches for it", "another's certificate"],
)
def test_the_token_is_shown_only_to_who_proves_who_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, trusted: bool, taken: bool
) -> None:
    tls, certificate = a_certificate(tmp_path, address)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with DropOff.open(tls) as there:
        for sender in a_sender(tmp_path / "lots", LOTS_DROP_URL=there.address, LOTS_DROP_TOKEN=TOKEN):
            sender.seals()
            assert kinds(sender.goes()) == [(1, "" if taken else "ClientConnectorCertificateError")]
        assert len(there.asked) == taken


# ── when it is tried again ───────────────────────────────────────────────────────────────────────────────────────


def test_the_pauses_grow_to_six_hours_and_never_end() -> None:
    minutes = [pause_after(tries) / MINUTE for tries in range(1, 12)]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]
    assert pause_after(10**6) == timedelta(hours=6)


def test_the_pause_is_kept_over_a_restart(sender: Sender, there: DropOff) -> None:
    sender.seals()
    there.does += [Says(503)] * 3
    waited = [MINUTE * 0, MINUTE, MINUTE * 2]
    for number, pause in enumerate(waited, 1):
        (tried,) = sender.goes(pause)
        assert (tried.tries, sender.bundle().tries) == (number, number)
    sender.store.close()
    sender.store = Store(sender.settings.database, read_key(sender.settings.key_file, sender.settings.database))
    assert sender.goes(MINUTE * 4 - timedelta(seconds=1)) == []
    assert kinds(sender.goes(timedelta(seconds=1))) == [(1, "")]


def test_who_asks_for_time_gets_it_up_to_a_day(sender: Sender, there: DropOff) -> None:
    def at(minutes: int) -> str:
        return format_datetime(sender.now.astimezone(UTC) + minutes * MINUTE, usegmt=True)

    day = 24 * 60
    asks: list[tuple[str | int, int]] = [
        *(("600", 10), ("1", 1), (str(10**9), day), ("9" * 5000, day)),
        *((30, 30), (-30, 1), (2 * day, day)),
        *(("Sat, 01 Jan 9999 00:00:00 GMT", day), ("Sun, 22 Nov 2026 00:00:00 -0000", 1)),
        *(("soon", 1), ("-5", 1), ("", 1), ("Mon, 99 Nov 2026 00:00:00 GMT", 1)),
    ]
    for says, minutes in asks:
        sender.seals()
        there.does.append(Says(503, {"Retry-After": says if isinstance(says, str) else at(says)}))
        (tried,) = sender.goes()
        assert tried.again == sender.now + minutes * MINUTE, says
        assert sender.goes(minutes * MINUTE - timedelta(seconds=1)) == []
        assert [one.kind for one in sender.goes(timedelta(seconds=1))] == [""]


def test_a_clock_that_was_wrong_holds_nothing_up(sender: Sender, there: DropOff) -> None:
    sender.seals()
    there.does.append(Says(503))
    sender.goes(timedelta(days=400))
    assert kinds(sender.goes(timedelta(days=-400))) == [(1, "")]


def test_who_runs_export_does_not_wait(sender: Sender, there: DropOff) -> None:
    there.does += [Says(503, {"Retry-After": "7200"}), Says(500)]
    sender.seals()
    sender.goes()
    (line,) = deliver_once(sender.settings, sender.store, sender.now)
    assert line.startswith("L508: bundle 1: LOTS_DROP_URL: the drop-off did not take lots-")
    assert line.endswith("; `lots run` tries again after 2026-11-23 14:07")
    sender.seals()
    assert deliver_once(sender.settings, sender.store, sender.now) == [
        "bundle 1: the drop-off has it",
        "bundle 2: the drop-off has it",
    ]


# ── what goes wrong in the folder ────────────────────────────────────────────────────────────────────────────────


def test_a_share_that_is_not_mounted_is_not_made(putter: Sender, share: Path) -> None:
    putter.seals()
    share.rmdir()
    assert kinds(putter.goes()) == [(1, "NoFolder")]
    assert not share.exists()
    share.mkdir()
    assert kinds(putter.goes(MINUTE)) == [(1, "")]


def test_the_same_file_is_delivered_already(putter: Sender, share: Path) -> None:
    name = putter.seals()
    (share / name).write_bytes(putter.file(name).read_bytes())
    before = (share / name).stat()
    assert kinds(putter.goes()) == [(1, "")]
    assert (share / name).stat() == before


@pytest.mark.parametrize("what", ["another", "longer", "shorter", "folder", "link", "dead link"])
def test_another_file_of_that_name_is_left_alone(putter: Sender, share: Path, tmp_path: Path, what: str) -> None:
    name = putter.seals()
    sealed, there = putter.file(name).read_bytes(), share / name
    (tmp_path / "of somebody").write_bytes(sealed)
    match what:
        case "folder":
            there.mkdir()
        case "link":
            there.symlink_to(tmp_path / "of somebody")
        case "dead link":
            there.symlink_to(tmp_path / "nothing")
        case _:
            there.write_bytes({"another": bytes(len(sealed)), "longer": sealed + b"x", "shorter": sealed[:-1]}[what])
    before = there.lstat()
    (tried,) = putter.goes()
    assert tried.kind == "OtherFile"
    assert (
        str(tried.fault)
        == f"L508: bundle 1: LOTS_DROP_FOLDER: {there} is another file; look what it is, and move it away"
    )
    assert there.lstat() == before
    there.rename(tmp_path / "moved")
    assert kinds(putter.goes(MINUTE)) == [(1, "")]
    assert there.read_bytes() == sealed


def test_a_hidden_name_that_leads_elsewhere_is_not_followed(putter: Sender, share: Path, tmp_path: Path) -> None:
    name = putter.seals()
    (tmp_path / "precious").write_text("as it was")
    (share / f".{name}.part").symlink_to(tmp_path / "precious")
    assert kinds(putter.goes()) == [(1, "")]
    assert (tmp_path / "precious").read_text() == "as it was"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_ours_to_write_in(putter: Sender, share: Path) -> None:
    putter.seals()
    share.chmod(0o500)
    assert kinds(putter.goes()) == [(1, "EACCES")]
    share.chmod(0o700)
    assert kinds(putter.goes(MINUTE)) == [(1, "")]


@pytest.mark.process
def test_a_full_share_gets_no_half_file(putter: Sender, share: Path) -> None:
    name = putter.seals(bytes(1 << 20))
    ended = subprocess.run(
        [sys.executable, "-c", FULL + TRY], env=os.environ | putter.env, capture_output=True, text=True, check=False
    )
    assert f"LOTS_DROP_FOLDER: {share / name} cannot be written (File too large)" in ended.stdout, ended.stderr
    assert list(share.iterdir()) == []
    assert kinds(putter.goes(timedelta(days=400))) == [(1, "")]


@pytest.mark.parametrize("taken", [False, True])
def test_a_share_without_hard_links_is_taken_by_its_name(
    putter: Sender, share: Path, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    """No file system here is without them: what the call says there is said in its place."""
    name = putter.seals()

    def link(hidden: Path, there: Path) -> None:
        if taken:  # between the first look and this
            there.write_bytes(b"of somebody")
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    assert kinds(putter.goes()) == [(1, "OtherFile" if taken else "")]
    assert [file.name for file in share.iterdir()] == [name]
    assert (digest(share / name) == digest(putter.file(name))) is not taken


# ── what goes wrong here ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("to", ["sender", "putter"])
def test_a_bundle_whose_file_is_gone_waits_until_it_is_made_anew(
    to: str, request: pytest.FixtureRequest, talkative: io.StringIO
) -> None:
    sender: Sender = request.getfixturevalue(to)
    name = sender.seals()
    sealed = sender.file(name).read_bytes()
    sender.file(name).unlink()
    sender.seals()
    serving = Courier(sender.settings, sender.store, now=lambda: sender.now)
    for _ in range(3):
        asyncio.run(serving.round())
    assert [line["fault"] for line in logged(talkative)] == ["FileGone"], "said once"
    assert sender.bundle().tries == 0
    (line,) = deliver_once(sender.settings, sender.store, sender.now)
    assert (
        line == f"L508: bundle 1: {sender.file(name)} is gone; make it anew with `lots export --bundle` and its number"
    )
    sender.file(name).write_bytes(sealed)
    assert kinds(sender.goes()) == [(1, ""), (2, "")]


@pytest.mark.parametrize("to", ["sender", "putter"])
def test_a_bundle_that_cannot_be_read_is_tried_again(to: str, request: pytest.FixtureRequest) -> None:
    sender: Sender = request.getfixturevalue(to)
    name = sender.seals()
    sender.file(name).unlink()
    sender.file(name).mkdir()
    (tried,) = sender.goes()
    assert (tried.kind, tried.again) == ("FileUnread", MONDAY + MINUTE)


def logged(said: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.getvalue().splitlines() if line.startswith("{")]


def test_the_log_names_the_bundle_and_nothing_secret(sender: Sender, there: DropOff, talkative: io.StringIO) -> None:
    sender.seals()
    there.does += [Says(401), BABBLE, CUT_BEFORE]
    serving = Courier(sender.settings, sender.store, now=lambda: sender.now)
    for _ in range(4):
        asyncio.run(serving.round())
        sender.now += timedelta(hours=1)
    lines = logged(talkative)
    carried = [{name: line.get(name) for name in ("event", "bundle", "tries", "code")} for line in lines]
    missed = [{"event": "BundleNotDelivered", "bundle": 1, "tries": number, "code": "L508"} for number in (1, 2, 3)]
    assert carried == [*missed, {"event": "BundleDelivered", "bundle": 1, "tries": 4, "code": None}]
    assert lines[0]["fault"] == "401"
    for secret in (TOKEN, OURS, there.address):
        assert secret not in talkative.getvalue()
    assert TOKEN not in repr(sender.settings)


def test_two_that_deliver_at_once_send_a_bundle_once(sender: Sender, there: DropOff) -> None:
    """`lots export` while `lots run` has the upload under way."""
    sender.seals()
    there.may_answer.clear()
    said: list[str] = []

    def export() -> None:
        assert there.arrived.wait(5)
        store = Store(sender.settings.database, read_key(sender.settings.key_file, sender.settings.database))
        said.extend(deliver_once(sender.settings, store, MONDAY))
        store.close()
        there.may_answer.set()

    exporting = threading.Thread(target=export)
    exporting.start()
    assert kinds(sender.goes()) == [(1, "")]
    exporting.join()
    assert said == ["another process takes bundles to the drop-off right now, and takes this one too"]
    assert len(there.asked) == 1


def test_while_an_upload_waits_people_are_served(sender: Sender, there: DropOff) -> None:
    sender.seals()
    there.may_answer.clear()

    async def served() -> None:
        delivering = asyncio.create_task(Courier(sender.settings, sender.store, now=lambda: MONDAY).round())
        for _ in range(20):
            await asyncio.sleep(0.005)
        assert not delivering.done()
        with sender.store.transaction():  # nor is the store held
            sender.store.append(CaseOpened(case=OURS), LOTS, MONDAY)
        there.may_answer.set()
        assert await delivering

    asyncio.run(served())
    assert sender.bundle().delivered_at is not None


@pytest.mark.parametrize("to", ["sender", "putter"])
def test_while_a_disk_waits_people_are_served(to: str, request: pytest.FixtureRequest) -> None:
    """A pipe in the bundle's place is a disk that answers when the test does."""
    sender: Sender = request.getfixturevalue(to)
    file = sender.file(sender.seals())
    file.unlink()
    os.mkfifo(file)
    opened = threading.Event()
    late = threading.Timer(3, lambda: opened.is_set() or file.write_bytes(b"too late"))
    late.start()

    async def served() -> None:
        delivering = asyncio.create_task(Courier(sender.settings, sender.store, now=lambda: MONDAY).round())
        for _ in range(20):
            await asyncio.sleep(0.005)
        assert not delivering.done()
        opened.set()
        late.cancel()
        await asyncio.to_thread(file.write_bytes, b"")
        await delivering

    asyncio.run(served())


def test_a_program_that_ends_in_the_middle_leaves_nothing_half(
    putter: Sender, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "PIECE", 1)
    putter.seals(bytes(1 << 24))

    async def ends() -> None:
        delivering = asyncio.create_task(Courier(putter.settings, putter.store, now=lambda: MONDAY).run())
        while not os.listdir(share):  # noqa: ASYNC110, PTH208 - a folder cannot be waited for
            await asyncio.sleep(0.001)
        delivering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await delivering

    asyncio.run(ends())
    assert list(share.iterdir()) == []
    assert (putter.bundle().delivered_at, putter.bundle().tries) == (None, 0)


def test_a_large_bundle_is_never_in_memory_as_a_whole(sender: Sender, putter_too: Sender) -> None:
    for one in (sender, putter_too):
        with one.file(one.seals()).open("wb") as file:
            file.truncate(1 << 24)
        tracemalloc.start()
        assert kinds(one.goes()) == [(1, "")]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1 << 22


@pytest.fixture
def putter_too(tmp_path: Path, share: Path) -> Iterator[Sender]:
    """One that puts bundles in the folder, beside one that sends."""
    yield from a_sender(tmp_path / "lots too", LOTS_DROP_FOLDER=str(share))


# ── the program itself ───────────────────────────────────────────────────────────────────────────────────────────


def as_it_lies(path: Path) -> tuple[int, int, int]:
    """Which file it is, and when it was written: looking at it changes neither."""
    held = path.stat()
    return held.st_ino, held.st_size, held.st_mtime_ns


@pytest.mark.kill
@pytest.mark.parametrize("to", ["sender", "putter"])
def test_killed_between_the_drop_off_and_the_mark_it_is_there_once(to: str, request: pytest.FixtureRequest) -> None:
    sender: Sender = request.getfixturevalue(to)
    name = sender.seals()
    died = subprocess.run([sys.executable, "-c", DYING + TRY], env=os.environ | sender.env, check=False)
    assert died.returncode == -signal.SIGKILL
    assert sender.bundle().delivered_at is None
    held = request.getfixturevalue("there").held if to == "sender" else request.getfixturevalue("share")
    before = dict(held) if isinstance(held, dict) else as_it_lies(held / name)
    assert kinds(sender.goes()) == [(1, "")]
    assert before == (held if isinstance(held, dict) else as_it_lies(held / name))
    assert sender.bundle().delivered_at is not None


@pytest.mark.process
def test_the_serving_program_delivers_at_its_start_and_ends_when_told(putter: Sender, share: Path) -> None:
    name = putter.seals()
    env = os.environ | putter.env | {"LOTS_WEB_PORT": str(free_port())}
    with subprocess.Popen([*ENTRY, "run"], env=env, stderr=subprocess.PIPE, text=True) as serving:
        for _ in range(200):
            if (share / name).exists() and putter.bundle().delivered_at is not None:
                break
            time.sleep(0.05)
        serving.send_signal(signal.SIGTERM)
        log = serving.communicate(timeout=10)[1]
    assert serving.returncode == 0, log
    assert [json.loads(line)["event"] for line in log.splitlines()].count("BundleDelivered") == 1
