"""Golden transcripts: conversations in plain text that a social worker can read, played whole against the bot.

Each is played on a fresh in-memory store with its own clock; the session is saved and read back at every turn, and
``omstart:`` starts the program anew on the same store. Equality is whole: every screen with its buttons, every record.
Ids, times of recording and hashes are left out of ``post:`` and held to their rules instead; a record that another
one points at is named by its number, ``#3``, and whom a record lets in or takes out by who they are in the transcript:
``"person": "@ersattare Farsta"``.
"""

from __future__ import annotations

import difflib
import itertools
import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.desk import Desk
from bot.phone import CHANNEL, Phone
from dialogs.answers import Value
from dialogs.model import World
from dialogs.policy import Policy
from dialogs.records import AccessEnded, AccessGiven, BadRecord
from dialogs.registry import DIALOGS, KINDS
from state import ids, records
from state.machine import CompiledDialog, Position, Row
from state.people import LOTS, ROLES, Person, Role
from state.records import Envelope
from state.screen import Screen
from state.store import Leaving, Store

EMPTY = "(tom rad)"
"""How a transcript has an empty line of a screen."""

ZONE = ZoneInfo("Europe/Stockholm")
SENDS = {
    "foto": "photo",
    "röst": "voice",
    "dokument": "document",
    "klistermärke": "sticker",
    "kontakt": "contact",
    "plats": "location",
    "ändring": "edited",
}
_ANOTHER = re.compile(r" \d+$")
"""``ersattare Farsta 2`` is another one of the same role and district."""
DEFAULT_CLOCK = "2026-11-23 14:05"
DEFAULT_ROLE: Role = "samordnare"
DEFAULT_DISTRICT = "Farsta"
ACTIONS = ("klocka:", "frö:", "som:", "givet:", "jag:", "jag trycker igen:", "jag skickar:", "omstart:")
ANSWERS = ("bot:", "post:", "inga poster:")
END = 0
"""In place of a line's number: the comments after the last line."""


class BadTranscript(ValueError):
    """A transcript cannot be played: says on which line and why."""


@dataclass(frozen=True)
class Line:
    """One line that does or expects something.

    :ivar number: in the file, from 1.
    :ivar word: what stands before the colon, colon included.
    :ivar rest: what stands after it; for ``bot:`` all lines of the screen.
    """

    number: int
    word: str
    rest: str


@dataclass
class Played:
    """A transcript that was played.

    :ivar differences: what does not hold, readable; empty where all of it does.
    :ivar envelopes: the records at the end.
    :ivar rows: the routes that were walked, as (dialog, row).
    :ivar screens: every screen that was shown, in order.
    :ivar text: the transcript as it was played: the same actions with what the bot really said.
    """

    differences: str = ""
    envelopes: list[Envelope] = field(default_factory=list)
    rows: set[tuple[str, Row]] = field(default_factory=set)
    screens: list[Screen] = field(default_factory=list)
    text: str = ""


def read(text: str) -> list[Line]:
    """Read a transcript.

    :param text: the file's text.
    :returns: its lines without comments; the rows of a ``bot:`` are one line.
    :raises BadTranscript: a line begins with no word that is known.
    """
    found: list[Line] = []
    for number, raw in enumerate(text.splitlines(), 1):
        if raw.startswith("#") or not raw.strip():
            continue
        if raw.startswith(" ") and found and found[-1].word == "bot:":
            found[-1] = Line(found[-1].number, "bot:", f"{found[-1].rest}\n{raw.strip()}")
            continue
        for word in sorted((*ACTIONS, *ANSWERS), key=len, reverse=True):
            if raw.startswith(word):
                found.append(Line(number, word, raw[len(word) :].strip()))
                break
        else:
            raise BadTranscript(f"line {number}: begins with none of {', '.join((*ACTIONS, *ANSWERS))}: {raw!r}")
    return found


def written(screen: Screen) -> str:
    """A screen as a transcript has it.

    :param screen: the screen.
    :returns: ``bot:`` with the words, and a line for each row of buttons.
    """
    rows = [" ".join(f"[{button.label}]" for button in row) for row in screen.rows]
    lines = [*(line or EMPTY for line in screen.text.splitlines()), *rows]
    return "\n".join(("bot: " if n == 0 else "     ") + line for n, line in enumerate(lines))


