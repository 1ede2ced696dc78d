"""Reads a unit of systemd as systemd does, as far as ours goes: its sections, which keys each has,
and what these take (systemd.unit, systemd.service, systemd.exec). Where systemd is not installed
nothing else looks at the unit."""

import re

BOOLEAN = "yes|no|true|false|on|off|1|0"
SECONDS = r"\d+|infinity"
MODE = "0[0-7]{3}"
NAME = "[a-z_][a-z0-9_-]*"
UNITS = r"[\w@-]+\.(target|service|socket)( [\w@-]+\.(target|service|socket))*"
CAPABILITIES = "(~?CAP_[A-Z_]+( CAP_[A-Z_]+)*)?"
PATH = "/[^ ]*"

KEYS: dict[str, dict[str, str]] = {
    "Unit": {
        "Description": ".+",
        "After": UNITS,
        "Wants": UNITS,
        "StartLimitIntervalSec": SECONDS,
    },
    "Service": {
        "Type": "simple|exec|forking|oneshot|dbus|notify|notify-reload|idle",
        "ExecStart": "[-@:+!|]*/[^ ]+( .+)?",
        "User": NAME,
        "Group": NAME,
        "StateDirectory": r"\w[^ /]*",
        "StateDirectoryMode": MODE,
        "ConfigurationDirectory": r"\w[^ /]*",
        "ConfigurationDirectoryMode": MODE,
        "WorkingDirectory": PATH,
        "UMask": MODE,
        "KillMode": "control-group|mixed|process|none",
        "TimeoutStopSec": SECONDS,
        "Restart": "no|on-success|on-failure|on-abnormal|on-watchdog|on-abort|always",
        "RestartSec": SECONDS,
        "RestartPreventExitStatus": r"(\d+|[A-Z_0-9]+)( (\d+|[A-Z_0-9]+))*",
        "LimitNOFILE": r"(\d+|infinity)(:(\d+|infinity))?",
        "OOMPolicy": "continue|stop|kill",
        "CapabilityBoundingSet": CAPABILITIES,
        "AmbientCapabilities": CAPABILITIES,
        "ProtectSystem": f"{BOOLEAN}|full|strict",
        "ProtectHome": f"{BOOLEAN}|read-only|tmpfs",
        "ProtectProc": "noaccess|invisible|ptraceable|default",
        "KeyringMode": "inherit|private|shared",
        "RestrictAddressFamilies": "none|~?AF_[A-Z0-9]+( AF_[A-Z0-9]+)*",
        "SystemCallArchitectures": "[a-z0-9-]+( [a-z0-9-]+)*",
        "SystemCallFilter": "~?@?[a-z0-9_-]+( @?[a-z0-9_-]+)*",
        "SystemCallErrorNumber": "E[A-Z0-9]+|kill",
    }
    | dict.fromkeys(
        (
            *("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "PrivateUsers", "ProtectClock"),
            *("ProtectControlGroups", "ProtectHostname", "ProtectKernelLogs"),
            *("ProtectKernelModules", "ProtectKernelTunables", "RemoveIPC", "LockPersonality"),
            *("MemoryDenyWriteExecute", "RestrictNamespaces", "RestrictRealtime"),
            "RestrictSUIDSGID",
        ),
        BOOLEAN,
    ),
    "Install": {"WantedBy": UNITS},
}
"""What the keys of each section take, as regular expressions."""


def problems(unit: str) -> list[str]:
    """What systemd would not take, line by line; empty if all is well."""
    found = []
    section = ""
    for number, line in enumerate(unit.splitlines(), 1):
        key, is_setting, value = line.partition("=")
        if not line or line.startswith(("#", ";")):
            continue
        if re.fullmatch(r"\[\w+\]", line):
            section = line[1:-1]
            wrong = "" if section in KEYS else "there is no such section"
        elif not is_setting:
            wrong = "this is neither a section nor a setting"
        elif key not in KEYS.get(section, {}):
            wrong = f"the section [{section}] has no such key"
        else:
            takes = KEYS[section][key]
            wrong = "" if re.fullmatch(takes, value) else f"it takes {takes}"
        if wrong:
            found.append(f"line {number}: {line}: {wrong}")
    return found
