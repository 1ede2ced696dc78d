"""The enums of the SDK. They are strings, so that ``fill="best_effort"`` and
``fill=Fill.BEST_EFFORT`` mean the same. A value that a newer server sends and this SDK does not
know reads as ``UNKNOWN``."""

from enum import StrEnum


class Fill(StrEnum):
    """What to do when not every line of a basket can be filled."""

    ALL_OR_NOTHING = "all_or_nothing"
    BEST_EFFORT = "best_effort"


class HoldClass(StrEnum):
    """Which of the server's configured times to hold for."""

    CART = "cart"
    CHECKOUT = "checkout"
    ORDER = "order"


class IfShort(StrEnum):
    """What to do with a change that leaves less than is promised: refuse what is asked, record what
    is told."""

    REFUSE = "refuse"
    RECORD = "record"


class Remainder(StrEnum):
    """What happens to held units that a commit does not name."""

    FREE = "free"
    KEEP_HELD = "keep_held"


class Strategy(StrEnum):
    """Which of several locations a line is filled from: the first in order, as few as possible, or
    the one with the most available units."""

    PRIORITY = "priority"
    FEWEST_SPLITS = "fewest_splits"
    MOST_STOCK = "most_stock"


class OnExpired(StrEnum):
    """What a commit does when the hold's deadline has passed: refuse, or take the lost units again
    if all of them are available."""

    REFUSE = "refuse"
    REACQUIRE = "reacquire"


class OnOverdue(StrEnum):
    """What becomes of an allocation that nobody has confirmed in time."""

    UNKNOWN = "unknown"
    KEEP = "keep"
    RELEASE = "release"


class BalanceField(StrEnum):
    """A number of a SKU-location, of its `Balances`."""

    ON_HAND = "on_hand"
    HELD = "held"
    ALLOCATED = "allocated"
    AVAILABLE = "available"
    UNAVAILABLE = "unavailable"
    PICKED = "picked"
    INCOMING = "incoming"
    BACKORDERED = "backordered"
    WAITING = "waiting"


class PromiseState(StrEnum):
    """Which promises make a reservation count at a SKU-location."""

    HELD = "held"
    ALLOCATED = "allocated"


class ReleaseReason(StrEnum):
    """Why units are given back."""

    UNKNOWN = "unknown"
    CUSTOMER_CANCELLED = "customer_cancelled"
    PAYMENT_FAILED = "payment_failed"
    OUT_OF_STOCK = "out_of_stock"
    EXCHANGED = "exchanged"
    FRAUD = "fraud"
    OTHER = "other"


class Selling(StrEnum):
    """Whether new promises may be made from a SKU-location."""

    UNKNOWN = "unknown"
    OPEN = "open"
    STOPPED = "stopped"


class ReservationStatus(StrEnum):
    """Where a reservation stands in its life."""

    UNKNOWN = "unknown"
    HELD = "held"
    COMMITTED = "committed"
    SHIPPED = "shipped"
    RELEASED = "released"
    EXPIRED = "expired"
    WAITING = "waiting"
    PREPARED = "prepared"


class ShortCause(StrEnum):
    """What stood in the way of a line."""

    UNKNOWN = "unknown"
    STOCK = "stock"
    CHANNEL = "channel"
    STOPPED = "stopped"
    CUSTOMER_LIMIT = "customer_limit"
    LOCATION_DISABLED = "location_disabled"
