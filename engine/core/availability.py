"""What may be promised, and to whom: computed from stock, never stored.

An untracked SKU-location promises without limit: callers look at `Stock.tracked` before they ask.
"""

from engine.core.model import Selling, Stock


def available_to(stock: Stock, channel: str) -> int:
    """Units available less the channel's buffer; the empty channel has none. May be negative."""
    for name, units in stock.channel_buffers:
        if name == channel:
            return stock.available - units
    return stock.available


def promisable(stock: Stock, channel: str, *, enabled: bool = True) -> int:
    """Units that a channel may promise now with stock behind them: never below 0, and 0 while
    selling is stopped or the location is not `enabled`."""
    if stock.selling is Selling.STOPPED or not enabled:
        return 0
    return max(0, available_to(stock, channel))
