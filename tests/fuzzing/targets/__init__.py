"""What reads bytes that may be anything, a module each: `one_input` takes an input and raises only
where there is a fault, and `examples` are inputs that mean something."""

from typing import Protocol

from tests.fuzzing.targets import (
    bases,
    configuration,
    cursors,
    directories,
    frames,
    http,
    marks,
    page_tokens,
    principals,
    records,
    states,
    tokens,
    webhooks,
)


class Target(Protocol):
    """A module of this package."""

    def one_input(self, data: bytes) -> None:
        """Read an input. Whatever it raises is a fault."""

    def examples(self) -> list[bytes]:
        """Inputs that are well, to begin with."""


TARGETS: dict[str, Target] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        *(bases, configuration, cursors, directories, frames, http),
        *(marks, page_tokens, principals, records, states, tokens, webhooks),
    )
}
