"""The marker test: what people do and write is found neither in the log nor, readable, on the disk.

Three ways in. Every golden transcript is played over Telegram and on the web, over HTTP, on a store in a file, with the
log as `lots run` sets it up, at its most talkative. And `lots run` itself is talked to, made to fail, and killed, so
that its write-ahead log is left.
"""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from bot import logs
from bot.incoming import Said
from bot.phone import CHANNEL
from bot.transcripts import Played, Player, read
from dialogs.registry import DIALOGS
from state.machine import rows_of
from state.screen import NO_SESSION
from state.store import Store
from state.transfer.backups import make_backup
from tests.botapi import BotApi
from tests.office import KEY, Office
from tests.running import BANNER, CASE, DAY, READ_BACK, SAVED, Lots, code_in, names_a_new_case, presses, says, walks
from tests.telegram_phone import TelegramPlayer
from tests.test_guard import PUBLISHED, written
from tests.test_telegram_transcripts import EVERY
from tests.web_phone import WebPhone, WebPlayer, on_the_web

CODE = re.compile(r"\b[2-9A-ZÖ]{3}-[2-9A-Z]{3}\b")
LABEL = re.compile(r"\[([^\]]+)\]")
SHORTEST_ON_DISK = 6
"""Bytes: anything shorter turns up in an encrypted file by chance."""

STATES = {
    name
    for dialog in DIALOGS
    for row in rows_of(dialog)
    for name in (row.source, row.to, row.trigger, row.category, row.case)
    if name
}
"""Questions, outcomes, answers and the answers of rules: a state name tells an answer."""


def markers_of(transcript: str) -> set[str]:
    """Everything in a transcript that must stay between the person and the store."""
    found = set(CODE.findall(transcript)) | set(LABEL.findall(transcript))
    for line in read(transcript):
        if line.word == "jag:" and not line.rest.startswith(("[", "/")):
            found.add(line.rest)
        if line.word == "bot:":
            found |= {words for words in line.rest.splitlines() if not words.startswith("[")}
    return found


def found_in_log(log: str, markers: Iterable[str]) -> list[str]:
    """The markers that stand in a log as words, times left out; every line must be one of ours."""
    said = []
    for line in log.splitlines():
        held = json.loads(line)
        assert held.keys() <= {"at", "level", "what", *logs.CARRIED}, line
        said.append(json.dumps({name: held[name] for name in held if name != "at"}, ensure_ascii=False))
    return found_in("\n".join(said), markers)


def found_in(text: str, markers: Iterable[str]) -> list[str]:
    """The markers that stand in a text as words."""
    return [marker for marker in markers if marker in text and re.search(rf"(?<!\w){re.escape(marker)}(?!\w)", text)]


def found_on_disk(files: Iterable[bytes], markers: Iterable[str]) -> list[str]:
    """The markers that can be read in raw files.

    They are looked for where they could be: in runs of such bytes as they are made of, which are rare in what is
    encrypted.
    """
    wanted = [(marker, raw) for marker in markers if len(raw := marker.encode()) >= SHORTEST_ON_DISK]
    letters = b"".join(re.escape(bytes([letter])) for letter in {byte for _, raw in wanted for byte in raw})
    runs = [run for content in files for run in re.findall(b"[%b]{%d,}" % (letters, SHORTEST_ON_DISK), content)]
    return [marker for run in runs for marker, raw in wanted if raw in run]


def everything_in(store: Store) -> str:
    """Every row of every table, as somebody with the key reads it."""
    tables = store._rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    rows = [str(row) for (table,) in tables for row in store._rows(f"SELECT * FROM {table}")]
    assert rows
    return "\n".join(rows)


@pytest.mark.parametrize("around", ["", "a", "Spar", "\n", "\x00"])
def test_what_can_be_read_in_a_file_is_found_wherever_it_stands(around: str) -> None:
    """Without this, that nothing is found would prove nothing."""
    markers = {"Sparat", "ÖK7-M4W", "Ja, lämnas senare", "-[^]\\ så", "kort"}
    for marker in sorted(markers - {"kort"}):
        held = f"{around}{marker}{around}".encode()
        assert marker in found_on_disk([random.Random(1).randbytes(5000) + held + bytes(range(256))], markers)
        assert marker not in found_on_disk([held[1 + len(around.encode()) :]], {marker})
    assert found_on_disk([b"kort"], markers) == [], "too short to tell anything"


