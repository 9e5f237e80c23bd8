"""The documents say what is: every command, setting, error code, event and link in them is held against the program."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, fields
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple, get_args

import click
import pytest

from bot.cli import main
from bot.commands.reasons import REASONS
from bot.desk import Desk
from bot.logs import CARRIED
from bot.settings import TransferRules, WebRules, load
from dialogs import plain
from dialogs.policy import Policy
from dialogs.records import DeclineReason, DeclineSettled
from dialogs.registry import DIALOGS
from dialogs.texts import say
from dialogs.transfer_words import WHY_DECLINED
from state import errors
from state.records import Envelope, Tombstone
from state.store import Store
from state.transfer.bundle import PER_TABLE
from state.transfer.journal import MOST_IN_A_PDF
from state.transfer.manifest import Manifest
from state.transfer.receipts import Receipt

ROOT = Path(__file__).resolve().parent.parent
README, MANUAL, DIALOGS_DOC = ROOT / "README.md", ROOT / "docs" / "drift.md", ROOT / "docs" / "dialoger.md"
FORMAT_DOC = ROOT / "docs" / "overforing.md"
FOR_THE_COMMITTEE = [ROOT / "docs" / f"{name}.md" for name in ("hotmodell", "konsekvensbedomning", "innan-drift")]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

GENERATED = re.compile(r"^<!-- output .*?^<!-- end of output -->$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^ *```(?P<kind>\w*)\n(?P<body>.*?)^ *```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
COMMAND = re.compile(r"(?:^|/bin/)(?P<program>lots|make)(?P<words>(?: [^#\n]+)?)$")
PICTURE = re.compile(r'<img src="([^"]+)"([^>]*)>')
NAMED_TEST = re.compile(r"`tests/\w+\.py::\w+`(?:, )?")
"""A name, which is not read as words."""

MAKE_TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)

SHOWN_ELSEWHERE = ("text", "toml", "python")
"""Blocks that are a talk, a setting or an example of code, and hold no command."""


class Told(NamedTuple):
    """A command as a document gives it."""

    where: str
    program: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.where}: {' '.join((self.program, *self.words))}"


def written_by_hand(path: Path) -> str:
    return GENERATED.sub("", path.read_text("utf-8"))


def prose(text: str) -> str:
    return FENCE.sub("", text)


def told(path: Path) -> Iterator[Told]:
    text = written_by_hand(path)
    lines = [
        line.split(" # ")[0]
        for block in FENCE.finditer(text)
        if block["kind"] not in SHOWN_ELSEWHERE
        for line in block["body"].splitlines()
    ]
    for line in [*lines, *SPAN.findall(prose(text))]:
        if found := COMMAND.search(line.partition("#")[0].strip()):
            yield Told(path.name, found["program"], tuple(shlex.split(found["words"])))


def tables(path: Path, first_cell: str) -> Iterator[list[list[str]]]:
    """The rows under each table whose first heading is this, as cells without back-ticks."""
    lines = written_by_hand(path).splitlines()
    for start in [n for n, line in enumerate(lines) if line.startswith(f"| {first_cell} |")]:
        rows = takewhile(lambda line: line.startswith("|"), lines[start + 2 :])
        yield [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


def table(path: Path, first_cell: str) -> list[list[str]]:
    """The rows under the one table whose first heading is this."""
    (rows,) = tables(path, first_cell)
    return rows


def named(rows: list[list[str]]) -> list[str]:
    """What stands in back-ticks in the first column."""
    return [name for row in rows for name in SPAN.findall(f"`{row[0]}`")]


TOLD = sorted({command for path in DOCUMENTS for command in told(path)}, key=str)


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_is_told_of_by_hand(name: str) -> None:
    told_of = {command.words[:1] for command in TOLD if command.program == "lots" and command.where != "CHANGELOG.md"}
    assert (name,) in told_of, f"lots {name} stands in no document but the generated help"


def fault_of(words: tuple[str, ...]) -> str | None:
    """What is wrong with a `lots …` of a document; a word in capitals or with an ellipsis stands for any value."""
    at: click.Command = main
    left = list(words)
    while left:
        word = left.pop(0)
        if word.startswith("-"):
            known = {name: option for option in at.params for name in option.opts}
            option = known.get(word)
            if option is None and word not in ("--help", "-h"):
                return f"{at.name} has no option {word}"
            if isinstance(option, click.Option) and not option.is_flag:
                if not left:
                    return f"{word} has no value"
                left.pop(0)
        elif at is main:
            if word not in main.commands:
                return f"there is no command {word}"
            at = main.commands[word]
        elif isinstance(at, click.Group) and word.islower():
            if word not in at.commands:
                return f"{at.name} has no {word}"
            at = at.commands[word]
    return None


@pytest.mark.parametrize("command", [c for c in TOLD if c.program == "lots"], ids=str)
def test_every_lots_command_of_the_documents_exists(command: Told) -> None:
    assert fault_of(command.words) is None


@pytest.mark.parametrize(
    ("line", "fault", "why"),
    [
        ("invite --role samordnare --district Farsta", None, "as the manual has it"),
        ("--mode chatt records --json", None, "flags stand before the command"),
        ("statistics", "there is no command statistics", "a command that is not built"),
        ("keys recipients add AGE1…", None, "a command of a command"),
        ("keys recipients --add AGE1…", "recipients has no option --add", "a command that is taken for an option"),
        ("keys change", "keys has no change", "a command of a command that is not there"),
        ("invite --name NAME", "invite has no option --name", "an option that is not there"),
        ("run --mode chatt", "run has no option --mode", "the flag is on the wrong side"),
        ("invite --person", "--person has no value", "an option without what it takes"),
    ],
)
def test_a_wrong_command_would_show(line: str, fault: str | None, why: str) -> None:
    assert fault_of(tuple(shlex.split(line))) == fault, why


@pytest.mark.parametrize("command", [c for c in TOLD if c.program == "make"], ids=str)
def test_every_make_target_of_the_documents_exists(command: Told) -> None:
    targets = set(MAKE_TARGET.findall((ROOT / "Makefile").read_text("utf-8")))
    asked = {word for word in command.words if "=" not in word and word != "…"}
    assert asked <= targets


def test_the_readme_begins_with_trying_and_testing() -> None:
    text = README.read_text("utf-8")
    first, second = list(FENCE.finditer(text))[:2]
    assert (first["body"], second["body"]) == ("make try\n", "make test\n")
    assert text[: second.end()].count("\n") < 25, "both stand within the first screenful"


# ── what the documents say of the program ────────────────────────────────────────────────────────────────────


def source(*folders: str) -> str:
    return "\n".join(path.read_text("utf-8") for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))


def test_the_table_of_variables_is_what_is_read() -> None:
    rows = table(README, "variable")
    assert {row[0] for row in rows} == set(re.findall(r'"(LOTS_[A-Z_]+)"', source("bot")))
    flags = {name for option in main.params for name in option.opts if name not in ("--version", "--help")}
    assert {row[1] for row in rows} - {""} == flags


def test_the_table_of_the_policy_is_the_policy() -> None:
    (lists,) = [held["policy"] for held in map(tomllib.loads, settings_shown()) if "policy" in held]
    told_of = {
        name: lists[name] if name in lists else tomllib.loads(f"value = {default}")["value"]
        for name, default, _ in table(MANUAL, "namn")
    }
    ships = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(Policy()).items()}
    del ships["contacts"]  # a file of their own, told of under Kontakter
    assert told_of == ships


def test_the_table_of_the_web_chats_numbers_is_what_ships() -> None:
    told_of = {name: int(default) for name, default, _ in table(MANUAL, "tal")}
    assert told_of == asdict(WebRules())


def test_the_table_of_the_transfer_is_what_may_be_set() -> None:
    assert {row[0] for row in table(MANUAL, "inställning")} == {field.name for field in fields(TransferRules)}


SECRETS = ("webhook_secret", "drop_token")


def settings_shown() -> list[str]:
    """Every example of `lots.toml` in the manual."""
    return [block["body"] for block in FENCE.finditer(MANUAL.read_text("utf-8")) if block["kind"] == "toml"]


@pytest.mark.parametrize("example", settings_shown())
def test_every_example_of_settings_is_taken(example: str, tmp_path: Path) -> None:
    (tmp_path / "lots.toml").write_text(example, "utf-8")
    (tmp_path / "lots.toml").chmod(0o600)  # as the manual says, since it may hold a secret
    made = {f"LOTS_{name.upper()}": "a" * 32 for name in SECRETS if name in example}  # the one shown must be replaced
    load(made, data_dir=str(tmp_path))


@pytest.mark.parametrize("name", SECRETS)
def test_the_secret_that_is_shown_is_refused(name: str, tmp_path: Path) -> None:
    (example,) = [body for body in settings_shown() if name in body]
    (tmp_path / "lots.toml").write_text(example, "utf-8")
    with pytest.raises(errors.BadSettings, match=f"LOTS_{name.upper()}"):
        load({}, data_dir=str(tmp_path))


def test_every_error_code_says_what_to_do() -> None:
    def below(kind: type[errors.LotsError]) -> Iterator[type[errors.LotsError]]:
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    codes = {kind.code for kind in below(errors.LotsError)} - {errors.LotsError.code}
    rows = table(MANUAL, "kod")
    assert [row[0] for row in rows] == sorted(codes)
    assert all(row[2] for row in rows)


def test_every_part_that_is_checked_is_told_of() -> None:
    for heading, file in (("del", "check.py"), ("del om hemligheter", "check_secrets.py")):
        parts = re.findall(r'Finding\(\s*"([a-z ]+)"', (ROOT / "bot" / file).read_text("utf-8"))
        assert [row[0] for row in table(MANUAL, heading)] == list(dict.fromkeys(parts))


def test_every_event_of_the_log_says_what_to_do() -> None:
    events = set(re.findall(r'(?:"event": |\b_?tell\()"(\w+)"', source("bot")))
    rows = table(MANUAL, "händelse")
    assert {row[0] for row in rows} == events
    assert all(row[2] for row in rows)


def test_every_field_of_the_log_is_told_of() -> None:
    text = MANUAL.read_text("utf-8").partition("\n## Loggen\n")[2].partition("\n| händelse")[0]
    assert set(SPAN.findall(text)) == {"at", "level", "what", *CARRIED}


def test_every_reason_to_print_records_is_told_of() -> None:
    assert [row[0] for row in table(MANUAL, "skäl att skriva ut")] == list(REASONS)


def test_what_the_purge_says_of_a_case_that_stays_is_told_of() -> None:
    words = (ROOT / "bot" / "commands" / "purge.py").read_text("utf-8").partition("_WHY = {")[2].partition("}")[0]
    rows = table(MANUAL, "så säger `lots purge`")
    assert [row[0] for row in rows] == re.findall(r'": "([^"]+)"', words)
    assert all(row[2] for row in rows)


def test_every_reason_to_decline_is_told_to_both_sides() -> None:
    assert {row[0]: row[1] for row in table(DIALOGS_DOC, "skäl i posten")} == {
        reason: say(words, "sv") for reason, words in WHY_DECLINED.items()
    }
    assert [row[0] for row in table(FORMAT_DOC, "skäl (`reason`)")] == list(get_args(DeclineReason))
    (outcome,) = [field for field in fields(DeclineSettled) if field.name == "outcome"]
    assert [f"'{row[0]}'" in str(outcome.type) for row in table(FORMAT_DOC, "besked (`outcome`)")] == [True] * 3


def test_the_format_is_what_is_written() -> None:
    manifest, record, receipt = map(named, tables(FORMAT_DOC, "fält"))
    fixed = ["format", "version"]
    assert set(manifest) == {*fixed, *(field.name for field in fields(Manifest))}
    held = {field.name for kind in (Envelope, Tombstone) for field in fields(kind)}
    assert set(record) == held - {"record"} | {"case", "payload"}
    assert set(receipt) == {*fixed, *(field.name for field in fields(Receipt))}
    text = FORMAT_DOC.read_text("utf-8")
    assert f"högst {PER_TABLE // 1000} 000 i varje fil" in text
    assert f"högst {MOST_IN_A_PDF} poster i ett ärende" in text


def test_the_table_of_dialogs_is_the_registry() -> None:
    assert table(DIALOGS_DOC, "kommando") == [
        [f"/{dialog.command}", say(dialog.title, "sv"), say(dialog.about, "sv")] for dialog in DIALOGS
    ]


def test_the_commands_without_a_dialog_are_what_a_person_has() -> None:
    store = Store(None, bytes(32))
    now = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
    with closing(store), store.transaction():
        person = store.add_person(role="samordnare", district="Farsta", channel="terminal", address="1", now=now)
        desk = Desk(store, DIALOGS, policy=Policy(), practice=True, now=lambda: now)
        has = {f"/{name}" for name, _ in desk.commands(person)} - {f"/{dialog.command}" for dialog in DIALOGS}
    assert {row[0] for row in table(DIALOGS_DOC, "utan dialog")} == has | {"/start"}


@pytest.mark.parametrize("number", range(len(DIALOGS)), ids=[dialog.id for dialog in DIALOGS])
def test_the_tables_of_a_dialog_name_its_questions_and_ends(number: int) -> None:
    dialog = DIALOGS[number]
    rows = list(tables(DIALOGS_DOC, "fråga i bilden"))[number]
    assert [row[:2] for row in rows] == [[question.id, say(question.label, "sv")] for question in dialog.questions]
    for question, row in zip(dialog.questions, rows, strict=True):
        assert row[3].startswith("nej" if question.preset is None else "ja:"), question.id
    ends = list(tables(DIALOGS_DOC, "slut i bilden"))[number]
    assert [row[0] for row in ends] == [outcome.id for outcome in dialog.outcomes]


def test_every_dialog_has_its_part_and_its_picture() -> None:
    text = DIALOGS_DOC.read_text("utf-8")
    titles = [say(dialog.title, "sv") for dialog in DIALOGS]
    assert [heading for heading in HEADING.findall(text) if heading in titles] == titles
    assert re.findall(r"lots diagram (\w+) -->", text) == [dialog.id for dialog in DIALOGS]


def test_the_talk_in_the_readme_is_a_transcript() -> None:
    (talk,) = [block["body"] for block in FENCE.finditer(README.read_text("utf-8")) if block["kind"] == "text"]
    assert talk == (ROOT / "tests/transcripts/samtal/andra-samtalet.txt").read_text("utf-8")


# ── links and language ───────────────────────────────────────────────────────────────────────────────────────


def anchor(heading: str) -> str:
    """The name that a heading has in a link, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in LINK.findall(prose(written_by_hand(path))):
        if link.startswith("https://"):
            continue
        name, _, part = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        if part:
            assert part in {anchor(heading) for heading in HEADING.findall(prose(target.read_text("utf-8")))}, link


