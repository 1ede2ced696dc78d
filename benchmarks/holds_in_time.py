"""Holds on a real node whose clock jumps and whose processes are suspended, killed and started
again: when each of them ended, by engine time and by the monotonic clock of whoever made it.

A hold's deadline lies between the moment at which its Reserve was sent and the one at which it was
answered, and as long after that as it was asked for: engine time may gain or lose on the machine's
500 millionths of that, and no more.
"""

import asyncio
import os
import random
import signal
import struct
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from holdfast import Client, commands
from holdfast.errors import HoldfastError
from holdfast.feed_messages import EventBatch

from benchmarks import processes
from benchmarks.node import Node, running_node
from benchmarks.persist import until_known
from engine.shard.clock import SLEW_PPM
from engine.shard.slots import shard_of, slot_of

LOCATION = "WAREHOUSE"
SKUS = [f"SKU-{number}" for number in range(20)]
SHARDS = 2
HOUR_MS = 3_600_000
BATCH = 100
MAKERS = 2
TTL_S_MIN = 1.0
PROBE_S, PROBE_PAUSE_S = 1.0, 0.02
RESTART_S = 5.0
PATIENCE_S = 120.0
"""How long after the last deadline the last hold is waited for; they come sooner, or never."""

STEPS = ("forward", "kill shard", "back", "shard", "node", "home", "kill node")
"""The wall clock jumps an hour ahead; a shard is killed; the clock jumps two hours back; a shard is
suspended, then all processes; the clock comes home; all processes are killed and started again."""


class WallClock:
    """How far the wall clock of a node is ahead of the machine's."""

    def __init__(self, path: Path) -> None:
        """`path` is what WALL_CLOCK_AHEAD names."""
        self._path = path
        self.jump(0)

    def jump(self, ahead_ms: int) -> None:
        """From now on it is so far ahead; of a file that is mapped the bytes are changed."""
        with self._path.open("r+b" if self._path.exists() else "wb") as file:
            file.write(struct.pack("<q", ahead_ms))


class Hold(NamedTuple):
    """What is known of a hold by its answer; sent and answered by the monotonic clock."""

    sent: float
    answered: float
    ttl_s: float
    expires_ms: int


class Outage(NamedTuple):
    """When a step has kept processes from working, by the monotonic clock."""

    step: str
    began: float
    end: float


@dataclass
class Probes:
    """Units that arrive while processes are suspended: which writes were answered, and how."""

    sent: list[Any] = field(default_factory=list)
    open: list[Any] = field(default_factory=list)
    """Those without an answer."""
    denied: list[bool] = field(default_factory=list)
    """Of each of these, whether it was said that nothing was changed."""
    changed_all_the_same: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    """By step, whether the SKU's shard was suspended, and answer."""


