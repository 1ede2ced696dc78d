"""Why a command may not happen: a closed set, each with its facts. A rejection changes nothing."""

from engine.core.listings import ListingReport
from engine.core.model import Key, ShortLine, Struct


class InsufficientStock(Struct, frozen=True, tag=True):
    """A promise asks for more than is available. Every short line is listed."""

    short_lines: tuple[ShortLine, ...]


class UnknownStock(Struct, frozen=True, tag=True):
    """No such SKU-location."""

    key: Key


class UnknownReservation(Struct, frozen=True, tag=True):
    """No such reservation in this tenant."""

    reservation_id: str


class UnknownLine(Struct, frozen=True, tag=True):
    """The reservation has no such line."""

    reservation_id: str
    line_id: str


class HoldHasExpired(Struct, frozen=True, tag=True):
    """The hold's deadline has passed."""

    reservation_id: str
    expired_at_ms: int


class AlreadyReleased(Struct, frozen=True, tag=True):
    """The reservation was released."""

    reservation_id: str


class AlreadyCommitted(Struct, frozen=True, tag=True):
    """Nothing is held any more: the reservation was committed, and not with this content."""

    reservation_id: str


class AlreadyShipped(Struct, frozen=True, tag=True):
    """Nothing is allocated any more: everything was shipped."""

    reservation_id: str


class NotCommitted(Struct, frozen=True, tag=True):
    """Nothing is allocated yet."""

    reservation_id: str


class LineQuantityExceeded(Struct, frozen=True, tag=True):
    """A line has fewer units in the asked-for state."""

    reservation_id: str
    line_id: str
    asked: int
    limit: int


class BelowPromised(Struct, frozen=True, tag=True):
    """Less could be sold than is held and allocated: only `on_hand` units would be there that are
    not unavailable."""

    key: Key
    on_hand: int
    promised: int


class BalanceOutOfRange(Struct, frozen=True, tag=True):
    """A balance would leave its range of plus or minus `limit`."""

    key: Key
    field: str
    value: int
    limit: int


class VersionMismatch(Struct, frozen=True, tag=True):
    """The SKU-location has another version."""

    key: Key
    expected: int
    actual: int


class OnHandMismatch(Struct, frozen=True, tag=True):
    """Another number of units is on hand."""

    key: Key
    expected: int
    actual: int


class StillWaiting(Struct, frozen=True, tag=True):
    """The reservation waits for stock; it can be committed once it is complete."""

    reservation_id: str


class PickedUnits(Struct, frozen=True, tag=True):
    """Units of a line lie in a box: Unpick them first."""

    reservation_id: str
    line_id: str
    picked: int


class NotBacked(Struct, frozen=True, tag=True):
    """Units of a line are backordered: no stock is there for more than `backed` of them."""

    reservation_id: str
    line_id: str
    asked: int
    backed: int


class NotShipped(Struct, frozen=True, tag=True):
    """Nothing of the reservation has been shipped that could come back."""

    reservation_id: str


class UnknownShipment(Struct, frozen=True, tag=True):
    """The reservation has no such shipment."""

    reservation_id: str
    shipment_id: str


class LineExists(Struct, frozen=True, tag=True):
    """A line cannot be given another SKU once units of it are shipped, nor counted units where it
    has uncounted ones: use another line."""

    reservation_id: str
    line_id: str


class TooManyLines(Struct, frozen=True, tag=True):
    """The basket would have more lines, those of its kits' components included, than allowed."""

    lines: int
    limit: int


class UnknownGroup(Struct, frozen=True, tag=True):
    """No location is in this group."""

    line_id: str
    group: str


class CustomerRequired(Struct, frozen=True, tag=True):
    """How many units one customer may have is limited, so a customer has to be named."""

    line_id: str
    sku: str


class KitHasNoStock(Struct, frozen=True, tag=True):
    """The SKU is a kit: its components have stock, it has none of its own."""

    key: Key


class KitInKit(Struct, frozen=True, tag=True):
    """A component of a kit may not be a kit, and a kit may not be a component."""

    sku: str
    component: str


class UnknownTransfer(Struct, frozen=True, tag=True):
    """No such transfer in this tenant."""

    transfer_id: str


class TransferQuantityExceeded(Struct, frozen=True, tag=True):
    """A transfer has fewer units in transit."""

    transfer_id: str
    asked: int
    limit: int


class UnavailableQuantityExceeded(Struct, frozen=True, tag=True):
    """Fewer units are unavailable for this cause."""

    key: Key
    unavailable_cause: str
    asked: int
    limit: int


class UnknownIncoming(Struct, frozen=True, tag=True):
    """Nothing is expected under this reference."""

    key: Key
    reference: str


class TooMany(Struct, frozen=True, tag=True):
    """The SKU-location would have more entries of what `field` names than allowed."""

    key: Key
    field: str
    value: int
    limit: int


class SourceStale(Struct, frozen=True, tag=True):
    """The source has told this, or something later, before."""

    key: Key
    source: str
    source_sequence: int
    last: int


class CountStale(Struct, frozen=True, tag=True):
    """The source has told of a count made then or later."""

    key: Key
    source: str
    observed_at_ms: int
    last_ms: int


class ObservationTooOld(Struct, frozen=True, tag=True):
    """What was on hand at the time of the count is not kept any more."""

    key: Key
    observed_at_ms: int


class ListingsRefused(Struct, frozen=True, tag=True):
    """Something is wrong with these listings of a channel, and none is mapped unless all are."""

    problems: tuple[ListingReport, ...]


class UnknownChannel(Struct, frozen=True, tag=True):
    """No such channel is configured."""

    channel: str


class UnknownSkuGroup(Struct, frozen=True, tag=True):
    """No SKU belongs to this group."""

    sku_group: str


class NoDynamicBuffer(Struct, frozen=True, tag=True):
    """The channel's terms for this SKU have no dynamic buffer."""

    channel: str
    sku: str


class TooManyAllocations(Struct, frozen=True, tag=True):
    """More channels than allowed would have an allocation of one SKU."""

    value: int
    limit: int


class AttemptDecided(Struct, frozen=True, tag=True):
    """The home had given up this attempt at a basket over several shards before all of it was
    there; a new attempt may succeed."""

    attempt_id: str


class RequestIdReused(Struct, frozen=True, tag=True):
    """The request id was used before with other content."""

    request_id: str
    first_used_at_ms: int


Rejection = (
    InsufficientStock
    | UnknownStock
    | UnknownReservation
    | UnknownLine
    | HoldHasExpired
    | AlreadyReleased
    | AlreadyCommitted
    | AlreadyShipped
    | NotCommitted
    | LineQuantityExceeded
    | BelowPromised
    | BalanceOutOfRange
    | VersionMismatch
    | OnHandMismatch
    | StillWaiting
    | PickedUnits
    | NotBacked
    | NotShipped
    | UnknownShipment
    | LineExists
    | TooManyLines
    | UnknownGroup
    | CustomerRequired
    | KitHasNoStock
    | KitInKit
    | UnknownTransfer
    | TransferQuantityExceeded
    | UnavailableQuantityExceeded
    | UnknownIncoming
    | TooMany
    | SourceStale
    | CountStale
    | ObservationTooOld
    | ListingsRefused
    | UnknownChannel
    | UnknownSkuGroup
    | NoDynamicBuffer
    | TooManyAllocations
    | AttemptDecided
    | RequestIdReused
)
