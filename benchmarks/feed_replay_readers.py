"""What may disturb a node's writer: cold readers of its feed, in a process of their own, and a
process that does nothing but use the processor.

    python -m benchmarks.feed_replay_readers JSON

Whoever starts it asks with a line on its standard input how many events were given.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from holdfast.v1 import feed_pb2

from benchmarks import messages, report
from benchmarks.feed_replay_phases import Disturbing, Nothing

BURN = "while True: pass"


class Cold(msgspec.Struct, frozen=True):
    """Readers who begin at the beginning."""

    address: str
    readers: int
    last: int
    """The position at which they begin again."""
    per_s: int = 0
    """Events a second that they take together; 0: all they get."""


@asynccontextmanager
async def busy_process() -> AsyncIterator[Nothing]:
    """Nobody reads, but a process takes what it gets of the processor."""
    process = subprocess.Popen([sys.executable, "-c", BURN])  # noqa: ASYNC220 - it returns at once
    try:
        yield Nothing()
    finally:
        process.kill()
        process.wait()


class ReaderProcess:
    """Cold readers of a node in a process of their own, as the one who started it sees them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def read(self) -> int:
        """See Disturbance. It begins with the first answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the readers ended with code {await self._process.wait()}")
        return int(line)


def reading(cold: Cold) -> Disturbing:
    """Cold readers of a node."""

    @asynccontextmanager
    async def run() -> AsyncIterator[ReaderProcess]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "benchmarks.feed_replay_readers",
            msgspec.json.encode(cold).decode(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield ReaderProcess(process)
        finally:
            process.kill()
            await process.wait()

    return run


async def main(cold: Cold) -> int:
    """Be the readers; gives the exit code."""
    given = [0] * cold.readers
    async with messages.channel(cold.address) as channel:
        tasks = [
            asyncio.create_task(_read(channel, cold, given, number))
            for number in range(cold.readers)
        ]
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            # Nothing is measured before all of them have begun, and none may end.
            while not all(given) and not any(task.done() for task in tasks):
                await asyncio.wait(tasks, timeout=0.01)
            for task in tasks:
                if task.done():
                    task.result()
            sys.stdout.write(json.dumps(sum(given)) + "\n")
            sys.stdout.flush()
    return 0


async def _read(channel: Any, cold: Cold, given: list[int], number: int) -> None:
    """Be one reader, again and again."""
    watch = channel.unary_stream(
        "/holdfast.v1.FeedService/Watch",
        request_serializer=feed_pb2.WatchRequest.SerializeToString,
    )
    request = feed_pb2.WatchRequest(start_from=feed_pb2.START_FROM_BEGINNING)
    pause_s = cold.readers / cold.per_s if cold.per_s else 0.0
    due = time.monotonic()
    while True:
        stream, at = watch(request), 0
        async for message in stream:
            # The cursor is the first field, of one shard: 1-<history>-<epoch>-0.<position>.
            position = int(message[2 : 2 + message[1]].rpartition(b".")[2])
            given[number] += position - at
            due = max(due, time.monotonic() - 1) + (position - at) * pause_s
            at = position
            if at >= cold.last:
                break
            if pause_s:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
        stream.cancel()


if __name__ == "__main__":
    sys.exit(report.run(main(msgspec.json.decode(sys.argv[1], type=Cold))))
