"""A PostgreSQL server of one's own. Its programs are looked for on the path and where Debian has
them; they refuse to run as root, and are then run as another user.
"""

import asyncio
import importlib
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.node import free_port
from benchmarks.peers.programs import missing_package, serving

DEBIAN = Path("/usr/lib/postgresql")
USERS = ("postgres", "nobody")
"""Whom the server may run as where this process may choose."""
SUPERUSER = "holdfast"
CONNECTIONS_MAX = 1_100
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": str(CONNECTIONS_MAX),
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
}


class Running(NamedTuple):
    """A server that takes connections."""

    address: str
    process: Any


def missing_postgres() -> str:
    """What is not there that it needs; empty if all is."""
    for name in ("postgres", "initdb"):
        if _program(name) is None:
            return f"no {name}"
    if os.geteuid() == 0 and _user() is None:
        return f"no user whom it may run as: {' or '.join(USERS)}"
    return missing_package("asyncpg")


@asynccontextmanager
async def running_postgres(
    directory: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Running]:
    """A server with an empty database, until the end of the block."""
    port = free_port()
    data = directory / "data"
    data.mkdir(mode=0o700)
    options = _as_another_user(directory, data)
    await asyncio.to_thread(_make, data, directory / "initdb.log", options)
    command = [str(_program("postgres")), "-D", str(data), "-p", str(port)]
    for name, value in SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    log = directory / "postgres.log"
    # SIGINT cuts its connections off, SIGTERM would wait for them.
    async with serving(command, port, log, signal.SIGINT, environment, **options) as process:
        address = f"127.0.0.1:{port}"
        await _until_open(address)
        yield Running(address, process)


async def connect(address: str) -> Any:
    """A connection of asyncpg's."""
    asyncpg: Any = importlib.import_module("asyncpg")
    host, _, port = address.partition(":")
    return await asyncpg.connect(
        host=host, port=int(port), user=SUPERUSER, database="postgres", ssl=False
    )


def _program(name: str) -> str | None:
    """Where a program of PostgreSQL is: on the path, or the newest that Debian has."""
    found = shutil.which(name)
    if found:
        return found
    versions = (folder for folder in DEBIAN.glob("*") if folder.name.isdecimal())
    newest_first = sorted(versions, key=lambda folder: int(folder.name), reverse=True)
    places = (folder / "bin" / name for folder in newest_first)
    return next((str(place) for place in places if os.access(place, os.X_OK)), None)


def _user() -> pwd.struct_passwd | None:
    """Whom the server runs as, where it may not run as this process does; None: there is none."""
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next((names[name] for name in USERS if name in names), None)


def _as_another_user(directory: Path, data: Path) -> Mapping[str, Any]:
    """How its programs are started: where this is root, as somebody who owns the data."""
    user = _user() if os.geteuid() == 0 else None
    if user is None:
        return {"cwd": data}
    os.chown(data, user.pw_uid, user.pw_gid)
    directory.chmod(0o711)
    return {"cwd": data, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _make(data: Path, log: Path, options: Mapping[str, Any]) -> None:
    command = [str(_program("initdb")), "-D", str(data), "-U", SUPERUSER, "--auth=trust"]
    command += ["--encoding=UTF8", "--locale=C"]
    with log.open("wb") as output:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            **options,
        )
    if ended.returncode:
        raise RuntimeError(f"initdb has failed: {log.read_text(errors='replace')}")


async def _until_open(address: str) -> None:
    """It listens before it takes connections."""
    asyncpg: Any = importlib.import_module("asyncpg")
    while True:
        try:
            connection = await connect(address)
        except asyncpg.CannotConnectNowError:
            await asyncio.sleep(0.02)
            continue
        await connection.close()
        return
