"""Answers that outlive their log: after a reshard the old log is gone, but a request that is
repeated still gets the answer that it got. Each is kept as a group of its own with one commit, as
if it lay in the log before the first position."""

from engine.log.codec import group_bounds
from engine.log.port import Head
from engine.log.recovery import POSITION
from engine.log.store import Store


class Answers:
    """The kept answers of one shard, up to the position `end` of its base. They have dense
    positions from 1 on, the oldest first."""

    def __init__(self, store: Store, end: int) -> None:
        self._store = store
        self.head = Head(end)

    @property
    def oldest_position(self) -> int:
        """The first position that is still kept; after `end` if none is."""
        first = self.group_of(0)
        if first is None:
            return self.head.position + 1
        return group_bounds(first)[0]

    def group_of(self, position: int) -> bytes | None:
        """The encoded group that contains a position, or the next one."""
        found = self._store.first_from("answers", POSITION.pack(max(position, 0)))
        return None if found is None else found[1]

    def read(self, from_position: int, _bytes_max: int, _up_to_position: int) -> list[bytes]:
        """One group: see Log.read."""
        group = self.group_of(from_position)
        return [] if group is None else [group]
