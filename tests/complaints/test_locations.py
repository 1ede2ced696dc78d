"""Complaints about an order that is confirmed on the sum of all locations and reserved at the wrong
one."""

from collections.abc import Collection, Sequence

import pytest
from holdfast import Line, Location, errors

from engine.core.model import Strategy
from engine.core.sourcing import Candidate, Source
from tests.complaints.storefront import (
    Storefront,
    at_once,
    check_rows_add_up,
    quantities,
)


async def _reserved_where_it_is(shop: Storefront) -> None:
    client = shop.client
    await client.receive("TEA", "NORTH", 3)
    await client.receive("TEA", "SOUTH", 3)
    five = [Line("TEA", quantity=5, locations=["NORTH", "SOUTH"])]
    with pytest.raises(errors.InsufficientStock):
        await client.reserve(five, split=False)
    held = await client.reserve(five)
    assert quantities(held.lines) == {("TEA", "NORTH"): 3, ("TEA", "SOUTH"): 2}
    order = await client.commit(held.reservation_id)
    assert quantities(order.lines) == quantities(held.lines)
    for location, allocated in (("NORTH", 3), ("SOUTH", 2)):
        assert (await client.stock("TEA", location)).balances.allocated == allocated
        await check_rows_add_up(client, "TEA", location)
    with pytest.raises(errors.InsufficientStock):
        await client.reserve([Line("TEA", quantity=2, locations=["NORTH", "SOUTH"])])


async def test_medusa_14987_confirmed_on_the_sum_reserved_at_the_first(
    any_shop: Storefront,
) -> None:
    """A cart is confirmed because all locations together have enough, and then everything is
    reserved at the first of them, which has not. Here the answer says what comes from where, the
    commit takes just that, and a basket that may not be split is refused."""
    await _reserved_where_it_is(any_shop)


def _all_from_the_first(
    _strategy: Strategy,
    quantity: int,
    candidates: Sequence[Candidate],
    *,
    split: bool,
    in_use: Collection[str] = (),
) -> tuple[Source, ...]:
    """The planted fault: enough in total, all from the first."""
    del in_use
    total = sum(one.units for one in candidates) if split else candidates[0].units
    return (Source(candidates[0].location, min(quantity, total)),)


async def test_control_medusa_14987_the_planner_takes_all_from_the_first(
    shop: Storefront, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.core.decide.filler.plan", _all_from_the_first)
    with pytest.raises(AssertionError):
        await _reserved_where_it_is(shop)


async def test_medusa_15132_items_that_are_stocked_at_different_locations(
    any_shop: Storefront,
) -> None:
    """The first location of the sales channel is taken for each item, whether or not it has ever
    had that item, so a cart with items from two warehouses cannot be completed. Here each line
    comes from the location of the group that has it, and only what no location has is unknown."""
    client = any_shop.client
    await client.configure_locations(
        [Location("NORTH", 1, groups=["web"]), Location("SOUTH", 2, groups=["web"])]
    )
    await client.receive("TEA", "NORTH", 1)
    await client.receive("MUG", "SOUTH", 1)
    cart = [Line("TEA", group="web"), Line("MUG", group="web")]
    order = await client.allocate(cart)
    assert quantities(order.lines) == {("TEA", "NORTH"): 1, ("MUG", "SOUTH"): 1}
    with pytest.raises(errors.InsufficientStock) as short:
        await client.allocate(cart)
    assert [line.sku for line in short.value.short_lines] == ["TEA", "MUG"]
    with pytest.raises(errors.UnknownStock):
        await client.allocate([Line("CUP", group="web")])


async def test_magento_2727_two_stores_share_one_warehouse(any_shop: Storefront) -> None:
    """Store X sells from two warehouses, store Y from one of them. X sells everything, and Y goes
    on selling what is not there any more, as its saleable number is one of its own. Here both
    stores see the same SKU-location, which is asked and changed by one writer."""
    client = any_shop.client
    await client.configure_locations(
        [Location("ONE", 1, groups=["x"]), Location("TWO", 2, groups=["x", "y"])]
    )
    await client.receive("TEA", "ONE", 10)
    await client.receive("TEA", "TWO", 5)
    sold_by_x = await client.allocate([Line("TEA", quantity=15, group="x")])
    assert quantities(sold_by_x.lines) == {("TEA", "ONE"): 10, ("TEA", "TWO"): 5}
    with pytest.raises(errors.InsufficientStock):
        await client.allocate([Line("TEA", quantity=1, group="y")])
    seen = await client.availability([("TEA", "TWO")])
    assert seen.items[0].total_available == 0
    await client.receive("TEA", "TWO", 5)
    served, short = await at_once(
        [client.allocate([Line("TEA", quantity=1, group=group)]) for group in "xy" * 10]
    )
    assert (len(served), short) == (5, 15)
    await check_rows_add_up(client, "TEA", "TWO")
