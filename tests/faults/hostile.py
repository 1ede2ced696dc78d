"""A node under attack, and what has to hold of it: it stays up, serves those who behave, and is
afterwards as it was before."""

import asyncio
import os
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from holdfast import Client
from holdfast.errors import HoldfastError

from benchmarks import processes
from benchmarks.node import Node
from tests.faults.attacks import Attack

MIB = 1024 * 1024
SERVED_S_MAX = 30.0
"""A call of those who behave takes no longer, on however slow a machine."""
RELEASED_S_MAX = 60.0
DESCRIPTORS_MORE_MAX = 8
"""A connection of the metrics, of a client that behaves: what comes and goes by itself."""
DESCRIPTORS_SPARED = 500
"""What this process needs beside its connections."""


class Vitals(NamedTuple):
    """What a node's front end takes of the machine."""

    process_id: int
    descriptors: int
    mib: float


def vitals(node: Node) -> Vitals:
    """As it is now."""
    process_id = node.process_id
    descriptors = len(os.listdir(f"/proc/{process_id}/fd"))
    return Vitals(process_id, descriptors, processes.memory(process_id).anonymous / MIB)


def connections_allowed(wanted: int) -> int:
    """How many connections this process may hold, at most as many as wanted: the limit of
    descriptors is raised as far as the machine allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(wanted, hard - DESCRIPTORS_SPARED)


class Outcome(NamedTuple):
    """How a node has withstood an attack."""

    broken: list[str]
    """The promises that do not hold."""
    figures: dict[str, Any]


class Behaved:
    """A client that keeps the rules, with a connection of its own for each time."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.served = 0
        self.longest_s = 0.0

    async def ask(self) -> bool:
        """Receive a unit over a new connection; says whether that was done in time."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(SERVED_S_MAX), Client(self._node.address) as client:
                await client.receive("TEA", "LONDON", 1)
        except (TimeoutError, HoldfastError):
            return False
        self.served += 1
        self.longest_s = max(self.longest_s, time.monotonic() - begun)
        return True


async def withstand(
    node: Node,
    attack: Attack,
    number: int,
    mib_more_max: float,
    released_s_max: float = RELEASED_S_MAX,
) -> Outcome:
    """Attack a node, and look at it while that goes on, while what the attack has opened is still
    open, and afterwards, until it has given the descriptors back."""
    port = int(node.address.rpartition(":")[2])
    behaved = Behaved(node)
    serves = await behaved.ask()
    before = vitals(node)
    begun = time.monotonic()
    attacking = asyncio.create_task(asyncio.to_thread(attack, port, number))
    most_mib = before.mib
    while not attacking.done():
        serves = await behaved.ask() and serves
        most_mib = max(most_mib, vitals(node).mib)
    with closing(await attacking) as opened:
        attacked_s = time.monotonic() - begun
        serves = await behaved.ask() and serves
        during = vitals(node)
    after = during
    end = time.monotonic() + released_s_max
    while time.monotonic() < end:
        serves = await behaved.ask() and serves
        after = vitals(node)
        if after.descriptors <= before.descriptors + DESCRIPTORS_MORE_MAX:
            break
    more_mib = max(most_mib, during.mib, after.mib) - before.mib
    promises = {
        "stays up": after.process_id == before.process_id,
        "serves": serves,
        "bounded memory": more_mib <= mib_more_max,
        "gives descriptors back": after.descriptors <= before.descriptors + DESCRIPTORS_MORE_MAX,
    }
    figures = {
        "attack": attack.__name__,
        "number": number,
        "seconds": round(attacked_s, 2),
        "connections": len(opened),
        "served": behaved.served,
        "longest s": round(behaved.longest_s, 3),
        "MiB more": round(more_mib, 1),
        "descriptors": (before.descriptors, during.descriptors, after.descriptors),
    }
    return Outcome([name for name, holds in promises.items() if not holds], figures)


@contextmanager
def closing(opened: list[socket.socket]) -> Iterator[list[socket.socket]]:
    """Connections that are closed at the end of the block."""
    try:
        yield opened
    finally:
        for each in opened:
            each.close()
