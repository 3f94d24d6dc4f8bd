"""A device without a GPU for the tests that ask for one."""

import pytest


@pytest.fixture
def interpreter():
    """Arrays are made, and kernels run, by the interpreter of PTX."""
    from minitorch.kernels.cuda import device
    from tests.ptx.device import Interpreter

    with device.use(Interpreter()) as made:
        yield made
