"""What Prometheus is told, on a port of its own: the shards' statistics and the front end's calls.

Nothing here is on the way of a command but `observe_call`. A scrape is answered in a thread of its
own from the last statistics of each shard, so it never waits for one.
"""

import math
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

from msgspec import structs
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from engine.metrics_server import MetricsServer, Tls
from engine.shard.messages import Histogram, ShardStatistics
from engine.shard.statistics import BOUNDS_COMMANDS, BOUNDS_S, empty_histogram, observe

FeedGauges = Callable[[], tuple[int, int]]
"""Gives the number of feed subscribers, and how many events the slowest of them is behind."""

SubscriptionGauges = Callable[[], Sequence[tuple[str, str, int, float, int]]]
"""Gives, for each durable subscription, its tenant and name, the events that it has not
acknowledged, the age of the oldest of them in seconds, and how many messages are parked."""

CertificateGauges = Callable[[], tuple[float, bool]]
"""Gives when the certificate in force expires, in seconds since 1970, and whether its files hold
what was refused."""


GateGauges = Callable[[], tuple[int, float]]
"""Gives how many changes of the front door's files were refused, and when what is in force was
read, in seconds since 1970."""


class Metrics(Collector):
    """All figures of one node, in a registry of its own."""

    def __init__(self, shards: int) -> None:
        self._shards = [_ShardFigures() for _ in range(shards)]
        self._calls: dict[tuple[str, str], int] = {}
        self._refusals: Counter[tuple[str, str]] = Counter()
        self._call_seconds: dict[str, Histogram] = {}
        self._feed_gauges: FeedGauges = lambda: (0, 0)
        self._subscription_gauges: SubscriptionGauges = lambda: ()
        self._holding_gauge: Callable[[], int] = lambda: 0
        self._certificate_gauges: CertificateGauges | None = None
        self._gate_gauges: GateGauges | None = None
        self._data_dir: Path | None = None
        self._server: MetricsServer | None = None
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def shard_statistics(self, shard: int, statistics: ShardStatistics, process_id: int) -> None:
        """Take what a process of a shard says about itself. Each process counts from zero: what
        the ones before it have counted is kept and added."""
        self._shards[shard].take(statistics, process_id)

    def shard_up(self, shard: int, up: bool) -> None:
        """Take whether a shard answers. One that does not may have lost its process, or be silent
        and go on."""
        self._shards[shard].up = up

    def shard_restarted(self, shard: int) -> None:
        """Count a further process of a shard."""
        self._shards[shard].restarts += 1

    def observe_call(self, method: str, code: str, seconds: float) -> None:
        """Count a finished call by method and gRPC code name, and its time to the answer."""
        key = (method, code)
        self._calls[key] = self._calls.get(key, 0) + 1
        histogram = self._call_seconds.get(method)
        if histogram is None:
            histogram = self._call_seconds[method] = empty_histogram(BOUNDS_S)
        observe(histogram, BOUNDS_S, seconds)

    def observe_refusal(self, command: str, reason: str) -> None:
        """A command of a batch was refused before it reached a shard."""
        self._refusals[command, reason.removeprefix("ERROR_REASON_")] += 1

    def feed_gauges(self, gauges: FeedGauges) -> None:
        """Ask `gauges` at each scrape, from the scraping thread: it must be quick and only read."""
        self._feed_gauges = gauges

    def subscription_gauges(self, gauges: SubscriptionGauges, holding: Callable[[], int]) -> None:
        """Ask for durable subscriptions, and how many of them hold up retention, at each scrape,
        from the scraping thread. Their number is limited, and so is that of the labels."""
        self._subscription_gauges = gauges
        self._holding_gauge = holding

    def gate_gauges(self, gauges: GateGauges) -> None:
        """Tell of the files of the front door, as they are at each scrape."""
        self._gate_gauges = gauges

    def disk_gauges(self, data_dir: Path) -> None:
        """Tell how much room the disk of this directory has, as it is at each scrape."""
        self._data_dir = data_dir

    def certificate_gauges(self, gauges: CertificateGauges) -> None:
        """Ask for the certificate in force at each scrape, from the scraping thread."""
        self._certificate_gauges = gauges

    def serve(self, host: str, port: int, tls: Tls | None = None) -> int:
        """Answer scrapes at host and port in a thread; return the port, a free one if `port` is 0.
        With `tls`, over TLS alone. OSError if the address cannot be used."""
        if self._server is not None:
            raise RuntimeError("these metrics are served already")
        self._server = MetricsServer(self.registry, host, port, tls)
        return self._server.port

    def close(self) -> None:
        """Stop answering scrapes; takes up to half a second. Harmless if none are answered."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def describe(self) -> list[Metric]:
        """Nothing: figures are made at each scrape, and registering must not make them."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Every figure as it is now."""
        yield from self._front_end()
        yield from self._counters()
        yield from self._histograms()
        yield from self._gauges()
        yield from self._gate()
        yield from self._disk()
        yield from self._certificate()

    def _front_end(self) -> Iterator[Metric]:
        """Calls and feeds."""
        calls = CounterMetricFamily(
            "holdfast_requests", "Finished calls by gRPC code.", labels=("method", "code")
        )
        for (method, code), count in sorted(self._calls.items()):
            calls.add_metric((method, code), count)
        yield calls
        refusals = CounterMetricFamily(
            "holdfast_refused_commands",
            "Commands of Execute that were refused before they reached a shard.",
            labels=("command", "reason"),
        )
        for (command, reason), count in sorted(self._refusals.items()):
            refusals.add_metric((command, reason), count)
        yield refusals
        seconds = HistogramMetricFamily(
            "holdfast_request_seconds", "From a call's arrival to its answer.", labels=("method",)
        )
        for method, histogram in sorted(self._call_seconds.items()):
            _add(seconds, (method,), BOUNDS_S, histogram)
        yield seconds
        subscribers, lag_events = self._feed_gauges()
        yield GaugeMetricFamily("holdfast_feed_subscribers", "Open feeds.", subscribers)
        yield GaugeMetricFamily(
            "holdfast_feed_lag_events", "Events that the slowest feed is behind.", lag_events
        )
        yield from self._subscriptions()

    def _subscriptions(self) -> Iterator[Metric]:
        """How far each durable subscription is behind."""
        labels = ("tenant", "name")
        lag_events = GaugeMetricFamily(
            "holdfast_subscription_lag_events",
            "Events that a subscription has not acknowledged.",
            labels=labels,
        )
        lag_seconds = GaugeMetricFamily(
            "holdfast_subscription_lag_seconds",
            "Age of the oldest event that a subscription has not acknowledged.",
            labels=labels,
        )
        parked = GaugeMetricFamily(
            "holdfast_subscription_parked_messages",
            "Messages that are parked for a subscription.",
            labels=labels,
        )
        for tenant, name, events, seconds, messages in self._subscription_gauges():
            lag_events.add_metric((tenant, name), events)
            lag_seconds.add_metric((tenant, name), seconds)
            parked.add_metric((tenant, name), messages)
        yield from (lag_events, lag_seconds, parked)
        yield GaugeMetricFamily(
            "holdfast_subscriptions_holding_retention",
            "Subscriptions for which events are kept that are old enough to be forgotten.",
            self._holding_gauge(),
        )

    def _counters(self) -> Iterator[Metric]:
        """What only grows, also over restarts of a shard."""
        commands = CounterMetricFamily(
            "holdfast_commands", "Decided commands.", labels=("shard", "command", "outcome")
        )
        expirations = CounterMetricFamily(
            "holdfast_expirations", "Reservations whose hold expired.", labels=("shard",)
        )
        restarts = CounterMetricFamily(
            "holdfast_shard_restarts", "Restarts of a shard's process.", labels=("shard",)
        )
        for shard, figures in enumerate(self._shards):
            label = str(shard)
            restarts.add_metric((label,), figures.restarts)
            if (total := figures.total) is None:
                continue
            for name, count in sorted(total.commands.items()):
                command, _, outcome = name.partition(" ")
                commands.add_metric((label, command, outcome), count)
            expirations.add_metric((label,), total.expirations)
        yield from (commands, expirations, restarts)

    def _histograms(self) -> Iterator[Metric]:
        """How long the steps of a shard take, and how many commands share them."""
        for field, (name, bounds, help_text) in _SHARD_HISTOGRAMS.items():
            family = HistogramMetricFamily(name, help_text, labels=("shard",))
            for shard, figures in enumerate(self._shards):
                if (total := figures.total) is not None:
                    _add(family, (str(shard),), bounds, getattr(total, field))
            yield family

    def _gauges(self) -> Iterator[Metric]:
        """Where each shard stands; a shard that has not spoken yet has no such figures."""
        up = GaugeMetricFamily("holdfast_shard_up", "1 if the shard answers.", labels=("shard",))
        for shard, figures in enumerate(self._shards):
            up.add_metric((str(shard),), int(figures.up))
        yield up
        for name, (help_text, value) in _SHARD_GAUGES.items():
            family = GaugeMetricFamily(name, help_text, labels=("shard",))
            for shard, figures in enumerate(self._shards):
                if (total := figures.total) is not None:
                    family.add_metric((str(shard),), value(total))
            yield family

    def _gate(self) -> Iterator[Metric]:
        """The files of the front door; nothing where everybody may do everything."""
        if self._gate_gauges is None:
            return
        refused, loaded_s = self._gate_gauges()
        yield CounterMetricFamily(
            "holdfast_access_refused_files",
            "Changes of the principals file and of key sets that were refused.",
            refused,
        )
        yield GaugeMetricFamily(
            "holdfast_access_loaded_timestamp_seconds",
            "When the principals and keys in force were read.",
            loaded_s,
        )

    def _disk(self) -> Iterator[Metric]:
        """What is left for the history; nothing where the directory is gone."""
        if self._data_dir is None or not self._data_dir.is_dir():
            return
        usage = shutil.disk_usage(self._data_dir)
        help_text = "Room on the disk of the data directory: "
        yield GaugeMetricFamily("holdfast_disk_size_bytes", help_text + "in all.", usage.total)
        yield GaugeMetricFamily("holdfast_disk_free_bytes", help_text + "left.", usage.free)

    def _certificate(self) -> Iterator[Metric]:
        """How long TLS goes on working; nothing without TLS."""
        if self._certificate_gauges is None:
            return
        expires_at_s, is_refused = self._certificate_gauges()
        yield GaugeMetricFamily(
            "holdfast_tls_certificate_expires_timestamp_seconds",
            "When the certificate in force expires.",
            expires_at_s,
        )
        yield GaugeMetricFamily(
            "holdfast_tls_files_refused",
            "1 while the files of TLS hold what cannot be used, and older ones are in force.",
            int(is_refused),
        )


