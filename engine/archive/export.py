"""Files for other programs: JSON Lines, one protobuf message of the contract a line, and Parquet,
with a typed column for each number, time and name that is asked for most.

A file has its name only once it is whole.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from google.protobuf import json_format
from google.protobuf.message import Message
from holdfast.v1 import feed_pb2

from engine.archive.source import Source, SourceShard
from engine.core.model import Key, Reservation, Stock
from engine.feed import wire
from engine.feed.cursor import Cursor
from engine.log import codec
from engine.log.files import sync_directory
from engine.log.port import HASH_BYTES
from engine.log.recovery import POSITION
from engine.log.v1 import record_pb2

PARTIAL_SUFFIX = ".part"
"""What the name of a file ends with until it is whole."""
BATCH_ROWS = 10_000
"""Rows of one piece of a Parquet file."""


class Column(NamedTuple):
    """A column of a Parquet file: its name, its type, and where its value is in a message; the
    first place that has one counts."""

    name: str
    kind: str
    places: tuple[str, ...]


def _same(kind: str, prefix: str, *names: str) -> tuple[Column, ...]:
    return tuple(Column(name, kind, (prefix + name,)) for name in names)


_BALANCES = _same(
    "int64",
    "balances.",
    *("on_hand", "held", "allocated", "safety_stock", "available", "picked", "incoming"),
    *("backordered", "waiting"),
)
EVENT_COLUMNS = (
    *_same("int64", "", "shard", "position"),
    *_same("timestamp", "", "recorded_at"),
    Column("kind", "string", ("@kind",)),
    Column("tenant", "string", ("key.tenant", "@kind.tenant")),
    *_same("string", "key.", "sku", "location"),
    *_same("int64", "", "version"),
    *_same("string", "@kind.", "reservation_id", "line_id"),
    *_same("int64", "@kind.", "quantity"),
    *_BALANCES,
    *_same("string", "cause.", "command", "request_id", "principal", "correlation_id", "ticket"),
    *_same("string", "cause.", "reason", "reference", "source"),
    *_same("timestamp", "cause.", "occurred_at"),
)
STOCK_COLUMNS = (
    *_same("string", "key.", "tenant", "sku", "location"),
    *_same("int64", "", "version"),
    *_BALANCES,
    *_same("int64", "", "backorder_limit"),
    *_same("bool", "", "tracked"),
    *_same("string", "", "selling"),
)
RESERVATION_COLUMNS = (
    *_same("string", "", "reservation_id", "tenant", "status", "reference", "channel", "customer"),
    *_same("timestamp", "", "created_at", "expires_at", "confirm_by"),
)
COLUMNS: dict[str, tuple[Column, ...]] = {
    "events": EVENT_COLUMNS,
    "stock": STOCK_COLUMNS,
    "reservations": RESERVATION_COLUMNS,
}
"""The columns of a Parquet file by what it holds; `message`, the whole as JSON, comes last."""


class Sink(Protocol):
    """A file in the making."""

    def write(self, message: Message) -> None:
        """Add a message."""

    def finish(self) -> None:
        """Write what is left."""


class JsonLines:
    """A message a line, in the JSON of protobuf with the field names of the contract: 64-bit
    numbers are text, times are RFC 3339, what has its default is left out."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", buffering=1 << 20)

    def write(self, message: Message) -> None:
        """See Sink.write."""
        self._file.write(_json(message) + "\n")

    def finish(self) -> None:
        """See Sink.finish."""
        self._file.close()


