"""`holdfast backup`, `restore` and `retain`: what an operator does with a data directory. They run
on the machine of the node; a node that runs goes on meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.failures import ExitCode, fail
from engine.cli.output import print_facts, print_json, print_table

app = typer.Typer()

DataDirOption = Annotated[
    Path,
    typer.Option("--data-dir", envvar="HOLDFAST_DATA_DIR", help="Data directory of the node."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


@contextmanager
def explained() -> Iterator[None]:
    """End the command with what stood in its way."""
    from engine.archive.archivist import NotDone
    from engine.archive.backup import BackupError
    from engine.archive.operator_socket import NoNode
    from engine.log.port import LogError

    try:
        yield
    except NotDone as error:
        raise fail(ExitCode.UNAVAILABLE, str(error)) from None
    except (BackupError, LogError, NoNode, OSError) as error:
        raise fail(ExitCode.USAGE, str(error)) from None


@app.command()
def backup(
    destination: Annotated[
        Path, typer.Option("--to", metavar="DIR", help="An empty or new directory.")
    ],
    earlier: Annotated[
        Path | None,
        typer.Option("--earlier", metavar="DIR", help="Share what this earlier backup has too."),
    ] = None,
    data_dir: DataDirOption = Path("data"),
    json: JsonOption = False,
) -> None:
    """Copy a node's whole history and state, as of one moment, while it runs or is stopped.

    Everything that was acknowledged before the command began is in it. All shards of a running node
    are held still for some milliseconds; then the files are copied beside it. DIR is no backup
    before its manifest is there, which is written last.

    With --earlier, files that an earlier backup in the same file system has too take no more room:
    both have them by hard links. Each is whole without the other, which may be deleted; but a file
    that is damaged on disk is damaged in both.

    Example: holdfast backup --data-dir /var/lib/holdfast --to /backups/monday
    """
    from engine.archive.backup import back_up, back_up_stopped
    from engine.archive.operator_socket import NoNode, asked

    with explained():
        try:
            with asked(data_dir, "checkpoint") as answer:
                made = back_up(Path(answer["directory"]), destination, earlier)
        except NoNode:
            made = back_up_stopped(data_dir, destination, earlier)
    manifest = made.manifest
    layout = manifest.layout
    positions = [shard.position for shard in manifest.shards]
    if json:
        print_json(
            {
                "directory": str(destination),
                "made_at": manifest.made_at,
                "history": layout.history,
                "epoch": layout.epoch,
                "positions": positions,
                "files": len(manifest.files),
                "bytes": manifest.size_bytes,
                "shared_bytes": made.shared_bytes,
            }
        )
        return
    facts: list[tuple[str, object]] = [
        ("made at", manifest.made_at),
        ("history", f"{layout.history}, epoch {layout.epoch}"),
        ("positions", ", ".join(f"{position:,}" for position in positions)),
        ("files", len(manifest.files)),
        ("bytes", manifest.size_bytes),
        ("of them shared", made.shared_bytes),
    ]
    print_facts(f"backup in {destination}", facts)


@app.command()
def restore(
    source: Annotated[Path, typer.Option("--from", metavar="DIR", help="A backup.")],
    destination: Annotated[
        Path, typer.Option("--to", metavar="DIR", help="An empty or new data directory.")
    ],
    json: JsonOption = False,
) -> None:
    """Make a data directory from a backup, after comparing every file with its checksum.

    A new epoch of the same history begins: cursors up to the backup stay good, later ones of the
    old node are refused with DATA_LOSS. Start a node on the directory, or verify it first.

    Example: holdfast restore --from /backups/monday --to /var/lib/holdfast
    """
    from engine.archive.restore import restore as restore_backup

    with explained():
        layout = restore_backup(source, destination)
    ends = layout.past[max(layout.past)]
    if json:
        print_json(
            {
                "directory": str(destination),
                "history": layout.history,
                "epoch": layout.epoch,
                "positions": list(ends),
            }
        )
        return
    facts = [
        ("history", f"{layout.history}, epoch {layout.epoch}"),
        ("positions", ", ".join(f"{position:,}" for position in ends)),
    ]
    print_facts(f"restored to {destination}", facts)


@app.command()
def retain(data_dir: DataDirOption = Path("data"), json: JsonOption = False) -> None:
    """Let a running node forget now what retention_days and retention_events do not keep.

    It does so by itself once an hour. The first time only a base is taken: what came before it is
    dropped when all of it is old enough.

    Example: holdfast retain --data-dir /var/lib/holdfast
    """
    from engine.archive.operator_socket import asked

    with explained(), asked(data_dir, "retain") as answer:
        shards = answer["shards"]
    if json:
        print_json({"shards": shards})
        return
    columns = ("shard", "base taken at", "dropped up to")
    rows = [(one["shard"], one["base_taken"], one["dropped_up_to"]) for one in shards]
    print_table("", columns, rows)
