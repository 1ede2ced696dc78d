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
STABLE_S = 1.0
"""A process that has lived so long starts its next life without delay."""

SILENCE_S = 5.0
"""A shard reports once a second; one that has said nothing for so long does not work."""

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
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for link in self._links:
            link.stop()
        endings = [self._end(shard, grace_s) for shard in self._processes]
        await asyncio.gather(*endings)

    async def _end(self, shard: int, grace_s: float) -> None:
        process = self._processes[shard]
        try:
            await asyncio.wait_for(process.wait(), grace_s)
        except TimeoutError:
            if process.returncode is None:
                _logger.warning("shard killed", shard=shard, grace_s=grace_s)
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    async def _keep(self, link: ShardLink) -> None:
        """Start the next process whenever one has ended, later and later while none lives long."""
        loop = asyncio.get_running_loop()
        backoff_s = 0.0
        while True:
            started = loop.time()
            await self._until_ended(link)
            if loop.time() - started >= STABLE_S:
                backoff_s = 0.0
            code = self._processes[link.shard].returncode
            _logger.warning("shard ended", shard=link.shard, code=code, restart_in_s=backoff_s)
            while not await self._started_again(link, backoff_s):
                backoff_s = min(BACKOFF_S_MAX, max(BACKOFF_S_MIN, backoff_s * 2))
            backoff_s = max(BACKOFF_S_MIN, backoff_s)

    async def _started_again(self, link: ShardLink, backoff_s: float) -> bool:
        """Whether another process could be started. What was in the way may pass: not enough memory
        or descriptors, or a disk that is not there."""
        await asyncio.sleep(backoff_s)
        try:
            await self._launch(link)
            await self._until_ready(link)
        except (OSError, ShardRefused) as refusal:
            _logger.error("shard cannot start", shard=link.shard, reason=str(refusal))
            return False
        return True

    async def _until_ended(self, link: ShardLink) -> None:
        """Return when the process has ended. One that is silent for long is reported as down
        meanwhile, and not killed: a disk that does not answer would not answer the next one."""
        loop = asyncio.get_running_loop()
        ended = asyncio.ensure_future(self._processes[link.shard].wait())
        is_up = link.ready.is_set()
        while not ended.done():
            await asyncio.wait((ended,), timeout=SILENCE_S / 5)
            is_heard = link.ready.is_set() and loop.time() - link.heard_at < SILENCE_S
            if is_heard != is_up and not ended.done():
                is_up = is_heard
                _logger.warning("shard heard again" if is_up else "shard silent", shard=link.shard)
                self._on_change(link.shard, is_up)
        if is_up:
            self._on_change(link.shard, False)
        await link.detached.wait()

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
            try:
                # A session of its own keeps a terminal's Ctrl-C away: a shard stops when its front
                # end says so.
                self._processes[link.shard] = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "engine.shard.process",
                    encode_options(options),
                    pass_fds=[there.fileno()],
                    stdin=asyncio.subprocess.DEVNULL,
                    start_new_session=True,
                )
            except BaseException:
                here.close()
                raise
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
