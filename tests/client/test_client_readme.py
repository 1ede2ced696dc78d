"""The examples of the client's README run as they are printed."""

import asyncio
import re
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "clients" / "python" / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 6


@pytest.mark.parametrize("number", range(len(BLOCKS)))
async def test_an_example_runs(
    number: int, node_address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    program = compile(BLOCKS[number], f"{README.name}, example {number + 1}", "exec")
    # In a thread of its own, since the examples run event loops of their own.
    await asyncio.to_thread(exec, program, {"SERVER": node_address, "__name__": "__main__"})
    assert capsys.readouterr().err == ""
