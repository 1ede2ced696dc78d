"""Data directories with a past, for tests of what outlives it."""

import shutil
from pathlib import Path

from engine.core import events
from engine.core.configuration import Component, Kit
from engine.core.model import Key
from engine.log.base import BaseMark
from engine.log.keeping import take_base
from engine.log.layout import open_layout, shard_directory
from engine.log.rocks import RocksLog
from engine.log.verify import Report, verify
from tests.log.ledger import Ledger

TEA, CUP = Key("", "TEA", "LONDON"), Key("", "CUP", "LONDON")


class Past:
    """A data directory of one shard whose log is open, with the ledger that writes it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        open_layout(data_dir, 1)
        self.directory = shard_directory(data_dir, 0)
        self.log = RocksLog(self.directory, create=False)
        self.ledger = Ledger()

    def live(self, turns: int) -> None:
        """So many turns: arrivals, holds, an attempt at a kit, one reservation again and again."""
        ledger = self.ledger
        for turn in range(turns):
            ledger.receive("TEA", 10)
            held = ledger.hold(ledger.receive("CUP", 3), 2)
            if turn % 3 == 0:
                kit = Kit(f"SET-{turn}", (Component("CUP", 2),))
                ledger.commit(events.KitDefined("", kit), command="DefineKit")
            ledger.extend(held)
            ledger.append(self.log)
        self.log.flush()

    def forget(self) -> None:
        """Every request is so old that it is not known any more."""
        while self.log.forget_requests(self.ledger.now_ms + 1, 1_000):
            pass
        self.log.flush()

    def write_base(self) -> BaseMark:
        """Write a base of what is there now."""
        checkpoint = self.data_dir / "checkpoint"
        shutil.rmtree(checkpoint, ignore_errors=True)
        self.log.checkpoint(checkpoint)
        mark = take_base(checkpoint, self.directory, 0)
        shutil.rmtree(checkpoint)
        return mark

    def take_base(self) -> int:
        """Write a base and record it. Return its position."""
        mark = self.write_base()
        self.log.record_base(mark, self.ledger.now_ms)
        self.ledger.next_position = self.log.head.position + 1
        return mark.position

    def prune(self) -> None:
        """Delete all history that lies before the base."""
        after: bytes | None = b""
        while after is not None:
            after = self.log.prune(after, 7)

    def verified(self) -> Report:
        """Close the log and verify the directory."""
        self.log.close()
        return verify(self.data_dir)

    def copy(self, to: Path) -> Path:
        """The directory as a crash right now would leave it."""
        shutil.copytree(self.data_dir, to)
        return to
