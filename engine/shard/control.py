"""What the operator's commands do to a shard between two turns: hold it still, link a checkpoint of
its log, record a base, and drop what came before one."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from engine.log.base import BaseMark
from engine.log.keeping import Policy, base_to_use, needs_base
from engine.log.port import LogError
from engine.log.rocks import RocksLog
from engine.shard.frames import Control, Controlled

FROZEN_S_MAX = 10.0
"""A shard that nobody lets go on by then goes on by itself."""
PRUNED_AT_ONCE = 2_000
"""History entries that are looked at between two turns when the past was dropped: some
milliseconds."""

_logger = structlog.get_logger(__name__)


class Controller:
    """Obeys one shard's controls. It belongs to the thread that appends."""

    def __init__(
        self,
        log: RocksLog,
        directory: Path,
        publish: Callable[[bytes, int], None],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`publish` is given each group that is appended here, already durable, with its engine
        time."""
        self._log = log
        self._directory = directory
        self._publish = publish
        self._clock_s = clock_s
        self._frozen_until_s = 0.0
        self._pruned: bytes | None = None
        self._reclaiming: threading.Thread | None = None

    @property
    def is_frozen(self) -> bool:
        """Whether no turn may be decided now."""
        return self._frozen_until_s > 0 and self._clock_s() < self._frozen_until_s

    @property
    def is_pruning(self) -> bool:
        """Whether `prune` has something to do."""
        return self._pruned is not None

    def prune(self) -> None:
        """Delete a little of what lies before the base."""
        if self._pruned is not None:
            self._pruned = self._log.prune(self._pruned, PRUNED_AT_ONCE)
            is_free = self._reclaiming is None or not self._reclaiming.is_alive()
            if self._pruned is None and is_free:
                # RocksDB does all of it without Python's global lock.
                self._reclaiming = threading.Thread(target=self._reclaim, name="reclaim")
                self._reclaiming.start()

    def _reclaim(self) -> None:
        try:
            self._log.reclaim()
        except LogError as error:
            _logger.warning("room not given back", reason=str(error))

    def close(self) -> None:
        """Return when nothing goes on any more beside the turns."""
        if self._reclaiming is not None:
            self._reclaiming.join()

    def obey(self, control: Control, now_ms: int) -> Controlled:
        """Do what is asked, at engine time `now_ms`, and say how it went. What cannot be done
        changes nothing, unless the log itself cannot be written any more: that its next use
        tells."""
        try:
            position = self._do(control, now_ms)
        except LogError as error:
            _logger.error("not done", action=control.action, reason=str(error))
            return Controlled(control.control_id, 0, str(error))
        return Controlled(control.control_id, position)

    def _do(self, control: Control, now_ms: int) -> int:
        action = control.action
        policy = Policy(
            control.keep_ms, control.keep_events, control.grace_ms, control.acknowledged
        )
        if action == "freeze":
            self._frozen_until_s = self._clock_s() + FROZEN_S_MAX
        elif action == "thaw":
            self._frozen_until_s = 0.0
        elif action == "checkpoint":
            if control.frozen and not self.is_frozen:
                raise LogError("the shard went on before its checkpoint was made")
            return self._log.checkpoint(Path(control.path)).position
        elif action == "needs-base":
            return int(needs_base(self._log, self._directory, policy, now_ms))
        elif action == "record-base":
            mark = BaseMark(control.position, control.digest, control.chain_hash)
            self._publish(self._log.record_base(mark, now_ms), now_ms)
        elif action == "base-to-use":
            return base_to_use(self._log, self._directory, policy, now_ms)
        elif action == "drop":
            if not self._log.drop(control.position):
                raise LogError(f"what comes before {control.position} is still needed")
            self._pruned = b""
        else:
            raise LogError(f"a shard cannot {action}")
        return self._log.head.position
