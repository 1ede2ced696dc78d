"""The examples of the client's README run as they are printed."""

import asyncio
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "clients" / "python" / "README.md"
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
BLOCKS = PYTHON.findall(README.read_text())


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 13


@pytest.mark.parametrize("number", range(len(BLOCKS)))
async def test_an_example_runs(
    number: int, node_address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    program = compile(BLOCKS[number], f"{README.name}, example {number + 1}", "exec")
    # In a thread of its own, since the examples run event loops of their own.
    await asyncio.to_thread(exec, program, {"SERVER": node_address, "__name__": "__main__"})
    assert capsys.readouterr().err == ""


async def test_the_example_of_the_project_runs(
    node_address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    [block] = PYTHON.findall((ROOT / "README.md").read_text())
    assert "127.0.0.1:7411" in block
    program = compile(block.replace("127.0.0.1:7411", node_address), "README.md", "exec")
    await asyncio.to_thread(exec, program, {"__name__": "__main__"})
    assert "Event" in capsys.readouterr().out
