"""Which shard a SKU belongs to: a published, stable hash to 4 096 slots, and slots to shards.

slot = CRC-32/ISO-HDLC(UTF-8(tenant) + 0x00 + UTF-8(SKU)) mod 4096. Control characters are not
allowed in either, so the zero byte separates them without doubt. All locations of a SKU share its
slot.
"""

from zlib import crc32

SLOTS = 4_096
SHARDS_MAX = 64


def slot_of(tenant: str, sku: str) -> int:
    """The slot of a SKU."""
    return crc32(f"{tenant}\0{sku}".encode()) % SLOTS


def shard_of(slot: int, shards: int) -> int:
    """The shard of a slot: slots are dealt to shards in equal, contiguous ranges."""
    return slot * shards // SLOTS


def reservation_id(slot: int, epoch: int, position: int) -> str:
    """The id of the reservation whose first event has `position`: unique, because its slot's shard
    uses a position once in an epoch."""
    return "%03x-%x-%x" % (slot, epoch, position)  # noqa: UP031 - an f-string takes twice as long


def slot_of_reservation(reservation_id: str) -> int | None:
    """The home slot that a reservation id carries; None if it is not an id of ours."""
    head, _, tail = reservation_id.partition("-")
    if len(head) != 3 or not tail:
        return None
    try:
        slot = int(head, 16)
    except ValueError:
        return None
    return slot if 0 <= slot < SLOTS else None


def attempt_id(front_end: str, number: int) -> str:
    """The name of an attempt at a basket over several shards: unique, because the front end has a
    name of its own in each of its lives and counts."""
    return f"{front_end}/{number:x}"


def is_attempt_id(name: str) -> bool:
    """Whether this names an attempt, and no reservation: names of attempts have a slash, also those
    that `engine.core.decide` makes up for offers."""
    return "/" in name


def reference_slot(shard: int, shards: int) -> int:
    """The slot under which a shard remembers the request ids of commands that name a reservation by
    its reference: its first one. References change; where a retry finds its answer may not."""
    return -(-shard * SLOTS // shards)
