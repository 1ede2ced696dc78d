"""Callers whom their certificate names: real handshakes, on one port with those who show tokens."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID
from holdfast.v1 import history_pb2, history_pb2_grpc, inventory_pb2_grpc
from holdfast.v1 import inventory_pb2 as pb

from engine.cli.certificates import Issued, issue_client
from engine.rpc.server import RpcServer
from engine.rpc.tls import Certificates, TlsFiles
from engine.shard.local import LocalShards
from tests.access.house import PRINCIPALS, House
from tests.doors import Door, Files, replace
from tests.rpc.serving import TEA, refused

LONG = "a" * 64
URI = "spiffe://shop/till/4"
MORE = f"""
[[principals]]
name = "till"
certificates = ["{URI}"]
[[principals.rules]]
commands = ["*"]
[[principals]]
name = "sixty-four"
certificates = ["{LONG}"]
[[principals.rules]]
commands = ["*"]
"""


class Place(NamedTuple):
    """A port with TLS and a front door, and what is needed to come to it."""

    port: int
    door: Door
    house: House

    @asynccontextmanager
    async def calling(self, client: Files | None) -> AsyncIterator[Any]:
        """A channel of its own that shows a certificate."""
        credentials = grpc.ssl_channel_credentials(
            self.door.ca.read_bytes(),
            *((client.key.read_bytes(), client.certificate.read_bytes()) if client else ()),
        )
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
        address = f"localhost:{self.port}"
        async with grpc.aio.secure_channel(address, credentials, options=options) as channel:
            yield channel

    async def receive(self, channel: Any, metadata: Any = ()) -> Any:
        """Put a unit into stock."""
        context = pb.WriteContext(request_id=str(time.monotonic_ns()))
        request = pb.ReceiveRequest(context=context, key=TEA, quantity=1)
        stub: Any = inventory_pb2_grpc.InventoryServiceStub(channel)
        return await stub.Receive(request, metadata=metadata)

    async def who(self, channel: Any) -> str:
        """Who the last event was recorded for."""
        stub: Any = history_pb2_grpc.HistoryServiceStub(channel)
        request = history_pb2.ListEventsRequest(key=TEA, newest_first=True)
        metadata = (("authorization", f"Bearer {self.house.token('root')}"),)
        listed = await stub.ListEvents(request, metadata=metadata)
        return str(listed.events[0].cause.principal)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    door = Door(tmp_path)
    house = House(tmp_path, PRINCIPALS + MORE)
    house.clock.now_s = time.time()
    files = TlsFiles(str(door.server.certificate), str(door.server.key), str(door.ca))
    shards = LocalShards()
    server = RpcServer(shards, certificates=Certificates(files), gate=house.gate())
    port = await server.start()
    yield Place(port, door, house)
    await server.stop(0)
    shards.close()


def without_alternative_names(made: Issued, door: Door) -> Issued:
    """The same certificate as they were made before there were alternative names."""
    old = x509.load_pem_x509_certificate(made.certificate)
    signer: Any = load_pem_private_key(door.authority.key, None)
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(old.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(old.not_valid_before_utc)
        .not_valid_after(old.not_valid_after_utc)
    )
    signed = builder.sign(signer, hashes.SHA256())
    return Issued(signed.public_bytes(Encoding.PEM), made.key)


def shown_to(door: Door, issued: Issued) -> Files:
    """The files of a caller's certificate."""
    files = Files(door.folder / "client.pem", door.folder / "client.key")
    replace(files, issued)
    return files


@pytest.mark.parametrize(("name", "who"), [("root.shop", "everything"), (URI, "till")])
async def test_a_certificate_says_who_calls(place: Place, name: str, who: str) -> None:
    client = shown_to(place.door, issue_client(place.door.authority, name, 30))
    async with place.calling(client) as channel:
        await place.receive(channel)
        assert await place.who(channel) == who


async def test_a_common_name_counts_where_there_is_no_other(place: Place) -> None:
    door = place.door
    made = without_alternative_names(issue_client(door.authority, "root.shop", 30), door)
    async with place.calling(shown_to(door, made)) as channel:
        await place.receive(channel)
        assert await place.who(channel) == "everything"
    # The common name of this one is cut off, and is that of another principal then.
    longer = issue_client(door.authority, f"{LONG}b.shop", 30)
    common = x509.load_pem_x509_certificate(longer.certificate).subject
    assert common.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == LONG
    async with place.calling(shown_to(door, longer)) as channel:
        denied = await refused(place.receive(channel))
    assert denied.metadata["cause"] == "the client certificate names no principal"


async def test_a_token_goes_before_a_certificate(place: Place) -> None:
    client = shown_to(place.door, issue_client(place.door.authority, "checkout.shop", 30))
    token = place.house.token("root")
    async with place.calling(client) as channel:
        denied = await refused(place.receive(channel))
        assert denied.reason == "PERMISSION_DENIED"
        assert denied.metadata["principal"] == "checkout"
        await place.receive(channel, (("authorization", f"Bearer {token}"),))
        assert await place.who(channel) == "everything"
        forged = (("authorization", f"Bearer {token[:-8]}AAAAAAAA"),)
        assert (await refused(place.receive(channel, forged))).reason == "UNAUTHENTICATED"


async def test_a_certificate_that_has_ended_ends_an_open_connection(place: Place) -> None:
    client = shown_to(place.door, issue_client(place.door.authority, "root.shop", 30))
    async with place.calling(client) as channel:
        await place.receive(channel)
        place.house.clock.now_s += 31 * 86_400
        denied = await refused(place.receive(channel))
    assert denied.metadata["cause"] == "the client certificate has expired"


async def test_without_a_certificate_there_is_no_connection(place: Place) -> None:
    async with place.calling(None) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as broken:
            await place.receive(channel)
    assert broken.value.code() is grpc.StatusCode.UNAVAILABLE
