"""What the command line asks a real node beyond holding and shipping, and how it shows it."""

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import ServedNode

Story = list[tuple[str, list[str]]]
"""Commands in order, and what a person must read in the answer of each."""


def tell(node: ServedNode, story: Story) -> None:
    for command, fragments in story:
        code, out, err = node.run(*command.split())
        assert (code, err) == (0, ""), command
        for fragment in fragments:
            assert fragment in " ".join(out.split()), (command, out)


def refused(node: ServedNode, command: str) -> tuple[int, str]:
    code, out, err = node.run(*command.split())
    assert out == ""
    return code, err


def test_people_pick_ship_and_take_back_an_order_by_its_name(node: ServedNode) -> None:
    story: Story = [
        ("receive BOX@L 9", ["Received 9"]),
        ("reserve BOX@L=5 --reference box-cart", ["Held as"]),
        ("amend --of box-cart --set 1=BOX@L=4 --set 2=BOX@L=1", ["Amended", "Lines", "Freed"]),
        ("commit --of box-cart --reference box-1 --confirm-within 1h", ["Committed"]),
        ("reservation --of box-1", ["is committed", "confirm by", "else keep"]),
        ("confirm --of box-1", ["Confirmed"]),
        ("pick --of box-1 --line 1=3:1 --reference tray", ["Picked", "Lines", "Missing"]),
        ("stock BOX@L", ["unavailable", "missing=1", "picked"]),
        ("unpick --of box-1 --line 1=1", ["Unpicked"]),
        ("ship --of box-1 --line 1=2 --reference parcel-1", ["Shipped", "status committed"]),
        ("ship --of box-1", ["Shipped", "status shipped"]),
    ]
    tell(node, story)
    [found] = node.ask("reservations", "--reference", "box-1")["reservations"]
    basket = found["reservation_id"]
    story = [
        (f"return {basket} --shipment parcel-1 --cause inspection", ["Returned of", "Lines"]),
        ("move BOX@L 1 --from-cause inspection", ["Moved 1 from inspection to available"]),
        ("take-back BOX@L 1 --reason UNWANTED", ["Took back 1"]),
        (f"reservation {basket}", ["Shipment parcel-1", "returned"]),
        (f"history --reservation {basket}", ["reservation created", "stock shipped BOX@L"]),
        ("history --of box-1", ["reservation created", "stock shipped BOX@L"]),
    ]
    tell(node, story)


def test_a_reservation_moves_to_another_location(node: ServedNode) -> None:
    story: Story = [
        ("receive GO@L 5", ["Received 5"]),
        ("receive GO@M 5", ["Received 5"]),
        ("reserve GO@L=3 --reference go-1", ["Held as"]),
        ("move-reservation --of go-1 --to M --line 1=2", ["is served from M", "Freed"]),
        ("stock GO@M", ["│ 5 │ 2 │"]),
    ]
    tell(node, story)


def test_a_line_comes_from_where_the_options_say(node: ServedNode) -> None:
    story: Story = [
        ("receive WHERE@A 2", ["Received 2"]),
        ("receive WHERE@B 5", ["Received 5"]),
        ("reserve WHERE=3 --from A --from B", ["│ 1 │ WHERE │ A │ 2 │", "│ WHERE │ B │ 1 │"]),
        ("reserve WHERE=3 --from A --from B --no-split", ["│ WHERE │ B │ 3 │"]),
        ("locations configure A --priority 2 --group near --region uk", ["Configured A"]),
        ("locations configure B --group near", ["Configured B"]),
        ("locations configure A --disabled", ["Configured A"]),
        ("locations list", ["│ A │ 2 │ uk │ no │ near │", "│ B │ 0 │ - │ yes │ near │"]),
        ("reserve WHERE=1 --group near", ["│ WHERE │ B │ 1 │"]),
        ("locations configure A B --enabled --no-group", ["Configured A, B"]),
    ]
    tell(node, story)
    assert refused(node, "reserve WHERE=1 --group near")[0] == 1


