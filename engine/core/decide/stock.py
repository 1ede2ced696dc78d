"""Commands on one SKU-location: Sell, Receive, Adjust, SetOnHand and Configure.

All but Sell create a SKU-location that is new. Counts are kept where stock is not tracked too: only
promises ignore them.
"""

from typing import TypeVar

from engine.core.commands import Adjust, Configure, Receive, Sell, SetOnHand
from engine.core.decide.bounds import out_of_range, short_line, shortfall
from engine.core.events import (
    StockAdjusted,
    StockConfigured,
    StockCounted,
    StockReceived,
    StockSold,
)
from engine.core.limits import CHANNEL_BUFFERS_MAX
from engine.core.model import IfShort, Stock
from engine.core.rejections import (
    BelowPromised,
    InsufficientStock,
    OnHandMismatch,
    Rejection,
    TooManyChannelBuffers,
    UnknownStock,
    VersionMismatch,
)
from engine.core.view import Decision, View

Setting = TypeVar("Setting")

_NEW = Stock()


def sell(view: View, command: Sell, _now_ms: int) -> Decision | Rejection:
    """Take units away at once: of what is available when asked, in any case when told."""
    key, quantity = command.key, command.quantity
    stock = view.stock(key)
    if stock is None:
        return UnknownStock(key)
    if command.if_short is IfShort.REFUSE:
        short = short_line(stock, command.channel, 0, "", key, quantity)
        if short is not None:
            return InsufficientStock((short,))
    sold = StockSold(key, quantity, command.channel, stock.tracked)
    if not stock.tracked:
        return Decision((sold,))
    refusal = out_of_range(key, "on_hand", stock.on_hand - quantity)
    if refusal is not None:
        return refusal
    return Decision((sold, *shortfall(key, stock, -quantity)))


def receive(view: View, command: Receive, _now_ms: int) -> Decision | Rejection:
    """Take in units that have arrived."""
    stock = view.stock(command.key) or _NEW
    refusal = out_of_range(command.key, "on_hand", stock.on_hand + command.quantity)
    if refusal is not None:
        return refusal
    return Decision((StockReceived(command.key, command.quantity),))


def adjust(view: View, command: Adjust, _now_ms: int) -> Decision | Rejection:
    """Correct the units on hand by a difference; asked to, not below what is promised."""
    stock = view.stock(command.key) or _NEW
    refusal = _may_become(stock, command, stock.on_hand + command.delta)
    if refusal is not None:
        return refusal
    adjusted = StockAdjusted(command.key, command.delta)
    return Decision((adjusted, *shortfall(command.key, stock, command.delta)))


def set_on_hand(view: View, command: SetOnHand, _now_ms: int) -> Decision | Rejection:
    """Record a count, if nothing has changed since the caller looked, where it says so."""
    key, on_hand = command.key, command.on_hand
    stock = view.stock(key) or _NEW
    if command.if_version is not None and command.if_version != stock.version:
        return VersionMismatch(key, command.if_version, stock.version)
    if command.if_on_hand is not None and command.if_on_hand != stock.on_hand:
        return OnHandMismatch(key, command.if_on_hand, stock.on_hand)
    refusal = _may_become(stock, command, on_hand)
    if refusal is not None:
        return refusal
    counted = StockCounted(key, on_hand, expected=stock.on_hand)
    return Decision((counted, *shortfall(key, stock, on_hand - stock.on_hand)))


def configure(view: View, command: Configure, _now_ms: int) -> Decision | Rejection:
    """Change the settings that are stated. Promises made before are not touched by it."""
    stock = view.stock(command.key) or _NEW
    buffers = dict(stock.channel_buffers)
    buffers.update(command.channel_buffers)
    in_force = tuple(sorted((channel, units) for channel, units in buffers.items() if units))
    if len(in_force) > CHANNEL_BUFFERS_MAX:
        return TooManyChannelBuffers(command.key, len(in_force), CHANNEL_BUFFERS_MAX)
    return Decision(
        (
            StockConfigured(
                key=command.key,
                safety_stock=_stated(command.safety_stock, stock.safety_stock),
                tracked=_stated(command.tracked, stock.tracked),
                selling=_stated(command.selling, stock.selling),
                channel_buffers=in_force,
            ),
        )
    )


def _may_become(stock: Stock, command: Adjust | SetOnHand, on_hand: int) -> Rejection | None:
    """Why a correction to `on_hand` units is refused; None if it is not.

    What is asked for may not cut into what was promised. It may always bring more, even if that
    is not yet enough.
    """
    if command.if_short is IfShort.REFUSE and on_hand < stock.on_hand and on_hand < stock.promised:
        return BelowPromised(command.key, on_hand, stock.promised)
    return out_of_range(command.key, "on_hand", on_hand)


def _stated(stated: Setting | None, before: Setting) -> Setting:
    return before if stated is None else stated
