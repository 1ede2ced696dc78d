"""Writes a base in a process of its own, beside the shard whose checkpoint it reads: as the node
starts it, `python -m engine.archive.base_writer CHECKPOINT SHARD_DIRECTORY SHARD`. It prints the
base's digest and chain hash in hex digits, and its position."""

import os
import sys
from pathlib import Path

from engine.log.keeping import take_base
from engine.log.port import LogError

NICENESS = 10
"""Whoever sells goes first."""


def main(arguments: list[str]) -> int:
    """Write the base; 0 if it is there."""
    checkpoint, directory, shard = arguments
    os.nice(NICENESS)
    try:
        mark = take_base(Path(checkpoint), Path(directory), int(shard))
    except LogError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{mark.digest.hex()} {mark.chain_hash.hex()} {mark.position}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
