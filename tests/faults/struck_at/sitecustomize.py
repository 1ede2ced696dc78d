"""Python loads this at its start when this folder is on its path: a Holdfast that a test can strike
at a named point of the write path. The test leaves a file at the path in STRUCK_AT that says where,
with what and at which pass from then on; the first process that comes by takes it away, counts its
passes, and is struck: killed, or told that its disk has failed. See `tests/faults/points.py`."""

import contextlib
import errno
import json
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rocksdict import Rdict

from engine.shard.flusher import Flusher

_ARMED = Path(os.environ["STRUCK_AT"])
_aim: dict[str, Any] = {}
_write, _flush_wal, _fdatasync, _frames = (
    Rdict.write,
    Rdict.flush_wal,
    os.fdatasync,
    Flusher._frames,
)


def _pass(point: str) -> OSError | None:
    """Count a pass. The error that the disk is to give, if this is the one that is struck."""
    if not _aim:
        mine = _ARMED.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            _ARMED.rename(mine)
            _aim.update(json.loads(mine.read_text()))
    if _aim.get("point") != point:
        return None
    _aim["left"] -= 1
    if _aim["left"] > 0:
        return None
    fault = _aim["fault"]
    _aim.clear()
    unfinished = _ARMED.with_suffix(f".{os.getpid()}")
    unfinished.write_text(repr(time.monotonic()))
    unfinished.rename(_ARMED.with_suffix(".struck"))
    if not fault:
        os.kill(os.getpid(), signal.SIGKILL)
    number = getattr(errno, fault)
    return OSError(number, os.strerror(number))


def _rocksdb_raises(error: OSError | None, done: str) -> None:
    """As rocksdict does: whatever RocksDB reports is a plain Exception."""
    if error is not None:
        raise Exception(f"IO error: {error.strerror}: While {done}")


def _write_struck(database: Rdict, *arguments: Any) -> None:
    _rocksdb_raises(_pass("before write"), "appending to file")
    _write(database, *arguments)
    _pass("after write")


def _flush_struck(database: Rdict, *arguments: Any) -> None:
    _rocksdb_raises(_pass("before flush"), "fdatasync")
    _flush_wal(database, *arguments)
    _pass("after flush")


def _mark_struck(descriptor: int) -> None:
    error = _pass("before mark")
    if error is not None:
        raise error
    _fdatasync(descriptor)


def _frames_struck(flusher: Flusher, turns: Iterable[Any]) -> list[bytes]:
    turns = list(turns)
    frames = _frames(flusher, turns)
    if any(decided.replies and decided.group for decided, _, _ in turns):
        _pass("before reply")
    return frames


Rdict.write = _write_struck  # type: ignore[assignment, method-assign]
Rdict.flush_wal = _flush_struck  # type: ignore[assignment, method-assign]
os.fdatasync = _mark_struck  # type: ignore[assignment]
Flusher._frames = _frames_struck  # type: ignore[assignment, method-assign]
