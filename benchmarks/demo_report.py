"""What a person sees of the flash sale: its progress while it runs, and the report at the end."""

import asyncio
import itertools
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from benchmarks import report
from benchmarks.demo_adapter import Adapter
from benchmarks.demo_buyers import Answers
from benchmarks.demo_plan import HOT_SKU, HOT_UNITS, Plan
from benchmarks.figures import latencies
from benchmarks.node import Verdict

OUTAGE_S_MAX = 10.0
"""The outage is looked for in so many seconds after the kill."""

EXPIRED_LATE_S_MAX = 5.0
"""How late a hold may expire: a second as a rule, five after its shard has restarted."""

PLAIN_INTERVAL_S = 2.0
LIVE_INTERVAL_S = 0.1
_WIDTH = 76
_LABEL_WIDTH = 34


@dataclass
class Outcome:
    """What the report is made from."""

    plan: Plan
    answers: Answers
    adapter: Adapter
    opened_at: float
    closed_at: float
    killed_at: float
    unequal: list[str]
    """SKUs of which the adapter's copy differs from the engine's stock."""
    verdict: Verdict


def step(text: str) -> None:
    """Say what happens now."""
    report.progress_console.print(f"[dim]·[/] {text}")


async def show_progress(plan: Plan, answers: Answers) -> None:
    """Show how the sale goes until cancelled: as a bar on a terminal, else as lines."""
    console = report.progress_console
    if not console.is_terminal:
        while True:
            await asyncio.sleep(PLAIN_INTERVAL_S)
            step(
                f"{answers.counts['gone']:,} of {len(plan.buyers):,} buyers served, "
                + _sold_so_far(answers)
            )
    columns = (
        TextColumn("[dim]·[/] buyers served"),
        BarColumn(24, complete_style="green", finished_style="green"),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
        TextColumn("[dim]{task.fields[sold]}[/]"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("sale", total=len(plan.buyers), sold="")
        while True:
            bar.update(task, completed=answers.counts["gone"], sold=_sold_so_far(answers))
            await asyncio.sleep(LIVE_INTERVAL_S)


def _sold_so_far(answers: Answers) -> str:
    return f"{answers.confirmed[HOT_SKU]:,} of {HOT_UNITS:,} sold"


def figures(outcome: Outcome) -> dict[str, Any]:
    """Everything that was measured, with the checks by name and `well` if all of them hold."""
    answers, adapter = outcome.answers, outcome.adapter
    counts = answers.counts
    seconds = outcome.closed_at - outcome.opened_at
    checks = _checks(outcome)
    by_command = {name: latencies(each)._asdict() for name, each in sorted(answers.seconds.items())}
    return {
        "well": all(not wrong for wrong in checks.values()),
        "sale": {
            "buyers": len(outcome.plan.buyers),
            "hot units sold": answers.confirmed[HOT_SKU],
            "hot units loaded": HOT_UNITS,
            "units sold": sum(answers.confirmed.values()),
            "units shipped": sum(answers.shipped.values()),
            "baskets held": counts["held"],
            "baskets paid": counts["paid"] + counts["cancelled after paying"],
            "orders shipped": counts["shipped"],
            "refused": counts["refused"],
            "left with nothing": counts["left with nothing"],
            "expired": len(answers.left_to_expire),
            "came too late": counts["came too late"],
            "cancelled": counts["cancelled before paying"] + counts["cancelled after paying"],
            "sent twice": counts["repeated"],
        },
        "checks": checks,
        "speed": {
            "seconds": round(seconds, 1),
            "answers": len(answers.answered_at),
            "answers per second": round(len(answers.answered_at) / seconds),
            "answers in the best second": _best_second(answers.answered_at),
            "latency": by_command,
            "feed events": adapter.events,
            "feed lag": latencies(adapter.lag_s)._asdict(),
            "expired late": latencies(_expired_late_s(outcome))._asdict(),
        },
        "crash": {
            "killed after s": round(outcome.killed_at - outcome.opened_at, 1),
            "unavailable s": round(_outage_s(answers.answered_at, outcome.killed_at), 2),
        },
        "verify": outcome.verdict.said,
    }


def _checks(outcome: Outcome) -> dict[str, Any]:
    """What must be zero or empty, and is not if something is off."""
    answers, adapter = outcome.answers, outcome.adapter
    stock = outcome.plan.stock
    late_s = _expired_late_s(outcome)
    verdict = outcome.verdict
    return {
        "units oversold": sum(
            max(0, units - stock[sku]) for sku, units in answers.confirmed.items()
        ),
        "answers that contradict": answers.wrong[:10],
        "effects doubled": adapter.double_effects,
        "answers lost": len(answers.acknowledged - adapter.request_ids),
        "holds expired early": sum(late < 0 for late in late_s),
        "holds expired late": sum(late > EXPIRED_LATE_S_MAX for late in late_s),
        "holds never expired": len(answers.left_to_expire.keys() - adapter.expired_at.keys()),
        "feed gaps": adapter.gaps,
        "feed duplicates": adapter.duplicates,
        "feed disagreements": adapter.disagreements,
        "adapter's copy unequal": outcome.unequal[:10],
        "verify": "" if verdict.well else verdict.summary,
    }


def _expired_late_s(outcome: Outcome) -> list[float]:
    expired_at = outcome.adapter.expired_at
    return [
        (expired_at[name] - deadline).total_seconds()
        for name, deadline in outcome.answers.left_to_expire.items()
        if name in expired_at
    ]


def _best_second(answered_at: list[float]) -> int:
    seconds = sorted(int(at) for at in answered_at)
    return max((len(list(each)) for _, each in itertools.groupby(seconds)), default=0)


def _outage_s(answered_at: list[float], killed_at: float) -> float:
    """The longest time without any answer that ended in the seconds after the kill."""
    times = [killed_at, *sorted(at for at in answered_at if 0 < at - killed_at < OUTAGE_S_MAX)]
    return max((after - before for before, after in itertools.pairwise(times)), default=0.0)


def panel(figures: dict[str, Any]) -> Panel:
    """The report as a person reads it."""
    sale, speed, crash, checks = (figures[name] for name in ("sale", "speed", "crash", "checks"))
    latency = speed["latency"]
    replayed = figures["verify"].get("figures", {}).get("events", 0)
    promises = [(_PROMISE[name], _mark(wrong)) for name, wrong in checks.items()]
    if not checks["verify"]:
        promises[-1] = (_PROMISE["verify"], _kept(f"ok, {replayed:,} events replayed"))
    sections: list[RenderableType] = [
        _section(
            "The sale",
            [
                (
                    "the hot article",
                    f"{sale['hot units sold']:,} of {sale['hot units loaded']:,} sold",
                ),
                ("buyers", f"{sale['buyers']:,}"),
                ("baskets held", f"{sale['baskets held']:,}"),
                ("paid", f"{sale['baskets paid']:,}, {sale['orders shipped']:,} shipped already"),
                ("refused for want of stock", f"{sale['refused']:,}"),
                ("holds expired", f"{sale['expired']:,}, {sale['came too late']:,} came too late"),
                ("cancelled", f"{sale['cancelled']:,}"),
                ("writes sent twice on purpose", f"{sale['sent twice']:,}"),
            ],
        ),
        _section(
            "Speed",
            [
                *(
                    (f"{name}, p50 · p99 · max", _times(latency[name]))
                    for name in ("reserve", "commit")
                    if name in latency
                ),
                ("feed lag, p50 · p99 · max", _times(speed["feed lag"])),
                ("answers per second", _rate(speed)),
            ],
        ),
        _section(
            "The crash",
            [
                ("shard killed (SIGKILL)", f"{crash['killed after s']:g} s into the sale"),
                ("no answers for", f"{crash['unavailable s']:g} s"),
            ],
        ),
        _section("Promises", promises),
    ]
    verdict = (
        Text("Every promise was kept.", style="bold green")
        if figures["well"]
        else Text("Something is off: see the marked lines.", style="bold red")
    )
    return Panel(
        Group(*sections, Padding(verdict, (1, 2))),
        title="[bold]Holdfast[/] · a flash sale with a crash in the middle",
        box=box.ROUNDED,
        border_style="green" if figures["well"] else "red",
        width=_WIDTH,
    )


_PROMISE = {
    "units oversold": "units oversold",
    "answers that contradict": "answers that contradict each other",
    "effects doubled": "effects doubled by retries",
    "answers lost": "acknowledged writes lost",
    "holds expired early": "holds expired too early",
    "holds expired late": "holds expired too late",
    "holds never expired": "holds that never expired",
    "feed gaps": "gaps in the feed",
    "feed duplicates": "duplicates in the feed",
    "feed disagreements": "events that do not add up",
    "adapter's copy unequal": "adapter's copy unlike the engine's",
    "verify": "holdfast verify",
}


def _section(title: str, rows: list[tuple[str, Any]]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", width=_LABEL_WIDTH)
    table.add_column()
    for name, value in rows:
        table.add_row(name, value)
    return Padding(Group(Text(title, style="bold"), Padding(table, (0, 0, 0, 2))), (1, 2, 0, 2))


def _mark(wrong: Any) -> Text:
    if not wrong:
        return _kept("0")
    shown = "\n".join(wrong) if isinstance(wrong, list) else str(wrong)
    return Text.assemble(("✗ ", "bold red"), (shown, "red"))


def _kept(text: str) -> Text:
    return Text.assemble(("✓ ", "green"), text)


def _times(each: dict[str, float]) -> str:
    return f"{each['p50_ms']:,.1f} · {each['p99_ms']:,.0f} · {each['max_ms']:,.0f} ms"


def _rate(speed: dict[str, Any]) -> str:
    return (
        f"{speed['answers per second']:,} over {speed['seconds']:g} s, "
        f"{speed['answers in the best second']:,} at best"
    )
