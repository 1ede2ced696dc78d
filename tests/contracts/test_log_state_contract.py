"""What every log keeps beside its groups and balances: entries that lead to reservations,
transfers, configuration, the identifiers of channels, and what shards tell each other."""

import pytest

from engine.core import events
from engine.core.channels import (
    Buffer,
    Channel,
    ChannelPolicy,
    ChannelTerms,
    ComputedBuffer,
    DynamicBuffer,
    SkuGroup,
)
from engine.core.configuration import Component, CustomerLimit, Kit, Location
from engine.core.listings import Listing
from engine.core.model import Key, Settings, Transfer
from engine.log.listings import listing_at, listings, place_named
from engine.log.port import Heard, Log
from tests.contracts.log_backends import Backend
from tests.log.ledger import START_MS, Ledger

TEA = Key("", "TEA", "LONDON")
MUG = Key("", "MUG", "LONDON")


def _indexed(log: Log, added: set[bytes], removed: set[bytes]) -> None:
    """Append a group that adds and removes these entries."""
    ledger = Ledger(next_position=log.head.position + 1)
    ledger.receive("TEA", 1)
    group, changes = ledger.turn()
    changes.index_added, changes.index_removed = added, removed
    log.append(group, changes, group.first_position - 1)


# The index.


@pytest.fixture
def indexed(backend: Backend) -> Log:
    entries = [b"hA\0" + bytes([byte]) for byte in (0, 1, 7, 255)]
    others = [b"hA", b"hA\1", b"hA\1\0", b"h", b"hB\0\1", b"aA\0\1", b"\xff"]
    _indexed(backend.log, {*entries, *others}, set())
    return backend.log


@pytest.mark.parametrize(
    ("newest_first", "after", "found"),
    [
        (False, None, [0, 1, 7, 255]),
        (True, None, [255, 7, 1, 0]),
        (False, 0, [1, 7, 255]),
        (False, 2, [7, 255]),
        (False, 255, []),
        (True, 255, [7, 1, 0]),
        (True, 5, [1, 0]),
        (True, 0, []),
    ],
)
def test_entries_of_a_prefix_are_listed_both_ways_and_in_pages(
    indexed: Log, newest_first: bool, after: int | None, found: list[int]
) -> None:
    start = b"" if after is None else b"hA\0" + bytes([after])
    entries = indexed.index(b"hA\0", newest_first=newest_first, after=start)
    assert [entry[-1] for entry in entries] == found


def test_a_prefix_without_entries_lists_none(indexed: Log) -> None:
    for newest_first in (False, True):
        assert list(indexed.index(b"hC\0", newest_first=newest_first)) == []
        assert list(indexed.index(b"zz\0", newest_first=newest_first)) == []
        assert list(indexed.index(b"a\0", newest_first=newest_first)) == []


def test_entries_go_when_removed_and_come_back_after_a_crash(backend: Backend) -> None:
    _indexed(backend.log, {b"hA\0\1", b"hA\0\2"}, set())
    backend.log.flush()
    _indexed(backend.log, {b"hA\0\3"}, {b"hA\0\1"})
    assert list(backend.log.index(b"hA\0")) == [b"hA\0\2", b"hA\0\3"]
    assert list(backend.crash().index(b"hA\0")) == [b"hA\0\1", b"hA\0\2"]


def test_the_entries_of_a_reservation_follow_it(backend: Backend) -> None:
    ledger = Ledger()
    held = ledger.hold(ledger.receive("TEA", 10), 3)
    ledger.append(backend.log)
    created = START_MS.to_bytes(8, "big") + held.encode()
    at_tea = b"\0TEA\0LONDON\0"
    assert list(backend.log.index(b"h" + at_tea)) == [b"h" + at_tea + created]
    assert list(backend.log.index(b"r\0cart-2\0")) == [b"r\0cart-2\0" + created]
    ledger.commit(events.HoldCommitted(TEA, held, "1", 3), command="Commit")
    ledger.append(backend.log)
    assert list(backend.log.index(b"h" + at_tea)) == []
    assert list(backend.log.index(b"a" + at_tea)) == [b"a" + at_tea + created]


# Attempts and other shards.


def _prepared(attempt_id: str) -> tuple[events.Event, ...]:
    prepared = events.BasketPrepared(attempt_id, "", 1, "", "", "", START_MS + 1_000)
    return prepared, events.StockHeld(TEA, attempt_id, "1", 2)


def _resolved(attempt_id: str) -> tuple[events.Event, ...]:
    resolved = events.BasketResolved(attempt_id, "", 1)
    return resolved, events.HoldReleased(TEA, attempt_id, "1", 2)


