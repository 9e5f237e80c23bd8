"""Every dialog there is, one line each; ``lots new NAME`` adds the line."""

from __future__ import annotations

from dialogs import ratta, samtal, stangning, uppgifter
from dialogs.model import Dialog
from dialogs.records import CaseOpened, Record

DIALOGS: tuple[Dialog, ...] = (
    samtal.DIALOG,
    ratta.DIALOG,
    uppgifter.DIALOG,
    stangning.DIALOG,
)

BY_ID = {dialog.id: dialog for dialog in DIALOGS}

COMMON_KINDS: tuple[type[Record], ...] = (CaseOpened,)

KINDS: dict[str, type[Record]] = {
    kind.kind: kind for kind in COMMON_KINDS + tuple(kind for dialog in DIALOGS for kind in dialog.kinds)
}
