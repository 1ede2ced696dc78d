"""Backorders and waiting lines: what is promised beyond stock, who waits, and who gets what comes
free, in the turn that frees it."""

import pytest

from engine.core.commands import (
    Adjust,
    Allocate,
    BasketLine,
    Command,
    Commit,
    Configure,
    LineQuantity,
    Move,
    Receive,
    Release,
    Reserve,
    SetOnHand,
)
from engine.core.model import (
    Fill,
    IfShort,
    Key,
    Remainder,
    ReservationStatus,
    Selling,
    ShortCause,
    ShortLine,
    Stock,
)
from engine.core.rejections import InsufficientStock, StillWaiting
from tests.core.world import MUG, START_MS, TEA, Wait, World, after, given, when

HOLD_MS = 60_000
PATIENCE_MS = 600_000


def line(line_id: str, key: Key, quantity: int, *, backorder: bool = False) -> BasketLine:
    return BasketLine(line_id, key, quantity, allow_backorder=backorder)


def reserve(*lines: BasketLine, wait: bool = False, channel: str = "") -> Reserve:
    wait_ms = PATIENCE_MS if wait else 0
    return Reserve("", lines, ttl_ms=HOLD_MS, channel=channel, wait_ms=wait_ms)


def backorder(quantity: int, channel: str = "") -> Reserve:
    return reserve(line("1", TEA, quantity, backorder=True), channel=channel)


def waiting(quantity: int, channel: str = "") -> Reserve:
    return reserve(line("1", TEA, quantity), wait=True, channel=channel)


THREE_KINDS = reserve(
    line("1", TEA, 3), line("2", TEA, 2, backorder=True), line("3", TEA, 1), wait=True
)
"""Where there are three: a line that has them, one beyond stock, and one that waits."""


def created(after_ms: int = HOLD_MS, channel: str = "", **more: int) -> str:
    words = ["ReservationCreated", channel, str(START_MS + after_ms)]
    return " ".join([*filter(None, words), *(f"{name}={value}" for name, value in more.items())])


def promoted(expires_at_ms: int) -> str:
    return f"ReservationPromoted {expires_at_ms}"


def short(asked: int, available: int, cause: ShortCause = ShortCause.STOCK) -> InsufficientStock:
    return InsufficientStock((ShortLine("1", TEA, cause, asked, available),))


THREE = {TEA: Stock(on_hand=3, backorder_limit=5), MUG: Stock(on_hand=9)}
NONE = {TEA: Stock(backorder_limit=5), MUG: Stock(on_hand=9)}
HELD_UNTIL = START_MS + HOLD_MS

