"""A shard that has had nothing to decide for a while gives back the memory that work has left."""

import subprocess
import sys
from queue import SimpleQueue

from engine.shard.rest import REST_AFTER_S, Rest

MEMORY_GIVEN_BACK = """
import ctypes
from benchmarks.processes import memory
from engine.shard.rest import give_memory_back

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
before = memory(os.getpid()).resident
blocks = [libc.malloc(SIZE) for _ in range(1_000)]
for block in blocks:
    ctypes.memset(block, 1, SIZE)
used = memory(os.getpid()).resident
# The last one keeps the heap from shrinking by itself.
for block in blocks[:-1]:
    libc.free(block)
give_memory_back()
print(used - before, memory(os.getpid()).resident - before)
"""


class Worker:
    """Somebody who works and rests, and their clock."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.rests = 0
        self.rest = Rest(self._chore, lambda: self.now_s)

    def _chore(self) -> None:
        self.rests += 1

    def look_after(self, seconds: float) -> int:
        """Let time pass, and look; how often there was a rest so far."""
        self.now_s += seconds
        self.rest.look()
        self.rest.close()
        return self.rests


def test_there_is_one_rest_in_each_pause_of_work() -> None:
    worker = Worker()
    for rests in range(3):
        seen = [worker.look_after(seconds) for seconds in (REST_AFTER_S - 1, 1, 1, 1_000)]
        assert seen == [rests, rests + 1, rests + 1, rests + 1]
        worker.rest.put_off()


def test_who_works_does_not_rest() -> None:
    worker = Worker()
    for _ in range(10):
        assert worker.look_after(REST_AFTER_S - 1) == 0
        worker.rest.put_off()


def test_nobody_rests_twice_at_once() -> None:
    now_s = 0.0
    begun: SimpleQueue[None] = SimpleQueue()
    may_end: SimpleQueue[None] = SimpleQueue()

    def chore() -> None:
        begun.put(None)
        may_end.get()

    rest = Rest(chore, lambda: now_s)
    for _ in range(3):
        now_s += REST_AFTER_S
        rest.look()
        rest.put_off()
    may_end.put(None)
    rest.close()
    assert begun.qsize() == 1
    now_s += REST_AFTER_S
    rest.look()
    may_end.put(None)
    rest.close()
    assert begun.qsize() == 2


def test_memory_that_was_freed_goes_back_to_the_machine() -> None:
    size = 60_000
    program = f"import os\nSIZE = {size}\n{MEMORY_GIVEN_BACK}"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    used, kept = map(int, done.stdout.split())
    assert used > 900 * size
    assert kept < 300 * size
