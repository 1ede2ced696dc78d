"""The feed as a section of `make bench`: what `benchmarks.feed_latency` measures, of Holdfast alone
and at the rates that are wanted of it. `make bench-feed` has the others beside it.

How to read it: `/s` is what all subscribers together were told, `told` the part of what they should
have been told that they were told a second after the end; latencies run from the writer to the
subscriber's program, `server cores` is the load of front end and shard. Catching up and the fan-out
of a history go as fast as they can. Catching up gives the medians of some rounds in turns; the
others are measured once, and for longer.
"""

from collections.abc import Mapping
from typing import Any

from benchmarks.feed_latency import FULL, ONE_ROW, QUICK, Scale, all_row, feed_latency, few_row
from benchmarks.feed_systems import Holdfast, Typed, Wire
from benchmarks.figures import rounded
from benchmarks.sections import Found, Section, Setting

FULL_SCALE = FULL._replace(few_per_s=2_000, catch_ups=3)
QUICK_SCALE = QUICK._replace(few_per_s=2_000)
HISTORY = "events of the history"
CATCH_UPS = {
    Holdfast.name: "catch-up, the SDK's batches",
    Wire.name: "catch-up, at the wire",
    Typed.name: "catch-up, typed objects of the SDK",
}


def few_of_row(subscribers: int) -> str:
    """So many follow a few SKUs each, at the rate that is wanted."""
    return f"{few_row(subscribers)} of {FULL_SCALE.few_per_s:,}/s"


async def measure_feed(setting: Setting) -> Found:
    """One subscriber, many, very many of few SKUs, and the history. What comes to no end is left
    out."""
    scale = QUICK_SCALE if setting.quick else FULL_SCALE
    figures = await feed_latency([Holdfast.name], scale)
    return found_of(figures[Holdfast.name], scale)


def found_of(figures: Mapping[str, Any], scale: Scale) -> Found:
    """The figures of `benchmarks.feed_latency` as rows."""
    names = {name: name for name in (ONE_ROW, all_row(scale.hundred))}
    names[few_row(scale.thousand)] = few_of_row(scale.thousand)
    rows = {shown: _live(figures[name]) for name, shown in names.items() if name in figures}
    if "fan-out" in figures:
        told_per_s = figures["fan-out"]["told_per_s"]
        rows[f"history, {scale.fan_out} at once"] = {"per_second": told_per_s}
    for reader, per_second in figures.get("catch-up", {}).items():
        rows[CATCH_UPS[reader]] = {"per_second": per_second}
    return Found(
        rows,
        {HISTORY: figures.get("catch-up events")},
        left_out=dict.fromkeys(figures.get("no end", ()), "it came to no end"),
    )


def _live(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of those who are told while it happens."""
    return {
        "per_second": row["told_per_s"],
        "p50_ms": row["p50_ms"],
        "p99_ms": row["p99_ms"],
        "told": row["told"],
        "server_cores": rounded(sum(row["server_cores"].values())),
        "KiB_each": row["memory_kib"],
    }


SECTION = Section("feed", "Subscribers of the feed", measure_feed)
