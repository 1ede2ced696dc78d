"""The front door's TLS: versions, certificates that change under it, and callers' certificates.

Real handshakes on loopback, by Python's ssl module and by gRPC's own clients.
"""

import ssl
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
import structlog.testing
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import inventory_pb2_grpc

from engine.cli.certificates import issue_server, make_authority
from engine.rpc.server import RpcServer
from engine.rpc.tls import Certificates, TlsRefused
from engine.shard.local import LocalShards
from tests.doors import (
    HOSTS,
    LAST,
    OLD,
    Door,
    Files,
    NotLetIn,
    files_of,
    replace,
    shake,
    write_unnoticed,
)
from tests.rpc.serving import TEA


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


@asynccontextmanager
async def listening(certificates: Certificates) -> AsyncIterator[int]:
    """A server with TLS in front of one shard; its port."""
    shards = LocalShards(1)
    server = RpcServer(shards, certificates=certificates)
    port = await server.start()
    await server.set_serving(True)
    try:
        yield port
    finally:
        await server.stop(0)
        shards.close()


@asynccontextmanager
async def calling(port: int, door: Door, client: Files | None = None) -> AsyncIterator[Any]:
    """A stub with a connection of its own."""
    credentials = grpc.ssl_channel_credentials(
        door.ca.read_bytes(),
        *((client.key.read_bytes(), client.certificate.read_bytes()) if client else ()),
    )
    # gRPC shares connections between channels of equal options.
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    address = f"localhost:{port}"
    async with grpc.aio.secure_channel(address, credentials, options=options) as channel:
        yield inventory_pb2_grpc.InventoryServiceStub(channel)


async def ask(stub: Any) -> None:
    """A call that goes all the way."""
    context = pb.WriteContext(request_id=str(uuid.uuid4()))
    request = pb.ReceiveRequest(context=context, key=TEA, quantity=1)
    assert (await stub.Receive(request, timeout=20)).level.balances.on_hand > 0


