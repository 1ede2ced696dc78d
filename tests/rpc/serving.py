"""A real server on the loopback interface in front of shards in this event loop, and what tests
need to look at."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import grpc.aio
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from holdfast.v1 import (
    channels_pb2_grpc,
    configuration_pb2_grpc,
    errors_pb2,
    history_pb2_grpc,
    inventory_pb2_grpc,
    operations_pb2_grpc,
    stock_pb2,
)
from holdfast.v1 import inventory_pb2 as pb

from engine.rpc.server import RpcServer, ServerOptions
from engine.shard.local import LocalShards
from engine.shard.messages import Request, Result
from engine.shard.port import Shards, ShardUnavailable
from engine.shard.queries import Question

TEA = stock_pb2.StockKey(sku="TEA", location="LONDON")


class GatedShards(LocalShards):
    """Local shards whose results can be kept back, as if the disk were slow, and which say what was
    submitted."""

    def __init__(self, count: int = 1, **options: Any) -> None:
        super().__init__(count, **options)
        self.submitted = 0
        self._gated: set[int] = set()
        self._kept: list[tuple[asyncio.Future[Result], asyncio.Future[Result]]] = []
        self._awaited: list[tuple[int, asyncio.Future[None]]] = []

    def close_gate(self, *shards: int) -> None:
        """Keep the results of what is submitted from now on, to these shards or to all."""
        self._gated = set(shards or range(self.count))

    def open_gate(self) -> None:
        """Let all results through."""
        self._gated = set()
        kept, self._kept = self._kept, []
        for inner, outer in kept:
            inner.add_done_callback(partial(_pass_on, outer))

    def fail_kept(self) -> None:
        """Fail what is kept, as a shard does that dies after it has written and before it has
        answered; the shard is up again at once."""
        self._gated = set()
        kept, self._kept = self._kept, []
        for _, outer in kept:
            outer.set_exception(ShardUnavailable(0))

    def submit(self, slot: int, request: Request, deadline_ns: int) -> asyncio.Future[Result]:
        inner = super().submit(slot, request, deadline_ns)
        self.submitted += 1
        for count, reached in self._awaited:
            if self.submitted >= count and not reached.done():
                reached.set_result(None)
        if self.shard_of(slot) not in self._gated:
            return inner
        outer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._kept.append((inner, outer))
        return outer

    async def until_submitted(self, count: int) -> None:
        """Wait until so many requests were submitted since the start."""
        if self.submitted < count:
            reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._awaited.append((count, reached))
            await asyncio.wait_for(reached, 20)

    def look_up(self, shard: int, question: Question, deadline_ns: int) -> asyncio.Future[Result]:
        self.submitted += 1
        return super().look_up(shard, question, deadline_ns)

    def events(self) -> int:
        """Events in all logs."""
        return sum(shard.events() for shard in self.shards)


def _pass_on(outer: asyncio.Future[Result], inner: asyncio.Future[Result]) -> None:
    if outer.cancelled():
        return
    error = inner.exception()
    if error:
        outer.set_exception(error)
    else:
        outer.set_result(inner.result())


class Calls:
    """The calls that a server has finished, as it tells its observer."""

    def __init__(self) -> None:
        self.finished: list[tuple[str, str, float]] = []
        """Method, name of the code, duration in seconds."""
        self._one_more = asyncio.Event()

    def observe(self, method: str, code: str, duration_s: float) -> None:
        """A call has finished."""
        self.finished.append((method, code, duration_s))
        self._one_more.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for what is so after the end of some call."""
        while not is_so():
            self._one_more.clear()
            await asyncio.wait_for(self._one_more.wait(), 20)


