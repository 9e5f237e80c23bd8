"""What a dialog is: one file of data, read in the order of the talk.

A dialog file holds, in this order, its docstring (what, who asks, which law), questions, outcomes, routes, record
and journal note. It does no I/O and reads no clock; everything it may know comes in through :class:`World`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from dialogs.answers import GIVEN, Answers, Kind, Value
from dialogs.policy import Policy
from dialogs.records import Entry, Record
from dialogs.texts import Text, Words


@dataclass(frozen=True, kw_only=True)
class World:
    """What a dialog may know, as values and look-ups; nothing in here changes anything.

    :ivar now: the time it is, with the local zone.
    :ivar opened_at: when the dialog was opened.
    :ivar language: the reader's language.
    :ivar practice: whether this is practice (codes begin with Ö).
    :ivar policy: the deployment's numbers.
    :ivar person: the id of the member of staff who is speaking.
    :ivar district: that person's district.
    :ivar coordinators: gives the coordinators of the district, the person included, as (id, label).
    :ivar cases: that person's cases, latest first.
    :ivar entries: the records of a case, oldest first; empty for a case that the person may not see.
    :ivar may_see: whether a case exists and the person may see it.
    :ivar is_closed: whether a case is closed.
    :ivar is_free: whether a code belongs to no case at all, and never did.
    :ivar purged_on: the day a case was purged; ``None`` where it is here, or never was.
    :ivar draw_code: a new case code that is free.
    """

    now: datetime
    opened_at: datetime
    language: str
    practice: bool
    policy: Policy
    person: str
    district: str
    coordinators: Callable[[], Sequence[tuple[str, str]]]
    cases: Sequence[str]
    entries: Callable[[str], Sequence[Entry]]
    may_see: Callable[[str], bool]
    is_closed: Callable[[str], bool]
    is_free: Callable[[str], bool]
    purged_on: Callable[[str], date | None]
    draw_code: Callable[[], str]

    @property
    def today(self) -> date:
        """The day it is, for limits."""
        return self.now.date()

    @property
    def opened_on(self) -> date:
        """The day the dialog was opened, for presets: a draft begun yesterday is about yesterday."""
        return self.opened_at.date()


@dataclass(frozen=True)
class Line:
    """One line that is shown, and what it follows from.

    :ivar words: what it says.
    :ivar rules: the rules it follows from.
    :ivar records: the records it was counted or read from, oldest first.
    :ivar above: whether it stands above the answers at a read-back: it must be read before them.
    """

    words: Words
    rules: tuple[str, ...] = ()
    records: tuple[Entry, ...] = ()
    above: bool = False


Asked = Words | Callable[[Answers, World], Words]


@dataclass(frozen=True, kw_only=True)
class Why:
    """The answer to "Varför frågar vi?".

    :ivar words: one or two plain sentences.
    :ivar rules: ids from ``domain.md`` that the question serves.
    :ivar law: ids of facts in ``dialogs/law``.
    """

    words: Words
    rules: tuple[str, ...] = ()
    law: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question.

    :ivar id: its name in answers and routes.
    :ivar asks: the sentence, or a function that gives it from the answers so far.
    :ivar label: two or three words for the read-back and for Ändra.
    :ivar kind: how it is answered.
    :ivar why: why it is asked.
    :ivar preset: an answer that stands until it is changed at the read-back; ``None`` makes the question be asked.
        Only for what is merely likely, or on record;
        never for what a person must have said or done (design, how it should feel).
    :ivar depends_on: questions whose change makes this answer void.
    :ivar offers: earlier questions that can be changed right here, since they are what may be wrong.
    :ivar asked_anew: whether its answer, and what depends on it, is void when a draft is taken up again: it was true
        only then (THR-0).
    """

    id: str
    asks: Asked
    label: Words
    kind: Kind
    why: Why
    preset: Callable[[Answers, World], Value | None] | None = None
    depends_on: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    asked_anew: bool = False

    def words(self, answers: Answers, world: World) -> Words:
        """The question's sentence as it is asked now.

        :param answers: the answers so far.
        :param world: what is known.
        :returns: marked words.
        """
        return self.asks(answers, world) if callable(self.asks) else self.asks


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Where a dialog ends.

    :ivar id: its name in routes.
    :ivar saves: whether something is kept; then the read-back comes first.
    :ivar says: the lines of the last screen. It is called with the world as it is after saving.
    :ivar rules: the rules that lead here.
    :ivar foresees: what will follow, shown under the answers before they are saved; called with the world as it will
        be after saving. ``None`` where nothing follows that is not plain from the answers.
    :ivar leads_to: ids of the dialogs to offer first on the last screen, in the same case.
    :ivar numbers: telephone numbers that the last screen has a button each for, to copy.
    """

    id: str
    says: Callable[[Answers, World], Sequence[Words]]
    saves: bool = True
    rules: tuple[str, ...] = ()
    foresees: Callable[[Answers, World], Sequence[Line]] | None = None
    leads_to: Callable[[Answers, World], Sequence[str]] | None = None
    numbers: Callable[[Answers, World], Sequence[str]] | None = None


@dataclass(frozen=True)
class Copy:
    """A copy of what was saved, for one of those it is about (CON-4).

    :ivar id: short, ``[a-z0-9_]{1,12}``; a button carries it.
    :ivar title: the words on its button.
    :ivar lines: what the copy says; only these are copied.
    :ivar above: what stands above them on the screen, for the one who hands the copy over.
    """

    id: str
    title: Words
    lines: Sequence[Words]
    above: Words


@dataclass(frozen=True)
class Go:
    """A route that a row can say: from a question, on these choices, to a question or an outcome.

    :ivar source: the question.
    :ivar to: the next question, or an outcome.
    :ivar on: the choices; left out only where the value does not choose the way (a date, a code).
    """

    source: str
    to: str
    on: str | tuple[str, ...] = GIVEN


@dataclass(frozen=True)
class Decide:
    """A route that a row cannot say: a rule names the case, and every case has its way.

    :ivar source: the question.
    :ivar by: the rule; a pure function of the answers so far and the world.
    :ivar ways: where each of the rule's answers leads; a function that gives any other is a fault.
    :ivar on: the choices it is for, as in :class:`Go`.
    :ivar rules: the rule ids it applies.
    """

    source: str
    by: Callable[[Answers, World], str]
    ways: Mapping[str, str]
    on: str | tuple[str, ...] = GIVEN
    rules: tuple[str, ...] = ()


Route = Go | Decide


@dataclass(frozen=True, kw_only=True)
class Dialog:
    """A whole dialog.

    :ivar id: its name, also of its transcripts' folder.
    :ivar command: the command that opens it, without the slash (ASCII).
    :ivar version: raised when a question or its meaning changes, so that old drafts are met with an explicit word.
    :ivar title: two or three words for menus.
    :ivar about: one sentence for the list of commands.
    :ivar noun: how a draft is named: "ett påbörjat samtal".
    :ivar questions: in the order of the talk; the first is where it begins.
    :ivar outcomes: where it can end.
    :ivar routes: rows; together they name every choice.
    :ivar record: what is kept, from the answers on the way, in the order it is written.
    :ivar kinds: the record kinds it writes.
    :ivar note: the journal note from the record alone, so the two cannot differ; ``None`` where there is none.
    :ivar copies: the copies that may exist of a record of its kinds, from the record, its case's records and today;
        asked anew whenever one is shown. ``None`` where there are none.
    :ivar offered_where: whether there is anything for it in a case, from the case's records; ``None`` where it is
        offered in every case.
    :ivar beside: what stands above the questions beside the talk: whether to take up a draft, what to change and
        whether to leave; ``None`` for nothing.
    :ivar title_when_closed: its title on a closed case; ``None`` where it is not for those.
    :ivar listed: whether it stands in menus and lists of commands; others are opened from a case.
    """

    id: str
    command: str
    version: int
    title: Words
    about: Words
    noun: Words
    questions: tuple[Question, ...]
    outcomes: tuple[Outcome, ...]
    routes: tuple[Route, ...]
    record: Callable[[Answers, World], Sequence[Record]]
    kinds: tuple[type[Record], ...]
    note: Callable[[Any], Sequence[Words]] | None
    copies: Callable[[Entry, Sequence[Entry], date], Sequence[Copy]] | None = None
    listed: bool = True
    title_when_closed: Words | None = None
    offered_where: Callable[[Sequence[Entry]], bool] | None = None
    beside: Words | None = None
    by_id: Mapping[str, Question] = field(init=False, repr=False, compare=False)
    endings: Mapping[str, Outcome] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {question.id: question for question in self.questions})
        object.__setattr__(self, "endings", {outcome.id: outcome for outcome in self.outcomes})

    def depending_on(self, question: str) -> frozenset[str]:
        """Every question whose answer is void when this one's changes, however far down.

        :param question: a question id.
        :returns: question ids, without the one asked about.
        """
        found: set[str] = set()
        fresh = {question}
        while fresh:
            fresh = {q.id for q in self.questions if fresh & set(q.depends_on)} - found
            found |= fresh
        return frozenset(found - {question})


def words_of(dialog: Dialog) -> Iterator[tuple[str, Words]]:
    """Every fixed sentence of a dialog and where it stands, for the check that all are translated.

    :param dialog: the dialog.
    :returns: (place, words) pairs. Sentences made by functions are marked in the source and found there.
    """
    yield from (
        (place, words) for place, words in (("title", dialog.title), ("about", dialog.about), ("noun", dialog.noun))
    )
    if dialog.beside is not None:
        yield "beside", dialog.beside
    for question in dialog.questions:
        where = f"question {question.id}"
        if isinstance(question.asks, str | Text):
            yield where, question.asks
        yield f"{where}, label", question.label
        yield f"{where}, why", question.why.words
        yield from ((f"{where}, option", words) for words in question.kind.words())
