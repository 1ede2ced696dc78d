"""A world of no size for the core: dicts in the place of a shard, and a clock that the test moves.

Rows of the tables are written with it: given what was done before, when a command comes, then that
happens. What happens is told in short lines of text, so that a row can be read.
"""

from collections.abc import Iterator, Mapping

from engine.core.answering import answer
from engine.core.answers import Answer
from engine.core.channels import Channel
from engine.core.commands import Command
from engine.core.configuration import Configuration, CustomerLimit, Kit, Location
from engine.core.decide import decide, due
from engine.core.events import (
    CONFIGURATION_EVENTS,
    KEYLESS_EVENTS,
    Event,
    ListingsMapped,
    Recorded,
    TransferExpected,
    TransferReceived,
    TransferSent,
)
from engine.core.evolve import evolve_lines, evolve_stock, evolve_transfer
from engine.core.evolve.configuration import evolve_configuration
from engine.core.listings import Listing
from engine.core.model import Key, Reservation, Settings, Stock, Transfer
from engine.core.rejections import Rejection
from engine.core.view import HERE, Decision, Elsewhere, Filled, Wish
from engine.log.listings import (
    changed_records,
    decode_listing,
    decode_place,
    name_key,
    place_key,
    put_records,
)
from tests.core.telling import told

TEA = Key("", "TEA", "LONDON")
MUG = Key("", "MUG", "LONDON")
POSTAGE = Key("", "POSTAGE", "NOWHERE")

START_MS = 1_000_000
"""When every world begins."""
CART_MS = Settings().hold_cart_ms

_TRANSFER_EVENTS = (TransferSent, TransferExpected, TransferReceived)


