"""What is tried again, with one effect; what is not; and what is said when the time is over."""

import asyncio

import grpc
import pytest
from holdfast import Client, HoldfastError, _coalesce, _retry
from holdfast.errors import (
    AttemptDecided,
    Code,
    DeadlineExpired,
    Internal,
    InvalidField,
    Overloaded,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
)
from holdfast.v1 import errors_pb2, inventory_pb2

from tests.client.scripted_server import (
    ANSWER,
    BREAK_AFTER,
    BREAK_BEFORE,
    END,
    SILENT,
    ScriptedServer,
    Step,
    failure,
)

AWAY = failure("SHARD_UNAVAILABLE", grpc.StatusCode.UNAVAILABLE, shard="0")
BUSY = failure("OVERLOADED", grpc.StatusCode.RESOURCE_EXHAUSTED, shard="0")
TOO_FAST = failure("RATE_LIMITED", grpc.StatusCode.RESOURCE_EXHAUSTED, principal="checkout")
TOO_FAST.retry_after.FromMilliseconds(20)
UNKNOWN_CALLER = failure("UNAUTHENTICATED", grpc.StatusCode.UNAUTHENTICATED, cause="expired")
DENIED = failure("PERMISSION_DENIED", grpc.StatusCode.PERMISSION_DENIED, principal="checkout")
GIVEN_UP = failure("ATTEMPT_DECIDED", grpc.StatusCode.ABORTED, attempt_id="a-1")
LATE = failure("DEADLINE_EXPIRED", grpc.StatusCode.DEADLINE_EXCEEDED, shard="0")
WRONG = failure("INVALID_FIELD", grpc.StatusCode.INVALID_ARGUMENT, field="lines")
AWAY_FOR_LONG = failure("SHARD_UNAVAILABLE", grpc.StatusCode.UNAVAILABLE, shard="0")
AWAY_FOR_LONG.retry_after.seconds = 3_600
BUSY_FOR_LONG = failure("OVERLOADED", grpc.StatusCode.RESOURCE_EXHAUSTED, shard="0")
BUSY_FOR_LONG.retry_after.seconds = 3_600
EITHER_WAY = pytest.mark.parametrize("coalesce", [True, False], ids=["Execute", "unary"])


@EITHER_WAY
@pytest.mark.parametrize(
    ("steps", "replayed"),
    [
        ([ANSWER], False),
        ([BREAK_BEFORE], False),
        ([BREAK_AFTER], True),
        ([BREAK_BEFORE, BREAK_AFTER, BREAK_BEFORE], True),
        ([AWAY], False),
        ([AWAY, BREAK_AFTER, BUSY], True),
        ([BUSY, BUSY, BUSY, BUSY], False),
        ([GIVEN_UP, GIVEN_UP], False),
        ([GIVEN_UP, BREAK_AFTER], True),
        ([TOO_FAST, TOO_FAST], False),
    ],
    ids=str,
)
async def test_a_write_that_is_tried_again_has_one_effect(
    server: ScriptedServer, steps: list[Step], replayed: bool, coalesce: bool
) -> None:
    server.steps = list(steps)
    async with Client(server.address, coalesce=coalesce) as client:
        answer = await client.receive("TEA", "LONDON", 1, request_id="id")
    assert dict(server.effects) == {"id": 1}
    assert answer.replayed is replayed
    assert server.steps == []


async def test_a_stream_that_ends_without_an_error_is_opened_again(
    client: Client, server: ScriptedServer
) -> None:
    server.steps = [END, END]
    await client.receive("TEA", "LONDON", 1, request_id="id")
    assert (server.streams, dict(server.effects)) == (3, {"id": 1})


@pytest.mark.parametrize("step", [BREAK_BEFORE, BREAK_AFTER, END])
async def test_all_writes_of_a_broken_stream_are_retried_in_their_order(
    client: Client, server: ScriptedServer, step: str
) -> None:
    server.gate.clear()
    tasks = []
    for number in range(20):
        tasks.append(asyncio.create_task(client.receive(f"SKU-{number}", "L", 1)))
        if number in (0, 9):
            await server.until_batches(1)
    server.steps = [step]
    server.gate.set()
    await asyncio.gather(*tasks)
    assert sorted(server.effects.values()) == [1] * 20
    order = [command.receive.key.sku for batch in server.batches[1:] for command in batch]
    first_seen = list(dict.fromkeys(order))
    assert [sku for sku in first_seen if sku != "SKU-0"] == [f"SKU-{n}" for n in range(1, 20)]


