"""A drop-off on 127.0.0.1: takes what is PUT with the right token, keeps it by its name, and fails as it is told to.

What it is told is a list, one thing for each request, in order; with nothing left to do it takes what comes::

    with DropOff.open() as there:
        there.does += [Says(503, {"Retry-After": "600"}), CUT_BEFORE]
"""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast

TOKEN = "only-for-the-tests-0123456789"

CUT_BEFORE, CUT_AFTER, SILENT, DEAF, BABBLE = "cut before", "cut after", "silent", "deaf", "babble"
"""Resets the connection in the middle of the body; takes all and resets it; takes all and never answers; does not even
read; answers with something that is no HTTP."""


@dataclass(frozen=True)
class Says:
    """Reads the body, keeps nothing and answers so; ``unread`` answers before the body is read."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    unread: bool = False


@dataclass
class DropOff:
    """What was asked, and what is there.

    :ivar address: what ``LOTS_DROP_URL`` is.
    :ivar held: what was taken: its digest by its name.
    :ivar asked: method, path and headers of every request, in order.
    :ivar does: what it does with the next requests.
    :ivar may_answer: waited for before every answer; a test that clears it holds the requests.
    :ivar arrived: set when a request's body has come.
    """

    address: str = ""
    held: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    does: list[Says | str] = field(default_factory=list)
    may_answer: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    @classmethod
    @contextmanager
    def open(cls, tls: ssl.SSLContext | None = None) -> Iterator[Self]:
        """One that is open until the block ends; with ``tls``, over TLS."""
        there = cls()
        there.may_answer.set()
        server = _Server(("127.0.0.1", 0), _Handler)
        server.there = there
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        there.address = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_port}/lots"
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield there
        finally:
            there.over.set()
            there.may_answer.set()
            server.shutdown()
            serving.join()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    there: DropOff

    def shutdown_request(self, request: Any) -> None:
        """Without a farewell, which would go out before a reset."""
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever calls may go away, or not take our certificate."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - so it is called there
        """Nothing."""

    def do_PUT(self) -> None:
        there = cast(_Server, self.server).there
        there.asked.append((self.command, self.path, dict(self.headers)))
        self.close_connection = True
        does = there.does.pop(0) if there.does else "take"
        if does == DEAF:
            there.over.wait(5)
            return
        if isinstance(does, Says) and does.unread:
            self._say(does.status, does.headers)
            return
        if does == CUT_BEFORE:
            self.rfile.read(1)
            self._reset()
            return
        digest = self._digest()
        there.arrived.set()
        there.may_answer.wait(5)
        if isinstance(does, Says):
            self._say(does.status, does.headers)
        elif does == SILENT:
            there.over.wait(5)
        elif does == BABBLE:
            self.wfile.write(b"220 mail.example.se ESMTP\r\n")
        else:
            status = self._keep(digest)
            self._reset() if does == CUT_AFTER else self._say(status, {})

    def _keep(self, digest: str) -> int:
        """As a drop-off should: the token, the digest and that nothing is there are held to before it is taken."""
        there = cast(_Server, self.server).there
        name = self.path.removeprefix("/lots/")
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return 401
        if self.headers["Repr-Digest"] != f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:":
            return 400
        if name in there.held and self.headers["If-None-Match"] == "*":
            return 412
        there.held[name] = digest
        return 201

    def _digest(self) -> str:
        left, digest = int(self.headers["Content-Length"]), hashlib.sha256()
        while left:
            piece = self.rfile.read(min(left, 1 << 16))
            if not piece:
                raise ConnectionError("the rest never came")
            left -= len(piece)
            digest.update(piece)
        return digest.hexdigest()

    def _say(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _reset(self) -> None:
        """The connection ends with RST, so that the other side gets ECONNRESET."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
