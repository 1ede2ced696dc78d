"""How a benchmark reports: a table for a person, or one JSON document for a program.

With `--json` standard output holds the document alone; with `--json-file FILE` the table is printed
and the document written. Progress goes to standard error.
"""

import argparse
import asyncio
import json
import os
import platform
import signal
import sys
from collections.abc import Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any

import uvloop
from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

REPORT_COLUMNS = 120
"""How wide a report is where there is no terminal to fit."""

progress_console = Console(stderr=True, highlight=False)


def parser(documentation: str | None, name: str) -> argparse.ArgumentParser:
    """The arguments of a benchmark, with those that all of them have."""
    made = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=documentation,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--json", action="store_true", help="print JSON instead of tables")
    made.add_argument("--json-file", type=Path, metavar="FILE", help="write JSON to a file as well")
    return made


def run(main: Coroutine[Any, Any, int]) -> int:
    """Run a benchmark on the event loop that Holdfast uses; gives its exit code."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_until_told_to_end(main))
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


async def _until_told_to_end(main: Coroutine[Any, Any, int]) -> int:
    """SIGTERM ends a benchmark as Ctrl-C does: the nodes that it has started end with it."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await main


def progress(text: str) -> None:
    """Tell a person who waits what goes on."""
    progress_console.print(text, style="dim", markup=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table; all columns but the first are set to the right."""
    made = Table(
        title=title, title_justify="left", title_style="bold", header_style="dim", box=SIMPLE_HEAD
    )
    for index, column in enumerate(columns):
        made.add_column(column, justify="left" if index == 0 else "right", no_wrap=True)
    for row in rows:
        made.add_row(*(Text(shown(cell)) for cell in row))
    return made


def shown(value: object) -> str:
    """A value in a cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"
    return "-" if value is None else str(value)


def facts(title: str, rows: Iterable[tuple[str, object]]) -> Table:
    """Names and values, one to a line."""
    made = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=None)
    made.add_column(style="dim")
    made.add_column(justify="right")
    for name, value in rows:
        made.add_row(name, Text(shown(value)))
    return made


def write(arguments: argparse.Namespace, document: dict[str, Any], *parts: RenderableType) -> None:
    """Print the result as it was asked for."""
    document = {"machine": machine(), **document}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if arguments.json_file is not None:
        arguments.json_file.write_text(text + "\n", encoding="utf-8")
    if arguments.json:
        sys.stdout.write(text + "\n")
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=REPORT_COLUMNS)
    for each in parts:
        console.print()
        console.print(each)


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processors": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "memory_GiB": round(memory / 1024**3, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    """The processors' model, or else their architecture."""
    cpuinfo = Path("/proc/cpuinfo")
    for line in cpuinfo.read_text().splitlines() if cpuinfo.exists() else ():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
