"""MapListings: what is mapped, what is so already, and what is wrong with the others."""

import pytest

from engine.core.answers import Mapped
from engine.core.channels import Channel
from engine.core.commands import MapListings
from engine.core.events import ChannelConfigured, ListingsMapped
from engine.core.listings import Listing, ListingProblem, ListingReport
from engine.core.rejections import ListingsRefused, UnknownChannel
from tests.core.world import World

TEA = Listing("TEA", "LONDON", "shop", "item-1", "loc-1")
MUG = Listing("MUG", "LONDON", "shop", "item-2", "loc-1")
ALL_TEA = Listing("TEA", "", "shop", "item-1")
MAPPED = (TEA, MUG)


def to(listing: Listing, item: str, location: str = "loc-1") -> Listing:
    return Listing(listing.sku, listing.location, "shop" if item else "", item, location)


def gone(listing: Listing) -> Listing:
    return Listing(listing.sku, listing.location)


def taken(listing: Listing, conflict: Listing) -> ListingReport:
    return ListingReport(listing, ListingProblem.DUPLICATE, conflict)


CHANNELS = [("", "web"), ("", "till"), ("acme", "web")]
NEW = to(Listing("CUP", "LONDON"), "item-3")
UNKNOWN = ListingReport(NEW, ListingProblem.UNKNOWN_STOCK)
ROWS: list[tuple[str, MapListings, tuple[Listing, ...], tuple[ListingReport, ...]]] = [
    ("a new one", MapListings("", "web", (NEW,)), (NEW,), ()),
    ("only what is not so already", MapListings("", "web", (TEA, NEW)), (NEW,), ()),
    ("all of it is so", MapListings("", "web", (MUG, TEA)), (), ()),
    ("another item", MapListings("", "web", (to(TEA, "item-9"),)), (to(TEA, "item-9"),), ()),
    (
        "the same item at all locations",
        MapListings("", "web", (to(ALL_TEA, "item-1", ""),)),
        (ALL_TEA,),
        (),
    ),
    ("removed", MapListings("", "web", (to(TEA, "", "loc-7"),)), (gone(TEA),), ()),
    ("removed, and was not there", MapListings("", "web", (gone(NEW),)), (), ()),
    (
        "another SKU has the identifiers",
        MapListings("", "web", (to(NEW, "item-1"), to(MUG, "item-5"))),
        (to(MUG, "item-5"),),
        (taken(to(NEW, "item-1"), TEA),),
    ),
    (
        "twice in one request",
        MapListings("", "web", (NEW, to(MUG, "item-3"))),
        (NEW,),
        (taken(to(MUG, "item-3"), NEW),),
    ),
    (
        "identifiers change places",
        MapListings("", "web", (to(TEA, "item-2"), to(MUG, "item-1"))),
        (to(TEA, "item-2"), to(MUG, "item-1")),
        (),
    ),
    (
        "identifiers that come free in the same request",
        MapListings("", "web", (to(NEW, "item-1"), gone(TEA))),
        (to(NEW, "item-1"), gone(TEA)),
        (),
    ),
    (
        "what is so already keeps its identifiers",
        MapListings("", "web", (to(NEW, "item-1"), TEA)),
        (),
        (taken(to(NEW, "item-1"), TEA),),
    ),
    (
        "whoever is refused keeps the identifiers that others counted on",
        MapListings(
            "",
            "web",
            (to(NEW, "item-2"), to(MUG, "item-1"), to(TEA, "item-4")),
            found=(ListingReport(to(TEA, "item-4"), ListingProblem.NOT_SOLD_THERE),),
        ),
        (),
        (
            taken(to(NEW, "item-2"), MUG),
            taken(to(MUG, "item-1"), TEA),
            ListingReport(to(TEA, "item-4"), ListingProblem.NOT_SOLD_THERE),
        ),
    ),
    ("of another channel", MapListings("", "till", (TEA,)), (TEA,), ()),
    ("of another tenant", MapListings("acme", "web", (TEA,)), (TEA,), ()),
    ("not there", MapListings("", "web", (NEW, TEA), found=(UNKNOWN,)), (), (UNKNOWN,)),
]


@pytest.fixture
def world() -> World:
    channels = [ChannelConfigured(tenant, Channel(name)) for tenant, name in CHANNELS]
    world = World(configured=tuple(channels))
    world.do(MapListings("", "web", MAPPED))
    return world


@pytest.mark.parametrize(
    ("command", "mapped", "problems"),
    [row[1:] for row in ROWS],
    ids=[row[0] for row in ROWS],
)
def test_what_is_mapped_and_what_is_wrong(
    world: World,
    command: MapListings,
    mapped: tuple[Listing, ...],
    problems: tuple[ListingReport, ...],
) -> None:
    answer = world.do(command)
    assert answer == Mapped(len(command.listings) - len(problems), problems)
    events = world.decision.events
    if mapped or problems:
        assert events == (ListingsMapped(command.tenant, command.channel, mapped, problems),)
    else:
        assert events == ()
    for listing in mapped:
        place = (command.tenant, command.channel, *listing.place)
        assert world.listing(*place) == (listing if listing.item else None)
        owner = world.listed(command.tenant, command.channel, listing.name)
        assert owner == (listing.place if listing.item else None)


@pytest.mark.parametrize("command", [row[1] for row in ROWS if row[3]])
def test_all_or_nothing_maps_nothing_if_anything_is_wrong(
    world: World, command: MapListings
) -> None:
    before = dict(world.listings)
    problems = next(row[3] for row in ROWS if row[1] == command)
    whole = MapListings(command.tenant, command.channel, command.listings, True, command.found)
    assert world.do(whole) == ListingsRefused(problems)
    assert world.listings == before


@pytest.mark.parametrize("command", [row[1] for row in ROWS if not row[3]])
def test_the_same_again_makes_no_event(world: World, command: MapListings) -> None:
    world.do(command)
    assert world.do(command) == Mapped(len(command.listings), ())
    assert world.decision.events == ()


def test_a_channel_that_is_not_configured_gets_no_listings_but_may_lose_them(world: World) -> None:
    assert world.do(MapListings("", "shop", (NEW,))) == UnknownChannel("shop")
    world.configuration.channels.remove_channel("", "web")
    assert world.do(MapListings("", "web", (gone(TEA), to(MUG, "x")))) == UnknownChannel("web")
    assert world.do(MapListings("", "web", (gone(TEA),))) == Mapped(1, ())
    assert world.listing("", "web", *TEA.place) is None
