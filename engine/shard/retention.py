"""How long request ids are remembered: records of older ones are deleted, a few in each turn."""

from collections.abc import Callable

from engine.log.port import Log

REQUEST_RETENTION_MS = 7 * 24 * 60 * 60 * 1_000
"""How long request ids are remembered unless the operator has set something else."""

FORGOTTEN_IDLE = 64
"""Commits that a turn goes through besides twice those that it has made itself, so that forgetting
keeps up with recording."""

LOOK_AGAIN_MS = 10_000
"""After how long a shard that found nothing old looks again."""

GO_ON_MS = 20
"""After how long an idle shard goes on that has more to forget."""


class Retention:
    """Forgets a shard's old request ids, and the attempts of the same age."""

    def __init__(self, log: Log, retention_ms: int) -> None:
        self._log = log
        self._retention_ms = retention_ms
        self._next_ms = 0
        self._wake_ms = 0

    def forget(self, now_ms: int, commits: int, waiting_since_ms: Callable[[int], int]) -> None:
        """Forget what is too old, after a turn that made so many commits. An attempt whose tell is
        on its way, since when `waiting_since_ms` gives as of now, may still be asked about: nothing
        so young is forgotten."""
        if now_ms < self._next_ms:
            return
        commits_max = 2 * commits + FORGOTTEN_IDLE
        before_ms = min(now_ms - self._retention_ms, waiting_since_ms(now_ms))
        if self._log.forget_requests(before_ms, commits_max) < commits_max:
            self._next_ms = self._wake_ms = now_ms + LOOK_AGAIN_MS
        else:
            self._wake_ms = now_ms + GO_ON_MS

    def next_ms(self, timer_ms: int | None) -> int:
        """When the next turn is due, also if nothing is asked: at the timer, or to forget."""
        return self._wake_ms if timer_ms is None else min(timer_ms, self._wake_ms)
