"""What holds whatever is done to a basket, in whatever order: no unit is lost or made."""

from collections.abc import Iterable
from copy import copy
from importlib import import_module

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from engine.core.answers import StockChanged
from engine.core.commands import Allocate, BasketLine, Command, Confirm, Extend, Receive, Reserve
from engine.core.events import StockReceived
from engine.core.model import IfShort, Key, Line, OnExpired, OnOverdue, Reservation, Stock
from engine.core.rejections import Rejection
from tests.core.baskets import (
    CONFIRM_MS,
    DEPOT,
    KIT,
    PATIENCE_MS,
    SET,
    commit,
    give_back,
    pick,
    release,
    ship,
    unpick,
)
from tests.core.world import CART_MS, MUG, TEA, Wait, World

STOCKS = {
    TEA: Stock(on_hand=4, backorder_limit=3),
    DEPOT: Stock(on_hand=2, backorder_limit=3),
    MUG: Stock(on_hand=6, backorder_limit=8),
}
LINES = (
    BasketLine("1", Key("", "TEA", ""), 5, locations=("LONDON", "DEPOT"), allow_backorder=True),
    BasketLine("2", MUG, 2, allow_backorder=True),
    BasketLine("3", SET, 2, allow_backorder=True),
)
WAITING_LINES = tuple(
    BasketLine(line.line_id, line.key, line.quantity, locations=line.locations) for line in LINES
)
BASKETS = st.sampled_from(
    [
        Reserve("", LINES),
        Reserve("", WAITING_LINES, wait_ms=PATIENCE_MS),
        Allocate("", LINES, confirm_within_ms=CONFIRM_MS, on_overdue=OnOverdue.RELEASE),
        Allocate("", WAITING_LINES, IfShort.RECORD),
    ]
)
PARTS = st.lists(
    st.sampled_from(["1", "2", "3", "1:1", "1:2", "2:1", "3:1", "1:1@DEPOT", "1:3@LONDON"]),
    max_size=2,
)
PLAIN_PARTS = st.lists(st.sampled_from(["1", "2", "3", "1:1", "1:2", "2:1", "3:1"]), max_size=2)
PICKED = st.lists(st.sampled_from(["1", "2:1", "3:1", "1:1-1", "3:0-1"]), max_size=2)
STEPS = st.lists(
    st.one_of(
        PLAIN_PARTS.map(lambda parts: commit(*parts, keep=True)),
        PLAIN_PARTS.map(lambda parts: commit(*parts, confirm_ms=CONFIRM_MS)),
        PLAIN_PARTS.map(lambda parts: commit(*parts, again=True)),
        PLAIN_PARTS.map(lambda parts: release(*parts)),
        PICKED.map(lambda parts: pick(*parts)),
        PLAIN_PARTS.map(lambda parts: unpick(*parts)),
        PARTS.map(lambda parts: ship(*parts)),
        PARTS.map(lambda parts: ship(*parts, told=True)),
        PLAIN_PARTS.map(lambda parts: give_back(*parts)),
        PLAIN_PARTS.map(lambda parts: give_back(*parts, cause="DAMAGED")),
        st.sampled_from(
            [
                Extend("", "r1"),
                Confirm("", "r1"),
                Receive(TEA, 2),
                Receive(MUG, 3),
                Wait(CONFIRM_MS, sweep=False),
                Wait(CART_MS, sweep=True),
            ]
        ),
    ),
    max_size=12,
)


def live(basket: Command, steps: Iterable[Command | Wait]) -> World:
    """A basket lives through the steps, and is looked at after each."""
    world = World(STOCKS, configured=(KIT,))
    assert not isinstance(world.do(basket), Rejection)
    look_at(world)
    for step in steps:
        if isinstance(step, Wait):
            world.wait(step.milliseconds)
            if step.sweep:
                world.sweep()
        else:
            _does_not_depend_on_the_sweep(world, step)
            stocks = dict(world.stocks)
            if isinstance(world.do(step), Rejection):
                assert world.stocks == stocks, "a rejection changes nothing"
        look_at(world)
    return world


