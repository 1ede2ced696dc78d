"""The bounds that commands share: what is short, what is missing, what is out of range."""

from engine.core.availability import available_to
from engine.core.events import ShortfallDetected
from engine.core.limits import BALANCE_MAX
from engine.core.model import Key, Selling, ShortCause, ShortLine, Stock
from engine.core.rejections import BalanceOutOfRange

# Python 3.11 takes 0.1 us to look up an enum member, and this one is needed for every line.
_STOPPED = Selling.STOPPED


def short_line(
    stock: Stock, channel: str, taken: int, line_id: str, key: Key, asked: int
) -> ShortLine | None:
    """Why `asked` units may not be promised after `taken` ones were; None if they may.

    A stopped SKU-location promises nothing, an untracked one everything, any other what is
    available to the channel.
    """
    if stock.selling is _STOPPED:
        return ShortLine(line_id, key, ShortCause.STOPPED, asked, 0)
    if not stock.tracked:
        return None
    available = available_to(stock, channel) - taken
    if asked <= available:
        return None
    in_stock = asked <= stock.available - taken
    cause = ShortCause.CHANNEL if in_stock else ShortCause.STOCK
    return ShortLine(line_id, key, cause, asked, max(0, available))


def shortfall(key: Key, stock: Stock, change: int) -> tuple[ShortfallDetected, ...]:
    """The event due when `change` to on-hand less promised makes a shortfall, or makes it worse.

    `stock` is the state before. Nothing is ever missing where nothing is counted.
    """
    missing = stock.promised - stock.on_hand - change
    if stock.tracked and change < 0 and missing > 0:
        return (ShortfallDetected(key, missing),)
    return ()


def out_of_range(key: Key, field: str, value: int) -> BalanceOutOfRange | None:
    """The refusal of a balance beyond plus or minus BALANCE_MAX; None within it."""
    if -BALANCE_MAX <= value <= BALANCE_MAX:
        return None
    return BalanceOutOfRange(key, field, value, BALANCE_MAX)
