"""What travels between the front end and a shard, as values. Frames carry them as msgpack."""

import msgspec

from engine.core.answers import Answer
from engine.core.commands import Command, Context
from engine.core.model import Key, Reservation, Stock, Struct
from engine.core.rejections import Rejection


class Write(Struct, frozen=True, tag=True):
    """A command to decide. `content_hash` is a hash of the encoded command, for the comparison of
    repeated request ids."""

    context: Context
    content_hash: bytes
    command: Command


class ReadStock(Struct, frozen=True, tag=True):
    """Ask for a SKU-location."""

    key: Key


class ReadReservation(Struct, frozen=True, tag=True):
    """Ask for a reservation of a tenant."""

    tenant: str
    reservation_id: str


class ReadAvailability(Struct, frozen=True, tag=True):
    """Ask what may be promised of (SKU, location) pairs; an empty location means all that have the
    SKU."""

    tenant: str
    keys: tuple[tuple[str, str], ...]
    channel: str
    excluding_reservation: str


Query = ReadStock | ReadReservation | ReadAvailability
Request = Write | Query


class Call(Struct, frozen=True):
    """A request on its way. Times are of CLOCK_MONOTONIC, which all processes of a machine share;
    `deadline_ns` 0: none."""

    call_id: int
    slot: int
    arrived_ns: int
    deadline_ns: int
    request: Request


class Accepted(Struct, frozen=True, tag=True):
    """The command took effect (or, for validate_only, would). `position` is that of its last event,
    0 if it made none; `current` is the reservation as it stands now, for commands on reservations
    and replays of baskets."""

    answer: Answer
    position: int
    recorded_at_ms: int
    replayed: bool = False
    current: Reservation | None = None


class Refused(Struct, frozen=True, tag=True):
    """The command may not happen."""

    rejection: Rejection


class TooLate(Struct, frozen=True, tag=True):
    """The deadline passed before the command was decided; nothing was changed."""


class Failed(Struct, frozen=True, tag=True):
    """Deciding the command raised: a fault of ours. Nothing was changed."""


class StockRead(Struct, frozen=True, tag=True):
    """A SKU-location, None if it does not exist, as of `position`."""

    stock: Stock | None
    position: int


class ReservationRead(Struct, frozen=True, tag=True):
    """A reservation, None if it does not exist, as of `position`."""

    reservation: Reservation | None
    position: int


class LocationAvailable(Struct, frozen=True):
    """What may be promised at a location; `unlimited` where nothing is counted."""

    location: str
    available: int
    unlimited: bool
    version: int


class AvailabilityRead(Struct, frozen=True, tag=True):
    """For each asked key, what may be promised by location, as of `position`."""

    availabilities: tuple[tuple[LocationAvailable, ...], ...]
    position: int


class TooLarge(Struct, frozen=True, tag=True):
    """The answer to a read would be larger than allowed: `value` of what `field` names, against
    `limit`."""

    field: str
    value: int
    limit: int


Result = (
    Accepted
    | Refused
    | TooLate
    | Failed
    | StockRead
    | ReservationRead
    | AvailabilityRead
    | TooLarge
)


class Reply(Struct, frozen=True):
    """The answer to a call."""

    call_id: int
    result: Result


class Histogram(msgspec.Struct, array_like=True):
    """Counts of observations up to each bound (`statistics.BOUNDS_S`, or `BOUNDS_COMMANDS` for
    batch sizes), the last for all above, and their sum: in seconds, or in commands for batch
    sizes."""

    counts: list[int]
    sum_s: float


class StockFigures(Struct, frozen=True):
    """How much stock a shard has. Units are floats: their sums may take more than the 64 bits that
    a frame has for a whole number, and a metric is a float anyway."""

    stock_keys: int = 0
    reservations: int = 0
    on_hand_units: float = 0.0
    held_units: float = 0.0
    allocated_units: float = 0.0


class ShardStatistics(Struct, frozen=True):
    """What a shard says about itself once a second, counted since it started."""

    position: int
    durable_position: int
    log_bytes: int
    active_actors: int
    pending_timers: int
    expirations: int
    clock_drift_ms: int
    stock: StockFigures
    commands: dict[str, int]
    """Counts by "kind outcome", such as "Reserve accepted" or "Commit HoldHasExpired"."""
    batch_sizes: Histogram
    queue_s: Histogram
    decide_s: Histogram
    flush_s: Histogram
    total_s: Histogram
