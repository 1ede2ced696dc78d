"""A system-call trace of a shard: before each reply leaves, its turn is synced and marked, and the
mark before it is synced."""

import asyncio
import contextlib
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
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
    """Replies seen, and each that left too early: before the write-ahead log was synced, before the
    mark said so, or before what the mark had said until then was synced."""
    written: list[str] = []
    faults: list[str] = []
    replies = 0
    for line in lines:
        if synced := SYNC.match(line):
            name = name_of(synced["path"])
            written = [one for one in written if one != name]
        elif (writing := WRITE.match(line)) and (name := name_of(writing["path"])):
            written.append(name)
        elif REPLY.match(line):
            replies += 1
            if written != ["mark"]:
                faults.append(
                    f"reply {replies} left after these writes that are not synced: {written}"
                )
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


@pytest.mark.parametrize(
    "left_out",
    [
        pytest.param(SYNC.match, id="all syncs"),
        pytest.param(lambda line: SYNC.match(line) and not _is_mark(line), id="syncs of the log"),
        pytest.param(lambda line: SYNC.match(line) and _is_mark(line), id="syncs of the mark"),
        pytest.param(lambda line: WRITE.match(line) and _is_mark(line), id="the mark"),
    ],
)
async def test_control_what_is_left_out_is_seen(
    tmp_path: Path, left_out: Callable[[str], object]
) -> None:
    """The same trace without it fails the audit."""
    trace = tmp_path / "trace"
    async with running_node(tmp_path) as node, Client(node.address) as client:
        await client.receive("TEA", "LONDON", 1_000)
        async with traced(node, trace):
            for _ in range(CALLS):
                await client.reserve([("TEA", "LONDON", 1)])
    lines = [line for line in lines_in_order_of_return(trace) if not left_out(line)]
    assert audit(lines)[1]


def _is_mark(line: str) -> bool:
    found = SYNC.match(line) or WRITE.match(line)
    return found is not None and name_of(found["path"]) == "mark"
