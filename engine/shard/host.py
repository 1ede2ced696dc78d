"""Hosts one ShardActor on Thespian's in-process base: the same class in a shard process, in tests
and in a simulator.

That base has no sockets and no threads; an ask costs about 20 microseconds, once for each batch.
(Thespian's networked bases cost 1.3 ms of processor time for each ask, listen on every interface
and unpickle what they read.)
"""

from typing import Any

from thespian.actors import ActorSystem

from engine.core.model import Settings
from engine.log.port import Log
from engine.shard.messages import Call
from engine.shard.retention import REQUEST_RETENTION_MS
from engine.shard.shard_actor import Broken, Decide, Decided, Open, ShardActor
from engine.shard.tally import Tally
from engine.shard.turn_view import Place

_LOGGING = {"version": 1, "disable_existing_loggers": False}
"""Thespian sets up logging by itself unless told how: this leaves it alone."""


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
        self._system = ActorSystem("simpleSystemBase", logDefs=_LOGGING, transientUnique=True)
        self._actor = self._system.createActor(ShardActor)
        opening = Open(log, tally, settings, place or Place(), actors_max, request_retention_ms)
        self._ask(opening)

    def decide(self, calls: tuple[Call, ...], now_ms: int, monotonic_ns: int) -> Decided:
        """Decide a batch and append what it made happen. ShardBroken if anything raised that must
        not."""
        decided: Decided = self._ask(Decide(calls, now_ms, monotonic_ns))
        return decided

    def _ask(self, message: object) -> Any:
        answer = self._system.ask(self._actor, message)
        if isinstance(answer, Broken):
            raise ShardBroken(f"the shard broke: {answer.cause}") from answer.cause
        return answer

    def close(self) -> None:
        """End the actor system; the log stays open."""
        self._system.shutdown()
