"""The command line as somebody meets it: every command in a process of its own, its exit code and what it says.

0 done, 1 the thing asked about does not hold, 2 wrong use or configuration; never a traceback.
"""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from bot.cli import main
from bot.settings import load, read_key
from bot.transcripts import read
from dialogs import case_code
from dialogs.records import TalkHeld
from dialogs.registry import DIALOGS
from state.store import Store
from tests.running import (
    BANNER,
    CASE,
    ENTRY,
    GROUP,
    HELD,
    READ_BACK,
    SAVED,
    WELCOME,
    Ended,
    Lots,
    chooses_pin,
    code_in,
    command,
    presses,
    says,
    shown,
    walks,
)

pytestmark = pytest.mark.process

TRANSCRIPTS = Path(__file__).parent / "transcripts" / "samtal"

HEAVY = ("telegram", "aiohttp", "sqlcipher3", "sqlite_utils", "transitions", "babel", "segno", "dialogs", "state")
"""What `lots --help` has no use for."""

FORMATS = FormatChecker()


@FORMATS.checks("date-time", raises=ValueError)
def _is_a_time_with_a_zone(value: object) -> bool:
    return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None


def refused(ended: Ended, code: int, *fragments: str) -> None:
    """It ended with this code and says these things on stderr, without a traceback."""
    assert ended.returncode == code, ended
    assert "Traceback" not in ended.stderr
    for fragment in fragments:
        assert fragment in ended.stderr, ended.stderr


# ── help ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("asked", ["--help", "-h"])
def test_help_lists_every_command_with_what_it_is_for(lots_env: dict[str, str], asked: str) -> None:
    ended = command(asked, env=lots_env)
    assert ended.returncode == 0
    listed = dict(re.findall(r"^  ([a-z-]+)  +(\S.*)$", ended.stdout.partition("Commands:")[2], re.MULTILINE))
    assert listed.keys() == main.commands.keys()
    assert {"run", "try", "play", "replay", "records", "schema", "invite", "verify", "lint", "diagram", "new"} <= (
        listed.keys()
    )
    for name, line in listed.items():
        assert line.endswith("."), f"{name} is cut off: {line}"
    assert not Path(lots_env["LOTS_DATA_DIR"]).exists(), "asking for help leaves nothing behind"


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_help_of_its_own(lots_env: dict[str, str], name: str) -> None:
    """And every one of its options says what it is for."""
    options = [option for option in main.commands[name].params if isinstance(option, click.Option)]
    assert [option.name for option in options if not option.help] == []
    ended = command(name, "--help", env=lots_env)
    assert ended.returncode == 0
    assert f"Usage: lots {name}" in ended.stdout


def test_help_is_quick_because_it_loads_little(lots_env: dict[str, str]) -> None:
    words = (sys.executable, "-X", "importtime", *ENTRY[1:], "--help")
    ended = subprocess.run(words, env=lots_env, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in ended.stderr.splitlines()}
    assert "click" in loaded
    assert loaded & set(HEAVY) <= {"state"}, "state.errors alone tells the exit codes"


def test_the_version_is_told(lots_env: dict[str, str]) -> None:
    ended = command("--version", env=lots_env)
    assert (ended.returncode, ended.stdout) == (0, "lots, version 0.1.0\n")


# ── wrong use and configuration ──────────────────────────────────────────────────────────────────────────────

