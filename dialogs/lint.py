"""Everything that is wrong with a declaration, all at once.

The checks read data only: the dialog, the rules, the law and the catalogue. A problem has a code that stays the same,
says where it is, and what to do. ``bot.lint`` gathers what they need; ``lots lint`` prints what they find.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from dialogs import plain
from dialogs.answers import CaseCode, Choice, Day, Kind, Month, Number, Option, Partly, Pick, Several, ThreeState
from dialogs.law import UnknownLaw, fact, facts
from dialogs.model import Dialog, Go, Question, Route, World, words_of
from dialogs.policy import Policy
from dialogs.records import Record
from dialogs.records.base import open_fields
from dialogs.rules.catalogue import BUILT, NOT_BUILT
from dialogs.scope import Scopes
from dialogs.texts import LANGUAGES, SOURCE_LANGUAGE, Text, Verbatim, Words, say

LONGEST_LABEL = 60
"""Characters on a button: more are cut off on a phone."""

MOST_BYTES = 64
"""What Telegram lets a button carry."""

_BEFORE_VALUE = "s" * 8 + ":9999:"
"""Session and revision at their longest, as the desk writes them before a button's value."""

_ID = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_COMMAND = re.compile(r"[a-z][a-z0-9_]{0,31}")
_TRANSLATE = "Run `make catalogues`, write the English in lots.po, and take away a fuzzy above it."
CLOSED_KINDS: frozenset[type[Kind]] = frozenset(
    {Choice, Pick, Month, Several, ThreeState, Day, Number, CaseCode, Scopes}
)
"""The kinds of answer whose value is one of a list, a day, a month, a number or a case code, whatever is typed (design
9). ``tests/test_no_free_text.py`` types at each of them; a new kind is put in here with its test there."""

_MOST_PRESSES = 3
"""How often a line of a growing list is pressed to see all that its button can say."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    :ivar code: a stable name of the kind of fault.
    :ivar where: the dialog and the part of it: ``samtal: question held``.
    :ivar says: what is wrong and how to put it right.
    """

    code: str
    where: str
    says: str

    def __str__(self) -> str:
        return f"{self.where}: {self.says}"


def is_closed(kind: Kind) -> bool:
    """Whether a kind of answer reads what is typed as one of the closed kinds does.

    :param kind: the kind of a question.
    :returns: ``False`` where nothing shows that it keeps no free text.
    """
    return any(type(kind).read is closed.read for closed in CLOSED_KINDS)


def problems_of(dialog: Dialog, today: date, translated: Collection[str] | None = None) -> list[Problem]:
    """Everything that is wrong with one dialog.

    :param dialog: its declaration.
    :param today: the day the law must apply.
    :param translated: the Swedish sentences that have an English translation; ``None`` where there is no catalogue
        to hold the dialog to, and then only the Swedish is looked at.
    :returns: problems in the order of the file; none where all is well.
    """
    languages = (SOURCE_LANGUAGE,) if translated is None else LANGUAGES
    worlds = [_world(language, today) for language in languages]
    found = [
        *_ids(dialog),
        *_routes(dialog),
        *_ways(dialog),
        *_labels_of_questions(dialog, languages),
        *(problem for question in dialog.questions for problem in _question(dialog, question, worlds)),
        *_records(dialog),
        *_sources(dialog, today),
        *_texts(dialog, translated),
    ]
    return list(dict.fromkeys(found))


def problems_between(
    dialogs: Sequence[Dialog],
    *,
    taken: Collection[str] = (),
    common: Collection[type[Record]] = (),
    cited: Collection[str] = (),
) -> list[Problem]:
    """What is wrong between dialogs, and what of rules and law nobody uses.

    :param dialogs: every dialog there is.
    :param taken: commands that are there without any dialog.
    :param common: record kinds that are no dialog's own.
    :param cited: rule ids that the code of the rules cites.
    :returns: problems; none where all is well.
    """
    return [*_doubles(dialogs, taken, common), *_unused(dialogs, cited)]


