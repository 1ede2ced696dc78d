"""What happens to a reservation by itself: its hold or its patience is over, or nobody has
confirmed its allocation in time."""

import pytest

from engine.core.commands import Allocate
from engine.core.decide import due
from engine.core.model import OnOverdue, ReservationStatus
from tests.core.baskets import (
    BEYOND,
    CONFIRM_MS,
    HOLD,
    HOLD_BEYOND,
    NOTHING,
    PATIENCE_MS,
    STOCKS,
    THIN,
    WAITING,
    Past,
    commit,
    pick,
    release,
    ship,
)
from tests.core.telling import told
from tests.core.world import CART_MS, START_MS, Wait, given

RELEASING = OnOverdue.RELEASE
LONG_MS = 2 * CART_MS
NOT_YET = Wait(CONFIRM_MS - 1, sweep=False)
TIME_TO_CONFIRM = Wait(CONFIRM_MS, sweep=False)
DEADLINE = Wait(CART_MS, sweep=False)
BOTH = Wait(LONG_MS, sweep=False)


def order(on_overdue: OnOverdue = OnOverdue.KEEP) -> Allocate:
    return Allocate("", BEYOND, confirm_within_ms=CONFIRM_MS, on_overdue=on_overdue)


def half(confirm_ms: int) -> Past:
    """A hold of which a line is committed, to be confirmed in time or released."""
    return (HOLD, commit("2", keep=True, confirm_ms=confirm_ms, on_overdue=RELEASING))


def overdue(confirm_ms: int = CONFIRM_MS) -> str:
    return f"AllocationOverdue {START_MS + confirm_ms}"


ROWS: list[tuple[str, Past, list[str], ReservationStatus]] = [
    (
        "a hold: what is held comes back, backed or not, and nothing else",
        (HOLD_BEYOND, commit("1:1", keep=True), release("2"), DEADLINE),
        ["ReservationExpired", "HoldExpired 1 TEA 2 backordered=1"],
        ReservationStatus.COMMITTED,
    ),
    (
        "the patience of a basket that waits",
        (WAITING, Wait(PATIENCE_MS, sweep=False)),
        [
            "ReservationExpired",
            "HoldExpired 1 TEA 2",
            "WaitLeft 1 TEA 1 UNSPECIFIED expired=True",
            "HoldExpired 2 MUG 2",
        ],
        ReservationStatus.EXPIRED,
    ),
    ("a basket that waits, before", (WAITING, DEADLINE), NOTHING, ReservationStatus.WAITING),
    (
        "an order that stays",
        (order(), TIME_TO_CONFIRM),
        [overdue()],
        ReservationStatus.COMMITTED,
    ),
    ("an order, before", (order(), NOT_YET), NOTHING, ReservationStatus.COMMITTED),
    (
        "an order that does not stay",
        (order(RELEASING), TIME_TO_CONFIRM),
        [
            overdue(),
            "AllocationReleased 1 TEA 3 OTHER backordered=1",
            "AllocationReleased 2 MUG 2 OTHER",
        ],
        ReservationStatus.RELEASED,
    ),
    (
        "an order of which a part lies in a box: that stays",
        (order(RELEASING), pick("1:1", "2"), TIME_TO_CONFIRM),
        [overdue(), "AllocationReleased 1 TEA 2 OTHER backordered=1"],
        ReservationStatus.COMMITTED,
    ),
    (
        "an order of which a part was shipped",
        (order(RELEASING), ship("2"), TIME_TO_CONFIRM),
        [overdue(), "AllocationReleased 1 TEA 3 OTHER backordered=1"],
        ReservationStatus.SHIPPED,
    ),
    (
        "both: the time to confirm was over first",
        (*half(CONFIRM_MS), BOTH),
        [
            overdue(),
            "AllocationReleased 2 MUG 2 OTHER",
            "ReservationExpired",
            "HoldExpired 1 TEA 3",
        ],
        ReservationStatus.EXPIRED,
    ),
    (
        "both: the hold was over first",
        (*half(LONG_MS), BOTH),
        [
            "ReservationExpired",
            "HoldExpired 1 TEA 3",
            overdue(LONG_MS),
            "AllocationReleased 2 MUG 2 OTHER",
        ],
        ReservationStatus.RELEASED,
    ),
    (
        "both in the same millisecond",
        (*half(CART_MS), DEADLINE),
        [
            "ReservationExpired",
            "HoldExpired 1 TEA 3",
            overdue(CART_MS),
            "AllocationReleased 2 MUG 2 OTHER",
        ],
        ReservationStatus.RELEASED,
    ),
]


@pytest.mark.parametrize(
    ("past", "events", "status"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_what_is_due_happens_once(past: Past, events: list[str], status: ReservationStatus) -> None:
    world = given(STOCKS if HOLD in past else THIN, *past)
    decided = due(world, world.reservations["r1"], world.now_ms)
    assert told(decided.events) == events
    world.happen(decided)
    reservation = world.reservations["r1"]
    assert reservation.status is status
    assert told(due(world, reservation, world.now_ms).events) == NOTHING