WRONG: dict[str, tuple[tuple[str, ...], dict[str, str], tuple[str, ...]]] = {
    "no such command": (("dansa",), {}, ("No such command 'dansa'",)),
    "no such dialog to play": (("play", "dans"), {}, ("there is no dialog 'dans'", "samtal")),
    "no such dialog to draw": (("diagram", "dans"), {}, ("there is no dialog 'dans'", "samtal")),
    "no transcript named": (("replay",), {}, ("Missing argument",)),
    "a transcript that is not there": (("replay", "finns-inte.txt"), {}, ("finns-inte.txt",)),
    "records in no form": (("records",), {}, ("--json",)),
    "an invitation for nobody": (("invite",), {}, ("--role",)),
    "no such role": (("invite", "--role", "kung", "--district", "Farsta"), {}, ("'kung' is no role", "samordnare")),
    "a district without a name": (
        ("invite", "--role", "chef", "--district", " "),
        {},
        ("--district names the district",),
    ),
    "a dialog begun elsewhere": (("new", "dans"), {}, ("pyproject.toml",)),
    "no such mode": (("run",), {"LOTS_TELEGRAM_MODE": "skarpt"}, ("L200", "'skarpt'", "ovning, dorrklocka, chatt")),
    "real cases without a decision": (("run",), {"LOTS_TELEGRAM_MODE": "chatt"}, ("L200", "decision", "lots.toml")),
    "an address that is none": (
        ("run",),
        {"LOTS_TELEGRAM_TOKEN": "1:x", "LOTS_TELEGRAM_BASE_URL": "min server"},
        ("L200", "LOTS_TELEGRAM_BASE_URL", "'min server'", "http"),
    ),
    "a log level that is none": (
        ("run",),
        {"LOTS_TELEGRAM_TOKEN": "1:x", "LOTS_LOG_LEVEL": "loud"},
        ("L200", "LOTS_LOG_LEVEL", "'loud'", "DEBUG"),
    ),
    "a folder that cannot be": (("records", "--json"), {"LOTS_DATA_DIR": "/dev/null/lots"}, ("L200", "LOTS_DATA_DIR")),
    "a key that cannot be": (("records", "--json"), {"LOTS_KEY_FILE": "/dev/null/key"}, ("L200", "LOTS_KEY_FILE")),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_use_ends_with_2_and_says_how_to_put_it_right(
    lots_env: dict[str, str], tmp_path: Path, what: str
) -> None:
    words, env, fragments = WRONG[what]
    ended = command(*words, env=lots_env | env, cwd=tmp_path)
    refused(ended, 2, *fragments)
    assert ended.stdout == ""


WRONG_FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "not TOML": ("[telegram", ("lots.toml", "not TOML")),
    "a table that is none": ("telegram = 1", ("lots.toml", "[telegram]")),
    "a decision without a reference": (
        '[telegram]\nmode = "chatt"\ndecision = { reference = " ", date = 2026-11-01 }',
        ("decision",),
    ),
    "a decision with a date that is none": (
        '[telegram]\nmode = "chatt"\ndecision = { reference = "SN 2026/1", date = "i höstas" }',
        ("decision",),
    ),
    "an unknown number": ("[policy]\nfavourite = 7", ("[policy]", "favourite", "oldest_talk_days")),
    "numbers that contradict each other": ("[policy]\nsuggest_assessment_at = 9", ("suggest_assessment_at",)),
    "words where a number belongs": ('[policy]\noldest_talk_days = "tre"', ("oldest_talk_days", "a whole number")),
    "yes where a number belongs": ("[policy]\noldest_talk_days = true", ("oldest_talk_days", "a whole number")),
    "a group that there is not": ('[policy]\nassessed_groups = ["barn"]', ("assessed_groups", "youth, young_adult")),
    "a group that is no list": ('[policy]\nassessed_groups = "youth"', ("assessed_groups", "a list")),
}


@pytest.mark.parametrize("what", WRONG_FILES)
def test_a_wrong_lots_toml_ends_with_2_and_says_what(lots_env: dict[str, str], what: str) -> None:
    written, fragments = WRONG_FILES[what]
    folder = Path(lots_env["LOTS_DATA_DIR"])
    folder.mkdir()
    (folder / "lots.toml").write_text(written, encoding="utf-8")
    refused(command("records", "--json", env=lots_env), 2, "L200", *fragments)


