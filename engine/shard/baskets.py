"""Baskets whose lines live in several shards: what the front end does for one of them.

It asks the other shards to set aside what the home needs, gives the home their answers, and waits
until all have heard what became of it. Should it fail or die in between, nothing is lost and
nothing stays set aside: the others ask the home by themselves.
"""

import asyncio
import os
import random
from collections.abc import Sequence
from functools import partial

from msgspec import structs

from engine.core.commands import OnConfiguration
from engine.core.rejections import AttemptDecided
from engine.core.view import Wish
from engine.shard import slots
from engine.shard.gateway import Gateway, Unfinished
from engine.shard.messages import (
    Accepted,
    Attempt,
    GiveUp,
    NeedsOthers,
    Prepare,
    Refused,
    Result,
    SetAside,
    Share,
    Spread,
    TooLate,
    Write,
)
from engine.shard.port import Overloaded, ShardUnavailable
from engine.shard.relay import Relay, disregard

ATTEMPTS_MAX = 5
"""How often a basket is tried while what was set aside is overtaken by other changes, or what it
lacks is set aside for another basket that is not decided yet."""

CONTESTED_S = 0.005
"""The longest wait before a basket asks again for what is set aside for another one; twice as long
with each attempt."""

TOLD_S_MAX = 5.0
"""How long an answer waits for shards that are up and have not heard of it."""


class Baskets:
    """Finishes writes that other shards have a part in."""

    def __init__(self, gateways: Sequence[Gateway], relay: Relay, name: str = "") -> None:
        """`name` is that of this life of the front end, never used before; made up if empty."""
        self._gateways = gateways
        self._relay = relay
        self._name = name or os.urandom(8).hex()
        self._attempts = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def go_on(self, unfinished: Unfinished) -> None:
        """Finish a write, and resolve its future."""
        task = asyncio.get_running_loop().create_task(self._finish(unfinished))
        self._tasks.add(task)
        task.add_done_callback(partial(self._end, unfinished))

    def _end(self, unfinished: Unfinished, task: asyncio.Task[None]) -> None:
        """Whoever waits is answered also if the task was cancelled, perhaps before it began."""
        self._tasks.discard(task)
        if not unfinished.future.done():
            unfinished.future.set_exception(ShardUnavailable(unfinished.shard))
            unfinished.future.exception()  # Whoever has lost interest need not look.

    def close(self) -> None:
        """Leave everything as it is."""
        for task in self._tasks:
            task.cancel()

    async def _finish(self, unfinished: Unfinished) -> None:
        future = unfinished.future
        try:
            result = unfinished.result
            if isinstance(result, NeedsOthers):
                result = await self._acquire(unfinished, result)
            else:
                result = await self._told(unfinished, result)
        except Exception as error:
            if not future.done():
                future.set_exception(error)
                future.exception()  # Whoever has lost interest need not look.
        else:
            if not future.done():
                future.set_result(result)

    async def _told(self, unfinished: Unfinished, result: Result) -> Result:
        """The answer, after all that are up have heard of it: a read after it sees all of it.
        Configuration is in force everywhere or not answered."""
        if not isinstance(result, Spread):
            return result
        home = unfinished.shard
        missing = await self._relay.told(home, result.told, TOLD_S_MAX)
        if missing and isinstance(unfinished.write.command, OnConfiguration):
            raise ShardUnavailable(missing[0])
        answer = result.result
        if not isinstance(answer, Accepted):
            return answer
        # A shard took it in at a position that is known, or, if that was in an earlier life of this
        # front end, before the head that is.
        elsewhere = tuple(
            (shard, max(self._relay.reached(home, shard), self._gateways[shard].head))
            for shard in result.shards
            if shard not in missing
        )
        return structs.replace(answer, elsewhere=elsewhere)

    async def _acquire(self, unfinished: Unfinished, needs: NeedsOthers) -> Result:
        """Try until the home has decided, but not for ever."""
        home = self._gateways[unfinished.shard]
        result: Result = needs
        for attempt in range(ATTEMPTS_MAX):
            if not isinstance(result, NeedsOthers):
                # It was overtaken: find out what is needed now.
                again = home.submit(unfinished.slot, unfinished.write, unfinished.deadline_ns)
                result = await self._told(unfinished, await again)
                if not isinstance(result, NeedsOthers):
                    return result
            result = await self._told(unfinished, await self._attempt(unfinished, result))
            if not isinstance(result, Refused):
                return result
            if result.contested:
                # Two that want the same units in another order may each hold what the other one
                # lacks: they do not come back at the same moment.
                await asyncio.sleep(random.uniform(0, CONTESTED_S * 2**attempt))  # noqa: S311
            elif not isinstance(result.rejection, AttemptDecided):
                return result
        return result

    async def _attempt(self, unfinished: Unfinished, needs: NeedsOthers) -> Result:
        """Ask the others, then the home."""
        write, deadline_ns = unfinished.write, unfinished.deadline_ns
        home = self._gateways[unfinished.shard]
        self._attempts += 1
        attempt_id = slots.attempt_id(self._name, self._attempts)
        wishes: dict[int, list[Wish]] = {}
        for shard, wish in needs.wishes:
            wishes.setdefault(shard, []).append(wish)
        only = write.context.validate_only
        prepares = {
            shard: Prepare(attempt_id, write.tenant, home.shard, tuple(of_shard), needs.terms, only)
            for shard, of_shard in wishes.items()
        }
        try:
            result = await self._set_aside(prepares, deadline_ns)
            if isinstance(result, tuple):
                attempted = structs.replace(write, attempt=Attempt(attempt_id, result))
                result = await home.submit(unfinished.slot, attempted, deadline_ns)
                if not isinstance(result, TooLate):
                    return result
        except (Overloaded, ShardUnavailable):
            self._give_up(home, attempt_id, write, tuple(wishes))
            raise
        self._give_up(home, attempt_id, write, tuple(wishes))
        return result

    async def _set_aside(
        self, prepares: dict[int, Prepare], deadline_ns: int
    ) -> tuple[Share, ...] | Result:
        """What the shards have set aside, or what one of them answers instead. Whatever happens,
        each of them has answered, or is gone, when this ends."""
        asked: list[asyncio.Future[Result]] = []
        failure: Result | BaseException | None = None
        for shard, prepare in prepares.items():
            try:
                asked.append(self._gateways[shard].submit(0, prepare, deadline_ns))
            except (Overloaded, ShardUnavailable) as error:
                failure = error
                break
        shares = []
        # One after the other, which is the same to them: asyncio.gather costs more than the waits.
        for (shard, prepare), each in zip(prepares.items(), asked, strict=False):
            try:
                answer = await each
            except Exception as error:
                failure = failure or error
                continue
            if isinstance(answer, SetAside):
                shares.append(Share(shard, prepare.wishes, answer.filled, answer.contested))
            else:
                failure = failure or answer
        if isinstance(failure, BaseException):
            raise failure
        return tuple(shares) if failure is None else failure

    def _give_up(
        self, home: Gateway, attempt_id: str, write: Write, shards: tuple[int, ...]
    ) -> None:
        """Let the home tell the others that nothing comes of it, so that they need not ask."""
        if write.context.validate_only or not home.is_up:
            return
        answer = home.submit(0, GiveUp(attempt_id, write.tenant, shards), 0)
        answer.add_done_callback(disregard)
