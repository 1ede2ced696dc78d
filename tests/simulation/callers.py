"""Callers of a simulated node: they ask, lose answers, and ask again under the same request id.
What they are answered is held against what the shards have decided and made durable."""

import hashlib
from asyncio import Future
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec

from engine.core.commands import Command, Context
from engine.core.model import Key
from engine.shard.messages import Accepted, Refused, Result, TooLate, Write
from engine.shard.port import Overloaded, ShardUnavailable
from engine.shard.queries import ReadStock, StockRead
from engine.shard.slots import slot_of
from tests.simulation.commands import slot_for
from tests.simulation.node import Node
from tests.simulation.predictor import Predictor, same


class Asked:
    """A request under its id."""

    def __init__(self, number: int, command: Command, source: str, sequence: int) -> None:
        self.request_id = f"request-{number}"
        self.slot = slot_for(command)
        context = Context(self.request_id, source=source, source_sequence=sequence)
        content = hashlib.blake2b(msgspec.msgpack.encode(command), digest_size=16).digest()
        self.write = Write(context, content, command)
        self.answer: Any = None
        """How it was accepted, as far as the caller knows."""
        self.is_open = True
        """Its outcome is not known."""
        self.waits = 0
        """How many answers are awaited."""


class Callers:
    """All callers. `acknowledged` are the positions that they were told of, by shard."""

    def __init__(self, node: Node, predictors: list[Predictor]) -> None:
        self._node = node
        self._predictors = predictors
        self.asked: list[Asked] = []
        self.acknowledged: dict[int, int] = {}
        self.answers = 0
        self.log: list[str] = []
        """What was answered, in order."""

    def ask(self, command: Command, source: str = "", sequence: int = 0) -> Asked:
        """A new request."""
        asked = Asked(len(self.asked) + 1, command, source, sequence)
        self.asked.append(asked)
        self.send(asked)
        return asked

    def send(self, asked: Asked, *, within_s: float = 0) -> None:
        """Send a request, for the first time or again."""
        node = self._node
        deadline_ns = node.clocks.monotonic_ns() + int(within_s * 1e9) if within_s else 0
        try:
            answer = node.loop.call(node.front.router.submit, asked.slot, asked.write, deadline_ns)
        except (ShardUnavailable, Overloaded):
            return
        asked.waits += 1
        answer.add_done_callback(partial(self._take, asked))

    def _take(self, asked: Asked, answer: "Future[Result]") -> None:
        asked.waits = max(0, asked.waits - 1)
        if answer.cancelled():
            return
        error = answer.exception()
        if error is not None:
            assert isinstance(error, ShardUnavailable | Overloaded), repr(error)
            return
        result = answer.result()
        self.answers += 1
        self.log.append(f"{asked.request_id} {type(result).__name__}")
        if isinstance(result, Accepted):
            self._accepted(asked, result)
        elif isinstance(result, Refused):
            assert asked.answer is None or asked.answer.position == 0, (
                f"{asked.request_id} was accepted, and is refused now: {result}"
            )
            asked.is_open = False
        else:
            assert isinstance(result, TooLate), f"{asked.request_id} is answered with {result}"

    def _accepted(self, asked: Asked, accepted: Accepted) -> None:
        node, before = self._node, asked.answer
        home = node.front.router.shard_of(asked.slot)
        asked.is_open = False
        for shard, position in ((home, accepted.position), *accepted.elsewhere):
            durable = node.durable(shard)
            assert position <= durable, (
                f"{asked.request_id} is answered with {position} of shard {shard}, of which "
                f"{durable} is durable"
            )
            self.acknowledged[shard] = max(position, self.acknowledged.get(shard, 0))
        if before is None or not before.position:
            asked.answer = accepted
        elif accepted.position:
            assert accepted.position == before.position, f"{asked.request_id} has two effects"
            assert same(accepted.answer) == same(before.answer), "another answer than before"
        if accepted.position:
            decided = self._predictors[home].requests.get((asked.slot, asked.request_id))
            assert decided is not None, f"{asked.request_id} was never decided"
            assert same(decided.answer) == same(accepted.answer), "not what was decided"

    def read(self, key: Key) -> str:
        """Somebody looks at a SKU-location; the predictor knows what there is to be seen."""
        node = self._node
        slot = slot_of("", key.sku)
        with suppress(ShardUnavailable, Overloaded):
            answer = node.loop.call(node.front.router.submit, slot, ReadStock(key), 0)
            answer.add_done_callback(partial(self._seen, node.front.router.shard_of(slot)))
        return f"{key.sku} {key.location} is read"

    def _seen(self, shard: int, answer: "Future[Result]") -> None:
        if answer.cancelled() or answer.exception() is not None:
            return
        read = answer.result()
        assert isinstance(read, StockRead)
        durable = self._node.durable(shard)
        assert read.position <= durable, f"read at {read.position}, {durable} is durable"

    def cut_off(self) -> None:
        """The front end is gone: no answer comes to anybody who waits."""
        for asked in self.asked:
            asked.waits = 0

    def check_durable(self, shard: int, head: int) -> None:
        """A crash has left a log up to this position: nothing that was acknowledged is missing."""
        told = self.acknowledged.get(shard, 0)
        assert told <= head, f"shard {shard} has lost what follows {head}, told was {told}"

    @property
    def open(self) -> list[Asked]:
        """Requests of which nobody knows the outcome."""
        return [asked for asked in self.asked if asked.is_open]
