"""Whatever somebody sends who is limited to some stock, by itself or among what others send: all
that is recorded in their name is of that stock. The log is the judge, not the table of fields."""

import os
from pathlib import Path
from random import Random
from typing import Any

import pytest
from holdfast.v1 import feed_pb2, stock_pb2
from holdfast.v1 import inventory_pb2 as pb

from engine.rpc.visits import Visit
from tests.access.house import PRINCIPALS
from tests.rpc.front_door import Door, front_door
from tests.rpc.test_front_door_stock import CLERK

SEED = int(os.environ.get("SEED", "20261128"))
BATCHES = 60
COMMANDS = 12
TENANTS = ("", "", "", "shop")
SKUS = ("TEA", "MUG-1", "MUG-2", "POT", "TEAPOT")
LOCATIONS = ("LONDON", "LONDON", "PARIS")
CHANNELS = ("", "web", "ebay")
REFERENCES = tuple(f"cart-{number}" for number in range(12))
ON_RESERVATION = (
    *("extend", "commit", "release", "ship", "amend", "confirm", "pick", "unpick", "return"),
    "transfer_reservation",
)
ON_STOCK = ("sell", "receive", "adjust", "set_on_hand", "configure", "expect", "take_back", "move")


class Sender:
    """Makes commands of few names, so that they meet; many lead where others have been."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.reservations: list[tuple[str, str]] = []
        """Tenant and id."""
        self.transfers: list[tuple[str, str]] = []
        self._sent = 0

    def command(self) -> pb.Command:
        """Any command."""
        random = self.random
        command = pb.Command()
        kind = random.choices(
            ("basket", "reservation", "stock", "transfer", "receive_transfer"), (4, 8, 4, 1, 1)
        )[0]
        if kind == "basket":
            request = self._basket(getattr(command, random.choice(("reserve", "allocate"))))
        elif kind == "reservation":
            name = random.choice(ON_RESERVATION)
            request = self._on_reservation(name, getattr(command, name))
        elif kind == "stock":
            name = random.choice(ON_STOCK)
            request = self._on_stock(name, getattr(command, name))
        elif kind == "transfer":
            request = command.send_transfer
            request.sku, request.quantity = random.choice(SKUS), 1
            request.from_location, request.to_location = random.sample(("LONDON", "PARIS"), 2)
        else:
            request = command.receive_transfer
            request.tenant, request.transfer_id = self._one_of(self.transfers)
            request.quantity = 1
        self._sent += 1
        request.context.request_id = f"random-{self._sent}"
        return command

    def _one_of(self, known: list[tuple[str, str]]) -> tuple[str, str]:
        return self.random.choice(known) if known else ("", "000-1-1")

    def _lines(self, into: Any) -> None:
        for number in range(self.random.randint(1, 2)):
            line = into.add(line_id=str(number), sku=self.random.choice(SKUS), quantity=1)
            source = self.random.random()
            if source < 0.8:
                line.location = self.random.choice(LOCATIONS)
            elif source < 0.9:
                line.locations.locations.extend(self.random.sample(("LONDON", "PARIS"), 2))
            else:
                line.group = "all"
            line.allow_backorder = self.random.random() < 0.5

    def _basket(self, request: Any) -> Any:
        request.tenant = self.random.choice(TENANTS)
        request.channel = self.random.choice(CHANNELS)
        request.reference = self.random.choice(REFERENCES)
        self._lines(request.lines)
        return request

    def _on_reservation(self, name: str, request: Any) -> Any:
        random = self.random
        if random.random() < 0.5:
            request.tenant, request.reservation_id = self._one_of(self.reservations)
        else:
            request.tenant = random.choice(TENANTS)
            request.reservation_reference = random.choice(REFERENCES)
        if name == "amend":
            self._lines(request.set_lines)
        elif name == "transfer_reservation":
            request.to_location = random.choice(LOCATIONS)
        elif name == "ship":
            request.if_unexpected = pb.IF_SHORT_RECORD
            if random.random() < 0.3:
                request.lines.add(line_id="0", quantity=1, location=random.choice(LOCATIONS))
        return request

    def _on_stock(self, name: str, request: Any) -> Any:
        random = self.random
        key = stock_pb2.StockKey(
            tenant=random.choice(TENANTS),
            sku=random.choice(SKUS),
            location=random.choice(LOCATIONS),
        )
        request.key.CopyFrom(key)
        if name == "set_on_hand":
            request.on_hand = random.randint(0, 50)
        elif name == "adjust":
            request.delta, request.reason, request.reference = 5, "FOUND", "n"
        elif name == "configure":
            request.backorder_limit = 5
        else:
            request.quantity = 5 if name == "receive" else 1
        if name == "sell":
            request.channel = random.choice(CHANNELS)
        elif name == "expect":
            request.reference = "PO"
        elif name == "take_back":
            request.reason = "UNUSED"
        elif name == "move":
            request.to_cause = "DAMAGED"
        return request

    def note(self, command: pb.Command, outcome: pb.Outcome) -> None:
        """Remember what was made."""
        name = outcome.WhichOneof("result")
        if name in ("reserve", "allocate"):
            made: Any = getattr(outcome, name)
            asked: Any = getattr(command, name)
            self.reservations.append((asked.tenant, made.reservation_id))
        elif name == "send_transfer":
            self.transfers.append(("", outcome.send_transfer.transfer_id))


async def play(door: Door, seed: int) -> int:
    """Send random batches in turn for the clerk and for whoever may do everything; how many
    commands of the clerk were accepted."""
    sender = Sender(Random(seed))
    for tenant in sorted(set(TENANTS)):
        for sku in SKUS:
            for location in sorted(set(LOCATIONS)):
                key = stock_pb2.StockKey(tenant=tenant, sku=sku, location=location)
                receive = pb.ReceiveRequest(context=door.context(), key=key, quantity=50)
                await door.as_root("Receive", receive)
    streams = {
        who: door.node.stub.Execute(metadata=door.metadata(who)) for who in ("clerk", "root")
    }
    accepted = 0
    for number in range(BATCHES):
        for who, stream in streams.items():
            commands = [sender.command() for _ in range(COMMANDS)]
            await stream.write(pb.ExecuteRequest(batch_id=number, commands=commands))
            outcomes: list[pb.Outcome] = []
            while len(outcomes) < COMMANDS:
                outcomes.extend((await stream.read()).outcomes)
            for outcome in outcomes:
                sender.note(commands[outcome.index], outcome)
                if who == "clerk":
                    accepted += not outcome.HasField("failure")
    for stream in streams.values():
        stream.cancel()
    return accepted


async def every_event(door: Door) -> list[feed_pb2.Event]:
    """All that has happened, in every tenant."""
    events: list[feed_pb2.Event] = []
    for tenant in sorted(set(TENANTS)):
        request = feed_pb2.WatchRequest(tenant=tenant, start_from=feed_pb2.START_FROM_BEGINNING)
        stream = door.node.feed.Watch(request, metadata=door.metadata("root"))
        while (response := await stream.read()).WhichOneof("content") != "caught_up":
            events += response.events.events
        stream.cancel()
    return events


def outside(events: list[feed_pb2.Event], who: str) -> list[str]:
    """What was recorded in somebody's name that is not of their stock."""
    found = []
    for event in events:
        if event.cause.principal != who:
            continue
        key = event.key
        in_place = key.tenant == "" and key.location == "LONDON"
        in_place = in_place and (key.sku == "TEA" or key.sku.startswith("MUG-"))
        if event.HasField("key") and not in_place:
            found.append(f"{event.cause.command} {key.tenant} {key.sku} {key.location}")
        elif event.HasField("reservation_created") and (
            event.reservation_created.tenant or event.reservation_created.channel == "ebay"
        ):
            found.append(f"{event.cause.command} {event.reservation_created}")
        elif event.HasField("stock_sold") and event.stock_sold.channel == "ebay":
            found.append(f"{event.cause.command} by ebay")
    return found


@pytest.mark.parametrize("count", [1, 2], ids=["one shard", "two shards"])
async def test_nothing_outside_is_recorded_in_the_name_of_whoever_is_limited(
    tmp_path: Path, count: int
) -> None:
    async with front_door(tmp_path, PRINCIPALS + CLERK, count) as door:
        accepted = await play(door, SEED + count)
        events = await every_event(door)
    assert outside(events, "clerk") == [], f"seed {SEED + count}"
    assert accepted > 50, f"seed {SEED + count}: hardly anything was granted"
    # Others do touch what is outside: the check can see it.
    assert len(outside(events, "everything")) > 50


async def test_without_looking_where_commands_lead_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a door that holds against the rules only what a command names itself."""
    monkeypatch.setattr(Visit, "needs_to_see", lambda *_: False)
    async with front_door(tmp_path, PRINCIPALS + CLERK) as door:
        await play(door, SEED + 1)
        assert outside(await every_event(door), "clerk") != []
