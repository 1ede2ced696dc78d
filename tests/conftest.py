"""What every test runs under."""

import os

from hypothesis import settings

# Before gRPC, which is told here to speak nothing older than TLS 1.3.
import engine.rpc  # noqa: F401

# A failing property prints the blob that reproduces it. Deadlines per example measure the
# machine rather than the code, so there are none; pytest-timeout bounds each test.
settings.register_profile("holdfast", print_blob=True, deadline=None)
settings.register_profile("soak", parent=settings.get_profile("holdfast"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "holdfast"))
