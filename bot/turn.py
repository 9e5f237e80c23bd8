"""One turn of one person: what they did, what is stored of it, and what is to be sent."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.incoming import command_in
from bot.looks import BUTTON, TYPED
from bot.outgoing import show
from bot.pages import COMMAND, DRAFT, LANGUAGE, Pages
from bot.review import REVIEW_BUTTON, REVIEW_COMMAND, may_review
from bot.traces import CONTINUE, hidden
from dialogs import case_code
from dialogs.answers import CODE_FAULTS, DONE, no_such_case
from dialogs.case_code import CodeFault
from dialogs.model import Dialog, World
from dialogs.records import AccessEnded
from dialogs.texts import LANGUAGES, Text, Words, say
from dialogs.texts import mark as _
from state.events import Event, SessionCompleted
from state.people import Person
from state.screen import NO_SESSION, Button, Rows, Screen, stack
from state.session import ANOTHER, Session, Step, asks_to_resume

if TYPE_CHECKING:
    from bot.desk import Desk
    from bot.reminders import Waiting

log = logging.getLogger("lots.desk")

PRACTICE = _("Övning. Skriv inget om verkliga personer.")
PUT_OUT = _("Du kommer inte längre åt ett av ärendena. Det du hade påbörjat där är borttaget.")
NO_ANSWER = "?"
"""Stands for typed words that are no answer."""


class Turn:
    """One update of one person: what is stored and what is to be sent."""

    def __init__(self, desk: Desk, person: Person, payload: dict[str, Any], now: datetime) -> None:
        self._desk = desk
        self._store = desk.store
        self._looks = desk.looks
        self._person = person
        self._payload = payload
        self._now = now
        self.messages: list[dict[str, Any]] = []
        self.to_others: list[tuple[str, str, dict[str, Any]]] = []
        """What others are shown because of it: channel, address and message."""

    # what a person can do

    def pressed(self, data: str, before: Sequence[str] = ()) -> None:
        parts = data.split(":", 2)
        if len(parts) != 3 or not parts[1].isdecimal():
            return self._press_is_old()
        session_id, revision, value = parts
        for one in (*before, value):
            self._looks.asked(self._person, self._pages.case_behind(one), BUTTON, self._now)
        if session_id == NO_SESSION:
            return self._off_dialog(value)
        session = self._store.session(session_id)
        if session is None or session.person != self._person.id or not self._person.may_open_cases:
            return self._press_is_old()
        if value == ANOTHER and int(revision) == session.revision and asks_to_resume(session):
            return self._begin(self._desk.engine.compiled[session.dialog].dialog)
        step = self._desk.engine.fill(session, int(revision), (*before, value), self._world(session))
        self._keep(session, step, on="press")

    def said(self, text: str, screen: str | None = None) -> None:
        words = text.strip()
        asked = command_in(words)[1] if words.startswith("/") else words
        self._looks.asked(self._person, asked, TYPED, self._now)
        if words.startswith("/"):
            return self._command(words)
        session = self._store.active_session(self._person.id)
        self.forget_typed()
        if screen is not None and screen != _screen_of(session):
            older = say(_("Svaret hörde till en äldre fråga. Det är inte sparat."), self._person.language)
            self.messages.append({"do": "answer", "query": None, "toast": older})
            return self._press_is_old()
        if session is None:
            return self._said_off_dialog(words)
        step = self._desk.engine.answer(session, text, self._world(session))
        self._keep(session, step, on="live")

    def in_short(self, text: str) -> str:
        """What must be kept of typed words until they are handled, so that the same comes of them.

        :param text: what was typed.
        :returns: the text, where it is an answer, a command or a case code; ``NO_ANSWER`` in place of words that are
            none where the person stands, and of words behind a command that are no case code.
        """
        words = text.strip()
        if words.startswith("/"):
            command, rest = command_in(words)
            no_code = bool(rest) and case_code.read(rest, self._desk.practice) is CodeFault.NOT_A_CODE
            return f"/{command} {NO_ANSWER}" if no_code else text
        if not isinstance(case_code.read(words, self._desk.practice), CodeFault):
            return text  # no words of anybody's: who asks for a case in vain stands in the access log
        session = self._store.active_session(self._person.id)
        if session is None:
            does = {button.label for row in self._menu_rows() for button in row} | {
                say(_("Klar"), self._person.language)
            }
            return text if words.casefold() in {label.casefold() for label in does} else NO_ANSWER
        return text if self._desk.engine.reads(session, text, self._world(session)) else NO_ANSWER

    def _said_off_dialog(self, words: str) -> None:
        """Typed words where nothing is open: a menu's words do what its button does, and a draft is found again."""
        wanted = words.casefold()
        for button in (button for row in self._menu_rows() for button in row):
            if button.label.casefold() == wanted:
                return self._command(button.value)
        if wanted == say(_("Klar"), self._person.language).casefold() and self._take_notes_away():
            return None
        if not self._take_up_a_draft():
            self.show_menu()

    def _go_on(self) -> None:
        """Show where they are, in the place of the neutral line."""
        self._arrive(on="press")

    def _arrive(self, on: str) -> None:
        """Show somebody who comes back what waits, and their question, their draft or the menu."""
        words, first = self._what_waits()
        session = self._store.active_session(self._person.id)
        if session is not None:
            self._keep(session, self._desk.engine.current(session, self._world(session), words), on=on)
        elif words or not self._take_up_a_draft(on=on):
            self._show(self._menu(words, first), on=on)

    def _what_waits(self) -> tuple[list[Words], list[Button]]:
        """What is to be told of what waits in this person's cases, and what can be done about it."""
        reminders = self._desk.reminders
        waiting = reminders.of(self._person, self._now)
        reminders.told(self._person, waiting, self._now)
        return reminders.words(self._person, waiting, self._now), reminders.buttons(self._person, waiting)

    def _take_up_a_draft(self, on: str = "new") -> bool:
        """Ask whether to go on with the latest draft that was put aside; whether there was one."""
        drafts = self._store.drafts(self._person.id) if self._person.may_open_cases else []
        if drafts:
            self._keep(drafts[0], self._desk.engine.ask_to_resume(drafts[0], self._world(drafts[0])), on=on)
        return bool(drafts)

    def give_up(self, words: Words) -> None:
        """Say that something broke; the question that was there stays as it is, and there is a menu.

        :param words: what to say.
        """
        lang = self._person.language
        screen = Screen(text=say(words, lang), rows=self._menu_rows())
        banner = say(PRACTICE, lang) if self._desk.practice else None
        query = self._payload.get("query")  # the session itself may be what cannot be read, so it is not looked at
        self.messages.append(show(screen, on="new", query=query, live=False, banner=banner))

    def refused(self, kind: str) -> None:
        self.forget_typed()
        self._again(_REFUSALS.get(kind, _NOT_READ), on="live", refused=True)

    def show_where_they_are(self) -> None:
        """Show the question that waits, or the menu, to somebody whose chat is empty."""
        self._arrive(on="new")

    def show_menu(self, notices: Sequence[Words] = (), on: str = "new") -> None:
        """Show what there is to do; nobody is ever without a question or a menu."""
        self._show(self._menu(notices), on=on)

    def _menu(self, notices: Sequence[Words] = (), first: Sequence[Button] = ()) -> Screen:
        lang = self._person.language
        lines = [say(words, lang) for words in notices] or [say(_("Välj vad du vill göra."), lang)]
        return Screen(text="\n".join(lines), rows=self._with_the_menu(first))

    def remind(self, waiting: Sequence[Waiting], *, beside: bool = False) -> None:
        """Tell what waits, in a new message; where they are stands under it.

        :param waiting: what waits for this person.
        :param beside: whether the dialog they are in is not looked at, since it cannot be read.
        """
        reminders = self._desk.reminders
        words = reminders.words(self._person, waiting, self._now)
        menu = self._menu(words, reminders.buttons(self._person, waiting))
        session = None if beside else self._store.active_session(self._person.id)
        if session is not None:
            self._drop_live()
            step = self._desk.engine.current(session, self._world(session), words)
            if step.session is session:  # nobody has touched it: it is put aside and erased when it was to be
                self._saw(session)
                self._show(step.screen, on="new")
            else:
                self._keep(session, step, on="new")
        elif beside or self._store.notes_shown(self._person.id):  # what they are copying stays until its time is out
            banner = say(PRACTICE, self._person.language) if self._desk.practice else None
            self.messages.append(show(menu, on="new", live=not beside, banner=banner))
        else:
            self._drop_live()
            self._show(menu, on="new")
        self._heard()

    def hide(self, screen: Screen) -> None:
        """Leave one neutral screen in the chat, in the place of whatever stands there.

        :param screen: says nothing of any case, nor what the chat is for.
        """
        self._clear()
        self._show(screen, on="live", live=True)

    def ring(self, screen: Screen) -> dict[str, Any]:
        """Leave one neutral screen in a new message, so that the phone tells of it.

        :param screen: says nothing of any case, nor what the chat is for.
        :returns: the row of the outbox that shows it.
        """
        self._drop_live()
        self._clear()
        self._show(screen, on="new", live=True)
        return self._heard()

    def _heard(self) -> dict[str, Any]:
        """Let the phone make a sound for what is shown last; the row that shows it."""
        shown: dict[str, Any] = next(message for message in reversed(self.messages) if message["do"] == "show")
        shown["heard"] = True
        return shown

    def stands(self, screen: Screen) -> None:
        """Show something in the live message, beside any dialog.

        :param screen: what to show.
        """
        self._show(screen, on="live", live=True)

    def come_back(self, notices: Sequence[Words] = (), *, beside: bool = False) -> None:
        """Show somebody whose chat has been opened where they were: their question, or the menu.

        :param notices: what is said above.
        :param beside: whether the dialog they are in is not looked at, since it cannot be read.
        """
        words, first = self._what_waits()
        session = None if beside else self._store.active_session(self._person.id)
        if session is not None:
            told = (*notices, *words)
            return self._keep(session, self._desk.engine.current(session, self._world(session), told), on="live")
        return self.stands(self._menu((*notices, *(words or (_("Välj vad du vill göra."),))), first))

    def answered(self, toast: str) -> None:
        """Answer a press with words that are shown for a moment.

        :param toast: the words.
        """
        self._answer_press(toast)

    def not_done(self, words: Words) -> None:
        """Say that what somebody did is not done; where they are stands under it.

        :param words: what to say.
        """
        self._answer_press()
        self.forget_typed()
        self._again((words,), on="live")

    def move_to_a_new_message(self) -> None:
        """Show where the person is in a message of today: the one that shows it is soon too old to be taken away."""
        self._drop_live()
        self.show_where_they_are()

    def tell_what_is_left(self) -> None:
        """Say once how many messages could not be taken away, above what is shown anyway."""
        shown = next((message for message in reversed(self.messages) if message["do"] == "show"), None)
        if shown is None:
            return
        if number := self._store.tell_given_up(self._person.channel, self._person.address):
            left = Text(
                _("Meddelanden som inte gick att ta bort ur chatten: {number}. Ta bort dem själv."), number=number
            )
            shown["screen"]["text"] = f"{say(left, self._person.language)}\n{shown['screen']['text']}"

    def _clear(self) -> None:
        """Take away every message in the chat but the live one, the notes too."""
        self.messages.append({"do": "clear"})
        self._store.notes_gone(self._person.id)

    def tell_put_out(self) -> None:
        """Take everything out of the chat of somebody who was taken out of a case, and show where they are."""
        session = self._store.active_session(self._person.id)
        if session is None:
            return self.hide(Screen(text=say(PUT_OUT, self._person.language), rows=self._menu_rows()))
        self._clear()
        self._keep(session, self._desk.engine.current(session, self._world(session), (PUT_OUT,)), on="live")

    def _put_out(self, ended: AccessEnded) -> None:
        """Somebody was taken out: a colleague is shown so; who left has only the last words of it in the chat."""
        messages = self._desk.put_out(ended.person, ended.case, self._now)
        if ended.person != self._person.id:
            self.to_others += messages
        else:
            self._clear()

    def forget_typed(self) -> None:
        """Take away what was typed: the question that is edited in place stays the newest message."""
        if self._payload.get("message") is not None:
            self.messages.append({"do": "delete", "on": "typed", "message": self._payload["message"]})

    def tell_commands(self) -> None:
        """Give the channel the person's list of commands, once since the start: a new version may have new ones."""
        if self._desk.is_new_here(self._person):
            self.messages.append({"do": "commands", "commands": self._desk.commands(self._person)})

    # commands and buttons off the dialogs

    def _command(self, words: str) -> None:
        name, rest = command_in(words)
        name = name.split("@", 1)[0].casefold()
        dialog = self._desk.dialog_for(name)
        if (dialog is not None or name in ("arende", "overforing")) and not self._person.may_open_cases:
            return self._again((_("Med din roll kan du inte öppna ärenden."),), on="new")
        if dialog is not None:
            return self._open(dialog, rest)
        match name:
            case "arende":
                self._case(rest)
            case "overforing":
                self._beside_where_there_are_cases(self._pages.handover())
            case "loggkontroll":
                self._review()
            case "avbryt":
                self._abandon()
            case "hjalp":
                self._again((*_HELP, *self._desk.help_on_lock(self._person)), on="new")
            case "dolj":
                self._desk.hides(self._person)
                self.hide(hidden(self._person.language))
            case "sprak":
                self._beside_the_dialog(self._pages.languages(), on="new")
            case "start":
                self._again((_("Du har redan tillgång till chatten."),), on="new")
            case _:
                self._again((_("Det kommandot finns inte."),), on="new")

    def _off_dialog(self, value: str) -> None:
        if value.startswith(DRAFT) and (draft := self._pages.draft(value.removeprefix(DRAFT))) is not None:
            self._answer_press()
            return self._take_up(draft)
        if value == DONE:
            return self._done_with_note()
        if value == CONTINUE:
            return self._go_on()
        if value.startswith(LANGUAGE):
            return self._speak(value.removeprefix(LANGUAGE))
        if value.startswith(COMMAND):
            self._answer_press()
            return self._command(value)
        if (text := self._pages.text_behind(value)) is not None:
            return self._show_text(text)
        if (page := self._pages.behind(value)) is not None:
            return self._show(page, on="press")
        return self._press_is_old()

    def _open(self, dialog: Dialog, typed_case: str) -> None:
        """Open a dialog, from the menu or from a case; a draft of it is found again with an explicit question."""
        case = None
        if typed_case:
            case = self._case_typed(typed_case)
            if case is None:
                return None
            if dialog.title_when_closed is None and self._desk.world(self._person, self._now).is_closed(case):
                return self._beside_the_dialog(self._pages.case(case), on="new")
        drafts = self._store.drafts(self._person.id, dialog.id, case)
        return self._take_up(drafts[0]) if drafts else self._begin(dialog, case)

    def _take_up(self, draft: Session) -> None:
        """Go to a draft: whether to go on with it is asked, unless nothing had been said."""
        if self._store.active_session(self._person.id) is not None:
            self._drop_live()
        engine, world = self._desk.engine, self._world(draft)
        step = engine.ask_to_resume(draft, world) if draft.answers else engine.current(draft, world)
        self._keep(draft, step, on="new")

    def _begin(self, dialog: Dialog, case: str | None = None) -> None:
        if self._store.active_session(self._person.id) is not None:
            self._drop_live()
        for draft in self._store.drafts(self._person.id, dialog.id):
            if not draft.answers:
                self._store.end_session(draft.id)  # it was opened and nothing was said: the new one takes its place
        world = self._desk.world(self._person, self._now)
        self._answer_press()
        self._keep(None, self._desk.engine.start(dialog.id, self._desk.new_session_id(), world, case), on="new")

    def _case_typed(self, typed: str) -> str | None:
        """A case code behind a command; what is wrong with it is said here."""
        world = self._desk.world(self._person, self._now)
        code = typed if world.may_see(typed) else case_code.read(typed, self._desk.practice)
        if isinstance(code, CodeFault):
            self._again((CODE_FAULTS[code],), on="new")
            return None
        if not world.may_see(code):
            self._again((no_such_case(code, world).words,), on="new")
            return None
        return code

    # the pages beside the dialog

    @property
    def _pages(self) -> Pages:
        return Pages(self._desk, self._person, self._now)

    def _case(self, typed: str) -> None:
        """Show the case that was typed; where none was, that of the dialog, or which there are."""
        if typed:
            if apart := self._pages.mine_apart(typed):
                return self._beside_the_dialog(self._pages.apart(apart), on="new")
            case = self._case_typed(typed)
            return self._beside_the_dialog(self._pages.case(case), on="new") if case is not None else None
        session = self._store.active_session(self._person.id)
        case = None if session is None else self._desk.engine.case_of(session)
        if case is not None and self._desk.world(self._person, self._now).may_see(case):
            return self._beside_the_dialog(self._pages.case(case), on="new")
        return self._beside_where_there_are_cases(self._pages.cases())

    def _beside_where_there_are_cases(self, page: Screen | None) -> None:
        if page is None:
            return self._again((_("Du har inga ärenden ännu."),), on="new")
        return self._beside_the_dialog(page, on="new")

    def _beside_the_dialog(self, screen: Screen, on: str) -> None:
        """Show something that is no part of the dialog; the dialog's question then stands under it again."""
        session = self._store.active_session(self._person.id)
        if session is None or on == "press":
            return self._show(screen, on=on)
        self._drop_live()
        self._show(screen, on="new")
        self._keep(session, self._desk.engine.current(session, self._world(session)), on="new")

    def _review(self) -> None:
        if not may_review(self._person):
            return self._again((_("Med din roll kan du inte göra loggkontroll."),), on="new")
        return self._show(self._pages.review(""), on="new")

    # language

    def _speak(self, language: str) -> None:
        if language not in LANGUAGES:
            return self._press_is_old()
        self._store.speak(self._person.id, language)
        self._person = replace(self._person, language=language)
        self._desk.forget_told(self._person)
        self.tell_commands()
        self._answer_press()
        self._again((_("Nu är språket svenska."),), on="new")

    # drafts

    def erased(self, draft: Session) -> Words:
        """What is said of a draft that is gone: it lay untouched for too long.

        :param draft: what was erased.
        :returns: the words.
        """
        gone = _("Borttaget efter {days} dagar utan svar: {draft}. Inget av det är sparat.")
        words = self._desk.engine.draft_words(draft, self._world(draft))
        return Text(gone, draft=words, days=self._desk.policy.erase_draft_days)

    def tell_erased(self, draft: Session) -> None:
        """Say that a draft is gone.

        :param draft: what was erased.
        """
        words = self.erased(draft)
        self._saw(draft)
        if self._store.active_session(self._person.id) is None:
            self._drop_live()  # its question stands there
        self._again((words,), on="new")

    def _abandon(self) -> None:
        session = self._store.active_session(self._person.id)
        if session is None:
            return None if self._take_up_a_draft() else self.show_menu((_("Det finns inget att avbryta."),))
        self._drop_live()
        self._keep(session, self._desk.engine.ask_to_abandon(session, self._world(session)), on="new")

    # notes

    def _show_text(self, text: Screen) -> None:
        """Show a note or a copy for as long as it may stay."""
        until = self._now + timedelta(minutes=self._desk.policy.note_shown_minutes)
        self._store.note_shown(self._person.id, self._payload.get("message"), until)
        self._show(text, on="press", note=True)

    def _done_with_note(self) -> None:
        message = self._payload.get("message")
        shown = self._store.note_gone(self._person.id, message)
        if not shown and self._store.active_session(self._person.id) is not None:
            return self._press_is_old()
        self.take_note_away(message, on="press")

    def _take_notes_away(self) -> bool:
        """Klar was typed: take away every note that is shown; whether there was one."""
        notes = self._store.notes_shown(self._person.id)
        for message in notes:
            self._store.note_gone(self._person.id, message)
            self.take_note_away(message, on="there")
        return bool(notes)

    def take_note_away(self, message: int | None, *, on: str) -> None:
        """Put the menu in the place of a note; only a line, where the dialog or a newer menu stands under it.

        :param message: the message that shows the note.
        :param on: ``press`` where its Klar was pressed, ``there`` where nobody asked: then nothing is sent anew.
        """
        lang = self._person.language
        beside = self._store.active_session(self._person.id) is not None
        if beside or (on == "there" and message != self._store.live_message(self._person.id)):
            gone = Screen(text=say(_("Texten är borttagen ur chatten."), lang), rows=())
            return self._show(gone, on="there", message=message, live=False)
        menu = Screen(text=say(_("Välj vad du vill göra."), lang), rows=self._menu_rows())
        self._show(menu, on=on, message=message)

    def _press_is_old(self) -> None:
        """An old, foreign or forged button: say so, and show where the person really is."""
        session = self._store.active_session(self._person.id)
        self._answer_press(say(_("Den knappen gäller inte längre."), self._person.language))
        if session is not None:
            self._keep(session, self._desk.engine.stale(session, self._world(session)), on="live")
        elif self._payload.get("message") != self._store.live_message(self._person.id):
            self.show_menu()

    def _again(self, notices: Sequence[Words], on: str, *, refused: bool = False) -> None:
        """Say something without losing the dialog: the same question stands under it."""
        session = self._store.active_session(self._person.id)
        if session is None:
            return self.show_menu(notices)
        if on == "new":
            self._drop_live()
        step = self._desk.engine.current(session, self._world(session), notices)
        self._keep(session, step._replace(screen=replace(step.screen, refused=refused)), on=on)

    # the end of a turn

    def _keep(self, before: Session | None, step: Step, on: str) -> None:
        """Store what the engine gave, and queue its screen."""
        if (older := self._older_draft(before, step)) is not None:
            before, step = self._meet(older, before)
        screen = step.screen
        for event in step.events:
            _log_event(event, before)
            if isinstance(event, SessionCompleted):
                screen = self._write(event, before, screen)
                self._looks.looked(self._person, event.case, event.dialog, self._now)
        if step.session is None:
            if before is not None:
                self._store.end_session(before.id)
            if not screen.rows:
                screen = replace(screen, rows=self._menu_rows())
        else:
            case = self._desk.engine.case_of(step.session)
            self._store.save_session(
                step.session,
                self._now + timedelta(hours=self._desk.policy.park_draft_hours),
                erase_at=self._now + timedelta(days=self._desk.policy.erase_draft_days),
                case=case,
            )
        self._saw(step.session or before)
        self._show(screen, on=on)
        if step.session is None and on != "new":
            self._clear()

    def _saw(self, session: Session | None) -> None:
        """Keep that the person is shown something of a dialog, and so of its case."""
        if session is not None:
            case = self._desk.engine.case_of(session)
            self._looks.looked(self._person, case, session.dialog, self._now)

    def _meet(self, older: Session, before: Session | None) -> tuple[Session, Step]:
        """A draft for this case is there already: take it up, unless that would cost answers given elsewhere."""
        engine = self._desk.engine
        if before is not None and engine.case_of(before) is not None:
            self._saw(older)
            draft = engine.draft_words(older, self._world(older))
            finish = Text(_("Du har redan {draft}. Gör klart det först."), draft=draft)
            return before, engine.current(before, self._world(before), (finish,))
        if before is not None:
            self._store.end_session(before.id)
        return older, engine.ask_to_resume(older, self._world(older))

    def _older_draft(self, before: Session | None, step: Step) -> Session | None:
        """Another draft of the same dialog for the case that has just been named: one per person, case and dialog."""
        session, engine = step.session, self._desk.engine
        if session is None or (case := engine.case_of(session)) is None:
            return None
        if before is not None and engine.case_of(before) == case:
            return None
        others = self._store.drafts(self._person.id, session.dialog, case)
        return next((draft for draft in others if draft.id != session.id), None)

    def _write(self, event: SessionCompleted, before: Session | None, screen: Screen) -> Screen:
        held = [self._store.append(kept, self._person, self._now) for kept in event.records]
        for kept in event.records:
            self._desk.saved(kept.case)
            if isinstance(kept, AccessEnded):
                self._put_out(kept)
        self._looks.changed(self._person, (kept.case for kept in event.records), event.dialog, self._now)
        case = None if before is None else self._desk.engine.case_of(before)
        if held:
            case = held[0].record.case
            self._store.remember_saved(self._person.id, held)
        first, texts = self._next_dialogs(event.leads_to, case), self._pages.text_buttons(held)
        copying = screen.buttons
        if not first and not texts and not copying:
            return screen
        return replace(screen, rows=self._with_the_menu(copying, first, texts))

    def _with_the_menu(self, *groups: Sequence[Button]) -> Rows:
        """Buttons above the menu; what is offered there is not offered once more below."""
        offered = {button.label for group in groups for button in group}
        if not offered:
            return self._menu_rows()
        menu = [button for row in self._menu_rows() for button in row if button.label not in offered]
        return stack(*groups, menu)

    def _next_dialogs(self, ids: Sequence[str], case: str | None) -> list[Button]:
        """The dialogs that an outcome leads to, in the same case; one that is not there (yet) is not offered."""
        if case is None:
            return []
        closed = self._desk.world(self._person, self._now).is_closed(case)
        by_id = {dialog.id: dialog for dialog in self._desk.dialogs}
        named = [
            (dialog.title_when_closed if closed else dialog.title, dialog.command)
            for dialog in (by_id[id_] for id_ in ids if id_ in by_id)
        ]
        lang = self._person.language
        return [Button(say(title, lang), f"{COMMAND}{command} {case}") for title, command in named if title is not None]

    def _menu_rows(self) -> tuple[tuple[Button, ...], ...]:
        lang = self._person.language
        listed = [dialog for dialog in self._desk.dialogs if dialog.listed]
        own = [Button(say(dialog.title, lang), f"/{dialog.command}") for dialog in listed]
        own.append(Button(say(_("Se ett ärende"), lang), "/arende"))
        if may_review(self._person):
            own = [Button(say(REVIEW_BUTTON, lang), REVIEW_COMMAND)]
        elif not self._person.may_open_cases:
            own = []
        return stack((*own, Button(say(_("Hjälp"), lang), "/hjalp")))

    def _world(self, session: Session) -> World:
        return self._desk.world(self._person, self._now, session.opened_at)

    def _drop_live(self) -> None:
        """The dialog moves to a new message: take the old one away, so that there is one live message."""
        self.messages.append({"do": "delete", "on": "live", "message": None})

    def _answer_press(self, toast: str | None = None) -> None:
        if query := self._payload.get("query"):
            self.messages.append({"do": "answer", "query": query, "toast": toast})
            self._payload = {**self._payload, "query": None}

    def _show(
        self, screen: Screen, on: str, *, message: int | None = None, live: bool | None = None, note: bool = False
    ) -> None:
        if on == "press":
            message = self._payload.get("message")
            if not note:
                self._store.note_gone(self._person.id, message)  # it shows something else now
        if live is None:
            live = screen.session != NO_SESSION or self._store.active_session(self._person.id) is None
        shown = show(
            screen,
            on=on,
            message=message,
            query=self._payload.get("query"),
            live=live,
            banner=say(PRACTICE, self._person.language) if self._desk.practice else None,
            note=note,
        )
        self.messages.append(shown)
        if on == "new" and live and self._store.active_session(self._person.id) is None:
            self._clear()


