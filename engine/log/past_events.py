"""Events of the past, of one SKU-location or one reservation, found by the entries of its history.

Groups hold the events of many. Their commits are searched as bytes for the ids first, and only
those that name them are decoded.
"""

from collections.abc import Callable, Iterator

from engine.core.events import Event, Recorded
from engine.core.model import Cause, Key, Struct
from engine.log.decode import decode_commit, split_group
from engine.log.port import Log, LogError
from engine.log.v1 import record_pb2


class PastEvent(Struct, frozen=True):
    """An event with its place and cause. `encoded` is a holdfast.v1.Event as it is stored, without
    shard, position, time and cause."""

    position: int
    recorded: Recorded
    cause: Cause
    recorded_at_ms: int
    encoded: bytes

    @property
    def event(self) -> Event:
        """What happened."""
        return self.recorded.event


def key_events(
    log: Log, key: Key, from_version: int, to_version: int, *, newest_first: bool = False
) -> Iterator[PastEvent]:
    """The events that made these versions of a SKU-location, both included; those that are not kept
    are passed over. LogError if the log is damaged there.

    Each step reads one group: whoever takes a page reads as much as that needs.
    """
    newest = log.history_at(key, log.head.position)
    first, last = max(from_version, 1), min(to_version, newest.version if newest else 0)
    while first <= last:
        entry = log.history(key, last if newest_first else first)
        if entry is None:
            raise LogError(f"the history of {key} ends before version {last}")
        if entry.position < log.oldest_position:
            if newest_first:
                return
            first = entry.version + 1
            continue
        found = events_of_key(group_ending_at(log, entry.position), key)
        if not found:
            raise LogError(f"the group at position {entry.position} has no event of {key}")
        first_found = entry.version - len(found) + 1
        between = found[max(first - first_found, 0) : last - first_found + 1]
        yield from reversed(between) if newest_first else between
        if newest_first:
            last = first_found - 1
        else:
            first = entry.version + 1


def reservation_events(
    log: Log, reservation_id: str, *, newest_first: bool = False, after: int = 0
) -> Iterator[PastEvent]:
    """The events of a reservation and its lines that are kept, in order, or in reverse order if
    `newest_first`. `after`: only those that come after this position; 0: all. LogError if the log
    is damaged there."""
    for group_end in _group_ends(log, reservation_id, newest_first, after):
        if group_end < log.oldest_position:
            continue
        found = events_of_reservation(group_ending_at(log, group_end), reservation_id)
        if newest_first:
            yield from (past for past in reversed(found) if not after or past.position < after)
        else:
            yield from (past for past in found if past.position > after)


def _group_ends(log: Log, reservation_id: str, newest_first: bool, after: int) -> Iterator[int]:
    if newest_first and after:
        # The group that `after` lies in may have events before it.
        containing = next(log.reservation_groups(reservation_id, after=after - 1), 0)
        after = containing + 1 if containing else 0
    return log.reservation_groups(reservation_id, newest_first=newest_first, after=after)


def group_ending_at(log: Log, position: int) -> bytes:
    """The encoded group that ends at a position. LogError if it is missing."""
    # Not up to the head: whoever reads beside the writer may see a group just before the head does.
    read = log.read(position, 0, position)
    if not read:
        raise LogError(f"the group at position {position} is missing")
    return read[0]


def events_of_key(body: bytes, key: Key) -> list[PastEvent]:
    """The events of a SKU-location in an encoded group, in order."""
    named = (key.sku.encode(), key.location.encode())
    return _events(body, named, lambda event: getattr(event, "key", None) == key)


def events_of_reservation(body: bytes, reservation_id: str) -> list[PastEvent]:
    """The events of a reservation and its lines in an encoded group, in order."""
    return _events(
        body,
        (reservation_id.encode(),),
        lambda event: getattr(event, "reservation_id", None) == reservation_id,
    )


def _events(
    body: bytes, named: tuple[bytes, ...], wanted: Callable[[Event], bool]
) -> list[PastEvent]:
    """The wanted events of a group; only commits that contain all ids in `named` are decoded."""
    recorded_at_ms, positions, commits = split_group(body)
    found = []
    for first_position, data in zip(positions, commits, strict=False):
        if not all(name in data for name in named):
            continue
        commit = decode_commit(data)
        encoded = record_pb2.Commit.FromString(data).events
        for offset, recorded in enumerate(commit.recorded):
            if wanted(recorded.event):
                found.append(
                    PastEvent(
                        first_position + offset,
                        recorded,
                        commit.cause,
                        recorded_at_ms,
                        encoded[offset].SerializeToString(),
                    )
                )
    return found
