"""The HTTP server of the adapters, through real connections."""

import asyncio
import gc
from typing import Any

from holdfast.adapters.http import HttpServer, Request, Response

from tests.fuzzing.targets.scratch import kept

BODY_BYTES_MAX = 1_000


class Served:
    """A server on a loop of its own, and the faults that it or the loop has told of."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.faults: list[Any] = []
        self.loop.set_exception_handler(lambda _, context: self.faults.append(context))
        self._server = HttpServer(
            {("POST", "/webhooks"): _echo, ("GET", "/metrics"): _echo},
            on_error=self.faults.append,
            body_bytes_max=BODY_BYTES_MAX,
        )
        self._port = self.loop.run_until_complete(self._server.start("127.0.0.1", 0))

    def ask(self, data: bytes) -> tuple[bytes, list[Any]]:
        """Send bytes and no more, and read to the end; what was answered, and the faults."""
        answer = self.loop.run_until_complete(self._ask(data))
        # A task that has failed is told of when nobody has it any more.
        gc.collect(0)
        faults, self.faults[:] = self.faults[:], []
        return answer, faults

    async def _ask(self, data: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(data)
            writer.write_eof()
            return await reader.read()
        except ConnectionError:
            # It has answered and gone before all was sent.
            return b""
        finally:
            writer.close()


async def _echo(request: Request) -> Response:
    return Response(200, request.body)


def one_input(data: bytes) -> None:
    """Whatever comes is answered with a status, or not at all where it is cut off, and is no
    fault."""
    served = kept("http", Served)
    answer, faults = served.ask(data)
    assert not answer or answer.startswith(b"HTTP/1.1 ")
    assert not answer.startswith(b"HTTP/1.1 5")
    assert faults == []


def examples() -> list[bytes]:
    """Requests, good and bad."""
    start = b"POST /webhooks HTTP/1.1\r\n"
    return [
        start + b"Content-Length: 5\r\n\r\nhello",
        start + b"Content-Length: 50\r\n\r\ncut off",
        start + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n",
        start + b"Content-Length: \xb2\r\n\r\n",
        start + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /metrics?a=b HTTP/1.0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /" + b"x" * 33_000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"",
    ]
