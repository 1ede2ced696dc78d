"""Stands in for systemctl and journalctl where no systemd runs: it starts the command of a unit's
file, stops it with SIGTERM, and shows what it printed. And for chown, since the unit's user is not
there either: it only looks whether the file is.

    python service_manager.py systemctl start|stop|restart|status UNIT
    python service_manager.py journalctl --unit UNIT --lines N
    python service_manager.py chown USER: FILE

The variables UNIT_FILE and UNIT_STATE name the unit's file and a directory for its process id and
its journal. Of the file, ExecStart=, Environment= and User= are used: what hardens the service is
left to systemd.
"""

import os
import select
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

STOP_S_MAX = 60.0


class Unit:
    """The one unit."""

    def __init__(self, file: Path, state: Path) -> None:
        self._file = file
        self._pid_file = state / "pid"
        self.journal = state / "journal"

    def _settings(self, key: str) -> list[str]:
        """The values of a key, lines that are continued put together."""
        text = self._file.read_text().replace("\\\n", " ")
        lines = (line.partition("=") for line in text.splitlines())
        return [value.strip() for name, _, value in lines if name.strip() == key]

    @property
    def user(self) -> str:
        """Whom it runs as."""
        [name] = self._settings("User")
        return name

    def start(self) -> None:
        """Start it in the background."""
        [command] = self._settings("ExecStart")
        program, *arguments = shlex.split(command)
        environment = dict(os.environ)
        for setting in self._settings("Environment"):
            name, _, value = setting.strip('"').partition("=")
            environment[name] = value
        with self.journal.open("ab") as journal:
            started = subprocess.Popen(
                # The program is installed elsewhere here.
                [Path(program).name, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=journal,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        self._pid_file.write_text(str(started.pid))

    def stop(self) -> None:
        """Stop it and return when it has ended. Its parent may be gone: it is looked at by a
        descriptor of the process."""
        if not self._pid_file.exists():
            return
        process_id = int(self._pid_file.read_text())
        self._pid_file.unlink()
        try:
            descriptor = os.pidfd_open(process_id)
        except ProcessLookupError:
            return
        signal.pidfd_send_signal(descriptor, signal.SIGTERM)
        # It becomes readable when the process has ended.
        ended, _, _ = select.select([descriptor], [], [], STOP_S_MAX)
        if not ended:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            raise SystemExit(f"{process_id} did not end within {STOP_S_MAX:g} s")

    def status(self) -> None:
        """Say whether it runs."""
        sys.stdout.write("active\n" if self._pid_file.exists() else "inactive\n")


def main(arguments: Sequence[str]) -> None:
    """Be one of the two commands."""
    unit = Unit(Path(os.environ["UNIT_FILE"]), Path(os.environ["UNIT_STATE"]))
    match arguments:
        case ["systemctl", "start", _]:
            unit.start()
        case ["systemctl", "stop", _]:
            unit.stop()
        case ["systemctl", "restart", _]:
            unit.stop()
            unit.start()
        case ["systemctl", "status", _]:
            unit.status()
        case ["journalctl", "--unit", _, "--lines", number]:
            lines = unit.journal.read_text().splitlines()
            sys.stdout.write("\n".join(lines[-int(number) :]) + "\n")
        case ["chown", owner, file]:
            # Ours is the only user: what it wrote for itself alone, the node can read.
            if f"{unit.user}:" != owner or not Path(file).is_file():
                raise SystemExit(f"no {file}, or {owner} is not {unit.user}:")
        case _:
            raise SystemExit(f"no such command: {' '.join(arguments)}")


if __name__ == "__main__":
    main(sys.argv[1:])
