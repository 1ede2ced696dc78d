"""Clients that work on the same SKU-locations and baskets at once, and note when each operation
began, when it was answered, and what with.

Each client sends batches through one stream of Execute, and reads with GetStock meanwhile. Where an
answer does not come, because a shard or the node is killed, it asks again with the same request id,
or never: then nobody knows what became of that operation but the log.
"""

import asyncio
import contextlib
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import grpc
from holdfast.v1 import errors_pb2 as errors
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import inventory_pb2_grpc

from benchmarks.linear_stock import REFUSED, Answer, Operation

LOCATION = "WAREHOUSE"
BATCH = 64
READS_PER_BATCH = 4
HOLD_S = 90 * 24 * 3_600
"""Nothing expires while this runs."""

OPEN_MAX = 2_000
SETTLE_S = 0.1
"""How long a client waits that had no answer to something."""

CALL_S_MAX = 60.0
CHANNEL_OPTIONS = [
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 200),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
]


class StreamEnded(Exception):
    """The server has ended a stream before it was asked to."""


_BROKEN = (grpc.aio.AioRpcError, asyncio.InvalidStateError, StreamEnded, TimeoutError)
"""How a stream ends that has lost its node; a write to one that has ended is an invalid state."""

_UNKNOWN = frozenset(
    {
        errors.ERROR_REASON_OVERLOADED,
        errors.ERROR_REASON_SHARD_UNAVAILABLE,
        errors.ERROR_REASON_DEADLINE_EXPIRED,
    }
)
_FACTS = {
    errors.ERROR_REASON_VERSION_MISMATCH: ("expected", "actual"),
    errors.ERROR_REASON_ON_HAND_MISMATCH: ("expected", "actual"),
    errors.ERROR_REASON_BELOW_PROMISED: ("on_hand", "promised"),
    errors.ERROR_REASON_LINE_QUANTITY_EXCEEDED: ("asked", "limit"),
}
_KINDS = {
    "reserve": 34,
    "commit": 24,
    "release": 10,
    "ship": 12,
    "receive": 8,
    "adjust": 5,
    "set_on_hand": 7,
}


def sku_name(sku: int) -> str:
    """The SKU of a number."""
    return f"SKU-{sku}"


