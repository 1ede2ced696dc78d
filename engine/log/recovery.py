"""What happens when a log is opened: nothing that was acknowledged may be missing, and what is
there must be one history.

RocksDB checks its own checksums. What it cannot see, files that are missing or end early as if
nothing more had ever been written, shows in three places: the high-water mark, the dense
positions, and the chain of hashes.
"""

import struct
from pathlib import Path

from engine.log.base import check_base, decode_mark
from engine.log.chain import chain_hash
from engine.log.codec import decode_totals, group_bounds
from engine.log.files import sync_directory
from engine.log.mark import Mark, read_mark
from engine.log.port import HASH_BYTES, Head, LogError, Totals
from engine.log.store import Store

LOG_FOLDER = "log"
MARK_FILE = "mark"
META_HEAD = b"head"
META_TOTALS = b"totals"
META_FORGOTTEN = b"forgotten"
"""Up to which position the requests of commits were forgotten."""
META_BASE = b"base"
"""The base that the log goes on from, once what came before it was dropped."""
POSITION = struct.Struct(">Q")
"""A position as the key of its group: big-endian, so that keys sort like positions."""


def open_store(directory: Path, create: bool) -> tuple[Store, Mark]:
    """The database and the mark of the log in `directory`, made if `create` and there is
    neither. LogError if one of the two is missing, the log is in use, or either is damaged."""
    mark_path, log_path = directory / MARK_FILE, directory / LOG_FOLDER
    mark = read_mark(mark_path)
    if mark is None:
        if log_path.exists():
            raise LogError(
                f"{directory} has a log but no high-water mark ({mark_path} is missing), so "
                "nothing says how far it was acknowledged; restore the directory from a backup"
            )
        if not create:
            raise LogError(f"{directory} holds no log: {mark_path} is missing")
        try:
            directory.mkdir(parents=True, exist_ok=True)
            sync_directory(directory.parent)
        except OSError as error:
            raise LogError(f"{directory} cannot be made: {error}") from error
        Mark.create(mark_path).close()
    elif mark.position and not (log_path / "CURRENT").exists():
        if log_path.is_dir():
            raise LogError(
                f"{log_path / 'CURRENT'} is missing but {mark.position} was acknowledged; restore "
                "the directory from a backup"
            )
        raise _missing(directory, 0, mark)
    # As long as nothing was acknowledged, the database may be unfinished: the process died while
    # making it.
    store = Store(log_path, create=mark is None or mark.position == 0)
    try:
        # Read again under the LOCK: it may have moved while another process was closing the log.
        return store, Mark(mark_path)
    except BaseException:
        store.close()
        raise


def position_of(key: bytes) -> int:
    """The position that a key of the log names; LogError if it is none."""
    if len(key) != POSITION.size:
        raise LogError(f"the stored key {key!r} names no position")
    position: int = POSITION.unpack(key)[0]
    return position


def recover_head(store: Store, mark: Head) -> tuple[Head, Totals]:
    """The end of the log and the totals there. LogError if the log ends before the mark, holds
    another history at it, has a gap or a broken chain after it, begins neither at 1 nor after a
    base that is there, or if the state belongs to another position."""
    try:
        return _recover_head(store, mark)
    except LogError as error:
        if str(store.directory.parent) in str(error):
            raise
        raise LogError(f"the log in {store.directory} is damaged: {error}") from error


def _recover_head(store: Store, mark: Head) -> tuple[Head, Totals]:
    directory = store.directory
    stored_head = store.get("meta", META_HEAD)
    state_position = position_of(stored_head) if stored_head else 0
    first = store.first_from("log")
    last = store.last("log")
    if first is None or last is None:
        if mark.position or state_position:
            raise _missing(directory, 0, mark)
        return Head(), Totals()
    end = position_of(last[0])
    if end < mark.position:
        raise _missing(directory, end, mark)
    begin = group_bounds(first[1][HASH_BYTES:])[0]
    expected = begin_of(store)
    if begin != expected:
        raise LogError(
            f"the log in {directory} begins at {begin}, not at {expected}: its beginning is missing"
        )
    head = _follow(store, mark)
    if state_position != head.position:
        raise LogError(
            f"the log in {directory} ends at {head.position} but its state is that of "
            f"{state_position}: files are missing or cut"
        )
    totals = store.get("meta", META_TOTALS)
    if totals is None:
        raise LogError(f"the log in {directory} has lost its totals")
    return head, decode_totals(totals)


def begin_of(store: Store) -> int:
    """The position that the log in `store` has to begin at: 1, or that after the base. LogError if
    the base is not there as the log names it."""
    data = store.get("meta", META_BASE)
    if data is None:
        return 1
    mark = decode_mark(data)
    check_base(store.directory.parent, mark)
    return mark.position + 1


def _missing(directory: Path, end: int, mark: Head) -> LogError:
    return LogError(
        f"the log in {directory} ends at {end} but {mark.position} was acknowledged: "
        "WAL files are missing or cut; restore the directory from a backup"
    )


def _follow(store: Store, mark: Head) -> Head:
    """Follow the chain from the mark to the end of the log."""
    head = mark
    for key, value in store.scan("log", POSITION.pack(mark.position)):
        last_position = position_of(key)
        group_hash, body = value[:HASH_BYTES], value[HASH_BYTES:]
        first_position, recorded_at_ms = group_bounds(body)
        if last_position == mark.position:
            if group_hash != mark.chain_hash:
                raise LogError(
                    f"the log in {store.directory} has another history at {mark.position} than was "
                    f"acknowledged there: hash {group_hash.hex()} in place of "
                    f"{mark.chain_hash.hex()}"
                )
            continue
        if first_position != head.position + 1:
            raise LogError(
                f"the log in {store.directory} goes on at {first_position} after {head.position}: "
                "groups are missing"
            )
        if chain_hash(head.chain_hash, body) != group_hash:
            raise LogError(
                f"the chain of the log in {store.directory} is broken at {last_position}"
            )
        head = Head(last_position, group_hash, recorded_at_ms)
    return head
