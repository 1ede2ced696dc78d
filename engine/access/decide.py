"""Whether somebody may do something: a pure function of the principals, the command, and what it
names."""

from typing import NamedTuple

from engine.access.model import Principal, Principals, Rule
from engine.access.named import Named, described


class Granted(NamedTuple):
    """One rule covers all of it."""

    rule: Rule


class Reason(NamedTuple):
    """Why a rule does not grant it: it is not about this command, or does not cover `beyond`."""

    rule: Rule
    has_command: bool
    beyond: Named

    def __str__(self) -> str:
        stated = ", ".join(self.rule.stated)
        if not self.has_command:
            return f"rule {self.rule.number} ({stated}) is not about this command"
        return f"rule {self.rule.number} ({stated}) does not cover {described(self.beyond)}"


class Denied(NamedTuple):
    """No rule covers all of it. `reasons` has one for each of the principal's own rules, in their
    order."""

    reasons: tuple[Reason, ...]

    @property
    def not_covered(self) -> str:
        """In a few words, what the rule that comes nearest does not cover."""
        about = [reason.beyond for reason in self.reasons if reason.has_command]
        if not about:
            return "none of its rules is about this command"
        return described(min(about, key=_extent))


def decide(principals: Principals, who: str, command: str, named: Named) -> Granted | Denied:
    """Whether the principal of this name may run a command that names this. Whoever is not known
    has no rules."""
    principal = principals.by_name.get(who)
    return judge(principal, command, named) if principal is not None else Denied(())


def judge(principal: Principal, command: str, named: Named) -> Granted | Denied:
    """Whether one of the principal's rules covers all that a command names."""
    reasons: list[Reason] = []
    for rule in principal.rules:
        if command not in rule.commands:
            reasons.append(Reason(rule, has_command=False, beyond=named))
            continue
        if named.is_within(rule.covers):
            return Granted(rule)
        reasons.append(Reason(rule, has_command=True, beyond=named.beyond(rule.covers)))
    return Denied(tuple(reasons))


def _extent(beyond: Named) -> tuple[int, int]:
    """How far something is from being covered: by kinds first, then by names."""
    kinds = sum(names.is_any for names in beyond)
    return kinds, sum(len(names.exact) + len(names.prefixes) for names in beyond)
