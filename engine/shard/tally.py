"""What a shard counts about itself."""

from collections import defaultdict

import structlog

from engine.core.model import Struct
from engine.log.port import Totals
from engine.shard.messages import (
    Accepted,
    Failed,
    NeedsOthers,
    Refused,
    Result,
    ShardStatistics,
    Spread,
    StockFigures,
)
from engine.shard.statistics import BOUNDS_COMMANDS, BOUNDS_S, empty_histogram, observe

_logger = structlog.get_logger(__name__)


class ShardState(Struct, frozen=True):
    """What there is in a shard: sums over its stock, what is active and waited for, lines that are
    set aside for other shards, and events that those have yet to acknowledge."""

    totals: Totals
    active_actors: int
    pending_timers: int
    prepared_lines: int
    outbox_events: int


class Tally:
    """Counters since the shard started; `statistics` gives them as a value."""

    def __init__(self) -> None:
        self._commands: defaultdict[tuple[str, type | str], int] = defaultdict(int)
        self._expirations = 0
        self._batch_sizes = empty_histogram(BOUNDS_COMMANDS)
        self._queue_s = empty_histogram(BOUNDS_S)
        self._decide_s = empty_histogram(BOUNDS_S)
        self._flush_s = empty_histogram(BOUNDS_S)
        self._total_s = empty_histogram(BOUNDS_S)

    def expired(self, reservations: int) -> None:
        """Deadlines have passed."""
        self._expirations += reservations

    def decided(self, kind: str, result: Result) -> None:
        """A command was decided."""
        if type(result) is Spread:
            result = result.result
        outcome: type | str
        if type(result) is Accepted:
            outcome = "accepted" if result.position else "previewed"
            if result.replayed:
                outcome = "replayed"
        elif type(result) is Refused:
            outcome = type(result.rejection)
        elif type(result) is NeedsOthers:
            return  # It will come again, and be decided then.
        else:
            outcome = type(result)
        self._commands[kind, outcome] += 1

    def failed(self, kind: str, correlation_id: str, request_id: str, error: Exception) -> None:
        """Answering a call raised: a fault of ours, to be found in the log by its ids."""
        self._commands[kind, Failed] += 1
        _logger.error(
            "a call raised",
            kind=kind,
            correlation_id=correlation_id,
            request_id=request_id,
            exc_info=error,
        )

    def turn(self, queued_s: list[float], decide_s: float) -> None:
        """A batch of calls, each of which waited so long, was decided in `decide_s`."""
        observe(self._batch_sizes, BOUNDS_COMMANDS, len(queued_s))
        for waited_s in queued_s:
            observe(self._queue_s, BOUNDS_S, waited_s)
        observe(self._decide_s, BOUNDS_S, decide_s)

    def flushed(self, flush_s: float) -> None:
        """Groups became durable in `flush_s`."""
        observe(self._flush_s, BOUNDS_S, flush_s)

    def answered(self, total_s: list[float]) -> None:
        """Calls were answered, each so long after its arrival in the front end."""
        for taken_s in total_s:
            observe(self._total_s, BOUNDS_S, taken_s)

    def statistics(
        self,
        state: ShardState,
        position: int,
        durable_position: int,
        log_bytes: int,
        clock_drift_ms: int,
    ) -> ShardStatistics:
        """Everything counted so far, beside what there is."""
        commands = self._commands.items()
        return ShardStatistics(
            position,
            durable_position,
            log_bytes,
            state.active_actors,
            state.pending_timers,
            self._expirations,
            clock_drift_ms,
            _stock_figures(state.totals),
            {f"{kind} {_name(outcome)}": count for (kind, outcome), count in commands},
            self._batch_sizes,
            self._queue_s,
            self._decide_s,
            self._flush_s,
            self._total_s,
            state.prepared_lines,
            state.outbox_events,
        )


def _stock_figures(totals: Totals) -> StockFigures:
    return StockFigures(
        totals.stock_keys,
        totals.reservations,
        float(totals.on_hand),
        float(totals.held),
        float(totals.allocated),
    )


def _name(outcome: type | str) -> str:
    return outcome if isinstance(outcome, str) else outcome.__name__