def test_a_flag_goes_before_the_environment(lots_env: dict[str, str], tmp_path: Path) -> None:
    other = tmp_path / "annan"
    assert command("--data-dir", str(other), "--mode", "ovning", "records", "--json", env=lots_env).returncode == 0
    assert {path.name for path in other.iterdir()} == {"lots.key", "ovning.db"}
    refused(
        command("--mode", "chatt", "records", "--json", env=lots_env | {"LOTS_TELEGRAM_MODE": "ovning"}), 2, "chatt"
    )


# ── the key ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_key_is_made_for_the_owner_alone(lots_env: dict[str, str]) -> None:
    assert command("verify", env=lots_env).returncode == 0
    folder = Path(lots_env["LOTS_DATA_DIR"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name
    key = (folder / "lots.key").read_text(encoding="ascii")
    assert re.fullmatch(r"[0-9a-f]{64}\n", key)


def test_a_key_that_does_not_do_is_refused(lots_env: dict[str, str], tmp_path: Path) -> None:
    """One that others may read, one that is no key, one that is another's, and one that is gone."""
    assert command("verify", env=lots_env).returncode == 0
    key = Path(lots_env["LOTS_DATA_DIR"]) / "lots.key"
    right = key.read_text(encoding="ascii")
    key.chmod(0o640)
    refused(command("verify", env=lots_env), 2, "L200", "others may read", f"chmod 600 {key}")
    key.chmod(0o600)
    for wrong in ("ab" * 31, "å" * 64):
        key.write_text(wrong, encoding="utf-8")
        refused(command("verify", env=lots_env), 2, "L200", "64 hex digits")
    key.write_text("ab" * 32, encoding="ascii")
    refused(command("verify", env=lots_env), 2, "L300", "LOTS_KEY_FILE")
    key.unlink()
    refused(command("verify", env=lots_env), 2, "L200", "put the key back")
    assert not key.exists()
    elsewhere = tmp_path / "nyckel"
    elsewhere.write_text(right, encoding="ascii")
    elsewhere.chmod(0o600)
    assert command("verify", env=lots_env | {"LOTS_KEY_FILE": str(elsewhere)}).returncode == 0
    assert command("--key-file", str(elsewhere), "verify", env=lots_env).returncode == 0


# ── talking in the terminal ──────────────────────────────────────────────────────────────────────────────────


def test_a_talk_in_the_terminal_ends_when_nobody_is_there(lots_env: dict[str, str]) -> None:
    ended = command("play", "samtal", env=lots_env)
    assert ended.returncode == 0, ended.stderr
    assert BANNER in ended.stdout
    assert CASE in ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("Slut.")


def test_it_ends_also_where_there_is_no_standard_input(lots_env: dict[str, str]) -> None:
    """As a service manager starts things."""
    words = ("sh", "-c", 'exec "$@" <&-', "sh", *ENTRY, "play", "samtal")
    ended = subprocess.run(words, env=lots_env, capture_output=True, text=True, timeout=30, check=True)
    assert ended.stderr == ""
    assert ended.stdout.splitlines()[-1].startswith("Slut.")


def test_bytes_that_are_no_text_get_an_answer(lots_env: dict[str, str]) -> None:
    """Also where the locale knows nothing but ASCII."""
    ended = subprocess.run(
        [*ENTRY, "play", "samtal"],
        env=lots_env | {"LC_ALL": "C"},
        input=b"\xff\xfehej\n",
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert ended.stderr == b""
    assert "Det är ingen ärendekod." in ended.stdout.decode()


def test_a_talk_in_the_terminal_is_kept(lots_env: dict[str, str]) -> None:
    """Numbers, words and answers; typed in another mode it is practice all the same."""
    env = lots_env | {"LOTS_TELEGRAM_MODE": "chatt"}
    ended = command("play", "samtal", env=env, typed="Nytt ärende\n1\n1\n\nspara\nsluta\njag är inte med\n")
    assert ended.returncode == 0, ended.stderr
    assert "Samtal 1 av 3–5." in ended.stdout
    assert ended.stdout.count(BANNER) == 5
    lines = command("records", "--json", env=lots_env).stdout.splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["case_opened", "case_fact", "talk_held"]
    assert json.loads(lines[1])["payload"]["case"].startswith("Ö")


def test_a_talk_that_was_broken_off_is_found_again(lots_env: dict[str, str]) -> None:
    assert command("play", "samtal", env=lots_env, typed="Nytt ärende\n").returncode == 0
    again = command("play", "samtal", env=lots_env, typed="Fortsätt\nSIG unga vuxna\nJa\nSpara\n")
    assert "Fortsätta?" in again.stdout
    assert SAVED in again.stdout


def test_a_talk_can_be_written_down_as_a_transcript(lots_env: dict[str, str], tmp_path: Path) -> None:
    """It needs a clock, and its codes are drawn anew; then it holds."""
    path = tmp_path / "nytt.txt"
    typed = "Nytt ärende\nVarför frågar vi?\nSIG unga\nNej, personen kom inte\n1\n"
    assert command("play", "samtal", "--transcript", str(path), env=lots_env, typed=typed).returncode == 0
    path.write_text(f"klocka: 2026-11-23 14:05\nfrö: 7\n{path.read_text('utf-8')}", encoding="utf-8")
    assert [line.word for line in read(path.read_text("utf-8"))][:3] == ["klocka:", "frö:", "jag:"]
    assert command("replay", "--fill", str(path), env=lots_env).returncode == 0
    held = command("replay", str(path), env=lots_env)
    assert (held.returncode, held.stderr) == (0, "")
    assert "\njag: Nej, personen kom inte\n" in path.read_text("utf-8")
    assert "\njag: [Spara]\n" in path.read_text("utf-8")
    assert [json.loads(line)["kind"] for line in held.stdout.splitlines()] == ["case_opened", "case_fact", "talk_held"]


# ── transcripts ──────────────────────────────────────────────────────────────────────────────────────────────


def test_every_transcript_that_ships_holds(lots_env: dict[str, str]) -> None:
    paths = sorted(TRANSCRIPTS.glob("*.txt"))
    ended = command("replay", *map(str, paths), env=lots_env)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert paths
    assert ended.stdout.count('"kind": "talk_held"') >= len(paths)
    assert not Path(lots_env["LOTS_DATA_DIR"]).exists(), "a replay touches no store"


@pytest.mark.parametrize(
    ("was", "is_now"),
    [("Blev samtalet av?", "Blev det av?"), ("[Spara]", "[Behåll]"), ('"held": "yes", "occ', '"held": "missed", "occ')],
)
def test_a_transcript_that_does_not_hold_ends_with_1_and_shows_where(
    lots_env: dict[str, str], tmp_path: Path, was: str, is_now: str
) -> None:
    text = (TRANSCRIPTS / "forsta-samtalet.txt").read_text("utf-8")
    assert was in text
    path = tmp_path / "annat.txt"
    path.write_text(text.replace(was, is_now, 1), encoding="utf-8")
    ended = command("replay", str(path), env=lots_env)
    refused(ended, 1, f"{path}: does not hold", "--- transcript", "+++ played")
    marked = [line for line in ended.stderr.splitlines() if re.match(r"[-+](?!--|\+\+)", line)]
    assert any(line.startswith("-") and is_now in line for line in marked)
    assert any(line.startswith("+") and was in line for line in marked)


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        (b"hej", "line 1"),
        (b"", "line 1"),
        (b"jag: /samtal\nbott: hej\n", "line 2"),
        (b"\xff\xfe\x00", "garbage.txt"),
        (b"klocka: snart\n", "line 1"),
        (b"givet: talk_held {\n", "line 1"),
        (b"givet: talk_held []\n", "line 1"),
        (b"givet: talk_held 1\n", "line 1"),
        (b'givet: talk_held {"case": 1}\n', "line 1"),
        (b"jag: [Finns inte]\n", "line 1"),
    ],
)
def test_garbage_for_a_transcript_ends_with_1_and_says_which_line(
    lots_env: dict[str, str], tmp_path: Path, content: bytes, fragment: str
) -> None:
    path = tmp_path / "garbage.txt"
    path.write_bytes(content)
    refused(command("replay", str(path), env=lots_env), 1, "garbage.txt", fragment)


# ── records ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def with_records(lots_env: dict[str, str]) -> dict[str, str]:
    """An installation in whose practice store somebody has recorded two talks, one of them missed."""
    for answer in ("Ja", "Nej, personen kom inte"):
        typed = f"Nytt ärende\nVet inte\n{answer}\nSpara\n"
        assert SAVED in command("play", "samtal", env=lots_env, typed=typed).stdout
    return lots_env


@pytest.fixture
def tamper(with_records: dict[str, str]) -> Callable[[str], None]:
    """Changes what is in the store, as only somebody with the key can."""

    def change(sql: str) -> None:
        settings = load(with_records)
        store = Store(settings.database, read_key(settings.key_file, settings.database))
        with store.transaction():
            store._conn.execute(sql)
        store.close()

    return change


def schema_of(env: Mapping[str, str]) -> dict[str, Any]:
    ended = command("schema", env=env)
    assert ended.returncode == 0
    held: dict[str, Any] = json.loads(ended.stdout)
    return held


def test_the_records_are_as_the_schema_says(with_records: dict[str, str]) -> None:
    schema = schema_of(with_records)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=FORMATS)
    ended = command("records", "--json", env=with_records)
    assert (ended.returncode, ended.stderr) == (0, "")
    records = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [record["kind"] for record in records] == ["case_opened", "talk_held"] * 2
    for record in records:
        assert list(validator.iter_errors(record)) == []
    wrong = {**records[1], "recorded_at": "igår", "id": "1", "payload": {**records[1]["payload"], "name": "Kim"}}
    assert {error.json_path for error in validator.iter_errors(wrong)} == {"$.recorded_at", "$.id", "$.payload"}


