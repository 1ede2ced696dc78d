"""The file of principals."""

from pathlib import Path

from engine.access.principals_file import parse_principals
from engine.access.watched import FileRefused

PATH = Path("/etc/holdfast/principals.toml")


def one_input(data: bytes) -> None:
    """A file is refused by its name, or states principals, each of them under its name."""
    try:
        stated = parse_principals(PATH, data)
    except FileRefused as refused:
        assert str(PATH) in str(refused)
        return
    assert all(name == each.name for name, each in stated.by_name.items())


def examples() -> list[bytes]:
    """A whole file, and parts of it that are wrong."""
    whole = """
[[issuers]]
issuer = "https://login.example"
audience = "holdfast"
keys = "keys.json"

[[principals]]
name = "checkout"
subjects = ["checkout"]
certificates = ["checkout.shop"]
commands_per_s = 500
calls_at_once = 100
[[principals.rules]]
commands = ["Reserve", "@read"]
tenants = [""]
skus = ["TEA", "MUG-*"]
locations = ["LONDON"]
channels = ["web"]
"""
    wrong = (
        "[[principals]]",
        "principals = 5",
        'a = "\\ud800"',
        "a = " + "[" * 2_000,
        "a = {" * 400,
    )
    return [each.encode() for each in (whole, whole.replace("500", "-5"), *wrong)]