ASKED: list[tuple[str, World, Command, object]] = [
    # Backorder begins where stock ends, and ends at its limit.
    ("stock first", given(THREE), backorder(3), [created(), "StockHeld 1 TEA 3"]),
    (
        "then backorder, and the answer says how much",
        given(THREE),
        backorder(8),
        [created(), "StockHeld 1 TEA 8 backordered=5"],
    ),
    ("one unit beyond the limit", given(THREE), backorder(9), short(9, 8)),
    (
        "what was backordered before counts",
        given(THREE, backorder(7)),
        backorder(2),
        short(2, 1),
    ),
    (
        "lines of one basket share the limit",
        given(NONE),
        reserve(line("1", TEA, 3, backorder=True), line("2", TEA, 3, backorder=True)),
        InsufficientStock((ShortLine("2", TEA, ShortCause.STOCK, 3, 2),)),
    ),
    ("a line that does not allow it", given(THREE), reserve(line("1", TEA, 4)), short(4, 3)),
    # Waiting takes nothing from anybody, so it has no limit.
    (
        "what is there is held, the rest waits",
        given(THREE),
        waiting(5),
        [created(PATIENCE_MS, hold_ms=HOLD_MS), "StockHeld 1 TEA 3", "WaitJoined 1 TEA 2 place=1"],
    ),
    (
        "a place tells how many units are before it",
        given(NONE, backorder(2), waiting(4)),
        waiting(1),
        [created(PATIENCE_MS, hold_ms=HOLD_MS), "WaitJoined 1 TEA 1 place=7"],
    ),
    (
        "what can be had at once does not wait, and is held at once",
        given(THREE),
        waiting(3),
        [created(), "StockHeld 1 TEA 3"],
    ),
    (
        "nobody waits for what is stopped",
        given({TEA: Stock(selling=Selling.STOPPED)}),
        waiting(1),
        short(1, 0, ShortCause.STOPPED),
    ),
    (
        "a waiting basket cannot be committed",
        given(NONE, waiting(1)),
        Commit("", "r1"),
        StillWaiting("r1"),
    ),
    # What comes free goes to the first, in part if need be.
    (
        "a receipt fills a backordered hold",
        given(NONE, backorder(2)),
        Receive(TEA, 5),
        ["StockReceived TEA 5", "HoldFilled 1 TEA 2", promoted(HELD_UNTIL)],
    ),
    (
        "in part",
        given(NONE, backorder(2)),
        Receive(TEA, 1),
        ["StockReceived TEA 1", "HoldFilled 1 TEA 1"],
    ),
    (
        "first come first served, backorders and waiting lines in one queue",
        given(NONE, waiting(2), backorder(2), waiting(2)),
        Receive(TEA, 5),
        [
            "StockReceived TEA 5",
            "WaitFilled 1 TEA 2",
            "HoldFilled 1 TEA 2",
            "WaitFilled 1 TEA 1",
            promoted(HELD_UNTIL),
            promoted(HELD_UNTIL),
        ],
    ),
    (
        "an order's backorder too",
        given(NONE, backorder(2), Commit("", "r1")),
        Receive(TEA, 5),
        ["StockReceived TEA 5", "AllocationFilled 1 TEA 2", promoted(HELD_UNTIL)],
    ),
    (
        "a basket is promoted when all of it is there",
        given(
            {TEA: Stock(), MUG: Stock()},
            reserve(line("1", TEA, 1), line("2", MUG, 1), wait=True),
            Receive(TEA, 1),
        ),
        Receive(MUG, 1),
        ["StockReceived MUG 1", "WaitFilled 2 MUG 1", promoted(HELD_UNTIL)],
    ),
    (
        "what another basket releases",
        given(THREE, reserve(line("1", TEA, 3)), waiting(2)),
        Release("", "r1", (LineQuantity("1", 1),)),
        ["HoldReleased 1 TEA 1 UNSPECIFIED", "WaitFilled 1 TEA 1"],
    ),
    (
        "what a commit frees",
        given(THREE, reserve(line("1", TEA, 3)), waiting(1)),
        Commit("", "r1", (LineQuantity("1", 2),), Remainder.FREE),
        [
            "HoldCommitted 1 TEA 2",
            "HoldReleased 1 TEA 1 UNSPECIFIED",
            "WaitFilled 1 TEA 1",
            promoted(HELD_UNTIL),
        ],
    ),
    (
        "what an adjustment finds",
        given(NONE, waiting(1)),
        Adjust(TEA, 1, "FOUND", "A-1"),
        ["StockAdjusted TEA 1", "WaitFilled 1 TEA 1", promoted(HELD_UNTIL)],
    ),
    (
        "what a count finds",
        given(NONE, waiting(1)),
        SetOnHand(TEA, 1),
        ["StockCounted TEA 1 0", "WaitFilled 1 TEA 1", promoted(HELD_UNTIL)],
    ),
    (
        "what may be sold again",
        given({TEA: Stock(on_hand=2, unavailable=(("damaged", 2),))}, waiting(1)),
        Move(TEA, 2, "damaged", ""),
        ["StockMoved TEA 2 damaged", "WaitFilled 1 TEA 1", promoted(HELD_UNTIL)],
    ),
    (
        "what safety stock gives up",
        given({TEA: Stock(on_hand=2, safety_stock=2)}, waiting(1)),
        Configure(TEA, safety_stock=1),
        ["StockConfigured TEA 1 True OPEN ()", "WaitFilled 1 TEA 1", promoted(HELD_UNTIL)],
    ),
    (
        "a shortfall is made good first",
        given(
            {TEA: Stock(on_hand=2, backorder_limit=5)},
            backorder(4),
            SetOnHand(TEA, 0, if_short=IfShort.RECORD),
        ),
        Receive(TEA, 3),
        ["StockReceived TEA 3", "HoldFilled 1 TEA 1"],
    ),
    # Each is entitled to the pool of its channel.
    (
        "a channel that has to leave the last units is passed by",
        given(
            {TEA: Stock(channel_buffers=(("web", 2),))},
            waiting(1, channel="web"),
            waiting(1),
        ),
        Receive(TEA, 2),
        ["StockReceived TEA 2", "WaitFilled 1 TEA 1", promoted(HELD_UNTIL)],
    ),
    (
        "and served when there are more",
        given(
            {TEA: Stock(channel_buffers=(("web", 2),))},
            waiting(1, channel="web"),
            Receive(TEA, 2),
        ),
        Receive(TEA, 1),
        ["StockReceived TEA 1", "WaitFilled 1 TEA 1", promoted(HELD_UNTIL)],
    ),
    (
        "while selling is stopped only what was promised is filled",
        given(NONE, waiting(1), backorder(1), Configure(TEA, selling=Selling.STOPPED)),
        Receive(TEA, 5),
        ["StockReceived TEA 5", "HoldFilled 1 TEA 1", promoted(HELD_UNTIL)],
    ),
    (
        "and the rest when it opens",
        given(NONE, waiting(1), Configure(TEA, selling=Selling.STOPPED), Receive(TEA, 5)),
        Configure(TEA, selling=Selling.OPEN),
        [
            "StockConfigured TEA 0 True OPEN () backorder_limit=5",
            "WaitFilled 1 TEA 1",
            promoted(HELD_UNTIL),
        ],
    ),
    # Who leaves makes room, and completes the rest.
    (
        "a basket that gives up what it waits for has all that it wants",
        given(THREE, reserve(line("1", TEA, 3), line("2", TEA, 1), wait=True)),
        Release("", "r1", (LineQuantity("2"),)),
        ["WaitLeft 2 TEA 1 UNSPECIFIED", promoted(HELD_UNTIL)],
    ),
    (
        "so has one that gives up what was promised beyond stock",
        given(THREE, THREE_KINDS, Release("", "r1", (LineQuantity("3"),))),
        Release("", "r1", (LineQuantity("2"),)),
        ["HoldReleased 2 TEA 2 UNSPECIFIED backordered=2", promoted(HELD_UNTIL)],
    ),
    (
        "one that never waited has its time already",
        given(THREE, reserve(line("1", TEA, 3), line("2", TEA, 2, backorder=True))),
        Release("", "r1", (LineQuantity("2"),)),
        ["HoldReleased 2 TEA 2 UNSPECIFIED backordered=2"],
    ),
    (
        "one whose time is over gets no other, though nobody has swept it",
        given(
            THREE,
            THREE_KINDS,
            Release("", "r1", (LineQuantity("3"),)),
            Commit("", "r1", (LineQuantity("2"),), Remainder.KEEP_HELD),
            Wait(PATIENCE_MS, sweep=False),
        ),
        Release("", "r1", (LineQuantity("2"),)),
        ["AllocationReleased 2 TEA 2 UNSPECIFIED backordered=2"],
    ),
    (
        "told facts are not backordered unless they may be",
        given(NONE),
        Allocate("", (line("1", TEA, 2),), IfShort.RECORD),
        ["ReservationCreated 0", "StockAllocated 1 TEA 2", "ShortfallDetected TEA 2 at_risk=r1:2"],
    ),
    (
        "a best-effort basket waits for what it does not get",
        given(THREE),
        Reserve("", (line("1", TEA, 5),), Fill.BEST_EFFORT, HOLD_MS, wait_ms=PATIENCE_MS),
        [created(PATIENCE_MS, hold_ms=HOLD_MS), "StockHeld 1 TEA 3", "WaitJoined 1 TEA 2 place=1"],
    ),
]


