"""A real node, adapters as real processes, and who listens to them."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from holdfast import Client
from holdfast.channels import Channel, ChannelTerms

from benchmarks.node import running_node
from engine.config import Configuration
from engine.node import Node
from tests.adapters.process import AdapterProcess, adapter_process
from tests.adapters.receiver import BROKEN, LOST, Answer, Receiver, receiving
from tests.adapters.test_adapters_webhooks import SECRET

SKUS = tuple(f"SKU-{number}" for number in range(8))


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[str]:
    """A node of two shards with a channel that leaves a unit of each SKU to others."""
    configuration = Configuration(
        data_dir=str(tmp_path / "data"), listen="127.0.0.1:0", metrics_listen="", shards=2
    )
    node = Node(configuration)
    address = (await node.start()).rpc
    try:
        async with Client(address) as client:
            await client.configure_channel(Channel("shop", terms=ChannelTerms(buffer_units=1)))
            for sku in SKUS:
                await client.receive(sku, "LONDON", 100)
        yield address
    finally:
        await node.stop()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving(SECRET, lambda: datetime.now(UTC)) as receiver:
        yield receiver


def words(receiver: Receiver) -> tuple[str, ...]:
    return ("webhooks", "--channel", "shop", "--url", receiver.url)


async def sell(client: Client, units: int) -> None:
    for sku in SKUS:
        await client.sell(sku, "LONDON", units)


async def test_the_receiver_has_the_engines_numbers_however_often_the_adapter_is_killed(
    node: str, receiver: Receiver
) -> None:
    receiver.answers.extend([LOST, BROKEN, LOST] * 3)
    async with Client(node) as client:
        async with adapter_process(node, *words(receiver), secret=SECRET):
            await receiver.until(lambda: len(receiver.units) >= 4)
            await sell(client, 10)
        # Killed with whatever was in flight.
        async with adapter_process(node, *words(receiver), secret=SECRET):
            seen = len(receiver.deliveries)
            await receiver.until(lambda: len(receiver.deliveries) > seen)
        receiver.by_sku["SKU-3"] = Answer(422, takes=False)
        await sell(client, 5)
        async with adapter_process(node, *words(receiver), secret=SECRET) as adapter:
            await watch_a_replay(client, receiver, adapter)
            assert (await adapter.get("/healthz")).text == "ok\n"
            adapter.process.terminate()
            assert await adapter.ended() == 0
        [state] = [each async for each in client.subscriptions(name="webhooks-shop")]
        assert (state.active, state.lag_events, state.parked_messages) == (False, 0, 0)
    assert receiver.problems == []
    assert receiver.late == 0
    assert adapter.log[-1]["message"] == "Stopped."
    assert all(line["adapter"] == "webhooks" for line in adapter.log)
    assert SECRET not in "".join(adapter.lines)


async def watch_a_replay(client: Client, receiver: Receiver, adapter: AdapterProcess) -> None:
    """What was parked is given again, and pushed with the number that holds then."""
    parked = await adapter.said("An update was parked.")
    assert (parked["sku"], parked["reason"]) == ("SKU-3", "The receiver answered 422")
    metrics = (await adapter.get("/metrics")).text
    labels = '{adapter="webhooks",channel="shop",reason="http_422"}'
    assert f"holdfast_adapter_parked_updates_total{labels} 1.0" in metrics
    del receiver.by_sku["SKU-3"]
    assert await client.replay_parked("webhooks-shop") == 1
    await receiver.until(lambda: receiver.units == dict.fromkeys(SKUS, 84))


async def test_who_is_stopped_before_the_engine_is_there_ends_well() -> None:
    async with adapter_process("127.0.0.1:1", "stdout", "--channel", "shop") as adapter:
        assert (await adapter.get("/readyz")).status_code == 503
        adapter.process.terminate()
        assert await adapter.ended() == 0
    assert adapter.log[-1]["message"] == "Stopped."


async def test_what_ends_an_adapter_is_said(node: str, receiver: Receiver, tmp_path: Path) -> None:
    path = str(tmp_path / "shop.jsonl")
    async with (
        Client(node) as client,
        adapter_process(node, "files", "--channel", "nowhere", "--path", path) as lost,
        adapter_process(node, "files", "--channel", "shop", "--path", path) as first,
    ):
        assert await lost.ended() == 1
        assert lost.log[-1]["reason"] == "UNKNOWN_CHANNEL"
        sold = await client.sell("SKU-1", "LONDON", 1)
        await client.wait_for_subscriber("files-shop", sold.cursor)
        assert (await first.get("/readyz")).json()["ready"] is True
        receiver.answers.extend([Answer(410, takes=False)] * 20)
        async with (
            adapter_process(node, *words(receiver), secret=SECRET) as gone,
            adapter_process(node, "files", "--channel", "shop", "--path", path) as second,
        ):
            await second.said("Following.")
            assert await first.ended() == 1
            assert first.log[-1]["reason"] == "SUBSCRIPTION_TAKEN_OVER"
            assert await gone.ended() == 1
            assert "410" in gone.log[-1]["message"]
    assert written(path) == dict.fromkeys(SKUS, 99) | {"SKU-1": 98}


def written(path: str) -> dict[str, int]:
    lines = [json.loads(line) for line in Path(path).read_text().splitlines()]
    return {line["sku"]: line["units"] for line in lines}


async def test_an_engine_that_is_lost_is_said_and_found_again(tmp_path: Path) -> None:
    async with running_node(tmp_path, 1) as node:
        async with Client(node.address) as client:
            await client.configure_channel(Channel("shop"))
        async with adapter_process(node.address, "stdout", "--channel", "shop") as adapter:
            await adapter.said("Following.")
            assert (await adapter.get("/readyz")).status_code == 200
            node.kill()
            await adapter.said("The engine does not answer.")
            assert (await adapter.get("/readyz")).json()["following"] is False
            await node.start()
            await adapter.said("Following again.")
            assert (await adapter.get("/readyz")).status_code == 200
