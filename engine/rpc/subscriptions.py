"""SubscriptionService: check what is asked, and open, list, move and delete subscriptions."""

from collections.abc import Sequence
from typing import Annotated, Any

import grpc
import grpc.aio
import msgspec
import structlog
from holdfast.v1 import feed_pb2
from holdfast.v1 import subscriptions_pb2 as pb

from engine.core.limits import PAGE_BYTES_MAX
from engine.feed.cursor import Cursor, MalformedCursor
from engine.feed.hub import Start
from engine.feed.parking import Parking
from engine.feed.subscription_lag import Lag
from engine.feed.subscription_problems import TooManyMarks, UnknownSubscription
from engine.feed.subscription_store import Key
from engine.feed.subscriptions import Asked, Resumed, Subscriptions
from engine.rpc.calls import CURRENT, look_up
from engine.rpc.checks import (
    CURSOR_LIMIT,
    InvalidField,
    check_count,
    check_parsed,
    check_required,
    check_text,
    time_ms,
)
from engine.rpc.convert_subscriptions import (
    differing,
    encoded_filter,
    put_parked,
    put_subscription,
    to_park,
)
from engine.rpc.feed_checks import checked_filter, checked_mode, checked_start
from engine.rpc.methods import Methods
from engine.rpc.naming import ALL_STOCK, named_by_feed
from engine.rpc.pages import Pages
from engine.rpc.problems import ReadNotKept, SubscriberStalled
from engine.rpc.refusals import time_text
from engine.rpc.sending import log_stalled
from engine.rpc.subscribe_stream import END_OF_STREAM, PARKED_IDS_MAX, SubscribeStream
from engine.shard.port import HistoryDamaged, Shards
from engine.shard.queries import PastNotKept, PositionRead, ReadPositionAt

MARK_VALUE_BYTES_MAX = 2_048
"""Bytes of the value of a mark."""

SERVICE = pb.DESCRIPTOR.services_by_name["SubscriptionService"].full_name

Context = grpc.aio.ServicerContext[Any, Any]

_log = structlog.get_logger(__name__)


class NamePlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a list of subscriptions goes on: after this name."""

    after: Annotated[str, msgspec.Meta(max_length=128)]


class ParkedPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a list of parked messages goes on: after this id."""

    after: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class SubscriptionService:
    """The durable subscriptions of one node. Problems are raised; `Methods` makes statuses
    of them."""

    def __init__(self, subscriptions: Subscriptions, lag: Lag, shards: Shards) -> None:
        self._subscriptions = subscriptions
        self._parking = Parking(subscriptions)
        self._lag = lag
        self._shards = shards

    async def Subscribe(self, _requests: Any, context: Any) -> None:
        request = await context.read()
        check_parsed(request)
        if request is END_OF_STREAM or request.WhichOneof("request") != "open":
            raise InvalidField("request", "", "open, in the first message")
        if (visit := CURRENT.get().visit) is not None:
            visit.ask("Subscribe", request.open)
        asked, resumed = _asked(request.open)
        try:
            consumer = await self._subscriptions.open(asked, resumed)
            try:
                stall_s = self._subscriptions.stall_s
                await SubscribeStream(self._parking, consumer, context, stall_s).run()
            finally:
                consumer.close()
        except MalformedCursor as malformed:
            if resumed is None or malformed.cursor != resumed.received:
                raise
            field = "open.resume.received_cursor"
            raise InvalidField(field, malformed.cursor, CURSOR_LIMIT) from malformed
        except HistoryDamaged as damage:
            # The client hears which shard it is; only whoever runs the node can do something.
            _log.error("the history is damaged", shard=damage.shard, damage=str(damage))
            raise
        except SubscriberStalled as stalled:
            log_stalled(stalled, request.open.tenant, request.open.name)
            raise

    async def ListSubscriptions(
        self, request: pb.ListSubscriptionsRequest, context: Context
    ) -> pb.ListSubscriptionsResponse:
        check_text(request.tenant, "tenant")
        check_text(request.name, "name")
        self._confirm((request.tenant, request.name))
        pages = Pages(request)
        place = pages.start(NamePlace)
        found = self._subscriptions.of_tenant(request.tenant, place.after if place else "")
        if request.name:
            found = [each for each in found if each.name == request.name]
        response = pb.ListSubscriptionsResponse()
        size_bytes = 0
        for index, subscription in enumerate(found):
            message = response.subscriptions.add()
            lag_events, lag_s = await self._lag.of(subscription)
            put_subscription(message, subscription, lag_events, lag_s)
            size_bytes += message.ByteSize()
            is_full = index + 1 == pages.limit or size_bytes >= PAGE_BYTES_MAX
            if is_full and index + 1 < len(found):
                response.next_page_token = pages.token(NamePlace(subscription.name))
                break
        return response

    async def ResetSubscription(
        self, request: pb.ResetSubscriptionRequest, context: Context
    ) -> pb.ResetSubscriptionResponse:
        key = self._key(request)
        self._subscriptions.get(key)
        cursor = await self._subscriptions.reset(key, await self._reset_place(request))
        return pb.ResetSubscriptionResponse(cursor=cursor)

    async def _reset_place(self, request: pb.ResetSubscriptionRequest) -> Start | str:
        """Where a reset leads: as of a time, each shard says which of its events are before it."""
        to = request.WhichOneof("to")
        if to is None:
            raise InvalidField("to", "", "one of start_from, after_cursor, time")
        if to != "time":
            # The same named places and cursors as at the start of a new one.
            start = pb.OpenSubscription(start_from=request.start_from)
            return request.after_cursor if to == "after_cursor" else checked_start(start)
        at_ms = time_ms(request.time, "time")
        shards = self._shards

        def not_kept(past: PastNotKept) -> Exception:
            return ReadNotKept(time_text(at_ms), time_text(past.oldest_ms))

        positions = {}
        for shard in range(shards.count):
            question = ReadPositionAt(at_ms - 1)
            read = await look_up(shards, shard, question, PositionRead, not_kept=not_kept)
            positions[shard] = read.at
        return Cursor(shards.history, shards.epoch, positions).encode()

    async def DeleteSubscription(
        self, request: pb.DeleteSubscriptionRequest, context: Context
    ) -> pb.DeleteSubscriptionResponse:
        await self._subscriptions.delete(self._key(request))
        return pb.DeleteSubscriptionResponse()

    async def SetMark(self, request: pb.SetMarkRequest, context: Context) -> pb.SetMarkResponse:
        key = self._key(request)
        check_required(request.mark, "mark")
        value_bytes = len(request.value.encode())
        if value_bytes > MARK_VALUE_BYTES_MAX:
            limit = f"at most {MARK_VALUE_BYTES_MAX} bytes of UTF-8"
            raise InvalidField("value", f"{value_bytes} bytes", limit)
        try:
            await self._subscriptions.set_mark(key, request.mark, request.value)
        except TooManyMarks as many:
            limit = f"one of at most {many.limit} marks of a subscription"
            raise InvalidField("mark", request.mark, limit) from many
        return pb.SetMarkResponse()

    async def ParkMessage(
        self, request: pb.ParkMessageRequest, context: Context
    ) -> pb.ParkMessageResponse:
        key, message = self._key(request), request.message
        asked = to_park(message, "message", self._parking.now_ms())
        parked = await self._parking.park(key, asked, message.id)
        response = pb.ParkMessageResponse()
        put_parked(response.message, parked)
        return response

    async def ListParkedMessages(
        self, request: pb.ListParkedMessagesRequest, context: Context
    ) -> pb.ListParkedMessagesResponse:
        key = self._key(request)
        pages = Pages(request)
        place = pages.start(ParkedPlace)
        page, has_more = await self._parking.parked(
            key, place.after if place else 0, pages.limit, PAGE_BYTES_MAX
        )
        response = pb.ListParkedMessagesResponse()
        for parked in page:
            put_parked(response.messages.add(), parked)
        if has_more:
            response.next_page_token = pages.token(ParkedPlace(page[-1].parked_id))
        return response

    async def ReplayParkedMessages(
        self, request: pb.ReplayParkedMessagesRequest, context: Context
    ) -> pb.ReplayParkedMessagesResponse:
        key = self._key(request)
        replayed = await self._parking.replay(key, _ids(request.ids, 0))
        return pb.ReplayParkedMessagesResponse(messages=replayed)

    async def DropParkedMessages(
        self, request: pb.DropParkedMessagesRequest, context: Context
    ) -> pb.DropParkedMessagesResponse:
        key = self._key(request)
        dropped = await self._parking.drop(key, _ids(request.ids, 1))
        return pb.DropParkedMessagesResponse(messages=dropped)

    def _key(self, request: Any) -> Key:
        """The subscription that a request is about. PermissionDenied if the caller may not follow
        all that it follows."""
        key = _key(request)
        self._confirm(key)
        return key

    def _confirm(self, key: Key) -> None:
        """Hold the current call against the rules together with what a subscription follows; one
        without a name is all of them, and one that does not exist follows nothing."""
        call = CURRENT.get()
        visit = call.visit
        if visit is None:
            return
        found, what = ALL_STOCK, "every subscription"
        if key[1]:
            try:
                stored = self._subscriptions.get(key).stored
            except UnknownSubscription:
                return
            asked = feed_pb2.EventFilter.FromString(stored.filter)
            found = named_by_feed(stored.tenant, asked, stored.mode)
            what = f"subscription {stored.name}"
        visit.confirm(call.method, visit.asked, found, what)


