"""What a command names or touches: tenants, SKUs, locations and channels, each by its name, or all
that begin with a prefix."""

from collections.abc import Iterable
from typing import NamedTuple


class Names(NamedTuple):
    """Names of one kind: single ones, and all that begin with one of these prefixes. The prefix
    that is empty stands for all there are."""

    exact: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()

    def beyond(self, other: "Names") -> "Names":
        """Those of these names that are none of the others."""
        if "" in other.prefixes:
            return NONE
        within = tuple(other.prefixes)
        return Names(
            frozenset(
                name
                for name in self.exact
                if name not in other.exact and not name.startswith(within)
            ),
            frozenset(prefix for prefix in self.prefixes if not prefix.startswith(within)),
        )

    def is_within(self, other: "Names") -> bool:
        """Whether all of these are of the others. Most are, at a glance."""
        if "" in other.prefixes or (self.exact <= other.exact and not self.prefixes):
            return True
        return not self.beyond(other).is_any

    @property
    def is_any(self) -> bool:
        """Whether there is any name."""
        return bool(self.exact or self.prefixes)

    def with_(self, other: "Names") -> "Names":
        """These and the others."""
        return Names(self.exact | other.exact, self.prefixes | other.prefixes)


NONE = Names()
EVERY = Names(prefixes=frozenset({""}))


def only(*names: str) -> Names:
    """Exactly these names."""
    return Names(frozenset(names))


def patterns(texts: Iterable[str]) -> Names:
    """Names and prefixes as rules state them: what ends with a star is a prefix."""
    listed = tuple(texts)
    return Names(
        frozenset(text for text in listed if not text.endswith("*")),
        frozenset(text[:-1] for text in listed if text.endswith("*")),
    )


class Named(NamedTuple):
    """What one command names or touches; of a kind that it does not concern, nothing."""

    tenants: Names = NONE
    skus: Names = NONE
    locations: Names = NONE
    channels: Names = NONE

    def with_(self, other: "Named") -> "Named":
        """What either names."""
        return Named(*(mine.with_(theirs) for mine, theirs in zip(self, other, strict=True)))

    def beyond(self, other: "Named") -> "Named":
        """What of this the other does not have."""
        return Named(*(mine.beyond(theirs) for mine, theirs in zip(self, other, strict=True)))

    def is_within(self, other: "Named") -> bool:
        """Whether the other has all of this."""
        return (
            self.tenants.is_within(other.tenants)
            and self.skus.is_within(other.skus)
            and self.locations.is_within(other.locations)
            and self.channels.is_within(other.channels)
        )

    @property
    def is_any(self) -> bool:
        """Whether anything is named."""
        return any(names.is_any for names in self)


NOTHING = Named()

SHOWN_MAX = 3
"""Names of one kind that a sentence repeats."""
SHOWN_CHARACTERS_MAX = 64
"""Characters of a name that a sentence repeats."""

_KINDS = ("tenant", "SKU", "location", "channel")
_UNNAMED = ("the default tenant", "a SKU without a name", "a location without a name", "no channel")


def described(named: Named) -> str:
    """What is named, in a sentence: "location PARIS, every SKU"."""
    parts: list[str] = []
    for kind, unnamed, names in zip(_KINDS, _UNNAMED, named, strict=True):
        if "" in names.prefixes:
            parts.append(f"every {kind}")
            continue
        texts = sorted(names.exact) + sorted(f"{prefix}*" for prefix in names.prefixes)
        parts += [f"{kind} {_shortened(text)}" if text else unnamed for text in texts[:SHOWN_MAX]]
        if len(texts) > SHOWN_MAX:
            parts.append(f"{len(texts) - SHOWN_MAX} more of kind {kind}")
    return ", ".join(parts) or "nothing"


def _shortened(text: str) -> str:
    if not text.isprintable():
        text = text[: SHOWN_CHARACTERS_MAX + 1].encode("unicode_escape").decode("ascii")
    if len(text) > SHOWN_CHARACTERS_MAX:
        return text[:SHOWN_CHARACTERS_MAX] + "..."
    return text
