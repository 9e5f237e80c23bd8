"""Every dialog there is, one line each; ``lots new NAME`` adds the line."""

from __future__ import annotations

from dialogs import aterkalla, delning, hotbild, kopia, ratta, remiss, samtal, samtycke, stangning, uppgifter
from dialogs.model import Dialog
from dialogs.records import CaseOpened, Record, Transferred

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
)

BY_ID = {dialog.id: dialog for dialog in DIALOGS}

COMMON_KINDS: tuple[type[Record], ...] = (CaseOpened, Transferred)

KINDS: dict[str, type[Record]] = {
    kind.kind: kind for kind in COMMON_KINDS + tuple(kind for dialog in DIALOGS for kind in dialog.kinds)
}
