"""One who follows everything that a node tells, in a process of its own.

    python -m benchmarks.peers.subscriber ADDRESS

It reads the messages of the feed as bytes, as a subscriber elsewhere would that costs this machine
as little as it can. Whoever writes a position to its standard input is answered with one, as soon
as it has come as far.
"""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import uvloop

from benchmarks import messages
from benchmarks.echo import ROOT
from benchmarks.feed_systems import WireReading


class Subscriber:
    """The process, seen from the one that started it."""

    def __init__(self, process: asyncio.subprocess.Process, to: Any, of: Any) -> None:
        self.process_id = process.pid
        self._to = to
        self._of = of

    async def reach(self, position: int) -> int:
        """Wait until it has been told of a position; gives how far it is."""
        self._to.write(b"%d\n" % position)
        return int(await self._of.readline())


@asynccontextmanager
async def following(address: str) -> AsyncIterator[Subscriber]:
    """A subscriber that follows a node of one shard from its beginning, inside the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.peers.subscriber",
        address,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the subscriber has no pipes")
    try:
        yield Subscriber(process, process.stdin, process.stdout)
    finally:
        process.stdin.close()
        await process.wait()


async def follow(address: str) -> None:
    """Follow until standard input ends."""
    position = 0
    moved = asyncio.Event()

    def told(times: Sequence[int]) -> None:
        nonlocal position
        position += len(times)
        moved.set()

    async with messages.channel(address) as channel:
        feed = WireReading(channel).follow(0, (), "beginning", lambda: None, told)
        following = asyncio.create_task(feed)
        lines = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := await lines.readline():
            while position < int(line) and not following.done():
                moved.clear()
                waiting = asyncio.create_task(moved.wait())
                await asyncio.wait({waiting, following}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
            print(position, flush=True)
        following.cancel()
        await asyncio.wait({following})


if __name__ == "__main__":
    # Ctrl-C reaches every process of a terminal: whoever has started this one closes its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(follow(sys.argv[1]))