def _screen_of(session: Session | None) -> str:
    return f"{NO_SESSION}:0" if session is None else f"{session.id}:{session.revision}"


def _log_event(event: Event, session: Session | None) -> None:
    """The event's name, the session's id and the dialog: never an answer, a question or a code."""
    extra = {"event": type(event).__name__}
    if session is not None:
        extra |= {"session": session.id, "dialog": session.dialog}
    log.info("session event", extra=extra)


_REMOVED = _("Det sparas inte. Syns det kvar i chatten? Ta bort det själv.")
_NOT_READ: tuple[Words, ...] = (
    _REMOVED,
    _("Här kan du bara trycka på knappar och skriva datum, antal och ärendekoder."),
)
_IDENTIFIER: tuple[Words, ...] = (_REMOVED, _("Skriv aldrig namn, personnummer, telefonnummer eller adresser här."))
_REFUSALS: dict[str, tuple[Words, ...]] = {
    "personnummer": _IDENTIFIER,
    "phone": _IDENTIFIER,
    "email": _IDENTIFIER,
    "address": _IDENTIFIER,
    "split": (
        *_IDENTIFIER,
        _("Det hör kanske ihop med det du skrev innan. Står det i ett svar? Byt det: tryck på Tillbaka eller Ändra."),
    ),
    "real_code": (
        _REMOVED,
        _("Det här är övning. Här gäller bara koder som börjar med Ö. Skriv aldrig en riktig ärendekod här."),
    ),
    "too_fast": (_("Det gick för fort. Vänta en minut. Det senaste är inte sparat."),),
    "edited": (_("Ändrade meddelanden läses inte, och de tas bort. Skriv svaret på nytt."),),
    "long_text": (_REMOVED, _("Det var för långt. Skriv bara ett datum, ett antal eller en ärendekod.")),
}
_HELP: tuple[Words, ...] = (
    _("Fara för liv: ring 112. Ring 112 också när ett brott pågår. När det inte är bråttom: ring polisen, 114 14."),
    _("Den här chatten är inget larm. Ingen bevakar den."),
    _("Skriv aldrig namn, personnummer, telefonnummer eller adresser här."),
    _("Tryck på knapparna. Du kan också skriva datum, antal och ärendekoder."),
    _("Tillbaka tar dig ett steg bakåt. Avbryt tar bort svar som du inte har sparat."),
    _("Du kan lägga undan telefonen mitt i. Svaren finns kvar när du kommer tillbaka."),
    _("Skriv /dolj när någon annan kan se. Då göms det som står i chatten."),
)
