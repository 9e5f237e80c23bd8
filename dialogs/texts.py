"""Texts: Swedish is the source, gettext carries the other languages.

A dialog writes `_ = mark` and marks its sentences; nothing is translated until a screen is rendered for one
person in that person's language.
"""

from __future__ import annotations

import gettext
import io
from datetime import date
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from dialogs.dates import long_date

SOURCE_LANGUAGE = "sv"
LANGUAGES = ("sv", "en")
LOCALES = Path(__file__).resolve().parent.parent / "locales"


def mark(msgid: str) -> str:
    """Mark a Swedish sentence for extraction; it is returned as it is.

    :param msgid: the Swedish text, with named ``{placeholders}`` at most.
    :returns: the same text.
    """
    return msgid


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The translations of one language, compiled from its catalogue at first use (design: no build step).

    :param language: ``sv`` or ``en``.
    :returns: gettext translations; for Swedish, the source itself.
    :raises FileNotFoundError: the installation lacks that language's catalogue.
    """
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    source = LOCALES / language / "LC_MESSAGES" / "lots.po"
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def translate(language: str, msgid: str) -> str:
    """One sentence in one language; the Swedish sentence where the catalogue has none.

    :param language: ``sv`` or ``en``.
    :param msgid: the Swedish source text.
    :returns: the sentence.
    """
    return catalogue(language).gettext(msgid) if msgid else ""


class Text:
    """A sentence with parts that are filled in when it is rendered.

    :param msgid: a marked Swedish sentence with named placeholders.
    :param parts: values of the placeholders; a part may itself be a :class:`Text`, or a date, which is
        written out in the reader's language.
    """

    __slots__ = ("msgid", "parts")

    def __init__(self, msgid: str, /, **parts: object) -> None:
        self.msgid = msgid
        self.parts = parts

    def render(self, language: str) -> str:
        """The sentence in one language.

        :param language: ``sv`` or ``en``.
        :returns: the sentence with its parts filled in.
        """
        said = translate(language, self.msgid)
        if not self.parts:
            return said
        return said.format(**{name: _part(value, language) for name, value in self.parts.items()})

    def __repr__(self) -> str:
        return f"Text({self.msgid!r}, {self.parts!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and (self.msgid, self.parts) == (other.msgid, other.parts)

    def __hash__(self) -> int:
        return hash(self.msgid)


class Inside(Text):
    """Words as they stand inside a sentence: with a small first letter, unless it begins with a name in capitals.

    :param words: the words as they stand alone.
    """

    __slots__ = ()

    def __init__(self, words: Text) -> None:
        super().__init__(words.msgid, **words.parts)

    def render(self, language: str) -> str:
        """See :class:`Text`."""
        said = super().render(language)
        return said if said[:2].isupper() else f"{said[:1].lower()}{said[1:]}"


class Verbatim(str):
    """Words that are the same in every language: a case code, a number."""

    __slots__ = ()


Words = str | Text


def as_text(words: Words) -> Text:
    """Words as a part of other words.

    :param words: a marked Swedish sentence or a :class:`Text`.
    :returns: a :class:`Text` that says the same.
    """
    return words if isinstance(words, Text) else Text(words)


def _part(value: object, language: str) -> object:
    if isinstance(value, Text | Verbatim):
        return say(value, language)
    if isinstance(value, date):
        return long_date(value, language)
    return value


def say(words: Words, language: str) -> str:
    """Render marked words, plain or with parts.

    :param words: a marked Swedish sentence or a :class:`Text`.
    :param language: ``sv`` or ``en``.
    :returns: the sentence in that language.
    """
    if isinstance(words, Text):
        return words.render(language)
    return str(words) if isinstance(words, Verbatim) else translate(language, words)
