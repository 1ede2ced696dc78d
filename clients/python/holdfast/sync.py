"""The client for programs without asyncio: the same surface, for any number of threads."""

import asyncio
import functools
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent import futures
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import grpc

from holdfast import commands
from holdfast._command import Command
from holdfast._rpc import ChannelOptions
from holdfast._shown import Metadata
from holdfast.access import Tls, Token
from holdfast.client import TIMEOUT_S, Client, MethodT, as_method
from holdfast.errors import Code, HoldfastError, Unavailable
from holdfast.event import Event
from holdfast.feed import Feed
from holdfast.feed_messages import FeedMessage
from holdfast.listing import Explanations, Listing
from holdfast.subscription import Subscription
from holdfast.sync_listing import SyncExplanations, SyncListing
from holdfast.sync_subscription import SyncSubscription
from holdfast.types import Result
from holdfast.v1 import feed_pb2

P = ParamSpec("P")
ResultT = TypeVar("ResultT")


def _write(
    build: Callable[P, Command[ResultT]],
) -> Callable[Concatenate["SyncClient", P], ResultT]:
    """The method that builds a command in the caller's thread and waits for its answer."""

    def method(client: "SyncClient", /, *args: P.args, **kwargs: P.kwargs) -> ResultT:
        result: ResultT = client._send(build(*args, **kwargs))
        return result

    return as_method(method, build)


def _read(
    method: Callable[Concatenate[Client, P], Coroutine[Any, Any, ResultT]],
) -> Callable[Concatenate["SyncClient", P], ResultT]:
    """The method that runs one of `Client` on the client's loop and waits for it."""

    def read(client: "SyncClient", /, *args: P.args, **kwargs: P.kwargs) -> ResultT:
        return client._wait(method(client._client, *args, **kwargs))

    return _as_described(read, method)


def _list(
    method: Callable[Concatenate[Client, P], Listing[ResultT]],
) -> Callable[Concatenate["SyncClient", P], "SyncListing[ResultT]"]:
    """The method that gives a listing of `Client` for plain loops."""

    def read(client: "SyncClient", /, *args: P.args, **kwargs: P.kwargs) -> SyncListing[ResultT]:
        return SyncListing(method(client._client, *args, **kwargs), client._wait)

    return _as_described(read, method)


def _explain(
    method: Callable[Concatenate[Client, P], Explanations],
) -> Callable[Concatenate["SyncClient", P], "SyncExplanations"]:
    """The method that gives an explanation of `Client` for plain loops."""

    def read(client: "SyncClient", /, *args: P.args, **kwargs: P.kwargs) -> SyncExplanations:
        return SyncExplanations(method(client._client, *args, **kwargs), client._wait)

    return _as_described(read, method)


def _subscribe(
    method: Callable[Concatenate[Client, P], Subscription],
) -> Callable[Concatenate["SyncClient", P], SyncSubscription]:
    """The method that gives a subscription of `Client` for plain loops."""

    def read(client: "SyncClient", /, *args: P.args, **kwargs: P.kwargs) -> SyncSubscription:
        return SyncSubscription(method(client._client, *args, **kwargs), client._wait)

    return _as_described(read, method)


def _follow(
    method: Callable[Concatenate[Client, P], Feed],
) -> Callable[Concatenate["SyncClient", P], "SyncFeed"]:
    """The method that gives a feed of `Client` for plain loops."""

    def watch(client: "SyncClient", /, *args: P.args, **kwargs: P.kwargs) -> "SyncFeed":
        return SyncFeed(method(client._client, *args, **kwargs), client._wait)

    return _as_described(watch, method)


def _as_described(read: MethodT, method: Callable[..., Any]) -> MethodT:
    """Gives a method the name, description and signature of the one that it calls."""
    return functools.update_wrapper(read, method)  # type: ignore[return-value]


