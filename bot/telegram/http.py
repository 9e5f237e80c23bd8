"""python-telegram-bot's requests over aiohttp: its default client is most of the cost of an update."""

from __future__ import annotations

import json
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from telegram.error import NetworkError, RetryAfter, TimedOut
from telegram.request import BaseRequest, RequestData


@cache
def proxy_for(server: str) -> str | None:
    """The proxy that the environment names for a server, looked up once (aiohttp itself would do so at every call).

    :param server: scheme, host and port.
    :returns: the proxy's address, or ``None`` to go straight there.
    """
    where = urlsplit(server)
    return None if proxy_bypass(where.netloc) else getproxies().get(where.scheme)


def seconds(wait: RetryAfter) -> float:
    """How long Telegram asks us to wait; the library gives a number or a duration by its own setting.

    :param wait: what a call was answered with.
    :returns: seconds.
    """
    after = wait.retry_after
    return float(after) if isinstance(after, int | float) else after.total_seconds()


class AiohttpRequest(BaseRequest):
    """One keep-alive pool for one bot.

    :param connections: how many calls may be under way at once.
    :param timeout: seconds to wait for an answer, unless a call says otherwise.
    """

    __slots__ = ("_connections", "_date", "_session", "_timeout")

    def __init__(self, connections: int, timeout: float = 20.0) -> None:
        self._connections = connections
        self._timeout = timeout
        self._session: ClientSession | None = None
        self._date: str | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds to wait for an answer."""
        return self._timeout

    @property
    def server_time(self) -> datetime | None:
        """The server's clock at its last answer, where it said."""
        try:
            return None if self._date is None else parsedate_to_datetime(self._date)
        except ValueError:
            return None

    async def initialize(self) -> None:
        """Open the pool."""
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(limit=self._connections, keepalive_timeout=60),
                headers={"User-Agent": self.USER_AGENT, "Content-Type": "application/json"},
            )

    async def shutdown(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make one call.

        :param url: the whole address of the method.
        :param method: ``POST`` or ``GET``.
        :param request_data: the parameters; sent as JSON. Files are never sent.
        :param read_timeout: seconds to wait for the answer.
        :param write_timeout: not used; the one limit is for the whole call.
        :param connect_timeout: not used.
        :param pool_timeout: not used.
        :returns: the HTTP status and the body.
        :raises TimedOut: no answer in time.
        :raises NetworkError: the connection could not be made, or broke, or something else answered.
        """
        if self._session is None:
            raise NetworkError("the connection pool is closed")
        seconds = self._timeout if read_timeout is BaseRequest.DEFAULT_NONE else read_timeout
        body = None if request_data is None else json.dumps(request_data.parameters).encode()
        try:
            async with self._session.request(
                method,
                url,
                data=body,
                proxy=proxy_for(url.split("/bot", 1)[0]),
                allow_redirects=False,  # whoever is redirected to would be sent the message
                timeout=ClientTimeout(total=seconds),
            ) as answer:
                self._date = answer.headers.get("Date")
                status, body = answer.status, await answer.read()
        except TimeoutError:
            raise TimedOut from None
        except (ClientError, OSError, ValueError) as fault:
            raise NetworkError(type(fault).__name__) from None  # the text of the fault holds the token
        if status == HTTPStatus.OK and b'"result"' not in body:
            raise NetworkError("the answer is not the Bot API's, but of something in between")
        return status, body
