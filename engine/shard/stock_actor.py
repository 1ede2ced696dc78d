"""The only writer of one SKU-location."""

from engine.core.events import Recorded, StockEvent
from engine.core.evolve import evolve_stock
from engine.core.model import Key, Stock


class StockActor:
    """A virtual actor: it exists by its key, is activated from the store by its first command and
    passivated when idle.

    Its mailbox is its shard's turn: commands reach it strictly one after the other. `stock` is None
    until its first event.
    """

    __slots__ = ("key", "stock")

    def __init__(self, key: Key, stock: Stock | None) -> None:
        self.key = key
        self.stock = stock

    def evolve(self, event: StockEvent) -> Recorded:
        """Take in what has happened; the past is never refused."""
        self.stock = evolve_stock(self.stock, event)
        return Recorded(event, self.stock)
