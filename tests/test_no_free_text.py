"""No free text, on any channel (design 9): proved over every declaration, and by typing at every question.

What a person types becomes a value of a list, a day, a month, a number or a case code, or nothing. A marker that is
none of them is typed wherever something can be typed, and looked for in every row of the store.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.desk import Desk
from bot.incoming import Incoming, Said
from bot.phone import CHANNEL, Phone
from bot.transcripts import BadTranscript, Line, Player
from bot.turn import NO_ANSWER
from dialogs.answers import (
    MEANS_NOTHING,
    CaseCode,
    Choice,
    Day,
    Given,
    Kind,
    Month,
    Number,
    Option,
    Partly,
    Pick,
    Refused,
    Reply,
    Several,
    ThreeState,
    Value,
)
from dialogs.dates import long_date, read_date
from dialogs.lint import CLOSED_KINDS, is_closed
from dialogs.model import Question
from dialogs.records.base import open_fields
from dialogs.registry import DIALOGS, KINDS
from dialogs.scope import ALL, AT, Scope, Scopes
from dialogs.texts import say
from state.machine import Position
from state.people import Person
from state.schema import records_schema
from state.screen import Screen
from state.session import Session
from state.store import Store
from tests.office import Office
from tests.talk import NEW, OURS, OURS_TOO, a_world
from tests.test_silence import everything_in
from tests.test_telegram_transcripts import TRANSCRIPTS

MARKER = "Qvist Exempelsson"
"""Nobody's name. It has the form of a word of a list (`Coded`), and stands nowhere else."""

NOBODY = (MARKER, "Qvist, 17 år. Bor hos farmor", "qvist", "<b>Qvist</b>", "ÖK7 Qvist", "Qvist 2026-11-23", "1 Qvist")
"""Texts that are no answer."""

A_DAY = re.compile(r"\d{4}-\d\d-\d\d")
A_MONTH = re.compile(r"\d{4}-\d\d|unknown")
QUESTIONS = [(dialog, question) for dialog in DIALOGS for question in dialog.questions]


# ── the declarations ─────────────────────────────────────────────────────────────────────────────────────────


def test_every_question_is_answered_in_a_closed_kind(counted: Callable[[str], None]) -> None:
    assert [f"{d.id}: {q.id}" for d, q in QUESTIONS if not is_closed(q.kind)] == []
    counted(f"no free text: {len(QUESTIONS)} questions, all of them in one of {len(CLOSED_KINDS)} closed kinds")


def test_every_field_of_every_record_is_a_code_a_date_a_number_or_an_id(counted: Callable[[str], None]) -> None:
    assert {kind: list(open_fields(record)) for kind, record in KINDS.items()} == {kind: [] for kind in KINDS}
    counted(f"no free text: {len(KINDS)} kinds of record")


