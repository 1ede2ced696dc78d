"""What is in memory: the bounded number of active actors, and the reservations used last."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from engine.core.model import Key, Reservation
from engine.log.port import Log
from engine.shard.stock_actor import StockActor

LOCATIONS_MAX = 10_000
"""SKUs whose locations are kept in memory: some 4 MB."""

Name = TypeVar("Name", bound=Hashable)
Value = TypeVar("Value")


class ActiveSet(Generic[Name, Value]):
    """Values by name, loaded when first asked for and let go of, least recently used first, when
    there are too many.

    Letting go loses nothing: everything is in the store once its turn is appended, so `shrink` is
    called between turns only.
    """

    def __init__(self, load: Callable[[Name], Value | None], entries_max: int) -> None:
        self._load = load
        self._entries_max = entries_max
        self._entries: OrderedDict[Name, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, name: Name) -> Value | None:
        """The value, loaded if need be; None if there is none to load."""
        entries = self._entries
        value = entries.get(name)
        if value is not None:
            entries.move_to_end(name)
            return value
        value = self._load(name)
        if value is not None:
            entries[name] = value
        return value

    def peek(self, name: Name) -> Value | None:
        """The value if it is active."""
        return self._entries.get(name)

    def put(self, name: Name, value: Value) -> None:
        """Replace the value."""
        self._entries[name] = value
        self._entries.move_to_end(name)

    def drop(self, name: Name) -> None:
        """Forget a value that is no more."""
        self._entries.pop(name, None)

    def shrink(self) -> None:
        """Let go of the least recently used beyond the bound."""
        while len(self._entries) > self._entries_max:
            self._entries.popitem(last=False)


class Active:
    """A shard's actors and reservations: activation reads the store, passivation forgets."""

    def __init__(self, log: Log, entries_max: int) -> None:
        """Keep at most `entries_max` actors and as many reservations."""
        self.log = log
        self.locations: ActiveSet[tuple[str, str], list[str]] = ActiveSet(
            lambda sku: log.locations(*sku), LOCATIONS_MAX
        )
        """Of a tenant's SKU, in order of name: to be dropped when it gets a new one."""
        self.actors: ActiveSet[Key, StockActor] = ActiveSet(self._activate, entries_max)
        self.reservations: ActiveSet[str, Reservation] = ActiveSet(log.reservation, entries_max)

    def _activate(self, key: Key) -> StockActor | None:
        stock = self.log.stock(key)
        return None if stock is None else StockActor(key, stock)

    def shrink(self) -> None:
        """Passivate what is beyond the bound."""
        self.actors.shrink()
        self.reservations.shrink()
        self.locations.shrink()