def test_an_attempt_that_is_resolved_leaves_nothing(backend: Backend) -> None:
    ledger = Ledger()
    ledger.receive("TEA", 10)
    ledger.commit(*_prepared("boot-1"), command="Prepare")
    ledger.append(backend.log)
    backend.log.flush()
    stored = backend.log.reservation("boot-1")
    assert stored is not None
    assert stored.preparing
    assert list(backend.log.timers()) == [(START_MS + 1_000, "boot-1")]
    assert backend.log.totals().reservations == 0
    ledger.commit(*_resolved("boot-1"), command="Hear", heard=Heard(1, 40))
    ledger.append(backend.log)
    assert backend.log.reservation("boot-1") is None
    assert list(backend.log.timers()) == []
    assert list(backend.log.index(b"h\0TEA\0LONDON\0")) == []
    assert list(backend.log.reservation_groups("boot-1")) == []
    assert backend.crash().reservation("boot-1") == stored


def test_a_prepared_and_resolved_attempt_of_one_turn_was_never_there(backend: Backend) -> None:
    ledger = Ledger()
    ledger.receive("TEA", 10)
    ledger.commit(*_prepared("boot-1"), command="Prepare")
    ledger.commit(*_resolved("boot-1"), command="Hear")
    ledger.append(backend.log)
    assert backend.log.reservation("boot-1") is None
    assert list(backend.log.timers()) == []


def test_how_attempts_were_decided_is_remembered(backend: Backend) -> None:
    ledger = Ledger()
    held = events.StockHeld(MUG, "0a3-1-1", "1", 1)
    ledger.commit(
        events.LinesTold("", "", 1, "given-up"),
        events.LinesTold("", "", 2, "in-favour"),
        events.ReservationCreated("0a3-1-1", "", "", "", "", START_MS + 5),
        events.LinesTold("0a3-1-1", "", 1, "in-favour", (held,)),
    )
    ledger.append(backend.log)
    assert backend.log.attempt("given-up") is False
    assert backend.log.attempt("in-favour") is True
    assert backend.log.attempt("other") is None
    assert backend.reopen().attempt("in-favour") is True


def _tell(log: Log, ledger: Ledger, *shards: int) -> None:
    ledger.commit(*(events.LinesTold("", "", shard, f"a{shard}") for shard in shards))
    ledger.append(log)


def test_what_is_to_be_told_waits_until_it_is_acknowledged(backend: Backend) -> None:
    ledger, log = Ledger(), backend.log
    _tell(log, ledger, 1, 2, 1)
    _tell(log, ledger, 2, 258, 1)
    assert [list(log.tells(shard)) for shard in (0, 1, 2, 258)] == [[], [1, 3, 6], [2, 4], [5]]
    assert list(log.tells(1, after=1)) == [3, 6]
    assert list(log.tells(1, after=6)) == []
    assert log.told(1) == 0
    log.acknowledge({1: (3, [1, 3])})
    assert (log.told(1), list(log.tells(1))) == (3, [6])
    assert list(log.tells(1, after=2)) == [6]
    assert (log.told(2), list(log.tells(2))) == (0, [2, 4])
    log = backend.reopen()
    assert (log.told(1), list(log.tells(1))) == (3, [6])


def test_a_crash_may_take_an_acknowledgement_but_nothing_to_tell(backend: Backend) -> None:
    ledger = Ledger()
    _tell(backend.log, ledger, 1, 1, 1)
    backend.log.flush()
    backend.log.acknowledge({1: (1, [1])})
    backend.log.flush()
    backend.log.acknowledge({1: (3, [2, 3])})
    log = backend.crash()
    assert (log.told(1), list(log.tells(1))) == (1, [2, 3])


def test_an_acknowledgement_may_be_noted_with_a_group(backend: Backend) -> None:
    ledger = Ledger()
    _tell(backend.log, ledger, 1, 2, 1)
    ledger.changes.acknowledged = {1: (1, [1]), 2: (2, [2])}
    _tell(backend.log, ledger, 1)
    log = backend.log
    assert [(log.told(shard), list(log.tells(shard))) for shard in (1, 2)] == [(1, [3, 4]), (2, [])]
    log = backend.reopen()
    assert [(log.told(shard), list(log.tells(shard))) for shard in (1, 2)] == [(1, [3, 4]), (2, [])]


def test_what_was_heard_is_as_durable_as_its_effect(backend: Backend) -> None:
    ledger = Ledger()
    ledger.receive("TEA", 10)
    for position in (7, 9):
        ledger.commit(events.StockReceived(TEA, 1), command="Hear", heard=Heard(3, position))
        ledger.append(backend.log)
        assert backend.log.heard(3) == position
        if position == 7:
            backend.log.flush()
    assert backend.log.heard(4) == 0
    log = backend.crash()
    assert log.heard(3) == 7
    assert log.head.position == 2


