"""Channels from the SDK: the client and the real server agree, also after a restart."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from holdfast import Client, EventKind, SyncClient, _channel_writes, errors
from holdfast.channels import (
    Channel,
    ChannelPolicy,
    ChannelTerms,
    DynamicBuffer,
    Listing,
    ListingProblem,
    ListingReport,
    PolicyOfChannel,
    SkuGroup,
)

from engine.config import Configuration
from engine.log.verify import verify
from engine.node import Node

DYNAMIC = DynamicBuffer(1.65, 4, 0.5, 14)
WEB = Channel("web", ("L", "M"), ("shops",), ChannelTerms(buffer_percent=20), listed_only=True)
CUP_L = Listing("CUP", "L", "eu", "cup", "ldn")


async def test_a_channel_is_set_up_and_survives_a_restart(tmp_path: Path) -> None:
    configuration = Configuration(
        data_dir=str(tmp_path), listen="127.0.0.1:0", metrics_listen="", shards=2
    )
    node = Node(configuration)
    async with Client((await node.start()).rpc, tenant="acme") as client:
        for sku in ("CUP", "POT"):
            await client.receive(sku, "L", 10)
        assert (await client.configure_channel(WEB)).cursor
        await client.configure_channel("till")
        await client.define_sku_group("china", ["CUP"], sku_prefixes=["PO"])
        policies = [
            ChannelPolicy(sku="CUP", terms=ChannelTerms(dynamic_buffer=DYNAMIC, cap_units=9)),
            ChannelPolicy(sku_group="china", terms=ChannelTerms(buffer_units=3)),
        ]
        await client.set_channel_policies("web", policies)
        duplicate = CUP_L._replace(sku="POT")
        mapped = await client.map_listings("web", [CUP_L, duplicate, Listing("POT", item="pot")])
        assert mapped.mapped == 2
        assert mapped.problems == (ListingReport(duplicate, ListingProblem.DUPLICATE, CUP_L),)
        computed = await client.compute_buffers("web", ["CUP"])
        assert computed.buffers[0].parameters == DYNAMIC
        before = await client.channel_availability("web", "CUP")
        channels = await client.channels()
    await node.stop()
    assert channels.channels == (Channel("till"), WEB)
    assert channels.policies == tuple(PolicyOfChannel("web", policy) for policy in policies)
    assert channels.sku_groups == (SkuGroup("china", ("CUP",), ("PO",)),)
    assert (before.update.units, before.buffer_units, before.available_units) == (9, 0, 10)
    assert before.computed_buffer == computed.buffers[0]
    assert before.policy == policies[0]
    assert before.update.locations[0].listing == CUP_L

    node = Node(configuration)
    async with Client((await node.start()).rpc, tenant="acme") as client:
        again = await client.channels("web")
        assert (again.channels, again.policies) == ((WEB,), channels.policies)
        after = await client.channel_availability("web", "CUP")
        assert after._replace(cursor="") == before._replace(cursor="")
        found = await client.find_listings("web", [("eu", "cup", "ldn"), ("eu", "hat", "")])
        assert found.items == (CUP_L, None)
        listed = [report async for report in client.listings("web", page_size=1)]
        assert [(one.listing, one.problem) for one in listed] == [
            (CUP_L, None),
            (Listing("POT", item="pot"), None),
        ]
        assert [one async for one in client.listings("web", dangling_only=True)] == []
    await node.stop()
    assert verify(tmp_path).differences == []


async def test_a_node_computes_buffers_by_itself(tmp_path: Path) -> None:
    configuration = Configuration(
        data_dir=str(tmp_path), listen="127.0.0.1:0", metrics_listen="", shards=2
    )
    node = Node(configuration)
    async with Client((await node.start()).rpc) as client:
        await client.receive("CUP", "L", 10)
        await client.configure_channel(Channel("web", terms=ChannelTerms(dynamic_buffer=DYNAMIC)))
    await node.stop()
    node = Node(configuration)
    async with Client((await node.start()).rpc) as client:
        async with asyncio.timeout(20):
            async for event in client.watch(start="beginning"):
                if event.kind is EventKind.BUFFER_COMPUTED:
                    break
        found = await client.channel_availability("web", "CUP")
        assert found.computed_buffer is not None
        assert found.computed_buffer.parameters == DYNAMIC
    await node.stop()
    assert verify(tmp_path).differences == []


async def test_refusals_have_their_classes(node_address: str) -> None:
    async with Client(node_address) as client:
        with pytest.raises(errors.UnknownChannel) as unknown:
            await client.channel_availability("app", "CUP")
        assert unknown.value.channel == "app"
        await client.configure_channel("app")
        with pytest.raises(errors.UnknownSkuGroup):
            await client.set_channel_policies(
                "app", [ChannelPolicy(sku_group="none", terms=ChannelTerms())]
            )
        with pytest.raises(errors.BufferNotDynamic):
            await client.compute_buffers("app", ["CUP"])
        with pytest.raises(errors.ListingsRefused) as wrong:
            await client.map_listings("app", [CUP_L], all_or_nothing=True)
        assert (wrong.value.problems, wrong.value.problem) == (1, "UNKNOWN_STOCK")
        await client.configure_channel("app", remove=True)


async def test_programs_without_asyncio_have_the_same(node_address: str) -> None:
    def use() -> list[Listing]:
        with SyncClient(node_address) as client:
            client.receive("CUP", "L", 5)
            client.configure_channel(Channel("app", locations=["L"]))
            client.map_listings("app", [CUP_L])
            assert client.channel_availability("app", "CUP").update.units == 4
            assert client.channels("app").channels[0].name == "app"
            assert client.find_listings("app", [("eu", "cup", "ldn")]).items == (CUP_L,)
            return [report.listing for report in client.listings("app")]

    assert await asyncio.to_thread(use) == [CUP_L]


def test_what_says_nothing_clear_is_not_sent() -> None:
    both = ChannelTerms(buffer_units=1, buffer_percent=2)
    wrong: list[tuple[Callable[[], object], type[Exception]]] = [
        (lambda: _channel_writes.configure_channel(Channel("a", "LONDON")), TypeError),
        (lambda: _channel_writes.configure_channel(Channel("a", terms=both)), ValueError),
        (lambda: _channel_writes.set_channel_policies("a", [ChannelPolicy()]), ValueError),
        (lambda: _channel_writes.define_sku_group("a", "TEA"), TypeError),
        (lambda: _channel_writes.compute_buffers("a", "TEA"), TypeError),
    ]
    for build, error in wrong:
        with pytest.raises(error):
            build()
