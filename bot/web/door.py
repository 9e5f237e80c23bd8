"""What stands at the door: who a request comes from, whether it is looked at, and what may be done with the answer."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from aiohttp import web

from bot.pins import DANGER
from bot.settings import Settings, is_here
from dialogs.texts import Words, say
from dialogs.texts import mark as _

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
    "Server": "Lots",  # in place of the versions that the library tells
}
ITS_OWN = ("Cache-Control", "Referrer-Policy")
"""What a page may say otherwise."""

ABOVE_ALL = "max-age=31536000"
"""Strict-Transport-Security, where people reach us over TLS."""

FAULTS: dict[int, Words] = {
    400: _("Det där gick inte att läsa. Gå tillbaka till chatten och försök igen."),
    403: _("Svaret kom inte med. Sidan kan vara för gammal. Gå till chatten och svara igen."),
    404: _("Den sidan finns inte."),
    405: _("Den sidan finns inte."),
    413: _("Det var för långt. Skriv bara ett datum, ett antal eller en ärendekod."),
    429: _("Det blev för många försök. Vänta en minut och försök igen."),
    500: _("Något gick fel. Det du har sparat finns kvar. Försök igen."),
    503: _("Lots är upptagen. Det du har sparat finns kvar. Försök igen om en stund."),
}
"""What is said of a fault, by its status as HTTP has it."""


class Door:
    """The door of one installation; it knows nobody and looks nothing up.

    :param settings: the installation.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def turned_away(self, request: web.Request) -> int | None:
        """Why a request is not looked at.

        :param request: any request.
        :returns: the status to answer with; ``None`` where it is looked at.
        """
        if not self._comes_over_tls(request) or not self._is_for_us(request):
            return 403
        if request.method == "POST" and request.path != "/telegram" and not self._comes_from_a_page_of_ours(request):
            return 403
        if request.method not in ("GET", "HEAD", "POST"):
            return 405
        return None

    def _comes_over_tls(self, request: web.Request) -> bool:
        """Whether nobody but the proxy brings it, and the proxy had it over TLS; on this machine no proxy is needed."""
        if not self._settings.behind_tls:
            return True
        return self._is_the_proxy(request) and request.headers.get("X-Forwarded-Proto", "") == "https"

    def _is_the_proxy(self, request: web.Request) -> bool:
        peer = request.transport.get_extra_info("peername") if request.transport is not None else None
        if not peer:
            return False
        network = self._settings.trusted_proxy
        address = ip_address(str(peer[0]).split("%", 1)[0])
        address = getattr(address, "ipv4_mapped", None) or address
        return address.is_loopback if network is None else address in network

    def _is_for_us(self, request: web.Request) -> bool:
        """Whether the browser asked for us by our own name: another name that leads here is a trap."""
        if "Host" not in request.headers:
            return False  # the library would ask the network for this machine's own
        try:
            host = urlsplit(f"//{request.host}").hostname or ""
        except ValueError:
            return False
        if self._settings.public_url is not None and host == urlsplit(self._settings.public_url).hostname:
            return True
        return not self._settings.behind_tls and is_here(host)

    @staticmethod
    def _comes_from_a_page_of_ours(request: web.Request) -> bool:
        """Whether a form is ours as far as the browser tells; the key in the form is asked for besides."""
        if (site := request.headers.get("Sec-Fetch-Site")) is not None:
            return site == "same-origin"
        origin = request.headers.get("Origin")
        return origin is None or origin.partition("://")[2] == request.host

    def who_asks(self, request: web.Request) -> str:
        """Which address asks, by the proxy's word where it is the proxy's to say.

        :param request: any request.
        :returns: what to count by; ``?`` where nobody says.
        """
        if self._settings.behind_tls:
            said = request.headers.getall("X-Forwarded-For", [""])[-1]  # the last one is what the proxy saw
            return neighbourhood(said.rsplit(",", 1)[-1].strip())
        peer = request.transport.get_extra_info("peername") if request.transport is not None else None
        return neighbourhood(str(peer[0])) if peer else "?"

    def guard(self, response: web.StreamResponse) -> None:
        """Say what may be done with an answer, whoever gives it.

        :param response: the answer, before it is sent.
        """
        of_its_own = {name: response.headers[name] for name in ITS_OWN if name in response.headers}
        response.headers.update(HEADERS | of_its_own)
        if self._settings.behind_tls:
            response.headers["Strict-Transport-Security"] = ABOVE_ALL

    def in_plain_words(self, status: int) -> web.Response:
        """Answer where no page can be made.

        :param status: what went wrong, as HTTP has it.
        :returns: the answer.
        """
        response = web.Response(text=f"{say(fault_words(status), 'sv')}\n{say(DANGER, 'sv')}", status=status)
        self.guard(response)
        return response


def fault_words(status: int) -> Words:
    """What is said of a fault.

    :param status: what went wrong, as HTTP has it.
    :returns: the words, as they are for every fault of its kind.
    """
    return FAULTS.get(status, FAULTS[500] if status >= 500 else FAULTS[400])


def neighbourhood(address: str) -> str:
    """An address to count by: of IPv6 the first half, since whoever has one address has them all.

    :param address: as the connection or the proxy says it.
    :returns: what stands for it; ``?`` where it is no address.
    """
    try:
        held = ip_address(address.split("%", 1)[0])
    except ValueError:
        return "?"
    held = getattr(held, "ipv4_mapped", None) or held
    return str(held) if held.version == 4 else str(ip_network(f"{held}/64", strict=False))
