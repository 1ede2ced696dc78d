"""The same with single calls: as many as a node can answer, then a multiple of that."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import grpc

from benchmarks import messages
from benchmarks.figures import latencies, rounded

CONNECTIONS = 8
CALLERS = 64
OPEN_CALLS_MAX = 4_000
DEADLINE_S = 5.0


class Calls:
    """Calls over some connections, and how they went."""

    def __init__(self, channels: Sequence[Any], skus: Sequence[str]) -> None:
        path = f"{messages.SERVICE}/Allocate"
        self._methods = [channel.unary_unary(path) for channel in channels]
        self._skus = skus
        self._asked = 0
        self.codes: Counter[str] = Counter()
        self.took_s: dict[str, list[float]] = {}

    async def ask(self) -> None:
        """One call."""
        self._asked += 1
        method = self._methods[self._asked % len(self._methods)]
        request = messages.allocate(self._skus[self._asked % len(self._skus)]).SerializeToString()
        begun = time.monotonic()
        try:
            await method(request, timeout=DEADLINE_S)
            code = "OK"
        except grpc.aio.AioRpcError as error:
            code = error.code().name
        self.codes[code] += 1
        self.took_s.setdefault(code, []).append(time.monotonic() - begun)


async def overload(
    address: str, skus: Sequence[str], seconds: float, times: float
) -> dict[str, Any]:
    """Both phases, each for so long; gives the figures."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.aio.insecure_channel(address, options=options) for _ in range(CONNECTIONS)]
    try:
        best = Calls(channels, skus)
        end = time.monotonic() + seconds

        async def caller() -> None:
            while time.monotonic() < end:
                await best.ask()

        await asyncio.gather(*(caller() for _ in range(CALLERS)))
        best_per_s = best.codes["OK"] / seconds
        calls, offered = Calls(channels, skus), 0
        open_calls: set[asyncio.Task[None]] = set()
        begun, due = time.monotonic(), 0
        while (now := time.monotonic()) < begun + seconds:
            while due < (now - begun) * best_per_s * times and len(open_calls) < OPEN_CALLS_MAX:
                task = asyncio.create_task(calls.ask())
                open_calls.add(task)
                task.add_done_callback(open_calls.discard)
                due += 1
            offered = due
            await asyncio.sleep(0.001)
        goodput = calls.codes["OK"] / seconds
        await asyncio.gather(*open_calls)
    finally:
        await asyncio.gather(*(channel.close(None) for channel in channels))
    return {
        "best per second": rounded(best_per_s),
        "offered per second": rounded(offered / seconds),
        "goodput per second": rounded(goodput),
        "share of best": round(goodput / max(best_per_s, 1.0), 3),
        "codes": dict(calls.codes),
        "took": {code: latencies(took)._asdict() for code, took in calls.took_s.items()},
    }
