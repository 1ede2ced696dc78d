"""The command line against a real node: what is asked, what is told, and what is printed."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.cli.conftest import ServedNode, environment, run_process


def test_a_basket_is_held_committed_and_shipped(node: ServedNode) -> None:
    received = node.ask("receive", "TRIP@LONDON", "10", "--reference", "delivery-1")
    assert received["balances"]["on_hand"] == 10
    held = node.ask("reserve", "TRIP@LONDON=3", "TRIP@LONDON=1", "--ttl", "10m", "--reference", "c")
    assert [line["quantity"] for line in held["lines"]] == [3, 1]
    committed = node.ask("commit", held["reservation_id"], "--line", "1=2", "--reference", "o-1")
    assert [line["quantity"] for line in committed["lines"]] == [2]
    assert sum(line["quantity"] for line in committed["freed_lines"]) == 2
    shipped = node.ask("ship", held["reservation_id"])
    assert shipped["status"] == "shipped"
    reservation = node.ask("reservation", held["reservation_id"])
    assert (reservation["status"], reservation["reference"]) == ("shipped", "o-1")
    balances = node.ask("stock", "TRIP@LONDON")["balances"]
    assert balances == {
        "on_hand": 8,
        "held": 0,
        "allocated": 0,
        "safety_stock": 0,
        "available": 8,
        "unavailable": [],
        "picked": 0,
        "incoming": 0,
        "backordered": 0,
        "waiting": 0,
    }


RECEIPT = {"cursor", "replayed", "recorded_at"}
BASKET = {"reservation_id", "current", *RECEIPT}
LEVEL = {"sku", "location", "version", "balances", *RECEIPT}


def test_the_keys_of_json_are_stable(node: ServedNode) -> None:
    def keys(*arguments: str) -> set[str]:
        return set(node.ask(*arguments))

    assert keys("receive", "KEYS@L", "50") == LEVEL
    assert keys("sell", "KEYS@L", "1") == LEVEL
    adjusted = ("adjust", "KEYS@L", "--by=-1", "--reason", "DAMAGED", "--reference", "n-1")
    assert keys(*adjusted) == LEVEL
    assert keys("count", "KEYS@L", "40", "--if-on-hand", "48") == {
        "expected",
        "moved_since",
        *LEVEL,
    }
    assert keys("configure", "KEYS@L", "--safety-stock", "5") == {"stock", *RECEIPT}
    held = node.ask("reserve", "KEYS@L=2")
    assert set(held) == {"lines", "short_lines", "expires_at", "waiting", *BASKET}
    reservation_id = held["reservation_id"]
    assert keys("extend", reservation_id, "--ttl", "1h") == {"expires_at", *BASKET}
    assert keys("release", reservation_id) == {"lines", "status", *BASKET}
    assert keys("allocate", "KEYS@L=1") == {"lines", *BASKET}
    assert keys("availability", "KEYS") == {"items", "cursor"}
    assert keys("health") == {"address", "service", "status"}


FOR_PEOPLE: list[tuple[str, list[str]]] = [
    ("receive [red]P[/red]@L 1500 --request-id p-1", ["Received 1,500", "version 1", "│"]),
    ("receive [red]P[/red]@L 1500 --request-id p-1", ["replayed", "the recorded answer"]),
    ("count [red]P[/red]@L 1490", ["Counted 1,490", "expected    1,500", "difference  -10"]),
    ("adjust [red]P[/red]@L --by=10 --reason FOUND --reference n", ["Adjusted by +10", "1,500"]),
    ("sell [red]P[/red]@L 1 --validate-only", ["Would be accepted: Sold 1"]),
    ("configure [red]P[/red]@L --channel-buffer shop=20", ["buffers", "shop=20", "open"]),
    ("stock [red]P[/red]@L", ["[red]P[/red]@L", "1,500", "shop=20"]),
    ("receive [red]P[/red]@M 1", ["Received 1"]),
    ("availability [red]P[/red] NOWHERE", ["in total", "1,501", "NOWHERE", "unknown"]),
    ("configure UNTRACKED@L --untracked", ["tracked", "no"]),
    ("availability UNTRACKED@L", ["unlimited"]),
    ("reserve [red]P[/red]@M=5 --fill best_effort", ["Held as", "expires at", "Short", "stock"]),
    ("allocate [red]P[/red]@L=1 --reference o-2", ["Allocated as", "[red]P[/red]"]),
    ("limit-customers NOBODY 0", ["any number of NOBODY", "yes: it was so already"]),
    ("health", ["is SERVING"]),
]


def test_people_get_tables_and_sentences(node: ServedNode) -> None:
    for command, fragments in FOR_PEOPLE:
        code, out, err = node.run(*command.split())
        assert (code, err) == (0, ""), command
        for fragment in fragments:
            assert fragment in out, command


def test_people_follow_a_basket(node: ServedNode) -> None:
    node.ask("receive", "WALK@L", "9")
    basket = node.ask("reserve", "WALK@L=3", "WALK@L=2", "--channel", "web")["reservation_id"]
    for command, fragments in [
        (("extend", basket, "--hold-class", "order"), ["Extended", "expires at"]),
        (("reservation", basket), ["is held", "web", "WALK"]),
        (("commit", basket, "--line", "1", "--remainder", "free"), ["Committed", "Freed"]),
        (("ship", basket, "--line", "1=1"), ["Shipped", "committed"]),
        (("release", basket, "--reason", "customer_cancelled"), ["Released", "shipped"]),
    ]:
        code, out, err = node.run(*command)
        assert (code, err) == (0, ""), command
        for fragment in fragments:
            assert fragment in out, command


def refused(node: ServedNode, *arguments: str) -> tuple[int, str]:
    code, out, err = node.run(*arguments)
    assert out == ""
    return code, err


def test_a_refusal_says_which_line_and_what_is_available(node: ServedNode) -> None:
    node.ask("receive", "SHORT@L", "2")
    code, err = refused(node, "reserve", "SHORT@L=1", "SHORT@L=5")
    assert code == 1
    assert "error: " in err
    assert "line 2: SHORT@L  asked 5, available 1  (stock)" in err
    assert refused(node, "stock", "NO SUCH@L")[0] == 1
    assert refused(node, "reservation", "fff-1-999999")[0] == 1
    code, err = refused(node, "receive", "SHORT@L", "0")
    assert code == 2
    assert "quantity" in err
    code, err = refused(node, "count", "SHORT@L", "5", "--if-version", "77")
    assert code == 1
    assert "77" in err


def test_a_refusal_can_be_read_by_a_program(node: ServedNode) -> None:
    node.ask("receive", "PROGRAM@L", "5")
    code, out, err = node.run("reserve", "PROGRAM@L=9", "--request-id", "program-1", "--json")
    assert code == 1
    assert "INSUFFICIENT_STOCK" in err
    error = json.loads(out)["error"]
    assert (error["code"], error["reason"]) == ("FAILED_PRECONDITION", "INSUFFICIENT_STOCK")
    [short] = error["short_lines"]
    assert (short["sku"], short["asked"], short["available"]) == ("PROGRAM", 9, 5)
    assert (error["request_id"], error["outcome_unknown"]) == ("program-1", False)


def test_a_node_that_is_away_can_be_read_by_a_program() -> None:
    away = ("--address", "127.0.0.1:1", "--timeout", "1s", "--json")
    code, out, _ = run_process("receive", "TEA@L", "1", *away)
    assert code == 3
    assert json.loads(out)["error"]["code"] == "UNAVAILABLE"


def test_a_repeated_request_id_has_one_effect(node: ServedNode) -> None:
    ask = ("receive", "ONCE@L", "5", "--request-id", "once-1")
    assert [node.ask(*ask)["replayed"] for _ in range(2)] == [False, True]
    assert node.ask("stock", "ONCE@L")["balances"]["on_hand"] == 5
    code, err = refused(node, "receive", "ONCE@L", "6", "--request-id", "once-1")
    assert code == 1
    assert "REQUEST_ID_REUSED" in err


def test_validate_only_changes_nothing(node: ServedNode) -> None:
    node.ask("receive", "DRY@L", "5")
    code, out, _ = node.run("reserve", "DRY@L=5", "--validate-only")
    assert code == 0
    assert "Would be accepted" in out
    assert node.ask("stock", "DRY@L")["balances"]["held"] == 0


def lines_of(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_watch_tells_the_past_and_goes_on_from_its_cursor(node: ServedNode) -> None:
    node.ask("receive", "FEED-1@L", "5", "--ticket", "t-1")
    node.ask("reserve", "FEED-1@L=2")
    node.ask("configure", "FEED-2@L", "--selling", "stopped", "--channel-buffer", "shop=3")
    watch = ("watch", "--sku-prefix", "FEED-", "--from", "beginning", "--until-caught-up")
    code, out, err = node.run(*watch, "--json")
    assert (code, err) == (0, "")
    told = lines_of(out)
    assert [line.get("kind", line["type"]) for line in told] == [
        "stock_received",
        "stock_held",
        "stock_configured",
        "caught_up",
    ]
    assert told[0]["cause"]["ticket"] == "t-1"
    assert told[1]["balances"]["available"] == 3
    assert told[2]["details"] == {
        "safety_stock": 0,
        "tracked": True,
        "selling": "stopped",
        "channel_buffers": [{"channel": "shop", "units": 3}],
        "backorder_limit": 0,
    }
    node.ask("sell", "FEED-1@L", "1")
    after = ("watch", "--sku-prefix", "FEED-", "--after", told[-1]["cursor"], "--limit", "1")
    code, out, _ = node.run(*after, "--json")
    assert [line["kind"] for line in lines_of(out)] == ["stock_sold"]
    code, out, _ = node.run(*watch)
    assert code == 0
    assert "stock_received" in out
    code, err = refused(node, "watch", "--after", "nonsense")
    assert code != 0


def test_watch_follows_until_it_is_interrupted(node: ServedNode) -> None:
    node.ask("receive", "LIVE@L", "5")
    feed = subprocess.Popen(
        [
            *(sys.executable, "-m", "engine.cli.main", "watch", "--sku", "LIVE", "--json"),
            *("--from", "beginning", "--address", node.address),
        ],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert feed.stdout is not None
    told = [json.loads(feed.stdout.readline()) for _ in range(2)]
    assert [line["type"] for line in told] == ["event", "caught_up"]
    node.ask("sell", "LIVE@L", "2")
    assert json.loads(feed.stdout.readline())["kind"] == "stock_sold"
    feed.send_signal(signal.SIGINT)
    _, errors = feed.communicate(timeout=30)
    assert (feed.returncode, errors) == (0, "")


def test_load_seeds_the_good_rows_and_reports_the_bad_ones(
    node: ServedNode, tmp_path: Path
) -> None:
    file = tmp_path / "stock.csv"
    file.write_text(
        "sku,location,on_hand,tenant,safety_stock,tracked\n"
        "LOAD-1,L,10,,,\n"
        "LOAD-2,L,ten,,,\n"
        "LOAD-3,L,30,shop,5,\n"
        ",L,40,,,\n"
        "LOAD-5,L,50,,,no\n"
    )
    code, out, err = node.run("load", str(file), "--json")
    assert code == 1, err
    report = json.loads(out)
    assert (report["rows"], report["loaded"], report["repeated"]) == (5, 3, 0)
    assert [(bad["line"], bad["column"], bad["value"]) for bad in report["bad_rows"]] == [
        (3, "on_hand", "ten"),
        (5, "sku", ""),
    ]
    assert node.ask("stock", "LOAD-1@L")["balances"]["on_hand"] == 10
    assert refused(node, "stock", "LOAD-2@L")[0] == 1
    balances = node.ask("stock", "LOAD-3@L", "--tenant", "shop")["balances"]
    assert (balances["on_hand"], balances["safety_stock"]) == (30, 5)
    assert node.ask("stock", "LOAD-5@L")["tracked"] is False
    node.ask("sell", "LOAD-1@L", "4")
    code, out, _ = node.run("load", str(file))
    assert code == 1
    assert "3 of 5 rows loaded (3 of them before), 2 not loaded" in out
    assert node.ask("stock", "LOAD-1@L")["balances"]["on_hand"] == 6
    code, out, _ = node.run("load", str(file), "--run", "again")
    assert node.ask("stock", "LOAD-1@L")["balances"]["on_hand"] == 10


def test_load_reports_rows_that_the_node_refuses(node: ServedNode, tmp_path: Path) -> None:
    node.ask("receive", "KEPT@L", "5")
    node.ask("allocate", "KEPT@L=4")
    file = tmp_path / "stock.csv"
    file.write_text("sku,location,on_hand\nKEPT,L,1\nKEPT,M,1\n")
    code, out, _ = node.run("load", str(file), "--json")
    assert code == 1
    (bad,) = json.loads(out)["bad_rows"]
    assert (bad["line"], bad["value"]) == (2, "KEPT@L")
    assert "BELOW_PROMISED" in bad["allowed"]
    code, out, _ = node.run("load", str(file), "--json", "--if-short", "record", "--run", "told")
    assert (code, json.loads(out)["loaded"]) == (0, 2)
    assert node.ask("stock", "KEPT@L")["balances"]["available"] == -3


def test_load_of_many_rows_takes_several_batches(node: ServedNode, tmp_path: Path) -> None:
    file = tmp_path / "stock.csv"
    rows = [f"MANY-{number},L,{number}" for number in range(4_203)]
    file.write_text("\n".join(["sku,location,on_hand", *rows]))
    report = node.ask("load", str(file))
    assert (report["rows"], report["loaded"], report["bad_rows"]) == (4_203, 4_203, [])
    assert node.ask("stock", "MANY-4202@L")["balances"]["on_hand"] == 4_202


@pytest.mark.parametrize("keys", ["hot", "uniform"])
def test_bench_counts_what_it_did(node: ServedNode, keys: str) -> None:
    bench = ("bench", "--keys", keys, "--skus", "20", "--callers", "8", "--seconds", "0.3")
    report = node.ask(*bench, "--tenant", f"bench-{keys}")
    assert (report["refused"], report["failed"], report["first_failure"]) == (0, 0, "")
    assert report["reserved"] > 0
    assert 0 < report["latency_ms_p50"] <= report["latency_ms_max"]
    skus = ["BENCH-0"] if keys == "hot" else [f"BENCH-{number}" for number in range(20)]
    held = [
        node.ask("stock", f"{sku}@BENCH", "--tenant", f"bench-{keys}")["balances"]["held"]
        for sku in skus[:3]
    ]
    assert sum(held) == report["reserved"] if keys == "hot" else all(held)


def test_bench_starts_calls_at_a_rate(node: ServedNode) -> None:
    bench = ("bench", "--rate", "200", "--seconds", "0.3")
    report = node.ask(*bench, "--tenant", "bench-rate")
    assert (report["reserved"], report["refused"], report["failed"]) == (60, 0, 0)
    assert (report["rate"], report["callers"]) == (200, 0)
    # The last of them is due after 59 of 200 parts of a second.
    assert report["seconds"] >= 0.295
    assert 0 < report["latency_ms_p50"] <= report["latency_ms_max"]
    assert node.ask("stock", "BENCH-0@BENCH", "--tenant", "bench-rate")["balances"]["held"] == 60


def test_metrics_are_served(node: ServedNode) -> None:
    with urlopen(node.metrics_url, timeout=10) as response:  # noqa: S310
        text = response.read().decode()
    assert 'holdfast_shard_up{shard="0"} 1.0' in text
    assert "holdfast_requests_total" in text


def test_sigterm_drains_and_what_was_answered_is_verified(tmp_path: Path) -> None:
    node = ServedNode(tmp_path / "data", "--shards", "2", "--log-format", "json")
    for number in range(6):
        node.ask("receive", f"DRAIN-{number}@L", "5")
    node.ask("reserve", "DRAIN-1@L=2")
    code, out, err = node.run("verify", str(node.data_dir))
    assert code == 2, "a node that runs has the directory"
    assert "in use" in err
    code, errors = node.stop(signal.SIGTERM)
    assert code == 0, errors
    for line in errors.splitlines():
        assert json.loads(line)["level"] in {"info", "warning"}, line
    report = node.ask("verify", str(node.data_dir))
    assert (report["verdict"], report["difference_count"]) == ("CLEAN", 0)
    assert report["figures"]["stock_keys"] == 6
    assert report["figures"]["on_hand"] == 30
    assert report["figures"]["held"] == 2
    code, out, _ = node.run("verify", str(node.data_dir))
    assert code == 0
    assert "CLEAN" in out


def test_verify_ends_with_1_when_something_differs(tmp_path: Path) -> None:
    node = ServedNode(tmp_path / "data")
    node.ask("receive", "LOST@L", "5")
    assert node.stop(signal.SIGINT)[0] == 0
    for file in (node.data_dir / "shard-000" / "log").glob("*"):
        if file.name != "LOCK":
            file.unlink()
    code, out, err = node.run("verify", str(node.data_dir))
    assert code == 1
    assert "DAMAGED" in out
    assert "error: " in err


def test_a_whole_basket_through_real_processes(node: ServedNode) -> None:
    at = ("--address", node.address, "--json")
    code, _, err = run_process("receive", "REAL@L", "5", *at)
    assert (code, err) == (0, "")
    code, out, err = run_process("reserve", "REAL@L=2", *at)
    assert (code, err) == (0, "")
    code, out, err = run_process("commit", json.loads(out)["reservation_id"], *at)
    assert (code, err) == (0, "")
    assert json.loads(out)["lines"][0]["quantity"] == 2
    code, out, err = run_process("reserve", "REAL@L=9", *at)
    assert (code, json.loads(out).keys()) == (1, {"error"})
    assert "asked 9, available 3" in err


def test_a_node_that_cannot_start_says_why(tmp_path: Path, node: ServedNode) -> None:
    taken = run_process("serve", "--data-dir", str(tmp_path / "other"), "--listen", node.address)
    assert taken[0] == 2
    assert "error: the node cannot start" in taken[2]
    fewer = run_process("serve", "--data-dir", str(node.data_dir), "--shards", "3")
    assert fewer[0] == 2
    assert "3" in fewer[2]
