"""Takes checkpoints of a node that runs, and lets its shards forget what need not be kept."""

import asyncio
import secrets
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import structlog

from engine.archive.followers import Followers
from engine.feed.sqlite_subscriptions import FILE as SUBSCRIPTIONS_FILE
from engine.feed.subscription_store import StoreError
from engine.log.keeping import Policy
from engine.log.layout import Layout, shard_directory, write_layout
from engine.shard.link import ShardLink
from engine.shard.port import ShardUnavailable

CHECKPOINTS_FOLDER = "checkpoints"
RETENTION_INTERVAL_S = 3_600.0
"""How often a node looks whether anything may be forgotten."""

_logger = structlog.get_logger(__name__)


class NotDone(Exception):
    """A shard could not do what it was asked for; the message says why."""


class Retained(msgspec.Struct, frozen=True):
    """What became of a shard's past: the position of the base that was taken and of the one that
    the log goes on from now; 0: none was."""

    shard: int
    base_taken: int
    dropped_up_to: int


class Archivist:
    """One for each node. It does one thing at a time."""

    def __init__(
        self,
        links: Sequence[ShardLink],
        data_dir: Path,
        layout: Layout,
        policy: Policy,
        followers: Followers,
    ) -> None:
        self._links = links
        self._data_dir = data_dir
        self._layout = layout
        self._policy = policy
        self._followers = followers
        self._busy = asyncio.Lock()

    def clean_up(self) -> None:
        """Remove the checkpoints that a node before this one has left."""
        shutil.rmtree(self._data_dir / CHECKPOINTS_FOLDER, ignore_errors=True)

    async def checkpoint(self) -> Path:
        """Make a data directory that holds all shards as of one moment; whoever asked removes it.
        NotDone or ShardUnavailable if that fails.

        Subscriptions are copied first, so that no cursor of theirs is ahead of the shards. Then all
        shards are held still between two turns, each links its files, and all go on: what one has
        heard another has told, and what was set aside for a basket is as its home knows it. It
        takes some milliseconds, in which commands wait.
        """
        async with self._busy:
            directory = self._new_checkpoint()
            try:
                await self._copy_subscriptions(directory)
                await self._all("freeze")
                await asyncio.gather(*(self._link(link, directory, True) for link in self._links))
            except BaseException:
                shutil.rmtree(directory, ignore_errors=True)
                raise
            finally:
                thaws = (link.control("thaw") for link in self._links)
                await asyncio.gather(*thaws, return_exceptions=True)
            await asyncio.to_thread(write_layout, directory, self._layout)
            return directory

    async def _copy_subscriptions(self, directory: Path) -> None:
        try:
            await self._followers.copy_to(directory / SUBSCRIPTIONS_FILE)
        except StoreError as error:
            raise NotDone(str(error)) from error

    async def retain(self) -> list[Retained]:
        """Let each shard forget what the policy does not keep, and take a base where it is time for
        one. NotDone or ShardUnavailable if that fails; what was done stands."""
        async with self._busy:
            return [await self._retain(link) for link in self._links]

    async def retain_for_ever(self) -> None:
        """Do so now and then; what fails is logged, and tried again the next time."""
        while True:
            await asyncio.sleep(RETENTION_INTERVAL_S)
            try:
                for retained in await self.retain():
                    _logger.info("past looked through", **msgspec.structs.asdict(retained))
            except (NotDone, ShardUnavailable, OSError) as error:
                _logger.error("the past cannot be forgotten", reason=str(error))

    async def _retain(self, link: ShardLink) -> Retained:
        keep: dict[str, int | None] = {
            "keep_ms": self._policy.keep_ms,
            "keep_events": self._policy.keep_events,
        }
        usable = await _do(link, "base-to-use", **keep)
        acknowledged = self._followers.acknowledged(link.shard)
        await self._followers.warn(link.shard, usable)
        if usable and acknowledged is not None and acknowledged < usable:
            keep |= {"grace_ms": self._followers.grace_ms, "acknowledged": acknowledged}
            usable = await _do(link, "base-to-use", **keep)
        if usable:
            self._followers.note_dropped(link.shard, usable)
            # Before it is so: nobody is sent to events that are dropped meanwhile.
            link.oldest = usable + 1
            await _do(link, "drop", position=usable)
        taken = 0
        if await _do(link, "needs-base", **keep):
            taken = await self._take_base(link)
        return Retained(link.shard, taken, usable)

    async def _take_base(self, link: ShardLink) -> int:
        directory = self._new_checkpoint()
        try:
            checkpoint = await self._link(link, directory, False)
            writer = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "engine.archive.base_writer",
                str(checkpoint),
                str(shard_directory(self._data_dir, link.shard)),
                str(link.shard),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                printed, errors = await writer.communicate()
            finally:
                with suppress(ProcessLookupError):
                    writer.kill()
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        if writer.returncode != 0:
            raise NotDone(f"no base of shard {link.shard}: {errors.decode(errors='replace')}")
        digest, chain_hash, position = printed.decode().split()
        mark = {"digest": bytes.fromhex(digest), "chain_hash": bytes.fromhex(chain_hash)}
        await _do(link, "record-base", position=int(position), **mark)
        return int(position)

    def _new_checkpoint(self) -> Path:
        directory = self._data_dir / CHECKPOINTS_FOLDER / secrets.token_hex(4)
        directory.mkdir(parents=True)
        return directory

    async def _link(self, link: ShardLink, directory: Path, frozen: bool) -> Path:
        path = shard_directory(directory, link.shard)
        await _do(link, "checkpoint", path=str(path), frozen=frozen)
        return path

    async def _all(self, action: str) -> None:
        await asyncio.gather(*(_do(link, action) for link in self._links))


async def _do(link: ShardLink, action: str, **details: object) -> int:
    controlled = await link.control(action, **details)
    if controlled.refusal:
        raise NotDone(f"shard {link.shard}: {controlled.refusal}")
    return controlled.position
