"""Principals, their rules, and the issuers whose tokens are believed."""

from collections.abc import Mapping

import msgspec

from engine.access.named import Named


class Rule(msgspec.Struct, frozen=True):
    """What one rule grants: these commands on what it covers. `number` is its place among the rules
    of its principal, from 1."""

    number: int
    stated: tuple[str, ...]
    """The commands and groups as the file states them."""
    commands: frozenset[str]
    covers: Named


class Principal(msgspec.Struct, frozen=True):
    """Somebody who may do something. `commands_per_s` and `calls_at_once` 0: without limit."""

    name: str
    rules: tuple[Rule, ...] = ()
    commands_per_s: int = 0
    calls_at_once: int = 0


class Issuer(msgspec.Struct, frozen=True):
    """An issuer of tokens; `keys` is the path of its JWK set."""

    issuer: str
    audience: str
    keys: str


class Principals(msgspec.Struct, frozen=True):
    """What a principals file says. Whoever is in none of it may do nothing."""

    issuers: Mapping[str, Issuer]
    """By the name of the issuer, as in `iss` of a token."""
    by_name: Mapping[str, Principal]
    by_subject: Mapping[tuple[str, str], str]
    """The name of the principal by issuer and `sub` of a token."""
    by_certificate: Mapping[str, str]
    """The name of the principal by a name in a client certificate."""
