"""Redis, by redis-py's asyncio client with hiredis: one script that is loaded once does all of a
Reserve, and nothing comes between. Each caller has a connection; batches are pipelines.

Redis writes what all its callers have asked in one turn of its loop with one sync, where it syncs
before each answer. By default it syncs once a second: what was acknowledged may be lost then.
"""

import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.load import Ask
from benchmarks.node import free_port
from benchmarks.peers import HOLD_S, UNITS, Recorded
from benchmarks.peers.programs import missing, program, serving

SCRIPT = """
local known = redis.call('HGET', KEYS[2], ARGV[1])
if known then return known end
local stock = redis.call('HMGET', KEYS[1], 'on_hand', 'held')
if stock[1] - stock[2] < tonumber(ARGV[2]) then return redis.error_reply('SHORT') end
redis.call('HINCRBY', KEYS[1], 'held', ARGV[2])
local hold = redis.call('XADD', KEYS[3], '*', 'hold', ARGV[1], 'units', ARGV[2])
redis.call('HSET', KEYS[2], ARGV[1], hold .. ' ' .. ARGV[2] .. ' ' .. ARGV[3])
return hold .. ' ' .. ARGV[2] .. ' ' .. ARGV[3]
"""
STOCK, HOLDS, EVENTS = "stock:HOT", "holds", "events"
SETTINGS = {
    "appendonly": "yes",
    "save": "",
    # Writing the file anew amid a round would be work of a minute on another scale.
    "auto-aof-rewrite-percentage": "0",
}


class RedisServer:
    """A server with the stock of one SKU, and the script."""

    process_trees: Mapping[str, int] = {}

    def __init__(self, address: str, process_id: int, control: Any, script: str) -> None:
        """`script` is the name by which the server knows it."""
        self.process_ids = {"server": process_id}
        self._address = address
        self._control = control
        self._script = script

    async def reserve(self, request_id: str) -> str:
        """See Reserving."""
        answer: bytes = await self._control.evalsha(*self._arguments(request_id))
        return answer.decode()

    async def recorded(self) -> Recorded:
        """See Reserving."""
        return Recorded(
            int(await self._control.hget(STOCK, "held")),
            await self._control.hlen(HOLDS),
            await self._control.xlen(EVENTS),
        )

    @asynccontextmanager
    async def singles(self, callers: int) -> AsyncIterator[Ask]:
        """See Server."""
        async with self._connections(callers) as connections:

            async def ask(caller: int, _call: int) -> int:
                await connections[caller].evalsha(*self._arguments(uuid4().hex))
                return 1

            yield ask

    @asynccontextmanager
    async def batches(self, callers: int, size: int) -> AsyncIterator[Ask]:
        """See Server."""
        async with self._connections(callers) as connections:

            async def ask(caller: int, _call: int) -> int:
                pipeline = connections[caller].pipeline(transaction=False)
                for _ in range(size):
                    pipeline.evalsha(*self._arguments(uuid4().hex))
                return len(await pipeline.execute())

            yield ask

    def _arguments(self, request_id: str) -> tuple[str | int, ...]:
        return (self._script, 3, STOCK, HOLDS, EVENTS, request_id, 1, HOLD_S)

    @asynccontextmanager
    async def _connections(self, number: int) -> AsyncIterator[list[Any]]:
        async with AsyncExitStack() as stack:
            made = []
            for _ in range(number):
                made.append(_client(self._address))
                stack.push_async_callback(made[-1].aclose)
            yield made


def _client(address: str) -> Any:
    """A client with a connection of its own: it looks for none in a pool."""
    redis: Any = importlib.import_module("redis.asyncio").Redis
    return redis.from_url(f"redis://{address}", single_connection_client=True)


class Redis:
    """Redis with one setting of `appendfsync`."""

    def __init__(self, appendfsync: str) -> None:
        self.name = f"Redis, {appendfsync}"
        self._appendfsync = appendfsync

    def missing(self) -> str:
        """See Peer."""
        return missing("redis-server", "redis") or missing("redis-server", "hiredis")

    @asynccontextmanager
    async def running(
        self, directory: Path, environment: Mapping[str, str]
    ) -> AsyncIterator[RedisServer]:
        """See Peer."""
        port = free_port()
        command = [str(program("redis-server")), "--port", str(port), "--bind", "127.0.0.1"]
        command += ["--dir", str(directory), "--appendfsync", self._appendfsync]
        for name, value in SETTINGS.items():
            command += [f"--{name}", value]
        log = directory / "redis.log"
        async with serving(command, port, log, environment=environment) as process:
            address = f"127.0.0.1:{port}"
            control = _client(address)
            await control.hset(STOCK, mapping={"on_hand": UNITS, "held": 0})
            script = await control.script_load(SCRIPT)
            try:
                yield RedisServer(address, process.pid, control, script)
            finally:
                await control.aclose()


ALWAYS = Redis("always")
EVERY_SECOND = Redis("everysec")
