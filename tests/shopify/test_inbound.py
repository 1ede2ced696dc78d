"""What is told to the engine of an order, by what it has of it already: tables, and the property
that telling it again tells nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from holdfast.adapters.inbound import (
    ChannelOrder,
    Key,
    LineState,
    Movement,
    OrderLine,
    Place,
    allocation,
    changes,
    line_states,
    shares_of,
    till_commands,
    unmapped,
    wanted_lines,
)
from holdfast.commands import Command
from holdfast.types import Reservation, ReservationLine, ReservationStatus
from hypothesis import given
from hypothesis import strategies as st

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
TEA, MUG, BOX = (Place(name, "L1") for name in ("item-1", "item-2", "item-3"))
NAMES = {TEA: Key("TEA", "LONDON"), MUG: Key("MUG", "LONDON")}


def order(*lines: OrderLine, minutes: int = 0, **more: Any) -> ChannelOrder:
    return ChannelOrder("order-1", NOON, NOON + timedelta(minutes=minutes), lines, **more)


def reservation(**lines: tuple[int, int, int]) -> Reservation:
    """Lines by id: units allocated, shipped, returned."""
    made = tuple(
        ReservationLine(line_id, "TEA", "LONDON", 0, allocated, shipped, returned=returned)
        for line_id, (allocated, shipped, returned) in lines.items()
    )
    return Reservation("r-1", ReservationStatus.COMMITTED, made, "order-1", "", "", None, None)


def told(commands: list[Command[Any]]) -> dict[str, dict[str, int]]:
    """Units by line of each command."""
    found = {}
    for command in commands:
        lines = command.request.set_lines if command.kind == "amend" else command.request.lines
        found[command.kind] = {line.line_id: line.quantity for line in lines}
    return found


ROWS: list[tuple[str, tuple[int, int, int], tuple[int, int, int], dict[str, int]]] = [
    ("nothing has changed", (3, 0, 0), (3, 0, 0), {}),
    ("one was sent", (2, 1, 0), (3, 0, 0), {"ship": 1}),
    ("one was cancelled", (2, 0, 0), (3, 0, 0), {"release": 1}),
    ("all was cancelled", (0, 0, 0), (3, 0, 0), {"release": 3}),
    ("one sent, one cancelled", (1, 1, 0), (3, 0, 0), {"ship": 1, "release": 1}),
    ("sent and come back", (0, 3, 2), (3, 0, 0), {"ship": 3, "return": 2}),
    ("come back", (0, 3, 2), (0, 3, 1), {"return": 1}),
    ("a warehouse told of the parcel before", (0, 3, 0), (0, 3, 0), {}),
    ("a warehouse is ahead of the channel", (3, 0, 0), (1, 2, 0), {}),
    ("ahead, and the rest was cancelled", (0, 2, 0), (1, 2, 0), {"release": 1}),
    ("one was added", (4, 0, 0), (3, 0, 0), {"amend": 4}),
    ("one was added after all were sent", (1, 3, 0), (0, 3, 0), {"amend": 1}),
    ("more come back than have left", (0, 1, 3), (1, 0, 0), {"ship": 1, "return": 1}),
]


@pytest.mark.parametrize(
    ("shown", "has", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_what_is_told(
    shown: tuple[int, int, int], has: tuple[int, int, int], expected: dict[str, int]
) -> None:
    commands = changes(order(OrderLine("a", TEA, *shown)), reservation(a=has), NAMES, late=False)
    assert told(commands) == {kind: {"a": units} for kind, units in expected.items()}


def test_a_line_that_has_gone_is_given_back() -> None:
    commands = changes(
        order(OrderLine("a", TEA, 1)), reservation(a=(1, 0, 0), b=(2, 1, 0)), NAMES, late=False
    )
    assert told(commands) == {"release": {"b": 2}}


def test_the_same_state_makes_the_same_request_ids_and_another_state_others() -> None:
    def ids(minutes: int, units: int) -> list[str]:
        shown = order(OrderLine("a", TEA, 0, units), minutes=minutes)
        said = changes(shown, reservation(a=(3, 0, 0)), NAMES, late=False)
        return [each.request_id for each in said]

    assert ids(1, 1) == ids(1, 1)
    assert len({*ids(1, 1), *ids(1, 2), *ids(2, 1)}) == 6
    assert all(len(each.encode()) <= 128 for each in ids(1, 1))


def test_an_order_is_allocated_as_a_fact_and_only_what_is_mapped() -> None:
    shown = order(
        OrderLine("a", TEA, 2, 1), OrderLine("b", MUG, 0), OrderLine("c", BOX, 1), minutes=5
    )
    wanted = wanted_lines(shown, NAMES)
    command = allocation(shown, wanted, NAMES, "web", "order-1")
    assert [(line.line_id, line.quantity) for line in command.request.lines] == [("a", 3)]
    assert command.request.if_short == 2
    assert [line.location for line in command.request.lines] == ["LONDON"]
    assert command.request.context.occurred_at.seconds == int(NOON.timestamp())
    assert unmapped(shown, NAMES) == [BOX]
    assert unmapped(order(OrderLine("c", BOX, 0, 0)), NAMES) == [], "nothing of it concerns anyone"


def test_a_place_that_stands_for_several_locations() -> None:
    names = {TEA: Key("TEA", "", ("LONDON", "LEEDS"))}
    shown = order(OrderLine("a", TEA, 2), sold=(Movement("sale-1", TEA, 1, NOON),))
    (line,) = allocation(shown, wanted_lines(shown, names), names, "web", "order-1").request.lines
    assert list(line.locations.locations) == ["LONDON", "LEEDS"]
    (sell,) = till_commands(shown, names, "web", None)
    assert sell.request.key.location == "LONDON"


def test_till_sales_are_told_once() -> None:
    sold = tuple(
        Movement(f"sale-{minutes}", TEA, 1, NOON + timedelta(minutes=minutes))
        for minutes in range(3)
    )
    back = (Movement("back-1", MUG, 2, NOON + timedelta(minutes=9)), Movement("x", BOX, 1, NOON))
    shown = order(sold=sold, taken_back=back)
    everything = till_commands(shown, NAMES, "till", None)
    assert [command.kind for command in everything] == ["sell"] * 3 + ["take_back"]
    later = till_commands(shown, NAMES, "till", NOON + timedelta(minutes=1))
    assert [each.request_id for each in later] == [
        "sale-1/sell",
        "sale-2/sell",
        "back-1/take_back",
    ]
    assert unmapped(shown, NAMES) == [BOX]


def test_a_kit_counts_by_what_makes_it_whole() -> None:
    lines = (
        ReservationLine("a", "POT", "LONDON", 0, 2, 1, units_each=1),
        ReservationLine("a", "CUP", "LONDON", 0, 4, 6, units_each=6),
        ReservationLine("a", "CUP", "LEEDS", 0, 8, 0, units_each=6),
    )
    kit = reservation()._replace(lines=lines)
    assert line_states(kit) == {"a": LineState(2, 1, 0)}


units = st.integers(0, 5)
states = st.tuples(units, units, units).map(lambda each: (each[0], each[1], min(each[1:])))


@given(shown=states, has=states)
def test_telling_it_again_tells_nothing(
    shown: tuple[int, int, int], has: tuple[int, int, int]
) -> None:
    """The commands leave the reservation as the channel shows it, or as much further as somebody
    else has told; then nothing is left to be told."""
    line = order(OrderLine("a", TEA, *shown))
    commands = told(changes(line, reservation(a=has), NAMES, late=False))
    by_kind = {kind: next(iter(lines.values())) for kind, lines in commands.items()}
    allocated, shipped, returned = has
    allocated = by_kind.get("amend", allocated) - by_kind.get("ship", 0)
    shipped += by_kind.get("ship", 0)
    returned += by_kind.get("return", 0)
    allocated -= by_kind.get("release", 0)
    assert allocated >= 0
    assert returned <= shipped
    assert changes(line, reservation(a=(allocated, shipped, returned)), NAMES, late=False) == []
    assert allocated + shipped == max(shown[0] + shown[1], has[1])


@given(shown=states, held=st.lists(states, max_size=3))
def test_a_line_is_divided_among_reservations(
    shown: tuple[int, int, int], held: list[tuple[int, int, int]]
) -> None:
    """What they have, and what none has yet, adds up; none is to have more than it has."""
    line = OrderLine("a", TEA, *shown)
    has = [LineState(*each) for each in held]
    shares, more = shares_of(line, has)
    shipped = sum(each.shipped for each in has)
    assert sum(share.open + share.sent for share in (*shares, more)) == max(
        line.open + line.sent, shipped
    )
    assert sum(share.sent for share in (*shares, more)) == max(line.sent, shipped)
    for share, state in zip(shares, has, strict=True):
        assert state.shipped <= share.sent
        assert share.open + share.sent <= state.allocated + state.shipped
        assert state.returned <= share.returned <= share.sent
    assert more.returned <= more.sent
