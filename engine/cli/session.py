"""What all commands that talk to a node share: their common options, and the client."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import msgspec
import typer
from holdfast.errors import HoldfastError, Unavailable

from engine.cli.arguments import duration_s, moment
from engine.cli.door import DOOR_OPTIONS, NODE, Door
from engine.cli.failures import ExitCode, explain, facts, fail
from engine.cli.output import print_json

if TYPE_CHECKING:
    from holdfast import SyncClient

WRITE = "Every write"

AddressOption = Annotated[
    str,
    typer.Option("--address", envvar="HOLDFAST_ADDRESS", help="host:port.", rich_help_panel=NODE),
]
TenantOption = Annotated[
    str,
    typer.Option(
        "--tenant", envvar="HOLDFAST_TENANT", help="Whose stock it is.", rich_help_panel=NODE
    ),
]
TimeoutOption = Annotated[
    float,
    typer.Option(
        "--timeout",
        parser=duration_s,
        metavar="TIME",
        help="How long to try: 90s, 5m, 2h.",
        rich_help_panel=NODE,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON on stdout.", rich_help_panel=NODE)
]
RequestIdOption = Annotated[
    str | None,
    typer.Option(
        "--request-id",
        help="Names the write: with the same id it takes effect once. Default: a new one.",
        rich_help_panel=WRITE,
    ),
]
CorrelationIdOption = Annotated[
    str,
    typer.Option("--correlation-id", help="Ties it to other logs.", rich_help_panel=WRITE),
]
TicketOption = Annotated[
    str, typer.Option("--ticket", help="The ticket that asked for it.", rich_help_panel=WRITE)
]
OccurredAtOption = Annotated[
    Any,
    typer.Option(
        "--occurred-at",
        parser=moment,
        metavar="TIME",
        help="When it happened out there: 2026-11-20T10:00:00Z.",
        rich_help_panel=WRITE,
    ),
]
SourceOption = Annotated[
    str,
    typer.Option(
        "--source", help="Which system tells of it: a till, a warehouse.", rich_help_panel=WRITE
    ),
]
SourceSequenceOption = Annotated[
    int,
    typer.Option(
        "--source-sequence",
        min=0,
        help="The source's own number for it, from 1; lower ones are refused afterwards.",
        rich_help_panel=WRITE,
    ),
]
ValidateOnlyOption = Annotated[
    bool,
    typer.Option("--validate-only", help="Answer, but change nothing.", rich_help_panel=WRITE),
]

CALL_OPTIONS: dict[str, tuple[Any, Any]] = {
    "address": (AddressOption, "127.0.0.1:7411"),
    "tenant": (TenantOption, ""),
    "timeout": (TimeoutOption, "5s"),
    "json": (JsonOption, False),
    **DOOR_OPTIONS,
}
"""Options of every command that calls a node: annotation and default by name."""

WRITE_OPTIONS: dict[str, tuple[Any, Any]] = {
    "request_id": (RequestIdOption, None),
    "correlation_id": (CorrelationIdOption, ""),
    "ticket": (TicketOption, ""),
    "occurred_at": (OccurredAtOption, None),
    "source": (SourceOption, ""),
    "source_sequence": (SourceSequenceOption, 0),
    "validate_only": (ValidateOnlyOption, False),
}
"""Options of every write, named as the SDK names them."""


class Call(msgspec.Struct, frozen=True):
    """Where, for whom and how long a command calls, how it prints, and what a write carries."""

    address: str
    tenant: str
    timeout_s: float
    json: bool
    door: Door
    write_options: dict[str, Any]

    @contextmanager
    def client(self) -> Iterator["SyncClient"]:
        """A client of the node, whose failures are explained."""
        # It loads gRPC, which commands that call no node do not need.
        from holdfast import SyncClient

        with (
            self.explained(),
            SyncClient(self.address, **self.client_options) as client,
        ):
            yield client

    @property
    def client_options(self) -> dict[str, Any]:
        """Keywords that a client of the node is made with."""
        options = self.door.keywords()
        return options | {"tenant": self.tenant, "timeout_s": self.timeout_s}

    @contextmanager
    def explained(self) -> Iterator[None]:
        """What the SDK refuses to send ends the command as bad input, and silence ends it with the
        address that did not answer."""
        try:
            yield
        except ValueError as error:
            raise fail(ExitCode.USAGE, str(error)) from None
        except Unavailable as error:
            if error.reason:
                raise
            if self.json:
                print_json({"error": facts(error)})
            silence = f"no answer from {self.address} within {self.timeout_s:g} s"
            details = [f"  {line.strip()}" for line in explain(error)]
            raise fail(ExitCode.UNAVAILABLE, silence, *details) from None


def client_command(
    app: typer.Typer, *, writes: bool = False, timeout: str = "5s", name: str = ""
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a command. Its first parameter is the Call, made of the common
    options; what it declares besides are the command's own arguments and options. Its name is the
    function's, or `name` where that cannot be a function's."""
    common = CALL_OPTIONS | {"timeout": (TimeoutOption, timeout)}
    if writes:
        common |= WRITE_OPTIONS

    def register(function: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(function, include_extras=True)
        _, *own = inspect.signature(function).parameters.values()

        def command(**values: Any) -> None:
            given = {key: values.pop(key) for key in common}
            call = Call(
                given.pop("address"),
                given.pop("tenant"),
                given.pop("timeout"),
                given.pop("json"),
                Door(*(given.pop(name) for name in DOOR_OPTIONS)),
                given,
            )
            try:
                function(call, **values)
            except HoldfastError as error:
                # The sentence for a person follows on stderr in any case.
                if call.json:
                    print_json({"error": facts(error)})
                raise

        keyword = inspect.Parameter.KEYWORD_ONLY
        parameters = [
            parameter.replace(annotation=hints[parameter.name], kind=keyword) for parameter in own
        ] + [
            inspect.Parameter(key, keyword, default=default, annotation=annotation)
            for key, (annotation, default) in common.items()
        ]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {}
        command.__doc__ = function.__doc__
        app.command(name or function.__name__)(command)
        return function

    return register
