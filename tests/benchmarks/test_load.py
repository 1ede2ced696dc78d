"""A closed loop is fair to systems that serve some callers later than others, and to those whose
turn comes after another."""

import asyncio
from collections.abc import Mapping

from benchmarks.load import Loop, measure

NO_SERVERS: Mapping[str, int] = {}


async def test_who_is_free_makes_the_next_call() -> None:
    """One caller is answered when all calls were made: the other one has made the rest of them."""
    calls: list[tuple[int, int]] = []
    all_made = asyncio.Event()

    async def ask(caller: int, call: int) -> int:
        calls.append((caller, call))
        if len(calls) == 20:
            all_made.set()
        if caller == 0:
            await all_made.wait()
        return 1

    found = await measure([Loop("uneven", 2, 10, ask, NO_SERVERS)], 1)
    assert [call for _, call in calls] == list(range(20))
    assert [caller for caller, _ in calls].count(0) == 1
    assert found["uneven"].latencies.number == 20


async def test_calls_of_further_rounds_have_numbers_of_their_own() -> None:
    calls: list[int] = []

    async def ask(_caller: int, call: int) -> int:
        calls.append(call)
        return 1

    await measure([Loop("any", 3, 2, ask, NO_SERVERS)], 3)
    assert sorted(calls) == list(range(18))


async def test_loops_take_turns_in_another_order_each_round() -> None:
    asked: list[str] = []

    def loop(name: str) -> Loop:
        async def ask(_caller: int, _call: int) -> int:
            asked.append(name)
            return 1

        return Loop(name, 1, 1, ask, NO_SERVERS)

    names = ["one", "two", "three", "four"]
    found = await measure([loop(name) for name in names], 5)
    assert list(found) == names
    rounds = [asked[first : first + 4] for first in range(0, 20, 4)]
    assert all(sorted(each) == sorted(names) for each in rounds)
    before_two = {each[each.index("two") - 1] for each in rounds if each.index("two")}
    assert len(before_two) > 1
