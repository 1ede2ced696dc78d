"""What every backend checks before it appends: the head it was promised, dense positions, and
the hash that chains groups."""

from hashlib import blake2b

from engine.log.port import HASH_BYTES, Group, Head, HeadMoved, LogError


def chain_hash(previous_hash: bytes, body: bytes) -> bytes:
    """The hash of the history that ends with the encoded group `body`."""
    return blake2b(previous_hash + body, digest_size=HASH_BYTES).digest()


def next_head(head: Head, group: Group, expected_head: int) -> int:
    """The head's position after `group`. HeadMoved if the head is not `expected_head`, LogError
    if the group leaves a gap, overlaps or has no events: in each case nothing may be written."""
    if head.position != expected_head:
        raise HeadMoved(f"the head is at {head.position}, the writer expected {expected_head}")
    if group.first_position != head.position + 1:
        raise LogError(
            f"a group that begins at {group.first_position} cannot follow the head at "
            f"{head.position}"
        )
    last_position = group.last_position
    if last_position < group.first_position:
        raise LogError(f"the group at {group.first_position} has no events")
    return last_position
