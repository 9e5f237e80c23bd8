"""Kinds of answer: how each is offered, read, checked and shown.

The meaning is stored (``yes``), the words are shown (``Ja``). A bad answer is a value, never an exception: a
:class:`Refused` with a sentence that says what to write instead. Every kind takes the same two things from every
channel, the value of a button or typed text, and gives one of three things back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from dialogs import case_code, dates
from dialogs.case_code import CodeFault
from dialogs.dates import DateFault
from dialogs.texts import Text, Verbatim, Words, as_text, say
from dialogs.texts import mark as _

if TYPE_CHECKING:
    from dialogs.model import World

Value = str | int | list[str] | dict[str, str]
"""What an answer is when it is stored: plain JSON. A date is its ISO form."""

NEAR = timedelta(days=366)
"""How far outside the limits a day is still shown back. One that is years away may be somebody's date of birth."""

GIVEN = "given"
"""The category of an answer whose value does not choose the way: a date, a number, a code."""

DONE = "done"
"""The value of the button Klar, in the kinds that are answered with several presses."""

EVERYTHING = "everything"
"""The value of the button that takes a whole list at once."""

UNKNOWN = "unknown"
"""The value of "Vet inte", in every kind."""

NOT_A_CHOICE = _("Det svaret finns inte här. Tryck på en av knapparna.")

NOT_THAT_MONTH = _("Månaden kan inte stämma. Skriv månad och år igen.")

MEANS_NOTHING = frozenset({"not_a_choice", "not_a_month", "not_a_date", "not_the_number", "not_a_code"})
"""The faults of typed words that are no answer of any kind, and are answered with the same words whatever they are."""

NEW_CASE = "new"
"""The value of the button Nytt ärende."""


@dataclass(frozen=True, slots=True)
class Given:
    """The answer is complete."""

    value: Value
    note: Words | None = None


@dataclass(frozen=True, slots=True)
class Partly:
    """The answer grows; it is complete when Klar is pressed."""

    value: Value


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer does not do; the same question is asked again under this sentence.

    :ivar fault: a stable name of the fault, for logs and tests.
    :ivar words: what is wrong and what to write.
    """

    fault: str
    words: Words


Reply = Given | Partly | Refused


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a list that stands in one of its states, for a channel that can show all of them at once.

    :ivar name: what the line is about, without its state.
    :ivar states: the states and their words, in the order that presses step through them.
    :ivar now: the state it stands in.
    """

    name: Words
    states: tuple[tuple[str, Words], ...]
    now: str


@dataclass(frozen=True, slots=True)
class Option:
    """A button: its stored value and the words on it.

    :ivar item: what the button is a line of, in the kinds that are answered with several presses.
    """

    value: str
    label: Words
    item: Item | None = None


OFF, ON = "off", "on"
"""The states of a box."""


def box(value: str, name: Words, on: bool, language: str) -> Option:
    """A line that each press puts in or takes out.

    :param value: its stored value.
    :param name: its words.
    :param on: whether it is in.
    :param language: the reader's language.
    :returns: the option, with a box before its words.
    """
    item = Item(name, ((OFF, _("Nej")), (ON, _("Ja"))), ON if on else OFF)
    return Option(value, Verbatim(f"{'☑' if on else '☐'} {say(name, language)}"), item)


class Answers(Mapping[str, Value]):
    """The answers on the way so far, by question; what is no longer on the way is not in here.

    :param given: value by question id.
    """

    __slots__ = ("_given",)

    def __init__(self, given: Mapping[str, Value]) -> None:
        self._given = given

    def __getitem__(self, question: str) -> Value:
        return self._given[question]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def word(self, question: str) -> str:
        """The value of a choice or a case code.

        :param question: a question on the way.
        :returns: the stored value.
        :raises KeyError: the question is not on the way.
        """
        return str(self._given[question])

    def word_or_none(self, question: str) -> str | None:
        """The value of a choice, or ``None`` where the question is not on the way.

        :param question: a question id.
        :returns: the stored value or ``None``.
        """
        return str(self._given[question]) if question in self._given else None

    def day(self, question: str) -> date:
        """The value of a date.

        :param question: a date question on the way.
        :returns: the date.
        :raises KeyError: the question is not on the way.
        """
        return date.fromisoformat(str(self._given[question]))


