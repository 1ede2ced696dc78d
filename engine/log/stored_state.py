"""What is stored beside the log, compared with what follows from the log."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from engine.core.model import Struct
from engine.log import codec, configured, history, relay
from engine.log.history import decode_number, encode_number, number_at_end
from engine.log.index import entries
from engine.log.port import Totals
from engine.log.promises import name_of
from engine.log.rebuild import BaseState
from engine.log.recovery import META_FORGOTTEN, META_HEAD, META_TOTALS, POSITION, position_of
from engine.log.replay import Attempt, Differences, Replay
from engine.log.store import Store

_Name = TypeVar("_Name")
_State = TypeVar("_State")


class Relay(Struct, frozen=True):
    """How far a shard has got with others, as it has stored it: its last position; up to which of
    its positions each other shard has acknowledged; up to which of theirs it has heard."""

    head: int
    told: dict[int, int]
    heard: dict[int, int]


class StoredState:
    """The state of one shard's log, as it is stored."""

    def __init__(self, store: Store, shard: int, differences: Differences) -> None:
        self._store = store
        self._shard = shard
        self._differences = differences
        self.forgotten = decode_number(store.get("meta", META_FORGOTTEN) or bytes(8))
        """Up to which position requests and attempts were forgotten."""
        self._base_position = 0
        self._history_entries = 0
        self._history_missing = 0
        numbers = [(key, decode_number(value)) for key, value in store.scan("relay") if value]
        self.relay = Relay(
            head=position_of(store.get("meta", META_HEAD) or POSITION.pack(0)),
            told={relay.shard_of(key): number for key, number in numbers if key[:1] == b"t"},
            heard={relay.shard_of(key): number for key, number in numbers if key[:1] == b"h"},
        )

    def compare_base_history(self, base: BaseState) -> None:
        """Compare the history entries that the log's base holds: each is kept, since it says what
        its SKU-location was at the base. Older ones may be there or be deleted already."""
        self._base_position = base.header.position
        for key, value in base.family("history").items():
            if self._store.get("history", key) != value:
                self._differences.add(
                    f"shard {self._shard}, history: {key!r} is not what the base says"
                )

    def compare_history(self, replay: Replay) -> None:
        """Compare the entries of the group that was replayed last."""
        position = encode_number(replay.head.position)
        found = self._store.get
        for key in replay.touched_keys:
            stock = replay.stock[key]
            stored = found("history", history.stock_entry_key(key, stock.version))
            if stored != position + codec.encode_state(stock):
                what = "is missing" if stored is None else "is not what the log gives"
                self._misses(stored, f"version {stock.version} of {name_of(key)} {what}")
            self._history_entries += 1
        for reservation_id in replay.touched_reservations:
            reservation = replay.reservations.get(reservation_id)
            if reservation is None or reservation.preparing:
                continue
            stored = found("history", history.reservation_prefix(reservation_id) + position)
            if stored is None:
                self._misses(stored, f"{reservation_id} at {replay.head.position} is missing")
            self._history_entries += 1

    def _misses(self, stored: bytes | None, what: str) -> None:
        self._history_missing += stored is None
        self._differences.add(f"shard {self._shard}, history: {what}")

    def compare(self, replay: Replay) -> None:
        """Compare everything that is kept of the present."""
        compare = self._compare
        compare("stock", replay.stock, codec.decode_key, codec.decode_stock)
        compare("reservations", replay.reservations, codec.decode_name, codec.decode_reservation)
        compare("requests", replay.requests, bytes, codec.decode_request)
        compare("timers", dict.fromkeys(replay.timers(), b""), codec.decode_timer, bytes)
        compare("transfers", replay.transfers, codec.decode_name, codec.decode_transfer)
        configuration = dict(configured.records(replay.configuration))
        compare("configuration", configuration, bytes, bytes)
        compare("listings", replay.listings, bytes, bytes)
        compare("answers", replay.answers, bytes, bytes)
        compare("attempts", _encoded_attempts(replay.attempts), bytes, bytes)
        compare("relay", _encoded_relay(replay, self.relay), bytes, bytes)
        self._compare_index(replay)
        self._compare_history_count()
        self._compare_meta(replay)

    def _compare(
        self,
        family: str,
        expected: Mapping[_Name, _State],
        decode_name: Callable[[bytes], _Name],
        decode_state: Callable[[bytes], _State],
    ) -> None:
        where = f"shard {self._shard}, {family}"
        seen = 0
        for key, value in self._store.scan(family):
            name, state = decode_name(key), decode_state(value)
            if name not in expected:
                self._differences.add(f"{where}: {name} is stored, the log has none")
                continue
            seen += 1
            if state != expected[name]:
                self._differences.add(
                    f"{where}: {name} is stored as {state}, the log gives {expected[name]}"
                )
        if seen != len(expected):
            # Only now, so that the names need not be kept twice when nothing is missing.
            stored = {decode_name(key) for key, _ in self._store.scan(family)}
            for name in expected:
                if name not in stored:
                    self._differences.add(
                        f"{where}: {name} is missing, the log gives {expected[name]}"
                    )

    def _compare_index(self, replay: Replay) -> None:
        expected = {entry for one in replay.reservations.values() for entry in entries(one)}
        where = f"shard {self._shard}, index"
        for entry, _ in self._store.scan("index"):
            if entry in expected:
                expected.discard(entry)
            else:
                self._differences.add(f"{where}: {entry!r} is stored, the log has none")
        for entry in expected:
            self._differences.add(f"{where}: {entry!r} is missing")

    def _compare_history_count(self) -> None:
        base = self._base_position
        stored = sum(
            (decode_number(value) if value else number_at_end(key)) > base
            for key, value in self._store.scan("history")
        )
        expected = self._history_entries - self._history_missing
        if stored != expected:
            self._differences.add(
                f"shard {self._shard}, history: {stored - expected} entries more are stored than "
                f"the {self._history_entries} that the log gives"
            )

    def _compare_meta(self, replay: Replay) -> None:
        totals = self._store.get("meta", META_TOTALS)
        stored = {
            "totals": Totals() if totals is None else codec.decode_totals(totals),
            "head": self.relay.head,
        }
        given = {"totals": replay.totals(), "head": replay.head.position}
        for name, value in given.items():
            if stored[name] != value:
                self._differences.add(
                    f"shard {self._shard}, {name}: {stored[name]} is stored, the log gives {value}"
                )