class Node:
    """A served node: its shards, server, a client's channel, and the calls that it has finished."""

    def __init__(
        self, shards: Any, server: RpcServer, channel: grpc.aio.Channel, port: int, calls: Calls
    ) -> None:
        self.shards = shards
        self.server = server
        self.port = port
        self.calls = calls
        self.channel: Any = channel
        self.stub: Any = inventory_pb2_grpc.InventoryServiceStub(channel)
        self.history: Any = history_pb2_grpc.HistoryServiceStub(channel)
        self.configuration: Any = configuration_pb2_grpc.ConfigurationServiceStub(channel)
        self.channels: Any = channels_pb2_grpc.ChannelServiceStub(channel)
        self.operations: Any = operations_pb2_grpc.OperationsServiceStub(channel)
        self._ids = 0

    def context(self, **fields: Any) -> pb.WriteContext:
        """A write context with a new request id."""
        self._ids += 1
        return pb.WriteContext(request_id=f"request-{self._ids}", **fields)

    async def until_called(self, count: int) -> tuple[str, str]:
        """Wait until the server has finished so many calls; the method and code of the last."""
        finished = self.calls.finished
        await self.calls.until(lambda: len(finished) >= count)
        return finished[count - 1][:2]

    async def receive(self, quantity: int, key: stock_pb2.StockKey = TEA) -> pb.ReceiveResponse:
        """Put units into stock."""
        request = pb.ReceiveRequest(context=self.context(), key=key, quantity=quantity)
        response: pb.ReceiveResponse = await self.stub.Receive(request)
        return response

    def reservation(self, quantity: int = 1, **fields: Any) -> pb.ReserveRequest:
        """A Reserve of TEA with one line."""
        line = pb.BasketLine(line_id="1", sku="TEA", location="LONDON", quantity=quantity)
        return pb.ReserveRequest(context=self.context(), lines=[line], **fields)

    async def stock(self, key: stock_pb2.StockKey = TEA) -> stock_pb2.Stock:
        """The state of a SKU-location."""
        response: pb.GetStockResponse = await self.stub.GetStock(pb.GetStockRequest(key=key))
        return response.stock


@asynccontextmanager
async def serving(
    shards: Shards | None = None, options: ServerOptions | None = None, count: int = 1
) -> AsyncIterator[Node]:
    """A node that serves until the end of the block."""
    own = shards or GatedShards(count)
    calls = Calls()
    server = RpcServer(own, options, observer=calls.observe)
    port = await server.start()
    await server.set_serving(True)
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Node(own, server, channel, port, calls)
    finally:
        await server.stop(0)
        if isinstance(own, LocalShards):
            own.close()


class Refused:
    """What a client hears of a refusal."""

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        self.code = error.code()
        self.message = error.details() or ""
        status = rpc_status.from_call(error)  # type: ignore[arg-type]
        if status is None:
            raise AssertionError(f"no rich status with {error}")
        self.info = error_details_pb2.ErrorInfo()
        self.violations = error_details_pb2.BadRequest()
        self.short_lines = errors_pb2.ShortLines()
        self.retry = error_details_pb2.RetryInfo()
        details: list[Message] = [self.info, self.violations, self.short_lines, self.retry]
        self.found = set()
        for packed in status.details:
            for detail in details:
                if packed.Unpack(detail):
                    self.found.add(type(detail).__name__)

    @property
    def reason(self) -> str:
        """The reason without the prefix of the enum."""
        return str(self.info.reason).removeprefix("ERROR_REASON_")

    @property
    def metadata(self) -> dict[str, str]:
        """The facts."""
        return dict(self.info.metadata)


async def refused(call: Any) -> Refused:
    """Await a call that must be refused."""
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        return Refused(error)
    raise AssertionError(f"it was not refused: {answer}")


async def run_batch(node: Node, *commands: pb.Command, batch_id: int = 1) -> list[pb.Outcome]:
    """Run one batch on a stream of its own; return the outcomes by index."""
    stream = node.stub.Execute()
    await stream.write(pb.ExecuteRequest(batch_id=batch_id, commands=commands))
    await stream.done_writing()
    outcomes: list[pb.Outcome] = []
    async for response in stream:
        assert response.batch_id == batch_id
        outcomes.extend(response.outcomes)
    return sorted(outcomes, key=lambda outcome: outcome.index)


def line(line_id: str, quantity: int, sku: str = "TEA", location: str = "LONDON") -> pb.BasketLine:
    """One line of a basket."""
    return pb.BasketLine(line_id=line_id, sku=sku, location=location, quantity=quantity)
