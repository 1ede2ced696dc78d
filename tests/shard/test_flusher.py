"""Who makes a turn durable and answers it: the thread that decides, where the turn is alone, and
otherwise the flusher's own, in order."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.log.mark import read_mark
from engine.log.rocks import RocksLog
from engine.shard.flusher import Flusher
from engine.shard.frames import FrameBuffer, Kind, decode_replies
from engine.shard.messages import Reply, TooLate
from engine.shard.shard_actor import Decided
from engine.shard.tally import Tally
from tests.log.ledger import Ledger


class Shard:
    """A flusher on a log of its own, whose thread has yet to be started; and what it has sent."""

    def __init__(self, directory: Path) -> None:
        self.log = RocksLog(directory)
        self.ledger = Ledger()
        self.answered: list[int] = []
        self.marked_when_answered: list[int] = []
        self.flusher = Flusher(self.log, self._send, Tally())
        self._mark = directory / "mark"

    def _send(self, data: bytes) -> None:
        for kind, payload in FrameBuffer().feed(data):
            if kind == Kind.REPLIES:
                self.answered += [reply.call_id for reply in decode_replies(payload)]
        mark = read_mark(self._mark)
        assert mark is not None
        self.marked_when_answered.append(mark.position)

    def decide(self, call_id: int, *, alone: bool) -> None:
        """A turn that answers a call, after an event."""
        self.ledger.receive("TEA", 1)
        self.ledger.append(self.log)
        position = self.log.head.position
        decided = Decided(1, (Reply(call_id, TooLate()),), b"a group", position, None)
        self.flusher.wait_for_room()
        self.flusher.submit(decided, self.ledger.now_ms, [0], alone=alone)


@pytest.fixture
def shard(tmp_path: Path) -> Iterator[Shard]:
    made = Shard(tmp_path / "log")
    yield made
    made.log.close()


def test_a_turn_that_is_alone_is_durable_and_answered_at_once(shard: Shard) -> None:
    for call_id in (1, 2, 3):
        shard.decide(call_id, alone=True)
        assert shard.answered[-1] == call_id
        assert shard.flusher.durable_position == shard.log.head.position
    assert shard.marked_when_answered == [1, 2, 3]


def test_a_turn_that_is_not_alone_is_left_to_the_thread(shard: Shard) -> None:
    shard.decide(1, alone=False)
    assert shard.answered == []
    shard.flusher.start()
    shard.flusher.close()
    assert shard.answered == [1]


def test_nobody_overtakes_a_turn_that_is_on_its_way(shard: Shard) -> None:
    shard.decide(1, alone=False)
    shard.decide(2, alone=True)
    assert shard.answered == []
    shard.flusher.start()
    shard.flusher.close()
    assert shard.answered == [1, 2]
