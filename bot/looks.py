"""What goes into the access log: called wherever something of a case is shown or saved, on every channel.

Each call stands in the transaction of what is shown, so that nobody sees anything of a case of which the log says
nothing. A bare code on a button, to choose a case by, is no look: nothing is said of the case before it is pressed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime

from dialogs import case_code
from dialogs.case_code import CodeFault
from dialogs.model import World
from state.people import Person
from state.screen import NO_SESSION, Button, Screen
from state.store import Store

CASE_PAGE, TEXTS_PAGE, NOTE_PAGE, COPY_PAGE, HANDOVER_PAGE = "arende", "texter", "journaltext", "kopia", "overforing"
LIST_PAGE, CHAT_PAGE, PURGED_PAGE, LOG_PAGE = "lista", "chatt", "gallrat", "loggkontroll"
REMINDER_PAGE = "paminnelse"
TYPED, BUTTON = "text", "knapp"
"""The names of the pages in the log; what a dialog shows stands under the dialog's id, and what was asked for in vain
under how it was asked for."""

OVERVIEWS = (HANDOVER_PAGE, LIST_PAGE, REMINDER_PAGE)
"""The pages that show something of several cases at once: whoever opens one has not asked for each of them."""

_CODE = re.compile(rf"\b{case_code.SHAPE.pattern}\b")


class Looks:
    """Writes the access log.

    :param store: where it is.
    :param practice: whether this is practice, whose codes begin with Ö.
    :param world: gives what somebody may know.
    """

    def __init__(self, store: Store, practice: bool, world: Callable[[Person, datetime], World]) -> None:
        self._store = store
        self._practice = practice
        self._world = world

    def looked(self, person: Person, case: str | None, page: str, now: datetime) -> None:
        """Keep that somebody is shown something of a case; inside a transaction.

        :param person: who.
        :param case: the case; nothing is kept where it is ``None``, or no case yet.
        :param page: where they see it.
        :param now: the time.
        """
        if case is not None and self._store.case_exists(case):
            self._store.note_access(person, "looked", page, case, now)

    def changed(self, person: Person, cases: Iterable[str], page: str, now: datetime) -> None:
        """Keep that somebody saves something in cases; inside a transaction.

        :param person: who.
        :param cases: the cases, each once.
        :param page: in which dialog.
        :param now: the time.
        """
        for case in dict.fromkeys(cases):
            self._store.note_access(person, "changed", page, case, now)

    def asked(self, person: Person, said: str, page: str, now: datetime) -> None:
        """Keep that somebody asks for a case that is there and that they may not see; inside a transaction.

        That a case was purged is told to whoever has its code: then that is what they have looked at.

        :param person: who.
        :param said: what they typed, or what a button carries; most is no code.
        :param page: where they ask.
        :param now: the time.
        """
        code = case_code.read(said, self._practice)
        if isinstance(code, CodeFault) or not self._store.case_exists(code):
            return
        if person.may_open_cases:
            if self._world(person, now).may_see(code) or self._is_their_own_apart(person, code):
                return
            if self._store.purge_of(code) is not None:
                self._store.note_access(person, "looked", PURGED_PAGE, code, now)
                return
        self._store.note_access(person, "denied", page, code, now)

    def _is_their_own_apart(self, person: Person, code: str) -> bool:
        held = self._store.entries(code)
        return bool(held) and all(one.record.apart and one.author == person.id for one in held)

    def shown(self, person: Person, cases: Iterable[str], page: str, now: datetime, *, again: bool = False) -> None:
        """Keep that a page shows somebody something of cases; not in a transaction, before the page is sent.

        :param person: who.
        :param cases: the cases.
        :param page: which page.
        :param now: the time.
        :param again: whether it only shows what they were shown before: then right before is soon enough.
        """
        there = [case for case in dict.fromkeys(cases) if self._store.case_exists(case)]
        if all(self._store.was_seen(person, case, None if again else page, now) for case in there):
            return  # what was kept already costs no write
        with self._store.transaction():
            for case in there:
                self._store.note_access(person, "looked", page, case, now, any_page=again)

    def cases_on(self, screen: Screen) -> list[str]:
        """The cases that a screen shows something of.

        :param screen: what stands in a chat.
        :returns: codes, each once: that of its dialog, those in its words and on its buttons, but for those of buttons
            that only choose a case by its code.
        """
        session = None if screen.session == NO_SESSION else self._store.session(screen.session)
        found = [] if session is None else [self._store.case_of_session(session.id)]
        found += _CODE.findall(screen.text)
        for button in screen.buttons:
            if not is_a_choice_of_case(button):
                found += _CODE.findall(f"{button.label} {button.value} {button.copy or ''}")
        return list(dict.fromkeys(code for code in found if code is not None))


def is_a_choice_of_case(button: Button) -> bool:
    """Whether a button only chooses a case by its code.

    :param button: the button.
    :returns: whether it says the code and nothing more.
    """
    return _CODE.fullmatch(button.label) is not None