def problems_of_texts(
    sentences: Collection[str], english: Mapping[str, str], elsewhere: Collection[str] = ()
) -> list[Problem]:
    """What is wrong with the texts of the catalogue.

    :param sentences: every marked Swedish sentence.
    :param english: the translations there are.
    :param elsewhere: sentences whose missing translation is told where they stand in their dialog.
    :returns: problems with the translations and with the klarspråk.
    """
    found: list[Problem] = []
    for sentence in sentences:
        where = f"text “{sentence}”"
        found += (Problem("not-plain", where, fault) for fault in plain.faults(sentence))
        if _placeholders(sentence) is None:
            found.append(Problem("stray-brace", where, "has a lone brace. Write {{ or }} for a brace that is shown."))
        if sentence in english:
            found += _translation(where, sentence, english[sentence])
        elif sentence not in elsewhere:
            found.append(Problem("untranslated", where, f"has no English. {_TRANSLATE}"))
    if (mean := plain.lix("\n".join(sentences))) > plain.HIGHEST_LIX:
        worst = sorted(sentences, key=plain.lix, reverse=True)[:3]
        says = f"LIX is {mean:.0f}; {plain.HIGHEST_LIX} is the most. Begin with " + ", ".join(f"“{w}”" for w in worst)
        found.append(Problem("not-plain", "all texts", f"{says}."))
    return found


# ── ids and routes ───────────────────────────────────────────────────────────────────────────────────────────


def _ids(dialog: Dialog) -> Iterator[Problem]:
    if not dialog.questions:
        yield Problem("empty-dialog", dialog.id, "it has no question. Write at least one.")
    if not dialog.outcomes:
        yield Problem("empty-dialog", dialog.id, "it has no outcome. Write at least one.")
    ids = [("question", q.id) for q in dialog.questions] + [("outcome", o.id) for o in dialog.outcomes]
    for what, id_ in [("dialog", dialog.id), *ids]:
        if not _ID.fullmatch(id_):
            says = f"{id_!r} is no id. Use letters a–z, digits and _, beginning with a letter."
            yield Problem("bad-id", f"{dialog.id}: {what} {id_}", says)
    for id_, count in Counter(id_ for _, id_ in ids).items():
        if count > 1:
            says = f"{count} questions or outcomes have this id. Give each its own."
            yield Problem("doubled-id", f"{dialog.id}: {id_}", says)


def _on(route: Route) -> tuple[str, ...]:
    return (route.on,) if isinstance(route.on, str) else route.on


def _to(route: Route) -> tuple[str, ...]:
    return (route.to,) if isinstance(route, Go) else tuple(route.ways.values())


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def _routes(dialog: Dialog) -> Iterator[Problem]:
    routed: Counter[tuple[str, str]] = Counter((r.source, category) for r in dialog.routes for category in _on(r))
    for (source, category), count in routed.items():
        if count > 1:
            says = f"“{category}” is routed {count} times. Keep one route for it."
            yield Problem("routed-twice", f"{dialog.id}: question {source}", says)
    for route in dialog.routes:
        yield from _route(dialog, route)
    for question in dialog.questions:
        if missing := [category for category in question.kind.categories if not routed[question.id, category]]:
            says = f"no route for {_listed(missing)}. Name every choice in a route from it."
            yield Problem("unrouted-choice", f"{dialog.id}: question {question.id}", says)


def _route(dialog: Dialog, route: Route) -> Iterator[Problem]:
    where = f"{dialog.id}: route from {route.source}"
    for target in dict.fromkeys(_to(route)):
        if target not in dialog.by_id and target not in dialog.endings:
            says = f"it leads to “{target}”, which is no question and no outcome. Correct the name or write it."
            yield Problem("unknown-node", where, says)
    if not _on(route) or not _to(route):
        yield Problem("empty-route", where, "it names no choice or no way. Fill it in or take it away.")
    if (question := dialog.by_id.get(route.source)) is None:
        yield Problem("unknown-node", where, f"“{route.source}” is no question. Correct the name.")
    elif strange := [category for category in _on(route) if category not in question.kind.categories]:
        says = f"{_listed(strange)} cannot be answered there. The choices are {_listed(question.kind.categories)}."
        yield Problem("no-such-choice", where, says)


