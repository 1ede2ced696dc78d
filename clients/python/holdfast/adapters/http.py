"""A small HTTP server for metrics, health, and what a channel sends: on the adapter's own event
loop, so that an answer is also a sign that the loop is alive. Behind a proxy for the open network:
it speaks no TLS."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import NamedTuple

HEAD_BYTES_MAX = 32 * 1024
BODY_BYTES_MAX = 4 * 1024 * 1024
LENGTH_DIGITS_MAX = 18
REQUEST_S_MAX = 15.0
"""How long a request may take to arrive."""


class Request(NamedTuple):
    """A request; names of headers are lower-case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Response(NamedTuple):
    """An answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = {}


Handler = Callable[[Request], Awaitable[Response]]


class _BadRequestError(Exception):
    """The request cannot be answered but by this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class HttpServer:
    """Answers requests by method and path; one request for each connection."""

    def __init__(
        self,
        routes: Mapping[tuple[str, str], Handler],
        *,
        on_error: Callable[[Exception], None],
        body_bytes_max: int = BODY_BYTES_MAX,
    ) -> None:
        self._routes = dict(routes)
        self._on_error = on_error
        self._body_bytes_max = body_bytes_max
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> int:
        """Listens; gives the port, a free one if `port` is 0. OSError if that is impossible."""
        self._server = await asyncio.start_server(
            self._serve, host, port, limit=HEAD_BYTES_MAX, backlog=128
        )
        number: int = self._server.sockets[0].getsockname()[1]
        return number

    async def close(self) -> None:
        """Ends all that is open."""
        if self._server is not None:
            self._server.close()
            for task in tuple(self._connections):
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            writer.write(_encode(await self._answer(reader)))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass  # The caller has gone, or was too slow.
        except asyncio.CancelledError:
            pass  # The server was closed; asyncio would report a cancelled connection as an error.
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> Response:
        try:
            async with asyncio.timeout(REQUEST_S_MAX):
                request = await self._read(reader)
        except _BadRequestError as bad:
            return Response(bad.status)
        handler = self._routes.get((request.method, request.path))
        if handler is None:
            known = any(path == request.path for _, path in self._routes)
            return Response(405 if known else 404)
        try:
            return await handler(request)
        except Exception as error:
            self._on_error(error)
            return Response(500)

    async def _read(self, reader: asyncio.StreamReader) -> Request:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise _BadRequestError(431) from None
        first, *lines = head.decode("latin-1").split("\r\n")
        parts = first.split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise _BadRequestError(400)
        headers: dict[str, str] = {}
        for line in lines[:-2]:
            name, colon, value = line.partition(":")
            if not colon:
                raise _BadRequestError(400)
            headers[name.strip().lower()] = value.strip()
        path, _, query = parts[1].partition("?")
        body = await self._read_body(reader, headers)
        return Request(parts[0], path, query, headers, body)

    async def _read_body(self, reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
        if "transfer-encoding" in headers:
            raise _BadRequestError(411)
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            raise _BadRequestError(400)
        # Python makes no number of thousands of digits.
        if len(length) > LENGTH_DIGITS_MAX or int(length) > self._body_bytes_max:
            raise _BadRequestError(413)
        return await reader.readexactly(int(length))


def _encode(response: Response) -> bytes:
    phrase = HTTPStatus(response.status).phrase
    headers = {
        "Content-Type": response.content_type,
        "Content-Length": str(len(response.body)),
        "Connection": "close",
        **response.headers,
    }
    lines = [f"HTTP/1.1 {response.status} {phrase}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + response.body
