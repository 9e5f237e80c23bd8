"""What happened in a session, in the past tense. Logs carry these names and nothing of the answers."""

from __future__ import annotations

from dataclasses import dataclass

from dialogs.records import Record


@dataclass(frozen=True)
class Event:
    """The base of all events."""


@dataclass(frozen=True)
class SessionStarted(Event):
    """A dialog was opened."""


@dataclass(frozen=True)
class QuestionAnswered(Event):
    """A question got an answer.

    :ivar question: its id.
    """

    question: str


@dataclass(frozen=True)
class AnswerGrew(Event):
    """A line of a list was pressed; the answer waits for Klar."""

    question: str


@dataclass(frozen=True)
class AnswerRefused(Event):
    """An answer did not do, and the question is asked again.

    :ivar question: its id.
    :ivar fault: the fault's stable name.
    """

    question: str
    fault: str


@dataclass(frozen=True)
class WentBack(Event):
    """The last answer was taken back."""


@dataclass(frozen=True)
class ChangeOpened(Event):
    """Ändra was pressed: the list of answers, or one of them, is open for change."""


@dataclass(frozen=True)
class AnswersFell(Event):
    """Answers no longer hold and are asked again.

    :ivar questions: their ids.
    """

    questions: tuple[str, ...]


@dataclass(frozen=True)
class WhyAsked(Event):
    """The question "Varför frågar vi?" was answered; nothing moved."""


@dataclass(frozen=True)
class PressWasStale(Event):
    """A button of an older screen was pressed; nothing moved."""


@dataclass(frozen=True)
class AbandonAsked(Event):
    """Avbryt was pressed once; it is asked whether that was meant."""


@dataclass(frozen=True)
class SessionAbandoned(Event):
    """The draft was thrown away by the one who began it."""


@dataclass(frozen=True)
class SessionResumed(Event):
    """A draft was taken up again."""


@dataclass(frozen=True)
class SessionReopened(Event):
    """A draft of another version of the dialog was taken up with the answers that still hold.

    :ivar version: the version it was begun in.
    """

    version: int


@dataclass(frozen=True)
class SessionCompleted(Event):
    """An outcome was reached and confirmed.

    :ivar outcome: its id.
    :ivar records: what is to be kept; empty where the outcome saves nothing.
    :ivar leads_to: ids of the dialogs to offer next, in the same case.
    :ivar dialog: the dialog's id.
    :ivar case: the case it was about; ``None`` where it was about none.
    """

    outcome: str
    records: tuple[Record, ...]
    leads_to: tuple[str, ...]
    dialog: str
    case: str | None
