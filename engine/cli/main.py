"""The `holdfast` command, put together from its families."""

from typing import Any

import typer
from typer.core import TyperGroup

from engine.cli import (
    backup,
    baskets,
    bench,
    export,
    fulfilment,
    health,
    history,
    load,
    movements,
    reservations,
    reshard,
    serve,
    settings,
    stock,
    stock_reads,
    verify,
    watch,
)
from engine.cli.failures import end_with


class _Group(TyperGroup):
    """Explains on stderr whatever a command did not handle, and turns it into an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except Exception as error:
            raise end_with(error) from None


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Holdfast: an inventory engine that never promises the same unit twice.\n\n"
    "Exit codes: 0 ok, 1 refused by a rule, 2 bad input, 3 unavailable, 4 a fault of Holdfast.",
)
for family in (
    *(serve, health, baskets, fulfilment, reservations, stock, stock_reads, movements),
    *(history, settings, watch, verify, backup, reshard, export, load, bench),
):
    app.registered_commands.extend(family.app.registered_commands)
app.add_typer(movements.transfers, name="transfer", help="Units between locations.")
app.add_typer(settings.locations, name="locations", help="Where stock is sourced from.")
app.add_typer(settings.kits, name="kit", help="SKUs that consist of others.")


def app_main() -> None:
    """The entry point of the console script."""
    app(prog_name="holdfast")


if __name__ == "__main__":
    app_main()
