"""Keys of what shards tell each other: what is still to be told, how far another shard has
acknowledged, and how far this one has taken in what others tell.

| key | value |
| --- | --- |
| `o` shard (4) position (8) | |
| `t` shard (4) | position up to which it has acknowledged |
| `h` shard (4) | position in its log up to which it was heard |
"""

from engine.log.history import encode_number


def tells_prefix(shard: int) -> bytes:
    """What the keys of positions begin with that a shard is to be told."""
    return b"o" + shard.to_bytes(4, "big")


def tell_key(shard: int, position: int) -> bytes:
    """The key of one event that a shard is to be told."""
    return tells_prefix(shard) + encode_number(position)


def told_key(shard: int) -> bytes:
    """The key of how far a shard has acknowledged."""
    return b"t" + shard.to_bytes(4, "big")


def heard_key(shard: int) -> bytes:
    """The key of how far a shard was heard."""
    return b"h" + shard.to_bytes(4, "big")


def shard_of(key: bytes) -> int:
    """The shard that one of these keys names."""
    return int.from_bytes(key[1:5], "big")
