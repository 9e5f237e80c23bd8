"""How a provision is named on a screen: what it is, when its text was read, and whether that was too long ago."""

from __future__ import annotations

from dialogs.law import fact, is_read_too_long_ago
from dialogs.model import World
from dialogs.texts import Text
from dialogs.texts import mark as _

_READ = _("Lag: {law}. Vi kontrollerade lagtexten den {day}.")
_READ_LONG_AGO = _("Lag: {law}. Vi kontrollerade lagtexten den {day}. Kontrollera den igen.")


def law_words(fact_id: str, world: World) -> Text:
    """One provision with the day its text was read.

    :param fact_id: the id of a fact in ``dialogs/law``.
    :param world: what is known; the day and how long a reading holds.
    :returns: words; they ask for a new reading where the last is too old.
    :raises UnknownLaw: the provision does not apply today.
    """
    found = fact(fact_id, world.today)
    old = is_read_too_long_ago(found, world.today, world.policy.law_read_days)
    return Text(_READ_LONG_AGO if old else _READ, law=found.cites, day=found.read_on)
