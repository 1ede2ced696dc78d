"""The state of a node, dealt out anew to another number of shards.

It is a new history: cursors of the old one are turned away, and time travel begins here. Stock goes
with its SKU, reservations with the home slot in their id, answers with the slot of their request.
"""

import heapq
from bisect import bisect_left
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from engine.archive.backup import require_empty
from engine.archive.parts import ShardOf, divide, whole
from engine.archive.restore import next_epoch
from engine.archive.source import Source, SourceShard, opened, prepared_attempts
from engine.core.model import Reservation
from engine.log import codec
from engine.log.configured import computed_buffer_of
from engine.log.decode import decode_commit, split_group
from engine.log.layout import NODE_FILE, Layout, new_history, shard_directory, write_layout
from engine.log.new_shard import NewShard
from engine.log.port import HASH_BYTES, LogError, Totals
from engine.log.verify import verify
from engine.shard import slots

_SLOT_BYTES = 2


class NotSettled(Exception):
    """Shards have yet to tell each other something, or to decide what becomes of units that are set
    aside. The message says what to do."""


class Lost(Exception):
    """The new shards do not have what the old ones had: a fault of ours, and nothing to use."""


class _Answer(NamedTuple):
    """A request that is remembered: when it was answered, where that lies in the source, and under
    what key it is to be found."""

    recorded_at_ms: int
    shard: int
    position: int
    key: bytes


def reshard(source: Path, destination: Path, shards: int) -> Layout:
    """Make a data directory with another number of shards from one that nobody uses, into an empty
    or new directory. Both are verified: the old one before, as its log is left behind, the new one
    after, and then compared record by record. NotSettled if the old node has to run before;
    BackupError, LogError or Lost if nothing was made that can be used."""
    with opened(source) as old:
        require_settled(old)
    require_empty(destination)
    _require_sound(source)
    with opened(source) as old:
        require_settled(old)
        layout = Layout(new_history(), next_epoch(old.layout.epoch), shards)

        def shard_of(tenant: str, sku: str) -> int:
            return slots.shard_of(slots.slot_of(tenant, sku), shards)

        deal(old, destination, layout, shard_of)
    write_layout(destination, layout)
    try:
        _require_as_before(source, destination)
    except (Lost, LogError):
        (destination / NODE_FILE).unlink()
        raise
    return layout


def _require_as_before(source: Path, destination: Path) -> None:
    """See that the new directory is sound in itself, and says what the old one says."""
    made = verify(destination)
    if made.differences:
        raise Lost(f"{destination} is damaged: {made.differences[0]}")
    with opened(source) as old, opened(destination) as new:
        count = len(new.shards)
        for one in old.shards:
            for key, value in one.store.scan("stock"):
                place = codec.decode_key(key)
                shard = slots.shard_of(slots.slot_of(place.tenant, place.sku), count)
                if new.shards[shard].store.get("stock", key) != value:
                    raise Lost(f"{place.sku} at {place.location} would not be as it was")
        # There are as many as before: their sums say so.
        for was, made_of_it in zip(_reservations(old), _reservations(new), strict=True):
            if made_of_it != was:
                raise Lost(f"{was.reservation_id} would not be as it was")


def _require_sound(source: Path) -> None:
    """See that the state that is dealt out is what the log says."""
    found = verify(source)
    if found.differences:
        raise LogError(
            f"{source} is damaged, and nothing was made of it: {found.differences[0]}; "
            "`holdfast verify` lists all that is wrong"
        )


def require_settled(old: Source) -> None:
    """See that nothing is on its way between shards. NotSettled if anything is."""
    for one in old.shards:
        attempt = next(prepared_attempts(one), None)
        outbox = one.store.first_from("relay", b"o")
        waits = outbox is not None and outbox[0].startswith(b"o")
        if attempt is None and not waits:
            continue
        what = f"has units set aside for {attempt}" if attempt else "has yet to tell another one"
        raise NotSettled(
            f"shard {one.shard} {what}: start the node on the directory, let it run for a minute "
            "with no load, stop it, and try again"
        )


def deal(old: Source, destination: Path, layout: Layout, shard_of: ShardOf) -> None:
    """Write all shards of the new directory. Lost if they do not add up to the old ones."""
    count = layout.shards
    commits = [_Commits(one) for one in old.shards]
    answers = _deal_answers(commits, old, count)
    new = [
        NewShard(shard_directory(destination, shard), shard, max(1, _events(commits, own)))
        for shard, own in enumerate(answers)
    ]
    for one in old.shards:
        for key, value in one.store.scan("stock"):
            place = codec.decode_key(key)
            new[shard_of(place.tenant, place.sku)].put_stock(place, codec.decode_stock(value))
        for _, value in one.store.scan("transfers"):
            transfer = codec.decode_transfer(value)
            new[shard_of(transfer.tenant, transfer.sku)].put_transfer(transfer)
    for key, record in old.shards[0].store.scan("listings"):
        new[0].put_listing(key, record)
    _move_reservations(old, new, shard_of)
    for shard, own in enumerate(answers):
        _move_answers(commits, new[shard], own)
        # Kept answers name shards of the old node: they too count as told.
        for other in range(max(count, old.layout.shards)):
            heard = new[other].position if other < count and other != shard else 0
            new[shard].put_relay(other, heard)
    _copy_configuration(old, new, shard_of)
    _require_equal([one.totals for one in old.shards], [one.totals for one in new])
    recorded_at_ms = max(one.head.recorded_at_ms for one in old.shards)
    for shard, made in enumerate(new):
        made.finish(_origin(old, layout, shard), recorded_at_ms)