class HoldsInTime:
    """One node, its holds, and what happens to its time."""

    def __init__(self, node: Node, wall: WallClock, span_s: float, suspended_s: float) -> None:
        """Deadlines lie within `span_s` of now."""
        self._node = node
        self._wall = wall
        self._suspended_s = suspended_s
        self._end = time.monotonic() + span_s
        self.holds: dict[str, Hold] = {}
        self.expired: dict[str, list[tuple[float, int]]] = {}
        self.outages: list[Outage] = []
        self.probes = Probes()
        self._seen = asyncio.Event()

    async def run(self, number: int, steps: Sequence[str], seed: int) -> None:
        """Make so many holds, let everything happen meanwhile, and wait until all have ended."""
        async with Client(self._node.address, timeout_s=PATIENCE_S) as client:
            for sku in SKUS:
                await client.receive(sku, LOCATION, 1_000_000)
            async with asyncio.TaskGroup() as group:
                following = group.create_task(self._follow())
                making = [
                    group.create_task(self._make(client, share, random.Random(f"{seed}-{share}")))
                    for share in _shares(number)
                ]
                for done, step in enumerate(steps, 1):
                    await self._until_expired(number * done // (len(steps) + 2))
                    await self._step(step)
                await asyncio.wait(making)
                await self._until_all_expired()
                following.cancel()
            settled = await _until_all_known(client, self.probes.open)
            for denied, answer in zip(self.probes.denied, settled, strict=True):
                self.probes.changed_all_the_same += denied and answer.replayed

    async def _make(self, client: Client, share: range, chance: random.Random) -> None:
        for first in range(share.start, share.stop, BATCH):
            latest = max(2 * TTL_S_MIN, self._end - time.monotonic())
            numbers = range(first, min(first + BATCH, share.stop))
            ttls_s = [round(chance.uniform(TTL_S_MIN, latest), 3) for _ in numbers]
            batch: list[Any] = [
                commands.reserve(
                    [(chance.choice(SKUS), LOCATION, 1)], ttl_s=ttl_s, request_id=f"hold-{number}"
                )
                for number, ttl_s in zip(numbers, ttls_s, strict=True)
            ]
            sent = time.monotonic()
            for ttl_s, answer in zip(ttls_s, await _until_all_known(client, batch), strict=True):
                expires_ms = round(answer.expires_at.timestamp() * 1_000)
                hold = Hold(sent, time.monotonic(), ttl_s, expires_ms)
                self.holds[answer.reservation_id] = hold

    async def _follow(self) -> None:
        """Note when each hold has ended, as the feed tells it."""
        async with Client(self._node.address) as client:
            feed = client.watch(start="beginning", kinds=["hold_expired"])
            async for message in feed.batches():
                now = time.monotonic()
                for event in message.events if isinstance(message, EventBatch) else ():
                    recorded_ms = event.message.recorded_at.ToMilliseconds()
                    reservation_id = event.message.hold_expired.reservation_id
                    self.expired.setdefault(reservation_id, []).append((now, recorded_ms))
                self._seen.set()

    async def _until_expired(self, number: int) -> None:
        while len(self.expired) < number:
            self._seen.clear()
            await self._seen.wait()

    async def _until_all_expired(self) -> None:
        last = max(hold.answered + hold.ttl_s for hold in self.holds.values())
        try:
            async with asyncio.timeout(max(0.0, last - time.monotonic()) + PATIENCE_S):
                while self.holds.keys() - self.expired.keys():
                    self._seen.clear()
                    await self._seen.wait()
        except TimeoutError:
            return  # The findings will say which are missing.

    async def _step(self, step: str) -> None:
        jumps_ms = {"forward": HOUR_MS, "back": -HOUR_MS, "home": 0}
        if step in jumps_ms:
            self._wall.jump(jumps_ms[step])
            return
        began = time.monotonic()
        if step == "shard":
            await self._suspend(step, [self._node.shard_process_ids[0]], {0})
        elif step == "node":
            front_end = self._node.process_id
            everything = [front_end, *processes.children(front_end)]
            await self._suspend(step, everything, set(range(SHARDS)))
        elif step == "kill node":
            await asyncio.to_thread(self._node.kill)
            await self._node.start()
        else:
            self._node.kill_shard(0)
            await self._up_again()
        end = time.monotonic()
        self.outages.append(Outage(step, began, end))
        await self._until_caught_up(end)

    async def _until_caught_up(self, now: float) -> None:
        """Wait until what was due by now has ended: else the next outage would be in its way."""
        due = [name for name, hold in self.holds.items() if hold.answered + hold.ttl_s <= now]
        async with asyncio.timeout(PATIENCE_S):
            while due := [name for name in due if name not in self.expired]:
                self._seen.clear()
                await self._seen.wait()

    async def _up_again(self) -> None:
        """Return when the shard that was killed answers."""
        async with Client(self._node.address, timeout_s=PATIENCE_S) as client:
            await until_known(lambda: client.stock(_sku_of(0), LOCATION))

    async def _suspend(self, step: str, process_ids: Sequence[int], shards: set[int]) -> None:
        """SIGSTOP, units that arrive meanwhile, SIGCONT: not before each shard was asked for some,
        and those that run have answered."""
        end = time.monotonic() + self._suspended_s
        for process_id in process_ids:
            os.kill(process_id, signal.SIGSTOP)
        try:
            await asyncio.gather(
                *(self._probe_until(end, step, shard, shards) for shard in range(SHARDS))
            )
        finally:
            for process_id in reversed(process_ids):
                os.kill(process_id, signal.SIGCONT)

    async def _probe_until(self, end: float, step: str, shard: int, suspended: set[int]) -> None:
        async with Client(self._node.address, timeout_s=PROBE_S) as client:
            answered = shard in suspended
            while time.monotonic() < end or not answered:
                answered = await self._probe(client, step, shard, suspended) or answered
                await asyncio.sleep(PROBE_PAUSE_S)

    async def _probe(self, client: Client, step: str, shard: int, suspended: set[int]) -> bool:
        """Let a unit arrive in a shard; gives whether that was answered."""
        number = len(self.probes.sent)
        command = commands.receive(_sku_of(shard), LOCATION, 1, request_id=f"probe-{number}")
        self.probes.sent.append(command)
        name = f"{step}: {'suspended' if shard in suspended else 'running'} shard"
        (outcome,) = await client.execute([command])
        if isinstance(outcome, HoldfastError):
            self.probes.open.append(command)
            self.probes.denied.append(not outcome.outcome_unknown)
            self.probes.answers[f"{name}: {type(outcome).__name__}"] += 1
            return False
        self.probes.answers[f"{name}: answered"] += 1
        return True


async def _until_all_known(client: Client, batch: Sequence[Any]) -> list[Any]:
    """The answers to a batch; what has none is asked again with the same request id."""

    async def ask(command: Any) -> Any:
        (outcome,) = await client.execute([command])
        if isinstance(outcome, HoldfastError):
            raise outcome
        return outcome

    outcomes = await client.execute(batch)
    for index, outcome in enumerate(outcomes):
        if isinstance(outcome, HoldfastError):
            outcomes[index] = await until_known(partial(ask, batch[index]))
    return outcomes


def _shares(number: int) -> list[range]:
    each = -(-number // MAKERS)
    return [range(first, min(number, first + each)) for first in range(0, number, each)]


def _sku_of(shard: int) -> str:
    return next(sku for sku in SKUS if shard_of(slot_of("", sku), SHARDS) == shard)


def findings(run: HoldsInTime) -> dict[str, Any]:
    """What is not as it should be, and by how many seconds of engine time holds ended late: after
    their deadline, those that nothing was in the way of; after the end of the outage, the others.

    What is seen of it is later by the way of the feed, which is cut by outages as well."""
    early_by_engine = early_in_truth = twice = 0
    late_s = 0.0
    late_after: dict[str, float] = {}
    after_outage = 0
    for reservation_id, hold in run.holds.items():
        endings = run.expired.get(reservation_id, [])
        twice += len(endings) > 1
        if not endings:
            continue
        seen, recorded_ms = endings[0]
        early_by_engine += recorded_ms < hold.expires_ms
        early_in_truth += seen < hold.sent + hold.ttl_s * (1 - SLEW_PPM / 1e6) - 0.002
        deadline = hold.answered + hold.ttl_s
        near = [each for each in run.outages if each.began - 1 <= deadline <= each.end + RESTART_S]
        late = (recorded_ms - hold.expires_ms) / 1_000
        if near:
            after_outage += 1
            late -= max(0.0, near[-1].end - deadline)
            late_after[near[-1].step] = max(late_after.get(near[-1].step, 0.0), round(late, 3))
        else:
            late_s = max(late_s, late)
    return {
        "early by engine time": early_by_engine,
        "early by the monotonic clock": early_in_truth,
        "ended twice": twice,
        "never ended": len(run.holds.keys() - run.expired.keys()),
        "holds": len(run.holds),
        "deadlines in an outage": after_outage,
        "late at most, s": round(late_s, 3),
        "late after an outage at most, s": late_after,
        "probes": dict(sorted(run.probes.answers.items())),
    }


async def holds_in_time(
    directory: Path,
    wall: WallClock,
    *,
    holds: int,
    span_s: float,
    suspended_s: float = 1.0,
    steps: Sequence[str] = STEPS,
    seed: int = 1,
) -> dict[str, Any]:
    """Run on a new node in `directory`; gives what was found, with `well`."""
    async with running_node(directory, SHARDS) as node:
        run = HoldsInTime(node, wall, span_s, suspended_s)
        await run.run(holds, steps, seed)
        async with Client(node.address) as client:
            stocks = [await client.stock(sku, LOCATION) for sku in SKUS]
    verdict = await asyncio.to_thread(node.verify)
    arrived = sum(stock.balances.on_hand for stock in stocks) - 1_000_000 * len(SKUS)
    found = findings(run)
    wrong = {
        **dict(list(found.items())[:4]),
        "units that arrived more or less often than they were sent": arrived - len(run.probes.sent),
        "effects that were denied": run.probes.changed_all_the_same,
        "units still held": sum(stock.balances.held for stock in stocks),
    }
    return {"well": not any(wrong.values()) and verdict.well, **found, **wrong}
