"""What a client shows a server, and how it knows the server: `Tls` and tokens."""

import ipaddress
import re
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import grpc

Token = str | Callable[[], str]
"""A bearer token, or what gives the one that is in force now: it is asked for each call, on the
event loop, so it must not take long."""

AUTHORIZATION = "authorization"
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
TOKEN_BYTES_MAX = 16 * 1024


class Tls(NamedTuple):
    """Reach a server over TLS. Each is the path of a PEM file.

    The server must show a certificate that `ca` has signed; without `ca`, one of the authorities
    that gRPC knows. `certificate`, with its `key`, is shown to a server that asks who calls. The
    files are read when the client is made.
    """

    ca: str | PathLike[str] | None = None
    certificate: str | PathLike[str] | None = None
    key: str | PathLike[str] | None = None

    def credentials(self) -> grpc.ChannelCredentials:
        """What gRPC needs. OSError if a file cannot be read, ValueError if one is missing."""
        if (self.certificate is None) is not (self.key is None):
            raise ValueError("certificate and key must be given together")
        ca, key, certificate = (
            None if path is None else Path(path).read_bytes()
            for path in (self.ca, self.key, self.certificate)
        )
        credentials: grpc.ChannelCredentials = grpc.ssl_channel_credentials(ca, key, certificate)
        return credentials


def token_file(path: str | PathLike[str]) -> Callable[[], str]:
    """A token that stands in a file, whose text is read for each call: replace the file before the
    token in it expires."""
    file = Path(path)

    def read() -> str:
        with file.open("rb") as opened:
            return opened.read(TOKEN_BYTES_MAX + 1).decode("ascii", "replace").strip()

    return read


def current(token: Token) -> str:
    """The token that is in force now. ValueError if it cannot be had, or cannot be one; nothing of
    it is ever said."""
    if isinstance(token, str):
        found = token
    else:
        try:
            found = token()
        except OSError as error:
            where = f" of {error.filename}" if error.filename else ""
            raise ValueError(f"the token{where} cannot be read: {error.strerror}") from None
    if len(found) > TOKEN_BYTES_MAX or not _TOKEN.fullmatch(found):
        raise ValueError(
            f"the token is none: allowed are letters, digits and -._~+/=, at most {TOKEN_BYTES_MAX}"
        )
    return found


def stays_here(target: str) -> bool:
    """Whether nobody but this machine can read what goes to a target of gRPC. Of names, only
    localhost is sure."""
    scheme, colon, rest = target.partition(":")
    if colon and scheme in {"unix", "unix-abstract"}:
        return True
    if colon and scheme in {"dns", "ipv4", "ipv6"} and not rest.isdecimal():
        target = rest.removeprefix("///")
    return all(_is_loopback(each) for each in target.split(","))


def _is_loopback(address: str) -> bool:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        host = address
    host = host.removeprefix("[").removesuffix("]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
