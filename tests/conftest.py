"""hypothesis profiles: quick by default, thorough with ``HYPOTHESIS_PROFILE=thorough``.

No deadline in either: a kernel compiles on its first use.
"""

import os

import pytest
import torch
from hypothesis import HealthCheck, settings

import minitorch

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("fast", max_examples=20, derandomize=True, **COMMON)
settings.register_profile("thorough", max_examples=500, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

if "PYTEST_XDIST_WORKER" in os.environ:
    # Several test processes share the cores: threads that wait for one another would mostly wait.
    minitorch.set_num_threads(1)
    torch.set_num_threads(1)

SETTINGS = "_hypothesis_internal_use_settings"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    """Puts a test's settings back after each row of its table.

    hypothesis wraps them once more for each row, and looks through all the wrappers: a thousand rows are too deep.
    """
    function = getattr(item, "obj", None)
    before = getattr(function, SETTINGS, None)
    try:
        return (yield)
    finally:
        if before is not None:
            setattr(function, SETTINGS, before)


@pytest.fixture
def every_warning():
    """torch gives some of its warnings only once, unless told otherwise."""
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(False)
