"""A real node for what is told to the engine: one for all tests of a file, a tenant for each."""

import asyncio
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from benchmarks.node import Node


class Tenant(NamedTuple):
    """Where a test's stock is."""

    address: str
    name: str


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node of two shards."""
    node = Node(tmp_path_factory.mktemp("node"), 2)
    asyncio.run(node.start())
    yield node
    asyncio.run(node.stop())


@pytest.fixture
def tenant(node: Node, request: pytest.FixtureRequest) -> Tenant:
    """A tenant without any stock."""
    return Tenant(node.address, request.node.name[:64])
