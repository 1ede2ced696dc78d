"""An event loop in which time passes only when it is told to, and nothing happens by itself.

Callbacks run first in, first out, as asyncio promises, but only when a scheduler lets some of them
run. What is run by another thread elsewhere waits in `jobs` until the scheduler does it. Futures
and tasks have numbers as hashes, so that sets of them are in the same order in every run.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any

CALLBACKS_MAX = 20_000
"""More than these without anything coming to rest are a loop without end."""


class _Numbered:
    """Something that is hashed by a number of its own."""

    _number: int

    def __hash__(self) -> int:
        return self._number


class NumberedFuture(_Numbered, asyncio.Future[Any]):
    """A future of a VirtualLoop."""


class NumberedTask(_Numbered, asyncio.Task[Any]):
    """A task of a VirtualLoop."""

    def __init__(self, coroutine: Any, number: int, **options: Any) -> None:
        self._number = number  # It is asked for while the task is made.
        super().__init__(coroutine, **options)


class NeverAtRest(AssertionError):
    """The event loop does not come to rest."""


class _Nothing:
    """What the event loop asks for sockets: there are none."""

    def select(self, _timeout: float | None) -> list[Any]:
        return []

    def close(self) -> None:
        """There is nothing to close."""


class VirtualLoop(asyncio.BaseEventLoop):
    """The event loop of one life of a front end. `now_s` is when it begins."""

    _ready: deque[Any]
    _scheduled: list[Any]

    def __init__(self, now_s: float) -> None:
        super().__init__()
        self.now_s = now_s
        self.jobs: deque[Callable[[], None]] = deque()
        self.faults: list[str] = []
        self._numbers = count(1)
        self._selector = _Nothing()
        self.set_task_factory(self._make_task)
        self.set_exception_handler(self._note_fault)

    def time(self) -> float:
        return self.now_s

    def create_future(self) -> asyncio.Future[Any]:
        future = NumberedFuture(loop=self)
        future._number = next(self._numbers)
        return future

    def _make_task(self, loop: Any, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        return NumberedTask(coroutine, next(self._numbers), loop=loop, **options)

    def run_in_executor(  # type: ignore[override]
        self, _executor: Any, function: Any, *arguments: Any
    ) -> Any:
        """Another thread does it: when the scheduler lets it."""
        future = self.create_future()

        def job() -> None:
            try:
                result = function(*arguments)
            except Exception as error:
                self.call_soon(_fail, future, error)
            else:
                self.call_soon(_finish, future, result)

        self.jobs.append(job)
        return future

    def _note_fault(self, _loop: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.faults.append(f"{context['message']}: {error!r} {context.get('future')}")

    @property
    def is_busy(self) -> bool:
        """Whether a callback could run now."""
        return bool(self._ready)

    def run_some(self, callbacks_max: int = CALLBACKS_MAX) -> int:
        """Run so many callbacks, or until all is at rest; how many were run."""
        if asyncio._get_running_loop() is not None:
            raise RuntimeError("another event loop runs")
        ready = self._ready
        done = 0
        asyncio._set_running_loop(self)
        try:
            while ready and done < callbacks_max:
                handle = ready.popleft()
                done += 1
                if not handle._cancelled:
                    handle._run()
        finally:
            asyncio._set_running_loop(None)
        if done == CALLBACKS_MAX:
            raise NeverAtRest(f"{done} callbacks have run, and there are more")
        return done

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call something as if from a callback."""
        asyncio._set_running_loop(self)
        try:
            return function(*arguments)
        finally:
            asyncio._set_running_loop(None)

    def next_timer_s(self) -> float | None:
        """When the next timer is due."""
        scheduled = self._scheduled
        while scheduled and scheduled[0]._cancelled:
            heapq.heappop(scheduled)._scheduled = False
        return float(scheduled[0]._when) if scheduled else None

    def move_to(self, now_s: float) -> None:
        """Time is so late now; what is due by then may run."""
        self.now_s = max(now_s, self.now_s)
        while (due_s := self.next_timer_s()) is not None and due_s <= self.now_s:
            handle = heapq.heappop(self._scheduled)
            handle._scheduled = False
            self._ready.append(handle)

    def end(self) -> None:
        """The process of this loop dies: nothing of it runs any more."""
        self.jobs.clear()
        tasks = [task for task in asyncio.all_tasks(self) if not task.done()]
        for task in sorted(tasks, key=hash):
            task.cancel()
        self.run_some()
        self.jobs.clear()
        self.close()

    def _timer_handle_cancelled(self, _handle: Any) -> None:
        """Nothing counts them: `next_timer_s` drops those that come first."""


def _finish(future: asyncio.Future[Any], result: object) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
