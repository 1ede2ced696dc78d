"""Units that come free in one shard for a basket that waits in another."""

import pytest

from engine.core.commands import BasketLine, DefineKit, Receive, Reserve
from engine.core.configuration import Component
from engine.core.model import ReservationStatus
from tests.shard.market import Market
from tests.shard.shop import id_of


@pytest.mark.parametrize("first", [1, 2])
async def test_each_component_of_a_kit_is_offered_under_a_name_of_its_own(first: int) -> None:
    """They share line and location and are at the same version; were they to share the name as
    well, the second would stay set aside for ever, taken for the first that has been decided."""
    market = await Market(3).stocked((0, 9, 9))
    kit, *components = market.keys
    parts = tuple(Component(key.sku, 1) for key in components)
    await market.accepted(DefineKit("", kit.sku, parts))
    lines = (BasketLine("1", kit, 10),)
    waits = await market.accepted(Reserve("", lines, ttl_ms=3_600_000, wait_ms=3_600_000))
    versions = [(await market.stock(shard)).version for shard in (1, 2)]
    assert versions[0] == versions[1]

    for shard in (first, 3 - first):
        await market.accepted(Receive(market.keys[shard], 1))
        await market.idle()
    await market.settle()

    reservation = await market.reservation(id_of(waits))
    assert reservation is not None
    assert reservation.status is ReservationStatus.HELD
    assert (await market.held())[1:] == [10, 10]
    assert market.waiting() == [(0, 0)] * 3
    assert market.audit() == []
    market.close()
