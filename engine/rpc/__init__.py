"""How the engine is asked: the gRPC services, which check, convert, submit and convert back, and
the one table of errors."""

import os

# gRPC must not watch for forks: the supervisor starts shards by fork and exec at once, and what
# gRPC would do in between is not needed and is reported as a problem.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
