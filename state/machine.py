"""The one place that knows ``transitions``: a dialog's routes become one machine, built once, at start.

The machine has no model of its own. Replaying a session fires its events on a :class:`Cursor`, an object that only
has a ``state`` (a machine a session would cost a hundred times as much).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from transitions import Machine, MachineError
from transitions.extensions import GraphMachine

from dialogs.answers import Answers, Value
from dialogs.model import Decide, Dialog, Go, Outcome, Question, World
from state.errors import BadDialog

logging.getLogger("transitions").setLevel(logging.WARNING)  # at INFO it logs state names (design, Errors)


class Cursor:
    """Where a replay stands.

    :ivar state: the id of a question or an outcome.
    """

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


class _Drawn:
    """The model that the drawing machine asks for."""


@dataclass(frozen=True)
class Row:
    """One compiled way: from a question, on one category (and one answer of the rule), to a place.

    :ivar source: the question.
    :ivar category: the category of the answer.
    :ivar case: what the rule said, or an empty string where no rule decides.
    :ivar to: the next question or outcome.
    """

    source: str
    category: str
    case: str
    to: str

    @property
    def trigger(self) -> str:
        """The name of the machine's event."""
        return f"{self.category}/{self.case}" if self.case else self.category


def rows_of(dialog: Dialog) -> Iterator[Row]:
    """The routes spelt out, a row for each category and each answer of a rule.

    :param dialog: the dialog.
    :returns: rows in the order of the routes.
    """
    for route in dialog.routes:
        for category in (route.on,) if isinstance(route.on, str) else route.on:
            if isinstance(route, Go):
                yield Row(route.source, category, "", route.to)
            else:
                yield from (Row(route.source, category, case, to) for case, to in route.ways.items())


@dataclass(frozen=True)
class Position:
    """Where a session stands, found by replaying its answers.

    :ivar at: the question that waits for an answer, or the outcome that was reached.
    :ivar way: the questions that were passed, in order, each with its answer.
    :ivar preset: those of them whose answer is a preset that nobody has touched.
    :ivar rows: the rows that were walked.
    """

    at: Question | Outcome
    way: Mapping[str, Value]
    preset: frozenset[str]
    rows: tuple[Row, ...]

    @property
    def answers(self) -> Answers:
        """The answers on the way, presets included."""
        return Answers(self.way)


class CompiledDialog:
    """A dialog and its machine.

    :param dialog: a declaration.
    :raises BadDialog: a route does not compile (``lots lint`` says everything at once).
    """

    def __init__(self, dialog: Dialog) -> None:
        self.dialog = dialog
        self.first = dialog.questions[0].id
        self._rows = {(row.source, row.trigger): row for row in rows_of(dialog)}
        self._rules: dict[tuple[str, str], Decide] = {
            (route.source, category): route
            for route in dialog.routes
            if isinstance(route, Decide)
            for category in ((route.on,) if isinstance(route.on, str) else route.on)
        }
        states = [*dialog.by_id, *dialog.endings]
        if nowhere := [row for row in self._rows.values() if row.source not in dialog.by_id or row.to not in states]:
            raise BadDialog(
                [f"{dialog.id}: the route from {row.source} to {row.to} has an end that is no place" for row in nowhere]
            )
        saving = [id_ for id_, ending in dialog.endings.items() if ending.saves]
        self._left = self._shortest(dialog.endings) | self._shortest(saving)
        self._machine = Machine(
            model=None,
            states=states,
            initial=self.first,
            transitions=[[row.trigger, row.source, row.to] for row in self._rows.values()],
            auto_transitions=False,
            send_event=True,
        )

    def walk(self, given: Mapping[str, Value], world: World) -> Position:
        """Replay answers from the first question to where they lead.

        :param given: explicit answers by question; those off the way are passed over.
        :param world: what is known now; limits and rules are applied anew.
        :returns: the position: the first question without an answer that holds, or an outcome.
        :raises BadDialog: a rule gave an answer that no row names.
        """
        cursor = Cursor(self.first)
        way: dict[str, Value] = {}
        preset: set[str] = set()
        rows: list[Row] = []
        by_id = self.dialog.by_id
        while (question := by_id.get(cursor.state)) is not None:
            value = given.get(question.id)
            if value is None:
                value = question.preset(Answers(way), world) if question.preset else None
                if value is None or not question.kind.holds(value, world, Answers(way)):
                    break
                preset.add(question.id)
            elif not question.kind.holds(value, world, Answers(way)):
                break
            way[question.id] = value
            rows.append(self._step(cursor, question, value, way, world))
        else:
            return Position(self.dialog.endings[cursor.state], way, frozenset(preset), tuple(rows))
        return Position(question, way, frozenset(preset), tuple(rows))

    def _step(self, cursor: Cursor, question: Question, value: Value, way: Mapping[str, Value], world: World) -> Row:
        trigger = category = question.kind.category(value)
        if (rule := self._rules.get((question.id, category))) is not None:
            trigger = f"{category}/{rule.by(Answers(way), world)}"
        source = cursor.state
        try:
            self._machine.events[trigger].trigger(cursor)
        except (KeyError, MachineError):
            raise BadDialog([f"{self.dialog.id}: no route from {source} on {trigger}"]) from None
        return self._rows[source, trigger]

    def progress(self, position: Position) -> tuple[int, int]:
        """Which question this is and of how many, by the shortest way that is left to what is saved.

        Presets are not counted. Where nothing is saved any more, it is the shortest way to an end.

        :param position: where the session stands, at a question.
        :returns: (this one's number, how many in all), both from 1.
        """
        number = len(position.way) - len(position.preset) + 1
        asked = position.at
        left = self._left[asked.id] + (isinstance(asked, Question) and asked.preset is not None)  # asked all the same
        return number, number - 1 + max(1, left)

    def _shortest(self, endings: Iterable[str]) -> dict[str, int]:
        left = dict.fromkeys(endings, 0)
        shorter = True
        while shorter:  # until nothing gets shorter: at most as many rounds as the longest way has questions
            shorter = False
            for row in reversed(self._rows.values()):  # from the end, so that one round does for most dialogs
                asked = self.dialog.by_id.get(row.source)
                if asked is None or row.to not in left:
                    continue
                way = left[row.to] + (asked.preset is None)
                if way < left.get(row.source, way + 1):
                    left[row.source], shorter = way, True
        return left

    def mermaid(self) -> str:
        """The dialog drawn by its own machine.

        :returns: a Mermaid state diagram.
        """
        drawn = GraphMachine(
            model=_Drawn(),
            states=[*self.dialog.by_id, *self.dialog.endings],
            initial=self.first,
            transitions=[[row.trigger, row.source, row.to] for row in self._rows.values()],
            auto_transitions=False,
            graph_engine="mermaid",
            title=f"title: {self.dialog.id}",
        )
        return str(drawn.get_graph().source).replace(" s_active", " s_default")  # no question is being asked


_COMPILED: dict[int, CompiledDialog] = {}
"""What has been compiled, by the declaration itself, which stays as long as it stands here."""


def compiled_once(dialog: Dialog) -> CompiledDialog:
    """A dialog and its machine, which is built once a process: it holds nothing of a session.

    :param dialog: a declaration.
    :returns: the same for the same declaration.
    :raises BadDialog: a route does not compile.
    """
    found = _COMPILED.get(id(dialog))
    if found is None:
        found = _COMPILED[id(dialog)] = CompiledDialog(dialog)
    return found
