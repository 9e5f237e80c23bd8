"""What `lots lint` finds: a table of broken dialogs, each with what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest

from bot.lint import found, problems
from dialogs import texts
from dialogs.answers import (
    NOTHING,
    Answers,
    CaseCode,
    Choice,
    Given,
    Kind,
    Number,
    Option,
    Reply,
    Several,
    ThreeState,
    Value,
)
from dialogs.law import facts
from dialogs.lint import Problem, problems_between, problems_of, problems_of_texts
from dialogs.model import Decide, Dialog, Go, Outcome, Question, Why, World
from dialogs.records import Record
from dialogs.records.base import Part
from dialogs.rules.catalogue import BUILT
from dialogs.texts import Text

TODAY = date(2026, 11, 23)
YES_NO = Choice(choices=(Option("yes", "Ja"), Option("no", "Nej")))
BOTH = ("yes", "no")


@dataclass(frozen=True, kw_only=True)
class Tried(Record):
    """It was tried."""

    kind: ClassVar[str] = "tried"


@dataclass(frozen=True, kw_only=True)
class Told(Record):
    """It was told in words."""

    kind: ClassVar[str] = "told"

    words: str


@dataclass(frozen=True, kw_only=True)
class Words(Part):
    """What was said to one."""

    told_on: date
    words: str | None = None


@dataclass(frozen=True, kw_only=True)
class ToldInPart(Record):
    """It was told to several."""

    kind: ClassVar[str] = "told_in_part"

    parts: tuple[Words, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ToldAtLength(Record):
    """It was told in a shape that takes anything."""

    kind: ClassVar[str] = "told_at_length"

    words: Annotated[str, re.compile(".{1,40}"), 40]


class Written(Choice):
    """A choice with room for something else."""

    def read(self, said: str, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Reply:
        return Given(said)


def ask(id_: str, kind: Kind = YES_NO, /, **more: Any) -> Question:
    return Question(
        **{"id": id_, "asks": "Hur?", "label": f"Svar {id_}", "kind": kind, "why": Why(words="Så."), **more}
    )


def end(id_: str, **more: Any) -> Outcome:
    return Outcome(id=id_, says=lambda answers, world: ("Klart.",), **more)


CASE = ask("case", CaseCode())
GOOD = Dialog(
    id="prov",
    command="prov",
    version=1,
    title="Prov",
    about="Prova",
    noun="ett påbörjat prov",
    questions=(CASE, ask("held")),
    outcomes=(end("kept"),),
    routes=(Go("case", "held"), Go("held", "kept", on=BOTH)),
    record=lambda answers, world: (Tried(case=answers.word("case")),),
    kinds=(Tried,),
    note=lambda kept: (),
)


def choice(*values: str, labels: Mapping[str, str] | None = None) -> Choice:
    return Choice(choices=tuple(Option(value, (labels or {}).get(value, f"Val {value}")) for value in values))


def asking(kind: Kind, **more: Any) -> Dialog:
    """The good dialog with another kind of answer to its second question."""
    held = ask("held", kind, **more)
    return replace(GOOD, questions=(CASE, held), routes=(Go("case", "held"), Go("held", "kept", on=kind.categories)))


def because(**more: Any) -> Dialog:
    return asking(YES_NO, why=Why(words="Så.", **more))


def routed(*routes: Go | Decide) -> Dialog:
    """The good dialog, its second question routed otherwise."""
    return replace(GOOD, routes=(Go("case", "held"), *routes))


def codes(problems: list[Problem]) -> list[str]:
    return [problem.code for problem in problems]


LONG = "ett ord " * 8


def so(answers: Answers, world: World) -> str:
    return "so"


BROKEN: list[tuple[Dialog, list[str], str, str]] = [
    # what is there
    (replace(GOOD, questions=(), routes=()), ["empty-dialog"], "prov", "it asks nothing"),
    (
        replace(GOOD, outcomes=(), routes=(Go("case", "held"), Go("held", "kept", on=BOTH))),
        ["empty-dialog", "unknown-node", "no-way-out"],
        "prov",
        "it ends nowhere",
    ),
    (replace(GOOD, id="prov-tre"), ["bad-id"], "dialog prov-tre", "a hyphen"),
    (replace(GOOD, outcomes=(end("kept"), end("kept"))), ["doubled-id"], "kept", "two outcomes of one name"),
    (
        replace(GOOD, questions=(CASE, ask("åter")), routes=(Go("case", "åter"), Go("åter", "kept", on=BOTH))),
        ["bad-id"],
        "question åter",
        "ids are ASCII",
    ),
    # routes
    (
        routed(Go("held", "kept", on="yes"), Decide("held", by=so, ways={"so": "kept", "or": "kpt"}, on="no")),
        ["unknown-node"],
        "route from held",
        "a slip in where a rule leads",
    ),
    (
        replace(GOOD, routes=(*GOOD.routes, Go("hled", "kept"))),
        ["unknown-node"],
        "route from hled",
        "a slip in where a route begins",
    ),
    (
        replace(GOOD, outcomes=(end("kept"), end("dropped"))),
        ["unreachable"],
        "outcome dropped",
        "an outcome that nothing leads to",
    ),
    (
        replace(GOOD, questions=(*GOOD.questions, ask("more")), routes=(*GOOD.routes, Go("more", "kept", on=BOTH))),
        ["unreachable"],
        "question more",
        "a question that nothing leads to",
    ),
    (routed(Go("held", "kept", on="yes")), ["unrouted-choice"], "question held", "what about no?"),
    (
        routed(Go("held", "kept", on=(*BOTH, "maybe"))),
        ["no-such-choice"],
        "route from held",
        "nobody can answer maybe",
    ),
    (routed(Go("held", "kept")), ["no-such-choice", "unrouted-choice"], "question held", "a choice is named"),
    (
        routed(Go("held", "kept", on=BOTH), Go("held", "kept", on="no")),
        ["routed-twice"],
        "question held",
        "which of the two?",
    ),
    (
        routed(Go("held", "kept", on=BOTH), Go("held", "kept", on=())),
        ["empty-route"],
        "route from held",
        "it is for no choice",
    ),
    (
        replace(
            GOOD,
            questions=(*GOOD.questions, ask("more")),
            routes=(Go("case", "held"), Go("held", "kept", on="yes"), Go("held", "more", on="no")),
        ),
        ["unrouted-choice", "no-way-out"],
        "question more",
        "nothing leads on from more",
    ),
    (
        routed(Go("held", "kept", on="yes"), Go("held", "case", on="no")),
        ["endless-loop"],
        "question case",
        "answers are replayed, so that a way that comes back would never end",
    ),
    (
        routed(Go("held", "case", on=BOTH)),
        ["unreachable", "no-way-out", "endless-loop"],
        "question case",
        "round and round, and never an outcome",
    ),
    # buttons
    (asking(choice("yes", "no", labels={"yes": "Ja", "no": "ja"})), ["doubled-label"], "held", "two buttons say Ja"),
    (asking(YES_NO, label="Svar case"), ["doubled-label"], "held", "two lines alike under Ändra"),
    (asking(choice("yes", "no", labels={"no": LONG})), ["long-label"], "held", "it would be cut off"),
    (
        asking(
            ThreeState(
                lines=(Option("police", "Polisen"),),
                states=(Option("not_asked", "Inte tillfrågad"), Option("yes", "Ja"), Option("no", LONG)),
            )
        ),
        ["long-label"],
        "held",
        "it is long only when it has been pressed twice",
    ),
    (
        asking(Several(choices=(Option("a", "Val a"), Option("a", "Val b")))),
        ["doubled-value"],
        "held",
        "two buttons mean the same",
    ),
    (
        asking(Several(choices=(Option("a", "Val a"), Option("done", "Val b")))),
        ["doubled-value"],
        "held",
        "the button Klar has that value",
    ),
    (asking(choice("yes", "no:really")), ["bad-value"], "held", "a colon parts what a button carries"),
    (asking(choice("yes", "!back")), ["bad-value"], "held", "with ! the engine's own buttons begin"),
    (asking(choice("yes", "v" * 51)), ["long-data"], "held", "8 + 1 + 4 + 1 + 51 bytes"),
    (asking(choice("yes", "å" * 26)), ["long-data"], "held", "å is two bytes"),
    (
        replace(
            GOOD,
            questions=(CASE, ask("q" * 43)),
            routes=(Go("case", "q" * 43), Go("q" * 43, "kept", on=BOTH)),
        ),
        ["long-data"],
        "question qqq",
        "under Ändra the button carries !change: and the id",
    ),
    # kinds and what they lean on
    (asking(choice("yes")), ["bad-kind"], "held", "one option is no choice"),
    (asking(Number(low=5, high=4)), ["bad-kind"], "held", "no number is there"),
    (asking(YES_NO, depends_on=("cas",)), ["unknown-dependency"], "held", "a slip"),
    (asking(YES_NO, offers=("cas",)), ["unknown-offer"], "held", "a slip"),
    (asking(YES_NO, offers=("held",)), ["unknown-offer"], "held", "it is asked right now"),
    # free text
    (asking(Written(choices=YES_NO.choices)), ["free-text"], "question held", "it takes whatever is typed"),
    (replace(GOOD, kinds=(Tried, Told)), ["free-text"], "record told", "a plain string"),
    (replace(GOOD, kinds=(Tried, ToldInPart)), ["free-text"], "record told_in_part", "in a part of a part"),
    (replace(GOOD, kinds=(Tried, ToldAtLength)), ["free-text"], "record told_at_length", "a shape that a sentence has"),
    # rules, law, records
    (because(rules=("MOT-99",)), ["unknown-rule"], "held", "there is no such rule"),
    (because(rules=("DEV-1",)), ["rule-not-built"], "held", "a promise the code does not keep"),
    (replace(GOOD, outcomes=(end("kept", rules=("MOT-99",)),)), ["unknown-rule"], "outcome kept", "outcomes too"),
    (
        routed(Decide("held", by=so, ways={"so": "kept"}, on=BOTH, rules=("MOT-99",))),
        ["unknown-rule"],
        "route from held",
        "routes too",
    ),
    (because(law=("SOL-99",)), ["unknown-law"], "held", "there is no such fact"),
    (replace(GOOD, command="Prov!"), ["bad-command"], "prov", "Telegram takes no such command"),
    (replace(GOOD, command="återkalla"), ["bad-command"], "prov", "nor this"),
    (replace(GOOD, kinds=()), ["no-record-kind"], "prov", "it saves, and nobody could read it back"),
    # texts
    (replace(GOOD, noun=" "), ["empty-text"], "noun", "no words"),
    (asking(YES_NO, asks="Vilken dag, {day}?"), ["unfilled-placeholder"], "held", "the braces would be shown"),
    (asking(YES_NO, asks=Text("Dag {day}?", dag=1)), ["unfilled-placeholder"], "held", "a slip in the part's name"),
]


def test_a_good_dialog_has_no_problems() -> None:
    assert problems_of(GOOD, TODAY) == []


@pytest.mark.parametrize(("dialog", "expected", "where", "why"), BROKEN)
def test_a_broken_dialog(dialog: Dialog, expected: list[str], where: str, why: str) -> None:
    told = problems_of(dialog, TODAY)
    assert list(dict.fromkeys(codes(told))) == expected, why
    assert any(where in problem.where for problem in told)


def test_free_text_is_told_by_the_name_of_its_field() -> None:
    (told,) = problems_of(replace(GOOD, kinds=(Tried, ToldInPart)), TODAY)
    assert "“parts.words” has room for free text." in told.says


def test_a_problem_says_where_what_and_how_to_put_it_right() -> None:
    (told,) = problems_of(routed(Go("held", "kept", on="yes")), TODAY)
    assert str(told) == "prov: question held: no route for “no”. Name every choice in a route from it."


def test_a_law_fact_is_held_to_the_day() -> None:
    law = facts()[0]
    before = date.fromordinal(law.applies_from.toordinal() - 1)
    assert problems_of(because(law=(law.id,)), law.applies_from) == []
    assert codes(problems_of(because(law=(law.id,)), before)) == ["law-not-in-force"]


def test_five_faults_are_told_at_once() -> None:
    dialog = replace(
        GOOD,
        command="Prov",
        questions=(CASE, ask("held", choice("yes", "no", "maybe", labels={"no": LONG}), depends_on=("cas",))),
        outcomes=(end("kept", rules=("MOT-99",)),),
    )
    assert sorted(codes(problems_of(dialog, TODAY))) == [
        "bad-command",
        "long-label",
        "unknown-dependency",
        "unknown-rule",
        "unrouted-choice",
    ]


# ── between dialogs ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("other", "code", "why"),
    [
        ({"id": "prov"}, "doubled-dialog", "two dialogs of one id"),
        ({"command": "prov"}, "doubled-command", "two dialogs on one command"),
        ({"command": "hjalp"}, "doubled-command", "the desk has it"),
        ({"title": "Prov"}, "doubled-label", "two buttons alike in the menu"),
        ({"kinds": (Tried,)}, "doubled-record-kind", "which of them reads it back?"),
    ],
)
def test_between_dialogs(other: dict[str, Any], code: str, why: str) -> None:
    second = replace(GOOD, **{"id": "ett", "command": "ett", "title": "Ett", "kinds": (), **other})
    told = problems_between([GOOD, second], taken=("hjalp",), cited=BUILT)
    assert {c for c in codes(told) if not c.startswith("unused")} == {code}, why


def test_a_record_kind_of_its_own_is_no_common_one() -> None:
    told = problems_between([GOOD], common=(Tried,), cited=BUILT)
    assert "doubled-record-kind" in codes(told)


def test_a_rule_or_a_law_that_nobody_uses() -> None:
    rule, law = next(iter(BUILT)), facts()[0].id
    told = problems_between([GOOD], cited=())
    assert set(codes(told)) == {"unused-rule", "unused-law"}
    assert any(rule in problem.says for problem in told)
    told = problems_between([because(rules=(rule,), law=(law,))], cited=[r for r in BUILT if r != rule])
    assert "unused-rule" not in codes(told)
    assert not any(f"cites {law}." in problem.says for problem in told)


# ── texts and catalogues ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("swedish", "english", "code", "why"),
    [
        ("Vilken dag?", None, "untranslated", "half of the people would read Swedish"),
        ("Den {day}.", "On {date}.", "other-placeholders", "it would fall when it is shown"),
        ("Den {day}.", "On {day.", "stray-brace", "it would fall when it is shown"),
        ("Den {day.", "On {day}.", "stray-brace", "so would the Swedish"),
        ("Bra!", "Fine.", "not-plain", "klarspråk"),
        ("Verksamhetssystemet registrerar ärendekoden", "The case system has it", "not-plain", "LIX far over 30"),
    ],
)
def test_a_text(swedish: str, english: str | None, code: str, why: str) -> None:
    told = problems_of_texts([swedish], {} if english is None else {swedish: english})
    assert codes(told) == [code], why


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A source tree of its own, with the catalogues and the transcripts of a dialog."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "lots"\n')
    monkeypatch.setattr(texts, "LOCALES", tmp_path / "locales")
    for cached in (texts.catalogue, texts.translate):
        cached.cache_clear()
    yield tmp_path
    for cached in (texts.catalogue, texts.translate):
        cached.cache_clear()


def translations(tree: Path, english: Mapping[str, str], fuzzy: str = "") -> None:
    """Write both catalogues."""
    folder = tree / "locales" / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True, exist_ok=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (tree / "locales" / "lots.pot").write_text(head + "".join(f'msgid "{sv}"\nmsgstr ""\n\n' for sv in english))
    (folder / "lots.po").write_text(
        head
        + "".join(
            f'{"#, fuzzy" if sv == fuzzy else "#"}\nmsgid "{sv}"\nmsgstr "{en}"\n\n' for sv, en in english.items()
        )
    )


WORDS = dict.fromkeys(("Prov", "Prova", "ett påbörjat prov", "Hur?", "Så.", "Svar case", "Svar held"), "Words.")
ENGLISH = {**WORDS, "Svar case": "Case", "Svar held": "Held", "Nytt ärende": "New case", "Ja": "Yes", "Nej": "No"}


def told_of(dialog: Dialog) -> list[str]:
    """What is found with the catalogues and the transcripts; that the one dialog uses few rules is left out."""
    return [problem.code for problem in found([dialog], TODAY) if not problem.code.startswith("unused")]


def talk(tree: Path, text: str = "jag: /prov\n") -> None:
    folder = tree / "tests" / "transcripts" / "prov"
    folder.mkdir(parents=True)
    (folder / "first.txt").write_text(text)


def test_a_whole_dialog_has_its_catalogues_and_a_transcript(tree: Path) -> None:
    translations(tree, ENGLISH)
    talk(tree)
    assert told_of(GOOD) == []


def test_a_dialog_without_a_transcript(tree: Path) -> None:
    translations(tree, ENGLISH)
    assert told_of(GOOD) == ["no-transcript"]


def test_an_empty_transcript(tree: Path) -> None:
    translations(tree, ENGLISH)
    talk(tree, " \n")
    assert told_of(GOOD) == ["no-transcript"]


def test_an_installation_has_no_transcripts_and_misses_none(tree: Path) -> None:
    translations(tree, ENGLISH)
    (tree / "pyproject.toml").unlink()
    assert told_of(GOOD) == []


def test_missing_catalogues_are_two_problems_and_not_one_for_every_sentence(tree: Path) -> None:
    talk(tree)
    assert told_of(GOOD) == ["no-catalogue", "no-catalogue"]


def test_the_swedish_is_looked_at_also_without_the_english(tree: Path) -> None:
    translations(tree, {**ENGLISH, "Bra!": "Fine."})
    (tree / "locales" / "en" / "LC_MESSAGES" / "lots.po").unlink()
    talk(tree)
    assert told_of(GOOD) == ["no-catalogue", "not-plain"]


def test_a_sentence_without_english_is_told_where_it_stands(tree: Path) -> None:
    translations(tree, {**ENGLISH, "Hur?": "", "Klart.": ""})
    talk(tree)
    told = [str(problem) for problem in found([GOOD], TODAY) if problem.code == "untranslated"]
    assert len(told) == 2, "Hur? stands in two questions and is told once; Klart. stands in a function"
    assert told[0].startswith("prov: question case: “Hur?” has no English.")
    assert told[1].startswith("text “Klart.”: has no English.")


def test_a_translation_that_waits_for_a_look_is_none(tree: Path) -> None:
    translations(tree, ENGLISH, fuzzy="Hur?")
    talk(tree)
    assert told_of(GOOD) == ["untranslated"]


def test_two_buttons_that_differ_only_in_swedish(tree: Path) -> None:
    translations(tree, {**ENGLISH, "Nej": "Yes"})
    talk(tree)
    (told,) = [problem for problem in found([GOOD], TODAY) if problem.code == "doubled-label"]
    assert "“yes” (en)" in told.says


def test_what_ships_has_no_problems() -> None:
    assert problems() == []