class World:
    """A View that also does what is decided, and remembers it. `elsewhere` says which SKUs belong
    to which other shard; what those have set aside for a command is said by `prepare`."""

    def __init__(
        self,
        stocks: Mapping[Key, Stock] | None = None,
        *,
        configured: tuple[Event, ...] = (),
        elsewhere: Mapping[str, int] | None = None,
    ) -> None:
        self.settings = Settings()
        self.source = ""
        self.source_sequence = 0
        self.now_ms = START_MS
        self.stocks = dict(stocks or {})
        self.reservations: dict[str, Reservation] = {}
        self.transfers: dict[str, Transfer] = {}
        self.configuration = Configuration()
        self.channels = self.configuration.channels
        self.listings: dict[bytes, bytes] = {}
        self.history: list[tuple[int, Event]] = []
        """The events in order of position, the first at position 1, with their times."""
        self.decision = Decision()
        self.recorded: tuple[Recorded, ...] = ()
        self._first_stocks = dict(self.stocks)
        self._elsewhere = dict(elsewhere or {})
        self._prepared: dict[Wish, Filled] = {}
        self._attempt_id = ""
        self._attempted: tuple[int, ...] = ()
        self._kept_from_ms = 0
        self._kept_from = 0
        self._ids = 0
        for event in configured:
            evolve_configuration(self.configuration, event)  # type: ignore[arg-type]

    def stock(self, key: Key) -> Stock | None:
        assert key.sku not in self._elsewhere, f"{key} is not of this shard"
        return self.stocks.get(key)

    def reservation(self, reservation_id: str) -> Reservation | None:
        return self.reservations.get(reservation_id)

    def new_reservation_id(self) -> str:
        self._ids += 1
        return f"r{self._ids}"

    def shard_of(self, tenant: str, sku: str) -> int:
        return self._elsewhere.get(sku, HERE)

    def prepared(self, wish: Wish) -> Filled | None:
        return self._prepared.get(wish)

    def attempt_id(self) -> str:
        return self._attempt_id

    def attempted_shards(self) -> tuple[int, ...]:
        return self._attempted

    def location(self, tenant: str, name: str) -> Location | None:
        return self.configuration.location(tenant, name)

    def group(self, tenant: str, group: str) -> tuple[str, ...]:
        return self.configuration.group(tenant, group)

    def kit(self, tenant: str, sku: str) -> Kit | None:
        return self.configuration.kit(tenant, sku)

    def part_of(self, tenant: str, sku: str) -> str | None:
        return self.configuration.part_of(tenant, sku)

    def customer_limit(self, tenant: str, sku: str) -> CustomerLimit | None:
        return self.configuration.customer_limit(tenant, sku)

    def sells_from(self, tenant: str, channel: Channel) -> tuple[str, ...] | None:
        return self.configuration.sells_from(tenant, channel)

    def locations(self, tenant: str, sku: str) -> list[str]:
        return sorted(key.location for key in self.stocks if (key.tenant, key.sku) == (tenant, sku))

    def of_customer(self, tenant: str, sku: str, customer: str) -> Iterator[Reservation]:
        for reservation in self.reservations.values():
            of_sku = [line for line in reservation.lines if line.key.sku == sku]
            if (reservation.tenant, reservation.customer) == (tenant, customer) and any(
                line.held or line.allocated or line.waiting or line.shipped for line in of_sku
            ):
                yield reservation

    def queue(self, key: Key) -> Iterator[tuple[str, str]]:
        # Made at the same time, they come in the order in which they were made.
        waiting = [
            (line.queued_at_ms, reservation.created_at_ms, number, line.line_id, reservation_id)
            for number, (reservation_id, reservation) in enumerate(self.reservations.items())
            for line in reservation.lines
            if line.key == key and line.queued and line.queued_at_ms
        ]
        for *_, line_id, reservation_id in sorted(waiting):
            yield reservation_id, line_id

    def offers(self, reservation_id: str) -> Iterator[Reservation]:
        for reservation in self.reservations.values():
            if reservation.preparing and reservation.prepared_for == reservation_id:
                yield reservation

    def promised(self, key: Key, *, allocated: bool) -> Iterator[Reservation]:
        oldest_first = sorted(self.reservations.values(), key=lambda one: one.created_at_ms)
        for reservation in reversed(oldest_first):
            if any(
                line.key == key and (line.allocated if allocated else line.held)
                for line in reservation.lines
            ):
                yield reservation

    def stock_at(self, key: Key, time_ms: int, position: int) -> Stock | None:
        if position:
            if position < self._kept_from:
                return None
            past = self.history[:position]
        else:
            if time_ms < self._kept_from_ms:
                return None
            past = [(then_ms, event) for then_ms, event in self.history if then_ms <= time_ms]
        stock = self._first_stocks.get(key, Stock())
        for _, event in past:
            if type(event) not in KEYLESS_EVENTS and event.key == key:  # type: ignore[union-attr]
                stock = evolve_stock(stock, event)  # type: ignore[arg-type]
        return stock

    def recorded_at_ms(self, position: int) -> int:
        return self.history[position - 1][0]

    def transfer(self, transfer_id: str) -> Transfer | None:
        return self.transfers.get(transfer_id)

    def listing(self, tenant: str, channel: str, sku: str, location: str) -> Listing | None:
        data = self.listings.get(place_key(tenant, channel, (sku, location)))
        return None if data is None else decode_listing(data)

    def listed(
        self, tenant: str, channel: str, name: tuple[str, str, str]
    ) -> tuple[str, str] | None:
        data = self.listings.get(name_key(tenant, channel, name))
        return None if data is None else decode_place(data)

    def forget(self) -> None:
        """What was before now is not kept any more."""
        self._kept_from_ms = self.now_ms
        self._kept_from = len(self.history)

    def prepare(self, attempt_id: str, prepared: Mapping[Wish, Filled]) -> None:
        """For the next command other shards have set this aside, under this name."""
        self._attempt_id = attempt_id
        self._prepared = dict(prepared)
        shards = (self.shard_of(wish.tenant, wish.sku) for wish in prepared)
        self._attempted = tuple(sorted(set(shards)))

    def try_to(self, command: Command, source: str = "", source_sequence: int = 0) -> object:
        """Decide a command and make it happen: its answer, or why there is none."""
        self.source, self.source_sequence = source, source_sequence
        tenant: str = getattr(command, "tenant", None) or getattr(command, "key", TEA).tenant
        self.settings = self.configuration.settings(tenant, Settings())
        decision = decide(self, command, self.now_ms)
        self._prepared, self._attempt_id, self._attempted = {}, "", ()
        if not isinstance(decision, Decision):
            self.decision, self.recorded = Decision(), ()
            return decision
        self.happen(decision)
        return self.answer(command)

    def do(
        self, command: Command, source: str = "", source_sequence: int = 0
    ) -> Answer | Rejection:
        """The same, for a command that needs no other shard."""
        result = self.try_to(command, source, source_sequence)
        assert not isinstance(result, Elsewhere), result
        return result  # type: ignore[return-value]

    def answer(self, command: Command) -> Answer:
        """The answer to the command that was done last."""
        reservation_id = getattr(command, "reservation_id", "")
        reservation = self.reservations.get(reservation_id)
        return answer(command, self.recorded, self.decision.short_lines, reservation)

    def happen(self, decision: Decision) -> None:
        """Apply a decision's events in order."""
        self.recorded = tuple([self._record(event) for event in decision.events])
        of_reservations: dict[str, list[Event]] = {}
        for event in decision.events:
            reservation_id = getattr(event, "reservation_id", "")
            if reservation_id:
                of_reservations.setdefault(reservation_id, []).append(event)
        for reservation_id, events in of_reservations.items():
            before = self.reservations.get(reservation_id)
            after = evolve_lines(before, events, self.now_ms)
            self.reservations[reservation_id] = after
            if after.preparing and not after.is_open:
                del self.reservations[reservation_id]
        self.decision = decision

    def _record(self, event: Event) -> Recorded:
        """What an event does to stock, transfers and configuration."""
        self.history.append((self.now_ms, event))
        if type(event) in CONFIGURATION_EVENTS:
            evolve_configuration(self.configuration, event)  # type: ignore[arg-type]
        if type(event) is ListingsMapped:
            put_records(self.listings, tuple(changed_records(event, self.listings.get)))
        if type(event) in KEYLESS_EVENTS:
            return Recorded(event, None)
        if isinstance(event, _TRANSFER_EVENTS):
            before = self.transfers.get(event.transfer_id)
            self.transfers[event.transfer_id] = evolve_transfer(before, event, self.now_ms)
        key: Key = event.key  # type: ignore[union-attr]
        stock = evolve_stock(self.stocks.get(key), event)  # type: ignore[arg-type]
        self.stocks[key] = stock
        return Recorded(event, stock)

    def wait(self, milliseconds: int) -> None:
        """Let time pass without a sweep of due holds."""
        self.now_ms += milliseconds

    def sweep(self) -> list[str]:
        """Let happen all that is due by itself; the ids of its reservations."""
        swept = [
            reservation
            for reservation in self.reservations.values()
            if reservation.deadline_ms is not None and reservation.deadline_ms <= self.now_ms
        ]
        for reservation in swept:
            # What was swept before may have changed it.
            now = self.reservations[reservation.reservation_id]
            self.happen(due(self, now, self.now_ms))
        return [reservation.reservation_id for reservation in swept]


class Wait:
    """A step of a row's past: time passes, and due holds are swept or not."""

    def __init__(self, milliseconds: int, *, sweep: bool = True) -> None:
        self.milliseconds = milliseconds
        self.sweep = sweep


def given(
    stocks: Mapping[Key, Stock], *past: Command | Wait, configured: tuple[Event, ...] = ()
) -> World:
    """A world in which the past has happened. Nothing of the past may be refused."""
    return after(World(stocks, configured=configured), *past)


def after(world: World, *past: Command | Wait) -> World:
    """The world, after the past has happened in it. Nothing of the past may be refused."""
    for step in past:
        if isinstance(step, Wait):
            world.wait(step.milliseconds)
            if step.sweep:
                world.sweep()
        else:
            result = world.do(step)
            assert not isinstance(result, Rejection), (step, result)
    return world


def when(world: World, command: Command, source: str = "", source_sequence: int = 0) -> object:
    """What the command comes to: its events as text, or the rejection as it is, or what other
    shards have to be asked."""
    result = world.try_to(command, source, source_sequence)
    if isinstance(result, Rejection | Elsewhere):
        return result
    return told(world.decision.events)
