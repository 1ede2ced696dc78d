"""A node in this event loop on which things happen by a script, and clients that put together what
is there from what a feed tells."""

import itertools
from typing import Any

from holdfast.v1 import feed_pb2, stock_pb2

from engine.core.commands import BasketLine, Context, Receive, Reserve, Sell
from engine.core.commands.stock import Adjust
from engine.core.model import Key, Stock
from engine.feed.cursor import Cursor
from engine.feed.filter import Filter
from engine.feed.steps import Events, Snapshot, Step
from engine.log.time_travel import stock_as_of
from engine.rpc.convert_state import put_balances
from engine.shard.local import LocalShards
from engine.shard.messages import Write
from engine.shard.slots import slot_of
from tests.feed.scripted import events_of

SKUS = ("CUP", "TEA", "TEA-GREEN", "TEA/2", "tea")
LOCATIONS = ("LONDON", "PARIS", "ROME")
Place = tuple[str, str]


class Living:
    """Shards that take commands of one tenant."""

    def __init__(self, count: int) -> None:
        self.shards = LocalShards(count)
        self._numbers = itertools.count(1)

    async def do(self, command: Any, sku: str | None) -> Any:
        """Have a command decided: on a SKU, or on how the node is configured; what is answered."""
        context = Context(f"request-{next(self._numbers):026d}")
        slot = 0 if sku is None else slot_of("", sku)
        return await self.shards.submit(slot, Write(context, b"", command), 0)

    async def happen(self, kind: int, sku: int, location: int, units: int) -> None:
        """Let something happen to a SKU-location, or not, if it is refused."""
        key = Key("", SKUS[sku % len(SKUS)], LOCATIONS[location % len(LOCATIONS)])
        other = Key("", SKUS[(sku + 1) % len(SKUS)], key.location)
        commands = (
            Receive(key, units),
            Receive(key, units + 10),
            Sell(key, units),
            Adjust(key, -units, "broken", ""),
            Reserve("", (BasketLine("1", key, units, 0), BasketLine("2", other, 1, 0))),
        )
        await self.do(commands[kind % len(commands)], key.sku)

    def states(self, positions: dict[int, int]) -> dict[Place, Stock]:
        """Every SKU-location as of these positions."""
        found = {}
        for sku, location in itertools.product(SKUS, LOCATIONS):
            key = Key("", sku, location)
            shard = self.shards.shard_of(slot_of("", sku))
            stock = stock_as_of(self.shards.shards[shard].log, key, positions[shard])
            if isinstance(stock, Stock):
                found[sku, location] = stock
        return found

    @property
    def heads(self) -> dict[int, int]:
        """The last position of each shard."""
        return {shard.shard: shard.head for shard in self.shards.shards}

    def close(self) -> None:
        """End all."""
        self.shards.close()


def admits(feed_filter: Filter, place: Place) -> bool:
    """What the contract says of a filter and a SKU-location."""
    sku, location = place
    asks_sku = bool(feed_filter.skus or feed_filter.sku_prefixes)
    by_prefix = any(sku.startswith(prefix) for prefix in feed_filter.sku_prefixes)
    is_there = not feed_filter.locations or location in feed_filter.locations
    return is_there and (not asks_sku or sku in feed_filter.skus or by_prefix)


class State:
    """What a client knows of each SKU-location: version and balances; and what was wrong with how
    it was told."""

    def __init__(self, *, is_latest: bool) -> None:
        self.known: dict[Place, tuple[int, stock_pb2.Balances]] = {}
        self.faults: list[str] = []
        self.is_complete = False
        self.is_forgetful = False
        self._is_latest = is_latest
        self._shown: set[Place] = set()
        self._of_stream: dict[Place, int] = {}
        self._is_open = False

    def resume(self) -> None:
        """Go on in a new stream."""
        self._of_stream = {}

    def fold(self, step: Step) -> None:
        """Take in a step."""
        if isinstance(step, Snapshot):
            if not self._is_open:
                # A snapshot says all that is there: what was known before does not matter.
                self.known, self._shown, self._is_open = {}, set(), True
            for key, stock in step.stocks:
                self._show((key.sku, key.location), stock)
            if step.complete:
                self._is_open, self.is_complete = False, True
        elif isinstance(step, Events):
            for event in events_of(step):
                if event.HasField("key"):
                    self._change(event)

    def _show(self, place: Place, stock: Stock) -> None:
        # A snapshot that is overtaken by what is forgotten begins again, and nobody can see where.
        if (place in self._shown or place in self.known) and not self.is_forgetful:
            self.faults.append(f"{place} is shown again")
        self._shown.add(place)
        self._of_stream[place] = stock.version
        balances = stock_pb2.Balances()
        put_balances(balances, stock)
        self.known[place] = (stock.version, balances)

    def _change(self, event: feed_pb2.Event) -> None:
        place = (event.key.sku, event.key.location)
        known = self.known[place][0] if place in self.known else 0
        # After a cut, mode LATEST may tell again what was known before.
        before = self._of_stream.get(place, 0) if self._is_latest else known
        is_sound = event.version > before if self._is_latest else event.version == before + 1
        if not is_sound:
            self.faults.append(f"{place}: version {event.version} after {before}")
        self._of_stream[place] = event.version
        if event.version > known:
            self.known[place] = (event.version, event.balances)

    def differences(self, living: Living, feed_filter: Filter, cursor: str) -> list[str]:
        """How what is known differs from what was so at a cursor. In mode LATEST it may be
        newer."""
        positions = dict(Cursor.parse(cursor).positions)
        wanted = {
            place: stock
            for place, stock in living.states(positions).items()
            if admits(feed_filter, place)
        }
        found = []
        for place in sorted({*wanted, *self.known}):
            stock = wanted.get(place)
            version, balances = self.known.get(place, (0, stock_pb2.Balances()))
            expected = stock_pb2.Balances()
            if stock is not None:
                put_balances(expected, stock)
            wanted_version = stock.version if stock is not None else 0
            if self._is_latest and version > wanted_version:
                continue
            if version != wanted_version or balances != expected:
                found.append(f"{place}: version {version}, not {wanted_version}")
        return found
