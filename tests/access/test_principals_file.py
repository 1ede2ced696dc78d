"""The principals file: what is in it, and what is refused, with the key, the value and what is
allowed."""

from pathlib import Path

import pytest

from engine.access.commands import COMMANDS, GROUPS
from engine.access.named import EVERY, only
from engine.access.principals_file import parse_principals
from engine.access.watched import FileRefused
from tests.access.house import ISSUER, PRINCIPALS

ISSUERS = f'[[issuers]]\nissuer = "{ISSUER}"\naudience = "a"\nkeys = "keys.json"\n'
OTHER = '[[issuers]]\nissuer = "other"\naudience = "a"\nkeys = "other.json"\n'


def principal(text: str = 'certificates = ["c"]', rule: str = "", name: str = "p") -> str:
    rules = f"[[principals.rules]]\n{rule}\n" if rule else ""
    return f'[[principals]]\nname = "{name}"\n{text}\n{rules}'


def test_a_file_is_taken_as_it_is_meant(tmp_path: Path) -> None:
    found = parse_principals(tmp_path / "principals.toml", PRINCIPALS.encode())
    assert found.issuers[ISSUER].keys == str(tmp_path / "keys.json")
    assert found.by_subject == {
        (ISSUER, "root"): "everything",
        (ISSUER, "checkout"): "checkout",
        (ISSUER, "nobody"): "nobody",
    }
    assert found.by_certificate == {"root.shop": "everything", "checkout.shop": "checkout"}
    rule = found.by_name["checkout"].rules[0]
    assert rule.commands == GROUPS["@promise"] | GROUPS["@read"]
    assert rule.covers.skus.exact == {"TEA"}
    assert rule.covers.skus.prefixes == {"MUG-"}
    assert rule.covers.tenants == only("")
    everything = found.by_name["everything"].rules[0]
    assert everything.commands == COMMANDS
    assert set(everything.covers) == {EVERY}
    assert found.by_name["nobody"].rules == ()


def test_an_empty_file_lets_nobody_in() -> None:
    found = parse_principals(Path("p"), b"")
    assert (found.by_name, found.by_subject, found.by_certificate) == ({}, {}, {})


WRONG = [
    ("[[", "it is no TOML"),
    ("principal = 3", "unknown field `principal`"),
    (principal("subject = ['x']"), "unknown field `subject`"),
    (principal("certificates = 'c'"), "Expected `array`, got `str` - at `$.principals[0].cert"),
    (principal("subjects = []"), "neither subjects nor certificates"),
    (principal() + principal(), "principal p: it is there twice"),
    (principal() + principal(name="q"), "certificate c: it is of p and of q"),
    (principal("subjects = ['s']"), "say the issuer of its subjects, as the file has 0"),
    (ISSUERS + OTHER + principal("subjects = ['s']"), "say the issuer of its subjects, as the fi"),
    (
        ISSUERS + principal("subjects = ['s']\nissuer = 'x'"),
        f"principal p: issuer is x; allowed: {ISSUER}",
    ),
    (
        ISSUERS + principal("subjects = ['s']") + principal("subjects = ['s']", name="q"),
        "subject s: it is of p and of q",
    ),
    (ISSUERS + ISSUERS, f"issuers: {ISSUER} is there twice"),
    (principal("certificates = ['c']\ncommands_per_s = 0"), "Expected `int` >= 1"),
    (principal("certificates = ['c']\ncalls_at_once = 1.5"), "Expected `int | null`, got `float`"),
    (principal(name="a\\nb"), "allowed as name: printable"),
    (principal(name="é" * 65), "allowed as name: printable, at most 128 bytes"),
    (principal(rule="commands = []"), "length >= 1"),
    (principal(rule="skus = ['A']"), "missing required field `commands`"),
    (
        principal(rule="commands = ['Recieve']"),
        "principal p, rule 1: there is no command Recieve; did you mean Receive?",
    ),
    (principal(rule="commands = ['@reads']"), "did you mean @read?"),
    (principal(rule="commands = ['Execute']"), "Execute needs no rule; name the commands"),
    (principal(rule="commands = ['*']\nskus = []"), "length >= 1"),
    (principal(rule="commands = ['*']\nskus = ['']"), "length >= 1"),
    (
        principal(rule="commands = ['*']\nskus = ['A*B']"),
        "skus has A*B; a star may only be at the end",
    ),
    (
        principal(rule="commands = ['*']\ntenants = ['sh*']"),
        "tenants has sh*; allowed: whole names, or * for all",
    ),
    (principal(rule="commands = ['*']\nchannels = ['w*']"), "channels has w*; allowed: whole"),
]


@pytest.mark.parametrize(("text", "problem"), WRONG)
def test_what_is_wrong_is_named(text: str, problem: str) -> None:
    with pytest.raises(FileRefused) as refused:
        parse_principals(Path("/etc/principals.toml"), text.encode())
    assert str(refused.value).startswith("/etc/principals.toml: ")
    assert problem in str(refused.value)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(FileRefused, match="it is no TOML"):
        parse_principals(Path("p"), b"\xff")
