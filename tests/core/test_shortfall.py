"""ShortfallDetected: when more is promised than may be sold, by how much, and who may not get what
was promised."""

import pytest

from engine.core.commands import Adjust, Allocate, BasketLine, Command, Move, Reserve, Sell
from engine.core.decide.bounds import shortfall
from engine.core.events import AtRisk, Event, ShortfallDetected
from engine.core.limits import AT_RISK_MAX
from engine.core.model import IfShort, Key, Line, Reservation, Stock
from tests.core.world import MUG, TEA, Wait, World, given

TOLD = IfShort.RECORD


def hold(*units: int, key: Key = TEA) -> Reserve:
    lines = tuple(BasketLine(str(number), key, one) for number, one in enumerate(units))
    return Reserve("", lines)


def order(units: int, if_short: IfShort = IfShort.REFUSE) -> Allocate:
    return Allocate("", (BasketLine("1", TEA, units),), if_short)


def lose(units: int) -> Adjust:
    return Adjust(TEA, -units, "LOST", "note 1", TOLD)


def risk(*entries: str) -> tuple[AtRisk, ...]:
    """Entries such as "r1 3 held" and "r2 1 allocated"."""
    split = [entry.split() for entry in entries]
    return tuple(AtRisk(one[0], int(one[1]), one[2] == "allocated") for one in split)


def detected(world: World) -> list[Event]:
    return [event for event in world.decision.events if isinstance(event, ShortfallDetected)]


MOMENT = Wait(1)
PAST: list[Command | Wait] = [
    hold(3),  # r1
    MOMENT,
    order(2),  # r2
    MOMENT,
    hold(1, 1),  # r3
    MOMENT,
    order(1),  # r4
    MOMENT,
    hold(9, key=MUG),  # r5
]  # 8 of 10 are promised.

ROWS: list[tuple[str, Command, ShortfallDetected | None]] = [
    ("what nobody was promised is lost", lose(2), None),
    ("one is missing", lose(3), ShortfallDetected(TEA, 1, risk("r3 2 held"))),
    ("as many as the newest holds", lose(4), ShortfallDetected(TEA, 2, risk("r3 2 held"))),
    ("one more", lose(5), ShortfallDetected(TEA, 3, risk("r3 2 held", "r1 3 held"))),
    (
        "more than all hold",
        lose(8),
        ShortfallDetected(TEA, 6, risk("r3 2 held", "r1 3 held", "r4 1 allocated")),
    ),
    (
        "more than was ever there",
        lose(12),
        ShortfallDetected(
            TEA, 10, risk("r3 2 held", "r1 3 held", "r4 1 allocated", "r2 2 allocated")
        ),
    ),
    ("sold at a till", Sell(TEA, 3, TOLD), ShortfallDetected(TEA, 1, risk("r3 2 held"))),
    (
        "damaged",
        Move(TEA, 3, "", "damaged", if_short=TOLD),
        ShortfallDetected(TEA, 1, risk("r3 2 held")),
    ),
    (
        "ordered all the same: that is the newest order",
        order(10, TOLD),
        ShortfallDetected(TEA, 8, risk("r3 2 held", "r1 3 held", "r6 10 allocated")),
    ),
]


@pytest.mark.parametrize(("command", "then"), [pytest.param(*row, id=name) for name, *row in ROWS])
def test_who_is_at_risk(command: Command, then: ShortfallDetected | None) -> None:
    world = given({TEA: Stock(on_hand=10), MUG: Stock(on_hand=10)}, *PAST)
    world.do(command)
    assert detected(world) == ([] if then is None else [then])


def test_it_is_told_again_only_when_it_gets_worse() -> None:
    world = given({TEA: Stock(on_hand=5)}, hold(4), lose(3))
    assert detected(world) == [ShortfallDetected(TEA, 2, risk("r1 4 held"))]
    world.do(Adjust(TEA, 1, "FOUND", "note 1"))
    assert detected(world) == []
    world.do(lose(1))
    assert detected(world) == [ShortfallDetected(TEA, 2, risk("r1 4 held"))]


def holders(count: int) -> World:
    """A world in which so many carts hold one unit each."""
    steps: list[Command | Wait] = []
    for _ in range(count):
        steps += [hold(1), MOMENT]
    return given({TEA: Stock(on_hand=count)}, *steps)


def test_more_are_at_risk_than_are_named() -> None:
    world = holders(AT_RISK_MAX + 5)
    world.do(lose(AT_RISK_MAX))
    (told,) = detected(world)
    assert isinstance(told, ShortfallDetected)
    newest_first = [f"r{number}" for number in range(AT_RISK_MAX + 5, 5, -1)]
    assert [one.reservation_id for one in told.at_risk] == newest_first
    assert not told.more
    world.do(lose(1))
    (told,) = detected(world)
    assert isinstance(told, ShortfallDetected)
    assert [one.reservation_id for one in told.at_risk] == newest_first
    assert told.more


def backed(reservation_id: str, line: Line) -> Reservation:
    return Reservation(reservation_id, "", 1_000, lines=(line,))


def test_what_no_stock_backs_is_not_at_risk() -> None:
    world = World({TEA: Stock(on_hand=5, held=2, allocated=3, backordered=7)})
    world.reservations = {
        "r1": backed("r1", Line("1", TEA, held=6, held_backordered=4)),
        "r2": backed("r2", Line("1", TEA, allocated=6, allocated_backordered=3)),
        "r3": backed("r3", Line("1", TEA, allocated=5, allocated_backordered=5)),
        "r4": backed("r4", Line("1", TEA, held=5, counted=False)),
    }
    world.do(lose(4))
    assert detected(world) == [ShortfallDetected(TEA, 4, risk("r1 2 held", "r2 3 allocated"))]


def test_where_nothing_is_counted_nothing_is_missing() -> None:
    world = given({TEA: Stock(tracked=False)}, hold(3), lose(3))
    assert detected(world) == []


def test_a_decision_names_its_own_promises() -> None:
    world = given({TEA: Stock(on_hand=3)}, hold(1), order(1))
    stock = world.stocks[TEA]
    own_hold, own_order = AtRisk("r9", 2, allocated=False), AtRisk("r9", 2, allocated=True)
    (told,) = shortfall(world, TEA, stock, -3, own_hold)
    assert told == ShortfallDetected(TEA, 2, risk("r9 2 held"))
    (told,) = shortfall(world, TEA, stock, -3, own_order)
    assert told == ShortfallDetected(TEA, 2, risk("r1 1 held", "r9 2 allocated"))


def test_a_decision_names_what_it_leaves_of_a_reservation() -> None:
    world = given({TEA: Stock(on_hand=4)}, hold(3), hold(1))
    left = Reservation("r2", "", 1_000)
    (told,) = shortfall(world, TEA, world.stocks[TEA], -1, after=left)
    assert told == ShortfallDetected(TEA, 1, risk("r1 3 held"))
