"""Who follows a simulated node's feed: watchers in every mode, a durable subscription, and an
adapter. They are slow, fast, cut off and back again as the scheduler says."""

from collections.abc import Sequence
from random import Random
from typing import Protocol

from tests.simulation.adapters import Shop
from tests.simulation.consumers import Subscriber
from tests.simulation.feed_audit import Past
from tests.simulation.machine import SimulatedLog
from tests.simulation.node import Node
from tests.simulation.watchers import KINDS, Watcher


class Follower(Protocol):
    """One who follows."""

    name: str
    wrong: list[str]
    log: list[str]

    def connect(self) -> None:
        """Begin, or go on where it was cut off."""

    def cut_off(self) -> None:
        """Nothing comes to it any more."""

    def permit(self, messages: int) -> None:
        """Let it take so many messages; 0: none, below 0: as many as there are."""

    def check_end(self, past: Past) -> None:
        """All has come to rest: it knows all that there is to know."""


class Followers:
    """All of them; which there are depends on the seed."""

    def __init__(self, node: Node, random: Random, shards: int) -> None:
        self._node = node
        self._random = random
        kinds = random.sample(KINDS, 2)
        self.all: list[Follower] = [Watcher(node, kind, shards) for kind in kinds]
        if random.random() < 0.5:
            self.all.append(Subscriber(node, random))
        else:
            self.all.append(Shop(node, random, shards))
        self._is_begun = False

    @property
    def log(self) -> list[str]:
        """Everything that they were told, in order for each."""
        return [line for each in self.all for line in each.log]

    def begin(self) -> None:
        """From now on they follow."""
        self._is_begun = True
        self.served()

    def served(self) -> None:
        """The node serves, for the first time or again."""
        if self._is_begun:
            for each in self.all:
                self._node.loop.call(each.connect)

    def cut_off(self) -> None:
        """The node is gone."""
        for each in self.all:
            each.cut_off()

    def check(self) -> None:
        """AssertionError if anybody was told what he must not be."""
        for each in self.all:
            assert not each.wrong, f"{each.name}: {each.wrong[0]}"

    def go_on(self) -> str:
        """One of them reads on, or stalls."""
        each = self._random.choice(self.all)
        messages = self._random.choice([-1, 0, 0, 1, 1, 2, 5])
        self._node.loop.call(each.permit, messages)
        return f"{each.name} may take {messages}"

    def change(self) -> str:
        """One of them is cut off, and comes back."""
        each = self._random.choice(self.all)
        if self._node.is_serving:
            each.cut_off()
            self._node.loop.call(each.connect)
        return f"{each.name} comes anew"

    def open_all(self) -> None:
        """Nobody is slow any more."""
        for each in self.all:
            self._node.loop.call(each.permit, -1)

    def all_is_well(self) -> None:
        """What they do succeeds from now on."""
        for each in self.all:
            if isinstance(each, Shop):
                each.is_well = True

    def check_end(self, logs: Sequence[SimulatedLog]) -> None:
        """Everybody knows everything."""
        self.check()
        past = Past(logs)
        for each in self.all:
            each.check_end(past)
