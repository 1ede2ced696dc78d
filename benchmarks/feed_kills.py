"""Kills shards and nodes, forgets the past and leaves again and again, while many follow the feed.

    python -m benchmarks.feed_kills [--subscribers N] [--reconnects N] [--kills N] [--json]

Writers hold, commit and give back baskets, some with more lines than a message of the feed takes
events. A round lasts until enough writes were acknowledged; then a shard gets SIGKILL, in every
fourth round the front end with all shards. Meanwhile the log forgets what is older than a few
thousand events, as `holdfast retain` lets it, over and over. Each subscriber follows what its
filter lets through, from the beginning, or (every sixth) only the latest of it, from a snapshot on;
now and then it leaves, and comes back with its last cursor, or with one from long ago. What the log
forgets is copied first, so that in the end each message of each stream is held against all that was
ever recorded.

How to read it. The guarantees are those that etcd gives for a watch, for each stream, across all
reconnections: *ordered* (`reordered`), *unique* (`doubled`), *complete* (`missing`, `uncalled for`,
`altered`), *atomic* (`torn`: a cursor lies inside what one command did), *resumable* (`ahead`) and
*bookmarkable* (`back`, and `missing` of what a checkpoint covers). Who follows the latest alone is
told whatever was so last at each cursor, or something later (`outdated`). What is forgotten is
refused with the oldest cursor, and never passed over: `refused without need` and `forgotten too
early` are refusals that should not have been. `answers without events` are acknowledged writes that
the log does not have. All must be 0, and so must `stalled` (subscribers that did not come to the
end in time) and `void` (rounds without enough writes); else the exit code is 1. `refusals` and
`events forgotten` say how much was forgotten: without any, the run has shown little.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from holdfast import Client, commands
from holdfast.errors import (
    AttemptDecided,
    DeadlineExpired,
    HoldfastError,
    Overloaded,
    Unavailable,
)

from benchmarks import forgetful_node, report
from benchmarks.feed_audit import FINDINGS, Auditor, LogCopy
from benchmarks.feed_followers import (
    LOCATIONS,
    SHARDS,
    SKUS,
    Follower,
    Progress,
    interest_of,
    mode_of,
)
from benchmarks.feed_latest_audit import LatestAuditor, LatestStream
from benchmarks.node import Node, running_node
from engine.archive.archivist import NotDone
from engine.archive.operator_socket import NoNode, asked
from engine.feed.cursor import Cursor
from engine.log.port import LogError

CLIENTS = 4
WRITERS = 6
UNITS = 100_000_000
BIG_BASKET_LINES = 300
"""More events than a message of the feed has."""
ACKNOWLEDGED_MIN = 60
ROUND_S_MAX = 60.0
END_S_MAX = 60.0
WRITE_S_MAX = forgetful_node.REQUEST_RETENTION_S / 2
"""A write that has no answer by then is given up: asked again after its request id was forgotten,
it would take effect twice."""
CHECKPOINT_S = "0.25"
FORGET_PAUSE_S = 0.5
REPORT_ROUNDS = 10


class Writers:
    """The load, and what was answered."""

    def __init__(self) -> None:
        self.cursors: dict[str, str] = {}
        """The cursor of the answer to each request id."""
        self.stopping = False

    async def write(self, client: Client, name: str, chance: random.Random) -> None:
        """One basket after the other, until told to stop."""
        number = 0
        while not self.stopping:
            number += 1
            size = BIG_BASKET_LINES if chance.random() < 0.02 else chance.randint(1, 4)
            lines = [(chance.choice(SKUS), chance.choice(LOCATIONS), 1) for _ in range(size)]
            reserve = commands.reserve(lines, ttl_s=36_000, request_id=f"{name}-{number}")
            with suppress(AttemptDecided, DeadlineExpired, Overloaded, Unavailable):
                reservation_id = (await self._ask(client, reserve)).reservation_id
                end = commands.commit if chance.random() < 0.5 else commands.release
                await self._ask(client, end(reservation_id, request_id=f"{name}-{number}-end"))

    async def _ask(self, client: Client, command: commands.Command[Any]) -> Any:
        (answer,) = await client.execute([command])
        if isinstance(answer, HoldfastError):
            raise answer
        self.cursors[command.request_id] = answer.cursor
        return answer


class FeedKills:
    """One node, who writes to it, who follows, and who kills and forgets."""

    def __init__(self, node: Node, seed: int, rounds: int, forgets: bool) -> None:
        self._node = node
        self._forgets = forgets
        self._chance = random.Random(seed)
        self._restarting = asyncio.Lock()
        self._seed = seed
        self.progress = Progress(rounds)
        self.log = LogCopy(SHARDS)
        self.writers = Writers()
        self.kills = {"shard": 0, "front end": 0}
        self.retained = {"done": 0, "cut off": 0}
        self.forgotten = dict.fromkeys(range(SHARDS), 0)
        self.void = self.stalled = 0

    async def run(self, clients: Sequence[Client], subscribers: Sequence[Follower]) -> None:
        """Bring the stock, then write, follow, kill and forget, until all are done."""
        await self._bring_stock(clients[0])
        async with asyncio.TaskGroup() as group:
            following = [
                group.create_task(each.follow(clients[number % len(clients)]))
                for number, each in enumerate(subscribers)
            ]
            writing = [
                group.create_task(
                    self.writers.write(clients[0], f"w{each}", random.Random(self._seed + each))
                )
                for each in range(WRITERS)
            ]
            forgetting = group.create_task(self._forget() if self._forgets else asyncio.sleep(0))
            for number in range(1, self.progress.rounds + 1):
                await self._round(number)
            self.writers.stopping = True
            await asyncio.wait(writing)
            forgetting.cancel()
            await asyncio.wait([forgetting])
            await self._end(clients[0], following)

    async def _end(self, client: Client, following: Sequence[asyncio.Task[None]]) -> None:
        """Let everybody come to the end of the log, now that nothing is added to it."""
        async with client.watch(start="now") as feed:
            message = await anext(feed.batches())
        self.progress.goal = Cursor.parse(message.cursor).positions
        _, late = await asyncio.wait(following, timeout=END_S_MAX)
        self.stalled = len(late)
        for task in late:
            task.cancel()

    async def _bring_stock(self, client: Client) -> None:
        batch = [commands.receive(sku, at, UNITS) for sku in SKUS for at in LOCATIONS]
        for answer in await client.execute(batch, timeout_s=ROUND_S_MAX):
            if isinstance(answer, HoldfastError):
                raise answer

    async def _round(self, number: int) -> None:
        enough = ACKNOWLEDGED_MIN + self._chance.randrange(ACKNOWLEDGED_MIN)
        if not await self._acknowledged(enough):
            self.void += 1
            return
        if number % 4 == 2:
            async with self._restarting:
                self.kills["front end"] += 1
                await asyncio.to_thread(self._node.kill)
                await self._node.start()
        else:
            self.kills["shard"] += 1
            self._node.kill_shard(self._chance.choice(sorted(self._node.shard_process_ids)))
        self.progress.rounds_done = number
        if number % REPORT_ROUNDS == 0:
            report.progress(f"{number} kills, {len(self.writers.cursors):,} writes acknowledged")

    async def _acknowledged(self, number: int) -> bool:
        """Wait for so many more acknowledgements; gives whether they came in time."""
        enough = len(self.writers.cursors) + number
        end = time.monotonic() + ROUND_S_MAX
        while len(self.writers.cursors) < enough:
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.005)
        return True

    async def _forget(self) -> None:
        """Copy what the log has and let it forget what it need not keep, again and again. A killed
        shard cuts that off; a killed node would take away the copy's source, and so waits."""
        while True:
            async with self._restarting:
                try:
                    await asyncio.to_thread(self._copy_and_retain)
                    self.retained["done"] += 1
                except (NotDone, NoNode, LogError, OSError):
                    self.retained["cut off"] += 1
            await asyncio.sleep(FORGET_PAUSE_S)

    def _copy_and_retain(self) -> None:
        with asked(self._node.data_dir, "checkpoint") as answer:
            self.log.read(Path(answer["directory"]))
        with asked(self._node.data_dir, "retain") as answer:
            for shard in answer["shards"]:
                self.forgotten[shard["shard"]] = max(
                    self.forgotten[shard["shard"]], shard["dropped_up_to"]
                )


