"""What a process writes about itself: as asked, and never other people's data."""

import json
from collections.abc import Callable, Iterator

import pytest
import structlog

from engine import logs

PRIVATE = "a customer's own words"


@pytest.fixture(autouse=True)
def _unconfigured() -> Iterator[None]:
    yield
    structlog.reset_defaults()


class Watched:
    """A value that is never rendered, and is as long as a whole batch when it is."""

    rendered = 0

    def __repr__(self) -> str:
        Watched.rendered += 1
        return PRIVATE * 1_000_000


def log_a_fault(depth: int = 0) -> None:
    def fail(request: object, others: list[object], left: int) -> None:
        if left:
            fail(request, others, left - 1)
        raise KeyError("what nobody foresaw")

    try:
        fail(Watched(), [Watched()] * 100_000, depth)
    except KeyError as fault:
        structlog.get_logger().error("unexpected exception", exc_info=fault)


def logged(capsys: pytest.CaptureFixture[str], log: Callable[[], object]) -> str:
    log()
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_shows_no_local_variable(capsys: pytest.CaptureFixture[str], form: str) -> None:
    logs.configure("info", form)
    Watched.rendered = 0
    written = logged(capsys, log_a_fault)
    assert "what nobody foresaw" in written
    assert "log_a_fault" in written
    assert Watched.rendered == 0
    assert PRIVATE not in written
    assert len(written) < 4_000


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_deep_traceback_stays_readable(capsys: pytest.CaptureFixture[str], form: str) -> None:
    logs.configure("info", form)
    written = logged(capsys, lambda: log_a_fault(400))
    assert len(written) < 50_000
    if form == "json":
        (trace,) = json.loads(written)["exception"]
        assert len(trace["frames"]) <= logs.TRACEBACK_FRAMES_MAX + 1
        assert trace["exc_type"] == "KeyError"


def test_json_is_one_object_a_line_from_the_level_on(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning", "json")

    def log() -> None:
        structlog.get_logger().info("quiet")
        structlog.get_logger().warning("heard", shard=3)

    (line,) = logged(capsys, log).splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["level"], entry["shard"]) == ("heard", "warning", 3)