_SHARD_HISTOGRAMS: Mapping[str, tuple[str, Sequence[float], str]] = {
    "queue_s": ("holdfast_queue_seconds", BOUNDS_S, "From a command's arrival to its decision."),
    "decide_s": ("holdfast_decide_seconds", BOUNDS_S, "Deciding and appending one batch."),
    "flush_s": ("holdfast_flush_seconds", BOUNDS_S, "Making a batch durable."),
    "total_s": (
        "holdfast_command_seconds",
        BOUNDS_S,
        "From a command's arrival to its durable answer.",
    ),
    "batch_sizes": ("holdfast_batch_commands", BOUNDS_COMMANDS, "Commands decided together."),
}
"""For each field of ShardStatistics that is a histogram: its metric, bounds and meaning."""


def _pressure_ratio(statistics: ShardStatistics) -> float:
    """Held units for each unit on hand; infinite if units are held and none are there."""
    held, on_hand = statistics.stock.held_units, statistics.stock.on_hand_units
    if on_hand > 0:
        return held / on_hand
    return math.inf if held > 0 else 0.0


_SHARD_GAUGES: Mapping[str, tuple[str, Callable[[ShardStatistics], float]]] = {
    "holdfast_active_actors": ("Stock actors in memory.", lambda s: s.active_actors),
    "holdfast_stock_locations": ("SKU-locations.", lambda s: s.stock.stock_keys),
    "holdfast_reservations": ("Reservations of any status.", lambda s: s.stock.reservations),
    "holdfast_on_hand_units": ("Units on hand.", lambda s: s.stock.on_hand_units),
    "holdfast_held_units": ("Units held for carts.", lambda s: s.stock.held_units),
    "holdfast_allocated_units": ("Units allocated to orders.", lambda s: s.stock.allocated_units),
    "holdfast_reservation_pressure_ratio": ("Held units per unit on hand.", _pressure_ratio),
    "holdfast_pending_timers": ("Holds that wait for their deadline.", lambda s: s.pending_timers),
    "holdfast_prepared_lines": (
        "Lines set aside for baskets of other shards that are not decided.",
        lambda s: s.prepared_lines,
    ),
    "holdfast_outbox_events": (
        "Events that other shards have yet to hear.",
        lambda s: s.outbox_events,
    ),
    "holdfast_log_position": ("Position of the last event.", lambda s: s.position),
    "holdfast_log_durable_position": (
        "Position of the last durable event.",
        lambda s: s.durable_position,
    ),
    "holdfast_log_bytes": ("Size of the log and its state on disk.", lambda s: s.log_bytes),
    "holdfast_clock_drift_seconds": (
        "Wall clock time minus engine time.",
        lambda s: s.clock_drift_ms / 1_000,
    ),
}