@dataclass
class World:
    """What all clients share: the operations, the baskets they know, and what they last saw."""

    skus: int
    operations: list[Operation] = field(default_factory=list)
    answered: int = 0
    unknown: int = 0
    """Operations that nobody asks again about."""
    counts: Counter[str] = field(default_factory=Counter)
    """Answers by operation and kind of answer."""
    seen: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Version and units on hand, by SKU."""
    open: list[tuple[str, int]] = field(default_factory=list)
    """Reservations, with their SKUs."""
    replayed: int = 0
    """Operations whose effect came before a kill, and their answer after it."""
    stopping: bool = False
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    def answer(self, operation: Operation, answered: float, answer: Answer) -> None:
        """Note an answer."""
        operation.answered, operation.answer = answered, answer
        self.answered += 1
        self.counts[f"{operation.kind} {answer[0]}"] += 1
        if answer[0] in ("level", "read"):
            self.seen[operation.sku] = (answer[1], answer[2])
        elif answer[0] == "held" and len(self.open) < OPEN_MAX:
            self.open.append((answer[1], operation.sku))
        self._moved.set()

    async def until_answered(self, number: int) -> None:
        """Wait until so many are answered."""
        while self.answered < number:
            self._moved.clear()
            await self._moved.wait()


class LinearClient:
    """One client with a connection of its own."""

    def __init__(self, address: str, world: World, number: int, seed: int, batch: int) -> None:
        self._address = address
        self._world = world
        self._name = f"{number}"
        self._chance = random.Random(f"{seed}-{number}")
        self._batch = batch
        self._made = 0
        self._again: list[Operation] = []
        """Those without an answer that are asked again."""
        self._asked_again: set[str] = set()

    async def run(self) -> None:
        """Work until the world stops, and all is answered that is asked again."""
        channel = grpc.aio.insecure_channel(self._address, options=CHANNEL_OPTIONS)
        async with channel:
            stub: Any = inventory_pb2_grpc.InventoryServiceStub(channel)
            while not self._world.stopping or self._again:
                with contextlib.suppress(*_BROKEN):
                    await self._stream(stub)

    async def bring(self, units: int) -> None:
        """Let units of every SKU arrive."""
        made = [self._operation("receive", sku, (units,)) for sku in range(self._world.skus)]
        async with grpc.aio.insecure_channel(self._address, options=CHANNEL_OPTIONS) as channel:
            stub: Any = inventory_pb2_grpc.InventoryServiceStub(channel)
            await self._execute(stub.Execute(wait_for_ready=True), made)

    async def _stream(self, stub: Any) -> None:
        call = stub.Execute(wait_for_ready=True)
        try:
            while not self._world.stopping or self._again:
                again, self._again = self._again[: self._batch], self._again[self._batch :]
                room = self._batch - len(again) if not self._world.stopping else 0
                batch = again + [self._next() for _ in range(room)]
                reads = [self._read(stub) for _ in range(room * READS_PER_BATCH // self._batch)]
                executed, *_ = await asyncio.gather(
                    self._execute(call, batch), *reads, return_exceptions=True
                )
                if isinstance(executed, BaseException):
                    raise executed
                if self._again:
                    await asyncio.sleep(SETTLE_S)
        finally:
            call.cancel()

    async def _execute(self, call: Any, batch: list[Operation]) -> None:
        request = pb.ExecuteRequest(batch_id=1)
        for operation in batch:
            _put(request.commands.add(), operation)
        now = time.monotonic()
        for operation in batch:
            operation.invoked = operation.invoked or now
        left = dict(enumerate(batch))
        try:
            async with asyncio.timeout(CALL_S_MAX):
                await call.write(request)
                complete = False
                while not complete:
                    response = await call.read()
                    if response is grpc.aio.EOF:  # type: ignore[attr-defined]
                        raise StreamEnded
                    answered = time.monotonic()
                    for outcome in response.outcomes:
                        self._take(left.pop(outcome.index), answered, outcome)
                    complete = response.complete
        finally:
            for operation in left.values():
                self._no_answer(operation)

    def _take(self, operation: Operation, answered: float, outcome: Any) -> None:
        answer = _answer_of(outcome, operation.kind)
        if answer is None:
            self._no_answer(operation)
        else:
            if answer[0] != REFUSED and operation.request_id in self._asked_again:
                self._world.replayed += getattr(outcome, operation.kind).receipt.replayed
            self._world.answer(operation, answered, answer)

    def _no_answer(self, operation: Operation) -> None:
        if operation.request_id in self._asked_again or self._chance.random() < 0.5:
            self._asked_again.add(operation.request_id)
            self._again.append(operation)
        else:
            self._world.unknown += 1

    async def _read(self, stub: Any) -> None:
        sku = self._chance.randrange(self._world.skus)
        operation = Operation("read", sku, ())
        request = pb.GetStockRequest()
        request.key.sku, request.key.location = sku_name(sku), LOCATION
        operation.invoked = time.monotonic()
        response = await stub.GetStock(request, timeout=CALL_S_MAX)
        answered = time.monotonic()
        self._world.operations.append(operation)
        stock = response.stock
        self._world.answer(operation, answered, ("read", stock.version, *_balances(stock)))

    def _operation(self, kind: str, sku: int, asked: tuple[Any, ...]) -> Operation:
        self._made += 1
        operation = Operation(kind, sku, asked, f"{self._name}-{self._made}")
        self._world.operations.append(operation)
        return operation

    def _next(self) -> Operation:
        """Any operation, on any SKU or on any basket that anybody has made."""
        chance, world = self._chance, self._world
        (kind,) = chance.choices(_NAMES, cum_weights=_WEIGHTS)
        if kind in ("commit", "release", "ship"):
            if not world.open:
                kind = "reserve"
            else:
                return self._on_basket(kind)
        sku = chance.randrange(world.skus)
        if kind == "set_on_hand":
            version, on_hand = world.seen.get(sku, (0, 0))
            counted = max(0, on_hand + chance.randint(-4, 6))
            if chance.random() < 0.5:
                return self._operation(kind, sku, (counted, version, None))
            return self._operation(kind, sku, (counted, None, on_hand))
        if kind == "adjust":
            return self._operation(kind, sku, (chance.choice((-5, -2, -1, 1, 3)),))
        return self._operation(kind, sku, (chance.randint(1, 6 if kind == "receive" else 3),))

    def _on_basket(self, kind: str) -> Operation:
        chance, known = self._chance, self._world.open
        index = chance.randrange(len(known))
        reservation_id, sku = known[index]
        if kind != "commit" and chance.random() < 0.8:
            # Nobody else finds it any more; where it stays, it is shipped or given back twice.
            known[index] = known[-1]
            known.pop()
        if kind == "commit":
            return self._operation(kind, sku, (reservation_id,))
        units = 0 if chance.random() < 0.7 else chance.randint(1, 2)
        return self._operation(kind, sku, (reservation_id, units))


_NAMES = list(_KINDS)
_WEIGHTS = [sum(list(_KINDS.values())[: index + 1]) for index in range(len(_KINDS))]


def _put(command: Any, operation: Operation) -> None:
    """Fill a command of a batch."""
    kind = operation.kind
    request = getattr(command, kind)
    request.context.request_id = operation.request_id
    if kind == "reserve":
        line = request.lines.add()
        line.line_id, line.sku, line.location = "1", sku_name(operation.sku), LOCATION
        line.quantity = operation.asked[0]
        request.ttl.seconds = HOLD_S
    elif kind in ("commit", "release", "ship"):
        request.reservation_id = operation.asked[0]
        if operation.asked[1:] and operation.asked[1]:
            line = request.lines.add()
            line.line_id, line.quantity = "1", operation.asked[1]
    else:
        request.key.sku, request.key.location = sku_name(operation.sku), LOCATION
        _put_units(request, operation)


def _put_units(request: Any, operation: Operation) -> None:
    units, *expected = operation.asked
    if operation.kind == "receive":
        request.quantity = units
    elif operation.kind == "adjust":
        request.delta, request.reason, request.reference = units, "CORRECTION", "A-1"
    else:
        request.on_hand = units
        if expected[0] is not None:
            request.if_version = expected[0]
        if expected[1] is not None:
            request.if_on_hand = expected[1]


def _answer_of(outcome: Any, kind: str) -> Answer | None:
    """What an outcome says; None if it is unknown."""
    if outcome.HasField("failure"):
        failure = outcome.failure
        reason = failure.reason
        if reason in _UNKNOWN:
            return None
        if reason == errors.ERROR_REASON_INSUFFICIENT_STOCK:
            (short,) = failure.short_lines
            return (REFUSED, reason, short.asked, short.available)
        return (REFUSED, reason, *(int(failure.metadata[name]) for name in _FACTS.get(reason, ())))
    response = getattr(outcome, kind)
    if kind == "reserve":
        return ("held", response.reservation_id, sum(line.quantity for line in response.lines))
    if kind in ("commit", "release", "ship"):
        return ("moved", sum(line.quantity for line in response.lines))
    return ("level", response.level.version, *_balances(response.level))


def _balances(stated: Any) -> tuple[int, int, int, int]:
    balances = stated.balances
    return balances.on_hand, balances.held, balances.allocated, balances.available
