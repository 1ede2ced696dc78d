"""SetOnHand: what was counted, now or at an earlier moment."""

from engine.core.commands import SetOnHand
from engine.core.decide.bounds import below_promised, out_of_range, shortfall
from engine.core.decide.sources import mark_of, on_stock
from engine.core.decide.stock import key_of
from engine.core.events import StockCounted
from engine.core.model import Stock
from engine.core.rejections import (
    CountStale,
    ObservationTooOld,
    OnHandMismatch,
    Rejection,
    VersionMismatch,
)
from engine.core.view import Decision, View

_NEW = Stock()


@on_stock(key_of)
def set_on_hand(view: View, command: SetOnHand, now_ms: int) -> Decision | Rejection:
    """Record a count of all that is physically there, if nothing has changed since the caller
    looked, where it says so.

    A count of an earlier moment is brought up to now: by what has arrived since, less what has
    left. Other counts and corrections since then are superseded by it.
    """
    key = command.key
    stock = view.stock(key) or _NEW
    if command.if_version is not None and command.if_version != stock.version:
        return VersionMismatch(key, command.if_version, stock.version)
    if command.if_on_hand is not None and command.if_on_hand != stock.on_hand:
        return OnHandMismatch(key, command.if_on_hand, stock.on_hand)
    observed_at_ms = _observed_at_ms(view, command, now_ms)
    moved_since = _moved_since(view, command, stock, observed_at_ms)
    if not isinstance(moved_since, int):
        return moved_since
    on_hand = command.on_hand + moved_since
    change = on_hand - stock.on_hand
    refusal = below_promised(key, stock, change, command.if_short) or out_of_range(
        key, "on_hand", on_hand
    )
    if refusal is not None:
        return refusal
    counted = StockCounted(key, on_hand, stock.on_hand, moved_since, observed_at_ms)
    return Decision((counted, *shortfall(view, key, stock, change)))


def _observed_at_ms(view: View, command: SetOnHand, now_ms: int) -> int:
    """When it was counted; 0: now. Where the counter's clock is ahead, nothing can have moved
    since."""
    position = command.observed_position
    then_ms = view.recorded_at_ms(position) if position else command.observed_at_ms
    return then_ms if then_ms < now_ms else 0


def _moved_since(
    view: View, command: SetOnHand, stock: Stock, observed_at_ms: int
) -> int | CountStale | ObservationTooOld:
    """Units that have arrived, less those that have left, since the count; a refusal if the same
    source has counted then or later, or if the moment of the count is not kept.

    A count made now is never stale: no count of the source can be later. Nor is one as of a
    position at which the source's last count was known.
    """
    key, position = command.key, command.observed_position
    if not observed_at_ms and not position:
        return 0
    then = view.stock_at(key, observed_at_ms, position)
    last_ms = mark_of(stock, view.source).counted_at_ms
    if view.source and last_ms >= observed_at_ms > 0:
        knew = position and (then is None or mark_of(then, view.source).counted_at_ms == last_ms)
        if not knew:
            return CountStale(key, view.source, observed_at_ms, last_ms)
    if then is None:
        return ObservationTooOld(key, command.observed_at_ms)
    return stock.moved - then.moved
