"""The engine: a session and a value in, (session, events, screen) out.

Answers are the state. Where a session stands follows from replaying its answers through the dialog's machine; going
back or changing an answer is dropping what it voids and replaying. The engine sends, saves and logs nothing and
reads no clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from dialogs import dates
from dialogs.answers import MEANS_NOTHING, Answers, CaseCode, Given, Option, Partly, Refused, Value
from dialogs.law_words import law_words
from dialogs.model import Dialog, Line, Outcome, Question, World
from dialogs.records import CaseOpened, Entry, Record
from dialogs.rules.catalogue import rule_words
from dialogs.texts import Text, Verbatim, Words, as_text, say
from dialogs.texts import mark as _
from state.events import (
    AbandonAsked,
    AnswerGrew,
    AnswerRefused,
    AnswersFell,
    ChangeOpened,
    Event,
    PressWasStale,
    QuestionAnswered,
    SessionAbandoned,
    SessionCompleted,
    SessionReopened,
    SessionResumed,
    SessionStarted,
    WentBack,
    WhyAsked,
)
from state.machine import Position, compiled_once
from state.pieces import in_pages
from state.screen import Button, ListItem, Rows, Screen, stack

BACK, WHY, CHANGE, SAVE, ABANDON, MORE = "!back", "!why", "!change", "!save", "!abandon", "!more"
YES_ABANDON, NO_GO_ON = "!abandon:yes", "!abandon:no"
RESUME, START_OVER, ANOTHER = "!resume", "!over", "!another"
"""What can be done with a draft that was found; the desk takes care of the last: the draft stays, a new one begins."""

NOT_DRAWN = "222-223"
"""Stands for a code in a record that is only looked at before it is saved; its check character is no one's."""

FORESEEN = "~"
"""What a line of a read-back begins with where it is no answer but what follows from saving."""

ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")

ASKING_CHANGE, ASKING_ABANDON, ASKING_RESUME = "change", "abandon", "resume"
ASKING_WHY, ASKING_MORE = "why", "more"

