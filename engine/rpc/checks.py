"""The shape of what callers send. Every violation is an InvalidField, which names the field, the
value and the limit."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from engine.core.limits import (
    CONFIRM_MS_MAX,
    CONFIRM_MS_MIN,
    CUSTOMER_WINDOW_MS_MAX,
    HOLD_TTL_MS_MAX,
    HOLD_TTL_MS_MIN,
    ID_BYTES_MAX,
)

VALUE_CHARACTERS_MAX = 64
"""Characters of a refused value that an error repeats."""

TIME_MS_MAX = 253_402_300_799_999
"""The last millisecond of the year 9999, where the range of a Timestamp ends."""

DURATION_SECONDS_MAX = 315_576_000_000
"""Seconds in the longest Duration: about 10 000 years."""

NANOSECONDS_PER_SECOND = 1_000_000_000
NANOSECONDS_PER_MILLISECOND = 1_000_000

TEXT_LIMIT = f"at most {ID_BYTES_MAX} bytes of UTF-8"
PLAIN_LIMIT = "text without control characters"
TRIMMED_LIMIT = "text without spaces before or after"
REQUIRED_LIMIT = f"1 to {ID_BYTES_MAX} bytes of UTF-8"
UNIQUE_LIMIT = "unique in the list"
CURSOR_LIMIT = "a cursor that this server gave"
TIME_LIMIT = "after 1970-01-01T00:00:00Z and before the year 10000, nanos 0 to 999999999"
MESSAGE_LIMIT = "an encoded message of this method, its texts in UTF-8"
TIMEOUT_LIMIT = "above 0 seconds, a valid Duration"

_control_character = re.compile(r"[\x00-\x1f\x7f-\x9f]").search


class InvalidField(Exception):
    """A field is empty, malformed or out of its limits. Nothing was changed.

    `field` is its path in the request, such as "lines[3].quantity"; `value` is what it was,
    shortened; `limit` says what is allowed.
    """

    def __init__(self, field: str, value: object, limit: str) -> None:
        self.field = field
        self.value = shortened(value)
        self.limit = limit
        super().__init__(f"{field} is {self.value or 'empty'}; allowed: {limit}")


class Unparsed(NamedTuple):
    """Bytes that came in place of a request and are no encoded message of it."""

    size_bytes: int


def check_parsed(request: object) -> None:
    """Refuse bytes that are no message; InvalidField names the request as a whole."""
    if isinstance(request, Unparsed):
        raise InvalidField("request", f"{request.size_bytes} bytes", MESSAGE_LIMIT)


def shortened(value: object) -> str:
    """The value as an error shows it: control characters escaped, cut after VALUE_CHARACTERS_MAX
    characters."""
    text = str(value)
    if not text.isprintable():
        text = text[: VALUE_CHARACTERS_MAX + 1].encode("unicode_escape").decode("ascii")
    if len(text) > VALUE_CHARACTERS_MAX:
        return text[:VALUE_CHARACTERS_MAX] + "..."
    return text


def are_plain(joined: str) -> bool:
    """Whether texts, given as one joined text, all pass without a closer look; those that do not
    may still be well-formed.

    Joining them first makes one check of many, which matters for the speed of batches.
    """
    return (
        len(joined) <= ID_BYTES_MAX
        and joined.isascii()
        and joined.isprintable()
        and " " not in joined
    )


def check_text(value: str, field: str) -> None:
    """Refuse a text that is too long, has control characters, or has spaces around it. Empty
    passes."""
    if are_plain(value):
        return
    # A character has at most 4 bytes, so that most texts need not be encoded.
    if len(value) * 4 > ID_BYTES_MAX and len(value.encode()) > ID_BYTES_MAX:
        raise InvalidField(field, value, TEXT_LIMIT)
    if _control_character(value):
        raise InvalidField(field, value, PLAIN_LIMIT)
    if value.strip() != value:
        raise InvalidField(field, f'"{value}"', TRIMMED_LIMIT)


def check_required(value: str, field: str) -> None:
    """Refuse what `check_text` refuses, and emptiness."""
    if not value:
        raise InvalidField(field, value, REQUIRED_LIMIT)
    check_text(value, field)


def check_unique(names: Sequence[str], path: str, field: str) -> None:
    """Refuse the first entry of the list at `path` that repeats the name of an earlier one; the
    name is its `field`, or, if that is empty, the entry itself."""
    if len(set(names)) == len(names):
        return
    suffix = f".{field}" if field else ""
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in first:
            limit = f"{UNIQUE_LIMIT}, and {path}[{first[name]}] has it"
            raise InvalidField(f"{path}[{index}]{suffix}", name, limit)
        first[name] = index


def check_count(count: int, minimum: int, maximum: int, field: str, entries: str) -> None:
    """Refuse a list with too few or too many of what `entries` names."""
    if not minimum <= count <= maximum:
        raise InvalidField(field, f"{count} {entries}", f"{minimum} to {maximum} {entries}")


def check_range(value: int, minimum: int, maximum: int, field: str) -> None:
    """Refuse a number outside `minimum` to `maximum`, both allowed."""
    if not minimum <= value <= maximum:
        raise InvalidField(field, value, f"{minimum} to {maximum}")


def ttl_ms(duration: Duration, field: str) -> int:
    """A hold's time in milliseconds, rounded up so that no hold ends early."""
    return _duration_ms(duration, field, HOLD_TTL_MS_MIN, HOLD_TTL_MS_MAX)


