"""Is what many clients are answered at once what one after the other would have been answered?

    python -m benchmarks.linearizability [--operations N] [--clients N] [--skus N] [--kills K]
                                         [--shards N] [--seed S] [--json]

Clients reserve, commit, release, ship, receive, adjust, count (only if a version, or the units on
hand, are still what they have seen) and read, all on the same few SKU-locations and on each other's
baskets, and note between which times each operation was under way. Meanwhile shards get SIGKILL,
and with every third kill the whole node. Half of the operations that are cut off are asked again
with the same request id, the others never: what became of these is read off the log. At the end
each SKU-location is replayed in the order of its versions; see `linear_check` for what that shows.

How to read it: `lost` are answered writes of which the log knows nothing, `doubled` writes that it
has twice, `unasked` effects of nobody's write; `answered otherwise` are operations that come to
something else at their version than they were answered (an answer for another version, a read of
what never was, a lost update), `stale` those that come before one that had been answered when they
began, `no place` refusals that were true at no version of their time, `balances` versions at which
the log says something else than the model. All must be 0, else the exit code is 1. `unknown` is how
many operations were never answered, `resolved` how many of these the log has.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.linear_check import FINDINGS, Written, check
from benchmarks.linear_clients import BATCH, LinearClient, World
from benchmarks.node import Node, running_node
from engine.log.layout import shard_directory
from engine.log.rocks import RocksLog
from engine.log.v1 import record_pb2

KILLS_TIMES_MAX = 4
INITIAL_UNITS = 15
READ_BYTES = 4 * 1024 * 1024
WAIT_S_MAX = 120.0


async def linearizability(
    directory: Path,
    *,
    operations: int,
    clients: int = 16,
    skus: int = 100,
    kills: int = 2,
    shards: int = 3,
    seed: int = 1,
) -> dict[str, Any]:
    """Run on a new node in `directory`; gives the figures, with `well`."""
    world = World(skus)
    batch = min(BATCH, max(4, operations // (clients * 20)))
    started = time.monotonic()
    async with running_node(directory, shards) as node:
        await LinearClient(node.address, world, clients, seed, batch).bring(INITIAL_UNITS)
        async with asyncio.TaskGroup() as group:
            for number in range(clients):
                client = LinearClient(node.address, world, number, seed, batch)
                group.create_task(client.run())
            killed = await _kill(node, world, operations, kills, random.Random(seed))
            await world.until_answered(operations)
            world.stopping = True
    seconds = time.monotonic() - started
    report.progress("reading the logs and replaying")
    started = time.monotonic()
    written = _written(node.data_dir, shards)
    found = await asyncio.to_thread(check, world.operations, written)
    wrong = {name: found.counts[name] for name in FINDINGS}
    return {
        "well": not any(wrong.values()),
        "operations": world.answered,
        "clients": clients,
        "skus": skus,
        "shards": shards,
        "kills": killed,
        "seconds": round(seconds, 1),
        "seconds of checking": round(time.monotonic() - started, 1),
        "unknown": world.unknown,
        "resolved": found.resolved,
        "answered by a replay": world.replayed,
        "answers": dict(sorted(world.counts.items())),
        **wrong,
        "examples": found.examples,
    }


async def _kill(
    node: Node, world: World, operations: int, kills: int, chance: random.Random
) -> dict[str, int]:
    """Kill so often, spread over all operations, and further until a kill has cut off the answer to
    an effect; gives what was killed."""
    killed = {"shard": 0, "node": 0}
    number = 0
    while number < kills or (kills and not world.replayed and number < kills * KILLS_TIMES_MAX):
        number += 1
        await world.until_answered(operations * number // (kills + 1))
        if number % 3 == 2:
            killed["node"] += 1
            await asyncio.to_thread(node.kill)
            await node.start()
        else:
            async with asyncio.timeout(WAIT_S_MAX):
                await node.until_serving()
            killed["shard"] += 1
            node.kill_shard(chance.choice(sorted(node.shard_process_ids)))
        report.progress(f"{world.answered:,} operations, kill {number}")
    return killed


def _written(data_dir: Path, shards: int) -> Iterator[Written]:
    """What the logs of all shards have, each in its order. The node must be stopped."""
    for shard in range(shards):
        log = RocksLog(shard_directory(data_dir, shard), create=False)
        position, head = 0, log.head.position
        while position < head:
            for encoded in log.read(position + 1, READ_BYTES, head):
                group = record_pb2.CommitGroup.FromString(encoded)
                for commit in group.commits:
                    position += len(commit.events)
                    yield _of_commit(commit)
        log.close()


def _of_commit(commit: Any) -> Written:
    at_stock = [event for event in commit.events if event.HasField("key")]
    first, last = at_stock[0], at_stock[-1]
    reservation_id = ""
    if commit.cause.command == "Reserve":
        reservation_id = first.stock_held.reservation_id
    balances = (last.balances.on_hand, last.balances.held, last.balances.allocated)
    sku = int(first.key.sku.rpartition("-")[2])
    request_id = commit.cause.request_id
    return Written(request_id, sku, first.version, last.version, balances, reservation_id)


async def main(arguments: Any) -> int:
    """Run and report; gives the exit code."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        figures = await linearizability(
            Path(directory),
            operations=arguments.operations,
            clients=arguments.clients,
            skus=arguments.skus,
            kills=arguments.kills,
            shards=arguments.shards,
            seed=arguments.seed,
        )
    shown = [(name, value) for name, value in figures.items() if name not in ("well", "examples")]
    shown += [("for example", text) for text in figures["examples"]]
    report.write(arguments, figures, report.facts("Linearizability under SIGKILL", shown))
    return 0 if figures["well"] else 1


if __name__ == "__main__":
    parser = report.parser(__doc__, "linearizability")
    parser.add_argument("--operations", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--skus", type=int, default=100)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--shards", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(report.run(main(parser.parse_args())))
