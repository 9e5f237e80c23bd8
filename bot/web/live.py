"""What is told to open pages at once: that something has changed, and never what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BEAT = 15.0
"""Seconds between two signs of life; proxies end what is silent for long."""

MOST_PAGES = 8
"""How many open pages of one person are told; the oldest falls away."""


class Live:
    """Who has a page open, and whom something concerns."""

    def __init__(self) -> None:
        self._pages: dict[str, list[asyncio.Event]] = {}

    def changed(self, person: str) -> None:
        """Tell a person's open pages that something of theirs has changed.

        :param person: an id.
        """
        for page in self._pages.get(person, ()):
            page.set()

    def looks(self, person: str) -> bool:
        """Whether somebody has a page open.

        :param person: an id.
        :returns: whether they do.
        """
        return bool(self._pages.get(person))

    def ends(self) -> None:
        """Let every page go, since the program ends."""
        for pages in self._pages.values():
            for page in pages:
                page.set()
        self._pages.clear()

    @contextmanager
    def page(self, person: str) -> Iterator[asyncio.Event]:
        """A page that is open until the block ends.

        :param person: whose.
        :returns: is set when something has changed; the page clears it.
        """
        told = asyncio.Event()
        pages = self._pages.setdefault(person, [])
        pages.append(told)
        while len(pages) > MOST_PAGES:
            pages.pop(0).set()  # it sees that it is not there any more, and ends
        try:
            yield told
        finally:
            if told in pages:
                pages.remove(told)
            if not pages:
                self._pages.pop(person, None)

    async def beats(self, person: str, told: asyncio.Event) -> AsyncIterator[bool]:
        """Wait for changes, until the person has too many pages open.

        :param person: whose page it is.
        :param told: of the page.
        :returns: ``True`` at each change, ``False`` at each beat without one.
        """
        while told in self._pages.get(person, ()):
            try:
                await asyncio.wait_for(told.wait(), BEAT)
            except TimeoutError:
                yield False
                continue
            told.clear()
            yield True
