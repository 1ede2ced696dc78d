"""Transfers of units from one location to another: SendTransfer and ReceiveTransfer.

Both ends have the same SKU and so the same shard. To move stock is not to sell it: neither stopped
selling nor a disabled location keeps units from leaving or arriving. Nor does a fence, where its
channel sells them from the new location as well.
"""

from bisect import bisect_left

from engine.core.channel_rules import are_served, fences_served
from engine.core.commands import ReceiveTransfer, SendTransfer
from engine.core.decide.bounds import arrival_refused, out_of_range, short_line, shortfall
from engine.core.decide.sources import on_stock
from engine.core.decide.working import Working
from engine.core.events import StockReceived, TransferExpected, TransferReceived, TransferSent
from engine.core.limits import INCOMING_MAX
from engine.core.model import IfShort, Key, ShortCause, ShortLine, Stock, Transfer
from engine.core.rejections import (
    InsufficientStock,
    Rejection,
    TooMany,
    TransferQuantityExceeded,
    UnknownStock,
    UnknownTransfer,
)
from engine.core.view import Decision, View

_NEW = Stock()


def _sent_from(_view: View, command: SendTransfer) -> Key:
    return Key(command.tenant, command.sku, command.from_location)


def _received_at(view: View, command: ReceiveTransfer) -> Key | None:
    transfer = _transfer(view, command)
    return None if transfer is None else Key(transfer.tenant, transfer.sku, transfer.to_location)


@on_stock(_sent_from)
def send_transfer(view: View, command: SendTransfer, now_ms: int) -> Decision | Rejection:
    """Let units leave for another location: of what is available when asked, in any case when told.
    They are expected there, at a SKU-location that may be new."""
    key = _sent_from(view, command)
    target = Key(command.tenant, command.sku, command.to_location)
    quantity = command.quantity
    stock = view.stock(key)
    if stock is None:
        return UnknownStock(key)
    if command.if_short is IfShort.REFUSE:
        short = short_line(stock, "", key, quantity)
        short = short or _fenced(view, key, target, quantity, now_ms)
        if short is not None:
            return InsufficientStock((short,))
    refusal = out_of_range(key, "on_hand", stock.on_hand - quantity)
    if refusal is not None:
        return refusal
    expected = len((view.stock(target) or _NEW).incoming)
    if expected >= INCOMING_MAX:
        return TooMany(target, "incoming", expected + 1, INCOMING_MAX)
    transfer_id = view.new_reservation_id()
    what = (quantity, command.reference, command.expected_at_ms)
    return Decision(
        (
            TransferSent(key, transfer_id, target.location, *what),
            TransferExpected(target, transfer_id, key.location, *what),
            *shortfall(view, key, stock, -quantity),
        )
    )


@on_stock(_received_at)
def receive_transfer(view: View, command: ReceiveTransfer, _now_ms: int) -> Decision | Rejection:
    """Take in units of a transfer, and give up lost ones."""
    transfer = _transfer(view, command)
    if transfer is None:
        return UnknownTransfer(command.transfer_id)
    quantity, lost, cause = command.quantity, command.lost, command.unavailable_cause
    if quantity + lost > transfer.in_transit:
        return TransferQuantityExceeded(transfer.transfer_id, quantity + lost, transfer.in_transit)
    key = Key(transfer.tenant, transfer.sku, transfer.to_location)
    refusal = arrival_refused(key, view.stock(key) or _NEW, quantity, cause)
    if refusal is not None:
        return refusal
    return Decision((TransferReceived(key, transfer.transfer_id, quantity, lost, cause),))


def _fenced(view: View, key: Key, target: Key, quantity: int, now_ms: int) -> ShortLine | None:
    """Why units may not leave for another location: they are fenced for channels that would find
    less of what is theirs once the units have arrived. None if they may."""
    tenant, sku = key.tenant, key.sku
    if not view.channels.channels or not view.channels.is_allocated(tenant, sku):
        return None
    served = fences_served(view, view.stock, tenant, sku)

    def is_too_much(units: int) -> bool:
        moved = (TransferSent(key, "", target.location, units), StockReceived(target, units))
        after = Working(view, now_ms, moved)
        return not are_served(served, after, after.stock, tenant, sku)

    if not is_too_much(quantity):
        return None
    # The more leave, the less is left.
    possible = bisect_left(range(1, quantity + 1), True, key=is_too_much)
    return ShortLine("", key, ShortCause.CHANNEL, quantity, possible)


def _transfer(view: View, command: ReceiveTransfer) -> Transfer | None:
    """The transfer, if it is one of this tenant."""
    transfer = view.transfer(command.transfer_id)
    return transfer if transfer is not None and transfer.tenant == command.tenant else None
