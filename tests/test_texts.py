"""Texts: Swedish is the source, and nothing is translated before somebody reads it."""

from __future__ import annotations

from datetime import date

import pytest

from dialogs.texts import LANGUAGES, Text, Verbatim, catalogue, mark, say, translate
from dialogs.texts import mark as _

DAY = date(2026, 11, 23)
NOBODYS = _("En mening som ingen katalog har, om {what}.")


def test_swedish_is_its_own_source() -> None:
    assert mark("Spara") == "Spara"
    assert translate("sv", "Spara") == "Spara"
    assert translate("sv", NOBODYS) == NOBODYS


@pytest.mark.parametrize(("swedish", "english"), [("Ja", "Yes"), ("Spara", "Save"), ("Tillbaka", "Back")])
def test_english_is_in_the_catalogue(swedish: str, english: str) -> None:
    assert translate("en", swedish) == english


def test_what_the_catalogue_lacks_is_said_in_swedish_and_nothing_is_said_of_nothing() -> None:
    assert translate("en", NOBODYS) == NOBODYS
    assert translate("en", "") == "", "not the catalogue's own head"


def test_a_language_without_a_catalogue_is_a_fault_of_the_installation() -> None:
    assert LANGUAGES == ("sv", "en")
    with pytest.raises(FileNotFoundError):
        catalogue("xx")


@pytest.mark.parametrize(
    ("words", "swedish", "english", "why"),
    [
        (Text(_("Spara")), "Spara", "Save", "no parts"),
        (Text(NOBODYS, what=7), "En mening som ingen katalog har, om 7.", None, "a number"),
        (Text(NOBODYS, what="{x}"), "En mening som ingen katalog har, om {x}.", None, "braces in a part are no places"),
        (Text("{day}", day=DAY), "23 november 2026", "23 November 2026", "a date is written out in the reader's words"),
        (
            Text("{a}, {b}", a=Text(_("Ja")), b=Text("{c}", c=Text(_("Spara")))),
            "Ja, Spara",
            "Yes, Save",
            "texts in texts",
        ),
        (Text("{a}", a="Ja"), "Ja", "Ja", "a part that is not marked stands as it is"),
        (Text("{a}", a=Verbatim("Ja")), "Ja", "Ja", "nor is what is the same everywhere translated"),
        (Verbatim("Ja"), "Ja", "Ja", "also by itself"),
        ("Ja", "Ja", "Yes", "a plain sentence is translated"),
    ],
)
def test_words_are_said_in_the_readers_language(words: str | Text, swedish: str, english: str | None, why: str) -> None:
    assert say(words, "sv") == swedish, why
    assert say(words, "en") == (english or swedish), why


def test_a_part_that_is_missing_is_a_fault() -> None:
    with pytest.raises(KeyError, match="what"):
        Text(NOBODYS, other=1).render("sv")


def test_the_same_words_with_the_same_parts_are_the_same() -> None:
    assert Text("{a}", a=1) == Text("{a}", a=1)
    assert Text("{a}", a=1) != Text("{a}", a=2)
    assert Text("{a}", a=1) != Text("{b}", a=1)
    assert Text("Ja") != "Ja"
    assert len({Text("{a}", a=1), Text("{a}", a=1), Text("{a}", a=[])}) == 2, "also with parts that have no hash"
    assert repr(Text("{a}", a=1)) == "Text('{a}', {'a': 1})"
