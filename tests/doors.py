"""What stands at the front door in tests: certificates made as `holdfast auth certificates` makes
them, and handshakes of a client of our own."""

import os
import socket
import ssl
import warnings
from pathlib import Path
from typing import NamedTuple

from engine.cli.certificates import Issued, issue_client, issue_server, make_authority
from engine.rpc.tls import TlsFiles

HOSTS = ("localhost", "127.0.0.1")
FIRST, LAST = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_3
OLD = [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2]


class Files(NamedTuple):
    """Where a certificate and its key are."""

    certificate: Path
    key: Path


class Door:
    """An authority, the node's certificate and those of callers, all as files of one folder."""

    def __init__(self, folder: Path, days: int = 30) -> None:
        self.folder = folder
        self.authority = make_authority("Holdfast tests", days)
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(self.authority.certificate)
        self.server = Files(folder / "node.pem", folder / "node.key")
        self.renew(days)

    def renew(self, days: int = 30) -> bytes:
        """Give the node a new certificate; its serial number's PEM."""
        issued = issue_server(self.authority, HOSTS, days)
        replace(self.server, issued)
        return issued.certificate

    def client(self, name: str, authority: Issued | None = None) -> Files:
        """The files of a caller's certificate, signed by the node's authority or another one."""
        files = Files(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        replace(files, issue_client(authority or self.authority, name, 30))
        return files

    @property
    def flags(self) -> tuple[str, ...]:
        """Flags of `holdfast serve`."""
        certificate, key = self.server
        return ("--tls-certificate", str(certificate), "--tls-key", str(key))


def files_of(door: Door, client_ca: Path | None = None) -> TlsFiles:
    """What the node is told of a door; with `client_ca` it asks who calls."""
    certificate, key = door.server
    return TlsFiles(str(certificate), str(key), str(client_ca or ""))


def replace(files: Files, issued: Issued) -> None:
    """Put a certificate and its key where others may be, each in one step."""
    for path, content in zip(files, issued, strict=True):
        beside = path.with_suffix(".new")
        beside.write_bytes(content)
        os.replace(beside, path)


class NotLetIn(Exception):
    """The node has ended the connection."""


class Shaken(NamedTuple):
    """What a handshake has agreed on: version, protocol above it, and the node's certificate."""

    version: str
    protocol: str
    certificate: str


def shake(
    port: int,
    ca: Path,
    client: Files | None = None,
    version: ssl.TLSVersion = LAST,
    protocol: str = "h2",
) -> Shaken:
    """Shake hands by exactly one version of TLS. NotLetIn if the node breaks it off."""
    context = ssl.create_default_context(cafile=str(ca))
    context.set_alpn_protocols([protocol])
    with warnings.catch_warnings():
        # Whoever asks for old versions is warned; here they are asked for to be refused.
        warnings.simplefilter("ignore", DeprecationWarning)
        # The least version goes first: it may not be above the highest.
        context.minimum_version = min(version, LAST)
        context.maximum_version = version
    if version < LAST:
        # All that OpenSSL has, so that only the node can be what refuses.
        context.set_ciphers("ALL:PSK:@SECLEVEL=0")
    if client is not None:
        context.load_cert_chain(*client)
    try:
        return _shake(port, context, protocol)
    except (ssl.SSLCertVerificationError, TimeoutError):
        raise
    except OSError as error:
        raise NotLetIn(str(error)) from error


def _shake(port: int, context: ssl.SSLContext, protocol: str) -> Shaken:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        # A server says only after the handshake of TLS 1.3 that it does not take the certificate:
        # what it sends first shows that it does.
        if protocol == "h2":
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
        else:
            connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        if not connection.recv(1):
            raise ConnectionResetError("the node has closed the connection")
        shown = connection.getpeercert(binary_form=True)
        assert shown is not None
        return Shaken(
            str(connection.version()),
            str(connection.selected_alpn_protocol()),
            ssl.DER_cert_to_PEM_cert(shown),
        )


def write_unnoticed(path: Path, content: bytes) -> None:
    """Write another content of the same size into a file and put its time back, as copying with
    times does. As with another owner or mode, inode, size and time of the content stay."""
    before = path.stat()
    assert len(content) == before.st_size
    after = before
    # The kernel's clock for files goes in steps.
    while after.st_ctime_ns == before.st_ctime_ns:
        path.write_bytes(content)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
