"""What a turn shows to decisions and queries: the state that is stored, with what the turn has
changed of it so far."""

from collections import deque
from collections.abc import Iterator

from engine.core.channels import Channel
from engine.core.configuration import Configuration, CustomerLimit, Kit, Location
from engine.core.listings import Listing
from engine.core.model import Key, Reservation, Settings, Stock, Struct, Transfer
from engine.core.view import HERE, Filled, Wish
from engine.log.decode import split_group
from engine.log.index import (
    customer_prefix,
    first_come,
    offers_prefix,
    promised_prefix,
    queue_prefix,
    queued_line_of,
    reservation_of,
)
from engine.log.listings import decode_listing, decode_place, name_key, place_key
from engine.log.port import Commit, RequestRecord
from engine.log.time_travel import NotKept, stock_as_of
from engine.shard import slots
from engine.shard.active import Active
from engine.shard.effects import Effects
from engine.shard.messages import Attempt, Write
from engine.shard.stock_actor import StockActor
from engine.shard.turn_index import TurnIndex


class Place(Struct, frozen=True):
    """Where a shard stands: its number among how many, and in which epoch of the history."""

    shard: int = 0
    shards: int = 1
    epoch: int = 1


class TurnView:
    """A `View`: reads see everything that the turn has applied so far."""

    def __init__(
        self,
        active: Active,
        configuration: Configuration,
        settings: Settings,
        place: Place,
        now_ms: int,
    ) -> None:
        """Begin at engine time `now_ms`. `settings` apply to tenants for which nothing else is
        configured."""
        # Python reads up to 29 attributes of an object, Turn's among them, without a look into a
        # dict: one more, and every command takes 5 % longer to decide.
        self.settings = settings
        self.channels = configuration.channels
        self.source = ""
        self.source_sequence = 0
        self.now_ms = now_ms
        self.next_position = active.log.head.position + 1
        self.effects = Effects()
        self.log = active.log
        self.place = place
        self._actors = active.actors
        self._reservations = active.reservations
        self._locations = active.locations
        self._configuration = configuration
        self._default_settings = settings
        self._alone = place.shards == 1
        self._slot = 0
        self._previewing = False
        self._attempt: Attempt | None = None
        self._prepared: dict[Wish, deque[Filled]] = {}
        self._taking_part = self.effects.actors
        self._gone = self.effects.gone
        self._index = TurnIndex(active.log)
        self._unindexed: set[str] = set()

    def enter(self, slot: int, tenant: str, write: Write | None = None) -> None:
        """What is decided next concerns this tenant. A write's home is `slot`; one that asks to be
        validated only will not be applied."""
        self._slot = slot
        configuration = self._configuration
        self.settings = self._default_settings
        if configuration.holds:
            self.settings = configuration.settings(tenant, self._default_settings)
        attempt = None
        if write is None:
            self.source, self.source_sequence, self._previewing = "", 0, False
        else:
            context = write.context
            self.source, self.source_sequence = context.source, context.source_sequence
            self._previewing = context.validate_only
            attempt = write.attempt
        self._attempt = attempt
        if attempt is not None or self._prepared:
            self._prepared = {}
            for share in attempt.shares if attempt else ():
                for wish, filled in zip(share.wishes, share.filled, strict=True):
                    self._prepared.setdefault(wish, deque()).append(filled)

    def stock(self, key: Key) -> Stock | None:
        """The SKU-location's state after the commands so far."""
        return self._actor(key).stock

    def reservation(self, reservation_id: str) -> Reservation | None:
        """The reservation after the commands so far."""
        if self._gone and reservation_id in self._gone:
            return None
        return self._reservations.get(reservation_id)

    def new_reservation_id(self) -> str:
        """The id for a reservation or transfer whose first event is the next one of this turn;
        empty in a preview, which makes none."""
        if self._previewing:
            return ""
        return slots.reservation_id(self._slot, self.place.epoch, self.next_position)

    def shard_of(self, tenant: str, sku: str) -> int:
        """The shard of a SKU; HERE if it is this one."""
        if self._alone:
            return HERE
        shard = slots.shard_of(slots.slot_of(tenant, sku), self.place.shards)
        return HERE if shard == self.place.shard else shard

    def prepared(self, wish: Wish) -> Filled | None:
        """What another shard has set aside for a wish of the command that is decided."""
        filled = self._prepared.get(wish)
        # Of equal wishes each is answered once, in their order.
        return filled.popleft() if filled else None

    def attempt_id(self) -> str:
        """Under what name other shards have set that aside; empty if nothing was."""
        return self._attempt.attempt_id if self._attempt else ""

    def attempted_shards(self) -> tuple[int, ...]:
        """The shards that have set something aside for the command."""
        if self._attempt is None:
            return ()
        return tuple(
            share.shard
            for share in self._attempt.shares
            if any(filled.grants for filled in share.filled)
        )

    def location(self, tenant: str, name: str) -> Location | None:
        """How a location is configured; None if it is not."""
        return self._configuration.location(tenant, name)

    def group(self, tenant: str, group: str) -> tuple[str, ...]:
        """The enabled locations of a group, best first."""
        return self._configuration.group(tenant, group)

    def kit(self, tenant: str, sku: str) -> Kit | None:
        """What the SKU consists of; None if it is no kit."""
        return self._configuration.kit(tenant, sku)

    def part_of(self, tenant: str, sku: str) -> str | None:
        """A kit that the SKU is a component of; None if there is none."""
        return self._configuration.part_of(tenant, sku)

    def customer_limit(self, tenant: str, sku: str) -> CustomerLimit | None:
        """How many units one customer may have; None if any number."""
        return self._configuration.customer_limit(tenant, sku)

    def listing(self, tenant: str, channel: str, sku: str, location: str) -> Listing | None:
        """Under which identifiers a channel knows a SKU-location after the commands so far."""
        data = self._listing_record(place_key(tenant, channel, (sku, location)))
        return None if data is None else decode_listing(data)

    def listed(
        self, tenant: str, channel: str, name: tuple[str, str, str]
    ) -> tuple[str, str] | None:
        """The SKU and location that a channel knows under these identifiers."""
        data = self._listing_record(name_key(tenant, channel, name))
        return None if data is None else decode_place(data)

    def _listing_record(self, key: bytes) -> bytes | None:
        changed = self.effects.listings
        return changed[key] if key in changed else self.log.listing_record(key)

    def sells_from(self, tenant: str, channel: Channel) -> tuple[str, ...] | None:
        """The locations that a channel sells from, best first; None: all there are."""
        return self._configuration.sells_from(tenant, channel)

    def of_customer(self, tenant: str, sku: str, customer: str) -> Iterator[Reservation]:
        """Every reservation of this shard in which the customer has or had units of the SKU."""
        return self._found(customer_prefix(tenant, sku, customer))

    def offers(self, reservation_id: str) -> Iterator[Reservation]:
        """What is set aside here for waiting lines of a reservation of another shard."""
        return self._found(offers_prefix(reservation_id))

    def promised(self, key: Key, *, allocated: bool) -> Iterator[Reservation]:
        """The reservations with units held or allocated at the SKU-location, newest first."""
        return self._found(promised_prefix(key, allocated=allocated), newest_first=True)

    def queue(self, key: Key) -> Iterator[tuple[str, str]]:
        """Reservation and line of all that wait at the SKU-location, first come first."""
        prefix = queue_prefix(key)
        waiting = first_come(self.entries(prefix), prefix)
        return (queued_line_of(entry, prefix) for entry in waiting)

    def entries(
        self, prefix: bytes, *, newest_first: bool = False, after: bytes = b""
    ) -> Iterator[bytes]:
        """Index entries after the commands so far: see Log.index."""
        self._bring_up_to_date()
        return self._index.find(prefix, newest_first=newest_first, after=after)

    def _found(self, prefix: bytes, *, newest_first: bool = False) -> Iterator[Reservation]:
        for entry in self.entries(prefix, newest_first=newest_first):
            reservation = self.reservation(reservation_of(entry, prefix))
            if reservation is not None:
                yield reservation

    def _bring_up_to_date(self) -> None:
        """Index what was changed since this was done last."""
        before = self.effects.reservation_before
        for reservation_id in self._unindexed:
            self._index.touch(before[reservation_id], self.reservation(reservation_id))
        self._unindexed.clear()

    def stock_at(self, key: Key, time_ms: int, position: int) -> Stock | None:
        """The SKU-location's state as of an engine time or a position; None if that is not kept any
        more. What this turn has made is the present."""
        if position > self.log.head.position or (not position and time_ms >= self.now_ms):
            return self.stock(key) or Stock()
        position = position or self.log.position_at(time_ms)
        found = stock_as_of(self.log, key, position)
        if isinstance(found, NotKept):
            return None
        return found or Stock()

    def recorded_at_ms(self, position: int) -> int:
        """When the event at a position was recorded; of one that is not kept, when the oldest one
        that is kept was."""
        head = self.log.head
        if position > head.position:
            return self.now_ms
        groups = self.log.read(max(position, self.log.oldest_position), 0, head.position)
        return split_group(groups[0])[0] if groups else head.recorded_at_ms

    def transfer(self, transfer_id: str) -> Transfer | None:
        """The transfer after the commands so far."""
        return self.effects.transfers.get(transfer_id) or self.log.transfer(transfer_id)

    def _actor(self, key: Key) -> StockActor:
        """The actor of a key: of this turn, or active, or activated now."""
        actor = self._taking_part.get(key)
        if actor is None:
            actor = self._actors.get(key) or StockActor(key, None)
            self._taking_part[key] = actor
        return actor

    def look_at(self, key: Key) -> Stock | None:
        """Like `stock`, for a query: it activates no actor."""
        actor = self._actors.peek(key)
        return actor.stock if actor else self.log.stock(key)

    def locations(self, tenant: str, sku: str) -> list[str]:
        """The locations that have this SKU after the commands so far, in order of name."""
        new = self.effects.new_locations.get((tenant, sku))
        if new:
            return sorted([*self.log.locations(tenant, sku), *new])
        return self._locations.get((tenant, sku)) or []

    def request(self, request_key: bytes) -> tuple[RequestRecord, Commit] | None:
        """What this turn has recorded of a request id."""
        return self.effects.requests.get(request_key)

    def attempt(self, attempt_id: str) -> bool | None:
        """Whether an attempt was decided in favour here; None if it was not decided."""
        decided = self.effects.attempts.get(attempt_id)
        return self.log.attempt(attempt_id) if decided is None else decided

    def heard(self, shard: int) -> int:
        """Up to which position what another shard tells was taken in."""
        return self.effects.heard.get(shard) or self.log.heard(shard)
