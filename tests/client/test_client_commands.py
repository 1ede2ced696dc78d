"""What the builders put into their messages, and what they refuse."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from google.protobuf import text_format
from holdfast import Line, commands
from holdfast._command import Write
from holdfast.commands import Command
from holdfast.types import Fill, ReleaseReason


def text(command: Write[Any]) -> str:
    """The message's content in one line, without its context."""
    request = command.request
    request.ClearField("context")
    return text_format.MessageToString(request, as_one_line=True)


TWO_LINES = (
    'lines { line_id: "1" sku: "TEA" location: "L" quantity: 2 } '
    'lines { line_id: "2" sku: "CUP" location: "L" quantity: 1 }'
)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (commands.reserve([("TEA", "L", 2), ("CUP", "L", 1)]), TWO_LINES),
        (commands.reserve([Line("TEA", "L", 2), Line("CUP", "L", 1)]), TWO_LINES),
        (commands.reserve(iter([("TEA", "L", 2), ("CUP", "L", 1)])), TWO_LINES),
        (
            commands.reserve([Line("TEA", "L", 2, line_id="a", minimum_quantity=1)]),
            'lines { line_id: "a" sku: "TEA" location: "L" quantity: 2 minimum_quantity: 1 }',
        ),
        (
            commands.reserve(
                [],
                ttl_s=1.5,
                hold_class="checkout",
                fill="best_effort",
                reference="cart-9",
                channel="web",
                customer="c1",
            ),
            (
                "fill: FILL_BEST_EFFORT ttl { seconds: 1 nanos: 500000000 } "
                'hold_class: HOLD_CLASS_CHECKOUT reference: "cart-9" channel: "web" customer: "c1"'
            ),
        ),
        (commands.reserve([], fill=Fill.ALL_OR_NOTHING), "fill: FILL_ALL_OR_NOTHING"),
        (commands.extend("r", ttl_s=60), 'reservation_id: "r" ttl { seconds: 60 }'),
        (commands.commit("r"), 'reservation_id: "r"'),
        (
            commands.commit("r", lines={"1": 2}, remainder="keep_held", reference="o"),
            (
                'reservation_id: "r" lines { line_id: "1" quantity: 2 } '
                'remainder: REMAINDER_KEEP_HELD reference: "o"'
            ),
        ),
        (
            commands.release("r", lines=["1", ("2", 3)], reason=ReleaseReason.FRAUD),
            (
                'reservation_id: "r" lines { line_id: "1" } lines { line_id: "2" quantity: 3 } '
                "reason: RELEASE_REASON_FRAUD"
            ),
        ),
        (
            commands.allocate(
                [("TEA", "L", 1)], if_short="record", reference="o", channel="web", customer="c"
            ),
            (
                'lines { line_id: "1" sku: "TEA" location: "L" quantity: 1 } '
                'if_short: IF_SHORT_RECORD reference: "o" channel: "web" customer: "c"'
            ),
        ),
        (
            commands.ship("r", lines=[("1", 2)], reference="s"),
            'reservation_id: "r" lines { line_id: "1" quantity: 2 } reference: "s"',
        ),
        (
            commands.sell("TEA", "L", 2, if_short="refuse", reference="t", channel="shop"),
            (
                'key { sku: "TEA" location: "L" } quantity: 2 if_short: IF_SHORT_REFUSE '
                'reference: "t" channel: "shop"'
            ),
        ),
        (
            commands.receive("TEA", "L", 2, reference="d"),
            'key { sku: "TEA" location: "L" } quantity: 2 reference: "d"',
        ),
        (
            commands.adjust("TEA", "L", -2, reason="DAMAGED", reference="d", if_short="record"),
            (
                'key { sku: "TEA" location: "L" } delta: -2 reason: "DAMAGED" reference: "d" '
                "if_short: IF_SHORT_RECORD"
            ),
        ),
        (
            # 0 is not the same as not stated.
            commands.set_on_hand("TEA", "L", 0, if_version=0, if_on_hand=0),
            'key { sku: "TEA" location: "L" } if_version: 0 if_on_hand: 0',
        ),
        (
            commands.set_on_hand("TEA", "L", 5, if_short="record", reference="c", reason="YEARLY"),
            (
                'key { sku: "TEA" location: "L" } on_hand: 5 if_short: IF_SHORT_RECORD '
                'reference: "c" reason: "YEARLY"'
            ),
        ),
        (
            commands.configure(
                "TEA",
                "L",
                safety_stock=0,
                tracked=False,
                selling="stopped",
                channel_buffers={"web": 2},
            ),
            (
                'key { sku: "TEA" location: "L" } safety_stock: 0 tracked: false '
                'selling: SELLING_STOPPED channel_buffers { channel: "web" units: 2 }'
            ),
        ),
    ],
)
def test_what_is_asked_is_what_is_sent(command: Command[Any], message: str) -> None:
    assert text(command) == message


