"""Webhooks against a receiver that verifies everything and fails at will."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from holdfast.adapters import ChannelGone, ChannelLocation, Listing
from holdfast.adapters.settings import Secret
from holdfast.adapters.webhooks import Webhooks, retry_after_s
from holdfast.adapters.worker import Worker
from standardwebhooks import Webhook

from tests.adapters.receiver import (
    BROKEN,
    LOST,
    REFUSED_CONNECTION,
    SILENT,
    Answer,
    Receiver,
    problem_of,
    receiving,
    throttled,
)
from tests.adapters.scripted import ManualClock, ScriptedSource, batch, update, worker_of

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OLDER_SECRET = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def receiver(clock: ManualClock) -> AsyncIterator[Receiver]:
    async with receiving(SECRET, clock.now) as receiver:
        yield receiver


def webhooks(
    receiver: Receiver, source: ScriptedSource, clock: ManualClock, timeout_s: float = 15.0
) -> Worker:
    adapter = Webhooks(url=receiver.url, secret=Secret(SECRET), timeout_s=timeout_s)
    return worker_of(adapter, source, clock)


async def test_a_message_is_signed_and_is_a_cloud_event(
    receiver: Receiver, clock: ManualClock
) -> None:
    listing = Listing("A", "LONDON", "shop-1", "item-9", "loc-3")
    told = update("A", 5, 7)._replace(locations=(ChannelLocation("LONDON", 5, False, listing),))
    source = ScriptedSource(batch("c1", told, update("Thé/№ 1", 0, 3)))
    await webhooks(receiver, source, clock).run()
    assert receiver.problems == []
    assert receiver.units == {"A": 5, "Thé/№ 1": 0}
    event = receiver.deliveries[0].event
    assert event["type"] == "holdfast.channel.availability.changed"
    assert event["source"] == "/holdfast/channels/shop"
    assert event["time"] == "2026-11-02T12:00:00Z"
    assert event["data"]["locations"][0]["listing"]["item"] == "item-9"
    assert source.acknowledged == ["c1"]


@pytest.mark.parametrize(
    ("answer", "deliveries", "duplicates"),
    [
        (BROKEN, 2, 0),
        (LOST, 2, 1),
        (SILENT, 2, 1),
        (REFUSED_CONNECTION, 2, 0),
        (Answer(404, takes=False), 2, 0),
        (Answer(302, {"Location": "/other"}, takes=False), 2, 0),
        (Answer(202), 1, 0),
    ],
)
async def test_a_failed_message_is_sent_again_under_the_same_id(
    receiver: Receiver, clock: ManualClock, answer: Answer, deliveries: int, duplicates: int
) -> None:
    receiver.answers.append(answer)
    source = ScriptedSource(batch("c1", update("A", 5, 7)))
    await webhooks(receiver, source, clock, 0.3 if answer.silent else 15.0).run()
    assert len(receiver.deliveries) == deliveries
    assert len({each.id for each in receiver.deliveries}) == 1
    assert receiver.duplicates == duplicates
    assert receiver.units == {"A": 5}
    assert receiver.problems == []


@pytest.mark.parametrize("status", [429, 503])
async def test_everything_waits_as_long_as_the_receiver_asks(
    receiver: Receiver, clock: ManualClock, status: int
) -> None:
    receiver.answers.append(throttled(status, "120"))
    source = ScriptedSource(batch("c1", *(update(f"S{n}", n, 1) for n in range(20))))
    await webhooks(receiver, source, clock).run()
    assert clock.waits == [120.0]
    assert len(receiver.deliveries) <= 20 + 8
    assert receiver.units == {f"S{n}": n for n in range(20)}


async def test_a_receiver_that_is_gone_stops_the_adapter(
    receiver: Receiver, clock: ManualClock
) -> None:
    receiver.by_sku["A"] = Answer(410, takes=False)
    source = ScriptedSource(batch("c1", update("A", 5, 7)), batch("c2", update("B", 1, 1)))
    worker = webhooks(receiver, source, clock)
    worker._adapter.batch_max = 1  # type: ignore[misc]
    with pytest.raises(ChannelGone, match="410"):
        await worker.run()
    assert [each.content.sku for each in source.parked.values()] == ["A"]
    assert source.acknowledged == ["c1"]
    assert "B" not in receiver.units


async def test_what_the_receiver_refuses_for_good_is_parked(
    receiver: Receiver, clock: ManualClock
) -> None:
    receiver.by_sku["A"] = Answer(422, takes=False)
    source = ScriptedSource(batch("c1", update("A", 5, 7), update("B", 1, 1)))
    await webhooks(receiver, source, clock).run()
    assert [each.reason for each in source.parked.values()] == ["The receiver answered 422"]
    assert receiver.units == {"B": 1}


async def test_one_that_always_fails_is_parked_when_others_pass(
    receiver: Receiver, clock: ManualClock
) -> None:
    receiver.by_sku["A"] = BROKEN
    source = ScriptedSource(batch("c1", update("A", 5, 7), update("B", 1, 1)))
    await webhooks(receiver, source, clock).run()
    [parked] = source.parked.values()
    assert parked.reason == "The receiver answered 500 (after 10 attempts)"
    assert receiver.units == {"B": 1}


async def test_nothing_is_parked_while_the_receiver_cannot_be_reached(clock: ManualClock) -> None:
    async with receiving(SECRET, clock.now) as gone:
        pass
    adapter = Webhooks(url=gone.url, secret=Secret(SECRET))
    source = ScriptedSource(batch("c1", update("A", 5, 7)))
    worker = worker_of(adapter, source, clock)
    wait = clock.wait

    async def wait_thirty_times(event: object, timeout_s: float | None) -> None:
        if len(clock.waits) == 30:
            worker.stop()
        await wait(event, timeout_s)  # type: ignore[arg-type]

    clock.wait = wait_thirty_times  # type: ignore[method-assign]
    await worker.run()
    assert source.parked == {}
    assert source.acknowledged == []
    assert max(clock.waits) == pytest.approx(60.0)


async def test_both_secrets_sign_while_one_is_replaced(clock: ManualClock) -> None:
    async with receiving(OLDER_SECRET, clock.now) as receiver:
        adapter = Webhooks(url=receiver.url, secret=Secret(f"{SECRET} {OLDER_SECRET}"))
        await worker_of(adapter, ScriptedSource(batch("c1", update("A", 5, 7))), clock).run()
        assert receiver.problems == []
        assert receiver.units == {"A": 5}


async def test_control_the_receiver_sees_a_wrong_signature(
    receiver: Receiver, clock: ManualClock
) -> None:
    adapter = Webhooks(url=receiver.url, secret=Secret(OLDER_SECRET))
    source = ScriptedSource(batch("c1", update("A", 5, 7)))
    await worker_of(adapter, source, clock).run()
    assert receiver.problems == ["no signature is right"]
    assert receiver.units == {}


def test_the_library_of_standard_webhooks_agrees_with_the_receiver() -> None:
    now = datetime.now(UTC)
    event = {"specversion": "1.0", "id": "msg_1", "source": "/s", "type": "t", "data": {}}
    body = json.dumps(event)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", now, body),
        "content-type": "application/cloudevents+json",
    }
    assert Webhook(SECRET).verify(body, headers) == event
    assert problem_of(headers, body.encode(), SECRET, now) == ""
    assert "time stamp" in problem_of(headers, body.encode(), SECRET, now + timedelta(minutes=6))
    assert "signature" in problem_of(headers, body.encode() + b" ", SECRET, now)
    del headers["webhook-id"]
    assert "missing" in problem_of(headers, body.encode(), SECRET, now)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("", None),
        ("soon", None),
        ("Mon, 02 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 02 Nov 2026 11:00:30 GMT", 0.0),
        ("999999999", 86_400.0),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    assert retry_after_s(header, datetime(2026, 11, 2, 12, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    ("url", "secret", "complaint"),
    [
        ("http://shop.example/x", SECRET, "https"),
        ("https://shop.example/x", "", "empty"),
        ("https://shop.example/x", "whsec_abc", "24 to 64"),
        ("https://shop.example/x", "whsec_" + base64.b64encode(bytes(8)).decode(), "24 to 64"),
    ],
)
def test_what_cannot_be_set(url: str, secret: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as refusal:
        Webhooks(url=url, secret=Secret(secret))
    assert secret not in str(refusal.value) or not secret


def test_a_secret_does_not_show() -> None:
    assert SECRET not in f"{Secret(SECRET)!r} {Secret(SECRET)}"
