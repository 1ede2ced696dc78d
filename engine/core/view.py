"""What a decision is made from, and what it comes to."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from engine.core.channel_book import ChannelBook
from engine.core.channels import Channel
from engine.core.configuration import CustomerLimit, Kit, Location
from engine.core.events import Event
from engine.core.listings import Listing
from engine.core.model import (
    Key,
    Reservation,
    Settings,
    ShortLine,
    Stock,
    Strategy,
    Struct,
    Transfer,
)

HERE = -1
"""What `View.shard_of` gives for a SKU of the deciding shard itself."""


class Grant(Struct, frozen=True):
    """What one line gets at one location: `quantity` units, of which `backordered` without stock
    behind them, and `waiting` ones on top, at this `place` of the waiting line."""

    key: Key
    quantity: int
    counted: bool = True
    backordered: int = 0
    waiting: int = 0
    place: int = 0


class Wish(Struct, frozen=True):
    """Units of one SKU that a line of a basket asks for. `keys` are where they may come from, in
    order of preference: the same SKU at one or several locations.

    A kit's line makes one wish for each component, with `units_each` units in one kit, and one for
    the kit itself, which only counts how many were promised: `counting`. All of these are `of_kit`.
    `given_back` units of the SKU come back from the customer by the same command. `kit` is the SKU
    of the kit that a wish is of, also where what is there of a kit is only moved or taken again.
    """

    line_id: str
    keys: tuple[Key, ...]
    quantity: int
    allow_backorder: bool = False
    customer_limit: int = 0
    units_each: int = 1
    counting: bool = False
    given_back: int = 0
    of_kit: bool = False
    kit: str = ""

    @property
    def tenant(self) -> str:
        """The tenant of the SKU."""
        return self.keys[0].tenant

    @property
    def sku(self) -> str:
        """The SKU."""
        return self.keys[0].sku


class Terms(Struct, frozen=True):
    """On what terms a basket is filled: for whom, from where, and what is done when it is short.

    `partly`: a wish that cannot be filled gets what there is, rather than nothing. `wait`: what is
    short may wait for stock. `told`: it has happened, so all of it is recorded.
    """

    channel: str = ""
    customer: str = ""
    strategy: Strategy = Strategy.PRIORITY
    split: bool = True
    partly: bool = False
    wait: bool = False
    told: bool = False


class Filled(Struct, frozen=True):
    """What a wish gets and, if that is not all, why; `missing` if there is no such SKU-location."""

    grants: tuple[Grant, ...]
    short: ShortLine | None = None
    missing: Key | None = None


class View(Protocol):
    """The state that a decision may look at. The shard assembles it; it sees the commands decided
    before."""

    settings: Settings
    """How long holds last, as configured now."""
    channels: ChannelBook
    """What is configured of channels."""
    source: str
    """The source that the command names; empty if it names none."""
    source_sequence: int
    """The number that the source gave it; 0: none."""

    def stock(self, key: Key) -> Stock | None:
        """The SKU-location's state, None if it does not exist. Asked for keys of this shard
        only."""

    def reservation(self, reservation_id: str) -> Reservation | None:
        """The reservation, of whatever tenant; None if it does not exist."""

    def new_reservation_id(self) -> str:
        """An id that no reservation or transfer has had; asked for at most once in a decision."""

    def shard_of(self, tenant: str, sku: str) -> int:
        """The shard of a SKU; HERE if it is this one."""

    def prepared(self, wish: Wish) -> Filled | None:
        """What another shard has set aside for a wish of this command; None if it was not asked for
        just this."""

    def attempt_id(self) -> str:
        """Under what name other shards have set that aside; empty if nothing was."""

    def attempted_shards(self) -> tuple[int, ...]:
        """The shards that were asked to set something aside for this command."""

    def location(self, tenant: str, name: str) -> Location | None:
        """How a location is configured; None if it is not: then it is enabled, in no group."""

    def group(self, tenant: str, group: str) -> tuple[str, ...]:
        """The enabled locations of a group in order of priority, then name; none if there is no
        such group."""

    def kit(self, tenant: str, sku: str) -> Kit | None:
        """What the SKU consists of; None if it is no kit."""

    def part_of(self, tenant: str, sku: str) -> str | None:
        """A kit that the SKU is a component of; None if there is none."""

    def customer_limit(self, tenant: str, sku: str) -> CustomerLimit | None:
        """How many units one customer may have; None if any number."""

    def sells_from(self, tenant: str, channel: Channel) -> tuple[str, ...] | None:
        """The locations that a channel sells from, in order of preference; None: all there are."""

    def locations(self, tenant: str, sku: str) -> Sequence[str]:
        """The locations of this shard that have the SKU, in order of name."""

    def of_customer(self, tenant: str, sku: str, customer: str) -> Iterator[Reservation]:
        """Every reservation of this shard in which the customer has or had units of the SKU."""

    def queue(self, key: Key) -> Iterator[tuple[str, str]]:
        """Reservation and line of all that wait for stock of the SKU-location or are backordered
        there, first come first."""

    def offers(self, reservation_id: str) -> Iterator[Reservation]:
        """What is set aside here for waiting lines of a reservation whose home is another shard,
        which has not answered yet."""

    def promised(self, key: Key, *, allocated: bool) -> Iterator[Reservation]:
        """The reservations with units held (or, if so asked, allocated) at the SKU-location, newest
        first."""

    def stock_at(self, key: Key, time_ms: int, position: int) -> Stock | None:
        """The SKU-location's state as of an engine time or, if that is not 0, a position of this
        shard; a new Stock if it did not exist; None if that is not kept any more."""

    def recorded_at_ms(self, position: int) -> int:
        """When the event at a position of this shard was recorded; of one that is not kept, when
        the oldest one that is kept was."""

    def transfer(self, transfer_id: str) -> Transfer | None:
        """The transfer, of whatever tenant; None if it does not exist."""

    def listing(self, tenant: str, channel: str, sku: str, location: str) -> Listing | None:
        """Under which identifiers a channel knows a SKU-location; None if under none. Asked of the
        shard that decides configuration only, as is `listed`."""

    def listed(
        self, tenant: str, channel: str, name: tuple[str, str, str]
    ) -> tuple[str, str] | None:
        """The SKU and location that a channel knows under its shop, item and location; None if
        there is none."""


class Decision(Struct, frozen=True):
    """What an accepted command makes happen. No events: it asked for what is so already."""

    events: tuple[Event, ...] = ()
    short_lines: tuple[ShortLine, ...] = ()


class Elsewhere(Struct, frozen=True):
    """The command cannot be decided before other shards have set aside what they can of these
    wishes, each given with its shard; then it is decided again."""

    wishes: tuple[tuple[int, Wish], ...]
    terms: Terms
