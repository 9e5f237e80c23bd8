"""How the hand-over is told of: how far a record has come, and why the receiver declined something."""

from __future__ import annotations

from collections.abc import Mapping

from dialogs.consent_words import Listed
from dialogs.records import DeclineReason
from dialogs.rules.transfers import RecordState
from dialogs.texts import Text
from dialogs.texts import mark as _

WHY_DECLINED: dict[DeclineReason, str] = {
    "unknown_case": _("Koden finns inte i verksamhetssystemet."),
    "not_ours": _("Ärendet hör inte till mottagaren."),
    "duplicate": _("Den finns redan i verksamhetssystemet."),
    "incomplete": _("Något saknas i den."),
    "unreadable": _("Den gick inte att läsa."),
    "other": _("Fråga mottagaren varför."),
}
"""The receiver's reason, as a sentence after what was declined."""

STATES: Mapping[RecordState, str] = {
    "ready": _("Klar att överföras"),
    "transferred": _("Överförd"),
    "declined": _("Avvisad"),
    "received": _("Kvitterad"),
}
"""How far a record that is here can have come, in the order it gets there."""

_COUNTED: Mapping[RecordState, tuple[str, str]] = {
    "ready": (_("{number} klar"), _("{number} klara")),
    "transferred": (_("{number} överförd"), _("{number} överförda")),
    "declined": (_("{number} avvisad"), _("{number} avvisade")),
    "received": (_("{number} kvitterad"), _("{number} kvitterade")),
}


def counted(states: Mapping[RecordState, int]) -> Text:
    """How many records have come how far; a state that none is in is left out.

    :param states: how many are in each; at least one is.
    :returns: "3 klara, 1 avvisad, 2 kvitterade".
    """
    return Listed(
        Text(_COUNTED[state][number > 1], number=number) for state in STATES if (number := states.get(state, 0))
    )
