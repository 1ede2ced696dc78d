"""Which request records and attempts are due to be forgotten: found by walking the log itself, so
that no second index by time has to be written with each request."""

from typing import Protocol

from google.protobuf.message import DecodeError

from engine.core.model import Struct
from engine.log.port import Head, LogError
from engine.log.v1 import record_pb2


class Groups(Protocol):
    """Groups with dense positions: see Log, of which these are a part."""

    @property
    def head(self) -> Head:
        """See Log.head."""

    @property
    def oldest_position(self) -> int:
        """See Log.oldest_position."""

    def read(self, from_position: int, bytes_max: int, up_to_position: int) -> list[bytes]:
        """See Log.read."""


class Forgotten(Struct, frozen=True):
    """What some commits leave to forget: request keys, each with the position of its commit; and
    attempts, each with the last position of its group. `cursor` is the position of the last event
    of the last of them."""

    commits: int
    cursor: int
    requests: tuple[tuple[bytes, int], ...]
    attempts: tuple[tuple[str, int], ...]


def due(log: Groups, cursor: int, before_ms: int, commits_max: int) -> Forgotten:
    """What the commits after position `cursor` that were recorded before `before_ms` leave to
    forget; of at most `commits_max` commits."""
    commits = 0
    requests: list[tuple[bytes, int]] = []
    attempts: list[tuple[str, int]] = []
    end = log.head.position
    while commits < commits_max and cursor < end:
        read = log.read(max(cursor + 1, log.oldest_position), 0, end)
        group = _parse(read[0]) if read else record_pb2.CommitGroup()
        position = group.first_position
        if not group.commits or position > max(cursor + 1, log.oldest_position):
            raise LogError(f"the group at position {cursor + 1} is missing")
        if group.recorded_at_ms >= before_ms:
            break
        group_end = position + sum(len(commit.events) for commit in group.commits) - 1
        for commit in group.commits:
            first_position = position
            position += len(commit.events)
            if first_position <= cursor:
                continue
            if commits == commits_max:
                break
            commits += 1
            cursor = position - 1
            if commit.request_key:
                requests.append((commit.request_key, first_position))
            attempts += [(attempt_id, group_end) for attempt_id in _attempts(commit)]
    return Forgotten(commits, cursor, tuple(requests), tuple(attempts))


def _attempts(commit: record_pb2.Commit) -> list[str]:
    """The attempts that a commit decides."""
    return [
        event.lines_told.attempt_id
        for event in commit.events
        if event.WhichOneof("kind") == "lines_told" and event.lines_told.attempt_id
    ]


def _parse(data: bytes) -> record_pb2.CommitGroup:
    try:
        return record_pb2.CommitGroup.FromString(data)
    except DecodeError as error:
        raise LogError(f"a record of {len(data)} bytes is no commit group: {error}") from error
