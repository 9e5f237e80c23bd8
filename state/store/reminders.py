"""Who has been reminded of what: the only thing about reminders that is stored."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from state.store.base import File


class Reminded(File):
    """Whom has been told what waits."""

    def cases_with_a_threat(self) -> Sequence[str]:
        """The cases in which a threat was triaged.

        :returns: their codes, the first triage first.
        """
        rows = self._rows("SELECT case_code FROM record WHERE kind = 'threat_triaged' AND purge IS NULL ORDER BY seq")
        return list(dict.fromkeys(case for (case,) in rows))

    def reminded(self, person: str) -> Mapping[tuple[str, str], float]:
        """What somebody has been reminded of.

        :param person: an id.
        :returns: when they were told last, in seconds since 1970, by the record a step follows from and its kind.
        """
        rows = self._rows("SELECT record, kind, at FROM reminded WHERE person = ?", person)
        return {(record, kind): at for record, kind, at in rows}

    def remind(self, person: str, of: Iterable[tuple[str, str]], now: datetime) -> None:
        """Keep that somebody is reminded.

        :param person: an id.
        :param of: the record and the kind of each step.
        :param now: the time.
        """
        self._conn.executemany(
            "INSERT INTO reminded (person, record, kind, at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (person, record, kind) DO UPDATE SET at = excluded.at",
            [(person, record, kind, now.timestamp()) for record, kind in of],
        )

    def forget_reminded(self, but: Collection[str]) -> None:
        """Forget what nobody is to be reminded of any more.

        :param but: the records that steps still follow from.
        """
        self._conn.execute(
            "DELETE FROM reminded WHERE record NOT IN (SELECT value FROM json_each(?))", (json.dumps(sorted(but)),)
        )