def leaves(schema: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of a schema that says what a string may be."""
    if isinstance(schema, dict):
        if schema.get("type") == "string" or "enum" in schema or "const" in schema:
            yield where, schema
        for name, value in schema.items():
            yield from leaves(value, f"{where}/{name}")
    elif isinstance(schema, list):
        for place, value in enumerate(schema):
            yield from leaves(value, f"{where}/{place}")


OF_THE_ENVELOPE = {"case", "author", "district", "occurred_at", "recorded_at", "id"}
"""What Lots writes itself round a record; a case code and a district are from lists, the others are made."""


def test_every_string_of_the_schema_has_a_form_that_no_sentence_has(counted: Callable[[str], None]) -> None:
    found = list(leaves(records_schema()))
    loose = []
    for where, leaf in found:
        bounded = "enum" in leaf or "const" in leaf or leaf.get("format") == "date"
        shaped = (
            "pattern" in leaf and not re.search(leaf["pattern"], NOBODY[1]) and not re.search(leaf["pattern"], "a\nb")
        )
        if not bounded and not shaped and where.removeprefix("/properties/") not in OF_THE_ENVELOPE:
            loose.append(where)
    assert loose == []
    assert len(found) > 200
    counted(f"no free text: {len(found)} strings of the schema")


BY_LOTS = "made by Lots: an id, a time, a hash, a word of the code"
BY_OPERATOR = "from the configuration or a command line of the installation"
BY_CHANNEL = "who and which message, in the channel's own numbers"
BY_DIALOG = "answers and what follows from them, in closed kinds"
SEALED = "records that have been written already, sealed"
TYPED = "what was typed, until it is handled"
COLUMNS = {
    **dict.fromkeys(("_sqlite_migrations.migration_set", "_sqlite_migrations.name"), BY_LOTS),
    "_sqlite_migrations.applied_at": BY_LOTS,
    **dict.fromkeys(("person.id", "person.role", "person.language", "person.joined_at", "person.label"), BY_LOTS),
    **dict.fromkeys(("person.channel", "person.last_saved"), BY_LOTS),
    "person.district": BY_OPERATOR,
    "person.address": BY_CHANNEL,
    **dict.fromkeys(("invitation.code_hash", "invitation.role", "invitation.person", "invitation.opens"), BY_LOTS),
    "invitation.district": BY_OPERATOR,
    **dict.fromkeys(("session.id", "session.person", "session.dialog", "session.status", "session.opened_at"), BY_LOTS),
    **dict.fromkeys(("session.body", "session.case_code"), BY_DIALOG),
    **dict.fromkeys(("inbox.channel", "inbox.fault"), BY_LOTS),
    "inbox.address": BY_CHANNEL,
    "inbox.payload": TYPED,
    **dict.fromkeys(("outbox.channel", "outbox.fault"), BY_LOTS),
    "outbox.address": BY_CHANNEL,
    "outbox.payload": BY_DIALOG,
    **{f"record.{name}": BY_LOTS for name in ("id", "kind", "case_code", "author", "occurred_at", "recorded_at")},
    **{f"record.{name}": BY_LOTS for name in ("salt", "digest", "previous", "hash")},
    "record.district": BY_OPERATOR,
    "record.payload": BY_DIALOG,
    "note_shown.person": BY_LOTS,
    "chat_message.person": BY_LOTS,
    "chat_message.body": BY_DIALOG,
    **{f"sign_in.{name}": BY_LOTS for name in ("token_hash", "person", "kind", "state")},
    **dict.fromkeys(("pin.person", "pin.hash", "bell.person", "used_once.hash"), BY_LOTS),
    "bell.address": BY_CHANNEL,
    **dict.fromkeys(("installation.id", "installation.secret"), BY_LOTS),
    **{f"bundle.{name}": BY_LOTS for name in ("head", "made_at", "secret", "written_at", "received_at")},
    "bundle.content": SEALED,
    "purge.decision": BY_OPERATOR,
    "purge.at": BY_LOTS,
    "purged_case.mark": BY_LOTS,
    **dict.fromkeys(("printed.at", "printed.command"), BY_LOTS),
    **dict.fromkeys(("printed.reason", "printed.account"), BY_OPERATOR),
    **{f"access.{name}": BY_LOTS for name in ("at", "person", "role", "channel", "what", "page", "mark")},
    **dict.fromkeys(("access.previous", "access.hash", "access_cut.hash", "access_cut.at"), BY_LOTS),
    "access.district": BY_OPERATOR,
    **{f"reminded.{name}": BY_LOTS for name in ("person", "record", "kind")},
    "trace.channel": BY_LOTS,
    "trace.address": BY_CHANNEL,
}
"""Every column of text there is, and where what stands in it comes from; only one takes what was typed."""


def test_of_every_column_of_text_it_is_known_where_it_comes_from(counted: Callable[[str], None]) -> None:
    store = Store(None, bytes(32))
    tables = [
        name for (name,) in store._rows("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%('||'%'")
    ]
    columns = [
        f"{table}.{column[1]}"
        for table in tables
        for column in store._rows(f"PRAGMA table_info({table})")
        if column[2] not in ("INTEGER", "REAL") and not table.startswith("sqlite_")
    ]
    store.close()
    assert sorted(columns) == sorted(COLUMNS)
    assert [column for column, source in COLUMNS.items() if source == TYPED] == ["inbox.payload"]
    counted(f"no free text: {len(columns)} columns of text, of which one takes what is typed until it is handled")


# ── the kinds ────────────────────────────────────────────────────────────────────────────────────────────────

FEW = (Option("yes", "Ja"), Option("no", "Nej"), Option("other", "Annat: skrivs i verksamhetssystemet"))
ONE_OF_EACH: dict[type[Kind], Kind] = {
    Choice: Choice(choices=FEW),
    Pick: Pick(offers=lambda answers, world: FEW),
    Month: Month(),
    Several: Several(choices=FEW),
    ThreeState: ThreeState(lines=FEW, states=(Option("a", "Av"), Option("b", "På"), Option("c", "Vet inte"))),
    Day: Day(),
    Number: Number(low=0, high=9999),
    CaseCode: CaseCode(),
    Scopes: Scopes(parties=lambda answers, world: ("police", "school"), starts=lambda answers, world: {}),
}


def closed(kind: Kind, value: Value) -> bool:
    """Whether a value is one of those that its kind has."""
    match kind:
        case Choice() | Pick():
            return value in [option.value for option in FEW]
        case Several():
            return isinstance(value, list) and {*value} <= {option.value for option in FEW}
        case ThreeState():
            return (
                isinstance(value, dict)
                and {*value} <= {option.value for option in FEW}
                and {*value.values()} <= {*"abc"}
            )
        case Scopes():
            return isinstance(value, dict) and all(
                said in {ALL, "police", "school"}
                if name == AT
                else name in {"police", "school"} and Scope.read(said).written() == said
                for name, said in value.items()
            )
        case Month():
            return isinstance(value, str) and A_MONTH.fullmatch(value) is not None
        case Day():
            return isinstance(value, str) and A_DAY.fullmatch(value) is not None
        case Number():
            return isinstance(value, int) and 0 <= value <= 9999
        case _:
            return value in (OURS, OURS_TOO, NEW)


def value_of(reply: Reply) -> Value | None:
    return reply.value if isinstance(reply, Given | Partly) else None


def test_one_of_each_closed_kind_is_tried() -> None:
    assert ONE_OF_EACH.keys() == CLOSED_KINDS


@pytest.mark.parametrize("kind", ONE_OF_EACH.values(), ids=lambda kind: type(kind).__name__)
@settings(max_examples=60)
@given(
    text=st.one_of(
        st.text(max_size=64),
        st.sampled_from(
            [*NOBODY, "ja", "ann", "klar", "idag", "3 mars", "mars 2028", "12", OURS, OURS.lower(), "nytt ärende"]
        ),
    )
)
def test_whatever_is_typed_the_value_is_one_of_its_kind(kind: Kind, text: str) -> None:
    value = value_of(kind.read(text, None, a_world()))
    assert value is None or closed(kind, value), text


@pytest.mark.parametrize("kind", ONE_OF_EACH.values(), ids=lambda kind: type(kind).__name__)
def test_what_is_no_answer_is_refused_without_a_word_of_it(kind: Kind) -> None:
    said = {text: kind.read(text, None, a_world()) for text in (*NOBODY, NO_ANSWER)}
    assert {text for text, reply in said.items() if not isinstance(reply, Refused)} == set()
    assert {reply.fault for reply in said.values() if isinstance(reply, Refused)} <= MEANS_NOTHING
    assert "vist" not in str(said.values())
    assert len({str(reply) for reply in said.values()}) == 1, "and with the same words, whatever it was"


def test_a_birthday_fits_in_no_day_that_is_asked_for() -> None:
    """A day question without limits, or with wide ones, would keep a date of birth."""
    days = [
        f"{d.id}: {q.id}" for d, q in QUESTIONS if isinstance(q.kind, Day) and None in (q.kind.earliest, q.kind.latest)
    ]
    assert days == []


@pytest.mark.parametrize(
    ("typed", "shown", "why"),
    [
        ("20060121", False, "twenty years ago"),
        ("130121", False, "a child's, in six digits"),
        ("461231", False, "in six digits a day long ago is read as one to come"),
        ("2024-11-21", False, "more than a year before the limit"),
        ("2025-11-22", True, "the day before the limit: a slip, and shown so that it is seen"),
        ("2026-11-24", True, "tomorrow"),
        ("2027-11-25", False, "more than a year ahead"),
    ],
)
def test_a_day_that_is_years_away_is_not_shown_back(typed: str, shown: bool, why: str) -> None:
    first, world = date(2025, 11, 23), a_world()
    day = read_date(typed, world.today)
    assert isinstance(day, date)
    for last in (world.today, world.today - timedelta(days=1)):
        kind = Day(earliest=lambda answers, world: first, latest=lambda answers, world, last=last: last)  # type: ignore[misc]
        reply = kind.read(typed, None, world)
        assert isinstance(reply, Refused)
        assert (long_date(day) in say(reply.words, "sv")) == shown, why


# ── at the desk ──────────────────────────────────────────────────────────────────────────────────────────────


def take_in(office: Office, phone: Phone, *texts: str) -> str:
    """Let texts come in at once; everything in the store before they are handled."""
    office.desk.take_in(CHANNEL, [Said(office.number(), phone.address, office.number(), text) for text in texts])
    return everything_in(office.store)


def test_letters_where_a_code_is_expected_are_never_kept_and_the_person_is_told_what_to_write() -> None:
    office = Office()
    phone = office.joins()
    phone.says("/samtal")
    assert MARKER not in take_in(office, phone, MARKER)
    (screen,) = phone.receives()
    assert screen.text.startswith("Det är ingen ärendekod. En kod har sex tecken i två grupper om tre.")
    assert MARKER not in take_in(office, phone, f"/arende {MARKER}")
    assert "Det är ingen ärendekod." in phone.receives()[-1].text
    assert MARKER not in everything_in(office.store)


def test_words_off_the_dialogs_are_not_kept_unless_they_do_something() -> None:
    office = Office()
    phone = office.joins()
    phone.says("/hjalp")
    held = take_in(office, phone, MARKER)
    assert MARKER not in held
    assert f'"text":"{NO_ANSWER}"' in held.replace("\\", "")
    phone.receives()
    assert "nytt ärende" in [button.label.casefold() for button in phone.says("/samtal")[-1].buttons]
    assert "nytt ärende" in take_in(office, phone, "nytt ärende"), "the words of a button are an answer"
    assert "insatsgrupp" in phone.receives()[-1].text


def test_what_comes_in_a_row_is_kept_until_the_one_before_is_handled() -> None:
    """Where the second is typed the first has moved on: whether it is an answer cannot be known yet."""
    office = Office()
    phone = office.joins()
    phone.says("/samtal")
    assert MARKER in take_in(office, phone, "nytt ärende", MARKER)
    phone.receives()
    assert MARKER not in everything_in(office.store)


def test_a_session_that_cannot_be_read_stops_no_text() -> None:
    office = Office()
    phone = office.joins()
    phone.says("/samtal")
    with office.store.transaction():
        office.store._conn.execute("UPDATE session SET body = ?", (json.dumps({"answers": {"case": "x"}}),))
    take_in(office, phone, MARKER)
    assert "Felkod" in phone.receives()[-1].text


# ── at every question ────────────────────────────────────────────────────────────────────────────────────────


class Typing(Phone):
    """A phone that looks into the store whenever something has come in, before it is handled, and afterwards."""

    def _send(self, update: Incoming) -> list[Screen]:
        if not isinstance(update, Said) or MARKER not in update.text:
            return super()._send(update)
        assert self.desk.take_in(CHANNEL, [update]) == []
        assert MARKER not in everything_in(self.desk.store), "not even for a moment"
        came = self.receives()
        assert MARKER not in everything_in(self.desk.store)
        assert came, "and there is an answer"
        assert [screen.text for screen in came if MARKER in screen.text] == [], "which does not say it back"
        return came


class TypingPlayer(Player):
    """Plays a transcript, and types the marker the first time it comes to a question or a command.

    :ivar typed_at: where it was typed.
    :ivar opened: which questions it was said to as they stand under Ändra; some are only ever asked there.
    """

    def __init__(self, typed_at: set[str], opened: set[tuple[str, str]]) -> None:
        super().__init__()
        self.typed_at = typed_at
        self.opened = opened

    def new_phone(self, desk: Desk, address: str) -> Phone:
        return Typing(desk, address, lambda: next(self._count))

    def _speak(self, line: Line) -> list[Screen]:
        phone = self._phone()
        who, store = self._people[self._who], self._the_store()
        session = store.active_session(who.id)
        command = line.rest.partition(" ")[0] if line.rest.startswith("/") else ""
        if session is not None:
            self._opens_each(session, who)
            place = f"{session.dialog}: {session.asking}"
            goes_on = False
            if not session.asking:
                at = self._walk(session, who).at
                place, goes_on = f"{session.dialog}: {at.id}", isinstance(at, Question)
        else:  # the menu comes, or a draft: only what is typed next does the same after it
            place, goes_on = command, bool(command) and not store.drafts(who.id)
        if goes_on and place not in self.typed_at:
            self.typed_at.add(place)
            phone.says(MARKER)
            if command:
                phone.says(f"{command} {MARKER}")
        return super()._speak(line)

    def _walk(self, session: Session, who: Person) -> Position:
        desk = self._the_desk()
        world = desk.world(who, self._clock, session.opened_at)
        return desk.engine.compiled[session.dialog].walk(session.answers, world)

    def _opens_each(self, session: Session, who: Person) -> None:
        desk = self._the_desk()
        world = desk.world(who, self._clock, session.opened_at)
        for question in self._walk(session, who).way:
            if (session.dialog, question) in self.opened:
                continue
            self.opened.add((session.dialog, question))
            opened = desk.engine.edit(session, question, world).session
            assert opened is not None
            assert not desk.engine.reads(opened, MARKER, world), question
            step = desk.engine.answer(opened, MARKER, world)
            assert step.session == opened, "nothing has changed"
            assert MARKER not in step.screen.text


@pytest.mark.process
def test_a_marker_that_is_typed_at_every_question_of_every_dialog_is_kept_nowhere(
    counted: Callable[[str], None],
) -> None:
    typed_at: set[str] = set()
    opened: set[tuple[str, str]] = set()
    for path in TRANSCRIPTS:
        with suppress(BadTranscript):  # what is pressed again may be another screen now; others get further
            TypingPlayer(typed_at, opened).play(path.read_text("utf-8"))
    assert {(dialog.id, question.id) for dialog, question in QUESTIONS} - opened == set()
    assert len(typed_at) > 100
    counted(
        f"no free text: a name was typed at {len(typed_at)} places, and said to {len(opened)} questions under Ändra"
    )
