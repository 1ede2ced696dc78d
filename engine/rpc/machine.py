"""What a server that strangers can reach asks of its process: descriptors for its connections and
for everything else, and memory that goes back to the machine when it was freed."""

import ctypes
import resource

DESCRIPTORS_SPARED = 256
"""What a node opens beside its connections: sockets of shards, databases, scrapes, backups. Without
them a flood of connections would keep a shard from being started again."""

MMAP_BYTES_MIN = 128 * 1024
"""Memory of this size and more is taken from the machine by itself. It is glibc's own value, but
unless it is stated glibc raises it to 32 MiB, and what is then taken from the heaps stays there for
ever: after a flood of calls with 16 MiB of metadata each 1.7 GB stayed, and with it 0.3 GB."""

_M_MMAP_THRESHOLD = -3


def prepare() -> None:
    """Let this process open as many files as the machine allows, and give memory back."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        # Another C library has its own ways.
        mallopt(_M_MMAP_THRESHOLD, MMAP_BYTES_MIN)


def connections_max() -> int:
    """How many connections a server of this process may have at once."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(limit // 2, limit - DESCRIPTORS_SPARED)
