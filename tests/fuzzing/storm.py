"""Random requests to every RPC of a node, many at once, and what came of them."""

import asyncio
import base64
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from random import Random
from typing import Any

from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from tests.fuzzing.calls import METHODS, Caller
from tests.fuzzing.messages import Known, Maker
from tests.fuzzing.world import FOLLOWER, NotGranted, World

AT_ONCE = 16
ROUNDS_PER_WORLD = 25
"""After so many rounds of all RPCs the world is made anew, in another tenant."""
MORE_ROUNDS_MAX = 200
"""So many more rounds are tried for RPCs that have not answered OK yet."""


@dataclass
class Storm:
    """What was sent and answered. Everything follows from the seed, but for the times at which
    answers come."""

    caller: Caller
    seed: int
    known: Known = field(default_factory=Known)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By RPC and name of the code."""
    wrong: list[str] = field(default_factory=list)
    """What no caller may see: the RPC, what is wrong and the requests as base64."""

    def __post_init__(self) -> None:
        self._world = World(self.caller, self.known)
        self._maker = Maker(Random(self.seed), self.known)
        self._random = Random(self.seed + 1)
        self._begun: dict[str, deque[bytes]] = defaultdict(lambda: deque(maxlen=8))

    @property
    def missed(self) -> list[str]:
        """The RPCs that have not answered OK."""
        return [name for name in METHODS if not self.answers[name, "OK"]]

    @property
    def requests(self) -> int:
        """How many calls were made."""
        return self.answers.total()

    async def blow(self, rounds: int) -> None:
        """Call each RPC `rounds` times, and then go on with those that have not answered OK, unless
        something is wrong."""
        async with self.caller.following(FOLLOWER):
            try:
                await self._blow(rounds)
            except NotGranted as refused:
                self.wrong.append(str(refused))

    async def _blow(self, rounds: int) -> None:
        await self._world.make()
        for done in range(1, rounds + 1):
            await self._round(list(METHODS))
            if self.wrong:
                break
            if done % ROUNDS_PER_WORLD == 0 and done < rounds:
                await self._world.make()
        for done in range(MORE_ROUNDS_MAX):
            if self.wrong or not self.missed:
                break
            if done % ROUNDS_PER_WORLD == 0:
                await self._world.make()
            await self._round(self.missed)

    async def _round(self, names: list[str]) -> None:
        self._random.shuffle(names)
        for start in range(0, len(names), AT_ONCE):
            some = [METHODS[name] for name in names[start : start + AT_ONCE]]
            await asyncio.gather(*map(self._one, some))

    async def _one(self, method: MethodDescriptor) -> None:
        payloads, headers = self.payloads(method), self._maker.headers()
        answer = await self.caller.call(method, payloads, headers)
        self.answers[method.name, answer.code] += 1
        if answer.wrong:
            shown = " ".join(base64.b64encode(each).decode() for each in payloads)
            self.wrong.append(f"{method.name}: {answer.wrong}; sent {headers} {shown[:4_000]}")
        for response in answer.responses[:3]:
            self.known.learn(response)
        if answer.code == "OK" and not answer.wrong:
            kind = GetMessageClass(method.input_type)
            self._begun[method.input_type.full_name].append(payloads[0])
            for payload in payloads[-2:]:
                self.known.grant(kind.FromString(payload))
            token = getattr(answer.responses[-1], "next_page_token", "") if answer.responses else ""
            if token:
                following: Any = kind.FromString(payloads[0])
                following.page_token = token
                self.known.grant(following)

    def payloads(self, method: MethodDescriptor) -> list[bytes]:
        """What to send: one request, or several where the RPC takes a stream."""
        kind = method.input_type
        if not method.client_streaming:
            return [self._maker.request(kind)]
        made = [self._maker.request(kind) for _ in range(self._random.randint(0, 3))]
        return [self._first(kind), *made]

    def _first(self, kind: Descriptor) -> bytes:
        """What a stream begins with: mostly what one has begun with that was granted."""
        granted = self._begun[kind.full_name]
        if granted and self._random.random() < 0.8:
            return self._random.choice(granted)
        return self._maker.request(kind)

    def reach(self) -> str:
        """How often each RPC has answered OK, of how many calls."""
        parts = []
        for name in sorted(METHODS):
            calls = sum(count for (of, _), count in self.answers.items() if of == name)
            parts.append(f"{name} {self.answers[name, 'OK']}/{calls}")
        return ", ".join(parts)