class Parquet:
    """A row for each message. ImportError if pyarrow is not installed."""

    def __init__(self, path: Path, columns: tuple[Column, ...]) -> None:
        # It is an extra of the distribution, and takes half a second to load.
        import pyarrow  # noqa: PLC0415
        import pyarrow.parquet  # noqa: PLC0415

        types = {
            "int64": pyarrow.int64(),
            "string": pyarrow.string(),
            "bool": pyarrow.bool_(),
            "timestamp": pyarrow.timestamp("ms", tz="UTC"),
        }
        fields = [(column.name, types[column.kind]) for column in columns]
        self._schema = pyarrow.schema([*fields, ("message", pyarrow.string())])
        self._make_batch = pyarrow.record_batch
        self._writer = pyarrow.parquet.ParquetWriter(str(path), self._schema, compression="zstd")
        self._columns = columns
        self._rows: list[list[Any]] = []

    def write(self, message: Message) -> None:
        """See Sink.write."""
        self._rows.append([*(_value(message, each) for each in self._columns), _json(message)])
        if len(self._rows) >= BATCH_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            columns = [list(column) for column in zip(*self._rows, strict=True)]
            self._writer.write_batch(self._make_batch(columns, schema=self._schema))
            self._rows = []

    def finish(self) -> None:
        """See Sink.finish."""
        self._flush()
        self._writer.close()


def _json(message: Message) -> str:
    plain = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def _value(message: Any, column: Column) -> Any:
    for place in column.places:
        found = _at(message, place)
        if found is None:
            continue
        if column.kind == "timestamp":
            return found.ToMilliseconds()
        return found
    return None


def _at(message: Any, place: str) -> Any:
    """The value at a place, None if the message has no such field or leaves it unset. `@kind` is
    what an event has happened: its name, or, before a field, its message."""
    for step in place.split("."):
        name = step
        if step == "@kind":
            name = message.WhichOneof("kind") or ""
            if place == step:
                return name
        field = message.DESCRIPTOR.fields_by_name.get(name)
        if field is None or (field.has_presence and not message.HasField(name)):
            return None
        message = getattr(message, name)
        if field.enum_type is not None:
            return field.enum_type.values_by_number[message].name
    return message


class Export:
    """A file that gets its name when the block ends well, and is removed when it does not."""

    def __init__(self, path: Path, what: str, form: str) -> None:
        """Begin a file of `what` (a key of COLUMNS) in the form "jsonl" or "parquet".
        FileExistsError if there is a file of that name."""
        if path.exists():
            raise FileExistsError(f"{path} is there already")
        self._path = path
        self._partial = path.with_name(path.name + PARTIAL_SUFFIX)
        self.rows = 0
        self._sink: Sink
        if form == "parquet":
            self._sink = Parquet(self._partial, COLUMNS[what])
        else:
            self._sink = JsonLines(self._partial)

    def write(self, message: Message) -> None:
        """Add a message."""
        self._sink.write(message)
        self.rows += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sink.finish()
        if kind is not None:
            self._partial.unlink()
            return
        descriptor = os.open(self._partial, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._partial.rename(self._path)
        sync_directory(self._path.parent)


def end_of(source: Source) -> Cursor:
    """The cursor after everything that a data directory holds."""
    positions = {one.shard: one.head.position for one in source.shards}
    return Cursor(source.layout.history, source.layout.epoch, positions)


def events_of(shard: SourceShard, after: int) -> Iterator[feed_pb2.Event]:
    """The events of a shard after a position, as the feed gives them."""
    for _, value in shard.store.scan("log", POSITION.pack(after + 1)):
        group = record_pb2.CommitGroup.FromString(value[HASH_BYTES:])
        position = group.first_position
        recorded_at = wire.timestamp(group.recorded_at_ms)
        for commit in group.commits:
            for event in commit.events:
                if position > after:
                    event.shard, event.position = shard.shard, position
                    event.recorded_at.CopyFrom(recorded_at)
                    event.cause.CopyFrom(commit.cause)
                    yield event
                position += 1


def stocks_of(shard: SourceShard) -> Iterator[tuple[Key, Stock]]:
    """Every SKU-location of a shard."""
    for key, value in shard.store.scan("stock"):
        yield codec.decode_key(key), codec.decode_stock(value)


def reservations_of(shard: SourceShard) -> Iterator[Reservation]:
    """Every reservation whose home is the shard."""
    for _, value in shard.store.scan("reservations"):
        reservation = codec.decode_reservation(value)
        if reservation.home_shard is None:
            yield reservation
