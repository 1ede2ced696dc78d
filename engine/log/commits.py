"""Single commits found again: how a repeated request gets the answer that it got before."""

from array import array
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable

from engine.log.decode import decode_commit, split_group
from engine.log.port import Commit, LogError

KEPT_BYTES_MAX = 16 << 20
"""Memory for the groups that were read last: some 70 000 commits of usual size."""
_GROUP_BYTES, _COMMIT_BYTES = 1_000, 60
"""What a group and a commit take in memory beside the encoded commit."""


class _KeptGroup:
    """A group cut into its commits. They stay encoded: parsed they take six times the memory."""

    def __init__(self, data: bytes) -> None:
        self.recorded_at_ms, positions, self._commits = split_group(data)
        self._positions = array("Q", positions)
        self.first_position = positions[0]
        self.size_bytes = _GROUP_BYTES + sum(_COMMIT_BYTES + len(each) for each in self._commits)

    def at(self, position: int) -> tuple[Commit, int] | None:
        """The commit that begins at `position` and the position of its last event, if any does."""
        index = bisect_left(self._positions, position, hi=len(self._commits))
        if index == len(self._commits) or self._positions[index] != position:
            return None
        return decode_commit(self._commits[index]), self._positions[index + 1] - 1

    def contains(self, position: int) -> bool:
        """Whether the group has the event at `position`."""
        return self.first_position <= position < self._positions[-1]


class CommitReader:
    """Finds commits by position. It keeps the groups that it read last, within a bound of bytes:
    after a failure clients repeat many requests in any order, and cutting up a whole group for each
    of them would take far longer than the requests had taken."""

    def __init__(
        self, read: Callable[[int], bytes | None], kept_bytes_max: int = KEPT_BYTES_MAX
    ) -> None:
        """`read` gives the encoded group that contains a position. The group that was read last is
        kept however large it is."""
        self._read = read
        self._kept_bytes_max = kept_bytes_max
        self._kept_bytes = 0
        # By first position, least recently used first; and the first positions in order.
        self._groups: OrderedDict[int, _KeptGroup] = OrderedDict()
        self._first_positions: list[int] = []

    def at(self, position: int) -> tuple[Commit, int, int]:
        """The commit whose first event has `position`, the position of its last event, and its
        engine time. LogError if no commit begins there."""
        group = self._find(position) or self._load(position)
        found = group.at(position) if group is not None else None
        if group is None or found is None:
            raise LogError(f"no commit begins at position {position}")
        return *found, group.recorded_at_ms

    def _find(self, position: int) -> _KeptGroup | None:
        index = bisect_right(self._first_positions, position)
        if index == 0:
            return None
        first_position = self._first_positions[index - 1]
        group = self._groups[first_position]
        if not group.contains(position):
            return None
        self._groups.move_to_end(first_position)
        return group

    def _load(self, position: int) -> _KeptGroup | None:
        data = self._read(position)
        if data is None:
            return None
        group = _KeptGroup(data)
        if not group.contains(position):
            return None
        self._groups[group.first_position] = group
        insort(self._first_positions, group.first_position)
        self._kept_bytes += group.size_bytes
        while self._kept_bytes > self._kept_bytes_max and len(self._groups) > 1:
            first_position, oldest = self._groups.popitem(last=False)
            del self._first_positions[bisect_left(self._first_positions, first_position)]
            self._kept_bytes -= oldest.size_bytes
        return group