async def feed_kills(
    directory: Path,
    *,
    subscribers: int,
    reconnects: int,
    kills: int,
    keep_events: int = 2_000,
    seed: int = 1,
) -> dict[str, Any]:
    """Run on a new node in `directory`; gives the figures, with `well`. `keep_events` 0: nothing is
    forgotten."""
    settings = ("--retention-events", str(keep_events), "--checkpoint-interval-s", CHECKPOINT_S)
    async with running_node(directory, SHARDS, *settings, program=forgetful_node.PROGRAM) as node:
        run = FeedKills(node, seed, kills, forgets=keep_events > 0)
        followers = []
        for number in range(subscribers):
            chance = random.Random(f"{seed}-{number}")
            times = len(range(number, reconnects, subscribers))
            interest = interest_of(number, chance)
            followers.append(Follower(interest, mode_of(number), times, chance, run.progress))
        clients = [Client(node.address, timeout_s=WRITE_S_MAX) for _ in range(CLIENTS)]
        started = time.monotonic()
        try:
            await run.run(clients, followers)
        finally:
            await asyncio.gather(*(client.close() for client in clients))
        seconds = time.monotonic() - started
    report.progress("comparing")
    await asyncio.to_thread(run.log.read, node.data_dir)
    auditor, latest = Auditor(run.log), LatestAuditor(run.log)
    await asyncio.to_thread(_audit, auditor, latest, followers, run, keep_events)
    verdict = await asyncio.to_thread(node.verify)
    findings = {name: auditor.findings[name] + latest.findings[name] for name in FINDINGS}
    findings |= {"stalled": run.stalled, "void": run.void}
    return {
        "well": not any(findings.values()) and verdict.well,
        "subscribers": subscribers,
        "reconnects": sum(each.left for each in followers),
        "kills": run.kills,
        "seconds": round(seconds, 1),
        "acknowledged": len(run.writers.cursors),
        "events in the log": run.log.events,
        "events forgotten": sum(run.forgotten.values()),
        "retained": run.retained,
        "streams": sum(len(each.streams) for each in followers),
        "messages": sum(len(one.messages) for each in followers for one in each.streams),
        "events told": auditor.events,
        "latest states told": latest.states,
        "refusals": sum(len(each.refusals) for each in followers),
        **findings,
        "verify": str(verdict),
    }


def _audit(
    auditor: Auditor,
    latest: LatestAuditor,
    followers: Sequence[Follower],
    run: FeedKills,
    keep_events: int,
) -> None:
    for follower in followers:
        for stream in follower.streams:
            if isinstance(stream, LatestStream):
                latest.stream(stream)
            else:
                auditor.stream(stream)
        for refusal in follower.refusals:
            auditor.refusal(refusal, keep_events)
    auditor.answers(run.writers.cursors)


async def main(arguments: Any) -> int:
    """Run and report; gives the exit code."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        figures = await feed_kills(
            Path(directory),
            subscribers=arguments.subscribers,
            reconnects=arguments.reconnects,
            kills=arguments.kills,
            seed=arguments.seed,
        )
    shown = [(name, value) for name, value in figures.items() if name != "well"]
    report.write(arguments, figures, report.facts("The feed under SIGKILL", shown))
    return 0 if figures["well"] else 1


if __name__ == "__main__":
    parser = report.parser(__doc__, "feed_kills")
    parser.add_argument("--subscribers", type=int, default=50)
    parser.add_argument("--reconnects", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(report.run(main(parser.parse_args())))
