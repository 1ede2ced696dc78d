"""Answers of Execute come in parts that every gRPC client accepts, whatever they are made of."""

from typing import Any

import pytest
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import stock_pb2

from engine.core import answers
from engine.core.limits import BALANCE_MAX, BASKET_LINES_MAX, QUANTITY_MAX
from engine.core.model import Key, Line, LineResult, Reservation, ShortCause, ShortLine
from engine.rpc.convert_answers import FILLERS, Place
from engine.rpc.execute import PART_BYTES_MAX
from engine.shard.messages import Accepted
from tests.rpc.serving import Node

DEFAULT_RECEIVE_BYTES_MAX = 4 * 1024 * 1024
"""What a gRPC client accepts unless it is told otherwise, as those of these tests are not."""

TENANT = "t" * 128
TEA = stock_pb2.StockKey(tenant=TENANT, sku="\U0001f375" * 32, location="l" * 128)


def line_id(number: int) -> str:
    """A line id as long as may be, in characters of four bytes as far as possible."""
    return f"{number:04}" + "\U0001f375" * 31


def basket(node: Node, quantity: int = 1, **fields: Any) -> pb.Command:
    """A basket of as many lines as may be, with ids as long as may be."""
    lines = [
        pb.BasketLine(line_id=line_id(n), sku=TEA.sku, location=TEA.location, quantity=quantity)
        for n in range(BASKET_LINES_MAX)
    ]
    request = pb.ReserveRequest(context=node.context(), tenant=TENANT, lines=lines, **fields)
    return pb.Command(reserve=request)


async def parts_of(node: Node, *commands: pb.Command) -> list[pb.ExecuteResponse]:
    """The answer to one batch, read by a client with default limits."""
    stream = node.stub.Execute()
    await stream.write(pb.ExecuteRequest(batch_id=3, commands=commands))
    await stream.done_writing()
    parts = [part async for part in stream]
    assert [part.batch_id for part in parts] == [3] * len(parts)
    assert [part.complete for part in parts] == [False] * (len(parts) - 1) + [True]
    indexes = [outcome.index for part in parts for outcome in part.outcomes]
    assert indexes == list(range(len(commands)))
    for part in parts:
        assert len(part.outcomes) == 1 or part.ByteSize() < PART_BYTES_MAX * 1.01
    return parts


async def test_a_part_counts_all_that_its_outcomes_hold(node: Node) -> None:
    """Lines held, lines short, lines freed by a Commit of one line, the reservations of replays,
    and the short lines of failures."""
    await node.receive(5 * BASKET_LINES_MAX - 1_000, TEA)
    baskets = [basket(node, fill=pb.FILL_BEST_EFFORT) for _ in range(5)]
    held = await parts_of(node, *baskets)
    assert len(held) > 2
    replayed = await parts_of(node, *baskets)
    assert len(replayed) == 5
    reserves = [outcome.reserve for part in replayed for outcome in part.outcomes]
    assert [len(reserve.current.lines) for reserve in reserves] == [2_000] * 4 + [1_000]
    assert [len(reserve.short_lines) for reserve in reserves] == [0] * 4 + [1_000]
    failed = await parts_of(node, *(basket(node) for _ in range(5)))
    assert len(failed) > 2
    assert len(failed[0].outcomes[0].failure.short_lines) == BASKET_LINES_MAX
    commits = [
        pb.Command(
            commit=pb.CommitRequest(
                context=node.context(),
                tenant=TENANT,
                reservation_id=reserve.reservation_id,
                lines=[pb.LineQuantity(line_id=line_id(0))],
            )
        )
        for reserve in reserves
    ]
    freed = [outcome.commit for part in await parts_of(node, *commits) for outcome in part.outcomes]
    assert [len(commit.freed_lines) for commit in freed] == [1_999] * 4 + [999]


async def test_small_outcomes_share_a_part(node: Node) -> None:
    await node.receive(4_096)
    (part,) = await parts_of(node, *(pb.Command(reserve=node.reservation()) for _ in range(1_000)))
    assert len(part.outcomes) == 1_000


KEY = Key(TENANT, TEA.sku, TEA.location)
NUMBERS = range(BASKET_LINES_MAX)
RESULTS = tuple(LineResult(line_id(n), KEY, QUANTITY_MAX) for n in NUMBERS)
SHORTS = tuple(
    ShortLine(line_id(n), KEY, ShortCause.CHANNEL, QUANTITY_MAX, QUANTITY_MAX - 1) for n in NUMBERS
)
LONGEST = "x" * 128
CURRENT = Reservation(
    LONGEST,
    TENANT,
    BALANCE_MAX // 10,
    BALANCE_MAX // 10,
    LONGEST,
    LONGEST,
    LONGEST,
    False,
    tuple(Line(line_id(n), KEY, QUANTITY_MAX, QUANTITY_MAX, QUANTITY_MAX) for n in NUMBERS),
)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("reserve", answers.Reserved(LONGEST, RESULTS, SHORTS, BALANCE_MAX // 10)),
        ("commit", answers.Committed(LONGEST, RESULTS, RESULTS)),
        ("release", answers.Released(LONGEST, RESULTS)),
        ("allocate", answers.Allocated(LONGEST, RESULTS)),
        ("ship", answers.Shipped(LONGEST, RESULTS)),
    ],
)
def test_the_largest_outcome_of_one_command_fits_a_default_client(
    name: str, answer: answers.Answer
) -> None:
    outcome = pb.Outcome(index=4_095)
    accepted = Accepted(answer, 2**62, BALANCE_MAX // 10, True, CURRENT)
    FILLERS[name](getattr(outcome, name), answer, accepted, Place("f" * 8, 2**31, 63))
    response = pb.ExecuteResponse(batch_id=2**63, outcomes=[outcome], complete=True)
    assert response.ByteSize() < DEFAULT_RECEIVE_BYTES_MAX * 3 // 4
