"""What the random steps against the model once found: lines that Amend gave another SKU, and
confirmations of what is allocated no more."""

import pytest
from msgspec.structs import replace

from engine.core.answers import Committed, Released, ReservationTransferred, Shipped
from engine.core.commands import (
    Allocate,
    Amend,
    BasketLine,
    Command,
    Commit,
    Configure,
    DefineKit,
    LineQuantity,
    Receive,
    Release,
    Reserve,
    Ship,
    TransferReservation,
)
from engine.core.configuration import Component
from engine.core.events import ShortfallDetected
from engine.core.model import Fill, IfShort, Key, OnExpired, OnOverdue, Remainder, Stock
from engine.core.rejections import HoldHasExpired, LineQuantityExceeded
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


def test_a_swapped_line_that_is_resized_later_is_of_its_new_sku_alone() -> None:
    fewer = BasketLine("1", Key("", "TEA", ""), 1, locations=("LONDON", "SOUTH"))
    mugs = Allocate("", (BasketLine("1", MUG, 2),))
    world = given(STOCKS, mugs, amended(BasketLine("1", TEA, 3)), amended(fewer))
    ship = Ship("", "r1", (LineQuantity("1", 2, "SOUTH"),), if_unexpected=IfShort.RECORD)
    answer = world.do(ship)
    assert isinstance(answer, Shipped), answer
    assert [(line.key, line.quantity) for line in answer.lines] == [(SOUTH, 2)]


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


NORTH, MUG_SOUTH = Key("", "TEA", "NORTH"), Key("", "MUG", "SOUTH")
ANYWHERE = BasketLine("1", Key("", "SET", ""), 1, locations=("SOUTH", "NORTH"))
PLACES = {NORTH: Stock(on_hand=10), MUG_SOUTH: Stock(on_hand=10)}
"""TEA in the north, MUGs in the south."""


@pytest.mark.parametrize(
    "made",
    [
        (Reserve("", (ANYWHERE,)),),
        (Reserve("", (BasketLine("1", NORTH, 1),)), amended(ANYWHERE)),
        (Reserve("", (BasketLine("1", MUG_SOUTH, 1),)), amended(ANYWHERE)),
    ],
    ids=["from the beginning", "of a line that was TEA before", "of a line that was a MUG before"],
)
def test_a_kit_is_moved_as_whole_kits_whatever_its_line_was_before(
    made: tuple[Command, ...],
) -> None:
    """Its TEA is there already: no whole kit is elsewhere."""
    world = given(PLACES, KIT, *made)
    one = TransferReservation("", "r1", "NORTH", (LineQuantity("1", 1),))
    assert world.do(one) == LineQuantityExceeded("r1", "1", 1, 0)


def test_what_left_from_where_the_line_was_before_is_counted_in_units_of_its_kit() -> None:
    mugs = Key("", "MUG", "NORTH")
    world = given(
        {**PLACES, mugs: Stock(on_hand=10)},
        KIT,
        Reserve("", (BasketLine("1", mugs, 1),)),
        amended(replace(ANYWHERE, quantity=2)),
        Wait(CART_MS),
        Ship("", "r1", (LineQuantity("1", 1, "NORTH"),), if_unexpected=IfShort.RECORD),
    )
    one = Commit("", "r1", (LineQuantity("1", 1),), on_expired=OnExpired.REACQUIRE)
    again = world.do(one)
    assert isinstance(again, Committed), again
    assert [(line.key.sku, line.quantity) for line in again.lines] == [
        ("SET", 1),
        ("TEA", 1),
        ("MUG", 2),
    ]
    each = {line.key: line.units_each for line in world.reservations["r1"].lines}
    assert (each[mugs], each[MUG_SOUTH]) == (2, 2)


def test_a_commit_is_repeated_after_its_kit_was_moved() -> None:
    commit = Commit("", "r1", (LineQuantity("1", 1),))
    mugs = Receive(Key("", "MUG", "NORTH"), 2)
    move = TransferReservation("", "r1", "NORTH")
    world = given(PLACES, KIT, mugs, Reserve("", (ANYWHERE,)), commit, move)
    assert isinstance(world.do(commit), Committed)


def test_a_kit_that_was_swapped_back_is_taken_again_with_its_new_components_alone() -> None:
    jar = Key("", "JAR", "LONDON")
    world = given(
        {**STOCKS, jar: Stock(on_hand=10)},
        KIT,
        Reserve("", (BasketLine("1", SET, 1),)),
        amended(BasketLine("1", jar, 1)),
        DefineKit("", "SET", (Component("JAR", 2),)),
        amended(BasketLine("1", SET, 1)),
        Wait(CART_MS),
    )
    again = world.do(Commit("", "r1", on_expired=OnExpired.REACQUIRE))
    assert isinstance(again, Committed), again
    assert [(line.key, line.quantity) for line in again.lines] == [(SET, 1), (jar, 2)]


def test_a_kit_that_waited_in_vain_for_its_first_component_is_not_taken_again_without_it() -> None:
    wait = Reserve("", (BasketLine("1", SET, 1),), wait_ms=CART_MS)
    world = given({TEA: Stock(), MUG: Stock(on_hand=10)}, KIT, wait, Wait(CART_MS))
    again = world.do(Commit("", "r1", on_expired=OnExpired.REACQUIRE))
    assert isinstance(again, HoldHasExpired), again


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
