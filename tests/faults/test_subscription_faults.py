"""The disk fails where durable subscriptions are stored: what could not be stored is refused, what
was answered is there after a restart, and everything else goes on meanwhile."""

import errno
import os
import random
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from holdfast import Client
from holdfast.errors import HoldfastError, Internal, UnknownSubscription
from holdfast.parked import ExternalMessage

from benchmarks.node import Node, NodeFailed, running_node
from tests.faults.disk_faults import NAMES, SYNCS, WRITES, Aim, Disk
from tests.faults.points import plant
from tests.faults.power_cut import PowerCut

RUNS = 4 * int(os.environ.get("LENGTH", "10"))
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
"""`make soak` gives both; a seed is printed with the figures."""
NAME, MARK = "web", "place"
BODY_BYTES = 50_000
"""So large that SQLite's journal is moved into the file itself every hundred messages."""
CALLS_MAX = 1_000
AIMS = (
    Aim("EIO, sync of the journal", errno.EIO, SYNCS, "/subscriptions.db-wal"),
    Aim("EIO, write to the journal", errno.EIO, WRITES, "/subscriptions.db-wal"),
    Aim("EIO, sync of the file", errno.EIO, SYNCS, "/subscriptions.db", ".db"),
    Aim("EIO, write to the file", errno.EIO, WRITES, "/subscriptions.db", ".db"),
    Aim("EIO, sync of the mark", errno.EIO, SYNCS, "/subscriptions.mark"),
    Aim("EIO, write of the mark", errno.EIO, WRITES, "/subscriptions.mark"),
    Aim("ENOSPC", errno.ENOSPC, WRITES, "/subscriptions.", bytes=0, lasting=True),
    Aim("EROFS", errno.EROFS, WRITES | SYNCS | NAMES, "/subscriptions.", lasting=True),
)


@dataclass
class Told:
    """What a consumer was answered."""

    acknowledged: int = 0
    """The newest value of its mark that was."""
    asked: int = 0
    """The newest that it has asked for."""
    parked: set[str] = field(default_factory=set)
    refused: int = 0

    async def step(self, client: Client) -> None:
        """Move the mark and park a message. Raises what is refused."""
        self.asked += 1
        try:
            await client.set_mark(NAME, MARK, str(self.asked))
            self.acknowledged = self.asked
            message = ExternalMessage(f"order-{self.asked}", "text/plain", os.urandom(BODY_BYTES))
            await client.park_message(NAME, message, "no such SKU")
            self.parked.add(message.id)
        except HoldfastError:
            self.refused += 1
            raise

    async def faults(self, client: Client) -> list[str]:
        """What is not as it was answered."""
        states = [state async for state in client.subscriptions(name=NAME)]
        mark = int(states[0].marks.get(MARK, "0")) if states else -1
        parked = {each.content.id async for each in client.parked_messages(NAME)}
        found = []
        if not self.acknowledged <= mark <= self.asked:
            found.append(f"the mark is {mark}, {self.acknowledged} was answered")
        return found + [f"{each} is not parked" for each in sorted(self.parked - parked)]


async def subscribe(client: Client) -> None:
    """Make the subscription."""
    await client.receive("TEA", "LONDON", 1_000_000)
    async with client.subscribe(NAME):
        pass


class Switch:
    """Lets the store fail, by the file that `failing_store/sitecustomize.py` looks for."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._path = path
        plant("failing_store", monkeypatch)
        monkeypatch.setenv("STORE_FAILS", str(path))

    def fail(self, how: str) -> None:
        """From now on, "refused", "unmarked" or "ignored"."""
        self._path.write_text(how)

    def mend(self) -> None:
        """Fail no more."""
        self._path.unlink()


async def deleted_without_its_mark(client: Client, store: Switch) -> None:
    """What is gone from the file is gone, though nobody could be told: nothing may be answered that
    would be kept in memory alone."""
    async with client.subscribe("gone"):
        pass
    store.fail("unmarked")
    with pytest.raises(Internal):
        await client.delete_subscription("gone")
    store.mend()
    with pytest.raises(UnknownSubscription):
        await client.set_mark("gone", MARK, "1")


async def test_what_cannot_be_stored_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Switch(tmp_path / "fails", monkeypatch)
    told = Told()
    async with running_node(tmp_path) as node:
        async with Client(node.address) as client:
            await subscribe(client)
            await told.step(client)
            store.fail("refused")
            with pytest.raises(Internal):
                await told.step(client)
            assert await told.faults(client) == []
            # What is sold does not depend on it.
            await client.reserve([("TEA", "LONDON", 1)])
            store.mend()
            await told.step(client)
            await deleted_without_its_mark(client, store)
        node.kill()
        await node.start()
        async with Client(node.address) as client:
            assert await told.faults(client) == []
    assert (told.acknowledged, told.refused) == (3, 1)


async def test_control_a_failure_that_is_ignored_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that takes a failed commit for a success: the node itself notices when it starts."""
    store = Switch(tmp_path / "fails", monkeypatch)
    async with running_node(tmp_path) as node:
        async with Client(node.address) as client:
            await subscribe(client)
            store.fail("ignored")
            await client.set_mark(NAME, MARK, "1")
        node.kill()
        store.mend()
        with pytest.raises(NodeFailed, match=r"ends at change \d+, but \d+ was acknowledged"):
            await node.start()


async def one_failure(disk: Disk, aim: Aim, client: Client, told: Told) -> None:
    """Step until the disk has failed and once more; then mend it, and see that all goes on."""
    disk.fail(aim)
    for _ in range(CALLS_MAX):
        try:
            await told.step(client)
        except Internal:
            assert disk.struck_s is not None, "refused, and no disk has failed"
        if disk.struck_s is not None:
            break
    assert disk.struck_s is not None, f"nothing has failed by {aim}"
    await client.reserve([("TEA", "LONDON", 1)])
    disk.mend()
    await told.step(client)


@pytest.mark.soak
async def test_subscriptions_survive_disk_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    power = PowerCut(tmp_path, monkeypatch)
    disk = Disk(tmp_path, monkeypatch)
    chance = random.Random(SEED)
    told, struck = Told(), Counter[str]()
    node = Node(tmp_path)
    await node.start()
    async with Client(node.address) as client:
        await subscribe(client)
    for number in range(RUNS):
        aim = AIMS[number % len(AIMS)]
        struck[aim.name] += 1
        if aim.bytes < 0:
            lasting = aim.lasting or chance.random() < 0.5
            aim = replace(aim, passes=chance.randint(1, 10), lasting=lasting)
        else:
            aim = replace(aim, bytes=chance.randrange(5 * BODY_BYTES))
        async with Client(node.address) as client:
            await one_failure(disk, aim, client, told)
        node.kill()
        power.cut(node.data_dir)
        await node.start()
        async with Client(node.address) as client:
            assert await told.faults(client) == [], f"after {aim}, seed {SEED}"
    await node.stop()
    assert node.verify().well
    with capsys.disabled():
        figures = f"{told.asked} marks asked, {len(told.parked)} parked, {told.refused} refused"
        dropped = f"{power.dropped} bytes dropped, 0 lost"
        sys.stdout.write(f"\nsubscriptions, seed {SEED}, {dict(struck)}, {figures}, {dropped}\n")
    assert told.refused > 0, "no failure was heard of"
