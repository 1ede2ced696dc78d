"""Real shard processes with real logs: killed, restarted, stopped, orphaned."""

import asyncio
import errno
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from engine.core.answers import StockChanged
from engine.core.commands import BasketLine, Command, Context, Receive, Reserve
from engine.core.model import Key
from engine.log.codec import decode_group
from engine.log.layout import open_layout
from engine.log.port import LogError
from engine.log.rocks import UNLOADED_ENTRIES_MIN, RocksLog
from engine.shard.frames import Chunk, Kind, encode, frame
from engine.shard.link import ShardLink
from engine.shard.messages import Accepted, Request, ShardStatistics, Write
from engine.shard.options import SharedOptions
from engine.shard.port import HistoryDamaged, Overloaded, ShardUnavailable
from engine.shard.queries import ReadStock, StockRead
from engine.shard.router import Router
from engine.shard.slots import slot_of
from engine.shard.supervisor import ShardRefused, Supervisor

TEA = Key("", "TEA", "LONDON")
SLOT = slot_of("", "TEA")


def write(command: Command, request_id: str) -> Write:
    return Write(Context(request_id), b"content", command)


class Node:
    """One supervised shard and what its feed said."""

    def __init__(self, directory: Path, queue_commands_max: int = 1_000) -> None:
        self.statistics: asyncio.Queue[ShardStatistics] = asyncio.Queue()
        self.changes: list[bool] = []
        self.changed = asyncio.Event()
        self.link = ShardLink(0, queue_commands_max, lambda _, s: self.statistics.put_nowait(s))
        self.router = Router([self.link], "00000000", 1)
        self.groups: list[bytes] = []
        self.link.follow(self.groups.append)
        open_layout(directory, 1)
        self.supervisor = Supervisor([self.link], directory, SharedOptions(), self.note_change)

    def note_change(self, _shard: int, is_up: bool) -> None:
        self.changes.append(is_up)
        self.changed.set()

    async def until_changes(self, count: int) -> None:
        async with asyncio.timeout(60):
            while len(self.changes) < count:
                self.changed.clear()
                await self.changed.wait()

    async def ask(self, request: Request) -> object:
        return await asyncio.wait_for(self.router.submit(SLOT, request, 0), 30)

    async def insist(self, request: Request) -> object:
        """Ask until the shard is there: what a client does with UNAVAILABLE."""
        while True:
            await asyncio.wait_for(self.link.ready.wait(), 30)
            try:
                return await self.ask(request)
            except ShardUnavailable:
                continue

    def kill(self) -> None:
        os.kill(self.supervisor.process_ids[0], signal.SIGKILL)

    def positions(self) -> list[int]:
        """The position of every event the feed has shown."""
        return [
            position
            for group in map(decode_group, self.groups)
            for position in range(group.first_position, group.last_position + 1)
        ]


@asynccontextmanager
async def running(directory: Path, queue_commands_max: int = 1_000) -> AsyncIterator[Node]:
    node = Node(directory, queue_commands_max)
    await node.supervisor.start()
    try:
        yield node
    finally:
        await node.supervisor.stop(10)


async def test_a_killed_shard_comes_back_with_everything_it_answered(tmp_path: Path) -> None:
    async with running(tmp_path) as node:
        for number in range(5):
            accepted = await node.insist(write(Receive(TEA, 1), f"r{number}"))
            assert isinstance(accepted, Accepted)
            node.kill()
            stock = await node.insist(ReadStock(TEA))
            assert isinstance(stock, StockRead)
            assert stock.stock is not None
            assert stock.stock.on_hand == number + 1
            again = await node.insist(write(Receive(TEA, 1), f"r{number}"))
            assert isinstance(again, Accepted)
            assert (again.replayed, again.position) == (True, accepted.position)
            assert isinstance(again.answer, StockChanged)
            assert (again.answer.stock.on_hand, again.answer.stock.version) == (number + 1,) * 2
    assert node.changes == [True] + [False, True] * 5


