"""The client for asyncio."""

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine, Iterable, Sequence
from types import TracebackType
from typing import Any, Concatenate, Literal, ParamSpec, Self, TypeVar

import grpc

from holdfast import (
    _channel_writes,
    _configuration_writes,
    _convert_answers,
    _convert_channels,
    commands,
)
from holdfast._coalesce import Coalescer
from holdfast._command import Command, Write, check_timeout
from holdfast._pending import ExplicitBatch, PartOfBatch, Pending
from holdfast._rpc import ChannelOptions, Connection
from holdfast._shown import Metadata, Shown
from holdfast._subscription_calls import SubscriptionCalls
from holdfast.access import Tls, Token
from holdfast.errors import HoldfastError
from holdfast.feed import Feed
from holdfast.feed_messages import watch_request
from holdfast.types import Result

P = ParamSpec("P")
ResultT = TypeVar("ResultT")

TIMEOUT_S = 10.0
"""How long a call tries, unless the client or the call says otherwise."""


def _write(
    build: Callable[P, Command[ResultT]],
) -> Callable[Concatenate["Client", P], Coroutine[Any, Any, ResultT]]:
    """The method that builds a command and sends it; signature and description are those of its
    builder."""

    async def method(client: "Client", /, *args: P.args, **kwargs: P.kwargs) -> ResultT:
        result: ResultT = await client._send(build(*args, **kwargs))
        return result

    return as_method(method, build)


def _write_alone(
    build: Callable[P, Write[ResultT]],
    read: Callable[[Any], Any] = _convert_answers.node_configured,
) -> Callable[Concatenate["Client", P], Coroutine[Any, Any, ResultT]]:
    """The method that builds a write of the configuration, sends it, and reads its answer."""

    async def method(client: "Client", /, *args: P.args, **kwargs: P.kwargs) -> ResultT:
        result: ResultT = read(await client._call(build(*args, **kwargs)))
        return result

    return as_method(method, build)


MethodT = TypeVar("MethodT", bound=Callable[..., Any])


def as_method(method: MethodT, build: Callable[..., Any]) -> MethodT:
    """Gives a method its builder's name, description and signature, with self before it."""
    functools.update_wrapper(method, build)
    signature = inspect.signature(build)
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    answer = getattr(signature.return_annotation, "__args__", (Any,))[0]
    parameters = [own, *signature.parameters.values()]
    described = signature.replace(parameters=parameters, return_annotation=answer)
    method.__signature__ = described  # type: ignore[attr-defined]
    return method


