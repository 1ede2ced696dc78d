"""The adapter of docs/adapters.md does what the page says, against a market that works like it."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from holdfast.adapters import Adapter, Listing
from holdfast.adapters.http import HttpServer, Request, Response
from holdfast.adapters.runner import find
from holdfast.adapters.settings import read

from tests.adapters.scripted import ManualClock, ScriptedSource, batch, update, worker_of

GUIDE = Path(__file__).parents[2] / "docs" / "adapters.md"
[CODE] = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)


class Market:
    """Acme Market: it knows three items, and throttles once."""

    def __init__(self) -> None:
        self.stock = {"item-A": 0, "item-B": 0, "item-C": 0}
        self.calls: list[Request] = []

    async def put(self, request: Request) -> Response:
        self.calls.append(request)
        if len(self.calls) == 1:
            return Response(429, headers={"Retry-After": "30"})
        asked = json.loads(request.body)
        self.stock |= {item: units for item, units in asked.items() if item in self.stock}
        unknown = [item for item in asked if item not in self.stock]
        return Response(200, json.dumps({"unknown": unknown}).encode(), "application/json")


def surprise(error: Exception) -> None:
    raise AssertionError(error)


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Adapter]]:
    """The adapter, loaded from a file as the command does."""
    (tmp_path / "acme.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield find("acme:AcmeMarket")
    del sys.modules["acme"]


async def test_the_adapter_of_the_guide_works(acme: type[Adapter]) -> None:
    market = Market()
    server = HttpServer({("PUT", "/stock"): market.put}, on_error=surprise)
    port = await server.start("127.0.0.1", 0)
    skus = [
        update(sku, units, 1)._replace(listing=Listing(sku, item=f"item-{sku}"))
        for sku, units in (("A", 5), ("B", 7), ("X", 1))
    ]
    source = ScriptedSource(batch("c1", *skus, update("U", 3, 1)))
    clock = ManualClock()
    arguments = ["--channel", "acme", "--url", f"http://127.0.0.1:{port}"]
    _, adapter = read(acme, arguments, {"HOLDFAST_ADAPTER_TOKEN": "s3cret"}, "acme")
    await worker_of(adapter, source, clock).run()
    await server.close()
    assert market.stock == {"item-A": 5, "item-B": 7, "item-C": 0}
    assert clock.waits[0] == 30.0
    assert {call.headers["authorization"] for call in market.calls} == {"Bearer s3cret"}
    assert {each.content.sku: each.reason for each in source.parked.values()} == {
        "U": "No item is mapped to it.",
        "X": "Acme has no item item-X.",
    }
    assert source.acknowledged == ["c1"]


def test_the_adapter_of_the_guide_has_about_40_lines() -> None:
    lines = [line for line in CODE.splitlines() if line.strip()]
    assert len(lines) <= 40
