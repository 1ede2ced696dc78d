"""An empty gRPC server in a process of its own: what no server on this machine can be faster than.

    python -m benchmarks.echo

It answers every unary call with the bytes it was asked with, on a free port of 127.0.0.1, which it
prints, until its standard input is closed.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import uvloop

ROOT = Path(__file__).resolve().parent.parent
METHOD = "/benchmarks.Echo/Echo"


class Echo(NamedTuple):
    """A running echo server."""

    address: str
    process_id: int


@asynccontextmanager
async def running_echo() -> AsyncIterator[Echo]:
    """An echo server that answers inside the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.echo",
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the echo server has no pipes")
    try:
        port = int(await process.stdout.readline())
        yield Echo(f"127.0.0.1:{port}", process.pid)
    finally:
        process.stdin.close()
        await process.wait()


async def _echo(request: bytes, _context: Any) -> bytes:
    return request


async def serve() -> None:
    """Answer until standard input ends."""
    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(_echo)
    services = [grpc.method_handlers_generic_handler("benchmarks.Echo", {"Echo": handler})]
    server.add_generic_rpc_handlers(services)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()
    await server.stop(0)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
