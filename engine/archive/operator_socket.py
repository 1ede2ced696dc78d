"""How commands on the same machine reach the archivist of a running node: a Unix socket in its data
directory, open to whoever may read that.

A request is one line of JSON, {"do": "checkpoint"} or {"do": "retain"}; the answer is one line with
what came of it, or with an "error". A checkpoint is there until its connection ends, however that
ends.
"""

import asyncio
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import structlog

from engine.archive.archivist import Archivist, NotDone
from engine.shard.port import ShardUnavailable

SOCKET_FILE = "operator.sock"
_BACKLOG = 8

_logger = structlog.get_logger(__name__)


@contextmanager
def _address(data_dir: Path) -> Iterator[str]:
    """The socket's path. It goes by an open directory, since the path of a Unix socket has a limit
    of 107 bytes and that of a data directory none."""
    descriptor = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET_FILE}"
    finally:
        os.close(descriptor)


class OperatorSocket:
    """Listens in a data directory, whose node has it to itself."""

    def __init__(self, archivist: Archivist, data_dir: Path) -> None:
        self._archivist = archivist
        self._data_dir = data_dir
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. OSError if that is not possible."""
        (self._data_dir / SOCKET_FILE).unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            before = os.umask(0o177)
            try:
                with _address(self._data_dir) as address:
                    listening.bind(address)
            finally:
                os.umask(before)
            self._server = await asyncio.start_unix_server(
                self._serve, sock=listening, backlog=_BACKLOG
            )
        except BaseException:
            listening.close()
            raise

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            (self._data_dir / SOCKET_FILE).unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        checkpoint: Path | None = None
        try:
            wanted = msgspec.json.decode(await reader.readline())["do"]
            answer: dict[str, Any]
            if wanted == "checkpoint":
                checkpoint = await self._archivist.checkpoint()
                answer = {"directory": str(checkpoint)}
            elif wanted == "retain":
                answer = {"shards": await self._archivist.retain()}
            else:
                answer = {"error": f"a node cannot {wanted}"}
        except (NotDone, ShardUnavailable, OSError) as error:
            answer = {"error": str(error)}
        except (msgspec.MsgspecError, LookupError, TypeError) as error:
            answer = {"error": f"not a request: {error}"}
        try:
            with suppress(ConnectionError):
                writer.write(msgspec.json.encode(answer) + b"\n")
                await writer.drain()
                await reader.read()
        finally:
            if checkpoint is not None:
                await asyncio.to_thread(shutil.rmtree, checkpoint, ignore_errors=True)
            writer.close()


class NoNode(Exception):
    """No node runs on the data directory."""


@contextmanager
def asked(data_dir: Path, what: str) -> Iterator[dict[str, Any]]:
    """The answer of the node that runs on a data directory; inside, a checkpoint is there. NoNode
    if none runs, NotDone if it says why not."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        try:
            with _address(data_dir) as address:
                connection.connect(address)
        except OSError as error:
            raise NoNode(f"no node runs on {data_dir}: {error}") from error
        with connection.makefile("rwb") as stream:
            stream.write(msgspec.json.encode({"do": what}) + b"\n")
            stream.flush()
            line = stream.readline()
            answer = msgspec.json.decode(line, type=dict[str, Any]) if line else {}
            if "error" in answer or not answer:
                raise NotDone(str(answer.get("error", "the node has ended")))
            yield answer
    finally:
        connection.close()
