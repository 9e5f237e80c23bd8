"""Klarspråk as far as it can be counted."""

from __future__ import annotations

import pytest

from dialogs.plain import faults, lix, sentences, words

TWENTY = "Du ser här en mening som har så många ord att den just går att ta in på en gång."


@pytest.mark.parametrize(
    ("text", "count", "why"),
    [
        ("Hur hölls samtalet?", 3, "marks are no words"),
        ("Sparat i {case}. Samtal {count}.", 5, "a placeholder is one word"),
        ("Enligt offentlighets- och sekretesslagen", 2, "a law title is one word"),
        ("SIG unga vuxna", 1, "the longer of two names that begin alike"),
        ("Sluta med Ctrl-D.", 3, "a hyphen binds"),
        ("12–20 år", 3, "a dash does not"),
        ("", 0, "nothing"),
    ],
)
def test_words(text: str, count: int, why: str) -> None:
    assert len(words(text)) == count, why


@pytest.mark.parametrize(
    ("text", "found", "why"),
    [
        ("Blev det av? Skriv när.", ["Blev det av?", "Skriv när."], "a question and a statement"),
        ("Kom kl. 9.30 idag.", ["Kom kl. 9.30 idag."], "an abbreviation and a figure do not end it"),
        ("Det sker kl. {time}. {day} går också.", ["Det sker kl. {time}.", "{day} går också."], "a placeholder begins"),
        ("Läs 14 kap. 3 § först.", ["Läs 14 kap. 3 § först."], "a chapter and its paragraph"),
        ("Ärende\nDag", ["Ärende", "Dag"], "a line is a sentence of its own"),
        ("Nästa steg: boka tid.", ["Nästa steg: boka tid."], "a colon goes on"),
        ("…\n–", [], "there is no sentence without a word"),
    ],
)
def test_sentences(text: str, found: list[str], why: str) -> None:
    assert sentences(text) == found, why


@pytest.mark.parametrize(
    ("text", "index", "why"),
    [
        ("Vi ses här nu.", 4, "four words in a sentence, none long"),
        ("Kontrollera koden igen. Skriv den nu.", 3 + 100 / 6, "one of six is over six letters"),
        ("Vi möttes.", 2, "six letters are not long"),
        ("Vi träffas.", 2 + 50, "seven are"),
        ("Läs socialtjänstlagen.", 2, "a law title is short, since nobody can reword it"),
        ("Läs {tillståndsbeslut}.", 2, "what a placeholder is called is not read"),
        ("", 0, "nothing to read"),
    ],
)
def test_lix(text: str, index: float, why: str) -> None:
    assert lix(text) == pytest.approx(index), why


@pytest.mark.parametrize(
    ("text", "fault", "why"),
    [
        (TWENTY.replace("Du", "Så du"), "sentence of 21 words", "twenty is the most"),
        ("Bra jobbat!", "exclamation mark", "none of them"),
        ("Personen får bistånd.", "“bistånd”", "the word of the old law"),
        ("En biståndshandläggare svarar.", "“biståndshandläggare”", "also at the beginning of a word"),
        ("Här skriver man datum.", "“man”", "it is you who write"),
        ("Användaren skriver datum.", "“Användaren”", "it is you who write"),
        ("Hur bedömer Ni det?", "Write du", "nobody is a polite Ni"),
        ("Klart 👍", "emoji", "words carry the meaning"),
    ],
)
def test_what_is_not_plain(text: str, fault: str, why: str) -> None:
    (told,) = faults(text)
    assert fault in told, why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (TWENTY, "twenty words do"),
        ("Personen får ekonomiskt bistånd.", "that is what it is called"),
        ("Ni är två samordnare i varje ärende.", "two people are ni"),
        ("Hur bedömer ni det?", "two people are ni, also inside"),
        ("En man kom.", "a man is a man"),
        ("Fara för liv: ring 112.", "figures are words"),
        ("{number} av {usual}", "placeholders alone"),
    ],
)
def test_what_is_plain(text: str, why: str) -> None:
    assert faults(text) == [], why


def test_every_fault_of_a_text_is_told() -> None:
    assert len(faults("Här får man bistånd!")) == 3
