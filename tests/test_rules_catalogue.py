"""The catalogue of rules against the domain, the code and the tests."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from dialogs.law import facts
from dialogs.rules.catalogue import BUILT, NOT_BUILT, rule_words

ROOT = Path(__file__).resolve().parent.parent
LAST = {"TG": 7, "CON": 15, "MOT": 5, "THR": 16, "DEC": 2, "PLAN": 1, "FU": 3, "DIS": 1, "DEV": 1, "ENV": 1, "NET": 1}
FIRST = {"THR": 0}
DOMAIN = {f"{topic}-{n}" for topic, last in LAST.items() for n in range(FIRST.get(topic, 1), last + 1)}

ABOUT_IDS = {"test_rules_catalogue.py", "test_lint.py", "test_scaffold.py"}
"""Tests that name ids to try the checks, and so cover no rule."""

ID = re.compile(r"\b[A-Z]{2,4}-\d+\b")


def cited() -> dict[str, list[str]]:
    """Every id in the text of the dialogs, with the files it stands in; law ids are left out."""
    law = re.compile("|".join(rf"\b{re.escape(held.id)}\b" for held in facts()))
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "dialogs").rglob("*.py")):
        for id_ in ID.findall(law.sub("", path.read_text("utf-8"))):
            found.setdefault(id_, []).append(path.relative_to(ROOT).as_posix())
    return found


def test_built_and_not_built_are_the_rules_of_the_domain() -> None:
    assert set(BUILT) | set(NOT_BUILT) == DOMAIN
    assert not set(BUILT) & set(NOT_BUILT)
    assert len(NOT_BUILT) == len(set(NOT_BUILT))


def test_no_code_cites_a_rule_that_is_not_there() -> None:
    assert cited(), "the pattern finds what is cited"
    assert {id_: places for id_, places in cited().items() if id_ not in DOMAIN} == {}


@cache
def texts_of_tests() -> dict[str, str]:
    """Every test and transcript by its name, but for those that try ids."""
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "tests").rglob("*.txt")]
    return {str(f.relative_to(ROOT)): f.read_text("utf-8") for f in files if f.name not in ABOUT_IDS}


@pytest.mark.parametrize("rule", BUILT)
def test_a_built_rule_is_named_by_a_test(rule: str) -> None:
    whole = re.compile(rf"\b{rule}\b")
    assert [name for name, text in texts_of_tests().items() if rule in text and whole.search(text)]


@pytest.mark.parametrize("rule", BUILT)
def test_a_built_rule_has_its_sentence_and_its_source(rule: str) -> None:
    said = rule_words(rule).render("sv")
    assert said.startswith(f"Regel {rule}, ")
    assert said.endswith(".")
    assert re.fullmatch(r"(S[0-3]|A1|L0)(, S[0-3])*", BUILT[rule].source)


def test_a_law_fact_was_read_when_it_applied_or_before_it_will() -> None:
    for held in facts():
        assert held.read_on <= datetime.now(UTC).date(), held.id
        assert held.applies_until is None or held.applies_from <= held.applies_until, held.id
