"""`holdfast reshard`: the state of a stopped node, dealt out to another number of shards."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.backup import JsonOption, explained
from engine.cli.failures import ExitCode, fail
from engine.cli.output import print_facts, print_json
from engine.shard.slots import SHARDS_MAX

app = typer.Typer()


@app.command()
def reshard(
    source: Annotated[
        Path,
        typer.Option("--from", metavar="DIR", help="Data directory of a stopped node."),
    ],
    destination: Annotated[
        Path, typer.Option("--to", metavar="DIR", help="An empty or new data directory.")
    ],
    shards: Annotated[
        int, typer.Option("--shards", min=1, max=SHARDS_MAX, help="Shards of the new directory.")
    ],
    json: JsonOption = False,
) -> None:
    """Make a data directory with another number of shards from one of a node that is stopped.

    Stock, reservations, configuration and the answers to requests go with it; the old directory
    stays as it is. It is verified before, and the new one after. A new history begins: subscribers
    start anew, durable subscriptions are left behind with what is parked for them, and no question
    can be asked about the time before. Refused while shards have yet to
    tell each other something.

    Example: holdfast reshard --from /var/lib/holdfast --to /var/lib/holdfast-4 --shards 4
    """
    from engine.archive.reshard import Lost, NotSettled
    from engine.archive.reshard import reshard as deal_out

    with explained():
        try:
            layout = deal_out(source, destination, shards)
        except NotSettled as error:
            raise fail(ExitCode.REFUSED, str(error)) from None
        except Lost as error:
            raise fail(ExitCode.INTERNAL, f"a fault of holdfast: {error}") from None
    if json:
        print_json(
            {
                "directory": str(destination),
                "history": layout.history,
                "epoch": layout.epoch,
                "shards": layout.shards,
            }
        )
        return
    facts = [("history", f"{layout.history}, epoch {layout.epoch}"), ("shards", layout.shards)]
    print_facts(f"resharded to {destination}", facts)
