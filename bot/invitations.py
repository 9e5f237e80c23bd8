"""What `lots invite` prints: the code, the links, a QR code, and last the line to send."""

from __future__ import annotations

import io

import segno

from bot.settings import Settings
from dialogs.texts import Text, say
from dialogs.texts import mark as _


def printed(code: str, settings: Settings) -> str:
    """An invitation, ready to be shown to the one who is invited.

    :param code: the one-time code.
    :param settings: the installation: whether the web chat is served, and the token by which the bot's name is found.
    :returns: lines in Swedish; the last is what the invited sends to the bot. The QR code is of the first link.
    """
    lines = [say(Text(_("Inbjudningskod: {code}"), code=code), "sv")]
    links = [f"{_web(settings)}/in/{code}"] if settings.web else []
    if settings.token is not None and not settings.doorbell:
        name = _bot_name(settings.token, settings.base_url)
        links += [f"https://t.me/{name}?start={code}"] if name else []
    if links:
        drawn = io.StringIO()
        segno.make(links[0], error="m").terminal(drawn, compact=True, border=2)
        lines += [say(Text(_("Länk: {link}"), link=link), "sv") for link in links]
        lines.append(drawn.getvalue().rstrip("\n"))
    else:
        lines.append(say(_("Det går inte att göra någon länk nu. Botens namn gick inte att hämta."), "sv"))
    lines.append(say(_("Koden gäller för en person, en gång, i 24 timmar. Lämna den bara direkt till personen."), "sv"))
    if settings.doorbell and settings.token is not None:
        lines += [
            say(_("Den inbjudna öppnar länken först, i telefonens egen webbläsare."), "sv"),
            say(_("Telegram är bara en dörrklocka. Den kopplar du efter inloggningen, med en egen kod."), "sv"),
            say(_("Går länken inte att öppna? Då kan den inbjudna skriva detta till boten:"), "sv"),
        ]
    elif settings.token is None:
        lines.append(say(_("Den inbjudna öppnar länken i sin egen webbläsare."), "sv"))
        return "\n".join(lines)
    elif settings.web:
        lines.append(say(_("Länken öppnas i webbläsaren. I Telegram skriver den inbjudna i stället detta:"), "sv"))
    else:
        lines.append(say(_("Den inbjudna skriver detta till boten:"), "sv"))
    lines.append(f"/start {code}")
    return "\n".join(lines)


def _web(settings: Settings) -> str:
    host = f"[{settings.web_host}]" if ":" in settings.web_host else settings.web_host
    return settings.public_url or f"http://{host}:{settings.web_port}"


def _bot_name(token: str, base_url: str | None) -> str | None:
    from bot.telegram import ask_about

    return ask_about(token, base_url).name
