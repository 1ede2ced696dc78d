"""What Holdfast does on this machine, beside what one would use in its place, in the same run.

    python -m benchmarks.bench [--quick] [--only NAME,...] [--rounds N] [--flush-delay-ms MS]
                               [--orders FILE] [--locations N] [--events N] [--results DIR]
                               [--json]

How to read it. Sections run one after the other; each begins with servers of its own. Rows of a
section that are compared take turns, so that what else the machine does weighs on all of them, and
give the medians of their rounds. Compare ratios; absolute figures are this machine's. `calibration`
is the time of a fixed piece of plain Python before and after, to compare two runs by. The last
table holds the targets: what is wanted of which ratio, and whether it is so. Rows are kept as lines
of JSON, and drawn (see `benchmarks.results` and `benchmarks.plots`). All of it takes about an hour,
of which the long history, which comes last, takes a quarter; after Ctrl-C what was measured before
is reported.

Sections: {sections}
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from benchmarks import (
    disk,
    feed_section,
    kill_rounds,
    memory,
    one_node,
    open_loop,
    plots,
    recovery,
    report,
    results,
    targets,
)
from benchmarks.load import calibration_ms
from benchmarks.peers import comparison, slow_disk
from benchmarks.sections import Found, Section, Setting, document, tables
from benchmarks.workloads import growth, one_shard, over_shards, scaling

SECTIONS: Sequence[Section] = (
    one_node.SECTION,
    comparison.SECTION,
    slow_disk.SECTION,
    one_shard.SECTION,
    one_shard.WIDE_SECTION,
    over_shards.SECTION,
    over_shards.ORDERS_SECTION,
    scaling.SECTION,
    open_loop.SECTION,
    feed_section.SECTION,
    recovery.SECTION,
    kill_rounds.SECTION,
    disk.SECTION,
    memory.SECTION,
    growth.SECTION,
)
"""In the order in which they run."""
DEFAULTS = Setting()


async def main(arguments: Any) -> int:
    """Measure and report; gives the exit code. What was measured before a section fails, or before
    Ctrl-C, is reported all the same."""
    setting = setting_of(arguments)
    said: dict[str, Any] = {"calibration ms, before": calibration_ms(), "sections": []}
    parts: list[RenderableType] = []
    all_found: dict[str, Found] = {}
    kept = results.Results(setting.results or results.DIRECTORY, setting)
    try:
        for section in arguments.only:
            report.progress(f"{section.name}: {section.what}")
            before_ms = calibration_ms()
            found = await section.measure(setting)
            all_found[section.name] = found
            calibration = {"calibration_ms": [before_ms, calibration_ms()]}
            said["sections"].append(document(section, found) | calibration)
            kept.keep(said["sections"][-1])
            parts += tables(section, found)
    finally:
        judged = [targets.judge(target, all_found) for target in targets.targets(setting)]
        said["targets"] = [each._asdict() for each in judged]
        kept.keep_targets(said["targets"])
        said["calibration ms, after"] = calibration_ms()
        ends = [(name, value) for name, value in said.items() if name.startswith("calibration")]
        parts += [report.facts("", ends), *targets.tables(judged, setting)]
        report.write(arguments, said, *parts)
        plots.draw(all_found, kept.path.with_suffix(""))
    return 1 if any(found.wrong for found in all_found.values()) else 0


def setting_of(arguments: argparse.Namespace) -> Setting:
    """How the run was asked for. A quick look takes one round, if no other number is asked for."""
    rounds = arguments.rounds or (1 if arguments.quick else DEFAULTS.rounds)
    asked = {name: getattr(arguments, name) for name in Setting._fields if name != "rounds"}
    return Setting(rounds=rounds, **asked)


def sections_named(names: str) -> list[Section]:
    """The sections of a list with commas, in the order in which they run."""
    asked = names.split(",")
    unknown = set(asked) - {section.name for section in SECTIONS}
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no section {', '.join(sorted(unknown))}")
    return [section for section in SECTIONS if section.name in asked]


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    names = ", ".join(section.name for section in SECTIONS)
    made = report.parser((__doc__ or "").format(sections=names), "bench")
    made.add_argument("--quick", action="store_true", help="one short round of everything")
    made.add_argument(
        "--only",
        type=sections_named,
        default=list(SECTIONS),
        metavar="NAME,...",
        help="these sections alone",
    )
    made.add_argument("--rounds", type=int, default=0, help=f"{DEFAULTS.rounds} if not given")
    made.add_argument(
        "--flush-delay-ms",
        type=float,
        default=DEFAULTS.flush_delay_ms,
        metavar="MS",
        help="how much longer each flush of a slow disk takes; 0: no slow disk",
    )
    made.add_argument("--orders", type=Path, metavar="FILE", help="orders to replay")
    made.add_argument("--locations", type=int, default=0, help="SKU-locations to load")
    made.add_argument("--events", type=int, default=0, help="of a long history, and of the disk")
    made.add_argument(
        "--results",
        type=Path,
        metavar="DIR",
        help="where figures and plots are kept; benchmarks/results if not given",
    )
    return made


if __name__ == "__main__":
    sys.exit(report.run(main(parser().parse_args())))
