"""Asks a node for three times what it can do, for minutes, and looks at what it does then.

    python -m benchmarks.overload [--seconds S] [--times N] [--batch N] [--json]

The node runs on one core and the load on another. First a closed loop shows how much the node can
do: the best, once the log is not as good as empty any more. Then batches of Allocates are sent when
they are due, at a multiple of the best, whether or not those before were answered; every tenth
batch has a deadline that is shorter than the queue. A light load, a command every 20 ms, is
measured before and after. At the end the log is compared with every answer, and `holdfast verify`
looks at the directory.

How much the node can do is measured first, and again after every half minute: as its log grows,
compaction takes more of the same core, overload or not. Each stretch is a multiple of what was
measured before it, and compared with the mean of what was measured before and after it.

How to read it. `goodput` counts commands that were granted while the load was on. `share of best`
compares it with the best by the second, `share by CPU` by the second of CPU that the node got.
Where other programs take the core of the node (`core used` tells how much of it the node had at
least) only the latter says something: it counts if the node had less than nine tenths of its core.
`refused` are times from sending a batch to its refusal, `granted` to the answer of one of which a
command was granted. `held back` are batches that no stream took when they were due. `queued at
most` is what the refusals say of the queue; memory is sampled twice a second. `recovered after`
is when the light load was answered in at most twice the time from before (or 5 ms), and so was half
of it in the second from then on. `latest ms` is how long after its deadline, by the clock of the
sender, a command was executed at most. `unary` is the same with single calls, which is only
reported: refusing a call costs gRPC as much as serving it.

The exit code is 1 if a promise is broken; `broken` tells which.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from holdfast import Client, commands
from holdfast.errors import HoldfastError

from benchmarks import messages, overload_unary, report
from benchmarks.figures import Latencies, latencies, median, rounded
from benchmarks.node import SERVE, Node, running_node
from benchmarks.overload_audit import Audit, audit
from benchmarks.overload_load import EXPIRED, GRANTED, REFUSED, Generator, Sent
from benchmarks.overload_phases import (
    ANSWERED_S_MAX,
    LIGHT_GAP_S,
    QUEUE_COMMANDS,
    SKUS,
    Overload,
    Phase,
    Stretch,
)

UNITS = 1_000_000_000
STREAMS = 16
WARM_S_MAX = 60.0
"""An empty log is faster for its first half minute, until what is written has to be compacted."""

SHARE_MIN = 0.8
CORE_MIN = 0.9
REFUSED_P99_S_MAX = 1.0
HELD_BACK_SHARE_MAX = 0.01
MIB_MORE_MAX = 256.0
RECOVERY_S_MAX = 10.0
SLOWER_MAX = 2.0
LIGHT_S_MIN = 0.005
TURN_S_MAX = 0.1
"""A turn that has begun before a deadline may be recorded this long after it."""


async def overload(
    directory: Path,
    *,
    seconds: float,
    times: float = 3.0,
    batch: int = 500,
    program: Sequence[str] = SERVE,
) -> dict[str, Any]:
    """Run all on a new node in `directory`; gives the figures, with `broken` and `well`."""
    cores = sorted(os.sched_getaffinity(0))
    settings = ("--queue-commands-max", str(QUEUE_COMMANDS))
    try:
        # What the node starts stays where the node is started.
        os.sched_setaffinity(0, {cores[-1]})
        async with running_node(directory, 1, *settings, program=program) as node:
            os.sched_setaffinity(0, {cores[0]})
            await _load_stock(node.address)
            async with messages.channel(node.address) as channel:
                method = channel.stream_stream(f"{messages.SERVICE}/Execute")
                generator = Generator(method, STREAMS)
                try:
                    figures, sent = await _run(node, generator, seconds, times, batch)
                finally:
                    await generator.close()
            report.progress("single calls")
            unary = await overload_unary.overload(node.address, SKUS, seconds / 10, times)
    finally:
        os.sched_setaffinity(0, cores)
    report.progress("comparing with the log")
    delivery_s = figures["refused"].max_ms / 1_000 + TURN_S_MAX
    checked = await asyncio.to_thread(audit, node.data_dir / "shard-000", sent, delivery_s)
    verdict = await asyncio.to_thread(node.verify)
    broken = _broken(figures, checked) + ([] if verdict.well else ["verify"])
    shown = {**figures, **checked._asdict(), "unary": unary, "verify": str(verdict)}
    return {"well": not broken, "broken": broken, **{k: _plain(v) for k, v in shown.items()}}


async def _load_stock(address: str) -> None:
    async with Client(address, timeout_s=60) as client:
        receipts = [commands.receive(sku, messages.LOCATION, UNITS) for sku in SKUS]
        for answer in await client.execute(receipts):
            if isinstance(answer, HoldfastError):
                raise answer


async def _run(
    node: Node, generator: Generator, seconds: float, times: float, batch: int
) -> tuple[dict[str, Any], list[Sent]]:
    run = Overload(node, generator, batch)
    short_s = min(max(seconds / 10, 1.0), 10.0)
    report.progress("a light load")
    light = await run.light(short_s)
    report.progress("as much as it can do")
    fresh = await run.best(min(seconds / 2, WARM_S_MAX))
    best = await run.best(short_s)
    before = run.watcher.mib()
    watching = asyncio.create_task(run.watcher.watch())
    report.progress("more than it can do")
    stretches = await run.offer(best, times, seconds)
    report.progress("more than it can do, and then a light load")
    recovery, over_at = await run.recover(stretches[-1].after, times, RECOVERY_S_MAX)
    recovered_s = _recovered_after(light, recovery, over_at)
    unanswered = await generator.until_all_answered(ANSWERED_S_MAX)
    after = await run.light(short_s)
    watching.cancel()
    figures = _figures(generator, [each for stretch in stretches for each in stretch.sent]) | {
        "batch": batch,
        "seconds": seconds,
        **_shares(fresh, stretches, batch),
        "held back": run.held_back,
        "unanswered": unanswered,
        "MiB before": before,
        "MiB at most": run.watcher.most,
        "light before": latencies([each.took_s for each in light]),
        "light during recovery": latencies([each.took_s for each in recovery]),
        "light after": latencies([each.took_s for each in after]),
        "recovered after s": recovered_s,
    }
    return figures, generator.sent


def _figures(generator: Generator, offered: Sequence[Sent]) -> dict[str, Any]:
    refused = [each.took_s for each in offered if set(each.outcomes) == {REFUSED}]
    granted = [each.took_s for each in offered if GRANTED in each.outcomes]
    count = {
        name: sum(each.outcomes.count(kind) for each in offered)
        for name, kind in (("granted", GRANTED), ("refused", REFUSED), ("expired", EXPIRED))
    }
    return {
        "commands": count,
        "refused": latencies(refused),
        "granted": latencies(granted),
        "refused without a time to try again": generator.without_retry,
        "refused otherwise": dict(generator.others),
        "queued at most": generator.queued_most,
    }


def _shares(fresh: Phase, stretches: Sequence[Stretch], batch: int) -> dict[str, Any]:
    """How much of the best the node did, over all stretches."""

    def mean(of: Callable[[Stretch], float]) -> float:
        return sum(of(each) * each.seconds for each in stretches) / sum(
            each.seconds for each in stretches
        )

    best, goodput = mean(lambda each: each.best_per_second), mean(lambda each: each.over.per_second)
    by_cpu = mean(lambda each: each.over.per_cpu_second / each.best_per_cpu_second)
    offered = mean(lambda each: len(each.sent) * batch / each.seconds)
    return {
        "fresh per second": rounded(fresh.per_second),
        "best per second": [rounded(each.before.per_second) for each in stretches],
        "goodput of each stretch": [rounded(each.over.per_second) for each in stretches],
        "goodput per second": rounded(goodput),
        "share of best": round(goodput / best, 3),
        "share of each stretch": [
            round(each.over.per_second / each.best_per_second, 3) for each in stretches
        ],
        "share by CPU": round(by_cpu, 3),
        "core used": round(
            min(min(each.before.core_used, each.over.core_used) for each in stretches), 2
        ),
        "times offered": round(offered / best, 2),
        "queue drained s": [round(each.drained_s, 2) for each in stretches],
    }


def _recovered_after(before: Sequence[Sent], after: Sequence[Sent], over_at: float) -> float | None:
    """Seconds until the light load was answered as fast as before; None if it was not."""
    fast_s = max(SLOWER_MAX * median(each.took_s for each in before), LIGHT_S_MIN)
    window = round(1 / LIGHT_GAP_S)
    for start in range(len(after)):
        times = [each.took_s for each in after[start : start + window]]
        if times[0] <= fast_s and median(times) <= fast_s:
            return round(max(0.0, after[start].sent_at - over_at), 2)
    return None


def _broken(figures: dict[str, Any], checked: Audit) -> list[str]:
    """The promises that do not hold."""
    is_shared = figures["core used"] < CORE_MIN
    share = figures["share by CPU" if is_shared else "share of best"]
    more = {
        name: most - figures["MiB before"][name] for name, most in figures["MiB at most"].items()
    }
    batches = sum(figures["commands"].values()) / figures["batch"]
    recovered_s = figures["recovered after s"]
    promises = {
        "goodput": share >= SHARE_MIN,
        "refuses": figures["commands"]["refused"] > 0,
        "refuses at once": figures["refused"].p99_ms <= REFUSED_P99_S_MAX * 1_000,
        "takes what comes": figures["held back"] <= HELD_BACK_SHARE_MAX * batches,
        "says when to try again": not figures["refused without a time to try again"],
        "refuses for no other reason": not figures["refused otherwise"],
        "answers everything": not figures["unanswered"],
        "bounded queue": figures["queued at most"] <= QUEUE_COMMANDS,
        "bounded memory": max(more.values()) <= MIB_MORE_MAX,
        "expired commands are not executed": not checked.executed_late
        and figures["commands"]["expired"] > 0,
        "the log agrees": not (checked.lost or checked.doubled or checked.refused_with_effect),
        "recovers": recovered_s is not None and recovered_s <= RECOVERY_S_MAX,
    }
    return [name for name, holds in promises.items() if not holds]


def _plain(value: Any) -> Any:
    return value._asdict() if isinstance(value, Latencies) else value


async def main(arguments: Any) -> int:
    """Run and report; gives the exit code."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        figures = await overload(
            Path(directory),
            seconds=arguments.seconds,
            times=arguments.times,
            batch=arguments.batch,
        )
    shown = [(name, value) for name, value in figures.items() if name != "well"]
    report.write(arguments, figures, report.facts("A node that is asked for too much", shown))
    return 0 if figures["well"] else 1


if __name__ == "__main__":
    parser = report.parser(__doc__, "overload")
    parser.add_argument("--seconds", type=float, default=300.0, help="how long it is too much")
    parser.add_argument("--times", type=float, default=3.0, help="how many times the best")
    parser.add_argument("--batch", type=int, default=500, help="commands in one batch")
    sys.exit(report.run(main(parser.parse_args())))
