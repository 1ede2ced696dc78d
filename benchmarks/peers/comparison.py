"""Holdfast and what one would use in its place, in turns: the same reservations of one hot SKU.

All servers run all the while; those whose turn it is not do nothing and cost nothing. Each system
gets rounds of the same length, after one to warm up that is not counted. `server` is the CPU of all
of a peer's processes, of Holdfast that of its front end; its shard has a column of its own, and so
has `feed`, a subscriber that follows everything.
"""

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from benchmarks import report
from benchmarks.load import Ask, Loop, Round, lasting, measure
from benchmarks.peers import Peer, Server, System, echo, ourselves, postgres, redis, tigerbeetle
from benchmarks.sections import Found, Section, Setting, rows_of

PEERS: Sequence[Peer] = (
    redis.ALWAYS,
    redis.EVERY_SECOND,
    postgres.ROW,
    postgres.UNIT,
    tigerbeetle.TigerBeetle(),
)
ServerT = TypeVar("ServerT", bound=Server)
HOLDFAST = ourselves.Holdfast()
SYSTEMS: Sequence[System[Server]] = (
    HOLDFAST,
    *PEERS,
    echo.DURABLE,
    echo.SDK,
    echo.PREPARED,
    echo.MADE,
)
SINGLES, BATCHES = "64 singles", "4 x 100"
CALLERS = 64
BATCH_CALLERS = 4
BATCH = 100
ROUND_S, QUICK_ROUND_S = 3.0, 0.3
TRIED_SINGLES, TRIED_BATCHES = 10, 5
"""Calls of each caller in the round that warms up."""


class Load(NamedTuple):
    """What a system is asked in one row."""

    name: str
    callers: int
    calls_tried: int
    ask: AbstractAsyncContextManager[Ask]
    server: Server


async def turns(loads: Sequence[Load], setting: Setting) -> dict[str, Round]:
    """Rows that are compared with each other."""
    seconds = QUICK_ROUND_S if setting.quick else ROUND_S
    async with AsyncExitStack() as stack:
        loops = []
        for load in loads:
            report.progress(load.name)
            ask = await stack.enter_async_context(load.ask)
            loop = Loop(
                load.name,
                load.callers,
                load.calls_tried,
                ask,
                load.server.process_ids,
                load.server.process_trees,
            )
            loops.append(await lasting(loop, seconds))
        return await measure(loops, setting.rounds)


@asynccontextmanager
async def all_running(
    systems: Mapping[str, System[ServerT]],
    environments: Mapping[str, Mapping[str, str]] | None = None,
) -> AsyncIterator[dict[str, ServerT]]:
    """Systems by name, each in a directory of its own and with what is given of an environment."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as made:
        async with AsyncExitStack() as stack:
            servers = {}
            for number, (name, system) in enumerate(systems.items()):
                environment = (environments or {}).get(name, {})
                running = system.running(_directory(made, number), environment)
                servers[name] = await stack.enter_async_context(running)
            yield servers


def _directory(parent: str, number: int) -> Path:
    """A new directory below one to which others may come through: PostgreSQL may run as another
    user."""
    Path(parent).chmod(0o711)
    made = Path(parent) / str(number)
    made.mkdir()
    return made


def singles(name: str, server: Server, callers: int = CALLERS) -> Load:
    """So many callers, each of whom reserves a unit with each call."""
    return Load(name, callers, TRIED_SINGLES, server.singles(callers), server)


def batches(name: str, server: Server) -> Sequence[Load]:
    """Four callers with batches of a hundred; empty if the system has none."""
    ask = server.batches(BATCH_CALLERS, BATCH)
    return [] if ask is None else [Load(name, BATCH_CALLERS, TRIED_BATCHES, ask, server)]


async def compare(setting: Setting, systems: Sequence[System[Server]] = SYSTEMS) -> Found:
    """Every system that is there, in turns."""
    left_out = {system.name: why for system in systems if (why := system.missing())}
    there = {system.name: system for system in systems if system.name not in left_out}
    async with all_running(there) as servers:
        rows = await turns(
            [singles(f"{SINGLES}, {name}", server) for name, server in servers.items()], setting
        )
        rows |= await turns(
            [
                load
                for name, server in servers.items()
                for load in batches(f"{BATCHES}, {name}", server)
            ],
            setting,
        )
    return Found(rows_of(rows), left_out=left_out)


SECTION = Section("peers", "One hot SKU, beside what one would use in place of Holdfast", compare)
