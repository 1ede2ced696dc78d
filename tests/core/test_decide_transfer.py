"""SendTransfer and ReceiveTransfer: units between two locations, in one document."""

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from engine.core.channels import Channel, ChannelTerms
from engine.core.commands import Command, ReceiveTransfer, SendTransfer
from engine.core.configuration import Location
from engine.core.events import ChannelConfigured, Event, LocationsConfigured
from engine.core.limits import BALANCE_MAX, INCOMING_MAX, UNAVAILABLE_CAUSES_MAX
from engine.core.model import IfShort, Incoming, Key, Selling, ShortCause, ShortLine, Stock
from engine.core.rejections import (
    BalanceOutOfRange,
    InsufficientStock,
    Rejection,
    TooMany,
    TransferQuantityExceeded,
    UnknownStock,
    UnknownTransfer,
)
from tests.core.world import TEA, World, given, when

PARIS = Key("", "TEA", "PARIS")
TOLD = IfShort.RECORD
STOCKS = {TEA: Stock(on_hand=10, held=3, safety_stock=1, unavailable=(("damaged", 2),))}
AT_BOTH = {TEA: Stock(on_hand=10, held=3), PARIS: Stock(on_hand=1)}
STOPPED = {TEA: Stock(on_hand=6, selling=Selling.STOPPED, channel_buffers=(("web", 5),))}
BUSY = tuple(Incoming(f"order {number}", 1) for number in range(INCOMING_MAX))


def send(quantity: int, if_short: IfShort = IfShort.REFUSE, **stated: int | str) -> SendTransfer:
    return SendTransfer(
        "",
        "TEA",
        "LONDON",
        "PARIS",
        quantity,
        if_short=if_short,
        **stated,  # type: ignore[arg-type]
    )


def sent(quantity: int) -> list[str]:
    return [
        f"TransferSent TEA r1 PARIS {quantity}",
        f"TransferExpected TEA@PARIS r1 LONDON {quantity}",
    ]


def short(asked: int, available: int) -> InsufficientStock:
    return InsufficientStock((ShortLine("", TEA, ShortCause.STOCK, asked, available),))


SEND: list[tuple[str, dict[Key, Stock], Command, object]] = [
    ("to a new key", STOCKS, send(4), sent(4)),
    ("to a known key", AT_BOTH, send(7), sent(7)),
    (
        "with all that may be said",
        STOCKS,
        send(1, expected_at_ms=9_000, reference="truck 1"),
        [
            "TransferSent TEA r1 PARIS 1 reference=truck 1 expected_at_ms=9000",
            "TransferExpected TEA@PARIS r1 LONDON 1 reference=truck 1 expected_at_ms=9000",
        ],
    ),
    ("more than is available", STOCKS, send(5), short(5, 4)),
    ("more than promised", {TEA: Stock(on_hand=1, held=3)}, send(1), short(1, 0)),
    ("told, of the safety stock", STOCKS, send(5, TOLD), sent(5)),
    (
        "told, what was promised",
        STOCKS,
        send(7, TOLD),
        [*sent(7), "ShortfallDetected TEA 2"],
    ),
    ("while selling is stopped", STOPPED, send(6), sent(6)),
    ("untracked", {TEA: Stock(tracked=False)}, send(5), sent(5)),
    ("an unknown key", {PARIS: Stock(on_hand=5)}, send(1), UnknownStock(TEA)),
    ("told, an unknown key", {}, send(1, TOLD), UnknownStock(TEA)),
    (
        "to where too much is expected",
        {TEA: Stock(on_hand=5), PARIS: Stock(incoming=BUSY)},
        send(1),
        TooMany(PARIS, "incoming", INCOMING_MAX + 1, INCOMING_MAX),
    ),
    (
        "told, out of range",
        {TEA: Stock(on_hand=-BALANCE_MAX)},
        send(1, TOLD),
        BalanceOutOfRange(TEA, "on_hand", -BALANCE_MAX - 1, BALANCE_MAX),
    ),
]


@pytest.mark.parametrize(
    ("stocks", "command", "then"), [pytest.param(*row, id=name) for name, *row in SEND]
)
def test_send(stocks: dict[Key, Stock], command: Command, then: object) -> None:
    assert when(given(stocks), command) == then


