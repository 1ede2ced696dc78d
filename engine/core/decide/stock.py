"""Commands on one SKU-location: Sell, Receive, Expect, TakeBack, Adjust, Move and Configure.

All but Sell and Move create a SKU-location that is new. Counts are kept where stock is not tracked
too: only promises ignore them.
"""

from typing import TypeVar

from engine.core.availability import available_to
from engine.core.channel_rules import share_of
from engine.core.commands import Adjust, Configure, Expect, Move, OnStock, Receive, Sell, TakeBack
from engine.core.decide.bounds import (
    arrival_refused,
    below_promised,
    out_of_range,
    short_line,
    shortfall,
    shortfall_of,
    too_unavailable,
    units_of_cause,
)
from engine.core.decide.sources import on_stock
from engine.core.events import (
    IncomingExpected,
    StockAdjusted,
    StockConfigured,
    StockMoved,
    StockReceived,
    StockSold,
    StockTakenBack,
)
from engine.core.limits import CHANNEL_BUFFERS_MAX, INCOMING_MAX
from engine.core.model import IfShort, Incoming, Key, Selling, ShortCause, ShortLine, Stock
from engine.core.rejections import (
    InsufficientStock,
    Rejection,
    TooMany,
    UnavailableQuantityExceeded,
    UnknownIncoming,
    UnknownStock,
)
from engine.core.view import Decision, View

Setting = TypeVar("Setting")

_NEW = Stock()
# Python 3.11 takes 0.1 us to look up an enum member, and these are needed for every sale.
_STOPPED = Selling.STOPPED
_REFUSE = IfShort.REFUSE


def key_of(_view: View, command: OnStock) -> Key:
    """The SKU-location that a command is on."""
    return command.key


@on_stock(key_of)
def sell(view: View, command: Sell, _now_ms: int) -> Decision | Rejection:
    """Take units away at once: of what is available when asked, in any case when told."""
    key, quantity = command.key, command.quantity
    stock = view.stock(key)
    if stock is None:
        return UnknownStock(key)
    if command.if_short is _REFUSE:
        short = _closed(view, stock, key, quantity)
        short = short or short_line(stock, command.channel, key, quantity)
        short = short or _not_for_channel(view, stock, command)
        if short is not None:
            return InsufficientStock((short,))
    sold = StockSold(key, quantity, command.channel, stock.tracked)
    if not stock.tracked:
        return Decision((sold,))
    refusal = out_of_range(key, "on_hand", stock.on_hand - quantity)
    if refusal is not None:
        return refusal
    return Decision((sold, *shortfall(view, key, stock, -quantity)))


@on_stock(key_of)
def receive(view: View, command: Receive, _now_ms: int) -> Decision | Rejection:
    """Take in units that have arrived, expected or not; more than expected may come."""
    key, quantity, cause = command.key, command.quantity, command.unavailable_cause
    reference = command.incoming_reference
    stock = view.stock(key) or _NEW
    closed = 0
    if reference:
        expected = _expected(stock, reference)
        if expected is None:
            return UnknownIncoming(key, reference)
        closed = min(quantity, expected.quantity)
    refusal = arrival_refused(key, stock, quantity, cause)
    if refusal is not None:
        return refusal
    return Decision((StockReceived(key, quantity, reference, closed, cause),))


@on_stock(key_of)
def expect(view: View, command: Expect, _now_ms: int) -> Decision | Rejection:
    """State what is on its way under a reference, in place of what was stated under it before.

    The limit of entries, each of at most QUANTITY_MAX units, keeps their sum within range.
    """
    key, reference, quantity = command.key, command.reference, command.quantity
    stock = view.stock(key) or _NEW
    if _expected(stock, reference) is None:
        if not quantity:
            return UnknownIncoming(key, reference)
        if len(stock.incoming) >= INCOMING_MAX:
            return TooMany(key, "incoming", len(stock.incoming) + 1, INCOMING_MAX)
    return Decision((IncomingExpected(key, reference, quantity, command.expected_at_ms),))


@on_stock(key_of)
def take_back(view: View, command: TakeBack, _now_ms: int) -> Decision | Rejection:
    """Take in units that have come back, of whatever shipment."""
    key, quantity, cause = command.key, command.quantity, command.unavailable_cause
    refusal = arrival_refused(key, view.stock(key) or _NEW, quantity, cause)
    if refusal is not None:
        return refusal
    return Decision((StockTakenBack(key, quantity, cause),))


