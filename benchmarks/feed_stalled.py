"""Lets half of a thousand subscribers stop reading, for minutes, and looks at what that does.

    python -m benchmarks.feed_stalled [--subscribers N] [--seconds S] [--stall-s S] [--json]

Everybody follows everything, at a hundred events a second. First all of them read; then half of
them take nothing any more, and the node lets them go once they have not taken a message for
`--stall-s` seconds. At the end those read on: each must find what it had not taken yet and then
the reason why it was let go, and going on after its last cursor it must be told all the rest.

How to read it. `p99, all read` and `p99, half stalled` are times from the writer to the program of
those who read, in both phases; `times` is the second through the first. `node MiB` is the memory of
the front end without subscribers, while all read, at most while half were stalled, and after they
were let go. `told why` must be all that were stalled, `told otherwise`, `missed` (events that are
not told in their order, once) and `left behind` (subscribers that the node still counts) 0, and
what a stalled one takes at most a MiB; else the exit code is 1.
"""

import asyncio
import itertools
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import grpc.aio
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from holdfast.v1 import feed_pb2, feed_pb2_grpc

from benchmarks import processes, report
from benchmarks.feed_crowd import Crowd, Seen, crowd_of
from benchmarks.feed_systems import HoldfastServer, Write
from benchmarks.node import Node, running_node

MIB = 1024 * 1024
CONNECTION_STREAMS = 50
TICK_S = 0.2
EVENTS_PER_TICK = 20
SKUS = [f"SKU-{number:03d}" for number in range(100)]
SETTLE_S_MAX = 1.0
LOOK_S = 0.5
STALLED_BYTES_MAX = MIB
LET_GO_S_MAX = 60.0
END_S_MAX = 120.0


class Sleeper:
    """One who reads, until told to stop, and later reads on."""

    def __init__(self, stub: Any) -> None:
        self._stub = stub
        self._position = 0
        self._cursor = ""
        self.missed = 0
        self.events = 0
        self.ending = ""

    async def read(self, awake: asyncio.Event, begun: asyncio.Event) -> None:
        """Read whenever it is awake, until the node ends the stream; then the rest, from the last
        cursor on, until everything is told."""
        stream = self._stub.Watch(feed_pb2.WatchRequest(start_from=feed_pb2.START_FROM_BEGINNING))
        try:
            while True:
                await awake.wait()
                self._take(await stream.read())
                begun.set()
        except grpc.aio.AioRpcError as error:
            self.ending = _reason(error)
        stream = self._stub.Watch(feed_pb2.WatchRequest(after_cursor=self._cursor))
        while True:
            message = await stream.read()
            self._take(message)
            if message.HasField("caught_up"):
                stream.cancel()
                return

    def _take(self, message: Any) -> None:
        for event in message.events.events:
            self.missed += event.position != self._position + 1
            self._position = event.position
        self.events += len(message.events.events)
        self._cursor = message.cursor


def _reason(error: grpc.aio.AioRpcError) -> str:
    """Why the node has ended a stream, by its own word."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    info = error_details_pb2.ErrorInfo()
    for detail in status.details if status else ():
        if detail.Unpack(info):
            return str(info.reason).removeprefix("ERROR_REASON_")
    return error.code().name


async def sleep_all(address: str, number: int) -> int:
    """In a process of their own: be so many sleepers, as told by the lines of the standard input;
    gives the exit code."""
    hear = asyncio.get_running_loop().run_in_executor
    awake = asyncio.Event()
    awake.set()
    # A window that does not grow: otherwise the client's own buffers swallow megabytes.
    channels = [
        grpc.aio.insecure_channel(
            address, options=[("grpc.http2.bdp_probe", 0), ("grpc.use_local_subchannel_pool", 1)]
        )
        for _ in range(-(-number // CONNECTION_STREAMS))
    ]
    sleepers = [
        Sleeper(feed_pb2_grpc.FeedServiceStub(channels[index % len(channels)]))
        for index in range(number)
    ]
    begun = [asyncio.Event() for _ in sleepers]
    reading = [
        asyncio.create_task(sleeper.read(awake, event))
        for sleeper, event in zip(sleepers, begun, strict=True)
    ]
    for event in begun:
        await event.wait()
    _say("reading")
    await hear(None, sys.stdin.readline)
    awake.clear()
    _say("stalled")
    await hear(None, sys.stdin.readline)
    awake.set()
    await asyncio.wait(reading, timeout=END_S_MAX)
    for task in reading:
        task.cancel()
    _say(
        {
            "endings": Counter(sleeper.ending for sleeper in sleepers),
            "missed": sum(sleeper.missed for sleeper in sleepers),
            "told": [sleeper.events for sleeper in sleepers],
        }
    )
    await asyncio.gather(*(channel.close(None) for channel in channels))
    return 0


def _say(document: Any) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


class Sleepers:
    """The sleepers' process, as the one who starts it sees it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def say(self) -> None:
        """Let them stop reading, or read on."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"now\n")
        await self._process.stdin.drain()

    async def hear(self) -> Any:
        """What they say next."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the stalled subscribers have gone; what they had to say is above")
        return json.loads(line)


