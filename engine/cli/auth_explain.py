"""`holdfast auth explain`: why somebody may or may not do something, by the principals file."""

import contextlib
import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from engine.cli.auth_files import read_file
from engine.cli.failures import ExitCode, fail
from engine.cli.output import console, print_json

if TYPE_CHECKING:
    from engine.access.gate import Gate, Shown
    from engine.access.named import Named

app = typer.Typer()


def _names_option(flag: str, text: str) -> Any:
    return typer.Option(flag, metavar="NAME", help=text)


@app.command("explain")
def explain(
    command: Annotated[str, typer.Argument(metavar="COMMAND", help="Such as Reserve, or Watch.")],
    principals: Annotated[
        Path,
        typer.Option(
            "--principals", envvar="HOLDFAST_PRINCIPALS", metavar="FILE", help="Who may do what."
        ),
    ],
    principal: Annotated[str, typer.Option("--principal", help="Who, by name.")] = "",
    token: Annotated[
        Path | None, typer.Option("--token-file", metavar="FILE", help="Who, by a token.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="FILE", help="Who, by a certificate.")
    ] = None,
    tenants: Annotated[
        list[str] | None, _names_option("--tenant", "Whose stock. Default: the default tenant's.")
    ] = None,
    skus: Annotated[
        list[str] | None, _names_option("--sku", "A SKU; * for all, as a Watch without filter.")
    ] = None,
    locations: Annotated[
        list[str] | None, _names_option("--location", "A location; * for all, as a group.")
    ] = None,
    channels: Annotated[
        list[str] | None, _names_option("--channel", 'A channel; "" for a sale without one.')
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Say which rule grants a command that names this, or what each rule of the principal does not
    cover. What is not named here counts as not touched. Ends with 1 if it is denied.

    Example: holdfast auth explain Reserve --principals principals.toml --principal checkout
    --sku TEA --location PARIS --channel web
    """
    from engine.access.commands import COMMANDS
    from engine.access.decide import Denied, decide
    from engine.access.gate import Gate
    from engine.access.watched import FileRefused

    if command not in COMMANDS:
        near = difflib.get_close_matches(command, COMMANDS, n=1, cutoff=0.0)
        raise fail(ExitCode.USAGE, f"there is no command {command}, did you mean {near[0]}?")
    try:
        gate = Gate(principals)
    except FileRefused as refused:
        raise fail(ExitCode.USAGE, str(refused)) from None
    who = _who(gate, principal, token, certificate)
    named = _named(tenants or [""], skus, locations, channels)
    judged = decide(gate.principals, who, command, named)
    if isinstance(judged, Denied):
        reasons = [str(reason) for reason in judged.reasons]
        _print(json, who, command, None, reasons)
        raise typer.Exit(int(ExitCode.REFUSED))
    rule = judged.rule
    _print(json, who, command, f"rule {rule.number} ({', '.join(rule.stated)})", [])


def _who(gate: "Gate", principal: str, token: Path | None, certificate: Path | None) -> str:
    """The principal that is meant; the command ends if nobody is."""
    from engine.access.gate import Shown
    from engine.access.problems import Unauthenticated

    if sum(map(bool, (principal, token, certificate))) != 1:
        raise fail(ExitCode.USAGE, "say who: one of --principal, --token-file and --certificate")
    if principal:
        if principal not in gate.principals.by_name:
            known = ", ".join(sorted(gate.principals.by_name)) or "nobody"
            raise fail(ExitCode.USAGE, f"there is no principal {principal}; there are: {known}")
        return principal
    if certificate is None:
        shown = Shown(token=read_file(token or Path()).decode("ascii", "replace").strip() or "-")
    else:
        shown = _in_certificate(certificate)
    try:
        return gate.authenticate(shown).name
    except Unauthenticated as unknown:
        raise fail(ExitCode.REFUSED, f"nobody: {unknown}") from None


def _in_certificate(path: Path) -> "Shown":
    """What a node takes from a certificate."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    from engine.access.gate import Shown

    try:
        first, *_ = x509.load_pem_x509_certificates(read_file(path))
    except ValueError:
        raise fail(ExitCode.USAGE, f"{path}: no certificate in PEM") from None
    common = first.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    names = [str(each.value) for each in common]
    with contextlib.suppress(x509.ExtensionNotFound):
        found = first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        kinds = (x509.DNSName, x509.UniformResourceIdentifier)
        # Who has alternative names is not who the common name says.
        names = [name for kind in kinds for name in found.get_values_for_type(kind)]
    return Shown(
        certificate_names=tuple(names) or ("",),
        certificate_expires_s=first.not_valid_after_utc.timestamp(),
    )


def _named(*kinds: Sequence[str] | None) -> "Named":
    from engine.access.named import NONE, Named, patterns

    return Named(*(NONE if each is None else patterns(each) for each in kinds))


def _print(json: bool, who: str, command: str, granted_by: str | None, reasons: list[str]) -> None:
    if json:
        print_json(
            {
                "principal": who,
                "command": command,
                "granted": granted_by is not None,
                "granted_by": granted_by,
                "not_covered": reasons,
            }
        )
        return
    if granted_by is not None:
        console().print(Text(f"{who} may {command}: {granted_by} grants it"))
        return
    console().print(Text(f"{who} may not {command}:"))
    for reason in reasons or ["there is no rule for it"]:
        console().print(Text(f"  {reason}"))
