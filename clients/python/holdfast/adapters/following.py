"""A durable subscription of the SDK as what an adapter follows."""

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

from holdfast import Client
from holdfast.adapters.source import ChannelUpdate, ParkedMessage
from holdfast.subscription import Subscription


class SubscriptionSource:
    """A `Source` that is a subscription of a channel's updates."""

    def __init__(self, client: Client, subscription: Subscription, channel: str) -> None:
        self._client = client
        self._subscription = subscription
        self._channel = channel

    @property
    def marks(self) -> Mapping[str, str]:
        """What was remembered with the subscription, by name."""
        return self._subscription.marks

    async def set_mark(self, mark: str, value: str) -> None:
        """Remembers something with the subscription, durably when this returns."""
        await self._subscription.set_mark(mark, value)

    def __aiter__(self) -> AsyncIterator[Any]:
        """The messages, from the acknowledged cursor on."""
        return self._subscription

    async def acknowledge(self, cursor: str = "", *, parked_ids: Collection[int] = ()) -> None:
        """Everything up to the cursor is done, and so are these parked messages."""
        await self._subscription.acknowledge(cursor, parked_ids=parked_ids)

    async def park(self, message: Any, reason: str) -> ParkedMessage:
        """Puts a message aside, durably when this returns. A ParkedMessage stays parked."""
        return await self._subscription.park(message, reason)

    async def latest(self, sku: str) -> ChannelUpdate:
        """What the channel may sell of the SKU at this moment."""
        answer = await self._client.channel_availability(self._channel, sku)
        return answer.update