async def test_only_refused_commands_of_a_batch_are_tried_again(
    client: Client, server: ScriptedServer
) -> None:
    server.splits_answers = False
    server.refusals = {"id-3": [BUSY, AWAY], "id-5": [BUSY]}
    await asyncio.gather(
        *(client.receive("TEA", "LONDON", 1, request_id=f"id-{number}") for number in range(10))
    )
    assert dict(server.effects) == {f"id-{number}": 1 for number in range(10)}
    sent = [[command.receive.context.request_id for command in batch] for batch in server.batches]
    assert sent[1:] == [["id-3", "id-5"], ["id-3"]]


@EITHER_WAY
async def test_reads_and_writes_are_not_tried_again_when_the_server_decided(
    server: ScriptedServer, coalesce: bool
) -> None:
    server.refusals = {"id": [WRONG, WRONG]}
    async with Client(server.address, coalesce=coalesce) as client:
        with pytest.raises(InvalidField) as raised:
            await client.receive("TEA", "LONDON", 1, request_id="id")
        assert not raised.value.outcome_unknown
        assert server.refusals == {"id": [WRONG]}
        server.steps = [WRONG]
        with pytest.raises(InvalidField):
            await client.stock("TEA", "LONDON")


@EITHER_WAY
@pytest.mark.parametrize("refusal", [UNKNOWN_CALLER, DENIED], ids=["unknown", "denied"])
async def test_who_is_turned_away_is_not_tried_again_and_knows_what_is_unknown(
    server: ScriptedServer, refusal: errors_pb2.Failure, coalesce: bool
) -> None:
    async with Client(server.address, coalesce=coalesce) as client:
        server.steps = [refusal]
        with pytest.raises((Unauthenticated, PermissionDenied)) as raised:
            await client.receive("TEA", "LONDON", 1, request_id="first")
        assert not raised.value.outcome_unknown
        server.steps = [BREAK_AFTER, refusal]
        with pytest.raises((Unauthenticated, PermissionDenied)) as raised:
            await client.receive("TEA", "LONDON", 1, request_id="second")
        assert raised.value.outcome_unknown
    assert server.steps == []
    assert dict(server.effects) == {"second": 1}


async def test_a_stream_that_is_refused_as_a_whole_fails_its_writes(
    client: Client, server: ScriptedServer
) -> None:
    server.steps = [WRONG]
    writes = [client.receive("TEA", "LONDON", 1, request_id=f"id-{n}") for n in range(3)]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [InvalidField] * 3
    # Each caller has an error of its own.
    assert {getattr(each, "request_id", "") for each in outcomes} == {"id-0", "id-1", "id-2"}
    await client.receive("TEA", "LONDON", 1)


async def test_a_read_is_tried_again(client: Client, server: ScriptedServer) -> None:
    server.steps = [BREAK_BEFORE, AWAY, BUSY]
    assert (await client.stock("TEA", "LONDON")).sku == "TEA"


@EITHER_WAY
@pytest.mark.parametrize(
    ("steps", "kind", "outcome_unknown"),
    [
        # Never answered: it may have happened.
        ([SILENT], DeadlineExpired, True),
        # Tried until the end.
        ([BREAK_BEFORE] * 10_000, Unavailable, True),
        ([AWAY] * 10_000, Unavailable, True),
        # The next try would be too late.
        ([AWAY_FOR_LONG], Unavailable, True),
        # A full queue takes no effect, so that the last answer is the whole truth...
        ([BUSY_FOR_LONG], Overloaded, False),
        # ... unless an earlier try was cut off.
        ([BREAK_AFTER, BUSY_FOR_LONG, BUSY_FOR_LONG], Overloaded, True),
    ],
    ids=["silent", "broken", "away", "away for long", "busy for long", "broken then busy"],
)
async def test_when_the_time_is_over_the_error_says_what_is_known(
    server: ScriptedServer,
    steps: list[Step],
    kind: type[HoldfastError],
    outcome_unknown: bool,
    coalesce: bool,
) -> None:
    server.steps = list(steps)
    if coalesce:
        # In a batch each command has its own answer.
        busy = [step for step in steps if isinstance(step, errors_pb2.Failure)]
        server.steps = [step for step in steps if isinstance(step, str)]
        server.refusals = {"id": busy}
    async with Client(server.address, coalesce=coalesce, timeout_s=0.3) as client:
        with pytest.raises(kind) as raised:
            await client.receive("TEA", "LONDON", 1, request_id="id")
    error = raised.value
    assert (error.request_id, error.outcome_unknown) == ("id", outcome_unknown)
    assert ("a retry with the same request id is safe: id" in str(error)) is outcome_unknown


