"""`holdfast health`: whether a node serves, for people, probes and scripts."""

from typing import Annotated

import typer

from engine.cli.door import CaOption, CertificateOption, Door, KeyOption
from engine.cli.failures import ExitCode, fail
from engine.cli.output import console, print_json
from engine.cli.session import AddressOption, JsonOption, TimeoutOption

app = typer.Typer()


@app.command()
def health(
    address: AddressOption = "127.0.0.1:7411",
    service: Annotated[
        str, typer.Option("--service", help="Such as holdfast.v1.FeedService. Default: all.")
    ] = "",
    timeout: TimeoutOption = "3s",  # type: ignore[assignment]
    json: JsonOption = False,
    ca: CaOption = "",
    certificate: CertificateOption = "",
    key: KeyOption = "",
) -> None:
    """End with 0 if the node serves, with 3 if it does not or cannot be reached. It needs no token,
    but a certificate where the node asks for one.

    Example: holdfast health --address 127.0.0.1:7411
    """
    from engine.rpc.probe import serving_status

    door = Door(ca, certificate, key)
    door.check()
    try:
        credentials = door.tls.credentials() if door.tls is not None else None
    except ValueError as error:
        raise fail(ExitCode.USAGE, str(error)) from None
    status = serving_status(address, service, timeout, credentials)
    if json:
        print_json({"address": address, "service": service, "status": status})
    elif status == "SERVING":
        console().print(f"{address} is SERVING", markup=False)
    if status != "SERVING":
        what = f" for {service}" if service else ""
        raise fail(ExitCode.UNAVAILABLE, f"{address} is {status}{what}")