class _Watched(CompiledDialog):
    """A dialog that remembers which rows were walked."""

    rows: set[tuple[str, Row]]

    @classmethod
    def over(cls, compiled: CompiledDialog, rows: set[tuple[str, Row]]) -> _Watched:
        """Watch a dialog that is compiled already.

        :param compiled: the dialog.
        :param rows: where the rows that are walked are put.
        :returns: the same dialog, watched.
        """
        watched = cls.__new__(cls)
        watched.__dict__.update(compiled.__dict__)
        watched.rows = rows
        return watched

    def walk(self, given: Mapping[str, Value], world: World) -> Position:
        position = super().walk(given, world)
        self.rows.update((self.dialog.id, row) for row in position.rows)
        return position


class Player:
    """Plays one transcript.

    :param policy: the deployment's numbers; what ships where it is left out.
    :cvar channel: where its people speak. Another channel plays the same transcripts with phones of its own.
    """

    channel = CHANNEL

    def __init__(self, policy: Policy | None = None) -> None:
        self._policy = policy or Policy()
        self._clock = datetime.fromisoformat(DEFAULT_CLOCK).replace(tzinfo=ZONE)
        self._source: ids.Source = ids.Seeded(1)
        self._count = itertools.count(1)
        self._rows: set[tuple[str, Row]] = set()
        self._phones: dict[tuple[str, str], Phone] = {}
        self._people: dict[tuple[str, str], Person] = {}
        self._who: tuple[Role, str] = (DEFAULT_ROLE, DEFAULT_DISTRICT)
        self._store: Store | None = None
        self._desk: Desk | None = None

    def play(self, text: str) -> Played:
        """Play it to its end.

        :param text: the transcript.
        :returns: what happened, and where it differs from what the transcript says.
        :raises BadTranscript: a line cannot be played.
        """
        lines = read(text)
        played = Played()
        said: list[str] = []
        expected: list[str] = []
        comments = _comments(text)
        try:
            for action, answers in _turns(lines):
                spoken = [action] if action.word else []
                before = len(played.envelopes)
                screens = self._act(action) if action.word else []
                played.screens += screens
                played.envelopes = list(self._store.records()) if self._store is not None else []
                fresh = [] if action.word == "givet:" else played.envelopes[before:]
                came = [written(screen) for screen in screens]
                came += [self._posted(envelope, played.envelopes) for envelope in fresh]
                if any(answer.word == "inga poster:" for answer in answers) and not fresh:
                    came.append("inga poster:")
                for line in spoken:
                    head = [*comments.get(line.number, []), f"{line.word} {line.rest}".rstrip()]
                    head += [comment for answer in answers for comment in comments.get(answer.number, [])]
                    said += head
                    expected += head
                said += came
                expected += [_as_expected(answer) for answer in answers]
                self._hold_to_rules(fresh)
            said += comments[END]
            expected += comments[END]
            records.verify(self._the_store().records())
        finally:
            self.end()
        played.text = "\n".join(said) + "\n"
        played.rows = self._rows
        if said != expected:
            left, right = ("\n".join(part).splitlines() for part in (expected, said))
            played.differences = "\n".join(difflib.unified_diff(left, right, "transcript", "played", lineterm="", n=4))
        return played

    def new_store(self, source: ids.Source) -> Store:
        """A fresh store for the transcript.

        :param source: randomness for ids and salts.
        :returns: a store in memory.
        """
        return Store(None, bytes(32), source)

    def new_phone(self, desk: Desk, address: str) -> Phone:
        """A phone for one of the transcript's people.

        :param desk: where the updates go.
        :param address: the person's address.
        :returns: the phone.
        """
        phone = Phone(desk, address, lambda: next(self._count))
        phone.beside = self._hand_out
        return phone

    def _hand_out(self, leaving: Sequence[Leaving]) -> None:
        """Show the others what is for them; a transcript has what the one who speaks sees."""
        for phone in self._phones.values():
            phone.gets(leaving)

    def end(self) -> None:
        """Close what was opened for the transcript."""
        if self._store is not None:
            self._store.close()

    def _act(self, line: Line) -> list[Screen]:
        rest = line.rest
        match line.word:
            case "klocka:":
                return self._set_clock(line)
            case "frö:":
                self._seed(line)
            case "som:":
                self._speak_as(line)
            case "givet:":
                self._given(line)
            case "omstart:":
                self._start_anew()
            case "jag skickar:":
                if rest not in SENDS:
                    raise BadTranscript(f"line {line.number}: {rest!r} cannot be sent; known are {', '.join(SENDS)}")
                return self._phone().sends(SENDS[rest])
            case "jag:" | "jag trycker igen:":
                return self._speak(line)
        return []

    def _set_clock(self, line: Line) -> list[Screen]:
        """Time moves, and the program does what it does every few minutes."""
        self._clock = _clock(line)
        return self._sweep() if self._phones else []

    def _sweep(self) -> list[Screen]:
        leaving = self._the_desk().sweep(self.channel)
        return [screen for phone in self._phones.values() for screen in phone.gets(leaving)]

    def _speak(self, line: Line) -> list[Screen]:
        again = line.word == "jag trycker igen:"
        label = re.fullmatch(r"\[(.+)\]", line.rest)
        if label is None:
            if again:
                raise BadTranscript(f"line {line.number}: name the button: jag trycker igen: [label]")
            return self._phone().says(line.rest)
        try:
            return self._phone().presses_again(label[1]) if again else self._phone().presses(label[1])
        except LookupError as fault:
            raise BadTranscript(f"line {line.number}: {fault.args[0]}") from None

    def _seed(self, line: Line) -> None:
        if self._store is not None or not line.rest.isdecimal():
            raise BadTranscript(f"line {line.number}: frö: takes a whole number, before anything is said")
        self._source = ids.Seeded(int(line.rest))

    def _speak_as(self, line: Line) -> None:
        self._who = self._named(line, line.rest)

    @staticmethod
    def _named(line: Line, words: str) -> tuple[Role, str]:
        role, _, district = words.partition(" ")
        if role not in ROLES or not district:
            raise BadTranscript(f"line {line.number}: a person is a role ({', '.join(ROLES)}) and a district")
        return role, district

    def _given(self, line: Line) -> None:
        kind, _, payload = line.rest.partition(" ")
        if kind not in KINDS:
            raise BadTranscript(f"line {line.number}: no record is a {kind!r}; known are {', '.join(KINDS)}")
        try:
            held = _each(_object(payload), lambda value: self._id_of(value, line))
            record = KINDS[kind].from_payload(held)
        except (json.JSONDecodeError, BadRecord) as fault:
            raise BadTranscript(f"line {line.number}: {fault}") from None
        self._phone()  # the one who wrote it is there
        store = self._the_store()
        with store.transaction():
            author = self._people[self._who]
            if record.bookkeeping:  # Lots writes it itself, in the case's district
                author = replace(LOTS, district=author.district)
            store.append(record, author, self._clock)

    def _id_of(self, value: str, line: Line) -> str:
        """``#3`` stands for the id of the third record, ``@ROLE DISTRICT`` for a person, here and in ``post:``."""
        if value.startswith("@"):
            return self._joined(self._named(line, value.removeprefix("@"))).id
        if not re.fullmatch(r"#\d+", value):
            return value
        for envelope in self._the_store().records():
            if envelope.seq == int(value[1:]):
                return envelope.id
        raise BadTranscript(f"line {line.number}: there is no record {value} yet")

    def _posted(self, envelope: Envelope, all_of_them: Sequence[Envelope]) -> str:
        numbers = {other.id: f"#{other.seq}" for other in all_of_them}
        payload = _each(envelope.record.payload(), lambda value: numbers.get(value, value))
        if isinstance(envelope.record, AccessGiven | AccessEnded):
            names = {person.id: f"@{role} {district}" for (role, district), person in self._people.items()}
            payload["person"] = names[payload["person"]]
        return f"post: {envelope.kind} {json.dumps(payload, ensure_ascii=False)}"

    def _the_store(self) -> Store:
        if self._store is None:
            self._store = self.new_store(self._source)
        return self._store

    def _the_desk(self) -> Desk:
        if self._desk is None:
            self._desk = Desk(
                self._the_store(),
                DIALOGS,
                policy=self._policy,
                practice=True,
                now=lambda: self._clock,
                source=self._source,
            )
            compiled = self._desk.engine.compiled
            compiled |= {id_: _Watched.over(dialog, self._rows) for id_, dialog in compiled.items()}
        return self._desk

    def _start_anew(self) -> None:
        """The program dies and starts again: the store and the phones are all that is left."""
        self._desk = None
        desk = self._the_desk()
        for phone in self._phones.values():
            phone.desk = desk

    def _phone(self) -> Phone:
        self._joined(self._who)
        return self._phones[self._who]

    def _joined(self, who: tuple[Role, str]) -> Person:
        """A person of the transcript, who joins when they are first spoken of."""
        if who not in self._phones:
            address = str(len(self._phones) + 1)
            self._phones[who] = self.new_phone(self._the_desk(), address)
            role, district = who[0], _ANOTHER.sub("", who[1])
            with self._the_store().transaction():
                self._people[who] = self._the_store().add_person(
                    role=role, district=district, channel=self.channel, address=address, now=self._clock
                )
        return self._people[who]

    def _hold_to_rules(self, fresh: Sequence[Envelope]) -> None:
        """What ``post:`` leaves out is held to its rule."""
        for held in fresh:
            if uuid.UUID(held.id).version != 7 or datetime.fromisoformat(held.recorded_at) != self._clock.astimezone(
                UTC
            ):
                raise BadTranscript(f"record {held.seq}: its id is no UUIDv7, or its time is not the clock's")


