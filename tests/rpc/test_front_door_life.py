"""The front door over time: streams whose caller may go on no longer, rates, what stays open to
everybody, and that secrets are nowhere."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from holdfast.v1 import errors_pb2, feed_pb2, operations_pb2
from holdfast.v1 import inventory_pb2 as pb

from engine.access.keys import make_key
from tests.access.house import PRINCIPALS, signed
from tests.rpc.front_door import TEA, Door, bearer, front_door
from tests.rpc.serving import Refused, refused

LIMITED = """
[[principals]]
name = "slow"
subjects = ["slow"]
commands_per_s = 10
calls_at_once = 3
[[principals.rules]]
commands = ["*"]
"""
WITHOUT_CHECKOUT = PRINCIPALS.replace('subjects = ["checkout"]', 'subjects = ["someone else"]')
RATE_LIMITED = errors_pb2.ERROR_REASON_RATE_LIMITED


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with front_door(tmp_path, PRINCIPALS + LIMITED) as opened:
        yield opened


def watch(door: Door, metadata: Any) -> Any:
    """An open Watch of what the checkout may see."""
    asked = feed_pb2.EventFilter(skus=["TEA"], locations=["LONDON"])
    return door.node.feed.Watch(feed_pb2.WatchRequest(filter=asked), metadata=metadata)


FOLLOW = """
[[principals.rules]]
commands = ["Watch", "Subscribe"]
skus = ["TEA"]
locations = ["LONDON"]
"""
FOLLOWING = PRINCIPALS.replace(
    '[[principals]]\nname = "nobody"', f'{FOLLOW}\n[[principals]]\nname = "nobody"'
)


async def allow_following(door: Door, principals: str = FOLLOWING) -> None:
    door.house.write(principals)
    door.gate.look()


async def opened_watch(door: Door, subject: str = "checkout", **changes: Any) -> Any:
    """A Watch that has told something."""
    stream = watch(door, door.metadata(subject, **changes))
    response = await stream.read()
    assert isinstance(response, feed_pb2.WatchResponse), await refused(stream)
    return stream


async def opened_subscription(door: Door, subject: str = "checkout") -> Any:
    stream = door.node.service.Subscribe(metadata=door.metadata(subject))
    asked = feed_pb2.EventFilter(skus=["TEA"], locations=["LONDON"])
    consumer = door.node.consumer()
    consumer.stream.cancel()
    consumer.stream = stream
    await consumer.open(name="tea", filter=asked)
    return stream


async def end_of(stream: Any) -> Refused:
    """Why a stream ends, after what it has yet to tell."""
    try:
        async with asyncio.timeout(20):
            while await stream.read() is not grpc.aio.EOF:  # type: ignore[attr-defined]
                pass
            await stream
    except grpc.aio.AioRpcError as error:
        return Refused(error)
    raise AssertionError("the stream has ended well")


@pytest.mark.parametrize("opened", [opened_watch, opened_subscription])
async def test_a_stream_ends_when_its_token_expires(door: Door, opened: Any) -> None:
    await allow_following(door)
    stream = await opened(door)
    door.house.clock.now_s += 3_599
    door.gate.look()
    receive = pb.ReceiveRequest(context=door.context(), key=TEA, quantity=1)
    await door.as_root("Receive", receive)
    assert await stream.read() is not grpc.aio.EOF  # type: ignore[attr-defined]
    door.house.clock.now_s += 1
    door.gate.look()
    ended = await end_of(stream)
    assert (ended.reason, ended.metadata["cause"]) == ("UNAUTHENTICATED", "the token has expired")


@pytest.mark.parametrize("opened", [opened_watch, opened_subscription])
@pytest.mark.parametrize(
    ("principals", "reason"),
    [
        (PRINCIPALS, "PERMISSION_DENIED"),
        (FOLLOWING.replace('skus = ["TEA"]', 'skus = ["POT"]'), "PERMISSION_DENIED"),
        (WITHOUT_CHECKOUT, "UNAUTHENTICATED"),
        ("", "UNAUTHENTICATED"),
    ],
)
async def test_a_stream_ends_when_it_is_covered_no_longer(
    door: Door, opened: Any, principals: str, reason: str
) -> None:
    await allow_following(door)
    stream = await opened(door)
    other = await opened_watch(door, "root")
    await allow_following(door, FOLLOWING + LIMITED)
    await allow_following(door, principals or "# Nobody.")
    assert (await end_of(stream)).reason == reason
    if principals:
        # Whoever is covered goes on.
        receive = pb.ReceiveRequest(context=door.context(), key=TEA, quantity=1)
        await door.as_root("Receive", receive)
        assert await other.read() is not grpc.aio.EOF  # type: ignore[attr-defined]
    other.cancel()


async def test_a_key_that_is_taken_away_ends_the_streams_of_its_tokens(door: Door) -> None:
    stream = await opened_watch(door, "root")
    door.house.write_keys(make_key())
    door.gate.look()
    assert (await end_of(stream)).reason == "UNAUTHENTICATED"


def sale(door: Door) -> pb.Command:
    return pb.Command(sell=pb.SellRequest(context=door.context(), key=TEA, quantity=1))


async def test_execute_answers_what_it_took_and_ends_when_the_token_expires(door: Door) -> None:
    stream = door.node.stub.Execute(metadata=door.metadata("root"))
    await stream.write(pb.ExecuteRequest(batch_id=1, commands=[sale(door)]))
    assert (await stream.read()).outcomes[0].HasField("sell")
    shards: Any = door.node.shards
    shards.close_gate()
    submitted = shards.submitted
    await stream.write(pb.ExecuteRequest(batch_id=2, commands=[sale(door), sale(door)]))
    await shards.until_submitted(submitted + 2)
    door.house.clock.now_s += 3_600
    door.gate.look()
    shards.open_gate()
    response = await stream.read()
    assert [outcome.HasField("sell") for outcome in response.outcomes] == [True, True]
    assert (await end_of(stream)).reason == "UNAUTHENTICATED"


async def test_commands_that_come_after_the_end_are_not_run_even_before_the_next_look(
    door: Door,
) -> None:
    stream = door.node.stub.Execute(metadata=door.metadata("root"))
    await stream.write(pb.ExecuteRequest(batch_id=1, commands=[sale(door)]))
    await stream.read()
    events = door.node.shards.events()
    door.house.clock.now_s += 3_600
    await stream.write(pb.ExecuteRequest(batch_id=2, commands=[sale(door)]))
    assert (await end_of(stream)).reason == "UNAUTHENTICATED"
    assert door.node.shards.events() == events


async def test_commands_of_an_open_execute_are_judged_by_what_is_in_force(door: Door) -> None:
    stream = door.node.stub.Execute(metadata=door.metadata("checkout"))

    async def reason() -> int:
        line = pb.BasketLine(line_id="1", sku="TEA", location="LONDON", quantity=1)
        reserve = pb.ReserveRequest(context=door.context(), lines=[line])
        await stream.write(pb.ExecuteRequest(batch_id=1, commands=[pb.Command(reserve=reserve)]))
        return int((await stream.read()).outcomes[0].failure.reason)

    assert await reason() == 0
    await allow_following(door, PRINCIPALS.replace('"@promise", "@read"', '"@read"'))
    assert await reason() == errors_pb2.ERROR_REASON_PERMISSION_DENIED
    await allow_following(door, PRINCIPALS)
    assert await reason() == 0
    await allow_following(door, WITHOUT_CHECKOUT)
    assert (await end_of(stream)).reason == "UNAUTHENTICATED"


async def test_nobody_asks_faster_than_they_may(door: Door) -> None:
    metadata = door.metadata("slow")
    answers = [
        await door.call("GetNode", operations_pb2.GetNodeRequest(), metadata) for _ in range(12)
    ]
    limited = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(limited) == 2
    assert limited[0].code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert limited[0].metadata == {"principal": "slow", "limit": "commands_per_s", "value": "10"}
    assert [each.retry.retry_delay.ToMilliseconds() for each in limited] == [100, 200]
    # Others are not held up by it.
    await door.as_root("GetNode", operations_pb2.GetNodeRequest())
    door.house.clock.now_s += 0.15
    answer = await door.call("GetNode", operations_pb2.GetNodeRequest(), metadata)
    assert not isinstance(answer, Refused)


async def test_commands_of_a_batch_are_counted_one_by_one(door: Door) -> None:
    stream = door.node.stub.Execute(metadata=door.metadata("slow"))
    events = door.node.shards.events()
    await stream.write(pb.ExecuteRequest(batch_id=1, commands=[sale(door) for _ in range(5)]))
    outcomes = (await stream.read()).outcomes
    # The stream is one of three at once, so two commands may be in flight.
    assert [outcome.failure.reason for outcome in outcomes] == [0, 0, *[RATE_LIMITED] * 3]
    assert outcomes[2].failure.metadata["limit"] == "calls_at_once"
    assert outcomes[2].failure.retry_after.ToMilliseconds() > 0
    assert door.node.shards.events() == events + 2
    # Once they are answered, as many may be again.
    for _ in range(2):
        await stream.write(pb.ExecuteRequest(batch_id=2, commands=[sale(door), sale(door)]))
        outcomes = (await stream.read()).outcomes
        assert [outcome.failure.reason for outcome in outcomes] == [0, 0]
    stream.cancel()


async def test_open_streams_are_counted_and_free_their_places(door: Door) -> None:
    streams = [await opened_watch(door, "slow") for _ in range(3)]
    answer = await door.call("GetNode", operations_pb2.GetNodeRequest(), door.metadata("slow"))
    assert isinstance(answer, Refused)
    assert answer.metadata["limit"] == "calls_at_once"
    finished = len(door.node.calls.finished)
    for stream in streams:
        stream.cancel()
    await door.node.until_called(finished + 3)
    answer = await door.call("GetNode", operations_pb2.GetNodeRequest(), door.metadata("slow"))
    assert not isinstance(answer, Refused)
    assert door.gate.limiter("slow").at_once == 0


async def test_health_is_open_to_everybody_and_reflection_to_every_principal(door: Door) -> None:
    channel = door.node.channel
    health = health_pb2_grpc.HealthStub(channel)
    answer = await health.Check(health_pb2.HealthCheckRequest())
    assert answer.status in health_pb2.HealthCheckResponse.ServingStatus.values()
    reflection = reflection_pb2_grpc.ServerReflectionStub(channel)

    async def services(metadata: Any) -> Any:
        stream = reflection.ServerReflectionInfo(metadata=metadata)
        await stream.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        await stream.done_writing()
        return [response async for response in stream]

    assert (await refused(services(()))).reason == "UNAUTHENTICATED"
    [listed] = await services(door.metadata("nobody"))
    assert len(listed.list_services_response.service) > 5


async def test_a_request_is_not_looked_at_before_it_is_known_whose_it_is(door: Door) -> None:
    path = "/holdfast.v1.InventoryService/GetStock"
    call = door.node.channel.unary_unary(path)
    assert (await refused(call(b"\xff"))).reason == "UNAUTHENTICATED"
    answer = await refused(call(b"\xff", metadata=door.metadata("root")))
    assert answer.reason == "INVALID_FIELD"


async def test_secrets_are_in_no_message_and_no_log(
    door: Door, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    house = door.house
    tokens = [
        house.token("root"),
        house.token("nobody"),
        house.token("stranger"),
        house.token("root", exp=house.clock.now_s - 1),
        house.token("root", aud="other"),
        house.token("root", exp="SECRETEXP", aud="SECRETAUD"),
        signed(house.claims("root"), make_key()),
        signed(house.claims("root"), house.key, kid="SECRETKID"),
        house.token("root").rpartition(".")[0] + ".SECRETSIGNATURE",
        "SECRETTOKEN",
        "SECRETLONG" * 500,
    ]
    told = []
    with structlog.testing.capture_logs() as logs:
        for token in tokens:
            for metadata in (bearer(token), (("authorization", f"Basic {token}"),)):
                for request in (pb.GetStockRequest(), pb.GetStockRequest(key=TEA)):
                    answer = await door.call("GetStock", request, metadata)
                    if isinstance(answer, Refused):
                        told.append(f"{answer.message} {answer.metadata} {answer.info}")
                stream = watch(door, metadata)
                stream.cancel()
        house.write_keys(make_key())
        house.keys_file.write_text('{"keys": [{"kid": "1", "d": "SECRETKEY"}]}')
        door.gate.look()
    output = "".join(capfd.readouterr())
    everything = "\n".join([*told, str(logs), caplog.text, output, repr(house.shown())])
    parts = {part for token in tokens for part in token.split(".")}
    # The header of every good token is the same, and so is no secret; it must not be there either.
    assert [part for part in parts if len(part) > 8 and part in everything] == []
    assert "SECRET" not in everything
    assert len(told) >= 30
