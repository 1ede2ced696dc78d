"""Records of the log: commit groups as the log and the feed read them."""

import json

from google.protobuf.message import DecodeError

from engine.feed.group import decode_group as decode_for_feed
from engine.feed.group import first_position_of
from engine.log import codec
from engine.log.decode import decode_commit, split_group
from engine.log.port import LogError
from tests.log.golden_records import FOLDER


def one_input(data: bytes) -> None:
    """A record is refused, or is a group that says the same when it is written again and read; the
    feed can show it, or refuses it as damage."""
    try:
        decode_for_feed(3, data)
        first_position_of(data)
    except (DecodeError, ValueError):
        pass
    try:
        group = codec.decode_group(data)
    except LogError:
        return
    assert codec.group_bounds(data) == (group.first_position, group.recorded_at_ms)
    time_ms, positions, commits = split_group(data)
    assert (time_ms, positions[0]) == (group.recorded_at_ms, group.first_position)
    # By what they look like: a number that is none is not equal to itself.
    assert repr(tuple(map(decode_commit, commits))) == repr(group.commits)
    written = codec.encode_group(group)
    assert codec.encode_group(codec.decode_group(written)) == written


def examples() -> list[bytes]:
    """A record of every kind of event, as released versions have written them."""
    return [
        bytes.fromhex(json.loads(path.read_text())["record"])
        for path in sorted(FOLDER.glob("*.json"))
    ]
