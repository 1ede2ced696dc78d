"""Builds commands without sending them: for `Client.execute`, and shared by the methods of both
clients.

Every write takes the options of `WriteOptions` as keywords. Arguments that can never be right, such
as an unknown name of an enum or an empty list of lines, raise ValueError here; everything else is
checked by the server.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from os import urandom
from typing import Any, Generic, Literal, TypedDict, TypeVar, Unpack

from holdfast import types
from holdfast.types import (
    Allocated,
    Committed,
    Configured,
    Counted,
    Extended,
    Line,
    Released,
    Reserved,
    Shipped,
    StockChanged,
)
from holdfast.v1 import inventory_pb2, stock_pb2

ResultT_co = TypeVar("ResultT_co", covariant=True)

Lines = Iterable[Line | tuple[str, str, int]]
"""Lines of a basket: `Line`, or plain ``(sku, location, quantity)``."""

LineQuantities = Mapping[str, int] | Iterable[str | tuple[str, int]]
"""Lines of a reservation: ``["1"]`` for all that line 1 has, ``{"1": 2}`` or ``[("1", 2)]`` for 2
units of it."""


class WriteOptions(TypedDict, total=False):
    """What every write takes besides its content; all of it is optional.

    `tenant` replaces the client's own. `request_id` names the write: with the same id and content
    it takes effect once, and by default each call gets an id of its own that its retries share.
    `correlation_id`, `ticket` and `occurred_at` (when it happened out there; naive datetimes are
    local time) are recorded with each event. `validate_only` decides and answers, but changes
    nothing. `timeout_s` replaces the client's own.
    """

    tenant: str | None
    request_id: str | None
    correlation_id: str
    occurred_at: datetime | None
    ticket: str
    validate_only: bool
    timeout_s: float | None


class Command(Generic[ResultT_co]):
    """A write that is ready to be sent. Sent twice, it is the same write: the second answer is a
    replay."""

    __slots__ = ("kind", "line_count", "message", "request_id", "scope", "timeout_s")

    def __init__(
        self, kind: str, message: inventory_pb2.Command, scope: Any, options: WriteOptions
    ) -> None:
        self.kind = kind
        """Which command it is, as the method is called."""
        self.message = message
        """The protobuf message."""
        self.line_count = 1
        """How many basket lines it has, for the limit of a batch."""
        self.scope = scope
        """The part of the message that names the tenant; None once the caller has named one."""
        self.timeout_s: float | None = None
        """How long to try; None for the client's own timeout."""
        context = getattr(message, kind).context
        if not options:
            context.request_id = self.request_id = urandom(16).hex()
            """Names the write."""
            return
        self.request_id = options.get("request_id") or urandom(16).hex()
        context.request_id = self.request_id
        self._apply(context, options)

    def _apply(self, context: inventory_pb2.WriteContext, options: WriteOptions) -> None:
        if unknown := options.keys() - WriteOptions.__annotations__.keys():
            raise TypeError(f"{self.kind}() takes no argument named {sorted(unknown)}")
        tenant = options.get("tenant")
        if tenant is not None:
            self.scope.tenant = tenant
            self.scope = None
        if correlation_id := options.get("correlation_id"):
            context.correlation_id = correlation_id
        if ticket := options.get("ticket"):
            context.ticket = ticket
        if (occurred_at := options.get("occurred_at")) is not None:
            _set_moment(context.occurred_at, occurred_at)
        if options.get("validate_only"):
            context.validate_only = True
        timeout_s = options.get("timeout_s")
        if timeout_s is not None:
            self.timeout_s = check_timeout(timeout_s)


def check_timeout(timeout_s: float) -> float:
    """The timeout, if it can be one; raises ValueError otherwise."""
    if not 0 < timeout_s < 1e9:
        raise ValueError(f"timeout_s is {timeout_s!r}; it must be above 0 and below 1e9")
    return timeout_s


