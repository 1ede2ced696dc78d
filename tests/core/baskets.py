"""The basket of the tables about reservations, and short ways to say what is done to it."""

from engine.core.commands import (
    Allocate,
    BasketLine,
    Command,
    Commit,
    LineQuantity,
    Release,
    Reserve,
    Ship,
)
from engine.core.model import ReleaseReason, Remainder, Stock
from engine.core.rejections import HoldHasExpired, LineQuantityExceeded
from tests.core.world import CART_MS, MUG, POSTAGE, START_MS, TEA, Wait

DEADLINE_MS = START_MS + CART_MS
STOCKS = {TEA: Stock(on_hand=10), MUG: Stock(on_hand=10), POSTAGE: Stock(tracked=False)}
BASKET = (BasketLine("1", TEA, 3), BasketLine("2", MUG, 2))
HOLD = Reserve("", BASKET, reference="cart 1")
SOLD = Allocate("", BASKET, reference="order 1")
DUE = Wait(CART_MS)
DUE_UNSWEPT = Wait(CART_MS, sweep=False)
JUST_IN_TIME = Wait(CART_MS - 1)

EXPIRED = HoldHasExpired("r1", DEADLINE_MS)
NOTHING: list[str] = []
Past = tuple[Command | Wait, ...]


def lines(*wanted: str) -> tuple[LineQuantity, ...]:
    """Lines by text: "1" is all of line 1, "1:2" two units of it."""
    parts = (text.partition(":") for text in wanted)
    return tuple(LineQuantity(line_id, int(quantity or 0)) for line_id, _, quantity in parts)


def commit(*wanted: str, keep: bool = False, reference: str = "") -> Commit:
    remainder = Remainder.KEEP_HELD if keep else Remainder.FREE
    return Commit("", "r1", lines(*wanted), remainder, reference)


def release(*wanted: str, reason: ReleaseReason = ReleaseReason.OTHER) -> Release:
    return Release("", "r1", lines(*wanted), reason)


def ship(*wanted: str) -> Ship:
    return Ship("", "r1", lines(*wanted))


def exceeded(line_id: str, asked: int, limit: int) -> LineQuantityExceeded:
    return LineQuantityExceeded("r1", line_id, asked, limit)