# Transfers and configuration.


def test_a_transfer_is_read_back_as_of_the_last_group(backend: Backend) -> None:
    ledger = Ledger()
    paris = Key("", "TEA", "PARIS")
    ledger.receive("TEA", 10)
    ledger.commit(
        events.TransferSent(TEA, "T1", "PARIS", 6, "van 2", 99),
        events.TransferExpected(paris, "T1", "LONDON", 6, "van 2", 99),
    )
    ledger.append(backend.log)
    sent = Transfer("T1", "", "TEA", "LONDON", "PARIS", START_MS, 6, 0, 0, "van 2", 99)
    assert backend.log.transfer("T1") == sent
    assert backend.log.transfer("T2") is None
    backend.log.flush()
    ledger.commit(events.TransferReceived(paris, "T1", 4, 1))
    ledger.append(backend.log)
    received = backend.log.transfer("T1")
    assert received is not None
    assert (received.received, received.lost, received.in_transit) == (4, 1, 1)
    assert backend.crash().transfer("T1") == sent


def _configure(log: Log, ledger: Ledger, *configured: events.ConfigurationEvent) -> None:
    ledger.commit(*configured, command="Configure")
    ledger.append(log)


def test_the_configuration_is_as_of_the_last_group(backend: Backend) -> None:
    ledger = Ledger(others=(1, 2))
    london = Location("LONDON", 2, "GB", groups=("UK", "EU"))
    leeds = Location("LEEDS", 1, "GB", groups=("UK",))
    set_ = Kit("SET", (Component("MUG", 2), Component("TEA", 1)))
    _configure(
        backend.log,
        ledger,
        events.LocationsConfigured("t", (london, leeds)),
        events.KitDefined("t", set_),
        events.CustomersLimited("t", "TEA", 5, 60_000),
        events.HoldsConfigured("t", 1_000, 2_000, 3_000),
    )
    log = backend.reopen()
    configuration = log.configuration()
    assert configuration.location("t", "LONDON") == london
    assert configuration.group("t", "UK") == ("LEEDS", "LONDON")
    assert configuration.group("t", "EU") == ("LONDON",)
    assert configuration.kit("t", "SET") == set_
    assert configuration.customer_limit("t", "TEA") == CustomerLimit("TEA", 5, 60_000)
    assert configuration.settings("t", Settings()) == Settings(1_000, 2_000, 3_000)
    assert configuration.settings("u", Settings()) == Settings()
    for lookup in (configuration.location, configuration.kit, configuration.customer_limit):
        assert lookup("u", "TEA") is None
    assert [list(log.tells(shard)) for shard in (1, 2)] == [[1, 2, 3, 4]] * 2

    log.flush()
    disabled = Location("LEEDS", 1, "GB", enabled=False, groups=("UK", "NORTH"))
    _configure(
        log,
        ledger,
        events.LocationsConfigured("t", (disabled,)),
        events.KitDefined("t", Kit("SET")),
        events.CustomersLimited("t", "TEA", 0),
    )
    for configuration in (log.configuration(), backend.reopen().configuration()):
        assert configuration.group("t", "UK") == ("LONDON",)
        assert configuration.group("t", "NORTH") == ()
        assert configuration.kit("t", "SET") is None
        assert configuration.customer_limit("t", "TEA") is None


def test_a_crash_takes_configuration_that_was_not_flushed(backend: Backend) -> None:
    ledger = Ledger()
    _configure(backend.log, ledger, events.KitDefined("", Kit("A", (Component("B", 1),))))
    backend.log.flush()
    _configure(backend.log, ledger, events.KitDefined("", Kit("A")))
    assert backend.log.configuration().kit("", "A") is None
    assert backend.crash().configuration().kit("", "A") is not None


def test_the_configuration_read_is_the_callers_own(backend: Backend) -> None:
    backend.log.configuration().put_location("", Location("LONDON"))
    assert backend.log.configuration().location("", "LONDON") is None


WEB = Channel("web", ("LONDON",), ("UK",), ChannelTerms(Buffer(units=2), 9), listed_only=True)
FOR_TEA = ChannelPolicy("TEA", "", ChannelTerms(None, None, 6, 77))
FOR_HOT = ChannelPolicy("", "hot", ChannelTerms(Buffer(percent=0)))
HOT = SkuGroup("hot", ("CUP",), ("T",))
COMPUTED = ComputedBuffer("web", "TEA", DynamicBuffer(1.65, 4.0), 2.0, 1.5, 7, 99)