def _set_moment(field: Any, moment: datetime) -> None:
    # A datetime that is converted through its float would lose microseconds of far dates.
    field.seconds = int(moment.timestamp() // 1)
    field.nanos = moment.microsecond * 1_000


def _set_ttl(request: Any, ttl_s: float | None, hold_class: str | None) -> None:
    if ttl_s is not None:
        milliseconds = round(ttl_s * 1_000)
        ttl = request.ttl
        ttl.seconds = milliseconds // 1_000
        ttl.nanos = milliseconds % 1_000 * 1_000_000
    if hold_class is not None:
        request.hold_class = _number(_HOLD_CLASS, "hold_class", hold_class)


def _numbers(enum: Any, prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix).lower(): n for name, n in enum.items() if n}


_FILL = _numbers(inventory_pb2.Fill, "FILL_")
_HOLD_CLASS = _numbers(inventory_pb2.HoldClass, "HOLD_CLASS_")
_IF_SHORT = _numbers(inventory_pb2.IfShort, "IF_SHORT_")
_REMAINDER = _numbers(inventory_pb2.Remainder, "REMAINDER_")
_RELEASE_REASON = _numbers(inventory_pb2.ReleaseReason, "RELEASE_REASON_")
_SELLING = _numbers(stock_pb2.Selling, "SELLING_")


def _number(numbers: dict[str, int], field: str, name: str) -> Any:
    number = numbers.get(name)
    if number is None:
        raise ValueError(f"{field} is {name!r}; it must be one of {', '.join(numbers)}")
    return number


def _add_lines(request: Any, lines: Lines) -> int:
    """Fills a basket in; returns how many lines it has."""
    add = request.lines.add
    count = 0
    for line in lines:
        count += 1
        entry = add()
        if len(line) == 3:
            entry.sku, entry.location, entry.quantity = line
            entry.line_id = str(count)
        else:
            entry.sku, entry.location, entry.quantity, line_id, minimum_quantity = line
            entry.line_id = line_id or str(count)
            if minimum_quantity:
                entry.minimum_quantity = minimum_quantity
    return count


def _add_line_quantities(request: Any, lines: LineQuantities | None) -> int:
    """Fills the lines of a reservation in: none means everything, for which the caller passes None
    and nothing else."""
    if lines is None:
        return 1
    if isinstance(lines, str):
        raise TypeError(f"lines is the string {lines!r}; it must be a list of line ids")
    count = 0
    for line in lines.items() if isinstance(lines, Mapping) else lines:
        count += 1
        entry = request.lines.add()
        if isinstance(line, str):
            entry.line_id = line
            continue
        entry.line_id, entry.quantity = line
        if not entry.quantity:
            # 0 means "all of the line" on the wire, which is never what a caller who counted to 0
            # means.
            raise ValueError(
                f"lines[{count - 1}].quantity is 0; name the line id alone for all of it"
            )
    if not count:
        raise ValueError("lines is empty; leave it out for every line")
    return count


def reserve(
    lines: Lines,
    *,
    ttl_s: float | None = None,
    hold_class: Literal["cart", "checkout", "order"] | types.HoldClass | None = None,
    fill: Literal["all_or_nothing", "best_effort"] | types.Fill | None = None,
    reference: str = "",
    channel: str = "",
    customer: str = "",
    **options: Unpack[WriteOptions],
) -> Command[Reserved]:
    """Holds units for a basket of 1 to 2 000 lines until a deadline.

    The hold lasts `ttl_s` seconds from arrival (1 second to 90 days), or as long as the server's
    configuration gives `hold_class` (CART if neither is given). With ``fill="best_effort"`` it
    holds what is there and reports the rest in `short_lines`. `reference` is the caller's own name
    for the basket, `channel` the channel that sells, `customer` an opaque token without personal
    data. Gives `Reserved`; raises InsufficientStock, UnknownStock, InvalidField.
    """
    message = inventory_pb2.Command()
    request = message.reserve
    command: Command[Reserved] = Command("reserve", message, request, options)
    command.line_count = _add_lines(request, lines)
    if ttl_s is not None or hold_class is not None:
        _set_ttl(request, ttl_s, hold_class)
    if fill is not None:
        request.fill = _number(_FILL, "fill", fill)
    if reference:
        request.reference = reference
    if channel:
        request.channel = channel
    if customer:
        request.customer = customer
    return command


