"""What is deployed with: the unit, the services of the containers, and the image's environment say
what the program knows."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from holdfast.adapters import settings as adapter_settings

from engine.config import SETTINGS
from engine.config.loading import CLIENT_VARIABLES, CONFIG_VARIABLE
from scripts.dockerfile import parse
from tests.tooling.units import problems

ROOT = Path(__file__).resolve().parents[2]
UNIT = (ROOT / "deploy/holdfast.service").read_text()
COMPOSE = (ROOT / "deploy/compose.yaml").read_text()
IMAGE = parse((ROOT / "Dockerfile").read_text())[-1]

KNOWN = {setting.variable for setting in SETTINGS.values()} | {CONFIG_VARIABLE, *CLIENT_VARIABLES}
HARDENING = {
    "CapabilityBoundingSet": "",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "MemoryDenyWriteExecute": "yes",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "UMask": "0077",
    "User": "holdfast",
}


def unit_settings(text: str) -> dict[str, str]:
    """The last value of each key of a unit."""
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith(("#", "[")))
    return {key: value for key, _, value in pairs if key}


def services(text: str) -> dict[str, str]:
    """The text of each service of a compose file, by name."""
    section = text.partition("\nservices:\n")[2].partition("\nvolumes:\n")[0]
    parts = re.split(r"^  (\w+):\n", section, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_unit_is_hardened_and_starts_what_there_is() -> None:
    stated = unit_settings(UNIT)
    assert {key: stated.get(key) for key in HARDENING} == HARDENING
    assert stated["ExecStart"].split()[1:] == [
        "serve",
        "--config",
        "/etc/holdfast/holdfast.toml",
    ]
    assert stated["WorkingDirectory"] == f"/var/lib/{stated['StateDirectory']}"
    # SIGTERM is for the front end: it drains before its shards end.
    assert stated["KillMode"] == "mixed"
    # Draining, twice over, has its time; and a refused configuration is not started for ever.
    assert int(stated["TimeoutStopSec"]) > 2 * float(SETTINGS["drain_s"].default)
    assert (stated["Restart"], stated["RestartPreventExitStatus"]) == ("on-failure", "2")


Reader = Callable[[str, Path], str]
"""Says what is wrong with the text of a unit; empty if nothing is. It may write into a folder."""


def our_reading(unit: str, _folder: Path) -> str:
    """Ours, which knows no other unit than one with the keys of this one."""
    return "\n".join(problems(unit))


def systemd(unit: str, folder: Path) -> str:
    """The real one's. The program and the user are those of this machine: the unit's are not
    here."""
    file = folder / "holdfast.service"
    file.write_text(unit.replace("/opt/holdfast/bin/holdfast", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(file)], capture_output=True, text=True, check=False
    )
    return done.stderr if done.returncode or file.name in done.stderr else ""


READERS: dict[str, Reader] = {"our reading": our_reading}
"""By name, which is that of the test: where systemd is not installed, none says that it has taken
the unit."""
if shutil.which("systemd-analyze"):
    READERS["systemd"] = systemd


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_the_unit_is_taken(reader: Reader, tmp_path: Path) -> None:
    assert reader(UNIT, tmp_path) == ""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("KillMode=mixed", "KillMode=some"),
        ("Restart=on-failure", "Restart=after-failure"),
        ("UMask=0077", "UMask=private"),
        ("ProtectSystem=strict", "ProtectSystem=strictly"),
        ("RestartSec=1", "RestartSeconds=1"),
        ("[Service]", "[Server]"),
        ("Group=holdfast", "Group holdfast"),
    ],
)
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_wrong_unit_is_noticed(reader: Reader, right: str, wrong: str, tmp_path: Path) -> None:
    assert UNIT.count(f"\n{right}\n") == 1
    assert reader(UNIT.replace(f"\n{right}\n", f"\n{wrong}\n"), tmp_path) != ""


def test_the_image_sets_what_there_is_and_can_be_let_in_by_its_own_health_check() -> None:
    stated = dict(step.text.split("=", 1) for step in IMAGE.steps if step.keyword == "ENV")
    ours = {name: value for name, value in stated.items() if name.startswith("HOLDFAST_")}
    assert set(ours) - KNOWN == set()
    assert {"HOLDFAST_TLS_CERTIFICATE", "HOLDFAST_TLS_KEY", "HOLDFAST_PRINCIPALS"} <= set(ours)
    # Where it listens for everybody, and where its health check asks, is one port.
    assert ours["HOLDFAST_LISTEN"] == "0.0.0.0:7411"
    assert ours["HOLDFAST_ADDRESS"] == "localhost:7411"
    assert ours["HOLDFAST_CA"].startswith("/config/")


@pytest.mark.parametrize("name", ["node", "adapter"])
def test_a_service_is_hardened_and_sets_what_there_is(name: str) -> None:
    service = services(COMPOSE)[name]
    for line in ("    read_only: true", "      - ALL", "      - no-new-privileges:true"):
        assert f"\n{line}\n" in f"\n{service}\n"
    assert "- ./config:/config:ro" in service
    variables = set(re.findall(r"^      (HOLDFAST_\w+):", service, re.MULTILINE))
    assert variables
    adapters = {option.variable for option in adapter_settings.COMMON}
    assert variables - KNOWN - adapters == set()


def test_the_services_are_node_and_adapter_without_tabs_or_odd_indents() -> None:
    assert set(services(COMPOSE)) == {"node", "adapter"}
    lines = [line for line in COMPOSE.splitlines() if line.strip() and not line.startswith("#")]
    odd = [line for line in lines if "\t" in line or (len(line) - len(line.lstrip())) % 2]
    assert odd == []
    assert [line for line in lines if not re.match(r"\s*(- )?\S", line)] == []
    keyed = re.compile(r"\s*([\w]+:( \S.*)?|- \S.*|# .*)")
    assert [line for line in lines if not keyed.fullmatch(line)] == []
