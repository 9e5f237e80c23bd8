"""Klarspråk, as far as it can be counted: LIX, sentences, and words that have no place in a text.

LIX is Björnsson's readability index: the words of a mean sentence plus the share in percent of words over six letters.
Below 30 is very easy to read. Official names and law titles count as one short word, since they cannot be reworded,
and so does a ``{placeholder}``.
"""

from __future__ import annotations

import re
import unicodedata

HIGHEST_LIX = 30
"""Of all user text together."""

LONGEST_SENTENCE = 20
"""Words."""

LONG_WORD = 6
"""Letters: a word of more than these is long in LIX."""

OFFICIAL_NAMES = (
    "sociala insatsgrupper",
    "SIG unga vuxna",
    "SIG unga",
    "offentlighets- och sekretesslagen",
    "förvaltningslagen",
    "socialtjänstlagen",
    "Arbetsförmedlingen",
    "Kriminalvården",
    "Polismyndigheten",
)
"""Longer names first where one begins with another."""

_NAME = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in OFFICIAL_NAMES), re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_WORD = re.compile(r"[^\W_]+(?:[-’'][^\W_]+)*")
# A sentence ends where the next begins with a capital, a figure or a placeholder: "kl. 9.30" goes on.
_END = re.compile(r"(?:(?<=[.?!])|(?<=[.?!][”\")]))\s+(?=[“\"(]?[\dA-ZÅÄÖ{])")
_ABBREVIATED = re.compile(r"(?:^|[\s(])(?:kl|kap|nr|s|t\.ex|bl\.a|m\.m|dvs)\.$", re.IGNORECASE)

_BISTAND = re.compile(r"(?<!ekonomiskt )\bbistånd\w*", re.IGNORECASE)
_NOT_YOU = re.compile(r"(?<!\ben )(?<!\bgod )\bman\b|\b(?:användaren|vederbörande)\b", re.IGNORECASE)
_POLITE = re.compile(r"\b(?:Ni|Er|Ert|Era)\b")


def words(text: str) -> list[str]:
    """The words of a text, for counting.

    :param text: Swedish text, with or without placeholders.
    :returns: words without punctuation; a name, a law title or a placeholder is an ``x``.
    """
    return _WORD.findall(_NAME.sub("x", _PLACEHOLDER.sub("x", text)))


def sentences(text: str) -> list[str]:
    """The sentences of a text; a line is at least one.

    :param text: Swedish text.
    :returns: sentences as they stand, those without a word left out.
    """
    found: list[str] = []
    for line in text.splitlines():
        begun = ""
        for part in _END.split(line.strip()):
            begun = f"{begun} {part}".strip()
            if not _ABBREVIATED.search(begun):
                found.append(begun)
                begun = ""
        found.append(begun)
    return [sentence for sentence in found if words(sentence)]


def lix(text: str) -> float:
    """How hard a text is to read, by Björnsson's formula.

    :param text: Swedish text; texts that are read one by one stand on a line each.
    :returns: words per sentence plus the percentage of long words; 0 for a text without words.
    """
    counted = words(text)
    if not counted:
        return 0.0
    long = sum(len(word) > LONG_WORD for word in counted)
    return len(counted) / len(sentences(text)) + 100 * long / len(counted)


def faults(text: str) -> list[str]:
    """What in one text is not klarspråk.

    :param text: one text of the catalogue.
    :returns: an English sentence for each fault that says what it is and what to do instead.
    """
    found = []
    for sentence in sentences(text):
        if (count := len(words(sentence))) > LONGEST_SENTENCE:
            found.append(f"has a sentence of {count} words, “{sentence}”. Split it: {LONGEST_SENTENCE} is the most.")
        if _POLITE.search(sentence[1:]):
            found.append("says Ni with a capital. Write du.")
    if "!" in text:
        found.append("has an exclamation mark. End with a full stop.")
    if bad := _BISTAND.search(text):
        found.append(f"says “{bad[0]}”. Write insats or stöd; only “ekonomiskt bistånd” is called so.")
    if bad := _NOT_YOU.search(text):
        found.append(f"says “{bad[0]}”. Speak to the reader: du.")
    if any(unicodedata.category(character) == "So" for character in text):
        found.append("has an emoji or another picture. Say it in words.")
    return found
