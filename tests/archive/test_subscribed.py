"""What a node keeps for its subscriptions when it forgets, and what of them is in a backup."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from holdfast import (
    Client,
    EventBatch,
    ExternalMessage,
    Replayed,
    RetentionWarning,
    Subscription,
)
from holdfast.errors import CursorForeign, CursorOutOfRange
from holdfast.feed_messages import SnapshotBatch
from holdfast.v1 import subscriptions_pb2 as pb

from engine.archive.backup import back_up_stopped
from engine.archive.followers import Followers
from engine.archive.restore import restore
from engine.config import Configuration
from engine.feed.sqlite_subscriptions import FILE
from engine.log.keeping import Policy, base_to_use
from engine.log.layout import open_layout
from engine.node import Node, NodeRefused
from tests.archive.histories import Past
from tests.cli.conftest import ServedNode
from tests.feed.subscribing import subscribing

DAY_MS = 86_400_000


@contextmanager
def served(data_dir: Path, *flags: str) -> Iterator[ServedNode]:
    node = ServedNode(data_dir, *flags)
    try:
        yield node
    finally:
        node.stop()


def old_past(directory: Path) -> Past:
    """A directory whose events are years old by the wall clock."""
    past = Past(directory)
    for _ in range(20):
        past.ledger.receive("TEA", 5)
        past.ledger.append(past.log)
    past.log.close()
    return past


async def retained(node: ServedNode) -> dict[str, Any]:
    arguments = ("retain", "--data-dir", str(node.data_dir))
    [shard] = (await asyncio.to_thread(node.ask, *arguments))["shards"]
    assert isinstance(shard, dict)
    return shard


def metrics(node: ServedNode) -> str:
    with urlopen(node.metrics_url, timeout=20) as answer:  # noqa: S310
        text: str = answer.read().decode()
    return text


async def received(subscription: Subscription, count: int) -> list[int]:
    positions: list[int] = []
    while len(positions) < count:
        message = await anext(subscription)
        if isinstance(message, EventBatch):
            positions += [event.position for event in message.events]
    return positions


async def warning(subscription: Subscription) -> RetentionWarning:
    async for message in subscription:
        if isinstance(message, RetentionWarning):
            assert message.cursor == ""
            return message
    raise AssertionError("the subscription ended")


async def test_what_is_not_acknowledged_is_kept_and_warned_about(tmp_path: Path) -> None:
    past = old_past(tmp_path / "data")
    flags = ("--retention-events", "4", "--subscription-grace-days", "36500")
    with served(past.data_dir, *flags) as node:
        async with Client(node.address) as client, client.subscribe("web") as subscription:
            first = await received(subscription, 20)
            base = (await retained(node))["base_taken"]
            for _ in range(6):
                await client.receive("TEA", "LONDON", 1)
            assert (await retained(node))["dropped_up_to"] == 0
            told = await warning(subscription)
            assert told.drops_at is not None
            grace_s = 36_500 * 86_400
            oldest_s = told.drops_at.timestamp() - grace_s
            assert oldest_s < datetime.now(UTC).timestamp() - 86_400
            assert told.lag_events >= 26
            assert "holdfast_subscriptions_holding_retention 1.0" in metrics(node)
            async with client.subscribe("web") as again:
                assert (await warning(again)).drops_at == told.drops_at
                assert (await received(again, 26))[:20] == first
                await again.acknowledge(again.received)
                await client.wait_for_subscriber("web", again.received)
                assert "holdfast_subscriptions_holding_retention 0.0" in metrics(node)
                assert (await retained(node))["dropped_up_to"] == base
        _, errors = node.stop()
    assert "a subscription holds up retention" in errors
    assert "a subscription was left behind" not in errors


async def test_what_is_too_old_is_forgotten_and_whoever_needs_it_is_told(tmp_path: Path) -> None:
    past = old_past(tmp_path / "data")
    with served(past.data_dir, "--retention-events", "4") as node:
        async with Client(node.address) as client:
            async with client.subscribe("web"), client.subscribe("latest", mode="latest"):
                pass
            base = (await retained(node))["base_taken"]
            for _ in range(6):
                await client.receive("TEA", "LONDON", 1)
            assert (await retained(node))["dropped_up_to"] == base
            # What can go on no more holds up nothing.
            assert "holdfast_subscriptions_holding_retention 0.0" in metrics(node)
            with pytest.raises(CursorOutOfRange) as gone:
                async with client.subscribe("web"):
                    pass
            assert gone.value.oldest.endswith(f"-0.{base}")
            await client.reset_subscription("web", gone.value.oldest)
            async with client.subscribe("web") as subscription:
                # The event after the base says that it was taken, and is nobody's.
                assert (await received(subscription, 6))[0] == base + 2
            # Who wants the latest alone begins with what is there.
            async with client.subscribe("latest", mode="latest") as latest:
                message = await anext(latest)
                while isinstance(message, RetentionWarning):
                    message = await anext(latest)
                assert isinstance(message, SnapshotBatch)
                assert [stock.sku for stock in message.stocks] == ["TEA"]
        _, errors = node.stop()
    assert errors.count("a subscription was left behind") == 2


async def test_who_can_go_on_no_more_holds_up_nothing() -> None:
    async with subscribing() as node:
        for _ in range(6):
            await node.receive(1)
        (await node.open()).break_off()
        (
            await node.open(name="ahead", after_cursor="1-10ca1000-1-0.4", start_from=None)
        ).break_off()
        followers = Followers(node.subscriptions, node.lag, 0, 0)
        assert followers.acknowledged(0) == 0
        await followers.warn(0, 3)
        assert followers.holding == 1
        followers.note_dropped(0, 3)
        node.shards.shards[0].oldest = 4
        assert (followers.acknowledged(0), followers.holding) == (4, 0)
        await followers.warn(0, 5)
        assert followers.holding == 1
        await node.service.DeleteSubscription(pb.DeleteSubscriptionRequest(name="ahead"))
        assert (followers.acknowledged(0), followers.holding) == (None, 0)


ACKNOWLEDGED = [
    # Up to where every subscription has acknowledged, its grace in days, and what may be dropped.
    (None, 0, True),
    (-1, 1, False),
    (0, 1, True),
    (-1, 0, True),
]


@pytest.mark.parametrize(("behind", "grace_days", "is_dropped"), ACKNOWLEDGED)
def test_the_policy_holds_back_for_its_grace(
    tmp_path: Path, behind: int | None, grace_days: int, is_dropped: bool
) -> None:
    past = Past(tmp_path / "data")
    past.live(8)
    past.forget()
    base = past.take_base()
    past.live(4)
    acknowledged = None if behind is None else base + behind
    policy = Policy(keep_ms=60_000, grace_ms=grace_days * DAY_MS, acknowledged=acknowledged)
    later_ms = past.log.head.recorded_at_ms + 120_000
    usable = base_to_use(past.log, past.directory, policy, later_ms)
    assert usable == (base if is_dropped else 0)
    assert base_to_use(past.log, past.directory, policy, later_ms + DAY_MS) == base
    past.log.close()


ORDER = ExternalMessage("order 7", "application/json", b"{}")


async def subscribed(client: Client) -> str:
    """A subscription with all that it may have; the cursor that it has acknowledged."""
    await client.receive("TEA", "LONDON", 1)
    async with client.subscribe("web") as subscription:
        await received(subscription, 1)
        await subscription.acknowledge(subscription.received)
        await subscription.set_mark("orders", "7")
        await subscription.park(ORDER, "why")
        await client.replay_parked("web")
        return subscription.cursor


async def all_there(client: Client, position: int) -> None:
    """It goes on after what was acknowledged, with its mark and what is parked."""
    async with client.subscribe("web") as subscription:
        assert not subscription.created
        assert subscription.cursor.endswith(f"-0.{position}")
        assert subscription.marks == {"orders": "7"}
        async for message in subscription:
            if isinstance(message, Replayed):
                assert message.parked.content == ORDER
                break


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "data"


async def test_a_backup_of_a_running_node_has_its_subscriptions(kept: Path, tmp_path: Path) -> None:
    backup, restored = tmp_path / "backup", tmp_path / "restored"
    with served(kept) as node:
        async with Client(node.address) as client:
            await subscribed(client)
            arguments = ("--data-dir", str(kept), "--to", str(backup))
            said = await asyncio.to_thread(node.ask, "backup", *arguments)
            await client.receive("TEA", "LONDON", 1)
            async with client.subscribe("web") as subscription:
                await received(subscription, 1)
                await subscription.acknowledge(subscription.received)
                lost = subscription.received
    manifest = json.loads((backup / "manifest.json").read_text())["manifest"]
    assert FILE in [each["path"] for each in manifest["files"]]
    assert said["files"] == len(manifest["files"])
    restore(backup, restored)
    with served(restored) as node:
        async with Client(node.address) as client:
            await all_there(client, 1)
            with pytest.raises(CursorForeign):
                await client.reset_subscription("web", lost)


async def test_a_backup_of_a_killed_node_has_its_subscriptions(kept: Path, tmp_path: Path) -> None:
    with served(kept) as node:
        async with Client(node.address) as client:
            cursor = await subscribed(client)
            await client.wait_for_subscriber("web", cursor)
            # Whatever is durable after it, acknowledgements before it are durable too.
            await client.reset_subscription("web", cursor)
        node.process.kill()
        node.stop()
    back_up_stopped(kept, tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "restored")
    with served(tmp_path / "restored") as node:
        async with Client(node.address) as client:
            await all_there(client, 1)


async def test_a_damaged_file_of_subscriptions_keeps_a_node_from_starting(kept: Path) -> None:
    configuration = Configuration(data_dir=str(kept), listen="127.0.0.1:0", metrics_listen="")
    open_layout(kept, 1)
    (kept / FILE).write_bytes(b"no database" * 1_000)
    with pytest.raises(NodeRefused, match=r"subscriptions\.db cannot be used"):
        await Node(configuration).start()
