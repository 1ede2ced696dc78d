"""What Prometheus is told: real scrapes of a real port, read by Prometheus' own parser."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine.metrics import Metrics
from engine.shard.messages import Histogram, ShardStatistics, StockFigures
from engine.shard.statistics import BOUNDS_COMMANDS, BOUNDS_S, empty_histogram, observe
from tests.access.house import PRINCIPALS, House

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Served(Metrics):
    """Metrics that know their port."""

    port = 0


@pytest.fixture
def metrics() -> Iterator[Served]:
    served = Served(shards=2)
    served.port = served.serve("127.0.0.1", 0)
    yield served
    served.close()


def scrape(metrics: Served) -> Samples:
    """Every sample of one scrape by name and labels."""
    with urlopen(f"http://127.0.0.1:{metrics.port}/metrics", timeout=10) as response:
        text = response.read().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def times(*values: float) -> Histogram:
    histogram = empty_histogram(BOUNDS_S)
    for value in values:
        observe(histogram, BOUNDS_S, value)
    return histogram


def statistics(reserves: int, on_hand: int = 100, held: int = 25) -> ShardStatistics:
    """What a shard says after so many reserves of 2 ms each, in batches of 3."""
    batches = empty_histogram(BOUNDS_COMMANDS)
    for _ in range(reserves):
        observe(batches, BOUNDS_COMMANDS, 3)
    return ShardStatistics(
        position=40 + reserves,
        durable_position=30 + reserves,
        log_bytes=4_096,
        active_actors=7,
        pending_timers=5,
        expirations=reserves * 2,
        clock_drift_ms=-1_500,
        stock=StockFigures(9, 11, float(on_hand), float(held), 3.0),
        commands={"Reserve accepted": reserves, "Commit HoldHasExpired": 1},
        batch_sizes=batches,
        queue_s=times(*[0.002] * reserves),
        decide_s=times(*[0.002] * reserves),
        flush_s=times(*[0.002] * reserves),
        total_s=times(*[0.003] * reserves),
        prepared_lines=6,
        outbox_events=8,
    )


SHARD_0 = (("shard", "0"),)

GAUGES = [
    ("holdfast_shard_up", 1),
    ("holdfast_active_actors", 7),
    ("holdfast_stock_locations", 9),
    ("holdfast_reservations", 11),
    ("holdfast_on_hand_units", 100),
    ("holdfast_held_units", 25),
    ("holdfast_allocated_units", 3),
    ("holdfast_reservation_pressure_ratio", 0.25),
    ("holdfast_pending_timers", 5),
    ("holdfast_prepared_lines", 6),
    ("holdfast_outbox_events", 8),
    ("holdfast_log_position", 44),
    ("holdfast_log_durable_position", 34),
    ("holdfast_log_bytes", 4_096),
    ("holdfast_clock_drift_seconds", -1.5),
    ("holdfast_expirations_total", 8),
    ("holdfast_shard_restarts_total", 0),
    ("holdfast_queue_seconds_count", 4),
    ("holdfast_decide_seconds_sum", 0.008),
    ("holdfast_flush_seconds_count", 4),
    ("holdfast_command_seconds_count", 4),
    ("holdfast_batch_commands_sum", 12),
]


def test_a_shard_is_shown_with_every_figure(metrics: Served) -> None:
    metrics.shard_up(0, True)
    metrics.shard_statistics(0, statistics(4), 100)
    samples = scrape(metrics)
    shown = {name: samples[name, SHARD_0] for name, _ in GAUGES}
    assert shown == {name: pytest.approx(value) for name, value in GAUGES}
    commands = {
        (dict(labels)["command"], dict(labels)["outcome"]): value
        for (name, labels), value in samples.items()
        if name == "holdfast_commands_total"
    }
    assert commands == {("Reserve", "accepted"): 4, ("Commit", "HoldHasExpired"): 1}


def test_the_drift_says_which_clock_is_ahead(metrics: Served) -> None:
    """1.5 s below zero is a wall clock that is behind engine time."""
    with urlopen(f"http://127.0.0.1:{metrics.port}/metrics", timeout=10) as response:
        families = text_string_to_metric_families(response.read().decode())
        texts = {family.name: family.documentation for family in families}
    assert texts["holdfast_clock_drift_seconds"] == "Wall clock time minus engine time."


def test_buckets_hold_what_is_at_most_their_bound(metrics: Served) -> None:
    metrics.shard_statistics(0, statistics(4), 100)
    samples = scrape(metrics)

    def bucket(name: str, bound: str) -> float:
        return samples[f"{name}_bucket", (("le", bound), *SHARD_0)]

    assert [bucket("holdfast_flush_seconds", le) for le in ("0.001", "0.0025", "+Inf")] == [0, 4, 4]
    assert [bucket("holdfast_batch_commands", le) for le in ("2.0", "4.0", "+Inf")] == [0, 4, 4]


def test_what_is_counted_never_falls_over_restarts(metrics: Served) -> None:
    counted: list[Samples] = []
    for process_id, reserves in enumerate((5, 1, 0, 3), start=100):
        metrics.shard_statistics(0, statistics(reserves), process_id)
        counted.append(scrape(metrics))
        metrics.shard_up(0, False)
        metrics.shard_restarted(0)
        counted.append(scrape(metrics))
    names = ("_total", "_count", "_sum", "_bucket")
    for before, after in pairwise(counted):
        for key, value in before.items():
            if key[0].startswith("holdfast_") and key[0].endswith(names):
                assert after[key] >= value, key
    last = counted[-1]
    reserve = (("command", "Reserve"), ("outcome", "accepted"), ("shard", "0"))
    assert last["holdfast_commands_total", reserve] == 9
    assert last["holdfast_expirations_total", SHARD_0] == 18
    assert last["holdfast_queue_seconds_count", SHARD_0] == 9
    assert last["holdfast_shard_restarts_total", SHARD_0] == 4


def test_a_restart_may_be_told_before_or_after_the_first_statistics(metrics: Served) -> None:
    metrics.shard_statistics(0, statistics(5), 100)
    metrics.shard_up(0, False)
    metrics.shard_up(0, False)
    metrics.shard_statistics(0, statistics(1), 101)
    metrics.shard_restarted(0)
    metrics.shard_statistics(0, statistics(2), 101)
    assert scrape(metrics)["holdfast_queue_seconds_count", SHARD_0] == 7


def test_a_shard_that_was_only_silent_is_not_counted_twice(metrics: Served) -> None:
    metrics.shard_statistics(0, statistics(5), 100)
    metrics.shard_up(0, False)
    metrics.shard_up(0, True)
    metrics.shard_statistics(0, statistics(6), 100)
    samples = scrape(metrics)
    assert samples["holdfast_queue_seconds_count", SHARD_0] == 6
    assert samples["holdfast_shard_up", SHARD_0] == 1


def test_without_another_process_id_the_counters_would_fall(metrics: Served) -> None:
    metrics.shard_statistics(0, statistics(5), 100)
    before = scrape(metrics)
    metrics.shard_statistics(0, statistics(1), 100)
    after = scrape(metrics)
    key = ("holdfast_expirations_total", SHARD_0)
    assert after[key] < before[key]


def test_a_shard_that_has_not_spoken_is_down_and_has_no_levels(metrics: Served) -> None:
    samples = scrape(metrics)
    assert samples["holdfast_shard_up", (("shard", "1"),)] == 0
    assert ("holdfast_on_hand_units", (("shard", "1"),)) not in samples


@pytest.mark.parametrize(
    ("on_hand", "held", "ratio"), [(0, 0, 0.0), (0, 1, float("inf")), (-5, 2, float("inf"))]
)
def test_pressure_without_stock(metrics: Served, on_hand: int, held: int, ratio: float) -> None:
    metrics.shard_statistics(0, statistics(0, on_hand, held), 100)
    assert scrape(metrics)["holdfast_reservation_pressure_ratio", SHARD_0] == ratio


def test_calls_are_counted_by_method_and_code(metrics: Served) -> None:
    for code, seconds in [("OK", 0.001), ("OK", 0.002), ("NOT_FOUND", 0.003)]:
        metrics.observe_call("Reserve", code, seconds)
    samples = scrape(metrics)
    assert samples["holdfast_requests_total", (("code", "OK"), ("method", "Reserve"))] == 2
    assert samples["holdfast_requests_total", (("code", "NOT_FOUND"), ("method", "Reserve"))] == 1
    method = (("method", "Reserve"),)
    assert samples["holdfast_request_seconds_count", method] == 3
    assert samples["holdfast_request_seconds_sum", method] == pytest.approx(0.006)


def test_feeds_are_asked_at_each_scrape(metrics: Served) -> None:
    assert scrape(metrics)["holdfast_feed_subscribers", ()] == 0
    metrics.feed_gauges(lambda: (3, 42))
    samples = scrape(metrics)
    assert samples["holdfast_feed_subscribers", ()] == 3
    assert samples["holdfast_feed_lag_events", ()] == 42


def test_serving_twice_is_a_mistake_and_closing_twice_is_not(metrics: Served) -> None:
    with pytest.raises(RuntimeError, match="served already"):
        metrics.serve("127.0.0.1", 0)
    other = Metrics(shards=1)
    with pytest.raises(OSError, match="in use"):
        other.serve("127.0.0.1", metrics.port)
    metrics.close()
    metrics.close()


def test_a_shard_can_count_without_a_metrics_library() -> None:
    program = (
        "import sys, engine.shard.statistics as s, engine.config\n"
        "h = s.empty_histogram(s.BOUNDS_S); s.observe(h, s.BOUNDS_S, 99.0)\n"
        "assert h.counts[-1] == 1 and h.sum_s == 99.0\n"
        "print([m for m in ('prometheus_client', 'grpc') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_each_subscription_says_how_far_it_is_behind(metrics: Served) -> None:
    labels = (("name", "web"), ("tenant", "acme"))
    assert not [name for name, _ in scrape(metrics) if name.startswith("holdfast_subscription_")]
    metrics.subscription_gauges(lambda: [("acme", "web", 7, 2.5, 3)], lambda: 1)
    samples = scrape(metrics)
    assert samples["holdfast_subscription_lag_events", labels] == 7
    assert samples["holdfast_subscription_lag_seconds", labels] == 2.5
    assert samples["holdfast_subscription_parked_messages", labels] == 3
    assert samples["holdfast_subscriptions_holding_retention", ()] == 1


def test_the_room_on_the_disk_is_told(metrics: Served, tmp_path: Path) -> None:
    assert ("holdfast_disk_free_bytes", ()) not in scrape(metrics)
    metrics.disk_gauges(tmp_path)
    samples = scrape(metrics)
    size, free = (samples[f"holdfast_disk_{name}_bytes", ()] for name in ("size", "free"))
    assert 0 <= free <= size == shutil.disk_usage(tmp_path).total
    metrics.disk_gauges(tmp_path / "gone")
    assert ("holdfast_disk_free_bytes", ()) not in scrape(metrics)


def test_the_files_of_the_front_door_are_told(metrics: Served, tmp_path: Path) -> None:
    assert ("holdfast_access_refused_files_total", ()) not in scrape(metrics)
    house = House(tmp_path)
    gate = house.gate()
    metrics.gate_gauges(gate.gauges)
    loaded = ("holdfast_access_loaded_timestamp_seconds", ())
    assert scrape(metrics)[loaded] == house.clock.now_s
    house.write("[[")
    gate.look()
    house.clock.now_s += 60
    house.write(PRINCIPALS.replace("nobody", "somebody"))
    gate.look()
    samples = scrape(metrics)
    assert samples["holdfast_access_refused_files_total", ()] == 1
    assert samples[loaded] == house.clock.now_s