async def test_the_feed_has_no_gap_and_no_duplicate_over_kills(tmp_path: Path) -> None:
    """A group that became durable but was not published before a kill is published by the next
    process."""
    async with running(tmp_path) as node:
        await node.insist(write(Receive(TEA, 1_000_000), "opening"))
        for round_number in range(4):
            requests = [
                write(Reserve("", (BasketLine("1", TEA, 1),)), f"{round_number}-{number}")
                for number in range(300)
            ]
            waiting = [node.router.submit(SLOT, request, 0) for request in requests]
            await waiting[20]
            node.kill()
            await asyncio.gather(*waiting, return_exceptions=True)
            for request in requests:
                assert isinstance(await node.insist(request), Accepted)
        head = node.link.head
    assert node.positions() == list(range(1, head + 1))
    assert head == 1 + 2 * 300 * 4


async def test_a_graceful_stop_answers_what_has_arrived(tmp_path: Path) -> None:
    async with running(tmp_path) as node:
        waiting = [
            node.router.submit(SLOT, write(Receive(TEA, 1), f"r{number}"), 0)
            for number in range(500)
        ]
    results = await asyncio.gather(*waiting)
    assert all(isinstance(result, Accepted) for result in results)
    log = RocksLog(tmp_path / "shard-000")
    stock = log.stock(TEA)
    log.close()
    assert stock is not None
    assert stock.on_hand == 500


async def test_the_gateway_refuses_at_once_what_it_cannot_queue(tmp_path: Path) -> None:
    async with running(tmp_path, queue_commands_max=3) as node:
        waiting = [
            node.router.submit(SLOT, write(Receive(TEA, 1), f"r{number}"), 0) for number in range(3)
        ]
        with pytest.raises(Overloaded, match="shard 0 has 3 commands queued"):
            node.router.submit(SLOT, write(Receive(TEA, 1), "r3"), 0)
        await asyncio.gather(*waiting)
        assert isinstance(await node.ask(write(Receive(TEA, 1), "r3")), Accepted)


async def test_history_is_read_in_chunks(tmp_path: Path) -> None:
    async with running(tmp_path) as node:
        for number in range(10):
            await node.insist(write(Receive(TEA, 1), f"r{number}"))
        seen: list[int] = []
        while len(seen) < 10:
            chunk = await node.link.read(len(seen) + 1, 1)
            assert len(chunk) == 1
            seen.append(decode_group(chunk[0]).first_position)
        assert seen == list(range(1, 11))
        assert await node.link.read(11, 1_000) == []


async def test_a_shard_says_how_it_is(tmp_path: Path) -> None:
    async with running(tmp_path) as node:
        await node.ask(write(Receive(TEA, 7), "r"))
        async with asyncio.timeout(30):
            while (statistics := await node.statistics.get()).durable_position < 1:
                pass
    assert statistics.stock.on_hand_units == 7
    assert statistics.commands == {"Receive accepted": 1}
    assert sum(statistics.flush_s.counts) == 1
    assert sum(statistics.total_s.counts) == 1


async def test_a_shard_expires_holds_without_being_asked(tmp_path: Path) -> None:
    async with running(tmp_path) as node:
        await node.ask(write(Receive(TEA, 7), "r"))
        await node.ask(write(Reserve("", (BasketLine("1", TEA, 7),), ttl_ms=1_000), "hold"))
        async with asyncio.timeout(30):
            while (await node.statistics.get()).expirations < 1:
                pass
        assert isinstance(
            await node.ask(write(Reserve("", (BasketLine("1", TEA, 7),)), "next")), Accepted
        )


async def test_a_shard_that_has_nothing_to_decide_empties_its_buffers(tmp_path: Path) -> None:
    """What it has decided is in tables then, so it starts with nothing to replay."""

    def unwritten_bytes() -> int:
        found = 0
        for path in (tmp_path / "shard-000/log").glob("*.log"):
            with suppress(FileNotFoundError):
                found += path.stat().st_size
        return found

    holds = UNLOADED_ENTRIES_MIN // 2
    async with running(tmp_path, holds) as node:
        await node.ask(write(Receive(TEA, holds), "r"))
        basket = (BasketLine("1", TEA, 1),)
        await asyncio.gather(
            *(node.ask(write(Reserve("", basket), f"hold{number}")) for number in range(holds))
        )
        assert unwritten_bytes() > 0
        async with asyncio.timeout(60):
            while unwritten_bytes() > 0:
                await node.statistics.get()
        node.kill()
        stock = await node.insist(ReadStock(TEA))
        assert isinstance(stock, StockRead)
        assert stock.stock is not None
        assert stock.stock.held == holds


