"""What a consumer could not process: put aside durably, listed, given again, dropped."""

from collections.abc import Collection

from engine.feed.consumer import Consumer
from engine.feed.subscription import Subscription
from engine.feed.subscription_problems import TooManyParked, UnknownParkedMessage
from engine.feed.subscription_store import Key, StoredParked, ToPark
from engine.feed.subscriptions import Subscriptions


class Parking:
    """The parked messages of a node's subscriptions."""

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions
        self.now_ms = subscriptions.now_ms

    async def park(self, key: Key, message: ToPark, parked_id: int = 0) -> StoredParked:
        """Park a message, or, with the id of one that is parked, leave that for a new reason.
        TooManyParked, UnknownParkedMessage, UnknownSubscription."""

        async def put(subscription: Subscription) -> StoredParked:
            store = self._subscriptions.store
            if parked_id:
                again = await self._subscriptions.in_thread(
                    store.park_again, key, parked_id, message.reason
                )
                if again is None:
                    raise UnknownParkedMessage(subscription.name, parked_id)
                return again
            limit = self._subscriptions.limits.parked_max
            parked = await self._subscriptions.in_thread(store.park, key, message, limit)
            if parked is None:
                raise TooManyParked(subscription.name, limit)
            subscription.parked = await self._subscriptions.in_thread(store.count, key)
            return parked

        return await self._subscriptions.change(key, put)

    async def parked(
        self, key: Key, after: int, limit: int, bytes_max: int
    ) -> tuple[list[StoredParked], bool]:
        """A page of what is parked, and whether there is more. UnknownSubscription."""
        self._subscriptions.get(key)
        store = self._subscriptions.store
        page = await self._subscriptions.in_thread(store.parked, key, after, limit, bytes_max)
        if not page:
            return page, False
        return page, bool(
            await self._subscriptions.in_thread(store.parked, key, page[-1].parked_id, 1, 1)
        )

    async def replay(self, key: Key, parked_ids: Collection[int]) -> int:
        """Have messages, none: all, given again; how many. UnknownParkedMessage for the first that
        is not parked, and then none is; UnknownSubscription."""

        async def give_again(subscription: Subscription) -> int:
            store = self._subscriptions.store
            asked = set(parked_ids) or None
            found = await self._subscriptions.in_thread(store.replay, key, asked)
            if asked is not None and len(found) < len(asked):
                raise UnknownParkedMessage(subscription.name, min(asked.difference(found)))
            if subscription.consumer is not None:
                subscription.consumer.replay(found)
            return len(found)

        return await self._subscriptions.change(key, give_again)

    async def give(self, consumer: Consumer, limit: int) -> list[StoredParked]:
        """Some of the parked messages that a consumer is to be given again."""
        parked_ids = consumer.take_replays(limit)
        if not parked_ids:
            return []
        return await self._subscriptions.in_thread(
            self._subscriptions.store.give, consumer.subscription.key, parked_ids
        )

    async def drop(self, key: Key, parked_ids: Collection[int]) -> int:
        """Forget parked messages; how many there were. UnknownSubscription."""

        async def forget(subscription: Subscription) -> int:
            store = self._subscriptions.store
            dropped = await self._subscriptions.in_thread(store.drop, key, parked_ids)
            subscription.parked -= dropped
            return dropped

        return await self._subscriptions.change(key, forget)
