"""Carries what shards have to say to each other. It is a part of the front end and keeps nothing
that matters: a shard that starts sends again whatever was not acknowledged or answered.

What one shard tells another is carried in order, and many messages are on their way at once; the
receiver refuses a gap and ignores what it has had, so a message may be carried twice.
"""

import asyncio
from bisect import insort
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter

from engine.shard.gateway import Gateway
from engine.shard.messages import Acknowledge, HeardUpTo, Inquire, Outgoing, Result, Tell
from engine.shard.port import ShardUnavailable

RETRY_S = 1.0
"""After how long a message is carried again that its receiver could not take in."""

_Answer = asyncio.Future[Result]


class Relay:
    """The ways from each shard to each other one."""

    def __init__(self, gateways: Sequence[Gateway]) -> None:
        """Carry between `gateways`, in order of their shard numbers."""
        self._gateways = gateways
        self._ways = {
            (origin.shard, target.shard): _Way(origin, target)
            for origin in gateways
            for target in gateways
            if origin is not target
        }

    def take(self, origin: int, outgoing: Sequence[Outgoing]) -> None:
        """Carry what a shard has to say. A question whose target is down is dropped: it will be
        asked again."""
        for each in outgoing:
            message = each.message
            if isinstance(message, Inquire):
                _submit(self._gateways[each.target], message)
            else:
                self._ways[origin, each.target].add(message)

    def came_up(self, shard: int) -> None:
        """A shard takes messages (again): carry what waits for it."""
        for (_, target), way in self._ways.items():
            if target == shard:
                way.carry_all()

    def went_down(self, shard: int) -> None:
        """A shard is gone. What it had to say it says again when it is back; who waits until it has
        heard something waits no longer."""
        for (origin, target), way in self._ways.items():
            if origin == shard:
                way.forget()
            elif target == shard:
                way.let_go()

    async def told(
        self, origin: int, told: Sequence[tuple[int, int]], timeout_s: float
    ) -> tuple[int, ...]:
        """Wait until each of these shards has heard what `origin` tells it at a position, is down,
        or takes too long; those that have not heard it."""
        ways = [(self._ways[origin, shard], position) for shard, position in told]
        hearing = _Hearing()
        for way, position in ways:
            if way.heard < position:
                way.tell_when_heard(position, hearing)
        if hearing.left:
            await hearing.over(timeout_s)
        return tuple(way.target for way, position in ways if way.heard < position)

    def reached(self, origin: int, target: int) -> int:
        """A position of `target` that covers all that it has heard from `origin`, as far as this
        life of the front end knows; 0 if that is nothing."""
        return self._ways[origin, target].reached


class _Hearing:
    """Somebody who waits until several shards have heard something: one future for all of them."""

    def __init__(self) -> None:
        self.left = 0
        """How many have yet to hear it."""
        self._future: asyncio.Future[None] | None = None

    def one_less(self) -> None:
        """One of them has, or is down."""
        self.left -= 1
        if not self.left:
            self._end()

    def _end(self) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    async def over(self, timeout_s: float) -> None:
        """Wait for all of them, but no longer than this."""
        loop = asyncio.get_running_loop()
        self._future = loop.create_future()
        patience = loop.call_later(timeout_s, self._end)
        try:
            await self._future
        finally:
            patience.cancel()


class _Way:
    """What one shard tells another."""

    def __init__(self, origin: Gateway, target: Gateway) -> None:
        self.target = target.shard
        self.heard = 0
        """The position up to which the target has heard, as far as this life of the front end
        knows."""
        self.reached = 0
        """The position of the target's own history that covers it."""
        self._from = origin
        self._to = target
        self._tells: deque[Tell] = deque()
        self._waiting: deque[tuple[int, _Hearing]] = deque()
        """Who waits until which position is heard, in order of these."""
        self._retry: asyncio.TimerHandle | None = None
        self._acknowledging = False

    def add(self, tell: Tell) -> None:
        """One more message. What was heard already is acknowledged again: the origin has lost
        that."""
        if tell.position <= self.heard:
            self._acknowledge()
            return
        self._tells.append(tell)
        self._carry(tell)

    def carry_all(self) -> None:
        """Carry everything that was not heard."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        for tell in tuple(self._tells):
            self._carry(tell)

    def forget(self) -> None:
        """The origin is gone."""
        self._tells.clear()
        self.let_go()

    def let_go(self) -> None:
        """Let nobody wait any longer."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        waiting, self._waiting = self._waiting, deque()
        for _, hearing in waiting:
            hearing.one_less()

    def tell_when_heard(self, position: int, hearing: _Hearing) -> None:
        """Count with `hearing` until the target has heard up to `position`, or an end is down."""
        if self._to.is_up and self._from.is_up:
            hearing.left += 1
            waiting = self._waiting
            if not waiting or waiting[-1][0] <= position:
                waiting.append((position, hearing))
            else:
                insort(waiting, (position, hearing), key=itemgetter(0))

    def _carry(self, tell: Tell) -> None:
        _submit(self._to, tell, partial(self._answered, tell))

    def _answered(self, tell: Tell, answer: _Answer) -> None:
        """The target has taken the message in, misses one before it, or could not take it in. If it
        is down, everything is carried again when it is back."""
        if answer.cancelled() or answer.exception() is not None:
            return
        result = answer.result()
        heard = 0
        if type(result) is HeardUpTo:
            heard = result.position
            self.reached = max(self.reached, result.at)
        if heard > self.heard:
            self._hear(heard)
        if heard < tell.position and self._retry is None and self._tells:
            self._retry = asyncio.get_running_loop().call_later(RETRY_S, self.carry_all)

    def _hear(self, position: int) -> None:
        self.heard = position
        while self._tells and self._tells[0].position <= position:
            self._tells.popleft()
        waiting = self._waiting
        while waiting and waiting[0][0] <= position:
            waiting.popleft()[1].one_less()
        self._acknowledge()

    def _acknowledge(self) -> None:
        """Tell the origin how far it was heard: once for all that was heard in this turn of the
        event loop."""
        if not self._acknowledging:
            self._acknowledging = True
            asyncio.get_running_loop().call_soon(self._send_acknowledgement)

    def _send_acknowledgement(self) -> None:
        self._acknowledging = False
        _submit(self._from, Acknowledge(self.target, self.heard))


def disregard(answer: _Answer) -> None:
    """Take note of an answer that nobody waits for, so that a failure of it is not reported."""
    if not answer.cancelled():
        answer.exception()


def _submit(
    gateway: Gateway,
    message: Tell | Inquire | Acknowledge,
    answered: Callable[[_Answer], None] = disregard,
) -> None:
    """Send a message, whose answer is looked at by `answered`: nobody else hears that it failed. A
    shard that is down is sent nothing."""
    try:
        answer = gateway.submit(0, message, 0)
    except ShardUnavailable:
        return
    answer.add_done_callback(answered)
