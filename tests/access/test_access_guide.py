"""docs/access.md says what is so."""

import re
from pathlib import Path

from engine.access.commands import GROUPS
from engine.access.named import only, patterns
from engine.access.principals_file import parse_principals
from engine.access.tokens import LEEWAY_S, TOKEN_CHARACTERS_MAX

GUIDE = (Path(__file__).parents[2] / "docs/access.md").read_text()


def test_the_file_that_it_shows_is_right_and_means_what_it_says() -> None:
    [shown] = re.findall(r"^```toml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    found = parse_principals(Path("/etc/holdfast/principals.toml"), shown.encode())
    assert found.issuers["https://login.example"].keys == "/etc/holdfast/keys.json"
    checkout = found.by_name["checkout"]
    assert (checkout.commands_per_s, checkout.calls_at_once) == (500, 100)
    covers = checkout.rules[0].covers
    assert covers == (only(""), patterns(["TEA", "MUG-*"]), only("LONDON"), only("", "web"))


def test_its_groups_are_those_that_there_are() -> None:
    rows = re.findall(r"^\| `(@\w+)` \| ([\w, ]+) \|$", GUIDE, re.MULTILINE)
    assert {name: frozenset(listed.split(", ")) for name, listed in rows} == GROUPS


def test_its_numbers_are_those_that_hold() -> None:
    assert f"at most {TOKEN_CHARACTERS_MAX:,} characters".replace(",", " ") in GUIDE
    assert f"up to {LEEWAY_S} s ahead" in GUIDE
