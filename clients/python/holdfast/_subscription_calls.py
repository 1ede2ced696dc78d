"""What a client asks about durable subscriptions and what is parked for them."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Literal

from holdfast import _convert
from holdfast._channel_reads import ChannelReads
from holdfast._command import set_moment
from holdfast._fields import enum_number
from holdfast.feed_messages import MODES, STARTS, watch_request
from holdfast.listing import Listing
from holdfast.parked import ParkedMessage, parked_message, to_park
from holdfast.subscription import EventFilter, Subscription, SubscriptionState
from holdfast.v1 import subscriptions_pb2

MODE_NAMES = {number: name for name, number in MODES.items()}


class SubscriptionCalls(ChannelReads):
    """The calls of a client that concern durable subscriptions."""

    def subscribe(
        self,
        name: str,
        *,
        channel: str = "",
        skus: Iterable[str] = (),
        sku_prefixes: Iterable[str] = (),
        locations: Iterable[str] = (),
        groups: Iterable[str] = (),
        kinds: Iterable[str] = (),
        mode: Literal["every_event", "latest"] | str = "every_event",
        start: Literal["beginning", "now", "snapshot"] | str = "beginning",
        tenant: str | None = None,
    ) -> Subscription:
        """Follows changes under a name, for which the server keeps the place: ``async with
        client.subscribe("search-index") as subscription``. See `Subscription`.

        The first consumer of a name makes the subscription, which begins at `start`: "beginning",
        "now", "snapshot", or a cursor; later ones go on after what was acknowledged, and have to
        name the same filter and `mode`, or get SubscriptionDiffers.
        """
        owner = self._of(tenant)
        asked = watch_request(
            owner,
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
        request = subscriptions_pb2.OpenSubscription(
            tenant=owner, name=name, filter=asked.filter, mode=asked.mode
        )
        if asked.after_cursor:
            request.after_cursor = asked.after_cursor
        else:
            request.start_from = asked.start_from

        async def park(message: Any, reason: str) -> ParkedMessage:
            return await self.park_message(name, message, reason, tenant=owner)

        async def set_mark(mark: str, value: str) -> None:
            await self.set_mark(name, mark, value, tenant=owner)

        connect = self._connection.subscribe
        return Subscription(connect, request, self._timeout_s, park, set_mark)

    def subscriptions(
        self,
        *,
        name: str = "",
        page_size: int = 0,
        page_token: str = "",
        tenant: str | None = None,
        timeout_s: float | None = None,
    ) -> Listing[SubscriptionState]:
        """The subscriptions in order of name, or the one with this `name`: ``async for each in
        client.subscriptions()``."""
        request = subscriptions_pb2.ListSubscriptionsRequest(
            tenant=self._of(tenant), name=name, page_size=page_size
        )
        fetch = self._pages("list_subscriptions", request, timeout_s)
        return Listing(fetch, _read_subscriptions, page_token)

    async def reset_subscription(
        self,
        name: str,
        to: Literal["beginning", "now", "snapshot"] | str | datetime,
        *,
        tenant: str | None = None,
        timeout_s: float | None = None,
    ) -> str:
        """Moves a subscription: to "beginning", "now" or "snapshot", to right after a cursor, or to
        before the first event of a time or later. Gives its cursor; empty: a snapshot comes first.

        Its consumer gets SubscriptionTakenOver and may open it again. Raises UnknownSubscription;
        ReadNotKept for a time that is not kept any more.
        """
        request = subscriptions_pb2.ResetSubscriptionRequest(tenant=self._of(tenant), name=name)
        if isinstance(to, datetime):
            set_moment(request.time, to)
        elif to in STARTS:
            request.start_from = enum_number(STARTS, "to", to)
        else:
            request.after_cursor = to
        response = await self._read("reset_subscription", request, timeout_s)
        return str(response.cursor)

    async def delete_subscription(
        self, name: str, *, tenant: str | None = None, timeout_s: float | None = None
    ) -> None:
        """Deletes a subscription with all that is parked for it. Raises UnknownSubscription."""
        request = subscriptions_pb2.DeleteSubscriptionRequest(tenant=self._of(tenant), name=name)
        await self._read("delete_subscription", request, timeout_s)

    async def set_mark(
        self,
        name: str,
        mark: str,
        value: str,
        *,
        tenant: str | None = None,
        timeout_s: float | None = None,
    ) -> None:
        """Remembers a consumer's own place in something outside, such as the last order that it has
        taken in; durable once this returns. An empty value removes it. Raises
        UnknownSubscription."""
        request = subscriptions_pb2.SetMarkRequest(
            tenant=self._of(tenant), name=name, mark=mark, value=value
        )
        await self._read("set_mark", request, timeout_s)

    async def park_message(
        self,
        name: str,
        message: Any,
        reason: str,
        *,
        tenant: str | None = None,
        timeout_s: float | None = None,
    ) -> ParkedMessage:
        """Puts a message aside that could not be processed: an `Event`, a `ChannelUpdate`, an
        `ExternalMessage`, or a `ParkedMessage` that was given again. Durable once this returns.
        Raises UnknownSubscription, TooManyParked, UnknownParkedMessage."""
        request = subscriptions_pb2.ParkMessageRequest(
            tenant=self._of(tenant), name=name, message=to_park(message, reason)
        )
        response = await self._read("park_message", request, timeout_s)
        return parked_message(response.message)

    def parked_messages(
        self,
        name: str,
        *,
        page_size: int = 0,
        page_token: str = "",
        tenant: str | None = None,
        timeout_s: float | None = None,
    ) -> Listing[ParkedMessage]:
        """What is parked for a subscription, oldest first: ``async for each in
        client.parked_messages("web")``."""
        request = subscriptions_pb2.ListParkedMessagesRequest(
            tenant=self._of(tenant), name=name, page_size=page_size
        )
        fetch = self._pages("list_parked_messages", request, timeout_s)
        return Listing(fetch, _read_parked, page_token)

    async def replay_parked(
        self,
        name: str,
        ids: Collection[int] = (),
        *,
        tenant: str | None = None,
        timeout_s: float | None = None,
    ) -> int:
        """Gives parked messages, or all of them, to the consumer of a subscription again, or to the
        next one; gives how many. Raises UnknownSubscription, UnknownParkedMessage."""
        request = subscriptions_pb2.ReplayParkedMessagesRequest(
            tenant=self._of(tenant), name=name, ids=ids
        )
        response = await self._read("replay_parked_messages", request, timeout_s)
        return int(response.messages)

    async def drop_parked(
        self,
        name: str,
        ids: Collection[int],
        *,
        tenant: str | None = None,
        timeout_s: float | None = None,
    ) -> int:
        """Forgets parked messages; gives how many of them there were. Raises
        UnknownSubscription."""
        request = subscriptions_pb2.DropParkedMessagesRequest(
            tenant=self._of(tenant), name=name, ids=ids
        )
        response = await self._read("drop_parked_messages", request, timeout_s)
        return int(response.messages)


def _read_subscriptions(
    response: subscriptions_pb2.ListSubscriptionsResponse,
) -> tuple[SubscriptionState, ...]:
    return tuple([_state(each) for each in response.subscriptions])


def _state(message: subscriptions_pb2.Subscription) -> SubscriptionState:
    asked = message.filter
    return SubscriptionState(
        message.name,
        EventFilter(
            tuple(asked.skus),
            tuple(asked.sku_prefixes),
            tuple(asked.locations),
            tuple(asked.groups),
            asked.channel,
            tuple(asked.kinds),
        ),
        MODE_NAMES.get(message.mode, "unknown"),
        message.cursor,
        _convert.moment_or_none(message.created_at),
        _convert.moment_or_none(message.acknowledged_at),
        message.active,
        message.lag_events,
        message.lag_seconds,
        message.parked_messages,
        dict(message.marks),
    )


def _read_parked(
    response: subscriptions_pb2.ListParkedMessagesResponse,
) -> tuple[ParkedMessage, ...]:
    return tuple([parked_message(each) for each in response.messages])
