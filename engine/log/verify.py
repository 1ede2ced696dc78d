"""Offline verification: the whole log replayed and compared with everything that is stored."""

import fcntl
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import msgspec

from engine.core.model import ReservationStatus
from engine.log.base import (
    BaseMark,
    base_positions,
    check_base,
    read_base,
    read_digest,
    read_header,
)
from engine.log.layout import read_layout, shard_directory
from engine.log.mark import read_mark
from engine.log.port import HASH_BYTES, Head, LogError
from engine.log.rebuild import BaseState
from engine.log.recovery import LOG_FOLDER, MARK_FILE, position_of
from engine.log.replay import Differences, Replay
from engine.log.retention import base_of
from engine.log.store import Store
from engine.log.stored_state import Relay, StoredState, compare_relays


class Verdict(StrEnum):
    """Whether a data directory can be trusted."""

    CLEAN = "CLEAN"
    DAMAGED = "DAMAGED"


class Figures(msgspec.Struct, kw_only=True):
    """What was verified, over all shards. On hand, held, allocated,
    backordered and waiting are in units; requests and transfers are those that are kept."""

    shards: int = 0
    groups: int = 0
    commits: int = 0
    events: int = 0
    bytes: int = 0
    stock_keys: int = 0
    on_hand: int = 0
    held: int = 0
    allocated: int = 0
    backordered: int = 0
    waiting: int = 0
    requests: int = 0
    transfers: int = 0
    reservations: dict[str, int] = msgspec.field(default_factory=dict)
    """Reservations by status, each at its home."""
    seconds: float = 0.0
    events_per_second: float = 0.0


class Report(msgspec.Struct, kw_only=True):
    """The outcome of a verification. `differences` lists the first hundred of
    `difference_count`, each with its shard and position, key or file."""

    verdict: Verdict
    data_dir: str
    history: str
    epoch: int
    figures: Figures
    difference_count: int
    differences: list[str]


def verify(data_dir: Path) -> Report:
    """Replay the log of every shard of a data directory that nobody uses, and compare: positions,
    chain, mark, the balances in each event, promises, and all stored state in both directions.
    Nothing is changed. LogError if it is no data directory, or in use; damage is in the report."""
    data_dir = Path(data_dir)
    layout = read_layout(data_dir)
    differences = Differences()
    figures = Figures(shards=layout.shards)
    statuses: Counter[str] = Counter()
    relays = []
    started_s = time.perf_counter()
    for shard in range(layout.shards):
        directory = shard_directory(data_dir, shard)
        with locked(directory):
            try:
                relays.append(_verify_shard(directory, shard, figures, statuses, differences))
            except LogError as error:
                differences.add(f"shard {shard}: {error}")
    if len(relays) == layout.shards:
        compare_relays(relays, differences)
    figures.reservations = dict(sorted(statuses.items()))
    figures.seconds = time.perf_counter() - started_s
    figures.events_per_second = figures.events / figures.seconds if figures.seconds else 0.0
    return Report(
        verdict=Verdict.DAMAGED if differences.count else Verdict.CLEAN,
        data_dir=str(data_dir),
        history=layout.history,
        epoch=layout.epoch,
        figures=figures,
        difference_count=differences.count,
        differences=differences.listed,
    )


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the lock that RocksDB takes, so that nobody writes meanwhile. The database itself is
    opened read-only, which would not look at it."""
    path = directory / LOG_FOLDER / "LOCK"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        # No log has ever been opened there, or its files are gone: the mark tells which.
        yield
        return
    except OSError as error:
        raise LogError(f"{path} cannot be opened: {error}") from error
    try:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LogError(f"{directory} is in use: stop the holdfast that has it open") from error
        yield
    finally:
        os.close(descriptor)


def _verify_shard(
    directory: Path, shard: int, figures: Figures, statuses: Counter[str], differences: Differences
) -> Relay:
    mark = read_mark(directory / MARK_FILE)
    if mark is None:
        raise LogError(f"{directory} has lost its high-water mark")
    if not (directory / LOG_FOLDER).exists() and not mark.position:
        return Relay(0, {}, {})
    store = Store(directory / LOG_FOLDER, read_only=True)
    try:
        state = StoredState(store, shard, differences)
        replay = Replay(shard, differences, figures.shards, state.relay.told, state.forgotten)
        try:
            base = _begin_at_base(directory, store, replay, state)
            figures.bytes += _replay_log(store, replay, state, mark, differences)
            _check_bases(directory, replay, base)
            state.compare(replay)
        finally:
            _sum_up(replay, figures, statuses)
        return state.relay
    finally:
        store.close()


def _begin_at_base(
    directory: Path, store: Store, replay: Replay, state: StoredState
) -> BaseMark | None:
    """Begin with the base that the log goes on from, if what came before it was dropped."""
    mark = base_of(store)
    if mark is not None:
        header = check_base(directory, mark)
        base = BaseState(header, read_base(directory, mark.position))
        base.begin(replay, state.relay.told, state.forgotten)
        state.compare_base_history(base)
    return mark


def _compare_base(directory: Path, replay: Replay) -> None:
    """Compare a base with the state that the log gives at its position."""
    position = replay.head.position
    base = BaseState(read_header(directory, position), read_base(directory, position))
    for family in base.differs_from(replay):
        replay.differs(position, f"the base is not what the log gives, in {family}")


def _check_bases(directory: Path, replay: Replay, mark: BaseMark | None) -> None:
    """See that the log has recorded the base it goes on from, and the files that it has."""
    for position in base_positions(directory):
        taken = replay.bases.get(position)
        if taken is not None and taken.digest != read_digest(directory, position).hex():
            replay.differs(position, "the base is not the one that the log has recorded")
        if taken is None and mark is not None and mark.position == position:
            replay.differs(position, "the log goes on from a base that it has not recorded")


def _replay_log(
    store: Store, replay: Replay, state: StoredState, mark: Head, differences: Differences
) -> int:
    """Replay every group, and compare what is kept of the past with it. Return the bytes of the
    groups."""
    size = 0
    bases = set(base_positions(store.directory.parent))
    hash_at_mark = Head().chain_hash if mark.position == 0 else None
    for key, value in store.scan("log"):
        position = position_of(key)
        group_hash, body = value[:HASH_BYTES], value[HASH_BYTES:]
        if position == mark.position:
            hash_at_mark = group_hash
        replay.apply(position, group_hash, body)
        state.compare_history(replay)
        if position in bases:
            _compare_base(store.directory.parent, replay)
        size += len(body)
    end = replay.head.position
    if end < mark.position:
        differences.add(
            f"{store.directory}: the log ends at {end} but {mark.position} was acknowledged"
        )
    elif hash_at_mark != mark.chain_hash:
        replay.differs(mark.position, "the group is not the one that was acknowledged")
    return size


def _sum_up(replay: Replay, figures: Figures, statuses: Counter[str]) -> None:
    totals = replay.totals()
    figures.groups += replay.groups
    figures.commits += replay.commits
    figures.events += replay.events
    figures.stock_keys += totals.stock_keys
    figures.on_hand += totals.on_hand
    figures.held += totals.held
    figures.allocated += totals.allocated
    figures.backordered += sum(stock.backordered for stock in replay.stock.values())
    figures.waiting += sum(stock.waiting for stock in replay.stock.values())
    figures.requests += len(replay.requests)
    figures.transfers += len(replay.transfers)
    statuses.update(
        ReservationStatus(reservation.status).name
        for reservation in replay.reservations.values()
        if reservation.home_shard is None
    )
