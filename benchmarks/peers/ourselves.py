"""Holdfast, seen as the peers are: a node of one shard, the Python SDK, and one subscriber that
follows everything.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from holdfast import Client

from benchmarks.messages import HOLD_S, LOCATION
from benchmarks.node import Node, running_node
from benchmarks.peers import UNITS, Recorded
from benchmarks.peers.sdk import HOT, AskedBySdk
from benchmarks.peers.subscriber import Subscriber, following

EVENTS_OF_A_RESERVE = 2
"""The reservation's and the stock's; the receipt of the stock is one, and comes first."""


class HoldfastServer(AskedBySdk):
    """A node with its subscriber."""

    def __init__(self, node: Node, control: Client, subscriber: Subscriber) -> None:
        process_ids = {
            "server": node.process_id,
            "shard": node.shard_process_ids[0],
            "feed": subscriber.process_id,
        }
        super().__init__(node.address, process_ids)
        self._control = control
        self._subscriber = subscriber

    async def reserve(self, request_id: str) -> str:
        """See Reserving."""
        basket = [(HOT, LOCATION, 1)]
        answer = await self._control.reserve(basket, ttl_s=HOLD_S, request_id=request_id)
        return answer.reservation_id

    async def recorded(self) -> Recorded:
        """See Reserving. Every hold is a version of the stock; events are what the subscriber was
        told of."""
        stock = await self._control.stock(HOT, LOCATION)
        position = int(stock.cursor.rpartition(".")[2])
        told = await self._subscriber.reach(position)
        return Recorded(stock.balances.held, stock.version - 1, (told - 1) // EVENTS_OF_A_RESERVE)


class Holdfast:
    """Holdfast as it is by default."""

    name = "Holdfast"

    def missing(self) -> str:
        """See Peer: it is here."""
        return ""

    @asynccontextmanager
    async def running(
        self, directory: Path, environment: Mapping[str, str]
    ) -> AsyncIterator[HoldfastServer]:
        """See Peer."""
        async with (
            running_node(directory, environment=environment) as node,
            Client(node.address, timeout_s=60) as control,
            following(node.address) as subscriber,
        ):
            await control.receive(HOT, LOCATION, UNITS)
            yield HoldfastServer(node, control, subscriber)
