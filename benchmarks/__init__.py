"""The main job in one command, the replay of real orders, and the measurements; each runs by itself
as `python -m benchmarks.NAME`."""

import os

# Benchmarks start processes while they make calls. gRPC's handlers of forks are for those who go on
# with its channels in the copy; here they only complain.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
