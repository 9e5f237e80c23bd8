"""What many tests need: the server, a running program of one's own, and one that a whole file shares."""

from __future__ import annotations

import gc
import io
import itertools
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from bot import logs
from state.people import Role
from tests import security
from tests.botapi import BotApi, User
from tests.running import BANNER, DISTRICT, Lots, environment, shown
from tests.watching import watching

_IDS = itertools.count(1000)


@pytest.fixture
def lots_env(tmp_path: Path) -> dict[str, str]:
    """The environment of an installation in a folder of its own, without a token."""
    return environment(tmp_path / "lots")


@pytest.fixture
def api() -> Iterator[BotApi]:
    """A Bot API server of one's own."""
    with BotApi.serving() as served:
        yield served


@pytest.fixture
def lots(api: BotApi, tmp_path: Path) -> Iterator[Lots]:
    """An installation of one's own, not started; it must end without a fault of its own."""
    with Lots(api, tmp_path / "lots") as installed:
        yield installed
        installed.kill()
        assert_nothing_broke(installed)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lots]:
    """A running program that the tests of a file share; each of them brings people of its own."""
    with BotApi.serving() as served, Lots(served, tmp_path_factory.mktemp("shared") / "lots") as running:
        running.start()
        yield running
        assert running.stop() == 0
        assert_nothing_broke(running)


@pytest.fixture
def joins(shared: Lots) -> Iterator[Callable[..., User]]:
    """Brings a new invited person: ``joins()`` or ``joins(role="chef")``; practice must show on all they see."""
    people: list[User] = []

    def one(role: Role = "samordnare", district: str = DISTRICT) -> User:
        people.append(shared.invited(shared.api.user(next(_IDS)), role, district))
        return people[-1]

    yield one
    for user in people:
        assert [text for text in shown(shared.api, user) if not text.startswith(f"{BANNER}\n\n")] == []


@pytest.fixture
def stranger(shared: Lots) -> User:
    """Somebody whom nobody has invited."""
    return shared.api.user(next(_IDS))


@pytest.fixture(autouse=True)
def nothing_leaves() -> Iterator[None]:
    """No test speaks to another machine or looks a name up; what a process of its own does, see test_nothing_leaves."""
    with watching() as seen:
        yield
    away = [address for address in seen.addresses if len(address) == 2 and address[0] not in OUR_OWN]
    assert away == []
    assert seen.names <= OUR_OWN


OUR_OWN = frozenset({"127.0.0.1", "::1", "localhost", "0.0.0.0", "::", ""})  # noqa: S104 - to be listened on, in tests


def assert_nothing_broke(lots: Lots) -> None:
    """Every line of the log is one of ours, and no update failed."""
    failed = [line for line in lots.log_lines() if line.get("event") == "UpdateFailed"]
    assert lots.may_fail or not failed


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--short", action="store_true", help="the short form of the slow proofs: a third of each")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The short form plays every third of the transcripts over HTTP, and every third kill of those with a test each.

    What the threat model rests on is marked, so that ``make security`` runs it.
    """
    for item in items:
        if security.point_of(item.nodeid) is not None:
            item.add_marker("security")
    if not config.getoption("--short"):
        return
    seen: Counter[str] = Counter()
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        place = 0
        if item.get_closest_marker("every") or (item.get_closest_marker("kill") and "at" in _parameters(item)):
            kind = item.nodeid.partition("[")[0]
            place, seen[kind] = seen[kind], seen[kind] + 1
        (kept if place % SHORT_STRIDE == 0 else left).append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = kept


SHORT_STRIDE = 3


def _parameters(item: pytest.Item) -> Mapping[str, object]:
    return item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}


def pytest_collection_finish() -> None:
    """What has been imported and collected stays to the end: Python need not look it through again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def stride(request: pytest.FixtureRequest) -> int:
    """How far the steps of a slow proof are apart: each of them, or every third in the short form."""
    return SHORT_STRIDE if request.config.getoption("--short") else 1


@pytest.fixture
def counted(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Says at the end of the run what a slow proof counted, also where it ran in a process of its own."""
    return lambda line: record_property("counted", line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.getreports("passed"):
        for name, line in report.user_properties:
            if name == "counted":
                terminalreporter.write_line(str(line))
    if "security" in terminalreporter.config.option.markexpr.split():
        for line in security.figures([report.nodeid for report in terminalreporter.getreports("passed")]):
            terminalreporter.write_line(line)


@pytest.fixture
def talkative() -> Iterator[io.StringIO]:
    """What comes on stderr with the log as `lots run` sets it up, at DEBUG, and whatever else reaches the root."""
    loggers = [logging.getLogger(name) for name in ("lots", *logs.FOREIGN)]
    before = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    root, level = logging.getLogger(), logging.getLogger().level
    said = io.StringIO()
    also = logging.StreamHandler(said)
    with redirect_stderr(said):
        logs.set_up("DEBUG")
        root.addHandler(also)
        root.setLevel(logging.DEBUG)
        yield said
    root.removeHandler(also)
    root.setLevel(level)
    for logger, handlers, was, propagate in before:
        logger.handlers[:], logger.propagate = handlers, propagate
        logger.setLevel(was)