def test_verify_counts_what_holds_and_names_what_does_not(
    with_records: dict[str, str], tamper: Callable[[str], None]
) -> None:
    ended = command("verify", env=with_records)
    said = "4 records, the chain holds\n4 rows in the access log, the chain holds\n"
    assert (ended.returncode, ended.stdout) == (0, said)
    for sql, fragment in (
        ("""UPDATE record SET payload = replace(payload, '"yes"', '"missed"') WHERE seq = 2""", "record 2"),
        ("""UPDATE record SET payload = replace(payload, '"missed"', '"yes"') WHERE seq = 2""", ""),
        ("UPDATE record SET author = 'p-någon' WHERE seq = 3", "record 3"),
        ("DELETE FROM record WHERE seq = 1", "record 2"),
        ("UPDATE record SET payload = '{' WHERE seq = 2", "record 2"),
        ("UPDATE record SET payload = '{}' WHERE seq = 2", "record 2"),
        ("UPDATE record SET kind = 'party_held' WHERE seq = 2", "record 2"),
    ):
        tamper(sql)
        ended = command("verify", env=with_records)
        if fragment:
            refused(ended, 1, "L303", fragment)
            assert ended.stdout == ""
        else:
            assert ended.returncode == 0, "put back as it was"


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_invitation_is_printed_with_code_link_and_qr_and_works_once(lots: Lots) -> None:
    lots.start()
    ended = lots.run("invite", "--role", "samordnare", "--district", "Farsta")
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    code = lines[0].rpartition(" ")[2]
    assert re.fullmatch(r"[a-z2-9]{24}", code)
    assert f"https://t.me/lots_test_bot?start={code}" in lines[1]
    drawn = [line for line in lines if set(line) & set("█▀▄")]
    assert len(drawn) > 15, "a QR code"
    assert "24 timmar" in ended.stdout
    assert lines[-1] == f"/start {code}"
    ((expires_at, district, hashed),) = lots.rows("SELECT expires_at, district, code_hash FROM invitation")
    assert abs(datetime.fromtimestamp(expires_at).astimezone() - lots.settings.now() - timedelta(hours=24)) < timedelta(
        minutes=1
    )
    assert district == "Farsta"
    assert code not in hashed, "stored hashed"
    anna = lots.api.user(7)
    assert "Registrera samtal" in says(anna, lines[-1], WELCOME).labels


