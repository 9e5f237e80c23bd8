"""Sessions: the dialog somebody is in, and drafts that were put aside."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from state.session import Session
from state.store.base import NEVER, File

_SESSION = "id, person, dialog, version, revision, opened_at, body"


class Sessions(File):
    """Drafts, active and parked."""

    def save_session(
        self, session: Session, park_at: datetime, *, erase_at: datetime | None = None, case: str | None = None
    ) -> None:
        """Keep a session as it stands; it becomes the person's active one, and any other is put aside.

        :param session: the session.
        :param case: the case it is about, or ``None`` where it has not been said.
        :param park_at: when it is parked unless it moves.
        :param erase_at: when it is erased unless it moves; ``None`` for never.
        """
        self._conn.execute(
            "UPDATE session SET status = 'parked' WHERE person = ? AND status = 'active' AND id <> ?",
            (session.person, session.id),
        )
        self._conn.execute(
            "INSERT INTO session (id, person, dialog, version, revision, status, opened_at, park_at, erase_at, "
            "case_code, body) VALUES (?, ?, ?, ?, ?, 'active', ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "version = excluded.version, revision = excluded.revision, status = 'active', "
            "opened_at = excluded.opened_at, park_at = excluded.park_at, erase_at = excluded.erase_at, "
            "case_code = excluded.case_code, body = excluded.body",
            (
                session.id,
                session.person,
                session.dialog,
                session.version,
                session.revision,
                session.opened_at.isoformat(),
                park_at.timestamp(),
                NEVER if erase_at is None else erase_at.timestamp(),
                case,
                json.dumps(session.body(), ensure_ascii=False, separators=(",", ":")),
            ),
        )

    def session(self, id_: str) -> Session | None:
        """A session by its id.

        :param id_: eight characters.
        :returns: the session, or ``None`` where it has ended or never was.
        """
        row = self._row(f"SELECT {_SESSION} FROM session WHERE id = ?", id_)
        return _session(row) if row else None

    def case_of_session(self, id_: str) -> str | None:
        """The case a session is about, also where its dialog is not there any more.

        :param id_: eight characters.
        :returns: the case code; ``None`` where it has not been said, or the session has ended.
        """
        row = self._row("SELECT case_code FROM session WHERE id = ?", id_)
        return row[0] if row else None

    def active_session(self, person: str) -> Session | None:
        """The session a person is in.

        :param person: an id.
        :returns: the session, or ``None``.
        """
        row = self._row(f"SELECT {_SESSION} FROM session WHERE person = ? AND status = 'active'", person)
        return _session(row) if row else None

    def drafts(self, person: str, dialog: str | None = None, case: str | None = None) -> list[Session]:
        """A person's drafts, active and parked.

        :param person: an id.
        :param dialog: only of this dialog.
        :param case: only of this case.
        :returns: the active one first, then the latest first.
        """
        rows = self._rows(
            f"SELECT {_SESSION} FROM session WHERE person = ? AND dialog = coalesce(?, dialog) "
            "AND (? IS NULL OR case_code = ?) ORDER BY status, opened_at DESC",
            person,
            dialog,
            case,
            case,
        )
        return [_session(row) for row in rows]

    def erase_due(self, now: datetime, but_of: Iterable[str] = ()) -> list[Session]:
        """Erase every draft whose time is out.

        :param now: the time.
        :param but_of: channels that erase their people's drafts themselves, and tell them.
        :returns: the drafts that are gone.
        """
        others = tuple(but_of)
        theirs = f"SELECT id FROM person WHERE channel IN ({', '.join('?' for _ in others)})"
        rows = self._rows(
            f"DELETE FROM session WHERE erase_at <= ? AND person NOT IN ({theirs}) RETURNING {_SESSION}",
            now.timestamp(),
            *others,
        )
        return [_session(row) for row in rows]

    def park_due(self, now: datetime) -> int:
        """Put every session aside whose deadline has passed.

        :param now: the time.
        :returns: how many.
        """
        done = self._conn.execute(
            "UPDATE session SET status = 'parked' WHERE status = 'active' AND park_at <= ?", (now.timestamp(),)
        )
        return int(done.rowcount)

    def end_session(self, session: str) -> None:
        """Erase a session and its answers.

        :param session: an id.
        """
        self._conn.execute("DELETE FROM session WHERE id = ?", (session,))


def _session(row: Sequence[Any]) -> Session:
    body: Mapping[str, Any] = json.loads(row[6])
    return Session(
        id=row[0],
        person=row[1],
        dialog=row[2],
        version=row[3],
        revision=row[4],
        opened_at=datetime.fromisoformat(row[5]),
        answers=body["answers"],
        growing=body["growing"],
        asking=body["asking"],
        read_back=body["read_back"],
    )
