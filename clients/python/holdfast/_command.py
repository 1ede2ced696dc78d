"""A command on its way from its builder to the wire, and what every write may say besides its
content."""

import os
import random
from datetime import datetime, timedelta
from typing import Any, Generic, TypedDict, TypeVar

from holdfast.v1 import inventory_pb2

# Request ids must be unique, not secret, and this is several times cheaper than asking the system
# for each. It is a generator of its own, which no caller can seed; a forked child seeds it anew.
_generator = random.Random()  # noqa: S311
_random_bits = _generator.getrandbits
os.register_at_fork(after_in_child=_generator.seed)

ResultT_co = TypeVar("ResultT_co", covariant=True)


class WriteOptions(TypedDict, total=False):
    """What every write takes besides its content; all of it is optional.

    `tenant` replaces the client's own. `request_id` names the write: with the same id and content
    it takes effect once, and by default each call gets an id of its own that its retries share.
    `correlation_id`, `ticket` and `occurred_at` (when it happened out there; naive datetimes are
    local time) are recorded with each event. `source` names the system that tells of a change of
    stock, `source_sequence` is its own number for the write, from 1: one that is not higher than
    its last for the SKU-location is refused as SourceStale. `validate_only` decides and answers,
    but changes nothing. `timeout_s` replaces the client's own.
    """

    tenant: str | None
    request_id: str | None
    correlation_id: str
    occurred_at: datetime | None
    ticket: str
    source: str
    source_sequence: int
    validate_only: bool
    timeout_s: float | None


class Write(Generic[ResultT_co]):
    """A write that is ready to be sent. Sent twice, it is the same write: the second answer is a
    replay."""

    __slots__ = ("kind", "request", "request_id", "scope", "timeout_s")

    def __init__(self, kind: str, request: Any, scope: Any, options: WriteOptions) -> None:
        self.kind = kind
        """Which write it is, as the contract names it."""
        self.request = request
        """The protobuf message of a call of its own."""
        self.scope = scope
        """The part of the message that names the tenant; None once the caller has named one."""
        self.timeout_s: float | None = None
        """How long to try; None for the client's own timeout."""
        context = request.context
        if not options:
            context.request_id = self.request_id = f"{_random_bits(128):032x}"
            """Names the write."""
            return
        self.request_id = options.get("request_id") or f"{_random_bits(128):032x}"
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
        if source := options.get("source"):
            context.source = source
        if source_sequence := options.get("source_sequence"):
            context.source_sequence = source_sequence
        if (occurred_at := options.get("occurred_at")) is not None:
            set_moment(context.occurred_at, occurred_at)
        if options.get("validate_only"):
            context.validate_only = True
        timeout_s = options.get("timeout_s")
        if timeout_s is not None:
            self.timeout_s = check_timeout(timeout_s)


class Command(Write[ResultT_co]):
    """A write that can travel in a batch."""

    __slots__ = ("line_count", "message")

    def __init__(
        self, kind: str, message: inventory_pb2.Command, scope: Any, options: WriteOptions
    ) -> None:
        super().__init__(kind, getattr(message, kind), scope, options)
        self.message = message
        """The protobuf message of a batch's command."""
        self.line_count = 1
        """How many basket lines it has, for the limit of a batch."""


def check_timeout(timeout_s: float) -> float:
    """The timeout, if it can be one; raises ValueError otherwise."""
    if not 0 < timeout_s < 1e9:
        raise ValueError(f"timeout_s is {timeout_s!r}; it must be above 0 and below 1e9")
    return timeout_s


def set_moment(field: Any, moment: datetime) -> None:
    """Fills a timestamp in; a naive datetime is local time."""
    # A datetime that is converted through its float would lose microseconds of far dates.
    field.seconds = int(moment.timestamp() // 1)
    field.nanos = moment.microsecond * 1_000


def set_length(message: Any, name: str, length: Any) -> None:
    """Fills in the duration `name` of a message; raises TypeError if it is no timedelta."""
    if not isinstance(length, timedelta):
        raise TypeError(f"{name} is {length!r}; it must be a timedelta")
    field = getattr(message, name)
    field.seconds = length.days * 86_400 + length.seconds
    field.nanos = length.microseconds * 1_000
