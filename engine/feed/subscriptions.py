"""Durable subscriptions of a node: who follows which, how far they are, and what is parked.

All of them are in memory, and in a store that outlives the node. Acknowledgements reach it a
fraction of a second later, so that a crash may bring some events again; everything else is durable
when it is answered.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
import structlog

from engine.feed.consumer import Consumer
from engine.feed.cursor import Cursor, own
from engine.feed.filter import Filter
from engine.feed.hub import Hub, Mode, Start
from engine.feed.steps import FeedStopping
from engine.feed.subscription import Subscription
from engine.feed.subscription_problems import (
    SubscriptionDiffers,
    TakenOver,
    TooManyMarks,
    TooManySubscriptions,
    UnknownSubscription,
)
from engine.feed.subscription_store import (
    Key,
    StoredSubscription,
    StoreError,
    SubscriptionStore,
    Unmarked,
)
from engine.shard.port import Shards

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class SubscriptionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Every bound of durable subscriptions, by name."""

    subscriptions_max: int = 1_000
    """Subscriptions that the node keeps."""
    parked_max: int = 10_000
    """Messages that may be parked for one of them."""
    marks_max: int = 16
    """Marks that one of them has."""
    acknowledge_s: float = 0.2
    """After how long an acknowledgement is stored, with all that came meanwhile."""


class Asked(NamedTuple):
    """What a consumer wants to follow, and where that starts if there is no such subscription.
    `differs` says what is not the same in another encoded filter and mode; empty: nothing."""

    key: Key
    feed_filter: Filter
    encoded_filter: bytes
    mode: Mode
    start: Start | str
    differs: Callable[[bytes, int], str]


class Resumed(NamedTuple):
    """What a consumer says that was cut off: its number, and what it has received."""

    consumer: int
    received: str


def wall_ms() -> int:
    """The wall clock in milliseconds since 1970, which engine time follows."""
    return time.time_ns() // 1_000_000