def test_options_of_every_write_are_sent() -> None:
    summer = timezone(timedelta(hours=2))
    command = commands.receive(
        "TEA",
        "L",
        1,
        tenant="acme",
        request_id="id-1",
        correlation_id="trace",
        occurred_at=datetime(2026, 7, 1, 12, 0, 0, 123_456, summer),
        ticket="T-1",
        validate_only=True,
        timeout_s=2.5,
    )
    request = command.message.receive
    context = request.context
    assert (context.request_id, context.correlation_id, context.ticket) == ("id-1", "trace", "T-1")
    assert context.validate_only
    assert context.occurred_at.ToDatetime(UTC) == datetime(2026, 7, 1, 10, 0, 0, 123_456, UTC)
    assert (request.key.tenant, command.timeout_s, command.request_id) == ("acme", 2.5, "id-1")


def test_a_moment_before_1970_is_sent_exactly() -> None:
    moment = datetime(1969, 12, 31, 23, 59, 58, 250_000, UTC)
    command = commands.receive("TEA", "L", 1, occurred_at=moment)
    assert command.message.receive.context.occurred_at.ToDatetime(UTC) == moment


def test_each_write_has_a_request_id_of_its_own() -> None:
    assert len({commands.receive("TEA", "L", 1).request_id for _ in range(1_000)}) == 1_000


# Seen as a caller without a type checker sees them.
any_commands: Any = commands


@pytest.mark.parametrize(
    ("name", "arguments", "options", "message"),
    [
        ("reserve", ([],), {"fill": "some"}, "ValueError: fill is 'some'; it must be one of"),
        ("commit", ("r",), {"lines": []}, "ValueError: lines is empty"),
        ("commit", ("r",), {"lines": {}}, "ValueError: lines is empty"),
        ("ship", ("r",), {"lines": {"1": 0}}, "ValueError: lines[0].quantity is 0"),
        ("release", ("r",), {"lines": "12"}, "TypeError: lines is the string '12'"),
        ("reserve", ([],), {"timeout_s": 0}, "ValueError: timeout_s is 0"),
        ("receive", ("TEA", "L", 1), {"color": "red"}, "TypeError: receive() takes no argument"),
        ("receive", ("TEA", "L", 1.5), {}, "TypeError: "),
    ],
)
def test_arguments_that_can_never_be_right_raise_at_once(
    name: str, arguments: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        getattr(any_commands, name)(*arguments, **options)
    assert f"{raised.type.__name__}: {raised.value}".startswith(message)


def test_a_forked_process_makes_request_ids_of_its_own() -> None:
    program = """
import os, random
from holdfast import commands
random.seed(7)
reading, writing = os.pipe()
if os.fork() == 0:
    os.write(writing, commands.receive("TEA", "L", 1).request_id.encode())
    os._exit(0)
os.wait()
print(os.read(reading, 100).decode(), commands.receive("TEA", "L", 1).request_id)
"""
    process = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    of_child, of_parent = process.stdout.split()
    assert len(of_child) == len(of_parent) == 32
    assert of_child != of_parent
