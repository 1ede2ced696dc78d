"""An engine and a channel in miniature, which check at each step what an adapter promises:

- never an older number of a SKU after a newer one;
- nothing is acknowledged that the channel does not have and that is not parked;
- in the end the channel has the engine's numbers.

The engine tells as a subscription in mode LATEST does: in any portions, only the newest state of a
SKU, from the last acknowledgement that it has kept on. It may lose acknowledgements, tell something
old again, and refuse to park. The channel fails in every way, also after it has taken the numbers.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple

from holdfast.adapters import Adapter, ChannelUpdate, ChannelUpdateBatch, PermanentError, RetryLater
from holdfast.adapters.outcomes import Failures
from holdfast.adapters.source import ParkedMessage, Replayed
from holdfast.errors import Overloaded

from tests.adapters.scripted import START, turns, update, worker_of

SKUS = ("A", "B", "C", "D")


class Violation(BaseException):
    """An adapter has broken a promise. No adapter can take it for a failure of the channel."""


class Crash(BaseException):
    """The adapter's process dies."""


class Change(NamedTuple):
    """A change of what the channel may sell, at a position of the log."""

    position: int
    update: ChannelUpdate


class Engine:
    """Changes, cursors, and what is parked."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.log: list[Change] = []
        self.channel = Channel()
        self.kept = 0
        self.promised = 0
        self.parked: dict[int, ParkedMessage] = {}
        self.parked_ever = 0
        self.refusals = 0
        """How often parking will be refused."""

    def change(self) -> None:
        sku = self.random.choice(SKUS)
        version = 1 + max((c.update.version for c in self.log if c.update.sku == sku), default=0)
        self.log.append(Change(len(self.log) + 1, update(sku, self.random.randrange(100), version)))

    def latest(self, up_to: int | None = None) -> dict[str, Change]:
        """The newest change of each SKU, up to a position."""
        return {
            change.update.sku: change
            for change in self.log
            if up_to is None or change.position <= up_to
        }

    def acknowledge(self, cursor: str) -> None:
        position = int(cursor)
        if position < self.promised:
            raise Violation(f"acknowledged {position} after {self.promised}")
        self.promised = position
        for sku, change in self.latest(position).items():
            if not self._is_safe(sku, change.update.version):
                raise Violation(f"acknowledged {position}, but {change.update} is nowhere")

    def forget_parked(self, parked_id: int) -> None:
        message = self.parked.pop(parked_id, None)
        if message is not None and not self._is_safe(message.content.sku, message.content.version):
            raise Violation(f"{message} was dropped and is nowhere")

    def _is_safe(self, sku: str, version: int) -> bool:
        """Whether the channel has it, or something newer, or it is parked, or something newer."""
        return self.channel.version(sku) >= version or any(
            each.content.sku == sku and each.content.version >= version
            for each in self.parked.values()
        )

    def crash(self) -> None:
        """What was acknowledged last may be lost."""
        if self.random.random() < 0.5:
            self.kept = self.promised
        self.promised = self.kept


class Channel:
    """What the channel has been told."""

    def __init__(self) -> None:
        self.has: dict[str, ChannelUpdate] = {}
        self.poisonous: set[str] = set()

    def version(self, sku: str) -> int:
        return self.has[sku].version if sku in self.has else 0

    def take(self, update: ChannelUpdate) -> None:
        if update.version < self.version(update.sku):
            raise Violation(f"{update} was pushed after {self.has[update.sku]}")
        self.has[update.sku] = update


class ModelSource:
    """One process's view of the engine."""

    marks: Mapping[str, str] = {}

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sent = engine.kept
        self._told: list[ChannelUpdate] = []

    async def __aiter__(self) -> AsyncIterator[Any]:
        random = self._engine.random
        for parked in list(self._engine.parked.values()):
            if parked.replaying:
                yield Replayed(parked)
        while self._sent < len(self._engine.log):
            await turns(random.randrange(4))
            yield self._portion()
            overtaken = self._overtaken()
            if overtaken and random.random() < 0.5:
                await turns(random.choice((0, 30, 60)))
                # Something that was told before, without a cursor of its own.
                yield ChannelUpdateBatch((random.choice(overtaken),), False, "")

    def _overtaken(self) -> list[ChannelUpdate]:
        """What was told before something newer of the same SKU."""
        newest = {each.sku: each.version for each in self._told}
        return [each for each in self._told if each.version < newest[each.sku]]

    def _portion(self) -> ChannelUpdateBatch:
        """Some of the SKUs that have changed, those first that have waited longest; its cursor is
        before the change of the first that was left out."""
        changed = [
            change for change in self._engine.latest().values() if change.position > self._sent
        ]
        changed.sort()
        some = changed[: self._engine.random.randint(1, len(changed))]
        rest = changed[len(some) :]
        first_left = min(
            (
                change.position
                for change in self._engine.log
                if change.position > self._sent
                and change.update.sku in {r.update.sku for r in rest}
            ),
            default=len(self._engine.log) + 1,
        )
        self._sent = max(self._sent, first_left - 1)
        updates = tuple(change.update for change in some)
        self._told += updates
        return ChannelUpdateBatch(updates, False, str(self._sent))

    async def acknowledge(self, cursor: str = "", *, parked_ids: Collection[int] = ()) -> None:
        if cursor:
            self._engine.acknowledge(cursor)
        for parked_id in parked_ids:
            self._engine.forget_parked(parked_id)

    async def park(self, message: Any, reason: str) -> ParkedMessage:
        await turns(self._engine.random.randrange(3))
        if self._engine.refusals and self._engine.random.random() < 0.3:
            self._engine.refusals -= 1
            raise Overloaded("busy")
        if isinstance(message, ParkedMessage):
            parked = message._replace(reason=reason, replaying=False)
        else:
            self._engine.parked_ever += 1
            parked = ParkedMessage(self._engine.parked_ever, message, reason, START, 0, False)
        self._engine.parked[parked.id] = parked
        return parked

    async def latest(self, sku: str) -> ChannelUpdate:
        return self._engine.latest()[sku].update


