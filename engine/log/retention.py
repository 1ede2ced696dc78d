"""What a log may forget of its past, and how it does: groups up to a base in one step, and what
pointed there little by little."""

from typing import NamedTuple

from rocksdict import WriteBatch

from engine.log import relay
from engine.log.base import BaseMark, decode_mark, encode_mark
from engine.log.history import NUMBER_BYTES, decode_number, encode_number, number_at_end
from engine.log.recovery import META_BASE, META_FORGOTTEN
from engine.log.store import Store

_RESERVATIONS, _STOCK = b"r", b"s"
"""What the keys of the two kinds of history entries begin with."""


def base_of(store: Store) -> BaseMark | None:
    """The base that the log goes on from; None if it is there from its beginning."""
    data = store.get("meta", META_BASE)
    return None if data is None else decode_mark(data)


def droppable(store: Store, durable_position: int) -> int:
    """The last position that nothing needs any more: its request ids are forgotten, and other
    shards have been told of it. 0: none."""
    forgotten = store.get("meta", META_FORGOTTEN)
    last = min(decode_number(forgotten) if forgotten else 0, durable_position)
    shard = 0
    while (found := store.first_from("relay", relay.tells_prefix(shard))) is not None:
        key = found[0]
        if not key.startswith(b"o"):
            break
        last = min(last, number_at_end(key) - 1)
        shard = relay.shard_of(key) + 1
    return last


def drop(store: Store, mark: BaseMark) -> WriteBatch:
    """What drops the groups up to a base."""
    batch = WriteBatch(raw_mode=True)
    batch.delete_range(encode_number(0), encode_number(mark.position + 1), store.handles["log"])
    batch.put(META_BASE, encode_mark(mark), store.handles["meta"])
    return batch


class Pruned(NamedTuple):
    """A step of pruning: what it deletes, how many entries that is, and the key to go on after;
    None: it was the last one."""

    batch: WriteBatch
    deleted: int
    after: bytes | None


def prune(store: Store, position: int, after: bytes, entries_max: int) -> Pruned:
    """What deletes the history entries up to `position`, but for the newest of each SKU-location:
    that one says what it was since. It looks at `entries_max` entries after the key `after`."""
    batch = WriteBatch(raw_mode=True)
    handle = store.handles["history"]
    deleted = 0
    earlier: bytes | None = None
    resume = after
    for looked_at, (key, value) in enumerate(store.scan("history", after)):
        if looked_at >= entries_max:
            return Pruned(batch, deleted, resume)
        doomed = None
        if key[:1] == _RESERVATIONS:
            doomed = key if number_at_end(key) <= position else None
        elif key[:1] == _STOCK:
            if decode_number(value) <= position:
                same = earlier is not None and earlier[:-NUMBER_BYTES] == key[:-NUMBER_BYTES]
                doomed = earlier if same else None
                earlier = key
            else:
                earlier = None
        # The next step sees this one again: it may turn out not to be the newest.
        resume = key
        if doomed is not None:
            batch.delete(doomed, handle)
            deleted += 1
    return Pruned(batch, deleted, None)
