"""Kills a shard again and again under load, and looks for a lost or a doubled effect.

    python -m benchmarks.kill_rounds [--rounds N] [--clients N] [--shards N] [--json]

Clients reserve, commit, release and ship on a few SKUs, some of them scarce, as fast as they are
answered. A round lasts until at least 100 writes were acknowledged since the kill before it, and a
little longer, by chance; then a shard's process gets SIGKILL. A write without an answer is asked
again, with the same request id, until there is one. At the end the whole history is read from the
feed and compared with every answer, and `holdfast verify` looks at the directory.

How to read it: `missing` are acknowledged writes of which the history knows nothing, `altered`
those of which it says something else than the answer did, `doubled` writes with two effects,
`refused with effect` what it says, `torn` writes whose events do not stand together. All must be 0,
and `void` rounds (that did not come to 100 acknowledgements within 60 seconds) too; else the exit
code is 1. `answered by a replay` are writes that had taken effect before the kill cut off their
answer. Without any, a run has shown little: it goes on for more rounds, up to four times as many.

SIGKILL keeps what the kernel has cached: that nothing is answered before it is on the disk is shown
by other tests.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast import Client, commands
from holdfast.errors import HoldfastError
from holdfast.feed_messages import CaughtUp, EventBatch

from benchmarks import report
from benchmarks.effects import Acknowledged
from benchmarks.figures import latencies
from benchmarks.node import Node, running_node
from benchmarks.persist import until_known
from benchmarks.sections import Found, Section, Setting

ACKNOWLEDGED_MIN = 100
ROUND_S_MAX = 60.0
ROUNDS, QUICK_ROUNDS = 40, 5
"""Of a section of `make bench`."""
CLIENTS = 8
ROUNDS_TIMES_MAX = 4
TASKS_PER_CLIENT = 4
LOCATION = "WAREHOUSE"
PLENTIFUL = [f"PLENTY-{number}" for number in range(20)]
SCARCE = [f"SCARCE-{number}" for number in range(4)]
PLENTY_UNITS, SCARCE_UNITS = 1_000_000, 50
TIMEOUT_S = 30.0


@dataclass
class Load:
    """What the clients do, and how often they were answered."""

    history: Acknowledged = field(default_factory=Acknowledged)
    acknowledged: int = 0
    acknowledged_s: list[tuple[float, float]] = field(default_factory=list)
    """When each of them was asked for, and when it was answered, by the monotonic clock."""
    replayed: int = 0
    stopping: bool = False
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    outage_s: list[float] = field(default_factory=list)
    """The longest time without an acknowledgement after each kill."""
    answered_at: float = field(default_factory=time.monotonic)
    longest_s: float = 0.0

    async def client(self, address: str, number: int, seed: int) -> None:
        """One client with some tasks, until told to stop."""
        async with Client(address, timeout_s=TIMEOUT_S) as client:
            await asyncio.gather(
                *(
                    self._task(client, f"{number}-{task}", random.Random(f"{seed}-{number}-{task}"))
                    for task in range(TASKS_PER_CLIENT)
                )
            )

    async def _task(self, client: Client, name: str, chance: random.Random) -> None:
        number = 0
        while not self.stopping:
            number += 1
            await self._basket(client, f"{name}-{number}", chance)

    async def _basket(self, client: Client, name: str, chance: random.Random) -> None:
        """Hold a basket, then commit and perhaps ship it, or give it back."""
        skus = chance.sample(PLENTIFUL, chance.randint(1, 3))
        if chance.random() < 0.3:
            skus.append(chance.choice(SCARCE))
        lines = [(sku, LOCATION, chance.randint(1, 3)) for sku in skus]
        reserved = await self._ask(
            client, commands.reserve(lines, ttl_s=3_600, request_id=f"{name}-reserve")
        )
        if reserved is None:
            return
        reservation_id = reserved.reservation_id
        fate = chance.random()
        if fate < 0.7:
            commit = commands.commit(reservation_id, request_id=f"{name}-commit")
            await self._ask(client, commit)
        if fate < 0.3:
            await self._ask(client, commands.ship(reservation_id, request_id=f"{name}-ship"))
        elif fate > 0.5:
            release = commands.release(reservation_id, request_id=f"{name}-release")
            await self._ask(client, release)

    async def _ask(self, client: Client, command: commands.Command[Any]) -> Any:
        """The answer, or None if it is refused. The same command again is the same write."""

        async def ask() -> Any:
            (outcome,) = await client.execute([command])
            if isinstance(outcome, HoldfastError):
                raise outcome
            return outcome

        asked_at = time.monotonic()
        try:
            answer = await until_known(ask)
        except HoldfastError:
            self.history.refuse(command.request_id)
            return None
        self.history.answer(command.request_id, answer)
        self.replayed += answer.replayed
        self._count(asked_at)
        return answer

    def _count(self, asked_at: float) -> None:
        self.acknowledged += 1
        now = time.monotonic()
        self.acknowledged_s.append((asked_at, now))
        self.longest_s = max(self.longest_s, now - self.answered_at)
        self.answered_at = now
        self.answered.set()

    def round_over(self) -> None:
        """Note how long nothing was acknowledged in the round that ends."""
        self.outage_s.append(self.longest_s)
        self.longest_s = 0.0

    async def until_acknowledged(self, number: int, timeout_s: float) -> bool:
        """Wait for so many acknowledgements in all; gives whether they came in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.acknowledged < number:
                    self.answered.clear()
                    await self.answered.wait()
        except TimeoutError:
            return False
        return True


