"""What the kernel knows about a process: its children, the CPU time and the memory it uses."""

import os
from pathlib import Path
from typing import NamedTuple

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def command_line(process_id: int) -> list[str]:
    """The arguments that a process was started with; empty if it has ended."""
    try:
        text = Path(f"/proc/{process_id}/cmdline").read_bytes()
    except OSError:
        return []
    return text.decode(errors="replace").split("\0")[:-1]


def children(process_id: int) -> list[int]:
    """The processes that a process has started and that have not been waited for."""
    found: list[int] = []
    for thread in Path(f"/proc/{process_id}/task").glob("*/children"):
        try:
            found += [int(each) for each in thread.read_text().split()]
        except OSError:
            continue  # The thread has ended meanwhile.
    return found


def cpu_s(process_id: int) -> float:
    """Seconds of CPU that a process has used so far, in user and kernel mode; 0 if it has ended."""
    own, _ = _cpu_times_s(process_id)
    return own


def tree_cpu_s(process_id: int) -> float:
    """The same of a process and all that it has started, those included that have ended."""
    own, ended = _cpu_times_s(process_id)
    return own + ended + sum(tree_cpu_s(child) for child in children(process_id))


def threads(process_id: int) -> list[int]:
    """The threads of a process; the first one has the number of the process."""
    return sorted(int(thread.name) for thread in Path(f"/proc/{process_id}/task").iterdir())


def thread_cpu_s(process_id: int, thread_id: int) -> float:
    """Seconds of CPU that one thread of a process has used so far."""
    own, _ = _cpu_times_s(f"{process_id}/task/{thread_id}")
    return own


def _cpu_times_s(process: int | str) -> tuple[float, float]:
    """CPU of a process itself, and of its descendants that have ended and were waited for."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return 0.0, 0.0
    # The name, in parentheses, may hold spaces; user and system time are the 12th and 13th fields
    # after it, those of the descendants come next.
    ticks = [int(field) for field in stat.rpartition(")")[2].split()[11:15]]
    return sum(ticks[:2]) / _TICKS_PER_SECOND, sum(ticks[2:]) / _TICKS_PER_SECOND


class Memory(NamedTuple):
    """Bytes that a process holds in memory, and how many of them are its own (not file pages)."""

    resident: int
    anonymous: int


def memory(process_id: int) -> Memory:
    """The memory of a process; zeros if it has ended."""
    sizes = {"VmRSS": 0, "RssAnon": 0}
    try:
        lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        name, _, value = line.partition(":")
        if name in sizes:
            sizes[name] = int(value.split()[0]) * 1024
    return Memory(sizes["VmRSS"], sizes["RssAnon"])
