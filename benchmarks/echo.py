"""An empty gRPC server in a process of its own: what no server on this machine can be faster than.

    python -m benchmarks.echo [DIRECTORY [SHARDS]]

It answers on a free port of 127.0.0.1, which it prints, until its standard input is closed: a call
of `Echo` with the bytes it was asked with; a batch of Reserves by `Items` as Holdfast would answer
it, item by item, without having done anything; and so the batches of an `Execute` stream, so that
Holdfast's own client can be asked what it could get of a server that has nothing to do. With a
directory everything is answered only once it is durable there, by a process behind this one
(`benchmarks/durable.py`). With a number of shards too, batches are of baskets that are held over so
many of these processes (`benchmarks/durable_baskets.py`). Its gRPC is set as Holdfast's.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import uvloop
from holdfast.v1 import inventory_pb2

from benchmarks import messages, processes
from benchmarks.durable import keeping
from benchmarks.durable_baskets import DurableBaskets, durable_baskets
from engine.rpc import GRPC_SETTINGS

ROOT = Path(__file__).resolve().parent.parent
METHOD = "/benchmarks.Echo/Echo"
ITEMS_METHOD = "/benchmarks.Echo/Items"
CURSOR = "1-00000000-1-0.1000000"


class Echo(NamedTuple):
    """A running echo server."""

    address: str
    process_id: int

    @property
    def shard_process_ids(self) -> dict[int, int]:
        """The processes behind it that make durable what it answers."""
        return dict(enumerate(sorted(processes.children(self.process_id))))


@asynccontextmanager
async def running_echo(directory: Path | None = None, shards: int = 0) -> AsyncIterator[Echo]:
    """An echo server that answers inside the block; with a directory only what is durable in it,
    and with `shards` only baskets that are."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.echo",
        *([str(directory), str(shards)] if directory else []),
        cwd=ROOT,
        env=GRPC_SETTINGS | os.environ,
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


class Service:
    """What is answered, and what it waits for before."""

    def __init__(self, keep: Callable[[bytes], Awaitable[None]] | None) -> None:
        """`keep`: makes what was asked durable."""
        self._keep = keep

    async def echo(self, request: bytes, _context: Any) -> bytes:
        """The request."""
        if self._keep is not None:
            await self._keep(request)
        return request

    async def items(self, request: bytes, _context: Any) -> bytes:
        """An answer to each item."""
        if self._keep is not None:
            await self._keep(request)
        return _answer(inventory_pb2.ExecuteRequest.FromString(request))

    async def execute(self, requests: AsyncIterator[bytes], context: Any) -> None:
        """An answer to each batch of a stream; a batch does not wait for the one before it."""
        writing = asyncio.Lock()

        async def one(request: bytes) -> None:
            answer = await self.items(request, context)
            async with writing:
                await context.write(answer)

        async with asyncio.TaskGroup() as group:
            async for request in requests:
                group.create_task(one(request))


class BasketService(Service):
    """What is answered where batches are of baskets over shards."""

    def __init__(self, baskets: DurableBaskets) -> None:
        super().__init__(None)
        self._baskets = baskets

    async def items(self, request: bytes, _context: Any) -> bytes:
        """An answer to each basket, when all of them are held."""
        batch = inventory_pb2.ExecuteRequest.FromString(request)
        await self._baskets.hold_all(batch)
        return _answer(batch)


def _answer(batch: inventory_pb2.ExecuteRequest) -> bytes:
    now_s = int(time.time())
    response = inventory_pb2.ExecuteResponse(batch_id=batch.batch_id, complete=True)
    for index, command in enumerate(batch.commands):
        asked = command.reserve
        outcome = response.outcomes.add(index=index)
        answer = outcome.reserve
        answer.reservation_id = asked.context.request_id
        for line in asked.lines:
            # By attributes, which takes less than by keywords.
            held = answer.lines.add()
            held.line_id = line.line_id
            held.quantity = line.quantity
            key = held.key
            key.sku = line.sku
            key.location = line.location
        answer.expires_at.seconds = now_s + asked.ttl.seconds
        answer.receipt.cursor = CURSOR
        answer.receipt.recorded_at.seconds = now_s
    return response.SerializeToString()


@asynccontextmanager
async def _serving(directory: Path | None, shards: int) -> AsyncIterator[Service]:
    if directory is None:
        yield Service(None)
    elif shards:
        async with durable_baskets(directory, shards) as baskets:
            yield BasketService(baskets)
    else:
        async with keeping(directory) as keeper:
            yield Service(keeper.keep)


async def serve(directory: Path | None, shards: int) -> None:
    """Answer until standard input ends; what is durable in `directory`, if one is given."""
    async with _serving(directory, shards) as service:
        server = grpc.aio.server()
        handlers = {
            "Echo": grpc.unary_unary_rpc_method_handler(service.echo),
            "Items": grpc.unary_unary_rpc_method_handler(service.items),
        }
        ours = {"Execute": grpc.stream_stream_rpc_method_handler(service.execute)}
        services = [
            grpc.method_handlers_generic_handler("benchmarks.Echo", handlers),
            grpc.method_handlers_generic_handler(messages.SERVICE.strip("/"), ours),
        ]
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
    # Ctrl-C reaches every process of a terminal: whoever has started this one closes its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        directory = Path(sys.argv[1]) if len(sys.argv) > 1 else None
        runner.run(serve(directory, int(sys.argv[2]) if len(sys.argv) > 2 else 0))