NOTHING = Answers({})
"""No answers yet."""


@dataclass(frozen=True, kw_only=True)
class Kind(ABC):
    """The base of the kinds: what every kind can say of itself."""

    @property
    @abstractmethod
    def typed(self) -> str:
        """What may be typed: ``choice``, ``date``, ``number``, ``code``, ``several`` or ``three_state``."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Every category that a route must name."""
        return (GIVEN,)

    def category(self, value: Value) -> str:
        """The category of a value, which routes go by.

        :param value: a stored value of this kind.
        :returns: one of :attr:`categories`.
        """
        return GIVEN

    def options(self, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Sequence[Option]:
        """The buttons as they stand now.

        :param so_far: what has been pressed already, in the kinds that grow.
        :param world: what is known.
        :param answers: the answers so far, for kinds whose list depends on them.
        :returns: the buttons in order.
        """
        return ()

    @abstractmethod
    def read(self, said: str, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Reply:
        """Read a press or typed text.

        :param said: a button's value, or typed words.
        :param so_far: what has been pressed already, in the kinds that grow.
        :param world: what is known.
        :param answers: the answers so far.
        :returns: the answer, a part of it, or why not.
        """

    @abstractmethod
    def holds(self, value: Value, world: World, answers: Answers = NOTHING) -> bool:
        """Whether a stored value is still an answer, asked anew at every replay.

        :param value: the stored value.
        :param world: what is known now.
        :param answers: the answers so far.
        :returns: ``False`` makes the question be asked again.
        """

    @abstractmethod
    def show(self, value: Value, world: World, answers: Answers = NOTHING) -> str:
        """The value in the reader's words.

        :param value: the stored value.
        :param world: what is known; its language is used.
        :param answers: the answers so far.
        :returns: words for the read-back.
        """

    @property
    def fixed(self) -> bool:
        """Whether its buttons are the same whatever was answered before, so that they can be checked beforehand."""
        return True

    def problems(self) -> list[str]:
        """What is wrong with the declaration of this kind.

        :returns: a sentence for each fault.
        """
        return []

    def words(self) -> Iterator[Words]:
        """Every sentence this kind carries, for the check that all are translated.

        :returns: marked words.
        """
        return iter(())


def matched(said: str, options: Sequence[Option], language: str) -> str | None:
    """The option meant: by its value, by its words, or by words that begin only one of them.

    :param said: a button's value, or typed words.
    :param options: the buttons.
    :param language: the reader's language.
    :returns: the option's value, or ``None`` where none or more than one is meant.
    """
    wanted = said.strip().casefold()
    labels = [(option.value, say(option.label, language).casefold()) for option in options]
    for value, label in labels:
        if said == value or wanted == label:
            return value
    begun = [value for value, label in labels if wanted and label.startswith(wanted)]
    return begun[0] if len(begun) == 1 else None


@dataclass(frozen=True, kw_only=True)
class Choice(Kind):
    """One of a few: ``Choice(choices=(Option("yes", _("Ja")), …))``; every choice must be routed."""

    choices: tuple[Option, ...]

    def label_of(self, value: str) -> Text:
        """The words of a choice.

        :param value: a stored value.
        :returns: its words, to be put into others.
        :raises KeyError: there is no such choice.
        """
        return {option.value: as_text(option.label) for option in self.choices}[value]

    @property
    def typed(self) -> str:
        return "choice"

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(option.value for option in self.choices)

    def category(self, value: Value) -> str:
        return str(value)

    def options(self, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Sequence[Option]:
        return self.choices

    def read(self, said: str, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Reply:
        value = matched(said, self.choices, world.language)
        if value is None:
            return Refused("not_a_choice", NOT_A_CHOICE)
        return Given(value)

    def holds(self, value: Value, world: World, answers: Answers = NOTHING) -> bool:
        return value in self.categories

    def show(self, value: Value, world: World, answers: Answers = NOTHING) -> str:
        return next(say(o.label, world.language) for o in self.choices if o.value == value)

    def problems(self) -> list[str]:
        return [] if len(self.choices) > 1 else ["a choice needs at least two options"]

    def words(self) -> Iterator[Words]:
        return (option.label for option in self.choices)


@dataclass(frozen=True, kw_only=True)
class Pick(Kind):
    """One of a list that is worked out from the answers so far and the world: a record, a colleague, a police area.

    :ivar offers: gives the options; their values are ids or configured names.
    """

    offers: Callable[[Answers, World], Sequence[Option]]

    @property
    def typed(self) -> str:
        return "choice"

    @property
    def fixed(self) -> bool:
        return False

    def options(self, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Sequence[Option]:
        """See :class:`Kind`; options whose words are the same are numbered, so that no two buttons look alike."""
        offered = self.offers(answers, world)
        said = [say(option.label, world.language) for option in offered]
        numbered = (
            f"{words} ({said[: place + 1].count(words)})" if said.count(words) > 1 else words
            for place, words in enumerate(said)
        )
        return [Option(option.value, Verbatim(words)) for option, words in zip(offered, numbered, strict=True)]

    def read(self, said: str, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Reply:
        value = matched(said, self.options(None, world, answers), world.language)
        if value is None:
            return Refused("not_a_choice", NOT_A_CHOICE)
        return Given(value)

    def holds(self, value: Value, world: World, answers: Answers = NOTHING) -> bool:
        return any(option.value == value for option in self.offers(answers, world))

    def show(self, value: Value, world: World, answers: Answers = NOTHING) -> str:
        labels = (str(option.label) for option in self.options(None, world, answers) if option.value == value)
        return next(labels, say(_("Finns inte längre"), world.language))


@dataclass(frozen=True, kw_only=True)
class Month(Kind):
    """A month of a year, or "Vet inte"; the day is never asked for.

    :ivar earliest: a day in the first month that does, by the answers so far and the world; ``None`` for no limit.
    :ivar latest: a day in the last month that does; ``None`` for no limit.
    :ivar outside: the sentence for a month outside the limits, by the same; ``None`` for a plain one.
    """

    earliest: Callable[[Answers, World], date] | None = None
    latest: Callable[[Answers, World], date] | None = None
    outside: Callable[[Answers, World], Words] | None = None

    @property
    def typed(self) -> str:
        return "month"

    def options(self, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Sequence[Option]:
        return (Option(UNKNOWN, _("Vet inte")),)

    def read(self, said: str, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Reply:
        if matched(said, self.options(None, world), world.language) == UNKNOWN:
            return Given(UNKNOWN)
        month = dates.read_month(said, world.language)
        if month is None:
            return Refused("not_a_month", _("Månaden gick inte att läsa. Skriv till exempel mars 2028 eller 2028-03."))
        if not self._within(month, world, answers):
            return Refused("month_out_of_range", self.outside(answers, world) if self.outside else NOT_THAT_MONTH)
        return Given(_month_value(month))

    def _within(self, month: date, world: World, answers: Answers) -> bool:
        said = _month_value(month)
        if self.latest is not None and said > _month_value(self.latest(answers, world)):
            return False
        return self.earliest is None or said >= _month_value(self.earliest(answers, world))

    def holds(self, value: Value, world: World, answers: Answers = NOTHING) -> bool:
        month = dates.read_month(value) if isinstance(value, str) else None
        return value == UNKNOWN or (month is not None and self._within(month, world, answers))

    def show(self, value: Value, world: World, answers: Answers = NOTHING) -> str:
        month = dates.read_month(str(value), "sv")
        return say(_("Vet inte"), world.language) if month is None else dates.month_words(month, world.language)


def _month_value(day: date) -> str:
    return f"{day.year:04}-{day.month:02}"


Lines = tuple[Option, ...] | Callable[[Answers, "World"], Sequence[Option]]
"""Lines of a list: fixed, or worked out from the answers so far and the world."""


@dataclass(frozen=True, kw_only=True)
class Several(Kind):
    """Several of a list, at least ``least`` and at most ``most``: each press puts in or takes out, Klar ends.

    :ivar choices: the list; fixed, or worked out from the answers so far and the world.
    :ivar everything: the words of a button that takes the whole list at once and ends; ``None`` for no such button.
    """

    choices: Lines
    least: int = 0
    most: int | None = None
    everything: Words | None = None

    @property
    def typed(self) -> str:
        return "several"

    @property
    def fixed(self) -> bool:
        return not callable(self.choices)

    def _list(self, world: World, answers: Answers) -> Sequence[Option]:
        return self.choices(answers, world) if callable(self.choices) else self.choices

    def options(self, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Sequence[Option]:
        chosen = so_far if isinstance(so_far, list) else []
        lang = world.language
        return (
            *(box(o.value, o.label, o.value in chosen, lang) for o in self._list(world, answers)),
            Option(DONE, _("Klar")),
            *self._whole(),
        )

    def _whole(self) -> tuple[Option, ...]:
        return () if self.everything is None else (Option(EVERYTHING, self.everything),)

    def read(self, said: str, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Reply:
        chosen = list(so_far) if isinstance(so_far, list) else []
        offered = self._list(world, answers)
        value = matched(said, (*offered, Option(DONE, _("Klar")), *self._whole()), world.language)
        if value is None:
            return Refused("not_a_choice", NOT_A_CHOICE)
        if value == EVERYTHING:
            return Given([option.value for option in offered])
        if value == DONE:
            if len(chosen) < self.least:
                return Refused("too_few", Text(_("Välj minst {least}. Tryck sedan på Klar."), least=self.least))
            return Given([o.value for o in offered if o.value in chosen])
        if value in chosen:
            chosen.remove(value)
        elif self.most is not None and len(chosen) >= self.most:
            return Refused("too_many", Text(_("Välj högst {most}. Ta bort ett val först."), most=self.most))
        else:
            chosen.append(value)
        return Partly(chosen)

    def holds(self, value: Value, world: World, answers: Answers = NOTHING) -> bool:
        known = {option.value for option in self._list(world, answers)}
        return (
            isinstance(value, list)
            and set(value) <= known
            and len(value) >= self.least
            and (self.most is None or len(value) <= self.most)
        )

    def show(self, value: Value, world: World, answers: Answers = NOTHING) -> str:
        chosen = value if isinstance(value, list) else []
        offered = self._list(world, answers)
        said = [say(o.label, world.language) for o in offered if o.value in chosen]
        if self.everything is not None and 1 < len(said) == len(offered):
            return say(_("Allt"), world.language)
        return ", ".join(said) or say(_("Inget valt"), world.language)

    def problems(self) -> list[str]:
        if callable(self.choices):
            return []
        most = len(self.choices) if self.most is None else self.most
        return [] if 0 <= self.least <= most <= len(self.choices) else ["least and most do not fit the options"]

    def words(self) -> Iterator[Words]:
        yield from (option.label for option in (*(() if callable(self.choices) else self.choices), *self._whole()))


@dataclass(frozen=True, kw_only=True)
class ThreeState(Kind):
    """A list where each line is in one of three states and a press steps it on; Klar ends.

    The first state is where every line starts. It is stored as what it means (``not_asked``), never as a no
    (CON-13: silence is never consent).

    :ivar lines: the lines.
    :ivar states: the three states, the first one first.
    :ivar beside: states that a button of their own gives to every line that is still in the first state; it ends
        the list.
    :ivar starts: other words for the first state of some lines, by line: what stands there since before.
    """

    lines: Lines
    states: tuple[Option, Option, Option]
    beside: tuple[Option, ...] = ()
    starts: Callable[[Answers, World], Mapping[str, Words]] | None = None

    @property
    def typed(self) -> str:
        return "three_state"

    @property
    def fixed(self) -> bool:
        return not callable(self.lines)

    def _lines(self, world: World, answers: Answers) -> Sequence[Option]:
        return self.lines(answers, world) if callable(self.lines) else self.lines

    def _now(self, so_far: Value | None, lines: Sequence[Option]) -> dict[str, str]:
        held = so_far if isinstance(so_far, dict) else {}
        return {line.value: held.get(line.value, self.states[0].value) for line in lines}

    def _starts(self, world: World, answers: Answers) -> Mapping[str, Words]:
        return {} if self.starts is None else self.starts(answers, world)

    def _state(self, line: Option, state: str, starts: Mapping[str, Words]) -> Words:
        labels = {s.value: s.label for s in (*self.states, *self.beside)}
        begun = starts.get(line.value) if state == self.states[0].value else None
        return labels[state] if begun is None else begun

    def _line(self, line: Option, state: str, language: str, starts: Mapping[str, Words]) -> str:
        said = say(self._state(line, state, starts), language)
        return f"{say(line.label, language)}: {said[:1].lower()}{said[1:]}"

    def _item(self, line: Option, state: str, starts: Mapping[str, Words]) -> Item:
        given_at_once = [s.value for s in self.beside if s.value == state]  # it stands there, and no press leads to it
        values = (*(s.value for s in self.states), *given_at_once)
        return Item(line.label, tuple((value, self._state(line, value, starts)) for value in values), state)

    def options(self, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Sequence[Option]:
        lines, starts = self._lines(world, answers), self._starts(world, answers)
        now, lang = self._now(so_far, lines), world.language
        return (
            *(
                Option(
                    line.value,
                    Verbatim(self._line(line, now[line.value], lang, starts)),
                    self._item(line, now[line.value], starts),
                )
                for line in lines
            ),
            Option(DONE, _("Klar")),
            *self.beside,
        )

    def read(self, said: str, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Reply:
        lines = self._lines(world, answers)
        value = matched(said, (*lines, Option(DONE, _("Klar")), *self.beside), world.language)
        if value is None:
            return Refused("not_a_choice", NOT_A_CHOICE)
        now = self._now(so_far, lines)
        if value == DONE:
            return Given(now)
        if value in {state.value for state in self.beside}:
            open_ = now.keys() - self._starts(world, answers).keys()  # what stands since before is left alone
            first = self.states[0].value
            return Given({line: value if state == first and line in open_ else state for line, state in now.items()})
        order = [state.value for state in self.states]
        now[value] = order[(order.index(now[value]) + 1) % len(order)] if now[value] in order else order[0]
        return Partly(now)

    def holds(self, value: Value, world: World, answers: Answers = NOTHING) -> bool:
        states = {state.value for state in (*self.states, *self.beside)}
        return (
            isinstance(value, dict)
            and value.keys() == {line.value for line in self._lines(world, answers)}
            and set(value.values()) <= states
        )

    def show(self, value: Value, world: World, answers: Answers = NOTHING) -> str:
        """See :class:`Kind`; of the states, the one that most lines are in is said last, of all the others at once."""
        lines = self._lines(world, answers)
        now = self._now(value, lines)
        states = list(now.values())
        most = max(dict.fromkeys((self.states[0].value, *states)), key=states.count)
        starts, lang = self._starts(world, answers), world.language
        same = [line for line in lines if now[line.value] == most and line.value not in starts]
        said = [self._line(line, now[line.value], lang, starts) for line in lines if line not in same]
        if len(same) > 1:
            same = [Option("", _("Övriga") if said else _("Alla"))]
        return "; ".join([*said, *(self._line(line, most, lang, {}) for line in same)])

    def problems(self) -> list[str]:
        found = [] if callable(self.lines) or self.lines else ["a three-state list needs at least one line"]
        values = [state.value for state in (*self.states, *self.beside)]
        return found if len(set(values)) == len(values) else [*found, "two states have the same value"]

    def words(self) -> Iterator[Words]:
        fixed = () if callable(self.lines) else self.lines
        yield from (option.label for option in (*fixed, *self.states, *self.beside))


@dataclass(frozen=True, kw_only=True)
class Day(Kind):
    """A date: quick buttons, Swedish words or digits, within limits that may depend on today.

    :ivar quick: how many days back each quick button lies, the likeliest first.
    :ivar months_ahead: how many months ahead each further button lies; those outside the limits are left out.
    :ivar earliest: the first day that does, by the answers so far and the world; ``None`` for no limit.
    :ivar latest: the last day that does; ``None`` for no limit.
    :ivar prefer: which day words without a year mean, the one that has been or the one to come.
    """

    quick: tuple[int, ...] = (0, 1)
    months_ahead: tuple[int, ...] = ()
    earliest: Callable[[Answers, World], date] | None = None
    latest: Callable[[Answers, World], date] | None = None
    prefer: dates.Prefer = "past"

    @property
    def typed(self) -> str:
        return "date"

    @property
    def fixed(self) -> bool:
        return not self.months_ahead

    def options(self, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Sequence[Option]:
        days = (date.fromordinal(world.today.toordinal() - back) for back in self.quick)
        back = [Option(day.isoformat(), _quick_label(day, world)) for day in days]
        ahead = (dates.months_on(world.today, months) for months in self.months_ahead)
        fitting = (day for day in ahead if self._within(day, world, answers) is None)
        return [*back, *(Option(day.isoformat(), Verbatim(dates.long_date(day, world.language))) for day in fitting)]

    def read(self, said: str, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Reply:
        day = dates.read_date(said, world.today, world.language, self.prefer)
        if day is DateFault.NO_SUCH_DAY:
            return Refused(
                "no_such_day", _("Den dagen finns inte i kalendern. Skriv till exempel 23/11 eller i måndags.")
            )
        if day is DateFault.AMBIGUOUS:
            return Refused("not_one_day", _("Det går inte att se vilken dag du menar. Skriv till exempel 23/11."))
        if isinstance(day, DateFault):
            return Refused("not_a_date", _("Datumet gick inte att läsa. Skriv till exempel 23/11 eller i måndags."))
        return self._within(day, world, answers) or Given(day.isoformat())

    def _within(self, day: date, world: World, answers: Answers) -> Refused | None:
        if self.latest is not None and day > (last := self.latest(answers, world)):
            if last == world.today:
                words = Text(_("Den {day} har inte varit än. Skriv en dag som har varit."), day=day)
                unsaid: Words = _("Den dagen har inte varit än. Skriv en dag som har varit.")
                return Refused("in_the_future", words if day - last <= NEAR else unsaid)
            words = Text(_("Den {day} är för sent. Välj en dag till och med {last}."), day=day, last=last)
            unsaid = Text(_("Den dagen är för sen. Välj en dag till och med {last}."), last=last)
            return Refused("too_late", words if day - last <= NEAR else unsaid)
        if self.earliest is not None and day < (first := self.earliest(answers, world)):
            words = Text(_("Den {day} är för tidigt. Välj en dag från och med {first}."), day=day, first=first)
            unsaid = Text(_("Den dagen är för tidig. Välj en dag från och med {first}."), first=first)
            return Refused("too_early", words if first - day <= NEAR else unsaid)
        return None

    def holds(self, value: Value, world: World, answers: Answers = NOTHING) -> bool:
        if not isinstance(value, str):
            return False
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return False
        return self._within(day, world, answers) is None

    def show(self, value: Value, world: World, answers: Answers = NOTHING) -> str:
        return dates.day_phrase(date.fromisoformat(str(value)), world.today, world.language)


def _quick_label(day: date, world: World) -> Words:
    match (world.today - day).days:
        case 0:
            return _("Idag")
        case 1:
            return _("Igår")
        case _:
            return Verbatim(dates.weekday_date(day, world.language))


@dataclass(frozen=True, kw_only=True)
class Number(Kind):
    """A whole number from ``low`` to ``high``."""

    low: int
    high: int

    @property
    def typed(self) -> str:
        return "number"

    def read(self, said: str, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Reply:
        digits = said.strip()
        if not (len(digits) < 10 and digits.isascii() and digits.isdigit()) or not self.low <= int(digits) <= self.high:
            return Refused(
                "not_the_number", Text(_("Skriv ett heltal från {low} till {high}."), low=self.low, high=self.high)
            )
        return Given(int(digits))

    def holds(self, value: Value, world: World, answers: Answers = NOTHING) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high

    def show(self, value: Value, world: World, answers: Answers = NOTHING) -> str:
        return str(value)

    def problems(self) -> list[str]:
        return [] if self.low <= self.high else ["low is above high"]


@dataclass(frozen=True, kw_only=True)
class CaseCode(Kind):
    """A case: the latest as buttons, a new one, or its code typed.

    :ivar latest: how many buttons.
    :ivar may_be_new: whether a new case can be opened here.
    :ivar may_be_closed: whether a closed case does.
    """

    latest: int = 4
    may_be_new: bool = True
    may_be_closed: bool = False

    @property
    def typed(self) -> str:
        return "code"

    def options(self, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Sequence[Option]:
        fitting = (code for code in world.cases if self.may_be_closed or not world.is_closed(code))
        cases = [Option(code, Verbatim(code)) for code in islice(fitting, self.latest)]
        return (*cases, Option(NEW_CASE, _("Nytt ärende"))) if self.may_be_new else cases

    def read(self, said: str, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Reply:
        if self.may_be_new and (
            said == NEW_CASE or said.strip().casefold() == say(_("Nytt ärende"), world.language).casefold()
        ):
            code = world.draw_code()
            return Given(code, Text(_("Nytt ärende: {code}. Koden gäller först när du har sparat."), code=code))
        read = said if said in world.cases else case_code.read(said, world.practice)
        if isinstance(read, CodeFault):
            return Refused(read.name.lower(), CODE_FAULTS[read])
        if not world.may_see(read):
            return no_such_case(read, world)
        if world.is_closed(read) and not self.may_be_closed:
            return Refused(
                "closed_case",
                Text(_("{code} är stängt i Lots. Skriv /arende {code} om du vill öppna det igen."), code=read),
            )
        return Given(read)

    def holds(self, value: Value, world: World, answers: Answers = NOTHING) -> bool:
        code = str(value)
        if world.may_see(code):
            return self.may_be_closed or not world.is_closed(code)
        return self.may_be_new and case_code.SHAPE.fullmatch(code) is not None and world.is_free(code)

    def show(self, value: Value, world: World, answers: Answers = NOTHING) -> str:
        code = str(value)
        if world.may_see(code):
            return code
        return say(Text(_("{code} (nytt ärende)"), code=code), world.language)


def no_such_case(code: str, world: World) -> Refused:
    """Why a code that is whole leads to no case; of one that was purged only the day is known, and to nobody more.

    :param code: a case code of a case that the person may not see.
    :param world: what is known.
    :returns: the refusal.
    """
    if (day := world.purged_on(code)) is not None:
        gone = _("Ärendet gallrades den {day}. Det som togs emot finns i verksamhetssystemet.")
        return Refused("purged_case", Text(gone, day=day))
    return Refused("unknown_case", _("Du har inget ärende med den koden. Kontrollera koden och skriv den igen."))


CODE_FAULTS: dict[CodeFault, str] = {
    CodeFault.NOT_A_CODE: _("Det är ingen ärendekod. En kod har sex tecken i två grupper om tre."),
    CodeFault.WRONG_CHECK: _(
        "Koden stämmer inte. Något tecken är fel eller på fel plats. Kontrollera koden och skriv den igen."
    ),
    CodeFault.REAL_IN_PRACTICE: _(
        "Det här är övning. Här gäller bara koder som börjar med Ö. Skriv aldrig en riktig ärendekod här."
    ),
    CodeFault.PRACTICE_IN_REAL: _("Koder som börjar med Ö hör till övningen. Skriv ärendets riktiga kod."),
}
