"""How the words of a screen are laid out on a page: what is an alarm, and what can be done from it."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import read_po

from bot.web import pages
from dialogs.texts import LOCALES
from state.screen import Screen
from tests.web_phone import parsed


@pytest.mark.parametrize(
    ("line", "alarm", "rung"),
    [
        ("Ring 112 nu. Se till att du själv är trygg.", "sos", ["112"]),
        ("Fara för liv: ring 112. (THR-0)", "sos", ["112"]),
        ("Fara för liv: 112. Polisen 114 14.", "sos", ["112", "11414"]),
        ("Danger to life: call 112.", "sos", ["112"]),
        ("Numret saknas i kontaktlistan. Ring 112 och be om socialjouren.", "sos", ["112"]),
        ("Kontakt saknas för Farsta. Ring 114 14 och fråga efter avhopparsamordningen.", "", ["11414"]),
        ("Kontakt: 112 först, sedan polisen genast.", "", []),
        ("Hot och säkerhet den 23 november 2026: 112 först, sedan polisen genast.", "", []),
        ("Vid fara för liv går 112 före allt annat. Lots är inget larm.", "", []),
        ("Är någon i fara för livet ringer du 112 före allt annat.", "", ["112"]),
        ("Du kan ringa polisen på 114 14 när det inte är bråttom.", "", ["11414"]),
    ],
)
def test_only_what_tells_to_ring_is_an_alarm(line: str, alarm: str, rung: list[str]) -> None:
    """A record that names 112 tells nobody to ring now."""
    assert pages.tone(line) == alarm
    shown = str(pages.rich(line, acts=True))
    assert re.findall('href="tel:([^"]*)"', shown) == rung
    assert re.sub("<[^>]*>", "", shown) == line


EMERGENCY = ("112", "114 14")
NO_ALARM = {
    "Du kan ringa 112 om det blir farligt.": "a copy for the one it is about, read later",
    "Du kan ringa polisen på 114 14 när det inte är bråttom.": "the same",
    "Efter 112": "a heading",
    "Hot och säkerhet den {day}: 112 först, sedan {receiver} genast.": "a record",
    "Kontakt: 112 först, sedan {receiver} genast.": "an answer that was given",
    "Kontakt saknas för {area}. Ring 114 14 och fråga efter avhopparsamordningen.": "not about life",
    "Lokalpolisområdet är okänt. Ring 114 14 och fråga efter avhopparsamordningen.": "not about life",
    "Numret saknas i kontaktlistan. Ring 114 14 och fråga efter avhopparsamordningen.": "not about life",
    "Når du ingen: ring polisen på 114 14. Ta upp det med din chef.": "not about life",
    "Ta upp med chefen om polisen ska få veta. Polisen nås på 114 14.": "where the police are, when somebody decides",
    "Vid fara för liv går 112 före allt annat. Lots är inget larm.": "why something is asked",
    "ring 112 nu": "a part of a sentence about what was found",
    "Är någon i fara för livet ringer du 112 före allt annat. Lots är inget larm.": "help, in general",
}
"""What names an emergency number and tells nobody to ring it at once; anything else that names one must be an alarm."""


def test_every_sentence_that_tells_somebody_to_ring_112_looks_like_it_in_both_languages() -> None:
    with (LOCALES / "en" / "LC_MESSAGES" / "lots.po").open("rb") as file:
        held = {str(one.id): str(one.string) for one in read_po(file, locale="en")}
    named = {words: said for words, said in held.items() if any(number in words for number in EMERGENCY)}
    assert NO_ALARM.keys() <= named.keys(), "no sentence that is gone"
    for words, translated in named.items():
        assert [number for number in EMERGENCY if number in translated] == [n for n in EMERGENCY if n in words]
        assert pages.tone(words) == ("" if words in NO_ALARM else "sos"), words
        assert pages.tone(translated) == pages.tone(words), translated
        rings = ['href="tel:' in str(pages.rich(said, acts=True)) for said in (words, translated)]
        assert rings[0] == rings[1], f"what can be rung from one language can be rung from the other: {words}"


@pytest.mark.parametrize(
    ("line", "pressed"),
    [
        ("Skriv /arende ÖK7-M4W om du vill öppna det igen.", ["/arende ÖK7-M4W"]),
        ("Gör en ny /hotbild senast idag.", ["/hotbild"]),
        ("Det finns ingen remiss att följa i ÖK7-M4W. Börja med /hotbild.", ["/hotbild"]),
        ("Samtycke och/eller lag, 23/11, 1/2, a/b/c, /etc/hosts och https://example.org/hotbild", []),
    ],
)
def test_only_a_command_can_be_pressed(line: str, pressed: list[str]) -> None:
    shown = str(pages.rich(line, acts=True))
    assert [button.attrs["value"] for button in parsed(shown).all("button")] == pressed
    assert re.sub("<[^>]*>", "", shown) == line
    assert not parsed(str(pages.rich(line))).all("button"), "nor in a text that is copied"


def test_an_alarm_above_what_was_done_does_not_head_it() -> None:
    """It stands out as an alarm, with a number that can be rung; what heads the message is what comes after it."""
    saved = Screen(text="Fara för liv: ring 112.\nSparat i ÖK7-M4W.", rows=())
    (bubble,) = pages.bubbles({1: saved}, None, [0])
    assert [(block.kind, block.lines[0][0]) for block in bubble.blocks] == [
        ("text", "Fara för liv: ring 112."),
        ("ask", "Sparat i ÖK7-M4W."),
    ]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("Fara för liv: ring 112.\nVem gäller hotet?", "Vem gäller hotet?"),
        ("Får vi dela med skolan?\nTryck för att byta svar.", "Får vi dela med skolan? Tryck för att byta svar."),
        ("Fara för liv: ring 112.", "Fara för liv: ring 112."),
    ],
)
def test_an_alarm_is_not_repeated_with_what_has_been_answered(asked: str, shown: str) -> None:
    assert pages.asked_before(asked) == shown


def test_where_the_question_itself_says_to_ring_a_button_rings() -> None:
    asked = Screen(text="Fara för liv: ring 112.\nRing 112 nu. Se till att du själv är trygg.", rows=(), session="s")
    also = Screen(text="Fara för liv: ring 112.\nVem gäller hotet?", rows=(), session="s")
    first, second = pages.bubbles({1: asked, 2: also}, None, [0, 2])
    assert (first.numbers, second.numbers) == (["112"], [])
