"""Pictures of what `make bench` has found: throughput against latency, scaling, memory.

    python -m benchmarks.plots FILE.jsonl

draws those of a file of results again, beside it, as SVG and PNG. `make bench` does so by itself.
matplotlib is installed beside this project by `make bench`; without it nothing is drawn.
"""

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import memory, open_loop, report, results
from benchmarks.peers.programs import missing_package
from benchmarks.sections import Found
from benchmarks.workloads import scaling

TICKS_OF_A_DECADE = (1, 2, 5)
SUFFIXES = (".svg", ".png")
PANEL_INCHES = (5.6, 4.2)
DOTS_PER_INCH = 150
COLOURS = ("#0b6e99", "#d9730d", "#a61e4d")
"""Told apart in grey as well, and by those who see no red."""
MARKERS = ("o", "s", "^")
STYLE = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "svg.fonttype": "none",
    "svg.hashsalt": "holdfast",
}

Points = list[tuple[float, float]]


class Panel(NamedTuple):
    """One system of axes."""

    title: str
    x: str
    y: str
    curves: Mapping[str, Points]
    logarithmic: str = ""
    """Which axes are: "", "x", "y" or "xy"."""
    upright: float | None = None
    """Where an upright line is drawn, for `upright_says`."""
    upright_says: str = ""


class Picture(NamedTuple):
    """What is drawn into one file."""

    name: str
    title: str
    """A sentence."""
    panels: Sequence[Panel]


def pictures(found: Mapping[str, Found]) -> list[Picture]:
    """All that can be drawn of what was found, by section."""
    makers: Mapping[str, Callable[[Mapping[str, Any]], Picture]] = {
        open_loop.SECTION.name: latency_by_throughput,
        scaling.SECTION.name: throughput_by_load,
        memory.SECTION.name: memory_by_locations,
    }
    return [
        make(found[name].rows)
        for name, make in makers.items()
        if name in found and found[name].rows
    ]


def latency_by_throughput(rows: Mapping[str, Mapping[str, Any]]) -> Picture:
    """What was answered at each rate, and how long that took."""
    titles = {"singles": "Single Reserves through the SDK", "batches": "Batches of 100 Reserves"}
    labels = {"p50_ms": "p50", "p99_ms": "p99", "p999_ms": "p99.9"}
    panels = []
    for series, title in titles.items():
        mine = [row for name, row in rows.items() if name.startswith(f"{series}, open, ")]
        curves = {
            label: [(row["per_second"], row[column]) for row in mine if row[column] is not None]
            for column, label in labels.items()
        }
        closed = [
            row["per_second"] for name, row in rows.items() if name.startswith(f"{series}, closed")
        ]
        panels.append(
            Panel(
                title,
                "answers per second",
                "latency from the intended start, ms",
                curves,
                "y",
                max(closed),
                "closed loop at best",
            )
        )
    return Picture("latency", "What a node answers at a constant rate, and how soon", panels)


def throughput_by_load(rows: Mapping[str, Mapping[str, Any]]) -> Picture:
    """What is answered to more callers, and in larger batches."""

    def points(column: str, unit: str) -> Points:
        mine = [row for name, row in rows.items() if unit in name]
        return [(row[column], row["per_second"]) for row in mine]

    callers, sizes = points("callers", scaling.CALLERS_ROW), points("size", scaling.SIZES_ROW)
    y = "Reserves answered per second"
    return Picture(
        "scaling",
        "Throughput grows with what is asked at once: one flush serves all that wait for it",
        [
            Panel("Single Reserves through the SDK", "callers at once", y, {"": callers}, "x"),
            Panel("4 callers with prepared batches", "Reserves in a batch", y, {"": sizes}, "x"),
        ],
    )


def memory_by_locations(rows: Mapping[str, Mapping[str, Any]]) -> Picture:
    """What a node has in memory with ever more SKU-locations."""
    loaded = [row for name, row in rows.items() if name not in memory.AFTERWARDS]
    labels = {"node": "node", "shard": "of that, the shard", "front end": "of that, the front end"}
    curves = {
        label: [(row["locations"], row[f"{process} resident_MiB"]) for row in loaded]
        for process, label in labels.items()
    }
    title = "Memory of a node by the SKU-locations that it was loaded with"
    return Picture("memory", title, [Panel("", "SKU-locations", "resident memory, MiB", curves)])


def draw(found: Mapping[str, Found], stem: Path) -> list[Path]:
    """Draw what there is into files that begin with `stem`; gives their names. Without matplotlib
    there are none."""
    if why := missing_package("matplotlib"):
        report.progress(f"no pictures: {why}")
        return []
    matplotlib: Any = importlib.import_module("matplotlib")
    drawn = []
    with matplotlib.rc_context(STYLE):
        for picture in pictures(found):
            figure = _figure(picture)
            for suffix in SUFFIXES:
                path = stem.with_name(f"{stem.name}-{picture.name}{suffix}")
                figure.savefig(path, dpi=DOTS_PER_INCH)
                drawn.append(path)
    return drawn


def _figure(picture: Picture) -> Any:
    made: Any = importlib.import_module("matplotlib.figure").Figure
    width, height = PANEL_INCHES
    number = len(picture.panels)
    figure = made(figsize=(width * max(number, 1.2), height), layout="constrained")
    figure.suptitle(picture.title, x=0.01, horizontalalignment="left", fontweight="bold")
    (row,) = figure.subplots(1, number, squeeze=False, sharey=True)
    for axes, panel in zip(row, picture.panels, strict=True):
        _draw_curves(axes, panel)
    # Their axes are shared: limits are known when all of them are drawn.
    for axes, panel in zip(row, picture.panels, strict=True):
        _set_axes(axes, panel)
    return figure


def _draw_curves(axes: Any, panel: Panel) -> None:
    for (label, points), colour, marker in zip(
        panel.curves.items(), COLOURS, MARKERS, strict=False
    ):
        axes.plot(*zip(*points, strict=True), color=colour, marker=marker, label=label)
    if panel.upright is not None:
        axes.axvline(panel.upright, color="#888888", linestyle="--", linewidth=1, zorder=0)
        axes.annotate(
            panel.upright_says,
            (panel.upright, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-4, -2),
            textcoords="offset points",
            horizontalalignment="right",
            verticalalignment="top",
            color="#666666",
        )
    if any(panel.curves):
        axes.legend()


def _set_axes(axes: Any, panel: Panel) -> None:
    ticks: Any = importlib.import_module("matplotlib.ticker")
    axes.set(title=panel.title, xlabel=panel.x, ylabel=panel.y)
    axes.label_outer()
    plain = ticks.FuncFormatter(lambda value, _position: f"{value:,.10g}")
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        if name in panel.logarithmic:
            getattr(axes, f"set_{name}scale")("log")
            axis.set_major_locator(ticks.LogLocator(subs=TICKS_OF_A_DECADE))
        else:
            getattr(axes, f"set_{name}lim")(0)
        axis.set_major_formatter(plain)
        axis.set_minor_formatter(ticks.NullFormatter())


def main() -> int:
    """Draw the pictures of a file again; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plots")
    parser.add_argument("file", type=Path, help="a file of results")
    file = parser.parse_args().file
    for path in draw(results.read(file), file.with_suffix("")):
        report.progress(str(path))
    return 0


if __name__ == "__main__":
    sys.exit(main())