def test_what_is_short_waits_or_is_promised_ahead(node: ServedNode) -> None:
    story: Story = [
        ("configure SOON@L --backorder-limit 5", ["backorder limit 5"]),
        ("allocate SOON@L=4 --backorder --reference soon-1", ["Allocated as", "backordered"]),
        ("reserve SOON@L=6 --wait 2d", ["Waits for stock as", "waits until", "waiting", "place"]),
        ("expect SOON@L 8 --reference PO-7 --expected-at 2030-01-01T00:00:00Z", ["Expected 8"]),
        ("stock SOON@L", ["Incoming", "PO-7", "backordered", "waiting"]),
        ("receive SOON@L 8 --incoming PO-7", ["Received 8", "│ 8 │ 4 │ 4 │"]),
        ("reservations SOON@L", ["waiting", "committed", "SOON@L=6", "SOON@L=4", "soon-1"]),
        ("reservations SOON@L --state allocated", ["SOON@L=4"]),
        ("sell SOON@L 3 --if-short record", ["Sold 3"]),
        ("reservations SOON@L --at-risk", ["SOON@L=6"]),
        ("history SOON@L", ["waiting 6", "backordered 4", "incoming 8", "at risk"]),
    ]
    tell(node, story)


def test_transfers_kits_limits_and_hold_times(node: ServedNode) -> None:
    node.ask("receive", "CUP@L", "20")
    sent = node.ask("transfer", "send", "CUP@L", "M", "6", "--reference", "truck")
    transfer = sent["transfer_id"]
    story: Story = [
        (f"transfer receive {transfer} 4 --lost 1", [f"Received 4 of {transfer}", "lost 1"]),
        (f"transfer show {transfer}", ["CUP from L to M", "in transit 1", "reference truck"]),
        ("kit define CUPS CUP=6", ["CUPS is a kit"]),
        ("reserve CUPS@L=2 --customer c-1", ["Held as", "CUP"]),
        ("limit-customers CUP 12 --window 30d", ["A customer may have 12 of CUP"]),
        ("reservations --customer c-1 --sku CUP", ["c-1"]),
        ("hold-times --cart 4m", ["Hold times are configured"]),
        ("configuration", ["cart 4m", "CUPS", "CUP=6", "│ CUP │ 12 │ 30d │"]),
        ("limit-customers CUP 0", ["any number of CUP"]),
        ("kit define CUPS --no-kit", ["CUPS is no kit any more"]),
    ]
    tell(node, story)
    code, err = refused(node, f"transfer receive {transfer} 4")
    assert code == 1
    assert "asked" in err or "4" in err
    assert refused(node, "transfer show no-such-transfer")[0] == 1
    assert refused(node, "reserve CUP@L=99 --customer c-1")[0] == 1


def test_the_past_is_told_and_explained(node: ServedNode) -> None:
    first = node.ask("receive", "PAST@L", "10", "--source", "wms", "--source-sequence", "7")
    node.ask("sell", "PAST@L", "4", "--reference", "receipt-8", "--correlation-id", "till-4")
    adjust = ("adjust", "PAST@L", "--by=-1", "--reason", "DAMAGED", "--reference", "note-5")
    node.ask(*adjust, "--ticket", "T-9")
    story: Story = [
        ("history PAST@L", ["stock received", "wms #7", "quantity 10", "Sell, receipt-8"]),
        ("history PAST@L --newest-first", ["till-4", "Adjust, DAMAGED, note-5, T-9"]),
        ("explain on_hand PAST@L", ["on hand of PAST@L is 5", "-4", "+10", "till-4"]),
        ("explain available PAST@L --limit 5", ["available of PAST@L is 5", "DAMAGED"]),
        (f"stock PAST@L --as-of {first['recorded_at']}", ["│ 10 │ 0 │"]),
        (f"stock PAST@L --as-of {first['cursor']}", ["│ 10 │ 0 │"]),
        (f"explain on_hand PAST@L --as-of {first['cursor']}", ["on hand of PAST@L is 10"]),
        ("stock PAST@L", ["Sources", "wms", "│ 5 │ 0 │"]),
        ("stock PAST@L --as-of 2020-01-01T00:00:00Z", ["PAST@L did not exist then"]),
        ("history PAST@NOWHERE", ["Nothing has happened there"]),
        ("reservations PAST@L", ["There are none"]),
    ]
    tell(node, story)
    told = node.ask("history", "PAST@L", "--limit", "1", "--newest-first")
    assert (told["events"][0]["details"], told["more"]) == (
        {"delta": -1, "unavailable_cause": ""},
        True,
    )
    code, out, err = node.run("history", "PAST@L", "--limit", "1")
    assert (code, "stock received" in out) == (0, True)
    assert "warning: there are more than 1: --limit 0 shows them all" in err
    code, err = refused(node, "receive PAST@L 10 --source wms --source-sequence 7")
    assert code == 1
    assert "SOURCE_STALE" in err