class _ShardFigures:
    """The figures of one shard. `total` is its last statistics, where all that is counted includes
    what its earlier processes had counted. It is replaced as a whole, so that a scrape in another
    thread sees one moment."""

    def __init__(self) -> None:
        self.up = False
        self.restarts = 0
        self.total: ShardStatistics | None = None
        self._earlier: ShardStatistics | None = None
        self._process_id = 0

    def take(self, statistics: ShardStatistics, process_id: int) -> None:
        """Replace the last statistics of the same process, or keep the counts of the one that is
        gone. Its gauges stand until the next speaks."""
        if process_id != self._process_id:
            self._process_id = process_id
            self._earlier = self.total
        self.total = statistics if self._earlier is None else _sum(self._earlier, statistics)


def _sum(earlier: ShardStatistics, statistics: ShardStatistics) -> ShardStatistics:
    """The later statistics with the counts of both."""
    commands = dict(earlier.commands)
    for name, count in statistics.commands.items():
        commands[name] = commands.get(name, 0) + count
    return structs.replace(
        statistics,
        expirations=earlier.expirations + statistics.expirations,
        commands=commands,
        **{
            name: _sum_histograms(getattr(earlier, name), getattr(statistics, name))
            for name in _SHARD_HISTOGRAMS
        },
    )


def _sum_histograms(one: Histogram, other: Histogram) -> Histogram:
    """The observations of both."""
    counts = [left + right for left, right in zip(one.counts, other.counts, strict=True)]
    return Histogram(counts=counts, sum_s=one.sum_s + other.sum_s)


def _add(
    family: HistogramMetricFamily,
    labels: tuple[str, ...],
    bounds: Sequence[float],
    histogram: Histogram,
) -> None:
    """Add a histogram to its family. Prometheus wants counts up to and including each bound."""
    names = [*(str(float(bound)) for bound in bounds), "+Inf"]
    cumulative = accumulate(list(histogram.counts))
    family.add_metric(labels, list(zip(names, cumulative, strict=True)), histogram.sum_s)