def test_a_disabled_location_can_be_emptied() -> None:
    disabled = LocationsConfigured("", (Location("LONDON", enabled=False),))
    assert when(given(STOCKS, configured=(disabled,)), send(4)) == sent(4)


def fenced(units: int, *locations: str, name: str = "web") -> Event:
    terms = ChannelTerms(allocation_units=units, allocation_since_ms=1)
    return ChannelConfigured("", Channel(name, locations, terms=terms))


def fenced_short(asked: int, available: int) -> InsufficientStock:
    return InsufficientStock((ShortLine("", TEA, ShortCause.CHANNEL, asked, available),))


TEN = {TEA: Stock(on_hand=10)}
ELSEWHERE = {**TEN, Key("", "TEA", "ROME"): Stock(on_hand=3)}
PARIS_STOPPED = {**TEN, PARIS: Stock(selling=Selling.STOPPED)}
PARIS_OWES = {**TEN, PARIS: Stock(on_hand=1, held=3)}
CLOSED = LocationsConfigured("", (Location("PARIS", enabled=False),))
FENCED: list[tuple[str, dict[Key, Stock], tuple[Event, ...], Command, object]] = [
    ("what is not fenced", TEN, (fenced(6, "LONDON"),), send(4), sent(4)),
    ("what is fenced", TEN, (fenced(6, "LONDON"),), send(5), fenced_short(5, 4)),
    ("all is fenced", TEN, (fenced(12, "LONDON"),), send(1), fenced_short(1, 0)),
    ("told, what is fenced", TEN, (fenced(6, "LONDON"),), send(9, TOLD), sent(9)),
    ("to where its channel sells too", TEN, (fenced(6, "PARIS", "LONDON"),), send(9), sent(9)),
    ("of a channel that sells everywhere", TEN, (fenced(6),), send(9), sent(9)),
    (
        "fenced elsewhere as well",
        ELSEWHERE,
        (fenced(6, "LONDON", "ROME"),),
        send(8),
        fenced_short(8, 7),
    ),
    (
        "of two channels, of which one sells there",
        TEN,
        (fenced(6, "LONDON"), fenced(4, "LONDON", "PARIS", name="app")),
        send(5),
        fenced_short(5, 4),
    ),
    ("to where selling is stopped", PARIS_STOPPED, (fenced(6),), send(5), fenced_short(5, 4)),
    ("to a disabled location", TEN, (fenced(6), CLOSED), send(5), fenced_short(5, 4)),
    ("to where they are owed", PARIS_OWES, (fenced(9),), send(7), fenced_short(7, 1)),
    ("while selling is stopped", STOPPED, (fenced(6, "LONDON"),), send(6), sent(6)),
]


@pytest.mark.parametrize(
    ("stocks", "events", "command", "then"), [pytest.param(*row, id=name) for name, *row in FENCED]
)
def test_send_of_what_is_fenced(
    stocks: dict[Key, Stock], events: tuple[Event, ...], command: Command, then: object
) -> None:
    assert when(given(stocks, configured=events), command) == then


