"""Runs one simulation again: `python -m tests.simulation SEED STEPS`."""

import sys

from tests.simulation.world import Wrong, simulate

if __name__ == "__main__":
    try:
        done = simulate(int(sys.argv[1]), int(sys.argv[2]))
    except Wrong as wrong:
        sys.exit(str(wrong))
    sys.stdout.write("\n".join([*done.steps, f"well; trace {done.trace}"]) + "\n")