def _edges(dialog: Dialog) -> dict[str, set[str]]:
    edges: dict[str, set[str]] = {question.id: set() for question in dialog.questions}
    for route in dialog.routes:
        if route.source in edges:
            edges[route.source] |= {to for to in _to(route) if to in dialog.by_id or to in dialog.endings}
    return edges


def _reached(edges: Mapping[str, set[str]], start: str) -> set[str]:
    """Every place that one step or more leads to."""
    found: set[str] = set()
    fresh = {start}
    while fresh:
        fresh = {to for place in fresh for to in edges.get(place, ())} - found
        found |= fresh
    return found


def _ways(dialog: Dialog) -> Iterator[Problem]:
    if not dialog.questions:
        return
    edges = _edges(dialog)
    reached = {question.id: _reached(edges, question.id) for question in dialog.questions}
    first = dialog.questions[0].id
    for what, id_ in [*(("question", q) for q in dialog.by_id), *(("outcome", o) for o in dialog.endings)]:
        if id_ != first and id_ not in reached[first]:
            says = f"no way leads here from {first}. Route a choice to it or take it away."
            yield Problem("unreachable", f"{dialog.id}: {what} {id_}", says)
    if stuck := [id_ for id_, places in reached.items() if not places & dialog.endings.keys()]:
        says = f"no way from {_listed(stuck)} comes to an outcome. Route one of them on to an outcome."
        yield Problem("no-way-out", f"{dialog.id}: question {stuck[0]}", says)
    rounds = {frozenset(p for p in places if id_ in reached.get(p, ())) for id_, places in reached.items()}
    for question in dialog.questions:
        for offer in question.offers:
            if question.id not in reached.get(offer, ()):
                says = f"it offers to change “{offer}”, which is not asked before it. Name an earlier question."
                yield Problem("unknown-offer", f"{dialog.id}: question {question.id}", says)
    for turning in sorted(sorted(places) for places in rounds if places):
        says = f"the way goes round through {_listed(turning)}. A question is asked once on a way; route it onwards."
        yield Problem("endless-loop", f"{dialog.id}: question {turning[0]}", says)


def _labels_of_questions(dialog: Dialog, languages: Sequence[str]) -> Iterator[Problem]:
    """Two questions on one way stand beside each other in the read-back and under Ändra."""
    edges = _edges(dialog)
    for question in dialog.questions:
        for later in sorted(_reached(edges, question.id) - {question.id}):
            for language in languages:
                if later in dialog.by_id:
                    label = say(question.label, language)
                    if label.casefold() == say(dialog.by_id[later].label, language).casefold():
                        says = f"its label “{label}” ({language}) is also that of {question.id}. Name one of them anew."
                        yield Problem("doubled-label", f"{dialog.id}: question {later}", says)


# ── one question and its buttons ─────────────────────────────────────────────────────────────────────────────


def _world(language: str, today: date) -> World:
    """A world in which every kind shows its buttons; nothing is on record."""
    code = "Ö22-222"
    return World(
        now=datetime.combine(today, time(12), UTC),
        opened_at=datetime.combine(today, time(12), UTC),
        language=language,
        practice=True,
        policy=Policy(),
        person="",
        district="",
        coordinators=lambda: (),
        cases=(code,),
        entries=lambda case: (),
        may_see=lambda case: True,
        is_closed=lambda case: False,
        is_free=lambda case: True,
        purged_on=lambda case: None,
        draw_code=lambda: code,
    )


def _keyboards(kind: Kind, world: World) -> Iterator[Sequence[Option]]:
    """The buttons as they come, and as they are when a line of a growing list has been pressed a few times."""
    if not kind.fixed:
        return  # its buttons follow from the records; their values are ids, which always fit
    yield (first := kind.options(None, world))
    if kind.typed not in ("several", "three_state"):
        return
    for option in first:
        so_far = None
        for _ in range(_MOST_PRESSES):
            reply = kind.read(option.value, so_far, world)
            if not isinstance(reply, Partly):
                break
            so_far = reply.value
            yield kind.options(so_far, world)


