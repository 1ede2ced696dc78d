"""FeedService: check what is asked, open the feed, and send each step as the bytes that it already
is."""

import asyncio
import time
from typing import Any

import grpc
import grpc.aio
import structlog
from holdfast.v1 import feed_pb2

from engine.feed.cursor import MalformedCursor
from engine.feed.hub import Hub
from engine.feed.subscriber import Subscriber
from engine.rpc.calls import CURRENT
from engine.rpc.checks import CURSOR_LIMIT, InvalidField, check_required, check_text
from engine.rpc.convert_feed import encoded
from engine.rpc.feed_checks import checked_filter, checked_mode, checked_start
from engine.rpc.methods import Methods
from engine.rpc.problems import SubscriberBehind, SubscriberStalled
from engine.rpc.sending import log_stalled, send
from engine.shard.port import HistoryDamaged

_log = structlog.get_logger(__name__)

SERVICE = feed_pb2.DESCRIPTOR.services_by_name["FeedService"].full_name


class FeedService:
    """The change feed of one node. Problems are raised; `Methods` makes statuses of them."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def watch(
        self,
        request: feed_pb2.WatchRequest,
        context: "grpc.aio.ServicerContext[feed_pb2.WatchRequest, bytes]",
    ) -> None:
        """Send the feed until the client goes or the hub stops. A client that does not read holds
        up its own stream in `send`, and nothing else, until it is let go."""
        check_text(request.name, "name")
        mode = checked_mode(request.mode)
        feed_filter = checked_filter(request.tenant, request.filter, mode)
        start = checked_start(request)
        try:
            subscriber = await self._hub.subscribe(feed_filter, start, request.name, mode)
            await _send(subscriber, context, self._hub.limits.stall_s)
        except HistoryDamaged as damage:
            # The client hears which shard it is; only whoever runs the node can do something.
            _log.error("the history is damaged", shard=damage.shard, damage=str(damage))
            raise
        except SubscriberStalled as stalled:
            log_stalled(stalled, request.tenant, request.name)
            raise

    async def wait_for_subscriber(
        self,
        request: feed_pb2.WaitForSubscriberRequest,
        context: "grpc.aio.ServicerContext[feed_pb2.WaitForSubscriberRequest, Any]",
    ) -> feed_pb2.WaitForSubscriberResponse:
        """Answer once the subscriber has been sent what the cursor covers. gRPC ends the call at
        the client's deadline; without one it ends at the server's."""
        check_text(request.tenant, "tenant")
        check_required(request.name, "name")
        check_required(request.cursor, "cursor")
        call = CURRENT.get()
        timeout_s = None
        if call.patience is not None:
            timeout_s = max(0.0, (call.deadline_ns - time.monotonic_ns()) / 1e9)
        try:
            async with asyncio.timeout(timeout_s):
                cursor = await self._hub.wait_for(request.tenant, request.name, request.cursor)
        except MalformedCursor as malformed:
            raise InvalidField("cursor", request.cursor, CURSOR_LIMIT) from malformed
        except TimeoutError as late:
            raise SubscriberBehind(request.name) from late
        return feed_pb2.WaitForSubscriberResponse(cursor=cursor)


async def _send(
    subscriber: Subscriber,
    context: "grpc.aio.ServicerContext[feed_pb2.WatchRequest, bytes]",
    stall_s: float,
) -> None:
    async with subscriber:
        async for step in subscriber:
            try:
                await send(context, encoded(step), stall_s)
            except grpc.aio.InternalError:
                # The client went away in the middle of the message; there is nobody to tell.
                return


def add_feed_service(hub: Hub, methods: Methods) -> None:
    """Serve FeedService. The generated registration would encode each response once more for each
    subscriber."""
    service = FeedService(hub)
    watch = grpc.unary_stream_rpc_method_handler(
        service.watch, request_deserializer=feed_pb2.WatchRequest.FromString
    )
    wait = grpc.unary_unary_rpc_method_handler(
        service.wait_for_subscriber,
        request_deserializer=feed_pb2.WaitForSubscriberRequest.FromString,
        response_serializer=feed_pb2.WaitForSubscriberResponse.SerializeToString,
    )
    handlers = {"Watch": watch, "WaitForSubscriber": wait}
    methods.add_registered_method_handlers(SERVICE, handlers)
