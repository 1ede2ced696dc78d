"""The port between the shard and what remembers: every backend passes the contract suite in
tests/contracts.

The log is the only truth. The materialised state (stock, reservations, request records, timers,
totals) is written in the same batch as the group it follows from, and can be rebuilt from the log
alone.
"""

from collections.abc import Iterator
from typing import Protocol

import msgspec

from engine.core.events import Recorded
from engine.core.model import Cause, Key, Reservation, ShortLine, Stock, Struct

HASH_BYTES = 16
GENESIS_HASH = bytes(HASH_BYTES)
"""The chain hash before the first group."""


class Commit(Struct, frozen=True):
    """The effect of one command and what is needed to answer it again. Expiry has an empty request
    key and content hash."""

    cause: Cause
    request_key: bytes
    content_hash: bytes
    short_lines: tuple[ShortLine, ...]
    recorded: tuple[Recorded, ...]


class Group(Struct, frozen=True):
    """What one turn of a shard has decided; its events have dense positions from
    `first_position`."""

    first_position: int
    recorded_at_ms: int
    commits: tuple[Commit, ...]

    @property
    def last_position(self) -> int:
        """Position of the group's last event."""
        return self.first_position + sum(len(commit.recorded) for commit in self.commits) - 1


class RequestRecord(Struct, frozen=True):
    """Where the answer to a request id is kept: the position of its commit's first event."""

    content_hash: bytes
    position: int
    recorded_at_ms: int


class Totals(Struct, frozen=True):
    """Sums over a shard's tracked and untracked SKU-locations, for metrics and as a check of the
    replay."""

    stock_keys: int = 0
    on_hand: int = 0
    held: int = 0
    allocated: int = 0
    reservations: int = 0


class Head(Struct, frozen=True):
    """The end of a log: its last position (0: empty), the chain hash there, and the engine time of
    the last group."""

    position: int = 0
    chain_hash: bytes = GENESIS_HASH
    recorded_at_ms: int = 0


class Changes(msgspec.Struct):
    """The materialised state that a group changes: last values of what it touched."""

    stock: dict[Key, Stock]
    reservations: dict[str, Reservation]
    requests: dict[bytes, RequestRecord]
    timers_set: set[tuple[int, str]]
    timers_cleared: set[tuple[int, str]]
    totals: Totals


class LogError(Exception):
    """What the log holds cannot be trusted, or cannot be written. The message names the file or
    directory and what to do."""


class HeadMoved(LogError):
    """Another writer appended first."""


class Log(Protocol):
    """One shard's memory. `append`, and all reads of state, belong to one thread; `flush` may run
    in another, `read` in any."""

    @property
    def head(self) -> Head:
        """The end of what was appended, durable or not."""

    @property
    def oldest_position(self) -> int:
        """The oldest position that `read` can give; 1 as long as nothing was dropped."""

    def append(self, group: Group, changes: Changes, expected_head: int) -> bytes:
        """Write a group and the state it changes, all or nothing, not yet durable. Return the
        encoded group (an engine.log.v1.CommitGroup). HeadMoved if the head is not at
        `expected_head`; LogError if it cannot be written."""

    def flush(self) -> int:
        """Make everything appended before this call durable; return the position up to which it
        is. LogError if that
        fails: then the outcome is unknown and the process must exit."""

    def read(self, from_position: int, bytes_max: int, up_to_position: int) -> list[bytes]:
        """Encoded groups from the one that contains `from_position` on, none that ends beyond
        `up_to_position`; at least one if there is any, then up to `bytes_max` bytes. The caller
        passes the durable position."""

    def commit_at(self, position: int) -> tuple[Commit, int, int]:
        """The commit whose first event has this position, with its last event's position and its
        engine time."""

    def stock(self, key: Key) -> Stock | None:
        """The state of a SKU-location."""

    def reservation(self, reservation_id: str) -> Reservation | None:
        """A reservation, whatever its status."""

    def request(self, request_key: bytes) -> RequestRecord | None:
        """The record of a request id."""

    def locations(self, tenant: str, sku: str) -> list[str]:
        """The locations that have this SKU, in order of name."""

    def timers(self) -> Iterator[tuple[int, str]]:
        """Every pending deadline with its reservation id, earliest first."""

    def totals(self) -> Totals:
        """The sums as of the head."""

    def size_bytes(self) -> int:
        """Bytes on disk, or in memory for the twin."""

    def close(self) -> None:
        """Flush and let go. The log cannot be used any more."""
