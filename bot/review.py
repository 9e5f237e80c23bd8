"""The check of the access log: what the store holds, made ready for a reviewer (lag (2001:454) 10 §)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import takewhile

from bot.looks import OVERVIEWS
from dialogs import loggkontroll
from dialogs.dates import month_words, months_on
from dialogs.loggkontroll import Look
from dialogs.model import Dialog
from dialogs.records import Entry
from dialogs.rules.cases import a_case_is_closed
from dialogs.texts import Text, Verbatim, Words, say
from dialogs.texts import mark as _
from state.errors import BrokenChain
from state.people import Person
from state.pieces import in_pages
from state.records import ZONE
from state.screen import Button, Screen, stack
from state.store import Access, Head, Store, hold

REVIEW = _("Se vem som har tittat i ärenden")
REVIEW_BUTTON = _("Loggkontroll")
REVIEW_COMMAND = "/loggkontroll"
LOG = "log:"
"""What the buttons of the list carry before the month and the page."""

_PLACE = re.compile(r"(20\d\d)-(0[1-9]|1[0-2]):(\d{1,3})")


def may_review(person: Person) -> bool:
    """Whether somebody's task it is to check the access log.

    :param person: who.
    :returns: whether they are a reviewer.
    """
    return person.role == "granskare"


def bounds(month: date) -> tuple[datetime, datetime]:
    """When a month begins and ends, in local time.

    :param month: any day of it.
    :returns: its first moment, and that of the next.
    """
    first = datetime(month.year, month.month, 1, tzinfo=ZONE)
    after = months_on(first.date(), 1)
    return first, first.replace(year=after.year, month=after.month)


def looks_of(store: Store, month: date, district: str | None = None) -> list[Look]:
    """The rows of a month, with what a reviewer needs to know beside them.

    :param store: the store.
    :param month: any day of the month.
    :param district: only those of its people, and of others who asked for its cases; ``None`` for all.
    :returns: oldest first.
    """
    since, until = bounds(month)
    rows = list(store.access(since=since, until=until))
    codes, labels = store.codes_by_mark(), store.labels()
    if district is not None:
        rows = [row for row in rows if row.district == district or _is_asked_of(store, row, codes, district)]
    known: dict[str, _Known] = {}
    found = []
    for row in rows:
        code = codes.get(row.mark)
        if row.mark not in known:
            known[row.mark] = _Known(() if code is None else store.entries(code))
        at = datetime.fromisoformat(row.at)
        found.append(
            Look(
                at=at.astimezone(ZONE),
                person=row.person,
                who=_named(labels.get(row.person, row.person), row, district),
                what=row.what,
                page=row.page,
                case=code,
                mark=row.mark,
                overview=row.page in OVERVIEWS,
                closed=known[row.mark].was_closed(at),
                wrote=row.person in known[row.mark].authors,
                hash=row.hash,
            )
        )
    # Of a case that has been purged only the log knows who has written in it.
    saved = {(one.person, one.mark) for one in found if one.what == "changed"}
    return [replace(one, wrote=one.wrote or (one.person, one.mark) in saved) for one in found]


def _named(label: str, row: Access, district: str | None) -> str:
    """Labels are counted in each district by itself."""
    return label if row.district == district else f"{label} ({row.district})"


def _is_asked_of(store: Store, row: Access, codes: Mapping[str, str], district: str) -> bool:
    return row.what == "denied" and row.mark in codes and store.district_of(codes[row.mark]) == district


class _Known:
    """What a case's records say of who has written in it, and when it was closed."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.authors = {entry.author for entry in entries}
        self._turns = [
            (datetime.fromisoformat(entry.recorded_at), a_case_is_closed(entries[: number + 1]))
            for number, entry in enumerate(entries)
            if entry.record.kind in ("case_closed", "case_reopened")
        ]

    def was_closed(self, at: datetime) -> bool:
        closed = [is_closed for since, is_closed in self._turns if since < at]
        return closed[-1] if closed else False


def the_month_holds(store: Store, month: date) -> bool:
    """Whether the chain holds from the first to the last row of a month.

    :param store: the store.
    :param month: any day of the month.
    :returns: ``True`` also where there is none.
    """
    since, until = bounds(month)
    numbers = [(row.id, row.previous) for row in store.access(since=since, until=until)]
    if not numbers:
        return True
    (first, previous), (last, _hash) = min(numbers), max(numbers)
    part: Iterator[Access] = takewhile(lambda row: row.id <= last, store.access(after=first - 1))
    try:
        hold(part, Head(id=first - 1, hash=previous))
    except BrokenChain:
        return False
    return True


def review_screen(store: Store, dialogs: Sequence[Dialog], person: Person, place: str, now: datetime) -> Screen:
    """A page of the check list of a reviewer's district; no case opens from it.

    :param store: the store.
    :param dialogs: every dialog there is.
    :param person: the reviewer.
    :param place: ``2026-11:0`` for the first page of November; anything else for the first of this month.
    :param now: the time.
    :returns: the screen.
    """
    lang, this_month = person.language, now.date().replace(day=1)
    found = _PLACE.fullmatch(place)
    month = this_month if found is None else min(date(int(found[1]), int(found[2]), 1), this_month)
    titles = {dialog.id: dialog.title for dialog in dialogs}
    head: list[Words] = [
        loggkontroll.title_of(month, lang),
        Text(_("Stadsdel: {district}."), district=Verbatim(person.district)),
        _("Kedjan håller. Ingen rad är ändrad eller borta.")
        if the_month_holds(store, month)
        else _("Kedjan håller inte. Säg till den som sköter Lots genast."),
        "",
    ]
    listed = loggkontroll.parts(looks_of(store, month, person.district), month, titles, lang)
    pages = in_pages([*(say(words, lang) for words in head), *loggkontroll.as_lines(listed, lang)])
    page = 0 if found is None else min(int(found[3]), len(pages) - 1)
    before, after = months_on(month, -1), months_on(month, 1)
    onward = []
    if page + 1 < len(pages):
        onward.append(Button(say(_("Fortsätt läsa"), lang), f"{LOG}{month:%Y-%m}:{page + 1}"))
    around = [Button(_month_named(before, lang), f"{LOG}{before:%Y-%m}:0")]
    if after <= this_month:
        around.append(Button(_month_named(after, lang), f"{LOG}{after:%Y-%m}:0"))
    return Screen(text="\n".join(pages[page]).strip(), rows=stack(onward, around))


def _month_named(month: date, language: str) -> str:
    words = month_words(month, language)
    return f"{words[:1].upper()}{words[1:]}"


def last_month(now: datetime) -> date:
    """The last month that is over.

    :param now: the time.
    :returns: its last day.
    """
    return now.date().replace(day=1) - timedelta(days=1)
