"""Every contract runs against both logs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.log_backends import Backend, Memory, Rocks


@pytest.fixture(params=[Memory, Rocks])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    made: Backend = request.param(tmp_path / "log")
    yield made
    made.release()
