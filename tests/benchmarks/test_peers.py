"""What one would use in place of Holdfast really reserves; what is not installed is left out."""

import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

from benchmarks import messages
from benchmarks.echo import METHOD, running_echo
from benchmarks.peers import Peer, Recorded, comparison, echo, redis, slow_disk
from benchmarks.sections import Setting
from engine.log.store import Store

PEERS = (comparison.HOLDFAST, *comparison.PEERS)
QUICK = Setting(quick=True, rounds=1)
DELAY_MS = 40.0
BATCH = 7


@pytest.fixture(autouse=True)
def _clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients of the peers are beside the environment, where `make bench` has put them."""
    monkeypatch.syspath_prepend(str(Path(sys.prefix) / "peers"))


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
async def test_a_reserve_holds_a_unit_once_and_writes_an_event(peer: Peer) -> None:
    if peer.missing():
        assert await _is_left_out(peer)
        return
    async with comparison.all_running({peer.name: peer}) as servers:
        server = servers[peer.name]
        assert await server.recorded() == Recorded(0, 0, 0)
        first, second = str(uuid4()), str(uuid4())
        hold = await server.reserve(first)
        assert await server.recorded() == Recorded(1, 1, 1)
        assert await server.reserve(first) == hold
        assert await server.recorded() == Recorded(1, 1, 1)
        assert await server.reserve(second) != hold
        async with server.singles(2) as ask:
            assert [await ask(0, 0), await ask(1, 0)] == [1, 1]
        assert await server.recorded() == Recorded(4, 4, 4)
        batches = server.batches(2, BATCH)
        if batches is not None:
            async with batches as ask:
                assert [await ask(0, 0), await ask(1, 0)] == [BATCH, BATCH]
            assert await server.recorded() == Recorded(*[4 + 2 * BATCH] * 3)


@pytest.mark.parametrize("peer", slow_disk.SYSTEMS, ids=lambda peer: peer.name)
async def test_an_answer_waits_for_a_slow_disk(peer: Peer) -> None:
    if peer.missing() or slow_disk.missing():
        assert await _is_left_out(peer) or slow_disk.missing()
        return
    with slow_disk.slow_environment(DELAY_MS) as slow:
        systems = {"as it is": peer, "slow": peer}
        async with comparison.all_running(systems, {"slow": slow}) as servers:
            assert {name: slow_disk.is_slow(each) for name, each in servers.items()} == {
                "as it is": False,
                "slow": True,
            }
            asked = time.monotonic()
            await servers["slow"].reserve(str(uuid4()))
            assert time.monotonic() - asked >= DELAY_MS / 1_000


async def test_systems_are_measured_in_turns() -> None:
    systems = (comparison.HOLDFAST, echo.DURABLE, echo.SDK, echo.PREPARED)
    found = await comparison.compare(QUICK, systems)
    assert list(found.rows) == [
        f"{load}, {name}"
        for load in (comparison.SINGLES, comparison.BATCHES)
        for name in (system.name for system in systems)
    ]
    assert all(row["per_second"] > 0 and row["client_us"] > 0 for row in found.rows.values())
    assert found.left_out == {}


@pytest.mark.parametrize("is_durable", [False, True])
async def test_an_echo_keeps_what_it_answers_if_it_is_durable(
    tmp_path: Path, is_durable: bool
) -> None:
    sent = [str(number).encode() for number in range(5)]
    directory = tmp_path / "kept"
    async with (
        running_echo(directory if is_durable else None) as server,
        messages.channel(server.address) as channel,
    ):
        method = channel.unary_unary(METHOD)
        assert [await method(each) for each in sent] == sent
    assert directory.exists() == is_durable
    if is_durable:
        store = Store(directory, read_only=True)
        assert [value for _, value in store.scan("log")] == sent
        store.close()


async def test_what_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert redis.ALWAYS.missing() == "no redis-server"
    assert await _is_left_out(redis.ALWAYS)
    assert (await slow_disk.measure_slow_disk(QUICK)).left_out == {"slow disk": "no C compiler"}


async def _is_left_out(peer: Peer) -> bool:
    found = await comparison.compare(QUICK, [peer])
    return found.left_out == {peer.name: peer.missing()} and not found.rows