@on_stock(key_of)
def adjust(view: View, command: Adjust, _now_ms: int) -> Decision | Rejection:
    """Correct the units on hand by a difference: those that may be sold, if asked not below what is
    promised, or those of a cause, which no promise counts on."""
    key, delta, cause = command.key, command.delta, command.unavailable_cause
    stock = view.stock(key) or _NEW
    change = 0 if cause else delta
    refusal = (
        _cause_refused(key, stock, cause, delta)
        or below_promised(key, stock, change, command.if_short)
        or out_of_range(key, "on_hand", stock.on_hand + delta)
    )
    if refusal is not None:
        return refusal
    adjusted = StockAdjusted(key, delta, cause)
    return Decision((adjusted, *shortfall(view, key, stock, change)))


@on_stock(key_of)
def move(view: View, command: Move, _now_ms: int) -> Decision | Rejection:
    """Let units be sold no longer, again, or for another cause not; asked to, what is promised
    stays."""
    key, quantity = command.key, command.quantity
    from_cause, to_cause = command.from_cause, command.to_cause
    stock = view.stock(key)
    if stock is None:
        return UnknownStock(key)
    change = (0 if to_cause else quantity) - (0 if from_cause else quantity)
    refusal = (
        _cause_refused(key, stock, from_cause, -quantity)
        or _new_cause_refused(key, stock, from_cause, to_cause, quantity)
        or below_promised(key, stock, change, command.if_short)
    )
    if refusal is not None:
        return refusal
    moved = StockMoved(key, quantity, from_cause, to_cause)
    return Decision((moved, *shortfall(view, key, stock, change)))


@on_stock(key_of, of_kits=True)
def configure(view: View, command: Configure, _now_ms: int) -> Decision | Rejection:
    """Change the settings that are stated. Promises made before are not touched by it, nor are
    backorders beyond a new limit. What was missing while nothing was counted is told when counting
    begins."""
    stock = view.stock(command.key) or _NEW
    buffers = dict(stock.channel_buffers)
    buffers.update(command.channel_buffers)
    in_force = tuple(sorted((channel, units) for channel, units in buffers.items() if units))
    if len(in_force) > CHANNEL_BUFFERS_MAX:
        return TooMany(command.key, "channel_buffers", len(in_force), CHANNEL_BUFFERS_MAX)
    configured = StockConfigured(
        key=command.key,
        safety_stock=_stated(command.safety_stock, stock.safety_stock),
        tracked=_stated(command.tracked, stock.tracked),
        selling=_stated(command.selling, stock.selling),
        channel_buffers=in_force,
        backorder_limit=_stated(command.backorder_limit, stock.backorder_limit),
    )
    begins = configured.tracked and not stock.tracked
    missing = stock.promised - stock.sellable if begins else 0
    return Decision((configured, *shortfall_of(view, command.key, missing)))


def _closed(view: View, stock: Stock, key: Key, asked: int) -> ShortLine | None:
    """Why nothing is sold at all; None if that is not so."""
    if stock.selling is _STOPPED:
        return ShortLine("", key, ShortCause.STOPPED, asked, 0)
    location = view.location(key.tenant, key.location)
    if location is not None and not location.enabled:
        return ShortLine("", key, ShortCause.LOCATION_DISABLED, asked, 0)
    return None


def _not_for_channel(view: View, stock: Stock, command: Sell) -> ShortLine | None:
    """Why the configuration of channels leaves less to who sells; None if it does not."""
    key, asked = command.key, command.quantity
    if not view.channels.channels:
        return None
    share = share_of(view, view.stock, key.tenant, command.channel, key.sku)
    if share is None or (not stock.tracked and share.sells_at(key.location)):
        return None
    free = max(0, share.at_most(key.location, available_to(stock, command.channel)))
    return ShortLine("", key, ShortCause.CHANNEL, asked, free) if asked > free else None


def _expected(stock: Stock, reference: str) -> Incoming | None:
    """The delivery that is expected under the reference; a transfer is none."""
    for incoming in stock.incoming:
        if incoming.reference == reference and not incoming.transfer_id:
            return incoming
    return None


def _cause_refused(key: Key, stock: Stock, cause: str, delta: int) -> Rejection | None:
    """Why the units of a cause may not change by `delta`; None if they may, or if there is no
    cause. They never fall below 0, whoever tells it."""
    if not cause:
        return None
    units = units_of_cause(stock, cause)
    if units + delta < 0:
        return UnavailableQuantityExceeded(key, cause, -delta, units)
    return too_unavailable(key, stock, cause, delta) if delta > 0 else None


def _new_cause_refused(
    key: Key, stock: Stock, from_cause: str, to_cause: str, quantity: int
) -> Rejection | None:
    """Why units may not go to the cause; None if they may. A cause that is left empty makes room
    for it."""
    without = tuple(
        (cause, left)
        for cause, units in stock.unavailable
        if (left := units - quantity if cause == from_cause else units)
    )
    rest = Stock(unavailable=without)
    return too_unavailable(key, rest, to_cause, quantity)


def _stated(stated: Setting | None, before: Setting) -> Setting:
    return before if stated is None else stated
