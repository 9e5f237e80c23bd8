"""/overforing: how far the records of one's cases have come on their way to the case system, and what is to be done.

No dialog and no record: like the case at a glance it is computed from the records, and is never stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dialogs.arende import NEVER_LEAVES, record_words
from dialogs.model import World
from dialogs.records import Entry, Received, Transferred
from dialogs.rules.transfers import DeclinedRecord, RecordState, states_of, what_was_declined
from dialogs.texts import Inside, Text, Words, as_text
from dialogs.texts import mark as _
from dialogs.transfer_words import WHY_DECLINED

SHOWN = 5
"""How many declined records have a line each, and how many drafts; the page is one message on a phone."""


@dataclass(frozen=True)
class Purged:
    """What has been purged of the whole store: which cases they were nobody knows any more.

    :ivar cases: how many.
    :ivar last_on: the day of the latest purge.
    """

    cases: int
    last_on: date


@dataclass(frozen=True)
class Page:
    """The page.

    :ivar lines: what it says, in the order it is read.
    :ivar declined_in: the cases with something that must be answered, latest first.
    :ivar others: the other cases, those with something that has not been received first.
    """

    lines: Sequence[Words]
    declined_in: Sequence[str]
    others: Sequence[str]


def page(drafts: Sequence[Words], purged: Purged | None, world: World) -> Page:
    """How far one's records have come; what is to be done comes first.

    :param drafts: what has been begun and not finished, the latest first.
    :param purged: what has been purged; ``None`` where nothing was.
    :param world: what is known; only the person's own latest cases are looked at.
    :returns: the page; it fits one message whatever the cases hold.
    """
    held = {case: world.entries(case) for case in world.cases}
    states = {case: states_of(entries) for case, entries in held.items()}
    declined = {case: found for case, entries in held.items() if (found := what_was_declined(entries))}
    waiting = [case for case in held if any(state != "received" for state in states[case].values())]
    others = sorted((case for case in held if case not in declined), key=lambda case: case not in waiting)
    lines: list[Words] = [_("Överföring till verksamhetssystemet")]
    if world.practice:
        lines.append(NEVER_LEAVES)
    lines += _to_do(declined, drafts)
    if held:
        lines.append(_of_how_many(len(held)))
    lines += _counts(Counter(state for case in states.values() for state in case.values()), len(drafts), purged)
    lines += _latest([entry for entries in held.values() for entry in entries])
    return Page(lines, tuple(declined), tuple(others))


def _to_do(declined: Mapping[str, Sequence[DeclinedRecord]], drafts: Sequence[Words]) -> list[Words]:
    if not declined and not drafts:
        return [_("Du behöver inte göra något nu.")]
    every: list[Words] = [
        Text(
            _("– {case}, inte mottaget: {what}. {why}"),
            case=case,
            what=Inside(record_words(one.about.record)),
            why=Text(WHY_DECLINED[one.said.reason]),
        )
        for case, found in declined.items()
        for one in found
    ]
    begun: list[Words] = [Text(_("– Du har {draft}."), draft=as_text(words)) for words in drafts]
    lines: list[Words] = [_("Det här är att göra:"), *every[:SHOWN], *begun[:SHOWN]]
    if (more := len(every[SHOWN:]) + len(begun[SHOWN:])) > 0:
        lines.append(Text(_("– och {number} till."), number=more))
    return lines


def _of_how_many(cases: int) -> Words:
    """What the numbers under it count: whoever has many cases must not take them for all."""
    if cases == 1:
        return _("Anteckningar i ditt senaste ärende:")
    return Text(_("Anteckningar i dina {number} senaste ärenden:"), number=cases)


def _counts(states: Mapping[RecordState, int], drafts: int, purged: Purged | None) -> list[Words]:
    """One line a state, in the order a record comes through them; what is not usual is shown only where it is so."""
    lines: list[Words] = []
    if drafts:
        lines.append(Text(_("Utkast: {number}"), number=drafts))
    lines.append(Text(_("Klara att överföras: {number}"), number=states.get("ready", 0)))
    lines.append(Text(_("Överförda, väntar på kvittens: {number}"), number=states.get("transferred", 0)))
    if number := states.get("declined", 0):
        lines.append(Text(_("Avvisade: {number}"), number=number))
    lines.append(Text(_("Kvitterade: {number}"), number=states.get("received", 0)))
    if purged is not None:
        said = _("Gallrade ärenden i hela Lots: {number}, senast den {day}")
        lines.append(Text(said, number=purged.cases, day=purged.last_on))
    return lines


def _latest(entries: Sequence[Entry]) -> list[Words]:
    """The latest bundle and the latest receipt that the cases tell of."""
    bundles = {e.record.bundle: e.said_on for e in entries if isinstance(e.record, Transferred)}
    receipts = {e.record.bundle: e.said_on for e in entries if isinstance(e.record, Received)}
    lines: list[Words] = []
    if bundles:
        last = max(bundles)
        lines.append(Text(_("Senaste paketet: nummer {number}, den {day}"), number=last, day=bundles[last]))
    if receipts:
        last = max(receipts)
        lines.append(Text(_("Senaste kvittensen: paket {number}, den {day}"), number=last, day=receipts[last]))
    return lines
