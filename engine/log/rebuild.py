"""The state that a base holds, as the beginning of a replay, and compared with one."""

from collections.abc import Iterable, Mapping

from engine.log import codec, configured, history, relay
from engine.log.base import BaseHeader, Record
from engine.log.history import NUMBER_BYTES, decode_number, encode_number
from engine.log.replay import Attempt, Replay


class BaseState:
    """What a base holds, family by family."""

    def __init__(self, header: BaseHeader, records: Iterable[Record]) -> None:
        """Read all records. LogError if the base is damaged."""
        self.header = header
        self.families: dict[str, dict[bytes, bytes]] = {}
        for family, key, value in records:
            self.families.setdefault(family, {})[key] = value

    def family(self, name: str) -> Mapping[bytes, bytes]:
        """The records of a family, by key."""
        return self.families.get(name, {})

    def begin(self, replay: Replay, told: Mapping[int, int], forgotten: int) -> None:
        """Put the state into a fresh replay, which then goes on after it. What other shards have
        acknowledged since, up to the positions in `told`, is left out, and so are requests and
        attempts up to `forgotten`. LogError if a record is none."""
        for key, value in self.family("history").items():
            entry = history.decode_entry(key, value)
            replay.stock[codec.decode_key(key[1 : -NUMBER_BYTES - 1])] = entry.stock
        for key, value in self.family("reservations").items():
            replay.reservations[key.decode()] = codec.decode_reservation(value)
        for key, value in self.family("transfers").items():
            replay.transfers[key.decode()] = codec.decode_transfer(value)
        for key, value in self.family("requests").items():
            record = codec.decode_request(value)
            if record.position > forgotten:
                replay.requests[key] = record
        replay.answers.update(
            (key, value)
            for key, value in self.family("answers").items()
            if decode_number(key) > forgotten
        )
        for key, value in self.family("attempts").items():
            group_end = decode_number(value)
            if group_end > forgotten:
                decided = Attempt(group_end, group_end, value.endswith(b"\1"))
                replay.attempts[key.decode()] = decided
        replay.listings.update(self.family("listings"))
        configured.load_into(replay.configuration, self.family("configuration").items())
        self._begin_relay(replay, told)
        replay.resume(self.header.head)

    def _begin_relay(self, replay: Replay, told: Mapping[int, int]) -> None:
        for key, value in self.family("relay").items():
            shard = relay.shard_of(key)
            if key[:1] == b"h":
                replay.heard[shard] = decode_number(value)
            elif key[:1] == b"o":
                position = history.number_at_end(key)
                if position > told.get(shard, 0):
                    replay.tells.add((shard, position))

    def differs_from(self, replay: Replay) -> list[str]:
        """The families in which it is not what a replay up to its position gives. What is forgotten
        in time (requests, attempts, tells) is not looked at."""
        given = {
            "history": {
                history.stock_entry_key(key, stock.version): codec.encode_state(stock)
                for key, stock in replay.stock.items()
            },
            "reservations": {
                name.encode(): codec.encode_state(one) for name, one in replay.reservations.items()
            },
            "transfers": {
                name.encode(): codec.encode_state(one) for name, one in replay.transfers.items()
            },
            "configuration": dict(configured.records(replay.configuration)),
            "listings": replay.listings,
        }
        held = {name: dict(self.family(name)) for name in given}
        held["history"] = {key: value[NUMBER_BYTES:] for key, value in held["history"].items()}
        found = [name for name, records in given.items() if held[name] != records]
        heard = {relay.heard_key(shard): encode_number(at) for shard, at in replay.heard.items()}
        if {k: v for k, v in self.family("relay").items() if k[:1] == b"h"} != heard:
            found.append("relay")
        if self.header.head != replay.head:
            found.append("head")
        return found
