"""How many examples slow properties try."""

from hypothesis import HealthCheck, settings


def per_hundred_examples(examples: int) -> settings:
    """Of each hundred examples of the chosen profile only so many, so that a soak tries more of
    these as well. Several examples may share a directory: each begins by filling it."""
    return settings(
        max_examples=max(1, settings().max_examples * examples // 100),
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