async def refuse(stub: Any) -> str:
    """What a client hears that does not come in."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.GetStock(pb.GetStockRequest(key=TEA), timeout=20)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    return refused.value.details() or ""


@pytest.mark.parametrize("version", OLD)
async def test_older_versions_of_tls_are_refused(door: Door, version: ssl.TLSVersion) -> None:
    async with listening(Certificates(files_of(door))) as port:
        with pytest.raises(NotLetIn):
            shake(port, door.ca, version=version)
        # The control: what is refused is the version, and nothing else about this client.
        assert shake(port, door.ca).version == "TLSv1.3"


async def test_the_node_speaks_http_2_over_tls_1_3(door: Door) -> None:
    async with listening(Certificates(files_of(door))) as port:
        shaken = shake(port, door.ca, version=LAST)
        assert (shaken.version, shaken.protocol) == ("TLSv1.3", "h2")
        assert shaken.certificate == door.server.certificate.read_text()
        async with calling(port, door) as stub:
            await ask(stub)


async def test_nothing_is_answered_in_clear(door: Door) -> None:
    async with (
        listening(Certificates(files_of(door))) as port,
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        await refuse(inventory_pb2_grpc.InventoryServiceStub(channel))


def test_a_server_that_would_speak_old_tls_is_not_made(door: Door) -> None:
    certificate, key = door.server
    program = (
        "import sys, grpc, engine.rpc.server as server, engine.rpc.tls as tls\n"
        "certificates = tls.Certificates(tls.TlsFiles(*sys.argv[1:]))\n"
        "server.RpcServer(None, certificates=certificates)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(certificate), str(key)],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "it would speak TLS 1.2 too" in done.stderr


OPEN_SERVER = """
import sys, grpc
from concurrent import futures
from engine.rpc.tls import Certificates, TlsFiles
server = grpc.server(futures.ThreadPoolExecutor(1))
credentials = Certificates(TlsFiles(*sys.argv[1:])).credentials()
port = server.add_secure_port("127.0.0.1:0", credentials)
server.start()
print(port, flush=True)
sys.stdin.read()
"""


def test_control_a_server_whose_grpc_was_not_told_speaks_tls_1_2(door: Door) -> None:
    certificate, key = door.server
    with subprocess.Popen(
        [sys.executable, "-c", OPEN_SERVER, str(certificate), str(key)],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as open_server:
        assert open_server.stdout is not None
        port = int(open_server.stdout.readline())
        assert shake(port, door.ca, version=ssl.TLSVersion.TLSv1_2).version == "TLSv1.2"
        for version in OLD[:2]:
            with pytest.raises(NotLetIn):
                shake(port, door.ca, version=version)
        open_server.communicate()


async def test_a_client_that_knows_another_authority_does_not_believe_the_node(
    door: Door, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = Door(tmp_path / "other")
    async with listening(Certificates(files_of(door))) as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            shake(port, other.ca)
        async with calling(port, other) as stub:
            assert "CERTIFICATE_VERIFY_FAILED" in await refuse(stub)


async def test_a_new_certificate_is_for_new_connections_and_old_ones_go_on(door: Door) -> None:
    certificates = Certificates(files_of(door))
    first = door.server.certificate.read_text()
    async with listening(certificates) as port, calling(port, door) as old:
        await ask(old)
        assert not certificates.look()
        second = door.renew().decode()
        assert shake(port, door.ca).certificate == first
        assert certificates.look()
        assert shake(port, door.ca).certificate == second
        assert shake(port, door.ca).certificate == second
        await ask(old)
        async with calling(port, door) as new:
            await ask(new)
        third = door.renew().decode()
        assert certificates.look()
        assert shake(port, door.ca).certificate == third


def tells_refusal(certificates: Certificates) -> bool:
    """What the metric is made of, now."""
    return certificates.refused


def other_key(door: Door) -> None:
    door.server.key.write_bytes(make_authority("other", 1).key)


def expired(door: Door) -> None:
    replace(door.server, issue_server(door.authority, HOSTS, 0))


def encrypted(door: Door) -> None:
    key = load_pem_private_key(door.server.key.read_bytes(), None)
    secret = BestAvailableEncryption(b"secret")
    door.server.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret))


WRONG: list[tuple[str, Callable[[Door], Any], str]] = [
    ("no certificate", lambda door: door.server.certificate.unlink(), "node.pem: cannot be read"),
    ("no key", lambda door: door.server.key.unlink(), "node.key: cannot be read: No such file"),
    ("an empty file", lambda door: door.server.certificate.write_text(""), "no certificates in"),
    ("nonsense", lambda door: door.server.certificate.write_text("x" * 99), "no certificates in"),
    ("not a key", lambda door: door.server.key.write_text("x"), "node.key: no private key in PEM"),
    (
        "half a file",
        lambda door: door.server.certificate.write_bytes(
            door.server.certificate.read_bytes()[:300]
        ),
        "node.pem: no certificates in PEM",
    ),
    ("another key", other_key, "node.key: not the key of the first certificate in"),
    ("an expired certificate", expired, "node.pem: a certificate has expired at 20"),
    ("a key with a password", encrypted, "node.key: the key has a password; it must have none"),
    (
        "too large a file",
        lambda door: door.server.key.write_bytes(b"x" * 1024 * 1024 + b"x"),
        "node.key: larger than 1,048,576 bytes",
    ),
    ("no authorities", lambda door: door.ca.write_text("none"), "ca.pem: no certificates in PEM"),
]


@pytest.mark.parametrize(
    ("spoil", "problem"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
async def test_a_wrong_file_is_refused_and_the_old_one_stays_in_force(
    door: Door, spoil: Callable[[Door], Any], problem: str
) -> None:
    known = door.folder / "known.pem"
    known.write_bytes(door.ca.read_bytes())
    certificates = Certificates(files_of(door, client_ca=door.ca))
    caller = door.client("checkout.shop")
    first = door.server.certificate.read_text()
    async with listening(certificates) as port:
        spoil(door)
        with structlog.testing.capture_logs() as logs:
            assert not certificates.look()
            assert not certificates.look()
        (line,) = logs
        assert (line["log_level"], problem in line["problem"]) == ("error", True), line
        assert "PRIVATE" not in str(logs)
        assert tells_refusal(certificates)
        assert shake(port, known, caller).certificate == first
        # At start it is a refusal.
        with pytest.raises(TlsRefused) as refused:
            Certificates(files_of(door, client_ca=door.ca))
        assert problem in str(refused.value)
        # What is right again is taken.
        door.ca.write_bytes(known.read_bytes())
        second = door.renew().decode()
        assert certificates.look()
        assert not tells_refusal(certificates)
        assert shake(port, known, caller).certificate == second


def test_a_file_that_keeps_its_time_and_size_is_read_again_all_the_same(door: Door) -> None:
    """Which is also how a file looks whose owner or mode has been put right."""
    certificates = Certificates(files_of(door))
    key = door.server.key.read_bytes()
    write_unnoticed(door.server.key, b"x" * len(key))
    assert not certificates.look()
    assert tells_refusal(certificates)
    write_unnoticed(door.server.key, key)
    assert not certificates.look()
    assert not tells_refusal(certificates)


def test_a_certificate_that_comes_before_its_time_is_taken_when_it_has_come(door: Door) -> None:
    now = datetime.now(UTC)
    certificates = Certificates(files_of(door), lambda: now)
    door.renew()
    now -= timedelta(days=1)
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            assert not certificates.look()
        assert tells_refusal(certificates)
        now += timedelta(days=1)
        assert certificates.look()
        assert not certificates.look()
    assert [log["log_level"] for log in logs] == ["error", "info"]
    assert "node.pem: a certificate holds only from" in logs[0]["problem"]
    assert not tells_refusal(certificates)


@pytest.mark.parametrize(
    ("key", "is_taken"),
    [
        (ec.generate_private_key(ec.SECP256R1()), True),
        (ec.generate_private_key(ec.SECP384R1()), True),
        (ec.generate_private_key(ec.SECP521R1()), False),
        (ed25519.Ed25519PrivateKey.generate(), False),
        (rsa.generate_private_key(65_537, 2_048), True),
        (rsa.generate_private_key(65_537, 1_024), False),  # noqa: S505 - that is the point
    ],
)
async def test_keys_are_taken_that_every_client_of_grpc_takes(
    door: Door, key: Any, is_taken: bool
) -> None:
    replace(door.server, issue_server(door.authority, HOSTS, 1, key=key))
    if not is_taken:
        with pytest.raises(TlsRefused, match="must be ECDSA on P-256 or P-384, or RSA of 2048"):
            Certificates(files_of(door))
        return
    async with listening(Certificates(files_of(door))) as port, calling(port, door) as stub:
        await ask(stub)


async def test_with_mutual_tls_only_callers_of_the_authority_come_in(door: Door) -> None:
    certificates = Certificates(files_of(door, client_ca=door.ca))
    good = door.client("checkout.shop")
    foreign = door.client("intruder.shop", make_authority("Holdfast tests", 1))
    async with listening(certificates) as port:
        assert shake(port, door.ca, good).version == "TLSv1.3"
        async with calling(port, door, good) as stub:
            await ask(stub)
        for client in (None, foreign):
            with pytest.raises(NotLetIn):
                shake(port, door.ca, client)
            async with calling(port, door, client) as stub:
                await refuse(stub)
        for version in OLD:
            with pytest.raises(NotLetIn):
                shake(port, door.ca, good, version)


async def test_who_is_let_in_follows_the_file_of_authorities(door: Door, tmp_path: Path) -> None:
    authorities = tmp_path / "callers.pem"
    other = make_authority("Other callers", 1)
    authorities.write_bytes(other.certificate)
    certificates = Certificates(files_of(door, client_ca=authorities))
    mine, theirs = door.client("mine.shop"), door.client("theirs.shop", other)
    async with listening(certificates) as port:
        shake(port, door.ca, theirs)
        with pytest.raises(NotLetIn):
            shake(port, door.ca, mine)
        authorities.write_bytes(door.authority.certificate)
        assert certificates.look()
        shake(port, door.ca, mine)
        with pytest.raises(NotLetIn):
            shake(port, door.ca, theirs)