def confirm_ms(duration: Duration, field: str) -> int:
    """How long an allocation may wait to be confirmed, in milliseconds, rounded up."""
    return _duration_ms(duration, field, CONFIRM_MS_MIN, CONFIRM_MS_MAX)


def window_ms(duration: Duration, field: str) -> int:
    """How long shipped units count towards a customer's limit, in milliseconds, rounded up."""
    return _duration_ms(duration, field, 0, CUSTOMER_WINDOW_MS_MAX)


def _duration_ms(duration: Duration, field: str, least_ms: int, most_ms: int) -> int:
    """A duration within its limits, which are whole seconds, in milliseconds, rounded up."""
    seconds, nanos = duration.seconds, duration.nanos
    total_ns = seconds * NANOSECONDS_PER_SECOND + nanos
    if (
        not 0 <= nanos < NANOSECONDS_PER_SECOND
        or not least_ms * NANOSECONDS_PER_MILLISECOND
        <= total_ns
        <= most_ms * NANOSECONDS_PER_MILLISECOND
    ):
        limit = f"{least_ms // 1_000} to {most_ms // 1_000} seconds"
        raise InvalidField(field, _as_seconds(seconds, nanos), limit)
    return -(-total_ns // NANOSECONDS_PER_MILLISECOND)


def timeout_ns(duration: Duration, field: str) -> int:
    """How long a command may wait, in nanoseconds."""
    seconds, nanos = duration.seconds, duration.nanos
    total_ns = seconds * NANOSECONDS_PER_SECOND + nanos
    if not 0 <= nanos < NANOSECONDS_PER_SECOND or total_ns <= 0 or seconds > DURATION_SECONDS_MAX:
        raise InvalidField(field, _as_seconds(seconds, nanos), TIMEOUT_LIMIT)
    return total_ns


def time_ms(timestamp: Timestamp, field: str) -> int:
    """A time in milliseconds since 1970. The first millisecond is refused, because the core reads 0
    as not stated."""
    seconds, nanos = timestamp.seconds, timestamp.nanos
    total_ms = seconds * 1_000 + nanos // NANOSECONDS_PER_MILLISECOND
    if not 0 <= nanos < NANOSECONDS_PER_SECOND or not 0 < total_ms <= TIME_MS_MAX:
        raise InvalidField(field, _as_seconds(seconds, nanos), TIME_LIMIT)
    return total_ms


def _as_seconds(seconds: int, nanos: int) -> str:
    return f"{seconds} seconds and {nanos} nanos" if nanos else f"{seconds} seconds"
