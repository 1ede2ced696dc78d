"""What a shard says of channels: what they may sell, and what was sold at their locations."""

from engine.core.channels import (
    Buffer,
    Channel,
    ChannelPolicy,
    ChannelTerms,
    ComputedBuffer,
    DynamicBuffer,
)
from engine.core.commands import (
    BasketLine,
    Commit,
    ComputeBuffer,
    ConfigureChannel,
    DefineKit,
    Receive,
    Reserve,
    Sell,
    SetChannelPolicies,
    Ship,
)
from engine.core.configuration import Component
from engine.core.model import Key
from engine.shard.channel_queries import (
    ChannelAvailabilityRead,
    DailySalesRead,
    LocationAvailable,
    ReadChannelAvailability,
    ReadDailySales,
    SkuSales,
)
from engine.shard.queries import AvailabilityRead, NotThere, Query, QueryResult, ReadAvailability
from engine.shard.slots import slot_of
from tests.shard.shop import START_MS, TEA, Shop, id_of

LEEDS = Key("", "TEA", "LEEDS")
DAY_MS = 24 * 60 * 60 * 1_000
DYNAMIC = DynamicBuffer(2.0, 4.0, 1.0, window_days=3)


async def _shop(*channels: Channel) -> Shop:
    shop = Shop()
    await shop.accepted(Receive(TEA, 10))
    await shop.accepted(Receive(LEEDS, 10))
    for channel in channels:
        await shop.accepted(ConfigureChannel("", channel))
    return shop


async def _ask(shop: Shop, query: Query) -> QueryResult:
    result = await shop.shards.submit(slot_of("", "TEA"), query, 0)
    assert isinstance(result, QueryResult)
    return result


async def _available(shop: Shop, channel: str, *locations: str, but: str = "") -> list[list[int]]:
    keys = tuple(("TEA", location) for location in locations)
    result = await _ask(shop, ReadAvailability("", keys, channel, but))
    assert isinstance(result, AvailabilityRead)
    return [[one.available for one in found] for found in result.availabilities]


async def test_what_is_available_to_a_channel_adds_up_over_locations() -> None:
    capped = ChannelTerms(Buffer(units=0), 12)
    shop = await _shop(Channel("web", ("LONDON", "LEEDS"), terms=capped))
    # All locations share what may be sold, in its order of preference; each may have it alone.
    assert await _available(shop, "web", "", "LEEDS", "LONDON") == [[2, 10], [10], [10]]
    assert await _available(shop, "pos", "") == [[10, 10]]
    await shop.accepted(ConfigureChannel("", Channel("web", ("LEEDS",), terms=capped)))
    assert await _available(shop, "web", "", "LONDON") == [[10, 0], [0]]


async def test_what_is_fenced_is_available_to_nobody_else() -> None:
    shop = await _shop(Channel("web", terms=ChannelTerms(None, None, 15)))
    assert await _available(shop, "", "", "LEEDS") == [[5, 0], [5]]
    assert await _available(shop, "web", "") == [[10, 5]]
    held = await shop.accepted(Reserve("", (BasketLine("1", TEA, 8),), channel="web"))
    assert await _available(shop, "web", "") == [[7, 0]]
    assert await _available(shop, "web", "", but=id_of(held)) == [[10, 5]]
    assert await _available(shop, "", "") == [[5, 0]]


async def test_the_facts_of_what_a_channel_may_sell() -> None:
    policy = ChannelPolicy("TEA", "", ChannelTerms(Buffer(percent=20)))
    shop = await _shop(
        Channel("web", ("LEEDS",)), Channel("app", terms=ChannelTerms(None, None, 12))
    )
    await shop.accepted(SetChannelPolicies("", "web", (policy,)))
    result = await _ask(shop, ReadChannelAvailability("", "web", ("TEA", "NONE")))
    assert isinstance(result, ChannelAvailabilityRead)
    tea, none = result.skus
    assert (tea.units, tea.unlimited, tea.policy, tea.terms) == (6, False, policy, policy.terms)
    assert (tea.available_units, tea.others_units, tea.buffer_units) == (10, 2, 2)
    assert tea.locations == (LocationAvailable("LEEDS", 6, False, 1),)
    assert (none.units, none.locations, none.policy) == (0, (), None)
    await shop.accepted(Sell(TEA, 3, channel="app"))
    result = await _ask(shop, ReadChannelAvailability("", "app", ("TEA",)))
    assert isinstance(result, ChannelAvailabilityRead)
    assert (result.skus[0].allocation_used_units, result.skus[0].units) == (3, 9)


async def test_a_kit_tells_what_it_consists_of() -> None:
    shop = await _shop(Channel("web"))
    components = (Component("CUP", 2),)
    await shop.accepted(DefineKit("", "SET", components))
    result = await _ask(shop, ReadChannelAvailability("", "web", ("SET",)))
    assert isinstance(result, ChannelAvailabilityRead)
    assert result.skus[0].components == components


async def test_an_unknown_channel_is_not_there() -> None:
    shop = await _shop()
    query = ReadChannelAvailability("", "web", ("TEA",))
    assert isinstance(await _ask(shop, query), NotThere)


async def _sales(shop: Shop, *skus: str) -> tuple[SkuSales, ...]:
    question = ReadDailySales("", "web", skus, shop.now_ms)
    result = await shop.shards.look_up(0, question, 0)
    assert isinstance(result, DailySalesRead)
    return result.sales


async def test_sales_are_counted_by_day_up_to_yesterday() -> None:
    terms = ChannelTerms(Buffer(dynamic=DYNAMIC))
    shop = await _shop(Channel("web", ("LONDON",), terms=terms))
    assert await _sales(shop, "TEA") == (SkuSales("TEA", DYNAMIC, (0, 0, 0)),)
    await shop.accepted(Sell(TEA, 1))
    await shop.accepted(Sell(LEEDS, 5))
    shop.now_ms += DAY_MS
    held = await shop.reserve(4, ttl_ms=60_000)
    await shop.accepted(Commit("", id_of(held)))
    await shop.accepted(Ship("", id_of(held)))
    await shop.accepted(Sell(TEA, 1))
    shop.now_ms += DAY_MS
    await shop.accepted(Sell(TEA, 2))
    assert await _sales(shop, "TEA") == (SkuSales("TEA", DYNAMIC, (0, 1, 5)),)
    accepted = await shop.accepted(ComputeBuffer("", "web", "TEA", (0, 1, 5)))
    result = await _ask(shop, ReadChannelAvailability("", "web", ("TEA",)))
    assert isinstance(result, ChannelAvailabilityRead)
    computed = result.skus[0].computed_buffer
    # The mean is 2, the variance 14/3: 2 * sqrt(4 * 14/3 + 2**2 * 1), rounded up.
    expected = ComputedBuffer("web", "TEA", DYNAMIC, 2.0, (14 / 3) ** 0.5, 10, shop.now_ms)
    assert computed == expected
    assert accepted.answer.buffer == expected  # type: ignore[union-attr]
    assert result.skus[0].units == 0


async def test_sales_of_what_has_no_dynamic_buffer_are_not_counted() -> None:
    shop = await _shop(Channel("web"))
    assert await _sales(shop, "TEA") == (SkuSales("TEA", None),)
    question = ReadDailySales("", "app", ("TEA",), START_MS)
    assert isinstance(await shop.shards.look_up(0, question, 0), NotThere)
