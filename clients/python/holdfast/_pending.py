"""Writes on their way: what the coalescer keeps of each until its caller is told."""

import asyncio
from concurrent import futures
from typing import Any

from holdfast._command import Command
from holdfast.errors import Code, HoldfastError, Unavailable
from holdfast.types import Result


class Pending:
    """A write on its way. The future is the caller's, of asyncio or of another thread."""

    __slots__ = ("attempts", "command", "deadline", "future", "refusal", "unknown")

    def __init__(self, command: Command[Any], deadline: float, future: Any) -> None:
        self.command = command
        self.deadline = deadline
        self.future: asyncio.Future[Any] | futures.Future[Any] = future
        self.attempts = 0
        self.refusal: HoldfastError | None = None
        self.unknown = False

    def settle(self, value: Result | HoldfastError) -> None:
        """Tells the caller, unless it has gone or was told before."""
        if not self.future.done():
            if isinstance(value, HoldfastError):
                self.future.set_exception(value)
            else:
                self.future.set_result(value)

    def is_over(self) -> bool:
        """Whether the caller has gone, or was told."""
        return self.future.done()


class PartOfBatch(Pending):
    """One command of an explicit batch: the future is the batch's, and settled by the last of its
    parts."""

    __slots__ = ("batch", "index")

    def __init__(
        self, command: Command[Any], deadline: float, batch: "ExplicitBatch", index: int
    ) -> None:
        super().__init__(command, deadline, batch.future)
        self.batch = batch
        self.index = index

    def settle(self, value: Result | HoldfastError) -> None:
        """Notes the outcome."""
        batch = self.batch
        if batch.outcomes[self.index] is None:
            batch.outcomes[self.index] = value
            batch.left -= 1
            if not batch.left and not self.future.done():
                self.future.set_result(batch.outcomes)

    def is_over(self) -> bool:
        """Whether the batch's caller has gone, or this part has its outcome."""
        return self.batch.outcomes[self.index] is not None or self.future.done()


class ExplicitBatch:
    """The outcomes of commands that one caller sends together; its future gives them as a list."""

    __slots__ = ("future", "left", "outcomes")

    def __init__(self, size: int, future: Any) -> None:
        self.outcomes: list[Result | HoldfastError | None] = [None] * size
        self.left = size
        self.future = future


class BatchInFlight:
    """Commands in flight; an entry is None once it is answered."""

    __slots__ = ("entries", "sent_at")

    def __init__(self, entries: list[Pending | None], sent_at: float) -> None:
        self.entries = entries
        self.sent_at = sent_at

    def waiting(self) -> list[Pending]:
        """The writes that are not answered yet and whose callers still wait."""
        return [entry for entry in self.entries if entry is not None and not entry.is_over()]


def given_up(message: str, entry: Pending) -> Unavailable:
    """The error of a write that is not tried any further."""
    return Unavailable(
        message,
        code=Code.UNAVAILABLE,
        request_id=entry.command.request_id,
        outcome_unknown=entry.unknown,
    )
