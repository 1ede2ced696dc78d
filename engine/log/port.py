"""The port between the shard and what remembers: every backend passes the contract suite in
tests/contracts.

The log is the only truth. The materialised state (stock, reservations, request records, timers,
totals) is written in the same batch as the group it follows from, and can be rebuilt from the log
alone.
"""

import sys
from collections.abc import Iterator
from operator import attrgetter
from typing import Protocol

import msgspec

from engine.core.configuration import Configuration
from engine.core.events import ConfigurationEvent, Recorded
from engine.core.model import Cause, Key, Reservation, ShortLine, Stock, Struct, Transfer

HASH_BYTES = 16
GENESIS_HASH = bytes(HASH_BYTES)
"""The chain hash before the first group."""


class Heard(Struct, frozen=True):
    """What another shard has told: the position, in that shard's log, of the event that tells."""

    shard: int
    position: int


class Commit(Struct, frozen=True):
    """The effect of one command and what is needed to answer it again. Expiry has an empty request
    key and content hash. `heard` is set if it is the effect of what another shard has told."""

    cause: Cause
    request_key: bytes
    content_hash: bytes
    short_lines: tuple[ShortLine, ...]
    recorded: tuple[Recorded, ...]
    heard: Heard | None = None


_recorded = attrgetter("recorded")


class Group(Struct, frozen=True):
    """What one turn of a shard has decided; its events have dense positions from
    `first_position`."""

    first_position: int
    recorded_at_ms: int
    commits: tuple[Commit, ...]

    @property
    def last_position(self) -> int:
        """Position of the group's last event."""
        return self.first_position + sum(map(len, map(_recorded, self.commits))) - 1


class RequestRecord(Struct, frozen=True):
    """Where the answer to a request id is kept: the position of its commit's first event."""

    content_hash: bytes
    position: int
    recorded_at_ms: int


class HistoryEntry(Struct, frozen=True):
    """A SKU-location after one group that touched it: its version then, the group's last position,
    and its state."""

    version: int
    position: int
    stock: Stock


class Totals(Struct, frozen=True):
    """Sums over a shard's tracked and untracked SKU-locations, for metrics and as a check of the
    replay. `reservations` counts those whose home is this shard: neither parts of others nor units
    set aside for an attempt."""

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


Acknowledged = dict[int, tuple[int, list[int]]]
"""By shard, up to which position it has durably taken in what it was told, and the positions of all
events that it had yet to be told until then."""


class Changes(msgspec.Struct):
    """The materialised state that a group changes: last values of what it touched.

    History follows from it: each key of `stock` gets an entry at its version, and each reservation
    that is kept, unless it is `preparing`, one that names the group.
    """

    stock: dict[Key, Stock]
    reservations: dict[str, Reservation | None]
    """By id; None deletes one: an attempt that is resolved."""
    requests: dict[bytes, RequestRecord]
    timers_set: set[tuple[int, str]]
    timers_cleared: set[tuple[int, str]]
    totals: Totals
    index_added: set[bytes] = msgspec.field(default_factory=set)
    """Entries of engine.log.index; none is also in `index_removed`."""
    index_removed: set[bytes] = msgspec.field(default_factory=set)
    transfers: dict[str, Transfer] = msgspec.field(default_factory=dict)
    configuration: list[ConfigurationEvent] = msgspec.field(default_factory=list)
    """Events that configure the node, in order."""
    attempts: dict[str, bool] = msgspec.field(default_factory=dict)
    """Attempts of baskets decided here, and whether in favour: whether any of the LinesTold that
    resolve it carries events."""
    heard: dict[int, int] = msgspec.field(default_factory=dict)
    """By shard, the position of the last event of its log that was told and took effect here."""
    tells: set[tuple[int, int]] = msgspec.field(default_factory=set)
    """Shards that are to be told, each with the position of the event that tells."""
    acknowledged: Acknowledged = msgspec.field(default_factory=dict)
    """What other shards have acknowledged of what is older than the group."""
    listings: dict[bytes, bytes | None] = msgspec.field(default_factory=dict)
    """Records of engine.log.listings by key; None deletes one."""


class LogError(Exception):
    """What the log holds cannot be trusted, or cannot be written. The message names the file or
    directory and what to do."""


class HeadMoved(LogError):
    """Another writer appended first."""