class Looking(Player):
    """Plays a transcript on a file, and looks at the disk before it closes it."""

    raw: dict[str, bytes]
    unread: list[tuple[int, int]]
    records: str

    def end(self) -> None:
        assert self._store is not None
        assert self._store.path is not None
        self.raw = {path.name: path.read_bytes() for path in self._store.path.parent.iterdir()}
        self.unread = [
            (self._store._rows(f"SELECT count(*) FROM {table}")[0][0], len(self._store._rows(kept)))
            for table, kept in (
                ("inbox", "SELECT 1 FROM inbox WHERE payload IS NOT NULL OR handled_at IS NULL"),
                ("outbox", "SELECT 1 FROM outbox WHERE payload IS NOT NULL OR sent_at IS NULL"),
            )
        ]
        self.records = "".join(str(envelope.as_json()) for envelope in self._store.records())
        super().end()


class SilentPlayer(Looking, TelegramPlayer):
    """Over Telegram."""


class SilentWebPlayer(Looking, WebPlayer):
    """On the web."""


@pytest.mark.parametrize("path", EVERY)
def test_nothing_of_a_transcript_is_in_the_log_or_readable_on_the_disk(
    path: Path, tmp_path: Path, talkative: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.MARK_WITHIN", 0.0)
    transcript = path.read_text(encoding="utf-8")
    with BotApi.serving() as api:
        player = SilentPlayer(api, tmp_path / "silent.db")
        played = player.play(transcript)
        assert played.differences == ""
        token = {api.token, api.token.partition(":")[2]}
    assert '"event": "Connected"' in talkative.getvalue()
    hold_to_silence(player, played, talkative.getvalue(), transcript, token | {"Förnamn1", "Efternamn1", "anv1"})


@pytest.mark.parametrize("path", EVERY)
def test_nothing_of_a_transcript_on_the_web_is_in_the_log_or_readable_on_the_disk(
    path: Path, tmp_path: Path, talkative: io.StringIO
) -> None:
    """Of a cookie no more than of an answer: whoever holds it is signed in."""
    transcript = on_the_web(path.read_text(encoding="utf-8"))
    player = SilentWebPlayer(tmp_path / "silent.db")
    played = player.play(transcript)
    assert played.differences == ""
    cookies = {value for phone in player._phones.values() if isinstance(phone, WebPhone) for value in phone.cookies}
    assert cookies
    hold_to_silence(player, played, talkative.getvalue(), transcript, cookies)


def hold_to_silence(player: Looking, played: Played, log: str, transcript: str, secret: set[str]) -> None:
    """Nothing of a transcript, and none of the secrets, is in the log or can be read in the files."""
    markers = markers_of(transcript)
    began = any(screen.session != NO_SESSION for screen in played.screens)
    assert '"event": "SessionStarted"' in log or not began
    assert found_in_log(log, markers | STATES | secret) == []

    assert {"silent.db", "silent.db-wal", "silent.db-shm"} <= player.raw.keys()
    assert not player.raw["silent.db"].startswith(b"SQLite format 3")
    assert found_on_disk(player.raw.values(), markers | STATES | secret) == []
    assert [left for _, left in player.unread] == [0, 0], "what has been handled and sent is erased"
    assert all(rows for rows, _ in player.unread)
    assert not player.records or any(marker in player.records for marker in markers), "the markers are real ones"


@pytest.mark.parametrize("practice", [True, False], ids=["practice", "real"])
def test_no_published_number_is_in_the_log_on_the_disk_or_in_a_backup(
    practice: bool, tmp_path: Path, talkative: io.StringIO
) -> None:
    """Typed over the desk in the usual ways, in two and three messages and with a slip; the open store is read too."""
    office = Office(path=tmp_path / "lots.db", practice=practice)
    phone = office.joins()
    phone.says("/samtal")
    markers = set()
    waiting = ""
    for number in PUBLISHED:
        ways = written(number)
        slip = f"{number[:-1]}{(int(number[-1]) + 1) % 10}"
        typed = [ways["twelve digits"], ways["the usual way"], ways["in pairs"], f"Storgatan 1, {number}", slip]
        markers |= {*typed, number[8:]}
        for parts in ([*typed, number[:8], number[8:]], [number[:4], number[4:8], number[8:]]):
            office.desk.take_in(CHANNEL, [Said(office.number(), phone.address, None, text) for text in parts])
            waiting += everything_in(office.store)
            phone.receives()
            office.passes(minutes=3)
    assert waiting.replace("\\", "").count('"kind":"split"') >= 2 * len(PUBLISHED)
    assert found_in(waiting, markers) == [], "not even for a moment"
    assert '"event": "SessionStarted"' in talkative.getvalue()
    made = make_backup(
        office.store,
        KEY,
        database=tmp_path / "lots.db",
        folder=tmp_path / "backups",
        ledger=None,
        now=office.now,
        keep_days=14,
    )
    held = everything_in(office.store)
    files = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    office.store.close()
    assert {"lots.db", "lots.db-wal", made.path.name} <= files.keys()
    assert found_in_log(talkative.getvalue(), markers) == []
    assert found_on_disk(files.values(), markers) == []
    assert found_in(held, markers) == [], "nor by somebody who has the key"
    with closing(Store(made.path, KEY)) as backup:
        assert found_in(everything_in(backup), markers) == []


@pytest.mark.process
def test_captions_and_names_of_files_are_read_by_nobody(lots: Lots) -> None:
    """Over the Bot API: a number in the words under a photo, and in the name of a document."""
    lots.start()
    anna = lots.invited(lots.api.user(7_777_777_002))
    says(anna, "/samtal", CASE)
    markers = set()
    for number in PUBLISHED:
        short = written(number)["the usual way"]
        lots.did(anna.sends("photo", caption=f"Brev om {short}"))
        lots.did(anna.sends("document", caption=number, file_name=f"beslut {number}.pdf"))
        lots.did(anna.sends("document", file_name=f"{short}.pdf"))
        markers |= {number, short, f"beslut {number}.pdf", f"Brev om {short}"}
    anna.settles()
    shown = "\n".join(str(params) for _method, params in lots.api.calls)
    assert "Här kan du bara trycka på knappar" in shown
    assert found_in(shown, markers) == []
    with lots.store() as store:
        held = everything_in(store)
        files = {path.name: path.read_bytes() for path in lots.data_dir.iterdir()}
    assert "ovning.db-wal" in files
    assert found_in(held, markers) == []
    assert found_on_disk(files.values(), markers) == []
    assert found_in_log(lots.log(), markers) == []


TYPED = {
    "200601212384",
    "0701740605",
    "K7M-4Q8",
    "Kim Exempelsson bor på Storgatan 1",
    "kim.exempelsson@exempel.se",
    "i förrgår",
}


def test_nothing_of_a_talk_with_the_program_is_in_its_log_or_readable_on_its_disk(lots: Lots) -> None:
    """Refused, answered, failed, flooded and killed: at every one of these somebody might have logged too much."""
    lots.start()
    anna = lots.invited(lots.api.user(7_777_777_001))
    says(anna, "/samtal", CASE)
    for text in TYPED:
        lots.did(anna.says(text))
    lots.did(anna.sends("photo", caption="Kim Exempelsson bor på Storgatan 1"))
    names_a_new_case(anna)
    presses(anna, "Ja", READ_BACK)
    walks(anna, ("Ändra", "Vad vill du ändra?"), ("Samtalsdag", DAY))
    says(anna, "i förrgår", READ_BACK)
    lots.api.fault("editMessageText", "status", 429, retry_after=1)
    lots.api.fault("getUpdates", "status", 502)
    code = code_in(presses(anna, "Spara", SAVED))
    presses(anna, "Visa journaltext", "Motivationssamtal, ärende")
    lots.api.fault("sendMessage", "status", 400, description="can't parse Kim Exempelsson")
    anna.says("/hjalp")
    lots.api.wait_until(lambda: "can't parse" in lots.api.refused[-1].description)
    lots.rests(anna)
    says(anna, "/samtal", CASE)
    lots.may_fail = True
    with lots.store() as store, store.transaction():
        store._conn.execute("UPDATE session SET body = ?", ('{"answers": {"case": "Kim Exempelsson"}}',))
    assert BANNER in presses(anna, code, "Felkod: L400.").text
    anna.settles()
    lots.kill()

    spoken = {"Blev samtalet av?", "Nytt ärende", "Spara", "Sparat i", "Samtalsdag", "Kim Exempelsson", "Exempelsson"}
    who = {"7777777001", "Förnamn7777777001", "Efternamn7777777001", "anv7777777001"}
    key = lots.settings.key_file.read_text(encoding="ascii").strip()
    markers = TYPED | STATES | spoken | who | {code, key, lots.api.token, lots.api.token.partition(":")[2]}
    lines = lots.log_lines()
    assert {"PersonJoined", "SessionCompleted", "Refused", "PollFailed", "UpdateFailed"} <= {
        str(line.get("event")) for line in lines
    }
    assert found_in_log(lots.log(), markers) == []
    failed = [line for line in lines if line.get("event") == "UpdateFailed"]
    assert {(line["code"], line["fault"]) for line in failed} == {("L400", "KeyError")}

    files = {path.name: path.read_bytes() for path in lots.data_dir.iterdir() if path != lots.settings.key_file}
    assert {"ovning.db", "ovning.db-wal", "ovning.db-shm"} <= files.keys()
    assert found_on_disk(files.values(), markers) == []
    kept = lots.rows("SELECT payload FROM inbox WHERE payload IS NOT NULL")
    kept += lots.rows("SELECT payload FROM outbox WHERE payload IS NOT NULL AND sent_at IS NOT NULL")
    assert kept == []
    assert SAVED not in str(lots.rows("SELECT * FROM person"))
