"""One call of Subscribe: the feed and what goes beside it down, acknowledgements up."""

import asyncio
from typing import Any

import grpc.aio
from holdfast.v1 import subscriptions_pb2 as pb

from engine.feed.consumer import Consumer
from engine.feed.cursor import MalformedCursor
from engine.feed.parking import Parking
from engine.feed.steps import Step
from engine.feed.subscription_problems import NotSent
from engine.rpc.checks import CURSOR_LIMIT, InvalidField, check_count, check_parsed
from engine.rpc.convert_feed import encoded
from engine.rpc.convert_subscriptions import feed_response, put_parked, put_warning, to_park
from engine.rpc.sending import send

PARKED_IDS_MAX = 1_000
"""Ids of parked messages in one request."""
REPLAYED_AT_ONCE = 16
"""Parked messages that are read from the store at a time, to be given again."""
ANSWERS_MAX = 16
"""Answers to Park that may wait to be sent; no more is read from the client before they are."""

END_OF_STREAM: Any = grpc.aio.EOF  # type: ignore[attr-defined]
SENT_LIMIT = f"{CURSOR_LIMIT} and has sent to this consumer"


class SubscribeStream:
    """What a consumer is sent and what it says, from when its subscription is open. A client that
    does not read holds up its own stream, and nothing else, until it is let go."""

    def __init__(self, parking: Parking, consumer: Consumer, context: Any, stall_s: float) -> None:
        self._parking = parking
        self._consumer = consumer
        self._context = context
        self._stall_s = stall_s
        self._answers: asyncio.Queue[pb.SubscribeResponse] = asyncio.Queue(ANSWERS_MAX)

    async def run(self) -> None:
        """Serve until the client has said its last, or goes. Raises why the consumer has to end, or
        what is wrong with what the client says."""
        listening = asyncio.ensure_future(self._listen())
        step: asyncio.Future[Step] | None = None
        feed = self._consumer.feed
        try:
            await self._send(self._opened())
            while True:
                self._consumer.check()
                await self._tell()
                if listening.done():
                    listening.result()
                    await self._tell()
                    return
                if step is None:
                    step = asyncio.ensure_future(anext(feed))
                await asyncio.wait(
                    (step, listening, self._consumer.news), return_when=asyncio.FIRST_COMPLETED
                )
                self._consumer.check()
                if step.done():
                    told, step = step.result(), None
                    self._consumer.note_sent(told.cursor)
                    await send(self._context, feed_response(encoded(told)), self._stall_s)
        except grpc.aio.InternalError:
            # The client went away in the middle of a message; there is nobody to tell.
            return
        finally:
            for each in (listening, step):
                if each is not None:
                    each.cancel()
                    each.add_done_callback(_ignore)

    def _opened(self) -> pb.SubscribeResponse:
        consumer = self._consumer
        subscription = consumer.subscription
        opened = pb.Opened(
            cursor=subscription.cursor, created=consumer.created, consumer=consumer.number
        )
        for mark, value in subscription.stored.marks.items():
            opened.marks[mark] = value
        return pb.SubscribeResponse(opened=opened)

    async def _tell(self) -> None:
        """Send what goes beside the feed."""
        consumer = self._consumer
        consumer.rest()
        while not self._answers.empty():
            await self._send(self._answers.get_nowait())
        warned = consumer.take_warning()
        if warned is not None:
            response = pb.SubscribeResponse()
            put_warning(response.retention_warning, warned)
            await self._send(response)
        for parked in await self._parking.give(consumer, REPLAYED_AT_ONCE):
            response = pb.SubscribeResponse()
            put_parked(response.replayed, parked)
            await self._send(response)

    async def _send(self, response: pb.SubscribeResponse) -> None:
        await send(self._context, response.SerializeToString(), self._stall_s)

    async def _listen(self) -> None:
        """Take what the client says, until it has said its last."""
        while (request := await self._context.read()) is not END_OF_STREAM:
            check_parsed(request)
            said = request.WhichOneof("request")
            if said == "acknowledge":
                await self._acknowledge(request.acknowledge)
            elif said == "park":
                await self._park(request.park.message)
            else:
                raise InvalidField("request", said or "", "one of acknowledge, park")

    async def _acknowledge(self, said: pb.Acknowledge) -> None:
        if said.cursor:
            acknowledge(self._consumer, said.cursor)
        if said.parked_ids:
            check_count(len(said.parked_ids), 0, PARKED_IDS_MAX, "acknowledge.parked_ids", "ids")
            await self._parking.drop(self._consumer.subscription.key, said.parked_ids)

    async def _park(self, message: pb.ParkedMessage) -> None:
        asked = to_park(message, "park.message", self._parking.now_ms())
        key = self._consumer.subscription.key
        parked = await self._parking.park(key, asked, message.id)
        response = pb.SubscribeResponse()
        put_parked(response.parked, parked)
        await self._answers.put(response)
        self._consumer.wake()


def acknowledge(consumer: Consumer, cursor: str) -> None:
    """Note that a consumer has done everything up to a cursor. InvalidField if it cannot have."""
    try:
        consumer.acknowledge(cursor)
    except MalformedCursor as malformed:
        raise InvalidField("acknowledge.cursor", cursor, CURSOR_LIMIT) from malformed
    except NotSent as ahead:
        raise InvalidField("acknowledge.cursor", cursor, SENT_LIMIT) from ahead


def _ignore(task: asyncio.Future[Any]) -> None:
    """Nobody waits for it any more."""
    if not task.cancelled():
        task.exception()
