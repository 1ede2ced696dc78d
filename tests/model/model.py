"""The independent model of the engine: what every command has to come to.

It is written from the meaning of the commands, as their docstrings and the contract tell it, and
shares nothing with the core but the names of commands, settings and rejections. `Model.do` says
what an answer has to say, or raises Refusal with the kind of rejection and changes nothing.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from engine.core.commands import (
    Adjust,
    Allocate,
    Amend,
    Command,
    Commit,
    Configure,
    ConfigureChannel,
    ConfigureHolds,
    ConfigureLocations,
    Confirm,
    DefineKit,
    Expect,
    Extend,
    LimitCustomers,
    Move,
    Pick,
    Receive,
    ReceiveTransfer,
    Release,
    Reserve,
    Return,
    Sell,
    SendTransfer,
    SetChannelPolicies,
    SetOnHand,
    Ship,
    TakeBack,
    TransferReservation,
    Unpick,
)
from engine.core.model import IfShort, Key, Settings
from engine.core.rejections import (
    BelowPromised,
    CountStale,
    InsufficientStock,
    KitHasNoStock,
    KitInKit,
    OnHandMismatch,
    SourceStale,
    TransferQuantityExceeded,
    UnavailableQuantityExceeded,
    UnknownIncoming,
    UnknownStock,
    UnknownTransfer,
    VersionMismatch,
)
from tests.model.baskets import Told, summed
from tests.model.fulfilling import Fulfilling
from tests.model.selling import Market
from tests.model.warehouse import WAITING, Refusal, Shelf


class Model(Fulfilling):
    """The warehouse with all its commands."""

    def do(self, command: Command, source: str = "", sequence: int = 0) -> Told:
        """What the command has to come to now; Refusal if it may not happen."""
        restore = self.save()
        self.source, self.freed = source, []
        self.before = {key: self.available(key, "") for key in self.shelves}
        self.ordered_before = self.ordered()
        count = self.counting_what_is_taken()
        try:
            told = self._do(command, source, sequence)
        except Refusal:
            restore()
            raise
        count()
        self.serve()
        if isinstance(command, Reserve | Allocate) and told.basket:
            # Who has just begun to wait may have got more: see `serve`.
            told.lines = summed(told.basket.units)
            waiting = {unit.place for unit in told.basket.having(WAITING)}
            told.places = {place: n for place, n in told.places.items() if place in waiting}
        return told

    def _do(self, command: Command, source: str, sequence: int) -> Told:
        key = self._on_stock(command)
        if key is not None:
            if key.sku in self.kits and not isinstance(command, Configure):
                raise Refusal(KitHasNoStock)
            shelf = self.shelves.get(key, Shelf())
            if sequence and sequence <= shelf.sequences.get(source, 0):
                raise Refusal(SourceStale)
        told: Told = _COMMANDS[type(command)](self, command) or Told()
        if key is not None:
            told.key = key
            if not isinstance(command, Sell | Expect | SendTransfer):
                self.freed.append(key)
            shelf = self.shelves[key]
            if source and sequence:
                shelf.sequences[source] = sequence
            if source and isinstance(command, SetOnHand):
                observed_ms = command.observed_at_ms
                seen_ms = observed_ms if 0 < observed_ms < self.now_ms else self.now_ms
                shelf.counted_ms[source] = max(seen_ms, shelf.counted_ms.get(source, 0))
        return told

    def _on_stock(self, command: Any) -> Key | None:
        if isinstance(command, SendTransfer):
            return Key(command.tenant, command.sku, command.from_location)
        if isinstance(command, ReceiveTransfer):
            known = self.transfers.get(command.transfer_id)
            return known[0] if known else None
        key: Key | None = getattr(command, "key", None)
        return key

    def _shelf(self, key: Key, *, new: bool = True) -> Shelf:
        if key not in self.shelves and not new:
            raise Refusal(UnknownStock)
        return self.shelves.setdefault(key, Shelf())

    def _may_lose(self, key: Key, units: int, if_short: IfShort) -> None:
        """Asked, units that may be sold are not taken from what is promised."""
        left = self.shelves[key].sellable - units
        if if_short is IfShort.REFUSE and units > 0 and left < self.promised(key):
            raise Refusal(BelowPromised)

    def sell(self, command: Sell) -> None:
        key, shelf = command.key, self._shelf(command.key, new=False)
        if command.if_short is IfShort.REFUSE:
            short = shelf.tracked and command.quantity > self.available(key, command.channel)
            if short or not self.is_open(key):
                raise Refusal(InsufficientStock)
            market = self.market(command.channel, key.sku)
            if market and key.location not in market.sold_from:
                raise Refusal(InsufficientStock)
            if market and shelf.tracked and not market.is_free(key, command.quantity):
                raise Refusal(InsufficientStock)
        if shelf.tracked:
            shelf.come(self.now_ms, -command.quantity)
            self.sold = Counter({(command.channel, key): command.quantity})

    def receive(self, command: Receive) -> None:
        shelf, expected = self._shelf(command.key), (command.incoming_reference, "")
        if command.incoming_reference:
            if expected not in shelf.incoming:
                raise Refusal(UnknownIncoming)
            self._arrived(shelf, expected, command.quantity)
        shelf.come(self.now_ms, command.quantity, command.unavailable_cause)

    def _arrived(self, shelf: Shelf, expected: tuple[str, str], units: int) -> None:
        left = shelf.incoming.pop(expected, 0) - units
        if left > 0:
            shelf.incoming[expected] = left

    def expect(self, command: Expect) -> None:
        shelf, expected = self._shelf(command.key), (command.reference, "")
        if not command.quantity and expected not in shelf.incoming:
            raise Refusal(UnknownIncoming)
        shelf.incoming.pop(expected, None)
        if command.quantity:
            shelf.incoming[expected] = command.quantity

    def take_back(self, command: TakeBack) -> None:
        self._shelf(command.key).come(self.now_ms, command.quantity, command.unavailable_cause)

    def adjust(self, command: Adjust) -> None:
        shelf, cause = self._shelf(command.key), command.unavailable_cause
        if cause and shelf.unavailable.get(cause, 0) + command.delta < 0:
            raise Refusal(UnavailableQuantityExceeded)
        if not cause:
            self._may_lose(command.key, -command.delta, command.if_short)
        shelf.on_hand += command.delta
        shelf.blame(cause, command.delta)

    def set_on_hand(self, command: SetOnHand) -> Told:
        key, shelf = command.key, self._shelf(command.key)
        if command.if_version not in (None, shelf.version):
            raise Refusal(VersionMismatch)
        if command.if_on_hand not in (None, shelf.on_hand):
            raise Refusal(OnHandMismatch)
        moved = 0
        if 0 < command.observed_at_ms < self.now_ms:
            if shelf.counted_ms.get(self.source, 0) >= command.observed_at_ms:
                raise Refusal(CountStale)
            since = [units for when, units in shelf.moves if when > command.observed_at_ms]
            moved = sum(since)
        on_hand = command.on_hand + moved
        self._may_lose(key, shelf.on_hand - on_hand, command.if_short)
        told = Told(key=key, expected=shelf.on_hand, moved_since=moved)
        shelf.on_hand = on_hand
        return told

    def move(self, command: Move) -> None:
        shelf = self._shelf(command.key, new=False)
        if command.from_cause and shelf.unavailable.get(command.from_cause, 0) < command.quantity:
            raise Refusal(UnavailableQuantityExceeded)
        if not command.from_cause:
            lost = command.quantity if command.to_cause else 0
            self._may_lose(command.key, lost, command.if_short)
        shelf.blame(command.from_cause, -command.quantity)
        shelf.blame(command.to_cause, command.quantity)

    def configure(self, command: Configure) -> None:
        shelf = self._shelf(command.key)
        for name in ("safety_stock", "tracked", "selling", "backorder_limit"):
            stated = getattr(command, name)
            setattr(shelf, name, getattr(shelf, name) if stated is None else stated)
        shelf.buffers = {**shelf.buffers, **dict(command.channel_buffers)}

    def send_transfer(self, command: SendTransfer) -> None:
        key = Key(command.tenant, command.sku, command.from_location)
        shelf = self._shelf(key, new=False)
        asked = command.if_short is IfShort.REFUSE and shelf.tracked
        if asked and command.quantity > self.available(key, ""):
            raise Refusal(InsufficientStock)
        target = Key(command.tenant, command.sku, command.to_location)
        if command.if_short is IfShort.REFUSE and self.outlets:
            self._leave_what_is_others(key, target, command.quantity)
        shelf.come(self.now_ms, -command.quantity)
        self._shelf(target).incoming["", "new"] = command.quantity
        self.transfers["new"] = (target, command.quantity)

    def _leave_what_is_others(self, key: Key, target: Key, units: int) -> None:
        """What channels have for themselves they find after a transfer as well."""
        fenced = Market(self, "", key.sku).fenced
        self.shelves[key].on_hand -= units
        self._shelf(target).on_hand += units
        after = Market(self, "", key.sku)
        if not after.leaves(after.before, fenced):
            raise Refusal(InsufficientStock)
        self.shelves[key].on_hand += units
        self.shelves[target].on_hand -= units

    def receive_transfer(self, command: ReceiveTransfer) -> None:
        if command.transfer_id not in self.transfers:
            raise Refusal(UnknownTransfer)
        key, in_transit = self.transfers[command.transfer_id]
        gone = command.quantity + command.lost
        if gone > in_transit:
            raise Refusal(TransferQuantityExceeded)
        self.transfers[command.transfer_id] = (key, in_transit - gone)
        shelf = self.shelves[key]
        self._arrived(shelf, ("", command.transfer_id), gone)
        shelf.come(self.now_ms, command.quantity, command.unavailable_cause)

    def configure_locations(self, command: ConfigureLocations) -> None:
        self.locations = {**self.locations, **{one.name: one for one in command.locations}}

    def define_kit(self, command: DefineKit) -> None:
        parts = {name for kit in self.kits.values() for name in kit}
        if command.components and command.sku in parts:
            raise Refusal(KitInKit)
        for component in command.components:
            if component.sku == command.sku or component.sku in self.kits:
                raise Refusal(KitInKit)
        self.kits = {sku: kit for sku, kit in self.kits.items() if sku != command.sku}
        if command.components:
            self.kits[command.sku] = {one.sku: one.quantity for one in command.components}

    def limit_customers(self, command: LimitCustomers) -> None:
        self.limits = {sku: limit for sku, limit in self.limits.items() if sku != command.sku}
        if command.units:
            self.limits[command.sku] = (command.units, command.window_ms)

    def configure_holds(self, command: ConfigureHolds) -> None:
        before = self.settings
        self.settings = Settings(
            command.cart_ms or before.hold_cart_ms,
            command.checkout_ms or before.hold_checkout_ms,
            command.order_ms or before.hold_order_ms,
        )


_COMMANDS: dict[type, Callable[[Model, Any], Told | None]] = {
    Reserve: Model.reserve,
    Allocate: Model.allocate,
    Amend: Model.amend,
    Extend: Model.extend,
    Commit: Model.commit,
    Confirm: Model.confirm,
    Release: Model.release,
    Pick: Model.pick,
    Unpick: Model.unpick,
    Ship: Model.ship,
    Return: Model.return_,
    TransferReservation: Model.transfer_reservation,
    Sell: Model.sell,
    Receive: Model.receive,
    Expect: Model.expect,
    TakeBack: Model.take_back,
    Adjust: Model.adjust,
    SetOnHand: Model.set_on_hand,
    Move: Model.move,
    SendTransfer: Model.send_transfer,
    ReceiveTransfer: Model.receive_transfer,
    Configure: Model.configure,
    ConfigureLocations: Model.configure_locations,
    DefineKit: Model.define_kit,
    LimitCustomers: Model.limit_customers,
    ConfigureHolds: Model.configure_holds,
    ConfigureChannel: Model.configure_channel,
    SetChannelPolicies: Model.set_channel_policies,
}
