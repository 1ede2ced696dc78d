"""What the builders put into the messages of commands beyond the first eleven, and into new fields
of those; and what they refuse."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from holdfast import Line, LinePart, Location, PickedLine, _configuration_writes, commands
from holdfast.types import OnExpired, OnOverdue, Strategy

from tests.client.test_client_commands import text

AT = datetime(2026, 11, 20, 10, 0, 0, 250_000, UTC)
AT_TEXT = "{ seconds: 1795168800 nanos: 250000000 }"
TEA = 'key { sku: "TEA" location: "L" } '


def of_line(source: str, more: str = "") -> str:
    return f'lines {{ line_id: "1" sku: "TEA" {source}quantity: 2 {more}}}'.replace("  ", " ")


SOURCES: list[tuple[Line, str]] = [
    (Line("TEA", "L", 2), of_line('location: "L" ')),
    (
        Line("TEA", quantity=2, locations=["A", "B"]),
        'lines { line_id: "1" sku: "TEA" quantity: 2 locations { locations: "A" locations: "B" } }',
    ),
    (
        Line("TEA", quantity=2, group="shops"),
        'lines { line_id: "1" sku: "TEA" quantity: 2 group: "shops" }',
    ),
    (
        Line("TEA", "L", 2, allow_backorder=True, customer_limit=3),
        of_line('location: "L" ', "allow_backorder: true customer_limit: 3 "),
    ),
    (Line("TEA", "L"), 'lines { line_id: "1" sku: "TEA" location: "L" quantity: 1 }'),
]


@pytest.mark.parametrize(("line", "message"), SOURCES, ids=[str(row[0]) for row in SOURCES])
def test_a_line_says_where_its_units_come_from(line: Line, message: str) -> None:
    assert text(commands.reserve([line])) == message
    assert text(commands.allocate([line])) == message


BASKETS: list[tuple[Any, str]] = [
    (
        commands.reserve([], strategy="fewest_splits", split=False, wait=timedelta(days=2)),
        "strategy: STRATEGY_FEWEST_SPLITS split: false wait { seconds: 172800 }",
    ),
    (commands.reserve([], strategy=Strategy.PRIORITY), "strategy: STRATEGY_PRIORITY"),
    (
        commands.allocate(
            [],
            strategy="most_stock",
            split=True,
            confirm_within=timedelta(seconds=1.5),
            on_overdue="release",
        ),
        (
            "strategy: STRATEGY_MOST_STOCK split: true "
            "confirm_within { seconds: 1 nanos: 500000000 } on_overdue: ON_OVERDUE_RELEASE"
        ),
    ),
    (
        commands.commit(
            "r",
            on_expired=OnExpired.REACQUIRE,
            confirm_within=timedelta(hours=1),
            on_overdue=OnOverdue.KEEP,
        ),
        (
            'reservation_id: "r" on_expired: ON_EXPIRED_REACQUIRE '
            "confirm_within { seconds: 3600 } on_overdue: ON_OVERDUE_KEEP"
        ),
    ),
    (
        commands.commit(reservation_reference="cart", reference="order"),
        'reference: "order" reservation_reference: "cart"',
    ),
    (
        commands.amend(
            "r",
            set_lines=[Line("TEA", "L", 2, line_id="1")],
            drop_lines=["2"],
            strategy="priority",
            split=False,
        ),
        (
            'reservation_id: "r" '
            'set_lines { line_id: "1" sku: "TEA" location: "L" quantity: 2 } '
            'drop_line_ids: "2" strategy: STRATEGY_PRIORITY split: false'
        ),
    ),
    (commands.confirm(reservation_reference="cart"), 'reservation_reference: "cart"'),
    (
        commands.pick("r", lines=["1", ("2", 3), PickedLine("3", missing=1)], reference="box"),
        (
            'reservation_id: "r" lines { line_id: "1" } lines { line_id: "2" quantity: 3 } '
            'lines { line_id: "3" missing: 1 } reference: "box"'
        ),
    ),
    (
        commands.unpick("r", lines={"1": 2}, reference="box"),
        'reservation_id: "r" lines { line_id: "1" quantity: 2 } reference: "box"',
    ),
    (
        commands.ship("r", lines=[LinePart("1", 2, "M"), LinePart("2")], if_unexpected="record"),
        (
            'reservation_id: "r" lines { line_id: "1" quantity: 2 location: "M" } '
            'lines { line_id: "2" } if_unexpected: IF_SHORT_RECORD'
        ),
    ),
    (
        commands.return_units(
            "r",
            lines={"1": 2},
            shipment_id="parcel",
            unavailable_cause="inspection",
            reason="TOO_SMALL",
            reference="ret",
        ),
        (
            'reservation_id: "r" lines { line_id: "1" quantity: 2 } shipment_id: "parcel" '
            'unavailable_cause: "inspection" reason: "TOO_SMALL" reference: "ret"'
        ),
    ),
    (
        commands.transfer_reservation("r", to_location="M", lines=["1"]),
        'reservation_id: "r" to_location: "M" lines { line_id: "1" }',
    ),
]

STOCK: list[tuple[Any, str]] = [
    (
        commands.receive("TEA", "L", 2, incoming_reference="PO-7", unavailable_cause="inspection"),
        TEA + 'quantity: 2 incoming_reference: "PO-7" unavailable_cause: "inspection"',
    ),
    (
        commands.adjust("TEA", "L", -2, reason="R", reference="d", unavailable_cause="damaged"),
        TEA + 'delta: -2 reason: "R" reference: "d" unavailable_cause: "damaged"',
    ),
    (
        commands.set_on_hand("TEA", "L", 5, observed_at=AT),
        TEA + f"on_hand: 5 observed_at {AT_TEXT}",
    ),
    (
        commands.set_on_hand("TEA", "L", 5, observed_cursor="c"),
        TEA + 'on_hand: 5 observed_cursor: "c"',
    ),
    (commands.configure("TEA", "L", backorder_limit=0), TEA + "backorder_limit: 0"),
    (
        commands.expect("TEA", "L", 5, reference="PO-7", expected_at=AT),
        TEA + f'reference: "PO-7" quantity: 5 expected_at {AT_TEXT}',
    ),
    (
        commands.take_back("TEA", "L", 1, reason="R", reference="d", unavailable_cause="damaged"),
        TEA + 'quantity: 1 reason: "R" reference: "d" unavailable_cause: "damaged"',
    ),
    (
        commands.move(
            *("TEA", "L", 1),
            from_cause="inspection",
            to_cause="damaged",
            reason="R",
            reference="d",
            if_short="record",
        ),
        (
            TEA + 'quantity: 1 from_cause: "inspection" to_cause: "damaged" reason: "R" '
            'reference: "d" if_short: IF_SHORT_RECORD'
        ),
    ),
    (
        commands.send_transfer(
            "TEA", "L", "M", 3, expected_at=AT, reference="T", if_short="refuse"
        ),
        (
            'sku: "TEA" from_location: "L" to_location: "M" quantity: 3 '
            f'expected_at {AT_TEXT} reference: "T" if_short: IF_SHORT_REFUSE'
        ),
    ),
    (
        commands.receive_transfer("t", 2, lost=1, unavailable_cause="damaged", reference="d"),
        'transfer_id: "t" quantity: 2 lost: 1 unavailable_cause: "damaged" reference: "d"',
    ),
]


@pytest.mark.parametrize(("command", "message"), BASKETS + STOCK)
def test_what_is_asked_is_what_is_sent(command: Any, message: str) -> None:
    assert text(command) == message


CONFIGURATION: list[tuple[Any, str]] = [
    (
        _configuration_writes.configure_locations(
            [Location("L", 2, "uk", enabled=False, groups=["shops", "web"]), Location("M")]
        ),
        (
            'locations { name: "L" priority: 2 region: "uk" groups: "shops" groups: "web" } '
            'locations { name: "M" enabled: true }'
        ),
    ),
    (
        _configuration_writes.define_kit("SET", {"CUP": 6, "POT": 1}),
        ('sku: "SET" components { sku: "CUP" quantity: 6 } components { sku: "POT" quantity: 1 }'),
    ),
    (
        _configuration_writes.limit_customers("TEA", 3, window=timedelta(days=30)),
        'sku: "TEA" units: 3 window { seconds: 2592000 }',
    ),
    (
        _configuration_writes.configure_holds(cart=timedelta(minutes=4), order=timedelta(days=1)),
        "hold_times { cart { seconds: 240 } order { seconds: 86400 } }",
    ),
]


@pytest.mark.parametrize(("write", "message"), CONFIGURATION)
def test_what_is_configured_is_what_is_sent(write: Any, message: str) -> None:
    assert text(write) == message


def test_a_source_and_its_number_go_with_a_write() -> None:
    command = commands.sell("TEA", "L", 1, source="till-4", source_sequence=8)
    context = command.message.sell.context
    assert (context.source, context.source_sequence) == ("till-4", 8)


# Seen as a caller without a type checker sees them.
any_commands: Any = commands
LINE = Line("TEA", "L", 2, line_id="1")
REFUSED: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("extend", (), {}, "ValueError: name the reservation either by reservation_id or"),
    ("commit", ("r",), {"reservation_reference": "c"}, "ValueError: name the reservation either"),
    ("reserve", ([Line("TEA", "L", group="g")],), {}, "ValueError: lines[0] has more than one of"),
    (
        "reserve",
        ([Line("TEA", locations="AB")],),
        {},
        "TypeError: lines[0].locations is",
    ),
    ("reserve", ([],), {"strategy": "best"}, "ValueError: strategy is 'best'; it must be one of"),
    ("reserve", ([],), {"wait": 5}, "TypeError: wait is 5; it must be a timedelta"),
    ("commit", ("r",), {"on_overdue": "drop"}, "ValueError: on_overdue is 'drop'"),
    ("amend", ("r",), {}, "ValueError: set_lines and drop_lines are empty"),
    ("amend", ("r",), {"drop_lines": "12"}, "TypeError: drop_lines is the string '12'"),
    ("amend", ("r",), {"set_lines": [Line("TEA", "L")]}, "ValueError: set_lines[0] must be a Line"),
    ("amend", ("r",), {"set_lines": [("TEA", "L", 1)]}, "ValueError: set_lines[0] must be a Line"),
    ("amend", ("r",), {"set_lines": [LINE, LINE[:3]]}, "ValueError: set_lines[1] must be a Line"),
    ("pick", ("r",), {"lines": {"1": 0}}, "ValueError: lines[0].quantity is 0"),
    ("pick", ("r",), {"lines": []}, "ValueError: lines is empty"),
    ("unpick", ("r",), {"lines": "12"}, "TypeError: lines is the string '12'"),
    ("transfer_reservation", ("r",), {}, "TypeError: "),
]


@pytest.mark.parametrize(("name", "arguments", "options", "message"), REFUSED)
def test_arguments_that_can_never_be_right_raise_at_once(
    name: str, arguments: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        getattr(any_commands, name)(*arguments, **options)
    assert f"{raised.type.__name__}: {raised.value}".startswith(message)
