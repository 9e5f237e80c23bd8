"""The conversation in the terminal: `lots play`, for those who write dialogs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TextIO

from bot.desk import Desk
from bot.phone import CHANNEL, Phone
from bot.transcripts import written
from bot.turn import PRACTICE
from dialogs.texts import mark as _
from dialogs.texts import say
from state.screen import Button, Screen

ADDRESS = "här"
DISTRICT = "Övningsstaden"
LEAVE = ("sluta", "slut", "exit", "quit")


def talk(desk: Desk, first: str, hear: TextIO, speak: Callable[[str], None], transcript: TextIO | None = None) -> None:
    """Talk until the input ends or the person leaves.

    :param desk: where it goes.
    :param first: what is said first, a command.
    :param hear: lines: the number of a button, its words, or an answer.
    :param speak: prints a line.
    :param transcript: where the conversation is written down as a golden transcript, if anywhere.
    """
    _sign_in(desk)
    phone = Phone(desk, ADDRESS, _numbers(desk))
    note = _Notes(transcript)
    speak(say(_("Skriv knappens nummer eller ditt svar. Skriv sluta när du vill sluta."), "sv"))
    current = _show(note.take(f"jag: {first}", phone.says(first)), speak, None)
    for line in hear:
        text = line.strip()
        if text.casefold() in LEAVE:
            break
        if not text:
            continue
        buttons = _pressable(current) if current is not None else []
        if text.isdecimal() and 1 <= int(text) <= len(buttons):
            label = buttons[int(text) - 1].label
            screens = note.take(f"jag: [{label}]", phone.presses(label))
        else:
            screens = note.take(f"jag: {text}", phone.says(text))
        current = _show(screens, speak, current)
    speak(say(_("Slut. Det du har svarat finns kvar."), "sv"))


def _sign_in(desk: Desk) -> None:
    if desk.store.person_at(CHANNEL, ADDRESS) is None:
        with desk.store.transaction():
            desk.store.add_person(
                role="samordnare", district=DISTRICT, channel=CHANNEL, address=ADDRESS, now=desk.now()
            )


def _numbers(desk: Desk) -> Callable[[], int]:
    """Numbers that no earlier evening in the terminal has used."""
    numbers: Iterator[int] = iter(range(int(desk.now().timestamp() * 1000), 2**62))
    return lambda: next(numbers)


def _show(screens: list[Screen], speak: Callable[[str], None], current: Screen | None) -> Screen | None:
    for screen in screens:
        speak("")
        speak(say(PRACTICE, "sv"))
        speak(screen.text)
        for number, button in enumerate(_pressable(screen), 1):
            speak(f"  {number}  {button.label}")
        if screen.buttons:
            current = screen
    speak("")
    return current


def _pressable(screen: Screen) -> list[Button]:
    """The buttons without those that copy: in a terminal the text itself is there to be marked."""
    return [button for button in screen.buttons if button.copy is None]


class _Notes:
    """Writes the conversation down as a transcript."""

    def __init__(self, file: TextIO | None) -> None:
        self._file = file

    def take(self, said: str, screens: list[Screen]) -> list[Screen]:
        if self._file is not None:
            print("\n".join([said, *map(written, screens)]), file=self._file)
        return screens
