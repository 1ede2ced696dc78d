"""The empty gRPC server: no peer, but the limit of what any server can do whose callers use gRPC.

A single is a Reserve's bytes, sent back as they came. A batch goes by a unary call; the server
takes it apart and answers every item with a message as large as Holdfast's, in plain Python. Asked
by the SDK, it answers so what the SDK sends: no server whose callers use the SDK can do more. The
durable one has a process behind it that writes what was sent to the disk before it is answered, and
decides nothing.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from holdfast.v1 import inventory_pb2

from benchmarks import echo, messages
from benchmarks.load import Ask
from benchmarks.peers.sdk import AskedBySdk


class EchoServer:
    """A server that answers."""

    process_trees: Mapping[str, int] = {}

    def __init__(self, server: echo.Echo, is_prepared: bool) -> None:
        self.process_ids = {"server": server.process_id}
        self._address = server.address
        self._is_prepared = is_prepared

    @asynccontextmanager
    async def singles(self, callers: int) -> AsyncIterator[Ask]:
        """See Server."""
        prepared = [messages.reserve("HOT").SerializeToString() for _ in range(callers)]
        async with messages.channel(self._address) as channel:
            method = channel.unary_unary(echo.METHOD)

            async def ask(caller: int, _call: int) -> int:
                if self._is_prepared:
                    await method(prepared[caller])
                else:
                    answer = await method(messages.reserve("HOT").SerializeToString())
                    inventory_pb2.ReserveRequest.FromString(answer)
                return 1

            yield ask

    @asynccontextmanager
    async def batches(self, callers: int, size: int) -> AsyncIterator[Ask]:
        """See Server."""
        skus = ["HOT"] * size
        prepared = [messages.batch_of_reserves(caller, skus) for caller in range(callers)]
        async with messages.channel(self._address) as channel:
            method = channel.unary_unary(echo.ITEMS_METHOD)

            async def ask(caller: int, call: int) -> int:
                if self._is_prepared:
                    batch = prepared[caller]
                else:
                    batch = messages.batch_of_reserves(call, skus)
                response = inventory_pb2.ExecuteResponse.FromString(await method(batch))
                names = {outcome.reserve.reservation_id for outcome in response.outcomes}
                return len(names)

            yield ask


class Echo:
    """The echo, with a caller who has `prepared` what it sends, or who makes every item."""

    def __init__(self, name: str, is_prepared: bool) -> None:
        self.name = name
        self._is_prepared = is_prepared

    def missing(self) -> str:
        """See Peer: it is here."""
        return ""

    @asynccontextmanager
    async def running(
        self,
        directory: Path,
        environment: Mapping[str, str],
    ) -> AsyncIterator[EchoServer]:
        """See Peer. It writes nothing, so that there is nothing to put anywhere or to delay."""
        del directory, environment
        async with echo.running_echo() as server:
            yield EchoServer(server, self._is_prepared)


class SdkEcho:
    """The echo, with a caller who uses the SDK."""

    def __init__(self, name: str, *, is_durable: bool) -> None:
        self.name = name
        self._is_durable = is_durable

    def missing(self) -> str:
        """See Peer: it is here."""
        return ""

    @asynccontextmanager
    async def running(
        self, directory: Path, environment: Mapping[str, str]
    ) -> AsyncIterator[AskedBySdk]:
        """See Peer. No flush is delayed."""
        del environment
        async with echo.running_echo(directory if self._is_durable else None) as server:
            yield AskedBySdk(server.address, {}, {"server": server.process_id})


PREPARED = Echo("gRPC echo, prepared", is_prepared=True)
MADE = Echo("gRPC echo, made", is_prepared=False)
SDK = SdkEcho("gRPC echo, the SDK", is_durable=False)
DURABLE = SdkEcho("durable gRPC echo, the SDK", is_durable=True)