@asynccontextmanager
async def sleepers_of(address: str, number: int) -> AsyncIterator[Sleepers]:
    """So many sleepers, all of which have begun to read."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.feed_stalled",
        "--be-stalled",
        f"{address},{number}",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    made = Sleepers(process)
    try:
        await made.hear()
        yield made
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class FeedStalled:
    """A node, its writer, and those who look at it."""

    def __init__(self, node: Node, readers: int) -> None:
        self._node = node
        self._readers = readers
        self.written = 0
        self._stopping = False
        self.memory: dict[str, float] = {"no subscribers": self._mib()}

    async def run(self, sleepers: Sleepers, seconds: float) -> dict[str, Any]:
        """Both phases, and the end; gives what was found."""
        async with HoldfastServer(self._node).writing(False) as write:
            writing = asyncio.create_task(self._write(write))
            try:
                all_read = await self._phase("all read", seconds)
                await sleepers.say()
                await sleepers.hear()
                half_stalled = await self._phase("half stalled, at most", seconds)
                left_behind = await self._until_let_go()
                self.memory["let go"] = self._mib()
            finally:
                self._stopping = True
                await writing
        report.progress("the stalled read on")
        await sleepers.say()
        found: dict[str, Any] = await sleepers.hear()
        return {
            "all read": all_read,
            "half stalled": half_stalled,
            "left behind": left_behind,
            **found,
        }

    async def _write(self, write: Write) -> None:
        """Write at the rate, until told to stop."""
        turn = itertools.cycle(SKUS)
        begun = time.monotonic()
        while not self._stopping:
            await write(list(itertools.islice(turn, EVENTS_PER_TICK)))
            self.written += EVENTS_PER_TICK
            due = begun + self.written / EVENTS_PER_TICK * TICK_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _phase(self, name: str, seconds: float) -> Seen:
        """Measure those who read for so long, and the memory at most."""
        report.progress(name)
        settle_s = min(SETTLE_S_MAX, seconds / 2)
        crowd = Crowd("Holdfast", self._node.address, self._readers, [[]], "now")
        most = 0.0
        async with crowd_of(crowd) as process:
            first = time.monotonic() + settle_s
            last = first + seconds
            while time.monotonic() < last + settle_s:
                await asyncio.sleep(min(LOOK_S, seconds))
                most = max(most, self._mib())
            seen = await process.end(round(first * 1e9), round(last * 1e9), time.monotonic_ns())
        self.memory[name] = most
        return seen

    async def _until_let_go(self) -> int:
        """Wait until the node has let all go that are stalled; gives how many it has not."""
        end = time.monotonic() + LET_GO_S_MAX
        while True:
            left = await asyncio.to_thread(self._subscribers)
            if not left or time.monotonic() > end:
                return left
            await asyncio.sleep(LOOK_S)

    def _subscribers(self) -> int:
        with urlopen(f"http://{self._node.metrics_address}/metrics", timeout=10) as answer:
            lines: list[str] = answer.read().decode().splitlines()
        (found,) = (line for line in lines if line.startswith("holdfast_feed_subscribers "))
        return int(float(found.split()[1]))

    def _mib(self) -> float:
        return round(processes.memory(self._node.process_id).resident / MIB, 1)


async def feed_stalled(
    directory: Path, *, subscribers: int, seconds: float, stall_s: float
) -> dict[str, Any]:
    """Run on a new node in `directory`; gives the figures, with `well`."""
    stalled = subscribers // 2
    settings = ("--watch-subscribers-max", str(2 * subscribers), "--watch-stall-s", str(stall_s))
    async with running_node(directory, 1, *settings) as node:
        run = FeedStalled(node, subscribers - stalled)
        async with sleepers_of(node.address, stalled) as sleepers:
            found = await run.run(sleepers, seconds)
        figures = _figures(found, run, stalled)
    return {"well": _is_well(figures, stalled), "subscribers": subscribers, **figures}


def _figures(found: dict[str, Any], run: FeedStalled, stalled: int) -> dict[str, Any]:
    all_read, half_stalled = found["all read"], found["half stalled"]
    more = run.memory["half stalled, at most"] - run.memory["all read"]
    endings = Counter(found["endings"])
    told_why = endings.pop("SUBSCRIBER_STALLED", 0)
    return {
        "events written": run.written,
        "p50 ms, all read": all_read.p50_ms,
        "p99 ms, all read": all_read.p99_ms,
        "p50 ms, half stalled": half_stalled.p50_ms,
        "p99 ms, half stalled": half_stalled.p99_ms,
        "times": round(half_stalled.p99_ms / max(all_read.p99_ms, 0.001), 2),
        "node MiB": run.memory,
        "KiB for each stalled": round(max(more, 0.0) * 1024 / stalled, 1),
        "told why": told_why,
        "told otherwise": dict(endings),
        "missed": found["missed"] + sum(run.written - told for told in found["told"]),
        "left behind": found["left behind"],
    }


def _is_well(figures: dict[str, Any], stalled: int) -> bool:
    wrong = figures["told otherwise"] or figures["missed"] or figures["left behind"]
    is_small = figures["KiB for each stalled"] * 1024 <= STALLED_BYTES_MAX
    return not wrong and is_small and figures["told why"] == stalled


async def main(arguments: Any) -> int:
    """Run and report; gives the exit code."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        figures = await feed_stalled(
            Path(directory),
            subscribers=arguments.subscribers,
            seconds=arguments.seconds,
            stall_s=arguments.stall_s,
        )
    shown = [(name, value) for name, value in figures.items() if name != "well"]
    report.write(arguments, figures, report.facts("Subscribers that do not read", shown))
    return 0 if figures["well"] else 1


if __name__ == "__main__":
    parser = report.parser(__doc__, "feed_stalled")
    parser.add_argument("--subscribers", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=120.0, help="of each phase")
    parser.add_argument("--stall-s", type=float, default=60.0, help="option watch_stall_s")
    parser.add_argument("--be-stalled", metavar="ADDRESS,NUMBER", help="be those who stall")
    options = parser.parse_args()
    if options.be_stalled:
        where, how_many = options.be_stalled.split(",")
        sys.exit(report.run(sleep_all(where, int(how_many))))
    sys.exit(report.run(main(options)))