Strike = Callable[[Node, Load, random.Random], Awaitable[None]]
"""What ends a round: it takes something of the node away, and sees to it that it comes again."""


async def kill_a_shard(node: Node, _load: Load, chance: random.Random) -> None:
    """SIGKILL at any moment: the supervisor starts the shard again."""
    node.kill_shard(chance.choice(sorted(node.shard_process_ids)))


async def kill_rounds(
    directory: Path,
    *,
    rounds: int,
    clients: int,
    shards: int = 1,
    seed: int = 1,
    strike: Strike = kill_a_shard,
) -> dict[str, Any]:
    """Run all rounds on a new node in `directory`; gives the figures, with `well`."""
    load = Load()
    async with running_node(directory, shards) as node:
        await _load_stock(node.address)
        started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(clients):
                group.create_task(load.client(node.address, number, seed))
            chance = random.Random(seed)
            tried, void = await _kill(node, load, rounds, chance, strike)
            load.stopping = True
        seconds = time.monotonic() - started
        report.progress("reading the whole history")
        events = await _read_history(node.address, load.history)
    verdict = await asyncio.to_thread(node.verify)
    findings = load.history.findings()
    pauses = latencies(load.outage_s[1:])
    return {
        "well": not any(findings) and not void and verdict.well,
        "rounds": tried,
        "clients": clients,
        "seconds": round(seconds, 1),
        "acknowledged": load.acknowledged,
        "answered by a replay": load.replayed,
        "refused": len(load.history.refused),
        "events": events,
        "pause p50 ms": pauses.p50_ms,
        "pause p99 ms": pauses.p99_ms,
        "pause max ms": pauses.max_ms,
        "void": void,
        **{name.replace("_", " "): value for name, value in findings._asdict().items()},
        "verify": str(verdict),
    }


async def _kill(
    node: Node, load: Load, rounds: int, chance: random.Random, strike: Strike
) -> tuple[int, int]:
    """Strike so many times, and again until that has cut off the answer to an effect; gives the
    number of rounds, and how many of them were void."""
    number = void = 0
    while number < rounds or (not load.replayed and number < rounds * ROUNDS_TIMES_MAX):
        number += 1
        enough = load.acknowledged + ACKNOWLEDGED_MIN + chance.randrange(ACKNOWLEDGED_MIN)
        if not await load.until_acknowledged(enough, ROUND_S_MAX):
            void += 1
            continue
        load.round_over()
        await strike(node, load, chance)
        if number % 10 == 0:
            report.progress(f"{number} rounds, {load.acknowledged:,} writes acknowledged")
    # What was in flight at the last kill is answered by the shard that comes after it.
    await load.until_acknowledged(load.acknowledged + ACKNOWLEDGED_MIN, ROUND_S_MAX)
    load.round_over()
    return number, void


async def _load_stock(address: str) -> None:
    units = dict.fromkeys(PLENTIFUL, PLENTY_UNITS) | dict.fromkeys(SCARCE, SCARCE_UNITS)
    async with Client(address) as client:
        batch = [commands.receive(sku, LOCATION, number) for sku, number in units.items()]
        for answer in await client.execute(batch):
            if isinstance(answer, HoldfastError):
                raise answer


async def _read_history(address: str, history: Acknowledged) -> int:
    """Take every event from the beginning; gives how many there are."""
    events = 0
    async with Client(address) as client:
        async for message in client.watch(start="beginning").batches():
            if isinstance(message, CaughtUp):
                break
            if isinstance(message, EventBatch):
                events += len(message.events)
                for event in message.events:
                    history.event(event.message)
    return events


async def measure_section(setting: Setting) -> Found:
    """A section of `make bench`: the pauses of some kills."""
    rounds = QUICK_ROUNDS if setting.quick else ROUNDS
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        figures = await kill_rounds(Path(directory), rounds=rounds, clients=CLIENTS)
    wrong = [] if figures.pop("well") else [f"kill_rounds: {figures}"]
    return Found({}, figures, wrong=wrong)


SECTION = Section("recovery", "A shard is killed again and again under load", measure_section)


async def main(arguments: Any) -> int:
    """Run and report; gives the exit code."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        figures = await kill_rounds(
            Path(directory),
            rounds=arguments.rounds,
            clients=arguments.clients,
            shards=arguments.shards,
            seed=arguments.seed,
        )
    shown = [(name, value) for name, value in figures.items() if name != "well"]
    report.write(arguments, figures, report.facts("SIGKILL under load", shown))
    return 0 if figures["well"] else 1


if __name__ == "__main__":
    parser = report.parser(__doc__, "kill_rounds")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(report.run(main(parser.parse_args())))
