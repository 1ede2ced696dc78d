"""What the server does with connections before anybody has called over them."""

import asyncio

from engine.rpc.server import ServerOptions
from tests.rpc.serving import serving

CLOSED_S_MAX = 60.0


async def said_until_closed(port: int) -> bytes:
    """Connect, say nothing, and read until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await asyncio.wait_for(reader.read(), CLOSED_S_MAX)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_a_connection_on_which_nothing_is_said_is_closed() -> None:
    async with serving(options=ServerOptions(handshake_timeout_s=0.2)) as node:
        await said_until_closed(node.port)
        await node.receive(1)


async def test_more_connections_than_allowed_are_closed_at_once() -> None:
    async with serving(options=ServerOptions(connections_max=3)) as node:
        await node.receive(1)
        held = [await asyncio.open_connection("127.0.0.1", node.port) for _ in range(2)]
        for reader, _ in held:
            # The server's greeting: it has taken these two.
            assert await asyncio.wait_for(reader.readexactly(9), CLOSED_S_MAX)
        assert await said_until_closed(node.port) == b""
        await node.receive(1)
        assert (await node.stock()).balances.on_hand == 2
        for _, writer in held:
            writer.close()
