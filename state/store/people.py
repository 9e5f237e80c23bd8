"""Staff: who may speak, invitations, which message shows whose dialog, notes that are shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from state import ids
from state.people import INVITATION_ID, LABELS, LOTS, Invitation, Person, Role, code_hash
from state.records import Envelope
from state.store.base import HELD, WEB, utc
from state.store.records import Records

_PERSON = "id, role, district, language, channel, address, label"


class People(Records):
    """Staff, and what stands in their chats."""

    def person_at(self, channel: str, address: str) -> Person | None:
        """Who speaks from an address.

        :param channel: ``telegram`` or ``terminal``.
        :param address: the address in that channel.
        :returns: the person, or ``None`` for a stranger.
        """
        row = self._row(
            f"SELECT {_PERSON} FROM person WHERE channel = ? AND address = ? AND revoked_at IS NULL", channel, address
        )
        return _person(row) if row else None

    def people(self, channel: str | None = None) -> list[Person]:
        """Everyone who was invited and is not revoked.

        :param channel: ``telegram`` or ``terminal``; all channels where it is left out.
        :returns: people in the order they came.
        """
        rows = self._rows(
            f"SELECT {_PERSON} FROM person WHERE revoked_at IS NULL AND channel = coalesce(?, channel) ORDER BY rowid",
            channel,
        )
        return [_person(row) for row in rows]

    def person(self, id_: str) -> Person | None:
        """A person by their id.

        :param id_: the id.
        :returns: the person, or ``None`` where there is none or they are revoked.
        """
        row = self._row(f"SELECT {_PERSON} FROM person WHERE id = ? AND revoked_at IS NULL", id_)
        return _person(row) if row else None

    def anybody(self, id_: str) -> Person | None:
        """A person by their id, also one who is revoked: what they could see is asked afterwards too.

        :param id_: the id.
        :returns: the person as they are or were, or ``None`` where there never was one.
        """
        row = self._row(f"SELECT {_PERSON} FROM person WHERE id = ?", id_)
        return _person(row) if row else None

    def labels(self) -> dict[str, str]:
        """What colleagues see of everyone who may have written a record, those who are revoked and Lots included.

        :returns: labels by id.
        """
        return {LOTS.id: LOTS.label} | dict(self._rows("SELECT id, label FROM person ORDER BY rowid"))

    def speak(self, person: str, language: str) -> None:
        """Keep which language a person reads.

        :param person: an id.
        :param language: ``sv`` or ``en``.
        """
        self._conn.execute("UPDATE person SET language = ? WHERE id = ?", (language, person))

    def revoke(self, person: str, now: datetime) -> None:
        """End everything of a person at once: their way in, their drafts, what waits to be handled or sent.

        The id stays, since it is the author of records; the address is forgotten.

        :param person: an id.
        :param now: the time.
        """
        theirs = "(channel, address) IN (SELECT channel, address FROM person WHERE id = ?)"
        rings = "address IN (SELECT address FROM bell WHERE person = ?)"
        self._conn.execute("DELETE FROM session WHERE person = ?", (person,))
        self._conn.execute(f"DELETE FROM inbox WHERE {theirs} OR {rings}", (person, person))
        self._conn.execute(f"UPDATE trace SET due = 0 WHERE {theirs} OR {rings}", (person, person))
        self._conn.execute(f"DELETE FROM outbox WHERE {theirs} OR {rings}", (person, person))
        self._conn.execute("DELETE FROM outbox WHERE channel = ? AND address = ?", (HELD, person))
        self._conn.execute("DELETE FROM invitation WHERE person = ?", (person,))
        for table in ("note_shown", "chat_message", "sign_in", "pin", "bell", "reminded"):
            self._conn.execute(f"DELETE FROM {table} WHERE person = ?", (person,))
        self._conn.execute(
            "UPDATE person SET revoked_at = ?, address = 'revoked ' || id, live_message = NULL, seen_at = 0, "
            "locked = 0 WHERE id = ?",
            (now.timestamp(), person),
        )

    def add_person(self, *, role: Role, district: str, channel: str, address: str | None, now: datetime) -> Person:
        """Let somebody in.

        :param role: what they may do.
        :param district: whose cases they may see.
        :param channel: where they talk.
        :param address: their address there; it must be new. ``None`` on the web, where it is their id.
        :param now: the time.
        :returns: the person with a new id.
        """
        id_ = f"p-{ids.short_id(self._source)}"
        person = Person(
            id=id_,
            role=role,
            district=district,
            language="sv",
            channel=channel,
            address=id_ if address is None else address,
            label=f"{LABELS[role]} {1 + self._rows('SELECT count(*) FROM person WHERE district = ?', district)[0][0]}",
        )
        self._conn.execute(
            f"INSERT INTO person ({_PERSON}, joined_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (person.id, role, district, person.language, channel, person.address, person.label, utc(now)),
        )
        return person

    def invite(
        self, *, role: Role, district: str, expires_at: datetime, person: str | None = None, opens: str = "all"
    ) -> str:
        """Make an invitation that can be used once.

        :param role: what the invited may do.
        :param district: whose cases they may see.
        :param expires_at: until when.
        :param person: the id of somebody who changes phone; they keep their id, drafts and cases.
        :param opens: ``all``; ``browser`` for one more browser of a person who has a PIN; or ``bell`` for a code that
            only sets the person's doorbell and signs nobody in.
        :returns: the one-time code; only its hash is kept.
        """
        code = ids.short_id(self._source, 24)
        self._conn.execute(
            "INSERT INTO invitation (code_hash, role, district, expires_at, person, opens) VALUES (?, ?, ?, ?, ?, ?)",
            (code_hash(code), role, district, expires_at.timestamp(), person, opens),
        )
        return code

    def invitation_holds(self, code: str, now: datetime, opens: Sequence[str] = ("all",)) -> bool:
        """Whether a code is a live invitation; nothing is changed.

        :param code: what somebody sent.
        :param now: the time.
        :param opens: which kinds of invitation do.
        :returns: ``True`` for one that is known, unused and not too old.
        """
        return self.what_it_opens(code, now) in opens

    def what_it_opens(self, code: str, now: datetime) -> str | None:
        """What a live invitation opens; nothing is changed.

        :param code: what somebody sent.
        :param now: the time.
        :returns: as in :meth:`invite`; ``None`` for one that is unknown, used or too old.
        """
        row = self._row(
            "SELECT opens FROM invitation WHERE code_hash = ? AND used_at IS NULL AND expires_at > ?",
            code_hash(code),
            now.timestamp(),
        )
        return row[0] if row else None

    def invitations(self, now: datetime) -> list[Invitation]:
        """Those that can still be used.

        :param now: the time.
        :returns: each, the one that ends first before the others.
        """
        rows = self._rows(
            "SELECT substr(code_hash, 1, ?), role, district, expires_at, person, opens FROM invitation "
            "WHERE used_at IS NULL AND expires_at > ? ORDER BY expires_at, code_hash",
            INVITATION_ID,
            now.timestamp(),
        )
        return [
            Invitation(
                id=row[0],
                role=row[1],
                district=row[2],
                expires_at=datetime.fromtimestamp(row[3], UTC),
                person=row[4],
                opens=row[5],
            )
            for row in rows
        ]

    def withdraw_invitation(self, id_: str, now: datetime) -> bool:
        """Take an invitation back, so that its code is as unknown as any other.

        :param id_: as in :meth:`invitations`.
        :param now: the time.
        :returns: ``False`` where none that can be used has the id.
        """
        done = self._conn.execute(
            "DELETE FROM invitation WHERE substr(code_hash, 1, ?) = ? AND used_at IS NULL AND expires_at > ?",
            (INVITATION_ID, id_, now.timestamp()),
        )
        return bool(done.rowcount)

    def moves(self, code: str) -> Person | None:
        """Who an invitation brings to a new address.

        :param code: the one-time code.
        :returns: the person as they are before; ``None`` where the invitation is for somebody new.
        """
        row = self._row("SELECT person FROM invitation WHERE code_hash = ?", code_hash(code))
        return self.person(row[0]) if row and row[0] else None

    def use_invitation(
        self, code: str, *, channel: str, address: str | None, now: datetime, opens: Sequence[str] = ("all",)
    ) -> Person | None:
        """Use an invitation up.

        :param code: the one-time code.
        :param channel: where the invited talks.
        :param address: their address there; ``None`` on the web, where it is their id.
        :param now: the time.
        :param opens: which kinds of invitation do.
        :returns: the new person; ``None`` where the code is unknown, used or too old.
        """
        if not self.invitation_holds(code, now, opens):
            return None
        row = self._row(
            "UPDATE invitation SET used_at = ? WHERE code_hash = ? RETURNING role, district, person",
            now.timestamp(),
            code_hash(code),
        )
        if row is None:
            return None
        known = None if row[2] is None else self.person(row[2])
        if known is not None and known.channel == channel == WEB:
            return known  # another browser of somebody who is here already: nothing of theirs is taken away
        if row[2] is not None:
            self._conn.execute(
                "DELETE FROM outbox WHERE sent_at IS NULL AND (channel, address) IN "
                "(SELECT channel, address FROM person WHERE id = ?)",
                (row[2],),
            )
            if channel == WEB:
                self._conn.execute("DELETE FROM outbox WHERE channel = ? AND address = ?", (HELD, row[2]))
            for table in ("note_shown", "chat_message", "sign_in", "pin"):  # all of them are another chat's
                self._conn.execute(f"DELETE FROM {table} WHERE person = ?", (row[2],))
            self._conn.execute(
                "UPDATE person SET channel = ?, address = ?, live_message = NULL, seen_at = 0, locked = 0 WHERE id = ?",
                (channel, row[2] if address is None else address, row[2]),
            )
            return self.person(row[2])
        return self.add_person(role=row[0], district=row[1], channel=channel, address=address, now=now)

    def live_message(self, person: str) -> int | None:
        """The message that shows a person's dialog.

        :param person: an id.
        :returns: the channel's message id, or ``None``.
        """
        row = self._row("SELECT live_message FROM person WHERE id = ?", person)
        return row[0] if row else None

    def set_live_message(self, channel: str, address: str, message: int | None) -> None:
        """Remember which message shows a person's dialog.

        :param channel: where.
        :param address: whose.
        :param message: the channel's message id, or ``None`` when it is gone.
        """
        self._conn.execute(
            "UPDATE person SET live_message = ? WHERE channel = ? AND address = ? AND live_message IS NOT ?",
            (message, channel, address, message),
        )

    def note_shown(self, person: str, message: int | None, until: datetime) -> None:
        """Remember that a message shows a note, or a copy.

        :param person: who sees it.
        :param message: the channel's message id; ``None`` while it has none, see :meth:`note_moved`.
        :param until: when it is taken away.
        """
        self._conn.execute(
            "INSERT INTO note_shown (person, message, until) VALUES (?, ?, ?) "
            "ON CONFLICT (person, message) DO UPDATE SET until = excluded.until",
            (person, message, until.timestamp()),
        )

    def note_moved(self, channel: str, address: str, was: int | None, message: int, now: datetime) -> None:
        """Remember that a note had to be sent anew; where its time ran out before it was sent, it is due at once.

        :param channel: where.
        :param address: whose chat.
        :param was: the message that was to show it.
        :param message: the one that does.
        :param now: the time.
        """
        done = self._conn.execute(
            "UPDATE OR REPLACE note_shown SET message = ? WHERE message IS ? "
            "AND person IN (SELECT id FROM person WHERE channel = ? AND address = ?)",
            (message, was, channel, address),
        )
        if not done.rowcount:
            self._conn.execute(
                "INSERT INTO note_shown (person, message, until) "
                "SELECT id, ?, ? FROM person WHERE channel = ? AND address = ? ON CONFLICT DO NOTHING",
                (message, now.timestamp(), channel, address),
            )

    def note_gone(self, person: str, message: int | None) -> bool:
        """Forget that a message shows a note.

        :param person: whose.
        :param message: the message.
        :returns: whether it did.
        """
        done = self._conn.execute("DELETE FROM note_shown WHERE person = ? AND message IS ?", (person, message))
        return bool(done.rowcount)

    def notes_gone(self, person: str) -> None:
        """Forget every note of a person, since the messages that show them are taken away.

        :param person: an id.
        """
        self._conn.execute("DELETE FROM note_shown WHERE person = ?", (person,))

    def notes_shown(self, person: str) -> list[int]:
        """The messages that show a person a note.

        :param person: an id.
        :returns: message ids, oldest first.
        """
        rows = self._rows(
            "SELECT message FROM note_shown WHERE person = ? AND message IS NOT NULL ORDER BY until, message", person
        )
        return [row[0] for row in rows]

    def notes_due(self, channel: str, now: datetime) -> list[tuple[str, int | None]]:
        """Forget the notes whose time is out.

        :param channel: the channel that runs.
        :param now: the time.
        :returns: (person, message) of each; they are still in the chat.
        """
        rows = self._rows(
            "DELETE FROM note_shown WHERE until <= ? AND person IN (SELECT id FROM person WHERE channel = ?) "
            "RETURNING person, message",
            now.timestamp(),
            channel,
        )
        return [(row[0], row[1]) for row in rows]

    def remember_saved(self, person: str, saved: Sequence[Envelope]) -> None:
        """Keep which records a person saved last, all at once.

        :param person: an id.
        :param saved: the records.
        """
        held = json.dumps([one.id for one in saved])
        self._conn.execute("UPDATE person SET last_saved = ? WHERE id = ?", (held, person))

    def saved_with(self, person: str, record: str) -> list[Envelope]:
        """The records that were saved together with one, where a person has saved nothing since.

        :param person: an id.
        :param record: a record's id.
        :returns: the records in the order they were written, that one included; empty where it is older.
        """
        row = self._row("SELECT last_saved FROM person WHERE id = ?", person)
        ids_: list[str] = json.loads(row[0]) if row else []
        if record not in ids_:
            return []
        return [held for id_ in ids_ if (held := self.record(id_)) is not None]


def _person(row: Sequence[Any]) -> Person:
    return Person(
        id=row[0], role=row[1], district=row[2], language=row[3], channel=row[4], address=row[5], label=row[6]
    )