def _copy_configuration(old: Source, new: list[NewShard], shard_of: ShardOf) -> None:
    """Give each shard all that is configured, which every old one knows alike, and the buffers that
    were computed in the shards of their SKUs."""
    for one in old.shards:
        for key, record in one.store.scan("configuration"):
            place = computed_buffer_of(key)
            if place is not None:
                new[shard_of(*place)].put_configuration(key, record)
            elif one.shard == 0:
                for each in new:
                    each.put_configuration(key, record)


def _move_reservations(old: Source, new: list[NewShard], shard_of: ShardOf) -> None:
    """Give each reservation to its new shards."""
    for reservation in _reservations(old):
        slot = slots.slot_of_reservation(reservation.reservation_id)
        if slot is None:
            raise LogError(f"{reservation.reservation_id} names no slot")
        divided = divide(reservation, slots.shard_of(slot, len(new)), shard_of)
        for shard, part in divided.items():
            new[shard].put_reservation(part)


def _reservations(node: Source) -> Iterator[Reservation]:
    """All reservations in order of their ids, put together of their homes' and their parts' lines.
    LogError at the end if there are parts without a home."""
    parts = joined = 0
    for key, shard, value in heapq.merge(*map(_stored_reservations, node.shards)):
        home = codec.decode_reservation(value)
        if home.home_shard is not None:
            parts += 1
            continue
        found = _parts(node, shard, key, home)
        joined += len(found)
        yield whole(home, found)
    if parts != joined:
        raise LogError(f"{parts - joined} parts of reservations belong to no home")


def _stored_reservations(one: SourceShard) -> Iterator[tuple[bytes, int, bytes]]:
    for key, value in one.store.scan("reservations"):
        yield key, one.shard, value


def _parts(node: Source, home_shard: int, key: bytes, home: Reservation) -> list[Reservation]:
    """The parts of a reservation in other shards."""
    count = len(node.shards)
    keys = {line.key for line in home.lines}
    elsewhere = {slots.shard_of(slots.slot_of(each.tenant, each.sku), count) for each in keys}
    stored = (node.shards[each].store.get("reservations", key) for each in elsewhere - {home_shard})
    return [codec.decode_reservation(value) for value in stored if value is not None]


class _Commits:
    """Finds encoded commits of one shard. It keeps the group that it read last: answers are moved
    in the order in which they lie there."""

    def __init__(self, shard: SourceShard) -> None:
        self._shard = shard
        self._positions: list[int] = []
        self._commits: list[bytes] = []

    def at(self, position: int) -> tuple[bytes, int]:
        """The commit whose first event has this position, and how many events it has. LogError if
        there is none."""
        positions = self._positions
        if not positions or not positions[0] <= position < positions[-1]:
            _, positions, self._commits = split_group(self._shard.group_of(position))
            self._positions = positions
        index = bisect_left(positions, position)
        if index >= len(self._commits) or positions[index] != position:
            raise LogError(f"no commit of shard {self._shard.shard} begins at {position}")
        return self._commits[index], positions[index + 1] - position


def _deal_answers(commits: list[_Commits], old: Source, shards: int) -> list[list[_Answer]]:
    """The requests that each new shard is to remember, oldest first, as they are forgotten."""
    dealt: list[list[_Answer]] = [[] for _ in range(shards)]
    for one in old.shards:
        by_reference = slots.reference_slot(one.shard, len(old.shards))
        for key, value in one.store.scan("requests"):
            record = codec.decode_request(value)
            slot = int.from_bytes(key[:_SLOT_BYTES], "big")
            answer = _Answer(record.recorded_at_ms, one.shard, record.position, key)
            dealt[slots.shard_of(slot, shards)].append(answer)
            if slot == by_reference:
                _deal_by_reference(commits[one.shard], answer, dealt)
    for answers in dealt:
        answers.sort()
    return dealt


def _deal_by_reference(commits: _Commits, answer: _Answer, dealt: list[list[_Answer]]) -> None:
    """A command that named a reservation by its reference is remembered under the first slot of
    its home, which may be another one now. (A SKU of that very slot makes the same keys: it gets
    the second place in vain.)"""
    commit = decode_commit(commits.at(answer.position)[0])
    named = (getattr(each.event, "reservation_id", "") for each in commit.recorded)
    slot = slots.slot_of_reservation(next(filter(None, named), ""))
    if slot is None:
        return
    home = slots.shard_of(slot, len(dealt))
    place = slots.reference_slot(home, len(dealt)).to_bytes(_SLOT_BYTES, "big")
    if place != answer.key[:_SLOT_BYTES]:
        dealt[home].append(answer._replace(key=place + answer.key[_SLOT_BYTES:]))


def _events(commits: list[_Commits], answers: list[_Answer]) -> int:
    """How many positions answers take."""
    return sum(commits[each.shard].at(each.position)[1] for each in answers)


def _move_answers(commits: list[_Commits], new: NewShard, answers: list[_Answer]) -> None:
    position = 1
    for answer in answers:
        encoded, events = commits[answer.shard].at(answer.position)
        new.put_answer(answer.key, encoded, position, events, answer.recorded_at_ms)
        position += events


def _require_equal(old: list[Totals], new: list[Totals]) -> None:
    """See that nothing was lost or made twice."""
    for name in Totals.__struct_fields__:
        before, after = (sum(getattr(one, name) for one in each) for each in (old, new))
        if before != after:
            raise Lost(f"{name} was {before} and would be {after}")


def _origin(old: Source, layout: Layout, shard: int) -> bytes:
    """What stands for the history before a new shard's first position: all logs that led to it."""
    hasher = blake2b(f"{layout.history} {shard}".encode(), digest_size=HASH_BYTES)
    for one in old.shards:
        hasher.update(one.head.chain_hash)
    return hasher.digest()