class SyncClient:
    """A connection to a Holdfast server for threads; it may be shared by all of them. Arguments are
    as for `Client`.

    It runs one `Client` on an event loop of its own, in a thread of its own, so that writes of
    concurrent threads travel in common batches too. Use it as a context manager, or call `close`.
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
        self._client = Client(
            target,
            tenant=tenant,
            timeout_s=timeout_s,
            coalesce=coalesce,
            tls=tls,
            token=token,
            credentials=credentials,
            channel_options=channel_options,
            metadata=metadata,
        )
        self._handed_over: deque[tuple[Command[Any], futures.Future[Any]]] = deque()
        self._is_scheduled = False
        self._lock = threading.Lock()
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="holdfast", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends everything that is open: all that still waits gets `Unavailable`."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        asyncio.run_coroutine_threadsafe(self._client.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

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
    configure_locations = _read(Client.configure_locations)
    define_kit = _read(Client.define_kit)
    limit_customers = _read(Client.limit_customers)
    configure_holds = _read(Client.configure_holds)
    configure_channel = _read(Client.configure_channel)
    set_channel_policies = _read(Client.set_channel_policies)
    define_sku_group = _read(Client.define_sku_group)
    map_listings = _read(Client.map_listings)
    compute_buffers = _read(Client.compute_buffers)
    channels = _read(Client.channels)
    channel_availability = _read(Client.channel_availability)
    find_listings = _read(Client.find_listings)
    listings = _list(Client.listings)

    def execute(
        self, batch: Sequence[Command[Any]], *, timeout_s: float | None = None
    ) -> list[Result | HoldfastError]:
        """As `Client.execute`."""
        return self._wait(self._client.execute(batch, timeout_s=timeout_s))

    stock = _read(Client.stock)
    reservation = _read(Client.reservation)
    transfer = _read(Client.transfer)
    availability = _read(Client.availability)
    configuration = _read(Client.configuration)
    node = _read(Client.node)
    wait_for_subscriber = _read(Client.wait_for_subscriber)
    list_events = _list(Client.list_events)
    list_reservations = _list(Client.list_reservations)
    explain_stock = _explain(Client.explain_stock)
    subscriptions = _list(Client.subscriptions)
    reset_subscription = _read(Client.reset_subscription)
    delete_subscription = _read(Client.delete_subscription)
    set_mark = _read(Client.set_mark)
    park_message = _read(Client.park_message)
    parked_messages = _list(Client.parked_messages)
    replay_parked = _read(Client.replay_parked)
    drop_parked = _read(Client.drop_parked)
    subscribe = _subscribe(Client.subscribe)

    watch = _follow(Client.watch)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            self._cancel_tasks()
        finally:
            self._loop.close()

    def _cancel_tasks(self) -> None:
        # Reads of feeds and calls without coalescing may still be on their way when the client is
        # closed.
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))

    def _wait(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Runs a coroutine on the client's loop and waits for it."""
        with self._lock:
            if self._closed:
                work.close()
                raise Unavailable("The client was closed.", code=Code.UNAVAILABLE)
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except futures.CancelledError:
            raise Unavailable("The client was closed.", code=Code.UNAVAILABLE) from None
        except KeyboardInterrupt:
            future.cancel()
            raise

    def _send(self, command: Command[Any]) -> Any:
        if not self._client._coalesce:
            return self._wait(self._client._send_alone(command))
        future: futures.Future[Any] = futures.Future()
        with self._lock:
            if self._closed:
                raise Unavailable("The client was closed.", code=Code.UNAVAILABLE)
            self._handed_over.append((command, future))
            if not self._is_scheduled:
                # One wake-up of the loop takes over the writes of all threads that come before it
                # runs.
                self._is_scheduled = True
                self._loop.call_soon_threadsafe(self._take_over)
        return future.result()

    def _take_over(self) -> None:
        with self._lock:
            self._is_scheduled = False
            taken = list(self._handed_over)
            self._handed_over.clear()
        now = self._loop.time()
        for command, future in taken:
            self._client._submit(command, future, now)


class SyncFeed:
    """A `Feed` for plain loops: ``for event in feed``, ``for batch in feed.batches()``, ``with
    client.watch() as feed``."""

    def __init__(self, feed: Feed, wait: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self._feed = feed
        self._wait = wait

    @property
    def cursor(self) -> str:
        """Where to go on: right after what was given in full. Empty until the server has named a
        point."""
        return self._feed.cursor

    def __enter__(self) -> Self:
        self._wait(self._feed.__aenter__())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the feed, also from another thread; a loop over it ends."""
        self._wait(self._feed.close())

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        while (event := self._feed.give()) is None:
            response = self._next()
            if response is None:
                raise StopIteration
            self._feed.take(response)
        return event

    def batches(self) -> Iterator[FeedMessage]:
        """What the server sends, message by message, each with its cursor."""
        if (rest := self._feed.give_rest()) is not None:
            yield rest
        while (response := self._next()) is not None:
            yield self._feed.give_whole(response)

    def _next(self) -> feed_pb2.WatchResponse | None:
        response: feed_pb2.WatchResponse | None = self._wait(self._feed.next_response())
        return response
