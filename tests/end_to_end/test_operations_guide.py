"""docs/operations.md: every command of it runs, every alert is in it, every figure is served."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client import generate_latest

from benchmarks.node import free_port, running_node
from engine.cli.failures import ExitCode
from engine.metrics import Metrics
from engine.shard.flusher import EXIT_LOG_BROKEN
from engine.shard.process import EXIT_REFUSED

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "operations.md").read_text()
ALERTS = (ROOT / "deploy" / "alerts.yaml").read_text()
UNIT = ROOT / "deploy" / "holdfast.service"
SERVICE_MANAGER = Path(__file__).with_name("service_manager.py")
GUIDE_S_MAX = 300

_BLOCKS = re.compile(r"```bash\n(.*?)```", re.DOTALL)
_BLOCKS_THAT_START = 5
_DENIED = 2


class Machine:
    """A machine for the guide: its directories below one of ours, its ports free ones, and a
    stand-in for systemd and its user."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._moved = {
            **{name: str(root / name[1:]) for name in ("/etc/holdfast", "/var/lib/holdfast")},
            "/var/backups/holdfast": str(root / "var/backups/holdfast"),
            "7411": str(free_port()),
            "9464": str(free_port()),
        }
        (root / "var/lib").mkdir(parents=True)
        self.unit = root / "holdfast.service"
        self.unit.write_text(self.here(UNIT.read_text()))
        programs = root / "bin"
        programs.mkdir()
        for name in ("systemctl", "journalctl", "chown"):
            program = programs / name
            program.write_text(
                f'#!/bin/sh\nexec "{sys.executable}" "{SERVICE_MANAGER}" {name} "$@"\n'
            )
            program.chmod(0o755)
        holdfast = programs / "holdfast"
        holdfast.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m engine.cli.main "$@"\n')
        holdfast.chmod(0o755)
        self.environment = {
            name: value for name, value in os.environ.items() if "HOLDFAST_" not in name
        } | {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'clients/python'}",
            "HOLDFAST_ADDRESS": f"127.0.0.1:{self._moved['7411']}",
            "UNIT_FILE": str(self.unit),
            "UNIT_STATE": str(root),
        }

    def here(self, text: str) -> str:
        """A text of the guide as it is on this machine."""
        for name, moved in self._moved.items():
            text = text.replace(name, moved)
        return text

    def run(self, script: str) -> "subprocess.CompletedProcess[str]":
        """Run commands as a person would, one after the other, up to the first that fails."""
        return subprocess.run(
            ["bash", "-euxo", "pipefail"],
            input=self.here(script),
            cwd=self._root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=GUIDE_S_MAX,
            check=False,
        )


@pytest.mark.timeout(GUIDE_S_MAX + 60)
def test_every_command_of_the_guide_runs(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    try:
        done = machine.run("\n".join(_BLOCKS.findall(GUIDE)))
        journal = tmp_path / "journal"
        printed = journal.read_text()[-3_000:] if journal.exists() else ""
        assert done.returncode == 0, f"{done.stdout[-2_000:]}{done.stderr[-3_000:]}{printed}"
    finally:
        machine.run("systemctl stop holdfast")
    assert done.stdout.count("is SERVING") >= _BLOCKS_THAT_START
    assert done.stdout.count(f"ended with {ExitCode.REFUSED:d}") == _DENIED
    assert "checkout may not Receive" in done.stderr


def test_control_a_command_that_fails_is_noticed(tmp_path: Path) -> None:
    done = Machine(tmp_path).run("holdfast serve --no-such-flag\necho went on")
    assert done.returncode == ExitCode.USAGE
    assert "went on" not in done.stdout


def test_every_alert_is_explained() -> None:
    told = re.findall(r"^\| (Holdfast\w+) \|", GUIDE, re.MULTILINE)
    assert told == re.findall(r"alert: (\w+)", ALERTS)


def metrics_at(address: str) -> list[str]:
    """The names of all metrics that a node serves."""
    with urlopen(f"http://{address}/metrics", timeout=10) as response:
        return re.findall(r"^# TYPE (\w+)", response.read().decode(), re.MULTILINE)


async def test_every_metric_of_an_alert_is_served(tmp_path: Path) -> None:
    asked = set(re.findall(r"holdfast_\w+", "\n".join(re.findall(r"expr: (.*)", ALERTS))))
    async with running_node(tmp_path) as node:
        described = await asyncio.to_thread(metrics_at, node.metrics_address)
    door = Metrics(1)
    door.certificate_gauges(lambda: (0.0, False))
    door.gate_gauges(lambda: (0, 0.0))
    described += re.findall(r"^# TYPE (\w+)", generate_latest(door.registry).decode(), re.MULTILINE)
    served = {name + suffix for name in described for suffix in ("", "_bucket")}
    assert len(asked) > 10
    assert asked - served == set()


def test_every_exit_code_is_told() -> None:
    [table] = re.findall(r"## What each exit code means\n\n(.*?)\n\n", GUIDE, re.DOTALL)
    told = [int(code) for code in re.findall(r"\| (-?\d+) \|", table)]
    assert told == [*ExitCode, 130, EXIT_LOG_BROKEN, EXIT_REFUSED, -9]
