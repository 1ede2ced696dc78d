"""Concurrent writes share batches, and nobody notices."""

import asyncio
import threading
from typing import Any

import grpc
import pytest
from holdfast import Client, HoldfastError, Line, SyncClient, _coalesce, commands
from holdfast.commands import Command
from holdfast.errors import InsufficientStock, Unavailable, UnknownStock
from holdfast.types import StockChanged

from tests.client.scripted_server import SILENT, ScriptedServer, failure


def sizes(server: ScriptedServer) -> list[int]:
    return [len(batch) for batch in server.batches]


def receive(number: int) -> Command[StockChanged]:
    return commands.receive(f"SKU-{number}", "LONDON", 1, request_id=f"id-{number}")


@pytest.mark.parametrize(
    ("writes", "expected"),
    [
        (2, [2]),
        (16, [16]),
        # More than a few travel in thirds, so that client, server and disk work side by side.
        (40, [16, 16, 8]),
        (100, [34, 34, 32]),
        (2_500, [834, 834, 832]),
        (5_000, [1_000] * 5),
    ],
)
async def test_writes_of_one_turn_share_batches_and_get_their_own_answers(
    client: Client, server: ScriptedServer, writes: int, expected: list[int]
) -> None:
    answers = await asyncio.gather(
        *(client.receive(f"SKU-{number}", "LONDON", 1) for number in range(writes))
    )
    assert [answer.sku for answer in answers] == [f"SKU-{number}" for number in range(writes)]
    assert sizes(server) == expected
    assert server.unary == []


async def test_commands_of_all_kinds_share_a_batch_by_id_or_by_reference(
    client: Client, server: ScriptedServer
) -> None:
    await asyncio.gather(
        client.amend(reservation_reference="cart-7", drop_lines=["1"]),
        client.commit(reservation_reference="cart-7"),
        client.confirm("r"),
        client.pick(reservation_reference="cart-7"),
        client.unpick("r"),
        client.return_units(reservation_reference="cart-7"),
        client.transfer_reservation("r", to_location="M"),
        client.expect("TEA", "L", 5, reference="PO-7"),
        client.take_back("TEA", "L", 1, reason="UNWANTED"),
        client.move("TEA", "L", 1, to_cause="damaged"),
        client.send_transfer("TEA", "L", "M", 1),
        client.receive_transfer("t", 1),
    )
    assert sizes(server) == [12]
    assert server.unary == []
    # What is configured for the whole node has a call of its own.
    await client.define_kit("SET", {"CUP": 6})
    assert (sizes(server), len(server.unary)) == ([12], 1)


async def test_callers_who_are_answered_together_write_together_again(
    client: Client, server: ScriptedServer
) -> None:
    server.splits_answers = False

    async def buyer(number: int) -> None:
        for _ in range(5):
            await client.receive(f"SKU-{number}", "LONDON", 1)

    await asyncio.gather(*(buyer(number) for number in range(16)))
    assert sizes(server) == [16] * 5


async def test_a_lone_write_is_sent_at_once(client: Client, server: ScriptedServer) -> None:
    for number in range(3):
        await client.receive(f"SKU-{number}", "LONDON", 1)
    assert sizes(server) == [1, 1, 1]
    assert server.streams == 1


async def test_four_batches_are_in_flight_and_the_rest_gathers(
    client: Client, server: ScriptedServer
) -> None:
    server.gate.clear()
    tasks = []
    for number in range(4):
        tasks.append(asyncio.create_task(client.receive(f"SKU-{number}", "LONDON", 1)))
        if number == 0:
            await server.until_batches(1)
        else:
            await until(lambda number=number: len(in_flight(client)) == number + 1)
    tasks += [asyncio.create_task(client.receive(f"SKU-{n}", "LONDON", 1)) for n in range(4, 50)]
    await until(lambda: len(waiting(client)) == 46)
    assert len(in_flight(client)) == _coalesce.BATCHES_IN_FLIGHT_MAX
    server.gate.set()
    await asyncio.gather(*tasks)
    assert sizes(server) == [1, 1, 1, 1, 17, 16, 13]


@pytest.mark.parametrize(
    ("limit", "value", "expected"),
    [
        ("BATCH_COMMANDS_MAX", 4, [4, 4, 2]),
        # Each basket has three lines.
        ("BATCH_LINES_MAX", 7, [2, 2, 2, 2, 2]),
        # A basket that is larger than a batch may be travels alone.
        ("BATCH_LINES_MAX", 1, [1] * 10),
    ],
)
async def test_batches_are_bounded(
    client: Client,
    server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    value: int,
    expected: list[int],
) -> None:
    monkeypatch.setattr(_coalesce, limit, value)
    basket = [Line("TEA", "LONDON", 1)] * 3
    await asyncio.gather(*(client.reserve(basket) for _ in range(10)))
    assert sizes(server) == expected


