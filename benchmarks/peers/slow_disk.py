"""Holdfast and its peers on a disk whose flushes take longer, beside the same on the disk that is
there: who shares flushes among callers hardly notices, who does one for each stands in line.

A library that is loaded before a server's others delays its flushes; it takes a C compiler to make.
TigerBeetle cannot be measured so: its program brings all of its own and takes in no library, and it
flushes by how it opens its file.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers import Peer, Server, postgres, redis
from benchmarks.peers.comparison import (
    BATCHES,
    HOLDFAST,
    SINGLES,
    Load,
    all_running,
    batches,
    singles,
    turns,
)
from benchmarks.sections import Found, Section, Setting, rows_of

SOURCE = Path(__file__).with_name("slow_disk.c")
LIBRARY = "slow_disk.so"
SYSTEMS: Sequence[Peer] = (HOLDFAST, redis.ALWAYS, postgres.ROW)
MANY_CALLERS = 512
MANY_SINGLES = f"{MANY_CALLERS} singles"
SLOW = ", slow"
NOT_TIGERBEETLE = {"TigerBeetle": "no library can be loaded before its program"}


def missing() -> str:
    """What is not installed that is needed to make a disk slow; empty if all is there."""
    return "" if shutil.which("cc") else "no C compiler"


@contextmanager
def slow_environment(delay_ms: float) -> Iterator[Mapping[str, str]]:
    """What makes a server's disk slow that is started with it, inside the block."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as made:
        library = Path(made) / LIBRARY
        command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-o", str(library), str(SOURCE)]
        subprocess.run([*command, "-ldl"], check=True)
        # A server that runs as another user has to come by it: it would start without.
        Path(made).chmod(0o711)
        before = [str(library), os.environ.get("LD_PRELOAD", "")]
        yield {
            "LD_PRELOAD": " ".join(filter(None, before)),
            "SLOW_DISK_US": str(round(delay_ms * 1_000)),
        }


def is_slow(server: Server) -> bool:
    """Whether a server's processes have the library: where it cannot be loaded, they run without
    and say nothing."""
    all_ids = {**server.process_ids, **server.process_trees}
    writing = [all_ids[name] for name in ("server", "shard") if name in all_ids]
    return all(LIBRARY in Path(f"/proc/{each}/maps").read_text() for each in writing)


async def measure_slow_disk(setting: Setting) -> Found:
    """Every system twice: on the disk that is there, and on a slow one."""
    if not setting.flush_delay_ms:
        return Found({}, left_out={"slow disk": "--flush-delay-ms 0"})
    if missing():
        return Found({}, left_out={"slow disk": missing()})
    left_out = {system.name: why for system in SYSTEMS if (why := system.missing())}
    there = [system for system in SYSTEMS if system.name not in left_out]
    systems = {name: each for each in there for name in (each.name, each.name + SLOW)}
    with slow_environment(setting.flush_delay_ms) as slow:
        environments = {name: slow for name in systems if name.endswith(SLOW)}
        async with all_running(systems, environments) as servers:
            wrong = [f"{name}: no delay" for name in environments if not is_slow(servers[name])]
            rows = await turns(_singles(servers), setting)
            rows |= await turns(_batches(servers), setting)
    facts = {"flushes are slower by, ms": setting.flush_delay_ms}
    return Found(rows_of(rows), facts, left_out | NOT_TIGERBEETLE, wrong)


def _singles(servers: Mapping[str, Server]) -> list[Load]:
    loads = [singles(f"{SINGLES}, {name}", server) for name, server in servers.items()]
    return loads + [
        singles(f"{MANY_SINGLES}, {name}", server, MANY_CALLERS)
        for name, server in servers.items()
        if name.startswith(HOLDFAST.name)
    ]


def _batches(servers: Mapping[str, Server]) -> list[Load]:
    return [
        load for name, server in servers.items() for load in batches(f"{BATCHES}, {name}", server)
    ]


SECTION = Section("slow-disk", "With slower flushes, as on cloud disks", measure_slow_disk)
