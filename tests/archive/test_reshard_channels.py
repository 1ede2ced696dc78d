"""Channels, and what they have taken of their allocations, survive a reshard."""

from pathlib import Path

from engine.archive.reshard import reshard
from engine.core.channels import Buffer, Channel, ChannelPolicy, ChannelTerms, DynamicBuffer
from engine.core.commands import (
    BasketLine,
    ComputeBuffer,
    ConfigureChannel,
    DefineSkuGroup,
    Receive,
    Reserve,
    SetChannelPolicies,
)
from engine.log.verify import verify
from engine.shard.channel_queries import ChannelAvailabilityRead, ReadChannelAvailability
from engine.shard.slots import shard_of, slot_of
from tests.archive.markets import SKUS, RocksMarket

DYNAMIC = ChannelTerms(Buffer(dynamic=DynamicBuffer(2.0, 4.0, 1.0)))


async def _seen(market: RocksMarket) -> list[object]:
    """What each channel may sell of each SKU, and why."""
    found: list[object] = []
    for channel in ("web", "app"):
        for key in SKUS:
            query = ReadChannelAvailability("", channel, (key.sku,))
            result = await market.shards.submit(slot_of("", key.sku), query, 0)
            assert isinstance(result, ChannelAvailabilityRead)
            found += result.skus
    return found


async def test_channels_and_what_they_have_taken_are_kept(tmp_path: Path) -> None:
    market = RocksMarket(tmp_path / "old", 2)
    assert {shard_of(slot_of("", key.sku), 2) for key in SKUS} == {0, 1}
    await market.accepted(ConfigureChannel("", Channel("web", terms=DYNAMIC)))
    await market.accepted(ConfigureChannel("", Channel("app")))
    await market.accepted(DefineSkuGroup("", "all", tuple(key.sku for key in SKUS)))
    fenced = ChannelPolicy("", "all", ChannelTerms(None, None, 7))
    await market.accepted(SetChannelPolicies("", "app", (fenced,)))
    for number, key in enumerate(SKUS):
        await market.accepted(Receive(key, 20))
        await market.accepted(ComputeBuffer("", "web", key.sku, (number, 1)))
    lines = tuple(BasketLine(key.sku, key, 2) for key in SKUS)
    await market.accepted(Reserve("", lines, channel="app"))
    before = await _seen(market)
    market.stop()
    assert verify(tmp_path / "old").differences == []
    reshard(tmp_path / "old", tmp_path / "new", 3)
    market = RocksMarket(tmp_path / "new", 3, market.now_ms)
    assert await _seen(market) == before
    used = {one.allocation_used_units for one in before[len(SKUS) :]}  # type: ignore[attr-defined]
    assert used == {2}
    market.stop()
    assert verify(tmp_path / "new").differences == []
