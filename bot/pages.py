"""The pages beside the dialog: a case at a glance, its texts, the hand-over, the access log, the languages.

A page is a screen that throws nobody out of a dialog. Whoever builds one that shows something of a case keeps in the
access log that it is shown; where it stands in the chat, and what stands under it, the turn says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from bot.incoming import command_in
from bot.looks import CASE_PAGE, COPY_PAGE, HANDOVER_PAGE, LOG_PAGE, NOTE_PAGE, TEXTS_PAGE
from bot.review import LOG, may_review, review_screen
from dialogs import arende, case_code, overforing
from dialogs.answers import DONE
from dialogs.case_code import CodeFault
from dialogs.model import Copy, Dialog, World
from dialogs.records import CorrectionNotice, DeclineSettled, Entry, Record
from dialogs.rules.catalogue import rule_words
from dialogs.texts import LANGUAGES, Inside, Text, Verbatim, Words, as_text, say
from dialogs.texts import mark as _
from state.people import LOTS, Person
from state.pieces import in_pages, pieces
from state.records import ZONE, Envelope
from state.screen import Button, Screen, stack
from state.session import Session

if TYPE_CHECKING:
    from bot.desk import Desk
    from state.store import Purge

NOTE, COPY, COMMAND, CASE, WHY_CASE, TEXTS, LANGUAGE = (
    *("note:", "copy:", "/"),
    *("case:", "case-why:", "case-texts:", "language:"),
)
HANDOVER, DRAFT = "/overforing", "draft:"
LATEST_RECORDS = 5
CASES_SHOWN = 4
IN_LANGUAGE = {"sv": _("På svenska"), "en": _("På engelska")}
LANGUAGE_NAMES = {"sv": Verbatim("Svenska"), "en": Verbatim("English")}


class Pages:
    """Builds the pages of one person; inside a transaction, since the access log is written.

    :param desk: knows the store, the dialogs and what the person may see.
    :param person: who is shown them.
    :param now: the time.
    """

    def __init__(self, desk: Desk, person: Person, now: datetime) -> None:
        self._desk = desk
        self._store = desk.store
        self._looks = desk.looks
        self._person = person
        self._now = now

    def behind(self, value: str) -> Screen | None:
        """The page that a button of another page opens.

        :param value: what the button carries.
        :returns: the page; ``None`` where there is none, or the person may not see it.
        """
        if value.startswith(LOG) and may_review(self._person):
            return self.review(value.removeprefix(LOG))
        if not value.startswith((CASE, WHY_CASE, TEXTS)) or not self._person.may_open_cases:
            return None
        code, _sep, number = value.partition(":")[2].partition(":")
        if not self._world().may_see(code):
            return None
        if value.startswith(TEXTS):
            return self.texts(code)
        number = number if number.isdecimal() and len(number) < 4 else "0"
        return self.case(code, why=value.startswith(WHY_CASE), number=int(number))

    def text_behind(self, value: str) -> Screen | None:
        """The note or the copy that a button opens, piece by piece with a button that copies each.

        :param value: what the button carries.
        :returns: the text, which may stand for a few minutes only; ``None`` where there is none, or the person may not
            see it.
        """
        if not self._person.may_open_cases:
            return None
        if value.startswith(NOTE):
            return self._note(value.removeprefix(NOTE))
        return self._copy(value.removeprefix(COPY)) if value.startswith(COPY) else None

    def case_behind(self, value: str) -> str:
        """The case that a button of a page leads to.

        :param value: what the button carries.
        :returns: the case's code; where it leads to none, the value.
        """
        if value.startswith((NOTE, COPY)):
            held = self._store.record(value.split(":")[1])
            return "" if held is None else held.record.case
        if value.startswith((CASE, WHY_CASE, TEXTS)):
            return value.split(":")[1]
        return command_in(value)[1] if value.startswith(COMMAND) else value

    # the case at a glance

    def cases(self) -> Screen | None:
        """Which case to see.

        :returns: the latest; ``None`` where there are none.
        """
        cases = self._world().cases[:CASES_SHOWN]
        if not cases:
            return None
        asks = say(_("Vilket ärende vill du se? Du kan också skriva /arende och koden."), self._person.language)
        return Screen(text=asks, rows=stack([Button(code, f"{CASE}{code}") for code in cases]))

    def mine_apart(self, typed: str) -> list[Envelope]:
        """What this person wrote apart from every case; nobody else reaches it.

        :param typed: what was typed behind the command.
        :returns: what is held under that code, oldest first.
        """
        code = case_code.read(typed, self._desk.practice)
        held = () if isinstance(code, CodeFault) else self._store.entries(code)
        return [one for one in held if one.record.apart and one.author == self._person.id]

    def apart(self, held: Sequence[Envelope]) -> Screen:
        """Only the text of what is kept apart: it is no case (THR-8).

        :param held: what :meth:`mine_apart` gives.
        :returns: the page.
        """
        self._looks.looked(self._person, held[0].record.case, CASE_PAGE, self._now)
        said = Text(_("{code} är inget ärende. Bara du kan se texten."), code=held[0].record.case)
        return Screen(text=say(said, self._person.language), rows=stack(self.text_buttons(held)))

    def case(self, case: str, *, why: bool = False, number: int = 0) -> Screen:
        """A case at a glance: where it stands, what is next, and what can be begun in it.

        :param case: its code; the person may see it.
        :param why: whether the rules and the records behind each line are told.
        :param number: which page of it, from 0.
        :returns: the page; the last one where there are fewer.
        """
        self._looks.looked(self._person, case, CASE_PAGE, self._now)
        world, lang = self._world(), self._person.language
        pages = in_pages(self._case_lines(case, why, world))
        number = min(number, len(pages) - 1)
        more = Button(say(_("Fortsätt läsa"), lang), f"{WHY_CASE if why else CASE}{case}:{number + 1}")
        first = (
            Button(say(_("Tillbaka"), lang), f"{CASE}{case}")
            if why
            else Button(say(_("Varför?"), lang), f"{WHY_CASE}{case}")
        )
        ways = [Button(say(_("Texter"), lang), f"{TEXTS}{case}")] if self.noted(case) else []
        if arende.has_left(world.entries(case)):
            ways.append(Button(say(_("Överföring"), lang), HANDOVER))
        on_and_back = ((more,) if number + 1 < len(pages) else ()) + (first, *ways)
        return Screen(
            text="\n".join(pages[number]), rows=stack(on_and_back, dialogs_in(case, self._desk.dialogs, world))
        )

    def _case_lines(self, case: str, why: bool, world: World) -> list[str]:
        drafts: list[Words] = [
            Text(_("Du har {draft}."), draft=self._desk.engine.draft_words(draft, world))
            for draft in self._store.drafts(self._person.id, case=case)
        ]
        lines: list[str] = []
        told: set[str] = set()
        for line in arende.page(case, drafts, world):
            lines.append(say(line.words, world.language))
            if why:
                behind = why_words(line.rules, line.records, self._person, told)
                lines += [say(words, world.language) for words in behind]
        return lines

    # the hand-over

    def handover(self) -> Screen | None:
        """How far the records have come, and what is to be done about it.

        :returns: the page; ``None`` where there are no cases.
        """
        lang, engine, world = self._person.language, self._desk.engine, self._world()
        drafts = [held for held in self._store.drafts(self._person.id) if self.draft(held.id) is not None]
        if not world.cases and not drafts:
            return None
        for case in (*world.cases, *map(engine.case_of, drafts)):
            self._looks.looked(self._person, case, HANDOVER_PAGE, self._now)
        page = overforing.page([engine.draft_words(held, world) for held in drafts], self._purged(), world)
        todo = [
            Button(in_case(dialog, case, lang), f"{COMMAND}{dialog.command} {case}")
            for dialog in self._desk.dialogs
            if DeclineSettled in dialog.kinds
            for case in page.declined_in[: overforing.SHOWN]
        ]
        todo += [
            Button(in_case(engine.compiled[held.dialog].dialog, engine.case_of(held), lang), f"{DRAFT}{held.id}")
            for held in drafts[: overforing.SHOWN]
        ]
        cases = [*page.declined_in, *page.others][:CASES_SHOWN]
        rows = stack(numbered(todo), [Button(code, f"{CASE}{code}") for code in cases])
        return Screen(text="\n".join(say(line, lang) for line in page.lines), rows=rows)

    def draft(self, session_id: str) -> Session | None:
        """A draft of one's own in which something was said, and whose dialog is still there.

        :param session_id: its id.
        :returns: the draft, or ``None``.
        """
        held = self._store.session(session_id)
        if held is None or held.person != self._person.id or not self._person.may_open_cases:
            return None
        return held if held.answers and held.dialog in self._desk.engine.compiled else None

    def _purged(self) -> overforing.Purged | None:
        purges = self._store.purges()
        if not purges:
            return None
        return overforing.Purged(sum(purge.cases for purge in purges), day_of(purges[-1]))

    # the log, and the languages

    def review(self, place: str) -> Screen:
        """The check list of the access log of the district, for the one whose task it is.

        :param place: the month and the page; empty for this month.
        :returns: the page.
        """
        screen = review_screen(self._store, self._desk.dialogs, self._person, place, self._now)
        self._store.note_access(self._person, "log", LOG_PAGE, None, self._now)
        return screen

    def languages(self) -> Screen:
        """Which language Lots is to speak.

        :returns: the page.
        """
        rows = stack([Button(str(LANGUAGE_NAMES[code]), f"{LANGUAGE}{code}") for code in LANGUAGES])
        return Screen(text=say(_("Vilket språk vill du ha?"), self._person.language), rows=rows)

    # notes and copies

    def texts(self, case: str) -> Screen:
        """The latest notes of a case and the copies there may be of them, to be shown once more.

        :param case: its code; the person may see it.
        :returns: the page.
        """
        self._looks.looked(self._person, case, TEXTS_PAGE, self._now)
        lang = self._person.language
        buttons = []
        for held in self.noted(case):
            what = arende.record_words(held.record)
            buttons.append(Button(say(what, lang), f"{NOTE}{held.id}"))
            for copy in self._copies_of(held):
                title = Text(_("{copy}, {what}"), copy=as_text(copy.title), what=Inside(what))
                buttons.append(Button(say(title, lang), f"{COPY}{held.id}:{copy.id}:sv"))
        back = Button(say(_("Tillbaka"), lang), f"{CASE}{case}")
        return Screen(text=say(_("Vilken text vill du se?"), lang), rows=stack(numbered(buttons), (back,)))

    def noted(self, case: str) -> list[Envelope]:
        """The latest records of a case that have a note.

        :param case: its code.
        :returns: the newest first.
        """
        noted = [held for held in self._store.entries(case) if self._note_of(held.record)]
        return noted[: -LATEST_RECORDS - 1 : -1]

    def text_buttons(self, saved: Sequence[Envelope]) -> list[Button]:
        """A button for each note of what was saved, then one for each copy; those of the same name get numbers.

        :param saved: the records.
        :returns: the buttons.
        """
        lang = self._person.language
        noted = [held for held in saved if self._note_of(held.record)]
        named = [(_note_title(held.record), f"{NOTE}{held.id}") for held in noted]
        named += [(copy.title, f"{COPY}{held.id}:{copy.id}:sv") for held in saved for copy in self._copies_of(held)]
        return numbered([Button(say(title, lang), value) for title, value in named])

    def _note(self, record_id: str) -> Screen | None:
        held = self._record_here(record_id)
        if held is None or not self._note_of(held.record):
            return None
        self._looks.looked(self._person, held.record.case, NOTE_PAGE, self._now)
        record, notice = arende.as_it_stands(held, self._store.entries(held.record.case))
        lines = [] if record is None else [*self._note_of(record), self._written(held)]
        return self._text(held, f"{NOTE}{record_id}", lines, self._person.language, above=notice)

    def _written(self, held: Envelope) -> Words:
        """When and by whom it was written (27 § förvaltningslagen): a role and a number, never a name."""
        author, day = self._store.person(held.author), Verbatim(held.said_on.isoformat())
        if author is None:
            return Text(_("Antecknat {day} av en samordnare."), day=day)
        return Text(_("Antecknat {day} av {who}."), day=day, who=Verbatim(author.label))

    def _copy(self, which: str) -> Screen | None:
        """A copy of what was saved, where it still may exist."""
        record_id, _sep, rest = which.partition(":")
        copy_id, _sep, language = rest.partition(":")
        held = self._record_here(record_id)
        copies = [] if held is None else self._copies_of(held)
        copy = next((copy for copy in copies if copy.id == copy_id), None)
        if held is None or copy is None or language not in LANGUAGES:
            return None
        self._looks.looked(self._person, held.record.case, COPY_PAGE, self._now)
        value = f"{COPY}{record_id}:{copy_id}:"
        others = [
            Button(say(words, self._person.language), f"{value}{other}")
            for other, words in IN_LANGUAGE.items()
            if other != language
        ]
        return self._text(held, value, copy.lines, language, above=copy.above, others=others)

    def _text(
        self,
        held: Envelope,
        value: str,
        words: Sequence[Words],
        language: str,
        *,
        above: Words | None,
        others: Sequence[Button] = (),
    ) -> Screen:
        lang = self._person.language
        cut = pieces([say(line, language) for line in words])
        label = say(_("Kopiera"), lang)
        copying = [
            Button(
                label if len(cut) == 1 else say(Text(_("Kopiera {number} av {total}"), number=n, total=len(cut)), lang),
                f"copied-{n}",
                copy=piece,
            )
            for n, piece in enumerate(cut, 1)
        ]
        together = self.text_buttons(self._store.saved_with(self._person.id, held.id))
        beside = [button for button in together if not button.value.startswith(value)]
        done = Button(say(_("Klar"), lang), DONE)
        text = "\n\n".join([*([] if above is None else [say(above, lang)]), *cut])
        return Screen(text=text, rows=stack(copying, others, beside, (done,)))

    def _record_here(self, record_id: str) -> Envelope | None:
        """A record that the person may see."""
        held = self._store.record(record_id)
        if held is None:
            return None
        if held.record.apart:  # no case: what is said there reaches nobody but the one who wrote it
            mine = held.author == self._person.id and self._person.may_open_cases
            return held if mine and self._store.district_of(held.record.case) == self._person.district else None
        return held if self._desk.may_see(self._person, held.record.case) else None

    def _note_of(self, record: Record) -> Sequence[Words]:
        """The journal note of a record; empty where it has none."""
        notes = (d.note for d in self._desk.dialogs if d.note is not None and isinstance(record, d.kinds))
        note = next(notes, None)
        return () if note is None else note(record)

    def _copies_of(self, held: Envelope) -> Sequence[Copy]:
        """The copies that may exist of a record now."""
        makers = (d.copies for d in self._desk.dialogs if d.copies is not None and isinstance(held.record, d.kinds))
        copies = next(makers, None)
        if copies is None:
            return ()
        return copies(held, self._store.entries(held.record.case), self._now.date())

    def _world(self) -> World:
        return self._desk.world(self._person, self._now)


def why_words(rules: Sequence[str], records: Sequence[Entry], person: Person, told: set[str]) -> list[Words]:
    """Why something is said of a case: its rules, and the records behind it without a name.

    :param rules: the rules.
    :param records: the records, oldest first; only the latest are named.
    :param person: who asks.
    :param told: the rules that have been told already; those that are told now are put in.
    :returns: a line each.
    """
    lines: list[Words] = [rule_words(rule) for rule in rules if rule not in told]
    told |= set(rules)
    by = {person.id: _("– {what}. Sparat av dig den {day}."), LOTS.id: _("– {what}. Skrivet av Lots den {day}.")}
    for entry in records[-LATEST_RECORDS:]:
        said = by.get(entry.author, _("– {what}. Sparat av en kollega den {day}."))
        lines.append(Text(said, what=arende.record_words(entry.record), day=entry.said_on))
    if (older := len(records) - LATEST_RECORDS) > 0:
        lines.append(Text(_("– och {number} äldre."), number=older))
    return lines


def day_of(purge: Purge) -> date:
    """The day of a purge.

    :param purge: the purge.
    :returns: the day in local time.
    """
    return datetime.fromisoformat(purge.at).astimezone(ZONE).date()


def in_case(dialog: Dialog, case: str | None, language: str) -> str:
    """The words on a button that opens a dialog; they name the case where there is one, since it stands in none.

    :param dialog: the dialog.
    :param case: the case's code, or ``None``.
    :param language: the reader's language.
    :returns: the words.
    """
    title = as_text(dialog.title)
    return say(title if case is None else Text(_("{case}: {title}"), case=case, title=title), language)


def dialogs_in(case: str, dialogs: Sequence[Dialog], world: World) -> list[Button]:
    """What can be begun in a case.

    :param case: its code.
    :param dialogs: every dialog there is.
    :param world: what is known; its language is used.
    :returns: a button each.
    """
    closed, entries = world.is_closed(case), world.entries(case)
    titles = [
        (dialog.title_when_closed if closed else dialog.title, dialog.command)
        for dialog in sorted(dialogs, key=lambda dialog: dialog.offered_where is None)  # what waits comes first
        if dialog.offered_where is None or dialog.offered_where(entries)
    ]
    return [Button(say(title, world.language), f"/{command} {case}") for title, command in titles if title is not None]


def numbered(buttons: Sequence[Button]) -> list[Button]:
    """Buttons of which no two look alike: of those with the same words the later ones get a number.

    :param buttons: in reading order.
    :returns: as many buttons.
    """
    count: Counter[str] = Counter()
    told = []
    for button in buttons:
        count[button.label] += 1
        number = count[button.label]
        told.append(replace(button, label=f"{button.label} {number}") if number > 1 else button)
    return told


def _note_title(record: Record) -> Words:
    if record.apart:
        return _("Visa text")
    return _("Visa rättelsetext") if isinstance(record, CorrectionNotice) else _("Visa journaltext")
