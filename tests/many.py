"""An installation for real cases with many records in it, as a year of work would leave them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from dialogs import case_code
from dialogs.records import CaseClosed, CaseFact, CaseOpened, ConsentAsked, ConsentWithdrawn, Record, TalkHeld
from state.ids import Seeded
from state.people import Person
from state.store import Store

STARTED = datetime(2026, 1, 12, 9, 0, tzinfo=ZoneInfo("Europe/Stockholm"))
"""When the first record is written."""

FACTS = (
    ("group", "young_adult"),
    ("age_group", "21_29"),
    ("district", "Farsta"),
    ("police_area", "Farsta"),
)
LINES = [
    {"party": "police", "answer": "given", "kinds": ["planning", "crime"], "direction": "both"},
    {"party": "school", "answer": "refused"},
    {"party": "probation", "answer": "thinking"},
]


def a_case(code: str, on: date, *, talks: int = 10, closed: bool = False) -> Iterator[Record]:
    """A case from its beginning: facts, talks, a consent, a withdrawal now and then.

    Args:
        code: its code.
        on: the day it begins.
        talks: how many talks there are.
        closed: whether it is closed in the end.
    """
    yield CaseOpened(case=code)
    for fact, value in FACTS:
        yield CaseFact.from_payload({"case": code, "fact": fact, "value": value})
    for number in range(talks):
        yield TalkHeld.from_payload(
            {
                "case": code,
                "held": "yes" if number % 4 else "missed",
                "occurred_on": (on + timedelta(days=number)).isoformat(),
                **({"mode": "meeting", "held_by": "self"} if number % 4 else {}),
            }
        )
        if number % 5 == 1:
            yield ConsentAsked.from_payload(
                {
                    "case": code,
                    "asked_on": on.isoformat(),
                    "valid_until": (on + timedelta(days=180)).isoformat(),
                    "age_group": "21_29",
                    "givers": [
                        {"giver": "subject", "lines": LINES, "how": "meeting", "explained": ["voluntary", "what"]}
                    ],
                }
            )
        if number % 10 == 7:
            yield ConsentWithdrawn.from_payload(
                {
                    "case": code,
                    "withdrawn_on": on.isoformat(),
                    "giver": "subject",
                    "parties": ["police"],
                    "how": "telephone",
                }
            )
    if closed:
        yield CaseClosed(case=code, reason="discharged")


def codes(seed: int = 1) -> Iterator[str]:
    """Codes of real cases, each once."""
    source, seen = Seeded(seed), set[str]()
    while True:
        code = case_code.draw(False, source.pick)
        if code not in seen:
            seen.add(code)
            yield code


def somebody(store: Store) -> Person:
    """Somebody who writes records; inside a transaction."""
    return store.add_person(role="samordnare", district="Farsta", channel="web", address=None, now=STARTED)


def fill(path: Path, key: bytes, records: int, *, at_a_time: int = 5000) -> None:
    """Fills a store with about so many records, in durable steps.

    Args:
        path: the database file.
        key: its key.
        records: how many.
        at_a_time: how many there are in a transaction.
    """
    store, written = Store(path, key), 0
    with store.transaction():
        author = somebody(store)
    every = (record for code in codes() for record in a_case(code, STARTED.date(), talks=30))
    while written < records:
        with store.transaction():
            for _ in range(min(at_a_time, records - written)):
                store.append(next(every), author, STARTED + timedelta(seconds=written))
                written += 1
    store.close()