@EITHER_WAY
async def test_a_basket_that_was_given_up_to_the_end_is_not_there(
    server: ScriptedServer, coalesce: bool
) -> None:
    """Unless the time ended a try that was under way: of that one nothing is known."""
    if coalesce:
        server.refusals = {"id": [GIVEN_UP] * 10_000}
    else:
        server.steps = [GIVEN_UP] * 10_000
    async with Client(server.address, coalesce=coalesce, timeout_s=0.3) as client:
        with pytest.raises(AttemptDecided) as raised:
            await client.receive("TEA", "LONDON", 1, request_id="id")
    assert raised.value.request_id == "id"
    for was_cut_off in (False, True):
        given_up = AttemptDecided(reason="ATTEMPT_DECIDED", code=Code.ABORTED)
        assert _retry.conclude(given_up, "id", was_cut_off).outcome_unknown is was_cut_off


async def test_a_deadline_that_the_server_saw_pass_leaves_nothing_unknown(
    client: Client, server: ScriptedServer
) -> None:
    server.refusals = {"id": [LATE]}
    with pytest.raises(DeadlineExpired) as raised:
        await client.receive("TEA", "LONDON", 1, request_id="id", timeout_s=5)
    assert not raised.value.outcome_unknown
    timeout = server.batches[0][0].timeout
    assert 0 < timeout.ToMilliseconds() < 5_000


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with ScriptedServer() as gone:
        address = gone.address
    async with Client(address, timeout_s=0.5) as client:
        with pytest.raises(Unavailable):
            await client.receive("TEA", "LONDON", 1)
        with pytest.raises(Unavailable):
            await client.stock("TEA", "LONDON")


async def test_a_short_timeout_passes_while_longer_ones_wait(
    client: Client, server: ScriptedServer
) -> None:
    server.gate.clear()
    patient = asyncio.create_task(client.receive("TEA", "LONDON", 1, timeout_s=60))
    await server.until_batches(1)
    with pytest.raises(DeadlineExpired):
        await client.receive("CUP", "LONDON", 1, timeout_s=0.02)
    server.gate.set()
    assert (await patient).sku == "TEA"


async def test_a_stream_that_has_gone_silent_is_replaced(
    client: Client, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_coalesce, "SILENCE_S_MAX", 0.05)
    monkeypatch.setattr(_coalesce, "BATCHES_IN_FLIGHT_MAX", 1)
    server.steps = [SILENT]
    with pytest.raises(DeadlineExpired):
        await client.receive("TEA", "LONDON", 1, timeout_s=0.01)
    assert (await client.receive("CUP", "LONDON", 1)).sku == "CUP"
    assert server.streams == 2


@pytest.mark.parametrize(
    ("index", "message"), [(0, "left the command out"), (1, "Reading an answer failed")]
)
async def test_nonsense_from_the_server_is_an_error(
    client: Client,
    server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    index: int,
    message: str,
) -> None:
    # Without a result, and twice for the same command or for one that was never sent.
    outcome = inventory_pb2.Outcome(index=2 * index)
    monkeypatch.setattr(server, "decide", lambda *_: outcome)
    writes = [client.receive("TEA", "LONDON", 1) for _ in range(2)]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(each) for each in outcomes] == [Internal, Internal]
    assert message in str(outcomes[1])
    assert isinstance(outcomes[1], HoldfastError)
    assert outcomes[1].outcome_unknown


@pytest.mark.parametrize(
    ("attempt", "remaining_s", "least_s", "most_s"),
    [(0, 10, 0.01, 0.02), (3, 10, 0.08, 0.16), (9, 10, 0.5, 1.0), (500, 10, 0.5, 1.0)],
)
def test_backoff_doubles_up_to_a_second(
    monkeypatch: pytest.MonkeyPatch, attempt: int, remaining_s: float, least_s: float, most_s: float
) -> None:
    monkeypatch.undo()
    error = Unavailable(code=Code.UNAVAILABLE)
    delays = [_retry.retry_delay_s(error, attempt, remaining_s) for _ in range(200)]
    assert all(delay is not None and least_s <= delay <= most_s for delay in delays)
    assert len(set(delays)) > 100


@pytest.mark.parametrize(
    ("retry_after_s", "remaining_s", "is_tried"),
    [(1.0, 2.0, True), (1.0, 0.9, False), (0.0, 0.1, True), (0.0, 0.004, False)],
)
def test_the_server_s_delay_is_kept_or_the_call_given_up(
    retry_after_s: float, remaining_s: float, is_tried: bool
) -> None:
    error = Overloaded(reason="OVERLOADED", retry_after_s=retry_after_s)
    delay_s = _retry.retry_delay_s(error, 0, remaining_s)
    assert (delay_s is not None) is is_tried
    if delay_s is not None:
        assert retry_after_s <= delay_s < remaining_s
