"""Every dialog there is, one line each; ``lots new NAME`` adds the line."""

from __future__ import annotations

from collections.abc import Sequence

from dialogs import (
    aterkalla,
    avvisat,
    delning,
    hotbild,
    kollega,
    kopia,
    ratta,
    remiss,
    samtal,
    samtycke,
    stangning,
    uppgifter,
)
from dialogs.model import Dialog
from dialogs.records import CaseOpened, Declined, Received, Record, Transferred
from dialogs.texts import Words

DIALOGS: tuple[Dialog, ...] = (
    samtal.DIALOG,
    hotbild.DIALOG,
    samtycke.DIALOG,
    aterkalla.DIALOG,
    delning.DIALOG,
    ratta.DIALOG,
    uppgifter.DIALOG,
    stangning.DIALOG,
    kopia.DIALOG,
    remiss.DIALOG,
    avvisat.DIALOG,
    kollega.DIALOG,
)

BY_ID = {dialog.id: dialog for dialog in DIALOGS}

COMMON_KINDS: tuple[type[Record], ...] = (CaseOpened, Transferred, Received, Declined)

KINDS: dict[str, type[Record]] = {
    kind.kind: kind for kind in COMMON_KINDS + tuple(kind for dialog in DIALOGS for kind in dialog.kinds)
}

_NOTES = {kind: dialog.note for dialog in DIALOGS if dialog.note is not None for kind in dialog.kinds}


def note_of(record: Record) -> Sequence[Words]:
    """The journal note of a record, by the dialog that writes its kind.

    :param record: any record.
    :returns: lines in the order they are read; empty where the kind has no note.
    """
    note = _NOTES.get(type(record))
    return () if note is None else note(record)
