"""A channel's identifiers: mapped, found, listed, and what is wrong with them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from holdfast.v1 import channels_pb2 as pb
from holdfast.v1 import configuration_pb2, stock_pb2

from tests.rpc.serving import Node, refused, serving
from tests.rpc.test_channel_service import configure
from tests.rpc.test_references import TEA_SKUS

CUP, POT, BOX = TEA_SKUS.values()
"""Of three shards, each has one."""
UNKNOWN = pb.LISTING_PROBLEM_UNKNOWN_STOCK
DUPLICATE = pb.LISTING_PROBLEM_DUPLICATE
NOT_SOLD = pb.LISTING_PROBLEM_NOT_SOLD_THERE


@pytest.fixture(params=[1, 3], ids=["1 shard", "3 shards"])
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Node]:
    """A channel that sells cups, pots and sets of them in LONDON, and not in PARIS."""
    async with serving(count=request.param) as served:
        await configure(served, pb.Channel(name="web", locations=["LONDON", "LEEDS"]))
        for sku, location in [(CUP, "LONDON"), (POT, "LONDON"), (CUP, "PARIS"), (BOX, "PARIS")]:
            await served.receive(9, stock_pb2.StockKey(sku=sku, location=location))
        parts = [configuration_pb2.Component(sku=sku, quantity=2) for sku in (CUP, POT)]
        await served.configuration.DefineKit(
            configuration_pb2.DefineKitRequest(
                context=served.context(), sku="SET", components=parts
            )
        )
        yield served


def listing(sku: str, location: str, item: str, external_location: str = "") -> pb.Listing:
    return pb.Listing(
        sku=sku, location=location, shop="eu", item=item, external_location=external_location
    )


async def map_listings(node: Node, *listings: pb.Listing, **fields: Any) -> pb.MapListingsResponse:
    request = pb.MapListingsRequest(
        context=node.context(), channel="web", listings=listings, **fields
    )
    response: pb.MapListingsResponse = await node.channels.MapListings(request)
    return response


async def listed(node: Node, **fields: Any) -> list[tuple[str, str, str, int]]:
    """SKU, location, item and problem of all pages."""
    request = pb.ListListingsRequest(channel="web", **fields)
    found = []
    while True:
        page = await node.channels.ListListings(request)
        assert page.cursor
        assert len(page.listings) <= (request.page_size or 100)
        found += [
            (one.listing.sku, one.listing.location, one.listing.item, one.problem)
            for one in page.listings
        ]
        request.page_token = page.next_page_token
        if not request.page_token:
            return found


CUP_L, POT_L = listing(CUP, "LONDON", "cup", "ldn"), listing(POT, "LONDON", "pot", "ldn")
CUP_ALL, SET_L = listing(CUP, "", "cup"), listing("SET", "LONDON", "set", "ldn")
REPORTS: list[tuple[str, pb.Listing, Any, pb.Listing | None]] = [
    ("no such SKU", listing("HAT", "LONDON", "hat"), UNKNOWN, None),
    ("no such SKU anywhere", listing("HAT", "", "hat"), UNKNOWN, None),
    ("not at this location", listing(POT, "LEEDS", "pot-2"), UNKNOWN, None),
    ("not sold from there", listing(CUP, "PARIS", "cup-2"), NOT_SOLD, None),
    ("sold from nowhere", listing(BOX, "", "box"), NOT_SOLD, None),
    ("a kit without one component there", listing("SET", "PARIS", "set-2"), UNKNOWN, None),
    ("identifiers of another", listing("SET", "", "cup", "ldn"), DUPLICATE, CUP_L),
]


@pytest.mark.parametrize(
    ("wrong", "problem", "conflict"), [row[1:] for row in REPORTS], ids=[row[0] for row in REPORTS]
)
async def test_what_is_wrong_is_reported_and_leaves_the_others_alone(
    shop: Node, wrong: pb.Listing, problem: Any, conflict: pb.Listing | None
) -> None:
    await map_listings(shop, CUP_L)
    answer = await map_listings(shop, wrong, POT_L)
    assert answer.mapped == 1
    (report,) = answer.problems
    assert (report.listing, report.problem) == (wrong, problem)
    assert report.HasField("conflict") is (conflict is not None)
    assert report.conflict == (conflict or pb.Listing())
    assert [place[:2] for place in await listed(shop)] == sorted([(CUP, "LONDON"), (POT, "LONDON")])
    events = shop.shards.events()
    refusal = await refused(map_listings(shop, wrong, SET_L, all_or_nothing=True))
    assert refusal.reason == "LISTINGS_REFUSED"
    assert refusal.metadata == {
        "problems": "1",
        "sku": wrong.sku,
        "location": wrong.location,
        "problem": pb.ListingProblem.Name(problem).removeprefix("LISTING_PROBLEM_"),
    }
    assert shop.shards.events() == events


async def test_what_is_mapped_is_found_by_the_channels_names(shop: Node) -> None:
    answer = await map_listings(shop, CUP_L, CUP_ALL, POT_L, SET_L)
    assert (answer.mapped, len(answer.problems)) == (4, 0)
    names = [
        pb.ListingName(shop="eu", item="pot", external_location="ldn"),
        pb.ListingName(shop="eu", item="hat"),
        pb.ListingName(shop="eu", item="cup"),
        pb.ListingName(item="cup"),
    ]
    found = await shop.channels.FindListings(pb.FindListingsRequest(channel="web", names=names))
    assert list(found.listings) == [
        POT_L,
        pb.Listing(shop="eu", item="hat"),
        CUP_ALL,
        pb.Listing(item="cup"),
    ]
    other = await shop.channels.FindListings(pb.FindListingsRequest(channel="app", names=names))
    assert not any(one.sku for one in other.listings)


async def test_a_repeated_write_is_answered_as_before_whatever_has_happened_since(
    shop: Node,
) -> None:
    wrong = listing(BOX, "LONDON", "box")
    request = pb.MapListingsRequest(context=shop.context(), channel="web", listings=[CUP_L, wrong])
    first = await shop.channels.MapListings(request)
    assert (first.mapped, [one.problem for one in first.problems]) == (1, [UNKNOWN])
    await shop.receive(1, stock_pb2.StockKey(sku=BOX, location="LONDON"))
    await map_listings(shop, pb.Listing(sku=CUP, location="LONDON"))
    again = await shop.channels.MapListings(request)
    assert again.receipt.replayed
    again.receipt.replayed = False
    assert again == first
    assert await listed(shop) == []
    request.listings[0].item = "another"
    assert (await refused(shop.channels.MapListings(request))).reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize("page_size", [0, 1, 2])
async def test_listings_come_in_pages_and_say_where_they_lead_nowhere(
    shop: Node, page_size: int
) -> None:
    await map_listings(shop, CUP_L, CUP_ALL, POT_L, SET_L)
    everything = sorted(
        [
            (CUP, "", "cup", 0),
            (CUP, "LONDON", "cup", 0),
            (POT, "LONDON", "pot", 0),
            ("SET", "LONDON", "set", 0),
        ]
    )
    assert await listed(shop, page_size=page_size) == everything
    assert await listed(shop, page_size=page_size, sku=CUP) == [
        one for one in everything if one[0] == CUP
    ]
    assert await listed(shop, page_size=page_size, dangling_only=True) == []
    await configure(shop, pb.Channel(name="web", locations=["PARIS"]))
    dangling = [
        (sku, location, item, NOT_SOLD) for sku, location, item, _ in everything if location
    ]
    assert await listed(shop, page_size=page_size, dangling_only=True) == dangling
    assert [one for one in await listed(shop, page_size=page_size) if one[3]] == dangling
    await configure(shop, pb.Channel(name="web"), remove=True)
    gone = await listed(shop, page_size=page_size, dangling_only=True)
    assert gone == [(*one[:3], NOT_SOLD) for one in everything]
    removed = [pb.Listing(sku=one[0], location=one[1]) for one in gone]
    assert (await map_listings(shop, *removed)).mapped == 4
    assert await listed(shop) == []


async def test_listings_change_places_in_one_call(shop: Node) -> None:
    await map_listings(shop, CUP_L, POT_L)
    swapped = listing(CUP, "LONDON", "pot", "ldn"), listing(POT, "LONDON", "cup", "ldn")
    answer = await map_listings(shop, *swapped, all_or_nothing=True)
    assert (answer.mapped, len(answer.problems)) == (2, 0)
    names = [pb.ListingName(shop="eu", item="cup", external_location="ldn")]
    found = await shop.channels.FindListings(pb.FindListingsRequest(channel="web", names=names))
    assert list(found.listings) == [swapped[1]]
    answer = await map_listings(shop, *swapped)
    assert answer.receipt.replayed
