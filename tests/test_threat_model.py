"""The threat model and what belongs to it: whatever is said to be stopped names a test that there is."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import pytest

from tests.security import MODEL, PROOF, figures, named, plain, point_of
from tests.test_docs import DOCUMENTS, HEADING, ROOT, parts, tables, written_by_hand

ASSESSMENT = ROOT / "docs" / "konsekvensbedomning.md"

NOT_THERE = re.compile(r"^inget test: \w+(?:\W+\w+){3,}")
"""No test, with a reason of at least four words."""

PLACE = re.compile(r"§|\bart(?:ikel|iklarna|\.) \d")
READ = re.compile(r"kontrollerad(?:e)? 2026-02-12|inte kontrollera(?:d|de|t)\b")

ATTACKED_BY = (
    "Ett gäng som känner en samordnare",
    "En anhörig hemma",
    "En insider",
    "En tjuv som tar en telefon",
    "En tjuv som tar servern eller en kopia",
    "Telegram och fönstret i appen",
    "En begäran från ett annat land",
    "Den som förfalskar paket eller kvittenser",
    "En främling på nätet",
)


@cache
def proofs_in(path: str) -> frozenset[str]:
    """The tests of a file, by its source alone: the file is not imported."""
    held = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(
        node.name
        for node in held.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def is_there(path: str, name: str) -> bool:
    return (ROOT / path).is_file() and name in proofs_in(path)


def fault_of(proof: str) -> str | None:
    """What is wrong with what a claim rests on."""
    found = PROOF.findall(proof)
    if missing := [f"{path}::{name}" for path, name in found if not is_there(path, name)]:
        return f"there is no {', '.join(missing)}"
    return None if found or NOT_THERE.match(proof) else "neither a test nor why there is none"


def sections() -> Iterator[tuple[str, str]]:
    text = written_by_hand(MODEL)
    starts = [found for found in HEADING.finditer(text) if found[0].startswith("## ")]
    for found, end in pairwise([*((one[1], one.start()) for one in starts), ("", len(text))]):
        yield found[0], text[found[1] : end[1]]


CLAIMS = [row for rows in tables(MODEL, "hot") for row in rows]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim[0])
def test_whatever_is_stopped_names_the_test_that_proves_it(claim: list[str]) -> None:
    threat, stop, proof = claim
    assert threat
    assert stop
    assert fault_of(proof) is None


@pytest.mark.parametrize(
    ("proof", "fault", "why"),
    [
        ("`tests/test_guard.py::test_a_telephone_number_is_seen`", None, "as the model has it"),
        ("inget test: den som bjuder in avgör det själv", None, "a reason"),
        ("inget test", "neither a test nor why there is none", "no reason"),
        ("inget test: senare", "neither a test nor why there is none", "a word is no reason"),
        ("", "neither a test nor why there is none", "nothing"),
        (
            "`tests/test_guard.py::test_a_name_is_seen`",
            "there is no tests/test_guard.py::test_a_name_is_seen",
            "no such test",
        ),
        ("`tests/test_gone.py::test_it`", "there is no tests/test_gone.py::test_it", "no such file"),
        ("`tests/test_guard.py::findings`", "there is no tests/test_guard.py::findings", "a function that is no test"),
    ],
)
def test_a_wrong_proof_would_show(proof: str, fault: str | None, why: str) -> None:
    assert fault_of(proof) == fault, why


def test_every_test_that_a_document_names_is_there() -> None:
    named = {(path.name, *found) for path in DOCUMENTS for found in PROOF.findall(path.read_text("utf-8"))}
    assert {where for where, _, _ in named} >= {MODEL.name, ASSESSMENT.name}
    assert sorted(one for one in named if not is_there(one[1], one[2])) == []


@pytest.mark.process
def test_make_security_runs_every_test_that_the_threat_model_names() -> None:
    """Also those that the usual suite leaves out."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-m", "security"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, cwd=ROOT).stdout
    collected = {plain(line) for line in said.splitlines() if "::" in line}
    assert len(named()) > 100
    assert named() - collected == set()
    assert {point_of(name) for name in collected} >= {"no free text", "nothing leaves", "identity guard"}


def test_a_reviewer_is_told_which_of_them_were_not_run() -> None:
    one, *others = sorted(named())
    told = list(
        figures([f"{one}[a]", f"{one}[b]", "tests/test_no_free_text.py::test_x", "tests/test_dates.py::test_y"])
    )
    assert told[0] == "security: 3 tests passed"
    assert f"security: 1 of the {len(named())} tests that the threat model names were run and passed" in told
    assert sum(int(line.split()[4]) for line in told if "not run here" in line) == len(others)


def test_of_every_attacker_it_is_told_what_is_seen_what_stops_it_and_what_does_not() -> None:
    told = dict(sections())
    assert len(list(tables(MODEL, "hot"))) == len(ATTACKED_BY)
    assert [name for name in told if "**Ser i värsta fall:**" in told[name]] == list(ATTACKED_BY)
    for name in ATTACKED_BY:
        assert "\n| hot | hinder | prov |\n" in told[name], name
        stopped, _, left = told[name].partition("\nDet här hindras inte:\n")
        assert "| hot |" in stopped, name
        assert left.strip().startswith("- "), name
    assert "\n- **Granskning utifrån.**" in told["Det som saknas"], "what is missing is still said"


def test_every_law_of_the_assessment_says_when_it_was_read() -> None:
    """Per paragraph, line of a list and cell; a table is read row by row."""
    text = written_by_hand(ASSESSMENT)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    prose = "\n".join(line for line in text.splitlines() if not line.startswith("|"))
    cited = [part for part in [*parts(prose), *rows] if PLACE.search(part)]
    assert len(cited) > 15
    assert [part for part in cited if not READ.search(part)] == []
