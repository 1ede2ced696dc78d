"""A small flash sale keeps every promise, and the report says so, or says what was not kept."""

import dataclasses
import io
from collections import Counter
from pathlib import Path

from rich.console import Console

from benchmarks import demo_report
from benchmarks.demo import run_demo
from benchmarks.demo_plan import HOT_SKU, HOT_UNITS, Behaviour, make_plan
from benchmarks.demo_report import Outcome


def shown(outcome: Outcome) -> str:
    page = io.StringIO()
    Console(file=page, width=100).print(demo_report.panel(demo_report.figures(outcome)))
    return page.getvalue()


async def test_a_sale_with_a_crash_in_the_middle(tmp_path: Path) -> None:
    outcome = await run_demo(tmp_path, seed=3, buyers=400, sale_s=1.5)
    figures = demo_report.figures(outcome)
    assert figures["well"], figures["checks"]
    assert figures["sale"]["expired"] > 0
    assert figures["sale"]["sent twice"] > 0
    assert figures["crash"]["unavailable s"] > 0
    assert "Every promise was kept." in shown(outcome)
    oversold = dataclasses.replace(outcome.answers, confirmed=Counter({HOT_SKU: HOT_UNITS + 2}))
    spoiled = dataclasses.replace(outcome, answers=oversold)
    assert demo_report.figures(spoiled)["checks"]["units oversold"] == 2
    assert "Something is off" in shown(spoiled)


def test_a_seed_makes_the_same_plan_again() -> None:
    plan = make_plan(1, 1_000, 5.0)
    assert plan == make_plan(1, 1_000, 5.0)
    assert plan != make_plan(2, 1_000, 5.0)
    assert {buyer.behaviour for buyer in plan.buyers} == set(Behaviour)
    assert all(buyer.basket[0][0] == HOT_SKU for buyer in plan.buyers)