def _question(dialog: Dialog, question: Question, worlds: Sequence[World]) -> Iterator[Problem]:
    where = f"{dialog.id}: question {question.id}"
    if not is_closed(question.kind):
        name = type(question.kind).__name__
        says = f"nothing shows that {name} keeps no free text. Use a kind of dialogs.answers, or prove it in the tests."
        yield Problem("free-text", where, says)
    for fault in question.kind.problems():
        yield Problem("bad-kind", where, f"{fault}. Mend its kind.")
    for other in question.depends_on:
        if other not in dialog.by_id:
            says = f"it depends on “{other}”, which is no question. Correct the name."
            yield Problem("unknown-dependency", where, says)
    yield from _carried(where, f"!change:{question.id}", "Give the question a shorter id.")
    for world in worlds:
        yield from _label(where, say(question.label, world.language), world.language)
        for buttons in _keyboards(question.kind, world):
            yield from _buttons(where, buttons, world.language)


def _buttons(where: str, buttons: Sequence[Option], language: str) -> Iterator[Problem]:
    for value, count in Counter(option.value for option in buttons).items():
        if count > 1:
            yield Problem("doubled-value", where, f"{count} buttons have the value “{value}”. Give each its own.")
        if not value or ":" in value or value.startswith("!"):
            says = f"the value “{value}” cannot be on a button. Write it without colon and not beginning with !."
            yield Problem("bad-value", where, says)
        yield from _carried(where, value, "Shorten the value.")
    labels = [say(option.label, language) for option in buttons]
    for label, count in Counter(label.casefold() for label in labels).items():
        if count > 1:
            says = f"{count} buttons say “{label}” ({language}). Word them so that they differ."
            yield Problem("doubled-label", where, says)
    for label in labels:
        yield from _label(where, label, language)


def _label(where: str, label: str, language: str) -> Iterator[Problem]:
    if len(label) > LONGEST_LABEL:
        says = (
            f"“{label}” ({language}) is {len(label)} characters. On a button {LONGEST_LABEL} is the most: shorten it."
        )
        yield Problem("long-label", where, says)


def _carried(where: str, value: str, mend: str) -> Iterator[Problem]:
    if (size := len(f"{_BEFORE_VALUE}{value}".encode())) > MOST_BYTES:
        yield Problem("long-data", where, f"the button “{value}” carries {size} bytes of {MOST_BYTES}. {mend}")


# ── records, rules and law ───────────────────────────────────────────────────────────────────────────────────


def _records(dialog: Dialog) -> Iterator[Problem]:
    if not dialog.kinds and any(outcome.saves for outcome in dialog.outcomes):
        says = "an outcome saves, and no record kind is named. Write it in kinds, or saves=False."
        yield Problem("no-record-kind", dialog.id, says)
    for kind in dialog.kinds:
        if names := list(open_fields(kind)):
            says = f"{_listed(names)} has room for free text. Make it a list, a date, a number, a code or a Coded word."
            yield Problem("free-text", f"{dialog.id}: record {kind.kind}", says)
    if not _COMMAND.fullmatch(dialog.command):
        says = f"“{dialog.command}” is no command. Use small letters a–z, digits and _, at most 32."
        yield Problem("bad-command", dialog.id, says)


def _sources(dialog: Dialog, today: date) -> Iterator[Problem]:
    for where, rule in _rules_of(dialog):
        if rule in NOT_BUILT:
            says = f"{rule} is not built. Build it and move it to BUILT in dialogs/rules/catalogue.py, or cite another."
            yield Problem("rule-not-built", where, says)
        elif rule not in BUILT:
            says = f"there is no rule {rule}. Correct the id; dialogs/rules/catalogue.py has them all."
            yield Problem("unknown-rule", where, says)
    known = {held.id for held in facts()}
    for question in dialog.questions:
        where = f"{dialog.id}: question {question.id}"
        for law in question.why.law:
            if law not in known:
                says = f"there is no law fact {law}. Correct the id or write the fact in dialogs/law."
                yield Problem("unknown-law", where, says)
                continue
            try:
                fact(law, today)
            except UnknownLaw:
                says = f"{law} does not apply on {today.isoformat()}. Cite what applies, or write its new period."
                yield Problem("law-not-in-force", where, says)


