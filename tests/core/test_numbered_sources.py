"""What a source tells about a SKU-location, in the order of its numbers: nothing twice, and nothing
after something later."""

from typing import get_args

import pytest

from engine.core.commands import (
    Adjust,
    Command,
    Configure,
    Expect,
    Move,
    OnStock,
    OnTransfer,
    Receive,
    ReceiveTransfer,
    Sell,
    SendTransfer,
    SetOnHand,
    TakeBack,
)
from engine.core.events import SourceAdvanced
from engine.core.limits import SOURCES_MAX
from engine.core.model import Key, SourceMark, Stock, Transfer
from engine.core.rejections import CountStale, InsufficientStock, Rejection, SourceStale, TooMany
from tests.core.world import MUG, START_MS, TEA, World, given, when

PARIS = Key("", "TEA", "PARIS")
TILL = "till 4"
SEVEN = Stock(
    on_hand=10,
    unavailable=(("damaged", 3),),
    sources=(SourceMark(TILL, 7, 500), SourceMark("wms", 90)),
)

ONE_OF_EACH: list[Command] = [
    Sell(TEA, 1),
    Receive(TEA, 1),
    Expect(TEA, "order 1", 5),
    TakeBack(TEA, 1, "GIFT"),
    Adjust(TEA, 1, "FOUND", "note 1"),
    SetOnHand(TEA, 9),
    Move(TEA, 1, "damaged", ""),
    Configure(TEA, safety_stock=1),
    SendTransfer("", "TEA", "LONDON", "PARIS", 1),
    ReceiveTransfer("", "r9", 1),
]


def world_with_marks() -> World:
    """A world where the till has told up to 7 about tea, and a transfer is on its way there."""
    world = given({TEA: SEVEN})
    world.transfers["r9"] = Transfer("r9", "", "TEA", "PARIS", "LONDON", 0, 2)
    return world


def test_there_is_one_of_each() -> None:
    kinds = {type(command) for command in ONE_OF_EACH}
    assert kinds == {*get_args(OnStock), *get_args(OnTransfer)}


@pytest.mark.parametrize("command", ONE_OF_EACH, ids=lambda command: type(command).__name__)
class TestEachCommand:
    """No command on stock forgets its source."""

    def test_the_next_number_is_taken(self, command: Command) -> None:
        world = world_with_marks()
        assert not isinstance(world.do(command, TILL, 8), Rejection)
        counted_at_ms = START_MS if isinstance(command, SetOnHand) else 500
        assert world.decision.events[-1] == SourceAdvanced(TEA, TILL, 8, counted_at_ms)
        assert world.stocks[TEA].sources == (
            SourceMark(TILL, 8, counted_at_ms),
            SourceMark("wms", 90),
        )

    @pytest.mark.parametrize("sequence", [7, 6, 1])
    def test_a_number_that_is_not_higher_is_stale(self, command: Command, sequence: int) -> None:
        world = world_with_marks()
        assert world.do(command, TILL, sequence) == SourceStale(TEA, TILL, sequence, 7)
        assert world.stocks == {TEA: SEVEN}

    def test_a_repeated_one_is_stale(self, command: Command) -> None:
        world = world_with_marks()
        world.do(command, TILL, 8)
        assert world.do(command, TILL, 8) == SourceStale(TEA, TILL, 8, 8)

    def test_numbers_may_be_left_out(self, command: Command) -> None:
        world = world_with_marks()
        assert not isinstance(world.do(command, TILL, 900), Rejection)
        assert world.stocks[TEA].sources[0].sequence == 900

    def test_without_a_number_nothing_is_stale(self, command: Command) -> None:
        world = world_with_marks()
        assert not isinstance(world.do(command, TILL), Rejection)
        mark = world.stocks[TEA].sources[0]
        if isinstance(command, SetOnHand):
            assert mark == SourceMark(TILL, 7, START_MS)
        else:
            assert mark == SourceMark(TILL, 7, 500)
            assert not any(isinstance(one, SourceAdvanced) for one in world.decision.events)

    def test_without_a_source_nothing_is_remembered(self, command: Command) -> None:
        world = world_with_marks()
        assert not isinstance(world.do(command), Rejection)
        assert world.stocks[TEA].sources == SEVEN.sources

    def test_one_source_too_many(self, command: Command) -> None:
        world = world_with_marks()
        marks = tuple(SourceMark(f"source {number:02}", 1) for number in range(SOURCES_MAX))
        world.stocks[TEA] = Stock(on_hand=10, unavailable=(("damaged", 3),), sources=marks)
        refusal = TooMany(TEA, "sources", SOURCES_MAX + 1, SOURCES_MAX)
        assert world.do(command, TILL, 1) == refusal
        assert not isinstance(world.do(command, "source 07", 2), Rejection)


def test_each_sku_location_has_numbers_of_its_own() -> None:
    world = given({TEA: SEVEN, MUG: SEVEN, PARIS: Stock(on_hand=1)})
    assert when(world, Sell(PARIS, 1), TILL, 1) == [
        "StockSold TEA@PARIS 1",
        "SourceAdvanced TEA@PARIS till 4 sequence=1",
    ]
    assert when(world, Sell(TEA, 1), TILL, 8) == [
        "StockSold TEA 1",
        "SourceAdvanced TEA till 4 sequence=8 counted_at_ms=500",
    ]
    assert world.do(Sell(MUG, 1), TILL, 7) == SourceStale(MUG, TILL, 7, 7)


def test_a_new_sku_location_is_marked_too() -> None:
    assert when(given({}), Receive(MUG, 1), TILL, 3) == [
        "StockReceived MUG 1",
        "SourceAdvanced MUG till 4 sequence=3",
    ]


def test_what_is_refused_marks_nothing() -> None:
    world = given({TEA: SEVEN})
    assert isinstance(world.do(Sell(TEA, 99), TILL, 8), InsufficientStock)
    assert world.stocks[TEA] == SEVEN
    assert when(world, Sell(TEA, 1), TILL, 8)


def test_an_earlier_count_with_a_higher_number_takes_no_time_back() -> None:
    """It comes from a source that has counted since: only the number tells, the time is stale."""
    world = given({TEA: SEVEN})
    earlier = SetOnHand(TEA, 9, observed_at_ms=400)
    assert world.do(earlier, TILL, 8) == CountStale(TEA, TILL, 400, 500)
    assert world.stocks[TEA] == SEVEN