@pytest.mark.parametrize("trouble", ["no token", "a wrong token", "no server"])
def test_an_invitation_is_made_also_without_telegram(lots: Lots, trouble: str) -> None:
    """The code is what counts; the link can wait."""
    if trouble == "no token":
        del lots.env["LOTS_TELEGRAM_TOKEN"]
    elif trouble == "a wrong token":
        lots.env["LOTS_TELEGRAM_TOKEN"] = "7000000001:wrong"
    else:
        lots.env["LOTS_TELEGRAM_BASE_URL"] = "http://127.0.0.1:9/bot"
    ended = lots.run("invite", "--role", "chef", "--district", "Farsta")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "https://" not in ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("Den inbjudna öppnar" if trouble == "no token" else "/start ")


# ── real cases in the chat ───────────────────────────────────────────────────────────────────────────────────


def test_real_cases_have_a_store_and_codes_of_their_own(lots: Lots) -> None:
    """Only with the decision named: nothing of practice is in it, nothing of it is in practice."""
    (lots.data_dir / "lots.toml").write_text(
        '[telegram]\nmode = "chatt"\ndecision = { reference = "SN 2026/117", date = 2026-11-01 }\n', encoding="utf-8"
    )
    lots.start()
    anna = lots.invited(lots.api.user(7))
    assert (lots.settings.mode, lots.settings.database.name) == ("chatt", "lots.db")
    chooses_pin(anna, "482915")
    says(anna, "/samtal", CASE)
    code = code_in(walks(anna, ("Nytt ärende", GROUP), ("SIG unga vuxna", HELD), ("Ja", READ_BACK), ("Spara", SAVED)))
    assert case_code.read(code, practice=False) == code
    says(anna, "/samtal", CASE)
    says(anna, "ök7-m4w", "Koder som börjar med Ö hör till övningen.")
    says(anna, code, HELD)
    presses(anna, "Nej, personen kom inte", READ_BACK)
    presses(anna, "Spara", "Samtalet räknas inte.")
    assert not [text for text in shown(lots.api, anna) if BANNER in text]
    talks = [one.record for one in lots.records("talk_held")]
    assert [(talk.case, talk.held) for talk in talks if isinstance(talk, TalkHeld)] == [(code, "yes"), (code, "missed")]
    assert not (lots.data_dir / "ovning.db").exists()
    assert lots.run("--mode", "ovning", "records", "--json").stdout == ""


# ── dialogs ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_lint_finds_nothing_wrong_with_what_ships(lots_env: dict[str, str]) -> None:
    ended = command("lint", env=lots_env)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_diagram_is_drawn_of_every_dialog_or_of_one(lots_env: dict[str, str]) -> None:
    every, one = command("diagram", env=lots_env), command("diagram", "samtal", env=lots_env)
    assert every.returncode == one.returncode == 0
    assert every.stdout.count("stateDiagram-v2") == len(DIALOGS)
    for state in DIALOGS[0].by_id:
        assert state in one.stdout


def test_what_does_not_fit_on_the_disk_is_told_with_a_code(lots_env: dict[str, str]) -> None:
    """`lots schema > FILE` on a full disk: no traceback, and not exit code 0 with half a schema."""
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([*ENTRY, "schema"], env=lots_env, stdout=full, stderr=subprocess.PIPE, check=False)
    assert ended.returncode == 2
    assert ended.stderr.decode().startswith("L304: ")
    assert len(ended.stderr.splitlines()) == 1
