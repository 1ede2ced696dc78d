"""A real node, served by the real command, for the tests that need one."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from engine.cli.main import app

READY = re.compile(r"ready at (\S+?)(?:, metrics at (\S+))?$")


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what would configure a node."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
    return {**kept, "COLUMNS": "200", "NO_COLOR": "1", **more}


def run_process(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli.main", *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


class ServedNode:
    """`holdfast serve` as a process of its own, and the other commands run against it."""

    def __init__(self, data_dir: Path, *flags: str) -> None:
        self.data_dir = data_dir
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "engine.cli.main", "serve"),
                *("--data-dir", str(data_dir), "--listen", "127.0.0.1:0"),
                *("--metrics-listen", "127.0.0.1:0", *flags),
            ],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.printed: list[str] = []
        self.address, self.metrics_url = self._until_ready()

    def _until_ready(self) -> tuple[str, str]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed.append(line.rstrip("\n"))
            if found := READY.search(self.printed[-1]):
                return found[1], found[2]
        _, errors = self.process.communicate()
        raise AssertionError(f"the node did not start: {self.printed}\n{errors}")

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a command that calls this node. It runs in this process,
        which saves the start of an interpreter for each of them."""
        done = CliRunner(env=environment(HOLDFAST_ADDRESS=self.address)).invoke(app, arguments)
        return done.exit_code, done.stdout, done.stderr

    def ask(self, *arguments: str) -> Any:
        """The JSON that a command prints; it must succeed."""
        code, out, err = self.run(*arguments, "--json")
        assert (code, err) == (0, ""), err
        return json.loads(out)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Ask the node to end; its exit code and what it has logged."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedNode]:
    """One node for all tests of a file: each uses SKUs of its own."""
    served = ServedNode(tmp_path_factory.mktemp("node") / "data")
    yield served
    served.stop()
