"""What one would use in place of Holdfast to reserve, each doing the least that can be compared
with a Reserve, and with all the care that we would give it.

The least: a request id is answered again as the first time; a hold takes a unit of one hot SKU
that has enough of them, and says how long it lasts, which TigerBeetle alone sees to; an event of it
is in an order that can be followed; all of that is on the disk before it is answered, where a name
does not say otherwise.

The Python clients are installed beside this project by `make bench`. Servers are looked for on the
path and where Debian has them; each runs in a directory of its own, on a free port of the loopback
interface, and is stopped again. What is not there is left out with a word.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from benchmarks.load import Ask

UNITS = 1_000_000_000
"""Stock of the hot SKU: nobody is refused."""
HOLD_S = 3_600


class Recorded(NamedTuple):
    """What a system has on record."""

    held: int
    """Units of the hot SKU that are held, as the stock itself says."""
    holds: int
    events: int


class Server(Protocol):
    """A system that runs and can be loaded."""

    @property
    def process_ids(self) -> Mapping[str, int]:
        """Its processes, by the column in which their CPU is shown."""

    @property
    def process_trees(self) -> Mapping[str, int]:
        """The same, where children count as well."""

    def singles(self, callers: int) -> AbstractAsyncContextManager[Ask]:
        """Reserve a unit with each call."""

    def batches(self, callers: int, size: int) -> AbstractAsyncContextManager[Ask] | None:
        """Reserve so many units with each call, every one by a request of its own; None: it has no
        such thing."""


class Reserving(Server, Protocol):
    """A system that runs and really reserves."""

    async def reserve(self, request_id: str) -> str:
        """Reserve a unit; gives the name of the hold."""

    async def recorded(self) -> Recorded:
        """What is on record by now."""


ServerT_co = TypeVar("ServerT_co", bound=Server, covariant=True)


class System(Protocol[ServerT_co]):
    """Something that can be loaded once it runs."""

    name: str

    def missing(self) -> str:
        """What is not installed that it needs; empty if all is there."""

    def running(
        self, directory: Path, environment: Mapping[str, str]
    ) -> AbstractAsyncContextManager[ServerT_co]:
        """Run it in an empty directory, with these variables added to its environment."""


Peer = System[Reserving]
"""Something one would use to reserve, Holdfast among them."""
