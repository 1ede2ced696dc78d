"""`holdfast export`: events, stock or reservations as a file for other programs."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli.backup import JsonOption, explained
from engine.cli.door import CaOption, CertificateOption, Door, KeyOption, TokenFileOption
from engine.cli.failures import ExitCode, fail, warn
from engine.cli.output import print_facts, print_json

if TYPE_CHECKING:
    from engine.archive.export import Export
    from engine.archive.source import Source

app = typer.Typer()

PROGRESS_ROWS = 100_000
"""Rows after which something is said."""


class Form(StrEnum):
    """How a file is written."""

    JSONL = "jsonl"
    PARQUET = "parquet"


class What(StrEnum):
    """What is exported."""

    EVENTS = "events"
    STOCK = "stock"
    RESERVATIONS = "reservations"


@app.command()
def export(
    file: Annotated[Path, typer.Option("--to", metavar="FILE", help="A new file.")],
    form: Annotated[Form, typer.Option("--format", help="How it is written.")] = Form.JSONL,
    what: Annotated[What, typer.Option("--what", help="What is exported.")] = What.EVENTS,
    after: Annotated[str, typer.Option("--from", help="Only events after this cursor.")] = "",
    data_dir: Annotated[
        Path,
        typer.Option("--data-dir", envvar="HOLDFAST_DATA_DIR", help="Data directory of the node."),
    ] = Path("data"),
    address: Annotated[
        str, typer.Option("--address", help="host:port: events of a node elsewhere, by its feed.")
    ] = "",
    tenant: Annotated[str, typer.Option("--tenant", help="With --address: whose events.")] = "",
    json: JsonOption = False,
    ca: CaOption = "",
    certificate: CertificateOption = "",
    key: KeyOption = "",
    token_file: TokenFileOption = "",
) -> None:
    """Write events, stock or reservations to a file, and print the cursor to go on from next time.

    Read from the data directory, as of one moment, beside a node that runs or is stopped; with
    --address events are read through the feed, up to those that were there at the beginning. FILE
    is there only when it is whole. Parquet needs: pip install "holdfast-engine[export]"

    Example: holdfast export --to events.jsonl --data-dir /var/lib/holdfast
    """
    if what is not What.EVENTS and (after or address):
        raise fail(ExitCode.USAGE, "--from and --address are for events")
    door = Door(ca, certificate, key, token_file)
    with explained():
        try:
            if address:
                rows, cursor = _from_feed(address, tenant, file, form, after, door)
            else:
                rows, cursor = _from_directory(data_dir, file, form, what, after)
        except ImportError:
            hint = 'Parquet needs pyarrow: pip install "holdfast-engine[export]"'
            raise fail(ExitCode.USAGE, hint) from None
    if json:
        print_json({"file": str(file), "rows": rows, "cursor": cursor})
    else:
        print_facts(str(file), [("rows", rows), ("cursor", cursor)])


def _write(export: "Export", message: Any) -> None:
    export.write(message)
    if export.rows % PROGRESS_ROWS == 0:
        warn(f"{export.rows:,} rows so far")


def _from_feed(
    address: str, tenant: str, file: Path, form: Form, after: str, door: Door
) -> tuple[int, str]:
    from holdfast import CaughtUp, EventBatch, SyncClient

    from engine.archive.export import Export

    with (
        SyncClient(address, tenant=tenant, **door.keywords()) as client,
        client.watch(start=after or "beginning") as feed,
        Export(file, What.EVENTS, form) as export,
    ):
        for said in feed.batches():
            if isinstance(said, EventBatch):
                for event in said.events:
                    _write(export, event.message)
            elif isinstance(said, CaughtUp):
                break
        return export.rows, said.cursor


@contextmanager
def _opened(data_dir: Path) -> Iterator["Source"]:
    """The data directory, or a checkpoint of it while a node runs on it."""
    from engine.archive.operator_socket import NoNode, asked
    from engine.archive.source import opened

    try:
        with asked(data_dir, "checkpoint") as answer, opened(Path(answer["directory"])) as source:
            yield source
    except NoNode:
        with opened(data_dir) as source:
            yield source


def _from_directory(
    data_dir: Path, file: Path, form: Form, what: What, after: str
) -> tuple[int, str]:
    from engine.archive.export import Export, end_of

    with _opened(data_dir) as source:
        positions = _positions(source, after)
        with Export(file, what, form) as export:
            for message in _messages(source, what, positions):
                _write(export, message)
        return export.rows, end_of(source).encode()


def _positions(source: "Source", after: str) -> dict[int, int]:
    """The position of each shard to start after: of the cursor, or before what is kept."""
    from engine.feed.cursor import Cursor, CursorError, CursorForeign

    positions = {one.shard: one.oldest_position - 1 for one in source.shards}
    if not after:
        return positions
    layout = source.layout
    try:
        cursor = Cursor.parse(after)
        is_ours = cursor.history == layout.history and max(cursor.positions) < layout.shards
        ends = layout.past.get(cursor.epoch)
        for shard, position in cursor.positions.items():
            end = source.shards[shard].head.position if is_ours else -1
            if cursor.epoch != layout.epoch:
                end = ends[shard] if ends else -1
            if position > end:
                raise CursorForeign(after, layout.history, layout.epoch)
            if position < positions[shard]:
                oldest = Cursor(layout.history, layout.epoch, positions).encode()
                raise fail(ExitCode.REFUSED, f"{after} is no longer kept; the oldest is {oldest}")
    except CursorError as error:
        raise fail(ExitCode.USAGE, str(error)) from None
    return positions | dict(cursor.positions)


def _messages(source: "Source", what: What, positions: dict[int, int]) -> Iterator[Any]:
    from holdfast.v1 import stock_pb2

    from engine.archive import export
    from engine.rpc.convert_state import put_reservation, put_stock

    for shard in source.shards:
        if what is What.EVENTS:
            yield from export.events_of(shard, positions[shard.shard])
        elif what is What.STOCK:
            for key, stock in export.stocks_of(shard):
                message = stock_pb2.Stock()
                put_stock(message, key, stock)
                yield message
        else:
            for reservation in export.reservations_of(shard):
                found = stock_pb2.Reservation()
                put_reservation(found, reservation)
                yield found