MOST_TOLD = 4
"""How many lines that have changed are named above a read-back; all of them stand in it."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """A dialog in progress.

    :ivar id: eight characters, random.
    :ivar person: the id of the one who is answering.
    :ivar dialog: the dialog's id.
    :ivar version: the dialog's version when it was opened.
    :ivar opened_at: when, with the local zone.
    :ivar answers: the explicit answers by question; presets are not in here.
    :ivar growing: the pressed part of a list that waits for Klar.
    :ivar asking: empty on the way; else ``change``, ``change:QUESTION``, ``why:PAGE`` or ``more:PAGE``; or
        ``abandon:`` or ``resume:`` with what of these waits under it.
    :ivar read_back: the answers and words that the read-back shows, while it is shown; saved only if they still stand.
    :ivar revision: counts every change; buttons carry it.
    """

    id: str
    person: str
    dialog: str
    version: int
    opened_at: datetime
    answers: Mapping[str, Value] = field(default_factory=dict)
    growing: Value | None = None
    asking: str = ""
    read_back: Sequence[str] | None = None
    revision: int = 1

    def body(self) -> dict[str, Any]:
        """What of it is stored as JSON beside the columns.

        :returns: answers and where it stands.
        """
        return {
            "answers": dict(self.answers),
            "growing": self.growing,
            "asking": self.asking,
            "read_back": self.read_back,
        }


class Step(NamedTuple):
    """What the engine gives back.

    :ivar session: the session after the step; ``None`` when it has ended.
    :ivar events: what happened, in order.
    :ivar screen: what to show.
    """

    session: Session | None
    events: tuple[Event, ...]
    screen: Screen


@dataclass(frozen=True)
class _Fresh:
    """A record that is about to be written, for the words after saving."""

    record: Record
    author: str
    said_on: date
    recorded_at: str
    id: str = ""


class Engine:
    """Walks sessions through dialogs.

    :param dialogs: every dialog there is.
    :raises BadDialog: one of them does not compile.
    """

    def __init__(self, dialogs: Sequence[Dialog]) -> None:
        self.compiled = {dialog.id: compiled_once(dialog) for dialog in dialogs}

    def start(self, dialog: str, session_id: str, world: World, case: str | None = None) -> Step:
        """Open a dialog.

        :param dialog: its id.
        :param session_id: a new random id.
        :param world: what is known.
        :param case: the case, where it is opened from one; it is then not asked for.
        :returns: the first question that waits.
        :raises KeyError: there is no such dialog.
        """
        compiled = self.compiled[dialog]
        session = Session(
            id=session_id,
            person=world.person,
            dialog=dialog,
            version=compiled.dialog.version,
            opened_at=world.now,
            answers={} if case is None else {self._case_question(compiled.dialog): case},
        )
        return self._arrive(session, world, (SessionStarted(),))

    def case_of(self, session: Session) -> str | None:
        """The case a session is about.

        :param session: the session.
        :returns: the case code, or ``None`` where it has not been said.
        """
        held = session.answers.get(self._case_question(self.compiled[session.dialog].dialog))
        return None if held is None else str(held)

    def draft_words(self, session: Session, world: World) -> Text:
        """How a draft is named: what, in which case, from when.

        :param session: the draft.
        :param world: what is known now.
        :returns: "ett påbörjat samtal för K7M-4QX från kl. 14.32".
        """
        noun = as_text(self.compiled[session.dialog].dialog.noun)
        at = dates.clock_time(session.opened_at.time(), world.language)
        opened = session.opened_at.date()
        when = Text(_("från {time}"), time=at)
        if opened != world.today:
            when = Text(_("från den {day} {time}"), day=opened, time=at)
        if (case := self.case_of(session)) is not None:
            return Text(_("{noun} för {case} {when}"), noun=noun, case=case, when=when)
        return Text(_("{noun} {when}"), noun=noun, when=when)

    def _case_question(self, dialog: Dialog) -> str:
        return next((question.id for question in dialog.questions if isinstance(question.kind, CaseCode)), "")

    def current(self, session: Session, world: World, notices: Sequence[Words] = ()) -> Step:
        """The session's screen as it stands, without moving.

        :param session: the session.
        :param world: what is known now.
        :param notices: lines above the question.
        :returns: the same session and its screen; a draft of another version is reopened first.
        """
        if self._is_of_another_version(session):
            return self._reopen(session, world, notices)
        return Step(session, (), self._screen(session, self._position(session, world), world, notices))

    def stale(self, session: Session, world: World) -> Step:
        """Answer a press on an older screen with the current question; nothing moves.

        :param session: the session.
        :param world: what is known now.
        :returns: the same session and its screen.
        """
        step = self.current(session, world)
        return step._replace(events=(PressWasStale(), *step.events))

    def ask_to_resume(self, session: Session, world: World) -> Step:
        """Find a draft again: an explicit question that names what and when.

        :param session: the draft.
        :param world: what is known now.
        :returns: the question whether to go on.
        """
        asked = self._aside(session, ASKING_RESUME)
        return Step(asked, (), self._screen(asked, self._position(asked, world), world))

    def press(self, session: Session, revision: int, value: str, world: World) -> Step:
        """Take the press of a button.

        :param session: the session.
        :param revision: the one the button carries.
        :param value: the button's value; only values on the current screen do anything.
        :param world: what is known now.
        :returns: the step; a stale or unknown press moves nothing.
        """
        if self._is_of_another_version(session) and not _beside(session.asking):
            return self._reopen(session, world)
        position = self._position(session, world)
        if revision == session.revision and self._is_over(session, position):
            return self._arrive(session, world, (PressWasStale(),))
        shown = self._screen(session, position, world)
        offered = any(button.value == value for button in shown.buttons)
        if shown.typed == "date" and ISO_DAY.fullmatch(value):
            offered = True  # "Idag" of before midnight still means its own day
        if value == SAVE and session.read_back not in (None, self._read_back(session, position, world)):
            offered = True  # the read-back was shown, and the world has changed since: that is told
        if revision != session.revision or not offered:
            fell = self._fell(session, position, world)
            return Step(session, (PressWasStale(),), self._screen(session, position, world, fell) if fell else shown)
        return self._act(session, position, value, world)

    def fill(self, session: Session, revision: int, values: Sequence[str], world: World) -> Step:
        """Take several presses of one screen at once, as a form brings them: the lines of a list, then a button.

        :param session: the session.
        :param revision: the one the screen carries.
        :param values: the buttons' values in order; at least one.
        :param world: what is known.
        :returns: the step of the last press; of the first that is stale or refused, where one is.
        """
        events: tuple[Event, ...] = ()
        for value in values[:-1]:
            step = self.press(session, revision, value, world)
            events += step.events
            if step.session is None or any(isinstance(event, PressWasStale | AnswerRefused) for event in step.events):
                return step._replace(events=events)
            session, revision = step.session, step.session.revision
        step = self.press(session, revision, values[-1], world)
        return step._replace(events=(*events, *step.events))

    def trail(self, session: Session, world: World) -> list[tuple[str, str]]:
        """The talk so far: what was asked and answered on the way to the question that waits.

        :param session: the session.
        :param world: what is known.
        :returns: (question, answer) in the reader's language, what stood from the start left out; empty where no
            question of the talk waits, for there all answers are on the screen.
        """
        position = self._position(session, world)
        if session.asking or isinstance(position.at, Outcome):
            return []
        dialog = self.compiled[session.dialog].dialog
        told, way = [], dict[str, Value]()
        for passed, value in position.way.items():
            question = dialog.by_id[passed]
            if passed in session.answers:
                asked = say(question.words(Answers(way), world), world.language)
                told.append((asked, question.kind.show(value, world, Answers(way))))
            way[passed] = value
        return told

    def answer(self, session: Session, text: str, world: World) -> Step:
        """Take typed words: the words of a button do what the button does, anything else answers the question.

        :param session: the session.
        :param text: what was typed, at most 4,096 characters.
        :param world: what is known now.
        :returns: the step; what cannot be read is refused and the same question asked again.
        """
        if self._is_of_another_version(session) and not _beside(session.asking):
            return self._reopen(session, world)
        position = self._position(session, world)
        if self._is_over(session, position):
            return self._arrive(session, world, (AnswerRefused("", "not_a_choice"),))
        shown = self._screen(session, position, world)
        wanted = text.strip().casefold()
        for button in shown.buttons:
            if button.label.casefold() == wanted:
                return self._act(session, position, button.value, world)
        if self._question(session, position) is None:
            fault = _("Det svaret finns inte här. Tryck på en av knapparna.")
            screen = self._screen(session, position, world, (fault,))
            return Step(session, (AnswerRefused("", "not_a_choice"),), screen)
        return self._take(session, position, text, world)

    def reads(self, session: Session, text: str, world: World) -> bool:
        """Whether typed words mean anything where a session stands; of others only the form is told, never what.

        :param session: the session.
        :param text: what was typed.
        :param world: what is known now.
        :returns: ``False`` where :meth:`answer` says the same to any words that mean nothing.
        """
        if self._is_of_another_version(session) and not _beside(session.asking):
            return False
        position = self._position(session, world)
        if self._is_over(session, position):
            return False
        wanted = text.strip().casefold()
        if any(button.label.casefold() == wanted for button in self._screen(session, position, world).buttons):
            return True
        question = self._question(session, position)
        if question is None:
            return False
        nothing_drawn = replace(world, draw_code=lambda: "")
        reply = question.kind.read(text, session.growing, nothing_drawn, _before(question, position))
        return not (isinstance(reply, Refused) and reply.fault in MEANS_NOTHING)

    def back(self, session: Session, world: World) -> Step:
        """Take back the last answer that was given, and what depends on it.

        :param session: the session.
        :param world: what is known now.
        :returns: that question again; at the first question, the first question.
        """
        if session.asking:
            return self._arrive(self._moved(session, asking=""), world, (WentBack(),))
        position = self._position(session, world)
        given = [question for question in position.way if question not in position.preset]
        if not given:
            return self.current(session, world)
        return self._arrive(self._without(session, given[-1]), world, (WentBack(),))

    def edit(self, session: Session, question: str, world: World) -> Step:
        """Open one answer for change; the others stay.

        :param session: the session.
        :param question: a question on the way.
        :param world: what is known now.
        :returns: that question.
        """
        position = self._position(session, world)
        held = position.way.get(question)
        growing = held if isinstance(held, list | dict) else None
        opened = self._moved(session, asking=f"{ASKING_CHANGE}:{question}", growing=growing)
        return Step(opened, (ChangeOpened(),), self._screen(opened, position, world))

    def ask_to_abandon(self, session: Session, world: World) -> Step:
        """Ask once whether the draft is to be thrown away.

        :param session: the session.
        :param world: what is known now.
        :returns: the question.
        """
        asked = self._aside(session, ASKING_ABANDON)
        return Step(asked, (AbandonAsked(),), self._screen(asked, self._position(asked, world), world))

    def abandon(self, session: Session, world: World) -> Step:
        """Throw the draft away.

        :param session: the session.
        :param world: what is known now.
        :returns: no session, and a line that says that nothing was saved.
        """
        screen = Screen(text=say(_("Avbrutet. Inget är sparat."), world.language), rows=())
        return Step(None, (SessionAbandoned(),), screen)

    # ── one step ─────────────────────────────────────────────────────────────────────────────────────────────

    def _act(self, session: Session, position: Position, value: str, world: World) -> Step:
        if value == BACK:
            return self.back(session, world)
        if value == WHY:
            return self._why(session, position, world)
        if value in (ABANDON, YES_ABANDON):
            return self.ask_to_abandon(session, world) if value == ABANDON else self.abandon(session, world)
        if value == SAVE:
            return self._save(session, position, world)
        if value == CHANGE:
            listed = self._moved(session, asking=ASKING_CHANGE)
            return Step(listed, (ChangeOpened(),), self._screen(listed, position, world))
        if value.startswith(f"{CHANGE}:"):
            return self.edit(session, value.removeprefix(f"{CHANGE}:"), world)
        if value.startswith(f"{MORE}:"):
            turned = replace(session, asking=value.removeprefix(f"{MORE}:"), revision=session.revision + 1)
            return Step(turned, (), self._screen(turned, position, world))
        if value == RESUME:
            session = self._asked_anew(session)
            return self._go_on(session, self._position(session, world), world)
        if value == NO_GO_ON:
            return self._go_on(session, position, world)
        if value == START_OVER:
            again = replace(
                self._moved(session, asking="", answers={}),
                version=self.compiled[session.dialog].dialog.version,
                opened_at=world.now,
            )
            return self._arrive(again, replace(world, opened_at=world.now), (SessionAbandoned(), SessionStarted()))
        return self._take(session, position, value, world)

    def _take(self, session: Session, position: Position, said: str, world: World) -> Step:
        question = self._question(session, position)
        if question is None:
            return Step(session, (PressWasStale(),), self._screen(session, position, world))
        reply = question.kind.read(said, session.growing, world, _before(question, position))
        match reply:
            case Refused(fault, words):
                screen = replace(self._screen(session, position, world, (words,)), refused=True)
                return Step(session, (AnswerRefused(question.id, fault),), screen)
            case Partly(value):
                grown = replace(session, growing=value, revision=session.revision + 1)
                return Step(grown, (AnswerGrew(question.id),), self._screen(grown, position, world))
            case Given(value, notice):
                answers = dict(session.answers)
                fallen: tuple[str, ...] = ()
                if position.way.get(question.id, session.answers.get(question.id, value)) != value:
                    depending = self.compiled[session.dialog].dialog.depending_on(question.id)
                    fallen = tuple(q for q in answers if q in depending)
                    answers = {q: held for q, held in answers.items() if q not in depending}
                answers[question.id] = value
                events: tuple[Event, ...] = (QuestionAnswered(question.id),)
                if fallen:
                    events = (*events, AnswersFell(fallen))
                moved = self._moved(session, asking="", answers=answers)
                return self._arrive(moved, world, events, (notice,) if notice is not None else ())

    def _arrive(self, session: Session, world: World, events: tuple[Event, ...], notices: Sequence[Words] = ()) -> Step:
        """Replay; an outcome that keeps nothing ends at once, one that keeps something is read back first."""
        position = self._position(session, world)
        if isinstance(position.at, Outcome):
            if not position.at.saves:
                return self._end(position, position.at, (), world, events, session)
            session = replace(
                session,
                answers={q: held for q, held in session.answers.items() if q in position.way},
                read_back=None if session.asking else self._read_back(session, position, world),
            )
        elif position.at.id in session.answers:
            # An answer that no longer holds (a limit, a case that is gone). It stays until the question is answered
            # anew: without it a preset would step in without a word.
            events = (*events, AnswersFell((position.at.id,)))
            held = session.answers[position.at.id]
            session = replace(session, growing=held if isinstance(held, list | dict) else session.growing)
            notices = (*notices, *self._fell(session, position, world))
        return Step(session, events, self._screen(session, position, world, notices))

    @staticmethod
    def _is_over(session: Session, position: Position) -> bool:
        """Whether a colleague has done it meanwhile: what is left to say keeps nothing, so there is no read-back."""
        return not session.asking and isinstance(position.at, Outcome) and not position.at.saves

    def _fell(self, session: Session, position: Position, world: World) -> tuple[Words, ...]:
        """That the answer to the question that waits no longer holds, and why where that can be said."""
        held = session.answers.get(position.at.id)
        if held is None or session.asking or not isinstance(position.at, Question):
            return ()
        notice = _("Ett svar gäller inte längre. Svara på frågan igen.")
        reply = position.at.kind.read(held, None, world, position.answers) if isinstance(held, str) else None
        if isinstance(reply, Refused) and reply.fault != "not_a_choice":
            return notice, reply.words
        return (notice,)

    def _read_back(self, session: Session, position: Position, world: World) -> list[str]:
        """Every answer and its words as they stood when the draft was opened: what is saved is what was shown.

        The words are held too, since an answer may be the id of a record that has changed meanwhile; the day is that
        of the opening, so that midnight alone changes nothing. What will follow from saving is held in the same way.
        """
        then = replace(world, now=session.opened_at)
        lines = self._lines(self.compiled[session.dialog].dialog, position, then)
        foreseen = [f"{FORESEEN} {say(line.words, then.language)}" for line in self._foreseen(session, position, then)]
        return [*(f"{value} {line}" for value, line in zip(position.way.values(), lines, strict=True)), *foreseen]

    def _foreseen(self, session: Session, position: Position, world: World) -> Sequence[Line]:
        """What will follow from saving, as the dialog foresees it."""
        if not isinstance(position.at, Outcome) or position.at.foresees is None:
            return ()
        undrawn = replace(world, draw_code=lambda: NOT_DRAWN)  # a code is drawn once, when it is saved
        records = self.compiled[session.dialog].dialog.record(position.answers, undrawn)
        return position.at.foresees(position.answers, _after(world, tuple(records)))

    @staticmethod
    def _lines(dialog: Dialog, position: Position, world: World) -> list[str]:
        """The answers on the way, each with its label."""
        way: dict[str, Value] = {}
        lines = []
        for passed, value in position.way.items():
            asked = dialog.by_id[passed]
            lines.append(f"{say(asked.label, world.language)}: {asked.kind.show(value, world, Answers(way))}")
            way[passed] = value
        return lines

    def _save(self, session: Session, position: Position, world: World) -> Step:
        stands = self._read_back(session, position, world)
        if not isinstance(position.at, Outcome) or stands != session.read_back:
            changed = _("Inget är sparat än. Ärendet har ändrats sedan du såg svaren. Kontrollera dem igen.")
            above = {
                f"{FORESEEN} {say(line.words, world.language)}"
                for line in self._foreseen(session, position, world)
                if line.above  # that is told above the answers
            }
            known = {*(session.read_back or ()), *above}
            fresh = [line for line in stands if line not in known and line.startswith(FORESEEN)][:MOST_TOLD]
            told = [Text(_("Nytt: {line}"), line=line.removeprefix(f"{FORESEEN} ")) for line in fresh]
            return self._arrive(self._moved(session, asking=""), world, (PressWasStale(),), (changed, *told))
        records = tuple(self.compiled[session.dialog].dialog.record(position.answers, world))
        if fresh := [kept.case for kept in records if not kept.apart and world.is_free(kept.case)]:
            records = (CaseOpened(case=fresh[0]), *records)
        return self._end(position, position.at, records, world, (), session)

    def _end(
        self,
        position: Position,
        outcome: Outcome,
        records: tuple[Record, ...],
        world: World,
        events: tuple[Event, ...],
        session: Session,
    ) -> Step:
        after = _after(world, records)
        lines = list(outcome.says(position.answers, after))
        opened = [kept.case for kept in records if isinstance(kept, CaseOpened)]
        write = _("Skriv koden {case} i verksamhetssystemet nu.")
        if world.practice:
            write = _("Koden {case} är bara övning. Skriv den inte i verksamhetssystemet.")
        lines += [Text(write, case=case) for case in opened]
        numbers = () if outcome.numbers is None else outcome.numbers(position.answers, after)
        copying = [
            Button(say(Text(_("Kopiera {number}"), number=Verbatim(number)), world.language), f"copied-{n}", number)
            for n, number in enumerate(numbers, 1)
        ]
        screen = Screen(text="\n".join(say(words, world.language) for words in lines), rows=stack(copying))
        leads_to = () if outcome.leads_to is None else tuple(outcome.leads_to(position.answers, after))
        ended = SessionCompleted(outcome.id, records, leads_to, session.dialog, self.case_of(session))
        return Step(None, (*events, ended), screen)

    def _is_of_another_version(self, session: Session) -> bool:
        return session.version != self.compiled[session.dialog].dialog.version

    def _go_on(self, session: Session, position: Position, world: World) -> Step:
        """Take up what waits under a question beside the talk."""
        if self._is_of_another_version(session):
            return self._reopen(session, world)
        waiting, growing = _under(session.asking), session.growing
        if waiting.partition(":")[0] in (ASKING_WHY, ASKING_MORE):
            waiting = ""  # the read-back begins again from its first page
        if waiting.startswith(f"{ASKING_CHANGE}:") and waiting.removeprefix(f"{ASKING_CHANGE}:") not in position.way:
            waiting, growing = "", None
        return self._arrive(self._moved(session, asking=waiting, growing=growing), world, (SessionResumed(),))

    def _asked_anew(self, session: Session) -> Session:
        """A draft without the answers that were true only when they were given; the talk goes on from there."""
        dialog = self.compiled[session.dialog].dialog
        anew = [q.id for q in dialog.questions if q.asked_anew and q.id in session.answers]
        if not anew:
            return session
        dropped = frozenset(anew).union(*(dialog.depending_on(q) for q in anew))
        answers = {q: held for q, held in session.answers.items() if q not in dropped}
        return replace(session, answers=answers, asking=f"{ASKING_RESUME}:", growing=None)

    def _reopen(self, session: Session, world: World, notices: Sequence[Words] = ()) -> Step:
        dialog = self.compiled[session.dialog].dialog
        known = {q: value for q, value in session.answers.items() if q in dialog.by_id}
        reopened = self._moved(replace(session, version=dialog.version), asking="", answers=known)
        notice = _("Frågorna har ändrats sedan du började. Svaren som fortfarande gäller är kvar.")
        return self._arrive(reopened, world, (SessionReopened(session.version),), (*notices, notice))

    def _why(self, session: Session, position: Position, world: World) -> Step:
        question = self._question(session, position)
        if question is None:
            asked = replace(session, asking=ASKING_WHY, revision=session.revision + 1)
            return Step(asked, (WhyAsked(),), self._screen(asked, position, world))
        lines: list[Words] = [question.why.words]
        lines += [rule_words(rule) for rule in question.why.rules]
        lines += [law_words(law, world) for law in question.why.law]
        return Step(session, (WhyAsked(),), self._screen(session, position, world, lines))

    # ── replaying and showing ────────────────────────────────────────────────────────────────────────────────

    def _position(self, session: Session, world: World) -> Position:
        return self.compiled[session.dialog].walk(session.answers, world)

    def _question(self, session: Session, position: Position) -> Question | None:
        """The question that waits for an answer, or none where buttons alone go on."""
        if session.asking.startswith(f"{ASKING_CHANGE}:"):
            return self.compiled[session.dialog].dialog.by_id[session.asking.removeprefix(f"{ASKING_CHANGE}:")]
        if session.asking or isinstance(position.at, Outcome):
            return None
        return position.at

    def _moved(
        self,
        session: Session,
        *,
        asking: str,
        answers: Mapping[str, Value] | None = None,
        growing: Value | None = None,
    ) -> Session:
        return replace(
            session,
            asking=asking,
            answers=session.answers if answers is None else answers,
            growing=growing,
            read_back=None,
            revision=session.revision + 1,
        )

    def _aside(self, session: Session, asking: str) -> Session:
        """Ask something beside the talk; what was asked and pressed there waits."""
        return self._moved(session, asking=f"{asking}:{_under(session.asking)}", growing=session.growing)

    def _without(self, session: Session, question: str) -> Session:
        dropped = self.compiled[session.dialog].dialog.depending_on(question) | {question}
        return self._moved(
            session, asking="", answers={q: held for q, held in session.answers.items() if q not in dropped}
        )

    def _screen(self, session: Session, position: Position, world: World, notices: Sequence[Words] = ()) -> Screen:
        dialog, question = self.compiled[session.dialog], self._question(session, position)
        above = [say(words, world.language) for words in notices]
        told = len("\n".join(above).splitlines())
        if dialog.dialog.beside is not None and (_beside(session.asking) or session.asking == ASKING_CHANGE):
            above.append(say(dialog.dialog.beside, world.language))
        if question is None:
            lines, rows = self._off_the_questions(session, position, world)
        else:
            before = _before(question, position)
            lines = [
                *_heading(dialog.dialog, before, world.language),
                say(question.words(before, world), world.language),
            ]
            rows = self._question_rows(session, question, position, world)
        return Screen(
            text="\n".join([*above, *lines]),
            rows=rows,
            typed="nothing" if question is None else question.kind.typed,
            session=session.id,
            revision=session.revision,
            progress=None if question is None or session.asking else dialog.progress(position),
            told=told,
        )

    def _off_the_questions(self, session: Session, position: Position, world: World) -> tuple[list[str], Rows]:
        """The words and the buttons where no question of the dialog waits: beside the talk, or at its end."""
        lang = world.language
        asking, _sep, number = session.asking.partition(":")
        if asking == ASKING_RESUME:
            rows = stack(
                (_button(_("Fortsätt"), RESUME, lang), _button(_("Börja om"), START_OVER, lang)),
                (_button(_("Ett annat ärende"), ANOTHER, lang),),
            )
            return [say(Text(_("Du har {draft}. Fortsätta?"), draft=self.draft_words(session, world)), lang)], rows
        if asking == ASKING_ABANDON:
            rows = stack((_button(_("Ja, avbryt"), YES_ABANDON, lang), _button(_("Nej, fortsätt"), NO_GO_ON, lang)))
            return [say(_("Vill du avbryta? Då tas dina svar bort."), lang)], rows
        if asking == ASKING_CHANGE:
            dialog = self.compiled[session.dialog].dialog
            choices = [_button(dialog.by_id[q].label, f"{CHANGE}:{q}", lang) for q in position.way]
            return [say(_("Vad vill du ändra?"), lang)], stack(choices, (_button(_("Tillbaka"), BACK, lang),))
        why = asking == ASKING_WHY
        pages = in_pages(self._reasons(session, position, world) if why else self._summary(session, position, world))
        page = min(int(number or 0), len(pages) - 1) if asking else 0
        rows = self._page_rows(ASKING_WHY if why else ASKING_MORE, page, len(pages), position, lang)
        return list(pages[page]), rows

    def _summary(self, session: Session, position: Position, world: World) -> list[str]:
        """What is signed: the answers, and what will follow from saving them."""
        lang = world.language
        lines = self._foreseen(session, position, world)
        above = [_with_its_rules(line, lang) for line in lines if line.above]
        foreseen = [_with_its_rules(line, lang) for line in lines if not line.above]
        answers = self._lines(self.compiled[session.dialog].dialog, position, world)
        follows = ["", say(_("Om du sparar:"), lang), *foreseen] if foreseen else []
        return [*above, say(_("Stämmer det här?"), lang), *answers, *follows]

    @staticmethod
    def _page_rows(what: str, number: int, pages: int, position: Position, lang: str) -> Rows:
        """The buttons of a page: what was not seen to its end cannot be saved."""
        back = (_button(_("Tillbaka"), BACK, lang),)
        on = (_button(_("Fortsätt läsa"), f"{MORE}:{what}:{number + 1}", lang),) if number + 1 < pages else ()
        if what == ASKING_WHY:
            return stack(on, back)
        save = () if on else (_button(_("Spara"), SAVE, lang),)
        around = (_button(_("Ändra"), CHANGE, lang), _button(_("Avbryt"), ABANDON, lang))
        foresees = isinstance(position.at, Outcome) and position.at.foresees is not None
        why = (_button(_("Varför?"), WHY, lang),) if foresees else ()
        return stack((*on, *save, *around), why, back if number else ())

    def _reasons(self, session: Session, position: Position, world: World) -> list[str]:
        """What will follow from saving, each line with its rules; a rule is told once."""
        told: set[str] = set()
        lines = []
        for line in self._foreseen(session, position, world):
            lines.append(say(line.words, world.language))
            lines += [say(rule_words(rule), world.language) for rule in line.rules if rule not in told]
            told |= set(line.rules)
        return lines

    def _question_rows(self, session: Session, question: Question, position: Position, world: World) -> Rows:
        lang = world.language
        options = [
            Button(say(option.label, lang), option.value, item=_item(option, lang))
            for option in question.kind.options(session.growing, world, _before(question, position))
        ]
        around = []
        if session.asking or any(q not in position.preset for q in position.way):
            around.append(_button(_("Tillbaka"), BACK, lang))
        around += [_button(_("Avbryt"), ABANDON, lang), _button(_("Varför frågar vi?"), WHY, lang)]
        dialog = self.compiled[session.dialog].dialog
        offered = [
            _button(Text(_("Ändra: {what}"), what=as_text(dialog.by_id[q].label)), f"{CHANGE}:{q}", lang)
            for q in question.offers
        ]
        return stack([*options, *offered], around)


def _before(question: Question, position: Position) -> Answers:
    """The answers on the way to a question; all of them where it is the one that waits."""
    way: dict[str, Value] = {}
    for passed, value in position.way.items():
        if passed == question.id:
            break
        way[passed] = value
    return Answers(way)


def asks_to_resume(session: Session) -> bool:
    """Whether the session's screen asks if a draft is to be gone on with.

    :param session: the session.
    :returns: whether Ett annat ärende is on the screen.
    """
    return _beside(session.asking) == ASKING_RESUME


def _beside(asking: str) -> str:
    """The question beside the talk, ``abandon`` or ``resume``; empty where there is none."""
    beside = asking.partition(":")[0]
    return beside if beside in (ASKING_ABANDON, ASKING_RESUME) else ""


def _under(asking: str) -> str:
    """What is asked in the talk itself, under a question beside it."""
    return asking.partition(":")[2] if _beside(asking) else asking


def _item(option: Option, language: str) -> ListItem | None:
    if option.item is None:
        return None
    states = tuple((state, say(words, language)) for state, words in option.item.states)
    return ListItem(say(option.item.name, language), states, option.item.now)


def _button(words: Words, value: str, language: str) -> Button:
    return Button(say(words, language), value)


def _with_its_rules(line: Line, language: str) -> str:
    words = say(line.words, language)
    return f"{words} ({', '.join(line.rules)})" if line.rules else words


def _case_on(dialog: Dialog, way: Mapping[str, Value]) -> str | None:
    return next((str(v) for q, v in way.items() if isinstance(dialog.by_id[q].kind, CaseCode)), None)


def _heading(dialog: Dialog, way: Mapping[str, Value], language: str) -> list[str]:
    code = _case_on(dialog, way)
    return [say(Text(_("Ärende {case}"), case=code), language)] if code else []


def _after(world: World, records: Sequence[Record]) -> World:
    """The world as it will be when the records are written, so that the last words can count them."""

    def entries(case: str) -> Sequence[Entry]:
        return (
            *world.entries(case),
            *(
                _Fresh(kept, world.person, world.today, world.now.astimezone(UTC).isoformat())
                for kept in records
                if kept.case == case
            ),
        )

    return replace(world, entries=entries)
