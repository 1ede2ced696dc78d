"""A node that is killed loses at most the last acknowledgements of its subscriptions."""

import asyncio
from pathlib import Path

from holdfast import Client, EventBatch, ExternalMessage, Replayed, Subscription

from benchmarks.node import Node, running_node
from engine.feed.cursor import Cursor

SHARDS = 2
KILLS = 2
SKUS = [f"SKU-{number}" for number in range(6)]


class Told:
    """What one subscription was told, each event by shard and position."""

    def __init__(self) -> None:
        self.events: list[tuple[int, int]] = []

    async def until(self, subscription: Subscription, cursor: str) -> str:
        """Read until a cursor of a write is covered; the cursor of the feed then."""
        [(shard, position)] = Cursor.parse(cursor).positions.items()
        while (shard, position) not in self.events:
            message = await anext(subscription)
            if isinstance(message, EventBatch):
                self.events += [(event.shard, event.position) for event in message.events]
        return subscription.received


def covers(cursor: str, other: str) -> bool:
    """Whether one cursor of a feed is nowhere behind another."""
    one, two = Cursor.parse(cursor).positions, Cursor.parse(other).positions
    return all(one[shard] >= position for shard, position in two.items())


async def write(client: Client) -> list[str]:
    """An event for each SKU; the cursors."""
    receipts = await asyncio.gather(*(client.receive(sku, "LONDON", 1) for sku in SKUS))
    return [receipt.cursor for receipt in receipts]


async def kill(node: Node) -> None:
    node.kill()
    await node.start()


async def test_a_killed_node_keeps_subscriptions_marks_and_parked_messages(
    tmp_path: Path,
) -> None:
    acknowledged = ""
    parked: dict[int, str] = {}
    steady = Told()
    async with running_node(tmp_path, SHARDS) as node, Client(node.address, timeout_s=60) as client:
        async with client.subscribe("steady") as stays:
            for number in range(KILLS):
                written = await write(client)
                for cursor in written:
                    await steady.until(stays, cursor)
                await stays.acknowledge(stays.received)
                async with client.subscribe("web") as comes:
                    assert comes.created is (number == 0)
                    if number:
                        assert comes.marks == {"orders": f"{number - 1}"}
                        assert covers(acknowledged, comes.cursor)
                    told = Told()
                    for cursor in written:
                        await told.until(comes, cursor)
                    # Nothing is left out between what is remembered and what was written last.
                    begin = Cursor.parse(comes.cursor).positions
                    for shard in range(SHARDS):
                        places = [at for where, at in told.events if where == shard]
                        first = begin[shard] + 1
                        assert places == list(range(first, first + len(places)))
                    acknowledged = comes.received
                    await comes.acknowledge(acknowledged)
                    await comes.set_mark("orders", f"{number}")
                    order = ExternalMessage(f"order {number}", "application/json", b"{}")
                    one = await comes.park(order, "unknown item")
                    parked[one.id] = order.id
                await client.replay_parked("web", [min(parked)])
                await kill(node)
                found = [each async for each in client.parked_messages("web")]
                assert {each.id: each.content.id for each in found} == parked
                assert [each.replaying for each in found] == [each == found[0] for each in found]
            # Its stream has broken with each kill, and was opened again by itself.
            for cursor in await write(client):
                await steady.until(stays, cursor)
            assert len(steady.events) == len(set(steady.events)) == (KILLS + 1) * len(SKUS)
            await stays.acknowledge(stays.received)
        states = [each async for each in client.subscriptions()]
        assert [(each.name, each.parked_messages) for each in states] == [
            *(("steady", 0), ("web", KILLS)),
        ]
        assert states[0].lag_events == 0
        async with client.subscribe("web") as comes:
            message = await anext(comes)
            while not isinstance(message, Replayed):
                message = await anext(comes)
            assert message.parked.id == min(parked)
