"""Whatever is mapped in whatever order: identifiers lead to one place, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.answers import Mapped
from engine.core.channels import Channel
from engine.core.commands import MapListings
from engine.core.decide import listings as decided
from engine.core.events import ChannelConfigured
from engine.core.listings import Listing, ListingProblem, ListingReport
from engine.core.rejections import ListingsRefused
from engine.log.listings import decode_listing, name_key
from tests.core.world import World

SKUS, ITEMS = st.sampled_from("ABCD"), st.sampled_from(["", "1", "2", "3", "4"])
LISTINGS = st.builds(lambda sku, item: Listing(sku, item=item), SKUS, ITEMS)


@st.composite
def commands(draw: st.DrawFn) -> MapListings:
    """Listings of some SKUs, a few of which were found to be wrong before."""
    stated = draw(st.lists(LISTINGS, min_size=1, unique_by=lambda listing: listing.sku))
    wrong = draw(st.sets(st.sampled_from([listing.sku for listing in stated])))
    found = tuple(
        ListingReport(listing, ListingProblem.NOT_SOLD_THERE)
        for listing in stated
        if listing.item and listing.sku in wrong and draw(st.booleans())
    )
    return MapListings("", "web", tuple(stated), draw(st.booleans()), found)


def obey(world: World, command: MapListings) -> None:
    before = {sku: world.listing("", "web", sku, "") for sku in "ABCD"}
    answer = world.do(command)
    assert isinstance(answer, Mapped | ListingsRefused)
    refused = {report.listing.sku for report in answer.problems}
    for listing in command.listings:
        mapped = world.listing("", "web", listing.sku, "")
        if not isinstance(answer, Mapped) or listing.sku in refused:
            assert mapped == before[listing.sku]
        else:
            assert mapped == (listing if listing.item else None)
    stored = world.listings
    listings = [decode_listing(value) for key, value in stored.items() if key[:1] == b"p"]
    names = {name_key("", "web", listing.name): listing for listing in listings}
    assert len(names) == len(listings)
    assert {key for key in stored if key[:1] == b"n"} == set(names)
    for listing in listings:
        assert world.listed("", "web", listing.name) == listing.place


def world_of_a_channel() -> World:
    return World(configured=(ChannelConfigured("", Channel("web")),))


@given(st.lists(commands(), max_size=8))
def test_identifiers_lead_to_one_place_and_back(asked: list[MapListings]) -> None:
    world = world_of_a_channel()
    for command in asked:
        obey(world, command)


def test_a_listing_that_counts_on_what_stays_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: whoever is refused keeps identifiers that another one was given."""
    world = world_of_a_channel()
    obey(world, MapListings("", "web", (Listing("A", item="1"), Listing("B", item="2"))))
    stated = Listing("A", item="2"), Listing("B", item="3")
    found = (ListingReport(stated[1], ListingProblem.NOT_SOLD_THERE),)
    monkeypatch.setattr(decided._Mapping, "refuse_duplicates", lambda _: None)
    with pytest.raises(AssertionError):
        obey(world, MapListings("", "web", stated, found=found))
