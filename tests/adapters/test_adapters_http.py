"""The small server of metrics and health."""

import asyncio

import httpx
import pytest
from holdfast.adapters.http import HttpServer, Request, Response


async def echo(request: Request) -> Response:
    return Response(200, request.body + request.query.encode())


async def fail(request: Request) -> Response:
    raise ValueError(request.path)


def surprise(error: Exception) -> None:
    raise AssertionError(error)


async def raw(port: int, text: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.split(b"\r\n")[0]


async def test_requests_are_answered_by_method_and_path() -> None:
    errors: list[Exception] = []
    routes = {("POST", "/echo"): echo, ("GET", "/fail"): fail}
    server = HttpServer(routes, on_error=errors.append, body_bytes_max=10)
    port = await server.start("127.0.0.1", 0)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answer = await client.post("/echo?x=1", content=b"body")
        assert (answer.status_code, answer.content) == (200, b"bodyx=1")
        assert (await client.get("/echo")).status_code == 405
        assert (await client.get("/nothing")).status_code == 404
        assert (await client.get("/fail")).status_code == 500
        assert (await client.post("/echo", content=b"x" * 11)).status_code == 413
    await server.close()
    assert [str(error) for error in errors] == ["/fail"]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST /echo HTTP/1.1\r\nno colon\r\n\r\n", b"400"),
        (b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * 70_000 + b"\r\n\r\n", b"431"),
    ],
)
async def test_what_is_no_request_is_refused(text: bytes, status: bytes) -> None:
    server = HttpServer({("POST", "/echo"): echo}, on_error=surprise)
    port = await server.start("127.0.0.1", 0)
    answer = await raw(port, text)
    await server.close()
    assert answer.split(b" ")[1] == status


async def test_closing_ends_what_is_open() -> None:
    server = HttpServer({}, on_error=surprise)
    port = await server.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await server.close()
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
