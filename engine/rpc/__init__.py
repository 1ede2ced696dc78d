"""How the engine is asked: the gRPC services, which check, convert, submit and convert back, and
the one table of errors."""

import os
import sys

GRPC_SETTINGS = {
    # gRPC must not watch for forks: the supervisor starts shards by fork and exec at once, and what
    # gRPC would do in between is not needed and is reported as a problem.
    "GRPC_ENABLE_FORK_SUPPORT": "false",
    # What arrives is read by the thread that waits for it. By the way that gRPC took up with 1.80,
    # each message is handed from a thread that waits to one that reads: a call took 90 us more of
    # the processor, and one that comes alone a twentieth longer. A gRPC without the choice says so.
    "GRPC_EXPERIMENTS": "-event_engine_listener",
}
"""What gRPC reads of the environment when it is loaded, unless something else is set there."""
for _name, _value in GRPC_SETTINGS.items():
    os.environ.setdefault(_name, _value)

# Only TLS 1.3: gRPC for Python has no setting for the least version. But for TLS 1.2, the oldest
# that it speaks, it takes the ciphers from here, and of those that need a key shared before, which
# nobody has, none can be agreed on. The ciphers of TLS 1.3 are always on; gRPC wants to see them
# named. It reads this when it is loaded, and never again.
_CIPHERS = (
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
    "ECDHE-PSK-CHACHA20-POLY1305"
)
SPEAKS_OLD_TLS = "grpc" in sys.modules and os.environ.get("GRPC_SSL_CIPHER_SUITES") != _CIPHERS
"""Whether gRPC was loaded before it could be told."""
os.environ["GRPC_SSL_CIPHER_SUITES"] = _CIPHERS
