"""What the model makes of what a shard is told by the home of a basket of which it has a part."""

from typing import Any

from engine.core.events import (
    AllocationReleased,
    HoldCommitted,
    HoldExpired,
    HoldReleased,
    LinesTold,
    StockAllocated,
    StockHeld,
    StockShipped,
)
from engine.shard.messages import Tiding
from tests.model.model import Model
from tests.model.warehouse import ALLOCATED, HELD, LOST, SHIPPED, Basket, Unit


def hear(model: Model, tiding: Tiding, told: LinesTold) -> None:
    """Let it happen in the model of the shard that was told."""
    model.freed = []
    attempt = model.baskets.pop(told.attempt_id, None) if told.attempt_id else None
    if attempt is not None:
        model.freed += [unit.key for unit in attempt.units]
    if told.events and told.reservation_id not in model.baskets:
        model.baskets[told.reservation_id] = Basket(
            told.reservation_id,
            model.next_number(),
            told.tenant,
            tiding.channel,
            tiding.customer,
            tiding.reference,
            model.now_ms,
        )
    for event in told.events:
        _happen(model, model.baskets[told.reservation_id], event)
    model.serve()


def _happen(model: Model, basket: Basket, event: Any) -> None:
    """What becomes of a part of a basket of another shard."""
    place = (event.line_id, event.key)
    made = {StockHeld: HELD, StockAllocated: ALLOCATED}.get(type(event))
    if made is not None:
        model.make(basket, place, 1, [(made, True, True)] * event.quantity)
        return
    before = HELD if type(event) in (HoldCommitted, HoldReleased, HoldExpired) else ALLOCATED
    units = [unit for unit in basket.units if unit.place == place and unit.state == before]
    assert len(units) >= event.quantity, f"{event} of {len(units)} units"
    _change(model, basket, event, units[: event.quantity])


def _change(model: Model, basket: Basket, event: Any, units: list[Unit]) -> None:
    kind = type(event)
    if kind in (HoldReleased, AllocationReleased):
        model.give_back(units)
        return
    after: dict[type[Any], str] = {
        HoldCommitted: ALLOCATED,
        HoldExpired: LOST,
        StockShipped: SHIPPED,
    }
    for unit in units:
        unit.state = after[kind]
        if kind is HoldExpired:
            model.freed.append(unit.key)
    if kind is StockShipped:
        model.shelves[event.key].come(model.now_ms, -len(units))
        basket.shipped_ms[""] = model.now_ms
