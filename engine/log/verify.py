"""Offline verification: the whole log replayed and compared with everything that is stored."""

import fcntl
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import msgspec

from engine.core.model import ReservationStatus
from engine.log import codec
from engine.log.layout import read_layout, shard_directory
from engine.log.mark import read_mark
from engine.log.port import HASH_BYTES, Head, LogError, Totals
from engine.log.recovery import LOG_FOLDER, MARK_FILE, META_HEAD, META_TOTALS, POSITION
from engine.log.replay import Differences, Replay
from engine.log.store import Store

_Name = TypeVar("_Name")
_State = TypeVar("_State")


class Verdict(StrEnum):
    """Whether a data directory can be trusted."""

    CLEAN = "CLEAN"
    DAMAGED = "DAMAGED"


class Figures(msgspec.Struct, kw_only=True):
    """What was verified, over all shards. Held, allocated and on hand are in units."""

    shards: int = 0
    groups: int = 0
    commits: int = 0
    events: int = 0
    bytes: int = 0
    stock_keys: int = 0
    on_hand: int = 0
    held: int = 0
    allocated: int = 0
    requests: int = 0
    reservations: dict[str, int] = msgspec.field(default_factory=dict)
    """Reservations by status."""
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
    started_s = time.perf_counter()
    for shard in range(layout.shards):
        directory = shard_directory(data_dir, shard)
        replay = Replay(shard, differences)
        with _locked(directory):
            try:
                _verify_shard(directory, shard, replay, figures, differences)
            except LogError as error:
                differences.add(f"shard {shard}: {error}")
        _sum_up(replay, figures, statuses)
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
def _locked(directory: Path) -> Iterator[None]:
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
    directory: Path, shard: int, replay: Replay, figures: Figures, differences: Differences
) -> None:
    mark = read_mark(directory / MARK_FILE)
    if mark is None:
        raise LogError(f"{directory} has lost its high-water mark")
    if not (directory / LOG_FOLDER).exists() and not mark.position:
        return
    store = Store(directory / LOG_FOLDER, read_only=True)
    try:
        figures.bytes += _replay_log(store, replay, mark, differences)
        _compare_state(store, shard, replay, differences)
    finally:
        store.close()


def _replay_log(store: Store, replay: Replay, mark: Head, differences: Differences) -> int:
    """Replay every group. Return the bytes of the groups."""
    size = 0
    hash_at_mark = Head().chain_hash if mark.position == 0 else None
    for key, value in store.scan("log"):
        position = POSITION.unpack(key)[0]
        group_hash, body = value[:HASH_BYTES], value[HASH_BYTES:]
        if position == mark.position:
            hash_at_mark = group_hash
        replay.apply(position, group_hash, body)
        size += len(body)
    end = replay.head.position
    if end < mark.position:
        differences.add(
            f"{store.directory}: the log ends at {end} but {mark.position} was acknowledged"
        )
    elif hash_at_mark != mark.chain_hash:
        replay.differs(mark.position, "the group is not the one that was acknowledged")
    return size


def _compare_state(store: Store, shard: int, replay: Replay, differences: Differences) -> None:
    """Compare everything that is stored with what follows from the log."""

    def compare(
        family: str,
        expected: Mapping[_Name, _State],
        decode_name: Callable[[bytes], _Name],
        decode_state: Callable[[bytes], _State],
    ) -> None:
        seen = 0
        for key, value in store.scan(family):
            name, state = decode_name(key), decode_state(value)
            if name not in expected:
                differences.add(f"shard {shard}, {family}: {name} is stored, the log has none")
                continue
            seen += 1
            if state != expected[name]:
                differences.add(
                    f"shard {shard}, {family}: {name} is stored as {state}, the log gives "
                    f"{expected[name]}"
                )
        if seen != len(expected):
            # Only now, so that the names need not be kept twice when nothing is missing.
            stored = {decode_name(key) for key, _ in store.scan(family)}
            for name in expected:
                if name not in stored:
                    differences.add(
                        f"shard {shard}, {family}: {name} is missing, the log gives "
                        f"{expected[name]}"
                    )

    compare("stock", replay.stock, codec.decode_key, codec.decode_stock)
    compare("reservations", replay.reservations, bytes.decode, codec.decode_reservation)
    compare("requests", replay.requests, bytes, codec.decode_request)
    compare("timers", dict.fromkeys(replay.timers(), b""), codec.decode_timer, bytes)
    totals = store.get("meta", META_TOTALS)
    stored = {
        "totals": Totals() if totals is None else codec.decode_totals(totals),
        "head": POSITION.unpack(store.get("meta", META_HEAD) or POSITION.pack(0))[0],
    }
    given = {"totals": replay.totals(), "head": replay.head.position}
    for name, value in given.items():
        if stored[name] != value:
            differences.add(
                f"shard {shard}, {name}: {stored[name]} is stored, the log gives {value}"
            )


def _sum_up(replay: Replay, figures: Figures, statuses: Counter[str]) -> None:
    totals = replay.totals()
    figures.groups += replay.groups
    figures.commits += replay.commits
    figures.events += replay.events
    figures.stock_keys += totals.stock_keys
    figures.on_hand += totals.on_hand
    figures.held += totals.held
    figures.allocated += totals.allocated
    figures.requests += len(replay.requests)
    statuses.update(
        ReservationStatus(reservation.status).name for reservation in replay.reservations.values()
    )
