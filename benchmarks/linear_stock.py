"""What each operation on one SKU-location has to come to: a model written from the contract alone.

It shares no code with the engine. Baskets have one line; nothing expires, waits or is back-ordered.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from holdfast.v1 import errors_pb2 as errors

Answer = tuple[Any, ...]
"""What an operation was answered: a word, and facts. `level` and `read`: version, on hand, held,
allocated, available; `held`: reservation id, units; `moved`: units; `refused`: reason, facts."""

REFUSED = "refused"


class Operation:
    """One operation of one client: what was asked, between which times, and what was answered."""

    __slots__ = ("answer", "answered", "asked", "invoked", "kind", "request_id", "sku")

    def __init__(self, kind: str, sku: int, asked: tuple[Any, ...], request_id: str = "") -> None:
        """`asked` are its arguments: units; a reservation id and units, 0 for all; units and what
        `if_version` and `if_on_hand` were, None where they were not stated."""
        self.kind = kind
        self.sku = sku
        self.asked = asked
        self.request_id = request_id
        self.invoked = 0.0
        self.answered = float("inf")
        """On the monotonic clock; infinity: never."""
        self.answer: Answer | None = None
        """None: unknown."""


class Effect(NamedTuple):
    """What an operation comes to: its answer, and by how much balances move. Events: how many
    versions it takes; 0: it changes nothing."""

    answer: Answer
    events: int = 0
    on_hand: int = 0
    held: int = 0
    allocated: int = 0


@dataclass(slots=True)
class Basket:
    """A reservation of one line."""

    held: int = 0
    allocated: int = 0
    shipped: int = 0
    committed: int = 0
    """Units that ever were."""


@dataclass(slots=True)
class Shelf:
    """One SKU-location, at one version."""

    version: int = 0
    on_hand: int = 0
    held: int = 0
    allocated: int = 0
    baskets: dict[str, Basket] = field(default_factory=dict)

    @property
    def balances(self) -> tuple[int, int, int]:
        """On hand, held and allocated."""
        return self.on_hand, self.held, self.allocated

    @property
    def read(self) -> Answer:
        """What a read has to say."""
        return ("read", self.version, *self.balances, self.on_hand - self.held - self.allocated)

    def effect(self, operation: Operation, reservation_id: str = "") -> Effect:
        """What the operation has to come to now. `reservation_id`: what a Reserve was given."""
        return _EFFECTS[operation.kind](self, operation, reservation_id)

    def take(self, operation: Operation, effect: Effect, reservation_id: str) -> None:
        """Let an effect happen."""
        self.version += effect.events
        self.on_hand += effect.on_hand
        self.held += effect.held
        self.allocated += effect.allocated
        if operation.kind in ("receive", "adjust", "set_on_hand"):
            return
        name = reservation_id if operation.kind == "reserve" else operation.asked[0]
        basket = self.baskets.setdefault(name, Basket())
        basket.held += effect.held
        basket.allocated += effect.allocated
        basket.shipped -= effect.on_hand
        basket.committed += max(0, effect.allocated)


def _refused(reason: int, *facts: int) -> Effect:
    return Effect((REFUSED, reason, *facts))


def _reserve(shelf: Shelf, operation: Operation, reservation_id: str) -> Effect:
    (units,) = operation.asked
    available = shelf.on_hand - shelf.held - shelf.allocated
    if available < units:
        return _refused(errors.ERROR_REASON_INSUFFICIENT_STOCK, units, max(0, available))
    return Effect(("held", reservation_id, units), 1, held=units)


def _commit(shelf: Shelf, operation: Operation, _: str) -> Effect:
    basket = shelf.baskets.get(operation.asked[0])
    if basket is None:
        return _refused(errors.ERROR_REASON_UNKNOWN_RESERVATION)
    units = basket.held
    if units:
        return Effect(("moved", units), 1, held=-units, allocated=units)
    if basket.allocated or basket.shipped:
        return Effect(("moved", basket.committed))
    return _refused(errors.ERROR_REASON_RESERVATION_RELEASED)


def _release(shelf: Shelf, operation: Operation, _: str) -> Effect:
    reservation_id, units = operation.asked
    basket = shelf.baskets.get(reservation_id)
    if basket is None:
        return _refused(errors.ERROR_REASON_UNKNOWN_RESERVATION)
    left = basket.held + basket.allocated
    if not left:
        return Effect(("moved", 0))
    if units > left:
        return _refused(errors.ERROR_REASON_LINE_QUANTITY_EXCEEDED, units, left)
    freed = units or left
    held = min(freed, basket.held)
    allocated = freed - held
    return Effect(("moved", freed), bool(held) + bool(allocated), 0, -held, -allocated)


def _ship(shelf: Shelf, operation: Operation, _: str) -> Effect:
    reservation_id, units = operation.asked
    basket = shelf.baskets.get(reservation_id)
    if basket is None:
        return _refused(errors.ERROR_REASON_UNKNOWN_RESERVATION)
    if not basket.allocated:
        if basket.held:
            return _refused(errors.ERROR_REASON_RESERVATION_NOT_COMMITTED)
        if basket.shipped:
            return _refused(errors.ERROR_REASON_RESERVATION_SHIPPED)
        return _refused(errors.ERROR_REASON_RESERVATION_RELEASED)
    if units > basket.allocated:
        return _refused(errors.ERROR_REASON_LINE_QUANTITY_EXCEEDED, units, basket.allocated)
    left = units or basket.allocated
    return Effect(("moved", left), 1, on_hand=-left, allocated=-left)


def _receive(shelf: Shelf, operation: Operation, _: str) -> Effect:
    return _changed(shelf, operation.asked[0])


def _adjust(shelf: Shelf, operation: Operation, _: str) -> Effect:
    (delta,) = operation.asked
    return _below_promised(shelf, delta) or _changed(shelf, delta)


def _set_on_hand(shelf: Shelf, operation: Operation, _: str) -> Effect:
    counted, if_version, if_on_hand = operation.asked
    if if_version is not None and if_version != shelf.version:
        return _refused(errors.ERROR_REASON_VERSION_MISMATCH, if_version, shelf.version)
    if if_on_hand is not None and if_on_hand != shelf.on_hand:
        return _refused(errors.ERROR_REASON_ON_HAND_MISMATCH, if_on_hand, shelf.on_hand)
    delta = counted - shelf.on_hand
    return _below_promised(shelf, delta) or _changed(shelf, delta)


def _below_promised(shelf: Shelf, delta: int) -> Effect | None:
    left, promised = shelf.on_hand + delta, shelf.held + shelf.allocated
    if delta >= 0 or left >= promised:
        return None
    return _refused(errors.ERROR_REASON_BELOW_PROMISED, left, promised)


def _changed(shelf: Shelf, delta: int) -> Effect:
    on_hand = shelf.on_hand + delta
    available = on_hand - shelf.held - shelf.allocated
    level = ("level", shelf.version + 1, on_hand, shelf.held, shelf.allocated, available)
    return Effect(level, 1, on_hand=delta)


_EFFECTS = {
    "reserve": _reserve,
    "commit": _commit,
    "release": _release,
    "ship": _ship,
    "receive": _receive,
    "adjust": _adjust,
    "set_on_hand": _set_on_hand,
}
