"""Keeps dynamic buffers up to date: a job of the front end."""

import asyncio
import time
from uuid import uuid4

import structlog

from engine.channels.asking import Asking, ChannelMissing, Unanswered
from engine.channels.buffers import compute_what_can_be, wall_ms
from engine.core.commands import ComputeBuffer, Context
from engine.core.limits import BUFFERS_PER_CALL_MAX
from engine.shard.due_buffer_queries import DueBuffer, DueBuffersRead, ReadDueBuffers
from engine.shard.messages import Accepted, Write
from engine.shard.port import Overloaded, Shards, ShardUnavailable

LOOK_S_MAX = 3_600.0
"""What is due is looked for at least so often: terms may have become dynamic since."""

WAIT_NS = 600 * 1_000_000_000
"""How long the job waits for an answer: nobody waits for it, and there may be much to look at."""

_log = structlog.get_logger(__name__)


class BufferJob:
    """Recomputes each dynamic buffer that was computed longer than an interval ago, or with other
    parameters than are configured now.

    What is done is known by when each was computed, so whatever ends the job, another goes on where
    it was.
    """

    def __init__(self, shards: Shards, interval_s: float) -> None:
        """`interval_s`: how old a computed buffer may become."""
        self._shards = shards
        self._interval_s = interval_s

    async def run_for_ever(self) -> None:
        """Compute what is due, again and again, until cancelled."""
        while True:
            try:
                computed = await self.run_once()
                if computed:
                    _log.info("dynamic buffers were computed", buffers=computed)
            except (Overloaded, ShardUnavailable, Unanswered) as problem:
                # What is left is due again when it is looked for the next time.
                _log.warning("dynamic buffers could not be computed", problem=str(problem))
            await asyncio.sleep(min(self._interval_s, LOOK_S_MAX))

    async def run_once(self) -> int:
        """Compute what is due in every shard; return how many buffers that were. Raises Overloaded,
        ShardUnavailable or Unanswered if a shard does not answer; what was computed before
        stays."""
        before_ms = wall_ms() - int(self._interval_s * 1_000)
        computed = 0
        for shard in range(self._shards.count):
            after: tuple[str, str] | None = None
            while True:
                question = ReadDueBuffers(before_ms, BUFFERS_PER_CALL_MAX, after)
                page = await self._asking().look_up(shard, question, DueBuffersRead)
                computed += await self._compute(page.due)
                after = page.next_after
                if after is None:
                    break
        return computed

    def _asking(self) -> Asking:
        return Asking(self._shards, time.monotonic_ns() + WAIT_NS)

    async def _compute(self, due: tuple[DueBuffer, ...]) -> int:
        computed = 0
        of_channel: dict[tuple[str, str], list[str]] = {}
        for one in due:
            of_channel.setdefault((one.tenant, one.channel), []).append(one.sku)
        for (tenant, channel), skus in of_channel.items():
            try:
                results = await compute_what_can_be(self._asking(), tenant, channel, skus, _write)
            except ChannelMissing:
                # It is gone since, and nothing of it is due any more.
                continue
            computed += sum(isinstance(one.result, Accepted) for one in results)
        return computed


def _write(command: ComputeBuffer) -> Write:
    """A write of the job. Its request id is of no use to anyone: the job knows by the buffers what
    is done."""
    return Write(Context(f"buffer-job/{uuid4()}"), b"", command)
