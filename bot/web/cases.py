"""The case pages: the person's cases, and one of them at a glance as sections and tables.

No address on the web holds a case code: a case page is found by a random handle that the program forgets when it ends.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from bot.desk import Desk
from bot.looks import TYPED
from bot.pages import dialogs_in, why_words
from bot.screening import LONG_TEXT
from dialogs import arende
from dialogs.answers import CaseCode, Given, Refused
from dialogs.arende import Section
from dialogs.table import Table
from dialogs.texts import Text, Words, say
from dialogs.texts import mark as _
from state.people import Person
from state.screen import Button

MOST_HANDLES = 10_000


class Handles:
    """Random names of cases for addresses."""

    def __init__(self) -> None:
        self._by_code: OrderedDict[str, str] = OrderedDict()
        self._by_handle: dict[str, str] = {}

    def of(self, code: str) -> str:
        """The handle of a case.

        :param code: its code.
        :returns: what stands in its page's address while the program runs.
        """
        handle = self._by_code.get(code)
        if handle is None:
            handle = self._by_code[code] = secrets.token_urlsafe(12)
            self._by_handle[handle] = code
            if len(self._by_code) > MOST_HANDLES:
                _oldest, gone = self._by_code.popitem(last=False)
                del self._by_handle[gone]
        return handle

    def code(self, handle: str) -> str | None:
        """The case of a handle.

        :param handle: from an address.
        :returns: its code, or ``None``. Whether the person may see it is the caller's to ask.
        """
        return self._by_handle.get(handle)


@dataclass(frozen=True)
class Listed:
    """A case in the list.

    :ivar code: its code.
    :ivar href: its page.
    :ivar next: what comes next in it.
    """

    code: str
    href: str
    next: str


@dataclass(frozen=True)
class Found:
    """A code that somebody typed, of a case they may see."""

    code: str


@dataclass(frozen=True)
class NotFound:
    """Why what was typed leads to no case."""

    words: Words


@dataclass(frozen=True)
class ShownSection:
    """A part of a case page, in the reader's language.

    :ivar why: the rules and the records behind it.
    :ivar mark: changes whenever the section does.
    """

    id: str
    title: str
    lines: Sequence[str]
    table: dict[str, object] | None
    why: Sequence[str]
    mark: str


@dataclass(frozen=True)
class ShownCase:
    """A case page, in the reader's language.

    :ivar code: its code.
    :ivar sections: in the order they are read.
    :ivar dialogs: what can be begun in it.
    :ivar texts: whether there are texts to be shown once more.
    """

    code: str
    sections: Sequence[ShownSection]
    dialogs: Sequence[Button]
    texts: bool


def listed(desk: Desk, person: Person, handles: Handles) -> list[Listed]:
    """A person's latest cases.

    :param desk: knows the cases.
    :param person: who.
    :param handles: gives the addresses.
    :returns: the latest first; none for a role that opens no cases.
    """
    world = desk.world(person, desk.now())
    return [
        Listed(code, f"/arende/{handles.of(code)}", say(arende.next_line(code, world).words, person.language))
        for code in (world.cases if person.may_open_cases else ())
    ]


def find(desk: Desk, person: Person, typed: str) -> Found | NotFound:
    """Read a case code that was typed on the page of cases.

    :param desk: knows the cases.
    :param person: who typed it.
    :param typed: the words.
    :returns: the case, or what is wrong.
    """
    if desk.refuses(person.channel, person.address, typed) not in (None, LONG_TEXT):  # a long one is no code
        return NotFound(_("Det sparas inte. Skriv aldrig namn, personnummer, telefonnummer eller adresser här."))
    asked(desk, person, typed, TYPED)
    if not person.may_open_cases:
        return NotFound(_("Med din roll kan du inte öppna ärenden."))
    world = desk.world(person, desk.now())
    match CaseCode(may_be_new=False, may_be_closed=True).read(typed.strip(), None, world):
        case Given(value=code):
            return Found(str(code))
        case Refused(words=words):
            return NotFound(words)
    raise AssertionError("a case code is given or refused")


def asked(desk: Desk, person: Person, said: str, page: str) -> None:
    """Keep that somebody asks for a case that they may not see, where they do.

    :param desk: knows the cases.
    :param person: who.
    :param said: a code, or what is none.
    :param page: where they ask.
    """
    with desk.store.transaction():
        desk.looks.asked(person, said, page, desk.now())


def shown(desk: Desk, person: Person, code: str) -> ShownCase:
    """A case page.

    :param desk: knows the case.
    :param person: who reads it; they may see the case.
    :param code: its code.
    :returns: the page in their language.
    """
    lang, now = person.language, desk.now()
    world = desk.world(person, now)
    drafts: list[Words] = [
        Text(_("Du har {draft}."), draft=desk.engine.draft_words(draft, world))
        for draft in desk.store.drafts(person.id, case=code)
    ]
    sections = []
    for section in arende.sections(code, drafts, world):
        heading = Text(_("Ärende {case}"), case=code)
        lines = [say(line.words, lang) for line in section.lines if line.words != heading]
        table = None if section.table is None else _table(section.table, lang)
        why = _why(section, person)
        mark = hashlib.sha256(f"{lines}{table}{why}".encode()).hexdigest()[:12]
        sections.append(ShownSection(section.id, say(section.title, lang), lines, table, why, mark))
    return ShownCase(code, sections, dialogs_in(code, desk.dialogs, world), desk.has_texts(person, code))


def _table(table: Table, language: str) -> dict[str, object]:
    """A table for a template: words in the reader's language, and what colours them."""
    return {
        "caption": say(table.caption, language),
        "columns": [say(words, language) for words in table.columns],
        "rows": [
            {
                "head": say(row.head, language),
                "cells": [{"words": say(cell.words, language), "status": cell.status} for cell in row.cells],
            }
            for row in table.rows
        ],
    }


def _why(section: Section, person: Person) -> list[str]:
    told: set[str] = set()
    behind = [(line.rules, line.records) for line in section.lines]
    behind += [(row.rules, row.records) for row in (section.table.rows if section.table is not None else ())]
    found = [words for rules, records in behind for words in why_words(rules, records, person, told)]
    return list(dict.fromkeys(say(words, person.language) for words in found))
