"""What a shard process is started with."""

import msgspec

from engine.core.model import Settings
from engine.shard.retention import REQUEST_RETENTION_MS


class SharedOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What all shards of a node have in common."""

    epoch: int = 1
    """The data directory's epoch."""
    shards: int = 1
    """How many shards the node has."""
    request_retention_ms: int = REQUEST_RETENTION_MS
    """How long request ids are remembered."""
    actors_max: int = 100_000
    """SKU-locations in memory, in each shard."""
    settings: Settings = Settings()
    """What the operator has set for decisions."""
    log_level: str = "info"
    log_format: str = "console"


class ShardOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Given as JSON on the command line: nothing in it is secret."""

    shard: int
    directory: str
    socket_fd: int
    parent_pid: int
    publish_after: int | None
    """The last position that the front end has published; None on its first start, when there is
    nothing to catch up."""
    shared: SharedOptions


def encode_options(options: ShardOptions) -> str:
    """The options as a command-line argument."""
    return msgspec.json.encode(options).decode()


def decode_options(text: str) -> ShardOptions:
    """The options from a command-line argument."""
    return msgspec.json.decode(text, type=ShardOptions)
