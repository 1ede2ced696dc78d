"""What a shard process is started with."""

import msgspec

from engine.core.model import Settings


class ShardOptions(msgspec.Struct, frozen=True):
    """Given as JSON on the command line: nothing in it is secret."""

    shard: int
    directory: str
    socket_fd: int
    parent_pid: int
    epoch: int
    actors_max: int
    settings: Settings
    publish_after: int | None
    """The last position that the front end has published; None on its first start, when there is
    nothing to catch up."""


def encode_options(options: ShardOptions) -> str:
    """The options as a command-line argument."""
    return msgspec.json.encode(options).decode()


def decode_options(text: str) -> ShardOptions:
    """The options from a command-line argument."""
    return msgspec.json.decode(text, type=ShardOptions)
