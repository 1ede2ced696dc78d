"""Answers scrapes over HTTP, with TLS or without, in threads of its own."""

import socket
import ssl
import threading
from collections.abc import Callable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

SILENCE_S_MAX = 10.0
"""How long a caller may leave a connection without a word, be it in the handshake."""

CONNECTIONS_MAX = 32
"""Connections that are answered at once; further ones are closed."""

Tls = Callable[[], ssl.SSLContext]
"""Gives what a new connection is to be met with."""


class MetricsServer:
    """One listener. Make it, and close it; OSError if the address cannot be used."""

    def __init__(
        self, registry: CollectorRegistry, host: str, port: int, tls: Tls | None = None
    ) -> None:
        """A `port` of 0 takes any free one. With `tls` nothing is answered in clear."""
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self._server = _Server(family, (str(address[0]), int(address[1])), tls)
        self._server.set_app(make_wsgi_app(registry))
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="metrics", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    def close(self) -> None:
        """Stop answering; takes up to half a second."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(WSGIRequestHandler):
    """Answers one connection, and says nothing about it."""

    timeout = SILENCE_S_MAX

    def handle(self) -> None:
        """Shake hands first where there is TLS: here, so that who is slow at it holds up nobody."""
        if isinstance(self.connection, ssl.SSLSocket):
            self.connection.do_handshake()
        super().handle()

    def log_message(self, format: str, *values: Any) -> None:  # noqa: A002 - it is http.server's
        """Nothing: scrapes come all the time."""


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each connection."""

    daemon_threads = True

    def __init__(
        self, family: socket.AddressFamily, address: tuple[str, int], tls: Tls | None
    ) -> None:
        self.address_family = family
        self._tls = tls
        self._room = threading.BoundedSemaphore(CONNECTIONS_MAX)
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take a connection; it is told apart from noise in its own thread."""
        connection, address = super().get_request()
        if self._tls is not None:
            connection = self._tls().wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, if there is room for one more."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: whoever breaks off, is silent, or speaks no TLS hears no more."""