def test_channels_go_with_all_that_is_theirs(backend: Backend) -> None:
    ledger = Ledger()
    _configure(
        backend.log,
        ledger,
        events.ChannelConfigured("t", WEB),
        events.ChannelConfigured("t", Channel("web2")),
        events.SkuGroupDefined("t", HOT),
        events.ChannelPoliciesSet("t", "web", (FOR_TEA, FOR_HOT)),
        events.ChannelPoliciesSet("t", "web2", (FOR_TEA,)),
        events.BufferComputed("t", COMPUTED),
    )
    log = backend.reopen()
    channels = log.configuration().channels
    assert channels.channels == {("t", "web"): WEB, ("t", "web2"): Channel("web2")}
    assert channels.groups == {("t", "hot"): HOT}
    assert channels.policies["t", "web"] == {("TEA", ""): FOR_TEA, ("", "hot"): FOR_HOT}
    assert channels.computed_buffer("t", "web", "TEA") == COMPUTED
    assert [one.name for one, _ in channels.allocations("t", "TEA")] == ["web", "web2"]
    assert list(log.tells(1)) == []

    _configure(
        log,
        ledger,
        # What was stored in the same turn goes too.
        events.ChannelPoliciesSet("t", "web", (ChannelPolicy("CUP", "", ChannelTerms()),)),
        events.ChannelConfigured("t", Channel("web"), removed=True),
        events.ChannelPoliciesSet("t", "web2", (ChannelPolicy("TEA"),)),
        events.SkuGroupDefined("t", SkuGroup("hot")),
    )
    for configuration in (log.configuration(), backend.reopen().configuration()):
        channels = configuration.channels
        assert channels.channels == {("t", "web2"): Channel("web2")}
        assert (channels.groups, channels.policies, channels.buffers) == ({}, {}, {})
        assert not channels.allocates


# The identifiers of channels.

SHOP = Listing("TEA", "LONDON", "shop", "item-1", "loc-1")
EVERYWHERE = Listing("TEA", "", "shop", "item-1")
CUP = Listing("CUP", "LEEDS", "", "item-2")


def _map(log: Log, ledger: Ledger, channel: str, *mapped: Listing) -> None:
    ledger.commit(events.ListingsMapped("t", channel, mapped), command="MapListings")
    ledger.append(log)


def test_listings_are_found_by_their_place_and_by_their_names(backend: Backend) -> None:
    ledger = Ledger()
    _map(backend.log, ledger, "web", SHOP, EVERYWHERE, CUP)
    _map(backend.log, ledger, "webs", Listing("TEA", "LONDON", "", "other"))
    for reopens in (False, True):
        log = backend.reopen() if reopens else backend.log
        assert listing_at(log, "t", "web", ("TEA", "LONDON")) == SHOP
        assert listing_at(log, "t", "web", ("TEA", "LEEDS")) is None
        assert listing_at(log, "u", "web", ("TEA", "LONDON")) is None
        assert place_named(log, "t", "web", ("shop", "item-1", "")) == ("TEA", "")
        assert place_named(log, "t", "web", ("shop", "item-2", "")) is None
        assert place_named(log, "t", "webs", ("", "other", "")) == ("TEA", "LONDON")
        assert list(listings(log, "t", "web")) == [CUP, EVERYWHERE, SHOP]
        assert list(listings(log, "t", "web", "TEA")) == [EVERYWHERE, SHOP]
        assert list(listings(log, "t", "web", "TEA", ("TEA", ""))) == [SHOP]
        assert list(listings(log, "t", "web", after=("TEA", "LONDON"))) == []
        assert list(listings(log, "t", "we")) == []


def test_a_listing_that_is_stated_anew_leaves_its_names_to_others(backend: Backend) -> None:
    ledger = Ledger()
    _map(backend.log, ledger, "web", SHOP, CUP)
    swapped = Listing("TEA", "LONDON", *CUP.name), Listing("CUP", "LEEDS", *SHOP.name)
    _map(backend.log, ledger, "web", *swapped)
    log = backend.reopen()
    assert list(listings(log, "t", "web")) == [swapped[1], swapped[0]]
    assert place_named(log, "t", "web", SHOP.name) == ("CUP", "LEEDS")
    assert place_named(log, "t", "web", CUP.name) == ("TEA", "LONDON")
    _map(log, ledger, "web", Listing("CUP", "LEEDS"))
    assert place_named(log, "t", "web", SHOP.name) is None
    assert list(listings(log, "t", "web")) == [swapped[0]]


def test_a_crash_takes_listings_that_were_not_flushed(backend: Backend) -> None:
    ledger = Ledger()
    _map(backend.log, ledger, "web", SHOP)
    backend.log.flush()
    _map(backend.log, ledger, "web", Listing("TEA", "LONDON"))
    assert list(listings(backend.log, "t", "web")) == []
    log = backend.crash()
    assert list(listings(log, "t", "web")) == [SHOP]
    assert place_named(log, "t", "web", SHOP.name) == ("TEA", "LONDON")