class Subscriptions:
    """The subscriptions of a node. Make, start and stop it in one event loop."""

    def __init__(
        self,
        hub: Hub,
        shards: Shards,
        open_store: Callable[[], SubscriptionStore],
        limits: SubscriptionLimits | None = None,
        now_ms: Callable[[], int] = wall_ms,
    ) -> None:
        """`open_store` is called when this starts, in the store's own thread."""
        self.limits = limits or SubscriptionLimits()
        self._hub = hub
        self._shards = shards
        self._open_store = open_store
        self.now_ms = now_ms
        self._store: SubscriptionStore | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="subscriptions")
        self._all: dict[Key, Subscription] = {}
        self._making = asyncio.Lock()
        self._acknowledged: dict[Key, Subscription] = {}
        self._flush_timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def stall_s(self) -> float:
        """How long a consumer may take to take a message."""
        return self._hub.limits.stall_s

    async def start(self) -> None:
        """Open the store. StoreError if it cannot be used."""
        store = await self.in_thread(self._open_store)
        self._store = store
        for stored, parked in await self.in_thread(store.load):
            self._add(stored, parked)

    async def stop(self) -> None:
        """Store what was acknowledged last, and let go of the store. Whoever still follows a
        subscription is cut off."""
        for subscription in self._all.values():
            if subscription.consumer is not None:
                subscription.consumer.end(FeedStopping())
        if self._flush_timer is not None:
            self._flush_timer.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._flush()
        store, self._store = self._store, None
        if store is not None:
            await self.in_thread(store.close)
        self._thread.shutdown(wait=False)

    def get(self, key: Key) -> Subscription:
        """A subscription; UnknownSubscription if there is none."""
        subscription = self._all.get(key)
        if subscription is None:
            raise UnknownSubscription(key[1])
        return subscription

    @property
    def all(self) -> Sequence[Subscription]:
        """All subscriptions as of now. Any thread may ask."""
        # A copy is made in one step; iterating over the dictionary fails when it changes.
        return list(self._all.copy().values())

    def of_tenant(self, tenant: str, after: str) -> list[Subscription]:
        """Those of a tenant in order of name, the first after this one."""
        names = sorted(name for owner, name in self._all if owner == tenant and name > after)
        return [self._all[tenant, name] for name in names]

    async def open(self, asked: Asked, resumed: Resumed | None = None) -> Consumer:
        """Follow a subscription, which is made if there is none; whoever follows it now is ended
        with TakenOver. Raises what `Hub.subscribe` does, SubscriptionDiffers, TooManySubscriptions;
        and of a consumer that was cut off TakenOver, if another has come meanwhile, or
        UnknownSubscription."""
        created = False
        if asked.key in self._all or resumed is not None:
            subscription = self.get(asked.key)
        else:
            # Nothing is made that nobody could follow: it would hold up retention for ever.
            await self._hub.check(asked.feed_filter)
            subscription, created = await self._settled(self._make(asked))
        async with subscription.busy:
            self._check_there(subscription)
            stored = subscription.stored
            if field := asked.differs(stored.filter, stored.mode):
                raise SubscriptionDiffers(subscription.name, field)
            if resumed is not None and resumed.consumer != stored.consumer:
                raise TakenOver(subscription.name)
            consumer = await self._follow(subscription, asked, resumed)
        consumer.created = created
        return consumer

    async def _follow(
        self, subscription: Subscription, asked: Asked, resumed: Resumed | None
    ) -> Consumer:
        start, sent = self._start(subscription, resumed)
        feed = await self._hub.subscribe(asked.feed_filter, start, mode=asked.mode)
        try:
            store, key = self.store, subscription.key
            if resumed is None:

                async def take_over() -> None:
                    number = await self.in_thread(store.take_over, key)
                    subscription.stored = msgspec.structs.replace(
                        subscription.stored, consumer=number
                    )

                await self._settled(take_over())
            replays = await self.in_thread(store.replaying, key)
        except BaseException:
            feed.close()
            raise
        if subscription.consumer is not None:
            subscription.consumer.end(TakenOver(subscription.name))
        number = subscription.stored.consumer
        consumer = Consumer(subscription, number, feed, sent, self._shards, _leave)
        subscription.consumer = consumer
        consumer.replay(replays)
        if subscription.warning is not None:
            consumer.warn(subscription.warning)
        return consumer

    def _start(
        self, subscription: Subscription, resumed: Resumed | None
    ) -> tuple[Start | str, dict[int, int] | None]:
        """Where a feed starts: after what was acknowledged, or what was received already; and what
        may be acknowledged from the beginning. What a consumer was told of states before a restore
        may be lost, whatever it has acknowledged: it is told all of them again."""
        received = dict[int, int]()
        newest = subscription.stored.cursor
        if resumed is not None and resumed.received:
            newest = resumed.received
            cursor = own(Cursor.parse(resumed.received), resumed.received, self._shards)
            received = dict(cursor.positions)
        if not subscription.stored.cursor and not received:
            return Start.SNAPSHOT, None
        if subscription.is_lost:
            return subscription.stored.cursor, None
        done = subscription.positions or {}
        sent = {
            shard: max(done.get(shard, 0), received.get(shard, 0))
            for shard in range(self._shards.count)
        }
        if subscription.stored.mode == Mode.LATEST and self._hub.is_of_past_epoch(newest):
            return Start.SNAPSHOT, sent
        return subscription.cursor_of(sent), sent

    async def _make(self, asked: Asked) -> tuple[Subscription, bool]:
        """The subscription, and whether it was made now: somebody else may have come first."""
        async with self._making:
            subscription = self._all.get(asked.key)
            if subscription is not None:
                return subscription, False
            if len(self._all) >= self.limits.subscriptions_max:
                raise TooManySubscriptions(self.limits.subscriptions_max)
            cursor, since = await self._place(asked.start)
            tenant, name = asked.key
            stored = StoredSubscription(
                tenant=tenant,
                name=name,
                filter=asked.encoded_filter,
                mode=asked.mode,
                cursor=cursor,
                since=since,
                created_ms=self.now_ms(),
            )
            return self._add(await self.in_thread(self.store.put, stored), 0), True

    async def _place(self, start: Start | str) -> tuple[str, str]:
        """The cursor of a start, empty for a snapshot, and the newest one."""
        newest = (await self._hub.place(Start.NOW)).encode()
        if start is Start.SNAPSHOT:
            return "", newest
        return (await self._hub.place(start)).encode(), newest

    async def reset(self, key: Key, to: Start | str) -> str:
        """Move a subscription; its cursor then. Whoever follows it is ended with TakenOver. Raises
        what `Hub.subscribe` does for a cursor, and UnknownSubscription."""

        async def move(subscription: Subscription) -> str:
            cursor, since = await self._place(to)
            if subscription.consumer is not None:
                subscription.consumer.end(TakenOver(subscription.name))
            self._acknowledged.pop(key, None)
            stored = msgspec.structs.replace(subscription.stored, cursor=cursor, since=since)
            subscription.stored = await self.in_thread(self.store.put, stored)
            return cursor

        return await self.change(key, move)

    async def delete(self, key: Key) -> None:
        """Forget a subscription. Whoever follows it is ended with UnknownSubscription."""

        async def forget(subscription: Subscription) -> None:
            try:
                await self.in_thread(self.store.delete, key)
            except Unmarked:
                # It is gone: what it was asked from now on, no file would remember.
                self._let_go(subscription)
                raise
            self._let_go(subscription)

        await self.change(key, forget)

    def _let_go(self, subscription: Subscription) -> None:
        key = subscription.key
        subscription.is_gone = True
        del self._all[key]
        self._acknowledged.pop(key, None)
        self._hub.names.leave(*key, subscription)
        if subscription.consumer is not None:
            subscription.consumer.end(UnknownSubscription(subscription.name))

    async def set_mark(self, key: Key, mark: str, value: str) -> None:
        """Remember a mark; an empty value removes it. TooManyMarks, UnknownSubscription."""

        async def remember(subscription: Subscription) -> None:
            stored = subscription.stored
            marks = {name: text for name, text in stored.marks.items() if name != mark}
            if value:
                marks[mark] = value
            if len(marks) > self.limits.marks_max:
                raise TooManyMarks(self.limits.marks_max)
            await self.in_thread(self.store.set_mark, key, mark, value)
            subscription.stored = msgspec.structs.replace(subscription.stored, marks=marks)

        await self.change(key, remember)

    async def copy_to(self, path: Path) -> None:
        """Write all of it to a file, for a backup, with what was acknowledged last. StoreError if
        that fails."""
        await self._flush()
        await self.in_thread(self.store.copy_to, path)

    def _add(self, stored: StoredSubscription, parked: int) -> Subscription:
        subscription = Subscription(
            stored, parked, self._shards, self.now_ms, self._note_acknowledged
        )
        self._all[stored.key] = subscription
        self._hub.names.join(*stored.key, subscription, is_kept=True)
        return subscription

    def _note_acknowledged(self, subscription: Subscription) -> None:
        self._acknowledged[subscription.key] = subscription
        if self._flush_timer is None:
            loop = asyncio.get_running_loop()
            self._flush_timer = loop.call_later(self.limits.acknowledge_s, self._flush_soon)

    def _flush_soon(self) -> None:
        self._flush_timer = None
        self._keep(asyncio.ensure_future(self._flush()))

    async def _flush(self) -> None:
        """Store what was acknowledged. Where that fails it is tried again with the next."""
        acknowledged, self._acknowledged = self._acknowledged, {}
        if not acknowledged or self._store is None:
            return
        places = [each.acknowledged for each in acknowledged.values()]
        try:
            await self.in_thread(self._store.acknowledge, places)
        except StoreError as error:
            _log.error("acknowledgements not stored", reason=str(error))
            self._acknowledged = {**acknowledged, **self._acknowledged}

    async def change(self, key: Key, change: Callable[[Subscription], Awaitable[T]]) -> T:
        """Change a subscription, one change at a time, to the end even if nobody waits any more."""
        subscription = self.get(key)

        async def alone() -> T:
            async with subscription.busy:
                self._check_there(subscription)
                return await change(subscription)

        return await self._settled(alone())

    def _check_there(self, subscription: Subscription) -> None:
        if subscription.is_gone:
            raise UnknownSubscription(subscription.name)

    async def _settled(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something to its end, even if who waits for it is cancelled: what is stored and what
        is in memory stay the same."""
        task = asyncio.ensure_future(work)
        self._keep(task)
        return await asyncio.shield(task)

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # Whoever has lost interest need not look.

    @property
    def store(self) -> SubscriptionStore:
        """Where subscriptions are kept; FeedStopping if that is closed."""
        if self._store is None:
            raise FeedStopping
        return self._store

    async def in_thread(self, function: Callable[..., T], *arguments: object) -> T:
        """Run what the store does in its own thread, in the order in which it is asked."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, function, *arguments)


def _leave(consumer: Consumer) -> None:
    if consumer.subscription.consumer is consumer:
        consumer.subscription.consumer = None
