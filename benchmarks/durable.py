"""A process that keeps what it is sent, durably, and decides nothing. With an echo in front of it,
it is the limit of every server whose answers are put on the disk before they are given, by a
process of its own.

It does what a shard does besides deciding: what has arrived is written to RocksDB as one batch, one
entry for each message, flushed, and acknowledged. Several of them are what baskets over shards can
have at most (`benchmarks/durable_baskets.py`).
"""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import cast

import msgspec
from rocksdict import WriteBatch

from engine.log.store import Store
from engine.shard.frames import FrameBuffer, Kind, encode, frame

RECEIVE_BYTES = 1 << 20

# What is to be done with a message. Plain numbers: comparing members of an Enum takes four times as
# long, and each message is compared.
KEEP = 0
"""It is durable before it is answered."""
ASK = 1
"""It is answered, and not kept."""
NOTE = 2
"""It is kept and not answered. No flush is for its sake: the next one covers it."""

_decode_messages = msgspec.msgpack.Decoder(list[tuple[int, int, bytes]]).decode
_decode_numbers = msgspec.msgpack.Decoder(list[int]).decode


class Keeper(asyncio.Protocol):
    """Has messages kept; those of one turn of the event loop leave together."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._buffer = FrameBuffer()
        self._gathered: list[tuple[int, int, bytes]] = []
        self._waiting: dict[int, Callable[[], object]] = {}
        self._number = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The process is there."""
        # Not checked by isinstance: uvloop's transports are not asyncio's by inheritance.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Some messages are answered."""
        for _, payload in self._buffer.feed(data):
            for number in _decode_numbers(payload):
                self._waiting.pop(number)()

    def keep(self, message: bytes) -> asyncio.Future[None]:
        """Done when the message is durable."""
        kept: asyncio.Future[None] = self._loop.create_future()
        self.send(KEEP, message, partial(kept.set_result, None))
        return kept

    def send(self, wish: int, message: bytes, answered: Callable[[], object] | None = None) -> None:
        """Send a message and what is wished: KEEP, ASK or NOTE. `answered` is called with its
        answer, if it has one."""
        self._number += 1
        if answered is not None:
            self._waiting[self._number] = answered
        if not self._gathered:
            self._loop.call_soon(self._send)
        self._gathered.append((self._number, wish, message))

    def _send(self) -> None:
        messages, self._gathered = self._gathered, []
        if self._transport is not None:
            self._transport.write(frame(Kind.CALLS, encode(messages)))


@asynccontextmanager
async def keeping(directory: Path) -> AsyncIterator[Keeper]:
    """A keeper whose process writes below `directory`, inside the block."""
    ours, theirs = socket.socketpair()
    arguments = ("-m", "benchmarks.durable", str(directory), str(theirs.fileno()))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, pass_fds=[theirs.fileno()]
    )
    theirs.close()
    transport, keeper = await asyncio.get_running_loop().create_connection(Keeper, sock=ours)
    try:
        yield keeper
    finally:
        transport.close()
        await process.wait()


def keep_all(directory: Path, calls: socket.socket) -> None:
    """Keep what comes until its other end is closed."""
    store = Store(directory, create=True)
    log = store.handles["log"]
    received = memoryview(bytearray(RECEIVE_BYTES))
    buffer = FrameBuffer()
    while size := calls.recv_into(received):
        numbers = []
        batch = WriteBatch(raw_mode=True)
        is_asked_to_keep = False
        for _, payload in buffer.feed(bytes(received[:size])):
            for number, wish, message in _decode_messages(payload):
                if wish != ASK:
                    batch.put(number.to_bytes(8), message, log)
                if wish != NOTE:
                    numbers.append(number)
                if wish == KEEP:
                    is_asked_to_keep = True
        if len(batch):
            store.write(batch)
        if is_asked_to_keep:
            store.sync()
        if numbers:
            calls.sendall(frame(Kind.REPLIES, encode(numbers)))
    store.close()


if __name__ == "__main__":
    # Ctrl-C reaches every process of a terminal: whoever has started this one closes its socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_all(Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2])))
