"""Baskets whose lines live in several shards: what the front end does for one of them.

It asks the other shards to set aside what the home needs, gives the home their answers, and waits
until all have heard what became of it. Should it fail or die in between, nothing is lost and
nothing stays set aside: the others ask the home by themselves.

What the home needs it says when it is asked for the basket. Mostly that is plain before, and the
others are asked at once. The home decides all the same: where it needs something else, knows the
request id or another shard cannot help, what was set aside is given up, and it is asked first.
"""

import asyncio
import os
import random
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Any, NamedTuple

from msgspec import structs

from engine.core.commands import OnConfiguration, Reserve
from engine.core.decide.promise import terms_of
from engine.core.decide.wishes import plain_wish
from engine.core.rejections import AttemptDecided
from engine.core.view import Wish
from engine.shard import slots
from engine.shard.gateway import Gateway, Unfinished
from engine.shard.messages import (
    Accepted,
    Attempt,
    GiveUp,
    NeedsOthers,
    Noted,
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

GUESS_AFTER_S = 60.0
"""How long after its first basket a front end that is not the first one asks the home of each: it
may have answered what is asked again by who heard nothing of the front end before."""

REMEMBERED_MAX = 131_072
"""How many baskets are remembered that were begun last, and how many SKUs of which the home has
needed something else, or half of them: up to 8 MB for either. The home is asked first for them."""

_UNDECIDED = Noted()
"""What comes of an attempt on which the home has not been asked."""


class _Lately:
    """Names of the last REMEMBERED_MAX things, or half of them: by their hashes, as nothing is
    wrong if one is taken for another."""

    def __init__(self) -> None:
        self._new: set[int] = set()
        self._old: set[int] = set()

    def __contains__(self, name: tuple[str, str]) -> bool:
        hashed = hash(name)
        return hashed in self._new or hashed in self._old

    def add(self, name: tuple[str, str]) -> None:
        self._new.add(hash(name))
        if len(self._new) >= REMEMBERED_MAX // 2:
            self._new, self._old = set(), self._new


class _Asking(NamedTuple):
    """Other shards that are being asked, under the name of an attempt; `failure` is why not all of
    them are."""

    attempt_id: str
    prepares: dict[int, Prepare]
    asked: list[asyncio.Future[Result]]
    failure: Exception | None = None


class Baskets:
    """Finishes writes that other shards have a part in."""

    def __init__(self, gateways: Sequence[Gateway], relay: Relay, name: str = "") -> None:
        """`name` is that of this life of the front end, never used before; made up if empty."""
        self._gateways = gateways
        self._relay = relay
        self._name = name or os.urandom(8).hex()
        self._attempts = 0
        self._begun = _Lately()
        self._uncertain = _Lately()
        self._first_s = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, slot: int, write: Write, deadline_ns: int) -> asyncio.Future[Result] | None:
        """Begin a write with the other shards, if it is plain what its home will need of them; None
        if the home has to be asked."""
        command, context = write.command, write.context
        if type(command) is not Reserve or len(command.lines) == 1 or context.validate_only:
            return None
        shard = slots.shard_of(slot, len(self._gateways))
        needs = self._foreseen(shard, command)
        if needs is None:
            return None
        begun = (command.tenant, context.request_id)
        loop = asyncio.get_running_loop()
        if begun in self._begun or not self._may_guess(loop.time()):
            return None
        self._begun.add(begun)
        future: asyncio.Future[Result] = loop.create_future()
        unfinished = Unfinished(shard, slot, write, deadline_ns, needs, future)
        self._run(unfinished, self._finish(unfinished, self._ask(unfinished, needs)))
        return future

    def _may_guess(self, now_s: float) -> bool:
        """Whether the front end would know what is asked again."""
        if not self._relay.has_past:
            return True
        if not self._first_s:
            self._first_s = now_s
        return now_s >= self._first_s + GUESS_AFTER_S

    def _foreseen(self, home: int, command: Reserve) -> NeedsOthers | None:
        """What the home will need of other shards; None if that is nothing, or not certain. What
        would wait takes a place in the line, so it is asked for when it is known to be news."""
        if command.wait_ms:
            return None
        tenant, gateways, shards = command.tenant, self._gateways, len(self._gateways)
        wishes: list[tuple[int, Wish]] = []
        for line in command.lines:
            sku = line.key.sku
            if (tenant, sku) in self._uncertain:
                return None
            shard = slots.shard_of(slots.slot_of(tenant, sku), shards)
            if shard == home:
                continue
            wish = plain_wish(line)
            if wish is None or not _takes_more(gateways[shard]):
                return None
            wishes.append((shard, wish))
        if not wishes or not _takes_more(gateways[home]):
            return None
        return NeedsOthers(tuple(wishes), terms_of(command))

    def go_on(self, unfinished: Unfinished) -> None:
        """Finish a write, and resolve its future."""
        self._run(unfinished, self._finish(unfinished))

    def _run(self, unfinished: Unfinished, finishing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(finishing)
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

    async def _finish(self, unfinished: Unfinished, guess: _Asking | None = None) -> None:
        future = unfinished.future
        try:
            result = unfinished.result
            if isinstance(result, NeedsOthers):
                result = await self._acquire(unfinished, result, guess)
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

    async def _acquire(
        self, unfinished: Unfinished, needs: NeedsOthers, guess: _Asking | None
    ) -> Result:
        """Try until the home has decided, but not for ever; once more where the others were asked
        by `guess`."""
        home = self._gateways[unfinished.shard]
        result: Result = needs
        asking = guess
        for attempt in range(ATTEMPTS_MAX + (guess is not None)):
            if not isinstance(result, NeedsOthers):
                # It was overtaken: find out what is needed now.
                again = home.submit(unfinished.slot, unfinished.write, unfinished.deadline_ns)
                result = await self._told(unfinished, await again)
                if guess is not None:
                    self._learn(unfinished.write.command, needs, result)
                if not isinstance(result, NeedsOthers):
                    return result
            is_guess = asking is not None
            tried = await self._attempt(
                unfinished, asking or self._ask(unfinished, result), is_guess=is_guess
            )
            asking = None
            result = await self._told(unfinished, tried)
            if isinstance(result, Refused) and result.contested:
                # Two that want the same units in another order may each hold what the other one
                # lacks: they do not come back at the same moment.
                await asyncio.sleep(random.uniform(0, CONTESTED_S * 2**attempt))  # noqa: S311
            elif not _is_undecided(result):
                return result
        return result

    def _learn(self, command: Any, foreseen: NeedsOthers, result: Result) -> None:
        """Remember the SKUs of lines for which the home needs something else than was foreseen:
        those of kits."""
        needed = set(result.wishes) if isinstance(result, NeedsOthers) else set()
        lines = {wish.line_id for _, wish in needed.symmetric_difference(foreseen.wishes)}
        for line in command.lines:
            if line.line_id in lines:
                self._uncertain.add((command.tenant, line.key.sku))

    def _ask(self, unfinished: Unfinished, needs: NeedsOthers) -> _Asking:
        """Ask the others to set aside what is needed."""
        write, home = unfinished.write, unfinished.shard
        self._attempts += 1
        attempt_id = slots.attempt_id(self._name, self._attempts)
        wishes: dict[int, list[Wish]] = {}
        for shard, wish in needs.wishes:
            wishes.setdefault(shard, []).append(wish)
        tenant, only, terms = write.tenant, write.context.validate_only, needs.terms
        asking = _Asking(attempt_id, {}, [])
        for shard, of_shard in wishes.items():
            asking.prepares[shard] = Prepare(attempt_id, tenant, home, tuple(of_shard), terms, only)
        return asking._replace(failure=self._submit(asking, unfinished.deadline_ns))

    def _submit(self, asking: _Asking, deadline_ns: int) -> Exception | None:
        for shard, prepare in asking.prepares.items():
            try:
                asking.asked.append(self._gateways[shard].submit(0, prepare, deadline_ns))
            except (Overloaded, ShardUnavailable) as error:
                return error
        return None

    async def _attempt(self, unfinished: Unfinished, asking: _Asking, *, is_guess: bool) -> Result:
        """Wait for the others, then ask the home. Only the home answers what was a guess."""
        write, deadline_ns = unfinished.write, unfinished.deadline_ns
        home = self._gateways[unfinished.shard]
        attempt_id = asking.attempt_id
        try:
            result = await self._set_aside(asking)
            if isinstance(result, tuple):
                attempted = Write(
                    write.context, write.content_hash, write.command, Attempt(attempt_id, result)
                )
                result = await home.submit(unfinished.slot, attempted, deadline_ns)
                if not isinstance(result, TooLate):
                    return result
            elif is_guess:
                result = _UNDECIDED
        except (Overloaded, ShardUnavailable):
            self._give_up(home, attempt_id, write, tuple(asking.prepares))
            raise
        self._give_up(home, attempt_id, write, tuple(asking.prepares))
        return result

    async def _set_aside(self, asking: _Asking) -> tuple[Share, ...] | Result:
        """What the shards have set aside, or what one of them answers instead. Whatever happens,
        each of them has answered, or is gone, when this ends."""
        failure: Result | Exception | None = asking.failure
        shares = []
        # One after the other: it ends when the last one has answered, as with asyncio.gather, for a
        # third of what that costs.
        for (shard, prepare), asked in zip(asking.prepares.items(), asking.asked, strict=False):
            try:
                answer = await asked
            except Exception as error:
                failure = failure or error
                continue
            if isinstance(answer, SetAside):
                shares.append(Share(shard, prepare.wishes, answer.filled, answer.contested))
            else:
                failure = failure or answer
        if isinstance(failure, Exception):
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


def _takes_more(gateway: Gateway) -> bool:
    return gateway.is_up and not gateway.is_full


def _is_undecided(result: Result) -> bool:
    """Whether the home has decided nothing about the basket itself."""
    if isinstance(result, Refused):
        return isinstance(result.rejection, AttemptDecided)
    return result is _UNDECIDED
