"""What ``make security`` runs: every test that the threat model names, and the files that prove its points whole.

A row of docs/hotmodell.md that names a test is enough for it to be run; a file of proofs is put in below.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

MODEL = Path(__file__).parent.parent / "docs" / "hotmodell.md"
PROOF = re.compile(r"\b(tests/\w+\.py)::(\w+)")

NAMED = "named by the threat model"
POINTS = {
    "identity guard": ("test_guard", "test_guard_measured", "test_silence"),
    "no free text": ("test_no_free_text",),
    "nothing leaves": ("test_nothing_leaves", "test_doorbell_silence"),
    "need to know": ("test_roles",),
    "the lock": ("test_lock", "test_lock_telegram"),
    "abuse": ("test_limits", "test_abuse"),
    "the chat erases itself": ("test_traces",),
    "threat model": ("test_threat_model",),
}
"""The files that are proofs from their first line to their last, by what they prove."""


@cache
def named() -> frozenset[str]:
    """The tests that the threat model names.

    Returns:
        Each as ``tests/test_x.py::test_y``.
    """
    return frozenset("::".join(found) for found in PROOF.findall(MODEL.read_text("utf-8")))


def plain(nodeid: str) -> str:
    """A test's id without its parameters."""
    return nodeid.partition("[")[0]


def point_of(nodeid: str) -> str | None:
    """What a test proves.

    Returns:
        One of `POINTS`, or `NAMED`; ``None`` where the threat model does not rest on it.
    """
    module = Path(nodeid.partition("::")[0]).stem
    for point, modules in POINTS.items():
        if module in modules:
            return point
    return NAMED if plain(nodeid) in named() else None


def figures(passed: Sequence[str]) -> Iterator[str]:
    """What a reviewer is told at the end.

    Args:
        passed: the ids of the tests that passed.
    """
    count = Counter(point for nodeid in passed if (point := point_of(nodeid)) is not None)
    yield f"security: {count.total()} tests passed"
    for point, number in sorted(count.items()):
        yield f"security, {point}: {number}"
    ran = named() & {plain(nodeid) for nodeid in passed}
    yield f"security: {len(ran)} of the {len(named())} tests that the threat model names were run and passed"
    left = Counter(name.partition("::")[0] for name in named() - ran)
    yield from (f"security, not run here: {number} of {path}" for path, number in sorted(left.items()))