def _turns(lines: Sequence[Line]) -> Iterator[tuple[Line, list[Line]]]:
    """Each action with what is expected after it; a transcript may not begin with an answer."""
    action: Line | None = None
    answers: list[Line] = []
    for line in lines:
        if line.word in ANSWERS:
            if action is None:
                raise BadTranscript(f"line {line.number}: nothing has been done yet that this could answer")
            answers.append(line)
            continue
        if action is not None:
            yield action, answers
        action, answers = line, []
    if action is None:
        raise BadTranscript("line 1: the transcript is empty")
    yield action, answers


def _as_expected(line: Line) -> str:
    if line.word == "bot:":
        return "\n".join(("bot: " if n == 0 else "     ") + part for n, part in enumerate(line.rest.splitlines()))
    if line.word == "post:":
        kind, _, payload = line.rest.partition(" ")
        try:
            return f"post: {kind} {json.dumps(json.loads(payload), ensure_ascii=False)}"
        except json.JSONDecodeError as fault:
            raise BadTranscript(f"line {line.number}: {fault}") from None
    return line.word


def _each(held: Any, change: Callable[[str], str]) -> Any:
    """Plain JSON with every word in it changed."""
    if isinstance(held, dict):
        return {name: _each(value, change) for name, value in held.items()}
    if isinstance(held, list):
        return [_each(value, change) for value in held]
    return change(held) if isinstance(held, str) else held


def _object(payload: str) -> dict[str, Any]:
    held = json.loads(payload)
    if not isinstance(held, dict):
        raise BadRecord(f"{payload!r} is no JSON object")
    return held


def _clock(line: Line) -> datetime:
    try:
        return datetime.strptime(line.rest, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)
    except ValueError:
        raise BadTranscript(f"line {line.number}: klocka: takes a time like 2026-11-23 14:05") from None


def _comments(text: str) -> dict[int, list[str]]:
    """The comments and blank lines right above each line and at the end, so that a rewritten transcript keeps them."""
    above: dict[int, list[str]] = {}
    held: list[str] = []
    for number, raw in enumerate(text.splitlines(), 1):
        if raw.startswith("#") or not raw.strip():
            held.append(raw)
        elif not raw.startswith(" "):
            above[number], held = held, []
    return above | {END: held}


def play_file(path: Path, policy: Policy | None = None) -> Played:
    """Play a transcript from a file.

    :param path: the file, UTF-8.
    :param policy: the deployment's numbers.
    :returns: what happened.
    :raises BadTranscript: it cannot be played.
    """
    return Player(policy).play(path.read_text(encoding="utf-8"))
