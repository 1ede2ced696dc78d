"""Subscriptions from the command line, beside a real node."""

import json

from holdfast import ExternalMessage, SyncClient

from tests.cli.conftest import ServedNode


def lines(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_subscription_goes_on_where_it_was(node: ServedNode) -> None:
    node.run("receive", "SUB@L", "3")
    follow = ("subscribe", "search", "--sku", "SUB", "--until-caught-up")
    code, out, err = node.run(*follow, "--json")
    assert (code, err) == (0, "")
    assert [line["type"] for line in lines(out)] == ["event", "caught_up"]
    node.run("receive", "SUB@L", "4")
    code, out, err = node.run(*follow)
    assert (code, err, out.count("stock_received")) == (0, "", 1)
    node.run("receive", "SUB@L", "5")
    code, out, _ = node.run("subscribe", "search", "--sku", "SUB", "--limit", "1")
    assert (code, out.count("stock_received")) == (0, 1)


def test_subscriptions_are_listed_shown_moved_and_deleted(node: ServedNode) -> None:
    node.run("receive", "MOVED@L", "3")
    follow = ("subscribe", "moved", "--sku", "MOVED", "--until-caught-up")
    node.run(*follow)
    [listed] = [
        each
        for each in node.ask("subscriptions", "list")["subscriptions"]
        if each["name"] == "moved"
    ]
    assert (listed["lag_events"], listed["active"]) == (0, False)
    code, out, _ = node.run("subscriptions", "list")
    assert (code, "events behind" in out, "moved" in out) == (0, True, True)
    code, out, _ = node.run("subscriptions", "show", "moved")
    assert code == 0
    for fragment in ("Subscription moved", "every_event", "MOVED", listed["cursor"]):
        assert fragment in out
    assert node.ask("subscriptions", "show", "moved")["filter"]["skus"] == ["MOVED"]
    moved = node.ask("subscriptions", "reset", "moved", "--to", "beginning")
    assert moved["cursor"].endswith("-0.0")
    code, out, _ = node.run(*follow)
    assert out.count("stock_received") == 1
    code, out, _ = node.run("subscriptions", "reset", "moved", "--after", listed["cursor"])
    assert (code, listed["cursor"] in out) == (0, True)
    node.ask("subscriptions", "reset", "moved", "--time", "2026-11-20T10:00:00Z")
    code, out, _ = node.run("subscriptions", "reset", "moved", "--to", "snapshot")
    assert "it begins with a snapshot" in out
    code, out, _ = node.run("subscriptions", "delete", "moved")
    assert (code, "Deleted moved" in out) == (0, True)
    for command in (("subscriptions", "show", "moved"), ("subscriptions", "delete", "moved")):
        code, _, err = node.run(*command)
        assert (code, "there is no subscription moved" in err) == (1, True)


def test_a_place_to_move_to_is_named_once(node: ServedNode) -> None:
    for places in ((), ("--to", "now", "--after", "x")):
        code, _, err = node.run("subscriptions", "reset", "web", *places)
        assert (code, "say where to" in err) == (2, True)


def test_parked_messages_are_listed_replayed_and_dropped(node: ServedNode) -> None:
    node.run("receive", "PARK@L", "3")
    follow = ("subscribe", "parking", "--sku", "PARK", "--until-caught-up")
    node.run(*follow)
    with SyncClient(node.address) as client:
        orders = [
            client.park_message(
                "parking", ExternalMessage(f"order {number}", "text/plain", b"x"), "why"
            )
            for number in range(3)
        ]
        event = next(iter(client.list_events("PARK", "L")))
        client.park_message("parking", event, "too new")
    code, out, _ = node.run("parked", "list", "parking")
    assert code == 0
    for fragment in ("order 0", "order 2", "why", "stock_received PARK@L"):
        assert fragment in out
    ids = [str(order.id) for order in orders]
    listed = node.ask("parked", "list", "parking")["messages"]
    assert [str(each["id"]) for each in listed[:3]] == ids
    assert listed[0]["content"]["body"] == "x"
    code, out, _ = node.run("parked", "replay", "parking", ids[0])
    assert (code, "1 are given again" in out) == (0, True)
    code, out, _ = node.run("subscribe", "parking", "--sku", "PARK", "--limit", "1", "--json")
    assert [line["type"] for line in lines(out) if line["type"] == "replayed"] == ["replayed"]
    assert node.ask("parked", "drop", "parking", *ids)["messages"] == 2
    code, _, err = node.run("parked", "replay", "parking", ids[0])
    assert (code, "no message" in err) == (1, True)
    assert node.ask("parked", "replay", "parking")["messages"] == 1