def test_the_pictures_are_made_by_a_command_and_say_what_they_show() -> None:
    shown = {src: rest for path in DOCUMENTS for src, rest in PICTURE.findall(path.read_text("utf-8"))}
    assert set(shown) == {f"docs/pictures/{path.name}" for path in (ROOT / "docs" / "pictures").iterdir()}
    made = (ROOT / "tools" / "pictures.py").read_text("utf-8")
    for src, rest in shown.items():
        assert re.search(rf'"{Path(src).stem}(?:\.png)?"', made), f"no command makes {src}"
        alt = re.search(r' alt="([^"]+)"', rest)
        assert alt is not None, f"{src} says nothing to who cannot see it"
        assert len(alt[1].split()) > 5, f"{src} says too little to who cannot see it"


def swedish() -> Iterator[tuple[str, str]]:
    readme = prose(written_by_hand(README))
    yield README.name, readme[readme.index("## För dig som ska använda Lots") :]
    for path in (MANUAL, DIALOGS_DOC, FORMAT_DOC, *FOR_THE_COMMITTEE):
        yield path.name, NAMED_TEST.sub("x", prose(written_by_hand(path)))


def parts(text: str) -> Iterator[str]:
    """What is read by itself: a paragraph, a line of a list, a heading, a cell."""
    for part in re.split(r"\n\s*\n|\n\s*(?:[-*]|\d+\.) |\||^#+ ", text, flags=re.MULTILINE):
        if said := " ".join(LINK.sub(lambda link: link[0].partition("](")[0].strip("["), part).split()):
            yield said.replace("**", "").replace("`", "")


@pytest.mark.parametrize(("where", "text"), list(swedish()), ids=[where for where, _ in swedish()])
def test_the_swedish_is_plain(where: str, text: str) -> None:
    said = list(parts(text))
    assert len(said) > 20, where
    assert [(part, fault) for part in said for fault in plain.faults(part)] == []
