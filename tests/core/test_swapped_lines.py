"""What the random steps against the model once found: lines that Amend gave another SKU, and
confirmations of what is allocated no more."""

from engine.core.answers import Committed, Released, ReservationTransferred, Shipped
from engine.core.commands import (
    Allocate,
    Amend,
    BasketLine,
    Commit,
    Configure,
    DefineKit,
    LineQuantity,
    Release,
    Reserve,
    Ship,
    TransferReservation,
)
from engine.core.configuration import Component
from engine.core.events import ShortfallDetected
from engine.core.model import Fill, Key, OnExpired, OnOverdue, Remainder, Stock
from tests.core.world import CART_MS, MUG, TEA, Wait, World, after, given

SET = Key("", "SET", "LONDON")
SOUTH = Key("", "TEA", "SOUTH")
KIT = DefineKit("", "SET", (Component("TEA", 1), Component("MUG", 2)))
STOCKS = {TEA: Stock(on_hand=10), MUG: Stock(on_hand=10), SOUTH: Stock(on_hand=10, tracked=False)}


def amended(*lines: BasketLine) -> Amend:
    return Amend("", "r1", lines)


def shipped(world: World, quantity: int) -> Shipped:
    answer = world.do(Ship("", "r1", (LineQuantity("1", quantity),)))
    assert isinstance(answer, Shipped), answer
    return answer


def test_a_swapped_line_is_counted_in_units_of_its_new_sku() -> None:
    hold = Reserve("", (BasketLine("1", MUG, 2),))
    world = given(STOCKS, hold, amended(BasketLine("1", TEA, 3)), Commit("", "r1"))
    assert [line.quantity for line in shipped(world, 1).lines] == [1]
    assert isinstance(world.do(Release("", "r1", (LineQuantity("1", 1),))), Released)


def test_a_kit_that_became_one_of_its_components_is_no_kit() -> None:
    kit = Allocate("", (BasketLine("1", SET, 1),))
    world = given(STOCKS, KIT, kit, amended(BasketLine("1", MUG, 2)))
    assert [(line.key, line.quantity) for line in shipped(world, 1).lines] == [(MUG, 1)]


def test_a_kit_that_was_defined_anew_has_its_new_components_alone() -> None:
    jar = Key("", "JAR", "LONDON")
    world = given(
        {**STOCKS, jar: Stock(on_hand=10)},
        KIT,
        Allocate("", (BasketLine("1", SET, 1),)),
        amended(BasketLine("1", jar, 1)),
        DefineKit("", "SET", (Component("JAR", 2),)),
        amended(BasketLine("1", SET, 2)),
    )
    assert [(line.key, line.quantity) for line in shipped(world, 2).lines] == [(SET, 2), (jar, 4)]


def test_of_places_that_give_the_same_the_one_with_stock_is_taken() -> None:
    south = Stock(on_hand=1, backorder_limit=2)
    places = ("SOUTH", "LONDON")
    line = BasketLine("1", Key("", "TEA", ""), 5, locations=places, allow_backorder=True)
    ask = Reserve("", (line,), Fill.BEST_EFFORT, split=False)
    world = given({SOUTH: south, TEA: Stock(on_hand=3)}, ask)
    assert [(line.key, line.held) for line in world.reservations["r1"].lines] == [(TEA, 3)]


def test_what_was_not_counted_is_counted_where_it_is_moved_to() -> None:
    world = given(STOCKS, Allocate("", (BasketLine("1", SOUTH, 4),)))
    moved = world.do(TransferReservation("", "r1", "LONDON"))
    assert isinstance(moved, ReservationTransferred)
    assert world.stocks[TEA].allocated == 4


def test_what_is_missing_is_told_when_counting_begins() -> None:
    world = given({TEA: Stock(on_hand=2, held=5, tracked=False)})
    world.do(Configure(TEA, tracked=True))
    named = [one for one in world.decision.events if isinstance(one, ShortfallDetected)]
    assert [one.shortfall for one in named] == [3]


def test_a_time_to_confirm_that_has_passed_is_of_no_later_commit() -> None:
    first = Commit(
        "",
        "r1",
        (LineQuantity("1"),),
        Remainder.KEEP_HELD,
        confirm_within_ms=1_000,
        on_overdue=OnOverdue.RELEASE,
    )
    hold = Reserve("", (BasketLine("1", TEA, 1), BasketLine("2", TEA, 3)))
    world = given(STOCKS, hold, first, Ship("", "r1"), Wait(CART_MS))
    again = world.do(Commit("", "r1", (LineQuantity("2"),), on_expired=OnExpired.REACQUIRE))
    assert isinstance(again, Committed), again
    after(world, Wait(1))
    assert world.stocks[TEA].allocated == 3
