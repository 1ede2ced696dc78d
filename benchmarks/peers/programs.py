"""Programs of others: where they are, and how they run for the length of a block."""

import asyncio
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

START_S_MAX = 20.0
LOG_QUOTED_MAX = 2_000


def program(name: str) -> str | None:
    """Where a program is: beside an installed package, or on the path."""
    beside = (Path(folder) / "bin" / name for folder in sys.path if folder)
    found = next((str(path) for path in beside if os.access(path, os.X_OK)), None)
    return found or shutil.which(name)


def missing(name: str, package: str) -> str:
    """What is not there of a program and a Python package; empty if both are."""
    return f"no {name}" if program(name) is None else missing_package(package)


def missing_package(package: str) -> str:
    """Says that a Python package is not there; empty if it is."""
    return "" if importlib.util.find_spec(package) else f"no Python package {package}"


@asynccontextmanager
async def serving(
    command: Sequence[str],
    port: int,
    log: Path,
    stop: signal.Signals = signal.SIGTERM,
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> AsyncIterator[Any]:
    """Run a server until the end of the block; it listens inside. What is given of an environment
    is added to that of this process; the options are `Popen`'s."""
    with log.open("wb") as output:
        started = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            **options,
        )
    try:
        async with asyncio.timeout(START_S_MAX):
            while not await _listens(port):
                if started.poll() is not None:
                    raise RuntimeError(f"{command[0]} has ended: {_end_of(log)}")
                await asyncio.sleep(0.02)
        yield started
    finally:
        started.send_signal(stop)
        await asyncio.to_thread(started.wait)


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-LOG_QUOTED_MAX:]


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
