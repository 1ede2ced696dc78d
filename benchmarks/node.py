"""A node as an operator would run it: a process of its own on loopback, with its shard processes.

Used by every benchmark and by the tests that need the whole thing:

    async with running_node(directory) as node:
        ...                       # node.address answers gRPC
        node.kill_shard(0)        # SIGKILL; the supervisor starts it again
        await node.until_serving()

A node that is stopped may be started again at the same addresses, on the same directory.
"""

import asyncio
import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from benchmarks import processes

START_S_MAX = 60.0
STOP_S_MAX = 30.0
SERVE = ("engine.cli.main", "serve")
_ROOT = Path(__file__).resolve().parent.parent
_CHANNEL_OPTIONS = [
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 200),
    ("grpc.enable_http_proxy", 0),
]


class NodeFailed(Exception):
    """The node has ended, or did not do in time what it was asked; the end of its log is quoted."""


class Node:
    """One node. `directory` holds its data in `data` and what it prints in `node.log`."""

    def __init__(
        self,
        directory: Path,
        shards: int = 1,
        *settings: str,
        program: Sequence[str] = SERVE,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`settings` are further flags of `holdfast serve`, or of the module and its arguments that
        are run in its place; what is given of an environment is added to that of this process."""
        self.data_dir = directory / "data"
        self.log_path = directory / "node.log"
        self.shards = shards
        self.address, self.metrics_address = (f"127.0.0.1:{port}" for port in free_ports(2))
        self._settings = settings
        self._program = program
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int:
        """The front end's process."""
        if self._process is None:
            raise NodeFailed("the node is not running")
        return self._process.pid

    @property
    def shard_process_ids(self) -> dict[int, int]:
        """The process of each shard that runs now, by the shard's number."""
        found = {}
        for child in processes.children(self.process_id):
            command = processes.command_line(child)
            if "engine.shard.process" in command:
                number = re.search(r'"shard":(\d+)', command[-1])
                if number:
                    found[int(number[1])] = child
        return found

    async def start(self) -> None:
        """Start it and return when it is SERVING. NodeFailed if it ends before."""
        environment = {name: value for name, value in os.environ.items() if "HOLDFAST_" not in name}
        paths = [str(_ROOT), str(_ROOT / "clients/python"), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        arguments = ["--data-dir", str(self.data_dir), "--shards", str(self.shards)]
        arguments += ["--listen", self.address, "--metrics-listen", self.metrics_address]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
                [sys.executable, "-m", *self._program, *arguments, *self._settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment | self._environment,
            )
        try:
            await self.until_serving(START_S_MAX)
        except BaseException:
            await self.stop()
            raise

    async def until_serving(self, timeout_s: float = START_S_MAX) -> None:
        """Return when the health service says SERVING. NodeFailed if that takes too long."""
        process = self._process
        if process is None:
            raise NodeFailed("the node is not running")
        ended = asyncio.create_task(_until_ended(process))
        serving = asyncio.create_task(self._watch_health())
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.wait({ended, serving}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise NodeFailed(f"not SERVING after {timeout_s:g} s{self._log_tail()}") from None
        finally:
            ended.cancel()
            serving.cancel()
        if not serving.done() or serving.cancelled():
            raise NodeFailed(f"the node ended with code {process.poll()}{self._log_tail()}")
        serving.result()

    async def _watch_health(self) -> None:
        async with grpc.aio.insecure_channel(self.address, options=_CHANNEL_OPTIONS) as channel:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            while True:
                with contextlib.suppress(grpc.aio.AioRpcError):
                    request = health_pb2.HealthCheckRequest()
                    async for answer in stub.Watch(request, wait_for_ready=True):
                        if answer.status == health_pb2.HealthCheckResponse.SERVING:
                            return

    def kill_shard(self, shard: int = 0) -> float:
        """SIGKILL a shard's process; gives the monotonic time of it. NodeFailed if it is not up."""
        process_id = self.shard_process_ids.get(shard)
        if process_id is None:
            raise NodeFailed(f"shard {shard} does not run")
        killed_at = time.monotonic()
        os.kill(process_id, signal.SIGKILL)
        return killed_at

    def kill(self) -> None:
        """SIGKILL the front end, which takes its shards along; returns when all have ended."""
        process, self._process = self._process, None
        if process is None:
            raise NodeFailed("the node is not running")
        shards = [os.pidfd_open(child) for child in processes.children(process.pid)]
        process.kill()
        process.wait()
        for descriptor in shards:
            ending = select.poll()
            ending.register(descriptor, select.POLLIN)
            gone = ending.poll(STOP_S_MAX * 1_000)
            os.close(descriptor)
            if not gone:
                raise NodeFailed("a shard has outlived its front end")

    async def stop(self, timeout_s: float = STOP_S_MAX) -> int | None:
        """SIGTERM and wait; gives the exit code, None if it does not run.

        NodeFailed, after SIGKILL, if it takes too long.
        """
        process, self._process = self._process, None
        if process is None:
            return None
        process.terminate()
        try:
            await asyncio.wait_for(_until_ended(process), timeout_s)
        except TimeoutError:
            process.kill()
            await _until_ended(process)
            raise NodeFailed(f"did not stop in {timeout_s:g} s{self._log_tail()}") from None
        return process.wait()

    def verify(self) -> "Verdict":
        """What `holdfast verify` says about the directory. The node must be stopped."""
        command = [sys.executable, "-m", "engine.cli.main", "verify", str(self.data_dir), "--json"]
        ended = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
        if not ended.stdout:
            return Verdict(False, ended.stderr.strip() or "said nothing", {})
        said: dict[str, Any] = json.loads(ended.stdout)
        if ended.returncode == 0:
            return Verdict(True, f"{said['figures']['events']:,} events replayed", said)
        return Verdict(False, "; ".join([said["verdict"], *said["differences"]]), said)

    def _log_tail(self) -> str:
        lines = self.log_path.read_text(errors="replace").splitlines()[-15:]
        return "".join(f"\n  | {line}" for line in lines)


class Verdict(NamedTuple):
    """The verdict of `holdfast verify`: whether all is well, in a line, and everything it said."""

    well: bool
    summary: str
    said: dict[str, Any]

    def __str__(self) -> str:
        return f"{'ok' if self.well else 'NOT OK'}, {self.summary}"


@contextlib.asynccontextmanager
async def running_node(
    directory: Path,
    shards: int = 1,
    *settings: str,
    program: Sequence[str] = SERVE,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Node]:
    """A node that serves inside the block and is stopped after it; see Node."""
    node = Node(directory, shards, *settings, program=program, environment=environment)
    await node.start()
    try:
        yield node
    finally:
        await node.stop()


async def _until_ended(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process without a thread or a timer: its descriptor is readable when it ends."""
    if process.poll() is not None:
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    descriptor = os.pidfd_open(process.pid)
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def free_port() -> int:
    """A port of the loopback interface on which nobody listens."""
    return free_ports(1)[0]


def free_ports(number: int) -> list[int]:
    """So many of them, no two the same: a port that was let go may be the next that is found."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