def extend(
    reservation_id: str,
    *,
    ttl_s: float | None = None,
    hold_class: Literal["cart", "checkout", "order"] | types.HoldClass | None = None,
    **options: Unpack[WriteOptions],
) -> Command[Extended]:
    """Gives a hold a new deadline, counted from the arrival of this call; it may be earlier than
    the old one.

    Gives `Extended`; raises UnknownReservation, ReservationExpired, ReservationReleased,
    ReservationCommitted.
    """
    message = inventory_pb2.Command()
    request = message.extend
    request.reservation_id = reservation_id
    _set_ttl(request, ttl_s, hold_class)
    return Command("extend", message, request, options)


def commit(
    reservation_id: str,
    *,
    lines: LineQuantities | None = None,
    remainder: Literal["free", "keep_held"] | types.Remainder | None = None,
    reference: str = "",
    **options: Unpack[WriteOptions],
) -> Command[Committed]:
    """Turns held units into units allocated to an order: all of them, or `lines`.

    What is not named is given back, or stays held until the deadline with
    ``remainder="keep_held"``. `reference`, the order's name, replaces the reservation's. Gives
    `Committed`; raises UnknownReservation, UnknownLine, ReservationExpired, ReservationReleased,
    ReservationCommitted, LineQuantityExceeded.
    """
    message = inventory_pb2.Command()
    request = message.commit
    request.reservation_id = reservation_id
    command: Command[Committed] = Command("commit", message, request, options)
    command.line_count = _add_line_quantities(request, lines)
    if remainder is not None:
        request.remainder = _number(_REMAINDER, "remainder", remainder)
    if reference:
        request.reference = reference
    return command


def release(
    reservation_id: str,
    *,
    lines: LineQuantities | None = None,
    reason: Literal[
        "customer_cancelled", "payment_failed", "out_of_stock", "exchanged", "fraud", "other"
    ]
    | types.ReleaseReason
    | None = None,
    **options: Unpack[WriteOptions],
) -> Command[Released]:
    """Gives held or allocated units back: all of them, or `lines`. Doing it twice is harmless.

    Gives `Released`, whose `status` is EXPIRED when the deadline came first; raises
    UnknownReservation, UnknownLine, LineQuantityExceeded.
    """
    message = inventory_pb2.Command()
    request = message.release
    request.reservation_id = reservation_id
    command: Command[Released] = Command("release", message, request, options)
    command.line_count = _add_line_quantities(request, lines)
    if reason is not None:
        request.reason = _number(_RELEASE_REASON, "reason", reason)
    return command


def allocate(
    lines: Lines,
    *,
    if_short: Literal["refuse", "record"] | types.IfShort | None = None,
    reference: str = "",
    channel: str = "",
    customer: str = "",
    **options: Unpack[WriteOptions],
) -> Command[Allocated]:
    """Promises units to an order without a hold before it: what was sold elsewhere, all or nothing.

    With ``if_short="record"`` it is a fact and recorded even when units are missing. Gives
    `Allocated`; raises InsufficientStock, UnknownStock.
    """
    message = inventory_pb2.Command()
    request = message.allocate
    command: Command[Allocated] = Command("allocate", message, request, options)
    command.line_count = _add_lines(request, lines)
    if if_short is not None:
        request.if_short = _number(_IF_SHORT, "if_short", if_short)
    request.reference = reference
    request.channel = channel
    request.customer = customer
    return command


