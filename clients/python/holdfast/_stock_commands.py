"""Commands on the stock of one SKU-location."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Unpack

from holdfast import types
from holdfast._command import Command, WriteOptions, set_moment
from holdfast._fields import IF_SHORT, SELLING, enum_number, set_key
from holdfast.types import Configured, Counted, StockChanged
from holdfast.v1 import inventory_pb2


def sell(
    sku: str,
    location: str,
    quantity: int,
    *,
    if_short: Literal["refuse", "record"] | types.IfShort | None = None,
    reference: str = "",
    channel: str = "",
    **options: Unpack[WriteOptions],
) -> Command[StockChanged]:
    """Records a sale that took the units away at once: a till. `reference` is the receipt's name.

    Gives `StockChanged`; raises InsufficientStock, UnknownStock.
    """
    message = inventory_pb2.Command()
    request = message.sell
    key = set_key(request, sku, location)
    request.quantity = quantity
    if if_short is not None:
        request.if_short = enum_number(IF_SHORT, "if_short", if_short)
    request.reference = reference
    request.channel = channel
    return Command("sell", message, key, options)


def receive(
    sku: str,
    location: str,
    quantity: int,
    *,
    reference: str = "",
    incoming_reference: str = "",
    unavailable_cause: str = "",
    **options: Unpack[WriteOptions],
) -> Command[StockChanged]:
    """Records units that have arrived; a new SKU-location is created. `reference` is the delivery's
    name.

    So many units are no longer expected under `incoming_reference`, the name that `expect` gave
    them. With an `unavailable_cause` they may not be sold. Gives `StockChanged`; raises
    UnknownIncoming, KitHasNoStock.
    """
    message = inventory_pb2.Command()
    request = message.receive
    key = set_key(request, sku, location)
    request.quantity = quantity
    request.reference = reference
    request.incoming_reference = incoming_reference
    request.unavailable_cause = unavailable_cause
    return Command("receive", message, key, options)


def adjust(
    sku: str,
    location: str,
    delta: int,
    *,
    reason: str,
    reference: str,
    if_short: Literal["refuse", "record"] | types.IfShort | None = None,
    unavailable_cause: str = "",
    **options: Unpack[WriteOptions],
) -> Command[StockChanged]:
    """Corrects the units on hand by `delta`, for a `reason` (a code of the caller's) and by a
    document, `reference`.

    With an `unavailable_cause` it corrects the units that are unavailable for it, else those that
    may be sold. Gives `StockChanged`; raises BelowPromised, UnavailableQuantityExceeded.
    """
    message = inventory_pb2.Command()
    request = message.adjust
    key = set_key(request, sku, location)
    request.delta = delta
    request.reason = reason
    request.reference = reference
    if if_short is not None:
        request.if_short = enum_number(IF_SHORT, "if_short", if_short)
    request.unavailable_cause = unavailable_cause
    return Command("adjust", message, key, options)


def set_on_hand(
    sku: str,
    location: str,
    on_hand: int,
    *,
    if_version: int | None = None,
    if_on_hand: int | None = None,
    if_short: Literal["refuse", "record"] | types.IfShort | None = None,
    reference: str = "",
    reason: str = "",
    observed_at: datetime | None = None,
    observed_cursor: str = "",
    **options: Unpack[WriteOptions],
) -> Command[Counted]:
    """Records a count; a new SKU-location is created.

    `if_version` makes it conditional on the SKU-location's version (0: it must be new),
    `if_on_hand` on its units on hand. What has arrived or left since `observed_at`, when it was
    counted, or since `observed_cursor`, the history as the counter knew it, is added to the count.
    Gives `Counted`; raises VersionMismatch, OnHandMismatch, BelowPromised, CountStale,
    ObservationTooOld.
    """
    message = inventory_pb2.Command()
    request = message.set_on_hand
    key = set_key(request, sku, location)
    request.on_hand = on_hand
    if if_version is not None:
        request.if_version = if_version
    if if_on_hand is not None:
        request.if_on_hand = if_on_hand
    if if_short is not None:
        request.if_short = enum_number(IF_SHORT, "if_short", if_short)
    request.reference = reference
    request.reason = reason
    if observed_at is not None:
        set_moment(request.observed_at, observed_at)
    request.observed_cursor = observed_cursor
    return Command("set_on_hand", message, key, options)


def configure(
    sku: str,
    location: str,
    *,
    safety_stock: int | None = None,
    tracked: bool | None = None,
    selling: Literal["open", "stopped"] | types.Selling | None = None,
    channel_buffers: Mapping[str, int] | None = None,
    backorder_limit: int | None = None,
    **options: Unpack[WriteOptions],
) -> Command[Configured]:
    """Sets how a SKU-location may be promised; what is not given stays as it is. A new SKU-location
    is created.

    `safety_stock` units are kept back from every promise; ``tracked=False`` stops counting
    (postage, downloads); ``selling="stopped"`` stops new promises; `channel_buffers` are units that
    a channel must leave to the others, 0 to remove the buffer; `backorder_limit` units may be
    promised beyond what is available. Gives `Configured`; raises KitHasNoStock.
    """
    message = inventory_pb2.Command()
    request = message.configure
    key = set_key(request, sku, location)
    if safety_stock is not None:
        request.safety_stock = safety_stock
    if tracked is not None:
        request.tracked = tracked
    if selling is not None:
        request.selling = enum_number(SELLING, "selling", selling)
    for channel, units in (channel_buffers or {}).items():
        request.channel_buffers.add(channel=channel, units=units)
    if backorder_limit is not None:
        request.backorder_limit = backorder_limit
    return Command("configure", message, key, options)