def _ids(ids: Sequence[int], least: int) -> Sequence[int]:
    check_count(len(ids), least, PARKED_IDS_MAX, "ids", "ids")
    return ids


def _key(request: Any) -> Key:
    """The subscription that a request is about."""
    check_text(request.tenant, "tenant")
    check_required(request.name, "name")
    return request.tenant, request.name


def _asked(opening: pb.OpenSubscription) -> tuple[Asked, Resumed | None]:
    """What a consumer wants to follow. InvalidField if it cannot be followed."""
    key = _key(opening)
    mode = checked_mode(opening.mode)
    feed_filter = checked_filter(opening.tenant, opening.filter, mode)
    kept = encoded_filter(opening.filter)

    def differs(other_filter: bytes, other_mode: int) -> str:
        return differing(kept, other_filter) or ("mode" if mode != other_mode else "")

    resumed = None
    if opening.HasField("resume"):
        resumed = Resumed(opening.resume.consumer, opening.resume.received_cursor)
    return Asked(key, feed_filter, kept, mode, checked_start(opening), differs), resumed


def add_subscription_service(
    subscriptions: Subscriptions, lag: Lag, shards: Shards, methods: Methods
) -> None:
    """Serve SubscriptionService. The generated registration would encode each response of a
    subscription once more."""
    service = SubscriptionService(subscriptions, lag, shards)
    handlers: dict[str, Any] = {
        "Subscribe": grpc.stream_stream_rpc_method_handler(
            service.Subscribe,
            request_deserializer=pb.SubscribeRequest.FromString,
        )
    }
    for method in pb.DESCRIPTOR.services_by_name["SubscriptionService"].methods:
        if method.name in handlers:
            continue
        handlers[method.name] = grpc.unary_unary_rpc_method_handler(
            getattr(service, method.name),
            request_deserializer=getattr(pb, method.input_type.name).FromString,
            response_serializer=getattr(pb, method.output_type.name).SerializeToString,
        )
    methods.add_registered_method_handlers(SERVICE, handlers)
