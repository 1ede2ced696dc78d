"""Which functions of a node take its time under load: the top of a flame graph, as a table.

    python -m benchmarks.hot_functions [--seconds N] [--top N] [--json]

A node of one shard is asked for one hot SKU, first by 64 callers of single Reserves through the
SDK, then by 4 callers with batches of 100. Meanwhile py-spy, which has to be on the path and may
have to be root, looks at the front end and at the shard 200 times a second.

How to read it: of all looks that found a thread with the interpreter, which is what bounds a
process, `own` is the share that found it in the function itself, with what it calls in C and does
not let go of the interpreter for (RocksDB, msgspec, protobuf); `with callees` counts what it calls
in Python as well. Who waits, for the disk or for work, is not seen. Looking slows the node down: no
rates are given.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import report
from benchmarks.figures import rounded
from benchmarks.load import Ask
from benchmarks.node import Node, running_node
from benchmarks.peers.programs import program
from benchmarks.workloads.closed import CALLERS, bring_stock, by_sdk, prepared
from benchmarks.workloads.one_shard import HOT, hot

PY_SPY = "py-spy"
LOOKS_PER_S = 200
SINGLE_CALLERS = 64
SECONDS, TOP = 10, 10


class Share(NamedTuple):
    """How many of a hundred looks found a function at work."""

    function: str
    own: float
    with_callees: float


def top(stacks: Iterable[str], number: int) -> list[Share]:
    """The functions with the most time of their own, of lines that each hold a stack, outermost
    function first, and how often it was seen: `a;b;c 12`."""
    own: Counter[str] = Counter()
    with_callees: Counter[str] = Counter()
    for line in stacks:
        stack, _, seen = line.rpartition(" ")
        functions = stack.split(";")
        own[functions[-1]] += int(seen)
        for function in set(functions):
            with_callees[function] += int(seen)
    percent = 100 / max(own.total(), 1)
    return [
        Share(name, rounded(seen * percent), rounded(with_callees[name] * percent))
        for name, seen in own.most_common(number)
    ]


async def hot_functions(py_spy: str, seconds: int, number: int) -> dict[str, list[Share]]:
    """The top of the front end and of the shard, under each load."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        async with running_node(Path(directory)) as node:
            await bring_stock(node, [HOT])
            loads: Mapping[str, tuple[int, AbstractAsyncContextManager[Ask]]] = {
                f"{SINGLE_CALLERS} single callers": (SINGLE_CALLERS, by_sdk(node, HOT)),
                f"{CALLERS} callers with batches": (CALLERS, prepared(node, hot())),
            }
            for load, (callers, asking) in loads.items():
                report.progress(load)
                async with asking as ask:
                    files = await _sampled(py_spy, node, seconds, callers, ask)
                for process, file in files.items():
                    found[f"{process}, {load}"] = top(file.read_text().splitlines(), number)
    return found


async def _sampled(
    py_spy: str, node: Node, seconds: int, callers: int, ask: Ask
) -> dict[str, Path]:
    """Look at both processes while so many callers ask; gives the files with their stacks."""
    ids = {"front end": node.process_id, "shard": node.shard_process_ids[0]}
    files = {name: node.log_path.with_name(f"{name}.stacks") for name in ids}

    async def caller(index: int) -> None:
        while True:
            await ask(index, 0)

    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(caller(index)) for index in range(callers)]
        await asyncio.gather(
            *(_look(py_spy, ids[name], seconds, file) for name, file in files.items())
        )
        for task in asking:
            task.cancel()
    return files


async def _look(py_spy: str, process_id: int, seconds: int, file: Path) -> None:
    arguments = f"record --pid {process_id} --duration {seconds} --rate {LOOKS_PER_S}".split()
    arguments += ["--gil", "--nolineno", "--format", "raw", "--output", str(file)]
    process = await asyncio.create_subprocess_exec(
        py_spy,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"{PY_SPY} has ended: {said.decode(errors='replace').strip()}")


async def main(arguments: Any) -> int:
    """Look and report; gives the exit code."""
    py_spy = program(PY_SPY)
    if py_spy is None:
        report.write(arguments, {"left out": f"no {PY_SPY}"}, f"Left out: no {PY_SPY}")
        return 0
    found = await hot_functions(py_spy, arguments.seconds, arguments.top)
    columns = ("", "own, %", "with callees, %")
    report.write(
        arguments,
        {name: [share._asdict() for share in shares] for name, shares in found.items()},
        *(report.table(name.capitalize(), columns, shares) for name, shares in found.items()),
    )
    return 0


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    made = report.parser(__doc__, "hot_functions")
    made.add_argument("--seconds", type=int, default=SECONDS, help="how long to look")
    made.add_argument("--top", type=int, default=TOP, help="how many functions to name")
    return made


if __name__ == "__main__":
    sys.exit(report.run(main(parser().parse_args())))
