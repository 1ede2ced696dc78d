"""How channels are configured: in every shard, in pages, and for good."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from holdfast.v1 import channels_pb2 as pb

from tests.rpc.serving import Node, refused, serving

DYNAMIC = pb.DynamicBuffer(
    service_factor=1.65, lead_time_days=4, lead_time_deviation_days=0.5, window_days=14
)
WEB = pb.Channel(
    name="web",
    locations=["LONDON", "LEEDS"],
    location_groups=["shops"],
    terms=pb.ChannelTerms(buffer=pb.Buffer(dynamic=DYNAMIC), cap_units=0),
    listed_only=True,
)
TILL = pb.Channel(name="till", terms=pb.ChannelTerms(buffer=pb.Buffer(units=0)))


@pytest.fixture(params=[1, 3], ids=["1 shard", "3 shards"])
async def market(request: pytest.FixtureRequest) -> AsyncIterator[Node]:
    async with serving(count=request.param) as served:
        yield served


async def configure(node: Node, channel: pb.Channel, **fields: Any) -> pb.ConfigureChannelResponse:
    request = pb.ConfigureChannelRequest(context=node.context(), channel=channel, **fields)
    response: pb.ConfigureChannelResponse = await node.channels.ConfigureChannel(request)
    return response


async def set_policies(
    node: Node, channel: str, *policies: pb.ChannelPolicy
) -> pb.SetChannelPoliciesResponse:
    request = pb.SetChannelPoliciesRequest(
        context=node.context(), channel=channel, policies=policies
    )
    response: pb.SetChannelPoliciesResponse = await node.channels.SetChannelPolicies(request)
    return response


async def define_group(node: Node, name: str, **fields: Any) -> None:
    request = pb.DefineSkuGroupRequest(context=node.context(), name=name, **fields)
    await node.channels.DefineSkuGroup(request)


async def everything(node: Node, **fields: Any) -> pb.ListChannelsResponse:
    """All pages as one."""
    found = pb.ListChannelsResponse()
    request = pb.ListChannelsRequest(**fields)
    while True:
        page = await node.channels.ListChannels(request)
        assert page.cursor
        found.MergeFrom(page)
        request.page_token = page.next_page_token
        if not request.page_token:
            return found


@pytest.mark.parametrize("page_size", [0, 1, 2])
async def test_what_was_configured_is_listed_in_pages(market: Node, page_size: int) -> None:
    for channel in (WEB, TILL):
        assert (await configure(market, channel)).receipt.cursor
    await define_group(market, "shirts", skus=["SHIRT-1"], sku_prefixes=["POLO-"])
    capped = pb.ChannelPolicy(sku="TEA", terms=pb.ChannelTerms(cap_units=3))
    grouped = pb.ChannelPolicy(
        sku_group="shirts", terms=pb.ChannelTerms(buffer=pb.Buffer(percent=25))
    )
    await set_policies(market, "web", grouped, capped)
    found = await everything(market, page_size=page_size)
    assert list(found.channels) == [TILL, WEB]
    assert [(one.channel, one.policy) for one in found.policies] == [
        ("web", capped),
        ("web", grouped),
    ]
    assert list(found.sku_groups) == [
        pb.SkuGroup(name="shirts", skus=["SHIRT-1"], sku_prefixes=["POLO-"])
    ]
    alone = await everything(market, channel="till", page_size=page_size)
    assert (list(alone.channels), len(alone.policies)) == ([TILL], 0)
    assert not (await everything(market, tenant="another")).channels


async def test_a_removed_channel_takes_its_policies_along(market: Node) -> None:
    await configure(market, WEB)
    await set_policies(market, "web", pb.ChannelPolicy(sku="TEA", terms=pb.ChannelTerms()))
    await configure(market, pb.Channel(name="web"), remove=True)
    found = await everything(market)
    assert (len(found.channels), len(found.policies)) == (0, 0)
    gone = configure(market, pb.Channel(name="web"), remove=True)
    refusal = await refused(gone)
    assert (refusal.reason, refusal.metadata) == ("UNKNOWN_CHANNEL", {"channel": "web"})


async def test_what_does_not_exist_is_named(market: Node) -> None:
    policy = pb.ChannelPolicy(sku_group="shirts", terms=pb.ChannelTerms())
    refusal = await refused(set_policies(market, "web", policy))
    assert (refusal.reason, refusal.metadata) == ("UNKNOWN_CHANNEL", {"channel": "web"})
    await configure(market, WEB)
    refusal = await refused(set_policies(market, "web", policy))
    assert (refusal.reason, refusal.metadata) == ("UNKNOWN_SKU_GROUP", {"sku_group": "shirts"})
    listing = pb.Listing(sku="TEA", item="1")
    for call in (
        market.channels.MapListings(
            pb.MapListingsRequest(context=market.context(), channel="app", listings=[listing])
        ),
        market.channels.ComputeBuffers(
            pb.ComputeBuffersRequest(context=market.context(), channel="app", skus=["TEA"])
        ),
        market.channels.GetChannelAvailability(
            pb.GetChannelAvailabilityRequest(channel="app", sku="TEA")
        ),
    ):
        refusal = await refused(call)
        assert (refusal.reason, refusal.metadata) == ("UNKNOWN_CHANNEL", {"channel": "app"})


async def test_a_repeated_write_is_answered_as_before(market: Node) -> None:
    request = pb.ConfigureChannelRequest(context=market.context(), channel=WEB)
    first = await market.channels.ConfigureChannel(request)
    again = await market.channels.ConfigureChannel(request)
    assert (first.receipt.replayed, again.receipt.replayed) == (False, True)
    assert again.receipt.cursor == first.receipt.cursor
    request.channel.listed_only = False
    refusal = await refused(market.channels.ConfigureChannel(request))
    assert refusal.reason == "REQUEST_ID_REUSED"


async def test_eight_channels_may_have_an_allocation_of_a_sku(market: Node) -> None:
    terms = pb.ChannelTerms(allocation_units=1)
    for number in range(8):
        await configure(market, pb.Channel(name=f"c{number}"))
        await set_policies(market, f"c{number}", pb.ChannelPolicy(sku="TEA", terms=terms))
    await configure(market, pb.Channel(name="c8"))
    refusal = await refused(set_policies(market, "c8", pb.ChannelPolicy(sku="TEA", terms=terms)))
    assert refusal.reason == "INVALID_FIELD"
    assert refusal.metadata["limit"] == "at most 8 channels with an allocation of one SKU"
    found = await everything(market, channel="c3")
    assert found.policies[0].policy.terms.HasField("allocation_since")
