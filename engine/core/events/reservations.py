"""What has happened to a basket as a whole. These events have no SKU-location."""

from engine.core.events.lines import LineEvent
from engine.core.model import OnOverdue, Struct


class ReservationCreated(Struct, frozen=True, tag=True):
    """A basket was made; its lines follow. `expires_at_ms` 0: allocated at once. `hold_ms`: how
    long it is held once it has all that it waits for; 0 if it does not wait."""

    reservation_id: str
    tenant: str
    reference: str
    channel: str
    customer: str
    expires_at_ms: int
    hold_ms: int = 0


class ReservationAmended(Struct, frozen=True, tag=True):
    """A basket's lines were changed; the changes follow. Lines that were swapped are of other SKUs
    from now on."""

    reservation_id: str
    tenant: str
    swapped_line_ids: tuple[str, ...] = ()


class ReservationExtended(Struct, frozen=True, tag=True):
    """A basket's deadline changed."""

    reservation_id: str
    expires_at_ms: int
    tenant: str = ""


class ReservationRenamed(Struct, frozen=True, tag=True):
    """A basket's reference changed."""

    reservation_id: str
    reference: str
    tenant: str = ""


class ReservationExpired(Struct, frozen=True, tag=True):
    """A basket's deadline passed; its lines follow."""

    reservation_id: str
    tenant: str = ""


class ReservationPromoted(Struct, frozen=True, tag=True):
    """A basket has got all the stock that it waited for; it is held until `expires_at_ms` (0: it is
    allocated)."""

    reservation_id: str
    tenant: str
    expires_at_ms: int


class ConfirmationAsked(Struct, frozen=True, tag=True):
    """An allocation has to be confirmed in time."""

    reservation_id: str
    tenant: str
    confirm_by_ms: int
    on_overdue: OnOverdue


class AllocationConfirmed(Struct, frozen=True, tag=True):
    """An allocation was confirmed."""

    reservation_id: str
    tenant: str


class AllocationOverdue(Struct, frozen=True, tag=True):
    """Nobody confirmed an allocation in time; if it is released for that, its lines follow."""

    reservation_id: str
    tenant: str
    confirm_by_ms: int


class BasketPrepared(Struct, frozen=True, tag=True):
    """Units were set aside here for a basket whose home is another shard, under the name of an
    attempt; its lines follow. They go to the basket, or back, when the home has decided; if it has
    said nothing by `ask_at_ms` it is asked."""

    reservation_id: str
    tenant: str
    home_shard: int
    prepared_for: str
    channel: str
    customer: str
    ask_at_ms: int


class BasketResolved(Struct, frozen=True, tag=True):
    """The home has decided what becomes of the units that were set aside under the name of an
    attempt: they are given back here, and what the basket gets of them follows; or all of them are
    `taken_by` the basket of this id as they are: nothing is given back, and a HoldTaken follows for
    each line."""

    reservation_id: str
    tenant: str
    home_shard: int
    taken_by: str = ""


class ReservationJoined(Struct, frozen=True, tag=True):
    """A basket whose home is another shard has got its first lines here; they follow."""

    reservation_id: str
    tenant: str
    home_shard: int
    reference: str
    channel: str
    customer: str


class LinesTold(Struct, frozen=True, tag=True):
    """The home has decided what happens to lines in another shard, and tells it until it has been
    heard. `attempt_id` names what was set aside there for this, and is resolved by it; no events:
    all of it goes back."""

    reservation_id: str
    tenant: str
    shard: int
    attempt_id: str = ""
    events: tuple[LineEvent, ...] = ()


ReservationEvent = (
    ReservationCreated
    | ReservationAmended
    | ReservationExtended
    | ReservationRenamed
    | ReservationExpired
    | ReservationPromoted
    | ConfirmationAsked
    | AllocationConfirmed
    | AllocationOverdue
    | BasketPrepared
    | BasketResolved
    | ReservationJoined
    | LinesTold
)
"""Events of a basket as a whole."""