class Log(Protocol):
    """One shard's memory. Everything that writes belongs to one thread, and so does `commit_at`;
    `flush` may run in another, all other reads in any. What they see is whole groups, but each call
    may see more of them than the one before, and may be a group ahead of `head`."""

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
        is. LogError if that fails: then the outcome is unknown and the process must exit."""

    def follow_up(self) -> None:
        """Begin what a flush leaves for after its answers, beside what its caller does next; the
        next flush waits for it. Nothing that was flushed depends on it."""

    def read(
        self,
        from_position: int,
        bytes_max: int,
        up_to_position: int,
        groups_max: int = sys.maxsize,
    ) -> list[bytes]:
        """Encoded groups from the one that contains `from_position` on, none that ends beyond
        `up_to_position`; at least one if there is any, then up to `bytes_max` bytes and
        `groups_max` groups. The caller passes the durable position."""

    def commit_at(self, position: int) -> tuple[Commit, int, int]:
        """The commit whose first event has this position, with its last event's position and its
        engine time."""

    def stock(self, key: Key) -> Stock | None:
        """The state of a SKU-location."""

    def reservation(self, reservation_id: str) -> Reservation | None:
        """A reservation, part or attempt, whatever its status."""

    def request(self, request_key: bytes) -> RequestRecord | None:
        """The record of a request id, however old, unless it was forgotten."""

    def forget_requests(self, before_ms: int, commits_max: int) -> int:
        """Delete the request records and attempts of commits recorded before `before_ms`, going
        through at most `commits_max` commits, oldest first, from where the last call ended. Return
        the number gone through; 0: nothing is left to forget. Not durable by itself: a crash may
        bring back the last of what was forgotten."""

    def transfer(self, transfer_id: str) -> Transfer | None:
        """A transfer, of whatever tenant."""

    def configuration(self) -> Configuration:
        """All that is configured, as of the head, in a value of the caller's own."""

    def listing_record(self, key: bytes) -> bytes | None:
        """A record of engine.log.listings."""

    def listing_records(self, prefix: bytes, after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """The records whose keys begin with `prefix`, in order of their keys; only those that come
        after `after`, if that is not empty."""

    def index(
        self, prefix: bytes, *, newest_first: bool = False, after: bytes = b""
    ) -> Iterator[bytes]:
        """Entries of engine.log.index that begin with `prefix`, which is one of those that it
        gives: in order, or in reverse order if `newest_first`. `after`: only those that come after
        this one."""

    def history(self, key: Key, at_version: int) -> HistoryEntry | None:
        """The SKU-location after the group that made this version of it, counted from 1; None if it
        has no such version yet."""

    def history_at(self, key: Key, position: int) -> HistoryEntry | None:
        """The SKU-location after the last group that touched it and ends at `position` or before;
        None if there is none. It takes time logarithmic in the number of groups since."""

    def reservation_groups(
        self, reservation_id: str, *, newest_first: bool = False, after: int = 0
    ) -> Iterator[int]:
        """The last positions of the groups with events of a reservation: ascending, or descending
        if `newest_first`. `after`: only those that come after this one; 0: all."""

    def position_at(self, time_ms: int) -> int:
        """The last position of the last group recorded at or before an engine time; 0 if there is
        none."""

    def attempt(self, attempt_id: str) -> bool | None:
        """Whether an attempt was decided in favour; None if it was not decided here, or that is
        forgotten."""

    def heard(self, shard: int) -> int:
        """The position up to which what another shard tells was taken in; 0: nothing yet."""

    def told(self, shard: int) -> int:
        """The position up to which another shard has acknowledged what it was told; 0: nothing
        yet."""

    def tells(self, shard: int, after: int = 0) -> Iterator[int]:
        """The positions of the events that another shard has yet to acknowledge, in order; only
        those beyond `after`."""

    def acknowledge(self, acknowledged: Acknowledged) -> None:
        """Note what other shards have acknowledged, where no group is appended with it. Not durable
        by itself: after a crash they may be told again."""

    def locations(self, tenant: str, sku: str) -> list[str]:
        """The locations that have this SKU, in order of name."""

    def stocks(self, prefix: bytes, after: Key | None = None) -> Iterator[tuple[Key, Stock]]:
        """The SKU-locations whose encoded keys (engine.log.codec) begin with `prefix`, in order of
        these, each with its state; only those that come after `after`."""

    def timers(self) -> Iterator[tuple[int, str]]:
        """Every pending deadline with its reservation id, earliest first."""

    def totals(self) -> Totals:
        """The sums as of the head."""

    def size_bytes(self) -> int:
        """Bytes on disk, or in memory for the twin."""

    def close(self) -> None:
        """Flush and let go. The log cannot be used any more."""
