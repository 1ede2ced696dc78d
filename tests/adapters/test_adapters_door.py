"""An adapter as a process that passes the front door of a node, and outlives its token."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

from holdfast import Client, Tls
from holdfast.channels import Channel, ChannelTerms
from holdfast.errors import Unauthenticated

from engine.access.keys import SigningKey, jwk_set, make_key, public_jwk
from engine.access.tokens import make_token
from engine.config import Configuration
from engine.node import Node
from tests.adapters.process import adapter_process
from tests.adapters.receiver import receiving
from tests.adapters.test_adapters_webhooks import SECRET
from tests.doors import Door

PRINCIPALS = """
[[issuers]]
issuer = "https://login.example"
audience = "holdfast"
keys = "keys.json"

[[principals]]
name = "adapter"
subjects = ["adapter"]
[[principals.rules]]
commands = ["@follow", "@read"]

[[principals]]
name = "operator"
subjects = ["operator"]
[[principals.rules]]
commands = ["*"]
"""


def token(key: SigningKey, subject: str) -> str:
    return make_token(
        key,
        issuer="https://login.example",
        audience="holdfast",
        subject=subject,
        now_s=time.time(),
        lifetime_s=3_600,
    )


def put(file: Path, content: bytes) -> None:
    """Replace a file in one step."""
    beside = file.with_suffix(".new")
    beside.write_bytes(content)
    os.replace(beside, file)


async def comes_in(client: Client) -> bool:
    try:
        await client.configuration()
    except Unauthenticated:
        return False
    return True


async def until_refused(address: str, door: Door, shown: str) -> None:
    """Ask with a token until the node has taken its key away. Streams are ended with the same
    look at the files."""
    async with Client(address, tls=Tls(door.ca), token=shown) as client:
        while await comes_in(client):
            pass


async def test_an_adapter_outlives_its_token_and_its_key(tmp_path: Path) -> None:
    door = Door(tmp_path)
    first, second = make_key(kid="first"), make_key(kid="second")
    keys, shown = tmp_path / "keys.json", tmp_path / "adapter.token"
    put(keys, jwk_set([public_jwk(first), public_jwk(second)]))
    put(shown, token(first, "adapter").encode())
    (tmp_path / "principals.toml").write_text(PRINCIPALS)
    node = Node(
        Configuration(
            data_dir=str(tmp_path / "data"),
            listen="127.0.0.1:0",
            metrics_listen="",
            tls_certificate=str(door.server.certificate),
            tls_key=str(door.server.key),
            principals=str(tmp_path / "principals.toml"),
        )
    )
    address = (await node.start()).rpc
    operator = token(second, "operator")
    try:
        async with (
            receiving(SECRET, lambda: datetime.now(UTC)) as receiver,
            Client(address, tls=Tls(door.ca), token=operator) as client,
        ):
            await client.configure_channel(Channel("shop", terms=ChannelTerms(buffer_units=0)))
            await client.receive("TEA", "LONDON", 10)
            reached = ("--ca", str(door.ca), "--token-file", str(shown))
            words = ("webhooks", "--channel", "shop", "--url", receiver.url, *reached)
            async with adapter_process(address, *words, secret=SECRET) as adapter:
                await receiver.until(lambda: receiver.units.get("TEA") == 10)
                # The old key goes: the node ends what its tokens have opened. The next token is
                # there before, as it has to be.
                old = shown.read_text()
                put(shown, token(second, "adapter").encode())
                put(keys, jwk_set([public_jwk(second)]))
                await until_refused(address, door, old)
                await client.sell("TEA", "LONDON", 3)
                await receiver.until(lambda: receiver.units.get("TEA") == 7)
                # The control: with no next token it ends, and says why.
                put(keys, jwk_set([public_jwk(first)]))
                assert await adapter.ended() == 1
            assert adapter.log[-1]["reason"] == "UNAUTHENTICATED"
    finally:
        await node.stop()
    assert not any(secret in line for line in adapter.lines for secret in (old, shown.read_text()))
