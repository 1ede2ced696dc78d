"""How a command reaches its node: over TLS or in clear, and as whom."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from engine.cli.failures import ExitCode, fail

if TYPE_CHECKING:
    from holdfast import Tls
    from holdfast.access import Token

NODE = "The node"
TOKEN_VARIABLE = "HOLDFAST_TOKEN"  # noqa: S105 - its name
"""A token, where no file has one. There is no option for it: others can read those."""


def _file_option(flag: str, variable: str, text: str) -> Any:
    return typer.Option(flag, envvar=variable, metavar="FILE", help=text, rich_help_panel=NODE)


CaOption = Annotated[
    str, _file_option("--ca", "HOLDFAST_CA", "Who signs the node's certificate: reach it over TLS.")
]
CertificateOption = Annotated[
    str, _file_option("--certificate", "HOLDFAST_CERTIFICATE", "Certificate shown to the node.")
]
KeyOption = Annotated[
    str, _file_option("--key", "HOLDFAST_KEY", "Private key of that certificate.")
]
TokenFileOption = Annotated[
    str,
    _file_option(
        "--token-file",
        "HOLDFAST_TOKEN_FILE",
        f"Bearer token shown to the node. Without a file: what {TOKEN_VARIABLE} holds.",
    ),
]

DOOR_OPTIONS: dict[str, tuple[Any, Any]] = {
    "door_ca": (CaOption, ""),
    "door_certificate": (CertificateOption, ""),
    "door_key": (KeyOption, ""),
    "door_token_file": (TokenFileOption, ""),
}
"""Options of every command that calls a node: annotation and default by a name that no command has
for something else."""


class Door(msgspec.Struct, frozen=True):
    """What a command knows its node by, and shows it: paths of files, or empty."""

    ca: str = ""
    certificate: str = ""
    key: str = ""
    token_file: str = ""

    @property
    def tls(self) -> "Tls | None":
        """None: in clear."""
        from holdfast import Tls

        if not (self.ca or self.certificate or self.key):
            return None
        return Tls(self.ca or None, self.certificate or None, self.key or None)

    @property
    def token(self) -> "Token | None":
        """A file goes first: what it holds may be renewed while a command runs."""
        from holdfast import token_file

        return token_file(self.token_file) if self.token_file else os.environ.get(TOKEN_VARIABLE)

    def keywords(self) -> dict[str, Any]:
        """What a client is made with. The command ends if a file cannot be read."""
        self.check()
        return {"tls": self.tls, "token": self.token}

    def check(self) -> None:
        """End the command with the file that cannot be read."""
        for path in (self.ca, self.certificate, self.key, self.token_file):
            if path and (problem := _problem(path)):
                raise fail(ExitCode.USAGE, f"{path} cannot be read: {problem}")


def _problem(path: str) -> str:
    """Why a file cannot be read; empty if it can."""
    try:
        with Path(path).open("rb"):
            return ""
    except OSError as error:
        return error.strerror or str(error)
