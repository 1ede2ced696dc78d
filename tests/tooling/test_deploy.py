"""What is deployed with: the unit, the services of the containers, and the image's environment say
what the program knows."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from holdfast.adapters import settings as adapter_settings

from engine.config import SETTINGS
from engine.config.loading import CLIENT_VARIABLES, CONFIG_VARIABLE
from scripts.dockerfile import parse

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


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """Where systemd is. The program and the user are those of this machine: the unit's are not
    here."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return
    file = tmp_path / "holdfast.service"
    here = UNIT.replace("/opt/holdfast/bin/holdfast", "/bin/true")
    file.write_text(here)
    done = subprocess.run(
        [analyze, "verify", str(file)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "holdfast.service" in done.stderr) == (0, False), done.stderr
    # The control: it notices what is wrong.
    file.write_text(here.replace("KillMode=mixed", "KillMode=some"))
    done = subprocess.run(
        [analyze, "verify", str(file)], capture_output=True, text=True, check=False
    )
    assert "KillMode" in done.stderr or "kill mode" in done.stderr


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
