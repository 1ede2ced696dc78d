"""The way between a simulated front end and a shard."""

from asyncio import Future
from collections.abc import Callable
from functools import partial
from random import Random

from engine.shard.gateway import UNBOUNDED, GoOn
from engine.shard.link import ShardLink
from engine.shard.messages import Inquire, Request, Result


class UnreliableLink(ShardLink):
    """A link on which what shards say to each other is doubled, held up, overtaken and, where it
    will be said again, lost. What a link carries for callers is as it is."""

    def __init__(self, shard: int, random: Random) -> None:
        super().__init__(shard, 16_384, lambda _shard, _statistics: None)
        self._random = random
        self.unreliable = True
        self.held_up: list[Callable[[], None]] = []

    def submit(
        self, slot: int, request: Request, deadline_ns: int, go_on: GoOn | None = None
    ) -> "Future[Result]":
        if type(request) not in UNBOUNDED or not self.unreliable or not self.ready.is_set():
            return super().submit(slot, request, deadline_ns, go_on)
        chance = self._random.random()
        if chance < 0.15:
            self.held_up.append(partial(self._let_go, slot, request))
            if chance < 0.05:
                return super().submit(slot, request, deadline_ns)
            answer: Future[Result] = self._loop.create_future()
            self.held_up[-1] = partial(self._let_go, slot, request, answer)
            return answer
        if chance < 0.18 and type(request) is Inquire:
            return self._loop.create_future()
        return super().submit(slot, request, deadline_ns, go_on)

    def _let_go(self, slot: int, request: Request, waiting: "Future[Result] | None" = None) -> None:
        """What was held up goes on, behind what was said later."""
        if not self.ready.is_set():
            return
        answer = super().submit(slot, request, 0)
        answer.add_done_callback(partial(_pass_on, waiting))

    def connection_lost(self, error: Exception | None) -> None:
        self.held_up.clear()
        super().connection_lost(error)


def _pass_on(waiting: "Future[Result] | None", answer: "Future[Result]") -> None:
    if answer.cancelled() or answer.exception() is not None or waiting is None:
        return
    if not waiting.done():
        waiting.set_result(answer.result())