def _encoded_attempts(attempts: Mapping[str, Attempt]) -> dict[bytes, bytes]:
    return {
        name.encode(): encode_number(one.group_end) + bytes([one.in_favour])
        for name, one in attempts.items()
    }


def _encoded_relay(replay: Replay, stored: Relay) -> dict[bytes, bytes]:
    """What is to be told and was heard, as it follows from the log; what was acknowledged, as it is
    stored: no log says that."""
    heard = {relay.heard_key(shard): encode_number(at) for shard, at in replay.heard.items()}
    told = {relay.told_key(shard): encode_number(at) for shard, at in stored.told.items()}
    tells = {relay.tell_key(shard, at): b"" for shard, at in replay.tells}
    return {**heard, **told, **tells}


def compare_relays(relays: Sequence[Relay], differences: Differences) -> None:
    """Compare what shards say of each other: nothing was acknowledged that was not heard, and
    nothing heard that was not told."""
    for teller, one in enumerate(relays):
        for hearer, other in enumerate(relays):
            if hearer == teller:
                continue
            told, heard = one.told.get(hearer, 0), other.heard.get(teller, 0)
            if not told <= heard <= one.head:
                differences.add(
                    f"shard {hearer} has heard shard {teller} up to {heard}, which ends at "
                    f"{one.head} and was told that it was heard up to {told}"
                )
