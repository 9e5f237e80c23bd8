"""An office: a desk with a store and a clock of its own, and the phones of those who work there."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.desk import Desk
from bot.incoming import Incoming
from bot.outgoing import Delivered
from bot.phone import CHANNEL, Phone
from dialogs.model import Dialog
from dialogs.policy import Policy
from dialogs.records import AccessEnded, AccessGiven, Record
from dialogs.registry import DIALOGS
from state.ids import Seeded
from state.people import LOTS, Person, Role
from state.screen import Screen
from state.store import Leaving, Store
from tests.talk import MONDAY

KEY = bytes(32)


class Office:
    """A desk and its people.

    :ivar now: the time, which stands still until :meth:`passes`.
    :ivar phones: by address.
    """

    def __init__(
        self,
        dialogs: Sequence[Dialog] = DIALOGS,
        *,
        policy: Policy | None = None,
        practice: bool = True,
        path: Path | None = None,
    ) -> None:
        self.now: datetime = MONDAY
        self.dialogs = dialogs
        self.phones: dict[str, Phone] = {}
        self.source = Seeded(7)
        self.store = Store(path, KEY, self.source)
        self._policy = policy or Policy()
        self._practice = practice
        self._count = itertools.count(1)
        self.desk = self._desk()

    def _desk(self) -> Desk:
        return Desk(
            self.store,
            self.dialogs,
            policy=self._policy,
            practice=self._practice,
            now=lambda: self.now,
            source=self.source,
        )

    def restarts(self, dialogs: Sequence[Dialog] | None = None) -> None:
        """The program dies and starts again, perhaps in another version; the store and the phones are what is left."""
        self.dialogs = dialogs or self.dialogs
        self.desk = self._desk()
        for phone in self.phones.values():
            phone.desk = self.desk

    def passes(self, **time: float) -> None:
        """Time goes on."""
        self.now += timedelta(**time)

    def number(self) -> int:
        """A number that no update or message has had."""
        return next(self._count)

    def phone(self, address: str | None = None) -> Phone:
        """The phone of somebody who has not been invited."""
        address = address or str(len(self.phones) + 1)
        if address not in self.phones:
            self.phones[address] = Phone(self.desk, address, self.number)
            self.phones[address].beside = self.hands_out
        return self.phones[address]

    def hands_out(self, leaving: Sequence[Leaving]) -> None:
        """Show the others what is for them."""
        for phone in list(self.phones.values()):
            phone.gets(leaving)

    def joins(self, role: Role = "samordnare", district: str = "Farsta") -> Phone:
        """The phone of somebody who has been."""
        phone = self.phone()
        with self.store.transaction():
            self.store.add_person(role=role, district=district, channel=CHANNEL, address=phone.address, now=self.now)
        return phone

    def person(self, phone: Phone) -> Person:
        """Whose phone it is."""
        person = self.store.person_at(CHANNEL, phone.address)
        assert person is not None
        return person

    def invites(self, role: Role = "samordnare", district: str = "Farsta", hours: int = 24) -> str:
        """An invitation's code."""
        with self.store.transaction():
            return self.store.invite(role=role, district=district, expires_at=self.now + timedelta(hours=hours))

    def given(self, record: Record, phone: Phone) -> str:
        """Keep a record that was written before; its id."""
        with self.store.transaction():
            return self.store.append(record, self.person(phone), self.now).id

    def lets_in(self, who: Phone | str, case: str) -> None:
        """Let somebody into a case, as Lots; who, by their phone or their id."""
        self._as_lots(who, lambda id_: AccessGiven(case=case, person=id_))

    def takes_out(self, who: Phone | str, case: str) -> None:
        """Take somebody out of a case, as Lots."""
        self._as_lots(who, lambda id_: AccessEnded(case=case, person=id_))

    def _as_lots(self, who: Phone | str, says: Callable[[str], Record]) -> None:
        person = self.store.person(who) if isinstance(who, str) else self.person(who)
        assert person is not None
        with self.store.transaction():
            self.store.append(says(person.id), replace(LOTS, district=person.district), self.now)

    def at_once(self, *updates: Incoming) -> dict[str, list[Screen]]:
        """Let updates of several people come in one batch, and show each what is theirs."""
        came: dict[str, list[Screen]] = {address: [] for address in self.phones}
        leaving = [(line, 0) for line in self.desk.take_in(CHANNEL, updates)]
        leaving += [((message.address, message.payload), message.id) for message in self.desk.work(CHANNEL)]
        done = []
        for (address, payload), row in leaving:
            phone = self.phones[address]
            screen = phone.does(payload)
            came[address] += [screen] if screen is not None else []
            done += [Delivered(row, address, phone.live)] if row else []
        self.desk.work(CHANNEL, done)
        return came

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What stands in the store."""
        return list(self.store._conn.execute(sql, values).fetchall())

    def kept(self) -> list[dict[str, Any]]:
        """Every record, by kind and payload."""
        return [{"kind": held.kind, **held.record.payload()} for held in self.store.records()]


def screen_of(phone: Phone) -> Screen:
    """What somebody looks at: their newest message."""
    assert phone.shown, "there is nothing to look at"
    return phone.shown[max(phone.shown)]