@pytest.mark.parametrize(("name", "world", "command", "then"), ASKED, ids=[row[0] for row in ASKED])
def test_queue(name: str, world: World, command: Command, then: object) -> None:
    assert when(world, command) == then


def test_patience_ends_and_gives_back_what_was_there() -> None:
    world = given(THREE, waiting(5), waiting(1))
    world.wait(PATIENCE_MS - 1)
    assert world.sweep() == []
    world.wait(1)
    assert sorted(world.sweep()) == ["r1", "r2"]
    assert world.reservations["r1"].status is ReservationStatus.EXPIRED
    stock = world.stocks[TEA]
    assert (stock.held, stock.waiting, stock.available) == (0, 0, 3)


def test_a_promoted_hold_lasts_from_its_promotion() -> None:
    world = given(NONE, waiting(1), Wait(PATIENCE_MS - 1), Receive(TEA, 1))
    promoted_at_ms = world.now_ms
    reservation = world.reservations["r1"]
    assert reservation.status is ReservationStatus.HELD
    assert reservation.expires_at_ms == promoted_at_ms + HOLD_MS
    after(world, Wait(HOLD_MS - 1), Commit("", "r1"))


def test_an_expiring_hold_serves_who_waits() -> None:
    world = given(THREE, reserve(line("1", TEA, 3)), waiting(2), Wait(HOLD_MS))
    assert world.reservations["r1"].status is ReservationStatus.EXPIRED
    assert world.reservations["r2"].status is ReservationStatus.HELD
    assert world.stocks[TEA].available == 1
