"""Kills shards and the whole node again and again while baskets over several shards are decided.

    python -m benchmarks.basket_kills [--rounds N] [--clients N] [--shards N] [--json]

Clients make baskets whose lines live in different shards, amend, commit, ship and release them;
some SKUs are scarce, so that lines are back-ordered or wait, and are served as units arrive. A
round lasts until at least 100 writes were acknowledged since the kill before it, and a little
longer, by chance; then a shard gets SIGKILL, in every third round two of them, in every sixth the
front end with all shards. A write without an answer is asked again, with the same request id, until
there is one. Meanwhile one subscriber follows the feed, and others come and go. At the end the
clients stop, everything settles, and all that was answered is held against the reservations, the
balances, the whole feed, each shard's log and its store.

How to read it. By the answers: `answered otherwise` are acknowledged writes that get another answer
when they are asked again with their request id, `unlike the answers` reservations or balances that
are not what the answers add up to; `missing`, `altered`, `doubled`, `refused with effect` and
`torn` are as in `kill_rounds`. By the shards: `half baskets` are lines that are not the same at
their home and in the shard of their SKU, or are still set aside; `not as told` reservations of
which a shard has not done exactly what it was told, in order; `balances` and `versions` events that
do not follow from those before. By the feed: `gaps`, `duplicates`, `reordered`, `different`,
`stalled` and `unlike the log` are as in `feed_reconnects`. All must be 0, and so must `void` rounds
(that did not come to 100 acknowledgements within 60 seconds); else the exit code is 1.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from holdfast import Client

from benchmarks import basket_audit, report
from benchmarks.basket_load import Answers, Assortment, Shopper, assortment, bring_stock
from benchmarks.feed_reconnects import FeedCheck
from benchmarks.figures import latencies
from benchmarks.node import Node, NodeFailed, running_node
from benchmarks.told_history import ToldHistory

ACKNOWLEDGED_MIN = 100
ROUND_S_MAX = 60.0
TASKS_PER_CLIENT = 6
TIMEOUT_S = 30.0
SUBSCRIBERS = 2
EXAMPLES_MAX = 3

Strike = Callable[[Node, random.Random], Awaitable[None]]
"""What ends a round in place of a kill: it takes something of the node away, and sees to it that it
comes again."""


class BasketKills:
    """One node, its clients and its killer."""

    def __init__(self, node: Node, seed: int, strike: Strike | None = None) -> None:
        self._node = node
        self._seed = seed
        self._strike = strike
        self._chance = random.Random(seed)
        self._stopping = False
        self._skus: Assortment = assortment(node.shards)
        self.answers = Answers()
        self.void = 0
        self.kills = {"shard": 0, "two shards": 0, "front end": 0}
        self.outage_s: list[float] = []

    async def run(self, rounds: int, clients: int, feeds: FeedCheck) -> None:
        """Bring the stock, then shop and kill; who watches the feed leaves before it falls
        silent."""
        async with Client(self._node.address) as client:
            await bring_stock(client, self._skus, self.answers)
        async with asyncio.TaskGroup() as group:
            for number in range(clients):
                group.create_task(self._shop(number))
            try:
                for number in range(1, rounds + 1):
                    await self._round(number)
                    if number % 10 == 0:
                        done = len(self.answers.acknowledged)
                        report.progress(f"{number} rounds, {done:,} writes acknowledged")
                await self._acknowledged(ACKNOWLEDGED_MIN)
                await feeds.gone()
            finally:
                self._stopping = True

    async def _shop(self, number: int) -> None:
        async with Client(self._node.address, timeout_s=TIMEOUT_S) as client:
            await asyncio.gather(
                *(self._task(client, f"{number}-{each}") for each in range(TASKS_PER_CLIENT))
            )

    async def _task(self, client: Client, name: str) -> None:
        chance = random.Random(f"{self._seed}-{name}")
        shopper = Shopper(client, name, self.answers, self._skus, chance)
        while not self._stopping:
            await shopper.basket()

    async def _round(self, number: int) -> None:
        enough = ACKNOWLEDGED_MIN + self._chance.randrange(ACKNOWLEDGED_MIN)
        if not await self._acknowledged(enough):
            self.void += 1
            return
        killed_at = time.monotonic()
        if self._strike is not None:
            await self._strike(self._node, self._chance)
        elif number % 6 == 0:
            self.kills["front end"] += 1
            await asyncio.to_thread(self._node.kill)
            await self._node.start()
        else:
            up = sorted(self._node.shard_process_ids)
            victims = min(len(up), 2 if number % 3 == 0 else 1)
            self.kills["two shards" if victims == 2 else "shard"] += 1
            for shard in self._chance.sample(up, victims):
                self._node.kill_shard(shard)
        if await self._acknowledged(1):
            self.outage_s.append(time.monotonic() - killed_at)

    async def _acknowledged(self, number: int) -> bool:
        """Wait for so many more acknowledgements; gives whether they came in time."""
        enough = len(self.answers.acknowledged) + number
        end = time.monotonic() + ROUND_S_MAX
        while len(self.answers.acknowledged) < enough:
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.002)
        return True


async def basket_kills(
    directory: Path,
    *,
    rounds: int,
    clients: int,
    shards: int = 4,
    seed: int = 1,
    strike: Strike | None = None,
) -> dict[str, Any]:
    """Run all rounds on a new node in `directory`; gives the figures, with `well`."""
    async with running_node(directory, shards) as node:
        kills = BasketKills(node, seed, strike)
        feeds = FeedCheck(node.address, seed, subscribers=SUBSCRIBERS)
        started = time.monotonic()
        async with feeds.watching():
            await kills.run(rounds, clients, feeds)
            report.progress("waiting until everything is settled")
            settled = await _settles(node)
            await feeds.until_complete()
        seconds = time.monotonic() - started
        report.progress("comparing")
        async with Client(node.address, timeout_s=60) as client:
            unlike = await basket_audit.unlike_known(client, kills.answers)
            otherwise = await basket_audit.answered_otherwise(client, kills.answers)
    verdict = await asyncio.to_thread(node.verify)
    half = await asyncio.to_thread(basket_audit.half_baskets, node.data_dir, shards)
    told = ToldHistory(shards)
    for events in feeds.reference.events.values():
        told.take(events)
        for message in events:
            kills.answers.history.event(message)
    contradictions = told.contradictions()
    wrong = {
        "answered otherwise": len(otherwise),
        "unlike the answers": len(unlike),
        **_named(kills.answers.history.findings()),
        "half baskets": len(half),
        "not as told": contradictions.half,
        "versions": contradictions.versions,
        "balances": contradictions.balances,
        **await asyncio.to_thread(feeds.findings, node.data_dir),
        "void": kills.void,
    }
    examples = [each[:EXAMPLES_MAX] for each in (otherwise, unlike, half)]
    return {
        "well": not any(wrong.values()) and not settled and verdict.well,
        "rounds": rounds,
        "clients": clients,
        "shards": shards,
        "seconds": round(seconds, 1),
        "acknowledged": len(kills.answers.acknowledged),
        "answered by a replay": kills.answers.replayed,
        "baskets that waited": kills.answers.waiting,
        "baskets prepared": told.kinds["basket_prepared"],
        "told": told.kinds["lines_told"],
        "units filled later": told.kinds["hold_filled"] + told.kinds["wait_filled"],
        "refused": dict(kills.answers.refused),
        "kills": kills.kills,
        "no answer for, after a kill": str(latencies(kills.outage_s)),
        **feeds.amounts(),
        **wrong,
        "not settled": settled,
        "verify": str(verdict),
        "examples": [text for some in examples for text in some],
    }


async def _settles(node: Node) -> str:
    """Empty if everything settles, or why not."""
    try:
        await basket_audit.until_settled(node)
    except NodeFailed as failure:
        return str(failure)
    return ""


def _named(findings: Any) -> dict[str, int]:
    return {name.replace("_", " "): value for name, value in findings._asdict().items()}


async def main(arguments: Any) -> int:
    """Run and report; gives the exit code."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        figures = await basket_kills(
            Path(directory),
            rounds=arguments.rounds,
            clients=arguments.clients,
            shards=arguments.shards,
            seed=arguments.seed,
        )
    shown = [(name, value) for name, value in figures.items() if name not in ("well", "examples")]
    shown += [("for example", text) for text in figures["examples"]]
    report.write(arguments, figures, report.facts("SIGKILL while shards decide together", shown))
    return 0 if figures["well"] else 1


if __name__ == "__main__":
    parser = report.parser(__doc__, "basket_kills")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(report.run(main(parser.parse_args())))
