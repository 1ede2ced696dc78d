"""What travels between the front end and a shard, as values. Frames carry them as msgpack."""

from typing import get_args

import msgspec

from engine.core.answers import Answer
from engine.core.commands import Command, Context
from engine.core.events import ConfigurationEvent, LinesTold
from engine.core.model import Line, Reservation, Struct
from engine.core.rejections import Rejection
from engine.core.view import Filled, Terms, Wish
from engine.shard.queries import Query, QueryResult, Question


class Share(Struct, frozen=True):
    """What another shard has set aside for an attempt: each wish with what it gets; `contested` as
    in SetAside."""

    shard: int
    wishes: tuple[Wish, ...]
    filled: tuple[Filled, ...]
    contested: bool = False


class Attempt(Struct, frozen=True):
    """Under what name, used only once, other shards have set what aside for a command."""

    attempt_id: str
    shares: tuple[Share, ...]


class Write(Struct, frozen=True, tag=True):
    """A command to decide. `content_hash` is a hash of the encoded command, for the comparison of
    repeated request ids. `attempt` is set once other shards were asked."""

    context: Context
    content_hash: bytes
    command: Command
    attempt: Attempt | None = None

    @property
    def tenant(self) -> str:
        """The tenant of the command."""
        command = self.command
        tenant: str = command.key.tenant if hasattr(command, "key") else command.tenant
        return tenant


class Prepare(Struct, frozen=True, tag=True):
    """Set aside what can be had of the wishes for a basket of another shard, under the name of an
    attempt. `validate_only`: say only what could be."""

    attempt_id: str
    tenant: str
    home_shard: int
    wishes: tuple[Wish, ...]
    terms: Terms
    validate_only: bool = False


class GiveUp(Struct, frozen=True, tag=True):
    """To the home: nothing will come of an attempt, for which these shards were asked."""

    attempt_id: str
    tenant: str
    shards: tuple[int, ...]


class Tiding(Struct, frozen=True):
    """What has happened at a position of a log and concerns another shard. The last three are of
    the reservation."""

    position: int
    event: LinesTold | ConfigurationEvent
    reference: str = ""
    channel: str = ""
    customer: str = ""


class Tell(Struct, frozen=True, tag=True):
    """What has happened at `origin` and concerns the shard that is told, in order; `previous` is
    the position of what it was told before."""

    origin: int
    previous: int
    tidings: tuple[Tiding, ...]

    @property
    def position(self) -> int:
        """That of the last one."""
        return self.tidings[-1].position


class Acknowledge(Struct, frozen=True, tag=True):
    """To the origin: `shard` has taken in what it was told up to `position`, durably."""

    shard: int
    position: int


class Inquire(Struct, frozen=True, tag=True):
    """To the home: `shard` has these lines set aside under the name of an attempt, for the
    reservation `prepared_for` (empty: for one that was yet to be made); what becomes of them?"""

    shard: int
    attempt_id: str
    tenant: str
    prepared_for: str
    lines: tuple[Line, ...]


Correspondence = Prepare | GiveUp | Tell | Acknowledge | Inquire
"""What shards say to each other, by way of the front end."""

CORRESPONDENCE: frozenset[type] = frozenset(get_args(Correspondence))
"""The types of Correspondence."""

Request = Write | Query | Correspondence


class Outgoing(Struct, frozen=True):
    """What a shard has to say to another one."""

    target: int
    message: Tell | Inquire


class Call(Struct, frozen=True):
    """A request on its way. Times are of CLOCK_MONOTONIC, which all processes of a machine share;
    `deadline_ns` 0: none."""

    call_id: int
    slot: int
    arrived_ns: int
    deadline_ns: int
    request: Request


class QuestionCall(Struct, frozen=True):
    """A question on its way, which is answered beside the writer; as Call."""

    call_id: int
    deadline_ns: int
    question: Question


class Accepted(Struct, frozen=True, tag=True):
    """The command took effect (or, for validate_only, would). `position` is that of its last event,
    0 if it made none; `current` is the reservation as it stands now, for commands on reservations
    and replays of baskets. `elsewhere` are the other shards that it took effect in, each with a
    position that covers that."""

    answer: Answer
    position: int
    recorded_at_ms: int
    replayed: bool = False
    current: Reservation | None = None
    elsewhere: tuple[tuple[int, int], ...] = ()


class NeedsOthers(Struct, frozen=True, tag=True):
    """The command cannot be decided before other shards have said what they have for these wishes,
    each given with its shard. Nothing was changed."""

    wishes: tuple[tuple[int, Wish], ...]
    terms: Terms


class SetAside(Struct, frozen=True, tag=True):
    """What each wish of a Prepare gets. `contested`: what one of them lacks is set aside for
    another basket that is not decided yet."""

    filled: tuple[Filled, ...]
    contested: bool = False


class HeardUpTo(Struct, frozen=True, tag=True):
    """Everything that the origin of a Tell has told up to this position was taken in, durably. It
    is less than that of the Tell if something before it is missing, or a part of it could not be
    taken in. `at` is where the receiver's own history stands then."""

    position: int
    at: int = 0


class Noted(Struct, frozen=True, tag=True):
    """A message that has no other answer was taken in."""


class Refused(Struct, frozen=True, tag=True):
    """The command may not happen. `contested`: units that it lacks are set aside for another basket
    that is not decided yet, so that it may happen in a moment."""

    rejection: Rejection
    contested: bool = False


class TooLate(Struct, frozen=True, tag=True):
    """The deadline passed before the command was decided; nothing was changed."""


class Failed(Struct, frozen=True, tag=True):
    """Deciding the command raised: a fault of ours. Nothing was changed."""


class Spread(Struct, frozen=True, tag=True):
    """The answer to a write that other shards have a part in: that it took effect, or that nothing
    comes of what they have set aside. `told` are those that have yet to hear of it, each with the
    position of the event that tells it, and `shards` all that it takes effect in."""

    result: Accepted | Refused | Failed
    told: tuple[tuple[int, int], ...]
    shards: tuple[int, ...] = ()


Result = (
    Accepted
    | Spread
    | NeedsOthers
    | SetAside
    | HeardUpTo
    | Noted
    | Refused
    | TooLate
    | Failed
    | QueryResult
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
    prepared_lines: int = 0
    """Lines set aside here for baskets of other shards that have not been decided."""
    outbox_events: int = 0
    """Events that other shards are yet to be told."""