def test_a_late_count_adds_what_moved_since(node: ServedNode) -> None:
    first = node.ask("receive", "LATE@L", "10")
    node.ask("sell", "LATE@L", "3")
    count = f"count LATE@L 9 --observed-cursor {first['cursor']}"
    tell(node, [(count, ["expected 7", "moved since -3", "difference -1", "│ 6 │"])])


RECEIPT = {"cursor", "replayed", "recorded_at"}
BASKET = {"reservation_id", "current", *RECEIPT}
LEVEL = {"sku", "location", "version", "balances", *RECEIPT}


def test_the_keys_of_json_are_stable(node: ServedNode) -> None:
    def keys(*arguments: str) -> set[str]:
        return set(node.ask(*arguments))

    def ask(command: str) -> Any:
        return node.ask(*command.split())

    ask("receive KEY@L 50")
    basket = ask("reserve KEY@L=4 --reference key-1")["reservation_id"]
    assert keys("amend", basket, "--set", "2=KEY@L=1") == {"lines", "freed_lines", *BASKET}
    ask(f"commit {basket}")
    assert keys("confirm", basket) == BASKET
    assert keys("pick", basket, "--line", "1=2") == {"lines", "missing_lines", *BASKET}
    assert keys("unpick", basket) == {"lines", *BASKET}
    ask("receive KEY@M 9")
    moved = keys("move-reservation", basket, "--to", "M", "--line", "2")
    assert moved == {"lines", "freed_lines", *BASKET}
    assert keys("ship", basket) == {"lines", "status", *BASKET}
    assert keys("return", basket, "--line", "1=1") == {"lines", *BASKET}
    assert keys("expect", "KEY@L", "5", "--reference", "p") == LEVEL
    assert keys("take-back", "KEY@L", "1", "--reason", "R") == LEVEL
    assert keys("move", "KEY@L", "1", "--to-cause", "damaged") == LEVEL
    sent = ask("transfer send KEY@L M 2")
    assert set(sent) == {"transfer_id", *LEVEL}
    assert keys("transfer", "receive", sent["transfer_id"], "1") == {"transfer_id", *LEVEL}
    assert keys("locations", "configure", "ELSEWHERE") == RECEIPT
    assert keys("locations", "list") == {"locations", "cursor"}
    assert keys("hold-times", "--order", "1d") == RECEIPT
    assert keys("configuration") == {
        *("locations", "kits", "customer_limits", "hold_times", "cursor")
    }
    assert keys("reservations", "KEY@L") == {"reservations", "more", "cursor"}
    assert keys("history", "KEY@L") == {"events", "more", "cursor"}
    assert keys("explain", "held", "KEY@L") == {"value", "explanations", "more", "cursor"}


