"""The principals file: TOML, checked as a whole before any of it is in force."""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from engine.access.commands import ANY, COMMANDS, GROUPS, expanded
from engine.access.model import Issuer, Principal, Principals, Rule
from engine.access.named import Named, patterns
from engine.access.watched import FileRefused
from engine.core.limits import ID_BYTES_MAX

RATE_MAX = 10_000_000
"""Commands in a second, and calls at once, of one principal."""

Count = Annotated[int, Meta(ge=1, le=RATE_MAX)]
Text = Annotated[str, Meta(min_length=1, max_length=1_024)]
EVERYTHING = (ANY,)


class _Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    commands: Annotated[tuple[Text, ...], Meta(min_length=1)]
    tenants: Annotated[tuple[str, ...], Meta(min_length=1)] = EVERYTHING
    skus: Annotated[tuple[Text, ...], Meta(min_length=1)] = EVERYTHING
    locations: Annotated[tuple[Text, ...], Meta(min_length=1)] = EVERYTHING
    channels: Annotated[tuple[str, ...], Meta(min_length=1)] = EVERYTHING


class _Principal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Text
    subjects: tuple[Text, ...] = ()
    issuer: str = ""
    certificates: tuple[Text, ...] = ()
    commands_per_s: Count | None = None
    calls_at_once: Count | None = None
    rules: tuple[_Rule, ...] = ()


class _Issuer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    issuer: Text
    audience: Text
    keys: Text


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    issuers: tuple[_Issuer, ...] = ()
    principals: tuple[_Principal, ...] = ()


def parse_principals(path: Path, content: bytes) -> Principals:
    """The principals that a file states. FileRefused with what is wrong with it: which key, what it
    is, and what it may be."""
    try:
        table: Any = tomllib.loads(content.decode())
        stated = msgspec.convert(table, _File)
        return _checked(stated, path.parent)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FileRefused(path, f"it is no TOML: {error}") from error
    except (msgspec.ValidationError, _Wrong) as error:
        raise FileRefused(path, str(error)) from error


class _Wrong(Exception):
    """What is wrong with the file."""


def _checked(stated: _File, folder: Path) -> Principals:
    issuers: dict[str, Issuer] = {}
    for one in stated.issuers:
        if one.issuer in issuers:
            raise _Wrong(f"issuers: {one.issuer} is there twice")
        issuers[one.issuer] = Issuer(one.issuer, one.audience, str(folder / one.keys))
    by_name: dict[str, Principal] = {}
    by_subject: dict[tuple[str, str], str] = {}
    by_certificate: dict[str, str] = {}
    for principal in stated.principals:
        where = f"principal {principal.name}"
        _check_name(principal.name)
        if principal.name in by_name:
            raise _Wrong(f"{where}: it is there twice")
        if not principal.subjects and not principal.certificates:
            raise _Wrong(f"{where}: it has neither subjects nor certificates, so nobody can be it")
        by_name[principal.name] = Principal(
            principal.name,
            tuple(_rule(rule, index, where) for index, rule in enumerate(principal.rules, 1)),
            principal.commands_per_s or 0,
            principal.calls_at_once or 0,
        )
        issuer = _issuer_of(principal, issuers, where)
        for subject in principal.subjects:
            _claim(by_subject, (issuer, subject), principal.name, f"subject {subject}")
        for name in principal.certificates:
            _claim(by_certificate, name, principal.name, f"certificate {name}")
    return Principals(issuers, by_name, by_subject, by_certificate)


def _check_name(name: str) -> None:
    """The log records the name."""
    if len(name.encode()) > ID_BYTES_MAX or not name.isprintable() or name.strip() != name:
        limit = f"printable, at most {ID_BYTES_MAX} bytes of UTF-8, no spaces around it"
        raise _Wrong(f"principal {name!r}: allowed as name: {limit}")


def _claim(taken: dict[Any, str], key: object, name: str, what: str) -> None:
    other = taken.setdefault(key, name)
    if other != name:
        raise _Wrong(f"{what}: it is of {other} and of {name}, and may be of one only")


def _issuer_of(principal: _Principal, issuers: dict[str, Issuer], where: str) -> str:
    """The issuer of a principal's subjects; empty if it has none."""
    if principal.issuer and principal.issuer not in issuers:
        allowed = ", ".join(issuers) or "none, as the file has no issuers"
        raise _Wrong(f"{where}: issuer is {principal.issuer}; allowed: {allowed}")
    if not principal.subjects or principal.issuer:
        return principal.issuer
    if len(issuers) != 1:
        raise _Wrong(f"{where}: say the issuer of its subjects, as the file has {len(issuers)}")
    return next(iter(issuers))


def _rule(stated: _Rule, number: int, where: str) -> Rule:
    where = f"{where}, rule {number}"
    for command in stated.commands:
        _check_command(command, where)
    for key in ("skus", "locations"):
        for text in getattr(stated, key):
            if "*" in text[:-1]:
                raise _Wrong(f"{where}: {key} has {text}; a star may only be at the end")
    for key in ("tenants", "channels"):
        for text in getattr(stated, key):
            if "*" in text and text != ANY:
                raise _Wrong(f"{where}: {key} has {text}; allowed: whole names, or * for all")
    covers = Named(
        patterns(stated.tenants),
        patterns(stated.skus),
        patterns(stated.locations),
        patterns(stated.channels),
    )
    return Rule(number, stated.commands, expanded(stated.commands), covers)


def _check_command(command: str, where: str) -> None:
    known = [ANY, *GROUPS, *sorted(COMMANDS)]
    if command in known:
        return
    if command == "Execute":
        raise _Wrong(f"{where}: Execute needs no rule; name the commands that may be in it")
    near = difflib.get_close_matches(command, known, 1)
    hint = f"; did you mean {near[0]}?" if near else f"; allowed: {', '.join(known)}"
    raise _Wrong(f"{where}: there is no command {command}{hint}")
