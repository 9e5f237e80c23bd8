"""Records of who gets at a case: that a member of staff was let in, or taken out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar

from dialogs.records.base import Record

PersonRef = Annotated[str, re.compile("p-[a-z0-9]{8}"), 10]
"""The id of a member of staff: random, and never a name."""


@dataclass(frozen=True, kw_only=True)
class AccessGiven(Record):
    """A member of staff was let into a case.

    It is bookkeeping: nothing of it belongs in a journal, so no bundle is made for it and no purge waits for it.
    """

    kind: ClassVar[str] = "access_given"
    bookkeeping: ClassVar[bool] = True

    person: PersonRef


@dataclass(frozen=True, kw_only=True)
class AccessEnded(Record):
    """A member of staff was taken out of a case, or left it."""

    kind: ClassVar[str] = "access_ended"
    bookkeeping: ClassVar[bool] = True

    person: PersonRef
