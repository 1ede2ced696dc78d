"""What a shard can be asked about dynamic buffers that are due: see `queries`."""

from engine.core.model import Struct


class ReadDueBuffers(Struct, frozen=True, tag=True):
    """Ask for a page of dynamic buffers of SKUs of this shard that were computed before `before_ms`
    or with other parameters than are configured now, or not at all; of SKUs after the one that is
    given with its tenant."""

    before_ms: int
    limit: int
    after: tuple[str, str] | None = None
    at_least: int = 0


class DueBuffer(Struct, frozen=True):
    """A buffer that is due."""

    tenant: str
    channel: str
    sku: str


class DueBuffersRead(Struct, frozen=True, tag=True):
    """A page of buffers; `next_after` None: it is the last one."""

    due: tuple[DueBuffer, ...]
    next_after: tuple[str, str] | None
    position: int
