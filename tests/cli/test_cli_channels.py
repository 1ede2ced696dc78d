"""Channels on the command line, against a real node."""

from pathlib import Path

import pytest

from tests.cli.conftest import ServedNode
from tests.cli.test_cli_depth import Story, refused, tell


def test_a_channel_is_configured_and_sells_what_it_may(node: ServedNode) -> None:
    story: Story = [
        ("receive FIG@L 20", ["Received 20"]),
        ("receive FIG@M 10", ["Received 10"]),
        ("channel configure web --location L --buffer 25%", ["web is a channel"]),
        ("channel list web", ["│ web │ L │ - │ 25% │ - │ - │ no │"]),
        ("channel show web FIG", ["web may sell 15 of FIG", "buffer 5 (25%)", "│ L │ 15 │ no │"]),
        ("channel configure web --cap 12 --listed-only", ["web is a channel"]),
        ("channel list web", ["│ web │ L │ - │ 25% │ 12 │ - │ yes │"]),
        ("channel configure web --everywhere --cap none --buffer usual", ["web is a channel"]),
        (
            "channel show web FIG",
            ["web may sell 27 of FIG", "buffer 3 (10%)", "terms of the channel"],
        ),
        ("channel sku-group fruit PEAR --prefix FI", ["fruit is a group"]),
        ("channel policy web --sku-group fruit --buffer 4", ["web sells fruit so"]),
        ("channel show web FIG", ["web may sell 26 of FIG", "terms of group fruit"]),
        ("channel policy web --sku FIG --allocation 7", ["web sells FIG so"]),
        ("channel show web FIG", ["web may sell 7 of FIG", "buffer 0 (none)", "allocation 7"]),
        ("channel list", ["│ web │ FIG │ - │ none │ - │ 7 │", "│ fruit │ PEAR │ FI │"]),
        ("channel policy web --sku FIG --no-policy", ["web sells FIG as usual"]),
        ("channel sku-group fruit --no-group", ["fruit is no group any more"]),
    ]
    tell(node, story)
    shown = node.ask("channel", "show", "web", "FIG")
    assert shown["update"]["units"] == 27
    assert shown["policy"] is None
    tell(node, [("channel configure web --remove", ["web is no channel any more"])])
    assert node.ask("channel", "list")["channels"] == []


def test_a_buffer_follows_from_sales(node: ServedNode) -> None:
    dynamic = "--buffer dynamic --service-factor 1.65 --lead-time 4 --window 14"
    story: Story = [
        ("receive NUT@L 20", ["Received 20"]),
        (f"channel configure till {dynamic}", ["till is a channel"]),
        ("channel list till", ["dynamic, factor 1.65, lead time 4 ± 0 days, 14 days of sales"]),
        ("channel configure till --lead-time-deviation 0.5", ["till is a channel"]),
        ("channel buffers till NUT", ["Dynamic buffers of till", "│ NUT │ 0 │"]),
        ("channel show till NUT", ["till may sell 20 of NUT", "4 ± 0.5 days", "computed at"]),
    ]
    tell(node, story)


def test_listings_come_from_a_file(node: ServedNode, tmp_path: Path) -> None:
    file = tmp_path / "listings.csv"
    file.write_text(
        "sku,location,shop,item,external_location\n"
        "OAT,L,eu,oat,ldn\n"
        "RYE,L,eu,rye,ldn\n"
        "OAT,,eu,oat,\n"
        "OAT,L,eu,again,ldn\n"
        " BAD,L,eu,bad,ldn\n"
    )
    tell(node, [("receive OAT@L 5", []), ("channel configure shop --location L", [])])
    code, out, _ = node.run("channel", "map", "shop", str(file))
    text = " ".join(out.split())
    assert code == 1
    for fragment in [
        "│ 5 │ sku │ OAT@L │ once, and line 2 has it │",
        '│ 6 │ sku │ " BAD" │',
        "│ RYE │ L │ eu │ rye │ ldn │ unknown_stock │ - │",
        "2 of 5 rows are mapped so",
    ]:
        assert fragment in text, out
    story: Story = [
        ("channel listings shop", ["│ OAT │ - │ eu │ oat │ - │ - │", "│ OAT │ L │ eu │ oat │"]),
        ("channel find shop oat hat --shop eu", ["│ oat │ OAT │ - │", "│ hat │ - │ - │"]),
        ("channel find shop oat --shop eu --external-location ldn", ["│ oat │ OAT │ L │"]),
        ("channel show shop OAT", ["item eu oat", "│ L │ 4 │ no │ eu │ oat │ ldn │"]),
        ("channel configure shop --location M", []),
        ("channel listings shop --dangling", ["not_sold_there"]),
    ]
    tell(node, story)
    found = node.ask("channel", "listings", "shop", "--sku", "OAT", "--limit", "1")
    assert (len(found["listings"]), found["more"]) == (1, True)
    file.write_text("sku,location,item\nOAT,L,\nOAT,,\n")
    assert node.ask("channel", "map", "shop", str(file))["mapped"] == 2
    assert node.ask("channel", "listings", "shop")["listings"] == []


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        ("sku\nOAT\n", "column item is missing"),
        ("sku,itm\nOAT,1\n", "unknown column 'itm', did you mean item?"),
        ("sku,item\nOAT,1\nOAT,2\n", "has 1 good rows, 1 bad"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    node: ServedNode, tmp_path: Path, content: str, fragment: str
) -> None:
    file = tmp_path / "listings.csv"
    file.write_text(content)
    code, _, err = node.run("channel", "map", "shop", str(file), "--all-or-nothing")
    assert code == 2
    assert fragment in err


WRONG: list[tuple[str, int, str]] = [
    ("channel policy none --sku TEA", 1, "there is no channel none"),
    ("channel policy web", 2, "--sku or --sku-group"),
    ("channel configure a --buffer much", 2, "units such as 5, a percentage such as 10%"),
    ("channel configure a --cap few", 2, "must be a number of units, or none"),
    ("channel configure a --everywhere --group g", 2, "--everywhere excludes"),
    ("channel configure a --buffer dynamic", 2, "needs --service-factor and --lead-time"),
    ("channel configure a --lead-time 3", 2, "need --buffer dynamic"),
    ("channel sku-group g", 2, "name its SKUs, or --prefix, or --no-group"),
    ("channel buffers none TEA", 1, "there is no channel none"),
]


@pytest.mark.parametrize(("command", "code", "fragment"), WRONG)
def test_what_does_not_fit_is_refused(
    node: ServedNode, command: str, code: int, fragment: str
) -> None:
    ended, err = refused(node, command)
    assert ended == code
    assert fragment in " ".join(err.split())


def test_an_allocation_is_not_stated_anew_by_chance(node: ServedNode) -> None:
    tell(node, [("channel configure ring --allocation 5", [])])
    code, err = refused(node, "channel configure ring --cap 3")
    assert code == 2
    assert "--allocation 5, or --allocation none" in " ".join(err.split())
    tell(node, [("channel configure ring --cap 3 --allocation none", [])])
