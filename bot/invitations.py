"""What `lots invite` prints: the code, the deep link, a QR code, and last the line to send."""

from __future__ import annotations

import io

import segno

from dialogs.texts import Text, say
from dialogs.texts import mark as _


def printed(code: str, token: str | None, base_url: str | None) -> str:
    """An invitation, ready to be shown to the one who is invited.

    :param code: the one-time code.
    :param token: the bot's token, to find its name; without it there is no link.
    :param base_url: the Bot API server, or ``None`` for Telegram's own.
    :returns: lines in Swedish; the last is what the invited sends to the bot.
    """
    lines = [say(Text(_("Inbjudningskod: {code}"), code=code), "sv")]
    name = _bot_name(token, base_url) if token else None
    if name:
        link = f"https://t.me/{name}?start={code}"
        drawn = io.StringIO()
        segno.make(link, error="m").terminal(drawn, compact=True, border=2)
        lines += [say(Text(_("Länk: {link}"), link=link), "sv"), drawn.getvalue().rstrip("\n")]
    else:
        lines.append(say(_("Det går inte att göra någon länk nu. Botens namn gick inte att hämta."), "sv"))
    lines.append(say(_("Koden gäller för en person, en gång, i 24 timmar. Lämna den bara direkt till personen."), "sv"))
    lines.append(say(_("Den inbjudna skriver detta till boten:"), "sv"))
    lines.append(f"/start {code}")
    return "\n".join(lines)


def _bot_name(token: str, base_url: str | None) -> str | None:
    from bot.telegram import ask_about

    return ask_about(token, base_url).name
