"""What every command on stock passes: a SKU that is a kit has no stock, and what a source tells
after something later is refused.

A source, such as a till or a warehouse, may number its writes on a SKU-location. How far it has
told is remembered there, together with the time of its last count.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from msgspec.structs import replace

from engine.core.decide.bounds import no_stock_of_kit
from engine.core.events import Event, SourceAdvanced, StockCounted
from engine.core.limits import SOURCES_MAX
from engine.core.model import Key, SourceMark, Stock
from engine.core.rejections import Rejection, SourceStale, TooMany
from engine.core.view import Decision, View

Stated = TypeVar("Stated")
Decide = Callable[[View, Stated, int], Decision | Rejection]


def on_stock(
    key_of: Callable[[View, Any], Key | None], *, of_kits: bool = False
) -> Callable[[Decide[Stated]], Decide[Stated]]:
    """Makes a decision one on the stock of the SKU-location that `key_of` names, if it names one.
    `of_kits`: the SKU may be a kit."""

    def with_decide(decide: Decide[Stated]) -> Decide[Stated]:
        @wraps(decide)
        def decide_on_stock(view: View, command: Stated, now_ms: int) -> Decision | Rejection:
            key = key_of(view, command)
            if key is None:
                return decide(view, command, now_ms)
            refusal = None if of_kits else no_stock_of_kit(view, key)
            if refusal is not None:
                return refusal
            if not view.source:
                return decide(view, command, now_ms)
            mark = mark_of(view.stock(key), view.source)
            if view.source_sequence and view.source_sequence <= mark.sequence:
                return SourceStale(key, view.source, view.source_sequence, mark.sequence)
            decision = decide(view, command, now_ms)
            if type(decision) is not Decision:
                return decision
            return _advanced(view, key, mark, decision, now_ms)

        return decide_on_stock

    return with_decide


def mark_of(stock: Stock | None, source: str) -> SourceMark:
    """How far the source has told about a SKU-location."""
    for mark in () if stock is None else stock.sources:
        if mark.source == source:
            return mark
    return SourceMark(source)


def _advanced(
    view: View, key: Key, mark: SourceMark, decision: Decision, now_ms: int
) -> Decision | TooMany:
    """The decision, with how far its source has told by it: unless it neither numbered the command
    nor counted."""
    counted_at_ms = max(mark.counted_at_ms, _counted_at_ms(decision.events, now_ms))
    sequence = view.source_sequence or mark.sequence
    if (sequence, counted_at_ms) == (mark.sequence, mark.counted_at_ms):
        return decision
    sources = () if (stock := view.stock(key)) is None else stock.sources
    if mark not in sources and len(sources) >= SOURCES_MAX:
        return TooMany(key, "sources", len(sources) + 1, SOURCES_MAX)
    advanced = SourceAdvanced(key, mark.source, sequence, counted_at_ms)
    return replace(decision, events=(*decision.events, advanced))


def _counted_at_ms(events: tuple[Event, ...], now_ms: int) -> int:
    """When what was told was counted; 0 if nothing was."""
    for event in events:
        if isinstance(event, StockCounted):
            return event.observed_at_ms or now_ms
    return 0
