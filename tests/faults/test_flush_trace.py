"""A system-call trace of a shard: before each reply leaves, its turn is synced and marked."""

import asyncio
import contextlib
import re
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from holdfast import Client

from benchmarks.node import Node, running_node
from engine.shard.frames import Kind

pytestmark = pytest.mark.soak

CALLS = 50
REPLY = re.compile(rf'^sendto\([^"]*"(?:\\x..){{4}}\\x{Kind.REPLIES:02x}')
SYNC = re.compile(r"^fdatasync\(\d+<(?P<path>[^>]*)>.*= 0")
WRITE = re.compile(r"^(?:write|pwrite64)\(\d+<(?P<path>[^>]*)>")


@contextlib.asynccontextmanager
async def traced(node: Node, trace: Path) -> AsyncIterator[None]:
    """Trace what the shard writes, syncs and sends."""
    calls = "trace=write,pwrite64,fdatasync,fsync,sendto"
    shard = str(node.shard_process_ids[0])
    tracer = await asyncio.create_subprocess_exec(
        *["strace", "-f", "-y", "-xx", "-s", "16", "-e", calls, "-o", str(trace), "-p", shard],
        stderr=subprocess.PIPE,
    )
    if tracer.stderr is None:
        raise RuntimeError("strace has no standard error")
    attached = await asyncio.wait_for(tracer.stderr.readline(), 10)
    assert b"attached" in attached, attached
    try:
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        await tracer.wait()


def lines_in_order_of_return(trace: Path) -> list[str]:
    """The calls of all threads, each where it returned: strace splits calls that others cross."""
    begun: dict[str, str] = {}
    lines = []
    for line in trace.read_text().splitlines():
        thread, _, call = line.partition(" ")
        call = call.strip()
        if call.endswith("<unfinished ...>"):
            begun[thread] = call.removesuffix("<unfinished ...>")
        elif resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", call):
            lines.append(begun.pop(thread) + resumed[1])
        else:
            lines.append(call)
    return lines


def audit(lines: list[str]) -> tuple[int, list[str]]:
    """Replies seen, and each that left while anything written was not yet synced."""
    unsynced: set[str] = set()
    faults: list[str] = []
    replies = 0
    for line in lines:
        if synced := SYNC.match(line):
            unsynced.discard(name_of(synced["path"]))
        elif (written := WRITE.match(line)) and name_of(written["path"]):
            unsynced.add(name_of(written["path"]))
        elif REPLY.match(line):
            replies += 1
            faults += [f"reply {replies} left before {name} was synced" for name in unsynced]
    return replies, faults


def name_of(path: str) -> str:
    """The file if a reply depends on it: the write-ahead log or the mark; else empty."""
    plain = re.sub(r"\\x([0-9a-f]{2})", lambda match: chr(int(match[1], 16)), path)
    name = Path(plain).name
    return name if name == "mark" or name.endswith(".log") else ""


async def test_every_reply_leaves_after_its_sync(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    async with running_node(tmp_path) as node, Client(node.address) as client:
        await client.receive("TEA", "LONDON", 1_000)
        async with traced(node, trace):
            for _ in range(CALLS):
                await client.reserve([("TEA", "LONDON", 1)])
    replies, faults = audit(lines_in_order_of_return(trace))
    assert faults == []
    assert replies >= CALLS


async def test_control_a_missing_sync_is_seen(tmp_path: Path) -> None:
    """The same trace without its syncs fails the audit."""
    trace = tmp_path / "trace"
    async with running_node(tmp_path) as node, Client(node.address) as client:
        await client.receive("TEA", "LONDON", 1_000)
        async with traced(node, trace):
            for _ in range(CALLS):
                await client.reserve([("TEA", "LONDON", 1)])
    lines = [line for line in lines_in_order_of_return(trace) if not SYNC.match(line)]
    assert audit(lines)[1]