def test_watch_begins_with_what_is_there(node: ServedNode) -> None:
    tenant = ("--tenant", "states")
    node.ask("locations", "configure", "L", "--group", "shops", *tenant)
    for sku in ("TEA", "CUP"):
        node.ask("receive", f"{sku}@L", "1200", *tenant)
        node.ask("receive", f"{sku}@M", "5", *tenant)
    watch = ("watch", "--from", "snapshot", "--until-caught-up", "--group", "shops", *tenant)
    code, out, err = node.run(*watch)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:2] == [
        "CUP@L  [on hand 1,200, available 1,200]  version 1",
        "TEA@L  [on hand 1,200, available 1,200]  version 1",
    ]
    assert lines[2] == "snapshot complete"
    assert lines[3].endswith("caught up")
    code, out, _ = node.run(*watch, "--json")
    told = [json.loads(line) for line in out.splitlines()]
    assert [(line["type"], line.get("sku")) for line in told] == [
        ("state", "CUP"),
        ("state", "TEA"),
        ("snapshot_complete", None),
        ("caught_up", None),
    ]
    assert told[0]["balances"]["on_hand"] == 1_200
    assert [line["cursor"] is None for line in told] == [True, True, False, False]


def test_watch_tells_a_channel_what_it_may_sell(node: ServedNode, tmp_path: Path) -> None:
    listings = tmp_path / "listings.csv"
    listings.write_text("sku,location,shop,item\nFIG,L,eu,42\n")
    tenant = ("--tenant", "sellers")
    node.ask("receive", "FIG@L", "1300", *tenant)
    node.ask("channel", "configure", "web", "--location", "L", "--buffer", "100", *tenant)
    node.ask("channel", "map", "web", str(listings), *tenant)
    watch = ("watch", "--channel", "web", "--mode", "latest", "--from", "snapshot", *tenant)
    code, out, err = node.run(*watch, "--until-caught-up")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "FIG  may sell 1,200  (L 1,200 as eu/42)"
    assert lines[1] == "snapshot complete"
    code, out, _ = node.run(*watch, "--limit", "1", "--json")
    (told,) = [json.loads(line) for line in out.splitlines()]
    assert (told["type"], told["sku"], told["units"]) == ("channel_update", "FIG", 1_200)
    assert told["locations"][0]["listing"]["item"] == "42"


def test_watch_tells_the_latest_alone_and_kinds_that_are_asked_for(node: ServedNode) -> None:
    tenant = ("--tenant", "latest")
    for units in range(1, 4):
        node.ask("receive", "TEA@L", str(units), *tenant)
    node.ask("sell", "TEA@L", "1", *tenant)
    watch = ("watch", "--from", "beginning", "--until-caught-up", "--json", *tenant)
    code, out, _ = node.run(*watch, "--mode", "latest")
    told = [json.loads(line) for line in out.splitlines()]
    assert [line.get("kind", line["type"]) for line in told] == ["stock_sold", "caught_up"]
    code, out, _ = node.run(*watch, "--kind", "stock_received", "--limit", "2")
    told = [json.loads(line) for line in out.splitlines()]
    assert [line["kind"] for line in told] == ["stock_received"] * 2
    code, _, err = node.run(*watch, "--kind", "stock_lost")
    assert code != 0
    assert "stock_lost" in err


def test_watch_tells_events_of_every_form(node: ServedNode) -> None:
    tenant = ("--tenant", "forms")
    node.ask("kit", "define", "SET", "CUP=6", *tenant)
    node.ask("locations", "configure", "L", "--group", "shops", *tenant)
    node.ask("limit-customers", "TEA", "3", "--window", "30d", *tenant)
    node.ask("receive", "TEA@L", "2", *tenant)
    node.ask("reserve", "TEA@L=2", "--customer", "c", *tenant)
    node.ask("sell", "TEA@L", "1", "--if-short", "record", *tenant)
    watch = ("watch", "--from", "beginning", "--until-caught-up", "--name", "adapter", *tenant)
    code, out, err = node.run(*watch)
    assert (code, err) == (0, "")
    for fragment in ("kit_defined", "CUP", "shops", "30d", "shortfall_detected", "at risk"):
        assert fragment in out, fragment
    code, out, _ = node.run(*watch, "--json")
    assert code == 0
    assert '"window": 2592000' in out
    assert '"groups": ["shops"]' in out
    assert '"components": [{"sku": "CUP", "quantity": 6}]' in out
