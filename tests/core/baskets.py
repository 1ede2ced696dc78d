"""The basket of the tables about reservations, and short ways to say what is done to it."""

from engine.core.commands import (
    Allocate,
    BasketLine,
    Command,
    Commit,
    LineQuantity,
    Pick,
    PickedLine,
    Release,
    Reserve,
    Return,
    Ship,
    Unpick,
)
from engine.core.configuration import Component, Kit
from engine.core.events import KitDefined
from engine.core.model import IfShort, Key, OnExpired, OnOverdue, ReleaseReason, Remainder, Stock
from engine.core.rejections import HoldHasExpired, LineQuantityExceeded
from tests.core.world import CART_MS, MUG, POSTAGE, START_MS, TEA, Wait

DEADLINE_MS = START_MS + CART_MS
STOCKS = {TEA: Stock(on_hand=10), MUG: Stock(on_hand=10), POSTAGE: Stock(tracked=False)}
BASKET = (BasketLine("1", TEA, 3), BasketLine("2", MUG, 2))
HOLD = Reserve("", BASKET, reference="cart 1")
SOLD = Allocate("", BASKET, reference="order 1")
CONFIRM_MS = 60_000
"""How long an order may wait to be confirmed."""
PATIENCE_MS = 600_000
"""How long a basket waits for stock."""
THIN = {TEA: Stock(on_hand=2, backorder_limit=5), MUG: Stock(on_hand=10)}
"""One unit of tea too few for the basket: it is backordered, or waits."""
BEYOND = (BasketLine("1", TEA, 3, allow_backorder=True), BASKET[1])
HOLD_BEYOND = Reserve("", BEYOND)
SOLD_BEYOND = Allocate("", BEYOND)
WAITING = Reserve("", BASKET, wait_ms=PATIENCE_MS)
SET = Key("", "SET", "LONDON")
KIT = KitDefined("", Kit("SET", (Component("TEA", 1), Component("MUG", 2))))
"""A set is one tea and two mugs."""
DEPOT = Key("", "TEA", "DEPOT")
TWO_PLACES = {TEA: Stock(on_hand=2), DEPOT: Stock(on_hand=10)}
SPLIT = (BasketLine("1", Key("", "TEA", ""), 5, locations=("LONDON", "DEPOT")),)
"""Two units come from London, three from the depot."""
DUE = Wait(CART_MS)
DUE_UNSWEPT = Wait(CART_MS, sweep=False)
JUST_IN_TIME = Wait(CART_MS - 1)

EXPIRED = HoldHasExpired("r1", DEADLINE_MS)
NOTHING: list[str] = []
Past = tuple[Command | Wait, ...]


def lines(*wanted: str) -> tuple[LineQuantity, ...]:
    """Lines by text: "1" is all of line 1, "1:2" two units of it, "1:2@DEPOT" two that left from
    there."""
    found = []
    for text in wanted:
        units, _, location = text.partition("@")
        line_id, _, quantity = units.partition(":")
        found.append(LineQuantity(line_id, int(quantity or 0), location))
    return tuple(found)


def commit(
    *wanted: str,
    keep: bool = False,
    reference: str = "",
    again: bool = False,
    confirm_ms: int = 0,
    on_overdue: OnOverdue = OnOverdue.KEEP,
) -> Commit:
    """`again`: what was lost to the deadline is taken again."""
    return Commit(
        "",
        "r1",
        lines(*wanted),
        Remainder.KEEP_HELD if keep else Remainder.FREE,
        reference,
        OnExpired.REACQUIRE if again else OnExpired.REFUSE,
        confirm_ms,
        on_overdue,
    )


def release(*wanted: str, reason: ReleaseReason = ReleaseReason.OTHER) -> Release:
    return Release("", "r1", lines(*wanted), reason)


def pick(*wanted: str) -> Pick:
    """Lines by text: "1:2" is two units of line 1, "1:2-1" besides one that was not found."""
    found = []
    for text in wanted:
        units, _, missing = text.partition("-")
        line_id, _, quantity = units.partition(":")
        found.append(PickedLine(line_id, int(quantity or 0), int(missing or 0)))
    return Pick("", "r1", tuple(found))


def unpick(*wanted: str) -> Unpick:
    return Unpick("", "r1", lines(*wanted))


def ship(*wanted: str, reference: str = "", told: bool = False) -> Ship:
    """`told`: it has left, expected or not."""
    if_unexpected = IfShort.RECORD if told else IfShort.REFUSE
    return Ship("", "r1", lines(*wanted), reference, if_unexpected)


def give_back(*wanted: str, shipment_id: str = "", cause: str = "") -> Return:
    return Return("", "r1", lines(*wanted), shipment_id, cause)


def exceeded(line_id: str, asked: int, limit: int) -> LineQuantityExceeded:
    return LineQuantityExceeded("r1", line_id, asked, limit)