async def test_a_shard_that_cannot_be_started_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Running out of descriptors for a while costs the shard that while."""
    failures = 3

    def exhausted() -> tuple[socket.socket, socket.socket]:
        nonlocal failures
        if failures:
            failures -= 1
            raise OSError(errno.EMFILE, "planted")
        return socketpair()

    socketpair = socket.socketpair
    async with running(tmp_path) as node:
        monkeypatch.setattr(socket, "socketpair", exhausted)
        node.kill()
        assert isinstance(await node.insist(write(Receive(TEA, 1), "r")), Accepted)
    assert failures == 0


async def test_a_silent_shard_is_reported_and_not_killed(tmp_path: Path) -> None:
    async with running(tmp_path) as node:
        process_id = node.supervisor.process_ids[0]
        os.kill(process_id, signal.SIGSTOP)
        try:
            await node.until_changes(2)
        finally:
            os.kill(process_id, signal.SIGCONT)
        await node.until_changes(3)
        assert node.changes == [True, False, True]
        assert node.supervisor.process_ids[0] == process_id
        assert isinstance(await node.ask(write(Receive(TEA, 1), "r")), Accepted)


async def test_a_call_that_cannot_be_sent_fails_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as node:
        poison = node.router.submit(SLOT, write(Receive(TEA, 1), "poison"), 1 << 70)
        forsaken = node.router.submit(SLOT, write(Receive(TEA, 1), "forsaken"), 1 << 70)
        forsaken.cancel()
        innocent = node.router.submit(SLOT, write(Receive(TEA, 1), "innocent"), 0)
        with pytest.raises(OverflowError):
            await poison
        assert isinstance(await innocent, Accepted)


async def test_a_basket_takes_as_much_room_as_its_lines(tmp_path: Path) -> None:
    async with running(tmp_path, queue_commands_max=5) as node:
        await node.ask(write(Receive(TEA, 100), "r"))
        lines = tuple(BasketLine(str(number), TEA, 1) for number in range(5))
        waiting = node.router.submit(SLOT, write(Reserve("", lines), "basket"), 0)
        with pytest.raises(Overloaded, match="shard 0 has 5 commands queued"):
            node.router.submit(SLOT, write(Receive(TEA, 1), "r2"), 0)
        await waiting
        assert isinstance(await node.ask(write(Receive(TEA, 1), "r2")), Accepted)


async def test_damaged_history_is_told_to_whoever_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as node:
        payload = encode(Chunk(7, [], "shard-000/log is damaged"))
        reading: asyncio.Future[list[bytes]] = asyncio.get_running_loop().create_future()
        monkeypatch.setitem(node.link._reading, 7, reading)
        node.link.data_received(frame(Kind.CHUNK, payload))
        with pytest.raises(HistoryDamaged, match="shard-000/log is damaged"):
            await reading


async def test_a_directory_in_use_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with running(tmp_path):
        with pytest.raises(LogError, match="shard-000"):
            RocksLog(tmp_path / "shard-000")
        with pytest.raises(ShardRefused, match="ended with code 78"):
            await Node(tmp_path).supervisor.start()
    assert "shard refuses to start" in capfd.readouterr().err


ORPHANING = """
import asyncio, os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from engine.shard.options import SharedOptions
from engine.log.layout import open_layout
from engine.shard.frames import Chunk, Kind, encode, frame
from engine.shard.link import ShardLink
from engine.shard.supervisor import Supervisor
async def main():
    link = ShardLink(0, 10, lambda *_: None)
    supervisor = Supervisor([link], Path(sys.argv[1]), SharedOptions(), lambda *_: None)
    await supervisor.start()
    print(supervisor.process_ids[0], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


def ended(process_id: int) -> bool:
    """Wait for a process that is not ours to end, ten seconds at most."""
    try:
        descriptor = os.pidfd_open(process_id)
    except ProcessLookupError:
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(10_000))


def test_no_orphan_outlives_its_front_end(tmp_path: Path) -> None:
    open_layout(tmp_path, 1)
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root), str(root / "clients" / "python")])
    parent = subprocess.run(
        [sys.executable, "-c", ORPHANING, str(tmp_path), str(root)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert parent.returncode == -signal.SIGKILL
    assert ended(int(parent.stdout.split()[-1])), "the shard process outlived its front end"
    RocksLog(tmp_path / "shard-000").close()
