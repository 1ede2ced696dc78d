"""Steps of a trial: commands one at a time or several in a turn, previews, repeated request ids,
passing time, and crashes. Random walks and the state machine take the same ones."""

from collections.abc import Callable, Sequence
from random import Random

from msgspec.structs import replace

from engine.core.answers import StockChanged, TransferChanged
from engine.core.commands import Command, Receive
from engine.core.rejections import Rejection, RequestIdReused
from tests.model.channel_commands import CHANNELS, OF_CHANNELS
from tests.model.commands import (
    BEGINNING,
    MAKERS,
    STEPS_MS,
    Choose,
    amend,
)
from tests.model.core_engine import CoreEngine
from tests.model.shard_engine import ShardEngine
from tests.model.trial import Trial
from tests.model.warehouse import Refusal


class Steps:
    """Takes steps in a trial; `one_of` makes every choice. `channels`: they are configured."""

    def __init__(
        self,
        engine: CoreEngine | ShardEngine,
        one_of: Callable[[Sequence[object]], object],
        *,
        channels: bool = False,
    ) -> None:
        self.engine = engine
        self.trial = Trial(engine)
        self.choose = Choose(self.trial.model, one_of)
        self._told = 0
        self._makers = MAKERS
        if isinstance(engine, ShardEngine):
            self.trial.model.shard_of = engine.shard_of
        if engine.sweeps_on_time:
            # What another shard has set aside for a kit that is cut is not there for later lines.
            self.choose.kits_alone = True
            # Amend keeps what it has in another shard where one shard would look for the best.
            self._makers = [make for make in MAKERS if make is not amend]
        self._done: list[tuple[Command, str, object]] = []
        beginning = [*BEGINNING, *CHANNELS] if channels else BEGINNING
        if channels:
            self._makers = [*self._makers, *OF_CHANNELS * 2]
        for command in beginning:
            self.trial.do(command)

    def wait(self) -> None:
        """Time passes: not at all, by less than a hold, or by far too much."""
        self.trial.pass_time(self.choose.of(STEPS_MS))

    def command(self) -> None:
        """One command, some of them from a source that numbers them."""
        self._told += 1
        source = self.choose.of(["", "", "wms"])
        sequence = max(0, self.choose.of([0, 3, self._told])) if source else 0
        command = self.choose.of(self._makers)(self.choose)
        answer = self.trial.do(command, source, sequence)
        if isinstance(self.engine, ShardEngine) and not source:
            last = self.engine.last
            if not isinstance(answer, Rejection) and last is not None and last.position:
                self._done.append((command, f"request-{self.engine.requests}", answer))

    def repeat(self) -> None:
        """An earlier request id comes again: with the same content it is answered as before, with
        other content it is refused, and nothing happens either way."""
        if not self._done or not isinstance(self.engine, ShardEngine):
            return
        command, request_id, answer = self.choose.of(self._done[-5:])
        self.trial.settle()
        again = self.engine.ask(command, request_id)
        assert self.engine.last is not None
        assert self.engine.last.replayed, "it was done twice"
        if not isinstance(answer, StockChanged | TransferChanged):
            assert again == answer, "another answer than the first time"
        if isinstance(command, Receive):
            other = self.engine.ask(replace(command, quantity=command.quantity + 1), request_id)
            assert isinstance(other, RequestIdReused), other
        self.trial.check_state()

    def preview(self) -> None:
        """A command is only tried: the answer is as if it were done, and nothing happens."""
        if not isinstance(self.engine, ShardEngine):
            return
        model = self.trial.model
        self.trial.settle()
        self.trial.check_state()
        command = self.choose.of(self._makers)(self.choose)
        restore = model.save()
        expected = ""
        try:
            model.do(command)
        except Refusal as refusal:
            expected = refusal.kind.__name__
        restore()
        answer = self.engine.preview(command)
        got = type(answer).__name__ if isinstance(answer, Rejection) else ""
        assert got == expected, (expected, answer)
        self.trial.check_state()

    def crash(self) -> None:
        """The node loses what is not durable, and everything is as it was."""
        if isinstance(self.engine, ShardEngine):
            self.engine.crash()
            self.trial.settle()
            self.trial.check_state()


def walk(
    engine: CoreEngine | ShardEngine, seed: int, steps: int, *, channels: bool = False
) -> Steps:
    """A random walk: the same for the same seed."""
    random = Random(seed)
    try:
        walker = Steps(engine, random.choice, channels=channels)
        others = [walker.repeat, walker.preview, walker.crash]
        for _ in range(steps):
            walker.wait()
            random.choice([walker.command] * 8 + others)()
        engine.check_log()
        return walker
    finally:
        engine.close()
