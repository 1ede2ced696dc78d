"""What a history of several shards must be by itself, whatever clients were answered: balances that
add up, and shards of which each has done exactly what it was told.

It shares no rule with the engine: the tables here say anew what an event moves.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from engine.shard.slots import shard_of, slot_of_reservation

_FIELDS = ("on_hand", "held", "allocated", "backordered", "waiting")

_MOVES: dict[str, dict[str, int]] = {
    "stock_received": {"on_hand": +1},
    "stock_held": {"held": +1},
    "hold_committed": {"held": -1, "allocated": +1},
    "hold_released": {"held": -1},
    "hold_expired": {"held": -1},
    "stock_allocated": {"allocated": +1},
    "allocation_released": {"allocated": -1},
    "stock_shipped": {"on_hand": -1, "allocated": -1},
    "hold_filled": {"backordered": -1, "held": +1},
    "allocation_filled": {"backordered": -1, "allocated": +1},
    "wait_joined": {"waiting": +1},
    "wait_left": {"waiting": -1},
    "wait_filled": {"waiting": -1, "held": +1},
}
"""What each unit moves that stock backs."""

_BACKORDER_MOVES = {
    "stock_held": +1,
    "stock_allocated": +1,
    "hold_released": -1,
    "hold_expired": -1,
    "allocation_released": -1,
}
"""How each unit that no stock backs changes those backordered."""

Told = tuple[str, str, str, int]
"""Kind, line, SKU, units."""


class Contradictions(NamedTuple):
    """What does not fit; everything should be 0."""

    versions: int
    """Events whose SKU-location is not one version on from the event before."""
    balances: int
    """Events after which the balances are not those before with what the event moves."""
    half: int
    """Reservations of which a shard has not done what it was told, all of it, once, in order."""


class ToldHistory:
    """Takes in the events of all shards, those of each in order."""

    def __init__(self, shards: int) -> None:
        self._shards = shards
        self._balances: dict[tuple[str, str], tuple[int, dict[str, int]]] = {}
        self._told: defaultdict[tuple[str, int], list[Told]] = defaultdict(list)
        self._heard: defaultdict[tuple[str, int], list[Told]] = defaultdict(list)
        self._wrong: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        """Events by kind."""

    def take(self, events: Iterable[Any]) -> None:
        """Take in events, as protobuf messages."""
        for message in events:
            kind = message.WhichOneof("kind") or ""
            self.kinds[kind] += 1
            if kind == "lines_told":
                told = message.lines_told
                where = (told.reservation_id, told.shard)
                self._told[where] += [_told(line) for line in told.lines]
            if message.HasField("key"):
                self._balance(message, kind)
                self._hear(message, kind)

    def _hear(self, message: Any, kind: str) -> None:
        reservation_id = getattr(getattr(message, kind), "reservation_id", "")
        slot = slot_of_reservation(reservation_id)
        # Names of attempts are no reservation ids.
        if slot is None or "/" in reservation_id:
            return
        if shard_of(slot, self._shards) != message.shard:
            self._heard[reservation_id, message.shard].append(_told(message))

    def _balance(self, message: Any, kind: str) -> None:
        key = (message.key.sku, message.key.location)
        version, balances = self._balances.get(key, (0, dict.fromkeys(_FIELDS, 0)))
        now = {name: getattr(message.balances, name) for name in _FIELDS}
        self._wrong["versions"] += message.version != version + 1
        self._wrong["balances"] += now != _moved(balances, kind, getattr(message, kind))
        self._balances[key] = (message.version, now)

    def contradictions(self) -> Contradictions:
        """Everything that does not fit."""
        both = self._told.keys() | self._heard.keys()
        half = sum(self._told.get(each, []) != self._heard.get(each, []) for each in both)
        return Contradictions(self._wrong["versions"], self._wrong["balances"], half)


def _told(message: Any) -> Told:
    kind = message.WhichOneof("kind")
    details = getattr(message, kind)
    # What is told to be held has been held, where it was set aside, under another name.
    kind = "stock_held" if kind == "hold_taken" else kind
    return (kind, getattr(details, "line_id", ""), message.key.sku, details.quantity)


def _moved(balances: dict[str, int], kind: str, details: Any) -> dict[str, int]:
    """The balances after an event."""
    backordered = getattr(details, "backordered", 0)
    moved = dict(balances)
    for name, by in _MOVES.get(kind, {}).items():
        moved[name] += by * (details.quantity - backordered)
    moved["backordered"] += _BACKORDER_MOVES.get(kind, 0) * backordered
    return moved
