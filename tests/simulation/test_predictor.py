"""What the predictor says of turns that are made by hand, where it was wrong once."""

from collections.abc import Iterator

import pytest

from engine.core.commands import BasketLine, Command, Configure, Context, Receive, Reserve
from engine.core.events import LinesTold
from engine.core.model import Key, Settings
from engine.core.view import Terms, Wish
from engine.shard.host import ActorHost
from engine.shard.messages import Accepted, Call, Prepare, Request, SetAside, Tell, Tiding, Write
from engine.shard.slots import slot_of
from engine.shard.tally import Tally
from engine.shard.turn_view import Place
from tests.simulation.commands import skus_of
from tests.simulation.machine import SimulatedLog
from tests.simulation.predictor import Predictor

SHARDS = 2
NOW_MS = 1_700_000_000_000
SKU = skus_of(0, SHARDS)[0]
KEY = Key("", SKU, "NORTH")


class Shard:
    """The first of two shards, each turn of which its predictor looks at. No time passes."""

    def __init__(self) -> None:
        self.log = SimulatedLog()
        self.log.at = lambda _point: None
        self.predictor = Predictor(0, SHARDS, NOW_MS)
        place = Place(0, SHARDS)
        self.host = ActorHost(self.log, Settings(), actors_max=5, tally=Tally(), place=place)
        self._calls = 0

    def turn(self, request: Request) -> object:
        """What the shard answers; an AssertionError if the predictor says something else."""
        self._calls += 1
        calls = (Call(self._calls, slot_of("", SKU), 0, 0, request),)
        decided = self.host.decide(calls, NOW_MS, 0)
        self.predictor.turn(calls, decided, NOW_MS, self.log.durable_position)
        self.log.flush()
        return decided.replies[0].result

    def do(self, command: Command) -> None:
        number = self._calls
        write = Write(Context(f"request-{number}"), number.to_bytes(16, "big"), command)
        assert isinstance(self.turn(write), Accepted)


@pytest.fixture
def shard() -> Iterator[Shard]:
    made = Shard()
    yield made
    made.host.close()


def test_an_attempt_that_ends_between_two_baskets_leaves_them_in_their_order(shard: Shard) -> None:
    """Since the same millisecond the second line of one basket waits, and the first line of a later
    one. The attempt that ended in between does not leave its number to the later one."""
    elsewhere = Key("", SKU, "SOUTH")
    shard.do(Receive(KEY, 1))
    shard.do(Receive(elsewhere, 1))
    shard.do(Configure(KEY, backorder_limit=1))
    attempt = Prepare("attempt", "", 1, (Wish("1", (elsewhere,), 1),), Terms())
    assert isinstance(shard.turn(attempt), SetAside)
    has_one, orders_one = BasketLine("1", KEY, 1), BasketLine("2", KEY, 1, allow_backorder=True)
    shard.do(Reserve("", (has_one, orders_one)))
    shard.turn(Tell(1, 0, (Tiding(1, LinesTold("", "", 0, "attempt", ())),)))
    shard.do(Reserve("", (BasketLine("1", KEY, 1),), wait_ms=1_000))

    shard.do(Receive(KEY, 1))

    stock = shard.log.stock(KEY)
    assert stock is not None
    assert (stock.held, stock.backordered, stock.waiting) == (2, 0, 1)
