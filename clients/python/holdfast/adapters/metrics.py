"""What Prometheus is told about an adapter."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from holdfast.adapters.clock import Clock
from holdfast.adapters.outcomes import PushError
from holdfast.adapters.pending import Pending

LABELS = ("adapter", "channel")
BATCH_BOUNDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
SECONDS_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The figures of one adapter, in a registry of its own."""

    def __init__(self, adapter: str, channel: str) -> None:
        self.registry = CollectorRegistry()
        labels = (adapter, channel)

        def counter(name: str, text: str, *more: str) -> Counter:
            return Counter(name, text, (*LABELS, *more), registry=self.registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(name, text, LABELS, registry=self.registry).labels(*labels)

        self._labels = labels
        self._told = counter("holdfast_adapter_told_updates", "Updates told by the engine.")
        self._pushed = counter("holdfast_adapter_pushed_updates", "Updates the channel has taken.")
        self._failures = counter(
            "holdfast_adapter_push_failures", "Failed attempts to push an update.", "reason"
        )
        self._parked = counter("holdfast_adapter_parked_updates", "Updates put aside.", "reason")
        self._events = counter(
            "holdfast_adapter_events", "What this adapter counts besides.", "event", "reason"
        )
        self._batch = Histogram(
            "holdfast_adapter_batch_updates",
            "Updates of one push.",
            LABELS,
            buckets=BATCH_BOUNDS,
            registry=self.registry,
        ).labels(*labels)
        self._seconds = Histogram(
            "holdfast_adapter_push_seconds",
            "How long a push took.",
            LABELS,
            buckets=SECONDS_BOUNDS,
            registry=self.registry,
        ).labels(*labels)
        self._lag_events = gauge(
            "holdfast_adapter_lag_events", "Updates that were told and are not pushed yet."
        )
        self._lag_seconds = gauge(
            "holdfast_adapter_lag_seconds",
            "Age of the oldest of them: since its event, or since it was told.",
        )
        self._pending = gauge("holdfast_adapter_pending_skus", "SKUs with such an update.")
        self._conflated = gauge(
            "holdfast_adapter_conflated_updates", "Updates made needless by a newer one, so far."
        )
        self._stale = gauge(
            "holdfast_adapter_stale_updates", "Updates older than what was known, so far."
        )
        self._feed_lag = gauge(
            "holdfast_adapter_feed_lag_events", "Events the engine had yet to tell, last it said."
        )
        # These have no value before they have a meaning.
        self._drift_places = Gauge(
            "holdfast_adapter_drift_places",
            "Places that the last reconciliation found different.",
            LABELS,
            registry=self.registry,
        )
        self._drift_units = Gauge(
            "holdfast_adapter_drift_units",
            "By how many units they were.",
            LABELS,
            registry=self.registry,
        )
        self._reconciled_at = Gauge(
            "holdfast_adapter_reconciled_timestamp_seconds",
            "When that was.",
            LABELS,
            registry=self.registry,
        )
        for counted in (self._told, self._pushed):
            counted.labels(*labels)
        self._feed_lag.set(0)

    def pending(self, pending: Pending, clock: Clock) -> None:
        """Says at each scrape how things stand."""

        def lag_s() -> float:
            oldest = pending.oldest()
            if oldest is None:
                return 0.0
            known_s = max(0.0, clock.monotonic() - oldest.told_at)
            if oldest.recorded_at is None:
                return known_s
            return max(known_s, (clock.now() - oldest.recorded_at).total_seconds())

        self._lag_events.set_function(lambda: pending.updates)
        self._lag_seconds.set_function(lag_s)
        self._pending.set_function(lambda: len(pending))
        self._conflated.set_function(lambda: pending.conflated)
        self._stale.set_function(lambda: pending.stale)

    def told(self, updates: int) -> None:
        """So many updates came."""
        self._told.labels(*self._labels).inc(updates)

    def pushed(self, updates: int) -> None:
        """The channel has taken so many."""
        self._pushed.labels(*self._labels).inc(updates)

    def failed(self, error: PushError) -> None:
        """An attempt failed."""
        self._failures.labels(*self._labels, error.reason).inc()

    def parked(self, error: PushError) -> None:
        """An update was put aside."""
        self._parked.labels(*self._labels, error.reason).inc()

    def push_took(self, updates: int, seconds: float) -> None:
        """A push has ended, well or not."""
        self._batch.observe(updates)
        self._seconds.observe(seconds)

    def fell_behind(self, lag_events: int) -> None:
        """The engine says how much it has yet to tell."""
        self._feed_lag.set(lag_events)

    def count(self, event: str, reason: str = "") -> None:
        """Counts something of the adapter's own."""
        self._events.labels(*self._labels, event, reason).inc()

    def reconciled(self, places: int, units: int) -> None:
        """All of the channel was compared with the engine."""
        self._drift_places.labels(*self._labels).set(places)
        self._drift_units.labels(*self._labels).set(units)
        self._reconciled_at.labels(*self._labels).set_to_current_time()

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self.registry)
