"""What an event may be, and what made it."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class EventKind(StrEnum):
    """What an event says has happened; the contract describes each."""

    UNKNOWN = "unknown"
    STOCK_HELD = "stock_held"
    HOLD_COMMITTED = "hold_committed"
    HOLD_RELEASED = "hold_released"
    HOLD_TAKEN = "hold_taken"
    HOLD_EXPIRED = "hold_expired"
    STOCK_ALLOCATED = "stock_allocated"
    ALLOCATION_RELEASED = "allocation_released"
    STOCK_SHIPPED = "stock_shipped"
    STOCK_SOLD = "stock_sold"
    STOCK_RECEIVED = "stock_received"
    STOCK_ADJUSTED = "stock_adjusted"
    STOCK_COUNTED = "stock_counted"
    STOCK_CONFIGURED = "stock_configured"
    SHORTFALL_DETECTED = "shortfall_detected"
    HOLD_FILLED = "hold_filled"
    HOLD_REACQUIRED = "hold_reacquired"
    WAIT_JOINED = "wait_joined"
    WAIT_LEFT = "wait_left"
    WAIT_FILLED = "wait_filled"
    ALLOCATION_FILLED = "allocation_filled"
    ALLOCATION_PICKED = "allocation_picked"
    RESERVATION_CREATED = "reservation_created"
    RESERVATION_EXTENDED = "reservation_extended"
    RESERVATION_RENAMED = "reservation_renamed"
    RESERVATION_EXPIRED = "reservation_expired"
    RESERVATION_AMENDED = "reservation_amended"
    RESERVATION_PROMOTED = "reservation_promoted"
    CONFIRMATION_ASKED = "confirmation_asked"
    ALLOCATION_CONFIRMED = "allocation_confirmed"
    ALLOCATION_OVERDUE = "allocation_overdue"
    BASKET_PREPARED = "basket_prepared"
    ALLOCATION_UNPICKED = "allocation_unpicked"
    PICK_FELL_SHORT = "pick_fell_short"
    SHIPPED_UNEXPECTEDLY = "shipped_unexpectedly"
    STOCK_RETURNED = "stock_returned"
    INCOMING_EXPECTED = "incoming_expected"
    STOCK_TAKEN_BACK = "stock_taken_back"
    STOCK_MOVED = "stock_moved"
    TRANSFER_SENT = "transfer_sent"
    TRANSFER_EXPECTED = "transfer_expected"
    TRANSFER_RECEIVED = "transfer_received"
    SOURCE_ADVANCED = "source_advanced"
    RESERVATION_JOINED = "reservation_joined"
    LINES_TOLD = "lines_told"
    BASKET_RESOLVED = "basket_resolved"
    BASE_TAKEN = "base_taken"
    LOCATIONS_CONFIGURED = "locations_configured"
    KIT_DEFINED = "kit_defined"
    CUSTOMERS_LIMITED = "customers_limited"
    HOLDS_CONFIGURED = "holds_configured"
    CHANNEL_CONFIGURED = "channel_configured"
    CHANNEL_POLICIES_SET = "channel_policies_set"
    SKU_GROUP_DEFINED = "sku_group_defined"
    LISTINGS_MAPPED = "listings_mapped"
    BUFFER_COMPUTED = "buffer_computed"
    ALLOCATION_DRAWN = "allocation_drawn"


class Cause(NamedTuple):
    """Which command made an event, and in whose name; "Expire" for the passing of a deadline.

    `source` is the system that told of it, `source_sequence` its own number for the write; 0: none.
    """

    command: str
    request_id: str
    principal: str
    correlation_id: str
    ticket: str
    reason: str
    reference: str
    occurred_at: datetime | None
    source: str = ""
    source_sequence: int = 0


class AtRisk(NamedTuple):
    """A reservation with units that may not be there; `allocated` ones, or held ones."""

    reservation_id: str
    units: int
    allocated: bool
