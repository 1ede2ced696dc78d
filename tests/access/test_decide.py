"""Who may do what: rules as tables that can be read, and what holds for all of them."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.access.commands import COMMANDS, GROUPS, expanded
from engine.access.decide import Denied, Granted, decide, judge
from engine.access.model import Principal, Principals, Rule
from engine.access.named import EVERY, NONE, Named, Names, described, only, patterns
from engine.access.principals_file import parse_principals
from tests.access.house import PRINCIPALS


def stock(sku: str, location: str, tenant: str = "", channel: str = "") -> Named:
    """One SKU-location, asked for by a channel."""
    return Named(only(tenant), only(sku), only(location), only(channel))


@pytest.fixture(scope="module")
def principals() -> Principals:
    return parse_principals(Path("principals.toml"), PRINCIPALS.encode())


# Who, command, what it names, and what is not covered; empty: it is granted.
ROWS = [
    ("everything", "Reserve", stock("TEA", "LONDON"), ""),
    ("everything", "DeleteSubscription", Named(EVERY, EVERY, EVERY, EVERY), ""),
    ("checkout", "Reserve", stock("TEA", "LONDON"), ""),
    ("checkout", "Reserve", stock("MUG-", "LONDON"), ""),
    ("checkout", "Reserve", stock("MUG-BLUE", "LONDON", channel="web"), ""),
    ("checkout", "GetStock", Named(only(""), only("TEA"), only("LONDON")), ""),
    ("checkout", "Reserve", Named(only(""), only("TEA", "MUG-1"), only("LONDON"), only("web")), ""),
    ("checkout", "Reserve", stock("MUG", "LONDON"), "SKU MUG"),
    ("checkout", "Reserve", stock("TEAPOT", "LONDON"), "SKU TEAPOT"),
    ("checkout", "Reserve", stock("tea", "LONDON"), "SKU tea"),
    ("checkout", "Reserve", stock("TEA", "PARIS"), "location PARIS"),
    ("checkout", "Reserve", stock("TEA", "LONDON", "shop"), "tenant shop"),
    ("checkout", "Reserve", stock("TEA", "LONDON", channel="ebay"), "channel ebay"),
    ("checkout", "Reserve", stock("X", "Y", "z"), "tenant z, SKU X, location Y"),
    (
        "checkout",
        "Reserve",
        Named(only(""), only("A", "B", "C", "D", "E"), only("LONDON"), only("")),
        "SKU A, SKU B, SKU C, 2 more of kind SKU",
    ),
    ("checkout", "Reserve", Named(only(""), only("TEA"), EVERY, only("")), "every location"),
    ("checkout", "Reserve", Named(only(""), EVERY, only("LONDON"), only("")), "every SKU"),
    ("checkout", "GetStock", Named(only(""), patterns(["MUG-B*"]), only("LONDON")), ""),
    ("checkout", "GetStock", Named(only(""), patterns(["MUG*"]), only("LONDON")), "SKU MUG*"),
    ("checkout", "GetStock", Named(only(""), patterns(["TEA*"]), only("LONDON")), "SKU TEA*"),
    ("checkout", "Receive", stock("TEA", "LONDON"), "none of its rules is about this command"),
    ("nobody", "GetNode", Named(), "none of its rules is about this command"),
    ("stranger", "GetNode", Named(), "none of its rules is about this command"),
]


@pytest.mark.parametrize(("who", "command", "named", "not_covered"), ROWS)
def test_a_rule_grants_what_it_covers_and_nothing_else(
    principals: Principals, who: str, command: str, named: Named, not_covered: str
) -> None:
    decided = decide(principals, who, command, named)
    if not not_covered:
        assert isinstance(decided, Granted)
    else:
        assert isinstance(decided, Denied)
        assert decided.not_covered == not_covered


def rule(number: int, commands: Sequence[str], **covers: Sequence[str]) -> Rule:
    names = [patterns(covers.get(kind, ["*"])) for kind in Named._fields]
    return Rule(number, tuple(commands), expanded(tuple(commands)), Named(*names))


TWO = Principal(
    "two",
    (
        rule(1, ["Reserve"], skus=["TEA"], locations=["LONDON"]),
        rule(2, ["Reserve"], skus=["MUG"], locations=["PARIS"]),
        rule(3, ["@read"]),
    ),
)


@pytest.mark.parametrize(
    ("skus", "locations", "granted"),
    [
        (["TEA"], ["LONDON"], 1),
        (["MUG"], ["PARIS"], 2),
        (["TEA"], ["PARIS"], 0),
        (["TEA", "MUG"], ["LONDON", "PARIS"], 0),
    ],
)
def test_one_rule_has_to_cover_all_that_is_named(
    skus: list[str], locations: list[str], granted: int
) -> None:
    named = Named(only(""), only(*skus), only(*locations), only(""))
    decided = judge(TWO, "Reserve", named)
    if granted:
        assert isinstance(decided, Granted)
        assert decided.rule.number == granted
    else:
        assert isinstance(decided, Denied)


def test_a_denial_says_of_each_own_rule_what_it_does_not_cover() -> None:
    decided = judge(TWO, "Reserve", stock("TEA", "PARIS"))
    assert isinstance(decided, Denied)
    assert [str(reason) for reason in decided.reasons] == [
        "rule 1 (Reserve) does not cover location PARIS",
        "rule 2 (Reserve) does not cover SKU TEA",
        "rule 3 (@read) is not about this command",
    ]


def test_a_sentence_repeats_no_long_or_strange_name() -> None:
    assert described(Named(skus=only("A" * 500))) == f"SKU {'A' * 64}..."
    assert described(Named(skus=only("a\nb"))) == "SKU a\\nb"
    assert described(Named(only(""), channels=only(""))) == "the default tenant, no channel"
    assert described(Named()) == "nothing"


def test_every_command_is_in_one_group() -> None:
    assert sum(map(len, GROUPS.values())) == len(COMMANDS)


TEXTS = st.text(alphabet="AB*-", max_size=3)
NAMES = st.builds(
    Names, st.frozensets(st.text("AB-", max_size=4)), st.frozensets(st.text("AB-", max_size=3))
)
NAMED = st.builds(Named, NAMES, NAMES, NAMES, NAMES)
RULES = st.builds(
    lambda commands, covers: Rule(1, ("x",), frozenset(commands), covers),
    st.sets(st.sampled_from(["Reserve", "Commit"])),
    NAMED,
)


def members(names: Names, world: list[str]) -> set[str]:
    """All names of a small world that are meant."""
    return {name for name in world if name in names.exact or name.startswith(tuple(names.prefixes))}


WORLD = [a + b + c for a in ["", "A", "B", "-"] for b in ["", "A", "B", "-"] for c in "AB-"] + [""]


@given(NAMES, NAMES)
def test_what_is_covered_is_a_part_of_what_covers(asked: Names, covers: Names) -> None:
    if not asked.beyond(covers).is_any:
        assert members(asked, WORLD) <= members(covers, WORLD)


@given(NAMES, NAMES)
def test_what_is_beyond_is_just_what_is_not_covered(asked: Names, covers: Names) -> None:
    beyond = asked.beyond(covers)
    assert not beyond.beyond(asked).is_any
    assert all(name not in members(covers, [name]) for name in beyond.exact)
    assert asked.is_within(covers) == (beyond == NONE)
    assert asked.beyond(NONE) == asked
    assert asked.beyond(EVERY) == NONE


@given(st.lists(RULES, max_size=4), NAMED, st.sampled_from(["Reserve", "Commit", "Ship"]))
def test_nobody_may_more_than_one_of_their_rules_says(
    rules: list[Rule], named: Named, command: str
) -> None:
    decided = judge(Principal("x", tuple(rules)), command, named)
    may = [r for r in rules if command in r.commands and not named.beyond(r.covers).is_any]
    assert isinstance(decided, Granted) == bool(may)
    # Asking for more never gets more.
    more = named.with_(Named(only("Z"), only("Z"), only("Z"), only("Z")))
    if isinstance(judge(Principal("x", tuple(rules)), command, more), Granted):
        assert isinstance(decided, Granted)
    # Another rule takes nothing away.
    wider = Principal("x", (*rules, Rule(9, ("*",), COMMANDS, Named(EVERY, EVERY, EVERY, EVERY))))
    assert isinstance(judge(wider, command, named), Granted)
