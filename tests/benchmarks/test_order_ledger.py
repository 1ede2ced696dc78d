"""The independent ledger accepts what some order of events explains, and nothing else."""

import pytest

from benchmarks.order_ledger import Balances, Ledger, Line, Short

BASKET: list[Line] = [("1", "TEA", 4), ("2", "MUG", 1), ("3", "TEA", 3)]


def test_the_whole_life_of_a_basket_moves_its_units() -> None:
    ledger = Ledger({"TEA": 10, "MUG": 1})
    question = ledger.asks(BASKET)
    ledger.filled("a", question, BASKET, BASKET, {})
    assert ledger.balances("TEA") == Balances(on_hand=10, held=7, allocated=0)
    ledger.committed(BASKET)
    assert ledger.balances("TEA") == Balances(on_hand=10, held=0, allocated=7)
    ledger.shipped(BASKET)
    assert ledger.balances("TEA") == Balances(on_hand=3, held=0, allocated=0)
    assert ledger.problems == []


@pytest.mark.parametrize(
    ("why", "tea", "short", "problem"),
    [
        ("the second line of a SKU sees what the first took", 5, {"3": Short(3, 1)}, ""),
        ("a first line that is short takes nothing", 3, {"1": Short(4, 3)}, ""),
        ("a refusal without a line", 5, {}, "no short line is named"),
        ("a line that had enough is named", 9, {"3": Short(3, 1)}, "it must have been 5 to 5"),
        ("the short line is not named", 5, {"2": Short(1, 0)}, "line 3 asks for 3 of TEA"),
        ("a line that was not asked for", 5, {"3": Short(3, 1), "9": Short(1, 0)}, "names lines"),
        ("the number asked for is wrong", 5, {"3": Short(4, 1)}, "told of 4 asked"),
        ("the number available is wrong", 5, {"3": Short(3, 2)}, "2 available"),
    ],
)
def test_a_refusal_is_judged(why: str, tea: int, short: dict[str, Short], problem: str) -> None:
    ledger = Ledger({"TEA": tea, "MUG": 1})
    question = ledger.asks(BASKET)
    ledger.refused("a", question, BASKET, short)
    found = "\n".join(ledger.problems)
    assert (problem in found) if problem else not found, why
    assert ledger.balances("TEA") == Balances(tea, 0, 0)


def test_what_others_ask_for_meanwhile_may_be_gone_or_not() -> None:
    ledger = Ledger({"TEA": 5})
    mine: list[Line] = [("1", "TEA", 3)]
    question = ledger.asks(mine)
    ledger.asks([("1", "TEA", 4)])
    ledger.refused("first", question, mine, {"1": Short(3, 1)})
    ledger.refused("second", ledger.asks(mine), mine, {"1": Short(3, 2)})
    assert ledger.problems == []
    ledger.refused("impossible", ledger.asks(mine), mine, {"1": Short(3, 0)})
    assert len(ledger.problems) == 1


def test_what_comes_back_meanwhile_may_be_there_already() -> None:
    ledger = Ledger({"TEA": 1})
    mine: list[Line] = [("1", "TEA", 3)]
    question = ledger.asks(mine)
    ledger.corrects("TEA", 2)
    ledger.filled("a", question, mine, mine, {})
    ledger.corrected("TEA", 2, accepted=True)
    assert ledger.problems == []
    assert ledger.balances("TEA") == Balances(on_hand=3, held=3, allocated=0)


def test_an_oversell_is_noticed_from_one_answer() -> None:
    ledger = Ledger({"TEA": 2})
    mine: list[Line] = [("1", "TEA", 3)]
    ledger.filled("a", ledger.asks(mine), mine, mine, {})
    assert "at most 2 can have been there" in ledger.problems[0]


@pytest.mark.parametrize(
    ("why", "granted", "problem"),
    [
        ("as said", [("1", "TEA", 4), ("2", "MUG", 1), ("3", "TEA", 1)], ""),
        ("more than was there", [("1", "TEA", 4), ("2", "MUG", 1), ("3", "TEA", 2)], "line 3"),
        ("a line is missing", [("1", "TEA", 4), ("3", "TEA", 1)], ""),
        ("another SKU", [("1", "tea", 4), ("2", "MUG", 1), ("3", "TEA", 1)], "line 1"),
        (
            "a line too many",
            [("1", "TEA", 4), ("2", "MUG", 1), ("3", "TEA", 1), ("4", "TEA", 1)],
            "not asked for",
        ),
    ],
)
def test_a_best_effort_answer_is_judged(why: str, granted: list[Line], problem: str) -> None:
    ledger = Ledger({"TEA": 5, "MUG": 0 if len(granted) == 2 else 1})
    short = {"3": Short(3, 1)} | ({"2": Short(1, 0)} if len(granted) == 2 else {})
    ledger.filled("a", ledger.asks(BASKET), BASKET, granted, short)
    found = "\n".join(ledger.problems)
    assert (problem in found) if problem else not found, why
