"""What the node shows callers and asks of them: certificates that are read again when their files
change, so that new ones are used for new connections without a restart."""

import asyncio
import os
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import msgspec
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

LOOK_EVERY_S = 1.0
"""How often the files are looked at."""

FILE_BYTES_MAX = 1024 * 1024
RSA_BITS_MIN = 2_048
CURVES = (ec.SECP256R1, ec.SECP384R1)
"""Elliptic curves whose signatures gRPC's clients take."""

_logger = structlog.get_logger(__name__)


class TlsRefused(Exception):
    """A file of TLS cannot be used: the message names it and says why."""


class TlsFiles(msgspec.Struct, frozen=True):
    """Where certificate, private key and, for mutual TLS, the callers' authorities are: PEM."""

    certificate: str
    key: str
    client_ca: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """Those that there are."""
        return tuple(path for path in (self.certificate, self.key, self.client_ca) if path)


class Material(NamedTuple):
    """What the files hold, checked."""

    certificate: bytes
    key: bytes
    client_ca: bytes | None
    expires_at: datetime


_Stamp = tuple[tuple[int, int, int, int] | None, ...]
"""For each file its inode, size and the times at which its content, and anything of it, were
changed; None if it is not there."""


def _wall() -> datetime:
    return datetime.now(UTC)


class Certificates:
    """The certificates in force. `look` takes what is in the files now; what is wrong there is
    logged, and what was in force stays so."""

    def __init__(self, files: TlsFiles, wall: Callable[[], datetime] = _wall) -> None:
        """Read the files. TlsRefused if they cannot be used."""
        self._files = files
        self._wall = wall
        # Before reading: what changes in between is then read again.
        self._stamp = _stamp(files)
        self._in_force = read_material(files, wall())
        self._configuration = _configuration(self._in_force)
        self._context = _context(self._in_force)
        self._problem = ""

    @property
    def expires_at(self) -> datetime:
        """When the certificate in force ends."""
        return self._in_force.expires_at

    @property
    def refused(self) -> bool:
        """Whether the files hold what could not be taken."""
        return bool(self._problem)

    def credentials(self) -> grpc.ServerCredentials:
        """For gRPC, which asks at each new connection, in a thread of its own, what is new."""
        given = self._configuration

        def fetch() -> Any:
            """None: nothing is."""
            nonlocal given
            new = self._configuration
            if new is given:
                return None
            given = new
            return new

        return grpc.dynamic_ssl_server_credentials(
            given, fetch, require_client_authentication=bool(self._files.client_ca)
        )

    def context(self) -> ssl.SSLContext:
        """For one new connection of the metrics, as of now."""
        return self._context

    def look(self) -> bool:
        """Take what has changed; whether new certificates are in force. What is refused is read
        again each time: a certificate may come before its time."""
        stamp = _stamp(self._files)
        if stamp == self._stamp and not self._problem:
            return False
        self._stamp = stamp
        try:
            found = read_material(self._files, self._wall())
            configuration, context = _configuration(found), _context(found)
        except TlsRefused as refusal:
            if str(refusal) == self._problem:
                return False
            self._problem = str(refusal)
            expires_at = self.expires_at.isoformat()
            _logger.error(
                "new certificates are refused; the old ones stay in force",
                problem=self._problem,
                expires_at=expires_at,
            )
            return False
        self._problem = ""
        if found == self._in_force:
            return False
        self._in_force, self._configuration, self._context = found, configuration, context
        _logger.info(
            "new certificates are in force for new connections",
            expires_at=self.expires_at.isoformat(),
        )
        return True

    async def look_for_ever(self, every_s: float = LOOK_EVERY_S) -> None:
        """Look again and again, until it is cancelled."""
        while True:
            await asyncio.sleep(every_s)
            self.look()


def read_material(files: TlsFiles, now: datetime) -> Material:
    """Read and check the files, as of `now`. TlsRefused names the one that cannot be used, and
    says why."""
    certificate, key = _read(files.certificate), _read(files.key)
    client_ca = _read(files.client_ca) if files.client_ca else None
    chain = _certificates(files.certificate, certificate)
    for each in chain:
        if each.not_valid_after_utc <= now:
            ended = each.not_valid_after_utc.isoformat()
            raise TlsRefused(f"{files.certificate}: a certificate has expired at {ended}")
        if each.not_valid_before_utc > now:
            begins = each.not_valid_before_utc.isoformat()
            raise TlsRefused(f"{files.certificate}: a certificate holds only from {begins} on")
    _check_key(files, key, chain[0])
    if client_ca is not None:
        _certificates(files.client_ca, client_ca)
    return Material(certificate, key, client_ca, min(each.not_valid_after_utc for each in chain))


def _check_key(files: TlsFiles, pem: bytes, certificate: x509.Certificate) -> None:
    """The key must be the certificate's, and one that callers take."""
    try:
        private_key = load_pem_private_key(pem, None)
    except TypeError:
        raise TlsRefused(f"{files.key}: the key has a password; it must have none") from None
    except ValueError:
        raise TlsRefused(f"{files.key}: no private key in PEM") from None
    public_key = private_key.public_key()
    if public_key != certificate.public_key():
        raise TlsRefused(
            f"{files.key}: not the key of the first certificate in {files.certificate}"
        )
    is_strong = (
        isinstance(public_key, rsa.RSAPublicKey) and public_key.key_size >= RSA_BITS_MIN
    ) or (
        isinstance(public_key, ec.EllipticCurvePublicKey) and isinstance(public_key.curve, CURVES)
    )
    if not is_strong:
        raise TlsRefused(
            f"{files.key}: must be ECDSA on P-256 or P-384, or RSA of {RSA_BITS_MIN} bits at least"
        )


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise TlsRefused(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > FILE_BYTES_MAX:
        raise TlsRefused(f"{path}: larger than {FILE_BYTES_MAX:,} bytes")
    return content


def _certificates(path: str, pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise TlsRefused(f"{path}: no certificates in PEM") from None


def _stamp(files: TlsFiles) -> _Stamp:
    found: list[tuple[int, int, int, int] | None] = []
    for path in files.paths:
        try:
            status = Path(path).stat()
        except OSError:
            found.append(None)
        else:
            times = (status.st_mtime_ns, status.st_ctime_ns)
            found.append((status.st_ino, status.st_size, *times))
    return tuple(found)


def _configuration(material: Material) -> grpc.ServerCertificateConfiguration:
    pairs = [(material.key, material.certificate)]
    return grpc.ssl_server_certificate_configuration(pairs, root_certificates=material.client_ca)


def _context(material: Material) -> ssl.SSLContext:
    """A context made of what was checked, not of files that may have changed since."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        # OpenSSL reads certificates from files alone; this one is in memory.
        descriptor = os.memfd_create("holdfast-tls")
        with open(descriptor, "wb") as file:
            file.write(material.key + b"\n" + material.certificate)
            file.flush()
            context.load_cert_chain(f"/proc/self/fd/{descriptor}")
        if material.client_ca is not None:
            context.load_verify_locations(cadata=material.client_ca.decode("ascii"))
            context.verify_mode = ssl.CERT_REQUIRED
    except (ssl.SSLError, ValueError) as error:
        raise TlsRefused(f"the certificates cannot be used: {error}") from None
    return context
