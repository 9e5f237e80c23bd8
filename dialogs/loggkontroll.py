"""The monthly check list of the access log (lag (2001:454) 10 §): what a reviewer looks at, and whom to ask.

It accuses nobody: it counts, and lists what somebody should be able to explain.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from dialogs.dates import clock_time, month_words
from dialogs.rules.workdays import is_a_working_day
from dialogs.texts import Inside, Text, Verbatim, Words, as_text, say
from dialogs.texts import mark as _

OFFICE_OPENS, OFFICE_CLOSES = time(6), time(20)
"""A look before or after these, or on a day that is no working day, is out of hours."""

SAMPLE = 10
"""How many looks are drawn for a reviewer to ask about."""

PAGES: Mapping[str, Words] = {
    "arende": _("ärendet i en blick"),
    "texter": _("listan över texter"),
    "journaltext": _("en journaltext"),
    "kopia": _("en kopia"),
    "overforing": _("överföringen"),
    "paminnelse": _("påminnelsen"),
    "lista": _("listan över ärenden"),
    "chatt": _("chatten"),
    "gallrat": _("att ärendet är gallrat"),
}
"""What the pages that are no dialogs are called."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """A row of the access log, with what a reviewer needs to know beside it.

    :ivar at: when, in local time.
    :ivar person: the id of who it was.
    :ivar who: their label, "samordnare 2", with their district where it is not the reviewer's.
    :ivar what: ``looked``, ``changed``, ``denied`` or ``log``.
    :ivar page: what they saw: a page's name, or a dialog's id.
    :ivar case: the code; ``None`` where the case has been purged, or it is about none.
    :ivar mark: how the case stands in the log.
    :ivar overview: whether the page showed several cases at once.
    :ivar closed: whether the case was closed then.
    :ivar wrote: whether they have ever saved anything in the case.
    :ivar hash: the row's own.
    """

    at: datetime
    person: str
    who: str
    what: str
    page: str
    case: str | None
    mark: str
    overview: bool
    closed: bool
    wrote: bool
    hash: str


@dataclass(frozen=True, kw_only=True)
class Printing:
    """A command that printed records or this log.

    :ivar at: when, in local time.
    :ivar command: which.
    :ivar why: why, in words.
    :ivar records: how many.
    :ivar account: the account of the machine that ran it.
    """

    at: datetime
    command: str
    why: str
    records: int
    account: str


@dataclass(frozen=True)
class Part:
    """A part of the list.

    :ivar title: its heading.
    :ivar lines: what it says, in the order it is read; at least one.
    :ivar ask: what the reviewer does with it; ``None`` where there is nothing to do.
    """

    title: Words
    lines: Sequence[Words]
    ask: Words | None = None


def is_out_of_hours(at: datetime) -> bool:
    """Whether offices are shut.

    :param at: local time.
    :returns: whether it is a weekend, a holiday, an eve, or before 6 or from 20 o'clock.
    """
    return not is_a_working_day(at.date()) or not OFFICE_OPENS <= at.time() < OFFICE_CLOSES


def title_of(month: date, language: str) -> Words:
    """The heading of the list.

    :param month: any day of the month.
    :param language: the reader's.
    :returns: "Loggkontroll för november 2026".
    """
    return Text(_("Loggkontroll för {month}"), month=Verbatim(month_words(month, language)))


def parts(looks: Sequence[Look], month: date, titles: Mapping[str, Words], language: str) -> list[Part]:
    """The list, part by part.

    :param looks: the rows of the month that the reviewer checks, oldest first.
    :param month: any day of the month; it draws the sample, so that the same month has the same.
    :param titles: what the dialogs are called, by id.
    :param language: the reader's.
    :returns: figures, looks without a record, denied tries, looks out of hours, looks at closed cases, and a sample.
    """
    of_cases = [one for one in looks if one.what in ("looked", "changed")]
    opened = [one for one in of_cases if not one.overview]
    never = [one for one in opened if not one.wrote]
    late = [one for one in of_cases if is_out_of_hours(one.at)]
    closed = [one for one in opened if one.closed and one.what == "looked"]
    denied = [_denied(one, language) for one in looks if one.what == "denied"]
    drawn = [_drawn(one, titles, language) for one in sample(opened, month)]
    much = _("Är någon siffra mycket högre än du väntade dig? Fråga varför.")
    return [
        Part(_("Siffror"), _figures(looks, of_cases), much if of_cases else None),
        _part(
            _("Tittat i ett ärende, men aldrig sparat något där"),
            _pairs(never, language),
            _("Fråga varför medarbetaren behövde se ärendet."),
        ),
        _part(_("Frågat efter ett ärende utan att få se det"), denied, _("Fråga var medarbetaren fick koden ifrån.")),
        _part(
            _("Tittat eller sparat på kvällen, natten eller en ledig dag"),
            _by_person(late, language),
            _("Hade medarbetaren jour eller ett möte då?"),
        ),
        _part(_("Tittat i ett stängt ärende"), _pairs(closed, language), _("Fråga varför ärendet behövdes igen.")),
        _part(_("Stickprov"), drawn, _("Fråga medarbetaren vad det gällde. Jämför med verksamhetssystemet.")),
    ]


def _part(title: Words, lines: Sequence[Words], ask: Words) -> Part:
    """A part that asks only where it has something to ask about."""
    return Part(title, lines, ask) if lines else Part(title, [_("Inget den här månaden.")])


def _when(at: datetime, language: str) -> Words:
    return Text(_("den {day} {time}"), day=at.date(), time=Verbatim(clock_time(at, language)))


def _denied(look: Look, language: str) -> Words:
    return Text(
        _("– {who} frågade efter {case} {when}."),
        who=Verbatim(look.who),
        case=_case(look),
        when=_when(look.at, language),
    )


def _drawn(look: Look, titles: Mapping[str, Words], language: str) -> Words:
    return Text(
        _("– {who}, {case}, {page}, {when}."),
        who=Verbatim(look.who),
        case=_case(look),
        page=_page(look, titles),
        when=_when(look.at, language),
    )


def printed_part(printings: Sequence[Printing], language: str) -> Part:
    """The commands that printed records or this log.

    :param printings: those of the month, oldest first.
    :param language: the reader's.
    :returns: a line for each.
    """
    lines = [
        Text(
            _("– {day} {time}: {account} körde {command}. Skäl: {why}. Rader: {number}."),
            day=Verbatim(one.at.date().isoformat()),
            time=Verbatim(clock_time(one.at, language)),
            account=Verbatim(one.account),
            command=Verbatim(one.command),
            why=Verbatim(one.why),
            number=one.records,
        )
        for one in printings
    ]
    ask = _("Vet du om varje utskrift? Finns papperen och filerna kvar?")
    return _part(_("Utskrifter med kommandon"), lines, ask)


def sample(looks: Sequence[Look], month: date) -> list[Look]:
    """Some looks to ask about, each of another person or case. Nobody can tell beforehand which they will be.

    :param looks: those to draw from.
    :param month: any day of the month.
    :returns: at most :data:`SAMPLE`, oldest first; the same each time.
    """
    each = {(one.person, one.mark): one for one in reversed(looks)}.values()
    by_chance = sorted(each, key=lambda one: hashlib.sha256(f"{month:%Y-%m} {one.hash}".encode()).digest())
    return sorted(by_chance[:SAMPLE], key=lambda one: one.at)


def _figures(looks: Sequence[Look], of_cases: Sequence[Look]) -> list[Words]:
    count = Counter(one.what for one in looks)
    lines: list[Words] = [
        Text(_("Tittat: {number}."), number=count["looked"]),
        Text(_("Sparat: {number}."), number=count["changed"]),
        Text(_("Nekat: {number}."), number=count["denied"]),
        Text(_("Läst loggen: {number}."), number=count["log"]),
        Text(_("Användare: {number}."), number=len({one.person for one in looks if one.what != "log"})),
        Text(_("Ärenden: {number}."), number=len({one.mark for one in of_cases})),
    ]
    for person, _times in Counter(one.person for one in of_cases).most_common():
        own = [one for one in of_cases if one.person == person]
        lines.append(
            Text(
                _("– {who}. Tittat: {looked}. Sparat: {changed}. Ärenden: {cases}."),
                who=Verbatim(own[0].who),
                looked=sum(one.what == "looked" for one in own),
                changed=sum(one.what == "changed" for one in own),
                cases=len({one.mark for one in own}),
            )
        )
    return lines


def _pairs(looks: Iterable[Look], language: str) -> list[Words]:
    """A line for each person and case, the oldest first."""
    held: dict[tuple[str, str], list[Look]] = {}
    for one in looks:
        held.setdefault((one.person, one.mark), []).append(one)
    said = _("– {who}, {case}. Antal gånger: {times}. Senast {when}.")
    return [
        Text(said, who=Verbatim(own[0].who), case=_case(own[0]), times=len(own), when=_when(own[-1].at, language))
        for own in held.values()
    ]


def _by_person(looks: Sequence[Look], language: str) -> list[Words]:
    lines: list[Words] = []
    for person in dict.fromkeys(one.person for one in looks):
        own = [one for one in looks if one.person == person]
        lines.append(
            Text(
                _("– {who}. Antal gånger: {times}. Antal ärenden: {cases}. Senast {when}."),
                who=Verbatim(own[0].who),
                times=len(own),
                cases=len({one.mark for one in own}),
                when=_when(own[-1].at, language),
            )
        )
    return lines


def _case(look: Look) -> Words:
    return as_text(_("ett gallrat ärende")) if look.case is None else Verbatim(look.case)


def _page(look: Look, titles: Mapping[str, Words]) -> Words:
    words = PAGES.get(look.page)
    return as_text(words) if words is not None else Inside(as_text(titles.get(look.page, look.page)))


INTRODUCTION: tuple[Words, ...] = (
    _("Listan är till för den som granskar vem som har tittat i ärenden."),
    _("Kontrollen görs enligt 10 § lag (2001:454) om personuppgifter i socialtjänsten."),
    _("En rad är inget fel. Den visar vad du kan fråga om."),
)
"""What stands at the top of the list on paper."""

SIGNED = Part(
    _("När du är klar"),
    (_("Granskad den:"), _("Granskad av (roll):"), _("Det här fördes vidare till:")),
    _("Spara listan i nämndens diarium. Den har ärendekoder, så skicka den inte med e-post."),
)
"""What the reviewer fills in at the end."""


def chain_part(*, whole: bool, before: tuple[int, str], last: tuple[int, str], cut: date | None) -> Part:
    """Whether the log is whole, and what the list of the month before is compared with.

    :param whole: whether the whole chain holds.
    :param before: number and hash of the last row before the month; 0 where there is none.
    :param last: number and hash of the last row of the month.
    :param cut: the day of the last row that was taken away since it was old enough; ``None`` where none was.
    :returns: the part.
    """
    said = _("Kedjan håller. Ingen rad är ändrad eller borta.")
    lines: list[Words] = [said if whole else _("Kedjan håller inte. Säg till den som sköter Lots genast.")]
    named = _("Sista raden i {which}: nummer {number}, {hash}.")
    for which, (number, hash_) in ((_("förra listan"), before), (_("den här listan"), last)):
        lines.append(Text(named, which=as_text(which), number=number, hash=Verbatim(hash_[:16])))
    if cut is not None:
        lines.append(Text(_("Äldre rader är borttagna. Den sista var från den {day}."), day=cut))
    return Part(
        _("Är loggen hel?"), lines, _("Jämför med slutet av förra månadens lista. Där ska stå samma nummer och tecken.")
    )


def as_form(part: Part) -> list[str]:
    """A part as it stands on paper, with a box to tick where there is something to do.

    :param part: the part.
    :returns: its lines.
    """
    title = say(part.title, "sv")
    asks = [] if part.ask is None else [f"[ ] {say(part.ask, 'sv')}"]
    return [title, "-" * len(title), *(say(words, "sv") for words in part.lines), *asks]


def as_lines(held: Sequence[Part], language: str) -> list[str]:
    """The list as a chat shows it.

    :param held: its parts.
    :param language: the reader's.
    :returns: its lines; what to do stands under each part.
    """
    lines: list[str] = []
    for part in held:
        asks = [] if part.ask is None else [say(part.ask, language)]
        lines += ["", say(part.title, language), *(say(words, language) for words in part.lines), *asks]
    return lines[1:]
