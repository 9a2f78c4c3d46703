"""Fixtures every test may use, and the one Hypothesis profile."""

from hypothesis import HealthCheck, settings

# Derandomised: the same examples in every run, so that a red test is red for everybody.
settings.register_profile(
    "callspool",
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("callspool")
