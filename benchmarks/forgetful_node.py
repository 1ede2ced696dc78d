"""A node as `holdfast serve` runs it, but that request ids are forgotten after four seconds.

    python -m benchmarks.forgetful_node --data-dir DIRECTORY [--KEY VALUE ...]

A node drops nothing of its past as long as a request id of then is remembered, and no configuration
lets it forget one within the hour. A benchmark that wants to see it drop its past cannot wait.
"""

import asyncio
import os
import sys
from collections.abc import Sequence

import uvloop
from msgspec.structs import replace

from engine import logs, node
from engine.config import load

REQUEST_RETENTION_S = 4
PROGRAM = ("benchmarks.forgetful_node",)
"""What `benchmarks.node.Node` runs to have one."""


def main(arguments: Sequence[str]) -> None:
    """Serve until told to stop. The arguments are keys of the configuration and their values."""
    keys = [key.removeprefix("--").replace("-", "_") for key in arguments[::2]]
    flags = dict(zip(keys, arguments[1::2], strict=True))
    configuration = replace(load(flags, os.environ, None), request_retention_s=REQUEST_RETENTION_S)
    logs.configure(configuration.log_level, configuration.log_format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(node.run(configuration))


if __name__ == "__main__":
    main(sys.argv[1:])
