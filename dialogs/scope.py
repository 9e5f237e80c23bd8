"""What may be shared with each party: kinds of information and direction, in one answer (CON-3).

Presets cover most talks; at the read-back they can be changed for all parties or for one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dialogs.answers import (
    DONE,
    NOT_A_CHOICE,
    NOTHING,
    Answers,
    Given,
    Kind,
    Option,
    Partly,
    Refused,
    Reply,
    Value,
    box,
    matched,
)
from dialogs.consent_words import DIRECTIONS, INFO_KINDS, Listed, kind_words, party_words
from dialogs.model import World
from dialogs.texts import Inside, Text, Verbatim, say
from dialogs.texts import mark as _

ALL, AT = "all", "at"
"""The line Alla, and where in the list somebody is while it grows; neither is a party."""

TO, FROM = "to", "from"


@dataclass(frozen=True)
class Scope:
    """What may be shared with one party.

    :ivar kinds: kinds of information, in the order of the list.
    :ivar ways: ``to``, ``from`` or both of them.
    """

    kinds: tuple[str, ...]
    ways: tuple[str, ...] = (TO, FROM)

    def written(self) -> str:
        """The scope as it is stored in an answer.

        :returns: ``planning,crime|to,from``.
        """
        return f"{','.join(self.kinds)}|{','.join(self.ways)}"

    @property
    def direction(self) -> str:
        """``to``, ``from`` or ``both``."""
        return self.ways[0] if len(self.ways) == 1 else "both"

    @classmethod
    def read(cls, written: str) -> Scope:
        """Read a stored scope.

        :param written: as :meth:`written` gives it.
        :returns: the scope; what is unknown in it is left out.
        """
        kinds, _bar, ways = written.partition("|")
        return cls(
            tuple(kind for kind in INFO_KINDS if kind in kinds.split(",")),
            tuple(way for way in (TO, FROM) if way in ways.split(",")),
        )

    def turned(self, what: str, on: bool) -> Scope:
        """The scope with one kind or direction put in or taken out.

        :param what: a kind of information, ``to`` or ``from``.
        :param on: whether it is to be in.
        :returns: the scope.
        """
        kinds = tuple(kind for kind in INFO_KINDS if (on if kind == what else kind in self.kinds))
        ways = tuple(way for way in (TO, FROM) if (on if way == what else way in self.ways))
        return Scope(kinds, ways)

    def has(self, what: str) -> bool:
        """Whether a kind or direction is in it.

        :param what: a kind of information, ``to`` or ``from``.
        :returns: whether it is.
        """
        return what in self.kinds or what in self.ways


_WAYS = {TO: _("Vi får lämna uppgifter"), FROM: _("Vi får hämta uppgifter")}


@dataclass(frozen=True, kw_only=True)
class Scopes(Kind):
    """A scope for each party: Alla or one party opens its kinds and directions, each press turns one on or off.

    :ivar parties: gives the parties from the answers so far.
    :ivar starts: gives the scope, as it is stored, that a party begins with while nobody has chosen.
    """

    parties: Callable[[Answers, World], Sequence[str]]
    starts: Callable[[Answers, World], Mapping[str, str]]

    @property
    def typed(self) -> str:
        return "several"

    @property
    def fixed(self) -> bool:
        return False

    def options(self, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Sequence[Option]:
        scopes = self._scopes(so_far, world, answers)
        lang = world.language
        at = so_far.get(AT) if isinstance(so_far, dict) else None
        if at is None:
            lines = [Option(party, self._summary(party, scope, lang)) for party, scope in scopes.items()]
            everyone = [Option(ALL, _("Ändra för alla"))] if len(lines) > 1 else []
            return (*lines, *everyone, Option(DONE, _("Klar")))
        return (
            *(box(what, words, self._is_on(what, at, scopes), lang) for what, words in (INFO_KINDS | _WAYS).items()),
            Option(DONE, _("Klar")),
        )

    @staticmethod
    def _summary(party: str, scope: Scope, language: str) -> Verbatim:
        words = Text(_("{party}: {count} slags uppgifter"), party=party_words(party), count=len(scope.kinds))
        return Verbatim(say(words, language))

    def _scopes(self, so_far: Value | None, world: World, answers: Answers) -> dict[str, Scope]:
        held = so_far if isinstance(so_far, dict) else {}
        starts = self.starts(answers, world)
        return {party: Scope.read(held.get(party, starts.get(party, "|"))) for party in self.parties(answers, world)}

    @staticmethod
    def _is_on(what: str, at: str, scopes: Mapping[str, Scope]) -> bool:
        return all(scope.has(what) for party, scope in scopes.items() if at in (ALL, party))

    def read(self, said: str, so_far: Value | None, world: World, answers: Answers = NOTHING) -> Reply:
        at = so_far.get(AT) if isinstance(so_far, dict) else None
        options = list(self.options(so_far, world, answers))
        if at is not None:  # what is typed has no box
            options += [Option(what, words) for what, words in (INFO_KINDS | _WAYS).items()]
        value = matched(said, options, world.language)
        if value is None:
            return Refused("not_a_choice", NOT_A_CHOICE)
        scopes = self._scopes(so_far, world, answers)
        if value == DONE:
            if lacking := self._lacking(scopes):
                return lacking
            done: dict[str, str] = {party: scope.written() for party, scope in scopes.items()}
            return Given(done) if at is None else Partly(done)
        if at is None:
            return Partly({**{party: scope.written() for party, scope in scopes.items()}, AT: value})
        on = not self._is_on(value, at, scopes)
        turned = {p: scope.turned(value, on) if at in (ALL, p) else scope for p, scope in scopes.items()}
        return Partly({**{party: scope.written() for party, scope in turned.items()}, AT: at})

    @staticmethod
    def _lacking(scopes: Mapping[str, Scope]) -> Refused | None:
        for party, scope in scopes.items():
            if not scope.kinds:
                words = Text(_("{party}: välj minst ett slags uppgifter."), party=party_words(party))
                return Refused("too_few", words)
            if not scope.ways:
                words = Text(_("{party}: välj om ni får lämna eller hämta uppgifter."), party=party_words(party))
                return Refused("too_few", words)
        return None

    def holds(self, value: Value, world: World, answers: Answers = NOTHING) -> bool:
        if not isinstance(value, dict) or value.keys() != set(self.parties(answers, world)):
            return False
        scopes = {party: Scope.read(written) for party, written in value.items()}
        return self._lacking(scopes) is None and all(scopes[party].written() == value[party] for party in scopes)

    def show(self, value: Value, world: World, answers: Answers = NOTHING) -> str:
        """See :class:`Kind`; parties with the same scope are said together."""
        scopes = self._scopes(value, world, answers)
        said = []
        for scope in dict.fromkeys(scopes.values()):
            parties = Listed(party_words(party) for party, theirs in scopes.items() if theirs == scope)
            words = Text(
                _("{parties}: {kinds} ({direction})"),
                parties=parties,
                kinds=Listed(Inside(kind_words(kind)) for kind in scope.kinds),
                direction=Text(DIRECTIONS[scope.direction]),
            )
            said.append(say(words, world.language))
        return "; ".join(said)
