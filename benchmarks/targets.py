"""What is wanted of Holdfast's speed, held against what a run has found.

Most targets are ratios of two rows of one run, since absolute figures are those of a machine. A
target of which nothing was measured is neither met nor missed. Beside some stands their limit: what
a server gets that is asked the same, makes it durable in processes of its own, and decides nothing.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from rich.table import Table

from benchmarks import disk, feed_section, memory, one_node, recovery, report
from benchmarks.feed_latency import ONE_ROW, all_row
from benchmarks.feed_systems import Typed, Wire
from benchmarks.peers import comparison, echo, postgres, redis, slow_disk, tigerbeetle
from benchmarks.peers.comparison import BATCHES, HOLDFAST, SINGLES
from benchmarks.peers.slow_disk import MANY_SINGLES, SLOW
from benchmarks.sections import Found, Section, Setting
from benchmarks.workloads import growth, one_shard, over_shards

TIGERBEETLE_BATCHES_PER_S = 31_000.0
"""By its own client, with pending batches of 100 on a hot account: measured once, on two cores; its
server comes in no package, so that a run has it at best by the Python client."""

MILLION = 1_000_000
QUICK = ("--quick", "shows that all works; its figures, and what is met of targets, say little")
TOLD_MIN = 0.99
"""Of what subscribers should have been told: less, and they do not keep up."""
ACTIVE_BYTES_MAX = 1_200
LOADED_MIB_MAX = round(200e6 / memory.MIB, 1)


class Figure(NamedTuple):
    """Where a figure is found."""

    section: str
    row: str
    column: str = "per_second"
    """Empty: it is a fact of the section, not of a row."""


class By(Enum):
    """How two figures are compared."""

    RATIO = "x"
    DIFFERENCE = "more"
    ITSELF = ""
    """There is nothing to compare with."""


class Target(NamedTuple):
    """What is wanted of one figure."""

    name: str
    ours: Figure
    theirs: Figure | float | None
    by: By
    wanted: float
    at_most: bool = False
    """Whether less is better."""
    limit: Figure | None = None
    """What a server gets in place of ours that makes all durable and decides nothing."""


class Judged(NamedTuple):
    """A target and what came of it. None: it was not measured."""

    name: str
    ours: float | None
    theirs: float | None
    ratio: float | None
    """Or the difference, where that is what counts."""
    wanted: str
    met: bool | None
    limit: float | None = None
    """The ratio, the difference or the figure of a server that makes all durable and decides
    nothing."""


def targets(setting: Setting) -> list[Target]:
    """All that is wanted, in the order in which it is told."""
    return [
        *_of_peers(),
        *_of_slow_disk(setting.flush_delay_ms),
        *_of_one_node(),
        *_of_workloads(setting),
        *_of_feed(setting.quick),
        *_of_size(setting),
    ]


def _of_peers() -> list[Target]:
    def beside(load: str, peer: str, wanted: float, what: str = "") -> Target:
        ours = Figure(comparison.SECTION.name, f"{load}, {HOLDFAST.name}")
        theirs = Figure(comparison.SECTION.name, f"{load}, {peer}")
        limit = Figure(comparison.SECTION.name, f"{load}, {echo.DURABLE.name}")
        return Target(f"{load}: {peer}{what}", ours, theirs, By.RATIO, wanted, limit=limit)

    beetle = tigerbeetle.TigerBeetle.name
    its_own = beside(BATCHES, beetle, 1.2, ", its own client")
    return [
        beside(SINGLES, redis.ALWAYS.name, 3),
        beside(SINGLES, postgres.ROW.name, 15),
        beside(SINGLES, beetle, 4),
        beside(BATCHES, echo.PREPARED.name, 0.4),
        beside(BATCHES, echo.PREPARED.name, 0.5, ", core compiled"),
        beside(BATCHES, redis.ALWAYS.name, 2.5),
        beside(BATCHES, beetle, 1.7),
        its_own._replace(theirs=TIGERBEETLE_BATCHES_PER_S),
    ]


def _of_slow_disk(delay_ms: float) -> list[Target]:
    """Only of flushes that take as much longer as they are about."""
    if delay_ms != Setting().flush_delay_ms:
        return []
    section, ours = slow_disk.SECTION.name, HOLDFAST.name

    def kept(load: str) -> Target:
        slow, fast = (Figure(section, f"{load}, {name}") for name in (ours + SLOW, ours))
        return Target(f"{load}: slow disk, share kept", slow, fast, By.RATIO, 0.8)

    slow, fast = (Figure(section, f"{SINGLES}, {name}", "p50_ms") for name in (ours + SLOW, ours))
    flushes = f"{SINGLES}: slow disk, p50 ms later"
    row = Figure(section, f"{SINGLES}, {postgres.ROW.name}{SLOW}")
    return [
        kept(BATCHES),
        kept(MANY_SINGLES),
        Target(flushes, slow, fast, By.DIFFERENCE, 2 * delay_ms, at_most=True),
        Target(f"{SINGLES}: slow disk, {postgres.ROW.name}", row, None, By.ITSELF, 900, True),
    ]


def _of_one_node() -> list[Target]:
    def figure(row: str, column: str = "per_second") -> Figure:
        return Figure(one_node.SECTION.name, row, column)

    return [
        Target(
            "unary Reserve: the echo",
            figure("Reserve, unary, 64 in flight"),
            figure(f"{one_node.ECHO}, 64 in flight"),
            By.RATIO,
            0.85,
            limit=figure(f"{one_node.DURABLE_ECHO}, 64 in flight"),
        ),
        Target(
            "idle p50 ms, unary: the echo's",
            figure("Reserve, unary, one at a time", "p50_ms"),
            figure(f"{one_node.ECHO}, one at a time", "p50_ms"),
            By.DIFFERENCE,
            0.6,
            at_most=True,
            limit=figure(f"{one_node.DURABLE_ECHO}, one at a time", "p50_ms"),
        ),
    ]


def _of_workloads(setting: Setting) -> list[Target]:
    """That of a million SKU-locations only where a million are loaded, and that of a long history
    only where there is one, and it is long."""

    def ratio(name: str, section: Section, row: str, beside: str, wanted: float) -> Target:
        ours, theirs = Figure(section.name, row), Figure(section.name, beside)
        return Target(name, ours, theirs, By.RATIO, wanted)

    wide = one_shard.wide_row(MILLION)
    baskets = Figure(over_shards.SECTION.name, over_shards.OVER_SHARDS_ROW)
    limit = baskets._replace(row=over_shards.LIMIT_ROW)
    name = f"baskets of {over_shards.OVER_SHARDS_ROW}"
    found = [Target(name, baskets, None, By.ITSELF, 4_000, limit=limit)]
    events = setting.events or growth.LONG_EVENTS
    if not setting.quick and events >= growth.LONG_EVENTS:
        name = f"after {events:,} events: {growth.SHORT_EVENTS:,}"
        found.append(ratio(name, growth.SECTION, growth.LONG, growth.SHORT, 0.9))
    if _is_million(setting):
        hot = one_shard.HOT_ROW
        found.append(ratio(f"{wide}: {hot}", one_shard.WIDE_SECTION, wide, hot, 0.7))
    return found


def _of_feed(quick: bool) -> list[Target]:
    """Only of as many subscribers and events as they are about."""
    if quick:
        return []

    def figure(row: str, column: str = "per_second") -> Figure:
        return Figure(feed_section.SECTION.name, row, column)

    def itself(name: str, ours: Figure, wanted: float, *, at_most: bool = False) -> Target:
        return Target(f"feed: {name}", ours, None, By.ITSELF, wanted, at_most)

    scale, catch_ups = feed_section.FULL_SCALE, feed_section.CATCH_UPS
    everything, few = all_row(scale.hundred), feed_section.few_of_row(scale.thousand)
    return [
        itself(f"{ONE_ROW}, p99 ms", figure(ONE_ROW, "p99_ms"), 20, at_most=True),
        itself(f"{everything}, share told in time", figure(everything, "told"), TOLD_MIN),
        itself(f"{few}, share told in time", figure(few, "told"), TOLD_MIN),
        itself(f"{catch_ups[Wire.name]}, events/s", figure(catch_ups[Wire.name]), 200_000),
        itself(f"{catch_ups[Typed.name]}, events/s", figure(catch_ups[Typed.name]), 60_000),
    ]


def _of_size(setting: Setting) -> list[Target]:
    """Of a node with a million SKU-locations, or events. Only of as many as they are about."""

    def at_most(name: str, ours: Figure, wanted: float) -> Target:
        return Target(name, ours, None, By.ITSELF, wanted, at_most=True)

    found = []
    if _is_million(setting):
        idle, again = (
            Figure(memory.SECTION.name, row, "node resident_MiB")
            for row in (memory.IDLE, memory.AGAIN)
        )
        serving = Figure(recovery.SECTION.name, recovery.SERVING, "")
        found += [
            at_most(f"{MILLION:,} loaded, killed: serving s", serving, 3),
            at_most(f"{MILLION:,} {memory.IDLE}: MiB", idle, LOADED_MIB_MAX),
            at_most(f"{MILLION:,} loaded, {memory.AGAIN}: MiB", again, LOADED_MIB_MAX),
        ]
    if not setting.quick:
        active = Figure(memory.SECTION.name, memory.OF_ACTIVE, "")
        compacted = Figure(disk.SECTION.name, disk.ALL, disk.COLUMN)
        found += [
            at_most(memory.OF_ACTIVE, active, ACTIVE_BYTES_MAX),
            at_most("disk: bytes per event of Reserves", compacted, 250),
        ]
    return found


def _is_million(setting: Setting) -> bool:
    """Whether so many SKU-locations are loaded as targets are about."""
    return setting.locations == MILLION or not (setting.locations or setting.quick)


def judge(target: Target, found: Mapping[str, Found]) -> Judged:
    """Hold a target against what sections have found, by their names."""
    ours = _figure(target.ours, found)
    theirs = _figure(target.theirs, found) if isinstance(target.theirs, Figure) else target.theirs
    compared = _compared(target.by, ours, theirs)
    sign = "<=" if target.at_most else ">="
    met = None
    if compared is not None:
        met = compared <= target.wanted if target.at_most else compared >= target.wanted
    wanted = f"{sign} {target.wanted:g} {target.by.value}".rstrip()
    limit = _compared(target.by, _figure(target.limit, found), theirs) if target.limit else None
    shown = None if target.by is By.ITSELF else _rounded(compared)
    return Judged(target.name, ours, theirs, shown, wanted, met, _rounded(limit))


def _figure(figure: Figure, found: Mapping[str, Found]) -> float | None:
    if figure.section not in found:
        return None
    section = found[figure.section]
    value: Any = (
        section.rows.get(figure.row, {}).get(figure.column)
        if figure.column
        else section.facts.get(figure.row)
    )
    return None if value is None else float(value)


def _compared(by: By, ours: float | None, theirs: float | None) -> float | None:
    if by is By.ITSELF or ours is None:
        return ours
    if theirs is None or (by is By.RATIO and theirs == 0):
        return None
    return ours / theirs if by is By.RATIO else ours - theirs


def _rounded(compared: float | None) -> float | None:
    return None if compared is None else round(compared, 3)


def tables(judged: Sequence[Judged], setting: Setting) -> list[Table]:
    """The targets of which anything was measured, if any was, and what a quick look is good for."""
    measured = [each for each in judged if (each.ours, each.met) != (None, None)]
    columns = ("", "ours", "theirs", "compared", "wanted", "met", "limit")
    found = [report.table("Targets", columns, measured)] if measured else []
    if setting.quick:
        found.append(report.facts("", [QUICK]))
    return found