def look_at(world: World) -> None:
    """The balances are the sums of the lines, and no number is impossible."""
    for key, stock in world.stocks.items():
        lines = [line for one in world.reservations.values() for line in one.lines]
        here = [line for line in lines if line.key == key and line.counted]
        assert stock.held == sum(line.held - line.held_backordered for line in here)
        assert stock.allocated == sum(line.allocated - line.allocated_backordered for line in here)
        assert stock.backordered == sum(line.backordered for line in here)
        assert stock.waiting == sum(line.waiting for line in here)
        assert stock.picked == sum(line.picked for line in here)
        gone = sum(line.shipped - line.returned for line in here)
        first = STOCKS.get(key, Stock()).on_hand
        received = sum(
            event.quantity
            for _, event in world.history
            if isinstance(event, StockReceived) and event.key == key
        )
        assert stock.on_hand == first + received - gone
        assert stock.moved == received - gone
    for reservation in world.reservations.values():
        _look_at_lines(reservation)


def _look_at_lines(reservation: Reservation) -> None:
    for line in reservation.lines:
        numbers = (line.held, line.allocated, line.waiting, line.picked, line.shipped)
        assert min(*numbers, line.returned, line.expired) >= 0, line
        assert 0 <= line.held_backordered <= line.held
        assert 0 <= line.allocated_backordered <= line.allocated - line.picked
        assert line.returned <= line.shipped
        assert bool(line.queued_at_ms) is bool(line.queued)
        for field in ("shipped", "returned"):
            assert getattr(line, field) == sum(
                getattr(one, field)
                for shipment in reservation.shipments
                for one in shipment.lines
                if (one.line_id, one.key) == (line.line_id, line.key)
            )
    _look_at_kits([line for line in reservation.lines if line.line_id == "3"])


def _look_at_kits(lines: list[Line]) -> None:
    """Whatever happens to a kit happens to as many of each component."""
    for field in ("allocated", "held", "shipped", "returned", "picked", "waiting"):
        units = dict.fromkeys(("SET", "TEA", "MUG"), 0)
        for line in lines:
            units[line.key.sku] += getattr(line, field)
        if field not in ("held", "waiting"):
            assert units["TEA"] == units["SET"], (field, lines)
            assert units["MUG"] == 2 * units["SET"], (field, lines)


def _does_not_depend_on_the_sweep(world: World, command: Command) -> None:
    """A command comes to the same, whether what is due was swept before it or not."""
    if getattr(command, "on_expired", None) is OnExpired.REACQUIRE:
        return
    answers = []
    for swept in (False, True):
        other = copy(world)
        other.stocks, other.reservations = dict(world.stocks), dict(world.reservations)
        other.history = list(world.history)
        if swept:
            other.sweep()
        result = other.do(command)
        answers.append(None if isinstance(result, StockChanged) else result)
    assert answers[0] == answers[1]


@for_all(BASKETS, STEPS)
def test_no_unit_is_lost_or_made(basket: Command, steps: list[Command | Wait]) -> None:
    live(basket, steps)


FAULTS: list[tuple[str, str, object, Command, list[Command | Wait]]] = [
    (
        "what is due is not looked at",
        "engine.core.decide.release.find",
        lambda view, command, _now_ms: view.reservation(command.reservation_id),
        Reserve("", LINES),
        [Wait(CART_MS, sweep=False), Extend("", "r1")],
    ),
    (
        "kits that are not whole are shipped",
        "engine.core.decide.fulfil.in_whole_kits",
        lambda portions, _line_ids: portions,
        Allocate("", (*LINES[:2], BasketLine("3", SET, 3, allow_backorder=True))),
        [ship()],
    ),
    (
        "what lies in a box is given back",
        "engine.core.decide.release.unpicked",
        lambda line: line.allocated - line.allocated_backordered,
        Allocate("", LINES),
        [pick("2"), release("2:2")],
    ),
    (
        "backordered units are shipped",
        "engine.core.decide.fulfil.unpicked",
        lambda line: line.allocated - line.picked,
        Allocate("", (BasketLine("1", TEA, 5, allow_backorder=True),)),
        [ship("1:5")],
    ),
]


@pytest.mark.parametrize(
    ("place", "fault", "basket", "steps"),
    [row[1:] for row in FAULTS],
    ids=[row[0] for row in FAULTS],
)
def test_a_fault_is_seen(
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    fault: object,
    basket: Command,
    steps: list[Command | Wait],
) -> None:
    live(basket, steps)
    module, _, name = place.rpartition(".")
    monkeypatch.setattr(import_module(module), name, fault)
    with pytest.raises(AssertionError):
        live(basket, steps)
