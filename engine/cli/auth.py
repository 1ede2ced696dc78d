"""`holdfast auth`: keys, tokens and certificates for trials and small shops, and why somebody may
or may not do something. Larger ones have an identity provider and a certificate authority."""

import json as json_text
import re
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli.arguments import duration_s
from engine.cli.auth_files import NewFile, read_file, write_files
from engine.cli.failures import ExitCode, fail
from engine.cli.output import print_facts, print_json

app = typer.Typer(no_args_is_help=True)

DAYS_MAX = 3_650
AUTHORITY_DAYS_TIMES = 10
"""An authority holds so many times longer than what it signs."""

FolderOption = Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where files go.")]
ReplaceOption = Annotated[bool, typer.Option("--replace", help="Write over what is there.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def _said(title: str, facts: dict[str, Any], json: bool) -> None:
    if json:
        print_json(facts)
    else:
        print_facts(title, [(name.replace("_", " "), str(value)) for name, value in facts.items()])


@app.command("keys")
def keys(
    folder: FolderOption = Path("auth"),
    kid: Annotated[str, typer.Option("--kid", help="Its id. Default: made up.")] = "",
    algorithm: Annotated[str, typer.Option("--algorithm", help="EdDSA or ES256.")] = "EdDSA",
    json: JsonOption = False,
) -> None:
    """Make a key that signs tokens, and add its public half to keys.json of FOLDER.

    Keys are rotated so: make another one, sign with it, and take the old one out of keys.json when
    its tokens have expired. A node reads the file again when it changes.

    Example: holdfast auth keys --to auth --kid 2026-11
    """
    from engine.access.keys import jwk_set, make_key, parse_key_set, private_pem, public_jwk
    from engine.access.watched import FileRefused

    try:
        key = make_key(algorithm, kid)
    except ValueError as error:
        raise fail(ExitCode.USAGE, str(error)) from None
    set_file, key_file = folder / "keys.json", folder / f"{_file_name(key.kid)}.key"
    jwks: list[dict[str, str]] = []
    if set_file.exists():
        content = read_file(set_file)
        try:
            parse_key_set(set_file, content)
        except FileRefused as refused:
            raise fail(ExitCode.USAGE, str(refused)) from None
        jwks = json_text.loads(content)["keys"]
    if any(jwk["kid"] == key.kid for jwk in jwks):
        raise fail(ExitCode.USAGE, f"{set_file} has a key {key.kid} already")
    jwks.append(public_jwk(key))
    write_files([NewFile(key_file, private_pem(key), is_private=True)], replace=False)
    write_files([NewFile(set_file, jwk_set(jwks))], replace=True)
    facts = {"kid": key.kid, "private_key": str(key_file), "key_set": str(set_file)}
    _said("A key that signs tokens", facts | {"keys_in_set": len(jwks)}, json)


@app.command("token")
def token(
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="Private key in PEM.")],
    issuer: Annotated[str, typer.Option("--issuer", help="As the principals file has it.")],
    subject: Annotated[str, typer.Option("--subject", help="Who it is for.")],
    audience: Annotated[str, typer.Option("--audience", help="As that file has it.")] = "holdfast",
    lifetime: Annotated[
        Any,
        typer.Option(
            "--lifetime", parser=duration_s, metavar="TIME", help="How long it holds: 15m, 1h, 30d."
        ),
    ] = "1h",
    kid: Annotated[
        str, typer.Option("--kid", help="Id of the key. Default: its file's name.")
    ] = "",
    file: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Where it goes. Default: stdout."),
    ] = None,
    replace: ReplaceOption = False,
) -> None:
    """Sign a token, and print it or write it to a file that its owner alone can read.

    Example: holdfast auth token --key auth/2026-11.key --issuer https://login.example
    --subject checkout --to checkout.token
    """
    from engine.access.keys import key_from_pem
    from engine.access.tokens import make_token

    try:
        signing = key_from_pem(read_file(key), kid or key.stem)
    except (ValueError, TypeError):
        raise fail(
            ExitCode.USAGE, f"{key}: no private key, Ed25519 or P-256, in PEM without a password"
        ) from None
    made = make_token(
        signing,
        issuer=issuer,
        audience=audience,
        subject=subject,
        now_s=time.time(),
        lifetime_s=lifetime,
    )
    if file is None:
        print(made)
        return
    write_files([NewFile(file, made.encode() + b"\n", is_private=True)], replace=replace)
    print_facts("A token", [("subject", subject), ("file", str(file))])


@app.command("certificates")
def certificates(
    folder: FolderOption = Path("auth"),
    hosts: Annotated[
        list[str] | None,
        typer.Option(
            "--host",
            metavar="NAME|ADDRESS",
            help="What the node is reached by. May be repeated. Default: this machine.",
        ),
    ] = None,
    clients: Annotated[
        list[str] | None,
        typer.Option(
            "--client",
            metavar="NAME",
            help="A caller, by DNS name or URI. May be repeated. Alone: no certificate of a node.",
        ),
    ] = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=DAYS_MAX, help="How long they hold.")
    ] = 90,
    replace: ReplaceOption = False,
    json: JsonOption = False,
) -> None:
    """Make an authority of your own, unless FOLDER has one, and certificates that it signs: ca.pem,
    server.pem and .key for the node, and one for each caller.

    With --replace certificates are renewed, but not the authority: a running node takes new files
    for new connections.

    Example: holdfast auth certificates --to auth --host stock.example --client checkout.shop
    """
    from engine.cli.certificates import Issued, issue_client, issue_server, make_authority

    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    files: list[NewFile] = []
    if ca.exists() and ca_key.exists():
        authority = Issued(read_file(ca), read_file(ca_key))
    else:
        authority = make_authority("Holdfast", min(days * AUTHORITY_DAYS_TIMES, DAYS_MAX))
        files += _pair(folder, "ca", authority)
        if there := [str(path) for path in (ca, ca_key) if path.exists()]:
            raise fail(ExitCode.USAGE, f"{there[0]} is there without its other half")
    names = hosts or ([] if clients else ["localhost", "127.0.0.1", "::1"])
    try:
        if names:
            files += _pair(folder, "server", issue_server(authority, names, days))
        for client in clients or ():
            files += _pair(folder, _file_name(client), issue_client(authority, client, days))
    except (ValueError, TypeError) as error:
        raise fail(ExitCode.USAGE, f"cannot be signed: {error}") from None
    write_files(files, replace=replace)
    facts = {"authority": str(ca), "written": [str(file.path) for file in files]}
    if json:
        print_json(facts)
    else:
        print_facts("Certificates", [("authority", ca), *(("file", file.path) for file in files)])


def _pair(folder: Path, name: str, issued: Any) -> list[NewFile]:
    return [
        NewFile(folder / f"{name}.key", issued.key, is_private=True),
        NewFile(folder / f"{name}.pem", issued.certificate),
    ]


def _file_name(name: str) -> str:
    """A name without what leads out of a folder."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".") or "_"
