"""Hosts one ShardActor in a Thespian actor system without sockets and threads: the same class in a
shard process, in tests and in a simulator. It is asked once for each batch.

(Thespian's networked bases cost 1.3 ms of processor time for each ask, listen on every interface
and unpickle what they read.)
"""

from typing import Any

from thespian.actors import ActorSystem

from engine.core.model import Settings
from engine.log.port import Log
from engine.shard.direct_base import DirectBase
from engine.shard.messages import Call
from engine.shard.retention import REQUEST_RETENTION_MS
from engine.shard.shard_actor import Decide, Decided, Describe, Open, ShardActor
from engine.shard.tally import ShardState, Tally
from engine.shard.turn_view import Place


class ShardBroken(Exception):
    """The shard can no longer be trusted: nothing it has not acknowledged may be, and its process
    has to exit."""


class ActorHost:
    """A ShardActor with its log. Calls to it must come from one thread."""

    def __init__(
        self,
        log: Log,
        settings: Settings,
        *,
        actors_max: int,
        tally: Tally,
        place: Place | None = None,
        request_retention_ms: int = REQUEST_RETENTION_MS,
    ) -> None:
        """Open the shard on a recovered log. ShardBroken if that fails."""
        self._system = ActorSystem(DirectBase(), transientUnique=True)
        self._actor = self._system.createActor(ShardActor)
        opening = Open(log, tally, settings, place or Place(), actors_max, request_retention_ms)
        self._ask(opening)

    def decide(self, calls: tuple[Call, ...], now_ms: int, monotonic_ns: int) -> Decided:
        """Decide a batch and append what it made happen. ShardBroken if anything raised that must
        not."""
        decided: Decided = self._ask(Decide(calls, now_ms, monotonic_ns))
        return decided

    def state(self) -> ShardState:
        """What there is between two turns."""
        state: ShardState = self._ask(Describe())
        return state

    def _ask(self, message: object) -> Any:
        try:
            return self._system.ask(self._actor, message)
        except Exception as error:
            raise ShardBroken(f"the shard broke: {error}") from error

    def close(self) -> None:
        """End the actor system; the log stays open."""
        self._system.shutdown()