class ModelAdapter(Adapter):
    """Pushes to the channel, which fails at random while `troubles` last."""

    name = "model"
    attempts_max = 3

    def __init__(self, engine: Engine, troubles: int) -> None:
        self._engine = engine
        self._troubles = troubles
        self.batch_max = engine.random.randint(1, 4)  # type: ignore[misc]

    async def push(self, updates: Sequence[ChannelUpdate]) -> Failures | None:
        random, channel = self._engine.random, self._engine.channel
        kind = random.choice((0, 1, 1, 2, 2, 2, 3, 4, 4, 5, 5, 9)) if self._troubles > 0 else 9
        self._troubles -= 1
        if kind < 6:
            for _ in range(random.randrange(3)):
                self._engine.change()
        await turns(random.randrange(12))
        if kind == 0:
            raise Crash
        if kind == 1:
            raise RetryLater("not now", after_s=random.choice((None, 0, 3)), whole_channel=True)
        failures: dict[str, Exception] = {}
        for each in updates:
            if each.sku in channel.poisonous:
                failures[each.sku] = PermanentError("never")
                continue
            if kind == 2 and random.random() < 0.5:
                failures[each.sku] = RetryLater("this one not", after_s=random.choice((None, 0)))
                if random.random() < 0.5:
                    continue
            channel.take(each)
        if kind == 3:
            raise Crash
        if kind == 4:
            raise ValueError("a bug in the adapter, after the numbers have arrived")
        if failures and len(updates) == len(failures) and random.random() < 0.5:
            raise failures[updates[0].sku]
        return failures  # type: ignore[return-value]


async def run_model(random: Random, steps: int = 12) -> Engine:
    """A past of an adapter: changes, failures, crashes; at the end the trouble is over, what is
    parked is given again, and everything has to arrive."""
    engine = Engine(random)
    engine.refusals = random.randrange(4)
    engine.channel.poisonous = {sku for sku in SKUS if random.random() < 0.2}
    for _ in range(random.randint(1, 20)):
        engine.change()
    for _ in range(random.randint(1, 4)):
        for parked_id, parked in engine.parked.items():
            if random.random() < 0.5:
                engine.parked[parked_id] = parked._replace(replaying=True)
        await run_once(engine, steps)
    engine.channel.poisonous = set()
    engine.refusals = 0
    engine.parked = {n: each._replace(replaying=True) for n, each in engine.parked.items()}
    engine.change()
    await run_once(engine, 0)
    check_end(engine)
    return engine


async def run_once(engine: Engine, troubles: int) -> None:
    adapter = ModelAdapter(engine, troubles)
    worker = worker_of(adapter, ModelSource(engine))
    for parked in engine.parked.values():
        worker.parked_before(parked)
    with suppress(Crash):
        await worker.run()
    engine.crash()


def check_end(engine: Engine) -> None:
    expected = {sku: change.update.units for sku, change in engine.latest().items()}
    found = {sku: each.units for sku, each in engine.channel.has.items()}
    if found != expected:
        raise Violation(f"the channel has {found}, the engine {expected}")
    if engine.parked:
        raise Violation(f"still parked: {engine.parked}")