def ship(
    reservation_id: str,
    *,
    lines: LineQuantities | None = None,
    reference: str = "",
    **options: Unpack[WriteOptions],
) -> Command[Shipped]:
    """Records that allocated units have left: all of them, or `lines`. `reference` is the
    shipment's name.

    Gives `Shipped`; raises UnknownReservation, UnknownLine, ReservationNotCommitted,
    ReservationShipped, LineQuantityExceeded.
    """
    message = inventory_pb2.Command()
    request = message.ship
    request.reservation_id = reservation_id
    command: Command[Shipped] = Command("ship", message, request, options)
    command.line_count = _add_line_quantities(request, lines)
    request.reference = reference
    return command


def _set_key(request: Any, sku: str, location: str) -> Any:
    key = request.key
    key.sku = sku
    key.location = location
    return key


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
    key = _set_key(request, sku, location)
    request.quantity = quantity
    if if_short is not None:
        request.if_short = _number(_IF_SHORT, "if_short", if_short)
    request.reference = reference
    request.channel = channel
    return Command("sell", message, key, options)


def receive(
    sku: str,
    location: str,
    quantity: int,
    *,
    reference: str = "",
    **options: Unpack[WriteOptions],
) -> Command[StockChanged]:
    """Records units that have arrived; a new SKU-location is created. `reference` is the delivery's
    name.

    Gives `StockChanged`.
    """
    message = inventory_pb2.Command()
    request = message.receive
    key = _set_key(request, sku, location)
    request.quantity = quantity
    request.reference = reference
    return Command("receive", message, key, options)


def adjust(
    sku: str,
    location: str,
    delta: int,
    *,
    reason: str,
    reference: str,
    if_short: Literal["refuse", "record"] | types.IfShort | None = None,
    **options: Unpack[WriteOptions],
) -> Command[StockChanged]:
    """Corrects the units on hand by `delta`, for a `reason` (a code of the caller's) and by a
    document, `reference`.

    Gives `StockChanged`; raises BelowPromised.
    """
    message = inventory_pb2.Command()
    request = message.adjust
    key = _set_key(request, sku, location)
    request.delta = delta
    request.reason = reason
    request.reference = reference
    if if_short is not None:
        request.if_short = _number(_IF_SHORT, "if_short", if_short)
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
    **options: Unpack[WriteOptions],
) -> Command[Counted]:
    """Records a count; a new SKU-location is created.

    `if_version` makes it conditional on the SKU-location's version (0: it must be new),
    `if_on_hand` on its units on hand. Gives `Counted`; raises VersionMismatch, OnHandMismatch,
    BelowPromised.
    """
    message = inventory_pb2.Command()
    request = message.set_on_hand
    key = _set_key(request, sku, location)
    request.on_hand = on_hand
    if if_version is not None:
        request.if_version = if_version
    if if_on_hand is not None:
        request.if_on_hand = if_on_hand
    if if_short is not None:
        request.if_short = _number(_IF_SHORT, "if_short", if_short)
    request.reference = reference
    request.reason = reason
    return Command("set_on_hand", message, key, options)


def configure(
    sku: str,
    location: str,
    *,
    safety_stock: int | None = None,
    tracked: bool | None = None,
    selling: Literal["open", "stopped"] | types.Selling | None = None,
    channel_buffers: Mapping[str, int] | None = None,
    **options: Unpack[WriteOptions],
) -> Command[Configured]:
    """Sets how a SKU-location may be promised; what is not given stays as it is. A new SKU-location
    is created.

    `safety_stock` units are kept back from every promise; ``tracked=False`` stops counting
    (postage, downloads); ``selling="stopped"`` stops new promises; `channel_buffers` are units that
    a channel must leave to the others, 0 to remove the buffer. Gives `Configured`.
    """
    message = inventory_pb2.Command()
    request = message.configure
    key = _set_key(request, sku, location)
    if safety_stock is not None:
        request.safety_stock = safety_stock
    if tracked is not None:
        request.tracked = tracked
    if selling is not None:
        request.selling = _number(_SELLING, "selling", selling)
    for channel, units in (channel_buffers or {}).items():
        request.channel_buffers.add(channel=channel, units=units)
    return Command("configure", message, key, options)
