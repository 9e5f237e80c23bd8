"""The player of transcripts: without this, a transcript that holds proves nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.transcripts import SENDS, BadTranscript, Played, Player, read
from dialogs.policy import Policy
from state.records import verify

SAID = 'givet: case_fact {"case": "ÖK7-M4W", "fact": "group", "value": "young_adult"}'
GIVEN = 'givet: talk_held {"case": "ÖK7-M4W", "held": "yes", "occurred_on": "2026-11-02"}'
ACTIONS_ONLY = f"""\
# Ett helt samtal

klocka: 2026-11-23 14:05
frö: 7
{SAID}
{GIVEN}
jag: /samtal
# Rätt ärende står först
jag: [ÖK7-M4W]
omstart:
jag: [Ja]
jag: [Spara]
jag trycker igen: [Spara]
som: chef Farsta
jag: /hjalp
jag skickar: foto
# Slut
"""


def played(text: str) -> Played:
    return Player().play(text)


WHOLE = played(ACTIONS_ONLY).text
"""The same with what the bot says."""


def holds(text: str) -> bool:
    """Whether a transcript holds; one that cannot be played does not."""
    try:
        return not played(text).differences
    except BadTranscript:
        return False


# ── a transcript that holds ──────────────────────────────────────────────────────────────────────────────────


def test_a_transcript_holds_when_every_screen_and_record_is_as_it_says() -> None:
    result = played(WHOLE)
    assert result.differences == ""
    assert result.text == WHOLE
    assert [envelope.kind for envelope in result.envelopes] == ["case_fact", "talk_held", "talk_held"]
    assert verify(result.envelopes) == 3
    assert WHOLE.count("post: talk_held") == 1, "what was given is not told as news"
    assert WHOLE.count("bot:") == len(result.screens)
    assert {row.to for dialog, row in result.rows if dialog == "samtal"} >= {"held", "mode", "talk_counted"}


def test_the_same_transcript_gives_the_same_ids_and_hashes() -> None:
    assert played(WHOLE).envelopes == played(WHOLE).envelopes
    other = played(WHOLE.replace("frö: 7", "frö: 8"))
    assert other.differences == ""
    assert other.envelopes != played(WHOLE).envelopes


def test_comments_and_blank_lines_change_nothing() -> None:
    assert holds("\n# före\n" + WHOLE.replace("jag: [Ja]\n", "# nu\n\njag: [Ja]\n# och sedan\n"))


def test_the_policy_is_the_deployments() -> None:
    text = f"{SAID}\n{GIVEN}\njag: /samtal\njag: [ÖK7-M4W]\njag: [Ja]\n"
    usual = Player().play(text).screens[-1]
    early = Player(Policy(suggest_assessment_at=2)).play(text).screens[-1]
    assert usual.typed == "nothing"
    assert early.typed == "choice"


def test_time_moves_only_where_the_transcript_says() -> None:
    result = played(
        f"klocka: 2026-11-23 23:55\n{SAID}\n{GIVEN}\njag: /samtal\njag: [ÖK7-M4W]\n"
        "klocka: 2026-11-24 00:10\njag: [Ja]\njag: [Spara]\n"
    )
    assert result.envelopes[-1].recorded_at == "2026-11-23T23:10:00.000+00:00"
    assert result.envelopes[-1].occurred_at == "2026-11-23", "the day it was begun"


def test_a_restart_forgets_all_that_is_not_in_the_store() -> None:
    text = "jag: /samtal\nomstart:\njag: [Nytt ärende]\njag: [SIG unga]\njag: [Ja]\njag: [Spara]\n"
    assert [envelope.kind for envelope in played(text).envelopes] == ["case_opened", "case_fact", "talk_held"]
    assert played(f"omstart:\n{text}").screens == played(text).screens, "also before anything has been said"


@pytest.mark.parametrize("what", SENDS)
def test_everything_that_can_be_sent_can_be_sent(what: str) -> None:
    assert len(played(f"jag skickar: {what}\n").screens) == 1


# ── what does not hold is found ──────────────────────────────────────────────────────────────────────────────


def answers_of(text: str) -> list[int]:
    """The numbers of the lines that say what the bot does."""
    return [
        number for number, line in enumerate(text.splitlines()) if line.startswith(("bot:", "     ", "post:", "inga"))
    ]


def mutations() -> Iterator[tuple[str, str]]:
    """The transcript with one thing wrong, and what that is."""
    lines = WHOLE.splitlines()
    for number in answers_of(WHOLE):
        line, before, after = lines[number], lines[:number], lines[number + 1 :]
        yield f"line {number} is missing", "\n".join([*before, *after])
        yield f"line {number} has a sign more", "\n".join([*before, f"{line}x", *after])
        yield f"line {number} lacks its last sign", "\n".join([*before, line[:-1], *after])
        yield f"line {number} stands twice", "\n".join([*before, line, line, *after])
        if "] [" in line:
            first, second = re.findall(r"\[[^]]*\]", line)[:2]
            swapped = line.replace(first, "\0").replace(second, first).replace("\0", second)
            yield f"line {number} has two buttons swapped", "\n".join([*before, swapped, *after])
            halves = line.split("] [", 1)
            yield f"line {number} is two rows", "\n".join([*before, f"{halves[0]}]", f"     [{halves[1]}", *after])
        if line.startswith("     [") and lines[number - 1].startswith("     ["):
            yield (
                f"line {number} is in the row above",
                "\n".join([*before[:-1], f"{before[-1]} {line.strip()}", *after]),
            )
        if line.startswith("post:"):
            yield "another record is told", "\n".join([*before, line.replace("meeting", "video"), *after])
            yield "no record is told", "\n".join([*before, "inga poster:", *after])
            yield (
                "a record is told as another kind",
                "\n".join([*before, line.replace("talk_held", "case_fact"), *after]),
            )
    for number, line in enumerate(lines):
        if line.startswith("jag"):
            rest = "\n".join(lines[number + 1 :])
            said = "\n".join([*lines[: number + 1]])
            yield f"a record too many after line {number}", f'{said}\npost: case_opened {{"case": "ÖK7-M4W"}}\n{rest}'
            yield f"a screen too many after line {number}", f"{said}\nbot: Hej\n{rest}"
    last = max(number for number, line in enumerate(lines) if line.startswith("bot:"))
    yield "the last screen is missing", "\n".join(lines[:last])


MUTATIONS = dict(mutations())


def test_there_are_many_ways_of_being_wrong() -> None:
    assert len(MUTATIONS) > 150
    assert len([line for line in WHOLE.splitlines() if line.startswith("bot:")]) == 7
    assert all(text.rstrip("\n") != WHOLE.rstrip("\n") for text in MUTATIONS.values())


@pytest.mark.parametrize("wrong", MUTATIONS)
def test_whatever_is_wrong_in_a_transcript_is_found(wrong: str) -> None:
    assert not holds(MUTATIONS[wrong])


def test_a_difference_is_shown_line_by_line_from_what_was_written_to_what_was_played() -> None:
    differences = played(WHOLE.replace("Möte", "Video")).differences.splitlines()
    assert differences[:2] == ["--- transcript", "+++ played"]
    assert [line[0] + line.split(":")[-1] for line in differences[3:] if line[0] in "+-"] == ["- Video", "+ Möte"]


def test_nothing_saved_is_told_only_where_it_is_asked() -> None:
    text = f"{SAID}\n{GIVEN}\njag: /samtal\njag: [Avbryt]\njag: [Ja, avbryt]\n"
    filled = played(text).text
    assert holds(filled)
    assert holds(f"{filled}inga poster:\n")
    assert not holds(WHOLE.replace("post: talk_held", "inga poster:\npost: talk_held"))


# ── what cannot be played ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "line", "named", "why"),
    [
        ("", 1, "empty", "nothing at all"),
        ("# bara en kommentar\n", 1, "empty", "nothing but a comment"),
        ("hej: du\n", 1, "'hej: du'", "a word there is not"),
        ("jag: hej\n     [Ja]\n", 2, "begins with none", "buttons of no screen"),
        ("bot: hej\n", 1, "nothing has been done", "an answer to nothing"),
        ("\n# före\npost: case_opened {}\n", 3, "nothing has been done", "lines are counted as in the file"),
        ("jag: hej\n\njag: [Finns inte]\n", 3, "no button [Finns inte]", "a button there is not"),
        ("jag trycker igen: [Ja]\n", 1, "no earlier screen", "a button there never was"),
        ("jag: hej\njag trycker igen: Ja\n", 2, "name the button", "a second press of no button"),
        ("jag skickar: brev\n", 1, "'brev'", "what cannot be sent"),
        ("klocka: imorgon\n", 1, "2026-11-23 14:05", "a time of another form"),
        ("klocka: 2026-11-31 14:05\n", 1, "klocka", "a day there is not"),
        ("frö: sju\n", 1, "whole number", "a seed of another form"),
        ("jag: hej\nfrö: 7\n", 2, "before anything is said", "a seed too late"),
        ("som: borgmästare Farsta\n", 1, "samordnare", "a role there is not"),
        ("som: samordnare\n", 1, "district", "a role of no district"),
        ("givet: talk_hold {}\n", 1, "'talk_hold'", "a kind there is not"),
        ("givet: talk_held {\n", 1, "line 1", "no JSON"),
        ('givet: talk_held {"case": "K7M"}\n', 1, "talk_held.case", "no such record"),
        ("jag: hej\npost: talk_held {held: yes}\n", 2, "line 2", "no JSON in what is expected"),
    ],
)
def test_what_cannot_be_played_is_told_with_its_line(text: str, line: int, named: str, why: str) -> None:
    with pytest.raises(BadTranscript, match=rf"^line {line}: ") as fault:
        played(text)
    assert named in str(fault.value), why


def test_a_transcript_is_read_line_by_line_with_its_screens_whole() -> None:
    lines = read(
        "# först\njag: /samtal\nbot: Vilket ärende?\n     [A] [B]\n     [C]\n\ninga poster:\njag trycker igen: [A]\n"
    )
    assert [(line.number, line.word, line.rest) for line in lines] == [
        (2, "jag:", "/samtal"),
        (3, "bot:", "Vilket ärende?\n[A] [B]\n[C]"),
        (7, "inga poster:", ""),
        (8, "jag trycker igen:", "[A]"),
    ]


# ── filled in, and played from the command line ──────────────────────────────────────────────────────────────


def replayed(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["replay", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_filling_in_keeps_the_actions_and_the_comments_and_writes_what_the_bot_really_says(tmp_path: Path) -> None:
    path = tmp_path / "samtal.txt"
    path.write_text(ACTIONS_ONLY, encoding="utf-8")
    assert replayed(str(path))[0] == 1
    assert replayed("--fill", str(path))[0] == 0
    filled = path.read_text(encoding="utf-8")
    assert filled == WHOLE
    kept = [line for line in filled.splitlines() if not line.startswith(("bot:", "     ", "post:"))]
    assert kept == ACTIONS_ONLY.splitlines()
    assert replayed("--fill", str(path))[0] == 0
    assert path.read_text(encoding="utf-8") == WHOLE, "twice is as once"


def test_filling_in_keeps_comments_wherever_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "samtal.txt"
    path.write_text(
        "# ett\njag: /samtal\n# två\nbot: något gammalt\n# tre\njag: [Nytt ärende]\njag: [SIG unga]\njag: [Ja]\n"
        "jag: [Spara]\n"
        "bot: något gammalt\n# fyra\npost: case_opened {}\n# fem\n",
        encoding="utf-8",
    )
    assert replayed("--fill", str(path))[0] == 0
    filled = path.read_text(encoding="utf-8")
    assert re.findall("^# (.*)$", filled, re.MULTILINE) == ["ett", "två", "tre", "fyra", "fem"]
    assert "gammalt" not in filled
    assert replayed(str(path))[0] == 0


def test_replay_prints_the_records_and_the_difference_of_every_file(tmp_path: Path) -> None:
    good, bad, broken = (tmp_path / name for name in ("bra.txt", "olik.txt", "trasig.txt"))
    good.write_text(WHOLE, encoding="utf-8")
    bad.write_text(WHOLE.replace("Möte", "Video"), encoding="utf-8")
    broken.write_text("hej: du\n", encoding="utf-8")
    code, out, err = replayed(str(good))
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 3
    code, out, err = replayed(str(good), str(bad), str(broken))
    assert code == 1
    assert "olik.txt: does not hold" in err
    assert "trasig.txt: line 1" in err
    assert "bra.txt" not in err