async def test_explicit_batches_keep_their_order_and_list_every_outcome(
    client: Client, server: ScriptedServer
) -> None:
    server.refusals["id-1"] = [failure("UNKNOWN_STOCK", grpc.StatusCode.NOT_FOUND, sku="SKU-1")]
    batch: list[Command[Any]] = [
        receive(0),
        receive(1),
        commands.reserve([("TEA", "LONDON", 1_000_000)]),
        receive(3),
    ]
    outcomes = await client.execute(batch)
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [StockChanged, UnknownStock, InsufficientStock, StockChanged]
    assert isinstance(outcomes[1], HoldfastError)
    assert outcomes[1].request_id == "id-1"
    assert sizes(server) == [4]
    assert await client.execute([]) == []


async def test_a_large_explicit_batch_is_split_and_put_together_again(
    client: Client, server: ScriptedServer
) -> None:
    outcomes = await client.execute([receive(number) for number in range(2_500)])
    assert [getattr(outcome, "sku", "") for outcome in outcomes] == [
        f"SKU-{number}" for number in range(2_500)
    ]
    assert sizes(server) == [834, 834, 832]


async def test_a_caller_who_leaves_does_not_disturb_the_others(
    client: Client, server: ScriptedServer
) -> None:
    server.gate.clear()
    tasks = [asyncio.create_task(client.receive(f"SKU-{n}", "LONDON", 1)) for n in range(10)]
    await server.until_batches(1)
    for task in tasks[::2]:
        task.cancel()
    server.gate.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(answer, asyncio.CancelledError) for answer in answers] == [True, False] * 5
    assert (await client.receive("TEA", "LONDON", 1)).sku == "TEA"
    assert server.streams == 1


async def test_a_write_whose_caller_left_before_it_was_sent_is_not_sent(
    client: Client, server: ScriptedServer
) -> None:
    tasks = [asyncio.create_task(client.receive(f"SKU-{n}", "LONDON", 1)) for n in range(3)]
    # The tasks run once and have queued their writes, but the batch leaves after this turn.
    asyncio.get_running_loop().call_soon(tasks[1].cancel)
    await asyncio.gather(*tasks, return_exceptions=True)
    sent = [command.receive.key.sku for batch in server.batches for command in batch]
    assert sent == ["SKU-0", "SKU-2"]


async def test_closing_tells_those_who_wait(server: ScriptedServer) -> None:
    server.gate.clear()
    client = Client(server.address)
    sent = asyncio.create_task(client.receive("TEA", "LONDON", 1, request_id="sent"))
    await server.until_batches(1)
    await client.close()
    for call in (sent, client.receive("TEA", "LONDON", 1, request_id="late")):
        with pytest.raises(HoldfastError, match="The client was closed") as raised:
            await call
        assert raised.value.outcome_unknown is (raised.value.request_id == "sent")
    with pytest.raises(HoldfastError, match="The client was closed"):
        await client.stock("TEA", "LONDON")


async def test_closing_tells_those_who_wait_without_coalescing(server: ScriptedServer) -> None:
    server.steps = [SILENT]
    client = Client(server.address, coalesce=False)
    call = asyncio.create_task(client.receive("TEA", "LONDON", 1, request_id="id"))
    await until(lambda: server.effects)
    await client.close()
    with pytest.raises(Unavailable, match="The client was closed") as raised:
        await call
    assert raised.value.outcome_unknown


async def test_threads_share_batches(server: ScriptedServer) -> None:
    server.gate.clear()
    answers: dict[int, str] = {}

    def run(client: SyncClient) -> None:
        def buyer(number: int) -> None:
            answers[number] = client.receive(f"SKU-{number}", "LONDON", 1).sku

        threads = [threading.Thread(target=buyer, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def in_threads() -> None:
        with SyncClient(server.address) as client:
            run(client)

    work = asyncio.create_task(asyncio.to_thread(in_threads))
    await server.until_batches(1)
    server.gate.set()
    await work
    assert answers == {number: f"SKU-{number}" for number in range(20)}
    assert sum(sizes(server)) == 20
    assert server.streams == 1


async def test_a_closed_sync_client_says_so(server: ScriptedServer) -> None:
    def late() -> None:
        client = SyncClient(server.address)
        client.close()
        client.close()
        client.receive("TEA", "LONDON", 1)

    with pytest.raises(HoldfastError, match="The client was closed"):
        await asyncio.to_thread(late)


def in_flight(client: Client) -> Any:
    return client._coalescer._in_flight if client._coalescer is not None else {}


def waiting(client: Client) -> Any:
    return client._coalescer._queue if client._coalescer is not None else ()


async def until(condition: Any) -> None:
    """Lets the event loop turn until the condition holds; a test's timeout ends it otherwise."""
    while not condition():
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(turn.set_result, None)
        await turn
