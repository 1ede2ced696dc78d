"""What has happened to one SKU-location and concerns no reservation."""

from engine.core.model import Key, Selling, Struct


class StockSold(Struct, frozen=True, tag=True):
    """Units were sold at a till. `counted` is False where nothing is tracked: no balance moves."""

    key: Key
    quantity: int
    channel: str = ""
    counted: bool = True


class StockReceived(Struct, frozen=True, tag=True):
    """Units arrived. `incoming_closed` of what `incoming_reference` names are expected no longer;
    with an `unavailable_cause` none of the units may be sold."""

    key: Key
    quantity: int
    incoming_reference: str = ""
    incoming_closed: int = 0
    unavailable_cause: str = ""


class IncomingExpected(Struct, frozen=True, tag=True):
    """So many units are expected under this reference now; 0: none any more."""

    key: Key
    reference: str
    quantity: int
    expected_at_ms: int = 0


class StockTakenBack(Struct, frozen=True, tag=True):
    """Units came back of which no shipment is known."""

    key: Key
    quantity: int
    unavailable_cause: str = ""


class StockAdjusted(Struct, frozen=True, tag=True):
    """The units on hand were corrected: those that may be sold, or those of the cause."""

    key: Key
    delta: int
    unavailable_cause: str = ""


class StockCounted(Struct, frozen=True, tag=True):
    """The units on hand were counted, and are `on_hand` now: what was counted at `observed_at_ms`
    (0: now) and the physical movements since, `moved_since`. `expected` were on hand by the
    books."""

    key: Key
    on_hand: int
    expected: int
    moved_since: int = 0
    observed_at_ms: int = 0


class StockMoved(Struct, frozen=True, tag=True):
    """Units went from one cause of being unavailable to another; an empty cause stands for what may
    be sold."""

    key: Key
    quantity: int
    from_cause: str
    to_cause: str


class TransferSent(Struct, frozen=True, tag=True):
    """Units left for another location."""

    key: Key
    transfer_id: str
    to_location: str
    quantity: int
    reference: str = ""
    expected_at_ms: int = 0


class TransferExpected(Struct, frozen=True, tag=True):
    """Units are on their way here from another location."""

    key: Key
    transfer_id: str
    from_location: str
    quantity: int
    reference: str = ""
    expected_at_ms: int = 0


class TransferReceived(Struct, frozen=True, tag=True):
    """Units of a transfer arrived, and `lost` ones never will."""

    key: Key
    transfer_id: str
    quantity: int
    lost: int = 0
    unavailable_cause: str = ""


class StockConfigured(Struct, frozen=True, tag=True):
    """Settings changed; all are given as they are now."""

    key: Key
    safety_stock: int
    tracked: bool
    selling: Selling
    channel_buffers: tuple[tuple[str, int], ...]
    backorder_limit: int = 0


class SourceAdvanced(Struct, frozen=True, tag=True):
    """A source has told about the SKU-location up to this sequence number, and up to a count made
    at this time; what is not higher is stale from now on."""

    key: Key
    source: str
    sequence: int = 0
    counted_at_ms: int = 0


class AtRisk(Struct, frozen=True):
    """A reservation with units that may not be there, in one state: allocated or held."""

    reservation_id: str
    units: int
    allocated: bool


class ShortfallDetected(Struct, frozen=True, tag=True):
    """More is promised than may be sold, by `shortfall` units. At risk are holds, then allocations,
    the newest first, until they cover it; `more` of them than are listed."""

    key: Key
    shortfall: int
    at_risk: tuple[AtRisk, ...] = ()
    more: bool = False


OnHandEvent = (
    StockSold
    | StockReceived
    | IncomingExpected
    | StockTakenBack
    | StockAdjusted
    | StockCounted
    | StockMoved
    | TransferSent
    | TransferExpected
    | TransferReceived
    | StockConfigured
    | SourceAdvanced
    | ShortfallDetected
)
"""Stock events of no reservation."""

TransferEvent = TransferSent | TransferExpected | TransferReceived
"""Stock events that move a transfer."""
