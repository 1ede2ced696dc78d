"""Starts the shard processes, starts again the one that has died, and stops them all."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import structlog

from engine.log.layout import shard_directory
from engine.shard.link import ShardLink
from engine.shard.options import ShardOptions, SharedOptions, encode_options

BACKOFF_S_MIN = 0.1
BACKOFF_S_MAX = 5.0
STABLE_S = 10.0
"""A process that has lived so long starts its next life without delay."""

_logger = structlog.get_logger(__name__)


class ShardRefused(Exception):
    """A shard's process has ended before it was ready."""


class Supervisor:
    """Keeps one process for each link alive."""

    def __init__(
        self,
        links: list[ShardLink],
        data_dir: Path,
        shared: SharedOptions,
        on_change: Callable[[int, bool], None],
    ) -> None:
        """`on_change` is told a shard's number and whether it is up, at each change."""
        self._links = links
        self._data_dir = data_dir
        self._shared = shared
        self._on_change = on_change
        self._processes: dict[int, asyncio.subprocess.Process] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = False

    @property
    def process_ids(self) -> dict[int, int]:
        """The process id of each shard that runs."""
        return {shard: process.pid for shard, process in self._processes.items()}

    async def start(self) -> None:
        """Return when every shard is ready. ShardRefused if one ends first; its message is on
        standard error."""
        try:
            for link in self._links:
                await self._launch(link)
            for link in self._links:
                await self._until_ready(link)
        except BaseException:
            await self.stop(0)
            raise
        self._keepers = [asyncio.create_task(self._keep(link)) for link in self._links]

    async def stop(self, grace_s: float) -> None:
        """Let each shard finish what has arrived; kill those that take longer than `grace_s`."""
        self._stopping = True
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for link in self._links:
            link.stop()
        for shard, process in list(self._processes.items()):
            try:
                await asyncio.wait_for(process.wait(), grace_s)
            except TimeoutError:
                _logger.warning("shard killed", shard=shard, grace_s=grace_s)
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    async def _keep(self, link: ShardLink) -> None:
        """Wait for the process to end and start the next one, later and later while it does not
        live."""
        loop = asyncio.get_running_loop()
        backoff_s = 0.0
        while not self._stopping:
            started = loop.time()
            code = await self._processes[link.shard].wait()
            await link.detached.wait()
            self._on_change(link.shard, False)
            lived_s = loop.time() - started
            backoff_s = 0.0 if lived_s >= STABLE_S else min(BACKOFF_S_MAX, backoff_s * 2)
            _logger.warning("shard ended", shard=link.shard, code=code, restart_in_s=backoff_s)
            await asyncio.sleep(backoff_s)
            backoff_s = max(backoff_s, BACKOFF_S_MIN)
            await self._launch(link)
            try:
                await self._until_ready(link)
            except ShardRefused as refusal:
                _logger.error("shard refused", shard=link.shard, reason=str(refusal))

    async def _launch(self, link: ShardLink) -> None:
        here, there = socket.socketpair()
        options = ShardOptions(
            shard=link.shard,
            directory=str(shard_directory(self._data_dir, link.shard)),
            socket_fd=there.fileno(),
            parent_pid=os.getpid(),
            publish_after=link.head if link.published else None,
            shared=self._shared,
        )
        with there:
            # A session of its own keeps a terminal's Ctrl-C away: a shard stops when its front end
            # says so.
            self._processes[link.shard] = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "engine.shard.process",
                encode_options(options),
                pass_fds=[there.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        await asyncio.get_running_loop().create_unix_connection(lambda: link, sock=here)

    async def _until_ready(self, link: ShardLink) -> None:
        ended = asyncio.create_task(self._processes[link.shard].wait())
        ready = asyncio.create_task(link.ready.wait())
        await asyncio.wait({ended, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if link.ready.is_set():
            ended.cancel()
            _logger.info("shard ready", shard=link.shard, position=link.head)
            self._on_change(link.shard, True)
            return
        raise ShardRefused(
            f"shard {link.shard} ended with code {ended.result()} before it was ready"
        )