class Client(SubscriptionCalls):
    """A connection to a Holdfast server, for asyncio. One client serves any number of concurrent
    tasks of one event loop.

    `target` is the server's address, ``host:port``. `tenant` owns all stock of this client's calls.
    Each call tries for `timeout_s` seconds: it is made again, with the same request id, when the
    connection breaks, a shard restarts or the server is overloaded. With `coalesce`, concurrent
    writes travel in common batches; nothing else changes by that. `channel_options` are gRPC's,
    `metadata` goes with every call. Nothing is connected before the first call. Use it as an async
    context manager, or call `close`.

    `tls` reaches the server over TLS; `credentials` are gRPC's own, in its place. `token` is a
    bearer token, or what gives one for each call, such as `token_file`. ValueError if a token
    would go beyond this machine in clear.

    Every write takes the options of `holdfast.commands.WriteOptions` as keywords. All calls raise
    `HoldfastError`s: the ones they document, and `Unavailable`, `Overloaded` or `DeadlineExpired`
    when the timeout ends first.
    """

    def __init__(
        self,
        target: str,
        *,
        tenant: str = "",
        timeout_s: float = TIMEOUT_S,
        coalesce: bool = True,
        tls: Tls | None = None,
        token: Token | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        channel_options: ChannelOptions = (),
        metadata: Metadata = (),
    ) -> None:
        shown = Shown(target, tls, token, credentials, metadata)
        super().__init__(Connection(target, shown, channel_options), tenant, timeout_s)
        self._coalesce = coalesce
        self._coalescer: Coalescer | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends everything that is open: all that still waits gets `Unavailable`."""
        if self._coalescer is not None:
            await self._coalescer.close()
        await self._connection.close()

    reserve = _write(commands.reserve)
    extend = _write(commands.extend)
    commit = _write(commands.commit)
    release = _write(commands.release)
    allocate = _write(commands.allocate)
    ship = _write(commands.ship)
    sell = _write(commands.sell)
    receive = _write(commands.receive)
    adjust = _write(commands.adjust)
    set_on_hand = _write(commands.set_on_hand)
    configure = _write(commands.configure)
    amend = _write(commands.amend)
    confirm = _write(commands.confirm)
    pick = _write(commands.pick)
    unpick = _write(commands.unpick)
    return_units = _write(commands.return_units)
    transfer_reservation = _write(commands.transfer_reservation)
    expect = _write(commands.expect)
    take_back = _write(commands.take_back)
    move = _write(commands.move)
    send_transfer = _write(commands.send_transfer)
    receive_transfer = _write(commands.receive_transfer)
    configure_locations = _write_alone(_configuration_writes.configure_locations)
    define_kit = _write_alone(_configuration_writes.define_kit)
    limit_customers = _write_alone(_configuration_writes.limit_customers)
    configure_holds = _write_alone(_configuration_writes.configure_holds)
    configure_channel = _write_alone(_channel_writes.configure_channel)
    set_channel_policies = _write_alone(_channel_writes.set_channel_policies)
    define_sku_group = _write_alone(_channel_writes.define_sku_group)
    map_listings = _write_alone(_channel_writes.map_listings, _convert_channels.listings_mapped)
    compute_buffers = _write_alone(
        _channel_writes.compute_buffers, _convert_channels.buffers_computed
    )

    async def execute(
        self, batch: Sequence[Command[Any]], *, timeout_s: float | None = None
    ) -> list[Result | HoldfastError]:
        """Sends commands of `holdfast.commands` together; gives their answers or errors, in the
        same order.

        Each is decided by itself: one that is refused does not stop the others. Commands of one SKU
        take effect in their order, unless one of them has to be retried. `timeout_s` is for
        commands that have none of their own.
        """
        if not batch:
            return []
        explicit = ExplicitBatch(len(batch), asyncio.get_running_loop().create_future())
        self._submit_batch(explicit, batch, timeout_s)
        outcomes: list[Result | HoldfastError] = await explicit.future
        return outcomes

    def watch(
        self,
        *,
        skus: Iterable[str] = (),
        sku_prefixes: Iterable[str] = (),
        locations: Iterable[str] = (),
        groups: Iterable[str] = (),
        channel: str = "",
        kinds: Iterable[str] = (),
        mode: Literal["every_event", "latest"] | str = "every_event",
        start: Literal["now", "beginning", "snapshot"] | str = "now",
        name: str = "",
        tenant: str | None = None,
    ) -> Feed:
        """Follows changes: ``async for event in client.watch(skus=["TEA"])``. See `Feed`.

        Without filters every event comes. With ``mode="latest"`` only the latest of each
        SKU-location comes, and of a `channel` what it may sell: who is slow gets less, and always
        what is so last. `groups` are groups of locations, `kinds` names such as "stock_held".
        `start` is "now", "beginning", "snapshot" (what is so now, then what changes), or the cursor
        after which to go on. `name` names the feed for `wait_for_subscriber`.
        """
        request = watch_request(
            self._of(tenant),
            name,
            mode,
            start,
            channel,
            skus=skus,
            sku_prefixes=sku_prefixes,
            locations=locations,
            groups=groups,
            kinds=kinds,
        )
        return Feed(self._connection.watch, request, self._timeout_s)

    def _send(self, command: Command[Any]) -> Any:
        """Sends a command; gives what to await for its answer."""
        if not self._coalesce:
            return self._send_alone(command)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._submit(command, future, loop.time())
        return future

    async def _send_alone(self, command: Command[Any]) -> Any:
        return _convert_answers.READ_ANSWER[command.kind](await self._call(command))

    async def _call(self, write: Write[Any]) -> Any:
        """Sends a write in a call of its own; gives the message that answers it."""
        self._scope(write)
        timeout_s = write.timeout_s or self._timeout_s
        return await self._connection.unary(write.kind, write.request, timeout_s, write.request_id)

    def _scope(self, write: Write[Any]) -> None:
        if write.scope is not None:
            write.scope.tenant = self._tenant

    def _submit(self, command: Command[Any], future: Any, now: float) -> None:
        if command.scope is not None:
            command.scope.tenant = self._tenant
        if self._coalescer is None:
            self._coalescer = Coalescer(self._connection.execute)
        deadline = now + (command.timeout_s or self._timeout_s)
        self._coalescer.submit(Pending(command, deadline, future))

    def _submit_batch(
        self, explicit: ExplicitBatch, batch: Sequence[Command[Any]], timeout_s: float | None
    ) -> None:
        limit_s = self._timeout_s if timeout_s is None else check_timeout(timeout_s)
        if self._coalescer is None:
            self._coalescer = Coalescer(self._connection.execute)
        now = asyncio.get_running_loop().time()
        for index, command in enumerate(batch):
            self._scope(command)
            deadline = now + (command.timeout_s or limit_s)
            self._coalescer.submit(PartOfBatch(command, deadline, explicit, index))