def _rules_of(dialog: Dialog) -> Iterator[tuple[str, str]]:
    yield from ((f"{dialog.id}: question {q.id}", rule) for q in dialog.questions for rule in q.why.rules)
    yield from ((f"{dialog.id}: outcome {o.id}", rule) for o in dialog.outcomes for rule in o.rules)
    for route in dialog.routes:
        if not isinstance(route, Go):
            yield from ((f"{dialog.id}: route from {route.source}", rule) for rule in route.rules)


# ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────


def _texts(dialog: Dialog, translated: Collection[str] | None) -> Iterator[Problem]:
    told: set[str] = set()
    for place, words in words_of(dialog):
        where = f"{dialog.id}: {place}"
        sentence = msgid(words)
        if not sentence.strip():
            yield Problem("empty-text", where, "it says nothing. Write the words.")
        elif not (translated is None or isinstance(words, Verbatim) or sentence in translated or sentence in told):
            told.add(sentence)
            says = f"“{sentence}” has no English. See that it is marked with _(). {_TRANSLATE}"
            yield Problem("untranslated", where, says)
        filled = words.parts.keys() if isinstance(words, Text) else ()
        if missing := sorted((_placeholders(sentence) or set()) - set(filled)):
            says = f"nothing is put in for {_listed(missing)}. Write it with a value: Text(_(…), {missing[0]}=…)."
            yield Problem("unfilled-placeholder", where, says)


def msgid(words: Words) -> str:
    """The marked Swedish sentence of some words.

    :param words: a sentence, or one with parts.
    :returns: the sentence, placeholders and all.
    """
    return words.msgid if isinstance(words, Text) else str(words)


def _translation(where: str, sentence: str, english: str) -> Iterator[Problem]:
    swedish, other = _placeholders(sentence), _placeholders(english)
    if other is None:
        yield Problem("stray-brace", where, f"its English “{english}” has a lone brace. Take it away.")
    elif swedish is not None and swedish != other:
        says = f"its English “{english}” has other placeholders. Use the same names in both."
        yield Problem("other-placeholders", where, says)


def _placeholders(sentence: str) -> set[str] | None:
    """The names in a sentence's placeholders, or ``None`` where a brace stands alone."""
    try:
        return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}
    except ValueError:
        return None


# ── between dialogs ──────────────────────────────────────────────────────────────────────────────────────────


def _doubles(dialogs: Sequence[Dialog], taken: Collection[str], common: Collection[type[Record]]) -> Iterator[Problem]:
    named = [
        *(("doubled-dialog", "the id", d.id, d.id) for d in dialogs),
        *(("doubled-command", "the command", d.command, d.id) for d in dialogs),
        *(("doubled-label", "the title", msgid(d.title), d.id) for d in dialogs),
        *(("doubled-record-kind", "the record kind", kind.kind, d.id) for d in dialogs for kind in d.kinds),
    ]
    count = Counter((code, name) for code, _, name, _ in named)
    count.update(("doubled-command", command) for command in taken)
    count.update(("doubled-record-kind", kind.kind) for kind in common)
    for code, what, name, dialog in named:
        if count[code, name] > 1:
            yield Problem(code, dialog, f"{what} “{name}” is taken. Choose another.")


def _unused(dialogs: Sequence[Dialog], cited: Collection[str]) -> Iterator[Problem]:
    rules = {rule for dialog in dialogs for _, rule in _rules_of(dialog)} | set(cited)
    for rule in BUILT:
        if rule not in rules:
            says = f"{rule} is said to be built, and no dialog and no rule cites it. Cite it, or move it to NOT_BUILT."
            yield Problem("unused-rule", "dialogs/rules/catalogue.py", says)
    laws = {law for dialog in dialogs for question in dialog.questions for law in question.why.law}
    for law in dict.fromkeys(held.id for held in facts()):
        if law not in laws:
            yield Problem("unused-law", "dialogs/law", f"no question cites {law}. Cite it, or take the fact away.")