CAUSES = tuple((f"cause {number:02}", 1) for number in range(UNAVAILABLE_CAUSES_MAX))
FULL = Stock(on_hand=BALANCE_MAX)
RECEIVE: list[tuple[str, dict[Key, Stock], ReceiveTransfer, object]] = [
    ("all", AT_BOTH, ReceiveTransfer("", "r1", 5), ["TransferReceived TEA@PARIS r1 5"]),
    ("a part", AT_BOTH, ReceiveTransfer("", "r1", 2), ["TransferReceived TEA@PARIS r1 2"]),
    (
        "some, the others are lost",
        AT_BOTH,
        ReceiveTransfer("", "r1", 4, 1),
        ["TransferReceived TEA@PARIS r1 4 lost=1"],
    ),
    (
        "all are lost",
        AT_BOTH,
        ReceiveTransfer("", "r1", 0, 5),
        ["TransferReceived TEA@PARIS r1 0 lost=5"],
    ),
    (
        "damaged",
        AT_BOTH,
        ReceiveTransfer("", "r1", 5, unavailable_cause="damaged"),
        ["TransferReceived TEA@PARIS r1 5 unavailable_cause=damaged"],
    ),
    ("too many", AT_BOTH, ReceiveTransfer("", "r1", 6), TransferQuantityExceeded("r1", 6, 5)),
    (
        "too many with those lost",
        AT_BOTH,
        ReceiveTransfer("", "r1", 3, 3),
        TransferQuantityExceeded("r1", 6, 5),
    ),
    ("unknown", AT_BOTH, ReceiveTransfer("", "r2", 1), UnknownTransfer("r2")),
    ("of another tenant", AT_BOTH, ReceiveTransfer("acme", "r1", 1), UnknownTransfer("r1")),
    (
        "for one cause too many",
        {TEA: Stock(on_hand=9), PARIS: Stock(unavailable=CAUSES)},
        ReceiveTransfer("", "r1", 5, unavailable_cause="damaged"),
        TooMany(PARIS, "unavailable", UNAVAILABLE_CAUSES_MAX + 1, UNAVAILABLE_CAUSES_MAX),
    ),
    (
        "none, for one cause too many",
        {TEA: Stock(on_hand=9), PARIS: Stock(unavailable=CAUSES)},
        ReceiveTransfer("", "r1", 0, 1, unavailable_cause="damaged"),
        ["TransferReceived TEA@PARIS r1 0 lost=1 unavailable_cause=damaged"],
    ),
    (
        "out of range",
        {TEA: Stock(on_hand=9), PARIS: FULL},
        ReceiveTransfer("", "r1", 1),
        BalanceOutOfRange(PARIS, "on_hand", BALANCE_MAX + 1, BALANCE_MAX),
    ),
]


@pytest.mark.parametrize(
    ("stocks", "command", "then"), [pytest.param(*row, id=name) for name, *row in RECEIVE]
)
def test_receive(stocks: dict[Key, Stock], command: ReceiveTransfer, then: object) -> None:
    assert when(given(stocks, send(5)), command) == then


def test_a_transfer_from_its_start_to_its_end() -> None:
    world = given(AT_BOTH, send(5, reference="truck 1"))
    assert world.stocks[TEA].on_hand == 5
    assert world.stocks[PARIS].incoming == (Incoming("truck 1", 5, 0, "r1"),)
    world.do(ReceiveTransfer("", "r1", 3))
    assert world.stocks[PARIS].incoming == (Incoming("truck 1", 2, 0, "r1"),)
    world.do(ReceiveTransfer("", "r1", 1, 1))
    assert (world.stocks[PARIS].incoming, world.stocks[PARIS].on_hand) == ((), 5)
    transfer = world.transfers["r1"]
    assert (transfer.sent, transfer.received, transfer.lost, transfer.in_transit) == (5, 4, 1, 0)
    assert world.do(ReceiveTransfer("", "r1", 1)) == TransferQuantityExceeded("r1", 1, 0)


LOCATIONS = ["LONDON", "PARIS", "ROME"]


@settings(max_examples=200, deadline=None)
@drawn(
    st.lists(
        st.one_of(
            st.builds(
                SendTransfer,
                st.just(""),
                st.just("TEA"),
                st.sampled_from(LOCATIONS),
                st.sampled_from(LOCATIONS),
                st.integers(1, 9),
                if_short=st.sampled_from(IfShort),
            ).filter(lambda send: send.from_location != send.to_location),
            st.builds(
                ReceiveTransfer,
                st.just(""),
                st.integers(1, 9).map(lambda number: f"r{number}"),
                st.integers(0, 5),
                st.integers(0, 2),
            ),
        ),
        max_size=30,
    )
)
def test_no_unit_is_made_or_vanishes_on_its_way(commands: list[Command]) -> None:
    world = World({Key("", "TEA", "LONDON"): Stock(on_hand=20), PARIS: Stock(on_hand=5)})
    for command in commands:
        before = dict(world.stocks), dict(world.transfers)
        if isinstance(world.do(command), Rejection):
            assert (world.stocks, world.transfers) == before
        on_hand = sum(stock.on_hand for stock in world.stocks.values())
        in_transit = sum(transfer.in_transit for transfer in world.transfers.values())
        lost = sum(transfer.lost for transfer in world.transfers.values())
        assert on_hand + in_transit + lost == 25
        assert all(transfer.in_transit >= 0 for transfer in world.transfers.values())
        expected = sum(stock.incoming_units for stock in world.stocks.values())
        assert expected == in_transit
