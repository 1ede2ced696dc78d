"""Every bound of the feed, by name."""

import msgspec


class FeedLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a feed may take. The whole feed holds at most a tail for each shard, and a message and a
    chunk for each shard of each subscriber, however far behind a subscriber is. In mode LATEST a
    subscriber holds besides the last event of each SKU-location that it was not told yet, or a
    number for each SKU that its channel was told of."""

    subscribers_max: int = 1_000
    """Feeds open at a time."""
    tail_bytes_max: int = 16 * 1024 * 1024
    """Memory for the recent events of one shard."""
    message_events_max: int = 512
    """Events in one message, and those that complete the last commit. What gRPC takes for a message
    is felt below that; and commands that come while history is told wait for as long as it takes to
    put one together."""
    updates_max: int = 256
    """SKUs that the feed of a channel asks about at a time, and tells in one message."""
    message_bytes_max: int = 1024 * 1024
    """Bytes of events in one message, and of those that complete the last commit."""
    commit_bytes_max: int = 3 * 1024 * 1024
    """Bytes of events in one message at all; one event more may be in it. A commit with more is
    divided. gRPC clients refuse messages above 4 MiB by default."""
    chunk_bytes_max: int = 512 * 1024
    """Bytes of history that a subscriber reads at a time, over all shards; one group of each shard
    may be larger."""
    snapshot_states_max: int = 256
    """States that a snapshot reads at a time, and tells in one message."""
    pass_events_max: int = 4_096
    """Events that a subscriber looks at before it lets others have their turn."""
    checkpoint_s: float = 5.0
    """A feed that has nothing to say says so after this time, with the cursor it has reached."""
    stall_s: float = 60.0
    """How long a subscriber may take to take a message, before it is let go."""
    retry_s: float = 0.1
    """How long to leave a shard alone that could not be read."""
